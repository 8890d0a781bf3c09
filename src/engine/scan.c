/* Scans: everybody as of one position, in slices that the reader asks for one after the other, while the engine goes
 * on.
 *
 * Copy on write: a record that a scan has not reached is saved for it before it changes (scan_keep). What rows need
 * beside the record is copied at the beginning: the versions of the policies, the holds, the zone, the present.
 * Categories and units are never forgotten. So nothing that happens meanwhile can show. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/internal.h"
#include "roster/saved.h"

/* A slice, about a millisecond: so many people looked at, so much text, and time for histories. */
#define SLICE_PEOPLE 16384
#define SLICE_BYTES (256 * 1024)
#define SLICE_NS (2 * INT64_C(1000000))
#define IDLE_NS (60 * INT64_C(1000000000))

struct scan {
    uint64_t id, position;
    enum scan_kind kind;
    int64_t touched;      /* monotonic */
    uint32_t next, count; /* people */
    struct saved *saved;

    int status;
    bool ids_only;
    bool wanted[POLICY_MAX]; /* versions of policies */
    bool some;               /* only these are looked at, ascending: */
    uint32_t *chosen;        /* owned */
    uint32_t n_chosen, at;
    uint64_t limit, written;
    lc_month period;
    uint64_t payable, withheld;
    uint32_t last; /* the last person written */

    /* as of the position */
    struct scene scene;
    struct policies policies;
    uint8_t in_force[POLICY_MAX]; /* by version: the one in force of that name */
    struct holds holds;
    struct tz *tz;
};

/* --- life --- */

static void close_scan(struct engine *e, unsigned i)
{
    struct scan *s = e->scans.v[i];
    e->scans.v[i] = e->scans.v[--e->scans.n];
    saved_free(s->saved);
    free(s->chosen);
    tz_free(s->tz);
    free(s);
}

void scan_close_all(struct engine *e)
{
    while (e->scans.n)
        close_scan(e, 0);
}

void scan_expire(struct engine *e)
{
    for (unsigned i = e->scans.n; i-- > 0;)
        if (clock_monotonic_ns() - e->scans.v[i]->touched > IDLE_NS)
            close_scan(e, i);
}

void scan_keep(struct engine *e, uint32_t n)
{
    struct entry old;
    bool got = false;
    for (unsigned i = e->scans.n; i-- > 0;) {
        struct scan *s = e->scans.v[i];
        if (n < s->next || n >= s->count)
            continue;
        if (!got)
            roster_get(e->roster, n, &old);
        got = true;
        saved_keep(s->saved, n, &old);
        if (saved_count(s->saved) > e->options.scan_saved)
            close_scan(e, i);
    }
}

static enum err at_fault(struct request *r, const char *member, const char *what)
{
    r->scan.member = member;
    return err_set(&r->msg, ERR_INVALID, "%s: %s", member, what);
}

static enum err choose_policies(struct engine *e, struct scan *s, struct request *r)
{
    struct str name = r->scan.policy;
    if (name.p && adopt_policy(e, name, UINT64_MAX) == POLICY_UNKNOWN)
        return at_fault(r, "policy", "no such policy");
    for (unsigned i = 0; i < s->policies.n; i++) {
        struct str own = str_of(s->policies.v[i].name);
        uint8_t now = adopt_policy(e, own, UINT64_MAX);
        s->wanted[i] = !name.p || str_eq(own, name);
        s->in_force[i] = now != POLICY_UNKNOWN ? now : (uint8_t)i;
    }
    return ERR_OK;
}

static enum err choose_start(struct engine *e, struct scan *s, struct request *r)
{
    if (!r->scan.after.p)
        return ERR_OK;
    uint32_t n = roster_find(e->roster, r->scan.after);
    if (n == ROSTER_NONE)
        return at_fault(r, "after", "nobody with that id is enrolled");
    s->next = n + 1;
    return ERR_OK;
}

/* Who has a deadline on that day stands in the queue: the others need not be looked at. */
static void choose_day(const struct engine *e, struct scan *s, lc_date day)
{
    if (s->kind != SCAN_PEOPLE || day == DATE_NONE)
        return;
    s->some = true;
    s->n_chosen =
        roster_numbers(e->roster, tz_instant(e->env.tz, day, 0), tz_instant(e->env.tz, day + 1, 0), &s->chosen);
    while (s->at < s->n_chosen && s->chosen[s->at] < s->next)
        s->at++;
    s->next = s->at < s->n_chosen ? s->chosen[s->at] : s->count;
}

/* The number after the one that stands next. */
static uint32_t step(struct scan *s)
{
    if (!s->some)
        return s->next + 1;
    return ++s->at < s->n_chosen ? s->chosen[s->at] : s->count;
}

static void take_scene(struct engine *e, struct scan *s)
{
    s->policies = e->policies;
    holds_copy(&s->holds, &e->holds);
    s->tz = tz_copy(e->env.tz);
    s->scene = scene_now(e);
    s->scene.policies = &s->policies;
    s->scene.holds = &s->holds;
    s->scene.tz = s->tz;
}

