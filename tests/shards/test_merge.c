/* The answers of several shards as one. */
#include "shards/front/merge.h"

#include "core/record.h"
#include "tests/lib/tap.h"

static const char *text_of(struct buf *b)
{
    *buf_room(b, 1) = '\0';
    return b->p;
}

/* A row in which each kind of deadline falls `first` times, the next one once more, and so on. */
static void add_row(struct buf *b, const char *on, unsigned first)
{
    buf_printf(b, "%s{\"on\":\"%s\"", b->p && b->p[b->n - 1] == '}' ? "," : "", on);
    for (int k = DEADLINE_NONE + 1; k < DEADLINE_N; k++)
        buf_printf(b, ",\"%s\":%u", deadline_text((enum deadline_kind)k), first++);
    buf_addc(b, '}');
}

static void begin_due(struct buf *b)
{
    BUF_LIT(b, "{\"by\":\"day\",\"rows\":[");
}

static void end_due(struct buf *b, unsigned held)
{
    buf_printf(b, "],\"held\":%u}", held);
}

static void test_due(void)
{
    struct buf one = BUF_INIT, two = BUF_INIT, three = BUF_INIT, got = BUF_INIT, want = BUF_INIT;
    begin_due(&one);
    add_row(&one, "2026-02-01", 1);
    add_row(&one, "2026-03-01", 5);
    end_due(&one, 2);
    begin_due(&two);
    end_due(&two, 0);
    begin_due(&three);
    add_row(&three, "2026-01-31", 0);
    add_row(&three, "2026-03-01", 10);
    end_due(&three, 40);
    begin_due(&want);
    add_row(&want, "2026-01-31", 0);
    add_row(&want, "2026-02-01", 1);
    BUF_LIT(&want, ",{\"on\":\"2026-03-01\"");
    for (int k = DEADLINE_NONE + 1; k < DEADLINE_N; k++)
        buf_printf(&want, ",\"%s\":%d", deadline_text((enum deadline_kind)k), 15 + 2 * (k - DEADLINE_NONE - 1));
    buf_addc(&want, '}');
    end_due(&want, 42);
    const struct str bodies[] = {buf_str(&one), buf_str(&two), buf_str(&three)};
    ok(merge_due(bodies, 3, &got), "what is due in three shards");
    is_str(text_of(&got), text_of(&want), "stands in the order of days, and is summed up");
    const struct str bad[] = {bodies[0], STR_LIT("{\"by\":\"day\",\"rows\":[{\"on\":\"2026-02-01\"}],\"held\":0}")};
    ok(!merge_due(bad, 2, &got), "a row without counts is refused");
    buf_done(&one);
    buf_done(&two);
    buf_done(&three);
    buf_done(&got);
    buf_done(&want);
}

static void test_holds(void)
{
    const struct str bodies[] = {
        STR_LIT(
            "{\"holds\":[{\"name\":\"clock\",\"hold\":\"clock\",\"since\":\"2026-02-01T10:00:00+08:00\",\"by\":null},"
            "{\"name\":\"moratorium\",\"hold\":\"moratorium\",\"since\":\"2026-02-02T10:00:00+08:00\",\"by\":"
                "\"a \\\"b\\\"\"}]}"),
        STR_LIT("{\"holds\":[]}"),
        STR_LIT(
            "{\"holds\":[{\"name\":\"moratorium\",\"hold\":\"moratorium\","
            "\"since\":\"2026-02-02T01:30:00Z\",\"by\":\"x\"},"
            "{\"name\":\"brake\",\"hold\":\"brake\",\"since\":\"2026-02-03T10:00:00+08:00\",\"by\":null}]}"),
    };
    struct buf b = BUF_INIT;
    bool has[3];
    ok(merge_holds(bodies, 3, &b), "holds of three shards");
    is_str(
        text_of(&b),
        "{\"holds\":[{\"name\":\"clock\",\"hold\":\"clock\",\"since\":\"2026-02-01T10:00:00+08:00\",\"by\":null},"
        "{\"name\":\"moratorium\",\"hold\":\"moratorium\",\"since\":\"2026-02-02T01:30:00Z\",\"by\":\"a \\\"b\\\"\"},"
        "{\"name\":\"brake\",\"hold\":\"brake\",\"since\":\"2026-02-03T10:00:00+08:00\",\"by\":null}]}",
        "stand once each, since the earliest");
    buf_clear(&b);
    ok(merge_find_hold(bodies, 3, STR_LIT("moratorium"), has, &b), "one of them is found");
    ok(has[0] && !has[1] && has[2], "with the shards that have it");
    is_str(
        text_of(&b),
        "{\"name\":\"moratorium\",\"hold\":\"moratorium\",\"since\":\"2026-02-02T01:30:00Z\",\"by\":\"a \\\"b\\\"\"}",
        "joined");
    ok(!merge_find_hold(bodies, 3, STR_LIT("moratorium:unit:x"), has, &b) && !has[0], "one that nobody has is not");
    const struct str bad[] = {bodies[0], STR_LIT("{}")};
    ok(!merge_holds(bad, 2, &b), "what is no list of holds is refused");
    buf_done(&b);
}

