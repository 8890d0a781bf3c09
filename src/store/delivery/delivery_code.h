/* A commit of the delivery state as bytes: an entry of the stream that a shard in Redis keeps it in.
 *
 * An entry is a version, what it is (changes, or an adoption) and its members; numbers are LEB128 varints, signed ones
 * in zigzag order; a text is its length and 1, or 0 for none; an endpoint's name and an event's type are 1 where they
 * are those of the member before, else their length and 2. What a change of each kind has is a row of a table, which
 * writes and reads it.
 *
 * To change it: raise the version, and keep reading the earlier ones. Later ones are refused. */
#ifndef STORE_DELIVERY_CODE_H
#define STORE_DELIVERY_CODE_H

#include "store/delivery/delivery_db.h"

#define DELIVERY_CODE_VERSION 1

void delivery_changes_write(const struct delivery_change *changes, size_t n, struct buf *out);
void delivery_adoption_write(const struct delivery_adoption *a, struct buf *out);

/* Texts lie in the bytes that it was read from. */
struct delivery_entry {
    bool adopts;
    struct delivery_adoption adoption; /* adopts */
    struct delivery_change *changes;   /* else */
    size_t n;
};

/* ERR_VERSION, ERR_DAMAGED: *out is untouched. */
enum err delivery_entry_read(struct str bytes, struct delivery_entry *out, struct errmsg *msg) ERR_MUSTCHECK;
void delivery_entry_done(struct delivery_entry *e);

#endif
