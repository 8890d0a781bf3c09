/* How many certifications each channel had accepted by day: against a count of the test's own, through replays,
 * checkpoints under way, and changes of the time zone. */
#include "tests/engine/rig.h"

#include <stdio.h>
#include <stdlib.h>

#define CHANNELS 3
#define DAYS 31
#define NEW_YEAR rig_at("2026-01-01T08:00:00+08:00")
#define DAY INT64_C(86400)

static const char *const names[CHANNELS] = {"face", "counter", "data-match"};

/* --- what the status says --- */

/* A channel's days, oldest first, as text; NULL: it is not there. It holds until the next call. */
static const char *days_of(struct rig *r, const char *name)
{
    static char text[512];
    char key[80];
    snprintf(key, sizeof key, "{\"name\":\"%s\",\"heard_at\":", name);
    const char *at = strstr(rig_ask(r, REQUEST_STATUS, NULL), key);
    if (!at)
        return NULL;
    at = strstr(at, "\"accepted\":[") + 12;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "]"), at);
    return text;
}

static const char *expected(const unsigned counts[], int today)
{
    static char text[512];
    size_t n = 0;
    for (int day = today - DAYS + 1; day <= today; day++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", n ? "," : "", day >= 0 ? counts[day] : 0);
    return text;
}

static void enrol(struct rig *r, unsigned people)
{
    char json[256];
    for (unsigned n = 0; n < people; n++) {
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"P-%u\",\"policy\":\"national\",\"approved_on\":\"2020-01-01\"}", n);
        rig_input(r, json);
    }
}

static struct input_result certify(struct rig *r, unsigned person, const char *channel, const char *on, unsigned ref)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"certify\",\"id\":\"P-%u\",\"channel\":\"%s\",\"certified_on\":\"%s\",\"ref\":\"%u\"}", person,
             channel, on, ref);
    return rig_input(r, json);
}

/* --- one after the other --- */

static void test_counts(void)
{
    struct rig r = {.engine = NULL};
    struct engine_counters c = {.n_channels = 0};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, 3);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
           "nothing came at first");
    certify(&r, 0, "face", "2026-01-01", 1);
    certify(&r, 1, "face", "2025-12-20", 2);
    certify(&r, 0, "counter", "2025-12-01", 3);
    certify(&r, 0, "counter", "2026-03-01", 4);
    certify(&r, 0, "counter", "2025-12-01", 3);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2", "today stands last");
    is_str(days_of(&r, "counter"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1",
           "superseded ones were accepted; rejected ones and those sent twice were not");
    engine_counters(r.engine, &c);
    is_int(c.n_channels, 3, "the counters know the channels");
    is_str(c.channels[0].name, "face", "by name");
    ok(c.channels[0].accepted == 2 && c.channels[1].accepted == 1 && c.channels[2].accepted == 0,
       "and what each had accepted");
    rig_until(&r, NEW_YEAR + DAY);
    certify(&r, 2, "face", "2026-01-02", 5);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,1",
           "the next day is one of its own");
    rig_until(&r, NEW_YEAR + 30 * DAY);
    is_str(days_of(&r, "face"), "2,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
           "after thirty days it is the first");
    rig_until(&r, NEW_YEAR + 31 * DAY);
    certify(&r, 2, "face", "2026-02-01", 6);
    is_str(days_of(&r, "face"), "1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1",
           "after one more it is gone");
    rig_until(&r, NEW_YEAR + 300 * DAY);
    certify(&r, 2, "face", "2026-10-28", 7);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1",
           "a long silence leaves nothing");
    rig_close(&r);
}

static void test_configured(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, 1);
    certify(&r, 0, "face", "2026-01-01", 1);
    rig_reload(&r,
               "timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"counter\" { expect_every = \"36h\" }\n"
               "policy \"national\" {}\n");
    ok(!days_of(&r, "face"), "a channel that is left out of the configuration is not in the status");
    ok(strstr(
           rig_ask(&r, REQUEST_STATUS, NULL),
           "{\"name\":\"counter\",\"heard_at\":\"2026-01-01T08:00:00+08:00\",\"expect_every\":129600,\"accepted\":["),
       "others are, with when they were heard and how often they must be");
    struct engine_counters c;
    engine_counters(r.engine, &c);
    ok(!c.channels[0].configured && c.channels[1].configured && c.channels[1].expect_every == 129600,
       "the counters say so too");
    rig_reload(&r, rig_conf);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1",
           "back again it has its counts");
    rig_close(&r);
}

