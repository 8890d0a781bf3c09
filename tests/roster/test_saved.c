/* Records kept as they were, against an array of all. */
#include "roster/saved.h"

#include "tests/lib/tap.h"

#define PEOPLE 3000

static struct entry numbered(uint32_t n)
{
    return (struct entry){.seq = n + 1, .rec = {.approved_on = (lc_date)n + 7, .paid_apart = n % 2}};
}

static void test_one(void)
{
    struct saved *s = saved_new(PEOPLE);
    struct entry e = numbered(5), later = numbered(6), out = {.seq = 99};
    ok(!saved_get(s, 5, &out), "of nobody is anything kept at first");
    is_int(out.seq, 99, "and the place for it stays as it was");
    saved_keep(s, 5, &e);
    saved_keep(s, 5, &later);
    ok(saved_get(s, 5, &out) && out.seq == 6 && out.rec.approved_on == 12 && out.rec.paid_apart,
       "what was kept first is what counts");
    is_int(saved_count(s), 1, "and counts once");
    ok(!saved_get(s, 5 + 256, &out) && !saved_get(s, 4, &out), "others are not taken for it");
    saved_free(s);
    s = saved_new(1);
    saved_keep(s, 0, &e);
    ok(saved_get(s, 0, &out), "there may be one person alone");
    saved_free(s);
    s = saved_new(256);
    saved_keep(s, 255, &e);
    saved_pass(s, 256);
    is_int(saved_count(s), 0, "the end may be passed");
    saved_free(s);
    saved_free(NULL);
}

/* Saves at random while a reader goes on from the front. */
static void test_all(void)
{
    struct rng g = rng_seed(11);
    struct saved *s = saved_new(PEOPLE);
    bool kept[PEOPLE] = {false};
    uint32_t reader = 0, count = 0, most = 0;
    unsigned wrong = 0;
    while (reader < PEOPLE) {
        for (int i = 0; i < 40; i++) {
            uint32_t n = reader + (uint32_t)rng_below(&g, PEOPLE - reader);
            struct entry e = numbered(kept[n] ? 0 : n);
            count += !kept[n];
            kept[n] = true;
            saved_keep(s, n, &e);
        }
        most = count > most ? count : most;
        for (int i = 0; i < 30 && reader < PEOPLE; i++, reader++) {
            struct entry out, want = numbered(reader);
            bool there = saved_get(s, reader, &out);
            wrong += there != kept[reader] ||
                     (there && (out.seq != want.seq || out.rec.approved_on != want.rec.approved_on));
            count -= kept[reader];
        }
        saved_pass(s, reader);
        wrong += saved_count(s) < count || saved_count(s) > count + 256;
    }
    is_int(wrong, 0, "each comes back as it was first, and those passed are forgotten page by page");
    ok(most > 500, "with hundreds kept at a time");
    saved_free(s);
}

int main(void)
{
    plan(7 + 2);
    test_one();
    test_all();
    return tap_end();
}
