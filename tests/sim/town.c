#include "tests/sim/town_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/event_json.h"
#include "tests/model/drive.h"
#include "tests/sim/counts.h"
#include "tests/sim/trace.h"

struct town *town_new(void)
{
    struct town *t = mem_zalloc(1, sizeof *t);
    cal_init();
    for (int i = 0; i < TOWN_PEOPLE; i++)
        m_person_init(&t->v[i].person);
    town_clear(t);
    return t;
}

void town_free(struct town *t)
{
    for (int i = 0; i < TOWN_PEOPLE; i++)
        m_person_done(&t->v[i].person);
    for (size_t i = 0; i < t->cap_taken; i++)
        event_arena_done(&t->arenas[i]);
    free(t->decisions);
    free(t->events);
    free(t->taken);
    free(t->arenas);
    free(t);
}

void town_clear(struct town *t)
{
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        m_person_clear(&t->v[i].person);
        memset(t->v[i].pending, 0, sizeof t->v[i].pending);
        t->v[i].last = 0;
    }
    t->world = (struct m_world){.zone = zone_get(1)};
    t->n_holds = 0;
    t->clock_hold_expected = false;
    t->lifted_at = INT64_MIN;
    t->n_decisions = 0;
    t->last = 0;
    t->time = INT64_MIN;
}

const char *town_id(int person)
{
    static char ids[TOWN_PEOPLE][16];
    snprintf(ids[person], sizeof ids[person], "p%02d", person);
    return ids[person];
}

static int person_of(struct str id)
{
    for (int i = 0; i < TOWN_PEOPLE; i++)
        if (str_is(id, town_id(i)))
            return i;
    return -1;
}

uint64_t town_last(const struct town *t)
{
    return t->last;
}

lc_instant town_time(const struct town *t)
{
    return t->time;
}

enum event_type town_type(const struct town *t, uint64_t seq)
{
    return t->events[seq - 1].type;
}

int town_subject(const struct town *t, uint64_t seq)
{
    return t->events[seq - 1].subject;
}

int town_draw(struct town *t, struct author *a, struct m_input *m, struct input *in)
{
    int i = (int)rng_below(&a->rng, TOWN_PEOPLE);
    struct neighbour *n = &t->v[i];
    *m = (struct m_input){.op = MO_ENROL};
    draw_input(a, n->person.enrolled ? &n->world : &t->world, &n->person, m);
    if (!n->person.enrolled && draw_chance(a, 5))
        *m = (struct m_input){.op = MO_REPORT_DEATH, .died_on = story_today(a, &t->world)}; /* of a stranger */
    if (m->op == MO_CERTIFY && !m->phone) /* null says nothing there, and the model takes it for "none" */
        m->has &= ~(unsigned)HAS_PHONE;
    if (m->op == MO_CERTIFY && !m->by)
        m->has &= ~(unsigned)HAS_BY;
    *in = core_input(m);
    in->id = str_of(town_id(i));
    return i;
}

/* --- decisions --- */

void town_decided(struct town *t, const struct ruling *d)
{
    if (t->n_decisions == t->cap_decisions)
        t->decisions =
            mem_resize(t->decisions, t->cap_decisions = t->cap_decisions ? 2 * t->cap_decisions : 64, sizeof *d);
    t->decisions[t->n_decisions++] = *d;
}

static uint64_t rests_on(const struct ruling *d)
{
    return d->result.n_events ? d->result.first_seq + d->result.n_events - 1 : d->upto;
}

unsigned town_forget(struct town *t, uint64_t durable)
{
    size_t left = 0;
    unsigned forgotten = 0;
    for (size_t i = 0; i < t->n_decisions; i++) {
        if (rests_on(&t->decisions[i]) <= durable)
            t->decisions[left++] = t->decisions[i];
        else
            forgotten++;
    }
    t->n_decisions = left;
    return forgotten;
}

/* The first one goes. */
static void met(struct town *t)
{
    memmove(t->decisions, t->decisions + 1, --t->n_decisions * sizeof *t->decisions);
}

/* --- events of people --- */

/* The lines at hand, and how far they are used up. */
struct cursor {
    const struct event *v;
    size_t n, at, end; /* end: of the input's own */
};

static bool is_nobodys(const struct event *e)
{
    return e->subject.p == NULL;
}

static void pass_system(struct town *t, struct cursor *c)
{
    while (c->at < c->end && is_nobodys(&c->v[c->at]))
        town_take_system(t, &c->v[c->at++]);
}

