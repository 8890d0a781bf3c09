#include "daemon/tally.h"

#include <stddef.h>

void tally_init(struct engine_counters *sum)
{
    *sum = (struct engine_counters){.next_deadline = INSTANT_NONE, .checkpoint_age = -1};
}

/* --- what is summed up: runs of uint64_t, uint32_t --- */

#define AT(member) offsetof(struct engine_counters, member)
#define RUN(member, width) {AT(member), sizeof(((struct engine_counters *)0)->member) / (width)}

static const struct run {
    size_t at, n;
} wide[] = {
    RUN(inputs, 8),        RUN(rejections, 8),      RUN(events, 8),    RUN(commits, 8),    RUN(commit_ns, 8),
    RUN(commit_bytes, 8),  RUN(last_seq, 8),        RUN(durable_seq, 8), RUN(commit_buckets, 8),
    RUN(queued_inputs, 8), RUN(enrolled, 8),        RUN(held, 8),      RUN(log_bytes, 8),  RUN(disk_bytes, 8),
    RUN(n_segments, 8),    RUN(n_packed, 8),        RUN(sweeps, 8),    RUN(sweep_deadlines, 8),
    RUN(sweep_ns, 8),      RUN(checkpoints, 8),     RUN(checkpoint_seq, 8),
}, narrow[] = {RUN(status, 4)};

static void add_runs(struct engine_counters *sum, const struct engine_counters *one)
{
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        uint64_t *to = (uint64_t *)((char *)sum + wide[i].at);
        const uint64_t *from = (const uint64_t *)((const char *)one + wide[i].at);
        for (size_t k = 0; k < wide[i].n; k++)
            to[k] += from[k];
    }
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        uint32_t *to = (uint32_t *)((char *)sum + narrow[i].at);
        const uint32_t *from = (const uint32_t *)((const char *)one + narrow[i].at);
        for (size_t k = 0; k < narrow[i].n; k++)
            to[k] += from[k];
    }
}

/* --- what is not --- */

static void most(uint64_t *to, uint64_t from)
{
    *to = from > *to ? from : *to;
}

static void add_channel(struct engine_counters *sum, const struct channel_counters *c)
{
    unsigned i = 0;
    while (i < sum->n_channels && strcmp(sum->channels[i].name, c->name) != 0)
        i++;
    if (i == CHANNEL_MAX)
        return;
    struct channel_counters *to = &sum->channels[i];
    if (i == sum->n_channels) {
        *to = *c;
        sum->n_channels++;
        return;
    }
    to->configured = to->configured || c->configured;
    to->expect_every = c->expect_every > to->expect_every ? c->expect_every : to->expect_every;
    to->heard_at = c->heard_at > to->heard_at ? c->heard_at : to->heard_at;
    to->accepted += c->accepted;
}

void tally_add(struct engine_counters *sum, const struct engine_counters *one)
{
    add_runs(sum, one);
    most(&sum->lag_seconds, one->lag_seconds);
    most(&sum->last_sweep_ns, one->last_sweep_ns);
    for (int kind = 0; kind < HOLD_N; kind++)
        sum->holds[kind] = one->holds[kind] > sum->holds[kind] ? one->holds[kind] : sum->holds[kind];
    sum->now = one->now > sum->now ? one->now : sum->now;
    if (one->next_deadline != INSTANT_NONE &&
        (sum->next_deadline == INSTANT_NONE || one->next_deadline < sum->next_deadline))
        sum->next_deadline = one->next_deadline;
    sum->simulated = sum->simulated || one->simulated;
    sum->checkpoint_age = one->checkpoint_age > sum->checkpoint_age ? one->checkpoint_age : sum->checkpoint_age;
    for (unsigned i = 0; i < one->n_channels; i++)
        add_channel(sum, &one->channels[i]);
}
