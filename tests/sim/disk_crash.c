/* What a crash leaves of a disk. */
#include "tests/sim/disk_inside.h"

#include <string.h>

/* Which of n things in a row get there. */
struct fate {
    enum disk_loss loss;
    struct rng *dice;
    uint64_t kept;  /* TAIL: the first so many */
    unsigned share; /* ANY: of 8 */
};

static struct fate fate_of(enum disk_loss loss, struct rng *dice, size_t n)
{
    return (struct fate){loss, dice, rng_below(dice, n + 1), (unsigned)rng_below(dice, 9)};
}

static bool is_kept(const struct fate *f, size_t i)
{
    switch (f->loss) {
    case LOSS_TAIL: return i < f->kept;
    case LOSS_ANY: return rng_below(f->dice, 8) < f->share;
    default: return false;
    }
}

static void crash_names(struct disk *d, enum disk_loss loss, struct rng *dice)
{
    struct fate f = fate_of(loss, dice, d->n_changes);
    for (size_t i = 0; i < d->n_changes; i++) {
        bool kept = is_kept(&f, i);
        if (kept)
            disk_make_durable(&d->changes[i]);
        d->lost.names += !kept;
        d->lost.kept_names += kept;
    }
    d->n_changes = 0;
    for (struct disk_node *n = d->all; n; n = n->next)
        if (n->is_folder)
            disk_entries_copy(&n->names, &n->durable_names);
}

/* The kept sectors, and the size that goes with them: a file that grew has zeros where a sector was lost before one
 * that was kept; one that was cut may have its old length. */
static void crash_bytes(struct disk *d, struct disk_node *n, enum disk_loss loss, struct rng *dice)
{
    if (n->mapped)
        disk_mark(n, 0, n->now.n);
    n->mapped = false;
    if (loss == LOSS_NONE)
        return;
    struct fate f = fate_of(loss, dice, n->n_state);
    bool cut = n->now.n < n->durable.n && is_kept(&f, 0);
    if (cut)
        disk_bytes_resize(&n->durable, n->now.n);
    for (size_t i = 0; i < n->n_state; i++) {
        bool kept = n->state[i] == SECTOR_DIRTY && is_kept(&f, i);
        if (kept && i * DISK_SECTOR < n->now.n)
            disk_copy_sector(&n->durable, &n->now, i);
        d->lost.sectors += n->state[i] != SECTOR_CLEAN && !kept;
        d->lost.kept_sectors += kept;
        n->state[i] = SECTOR_CLEAN;
    }
    disk_bytes_resize(&n->now, n->durable.n);
    if (n->durable.n)
        memcpy(n->now.p, n->durable.p, n->durable.n);
}

void disk_crash(struct disk *d, enum disk_loss loss, struct rng *dice)
{
    d->lost = (struct disk_lost){0};
    if (loss != LOSS_NONE)
        crash_names(d, loss, dice);
    for (struct disk_node *n = d->all; n; n = n->next)
        if (!n->is_folder)
            crash_bytes(d, n, loss, dice);
}

void disk_flip(struct disk_node *n, uint64_t bit)
{
    size_t at = (size_t)(bit / 8);
    if (at < n->now.n)
        n->now.p[at] ^= (unsigned char)(1u << bit % 8);
    if (at < n->durable.n)
        n->durable.p[at] ^= (unsigned char)(1u << bit % 8);
}

struct disk_lost disk_lost(const struct disk *d)
{
    return d->lost;
}
