/* Readers of the log: where each stands, whose turn it is, and what a slice of looking comes to. */
#include "http/events/feed_inside.h"

#include <inttypes.h>
#include <stdlib.h>

/* Of one slice: about a millisecond. */
#define NEAR_LINES 4096
#define SLICE_NS 1000000
#define CLOCK_EVERY 32  /* lines from far back between two looks at the clock */
#define TURN_SLICES 256 /* while others wait for their turn: 16 MiB, or a quarter of a second of looking */

void feed_move(struct feed_reader *r, enum feed_place place)
{
    struct feed *f = r->feed;
    TAILQ_REMOVE(&f->lists[r->place], r, links);
    TAILQ_INSERT_TAIL(&f->lists[place], r, links);
    r->place = place;
}

/* --- turns of those far back --- */

static void give_back(struct feed_reader *r)
{
    if (!r->own)
        return;
    far_close(r->own);
    r->own = NULL;
    r->feed->n_own--;
}

/* One whose client has taken nothing for a while; NULL: there is none. */
static struct feed_reader *stale(const struct feed *f)
{
    struct feed_reader *r = feed_first(f, PLACE_KEEPING); /* for longest */
    return r && clock_monotonic_ns() - r->keeping_since_ns >= KEEP_MS * INT64_C(1000000) ? r : NULL;
}

bool feed_has_turn(const struct feed *f)
{
    return feed_first(f, PLACE_QUEUED) && (f->n_own < f->n_far || stale(f));
}

/* A reader of its own, from where it is; false: it has to wait for its turn, or there is none to be had. */
static bool get_own(struct feed_reader *r)
{
    struct feed *f = r->feed;
    struct feed_reader *other = f->n_own >= f->n_far ? stale(f) : NULL;
    struct errmsg msg;
    if (other) {
        give_back(other);
        feed_move(other, PLACE_IDLE);
    }
    if (f->n_own >= f->n_far)
        return false;
    enum err e = far_open(f, r, &r->own, &msg);
    if (e != ERR_OK) {
        feed_fail(f, e, &msg);
        return false;
    }
    f->n_own++;
    r->turn = 0;
    return true;
}

/* To where it can look: the tail, its own reader, or the queue for one. */
static void place(struct feed_reader *r)
{
    struct feed *f = r->feed;
    if (f->failed || feed_is_near(r)) {
        give_back(r);
        feed_move(r, PLACE_NEAR);
    } else {
        /* Whoever gave his up waits behind those who wait already. */
        bool next = r == feed_first(f, PLACE_QUEUED) || !feed_first(f, PLACE_QUEUED);
        bool have = r->own || (next && get_own(r));
        feed_move(r, f->failed ? PLACE_NEAR : have ? PLACE_FAR : PLACE_QUEUED);
    }
}

void feed_next_turn(struct feed *f)
{
    if (feed_has_turn(f))
        place(feed_first(f, PLACE_QUEUED));
}

/* --- looking --- */

bool feed_wants(const struct feed_reader *r, enum event_type type, struct str subject)
{
    return (r->types >> type & 1) && (!r->subject.p || str_eq(r->subject, subject));
}

static bool wants_of_tail(const struct feed_reader *r, const struct tail_line *l)
{
    struct event head;
    if (!(r->types >> l->type & 1))
        return false;
    if (!r->subject.p)
        return true;
    return r->hash == l->subject && event_read_head(l->line, &head, &r->feed->arena) == ERR_OK &&
           str_eq(r->subject, head.subject);
}

/* What the owner says to a line: is there more to be looked at? */
static bool offer(struct feed_reader *r, unsigned shard, uint64_t seq, enum event_type type, struct str line,
                  bool *taken)
{
    r->shard = shard;
    enum feed_take take = r->take(r, seq, type, line);
    *taken = take != TAKE_NONE;
    if (*taken)
        feed_moved(r, shard, seq);
    return take == TAKE_ON;
}

/* The tail's next line. false: it stays, for there is enough, or no room for it. */
static bool look_at(struct feed_reader *r, uint64_t number, bool *found)
{
    const struct tail *t = r->feed->tail;
    uint64_t seq = number;
    unsigned shard = r->feed->shards ? tail_shard(t, number, &seq) : 0;
    struct tail_line l = tail_get(t, number);
    bool known = r->feed->shards && seq <= r->position.v[shard]; /* it came from elsewhere, and was further there */
    bool on = true, taken = true;
    if (!known && wants_of_tail(r, &l)) {
        *found = true;
        on = offer(r, shard, seq, l.type, l.line, &taken);
    } else if (!known) {
        feed_moved(r, shard, seq);
    }
    if (taken)
        r->at = number;
    return on;
}

static enum feed_pause look_near(struct feed_reader *r, bool *found)
{
    uint64_t end = tail_end(r->feed->tail);
    if (r->at >= end)
        return FEED_END;
    uint64_t stop = end - r->at > NEAR_LINES ? r->at + NEAR_LINES : end;
    for (uint64_t number = r->at + 1; number <= stop; number++, r->lines++)
        if (!look_at(r, number, found))
            return FEED_ENOUGH;
    return stop == end ? FEED_END : FEED_SLICE;
}

