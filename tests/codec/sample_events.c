#include "core/hold.h"
#include "tests/codec/samples.h"

static lc_date any_date(struct samples *s)
{
    return (lc_date)between(s, DATE_MIN, DATE_LIMIT);
}

static lc_date maybe_date(struct samples *s)
{
    return chance(s, 4) ? DATE_NONE : any_date(s);
}

static lc_month maybe_month(struct samples *s)
{
    return chance(s, 4) ? MONTH_NONE : (lc_month)between(s, 1, 4800);
}

static int64_t maybe_amount(struct samples *s)
{
    return chance(s, 6) ? AMOUNT_NONE : between(s, 0, AMOUNT_MAX);
}

static struct str any_text(struct samples *s, size_t max)
{
    return random_text(s, max, true);
}

static struct str maybe_text(struct samples *s, size_t max)
{
    return chance(s, 4) ? STR_NONE : any_text(s, max);
}

/* from: the first of the sample's periods that the list may use. */
static struct pay_list random_pays(struct samples *s, unsigned from)
{
    struct pay_list l = {.v = s->pays + from, .n = (uint32_t)rng_below(&s->rng, 30)};
    for (uint32_t i = 0; i < l.n; i++)
        l.v[i] = (struct period_pay){(lc_month)between(s, 1, 4800), any_date(s), maybe_amount(s)};
    return l;
}

static struct pay_list random_back_pay(struct samples *s)
{
    struct pay_list l = random_pays(s, 0);
    l.pay_on = maybe_date(s);
    return l;
}

static void random_enrolled(struct samples *s, struct event *e)
{
    e->u.enrolled.policy = any_text(s, 64);
    e->u.enrolled.category = maybe_text(s, 64);
    e->u.enrolled.unit = maybe_text(s, 64);
    e->u.enrolled.approved_on = any_date(s);
    e->u.enrolled.last_certified_on = maybe_date(s);
    e->u.enrolled.due_on = any_date(s);
    e->u.enrolled.amount = maybe_amount(s);
    e->u.enrolled.amount_from = maybe_month(s);
}

static void random_amended(struct samples *s, struct event *e)
{
    uint32_t given = (uint32_t)rng_next(&s->rng) & (M_POLICY | M_CATEGORY | M_UNIT | M_AMOUNT);
    e->u.amended.given = given;
    e->u.amended.policy = given & M_POLICY ? any_text(s, 64) : STR_NONE;
    e->u.amended.category = given & M_CATEGORY ? maybe_text(s, 64) : STR_NONE;
    e->u.amended.unit = given & M_UNIT ? maybe_text(s, 64) : STR_NONE;
    e->u.amended.amount = given & M_AMOUNT ? maybe_amount(s) : 0;
    e->u.amended.amount_from = given & M_AMOUNT ? maybe_month(s) : MONTH_NONE;
    e->u.amended.personal = chance(s, 2);
    e->u.amended.due_on = any_date(s);
}

static void random_accepted(struct samples *s, struct event *e)
{
    e->u.accepted.ref = any_text(s, 128);
    e->u.accepted.channel = any_text(s, 64);
    e->u.accepted.evidence = maybe_text(s, 256);
    e->u.accepted.certified_on = any_date(s);
    e->u.accepted.received_on = any_date(s);
    e->u.accepted.due_on = any_date(s);
    e->u.accepted.effect = (enum cert_effect)rng_below(&s->rng, 2);
    e->u.accepted.on_behalf = chance(s, 2);
}

static void random_cert_rejected(struct samples *s, struct event *e)
{
    e->u.cert_rejected.ref = any_text(s, 128);
    e->u.cert_rejected.channel = any_text(s, 64);
    e->u.cert_rejected.evidence = maybe_text(s, 256);
    e->u.cert_rejected.certified_on = any_date(s);
    e->u.cert_rejected.received_on = any_date(s);
    e->u.cert_rejected.reason = (enum reason)(1 + rng_below(&s->rng, REASON_N - 1));
}

static void random_revoked(struct samples *s, struct event *e)
{
    e->u.revoked.ref = any_text(s, 128);
    e->u.revoked.channel = any_text(s, 64);
    e->u.revoked.reason = any_text(s, 256);
    e->u.revoked.effect = (enum revoke_effect)rng_below(&s->rng, 2);
    e->u.revoked.due_on = any_date(s);
}

