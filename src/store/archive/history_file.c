#include "store/archive/history_file.h"

#include "store/crc32c.h"
#include "store/file.h"
#include "store/le.h"
#include "store/log/logline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define HISTORY_FILE_VERSION 1
#define HEADER "{\"lifecertd\":\"history\",\"version\":%d,\"seq\":%" PRIu64 "}\n"
#define HEADER_READ "{\"lifecertd\":\"history\",\"version\":%u,\"seq\":%" SCNu64 "}%n"
#define SKIPPABLE UINT32_C(0x184D2A5C)
#define ENTRY 20u                    /* of a frame in the table */
#define TAIL 8u                      /* behind the table: how many entries, and the checksum */
#define FRAMES_MAX ((size_t)1 << 24) /* a terabyte of text */
#define LEVEL 5

void history_file_name(uint64_t seq, char out[HISTORY_NAME])
{
    snprintf(out, HISTORY_NAME, "history-%020" PRIu64 ".ndjson.zst", seq);
}

uint64_t history_file_number(const char *file)
{
    char name[HISTORY_NAME];
    uint64_t seq;
    if (sscanf(file, "history-%20" SCNu64 ".", &seq) != 1)
        return 0;
    history_file_name(seq, name);
    return strcmp(file, name) == 0 ? seq : 0;
}

static void le64_add(struct buf *b, uint64_t v)
{
    le32_add(b, (uint32_t)v);
    le32_add(b, (uint32_t)(v >> 32));
}

static uint64_t le64_get(const char *p)
{
    return le32_get(p) | (uint64_t)le32_get(p + 4) << 32;
}

/* A frame and where it stands; the frame behind the last begins where the table does. */
struct place {
    uint64_t first, at;
    uint32_t crc;
};

/* --- reading --- */

struct history_file {
    int fd;
    char name[HISTORY_NAME];
    uint64_t seq;
    struct place *places; /* n, and one for the end of the last */
    size_t n;
    ZSTD_DCtx *zstd;
    struct buf packed, text; /* of frame number `loaded` */
    size_t loaded;           /* n: none */
    size_t next, used;       /* history_file_next: the frame, and what was given out of it */
};

static enum err damaged(const struct history_file *f, const char *what, struct errmsg *msg)
{
    return err_set(msg, ERR_DAMAGED,
                   "log/%s is damaged: %s; a backup has it, or put the archived log files back into log/ and remove "
                   "log/archived.json",
                   f->name, what);
}

static bool take_table(struct history_file *f, struct str table, uint64_t at)
{
    f->n = (table.n - TAIL) / ENTRY;
    f->places = mem_alloc((f->n + 1) * sizeof *f->places);
    for (size_t i = 0; i < f->n; i++) {
        const char *p = table.p + i * ENTRY;
        f->places[i] = (struct place){le64_get(p), le64_get(p + 8), le32_get(p + 16)};
        bool behind = i == 0 || (f->places[i].at > f->places[i - 1].at && f->places[i].first > f->places[i - 1].first);
        if (!behind || f->places[i].at >= at)
            return false;
    }
    f->places[f->n].at = at;
    return f->n > 0 && f->places[0].at == 0;
}

/* From behind: count and checksum, then the table before them. */
static enum err load_table(struct history_file *f, struct errmsg *msg)
{
    struct stat st;
    struct buf b = BUF_INIT;
    if (fstat(f->fd, &st) < 0)
        return file_error(msg, "cannot look at", f->name);
    uint64_t size = (uint64_t)st.st_size;
    enum err e = size > 16 ? file_read(f->fd, f->name, &b, TAIL, size - TAIL, msg) : damaged(f, "it is too short", msg);
    size_t n = !e && b.n == TAIL ? le32_get(b.p) : 0, whole = 8 + n * ENTRY + TAIL;
    if (!e && (n == 0 || n > FRAMES_MAX || whole >= size))
        e = damaged(f, "it has no table at its end", msg);
    buf_clear(&b);
    if (!e)
        e = file_read(f->fd, f->name, &b, whole, size - whole, msg);
    if (!e && (b.n != whole || le32_get(b.p) != SKIPPABLE || le32_get(b.p + 4) != whole - 8 ||
               crc32c(0, b.p, whole - 4) != le32_get(b.p + whole - 4) ||
               !take_table(f, (struct str){b.p + 8, whole - 8}, size - whole)))
        e = damaged(f, "its table is not what was written", msg);
    buf_done(&b);
    return e;
}