static enum err begin(struct engine *e, struct request *r)
{
    if (e->scans.n == SCANS_MAX)
        return err_set(&r->msg, ERR_FULL, "%d lists of everybody are being read already: try again later", SCANS_MAX);
    struct scan *s = mem_zalloc(1, sizeof *s);
    s->kind = r->scan.kind;
    s->status = r->scan.status;
    s->ids_only = r->scan.ids_only;
    s->limit = r->scan.limit ? r->scan.limit : UINT64_MAX;
    s->period = r->scan.period;
    s->position = e->last_seq;
    s->count = roster_count(e->roster);
    s->last = ROSTER_NONE;
    take_scene(e, s);
    s->saved = saved_new(s->count);
    s->touched = clock_monotonic_ns();
    e->scans.v[e->scans.n++] = s;
    enum err err = choose_policies(e, s, r);
    if (err == ERR_OK)
        err = choose_start(e, s, r);
    if (err == ERR_OK)
        choose_day(e, s, r->scan.next_on);
    if (err != ERR_OK) {
        close_scan(e, e->scans.n - 1);
        return err;
    }
    s->id = r->scan.id = ++e->scans.last_id;
    r->scan.position = s->position;
    return ERR_OK;
}

static int find(const struct engine *e, uint64_t id)
{
    for (unsigned i = 0; i < e->scans.n; i++)
        if (e->scans.v[i]->id == id)
            return (int)i;
    return -1;
}

/* --- rows --- */

static void get(const struct engine *e, const struct scan *s, uint32_t n, struct person *p)
{
    p->n = n;
    if (!saved_get(s->saved, n, &p->entry))
        roster_get(e->roster, n, &p->entry);
}

static void add_person(const struct engine *e, struct scan *s, struct person *p, struct buf *out)
{
    if (s->status >= 0 && p->entry.rec.status != (enum status)s->status)
        return;
    p->id = roster_id(e->roster, p->n, p->id_bytes);
    if (s->ids_only)
        person_write_id(p, out);
    else
        person_write(&s->scene, p, out);
    buf_addc(out, '\n');
    s->written++;
    s->last = p->n;
}

static enum err add_claim(struct engine *e, struct scan *s, struct person *p, bool *walked, struct request *r)
{
    struct claim c;
    const struct policy *policy = &s->policies.v[s->in_force[p->entry.rec.policy]];
    enum err err = period_claim(e, policy, &p->entry, s->period, &c, &r->msg);
    *walked = c.walked;
    if (err != ERR_OK || c.kind == CLAIM_NONE)
        return err;
    p->id = roster_id(e->roster, p->n, p->id_bytes);
    period_write(p, policy, &c, &r->body);
    buf_addc(&r->body, '\n');
    s->payable += c.kind == CLAIM_PAYABLE;
    s->withheld += c.kind == CLAIM_WITHHELD;
    return ERR_OK;
}

static enum err add_rows(struct engine *e, struct scan *s, struct request *r)
{
    int64_t stop = clock_monotonic_ns() + SLICE_NS;
    unsigned left = SLICE_PEOPLE;
    enum err err = ERR_OK;
    while (err == ERR_OK && s->next < s->count && left-- && s->written < s->limit && r->body.n < SLICE_BYTES) {
        struct person p;
        bool walked = false;
        get(e, s, s->next, &p);
        s->next = step(s);
        if (!s->wanted[p.entry.rec.policy])
            continue;
        if (s->kind == SCAN_PEOPLE)
            add_person(e, s, &p, &r->body);
        else
            err = add_claim(e, s, &p, &walked, r);
        if (walked && clock_monotonic_ns() > stop)
            break;
    }
    saved_pass(s->saved, s->next);
    return err;
}

static void add_last_line(const struct engine *e, const struct scan *s, struct buf *out)
{
    char id[ID_MAX];
    if (s->kind == SCAN_PEOPLE) {
        buf_printf(out, "{\"position\":%" PRIu64 ",\"beneficiaries\":%" PRIu64 ",\"after\":", s->position, s->written);
        buf_add_json(out, s->written == s->limit ? roster_id(e->roster, s->last, id) : STR_NONE);
    } else {
        BUF_LIT(out, "{\"period\":");
        json_month(out, s->period);
        buf_printf(out, ",\"position\":%" PRIu64 ",\"payable\":%" PRIu64 ",\"withheld\":%" PRIu64, s->position,
                   s->payable, s->withheld);
    }
    BUF_LIT(out, "}\n");
}

/* --- what is asked --- */

static void go_on(struct engine *e, unsigned i, struct request *r)
{
    struct scan *s = e->scans.v[i];
    r->err = add_rows(e, s, r);
    s->touched = clock_monotonic_ns();
    bool whole = s->next == s->count || s->written == s->limit;
    if (r->err == ERR_OK && whole)
        add_last_line(e, s, &r->body);
    if (r->err == ERR_OK && !whole)
        return;
    r->scan.id = 0;
    close_scan(e, i);
}

void scan_run(struct engine *e, struct request *r)
{
    if (!r->scan.id)
        r->err = begin(e, r);
    if (r->err != ERR_OK)
        return;
    int i = find(e, r->scan.id);
    if (i < 0)
        r->scan.id = 0;
    if (i < 0 && !r->scan.end)
        r->err = err_set(&r->msg, ERR_ABSENT,
                         "the list was given up: nobody asked for more of it in time, or too much "
                         "has changed since it was begun");
    if (i < 0)
        return;
    if (r->scan.keep && !r->scan.end) {
        e->scans.v[i]->touched = clock_monotonic_ns();
        return;
    }
    if (!r->scan.end) {
        go_on(e, (unsigned)i, r);
        return;
    }
    r->scan.id = 0;
    close_scan(e, (unsigned)i);
}

bool scan_is_durable(const struct engine *e, const struct request *r)
{
    return r->kind == REQUEST_SCAN &&
           r->scan.position <= atomic_load_explicit(&e->shown.durable_seq, memory_order_relaxed);
}
