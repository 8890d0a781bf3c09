#include "core/history.h"

#include <stdlib.h>

#include "base/buf.h"

void history_init(struct history *h)
{
    *h = (struct history){.amount = AMOUNT_NONE};
}

static struct str copy(struct str s)
{
    return s.p ? (struct str){mem_strndup(s.p, s.n), s.n} : STR_NONE;
}

static void drop(struct str s)
{
    free((char *)s.p);
}

void history_done(struct history *h)
{
    drop(h->policy);
    drop(h->category);
    drop(h->unit);
    for (uint32_t i = 0; i < h->n_certs; i++) {
        drop(h->certs[i].channel);
        drop(h->certs[i].ref);
    }
    free(h->certs);
    free(h->amounts);
    free(h->back_pay.v);
    free(h->paid);
    history_init(h);
}

static void set_amount(struct history *h, lc_month from, int64_t amount)
{
    uint32_t i = 0;
    while (i < h->n_amounts && h->amounts[i].from < from)
        i++;
    if (i == h->n_amounts || h->amounts[i].from != from) {
        h->amounts = mem_resize(h->amounts, h->n_amounts + 1, sizeof *h->amounts);
        memmove(h->amounts + i + 1, h->amounts + i, (h->n_amounts - i) * sizeof *h->amounts);
        h->n_amounts++;
    }
    h->amounts[i] = (struct amount_entry){from, amount};
}

static void set_paid(struct history *h, lc_month period, lc_date pay_on)
{
    uint32_t i = h->n_paid;
    while (i > 0 && h->paid[i - 1].period >= period)
        i--;
    if (i == h->n_paid || h->paid[i].period != period) {
        h->paid = mem_resize(h->paid, h->n_paid + 1, sizeof *h->paid);
        memmove(h->paid + i + 1, h->paid + i, (h->n_paid - i) * sizeof *h->paid);
        h->n_paid++;
    }
    h->paid[i] = (struct paid_apart){period, pay_on};
}

static void add_paid(struct history *h, const struct pay_list *list, lc_date pay_on)
{
    for (uint32_t i = 0; i < list->n; i++)
        set_paid(h, list->v[i].period, pay_on);
}

static void add_enrolled(struct history *h, const struct event *e)
{
    h->policy = copy(e->u.enrolled.policy);
    h->category = copy(e->u.enrolled.category);
    h->unit = copy(e->u.enrolled.unit);
    h->approved_on = e->u.enrolled.approved_on;
    h->last_certified_on = e->u.enrolled.last_certified_on;
    h->amount = e->u.enrolled.amount;
    h->amount_from = e->u.enrolled.amount_from;
    h->enrolled_on = e->today;
    if (h->amount != AMOUNT_NONE)
        set_amount(h, h->amount_from, h->amount);
}

static void add_certification(struct history *h, const struct event *e)
{
    h->certs = mem_resize(h->certs, h->n_certs + 1, sizeof *h->certs);
    h->certs[h->n_certs++] = (struct certification){
        .channel = copy(e->u.accepted.channel),
        .ref = copy(e->u.accepted.ref),
        .certified_on = e->u.accepted.certified_on,
    };
}

static void add_resumed(struct history *h, const struct event *e)
{
    const struct pay_list *pay = &e->u.resumed.back_pay;
    h->resumed_on = e->u.resumed.resumed_on;
    h->back_pay.v = mem_resize(h->back_pay.v, pay->n, sizeof *pay->v);
    if (pay->n)
        memcpy(h->back_pay.v, pay->v, pay->n * sizeof *pay->v);
    h->back_pay.n = pay->n;
    h->back_pay.pay_on = pay->pay_on;
    add_paid(h, pay, pay->pay_on);
}

static void add_terminated(struct history *h, const struct event *e)
{
    h->terminated_seq = e->seq;
    h->died_on = e->u.terminated.died_on;
    h->terminated_on = e->u.terminated.reported_on;
    h->last_period = e->u.terminated.last_period;
    add_paid(h, &e->u.terminated.arrears, e->u.terminated.reported_on);
}

static struct certification *find(const struct history *h, struct str channel, struct str ref)
{
    for (uint32_t i = h->n_certs; i-- > 0;)
        if (str_eq(h->certs[i].channel, channel) && str_eq(h->certs[i].ref, ref))
            return &h->certs[i];
    return NULL;
}

static void add_revoked(struct history *h, const struct event *e)
{
    struct certification *c = find(h, e->u.revoked.channel, e->u.revoked.ref);
    if (c)
        c->revoked = true;
}

void history_add(struct history *h, const struct event *e)
{
    switch (e->type) {
    case EV_ENROLLED: add_enrolled(h, e); break;
    case EV_AMENDED:
        if (e->u.amended.given & M_AMOUNT)
            set_amount(h, e->u.amended.amount_from, e->u.amended.amount);
        break;
    case EV_ACCEPTED: add_certification(h, e); break;
    case EV_REVOKED: add_revoked(h, e); break;
    case EV_RESUMED: add_resumed(h, e); break;
    case EV_TERMINATED: add_terminated(h, e); break;
    case EV_REINSTATED: add_paid(h, &e->u.reinstated.back_pay, e->u.reinstated.back_pay.pay_on); break;
    default: break;
    }
}

const struct certification *history_find(const struct history *h, struct str channel, struct str ref)
{
    return find(h, channel, ref);
}

lc_date history_certified(const struct history *h, const struct certification *skip)
{
    lc_date last = h->last_certified_on;
    for (uint32_t i = 0; i < h->n_certs; i++) {
        const struct certification *c = &h->certs[i];
        if (!c->revoked && c != skip && c->certified_on > last)
            last = c->certified_on;
    }
    return last;
}

lc_date history_paid_on(const struct history *h, lc_month period)
{
    for (uint32_t i = h->n_paid; i-- > 0 && h->paid[i].period >= period;)
        if (h->paid[i].period == period)
            return h->paid[i].pay_on;
    return DATE_NONE;
}

int64_t history_amount(const struct history *h, lc_month period)
{
    int64_t amount = AMOUNT_NONE;
    for (uint32_t i = 0; i < h->n_amounts && h->amounts[i].from <= period; i++)
        amount = h->amounts[i].amount;
    return amount;
}
