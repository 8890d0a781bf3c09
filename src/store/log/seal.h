/* The seal's hash: SHA-256 over the hash of the seal before and the bytes since, so that the seals form a chain. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store/store.h"

/* One context, used again for every batch; one thread at a time. */
struct seal_hasher;

struct seal_hasher *seal_hasher_new(void);
void seal_hasher_free(struct seal_hasher *h);

void seal_begin(struct seal_hasher *h, const unsigned char previous[SEAL_HASH]);
void seal_add(struct seal_hasher *h, const void *p, size_t n);
void seal_end(struct seal_hasher *h, unsigned char out[SEAL_HASH]);

#endif
