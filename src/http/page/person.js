// One person: how things stand in a sentence, the dates, and what happened and why.

import { address, badge, card, empty, facts, heading, holdTitle, table } from './parts.js';
import { day, money, seconds, time } from './format.js';
import { change, state } from './state.js';
import { get, getLines, path } from './api.js';
import { h } from './dom.js';
import { t, word } from './words.js';
import { periodLists, sentence, tone, why } from './story.js';

const TONES = { active: 'good', grace: 'warn', suspended: 'bad', terminated: 'ended' };

// --- asking ---

let seenAt = null; // the position of the log

export async function load({ argument: id, status, person }) {
    if (id === null || (person?.id === id && person.facts && seenAt === status.position)) return;
    const position = status.position;
    try {
        const [now, events] = await Promise.all([
            get(path`/v1/beneficiaries/${id}`),
            getLines(path`/v1/beneficiaries/${id}/events`),
        ]);
        seenAt = position;
        change({ person: { id, facts: now, events } });
    } catch (failure) {
        if (failure.status !== 404) throw failure;
        change({ person: { id, failure: t('person.nobody', { id }) } });
    }
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
    if (p.held_by.length && p.status !== 'terminated')
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
            resumed.data.back_pay.pay_on >= day(state.status.now) &&
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

function details(p) {
    const rows = [...['policy', 'category', 'unit'], ...DATES].map(name => [t(`person.${name}`), p[name]]);
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

function entry(event) {
    const reason = why(event);
    return h(
        'li',
        { key: String(event.seq), class: `event ${tone(event)}` },
        h(
            'p.event-head',
            h('time', { datetime: event.time, title: seconds(event.time) }, time(event.time)),
            h('span.faint', t('person.number', { seq: event.seq })),
        ),
        h('p.event-text', sentence(event)),
        reason && h('p.event-why', reason),
        periodLists(event).map(periods),
        h('details', h('summary', t('person.record')), h('pre', { tabindex: 0 }, JSON.stringify(event, null, 2))),
    );
}

function timeline(events) {
    return card(t('person.timeline', { n: events.length }), null, h('ol.timeline', [...events].reverse().map(entry)));
}

// --- looking up ---

export function lookUp(event) {
    event.preventDefault();
    const id = new FormData(event.target).get('id').trim();
    if (id) location.hash = address('person', id);
}

function form() {
    return h(
        'form.card.inline',
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

function found() {
    const p = state.person;
    if (state.argument === null) return empty(t('person.hint'));
    if (p?.id !== state.argument) return empty(t('loading'));
    if (p.failure) return h('p.failure', { role: 'alert' }, p.failure);
    return [
        hero(p.facts, p.events),
        h('div.columns', h('div.main', timeline(p.events)), h('div.side', details(p.facts))),
    ];
}

export function show() {
    return [heading(t('person.title')), h('div', { key: `of ${state.argument}`, class: 'stack' }, form(), found())];
}

export const title = () => (state.argument === null ? t('person.title') : t('person.title-of', { id: state.argument }));
