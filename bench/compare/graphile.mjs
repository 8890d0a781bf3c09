// bench/compare: graphile-worker's workers, until as many deadlines have their event as there should be.
//   node graphile.mjs SOCKET-FOLDER EVENTS
import { run } from 'graphile-worker';
import pg from 'pg';

const [folder, events] = process.argv.slice(2);
const concurrency = Number(process.env.COMPARE_CONCURRENCY ?? 32);
const pool = new pg.Pool({ host: folder, database: 'compare', user: 'compare', max: concurrency + 4 });

let left = Number(events);
let finish;
const finished = new Promise(resolve => (finish = resolve));

const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
const { Logger } = await import('graphile-worker');
const began = process.hrtime.bigint();
const runner = await run({
    pgPool: pool,
    concurrency,
    noHandleSignals: true,
    logger: new Logger(() => (level, message) => quiet[level]?.(message)),
    taskList: {
        async deadline({ id, due, kind }, { withPgClient }) {
            await withPgClient(client =>
                client.query({ name: 'due', text: 'SELECT deadline_due($1, $2, $3)', values: [id, due, kind] }));
            if (--left === 0)
                finish();
        },
    },
});
await finished;
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
await runner.stop();
await pool.end();
console.log(`row\tsweep\t${(Number(events) / seconds).toPrecision(6)}`);
