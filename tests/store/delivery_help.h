/* The delivery state in a test's hands: stores, commits that are waited for, and all of a state as text. */
#ifndef TESTS_STORE_DELIVERY_HELP_H
#define TESTS_STORE_DELIVERY_HELP_H

#include <stdlib.h>

#include "store/delivery/delivery.h"
#include "tests/store/events.h"

#define ALL_STATES ((1u << DELIVERY_STATE_N) - 1)

static inline enum err delivery_commit_all(struct delivery_store *d, const struct delivery_change *changes, size_t n,
                                           struct errmsg *msg)
{
    enum err e = delivery_commit(d, changes, n, msg);
    return e == ERR_MORE ? delivery_poll(d, true, msg) : e;
}

static inline enum err delivery_totals(struct delivery_store *d, struct str endpoint, uint64_t out[DELIVERY_STATE_N],
                                       struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (int s = 0; s < DELIVERY_STATE_N && e == ERR_OK; s++)
        e = delivery_total(d, endpoint, (enum delivery_state)s, UINT32_MAX, &out[s], msg);
    return e;
}

/* --- changes --- */

static inline struct delivery_change change_put(const char *endpoint, uint64_t seq, enum delivery_state state)
{
    return (struct delivery_change){.kind = CHANGE_PUT,
                                    .row = {.endpoint = str_of(endpoint),
                                            .seq = seq,
                                            .type = STR_LIT("reminder.due"),
                                            .state = state}};
}

static inline struct delivery_change change_remove(const char *endpoint, uint64_t seq)
{
    return (struct delivery_change){.kind = CHANGE_REMOVE, .row = {.endpoint = str_of(endpoint), .seq = seq}};
}

static inline struct delivery_change change_endpoint(const char *endpoint, uint64_t cursor)
{
    return (struct delivery_change){.kind = CHANGE_ENDPOINT, .at = {.endpoint = str_of(endpoint), .cursor = cursor}};
}

static inline struct delivery_change change_gap(const char *endpoint, const char *subject, bool marked)
{
    return (struct delivery_change){
        .kind = CHANGE_GAP, .row = {.endpoint = str_of(endpoint), .subject = str_of(subject), .gap = marked}};
}

static inline struct delivery_change change_clear(const char *endpoint)
{
    return (struct delivery_change){.kind = CHANGE_CLEAR, .row = {.endpoint = str_of(endpoint)}};
}

static inline struct delivery_change change_redelivery(const char *endpoint, enum redelivery_state state,
                                                        uint64_t until)
{
    return (struct delivery_change){
        .kind = CHANGE_REDELIVERY,
        .redelivery = {.endpoint = str_of(endpoint), .state = state, .until = until, .by = STR_LIT("lin")}};
}

static inline struct delivery_change change_count(int32_t day, uint64_t number, uint32_t n)
{
    return (struct delivery_change){.kind = CHANGE_COUNT, .day = day, .number = number, .count = n};
}

static inline struct delivery_change change_receipt(const char *endpoint, uint64_t seq, uint8_t kind, const char *why)
{
    return (struct delivery_change){.kind = CHANGE_RECEIPT,
                                    .row = {.endpoint = str_of(endpoint),
                                            .seq = seq,
                                            .receipt = kind,
                                            .receipt_at = 100 + kind,
                                            .changed_at = 200 + kind,
                                            .why = str_of(why)}};
}

static inline struct delivery_change change_forget(int64_t before, int32_t day)
{
    return (struct delivery_change){.kind = CHANGE_FORGET, .before = before, .day = day};
}

/* --- everything as text --- */

static inline void text_str(struct buf *b, const char *name, struct str s)
{
    if (s.p)
        buf_printf(b, " %s=\"%.*s\"", name, (int)s.n, s.p);
}

