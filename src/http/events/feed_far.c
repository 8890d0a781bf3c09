/* What readers far back read from: with one store a reader of its log, which reads at once; over several shards a
 * courier, which lets them wait. Couriers stay when their reader has gone, with what they have read ahead: who pages
 * through the log comes again for what follows. */
#include "http/events/feed_inside.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/events/feed_courier.h"

#define PARKED_NS (60 * INT64_C(1000000000)) /* for so long one is kept for who comes again */

struct far {
    struct feed *feed;
    /* One store. */
    struct store_reader *reader;
    struct str line; /* the last one */
    uint64_t seq;
    bool again; /* it was not taken */
    /* Several shards. */
    struct courier *courier;
    struct feed_reader *user; /* NULL: parked */
    struct position at;       /* behind the last line that was taken */
    bool valid;               /* what the courier brings follows that */
    bool fetching, arrived;
    bool stale;   /* what is being fetched is not wanted any more */
    bool failing; /* is to be tried again */
    bool ended;   /* so the parcel says, and that was told */
    size_t next;  /* of the parcel */
    int64_t parked_ns;
};

/* --- one store --- */

static enum err open_reader(struct feed *f, struct feed_reader *r, struct far **out, struct errmsg *msg)
{
    struct far *o = mem_zalloc(1, sizeof *o);
    o->feed = f;
    enum err e = store_reader_open(feed_store(f), r->at, &o->reader, msg);
    if (e)
        free(o);
    else
        *out = o;
    return e;
}

static enum err next_of_reader(struct far *o, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    enum err e = o->again ? ERR_OK : store_reader_next(o->reader, &o->seq, &o->line, msg);
    o->again = false;
    *seq = o->seq;
    *line = o->line;
    return e;
}

/* --- several shards --- */

static void fetch(struct far *o, enum courier_way way)
{
    o->arrived = o->ended = false;
    o->next = 0;
    o->fetching = true;
    courier_fetch(o->courier, way, &o->at);
}

static void on_arrived(void *arg)
{
    struct far *o = arg;
    const struct errmsg *msg;
    enum err e = parcel_err(o->courier, &msg);
    o->fetching = false;
    if (o->stale) {
        o->stale = false;
        if (o->user)
            fetch(o, COURIER_BEHIND);
        return;
    }
    o->failing = shard_feed_passes(e) && !parcel_n(o->courier);
    if (o->failing) {
        shard_feed_trouble(o->feed->shards, msg);
        return;
    }
    o->arrived = true;
    if (o->user)
        feed_far_arrived(o->user);
}

void far_retry(struct feed *f)
{
    for (unsigned i = 0; i < f->n_far; i++) {
        struct far *o = f->parked[i];
        if (!o || !o->failing)
            continue;
        o->failing = false;
        o->valid = o->user != NULL;
        if (o->user)
            fetch(o, COURIER_ON);
    }
}

static struct far *far_new(struct feed *f)
{
    struct far *o = mem_zalloc(1, sizeof *o);
    o->feed = f;
    o->courier = shard_feed_courier(f->shards, 0, 1, on_arrived, o);
    position_init(&o->at, feed_shards(f));
    return o;
}

static bool is_at(const struct far *o, const struct position *p)
{
    return o->valid && memcmp(o->at.v, p->v, p->n * sizeof *p->v) == 0;
}

/* The one that was left there, else the one that was left longest ago. */
static struct far *choose(struct feed *f, const struct position *p)
{
    struct far *best = NULL;
    for (unsigned i = 0; i < f->n_far; i++) {
        struct far *o = f->parked[i];
        if (!o || o->user)
            continue;
        if (is_at(o, p))
            return o;
        if (!best || o->parked_ns < best->parked_ns)
            best = o;
    }
    for (unsigned i = 0; i < f->n_far && !(best && !best->valid); i++)
        if (!f->parked[i])
            return f->parked[i] = far_new(f);
    return best;
}

static enum err open_courier(struct feed *f, struct feed_reader *r, struct far **out, struct errmsg *msg)
{
    static const char none[] = "no thread is to be had for reading the log";
    struct far *o = choose(f, &r->position);
    if (!o || !o->courier)
        return err_set(msg, ERR_IO, "%s", none);
    if (!is_at(o, &r->position)) {
        memcpy(o->at.v, r->position.v, r->position.n * sizeof *r->position.v);
        o->valid = true;
        o->failing = false;
        o->stale = o->fetching;
        if (!o->stale)
            fetch(o, COURIER_BEHIND);
    }
    o->user = r;
    *out = o;
    return ERR_OK;
}

static enum err next_of_courier(struct far *o, unsigned *shard, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    const struct errmsg *why;
    if (!o->arrived || o->stale)
        return ERR_MORE;
    if (o->next < parcel_n(o->courier)) {
        struct parcel_line l = parcel_get(o->courier, o->next++);
        o->at.v[l.shard] = l.seq;
        *shard = l.shard;
        *seq = l.seq;
        *line = l.line.line;
        return ERR_OK;
    }
    enum err e = parcel_err(o->courier, &why);
    if (e == ERR_END && !o->ended) {
        o->ended = true; /* whoever comes again finds what is new */
        return ERR_END;
    }
    if (e == ERR_MORE || e == ERR_END || shard_feed_passes(e)) {
        fetch(o, COURIER_ON);
        return ERR_MORE;
    }
    o->valid = false;
    return err_set(msg, e, "%s", why->text);
}

static void park(struct far *o)
{
    o->parked_ns = clock_monotonic_ns();
    o->user = NULL;
}

static void rest_since(struct feed *f, int64_t since_ns)
{
    for (unsigned i = 0; i < f->n_far; i++) {
        struct far *o = f->parked[i];
        if (!o || !o->courier || o->user || !o->valid || o->parked_ns > since_ns)
            continue;
        o->valid = false;
        courier_rest(o->courier);
    }
}

void far_rest(struct feed *f)
{
    rest_since(f, INT64_MAX);
}

void far_tidy(struct feed *f)
{
    rest_since(f, clock_monotonic_ns() - PARKED_NS);
}

void far_free(struct feed *f)
{
    for (unsigned i = 0; i < f->n_far; i++) {
        struct far *o = f->parked[i];
        if (!o)
            continue;
        courier_free(o->courier);
        position_done(&o->at);
        free(o);
        f->parked[i] = NULL;
    }
}

/* --- both --- */

enum err far_open(struct feed *f, struct feed_reader *r, struct far **out, struct errmsg *msg)
{
    return f->shards ? open_courier(f, r, out, msg) : open_reader(f, r, out, msg);
}

void far_close(struct far *o)
{
    if (o->courier) {
        park(o);
        return;
    }
    store_reader_close(o->reader);
    free(o);
}

enum err far_next(struct far *o, unsigned *shard, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    if (o->courier)
        return next_of_courier(o, shard, seq, line, msg);
    *shard = 0;
    return next_of_reader(o, seq, line, msg);
}

void far_undo(struct far *o)
{
    if (!o->courier) {
        o->again = true;
        return;
    }
    struct parcel_line l = parcel_get(o->courier, --o->next);
    o->at.v[l.shard] = l.seq - 1;
}
