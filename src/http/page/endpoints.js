// Who is told of events: how far each one is, and what could not be delivered.

import { address, badge, card, empty, facts, heading, orderButton, person, readOnlyNote, table } from './parts.js';
import { count, time } from './format.js';
import { change, state } from './state.js';
import { get, path } from './api.js';
import { h } from './dom.js';
import { dropOne, pause, resume, retryAll, retryOne, testOne } from './orders.js';
import { t, word } from './words.js';

const TONES = { running: 'good', paused: 'warn', open: 'bad', full: 'bad', unconsented: 'bad' };
const STATES = ['dead', 'retry', 'unknown', 'wait', 'sending', 'sent', 'skipped'];
const LIMIT = 100;

export function endpointTone(e) {
    return TONES[e.state] ?? 'plain';
}

// --- asking ---

export async function load({ argument: endpoint, deliveries }) {
    change({ endpoints: (await get('/v1/endpoints')).endpoints });
    if (endpoint === null || !state.endpoints.some(e => e.name === endpoint)) return;
    const stateWanted = deliveries?.endpoint === endpoint ? deliveries.state : 'dead';
    const answer = await get(path`/v1/deliveries?endpoint=${endpoint}&state=${stateWanted}&limit=${LIMIT}`);
    if (!state.deliveries || state.deliveries.endpoint !== endpoint || state.deliveries.state === stateWanted)
        change({ deliveries: { endpoint, state: stateWanted, rows: answer.deliveries, more: answer.more } });
}

// --- all of them ---

function buttons(e) {
    return h(
        'div.buttons',
        e.state === 'paused'
            ? orderButton(t('order.resume'), { key: 'pause', onclick: () => resume(e) })
            : orderButton(t('order.pause'), { key: 'pause', onclick: () => pause(e) }),
        orderButton(t('order.test'), { key: 'test', onclick: () => testOne(e) }),
    );
}

function standing(e) {
    return [
        badge(endpointTone(e), word('endpoint-state', e.state)),
        e.paused && h('p.faint', t('endpoint.paused', { ...e, paused_at: time(e.paused_at) })),
        !e.paused &&
            e.last_error &&
            e.state !== 'running' &&
            h('p.faint.error-text', t('endpoint.error', { ...e, at: time(e.last_error_at) })),
    ];
}

function row(e) {
    return {
        key: e.name,
        cells: [
            [h('a', { href: address('endpoints', e.name) }, e.name), h('p.faint', word('adapter', e.adapter))],
            standing(e),
            h('span', { 'data-lag': e.name }, count(e.lag)),
            count(e.retrying + e.waiting + e.unknown),
            e.dead > 0
                ? h('a', { href: address('endpoints', e.name), class: 'bad-text', 'data-dead': e.name }, count(e.dead))
                : h('span', { 'data-dead': e.name }, count(0)),
            count(e.delivered),
            e.last_ok_at ? time(e.last_ok_at) : '–',
            buttons(e),
        ],
    };
}

function all() {
    const columns = [
        { label: t('endpoint.name') },
        { label: t('endpoint.state'), wide: true },
        { label: t('endpoint.lag'), number: true },
        { label: t('endpoint.pending'), number: true },
        { label: t('endpoint.dead'), number: true },
        { label: t('endpoint.delivered'), number: true },
        { label: t('endpoint.last_ok_at') },
        { label: t('endpoint.orders'), wide: true },
    ];
    return [
        heading(t('endpoints.title')),
        readOnlyNote(),
        state.endpoints.length
            ? h(
                  'section.card',
                  { 'aria-label': t('endpoints.title') },
                  table(t('endpoints.title'), columns, state.endpoints.map(row)),
              )
            : empty(t('endpoints.none')),
        h('p.faint', t('endpoints.about')),
    ];
}

// --- one of them ---

function choose(event) {
    const { endpoint } = state.deliveries;
    change({ deliveries: { endpoint, state: event.target.value, rows: null, more: false } });
    load(state).catch(failure => change({ notice: { tone: 'bad', text: failure.words } }));
}

