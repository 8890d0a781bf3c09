/* When a failed delivery is tried again. Pure. */
#ifndef DELIVER_SCHEDULE_H
#define DELIVER_SCHEDULE_H

#include "config/endpoint.h"

/* Up to a fifth is added at random, so that those who failed together do not come back together. random: 0..UINT32_MAX.
 * attempts: those made so far, from 1. retry_after: seconds, -1 none; it only makes the wait longer, up to a day.
 * Returns milliseconds, or -1: that was the last. */
int64_t schedule_delay(const struct endpoint *e, uint32_t attempts, int64_t retry_after, uint32_t random);

#endif
