/* One endpoint at work: reads the log behind its cursor, hands out what may be sent now, knows when to come again. */
#include "deliver/inside.h"

#include <stdio.h>
#include <stdlib.h>

/* The longest that anything ever waits: a time later than that was reckoned by a clock that was wrong. */
static int64_t longest_wait(const struct endpoint *e)
{
    int64_t longest = INT64_C(48) * 3600; /* a daily cap, a day that Retry-After asks for */
    for (unsigned i = 0; i < e->n_retry; i++)
        longest = e->retry[i] + e->retry[i] / 5 > longest ? e->retry[i] + e->retry[i] / 5 : longest;
    return (e->receipt_within > longest ? e->receipt_within : longest) * 1000;
}

void outlet_clock_set_back(struct outlet *o)
{
    track_clamp(o->track, o->deliver->now + longest_wait(o->outfit->config));
}

/* --- life --- */

#define STATES_ALL ((1u << DELIVERY_STATE_N) - 1)
#define STATES_GIVEN_UP (1u << DELIVERY_DEAD | 1u << DELIVERY_SKIPPED)
#define STATES_OPEN (1u << DELIVERY_RETRY | 1u << DELIVERY_WAIT | 1u << DELIVERY_SENDING | 1u << DELIVERY_UNKNOWN)

/* What was being sent when the daemon ended: an event is sent again, a message never by itself. */
static void restore(void *arg, const struct delivery_row *row)
{
    struct outlet *o = arg;
    const struct endpoint *e = o->outfit->config;
    enum event_type type;
    if (!event_type_parse(row->type, &type))
        return; /* of a later version: it stays in the table */
    bool sending = row->state == DELIVERY_SENDING && e->messages;
    bool apart = sending || row->state == DELIVERY_UNKNOWN;
    int64_t at = sending ? o->deliver->now + e->receipt_within * 1000 : row->next_at;
    int64_t latest = o->deliver->now + longest_wait(e);
    if (apart && row->receipt) { /* it came before the daemon ended */
        book_sent(o, row);
        return;
    }
    struct item *i = track_restore(o->track, row->seq, row->subject, type, at < latest ? at : latest, apart);
    i->attempts = row->attempts;
    i->number = row->number;
    if (sending)
        book_row(o, i, DELIVERY_UNKNOWN, at, STR_LIT("the daemon ended while it was being sent"), STR_NONE);
}

/* The cursor may stand before what is settled already, since something older was not: what a row stands for, a message
 * that was sent above all, is not taken from the log once more. */
static void remember(void *arg, const struct delivery_row *row)
{
    struct outlet *o = arg;
    track_remember(o->track, row->seq);
}

/* Wherever the cursor stands: what came before one of these may wait for its retry still. */
static void remember_given_up(void *arg, const struct delivery_row *row)
{
    gaps_remember(arg, row->subject, row->seq);
}

static enum err take_rows(struct outlet *o, struct errmsg *msg)
{
    struct delivery_store *state = o->deliver->state;
    enum err err = delivery_rows(state, str_of(o->name), STATES_OPEN, 0, 0, restore, o, msg);
    if (err == ERR_OK)
        err = delivery_rows(state, str_of(o->name), STATES_ALL, o->cursor, 0, remember, o, msg);
    if (err == ERR_OK && o->gaps.n)
        err = delivery_rows(state, str_of(o->name), STATES_GIVEN_UP, 0, 0, remember_given_up, o, msg);
    return err;
}

static void take_row(struct outlet *o, const struct endpoint_row *row)
{
    o->cursor = row->cursor;
    o->paused_at = row->paused_at;
    o->delivered = row->delivered;
    o->skipped = row->skipped;
    o->dead = row->dead;
    o->receipts_delivered = row->receipts_delivered;
    o->receipts_failed = row->receipts_failed;
    if (row->paused.p) {
        keep_text(o->paused, sizeof o->paused, row->paused);
        keep_text(o->paused_by, sizeof o->paused_by, row->paused_by);
    }
}

/* A new endpoint starts at the log's end, or where its configuration says. */
static uint64_t first_cursor(const struct deliver *d, const struct endpoint *e)
{
    struct store_info info;
    store_info(d->options.store, &info);
    if (!e->from_given)
        return info.durable;
    return e->from ? e->from - 1 : 0;
}

enum err outlet_open(struct outlet *o, uint32_t parked, bool fresh, struct errmsg *msg)
{
    o->track = track_new(o->cursor, o->outfit->config->max_unnoted, parked);
    enum err err = store_reader_open(o->deliver->options.store, o->cursor, &o->reader, msg);
    return err == ERR_OK && !fresh ? take_rows(o, msg) : err;
}

