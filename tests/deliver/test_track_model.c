/* Random histories of an endpoint's track against a naive model of what it promises: order per person, a cursor that
 * leaves nothing behind, a window, and all of that through crashes. --histories N --from SEED replays. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "deliver/track.h"
#include "tests/lib/tap.h"

#define EVENTS 120 /* numbers 1..EVENTS in a history's log */
#define PEOPLE 6   /* and nobody */
#define STEPS 400
#define SLOW 30

enum told {
    UNREAD, /* also after a crash: the log has it */
    PASSED, /* of no interest */
    QUEUED,
    BEHIND,
    TAKEN,
    RETRY,
    APART,
    SETTLED,
};

enum row { ROW_NONE, ROW_WAIT, ROW_APART, ROW_OVER }; /* OVER: given up, or a message that was sent */

struct number {
    int subject; /* -1: of no interest; PEOPLE: of nobody */
    enum told told;
    int64_t at, taken_at;
    bool ever_settled;
    enum row row;              /* as last given to the commit being filled */
    enum row durable;          /* as the store has it, */
    enum row durable_at_start; /* and had it when the track was made */
};

struct history {
    struct rng rng;
    struct track *track;
    struct number v[EVENTS + 2];
    uint64_t queue[PEOPLE + 1][EVENTS]; /* of each person: who may go, in order */
    unsigned queued[PEOPLE + 1];
    uint64_t durable_cursor, swept_cursor;
    uint32_t window, parked;
    int64_t now;
    bool committing;
    bool overtaken; /* one came back from apart behind a later one */
    char why[160];  /* what went wrong; "" */
};

static struct {
    uint64_t takes, settles, retries, aparts, hurries, crashes, commits, read_again, full;
} tally;

static void wrong(struct history *h, const char *what, uint64_t seq)
{
    if (!h->why[0])
        snprintf(h->why, sizeof h->why, "%s: %d", what, (int)seq);
}

static struct str name_of(int subject)
{
    static const char *const names[PEOPLE] = {"a", "b", "c", "d", "e", "f"};
    return subject == PEOPLE ? STR_NONE : str_of(names[subject]);
}

static bool chance(struct history *h, unsigned percent)
{
    return rng_below(&h->rng, 100) < percent;
}

/* --- the naive queues --- */

/* Who is first now, and waited behind others: until its retry's time, if it has one. */
static void promote(struct history *h, int s)
{
    if (h->queued[s] && h->v[h->queue[s][0]].told == BEHIND)
        h->v[h->queue[s][0]].told = h->v[h->queue[s][0]].at ? RETRY : QUEUED;
}

static void leave(struct history *h, uint64_t seq)
{
    int s = h->v[seq].subject;
    unsigned k = 0;
    while (h->queue[s][k] != seq)
        k++;
    memmove(&h->queue[s][k], &h->queue[s][k + 1], (--h->queued[s] - k) * sizeof(uint64_t));
    promote(h, s);
}

/* By number, but not before one that is on its way. */
static void join(struct history *h, uint64_t seq)
{
    int s = h->v[seq].subject;
    unsigned k = 0;
    while (k < h->queued[s] && (h->queue[s][k] < seq || h->v[h->queue[s][k]].told == TAKEN))
        k++;
    h->overtaken |= k > 0 && h->queue[s][k - 1] > seq;
    memmove(&h->queue[s][k + 1], &h->queue[s][k], (h->queued[s]++ - k) * sizeof(uint64_t));
    h->queue[s][k] = seq;
    h->v[seq].told = k ? BEHIND : h->v[seq].told;
    if (k == 0 && h->queued[s] > 1)
        h->v[h->queue[s][1]].told = BEHIND;
}

static bool is_first(const struct history *h, uint64_t seq)
{
    return h->queue[h->v[seq].subject][0] == seq;
}

/* --- reading --- */

static void read_one(struct history *h)
{
    if (!track_room(h->track)) {
        tally.full++;
        return;
    }
    uint64_t seq = track_read(h->track) + 1;
    if (seq > EVENTS)
        return;
    struct number *n = &h->v[seq];
    if (n->subject < 0) {
        track_pass(h->track, seq);
        n->told = PASSED;
        return;
    }
    const struct item *i = track_add(h->track, seq, name_of(n->subject), EV_ENROLLED, STR_LIT("line"));
    if (i && n->durable_at_start != ROW_NONE)
        wrong(h, "one with a row was read again", seq);
    if (!i && n->durable_at_start == ROW_NONE)
        wrong(h, "one without a row was passed over", seq);
    if (!i) {
        tally.read_again++;
        return;
    }
    n->told = QUEUED;
    n->at = 0;
    join(h, seq);
}

