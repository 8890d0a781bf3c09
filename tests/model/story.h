/* A story is one beneficiary's random history, written out so that it can be replayed, cut and printed. */
#ifndef TESTS_MODEL_STORY_H
#define TESTS_MODEL_STORY_H

#include "tests/lib/tap.h"
#include "tests/model/model.h"

#include <stdio.h>

enum step_kind {
    STEP_INPUT,
    STEP_TICK,  /* deadlines only */
    STEP_ADOPT, /* the configuration's policy changes */
    STEP_HOLD,  /* from now on a hold covers the person */
    STEP_LIFT,
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    int64_t now;
    struct m_input in;  /* STEP_INPUT */
    int policy;         /* STEP_ADOPT */
    struct m_policy to; /* STEP_ADOPT */
    bool cautious;      /* the caller takes every channel and ref for possibly seen */
    bool restart;       /* before it the state is thrown away and rebuilt from the events */
};

#define STEPS_MAX 160
#define STORY_INPUTS 40 /* at least */
#define STORY_CYCLES 3  /* at least, of the policy enrolled under */

struct story {
    uint64_t seed;
    int zone;
    struct m_policy policies[M_POLICIES];
    struct step steps[STEPS_MAX];
    int n;
};

/* Writes a story while it is lived: each step is made with an eye on the state that the last one left. */
struct author {
    struct rng rng;
    int64_t now, last; /* nothing happens after last */
    int inputs, fresh_refs;
    int64_t goal; /* three cycles are over then; 0 before the enrolment */
    bool held;
    bool forgetful; /* certifies seldom */
};

void author_begin(struct author *a, struct story *s, uint64_t seed);
/* False: the story is over. The step is appended to the story. */
bool author_step(struct author *a, struct story *s, const struct m_world *w, const struct m_person *p);

void print_policy(FILE *out, const char *name, const struct m_policy *policy);
void print_step(FILE *out, const struct zone *z, const struct step *step);
void print_story(FILE *out, const struct story *s);
/* "2026-06-16", "2026-06", "null". */
const char *day_text(int day, char out[16]);
const char *month_text(int month, char out[16]);

#endif
