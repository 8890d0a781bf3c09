/* Texts for good: those that an engine has as constants (a member's name, what is wrong with an input) come from
 * another daemon as bytes, and are kept, each once, so that they can be handed on as constants again. Any thread. */
#ifndef SHARDS_WORDS_H
#define SHARDS_WORDS_H

#include "base/str.h"

struct words;

struct words *words_new(void);
void words_free(struct words *w); /* NULL is fine */

/* NULL for STR_NONE. Bounded: when too many different ones have come, a general one is given. */
const char *words_keep(struct words *w, struct str text);

#endif
