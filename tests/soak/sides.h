/* The endpoints of the soak, and at each a receiver of its own that misbehaves in moods, drawn by lot. */
#ifndef TESTS_SOAK_SIDES_H
#define TESTS_SOAK_SIDES_H

#include "tests/lib/node.h"
#include "tests/receiver/peer.h"
#include "tests/soak/facts.h"
#include "tests/soak/stream.h"

#define SIDES 6

struct side_plan {
    const char *name;
    const char *path;     /* at its receiver; NULL: it is the stream */
    bool messages;        /* a gateway: nothing may reach it twice */
    bool receipts;        /* it sends some */
    bool may_give_up;     /* its retries are few: some events become dead letters */
    unsigned max_unnoted; /* where windows are narrow */
    unsigned policy;      /* of people (person % 3) whose events it wants; POLICY_ALL */
    const char *const *events; /* globs; NULL: all, or all that bring a message */
    const char *secret;   /* a file's name in the node's folder */
    const char *settings; /* the rest of its section */
};

#define POLICY_ALL 3

extern const struct side_plan side_plans[SIDES];

struct side {
    const struct side_plan *plan;
    struct peer *peer;  /* NULL: none, it is the stream */
    char record[128];
    unsigned max_unnoted; /* as configured */
    int64_t away_until; /* monotonic nanoseconds: nobody listens there */
};

struct sides {
    struct side v[SIDES];
    struct stream stream;
    struct node *node;
    struct rng rng;
    unsigned moods;  /* so many changes */
    unsigned copies; /* of each receipt: one or two, */
    bool wide;       /* windows so wide that commits can wait, or so narrow that they never do: by the seed */
};

/* Writes the secrets and starts the receivers. */
void sides_init(struct sides *s, struct node *n, uint64_t seed);
/* They end, and all that they recorded can be read. */
void sides_stop(struct sides *s, struct counts last[SIDES]);
void sides_done(struct sides *s);
/* The daemon's configuration, with a clock that runs so fast. */
void sides_configure(struct sides *s, unsigned clock_factor);

/* Another mood for one of them. */
void sides_unsettle(struct sides *s);
/* No faults any more, anywhere; waits until all listen. */
void sides_calm(struct sides *s);

/* Must an event of the log reach it? For a gateway: must there be a word on it? */
bool side_wants(const struct side *s, const struct entry *e);

#endif
