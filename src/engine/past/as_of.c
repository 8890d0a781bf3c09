/* One person as known at an earlier instant: the events up to then, walked back to and folded forward by
 * record_apply(), and what was in force then beside them (marks.c). Where nothing has happened to the person since, the
 * record that is there is the one of then. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/internal.h"

/* A record names its policy by a place among many; here two are enough, the one it stands under and the next. */
#define SLOTS 2

struct folded {
    struct engine *e;
    lc_instant at;
    struct policies *policies; /* SLOTS of them */
    struct person person;
    struct history history; /* what the log leaves out of a revocation */
};

/* --- when --- */

static enum err find_instant(const struct engine *e, const struct as_of *when, lc_instant *out, struct errmsg *msg)
{
    *out = when->at;
    if (when->day != DATE_NONE && when->day != e->env.today)
        *out = tz_instant(e->env.tz, when->day + 1, 0) - 1;
    else if (when->day != DATE_NONE)
        *out = e->env.now; /* today is not over yet */
    if (*out <= e->env.now)
        return ERR_OK;
    char now[25];
    instant_format(e->env.now, e->env.offset, now);
    return err_set(msg, ERR_INVALID, "as_of: expected a time that has come; it is %.25s now", now);
}

/* --- versions of policies --- */

static enum err read_dropped(struct engine *e, uint64_t seq, struct policy *out, struct errmsg *msg)
{
    struct buf line = BUF_INIT;
    struct event ev;
    size_t where;
    enum err err = batch_line(e, seq, &line, msg);
    if (err == ERR_OK && (event_read(buf_str(&line), &ev, &e->arena, &where) != ERR_OK || ev.type != EV_POLICY_ADOPTED))
        err = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read", seq);
    if (err == ERR_OK)
        *out = adopt_read_policy(e, &ev);
    buf_done(&line);
    return err;
}

/* The latest version of that name adopted up to that number and instant, in memory or, dropped since, in the log. */
static enum err find_version(struct engine *e, struct str name, uint64_t seq, lc_instant at, struct policy *out,
                             struct errmsg *msg)
{
    const struct policies *p = &e->policies;
    int best = -1;
    for (unsigned i = 0; i < p->n; i++)
        if (str_is(name, p->v[i].name) && p->adopted_seq[i] <= seq && p->adopted_at[i] <= at &&
            (best < 0 || p->adopted_seq[i] > p->adopted_seq[best]))
            best = (int)i;
    uint64_t dropped = marks_dropped_find(e->marks, name, seq, at);
    if (dropped && (best < 0 || dropped > p->adopted_seq[best]))
        return read_dropped(e, dropped, out, msg);
    if (best < 0)
        return err_set(msg, ERR_ABSENT, "the policy as it was then is not known any more");
    *out = p->v[best];
    return ERR_OK;
}

/* --- folding --- */

/* The name of the policy that the event puts the person under, in another version maybe; STR_NONE: it stays. */
static struct str named_policy(const struct folded *f, const struct event *ev)
{
    switch (ev->type) {
    case EV_ENROLLED: return ev->u.enrolled.policy;
    case EV_AMENDED: return ev->u.amended.given & M_POLICY ? ev->u.amended.policy : STR_NONE;
    case EV_REINSTATED: return str_of(f->policies->v[f->person.entry.rec.policy].name);
    default: return STR_NONE;
    }
}

static enum err fill_in(const struct folded *f, struct event *ev, struct errmsg *msg)
{
    const struct certification *struck = history_find(&f->history, ev->u.revoked.channel, ev->u.revoked.ref);
    if (!struck)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " revokes what was never accepted", ev->seq);
    ev->u.revoked.certified_on = history_certified(&f->history, struck);
    return ERR_OK;
}

static enum err fold(struct folded *f, struct event *ev, struct errmsg *msg)
{
    struct entry *entry = &f->person.entry;
    struct str name = named_policy(f, ev);
    uint8_t policy = entry->rec.policy;
    enum err err = ERR_OK;
    if (name.p) {
        policy = (uint8_t)(1 - policy);
        err = find_version(f->e, name, ev->seq, INT64_MAX, &f->policies->v[policy], msg);
    }
    if (err == ERR_OK && ev->type == EV_REVOKED)
        err = fill_in(f, ev, msg);
    if (err != ERR_OK)
        return err;
    record_apply(f->policies->v, &entry->rec, ev, policy);
    people_note(f->e, entry, ev);
    history_add(&f->history, ev);
    return ERR_OK;
}

/* The dead stand under the version in force, though no event says so (people.c). */
static enum err fold_death(struct folded *f, struct errmsg *msg)
{
    const struct record *r = &f->person.entry.rec;
    struct policy *p = &f->policies->v[r->policy], now;
    if (r->status != STATUS_TERMINATED)
        return ERR_OK;
    enum err err = find_version(f->e, str_of(p->name), UINT64_MAX, f->at, &now, msg);
    if (err == ERR_ABSENT)
        return ERR_OK;
    if (err == ERR_OK)
        *p = now;
    return err;
}

/* --- the walk --- */

/* Lines of the person's events up to `at` into the engine's history_text, each with a newline, youngest first.
 * ERR_ABSENT: there was none yet. ERR_ARCHIVED: older ones were moved away. */
