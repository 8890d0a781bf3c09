/* Receipts: what a gateway says of a message later, possibly more than once and in any order. The state keeps the last
 * word; the first final one counts. */
#include "deliver/inside.h"
#include "deliver/receipt_reader.h"

#include <stdio.h>
#include <stdlib.h>

#define PENDING_MAX 100000 /* final ones that wait for a commit */

struct receiving {
    struct outlet *outlet;
    const struct receipt *receipt;
};

static uint64_t key_of(const struct outlet *o, uint64_t seq)
{
    uint64_t name = 0;
    for (const char *p = o->name; *p; p++)
        name = name * 31 + (unsigned char)*p;
    uint64_t key = (seq + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ name;
    return key ? key : 1;
}

static bool is_final(uint8_t kind)
{
    return kind == RECEIPT_DELIVERED || kind == RECEIPT_FAILED;
}

/* The first final word on a message, as far as is known. */
static bool first_final(struct outlet *o, const struct delivery_row *row, enum receipt_kind kind)
{
    struct deliver *d = o->deliver;
    uint64_t key = key_of(o, row->seq);
    if (!is_final((uint8_t)kind) || is_final(row->receipt) || numbers_get(&d->fresh[0], key) ||
        numbers_get(&d->fresh[1], key))
        return false;
    *numbers_at(&d->fresh[d->ledger == &d->ledgers[1]], key) = 1;
    return true;
}

static void count(struct outlet *o, enum receipt_kind kind)
{
    *(kind == RECEIPT_DELIVERED ? &o->receipts_delivered : &o->receipts_failed) += 1;
    o->changed = true;
}

static void say_receipt(struct outlet *o, const struct delivery_row *row, const struct receipt *r)
{
    char why[VERDICT_WHY];
    struct item said = {.seq = row->seq, .attempts = row->attempts};
    if (!event_type_parse(row->type, &said.type))
        return;
    snprintf(why, sizeof why, "%s %.*s", r->kind == RECEIPT_DELIVERED ? "delivered" : "failed", (int)r->code.n,
             r->code.p ? r->code.p : "");
    say_item(o, &said, SAID_RECEIPT, why, NULL, 0);
}

/* It came before the gateway's answer, which may yet be lost. */
static void confirm(struct outlet *o, uint64_t seq)
{
    for (struct flight *f = o->flights; f; f = f->next)
        if (f->kind == FLIGHT_MESSAGE && f->items[0]->seq == seq)
            f->items[0]->confirmed = true;
}

/* What waits to be sent once more, in spite of what was said, needs no more sending. */
static struct item *find_waiting(struct outlet *o, const struct delivery_row *row)
{
    bool waits = row->state == DELIVERY_RETRY || row->state == DELIVERY_WAIT || row->state == DELIVERY_UNKNOWN;
    struct item *i = waits ? track_find(o->track, row->seq) : NULL;
    if (i && i->state == ITEM_TAKEN) {
        i->confirmed = true; /* whoever has it will see */
        return NULL;
    }
    return i;
}

/* A receipt of any kind proves that the message was sent: what was unknown is so no more. */
static void on_row(void *arg, const struct delivery_row *row)
{
    struct receiving *in = arg;
    struct outlet *o = in->outlet;
    struct item *i = track_find_apart(o->track, row->seq);
    if (!i)
        i = find_waiting(o, row);
    /* It was given up because nothing was heard of it; this is it. */
    if (row->state == DELIVERY_DEAD && in->receipt->kind != RECEIPT_FAILED)
        book_sent(o, row);
    book_receipt(o, row->seq, in->receipt->kind, in->receipt->code);
    if (first_final(o, row, in->receipt->kind)) {
        count(o, in->receipt->kind);
        say_receipt(o, row, in->receipt);
    }
    confirm(o, row->seq);
    if (!i)
        return;
    book_row(o, i, DELIVERY_SENT, o->deliver->now + KEEP_MS, STR_NONE, row->ref); /* for further receipts */
    o->delivered++;
    o->changed = true;
    track_settle(o->track, i);
}

/* The number behind our own id: INCARNATION_SHARD_SEQ; 0: it is none of ours. */
static uint64_t seq_of(const struct deliver *d, struct str id)
{
    char ours[NOTICE_ID], digits[24] = "";
    size_t prefix = (size_t)(notice_prefix(d, ours) - ours);
    if (!id.p || id.n <= prefix || id.n - prefix >= sizeof digits || memcmp(id.p, ours, prefix) != 0)
        return 0;
    memcpy(digits, id.p + prefix, id.n - prefix);
    char *end;
    uint64_t seq = strtoull(digits, &end, 10);
    return *end ? 0 : seq;
}

static void on_receipt(void *arg, const struct receipt *r)
{
    struct outlet *o = arg;
    struct deliver *d = o->deliver;
    struct receiving in = {o, r};
    struct errmsg msg;
    uint64_t seq = seq_of(d, r->id);
    enum err err = ERR_ABSENT;
    if (seq)
        err = delivery_row_get(d->state, str_of(o->name), seq, on_row, &in, &msg);
    else if (r->ref.p)
        err = delivery_row_by_ref(d->state, str_of(o->name), r->ref, on_row, &in, &msg);
    (void)err; /* a word on what is not known any more, or never was, is passed over */
}

bool deliver_takes_receipts(const struct deliver *d, struct str endpoint, struct str secret)
{
    const struct outlet *o = deliver_outlet(d, endpoint);
    return o && o->outfit->adapter->receipts && receipt_secret_is(o->outfit->config, secret);
}

static enum err take_receipts(struct deliver *d, const struct receipt_call *c, struct deliver_order *order)
{
    struct outlet *o = deliver_outlet(d, order->endpoint);
    if (!o || !o->outfit->adapter->receipts)
        return err_set(&order->msg, ERR_ABSENT, "no such receipts");
    if (d->fresh[0].n + d->fresh[1].n > PENDING_MAX)
        return err_set(&order->msg, ERR_FULL, "too many receipts at once: try again later");
    d->now = d->options.now(d->options.arg);
    return o->outfit->adapter->receipts(o->outfit->state, c, on_receipt, o, &order->body, &order->msg);
}

void deliver_receipt(struct deliver *d, const struct receipt_call *c, struct deliver_order *o)
{
    o->err = take_receipts(d, c, o);
    if (o->err == ERR_OK)
        order_when_durable(d, o);
    else
        o->done(o);
}
