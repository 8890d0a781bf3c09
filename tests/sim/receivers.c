#include "tests/sim/receivers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/counts.h"
#include "tests/sim/trace.h"

#define TIMEOUT_MS 30000

const char *const receiver_names[RECEIVER_N] = {CONF_PAYROLL, CONF_CITY, CONF_SMS};

/* One event at one receiver. */
struct slot {
    bool settled;     /* it need not come any more: taken, or given up */
    bool accepted;    /* the sender was told that it was taken, */
    unsigned life;    /* and this was in that life of the daemon */
    bool excused;     /* an operator asked for it again */
    bool may_be_sent; /* a message: it was handed over, and nobody said that nothing came of it */
    bool failed;      /* it had to be tried again: then a row stands for it, which the window does not count */
    unsigned taken;
};

struct book {
    struct slot *v; /* by number - 1 */
    size_t cap;
    uint64_t latest[TOWN_PEOPLE]; /* the last that came of each in this life */
    unsigned again;               /* came again in this life though it was accepted */
    enum mood mood;
};

struct receivers {
    struct book books[RECEIVER_N];
    struct carrying carrying;
    const struct town *town;
    struct rng *dice;
    unsigned life;
};

struct receivers *receivers_new(void)
{
    return mem_zalloc(1, sizeof(struct receivers));
}

void receivers_free(struct receivers *r)
{
    for (int i = 0; i < RECEIVER_N; i++)
        free(r->books[i].v);
    free(r);
}

void receivers_clear(struct receivers *r, const struct town *t, struct rng *dice)
{
    for (int i = 0; i < RECEIVER_N; i++) {
        struct book *b = &r->books[i];
        if (b->cap)
            memset(b->v, 0, b->cap * sizeof *b->v);
        memset(b->latest, 0, sizeof b->latest);
        b->again = 0;
        b->mood = MOOD_WELL;
    }
    r->town = t;
    r->dice = dice;
    r->life = 1;
}

static struct slot *slot_of(struct book *b, uint64_t seq)
{
    if (seq > b->cap) {
        size_t cap = 2 * seq + 256;
        b->v = mem_resize(b->v, cap, sizeof *b->v);
        memset(b->v + b->cap, 0, (cap - b->cap) * sizeof *b->v);
        b->cap = cap;
    }
    return &b->v[seq - 1];
}

static int receiver_of(const char *name)
{
    for (int i = 0; i < RECEIVER_N; i++)
        if (strcmp(name, receiver_names[i]) == 0)
            return i;
    trace_fail("a request goes to %s, which nobody is", name);
}

static bool wants(int which, enum event_type type)
{
    const char *text = event_type_text(type);
    if (which == RECEIVER_PAYROLL)
        return true;
    return which == RECEIVER_CITY && (strncmp(text, "benefit.", 8) == 0 || strncmp(text, "certification.", 14) == 0 ||
                                      strncmp(text, "hold.", 5) == 0);
}

/* --- what comes --- */

/* Part of a redelivery, which has a book of its own in the product: here nothing binds it. */
static bool is_replay(const struct parcel *p)
{
    static const char mark[] = "\"replay\":true";
    return p->call.body.n && memmem(p->call.body.p, p->call.body.n, mark, sizeof mark - 1);
}

/* The event before of the same person that goes there, too, must be settled. */
static void check_before(struct receivers *r, int which, uint64_t seq, int who)
{
    for (uint64_t before = seq - 1; before > 0; before--) {
        if (town_subject(r->town, before) != who || !wants(which, town_type(r->town, before)))
            continue;
        const struct slot *s = slot_of(&r->books[which], before);
        if (!s->settled && !s->excused)
            trace_fail("%s gets event %" PRIu64 " of %s before %" PRIu64, receiver_names[which], seq, town_id(who),
                       before);
        return;
    }
}

static void check_event(struct receivers *r, int which, uint64_t seq)
{
    struct book *b = &r->books[which];
    struct slot *s = slot_of(b, seq);
    int who = town_subject(r->town, seq);
    if (!wants(which, town_type(r->town, seq)))
        trace_fail("%s gets event %" PRIu64 ", which it has not subscribed to", receiver_names[which], seq);
    if (s->excused)
        return;
    if (s->accepted && s->life == r->life)
        trace_fail("%s gets event %" PRIu64 " again, though it took it", receiver_names[which], seq);
    if (s->accepted) { /* from here on it is under way once more */
        s->accepted = false;
        counts_add(COUNT_AGAIN, 1);
        b->again += !s->failed;
        if (b->again > 2 * CONF_UNNOTED && which == RECEIVER_CITY) /* some had a row, which the window does not count */
            trace_fail("%s gets %u events again in one life of the daemon", receiver_names[which], b->again);
    }
    if (who < 0)
        return;
    if (seq < b->latest[who])
        trace_fail("%s gets event %" PRIu64 " of %s after %" PRIu64, receiver_names[which], seq, town_id(who),
                   b->latest[who]);
    b->latest[who] = seq;
    check_before(r, which, seq, who);
}

