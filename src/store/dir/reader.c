/* Readers: the durable log in order, line by line. What lies far behind is read, hashed and held against its seals
 * by a thread ahead of the reader (ahead.h); the rest by the reader itself. */
#include "store/log/ahead.h"
#include "store/log/cursor.h"
#include "store/log/log_files.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Below this many events a thread costs more than it brings. */
#define FAR_BEHIND 50000

struct dir_reader {
    struct store_reader base;
    struct cursor cursor; /* the thread's while there is one */
    struct ahead *ahead;  /* NULL: the reader reads for itself */
    uint64_t after;
    uint64_t passed; /* the last line given out or skipped; 0: none yet */
    struct run run;  /* verified bytes; what is left of them */
    bool sealed;
    struct seal seal; /* the last seal passed; sealed: no event since */
    enum err failed;
    struct errmsg why;
};

uint64_t dir_durable(const struct dir_store *d)
{
    uint64_t durable = atomic_load(&d->durable);
    if (d->base.mode != STORE_READ || !d->synced)
        return durable;
    uint64_t synced = atomic_load(&d->synced->seq);
    return synced > durable ? synced : durable;
}

enum err dir_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg)
{
    (void)msg;
    struct dir_reader *r = mem_zalloc(1, sizeof *r);
    cursor_init(&r->cursor, dir_of(s), after);
    r->after = after;
    *out = &r->base;
    return ERR_OK;
}

void dir_reader_close(struct store_reader *reader)
{
    struct dir_reader *r = (struct dir_reader *)reader;
    ahead_free(r->ahead);
    cursor_done(&r->cursor);
    free(r);
}

static enum err read_here(struct dir_reader *r, uint64_t bound, struct errmsg *msg)
{
    struct batch b;
    enum err e = cursor_next(&r->cursor, bound, &b, msg);
    if (!e)
        r->run = (struct run){b.bytes, r->cursor.first, b.offset};
    return e;
}

/* More verified bytes. */
static enum err refill(struct dir_reader *r, struct errmsg *msg)
{
    uint64_t bound = dir_durable(r->cursor.d), from = r->passed > r->after ? r->passed : r->after;
    if (!r->ahead && bound > from && bound - from > FAR_BEHIND)
        r->ahead = ahead_new(&r->cursor, bound);
    if (!r->ahead)
        return read_here(r, bound, msg);
    enum err e = ahead_next(r->ahead, &r->run, msg);
    if (e != ERR_END)
        return e;
    ahead_free(r->ahead);
    r->ahead = NULL;
    return read_here(r, bound, msg);
}

static enum err misplaced(struct dir_reader *r, const char *line, struct errmsg *msg)
{
    return damage_at(r->cursor.d->log_folder, r->run.first, r->run.offset + (uint64_t)(line - r->run.bytes.p), msg,
                     "event %" PRIu64 " was expected", r->passed + 1);
}

/* Takes one line off the run. ERR_MORE: it was none to give out. */
static enum err take_line(struct dir_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    const char *p = r->run.bytes.p;
    size_t n = (size_t)(log_line_end(p, p + r->run.bytes.n) - p); /* verified bytes end in a newline */
    uint64_t number = log_event_number(p, n);
    if (number == 0 && log_seal_parse((struct str){p, n}, &r->seal))
        r->sealed = true;
    else if (number == 0 || (r->passed && number != r->passed + 1))
        return misplaced(r, p, msg);
    r->run.bytes.p += n + 1;
    r->run.bytes.n -= n + 1;
    r->run.offset += n + 1;
    if (number == 0)
        return ERR_MORE;
    r->passed = number;
    r->sealed = false;
    if (number <= r->after)
        return ERR_MORE;
    *seq = number;
    *line = (struct str){p, n};
    return ERR_OK;
}

enum err dir_reader_next(struct store_reader *reader, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    struct dir_reader *r = (struct dir_reader *)reader;
    enum err e = r->failed ? r->failed : ERR_MORE;
    while (e == ERR_MORE) {
        if (r->run.bytes.n)
            e = take_line(r, seq, line, &r->why);
        else if ((e = refill(r, &r->why)) == ERR_OK)
            e = ERR_MORE;
    }
    if (e == ERR_OK || e == ERR_END)
        return e;
    r->failed = e;
    return err_set(msg, e, "%s", r->why.text);
}

enum err dir_reader_seal(const struct store_reader *reader, struct seal *out)
{
    const struct dir_reader *r = (const struct dir_reader *)reader;
    struct str rest = r->run.bytes;
    if (r->sealed) {
        *out = r->seal;
        return ERR_OK;
    }
    const char *nl = rest.n ? log_line_end(rest.p, rest.p + rest.n) : NULL;
    return r->passed && nl && log_seal_parse((struct str){rest.p, (size_t)(nl - rest.p)}, out) ? ERR_OK : ERR_ABSENT;
}
