// node monitoring.mjs WORDS DASHBOARD RULES OUT: holds the dashboard, and the labels that it and the alerts select by,
// against the metrics that there are (the "metric" lines of tests/words), and writes every expression of the dashboard
// to OUT as a rule that records, for promtool to parse. Prints a line for each fault.
import { readFileSync, writeFileSync } from "node:fs";

const [words, dashboard, rules, out] = process.argv.slice(2);
const fault = (text) => console.log(text);

// --- what there is ---

const metrics = new Map();
for (const line of readFileSync(words, "utf8").split("\n").filter((l) => l.startsWith("metric "))) {
  const [, name, type, ...labels] = line.split(" ");
  const names = type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix) : [name];
  for (const each of names) {
    const more = each.endsWith("_bucket") ? ["job", "instance", "le"] : ["job", "instance"];
    metrics.set(each, new Set([...labels, ...more]));
  }
}
if (metrics.size < 40) fault(`only ${metrics.size} metrics are known`);

// Names and labels of the selectors in an expression.
function checkExpression(where, text) {
  const selectors = [...text.matchAll(/\b((?:lifecertd|process)_[a-z_]+)(?:\{([^}]*)\})?/g)];
  if (!selectors.length && !/\bup\b/.test(text)) fault(`${where}: no metric in ${text}`);
  for (const [, name, matchers] of selectors) {
    const labels = metrics.get(name);
    if (!labels) fault(`${where}: there is no ${name}`);
    else for (const [, label] of (matchers ?? "").matchAll(/([a-z_]+)\s*(?:=|!=|=~|!~)"/g)) {
      if (!labels.has(label)) fault(`${where}: ${name} has no label ${label}`);
    }
  }
}

// --- the alerts: their expressions, which stand behind "expr:" and indented below it ---

const lines = readFileSync(rules, "utf8").split("\n");
lines.forEach((line, i) => {
  if (!/^ {8}expr:/.test(line)) return;
  let text = line.replace(/^ *expr: *(>-)?/, "");
  for (let k = i + 1; /^ {10}/.test(lines[k]); k++) text += ` ${lines[k].trim()}`;
  checkExpression(`alert of line ${i + 1}`, text);
});

// --- the dashboard ---

const board = JSON.parse(readFileSync(dashboard, "utf8"));
const types = new Set(["row", "stat", "timeseries", "bargauge", "heatmap", "state-timeline"]);
const source = "${datasource}";
const expressions = [];

function checkTarget(panel, target, seen) {
  if (seen.has(target.refId)) fault(`${panel.title}: two targets ${target.refId}`);
  seen.add(target.refId);
  if (target.datasource?.uid !== source) fault(`${panel.title}: a target of another source`);
  if (!target.legendFormat) fault(`${panel.title}: a target without a legend`);
  if (!target.expr.includes('instance=~"$instance"')) fault(`${panel.title}: a target of every instance`);
  checkExpression(panel.title, target.expr);
  expressions.push(target.expr);
}

function checkPanel(panel) {
  if (!types.has(panel.type)) fault(`${panel.title}: a panel of type ${panel.type}`);
  if (!panel.title) fault(`panel ${panel.id}: no title`);
  if (panel.type === "row") return;
  if (panel.datasource?.uid !== source) fault(`${panel.title}: another source`);
  if (!panel.targets?.length) fault(`${panel.title}: nothing to show`);
  const seen = new Set();
  for (const target of panel.targets ?? []) checkTarget(panel, target, seen);
}

// Panels fill 24 columns and lie beside each other.
function checkPlaces(panels) {
  const taken = new Map();
  for (const { title, gridPos: p } of panels) {
    if (p.x < 0 || p.x + p.w > 24 || p.w < 1 || p.h < 1) fault(`${title}: beyond the columns`);
    for (let x = p.x; x < p.x + p.w; x++) {
      for (let y = p.y; y < p.y + p.h; y++) {
        const place = `${x} ${y}`;
        if (taken.has(place)) return fault(`${title} lies over ${taken.get(place)}`);
        taken.set(place, title);
      }
    }
  }
}

for (const key of ["title", "uid", "schemaVersion", "panels", "templating", "time"]) {
  if (!(key in board)) fault(`the dashboard has no ${key}`);
}
if ("id" in board && board.id !== null) fault("the dashboard has an id of some Grafana's own");
const variables = board.templating.list.map((v) => v.name).join(" ");
if (variables !== "datasource instance") fault(`variables: ${variables}`);
if (board.templating.list[0].type !== "datasource") fault("the source is no variable");
const ids = board.panels.map((p) => p.id);
if (new Set(ids).size !== ids.length) fault("two panels have one id");
const rows = board.panels.filter((p) => p.type === "row").map((p) => p.title);
const wanted = "People and deadlines, Certifications by channel, Intake and commits, Delivery by endpoint, Holds, Process";
if (rows.join(", ") !== wanted) fault(`the rows are ${rows.join(", ")}`);
board.panels.forEach(checkPanel);
checkPlaces(board.panels);
for (const a of board.annotations.list.filter((each) => each.expr)) {
  checkExpression(`annotation ${a.name}`, a.expr);
  expressions.push(a.expr);
}

// --- for promtool ---

const recorded = expressions.map((expr, i) => ({
  record: `dashboard:${i}`,
  expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
}));
writeFileSync(out, JSON.stringify({ groups: [{ name: "dashboard", rules: recorded }] }));
