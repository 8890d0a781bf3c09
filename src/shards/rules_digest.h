/* By which daemons of a set know whether they decide alike. */
#ifndef SHARDS_RULES_DIGEST_H
#define SHARDS_RULES_DIGEST_H

#include "config/config.h"

/* SHA-256 over config_write_rules(). */
void rules_digest(const struct config *c, unsigned char out[32]);

#endif