static enum err walk(struct engine *e, uint64_t last, lc_instant at, struct errmsg *msg)
{
    struct buf *text = &e->history_text;
    buf_clear(text);
    for (uint64_t seq = last; seq;) {
        size_t start = text->n;
        struct event head;
        enum err err = history_line(e, seq, text, &head, msg);
        if (err != ERR_OK) {
            text->n = start;
            return err;
        }
        if (head.time > at)
            text->n = start;
        else
            buf_addc(text, '\n');
        seq = head.prev;
    }
    return text->n ? ERR_OK : err_set(msg, ERR_ABSENT, "not enrolled yet then");
}

/* Takes the last line off what is left of the walk: the oldest one. */
static struct str oldest(const struct buf *text, size_t *end)
{
    size_t start = *end - 1;
    while (start > 0 && text->p[start - 1] != '\n')
        start--;
    struct str line = {text->p + start, *end - start};
    *end = start;
    return line;
}

static enum err fold_all(struct folded *f, struct errmsg *msg)
{
    const struct buf *text = &f->e->history_text;
    enum err err = ERR_OK;
    for (size_t end = text->n; err == ERR_OK && end > 0;) {
        struct event ev;
        size_t where;
        err = event_read(oldest(text, &end), &ev, &f->e->arena, &where);
        err = err == ERR_OK ? fold(f, &ev, msg)
                            : err_set(msg, ERR_DAMAGED, "an event of a history cannot be read at byte %zu", where);
    }
    return err == ERR_OK ? fold_death(f, msg) : err;
}

/* --- answers --- */

/* The zone in force then: *own when it is another than now's. */
static enum err find_zone(const struct engine *e, lc_instant at, const struct tz **out, struct tz **own,
                          struct errmsg *msg)
{
    const char *name = marks_zone_at(e->marks, at);
    *own = NULL;
    *out = e->env.tz;
    if (!name || strcmp(name, tz_name(e->env.tz)) == 0)
        return ERR_OK;
    enum err err = tz_load(name, own, msg);
    if (err == ERR_OK)
        *out = *own;
    return err;
}

static enum err write(const struct folded *f, struct buf *out, struct errmsg *msg)
{
    const struct engine *e = f->e;
    struct tz *own;
    struct scene then = scene_now(e);
    enum err err = find_zone(e, f->at, &then.tz, &own, msg);
    if (err != ERR_OK)
        return err;
    struct holds *holds = mem_zalloc(1, sizeof *holds);
    then.policies = f->policies;
    then.holds = marks_holds_at(e->marks, f->at, holds) ? holds : NULL;
    then.now = f->at;
    then.today = tz_date(then.tz, f->at);
    person_write(&then, &f->person, out);
    free(holds);
    tz_free(own);
    return ERR_OK;
}

/* Has nothing happened to the person since? Then the record is the one of then. */
static enum err is_last(struct engine *e, uint64_t seq, lc_instant at, bool *out, struct errmsg *msg)
{
    struct event head = {.time = INT64_MAX};
    struct store_info info;
    buf_clear(&e->history_text);
    enum err err = history_line(e, seq, &e->history_text, &head, msg);
    store_info(e->store, &info); /* only now: that it was archived may just have been found out */
    if (err == ERR_ARCHIVED && seq <= info.archived.seq && info.archived_at <= at) {
        head.time = info.archived_at;
        err = ERR_OK;
    }
    *out = head.time <= at;
    return err;
}

static void fold_nothing(struct folded *f, const struct entry *entry)
{
    f->person.entry = *entry;
    f->policies->v[0] = f->e->policies.v[entry->rec.policy];
    f->person.entry.rec.policy = 0;
}

static enum err fold_person(struct folded *f, const struct person *now, struct errmsg *msg)
{
    bool last;
    enum err err = is_last(f->e, now->entry.seq, f->at, &last, msg);
    if (err == ERR_OK && last) {
        fold_nothing(f, &now->entry);
        return fold_death(f, msg);
    }
    if (err == ERR_OK)
        err = walk(f->e, now->entry.seq, f->at, msg);
    if (err == ERR_ARCHIVED) {
        struct errmsg why = *msg;
        return err_set(msg, err, "what was known then rests on events that were archived: %.900s", why.text);
    }
    return err == ERR_OK ? fold_all(f, msg) : err;
}

enum err as_of_show(struct engine *e, const struct person *now, const struct as_of *when, struct buf *out,
                    struct errmsg *msg)
{
    struct folded f = {.e = e, .person = {.n = now->n, .id = now->id}};
    enum err err = find_instant(e, when, &f.at, msg);
    if (err != ERR_OK)
        return err;
    f.policies = mem_zalloc(1, sizeof *f.policies);
    f.policies->n = SLOTS;
    history_init(&f.history);
    err = fold_person(&f, now, msg);
    if (err == ERR_OK)
        err = write(&f, out, msg);
    history_done(&f.history);
    free(f.policies);
    return err;
}

/* Where older events were archived it begins with the oldest that is there, whose prev is not 0. */
enum err as_of_story(struct engine *e, const struct person *now, const struct as_of *when, struct buf *out,
                     struct errmsg *msg)
{
    lc_instant at = INT64_MAX;
    enum err err = when->given ? find_instant(e, when, &at, msg) : ERR_OK;
    if (err == ERR_OK)
        err = walk(e, now->entry.seq, at, msg);
    if (err == ERR_ARCHIVED && e->history_text.n)
        err = ERR_OK;
    for (size_t end = e->history_text.n; err == ERR_OK && end > 0;)
        buf_addstr(out, oldest(&e->history_text, &end));
    return err;
}
