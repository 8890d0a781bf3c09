// What keeps suspensions back: what is in force, and placing and lifting.

import { badge, card, empty, facts, heading, orderButton, readOnlyNote, scopeText } from './parts.js';
import { distance, time } from './format.js';
import { h } from './dom.js';
import { liftHold, placeHold } from './orders.js';
import { has, t, word } from './words.js';
import { state } from './state.js';

// The daemon's own holds say why in English: those reasons are told in our own words.
export function holdWhy(hold) {
    const key = `hold.why.${hold.hold}`;
    return has(key) ? t(key, { ...hold, channel: hold.scope?.channel }) : hold.why;
}

function one(hold) {
    return card(
        t('hold.title', { hold: word('hold', hold.hold), scope: hold.scope && Object.values(hold.scope)[0] }),
        { key: hold.name, class: 'hold', aside: orderButton(t('order.lift'), { onclick: () => liftHold(hold) }) },
        h('p', t(`hold.means.${hold.hold}`)),
        facts([
            [t('hold.scope'), scopeText(hold.scope)],
            [t('hold.why'), holdWhy(hold)],
            [t('hold.detail'), holdWhy(hold) !== hold.why && hold.why],
            [t('hold.since'), `${time(hold.since)} (${distance(state.status.now, hold.since)})`],
            [t('hold.until'), hold.until],
            [t('hold.by'), hold.by ?? t('hold.by-daemon')],
            [t('hold.name'), h('span.id', hold.name)],
        ]),
    );
}

export function show() {
    const { holds, held } = state.status;
    return [
        heading(t('holds.title'), orderButton(t('order.place'), { class: 'first', onclick: placeHold })),
        readOnlyNote(),
        h('p', t('holds.about')),
        h('p', badge(held ? 'warn' : 'good', t('holds.held', { n: held }))),
        holds.length ? h('div.holds', holds.map(one)) : empty(t('holds.none')),
    ];
}

function warning(hold) {
    const by = hold.by ?? t('hold.by-daemon');
    const title = t('hold.title', { hold: word('hold', hold.hold) });
    return h(
        'section',
        { key: hold.name, class: 'banner', 'aria-label': t('hold.banner-label', { name: hold.name }) },
        h(
            'div.grow',
            h('strong', t('hold.banner', { title, scope: scopeText(hold.scope) })),
            h(
                'p',
                t('hold.banner-why', { ...hold, why: holdWhy(hold), since: time(hold.since), by }),
                ' ',
                t('hold.banner-held', { n: state.status.held }),
                ' ',
                t(`hold.how.${hold.hold}`),
            ),
        ),
        state.caller?.operate && h('button', { type: 'button', onclick: () => liftHold(hold) }, t('order.lift')),
    );
}

// On every view, for nobody should have to look for it; but on the one that says it all.
export function banners() {
    return state.status && state.view !== 'holds' ? state.status.holds.map(warning) : [];
}

export const title = () => t('holds.title');
