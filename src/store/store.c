/* Dispatch on the URI's scheme, and the checks that are the same for every kind of store. */
#include "store/backend.h"

#include <string.h>

static const struct backend *const backends[] = {&backend_dir, &backend_memory, &backend_redis};

static const struct backend *find_backend(const char *uri, const char **place, struct errmsg *msg)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        size_t n = strlen(backends[i]->scheme);
        const struct backend *b = backends[i];
        if (strncmp(uri, b->scheme, n) == 0 && (uri[n] == ':' || (b->whole_uri && uri[n] == '-'))) {
            *place = b->whole_uri ? uri : uri + n + 1;
            return b;
        }
    }
    err_set(msg, ERR_INVALID, "store \"%s\": expected \"dir:PATH\", \"memory:\" or a Redis", uri);
    return NULL;
}

enum err store_open(const char *uri, enum store_mode mode, const struct store_options *options, struct store **out,
                    struct store_opened *opened, struct errmsg *msg)
{
    static const struct store_options defaults;
    struct store_opened ignored;
    const char *place;
    const struct backend *b = find_backend(uri, &place, msg);
    if (!b)
        return ERR_INVALID;
    if (!opened)
        opened = &ignored;
    memset(opened, 0, sizeof *opened);
    struct store *s;
    enum err e = b->open(place, mode, options ? options : &defaults, &s, opened, msg);
    if (e)
        return e;
    s->backend = b;
    s->mode = mode;
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (s)
        s->backend->close(s);
}

void store_info(const struct store *s, struct store_info *out)
{
    s->backend->info(s, out);
    if (!out->first) /* of a kind of store that nothing is ever moved away from */
        out->first = 1;
}

bool store_held(const struct store *s, int64_t ms)
{
    return s->backend->held ? s->backend->held(s, ms) : true;
}

/* A commit that failed may have left anything on the disk: from then on the store only says so. */
static enum err settle(struct store *s, enum err e, const struct errmsg *why, struct errmsg *msg)
{
    s->busy = e == ERR_MORE;
    if (e == ERR_OK || e == ERR_MORE)
        return e;
    s->failed = e;
    s->why = *why;
    return err_set(msg, e, "%s", why->text);
}

static enum err check_commit(const struct store *s, const struct commit *c, struct errmsg *msg)
{
    if (s->mode == STORE_READ)
        return err_set(msg, ERR_INVALID, "the store was opened for reading only");
    if (s->failed)
        return err_set(msg, s->failed, "%s", s->why.text);
    if (s->busy)
        return err_set(msg, ERR_INVALID, "a commit is in flight already");
    if (c->lines.n > COMMIT_MAX_BYTES)
        return err_set(msg, ERR_FULL, "a commit of %zu bytes: at most %zu", c->lines.n, COMMIT_MAX_BYTES);
    if (c->stamp.n > STAMP_MAX_BYTES)
        return err_set(msg, ERR_FULL, "a stamp of %zu bytes: at most %zu", c->stamp.n, STAMP_MAX_BYTES);
    if (c->n_keys > KEYS_MAX)
        return err_set(msg, ERR_FULL, "a commit of %zu keys: at most %d", c->n_keys, KEYS_MAX);
    if (c->n_consumed && !s->backend->streams)
        return err_set(msg, ERR_INVALID, "a commit of inputs from a stream, to a store that has none");
    struct store_info info;
    s->backend->info(s, &info);
    if (c->first != info.durable + 1 || c->last + 1 < c->first || (c->last < c->first) != (c->lines.n == 0))
        return err_set(msg, ERR_INVALID, "a commit of the events %llu to %llu after event %llu",
                       (unsigned long long)c->first, (unsigned long long)c->last, (unsigned long long)info.durable);
    return ERR_OK;
}

enum err store_commit(struct store *s, const struct commit *c, struct errmsg *msg)
{
    struct errmsg own = {""};
    enum err e = check_commit(s, c, msg);
    if (e)
        return e;
    e = s->backend->commit(s, c, &own);
    return settle(s, e, &own, msg);
}

enum err store_commit_poll(struct store *s, bool wait, struct errmsg *msg)
{
    struct errmsg own = {""};
    if (s->failed)
        return err_set(msg, s->failed, "%s", s->why.text);
    if (!s->busy)
        return ERR_OK;
    enum err e = s->backend->commit_poll(s, wait, &own);
    return settle(s, e, &own, msg);
}

int store_fd(const struct store *s)
{
    return s->backend->fd(s);
}

enum err store_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    return s->backend->get(s, seq, out, msg);
}

enum err store_where(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    return s->backend->where(s, seq, out, msg);
}

