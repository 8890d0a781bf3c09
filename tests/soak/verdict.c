#include "tests/soak/verdict.h"

#include <stdlib.h>

#define COMPLAINTS 5
#define GRACE_NS INT64_C(5000000000) /* a message may have been on its way already */

static const char *name_of(const struct verdict_on *v)
{
    return v->arrivals->side->plan->name;
}

static bool is_dead(const struct verdict_on *v, uint64_t seq)
{
    return rows_have(v->rows, seq) && rows_state(v->rows, seq) == DELIVERY_DEAD;
}

static bool is_wanted(const struct verdict_on *v, uint64_t seq)
{
    return side_wants(v->arrivals->side, &v->facts->v[seq]);
}

/* Counts one more, and tells of the first ones. */
static void complain(const struct verdict_on *v, uint64_t *n, uint64_t seq, const char *what)
{
    const struct entry *e = &v->facts->v[seq];
    if ((*n)++ < COMPLAINTS)
        diag("%s: event %" PRIu64 " (%s, about %u) %s", name_of(v), seq, event_type_text((enum event_type)e->type),
             e->person, what);
}

/* --- events --- */

static void judge_arrival(const struct verdict_on *v)
{
    uint64_t missing = 0, dead = 0;
    for (uint64_t seq = 1; seq <= v->facts->n; seq++) {
        if (!is_wanted(v, seq))
            continue;
        bool given_up = is_dead(v, seq);
        dead += given_up;
        if (!given_up && arrivals_of(v->arrivals, seq).accepted == 0)
            complain(v, &missing, seq, "never arrived, and was not given up");
    }
    is_int(missing, 0, "%s: every event arrived or was given up", name_of(v));
    if (!v->arrivals->side->plan->may_give_up)
        is_int(dead, 0, "%s: with retries enough none was given up", name_of(v));
    else
        ok(dead > 0, "%s: with few retries some were", name_of(v));
}

/* Whoever missed an event, for it was given up, sees a mark at the next one that arrives. One that had arrived is no gap,
 * even when a kill made the daemon forget that, send it once more behind what came after it, and give it up. */
static void judge_marks(const struct verdict_on *v)
{
    bool *owed = mem_zalloc(v->facts->people + 1, sizeof *owed);
    uint64_t unmarked = 0;
    for (uint64_t seq = 1; seq <= v->facts->n; seq++) {
        uint32_t person = v->facts->v[seq].person;
        if (person == NOBODY || !is_wanted(v, seq))
            continue;
        bool given_up = is_dead(v, seq);
        if (!given_up && owed[person] && !arrivals_of(v->arrivals, seq).marked)
            complain(v, &unmarked, seq, "follows one that was given up, and has no mark of it");
        owed[person] = given_up && arrivals_of(v->arrivals, seq).accepted == 0;
    }
    is_int(unmarked, 0, "%s: what follows an event that never arrived is marked", name_of(v));
    free(owed);
}

void judge_events(const struct verdict_on *v)
{
    const struct arrivals *a = v->arrivals;
    judge_arrival(v);
    if (a->side->plan->may_give_up)
        judge_marks(v);
    is_int(a->out_of_order, 0, "%s: each person's events arrived in order", name_of(v));
    ok(a->most_after_kill <= a->side->max_unnoted, "%s: at most %u arrived again after one kill (%" PRIu64 ")",
       name_of(v), a->side->max_unnoted, a->most_after_kill);
}

/* --- messages --- */

/* What the daemon says of one message, against what its gateway saw; NULL: that fits. */
static const char *contradiction(const struct verdict_on *v, uint64_t seq)
{
    struct tally t = arrivals_of(v->arrivals, seq);
    if (!rows_have(v->rows, seq))
        return "is not accounted for";
    switch (rows_state(v->rows, seq)) {
    case DELIVERY_SENT: return t.taken ? NULL : "is said to be sent, but the gateway never took it";
    case DELIVERY_SKIPPED: return t.certain ? "is said to be skipped, but the gateway has seen it" : NULL;
    case DELIVERY_UNKNOWN:
    case DELIVERY_DEAD: return NULL;
    default: return "is still waiting";
    }
}

