/* One entry of a stream, and what is made of it. All of it comes from outside. */
#include "shards/intake/intake_inside.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/clock.h"

/* How much later than its asker waits a question is still answered: so much two daemons' clocks may differ. */
#define LATE_MS 30000
#define NS_PER_MS INT64_C(1000000)
#define SHA256_BYTES 32

static struct str field_of(const struct stream_entry *e, const char *name)
{
    for (size_t i = 0; i < e->n_fields; i++)
        if (str_is(e->fields[i].name, name))
            return e->fields[i].value;
    return STR_NONE;
}

void intake_answer(struct intake *in, const char *reply_to, uint64_t call, const struct wire_answer *a)
{
    struct buf message = BUF_INIT;
    wire_write_answer(&message, call, a);
    struct stream_field field = {STR_LIT(STREAM_REPLY), buf_str(&message)};
    link_post(in->options.link,
              &(struct stream_add){.stream = reply_to, .fields = &field, .n_fields = 1, .expire_ms = STREAM_REPLY_MS});
    buf_done(&message);
}

static void name_reply(struct intake_job *job, const struct wire *w)
{
    snprintf(job->reply_to, sizeof job->reply_to, "out:%.*s", (int)w->instance.n, w->instance.p);
    job->call = w->call;
}

/* --- in --- */

/* How many of its inputs an earlier owner has decided. */
static uint32_t decided_before(const struct intake *in, const struct intake_source *source,
                               const struct stream_entry *e)
{
    const struct stream_partial *p = &in->partial;
    bool same = in->has_partial && p->id.ms == e->id.ms && p->id.n == e->id.n && strcmp(p->stream, source->name) == 0;
    return same ? p->done : 0;
}

static void read_inputs(struct intake *in, struct intake_job *job, const struct wire *w, uint32_t skip)
{
    if (wire_read_inputs(w, in->wire_parser, skip, &job->inputs, &job->fault) != ERR_OK)
        return;
    job->source.skip = skip;
    if (job->inputs.stream)
        job->stream = intake_stream_get(in, w->instance, job->inputs.stream);
}

/* What cannot be read is removed all the same, and whoever can be told is told. */
static bool take_inputs(struct intake *in, const struct intake_source *source, const struct stream_entry *e)
{
    struct intake_job *job = intake_job_new(in, JOB_INPUTS, source, e);
    struct wire w = {.instance = STR_NONE};
    uint64_t stream = 0;
    if (wire_read(field_of(e, WIRE_FIELD), &w, &job->fault) == ERR_OK) {
        if (w.kind == WIRE_STREAM_END && wire_read_stream_end(&w, &stream) == ERR_OK)
            intake_stream_end(in, w.instance, stream);
        else if (w.kind == WIRE_STREAM_END)
            stream = 0;
        else {
            if (w.instance.p)
                name_reply(job, &w);
            read_inputs(in, job, &w, decided_before(in, source, e));
        }
    }
    return intake_submit(job);
}

/* --- in:CHANNEL --- */

static void sha256(struct str text, unsigned char out[KEY_HASH])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL) != 1 || n != SHA256_BYTES)
        mem_none("cannot hash an input");
    memcpy(out, digest, KEY_HASH);
}

/* A key counts for its channel alone. */
static void hash_key(const char *channel, struct str key, struct str text, struct input_key *out)
{
    struct buf name = BUF_INIT;
    BUF_LIT(&name, "channel:");
    buf_add(&name, channel, strlen(channel) + 1);
    buf_addstr(&name, key);
    sha256(buf_str(&name), out->key);
    sha256(text, out->body);
    buf_done(&name);
}

static bool key_is_good(struct str key)
{
    return !key.p || (key.n >= 1 && key.n <= 255);
}

static void refuse(struct intake_job *job, const char *member, const char *why)
{
    snprintf(job->member, sizeof job->member, "%s", member);
    err_set(&job->fault, ERR_INVALID, "%s", why);
}

/* Only what a token for that channel's certifications might send. */
static void admit(struct intake_job *job, const struct intake_source *source)
{
    char channel[65], *channels[] = {channel};
    const struct text_list own = {channels, 1};
    const char *why;
    memcpy(channel, source->channel, sizeof channel);
    const char *member = channels_forbid(&own, job->inputs.inputs, &why);
    if (member)
        refuse(job, member, why);
}

