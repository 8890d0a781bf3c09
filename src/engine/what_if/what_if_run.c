/* One of the two runs: an engine over a store of its own, its inputs a window at a time, and what is kept of the events
 * that it decides. All of it on one thread. */
#include "engine/internal.h"
#include "engine/what_if/what_if_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- what its events come to --- */

static void make_room(struct what_if_people *p, uint32_t n, bool recorded)
{
    if (n < p->cap)
        return;
    uint32_t cap = p->cap ? p->cap : 1024;
    while (cap <= n)
        cap += cap / 2;
    p->hash = mem_resize(p->hash, cap, sizeof *p->hash);
    p->n = mem_resize(p->n, cap, sizeof *p->n);
    memset(p->hash + p->cap, 0, (cap - p->cap) * sizeof *p->hash);
    memset(p->n + p->cap, 0, (cap - p->cap) * sizeof *p->n);
    if (recorded) {
        p->recorded = mem_resize(p->recorded, cap, sizeof *p->recorded);
        memset(p->recorded + p->cap, 0, (cap - p->cap) * sizeof *p->recorded);
    }
    p->cap = cap;
}

static void add_pay(struct what_if_sums *sums, const struct what_if_item *item)
{
    sums->months_withheld += item->months;
    if (item->total == AMOUNT_NONE)
        sums->unknown++;
    else
        sums->paid_later += item->total;
}

static void add_item(struct run *r, uint32_t n, const struct what_if_item *item)
{
    make_room(&r->people, n, r->which == WHAT_IF_BEFORE);
    r->people.hash[n] = item_mix(r->people.hash[n], item);
    r->people.n[n]++;
    if (item->type == EV_RESUMED || item->type == EV_TERMINATED)
        add_pay(r->sums, item);
    if (item->type != EV_SUSPENDED)
        return;
    r->sums->suspensions[date_month(item->on)]++;
    if (!(r->people.n[n] & PEOPLE_SUSPENDED))
        r->sums->people_suspended++;
    r->people.n[n] |= PEOPLE_SUSPENDED;
}

static enum err add_line(struct run *r, struct str line, uint64_t seq)
{
    struct event ev;
    size_t where;
    enum err err = event_read_head(line, &ev, &r->arena);
    if (err == ERR_OK)
        r->sums->events[ev.type]++;
    if (err != ERR_OK || !item_wanted(ev.type))
        return err;
    err = event_read(line, &ev, &r->arena, &where);
    if (err != ERR_OK)
        return err_set(&r->msg, err, "event %" PRIu64 " of a run cannot be read back at byte %zu", seq, where);
    struct what_if_item item = item_of(&ev);
    add_item(r, roster_find(r->engine->roster, ev.subject), &item);
    return ERR_OK;
}

static void on_committed(void *arg, uint64_t first, struct str lines)
{
    struct run *r = arg;
    const char *p = lines.p, *end = lines.p + lines.n;
    for (uint64_t seq = first; p < end && r->err == ERR_OK; seq++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        r->err = add_line(r, (struct str){p, (size_t)(newline - p)}, seq);
        p = newline + 1;
    }
}

/* --- its windows --- */

enum err run_open(struct run *r, const char *scratch, struct config *config, lc_instant start, struct errmsg *msg)
{
    snprintf(r->uri, sizeof r->uri, "dir:%s/%s", scratch, r->which == WHAT_IF_BEFORE ? "before" : "after");
    const struct engine_options options = {
        .uri = r->uri,
        .init = true,
        .gather = true,
        .checkpoint_events = UINT64_MAX,
        .committed = on_committed,
        .arg = r,
    };
    return engine_open(&options, config, true, start, &r->engine, msg);
}

/* Whether it was answered is seen after the clock has run: nothing is left undone then. */
static void on_done(struct request *q)
{
    *(bool *)q->owner = true;
}

static enum err ask(struct run *r, struct request *q, lc_instant until)
{
    bool done = false;
    q->done = on_done;
    q->owner = &done;
    if (!engine_submit(r->engine, q))
        return err_set(&r->msg, ERR_FULL, "the engine takes no more inputs");
    enum err err = engine_run_until(r->engine, until, &r->msg);
    if (err == ERR_OK && !done)
        err = err_set(&r->msg, ERR_IO, "the engine left inputs undecided");
    if (err == ERR_OK && q->err != ERR_OK)
        err = err_set(&r->msg, q->err, "%s", q->msg.text);
    return err;
}

