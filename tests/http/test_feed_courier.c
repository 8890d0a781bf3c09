/* What reads logs of shards for the feed: parcels of lines, one after the other, from anywhere, and again where it was
 * when it has rested. */
#include "http/events/feed_courier.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "tests/http/shard_logs.h"
#include "tests/lib/tap.h"

#define TIME 1767196800

static struct shard_logs logs;
static struct completions *queue;
static unsigned arrivals;

static void on_arrived(void *arg)
{
    (void)arg;
    arrivals++;
}

static void fetch(struct courier *c, enum courier_way way, const struct position *after)
{
    unsigned before = arrivals;
    struct pollfd fd = {.fd = completions_fd(queue), .events = POLLIN};
    courier_fetch(c, way, after);
    while (arrivals == before) {
        poll(&fd, 1, -1);
        completions_run(queue);
    }
}

static enum err end_of(const struct courier *c)
{
    const struct errmsg *msg;
    return parcel_err(c, &msg);
}

static struct courier *courier_of(const char *uri, unsigned first, unsigned step)
{
    struct courier_options o = {uri, &logs.options, SHARDS, first, step, queue, on_arrived, NULL};
    struct courier *c = courier_new(&o);
    if (!c)
        bail_out("no thread is to be had");
    return c;
}

/* Each line is the next one of its shard. */
static bool follows(const struct courier *c, uint64_t upto[SHARDS])
{
    bool good = true;
    for (size_t i = 0; i < parcel_n(c); i++) {
        struct parcel_line l = parcel_get(c, i);
        char want[40];
        int n = snprintf(want, sizeof want, "{\"seq\":%" PRIu64 ",", ++upto[l.shard]);
        good &= l.seq == upto[l.shard] && l.line.type == EV_GRACE && l.line.line.n > (size_t)n &&
                memcmp(l.line.line.p, want, (size_t)n) == 0;
    }
    return good;
}

static void some_of_them(void)
{
    struct courier *c = courier_of(logs.uri, 1, 2); /* 1 and 3 */
    uint64_t upto[SHARDS];
    memcpy(upto, logs.ends, sizeof upto);
    fetch(c, COURIER_ENDS, NULL);
    ok(end_of(c) == ERR_END && parcel_n(c) == 0, "asked for the ends it brings no lines");
    ok(parcel_reached(c, 1) == logs.ends[1] && parcel_reached(c, 3) == logs.ends[3], "but where they are");
    for (unsigned i = 0; i < SHARDS; i++)
        shard_logs_add(&logs, i, 3, EV_GRACE, TIME);
    fetch(c, COURIER_ON, NULL);
    ok(end_of(c) == ERR_END && parcel_n(c) == 6 && follows(c, upto), "then what comes, of its own shards alone");
    ok(upto[1] == logs.ends[1] && upto[3] == logs.ends[3], "all of it");
    fetch(c, COURIER_ON, NULL);
    ok(end_of(c) == ERR_END && parcel_n(c) == 0, "after which there is nothing");
    courier_free(c);
}

static void all_of_them(void)
{
    struct courier *c = courier_of(logs.uri, 0, 1);
    uint64_t upto[SHARDS] = {0};
    struct position p;
    bool good = true;
    unsigned full = 0;
    position_init(&p, SHARDS);
    p.v[2] = upto[2] = 2;
    shard_logs_add(&logs, 4, 3 * PARCEL_LINES, EV_GRACE, TIME);
    for (fetch(c, COURIER_BEHIND, &p); end_of(c) == ERR_MORE; fetch(c, COURIER_ON, NULL)) {
        good &= follows(c, upto) && parcel_n(c) <= PARCEL_LINES;
        full++;
        courier_rest(c);
    }
    good &= follows(c, upto) && end_of(c) == ERR_END;
    ok(good && memcmp(upto, logs.ends, sizeof upto) == 0,
       "from behind a position everything comes, rest as it may between two parcels");
    ok(full >= 3, "in parcels that have a bound");
    memcpy(p.v, logs.ends, sizeof upto);
    p.v[0]--;
    fetch(c, COURIER_BEHIND, &p);
    ok(parcel_n(c) == 1 && parcel_get(c, 0).shard == 0 && parcel_get(c, 0).seq == logs.ends[0], "and from another");
    courier_rest(c);
    shard_logs_add(&logs, 3, 1, EV_GRACE, TIME);
    fetch(c, COURIER_ON, NULL);
    ok(parcel_n(c) == 1 && parcel_get(c, 0).shard == 3, "one that has rested goes on where it was");
    position_done(&p);
    courier_free(c);
}

static void nothing_there(void)
{
    struct courier *c = courier_of("redis://127.0.0.1:1/#none", 0, 1);
    courier_free(c);
    char uri[160];
    snprintf(uri, sizeof uri, "redis://127.0.0.1:%d/nowhere", logs.redis.port);
    c = courier_of(uri, 0, 1);
    fetch(c, COURIER_ENDS, NULL);
    is_int(end_of(c), ERR_ABSENT, "where there is no set, that is told");
    fetch(c, COURIER_ON, NULL);
    is_int(end_of(c), ERR_ABSENT, "each time");
    courier_free(c);
    courier_free(NULL);
}

/* As the feed does when the daemon stops. */
static void freed_early(void)
{
    struct courier *two[2] = {courier_of(logs.uri, 0, 2), courier_of(logs.uri, 1, 2)};
    struct pollfd fd = {.fd = completions_fd(queue), .events = POLLIN};
    unsigned before = arrivals;
    courier_fetch(two[0], COURIER_ENDS, NULL);
    poll(&fd, 1, -1);
    courier_free(two[0]);
    courier_fetch(two[1], COURIER_ENDS, NULL);
    poll(&fd, 1, -1);
    courier_free(two[1]);
    ok(poll(&fd, 1, 0) == 0, "who is freed before its parcel was looked at leaves nothing in the queue");
    completions_run(queue);
    is_int(arrivals, before, "and nobody is told");
}

int main(void)
{
    struct errmsg msg;
    plan(0);
    shard_logs_start(&logs);
    if (completions_new(&queue, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    some_of_them();
    all_of_them();
    nothing_there();
    freed_early();
    completions_free(queue);
    shard_logs_stop(&logs);
    return tap_end();
}
