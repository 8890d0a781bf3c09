// The first view: how things stand, and what comes.

import { address, badge, card, empty, facts, heading, person, swatch, table } from './parts.js';
import { dueChart, KINDS, shareBar, sparkline } from './chart.js';
import {
    bytes,
    count,
    day,
    distance,
    monthAfter,
    monthEnd,
    offset,
    seconds,
    secondsBetween,
    share,
    time,
} from './format.js';
import { change, state } from './state.js';
import { entrySentence } from './story.js';
import { get, path } from './api.js';
import { h } from './dom.js';
import { endpointTone } from './endpoints.js';
import { shards } from './shards.js';
import { t, word } from './words.js';

const LEAST_WIDTH = 200; // of the chart: less is not the layout yet
const STATUSES = ['active', 'grace', 'suspended', 'terminated'];

// --- asking ---

let dueAt = null; // of which position and month the rows are

async function loadDue(status) {
    const first = day(status.now).slice(0, 7),
        key = `${status.position} ${first}`;
    if (dueAt === key && state.due) return;
    const due = await get(path`/v1/due?by=month&from=${`${first}-01`}&to=${monthEnd(monthAfter(first, 11))}`);
    dueAt = key;
    change({ due: { first, rows: due.rows, held: due.held } });
}

export async function load() {
    await loadDue(state.status);
    change({ endpoints: (await get('/v1/endpoints')).endpoints });
}

// --- people ---

function tile(kind, n, all) {
    return h(
        'a',
        { class: `tile ${kind}`, href: `#/people/${kind}`, key: kind },
        h('span.tile-label', swatch(kind), word('status', kind)),
        h('span.tile-value', { 'data-count': kind }, count(n)),
        h('span.tile-more', share(n, all)),
    );
}

function people(s) {
    return h(
        'section.people',
        { 'aria-label': t('today.people') },
        h(
            'div.tiles',
            h(
                'div.tile.all',
                h('span.tile-label', t('today.enrolled')),
                h('span.tile-value', { 'data-count': 'enrolled' }, count(s.enrolled)),
                h(
                    'span.tile-more',
                    s.held > 0
                        ? h('strong', { 'data-count': 'held' }, t('today.held', { n: s.held }))
                        : t('today.none-held'),
                ),
            ),
            STATUSES.map(kind => tile(kind, s[kind], s.enrolled)),
        ),
        shareBar(STATUSES.map(kind => ({ kind, n: s[kind] }))),
    );
}

// --- what comes ---

function next(s) {
    return card(
        t('today.next'),
        { class: 'next' },
        s.lag_seconds > 0 && h('p.warn', t('today.lag', { n: s.lag_seconds })),
        s.next.length
            ? h(
                  'ol.rows',
                  s.next.map(row =>
                      h(
                          'li',
                          { key: `${row.at} ${row.kind}` },
                          h('time', { datetime: row.at }, time(row.at)),
                          h(
                              'span.grow',
                              swatch(row.kind),
                              word('deadline', row.kind),
                              h('span.faint', distance(s.now, row.at)),
                          ),
                          h('span.number', t('people', { n: row.count })),
                      ),
                  ),
              )
            : empty(t('today.nothing-next')),
    );
}

// Twelve of them: the daemon leaves out a month in which nothing is due.
function months(due) {
    return Array.from({ length: 12 }, (_, i) => monthAfter(due.first, i)).map(
        on => due.rows.find(row => row.on === on) ?? { on, reminder: 0, grace: 0, suspension: 0, lapse: 0 },
    );
}

// The legend says what each colour means, and how many: of the month pointed at, else of all twelve.
function legend(rows, month) {
    const of = month ? rows.filter(row => row.on === month) : rows;
    return h(
        'div.legend',
        h('strong.legend-month', month ?? t('chart.all')),
        KINDS.map(kind =>
            h(
                'span',
                { key: kind },
                swatch(kind),
                word('chart', kind),
                ' ',
                h('b', count(of.reduce((n, row) => n + row[kind], 0))),
            ),
        ),
    );
}

function dueTable(rows) {
    const columns = [{ label: t('chart.month') }, ...KINDS.map(kind => ({ label: word('chart', kind), number: true }))];
    return h(
        'details.as-table',
        h('summary', t('chart.as-table')),
        table(
            t('chart.title'),
            columns,
            rows.map(row => ({ key: row.on, cells: [row.on, ...KINDS.map(kind => count(row[kind]))] })),
        ),
    );
}