function deliveryButtons(d) {
    if (!['dead', 'retry', 'unknown', 'wait'].includes(d.state)) return null;
    return h(
        'div.buttons',
        d.state !== 'wait' && orderButton(t('order.retry'), { onclick: () => retryOne(d) }),
        orderButton(t('order.drop'), { class: 'danger', onclick: () => dropOne(d) }),
    );
}

function deliveryTable(rows) {
    const columns = [
        { label: t('delivery.seq') },
        { label: t('delivery.type') },
        { label: t('delivery.subject') },
        { label: t('delivery.attempts'), number: true },
        { label: t('delivery.changed_at') },
        { label: t('delivery.why'), wide: true },
        { label: t('endpoint.orders'), wide: true },
    ];
    return table(
        t('deliveries.title'),
        columns,
        rows.map(d => ({
            key: d.id,
            cells: [
                count(d.seq),
                word('type', d.type),
                d.subject ? person(d.subject) : '–',
                count(d.attempts),
                time(d.changed_at),
                [
                    d.why && h('span.error-text', d.why),
                    d.next_at && h('p.faint', t('delivery.next', { at: time(d.next_at) })),
                    d.receipt &&
                        h(
                            'p.faint',
                            t('delivery.receipt', { receipt: word('receipt', d.receipt), at: time(d.receipt_at) }),
                        ),
                ],
                deliveryButtons(d),
            ],
        })),
    );
}

function deliveryCard() {
    const d = state.deliveries;
    const rows = d?.rows;
    const chooser = h(
        'label.choice',
        t('deliveries.show'),
        h(
            'select',
            { onchange: choose },
            STATES.map(name =>
                h('option', { value: name, selected: name === (d?.state ?? 'dead') }, word('delivery-state', name)),
            ),
        ),
    );
    return card(
        t('deliveries.title'),
        { aside: chooser },
        !rows
            ? empty(t('loading'))
            : rows.length
              ? deliveryTable(rows)
              : empty(t('deliveries.none', { state: word('delivery-state', d.state) })),
        rows?.length > 0 &&
            d.state === 'dead' &&
            h('p.buttons', orderButton(t('order.retry-all', { n: rows.length }), { onclick: () => retryAll(rows) })),
        d?.more && h('p.faint', t('deliveries.more', { n: rows.length })),
    );
}

function numbers(e) {
    return facts([
        [t('endpoint.adapter'), word('adapter', e.adapter)],
        [t('endpoint.lag'), t('endpoint.lag-of', e)],
        [t('endpoint.in_flight'), count(e.in_flight)],
        [t('endpoint.retrying'), count(e.retrying)],
        [t('endpoint.waiting'), count(e.waiting)],
        [t('endpoint.unknown'), count(e.unknown)],
        [t('endpoint.dead'), count(e.dead)],
        [t('endpoint.delivered'), count(e.delivered)],
        [t('endpoint.skipped'), count(e.skipped)],
        [t('endpoint.dead_ever'), count(e.dead_ever)],
        [t('endpoint.last_ok_at'), time(e.last_ok_at)],
    ]);
}

function one(e) {
    return [
        heading(t('endpoint.title', e), h('a.back', { href: '#/endpoints' }, t('endpoint.back'))),
        readOnlyNote(),
        card(t('endpoint.standing'), { aside: buttons(e) }, h('div', standing(e)), numbers(e)),
        deliveryCard(),
    ];
}

export function show() {
    if (!state.endpoints) return [heading(t('endpoints.title')), empty(t('loading'))];
    if (state.argument === null) return all();
    const e = state.endpoints.find(each => each.name === state.argument);
    return e ? one(e) : [heading(t('endpoints.title')), h('p.failure', t('endpoint.nobody', { name: state.argument }))];
}

export const title = () =>
    state.argument === null ? t('endpoints.title') : t('endpoint.title', { name: state.argument });
