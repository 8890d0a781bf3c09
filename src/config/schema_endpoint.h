/* The keys of the sections endpoint and message, for config_schema. */
#ifndef CONFIG_SCHEMA_ENDPOINT_H
#define CONFIG_SCHEMA_ENDPOINT_H

#include "config/schema.h"

#define ENDPOINT_KEYS 42
#define MESSAGE_KEYS 7
#define LIST_VALUES_MAX 64
#define RETRIES_MAX 20
#define CONDITIONS_MAX 16

#define FILE_EXPECTED "\"/PATH\", or a credential's name"
#define DURATION_EXPECTED "a number with s, m, h or d, such as \"36h\", up to \"3660d\""

extern const struct key endpoint_keys[]; /* ENDPOINT_KEYS */
extern const struct key message_keys[];  /* MESSAGE_KEYS */

#endif
