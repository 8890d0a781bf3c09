/* Inputs parsed from the lines of a long body, a group at a time: one request to the engine each, reused. */
#ifndef HTTP_GROUPS_H
#define HTTP_GROUPS_H

#include "engine/engine.h"
#include "http/intake.h"
#include "http/results.h"
#include "base/completions.h"

/* The engine commits in batches of some megabytes, two at a time: what is in flight should fill them, or its syncs
 * would set the pace. 32 groups of 512 lines do; a group is 170 KiB and its strings, so all 128 are some 30 MiB. */
#define GROUP_LINES 512
#define GROUP_STRINGS (64 * 1024) /* a group is full when its strings take so much */
#define GROUPS_MAX 128            /* in all bodies */

struct arena_block;

struct group {
    struct completion done; /* the first member: completions are turned back into groups */
    struct request request;
    void *owner;
    struct group *next; /* in its body, or in the pool */
    bool finished;      /* the engine is done with it */
    uint32_t n_lines;
    struct {
        uint64_t number;
        uint32_t fault; /* where in faults, plus 1; 0: the line is the next input */
    } lines[GROUP_LINES];
    struct buf faults;
    struct arena_block *arena; /* the newest block; the oldest one stays for the next use */
    size_t arena_used;
    struct input inputs[GROUP_LINES];
    struct input_key keys[GROUP_LINES]; /* as far as there are keys */
    struct input_result results[GROUP_LINES];
};

struct groups;

struct groups *groups_new(void);
/* Those in the pool. */
void groups_free(struct groups *p);
/* NULL: all are in use. */
struct group *group_get(struct groups *p);
void group_put(struct groups *p, struct group *g);

bool group_full(const struct group *g);
/* The group must not be full, and who the same for all its lines. */
void group_add_line(struct group *g, struct input_parser *parser, struct str line, uint64_t number,
                    const struct intake *who);
void group_add_fault(struct group *g, uint64_t number, const char *reason, const char *member, const char *detail);
/* What came of its lines, in their order. */
void group_collect(const struct group *g, struct result_log *results);

#endif
