#include "deliver/track.h"

#include <stdlib.h>

#include "deliver/heap.h"
#include "deliver/people.h"

#define PLACE_NONE UINT64_MAX
/* Fresh events are read ahead so far: enough that no connection waits for the reader. */
#define READY_MAX 1024
/* Lines of settled items are kept for the next one up to this size. */
#define LINE_KEPT 4096

struct place {
    uint64_t seq;
    struct item *item; /* NULL: settled, or a row stands for it */
};

#define APART_BUCKETS 1024 /* unknown outcomes are the exception */

struct track {
    uint64_t read;
    uint32_t window, parked;
    struct place *ring; /* places head..tail-1; those from `noted` on are not free yet */
    uint64_t cap, noted, head, tail;
    uint64_t swept; /* head at the last sweep */
    struct item *first_ready, *last_ready;
    struct heap retries, doubts; /* RETRY and APART by `at` */
    struct item *apart[APART_BUCKETS]; /* by number, linked by next */
    uint64_t *rows; /* numbers that had rows when all began, ascending; NULL: passed by */
    size_t n_rows, cap_rows, at_row;
    struct people people;
    struct item *pool;
    struct track_counts counts;
};

/* --- life --- */

static uint64_t ring_size(uint32_t window)
{
    uint64_t cap = 16;
    while (cap < window)
        cap *= 2;
    return cap;
}

struct track *track_new(uint64_t cursor, uint32_t window, uint32_t parked)
{
    struct track *t = mem_zalloc(1, sizeof *t);
    t->read = cursor;
    t->window = window;
    t->parked = parked;
    t->cap = ring_size(window);
    t->ring = mem_zalloc(t->cap, sizeof *t->ring);
    people_init(&t->people);
    return t;
}

static void item_free(struct item *i)
{
    buf_done(&i->line);
    free(i);
}

void track_free(struct track *t)
{
    if (!t)
        return;
    people_each(&t->people, item_free);
    for (size_t i = 0; i < t->doubts.n; i++)
        item_free(t->doubts.v[i]);
    for (struct item *i = t->pool, *next; i; i = next) {
        next = i->next;
        item_free(i);
    }
    people_done(&t->people);
    heap_done(&t->retries);
    heap_done(&t->doubts);
    free(t->rows);
    free(t->ring);
    free(t);
}

/* A smaller window takes hold as places get free. */
void track_limits(struct track *t, uint32_t window, uint32_t parked)
{
    uint64_t cap = ring_size(window);
    t->window = window;
    t->parked = parked;
    if (cap <= t->cap)
        return;
    struct place *ring = mem_zalloc(cap, sizeof *ring);
    for (uint64_t p = t->noted; p < t->tail; p++)
        ring[p & (cap - 1)] = t->ring[p & (t->cap - 1)];
    free(t->ring);
    t->ring = ring;
    t->cap = cap;
}

static struct item *item_new(struct track *t, uint64_t seq, enum event_type type)
{
    struct item *i = t->pool;
    struct buf line = BUF_INIT;
    if (i) {
        t->pool = i->next;
        line = i->line;
    } else {
        i = mem_alloc(sizeof *i);
    }
    *i = (struct item){.seq = seq, .type = type, .line = line, .place = PLACE_NONE};
    buf_clear(&i->line);
    t->counts.items++;
    return i;
}

static void item_put(struct track *t, struct item *i)
{
    if (i->line.cap > LINE_KEPT) {
        buf_done(&i->line);
        i->line = BUF_INIT;
    }
    t->counts.items--;
    i->next = t->pool;
    t->pool = i;
}

/* --- states: an item is in the ready list, in the heap, or in neither --- */

static void ready_insert(struct track *t, struct item *i, bool in_front)
{
    i->state = ITEM_READY;
    i->prev = in_front ? NULL : t->last_ready;
    i->next = in_front ? t->first_ready : NULL;
    *(i->prev ? &i->prev->next : &t->first_ready) = i;
    *(i->next ? &i->next->prev : &t->last_ready) = i;
    t->counts.ready++;
}

static void ready_remove(struct track *t, struct item *i)
{
    *(i->prev ? &i->prev->next : &t->first_ready) = i->next;
    *(i->next ? &i->next->prev : &t->last_ready) = i->prev;
    t->counts.ready--;
}

static void wait_insert(struct track *t, struct item *i, int64_t at)
{
    i->state = ITEM_RETRY;
    i->at = at;
    heap_push(&t->retries, i);
    t->counts.retry++;
}

static void apart_insert(struct track *t, struct item *i, int64_t at)
{
    struct item **bucket = &t->apart[i->seq % APART_BUCKETS];
    i->state = ITEM_APART;
    i->at = at;
    i->next = *bucket;
    *bucket = i;
    heap_push(&t->doubts, i);
    t->counts.apart++;
}

