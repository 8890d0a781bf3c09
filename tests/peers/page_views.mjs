// What the views show is what the API says, at once and as it changes.
import { is, lookBack, ok, tab, until } from "./page_rig.mjs";

const STATUSES = ["enrolled", "active", "grace", "suspended", "terminated"];

async function signingIn(browser, origin, tokens) {
    const t = await tab(browser, origin);
    const { page } = t;
    await page.waitForSelector("#token");
    is(
        await until(
            () => page.evaluate(() => document.activeElement.id),
            (id) => id === "token",
        ),
        "token",
        "whoever comes is asked for a token",
    );
    await t.expecting(/401/, async () => {
        await page.keyboard.type("no-such-token");
        await page.keyboard.press("Enter");
        ok(await t.waitText(".failure", "not known"), "a wrong one is told in words");
    });
    is(await page.evaluate(() => sessionStorage.getItem("lifecertd.token")), null, "and is not kept");
    await page.$eval("#token", (e) => {
        e.value = "";
    });
    await page.type("#token", tokens.read);
    await page.keyboard.press("Enter");
    await t.ready();
    ok(await t.waitText(".connection", "Live"), "with a right one the page is live");
    ok(
        !(await page.evaluate(() => JSON.stringify(localStorage))).includes(tokens.read),
        "the token is in no lasting storage",
    );
    await page.reload();
    await t.ready();
    ok(true, "a reload does not ask for it again");
    await page.evaluate(() => [...document.querySelectorAll(".settings button")].at(-1).click());
    await page.waitForSelector("#token");
    ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes(tokens.read), "signing out forgets it");
    is(t.complaints.join("; "), "", "nothing goes wrong meanwhile");
    await t.close();
}

async function counts(t, daemon) {
    const status = await daemon.get("/v1/status");
    for (const name of STATUSES)
        is(await t.number(`[data-count="${name}"]`), status[name], `today: so many ${name} as the API says`);
    ok(await t.has(".badge.simulated"), "a simulated store says that it is");
    is((await t.page.$$(".next .rows li")).length, status.next.length, "today: what comes next");
    const rows = await t.page.$$eval(".channels tbody tr", (all) =>
        all.map((row) => [...row.querySelectorAll(".cell")].map((e) => e.textContent)),
    );
    is(rows.length, status.channels.length, "today: a row for each channel");
    const total = (values) => values.reduce((a, b) => a + b, 0);
    const wanted = status.channels.map((c) =>
        [c.name, c.accepted.at(-1), total(c.accepted.slice(-7)), total(c.accepted)].join(),
    );
    is(
        rows.map((row) => [row[0], ...row.slice(2, 5).map((n) => n.replace(/,/g, ""))].join()).join(" "),
        wanted.join(" "),
        "with its certifications",
    );
}

async function chart(t, daemon) {
    const { now } = await daemon.get("/v1/status");
    const first = now.slice(0, 7),
        last = `${Number(first.slice(0, 4)) + 1}${first.slice(4)}`;
    const due = await daemon.get(`/v1/due?by=month&from=${first}-01&to=${last}-01`);
    const rows = await t.page.$$eval(".due tbody tr", (all) =>
        all.map((row) => [...row.querySelectorAll(".cell")].map((e) => e.textContent.replace(/,/g, ""))),
    );
    is(rows.length, 12, "the chart's table has twelve months");
    const wanted = due.rows.filter((row) => row.on < last);
    const shown = rows.filter((row) => row.slice(1).some((n) => n !== "0")).map((row) => row.join());
    is(
        shown.join(" "),
        wanted.map((row) => [row.on, row.reminder, row.grace, row.suspension, row.lapse].join()).join(" "),
        "with the API's numbers",
    );
    ok((await t.page.$$(".chart .month")).length === 12, "and the chart as many columns");
    await t.page.$eval(".chart .month", (e) => e.focus());
    await t.page.keyboard.press("ArrowRight");
    is(await t.text(".legend-month"), rows[1][0], "an arrow key goes to the next month, whose numbers are told");
    const second = rows[1];
    const label = await t.page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    ok(
        label.startsWith(second[0]) && second.slice(1).every((n) => label.includes(Number(n).toLocaleString("en-GB"))),
        "to who hears it too",
        label,
    );
}

// Somebody suspended certifies: nobody touches the page.
async function live(t, daemon, tokens, intake) {
    const status = await daemon.get("/v1/status");
    const [person] = await daemon.lines("/v1/beneficiaries?status=suspended&limit=1");
    const on = status.now.slice(0, 10);
    const certify = { op: "certify", id: person.id, channel: "face", certified_on: on, ref: "page-1" };
    const answer = await intake.call("POST", "/v1/inputs", certify);
    is(answer.json().result, "applied", "somebody suspended certifies");
    is(
        await until(
            () => t.number('[data-count="suspended"]'),
            (n) => n === status.suspended - 1,
        ),
        status.suspended - 1,
        "the count changes by itself",
    );
    ok(
        await until(async () => (await t.text(".feed .rows")).includes(person.id)),
        "and the resumption is among the latest",
    );
    return person.id;
}

