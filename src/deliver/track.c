#include "deliver/track_inside.h"

#include <stdlib.h>

/* Fresh events are read ahead so far: enough that no connection waits for the reader. */
#define READY_MAX 1024
/* Lines of settled items are kept for the next one up to this size. */
#define LINE_KEPT 4096

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
    case ITEM_READY: ready_remove(t, i); break;
    case ITEM_BEHIND: t->counts.behind--; break;
    case ITEM_TAKEN: t->counts.taken--; break;
    case ITEM_RETRY:
        heap_remove(&t->retries, i);
        t->counts.retry--;
        break;
    case ITEM_APART: apart_remove(t, i); break;
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

void track_vacate(struct track *t, struct item *i)
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
    track_vacate(t, i);
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

void track_drop_line(struct item *i)
{
    buf_done(&i->line);
    i->line = BUF_INIT;
}

void track_retry(struct track *t, struct item *i, int64_t at)
{
    leave_state(t, i);
    wait_insert(t, i, at);
    track_give_row(t, i);
    track_drop_line(i);
}

void track_set_apart(struct track *t, struct item *i, int64_t at)
{
    leave_state(t, i);
    apart_insert(t, i, at);
    leave_person(t, i);
    track_give_row(t, i);
    track_drop_line(i);
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
