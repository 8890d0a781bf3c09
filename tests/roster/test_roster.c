/* The roster against a naive model: arrays, and a search through all of them. */
#include "roster/roster.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/tap.h"

#define PEOPLE_MAX 6000
#define NO_DEADLINE ((struct deadline){DEADLINE_NONE, INSTANT_NONE})

struct person {
    char id[ID_MAX];
    uint8_t id_n;
    struct entry e;
    struct deadline d;
    bool held;
};

struct model {
    struct person p[PEOPLE_MAX];
    uint32_t n;
    struct roster *r;
    struct rng rng;
    unsigned instants; /* how many there are to choose from */
    int wrong;
};

static struct str id_of(const struct person *p)
{
    return (struct str){p->id, p->id_n};
}

/* Of all shapes: counting, agency numbers, letters, one character, the longest. The number makes each different. */
static void make_id(struct model *m, struct person *p)
{
    static const char *const shapes[] = {"%u", "330902-%07u", "33090219%09uX", "agency/%u", "~%u", "%064u", "x%063u"};
    char text[ID_MAX + 16];
    int n = snprintf(text, sizeof text, shapes[rng_below(&m->rng, sizeof shapes / sizeof shapes[0])], m->n);
    memcpy(p->id, text, (size_t)n);
    p->id_n = (uint8_t)n;
}

static lc_date random_date(struct model *m)
{
    return (lc_date)rng_below(&m->rng, DATE_MAX + 1);
}

static struct entry random_entry(struct model *m)
{
    uint64_t bits = rng_next(&m->rng);
    struct entry e = {
        .seq = bits & SEQ_MAX, .seen = bits >> 16, .category = (uint8_t)(bits >> 8), .unit = bits & UNIT_MAX};
    e.rec = (struct record){
        .status = (enum status)rng_below(&m->rng, STATUS_N),
        .policy = (uint8_t)(bits >> 3),
        .lapsed = bits >> 40 & 1,
        .erased = bits >> 41 & 1,
        .approved_on = random_date(m),
        .certified_on = random_date(m),
        .reminded_on = random_date(m),
        .deferred_until = random_date(m),
        .notice_until = random_date(m),
        .suspended_on = random_date(m),
        .resumed_on = random_date(m),
        .withheld_from = (lc_month)rng_below(&m->rng, MONTH_MAX + 1),
        .paid_apart = bits >> 43 & 1,
    };
    if (e.rec.status == STATUS_TERMINATED) {
        e.rec.terminated_on = random_date(m);
        e.rec.suspended_at_death = bits >> 42 & 1;
    }
    return e;
}

static struct deadline random_deadline(struct model *m)
{
    enum deadline_kind kind = (enum deadline_kind)rng_below(&m->rng, DEADLINE_N);
    return kind == DEADLINE_NONE ? NO_DEADLINE
                                 : (struct deadline){kind, (lc_instant)rng_below(&m->rng, m->instants) * 3600};
}

static bool same(const struct entry *a, const struct entry *b)
{
    const struct record *r = &a->rec, *s = &b->rec;
    return a->seq == b->seq && a->seen == b->seen && a->category == b->category && a->unit == b->unit &&
           r->status == s->status && r->policy == s->policy && r->lapsed == s->lapsed && r->erased == s->erased &&
           r->suspended_at_death == s->suspended_at_death && r->paid_apart == s->paid_apart &&
           r->approved_on == s->approved_on &&
           r->certified_on == s->certified_on && r->reminded_on == s->reminded_on &&
           r->deferred_until == s->deferred_until && r->notice_until == s->notice_until &&
           r->suspended_on == s->suspended_on && r->resumed_on == s->resumed_on &&
           r->terminated_on == s->terminated_on && r->withheld_from == s->withheld_from;
}

/* --- the operations, on both --- */

static void do_add(struct model *m)
{
    if (m->n == PEOPLE_MAX)
        return;
    struct person *p = &m->p[m->n];
    *p = (struct person){.d = NO_DEADLINE};
    make_id(m, p);
    m->wrong += roster_find(m->r, id_of(p)) != ROSTER_NONE;
    m->wrong += roster_add(m->r, id_of(p)) != m->n;
    m->n++;
}

static void do_put(struct model *m)
{
    uint32_t n = (uint32_t)rng_below(&m->rng, m->n);
    struct person *p = &m->p[n];
    p->e = random_entry(m);
    roster_put(m->r, n, &p->e);
    if (p->e.rec.status == STATUS_TERMINATED) {
        p->d = NO_DEADLINE;
        p->held = false;
    }
}

static void do_schedule(struct model *m)
{
    uint32_t n = (uint32_t)rng_below(&m->rng, m->n);
    struct person *p = &m->p[n];
    struct deadline d = p->e.rec.status == STATUS_TERMINATED ? NO_DEADLINE : random_deadline(m);
    roster_schedule(m->r, n, d);
    p->d = d;
    p->held = false;
}

