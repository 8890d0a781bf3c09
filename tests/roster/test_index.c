#include "roster/index.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tests/lib/tap.h"

/* The owner: a hash for each number, chosen by the test. */
struct owner {
    uint64_t *hash;
    uint32_t n;
};

static void hash_of(const void *owner, const uint32_t *n, size_t count, uint64_t *hash)
{
    const struct owner *o = owner;
    for (size_t i = 0; i < count; i++)
        hash[i] = o->hash[n[i]];
}

static bool match(const void *owner, uint32_t n, const void *sought)
{
    (void)owner;
    return n == *(const uint32_t *)sought;
}

static bool never(const void *owner, uint32_t n, const void *sought)
{
    (void)owner, (void)n, (void)sought;
    return false;
}

static int missing(const struct hash_index *ix, const struct owner *o, uint32_t count)
{
    int wrong = 0;
    for (uint32_t n = 0; n < count; n++)
        wrong += hash_index_find(ix, o->hash[n], match, &n) != n;
    return wrong;
}

static struct owner make_owner(uint32_t n, uint64_t seed, uint64_t mask)
{
    struct owner o = {mem_alloc(n * sizeof o.hash[0]), n};
    struct rng g = rng_seed(seed);
    for (uint32_t i = 0; i < n; i++)
        o.hash[i] = rng_next(&g) & mask;
    return o;
}

static void test_grows(const char *what, uint32_t n, uint64_t mask, uint32_t reserve)
{
    struct owner o = make_owner(n, 5, mask);
    struct hash_index ix;
    hash_index_init(&ix, hash_of, &o);
    hash_index_reserve(&ix, reserve);
    size_t reserved = ix.segments;
    int wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        hash_index_add(&ix, o.hash[i], i);
        uint32_t at = i / 2;
        wrong += hash_index_find(&ix, o.hash[at], match, &at) != at;
    }
    is_int(wrong + missing(&ix, &o, n), 0, "%s: all are found, on the way and at the end", what);
    uint32_t sought = 0;
    is_int(hash_index_find(&ix, o.hash[0], never, &sought), INDEX_NONE, "%s: what does not match is not found", what);
    if (reserve >= n)
        is_int(ix.segments, reserved, "%s: nothing has split", what);
    else
        ok(ix.depth >= 1, "%s: the directory has doubled %u times for %zu segments", what, ix.depth, ix.segments);
    hash_index_reserve(&ix, 10 * n);
    is_int(missing(&ix, &o, n), 0, "%s: a reservation that comes too late changes nothing", what);
    diag("%s: %.2f bytes a number", what, (double)hash_index_bytes(&ix) / n);
    hash_index_done(&ix);
    free(o.hash);
}

static void test_load(void)
{
    enum { N = 400000 };
    struct owner o = make_owner(N, 9, UINT64_MAX);
    struct hash_index ix;
    hash_index_init(&ix, hash_of, &o);
    double most = 0;
    for (uint32_t i = 0; i < N; i++) {
        hash_index_add(&ix, o.hash[i], i);
        double each = (double)(ix.pages * 4096) / (i + 1);
        if (i > 20000 && each > most)
            most = each;
    }
    ok(most < 8.6, "it never takes more than 8.6 bytes a number once there are some (%.2f)", most);
    hash_index_done(&ix);
    free(o.hash);
}

static void test_empty(void)
{
    struct owner o = {NULL, 0};
    struct hash_index ix;
    hash_index_init(&ix, hash_of, &o);
    uint32_t sought = 0;
    is_int(hash_index_find(&ix, 0, match, &sought), INDEX_NONE, "an empty index finds nothing");
    is_int(hash_index_find(&ix, UINT64_MAX, match, &sought), INDEX_NONE, "nor at the other end");
    is_int(hash_index_guess(&ix, 1), INDEX_NONE, "nor guesses");
    hash_index_done(&ix);
}

int main(void)
{
    plan(4 * 6 + 1 + 3);
    test_empty();
    test_grows("random hashes", 300000, UINT64_MAX, 0);
    test_grows("one tag for all", 60000, ~(UINT64_C(0xff) << 32), 0);
    test_grows("one chunk for all", 20000, ~UINT64_C(0xffffffff), 0);
    test_grows("few hashes, each shared by dozens", 60000, UINT64_C(0xffc0000700000000), 0);
    test_grows("reserved", 300000, UINT64_MAX, 300000);
    test_grows("reserved too little", 300000, UINT64_MAX, 40000);
    test_load();
    return tap_end();
}
