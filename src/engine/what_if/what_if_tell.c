/* From the log's events to windows of inputs, and what the two runs made of them. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/what_if/what_if_inside.h"

/* --- windows --- */

static bool is_rejected(const struct input_result *r)
{
    return r->result == RESULT_REJECTED;
}

/* Somebody's amendment to the policy under which they stand was no input, but a changed configuration taken up. */
static bool was_adoption(const struct input *in, const struct input_result *r)
{
    return in->op == OP_AMEND && r->result == RESULT_UNCHANGED &&
           (in->given & ~(uint32_t)(M_OP | M_ID | M_AT)) == M_POLICY;
}

static void count_results(struct what_if *w, const struct window *window)
{
    for (uint32_t i = 0; i < window->n; i++) {
        const struct input *in = &window->inputs[i];
        struct what_if_inputs *counts = &w->result.inputs[in->op];
        bool before = is_rejected(&window->results[WHAT_IF_BEFORE][i]);
        bool after = is_rejected(&window->results[WHAT_IF_AFTER][i]);
        if (was_adoption(in, &window->results[WHAT_IF_BEFORE][i]))
            continue;
        counts->taken++;
        counts->rejected[WHAT_IF_BEFORE] += before;
        counts->rejected[WHAT_IF_AFTER] += after;
        counts->now_applied += before && !after;
        counts->now_rejected += after && !before;
    }
}

/* The window that is being filled. */
static struct window *filling(struct what_if *w)
{
    return &w->windows[w->made % WINDOWS];
}

static enum err failure(const struct what_if *w, struct errmsg *msg)
{
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        if (w->runners[i].failed)
            return err_set(msg, w->runners[i].run.err, "%s", w->runners[i].run.msg.text);
    return ERR_OK;
}

/* Waits until both have done with a window, and counts what came of it. */
static enum err await(struct what_if *w, uint64_t number, struct errmsg *msg)
{
    pthread_mutex_lock(&w->lock);
    while (w->runners[0].done <= number || w->runners[1].done <= number)
        pthread_cond_wait(&w->changed, &w->lock);
    enum err err = failure(w, msg);
    pthread_mutex_unlock(&w->lock);
    if (err == ERR_OK)
        count_results(w, &w->windows[number % WINDOWS]);
    return err;
}

/* Hands over the window in hand, and makes the next one ready. */
static enum err hand_over(struct what_if *w, struct errmsg *msg)
{
    pthread_mutex_lock(&w->lock);
    w->made++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    enum err err = w->made >= WINDOWS ? await(w, w->made - WINDOWS, msg) : ERR_OK;
    window_clear(filling(w));
    return err == ERR_OK ? what_if_go_on(w, msg) : err;
}

/* --- the second pass: from events to inputs --- */

/* The configurations as they are now take hold in both runs, or in the second alone. */
static enum err configure(struct what_if *w, lc_instant at, bool both, struct errmsg *msg)
{
    struct window *window = filling(w);
    window->action = WINDOW_CONFIG;
    window->at = at;
    enum err err = both ? past_config_take(&w->past, NULL, &window->config[WHAT_IF_BEFORE], msg) : ERR_OK;
    if (err == ERR_OK)
        err = past_config_take(&w->past, what_if_overlay(w), &window->config[WHAT_IF_AFTER], msg);
    return err == ERR_OK ? hand_over(w, msg) : err;
}

/* A configuration takes hold, at its time, once the last of the events that say what it has was read. */
static enum err take_up(struct what_if *w, struct errmsg *msg)
{
    if (!w->past.changed)
        return ERR_OK;
    w->past.changed = false;
    return w->opened ? configure(w, w->past.at, true, msg) : what_if_open_engines(w, msg);
}

static enum err begin_wanted(struct what_if *w, lc_instant now, struct errmsg *msg)
{
    if (w->in_force || now < w->o.since)
        return ERR_OK;
    enum err err = take_up(w, msg);
    w->in_force = true;
    return err == ERR_OK ? configure(w, w->o.since, false, msg) : err;
}