static void random_resumed(struct samples *s, struct event *e)
{
    e->u.resumed.reason = (enum resume_reason)rng_below(&s->rng, 3);
    e->u.resumed.suspended_on = any_date(s);
    e->u.resumed.resumed_on = any_date(s);
    e->u.resumed.first_period = (lc_month)between(s, 1, 4800);
    e->u.resumed.back_pay = random_back_pay(s);
}

static void random_terminated(struct samples *s, struct event *e)
{
    e->u.terminated.died_on = any_date(s);
    e->u.terminated.reported_on = any_date(s);
    e->u.terminated.certified_after = maybe_date(s);
    e->u.terminated.last_period = (lc_month)between(s, 1, 4800);
    e->u.terminated.overpaid = random_pays(s, 0);
    e->u.terminated.arrears = random_pays(s, 32);
}

static void random_reinstated(struct samples *s, struct event *e)
{
    e->u.reinstated.reason = any_text(s, 256);
    e->u.reinstated.undoes = rng_next(&s->rng);
    e->u.reinstated.terminated_on = any_date(s);
    e->u.reinstated.first_period = maybe_month(s);
    e->u.reinstated.back_pay = random_back_pay(s);
    e->u.reinstated.status = (enum status)rng_below(&s->rng, STATUS_N);
}

static void random_policy(struct samples *s, struct event *e)
{
    struct policy *p = &s->policy;
    struct str name = any_text(s, POLICY_NAME_MAX);
    memset(p, 0, sizeof *p);
    memcpy(p->name, name.p, name.n);
    p->cycle_unit = (enum cycle_unit)rng_below(&s->rng, 2);
    p->cycle = (int)between(s, 1, p->cycle_unit == CYCLE_MONTHS ? 120 : 3660);
    p->validity = (enum validity)rng_below(&s->rng, 2);
    p->remind_ahead = (int)between(s, 0, 12);
    p->remind_every = (int)between(s, 1, 12);
    p->remind_at = (int)between(s, 0, 1439) * 60;
    p->grace = (int)between(s, 0, 365);
    p->payday = (int)between(s, 1, 31);
    p->resume = (enum resume_rule)rng_below(&s->rng, 2);
    p->evidence_after = (int)between(s, 0, 600);
    p->defer_max = (int)between(s, 0, 365);
    p->notice = (int)between(s, 0, 365);
    e->u.policy_adopted.policy = p;
    e->u.policy_adopted.channels = s->names;
    e->u.policy_adopted.n_channels = (uint32_t)between(s, 0, CHANNEL_MAX);
    for (uint32_t i = 0; i < e->u.policy_adopted.n_channels; i++)
        s->names[i] = any_text(s, 64);
}

static void random_config(struct samples *s, struct event *e)
{
    static const char *const limits[] = {"off", "0", "500", "1000000000", "1%", "0.5%", "0.001%", "12.34%", "100%"};
    e->u.config_adopted.timezone = any_text(s, 64);
    if (!brake_parse(str_of(limits[rng_below(&s->rng, sizeof limits / sizeof limits[0])]), &e->u.config_adopted.brake))
        bail_out("a limit of the samples is none");
    e->u.config_adopted.clock_jump = between(s, 0, INT64_MAX - 1);
    e->u.config_adopted.max_downtime = between(s, 0, 1000000);
    e->u.config_adopted.channels = s->channels;
    e->u.config_adopted.n_channels = (uint32_t)between(s, 0, CHANNEL_MAX);
    for (uint32_t i = 0; i < e->u.config_adopted.n_channels; i++)
        s->channels[i] = (struct channel_setting){any_text(s, 64), chance(s, 2) ? 0 : between(s, 1, INT64_MAX - 2)};
}

static void random_hold(struct samples *s, struct event *e)
{
    enum scope_kind scope = (enum scope_kind)rng_below(&s->rng, 5);
    e->u.hold.hold = (enum hold_kind)rng_below(&s->rng, HOLD_N);
    e->u.hold.scope = (struct scope){scope, scope == SCOPE_ALL ? STR_NONE : any_text(s, 64)};
    e->u.hold.why = maybe_text(s, 256);
    e->u.hold.by = maybe_text(s, 128);
    e->u.hold.until = maybe_date(s);
    e->u.hold.due = between(s, -1, INT64_MAX - 2);
    e->u.hold.limit = between(s, -1, 100000);
}

