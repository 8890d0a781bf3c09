/* A hash in Redis has no order, and is read while it may be written to: rows are collected, sorted, and each is given
 * once. */
#include "store/redis/survey.h"

#include <stdlib.h>

#include "store/delivery/delivery_db.h"
#include "store/redis/inside.h"

struct redis_survey {
    struct store *store; /* opened to be read */
    struct delivery_store *tables;
};

enum err redis_survey_open(const char *uri, const struct store_options *options, struct redis_survey **out,
                           struct errmsg *msg)
{
    struct store *store;
    enum err e = store_open(uri, STORE_READ, options, &store, NULL, msg);
    if (e)
        return e;
    *out = mem_zalloc(1, sizeof **out);
    (*out)->store = store;
    return ERR_OK;
}

void redis_survey_close(struct redis_survey *s)
{
    if (!s)
        return;
    delivery_close(s->tables);
    store_close(s->store);
    free(s);
}

/* Whoever cannot be asked is taken to be at work. */
bool redis_survey_live(struct redis_survey *s)
{
    const struct redis_store *store = redis_of(s->store);
    struct redis_command c = {.n = 0};
    struct errmsg ignored;
    redisReply *reply;
    redis_command_set(&c, "EXISTS", store->shard.keys[KEY_LEASE], NULL);
    enum err e = redis_shard_ask(store->redis, &store->shard, &c, REDIS_REPLY_INTEGER, &reply, &ignored);
    redis_command_done(&c);
    if (e)
        return true;
    bool held = reply->integer != 0;
    freeReplyObject(reply);
    return held;
}

/* --- contacts --- */

struct found_contact {
    struct contact_row row;
    size_t id_at; /* in texts, which grows */
};

struct contacts_found {
    bool units;
    struct found_contact *v;
    size_t n, cap;
    struct buf texts;
};

static void note_contact(void *arg, const struct contact_change *c)
{
    struct contacts_found *f = arg;
    if (c->unit != f->units)
        return;
    if (f->n == f->cap)
        f->v = mem_resize(f->v, f->cap = f->cap ? 2 * f->cap : 1024, sizeof *f->v);
    f->v[f->n++] = (struct found_contact){{c->number, {NULL, c->id.n}, c->seq}, f->texts.n};
    buf_addstr(&f->texts, c->id);
}

static int by_id(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* People by number, units by code; of one that was met twice the later state comes last. */
static int by_place(const void *a, const void *b)
{
    const struct contact_row *x = &((const struct found_contact *)a)->row, *y = &((const struct found_contact *)b)->row;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    int order = by_id(x->id, y->id);
    return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static bool same_place(const struct contact_row *a, const struct contact_row *b, bool units)
{
    return units ? str_eq(a->id, b->id) : a->number == b->number;
}

static enum err give_contacts(struct contacts_found *f, contact_row_fn *each, void *arg)
{
    for (size_t i = 0; i < f->n; i++)
        f->v[i].row.id.p = f->texts.p + f->v[i].id_at;
    if (f->n)
        qsort(f->v, f->n, sizeof *f->v, by_place);
    for (size_t i = 0; i < f->n; i++) {
        bool again = i + 1 < f->n && same_place(&f->v[i].row, &f->v[i + 1].row, f->units);
        if (!again && !each(arg, &f->v[i].row))
            return ERR_END;
    }
    return ERR_OK;
}

enum err redis_survey_contacts(struct redis_survey *s, bool units, contact_row_fn *each, void *arg, struct errmsg *msg)
{
    struct contacts_found f = {.units = units};
    enum err e = redis_store_each_contact(s->store, note_contact, &f, msg);
    if (!e)
        e = give_contacts(&f, each, arg);
    free(f.v);
    buf_done(&f.texts);
    return e;
}

/* --- idempotency keys --- */

struct keys_found {
    struct key_row *v;
    size_t n, cap;
};

static void note_key(void *arg, const struct key_row *row)
{
    struct keys_found *f = arg;
    if (f->n == f->cap)
        f->v = mem_resize(f->v, f->cap = f->cap ? 2 * f->cap : 1024, sizeof *f->v);
    f->v[f->n++] = *row;
}

static int by_event(const void *a, const void *b)
{
    const struct key_row *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return memcmp(x->key, y->key, KEY_HASH);
}

enum err redis_survey_keys(struct redis_survey *s, key_row_fn *each, void *arg, struct errmsg *msg)
{
    struct keys_found f = {.n = 0};
    enum err e = redis_store_each_key(s->store, note_key, &f, msg);
    if (f.n)
        qsort(f.v, f.n, sizeof *f.v, by_event);
    for (size_t i = 0; !e && i < f.n; i++) {
        bool again = i + 1 < f.n && by_event(&f.v[i], &f.v[i + 1]) == 0;
        if (!again && !each(arg, &f.v[i]))
            e = ERR_END;
    }
    free(f.v);
    return e;
}

/* --- the rest --- */

uint64_t redis_survey_end(struct redis_survey *s)
{
    struct store_info info;
    store_info(s->store, &info);
    return info.durable;
}

enum err redis_survey_stamp(struct redis_survey *s, uint64_t *durable, struct buf *out, struct errmsg *msg)
{
    *durable = redis_survey_end(s);
    return store_stamp(s->store, out, msg);
}

enum err redis_survey_tables(struct redis_survey *s, struct sql **out, struct errmsg *msg)
{
    enum err e = s->tables ? ERR_OK : delivery_copy(&redis_of(s->store)->shard, &s->tables, msg);
    if (!e)
        *out = &s->tables->reader;
    return e;
}
