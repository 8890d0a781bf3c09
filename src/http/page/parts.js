// Pieces that several views are made of.

import { h } from './dom.js';
import { state } from './state.js';
import { t, word } from './words.js';

export function card(title, properties, ...children) {
    const { level = 'h2', aside, ...rest } = properties ?? {};
    return h(
        'section',
        { ...rest, class: `card ${rest.class ?? ''}`.trim() },
        h('header.card-head', h(level, null, title), aside),
        children,
    );
}

// What a link to a view with an argument leads to.
export function address(view, argument) {
    return `#/${view}/${encodeURIComponent(argument)}`;
}

// The colour that a word has in charts.
export function swatch(kind) {
    return h('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' });
}

// A state's word, with a colour that says no more than the word.
export function badge(tone, text) {
    return h('span', { class: `badge ${tone}` }, text);
}

export function facts(rows) {
    return h(
        'dl.facts',
        rows
            .filter(([, value]) => value || value === 0)
            .map(([label, value]) => h('div', h('dt', label), h('dd', value))),
    );
}

// On a phone each row is a block, in which a cell's label stands before it. columns: {label, number, wide}; rows: {key,
// cells}, of which the first is the row's heading. The roles are there since a block has none of a row.
export function table(caption, columns, rows) {
    const cell = (content, i) =>
        h(
            i ? 'td' : 'th',
            {
                role: i ? 'cell' : 'rowheader',
                scope: i ? null : 'row',
                'data-label': columns[i].label,
                class: [columns[i].number && 'number', columns[i].wide && 'wide'].filter(Boolean).join(' ') || null,
            },
            h('div.cell', content),
        );
    return h(
        'table.stacks',
        { role: 'table' },
        h('caption.unseen', caption),
        h(
            'thead',
            { role: 'rowgroup' },
            h(
                'tr',
                { role: 'row' },
                columns.map(c =>
                    h('th', { role: 'columnheader', scope: 'col', class: c.number ? 'number' : null }, c.label),
                ),
            ),
        ),
        h(
            'tbody',
            { role: 'rowgroup' },
            rows.map(row => h('tr', { role: 'row', key: row.key, class: row.tone ?? null }, row.cells.map(cell))),
        ),
    );
}

// For orders: who may give none finds it disabled, and canOperate() says so above.
export function orderButton(label, properties) {
    return h(
        'button',
        {
            type: 'button',
            ...properties,
            disabled: !state.caller?.operate || properties.disabled,
            'aria-describedby': state.caller?.operate ? null : 'read-only',
        },
        label,
    );
}

export function readOnlyNote() {
    return !state.caller?.operate && h('p.note', { id: 'read-only' }, t('read-only', { name: state.caller?.name }));
}

export function empty(text) {
    return h('p.empty', text);
}

// A view's heading: where the keyboard is after a change of view.
export function heading(text, ...beside) {
    return h('div.heading', h('h1', { tabindex: '-1', id: 'heading' }, text), beside);
}

export function person(id) {
    return h('a', { href: address('person', id), class: 'id' }, id);
}

export function scopeText(scope) {
    if (!scope) return t('scope.all');
    const [kind, name] = Object.entries(scope)[0];
    return t('scope.one', { kind: word('scope-kind', kind), name });
}

// Its name as the API has it, such as "moratorium:policy:zhoushan", in words.
export function holdTitle(name) {
    const [hold, ...scope] = name.split(':');
    return t('hold.title', { hold: word('hold', hold), scope: scope.at(-1) });
}
