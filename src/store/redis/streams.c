#include "store/redis/streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "store/redis/inside.h"

#define REPLY_MS 1500 /* within this a server answers that is there */
#define AGAIN_NS INT64_C(300000000000)
#define SAFE_MS 500   /* for the replicas: somebody else waits for them, too, who wrote it */

struct streams {
    struct redis_shard shard;
    struct redis *redis;
    char writer[160]; /* the key that says what this handle added last */
    uint64_t batch;   /* the number of the one that is being collected */
    unsigned replicas;

    int64_t tried;    /* boot clock: when that was first sent; 0: it was not */

    struct redis_command keys, args; /* of its entries */
    struct script_call call;

    struct buf name; /* scratch */
    redisReply *page;
    struct stream_entry *entries;
    struct stream_field *fields;
    size_t cap_entries, cap_fields;
};

static void name_writer(struct streams *s)
{
    unsigned char random[8];
    uint64_t id;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* cannot happen for so few bytes */
    memcpy(&id, random, sizeof id);
    snprintf(s->writer, sizeof s->writer, "%sadded:%016" PRIx64, s->shard.tag, id);
}

enum err streams_open(const char *uri, const struct store_options *options, int64_t patience_ms, struct streams **out,
                      struct errmsg *msg)
{
    struct redis_shard shard;
    enum err e = redis_shard_parse(uri, options, &shard, msg);
    if (e)
        return e;
    struct streams *s = mem_zalloc(1, sizeof *s);
    shard.settings.patience_ms = patience_ms;
    shard.settings.timeout_ms = STREAM_BLOCK_MAX_MS + REPLY_MS;
    s->shard = shard;
    s->redis = redis_new(&shard.settings);
    s->batch = 1;
    s->replicas = options ? options->replicas : 0;
    name_writer(s);
    *out = s;
    return ERR_OK;
}

static void drop_page(struct streams *s)
{
    if (s->page)
        freeReplyObject(s->page);
    s->page = NULL;
}

void streams_close(struct streams *s)
{
    if (!s)
        return;
    drop_page(s);
    redis_free(s->redis);
    redis_command_done(&s->keys);
    redis_command_done(&s->args);
    script_call_done(&s->call);
    redis_shard_done(&s->shard);
    buf_done(&s->name);
    free(s->entries);
    free(s->fields);
    free(s);
}

static struct str key_of(struct streams *s, const char *stream)
{
    buf_clear(&s->name);
    buf_addstr(&s->name, str_of(s->shard.tag));
    buf_addstr(&s->name, str_of(stream));
    return buf_str(&s->name);
}

static void add_id(struct redis_command *c, const struct stream_id *id)
{
    char text[48];
    snprintf(text, sizeof text, "%" PRIu64 "-%" PRIu64, id->ms, id->n);
    redis_command_add(c, str_of(text));
}

/* --- adding --- */

void streams_add(struct streams *s, const struct stream_add *add)
{
    redis_command_add(&s->keys, key_of(s, add->stream));
    redis_command_add_u64(&s->args, add->keep);
    redis_command_add_u64(&s->args, (uint64_t)add->expire_ms);
    redis_command_add_u64(&s->args, 2 * add->n_fields);
    for (size_t i = 0; i < add->n_fields; i++) {
        redis_command_add(&s->args, add->fields[i].name);
        redis_command_add(&s->args, add->fields[i].value);
    }
}

size_t streams_added(const struct streams *s)
{
    return s->args.bulks.n;
}

void streams_drop(struct streams *s)
{
    buf_clear(&s->keys.bulks);
    buf_clear(&s->args.bulks);
    s->keys.n = s->args.n = 0;
    s->tried = 0;
    s->batch++;
}

/* What was collected, as it goes over the wire. */
static void add_all(struct redis_command *c, const struct redis_command *what)
{
    buf_addstr(&c->bulks, buf_str(&what->bulks));
    c->n += what->n;
}

/* What it was given last a server remembers for ten minutes (lua/add.lua): later it must not be sent again. */
static enum err check_age(struct streams *s, struct errmsg *msg)
{
    int64_t now = clock_boot_ns();
    if (!s->keys.n)
        return ERR_OK;
    s->tried = s->tried ? s->tried : now;
    if (now - s->tried < AGAIN_NS)
        return ERR_OK;
    streams_drop(s);
    return err_set(msg, ERR_IO, "for minutes nobody has answered: it is not known whether entries were added");
}

