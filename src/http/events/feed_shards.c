/* Several shards: threads that read on at the ends of their logs, for the one tail of all of them.
 *
 * Bounds: FOLLOWERS_MAX threads, each with one parcel (feed_courier.h) that the tail has not taken in, which is not
 * filled again before: 1 MiB in all, and a page of each log while it is read. At rest each log costs one question to
 * Redis a period. Nobody follows while nobody reads. */
#include "http/events/feed_inside.h"

#include <stdlib.h>

#include "base/log.h"
#include "http/events/feed_courier.h"

#define FOLLOWERS_MAX 4
/* How soon what other daemons commit is seen, in milliseconds: some 2,000 questions a second at the most. Our own
 * engines nudge; for them it is a fifth. */
#define PERIOD_MS(shards) (50 + (int64_t)(shards) / 2)
#define NUDGED_MS(shards) (PERIOD_MS(shards) / 5)
#define RETRY_MS 500
#define SYNC_NS (30 * INT64_C(1000000000))    /* a failover takes less */
#define TROUBLE_NS (60 * INT64_C(1000000000)) /* between two lines in the log */

struct follower {
    struct shard_feed *all;
    struct courier *courier;
    unsigned first;
    bool fetching, arrived;   /* on its way; there, and not taken in */
    bool ends;                /* what is fetched are the ends */
    bool open;                /* they are known */
    bool failing;             /* is to be tried again */
    uint64_t covers, covered; /* feed_sync() numbers: of the pass that it is in, of the last one that is over */
};

TAILQ_HEAD(sync_list, feed_sync);

struct shard_feed {
    struct feed *feed;
    unsigned n; /* shards */
    bool wanted;
    struct position ends; /* gathered until all are known */
    struct follower followers[FOLLOWERS_MAX];
    unsigned n_followers, n_open, next; /* next: whose parcel is looked for first */
    uint64_t syncs;
    struct sync_list waiting;
    struct watch *period, *retry, *patience;
    bool resting, retrying; /* those timers are set */
    bool nudged;
    int64_t told_ns; /* of trouble; 0: of none */
};

/* --- asking --- */

static void fetch(struct follower *w, enum courier_way way)
{
    w->fetching = true;
    w->ends = way == COURIER_ENDS;
    courier_fetch(w->courier, way, NULL);
}

/* Looks at its logs' ends anew, unless it does. */
static void begin_pass(struct follower *w)
{
    if (w->fetching || w->arrived || w->failing || !w->all->wanted || w->all->feed->failed)
        return;
    w->covers = w->all->syncs;
    fetch(w, w->open ? COURIER_ON : COURIER_ENDS);
}

static void begin_passes(struct shard_feed *a)
{
    for (unsigned i = 0; i < a->n_followers; i++)
        begin_pass(&a->followers[i]);
}

static void on_period(void *arg)
{
    struct shard_feed *a = arg;
    a->resting = a->nudged = false;
    begin_passes(a);
    far_tidy(a->feed);
}

static void rest(struct shard_feed *a, bool nudged)
{
    if (a->resting && (!nudged || a->nudged))
        return;
    a->resting = true;
    a->nudged = nudged;
    watch_timer_set(a->period, nudged ? NUDGED_MS(a->n) : PERIOD_MS(a->n));
}

void shard_feed_nudge(struct shard_feed *a)
{
    rest(a, true);
}

/* --- what Redis has no answer for --- */

bool shard_feed_passes(enum err e)
{
    return e != ERR_OK && e != ERR_MORE && e != ERR_END && e != ERR_DAMAGED && e != ERR_VERSION && e != ERR_ARCHIVED;
}

static void on_retry(void *arg)
{
    struct shard_feed *a = arg;
    a->retrying = false;
    for (unsigned i = 0; i < a->n_followers; i++)
        a->followers[i].failing = false;
    begin_passes(a);
    far_retry(a->feed);
}

void shard_feed_trouble(struct shard_feed *a, const struct errmsg *msg)
{
    char quoted[1200];
    int64_t now = clock_monotonic_ns();
    if (!a->told_ns || now - a->told_ns >= TROUBLE_NS) {
        a->told_ns = now;
        log_line(LOG_LEVEL_WARNING, "events-delayed", "text=%s", log_quote(msg->text, quoted, sizeof quoted));
    }
    if (!a->retrying)
        watch_timer_set(a->retry, RETRY_MS);
    a->retrying = true;
}

