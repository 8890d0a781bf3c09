// What the official libraries make of requests that came in: for the test's questions to receiver.mjs. A request is
// { headers, body }, the body as its bytes.
import crypto from 'node:crypto';

import { HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';

// --- signatures ---

// v1a is in no library: the signature is an Ed25519 one over the same bytes.
function verifyEd25519(publicKey, body, headers) {
    const prefix = Buffer.from('302a300506032b6570032100', 'hex'); // an Ed25519 key in SubjectPublicKeyInfo
    const raw = Buffer.from(publicKey.replace('whpk_', ''), 'base64');
    const key = crypto.createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });
    const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
    const good = headers['webhook-signature'].split(' ').filter(entry => entry.startsWith('v1a,'))
        .some(entry => crypto.verify(null, signed, key, Buffer.from(entry.slice(4), 'base64')));
    if (!good)
        throw new Error('no signature fits');
}

const verifiers = {
    standardwebhooks: (secret, body, headers) => new Webhook(secret).verify(body, headers),
    svix: (secret, body, headers) => new SvixWebhook(secret).verify(body, headers),
    ed25519: verifyEd25519,
};

// What somebody on the way might change.
const alterations = {
    none: request => request,
    body: ({ headers, body }) => {
        const altered = Buffer.from(body);
        altered[body.length >> 1] ^= 1;
        return { headers, body: altered };
    },
    id: ({ headers, body }) => ({ headers: { ...headers, 'webhook-id': headers['webhook-id'] + '0' }, body }),
    timestamp: ({ headers, body }) => {
        const timestamp = String(Number(headers['webhook-timestamp']) + 1);
        return { headers: { ...headers, 'webhook-timestamp': timestamp }, body };
    },
};

function verifyAll(requests, question) {
    const verify = verifiers[question.get('with')];
    const alter = alterations[question.get('alter') ?? 'none'];
    let accepted = 0, refused = 0;
    for (const request of requests.map(alter)) {
        try {
            verify(question.get('secret'), request.body.toString(), request.headers);
            accepted++;
        } catch {
            refused++;
        }
    }
    return `accepted ${accepted}, refused ${refused}\n`;
}

// --- events: one line each, whichever way they came ---

const lineOf = (type, time, data) => JSON.stringify({
    type, time: Date.parse(time), subject: data.subject, seq: data.seq, prev: data.prev,
    simulated: data.simulated ?? false, event: data.event,
});

function ofWebhook({ headers, body }) {
    const { type, timestamp, data } = JSON.parse(body);
    return [{ id: headers['webhook-id'], source: '', data, line: lineOf(type, timestamp, data) }];
}

// HTTP.toEvent() throws on what is no valid CloudEvent. What it leaves to others are the percent-encoded headers of
// binary mode.
function ofCloudEvents({ headers, body }) {
    const decode = headers['ce-id'] ? decodeURIComponent : value => value;
    return [HTTP.toEvent({ headers, body: body.toString() })].flat().map(event => {
        const subject = event.data.subject ?? undefined;
        for (const attribute of [event.subject, event.partitionkey])
            if ((attribute && decode(attribute)) !== subject)
                throw new Error(`${attribute} in an event whose data is of ${subject}`);
        if (event.sequence !== String(event.data.seq).padStart(20, '0'))
            throw new Error(`sequence ${event.sequence}, but the data's seq is ${event.data.seq}`);
        const { id, source, type, time, data } = event;
        return { id, source, data, line: lineOf(type, time, data) };
    });
}

// The log's own lines, as `lifecertctl events` prints them.
const ofLog = text => text.split('\n').filter(line => line).map(line => {
    const { seq, prev, time, type, subject = null, simulated, data } = JSON.parse(line);
    const seen = { subject, seq, prev, simulated, event: data };
    return { data: seen, line: lineOf(type, time, seen) };
});

const readers = { webhooks: ofWebhook, cloudevents: ofCloudEvents };

const eventsOf = (requests, question) => requests.flatMap(readers[question.get('as')]);

const inOrder = events => events.sort((a, b) => a.data.seq - b.data.seq).map(event => event.line + '\n').join('');

// Each person's events in the order of the log, as they arrived.
function ordered(events) {
    const last = new Map();
    return events.every(({ data }) => {
        const before = last.get(data.subject) ?? 0;
        last.set(data.subject, data.seq);
        return before < data.seq;
    });
}

// --- the questions ---

const ofEvents = answer => (requests, question) => answer(eventsOf(requests, question));

export const questions = {
    '/verify': verifyAll,
    '/events': ofEvents(inOrder),
    '/event-count': ofEvents(events => `${events.length}\n`),
    '/ids': ofEvents(events => events.map(event => `${event.id}\n`).sort().join('')),
    '/sources': ofEvents(events => [...new Set(events.map(event => event.source))].join('\n') + '\n'),
    '/ordered': ofEvents(events => (ordered(events) ? 'yes\n' : 'no\n')),
    '/log': (requests, question, body) => inOrder(ofLog(body)),
};
