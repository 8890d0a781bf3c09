#include "store/packed/packed_format.h"

#include "store/crc32c.h"
#include "store/le.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define OWN_MAGIC UINT32_C(0x184D2A5D)
#define TABLE_MAGIC UINT32_C(0x184D2A5E)
#define FOOTER_MAGIC UINT32_C(0x8F92EAB1)
#define HEAD 8u             /* of a skippable frame: magic number, size of what follows */
#define ENTRY 12u           /* of the seek table: bytes on the disk, bytes of text, checksum */
#define DESCRIPTOR 0x80u    /* of the seek table: entries have checksums; nothing else */
#define OWN_MIN (HEAD + 4u) /* what every version's has: the checksum at its end */
#define TEXT_MAX (1u << 20) /* of a frame: what a reader takes into memory */
#define LINE_MAX_BYTES 160u

void packed_frames_done(struct packed_frames *f)
{
    free(f->v);
    *f = (struct packed_frames){0};
}

void packed_frames_add(struct packed_frames *f, uint32_t text, uint32_t bytes, uint32_t check, uint32_t crc)
{
    if (f->n + 1 >= f->cap)
        f->v = mem_resize(f->v, f->cap = f->cap ? 2 * f->cap : 64, sizeof *f->v);
    struct packed_place *p = &f->v[f->n];
    if (f->n == 0)
        p->at = p->text = 0;
    p->check = check;
    p->crc = crc;
    p[1] = (struct packed_place){.at = p->at + bytes, .text = p->text + text};
    f->n++;
}

/* --- writing --- */

static void add_entry(struct buf *b, uint64_t bytes, uint64_t text, uint32_t check)
{
    le32_add(b, (uint32_t)bytes);
    le32_add(b, (uint32_t)text);
    le32_add(b, check);
}

static void add_table(struct buf *b, const struct packed_frames *f, size_t own)
{
    uint32_t entries = (uint32_t)f->n + 1;
    le32_add(b, TABLE_MAGIC);
    le32_add(b, entries * ENTRY + PACKED_FOOTER);
    for (const struct packed_place *p = f->v; p < f->v + f->n; p++)
        add_entry(b, p[1].at - p->at, p[1].text - p->text, p->check);
    add_entry(b, own, 0, 0);
    le32_add(b, entries);
    buf_addc(b, (char)DESCRIPTOR);
    le32_add(b, FOOTER_MAGIC);
}

void packed_end_add(struct buf *out, uint64_t first, const struct packed_frames *f)
{
    struct buf line = BUF_INIT, table = BUF_INIT;
    size_t start = out->n;
    buf_printf(&line,
               "{\"lifecertd\":\"packed\",\"version\":%d,\"first\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"frames\":%zu}\n",
               PACKED_VERSION, first, f->v[f->n].text, f->n);
    le32_add(out, OWN_MAGIC);
    le32_add(out, (uint32_t)(line.n + 4 * f->n + 4));
    buf_addstr(out, buf_str(&line));
    for (size_t i = 0; i < f->n; i++)
        le32_add(out, f->v[i].crc);
    add_table(&table, f, HEAD + line.n + 4 * f->n + 4);
    uint32_t crc = crc32c(0, out->p + start, out->n - start);
    le32_add(out, crc32c(crc, table.p, table.n));
    buf_addstr(out, buf_str(&table));
    buf_done(&line);
    buf_done(&table);
}

/* --- reading --- */

size_t packed_table_bytes(const char footer[PACKED_FOOTER])
{
    uint32_t entries = le32_get(footer);
    if (le32_get(footer + 5) != FOOTER_MAGIC || entries < 2 || entries > PACKED_FRAMES_MAX + 1)
        return 0;
    return HEAD + (size_t)entries * ENTRY + PACKED_FOOTER;
}

size_t packed_own_bytes(struct str table)
{
    const char *last = table.p + table.n - PACKED_FOOTER - ENTRY;
    size_t bytes = le32_get(last);
    return le32_get(last + 4) == 0 && bytes >= OWN_MIN && bytes <= LINE_MAX_BYTES + 4 * (PACKED_FRAMES_MAX + 4) ? bytes
                                                                                                                : 0;
}

static bool is_whole(struct str end, size_t own)
{
    uint32_t crc = crc32c(0, end.p, own - 4);
    return le32_get(end.p) == OWN_MAGIC && crc32c(crc, end.p + own, end.n - own) == le32_get(end.p + own - 4);
}

/* The frames that the seek table names, with their checksums from our own frame: room for both is known to be there. */
static enum err parse_frames(struct str end, size_t own, size_t n, struct packed_frames *f)
{
    const char *entry = end.p + own + HEAD, *crc = end.p + own - 4 - 4 * n;
    for (size_t i = 0; i < n; i++, entry += ENTRY, crc += 4) {
        uint32_t text = le32_get(entry + 4);
        if (text == 0 || text > TEXT_MAX)
            return ERR_DAMAGED;
        packed_frames_add(f, text, le32_get(entry), le32_get(entry + 8), le32_get(crc));
    }
    return ERR_OK;
}

/* There is one way only to write an end: whatever differs from it is not ours. */
static enum err compare(struct str end, uint64_t bytes, uint64_t first, const struct packed_frames *f)
{
    struct buf again = BUF_INIT;
    packed_end_add(&again, first, f);
    bool same = str_eq(end, buf_str(&again)) && f->v[f->n].at + end.n == bytes;
    buf_done(&again);
    return same ? ERR_OK : ERR_DAMAGED;
}

enum err packed_end_parse(struct str end, size_t own, uint64_t bytes, uint64_t first, struct packed_frames *f)
{
    char line[LINE_MAX_BYTES];
    unsigned version = 0;
    if (!is_whole(end, own))
        return ERR_DAMAGED;
    size_t room = own - OWN_MIN < sizeof line - 1 ? own - OWN_MIN : sizeof line - 1;
    memcpy(line, end.p + HEAD, room);
    line[room] = '\0';
    if (sscanf(line, "{\"lifecertd\":\"packed\",\"version\":%u,", &version) == 1 && version > PACKED_VERSION)
        return ERR_VERSION;
    size_t n = (end.n - own - HEAD - PACKED_FOOTER) / ENTRY - 1;
    if (own < OWN_MIN + 4 * n)
        return ERR_DAMAGED;
    struct packed_frames found = {0};
    enum err e = parse_frames(end, own, n, &found);
    if (!e)
        e = compare(end, bytes, first, &found);
    if (e)
        packed_frames_done(&found);
    else
        *f = found;
    return e;
}
