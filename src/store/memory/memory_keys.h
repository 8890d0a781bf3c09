/* The memory store's idempotency keys: a hash table whose rows stand in order of age. */
#ifndef STORE_MEMORY_KEYS_H
#define STORE_MEMORY_KEYS_H

#include "store/store.h"

struct kept_key;

struct memory_keys {
    struct kept_key *oldest, *newest;
    struct kept_key **heads; /* of the chains; a key's own bytes choose one */
    size_t n, n_heads;       /* n_heads: a power of two, at least n; or 0 */
};

void memory_keys_done(struct memory_keys *m);
/* Forgets what is too old, and what would be more than KEYS_MAX. */
void memory_keys_set(struct memory_keys *m, const struct key_row *row);
/* As store_key_find(). */
enum err memory_keys_find(const struct memory_keys *m, const unsigned char key[KEY_HASH], int64_t now,
                          struct key_row *out) ERR_MUSTCHECK;

#endif
