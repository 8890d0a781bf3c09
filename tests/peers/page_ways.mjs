// The ways that people have to the page: the keyboard alone, a screen reader, a phone, the dark, a bad line.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { is, lookBack, ok, press, tab, until } from "./page_rig.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// What a view has asked for is there.
async function loaded(t) {
    await until(async () => (await t.has(".view")) && !/Loading|正在载入/.test(await t.text(".view")));
}

// --- the keyboard ---

// Presses Tab until it has come round, by the browser itself: what had the focus, and whether that could be seen.
async function tabThrough(t) {
    const seen = [];
    for (let i = 0; i < 300; i++) {
        await t.page.keyboard.press("Tab");
        const at = await t.page.evaluate(() => {
            const e = document.activeElement;
            if (e === document.body) return null;
            window.tabStops ??= new Map();
            if (!window.tabStops.has(e)) window.tabStops.set(e, window.tabStops.size);
            const style = getComputedStyle(e),
                behind = e.querySelector(".behind");
            const isSeen = style.outlineStyle !== "none" || (behind && getComputedStyle(behind).strokeWidth !== "1px");
            return {
                n: window.tabStops.get(e),
                isSeen,
                isDate: e.type === "date",
                name: `${e.localName}.${e.className.baseVal ?? e.className} ${e.textContent.slice(0, 30)}`,
            };
        });
        if (at?.n === seen.at(-1)?.n && at?.isDate) continue; // its year, month and day are stops of their own
        if (at && seen.some((x) => x.n === at.n)) break;
        if (at) seen.push(at);
    }
    return seen;
}

