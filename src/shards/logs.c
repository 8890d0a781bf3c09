#include "shards/logs.h"

#include <stdlib.h>

#include "codec/event_json.h"

/* One whose end was reached is asked again when all have come to theirs, or, where others have a long way to go yet,
 * after so many lines a shard: asking costs a round trip. */
#define ASK_AGAIN_LINES 64

struct log_end {
    struct store *store;
    struct store_reader *reader; /* NULL: to be opened behind the position */
    lc_instant time;
    uint64_t seq;
    struct str line;
};

struct logs {
    unsigned n;
    bool ours; /* the stores are closed with it */
    struct log_end *v;
    struct position at;
    unsigned *heap; /* of those that are ready: the next one first */
    unsigned n_heap;
    unsigned *asleep; /* at their end */
    unsigned n_asleep;
    unsigned last;  /* whose line was returned last, and must be read on before the next; n: none */
    uint64_t since; /* lines since those that are asleep were asked */
    struct event_arena arena;
};

/* --- life --- */

struct logs *logs_of(struct store *const *stores, unsigned n)
{
    struct logs *l = mem_zalloc(1, sizeof *l);
    l->n = n;
    l->v = mem_zalloc(n, sizeof *l->v);
    l->heap = mem_zalloc(n, sizeof *l->heap);
    l->asleep = mem_zalloc(n, sizeof *l->asleep);
    position_init(&l->at, n);
    for (unsigned i = 0; i < n; i++) {
        l->v[i].store = stores[i];
        l->asleep[i] = i;
    }
    l->n_asleep = n;
    l->last = n;
    return l;
}

static void close_stores(struct store **v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        store_close(v[i]);
    free(v);
}

enum err logs_open(const char *uri, const struct store_options *options, struct logs **out, struct errmsg *msg)
{
    struct shard_set set = {.n = 1};
    const bool several = shard_set_is(uri);
    enum err e = several ? shard_set_read(uri, options, &set, msg) : ERR_OK;
    if (e)
        return e;
    struct store **stores = mem_zalloc(set.n, sizeof *stores);
    unsigned n = 0;
    for (; n < set.n && !e; n += !e) {
        char one[SHARD_URI_MAX];
        if (several)
            shard_uri(uri, n, one);
        e = store_open(several ? one : uri, STORE_READ, options, &stores[n], NULL, msg);
    }
    if (e) {
        close_stores(stores, n);
        return e;
    }
    *out = logs_of(stores, n);
    (*out)->ours = true;
    free(stores);
    return ERR_OK;
}

static void close_reader(struct log_end *end)
{
    if (end->reader)
        store_reader_close(end->reader);
    end->reader = NULL;
}

void logs_close(struct logs *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->n; i++) {
        close_reader(&l->v[i]);
        if (l->ours)
            store_close(l->v[i].store);
    }
    event_arena_done(&l->arena);
    position_done(&l->at);
    free(l->asleep);
    free(l->heap);
    free(l->v);
    free(l);
}

unsigned logs_n(const struct logs *l)
{
    return l->n;
}

struct store *logs_store(const struct logs *l, unsigned shard)
{
    return l->v[shard].store;
}

const struct position *logs_position(const struct logs *l)
{
    return &l->at;
}

/* --- the heap: the earliest first, of the same time the lowest shard --- */

static bool before(const struct logs *l, unsigned a, unsigned b)
{
    lc_instant x = l->v[a].time, y = l->v[b].time;
    return x != y ? x < y : a < b;
}

static void swap(unsigned *a, unsigned *b)
{
    unsigned kept = *a;
    *a = *b;
    *b = kept;
}

static void heap_add(struct logs *l, unsigned shard)
{
    unsigned i = l->n_heap++;
    l->heap[i] = shard;
    for (; i && before(l, l->heap[i], l->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&l->heap[i], &l->heap[(i - 1) / 2]);
}

static unsigned heap_take(struct logs *l)
{
    unsigned first = l->heap[0];
    l->heap[0] = l->heap[--l->n_heap];
    for (unsigned i = 0, child; (child = 2 * i + 1) < l->n_heap; i = child) {
        if (child + 1 < l->n_heap && before(l, l->heap[child + 1], l->heap[child]))
            child++;
        if (!before(l, l->heap[child], l->heap[i]))
            break;
        swap(&l->heap[child], &l->heap[i]);
    }
    return first;
}

/* --- reading --- */

/* What was read ahead is forgotten: everyone is read again behind the position. */
static void begin_again(struct logs *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        close_reader(&l->v[i]);
        l->asleep[i] = i;
    }
    l->n_asleep = l->n;
    l->n_heap = 0;
    l->last = l->n;
}