/* --- handing out --- */

static bool may_go(const struct history *h, uint64_t seq)
{
    const struct number *n = &h->v[seq];
    return is_first(h, seq) && (n->told == QUEUED || (n->told == RETRY && n->at <= h->now));
}

static void check_nothing_left(struct history *h)
{
    for (int s = 0; s <= PEOPLE; s++)
        if (h->queued[s] && may_go(h, h->queue[s][0]))
            wrong(h, "nothing was handed out, and one might have gone", h->queue[s][0]);
}

static struct item *take(struct history *h)
{
    struct item *i = track_take(h->track, h->now);
    if (!i) {
        check_nothing_left(h);
        return NULL;
    }
    tally.takes++;
    struct number *n = &h->v[i->seq];
    if (!may_go(h, i->seq))
        wrong(h, "one was handed out out of turn", i->seq);
    for (uint64_t q = 1; q < i->seq && !h->overtaken; q++)
        if (h->v[q].subject == n->subject && h->v[q].told >= QUEUED && h->v[q].told <= RETRY)
            wrong(h, "one was handed out before an earlier one of the same person", i->seq);
    n->told = TAKEN;
    n->taken_at = h->now;
    return i;
}

static struct item *find(struct history *h, enum told told)
{
    for (int tries = 0; tries < 20; tries++) {
        uint64_t seq = 1 + rng_below(&h->rng, EVENTS);
        if (h->v[seq].told == told)
            return track_find(h->track, seq);
    }
    return NULL;
}

/* over: a row stays; else what there was is removed. */
static void settle(struct history *h, struct item *i, bool over)
{
    struct number *n = &h->v[i->seq];
    tally.settles++;
    if (over || i->row)
        n->row = over ? ROW_OVER : ROW_NONE;
    if (n->told != APART)
        leave(h, i->seq);
    n->told = SETTLED;
    n->ever_settled = true;
    track_settle(h->track, i);
}

/* What comes of one that is on its way. */
static void answer(struct history *h)
{
    struct item *i = find(h, TAKEN);
    if (!i)
        return;
    struct number *n = &h->v[i->seq];
    switch (rng_below(&h->rng, 8)) {
    case 0:
        n->told = QUEUED;
        track_give_back(h->track, i);
        break;
    case 1:
    case 2:
        tally.retries++;
        n->told = RETRY;
        n->at = h->now + 1 + (int64_t)rng_below(&h->rng, 60);
        n->row = ROW_WAIT;
        track_retry(h->track, i, n->at);
        break;
    case 3:
        tally.aparts++;
        n->at = h->now + 1 + (int64_t)rng_below(&h->rng, 60);
        n->row = ROW_APART;
        leave(h, i->seq);
        n->told = APART;
        track_set_apart(h->track, i, n->at);
        break;
    default: settle(h, i, chance(h, 30));
    }
}

static void expire(struct history *h)
{
    struct item *i = track_take_apart(h->track, h->now);
    if (!i) {
        for (uint64_t q = 1; q <= EVENTS; q++)
            if (h->v[q].told == APART && h->v[q].at <= h->now)
                wrong(h, "one apart whose time has come is not found", q);
        return;
    }
    if (h->v[i->seq].told != APART || h->v[i->seq].at > h->now)
        wrong(h, "one was taken from apart too early", i->seq);
    settle(h, i, true);
}

/* An operator's: of one that waits, or stands apart. */
static void hurry(struct history *h)
{
    struct item *i = find(h, chance(h, 50) ? RETRY : APART);
    if (!i)
        return;
    struct number *n = &h->v[i->seq];
    tally.hurries++;
    bool apart = n->told == APART;
    n->told = RETRY;
    n->at = h->now;
    n->row = ROW_WAIT;
    if (apart)
        join(h, i->seq);
    track_hurry(h->track, i, h->now);
}

