/* What the worked examples and random histories, which give every decision all it may ask for, do not come to: what a
 * decision asks for and does without, limits of lists, and events that nobody wrote. */
#include <string.h>

#include "core/deciding.h"
#include "core/pay.h"
#include "tests/lib/tap.h"

/* --- what is asked for --- */

static unsigned needs(enum status status, enum op op, uint32_t given, bool maybe_seen)
{
    struct record r = {.status = status};
    struct input in = {.op = op, .given = given};
    return decide_needs(&r, &in, maybe_seen);
}

static void asks(void)
{
    is_int(needs(STATUS_ACTIVE, OP_CERTIFY, 0, false), 0, "a certification that was surely not seen asks for nothing");
    is_int(needs(STATUS_ACTIVE, OP_CERTIFY, 0, true), NEED_HISTORY, "one that may have been asks for the history");
    is_int(needs(STATUS_SUSPENDED, OP_CERTIFY, 0, false), NEED_HISTORY, "a suspended person's does: for the back pay");
    is_int(needs(STATUS_ACTIVE, OP_AMEND, M_UNIT, false), 0, "another unit asks for nothing");
    is_int(needs(STATUS_ACTIVE, OP_AMEND, M_AMOUNT, false), NEED_HISTORY, "another amount asks for the history");
    is_int(needs(STATUS_ACTIVE, OP_AMEND, M_POLICY, false), 0, "another policy does not,");
    is_int(needs(STATUS_SUSPENDED, OP_AMEND, M_POLICY, false), NEED_HISTORY, "unless it may resume somebody");
    is_int(needs(STATUS_SUSPENDED, OP_AMEND, M_NAME, false), NEED_CONTACT, "another name asks for the contact");
    is_int(needs(STATUS_ACTIVE, OP_AMEND, M_PHONE | M_AMOUNT, false), NEED_CONTACT | NEED_HISTORY, "or for both");
    is_int(needs(STATUS_ACTIVE, OP_DEFER, 0, true), 0, "a visit booked asks for nothing");
    static const enum op all[] = {OP_ENROL, OP_REVOKE, OP_REPORT_DEATH, OP_RETRACT_DEATH};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        is_int(needs(STATUS_ACTIVE, all[i], 0, false), NEED_HISTORY, "%s asks for the history", op_text(all[i]));
}

/* --- decisions about one person under the default policy --- */

struct scene {
    struct policy policy;
    struct env env;
    struct record r;
    struct decision d;
    struct history h;
    struct contact contact;
    struct tz *tz;
};

