#include "http/events/tail.h"

#include <inttypes.h>
#include <stdlib.h>

#include "codec/event_json.h"

_Static_assert(EV_N <= 64, "types of events are bits of 64");

struct entry {
    uint32_t offset, n;
    uint32_t subject;
    uint8_t type;
};

/* Where a line is from, when there are several shards. */
struct origin {
    uint64_t seq;
    unsigned shard;
};

struct tail {
    bool open;
    struct store_reader *reader; /* of one store */
    struct event_arena arena;
    char *bytes;
    struct entry *entries; /* of line seq at seq modulo `lines` */
    size_t size, lines;
    size_t at;                       /* in bytes: behind the youngest line */
    uint64_t first, end;             /* first..end are here; first == end + 1: none */
    struct origin *origins;          /* beside entries; NULL: one store */
    struct position before, reached; /* of the shards: what is before first, and at end */
};

struct tail *tail_new(size_t bytes, size_t lines)
{
    struct tail *t = mem_zalloc(1, sizeof *t);
    t->bytes = mem_alloc(bytes);
    t->entries = mem_alloc(lines * sizeof *t->entries);
    t->size = bytes;
    t->lines = lines;
    return t;
}

void tail_free(struct tail *t)
{
    if (!t)
        return;
    tail_close(t);
    event_arena_done(&t->arena);
    free(t->entries);
    free(t->bytes);
    free(t);
}

enum err tail_open(struct tail *t, const struct store *s, struct errmsg *msg)
{
    struct store_info info;
    store_info(s, &info);
    enum err e = store_reader_open(s, info.durable, &t->reader, msg);
    if (e != ERR_OK)
        return e;
    t->open = true;
    t->at = 0;
    t->end = info.durable;
    t->first = t->end + 1;
    return ERR_OK;
}

void tail_open_shards(struct tail *t, const struct position *ends)
{
    position_init(&t->before, ends->n);
    position_init(&t->reached, ends->n);
    memcpy(t->before.v, ends->v, ends->n * sizeof *ends->v);
    memcpy(t->reached.v, ends->v, ends->n * sizeof *ends->v);
    t->origins = mem_alloc(t->lines * sizeof *t->origins);
    t->open = true;
    t->at = 0;
    t->end = 1; /* so that 0 is before everything that it ever holds */
    t->first = 2;
}

void tail_close(struct tail *t)
{
    if (t->reader)
        store_reader_close(t->reader);
    t->reader = NULL;
    free(t->origins);
    t->origins = NULL;
    position_done(&t->before);
    position_done(&t->reached);
    t->open = false;
}

bool tail_is_open(const struct tail *t)
{
    return t->open;
}

uint64_t tail_end(const struct tail *t)
{
    return t->end;
}

bool tail_holds(const struct tail *t, uint64_t after)
{
    return after + 1 >= t->first;
}

static struct entry *entry_of(const struct tail *t, uint64_t seq)
{
    return &t->entries[seq & (t->lines - 1)];
}

struct tail_line tail_get(const struct tail *t, uint64_t seq)
{
    const struct entry *e = entry_of(t, seq);
    return (struct tail_line){(enum event_type)e->type, e->subject, {t->bytes + e->offset, e->n}};
}

unsigned tail_shard(const struct tail *t, uint64_t number, uint64_t *seq)
{
    const struct origin *o = &t->origins[number & (t->lines - 1)];
    *seq = o->seq;
    return o->shard;
}

const struct position *tail_reached(const struct tail *t)
{
    return t->origins ? &t->reached : NULL;
}

const struct position *tail_before(const struct tail *t, uint64_t *number)
{
    *number = t->first - 1;
    return t->origins ? &t->before : NULL;
}

/* FNV-1a */
uint32_t subject_hash(struct str subject)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < subject.n; i++)
        h = (h ^ (unsigned char)subject.p[i]) * 16777619u;
    return subject.p ? h : 0;
}

/* Is the oldest line between these places? The oldest stand next behind the youngest. */
static bool oldest_is_within(const struct tail *t, size_t from, size_t to)
{
    const struct entry *e = entry_of(t, t->first);
    return t->first <= t->end && e->offset < to && e->offset + e->n > from;
}

/* The oldest gives way. */
static void drop(struct tail *t)
{
    const struct origin *o = t->origins ? &t->origins[t->first & (t->lines - 1)] : NULL;
    if (o)
        t->before.v[o->shard] = o->seq;
    t->first++;
}

/* A place for n bytes in one piece, for which the oldest give way. */
static size_t make_room(struct tail *t, size_t n)
{
    if (t->at + n > t->size) {
        while (oldest_is_within(t, t->at, t->size))
            drop(t);
        t->at = 0;
    }
    while (t->end + 1 - t->first == t->lines || oldest_is_within(t, t->at, t->at + n))
        drop(t);
    return t->at;
}

/* As the next one, or, when it is too long, in its place nothing: whoever wants it reads the log. */
static void keep(struct tail *t, const struct tail_line *l)
{
    struct str line = l->line;
    if (line.n > t->size / 2) {
        while (t->first <= t->end)
            drop(t);
        t->first = ++t->end + 1;
        return;
    }
    size_t place = make_room(t, line.n);
    memcpy(t->bytes + place, line.p, line.n);
    t->at = place + line.n;
    t->end++;
    *entry_of(t, t->end) = (struct entry){(uint32_t)place, (uint32_t)line.n, l->subject, (uint8_t)l->type};
}

void tail_add(struct tail *t, unsigned shard, uint64_t seq, const struct tail_line *l)
{
    keep(t, l);
    t->reached.v[shard] = seq;
    if (t->first > t->end)
        t->before.v[shard] = seq;
    else
        t->origins[t->end & (t->lines - 1)] = (struct origin){seq, shard};
}

static enum err add(struct tail *t, uint64_t seq, struct str line, uint64_t *types, struct errmsg *msg)
{
    struct event head;
    if (event_read_head(line, &head, &t->arena) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read", seq);
    *types |= UINT64_C(1) << head.type;
    keep(t, &(struct tail_line){head.type, subject_hash(head.subject), line});
    return ERR_OK;
}

enum err tail_feed(struct tail *t, unsigned max, uint64_t *types, struct errmsg *msg)
{
    struct str line;
    uint64_t seq;
    for (unsigned i = 0; i < max; i++) {
        enum err e = store_reader_next(t->reader, &seq, &line, msg);
        if (e == ERR_OK)
            e = add(t, seq, line, types, msg);
        if (e != ERR_OK)
            return e == ERR_END ? ERR_OK : e;
    }
    return ERR_MORE;
}
