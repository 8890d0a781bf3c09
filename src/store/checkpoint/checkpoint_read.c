#include "store/backend.h"
#include "store/checkpoint/checkpoint_file.h"
#include "store/crc32c.h"
#include "store/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir_checkpoint {
    struct checkpoint_reader base;
    int fd;
    char name[CHECKPOINT_NAME];
    struct checkpoint_header header;
    uint64_t at, slice;
    struct buf data;
};

static enum err damaged(const struct dir_checkpoint *c, const char *what, struct errmsg *msg)
{
    return err_set(msg, ERR_DAMAGED, "checkpoint/%s, slice %" PRIu64 " at byte %" PRIu64 ": %s", c->name, c->slice,
                   c->at, what);
}

static enum err read_header(struct dir_checkpoint *c, struct errmsg *msg)
{
    struct stat st;
    enum err e = file_read(c->fd, c->name, &c->data, CHECKPOINT_HEADER, 0, msg);
    if (e)
        return e;
    e = c->data.n == CHECKPOINT_HEADER ? checkpoint_header_get(c->data.p, &c->header) : ERR_DAMAGED;
    if (e == ERR_VERSION)
        return err_set(msg, e, "checkpoint/%s was written by a later version: this program knows up to %d", c->name,
                       CHECKPOINT_VERSION);
    if (e)
        return err_set(msg, e, "checkpoint/%s: its first line is not what was written", c->name);
    if (fstat(c->fd, &st) < 0)
        return file_error(msg, "cannot look at", c->name);
    if ((uint64_t)st.st_size != c->header.bytes)
        return err_set(msg, ERR_DAMAGED, "checkpoint/%s has %lld bytes, written were %" PRIu64, c->name,
                       (long long)st.st_size, c->header.bytes);
    c->at = CHECKPOINT_HEADER;
    posix_fadvise(c->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return ERR_OK;
}

static enum err open_one(int folder, uint64_t seq, struct dir_checkpoint **out, struct errmsg *msg)
{
    struct dir_checkpoint *c = mem_zalloc(1, sizeof *c);
    checkpoint_name(seq, c->name);
    c->fd = file_open(folder, c->name, O_RDONLY);
    enum err e = c->fd < 0 ? file_error(msg, "cannot open", c->name) : read_header(c, msg);
    if (!e && c->header.seal.seq != seq)
        e = err_set(msg, ERR_DAMAGED, "checkpoint/%s is the one of event %" PRIu64, c->name, c->header.seal.seq);
    if (e)
        dir_checkpoint_close(&c->base);
    else
        *out = c;
    return e;
}

enum err dir_checkpoint_open(const char *place, const struct store_options *options, unsigned which,
                             struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg)
{
    (void)options;
    char path[4096];
    uint64_t *seqs;
    if ((size_t)snprintf(path, sizeof path, "%s/checkpoint", place) >= sizeof path)
        return err_set(msg, ERR_INVALID, "the path %s is too long", place);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_set(msg, ERR_ABSENT, "there is no folder %s", path);
    size_t n = checkpoint_list(folder, &seqs);
    struct dir_checkpoint *c;
    enum err e =
        which < n ? open_one(folder, seqs[which], &c, msg) : err_set(msg, ERR_ABSENT, "there are %zu checkpoints", n);
    free(seqs);
    close(folder);
    if (e)
        return e;
    *seal = c->header.seal;
    *out = &c->base;
    return ERR_OK;
}

enum err dir_checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg)
{
    struct dir_checkpoint *c = (struct dir_checkpoint *)r;
    uint64_t bytes;
    uint32_t crc;
    if (c->slice == c->header.slices)
        return c->at == c->header.bytes ? ERR_END : damaged(c, "more follows than was written", msg);
    buf_clear(&c->data);
    enum err e = file_read(c->fd, c->name, &c->data, SLICE_FRAME, c->at, msg);
    if (e)
        return e;
    if (c->data.n < SLICE_FRAME)
        return damaged(c, "the file ends in it", msg);
    frame_get(c->data.p, &bytes, &crc);
    if (bytes > c->header.bytes - c->at - SLICE_FRAME)
        return damaged(c, "it would end behind the file", msg);
    buf_clear(&c->data);
    e = file_read(c->fd, c->name, &c->data, bytes, c->at + SLICE_FRAME, msg);
    if (e)
        return e;
    if (c->data.n != bytes || crc32c(0, c->data.p, c->data.n) != crc)
        return damaged(c, "its checksum does not fit", msg);
    c->at += SLICE_FRAME + bytes;
    c->slice++;
    *slice = buf_str(&c->data);
    return ERR_OK;
}

void dir_checkpoint_close(struct checkpoint_reader *r)
{
    struct dir_checkpoint *c = (struct dir_checkpoint *)r;
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    buf_done(&c->data);
    free(c);
}

uint64_t checkpoint_newest(int store_folder)
{
    uint64_t *seqs, newest = 0;
    int folder = openat(store_folder, "checkpoint", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return 0;
    size_t n = checkpoint_list(folder, &seqs);
    for (size_t i = 0; i < n && newest == 0; i++) {
        struct dir_checkpoint *c;
        if (open_one(folder, seqs[i], &c, NULL) == ERR_OK) {
            newest = c->header.seal.seq;
            dir_checkpoint_close(&c->base);
        }
    }
    free(seqs);
    close(folder);
    return newest;
}
