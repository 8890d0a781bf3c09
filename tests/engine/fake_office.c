#include "tests/engine/fake_office.h"

#include <stdio.h>
#include <stdlib.h>

/* --- what the engine calls --- */

static void report(void *arg, const struct office_report *r)
{
    struct fake_shard *s = arg;
    if (r->due + r->applied > s->said.due + s->said.applied)
        s->all->granted = INT64_MIN;
    s->said = *r;
}

static bool may_suspend(void *arg, lc_instant at)
{
    struct fake_shard *s = arg;
    s->all->asks++;
    bool may = at <= s->all->granted;
    s->wanted = may ? INSTANT_NONE : at;
    return may;
}

static void add(struct fake_counts *c, struct str unit, uint32_t count)
{
    unsigned i = 0;
    while (i < c->n && !str_eq(c->v[i].unit, unit))
        i++;
    if (i == FAKE_UNITS)
        bail_out("too many units");
    if (i == c->n) {
        snprintf(c->units[i], sizeof c->units[i], "%.*s", (int)unit.n, unit.p);
        c->v[c->n++] = (struct unit_count){str_of(c->units[i]), 0};
    }
    c->v[i].count += count;
}

static void count_units(void *arg, lc_month month, const struct unit_count *v, unsigned n)
{
    struct fake_shard *s = arg;
    s->counts++;
    if (s->counted.month == month)
        return;
    s->counted.month = month;
    s->counted.n = 0;
    for (unsigned i = 0; i < n; i++)
        add(&s->counted, v[i].unit, v[i].count);
}

static int by_unit(const void *a, const void *b)
{
    return strcmp(((const struct unit_count *)a)->unit.p, ((const struct unit_count *)b)->unit.p);
}

static bool unit_totals(void *arg, lc_month month, const struct unit_count **v, unsigned *n)
{
    struct fake_shard *s = arg;
    struct fake_office *f = s->all;
    for (unsigned i = 0; i < f->n; i++)
        if (f->deaf || f->shards[i].counted.month != month)
            return false;
    if (s->totals.month != month) {
        s->totals.month = month;
        s->totals.n = 0;
        for (unsigned i = 0; i < f->n; i++)
            for (unsigned k = 0; k < f->shards[i].counted.n; k++)
                if (fake_home(f, f->shards[i].counted.v[k].unit) == s->hooks.shard)
                    add(&s->totals, f->shards[i].counted.v[k].unit, f->shards[i].counted.v[k].count);
        qsort(s->totals.v, s->totals.n, sizeof *s->totals.v, by_unit);
    }
    *v = s->totals.v;
    *n = s->totals.n;
    return true;
}

unsigned fake_home(const struct fake_office *f, struct str unit)
{
    return (unsigned char)unit.p[unit.n - 1] % f->n;
}

/* --- what it does --- */

void fake_order(struct fake_office *f, const struct office_order *o)
{
    if (f->n_orders == FAKE_ORDERS)
        bail_out("too many orders");
    f->orders[f->n_orders] = *o;
    f->orders[f->n_orders].number = f->n_orders + 1;
    f->n_orders++;
    f->granted = INT64_MIN;
}

void fake_lift(struct fake_office *f, const char *name)
{
    fake_order(f, &(struct office_order){
                      .lift = true, .name = str_of(name), .why = STR_LIT("looked at"), .by = STR_LIT("tester")});
}

enum err fake_order_to(struct fake_shard *s, const struct office_order *o)
{
    struct request r = {.kind = REQUEST_ORDER, .order = o};
    rig_request(&s->rig, &r);
    return r.err;
}

static bool carry_orders(struct fake_office *f)
{
    bool any = false;
    for (unsigned i = 0; i < f->n; i++)
        for (uint64_t k = f->shards[i].said.ordered; k < f->n_orders && !f->shards[i].paused; k++) {
            (void)fake_order_to(&f->shards[i], &f->orders[k]);
            any = true;
        }
    return any;
}

static bool judge(struct fake_office *f)
{
    int64_t sum = 0;
    lc_instant now = INSTANT_NONE, wanted = INSTANT_NONE;
    for (unsigned i = 0; i < f->n; i++) {
        const struct fake_shard *s = &f->shards[i];
        if (s->known.ordered < f->n_orders)
            return false;
        sum += s->known.due + s->known.applied;
        now = s->known.now < now ? s->known.now : now;
        wanted = s->wanted < wanted ? s->wanted : wanted;
    }
    if (wanted > now || wanted <= f->granted)
        return false;
    if (sum <= f->limit)
        f->granted = now;
    else
        fake_order(f, &(struct office_order){.hold = HOLD_BRAKE, .due = sum, .limit = f->limit, .until = DATE_NONE,
                                             .why = STR_LIT("too many"), .by = STR_NONE});
    return true;
}

bool fake_exchange(struct fake_office *f)
{
    if (f->deaf)
        return false;
    for (unsigned i = 0; i < f->n; i++)
        f->shards[i].known = f->shards[i].said;
    bool news = judge(f);
    return carry_orders(f) || news;
}

static void tick(struct fake_shard *s)
{
    int64_t wait = 0;
    for (int i = 0; i < 1000 && wait == 0; i++)
        if (engine_tick(s->rig.engine, &wait, &s->rig.msg) != ERR_OK)
            bail_out("the engine failed: %s", s->rig.msg.text);
    if (wait == 0)
        bail_out("a shard never waits");
}

/* A question is answered when all that was decided before it is durable. */
void fake_run(struct fake_shard *s)
{
    tick(s);
    if (!rig_ask(&s->rig, REQUEST_HOLDS, NULL))
        bail_out("a shard does not answer");
    tick(s);
}

void fake_settle(struct fake_office *f)
{
    bool news = true;
    for (int i = 0; i < 1000 && news; i++) {
        size_t before = 0, after = 0;
        for (unsigned k = 0; k < f->n; k++) {
            before += f->shards[k].rig.lines.n;
            if (!f->shards[k].paused)
                fake_run(&f->shards[k]);
            after += f->shards[k].rig.lines.n;
        }
        news = fake_exchange(f) || before != after;
    }
    if (news)
        bail_out("the shards never come to rest");
}

/* --- life --- */

void fake_open(struct fake_office *f, unsigned n, const char *name, const char *conf, int64_t limit)
{
    memset(f, 0, sizeof *f);
    f->n = n;
    f->limit = limit;
    f->granted = INT64_MIN;
    for (unsigned i = 0; i < n; i++) {
        struct fake_shard *s = &f->shards[i];
        static char uris[64][160];
        static unsigned used;
        char *uri = uris[used++ % 64];
        snprintf(uri, sizeof uris[0], name ? "dir:%s/%s-%u" : "memory:", tap_tmpdir(), name, i);
        s->all = f;
        s->wanted = INSTANT_NONE;
        s->counted.month = s->totals.month = MONTH_NONE;
        s->hooks = (struct engine_office){.arg = s,
                                          .shard = i,
                                          .n_shards = n,
                                          .report = report,
                                          .may_suspend = may_suspend,
                                          .count_units = count_units,
                                          .unit_totals = unit_totals};
        s->rig.options.office = &s->hooks;
        rig_open(&s->rig, uri, conf, INSTANT_NONE);
    }
}

void fake_close(struct fake_office *f)
{
    for (unsigned i = 0; i < f->n; i++)
        rig_close(&f->shards[i].rig);
}

unsigned fake_count(const struct fake_office *f, const char *text)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n; i++)
        n += rig_count(&f->shards[i].rig, text);
    return n;
}