/* Frame i into f->text. */
static enum err load_frame(struct history_file *f, size_t i, struct errmsg *msg)
{
    const struct place *p = &f->places[i];
    size_t n = (size_t)(p[1].at - p->at);
    if (f->loaded == i)
        return ERR_OK;
    f->loaded = f->n;
    buf_clear(&f->packed);
    buf_clear(&f->text);
    enum err e = file_read(f->fd, f->name, &f->packed, n, p->at, msg);
    if (e)
        return e;
    if (f->packed.n != n || crc32c(0, f->packed.p, n) != p->crc)
        return damaged(f, "a frame is not what was written", msg);
    unsigned long long size = ZSTD_getFrameContentSize(f->packed.p, n);
    if (size > HISTORY_FRAME + HISTORY_LINE_MAX) /* unknown and faulty are larger still */
        return damaged(f, "a frame has no size that makes sense", msg);
    size_t got = ZSTD_decompressDCtx(f->zstd, buf_room(&f->text, (size_t)size), (size_t)size, f->packed.p, n);
    if (ZSTD_isError(got) || got != size || !got || f->text.p[got - 1] != '\n')
        return damaged(f, "a frame cannot be decompressed", msg);
    f->text.n = got;
    f->loaded = i;
    return ERR_OK;
}

/* The first frame is the header line alone. */
static enum err check_header(struct history_file *f, struct errmsg *msg)
{
    char line[128] = "";
    unsigned version;
    uint64_t seq;
    int end = 0;
    enum err e = load_frame(f, 0, msg);
    if (e)
        return e;
    memcpy(line, f->text.p, f->text.n < sizeof line ? f->text.n : sizeof line - 1);
    if (sscanf(line, HEADER_READ, &version, &seq, &end) != 2 || !end || version == 0)
        return damaged(f, "it does not say what it is", msg);
    if (version > HISTORY_FILE_VERSION)
        return err_set(msg, ERR_VERSION, "log/%s was written by a later version: this program knows up to %d", f->name,
                       HISTORY_FILE_VERSION);
    return seq == f->seq ? ERR_OK : damaged(f, "it is of another event than its name says", msg);
}

enum err history_file_open(int log_folder, uint64_t seq, struct history_file **out, struct errmsg *msg)
{
    struct history_file *f = mem_zalloc(1, sizeof *f);
    enum err e = ERR_OK;
    f->seq = seq;
    f->next = 1;
    history_file_name(seq, f->name);
    f->fd = file_open(log_folder, f->name, O_RDONLY);
    if (f->fd < 0)
        e = errno == ENOENT ? err_set(msg, ERR_ABSENT, "log/%s is missing", f->name)
                            : file_error(msg, "cannot open", f->name);
    else if (!(f->zstd = ZSTD_createDCtx()))
        e = err_set(msg, ERR_IO, "cannot decompress log/%s", f->name);
    if (!e)
        e = load_table(f, msg);
    f->loaded = f->n;
    if (!e)
        e = check_header(f, msg);
    if (e)
        history_file_close(f);
    else
        *out = f;
    return e;
}

void history_file_close(struct history_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    ZSTD_freeDCtx(f->zstd);
    free(f->places);
    buf_done(&f->packed);
    buf_done(&f->text);
    free(f);
}

/* The frame in which seq would stand: the last one that begins at or before it. */
static size_t frame_of(const struct history_file *f, uint64_t seq)
{
    size_t low = 0, high = f->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (f->places[middle].first <= seq)
            low = middle;
        else
            high = middle;
    }
    return low;
}

