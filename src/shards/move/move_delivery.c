/* The state of deliveries. Where logs are the same it goes over as it is. Where events are numbered anew none may be on
 * its way: what an event is called would be another after its next attempt, and no receiver could tell that it has it
 * already. */
#include "shards/move/move_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CHANGES_AT_ONCE 512
#define STATES_ALL ((1u << DELIVERY_STATE_N) - 1)
#define STATES_OPEN (1u << DELIVERY_RETRY | 1u << DELIVERY_WAIT | 1u << DELIVERY_SENDING | 1u << DELIVERY_UNKNOWN)

struct text_block {
    struct text_block *next;
    size_t used, size;
    char bytes[];
};

struct gap {
    struct str endpoint, subject;
};

/* One store's, read whole. */
struct move_delivery {
    struct delivery_store *store;
    struct text_block *blocks;
    struct endpoint_row *endpoints;
    struct delivery_row *rows; /* by number */
    struct gap *gaps;
    struct redelivery_row *again;
    size_t n_endpoints, n_rows, cap_rows, at_row, n_gaps, n_again;
    struct str endpoint; /* whose are being read */
    const struct move *m;
};

static struct str keep(struct move_delivery *d, struct str s)
{
    if (!s.p)
        return STR_NONE;
    if (!d->blocks || d->blocks->size - d->blocks->used < s.n) {
        size_t size = s.n > 65536 ? s.n : 65536;
        struct text_block *b = mem_alloc(sizeof *b + size);
        *b = (struct text_block){.next = d->blocks, .size = size};
        d->blocks = b;
    }
    char *at = d->blocks->bytes + d->blocks->used;
    if (s.n)
        memcpy(at, s.p, s.n);
    d->blocks->used += s.n;
    return (struct str){at, s.n};
}

static bool forgotten(const struct move *m, struct str endpoint)
{
    for (unsigned i = 0; i < m->o->n_forget; i++)
        if (str_is(endpoint, m->o->forget[i]))
            return true;
    return false;
}

/* --- reading --- */

static void take_endpoint(void *arg, const struct endpoint_row *row)
{
    struct move_delivery *d = arg;
    if (forgotten(d->m, row->endpoint))
        return;
    d->endpoints = mem_resize(d->endpoints, d->n_endpoints + 1, sizeof *d->endpoints);
    struct endpoint_row *now = &d->endpoints[d->n_endpoints++];
    *now = *row;
    now->endpoint = keep(d, row->endpoint);
    now->paused = keep(d, row->paused);
    now->paused_by = keep(d, row->paused_by);
}

static void take_row(void *arg, const struct delivery_row *row)
{
    struct move_delivery *d = arg;
    if (d->n_rows == d->cap_rows)
        d->rows = mem_resize(d->rows, d->cap_rows = d->cap_rows ? 2 * d->cap_rows : 256, sizeof *d->rows);
    struct delivery_row *now = &d->rows[d->n_rows++];
    *now = *row;
    now->endpoint = d->endpoint;
    now->subject = keep(d, row->subject);
    now->type = keep(d, row->type);
    now->why = keep(d, row->why);
    now->ref = keep(d, row->ref);
}

static void take_gap(void *arg, struct str subject)
{
    struct move_delivery *d = arg;
    if ((d->n_gaps & (d->n_gaps + 1)) == 0)
        d->gaps = mem_resize(d->gaps, 2 * d->n_gaps + 2, sizeof *d->gaps);
    d->gaps[d->n_gaps++] = (struct gap){d->endpoint, keep(d, subject)};
}

static void take_again(void *arg, const struct redelivery_row *row)
{
    struct move_delivery *d = arg;
    if (forgotten(d->m, row->endpoint))
        return;
    d->again = mem_resize(d->again, d->n_again + 1, sizeof *d->again);
    struct redelivery_row *now = &d->again[d->n_again++];
    *now = *row;
    now->endpoint = keep(d, row->endpoint);
    now->type = keep(d, row->type);
    now->subject = keep(d, row->subject);
    now->by = keep(d, row->by);
    now->why = keep(d, row->why);
    now->last_error = keep(d, row->last_error);
}

