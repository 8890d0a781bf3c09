/* The answers of several shards to one question, as one. What the engines write is read as they write it
 * (raw_json.h); false: a body is none of theirs, and what was appended to out is of no use. */
#ifndef SHARDS_MERGE_H
#define SHARDS_MERGE_H

#include "base/buf.h"

/* Rows of the same day or month are summed up. */
bool merge_due(const struct str *bodies, unsigned n, struct buf *out);
/* A hold that stands in several shards stands once, since the earliest. */
bool merge_holds(const struct str *bodies, unsigned n, struct buf *out);
/* Counts are summed up, the position is that in all logs; members: what "shards" is to be. A body that is STR_NONE is a
 * shard's that is silent: "silent" has its number, and its people are not in the counts. One must have spoken. */
bool merge_status(const struct str *bodies, unsigned n, struct str members, struct buf *out);

/* The hold of that name among those of the bodies, joined, appended to out; false: none has it. has: by body,
 * whether it has it; or NULL. */
bool merge_find_hold(const struct str *bodies, unsigned n, struct str name, bool *has, struct buf *out);

#endif