static void do_hold(struct model *m)
{
    uint32_t n = (uint32_t)rng_below(&m->rng, m->n);
    struct person *p = &m->p[n];
    if (p->e.rec.status == STATUS_TERMINATED)
        return;
    roster_hold(m->r, n, p->d.at);
    p->d = NO_DEADLINE;
    p->held = true;
}

static void do_find(struct model *m)
{
    uint32_t n = (uint32_t)rng_below(&m->rng, m->n);
    char id[ID_MAX];
    struct entry e;
    m->wrong += roster_find(m->r, id_of(&m->p[n])) != n;
    m->wrong += !str_eq(roster_id(m->r, n, id), id_of(&m->p[n]));
    roster_get(m->r, n, &e);
    m->wrong += !same(&e, &m->p[n].e);
    m->wrong += roster_is_held(m->r, n) != m->p[n].held;
    m->wrong += roster_instant(m->r, n) != (m->p[n].held ? INT64_MIN : m->p[n].d.at);
}

/* Known ids, one twice, between an empty one and a stranger. */
static void do_find_many(struct model *m)
{
    struct str ids[ROSTER_MANY];
    uint32_t want[ROSTER_MANY], got[ROSTER_MANY];
    size_t n = 2 + rng_below(&m->rng, ROSTER_MANY - 1);
    for (size_t i = 0; i < n; i++) {
        want[i] = (uint32_t)rng_below(&m->rng, m->n);
        ids[i] = id_of(&m->p[want[i]]);
    }
    ids[1] = STR_LIT("no such id, for it has spaces");
    ids[n - 1] = (struct str){"", 0};
    want[1] = want[n - 1] = ROSTER_NONE;
    roster_find_many(m->r, ids, got, n);
    m->wrong += memcmp(want, got, n * sizeof *want) != 0;
}

static lc_instant model_next(const struct model *m)
{
    lc_instant next = INSTANT_NONE;
    for (uint32_t n = 0; n < m->n; n++)
        if (m->p[n].d.kind != DEADLINE_NONE && m->p[n].d.at < next)
            next = m->p[n].d.at;
    return next;
}

static void do_take(struct model *m)
{
    uint32_t out[64];
    size_t max = rng_below(&m->rng, 65);
    lc_instant at = model_next(m);
    m->wrong += roster_next_instant(m->r) != at;
    if (at == INSTANT_NONE)
        return;
    uint32_t first = roster_first(m->r, at);
    m->wrong += roster_first(m->r, at - 1) != ROSTER_NONE;
    size_t count = roster_take(m->r, at, out, max), i = 0;
    m->wrong += count && out[0] != first;
    for (uint32_t n = 0; n < m->n && i < max; n++) {
        if (m->p[n].d.kind == DEADLINE_NONE || m->p[n].d.at != at)
            continue;
        m->wrong += i >= count || out[i] != n;
        m->p[n].d = NO_DEADLINE;
        i++;
    }
    m->wrong += i != count;
}

static void do_held(struct model *m)
{
    uint32_t out[32], held = 0;
    uint32_t from = (uint32_t)rng_below(&m->rng, m->n);
    size_t count = roster_held(m->r, from, out, 32), i = 0;
    for (uint32_t n = 0; n < m->n; n++) {
        held += m->p[n].held;
        if (!m->p[n].held || n < from || i == 32)
            continue;
        m->wrong += i >= count || out[i] != n;
        i++;
    }
    m->wrong += i != count || roster_held_count(m->r) != held;
}

struct counts {
    uint64_t of[512][DEADLINE_N];
    lc_instant last;
    enum deadline_kind last_kind;
    int wrong;
};

static void count_bucket(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count)
{
    struct counts *c = arg;
    c->wrong += !count || at < c->last || (at == c->last && kind <= c->last_kind);
    c->last = at;
    c->last_kind = kind;
    c->of[at / 3600][kind] += count;
}

static void do_counts(struct model *m)
{
    struct counts c = {.last = INT64_MIN};
    uint32_t by_status[STATUS_N] = {0};
    lc_instant until = (lc_instant)rng_below(&m->rng, m->instants) * 3600;
    uint64_t suspensions = 0;
    roster_buckets(m->r, 3600, (lc_instant)m->instants / 2 * 3600, count_bucket, &c);
    for (uint32_t n = 0; n < m->n; n++) {
        const struct deadline *d = &m->p[n].d;
        by_status[m->p[n].e.rec.status]++;
        suspensions += d->kind == DEADLINE_SUSPENSION && d->at <= until;
        if (d->kind != DEADLINE_NONE && d->at >= 3600 && d->at < (lc_instant)m->instants / 2 * 3600)
            c.of[d->at / 3600][d->kind]--;
    }
    for (unsigned i = 0; i < 512 * DEADLINE_N; i++)
        c.wrong += c.of[i / DEADLINE_N][i % DEADLINE_N] != 0;
    for (unsigned s = 0; s < STATUS_N; s++)
        c.wrong += roster_status_count(m->r, (enum status)s) != by_status[s];
    m->wrong += c.wrong + (roster_suspensions_until(m->r, until) != suspensions);
}

