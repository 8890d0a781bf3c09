#include "shards/set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "shards/office/system.h"
#include "store/log/logline.h"

bool shard_set_is(const char *uri)
{
    static const char *const schemes[] = {"redis:", "redis-sentinel:", "redis-cluster:"};
    bool redis = false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        redis = redis || strncmp(uri, schemes[i], strlen(schemes[i])) == 0;
    return redis && !strchr(uri, '#');
}

void shard_uri(const char *uri, unsigned shard, char out[SHARD_URI_MAX])
{
    snprintf(out, SHARD_URI_MAX, "%s#%u", uri, shard);
}

/* --- making --- */

static enum err random_bytes(unsigned char *out, size_t n, struct errmsg *msg)
{
    if (getrandom(out, n, 0) != (ssize_t)n)
        return err_set(msg, ERR_IO, "cannot get random bytes");
    return ERR_OK;
}

static void add_hex(struct redis_command *c, const unsigned char *p, size_t n)
{
    struct buf hex = BUF_INIT;
    hex_add(&hex, p, n);
    redis_command_add(c, buf_str(&hex));
    buf_done(&hex);
}

static bool is_text(const redisReply *r, size_t n)
{
    return r->type == REDIS_REPLY_STRING && r->len == n;
}

/* Says where that is. */
static enum err placed(const char *uri, enum err e, struct errmsg *msg)
{
    struct errmsg what = *msg;
    return e ? err_set(msg, e, "%s: %s", uri, what.text) : ERR_OK;
}

/* What set_make.lua answers. */
static enum err take_made(const redisReply *r, struct shard_set *out, struct errmsg *msg)
{
    redisReply *const *v = r->element;
    if (r->type == REDIS_REPLY_ARRAY && r->elements == 2 && v[0]->type == REDIS_REPLY_STRING) {
        bool begun = strcmp(v[0]->str, "BEGUN") == 0;
        return err_set(msg, ERR_EXISTS,
                       begun ? "somebody began to make a set of %s shards there: go on with that number"
                             : "there is a set of %s shards already",
                       v[1]->str);
    }
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 3 || !is_text(v[1], sizeof out->incarnation - 1) ||
        !is_text(v[2], 2 * sizeof out->key) || !hex_parse(v[2]->str, out->key, sizeof out->key))
        return err_set(msg, ERR_DAMAGED, "the set is not what was written");
    memcpy(out->incarnation, v[1]->str, sizeof out->incarnation);
    return ERR_OK;
}

static enum err run_script(struct redis *r, const struct system_shard *s, struct script_call *c, redisReply **reply,
                           struct errmsg *msg)
{
    enum err e = script_run(r, s->slot, c, &s->wait, reply, msg);
    script_call_done(c);
    return e;
}

static enum err begin(struct redis *r, const struct system_shard *s, const char *uri, struct shard_set *set,
                      struct errmsg *msg)
{
    unsigned char incarnation[16];
    struct script_call c = {.text = STR_NONE};
    redisReply *reply;
    enum err e = random_bytes(incarnation, sizeof incarnation, msg);
    if (!e)
        e = random_bytes(set->key, sizeof set->key, msg);
    if (e)
        return e;
    script_call_begin(&c, office_lua[OFFICE_SET_MAKE], 1);
    system_key(s, &c.command, "set");
    redis_command_add_u64(&c.command, SHARD_SET_VERSION);
    redis_command_add_u64(&c.command, set->n);
    add_hex(&c.command, incarnation, sizeof incarnation);
    redis_command_add_u64(&c.command, set->simulated);
    add_hex(&c.command, set->key, sizeof set->key);
    e = run_script(r, s, &c, &reply, msg);
    if (e)
        return e;
    e = placed(uri, take_made(reply, set, msg), msg);
    freeReplyObject(reply);
    return e;
}

/* Is the shard that is there one of this set, made before the making was cut short? */
static enum err check_own(const char *uri, const struct store_options *o, const struct shard_set *set,
                          struct errmsg *msg)
{
    struct store *s;
    struct store_info info;
    enum err e = store_open(uri, STORE_READ, o, &s, NULL, msg);
    if (e)
        return e;
    store_info(s, &info);
    store_close(s);
    if (strcmp(info.incarnation, set->incarnation) != 0)
        return err_set(msg, ERR_EXISTS, "there is a shard already that is none of this set");
    return ERR_OK;
}

static enum err make_shard(const char *uri, const struct store_options *options, const struct shard_set *set,
                           unsigned shard, struct errmsg *msg)
{
    char place[SHARD_URI_MAX];
    struct errmsg why = {""};
    struct store *s;
    struct store_options o = *options;
    o.incarnation = set->incarnation;
    o.simulated = set->simulated;
    shard_uri(uri, shard, place);
    enum err e = store_open(place, STORE_INIT, &o, &s, NULL, &why);
    if (!e)
        store_close(s);
    else if (e == ERR_EXISTS || e == ERR_LOCKED) /* whoever made it may still hold it, or have died just now */
        e = check_own(place, options, set, &why);
    return e ? err_set(msg, e, "shard %u: %s", shard, why.text) : ERR_OK;
}

