/* Many trials, each in a process of its own: as many at a time as are wanted, each with a bound, and whatever becomes
 * of one is told. */
#ifndef TESTS_FAULTS_CAMPAIGN_H
#define TESTS_FAULTS_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/faults/faults.h"

#define STORY_MAX (1 << 20)

/* One trial: what happens in its life, and then in the start after it. */
struct task {
    struct faults_order order;
    uint64_t again; /* killed once more, at that call of the next start; 0: not */
};

/* What became of it. */
struct outcome {
    bool whole;      /* the trial came to its end; else fault says what it said last */
    char fault[600]; /* "": all that must hold held */
    char folder[100];
    struct faults seen;   /* by the library, until the first death or to the end */
    uint64_t start_calls; /* task.again: how many calls that start had */
    bool again;           /* task.again came to pass */
    int result;           /* which way it went: the program's own */
    unsigned repeated;    /* steps */
    double seconds;
};

/* What every trial is held against, made by one without faults. */
struct reference {
    char text[STORY_MAX];
    unsigned messages;
};

struct campaign {
    unsigned jobs, seconds; /* at a time; for one trial */
    bool keep;              /* the folders of those with a fault */
    void (*trial)(const struct task *task, const struct reference *reference, struct outcome *out);
    bool (*next)(void *arg, struct task *out); /* false: no more; asked again after done() */
    void (*done)(void *arg, const struct task *task, const struct outcome *out);
    void *arg;
};

/* Shared with the trials' processes. */
struct reference *campaign_reference(void);
/* Until there is no next one, and all are done. */
void campaign_run(const struct campaign *c, const struct reference *reference);
/* One trial, its outcome in *out; for the reference and a replay. */
void campaign_one(const struct campaign *c, const struct task *task, const struct reference *reference,
                  struct outcome *out);

/* Of an option's argument; else the program ends. */
uint64_t campaign_number(const char *program, const char *text, const char *option);

#endif
