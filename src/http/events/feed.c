/* The tail that everybody near the end is served from, and the rounds in which all are served. */
#include "http/events/feed_inside.h"

#include <stdlib.h>

#include "base/log.h"

/* Of the tail. */
#define TAIL_BYTES ((size_t)8 << 20)
#define TAIL_LINES ((size_t)1 << 16)
/* Of one round, between which the loop serves others; each of these is about a millisecond. */
#define FEED_LINES 2048
#define NEAR_READERS 64
/* What a wave of wake-ups has cost is waited for before the next one, so that readers never take more than half of the
 * loop; what comes meanwhile shares the next wave. */
#define REST_MIN_NS 1000000
#define REST_MAX_NS 100000000

const struct store *feed_store(const struct feed *f)
{
    return f->http->options.engine.store;
}

unsigned feed_shards(const struct feed *f)
{
    return f->shards ? f->http->options.engine.set->n : 0;
}

uint64_t feed_durable(const struct feed *f, unsigned shard)
{
    struct store_info info;
    if (f->shards)
        return tail_is_open(f->tail) ? tail_reached(f->tail)->v[shard] : 0;
    store_info(feed_store(f), &info);
    return info.durable;
}

void feed_stir(struct feed *f)
{
    if (!f->busy && f->timer)
        watch_timer_set(f->timer, 0);
}

void feed_log_fault(struct feed *f, enum err e, const struct errmsg *msg)
{
    char quoted[1200];
    f->fault = e;
    f->why = *msg;
    log_line(LOG_LEVEL_ERR, "events-unreadable", "text=%s", log_quote(msg->text, quoted, sizeof quoted));
}

void feed_fail(struct feed *f, enum err e, const struct errmsg *msg)
{
    feed_log_fault(f, e, msg);
    f->failed = true;
    if (f->shards)
        shard_feed_end_syncs(f->shards);
}

bool feed_failed(const struct feed *f)
{
    return f->failed;
}

enum err feed_fault(const struct feed *f, const struct errmsg **msg)
{
    *msg = &f->why;
    return f->fault;
}

/* --- the tail --- */

void feed_open_tail(struct feed *f)
{
    struct errmsg msg;
    if (tail_is_open(f->tail))
        return;
    atomic_store(&f->awake, true); /* before the end is looked at, so that nothing behind it is missed */
    if (f->shards) {
        shard_feed_open(f->shards);
        return;
    }
    enum err e = tail_open(f->tail, feed_store(f), &msg);
    if (e != ERR_OK)
        feed_fail(f, e, &msg);
    f->news = !f->failed;
}

static void close_tail(struct feed *f)
{
    atomic_store(&f->awake, false);
    tail_close(f->tail);
    f->news = false;
    if (!f->shards)
        return;
    shard_feed_close(f->shards);
    far_rest(f);
    f->failed = false; /* what follows is another look */
}

static void on_closing(void *arg)
{
    close_tail(arg);
}

/* Those who wait and may want it are to look; the others have seen it already. */
static void spread(struct feed *f, uint64_t types)
{
    struct feed_reader *r = feed_first(f, PLACE_WAITING);
    while (r) {
        struct feed_reader *next = TAILQ_NEXT(r, links);
        if ((r->types & types) || !r->silent || f->failed)
            feed_move(r, PLACE_NEAR);
        else
            feed_pass_tail(r);
        r = next;
    }
}

static void feed_tail(struct feed *f)
{
    uint64_t types = 0;
    struct errmsg msg;
    bool may = f->hurry || (!feed_first(f, PLACE_NEAR) && clock_monotonic_ns() >= f->resting);
    if (!f->news || !may)
        return;
    f->hurry = false;
    enum err e = f->shards ? shard_feed_take(f->shards, &types, &msg) : tail_feed(f->tail, FEED_LINES, &types, &msg);
    f->news = e == ERR_MORE;
    if (e != ERR_OK && e != ERR_MORE)
        feed_fail(f, e, &msg);
    if (types || f->failed)
        spread(f, types);
}

/* --- rounds --- */

static void schedule(struct feed *f)
{
    int64_t rest_ms = (f->resting - clock_monotonic_ns() + 999999) / 1000000, wait_ms = -1;
    bool now = feed_first(f, PLACE_NEAR) || feed_first(f, PLACE_FAR) || feed_has_turn(f);
    if (now || (f->news && (f->hurry || rest_ms <= 0)))
        wait_ms = 0;
    else if (f->news)
        wait_ms = rest_ms;
    else if (feed_first(f, PLACE_QUEUED))
        wait_ms = KEEP_MS;
    watch_timer_set(f->timer, wait_ms);
}

/* Waves of wake-ups that cost something are followed by a rest. */
static void account(struct feed *f, unsigned woken, int64_t began)
{
    int64_t now = clock_monotonic_ns();
    if (woken)
        f->wave_ns += now - began;
    if (feed_first(f, PLACE_NEAR))
        return;
    if (f->wave_ns >= REST_MIN_NS)
        f->resting = now + (f->wave_ns < REST_MAX_NS ? f->wave_ns : REST_MAX_NS);
    f->wave_ns = 0;
}

/* A bounded share of what is to be done. */
static void run_round(void *arg)
{
    struct feed *f = arg;
    int64_t began = clock_monotonic_ns();
    unsigned n = 0;
    f->busy = true;
    feed_tail(f);
    for (; n < NEAR_READERS && feed_first(f, PLACE_NEAR); n++)
        feed_look_on(feed_first(f, PLACE_NEAR));
    feed_next_turn(f);
    if (feed_first(f, PLACE_FAR))
        feed_look_on(feed_first(f, PLACE_FAR));
    http_run_sites(f->http);
    account(f, n, began);
    f->busy = false;
    schedule(f);
}

void feed_news(struct feed *f)
{
    f->news = true;
    if (!f->busy)
        run_round(f);
}

static void on_nudge(struct completion *c)
{
    struct feed *f = (struct feed *)((char *)c - offsetof(struct feed, nudge));
    atomic_store(&f->nudged, false);
    if (!tail_is_open(f->tail) || f->failed)
        return;
    if (f->shards)
        shard_feed_nudge(f->shards);
    else
        feed_news(f);
}

void feed_nudge(struct feed *f)
{
    if (atomic_load(&f->awake) && !atomic_exchange(&f->nudged, true))
        completions_push(f->http->queue, &f->nudge);
}

/* --- life --- */

struct feed *feed_new(struct http *h)
{
    struct feed *f = mem_zalloc(1, sizeof *f);
    f->http = h;
    f->tail = tail_new(TAIL_BYTES, TAIL_LINES);
    f->timer = watch_timer(h->loop, run_round, f);
    f->closing = watch_timer(h->loop, on_closing, f);
    f->nudge.run = on_nudge;
    for (int i = 0; i < PLACE_N; i++)
        TAILQ_INIT(&f->lists[i]);
    f->n_far = FAR_MAX;
    if (!h->options.engine.store && h->options.engine.set)
        f->shards = shard_feed_new(f);
    if (f->shards) {
        unsigned n = FAR_SHARDS / feed_shards(f);
        f->n_far = n < 1 ? 1 : n < FAR_MAX ? n : FAR_MAX;
    }
    return f;
}

void feed_stop(struct feed *f)
{
    watch_free(f->timer);
    watch_free(f->closing);
    f->timer = f->closing = NULL;
    close_tail(f);
    far_free(f);
    shard_feed_free(f->shards);
    f->shards = NULL;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    tail_free(f->tail);
    event_arena_done(&f->arena);
    free(f);
}
