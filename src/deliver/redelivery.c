/* Events that are sent once more: an outlet of its own beside the endpoint's live one. What the live one does is done
 * here too, by the same functions: order for each person, retries, rows for what waits, a cursor. What differs is here:
 * where it begins and ends, what it leaves out, how little of the endpoint's pace it takes, and that what is given up
 * is counted and no more. It reads only what the live cursor has passed, so nothing comes as a replay before it was
 * due. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "deliver/inside.h"

static struct str text_of(const char *s)
{
    return s[0] ? str_of(s) : STR_NONE;
}

/* --- which types --- */

static uint32_t types_like(const char *glob)
{
    uint32_t types = 0;
    for (int t = 0; t < EV_N; t++)
        if (fnmatch(glob, event_type_text((enum event_type)t), 0) == 0)
            types |= UINT32_C(1) << t;
    return types;
}

bool redelivery_types(const char *globs, uint32_t *out)
{
    char text[REDELIVER_TYPE_MAX + 1], *rest = text, *glob;
    uint32_t types = globs[0] ? 0 : UINT32_MAX;
    snprintf(text, sizeof text, "%s", globs);
    while (globs[0] && (glob = strsep(&rest, ",")) != NULL) {
        uint32_t like = types_like(glob);
        if (!like)
            return false;
        types |= like;
    }
    *out = types;
    return true;
}

/* --- its row --- */

/* What its outlet has come to. */
static void note(const struct outlet *o)
{
    struct redelivery *r = o->job;
    r->position = o->cursor;
    r->sent = o->delivered;
    r->failed = o->dead;
    r->skipped = o->skipped;
    memcpy(r->last_error, o->last_error, sizeof r->last_error);
}

static void book(const struct outlet *live)
{
    const struct redelivery *r = live->job;
    struct delivery_change c = {
        .kind = CHANGE_REDELIVERY,
        .redelivery =
            {
                .endpoint = str_of(live->name),
                .state = r->state,
                .after = r->after,
                .until = r->until,
                .position = r->position,
                .type = text_of(r->type),
                .subject = text_of(r->subject),
                .sent = r->sent,
                .failed = r->failed,
                .skipped = r->skipped,
                .started_at = r->started_at,
                .ended_at = r->ended_at,
                .by = text_of(r->by),
                .why = text_of(r->why),
                .last_error = text_of(r->last_error),
            },
    };
    ledger_add(live->deliver->ledger, &c);
}

static void clear_rows(const struct outlet *o)
{
    struct delivery_change c = {.kind = CHANGE_CLEAR, .row = {.endpoint = str_of(o->name)}};
    ledger_add(o->deliver->ledger, &c);
}

void redelivery_book(struct outlet *o)
{
    note(o);
    book(o->live);
    if (o->leaving)
        clear_rows(o);
    o->changed = false;
}

const struct redelivery *redelivery_of(const struct outlet *live)
{
    if (live->again)
        note(live->again);
    return live->job;
}

struct loading {
    const struct outlet *live;
    struct redelivery *found;
};

static void take_row(void *arg, const struct redelivery_row *row)
{
    struct loading *l = arg;
    if (!str_is(row->endpoint, l->live->name))
        return;
    struct redelivery *r = l->found = mem_alloc(sizeof *r);
    *r = (struct redelivery){.state = row->state,
                             .after = row->after,
                             .until = row->until,
                             .position = row->position,
                             .sent = row->sent,
                             .failed = row->failed,
                             .skipped = row->skipped,
                             .started_at = row->started_at,
                             .ended_at = row->ended_at};
    keep_text(r->type, sizeof r->type, row->type);
    keep_text(r->subject, sizeof r->subject, row->subject);
    keep_text(r->by, sizeof r->by, row->by);
    keep_text(r->why, sizeof r->why, row->why);
    keep_text(r->last_error, sizeof r->last_error, row->last_error);
}

/* --- life --- */

static uint32_t parked(const struct endpoint *e)
{
    return e->max_parked < REDELIVERY_PARKED ? e->max_parked : REDELIVERY_PARKED;
}

/* No name in a configuration has a blank in it. */
static struct outlet *make(struct outlet *live)
{
    const struct redelivery *r = live->job;
    struct outlet *o = mem_zalloc(1, sizeof *o);
    snprintf(o->name, sizeof o->name, "%.*s redelivery", ENDPOINT_NAME_BYTES, live->name);
    o->deliver = live->deliver;
    o->live = live;
    o->job = live->job;
    o->outfit = live->outfit;
    o->outfit->users++;
    o->cursor = r->position;
    o->delivered = r->sent;
    o->dead = r->failed;
    o->skipped = r->skipped;
    memcpy(o->last_error, r->last_error, sizeof o->last_error);
    return o;
}

