/* Several engines' counters as one's. */
#include "daemon/tally.h"
#include "tests/lib/tap.h"

#include <string.h>

/* Every number n. */
static struct engine_counters of(uint64_t n)
{
    struct engine_counters c = {.commits = n,
                                .commit_ns = n,
                                .commit_bytes = n,
                                .last_seq = n,
                                .durable_seq = n,
                                .queued_inputs = n,
                                .enrolled = n,
                                .held = n,
                                .lag_seconds = n,
                                .log_bytes = n,
                                .disk_bytes = n,
                                .n_segments = n,
                                .n_packed = n,
                                .now = (lc_instant)n,
                                .next_deadline = (lc_instant)n,
                                .sweeps = n,
                                .sweep_deadlines = n,
                                .sweep_ns = n,
                                .last_sweep_ns = n,
                                .checkpoints = n,
                                .checkpoint_seq = n,
                                .checkpoint_age = (int64_t)n};
    for (int op = 0; op < OP_N; op++)
        for (int r = 0; r < RESULT_N; r++)
            c.inputs[op][r] = n;
    for (int op = 0; op < OP_N; op++)
        for (int r = 0; r < REASON_N; r++)
            c.rejections[op][r] = n;
    for (int e = 0; e < EV_N; e++)
        c.events[e] = n;
    for (int b = 0; b <= COMMIT_BUCKETS_N; b++)
        c.commit_buckets[b] = n;
    for (int s = 0; s < STATUS_N; s++)
        c.status[s] = (uint32_t)n;
    c.holds[HOLD_BRAKE] = n > 3;
    return c;
}

static void test_sums(void)
{
    struct engine_counters sum, three = of(3), four = of(4), want = of(7);
    tally_init(&sum);
    tally_add(&sum, &three);
    tally_add(&sum, &four);
    want.lag_seconds = want.last_sweep_ns = 4;
    want.now = want.checkpoint_age = 4;
    want.next_deadline = 3;
    want.holds[HOLD_BRAKE] = 1;
    ok(memcmp(&sum, &want, sizeof sum) == 0, "counts are summed up, the rest is the worst, the latest or the next");
}

static void test_nothing(void)
{
    struct engine_counters sum, idle = {.next_deadline = INSTANT_NONE, .checkpoint_age = -1};
    tally_init(&sum);
    ok(sum.next_deadline == INSTANT_NONE && sum.checkpoint_age == -1 && sum.enrolled == 0,
       "of no engine there is nothing");
    tally_add(&sum, &idle);
    ok(sum.next_deadline == INSTANT_NONE && sum.checkpoint_age == -1, "one that has no deadline adds none");
    struct engine_counters busy = of(9);
    tally_add(&sum, &busy);
    tally_add(&sum, &idle);
    ok(sum.next_deadline == 9 && sum.checkpoint_age == 9, "nor does it take one away");
}

static void test_channels(void)
{
    struct engine_counters sum, a = {.n_channels = 2}, b = {.n_channels = 2};
    a.channels[0] = (struct channel_counters){"face", true, 600, 100, 5};
    a.channels[1] = (struct channel_counters){"gone", false, 0, 7, 1};
    b.channels[0] = (struct channel_counters){"bank", true, 60, 50, 2};
    b.channels[1] = (struct channel_counters){"face", true, 600, 90, 8};
    tally_init(&sum);
    tally_add(&sum, &a);
    tally_add(&sum, &b);
    is_int(sum.n_channels, 3, "channels are known by their names");
    ok(sum.channels[0].heard_at == 100 && sum.channels[0].accepted == 13 && sum.channels[0].expect_every == 600,
       "one that any shard has heard was heard");
    ok(strcmp(sum.channels[2].name, "bank") == 0 && sum.channels[2].accepted == 2, "one more comes behind");
}

int main(void)
{
    plan(7);
    test_sums();
    test_nothing();
    test_channels();
    return tap_end();
}
