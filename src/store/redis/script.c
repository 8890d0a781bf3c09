#include "store/redis/script.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/fault.h"
#include "store/redis/lua.h"

/* A failover while a script is being made known leads to another server that does not know it. */
#define LOADS_MAX 8
#define SHA1_HEX 41

static void hash(struct str text, char out[SHA1_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(text.p, text.n, digest, &n, EVP_sha1(), NULL) != 1)
        abort(); /* out of memory */
    for (unsigned i = 0; i < n && i < SHA1_HEX / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void script_call_done(struct script_call *c)
{
    redis_command_done(&c->command);
}

void script_begin(struct script_call *c, enum redis_script script, unsigned n_keys)
{
    char sha[SHA1_HEX];
    hash(redis_lua[script], sha);
    c->script = script;
    redis_command_begin(&c->command, "EVALSHA");
    redis_command_add(&c->command, str_of(sha));
    redis_command_add_u64(&c->command, n_keys);
}

static bool starts_with(const redisReply *r, const char *word)
{
    return strncmp(r->str, word, strlen(word)) == 0;
}

/* ERR_MORE: the server does not know the script. */
static enum err judge(const redisReply *r, struct errmsg *msg)
{
    struct redis_redirect ignored;
    if (r->type != REDIS_REPLY_ERROR)
        return ERR_OK;
    switch (redis_fault_read((struct str){r->str, r->len}, &ignored)) {
    case REDIS_NO_SCRIPT: return ERR_MORE;
    case REDIS_FULL: return err_set(msg, ERR_FULL, "Redis takes no more: %.300s", r->str);
    case REDIS_FENCED: return err_set(msg, ERR_LOCKED, "%.300s", r->str);
    default: break;
    }
    if (starts_with(r, "HELD "))
        return err_set(msg, ERR_LOCKED, "it is held by %.200s", r->str + 5);
    if (starts_with(r, "BEHIND "))
        return err_set(msg, ERR_DAMAGED, "%.200s, which is not where it was left", r->str + 7);
    return err_set(msg, ERR_INVALID, "%.300s", r->str);
}

static enum err make_known(struct redis *r, unsigned slot, enum redis_script script, struct errmsg *msg)
{
    struct redis_command load = {.n = 0};
    redisReply *reply;
    redis_command_set(&load, "SCRIPT", "LOAD", NULL);
    redis_command_add(&load, redis_lua[script]);
    enum err e = redis_run(r, slot, &load, 1, &reply, msg);
    redis_command_done(&load);
    if (e)
        return e;
    if (reply->type == REDIS_REPLY_ERROR)
        e = err_set(msg, ERR_INVALID, "Redis does not take a script: %.300s", reply->str);
    freeReplyObject(reply);
    return e;
}

/* WAIT says how many replicas have what this connection wrote. */
static enum err judge_wait(const redisReply *r, const struct redis_wait *wait, struct errmsg *msg)
{
    if (r->type != REDIS_REPLY_INTEGER)
        return err_set(msg, ERR_IO, "WAIT was answered with %.200s",
                       r->type == REDIS_REPLY_ERROR ? r->str : "no number");
    if (r->integer < (long long)wait->replicas)
        return err_set(msg, ERR_IO, "after %lld ms only %lld replicas of %u have what was written", (long long)wait->ms,
                       r->integer, wait->replicas);
    return ERR_OK;
}

static enum err run_once(struct redis *r, unsigned slot, struct script_call *c, const struct redis_wait *wait,
                         redisReply **reply, struct errmsg *msg)
{
    struct redis_command commands[2] = {c->command, {.n = 0}};
    redisReply *replies[2] = {NULL, NULL};
    bool waits = wait && wait->replicas;
    if (waits) {
        redis_command_begin(&commands[1], "WAIT");
        redis_command_add_u64(&commands[1], wait->replicas);
        redis_command_add_u64(&commands[1], (uint64_t)wait->ms);
    }
    enum err e = redis_run(r, slot, commands, waits ? 2 : 1, replies, msg);
    redis_command_done(&commands[1]);
    if (!e)
        e = judge(replies[0], msg);
    if (!e && waits)
        e = judge_wait(replies[1], wait, msg);
    if (!e) {
        *reply = replies[0];
        replies[0] = NULL;
    }
    redis_replies_free(replies, 2);
    return e;
}

enum err script_run(struct redis *r, unsigned slot, struct script_call *c, const struct redis_wait *wait,
                    redisReply **reply, struct errmsg *msg)
{
    for (int i = 0; i < LOADS_MAX; i++) {
        enum err e = run_once(r, slot, c, wait, reply, msg);
        if (e != ERR_MORE)
            return e;
        e = make_known(r, slot, c->script, msg);
        if (e)
            return e;
    }
    return err_set(msg, ERR_IO, "Redis forgets its scripts faster than they can be sent");
}
