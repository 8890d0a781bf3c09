/* Which store a command works on, and what it is opened with. */
#ifndef CTL_STORE_ARGS_H
#define CTL_STORE_ARGS_H

#include "config/config.h"
#include "store/store.h"

/* What the configuration says to a store; everything else is nothing. config NULL: all of it is. */
void store_args_options(const struct config *config, struct store_options *out);
/* How many shards a new set has where nobody says it. */
unsigned store_args_shards(const char *uri);

/* SEQ:HASH, as verify prints a last seal. */
void seal_text_add(struct buf *b, const struct seal *seal);
bool seal_text_read(const char *text, struct seal *out);

#endif
