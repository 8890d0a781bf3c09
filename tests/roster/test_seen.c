#include <stdio.h>

#include "roster/roster.h"
#include "tests/lib/tap.h"

static uint64_t bits_of(unsigned n)
{
    char ref[32];
    snprintf(ref, sizeof ref, "F%08u", n);
    return seen_bits(STR_LIT("face"), str_of(ref));
}

static void test_bits(void)
{
    uint64_t all = 0;
    unsigned one_to_three = 0, three = 0;
    for (unsigned n = 0; n < 10000; n++) {
        int set = __builtin_popcountll(bits_of(n));
        all |= bits_of(n);
        one_to_three += set >= 1 && set <= 3;
        three += set == 3;
    }
    is_int(one_to_three, 10000, "a certification sets one bit to three");
    ok(three > 9000, "nearly always three (%u of 10,000)", three);
    is_int(all, (UINT64_C(1) << 48) - 1, "all 48 bits are in use and none above");
}

/* Three certifications a person: how often a fourth looks like one of them. */
static void test_false_alarms(void)
{
    unsigned alarms = 0;
    for (unsigned n = 0; n < 40000; n += 4) {
        uint64_t seen = bits_of(n) | bits_of(n + 1) | bits_of(n + 2), bits = bits_of(n + 3);
        alarms += (seen & bits) == bits;
    }
    ok(alarms < 150, "with three accepted, fewer than 1.5 %% of others look known (%u of 10,000)", alarms);
}

int main(void)
{
    plan(7);
    test_bits();
    test_false_alarms();
    ok(seen_bits(STR_LIT("ab"), STR_LIT("c")) != seen_bits(STR_LIT("a"), STR_LIT("bc")),
       "where the channel ends makes a difference");
    ok(seen_bits(STR_LIT("face"), STR_LIT("1")) != seen_bits(STR_LIT("bank"), STR_LIT("1")), "so does the channel");
    ok(seen_bits(STR_LIT("face"), STR_LIT("")) != 0, "an empty ref has bits too");
    return tap_end();
}
