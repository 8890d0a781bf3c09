/* A command as it goes over the wire (RESP, https://redis.io/docs/reference/protocol-spec/): an array of bulk strings,
 * written as its arguments are added. Reused from command to command; all zero at first. */
#ifndef REDIS_COMMAND_H
#define REDIS_COMMAND_H

#include "base/buf.h"

struct redis_command {
    struct buf bulks;
    unsigned n;
};

void redis_command_begin(struct redis_command *c, const char *name);
void redis_command_add(struct redis_command *c, struct str arg); /* STR_NONE: an empty string */
void redis_command_add_u64(struct redis_command *c, uint64_t v);
/* All at once, the last argument NULL: redis_command_set(&c, "HGET", "key", "field", NULL). */
void redis_command_set(struct redis_command *c, const char *name, ...) __attribute__((sentinel));
void redis_command_done(struct redis_command *c);

/* Appends it whole. */
void redis_command_write(const struct redis_command *c, struct buf *out);

#endif
