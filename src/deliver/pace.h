/* How fast an endpoint may be spoken to: its configured rate (and the one that it granted), the requests in flight, what
 * it asked to be spared, its quiet hours. Pure; times in milliseconds. */
#ifndef DELIVER_PACE_H
#define DELIVER_PACE_H

#include "base/tz.h"
#include "config/endpoint.h"

#define PACE_LONGEST_MS INT64_C(3600000) /* no endpoint silences us for longer by a header */

struct pace {
    /* rate: the generic cell rate algorithm; in nanoseconds, for a thousand a second and more */
    int64_t interval; /* between two; 0: no limit */
    int64_t burst;    /* how far ahead of it requests may run */
    int64_t due;      /* when the next one would be exactly in time */
    /* requests in flight: halved when the endpoint asks for less, grown by one a round when all is well */
    double window;
    unsigned max_window;
    /* spared */
    int64_t spared_until, spared_for;
};

/* granted: what the endpoint consented to; n 0: no limit of its own. The smaller rate counts. shares: so many share
 * the endpoint evenly, at least 1: each takes that part of its rate, exactly, and of what may be in flight, at
 * least one. */
void pace_init(struct pace *p, const struct endpoint *e, struct rate granted, unsigned shares);
/* The same with another configuration; what was learnt stays. */
void pace_configure(struct pace *p, const struct endpoint *e, struct rate granted, unsigned shares);

/* How many more requests may be sent now, with so many in flight. */
unsigned pace_allows(const struct pace *p, int64_t now, unsigned in_flight);
/* Half of what may be in flight, at least one: what a redelivery may have of it. */
unsigned pace_half(const struct pace *p);
void pace_sent(struct pace *p, int64_t now);
void pace_succeeded(struct pace *p);
/* retry_after: seconds, -1 none. */
void pace_throttled(struct pace *p, int64_t now, int64_t retry_after);
/* The earliest time at which rate and sparing let one more through; now or before: at once. */
int64_t pace_next_at(const struct pace *p, int64_t now);

/* When the quiet hours that now lies in end; 0: it lies in none. */
int64_t quiet_until(const struct quiet_hours *q, const struct tz *tz, int64_t now);

#endif
