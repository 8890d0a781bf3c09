/* A policy's parameters (lifecertd-rules(7), "Policies") and the dates derived from a base date. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "base/date.h"

#define POLICY_NAME_MAX 64
#define POLICY_MAX 255      /* versions of policies known at one time */
#define POLICY_UNKNOWN 0xff /* no such policy */
#define CHANNEL_MAX 64
#define REMINDERS_MAX 12

enum cycle_unit { CYCLE_MONTHS, CYCLE_DAYS };
enum validity { VALIDITY_MONTH_END, VALIDITY_EXACT_DAY };
enum resume_rule { RESUME_IMMEDIATE, RESUME_NEXT_MONTH };

struct policy {
    char name[POLICY_NAME_MAX + 1];
    enum cycle_unit cycle_unit;
    int cycle; /* months 1..120 or days 1..3660 */
    enum validity validity;
    int remind_ahead; /* months 0..12 */
    int remind_every; /* months 1..12 */
    int remind_at;    /* second of the local day, a whole minute */
    int grace;        /* days 0..365 */
    int payday;       /* 1..31 */
    enum resume_rule resume;
    int evidence_after; /* months 0..600; 0 never */
    int defer_max;      /* days 0..365 */
    int notice;         /* days 0..365 */
    uint64_t channels;  /* bit i: channel i of the configuration counts; 0: every channel does */
};

/* The dates of a cycle's reminders, ascending; those dated on or before the base date are left out. */
struct reminders {
    int n;
    lc_date on[REMINDERS_MAX];
};

/* The parameters of the preset "national", without a name. */
struct policy policy_default(void);
bool policy_accepts(const struct policy *p, unsigned channel);
/* Same parameters; names are not compared. */
bool policy_equal(const struct policy *a, const struct policy *b);

/* The last day on which the base still counts. */
lc_date policy_due(const struct policy *p, lc_date base);
void policy_reminders(const struct policy *p, lc_date base, lc_date due, struct reminders *out);
/* The day on which a period is paid. */
lc_date policy_payday(const struct policy *p, lc_month period);
/* The period of the first payday on or after d. */
lc_month policy_first_paid(const struct policy *p, lc_date d);
/* The day from which evidence is asked for; DATE_NONE: never. */
lc_date policy_lapse(const struct policy *p, lc_date base);

#endif
