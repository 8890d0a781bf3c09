// The latest that people want to know of: holds, and what begins or ends somebody's payments. What happened to many at
// once is one entry.

import { path } from './api.js';
import { change, state } from './state.js';
import { stream } from './sse.js';

const TYPES = 'hold.*,benefit.*';
const LOOK_BACK = 3000; // events before the page was opened, as near as may be
const ENTRIES = 60;
const PEOPLE = 4; // named in an entry

let entries = []; // {id, type, time, data, n, people}, newest first
let refuse = null; // while it is wanted
let source = null;
let lastId = null;
let isDue = false;

// What concerns all is decided in each shard by itself.
function isSaidAlready(event) {
    const same = e => e.type === event.type && e.time.slice(0, 16) === event.time.slice(0, 16);
    return !event.subject && entries.some(e => same(e) && JSON.stringify(e.data) === JSON.stringify(event.data));
}

function add(id, event) {
    if (state.status?.shards && isSaidAlready(event)) return;
    const first = entries[0];
    if (event.subject && first?.type === event.type && first.time.slice(0, 16) === event.time.slice(0, 16)) {
        entries[0] = { ...first, n: first.n + 1, people: [...first.people, event.subject].slice(0, PEOPLE) };
        return;
    }
    const people = event.subject ? [event.subject] : [];
    const entry = { id, type: event.type, time: event.time, data: event.data, n: 1, people };
    entries = [entry, ...entries].slice(0, ENTRIES);
}

// Thousands may come at once: the screen gets them a few times a second.
function show() {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
        isDue = false;
        change({ feed: entries });
    }, 200);
}

// The stream begins when it is known where the log ends.
export function begin() {
    if (source || !refuse || !state.status) return;
    const back = lastId === null ? LOOK_BACK : 0;
    source = stream(path`/v1/events?type=${TYPES}&after=${lastId ?? state.status.position}&back=${back}`, {
        event: event => {
            lastId = event.id;
            add(event.id, JSON.parse(event.data));
            show();
        },
        refused: failure => {
            lastId = null; // a position that this log has not: it was restored
            refuse?.(failure);
        },
    });
}

export function start(refused) {
    refuse = refused;
    begin();
}

export function stop() {
    source?.stop();
    source = null;
    refuse = null;
}

export function forget() {
    entries = [];
    lastId = null;
    change({ feed: entries });
}
