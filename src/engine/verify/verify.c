/* The walk: everything once, in the order of the log, and then what is stored beside it. */
#include "engine/verify/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/verify/verifying.h"
#include "store/survey/survey.h"

#define PROGRESS_EVERY 65536
#define COMMIT_SMALL 4096 /* events: far below what makes a batch full */

/* --- one event --- */

static enum err check_time(struct verify *v)
{
    struct engine *e = v->e;
    bool later = !v->begun || v->ev->time > e->last_time;
    if (v->begun && v->ev->time < e->last_time)
        return differ(v, "time", STR_NONE, "times never go back, and the event before is later than this one");
    if (v->ev->simulated != e->simulated)
        return differ(v, "simulated", STR_NONE, "this store's clock is %s",
                      e->simulated ? "a simulated one" : "the system's");
    v->begun = true;
    watch_set_time(e, v->ev);
    if (v->tz)
        digest_view_time(v);
    return later ? sweep_time(v) : ERR_OK;
}

/* Of settings the zone is their own. */
static enum err check_zone(struct verify *v)
{
    if (!v->tz)
        return differ(v, "type", STR_NONE, "a log begins with config.adopted");
    int32_t offset = tz_offset(v->tz, v->ev->time);
    if (offset == v->ev->offset)
        return ERR_OK;
    char at[25];
    instant_format(v->ev->time, offset, at);
    return differ(v, "time", STR_NONE, "in %s it was %.25s", tz_name(v->tz), at);
}

static enum err decide_again(struct verify *v, uint32_t n, struct errmsg *msg)
{
    if (v->coming < v->expected.n)
        return redecide_coming(v);
    enum err err = v->ev->type == EV_CONFIG_ADOPTED ? redecide_system(v, msg) : ERR_OK;
    if (err == ERR_OK)
        err = check_zone(v);
    if (err != ERR_OK || v->ev->type == EV_CONFIG_ADOPTED)
        return err;
    if (!v->ev->subject.p)
        return redecide_system(v, msg);
    if (n == ROSTER_NONE)
        n = roster_find(v->e->roster, v->ev->subject); /* the enrolment may stand in the same group */
    return redecide(v, n, msg);
}

static enum err step(struct verify *v, uint32_t n, struct errmsg *msg)
{
    enum err err = check_time(v);
    if (err == ERR_OK)
        err = decide_again(v, n, msg);
    if (err != ERR_OK)
        return err;
    v->e->last_seq = v->ev->seq;
    v->out->decided++;
    v->out->events++;
    v->bytes += v->line.n + 1;
    err = deliveries_view_event(v);
    return err == ERR_OK ? checkpoints_passed(v) : err;
}

enum err verify_take_seal(struct verify *v, const struct event_group *g)
{
    if (!g->sealed)
        return ERR_OK;
    v->out->last = g->seal;
    return seals_met(v, &g->seal);
}

static enum err take_group(void *arg, struct event_group *g, struct errmsg *msg)
{
    struct verify *v = arg;
    uint32_t numbers[ROSTER_MANY];
    for (unsigned i = 0; i < g->n; i++) {
        unsigned k = i % ROSTER_MANY, left = g->n - i;
        if (k == 0)
            roster_find_many(v->e->roster, &g->subjects[i], numbers, left < ROSTER_MANY ? left : ROSTER_MANY);
        v->ev = &g->events[i];
        v->line = group_line(g, i);
        enum err err = step(v, numbers[k], msg);
        if (err != ERR_OK)
            return err;
        if (g->seqs[i] % PROGRESS_EVERY == 0 && v->o->progress)
            v->o->progress(v->o->arg, v->bytes, v->out->log_bytes, v->out->events);
    }
    return verify_take_seal(v, g);
}

/* --- the walk --- */

struct engine *verify_engine(const struct verify_options *o)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    e->options.uri = o->uri;
    e->options.store = o->store;
    e->taking = INT64_MIN;
    engine_empty(e);
    e->env.policies = e->policies.v;
    decision_init(&e->decision);
    return e;
}

