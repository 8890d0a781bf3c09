#include "core/pay.h"

int64_t pay_total(const struct pay_list *l)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].amount == AMOUNT_NONE)
            return AMOUNT_NONE;
        total += l->v[i].amount;
    }
    return total;
}

void pay_begin(struct decision *d, struct pay_list *list)
{
    *list = (struct pay_list){.v = d->pays + d->n_pays};
}

void pay_add(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
             lc_month period)
{
    /* The arena holds every list that one decision can make of all months there are. */
    if (d->n_pays == d->cap_pays)
        return;
    d->pays[d->n_pays++] = (struct period_pay){period, policy_payday(p, period), history_amount(h, period)};
    list->n++;
}

void pay_withheld(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                  lc_month withheld_from, lc_date r_day)
{
    pay_begin(d, list);
    for (lc_month m = withheld_from; policy_payday(p, m) < r_day; m++)
        pay_add(d, list, p, h, m);
    list->pay_on = policy_payday(p, policy_first_paid(p, r_day));
}

static bool contains(const struct pay_list *list, lc_month period)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (list->v[i].period == period)
            return true;
    return false;
}

/* Is the latest resumption's back pay still to be paid on that day? */
static bool back_pay_open(const struct history *h, lc_date on)
{
    return h->resumed_on != DATE_NONE && h->back_pay.pay_on >= on;
}

void pay_overpaid(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                  const struct record *r, lc_month last_period, lc_date today)
{
    bool suspended = r->status == STATUS_SUSPENDED, open = back_pay_open(h, today);
    pay_begin(d, list);
    for (lc_month m = last_period + 1; policy_payday(p, m) < today; m++) {
        if (policy_payday(p, m) < h->enrolled_on || (suspended && m >= r->withheld_from))
            continue;
        if (open && contains(&h->back_pay, m))
            continue;
        pay_add(d, list, p, h, m);
    }
}

void pay_arrears(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                 const struct record *r, lc_month last_period)
{
    pay_begin(d, list);
    if (r->status != STATUS_SUSPENDED)
        return;
    for (lc_month m = r->withheld_from; m <= last_period; m++)
        pay_add(d, list, p, h, m);
}

void pay_reinstated(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                    const struct record *r, lc_date today)
{
    bool cut = back_pay_open(h, r->terminated_on);
    lc_date from = r->resumed_on > r->terminated_on ? r->resumed_on : r->terminated_on;
    lc_month last = date_month(today);
    if (cut && h->back_pay.n && h->back_pay.v[h->back_pay.n - 1].period > last)
        last = h->back_pay.v[h->back_pay.n - 1].period;
    pay_begin(d, list);
    for (lc_month m = h->last_period + 1; m <= last; m++) {
        lc_date payday = policy_payday(p, m);
        bool unpaid = !r->suspended_at_death && payday >= from && payday < today;
        if (unpaid || (cut && contains(&h->back_pay, m)))
            pay_add(d, list, p, h, m);
    }
    list->pay_on = policy_payday(p, policy_first_paid(p, today));
}
