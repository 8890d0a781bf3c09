/* What the town's files share. */
#ifndef TESTS_SIM_TOWN_INSIDE_H
#define TESTS_SIM_TOWN_INSIDE_H

#include "codec/event_json.h"
#include "tests/model/compare.h"
#include "tests/sim/town.h"

#define HOLDS 128

struct neighbour {
    struct m_person person;
    struct m_world world;     /* policies as they stand for this one */
    bool pending[M_POLICIES]; /* another version has come, and not to this one yet */
    uint64_t last;            /* the last event */
};

struct keeping {
    enum hold_kind kind;
    enum scope_kind scope;
    char name[65];
};

struct known_event {
    enum event_type type;
    int subject;
};

struct town {
    struct neighbour v[TOWN_PEOPLE];
    struct m_world world; /* as adopted last */
    struct keeping holds[HOLDS];
    unsigned n_holds;
    bool clock_hold_expected;
    lc_instant jumped_at;     /* by the clock as it is since; INT64_MIN: back */
    lc_instant lifted_at;     /* the last time that a hold was lifted */
    struct ruling *decisions; /* not met yet */
    size_t n_decisions, cap_decisions;
    struct known_event *events; /* by number - 1 */
    size_t cap_events;
    uint64_t last;
    lc_instant time;
    struct event *taken; /* of the lines at hand */
    struct event_arena *arenas;
    size_t cap_taken;
    struct report report;
};

/* town_system.c: an event that is nobody's. */
void town_take_system(struct town *t, const struct event *e);
/* Does a hold cover that person? */
bool town_holds(const struct town *t, const struct neighbour *n);

/* town_quiet.c */
struct m_next town_next(const struct neighbour *n, lc_instant now);

/* town.c: decisions without events that were made before number seq. */
void town_take_silent(struct town *t, uint64_t seq);

#endif