/* The model made events from number `from` on: the next ones of the log must be these. */
static void match(struct town *t, struct neighbour *n, int from, struct cursor *c)
{
    for (int i = from; i < n->person.n_events; i++) {
        const struct m_event *want = &n->person.events[i];
        pass_system(t, c);
        if (c->at == c->end || person_of(c->v[c->at].subject) != (int)(n - t->v))
            trace_fail("the model has %s of %s at %" PRId64 ", and the log has not", m_type_names[want->type],
                       town_id((int)(n - t->v)), want->time);
        const struct event *got = &c->v[c->at++];
        report_clear(&t->report);
        compare_event(got, want, &t->report);
        if (t->report.n)
            trace_fail("event %" PRIu64 " of %s:\n%s", got->seq, town_id((int)(n - t->v)), t->report.text);
        if (want->type == MT_SUSPENDED && t->clock_hold_expected && want->time >= t->jumped_at)
            trace_fail("event %" PRIu64 " suspends %s after the clock has jumped, and no hold was placed", got->seq,
                       town_id((int)(n - t->v)));
    }
}

static uint64_t before_next(const struct cursor *c)
{
    size_t i = c->at;
    while (i < c->end && is_nobodys(&c->v[i]))
        i++;
    return i < c->end ? c->v[i].seq - 1 : c->v[c->n - 1].seq;
}

/* Whom a hold kept back comes back with the next sweep: at the instant at which it was lifted an input may come
 * first. */
static bool comes_back(const struct town *t, const struct neighbour *n, lc_instant now, const struct cursor *c)
{
    if (t->lifted_at != now)
        return false;
    return c->at == c->end || c->v[c->at].type != EV_SUSPENDED || person_of(c->v[c->at].subject) != (int)(n - t->v);
}

/* The next deadline that is due, if it may run. */
static bool run_deadline(struct town *t, struct neighbour *n, lc_instant now, struct cursor *c)
{
    struct m_next next = town_next(n, now);
    if (next.kind == MD_NONE || next.at > now)
        return false;
    if (next.kind == MD_SUSPENSION)
        pass_system(t, c); /* the brake comes before it */
    if (next.kind == MD_SUSPENSION && (town_holds(t, n) || comes_back(t, n, now, c)))
        return false;
    int from = n->person.n_events;
    n->world.seq = before_next(c);
    m_run_deadline(&n->world, &n->person, next.kind, now);
    match(t, n, from, c);
    return true;
}

/* A changed policy comes to somebody. */
static void adopt(struct town *t, struct neighbour *n, struct cursor *c)
{
    int which = n->person.policy, from = n->person.n_events;
    n->pending[which] = false;
    n->world.seq = before_next(c);
    m_adopt(&n->world, &n->person, which, &t->world.policies[which], c->v[c->at].time);
    match(t, n, from, c);
}

/* One event that answers no input. */
static void take_by_itself(struct town *t, struct cursor *c)
{
    const struct event *e = &c->v[c->at];
    struct neighbour *n = &t->v[person_of(e->subject)];
    c->end = c->n;
    if (e->type == EV_AMENDED && n->person.enrolled && n->pending[n->person.policy]) {
        adopt(t, n, c);
        return;
    }
    if (n->person.enrolled && n->pending[n->person.policy])
        trace_fail("event %" PRIu64 " of %s comes before the changed policy", e->seq, town_id((int)(n - t->v)));
    if (!n->person.enrolled || !run_deadline(t, n, e->time, c))
        trace_fail("event %" PRIu64 ", %s of %s, has no cause", e->seq, event_type_text(e->type),
                   town_id((int)(n - t->v)));
}

static void check_answer(const struct ruling *d, const struct m_answer *want)
{
    const char *result = result_text(d->result.result);
    const char *reason = d->result.reason == REASON_NONE ? NULL : reason_text(d->result.reason);
    if (!m_same(result, want->result) || !m_same(reason, want->reason))
        trace_fail("%s of %s: the engine says %s %s, the model %s %s", m_op_names[d->in.op], town_id(d->person), result,
                   reason ? reason : "", want->result, want->reason ? want->reason : "");
}

static struct m_answer ask_model(struct town *t, const struct ruling *d, lc_instant now)
{
    struct neighbour *n = &t->v[d->person];
    bool stranger = !n->person.enrolled;
    if (stranger && d->in.op != MO_ENROL)
        return (struct m_answer){"rejected", "not-enrolled"};
    if (stranger) {
        const struct zone *zone = t->world.zone;
        n->world = t->world;
        n->world.zone = zone;
    }
    return m_input(&n->world, &n->person, &d->in, now);
}

/* An input and what follows from it at once. */
static void take_decision(struct town *t, struct cursor *c)
{
    struct ruling d = t->decisions[0];
    struct neighbour *n = &t->v[d.person < 0 ? 0 : d.person];
    lc_instant now = c->v[c->at].time;
    c->end = c->at + d.result.n_events;
    met(t);
    if (c->end > c->n)
        trace_fail("an input's events are not all in one commit");
    if (d.person < 0) {
        pass_system(t, c);
    } else {
        int from = n->person.n_events;
        n->world.seq = t->world.seq = before_next(c);
        if (!n->person.enrolled)
            n->world.seq = before_next(c);
        struct m_answer answer = ask_model(t, &d, now);
        check_answer(&d, &answer);
        match(t, n, from, c);
        while (run_deadline(t, n, now, c))
            ;
        pass_system(t, c);
    }
    if (c->at != c->end)
        trace_fail("%s of %s has events that the model has not: %s at %" PRIu64, m_op_names[d.in.op],
                   town_id(d.person < 0 ? 0 : d.person), event_type_text(c->v[c->at].type), c->v[c->at].seq);
}

