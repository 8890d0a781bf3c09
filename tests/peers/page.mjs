// node page.mjs FILE: looks at the operators' page of a running daemon in a headless Chromium. FILE is JSON: the
// daemon's address, that of the receiver behind its endpoint "bureau", tokens by role, the page's sources, the
// browser's path, and a folder for screenshots or null. Prints a line a check: "pass WHAT" or "fail WHAT (HOW)".
import { readFileSync } from "node:fs";
import { orders } from "./page_orders.mjs";
import { api, browse, is, ok, wire } from "./page_rig.mjs";
import { views } from "./page_views.mjs";
import { ways } from "./page_ways.mjs";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { tokens } = settings;

// Both languages have a text for everything, with the same values in it.
async function words() {
    const load = (name) =>
        import(`data:text/javascript,${encodeURIComponent(readFileSync(`${settings.sources}/${name}.js`, "utf8"))}`);
    const [{ en }, { zh }] = await Promise.all([load("en"), load("zh")]);
    is(Object.keys(en).sort().join(), Object.keys(zh).sort().join(), "both languages have the same texts");
    const names = (text) => [...new Set([...text.matchAll(/\{([\w.]+)/g)].map((m) => m[1]))].sort().join();
    const differing = Object.keys(en).filter((key) => names(en[key]) !== names(zh[key] ?? ""));
    is(differing.join(), "", "each with the same values");
    ok(
        Object.values(zh).every((text) => text.trim() !== ""),
        "and none is empty",
    );
}

const daemon = api(settings.daemon, tokens.read);
const intake = api(settings.daemon, tokens.intake);
const line = await wire(settings.daemon);
const browser = await browse(settings.browser);
const origin = `http://${line.address}`;
try {
    await words();
    await views(browser, origin, daemon, tokens, intake);
    await orders(browser, origin, daemon, tokens, settings.receiver);
    await ways(browser, origin, line, tokens, daemon, intake, settings.shots);
} catch (error) {
    ok(false, "the script runs to its end", error.stack);
} finally {
    await browser.close();
    line.close();
}
