// The daemons that share a set of shards, and which shards nobody has.

import { badge, card, table } from './parts.js';
import { count, distance } from './format.js';
import { h } from './dom.js';
import { t } from './words.js';

const NAMED = 8; // in one sentence or cell; of more there is the number alone

function since(daemon) {
    const at = new Date(1000 * daemon.since).toISOString();
    return h('time', { datetime: at, title: at }, distance(new Date().toISOString(), at));
}

function names(shards) {
    return shards.slice(0, NAMED).join(', ') + (shards.length > NAMED ? ' …' : '');
}

function state(daemon) {
    return daemon.why ? badge('warn', daemon.why) : badge('good', t('shards.well'));
}

// Nothing where there is one store.
export function shards(s) {
    if (!s.shards) return null;
    const { daemons, shards: all, unowned } = s.shards;
    const columns = [
        { label: t('shards.name') },
        { label: t('shards.owned'), number: true },
        { label: t('shards.since') },
        { label: t('shards.revision'), number: true },
        { label: t('shards.state'), wide: true },
    ];
    const sorted = [...daemons].sort((a, b) => (a.name < b.name ? -1 : 1));
    return card(
        t('shards.title'),
        { class: 'shards' },
        unowned.length > 0 && h('p.warn', t('shards.unowned', { n: unowned.length, names: names(unowned) })),
        table(
            t('shards.title'),
            columns,
            sorted.map(d => ({
                key: d.name,
                cells: [
                    d.name,
                    h('span', { title: names(d.shards) }, count(d.shards.length)),
                    since(d),
                    count(d.revision),
                    state(d),
                ],
            })),
        ),
        h('p.faint', t('shards.all', { n: all })),
    );
}
