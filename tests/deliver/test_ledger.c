#include "deliver/ledger.h"

#include <stdio.h>

#include "base/buf.h"
#include "tests/lib/tap.h"

static void test_copies(void)
{
    struct ledger l = {.n = 0};
    char name[] = "payroll", why[] = "status 500";
    struct delivery_change put = {.kind = CHANGE_PUT,
                                  .row = {.endpoint = str_of(name), .seq = 9, .why = str_of(why), .ref = STR_LIT("")}};
    ledger_add(&l, &put);
    struct delivery_change at = {.kind = CHANGE_ENDPOINT,
                                 .at = {.endpoint = str_of(name), .paused = str_of(why), .paused_by = str_of(name)}};
    ledger_add(&l, &at);
    memset(name, 'x', sizeof name - 1);
    memset(why, 'y', sizeof why - 1);
    is_int(l.n, 2, "two changes are two");
    ok(str_is(l.v[0].row.endpoint, "payroll") && str_is(l.v[0].row.why, "status 500"), "strings are copied");
    ok(str_is(l.v[1].at.endpoint, "payroll") && str_is(l.v[1].at.paused, "status 500") &&
           str_is(l.v[1].at.paused_by, "payroll"),
       "an endpoint's too");
    ok(l.v[0].row.subject.p == NULL && l.v[0].row.ref.p != NULL, "none stays none, and empty stays empty");
    is_int(l.v[0].row.seq, 9, "the rest is as it was");
    char who[] = "Li";
    struct delivery_change again = {.kind = CHANGE_REDELIVERY,
                                    .redelivery = {.endpoint = str_of(who),
                                                   .type = str_of(who),
                                                   .subject = str_of(who),
                                                   .by = str_of(who),
                                                   .why = str_of(who),
                                                   .last_error = str_of(who)}};
    ledger_add(&l, &again);
    memset(who, 'z', sizeof who - 1);
    const struct redelivery_row *r = &l.v[2].redelivery;
    ok(str_is(r->endpoint, "Li") && str_is(r->type, "Li") && str_is(r->subject, "Li") && str_is(r->by, "Li") &&
           str_is(r->why, "Li") && str_is(r->last_error, "Li"),
       "and a redelivery's");
    ledger_clear(&l);
    is_int(l.n, 0, "cleared, it has none");
    ledger_add(&l, &put);
    ok(str_is(l.v[0].row.endpoint, "xxxxxxx"), "and takes new ones");
    ledger_done(&l);
}

/* Over several blocks, and one string that is longer than a block. */
static void test_blocks(void)
{
    struct ledger l = {.n = 0};
    struct buf longest = BUF_INIT;
    char text[40];
    unsigned wrong = 0;
    memset(buf_room(&longest, 200000), 'a', 200000);
    longest.n = 200000;
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            snprintf(text, sizeof text, "person-%u-%d", i, round);
            struct delivery_change c = {.kind = CHANGE_PUT, .row = {.seq = i, .subject = str_of(text)}};
            if (i == 10000)
                c.row.why = buf_str(&longest);
            ledger_add(&l, &c);
        }
        for (unsigned i = 0; i < 20000; i++) {
            snprintf(text, sizeof text, "person-%u-%d", i, round);
            wrong += !str_is(l.v[i].row.subject, text);
            wrong += i == 10000 && !str_eq(l.v[i].row.why, buf_str(&longest));
        }
        ledger_clear(&l);
    }
    is_int(wrong, 0, "strings stay where they are, however many there are");
    ledger_done(&l);
    ledger_done(&l);
    ok(l.v == NULL && l.blocks == NULL, "done twice is fine");
    buf_done(&longest);
}

int main(void)
{
    plan(10);
    test_copies();
    test_blocks();
    return tap_end();
}
