/* Units' digests: once every shard has counted, the totals of those units whose home a shard is. */
#include "shards/office/office_inside.h"

#include <stdlib.h>

#define CALLS_MAX 16 /* buckets in one round */

void office_totals_free(struct totals *t)
{
    if (!t)
        return;
    buf_done(&t->texts);
    free(t->v);
    free(t);
}

bool office_seat_unit_totals(void *arg, lc_month month, const struct unit_count **v, unsigned *n)
{
    struct office_seat *seat = arg;
    struct office *o = seat->office;
    pthread_mutex_lock(&o->lock);
    if (seat->open && seat->totals_new) {
        office_totals_free(seat->totals);
        seat->totals = seat->totals_new;
        seat->totals_new = NULL;
    }
    bool there = seat->totals && seat->totals->month == month;
    if (seat->open && !there && seat->totals_wanted != month) {
        seat->totals_wanted = month;
        office_hurry(o);
    }
    pthread_mutex_unlock(&o->lock);
    if (there) {
        *v = seat->totals->v;
        *n = seat->totals->n;
    }
    return there;
}

/* --- reading --- */

static int by_unit(const void *a, const void *b)
{
    const struct unit_count *x = a, *y = b;
    int order = memcmp(x->unit.p, y->unit.p, x->unit.n < y->unit.n ? x->unit.n : y->unit.n);
    return order ? order : (x->unit.n > y->unit.n) - (x->unit.n < y->unit.n);
}

static bool at_home(const struct office_seat *seat, struct str unit)
{
    return shard_of(unit, seat->office->set->n) == seat->shard;
}

static struct totals *read_totals(const struct office_seat *seat, const redisReply *reply)
{
    struct totals *t = mem_zalloc(1, sizeof *t);
    size_t bytes = 0;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        bytes += reply->element[i]->len;
    buf_grow(&t->texts, bytes); /* the units' places are kept */
    t->month = seat->totals_wanted;
    t->v = mem_zalloc(reply->elements / 2 + 1, sizeof *t->v);
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        struct str unit = {reply->element[i]->str, reply->element[i]->len};
        if (!at_home(seat, unit))
            continue;
        buf_addstr(&t->texts, unit);
        t->v[t->n++] = (struct unit_count){.unit = {t->texts.p + t->texts.n - unit.n, unit.n},
                                           .count = (uint32_t)office_u64(reply->element[i + 1])};
    }
    qsort(t->v, t->n, sizeof *t->v, by_unit);
    return t;
}

/* Nothing: a shard has yet to count, and it is asked for again in a second. */
static void take_totals(struct office *o, void *arg, const redisReply *reply)
{
    struct office_seat *seat = arg;
    if (reply->type != REDIS_REPLY_ARRAY)
        return;
    pthread_mutex_lock(&o->lock);
    bool wanted = seat->open && seat->totals_wanted != MONTH_NONE;
    if (wanted) {
        office_totals_free(seat->totals_new);
        seat->totals_new = read_totals(seat, reply);
        seat->totals_wanted = MONTH_NONE;
    }
    pthread_mutex_unlock(&o->lock);
    if (wanted)
        office_wake_engine(seat);
}

void office_totals_say(struct office *o)
{
    unsigned n = 0;
    pthread_mutex_lock(&o->lock);
    for (unsigned i = 0; i < o->set->n && n < CALLS_MAX; i++) {
        struct office_seat *seat = &o->seats[(i + (unsigned)(o->round_at / NS_PER_MS)) % o->set->n];
        struct redis_command *c = NULL;
        if (seat->open && seat->totals_wanted != MONTH_NONE)
            c = office_add(o, OFFICE_TOTALS, 2, take_totals, seat);
        if (!c)
            continue;
        office_digest_key(o, c, seat->totals_wanted, -1);
        office_digest_key(o, c, seat->totals_wanted, (int)(seat->shard % COUNT_BUCKETS));
        redis_command_add_u64(c, o->set->n);
        n++;
    }
    pthread_mutex_unlock(&o->lock);
}
