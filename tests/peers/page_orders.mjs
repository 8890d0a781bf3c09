// Orders: given with who and why, told of with what came of them, and refused to whoever may only read.
import { fill, is, ok, press, tab, until } from "./page_rig.mjs";

const BY = "王敏",
    WHY = "接收方维护";

async function pausing(t, daemon) {
    await t.go("#/endpoints/payroll");
    await press(t, "Pause");
    await t.page.waitForSelector("dialog[open]");
    await t.page.click("dialog button.first");
    ok(await t.waitText("dialog .failure", "needed"), "an order without a name is not given");
    is(await t.page.evaluate(() => document.activeElement.name), "by", "and the field that lacks it has the focus");
    is((await daemon.endpoint("payroll")).state, "running", "nor has the daemon heard of it");
    const long = await fill(t, { by: BY, why: "因".repeat(60) });
    ok(long.includes("159 bytes"), "a reason that is too long is told before it is sent", long);
    is(await fill(t, { by: BY, why: WHY }), "payroll is paused.", "pause: what came of it is told");
    const e = await daemon.endpoint("payroll");
    is([e.state, e.paused_by, e.paused].join(), ["paused", BY, WHY].join(), "the endpoint is paused, with who and why");
    ok(await t.waitText(".badge", "paused"), "which the page shows");
    await press(t, "Resume");
    await t.page.waitForSelector("dialog[open]");
    is(await t.page.$eval('dialog [name="by"]', (f) => f.value), BY, "who it is need not be said twice");
    ok((await fill(t, { why: "完成" })).startsWith("payroll is resumed"), "resume");
    is((await daemon.endpoint("payroll")).state, "running", "it runs again");
}

async function testing(t) {
    await press(t, "Test");
    const said = await fill(t, {});
    ok(
        /^Test of payroll: delivered \(status 20\d\).* ms\.$/.test(said),
        "test: what the receiver answered is told",
        said,
    );
    await t.go("#/endpoints/bureau");
    await press(t, "Test");
    ok((await fill(t, {})).includes("status 500"), "and that it fails, when it does");
}

// Dead letters: one is dropped, one retried while its receiver fails, all when it is well again.
async function deadLetters(t, daemon, receiver) {
    const dead = await until(
        () => daemon.dead("bureau"),
        (all) => all.length >= 3,
    );
    ok(dead.length >= 3, "an endpoint that fails has dead letters");
    await t.go("#/endpoints");
    is(
        await until(
            () => t.number('[data-dead="bureau"]'),
            (n) => n === dead.length,
        ),
        dead.length,
        "which the page counts",
    );
    const e = await daemon.endpoint("payroll");
    is(await t.number('[data-lag="payroll"]'), e.lag, "and each endpoint's lag");
    await t.go("#/endpoints/bureau");
    await t.page.waitForSelector('[role="cell"]');
    await until(
        () => t.page.$$("tbody tr"),
        (rows) => rows.length === dead.length,
    );
    is(
        await t.page.$$eval("tbody th", (all) => all.map((x) => x.textContent.replace(/,/g, "")).join()),
        dead.map((d) => d.seq).join(),
        "they are listed",
    );
    await press(t, "Drop", "tbody tr:first-child");
    ok((await fill(t, { by: BY, why: "重复" })).includes("is dropped"), "drop");
    const left = await until(
        () => daemon.dead("bureau"),
        (all) => all.length === dead.length - 1,
    );
    ok(!left.some((d) => d.id === dead[0].id), "the delivery is gone");
    await fetch(`http://${receiver}/control`, { method: "POST", body: "defaults" });
    ok(await t.waitText("tbody th", String(dead[1].seq).replace(/\B(?=(\d{3})+$)/g, ",")), "the next one is first now");
    await until(
        () => t.page.$$("tbody tr"),
        (rows) => rows.length === left.length,
    );
    await press(t, "Retry", "tbody tr:first-child");
    ok((await fill(t, { why: "已恢复" })).includes("is tried again"), "retry");
    await until(
        () => daemon.dead("bureau"),
        (all) => all.length === left.length - 1,
    );
    await until(
        () => t.page.$$("tbody tr"),
        (rows) => rows.length === left.length - 1,
    );
    await press(t, `Retry all ${left.length - 1}`);
    ok((await fill(t, { why: "已恢复" })).startsWith(`${left.length - 1} are tried again`), "retry all of them");
    is(
        (
            await until(
                () => daemon.dead("bureau"),
                (all) => all.length === 0,
            )
        ).length,
        0,
        "no dead letter is left",
    );
    ok(await t.waitText(".view", "No delivery in the state “dead”"), "which the page says");
    const settled = await until(
        () => daemon.endpoint("bureau"),
        (x) => x.delivered >= dead.length - 1,
    );
    ok(settled.delivered >= dead.length - 1, "all but the one that was dropped have arrived");
}

