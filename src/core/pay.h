/* Lists of periods and what each is worth (lifecertd-rules(7), "Suspension and back pay"). Internal to the core. */
#ifndef CORE_PAY_H
#define CORE_PAY_H

#include "core/decide.h"

/* Begins a list in the decision's arena; lists are built one after the other. */
void pay_begin(struct decision *d, struct pay_list *list);
/* Appends a period with its payday and the amount in force for it. */
void pay_add(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
             lc_month period);

/* The periods from withheld_from whose payday lies before r_day. */
void pay_withheld(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                  lc_month withheld_from, lc_date r_day);
/* The periods after last_period that were paid although nobody was owed them, at a death reported on today. */
void pay_overpaid(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                  const struct record *r, lc_month last_period, lc_date today);
/* What a suspended person who died is still owed: withheld_from to last_period. */
void pay_arrears(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                 const struct record *r, lc_month last_period);
/* What a death wrongly reported took away; r is still terminated. */
void pay_reinstated(struct decision *d, struct pay_list *list, const struct policy *p, const struct history *h,
                    const struct record *r, lc_date today);

#endif
