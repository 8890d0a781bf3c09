/* What the rules need to know of one beneficiary at every step: small, held in memory for everyone.
 * Certifications and amounts are a person's history (core/history.h), fetched where a rule asks for it. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "base/tz.h"
#include "core/policy.h"

enum status { STATUS_ACTIVE, STATUS_GRACE, STATUS_SUSPENDED, STATUS_TERMINATED, STATUS_N };

const char *status_text(enum status s);

struct record {
    enum status status;
    uint8_t policy;          /* index into the policies of the caller */
    bool lapsed;             /* certification.lapsed was emitted for this base */
    bool erased;             /* name, phone and by are gone */
    bool suspended_at_death; /* what retract-death goes back to; only while terminated */
    bool paid_apart;         /* there was back pay or arrears: the history knows which periods were not paid on their
                                paydays, and when instead */
    lc_date approved_on;
    lc_date certified_on; /* the last certified date, or DATE_NONE */
    lc_date reminded_on;  /* date of the last reminder emitted or passed over, or DATE_NONE */
    lc_date deferred_until;
    lc_date notice_until;
    lc_date suspended_on;  /* while suspended, and while terminated when suspended_at_death */
    lc_date resumed_on;    /* R of the latest resumption, or DATE_NONE */
    lc_date terminated_on; /* local date of the report; only while terminated */
    lc_month withheld_from; /* while suspended, or terminated when suspended_at_death */
};

/* Everything that follows from a record and its policy. */
struct dates {
    lc_date base, due, grace_until, suspend_on;
};

void record_dates(const struct policy *p, const struct record *r, struct dates *out);

enum deadline_kind { DEADLINE_NONE, DEADLINE_REMINDER, DEADLINE_GRACE, DEADLINE_SUSPENSION, DEADLINE_LAPSE, DEADLINE_N };

const char *deadline_text(enum deadline_kind k);

struct deadline {
    enum deadline_kind kind;
    lc_instant at; /* INSTANT_NONE with DEADLINE_NONE */
};

/* Which of the scheduled reminders is next: the latest pending one whose instant has come, else the first
 * pending one to come, else -1. *missed: how many pending ones before it have come as well. */
int record_reminder(const struct policy *p, const struct record *r, const struct tz *tz, lc_instant now, lc_date today,
                    const struct reminders *all, int *missed);

/* The beneficiary's one next deadline as seen at now (today is now's local date): of several pending
 * reminders whose instants have passed only the latest counts, and none once the due date has passed. It
 * may lie in the past, when it is due. */
struct deadline record_next(const struct policy *p, const struct record *r, const struct tz *tz, lc_instant now,
                            lc_date today);

#endif
