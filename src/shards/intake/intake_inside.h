/* What the files of intake.h share. */
#ifndef SHARDS_INTAKE_INSIDE_H
#define SHARDS_INTAKE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "shards/intake/intake.h"

#define INTAKE_IN 0 /* places among the sources */
#define INTAKE_ASK 1
#define INTAKE_SOURCES_MAX (2 + CHANNEL_MAX)

/* A stream that is read. */
struct intake_source {
    char name[STREAM_NAME_MAX + 1];
    char channel[65]; /* "": none */
    struct stream_id after;
};

/* Inputs of another daemon that belong together (struct stream). */
struct intake_stream {
    struct intake_stream *next;
    struct stream engine;
    char instance[WIRE_INSTANCE_MAX + 1];
    uint64_t number;
    unsigned users; /* jobs with the engine */
    int64_t touched;
    bool ending;
};

enum job_kind { JOB_INPUTS, JOB_QUESTION, JOB_STREAM_END };

/* A request that the engine has. */
struct intake_job {
    struct request request;
    enum job_kind kind;
    struct intake *in;
    struct intake_job *next, **at; /* under the intake's lock */
    struct source source;          /* INPUTS */
    struct wire_inputs inputs;     /* the same; none: the entry is removed, no more */
    struct intake_stream *stream;
    char channel[65]; /* "": from another daemon */
    char stream_name[STREAM_NAME_MAX + 1], reply_to[STREAM_NAME_MAX + 1];
    uint64_t call;
    struct stream_id id;
    struct buf bytes;    /* the message that strings point into */
    struct errmsg fault; /* why an entry was refused; "": it was not */
    char member[64];
};

struct intake {
    struct intake_options options;
    struct store_options store;
    char *uri, *password;
    bool accelerated;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop; /* under the lock, like all up to here: */
    struct intake_job *jobs;
    uint32_t n_inputs, n_questions; /* with the engine */
    struct intake_stream *streams;
    bool new_channels;
    struct text_list channels;
    char country_code[8];
    unsigned refs; /* the thread's, and the owner's */

    struct streams *redis; /* these are the thread's */
    struct input_parser *wire_parser, *channel_parser;
    struct intake_source sources[INTAKE_SOURCES_MAX];
    unsigned n_sources;
    struct stream_partial partial;
    bool has_partial, failing;
};

/* intake_jobs.c */
struct intake_job *intake_job_new(struct intake *in, enum job_kind kind, const struct intake_source *source,
                                  const struct stream_entry *e);
/* Gives it to the engine, waiting for room. false: it is over; the job is gone. */
bool intake_submit(struct intake_job *job);
void intake_job_free(struct intake_job *job);
/* One more input of that stream of another daemon's; under no lock. */
struct intake_stream *intake_stream_get(struct intake *in, struct str instance, uint64_t number);
/* Ends it in the engine; without one nothing is done. */
void intake_stream_end(struct intake *in, struct str instance, uint64_t number);
/* Ends those whose daemon has sent nothing for long. */
void intake_streams_expire(struct intake *in);

/* intake_entries.c: one entry; false: it is over */
bool intake_take(struct intake *in, const struct intake_source *source, const struct stream_entry *e);
/* To the one who asked. */
void intake_answer(struct intake *in, const char *reply_to, uint64_t call, const struct wire_answer *a);

#endif