static void drop(struct history *h)
{
    struct item *i = find(h, chance(h, 50) ? RETRY : chance(h, 50) ? QUEUED : BEHIND);
    if (i)
        settle(h, i, true);
}

/* One that was given up comes back. */
static void revive(struct history *h)
{
    uint64_t seq = 1 + rng_below(&h->rng, EVENTS);
    struct number *n = &h->v[seq];
    if (n->durable != ROW_OVER || n->row != ROW_OVER || track_find(h->track, seq))
        return;
    n->row = ROW_WAIT;
    n->at = h->now;
    n->told = RETRY;
    join(h, seq);
    track_restore(h->track, seq, name_of(n->subject), EV_ENROLLED, h->now, false);
}

/* --- commits --- */

static void need_row(void *arg, struct item *i)
{
    struct history *h = arg;
    if (h->v[i->seq].row != ROW_NONE)
        wrong(h, "a second row was asked for", i->seq);
    h->v[i->seq].row = ROW_WAIT;
}

/* What the commit on its way will have written. */
static enum row in_commit[EVENTS + 2];

static void begin(struct history *h)
{
    if (h->committing)
        return;
    int64_t at = track_sweep_at(h->track, SLOW);
    uint64_t before = track_cursor(h->track);
    uint64_t cursor = track_sweep(h->track, h->now - SLOW, need_row, h);
    if (cursor < h->swept_cursor)
        wrong(h, "the cursor went back", cursor);
    if ((at <= h->now) != (cursor != before))
        wrong(h, "it was not known whether a sweep would move the cursor", cursor);
    h->swept_cursor = cursor;
    h->committing = true;
    for (uint64_t q = 1; q <= EVENTS; q++)
        in_commit[q] = h->v[q].row;
}

static void written(struct history *h)
{
    for (uint64_t q = 1; q <= EVENTS; q++)
        h->v[q].durable = in_commit[q];
    h->durable_cursor = h->swept_cursor;
    for (uint64_t q = 1; q <= h->durable_cursor; q++)
        if (h->v[q].subject >= 0 && !h->v[q].ever_settled && h->v[q].durable == ROW_NONE)
            wrong(h, "the durable cursor passed one that is neither settled nor has a row", q);
}

static void committed(struct history *h)
{
    if (!h->committing)
        return;
    tally.commits++;
    h->committing = false;
    written(h);
    track_committed(h->track);
}

static void check_bounds(struct history *h)
{
    struct track_counts n;
    track_count(h->track, &n);
    if (track_unnoted(h->track) > h->window)
        wrong(h, "more numbers are unnoted than the window has", track_unnoted(h->track));
    if (n.rows > h->parked + h->window)
        wrong(h, "there are more rows than parked and window", n.rows);
    size_t live = 0, states[SETTLED + 1] = {0};
    for (uint64_t q = 1; q <= EVENTS; q++) {
        live += h->v[q].told >= QUEUED && h->v[q].told <= APART;
        states[h->v[q].told]++;
    }
    if (n.items != live || n.items != n.ready + n.taken + n.retry + n.behind + n.apart)
        wrong(h, "the counts are not those of what is there", n.items);
    if (n.taken != states[TAKEN] || n.apart != states[APART])
        wrong(h, "the counts by state are wrong", n.taken);
}

/* --- crashes --- */

static void restore(struct history *h)
{
    for (uint64_t q = 1; q <= EVENTS; q++) {
        struct number *n = &h->v[q];
        n->row = n->durable;
        n->durable_at_start = n->durable;
        n->told = n->subject < 0 ? PASSED : q > h->durable_cursor && n->durable == ROW_NONE ? UNREAD : SETTLED;
        if (n->durable == ROW_APART || n->durable == ROW_WAIT) {
            n->at = h->now + (int64_t)rng_below(&h->rng, 20);
            track_restore(h->track, q, name_of(n->subject), EV_ENROLLED, n->at, n->durable == ROW_APART);
            n->told = n->durable == ROW_APART ? APART : RETRY;
            if (n->told != APART)
                join(h, q);
        }
    }
    for (uint64_t q = h->durable_cursor + 1; q <= EVENTS; q++)
        if (h->v[q].durable != ROW_NONE)
            track_remember(h->track, q);
}

