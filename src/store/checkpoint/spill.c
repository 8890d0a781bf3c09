#include "store/checkpoint/spill.h"

#include "store/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#define LEVEL 1
#define NAME "the space for sorting"

struct block {
    uint64_t at;
    size_t packed, size;
};

struct bucket {
    struct buf pending;
    struct block *blocks;
    size_t n, cap;
};

struct spill {
    int fd;
    uint64_t bytes;
    ZSTD_CCtx *writer;
    ZSTD_DCtx *reader;
    struct buf packed;
    unsigned n;
    struct bucket *buckets;
};

enum err spill_new(int folder, unsigned buckets, struct spill **out, struct errmsg *msg)
{
    struct spill *s = mem_zalloc(1, sizeof *s);
    s->fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    s->writer = ZSTD_createCCtx();
    s->reader = ZSTD_createDCtx();
    s->n = buckets;
    s->buckets = mem_zalloc(buckets, sizeof *s->buckets);
    enum err e = s->fd < 0 ? file_error(msg, "cannot make", NAME) : ERR_OK;
    if (!e && (!s->writer || !s->reader))
        e = err_set(msg, ERR_IO, "cannot compress " NAME);
    if (e)
        spill_free(s);
    else
        *out = s;
    return e;
}

void spill_free(struct spill *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n; i++) {
        buf_done(&s->buckets[i].pending);
        free(s->buckets[i].blocks);
    }
    free(s->buckets);
    if (s->fd >= 0)
        close(s->fd);
    ZSTD_freeCCtx(s->writer);
    ZSTD_freeDCtx(s->reader);
    buf_done(&s->packed);
    free(s);
}

static enum err write_block(struct spill *s, struct bucket *b, struct errmsg *msg)
{
    size_t bound = ZSTD_compressBound(b->pending.n);
    buf_clear(&s->packed);
    size_t n = ZSTD_compressCCtx(s->writer, buf_room(&s->packed, bound), bound, b->pending.p, b->pending.n, LEVEL);
    if (ZSTD_isError(n))
        return err_set(msg, ERR_IO, "cannot compress " NAME ": %s", ZSTD_getErrorName(n));
    struct iovec part = {s->packed.p, n};
    enum err e = file_write(s->fd, NAME, &part, 1, s->bytes, msg);
    if (e)
        return e;
    if (b->n == b->cap)
        b->blocks = mem_resize(b->blocks, b->cap = b->cap ? 2 * b->cap : 16, sizeof *b->blocks);
    b->blocks[b->n++] = (struct block){s->bytes, n, b->pending.n};
    s->bytes += n;
    buf_clear(&b->pending);
    return ERR_OK;
}

enum err spill_add(struct spill *s, unsigned bucket, struct str entry, struct errmsg *msg)
{
    struct bucket *b = &s->buckets[bucket];
    enum err e = ERR_OK;
    if (b->pending.n && b->pending.n + entry.n > SPILL_BLOCK)
        e = write_block(s, b, msg);
    if (!e)
        buf_addstr(&b->pending, entry);
    return e;
}

enum err spill_read(struct spill *s, unsigned bucket, struct spill_place *at, struct buf *out, struct errmsg *msg)
{
    const struct bucket *b = &s->buckets[bucket];
    size_t i = at->next;
    if (i > b->n || (i == b->n && !b->pending.n))
        return ERR_END;
    at->next++;
    if (i == b->n) { /* what was never written */
        buf_addstr(out, buf_str(&b->pending));
        return ERR_OK;
    }
    const struct block *k = &b->blocks[i];
    buf_clear(&s->packed);
    enum err e = file_read(s->fd, NAME, &s->packed, k->packed, k->at, msg);
    if (e)
        return e;
    size_t n = ZSTD_decompressDCtx(s->reader, buf_room(out, k->size), k->size, s->packed.p, s->packed.n);
    if (ZSTD_isError(n) || n != k->size)
        return err_set(msg, ERR_IO, NAME " reads back otherwise than it was written");
    out->n += n;
    return ERR_OK;
}
