/* What is asked of a shard's delivery on its way: all of it comes out as it went in, and what is none of it is
 * refused. */
#include <stdio.h>
#include <string.h>

#include "shards/desk/desk_letter.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define TEXT "水 \"quoted\"\n"

static const struct redeliver_call ranges[] = {
    {.from = {.kind = PLACE_NUMBER, .number = UINT64_MAX}, .until = {.kind = PLACE_NOT_GIVEN}},
    {.from = {.kind = PLACE_NUMBER, .number = 0}, .until = {.kind = PLACE_NUMBER, .number = 17}},
    {.from = {.kind = PLACE_INSTANT, .at = -86400}, .until = {.kind = PLACE_INSTANT, .at = 1772416800}},
    {.from = {.kind = PLACE_DATE, .date = 20514},
     .until = {.kind = PLACE_DATE, .date = -1},
     .type = STR_LIT("benefit.*"),
     .subject = STR_LIT("P-1")},
};

static bool same_place(const struct log_place *a, const struct log_place *b)
{
    return a->kind == b->kind && (a->kind != PLACE_NUMBER || a->number == b->number) &&
           (a->kind != PLACE_INSTANT || a->at == b->at) && (a->kind != PLACE_DATE || a->date == b->date);
}

static bool same(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Out and in again. */
static bool travels(const struct desk_call *c, const struct deliver_order *o, struct desk_letter *l)
{
    struct buf body = BUF_INIT;
    struct errmsg msg = {""};
    desk_letter_write(c, o, &body);
    enum err err = desk_letter_read(desk_letter_method(c->verb), buf_str(&body), l, &msg);
    if (err != ERR_OK)
        diag("%.*s: %s", (int)body.n, body.p, msg.text);
    buf_done(&body);
    return err == ERR_OK && l->call.verb == c->verb && l->call.shard == c->shard &&
           same(l->order.endpoint, o->endpoint) && same(l->order.by, o->by) && same(l->order.why, o->why) &&
           same(l->order.phone, o->phone) && l->order.seq == o->seq && l->call.list.states == c->list.states &&
           l->call.list.after == c->list.after && l->call.list.limit == c->list.limit &&
           !l->call.redeliver == !c->redeliver && !l->call.receipt == !c->receipt;
}

static void test_verbs(void)
{
    struct deliver_order o = {.endpoint = STR_LIT("payroll"),
                              .by = STR_LIT("Li"),
                              .why = STR_LIT("水 \"quoted\" \\"),
                              .phone = STR_LIT("+8613800000000"),
                              .seq = UINT64_MAX};
    for (int v = 0; v < DESK_VERB_N; v++) {
        struct desk_call c = {.verb = (enum desk_verb)v, .shard = 4095};
        struct receipt_call receipt = {STR_LIT("id=1"), STR_LIT("")};
        struct desk_letter l;
        c.redeliver = v == DESK_REDELIVER ? &ranges[0] : NULL;
        c.receipt = v == DESK_RECEIPT ? &receipt : NULL;
        if (v == DESK_DELIVERIES)
            c.list = (struct desk_list){127, INT64_MAX, 1000};
        ok(travels(&c, &o, &l), "\"%s\" travels whole", desk_letter_method(c.verb).p);
        ok(desk_letter_is(desk_letter_method(c.verb)), "and is known by its method");
        desk_letter_done(&l);
    }
    struct desk_call c = {.verb = DESK_ENDPOINTS};
    struct deliver_order nothing = {.seq = 0};
    struct desk_letter l;
    ok(travels(&c, &nothing, &l) && !l.order.endpoint.p, "one without any members travels too");
    desk_letter_done(&l);
}

static void test_ranges(void)
{
    struct deliver_order o = {.endpoint = STR_LIT("payroll"), .by = STR_LIT("Li"), .why = STR_LIT("lost")};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct desk_call c = {.verb = DESK_REDELIVER, .redeliver = &ranges[i]};
        struct desk_letter l;
        ok(travels(&c, &o, &l), "range %zu travels", i);
        ok(same_place(&l.redeliver.from, &ranges[i].from) && same_place(&l.redeliver.until, &ranges[i].until) &&
               same(l.redeliver.type, ranges[i].type) && same(l.redeliver.subject, ranges[i].subject),
           "with its places");
        desk_letter_done(&l);
    }
}

static void test_receipt(void)
{
    static char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    struct receipt_call receipt = {{bytes, sizeof bytes}, STR_LIT(TEXT)};
    struct desk_call c = {.verb = DESK_RECEIPT, .receipt = &receipt};
    struct deliver_order o = {.endpoint = STR_LIT("gateway")};
    struct desk_letter l;
    ok(travels(&c, &o, &l), "a receipt of any bytes travels");
    ok(same(l.receipt.query, receipt.query) && same(l.receipt.body, receipt.body), "each of them");
    desk_letter_done(&l);
}

static const struct {
    const char *method, *body;
} bad[] = {
    {"desk", "{}"},
    {"desk pausee", "{}"},
    {"desk pause", "[]"},
    {"desk pause", "{'endpoint':'a','colour':'red'}"},
    {"desk pause", "{'endpoint':'a'"},
    {"desk retry", "{'endpoint':'a','seq':18446744073709551616}"},
    {"desk retry", "{'endpoint':'a','shard':4294967296}"},
    {"desk deliveries", "{'after':9223372036854775808}"},
    {"desk redeliver", "{'endpoint':'a','from':'n'}"},
    {"desk redeliver", "{'endpoint':'a','from':'n-1'}"},
    {"desk redeliver", "{'endpoint':'a','from':'x1'}"},
    {"desk redeliver", "{'endpoint':'a','from':'d2147483648'}"},
    {"desk redeliver", "{'endpoint':'a','from':'i9223372036854775808'}"},
    {"desk receipt", "{'endpoint':'a','body':'0'}"},
    {"desk receipt", "{'endpoint':'a','body':'0G'}"},
};

static void test_bad(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf body = BUF_INIT;
        struct desk_letter l;
        struct errmsg msg = {""};
        add_json(&body, str_of(bad[i].body));
        ok(desk_letter_read(str_of(bad[i].method), buf_str(&body), &l, &msg) == ERR_INVALID && msg.text[0],
           "refused: %s %s", bad[i].method, bad[i].body);
        desk_letter_done(&l);
        buf_done(&body);
    }
    ok(!desk_letter_is(STR_LIT("desk")) && !desk_letter_is(STR_NONE), "what is no desk's method is not taken for one");
}

int main(void)
{
    plan(0);
    test_verbs();
    test_ranges();
    test_receipt();
    test_bad();
    return tap_end();
}
