#include "store/checkpoint_file.h"

#include "store/backend.h"
#include "store/crc32c.h"
#include "store/file.h"
#include "store/logline.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void checkpoint_name(uint64_t seq, char out[CHECKPOINT_NAME])
{
    snprintf(out, CHECKPOINT_NAME, "%020" PRIu64 ".ckpt", seq);
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x > y ? -1 : x < y;
}

size_t checkpoint_list(int folder, uint64_t **out)
{
    size_t n = 0, cap = 0;
    *out = NULL;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint64_t seq;
        int end = 0;
        if (sscanf(entry->d_name, "%20" SCNu64 ".ckpt%n", &seq, &end) != 1 || end != 25 || entry->d_name[end])
            continue;
        if (n == cap)
            *out = mem_resize(*out, cap = cap ? 2 * cap : 8, sizeof **out);
        (*out)[n++] = seq;
    }
    closedir(dir);
    if (n)
        qsort(*out, n, sizeof **out, newest_first);
    return n;
}

/* The header's checksum covers what stands before it in the line. */
void checkpoint_header_put(char out[CHECKPOINT_HEADER], const struct checkpoint_header *h)
{
    char room[CHECKPOINT_HEADER];
    struct buf b = {room, 0, sizeof room};
    buf_printf(&b, "{\"lifecertd\":\"checkpoint\",\"version\":%d,\"slices\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seal\":%" PRIu64
               ",\"sha256\":\"", CHECKPOINT_VERSION, h->slices, h->bytes, h->seal.seq);
    hex_add(&b, h->seal.hash, SEAL_HASH);
    buf_printf(&b, "\",\"crc32c\":\"%08" PRIx32 "\"}", crc32c(0, b.p, b.n));
    memset(out, ' ', CHECKPOINT_HEADER);
    memcpy(out, b.p, b.n);
    out[CHECKPOINT_HEADER - 1] = '\n';
}

enum err checkpoint_header_get(const char in[CHECKPOINT_HEADER], struct checkpoint_header *out)
{
    char line[CHECKPOINT_HEADER + 1], again[CHECKPOINT_HEADER], hex[2 * SEAL_HASH + 1];
    struct checkpoint_header h;
    unsigned version = 0;
    memcpy(line, in, CHECKPOINT_HEADER);
    line[CHECKPOINT_HEADER] = '\0';
    int got = sscanf(line, "{\"lifecertd\":\"checkpoint\",\"version\":%u,\"slices\":%" SCNu64 ",\"bytes\":%" SCNu64
                     ",\"seal\":%" SCNu64 ",\"sha256\":\"%64[0-9a-f]\"", &version, &h.slices, &h.bytes, &h.seal.seq, hex);
    if (got >= 1 && version > CHECKPOINT_VERSION)
        return ERR_VERSION;
    if (got != 5 || strlen(hex) != 2 * SEAL_HASH || !hex_parse(hex, h.seal.hash, SEAL_HASH))
        return ERR_DAMAGED;
    checkpoint_header_put(again, &h);
    if (memcmp(in, again, CHECKPOINT_HEADER) != 0) /* its checksum, or anything else in it */
        return ERR_DAMAGED;
    *out = h;
    return ERR_OK;
}

void frame_put(char out[SLICE_FRAME], uint64_t bytes, uint32_t crc)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(bytes >> 8 * i);
    for (int i = 0; i < 4; i++)
        out[8 + i] = (char)(crc >> 8 * i);
}

void frame_get(const char in[SLICE_FRAME], uint64_t *bytes, uint32_t *crc)
{
    const unsigned char *u = (const unsigned char *)in;
    *bytes = 0;
    *crc = 0;
    for (int i = 0; i < 8; i++)
        *bytes |= (uint64_t)u[i] << 8 * i;
    for (int i = 0; i < 4; i++)
        *crc |= (uint32_t)u[8 + i] << 8 * i;
}

/* --- reading --- */

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
    return err_set(msg, ERR_DAMAGED, "checkpoint/%s, slice %" PRIu64 " at byte %" PRIu64 ": %s", c->name, c->slice, c->at,
                   what);
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

enum err dir_checkpoint_open(const char *place, unsigned which, struct checkpoint_reader **out, struct seal *seal,
                             struct errmsg *msg)
{
    char path[4096];
    uint64_t *seqs;
    if ((size_t)snprintf(path, sizeof path, "%s/checkpoint", place) >= sizeof path)
        return err_set(msg, ERR_INVALID, "the path %s is too long", place);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_set(msg, ERR_ABSENT, "there is no folder %s", path);
    size_t n = checkpoint_list(folder, &seqs);
    struct dir_checkpoint *c;
    enum err e = which < n ? open_one(folder, seqs[which], &c, msg)
                           : err_set(msg, ERR_ABSENT, "there are %zu checkpoints", n);
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