enum err history_file_find(struct history_file *f, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    enum err e = load_frame(f, frame_of(f, seq), msg);
    const char *p = f->text.p, *end = p + f->text.n, *nl;
    if (e)
        return e;
    for (; p < end && (nl = log_line_end(p, end)); p = nl + 1) {
        if (log_event_number(p, (size_t)(nl - p)) == seq) {
            buf_add(out, p, (size_t)(nl - p));
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

enum err history_file_next(struct history_file *f, struct str *line, struct errmsg *msg)
{
    if (f->next < f->n && f->loaded == f->next && f->used == f->text.n) {
        f->next++;
        f->used = 0;
    }
    if (f->next >= f->n)
        return ERR_END;
    enum err e = load_frame(f, f->next, msg);
    if (e)
        return e;
    const char *p = f->text.p + f->used, *nl = log_line_end(p, f->text.p + f->text.n);
    *line = (struct str){p, (size_t)(nl - p)};
    f->used += line->n + 1;
    return ERR_OK;
}

/* --- writing --- */

struct history_writer {
    int folder, fd;
    char name[HISTORY_NAME], beside[HISTORY_NAME + 4];
    uint64_t bytes; /* of the file */
    ZSTD_CCtx *zstd;
    struct buf text, packed, table;
    uint64_t first, last; /* of the frame under way, of all */
    uint32_t frames;
};

static enum err write_at_end(struct history_writer *w, struct str bytes, struct errmsg *msg)
{
    struct iovec part = {(void *)(uintptr_t)bytes.p, bytes.n};
    enum err e = file_write(w->fd, w->beside, &part, 1, w->bytes, msg);
    if (!e)
        w->bytes += bytes.n;
    return e;
}

static enum err write_frame(struct history_writer *w, struct errmsg *msg)
{
    size_t bound = ZSTD_compressBound(w->text.n);
    buf_clear(&w->packed);
    size_t n = ZSTD_compress2(w->zstd, buf_room(&w->packed, bound), bound, w->text.p, w->text.n);
    if (ZSTD_isError(n))
        return err_set(msg, ERR_IO, "cannot compress log/%s: %s", w->name, ZSTD_getErrorName(n));
    w->packed.n = n;
    le64_add(&w->table, w->first);
    le64_add(&w->table, w->bytes);
    le32_add(&w->table, crc32c(0, w->packed.p, n));
    w->frames++;
    buf_clear(&w->text);
    return write_at_end(w, buf_str(&w->packed), msg);
}

enum err history_writer_new(int log_folder, uint64_t seq, struct history_writer **out, struct errmsg *msg)
{
    struct history_writer *w = mem_zalloc(1, sizeof *w);
    w->folder = log_folder;
    history_file_name(seq, w->name);
    snprintf(w->beside, sizeof w->beside, "%s.new", w->name);
    w->fd = file_open(log_folder, w->beside, O_WRONLY | O_CREAT | O_TRUNC);
    w->zstd = ZSTD_createCCtx();
    enum err e = w->fd < 0 ? file_error(msg, "cannot make", w->beside) : ERR_OK;
    if (!e && (!w->zstd || ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
               ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1))))
        e = err_set(msg, ERR_IO, "cannot compress log/%s", w->name);
    buf_printf(&w->text, HEADER, HISTORY_FILE_VERSION, seq);
    if (!e)
        e = write_frame(w, msg); /* number 0, before all others */
    if (e)
        history_writer_free(w);
    else
        *out = w;
    return e;
}

enum err history_writer_add(struct history_writer *w, uint64_t seq, struct str line, struct errmsg *msg)
{
    if (seq <= w->last)
        return err_set(msg, ERR_DAMAGED, "two people have event %" PRIu64 " for their last", seq);
    if (line.n > HISTORY_LINE_MAX)
        return err_set(msg, ERR_FULL, "the history that ends in event %" PRIu64 " has %zu bytes: at most %zu", seq,
                       line.n, HISTORY_LINE_MAX);
    if (w->text.n == 0)
        w->first = seq;
    w->last = seq;
    buf_addstr(&w->text, line);
    return w->text.n >= HISTORY_FRAME ? write_frame(w, msg) : ERR_OK;
}

enum err history_writer_finish(struct history_writer *w, struct errmsg *msg)
{
    struct buf end = BUF_INIT;
    enum err e = w->text.n ? write_frame(w, msg) : ERR_OK;
    le32_add(&end, SKIPPABLE);
    le32_add(&end, (uint32_t)(w->table.n + TAIL));
    buf_addstr(&end, buf_str(&w->table));
    le32_add(&end, w->frames);
    le32_add(&end, crc32c(0, end.p, end.n));
    if (!e)
        e = write_at_end(w, buf_str(&end), msg);
    buf_done(&end);
    if (!e && fsync(w->fd) < 0)
        e = file_error(msg, "cannot sync", w->beside);
    if (!e && renameat(w->folder, w->beside, w->folder, w->name) < 0)
        e = file_error(msg, "cannot rename to", w->name);
    if (!e)
        w->beside[0] = '\0';
    return e ? e : file_sync_folder(w->folder, w->name, msg);
}

void history_writer_free(struct history_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0) {
        close(w->fd);
        if (w->beside[0])
            unlinkat(w->folder, w->beside, 0);
    }
    ZSTD_freeCCtx(w->zstd);
    buf_done(&w->text);
    buf_done(&w->packed);
    buf_done(&w->table);
    free(w);
}
