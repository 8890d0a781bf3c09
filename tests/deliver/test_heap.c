#include "deliver/heap.h"

#include "tests/lib/tap.h"

#define ITEMS 500

static void test_empty(void)
{
    struct heap h = {.n = 0};
    ok(heap_top(&h) == NULL, "an empty heap has no top");
    heap_done(&h);
}

static void test_ties(void)
{
    struct heap h = {.n = 0};
    struct item v[4] = {{.seq = 9, .at = 5}, {.seq = 3, .at = 5}, {.seq = 7, .at = 5}, {.seq = 8, .at = 4}};
    for (int i = 0; i < 4; i++)
        heap_push(&h, &v[i]);
    ok(heap_top(&h) == &v[3], "the earliest is on top");
    heap_remove(&h, &v[3]);
    ok(heap_top(&h) == &v[1], "at one instant the smallest number is");
    heap_remove(&h, &v[2]);
    heap_remove(&h, &v[1]);
    ok(heap_top(&h) == &v[0], "any one can be taken out");
    heap_remove(&h, &v[0]);
    ok(heap_top(&h) == NULL, "also the last");
    heap_done(&h);
}

/* Against a look at all of them. */
static const struct item *least(struct item *const *in, size_t n)
{
    const struct item *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (!best || in[i]->at < best->at || (in[i]->at == best->at && in[i]->seq < best->seq))
            best = in[i];
    return best;
}

static void test_random(void)
{
    static struct item items[ITEMS];
    struct item *in[ITEMS], *out[ITEMS];
    size_t n_in = 0, n_out = ITEMS;
    struct heap h = {.n = 0};
    struct rng r = rng_seed(1);
    unsigned wrong = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        items[i].seq = i;
        out[i] = &items[i];
    }
    for (int step = 0; step < 20000; step++) {
        bool push = n_out && (n_in == 0 || rng_below(&r, 2));
        struct item **from = push ? out : in, **to = push ? in : out;
        size_t *n_from = push ? &n_out : &n_in, *n_to = push ? &n_in : &n_out;
        size_t k = rng_below(&r, *n_from);
        struct item *i = from[k];
        from[k] = from[--*n_from];
        to[(*n_to)++] = i;
        if (push) {
            i->at = (int64_t)rng_below(&r, 50) - 25;
            heap_push(&h, i);
        } else {
            heap_remove(&h, i);
        }
        wrong += heap_top(&h) != least(in, n_in) || h.n != n_in;
    }
    is_int(wrong, 0, "through 20,000 random steps the earliest is always on top");
    heap_done(&h);
}

int main(void)
{
    plan(6);
    test_empty();
    test_ties();
    test_random();
    return tap_end();
}
