/* Those who use a daemon all at once, each on a thread with a connection of its own: channels that bring
 * certifications, an office that enrols and reports deaths, people who ask, those who wait for events. A town
 * keeps its size: who dies is replaced, and erased later. All of them can be made to pause. */
#ifndef TESTS_SOAK_CROWD_H
#define TESTS_SOAK_CROWD_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/record.h"
#include "tests/lib/node.h"

#define CROWD_MAX 16

struct latencies {
    uint32_t *us;
    size_t n, cap;
};

struct crowd {
    struct node *node;
    uint32_t people;             /* alive at any time */
    _Atomic uint32_t first, end; /* who is alive: numbers from first to before end */
    _Atomic uint32_t next;       /* to certify */
    _Atomic uint32_t next_ref;
    _Atomic int today;
    _Atomic uint64_t sent, refused, asked, polled, failed; /* inputs; of them refused; questions; events by long polls;
                                                              answers that should not have been */
    atomic_bool pause, stop;
    atomic_uint at_work;
    unsigned n;
    pthread_t threads[CROWD_MAX];
    pthread_mutex_t lock;
    struct latencies now; /* of what is answered at once, since they were taken */
};

/* Enrols everybody, and then begins. The town certifies once in so many seconds. */
void crowd_init(struct crowd *c, struct node *n, uint32_t people);
void crowd_enrol(struct crowd *c);
void crowd_start(struct crowd *c, unsigned round_seconds);
/* Returns when nobody has a request under way. */
void crowd_pause(struct crowd *c);
void crowd_go_on(struct crowd *c);
void crowd_stop(struct crowd *c);
void crowd_done(struct crowd *c);

/* Takes what was measured since the last time: the slowest of the quickest 99%, in microseconds; how many there
 * were. */
uint32_t crowd_p99(struct crowd *c, size_t *n);

#endif
