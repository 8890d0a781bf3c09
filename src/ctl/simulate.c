/* lifecertctl simulate: the engine over a simulated clock and a store in memory. */
#include "codec/event_json.h"
#include "core/text.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/progress.h"
#include "ctl/sim_inputs.h"
#include "ctl/sim_results.h"
#include "ctl/tally.h"
#include "ctl/text.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FAULTS_TOLD 20
/* What is submitted before the clock is run on: 16 requests of 1,024 inputs, far below the engine's own bound. */
#define CHUNKS 16
#define CHUNK_INPUTS 1024
#define CHUNK_ARENA ((size_t)1 << 20) /* more than any one line needs */

struct chunk {
    struct request request;
    struct input inputs[CHUNK_INPUTS];
    struct input_result results[CHUNK_INPUTS];
    const struct sim_line *lines[CHUNK_INPUTS]; /* that the inputs are from */
    char *arena;
    bool done;
};

struct simulation {
    struct sim_inputs in;
    struct engine *engine;
    struct input_result *results; /* by the lines' order in the file */
    struct chunk *chunks;
    uint32_t next;     /* of in.lines */
    uint32_t n_wanted; /* lines up to --until */
    lc_instant until;
    struct tally tally;
    struct out out;
    struct progress progress;
    char *first_hold; /* the event, or NULL */
    struct errmsg msg;
};

/* --- what comes out --- */

/* Holds are rare: a line is looked at only where the word stands in the batch. */
static void note_hold(struct simulation *s, struct str lines)
{
    static const char word[] = "\"type\":\"hold.placed\"";
    const char *p = s->first_hold ? NULL : memmem(lines.p, lines.n, word, sizeof word - 1);
    if (!p)
        return;
    const char *start = memrchr(lines.p, '\n', (size_t)(p - lines.p));
    const char *end = memchr(p, '\n', lines.n - (size_t)(p - lines.p));
    start = start ? start + 1 : lines.p;
    s->first_hold = mem_strndup(start, end ? (size_t)(end - start) : lines.n - (size_t)(start - lines.p));
}

static void on_committed(void *arg, uint64_t first, struct str lines)
{
    struct simulation *s = arg;
    (void)first;
    note_hold(s, lines);
    if (!s->out.closed)
        out_lines(&s->out, lines);
}

static void tell_fault(struct simulation *s, const struct sim_line *l, const char *member, const char *text)
{
    if (s->tally.malformed++ < FAULTS_TOLD)
        fprintf(stderr, "%s:%llu: %s%s%s\n", s->in.file, (unsigned long long)l->number, member ? member : "",
                member && *member ? ": " : "", text ? text : "not understood");
}

static void on_fault(void *arg, const struct sim_line *l, const struct input_fault *f)
{
    tell_fault(arg, l, f->member, f->text);
}

/* --- the run --- */

static void on_done(struct request *r)
{
    struct chunk *c = r->owner;
    c->done = true;
}

static void chunk_init(struct chunk *c)
{
    c->arena = mem_alloc(CHUNK_ARENA);
    c->request = (struct request){
        .kind = REQUEST_INPUTS, .done = on_done, .owner = c, .inputs = c->inputs, .results = c->results};
}

/* Parses the next lines into it; false: there are none. */
static bool fill_chunk(struct simulation *s, struct chunk *c)
{
    size_t at = 0;
    uint32_t n = 0;
    for (; n < CHUNK_INPUTS && s->next < s->n_wanted; n++) {
        const struct sim_line *l = &s->in.lines[s->next];
        struct input_fault ignored; /* it was parsed before */
        size_t used = 0;
        if (sim_line_room(l) > CHUNK_ARENA - at ||
            sim_inputs_parse(&s->in, l, &c->inputs[n], c->arena + at, &used, &ignored) != ERR_OK)
            break;
        at += used;
        c->lines[n] = l;
        s->next++;
    }
    c->request.n_inputs = n;
    c->done = false;
    return n > 0;
}

static enum err submit(struct simulation *s, struct chunk *c)
{
    int64_t ignored;
    while (!engine_submit(s->engine, &c->request)) {
        enum err e = engine_tick(s->engine, &ignored, &s->msg);
        if (e)
            return e;
    }
    return ERR_OK;
}

static void count(struct simulation *s, const struct sim_line *l, const struct input_result *r)
{
    switch (r->result) {
    case RESULT_APPLIED: s->tally.applied++; break;
    case RESULT_UNCHANGED: s->tally.unchanged++; break;
    case RESULT_REJECTED: tally_rejected(&s->tally, reason_texts.v[r->reason]); break;
    default: tell_fault(s, l, r->member, r->fault); break;
    }
}

static enum err collect(struct simulation *s, const struct chunk *c)
{
    if (!c->done)
        return err_set(&s->msg, ERR_IO, "the engine left inputs undecided");
    if (c->request.err)
        return err_set(&s->msg, c->request.err, "%s", c->request.msg.text);
    for (uint32_t i = 0; i < c->request.n_inputs; i++) {
        const struct input_result *r = &c->results[i];
        s->results[c->lines[i]->order] = *r;
        count(s, c->lines[i], r);
    }
    return ERR_OK;
}

/* A window of chunks, and the clock up to the last input in it. false: there is nothing left. */
static bool run_window(struct simulation *s, enum err *e)
{
    unsigned n = 0;
    *e = ERR_OK;
    while (n < CHUNKS && *e == ERR_OK && fill_chunk(s, &s->chunks[n]))
        *e = submit(s, &s->chunks[n++]);
    if (n == 0 || *e)
        return false;
    *e = engine_run_until(s->engine, s->in.lines[s->next - 1].at, &s->msg);
    for (unsigned i = 0; i < n && *e == ERR_OK; i++)
        *e = collect(s, &s->chunks[i]);
    progress_show(&s->progress, s->next, s->next);
    return *e == ERR_OK;
}

