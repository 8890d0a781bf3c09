#include "tests/chaos/arrivals.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/process.h"

#define COMPLAINTS 5 /* of one kind */
#define PAGE 1000

static const struct side_plan *plan_of(const struct arrivals *a)
{
    return &side_plans[a->side];
}

static bool is_wanted(const struct arrivals *a, const struct fact *e)
{
    const char *const *globs = plan_of(a)->events;
    for (unsigned i = 0; globs && globs[i]; i++)
        if (fnmatch(globs[i], event_type_text((enum event_type)e->type), 0) == 0)
            return true;
    return !globs;
}

/* --- the record --- */

/* An id is INCARNATION_SHARD_SEQ. */
static const struct fact *fact_of(const struct arrivals *a, const char *id)
{
    const char *seq = strrchr(id, '_'), *shard = seq;
    while (shard && shard > id && shard[-1] != '_')
        shard--;
    if (!seq || shard == id)
        return NULL;
    return fact_at(a->facts, (unsigned)strtoul(shard, NULL, 10), strtoull(seq + 1, NULL, 10));
}

static void take(struct arrivals *a, uint64_t *latest, char *fields[10])
{
    const struct fact *e = fact_of(a, fields[2]);
    a->attempts++;
    if (!e || !is_wanted(a, e) || strcmp(event_type_text((enum event_type)e->type), fields[5]) != 0) {
        if (a->strangers++ < COMPLAINTS)
            diag("%s got \"%s\" of type %s, which no log has", plan_of(a)->name, fields[2], fields[5]);
        return;
    }
    size_t place = (size_t)(e - a->facts->v);
    if (fields[7][0] != '2')
        return;
    a->marked[place] |= strcmp(fields[9], "gap") == 0;
    a->again += a->accepted[place] > 0;
    if (a->accepted[place]++ > 0 || e->person == NOBODY)
        return;
    if (e->seq < latest[e->person] && a->out_of_order++ < COMPLAINTS)
        diag("%s got event %u_%" PRIu64 " for the first time behind event %" PRIu64 " of the same person",
             plan_of(a)->name, e->shard, e->seq, latest[e->person]);
    if (e->seq > latest[e->person])
        latest[e->person] = e->seq;
}

static void read_line(struct arrivals *a, uint64_t *latest, char *line)
{
    char *fields[10];
    unsigned n = 0;
    for (char *field; n < 10 && (field = strsep(&line, "\t")) != NULL;)
        fields[n++] = field;
    if (n == 10 && strcmp(fields[1], "event") == 0)
        take(a, latest, fields);
}

void arrivals_init(struct arrivals *a, const struct facts *f, enum side side)
{
    *a = (struct arrivals){.side = side, .facts = f};
    a->accepted = mem_zalloc(f->n + 1, sizeof *a->accepted);
    a->marked = mem_zalloc(f->n + 1, sizeof *a->marked);
    a->dead = mem_zalloc(f->n + 1, sizeof *a->dead);
}

void arrivals_read(struct arrivals *a, const struct stage *s)
{
    struct buf text = BUF_INIT;
    uint64_t *latest = mem_zalloc(a->facts->people + 1, sizeof *latest);
    read_text(s->records[a->side], &text);
    char *rest = text.p;
    for (char *line; rest && (line = strsep(&rest, "\n")) != NULL;)
        read_line(a, latest, line);
    for (size_t i = 0; i < a->facts->n; i++)
        a->distinct += a->accepted[i] > 0;
    buf_done(&text);
    free(latest);
}

void arrivals_done(struct arrivals *a)
{
    free(a->accepted);
    free(a->marked);
    free(a->dead);
}

/* --- what was given up --- */

/* Of one page; after: the last one's place, "SHARD_SEQ". */
static void take_page(struct arrivals *a, const char *body, char after[40])
{
    char begin[64];
    snprintf(begin, sizeof begin, "{\"id\":\"%s:", plan_of(a)->name);
    for (const char *p = strstr(body, begin); p; p = strstr(p + 1, begin)) {
        const char *place = p + strlen(begin);
        unsigned shard = (unsigned)strtoul(place, NULL, 10);
        const char *seq = strchr(place, '_');
        const struct fact *e = seq ? fact_at(a->facts, shard, strtoull(seq + 1, NULL, 10)) : NULL;
        if (!e)
            bail_out("a delivery of what no log has: %.80s", p);
        a->dead[e - a->facts->v] = true;
        snprintf(after, 40, "%.*s", (int)strcspn(place, "\""), place);
    }
}

void arrivals_read_dead(struct arrivals *a, const struct node *n)
{
    struct reply r = {.status = 0};
    char target[200], after[40] = "";
    bool more = true;
    while (more) {
        snprintf(target, sizeof target, "/v1/deliveries?endpoint=%s&state=dead&limit=%d%s%s", plan_of(a)->name, PAGE,
                 *after ? "&after=" : "", after);
        if (stage_ask(n, "GET", target, &r) != 200)
            bail_out("the deliveries of %s cannot be listed: %d %.200s", plan_of(a)->name, r.status, r.body.p);
        take_page(a, r.body.p, after);
        more = strstr(r.body.p, "\"more\":true") != NULL;
    }
    reply_done(&r);
}

/* --- judgement --- */

static void complain(const struct arrivals *a, uint64_t *n, const struct fact *e, const char *what)
{
    if ((*n)++ < COMPLAINTS)
        diag("%s: event %u_%" PRIu64 " (%s) %s", plan_of(a)->name, e->shard, e->seq,
             event_type_text((enum event_type)e->type), what);
}

/* One that was given up and had arrived all the same, its answer lost, is no gap. */
static void judge_gaps(const struct arrivals *a)
{
    const struct facts *f = a->facts;
    bool *owed = mem_zalloc(f->people + 1, sizeof *owed);
    uint64_t missing = 0, unmarked = 0, dead = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct fact *e = &f->v[i];
        if (!is_wanted(a, e))
            continue;
        dead += a->dead[i];
        if (!a->dead[i] && !a->accepted[i])
            complain(a, &missing, e, "never arrived, and was not given up");
        if (e->person == NOBODY)
            continue;
        if (!a->dead[i] && owed[e->person] && !a->marked[i])
            complain(a, &unmarked, e, "follows one that was given up, and has no mark of it");
        owed[e->person] = a->dead[i] ? owed[e->person] || !a->accepted[i] : false;
    }
    is_int(missing, 0, "%s: every event arrived, or was given up", plan_of(a)->name);
    is_int(unmarked, 0, "%s: what follows one that never arrived says so", plan_of(a)->name);
    if (plan_of(a)->gives_up)
        ok(dead > 0, "%s: with few retries some were given up (%" PRIu64 ")", plan_of(a)->name, dead);
    else
        is_int(dead, 0, "%s: with retries enough none was", plan_of(a)->name);
    free(owed);
}

void arrivals_judge(const struct arrivals *a)
{
    diag("%s: %" PRIu64 " attempts, %" PRIu64 " different events, %" PRIu64 " again", plan_of(a)->name, a->attempts,
         a->distinct, a->again);
    judge_gaps(a);
    is_int(a->out_of_order, 0, "%s: everybody's events came in order", plan_of(a)->name);
    is_int(a->strangers, 0, "%s: nothing came that no log has", plan_of(a)->name);
}
