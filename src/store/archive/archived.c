#include "store/archive/archived.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_scan.h"
#include "store/crc32c.h"
#include "store/file.h"
#include "store/log/logline.h"

/* A run takes some 200 bytes and its two paths. */
#define FILE_MAX ((size_t)64 << 20)
#define VERSION_HEAD "{\"lifecertd\":\"archived\",\"version\":"
#define CRC_TAIL (sizeof ",\"crc32c\":\"01234567\"}\n" - 1)

void archived_done(struct archived *a)
{
    for (size_t i = 0; i < a->n_runs; i++) {
        free(a->runs[i].folder);
        free(a->runs[i].path);
    }
    free(a->runs);
    memset(a, 0, sizeof *a);
}

void archived_add(struct archived *a, const struct archive_run *run)
{
    a->runs = mem_resize(a->runs, a->n_runs + 1, sizeof *a->runs);
    struct archive_run *own = &a->runs[a->n_runs++];
    *own = *run;
    own->folder = mem_strdup(run->folder);
    own->path = mem_strdup(run->path);
}

/* --- writing --- */

static void write_run(struct buf *b, const struct archive_run *r)
{
    buf_printf(b, "{\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"sha256\":\"", r->from, r->to);
    hex_add(b, r->hash, SEAL_HASH);
    buf_printf(b, "\",\"at\":\"%s\",\"folder\":", r->at);
    buf_add_json(b, str_of(r->folder));
    BUF_LIT(b, ",\"path\":");
    buf_add_json(b, str_of(r->path));
    buf_addc(b, '}');
}

enum err archived_save(int log_folder, const struct archived *a, struct errmsg *msg)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, VERSION_HEAD "%d,\"seq\":%" PRIu64 ",\"sha256\":\"", ARCHIVED_VERSION, a->seal.seq);
    hex_add(&b, a->seal.hash, SEAL_HASH);
    buf_printf(&b, "\",\"last_at\":%" PRId64 ",\"runs\":[", a->last_at);
    for (size_t i = 0; i < a->n_runs; i++) {
        if (i)
            buf_addc(&b, ',');
        write_run(&b, &a->runs[i]);
    }
    buf_addc(&b, ']');
    buf_printf(&b, ",\"crc32c\":\"%08" PRIx32 "\"}\n", crc32c(0, b.p, b.n));
    enum err e = file_replace(log_folder, ARCHIVED_NAME, buf_str(&b), msg);
    buf_done(&b);
    return e;
}

/* --- reading --- */

bool scan_hash(struct scan *s, unsigned char out[SEAL_HASH])
{
    struct str hex;
    return scan_str(s, &hex) && hex.n == 2 * SEAL_HASH && hex_parse(hex.p, out, SEAL_HASH);
}

static bool scan_path(struct scan *s, char **out)
{
    struct str text;
    if (!scan_str(s, &text) || (text.n && memchr(text.p, '\0', text.n)))
        return false;
    *out = mem_strndup(text.p, text.n);
    return true;
}

static bool scan_run(struct scan *s, struct archive_run *r)
{
    struct str at;
    bool good = scan_lit(s, "{\"from\":") && scan_u64(s, UINT64_MAX, &r->from) && scan_lit(s, ",\"to\":") &&
                scan_u64(s, UINT64_MAX, &r->to) && scan_lit(s, ",\"sha256\":") && scan_hash(s, r->hash) &&
                scan_lit(s, ",\"at\":") && scan_str(s, &at) && at.n < sizeof r->at && scan_lit(s, ",\"folder\":") &&
                scan_path(s, &r->folder) && scan_lit(s, ",\"path\":") && scan_path(s, &r->path) && scan_char(s, '}');
    if (good)
        memcpy(r->at, at.p, at.n);
    return good;
}