enum err outlet_new(struct deliver *d, struct outfit *f, const struct endpoint_row *row, struct outlet **out,
                    struct errmsg *msg)
{
    struct outlet *o = mem_zalloc(1, sizeof *o);
    const struct endpoint *e = f->config;
    o->deliver = d;
    o->outfit = f;
    snprintf(o->name, sizeof o->name, "%s", e->name);
    pace_init(&o->pace, e, o->granted, f->settings->shares);
    if (row)
        take_row(o, row);
    else
        o->cursor = first_cursor(d, e);
    o->changed = !row;
    enum err err = gaps_open(o, msg);
    if (err == ERR_OK && o->paused[0])
        err = reading_look_ahead(o, msg);
    if (err == ERR_OK)
        err = outlet_open(o, e->max_parked, false, msg);
    if (err != ERR_OK) {
        o->outfit = NULL; /* the caller's still */
        outlet_free(o);
        return err;
    }
    *out = o;
    return ERR_OK;
}

void outlet_dress(struct outlet *o, struct outfit *f)
{
    outfit_unref(o->outfit);
    o->outfit = f;
    o->leaving = false;
    o->consented = false;
    o->ask_at = 0;
    o->granted = (struct rate){0, 0};
    pace_configure(&o->pace, f->config, o->granted, f->settings->shares);
    track_limits(o->track, f->config->max_unnoted, f->config->max_parked);
    if (o->again)
        redelivery_dress(o->again, f);
}

void outlet_close(struct outlet *o)
{
    if (o->reader)
        store_reader_close(o->reader);
    o->reader = NULL;
}

void outlet_free(struct outlet *o)
{
    flights_cancel(o);
    for (struct flight *f = o->pool, *next; f; f = next) {
        next = f->next;
        call_done(&f->call);
        free(f);
    }
    outlet_close(o);
    question_free(o);
    proposal_free(o->proposal);
    if (!o->live)
        free(o->job);
    track_free(o->track);
    numbers_done(&o->gaps);
    outfit_unref(o->outfit);
    free(o);
}

bool outlet_is_idle(const struct outlet *o)
{
    return !o->flights && question_is_idle(o) && !o->proposal;
}

/* --- sending --- */

static bool lacks_consent(const struct outlet *o)
{
    return o->outfit->config->handshake && o->outfit->adapter->hello && !o->consented;
}

/* How many requests the endpoint lets through now, whosever they are. */
static unsigned endpoint_allows(const struct outlet *o)
{
    const struct deliver *d = o->deliver;
    unsigned in_flight = o->in_flight + (o->again ? o->again->in_flight : 0);
    if (o->paused[0] || o->leaving || d->draining || !breaker_allows(&o->breaker, d->now) || lacks_consent(o) ||
        quiet_until(&o->outfit->config->quiet, o->outfit->settings->tz, d->now) || !deliver_may_send(d, o))
        return 0;
    unsigned n = pace_allows(&o->pace, d->now, in_flight);
    return o->breaker.open && n > 1 ? 1 : n;
}

unsigned outlet_allows(const struct outlet *o)
{
    return o->live ? redelivery_share(o, endpoint_allows(o->live)) : endpoint_allows(o);
}

void outlet_sent(struct outlet *o)
{
    struct outlet *live = outlet_live(o);
    pace_sent(&live->pace, o->deliver->now);
    breaker_sent(&o->breaker);
    breaker_sent(&live->breaker);
}

void outlet_let_go(struct outlet *o, struct item *i)
{
    o->skipped += o->live != NULL;
    if (i->row)
        book_remove(o, i->seq);
    track_settle(o->track, i);
}

/* Otherwise a crash just now would have it sent again, behind one that came after it. */
void outlet_bury(struct outlet *o, struct item *i)
{
    if (i->state != ITEM_TAKEN) { /* apart: in nobody's way */
        track_settle(o->track, i);
        return;
    }
    track_give_row(o->track, i);
    i->next = o->given_up;
    o->given_up = i;
}

void outlet_committed(struct outlet *o)
{
    track_committed(o->track);
    while (o->given_up_in_commit) {
        struct item *i = o->given_up_in_commit;
        o->given_up_in_commit = i->next;
        track_settle(o->track, i);
    }
}

/* Items of which all is known go out at once, in batches where the endpoint takes them; the others are asked about. */
static void send_events(struct outlet *o)
{
    while (outlet_allows(o) && question_room(o)) {
        struct item *items[BATCH_MAX], *i = NULL;
        unsigned n = 0;
        while (n < o->outfit->batch && question_room(o) && (i = track_take(o->track, o->deliver->now)) != NULL) {
            if (i->line.n)
                items[n++] = i;
            else
                question_want(o, i);
        }
        if (n)
            flight_send(o, items, n);
        if (!i)
            break;
    }
}