static void crash(struct history *h)
{
    tally.crashes++;
    if (h->committing && chance(h, 50)) /* it got through, and nobody was told */
        written(h);
    h->committing = false;
    h->swept_cursor = h->durable_cursor;
    h->overtaken = false;
    memset(h->queued, 0, sizeof h->queued);
    track_free(h->track);
    h->track = track_new(h->durable_cursor, h->window, h->parked);
    restore(h);
}

/* --- a history --- */

static void start(struct history *h, uint64_t seed)
{
    memset(h, 0, sizeof *h);
    h->rng = rng_seed(seed);
    h->window = 1 + (uint32_t)rng_below(&h->rng, 40);
    h->parked = 1 + (uint32_t)rng_below(&h->rng, 20);
    h->track = track_new(0, h->window, h->parked);
    int people = 1 + (int)rng_below(&h->rng, PEOPLE);
    for (uint64_t q = 1; q <= EVENTS; q++)
        h->v[q].subject = chance(h, 20) ? -1 : chance(h, 10) ? PEOPLE : (int)rng_below(&h->rng, (uint64_t)people);
}

static void step(struct history *h)
{
    unsigned what = (unsigned)rng_below(&h->rng, 100);
    h->now += (int64_t)rng_below(&h->rng, 4);
    if (what < 35)
        read_one(h);
    else if (what < 55)
        take(h);
    else if (what < 75)
        answer(h);
    else if (what < 82)
        begin(h);
    else if (what < 88)
        committed(h);
    else if (what < 94)
        expire(h);
    else if (what < 96)
        hurry(h);
    else if (what < 97)
        drop(h);
    else if (what < 98)
        revive(h);
    else if (what < 99)
        crash(h);
    else if (chance(h, 20))
        track_limits(h->track, h->window += 8, h->parked);
}

static bool is_over(const struct history *h)
{
    struct track_counts n;
    track_count(h->track, &n);
    return n.items == 0 && track_unnoted(h->track) == 0 && h->durable_cursor == EVENTS;
}

/* All is read and goes well: nothing may be left. */
static void finish(struct history *h)
{
    for (int i = 0; i < 4000 && !h->why[0] && !is_over(h); i++) {
        h->now += 5;
        for (int k = 0; k < 4; k++)
            read_one(h);
        struct item *item = take(h);
        if (!item)
            item = find(h, TAKEN);
        if (item)
            settle(h, item, false);
        expire(h);
        begin(h);
        committed(h);
    }
    if (!is_over(h))
        wrong(h, "something is left at the end", h->durable_cursor);
    for (uint64_t q = 1; q <= EVENTS; q++)
        if (h->v[q].subject >= 0 && !h->v[q].ever_settled)
            wrong(h, "one was never settled", q);
}

static bool run(uint64_t seed)
{
    static struct history h;
    start(&h, seed);
    for (int i = 0; i < STEPS && !h.why[0]; i++) {
        step(&h);
        check_bounds(&h);
    }
    if (!h.why[0])
        finish(&h);
    track_free(h.track);
    if (h.why[0])
        diag("seed %" PRIu64 ": %s", seed, h.why);
    return !h.why[0];
}

static uint64_t option(int argc, char **argv, const char *name, uint64_t fallback)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    return fallback;
}

int main(int argc, char **argv)
{
    uint64_t from = option(argc, argv, "--from", 1), n = option(argc, argv, "--histories", 3000), failed = 0;
    plan(3);
    for (uint64_t seed = from; seed < from + n && failed < 5; seed++)
        failed += !run(seed);
    is_int(failed, 0, "in %" PRIu64 " random histories order, rows, window and cursor are as promised", n);
    diag("%" PRIu64 " taken, %" PRIu64 " settled, %" PRIu64 " retries, %" PRIu64 " apart, %" PRIu64 " hurried",
         tally.takes, tally.settles, tally.retries, tally.aparts, tally.hurries);
    diag("%" PRIu64 " commits, %" PRIu64 " crashes, %" PRIu64 " read again, %" PRIu64 " times full", tally.commits,
         tally.crashes, tally.read_again, tally.full);
    ok(tally.crashes > n / 10 && tally.read_again > n / 10 && tally.hurries > n / 10, "with many crashes among them");
    ok(tally.retries > n && tally.aparts > n && tally.full > n, "and much that failed");
    return tap_end();
}
