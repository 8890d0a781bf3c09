/* Who owns what: complete, even, the same whatever the order of the names, and few move when a daemon comes or goes. */
#include "shards/assign.h"

#include <stdio.h>

#include "tests/lib/tap.h"

#define DAEMONS 12
#define SHARDS 256

static char texts[DAEMONS][16];
static const char *names[DAEMONS];

static void spread(unsigned n, unsigned shards, unsigned *load)
{
    unsigned owner[SHARDS];
    for (unsigned s = 0; s < shards; s++)
        owner[s] = DAEMONS;
    assign_shards(names, n, shards, owner);
    for (unsigned d = 0; d <= DAEMONS; d++)
        load[d] = 0;
    for (unsigned s = 0; s < shards; s++)
        load[owner[s] < n ? owner[s] : DAEMONS]++;
}

static void test_even(void)
{
    unsigned load[DAEMONS + 1], wrong = 0, unowned = 0;
    for (unsigned n = 1; n <= DAEMONS; n++)
        for (unsigned shards = 1; shards <= SHARDS; shards += 5) {
            spread(n, shards, load);
            unowned += load[DAEMONS];
            for (unsigned d = 0; d < n; d++)
                wrong += load[d] < shards / n || load[d] > (shards + n - 1) / n;
        }
    is_int(unowned, 0, "every shard has an owner");
    is_int(wrong, 0, "and nobody has more than one shard more than another");
}

static void test_order(void)
{
    const char *shuffled[DAEMONS];
    unsigned a[SHARDS], b[SHARDS], differ = 0;
    struct rng rng = rng_seed(1);
    assign_shards(names, DAEMONS, SHARDS, a);
    for (int round = 0; round < 20; round++) {
        for (unsigned i = 0; i < DAEMONS; i++)
            shuffled[i] = names[i];
        for (unsigned i = DAEMONS - 1; i > 0; i--) {
            unsigned k = (unsigned)rng_below(&rng, i + 1);
            const char *t = shuffled[i];
            shuffled[i] = shuffled[k];
            shuffled[k] = t;
        }
        assign_shards(shuffled, DAEMONS, SHARDS, b);
        for (unsigned s = 0; s < SHARDS; s++)
            differ += names[a[s]] != shuffled[b[s]];
    }
    is_int(differ, 0, "it does not matter in which order the names are given");
}

/* All but one of n. Returns how many shards move that were not the one's who left. */
static unsigned moved_without(unsigned n, unsigned gone, unsigned shards)
{
    const char *left[DAEMONS];
    unsigned a[SHARDS], b[SHARDS], moved = 0, k = 0;
    assign_shards(names, n, shards, a);
    for (unsigned i = 0; i < n; i++)
        if (i != gone)
            left[k++] = names[i];
    assign_shards(left, k, shards, b);
    for (unsigned s = 0; s < shards; s++)
        moved += a[s] != gone && names[a[s]] != left[b[s]];
    return moved;
}

static void test_stable(void)
{
    unsigned most = 0, sum = 0, cases = 0;
    for (unsigned n = 2; n <= DAEMONS; n++)
        for (unsigned gone = 0; gone < n; gone++) {
            unsigned moved = moved_without(n, gone, SHARDS);
            most = moved > most ? moved : most;
            sum += moved;
            cases++;
        }
    diag("of %u shards %u move on average that need not, %u at most", SHARDS, sum / cases, most);
    ok(sum / cases <= SHARDS / 20, "when a daemon leaves, or joins, a twentieth moves beyond what must");
    ok(most <= SHARDS / 8, "and never more than an eighth");
    is_int(moved_without(2, 0, SHARDS), 0, "of two the one who stays keeps all");
}

int main(void)
{
    plan(0);
    for (unsigned i = 0; i < DAEMONS; i++) {
        snprintf(texts[i], sizeof texts[i], "node-%u", i + 1);
        names[i] = texts[i];
    }
    test_even();
    test_order();
    test_stable();
    return tap_end();
}
