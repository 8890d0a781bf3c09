/* What the engine has of an intake's, and what becomes of it. */
#include "shards/intake/intake_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define NS_PER_MS INT64_C(1000000)
#define RETRY_MS 2                                      /* when the engine's queue is full */
#define STREAM_IDLE_NS (INT64_C(60) * 1000 * NS_PER_MS) /* longer than any pause that a daemon makes in one */

struct intake_job *intake_job_new(struct intake *in, enum job_kind kind, const struct intake_source *source,
                                  const struct stream_entry *e)
{
    struct intake_job *job = mem_zalloc(1, sizeof *job);
    job->in = in;
    job->kind = kind;
    job->request.owner = job;
    if (source)
        snprintf(job->stream_name, sizeof job->stream_name, "%s", source->name);
    if (e)
        job->id = e->id;
    job->source = (struct source){.stream = str_of(job->stream_name), .ms = job->id.ms, .n = job->id.n};
    return job;
}

void intake_job_free(struct intake_job *job)
{
    wire_inputs_done(&job->inputs);
    buf_done(&job->bytes);
    buf_done(&job->request.body);
    free(job);
}

/* --- when the engine has answered --- */

/* A channel hears of what was refused and rejected; what was taken it sees in the events. */
static void tell_channel(const struct intake_job *job)
{
    const struct input_result *r = job->inputs.results;
    struct str member = str_of(job->member), fault = str_of(job->fault.text);
    char stream[STREAM_NAME_MAX + 1], id[48];
    if (!fault.n && r->result == RESULT_ERROR) {
        member = str_of(r->member ? r->member : "");
        fault = str_of(r->fault);
    } else if (!fault.n && r->result == RESULT_REJECTED)
        fault = str_of(reason_text(r->reason));
    if (!fault.n)
        return;
    snprintf(stream, sizeof stream, "refused:%s", job->channel);
    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, job->id.ms, job->id.n);
    struct stream_field fields[] = {
        {STR_LIT("id"), str_of(id)}, {STR_LIT("member"), member}, {STR_LIT("fault"), fault}};
    link_post(job->in->options.link,
              &(struct stream_add){.stream = stream, .fields = fields, .n_fields = 3, .keep = REFUSED_KEEP});
}

static void tell_asker(const struct intake_job *job)
{
    const struct request *r = &job->request;
    struct wire_answer a = {
        .err = r->err,
        .text = r->err ? str_of(r->msg.text) : STR_NONE,
        .epoch = job->in->options.epoch,
        .scan = r->scan.id,
        .position = r->scan.position,
        .member = str_of(r->scan.member),
        .body = buf_str(&r->body),
    };
    intake_answer(job->in, job->reply_to, job->call, &a);
    link_asked(job->in->options.link, job->id);
}

static void free_stream(struct intake *in, struct intake_stream *s)
{
    struct intake_stream **at = &in->streams;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    free(s);
}

static void on_done(struct request *r)
{
    struct intake_job *job = r->owner;
    struct intake *in = job->in;
    if (job->kind == JOB_INPUTS && *job->channel)
        tell_channel(job);
    if (job->kind == JOB_QUESTION)
        tell_asker(job);
    pthread_mutex_lock(&in->lock);
    *job->at = job->next;
    if (job->next)
        job->next->at = job->at;
    in->n_inputs -= job->inputs.n;
    in->n_questions -= job->kind == JOB_QUESTION;
    if (job->stream)
        job->stream->users--;
    if (job->kind == JOB_STREAM_END)
        free_stream(in, job->stream);
    pthread_cond_signal(&in->changed);
    pthread_mutex_unlock(&in->lock);
    intake_job_free(job);
}

/* --- giving it to the engine --- */

/* What was decided is told in the reply that goes with the commit. */
static void write_reply(const struct request *r, uint32_t first, uint32_t n, struct buf *out)
{
    const struct intake_job *job = r->owner;
    if (n)
        wire_write_results(out, job->call, job->source.skip + first, r->results + first, n);
    else
        wire_write_answer(out, job->call, &(struct wire_answer){.err = ERR_INVALID, .text = str_of(job->fault.text)});
}

