#include "tests/message/queue.h"

#include <stdio.h>

#include "tests/lib/tap.h"

lc_date queue_today(const struct queue *q)
{
    return tz_date(q->tz, q->now);
}

static struct env env_of(struct queue *q)
{
    static const struct contact none = {.name = {NULL, 0}};
    return (struct env){
        .policies = q->policies,
        .tz = q->tz,
        .now = q->now,
        .today = queue_today(q),
        .id = STR_LIT("1"),
        .history = &q->history,
        .contact = &none,
        .input_policy = POLICY_UNKNOWN,
    };
}

static void keep(struct queue *q)
{
    for (unsigned i = 0; i < q->decision.n; i++) {
        struct event *e = &q->decision.events[i];
        history_add(&q->history, e);
        if (q->n == QUEUE_MAX)
            bail_out("the queue is full");
        q->events[q->n] = *e;
        if (e->type == EV_RESUMED)
            q->events[q->n].u.resumed.back_pay.v = NULL;
        q->events[q->n].subject = STR_LIT("1");
        q->n++;
    }
}

/* All that is due at q->now. */
static void run_due(struct queue *q)
{
    for (;;) {
        struct deadline next = record_next(&q->policies[q->record.policy], &q->record, q->tz, q->now, queue_today(q));
        if (next.at > q->now || (next.kind == DEADLINE_SUSPENSION && q->held))
            return;
        struct env env = env_of(q);
        decide_deadline(&env, &q->record, next.kind, &q->decision);
        keep(q);
    }
}

void queue_pass(struct queue *q, lc_date today, int second, bool asleep)
{
    lc_instant to = tz_instant(q->tz, today, second);
    while (!asleep) {
        struct deadline next = record_next(&q->policies[q->record.policy], &q->record, q->tz, q->now, queue_today(q));
        if (next.at > to || (next.kind == DEADLINE_SUSPENSION && q->held))
            break;
        q->now = next.at > q->now ? next.at : q->now;
        run_due(q);
    }
    q->now = to > q->now ? to : q->now;
    run_due(q);
}

static enum result decide(struct queue *q, struct input *in)
{
    struct env env = env_of(q);
    in->id = STR_LIT("1");
    decide_input(&env, &q->record, in, &q->decision);
    enum result result = q->decision.result;
    keep(q);
    run_due(q);
    return result;
}

enum result queue_certify(struct queue *q, lc_date certified_on, const char *ref)
{
    return decide(q, &(struct input){.op = OP_CERTIFY,
                                     .channel = STR_LIT("face"),
                                     .ref = str_of(ref),
                                     .evidence = STR_LIT("seen"),
                                     .certified_on = certified_on});
}

enum result queue_revoke(struct queue *q, const char *ref)
{
    return decide(q, &(struct input){
                         .op = OP_REVOKE, .channel = STR_LIT("face"), .ref = str_of(ref), .reason = STR_LIT("false")});
}

enum result queue_defer(struct queue *q, lc_date until)
{
    return decide(q, &(struct input){.op = OP_DEFER, .until = until, .reason = STR_LIT("visit")});
}

enum result queue_die(struct queue *q, lc_date died_on)
{
    return decide(q, &(struct input){.op = OP_REPORT_DEATH, .died_on = died_on});
}

enum result queue_retract(struct queue *q)
{
    return decide(q, &(struct input){.op = OP_RETRACT_DEATH, .reason = STR_LIT("alive")});
}

enum result queue_erase(struct queue *q)
{
    return decide(q, &(struct input){.op = OP_ERASE});
}

void queue_adopt(struct queue *q, const struct policy *p)
{
    if (q->n_policies == QUEUE_VERSIONS)
        bail_out("too many policies");
    uint8_t to = (uint8_t)q->n_policies++;
    q->policies[to] = *p;
    if (q->record.status == STATUS_TERMINATED) {
        q->record.policy = to;
        return;
    }
    struct env env = env_of(q);
    decide_adoption(&env, &q->record, to, &q->decision);
    keep(q);
    run_due(q);
}

enum skip queue_skip(const struct queue *q, const struct event *e)
{
    struct recipient r = {
        .record = &q->record,
        .policy = &q->policies[q->record.policy],
        .today = queue_today(q),
        .id = STR_LIT("1"),
        .contact = {.phone = STR_LIT("+8613800000000")},
    };
    record_dates(r.policy, &q->record, &r.dates);
    return message_skip(e, &r);
}

void queue_init(struct queue *q, lc_date enrolled)
{
    struct errmsg msg;
    *q = (struct queue){.n_policies = 1, .policies = {policy_default()}};
    snprintf(q->policies[0].name, sizeof q->policies[0].name, "national");
    if (tz_load("Asia/Shanghai", &q->tz, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    q->now = tz_instant(q->tz, enrolled, 12 * 3600);
    history_init(&q->history);
    decision_init(&q->decision);
    struct env env = env_of(q);
    env.input_policy = 0;
    struct input in = {.op = OP_ENROL,
                       .given = M_POLICY | M_APPROVED_ON | M_LAST_CERTIFIED_ON,
                       .id = STR_LIT("1"),
                       .policy = STR_LIT("national"),
                       .approved_on = enrolled - 3000,
                       .last_certified_on = enrolled,
                       .amount = 100000};
    decide_enrol(&env, &q->record, &in, &q->decision);
    keep(q);
    run_due(q);
}

void queue_done(struct queue *q)
{
    history_done(&q->history);
    decision_done(&q->decision);
    tz_free(q->tz);
}