void town_take_silent(struct town *t, uint64_t seq)
{
    while (t->n_decisions && t->decisions[0].result.n_events == 0 && t->decisions[0].upto < seq) {
        struct ruling d = t->decisions[0];
        met(t);
        if (d.person < 0)
            continue;
        bool heard = !m_same(d.in.channel, "telepathy");
        if (d.result.result == RESULT_ERROR) {
            if (heard)
                trace_fail("%s of %s is an error: %s", m_op_names[d.in.op], town_id(d.person), d.result.fault);
            continue;
        }
        int before = t->v[d.person].person.n_events;
        struct m_answer answer = ask_model(t, &d, d.now);
        check_answer(&d, &answer);
        if (t->v[d.person].person.n_events != before)
            trace_fail("%s of %s: the model has an event, the engine none", m_op_names[d.in.op], town_id(d.person));
    }
}

/* --- lines --- */

static void room_for(struct town *t, size_t n)
{
    if (n <= t->cap_taken)
        return;
    size_t cap = n < 64 ? 64 : 2 * n;
    t->taken = mem_resize(t->taken, cap, sizeof *t->taken);
    t->arenas = mem_resize(t->arenas, cap, sizeof *t->arenas);
    memset(t->arenas + t->cap_taken, 0, (cap - t->cap_taken) * sizeof *t->arenas);
    t->cap_taken = cap;
}

static void know(struct town *t, const struct event *e)
{
    if (e->seq > t->cap_events)
        t->events = mem_resize(t->events, t->cap_events = 2 * e->seq + 256, sizeof *t->events);
    t->events[e->seq - 1] = (struct known_event){e->type, is_nobodys(e) ? -1 : person_of(e->subject)};
    counts_add((enum count)(COUNT_EVENT_FIRST + e->type), 1);
    counts_add(COUNT_EVENTS, 1);
}

static void check_head(struct town *t, const struct event *e, uint64_t seq)
{
    int who = is_nobodys(e) ? -1 : person_of(e->subject);
    if (e->seq != seq)
        trace_fail("event %" PRIu64 " stands where %" PRIu64 " was expected", e->seq, seq);
    if (e->time < t->time)
        trace_fail("event %" PRIu64 " is of a time before the one before it", seq);
    if (!is_nobodys(e) && who < 0)
        trace_fail("event %" PRIu64 " is about somebody who does not exist", seq);
    if (who >= 0 && e->prev != t->v[who].last)
        trace_fail("event %" PRIu64 " of %s follows %" PRIu64 ", not %" PRIu64, seq, town_id(who), t->v[who].last,
                   e->prev);
    if (who >= 0)
        t->v[who].last = seq;
    t->time = e->time;
    know(t, e);
}

static size_t read_lines(struct town *t, uint64_t first, struct str lines)
{
    size_t n = 0;
    for (const char *p = lines.p, *end = p + lines.n; p < end; n++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t where = 0;
        room_for(t, n + 1);
        if (!newline ||
            event_read((struct str){p, (size_t)(newline - p)}, &t->taken[n], &t->arenas[n], &where) != ERR_OK)
            trace_fail("event %" PRIu64 " cannot be read", first + n);
        trace_line("event %.*s", (int)(newline - p), p);
        check_head(t, &t->taken[n], first + n);
        p = newline + 1;
    }
    return n;
}

void town_take(struct town *t, uint64_t first, struct str lines)
{
    if (first != t->last + 1)
        trace_fail("event %" PRIu64 " was expected, and %" PRIu64 " came", t->last + 1, first);
    struct cursor c = {.n = read_lines(t, first, lines)};
    for (c.v = t->taken; c.at < c.n;) {
        town_take_silent(t, c.v[c.at].seq);
        c.end = c.n;
        const struct ruling *d = t->n_decisions ? &t->decisions[0] : NULL;
        bool meant = d && d->result.n_events && d->result.first_seq == c.v[c.at].seq;
        if (meant && d->person >= 0 && is_nobodys(&c.v[c.at])) { /* of a start that was cut short: it was forgotten */
            town_forget(t, c.v[c.at].seq - 1);
            continue;
        }
        if (meant)
            take_decision(t, &c);
        else if (is_nobodys(&c.v[c.at]))
            town_take_system(t, &c.v[c.at++]);
        else
            take_by_itself(t, &c);
    }
    t->last = first + c.n - 1;
    town_take_silent(t, t->last + 1);
}