static void apart_remove(struct track *t, struct item *i)
{
    struct item **link = &t->apart[i->seq % APART_BUCKETS];
    while (*link != i)
        link = &(*link)->next;
    *link = i->next;
    heap_remove(&t->doubts, i);
    t->counts.apart--;
}

static void leave_state(struct track *t, struct item *i)
{
    switch (i->state) {
    case ITEM_READY:
        ready_remove(t, i);
        break;
    case ITEM_BEHIND:
        t->counts.behind--;
        break;
    case ITEM_TAKEN:
        t->counts.taken--;
        break;
    case ITEM_RETRY:
        heap_remove(&t->retries, i);
        t->counts.retry--;
        break;
    case ITEM_APART:
        apart_remove(t, i);
        break;
    }
}

static void put_behind(struct track *t, struct item *i)
{
    i->state = ITEM_BEHIND;
    t->counts.behind++;
}

/* It has left its person's queue: whoever stood behind it is next. One that stood there in spite of its retry's time
 * keeps that. */
static void leave_person(struct track *t, struct item *i)
{
    struct item *next = people_leave(i);
    if (!next)
        return;
    leave_state(t, next);
    if (next->at)
        wait_insert(t, next, next->at);
    else
        ready_insert(t, next, true);
}

/* Whoever was first, and is so no more, has to wait. */
static void demote(struct track *t, struct item *demoted)
{
    if (!demoted)
        return;
    leave_state(t, demoted);
    put_behind(t, demoted);
}

/* By its number; true: it is the first. */
static bool insert(struct track *t, struct str subject, struct item *i)
{
    struct item *demoted = NULL;
    bool first = people_insert(&t->people, subject, i, &demoted);
    demote(t, demoted);
    return first;
}

static void vacate(struct track *t, struct item *i)
{
    if (i->place != PLACE_NONE)
        t->ring[i->place & (t->cap - 1)].item = NULL;
    i->place = PLACE_NONE;
}

/* --- in --- */

bool track_is_full(const struct track *t)
{
    return t->counts.rows >= t->parked;
}

bool track_room(const struct track *t)
{
    return t->tail - t->noted < t->window && t->counts.ready < READY_MAX && !track_is_full(t);
}

uint64_t track_read(const struct track *t)
{
    return t->read;
}

void track_pass(struct track *t, uint64_t seq)
{
    t->read = seq;
}

void track_remember(struct track *t, uint64_t seq)
{
    if (t->n_rows == t->cap_rows) {
        t->cap_rows = t->cap_rows ? 2 * t->cap_rows : 64;
        t->rows = mem_resize(t->rows, t->cap_rows, sizeof *t->rows);
    }
    t->rows[t->n_rows++] = seq;
}

static void forget_rows(struct track *t)
{
    free(t->rows);
    t->rows = NULL;
    t->n_rows = t->cap_rows = t->at_row = 0;
}

static bool has_row(struct track *t, uint64_t seq)
{
    while (t->at_row < t->n_rows && t->rows[t->at_row] < seq)
        t->at_row++;
    if (t->at_row == t->n_rows)
        forget_rows(t);
    return t->at_row < t->n_rows && t->rows[t->at_row] == seq;
}

struct item *track_add(struct track *t, uint64_t seq, struct str subject, enum event_type type, struct str line)
{
    t->read = seq;
    bool again = t->rows != NULL;
    if (again && has_row(t, seq))
        return NULL;
    struct item *i = item_new(t, seq, type);
    buf_addstr(&i->line, line);
    i->place = t->tail++;
    t->ring[i->place & (t->cap - 1)] = (struct place){seq, i};
    bool first = again ? insert(t, subject, i) : people_join(&t->people, subject, i);
    if (first)
        ready_insert(t, i, false);
    else
        put_behind(t, i);
    return i;
}

struct item *track_restore(struct track *t, uint64_t seq, struct str subject, enum event_type type, int64_t at,
                           bool apart)
{
    struct item *i = item_new(t, seq, type);
    i->row = true;
    t->counts.rows++;
    i->at = at;
    bool first = insert(t, subject, i);
    if (first)
        wait_insert(t, i, at);
    else
        put_behind(t, i);
    if (apart)
        track_set_apart(t, i, at);
    return i;
}

/* --- out --- */

static struct item *taken(struct track *t, struct item *i, int64_t now)
{
    leave_state(t, i);
    i->state = ITEM_TAKEN;
    i->taken_at = now;
    t->counts.taken++;
    return i;
}

struct item *track_take(struct track *t, int64_t now)
{
    struct item *i = heap_top(&t->retries);
    if (i && i->at <= now)
        return taken(t, i, now);
    return t->first_ready ? taken(t, t->first_ready, now) : NULL;
}

struct item *track_take_apart(struct track *t, int64_t now)
{
    struct item *i = heap_top(&t->doubts);
    return i && i->at <= now ? i : NULL;
}

