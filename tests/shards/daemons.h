/* Daemons of a set of shards in one process: each has a front, and engines with a thread for the shards that it
 * owns, over a real Redis. In the place of the office, which has tests of its own, stands one that does what it is
 * told at once. */
#ifndef TESTS_SHARDS_DAEMONS_H
#define TESTS_SHARDS_DAEMONS_H

#include <pthread.h>
#include <stdatomic.h>

#include "shards/front/front.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define DAEMON_SHARDS 4
#define DAEMONS 2

struct owned {
    struct engine *engine; /* NULL: it is another's */
    pthread_t thread;
    atomic_bool stop;
};

struct daemon {
    struct front *front;
    struct office *office; /* a fake one: office_instance() is its name */
    struct owned owned[DAEMON_SHARDS];
    struct config *config;
};

/* The set, and its daemons; conf: of all of them. n shards, up to DAEMON_SHARDS. */
struct daemons {
    struct redis_server server;
    struct shard_set set;
    char uri[128], conf_file[300];
    struct daemon v[DAEMONS];
    struct store_options store;
    uint32_t batch_bytes; /* of the engines; 0: the default */
};

void daemons_open(struct daemons *d, unsigned n_shards, const char *conf);
void daemons_close(struct daemons *d);

/* Takes a shard, and hands it over cleanly, or as after a failed commit: what it had not committed is gone. */
void daemon_take(struct daemons *d, unsigned daemon, unsigned shard);
void daemon_hand_over(struct daemons *d, unsigned daemon, unsigned shard);
void daemon_crash(struct daemons *d, unsigned daemon, unsigned shard);

/* What the fake office answers to the next orders. */
void office_answers(enum err err);

/* Submits, and waits until it is answered. */
void ask(struct front *f, struct request *r);
/* The same without waiting: *answered becomes true. */
void ask_later(struct front *f, struct request *r, atomic_bool *answered);
/* Until it is, half a minute at most. */
bool await_flag(const atomic_bool *flag);
/* The answer's body, terminated, until the next call; its error's text when it has none. */
const char *ask_text(struct front *f, struct request *r);

/* An id that belongs to that shard, the i-th of its kind; at least 24 bytes. */
void id_in(unsigned shard, unsigned n_shards, unsigned i, char out[24]);
/* An enrolment into "national". */
struct input enrol(struct str id);

/* Redis's answer to a command in words, as text of one line: what is nested is in brackets. Until the next call. */
const char *redis_says(struct daemons *d, const char *format, ...);

#endif
