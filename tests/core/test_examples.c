/* Worked examples: the manual's own, those of agencies' notices, and both sides of every boundary. What each line of a
 * script means stands in life.h; the tales were worked out by hand from lifecertd-rules(7). */
#include "tests/core/life.h"
#include "tests/lib/tap.h"

struct example {
    const char *name;
    const char *script;
    const char *tale;
};

/* Approved on 2025-06-01 and never certified: due 2026-06-30, grace until 07-15, suspended on 07-16. */
#define NEVER "~2025-06-01 enrol approved_on=2025-06-01 amount=350000\n"

static const struct example due_dates[] = {
    {"approved in 2026-02: due at the end of 2027-02", "2026-02-10 enrol approved_on=2026-02-10",
     "2026-02-10 beneficiary.enrolled policy=national approved_on=2026-02-10 last_certified_on=null amount=null "
     "amount_from=null due_on=2027-02-28\n"},
    {"certified in 2026-05: due at the end of 2027-05",
     "~2026-05-01 enrol approved_on=2026-05-01\n"
     "2026-05-20 certify ref=1 certified_on=2026-05-20",
     "2026-05-20 certification.accepted renewed certified_on=2026-05-20 due_on=2027-05-31\n"},
    {"certified in June 2024: valid to the end of June 2025",
     "~2024-06-01 enrol approved_on=2024-06-01\n"
     "2024-06-03 certify ref=1 certified_on=2024-06-03",
     "2024-06-03 certification.accepted renewed certified_on=2024-06-03 due_on=2025-06-30\n"},
    {"benefits from 2018-03, certified early in 2019-02: next due 2020-02-29",
     "~2018-03-20 enrol approved_on=2018-03-20\n"
     "2019-02-11 certify ref=1 certified_on=2019-02-11\n"
     "2019-11-30 show",
     "2019-01-01 reminder.due 1/3 missed=0 due_on=2019-03-31\n"
     "2019-02-01 reminder.due 2/3 missed=0 due_on=2019-03-31\n"
     "2019-02-11 certification.accepted renewed certified_on=2019-02-11 due_on=2020-02-29\n"
     "active base=2019-02-11 due=2020-02-29 grace_until=2020-03-15 suspend_on=2020-03-16 next=reminder 2019-12-01\n"},
    {"the enrolment's last certification is the base",
     "2026-02-10 enrol approved_on=2020-02-10 last_certified_on=2025-04-30",
     "2026-02-10 beneficiary.enrolled policy=national approved_on=2020-02-10 last_certified_on=2025-04-30 amount=null "
     "amount_from=null due_on=2026-04-30\n"
     "2026-02-10 reminder.due 1/3 missed=0 due_on=2026-04-30\n"},
    {"exact-day, from a leap day: the last day of February",
     "policy national validity=exact-day\n"
     "2024-02-29 enrol approved_on=2024-02-29\n"
     "2024-02-29 show",
     "2024-02-29 beneficiary.enrolled policy=national approved_on=2024-02-29 last_certified_on=null amount=null "
     "amount_from=null due_on=2025-02-28\n"
     "active base=2024-02-29 due=2025-02-28 grace_until=2025-03-15 suspend_on=2025-03-16 next=reminder 2024-11-28\n"},
    {"exact-day, from a leap day to the next one",
     "policy national validity=exact-day cycle=48m\n"
     "~2024-02-29 enrol approved_on=2024-02-29\n"
     "2024-02-29 show",
     "active base=2024-02-29 due=2028-02-29 grace_until=2028-03-15 suspend_on=2028-03-16 next=reminder 2027-11-29\n"},
    {"exact-day, from the 31st to a shorter month",
     "policy national validity=exact-day cycle=1m remind_ahead=0\n"
     "~2026-05-31 enrol approved_on=2026-05-31\n"
     "2026-05-31 show",
     "active base=2026-05-31 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=grace 2026-07-01\n"},
    {"2000 was a leap year",
     "policy national remind_ahead=0\n"
     "~1999-02-10 enrol approved_on=1999-02-10\n"
     "1999-02-10 show",
     "active base=1999-02-10 due=2000-02-29 grace_until=2000-03-15 suspend_on=2000-03-16 next=grace 2000-03-01\n"},
    {"2100 will not be one",
     "policy national remind_ahead=0\n"
     "~2099-02-10 enrol approved_on=2099-02-10\n"
     "2099-02-10 show",
     "active base=2099-02-10 due=2100-02-28 grace_until=2100-03-15 suspend_on=2100-03-16 next=grace 2100-03-01\n"},
    {"365 days, exact-day",
     "policy national cycle=365d validity=exact-day\n"
     "~2027-03-10 enrol approved_on=2027-03-10\n"
     "2027-03-10 show",
     "active base=2027-03-10 due=2028-03-09 grace_until=2028-03-24 suspend_on=2028-03-25 next=reminder 2027-12-09\n"},
    {"90 days, to the end of the month",
     "policy national cycle=90d\n"
     "~2026-01-10 enrol approved_on=2026-01-10\n"
     "2026-01-10 show",
     "active base=2026-01-10 due=2026-04-30 grace_until=2026-05-15 suspend_on=2026-05-16 next=reminder 2026-02-01\n"},
    {"half a year",
     "policy national cycle=6m\n"
     "~2026-08-31 enrol approved_on=2026-08-31\n"
     "2026-08-31 show",
     "active base=2026-08-31 due=2027-02-28 grace_until=2027-03-15 suspend_on=2027-03-16 next=reminder 2026-12-01\n"},
};

