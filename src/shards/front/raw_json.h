/* Looking at the members of JSON that we wrote ourselves, without blanks, each value as its bytes. Nothing is
 * checked but what is needed to find the next one; what is no such JSON ends the walk. */
#ifndef SHARDS_RAW_JSON_H
#define SHARDS_RAW_JSON_H

#include <stdint.h>

#include "base/buf.h"

struct raw_walk {
    const char *p, *end;
};

/* Into an object ('{') or an array ('['); false: it is none. */
bool raw_enter(struct raw_walk *w, struct str value, char open);
/* The next member of an object: its name without quotes, its value. */
bool raw_member(struct raw_walk *w, struct str *name, struct str *value);
/* The next one of an array. */
bool raw_item(struct raw_walk *w, struct str *value);

/* An object's member; STR_NONE: there is none such. */
struct str raw_find(struct str object, const char *name);
/* false: it is no number without sign and fraction. */
bool raw_number(struct str value, uint64_t *out);

#endif
