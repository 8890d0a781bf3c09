/* Compressed segments, read. */
#include "store/packed/packed_format.h"

#include "store/crc32c.h"
#include "store/file.h"
#include "store/le.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zstd.h>

/* Frames kept decompressed: a block that is read in the middle may lie over two. */
#define KEPT 2
#define NO_FRAME SIZE_MAX

struct packed_segment {
    int fd; /* borrowed, like the name */
    const char *name;
    struct packed_frames frames;
    ZSTD_DCtx *zstd;
    struct buf bytes; /* a frame as it is on the disk */
    struct {
        size_t frame;
        struct buf text;
    } kept[KEPT];
    unsigned oldest;
};

/* --- opening --- */

static enum err damaged_end(const struct packed_segment *p, enum err e, struct errmsg *msg)
{
    if (e == ERR_VERSION)
        return err_set(msg, e, "log/%s was written by a later version: this program knows up to %d", p->name,
                       PACKED_VERSION);
    return err_set(msg, e, "log/%s: its end, which says where what is, is damaged or missing", p->name);
}

/* Appends the file's last n bytes. false: it has not so many, or *e. */
static bool read_last(const struct packed_segment *p, uint64_t size, size_t n, struct buf *out, enum err *e,
                      struct errmsg *msg)
{
    buf_clear(out);
    if (n == 0 || n > size)
        return false;
    *e = file_read(p->fd, p->name, out, n, size - n, msg);
    return !*e && out->n == n;
}

static enum err read_end(struct packed_segment *p, uint64_t size, uint64_t first, struct buf *b, struct errmsg *msg)
{
    enum err e = ERR_DAMAGED;
    size_t table = 0, own = 0;
    if (read_last(p, size, PACKED_FOOTER, b, &e, msg))
        table = packed_table_bytes(b->p);
    if (e != ERR_IO && read_last(p, size, table, b, &e, msg))
        own = packed_own_bytes(buf_str(b));
    if (e != ERR_IO && own && read_last(p, size, own + table, b, &e, msg))
        e = packed_end_parse(buf_str(b), own, size, first, &p->frames);
    else if (e != ERR_IO)
        e = ERR_DAMAGED;
    return e && e != ERR_IO ? damaged_end(p, e, msg) : e;
}

enum err packed_segment_open(int fd, const char *name, uint64_t first, struct packed_segment **out, struct errmsg *msg)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return file_error(msg, "cannot look at log file", name);
    struct packed_segment *p = mem_zalloc(1, sizeof *p);
    p->fd = fd;
    p->name = name;
    for (int i = 0; i < KEPT; i++)
        p->kept[i].frame = NO_FRAME;
    enum err e = read_end(p, (uint64_t)st.st_size, first, &p->bytes, msg);
    if (!e && !(p->zstd = ZSTD_createDCtx())) {
        errno = ENOMEM;
        e = file_error(msg, "cannot decompress", name);
    }
    if (e)
        packed_segment_close(p);
    else
        *out = p;
    return e;
}

void packed_segment_close(struct packed_segment *p)
{
    if (!p)
        return;
    for (int i = 0; i < KEPT; i++)
        buf_done(&p->kept[i].text);
    buf_done(&p->bytes);
    packed_frames_done(&p->frames);
    ZSTD_freeDCtx(p->zstd);
    free(p);
}

uint64_t packed_segment_bytes(const struct packed_segment *p)
{
    return p->frames.v[p->frames.n].text;
}

/* --- reading --- */

static size_t text_bytes(const struct packed_segment *p, size_t frame)
{
    const struct packed_place *v = &p->frames.v[frame];
    return (size_t)(v[1].text - v->text);
}

/* What the decompressor gets is what was written, unless somebody made a file with checksums that fit. */
static bool decompress(struct packed_segment *p, size_t frame, size_t bytes, char *text)
{
    const struct packed_place *v = &p->frames.v[frame];
    const char *from = p->bytes.p;
    size_t n = text_bytes(p, frame);
    return p->bytes.n == bytes && crc32c(0, from, bytes) == v->crc && bytes > 4 &&
           ZSTD_findFrameCompressedSize(from, bytes) == bytes && ZSTD_getFrameContentSize(from, bytes) == n &&
           le32_get(from + bytes - 4) == v->check && ZSTD_decompressDCtx(p->zstd, text, n, from, bytes) == n;
}

/* Appends a frame's text. */
static enum err add_frame(struct packed_segment *p, size_t frame, struct buf *out, struct errmsg *msg)
{
    const struct packed_place *v = &p->frames.v[frame];
    size_t bytes = (size_t)(v[1].at - v->at), n = text_bytes(p, frame);
    buf_clear(&p->bytes);
    enum err e = file_read(p->fd, p->name, &p->bytes, bytes, v->at, msg);
    if (e)
        return e;
    if (!decompress(p, frame, bytes, buf_room(out, n)))
        return err_set(msg, ERR_DAMAGED,
                       "log/%s: bytes %" PRIu64 " to %" PRIu64 " of the file, with the text from its byte %" PRIu64
                       " on, are not what was written",
                       p->name, v->at, v[1].at - 1, v->text);
    out->n += n;
    return ERR_OK;
}

static size_t find_frame(const struct packed_segment *p, uint64_t offset)
{
    size_t low = 0, high = p->frames.n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (p->frames.v[middle].text <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum err keep_frame(struct packed_segment *p, size_t frame, struct buf **text, struct errmsg *msg)
{
    for (unsigned i = 0; i < KEPT; i++)
        if (p->kept[i].frame == frame) {
            *text = &p->kept[i].text;
            return ERR_OK;
        }
    unsigned i = p->oldest;
    p->oldest = (i + 1) % KEPT;
    p->kept[i].frame = NO_FRAME;
    buf_clear(&p->kept[i].text);
    enum err e = add_frame(p, frame, &p->kept[i].text, msg);
    if (e)
        return e;
    p->kept[i].frame = frame;
    *text = &p->kept[i].text;
    return ERR_OK;
}

/* Appends what of n bytes from offset the frame has; a whole one does not go through those that are kept. */
static enum err read_part(struct packed_segment *p, struct buf *out, size_t n, uint64_t offset, struct errmsg *msg)
{
    size_t frame = find_frame(p, offset), from = (size_t)(offset - p->frames.v[frame].text);
    size_t there = text_bytes(p, frame) - from;
    struct buf *text;
    if (from == 0 && n >= there)
        return add_frame(p, frame, out, msg);
    enum err e = keep_frame(p, frame, &text, msg);
    if (!e)
        buf_add(out, text->p + from, n < there ? n : there);
    return e;
}

enum err packed_segment_read(struct packed_segment *p, struct buf *out, size_t n, uint64_t offset, struct errmsg *msg)
{
    uint64_t size = packed_segment_bytes(p);
    size_t start = out->n;
    if (offset >= size)
        return ERR_OK;
    n = size - offset < n ? (size_t)(size - offset) : n;
    buf_room(out, n);
    enum err e = ERR_OK;
    while (!e && out->n - start < n)
        e = read_part(p, out, n - (out->n - start), offset + (out->n - start), msg);
    if (e)
        out->n = start;
    return e;
}
