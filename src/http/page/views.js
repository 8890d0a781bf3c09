// The views by their names in the address: "#/endpoints/payroll" is the view "endpoints" with the argument "payroll".
// Each has title(), show(), and load(state), which asks for what it shows besides the status.

import * as endpoints from './endpoints.js';
import * as holds from './holds.js';
import * as people from './people.js';
import * as person from './person.js';
import * as today from './today.js';

export const views = { today, person, endpoints, holds, people };

// In the order of the navigation.
export const NAVIGATION = ['today', 'person', 'endpoints', 'holds'];

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

export function parseAddress(hash) {
    const [, name = '', argument = ''] = /^#\/([a-z]*)\/?(.*)$/.exec(hash) ?? [];
    const view = Object.hasOwn(views, name) ? name : 'today';
    const isPlain = view === 'today' || view === 'holds' || argument === '';
    return view === 'people' && argument === ''
        ? { view: 'today', argument: null }
        : { view, argument: isPlain ? null : decoded(argument) };
}