static void write_add(struct streams *s)
{
    script_begin(&s->call, SCRIPT_ADD, s->keys.n + 1);
    redis_command_add(&s->call.command, str_of(s->writer));
    add_all(&s->call.command, &s->keys);
    redis_command_add_u64(&s->call.command, s->batch);
    add_all(&s->call.command, &s->args);
}

enum err streams_send(struct streams *s, struct errmsg *msg)
{
    redisReply *reply;
    if (!s->keys.n)
        return ERR_OK;
    enum err e = check_age(s, msg);
    if (e)
        return e;
    write_add(s);
    e = script_run(s->redis, s->shard.slot, &s->call, NULL, &reply, msg);
    if (e)
        return e;
    freeReplyObject(reply);
    streams_drop(s);
    return ERR_OK;
}

/* --- reading --- */

static enum err not_understood(const struct streams *s, struct errmsg *msg)
{
    return err_set(msg, ERR_IO, "%s: Redis answers something else than a stream's entries", s->shard.tag);
}

static void ask_for(struct streams *s, const struct stream_from *from, size_t n, int64_t block_ms, unsigned count,
                    struct redis_command *c)
{
    redis_command_begin(c, "XREAD");
    redis_command_add(c, STR_LIT("COUNT"));
    redis_command_add_u64(c, count);
    if (block_ms > 0) {
        redis_command_add(c, STR_LIT("BLOCK"));
        redis_command_add_u64(c, (uint64_t)(block_ms < STREAM_BLOCK_MAX_MS ? block_ms : STREAM_BLOCK_MAX_MS));
    }
    redis_command_add(c, STR_LIT("STREAMS"));
    for (size_t i = 0; i < n; i++)
        redis_command_add(c, key_of(s, from[i].stream));
    for (size_t i = 0; i < n; i++)
        add_id(c, &from[i].after);
}

static bool read_id(const redisReply *r, struct stream_id *out)
{
    int at = 0;
    return r->type == REDIS_REPLY_STRING && sscanf(r->str, "%" SCNu64 "-%" SCNu64 "%n", &out->ms, &out->n, &at) == 2 &&
           (size_t)at == r->len;
}

/* [key, [[id, [name, value, ...]], ...]] */
static bool is_stream(const redisReply *r)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements == 2 && r->element[0]->type == REDIS_REPLY_STRING &&
           r->element[1]->type == REDIS_REPLY_ARRAY;
}

static bool is_entry(const redisReply *r)
{
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 || r->element[1]->type != REDIS_REPLY_ARRAY ||
        r->element[1]->elements % 2)
        return false;
    for (size_t i = 0; i < r->element[1]->elements; i++)
        if (r->element[1]->element[i]->type != REDIS_REPLY_STRING)
            return false;
    return true;
}

static bool count(const redisReply *page, size_t *n_entries, size_t *n_fields)
{
    *n_entries = *n_fields = 0;
    for (size_t i = 0; i < page->elements; i++) {
        if (!is_stream(page->element[i]))
            return false;
        const redisReply *list = page->element[i]->element[1];
        for (size_t k = 0; k < list->elements; k++) {
            if (!is_entry(list->element[k]))
                return false;
            *n_fields += list->element[k]->element[1]->elements / 2;
        }
        *n_entries += list->elements;
    }
    return true;
}

static size_t find_stream(struct streams *s, const struct stream_from *from, size_t n, const redisReply *key)
{
    size_t i = 0;
    while (i < n && !str_eq(key_of(s, from[i].stream), (struct str){key->str, key->len}))
        i++;
    return i;
}

static void take_fields(const redisReply *list, struct stream_field *out)
{
    for (size_t i = 0; i < list->elements; i += 2)
        out[i / 2] = (struct stream_field){{list->element[i]->str, list->element[i]->len},
                                           {list->element[i + 1]->str, list->element[i + 1]->len}};
}

static bool take_stream(size_t from, const redisReply *list, struct stream_entry **entry, struct stream_field **field)
{
    for (size_t k = 0; k < list->elements; k++) {
        const redisReply *one = list->element[k];
        struct stream_entry *e = (*entry)++;
        *e = (struct stream_entry){.from = from, .fields = *field, .n_fields = one->element[1]->elements / 2};
        if (!read_id(one->element[0], &e->id))
            return false;
        take_fields(one->element[1], *field);
        *field += e->n_fields;
    }
    return true;
}

