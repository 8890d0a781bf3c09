// Bars, drawn to the pixel in SVG.

import { monthName, shortCount } from './format.js';
import { h } from './dom.js';
import { t } from './words.js';

export const KINDS = ['reminder', 'grace', 'suspension', 'lapse'];
const STACKED = ['suspension', 'grace', 'reminder', 'lapse']; // from the bottom up: the graver, the nearer to the line

const HEIGHT = 220,
    TOP = 10,
    BOTTOM = 40,
    LEFT = 52,
    RIGHT = 4;
const LEAST = 2; // pixels, of what is not nothing
const ROOMY = 34; // pixels, for a month's name

// A round number for a line above the largest value, and how many lines below it.
function scale(largest) {
    const rough = Math.max(largest, 4) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map(n => n * power).find(n => n >= rough && Number.isInteger(n)) ?? 10 * power;
    return { step, lines: Math.max(1, Math.ceil(largest / step)) };
}

function sum(row) {
    return KINDS.reduce((n, kind) => n + row[kind], 0);
}

function rowText(row) {
    return t('chart.row', { on: row.on, ...row });
}

function gridLine(y, value, width) {
    return [
        h('line.grid', { x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
        h('text.tick', { x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, shortCount(value)),
    ];
}

function bar(row, x, width, pixels) {
    let y = HEIGHT - BOTTOM;
    return STACKED.filter(kind => row[kind] > 0).map(kind => {
        const height = Math.max(LEAST, row[kind] * pixels);
        y -= height;
        return h('rect', { class: `fill ${kind}`, x, y, width, height: Math.max(LEAST - 1, height - 1) });
    });
}

function label(row, i, x, each) {
    const name = each < ROOMY ? String(Number(row.on.slice(5))) : monthName(row.on);
    const year = i === 0 || row.on.endsWith('-01');
    return [
        h('text.tick', { x, y: HEIGHT - BOTTOM + 16, 'text-anchor': 'middle' }, name),
        year && h('text.tick.year', { x, y: HEIGHT - BOTTOM + 32, 'text-anchor': 'middle' }, row.on.slice(0, 4)),
    ];
}

// One month: of all of them, the one pointed at, or the first, is where the keyboard stops; arrows go on from there.
function column(row, i, layout, chosen, point) {
    const { each, pixels } = layout;
    const x = LEFT + i * each,
        wide = Math.min(40, each * 0.66);
    const isChosen = chosen === i;
    return h(
        'g',
        {
            key: row.on,
            role: 'img',
            'aria-label': rowText(row),
            class: isChosen ? 'month chosen' : 'month',
            tabindex: isChosen || (chosen < 0 && i === 0) ? 0 : -1,
            onpointerenter: () => point(row.on),
            onfocus: () => point(row.on),
            onclick: () => point(row.on),
            onpointerleave: event => event.pointerType === 'mouse' && point(null),
            onblur: () => point(null),
        },
        h('rect.behind', { x, y: TOP, width: each, height: HEIGHT - TOP }),
        bar(row, x + (each - wide) / 2, wide, pixels),
        label(row, i, x + each / 2, each),
    );
}

function onArrow(event) {
    const step = { ArrowRight: 'nextElementSibling', ArrowLeft: 'previousElementSibling' }[event.key];
    const next = step && event.target.closest('.month')?.[step];
    if (next) {
        next.focus();
        event.preventDefault();
    }
}

// rows: {on: "2026-06", reminder, grace, suspension, lapse}; month: the one pointed at, or null; point(month) when that
// changes.
export function dueChart(rows, width, month, point) {
    const { step, lines } = scale(Math.max(...rows.map(sum)));
    const pixels = (HEIGHT - TOP - BOTTOM) / (step * lines);
    const layout = { each: (width - LEFT - RIGHT) / rows.length, pixels };
    const chosen = rows.findIndex(row => row.on === month);
    return h(
        'svg.chart',
        {
            viewBox: `0 0 ${width} ${HEIGHT}`,
            width,
            height: HEIGHT,
            role: 'group',
            'aria-labelledby': 'chart-title chart-about',
            onkeydown: onArrow,
        },
        h('title', { id: 'chart-title' }, t('chart.title')),
        h('desc', { id: 'chart-about' }, t('chart.about')),
        h(
            'g',
            { 'aria-hidden': 'true' },
            Array.from({ length: lines + 1 }, (_, i) => gridLine(HEIGHT - BOTTOM - i * step * pixels, i * step, width)),
        ),
        h(
            'g',
            rows.map((row, i) => column(row, i, layout, chosen, point)),
        ),
    );
}

// Values over time, for the eye alone.
export function sparkline(values) {
    const each = 4,
        height = 28,
        largest = Math.max(1, ...values);
    return h(
        'svg.spark',
        {
            viewBox: `0 0 ${values.length * each} ${height}`,
            width: values.length * each,
            height,
            'aria-hidden': 'true',
        },
        values.map((n, i) => {
            const size = n ? Math.max(LEAST, (n / largest) * height) : 1;
            return h('rect', {
                class: n ? 'fill spark-bar' : 'fill spark-none',
                x: i * each,
                y: height - size,
                width: each - 1,
                height: size,
            });
        }),
    );
}

// Parts of a whole, as one line.
export function shareBar(parts) {
    const whole = parts.reduce((n, part) => n + part.n, 0) || 1;
    let x = 0;
    return h(
        'svg.share',
        { viewBox: '0 0 1000 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        parts
            .filter(part => part.n > 0)
            .map(part => {
                const width = Math.max(4, (part.n / whole) * 1000);
                const rect = h('rect', {
                    class: `fill ${part.kind}`,
                    x,
                    y: 0,
                    width: Math.max(2, width - 2),
                    height: 10,
                });
                x += width;
                return rect;
            }),
    );
}
