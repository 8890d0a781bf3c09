#include "shards/intake/intake.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/crash.h"
#include "shards/intake/intake_inside.h"
#include "shards/set.h"

#define STACK_BYTES (256 * 1024)
#define BLOCK_MS 1000    /* the longest wait in Redis, and so until a stop is seen */
#define PATIENCE_MS 2000 /* of one call to Redis; it is repeated as long as the shard is ours */
#define READ_COUNT 32    /* entries of each stream at a time: of 256 KiB at most, but for those of strangers */
#define RETRY_MS 200
#define WARN_EVERY_NS INT64_C(10000000000)

/* --- what is read --- */

static void set_source(struct intake_source *s, const char *name, const char *channel)
{
    *s = (struct intake_source){.name = ""};
    snprintf(s->name, sizeof s->name, "%s%s", name, channel);
    snprintf(s->channel, sizeof s->channel, "%s", channel);
}

/* Where reading of a stream goes on; from its beginning, when it was not read before. */
static struct stream_id place_of(const struct intake_source *v, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(v[i].name, name) == 0)
            return v[i].after;
    return (struct stream_id){0, 0};
}

/* The list of channels may be another one now. */
static void choose_sources(struct intake *in)
{
    struct intake_source before[INTAKE_SOURCES_MAX];
    unsigned n = in->n_sources;
    memcpy(before, in->sources, n * sizeof *before);
    pthread_mutex_lock(&in->lock);
    if (in->new_channels) {
        struct input_options o = {.allow_at = in->accelerated};
        memcpy(o.country_code, in->country_code, sizeof o.country_code);
        input_parser_free(in->channel_parser);
        in->channel_parser = input_parser_new(&o);
        set_source(&in->sources[INTAKE_IN], "in", "");
        set_source(&in->sources[INTAKE_ASK], "ask", "");
        in->n_sources = 2;
        for (unsigned i = 0; i < in->channels.n && in->n_sources < INTAKE_SOURCES_MAX; i++)
            set_source(&in->sources[in->n_sources++], "in:", in->channels.v[i]);
        for (unsigned i = 0; i < in->n_sources; i++)
            in->sources[i].after = place_of(before, n, in->sources[i].name);
        in->new_channels = false;
    }
    pthread_mutex_unlock(&in->lock);
}

static enum err connect_to(struct intake *in, struct errmsg *msg)
{
    char uri[SHARD_URI_MAX];
    if (in->redis)
        return ERR_OK;
    struct streams *s;
    shard_uri(in->uri, in->options.shard, uri);
    enum err e = streams_open(uri, &in->store, PATIENCE_MS, &s, msg);
    if (e)
        return e;
    e = streams_partial(s, &in->partial, msg);
    in->has_partial = e == ERR_OK;
    if (e && e != ERR_ABSENT)
        streams_close(s);
    else
        in->redis = s;
    return e == ERR_ABSENT ? ERR_OK : e;
}

static enum err read_some(struct intake *in, struct errmsg *msg)
{
    struct stream_from from[INTAKE_SOURCES_MAX];
    const struct stream_entry *entries;
    size_t n = 0;
    enum err e = connect_to(in, msg);
    for (unsigned i = 0; i < in->n_sources; i++)
        from[i] = (struct stream_from){in->sources[i].name, in->sources[i].after};
    if (!e)
        e = streams_read(in->redis, from, in->n_sources, BLOCK_MS, READ_COUNT, &entries, &n, msg);
    for (size_t i = 0; !e && i < n; i++) {
        struct intake_source *s = &in->sources[entries[i].from];
        if (!intake_take(in, s, &entries[i]))
            break;
        s->after = entries[i].id;
    }
    return e;
}

/* --- the thread --- */

static bool is_stopped(struct intake *in)
{
    pthread_mutex_lock(&in->lock);
    bool stop = in->stop;
    pthread_mutex_unlock(&in->lock);
    return stop;
}

