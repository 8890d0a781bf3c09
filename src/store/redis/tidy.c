/* What can wait: closed segments are moved to the archive folder, and compressed there. */
#include "store/redis/inside.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/file.h"
#include "store/log/log_files.h"

/* After a failure, which is most of all a disk that is full. */
#define PAUSE_NS (3600 * INT64_C(1000000000))

static int open_log(const struct redis_store *s)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/log", s->moved) >= sizeof path)
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The oldest that is plain, by its first event and its size; 0: there is none. What stands behind what is moved is the
 * mover's, who may be writing it. */
static uint64_t find_plain(int log_folder, uint64_t moved, uint64_t *bytes)
{
    uint64_t *firsts, found = 0;
    size_t n;
    struct errmsg ignored;
    if (list_firsts(log_folder, &firsts, &n, &ignored) != ERR_OK)
        return 0;
    for (size_t i = 0; i < n && firsts[i] <= moved && !found; i++) {
        struct segment_file f = SEGMENT_FILE_CLOSED;
        if (segment_file_open(&f, log_folder, firsts[i], &ignored) == ERR_OK && !f.packed) {
            found = firsts[i];
            *bytes = f.bytes;
        }
        segment_file_close(&f);
    }
    free(firsts);
    return found;
}

static void stop_packing(struct redis_packing *p)
{
    if (p->log_folder >= 0)
        close(p->log_folder);
    p->log_folder = -1;
}

void redis_packing_done(struct redis_store *s)
{
    packer_done(&s->packing.packer);
    stop_packing(&s->packing);
}

static enum err pack_one(struct redis_store *s, struct errmsg *msg)
{
    struct redis_packing *p = &s->packing;
    uint64_t bytes, first = 0;
    p->log_folder = open_log(s);
    if (p->log_folder >= 0)
        first = find_plain(p->log_folder, redis_end_of(s).moved.seq, &bytes);
    p->plain = first != 0;
    if (first && packer_begin(&p->packer, p->log_folder, first, bytes))
        return ERR_OK;
    stop_packing(p);
    return first ? file_error(msg, "cannot start a thread for", s->moved) : ERR_OK;
}

static enum err pack_on(struct redis_store *s, bool compress, struct errmsg *msg)
{
    struct redis_packing *p = &s->packing;
    enum err e = ERR_OK;
    if (p->packer.busy) {
        e = packer_poll(&p->packer, msg);
        if (e == ERR_MORE)
            return ERR_OK;
        stop_packing(p);
        e = e == ERR_ABSENT ? ERR_OK : e; /* somebody took it away */
    }
    if (!e && compress && p->plain && s->moved && clock_monotonic_ns() >= p->after)
        e = pack_one(s, msg);
    if (e)
        p->after = clock_monotonic_ns() + PAUSE_NS;
    return e;
}

enum err redis_store_tidy(struct store *store, bool compress, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    enum err e = redis_move_on(s, msg);
    return e ? e : pack_on(s, compress, msg);
}
