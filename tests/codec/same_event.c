#include "codec/input_json.h"
#include "tests/codec/samples.h"

static bool same_pays(const struct pay_list *a, const struct pay_list *b)
{
    if (a->n != b->n || a->pay_on != b->pay_on)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (a->v[i].period != b->v[i].period || a->v[i].payday != b->v[i].payday || a->v[i].amount != b->v[i].amount)
            return false;
    return true;
}

static bool same_policy(const struct event *a, const struct event *b)
{
    if (!policy_equal(a->u.policy_adopted.policy, b->u.policy_adopted.policy) ||
        strcmp(a->u.policy_adopted.policy->name, b->u.policy_adopted.policy->name) != 0 ||
        a->u.policy_adopted.n_channels != b->u.policy_adopted.n_channels)
        return false;
    for (uint32_t i = 0; i < a->u.policy_adopted.n_channels; i++)
        if (!str_eq(a->u.policy_adopted.channels[i], b->u.policy_adopted.channels[i]))
            return false;
    return true;
}

static bool same_config(const struct event *a, const struct event *b)
{
    if (a->u.config_adopted.n_channels != b->u.config_adopted.n_channels)
        return false;
    for (uint32_t i = 0; i < a->u.config_adopted.n_channels; i++)
        if (!str_eq(a->u.config_adopted.channels[i].name, b->u.config_adopted.channels[i].name) ||
            a->u.config_adopted.channels[i].expect_every != b->u.config_adopted.channels[i].expect_every)
            return false;
    return str_eq(a->u.config_adopted.timezone, b->u.config_adopted.timezone) &&
           a->u.config_adopted.brake.kind == b->u.config_adopted.brake.kind &&
           a->u.config_adopted.brake.value == b->u.config_adopted.brake.value &&
           a->u.config_adopted.clock_jump == b->u.config_adopted.clock_jump &&
           a->u.config_adopted.max_downtime == b->u.config_adopted.max_downtime;
}

static struct str given_json(const struct event *e, struct buf *b)
{
    if (!e->u.input_rejected.input)
        return e->u.input_rejected.given;
    input_write(b, e->u.input_rejected.input, ~(uint32_t)(M_OP | M_ID | M_AT | M_NAME | M_PHONE | M_BY), 0);
    return buf_str(b);
}

static bool same_given(const struct event *a, const struct event *b)
{
    struct buf x = BUF_INIT, y = BUF_INIT;
    bool same = str_eq(given_json(a, &x), given_json(b, &y));
    buf_done(&x);
    buf_done(&y);
    return same;
}

#define SAME(field) (a->u.field == b->u.field)
#define SAME_STR(field) str_eq(a->u.field, b->u.field)
#define SAME_PAYS(field) same_pays(&a->u.field, &b->u.field)

static bool same_data(const struct event *a, const struct event *b)
{
    switch (a->type) {
    case EV_ENROLLED:
        return SAME_STR(enrolled.policy) && SAME_STR(enrolled.category) && SAME_STR(enrolled.unit) &&
               SAME(enrolled.approved_on) && SAME(enrolled.last_certified_on) && SAME(enrolled.due_on) &&
               SAME(enrolled.amount) && SAME(enrolled.amount_from);
    case EV_AMENDED:
        return SAME(amended.given) && SAME_STR(amended.policy) && SAME_STR(amended.category) &&
               SAME_STR(amended.unit) && SAME(amended.amount) && SAME(amended.amount_from) && SAME(amended.personal) &&
               SAME(amended.due_on);
    case EV_ACCEPTED:
        return SAME_STR(accepted.ref) && SAME_STR(accepted.channel) && SAME_STR(accepted.evidence) &&
               SAME(accepted.certified_on) && SAME(accepted.received_on) && SAME(accepted.due_on) &&
               SAME(accepted.effect) && SAME(accepted.on_behalf);
    case EV_CERT_REJECTED:
        return SAME_STR(cert_rejected.ref) && SAME_STR(cert_rejected.channel) && SAME_STR(cert_rejected.evidence) &&
               SAME(cert_rejected.certified_on) && SAME(cert_rejected.received_on) && SAME(cert_rejected.reason);
    case EV_INPUT_REJECTED: return SAME(input_rejected.op) && SAME(input_rejected.reason) && same_given(a, b);
    case EV_REVOKED:
        return SAME_STR(revoked.ref) && SAME_STR(revoked.channel) && SAME_STR(revoked.reason) && SAME(revoked.effect) &&
               SAME(revoked.due_on);
    case EV_LAPSED: return SAME(lapsed.base_on) && SAME(lapsed.lapsed_on);
    case EV_REMINDER:
        return SAME(reminder.due_on) && SAME(reminder.number) && SAME(reminder.of) && SAME(reminder.missed);
    case EV_GRACE: return SAME(grace.due_on) && SAME(grace.grace_until);
    case EV_DEFERRED: return SAME(deferred.until) && SAME(deferred.suspend_on) && SAME_STR(deferred.reason);
    case EV_SUSPENDED:
        return SAME(suspended.due_on) && SAME(suspended.suspended_on) && SAME(suspended.first_withheld_period);
    case EV_RESUMED:
        return SAME(resumed.reason) && SAME(resumed.suspended_on) && SAME(resumed.resumed_on) &&
               SAME(resumed.first_period) && SAME_PAYS(resumed.back_pay);
    case EV_TERMINATED:
        return SAME(terminated.died_on) && SAME(terminated.reported_on) && SAME(terminated.certified_after) &&
               SAME(terminated.last_period) && SAME_PAYS(terminated.overpaid) && SAME_PAYS(terminated.arrears);
    case EV_REINSTATED:
        return SAME_STR(reinstated.reason) && SAME(reinstated.undoes) && SAME(reinstated.terminated_on) &&
               SAME(reinstated.first_period) && SAME_PAYS(reinstated.back_pay) && SAME(reinstated.status);
    case EV_POLICY_ADOPTED: return same_policy(a, b);
    case EV_CONFIG_ADOPTED: return same_config(a, b);
    case EV_UNIT_RECORDED: return SAME_STR(unit_recorded.unit);
    case EV_HOLD_PLACED:
    case EV_HOLD_LIFTED:
        return SAME(hold.hold) && SAME(hold.scope.kind) && SAME_STR(hold.scope.name) && SAME_STR(hold.why) &&
               SAME_STR(hold.by) && SAME(hold.until) && SAME(hold.due) && SAME(hold.limit);
    case EV_UNIT_DIGEST: return SAME_STR(digest.unit) && SAME(digest.month) && SAME(digest.count);
    case EV_ERASED:
    case EV_N: break;
    }
    return true;
}

bool same_event(const struct event *a, const struct event *b)
{
    return a->seq == b->seq && a->prev == b->prev && a->time == b->time && a->offset == b->offset &&
           a->today == b->today && a->simulated == b->simulated && a->type == b->type &&
           str_eq(a->subject, b->subject) && same_data(a, b);
}
