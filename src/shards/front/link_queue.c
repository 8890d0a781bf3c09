/* Whose turn it is: a binary heap of links by when they are due. */
#include "shards/front/link_inside.h"

static void put(struct links *all, size_t place, struct link *l)
{
    all->queue[place] = l;
    l->place = place;
}

static void move_up(struct links *all, struct link *l)
{
    size_t i = l->place;
    for (; i > 0 && all->queue[(i - 1) / 2]->due > l->due; i = (i - 1) / 2)
        put(all, i, all->queue[(i - 1) / 2]);
    put(all, i, l);
}

static void move_down(struct links *all, struct link *l)
{
    size_t i = l->place;
    for (size_t child; (child = 2 * i + 1) < all->n_queue; i = child) {
        if (child + 1 < all->n_queue && all->queue[child + 1]->due < all->queue[child]->due)
            child++;
        if (all->queue[child]->due >= l->due)
            break;
        put(all, i, all->queue[child]);
    }
    put(all, i, l);
}

void link_queue_push(struct links *all, struct link *l, int64_t due)
{
    l->state = LINK_QUEUED;
    l->due = due;
    l->place = all->n_queue++;
    move_up(all, l);
}

void link_queue_hasten(struct links *all, struct link *l, int64_t due)
{
    if (due >= l->due)
        return;
    l->due = due;
    move_up(all, l);
}

struct link *link_queue_pop(struct links *all)
{
    struct link *first = all->queue[0], *last = all->queue[--all->n_queue];
    if (last != first) {
        last->place = 0;
        move_down(all, last);
    }
    return first;
}
