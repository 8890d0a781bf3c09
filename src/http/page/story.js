// Events as sentences, and why each came about.

import { has, t, word } from './words.js';
import { lateDays } from './before.js';
import { scopeText } from './parts.js';

// The member of the data by which a type has several sentences.
const VARIANTS = {
    'certification.accepted': 'effect',
    'certification.revoked': 'effect',
    'benefit.resumed': 'reason',
    'benefit.reinstated': 'status',
    'hold.placed': 'hold',
    'hold.lifted': 'hold',
};

const TONES = {
    'certification.accepted': 'good',
    'certification.rejected': 'warn',
    'certification.revoked': 'bad',
    'certification.lapsed': 'bad',
    'input.rejected': 'warn',
    'reminder.due': 'info',
    'grace.started': 'warn',
    'suspension.deferred': 'info',
    'benefit.suspended': 'bad',
    'benefit.resumed': 'good',
    'benefit.terminated': 'ended',
    'benefit.reinstated': 'good',
    'hold.placed': 'warn',
    'hold.lifted': 'good',
};

export function tone(event) {
    return TONES[event.type] ?? 'plain';
}

// The text of a kind for an event: of its variant, else of its type; '' when there is none. cycle: what stood before it
// (before.js), where that is known.
function textOf(kind, event, cycle) {
    const data = event.data ?? {};
    const variant = `${kind}.${event.type}.${data[VARIANTS[event.type]]}`;
    const key = has(variant) ? variant : `${kind}.${event.type}`;
    return has(key) ? t(key, { ...valuesOf(event.type, data), ...(cycle && valuesBefore(cycle)) }) : '';
}

function valuesBefore({ reminders, graceUntil, visitBy, rejected }) {
    return {
        reminded: reminders.join(t('comma')),
        graceUntil: visitBy ? null : graceUntil,
        visitBy,
        rejectedOn: rejected?.certified_on,
        rejectedFor: rejected && word('reason', rejected.reason),
    };
}

function valuesOf(type, data) {
    return {
        ...data,
        lateOn: lateDays(data) ? data.received_on : null,
        reasonText: word('reason', data.reason),
        opText: data.op && word('op', data.op),
        scopeText: type.startsWith('hold.') ? scopeText(data.scope) : null,
        statusText: data.status && word('status', data.status),
    };
}

export function sentence(event) {
    return textOf('event', event) || event.type;
}

export function why(event, cycle) {
    return textOf('why', event, cycle);
}

// Of an entry of the feed: one person's event, many people's of one kind, or a hold's.
export function entrySentence(entry) {
    const key = `feed.${entry.type}`;
    return has(key) ? t(key, { n: entry.n }) : sentence(entry);
}

// The lists of periods in it: {title, periods, total, payOn}.
export function periodLists(event) {
    return ['back_pay', 'arrears', 'overpaid']
        .filter(name => event.data?.[name]?.periods.length > 0)
        .map(name => ({
            title: word('periods', name),
            ...event.data[name],
            payOn: event.data[name].pay_on,
        }));
}
