// What the page's tests share: checks, the daemon as the API has it, a wire that can be cut, and a browser whose
// complaints are noted.
import net from "node:net";
import puppeteer from "puppeteer-core";

const PATIENCE = 60000;

// --- checks: a line each, which test_page.c counts ---

export function ok(condition, text, detail = "") {
    const more = condition || !detail ? "" : ` (${String(detail).replace(/\s+/g, " ").slice(0, 600)})`;
    console.log(`${condition ? "pass" : "fail"} ${text}${more}`);
    return Boolean(condition);
}

export function is(got, want, text) {
    return ok(got === want, text, `${JSON.stringify(got)} in place of ${JSON.stringify(want)}`);
}

// Waits until it holds: what it came to, or the last thing it was.
export async function until(look, holds = Boolean) {
    const end = Date.now() + PATIENCE;
    for (;;) {
        const value = await look();
        if (holds(value) || Date.now() > end) return value;
        await new Promise((go) => setTimeout(go, 50));
    }
}

// --- the API ---

export function api(address, token) {
    async function call(method, path, body) {
        const headers = { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) };
        const answer = await fetch(`http://${address}${path}`, { method, headers, body: body && JSON.stringify(body) });
        const text = await answer.text();
        return {
            status: answer.status,
            text,
            json: () => JSON.parse(text),
            lines: () =>
                text
                    .split("\n")
                    .filter(Boolean)
                    .map((l) => JSON.parse(l)),
        };
    }
    return {
        call,
        get: async (path) => (await call("GET", path)).json(),
        lines: async (path) => (await call("GET", path)).lines(),
        endpoint: async (name) => (await call("GET", "/v1/endpoints")).json().endpoints.find((e) => e.name === name),
        dead: async (name) => (await call("GET", `/v1/deliveries?endpoint=${name}&state=dead`)).json().deliveries,
    };
}

// --- a wire between the browser and the daemon ---

export async function wire(address) {
    const [host, port] = address.split(":");
    const open = new Set();
    let isCut = false;
    const server = net.createServer((near) => {
        if (isCut) {
            near.destroy();
            return;
        }
        const far = net.connect(Number(port), host);
        for (const [socket, other] of [
            [near, far],
            [far, near],
        ]) {
            open.add(socket);
            socket.on("error", () => {});
            socket.on("close", () => {
                open.delete(socket);
                other.destroy();
            });
            socket.pipe(other);
        }
    });
    await new Promise((go) => server.listen(0, "127.0.0.1", go));
    return {
        address: `127.0.0.1:${server.address().port}`,
        cut() {
            isCut = true;
            for (const socket of open) socket.destroy();
        },
        mend() {
            isCut = false;
        },
        close() {
            this.cut();
            server.close();
        },
    };
}

// --- the browser ---

export async function browse(executablePath) {
    return puppeteer.launch({
        executablePath,
        headless: true,
        args: ["--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"],
    });
}

// A tab of its own, with storage of its own. token: already signed in; null: not.
export async function tab(
    browser,
    origin,
    { token = null, language = "en-GB", width = 1280, scheme = "light", hash = "#/" } = {},
) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const complaints = [];
    let expected = null;
    const note = (text) => (expected && expected.test(text)) || complaints.push(text);
    page.on("console", (m) => ["error", "warn"].includes(m.type()) && note(`${m.text()} ${m.location().url ?? ""}`));
    page.on("pageerror", (e) => note(e.stack ?? e.message));
    page.on(
        "requestfailed",
        (r) => r.failure().errorText !== "net::ERR_ABORTED" && note(`${r.url()}: ${r.failure().errorText}`),
    );
    page.on(
        "request",
        (r) => /^data:/.test(r.url()) || r.url().startsWith(`${origin}/`) || note(`another place is asked: ${r.url()}`),
    );
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.evaluateOnNewDocument(
        (name, value, mark) => {
            Object.defineProperty(navigator, "language", { get: () => name });
            if (value && !sessionStorage.getItem(mark)) sessionStorage.setItem("lifecertd.token", value);
            sessionStorage.setItem(mark, "yes"); // a reload finds what the page has left there
        },
        language,
        token,
        "test.begun",
    );
    await page.goto(`${origin}/${hash}`);
    const self = {
        page,
        complaints,
        // While f runs, complaints of that form are none.
        async expecting(pattern, f) {
            expected = pattern;
            await f();
            await new Promise((go) => setTimeout(go, 100)); // the browser tells of them a moment later
            expected = null;
        },
        text: (selector) => page.$$eval(selector, (all) => all.map((e) => e.textContent).join("\n")),
        has: (selector) => page.$(selector).then(Boolean),
        number: (selector) => self.text(selector).then((text) => Number(text.replace(/[^\d.-]/g, ""))),
        waitText: (selector, part) =>
            until(
                () => self.text(selector),
                (text) => text.includes(part),
            ).then((text) => text.includes(part)),
        async go(to) {
            await page.evaluate((next) => {
                location.hash = next;
            }, to);
            await self.ready();
        },
        ready: () => page.waitForSelector(".view h1"),
        async close() {
            await context.close();
        },
    };
    return self;
}

// On a person's view: as known at the end of that day.
export async function lookBack(t, day) {
    const field = await t.page.waitForSelector("#as-of");
    await field.evaluate((element, value) => {
        element.value = value;
        element.dispatchEvent(new Event("change"));
    }, day);
}

// Fills in a dialog's fields, and sends it: the notice, or the dialog's refusal.
export async function fill(t, fields) {
    await t.page.waitForSelector("dialog[open]");
    for (const [name, value] of Object.entries(fields)) {
        const field = await t.page.waitForSelector(`dialog [name="${name}"]`, { visible: true });
        await field.evaluate((element, text) => {
            element.value = text;
            element.dispatchEvent(new Event("input", { bubbles: true }));
        }, value);
    }
    await t.page.click("dialog button.first");
    return until(() =>
        t.page.evaluate(() => {
            const refusal = document.querySelector("dialog .failure");
            return refusal
                ? refusal.textContent
                : document.querySelector("dialog")
                  ? ""
                  : document.querySelector(".notice p")?.textContent;
        }),
    );
}

export async function press(t, label, within = "main") {
    const found = await until(() =>
        t.page
            .evaluateHandle(
                (where, text) =>
                    [...document.querySelectorAll(`${where} button, ${where} a`)].find(
                        (e) => e.textContent.trim() === text && !e.disabled,
                    ) ?? null,
                within,
                label,
            )
            .then((handle) => handle.asElement()),
    );
    if (!found) throw new Error(`there is no "${label}" in ${within}`);
    await found.click();
}