static void fill_in(struct intake_job *job)
{
    struct request *r = &job->request;
    r->done = on_done;
    if (job->kind != JOB_INPUTS)
        return;
    r->kind = REQUEST_INPUTS;
    r->inputs = job->inputs.inputs;
    r->results = job->inputs.results;
    r->keys = job->inputs.keys;
    r->n_inputs = job->inputs.n;
    r->stream = job->stream ? &job->stream->engine : NULL;
    r->source = &job->source;
    if (*job->reply_to) {
        job->source.reply_to = str_of(job->reply_to);
        job->source.reply = write_reply;
    }
}

static bool has_room(const struct intake *in, const struct intake_job *job)
{
    if (job->kind == JOB_QUESTION)
        return in->n_questions < INTAKE_QUESTIONS_MAX;
    return in->accelerated || in->n_inputs == 0 || in->n_inputs + job->inputs.n <= INTAKE_INPUTS_MAX;
}

static void enlist(struct intake *in, struct intake_job *job)
{
    job->next = in->jobs;
    job->at = &in->jobs;
    if (job->next)
        job->next->at = &job->next;
    in->jobs = job;
    in->n_inputs += job->inputs.n;
    in->n_questions += job->kind == JOB_QUESTION;
}

static void strike_off(struct intake *in, struct intake_job *job)
{
    *job->at = job->next;
    if (job->next)
        job->next->at = job->at;
    in->n_inputs -= job->inputs.n;
    in->n_questions -= job->kind == JOB_QUESTION;
}

static void wait_a_little(struct intake *in)
{
    int64_t until = clock_monotonic_ns() + RETRY_MS * NS_PER_MS;
    struct timespec t = {.tv_sec = (time_t)(until / (1000 * NS_PER_MS)), .tv_nsec = (long)(until % (1000 * NS_PER_MS))};
    pthread_cond_timedwait(&in->changed, &in->lock, &t);
}

/* The lock is held over engine_submit(): after intake_stop() has had it nothing is submitted any more. */
bool intake_submit(struct intake_job *job)
{
    struct intake *in = job->in;
    bool taken = false;
    fill_in(job);
    pthread_mutex_lock(&in->lock);
    while (!in->stop && !taken) {
        if (has_room(in, job)) {
            enlist(in, job);
            taken = engine_submit(in->options.engine, &job->request);
            if (!taken)
                strike_off(in, job);
        }
        if (!taken)
            wait_a_little(in);
    }
    if (!taken && job->stream)
        job->stream->users--;
    pthread_mutex_unlock(&in->lock);
    if (!taken)
        intake_job_free(job);
    return taken;
}

/* --- streams of inputs --- */

static struct intake_stream *find_stream(struct intake *in, struct str instance, uint64_t number)
{
    for (struct intake_stream *s = in->streams; s; s = s->next)
        if (s->number == number && !s->ending && str_is(instance, s->instance))
            return s;
    return NULL;
}

struct intake_stream *intake_stream_get(struct intake *in, struct str instance, uint64_t number)
{
    pthread_mutex_lock(&in->lock);
    struct intake_stream *s = find_stream(in, instance, number);
    if (!s) {
        s = mem_zalloc(1, sizeof *s);
        stream_init(&s->engine);
        memcpy(s->instance, instance.p, instance.n);
        s->number = number;
        s->next = in->streams;
        in->streams = s;
    }
    s->users++;
    s->touched = clock_monotonic_ns();
    pthread_mutex_unlock(&in->lock);
    return s;
}

static void end_stream(struct intake *in, struct intake_stream *s)
{
    struct intake_job *job = intake_job_new(in, JOB_STREAM_END, NULL, NULL);
    job->request.kind = REQUEST_STREAM_END;
    job->request.stream = &s->engine;
    job->stream = s;
    (void)!intake_submit(job);
}

void intake_stream_end(struct intake *in, struct str instance, uint64_t number)
{
    pthread_mutex_lock(&in->lock);
    struct intake_stream *s = find_stream(in, instance, number);
    if (s) {
        s->ending = true;
        s->users++;
    }
    pthread_mutex_unlock(&in->lock);
    if (s)
        end_stream(in, s);
}

void intake_streams_expire(struct intake *in)
{
    int64_t now = clock_monotonic_ns();
    struct intake_stream *old;
    do {
        old = NULL;
        pthread_mutex_lock(&in->lock);
        for (struct intake_stream *s = in->streams; s && !old; s = s->next)
            if (!s->ending && !s->users && now - s->touched > STREAM_IDLE_NS)
                old = s;
        if (old) {
            old->ending = true;
            old->users++;
        }
        pthread_mutex_unlock(&in->lock);
        if (old)
            end_stream(in, old);
    } while (old);
}
