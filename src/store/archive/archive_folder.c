#include "store/archive/archive_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_scan.h"
#include "store/archive/archived.h"
#include "store/crc32c.h"
#include "store/file.h"
#include "store/log/logline.h"

#define FILE_MAX ((size_t)256 << 20) /* a million segments */
#define VERSION_HEAD "{\"lifecertd\":\"archive\",\"version\":"
#define CRC_TAIL (sizeof ",\"crc32c\":\"01234567\"}\n" - 1)

void archive_list_done(struct archive_list *list)
{
    free(list->v);
    memset(list, 0, sizeof *list);
}

void archive_list_put(struct archive_list *list, const struct archive_segment *s)
{
    size_t i = list->n;
    while (i > 0 && list->v[i - 1].first >= s->first)
        i--;
    if (i == list->n || list->v[i].first != s->first) {
        list->v = mem_resize(list->v, list->n + 1, sizeof *list->v);
        memmove(list->v + i + 1, list->v + i, (list->n - i) * sizeof *list->v);
        list->n++;
    }
    list->v[i] = *s;
}

static void write_segment(struct buf *b, const struct archive_segment *s)
{
    buf_printf(b, "{\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"previous\":\"", s->first, s->end.seq);
    hex_add(b, s->previous, SEAL_HASH);
    BUF_LIT(b, "\",\"sha256\":\"");
    hex_add(b, s->end.hash, SEAL_HASH);
    BUF_LIT(b, "\"}");
}

enum err archive_list_save(int folder, const struct archive_list *list, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, VERSION_HEAD "%d,\"segments\":[", ARCHIVE_VERSION);
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            buf_addc(&b, ',');
        write_segment(&b, &list->v[i]);
    }
    buf_addc(&b, ']');
    buf_printf(&b, ",\"crc32c\":\"%08" PRIx32 "\"}\n", crc32c(0, b.p, b.n));
    enum err e = file_replace(folder, ARCHIVE_NAME, buf_str(&b), msg);
    buf_done(&b);
    return e;
}

static bool scan_segment(struct scan *s, struct archive_segment *out)
{
    return scan_lit(s, "{\"first\":") && scan_u64(s, UINT64_MAX, &out->first) && scan_lit(s, ",\"last\":") &&
           scan_u64(s, UINT64_MAX, &out->end.seq) && scan_lit(s, ",\"previous\":") && scan_hash(s, out->previous) &&
           scan_lit(s, ",\"sha256\":") && scan_hash(s, out->end.hash) && scan_char(s, '}') && out->first &&
           out->first <= out->end.seq;
}

static bool scan_segments(struct scan *s, struct archive_list *list)
{
    if (!scan_lit(s, ",\"segments\":["))
        return false;
    while (!scan_char(s, ']')) {
        struct archive_segment one;
        if ((list->n && !scan_char(s, ',')) || !scan_segment(s, &one) ||
            (list->n && one.first <= list->v[list->n - 1].end.seq))
            return false;
        archive_list_put(list, &one);
    }
    return s->p == s->end;
}

static bool crc_fits(struct str file)
{
    char tail[CRC_TAIL + 1];
    if (file.n < CRC_TAIL)
        return false;
    snprintf(tail, sizeof tail, ",\"crc32c\":\"%08" PRIx32 "\"}\n", crc32c(0, file.p, file.n - CRC_TAIL));
    return memcmp(file.p + file.n - CRC_TAIL, tail, CRC_TAIL) == 0;
}

static enum err parse(struct str file, const char *path, struct archive_list *list, struct errmsg *msg)
{
    struct scan s = {file.p, file.p + file.n, NULL}; /* there is nothing in it that needs an escape */
    uint64_t version = 0;
    bool good = scan_lit(&s, VERSION_HEAD) && scan_u64(&s, UINT64_MAX, &version);
    if (good && version > ARCHIVE_VERSION)
        return err_set(msg, ERR_VERSION,
                       "%s/" ARCHIVE_NAME " was written by a later version: this program knows up to %d", path,
                       ARCHIVE_VERSION);
    good = good && version && crc_fits(file);
    s.end -= good ? CRC_TAIL : 0;
    return good && scan_segments(&s, list) ? ERR_OK : err_set(msg, ERR_DAMAGED, "%s/" ARCHIVE_NAME " is damaged", path);
}

enum err archive_list_load(int folder, const char *path, struct archive_list *list, struct errmsg *msg)
{
    struct buf file = BUF_INIT;
    struct errmsg why;
    enum err e = file_load(folder, ARCHIVE_NAME, FILE_MAX, &file, &why);
    if (e)
        err_set(msg, e, "%s: %s", path, why.text);
    else
        e = parse(buf_str(&file), path, list, msg);
    buf_done(&file);
    if (e)
        archive_list_done(list);
    return e;
}