static void make_room(struct streams *s, size_t n_entries, size_t n_fields)
{
    if (n_entries > s->cap_entries) {
        s->cap_entries = n_entries;
        s->entries = mem_resize(s->entries, n_entries, sizeof *s->entries);
    }
    if (n_fields > s->cap_fields) {
        s->cap_fields = n_fields;
        s->fields = mem_resize(s->fields, n_fields, sizeof *s->fields);
    }
}

static bool take_page(struct streams *s, const struct stream_from *from, size_t n, size_t *n_entries)
{
    size_t n_fields;
    if (!count(s->page, n_entries, &n_fields))
        return false;
    make_room(s, *n_entries, n_fields);
    struct stream_entry *entry = s->entries;
    struct stream_field *field = s->fields;
    for (size_t i = 0; i < s->page->elements; i++) {
        const redisReply *stream = s->page->element[i];
        size_t which = find_stream(s, from, n, stream->element[0]);
        if (which == n || !take_stream(which, stream->element[1], &entry, &field))
            return false;
    }
    return true;
}

static enum err take_reply(struct streams *s, const struct stream_from *from, size_t n,
                           const struct stream_entry **entries, size_t *n_entries, struct errmsg *msg)
{
    if (s->page->type == REDIS_REPLY_NIL) /* nothing came in time */
        return ERR_OK;
    if (s->page->type == REDIS_REPLY_ERROR)
        return err_set(msg, ERR_IO, "Redis answers: %.300s", s->page->str);
    if (s->page->type != REDIS_REPLY_ARRAY || !take_page(s, from, n, n_entries)) {
        *n_entries = 0;
        return not_understood(s, msg);
    }
    *entries = s->entries;
    return ERR_OK;
}

enum err streams_read(struct streams *s, const struct stream_from *from, size_t n, int64_t block_ms, unsigned count,
                      const struct stream_entry **entries, size_t *n_entries, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    drop_page(s);
    *entries = NULL;
    *n_entries = 0;
    if (n == 0)
        return ERR_OK;
    ask_for(s, from, n, block_ms, count, &c);
    enum err e = redis_run(s->redis, s->shard.slot, &c, 1, &s->page, msg);
    redis_command_done(&c);
    return e ? e : take_reply(s, from, n, entries, n_entries, msg);
}

/* WAIT, right behind it on its connection, says who has all that could be read. */
static enum err judge_wait(const struct streams *s, const redisReply *r, struct errmsg *msg)
{
    if (r->type == REDIS_REPLY_INTEGER && r->integer >= (long long)s->replicas)
        return ERR_OK;
    return err_set(msg, ERR_IO, "too few replicas, %lld of %u, have what was read",
                   r->type == REDIS_REPLY_INTEGER ? r->integer : 0, s->replicas);
}

static void write_wait(const struct streams *s, struct redis_command *c)
{
    redis_command_begin(c, "WAIT");
    redis_command_add_u64(c, s->replicas);
    redis_command_add_u64(c, SAFE_MS);
}

enum err streams_read_safe(struct streams *s, const struct stream_from *from, size_t n, unsigned count,
                           const struct stream_entry **entries, size_t *n_entries, struct errmsg *msg)
{
    struct redis_command c[2] = {{.n = 0}, {.n = 0}};
    redisReply *replies[2];
    if (!s->replicas || n == 0)
        return streams_read(s, from, n, 0, count, entries, n_entries, msg);
    drop_page(s);
    *entries = NULL;
    *n_entries = 0;
    ask_for(s, from, n, 0, count, &c[0]);
    write_wait(s, &c[1]);
    enum err e = redis_run(s->redis, s->shard.slot, c, 2, replies, msg);
    redis_command_done(&c[0]);
    redis_command_done(&c[1]);
    if (e)
        return e;
    s->page = replies[0];
    if (s->page->type == REDIS_REPLY_ARRAY)
        e = judge_wait(s, replies[1], msg);
    freeReplyObject(replies[1]);
    return e ? e : take_reply(s, from, n, entries, n_entries, msg);
}

static void write_removal(struct streams *s, const struct stream_removal *r, struct redis_command *c)
{
    redis_command_begin(c, "XDEL");
    redis_command_add(c, key_of(s, r->stream));
    for (size_t i = 0; i < r->n; i++)
        add_id(c, &r->ids[i]);
}

