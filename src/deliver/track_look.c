/* What a track knows, and how far its cursor may go. */
#include "deliver/track_inside.h"

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
    case ITEM_READY: return false;
    case ITEM_TAKEN: return i->taken_at < slow;
    case ITEM_BEHIND: return people_leader(i)->row;
    default: return true;
    }
}

static void leave_window(struct track *t, struct item *i, void (*need_row)(void *arg, struct item *i), void *arg)
{
    if (!i->row) {
        track_give_row(t, i);
        need_row(arg, i);
    }
    track_vacate(t, i);
    if (i->state == ITEM_BEHIND)
        track_drop_line(i);
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

/* What is put forward to one time keeps its order towards the rest. */
static void clamp(struct heap *h, int64_t latest)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i]->at > latest)
            h->v[i]->at = latest;
}

/* Who stands behind another may have a time of its own: a restored row's, an operator's. */
static void clamp_behind(void *arg, struct item *i)
{
    const int64_t *latest = arg;
    if (i->state == ITEM_BEHIND && i->at > *latest)
        i->at = *latest;
}

void track_clamp(struct track *t, int64_t latest)
{
    people_look(&t->people, clamp_behind, &latest);
    clamp(&t->retries, latest);
    clamp(&t->doubts, latest);
}
