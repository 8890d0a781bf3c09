// Who stands so: a list by status, page by page.

import { empty, heading, person, table } from './parts.js';
import { change, state } from './state.js';
import { getLines, path } from './api.js';
import { h } from './dom.js';
import { t, word } from './words.js';
import { time } from './format.js';

const PAGE = 50;

// The last line says where the next page begins.
async function page(status, after) {
    const from = after === null ? '' : path`&after=${after}`;
    const lines = await getLines(path`/v1/beneficiaries?status=${status}&limit=${PAGE}` + from);
    return { rows: lines.slice(0, -1), after: lines.at(-1).after };
}

// Only once: a list that changes under one's eyes is no list.
export async function load({ argument: status, people }) {
    if (people?.status !== status) change({ people: { status, ...(await page(status, null)) } });
}

async function more() {
    const { status, rows, after } = state.people;
    try {
        const next = await page(status, after);
        change({ people: { status, rows: [...rows, ...next.rows], after: next.after } });
    } catch (failure) {
        change({ notice: { tone: 'bad', text: failure.words } });
    }
}

function list({ rows, after }) {
    const columns = ['id', 'policy', 'certified_on', 'due_on', 'suspended_on', 'next'].map(name => ({
        label: t(`person.${name}`),
    }));
    return h(
        'div.card',
        table(
            t('people.title'),
            columns,
            rows.map(p => ({
                key: p.id,
                cells: [
                    person(p.id),
                    p.policy,
                    p.certified_on ?? '–',
                    p.due_on,
                    p.suspended_on ?? '–',
                    p.next ? `${time(p.next.at)} ${word('deadline', p.next.kind)}` : '–',
                ],
            })),
        ),
        after !== null && h('button', { type: 'button', onclick: more }, t('people.more')),
    );
}

export function show() {
    const isHere = state.people?.status === state.argument;
    return [
        heading(title()),
        h('p.faint', t('people.order')),
        !isHere ? empty(t('loading')) : state.people.rows.length ? list(state.people) : empty(t('people.none')),
    ];
}

export const title = () => t('people.title-of', { status: word('status', state.argument) });