static const struct example deadlines[] = {
    {"certified 2025-05: messages in 2026-03, 04 and 05; with grace 0 June is the first period withheld",
     "policy national grace=0\n"
     "~2025-05-01 enrol approved_on=2024-05-20\n"
     "2025-05-12 certify ref=1 certified_on=2025-05-12\n"
     "2026-06-30 run",
     "2025-05-12 certification.accepted renewed certified_on=2025-05-12 due_on=2026-05-31\n"
     "2026-03-01 reminder.due 1/3 missed=0 due_on=2026-05-31\n"
     "2026-04-01 reminder.due 2/3 missed=0 due_on=2026-05-31\n"
     "2026-05-01 reminder.due 3/3 missed=0 due_on=2026-05-31\n"
     "2026-06-01 benefit.suspended due_on=2026-05-31 suspended_on=2026-06-01 first_withheld_period=2026-06\n"},
    {"with grace 15 it is still paid through 2026-06-15 and suspended on 06-16",
     "~2025-05-01 enrol approved_on=2024-05-20\n"
     "~2025-05-12 certify ref=1 certified_on=2025-05-12\n"
     "~2026-05-31 run\n"
     "2026-06-30 run",
     "2026-06-01 grace.started due_on=2026-05-31 grace_until=2026-06-15\n"
     "2026-06-16 benefit.suspended due_on=2026-05-31 suspended_on=2026-06-16 first_withheld_period=2026-07\n"},
    {"suspended on the payday itself: that period is withheld",
     "policy national grace=14\n" NEVER "~2026-07-01 run\n"
     "2026-07-31 run",
     "2026-07-15 benefit.suspended due_on=2026-06-30 suspended_on=2026-07-15 first_withheld_period=2026-07\n"},
    {"a month-end due date in February: reminders in December, January and February",
     "~2026-02-10 enrol approved_on=2026-02-10\n"
     "2027-02-28 run",
     "2026-12-01 reminder.due 1/3 missed=0 due_on=2027-02-28\n"
     "2027-01-01 reminder.due 2/3 missed=0 due_on=2027-02-28\n"
     "2027-02-01 reminder.due 3/3 missed=0 due_on=2027-02-28\n"},
    {"exact-day reminders keep to the day of the month or its last",
     "policy national validity=exact-day\n"
     "~2026-01-31 enrol approved_on=2026-01-31\n"
     "2027-01-31 run",
     "2026-10-31 reminder.due 1/3 missed=0 due_on=2027-01-31\n"
     "2026-11-30 reminder.due 2/3 missed=0 due_on=2027-01-31\n"
     "2026-12-31 reminder.due 3/3 missed=0 due_on=2027-01-31\n"},
    {"every second month, from five months ahead",
     "policy national remind_ahead=5 remind_every=2\n"
     "~2026-02-10 enrol approved_on=2026-02-10\n"
     "2027-02-28 run",
     "2026-10-01 reminder.due 1/3 missed=0 due_on=2027-02-28\n"
     "2026-12-01 reminder.due 2/3 missed=0 due_on=2027-02-28\n"
     "2027-02-01 reminder.due 3/3 missed=0 due_on=2027-02-28\n"},
    {"no reminders",
     "policy national remind_ahead=0\n"
     "~2026-02-10 enrol approved_on=2026-02-10\n"
     "2027-02-28 show",
     "active base=2026-02-10 due=2027-02-28 grace_until=2027-03-15 suspend_on=2027-03-16 next=grace 2027-03-01\n"},
    {"a reminder on the base date or before it is not scheduled",
     "policy national cycle=2m\n"
     "~2026-01-01 enrol approved_on=2026-01-01\n"
     "2026-03-31 run",
     "2026-02-01 reminder.due 1/2 missed=0 due_on=2026-03-31\n"
     "2026-03-01 reminder.due 2/2 missed=0 due_on=2026-03-31\n"},
    {"one the day after the base date is",
     "policy national cycle=2m\n"
     "2025-12-31 enrol approved_on=2025-12-31\n"
     "2026-02-01 run",
     "2025-12-31 beneficiary.enrolled policy=national approved_on=2025-12-31 last_certified_on=null amount=null "
     "amount_from=null due_on=2026-02-28\n"
     "2026-01-01 reminder.due 1/2 missed=0 due_on=2026-02-28\n"
     "2026-02-01 reminder.due 2/2 missed=0 due_on=2026-02-28\n"},
    {"a reminder at its time of day, everything else at midnight",
     NEVER "2026-03-31 seconds\n"
           "2026-04-01T09:00:00 seconds\n"
           "~2026-06-30 run\n"
           "2026-06-30 seconds\n"
           "~2026-07-01 run\n"
           "2026-07-01 seconds\n"
           "~2026-07-16 run\n"
           "2026-07-16 seconds",
     "next=reminder 2026-04-01T09:00:00\n"
     "2026-04-01 reminder.due 1/3 missed=0 due_on=2026-06-30\n"
     "next=reminder 2026-05-01T09:00:00\n"
     "next=grace 2026-07-01T00:00:00\n"
     "next=suspension 2026-07-16T00:00:00\n"
     "next=lapse 2027-06-01T00:00:00\n"},
    {"late reminders are merged into the latest",
     NEVER "2026-05-10 sleep\n"
           "2026-06-30 run",
     "2026-05-10 reminder.due 2/3 missed=1 due_on=2026-06-30\n"
     "2026-06-01 reminder.due 3/3 missed=0 due_on=2026-06-30\n"},
    {"on the due date there is still a reason to remind", NEVER "2026-06-30T23:59:59 sleep",
     "2026-06-30 reminder.due 3/3 missed=2 due_on=2026-06-30\n"},
    {"after it there is none", NEVER "2026-07-01T00:00:00 sleep",
     "2026-07-01 grace.started due_on=2026-06-30 grace_until=2026-07-15\n"},
    {"who slept past both passes through grace", NEVER "2026-08-20 sleep",
     "2026-08-20 grace.started due_on=2026-06-30 grace_until=2026-07-15\n"
     "2026-08-20 benefit.suspended due_on=2026-06-30 suspended_on=2026-08-20 first_withheld_period=2026-09\n"},
    {"a renewal's own day is not a day to remind",
     "policy national cycle=2m\n"
     "~2026-02-01 enrol approved_on=2026-02-01\n"
     "2026-02-28T08:00:00 certify ref=1 certified_on=2026-02-28\n"
     "2026-03-01T08:00:00 certify ref=2 certified_on=2026-03-01\n"
     "2026-03-31 run",
     "2026-02-28 certification.accepted renewed certified_on=2026-02-28 due_on=2026-04-30\n"
     "2026-03-01 certification.accepted renewed certified_on=2026-03-01 due_on=2026-05-31\n"},
    {"certified yesterday: the day after the renewal is one",
     "policy national cycle=1m\n"
     "~2026-03-01 enrol approved_on=2026-03-01\n"
     "2026-03-31T08:00:00 certify ref=1 certified_on=2026-03-30\n"
     "2026-04-01 run",
     "2026-03-31 certification.accepted renewed certified_on=2026-03-30 due_on=2026-04-30\n"
     "2026-04-01 reminder.due 1/1 missed=0 due_on=2026-04-30\n"},
    {"grace of one day is a grace", "policy national grace=1 remind_ahead=0\n" NEVER "2026-08-01 run",
     "2026-07-01 grace.started due_on=2026-06-30 grace_until=2026-07-01\n"
     "2026-07-02 benefit.suspended due_on=2026-06-30 suspended_on=2026-07-02 first_withheld_period=2026-07\n"},
    {"who is enrolled overdue gets notice",
     "2026-06-10 enrol approved_on=2020-01-01\n"
     "2026-06-30 run",
     "2026-06-10 beneficiary.enrolled policy=national approved_on=2020-01-01 last_certified_on=null amount=null "
     "amount_from=null due_on=2021-01-31\n"
     "2026-06-10 grace.started due_on=2021-01-31 grace_until=2026-06-25\n"
     "2026-06-26 benefit.suspended due_on=2021-01-31 suspended_on=2026-06-26 first_withheld_period=2026-07\n"
     "2026-06-26 certification.lapsed base_on=2020-01-01 lapsed_on=2022-01-01\n"},
    {"notice of no days still lasts the day",
     "policy national notice=0 grace=0 evidence_after=0\n"
     "2026-06-10 enrol approved_on=2020-01-01\n"
     "2026-06-30 run",
     "2026-06-10 beneficiary.enrolled policy=national approved_on=2020-01-01 last_certified_on=null amount=null "
     "amount_from=null due_on=2021-01-31\n"
     "2026-06-10 grace.started due_on=2021-01-31 grace_until=2026-06-10\n"
     "2026-06-11 benefit.suspended due_on=2021-01-31 suspended_on=2026-06-11 first_withheld_period=2026-06\n"},
    {"24 months without certification: lapsed, once",
     NEVER "~2027-05-31 run\n"
           "2029-01-01 run",
     "2027-06-01 certification.lapsed base_on=2025-06-01 lapsed_on=2027-06-01\n"},
    {"evidence_after 0: never",
     "policy national evidence_after=0\n" NEVER "~2026-07-31 run\n"
     "2035-01-01 show",
     "suspended base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=none\n"},
    {"a hold keeps the suspension and nothing else",
     NEVER "~2026-06-30 hold\n"
           "2026-07-20 show\n"
           "2026-07-22 lift",
     "2026-07-01 grace.started due_on=2026-06-30 grace_until=2026-07-15\n"
     "grace base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=suspension 2026-07-16\n"
     "2026-07-22 benefit.suspended due_on=2026-06-30 suspended_on=2026-07-22 first_withheld_period=2026-08\n"},
    {"a certification clears a held suspension",
     NEVER "~2026-07-10 hold\n"
           "2026-07-20 certify ref=1 certified_on=2026-07-20\n"
           "2026-07-22 lift\n"
           "2026-07-23 show",
     "2026-07-20 certification.accepted renewed certified_on=2026-07-20 due_on=2027-07-31\n"
     "active base=2026-07-20 due=2027-07-31 grace_until=2027-08-15 suspend_on=2027-08-16 next=reminder 2027-05-01\n"},
    {"a home visit booked while a suspension from active is held begins a grace",
     "policy national grace=0\n" NEVER "~2026-06-30 hold\n"
     "2026-07-05 show\n"
     "2026-07-05 defer until=2026-07-10",
     "active base=2025-06-01 due=2026-06-30 grace_until=2026-06-30 suspend_on=2026-07-01 next=suspension 2026-07-01\n"
     "2026-07-05 suspension.deferred until=2026-07-10 suspend_on=2026-07-11\n"
     "2026-07-05 grace.started due_on=2026-06-30 grace_until=2026-07-10\n"},
};

