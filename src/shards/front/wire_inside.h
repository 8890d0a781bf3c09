/* What the two files behind wire.h share. */
#ifndef SHARDS_WIRE_INSIDE_H
#define SHARDS_WIRE_INSIDE_H

#include "shards/front/wire.h"
#include "shards/front/wire_bytes.h"

void wire_begin(struct buf *out, enum wire_kind kind, struct str instance, uint64_t call);
enum err wire_malformed(struct errmsg *msg, const char *what);

#endif
