/* A position in the log of all shards: for each shard the number up to which somebody has read. What clients hold is a
 * text that they do not look into: on one shard the number; on several "s" and, in base64url without padding, the
 * number of shards and then each shard's number, all as LEB128 varints: some 3 bytes a shard. */
#ifndef SHARDS_POSITION_H
#define SHARDS_POSITION_H

#include "base/buf.h"

struct position {
    unsigned n;
    uint64_t *v; /* one for each shard */
};

/* n zeroes: before everything. */
void position_init(struct position *p, unsigned n);
void position_done(struct position *p);
void position_write(const struct position *p, struct buf *out);
/* p has been initialised for the number of shards that there are. false, and p untouched: that is no position of such a
 * log. "0" is before everything, however many shards there are. */
bool position_read(struct position *p, struct str text);
/* The same for whoever does not know how many shards there are: initialises p when it is a position. */
bool position_parse(struct position *p, struct str text);
/* How many events there are up to there. */
uint64_t position_events(const struct position *p);

#endif