static void complain(struct intake *in, const struct errmsg *why, int64_t *warned)
{
    char text[1200];
    int64_t now = clock_monotonic_ns();
    if (in->options.warn && (!*warned || now - *warned > WARN_EVERY_NS)) {
        *warned = now;
        snprintf(text, sizeof text, "shard %u: its inputs cannot be read, and are tried again: %.900s",
                 in->options.shard, why->text);
        in->options.warn(in->options.arg, text);
    }
    nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
}

/* The thread may look at a stream of inputs until it ends. */
static void intake_free(struct intake *in)
{
    for (struct intake_stream *s = in->streams, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    pthread_mutex_destroy(&in->lock);
    pthread_cond_destroy(&in->changed);
    text_list_done(&in->channels);
    if (in->password)
        explicit_bzero(in->password, strlen(in->password));
    free(in->password);
    free(in->uri);
    free(in);
}

static void unref(struct intake *in)
{
    pthread_mutex_lock(&in->lock);
    bool last = --in->refs == 0;
    pthread_mutex_unlock(&in->lock);
    if (last)
        intake_free(in);
}

static void *serve(void *arg)
{
    struct intake *in = arg;
    void (*ended)(void *) = in->options.ended;
    void *owner = in->options.arg;
    int64_t warned = 0;
    while (!is_stopped(in)) {
        struct errmsg msg = {""};
        choose_sources(in);
        if (read_some(in, &msg) != ERR_OK)
            complain(in, &msg, &warned);
        intake_streams_expire(in);
    }
    streams_close(in->redis);
    input_parser_free(in->wire_parser);
    input_parser_free(in->channel_parser);
    unref(in);
    ended(owner);
    return NULL;
}

static int start_thread(struct intake *in)
{
    sigset_t signals, before;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    crash_block_others(&signals);
    pthread_sigmask(SIG_SETMASK, &signals, &before);
    int failed = pthread_create(&in->thread, &attr, serve, in);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return failed;
}

/* --- life --- */

static struct intake *intake_new(const struct intake_options *o)
{
    struct intake *in = mem_zalloc(1, sizeof *in);
    struct input_options wire = {.allow_at = true};
    pthread_condattr_t monotonic;
    in->options = *o;
    in->store = *o->store;
    in->uri = mem_strdup(o->uri);
    if (o->store->password)
        in->store.password = in->password = mem_strdup(o->store->password);
    in->accelerated = o->config->clock == CLOCK_ACCELERATED;
    in->refs = 2;
    pthread_mutex_init(&in->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&in->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    in->wire_parser = input_parser_new(&wire);
    intake_reconfigure(in, o->config);
    return in;
}

enum err intake_start(const struct intake_options *o, struct intake **out, struct errmsg *msg)
{
    struct intake *in = intake_new(o);
    if (start_thread(in) == 0) {
        *out = in;
        return ERR_OK;
    }
    input_parser_free(in->wire_parser);
    intake_free(in);
    return err_set(msg, ERR_IO, "shard %u: cannot start a thread for its inputs", o->shard);
}

void intake_reconfigure(struct intake *in, const struct config *c)
{
    pthread_mutex_lock(&in->lock);
    text_list_done(&in->channels);
    in->channels = (struct text_list){.n = 0};
    for (unsigned i = 0; i < c->n_channels; i++)
        text_list_add(&in->channels, c->channels[i].name);
    memcpy(in->country_code, c->country_code, sizeof in->country_code);
    in->new_channels = true;
    pthread_mutex_unlock(&in->lock);
}

void intake_stop(struct intake *in)
{
    pthread_mutex_lock(&in->lock);
    in->stop = true;
    pthread_cond_signal(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

void intake_closed(struct intake *in)
{
    pthread_mutex_lock(&in->lock);
    struct intake_job *jobs = in->jobs;
    in->jobs = NULL;
    pthread_mutex_unlock(&in->lock);
    for (struct intake_job *next; jobs; jobs = next) {
        next = jobs->next;
        intake_job_free(jobs);
    }
    unref(in);
}