static void check_message(struct receivers *r, uint64_t seq)
{
    struct slot *s = slot_of(&r->books[RECEIVER_SMS], seq);
    if (s->may_be_sent && !s->excused)
        trace_fail("the message of event %" PRIu64 " is sent a second time", seq);
    s->may_be_sent = true;
    s->excused = false;
    counts_add(COUNT_MESSAGES, 1);
}

static void on_start(void *arg, const struct parcel *p)
{
    struct receivers *r = arg;
    int which = receiver_of(p->endpoint);
    trace_bytes(p->call.body.p, p->call.body.n);
    trace_bytes(p->call.url.p, p->call.url.n);
    trace_line("request to %s: %u events from %" PRIu64, p->endpoint, p->n_seqs, p->n_seqs ? p->seqs[0] : 0);
    counts_add(COUNT_REQUESTS, 1);
    for (unsigned i = 0; i < p->n_seqs; i++) {
        if (p->seqs[i] > town_last(r->town))
            trace_fail("%s gets event %" PRIu64 ", which is not durable", p->endpoint, p->seqs[i]);
        if (which == RECEIVER_SMS)
            check_message(r, p->seqs[i]);
        else if (is_replay(p))
            counts_add(COUNT_REPLAYED, 1);
        else
            check_event(r, which, p->seqs[i]);
    }
}

struct carrying *receivers_carrying(struct receivers *r, const int64_t *now)
{
    r->carrying.now = now;
    r->carrying.started = on_start;
    r->carrying.arg = r;
    r->carrying.forgetful = true;
    return &r->carrying;
}

unsigned receivers_waiting(const struct receivers *r)
{
    return (unsigned)r->carrying.on_their_way;
}

void receivers_cut(struct receivers *r)
{
    carrying_done(&r->carrying);
    r->carrying = (struct carrying){.v = NULL};
    r->life++;
    for (int i = 0; i < RECEIVER_N; i++) {
        r->books[i].again = 0;
        memset(r->books[i].latest, 0, sizeof r->books[i].latest);
    }
}

/* --- answers --- */

void receivers_mood(struct receivers *r, enum receiver which, enum mood mood)
{
    static const char *const words[MOOD_N] = {"well", "flaky", "dead", "slow", "a liar"};
    r->books[which].mood = mood;
    trace_line("%s is %s", receiver_names[which], words[mood]);
}

/* What a receiver does with a request. status as parcel_answer() has it. */
struct reaction {
    int status;
    int64_t retry_after;
    bool takes;
    enum count count;
};

static const struct reaction well = {200, -1, true, COUNT_TAKEN};

static const struct reaction bad[] = {
    {-1, -1, false, COUNT_TIMEOUTS},   {-1, -1, true, COUNT_TIMEOUTS}, {0, -1, false, COUNT_RESETS},
    {500, -1, false, COUNT_N},         {500, -1, true, COUNT_LIED},    {429, 7, false, COUNT_THROTTLED},
    {503, -1, false, COUNT_THROTTLED}, {404, -1, false, COUNT_N},
};

static struct reaction react(struct receivers *r, const struct book *b)
{
    static const struct reaction gone = {410, -1, false, COUNT_GONE}, refused = {0, -1, false, COUNT_RESETS},
                                 silent = {-1, -1, false, COUNT_TIMEOUTS}, lie = {200, -1, false, COUNT_LIED};
    switch (b->mood) {
    case MOOD_DEAD: return rng_below(r->dice, 2) ? refused : silent;
    case MOOD_LIAR: return rng_below(r->dice, 2) ? lie : well;
    case MOOD_FLAKY:
        if (rng_below(r->dice, 60) == 0)
            return gone;
        return rng_below(r->dice, 2) ? bad[rng_below(r->dice, sizeof bad / sizeof *bad)] : well;
    default: return well;
    }
}

static void note_answer(struct receivers *r, int which, const struct parcel *p, const struct reaction *a)
{
    for (unsigned i = 0; i < p->n_seqs && !is_replay(p); i++) {
        struct slot *s = slot_of(&r->books[which], p->seqs[i]);
        s->taken += a->takes;
        if (which != RECEIVER_SMS && a->status == 200) {
            s->accepted = s->settled = true;
            s->excused = false;
            s->life = r->life;
        }
        /* These say that nothing came of it. */
        if (which == RECEIVER_SMS &&
            (a->status == 0 || a->status == 503 || a->status == 404 || a->status == 429 || a->status == 410))
            s->may_be_sent = false;
    }
}

