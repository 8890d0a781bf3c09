/* One daemon's life under faults, from the making of its store to a last clean stop: a fixed series of steps
 * (script.c), which goes on where it was after every death, sending again what was not answered. What comes of it all
 * is one text, which must be the same whatever happened on the way. */
#ifndef TESTS_FAULTS_LIFE_H
#define TESTS_FAULTS_LIFE_H

#include "tests/faults/asker.h"
#include "tests/faults/faults.h"
#include "tests/lib/node.h"
#include "tests/receiver/peer.h"

#define LIFE_TRIES 6 /* of a step that is refused, before it is given up */

enum life_state {
    LIFE_OVER,    /* all steps are done */
    LIFE_ENDED,   /* the daemon (or init) has ended: code says how */
    LIFE_REFUSES, /* it runs, and a step was refused or not answered LIFE_TRIES times */
    LIFE_HANGS,   /* it runs, and neither became ready nor stopped within its time */
};

struct life {
    struct node *node;
    struct faults *faults;
    struct peer *peer;
    int pid_fd;    /* of the daemon; -1: none */
    size_t logged; /* bytes of its log before it was started */
    unsigned step, tries;
    bool reloaded, initialised; /* what its steps have begun */
    int code;                   /* exit code or -SIGNAL */
    unsigned again;             /* steps that were repeated, all in all */
    int patience_ms;            /* for an answer */
    struct answer answer;
    struct buf answers; /* to the steps so far */
    char fault[512];    /* "": none */
};

/* The test ends when it cannot be set up. */
void life_new(struct life *l);
void life_free(struct life *l);

/* Goes on to the next thing that is not in order. A daemon that has ended is started again first. */
enum life_state life_go(struct life *l);
/* Only starts it; true: it is ready. */
enum life_state life_start(struct life *l);
/* Ends what neither works nor goes: SIGTERM, then after some seconds SIGKILL. true: it ended by itself; l->code. */
bool life_end(struct life *l);
/* Has it ended within ms? Then l->code says how. */
bool life_ended(struct life *l, int ms);
/* One request; an answer is in l->answer. */
enum asked life_ask(struct life *l, const char *method, const char *target, const char *headers, struct str body);
/* The daemon's wall clock, from now on: noon in Asia/Shanghai of that day. */
void life_set_day(struct life *l, const char *day);
/* Waits for what the daemon tells the service manager; LIFE_OVER: it has told it. */
enum life_state life_hear(struct life *l, const char *assignment, int ms);

/* --- script.c --- */

enum step_result {
    STEP_DONE,
    STEP_AGAIN,  /* refused, or not yet */
    STEP_GONE,   /* the connection or the daemon is gone */
    STEP_SILENT, /* no answer in time */
    STEP_ENDED,  /* a program has ended that should have done it: l->code */
    STEP_HANGS,
};

struct script_step {
    enum step_result (*run)(struct life *l, const struct script_step *s);
    const char *name, *argument;
    bool alone; /* needs no daemon */
};

extern const struct script_step script[];
extern const unsigned script_steps;

/* The configuration, before its reload or after it. */
void script_configure(struct life *l);

#endif
