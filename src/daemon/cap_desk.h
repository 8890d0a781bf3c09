/* Where delivery's messages ask whether their number may get one more: the office, for all shards. On the loop. */
#ifndef DAEMON_CAP_DESK_H
#define DAEMON_CAP_DESK_H

#include "deliver/deliver.h"
#include "shards/office/office.h"

struct cap_desk;

/* o, set and queue (the loop's) must outlive it. */
struct cap_desk *cap_desk_new(struct office *o, const struct shard_set *set, struct completions *queue);
/* When the office is closed. NULL is fine. */
void cap_desk_free(struct cap_desk *d);
/* For delivery; lives as long as it. */
const struct deliver_caps *cap_desk_caps(const struct cap_desk *d);

#endif