static void read_one(struct intake *in, struct intake_job *job, const struct intake_source *source, struct str text,
                     struct str key)
{
    struct input_fault fault = {.text = ""};
    size_t used;
    if (!text.p || !key_is_good(key)) {
        refuse(job, text.p ? "k" : "i", text.p ? "a key has 1 to 255 bytes" : "expected one input as JSON");
        return;
    }
    struct wire_inputs *one = &job->inputs;
    one->inputs = mem_zalloc(1, sizeof *one->inputs);
    one->results = mem_zalloc(1, sizeof *one->results);
    one->arena = mem_alloc(2 * (text.n < INPUT_LINE_MAX ? text.n : INPUT_LINE_MAX) + 64); /* a longer one is refused */
    if (input_parse(in->channel_parser, text.p, text.n, one->inputs, one->arena, &used, &fault) != ERR_OK)
        refuse(job, fault.member, fault.text);
    else
        admit(job, source);
    if (*job->fault.text)
        return;
    one->n = 1;
    if (!key.p)
        return;
    one->keys = mem_zalloc(1, sizeof *one->keys);
    hash_key(source->channel, key, text, one->keys);
}

static bool take_channel(struct intake *in, const struct intake_source *source, const struct stream_entry *e)
{
    struct intake_job *job = intake_job_new(in, JOB_INPUTS, source, e);
    memcpy(job->channel, source->channel, sizeof job->channel);
    read_one(in, job, source, field_of(e, "i"), field_of(e, "k"));
    return intake_submit(job);
}

/* --- ask --- */

static bool is_late(int64_t deadline)
{
    return clock_wall_ns() / NS_PER_MS > deadline + LATE_MS;
}

/* Answered without the engine, or not at all. */
static void settle(struct intake *in, const struct wire *w, struct stream_id id, enum err err, const char *text)
{
    char reply_to[STREAM_NAME_MAX + 1];
    snprintf(reply_to, sizeof reply_to, "out:%.*s", (int)w->instance.n, w->instance.p);
    if (err)
        intake_answer(in, reply_to, w->call, &(struct wire_answer){.err = err, .text = str_of(text)});
    link_asked(in->options.link, id);
}

static bool take_question(struct intake *in, const struct intake_source *source, const struct stream_entry *e,
                          const struct wire *asked)
{
    struct intake_job *job = intake_job_new(in, JOB_QUESTION, source, e);
    struct wire_question q;
    struct wire w;
    struct errmsg msg = {""};
    name_reply(job, asked);
    buf_addstr(&job->bytes, field_of(e, WIRE_FIELD));
    enum err err = wire_read(buf_str(&job->bytes), &w, &msg);
    if (!err)
        err = wire_read_question(&w, &q, &job->request, &msg);
    bool late = !err && is_late(q.deadline);
    if (!err && q.epoch && q.epoch != in->options.epoch)
        err = err_set(&msg, ERR_ABSENT, "the list was given up: the shard has another owner");
    if (!err && !late)
        return intake_submit(job);
    settle(in, asked, e->id, err, msg.text);
    intake_job_free(job);
    return true;
}

static void take_call(struct intake *in, const struct stream_entry *e, const struct wire *w)
{
    struct intake_call c = {.instance = w->instance, .call = w->call, .id = e->id};
    struct errmsg msg = {""};
    int64_t deadline = 0;
    enum err err = wire_read_call(w, &deadline, &c.method, &c.body, &msg);
    if (err || is_late(deadline))
        settle(in, w, e->id, err, msg.text);
    else
        in->options.called(in->options.arg, in->options.shard, &c);
}

static bool take_asked(struct intake *in, const struct intake_source *source, const struct stream_entry *e)
{
    struct wire w;
    struct errmsg msg;
    if (wire_read(field_of(e, WIRE_FIELD), &w, &msg) != ERR_OK || (w.kind != WIRE_QUESTION && w.kind != WIRE_CALL)) {
        link_asked(in->options.link, e->id); /* nobody can be told */
        return true;
    }
    if (w.kind == WIRE_QUESTION)
        return take_question(in, source, e, &w);
    take_call(in, e, &w);
    return true;
}

bool intake_take(struct intake *in, const struct intake_source *source, const struct stream_entry *e)
{
    if (*source->channel)
        return take_channel(in, source, e);
    return source == &in->sources[INTAKE_ASK] ? take_asked(in, source, e) : take_inputs(in, source, e);
}
