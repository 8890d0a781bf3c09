// One person: how things stand in a sentence, the dates, and what happened and why; now, or as known on a day.

import { before, counting, lateDays } from './before.js';
import { address, badge, card, empty, facts, heading, holdTitle, table } from './parts.js';
import { day, money, seconds, time } from './format.js';
import { change, state } from './state.js';
import { get, getLines, path } from './api.js';
import { h } from './dom.js';
import { load as reload } from './live.js';
import { t, word } from './words.js';
import { periodLists, sentence, tone, why } from './story.js';

const TONES = { active: 'good', grace: 'warn', suspended: 'bad', terminated: 'ended' };

// --- asking ---

let seenAt = null; // the position of the log

export async function load({ argument: id, status, person, asOf }) {
    const isHere = person?.id === id && person.asOf === asOf && person.facts;
    if (id === null || (isHere && seenAt === status.position)) return;
    const position = status.position;
    try {
        const found = await ask(id, asOf);
        seenAt = position;
        change({ person: { id, asOf, ...found } });
    } catch (failure) {
        if (failure.status !== 404 && failure.status !== 410) throw failure;
        change({ person: { id, asOf, failure: absence(failure, id, asOf) } });
    }
}

async function ask(id, asOf) {
    const then = asOf === null ? '' : path`?as_of=${asOf}`;
    const events = path`/v1/beneficiaries/${id}/events`;
    const [facts, known, all] = await Promise.all([
        get(path`/v1/beneficiaries/${id}` + then),
        getLines(events + then),
        asOf === null ? [] : getLines(events),
    ]);
    return { facts, events: known, later: Math.max(0, all.length - known.length) };
}

function absence(failure, id, asOf) {
    if (failure.status === 410) return failure.words;
    return asOf === null ? t('person.nobody', { id }) : t('person.not-then', { id, asOf });
}

// --- how things stand ---

function latest(events, type) {
    return [...events].reverse().find(event => event.type === type);
}

// What is said of a person who stands so: sentences, the first of which says the most.
function standing(p, events) {
    const death = latest(events, 'benefit.terminated'),
        lapse = latest(events, 'certification.lapsed');
    const values = { ...p, diedOn: death?.data.died_on };
    const lines = [t(`standing.${p.status}`, values)];
    if (p.next) lines.push(t(`next.${p.next.kind}`, { ...p, at: time(p.next.at) }));
    else if (p.status === 'suspended') lines.push(t('next.none-suspended'));
    if (p.status === 'suspended' && lapse?.data.base_on === p.base_on) lines.push(t('standing.evidence'));
    if (p.held_by?.length && p.status !== 'terminated')
        lines.push(t('standing.held', { holds: p.held_by.map(holdTitle).join(t('comma')) }));
    return [...lines, ...extras(p, events)];
}

// What moved the last day of grace, and what is still to be paid.
function extras(p, events) {
    const isPaid = p.status === 'active' || p.status === 'grace';
    const resumed = latest(events, 'benefit.resumed');
    return [
        isPaid && p.deferred_until && p.deferred_until === p.grace_until && t('standing.deferred', p),
        isPaid && p.deferred_until !== p.grace_until && p.notice_until === p.grace_until && t('standing.notice', p),
        isPaid &&
            resumed?.data.back_pay.periods.length > 0 &&
            resumed.data.back_pay.pay_on >= (state.asOf ?? day(state.status.now)) &&
            t('standing.back-pay', resumed.data.back_pay),
    ].filter(Boolean);
}

function hero(p, events) {
    const [first, ...more] = standing(p, events);
    return h(
        'section',
        { class: `card hero ${TONES[p.status]}`, 'aria-label': t('person.standing') },
        h('p.hero-head', badge(TONES[p.status], word('status', p.status)), h('span.id', p.id)),
        h('p.hero-first', first),
        more.map(line => h('p', line)),
    );
}

const DATES = [
    'approved_on',
    'certified_on',
    'received_on',
    'base_on',
    'due_on',
    'grace_until',
    'suspend_on',
    'suspended_on',
    'withheld_from',
    'resumed_on',
    'reminded_on',
    'deferred_until',
    'notice_until',
    'terminated_on',
];