static const struct example certifying[] = {
    {"mailed in time from abroad, received after the suspension",
     NEVER "~2026-08-20 run\n"
           "2026-08-20 certify ref=1 certified_on=2026-07-15 by=Li",
     "2026-08-20 certification.accepted renewed certified_on=2026-07-15 due_on=2027-07-31 on_behalf\n"
     "2026-08-20 benefit.resumed certified-in-time suspended_on=2026-07-16 resumed_on=2026-08-20 first_period=2026-09 "
     "back_pay=[2026-08@08-15:350000]=350000 pay_on=2026-09-15\n"},
    {"a day later it is not in time",
     NEVER "~2026-08-20 run\n"
           "2026-08-20 certify ref=1 certified_on=2026-07-16",
     "2026-08-20 certification.accepted renewed certified_on=2026-07-16 due_on=2027-07-31\n"
     "2026-08-20 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-08-20 first_period=2026-09 "
     "back_pay=[2026-08@08-15:350000]=350000 pay_on=2026-09-15\n"},
    {"the same channel and number again: unchanged, whatever else it says",
     NEVER "~2025-07-01 certify ref=1 certified_on=2025-07-01\n"
           "2025-07-02 certify ref=1 certified_on=2099-01-01",
     "unchanged\n"},
    {"another channel may have the same number",
     NEVER "~2025-07-01 certify ref=1 certified_on=2025-07-01\n"
           "2025-07-02 certify channel=counter ref=1 certified_on=2025-07-02",
     "2025-07-02 certification.accepted renewed certified_on=2025-07-02 due_on=2026-07-31\n"},
    {"a number that was rejected may come again",
     NEVER "2025-07-01 certify ref=1 certified_on=2025-07-02\n"
           "2025-07-02 certify ref=1 certified_on=2025-07-02",
     "rejected in-future\n"
     "2025-07-02 certification.accepted renewed certified_on=2025-07-02 due_on=2026-07-31\n"},
    {"the dead: a known number is unchanged, a revoked one terminated, a new one terminated",
     NEVER "~2025-07-01 certify ref=1 certified_on=2025-07-01\n"
           "~2025-07-02 certify ref=2 certified_on=2025-07-02\n"
           "~2025-07-03 revoke ref=2\n"
           "~2025-07-04 report-death died_on=2025-07-04\n"
           "2025-07-05 certify ref=1 certified_on=2025-07-05\n"
           "2025-07-05 certify ref=2 certified_on=2025-07-05\n"
           "2025-07-05 certify ref=3 certified_on=2025-07-05",
     "unchanged\n"
     "rejected terminated\n"
     "rejected terminated\n"},
    {"revoked is told before the channel that does not count, and that before the date in the future",
     "policy other channels=2\n" NEVER "~2025-07-01 certify ref=1 certified_on=2025-07-01\n"
     "~2025-07-02 revoke ref=1\n"
     "~2025-07-03 amend policy=other\n"
     "2025-07-03 certify ref=1 certified_on=2025-07-04\n"
     "2025-07-03 certify ref=2 certified_on=2025-07-04\n"
     "2025-07-03 certify channel=counter ref=2 certified_on=2025-07-04",
     "rejected revoked\n"
     "rejected channel-not-accepted\n"
     "rejected in-future\n"},
    {"from the day of approval on",
     NEVER "2025-07-01 certify ref=1 certified_on=2025-05-31\n"
           "2025-07-01 certify ref=1 certified_on=2025-06-01",
     "rejected before-approval\n"
     "2025-07-01 certification.accepted renewed certified_on=2025-06-01 due_on=2026-06-30\n"},
    {"evidence is asked for from the day of the lapse on",
     NEVER "~2027-06-01 run\n"
           "2027-06-01 certify ref=1 certified_on=2027-06-01\n"
           "2027-06-01 certify ref=1 certified_on=2027-06-01 evidence=null\n"
           "2027-06-01 certify ref=1 certified_on=2027-05-31",
     "rejected evidence-required\n"
     "rejected evidence-required\n"
     "2027-06-01 certification.accepted renewed certified_on=2027-05-31 due_on=2028-05-31\n"
     "2027-06-01 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2027-06-01 first_period=2027-06 "
     "back_pay=[2026-08@08-15:350000 2026-09@09-15:350000 2026-10@10-15:350000 2026-11@11-15:350000 "
     "2026-12@12-15:350000 "
     "2027-01@01-15:350000 2027-02@02-15:350000 2027-03@03-15:350000 2027-04@04-15:350000 "
     "2027-05@05-15:350000]=3500000 pay_on=2027-06-15\n"},
    {"with it, it counts",
     "policy national evidence_after=14\n" NEVER "~2026-08-01 run\n"
     "2026-08-01 certify ref=1 certified_on=2026-08-01 evidence=letter",
     "2026-08-01 certification.accepted renewed certified_on=2026-08-01 due_on=2027-08-31\n"
     "2026-08-01 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-08-01 first_period=2026-08 "
     "back_pay=[]=0 pay_on=2026-08-15\n"},
    {"only of the suspended",
     "policy national evidence_after=12\n" NEVER "~2026-07-10 run\n"
     "2026-07-10 certify ref=1 certified_on=2026-07-10",
     "2026-07-10 certification.accepted renewed certified_on=2026-07-10 due_on=2027-07-31\n"},
    {"evidence comes before stale",
     "policy national cycle=1m grace=0 evidence_after=1\n" NEVER "~2026-06-01 run\n"
     "2026-06-01 certify ref=1 certified_on=2025-07-01\n"
     "2026-06-01 certify ref=1 certified_on=2025-07-01 evidence=letter\n"
     "2026-06-01 certify ref=1 certified_on=2025-06-30",
     "rejected evidence-required\n"
     "rejected stale\n"
     "rejected stale\n"},
    {"stale: T after due(C) + grace",
     "~2026-06-10 enrol approved_on=2025-04-01\n"
     "2026-06-15 certify ref=1 certified_on=2025-05-31\n"
     "2026-06-16 certify ref=2 certified_on=2025-05-31",
     "2026-06-15 certification.accepted renewed certified_on=2025-05-31 due_on=2026-05-31\n"
     "2026-06-15 grace.started due_on=2026-05-31 grace_until=2026-06-25\n"
     "2026-06-16 certification.accepted superseded certified_on=2025-05-31 due_on=2026-05-31\n"},
    {"a day late it is",
     "~2026-06-10 enrol approved_on=2025-04-01\n"
     "2026-06-16 certify ref=1 certified_on=2025-05-31",
     "rejected stale\n"},
    {"the same date or an older one is superseded, and changes nothing",
     NEVER "~2025-07-10 certify ref=1 certified_on=2025-07-10\n"
           "2025-07-11 certify ref=2 certified_on=2025-07-10\n"
           "2025-07-11 certify ref=3 certified_on=2025-06-01\n"
           "2025-07-11 certify ref=4 certified_on=2025-07-11",
     "2025-07-11 certification.accepted superseded certified_on=2025-07-10 due_on=2026-07-31\n"
     "2025-07-11 certification.accepted superseded certified_on=2025-06-01 due_on=2026-07-31\n"
     "2025-07-11 certification.accepted renewed certified_on=2025-07-11 due_on=2026-07-31\n"},
    {"a superseded one leaves the suspended suspended",
     NEVER "~2025-06-20 certify ref=1 certified_on=2025-06-20\n"
           "~2026-08-01 run\n"
           "2026-08-01 certify ref=2 certified_on=2025-06-20\n"
           "2026-08-01 show",
     "2026-08-01 certification.accepted superseded certified_on=2025-06-20 due_on=2026-06-30\n"
     "suspended base=2025-06-20 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=lapse 2027-06-20\n"},
};

