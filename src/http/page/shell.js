// What is around every view: navigation, whether the screen is live, languages, notices; and signing in.

import { card } from './parts.js';
import { banners } from './holds.js';
import { change, state } from './state.js';
import { h } from './dom.js';
import { lookUp } from './person.js';
import { NAVIGATION, views } from './views.js';
import { t } from './words.js';
import * as session from './session.js';

// --- above ---

function navigation() {
    const current = state.view === 'people' ? 'today' : state.view;
    return h(
        'nav',
        { 'aria-label': t('shell.navigation') },
        h(
            'ul',
            NAVIGATION.map(name =>
                h(
                    'li',
                    h(
                        'a',
                        { href: `#/${name === 'today' ? '' : name}`, 'aria-current': name === current ? 'page' : null },
                        t(`nav.${name}`),
                        name === 'holds' &&
                            state.status?.holds.length > 0 &&
                            h('span.bubble', state.status.holds.length),
                    ),
                ),
            ),
        ),
    );
}

function connection() {
    const name = state.failure && state.connection === 'polling' ? 'waiting' : state.connection;
    return h(
        'p',
        { class: `connection ${name}`, role: 'status' },
        h('span.dot', { 'aria-hidden': 'true' }),
        t(`connection.${name}`),
    );
}

function settings(doings) {
    const other = session.language.get() === 'zh' ? 'en' : 'zh';
    return h(
        'div.settings',
        h(
            'button.quiet',
            {
                type: 'button',
                lang: other === 'zh' ? 'zh-CN' : 'en',
                onclick: () => doings.setLanguage(other),
            },
            t('shell.other-language'),
        ),
        h(
            'button.quiet',
            { type: 'button', onclick: doings.nextTheme },
            t('shell.theme'),
            t(`theme.${session.theme.get()}`),
        ),
        state.caller && h('button.quiet', { type: 'button', onclick: doings.signOut }, t('shell.sign-out')),
    );
}

function header(doings) {
    return h(
        'header.top',
        h(
            'div.inside',
            h(
                'a.brand',
                { href: '#/' },
                h('img', { src: '/page/icon.svg', alt: '', width: 26, height: 26 }),
                h('span', t('shell.brand')),
            ),
            state.status?.simulated &&
                h('span.badge.simulated', { title: t('shell.simulated-about') }, t('shell.simulated')),
            state.caller && connection(),
            settings(doings),
            state.caller && [
                navigation(),
                h(
                    'form.search',
                    {
                        role: 'search',
                        onsubmit: event => {
                            lookUp(event);
                            event.target.reset();
                        },
                    },
                    h('label.unseen', { for: 'search' }, t('shell.search')),
                    h('input', {
                        id: 'search',
                        name: 'id',
                        type: 'search',
                        placeholder: t('shell.search'),
                        maxlength: 64,
                        autocomplete: 'off',
                        spellcheck: 'false',
                    }),
                    h('button', t('person.look-up')),
                ),
            ],
        ),
    );
}

// --- what must be seen ---

function notice() {
    const { notice: what } = state;
    return h(
        'div.notices',
        { role: 'status' },
        what &&
            h(
                'div',
                { class: `notice ${what.tone}` },
                h('p.grow', what.text),
                h(
                    'button',
                    { type: 'button', class: 'quiet', onclick: () => change({ notice: null }) },
                    t('shell.dismiss'),
                ),
            ),
    );
}

function failure() {
    return state.failure && state.connection !== 'connecting' && h('p.failure', { role: 'alert' }, state.failure.words);
}

// --- signing in ---

function signIn(doings) {
    const submit = event => {
        event.preventDefault();
        doings.signIn(new FormData(event.target).get('token').trim());
    };
    return h(
        'main.sign-in',
        { id: 'main' },
        card(
            t('sign-in.title'),
            { level: 'h1' },
            h('p', t('sign-in.about')),
            h(
                'form',
                { onsubmit: submit },
                h(
                    'div.field',
                    h('label', { for: 'token' }, t('sign-in.token')),
                    h('input', {
                        id: 'token',
                        name: 'token',
                        type: 'password',
                        required: true,
                        autocomplete: 'off',
                        spellcheck: 'false',
                        'aria-describedby': 'token-help',
                        made: node => node.focus(),
                    }),
                    h('p.faint', { id: 'token-help' }, t('sign-in.help')),
                ),
                state.signInFailure && h('p.failure', { role: 'alert' }, state.signInFailure),
                h('button.first', t('sign-in.confirm')),
            ),
        ),
    );
}

// --- all of it ---

function footer() {
    return h('footer.inside', h('p.faint', t('shell.footer', { name: state.caller.name })));
}

export function page(doings) {
    const skip = h('a.skip', { href: '#main', onclick: doings.skip }, t('shell.skip'));
    if (!state.caller) return [skip, header(doings), signIn(doings)];
    return [
        skip,
        header(doings),
        h(
            'main.inside',
            { id: 'main', tabindex: '-1' },
            failure(),
            notice(),
            banners(),
            h('div.view', { key: state.view }, state.status ? views[state.view].show() : h('p.empty', t('loading'))),
        ),
        footer(),
    ];
}
