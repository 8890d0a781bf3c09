/* A hash table of 64-bit keys that are hashes already: two different things with the same key are not told apart, which
 * befalls one pair in some 10^12 with millions of keys. */
#ifndef RECEIVER_TABLE_H
#define RECEIVER_TABLE_H

#include <stdint.h>

struct table_entry {
    uint64_t key; /* 0: free */
    uint64_t value;
};

struct table {
    struct table_entry *v; /* 2^bits of them, at most half in use; NULL: empty */
    unsigned bits;
    uint32_t n;
};

void table_done(struct table *t);
/* Its value, which is 0 for a new key; holds until the next call. NULL: it is new, and there are max already. */
uint64_t *table_at(struct table *t, uint64_t key, uint32_t max);

#endif