enum err streams_remove(struct streams *s, const char *stream, const struct stream_id *ids, size_t n,
                        struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    if (n == 0)
        return ERR_OK;
    write_removal(s, &(struct stream_removal){stream, ids, n}, &c);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_INTEGER, &reply, msg);
    redis_command_done(&c);
    if (!e)
        freeReplyObject(reply);
    return e;
}

/* --- all of it in one go --- */

struct turn_calls {
    struct script_call v[STREAM_REMOVALS_MAX + 3]; /* all but the first are plain commands */
    redisReply *replies[STREAM_REMOVALS_MAX + 3];
    unsigned n, removed; /* the first place behind what is added and removed: there what is read is answered */
    bool adds;
};

static void write_turn(struct streams *s, const struct stream_turn *t, struct turn_calls *calls)
{
    calls->adds = s->keys.n > 0;
    if (calls->adds) {
        write_add(s);
        calls->v[calls->n++] = s->call;
    }
    for (size_t i = 0; i < STREAM_REMOVALS_MAX; i++)
        if (t->remove[i].n)
            write_removal(s, &t->remove[i], &calls->v[calls->n++].command);
    calls->removed = calls->n;
    if (t->from)
        ask_for(s, t->from, 1, 0, t->count, &calls->v[calls->n++].command);
    if (t->from && t->safe && s->replicas)
        write_wait(s, &calls->v[calls->n++].command);
}

static void turn_calls_done(struct turn_calls *calls)
{
    for (unsigned i = calls->adds; i < calls->n; i++)
        script_call_done(&calls->v[i]);
    redis_replies_free(calls->replies, calls->n);
}

/* What was added is dropped once it is there; what was read goes over to s. */
static enum err judge_turn(struct streams *s, struct stream_turn *t, struct turn_calls *calls, struct errmsg *msg)
{
    enum err e = ERR_OK, read;
    struct errmsg why;
    for (unsigned i = 0; i < calls->removed; i++) {
        enum err one = script_judge(calls->replies[i], &why);
        if (i == 0 && calls->adds && one == ERR_OK)
            streams_drop(s);
        if (one && !e)
            e = err_set(msg, one, "%s", why.text);
    }
    if (!t->from)
        return e;
    s->page = calls->replies[calls->removed];
    calls->replies[calls->removed] = NULL;
    bool waited = calls->n > calls->removed + 1;
    read = waited && s->page->type == REDIS_REPLY_ARRAY ? judge_wait(s, calls->replies[calls->n - 1], &why) : ERR_OK;
    if (!read)
        read = take_reply(s, t->from, 1, &t->entries, &t->n_entries, &why);
    return read && !e ? err_set(msg, read, "%s", why.text) : e;
}

enum err streams_turn(struct streams *s, struct stream_turn *t, struct errmsg *msg)
{
    struct turn_calls calls = {.n = 0};
    drop_page(s);
    t->entries = NULL;
    t->n_entries = 0;
    enum err e = check_age(s, msg);
    if (e)
        return e;
    write_turn(s, t, &calls);
    if (calls.n == 0)
        return ERR_OK;
    e = script_run_all(s->redis, s->shard.slot, calls.v, calls.n, NULL, calls.replies, msg);
    if (e)
        memset(calls.replies, 0, sizeof calls.replies);
    else
        e = judge_turn(s, t, &calls, msg);
    turn_calls_done(&calls);
    return e;
}

/* "STREAM MS-N DONE" */
static bool read_partial(const redisReply *r, struct stream_partial *out)
{
    int at = 0;
    _Static_assert(STREAM_NAME_MAX == 96, "below");
    return sscanf(r->str, "%96s %" SCNu64 "-%" SCNu64 " %" SCNu32 "%n", out->stream, &out->id.ms, &out->id.n,
                  &out->done, &at) == 4 &&
           (size_t)at == r->len;
}

enum err streams_partial(struct streams *s, struct stream_partial *out, struct errmsg *msg)
{
    struct redis_command c = {.n = 0};
    redisReply *reply;
    redis_command_set(&c, "HGET", s->shard.keys[KEY_STATE], "partial", NULL);
    enum err e = redis_shard_ask(s->redis, &s->shard, &c, REDIS_REPLY_STRING, &reply, msg);
    redis_command_done(&c);
    if (e)
        return e;
    if (reply->len == 0)
        e = ERR_ABSENT;
    else if (!read_partial(reply, out))
        e = err_set(msg, ERR_DAMAGED, "%s: its \"partial\" is not what was written", s->shard.keys[KEY_STATE]);
    freeReplyObject(reply);
    return e;
}
