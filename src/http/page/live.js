// Keeps the screen as the daemon is: its status comes as a stream, what else the view shows is asked for again every
// few seconds. Nothing is asked for while nobody looks.

import { get } from './api.js';
import * as feed from './feed.js';
import { change, state } from './state.js';
import { stream } from './sse.js';
import { views } from './views.js';

const EVERY = 5000;

let status = null; // the stream
let timer = null;
let isLoading = false,
    isLoadWanted = false;
let onRefused = () => {};

// --- the status ---

// Another store at the same place: nothing on the screen is true any more.
function take(object) {
    const before = state.status;
    if (before && before.incarnation !== object.incarnation) location.reload();
    change({ status: object, failure: null });
    if (before) return;
    feed.begin();
    load();
}

const listeners = {
    event: event => event.type === 'status' && take(JSON.parse(event.data)),
    plain: object => {
        take(object);
        change({ connection: 'polling' });
    },
    refused: failure => onRefused(failure),
    state: (connection, failure = null) => {
        change({ connection, failure });
        if (connection === 'live') load();
    },
};

async function poll() {
    try {
        take(await get('/v1/status'));
    } catch (failure) {
        change({ failure });
    }
}

// --- what the view shows besides ---

// Asks again now; when that is being done already, once more behind it.
export async function load() {
    isLoadWanted = true;
    if (isLoading || !state.caller || !state.status) return;
    isLoading = true;
    while (isLoadWanted) {
        isLoadWanted = false;
        try {
            await views[state.view].load?.(state);
            if (state.failure && state.connection !== 'waiting') change({ failure: null });
        } catch (failure) {
            if (failure.status === 401) onRefused(failure);
            else change({ failure });
        }
    }
    isLoading = false;
}

function onTimer() {
    if (state.connection === 'polling') poll();
    if (state.connection !== 'waiting') load();
}

// --- while somebody looks ---

function open() {
    if (status || document.hidden || !state.caller) return;
    status = stream('/v1/status', listeners);
    feed.start(failure => failure.status === 401 && onRefused(failure));
    timer = setInterval(onTimer, EVERY);
}

function close() {
    status?.stop();
    status = null;
    feed.stop();
    clearInterval(timer);
}

// refused(failure): the daemon takes this token no more.
export function start(refused) {
    onRefused = refused;
    document.onvisibilitychange = () => (document.hidden ? close() : open());
    open();
}

export function stop() {
    close();
    feed.forget();
    change({
        status: null,
        due: null,
        endpoints: null,
        deliveries: null,
        person: null,
        people: null,
        notice: null,
        connection: 'connecting',
        failure: null,
    });
}