enum err store_tidy(struct store *s, bool compress, struct errmsg *msg)
{
    if (s->mode == STORE_READ || !s->backend->tidy)
        return ERR_OK;
    return s->backend->tidy(s, compress, msg);
}

enum err store_history(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    return s->backend->history ? s->backend->history(s, seq, out, msg) : ERR_ABSENT;
}

enum err store_contact(struct store *s, uint32_t number, struct str id, struct buf *out, struct contact *contact,
                       struct errmsg *msg)
{
    return s->backend->contact(s, number, id, out, contact, msg);
}

enum err store_unit_contact(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                            struct errmsg *msg)
{
    return s->backend->unit_contact(s, unit, out, contact, msg);
}

enum err store_key_find(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                        struct errmsg *msg)
{
    return s->backend->key_find(s, key, now, out, msg);
}

enum err store_stamp(struct store *s, struct buf *out, struct errmsg *msg)
{
    return s->backend->stamp(s, out, msg);
}

static enum err check_copied(const struct store *s, bool can, struct errmsg *msg)
{
    if (can && s->mode != STORE_READ && !s->busy)
        return ERR_OK;
    return err_set(msg, ERR_INVALID, "a store of this kind, or opened like this, is not copied");
}

enum err store_each_contact(struct store *s, contact_each_fn *each, void *arg, struct errmsg *msg)
{
    enum err e = check_copied(s, s->backend->each_contact, msg);
    return e ? e : s->backend->each_contact(s, each, arg, msg);
}

enum err store_each_key(struct store *s, key_each_fn *each, void *arg, struct errmsg *msg)
{
    enum err e = check_copied(s, s->backend->each_key, msg);
    return e ? e : s->backend->each_key(s, each, arg, msg);
}

enum err store_set_segment(struct store *s, uint64_t bytes, struct errmsg *msg)
{
    enum err e = check_copied(s, s->backend->set_segment, msg);
    if (!e)
        s->backend->set_segment(s, bytes);
    return e;
}

enum err store_set_taken(struct store *s, uint64_t taken, struct errmsg *msg)
{
    enum err e = check_copied(s, s->backend->set_taken, msg);
    return e ? e : s->backend->set_taken(s, taken, msg);
}

enum err store_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg)
{
    struct store_reader *r;
    enum err e = s->backend->reader_open(s, after, &r, msg);
    if (e)
        return e;
    r->backend = s->backend;
    *out = r;
    return ERR_OK;
}

enum err store_reader_next(struct store_reader *r, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    return r->backend->reader_next(r, seq, line, msg);
}

enum err store_reader_seal(const struct store_reader *r, struct seal *out)
{
    return r->backend->reader_seal(r, out);
}

void store_reader_close(struct store_reader *r)
{
    if (r)
        r->backend->reader_close(r);
}

enum err store_checkpoint_begin(struct store *s, struct errmsg *msg)
{
    if (s->mode == STORE_READ)
        return err_set(msg, ERR_INVALID, "the store was opened for reading only");
    return s->backend->checkpoint_begin(s, msg);
}

enum err store_checkpoint_slice(struct store *s, struct str slice, struct errmsg *msg)
{
    return s->backend->checkpoint_slice(s, slice, msg);
}

enum err store_checkpoint_poll(struct store *s, bool wait, struct errmsg *msg)
{
    return s->backend->checkpoint_poll(s, wait, msg);
}

enum err store_checkpoint_finish(struct store *s, const struct seal *seal, struct errmsg *msg)
{
    return s->backend->checkpoint_finish(s, seal, msg);
}

void store_checkpoint_abort(struct store *s)
{
    s->backend->checkpoint_abort(s);
}

enum err checkpoint_open(const char *uri, unsigned which, struct checkpoint_reader **out, struct seal *seal,
                         struct errmsg *msg)
{
    return checkpoint_open_with(uri, NULL, which, out, seal, msg);
}

enum err checkpoint_open_with(const char *uri, const struct store_options *options, unsigned which,
                              struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg)
{
    const char *place;
    const struct backend *b = find_backend(uri, &place, msg);
    if (!b)
        return ERR_INVALID;
    struct checkpoint_reader *r;
    enum err e = b->checkpoint_open(place, options, which, &r, seal, msg);
    if (e)
        return e;
    r->backend = b;
    *out = r;
    return ERR_OK;
}

enum err checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg)
{
    return r->backend->checkpoint_next(r, slice, msg);
}

void checkpoint_close(struct checkpoint_reader *r)
{
    if (r)
        r->backend->checkpoint_close(r);
}