void verify_engine_free(struct engine *e)
{
    if (!e)
        return;
    roster_free(e->roster);
    vocab_free(e->categories);
    vocab_free(e->units);
    marks_free(e->marks);
    decision_done(&e->decision);
    event_arena_done(&e->arena);
    buf_done(&e->history_text);
    free(e);
}

enum err verify_walk(struct verify *v, group_fn *fn, uint64_t after, uint64_t upto, struct errmsg *msg)
{
    struct log_span span = {.after = after, .upto = upto, .until = INT64_MAX};
    uint64_t *breaks = seals_numbers(v, &span.n_breaks);
    span.breaks = breaks;
    enum err err = pipeline_run(v->store, &span, fn, v, msg);
    free(breaks);
    return err;
}

/* --- the end --- */

/* The last seal before the one at the end; UINT64_MAX: that is far away. */
static enum err look_for_seal(const struct verify *v, uint64_t *before, struct errmsg *msg)
{
    struct store_reader *r;
    uint64_t after = v->end > COMMIT_SMALL ? v->end - COMMIT_SMALL : 0, seq = 0;
    after = after + 1 < v->out->first ? v->out->first - 1 : after;
    *before = after ? UINT64_MAX : 0;
    enum err err = store_reader_open(v->store, after, &r, msg);
    if (err != ERR_OK)
        return err;
    while (err == ERR_OK && seq < v->end) {
        struct str line;
        struct seal seal;
        err = store_reader_next(r, &seq, &line, msg);
        if (err == ERR_OK && seq < v->end && store_reader_seal(r, &seal) == ERR_OK)
            *before = seq;
    }
    store_reader_close(r);
    return err;
}

/* A commit ends where a tick does, and a tick leaves nothing undone that is due, but when its batch is full. */
static enum err check_due(struct verify *v, struct errmsg *msg)
{
    uint64_t before;
    enum err err = look_for_seal(v, &before, msg);
    if (err != ERR_OK || before == UINT64_MAX)
        return err;
    return sweep_end(v);
}

static enum err check_end(struct verify *v, struct errmsg *msg)
{
    if (v->e->last_seq != v->end)
        return differ_beside(v, "log", "the log ends at event %" PRIu64 ", but %" PRIu64 " was written", v->e->last_seq,
                             v->end);
    if (v->coming < v->expected.n)
        return differ_beside(v, "the log's end", "the decision that event %" PRIu64 " begins is not whole", v->end);
    if (v->must.n != ROSTER_NONE)
        return differ_beside(v, "the log's end", "what fell due by event %" PRIu64 " is missing", v->end);
    return v->loose || !v->end ? ERR_OK : check_due(v, msg);
}

/* --- the whole --- */

/* What was stored beside the log is read before the walk, so that nothing in it is older than the end. */
static enum err load(struct verify *v, struct survey *s, struct errmsg *msg)
{
    enum err err = checkpoints_load(v, msg);
    if (!s || err != ERR_OK)
        return err;
    err = contacts_view_load(v, s, msg);
    if (err == ERR_OK)
        err = deliveries_view_load(v, s, msg);
    return err == ERR_OK ? states_indexes(v, s, msg) : err;
}

/* Whoever stands elsewhere too is astray in one of the two. */
static enum err check_belongs(struct verify *v)
{
    uint32_t count = v->o->belongs ? roster_count(v->e->roster) : 0;
    for (uint32_t n = 0; n < count; n++) {
        char bytes[ID_MAX];
        struct str id = roster_id(v->e->roster, n, bytes);
        if (!v->o->belongs(v->o->belongs_arg, id))
            return differ_beside(v, "shard", "beneficiary %.*s does not belong into this shard", (int)id.n, id.p);
    }
    return ERR_OK;
}

static enum err compare_rest(struct verify *v, struct survey *s, struct errmsg *msg)
{
    enum err err = seals_end(v);
    if (err == ERR_OK)
        err = checkpoints_end(v);
    if (err == ERR_OK)
        err = contacts_view_end(v);
    return s && err == ERR_OK ? states_check(v, s, msg) : err;
}

