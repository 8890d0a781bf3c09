/* A store in memory, for simulations and tests: it ends with store_close(). Every commit is done at once. Checkpoints
 * are taken and dropped, since there is nothing that they could outlive. */
#include "store/backend.h"

#include "store/log/index.h"
#include "store/log/logline.h"
#include "store/log/seal.h"
#include "store/memory/memory_contacts.h"
#include "store/memory/memory_keys.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

/* One commit's lines; never changed or freed once readers can see it. */
struct chunk {
    struct index index;
    struct str lines;
    struct seal seal;
};

struct memory_store {
    struct store base;
    pthread_mutex_t guard; /* over chunks, n, seal and bytes: readers may be on other threads */
    struct chunk *chunks;
    size_t n, cap;
    struct seal seal;
    uint64_t bytes;
    bool simulated, writing_checkpoint;
    struct seal_hasher *hasher;
    struct memory_contacts contacts;
    struct memory_keys keys;
    struct buf stamp;
    bool stamped;
};

struct memory_reader {
    struct store_reader base;
    struct memory_store *m;
    struct chunk chunk; /* a copy of the table's entry; n events of it are done */
    struct str rest;
    uint64_t after; /* the last one given out, or not wanted */
};

static struct memory_store *memory_of(const struct store *s)
{
    return (struct memory_store *)(uintptr_t)s;
}

static enum err memory_open(const char *place, enum store_mode mode, const struct store_options *options,
                            struct store **out, struct store_opened *opened, struct errmsg *msg)
{
    (void)opened;
    if (*place)
        return err_set(msg, ERR_INVALID, "store \"memory:%s\": nothing may follow \"memory:\"", place);
    if (mode == STORE_READ)
        return err_set(msg, ERR_ABSENT, "a store in memory is its process's own");
    struct memory_store *m = mem_zalloc(1, sizeof *m);
    pthread_mutex_init(&m->guard, NULL);
    m->simulated = options->simulated;
    m->hasher = seal_hasher_new();
    *out = &m->base;
    return ERR_OK;
}

static void memory_close(struct store *s)
{
    struct memory_store *m = memory_of(s);
    for (size_t i = 0; i < m->n; i++) {
        index_done(&m->chunks[i].index);
        free((char *)(uintptr_t)m->chunks[i].lines.p);
    }
    memory_contacts_done(&m->contacts);
    memory_keys_done(&m->keys);
    free(m->chunks);
    buf_done(&m->stamp);
    seal_hasher_free(m->hasher);
    pthread_mutex_destroy(&m->guard);
    free(m);
}

static void memory_info(const struct store *s, struct store_info *out)
{
    struct memory_store *m = memory_of(s);
    memset(out, 0, sizeof *out);
    memset(out->incarnation, '0', sizeof out->incarnation - 1);
    out->simulated = m->simulated;
    pthread_mutex_lock(&m->guard);
    out->durable = m->seal.seq;
    out->seal = m->seal;
    out->log_bytes = out->disk_bytes = m->bytes;
    pthread_mutex_unlock(&m->guard);
}

/* --- commits --- */

static void seal_chunk(struct memory_store *m, struct chunk *k)
{
    seal_begin(m->hasher, m->seal.hash);
    seal_add(m->hasher, k->lines.p, k->lines.n);
    seal_end(m->hasher, k->seal.hash);
    k->seal.seq = k->index.next - 1;
}

static enum err add_chunk(struct memory_store *m, const struct commit *c, struct errmsg *msg)
{
    struct chunk k;
    const char *bad;
    index_start(&k.index, c->first, c->first);
    if (index_lines(&k.index, c->lines, 0, &bad) != ERR_OK || k.index.next != c->last + 1) {
        index_done(&k.index);
        return err_set(msg, ERR_INVALID, "the lines of a commit are not the events %" PRIu64 " to %" PRIu64, c->first,
                       c->last);
    }
    index_trim(&k.index);
    k.lines = (struct str){mem_strndup(c->lines.p, c->lines.n), c->lines.n};
    seal_chunk(m, &k);
    pthread_mutex_lock(&m->guard);
    if (m->n == m->cap)
        m->chunks = mem_resize(m->chunks, m->cap = m->cap ? 2 * m->cap : 64, sizeof *m->chunks);
    m->chunks[m->n++] = k;
    m->seal = k.seal;
    m->bytes += k.lines.n;
    pthread_mutex_unlock(&m->guard);
    return ERR_OK;
}