static void answer(struct receivers *r, struct parcel *p)
{
    int which = receiver_of(p->endpoint);
    struct reaction a = react(r, &r->books[which]);
    if (a.count < COUNT_N)
        counts_add(a.count, 1);
    note_answer(r, which, p, &a);
    trace_line("%s answers %d%s for %u events from %" PRIu64, p->endpoint, a.status, a.takes ? ", takes" : "",
               p->n_seqs, p->n_seqs ? p->seqs[0] : 0);
    if (p->n_seqs == 0 && a.status == 200) /* it asks whether it may send */
        parcel_answer_as(&r->carrying, p,
                         &(struct answer){.carried = CARRIED,
                                          .status = 200,
                                          .retry_after = -1,
                                          .allowed_origin = STR_LIT("*"),
                                          .allowed_rate = STR_LIT("6000")});
    else if (which == RECEIVER_SMS && a.status == 200)
        parcel_answer(&r->carrying, p, 202, -1, "0: Accepted for delivery");
    else
        parcel_answer(&r->carrying, p, a.status, a.retry_after, "");
}

/* Does it answer now? */
static bool is_time(struct receivers *r, const struct parcel *p)
{
    enum mood mood = r->books[receiver_of(p->endpoint)].mood;
    if (*r->carrying.now - p->at >= TIMEOUT_MS)
        return true;
    return rng_below(r->dice, mood == MOOD_SLOW ? 24 : 2) == 0;
}

void receivers_answer(struct receivers *r)
{
    for (size_t i = 0; i < r->carrying.n;) {
        struct parcel *p = r->carrying.v[i];
        if (p->state != ON_ITS_WAY || !is_time(r, p)) {
            i++;
            continue;
        }
        if (*r->carrying.now - p->at > TIMEOUT_MS) {
            note_answer(r, receiver_of(p->endpoint), p, &(struct reaction){-1, -1, true, COUNT_TIMEOUTS});
            counts_add(COUNT_TIMEOUTS, 1);
            trace_line("%s let its time pass for %u events from %" PRIu64, p->endpoint, p->n_seqs,
                       p->n_seqs ? p->seqs[0] : 0);
            parcel_answer(&r->carrying, p, -1, -1, "");
        } else {
            answer(r, p);
        }
    }
}

/* --- what is said --- */

void receivers_said(struct receivers *r, const struct deliver_said *s)
{
    trace_line("delivery: %s %s %" PRIu64 " attempt %u %s", deliver_word_text(s->word), s->endpoint, s->seq,
               s->attempts, s->why);
    if (s->seq == 0 || s->replay)
        return;
    struct slot *slot = slot_of(&r->books[receiver_of(s->endpoint)], s->seq);
    switch (s->word) {
    case SAID_DEAD: counts_add(COUNT_DEAD, 1); break;
    case SAID_SKIPPED: counts_add(COUNT_SKIPPED, 1); break;
    case SAID_UNKNOWN: counts_add(COUNT_UNKNOWN, 1); break;
    case SAID_RECEIPT: counts_add(COUNT_RECEIPTS, 1); return;
    case SAID_RETRY: slot->failed = true; return;
    case SAID_DELIVERED: break;
    default: return;
    }
    slot->settled = true;
}

void receivers_excuse(struct receivers *r, enum receiver which, uint64_t seq)
{
    slot_of(&r->books[which], seq)->excused = true;
}

uint64_t receivers_message(const struct receivers *r, struct rng *dice)
{
    const struct book *b = &r->books[RECEIVER_SMS];
    uint64_t n = town_last(r->town);
    for (int tries = 0; n && tries < 40; tries++) {
        uint64_t seq = 1 + rng_below(dice, n);
        if (seq <= b->cap && b->v[seq - 1].may_be_sent)
            return seq;
    }
    return 0;
}

uint64_t receivers_missing(const struct receivers *r, enum receiver *out)
{
    for (int which = RECEIVER_PAYROLL; which <= RECEIVER_CITY; which++) {
        const struct book *b = &r->books[which];
        for (uint64_t seq = 1; seq <= town_last(r->town); seq++) {
            if (!wants(which, town_type(r->town, seq)) ||
                (seq <= b->cap && (b->v[seq - 1].settled || b->v[seq - 1].excused)))
                continue;
            *out = (enum receiver)which;
            return seq;
        }
    }
    return 0;
}