static bool scan_runs(struct scan *s, struct archived *a)
{
    if (!scan_lit(s, "["))
        return false;
    while (!scan_char(s, ']')) {
        struct archive_run r = {.from = 0};
        bool good = (a->n_runs == 0 || scan_char(s, ',')) && scan_run(s, &r);
        if (good)
            archived_add(a, &r);
        free(r.folder);
        free(r.path);
        if (!good || a->n_runs > ARCHIVE_RUNS_MAX)
            return false;
    }
    return true;
}

static bool scan_rest(struct scan *s, struct archived *a)
{
    uint64_t at;
    if (!scan_lit(s, ",\"seq\":") || !scan_u64(s, UINT64_MAX, &a->seal.seq) || !scan_lit(s, ",\"sha256\":") ||
        !scan_hash(s, a->seal.hash) || !scan_lit(s, ",\"last_at\":") || !scan_u64(s, INT64_MAX, &at))
        return false;
    a->last_at = (int64_t)at;
    return scan_lit(s, ",\"runs\":") && scan_runs(s, a) && s->p == s->end && a->seal.seq > 0;
}

static bool crc_fits(struct str file)
{
    char tail[CRC_TAIL + 1];
    if (file.n < CRC_TAIL)
        return false;
    snprintf(tail, sizeof tail, ",\"crc32c\":\"%08" PRIx32 "\"}\n", crc32c(0, file.p, file.n - CRC_TAIL));
    return memcmp(file.p + file.n - CRC_TAIL, tail, CRC_TAIL) == 0;
}

static enum err parse(struct str file, struct archived *a, struct errmsg *msg)
{
    struct buf text = BUF_INIT;
    buf_room(&text, file.n); /* strings never move */
    struct scan s = {file.p, file.p + file.n, &text};
    uint64_t version = 0;
    bool good = scan_lit(&s, VERSION_HEAD) && scan_u64(&s, UINT64_MAX, &version);
    enum err e = ERR_OK;
    if (good && version > ARCHIVED_VERSION) {
        e = err_set(msg, ERR_VERSION,
                    "log/" ARCHIVED_NAME " was written by a later version: this program knows up to %d",
                    ARCHIVED_VERSION);
    } else {
        good = good && version && crc_fits(file);
        s.end -= good ? CRC_TAIL : 0;
        if (!good || !scan_rest(&s, a))
            e = err_set(msg, ERR_DAMAGED,
                        "log/" ARCHIVED_NAME
                        " is damaged: it says from which seal on the log is there; a backup has it, or "
                        "put the archived log files back into log/ and remove it");
    }
    buf_done(&text);
    return e;
}

enum err archived_load(int log_folder, struct archived *a, struct errmsg *msg)
{
    struct buf file = BUF_INIT;
    enum err e = file_load(log_folder, ARCHIVED_NAME, FILE_MAX, &file, msg);
    if (!e)
        e = parse(buf_str(&file), a, msg);
    buf_done(&file);
    if (e)
        archived_done(a);
    return e;
}

/* --- words --- */

/* The latest run that has it: what was put back may have been moved away again. */
static const struct archive_run *run_of(const struct archived *a, uint64_t seq)
{
    for (size_t i = a->n_runs; i-- > 0;)
        if (a->runs[i].from <= seq && seq <= a->runs[i].to)
            return &a->runs[i];
    return NULL;
}

enum err archived_gone(const struct archived *a, uint64_t seq, struct errmsg *msg)
{
    const struct archive_run *r = run_of(a, seq);
    if (!r)
        return err_set(msg, ERR_ARCHIVED, "event %" PRIu64 " was moved to an archive", seq);
    char more[80] = "";
    if (r->to < a->seal.seq)
        snprintf(more, sizeof more, "; log/" ARCHIVED_NAME " says where those up to %" PRIu64 " are", a->seal.seq);
    return err_set(msg, ERR_ARCHIVED,
                   "event %" PRIu64 " is not in the log any more: the events %" PRIu64 " to %" PRIu64
                   " were moved to the archive in %.500s on %.10s%s",
                   seq, r->from, r->to, r->path, r->at, more);
}
