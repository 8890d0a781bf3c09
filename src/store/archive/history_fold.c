#include "store/archive/history_fold.h"

#include "codec/event_json.h"
#include "codec/history_json.h"
#include "store/checkpoint/spill.h"

#include <inttypes.h>
#include <stdlib.h>

/* What a bucket holds of a person, in their order. */
enum entry_kind {
    ENTRY_PERSON, /* a folded history's line */
    ENTRY_EVENT,  /* an event's line */
    ENTRY_PASSED, /* an event that leaves no trace, but may be the last: its id alone */
};

struct entry {
    enum entry_kind kind;
    uint64_t seq, prev;
    struct str id, line;
};

struct person {
    struct str id; /* owned */
    uint64_t seq;
    struct history history;
};

/* One bucket's people, found by id: open addressing, index + 1. */
struct people {
    struct person *v;
    size_t n, cap;
    uint32_t *slots;
    size_t n_slots; /* a power of two, at least twice n */
};

struct history_fold {
    int folder;
    unsigned buckets;
    struct spill *lines, *runs;
    struct event_arena arena;
    struct buf entry, text, block;
    struct people people;
};

/* --- entries: kind, seq, prev, the lengths of id and line, id, line; for this process alone --- */

#define ENTRY_HEAD (1 + 2 * sizeof(uint64_t) + 2 * sizeof(uint32_t))

static void entry_write(struct buf *b, const struct entry *e)
{
    uint64_t numbers[2] = {e->seq, e->prev};
    uint32_t lengths[2] = {(uint32_t)e->id.n, (uint32_t)e->line.n};
    buf_clear(b);
    buf_addc(b, (char)e->kind);
    buf_add(b, numbers, sizeof numbers);
    buf_add(b, lengths, sizeof lengths);
    buf_addstr(b, e->id);
    buf_addstr(b, e->line);
}

static const char *entry_read(const char *p, struct entry *e)
{
    uint64_t numbers[2];
    uint32_t lengths[2];
    e->kind = (enum entry_kind)p[0];
    memcpy(numbers, p + 1, sizeof numbers);
    memcpy(lengths, p + 1 + sizeof numbers, sizeof lengths);
    e->seq = numbers[0];
    e->prev = numbers[1];
    p += ENTRY_HEAD;
    e->id = (struct str){p, lengths[0]};
    e->line = (struct str){p + lengths[0], lengths[1]};
    return p + lengths[0] + lengths[1];
}

/* FNV-1a, its high half for the bucket, the low one for the place in it. */
static uint64_t hash_of(struct str id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

static enum err add(struct history_fold *f, const struct entry *e, struct errmsg *msg)
{
    entry_write(&f->entry, e);
    return spill_add(f->lines, (unsigned)((hash_of(e->id) >> 32) % f->buckets), buf_str(&f->entry), msg);
}

enum err history_fold_new(int folder, unsigned buckets, struct history_fold **out, struct errmsg *msg)
{
    struct history_fold *f = mem_zalloc(1, sizeof *f);
    f->folder = folder;
    f->buckets = buckets;
    enum err e = spill_new(folder, buckets, &f->lines, msg);
    if (!e)
        e = spill_new(folder, buckets, &f->runs, msg);
    if (e)
        history_fold_free(f);
    else
        *out = f;
    return e;
}

enum err history_fold_person(struct history_fold *f, struct str line, struct errmsg *msg)
{
    struct entry e = {.kind = ENTRY_PERSON, .line = line};
    if (!history_read_head(line, &e.seq, &e.id, &f->text))
        return err_set(msg, ERR_DAMAGED, "a line of the history file is none that this version writes");
    return add(f, &e, msg);
}

static bool leaves_trace(enum event_type t)
{
    return t == EV_ENROLLED || t == EV_AMENDED || t == EV_ACCEPTED || t == EV_REVOKED || t == EV_RESUMED ||
           t == EV_TERMINATED || t == EV_REINSTATED;
}

enum err history_fold_event(struct history_fold *f, struct str line, int64_t *time, struct errmsg *msg)
{
    struct event head;
    if (event_read_head(line, &head, &f->arena) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "a line of the log is no event that this version writes: %.*s",
                       line.n > 200 ? 200 : (int)line.n, line.p);
    *time = head.time;
    if (!head.subject.p)
        return ERR_OK; /* the system's */
    bool trace = leaves_trace(head.type);
    struct entry e = {trace ? ENTRY_EVENT : ENTRY_PASSED, head.seq, head.prev, head.subject, trace ? line : STR_NONE};
    return add(f, &e, msg);
}

/* --- one bucket --- */

static void forget_people(struct people *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free((char *)(uintptr_t)p->v[i].id.p);
        history_done(&p->v[i].history);
    }
    p->n = 0;
    if (p->n_slots)
        memset(p->slots, 0, p->n_slots * sizeof *p->slots);
}

void history_fold_free(struct history_fold *f)
{
    if (!f)
        return;
    spill_free(f->lines);
    spill_free(f->runs);
    event_arena_done(&f->arena);
    buf_done(&f->entry);
    buf_done(&f->text);
    buf_done(&f->block);
    forget_people(&f->people);
    free(f->people.v);
    free(f->people.slots);
    free(f);
}

/* The slot of that id, or the empty one where it would be. */
static uint32_t *slot_of(struct people *p, struct str id)
{
    size_t i = (uint32_t)hash_of(id) & (p->n_slots - 1);
    while (p->slots[i] && !str_eq(p->v[p->slots[i] - 1].id, id))
        i = (i + 1) & (p->n_slots - 1);
    return &p->slots[i];
}

