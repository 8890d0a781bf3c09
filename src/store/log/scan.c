#include "store/log/scan.h"

#include "store/backend.h"

#include <fcntl.h>

#define BLOCK ((size_t)1 << 20)
/* What may follow the lines of the largest commit: a header and a seal. */
#define BATCH_MAX (COMMIT_MAX_BYTES + LOG_HEADER_MAX + LOG_SEAL_MAX)

void scan_init(struct scan *s)
{
    memset(s, 0, sizeof *s);
    s->hasher = seal_hasher_new();
}

void scan_done(struct scan *s)
{
    buf_done(&s->data);
    seal_hasher_free(s->hasher);
}

void scan_start(struct scan *s, struct segment_file *file, uint64_t offset, const struct seal *previous)
{
    s->file = file;
    s->start = offset;
    s->data.n = s->used = s->seen = 0;
    s->chained = previous != NULL;
    if (previous)
        s->seal = *previous;
    posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

void scan_forget(struct scan *s)
{
    s->start += s->used;
    s->data.n = s->used = s->seen = 0;
    if (s->data.cap > 4 * BLOCK) /* a large batch went through: what waits for the next may be small */
        buf_done(&s->data);
}

/* Moves what is not given out to the front and reads one more block behind it. */
static enum err read_block(struct scan *s, bool *end, struct errmsg *msg)
{
    if (s->used) {
        s->data.n -= s->used;
        memmove(s->data.p, s->data.p + s->used, s->data.n);
        s->start += s->used;
        s->seen -= s->used;
        s->used = 0;
    }
    size_t before = s->data.n;
    enum err e = segment_file_read(s->file, &s->data, BLOCK, s->start + s->data.n, msg);
    *end = !e && s->data.n == before;
    return e;
}

/* Looks on from `seen` for a seal's line; gives its start, and moves `seen` behind what was looked at. */
static const char *find_seal(struct scan *s, struct seal *seal)
{
    const char *p = s->data.p + s->seen, *end = s->data.p + s->data.n, *nl;
    while (p < end && (nl = log_line_end(p, end))) {
        if (nl - p > 8 && p[4] == 'a' && log_seal_parse((struct str){p, (size_t)(nl - p)}, seal)) {
            s->seen = (size_t)(nl + 1 - s->data.p);
            return p;
        }
        p = nl + 1;
    }
    s->seen = (size_t)(p - s->data.p);
    return NULL;
}

static enum err check_seal(struct scan *s, const struct batch *b)
{
    unsigned char hash[SEAL_HASH];
    if (s->chained) {
        seal_begin(s->hasher, s->seal.hash);
        seal_add(s->hasher, b->lines.p, b->lines.n);
        seal_end(s->hasher, hash);
        if (memcmp(hash, b->seal.hash, SEAL_HASH) != 0)
            return ERR_INVALID;
    }
    s->chained = true;
    s->seal = b->seal;
    return ERR_OK;
}

enum err scan_next(struct scan *s, struct batch *out, struct errmsg *msg)
{
    const char *at;
    bool end = false;
    while (!(s->data.n > s->seen && (at = find_seal(s, &out->seal)))) {
        if (s->data.n - s->used > BATCH_MAX)
            return ERR_MORE;
        enum err e = read_block(s, &end, msg);
        if (e)
            return e;
        if (end)
            return s->data.n > s->used ? ERR_MORE : ERR_END;
    }
    const char *from = s->data.p + s->used;
    out->offset = scan_offset(s);
    out->lines = (struct str){from, (size_t)(at - from)};
    out->bytes = (struct str){from, s->seen - s->used};
    enum err e = check_seal(s, out);
    if (!e)
        s->used = s->seen;
    return e;
}
