// Today at a glance, the coming months, the channels, and what happened last.

import { get } from "./api.js";
import { bars, spark } from "./chart.js";
import { h, section, table } from "./dom.js";
import { instant, number, share } from "./format.js";
import { sentence } from "./story.js";
import { t } from "./words.js";

const MONTHS = 12, FEED_MAX = 30;
const STATUSES = ["active", "grace", "suspended", "terminated"];

function glance(status) {
  const counts = STATUSES.map((name) => h("li", { class: `count ${name}` }, h("strong", null, number(status[name])), h("span", null, t(name)),
    h("small", null, t("of all", { share: share(status[name], status.enrolled) }))));
  const held = status.held ? h("li", { class: "count held" }, h("strong", null, number(status.held)), h("span", null, t("held"))) : null;
  const lag = status.lag_seconds > 60 ? h("p", { class: "warning" }, t("lag", { seconds: number(status.lag_seconds) })) : null;
  const all = h("li", { class: "count" }, h("strong", { id: "enrolled" }, number(status.enrolled)), h("span", null, t("enrolled")));
  return section(t("today"), h("ul", { class: "counts" }, all, counts, held), lag);
}

function next(status) {
  const items = status.next.map((d) => h("li", null, t("next at", { time: instant(d.at), kind: t(`kind ${d.kind}`), count: number(d.count) })));
  return section(t("next"), items.length ? h("ol", { class: "plain" }, items) : h("p", null, t("next none")));
}

/** The twelve months from this one on, empty ones too. */
function twelve(rows, now) {
  const byMonth = Object.fromEntries(rows.map((row) => [row.on, row]));
  const [year, month] = now.split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, i) => {
    const at = new Date(Date.UTC(year, month - 1 + i, 1)).toISOString().slice(0, 7);
    return { reminder: 0, grace: 0, suspension: 0, ...byMonth[at], on: at, label: at.slice(5) };
  });
}

function months(due, status) {
  const series = ["reminder", "grace", "suspension"].map((name) => ({ name, title: t(`kind ${name}`) }));
  return section(t("months"), h("p", { class: "help" }, t("months help")), bars(t("months"), twelve(due.rows, status.now), series));
}

function silent(channel, now) {
  return channel.expect_every && (!channel.heard_at || Date.parse(now) - Date.parse(channel.heard_at) > channel.expect_every * 1000);
}

function channels(status) {
  if (!status.channels?.length) return null;
  const rows = status.channels.map((c) => {
    const sum = c.accepted.reduce((a, b) => a + b, 0);
    const heard = c.heard_at ? instant(c.heard_at) : t("never heard");
    return [c.name, number(c.accepted.at(-1)), number(sum), spark(t("channel chart", { name: c.name, n: number(sum) }), c.accepted),
      [heard, silent(c, status.now) && h("em", { class: "warning" }, ` ${t("silent")}`)]];
  });
  const heads = [t("channel"), { text: t("channel today"), number: true }, { text: t("channel days"), number: true }, t("channels help"), t("heard")];
  return section(t("channels"), table(t("channels"), heads, rows));
}

function feed(events) {
  const items = events.slice(0, FEED_MAX).map((e) => h("li", null, h("time", { datetime: e.time }, instant(e.time)), " ",
    e.subject && h("a", { href: `#/person/${encodeURIComponent(e.subject)}` }, e.subject), " ", sentence(e)));
  return section(t("feed"), h("p", { class: "help" }, t("feed help")), items.length ? h("ol", { class: "feed plain" }, items) : h("p", null, t("feed none")));
}

export async function overview({ status, events }, signal) {
  const from = `${status.now.slice(0, 7)}-01`;
  const to = new Date(Date.UTC(Number(from.slice(0, 4)) + 1, Number(from.slice(5, 7)) - 1, 0)).toISOString().slice(0, 10);
  const due = await get(`/v1/due?by=month&from=${from}&to=${to}`, signal);
  return [glance(status), h("div", { class: "columns" }, next(status), feed(events)), months(due, status), channels(status)];
}
