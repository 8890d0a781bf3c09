/* The book: changes of the delivery state are gathered, and committed together, one commit after the other. What must
 * not happen before it is durable (sending a message, answering an operator) waits for its commit here. */
#include "deliver/inside.h"

#include <stdlib.h>

/* --- entries --- */

static void add(struct deliver *d, struct delivery_change *c)
{
    ledger_add(d->ledger, c);
}

void book_row(struct outlet *o, const struct item *i, enum delivery_state state, int64_t next_at, struct str why,
              struct str ref)
{
    struct delivery_change c = {
        .kind = CHANGE_PUT,
        .row =
            {
                .endpoint = str_of(o->name),
                .seq = i->seq,
                .subject = track_subject(i),
                .type = str_of(event_type_text(i->type)),
                .state = state,
                .attempts = i->attempts,
                .next_at = next_at,
                .changed_at = o->deliver->now,
                .why = why,
                .ref = ref,
                .number = i->number,
            },
    };
    add(o->deliver, &c);
}

void book_sent(struct outlet *o, const struct delivery_row *row)
{
    struct delivery_change c = {.kind = CHANGE_PUT, .row = *row};
    c.row.state = DELIVERY_SENT;
    c.row.next_at = o->deliver->now + KEEP_MS;
    c.row.changed_at = o->deliver->now;
    add(o->deliver, &c);
    o->delivered++;
    o->changed = true;
}

void book_remove(struct outlet *o, uint64_t seq)
{
    struct delivery_change c = {.kind = CHANGE_REMOVE, .row = {.endpoint = str_of(o->name), .seq = seq}};
    add(o->deliver, &c);
}

void book_gap(struct outlet *o, struct str subject, bool owed)
{
    struct delivery_change c = {.kind = CHANGE_GAP,
                                .row = {.endpoint = str_of(o->name), .subject = subject, .gap = owed}};
    add(o->deliver, &c);
}

void book_count(struct deliver *d, uint64_t number, uint32_t count)
{
    struct delivery_change c = {.kind = CHANGE_COUNT, .number = number, .day = d->day, .count = count};
    add(d, &c);
}

void book_receipt(struct outlet *o, uint64_t seq, enum receipt_kind kind, struct str code)
{
    struct deliver *d = o->deliver;
    struct delivery_change c = {.kind = CHANGE_RECEIPT,
                                .row = {.endpoint = str_of(o->name),
                                        .seq = seq,
                                        .why = code,
                                        .receipt = (uint8_t)kind,
                                        .receipt_at = d->now,
                                        .changed_at = d->now}};
    add(d, &c);
}

static void book_outlet(struct outlet *o)
{
    struct delivery_change c = {
        .kind = CHANGE_ENDPOINT,
        .at =
            {
                .endpoint = str_of(o->name),
                .cursor = o->cursor,
                .paused = o->paused[0] ? str_of(o->paused) : STR_NONE,
                .paused_by = o->paused[0] ? str_of(o->paused_by) : STR_NONE,
                .paused_at = o->paused_at,
                .delivered = o->delivered,
                .skipped = o->skipped,
                .dead = o->dead,
                .receipts_delivered = o->receipts_delivered,
                .receipts_failed = o->receipts_failed,
            },
    };
    add(o->deliver, &c);
    o->changed = false;
}

/* --- commits --- */

/* What the cursor passes: fresh ones wait behind an earlier event, or are on their way for long. A message that is
 * being sent has its row since before that: one without is only being asked about. */
static void need_row(void *arg, struct item *i)
{
    struct outlet *o = arg;
    bool sending = i->state == ITEM_TAKEN && !o->outfit->config->messages;
    book_row(o, i, sending ? DELIVERY_SENDING : DELIVERY_WAIT, 0, STR_NONE, STR_NONE);
}

/* A redelivery that is over has no rows any more, and gets none. */
static bool moves_on(const struct outlet *o)
{
    return !o->live || !o->leaving;
}

static void sweep(struct outlet *o)
{
    uint64_t cursor = track_sweep(o->track, o->deliver->now - SLOW_MS, need_row, o);
    o->changed |= cursor != o->cursor;
    o->cursor = cursor;
}

static void sweep_cursors(struct deliver *d)
{
    for (struct outlet *o = d->outlets; o; o = o->next) {
        if (moves_on(o))
            sweep(o);
        if (o->changed && o->live)
            redelivery_book(o);
        else if (o->changed)
            book_outlet(o);
    }
}

static void forget_old(struct deliver *d)
{
    if (d->now >= d->forgot_at && d->now - d->forgot_at < FORGET_MS)
        return;
    struct delivery_change c = {.kind = CHANGE_FORGET, .before = d->now, .day = d->day};
    d->forgot_at = d->now;
    add(d, &c);
}

