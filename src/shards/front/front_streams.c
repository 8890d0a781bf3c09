/* Streams of inputs, with a clock that is not the system's: one of a caller's is one in each shard's engine that it has
 * touched, ours or another's. */
#include "shards/front/front_inside.h"

#include <stdlib.h>

struct front_stream {
    struct front_stream *next;
    struct stream *key;      /* the caller's: never looked into */
    uint64_t number;         /* over the wire */
    struct stream **engines; /* by shard; NULL: not touched there */
    bool *remote;            /* by shard */
    /* at its end: */
    struct request *r;
    struct request *ends;
    _Atomic unsigned left;
};

static void stream_free(struct front *f, struct front_stream *s)
{
    for (unsigned i = 0; i < f->n; i++)
        free(s->engines[i]);
    free(s->engines);
    free(s->remote);
    free(s->ends);
    free(s);
}

void front_streams_free(struct front *f)
{
    for (struct front_stream *s = f->streams, *next; s; s = next) {
        next = s->next;
        stream_free(f, s);
    }
}

/* Under the lock. */
static struct front_stream *get(struct front *f, struct stream *key)
{
    struct front_stream *s = f->streams;
    while (s && s->key != key)
        s = s->next;
    if (s)
        return s;
    s = mem_zalloc(1, sizeof *s);
    s->key = key;
    s->number = ++f->n_streams;
    s->engines = mem_zalloc(f->n, sizeof *s->engines);
    s->remote = mem_zalloc(f->n, sizeof *s->remote);
    s->next = f->streams;
    return f->streams = s;
}

struct stream *front_stream_engine(struct front *f, struct stream *key, unsigned shard)
{
    pthread_mutex_lock(&f->lock);
    struct front_stream *s = get(f, key);
    if (!s->engines[shard]) {
        s->engines[shard] = mem_alloc(sizeof *s->engines[shard]);
        stream_init(s->engines[shard]);
    }
    struct stream *stream = s->engines[shard];
    pthread_mutex_unlock(&f->lock);
    return stream;
}

uint64_t front_stream_number(struct front *f, struct stream *key, unsigned shard)
{
    pthread_mutex_lock(&f->lock);
    struct front_stream *s = get(f, key);
    s->remote[shard] = true;
    uint64_t number = s->number;
    pthread_mutex_unlock(&f->lock);
    return number;
}

void front_streams_reset(struct front *f, unsigned shard)
{
    pthread_mutex_lock(&f->lock);
    for (struct front_stream *s = f->streams; s; s = s->next)
        if (s->engines[shard])
            stream_init(s->engines[shard]);
    pthread_mutex_unlock(&f->lock);
}

/* --- its end --- */

static void end_over(struct front *f, struct front_stream *s)
{
    struct request *r = s->r;
    if (atomic_fetch_sub(&s->left, 1) != 1)
        return;
    stream_free(f, s);
    r->err = ERR_OK;
    r->done(r);
}

struct end_owner {
    struct front *f;
    struct front_stream *s;
};

static void end_done(struct request *end)
{
    struct end_owner o = *(struct end_owner *)end->owner;
    free(end->owner);
    end_over(o.f, o.s);
}

static void end_in_engine(struct front *f, struct front_stream *s, unsigned shard)
{
    struct end_owner *o = mem_alloc(sizeof *o);
    *o = (struct end_owner){f, s};
    s->ends[shard] =
        (struct request){.kind = REQUEST_STREAM_END, .stream = s->engines[shard], .done = end_done, .owner = o};
    if (!shard_submit(&f->shards[shard], &s->ends[shard], NULL, true))
        end_done(&s->ends[shard]);
}

static void end_elsewhere(struct front *f, const struct front_stream *s, unsigned shard)
{
    struct buf message = BUF_INIT;
    wire_write_stream_end(&message, str_of(office_instance(f->options.office)), s->number);
    link_send_inputs(f->shards[shard].link, NULL, buf_str(&message));
    buf_done(&message);
}

static struct front_stream *take_out(struct front *f, const struct stream *key)
{
    pthread_mutex_lock(&f->lock);
    struct front_stream **at = &f->streams;
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    struct front_stream *s = *at;
    if (s)
        *at = s->next;
    pthread_mutex_unlock(&f->lock);
    return s;
}

void front_stream_end(struct front *f, struct request *r)
{
    struct front_stream *s = take_out(f, r->stream);
    if (!s) {
        front_answer_now(r, ERR_OK, NULL);
        return;
    }
    s->r = r;
    s->ends = mem_zalloc(f->n, sizeof *s->ends);
    atomic_store(&s->left, f->n + 1);
    for (unsigned i = 0; i < f->n; i++) {
        if (s->remote[i])
            end_elsewhere(f, s, i);
        if (s->engines[i])
            end_in_engine(f, s, i);
        else
            end_over(f, s);
    }
    end_over(f, s);
}
