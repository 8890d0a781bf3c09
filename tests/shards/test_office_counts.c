/* Units' digests over all shards: each shard's counts are added once, whatever happens, and each unit's total is its
 * home's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/shards/office_help.h"

#define N 3
#define UNITS 3000

static const struct shard_set set = {.n = N};
static const lc_month april = 1516;

static char names[UNITS][32];

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void name_units(void)
{
    for (unsigned i = 0; i < UNITS; i++)
        snprintf(names[i], sizeof names[i], "u-%u%s", i * 7919 % 100003, i % 3 ? "" : "-village");
    qsort(names, UNITS, sizeof *names, by_name);
}

static uint32_t count_of(unsigned shard, unsigned unit)
{
    return (unit * 31 + shard * 17) % 5; /* 0: the shard has none of it */
}

static void count_shard(const struct engine_office *h, unsigned extra)
{
    struct unit_count v[UNITS];
    unsigned n = 0;
    for (unsigned i = 0; i < UNITS; i++)
        if (count_of(h->shard, i))
            v[n++] = (struct unit_count){str_of(names[i]), count_of(h->shard, i) + extra};
    h->count_units(h->arg, april, v, n);
}

/* Are they the sums, of all units whose home is there, in order? */
static bool are_sums(const struct engine_office *h, const struct unit_count *v, unsigned n)
{
    unsigned at = 0;
    for (unsigned i = 0; i < UNITS; i++) {
        uint32_t sum = 0;
        for (unsigned s = 0; s < N; s++)
            sum += count_of(s, i);
        if (!sum || shard_of(str_of(names[i]), N) != h->shard)
            continue;
        if (at == n || !str_is(v[at].unit, names[i]) || v[at].count != sum)
            return false;
        at++;
    }
    return at == n;
}

static void open_or_bail(struct post *p, const char *prefix, const char *name)
{
    if (post_open(p, prefix, &set, &(struct post_options){.name = name}) != ERR_OK)
        bail_out("%s", p->msg.text);
}

static void test_sums(void)
{
    struct post a, b;
    const struct engine_office *h[N];
    const struct unit_count *v[N];
    unsigned n[N], right = 0;
    open_or_bail(&a, "sums", "a");
    open_or_bail(&b, "sums", "b");
    for (unsigned i = 0; i < N; i++)
        h[i] = office_engine(i ? b.office : a.office, i);
    ok(!h[0]->unit_totals(h[0]->arg, april, &v[0], &n[0]), "there are no totals at first");
    count_shard(h[0], 0);
    count_shard(h[1], 0);
    ok(await(number_by_hand("HGET {sums/system}:digest:%s counted", "2026-04") == 2), "two have counted");
    poll(NULL, 0, 1200); /* longer than a round */
    ok(!h[0]->unit_totals(h[0]->arg, april, &v[0], &n[0]), "before the third has there are none");
    count_shard(h[2], 0);
    for (unsigned i = 0; i < N; i++)
        right += await(h[i]->unit_totals(h[i]->arg, april, &v[i], &n[i])) && are_sums(h[i], v[i], n[i]);
    is_int(right, N, "then each shard has its units' sums, in order");
    count_shard(h[1], 1);
    poll(NULL, 0, 300);
    post_close(&a);
    post_close(&b);
    open_or_bail(&a, "sums", "a");
    h[1] = office_engine(a.office, 1);
    ok(await(h[1]->unit_totals(h[1]->arg, april, &v[1], &n[1])) && are_sums(h[1], v[1], n[1]),
       "counted again, and asked for again after a restart, they are the same");
    ok(number_by_hand("TTL {sums/system}:digest:2026-04") > 59 * 86400, "they are forgotten after two months");
    post_close(&a);
}

/* Cuts every connection again and again. */
static void *cut(void *arg)
{
    atomic_int *cuts = arg;
    for (; atomic_load(cuts) >= 0; poll(NULL, 0, 1)) {
        freeReplyObject(by_hand("CLIENT KILL TYPE normal SKIPME yes"));
        if (atomic_load(cuts) >= 0)
            atomic_fetch_add(cuts, 1);
    }
    return NULL;
}

static void count_all(struct post *a, const struct engine_office **h)
{
    open_or_bail(a, "faults", "a");
    for (unsigned i = 0; i < N; i++)
        count_shard(h[i] = office_engine(a->office, i), 0);
}

/* Replies are lost, and a daemon ends in the midst of it. */
static void test_faults(void)
{
    struct post a;
    const struct engine_office *h[N];
    const struct unit_count *v;
    unsigned n, right = 0;
    atomic_int cuts = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, cut, &cuts) != 0)
        bail_out("no thread");
    for (unsigned i = 0; i < 12; i++) {
        count_all(&a, h);
        poll(NULL, 0, 3);
        post_close(&a);
    }
    count_all(&a, h);
    for (unsigned i = 0; i < N; i++)
        right += await(h[i]->unit_totals(h[i]->arg, april, &v, &n)) && are_sums(h[i], v, n);
    diag("%d times connections were cut", atomic_exchange(&cuts, -1));
    pthread_join(thread, NULL);
    is_int(right, N, "each unit was counted once in each shard");
    post_close(&a);
}

static void test_nothing(void)
{
    struct post a;
    const struct engine_office *h[N];
    const struct unit_count *v;
    unsigned n = 7;
    open_or_bail(&a, "nothing", "a");
    for (unsigned i = 0; i < N; i++) {
        h[i] = office_engine(a.office, i);
        h[i]->count_units(h[i]->arg, april, NULL, 0);
    }
    ok(await(h[2]->unit_totals(h[2]->arg, april, &v, &n)) && n == 0, "shards without units have counted, too");
    post_close(&a);
}

int main(void)
{
    plan(0);
    redis_server_start(&server);
    name_units();
    test_sums();
    test_faults();
    test_nothing();
    redis_server_kill(&server);
    return tap_end();
}