/* What has changed since it was intended. */
static void start_message(struct flight *f)
{
    if (f->items[0]->confirmed) {
        outcome_confirmed(f->outlet, f->items[0]);
        flight_free(f);
    } else if (f->outlet->paused[0] || !deliver_may_send(f->outlet->deliver, f->outlet)) {
        flight_take_back(f);
    } else {
        flight_start(f);
    }
}

static void start_messages(struct deliver *d)
{
    struct flight *f = d->intents_in_commit;
    d->intents_in_commit = NULL;
    for (struct flight *next; f; f = next) {
        next = f->then;
        start_message(f);
    }
}

static void answer_orders(struct deliver *d)
{
    struct deliver_order *o = d->orders_in_commit;
    d->orders_in_commit = NULL;
    for (struct deliver_order *next; o; o = next) {
        next = o->next;
        o->done(o);
    }
}

static void committed(struct deliver *d)
{
    d->committing = false;
    unsigned done = d->ledger == &d->ledgers[0];
    ledger_clear(&d->ledgers[done]);
    numbers_clear(&d->fresh[done]);
    for (struct outlet *o = d->outlets; o; o = o->next)
        outlet_committed(o);
    start_messages(d);
    answer_orders(d);
}

static enum err begin(struct deliver *d, struct errmsg *msg)
{
    sweep_cursors(d);
    forget_old(d);
    d->committed_at = d->now;
    if (d->ledger->n == 0) { /* what was ordered changed nothing */
        d->orders_in_commit = d->orders;
        d->orders = NULL;
        answer_orders(d);
        return ERR_OK;
    }
    struct ledger *l = d->ledger;
    d->ledger = &d->ledgers[l == &d->ledgers[0]];
    d->intents_in_commit = d->intents;
    d->orders_in_commit = d->orders;
    d->intents = NULL;
    d->orders = NULL;
    for (struct outlet *o = d->outlets; o; o = o->next) {
        o->given_up_in_commit = o->given_up;
        o->given_up = NULL;
    }
    d->committing = true;
    enum err err = delivery_commit(d->state, l->v, l->n, msg);
    if (err == ERR_OK)
        committed(d);
    return err == ERR_MORE ? ERR_OK : err;
}

/* Has an endpoint used up so much of its window that it would soon stand still? */
static bool window_presses(const struct deliver *d)
{
    for (const struct outlet *o = d->outlets; o; o = o->next)
        if (track_unnoted(o->track) > o->outfit->config->max_unnoted / 4)
            return true;
    return false;
}

static bool is_urgent(const struct deliver *d)
{
    return d->intents || d->orders || window_presses(d);
}

/* When there will be something to commit, if nothing else happens. */
static int64_t news_at(const struct deliver *d)
{
    int64_t at = INT64_MAX;
    if (d->ledger->n || d->orders)
        return INT64_MIN;
    for (const struct outlet *o = d->outlets; o; o = o->next) {
        int64_t sweep_at = moves_on(o) ? track_sweep_at(o->track, SLOW_MS) : INT64_MAX;
        if (o->changed || (moves_on(o) && track_cursor(o->track) != o->cursor))
            return INT64_MIN;
        at = sweep_at < at ? sweep_at : at;
    }
    return at;
}

static enum err poll(struct deliver *d, bool wait, struct errmsg *msg)
{
    if (!d->committing)
        return ERR_OK;
    enum err err = delivery_poll(d->state, wait, msg);
    if (err == ERR_OK)
        committed(d);
    return err == ERR_MORE ? ERR_OK : err;
}

enum err book_poll(struct deliver *d, struct errmsg *msg)
{
    return poll(d, false, msg);
}

/* A commit that is over at once has made room: there may be more to do. */
static enum err begin_now(struct deliver *d, int64_t *at, struct errmsg *msg)
{
    enum err err = begin(d, msg);
    if (!d->committing)
        *at = d->now;
    return err;
}

enum err book_work(struct deliver *d, int64_t *at, struct errmsg *msg)
{
    if (d->committing)
        return ERR_OK;
    int64_t due = news_at(d), gathered = d->committed_at + COMMIT_MS;
    if (due <= d->now && (is_urgent(d) || d->now >= gathered || d->now < d->committed_at))
        return begin_now(d, at, msg);
    if (due != INT64_MAX && due < gathered)
        due = gathered;
    if (due < *at)
        *at = due;
    return ERR_OK;
}

enum err book_finish(struct deliver *d, struct errmsg *msg)
{
    enum err err = poll(d, true, msg);
    if (err == ERR_OK && news_at(d) <= d->now)
        err = begin(d, msg);
    return err == ERR_OK ? poll(d, true, msg) : err;
}