static enum err open_outlet(struct outlet *live, bool fresh, struct errmsg *msg)
{
    struct outlet *o = make(live);
    enum err err = outlet_open(o, parked(o->outfit->config), fresh, msg);
    if (err != ERR_OK) {
        outlet_free(o);
        return err;
    }
    o->next = live->next;
    live->next = o;
    live->again = o;
    return ERR_OK;
}

static void end(struct outlet *o, enum redelivery_state state)
{
    o->job->state = state;
    o->job->ended_at = o->deliver->now;
    o->leaving = true;
    o->changed = true;
}

/* Why it cannot be, as the endpoint is configured now; NULL: it can. Finds out anew what its types stand for. */
static const char *obstacle(struct redelivery *r, const struct endpoint *e)
{
    if (e->messages)
        return "the endpoint sends messages to people now";
    return redelivery_types(r->type, &r->types) ? NULL : "it is of events that this version does not know";
}

enum err redelivery_load(struct outlet *live, struct errmsg *msg)
{
    struct loading l = {.live = live};
    enum err err = delivery_redeliveries(live->deliver->state, take_row, &l, msg);
    struct redelivery *r = live->job = l.found;
    if (err != ERR_OK || !r || r->state != REDELIVERY_RUNNING)
        return err;
    const char *why = obstacle(r, live->outfit->config);
    if (!why)
        return open_outlet(live, false, msg);
    r->state = REDELIVERY_CANCELLED;
    r->ended_at = live->deliver->now;
    keep_text(r->last_error, sizeof r->last_error, str_of(why));
    book(live);
    return ERR_OK;
}

enum err redelivery_begin(struct outlet *live, const struct redelivery *what, struct errmsg *msg)
{
    struct redelivery *before = live->job, *r = mem_alloc(sizeof *r);
    *r = *what;
    live->job = r;
    const char *why = obstacle(r, live->outfit->config);
    enum err err = why ? err_set(msg, ERR_INVALID, "%s: %s", live->name, why) : open_outlet(live, true, msg);
    if (err != ERR_OK) {
        live->job = before;
        free(r);
        return err;
    }
    free(before);
    clear_rows(live->again);
    live->again->changed = true;
    return ERR_OK;
}

/* What is on its way may arrive or not; if the endpoint's breaker waits for it, it waits no longer. */
void redelivery_cancel(struct outlet *o)
{
    if (o->flights)
        breaker_forget(&o->live->breaker);
    flights_cancel(o);
    question_forget(o);
    end(o, REDELIVERY_CANCELLED);
}

void redelivery_give_up(struct outlet *o, const char *why)
{
    if (o->leaving)
        return;
    redelivery_cancel(o);
    keep_text(o->last_error, sizeof o->last_error, str_of(why));
}

void redelivery_dress(struct outlet *o, struct outfit *f)
{
    outfit_unref(o->outfit);
    o->outfit = f;
    f->users++;
    track_limits(o->track, f->config->max_unnoted, parked(f->config));
    const char *why = obstacle(o->job, f->config);
    if (why)
        redelivery_give_up(o, why);
}

bool redelivery_finished(struct outlet *o)
{
    struct track_counts n;
    track_count(o->track, &n);
    if (track_read(o->track) < o->job->until || n.items)
        return false;
    end(o, REDELIVERY_DONE);
    o->cursor = o->job->until;
    return true;
}

bool redelivery_is_gone(const struct outlet *o)
{
    return o->leaving && outlet_is_idle(o) && !o->changed && !o->given_up && !o->given_up_in_commit;
}

/* --- at work --- */

uint64_t redelivery_limit(const struct outlet *o)
{
    return o->job->until < o->live->cursor ? o->job->until : o->live->cursor;
}

bool redelivery_wants(const struct outlet *o, const struct event *head)
{
    const struct redelivery *r = o->job;
    return r->types & UINT32_C(1) << head->type && (!r->subject[0] || str_is(head->subject, r->subject));
}

/* What is left once the live outlet has sent, and asked about, all that it can; and never more than half of what may be
 * in flight, so that a live event finds a connection that is free. */
unsigned redelivery_share(const struct outlet *o, unsigned n)
{
    const struct outlet *live = o->live;
    unsigned first = question_asked(live), most = pace_half(&live->pace);
    if (o->leaving || track_has_ready(live->track) || !breaker_allows(&o->breaker, o->deliver->now) || first >= n ||
        o->in_flight >= most)
        return 0;
    n -= first;
    n = n < most - o->in_flight ? n : most - o->in_flight;
    return o->breaker.open ? 1 : n;
}
