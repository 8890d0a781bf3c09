/* The inside of past.h. */
#ifndef ENGINE_PAST_INSIDE_H
#define ENGINE_PAST_INSIDE_H

#include "engine/internal.h"
#include "engine/past/past.h"

/* What was learned later about a person (late.c). */
enum {
    KNOWN_LATE = 1,  /* certified by that day, as came in since */
    KNOWN_SINCE = 2, /* certified after it */
};

struct late {
    bool read;
    uint8_t *known; /* of each person known then */
    struct arrived *arrived;
    size_t n_arrived, cap_arrived;
    uint64_t *revoked;
    size_t n_revoked, cap_revoked;
};

/* What it is about: from the beginning on. */
struct past_info {
    lc_instant at;
    lc_date today; /* the local date of that */
    uint64_t seq;  /* the last event known then, and */
    uint64_t end;  /* known now */
};

struct past {
    struct past_options options;
    struct past_info info;
    uint64_t base; /* the replay began behind this */
    struct engine *e;
    struct tz *tz; /* where the zone then is not the configuration's */
    struct late late;
};

void past_tell(const struct past *p, uint64_t seq);
/* Reads the rest of the log, unless it is read. */
enum err late_read(struct past *p, struct errmsg *msg) ERR_MUSTCHECK;
void late_done(struct late *l);

#endif