/* West by fifteen hours the day is set back; east again it comes twice. */
static void test_zone(void)
{
    struct rig r = {.engine = NULL};
    static const char west[] =
        "timezone = \"America/Los_Angeles\"\nbrake_limit = \"off\"\nchannel \"face\" {}\nchannel \"counter\" {}\n"
        "channel \"data-match\" {}\npolicy \"national\" {}\npolicy \"beijing\" { grace = 0 }\n"
        "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n";
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/zone", tap_tmpdir());
    rig_open(&r, uri, rig_conf, NEW_YEAR);
    enrol(&r, 4);
    certify(&r, 0, "face", "2026-01-01", 1);
    rig_reload(&r, west);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
           "tomorrow's are not shown yet");
    certify(&r, 1, "face", "2025-12-31", 2);
    certify(&r, 2, "face", "2025-12-31", 3);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2",
           "what comes now is today's");
    rig_until(&r, NEW_YEAR + DAY);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,1",
           "each counts on the day that it was where it was");
    rig_again(&r, true);
    rig_until(&r, NEW_YEAR + DAY);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,1",
           "from a checkpoint too");
    rig_crash(&r);
    rig_until(&r, NEW_YEAR + DAY);
    is_str(days_of(&r, "face"), "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,1", "and after a crash");
    rig_close(&r);
}

/* --- through stops and starts, with checkpoints being written all the time --- */

static unsigned wrong_channels(struct rig *r, unsigned (*counts)[400], int today)
{
    unsigned wrong = 0;
    for (int c = 0; c < CHANNELS; c++) {
        const char *want = expected(counts[c], today), *got = days_of(r, names[c]);
        if (strcmp(got, want) == 0)
            continue;
        wrong++;
        diag("%s on day %d: got %s, expected %s", names[c], today, got, want);
    }
    return wrong;
}

static void restart(struct rig *r, struct rng *g, lc_instant now)
{
    switch (rng_below(g, 3)) {
    case 0: rig_crash(r); break;
    case 1: rig_again(r, true); break;
    default: rig_again(r, false); break;
    }
    rig_until(r, now);
}

static void test_restarts(uint64_t seed)
{
    struct rig r = {.options = {.checkpoint_events = 20}};
    struct rng g = rng_seed(seed);
    static unsigned counts[CHANNELS][400];
    unsigned wrong = 0, ref = 0, looks = 0;
    uint64_t checkpoints = 0;
    char uri[128], on[11] = "";
    snprintf(uri, sizeof uri, "dir:%s/restarts-%" PRIu64, tap_tmpdir(), seed);
    memset(counts, 0, sizeof counts);
    rig_open(&r, uri, rig_conf, NEW_YEAR);
    enrol(&r, 1500);
    for (int day = 0; day < 120; day++) {
        lc_date first;
        date_parse("2026-01-01", 10, &first);
        date_format(first + day, on);
        rig_until(&r, NEW_YEAR + day * DAY);
        for (unsigned i = rng_below(&g, 8) ? (unsigned)rng_below(&g, 40) : 0; i > 0; i--) {
            unsigned c = (unsigned)rng_below(&g, CHANNELS);
            counts[c][day] += certify(&r, (unsigned)rng_below(&g, 1500), names[c], on, ref++).result == RESULT_APPLIED;
        }
        if (rng_below(&g, 3) == 0) {
            struct engine_counters n;
            engine_counters(r.engine, &n);
            checkpoints += n.checkpoints;
            restart(&r, &g, NEW_YEAR + day * DAY);
        }
        wrong += wrong_channels(&r, counts, day);
        looks++;
    }
    is_int(wrong, 0, "seed %" PRIu64 ": %u times the same as counted, whatever came between", seed, looks);
    /* How many there is time for is the disk's matter. */
    ok(checkpoints > 0, "seed %" PRIu64 ": %" PRIu64 " checkpoints were among it", seed, checkpoints);
    is_int(r.warnings.n, 0, "seed %" PRIu64 ": and nothing to warn of", seed);
    rig_close(&r);
}

int main(void)
{
    plan(10 + 4 + 5 + 3 * 3);
    test_counts();
    test_configured();
    test_zone();
    for (uint64_t seed = 1; seed <= 3; seed++)
        test_restarts(seed);
    return tap_end();
}