async function holds(t, daemon) {
    const { now } = await daemon.get("/v1/status");
    const day = `${now.slice(0, 4)}-12-31`;
    await t.go("#/holds");
    await press(t, "Place a hold");
    is(
        await fill(t, { scope: "policy", name: "zhoushan", until: "2020-01-01", by: BY, why: "台风" }).then((x) =>
            /not passed|does not take/.test(x),
        ),
        true,
        "a hold of yesterday is refused, in words",
    );
    const said = await fill(t, { until: day });
    ok(said.includes(`until ${day}`), "place a hold", said);
    const [hold] = (await daemon.get("/v1/holds")).holds;
    is(
        JSON.stringify([hold.scope, hold.by, hold.why, hold.until]),
        JSON.stringify([{ policy: "zhoushan" }, BY, "台风", day]),
        "the daemon has it, with who and why",
    );
    ok(await t.waitText(".hold", "policy zhoushan"), "the page shows it");
    await t.go("#/");
    ok(
        await t.waitText(".banner", "suspensions are held back for policy zhoushan"),
        "a banner says what it keeps back",
    );
    ok((await t.text(".banner")).includes(BY) && (await t.text(".banner")).includes("台风"), "with who and why");
    ok(
        await until(async () => (await t.text(".feed .rows")).includes("Hold placed for policy zhoushan")),
        "it is among the latest",
    );
    await press(t, "Lift", ".banner");
    ok((await fill(t, { why: "台风已过" })).endsWith("lifted."), "lift it, from the banner");
    is((await daemon.get("/v1/holds")).holds.length, 0, "the daemon has lifted it");
    ok(await until(async () => !(await t.has(".banner"))), "and the banner goes");
}

// The role, and a daemon that knows better than the page.
async function refused(browser, origin, tokens) {
    const t = await tab(browser, origin, { token: tokens.read, hash: "#/endpoints" });
    await t.page.waitForSelector(".view tbody button");
    ok(
        await t.page.$$eval(".view tbody button", (all) => all.every((b) => b.disabled)),
        "who may only read finds every order disabled",
    );
    ok((await t.text("#read-only")).includes("may only read"), "and why");
    is(
        await t.page.$eval(".view tbody button", (b) => b.getAttribute("aria-describedby")),
        "read-only",
        "to who hears it too",
    );
    is(t.complaints.join("; "), "", "nothing goes wrong meanwhile");
    await t.close();

    const other = await tab(browser, origin);
    await other.page.setRequestInterception(true);
    other.page.on("request", (r) =>
        r.url().endsWith("/v1/whoami")
            ? r.respond({
                  status: 200,
                  contentType: "application/json",
                  body: '{"name":"token:x","read":true,"operate":true}',
              })
            : r.continue(),
    );
    await other.page.type("#token", tokens.read);
    await other.page.keyboard.press("Enter");
    await other.ready();
    await other.go("#/endpoints/payroll");
    await other.expecting(/403/, async () => {
        await press(other, "Pause");
        const said = await fill(other, { by: BY, why: WHY });
        ok(said.startsWith("This token may not do that."), "an order that the daemon refuses is told in words", said);
    });
    is(other.complaints.join("; "), "", "and breaks nothing");
    await other.close();
}

// What only happens to others: too much is queued.
async function busy(browser, origin, tokens) {
    const t = await tab(browser, origin, { token: tokens.operate, hash: "#/endpoints/payroll" });
    await t.page.waitForSelector(".facts");
    await t.page.setRequestInterception(true);
    t.page.on("request", (r) =>
        r.method() === "POST"
            ? r.respond({
                  status: 503,
                  headers: { "Retry-After": "7" },
                  contentType: "application/problem+json",
                  body: '{"status":503,"detail":"too much is queued"}',
              })
            : r.continue(),
    );
    await t.expecting(/503/, async () => {
        await press(t, "Pause");
        const said = await fill(t, { by: BY, why: WHY });
        ok(
            said.includes("try again in 7 s") && said.includes("too much is queued"),
            "a daemon that is busy says when to come again",
            said,
        );
    });
    await t.close();
}

export async function orders(browser, origin, daemon, tokens, receiver) {
    const t = await tab(browser, origin, { token: tokens.operate });
    await t.ready();
    await pausing(t, daemon);
    await testing(t);
    await deadLetters(t, daemon, receiver);
    await t.expecting(/400/, () => holds(t, daemon));
    is(t.complaints.join("; "), "", "no error on the console, no request that fails, none to another place");
    await t.close();
    await refused(browser, origin, tokens);
    await busy(browser, origin, tokens);
}
