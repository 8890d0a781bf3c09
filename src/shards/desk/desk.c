#include "shards/desk/desk.h"

#include <stdlib.h>

#include "shards/desk/desk_inside.h"

struct shard_desk *shard_desk_new(const struct shard_set *set, struct completions *queue)
{
    struct shard_desk *d = mem_zalloc(1, sizeof *d);
    d->set = set;
    d->queue = queue;
    d->own = mem_zalloc(set->n, sizeof(struct deliver *));
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

void shard_desk_free(struct shard_desk *d)
{
    if (!d)
        return;
    desk_rounds_free(d);
    desk_guests_free(d);
    receipt_reader_free(d->receipts);
    pthread_mutex_destroy(&d->lock);
    free(d->own);
    free(d);
}

void shard_desk_connect(struct shard_desk *d, struct front *f)
{
    d->front = f;
}

enum err shard_desk_configure(struct shard_desk *d, struct endpoints *e, struct errmsg *msg)
{
    struct receipt_reader *r;
    enum err err = receipt_reader_new(e, &r, msg);
    if (err != ERR_OK)
        return err;
    receipt_reader_free(d->receipts);
    d->receipts = r;
    return ERR_OK;
}

void shard_desk_own(struct shard_desk *d, unsigned shard, struct deliver *own)
{
    d->own[shard] = own;
}

/* --- as a desk --- */

static bool takes_receipts(void *arg, struct str endpoint, struct str secret)
{
    const struct shard_desk *d = arg;
    return d->receipts && receipt_reader_takes(d->receipts, endpoint, secret);
}

static void add(struct endpoint_metrics *sum, const struct endpoint_metrics *one)
{
    sum->state = desk_worse(sum->state, one->state);
    sum->delivered += one->delivered;
    sum->skipped += one->skipped;
    sum->dead += one->dead;
    sum->receipts_delivered += one->receipts_delivered;
    sum->receipts_failed += one->receipts_failed;
    sum->requests += one->requests;
    for (int o = 0; o < OUTCOME_N; o++)
        sum->outcomes[o] += one->outcomes[o];
    sum->cursor += one->cursor;
    sum->in_flight += one->in_flight;
    sum->retrying += one->retrying;
    sum->waiting += one->waiting;
    sum->unknown += one->unknown;
    sum->dead_letters += one->dead_letters;
    sum->lag += one->lag;
    sum->lag_ms = one->lag_ms > sum->lag_ms ? one->lag_ms : sum->lag_ms;
    sum->redelivery += one->redelivery;
    sum->last_ok_at = one->last_ok_at > sum->last_ok_at ? one->last_ok_at : sum->last_ok_at;
    if (one->paused_at && (!sum->paused_at || one->paused_at < sum->paused_at))
        sum->paused_at = one->paused_at;
}

static unsigned metrics(void *arg, struct endpoint_metrics *out, unsigned max)
{
    const struct shard_desk *d = arg;
    struct endpoint_metrics *own = mem_alloc(ENDPOINTS_MAX * sizeof *own);
    unsigned n = 0;
    for (unsigned k = 0; k < d->set->n; k++) {
        unsigned n_own = d->own[k] ? deliver_metrics(d->own[k], own, ENDPOINTS_MAX) : 0;
        for (unsigned i = 0; i < n_own; i++) {
            unsigned at = 0;
            while (at < n && strcmp(out[at].name, own[i].name) != 0)
                at++;
            if (at < n)
                add(&out[at], &own[i]);
            else if (n < max)
                out[n++] = own[i];
        }
    }
    free(own);
    return n;
}

struct desk shard_desk(struct shard_desk *d)
{
    return (struct desk){.arg = d, .give = desk_give, .takes_receipts = takes_receipts, .metrics = metrics};
}
