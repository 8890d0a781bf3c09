#include "roster/queue.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tests/lib/tap.h"

static struct deadline deadline(enum deadline_kind kind, lc_instant at)
{
    return (struct deadline){kind, at};
}

static uint32_t add(struct queue *q, enum deadline_kind kind, lc_instant at, uint32_t n)
{
    uint32_t place = queue_place(q, deadline(kind, at));
    queue_add(q, place, n);
    return place;
}

static void test_places(void)
{
    struct queue q;
    queue_init(&q);
    is_int(queue_place(&q, deadline(DEADLINE_NONE, INSTANT_NONE)), PLACE_NONE, "no deadline has no place");
    is_int(queue_next_instant(&q), INSTANT_NONE, "an empty queue never falls due");
    uint32_t a = add(&q, DEADLINE_GRACE, 100, 7), b = add(&q, DEADLINE_REMINDER, 100, 7);
    uint32_t c = add(&q, DEADLINE_GRACE, -50, 7);
    ok(a != b && b != c && a != c && a > PLACE_HELD && b > PLACE_HELD && c > PLACE_HELD, "each deadline has its place");
    is_int(queue_place(&q, deadline(DEADLINE_GRACE, 100)), a, "the same one each time");
    is_int(queue_next_instant(&q), -50, "the earliest comes first, also before 1970");
    is_int(queue_instant(&q, a), 100, "a place tells its instant");
    is_int(queue_instant(&q, c), -50, "also that");
    ok(queue_instant(&q, PLACE_HELD) == INT64_MIN && queue_instant(&q, PLACE_NONE) == INSTANT_NONE,
       "held is always, nowhere is never");
    queue_remove(&q, c, 7);
    is_int(queue_next_instant(&q), 100, "an emptied place is gone");
    is_int(add(&q, DEADLINE_LAPSE, 200, 1), c, "and its number is used again");
    queue_add(&q, PLACE_HELD, 9);
    queue_remove(&q, a, 7);
    queue_remove(&q, b, 7);
    queue_remove(&q, c, 1);
    is_int(queue_next_instant(&q), INSTANT_NONE, "held ones are not due");
    queue_remove(&q, PLACE_HELD, 9);
    queue_add(&q, PLACE_HELD, 10);
    is_int(queue_count(&q, PLACE_HELD), 1, "the held ones' place stays when it is empty");
    queue_done(&q);
}

static void test_take(void)
{
    struct queue q;
    queue_init(&q);
    /* number n of 0..9,999 stands at one instant, in a place for each kind in turn by blocks that overlap */
    for (uint32_t n = 0; n < 10000; n++)
        add(&q, (enum deadline_kind)(DEADLINE_REMINDER + n * 7 / 3 % 4), 1000, n);
    add(&q, DEADLINE_REMINDER, 1001, 5);
    uint32_t out[700], next = 0;
    int wrong = 0;
    size_t n;
    while ((n = queue_take(&q, 1000, out, 700)) > 0)
        for (size_t i = 0; i < n; i++)
            wrong += out[i] != next++;
    is_int(wrong, 0, "all kinds at one instant are taken in ascending order");
    is_int(next, 10000, "each once");
    is_int(queue_next_instant(&q), 1001, "the instant after stays");
    is_int(queue_take(&q, 999, out, 700), 0, "nothing is taken where nothing is");
    is_int(queue_take(&q, 1001, out, 0), 0, "nor when nothing is asked for");
    is_int(queue_next_instant(&q), 1001, "which takes nothing away");
    queue_done(&q);
}

static void test_take_and_return(void)
{
    struct queue q;
    queue_init(&q);
    for (uint32_t n = 0; n < 200000; n += 2)
        add(&q, DEADLINE_GRACE, 10, n);
    uint32_t out[100];
    size_t n = queue_take(&q, 10, out, 100);
    add(&q, DEADLINE_SUSPENSION, 10, out[0]);
    is_int(n, 100, "a batch is as large as asked for");
    is_int(queue_suspensions_until(&q, 9), 0, "no suspension before");
    is_int(queue_suspensions_until(&q, 10), 1, "one by then");
    queue_take(&q, 10, out, 2);
    is_int(out[0], 0, "who is queued again at that instant comes first");
    is_int(out[1], 200, "then it goes on");
    is_int(queue_suspensions_until(&q, 10), 0, "what is taken does not count");
    queue_done(&q);
}