/* --- those who have to see all that is durable --- */

static void end_sync(struct feed_sync *s, bool reached)
{
    feed_sync_leave(s);
    s->done(s, reached);
}

static uint64_t covered(const struct shard_feed *a)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < a->n_followers; i++)
        if (a->followers[i].covered < least)
            least = a->followers[i].covered;
    return tail_is_open(a->feed->tail) ? least : 0;
}

void shard_feed_end_syncs(struct shard_feed *a)
{
    uint64_t upto = a->feed->failed ? UINT64_MAX : covered(a);
    struct feed_sync *s;
    while ((s = TAILQ_FIRST(&a->waiting)) && s->number <= upto)
        end_sync(s, !a->feed->failed);
}

static void on_patience(void *arg)
{
    struct shard_feed *a = arg;
    int64_t now = clock_monotonic_ns();
    struct feed_sync *s;
    while ((s = TAILQ_FIRST(&a->waiting)) && s->until_ns <= now)
        end_sync(s, false);
    if (s)
        watch_timer_set(a->patience, (s->until_ns - now) / 1000000 + 1);
    http_run_sites(a->feed->http);
}

void feed_sync(struct feed *f, struct feed_sync *s)
{
    struct shard_feed *a = f->shards;
    s->feed = NULL;
    if (!a || f->failed) {
        s->done(s, !a);
        return;
    }
    s->feed = f;
    s->number = ++a->syncs;
    s->until_ns = clock_monotonic_ns() + SYNC_NS;
    if (!TAILQ_FIRST(&a->waiting))
        watch_timer_set(a->patience, SYNC_NS / 1000000);
    TAILQ_INSERT_TAIL(&a->waiting, s, links);
    f->n_joined++;
    watch_timer_set(f->closing, -1);
    f->hurry = true;
    feed_open_tail(f);
    begin_passes(a);
    if (f->news)
        feed_stir(f);
}

void feed_sync_leave(struct feed_sync *s)
{
    struct feed *f = s->feed;
    if (!f)
        return;
    TAILQ_REMOVE(&f->shards->waiting, s, links);
    s->feed = NULL;
    if (--f->n_joined == 0 && f->closing)
        watch_timer_set(f->closing, TAIL_CLOSE_MS);
}

void feed_end_syncs(struct feed *f)
{
    struct feed_sync *s;
    while (f->shards && (s = TAILQ_FIRST(&f->shards->waiting)))
        end_sync(s, false);
}

/* --- what comes --- */

static void gather_ends(struct follower *w)
{
    struct shard_feed *a = w->all;
    for (unsigned shard = w->first; shard < a->n; shard += a->n_followers)
        a->ends.v[shard] = parcel_reached(w->courier, shard);
    w->open = true;
    if (++a->n_open == a->n_followers)
        tail_open_shards(a->feed->tail, &a->ends);
}

/* A pass is over. */
static void finish_pass(struct follower *w)
{
    struct shard_feed *a = w->all;
    w->covered = w->covers;
    a->told_ns = 0;
    if (w->covered < a->syncs)
        begin_pass(w);
    else
        rest(a, false);
    shard_feed_end_syncs(a);
}

static void on_ends(struct follower *w, enum err e, const struct errmsg *msg)
{
    if (e == ERR_END) {
        gather_ends(w);
        finish_pass(w);
    } else if (shard_feed_passes(e)) {
        w->failing = true;
        shard_feed_trouble(w->all, msg);
    } else {
        feed_fail(w->all->feed, e, msg);
    }
}

/* Nobody wants it, or not what was asked for then. */
static bool is_stale(struct follower *w)
{
    bool stale = !w->all->wanted || w->ends == w->open;
    if (stale)
        begin_pass(w);
    return stale;
}