static const struct example back_pay[] = {
    {"resumed on the payday: that period is paid regularly",
     NEVER "~2026-08-15 run\n"
           "2026-08-15 certify ref=1 certified_on=2026-08-15",
     "2026-08-15 certification.accepted renewed certified_on=2026-08-15 due_on=2027-08-31\n"
     "2026-08-15 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-08-15 first_period=2026-08 "
     "back_pay=[]=0 pay_on=2026-08-15\n"},
    {"a day later it is back pay",
     NEVER "~2026-08-16 run\n"
           "2026-08-16 certify ref=1 certified_on=2026-08-16",
     "2026-08-16 certification.accepted renewed certified_on=2026-08-16 due_on=2027-08-31\n"
     "2026-08-16 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-08-16 first_period=2026-09 "
     "back_pay=[2026-08@08-15:350000]=350000 pay_on=2026-09-15\n"},
    {"from the next month on",
     "policy national resume=next-month\n" NEVER "~2026-08-10 run\n"
     "2026-08-10 certify ref=1 certified_on=2026-08-10",
     "2026-08-10 certification.accepted renewed certified_on=2026-08-10 due_on=2027-08-31\n"
     "2026-08-10 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-09-01 first_period=2026-09 "
     "back_pay=[2026-08@08-15:350000]=350000 pay_on=2026-09-15\n"},
    {"a payday of 31 is the month's last day",
     "policy national payday=31 grace=0 notice=0 validity=exact-day remind_ahead=0\n"
     "~2026-02-27 enrol approved_on=2026-02-27 amount=1\n"
     "2027-03-01 run\n"
     "2027-04-30 certify ref=1 certified_on=2027-04-30",
     "2027-02-28 benefit.suspended due_on=2027-02-27 suspended_on=2027-02-28 first_withheld_period=2027-02\n"
     "2027-04-30 certification.accepted renewed certified_on=2027-04-30 due_on=2028-04-30\n"
     "2027-04-30 benefit.resumed recertified suspended_on=2027-02-28 resumed_on=2027-04-30 first_period=2027-04 "
     "back_pay=[2027-02@02-28:1 2027-03@03-31:1]=2 pay_on=2027-04-30\n"},
    {"each period has the amount in force for it",
     NEVER "~2026-08-01 amend amount=360000 amount_from=2026-09\n"
           "~2026-08-01 amend amount=1 amount_from=2026-11\n"
           "~2026-10-20 run\n"
           "2026-10-20 certify ref=1 certified_on=2026-10-20",
     "2026-10-20 certification.accepted renewed certified_on=2026-10-20 due_on=2027-10-31\n"
     "2026-10-20 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-10-20 first_period=2026-11 "
     "back_pay=[2026-08@08-15:350000 2026-09@09-15:360000 2026-10@10-15:360000]=1070000 pay_on=2026-11-15\n"},
    {"one amount that is not known makes the total null",
     "~2025-06-01 enrol approved_on=2025-06-01\n"
     "~2026-08-01 amend amount=360000 amount_from=2026-09\n"
     "~2026-09-20 run\n"
     "2026-09-20 certify ref=1 certified_on=2026-09-20",
     "2026-09-20 certification.accepted renewed certified_on=2026-09-20 due_on=2027-09-30\n"
     "2026-09-20 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-09-20 first_period=2026-10 "
     "back_pay=[2026-08@08-15:null 2026-09@09-15:360000]=null pay_on=2026-10-15\n"},
    {"the payday is the one of the policy now in force, the first period stays as it was fixed",
     NEVER "~2026-07-20 adopt national payday=20\n"
           "2026-08-17 certify ref=1 certified_on=2026-08-17",
     "2026-08-17 certification.accepted renewed certified_on=2026-08-17 due_on=2027-08-31\n"
     "2026-08-17 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2026-08-17 first_period=2026-08 "
     "back_pay=[]=0 pay_on=2026-08-20\n"},
    {"suspended again before the day of the resumption: nothing is paid twice",
     "policy national resume=next-month notice=0 grace=0 payday=28 remind_ahead=0\n" NEVER "~2026-07-01 run\n"
     "2026-07-20 certify ref=1 certified_on=2026-07-20\n"
     "2026-07-21 revoke ref=1\n"
     "2026-07-22 run\n"
     "2026-07-23 adopt national resume=immediate\n"
     "2026-07-25 certify ref=2 certified_on=2026-07-25",
     "2026-07-20 certification.accepted renewed certified_on=2026-07-20 due_on=2027-07-31\n"
     "2026-07-20 benefit.resumed recertified suspended_on=2026-07-01 resumed_on=2026-08-01 first_period=2026-08 "
     "back_pay=[2026-07@07-28:350000]=350000 pay_on=2026-08-28\n"
     "2026-07-21 certification.revoked reverted due_on=2026-06-30\n"
     "2026-07-21 grace.started due_on=2026-06-30 grace_until=2026-07-21\n"
     "2026-07-22 benefit.suspended due_on=2026-06-30 suspended_on=2026-07-22 first_withheld_period=2026-08\n"
     "2026-07-23 beneficiary.amended policy=national due_on=2026-06-30\n"
     "2026-07-25 certification.accepted renewed certified_on=2026-07-25 due_on=2027-07-31\n"
     "2026-07-25 benefit.resumed recertified suspended_on=2026-07-22 resumed_on=2026-07-25 first_period=2026-08 "
     "back_pay=[]=0 pay_on=2026-07-28\n"},
    {"a resumption gives notice",
     "policy national cycle=1m notice=30\n" NEVER "~2025-08-16 run\n"
     "2025-08-30 certify ref=1 certified_on=2025-07-16\n"
     "2025-08-30 show",
     "2025-08-30 certification.accepted renewed certified_on=2025-07-16 due_on=2025-08-31\n"
     "2025-08-30 benefit.resumed certified-in-time suspended_on=2025-08-16 resumed_on=2025-08-30 first_period=2025-09 "
     "back_pay=[]=0 pay_on=2025-09-15\n"
     "active base=2025-07-16 due=2025-08-31 grace_until=2025-09-29 suspend_on=2025-09-30 next=grace 2025-09-01\n"},
};

