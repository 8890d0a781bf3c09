/* One object of several, member by member. */
#include "shards/move/fold.h"
#include "shards/position.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

static const char *const words[] = {"good", "bad", "worst", NULL};

static const struct fold_row inner[] = {
    {"n", FOLD_SUM, NULL, NULL},
    {NULL, FOLD_FIRST, NULL, NULL},
};

static const struct fold_row rows[] = {
    {"name", FOLD_FIRST, NULL, NULL},  {"n", FOLD_SUM, NULL, NULL},       {"state", FOLD_WORST, words, NULL},
    {"skips", FOLD_SUMS, NULL, NULL},  {"since", FOLD_EARLIEST, NULL, NULL}, {"at", FOLD_LATEST, NULL, NULL},
    {"ended", FOLD_LAST, NULL, NULL},  {"inner", FOLD_OBJECT, NULL, inner},  {"cursor", FOLD_PLACE, NULL, NULL},
    {NULL, FOLD_FIRST, NULL, NULL},
};

static const struct {
    const char *a, *b, *want, *why;
} cases[] = {
    {"{}", "{}", "{}", "what none has is left out"},
    {"{'name':'x'}", "{'name':'y'}", "{'name':'x'}", "the first counts"},
    {"{'name':null}", "{'name':'y'}", "{'name':'y'}", "but not when it is null"},
    {"{'name':null}", "{'name':null}", "{'name':null}", "null of all is null"},
    {"{'name':'a,}]\\\"b'}", "{}", "{'name':'a,}]\\\"b'}", "strings may hold what ends values"},
    {"{'n':1}", "{'n':41}", "{'n':42}", "numbers are summed up"},
    {"{'n':1,'m':[1,{'n':5}],'o':{'n':[7]}}", "{'m':9,'n':2}", "{'n':3}", "what is in no row is passed over"},
    {"{'state':'good'}", "{'state':'bad'}", "{'state':'bad'}", "the worst word counts"},
    {"{'state':'worst'}", "{'state':'bad'}", "{'state':'worst'}", "whoever says it"},
    {"{'state':'good'}", "{'state':'odd'}", "{'state':'odd'}", "a word of another version is the worst"},
    {"{'skips':{}}", "{'skips':{}}", "{'skips':{}}", "no counts are no counts"},
    {"{'skips':{'a':1}}", "{'skips':{'b':2,'a':3}}", "{'skips':{'a':4,'b':2}}", "each name's counts are summed up"},
    {"{'since':'2026-03-02'}", "{'since':'2026-03-01'}", "{'since':'2026-03-01'}", "the earliest time"},
    {"{'since':null}", "{'since':'2026-03-01'}", "{'since':'2026-03-01'}", "of those that there are"},
    {"{'at':'2026-03-02'}", "{'at':'2026-03-01'}", "{'at':'2026-03-02'}", "the latest time"},
    {"{'at':null}", "{'at':'2026-03-01'}", "{'at':'2026-03-01'}", "of those that there are, too"},
    {"{'ended':'2026-03-02'}", "{'ended':'2026-03-03'}", "{'ended':'2026-03-03'}", "the last end"},
    {"{'ended':'2026-03-02'}", "{'ended':null}", "{'ended':null}", "is none as long as one goes on"},
    {"{'inner':{'n':2}}", "{'inner':{'n':3}}", "{'inner':{'n':5}}", "objects are folded as well"},
    {"{'inner':null}", "{'inner':{'n':3}}", "{'inner':{'n':3}}", "where there are some"},
    {"{'inner':null}", "{'inner':null}", "{'inner':null}", "else there is none"},
    {"[]", "{'n':2}", "{'n':2}", "what is no object says nothing"},
    {"{'n':1,'name'", "{'n':2}", "{'n':3}", "nor does what is cut short"},
};

static void fold(unsigned n, const char *a, const char *b, struct buf *out)
{
    struct fold *f = fold_new(rows, n);
    const char *texts[] = {a, b};
    for (unsigned i = 0; i < n; i++) {
        struct buf json = BUF_INIT;
        add_json(&json, str_of(texts[i]));
        fold_take(f, i, buf_str(&json));
        buf_done(&json);
    }
    buf_clear(out);
    fold_write(f, out);
    buf_addc(out, '\0');
    fold_free(f);
}

static void test_cases(void)
{
    struct buf got = BUF_INIT, want = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&want);
        add_json(&want, str_of(cases[i].want));
        buf_addc(&want, '\0');
        fold(2, cases[i].a, cases[i].b, &got);
        is_str(got.p, want.p, "%s", cases[i].why);
    }
    buf_done(&got);
    buf_done(&want);
}

static void test_places(void)
{
    struct buf got = BUF_INIT, want = BUF_INIT;
    struct position p;
    position_init(&p, 2);
    p.v[0] = 7;
    p.v[1] = 300;
    BUF_LIT(&want, "{\"cursor\":\"");
    position_write(&p, &want);
    buf_add(&want, "\"}", 3);
    fold(2, "{'cursor':7}", "{'cursor':300}", &got);
    is_str(got.p, want.p, "numbers of two logs are a position");
    fold(1, "{'cursor':7}", NULL, &got);
    is_str(got.p, "{\"cursor\":7}", "of one log they stay a number");
    position_done(&p);
    buf_done(&got);
    buf_done(&want);
}

int main(void)
{
    plan(0);
    test_cases();
    test_places();
    return tap_end();
}