static enum err verify_all(struct verify *v, struct survey *s, struct errmsg *msg)
{
    if (v->o->expect)
        seals_add(v, v->o->expect, "--expect-seal");
    enum err err = load(v, s, msg);
    if (err == ERR_OK && v->out->first > 1)
        err = archived_seal(v);
    if (err == ERR_OK && v->out->first > 1)
        err = archived_begin(v, msg);
    if (err == ERR_OK && v->taken)
        err = taken_begin(v, v->taken, msg);
    if (err == ERR_OK && v->decided_from <= v->end)
        err = verify_walk(v, take_group, v->decided_from ? v->decided_from - 1 : 0, v->end, msg);
    if (err == ERR_OK)
        err = check_end(v, msg);
    if (err == ERR_OK)
        err = check_belongs(v);
    return err == ERR_OK ? compare_rest(v, s, msg) : err;
}

static void finish(struct verify *v)
{
    v->out->people = roster_count(v->e->roster);
    digest_view_done(&v->digest);
    checkpoints_done(v);
    contacts_view_free(v->contacts);
    deliveries_view_free(v->deliveries);
    free(v->seals);
    buf_done(&v->expected);
    origin_reader_free(v->origin);
    tz_free(v->tz);
    verify_engine_free(v->e);
}

/* What the reader says of a damaged log, or of a store that cannot be opened for one, is a difference too. */
static enum err told(struct verify_report *out, enum err err, const struct errmsg *msg)
{
    out->good = err == ERR_OK;
    if (err != ERR_DAMAGED)
        return err;
    if (!out->difference.text[0])
        snprintf(out->difference.text, sizeof out->difference.text, "%s", msg->text);
    return ERR_OK;
}

static enum err verify_opened(struct verify *v, struct survey *s, struct errmsg *msg)
{
    struct store_info info;
    store_info(v->store, &info);
    v->end = info.durable;
    v->out->live = !s || survey_live(s); /* without a folder nobody can tell */
    v->out->first = info.first;
    v->out->log_bytes = info.log_bytes;
    v->taken = info.taken < v->end ? info.taken : v->end;
    v->e = verify_engine(v->o);
    v->e->store = v->store;
    v->e->simulated = v->e->env.simulated = info.simulated;
    v->origin = origin_reader_new();
    enum err err = verify_all(v, s, msg);
    finish(v);
    return err;
}

static enum err verify_once(const struct verify_options *o, struct survey *s, struct verify_report *out,
                            struct errmsg *msg)
{
    struct verify v = {.o = o, .out = out, .must = {ROSTER_NONE, DEADLINE_NONE}};
    memset(out, 0, sizeof *out);
    if (!s)
        buf_adds(&out->notes, "only the log and the checkpoints of a store of this kind are compared\n");
    struct store_options with = o->store;
    with.archive = o->archive;
    enum err err = store_open(o->uri, STORE_READ, &with, &v.store, NULL, msg);
    if (err == ERR_OK)
        err = verify_opened(&v, s, msg);
    store_close(v.store);
    return told(out, err, msg);
}

enum err verify_store(const struct verify_options *o, struct verify_report *out, struct errmsg *msg)
{
    struct survey *s;
    memset(out, 0, sizeof *out);
    enum err err = survey_open(o->uri, &o->store, &s, msg);
    if (err != ERR_OK && err != ERR_INVALID)
        return err;
    if (err == ERR_INVALID)
        s = NULL;
    bool live = s && survey_live(s);
    err = verify_once(o, s, out, msg);
    /* A daemon that starts in the midst of it changes what was taken for still. */
    if (err == ERR_OK && !out->good && s && !live && survey_live(s)) {
        verify_report_done(out);
        err = verify_once(o, s, out, msg);
    }
    survey_close(s);
    return err;
}

void verify_report_done(struct verify_report *r)
{
    buf_done(&r->notes);
    buf_done(&r->difference.expected);
    buf_done(&r->difference.found);
}