static void ask_about(struct outlet *o)
{
    const struct endpoint *e = o->outfit->config;
    bool filters = e->policies.n || e->categories.n || e->units.n;
    unsigned allowed = outlet_allows(o), room = question_room(o), asked = question_asked(o);
    /* Most of what a filter looks at is not sent; without one, no more than can be sent at once. */
    unsigned wanted = !allowed ? 0 : filters ? PEOPLE_MAX : allowed;
    struct item *i;
    while (asked < wanted && room-- > 0 && (i = track_take(o->track, o->deliver->now)) != NULL) {
        question_want(o, i);
        asked++;
    }
}

/* Must it be asked first whether it wants to be called? */
static bool needs_consent(struct outlet *o, int64_t *at)
{
    if (!lacks_consent(o))
        return false;
    if (!o->asking && (o->deliver->now >= o->ask_at || o->ask_at - o->deliver->now > HELLO_AGAIN_MS))
        flight_hello(o);
    if (!o->asking && o->ask_at < *at)
        *at = o->ask_at;
    return true;
}

static void sooner(int64_t *at, int64_t other)
{
    if (other < *at)
        *at = other;
}

static void expire(struct outlet *o, int64_t *at)
{
    struct item *i;
    while ((i = track_take_apart(o->track, o->deliver->now)) != NULL)
        outcome_dead(o, i, "whether it was sent is unknown, and no receipt came", NULL, 0);
    sooner(at, track_next_apart_at(o->track));
}

static bool is_stopped(const struct outlet *o)
{
    const struct outlet *live = o->live ? o->live : o;
    return live->paused[0] || live->leaving || o->leaving || o->deliver->draining;
}

/* When time alone will let something be sent: what a transfer's end lets through needs no clock. */
static void next_time(struct outlet *o, int64_t *at)
{
    const struct outlet *live = outlet_live(o);
    int64_t now = o->deliver->now, waiting = track_next_at(o->track), free_at = pace_next_at(&live->pace, now);
    int64_t probe_at = breaker_next_at(&live->breaker), own_at = breaker_next_at(&o->breaker);
    free_at = probe_at > free_at ? probe_at : free_at;
    free_at = own_at > free_at ? own_at : free_at;
    if (is_stopped(o) || free_at == INT64_MAX)
        return;
    if (track_has_ready(o->track) && free_at > now)
        sooner(at, free_at);
    if (waiting != INT64_MAX)
        sooner(at, waiting > free_at ? waiting : free_at > now ? free_at : now + SLOW_MS);
}

/* For its consent, or for the end of its quiet hours. */
static bool must_wait(struct outlet *o, int64_t *at)
{
    int64_t quiet = quiet_until(&o->outfit->config->quiet, o->outfit->settings->tz, o->deliver->now);
    if (quiet)
        sooner(at, quiet);
    return needs_consent(o, at) || quiet;
}

enum err outlet_work(struct outlet *o, int64_t *at, struct errmsg *msg)
{
    expire(o, at);
    if (is_stopped(o)) {
        question_forget(o);
        return ERR_OK;
    }
    if (!deliver_may_send(o->deliver, o)) {
        question_forget(o);
        sooner(at, o->deliver->now + HELD_AGAIN_MS);
        return ERR_OK;
    }
    enum err err = reading_fill(o, at, msg);
    if (err != ERR_OK && o->live) {
        redelivery_give_up(o, msg->text);
        return ERR_OK;
    }
    if (err == ERR_ARCHIVED) { /* by hand, perhaps: the endpoint stands still rather than leave something out */
        outlet_pause(o, msg->text, STR_LIT("lifecertd"));
        return ERR_OK;
    }
    if (err != ERR_OK || (o->live && redelivery_finished(o)))
        return err;
    if (must_wait(outlet_live(o), at)) {
        question_forget(o);
        return ERR_OK;
    }
    if (o->outfit->needs_person)
        ask_about(o);
    else
        send_events(o);
    question_ask(o);
    next_time(o, at);
    return ERR_OK;
}

/* --- orders --- */

void outlet_pause(struct outlet *o, const char *why, struct str by)
{
    snprintf(o->paused, sizeof o->paused, "%s", why[0] ? why : "paused");
    keep_text(o->paused_by, sizeof o->paused_by, by);
    o->paused_at = o->deliver->now;
    o->changed = true;
    say_outlet(o, SAID_PAUSED, o->paused);
}

enum endpoint_state outlet_state(const struct outlet *o)
{
    int64_t now = o->deliver->now;
    if (o->leaving)
        return ENDPOINT_LEAVING;
    if (o->paused[0])
        return ENDPOINT_PAUSED;
    if (lacks_consent(o))
        return ENDPOINT_UNCONSENTED;
    if (o->breaker.open)
        return ENDPOINT_OPEN;
    if (quiet_until(&o->outfit->config->quiet, o->outfit->settings->tz, now))
        return ENDPOINT_QUIET;
    if (now < o->pace.spared_until)
        return ENDPOINT_SPARED;
    return track_is_full(o->track) ? ENDPOINT_FULL : ENDPOINT_RUNNING;
}
