/* What the files of front.h share: two layers. Below, shard_submit() puts a request to one shard, whoever owns it
 * (front_shard.c, front_remote.c). Above, a request is spread over shards, and the answers become one (front_inputs.c,
 * front_gather.c, front_holds.c, front_scan.c).
 *
 * A shard's lock is taken before a link's, and none is held while somebody's done() is called. */
#ifndef SHARDS_FRONT_INSIDE_H
#define SHARDS_FRONT_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "shards/front/front.h"
#include "shards/intake/intake.h"
#include "shards/position.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define ASK_NS (10 * NS_PER_S)        /* for so long a question is asked, whoever owns the shard */
#define HELD_INPUTS_MAX LINK_LOAD_MAX /* that wait in this daemon for their turn in one shard */

/* --- below --- */

struct task;

/* Inputs, or a question, as one message over the wire. */
struct remote_call {
    struct link_call link;
    struct task *task;
    struct remote_call *next; /* of the task's */
    uint32_t first, n, got;   /* INPUTS: which of the task's, and how many of them have their result */
};

/* A request at one shard. While it is one, its done, owner and stream are ours. */
struct task {
    struct shard *shard;
    struct request *r;
    void (*done)(struct request *r);
    void *owner;
    struct stream *stream;
    struct request *rest; /* of inputs that an engine decided in part before it was closed: what is left; owned */
    int64_t deadline;     /* questions: monotonic nanoseconds */
    uint64_t *epoch;      /* SCAN */
    struct task *next, **at;
    struct remote_call *calls; /* owned */
    uint32_t calls_left;
    enum err err; /* of the calls */
    struct errmsg msg;
};

struct task_list {
    struct task *first, **last;
};

struct shard {
    struct front *front;
    unsigned number;
    struct link *link;

    pthread_mutex_t lock;
    struct engine *engine; /* NULL: it is another's */
    uint64_t epoch;        /* of that engine */
    bool closing;          /* an engine of ours is disowned and not closed: what it will have decided is not known */
    struct intake *intake;
    struct task_list direct; /* with the engine */
    struct task_list held;   /* inputs that must not overtake others */
    uint64_t held_inputs;
    uint32_t remote_inputs; /* tasks of inputs that are on the wire */
};

struct front_stream;
struct scan;

struct front {
    struct front_options options;
    char *uri, *password;
    struct store_options store;
    unsigned n;
    struct shard *shards;
    struct links *links;
    struct words *words;
    struct completions *queue; /* what is done on the front's thread */
    pthread_t thread;
    bool running;
    _Atomic bool stop;

    pthread_mutex_t lock; /* over these */
    pthread_cond_t changed;
    struct config *config; /* what is kept of it: channels, country_code, clock */
    unsigned n_intakes;    /* threads */
    unsigned n_holds;      /* orders under way */
    struct local_call *locals;
    struct front_stream *streams;
    uint64_t n_streams; /* that there ever were */
    struct scan *scans;
    uint64_t n_scans; /* the same */
};

/* front_shard.c. must: what the shard has no room for waits here. epoch: SCAN. false: no room, and nothing was done. */
bool shard_submit(struct shard *s, struct request *r, uint64_t *epoch, bool must) ERR_MUSTCHECK;
/* Would it take so many inputs? */
bool shard_has_room(struct shard *s, uint32_t n);
/* Whatever waits and may go, goes. */
void shard_pump(struct shard *s);
void shard_init(struct shard *s, struct front *f, unsigned number);
/* What waits is answered with ERR_IO. */
void shard_done(struct shard *s);
void task_finish(struct task *t);
uint64_t front_random(void);
static inline struct request *task_request(struct task *t)
{
    return t->rest ? t->rest : t->r;
}

/* front_remote.c, under the shard's lock: the room is reserved */
void remote_inputs(struct task *t);
void remote_question(struct task *t);
uint32_t remote_load(const struct request *r);

/* front_streams.c: the caller's stream of inputs, as an engine of ours knows it, and as others do */
struct stream *front_stream_engine(struct front *f, struct stream *key, unsigned shard);
uint64_t front_stream_number(struct front *f, struct stream *key, unsigned shard);
/* The shard's engine is gone. */
void front_streams_reset(struct front *f, unsigned shard);
void front_stream_end(struct front *f, struct request *r);
void front_streams_free(struct front *f);

/* --- above --- */

/* At once, on the caller's thread. */
void front_answer_now(struct request *r, enum err err, const char *text);

bool front_inputs(struct front *f, struct request *r);

/* One question to every shard of a range. */
struct gather {
    struct front *front;
    struct request *r; /* whose answer it is for */
    void *owner;
    unsigned first, n;
    struct request *parts;          /* n */
    void (*then)(struct gather *g); /* all are answered, with whatever; then it is freed */
    _Atomic unsigned left;
};
void gather_begin(struct front *f, enum request_kind kind, struct request *r, unsigned first, unsigned n, void *owner,
                  void (*then)(struct gather *g));
/* The first error of its parts, into r; ERR_OK: none. */
enum err gather_error(const struct gather *g, struct request *r);
/* Their bodies; the caller frees the array. */
struct str *gather_bodies(const struct gather *g);
void front_ask_all(struct front *f, struct request *r);

void front_hold_place(struct front *f, struct request *r);
void front_hold_lift(struct front *f, struct request *r);

void front_scan(struct front *f, struct request *r);
/* Keeps those that wait from being given up, and gives up those that nobody reads on. */
void front_scans_tend(struct front *f);
void front_scans_free(struct front *f);

/* front_calls.c */
void front_called(void *arg, unsigned shard, const struct intake_call *c);
void front_calls_free(struct front *f);

#endif
