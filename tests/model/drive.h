/* Drives the core and the model side by side through a story, as the engine would, and says where they part. */
#ifndef TESTS_MODEL_DRIVE_H
#define TESTS_MODEL_DRIVE_H

#include "core/decide.h"
#include "tests/model/compare.h"
#include "tests/model/story.h"

/* What was seen in the stories so far; the names and the least counts stand in tally.c. */
#define TALLIES 80

struct tally {
    uint64_t n[TALLIES];
    uint64_t stories, inputs, events, deadlines;
};

void tally_event(struct tally *t, const struct m_event *e);
void tally_answer(struct tally *t, const struct m_answer *answer);
void tally_add(struct tally *sum, const struct tally *t);
void tally_situation(struct tally *t, const char *name);
/* One check a row: at least its share of the stories told. */
unsigned tally_rows(void);
void tally_check(const struct tally *t);

#define VERSIONS_MAX 250

struct drive {
    struct m_world world;
    struct m_person person;
    struct tz *tz[ZONES];
    struct policy policies[VERSIONS_MAX]; /* every version of every policy; the latest are in force */
    uint8_t in_force[M_POLICIES];
    unsigned n_policies;
    struct record record, replayed;
    struct history history;
    struct decision decision;
    bool held;
    struct report report; /* why a step went wrong */
    struct tally *tally;
};

/* Loads the zones; ends the program when one is missing. */
void drive_init(struct drive *d, struct tally *tally);
void drive_done(struct drive *d);

void drive_begin(struct drive *d, const struct story *s);
/* False: core and model disagree, and d->report says how. */
bool drive_step(struct drive *d, const struct step *step);

/* Makes the story of that seed up and lives it. */
bool drive_seed(struct drive *d, uint64_t seed, struct story *s);
/* Lives a story written down. */
bool drive_story(struct drive *d, const struct story *s);

struct policy core_policy(const char *name, const struct m_policy *from);
/* The input as its parser would hand it over, about a person of the stories' own id. Borrows its strings. */
struct input core_input(const struct m_input *in);

#endif