static const struct example amending[] = {
    {"nothing that changes: unchanged",
     "~2026-01-05 enrol approved_on=2026-01-05 category=urban name=Li amount=5 amount_from=2026-02\n"
     "2026-01-06 amend policy=national category=urban unit=null name=Li phone=null amount=5 amount_from=2026-02",
     "unchanged\n"},
    {"only what changes is told, the personal not at all",
     "~2026-01-05 enrol approved_on=2026-01-05 category=urban name=Li amount=5\n"
     "2026-01-06 amend category=rural unit=U-1 name=Wang policy=national amount=5\n"
     "2026-01-06 amend phone=1\n"
     "2026-01-06 amend category=null amount=6\n"
     "2026-02-01 amend amount=6",
     "2026-01-06 beneficiary.amended category=rural unit=U-1 personal due_on=2027-01-31\n"
     "2026-01-06 beneficiary.amended personal due_on=2027-01-31\n"
     "2026-01-06 beneficiary.amended category=null amount=6 amount_from=2026-01 due_on=2027-01-31\n"
     "2026-02-01 beneficiary.amended amount=6 amount_from=2026-02 due_on=2027-01-31\n"},
    {"a policy that is not configured comes before everything",
     NEVER "~2025-07-04 report-death died_on=2025-07-04\n"
           "2025-07-05 amend policy=atlantis\n"
           "2025-07-05 amend policy=national\n"
           "2025-07-05 amend amount=350000 amount_from=2025-06\n"
           "2025-07-05 amend category=null\n"
           "2025-07-05 amend category=a\n"
           "2025-07-05 enrol policy=atlantis approved_on=2025-06-01",
     "rejected unknown-policy\n"
     "rejected terminated\n"
     "rejected terminated\n"
     "unchanged\n"
     "2025-07-05 beneficiary.amended category=a due_on=2026-06-30\n"
     "rejected unknown-policy\n"},
    {"a longer cycle resumes who is suspended, on the last day of its grace",
     "policy other cycle=13m\n" NEVER "~2026-08-15 run\n"
     "2026-08-15 amend policy=other\n"
     "2026-08-15 show",
     "2026-08-15 beneficiary.amended policy=other due_on=2026-07-31\n"
     "2026-08-15 benefit.resumed policy-changed suspended_on=2026-07-16 resumed_on=2026-08-15 first_period=2026-08 "
     "back_pay=[]=0 pay_on=2026-08-15\n"
     "2026-08-15 grace.started due_on=2026-07-31 grace_until=2026-08-30\n"
     "grace base=2025-06-01 due=2026-07-31 grace_until=2026-08-30 suspend_on=2026-08-31 next=suspension 2026-08-31\n"},
    {"not a day later, and no notice is given then",
     "policy other cycle=13m\n" NEVER "~2026-08-16 run\n"
     "2026-08-16 amend policy=other\n"
     "2026-08-16 show",
     "2026-08-16 beneficiary.amended policy=other due_on=2026-07-31\n"
     "suspended base=2025-06-01 due=2026-07-31 grace_until=2026-08-15 suspend_on=2026-08-16 next=lapse 2027-06-01\n"},
    {"the amount of the same amendment counts in its back pay",
     "policy other cycle=15m\n" NEVER "~2026-09-20 run\n"
     "2026-09-20 amend policy=other amount=9 amount_from=2026-09",
     "2026-09-20 beneficiary.amended policy=other amount=9 amount_from=2026-09 due_on=2026-09-30\n"
     "2026-09-20 benefit.resumed policy-changed suspended_on=2026-07-16 resumed_on=2026-09-20 first_period=2026-10 "
     "back_pay=[2026-08@08-15:350000 2026-09@09-15:9]=350009 pay_on=2026-10-15\n"
     "2026-09-20 reminder.due 3/3 missed=2 due_on=2026-09-30\n"},
    {"in grace, the due date moves: active, and reminded anew",
     "policy other cycle=13m\n" NEVER "~2026-07-05 run\n"
     "2026-07-05 amend policy=other\n"
     "2026-07-05 show",
     "2026-07-05 beneficiary.amended policy=other due_on=2026-07-31\n"
     "2026-07-05 reminder.due 3/3 missed=2 due_on=2026-07-31\n"
     "active base=2025-06-01 due=2026-07-31 grace_until=2026-08-15 suspend_on=2026-08-16 next=grace 2026-08-01\n"},
    {"in grace, only S moves, by the notice: a new grace notice",
     "policy other payday=20\n" NEVER "~2026-07-05 run\n"
     "2026-07-05 amend policy=other",
     "2026-07-05 beneficiary.amended policy=other due_on=2026-06-30\n"
     "2026-07-05 grace.started due_on=2026-06-30 grace_until=2026-07-20\n"},
    {"in grace, nothing moves: still in grace",
     "policy other payday=20 notice=10\n" NEVER "~2026-07-05 run\n"
     "2026-07-05 amend policy=other\n"
     "2026-07-05 show",
     "2026-07-05 beneficiary.amended policy=other due_on=2026-06-30\n"
     "grace base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=suspension 2026-07-16\n"},
    {"a shorter grace takes no notice away",
     "policy other grace=0 notice=10\n" NEVER "~2026-07-05 run\n"
     "2026-07-05 amend policy=other\n"
     "2026-07-16 run",
     "2026-07-05 beneficiary.amended policy=other due_on=2026-06-30\n"
     "2026-07-16 benefit.suspended due_on=2026-06-30 suspended_on=2026-07-16 first_withheld_period=2026-08\n"},
    {"a changed policy in the configuration: the same rules",
     NEVER "~2026-08-15 run\n"
           "2026-08-15 adopt national cycle=13m",
     "2026-08-15 beneficiary.amended policy=national due_on=2026-07-31\n"
     "2026-08-15 benefit.resumed policy-changed suspended_on=2026-07-16 resumed_on=2026-08-15 first_period=2026-08 "
     "back_pay=[]=0 pay_on=2026-08-15\n"
     "2026-08-15 grace.started due_on=2026-07-31 grace_until=2026-08-30\n"},
    {"reminded on a day of the old policy, not again before the new one's next",
     "policy other remind_every=2\n" NEVER "2026-05-10 run\n"
     "2026-05-10 amend policy=other\n"
     "2026-06-30 run",
     "2026-04-01 reminder.due 1/3 missed=0 due_on=2026-06-30\n"
     "2026-05-01 reminder.due 2/3 missed=0 due_on=2026-06-30\n"
     "2026-05-10 beneficiary.amended policy=other due_on=2026-06-30\n"
     "2026-06-01 reminder.due 2/2 missed=0 due_on=2026-06-30\n"},
};

