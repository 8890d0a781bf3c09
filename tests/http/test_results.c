/* What came of inputs, rendered, and kept compactly until it is sent. */
#include "http/results.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

static struct input certify(const char *id)
{
    return (struct input){.op = OP_CERTIFY, .id = str_of(id)};
}

static void check_one(const struct input *in, const struct input_result *r, const char *want, const char *what)
{
    struct buf b = BUF_INIT;
    result_write(&b, in, r, EXPLAIN_EN);
    see_json(&b);
    buf_addc(&b, '\0');
    is_str(b.p, want, "%s", what);
    buf_done(&b);
}

static void single(void)
{
    struct input in = certify("330902-1"), unit = {.op = OP_UNIT, .unit = STR_LIT("u-1")}, odd = certify("a\"\\b");
    check_one(&in, &(struct input_result){.result = RESULT_APPLIED, .n_events = 2, .first_seq = 41},
              "{'id':'330902-1','op':'certify','result':'applied','reason':null,'seq':[41,42]}", "applied");
    check_one(&in, &(struct input_result){.result = RESULT_UNCHANGED},
              "{'id':'330902-1','op':'certify','result':'unchanged','reason':null,'seq':[]}", "unchanged");
    check_one(&in,
              &(struct input_result){
                  .result = RESULT_REJECTED, .reason = REASON_STALE, .n_events = 1, .first_seq = UINT64_MAX},
              "{'id':'330902-1','op':'certify','result':'rejected','reason':'stale','seq':[18446744073709551615],"
              "'message':'The certification date is too long ago to count. Certify the person anew.'}",
              "rejected, with the largest number there is, and why in words");
    check_one(&unit, &(struct input_result){.result = RESULT_APPLIED, .n_events = 1, .first_seq = 7},
              "{'id':null,'unit':'u-1','op':'unit','result':'applied','reason':null,'seq':[7]}", "a unit");
    check_one(&odd, &(struct input_result){.result = RESULT_UNCHANGED},
              "{'id':'a\\'\\\\b','op':'certify','result':'unchanged','reason':null,'seq':[]}", "an id is escaped");
}

static void faults(void)
{
    struct result_log l = {0};
    struct buf b = BUF_INIT;
    struct input in = certify("x");
    struct input_result r = {.result = RESULT_ERROR, .member = "channel", .fault = "no such channel"};
    result_log_fault(&l, 3, "malformed", "", "what a \"line\"");
    result_log_fault(&l, 4, "malformed", "id", "too long");
    result_log_add(&l, &in, &r, 5);
    r = (struct input_result){.result = RESULT_ERROR, .key = KEY_REUSED, .fault = "another one"};
    result_log_add(&l, &in, &r, 6);
    r = (struct input_result){.result = RESULT_REJECTED, .reason = REASON_REVOKED, .n_events = 1, .first_seq = 9};
    result_log_add(&l, &in, &r, 7);
    ok(result_log_drain(&l, &b, SIZE_MAX), "there was something to drain");
    see_json(&b);
    buf_addc(&b, '\0');
    is_str(b.p,
           "{'id':null,'op':null,'result':'error','reason':'malformed','line':3,'detail':'what a \\'line\\''}\n"
           "{'id':null,'op':null,'result':'error','reason':'malformed','line':4,'member':'id','detail':'too long'}\n"
           "{'id':'x','op':'certify','result':'error','reason':'malformed','line':5,'member':'channel',"
           "'detail':'no such channel'}\n"
           "{'id':'x','op':'certify','result':'error','reason':'key-reused','line':6,'detail':'another one'}\n"
           "{'id':'x','op':'certify','result':'rejected','reason':'revoked','seq':[9],"
           "'message':'该次认证已被撤销，不能再次使用，请为该人员重新办理认证。'}\n",
           "faults of lines and of inputs, with their lines, and a rejection in the log's language");
    is_int(l.n, 5, "they are counted");
    ok(!result_log_drain(&l, &b, SIZE_MAX), "and gone when drained");
    result_log_done(&l);
    buf_done(&b);
}

/* Many, of all sizes, over several blocks, drained in small portions: the same bytes as rendered one by one. */
static void many(void)
{
    struct result_log l = {0};
    struct buf want = BUF_INIT, got = BUF_INIT;
    struct rng rng = rng_seed(1);
    char id[65];
    for (int i = 0; i < 20000; i++) {
        size_t n = 1 + rng_below(&rng, 64);
        memset(id, 'a' + i % 26, n);
        id[n] = '\0';
        struct input in = certify(id);
        struct input_result r = {
            .result = RESULT_APPLIED, .n_events = (uint32_t)rng_below(&rng, 40), .first_seq = rng_next(&rng) / 2};
        result_log_add(&l, &in, &r, (uint64_t)i);
        result_write(&want, &in, &r, EXPLAIN_ZH);
        buf_addc(&want, '\n');
    }
    for (bool more = true; more;) {
        struct buf part = BUF_INIT;
        more = result_log_drain(&l, &part, 1 + rng_below(&rng, 5000));
        buf_addstr(&got, buf_str(&part));
        buf_done(&part);
    }
    ok(str_eq(buf_str(&want), buf_str(&got)), "twenty thousand results come out as they went in");
    result_log_add(&l, &(struct input){.op = OP_ERASE, .id = STR_LIT("z")},
                   &(struct input_result){.result = RESULT_APPLIED}, 1);
    ok(l.first && l.n == 20001, "a log that was drained takes more");
    result_log_done(&l);
    ok(!l.first, "a log that was not drained is released");
    buf_done(&want);
    buf_done(&got);
}

int main(void)
{
    plan(5 + 4 + 3);
    single();
    faults();
    many();
    return tap_end();
}