static void on_arrived(void *arg)
{
    struct follower *w = arg;
    const struct errmsg *msg;
    enum err e = parcel_err(w->courier, &msg);
    w->fetching = false;
    if (is_stale(w))
        return;
    if (w->ends) {
        on_ends(w, e, msg);
        return;
    }
    w->arrived = true;
    w->all->feed->hurry |= TAILQ_FIRST(&w->all->waiting) != NULL;
    feed_news(w->all->feed);
}

static struct follower *next_arrived(struct shard_feed *a)
{
    for (unsigned i = 0; i < a->n_followers; i++) {
        struct follower *w = &a->followers[(a->next + i) % a->n_followers];
        if (w->arrived)
            return w;
    }
    return NULL;
}

static void take_lines(struct follower *w, uint64_t *types)
{
    size_t n = parcel_n(w->courier);
    for (size_t i = 0; i < n; i++) {
        struct parcel_line l = parcel_get(w->courier, i);
        tail_add(w->all->feed->tail, l.shard, l.seq, &l.line);
        *types |= UINT64_C(1) << l.line.type;
    }
    w->arrived = false;
}

enum err shard_feed_take(struct shard_feed *a, uint64_t *types, struct errmsg *msg)
{
    struct follower *w = tail_is_open(a->feed->tail) ? next_arrived(a) : NULL;
    const struct errmsg *why;
    if (!w)
        return ERR_OK;
    a->next = (w->first + 1) % a->n_followers;
    enum err e = parcel_err(w->courier, &why);
    take_lines(w, types);
    if (e == ERR_MORE) {
        fetch(w, COURIER_ON);
    } else if (e == ERR_END) {
        finish_pass(w);
    } else if (shard_feed_passes(e)) {
        w->failing = true;
        shard_feed_trouble(a, why);
    } else {
        return err_set(msg, e, "%s", why->text);
    }
    return next_arrived(a) ? ERR_MORE : ERR_OK;
}

/* --- life --- */

struct courier *shard_feed_courier(struct shard_feed *a, unsigned first, unsigned step, void (*arrived)(void *arg),
                                   void *arg)
{
    const struct http *h = a->feed->http;
    const struct http_engine *e = &h->options.engine;
    struct courier_options o = {e->uri, e->store_options, a->n, first, step, h->queue, arrived, arg};
    return courier_new(&o);
}

static bool start(struct shard_feed *a)
{
    for (unsigned i = 0; i < a->n_followers; i++) {
        struct follower *w = &a->followers[i];
        if (!w->courier)
            w->courier = shard_feed_courier(a, i, a->n_followers, on_arrived, w);
        if (!w->courier)
            return false;
    }
    return true;
}

void shard_feed_open(struct shard_feed *a)
{
    struct errmsg msg;
    a->wanted = true;
    if (start(a))
        begin_passes(a);
    else
        feed_fail(a->feed, err_set(&msg, ERR_IO, "no thread is to be had for following the logs"), &msg);
}

void shard_feed_close(struct shard_feed *a)
{
    a->wanted = false;
    a->n_open = 0;
    for (unsigned i = 0; i < a->n_followers; i++) {
        struct follower *w = &a->followers[i];
        w->open = w->arrived = w->failing = false;
        if (w->courier)
            courier_rest(w->courier);
    }
}

struct shard_feed *shard_feed_new(struct feed *f)
{
    struct shard_feed *a = mem_zalloc(1, sizeof *a);
    const struct http *h = f->http;
    a->feed = f;
    a->n = h->options.engine.set->n;
    a->n_followers = a->n < FOLLOWERS_MAX ? a->n : FOLLOWERS_MAX;
    TAILQ_INIT(&a->waiting);
    position_init(&a->ends, a->n);
    a->period = watch_timer(h->loop, on_period, a);
    a->retry = watch_timer(h->loop, on_retry, a);
    a->patience = watch_timer(h->loop, on_patience, a);
    for (unsigned i = 0; i < a->n_followers; i++)
        a->followers[i] = (struct follower){.all = a, .first = i};
    return a;
}

void shard_feed_free(struct shard_feed *a)
{
    if (!a)
        return;
    for (unsigned i = 0; i < a->n_followers; i++)
        courier_free(a->followers[i].courier);
    watch_free(a->period);
    watch_free(a->retry);
    watch_free(a->patience);
    position_done(&a->ends);
    free(a);
}
