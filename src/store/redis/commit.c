/* A commit: one call of one script, which writes all of it or nothing, and a WAIT for the replicas. It may be sent more
 * than once (redis/client.h): each has a number, by which the script knows what it has done already. */
#include "store/redis/inside.h"

#include <inttypes.h>

#include "store/log/index.h"
#include "store/log/logline.h"

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

/* The segment behind the commit, as the state has it. */
static void add_segment(struct redis_store *s, struct redis_command *out)
{
    const struct redis_end *end = &s->job.end;
    buf_clear(&s->values);
    if (end->first)
        buf_printf(&s->values, "%" PRIu64 " %" PRIu64, end->first, end->bytes);
    redis_command_add(out, buf_str(&s->values));
}

static void add_head(struct redis_store *s, struct redis_command *out)
{
    const struct commit *c = &s->job.commit;
    int64_t oldest = c->n_keys ? c->keys[c->n_keys - 1].at - KEY_SECONDS : 0;
    redis_command_add(out, str_of(s->lease.fence));
    redis_command_add_u64(out, s->commits);
    redis_command_add_u64(out, c->first - 1);
    redis_command_add_u64(out, c->last);
    redis_command_add_hash(out, s->job.before.seal.hash);
    redis_command_add_hash(out, s->job.end.seal.hash);
    redis_command_add_u64(out, s->job.end.log_bytes - s->job.before.log_bytes);
    add_segment(s, out);
    redis_command_add(out, s->job.begins ? STR_LIT("begins") : STR_NONE);
    redis_command_add_u64(out, s->wait.replicas ? c->first - 1 : c->last);
    redis_command_add_u64(out, oldest > 0 ? (uint64_t)oldest : 0);
    add_stamp(s, out);
    redis_command_add_u64(out, c->last + 1 - c->first);
    redis_command_add_u64(out, c->n_contacts);
    redis_command_add_u64(out, c->n_keys);
    redis_command_add_u64(out, c->n_consumed);
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

static void add_consumed(struct redis_store *s, struct redis_command *out)
{
    const struct commit *c = &s->job.commit;
    for (size_t i = 0; i < c->n_consumed; i++) {
        const struct consumed *input = &c->consumed[i];
        redis_command_add(out, input->stream);
        buf_clear(&s->values);
        buf_printf(&s->values, "%" PRIu64 "-%" PRIu64, input->ms, input->n);
        redis_command_add(out, buf_str(&s->values));
        if (input->whole)
            redis_command_add(out, STR_NONE);
        else
            redis_command_add_u64(out, input->done);
        buf_clear(&s->values);
        if (input->reply_to.p) {
            buf_addc(&s->values, 'r');
            buf_addstr(&s->values, input->reply);
        }
        redis_command_add(out, buf_str(&s->values));
    }
}

static const enum redis_key commit_keys[] = {KEY_STATE, KEY_LOG, KEY_CONTACTS, KEY_UNITS, KEY_KEYS, KEY_KEYS_AT};
#define N_COMMIT_KEYS (sizeof commit_keys / sizeof *commit_keys)

static unsigned count_keys(const struct commit *c)
{
    size_t n = N_COMMIT_KEYS + c->n_consumed;
    for (size_t i = 0; i < c->n_consumed; i++)
        n += c->consumed[i].reply_to.p != NULL;
    return (unsigned)n;
}

static void add_stream_key(struct redis_store *s, struct redis_command *out, struct str name)
{
    buf_clear(&s->values);
    buf_addstr(&s->values, str_of(s->shard.tag));
    buf_addstr(&s->values, name);
    redis_command_add(out, buf_str(&s->values));
}

static void add_keys_touched(struct redis_store *s, struct redis_command *out)
{
    const struct commit *c = &s->job.commit;
    for (size_t i = 0; i < N_COMMIT_KEYS; i++)
        redis_command_add(out, redis_key(&s->shard, commit_keys[i]));
    for (size_t i = 0; i < c->n_consumed; i++) {
        add_stream_key(s, out, c->consumed[i].stream);
        if (c->consumed[i].reply_to.p)
            add_stream_key(s, out, c->consumed[i].reply_to);
    }
}

static void write_call(struct redis_store *s)
{
    struct redis_command *out = &s->commit_call.command;
    script_begin(&s->commit_call, SCRIPT_COMMIT, count_keys(&s->job.commit));
    add_keys_touched(s, out);
    add_head(s, out);
    add_lines(out, s->job.commit.lines);
    add_contacts(s, out);
    add_keys(s, out);
    add_consumed(s, out);
}

/* Where the log ends then: as a dir store would have it (segment.c), which is what the moved log becomes. */
static void seal_it(struct redis_store *s)
{
    char room[LOG_HEADER_MAX + LOG_SEAL_MAX];
    struct buf text = {room, 0, sizeof room};
    const struct commit *c = &s->job.commit;
    struct redis_end *end = &s->job.end;
    *end = s->job.before;
    s->job.begins = c->lines.n && (!end->first || end->bytes > s->limit);
    if (!c->lines.n)
        return;
    if (s->job.begins) {
        struct log_header h = {.first = c->first};
        memcpy(h.previous, s->job.before.seal.hash, SEAL_HASH);
        log_header_add(&text, &h);
        end->first = c->first;
        end->bytes = 0;
        end->n_segments++;
    }
    seal_begin(s->hasher, s->job.before.seal.hash);
    seal_add(s->hasher, text.p, text.n);
    seal_add(s->hasher, c->lines.p, c->lines.n);
    seal_end(s->hasher, end->seal.hash);
    end->seal.seq = c->last;
    log_seal_add(&text, &end->seal);
    end->bytes += text.n + c->lines.n;
    end->log_bytes += text.n + c->lines.n;
}

static void run_commit(void *arg)
{
    struct redis_store *s = arg;
    struct redis_commit_job *job = &s->job;
    redisReply *reply;
    job->result = job->commit.lines.n ? check_lines(&job->commit, &job->msg) : ERR_OK;
    if (job->result)
        return;
    s->commits++;
    seal_it(s);
    write_call(s);
    job->result = redis_shard_write(s->commit_redis, &s->shard, &s->commit_call, &s->wait, &reply, &job->msg);
    if (job->result)
        return;
    freeReplyObject(reply);
    if (job->commit.lines.n)
        job->said = ring_block_new(job->commit.first, &job->end.seal, job->commit.lines);
}

static enum err conclude(struct redis_store *s, struct errmsg *msg)
{
    struct redis_commit_job *job = &s->job;
    if (job->result)
        return err_set(msg, job->result, "%s", job->msg.text);
    pthread_mutex_lock(&s->guard);
    job->end.moved = s->end.moved; /* the mover may have gone on meanwhile */
    s->end = job->end;
    if (job->said)
        ring_add(&s->ring, job->said);
    pthread_mutex_unlock(&s->guard);
    if (job->said && s->wait.replicas)
        redis_lease_tell(&s->lease, job->end.seal.seq, job->before.seal.seq);
    job->said = NULL;
    return ERR_OK;
}

enum err redis_store_commit(struct store *store, const struct commit *c, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    s->job = (struct redis_commit_job){.commit = *c, .before = redis_end_of(s)};
    if (!worker_give(&s->committer, run_commit, s))
        return err_set(msg, ERR_IO, "cannot start a thread for commits");
    return ERR_MORE;
}

enum err redis_store_commit_poll(struct store *store, bool wait, struct errmsg *msg)
{
    struct redis_store *s = redis_of(store);
    return worker_collect(&s->committer, wait) ? conclude(s, msg) : ERR_MORE;
}
