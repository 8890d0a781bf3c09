/* A window of inputs, with all that they point at. */
#include "engine/what_if/what_if_inside.h"

#include <stdlib.h>

#define EVENT_TEXT_MAX ((size_t)1 << 18) /* of one event; the log's lines have less */

_Static_assert(WINDOW_TEXT > 4 * EVENT_TEXT_MAX, "a window has room for some events");

void window_init(struct window *w)
{
    w->text = mem_alloc(WINDOW_TEXT);
    window_clear(w);
}

void window_done(struct window *w)
{
    free(w->text);
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        config_free(w->config[i]);
}

void window_clear(struct window *w)
{
    w->n = w->n_items = 0;
    w->used = 0;
    w->action = WINDOW_GO_ON;
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        w->config[i] = NULL; /* the engines' since */
}

bool window_has_room(const struct window *w)
{
    return w->n < WINDOW_INPUTS && w->n_items < WINDOW_ITEMS && w->used + 2 * EVENT_TEXT_MAX < WINDOW_TEXT;
}

static struct str keep(struct window *w, struct str s)
{
    if (!s.p)
        return s;
    char *at = w->text + w->used;
    memcpy(at, s.p, s.n);
    w->used += s.n;
    return (struct str){at, s.n};
}

void window_add_input(struct window *w, const struct input *in, uint64_t seq)
{
    struct input *to = &w->inputs[w->n];
    *to = *in;
    struct str *const strings[] = {&to->id,      &to->policy, &to->category, &to->name, &to->phone, &to->unit,
                                   &to->channel, &to->ref,    &to->evidence, &to->by,   &to->reason};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        *strings[i] = keep(w, *strings[i]);
    w->seqs[w->n++] = seq;
}

void window_add_item(struct window *w, struct str subject, const struct what_if_item *item)
{
    w->items[w->n_items++] = (struct recorded_item){keep(w, subject), *item};
}

void window_set_hold(struct window *w, const struct event *ev)
{
    w->action = ev->type == EV_HOLD_PLACED ? WINDOW_PLACE : WINDOW_LIFT;
    w->at = ev->time;
    w->hold.scope = ev->u.hold.scope;
    w->hold.scope.name = keep(w, ev->u.hold.scope.name);
    w->hold.until = ev->u.hold.until;
    w->hold.why = keep(w, ev->u.hold.why);
    w->hold.by = keep(w, ev->u.hold.by);
}