static const struct example revoking[] = {
    {"the base falls back to the latest certified date that remains",
     "~2025-06-01 enrol approved_on=2024-06-01 last_certified_on=2025-03-01\n"
     "~2025-06-02 certify ref=1 certified_on=2025-06-02\n"
     "~2025-06-03 certify ref=2 certified_on=2025-05-01\n"
     "~2025-06-04 certify ref=3 certified_on=2025-06-02\n"
     "2025-07-01 revoke ref=1\n"
     "2025-07-01 revoke ref=3\n"
     "2025-07-01 revoke ref=2\n"
     "2025-07-01 revoke ref=2",
     "2025-07-01 certification.revoked none due_on=2026-06-30\n"
     "2025-07-01 certification.revoked reverted due_on=2026-05-31\n"
     "2025-07-01 certification.revoked reverted due_on=2026-03-31\n"
     "rejected no-such-certification\n"},
    {"or to the approval",
     "~2025-06-01 enrol approved_on=2025-05-01\n"
     "~2025-06-02 certify ref=1 certified_on=2025-06-02\n"
     "2025-07-01 revoke ref=1",
     "2025-07-01 certification.revoked reverted due_on=2026-05-31\n"},
    {"of the day of the approval: the base stays the same date",
     "~2025-06-01 enrol approved_on=2025-06-01\n"
     "~2025-06-02 certify ref=1 certified_on=2025-06-01\n"
     "2025-07-01 revoke ref=1",
     "2025-07-01 certification.revoked none due_on=2026-06-30\n"},
    {"what was never accepted, by another channel, of another number",
     NEVER "~2025-06-02 certify ref=1 certified_on=2025-06-02\n"
           "~2025-06-02 certify ref=2 certified_on=2025-06-03\n"
           "2025-07-01 revoke ref=2\n"
           "2025-07-01 revoke channel=counter ref=1\n"
           "2025-07-01 revoke ref=3",
     "rejected no-such-certification\n"
     "rejected no-such-certification\n"
     "rejected no-such-certification\n"},
    {"the victim is told and has time to certify",
     "~2025-06-01 enrol approved_on=2024-01-01 last_certified_on=2024-05-31\n"
     "~2025-06-02 certify ref=1 certified_on=2025-06-02\n"
     "2026-03-10 revoke ref=1\n"
     "2026-03-31 run",
     "2026-03-10 certification.revoked reverted due_on=2025-05-31\n"
     "2026-03-10 grace.started due_on=2025-05-31 grace_until=2026-03-25\n"
     "2026-03-26 benefit.suspended due_on=2025-05-31 suspended_on=2026-03-26 first_withheld_period=2026-04\n"},
    {"a booked home visit goes with it",
     NEVER "~2025-06-10 certify ref=1 certified_on=2025-06-10\n"
           "~2026-07-05 defer until=2026-08-10\n"
           "2026-07-06 revoke ref=1\n"
           "2026-07-06 show",
     "2026-07-06 certification.revoked reverted due_on=2026-06-30\n"
     "2026-07-06 grace.started due_on=2026-06-30 grace_until=2026-07-21\n"
     "grace base=2025-06-01 due=2026-06-30 grace_until=2026-07-21 suspend_on=2026-07-22 next=suspension 2026-07-22\n"},
    {"with effect none it stays",
     NEVER "~2025-06-10 certify ref=1 certified_on=2025-06-10\n"
           "~2025-06-11 certify ref=2 certified_on=2025-06-05\n"
           "~2026-07-05 defer until=2026-08-10\n"
           "2026-07-06 revoke ref=2\n"
           "2026-07-06 show",
     "2026-07-06 certification.revoked none due_on=2026-06-30\n"
     "grace base=2025-06-10 due=2026-06-30 grace_until=2026-08-10 suspend_on=2026-08-11 next=suspension 2026-08-11\n"},
    {"the suspended stay suspended, without notice, and may lapse anew",
     NEVER "~2025-06-10 certify ref=1 certified_on=2025-06-10\n"
           "~2027-06-10 run\n"
           "2027-06-20 revoke ref=1\n"
           "2027-06-20 show",
     "2027-06-20 certification.revoked reverted due_on=2026-06-30\n"
     "2027-06-20 certification.lapsed base_on=2025-06-01 lapsed_on=2027-06-01\n"
     "suspended base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=none\n"},
    {"the dead",
     NEVER "~2025-07-01 certify ref=1 certified_on=2025-07-01\n"
           "~2025-07-04 report-death died_on=2025-07-04\n"
           "2025-07-05 revoke ref=1",
     "rejected terminated\n"},
};

static const struct example deferring[] = {
    {"a home visit, on the last day that may be booked",
     NEVER "~2026-07-05 run\n"
           "2026-07-05 defer until=2026-08-15\n"
           "2026-07-05 defer until=2026-08-14\n"
           "2026-07-05 show",
     "rejected not-deferrable\n"
     "2026-07-05 suspension.deferred until=2026-08-14 suspend_on=2026-08-15\n"
     "grace base=2025-06-01 due=2026-06-30 grace_until=2026-08-14 suspend_on=2026-08-15 next=suspension 2026-08-15\n"},
    {"one that moves nothing, one that moves a day",
     NEVER "~2026-07-05 run\n"
           "2026-07-05 defer until=2026-07-15\n"
           "2026-07-05 defer until=2026-07-16\n"
           "2026-07-05 defer until=2026-07-16\n"
           "2026-07-05 defer until=2026-07-05\n"
           "2026-07-05 defer until=2026-07-04",
     "unchanged\n"
     "2026-07-05 suspension.deferred until=2026-07-16 suspend_on=2026-07-17\n"
     "unchanged\n"
     "unchanged\n"
     "rejected not-deferrable\n"},
    {"a visit booked does not stretch the limit of the next",
     NEVER "~2026-07-05 defer until=2026-08-14\n"
           "2026-07-06 defer until=2026-08-15",
     "rejected not-deferrable\n"},
    {"notice does",
     "~2026-06-10 enrol approved_on=2020-01-01\n"
     "2026-06-11 defer until=2026-07-26\n"
     "2026-06-11 defer until=2026-07-25",
     "rejected not-deferrable\n"
     "2026-06-11 suspension.deferred until=2026-07-25 suspend_on=2026-07-26\n"},
    {"from active it stays active",
     NEVER "~2026-06-30 run\n"
           "2026-06-30 defer until=2026-08-01\n"
           "2026-07-01 run",
     "2026-06-30 suspension.deferred until=2026-08-01 suspend_on=2026-08-02\n"
     "2026-07-01 grace.started due_on=2026-06-30 grace_until=2026-08-01\n"},
    {"not the suspended, not the dead",
     NEVER "~2026-07-16 run\n"
           "2026-07-16 defer until=2026-07-20\n"
           "~2026-07-17 report-death died_on=2026-07-17\n"
           "2026-07-17 defer until=2026-07-20",
     "rejected not-deferrable\n"
     "rejected not-deferrable\n"},
    {"a renewal leaves the booking standing",
     "policy national cycle=1m grace=0 notice=0 defer_max=300 remind_ahead=0\n"
     "~2026-01-05 enrol approved_on=2026-01-05\n"
     "~2026-01-06 defer until=2026-06-01\n"
     "~2026-01-07 certify ref=1 certified_on=2026-01-07\n"
     "2026-01-07 show",
     "active base=2026-01-07 due=2026-02-28 grace_until=2026-06-01 suspend_on=2026-06-02 next=grace 2026-03-01\n"},
};

