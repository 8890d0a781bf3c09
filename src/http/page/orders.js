// What operators may order: each says who and why, and what came of it.

import { ask, WHO, WHY } from './dialog.js';
import { day } from './format.js';
import { load } from './live.js';
import { holdTitle } from './parts.js';
import { order, path } from './api.js';
import { state } from './state.js';
import { t, word } from './words.js';

const DELIVERY_WHY = 159,
    HOLD_WHY = 256; // bytes that the daemon takes

// Behind an order the screen shall show what is so now.
async function ordered(method, where, body) {
    const answer = await order(method, where, body);
    load();
    return answer;
}

// --- endpoints ---

function endpointOrder(verb, e) {
    ask({
        title: t(`order.${verb}-title`, e),
        about: t(`order.${verb}-about`),
        confirm: t(`order.${verb}`),
        fields: [WHO(), WHY(DELIVERY_WHY)],
        send: async ({ by, why }) => {
            const answer = await ordered('POST', path`/v1/endpoints/${e.name}/${verb}`, { by, why });
            return {
                tone: 'good',
                text: t(`order.${verb}-done`, { ...e, state: word('endpoint-state', answer.state) }),
            };
        },
    });
}

export const pause = e => endpointOrder('pause', e);
export const resume = e => endpointOrder('resume', e);

// The daemon asks for no reason for it.
export function testOne(e) {
    const isForMessages = 'receipts_delivered' in e;
    ask({
        title: t('order.test-title', e),
        about: t(isForMessages ? 'order.test-message' : 'order.test-about'),
        confirm: t('order.test'),
        fields: isForMessages ? [{ name: 'phone', label: t('field.phone'), type: 'tel', bytes: 32 }] : [],
        send: async ({ phone }) => {
            const answer = await ordered('POST', path`/v1/endpoints/${e.name}/test`, phone ? { phone } : undefined);
            const isGood = answer.outcome === 'delivered';
            return {
                tone: isGood ? 'good' : 'bad',
                text: t('order.test-done', { ...e, ...answer, outcomeText: word('outcome', answer.outcome) }),
            };
        },
    });
}

// --- deliveries ---

function deliveryOrder(verb, d) {
    ask({
        title: t(`order.${verb}-title`, d),
        about: t(`order.${verb}-about`, d),
        confirm: t(`order.${verb}`),
        danger: verb === 'drop',
        fields: [WHO(), WHY(DELIVERY_WHY)],
        send: async ({ by, why }) => {
            await ordered('POST', path`/v1/deliveries/${d.id}/${verb}`, { by, why });
            return { tone: 'good', text: t(`order.${verb}-done`, d) };
        },
    });
}

export const retryOne = d => deliveryOrder('retry', d);
export const dropOne = d => deliveryOrder('drop', d);

// One after the other. What one is refused for is no reason not to try the next, unless nobody answers.
export function retryAll(rows) {
    ask({
        title: t('order.retry-all-title', { n: rows.length, endpoint: rows[0].endpoint }),
        about: t('order.retry-all-about'),
        confirm: t('order.retry'),
        fields: [WHO(), WHY(DELIVERY_WHY)],
        send: async ({ by, why }, progress) => {
            let done = 0,
                refused = 0;
            for (const d of rows) {
                progress(t('order.progress', { done: done + refused, n: rows.length }));
                try {
                    await order('POST', path`/v1/deliveries/${d.id}/retry`, { by, why });
                    done++;
                } catch (failure) {
                    if (![404, 409, 422].includes(failure.status)) throw failure;
                    refused++;
                }
            }
            load();
            return { tone: refused ? 'warn' : 'good', text: t('order.retry-all-done', { done, refused }) };
        },
    });
}

// --- holds ---

const SCOPES = ['all', 'policy', 'category', 'unit'];

export function placeHold() {
    const today = day(state.status.now);
    ask({
        title: t('order.place-title'),
        about: t('order.place-about'),
        confirm: t('order.place'),
        fields: [
            {
                name: 'scope',
                label: t('hold.scope'),
                initial: 'all',
                options: SCOPES.map(kind => [kind, t(`scope-choice.${kind}`)]),
            },
            {
                name: 'name',
                label: t('field.scope-name'),
                help: t('field.scope-help'),
                bytes: 64,
                hidden: values => (values.scope ?? 'all') === 'all',
            },
            { name: 'until', label: t('field.until'), type: 'date', min: today, help: t('field.until-help') },
            WHO(),
            WHY(HOLD_WHY),
        ],
        send: async ({ scope, name, until, by, why }) => {
            const body = { hold: 'moratorium', scope: scope === 'all' ? null : { [scope]: name }, until, why, by };
            const hold = await ordered('POST', '/v1/holds', body);
            return { tone: 'good', text: t('order.place-done', { title: holdTitle(hold.name), until }) };
        },
    });
}

export function liftHold(hold) {
    ask({
        title: t('order.lift-title', { title: holdTitle(hold.name) }),
        about: t('order.lift-about', { n: state.status.held }),
        confirm: t('order.lift'),
        danger: true,
        fields: [WHO(), WHY(HOLD_WHY)],
        send: async ({ by, why }) => {
            await ordered('DELETE', path`/v1/holds/${hold.name}`, { by, why });
            return { tone: 'good', text: t('order.lift-done', { title: holdTitle(hold.name) }) };
        },
    });
}
