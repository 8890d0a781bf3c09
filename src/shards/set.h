/* The shards of a scheme that is kept in Redis: how many there are, and who belongs to which. Their number is given
 * when the set is made, and only `lifecertctl reshard` changes it.
 *
 *   {PREFIX/system}:set   hash: version, shards, incarnation, simulated, key (hex, for hashing phone numbers), making
 *                         (0 when it is made; 1: init makes it; 2: it is being filled, fill.h)
 *
 * A shard is a store of its own (store/redis/inside.h), with the URI of the set and "#NUMBER" behind it. */
#ifndef SHARDS_SET_H
#define SHARDS_SET_H

#include "store/store.h"

#define SHARDS_MAX 4096
#define SHARD_SET_VERSION 1

struct shard_set {
    unsigned n;
    char incarnation[33]; /* of every shard */
    bool simulated;
    unsigned char key[16]; /* random; phone numbers are counted by their hash under it */
};

/* Is it the URI of a set ("redis://...", "redis-sentinel://...", "redis-cluster://..." without a "#")? */
bool shard_set_is(const char *uri);

/* Makes the set and every shard of it. One that was cut short is gone on with, when it is asked for again with the same
 * number. ERR_EXISTS: there is one. */
enum err shard_set_make(const char *uri, const struct store_options *options, unsigned n, struct shard_set *out,
                        struct errmsg *msg) ERR_MUSTCHECK;
/* ERR_ABSENT: there is none. ERR_VERSION. */
enum err shard_set_read(const char *uri, const struct store_options *options, struct shard_set *out,
                        struct errmsg *msg) ERR_MUSTCHECK;

/* The shard's URI, for store_open(). */
#define SHARD_URI_MAX 2048
void shard_uri(const char *uri, unsigned shard, char out[SHARD_URI_MAX]);

/* The shard of a beneficiary's id or a unit's code: the CRC-16 (XMODEM) of all of its bytes, modulo 16384, modulo the
 * number of shards; for a name without braces the first part is what Redis's CLUSTER KEYSLOT says. So a channel that
 * writes to the input streams itself can reckon it with what its Redis library has. */
unsigned shard_of(struct str id, unsigned n);

#endif