static enum err memory_commit(struct store *s, const struct commit *c, struct errmsg *msg)
{
    struct memory_store *m = memory_of(s);
    enum err e = c->lines.n ? add_chunk(m, c, msg) : ERR_OK;
    if (e)
        return e;
    for (size_t i = 0; i < c->n_contacts; i++)
        memory_contacts_set(&m->contacts, &c->contacts[i]);
    for (size_t i = 0; i < c->n_keys; i++)
        memory_keys_set(&m->keys, &c->keys[i]);
    if (c->stamp.p) {
        buf_clear(&m->stamp);
        buf_addstr(&m->stamp, c->stamp);
        m->stamped = true;
    }
    return ERR_OK;
}

static enum err memory_commit_poll(struct store *s, bool wait, struct errmsg *msg)
{
    (void)s, (void)wait, (void)msg;
    return ERR_OK;
}

static int memory_fd(const struct store *s)
{
    (void)s;
    return -1;
}

static const char *memory_delivery_folder(const struct store *s)
{
    (void)s;
    return NULL;
}

/* --- reading --- */

/* The chunk that holds seq, which is there. */
static const struct chunk *find_chunk(const struct memory_store *m, uint64_t seq)
{
    size_t low = 0, high = m->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (m->chunks[middle].index.first <= seq)
            low = middle;
        else
            high = middle;
    }
    return &m->chunks[low];
}

/* What is left of the chunk's lines from seq on. */
static struct str lines_from(const struct chunk *k, uint64_t seq)
{
    uint64_t i = (seq - k->index.first) / INDEX_STEP;
    const char *p = k->lines.p + k->index.place[i], *end = k->lines.p + k->lines.n;
    for (uint64_t at = k->index.first + i * INDEX_STEP; at < seq; at++)
        p = log_line_end(p, end) + 1;
    return (struct str){p, (size_t)(end - p)};
}

static struct str first_line(struct str lines)
{
    return (struct str){lines.p, (size_t)(log_line_end(lines.p, lines.p + lines.n) - lines.p)};
}

static enum err memory_get(struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct memory_store *m = memory_of(s);
    (void)msg;
    if (seq == 0 || seq > m->seal.seq)
        return ERR_ABSENT;
    buf_addstr(out, first_line(lines_from(find_chunk(m, seq), seq)));
    return ERR_OK;
}

static enum err memory_where(const struct store *s, uint64_t seq, struct buf *out, struct errmsg *msg)
{
    struct store_info info;
    memory_info(s, &info);
    if (seq == 0 || seq > info.durable)
        return err_set(msg, ERR_ABSENT, "there is no event %" PRIu64, seq);
    buf_printf(out, "event %" PRIu64, seq);
    return ERR_OK;
}

static enum err memory_contact(struct store *s, uint32_t number, struct str id, struct buf *out,
                               struct contact *contact, struct errmsg *msg)
{
    return memory_contacts_get(&memory_of(s)->contacts, number, id, out, contact, msg);
}

static enum err memory_unit_contact(struct store *s, struct str unit, struct buf *out, struct contact *contact,
                                    struct errmsg *msg)
{
    (void)msg;
    return memory_contacts_get_unit(&memory_of(s)->contacts, unit, out, contact);
}

static enum err memory_key_find(struct store *s, const unsigned char key[KEY_HASH], int64_t now, struct key_row *out,
                                struct errmsg *msg)
{
    (void)msg;
    return memory_keys_find(&memory_of(s)->keys, key, now, out);
}

static enum err memory_stamp(struct store *s, struct buf *out, struct errmsg *msg)
{
    const struct memory_store *m = memory_of(s);
    (void)msg;
    if (!m->stamped)
        return ERR_ABSENT;
    buf_addstr(out, buf_str(&m->stamp));
    return ERR_OK;
}

static enum err memory_reader_open(const struct store *s, uint64_t after, struct store_reader **out, struct errmsg *msg)
{
    struct memory_reader *r = mem_zalloc(1, sizeof *r);
    (void)msg;
    r->m = memory_of(s);
    r->after = after;
    *out = &r->base;
    return ERR_OK;
}

