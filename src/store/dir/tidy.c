/* What can wait: closed segments are compressed, and archived ones let go of. */
#include "store/dir/dir.h"

#include "base/clock.h"
#include "store/file.h"

/* How soon it is noticed that segments were archived: the room they took is free once they are let go of. */
#define LOOK_NS (10 * INT64_C(1000000000))

/* After a failure, which is most of all a disk that is full. */
#define PAUSE_NS (3600 * INT64_C(1000000000))

static struct segment *segment_of(struct dir_store *d, uint64_t first)
{
    for (size_t i = d->n_segments; i-- > 0;)
        if (d->segments[i].index.first == first)
            return &d->segments[i];
    return NULL;
}

/* It is another file now. The order does not matter: whoever opens it takes what is there. */
static void swap_in(struct dir_store *d)
{
    const struct packer *p = &d->packer;
    struct segment *s = segment_of(d, p->first);
    get_forget(d, p->first);
    if (!s)
        return;
    pthread_mutex_lock(&d->guard);
    d->disk_bytes -= s->disk - p->disk;
    d->n_packed++;
    s->disk = p->disk;
    s->packed = true;
    pthread_mutex_unlock(&d->guard);
}

/* The oldest of those that are closed and not compressed; most of the time there is none. */
static const struct segment *find_plain(const struct dir_store *d)
{
    if (d->n_packed + 1 >= d->n_segments || clock_monotonic_ns() < d->pack_after)
        return NULL;
    for (size_t i = 0; i + 1 < d->n_segments; i++)
        if (!d->segments[i].packed)
            return &d->segments[i];
    return NULL;
}

static void look_for_archive(struct dir_store *d)
{
    int64_t now = clock_monotonic_ns();
    if (now < d->look_after && !atomic_exchange(&d->look_soon, false))
        return;
    d->look_after = now + LOOK_NS;
    dir_notice_archive(d);
}

enum err dir_tidy(struct store *s, bool compress, struct errmsg *msg)
{
    struct dir_store *d = dir_of(s);
    struct packer *p = &d->packer;
    enum err e = ERR_OK;
    look_for_archive(d);
    if (p->busy) {
        e = packer_poll(p, msg);
        if (e == ERR_MORE)
            return ERR_OK;
        if (!e)
            swap_in(d);
        if (e == ERR_ABSENT) { /* archived: it is in the list until that is noticed */
            d->pack_after = clock_monotonic_ns() + 2 * LOOK_NS;
            e = ERR_OK;
        }
    }
    if (!e && compress && !s->failed) {
        const struct segment *plain = find_plain(d);
        if (plain && !packer_begin(p, d->log_folder, plain->index.first, plain->bytes))
            e = file_error(msg, "cannot start a thread for", d->path);
    }
    if (e)
        d->pack_after = clock_monotonic_ns() + PAUSE_NS;
    return e;
}