static void widen(struct people *p)
{
    p->cap = p->cap ? 2 * p->cap : 1024;
    p->v = mem_resize(p->v, p->cap, sizeof *p->v);
    free(p->slots);
    p->n_slots = 2 * p->cap;
    p->slots = mem_zalloc(p->n_slots, sizeof *p->slots);
    for (size_t i = 0; i < p->n; i++)
        *slot_of(p, p->v[i].id) = (uint32_t)i + 1;
}

static struct person *person_of(struct people *p, struct str id)
{
    if (p->n == p->cap)
        widen(p);
    uint32_t *slot = slot_of(p, id);
    if (!*slot) {
        struct person *fresh = &p->v[p->n++];
        fresh->id = (struct str){mem_strndup(id.p, id.n), id.n};
        fresh->seq = 0;
        history_init(&fresh->history);
        *slot = (uint32_t)p->n;
    }
    return &p->v[*slot - 1];
}

static enum err take(struct history_fold *f, const struct entry *e, struct errmsg *msg)
{
    struct person *p = person_of(&f->people, e->id);
    struct event ev;
    size_t where;
    if (e->prev != p->seq)
        return err_set(msg, ERR_DAMAGED,
                       "event %" PRIu64 ": prev is %" PRIu64 ", but %" PRIu64 " was the person's last", e->seq, e->prev,
                       p->seq);
    p->seq = e->seq;
    if (e->kind == ENTRY_PASSED)
        return ERR_OK;
    if (e->kind == ENTRY_PERSON)
        return history_read(e->line, &p->history, &f->text, &where) == ERR_OK
                   ? ERR_OK
                   : err_set(msg, ERR_DAMAGED,
                             "the folded history that ends in event %" PRIu64 " cannot be read at byte %zu", e->seq,
                             where);
    if (event_read(e->line, &ev, &f->arena, &where) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read at byte %zu", e->seq, where);
    history_add(&p->history, &ev);
    return ERR_OK;
}

static enum err load_bucket(struct history_fold *f, unsigned bucket, struct errmsg *msg)
{
    struct spill_place at = {0};
    enum err e;
    for (;;) {
        buf_clear(&f->block);
        e = spill_read(f->lines, bucket, &at, &f->block, msg);
        if (e)
            return e == ERR_END ? ERR_OK : e;
        for (const char *p = f->block.p, *end = p + f->block.n; p < end;) {
            struct entry entry;
            p = entry_read(p, &entry);
            e = take(f, &entry, msg);
            if (e)
                return e;
        }
    }
}

static int by_seq(const void *a, const void *b)
{
    const struct person *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* A run: one bucket's people by their last event. */
static enum err make_run(struct history_fold *f, unsigned bucket, struct errmsg *msg)
{
    struct people *p = &f->people;
    enum err e = load_bucket(f, bucket, msg);
    if (!e && p->n)
        qsort(p->v, p->n, sizeof *p->v, by_seq);
    for (size_t i = 0; !e && i < p->n; i++) {
        struct entry entry = {.kind = ENTRY_PERSON, .seq = p->v[i].seq};
        buf_clear(&f->text);
        history_write(&f->text, p->v[i].seq, p->v[i].id, &p->v[i].history);
        entry.line = buf_str(&f->text);
        entry_write(&f->entry, &entry);
        e = spill_add(f->runs, bucket, buf_str(&f->entry), msg);
    }
    forget_people(p);
    return e;
}

/* --- the runs, merged --- */

struct run {
    unsigned bucket;
    struct spill_place at;
    struct buf block;
    const char *next; /* in the block */
    struct entry entry;
};

/* ERR_END: it is through. */
static enum err advance(struct history_fold *f, struct run *r, struct errmsg *msg)
{
    if (!r->next || r->next == r->block.p + r->block.n) {
        buf_clear(&r->block);
        enum err e = spill_read(f->runs, r->bucket, &r->at, &r->block, msg);
        if (e)
            return e;
        r->next = r->block.p;
    }
    r->next = entry_read(r->next, &r->entry);
    return ERR_OK;
}

/* A heap of runs, that of the smallest number first: i goes down to where it belongs. */
static void sift_down(struct run **heap, size_t n, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && heap[child + 1]->entry.seq < heap[child]->entry.seq)
            child++;
        if (heap[i]->entry.seq <= heap[child]->entry.seq)
            return;
        struct run *swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
    }
}

static enum err merge(struct history_fold *f, struct run **heap, size_t n, struct history_writer *w, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (size_t i = n / 2; i-- > 0;)
        sift_down(heap, n, i);
    while (!e && n) {
        e = history_writer_add(w, heap[0]->entry.seq, heap[0]->entry.line, msg);
        if (!e)
            e = advance(f, heap[0], msg);
        if (e == ERR_END) {
            heap[0] = heap[--n];
            e = ERR_OK;
        }
        sift_down(heap, n, 0);
    }
    return e;
}

enum err history_fold_write(struct history_fold *f, struct history_writer *w, struct errmsg *msg)
{
    struct run *runs = mem_zalloc(f->buckets, sizeof *runs), **heap = mem_zalloc(f->buckets, sizeof *heap);
    size_t n = 0;
    enum err e = ERR_OK;
    for (unsigned i = 0; !e && i < f->buckets; i++) {
        e = make_run(f, i, msg);
        runs[i].bucket = i;
        if (!e)
            e = advance(f, &runs[i], msg);
        if (!e)
            heap[n++] = &runs[i];
        else if (e == ERR_END)
            e = ERR_OK;
    }
    if (!e)
        e = merge(f, heap, n, w, msg);
    for (unsigned i = 0; i < f->buckets; i++)
        buf_done(&runs[i].block);
    free(runs);
    free(heap);
    return e;
}
