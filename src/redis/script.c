#include "redis/script.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "redis/fault.h"

/* A failover while a script is being made known leads to another server that does not know it. */
#define LOADS_MAX 8
#define SHA1_HEX (sizeof(((struct script_call *)0)->sha))

static void hash(struct str text, char out[SHA1_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(text.p, text.n, digest, &n, EVP_sha1(), NULL) != 1)
        mem_none("cannot hash a script");
    for (unsigned i = 0; i < n && i < SHA1_HEX / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void script_call_done(struct script_call *c)
{
    redis_command_done(&c->command);
}

void script_call_begin(struct script_call *c, struct str text, unsigned n_keys)
{
    if (text.p != c->text.p || text.n != c->text.n)
        hash(text, c->sha);
    c->text = text;
    redis_command_begin(&c->command, "EVALSHA");
    redis_command_add(&c->command, str_of(c->sha));
    redis_command_add_u64(&c->command, n_keys);
}

static bool starts_with(const redisReply *r, const char *word)
{
    return strncmp(r->str, word, strlen(word)) == 0;
}

static bool is_unknown(const redisReply *r)
{
    struct redis_redirect ignored;
    return r->type == REDIS_REPLY_ERROR && redis_fault_read((struct str){r->str, r->len}, &ignored) == REDIS_NO_SCRIPT;
}

enum err script_judge(const redisReply *r, struct errmsg *msg)
{
    struct redis_redirect ignored;
    if (r->type != REDIS_REPLY_ERROR)
        return ERR_OK;
    switch (redis_fault_read((struct str){r->str, r->len}, &ignored)) {
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

static enum err make_known(struct redis *r, unsigned slot, struct str text, struct errmsg *msg)
{
    struct redis_command load = {.n = 0};
    redisReply *reply;
    redis_command_set(&load, "SCRIPT", "LOAD", NULL);
    redis_command_add(&load, text);
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

/* The calls, and behind them a WAIT, which is answered in replies[n]: NULL when there is none. */
static enum err run_once(struct redis *r, unsigned slot, const struct script_call *calls, unsigned n,
                         const struct redis_wait *wait, redisReply **replies, struct errmsg *msg)
{
    struct redis_command commands[SCRIPT_CALLS_MAX + 1], *last = &commands[n];
    bool waits = wait && wait->replicas;
    for (unsigned i = 0; i < n; i++)
        commands[i] = calls[i].command;
    *last = (struct redis_command){.n = 0};
    if (waits) {
        redis_command_begin(last, "WAIT");
        redis_command_add_u64(last, wait->replicas);
        redis_command_add_u64(last, (uint64_t)wait->ms);
    }
    replies[n] = NULL;
    enum err e = redis_run(r, slot, commands, waits ? n + 1 : n, replies, msg);
    redis_command_done(last);
    return e;
}

/* ERR_MORE: a script was not known, and is now. */
static enum err make_unknown_known(struct redis *r, unsigned slot, const struct script_call *calls, unsigned n,
                                   redisReply *const *replies, struct errmsg *msg)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; i < n && (e == ERR_OK || e == ERR_MORE); i++) {
        if (!is_unknown(replies[i]))
            continue;
        e = make_known(r, slot, calls[i].text, msg);
        if (!e)
            e = ERR_MORE;
    }
    return e;
}

static enum err run_known(struct redis *r, unsigned slot, const struct script_call *calls, unsigned n,
                          const struct redis_wait *wait, redisReply **replies, struct errmsg *msg)
{
    for (int i = 0; i < LOADS_MAX; i++) {
        enum err e = run_once(r, slot, calls, n, wait, replies, msg);
        if (!e)
            e = make_unknown_known(r, slot, calls, n, replies, msg);
        if (!e)
            return ERR_OK;
        redis_replies_free(replies, n + 1);
        if (e != ERR_MORE)
            return e;
    }
    return err_set(msg, ERR_IO, "Redis forgets its scripts faster than they can be sent");
}

enum err script_run_all(struct redis *r, unsigned slot, const struct script_call *calls, unsigned n,
                        const struct redis_wait *wait, redisReply **replies, struct errmsg *msg)
{
    redisReply *got[SCRIPT_CALLS_MAX + 1];
    enum err e = run_known(r, slot, calls, n, wait, got, msg);
    if (e)
        return e;
    if (got[n])
        e = judge_wait(got[n], wait, msg);
    redis_replies_free(got + n, 1);
    if (e)
        redis_replies_free(got, n);
    else
        memcpy(replies, got, n * sizeof *replies);
    return e;
}

enum err script_run(struct redis *r, unsigned slot, struct script_call *c, const struct redis_wait *wait,
                    redisReply **reply, struct errmsg *msg)
{
    redisReply *got[2];
    enum err e = run_known(r, slot, c, 1, wait, got, msg);
    if (e)
        return e;
    e = script_judge(got[0], msg);
    if (!e && got[1])
        e = judge_wait(got[1], wait, msg);
    if (!e) {
        *reply = got[0];
        got[0] = NULL;
    }
    redis_replies_free(got, 2);
    return e;
}
