/* A thread of a store's own that does one job at a time, and the bell that says a job is done. The thread starts with
 * the first job. Jobs are given and collected by one thread. */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include <pthread.h>
#include <stdbool.h>

/* An eventfd that counts jobs done and not yet collected; readable while there are any. */
struct bell {
    int fd;
};

bool bell_init(struct bell *b); /* false: errno says why */
void bell_done(struct bell *b);

struct worker {
    struct bell *bell; /* borrowed */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool started, stop;
    enum { WORKER_IDLE, WORKER_BUSY, WORKER_FINISHED } state;
    void (*job)(void *arg);
    void *arg;
};

void worker_init(struct worker *w, struct bell *b);
void worker_done(struct worker *w); /* after what is under way */

/* The worker must be idle. false: no thread could be had; errno says why. */
bool worker_give(struct worker *w, void (*job)(void *arg), void *arg);
/* true: the job is done, and the worker idle again. With wait it always is. */
bool worker_collect(struct worker *w, bool wait);

#endif
