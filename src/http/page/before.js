// What a person's earlier events have to do with a later one: reminders, grace, a home visit, a certification that did
// not count, all since the latest one that did.

import { day } from './format.js';

const NOTES = {
    'reminder.due': (cycle, event) => ({ ...cycle, reminders: [...cycle.reminders, day(event.time)] }),
    'grace.started': (cycle, { data }) => ({ ...cycle, graceUntil: data.grace_until }),
    'suspension.deferred': (cycle, { data }) => ({ ...cycle, visitBy: data.until }),
    'certification.rejected': (cycle, { data }) => ({ ...cycle, rejected: data }),
    'certification.accepted': (cycle, { data }) => (data.effect === 'renewed' ? anew() : cycle),
    'certification.revoked': (cycle, { data }) => (data.effect === 'reverted' ? anew() : cycle),
    'benefit.resumed': anew,
};

function anew() {
    return { reminders: [], graceUntil: null, visitBy: null, rejected: null };
}

// By the number of each event, what stood before it. events: oldest first.
export function before(events) {
    const all = new Map();
    let cycle = anew();
    for (const event of events) {
        all.set(event.seq, cycle);
        cycle = NOTES[event.type]?.(cycle, event) ?? cycle;
    }
    return all;
}

// By how many days a certification came in after its own; 0: on it, or there is none.
export function lateDays(data) {
    const days = (Date.parse(data?.received_on) - Date.parse(data?.certified_on)) / 86400000;
    return days > 0 ? days : 0;
}

// The event of the certification that counts.
export function counting(facts, events) {
    return events.findLast(
        ({ type, data }) =>
            type === 'certification.accepted' && data.effect === 'renewed' && data.certified_on === facts.certified_on,
    );
}