static enum err run(struct simulation *s)
{
    enum err e;
    s->chunks = mem_zalloc(CHUNKS, sizeof *s->chunks);
    for (unsigned i = 0; i < CHUNKS; i++)
        chunk_init(&s->chunks[i]);
    while (run_window(s, &e))
        ;
    if (e == ERR_OK && s->next < s->n_wanted)
        e = err_set(&s->msg, ERR_IO, "%s: it was changed while it was read", s->in.file);
    if (e == ERR_OK)
        e = engine_run_until(s->engine, s->until, &s->msg);
    for (unsigned i = 0; i < CHUNKS; i++)
        free(s->chunks[i].arena);
    free(s->chunks);
    return e;
}

static void on_warning(void *arg, const char *text)
{
    (void)arg;
    say("%s", text);
}

/* config: the engine's from here on. */
static int run_engine(struct simulation *s, struct config *config)
{
    const struct engine_options options = {
        .uri = "memory:", .init = true, .warn = on_warning, .committed = on_committed, .arg = s};
    lc_instant start = s->n_wanted ? s->in.lines[0].at : s->until;
    enum err e = engine_open(&options, config, true, start, &s->engine, &s->msg);
    if (e)
        return fail(EXIT_UNREADABLE, "%s", s->msg.text);
    e = run(s);
    if (e) {
        engine_abandon(s->engine);
        return fail(EXIT_UNREADABLE, "%s", s->msg.text);
    }
    e = engine_close(s->engine, false, &s->msg);
    return e ? fail(EXIT_UNREADABLE, "%s", s->msg.text) : EXIT_DONE;
}

static int write_results(struct simulation *s, FILE *f, const char *file)
{
    sim_results_write(&s->in, s->results, s->until, f);
    bool bad = ferror(f);
    if (fclose(f) != 0 || bad)
        return fail(EXIT_UNREADABLE, "%s is not whole: %s", file, strerror(errno));
    return EXIT_DONE;
}

/* --- the command --- */

static void tell_hold(const char *line)
{
    struct event_arena arena = {0};
    struct event e;
    size_t where;
    char at[25] = "";
    if (event_read(str_of(line), &e, &arena, &where) == ERR_OK) {
        instant_format(e.time, e.offset, at);
        say("a %s hold was placed at %.25s: %.*s", hold_text(e.u.hold.hold), at, (int)e.u.hold.why.n, e.u.hold.why.p);
    }
    say("from then on suspensions were held back, since nobody lifts a hold in a simulation; %s",
        "set brake_limit = \"off\" (and no expect_every for its channel) in a configuration of its own to see them");
    event_arena_done(&arena);
}

static void sum_up(struct simulation *s)
{
    char n[TEXT_COUNT], later[TEXT_COUNT];
    progress_clear(&s->progress);
    if (s->tally.malformed > FAULTS_TOLD)
        say("%s more faults are not shown; --results FILE keeps them all",
            text_count(s->tally.malformed - FAULTS_TOLD, n));
    fprintf(stderr, "%s inputs in %.1f s", text_count(tally_all(&s->tally), n), progress_seconds(&s->progress));
    if (s->in.n_inputs > s->n_wanted)
        fprintf(stderr, ", %s later ones left out", text_count(s->in.n_inputs - s->n_wanted, later));
    fputc('\n', stderr);
    tally_print(&s->tally);
    if (s->first_hold)
        tell_hold(s->first_hold);
}

static void count_wanted(struct simulation *s)
{
    while (s->n_wanted < s->in.n_lines && s->in.lines[s->n_wanted].at <= s->until)
        s->n_wanted++; /* what is no input stands last */
    s->results = mem_zalloc(s->in.n_lines, sizeof *s->results);
}

static int simulate(struct simulation *s, const char *file, const char *results, struct config *config)
{
    FILE *f = results ? fopen(results, "we") : NULL;
    if (results && !f) {
        config_free(config);
        return fail(EXIT_UNREADABLE, "%s: %s", results, strerror(errno));
    }
    progress_begin(&s->progress, 0, false);
    enum err e = sim_inputs_open(&s->in, file, config->country_code, on_fault, s, &s->msg);
    int status = e ? fail(EXIT_UNREADABLE, "%s", s->msg.text) : EXIT_DONE;
    if (e) {
        config_free(config);
    } else {
        sim_inputs_sort(&s->in);
        count_wanted(s);
        status = run_engine(s, config);
    }
    out_flush(&s->out);
    if (status == EXIT_DONE)
        sum_up(s);
    if (f && status == EXIT_DONE)
        status = write_results(s, f, results);
    else if (f)
        fclose(f);
    return status == EXIT_DONE && tally_has_no(&s->tally) ? EXIT_NO : status;
}

int cmd_simulate(struct ctl *ctl, int argc, char **argv)
{
    struct simulation s = {0};
    struct config *config;
    const char *until = NULL, *results = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "until", "TIME", "the last instant of the simulation; of a date, the day's end", &until},
        {OPTION_TEXT, 0, "results", "FILE", "keep each input's result there, in the order of the file", &results},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!until)
        return fail(EXIT_MISUSE, "--until TIME is missing: the last instant of the simulation");
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    if (!option_instant("until", until, config->tz, true, &s.until)) {
        config_free(config);
        return EXIT_MISUSE;
    }
    status = simulate(&s, argv[0], results, config);
    sim_inputs_close(&s.in);
    out_done(&s.out);
    free(s.results);
    free(s.first_hold);
    return status;
}
