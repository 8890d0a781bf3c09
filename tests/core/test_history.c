/* A person's history, folded from events that come in any order of their dates. */
#include "core/history.h"
#include "tests/lib/tap.h"

static const struct str face = {"face", 4}, desk = {"desk", 4};

static void amend_amount(struct history *h, lc_month from, int64_t amount)
{
    struct event e = {.type = EV_AMENDED, .u.amended = {.given = M_AMOUNT, .amount = amount, .amount_from = from}};
    history_add(h, &e);
}

static void amounts(void)
{
    struct history h;
    history_init(&h);
    is_int(history_amount(&h, 100), AMOUNT_NONE, "who has no amount has none for any month");
    amend_amount(&h, 120, 3000);
    amend_amount(&h, 100, 1000);
    amend_amount(&h, 110, 2000);
    is_int(history_amount(&h, 99), AMOUNT_NONE, "before the first there is none");
    is_int(history_amount(&h, 100), 1000, "an amount counts from its month");
    is_int(history_amount(&h, 119), 2000, "until the next one's, in whatever order they came");
    is_int(history_amount(&h, 500), 3000, "and the last for ever");
    amend_amount(&h, 110, 2500);
    is_int(history_amount(&h, 115), 2500, "a second one for the same month takes its place");
    is_int(h.n_amounts, 3, "and is no further one");
    struct event other = {.type = EV_AMENDED, .u.amended = {.given = M_UNIT, .amount = 9, .amount_from = 1}};
    history_add(&h, &other);
    is_int(history_amount(&h, 115), 2500, "an amendment of something else leaves the amounts alone");
    history_done(&h);
}

static void certify(struct history *h, struct str channel, const char *ref, lc_date on)
{
    struct event e = {.type = EV_ACCEPTED, .u.accepted = {.channel = channel, .ref = str_of(ref), .certified_on = on}};
    history_add(h, &e);
}

static void revoke(struct history *h, struct str channel, const char *ref)
{
    struct event e = {.type = EV_REVOKED, .u.revoked = {.channel = channel, .ref = str_of(ref)}};
    history_add(h, &e);
}

static void certifications(void)
{
    struct history h;
    history_init(&h);
    struct event enrolled = {.type = EV_ENROLLED, .u.enrolled = {.last_certified_on = 500, .amount = AMOUNT_NONE}};
    history_add(&h, &enrolled);
    certify(&h, face, "a", 900);
    certify(&h, face, "b", 700);
    certify(&h, desk, "a", 800);
    is_int(history_certified(&h, NULL), 900, "the last certified date is the latest one");
    const struct certification *first = history_find(&h, face, STR_LIT("a"));
    ok(first && first->certified_on == 900, "a certification is found by channel and reference together");
    ok(!history_find(&h, desk, STR_LIT("b")), "and not by either alone");
    is_int(history_certified(&h, first), 800, "without that one it is the latest of the others");
    revoke(&h, STR_LIT("mail"), "a");
    is_int(history_certified(&h, NULL), 900, "revoking what was never accepted takes nothing away");
    revoke(&h, face, "a");
    is_int(history_certified(&h, NULL), 800, "what is revoked counts no more");
    revoke(&h, desk, "a");
    revoke(&h, face, "b");
    is_int(history_certified(&h, NULL), 500, "without any the date of the enrolment is left");
    history_done(&h);
}

static void resume(struct history *h, struct period_pay *pays, uint32_t n, lc_date pay_on)
{
    struct event e = {.type = EV_RESUMED, .u.resumed = {.resumed_on = pay_on, .back_pay = {pays, n, pay_on}}};
    history_add(h, &e);
}

static void paid_apart(void)
{
    struct history h;
    history_init(&h);
    struct period_pay late[] = {{30, 0, 1}, {31, 0, 1}}, early[] = {{10, 0, 1}, {11, 0, 1}}, again[] = {{31, 0, 1}};
    is_int(history_paid_on(&h, 30), DATE_NONE, "no period is paid on another day than its own");
    resume(&h, late, 2, 1000);
    resume(&h, early, 2, 1100);
    is_int(history_paid_on(&h, 30), 1000, "back pay is paid when its event says");
    is_int(history_paid_on(&h, 11), 1100, "that of earlier periods, too, though it came later");
    is_int(history_paid_on(&h, 20), DATE_NONE, "a period between was paid on its payday");
    is_int(history_paid_on(&h, 5), DATE_NONE, "so was one before all");
    resume(&h, again, 1, 1200);
    is_int(history_paid_on(&h, 31), 1200, "the last event that names a period says when it is paid");
    is_int(h.n_paid, 4, "and a period stands there once");
    resume(&h, NULL, 0, 1300);
    ok(h.back_pay.n == 0 && h.resumed_on == 1300, "a resumption without back pay replaces the list by an empty one");
    history_done(&h);
}

int main(void)
{
    plan(0);
    amounts();
    certifications();
    paid_apart();
    return tap_end();
}
