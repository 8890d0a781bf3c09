/* What the stories must have shown before their agreement means anything. */
#include "tests/model/drive.h"

#include <string.h>

enum group { RESULT, TYPE, REASON, EFFECT, SITUATION };

/* least: in 100,000 stories. */
static const struct {
    enum group group;
    const char *name;
    uint64_t least;
} table[] = {
    {RESULT, "applied", 1000000},
    {RESULT, "unchanged", 50000},
    {RESULT, "rejected", 100000},
    {TYPE, "beneficiary.enrolled", 90000},
    {TYPE, "beneficiary.amended", 100000},
    {TYPE, "beneficiary.erased", 10000},
    {TYPE, "certification.accepted", 100000},
    {TYPE, "certification.rejected", 100000},
    {TYPE, "input.rejected", 100000},
    {TYPE, "certification.revoked", 50000},
    {TYPE, "certification.lapsed", 10000},
    {TYPE, "reminder.due", 100000},
    {TYPE, "grace.started", 100000},
    {TYPE, "suspension.deferred", 20000},
    {TYPE, "benefit.suspended", 100000},
    {TYPE, "benefit.resumed", 50000},
    {TYPE, "benefit.terminated", 50000},
    {TYPE, "benefit.reinstated", 30000},
    {REASON, "unknown-policy", 5000},
    {REASON, "already-enrolled", 5000},
    {REASON, "bad-date", 5000},
    {REASON, "terminated", 50000},
    {REASON, "revoked", 2000},
    {REASON, "channel-not-accepted", 10000},
    {REASON, "in-future", 10000},
    {REASON, "before-approval", 10000},
    {REASON, "evidence-required", 5000},
    {REASON, "stale", 10000},
    {REASON, "no-such-certification", 10000},
    {REASON, "not-deferrable", 10000},
    {REASON, "not-terminated", 10000},
    {EFFECT, "renewed", 50000},
    {EFFECT, "superseded", 10000},
    {EFFECT, "reverted", 10000},
    {EFFECT, "none", 5000},
    {EFFECT, "certified-in-time", 1000},
    {EFFECT, "recertified", 10000},
    {EFFECT, "policy-changed", 5000},
    {SITUATION, "forty inputs or more", 99900},
    {SITUATION, "three cycles or more", 99000},
    {SITUATION, "held", 10000},
    {SITUATION, "adopted", 10000},
    {SITUATION, "late reminders merged", 5000},
    {SITUATION, "back pay of several periods", 5000},
    {SITUATION, "back pay of nothing", 1000},
    {SITUATION, "back pay of unknown amount", 1000},
    {SITUATION, "first period after the payday", 100},
    {SITUATION, "arrears", 2000},
    {SITUATION, "overpaid", 5000},
    {SITUATION, "certified after the death", 1000},
    {SITUATION, "reinstated active", 10000},
    {SITUATION, "reinstated suspended", 2000},
    {SITUATION, "reinstated with back pay", 2000},
    {SITUATION, "reinstated suspended with back pay", 20},
    {SITUATION, "first period after the last one paid", 500},
    {SITUATION, "on behalf", 5000},
    {SITUATION, "personal", 10000},
};

#define ROWS (sizeof table / sizeof *table)
_Static_assert(ROWS <= TALLIES, "struct tally is too small");

static void count(struct tally *t, enum group group, const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].group == group && strcmp(table[i].name, name) == 0) {
            t->n[i]++;
            return;
        }
    }
    bail_out("nobody counts \"%s\"", name);
}

void tally_situation(struct tally *t, const char *name)
{
    count(t, SITUATION, name);
}

static void situation_if(struct tally *t, bool seen, const char *name)
{
    if (seen)
        tally_situation(t, name);
}

static void tally_resumed(struct tally *t, const struct m_event *e)
{
    count(t, EFFECT, e->reason);
    situation_if(t, e->back_pay.n > 1, "back pay of several periods");
    situation_if(t, e->back_pay.n == 0, "back pay of nothing");
    situation_if(t, e->back_pay.total == M_AMOUNT_NULL, "back pay of unknown amount");
    situation_if(t, e->first_period > cal_month(e->back_pay.pay_on), "first period after the payday");
}

static void tally_reinstated(struct tally *t, const struct m_event *e)
{
    bool active = m_same(e->status, "active");
    situation_if(t, active, "reinstated active");
    situation_if(t, !active, "reinstated suspended");
    situation_if(t, e->back_pay.n > 0, "reinstated with back pay");
    situation_if(t, !active && e->back_pay.n > 0, "reinstated suspended with back pay");
    situation_if(t, active && e->first_period > cal_month(e->back_pay.pay_on), "first period after the last one paid");
}

void tally_event(struct tally *t, const struct m_event *e)
{
    count(t, TYPE, m_type_names[e->type]);
    switch (e->type) {
    case MT_ACCEPTED:
        count(t, EFFECT, e->effect);
        situation_if(t, e->on_behalf, "on behalf");
        break;
    case MT_REVOKED: count(t, EFFECT, e->effect); break;
    case MT_RESUMED: tally_resumed(t, e); break;
    case MT_REMINDER: situation_if(t, e->missed > 0, "late reminders merged"); break;
    case MT_TERMINATED:
        situation_if(t, e->arrears.n > 0, "arrears");
        situation_if(t, e->overpaid.n > 0, "overpaid");
        situation_if(t, e->certified_after != 0, "certified after the death");
        break;
    case MT_REINSTATED: tally_reinstated(t, e); break;
    case MT_AMENDED: situation_if(t, e->personal, "personal"); break;
    default: break;
    }
}

void tally_answer(struct tally *t, const struct m_answer *answer)
{
    count(t, RESULT, answer->result);
    if (answer->reason)
        count(t, REASON, answer->reason);
}

void tally_add(struct tally *sum, const struct tally *t)
{
    for (size_t i = 0; i < ROWS; i++)
        sum->n[i] += t->n[i];
    sum->stories += t->stories;
    sum->inputs += t->inputs;
    sum->events += t->events;
    sum->deadlines += t->deadlines;
}

unsigned tally_rows(void)
{
    return ROWS;
}

void tally_check(const struct tally *t)
{
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t least = table[i].least * t->stories / 100000;
        ok(t->n[i] >= least, "%s came up %" PRIu64 " times, at least %" PRIu64, table[i].name, t->n[i], least);
    }
}