function measure(node) {
    new ResizeObserver(([entry]) => change({ chartWidth: Math.floor(entry.contentRect.width) })).observe(node);
}

function dueCard() {
    const rows = state.due && months(state.due);
    return card(
        t('chart.title'),
        { class: 'due' },
        h(
            'div.measure',
            { made: measure },
            rows &&
                state.chartWidth >= LEAST_WIDTH && [
                    legend(rows, state.month),
                    dueChart(rows, state.chartWidth, state.month, month => change({ month })),
                ],
        ),
        h('p.faint', t('chart.about')),
        rows && dueTable(rows),
    );
}

// --- channels ---

function total(values) {
    return values.reduce((n, value) => n + value, 0);
}

function heard(channel, now) {
    if (!channel.heard_at) return t('channel.never');
    const isSilent = channel.expect_every && secondsBetween(channel.heard_at, now) > channel.expect_every;
    return [
        h('time', { datetime: channel.heard_at, title: time(channel.heard_at) }, distance(now, channel.heard_at)),
        ' ',
        isSilent && badge('bad', t('channel.silent')),
    ];
}

function channels(s) {
    const columns = [
        { label: t('channel.name') },
        { label: t('channel.month') },
        { label: t('channel.today'), number: true },
        { label: t('channel.week'), number: true },
        { label: t('channel.all'), number: true },
        { label: t('channel.heard') },
    ];
    return card(
        t('channel.title'),
        { class: 'channels' },
        s.channels?.length
            ? table(
                  t('channel.title'),
                  columns,
                  s.channels.map(c => ({
                      key: c.name,
                      cells: [
                          c.name,
                          sparkline(c.accepted),
                          count(c.accepted.at(-1)),
                          count(total(c.accepted.slice(-7))),
                          count(total(c.accepted)),
                          heard(c, s.now),
                      ],
                  })),
              )
            : empty(t(s.channels ? 'channel.none' : 'channel.unknown')),
    );
}

// --- delivery ---

function endpoints() {
    return card(
        t('endpoints.title'),
        { class: 'endpoints', aside: h('a', { href: '#/endpoints' }, t('today.details')) },
        state.endpoints?.length
            ? h(
                  'ul.rows',
                  state.endpoints.map(e =>
                      h(
                          'li',
                          { key: e.name },
                          h('a', { href: address('endpoints', e.name), class: 'grow' }, e.name),
                          h('span.faint', t('endpoint.lag-short', { n: e.lag })),
                          e.dead > 0 && badge('bad', t('endpoint.dead-short', { n: e.dead })),
                          badge(endpointTone(e), word('endpoint-state', e.state)),
                      ),
                  ),
              )
            : empty(t(state.endpoints ? 'endpoints.none' : 'loading')),
    );
}

// --- what happened ---

function named(entry) {
    return (
        entry.people.length > 0 &&
        h(
            'span.who',
            entry.people.map(id => person(id)),
            entry.n > entry.people.length && h('span.faint', t('feed.more', { n: entry.n - entry.people.length })),
        )
    );
}

function feed() {
    return card(
        t('feed.title'),
        { class: 'feed' },
        state.feed.length
            ? h(
                  'ol.rows',
                  state.feed.map(entry =>
                      h(
                          'li',
                          { key: entry.id },
                          h('time', { datetime: entry.time }, time(entry.time)),
                          h('span.grow', entrySentence(entry), ' ', named(entry)),
                      ),
                  ),
              )
            : empty(t('feed.none')),
    );
}

// On one store it is a number, of events; on several shards a text that only the daemon reads.
function position(s) {
    return typeof s.position === 'number'
        ? [t('today.position'), count(s.position)]
        : [t('today.place'), h('span.id.position', { title: s.position }, s.position)];
}

function log(s) {
    return card(
        t('today.daemon'),
        { class: 'log' },
        facts([
            [t('today.now'), h('time', { datetime: s.now }, `${seconds(s.now)} (UTC${offset(s.now)})`)],
            position(s),
            [t('today.bytes'), bytes(s.log_bytes)],
            [t('today.behind'), t('today.seconds', { n: s.lag_seconds })],
            [t('today.incarnation'), h('span.id', s.incarnation)],
        ]),
    );
}

export function show() {
    const s = state.status;
    return [
        heading(t('today.title')),
        people(s),
        h('div.columns', h('div.main', dueCard(), channels(s), shards(s), log(s)), h('div.side', next(s), endpoints(), feed())),
    ];
}

export const title = () => t('today.title');
