/* What other threads may read: the engine's thread stores it once a tick, or where it happens, and readers take each
 * number by itself. */
#include "engine/internal.h"

#define SET(field, value) atomic_store_explicit(&e->shown.field, value, memory_order_relaxed)
#define GET(field) atomic_load_explicit(&e->shown.field, memory_order_relaxed)
#define ADD(field, value) atomic_fetch_add_explicit(&e->shown.field, value, memory_order_relaxed)

#define NS_A_SECOND INT64_C(1000000000)

const uint64_t commit_bucket_limits[COMMIT_BUCKETS_N] = {
    500000,    1000000,   2500000,   5000000,    10000000,   25000000,   50000000,
    100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};

/* --- on the engine's thread --- */

void counters_commit(struct engine *e, uint64_t bytes, int64_t ns)
{
    unsigned bucket = 0;
    while (bucket < COMMIT_BUCKETS_N && (uint64_t)ns > commit_bucket_limits[bucket])
        bucket++;
    ADD(commits, 1);
    ADD(commit_bytes, bytes);
    ADD(commit_ns, (uint64_t)ns);
    ADD(commit_buckets[bucket], 1);
}

void counters_checkpoint(struct engine *e)
{
    ADD(checkpoints, 1);
    SET(checkpoint_at, clock_monotonic_ns());
}

/* A sweep goes on from tick to tick for as long as something is left that is due. */
void counters_sweep(struct engine *e, int64_t began, uint64_t deadlines, bool over)
{
    int64_t now = clock_monotonic_ns();
    if (!e->sweep_began)
        e->sweep_began = began;
    ADD(sweep_deadlines, deadlines);
    ADD(sweep_ns, (uint64_t)(now - began));
    if (!over)
        return;
    ADD(sweeps, 1);
    SET(last_sweep_ns, (uint64_t)(now - e->sweep_began));
    e->sweep_began = 0;
}

static void show_channels(struct engine *e)
{
    for (unsigned i = 0; i < e->n_channels; i++) {
        const struct engine_channel *c = &e->channels[i];
        SET(channels[i].configured, c->configured);
        SET(channels[i].expect_every, c->expect_every);
        SET(channels[i].heard_at, c->heard);
        SET(channels[i].accepted, c->accepted_total);
    }
    /* A channel's name never changes: whoever sees the number sees the names. */
    atomic_store_explicit(&e->shown.n_channels, e->n_channels, memory_order_release);
}

static void show_holds(struct engine *e)
{
    unsigned n[HOLD_N] = {0};
    for (unsigned i = 0; i < e->holds.n; i++)
        n[e->holds.v[i].kind]++;
    for (int k = 0; k < HOLD_N; k++)
        SET(holds[k], n[k]);
}

void counters_show(struct engine *e)
{
    struct store_info info;
    store_info(e->store, &info);
    SET(last_seq, e->last_seq);
    SET(durable_seq, info.durable);
    SET(log_bytes, info.log_bytes);
    SET(disk_bytes, info.disk_bytes);
    SET(n_segments, info.n_segments);
    SET(n_packed, info.n_packed);
    SET(enrolled, roster_count(e->roster));
    SET(held, roster_held_count(e->roster));
    for (int s = 0; s < STATUS_N; s++)
        SET(status[s], roster_status_count(e->roster, (enum status)s));
    SET(lag_seconds, tick_lag(e));
    SET(next_deadline, roster_next_instant(e->roster));
    SET(now, e->env.now);
    SET(checkpoint_seq, e->checkpoint.whole_seq);
    show_holds(e);
    show_channels(e);
}

/* --- on any thread --- */

static void read_channels(const struct engine *e, struct engine_counters *out)
{
    out->n_channels = atomic_load_explicit(&e->shown.n_channels, memory_order_acquire);
    for (unsigned i = 0; i < out->n_channels; i++) {
        struct channel_counters *c = &out->channels[i];
        memcpy(c->name, e->channels[i].name, sizeof c->name);
        c->configured = GET(channels[i].configured);
        c->expect_every = GET(channels[i].expect_every);
        c->heard_at = GET(channels[i].heard_at);
        c->accepted = GET(channels[i].accepted);
    }
}

static void read_work(const struct engine *e, struct engine_counters *out)
{
    out->commits = GET(commits);
    out->commit_ns = GET(commit_ns);
    out->commit_bytes = GET(commit_bytes);
    for (int i = 0; i <= COMMIT_BUCKETS_N; i++)
        out->commit_buckets[i] = GET(commit_buckets[i]);
    out->sweeps = GET(sweeps);
    out->sweep_deadlines = GET(sweep_deadlines);
    out->sweep_ns = GET(sweep_ns);
    out->last_sweep_ns = GET(last_sweep_ns);
    out->checkpoints = GET(checkpoints);
    out->checkpoint_seq = GET(checkpoint_seq);
    int64_t at = GET(checkpoint_at);
    out->checkpoint_age = at ? (clock_monotonic_ns() - at) / NS_A_SECOND : -1;
}

static void read_decisions(const struct engine *e, struct engine_counters *out)
{
    for (int op = 0; op < OP_N; op++) {
        for (int r = 0; r < RESULT_N; r++)
            out->inputs[op][r] = atomic_load_explicit(&e->count_inputs[op][r], memory_order_relaxed);
        for (int r = 0; r < REASON_N; r++)
            out->rejections[op][r] = atomic_load_explicit(&e->count_rejections[op][r], memory_order_relaxed);
    }
    for (int t = 0; t < EV_N; t++)
        out->events[t] = atomic_load_explicit(&e->count_events[t], memory_order_relaxed);
}

void engine_counters(const struct engine *e, struct engine_counters *out)
{
    read_decisions(e, out);
    out->queued_inputs = atomic_load_explicit(&e->queued, memory_order_relaxed);
    out->simulated = e->simulated;
    out->now = GET(now);
    out->last_seq = GET(last_seq);
    out->durable_seq = GET(durable_seq);
    out->log_bytes = GET(log_bytes);
    out->disk_bytes = GET(disk_bytes);
    out->n_segments = GET(n_segments);
    out->n_packed = GET(n_packed);
    out->enrolled = GET(enrolled);
    out->held = GET(held);
    out->lag_seconds = GET(lag_seconds);
    out->next_deadline = GET(next_deadline);
    for (int s = 0; s < STATUS_N; s++)
        out->status[s] = GET(status[s]);
    for (int k = 0; k < HOLD_N; k++)
        out->holds[k] = GET(holds[k]);
    read_work(e, out);
    read_channels(e, out);
}
