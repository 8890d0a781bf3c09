/* What the files of link.h share. */
#ifndef SHARDS_LINK_INSIDE_H
#define SHARDS_LINK_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "shards/front/link.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define LINK_READ_COUNT 256 /* answers of one reading */
#define LINK_FIELDS_MAX 4   /* of an entry */

/* An entry to be added. */
struct outgoing {
    struct outgoing *next;
    uint64_t keep;
    int64_t expire_ms;
    unsigned n_fields;
    struct str *fields; /* a name and a value each; in this block, like their text */
    char stream[STREAM_NAME_MAX + 1];
};

/* Inputs that were given up: their entry may still be there. */
struct given_up {
    uint64_t number;
    uint32_t load;
    int64_t at;
};

enum link_list { LINK_INPUTS, LINK_QUESTIONS, LINK_LISTS };

enum link_state { LINK_IDLE, LINK_QUEUED, LINK_RUNNING };

struct link {
    struct links *all;
    unsigned shard;

    pthread_mutex_t lock; /* over these */
    struct outgoing *out, **out_tail;
    struct stream_id *asked; /* to be removed from "ask" */
    size_t n_asked, cap_asked;
    struct link_call *calls[LINK_LISTS], **calls_tail[LINK_LISTS]; /* each in order of their sending */
    struct given_up *given_up;
    size_t n_given_up, cap_given_up;
    uint64_t load;
    int64_t heard;  /* when anything came from the owner */
    int64_t passed; /* when the latest inputs were sent that were answered; 0 where order says nothing */

    enum link_state state; /* these under all->lock */
    bool again;            /* more has come while it ran */
    int64_t due;           /* QUEUED: when its turn comes, at the earliest */
    size_t place;          /* in the queue */

    struct streams *streams; /* these belong to the thread that runs it */
    char out_stream[STREAM_NAME_MAX + 1];
    struct stream_id cursor;
    struct stream_id read[LINK_READ_COUNT]; /* answers that were read, to be removed */
    size_t n_read;
    int64_t active; /* when something was last sent or read */
    bool failing;
};

struct links {
    struct links_options options;
    char instance[WIRE_INSTANCE_MAX + 1];
    char *uri, *password;
    struct store_options store;
    struct link *v;
    _Atomic uint64_t number;
    _Atomic int64_t warned;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct link **queue; /* a heap by due */
    size_t n_queue;
    bool stop;
    pthread_t threads[LINK_THREADS];
    unsigned n_threads;
};

/* link_queue.c: under all->lock */
void link_queue_push(struct links *all, struct link *l, int64_t due);
/* Sooner, if that is sooner. */
void link_queue_hasten(struct links *all, struct link *l, int64_t due);
struct link *link_queue_pop(struct links *all);

/* link_run.c: one turn. When the next one is due; INT64_MAX: when somebody wants something. */
int64_t link_run(struct link *l);
void link_hang_up(struct link *l);

/* link.c: takes the call of that number out of its list; NULL: there is none. */
struct link_call *link_take(struct link *l, uint64_t number);
void link_put_back(struct link *l, struct link_call *c);
void link_over(struct link *l, uint32_t load);
bool link_has_calls(struct link *l);

#endif