enum err logs_seek(struct logs *l, const struct position *after, struct errmsg *msg)
{
    if (after->n != l->n)
        return err_set(msg, ERR_INVALID, "that is a position in a log of %u shards, and there are %u", after->n, l->n);
    begin_again(l);
    memcpy(l->at.v, after->v, l->n * sizeof *l->at.v);
    return ERR_OK;
}

static enum err head_of(struct logs *l, unsigned shard, struct str line, uint64_t seq, struct event *head,
                        struct errmsg *msg)
{
    if (event_read_head(line, head, &l->arena) == ERR_OK)
        return ERR_OK;
    return err_set(msg, ERR_VERSION, "event %llu of shard %u cannot be read: written by another version?",
                   (unsigned long long)seq, shard);
}

/* When the event behind that number was decided. */
static enum err time_behind(struct logs *l, unsigned shard, uint64_t after, lc_instant *out, struct errmsg *msg)
{
    struct store_reader *r;
    struct str line;
    uint64_t seq;
    struct event head;
    enum err e = store_reader_open(l->v[shard].store, after, &r, msg);
    if (e)
        return e;
    e = store_reader_next(r, &seq, &line, msg);
    if (!e)
        e = head_of(l, shard, line, seq, &head, msg);
    store_reader_close(r);
    if (!e)
        *out = head.time;
    return e;
}

enum err logs_seek_time(struct logs *l, lc_instant since, struct errmsg *msg)
{
    begin_again(l);
    for (unsigned i = 0; i < l->n; i++) {
        struct store_info info;
        store_info(l->v[i].store, &info);
        uint64_t low = l->at.v[i], high = info.durable > low ? info.durable : low;
        while (low < high) {
            uint64_t middle = low + (high - low) / 2;
            lc_instant time = 0;
            enum err e = time_behind(l, i, middle, &time, msg);
            if (e)
                return e;
            if (time < since)
                low = middle + 1;
            else
                high = middle;
        }
        l->at.v[i] = low;
    }
    return ERR_OK;
}

/* Takes that shard's next line; at its end it goes to sleep. */
static enum err read_on(struct logs *l, unsigned shard, struct errmsg *msg)
{
    struct log_end *end = &l->v[shard];
    struct event head;
    enum err e = end->reader ? ERR_OK : store_reader_open(end->store, l->at.v[shard], &end->reader, msg);
    if (!e)
        e = store_reader_next(end->reader, &end->seq, &end->line, msg);
    if (e == ERR_END) {
        l->asleep[l->n_asleep++] = shard;
        return ERR_OK;
    }
    if (!e)
        e = head_of(l, shard, end->line, end->seq, &head, msg);
    if (e) {
        close_reader(end); /* whoever asks again is told the same */
        return e;
    }
    end->time = head.time;
    heap_add(l, shard);
    return ERR_OK;
}

/* After an error the rest sleeps on, and whoever calls again meets the same error. */
static enum err ask_asleep(struct logs *l, struct errmsg *msg)
{
    unsigned n = l->n_asleep;
    enum err e = ERR_OK;
    l->n_asleep = 0;
    l->since = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned shard = l->asleep[i];
        if (!e)
            e = read_on(l, shard, msg);
        if (e)
            l->asleep[l->n_asleep++] = shard;
    }
    return e;
}

enum err logs_next(struct logs *l, unsigned *shard, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    enum err e = ERR_OK;
    if (l->last < l->n) {
        e = read_on(l, l->last, msg);
        if (e)
            return e;
        l->last = l->n;
    }
    if (l->n_asleep && (!l->n_heap || l->since >= (uint64_t)ASK_AGAIN_LINES * l->n))
        e = ask_asleep(l, msg);
    if (e)
        return e;
    if (!l->n_heap)
        return ERR_END;
    l->last = heap_take(l);
    l->since++;
    l->at.v[l->last] = l->v[l->last].seq;
    *shard = l->last;
    *seq = l->v[l->last].seq;
    *line = l->v[l->last].line;
    return ERR_OK;
}
