// bench/compare: the job on BullMQ. Everybody is a delayed job whose id is the person's with a letter before it; an
// event is an entry of a stream, a status a count beside it. The queue knows no other present than the clock's:
// instants are moved by MOVED milliseconds, so that the end of the time that passes is when the run began.
//   node bullmq.mjs enrol|certify-batched|certify-single|sweep SOCKET MOVED [EVENTS] <LIST-OF-PEOPLE
import { createInterface } from 'node:readline';
import { DelayedError, Queue, Worker } from 'bullmq';
import Redis from 'ioredis';

const [phase, socket, movedText, eventsText] = process.argv.slice(2);
const moved = Number(movedText);
const BATCH = 1000, CONNECTIONS = 64;
const WORKERS = Number(process.env.COMPARE_CONCURRENCY ?? 100);
const HOUR = 3600e3, DAY = 24 * HOUR, OFFSET = 8 * HOUR;
const PAST = Date.UTC(2020, 0, 1); // a job's time and delay together say when it is due

const connection = new Redis(socket, { maxRetriesPerRequest: null });
const queue = new Queue('deadlines', { connection });

// When a cycle's deadline falls, in milliseconds; due: '2026-12-31'
function deadline(due, kind) {
    const [year, month, day] = due.split('-').map(Number);
    if (kind <= 3)
        return Date.UTC(year, month - 1 + kind - 3, 1) - OFFSET + 9 * HOUR;
    return Date.UTC(year, month - 1, day + (kind === 4 ? 1 : 16)) - OFFSET;
}

const job = ({ id, due, next }) => ({
    name: 'deadline',
    data: { id, due, kind: 1 },
    opts: { jobId: `p${id}`, timestamp: PAST, delay: next + moved - PAST, removeOnComplete: true },
});

async function* people() {
    for await (const line of createInterface({ input: process.stdin })) {
        const [id, due, next, certified, channel, ref] = line.split(' ');
        yield { id, due, next: next * 1000, certified, channel, ref };
    }
}

async function* batches() {
    let batch = [];
    for await (const person of people()) {
        batch.push(person);
        if (batch.length === BATCH) {
            yield batch;
            batch = [];
        }
    }
    if (batch.length)
        yield batch;
}

const seconds = since => Number(process.hrtime.bigint() - since) / 1e9;
const rate = (name, n, since) => console.log(`row\t${name}\t${(n / seconds(since)).toPrecision(6)}`);

async function enrol() {
    const began = process.hrtime.bigint();
    let n = 0;
    for await (const batch of batches()) {
        await queue.addBulk(batch.map(job));
        n += batch.length;
    }
    await connection.hset('statuses', 'active', n, 'grace', 0, 'suspended', 0);
    rate('enrol', n, began);
}

const addEvent = (to, type, id, due, ...more) => to.xadd('events', '*', 'type', type, 'id', id, 'due', due, ...more);
const addCertified = (to, p) =>
    addEvent(to, 'certification.accepted', p.id, p.due, 'on', p.certified, 'channel', p.channel, 'ref', p.ref);

async function certifyBatched() {
    const began = process.hrtime.bigint();
    let n = 0;
    for await (const batch of batches()) {
        const events = connection.pipeline();
        for (const p of batch)
            addCertified(events, p);
        await Promise.all(batch.map(p => queue.remove(`p${p.id}`)));
        await Promise.all([queue.addBulk(batch.map(job)), events.exec()]);
        n += batch.length;
    }
    rate('certify-batched', n, began);
}

async function certifySingle() {
    const all = [];
    for await (const p of people())
        all.push(p);
    const began = process.hrtime.bigint();
    let next = 0;
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
        while (next < all.length) {
            const p = all[next++];
            const { name, data, opts } = job(p);
            await queue.remove(opts.jobId);
            await Promise.all([queue.add(name, data, opts), addCertified(connection, p)]);
        }
    }));
    rate('certify-single', all.length, began);
}

const types = [null, 'reminder.due', 'reminder.due', 'reminder.due', 'grace.started', 'benefit.suspended'];
const statuses = [null, 'active', 'active', 'active', 'active', 'grace', 'suspended'];

// One deadline: its event and what it does to the status; then the same job waits for the next one.
async function onDeadline(job, token) {
    const { id, due, kind } = job.data;
    const work = connection.multi();
    addEvent(work, types[kind], id, due);
    if (statuses[kind] !== statuses[kind + 1])
        work.hincrby('statuses', statuses[kind], -1).hincrby('statuses', statuses[kind + 1], 1);
    const noted = work.exec();
    if (kind === 5)
        return noted;
    await Promise.all([noted, job.updateData({ id, due, kind: kind + 1 })]);
    await job.moveToDelayed(deadline(due, kind + 1) + moved, token);
    throw new DelayedError();
}

async function sweep() {
    let left = Number(eventsText), finish;
    const finished = new Promise(resolve => (finish = resolve));
    const itsOwn = connection.duplicate();
    const began = process.hrtime.bigint();
    const worker = new Worker('deadlines', async (job, token) => {
        try {
            return await onDeadline(job, token);
        } finally {
            if (--left === 0)
                finish();
        }
    }, { connection: itsOwn, concurrency: WORKERS, removeOnComplete: { count: 0 } });
    worker.on('error', error => console.error(`bullmq: ${error.message}`));
    await finished;
    const took = seconds(began);
    await worker.close();
    itsOwn.disconnect();
    console.log(`row\tsweep\t${(Number(eventsText) / took).toPrecision(6)}`);
    console.log(`answer\tswept\t${eventsText}`);
}

await { enrol, 'certify-batched': certifyBatched, 'certify-single': certifySingle, sweep }[phase]();
await queue.close();
connection.disconnect();
