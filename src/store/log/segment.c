#include "store/log/segment.h"

#include "store/file.h"
#include "store/log/logline.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* A large batch is hashed while the disk takes the part before. */
#define CHUNK ((size_t)1 << 20)

void segment_name(uint64_t first, const char *suffix, char out[SEGMENT_NAME])
{
    snprintf(out, SEGMENT_NAME, "%020" PRIu64 ".%s", first, suffix);
}

void log_end_init(struct log_end *end, int folder, uint64_t limit)
{
    memset(end, 0, sizeof *end);
    end->folder = folder;
    end->limit = limit;
    end->fd = -1;
    end->hasher = seal_hasher_new();
}

void log_end_done(struct log_end *end)
{
    if (end->fd >= 0)
        close(end->fd);
    end->fd = -1;
    seal_hasher_free(end->hasher);
    end->hasher = NULL;
}

static enum err begin_segment(struct log_end *end, const char *name, uint64_t first, struct errmsg *msg)
{
    if (end->fd >= 0)
        close(end->fd);
    end->fd = file_open(end->folder, name, O_WRONLY | O_CREAT | O_EXCL);
    if (end->fd < 0)
        return file_error(msg, "cannot make log file", name);
    end->first = first;
    end->bytes = 0;
    return ERR_OK;
}

/* Header and lines, all but the last chunk of them; what is left goes out together with the seal. */
static enum err write_ahead(struct log_end *end, const char *name, struct str *rest, uint64_t *offset,
                            struct errmsg *msg)
{
    while (rest->n > CHUNK) {
        struct iovec part = {(void *)(uintptr_t)rest->p, CHUNK};
        enum err e = file_write(end->fd, name, &part, 1, *offset, msg);
        if (e)
            return e;
        sync_file_range(end->fd, (off_t)*offset, (off_t)CHUNK,
                        SYNC_FILE_RANGE_WRITE); /* only a hint: fdatasync follows */
        seal_add(end->hasher, rest->p, CHUNK);
        rest->p += CHUNK;
        rest->n -= CHUNK;
        *offset += CHUNK;
    }
    seal_add(end->hasher, rest->p, rest->n);
    return ERR_OK;
}

static enum err write_batch(struct log_end *end, const char *name, struct str header, struct str lines, uint64_t last,
                            struct seal *seal, struct errmsg *msg)
{
    char room[LOG_SEAL_MAX];
    struct buf line = {room, 0, sizeof room};
    uint64_t offset = end->bytes;
    seal_begin(end->hasher, end->seal.hash);
    seal_add(end->hasher, header.p, header.n);
    struct iovec parts[3] = {{(void *)(uintptr_t)header.p, header.n}};
    if (header.n && lines.n > CHUNK) { /* else header, lines and seal go out in one write */
        enum err e = file_write(end->fd, name, parts, 1, offset, msg);
        if (e)
            return e;
        offset += header.n;
        parts[0].iov_len = 0;
    }
    enum err e = write_ahead(end, name, &lines, &offset, msg);
    if (e)
        return e;
    seal->seq = last;
    seal_end(end->hasher, seal->hash);
    log_seal_add(&line, seal);
    parts[1] = (struct iovec){(void *)(uintptr_t)lines.p, lines.n};
    parts[2] = (struct iovec){line.p, line.n};
    size_t written = parts[0].iov_len + lines.n + line.n;
    e = file_write(end->fd, name, parts, 3, offset, msg);
    if (!e)
        end->bytes = offset + written;
    return e;
}

static enum err sync_batch(struct log_end *end, const char *name, bool fresh, struct errmsg *msg)
{
    if (fdatasync(end->fd) < 0)
        return file_error(msg, "cannot sync", name);
    return fresh ? file_sync_folder(end->folder, name, msg) : ERR_OK;
}

/* Nothing is written before the lines are known to be those events. */
static enum err write_and_sync(struct log_end *end, struct str header, struct str lines, uint64_t first, uint64_t last,
                               struct appended *out, struct errmsg *msg)
{
    char name[SEGMENT_NAME];
    segment_name(out->index.first, "ndjson", name);
    enum err e = out->fresh ? begin_segment(end, name, first, msg) : ERR_OK;
    uint64_t before = end->bytes;
    if (!e)
        e = write_batch(end, name, header, lines, last, &out->seal, msg);
    if (!e)
        e = sync_batch(end, name, out->fresh, msg);
    if (e)
        return e;
    end->seal = out->seal;
    out->bytes = end->bytes;
    out->written = end->bytes - before;
    return ERR_OK;
}

enum err log_append(struct log_end *end, struct str lines, uint64_t first, uint64_t last, struct appended *out,
                    struct errmsg *msg)
{
    char room[LOG_HEADER_MAX];
    const char *bad;
    struct buf header = {room, 0, sizeof room};
    struct log_header h = {.first = first};
    out->fresh = end->fd < 0 || end->bytes > end->limit;
    memcpy(h.previous, end->seal.hash, SEAL_HASH);
    if (out->fresh)
        log_header_add(&header, &h);
    index_start(&out->index, out->fresh ? first : end->first, first);
    enum err e = index_lines(&out->index, lines, (out->fresh ? 0 : end->bytes) + header.n, &bad);
    if (e || out->index.next != last + 1)
        e = err_set(msg, ERR_INVALID, "the lines of a commit are not the events %" PRIu64 " to %" PRIu64, first, last);
    else
        e = write_and_sync(end, buf_str(&header), lines, first, last, out, msg);
    if (e)
        index_done(&out->index);
    return e;
}
