/* Positions of one shard and of several as texts. */
#include "shards/position.h"

#include <stdio.h>

#include "tests/lib/tap.h"

static const char *text_of(const struct position *p, char out[4096])
{
    struct buf b = BUF_INIT;
    position_write(p, &b);
    snprintf(out, 4096, "%.*s", (int)b.n, b.p);
    buf_done(&b);
    return out;
}

static void test_one(void)
{
    char text[4096];
    struct position p;
    position_init(&p, 1);
    is_str(text_of(&p, text), "0", "before everything, on one shard, is 0");
    ok(position_read(&p, STR_LIT("18446744073709551615")), "the largest number is read");
    is_str(text_of(&p, text), "18446744073709551615", "and written");
    static const char *const bad[] = {"",     "18446744073709551616", "-1", "+1", "1x", " 1",
                                      "sAQE", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!position_read(&p, str_of(bad[i])) && p.v[0] == UINT64_MAX, "\"%s\" is none, and changes nothing", bad[i]);
    position_done(&p);
}

/* The bytes of these: 03 00 AC 02 07. */
static void test_vector(void)
{
    char text[4096];
    struct position p, q;
    position_init(&p, 3);
    position_init(&q, 4);
    is_str(text_of(&p, text), "sAwAAAA", "before everything, on three");
    p.v[1] = 300;
    p.v[2] = 7;
    is_str(text_of(&p, text), "sAwCsAgc", "300 and 7 as varints in base64url");
    memset(p.v, 0, 3 * sizeof *p.v);
    ok(position_read(&p, STR_LIT("sAwCsAgc")), "read again");
    ok(p.v[0] == 0 && p.v[1] == 300 && p.v[2] == 7, "with every number");
    ok(!position_read(&q, STR_LIT("sAwCsAgc")), "but not where there are four shards");
    static const char *const bad[] = {
        "",           "s",        "7",         "00",       "AwCsAgc", "sAwCsAg",  "sAwCsAgc=", "sAwCsAgcA",
        "sAwCsAgcAA", "sAwCsAg/", "sAwCsAg+c", "sAwCsAgd", "sAwCAAA", "sA4AAAAc", "sAwCsAg c",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!position_read(&p, str_of(bad[i])) && p.v[1] == 300, "\"%s\" is none, and changes nothing", bad[i]);
    ok(!position_read(&p, (struct str){"sAwCsAg\0", 8}), "nor is one with a zero byte");
    ok(position_read(&p, STR_LIT("0")) && p.v[1] == 0 && p.v[2] == 0, "0 is before everything, on three too");
    position_done(&p);
    position_done(&q);
}

/* What is written is read as it was, and no other text is the same position. */
static void test_random(void)
{
    struct rng r = rng_seed(6);
    unsigned same = 0, unique = 0, altered = 0;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned n = 2 + (unsigned)rng_below(&r, i % 50 ? 20 : 4095);
        struct position p, q;
        struct buf text = BUF_INIT, again = BUF_INIT;
        position_init(&p, n);
        position_init(&q, n);
        for (unsigned k = 0; k < n; k++)
            p.v[k] = rng_next(&r) >> rng_below(&r, 64);
        position_write(&p, &text);
        same += position_read(&q, buf_str(&text)) && memcmp(p.v, q.v, n * sizeof *p.v) == 0;
        text.p[1 + rng_below(&r, text.n - 1)] = "Ag9_-"[rng_below(&r, 5)];
        altered++;
        unique +=
            !position_read(&q, buf_str(&text)) || (position_write(&q, &again), str_eq(buf_str(&again), buf_str(&text)));
        buf_done(&again);
        buf_done(&text);
        position_done(&p);
        position_done(&q);
    }
    is_int(same, 2000, "2,000 random positions are read as they were written");
    is_int(unique, altered, "and an altered text is none, or another position's own");
}

int main(void)
{
    plan(0);
    test_one();
    test_vector();
    test_random();
    return tap_end();
}
