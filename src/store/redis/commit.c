/* A commit: one call of one script, which writes all of it or nothing, and a WAIT for the replicas. It may be sent more
 * than once (redis/client.h): the second time finds the log where the first one left it. */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "store/index.h"
#include "store/logline.h"

static enum err check_lines(const struct commit *c, struct errmsg *msg)
{
    struct index ix;
    const char *bad;
    index_start(&ix, c->first, c->first);
    enum err e = index_lines(&ix, c->lines, 0, &bad);
    if (e || ix.next != c->last + 1)
        e = err_set(msg, ERR_INVALID, "the lines of a commit are not the events %" PRIu64 " to %" PRIu64, c->first,
                    c->last);
    index_done(&ix);
    return e;
}

static void add_hex(struct redis_command *c, const unsigned char hash[SEAL_HASH])
{
    char room[2 * SEAL_HASH + 1];
    struct buf b = {room, 0, sizeof room};
    hex_add(&b, hash, SEAL_HASH);
    redis_command_add(c, buf_str(&b));
}

/* One that is empty is not none. */
static void add_stamp(struct redis_store *s, struct redis_command *out)
{
    buf_clear(&s->values);
    if (s->job.commit.stamp.p) {
        buf_addc(&s->values, 's');
        buf_addstr(&s->values, s->job.commit.stamp);
    }
    redis_command_add(out, buf_str(&s->values));
}

static void add_head(struct redis_store *s, struct redis_command *out)
{
    const struct commit *c = &s->job.commit;
    int64_t oldest = c->n_keys ? c->keys[c->n_keys - 1].at - KEY_SECONDS : 0;
    redis_command_add(out, str_of(s->lease.fence));
    redis_command_add_u64(out, c->first - 1);
    redis_command_add_u64(out, c->last);
    add_hex(out, s->seal.hash);
    add_hex(out, s->job.seal.hash);
    redis_command_add_u64(out, c->lines.n);
    redis_command_add_u64(out, oldest > 0 ? (uint64_t)oldest : 0);
    add_stamp(s, out);
    redis_command_add_u64(out, c->last + 1 - c->first);
    redis_command_add_u64(out, c->n_contacts);
    redis_command_add_u64(out, c->n_keys);
}

static void add_lines(struct redis_command *out, struct str lines)
{
    const char *p = lines.p, *end = lines.p + lines.n, *newline;
    for (; p < end; p = newline + 1) {
        newline = log_line_end(p, end); /* checked before: every line has one */
        redis_command_add(out, (struct str){p, (size_t)(newline - p)});
    }
}

static void add_contacts(struct redis_store *s, struct redis_command *out)
{
    const struct commit *c = &s->job.commit;
    for (size_t i = 0; i < c->n_contacts; i++) {
        const struct contact_change *change = &c->contacts[i];
        redis_command_add(out, change->unit ? STR_LIT("unit") : STR_LIT("person"));
        if (change->unit)
            redis_command_add(out, change->id);
        else
            redis_command_add_u64(out, change->number);
        buf_clear(&s->values);
        redis_contact_write(&s->values, change);
        redis_command_add(out, buf_str(&s->values));
    }
}

static void add_keys(struct redis_store *s, struct redis_command *out)
{
    const struct commit *c = &s->job.commit;
    for (size_t i = 0; i < c->n_keys; i++) {
        redis_command_add(out, (struct str){(const char *)c->keys[i].key, KEY_HASH});
        redis_command_add_u64(out, (uint64_t)c->keys[i].at);
        buf_clear(&s->values);
        redis_key_write(&s->values, &c->keys[i]);
        redis_command_add(out, buf_str(&s->values));
    }
}

static void write_call(struct redis_store *s)
{
    static const enum redis_key keys[] = {KEY_STATE, KEY_LOG, KEY_CONTACTS, KEY_UNITS, KEY_KEYS, KEY_KEYS_AT};
    struct redis_command *out = &s->commit_call.command;
    script_begin(&s->commit_call, SCRIPT_COMMIT, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        redis_command_add(out, redis_key(&s->shard, keys[i]));
    add_head(s, out);
    add_lines(out, s->job.commit.lines);
    add_contacts(s, out);
    add_keys(s, out);
}

static void seal(struct redis_store *s)
{
    const struct commit *c = &s->job.commit;
    s->job.seal = s->seal;
    if (!c->lines.n)
        return;
    seal_begin(s->hasher, s->seal.hash);
    seal_add(s->hasher, c->lines.p, c->lines.n);
    seal_end(s->hasher, s->job.seal.hash);
    s->job.seal.seq = c->last;
}

static void run_commit(void *arg)
{
    struct redis_store *s = arg;
    redisReply *reply;
    s->job.result = s->job.commit.lines.n ? check_lines(&s->job.commit, &s->job.msg) : ERR_OK;
    if (s->job.result)
        return;
    seal(s);
    write_call(s);
    s->job.result = script_run(s->commit_redis, s->shard.slot, &s->commit_call, &s->wait, &reply, &s->job.msg);
    if (!s->job.result)
        freeReplyObject(reply);
}

static enum err conclude(struct redis_store *s, struct errmsg *msg)
{
    const struct redis_commit_job *job = &s->job;
    if (job->result)
        return err_set(msg, job->result, "%s", job->msg.text);
    pthread_mutex_lock(&s->guard);
    s->seal = job->seal;
    s->bytes += job->commit.lines.n;
    pthread_mutex_unlock(&s->guard);
    return ERR_OK;
}

enum err redis_store_commit(struct store *store, const struct commit *c, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    s->job.commit = *c;
    if (!worker_give(&s->committer, run_commit, s))
        return err_set(msg, ERR_IO, "cannot start a thread for commits");
    return ERR_MORE;
}

enum err redis_store_commit_poll(struct store *store, bool wait, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    return worker_collect(&s->committer, wait) ? conclude(s, msg) : ERR_MORE;
}
