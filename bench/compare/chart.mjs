// bench/compare: the chart, a panel for each row of the table, bars on a logarithmic scale of the panel's own.

const COLUMNS = 3, PANEL = 312, GAP = 16, LEFT = 102, BAR = 13, STEP = 19, HEAD = 46, TOP = 40;
const BAR_MAX = PANEL - LEFT - 62;

const escape = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

const style = `
    text { font: 12px system-ui, sans-serif; fill: #24292f }
    .title { font-weight: 600; font-size: 13px }
    .note { fill: #57606a; font-size: 11px }
    .bar { fill: #afb8c1 }
    .ours { fill: #0a7d6c }
    .name { text-anchor: end }
    @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 }
        .note { fill: #9198a1 }
        .bar { fill: #59636e }
        .ours { fill: #2fbfa5 }
    }`;

// A bar's length: the shortest still shows, and each tenfold is as long as the next.
function scale(values) {
    const logs = values.map(Math.log10), low = Math.min(...logs) - 0.35, high = Math.max(...logs);
    return value => Math.max(2, ((Math.log10(value) - low) / (high - low)) * BAR_MAX);
}

function bar(name, value, y, length, short) {
    const width = length(value).toFixed(1);
    return `<text class="name" x="${LEFT - 8}" y="${y + 11}">${escape(name)}</text>
<rect class="bar${name === 'lifecertd' ? ' ours' : ''}" x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2"/>
<text x="${LEFT + Number(width) + 6}" y="${y + 11}">${escape(short(value))}</text>`;
}

function panel(row, { contestants }, x, y, short) {
    const shown = Object.entries(contestants).filter(([, c]) => c.row[row.key] > 0);
    const better = `${row.unit === '/s' ? 'a second' : row.unit}: ${row.less ? 'less' : 'more'} is better`;
    const length = scale(shown.map(([, c]) => c.row[row.key]));
    const bars = shown.map(([name, c], i) => bar(name, c.row[row.key], HEAD + i * STEP, length, short));
    return `<g transform="translate(${x} ${y})">
<text class="title" x="0" y="16">${escape(row.what)}</text>
<text class="note" x="0" y="33">${better}</text>
${bars.join('\n')}
</g>`;
}

export function chart(rows, results, { short, title }) {
    const n = Object.keys(results.contestants).length;
    const height = HEAD + n * STEP + 14;
    const at = i => [GAP + (i % COLUMNS) * (PANEL + GAP), TOP + Math.floor(i / COLUMNS) * height];
    const width = COLUMNS * (PANEL + GAP) + GAP, high = TOP + Math.ceil(rows.length / COLUMNS) * height + 6;
    const size = `viewBox="0 0 ${width} ${high}" width="${width}" height="${high}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>lifecertd beside what one would use instead</title>
<desc>The figures are in docs/compare.md. Each panel has a logarithmic scale of its own.</desc>
<style>${style}
</style>
<text class="note" x="${GAP}" y="20">${escape(title)} Logarithmic scales.</text>
${rows.map((row, i) => panel(row, results, ...at(i), short)).join('\n')}
</svg>
`;
}