static const struct example dying[] = {
    {"on what day",
     NEVER "2025-07-04 report-death died_on=2025-07-05\n"
           "2025-07-04 report-death died_on=2025-05-31\n"
           "2025-07-04 report-death died_on=2025-06-01",
     "rejected in-future\n"
     "rejected before-approval\n"
     "2025-07-04 benefit.terminated died_on=2025-06-01 last_period=2025-06 overpaid=[]=0 arrears=[]=0 "
     "certified_after=null\n"},
    {"reported again",
     NEVER "~2025-07-04 report-death died_on=2025-07-02\n"
           "2025-07-05 report-death died_on=2025-07-02\n"
           "2025-07-05 report-death died_on=2025-07-03\n"
           "2025-07-05 report-death died_on=2025-07-06\n"
           "2025-07-05 report-death died_on=2025-05-01\n"
           "2030-01-01 show",
     "unchanged\n"
     "rejected terminated\n"
     "rejected in-future\n"
     "rejected before-approval\n"
     "terminated base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=none\n"},
    {"overpaid: the paydays after the last period and before the report",
     NEVER "~2026-03-01 run\n"
           "2026-06-16 report-death died_on=2026-03-10",
     "2026-04-01 reminder.due 1/3 missed=0 due_on=2026-06-30\n"
     "2026-05-01 reminder.due 2/3 missed=0 due_on=2026-06-30\n"
     "2026-06-01 reminder.due 3/3 missed=0 due_on=2026-06-30\n"
     "2026-06-16 benefit.terminated died_on=2026-03-10 last_period=2026-03 overpaid=[2026-04@04-15:350000 "
     "2026-05@05-15:350000 2026-06@06-15:350000]=1050000 arrears=[]=0 certified_after=null\n"},
    {"on a payday: the day's decisions come first",
     NEVER "~2026-06-15 run\n"
           "2026-06-15 report-death died_on=2026-03-31",
     "2026-06-15 benefit.terminated died_on=2026-03-31 last_period=2026-03 overpaid=[2026-04@04-15:350000 "
     "2026-05@05-15:350000]=700000 arrears=[]=0 certified_after=null\n"},
    {"what was paid before the enrolment was not paid by us",
     "~2026-05-15 enrol approved_on=2025-06-01 amount=1\n"
     "~2026-06-16 run\n"
     "2026-06-16 report-death died_on=2026-03-10",
     "2026-06-16 benefit.terminated died_on=2026-03-10 last_period=2026-03 overpaid=[2026-05@05-15:1 "
     "2026-06@06-15:1]=2 arrears=[]=0 certified_after=null\n"},
    {"enrolled a day after a payday",
     "~2026-05-16 enrol approved_on=2025-06-01 amount=1\n"
     "~2026-06-16 run\n"
     "2026-06-16 report-death died_on=2026-03-10",
     "2026-06-16 benefit.terminated died_on=2026-03-10 last_period=2026-03 overpaid=[2026-06@06-15:1]=1 "
     "arrears=[]=0 certified_after=null\n"},
    {"suspended: arrears to the last period, nothing overpaid",
     NEVER "~2026-10-20 run\n"
           "2026-10-20 report-death died_on=2026-09-03",
     "2026-10-20 benefit.terminated died_on=2026-09-03 last_period=2026-09 overpaid=[]=0 "
     "arrears=[2026-08@08-15:350000 2026-09@09-15:350000]=700000 certified_after=null\n"},
    {"dead before the suspension: no arrears, and the grace was overpaid",
     NEVER "~2026-10-20 run\n"
           "2026-10-20 report-death died_on=2026-06-10",
     "2026-10-20 benefit.terminated died_on=2026-06-10 last_period=2026-06 overpaid=[2026-07@07-15:350000]=350000 "
     "arrears=[]=0 certified_after=null\n"},
    {"back pay that is not paid yet is not overpaid",
     NEVER "~2026-08-20 run\n"
           "~2026-08-20 certify ref=1 certified_on=2026-07-15\n"
           "2026-09-15 report-death died_on=2026-07-20",
     "2026-09-15 benefit.terminated died_on=2026-07-20 last_period=2026-07 overpaid=[]=0 arrears=[]=0 "
     "certified_after=null\n"},
    {"a day later it is",
     NEVER "~2026-08-20 run\n"
           "~2026-08-20 certify ref=1 certified_on=2026-07-15\n"
           "2026-09-16 report-death died_on=2026-07-14",
     "2026-09-16 benefit.terminated died_on=2026-07-14 last_period=2026-07 overpaid=[2026-08@08-15:350000 "
     "2026-09@09-15:350000]=700000 arrears=[]=0 certified_after=2026-07-15\n"},
    {"certified on the day of the death is not after it",
     NEVER "~2025-06-20 certify ref=1 certified_on=2025-06-10\n"
           "2025-06-20 report-death died_on=2025-06-10",
     "2025-06-20 benefit.terminated died_on=2025-06-10 last_period=2025-06 overpaid=[]=0 arrears=[]=0 "
     "certified_after=null\n"},
    {"erased: only the dead, once, and again after a new name",
     "~2025-06-01 enrol approved_on=2025-06-01 name=Li\n"
     "2025-06-02 erase\n"
     "~2025-06-03 report-death died_on=2025-06-03\n"
     "2025-06-04 erase\n"
     "2025-06-04 erase\n"
     "2025-06-05 amend name=Wang\n"
     "2025-06-05 erase",
     "rejected not-terminated\n"
     "2025-06-04 beneficiary.erased\n"
     "unchanged\n"
     "2025-06-05 beneficiary.amended personal due_on=2026-06-30\n"
     "2025-06-05 beneficiary.erased\n"},
};