static int by_seq(const void *a, const void *b)
{
    const struct delivery_row *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static enum err read_all(struct move_delivery *d, struct errmsg *msg)
{
    enum err e = delivery_endpoints(d->store, take_endpoint, d, msg);
    for (size_t i = 0; i < d->n_endpoints && !e; i++) {
        d->endpoint = d->endpoints[i].endpoint;
        e = delivery_rows(d->store, d->endpoint, STATES_ALL, 0, 0, take_row, d, msg);
        if (!e)
            e = delivery_gaps(d->store, d->endpoint, take_gap, d, msg);
    }
    if (!e)
        e = delivery_redeliveries(d->store, take_again, d, msg);
    if (d->n_rows)
        qsort(d->rows, d->n_rows, sizeof *d->rows, by_seq);
    return e;
}

/* --- what is refused --- */

static enum err check_endpoint(const struct move_source *s, unsigned source, const struct endpoint_row *row,
                               struct errmsg *msg)
{
    if (row->cursor >= s->info.durable)
        return ERR_OK;
    return err_set(msg, ERR_INVALID,
                   "endpoint %.*s has got to event %" PRIu64 " of %" PRIu64 " in shard %u%s: let the daemons run until "
                   "it has all, or leave its state behind with --forget %.*s",
                   (int)row->endpoint.n, row->endpoint.p, row->cursor, s->info.durable, source,
                   row->paused.p ? ", and is paused" : "", (int)row->endpoint.n, row->endpoint.p);
}

static enum err check_row(unsigned source, const struct delivery_row *row, struct errmsg *msg)
{
    if (!(STATES_OPEN >> row->state & 1))
        return ERR_OK;
    return err_set(msg, ERR_INVALID,
                   "endpoint %.*s: the delivery of event %" PRIu64
                   " of shard %u is in state %s: let the daemons run until "
                   "it is over, or drop it (lifecertctl delivery drop)",
                   (int)row->endpoint.n, row->endpoint.p, row->seq, source, delivery_state_text(row->state));
}

static enum err check_at_rest(const struct move_source *s, unsigned source, struct errmsg *msg)
{
    const struct move_delivery *d = s->delivery;
    enum err e = ERR_OK;
    for (size_t i = 0; i < d->n_rows && !e; i++)
        e = check_row(source, &d->rows[i], msg);
    for (size_t i = 0; i < d->n_endpoints && !e; i++)
        e = check_endpoint(s, source, &d->endpoints[i], msg);
    for (size_t i = 0; i < d->n_again && !e; i++)
        if (d->again[i].state == REDELIVERY_RUNNING)
            e = err_set(msg, ERR_INVALID, "endpoint %.*s: a redelivery is running: await its end, or cancel it",
                        (int)d->again[i].endpoint.n, d->again[i].endpoint.p);
    return e;
}

enum err move_delivery_load(struct move *m, unsigned source, struct errmsg *msg)
{
    struct move_source *s = &m->from[source];
    struct move_delivery *d = s->delivery = mem_zalloc(1, sizeof *d);
    d->m = m;
    enum err e = delivery_open(s->store, &d->store, msg);
    if (!e)
        e = read_all(d, msg);
    return e || m->same ? e : check_at_rest(s, source, msg);
}

/* --- on the way --- */

static void add_row(struct move_target *t, const struct delivery_row *row)
{
    if (t->n_rows == t->cap_rows)
        t->rows = mem_resize(t->rows, t->cap_rows = t->cap_rows ? 2 * t->cap_rows : 256, sizeof *t->rows);
    t->rows[t->n_rows++] = *row;
}

void move_delivery_pass(struct move *m, unsigned source, uint64_t old, unsigned target, uint64_t seq)
{
    struct move_delivery *d = m->from[source].delivery;
    while (d->at_row < d->n_rows && d->rows[d->at_row].seq < old)
        d->at_row++; /* of what another shard has said already */
    for (; d->at_row < d->n_rows && d->rows[d->at_row].seq == old; d->at_row++) {
        struct delivery_row now = d->rows[d->at_row];
        now.seq = seq;
        add_row(&m->to[target], &now);
    }
}

/* --- writing --- */

struct writing {
    struct move *m;
    struct delivery_store *to;
    struct delivery_change *v;
    size_t n;
    enum err err;
    struct errmsg *msg;
};

static void flush(struct writing *w)
{
    if (w->n && !w->err) {
        w->err = delivery_commit(w->to, w->v, w->n, w->msg);
        if (w->err == ERR_MORE)
            w->err = delivery_poll(w->to, true, w->msg);
        w->m->out->deliveries += w->n;
    }
    w->n = 0;
}

static struct delivery_change *add(struct writing *w, enum delivery_change_kind kind)
{
    if (w->n == CHANGES_AT_ONCE)
        flush(w);
    struct delivery_change *c = &w->v[w->n++];
    *c = (struct delivery_change){.kind = kind};
    return c;
}

static void write_row(struct writing *w, const struct delivery_row *row)
{
    add(w, CHANGE_PUT)->row = *row;
    if (row->receipt)
        add(w, CHANGE_RECEIPT)->row = *row;
}

static void write_gap(struct writing *w, const struct gap *g)
{
    struct delivery_change *c = add(w, CHANGE_GAP);
    c->row.endpoint = g->endpoint;
    c->row.subject = g->subject;
    c->row.gap = true;
}

/* As it is. */
static void write_same(struct writing *w, const struct move_delivery *d)
{
    for (size_t i = 0; i < d->n_endpoints; i++)
        add(w, CHANGE_ENDPOINT)->at = d->endpoints[i];
    for (size_t i = 0; i < d->n_rows; i++)
        write_row(w, &d->rows[i]);
    for (size_t i = 0; i < d->n_gaps; i++)
        write_gap(w, &d->gaps[i]);
    for (size_t i = 0; i < d->n_again; i++)
        add(w, CHANGE_REDELIVERY)->redelivery = d->again[i];
}

/* An endpoint of the new shards has all there is. What it has counted is told by the first of them, so that the sums
 * stay. One that any of the old shards has paused stays so. */
static void add_counts(struct endpoint_row *to, const struct endpoint_row *from)
{
    to->delivered += from->delivered;
    to->skipped += from->skipped;
    to->dead += from->dead;
    to->receipts_delivered += from->receipts_delivered;
    to->receipts_failed += from->receipts_failed;
    if (from->paused.p && !to->paused.p) {
        to->paused = from->paused;
        to->paused_by = from->paused_by;
        to->paused_at = from->paused_at;
    }
}

static struct endpoint_row *find_endpoint(struct endpoint_row *v, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].endpoint, name))
            return &v[i];
    return NULL;
}

