/* The keys of the section token, for config_schema, and what it must have. */
#ifndef CONFIG_SCHEMA_TOKEN_H
#define CONFIG_SCHEMA_TOKEN_H

#include "config/loader.h"

#define TOKEN_KEYS 3

extern const struct key token_keys[]; /* TOKEN_KEYS */

/* When all keys are read. */
void token_check(struct loader *l, const struct statement *s, const struct instance *in);

#endif