/* One line from where it is far back. ERR_OK: and more may follow. ERR_FULL: the owner has enough. */
static enum err look_own(struct feed_reader *r, bool *found, struct errmsg *msg)
{
    struct event head;
    struct str line;
    uint64_t seq;
    unsigned shard;
    enum err e = far_next(r->own, &shard, &seq, &line, msg);
    if (e != ERR_OK)
        return e;
    if (event_read_head(line, &head, &r->feed->arena) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read", seq);
    r->lines++;
    if (!feed_wants(r, head.type, head.subject)) {
        feed_moved(r, shard, seq);
        return ERR_OK;
    }
    *found = true;
    bool taken, on = offer(r, shard, seq, head.type, line, &taken);
    if (!taken)
        far_undo(r->own);
    return on ? ERR_OK : ERR_FULL;
}

static enum feed_pause look_far(struct feed_reader *r, bool *found)
{
    int64_t until = clock_monotonic_ns() + SLICE_NS;
    struct errmsg msg;
    enum err e = ERR_OK;
    for (unsigned i = 1; e == ERR_OK && (i % CLOCK_EVERY || clock_monotonic_ns() < until); i++)
        e = look_own(r, found, &msg);
    switch (e) {
    case ERR_OK: return FEED_SLICE;
    case ERR_FULL: return FEED_ENOUGH;
    case ERR_MORE: return FEED_LATER;
    case ERR_END: return r->feed->shards ? FEED_SLICE : FEED_END; /* of shards the tail alone knows the end */
    default: break;
    }
    feed_log_fault(r->feed, e, &msg); /* in what is old, perhaps: those near the end need not mind */
    return FEED_FAILED;
}

static void tell(struct feed_reader *r, enum feed_pause why)
{
    r->keeping_since_ns = clock_monotonic_ns();
    feed_move(r, r->own ? PLACE_KEEPING : PLACE_IDLE);
    r->paused(r, why);
}

/* The end of what there is, which the tail has too: those who have nothing to tell of wait here. */
static void reach_end(struct feed_reader *r, bool found)
{
    give_back(r);
    if (r->silent && !found)
        feed_move(r, PLACE_WAITING);
    else
        tell(r, !r->silent && r->at < r->goal ? FEED_SLICE : FEED_END);
}

/* What was found goes on its way while the rest is fetched. */
static void later(struct feed_reader *r, bool found)
{
    if (found)
        tell(r, FEED_SLICE);
    else
        feed_move(r, PLACE_FETCHING);
}

void feed_far_arrived(struct feed_reader *r)
{
    if (r->place != PLACE_FETCHING)
        return;
    feed_move(r, PLACE_FAR);
    feed_stir(r->feed);
}

static bool turn_is_over(struct feed_reader *r)
{
    return feed_first(r->feed, PLACE_QUEUED) && ++r->turn >= TURN_SLICES;
}

void feed_look_on(struct feed_reader *r)
{
    struct feed *f = r->feed;
    bool found = false;
    if (!f->failed && !r->own && !feed_is_near(r)) {
        place(r); /* the tail has moved on meanwhile */
        return;
    }
    enum feed_pause why = f->failed ? FEED_FAILED : r->own ? look_far(r, &found) : look_near(r, &found);
    if (why == FEED_LATER) {
        later(r, found);
        return;
    }
    if (why == FEED_END) {
        reach_end(r, found);
        return;
    }
    if (r->own && (why == FEED_FAILED || feed_is_near(r) || turn_is_over(r)))
        give_back(r);
    tell(r, why);
}

/* --- readers --- */

void feed_join(struct feed *f, struct feed_reader *r)
{
    r->feed = f;
    r->hash = subject_hash(r->subject);
    r->place = PLACE_IDLE;
    TAILQ_INSERT_TAIL(&f->lists[PLACE_IDLE], r, links);
    f->n_joined++;
    watch_timer_set(f->closing, -1);
    feed_open_tail(f);
}

void feed_leave(struct feed_reader *r)
{
    struct feed *f = r->feed;
    if (!f)
        return;
    give_back(r);
    TAILQ_REMOVE(&f->lists[r->place], r, links);
    r->feed = NULL;
    position_done(&r->position);
    if (--f->n_joined == 0 && f->closing)
        watch_timer_set(f->closing, TAIL_CLOSE_MS);
    if (feed_first(f, PLACE_QUEUED))
        feed_stir(f);
}

static bool is_idle(const struct feed_reader *r)
{
    return r->place == PLACE_IDLE || r->place == PLACE_KEEPING;
}

void feed_look(struct feed_reader *r)
{
    struct feed *f = r->feed;
    r->silent = false;
    r->goal = f->shards ? 0 : feed_durable(f, 0); /* of shards the tail has it already (feed_sync()) */
    if (!is_idle(r) && r->place != PLACE_WAITING)
        return;
    if (r->at < r->goal && r->at >= tail_end(f->tail) && !f->failed) {
        f->news = f->hurry = true; /* what it has to see the tail has not taken in yet */
        feed_move(r, PLACE_WAITING);
    } else {
        place(r);
    }
    feed_stir(f);
}

void feed_wait(struct feed_reader *r)
{
    r->silent = true;
    if (!is_idle(r))
        return;
    place(r);
    feed_stir(r->feed);
}
