// bench/compare: holds the answers against each other, and says what was measured.
//   node report.mjs RESULTS.tsv RESULTS.json [docs]
// docs: also writes docs/compare.svg, and the figures into docs/compare.md. Exits with 1 when an answer is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.mjs';

const [from, to, docs] = process.argv.slice(2);

// What is measured, in the order of the table. less: less of it is better.
const rows = [
    { key: 'enrol', what: 'people enrolled', unit: '/s' },
    { key: 'certify-batched', what: 'certifications, in batches', unit: '/s' },
    { key: 'certify-single', what: 'certifications, singly over 64 connections', unit: '/s' },
    { key: 'sweep', what: 'due deadlines swept', unit: '/s' },
    { key: 'due-counts', what: 'due list: counts by day', unit: 'ms', less: true },
    { key: 'due-ids', what: "due list: one day's ids", unit: 'ms', less: true },
    { key: 'memory', what: 'memory a person', unit: 'bytes', less: true },
    { key: 'disk', what: 'disk a person', unit: 'bytes', less: true },
    { key: 'recovery', what: 'SIGKILL to the right answer', unit: 'ms', less: true },
];

// What a contestant has no way to do.
const impossible = {
    beanstalkd: {
        'due-counts': 'the queue counts what is delayed, not until when',
        'due-ids': 'a delayed job is found by its number alone',
    },
};

function read(file) {
    const all = new Map();
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
        const [name, kind, key, value] = line.split('\t');
        if (!all.has(name))
            all.set(name, { row: {}, answer: {}, failed: {}, machine: {}, settings: {} });
        all.get(name)[kind][key] = kind === 'row' ? Number(value) : value;
    }
    const { answer: right, machine } = all.get('right');
    all.delete('right');
    return { right, machine, contestants: Object.fromEntries(all) };
}

// Every answer that was given must be right; every one must be given unless something is told that kept it from being.
function faultsOf({ right, contestants }) {
    const faults = [];
    for (const [name, { answer, failed }] of Object.entries(contestants)) {
        for (const [key, value] of Object.entries(right)) {
            if (answer[key] === undefined && Object.keys(failed).length === 0)
                faults.push(`${name} gives no answer for "${key}"`);
            else if (answer[key] !== undefined && answer[key] !== value)
                faults.push(`${name}, "${key}": ${answer[key]}; right is ${value}`);
        }
    }
    return faults;
}

// Three digits that count: 12345.6 -> "12,300", 0.0571 -> "0.057".
const short = n => Number(n.toPrecision(n < 0.1 ? 2 : 3)).toLocaleString('en-US', { maximumFractionDigits: 4 });

// How many times lifecertd is ahead; below 1 it is behind.
const ahead = (row, ours, theirs) => (row.less ? theirs / ours : ours / theirs);
const times = n => `${n >= 100 ? Math.round(n).toLocaleString('en-US') : n >= 10 ? n.toFixed(0) : n.toPrecision(2)}×`;

function cell(row, name, { contestants }) {
    const { row: values, failed } = contestants[name];
    const value = values[row.key];
    if (impossible[name]?.[row.key])
        return 'not possible';
    if (value === undefined)
        return failed[row.key] ?? '–';
    if (name === 'lifecertd')
        return short(value);
    const ratio = ahead(row, contestants.lifecertd.row[row.key], value);
    return `${short(value)} (${times(ratio)}${ratio < 1 ? ', lost' : ''})`;
}

function tableOf(results) {
    const names = Object.keys(results.contestants);
    return [['', ...names], ...rows.map(row => [`${row.what}, ${row.unit}`, ...names.map(n => cell(row, n, results))])];
}

function textTable(table) {
    const widths = table[0].map((_, i) => Math.max(...table.map(line => line[i].length)));
    const pad = (c, i) => (i ? c.padStart(widths[i]) : c.padEnd(widths[i]));
    return table.map(line => line.map(pad).join('  ')).join('\n');
}

const markdownTable = ([head, ...lines]) =>
    [head, head.map((_, i) => (i ? '---:' : '---')), ...lines].map(line => `| ${line.join(' | ')} |`).join('\n');

const lost = results => Object.keys(results.contestants).filter(n => n !== 'lifecertd').flatMap(n =>
    rows.filter(r => ahead(r, results.contestants.lifecertd.row[r.key], results.contestants[n].row[r.key]) < 1)
        .map(r => `${r.what}, to ${n}`));

const machineLine = ({ machine: m }) =>
    `${Number(m.people).toLocaleString('en-US')} people, ${m.date}, ${m.cores} cores, ${m.memory}, ${m.disk}.`;

function writeDocs(results, table) {
    const file = 'docs/compare.md', text = readFileSync(file, 'utf8');
    const figures = `${machineLine(results)}\n\n${markdownTable(table)}\n`;
    const place = /(<!-- figures: begin -->\n)[^]*(<!-- figures: end -->)/;
    writeFileSync(file, text.replace(place, (_, begin, end) => `${begin}\n${figures}\n${end}`));
    writeFileSync('docs/compare.svg', chart(rows, results, { short, title: machineLine(results) }));
}

const results = read(from);
const faults = faultsOf(results);
const table = tableOf(results);
writeFileSync(to, `${JSON.stringify({ ...results, faults }, null, 2)}\n`);
console.log(`${machineLine(results)} In brackets: how many times lifecertd is ahead.\n\n${textTable(table)}\n`);
for (const [name, { settings, failed }] of Object.entries(results.contestants)) {
    console.log(settings.settings);
    for (const [phase, why] of Object.entries(failed))
        console.log(`  ${name}, ${phase}: ${why}`);
}
console.log(`\nlost: ${lost(results).join('; ') || 'nothing'}`);
console.log(faults.length ? `\nWRONG: ${faults.join('\n       ')}` : '\nall answers are the same, and right');
if (docs && faults.length === 0)
    writeDocs(results, table);
process.exitCode = faults.length ? 1 : 0;