static const struct {
    void (*run)(struct model *m);
    unsigned weight;
} operations[] = {
    {do_add, 60},  {do_put, 300}, {do_schedule, 400}, {do_hold, 40}, {do_find, 200}, {do_find_many, 20},
    {do_take, 10}, {do_held, 10}, {do_counts, 5},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static void run(uint64_t seed, unsigned instants)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m)
        bail_out("no memory");
    unsigned weights = 0;
    for (unsigned i = 0; i < OPERATIONS; i++)
        weights += operations[i].weight;
    m->rng = rng_seed(seed);
    m->instants = instants;
    m->r = roster_new();
    do_add(m);
    for (unsigned i = 0; i < 100000; i++) {
        unsigned pick = (unsigned)rng_below(&m->rng, weights), o = 0;
        while (pick >= operations[o].weight)
            pick -= operations[o++].weight;
        operations[o].run(m);
        if (m->wrong) {
            diag("seed %llu: wrong after operation %u, of kind %u", (unsigned long long)seed, i, o);
            break;
        }
    }
    is_int(m->wrong, 0, "100,000 random operations agree with the model (seed %llu, %u instants, %u people)",
           (unsigned long long)seed, instants, m->n);
    is_int(roster_count(m->r), m->n, "and so does the number of people");
    roster_free(m->r);
    free(m);
}

static void test_ids(void)
{
    struct roster *r = roster_new();
    char longest[ID_MAX + 1];
    memset(longest, 'a', sizeof longest);
    is_int(roster_find(r, STR_LIT("1")), ROSTER_NONE, "an empty roster knows nobody");
    is_int(roster_find(r, (struct str){"", 0}), ROSTER_NONE, "an empty id is nobody's");
    is_int(roster_add(r, (struct str){longest, ID_MAX}), 0, "the longest id is added");
    is_int(roster_find(r, (struct str){longest, ID_MAX}), 0, "and found");
    is_int(roster_find(r, (struct str){longest, ID_MAX - 1}), ROSTER_NONE, "a shorter one is another");
    is_int(roster_find(r, (struct str){longest, ID_MAX + 1}), ROSTER_NONE, "one that is too long is nobody's");
    uint32_t none = 0;
    roster_find_many(r, &(struct str){longest, ID_MAX + 1}, &none, 1);
    is_int(none, ROSTER_NONE, "among many neither");
    is_int(roster_add(r, STR_LIT("1")), 1, "numbers count up");
    is_int(roster_find(r, STR_LIT("10")), ROSTER_NONE, "a zero at the end makes another id");
    is_int(roster_find(r, STR_LIT("01")), ROSTER_NONE, "so does one at the front");
    struct roster_memory m;
    roster_memory(r, &m);
    ok(m.records && m.ids && m.index && m.queue, "every part's memory is counted");
    roster_free(r);
    roster_free(NULL);
}

static void test_terminated(void)
{
    struct roster *r = roster_new();
    struct entry e = {.rec.approved_on = 1};
    roster_add(r, STR_LIT("1"));
    roster_put(r, 0, &e);
    roster_schedule(r, 0, (struct deadline){DEADLINE_GRACE, 5});
    e.rec.status = STATUS_TERMINATED;
    e.rec.terminated_on = 7;
    roster_put(r, 0, &e);
    is_int(roster_next_instant(r), INSTANT_NONE, "who is terminated has no deadline");
    roster_schedule(r, 0, NO_DEADLINE);
    roster_get(r, 0, &e);
    is_int(e.rec.terminated_on, 7, "and taking it out once more leaves the date alone");
    e.rec.status = STATUS_ACTIVE;
    e.rec.terminated_on = DATE_NONE;
    roster_put(r, 0, &e);
    ok(!roster_is_held(r, 0), "who is reinstated stands nowhere");
    roster_schedule(r, 0, (struct deadline){DEADLINE_GRACE, 6});
    is_int(roster_next_instant(r), 6, "and can be scheduled");
    roster_free(r);
}

int main(void)
{
    plan(11 + 4 + 2 * 4);
    test_ids();
    test_terminated();
    run(1, 5);
    run(2, 50);
    run(3, 500);
    run(4, 2);
    return tap_end();
}