async function person(t, daemon, id) {
    await t.page.type("#search", id);
    await t.page.keyboard.press("Enter");
    await t.page.waitForSelector(".hero-first");
    is(await t.page.evaluate(() => location.hash), `#/person/${id}`, "the id that is looked up stands in the address");
    const facts = await daemon.get(`/v1/beneficiaries/${id}`);
    const events = await daemon.lines(`/v1/beneficiaries/${id}/events`);
    is(await t.text(".hero-first"), `Valid until ${facts.due_on}.`, "the state comes first, in a sentence");
    ok((await t.text(".hero")).includes(facts.next.at.slice(0, 10)), "with what comes next");
    is((await t.page.$$(".timeline > li")).length, events.length, "every event has its place");
    ok((await t.text(".timeline > li:first-child")).includes("Because certified again"), "and its reason");
    const withPay = await t.has(".periods");
    is(
        withPay,
        events.some((e) => e.data.back_pay?.periods.length > 0),
        "periods that are paid back are listed",
    );
    const [other] = await daemon.lines("/v1/beneficiaries?status=suspended&limit=1");
    await t.go(`#/person/${other.id}`);
    ok(
        await t.waitText(
            ".hero-first",
            `Suspended since ${other.suspended_on}, because not certified by ${other.due_on}`,
        ),
        "who is suspended: since when and why",
    );
    ok(
        (await t.text(".hero-first")).includes(`withheld from ${other.withheld_from}`),
        "from when on it is withheld, and what ends it",
    );
    const [dead] = await daemon.lines("/v1/beneficiaries?status=terminated&limit=1");
    await t.go(`#/person/${dead.id}`);
    ok(await t.waitText(".hero-first", `Terminated on ${dead.terminated_on}`), "who has died");
    await t.page.goBack();
    ok(await t.waitText(".hero-first", "Suspended since"), "the browser's way back goes to the person before");
    await t.expecting(/404/, async () => {
        await t.go("#/person/nobody%20%2F%3F");
        ok(
            await t.waitText(".view .failure", "Nobody is enrolled under nobody /?"),
            "an id that nobody has is told in words",
        );
    });
}

const daysBefore = (date, n) => new Date(Date.parse(date) - n * 86400000).toISOString().slice(0, 10);

// A certification that came in late, and what was known before it did.
async function past(t, daemon, intake) {
    const now = (await daemon.get("/v1/status")).now.slice(0, 10);
    const [{ id }] = await daemon.lines("/v1/beneficiaries?status=suspended&limit=1");
    const certified = daysBefore(now, 3);
    const certify = { op: "certify", id, channel: "face", certified_on: certified, ref: "page-late" };
    is((await intake.call("POST", "/v1/inputs", certify)).json().result, "applied", "a certification comes in late");
    await t.go(`#/person/${id}`);
    ok(await t.waitText(".timeline", "received 3 days after"), "which its event is marked with");
    ok((await t.text(".timeline")).includes(`received on ${now}`), "and the day on which it came in");
    const dates = await t.text(".side .facts");
    ok(dates.includes(certified) && dates.includes(now), "among the dates both stand", dates);
    const yesterday = daysBefore(now, 1);
    await lookBack(t, yesterday);
    ok(await t.waitText(".hero-first", "Suspended since"), "the day before that was not known yet");
    const known = await daemon.lines(`/v1/beneficiaries/${id}/events?as_of=${yesterday}`);
    const all = await daemon.lines(`/v1/beneficiaries/${id}/events`);
    is((await t.page.$$(".timeline > li")).length, known.length, "the events up to then are there");
    const note = await t.text(".view .note");
    ok(note.includes(yesterday) && note.includes(`${all.length - known.length} later events`), "and how many came later", note);
    await t.expecting(/404/, async () => {
        await lookBack(t, "2020-01-01");
        ok(await t.waitText(".view .failure", "nobody was enrolled under"), "a day before the enrolment knows nobody");
    });
    await t.page.click(".view .inline button[type=button]");
    ok(await t.waitText(".hero-first", "Valid until"), "a press leads back to now");
}

async function people(t, daemon) {
    await t.go("#/people/suspended");
    await t.page.waitForSelector(".view tbody tr");
    const lines = await daemon.lines("/v1/beneficiaries?status=suspended&limit=50");
    is(
        await t.text(".view tbody th"),
        lines
            .slice(0, -1)
            .map((p) => p.id)
            .join("\n"),
        "the list of who is suspended is the API's",
    );
}

async function languages(t) {
    await t.go("#/");
    const button = (n) => t.page.evaluate((i) => document.querySelectorAll(".settings button")[i].click(), n);
    await button(0);
    ok(await t.waitText("h1", "今日概览"), "a press makes it Chinese");
    is(await t.page.evaluate(() => document.documentElement.lang), "zh-CN", "which the document says");
    await t.page.reload();
    ok(await t.waitText("h1", "今日概览"), "and it stays so");
    await button(0);
    await t.waitText("h1", "Today");
    const ground = () => t.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const before = await ground();
    await button(1);
    await button(1);
    ok((await until(ground, (colour) => colour !== before)) !== before, "a press or two makes it dark");
    await button(1);
    is(await until(ground, (colour) => colour === before), before, "another one leaves it to the system again");
    await t.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    ok((await ground()) !== before, "as which it then is");
    await t.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
}

export async function views(browser, origin, daemon, tokens, intake) {
    await signingIn(browser, origin, tokens);
    const t = await tab(browser, origin, { token: tokens.read });
    await t.ready();
    await t.page.waitForSelector(".chart");
    await counts(t, daemon);
    await chart(t, daemon);
    const id = await live(t, daemon, tokens, intake);
    await person(t, daemon, id);
    await past(t, daemon, intake);
    await people(t, daemon);
    await languages(t);
    is(t.complaints.join("; "), "", "no error on the console, no request that fails, none to another place");
    await t.close();
}
