/* The same inputs, simulated: whatever happened to the machines, the rules are the rules. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/chaos/verdict.h"
#include "tests/e2e/process.h"

#define COMPLAINTS 5

/* --- to the simulation --- */

static void write_input(FILE *to, const struct facts *f, const struct fact *e, const char *line)
{
    const char *time = strstr(f->text.p + e->line, "\"time\":\"") + strlen("\"time\":\"");
    fprintf(to, "{\"at\":\"%.*s\",%s\n", (int)strcspn(time, "\""), time, line + 1);
}

/* By place of the fact: the input that it answers. */
static const struct sent **by_fact(const struct book *b, const struct facts *f)
{
    const struct sent **v = mem_zalloc(f->n + 1, sizeof *v);
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].fact)
            v[b->v[i].fact - 1] = &b->v[i];
    return v;
}

/* Facts are in the order of time, and everybody's in their own. */
static void write_inputs(const struct book *b, const struct facts *f, const char *path)
{
    const struct sent **of = by_fact(b, f);
    FILE *to = fopen(path, "w");
    if (!to)
        bail_out("cannot write %s", path);
    for (size_t i = 0; i < f->n; i++)
        if (of[i])
            write_input(to, f, &f->v[i], of[i]->line);
    if (fclose(to) != 0)
        bail_out("cannot write %s", path);
    free(of);
}

/* Up to the last event of all. */
static void simulate(const struct facts *f, const struct stage *s, const char *inputs, const char *events)
{
    const struct fact *last = &f->v[f->n - 1];
    const char *build = getenv("top_builddir"), *time = strstr(f->text.p + last->line, "\"time\":\"") + 8;
    struct buf command = BUF_INIT;
    buf_printf(&command, "%s/lifecertctl -c %s simulate --until %.*s %s >%s 2>%s.err", build ? build : ".",
               s->simulation, (int)strcspn(time, "\""), time, inputs, events, events);
    buf_addc(&command, '\0');
    int status = system(command.p);
    ok(WIFEXITED(status) && WEXITSTATUS(status) <= 1,
       "the inputs that were decided can be simulated"); /* 1: some rejected */
    buf_done(&command);
}

/* --- person by person --- */

struct list {
    const struct fact **v; /* everybody's, one person behind the other */
    size_t *from;          /* where each one's begin; one more at the end */
};

static struct list list_people(const struct facts *f, uint32_t people)
{
    struct list l = {mem_alloc((f->n + 1) * sizeof *l.v), mem_zalloc(people + 2, sizeof *l.from)};
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].person != NOBODY)
            l.from[f->v[i].person + 1]++;
    for (uint32_t p = 0; p < people; p++)
        l.from[p + 1] += l.from[p];
    size_t *at = mem_alloc((people + 1) * sizeof *at);
    memcpy(at, l.from, (people + 1) * sizeof *at);
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].person != NOBODY)
            l.v[at[f->v[i].person]++] = &f->v[i];
    free(at);
    return l;
}

static void list_done(struct list *l)
{
    free(l->v);
    free(l->from);
}

struct comparison {
    const struct facts *real, *simulated;
    lc_instant ends[SHARDS]; /* each shard's last event: its clock may not have gone on */
    struct buf a, b;
    uint64_t different;
};

static void complain(struct comparison *c, uint32_t person, const char *is, const char *should)
{
    if (c->different++ < COMPLAINTS)
        diag("P-%06u: %.400s\n#   simulated: %.400s", person, is, should);
}

static void compare_person(struct comparison *c, uint32_t person, const struct fact **real, size_t n_real,
                           const struct fact **simulated, size_t n_simulated)
{
    for (size_t i = 0; i < n_real || i < n_simulated; i++) {
        if (i < n_real)
            fact_essence(c->real, real[i], &c->a);
        if (i < n_simulated)
            fact_essence(c->simulated, simulated[i], &c->b);
        bool over = i >= n_real && n_real && simulated[i]->time >= c->ends[real[0]->shard];
        if (over)
            return;
        if (i >= n_real || i >= n_simulated || strcmp(c->a.p, c->b.p) != 0) {
            complain(c, person, i < n_real ? c->a.p : "nothing", i < n_simulated ? c->b.p : "nothing");
            return;
        }
    }
}

static void compare_people(struct comparison *c)
{
    uint32_t people = c->real->people > c->simulated->people ? c->real->people : c->simulated->people;
    struct list real = list_people(c->real, people), simulated = list_people(c->simulated, people);
    for (uint32_t p = 0; p < people; p++)
        compare_person(c, p, real.v + real.from[p], real.from[p + 1] - real.from[p], simulated.v + simulated.from[p],
                       simulated.from[p + 1] - simulated.from[p]);
    list_done(&real);
    list_done(&simulated);
}

/* --- units --- */

static int compare_texts(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* A unit's digest is told once a month by its shard, when all shards have counted: what each counts, and when, depends
 * on the shards' clocks, and a shard that comes to the next month before leaves the month untold. */
static void judge_digests(const struct facts *f, const struct facts *simulated)
{
    const char **v = mem_alloc((f->counts[EV_UNIT_DIGEST] + 1) * sizeof *v);
    size_t n = 0, twice = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].type == EV_UNIT_DIGEST)
            v[n++] = strstr(f->text.p + f->v[i].line, "\"data\":");
    qsort(v, n, sizeof *v, compare_texts);
    for (size_t i = 1; i < n; i++)
        twice += strncmp(v[i - 1], v[i], (size_t)(strstr(v[i], "\"count\"") - v[i])) == 0;
    diag("%zu digests of units, %" PRIu64 " in the simulation", n, simulated->counts[EV_UNIT_DIGEST]);
    is_int(twice, 0, "no digest of a month was told twice");
    free(v);
}

static void find_ends(struct comparison *c)
{
    for (size_t i = 0; i < c->real->n; i++)
        c->ends[c->real->v[i].shard] = c->real->v[i].time; /* ascending */
}

void judge_rules(const struct book *b, const struct facts *f, const struct stage *s)
{
    struct facts simulated = {.n = 0};
    char inputs[128], events[128];
    snprintf(inputs, sizeof inputs, "%s/inputs.ndjson", tap_tmpdir());
    snprintf(events, sizeof events, "%s/simulated.ndjson", tap_tmpdir());
    write_inputs(b, f, inputs);
    simulate(f, s, inputs, events);
    facts_read_file(&simulated, events);
    struct comparison c = {.real = f, .simulated = &simulated};
    find_ends(&c);
    compare_people(&c);
    is_int(c.different, 0, "everybody's events are those that the simulation gives, at the same times");
    judge_digests(f, &simulated);
    is_int(f->counts[EV_HOLD_PLACED], 0, "nothing was held back");
    buf_done(&c.a);
    buf_done(&c.b);
    facts_done(&simulated);
}
