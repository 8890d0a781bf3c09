// Requests to the daemon's API (lifecertd-http(7)), and what went wrong with them.

import { has, t } from './words.js';
import * as session from './session.js';

// status 0: nobody answered.
export class Failure extends Error {
    constructor(status, detail = '', retryAfter = null) {
        super(detail);
        this.status = status;
        this.detail = detail;
        this.retryAfter = retryAfter;
    }

    // In words, for people.
    get words() {
        const key = `failure.${this.status}`;
        const sentence = t(has(key) ? key : 'failure.other', { status: this.status, seconds: this.retryAfter });
        return this.detail && this.status !== 401 ? t('failure.detail', { sentence, detail: this.detail }) : sentence;
    }
}

export function authorization() {
    const value = session.token.get();
    return value ? { Authorization: `Bearer ${value}` } : {};
}

// fetch() refuses what no header can have, and calls it a TypeError just as it does a network that is gone.
async function send(where, options) {
    try {
        return await fetch(where, { cache: 'no-store', credentials: 'omit', ...options });
    } catch (error) {
        if (options.signal?.aborted) throw error;
        throw new Failure(0);
    }
}

async function failureOf(answer) {
    let problem = {};
    try {
        problem = await answer.json();
    } catch {
        // something else than the daemon has answered
    }
    return new Failure(answer.status, problem.detail ?? '', Number(answer.headers.get('Retry-After')) || null);
}

// The answer to a request; throws a Failure for all but success.
export async function request(method, where, { body, headers, signal } = {}) {
    const options = { method, signal, headers: { ...authorization(), ...headers } };
    if (body !== undefined) {
        options.headers['Content-Type'] = 'application/json';
        options.body = JSON.stringify(body);
    }
    const answer = await send(where, options);
    if (!answer.ok) throw await failureOf(answer);
    return answer;
}

export async function get(where) {
    return (await request('GET', where)).json();
}

// One object a line.
export async function getLines(where) {
    const text = await (await request('GET', where)).text();
    return text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
}

export async function order(method, where, body) {
    return (await request(method, where, { body })).json();
}

// A path whose pieces may hold anything.
export function path(strings, ...values) {
    return String.raw({ raw: strings }, ...values.map(encodeURIComponent));
}