static inline void text_row(void *arg, const struct delivery_row *r)
{
    struct buf *b = arg;
    buf_printf(b, "%.*s %" PRIu64 " %s", (int)r->endpoint.n, r->endpoint.p, r->seq, delivery_state_text(r->state));
    text_str(b, "subject", r->subject);
    text_str(b, "type", r->type);
    buf_printf(b, " attempts=%" PRIu32 " next=%" PRId64 " changed=%" PRId64 "%s", r->attempts, r->next_at,
               r->changed_at, r->gap ? " gap" : "");
    text_str(b, "why", r->why);
    text_str(b, "ref", r->ref);
    buf_printf(b, " receipt=%u at=%" PRId64 " number=%" PRIu64 "\n", r->receipt, r->receipt_at, r->number);
}

static inline void text_endpoint(void *arg, const struct endpoint_row *r)
{
    struct buf *b = arg;
    buf_printf(b, "%.*s at %" PRIu64, (int)r->endpoint.n, r->endpoint.p, r->cursor);
    text_str(b, "paused", r->paused);
    text_str(b, "by", r->paused_by);
    buf_printf(b, " since=%" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", r->paused_at,
               r->delivered, r->skipped, r->dead, r->receipts_delivered, r->receipts_failed);
}

static inline void text_gap(void *arg, struct str subject)
{
    buf_printf(arg, "gap %.*s\n", (int)subject.n, subject.p);
}

static inline void text_count(void *arg, uint64_t number, uint32_t n)
{
    buf_printf(arg, "count %" PRIu64 " %" PRIu32 "\n", number, n);
}

static inline void text_redelivery(void *arg, const struct redelivery_row *r)
{
    struct buf *b = arg;
    buf_printf(b, "%.*s %s %" PRIu64 "-%" PRIu64 " at %" PRIu64, (int)r->endpoint.n, r->endpoint.p,
               redelivery_state_text(r->state), r->after, r->until, r->position);
    text_str(b, "type", r->type);
    text_str(b, "subject", r->subject);
    buf_printf(b, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "-%" PRId64, r->sent, r->failed, r->skipped,
               r->started_at, r->ended_at);
    text_str(b, "by", r->by);
    text_str(b, "why", r->why);
    text_str(b, "error", r->last_error);
    buf_addc(b, '\n');
}

static inline const char *finish_text(struct buf *b, enum err e, const struct errmsg *msg)
{
    if (e == ERR_ABSENT)
        buf_adds(b, "absent");
    else if (e)
        buf_printf(b, "%s: %s", err_text(e), msg->text);
    buf_addc(b, '\0');
    return b->p;
}

/* The rows of an endpoint, a line each. The answers hold until the next call with that buffer. */
static inline const char *rows_text(struct delivery_store *d, struct buf *b, const char *endpoint, unsigned states,
                                    uint64_t after, size_t max)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_rows(d, str_of(endpoint), states, after, max, text_row, b, &msg), &msg);
}

static inline const char *endpoints_text(struct delivery_store *d, struct buf *b)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_endpoints(d, text_endpoint, b, &msg), &msg);
}

static inline const char *redeliveries_text(struct delivery_store *d, struct buf *b)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_redeliveries(d, text_redelivery, b, &msg), &msg);
}

static inline const char *gaps_text(struct delivery_store *d, struct buf *b, const char *endpoint)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_gaps(d, str_of(endpoint), text_gap, b, &msg), &msg);
}

static inline const char *counts_text(struct delivery_store *d, struct buf *b, int32_t day)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_counts(d, day, text_count, b, &msg), &msg);
}

static inline const char *ref_text(struct delivery_store *d, struct buf *b, const char *endpoint, const char *ref)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_row_by_ref(d, str_of(endpoint), str_of(ref), text_row, b, &msg), &msg);
}

static inline const char *row_text(struct delivery_store *d, struct buf *b, const char *endpoint, uint64_t seq)
{
    struct errmsg msg = {""};
    buf_clear(b);
    return finish_text(b, delivery_row_get(d, str_of(endpoint), seq, text_row, b, &msg), &msg);
}

#endif
