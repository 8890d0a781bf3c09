/* The queue by which another thread hands finished work back to the loop: any thread pushes, the loop runs.
 *
 * A completion stands inside whatever it completes, so a push never allocates and never fails. At most as many are
 * queued as there are requests in flight, which the engine's own queue bounds. */
#ifndef BASE_COMPLETIONS_H
#define BASE_COMPLETIONS_H

#include "base/err.h"

struct completions;

struct completion {
    struct completion *next;              /* the queue's own */
    void (*run)(struct completion *done); /* on the loop's thread; set before the push */
    struct completions *queue;            /* for whoever pushes it, to know where; of no use to the queue itself */
};

enum err completions_new(struct completions **out, struct errmsg *msg) ERR_MUSTCHECK;
/* What is still queued is forgotten. NULL is fine. */
void completions_free(struct completions *q);
/* Readable (level) while something is queued. */
int completions_fd(const struct completions *q);

/* From any thread. c belongs to the queue until its run() is called. */
void completions_push(struct completions *q, struct completion *c);
/* The loop's thread: takes c out again if it is queued, before what holds it is freed. Not while the queue runs, or c may
 * be among what is being run. */
void completions_forget(struct completions *q, const struct completion *c);
/* The loop's thread: runs what was queued when it was called, in order of the pushes. */
void completions_run(struct completions *q);

#endif
