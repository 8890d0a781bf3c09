/* How long everything stood still. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/chaos/verdict.h"

#define NS_PER_MS INT64_C(1000000)
#define GAP_MS 1000        /* a shard that takes nothing for so long stands still */
#define REDIS_GOAL_MS 5000 /* after Redis itself */
#define DAEMON_GOAL_MS (CHAOS_LEASE_MS + 2000)
#define SOON_MS 1000 /* a standstill that begins later has another reason */

/* The first moment behind `at` when Redis took a write again that a replica has. */
static int64_t redis_back(const struct takings *t, int64_t at)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].asked > at)
            return t->v[i].answered;
    return at;
}

/* The end of the last standstill that began before `until` and ended behind `at`; `at`: there was none. */
static int64_t shard_back(const struct takings *t, int64_t at, int64_t until)
{
    int64_t back = at;
    for (size_t i = 1; i < t->n && t->v[i - 1].answered < until; i++)
        if (t->v[i].answered > at && t->v[i].answered - t->v[i - 1].answered > GAP_MS * NS_PER_MS)
            back = t->v[i].answered;
    return back;
}

static int64_t all_back(const struct load *l, int64_t at, int64_t until, unsigned *last)
{
    int64_t back = at;
    for (unsigned i = 0; i < SHARDS; i++) {
        int64_t one = shard_back(&l->shards[i], at, until);
        if (one > back) {
            back = one;
            *last = i;
        }
    }
    return back;
}

struct worst {
    int64_t alone_ms, any_ms;
    unsigned n_alone, n;
};

static void take(struct worst *w, const struct deed *d, int64_t ms)
{
    w->n++;
    w->n_alone += d->alone;
    if (ms > w->any_ms)
        w->any_ms = ms;
    if (d->alone && ms > w->alone_ms)
        w->alone_ms = ms;
}

static void judge_failover(const struct faults *f, const struct load *l, const struct deed *d, struct worst *w)
{
    unsigned last = 0;
    int64_t redis = redis_back(&l->redis[d->pair], d->at);
    int64_t all = all_back(l, d->at, redis + SOON_MS * NS_PER_MS, &last), behind = all > redis ? all - redis : 0;
    diag("%9.3f  %s: Redis back after %.2f s, all shards %.2f s later (shard %u)%s", (double)(d->at - f->began) / 1e9,
         deed_words[d->kind], (double)(redis - d->at) / 1e9, (double)behind / 1e9, last,
         d->alone ? "" : ", among other things");
    take(w, d, behind / NS_PER_MS);
}

static void judge_daemon(const struct faults *f, const struct load *l, const struct deed *d, struct worst *w)
{
    unsigned last = 0;
    int64_t all = all_back(l, d->at, d->at + SOON_MS * NS_PER_MS, &last);
    diag("%9.3f  %s: all shards back after %.2f s (shard %u)%s", (double)(d->at - f->began) / 1e9, deed_words[d->kind],
         (double)(all - d->at) / 1e9, last, d->alone ? "" : ", among other things");
    take(w, d, (all - d->at) / NS_PER_MS);
}

/* times 0: for whoever reads only. */
static void conclude(const struct worst *w, const char *what, int64_t goal_ms, unsigned times)
{
    diag("%s: %u, of them %u alone; the longest %.2f s alone, %.2f s among others; the goal is %.1f s", what, w->n,
         w->n_alone, (double)w->alone_ms / 1e3, (double)w->any_ms / 1e3, (double)goal_ms / 1e3);
    if (times)
        ok(w->alone_ms <= goal_ms * times, "%s: everything went on in time", what);
}

static int compare(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

/* How long one input takes, of those that were answered at the first attempt. */
static void tell_usual(const struct load *l)
{
    size_t n = 0, at = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        n += l->shards[i].n;
    int64_t *ms = mem_alloc((n + 1) * sizeof *ms);
    for (unsigned i = 0; i < SHARDS; i++)
        for (size_t k = 0; k < l->shards[i].n; k++)
            ms[at++] = (l->shards[i].v[k].answered - l->shards[i].v[k].asked) / NS_PER_MS;
    qsort(ms, n, sizeof *ms, compare);
    if (n)
        diag("one input takes %" PRId64 " ms in the middle, %" PRId64 " ms at 90 %%, %" PRId64 " ms at 99 %%",
             ms[n / 2], ms[n * 9 / 10], ms[n * 99 / 100]);
    free(ms);
}

void judge_times(const struct faults *f, const struct load *l, unsigned times)
{
    struct worst failovers = {0}, deaths = {0}, endings = {0};
    for (size_t i = 0; i < f->n_deeds; i++) {
        const struct deed *d = &f->deeds[i];
        if (d->failover)
            judge_failover(f, l, d, &failovers);
        else if (d->kind == DEED_DAEMON_KILL || d->kind == DEED_DAEMON_STOP)
            judge_daemon(f, l, d, &deaths);
        else if (d->kind == DEED_DAEMON_TERM)
            judge_daemon(f, l, d, &endings);
    }
    tell_usual(l);
    conclude(&failovers, "failovers", REDIS_GOAL_MS, times);
    conclude(&deaths, "daemons killed or stopped", DAEMON_GOAL_MS, times);
    conclude(&endings, "daemons ended", DAEMON_GOAL_MS, times);
}
