#include "store/redis/moved.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

struct moved_view {
    _Atomic unsigned users;
    struct store *store; /* a dir store, opened for reading */
    struct store_info info;
    uint64_t seq; /* up to there it was known to be moved: what stands behind it may be of a log that was lost */
};

char *moved_path(const char *folder, const char *shard)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s/%s", folder, shard);
    buf_addc(&b, '\0');
    return b.p;
}

struct store *moved_store(const struct moved_view *v)
{
    return v->store;
}

void moved_release(struct moved_view *v)
{
    if (!v || atomic_fetch_sub(&v->users, 1) != 1)
        return;
    store_close(v->store);
    free(v);
}

static enum err open_folder(const struct redis_store *s, struct store **out, struct errmsg *msg)
{
    struct errmsg why = {""};
    struct buf uri = BUF_INIT;
    buf_printf(&uri, "dir:%s", s->moved);
    buf_addc(&uri, '\0');
    enum err e = store_open(uri.p, STORE_READ, NULL, out, NULL, &why);
    buf_done(&uri);
    if (e == ERR_ABSENT) /* it was there when events were moved to it */
        return err_set(msg, ERR_DAMAGED, "%s: the log that was moved there is missing", s->moved);
    return e ? err_set(msg, e, "%s: %.400s", s->moved, why.text) : ERR_OK;
}

static enum err check(const struct redis_store *s, const struct store_info *info, uint64_t seq, struct errmsg *msg)
{
    struct seal moved = redis_end_of(s).moved;
    if (strcmp(info->incarnation, s->incarnation) != 0)
        return err_set(msg, ERR_DAMAGED, "%s: the log there is another store's", s->moved);
    if (info->durable < seq)
        return err_set(msg, ERR_DAMAGED,
                       "%s: the events from %" PRIu64 " to %" PRIu64
                       " are missing, behind its last log file: they were moved there from %s",
                       s->moved, info->durable + 1, seq, s->shard.keys[KEY_LOG]);
    if (info->durable == moved.seq && memcmp(info->seal.hash, moved.hash, SEAL_HASH) != 0)
        return err_set(msg, ERR_DAMAGED, "%s: the log there does not end in the seal that %s goes on from", s->moved,
                       s->shard.keys[KEY_LOG]);
    return ERR_OK;
}

/* Under moved_lock. Whoever reads from the one before keeps it. */
static enum err look_again(struct redis_store *s, uint64_t seq, struct errmsg *msg)
{
    struct moved_view *v = mem_zalloc(1, sizeof *v);
    atomic_init(&v->users, 1);
    enum err e = open_folder(s, &v->store, msg);
    if (e) {
        free(v);
        return e;
    }
    store_info(v->store, &v->info);
    e = check(s, &v->info, seq, msg);
    if (e) {
        moved_release(v);
        return e;
    }
    moved_release(s->view);
    v->seq = seq;
    s->view = v;
    return ERR_OK;
}

enum err moved_take(struct redis_store *s, uint64_t seq, struct moved_view **out, struct errmsg *msg)
{
    if (!s->moved)
        return err_set(msg, ERR_ARCHIVED,
                       "the events up to %" PRIu64 " were moved from %s to an archive folder, and none is given",
                       redis_end_of(s).moved.seq, s->shard.keys[KEY_LOG]);
    pthread_mutex_lock(&s->moved_lock);
    enum err e = s->view && s->view->seq >= seq ? ERR_OK : look_again(s, seq, msg);
    if (!e) {
        *out = s->view;
        atomic_fetch_add(&s->view->users, 1);
    }
    pthread_mutex_unlock(&s->moved_lock);
    return e;
}

enum err moved_check(struct redis_store *s, struct errmsg *msg)
{
    struct moved_view *v;
    uint64_t seq = redis_end_of(s).moved.seq;
    if (seq == 0 || !s->moved)
        return ERR_OK;
    enum err e = moved_take(s, seq, &v, msg);
    if (!e)
        moved_release(v);
    return e;
}

/* A view is there as soon as anything is read from the folder: a log that begins there begins with event 1. */
uint64_t moved_first(struct redis_store *s)
{
    pthread_mutex_lock(&s->moved_lock);
    uint64_t first = s->view ? s->view->info.first : 1;
    pthread_mutex_unlock(&s->moved_lock);
    return first;
}