static struct endpoint_row *sum_endpoints(const struct move *m, size_t *n)
{
    struct endpoint_row *v = NULL;
    *n = 0;
    for (unsigned k = 0; k < m->o->n_from; k++) {
        const struct move_delivery *d = m->from[k].delivery;
        for (size_t i = 0; i < d->n_endpoints; i++) {
            struct endpoint_row *there = find_endpoint(v, *n, d->endpoints[i].endpoint);
            if (!there) {
                v = mem_resize(v, *n + 1, sizeof *v);
                there = &v[(*n)++];
                *there = (struct endpoint_row){.endpoint = d->endpoints[i].endpoint};
            }
            add_counts(there, &d->endpoints[i]);
        }
    }
    return v;
}

static void write_endpoint(struct writing *w, unsigned shard, const struct endpoint_row *sum)
{
    struct endpoint_row row = {
        .endpoint = sum->endpoint, .paused = sum->paused, .paused_by = sum->paused_by, .paused_at = sum->paused_at};
    if (shard == 0)
        row = *sum;
    row.cursor = w->m->to[shard].last;
    add(w, CHANGE_ENDPOINT)->at = row;
}

static void write_gaps(struct writing *w, unsigned shard)
{
    const struct move *m = w->m;
    for (unsigned k = 0; k < m->o->n_from; k++) {
        const struct move_delivery *d = m->from[k].delivery;
        for (size_t i = 0; i < d->n_gaps; i++) {
            const struct move_person *who = move_people_find(&m->people, d->gaps[i].subject);
            if (who && who->shard == shard)
                write_gap(w, &d->gaps[i]);
        }
    }
}

static void write_anew(struct writing *w, unsigned shard)
{
    size_t n;
    struct endpoint_row *sums = sum_endpoints(w->m, &n);
    for (size_t i = 0; i < n; i++)
        write_endpoint(w, shard, &sums[i]);
    for (size_t i = 0; i < w->m->to[shard].n_rows; i++)
        write_row(w, &w->m->to[shard].rows[i]);
    write_gaps(w, shard);
    flush(w); /* the sums' own strings are the sources' */
    free(sums);
}

enum err move_delivery_write(struct move *m, struct errmsg *msg)
{
    struct writing w = {.m = m, .v = mem_zalloc(CHANGES_AT_ONCE, sizeof *w.v), .msg = msg};
    for (unsigned i = 0; i < m->o->n_to && !w.err; i++) {
        w.err = delivery_open(m->to[i].store, &w.to, msg);
        if (w.err)
            break;
        if (m->same)
            write_same(&w, m->from[i].delivery);
        else
            write_anew(&w, i);
        flush(&w);
        delivery_close(w.to);
    }
    free(w.v);
    return w.err;
}

void move_delivery_free(struct move_delivery *d)
{
    if (!d)
        return;
    while (d->blocks) {
        struct text_block *next = d->blocks->next;
        free(d->blocks);
        d->blocks = next;
    }
    if (d->store)
        delivery_close(d->store);
    free(d->endpoints);
    free(d->rows);
    free(d->gaps);
    free(d->again);
    free(d);
}
