/* Who is paid for a period, and when (lifecertd-http(7), "GET /v1/periods/MONTH").
 *
 * What the record does not know is in the person's events: a period that was not paid on its payday is named by the
 * back pay of a resumption or a reinstatement, or by the arrears of a termination, and the latest event that names it
 * tells when it is paid. They are walked back only where there was such a list, and no further than an event could
 * name the period; archived events have left their word in the folded history. */
#include "engine/internal.h"

static bool names(const struct pay_list *list, lc_month period)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (list->v[i].period == period)
            return true;
    return false;
}

/* The day on which the event says that the period is paid; DATE_NONE: it does not name it. */
static lc_date paid_by(const struct event *ev, lc_month period)
{
    switch (ev->type) {
    case EV_RESUMED: return names(&ev->u.resumed.back_pay, period) ? ev->u.resumed.back_pay.pay_on : DATE_NONE;
    case EV_REINSTATED: return names(&ev->u.reinstated.back_pay, period) ? ev->u.reinstated.back_pay.pay_on : DATE_NONE;
    case EV_TERMINATED: return names(&ev->u.terminated.arrears, period) ? ev->u.terminated.reported_on : DATE_NONE;
    default: return DATE_NONE;
    }
}

struct search {
    lc_month period;
    bool wants_last; /* the person is terminated: the last period is not known yet */
    bool wants_day;  /* an event may name the period */
    lc_date paid_on; /* DATE_NONE: none does */
    lc_month last_period;
};

static enum err look_at(struct engine *e, struct search *s, const struct event *head, struct errmsg *msg)
{
    struct event ev;
    size_t where;
    if (head->type != EV_RESUMED && head->type != EV_REINSTATED && head->type != EV_TERMINATED)
        return ERR_OK;
    if (event_read(buf_str(&e->history_text), &ev, &e->arena, &where) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %llu cannot be read at byte %zu", (unsigned long long)head->seq, where);
    s->paid_on = paid_by(&ev, s->period);
    if (s->wants_last && ev.type == EV_TERMINATED) {
        s->wants_last = false;
        s->last_period = ev.u.terminated.last_period;
    }
    s->wants_day = s->wants_day && s->paid_on == DATE_NONE && s->period <= s->last_period;
    return ERR_OK;
}

/* A list never names a month that begins after the day of its event. Changes of the zone may have set the day back by
 * two since. */
static bool too_early(const struct search *s, const struct event *head)
{
    return !s->wants_last && head->today + 2 < month_day(s->period, 1);
}

static bool goes_on(const struct search *s)
{
    return s->wants_last || s->wants_day;
}

/* What the archived events have to say. */
static void take_history(struct search *s, const struct history *h)
{
    if (s->wants_last && h->terminated_seq)
        s->last_period = h->last_period;
    if (s->wants_day && s->period <= s->last_period)
        s->paid_on = history_paid_on(h, s->period);
    s->wants_last = s->wants_day = false;
}

/* ERR_ABSENT: the event's person has no history that ends there. */
static enum err search_archived(struct engine *e, uint64_t seq, struct search *s, struct errmsg *msg)
{
    struct history h;
    enum err err = history_archived(e, seq, &h, msg);
    if (err == ERR_OK)
        take_history(s, &h);
    history_done(&h);
    return err;
}

/* From the latest event back. */
static enum err search_from(struct engine *e, uint64_t seq, struct search *s, struct errmsg *msg)
{
    uint64_t archived = history_archived_up_to(e);
    bool asked = false;
    while (seq && goes_on(s)) {
        struct event head;
        enum err err = ERR_ABSENT;
        if (seq <= archived && !asked) {
            asked = true;
            err = search_archived(e, seq, s, msg);
        }
        if (err != ERR_ABSENT)
            return err;
        buf_clear(&e->history_text);
        err = history_line(e, seq, &e->history_text, &head, msg);
        if (err == ERR_OK && too_early(s, &head))
            break;
        if (err == ERR_OK)
            err = look_at(e, s, &head, msg);
        if (err != ERR_OK)
            return err;
        seq = head.prev;
    }
    return ERR_OK;
}

/* What was archived while it was under way is found out by missing an event; then it begins anew. */
static enum err search(struct engine *e, uint64_t seq, struct search *s, struct errmsg *msg)
{
    enum { TRIES = 4 };
    const struct search wanted = *s;
    enum err err = ERR_ARCHIVED;
    for (int i = 0; i < TRIES && err == ERR_ARCHIVED; i++) {
        *s = wanted;
        err = search_from(e, seq, s, msg);
    }
    return err;
}

enum err period_claim(struct engine *e, const struct policy *in_force, const struct entry *entry, lc_month period,
                      struct claim *out, struct errmsg *msg)
{
    const struct record *r = &entry->rec;
    bool terminated = r->status == STATUS_TERMINATED;
    *out = (struct claim){.kind = CLAIM_NONE};
    /* Nobody is reported dead before having died. */
    if (period < date_month(r->approved_on) || (terminated && period > date_month(r->terminated_on)))
        return ERR_OK;
    if (r->status == STATUS_SUSPENDED && period >= r->withheld_from) {
        out->kind = CLAIM_WITHHELD;
        return ERR_OK;
    }
    struct search s = {
        .period = period, .wants_last = terminated, .wants_day = r->paid_apart, .last_period = MONTH_MAX};
    out->walked = s.wants_last || s.wants_day;
    enum err err = search(e, entry->seq, &s, msg);
    if (err != ERR_OK || period > s.last_period)
        return err;
    out->kind = CLAIM_PAYABLE;
    out->pay_on = s.paid_on != DATE_NONE ? s.paid_on : policy_payday(in_force, period);
    return ERR_OK;
}

void period_write(const struct person *p, const struct policy *policy, const struct claim *c, struct buf *out)
{
    bool withheld = c->kind == CLAIM_WITHHELD;
    BUF_LIT(out, "{\"id\":");
    buf_add_json(out, p->id);
    BUF_LIT(out, ",\"policy\":");
    buf_add_json(out, str_of(policy->name));
    buf_adds(out, withheld ? ",\"state\":\"withheld\",\"pay_on\":" : ",\"state\":\"payable\",\"pay_on\":");
    json_date(out, c->pay_on);
    BUF_LIT(out, ",\"withheld_from\":");
    json_month(out, withheld ? p->entry.rec.withheld_from : MONTH_NONE);
    BUF_LIT(out, ",\"suspended_on\":");
    json_date(out, withheld ? p->entry.rec.suspended_on : DATE_NONE);
    buf_addc(out, '}');
}
