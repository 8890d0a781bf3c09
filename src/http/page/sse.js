// Server-Sent Events by fetch(): EventSource can send no token.

import { Failure, request } from './api.js';

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const SILENCE = 45000; // three of the daemon's heartbeats

// Parts a stream's text into its events.
class Parser {
    constructor(emit) {
        this.emit = emit;
        this.rest = '';
        this.data = [];
        this.type = 'message';
    }

    push(text) {
        const lines = (this.rest + text).split(/\r\n|\n|\r/);
        this.rest = lines.pop();
        for (const line of lines) this.line(line);
    }

    line(line) {
        if (line === '') {
            this.end();
            return;
        }
        const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
        if (name === 'data') this.data.push(value);
        else if (name === 'event') this.type = value;
        else if (name === 'id') this.id = value;
    }

    // An id alone is a position that was reached without an event.
    end() {
        this.emit({ type: this.type, data: this.data.length ? this.data.join('\n') : null, id: this.id });
        this.data = [];
        this.type = 'message';
    }
}

// Keeps a stream open until stop() is called, from where it broke off. on: event({type, data, id}); state("live" |
// "waiting", failure); plain(answer) when the daemon does not stream this, which ends it; refused(failure) when it
// never will, which ends it too.
export function stream(path, on) {
    let lastId = null,
        wait = FIRST_WAIT,
        timer = null,
        abort = null,
        stopped = false;

    async function read(answer) {
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        const parser = new Parser(event => {
            lastId = event.id ?? lastId;
            if (event.data !== null) on.event(event);
        });
        for (;;) {
            const silence = setTimeout(() => abort.abort(), SILENCE);
            const { value, done } = await reader.read().finally(() => clearTimeout(silence));
            if (done) return;
            parser.push(value);
        }
    }

    async function connect() {
        abort = new AbortController();
        const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) };
        const answer = await request('GET', path, { headers, signal: abort.signal });
        if (stopped) return;
        if (!answer.headers.get('Content-Type')?.startsWith('text/event-stream')) {
            stopped = true;
            on.plain?.(await answer.json());
            return;
        }
        wait = FIRST_WAIT;
        on.state?.('live');
        await read(answer);
    }

    // Behind it comes another try, whatever became of this one.
    async function run() {
        let failure = null;
        try {
            await connect();
        } catch (error) {
            failure = error instanceof Failure ? error : new Failure(0);
        }
        if (stopped) return;
        if ([400, 401, 403, 404].includes(failure?.status)) {
            stopped = true;
            on.refused?.(failure);
            return;
        }
        on.state?.('waiting', failure);
        timer = setTimeout(run, Math.max(wait, 1000 * (failure?.retryAfter ?? 0)) * (0.8 + 0.4 * Math.random()));
        wait = Math.min(2 * wait, LONGEST_WAIT);
    }

    run();
    return {
        stop() {
            stopped = true;
            clearTimeout(timer);
            abort?.abort();
        },
    };
}