#define STATUS(position, now, enrolled, lag, next, heard, accepted)                             \
    "{\"position\":" position ",\"now\":\"" now "\",\"simulated\":false,\"enrolled\":" enrolled \
    ",\"active\":" enrolled ",\"held\":1,\"lag_seconds\":" lag ",\"next\":[" next               \
    "],\"holds\":[],\"channels\":[{\"name\":\"face\","                                          \
    "\"heard_at\":\"" heard "\",\"expect_every\":null,\"accepted\":" accepted                   \
    "}],\"log_bytes\":100,\"incarnation\":\"ab\"}"

static void test_status(void)
{
    const struct str bodies[] = {
        STR_LIT(STATUS("5", "2026-02-01T10:00:00+08:00", "10", "0",
                       "{\"kind\":\"reminder\",\"at\":\"2026-03-01T00:00:00+08:00\",\"count\":2},"
                       "{\"kind\":\"suspension\",\"at\":\"2026-04-01T00:00:00+08:00\",\"count\":1}",
                       "2026-01-31T10:00:00+08:00", "[0,1,2]")),
        STR_LIT(STATUS("300", "2026-02-01T10:00:01+08:00", "7", "9",
                       "{\"kind\":\"suspension\",\"at\":\"2026-02-15T00:00:00+08:00\",\"count\":4},"
                       "{\"kind\":\"reminder\",\"at\":\"2026-03-01T00:00:00+08:00\",\"count\":3}",
                       "2026-01-31T11:00:00+08:00", "[4,0,1]")),
    };
    struct buf b = BUF_INIT;
    ok(merge_status(bodies, 2, STR_LIT("{\"shards\":2}"), &b), "the status of two shards");
    is_str(text_of(&b),
           "{\"position\":\"sAgWsAg\",\"now\":\"2026-02-01T10:00:01+08:00\",\"simulated\":false,\"enrolled\":17,"
           "\"active\":17,\"held\":2,\"lag_seconds\":9,\"next\":["
           "{\"kind\":\"suspension\",\"at\":\"2026-02-15T00:00:00+08:00\",\"count\":4},"
           "{\"kind\":\"reminder\",\"at\":\"2026-03-01T00:00:00+08:00\",\"count\":5},"
           "{\"kind\":\"suspension\",\"at\":\"2026-04-01T00:00:00+08:00\",\"count\":1}],\"holds\":[],"
           "\"channels\":[{\"name\":\"face\",\"heard_at\":\"2026-01-31T11:00:00+08:00\",\"expect_every\":null,"
           "\"accepted\":[4,1,3]}],\"log_bytes\":200,\"incarnation\":\"ab\",\"silent\":[],\"shards\":{\"shards\":2}}",
           "counts are summed up, the latest and the earliest count, the position is that in both logs");
    buf_clear(&b);
    ok(merge_status(bodies, 1, STR_LIT("null"), &b) && strstr(text_of(&b), "{\"position\":5,\"now\""),
       "on one shard the position is a number");
    const struct str some[] = {STR_NONE, bodies[1], STR_NONE}, none[] = {STR_NONE, STR_NONE};
    buf_clear(&b);
    ok(merge_status(some, 3, STR_LIT("null"), &b), "shards may be silent");
    ok(strstr(text_of(&b), "\"position\":\"sAwCsAgA\",\"now\"") && strstr(b.p, "\"enrolled\":7,") &&
           strstr(b.p, "\"silent\":[0,2],"),
       "then they are named, and whoever reads on from the position misses nothing of theirs");
    ok(!merge_status(none, 2, STR_LIT("null"), &b), "but not all of them");
    const struct str bad[] = {bodies[0], STR_LIT("")};
    ok(!merge_status(bad, 2, STR_LIT("null"), &b), "what is no status is refused");
    buf_done(&b);
}

int main(void)
{
    plan(0);
    test_due();
    test_holds();
    test_status();
    return tap_end();
}