// What came in on another day than its own is marked.
function lateMark(data) {
    const n = lateDays(data);
    return n > 0 && badge('warn', t('person.late', { n }));
}

function received(p, events) {
    const data = counting(p, events)?.data;
    return data && h('span.received', h('span', data.received_on), lateMark(data));
}

function details(p, events) {
    const values = { ...p, received_on: received(p, events) };
    const rows = ['policy', 'category', 'unit', ...DATES].map(name => [t(`person.${name}`), values[name]]);
    return card(t('person.details'), null, facts(rows));
}

// --- what happened ---

function periods(list) {
    const columns = [
        { label: t('periods.period') },
        { label: t('periods.payday') },
        { label: t('periods.amount'), number: true },
    ];
    const title = t('periods.title', list);
    return h(
        'div.periods',
        h('p', title),
        table(
            title,
            columns,
            list.periods.map(p => ({
                key: p.period,
                cells: [p.period, p.payday, p.amount === null ? t('periods.unknown') : money(p.amount)],
            })),
        ),
    );
}

function entry(event, cycle) {
    const reason = why(event, cycle);
    return h(
        'li',
        { key: String(event.seq), class: `event ${tone(event)}` },
        h(
            'p.event-head',
            h('time', { datetime: event.time, title: seconds(event.time) }, time(event.time)),
            h('span.faint', t('person.number', { seq: event.seq })),
            lateMark(event.data),
        ),
        h('p.event-text', sentence(event)),
        reason && h('p.event-why', reason),
        periodLists(event).map(periods),
        h('details', h('summary', t('person.record')), h('pre', { tabindex: 0 }, JSON.stringify(event, null, 2))),
    );
}

function timeline(events) {
    const cycles = before(events);
    return card(
        t('person.timeline', { n: events.length }),
        null,
        h(
            'ol.timeline',
            events.map(event => entry(event, cycles.get(event.seq))).reverse(),
        ),
        events[0]?.prev > 0 && h('p.faint', t('person.archived')),
    );
}

// --- looking up ---

export function lookUp(event) {
    event.preventDefault();
    const id = new FormData(event.target).get('id').trim();
    if (id) location.hash = address('person', id);
}

function form() {
    return h(
        'form.inline',
        { onsubmit: lookUp },
        h('label', { for: 'person-id' }, t('person.id')),
        h('input', {
            id: 'person-id',
            name: 'id',
            required: true,
            maxlength: 64,
            autocomplete: 'off',
            spellcheck: 'false',
            initial: state.argument ?? '',
        }),
        h('button.first', t('person.look-up')),
    );
}

// --- looking back ---

function lookBack(asOf) {
    change({ asOf });
    reload();
}

function backToNow() {
    document.getElementById('as-of').value = '';
    lookBack(null);
}

function asOfForm() {
    return h(
        'form.inline',
        { onsubmit: event => event.preventDefault() },
        h('label', { for: 'as-of' }, t('person.as-of')),
        h('input', {
            id: 'as-of',
            type: 'date',
            max: day(state.status?.now),
            onchange: event => event.target.validity.valid && lookBack(event.target.value || null),
        }),
        state.asOf !== null && h('button', { type: 'button', onclick: backToNow }, t('person.now')),
    );
}

function note(p) {
    return (
        state.asOf !== null &&
        h('p.note', { role: 'status' }, t('person.as-of-note', { asOf: state.asOf, n: p.later }))
    );
}

function found() {
    const p = state.person;
    if (state.argument === null) return empty(t('person.hint'));
    if (p?.id !== state.argument || p.asOf !== state.asOf) return empty(t('loading'));
    if (p.failure) return h('p.failure', { role: 'alert' }, p.failure);
    return [
        note(p),
        hero(p.facts, p.events),
        h('div.columns', h('div.main', timeline(p.events)), h('div.side', details(p.facts, p.events))),
    ];
}

export function show() {
    return [
        heading(t('person.title')),
        h(
            'div',
            { key: `of ${state.argument}`, class: 'stack' },
            h('div.card.look-ups', form(), state.argument !== null && asOfForm()),
            found(),
        ),
    ];
}

export const title = () => (state.argument === null ? t('person.title') : t('person.title-of', { id: state.argument }));