/* No input of the log is malformed, or names a channel that was not there: whatever was recorded got that far. */
static enum err check_results(struct run *r, const struct window *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        const struct input_result *result = &w->results[r->which][i];
        if (result->result == RESULT_ERROR)
            return err_set(&r->msg, ERR_DAMAGED, "the input that event %" PRIu64 " is from is refused: %s: %s",
                           w->seqs[i], result->member, result->fault);
    }
    return ERR_OK;
}

static enum err decide_inputs(struct run *r, struct window *w)
{
    if (!w->n)
        return ERR_OK;
    struct request q = {.kind = REQUEST_INPUTS, .inputs = w->inputs, .results = w->results[r->which], .n_inputs = w->n};
    enum err err = ask(r, &q, w->inputs[w->n - 1].at);
    return err == ERR_OK ? check_results(r, w) : err;
}

static enum err configure(struct run *r, struct window *w)
{
    struct config *config = w->config[r->which];
    w->config[r->which] = NULL;
    if (!config)
        return ERR_OK;
    struct request q = {.kind = REQUEST_CONFIG, .config = config};
    enum err err = ask(r, &q, w->at);
    if (q.err != ERR_OK)
        config_free(config); /* refused; else it is the engine's */
    return err;
}

static enum err place(struct run *r, const struct window *w)
{
    struct request q = {.kind = REQUEST_HOLD_PLACE};
    q.hold.scope = w->hold.scope;
    q.hold.until = w->hold.until;
    q.hold.why = w->hold.why;
    q.hold.by = w->hold.by;
    enum err err = ask(r, &q, w->at);
    buf_done(&q.body);
    return err;
}

static enum err lift(struct run *r, const struct window *w)
{
    struct hold hold = {.kind = HOLD_MORATORIUM, .scope = w->hold.scope};
    char name[160];
    snprintf(hold.scope_name, sizeof hold.scope_name, "%.*s", (int)hold.scope.name.n,
             hold.scope.name.p ? hold.scope.name.p : "");
    holds_name(&hold, name);
    struct request q = {.kind = REQUEST_HOLD_LIFT};
    q.hold.name = str_of(name);
    q.hold.why = w->hold.why;
    q.hold.by = w->hold.by;
    enum err err = ask(r, &q, w->at);
    buf_done(&q.body);
    return q.err == ERR_ABSENT ? ERR_OK : err; /* its last day has passed in the meantime */
}

/* --- the first run also folds what was recorded --- */

static void add_recorded(struct run *r, const struct window *w)
{
    for (uint32_t i = 0; i < w->n_items; i++) {
        uint32_t n = roster_find(r->engine->roster, w->items[i].subject);
        if (n == ROSTER_NONE)
            continue;
        make_room(&r->people, n, true);
        r->people.recorded[n] = item_mix(r->people.recorded[n], &w->items[i].item);
    }
}

/* --- and in the end --- */

static void count_still_suspended(struct run *r)
{
    const struct engine *e = r->engine;
    uint32_t count = roster_count(e->roster);
    if (count)
        make_room(&r->people, count - 1, r->which == WHAT_IF_BEFORE);
    for (uint32_t n = 0; n < count; n++) {
        struct entry entry;
        roster_get(e->roster, n, &entry);
        if (entry.rec.status != STATUS_SUSPENDED)
            continue;
        r->sums->still_suspended++;
        const struct policy *p = &e->policies.v[entry.rec.policy];
        for (lc_month m = entry.rec.withheld_from; policy_payday(p, m) <= e->env.today; m++)
            r->sums->months_withheld++;
    }
}

static enum err act(struct run *r, struct window *w)
{
    enum err err = w->action == WINDOW_GO_ON ? ERR_OK : engine_run_until(r->engine, w->at, &r->msg);
    if (err != ERR_OK)
        return err;
    switch (w->action) {
    case WINDOW_CONFIG: return configure(r, w);
    case WINDOW_PLACE: return place(r, w);
    case WINDOW_LIFT: return lift(r, w);
    case WINDOW_END: count_still_suspended(r); break;
    default: break;
    }
    return ERR_OK;
}

void run_window(struct run *r, struct window *w)
{
    if (r->err == ERR_OK)
        r->err = decide_inputs(r, w);
    if (r->err == ERR_OK)
        r->err = act(r, w);
    if (r->err == ERR_OK && r->which == WHAT_IF_BEFORE)
        add_recorded(r, w);
    config_free(w->config[r->which]); /* what was not taken */
    w->config[r->which] = NULL;
}

void run_close(struct run *r)
{
    engine_abandon(r->engine);
    event_arena_done(&r->arena);
    free(r->people.hash);
    free(r->people.n);
    free(r->people.recorded);
}

uint32_t run_count(const struct run *r)
{
    return roster_count(r->engine->roster);
}