static enum err take_hold(struct what_if *w, const struct event *ev, struct errmsg *msg)
{
    bool placed = ev->type == EV_HOLD_PLACED;
    /* Moratoria end by themselves in both runs. */
    if (ev->u.hold.hold != HOLD_MORATORIUM || (!placed && !ev->u.hold.by.p))
        return ERR_OK;
    window_set_hold(filling(w), ev);
    return hand_over(w, msg);
}

/* How to reach a unit is not in the log; that there is one matters to the digests. */
static void take_unit(struct what_if *w, const struct event *ev)
{
    char name[24]; /* another each time, or the unit's would be unchanged */
    int n = snprintf(name, sizeof name, "%" PRIu64, ev->seq);
    const struct input in = {
        .op = OP_UNIT,
        .given = M_OP | M_UNIT | M_NAME,
        .at = ev->time,
        .unit = ev->u.unit_recorded.unit,
        .name = {name, (size_t)n},
        .amount = AMOUNT_NONE,
    };
    window_add_input(filling(w), &in, ev->seq);
    w->inputs++;
}

static enum err take_system(struct what_if *w, const struct event *ev, struct errmsg *msg)
{
    if (what_if_is_config(ev->type))
        return past_config_note(&w->past, ev, msg);
    if (ev->type == EV_HOLD_PLACED || ev->type == EV_HOLD_LIFTED)
        return take_hold(w, ev, msg);
    if (ev->type == EV_UNIT_RECORDED)
        take_unit(w, ev);
    return ERR_OK;
}

static enum err take_input(struct what_if *w, const struct event *ev, struct errmsg *msg)
{
    struct input in;
    enum origin origin;
    /* What a changed configuration did is told back as an input, too; it comes to nothing. */
    enum err err = event_origin(w->origin, ev, STR_NONE, &origin, &in, msg);
    if (err != ERR_OK || origin != ORIGIN_INPUT)
        return err;
    if (ev->type == EV_INPUT_REJECTED && ev->u.input_rejected.reason == REASON_UNKNOWN_POLICY) {
        past_config_note_unknown(&w->past, in.policy, ev->time);
        err = take_up(w, msg);
    }
    window_add_input(filling(w), &in, ev->seq);
    w->inputs++;
    return err;
}

static enum err take(struct what_if *w, const struct event *ev, struct errmsg *msg)
{
    w->result.recorded[ev->type]++;
    enum err err = w->o.since == INSTANT_NONE ? ERR_OK : begin_wanted(w, ev->time, msg);
    if (err == ERR_OK && (!what_if_is_config(ev->type) || ev->time != w->past.at))
        err = take_up(w, msg);
    if (err == ERR_OK && !w->opened && !what_if_is_config(ev->type))
        err = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " comes before any configuration", ev->seq);
    if (err == ERR_OK && !window_has_room(filling(w)))
        err = hand_over(w, msg);
    if (err != ERR_OK)
        return err;
    if (!ev->subject.p)
        return take_system(w, ev, msg);
    if (item_wanted(ev->type)) {
        struct what_if_item item = item_of(ev);
        window_add_item(filling(w), ev->subject, &item);
    }
    return take_input(w, ev, msg);
}

enum err tell_group(void *arg, struct event_group *g, struct errmsg *msg)
{
    struct what_if *w = arg;
    enum err err = ERR_OK;
    for (unsigned i = 0; i < g->n && err == ERR_OK; i++) {
        err = take(w, &g->events[i], msg);
        w->bytes += group_line(g, i).n + 1;
    }
    if (w->o.progress)
        w->o.progress(w->o.arg, w->bytes, w->inputs);
    return err;
}

enum err tell_end(struct what_if *w, struct errmsg *msg)
{
    enum err err = w->o.since == INSTANT_NONE ? ERR_OK : begin_wanted(w, w->result.until, msg);
    if (err == ERR_OK)
        err = take_up(w, msg);
    if (err != ERR_OK)
        return err;
    filling(w)->action = WINDOW_END;
    filling(w)->at = w->result.until;
    err = hand_over(w, msg);
    for (uint64_t i = w->made >= WINDOWS ? w->made - WINDOWS + 1 : 0; i < w->made && err == ERR_OK; i++)
        err = await(w, i, msg);
    return err;
}