void track_give_back(struct track *t, struct item *i)
{
    leave_state(t, i);
    ready_insert(t, i, true);
}

void track_settle(struct track *t, struct item *i)
{
    bool apart = i->state == ITEM_APART;
    leave_state(t, i);
    if (!apart)
        leave_person(t, i);
    people_release(&t->people, i);
    vacate(t, i);
    if (i->row)
        t->counts.rows--;
    item_put(t, i);
}

void track_give_row(struct track *t, struct item *i)
{
    if (!i->row)
        t->counts.rows++;
    i->row = true;
}

/* It will be a while: the log keeps the line. */
static void drop_line(struct item *i)
{
    buf_done(&i->line);
    i->line = BUF_INIT;
}

void track_retry(struct track *t, struct item *i, int64_t at)
{
    leave_state(t, i);
    wait_insert(t, i, at);
    track_give_row(t, i);
    drop_line(i);
}

void track_set_apart(struct track *t, struct item *i, int64_t at)
{
    leave_state(t, i);
    apart_insert(t, i, at);
    leave_person(t, i);
    track_give_row(t, i);
    drop_line(i);
}

/* --- looks --- */

struct item *track_first(const struct track *t, struct str subject)
{
    return people_first(&t->people, subject);
}

struct item *track_behind(const struct item *i)
{
    return i->behind;
}

struct item *track_find_apart(const struct track *t, uint64_t seq)
{
    struct item *i = t->apart[seq % APART_BUCKETS];
    while (i && i->seq != seq)
        i = i->next;
    return i;
}

struct find {
    uint64_t seq;
    struct item *found;
};

static void compare(void *arg, struct item *i)
{
    struct find *f = arg;
    if (i->seq == f->seq)
        f->found = i;
}

struct item *track_find(const struct track *t, uint64_t seq)
{
    struct find f = {.seq = seq};
    people_look(&t->people, compare, &f);
    return f.found ? f.found : track_find_apart(t, seq);
}

void track_hurry(struct track *t, struct item *i, int64_t now)
{
    struct item *demoted = NULL;
    bool first = true;
    i->at = now;
    if (i->state != ITEM_RETRY && i->state != ITEM_APART)
        return;
    bool apart = i->state == ITEM_APART;
    leave_state(t, i);
    if (apart)
        first = people_rejoin(i, &demoted);
    demote(t, demoted);
    if (first)
        wait_insert(t, i, now);
    else
        put_behind(t, i);
}

struct str track_subject(const struct item *i)
{
    return people_subject(i);
}

int64_t track_next_at(const struct track *t)
{
    const struct item *i = heap_top(&t->retries);
    return i ? i->at : INT64_MAX;
}

int64_t track_next_apart_at(const struct track *t)
{
    const struct item *i = heap_top(&t->doubts);
    return i ? i->at : INT64_MAX;
}

bool track_has_ready(const struct track *t)
{
    return t->first_ready != NULL;
}

void track_count(const struct track *t, struct track_counts *out)
{
    *out = t->counts;
}

/* --- the cursor --- */

static bool passable(const struct item *i, int64_t slow)
{
    switch (i->state) {
    case ITEM_READY:
        return false;
    case ITEM_TAKEN:
        return i->taken_at < slow;
    case ITEM_BEHIND:
        return people_leader(i)->row;
    default:
        return true;
    }
}

static void leave_window(struct track *t, struct item *i, void (*need_row)(void *arg, struct item *i), void *arg)
{
    if (!i->row) {
        track_give_row(t, i);
        need_row(arg, i);
    }
    vacate(t, i);
    if (i->state == ITEM_BEHIND)
        drop_line(i);
}

uint64_t track_cursor(const struct track *t)
{
    return t->head < t->tail ? t->ring[t->head & (t->cap - 1)].seq - 1 : t->read;
}

uint64_t track_sweep(struct track *t, int64_t slow, void (*need_row)(void *arg, struct item *i), void *arg)
{
    while (t->head < t->tail) {
        struct item *i = t->ring[t->head & (t->cap - 1)].item;
        if (i && !i->row && !passable(i, slow))
            break;
        if (i)
            leave_window(t, i, need_row, arg);
        t->head++;
    }
    t->swept = t->head;
    return track_cursor(t);
}

int64_t track_sweep_at(const struct track *t, int64_t slow_ms)
{
    if (t->head == t->tail)
        return INT64_MAX;
    const struct item *i = t->ring[t->head & (t->cap - 1)].item;
    if (!i || i->row || passable(i, INT64_MIN))
        return INT64_MIN;
    return i->state == ITEM_TAKEN ? i->taken_at + slow_ms + 1 : INT64_MAX;
}

void track_committed(struct track *t)
{
    t->noted = t->swept;
}

uint64_t track_unnoted(const struct track *t)
{
    return t->tail - t->noted;
}
