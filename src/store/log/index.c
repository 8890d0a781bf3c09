#include "store/log/index.h"

#include "store/crc32c.h"
#include "store/file.h"
#include "store/le.h"
#include "store/log/logline.h"
#include "store/log/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* On the disk: a header line, the places (uint32, little-endian), CRC-32C of all that (uint32, little-endian). A
 * header that reads otherwise is another format: the file is made again. */
#define HEADER_WRITE                                                                                       \
    "{\"lifecertd\":\"index\",\"version\":1,\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"bytes\":%" PRIu64 \
    ",\"places\":%zu,\"sha256\":\""
#define HEADER_READ                                                                                        \
    "{\"lifecertd\":\"index\",\"version\":1,\"first\":%" SCNu64 ",\"last\":%" SCNu64 ",\"bytes\":%" SCNu64 \
    ",\"places\":%zu,\"sha256\":\"%n"
#define INDEX_MAX_BYTES ((size_t)1 << 30)

void index_start(struct index *ix, uint64_t first, uint64_t next)
{
    ix->first = first;
    ix->next = next;
    ix->place = NULL;
    ix->n = ix->cap = 0;
}

void index_done(struct index *ix)
{
    free(ix->place);
    index_start(ix, ix->first, ix->first);
}

static void reserve(struct index *ix, size_t extra)
{
    if (ix->cap - ix->n >= extra)
        return;
    ix->cap = ix->cap * 2 > ix->n + extra ? ix->cap * 2 : ix->n + extra;
    ix->place = mem_resize(ix->place, ix->cap, sizeof *ix->place);
}

enum err index_lines(struct index *ix, struct str lines, uint64_t offset, const char **bad)
{
    const char *p = lines.p, *end = lines.p + lines.n;
    while (p < end) {
        const char *nl = log_line_end(p, end);
        if (!nl || log_event_number(p, (size_t)(nl - p)) != ix->next) {
            *bad = p;
            return ERR_DAMAGED;
        }
        if ((ix->next - ix->first) % INDEX_STEP == 0) {
            reserve(ix, 1);
            ix->place[ix->n++] = (uint32_t)(offset + (uint64_t)(p - lines.p));
        }
        ix->next++;
        p = nl + 1;
    }
    return ERR_OK;
}

void index_append(struct index *ix, const struct index *more)
{
    reserve(ix, more->n);
    if (more->n)
        memcpy(ix->place + ix->n, more->place, more->n * sizeof *more->place);
    ix->n += more->n;
    ix->next = more->next;
}

void index_trim(struct index *ix)
{
    if (ix->n == 0 || ix->n == ix->cap)
        return;
    ix->place = mem_resize(ix->place, ix->n, sizeof *ix->place);
    ix->cap = ix->n;
}

void index_save(int folder, const struct segment *s)
{
    struct buf b = BUF_INIT;
    char name[SEGMENT_NAME], beside[SEGMENT_NAME + 4];
    buf_printf(&b, HEADER_WRITE, s->index.first, s->end.seq, s->bytes, s->index.n);
    hex_add(&b, s->end.hash, SEAL_HASH);
    BUF_LIT(&b, "\"}\n");
    buf_room(&b, 4 * s->index.n + 4);
    for (size_t i = 0; i < s->index.n; i++)
        le32_add(&b, s->index.place[i]);
    le32_add(&b, crc32c(0, b.p, b.n));

    segment_name(s->index.first, "idx", name);
    snprintf(beside, sizeof beside, "%s.new", name);
    int fd = file_open(folder, beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd >= 0) {
        struct iovec part = {b.p, b.n};
        bool good = file_write(fd, beside, &part, 1, 0, NULL) == ERR_OK;
        close(fd);
        if (!good || renameat(folder, beside, folder, name) < 0)
            unlinkat(folder, beside, 0);
    }
    buf_done(&b);
}

struct header {
    uint64_t first, last, bytes;
    size_t places;
    unsigned char hash[SEAL_HASH];
};

static bool parse_header(struct str s, struct header *h)
{
    char line[320];
    int at = 0;
    if (s.n >= sizeof line)
        return false;
    memcpy(line, s.p, s.n);
    line[s.n] = '\0';
    return sscanf(line, HEADER_READ, &h->first, &h->last, &h->bytes, &h->places, &at) == 4 && at > 0 &&
           s.n == (size_t)at + 2 * SEAL_HASH + 2 && hex_parse(line + at, h->hash, SEAL_HASH);
}

static bool parse(struct str file, struct segment *s)
{
    uint64_t first = s->index.first;
    struct header h;
    if (file.n < 5 || crc32c(0, file.p, file.n - 4) != le32_get(file.p + file.n - 4))
        return false;
    const char *nl = log_line_end(file.p, file.p + file.n);
    if (!nl || !parse_header((struct str){file.p, (size_t)(nl - file.p)}, &h))
        return false;
    if (h.first != first || h.bytes != s->bytes || h.last < first || h.places != (h.last - first) / INDEX_STEP + 1 ||
        file.n != (size_t)(nl + 1 - file.p) + 4 * h.places + 4)
        return false;
    s->end.seq = h.last;
    memcpy(s->end.hash, h.hash, SEAL_HASH);
    index_start(&s->index, first, h.last + 1);
    reserve(&s->index, h.places);
    for (size_t i = 0; i < h.places; i++)
        s->index.place[i] = le32_get(nl + 1 + 4 * i);
    s->index.n = h.places;
    return true;
}

bool index_load(int folder, struct segment *s)
{
    struct buf b = BUF_INIT;
    char name[SEGMENT_NAME];
    segment_name(s->index.first, "idx", name);
    bool good = file_load(folder, name, INDEX_MAX_BYTES, &b, NULL) == ERR_OK && parse(buf_str(&b), s);
    buf_done(&b);
    return good;
}
