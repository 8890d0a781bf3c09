/* Two policies are the same when every parameter is: a parameter that is forgotten here would be changed in the
 * configuration, and nobody would be moved over to it. */
#include <stdio.h>

#include "core/policy.h"
#include "tests/lib/tap.h"

#define DIFFERS(member, value)                                                                       \
    do {                                                                                             \
        struct policy b = policy_default();                                                          \
        b.member = (value);                                                                          \
        ok(!policy_equal(&a, &b) && !policy_equal(&b, &a), "another " #member " is another policy"); \
    } while (0)

int main(void)
{
    plan(16);
    struct policy a = policy_default(), same = policy_default();
    snprintf(same.name, sizeof same.name, "other");
    ok(policy_equal(&a, &same), "a policy of another name with the same parameters is equal");
    DIFFERS(cycle_unit, CYCLE_DAYS);
    DIFFERS(cycle, a.cycle + 1);
    DIFFERS(validity, VALIDITY_EXACT_DAY);
    DIFFERS(remind_ahead, a.remind_ahead + 1);
    DIFFERS(remind_every, a.remind_every + 1);
    DIFFERS(remind_at, a.remind_at + 60);
    DIFFERS(grace, a.grace + 1);
    DIFFERS(payday, a.payday + 1);
    DIFFERS(resume, RESUME_NEXT_MONTH);
    DIFFERS(evidence_after, a.evidence_after + 1);
    DIFFERS(defer_max, a.defer_max + 1);
    DIFFERS(notice, a.notice + 1);
    DIFFERS(channels, 1);
    struct policy some = policy_default();
    some.channels = UINT64_C(1) << 63 | 1;
    ok(policy_accepts(&some, 0) && policy_accepts(&some, 63) && !policy_accepts(&some, 1),
       "a policy with channels takes just these");
    ok(policy_accepts(&a, 63), "one without takes every channel");
    return tap_end();
}