static void test_held(void)
{
    struct queue q;
    uint32_t out[8];
    queue_init(&q);
    is_int(queue_held(&q, 0, out, 8), 0, "nobody is held at first");
    for (uint32_t n = 0; n < 300000; n += 1000)
        queue_add(&q, PLACE_HELD, n);
    is_int(queue_held(&q, 0, out, 8), 8, "held ones are copied");
    is_int(out[7], 7000, "ascending");
    is_int(queue_held(&q, 7001, out, 8), 8, "from a number on");
    is_int(out[0], 8000, "that need not be held itself");
    is_int(queue_held(&q, 8000, out, 1), 1, "or may be");
    is_int(out[0], 8000, "and is then the first");
    is_int(queue_held(&q, 298500, out, 8), 1, "fewer at the end");
    is_int(queue_held(&q, UINT32_MAX, out, 8), 0, "and none after it");
    is_int(queue_count(&q, PLACE_HELD), 300, "they stay");
    queue_done(&q);
}

struct seen_bucket {
    lc_instant at;
    enum deadline_kind kind;
    uint64_t count;
};

struct seen {
    struct seen_bucket v[8];
    unsigned n;
};

static void note(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count)
{
    struct seen *s = arg;
    if (s->n < 8)
        s->v[s->n] = (struct seen_bucket){at, kind, count};
    s->n++;
}

static void test_each(void)
{
    struct queue q;
    struct seen s = {.n = 0};
    queue_init(&q);
    add(&q, DEADLINE_SUSPENSION, 300, 1);
    add(&q, DEADLINE_SUSPENSION, 100, 2);
    add(&q, DEADLINE_SUSPENSION, 100, 3);
    add(&q, DEADLINE_REMINDER, 100, 4);
    add(&q, DEADLINE_LAPSE, 200, 5);
    queue_each(&q, 100, 300, note, &s);
    is_int(s.n, 3, "from is included, to is not");
    ok(s.v[0].at == 100 && s.v[0].kind == DEADLINE_REMINDER && s.v[0].count == 1, "an instant's kinds are in order");
    ok(s.v[1].at == 100 && s.v[1].kind == DEADLINE_SUSPENSION && s.v[1].count == 2, "with their counts");
    ok(s.v[2].at == 200 && s.v[2].kind == DEADLINE_LAPSE, "instants ascend");
    is_int(queue_suspensions_until(&q, 300), 3, "suspensions of all instants so far are summed");
    queue_done(&q);
}

/* Thousands of places come and go in random order; a queue with so many finds each. */
static void test_many_places(void)
{
    enum { PLACES = 5000 };
    struct queue q;
    queue_init(&q);
    struct rng g = rng_seed(4);
    uint32_t *place = mem_zalloc(PLACES, sizeof *place);
    int wrong = 0;
    for (uint32_t i = 0; i < 10 * PLACES; i++) {
        uint32_t n = (uint32_t)rng_below(&g, PLACES);
        struct deadline d = deadline((enum deadline_kind)(1 + n % 4), (lc_instant)n / 4 * 3600);
        if (place[n]) {
            wrong += queue_place(&q, d) != place[n] || queue_count(&q, place[n]) != 1;
            queue_remove(&q, place[n], n);
            place[n] = PLACE_NONE;
        } else {
            place[n] = queue_place(&q, d);
            queue_add(&q, place[n], n);
        }
    }
    is_int(wrong, 0, "5,000 places come and go");
    ok(q.bucket_count <= PLACES + 2, "and their numbers are used again");
    ok(queue_bytes(&q) > 0, "their memory is counted");
    free(place);
    queue_done(&q);
}

int main(void)
{
    plan(12 + 6 + 6 + 10 + 5 + 3);
    test_places();
    test_take();
    test_take_and_return();
    test_held();
    test_each();
    test_many_places();
    return tap_end();
}
