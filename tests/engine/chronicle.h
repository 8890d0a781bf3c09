/* A random history of a small town, lived through an engine in a test's hands: inputs of every kind, good and bad,
 * configurations that change, moratoria. The same seed lives the same history, under whatever policies. */
#ifndef TESTS_ENGINE_CHRONICLE_H
#define TESTS_ENGINE_CHRONICLE_H

#include "tests/engine/rig.h"

/* What is written into all configurations of a history; NULL: nothing. */
struct chronicle_conf {
    const char *brake;    /* a brake_limit; NULL: "off" */
    const char *face;     /* keys of the channel face */
    const char *national; /* keys of the policy national: none of notice, payday, remind_ahead, evidence_after */
};

struct chronicle {
    uint64_t seed;
    unsigned people, steps; /* a step is some hours */
    bool reloads;           /* other parameters, channels, time zones; a policy that comes and goes */
    bool holds;             /* moratoria, placed and lifted */
    struct chronicle_conf conf;
    lc_instant since; /* from then on, not before: */
    struct chronicle_conf then;

    /* One flag a step. Inputs that come to "unchanged" are noted there; skip: instead, those noted are not sent. */
    bool *unchanged;
    bool skip;
};

/* Opens the rig and lives it. */
void chronicle_live(struct rig *r, const char *uri, const struct chronicle *c);

/* The configurations that it goes through, from 0 on and round again. The text holds for four calls. */
const char *chronicle_conf(unsigned i, const struct chronicle_conf *with);
/* From *conf to the next that is not refused. */
void chronicle_reload(struct rig *r, unsigned *conf, const struct chronicle_conf *with);

#endif
