/* A thread of the load, and how it speaks to a daemon. */
#ifndef TESTS_CHAOS_HAND_H
#define TESTS_CHAOS_HAND_H

#include <curl/curl.h>

#include "tests/chaos/load.h"

#define PEOPLE 120 /* of each worker */
#define LINES_MAX 256

struct hand {
    struct load *load;
    unsigned number;
    struct rng rng;
    CURL *curl;
    struct buf answer, body;  /* answer: terminated */
    uint32_t people;          /* enrolled so far: number, number + THREADS ... */
    uint32_t refs[PEOPLE];    /* the last certification's */
    lc_date deaths[PEOPLE];   /* reported last: each once */
    uint32_t next;            /* makes marks differ */
    size_t places[LINES_MAX]; /* in the book, of the body's lines */
    unsigned n_lines;
    uint64_t n_bodies;
};

void hand_init(struct hand *w, struct load *l, unsigned number);
void hand_done(struct hand *w);
unsigned hand_below(struct hand *w, unsigned n);
void hand_wait(unsigned ms);

/* Begins a body, and adds one input: op, whom ("P-000123") and further members (",\"a\":1"), with its mark. */
void body_begin(struct hand *w);
void body_add(struct hand *w, const char *op, const char *id, const char *members, const char *mark);
/* One request to a daemon: true when every line has its answer. */
bool body_send(struct hand *w, unsigned daemon, unsigned timeout_ms);
/* Sends it until it is answered; now and then gives up after a failure, when that may be. */
void body_deliver(struct hand *w, bool may_give_up);

/* GET: the status; the answer is in w->answer. */
long hand_get(struct hand *w, unsigned daemon, const char *target);

#endif