// All that a keyboard must reach and has not.
async function unreached(t) {
    return t.page.evaluate(() =>
        [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
            .filter((e) => !e.disabled && e.checkVisibility() && !window.tabStops?.has(e))
            .map((e) => `${e.localName} ${e.textContent.slice(0, 30)}`),
    );
}

async function keyboard(browser, origin, tokens, suspended) {
    const t = await tab(browser, origin, { token: tokens.operate });
    await t.ready();
    for (const hash of ["#/", `#/person/${suspended}`, "#/endpoints", "#/endpoints/bureau", "#/holds"]) {
        await t.go(hash);
        await loaded(t);
        if (hash === "#/") await t.page.waitForSelector(".feed .rows li");
        await t.page.evaluate(() => {
            window.tabStops = new Map();
        });
        const seen = await tabThrough(t);
        is((await unreached(t)).join("; "), "", `${hash}: Tab comes to everything`);
        is(
            seen
                .filter((x) => !x.isSeen)
                .map((x) => x.name)
                .join("; "),
            "",
            `${hash}: and what has the focus shows it`,
        );
    }
    await t.go("#/");
    await t.page.focus(".skip");
    await t.page.keyboard.press("Enter");
    is(await t.page.evaluate(() => document.activeElement.id), "main", "the first stop leads past the navigation");
    is(await t.page.evaluate(() => location.hash), "#/", "and nowhere else");

    await t.go("#/endpoints/payroll");
    is(await t.page.evaluate(() => document.activeElement.localName), "h1", "another view begins at its heading");
    await t.page.waitForSelector(".card-head button");
    await t.page.focus(".card-head button");
    await t.page.keyboard.press("Enter");
    await t.page.waitForSelector("dialog[open]");
    is(await t.page.evaluate(() => document.activeElement.name), "by", "a dialog begins with its first field");
    for (let i = 0; i < 8; i++) await t.page.keyboard.press("Tab");
    ok(
        await t.page.evaluate(
            () => document.activeElement === document.body || Boolean(document.activeElement.closest("dialog")),
        ),
        "Tab stays within it",
    );
    await t.page.keyboard.press("Escape");
    ok(await until(async () => !(await t.has("dialog"))), "Escape closes it");
    is(await t.page.evaluate(() => document.activeElement.textContent), "Pause", "and the focus is where it was");
    await t.page.keyboard.press("Enter");
    await t.page.waitForSelector("dialog[open]");
    await t.page.keyboard.type("Wang Min");
    await t.page.keyboard.press("Tab");
    await t.page.keyboard.type("by keyboard alone");
    await t.page.keyboard.press("Tab");
    await t.page.keyboard.press("Tab");
    await t.page.keyboard.press("Enter");
    ok(await t.waitText(".notice", "payroll is paused"), "an order is given by the keyboard alone");
    is(
        await until(
            () => t.page.evaluate(() => document.activeElement.textContent),
            (x) => x === "Resume",
        ),
        "Resume",
        "the focus is on what undoes it",
    );
    await press(t, "Resume");
    await t.page.waitForSelector("dialog[open]");
    await t.page.type('dialog [name="why"]', "done");
    await t.page.click("dialog button.first");
    await t.waitText(".notice", "resumed");
    is(t.complaints.join("; "), "", "nothing goes wrong meanwhile");
    await t.close();
}

// --- axe, in both languages, light and dark, wide and narrow ---

async function judge(t, what) {
    const found = await t.page.evaluate(async () => {
        const result = await window.axe.run(document, { resultTypes: ["violations"] });
        return result.violations.map(
            (v) =>
                `${v.id}: ${v.nodes
                    .map((n) => `${n.html.slice(0, 100)} ${n.any[0]?.message ?? ""}`)
                    .slice(0, 3)
                    .join(" | ")}`,
        );
    });
    const wide = await t.page.evaluate(() => {
        const room = document.documentElement.clientWidth;
        const beyond = [...document.querySelectorAll("body *")].find(
            (e) => e.getBoundingClientRect().right > room + 1 && !e.closest("pre, .unseen, .skip, thead"),
        );
        return document.documentElement.scrollWidth > room
            ? "it scrolls"
            : beyond
              ? `${beyond.localName}.${beyond.className}`
              : "";
    });
    is(found.join("; "), "", `${what}: axe finds nothing`);
    is(wide, "", `${what}: nothing is wider than the screen`);
}

async function everyLook(browser, origin, tokens, suspended, shots) {
    const hashes = [
        "#/",
        "#/person",
        `#/person/${suspended}`,
        "#/people/suspended",
        "#/endpoints",
        "#/endpoints/bureau",
        "#/holds",
    ];
    for (const language of ["zh-CN", "en-GB"])
        for (const scheme of ["light", "dark"])
            for (const width of [360, 1280]) {
                const look = `${language} ${scheme} ${width}`;
                const t = await tab(browser, origin, { language, scheme, width });
                await t.page.waitForSelector("#token");
                await t.page.evaluate(axe);
                await judge(t, `${look} signing in`);
                await t.page.type("#token", tokens.operate);
                await t.page.keyboard.press("Enter");
                await t.ready();
                for (const hash of hashes) {
                    await t.go(hash);
                    await loaded(t);
                    await judge(t, `${look} ${hash}`);
                    if (shots)
                        await t.page.screenshot({
                            path: `${shots}/${`${look}${hash}`.replace(/[^\w-]+/g, "_")}.png`,
                            fullPage: true,
                        });
                }
                await t.go(`#/person/${suspended}`);
                await loaded(t);
                await lookBack(t, "2026-05-01");
                await t.page.waitForSelector(".view .note[role=status]");
                await judge(t, `${look} a person on a day that is past`);
                await t.go("#/holds");
                await loaded(t);
                await t.page.click(".heading button.first");
                await t.page.waitForSelector("dialog[open]");
                await judge(t, `${look} a dialog`);
                if (shots) await t.page.screenshot({ path: `${shots}/${look.replace(/[^\w-]+/g, "_")}_dialog.png` });
                is(t.complaints.join("; "), "", `${look}: nothing goes wrong`);
                await t.close();
            }
}

// --- a line that breaks ---

async function badLine(browser, origin, line, tokens, daemon, intake) {
    const t = await tab(browser, origin, { token: tokens.operate });
    await t.ready();
    await t.waitText(".connection", "Live");
    const before = await daemon.get("/v1/status");
    await t.expecting(/ERR_|Failed to load/, async () => {
        line.cut();
        ok(await t.waitText(".connection", "Reconnecting"), "when the line is cut the page says so");
        ok(await t.waitText("main > .failure", "cannot be reached"), "and what to do");
        ok((await t.text('[data-count="enrolled"]')) !== "", "what was there stays to be read");
        const [person] = await daemon.lines("/v1/beneficiaries?status=suspended&limit=1");
        await intake.call("POST", "/v1/inputs", {
            op: "certify",
            id: person.id,
            channel: "face",
            certified_on: before.now.slice(0, 10),
            ref: "page-2",
        });
        line.mend();
        ok(await t.waitText(".connection", "Live"), "it comes back by itself");
        is(
            await until(
                () => t.number('[data-count="suspended"]'),
                (n) => n === before.suspended - 1,
            ),
            before.suspended - 1,
            "with what happened meanwhile",
        );
        ok(await until(async () => (await t.text(".feed .rows")).includes(person.id)), "among the latest too");
        ok(await until(async () => !(await t.has("main > .failure"))), "and the warning goes");
    });
    is(t.complaints.join("; "), "", "nothing else goes wrong");
    await t.close();
}

export async function ways(browser, origin, line, tokens, daemon, intake, shots) {
    const [suspended] = await daemon.lines("/v1/beneficiaries?status=suspended&limit=1");
    await keyboard(browser, origin, tokens, suspended.id);
    await everyLook(browser, origin, tokens, suspended.id, shots);
    await badLine(browser, origin, line, tokens, daemon, intake);
}