static void random_input_rejected(struct samples *s, struct event *e)
{
    random_input(s, &s->input); /* starts the sample's text anew: the event's subject is made again */
    e->subject = random_token(s);
    e->u.input_rejected.op = s->input.op;
    e->u.input_rejected.reason = (enum reason)(1 + rng_below(&s->rng, REASON_N - 1));
    e->u.input_rejected.input = &s->input;
}

static void random_data(struct samples *s, struct event *e)
{
    switch (e->type) {
    case EV_ENROLLED: random_enrolled(s, e); break;
    case EV_AMENDED: random_amended(s, e); break;
    case EV_ACCEPTED: random_accepted(s, e); break;
    case EV_CERT_REJECTED: random_cert_rejected(s, e); break;
    case EV_INPUT_REJECTED: random_input_rejected(s, e); break;
    case EV_REVOKED: random_revoked(s, e); break;
    case EV_LAPSED:
        e->u.lapsed.base_on = any_date(s);
        e->u.lapsed.lapsed_on = any_date(s);
        break;
    case EV_REMINDER:
        e->u.reminder.due_on = any_date(s);
        e->u.reminder.number = (int)between(s, 1, 12);
        e->u.reminder.of = (int)between(s, 1, INT32_MAX);
        e->u.reminder.missed = (int)between(s, 0, 11);
        break;
    case EV_GRACE:
        e->u.grace.due_on = any_date(s);
        e->u.grace.grace_until = any_date(s);
        break;
    case EV_DEFERRED:
        e->u.deferred.until = any_date(s);
        e->u.deferred.suspend_on = any_date(s);
        e->u.deferred.reason = any_text(s, 256);
        break;
    case EV_SUSPENDED:
        e->u.suspended.due_on = any_date(s);
        e->u.suspended.suspended_on = any_date(s);
        e->u.suspended.first_withheld_period = (lc_month)between(s, 1, 4800);
        break;
    case EV_RESUMED: random_resumed(s, e); break;
    case EV_TERMINATED: random_terminated(s, e); break;
    case EV_REINSTATED: random_reinstated(s, e); break;
    case EV_POLICY_ADOPTED: random_policy(s, e); break;
    case EV_CONFIG_ADOPTED: random_config(s, e); break;
    case EV_UNIT_RECORDED: e->u.unit_recorded.unit = any_text(s, 64); break;
    case EV_HOLD_PLACED:
    case EV_HOLD_LIFTED: random_hold(s, e); break;
    case EV_UNIT_DIGEST:
        e->u.digest.unit = any_text(s, 64);
        e->u.digest.month = (lc_month)between(s, 1, 4800);
        e->u.digest.count = between(s, 0, INT64_MAX - 1);
        break;
    case EV_ERASED:
    case EV_N: break;
    }
}

void random_event(struct samples *s, enum event_type type, struct event *e)
{
    s->used = 0;
    memset(e, 0, sizeof *e);
    e->seq = chance(s, 4) ? UINT64_MAX - rng_below(&s->rng, 3) : rng_next(&s->rng) >> rng_below(&s->rng, 64);
    e->prev = chance(s, 4) ? 0 : rng_next(&s->rng) >> rng_below(&s->rng, 64);
    e->today = (lc_date)between(s, DATE_MIN, DATE_LIMIT);
    e->offset = (int32_t)between(s, -1439, 1439) * 60;
    e->time = (lc_instant)(e->today - DATE_UNIX_EPOCH) * 86400 + between(s, 0, 86399) - e->offset;
    /* instants beyond the dates are shown as the nearest that has one */
    if (e->today <= DATE_MIN + 1 || e->today >= DATE_LIMIT - 1) {
        e->offset = 0;
        e->time = (lc_instant)(e->today - DATE_UNIX_EPOCH) * 86400;
    }
    e->simulated = chance(s, 2);
    e->type = type;
    e->subject = chance(s, 4) ? STR_NONE : random_token(s);
    random_data(s, e);
}
