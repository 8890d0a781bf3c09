/* The inside of what_if.h: the log is told in windows of inputs, which two threads run through an engine each. */
#ifndef ENGINE_WHAT_IF_INSIDE_H
#define ENGINE_WHAT_IF_INSIDE_H

#include <pthread.h>

#include "codec/event_json.h"
#include "codec/origin.h"
#include "engine/engine.h"
#include "engine/pipeline.h"
#include "engine/what_if/what_if.h"

#define WINDOW_INPUTS 4096
#define WINDOW_ITEMS 8192
#define WINDOW_TEXT ((size_t)2 << 20) /* more than any one event's strings need */
#define WINDOWS 4

/* --- what the log said about the configuration --- */

/* The configuration as of some event, made anew from the events. */
struct past_config {
    struct config *c;
    bool changed;  /* since it was last taken; */
    lc_instant at; /* then */
};

void past_config_init(struct past_config *p);
void past_config_done(struct past_config *p);
/* ev: config.adopted or policy.adopted. */
enum err past_config_note(struct past_config *p, const struct event *ev, struct errmsg *msg) ERR_MUSTCHECK;
/* An input named that policy in vain: if it was there, its section has gone since, which no event says. */
void past_config_note_unknown(struct past_config *p, struct str policy, lc_instant at);
/* A copy, with the changes laid over (NULL: none). */
enum err past_config_take(const struct past_config *p, const struct policy_changes *changes, struct config **out,
                          struct errmsg *msg) ERR_MUSTCHECK;

/* --- a window --- */

/* What is done once its inputs are decided. */
enum window_action { WINDOW_GO_ON, WINDOW_CONFIG, WINDOW_PLACE, WINDOW_LIFT, WINDOW_END };

/* What was recorded of a person. */
struct recorded_item {
    struct str subject;
    struct what_if_item item;
};

struct window {
    struct input inputs[WINDOW_INPUTS];
    uint64_t seqs[WINDOW_INPUTS]; /* of the events that they are from */
    struct input_result results[WHAT_IF_RUNS][WINDOW_INPUTS];
    uint32_t n;
    struct recorded_item items[WINDOW_ITEMS];
    uint32_t n_items;
    char *text; /* the strings of both */
    size_t used;

    enum window_action action;
    lc_instant at;                       /* the action's */
    struct config *config[WHAT_IF_RUNS]; /* CONFIG: NULL: that run keeps what it has */
    struct {
        struct scope scope;
        lc_date until;
        struct str why, by;
    } hold;
};

void window_init(struct window *w);
void window_done(struct window *w);
void window_clear(struct window *w);
/* Is there room for one more input, and one more item? */
bool window_has_room(const struct window *w);
/* Copies of what they point at are kept in the window. */
void window_add_input(struct window *w, const struct input *in, uint64_t seq);
void window_add_item(struct window *w, struct str subject, const struct what_if_item *item);
void window_set_hold(struct window *w, const struct event *ev);

/* --- items --- */

/* Does the event's type make an item at all? (Then the whole event is needed.) */
bool item_wanted(enum event_type type);
struct what_if_item item_of(const struct event *ev);
uint64_t item_mix(uint64_t hash, const struct what_if_item *item);
/* What only one of them has: moved to the front of each, sorted by date; the counts become what is left. */
void items_part(struct what_if_item *a, uint32_t *n_a, struct what_if_item *b, uint32_t *n_b);

/* --- one run --- */

/* What is kept of everybody, by their number: which is the same in both runs, for an enrolment depends on no policy's
 * parameters. */
struct what_if_people {
    uint64_t *hash;     /* over the items */
    uint32_t *n;        /* how many those are; the top bit: one was a suspension */
    uint64_t *recorded; /* the first run's: the hash over what was recorded */
    uint32_t cap;
};

#define PEOPLE_SUSPENDED (UINT32_C(1) << 31)

struct run {
    unsigned which;
    struct engine *engine;
    struct what_if_people people;
    struct what_if_sums *sums;
    struct event_arena arena;
    char uri[4096];
    enum err err; /* once it is not ERR_OK, windows are passed over */
    struct errmsg msg;
};

/* config: the run's from here on. */
enum err run_open(struct run *r, const char *scratch, struct config *config, lc_instant start,
                  struct errmsg *msg) ERR_MUSTCHECK;
void run_window(struct run *r, struct window *w);
void run_close(struct run *r);

uint32_t run_count(const struct run *r);

/* --- the whole --- */

struct runner {
    struct run run;
    struct what_if *whole;
    pthread_t thread;
    bool started;
    uint64_t done; /* windows; under the lock */
    bool failed;   /* the run has, and its message will not change; under the lock */
};

struct what_if {
    struct what_if_options o;
    struct what_if_result result;
    struct past_config past;
    uint64_t upto; /* the last event that is read */
    struct origin_reader *origin;

    bool opened;            /* both engines are there */
    bool stopped;           /* it was told to stop */
    bool in_force;          /* what is wanted lies over the second run's configuration */
    uint64_t bytes, inputs; /* so far */

    struct runner runners[WHAT_IF_RUNS];
    struct window *windows; /* a ring */
    uint64_t made;          /* windows handed over; under the lock */
    bool ended;             /* no more will come; under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static inline bool what_if_is_config(enum event_type type)
{
    return type == EV_CONFIG_ADOPTED || type == EV_POLICY_ADOPTED;
}

/* What lies over the second run's configuration now; NULL: nothing. */
static inline const struct policy_changes *what_if_overlay(const struct what_if *w)
{
    return w->in_force ? &w->result.changes : NULL;
}

/* ERR_END: it is told to stop. */
enum err what_if_go_on(struct what_if *w, struct errmsg *msg) ERR_MUSTCHECK;
/* Both, under the configuration that is known by now, and their threads. */
enum err what_if_open_engines(struct what_if *w, struct errmsg *msg) ERR_MUSTCHECK;

/* A group_fn: its events become inputs and actions of both runs. */
enum err tell_group(void *what_if, struct event_group *g, struct errmsg *msg) ERR_MUSTCHECK;
/* All is told: the clocks run on to the end, and both runs have done with it. */
enum err tell_end(struct what_if *w, struct errmsg *msg) ERR_MUSTCHECK;

/* what_if_people() */
enum err people_tell(struct run *before, struct run *after, const struct what_if_options *o, uint64_t most,
                     what_if_person_fn *fn, void *arg, struct errmsg *msg) ERR_MUSTCHECK;

#endif