static void judge_accounts(const struct verdict_on *v)
{
    uint64_t wrong = 0, unconfirmed = 0;
    for (uint64_t seq = 1; seq <= v->facts->n; seq++) {
        const char *what = is_wanted(v, seq) ? contradiction(v, seq) : NULL;
        if (what)
            complain(v, &wrong, seq, what);
        if (v->arrivals->side->plan->receipts && arrivals_of(v->arrivals, seq).taken && !v->rows->confirmed[seq])
            complain(v, &unconfirmed, seq, "was taken, and its receipts are not noted");
    }
    is_int(wrong, 0, "%s: every message is accounted for as sent, skipped, unknown or dead", name_of(v));
    if (v->arrivals->side->plan->receipts)
        is_int(unconfirmed, 0, "%s: whatever the gateway took has its receipt noted", name_of(v));
}

/* By number: when an input's event was known to be durable; 0: nobody knows. */
static int64_t *durable_times(const struct verdict_on *v, const struct inputs *in)
{
    int64_t *at = mem_zalloc(v->facts->n + 1, sizeof *at);
    for (size_t i = 0; i < in->n_answered; i++)
        if (in->answered[i].seq <= v->facts->n)
            at[in->answered[i].seq] = in->answered[i].at;
    return at;
}

/* What came later of one person than the event that is looked at. */
struct later {
    int64_t certified_at; /* the next renewal was durable by then; 0: there is none, or nobody knows */
    lc_date due;          /* by it */
    int64_t reverted_at;  /* a revocation may have been decided from then on, which makes a reminder true again */
};

/* From the last event to the first one. */
static void judge_moot(const struct verdict_on *v, const struct inputs *in)
{
    struct later *people = mem_zalloc(v->facts->people + 1, sizeof *people);
    int64_t *at = durable_times(v, in);
    uint64_t moot = 0;
    for (uint32_t i = 0; i <= v->facts->people; i++)
        people[i].reverted_at = INT64_MAX;
    for (uint64_t seq = v->facts->n; seq > 0; seq--) {
        const struct entry *e = &v->facts->v[seq];
        struct tally t = arrivals_of(v->arrivals, seq);
        struct later *l = &people[e->person == NOBODY ? v->facts->people : e->person];
        if (e->type == EV_REMINDER && t.certain && l->certified_at && l->due != e->due &&
            t.at > l->certified_at + GRACE_NS && t.at < l->reverted_at)
            complain(v, &moot, seq, "was sent to somebody who had certified long before");
        if (e->renewed) {
            l->certified_at = at[seq];
            l->due = e->due;
        }
        if (e->reverted && at[seq] - GRACE_NS < l->reverted_at)
            l->reverted_at = at[seq] - GRACE_NS; /* below all others when nobody knows it */
    }
    is_int(moot, 0, "%s: nobody was reminded who had certified", name_of(v));
    free(at);
    free(people);
}

void judge_messages(const struct verdict_on *v, const struct inputs *in)
{
    is_int(v->arrivals->twice, 0, "%s: no message was sent twice", name_of(v));
    is_int(v->counts->sms_duplicates, 0, "%s: nor does its receiver know of one", name_of(v));
    judge_accounts(v);
    judge_moot(v, in);
    ok(v->rows->counts[DELIVERY_SENT] && v->rows->counts[DELIVERY_SKIPPED] &&
           v->rows->counts[DELIVERY_UNKNOWN] + v->rows->counts[DELIVERY_DEAD],
       "%s: some were sent, some skipped, some of unknown outcome", name_of(v));
}

/* --- the receiver --- */

void judge_receiver(const struct verdict_on *v)
{
    const struct counts *c = v->counts;
    is_int(v->arrivals->strangers, 0, "%s: nothing came that was not for it", name_of(v));
    is_int(c->bad_signatures + c->malformed + c->redirected_hits + c->unknown_paths + c->untracked, 0,
           "%s: every signature is good, every request what it should be", name_of(v));
    if (!v->arrivals->side->plan->messages)
        ok(c->verified_v1 > 0 && c->order_violations == 0, "%s: they were verified, and in order", name_of(v));
}