static void set(struct scene *s)
{
    struct errmsg msg;
    *s = (struct scene){.policy = policy_default()};
    if (tz_load("UTC", &s->tz, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    decision_init(&s->d);
    history_init(&s->h);
    s->r = (struct record){.approved_on = date_make(2020, 3, 1),
                           .certified_on = DATE_NONE,
                           .reminded_on = DATE_NONE,
                           .deferred_until = DATE_NONE,
                           .notice_until = DATE_NONE,
                           .suspended_on = DATE_NONE,
                           .resumed_on = DATE_NONE,
                           .terminated_on = DATE_NONE,
                           .withheld_from = MONTH_NONE};
    s->env = (struct env){.policies = &s->policy,
                          .tz = s->tz,
                          .today = date_make(2020, 6, 1),
                          .id = STR_LIT("a"),
                          .unit = STR_LIT("U1"),
                          .category = STR_LIT("employee"),
                          .contact = &s->contact};
}

static void clear(struct scene *s)
{
    tz_free(s->tz);
    decision_done(&s->d);
    history_done(&s->h);
}

static void does_without(void)
{
    struct scene s;
    set(&s);
    struct input in = {.op = OP_AMEND, .given = M_UNIT, .unit = STR_LIT("U2")};
    decide_input(&s.env, &s.r, &in, &s.d);
    ok(s.d.result == RESULT_APPLIED && s.d.n == 1 && s.d.events[0].u.amended.given == M_UNIT,
       "another unit is decided without the history");
    in = (struct input){.op = OP_CERTIFY,
                        .given = M_CHANNEL | M_REF | M_CERTIFIED_ON,
                        .channel = STR_LIT("face"),
                        .ref = STR_LIT("r"),
                        .certified_on = date_make(2020, 5, 31)};
    decide_input(&s.env, &s.r, &in, &s.d);
    ok(s.d.result == RESULT_APPLIED && s.r.certified_on == date_make(2020, 5, 31),
       "and so is a certification of a new reference");
    clear(&s);
}

static void never_asks_for_evidence(void)
{
    struct scene s;
    set(&s);
    s.env.history = &s.h;
    s.env.today = date_make(2040, 1, 1);
    s.r.status = STATUS_SUSPENDED;
    s.r.suspended_on = date_make(2021, 5, 1);
    s.r.withheld_from = date_month(date_make(2021, 5, 1));
    struct input in = {
        .op = OP_CERTIFY, .channel = STR_LIT("face"), .ref = STR_LIT("r"), .certified_on = date_make(2040, 1, 1)};
    decide_input(&s.env, &s.r, &in, &s.d);
    ok(s.d.result == RESULT_REJECTED && s.d.reason == REASON_EVIDENCE_REQUIRED,
       "after twenty years without a certification evidence is asked for");
    s.policy.evidence_after = 0;
    decide_input(&s.env, &s.r, &in, &s.d);
    ok(s.d.result == RESULT_APPLIED && s.r.status == STATUS_ACTIVE, "a policy that never asks for it resumes without");
    clear(&s);
}

/* One member of an enrolment that is sent again. */
static void again(struct scene *s, struct input in, enum result want, const char *what)
{
    in.op = OP_ENROL;
    decide_input(&s->env, &s->r, &in, &s->d);
    ok(s->d.result == want && (want == RESULT_UNCHANGED || s->d.reason == REASON_ALREADY_ENROLLED), "%s", what);
}

static void enrolled_again(void)
{
    struct scene s;
    set(&s);
    struct event e = {.type = EV_ENROLLED,
                      .today = date_make(2020, 4, 1),
                      .u.enrolled = {.policy = STR_LIT("national"),
                                     .category = STR_LIT("employee"),
                                     .unit = STR_LIT("U1"),
                                     .approved_on = date_make(2020, 3, 1),
                                     .last_certified_on = DATE_NONE,
                                     .amount = 1000,
                                     .amount_from = 600}};
    history_add(&s.h, &e);
    s.env.history = &s.h;
    const enum result same = RESULT_UNCHANGED, other = RESULT_REJECTED;
    again(&s, (struct input){.given = 0}, same, "an enrolment of the same id that says nothing is no other");
    again(&s, (struct input){.given = M_POLICY, .policy = STR_LIT("national")}, same, "nor one with the same policy");
    again(&s, (struct input){.given = M_POLICY, .policy = STR_LIT("city")}, other, "with another one it is");
    again(&s, (struct input){.given = M_APPROVED_ON, .approved_on = date_make(2020, 3, 1)}, same,
          "the same approval is none");
    again(&s, (struct input){.given = M_APPROVED_ON, .approved_on = date_make(2020, 3, 2)}, other, "another one is");
    again(&s, (struct input){.given = M_LAST_CERTIFIED_ON, .last_certified_on = DATE_NONE}, same,
          "the same last certified date is none");
    again(&s, (struct input){.given = M_LAST_CERTIFIED_ON, .last_certified_on = date_make(2020, 3, 5)}, other,
          "another is");
    again(&s, (struct input){.given = M_CATEGORY | M_UNIT, .category = STR_LIT("employee"), .unit = STR_LIT("U1")},
          same, "the same category and unit are none");
    again(&s, (struct input){.given = M_CATEGORY, .category = STR_LIT("resident")}, other, "another category is");
    again(&s, (struct input){.given = M_UNIT, .unit = STR_LIT("U2")}, other, "another unit is");
    again(&s, (struct input){.given = M_AMOUNT | M_AMOUNT_FROM, .amount = 1000, .amount_from = 600}, same,
          "the same amount from the same month is none");
    again(&s, (struct input){.given = M_AMOUNT, .amount = 1001}, other, "another amount is");
    again(&s, (struct input){.given = M_AMOUNT_FROM, .amount = 1000, .amount_from = 601}, other, "or another month");
    again(&s, (struct input){.given = M_AMOUNT_FROM, .amount = AMOUNT_NONE, .amount_from = 601}, same,
          "but a month without an amount says nothing");
    clear(&s);
}

static void nothing_due(void)
{
    struct scene s;
    set(&s);
    s.r.reminded_on = date_make(2030, 1, 1);
    decide_deadline(&s.env, &s.r, DEADLINE_REMINDER, &s.d);
    ok(s.d.n == 0 && s.d.result == RESULT_UNCHANGED, "a reminder when all of them were sent is no event");
    clear(&s);
}

/* --- lists --- */

static void lists_are_bounded(void)
{
    struct scene s;
    struct pay_list list;
    set(&s);
    s.d.cap_pays = 2;
    decision_begin(&s.d);
    pay_begin(&s.d, &list);
    for (lc_month m = 600; m < 605; m++)
        pay_add(&s.d, &list, &s.policy, &s.h, m);
    ok(list.n == 2 && s.d.n_pays == 2, "a list ends where its room does");
    clear(&s);
}

/* Somebody resumed with back pay for two periods, of which pay_on says when. */
static void resumed_with_back_pay(struct scene *s, lc_date pay_on)
{
    struct period_pay pays[] = {{date_month(date_make(2020, 8, 1)), 0, 100},
                                {date_month(date_make(2020, 10, 1)), 0, 100}};
    struct event e = {.type = EV_RESUMED,
                      .u.resumed = {.resumed_on = date_make(2020, 7, 1), .back_pay = {pays, 2, pay_on}}};
    history_add(&s->h, &e);
    s->h.enrolled_on = date_make(2020, 3, 1);
}

static void overpaid(void)
{
    struct scene s;
    struct pay_list list;
    set(&s);
    resumed_with_back_pay(&s, date_make(2021, 2, 15));
    decision_begin(&s.d);
    pay_overpaid(&s.d, &list, &s.policy, &s.h, &s.r, date_month(date_make(2020, 7, 1)), date_make(2020, 12, 1));
    ok(list.n == 2 && list.v[0].period == date_month(date_make(2020, 9, 1)) &&
           list.v[1].period == date_month(date_make(2020, 11, 1)),
       "of the periods after a death those of back pay that is not yet paid were not overpaid, the others were");
    decision_begin(&s.d);
    pay_overpaid(&s.d, &list, &s.policy, &s.h, &s.r, date_month(date_make(2020, 7, 1)), date_make(2021, 2, 20));
    is_int(list.n, 7, "once it is paid, all of them were");
    clear(&s);
}

static void reinstated(void)
{
    struct scene s;
    struct pay_list list;
    set(&s);
    resumed_with_back_pay(&s, date_make(2020, 9, 15));
    s.r.status = STATUS_TERMINATED;
    s.r.terminated_on = date_make(2020, 9, 1);
    s.r.resumed_on = date_make(2020, 7, 1);
    s.h.last_period = date_month(date_make(2020, 7, 1));
    decision_begin(&s.d);
    pay_reinstated(&s.d, &list, &s.policy, &s.h, &s.r, date_make(2020, 9, 10));
    ok(list.n == 2 && list.v[1].period == date_month(date_make(2020, 10, 1)),
       "a death that was retracted gives back back pay that it stopped, also for periods that are still to come");
    decision_begin(&s.d);
    pay_reinstated(&s.d, &list, &s.policy, &s.h, &s.r, date_make(2020, 12, 1));
    is_int(list.n, 4, "and all that was not paid meanwhile");
    s.h.back_pay.n = 0;
    decision_begin(&s.d);
    pay_reinstated(&s.d, &list, &s.policy, &s.h, &s.r, date_make(2020, 9, 10));
    is_int(list.n, 0, "where there was no back pay, and no payday, it gives back nothing");
    clear(&s);
}

/* --- events that nobody wrote --- */

static void strange_events(void)
{
    struct scene s;
    set(&s);
    static const int numbers[] = {0, -1, 4, 99};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct event e = {.type = EV_REMINDER, .u.reminder = {.number = numbers[i]}};
        struct record before = s.r;
        record_apply(&s.policy, &s.r, &e, 0);
        ok(memcmp(&before, &s.r, sizeof before) == 0, "a reminder numbered %d, which there is not, changes nothing",
           numbers[i]);
    }
    static const enum event_type others[] = {EV_CERT_REJECTED, EV_INPUT_REJECTED, EV_POLICY_ADOPTED, EV_CONFIG_ADOPTED,
                                             EV_UNIT_RECORDED, EV_HOLD_PLACED,    EV_HOLD_LIFTED,    EV_UNIT_DIGEST};
    struct record before = s.r;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct event e = {.type = others[i]};
        record_apply(&s.policy, &s.r, &e, 0);
    }
    ok(memcmp(&before, &s.r, sizeof before) == 0, "no event of the system changes a person");
    clear(&s);
}

int main(void)
{
    plan(0);
    asks();
    does_without();
    never_asks_for_evidence();
    enrolled_again();
    nothing_due();
    lists_are_bounded();
    overpaid();
    reinstated();
    strange_events();
    return tap_end();
}