static enum err next_chunk(struct memory_reader *r)
{
    enum err e = ERR_END;
    pthread_mutex_lock(&r->m->guard);
    if (r->after < r->m->seal.seq) {
        r->chunk = *find_chunk(r->m, r->after + 1);
        e = ERR_OK;
    }
    pthread_mutex_unlock(&r->m->guard);
    if (!e)
        r->rest = lines_from(&r->chunk, r->after + 1);
    return e;
}

static enum err memory_reader_next(struct store_reader *reader, uint64_t *seq, struct str *line, struct errmsg *msg)
{
    struct memory_reader *r = (struct memory_reader *)reader;
    (void)msg;
    enum err e = r->rest.n ? ERR_OK : next_chunk(r);
    if (e)
        return e;
    *line = first_line(r->rest);
    *seq = ++r->after;
    r->rest.p += line->n + 1;
    r->rest.n -= line->n + 1;
    return ERR_OK;
}

static enum err memory_reader_seal(const struct store_reader *reader, struct seal *out)
{
    const struct memory_reader *r = (const struct memory_reader *)reader;
    if (r->chunk.seal.seq == 0 || r->chunk.seal.seq != r->after)
        return ERR_ABSENT;
    *out = r->chunk.seal;
    return ERR_OK;
}

static void memory_reader_close(struct store_reader *r)
{
    free(r);
}

/* --- checkpoints --- */

static enum err memory_checkpoint_begin(struct store *s, struct errmsg *msg)
{
    struct memory_store *m = memory_of(s);
    if (m->writing_checkpoint)
        return err_set(msg, ERR_INVALID, "a checkpoint is being written already");
    m->writing_checkpoint = true;
    return ERR_OK;
}

static enum err memory_checkpoint_slice(struct store *s, struct str slice, struct errmsg *msg)
{
    (void)slice;
    return memory_of(s)->writing_checkpoint ? ERR_OK : err_set(msg, ERR_INVALID, "no checkpoint is being written");
}

static enum err memory_checkpoint_poll(struct store *s, bool wait, struct errmsg *msg)
{
    (void)s, (void)wait, (void)msg;
    return ERR_OK;
}

static void memory_checkpoint_abort(struct store *s)
{
    memory_of(s)->writing_checkpoint = false;
}

static enum err memory_checkpoint_finish(struct store *s, const struct seal *seal, struct errmsg *msg)
{
    (void)seal;
    enum err e = memory_checkpoint_slice(s, STR_NONE, msg);
    memory_checkpoint_abort(s);
    return e;
}

static enum err memory_checkpoint_open(const char *place, const struct store_options *options, unsigned which,
                                       struct checkpoint_reader **out, struct seal *seal, struct errmsg *msg)
{
    (void)place, (void)options, (void)which, (void)out, (void)seal;
    return err_set(msg, ERR_ABSENT, "a store in memory has no checkpoints");
}

static enum err memory_checkpoint_next(struct checkpoint_reader *r, struct str *slice, struct errmsg *msg)
{
    (void)r, (void)slice, (void)msg;
    return ERR_END;
}

static void memory_checkpoint_close(struct checkpoint_reader *r)
{
    (void)r;
}

const struct backend backend_memory = {
    .scheme = "memory",
    .open = memory_open,
    .close = memory_close,
    .info = memory_info,
    .commit = memory_commit,
    .commit_poll = memory_commit_poll,
    .fd = memory_fd,
    .delivery_folder = memory_delivery_folder,
    .get = memory_get,
    .where = memory_where,
    .contact = memory_contact,
    .unit_contact = memory_unit_contact,
    .key_find = memory_key_find,
    .stamp = memory_stamp,
    .reader_open = memory_reader_open,
    .reader_next = memory_reader_next,
    .reader_seal = memory_reader_seal,
    .reader_close = memory_reader_close,
    .checkpoint_begin = memory_checkpoint_begin,
    .checkpoint_slice = memory_checkpoint_slice,
    .checkpoint_poll = memory_checkpoint_poll,
    .checkpoint_finish = memory_checkpoint_finish,
    .checkpoint_abort = memory_checkpoint_abort,
    .checkpoint_open = memory_checkpoint_open,
    .checkpoint_next = memory_checkpoint_next,
    .checkpoint_close = memory_checkpoint_close,
};