static const struct example returning[] = {
    {"the report was wrong: what it withheld is paid",
     NEVER "~2026-03-20 report-death died_on=2026-03-10\n"
           "2026-06-20 retract-death\n"
           "2026-06-20 show",
     "2026-06-20 benefit.reinstated active undoes=2 terminated_on=2026-03-20 first_period=2026-07 "
     "back_pay=[2026-04@04-15:350000 2026-05@05-15:350000 2026-06@06-15:350000]=1050000 pay_on=2026-07-15\n"
     "2026-06-20 reminder.due 3/3 missed=2 due_on=2026-06-30\n"
     "active base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=grace 2026-07-01\n"},
    {"retracted on a payday, which is then paid regularly",
     NEVER "~2026-02-15 report-death died_on=2026-01-10\n"
           "2026-03-15 retract-death",
     "2026-03-15 benefit.reinstated active undoes=2 terminated_on=2026-02-15 first_period=2026-03 "
     "back_pay=[2026-02@02-15:350000]=350000 pay_on=2026-03-15\n"},
    {"the month of the death is paid already",
     NEVER "~2026-02-12 report-death died_on=2026-02-10\n"
           "2026-02-13 retract-death",
     "2026-02-13 benefit.reinstated active undoes=2 terminated_on=2026-02-12 first_period=2026-03 back_pay=[]=0 "
     "pay_on=2026-02-15\n"},
    {"suspended at the report: suspended again, without notice, past the arrears",
     NEVER "~2026-10-20 report-death died_on=2026-09-03\n"
           "2027-07-01 retract-death\n"
           "2027-07-01 show\n"
           "2027-07-02 certify ref=1 certified_on=2027-05-02",
     "2027-07-01 benefit.reinstated suspended undoes=7 terminated_on=2026-10-20 first_period=null back_pay=[]=0 "
     "pay_on=2027-07-15\n"
     "2027-07-01 certification.lapsed base_on=2025-06-01 lapsed_on=2027-06-01\n"
     "suspended base=2025-06-01 due=2026-06-30 grace_until=2026-07-15 suspend_on=2026-07-16 next=none\n"
     "2027-07-02 certification.accepted renewed certified_on=2027-05-02 due_on=2028-05-31\n"
     "2027-07-02 benefit.resumed recertified suspended_on=2026-07-16 resumed_on=2027-07-02 first_period=2027-07 "
     "back_pay=[2026-10@10-15:350000 2026-11@11-15:350000 2026-12@12-15:350000 2027-01@01-15:350000 "
     "2027-02@02-15:350000 2027-03@03-15:350000 2027-04@04-15:350000 2027-05@05-15:350000 "
     "2027-06@06-15:350000]=3150000 pay_on=2027-07-15\n"},
    {"back pay that the report cut is paid after all",
     NEVER "~2026-08-20 run\n"
           "~2026-08-20 certify ref=1 certified_on=2026-07-15\n"
           "~2026-08-25 report-death died_on=2026-07-20\n"
           "2026-10-01 retract-death",
     "2026-10-01 benefit.reinstated active undoes=9 terminated_on=2026-08-25 first_period=2026-10 "
     "back_pay=[2026-08@08-15:350000 2026-09@09-15:350000]=700000 pay_on=2026-10-15\n"},
    {"reported on the day it was to be paid, too",
     NEVER "~2026-08-20 run\n"
           "~2026-08-20 certify ref=1 certified_on=2026-07-15\n"
           "~2026-09-15 report-death died_on=2026-07-20\n"
           "2026-09-16 retract-death",
     "2026-09-16 benefit.reinstated active undoes=9 terminated_on=2026-09-15 first_period=2026-10 "
     "back_pay=[2026-08@08-15:350000 2026-09@09-15:350000]=700000 pay_on=2026-10-15\n"},
    {"a day later it was paid",
     NEVER "~2026-08-20 run\n"
           "~2026-08-20 certify ref=1 certified_on=2026-07-15\n"
           "~2026-09-16 report-death died_on=2026-07-20\n"
           "2026-09-16 retract-death",
     "2026-09-16 benefit.reinstated active undoes=9 terminated_on=2026-09-16 first_period=2026-10 back_pay=[]=0 "
     "pay_on=2026-10-15\n"},
    {"who lives is not reinstated", NEVER "2025-07-01 retract-death", "rejected not-terminated\n"},
    {"reinstated in time to be told: notice",
     NEVER "~2026-06-20 report-death died_on=2026-06-20\n"
           "2026-08-20 retract-death\n"
           "2026-09-30 run",
     "2026-08-20 benefit.reinstated active undoes=5 terminated_on=2026-06-20 first_period=2026-09 "
     "back_pay=[2026-07@07-15:350000 2026-08@08-15:350000]=700000 pay_on=2026-09-15\n"
     "2026-08-20 grace.started due_on=2026-06-30 grace_until=2026-09-04\n"
     "2026-09-05 benefit.suspended due_on=2026-06-30 suspended_on=2026-09-05 first_withheld_period=2026-09\n"},
};

static const struct example enrolling[] = {
    {"the dates of an enrolment: both ends of each",
     "2026-06-10 enrol approved_on=2026-06-11\n"
     "2026-06-10 enrol approved_on=2026-05-10 last_certified_on=2026-05-09\n"
     "2026-06-10 enrol approved_on=2026-05-10 last_certified_on=2026-06-11\n"
     "2026-06-10 enrol approved_on=2026-06-10 last_certified_on=2026-06-10",
     "rejected bad-date\n"
     "rejected bad-date\n"
     "rejected bad-date\n"
     "2026-06-10 beneficiary.enrolled policy=national approved_on=2026-06-10 last_certified_on=2026-06-10 amount=null "
     "amount_from=null due_on=2027-06-30\n"},
    {"certified on the day of the approval",
     "2026-06-10 enrol approved_on=2026-05-10 last_certified_on=2026-05-10 amount=7 amount_from=2026-06",
     "2026-06-10 beneficiary.enrolled policy=national approved_on=2026-05-10 last_certified_on=2026-05-10 amount=7 "
     "amount_from=2026-06 due_on=2027-05-31\n"},
    {"the amount is in force from the approval", "2026-06-10 enrol approved_on=2026-05-10 amount=7",
     "2026-06-10 beneficiary.enrolled policy=national approved_on=2026-05-10 last_certified_on=null amount=7 "
     "amount_from=2026-05 due_on=2027-05-31\n"},
    {"a stranger under a policy that is not configured", "2026-06-10 enrol policy=atlantis approved_on=2099-01-01",
     "rejected unknown-policy\n"},
    {"imported again, as it was or with less, also after amendments",
     "~2026-06-10 enrol approved_on=2026-05-10 category=a unit=U-1 name=Li amount=7\n"
     "~2026-06-11 amend policy=other category=b unit=U-2 amount=8\n"
     "2026-06-12 enrol approved_on=2026-05-10 category=a unit=U-1 name=Wang amount=7 amount_from=2026-05\n"
     "2026-06-12 enrol approved_on=2026-05-10",
     "unchanged\n"
     "unchanged\n"},
    {"and with something else",
     "~2026-06-10 enrol approved_on=2026-05-10 category=a unit=U-1 amount=7\n"
     "2026-06-12 enrol approved_on=2026-05-11\n"
     "2026-06-12 enrol approved_on=2026-05-10 policy=other\n"
     "2026-06-12 enrol approved_on=2026-05-10 category=b\n"
     "2026-06-12 enrol approved_on=2026-05-10 category=null\n"
     "2026-06-12 enrol approved_on=2026-05-10 unit=null\n"
     "2026-06-12 enrol approved_on=2026-05-10 amount=8\n"
     "2026-06-12 enrol approved_on=2026-05-10 amount=7 amount_from=2026-06\n"
     "2026-06-12 enrol approved_on=2026-05-10 last_certified_on=2026-05-10",
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"
     "rejected already-enrolled\n"},
};

#define GROUP(list)                         \
    {                                       \
        list, sizeof(list) / sizeof *(list) \
    }

static const struct {
    const struct example *examples;
    unsigned n;
} groups[] = {GROUP(due_dates), GROUP(deadlines), GROUP(certifying), GROUP(back_pay),  GROUP(amending),
              GROUP(revoking),  GROUP(deferring), GROUP(dying),      GROUP(returning), GROUP(enrolling)};

#define GROUPS (sizeof groups / sizeof *groups)

int main(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < GROUPS; i++)
        n += groups[i].n;
    plan(n);
    for (unsigned i = 0; i < GROUPS; i++) {
        for (unsigned j = 0; j < groups[i].n; j++) {
            const struct example *e = &groups[i].examples[j];
            struct buf tale = BUF_INIT;
            life_tell(e->script, &tale);
            is_str(tale.p, e->tale, "%s", e->name);
            buf_done(&tale);
        }
    }
    return tap_end();
}