static enum err finish(struct redis *r, const struct system_shard *s, struct errmsg *msg)
{
    struct script_call c = {.text = STR_NONE};
    redisReply *reply;
    script_call_begin(&c, office_lua[OFFICE_SET_MADE], 1);
    system_key(s, &c.command, "set");
    enum err e = run_script(r, s, &c, &reply, msg);
    if (!e)
        freeReplyObject(reply);
    return e;
}

enum err shard_set_make(const char *uri, const struct store_options *options, unsigned n, struct shard_set *out,
                        struct errmsg *msg)
{
    static const struct store_options defaults;
    const struct store_options *o = options ? options : &defaults;
    struct shard_set set = {.n = n, .simulated = o->simulated};
    struct system_shard s;
    if (n < 1 || n > SHARDS_MAX)
        return err_set(msg, ERR_INVALID, "a set has 1 to %d shards", SHARDS_MAX);
    enum err e = system_shard_init(uri, o, &s, msg);
    if (e)
        return e;
    struct redis *r = redis_new(&s.settings);
    e = begin(r, &s, uri, &set, msg);
    for (unsigned i = 0; !e && i < n; i++)
        e = make_shard(uri, o, &set, i, msg);
    if (!e)
        e = finish(r, &s, msg);
    redis_free(r);
    if (!e)
        *out = set;
    return e;
}

/* --- reading --- */

enum { FIELD_VERSION, FIELD_SHARDS, FIELD_SIMULATED, FIELD_MAKING, FIELD_INCARNATION, FIELD_KEY, FIELD_N };

static bool number(const redisReply *r, uint64_t max, uint64_t *out)
{
    char *end;
    if (r->type != REDIS_REPLY_STRING || r->len == 0 || r->str[0] == '-')
        return false;
    *out = strtoull(r->str, &end, 10);
    return *end == '\0' && *out <= max;
}

static enum err take_set(const redisReply *r, struct shard_set *out, struct errmsg *msg)
{
    struct shard_set set = {.n = 0};
    uint64_t version, shards, simulated, making;
    redisReply *const *f = r->element;
    if (r->type == REDIS_REPLY_ERROR)
        return err_set(msg, ERR_IO, "Redis answers: %.300s", r->str);
    if (r->type == REDIS_REPLY_ARRAY && r->elements == FIELD_N && f[FIELD_VERSION]->type == REDIS_REPLY_NIL)
        return err_set(msg, ERR_ABSENT, "there is no set of shards there: lifecertctl init --shards N makes one");
    if (r->type != REDIS_REPLY_ARRAY || r->elements != FIELD_N || !number(f[FIELD_VERSION], UINT64_MAX, &version))
        return err_set(msg, ERR_DAMAGED, "the set is not what was written");
    if (version > SHARD_SET_VERSION)
        return err_set(msg, ERR_VERSION, "the set has version %" PRIu64 ": this program knows up to %d", version,
                       SHARD_SET_VERSION);
    if (!number(f[FIELD_SHARDS], SHARDS_MAX, &shards) || shards == 0 || !number(f[FIELD_SIMULATED], 1, &simulated) ||
        !number(f[FIELD_MAKING], 2, &making) || !is_text(f[FIELD_INCARNATION], sizeof set.incarnation - 1) ||
        !is_text(f[FIELD_KEY], 2 * sizeof set.key) || !hex_parse(f[FIELD_KEY]->str, set.key, sizeof set.key))
        return err_set(msg, ERR_DAMAGED, "the set is not what was written");
    if (making == 2)
        return err_set(msg, ERR_ABSENT,
                       "a set is being filled there by lifecertctl migrate, or that was cut short: do it again");
    if (making)
        return err_set(msg, ERR_ABSENT,
                       "the set was not made to its end: lifecertctl init --shards %" PRIu64 " goes on", shards);
    set.n = (unsigned)shards;
    set.simulated = simulated;
    memcpy(set.incarnation, f[FIELD_INCARNATION]->str, sizeof set.incarnation);
    *out = set;
    return ERR_OK;
}

enum err shard_set_read(const char *uri, const struct store_options *options, struct shard_set *out, struct errmsg *msg)
{
    static const char *const fields[FIELD_N] = {"version", "shards", "simulated", "making", "incarnation", "key"};
    struct redis_command c = {.n = 0};
    struct system_shard s;
    redisReply *reply;
    enum err e = system_shard_init(uri, options, &s, msg);
    if (e)
        return e;
    struct redis *r = redis_new(&s.settings);
    redis_command_begin(&c, "HMGET");
    system_key(&s, &c, "set");
    for (unsigned i = 0; i < FIELD_N; i++)
        redis_command_add(&c, str_of(fields[i]));
    e = redis_run(r, s.slot, &c, 1, &reply, msg);
    redis_command_done(&c);
    redis_free(r);
    if (e)
        return e;
    e = placed(uri, take_set(reply, out, msg), msg);
    freeReplyObject(reply);
    return e;
}
