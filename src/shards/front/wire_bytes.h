/* Numbers and strings as wire.h has them. */
#ifndef SHARDS_WIRE_BYTES_H
#define SHARDS_WIRE_BYTES_H

#include <stdbool.h>

#include "base/buf.h"

void wire_add_number(struct buf *out, uint64_t v);
void wire_add_signed(struct buf *out, int64_t v);
void wire_add_str(struct buf *out, struct str s);

/* Taken from the front of what is left. After a fault, which stays, everything is 0 or none. */
struct wire_cursor {
    struct str left;
    bool bad;
};

uint64_t wire_take_number(struct wire_cursor *c);
/* Not above max, or it is a fault. */
uint64_t wire_take_below(struct wire_cursor *c, uint64_t max);
int64_t wire_take_signed(struct wire_cursor *c);
int32_t wire_take_i32(struct wire_cursor *c);
struct str wire_take_str(struct wire_cursor *c);
struct str wire_take_bytes(struct wire_cursor *c, size_t n);
/* Was everything there, and nothing more? */
bool wire_cursor_good(const struct wire_cursor *c);

#endif
