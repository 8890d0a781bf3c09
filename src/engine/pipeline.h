/* The log in order, read ahead: a thread reads, checks seals and parses groups of events, while the caller's works on
 * those before. What replays, verifies, or asks what was or would be, walks the log with this. */
#ifndef ENGINE_PIPELINE_H
#define ENGINE_PIPELINE_H

#include "codec/event_json.h"
#include "store/store.h"

/* A group is large, for handing one over costs a wake-up. */
#define GROUP_MAX 1024

struct event_group {
    unsigned n; /* events; only the last group may have none */
    uint64_t seqs[GROUP_MAX];
    struct event events[GROUP_MAX]; /* borrow from this group */
    struct str subjects[GROUP_MAX]; /* of the events, together, for look-ups of many */
    bool sealed;                    /* the last event is the last of its commit, whose seal this is: */
    struct seal seal;

    /* the pipeline's own */
    struct buf text; /* the lines, copied: a reader keeps only the last */
    size_t starts[GROUP_MAX + 1];
    struct event_arena arenas[GROUP_MAX];
    bool parsed;
    enum err err; /* ERR_END: the last group; it may hold events all the same */
    struct errmsg msg;
};

/* Which events: those behind `after`, up to and including number `upto`, and before the first one whose time is past
 * `until`. */
struct log_span {
    uint64_t after, upto;
    lc_instant until;
    const uint64_t *breaks; /* ascending; no group goes on past one of these, so that their seals are told */
    size_t n_breaks;
};

#define LOG_SPAN_ALL ((struct log_span){.upto = UINT64_MAX, .until = INT64_MAX})

/* A group's line, without its newline. */
static inline struct str group_line(const struct event_group *g, unsigned i)
{
    return (struct str){g->text.p + g->starts[i], g->starts[i + 1] - g->starts[i]};
}

/* Called on the caller's thread for one group after the other. The group is its own until it returns; it may change the
 * events. ERR_OK: go on; ERR_END: enough, nothing is wrong; else the walk ends with that. */
typedef enum err group_fn(void *arg, struct event_group *g, struct errmsg *msg);

/* ERR_OK once the span is walked, or the callback had enough; ERR_DAMAGED with the exact place of what cannot be read,
 * after all events before it were handed over. The log as it is now: its end is where the reader finds no more. */
enum err pipeline_run(struct store *s, const struct log_span *span, group_fn *fn, void *arg,
                      struct errmsg *msg) ERR_MUSTCHECK;

#endif
