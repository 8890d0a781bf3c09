// The operators' page: begins here. state.js has what is shown, views.js the views, live.js keeps them up to date.

import { Failure, get } from './api.js';
import { change, onChange, state } from './state.js';
import { parseAddress, views } from './views.js';
import { page } from './shell.js';
import { put } from './dom.js';
import { setLanguage, t } from './words.js';
import * as live from './live.js';
import * as session from './session.js';

const AGAIN = 3000;

const place = document.getElementById('page');

function draw() {
    put(place, page(doings));
    document.title = state.caller ? t('shell.title', { view: views[state.view].title() }) : t('shell.brand');
}

// --- signing in and out ---

async function whoAmI() {
    try {
        return await get('/v1/whoami');
    } catch (failure) {
        if (failure.status !== 404) throw failure;
        return { name: '', read: true, operate: true }; // a daemon that does not say: it will refuse what it must
    }
}

// A daemon that is away is asked again: only one that answers can say that a token is no good.
async function signIn(token) {
    session.token.set(token);
    try {
        change({ caller: await whoAmI(), signInFailure: null });
        live.start(signedOut);
    } catch (error) {
        const failure = error instanceof Failure ? error : new Failure(0);
        change({ signInFailure: failure.words });
        if (failure.status === 401 || failure.status === 403) session.token.set(null);
        else setTimeout(() => !state.caller && session.token.get() === token && signIn(token), AGAIN);
    }
}

// why: a Failure, when it was not its user who wanted it.
function signedOut(why) {
    session.token.set(null);
    live.stop();
    change({ caller: null, signInFailure: why?.words ?? null });
}

// --- what may be done on any view ---

const doings = {
    signIn,
    signOut() {
        session.who.set(null);
        signedOut();
    },
    setLanguage(name) {
        session.language.set(name);
        setLanguage(name);
        change({});
    },
    nextTheme() {
        const { THEMES, theme } = session;
        theme.set(THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length]);
        session.showTheme();
        change({});
    },
    skip(event) {
        event.preventDefault();
        document.getElementById('main').focus();
    },
};

// --- the address ---

function onAddress() {
    change({ ...parseAddress(location.hash), notice: null, month: null, people: null, asOf: null });
    live.load();
    window.scrollTo(0, 0);
    queueMicrotask(() => document.getElementById('heading')?.focus({ preventScroll: true }));
}

onChange(draw);
setLanguage(session.language.get());
session.showTheme();
change(parseAddress(location.hash));
window.onhashchange = onAddress;
if (session.token.get()) signIn(session.token.get());
