/* Which of a Redis Cluster's slots a key belongs to: CRC-16 (XMODEM) of its hash tag, modulo 16384
 * (https://redis.io/docs/reference/cluster-spec/, "Key distribution model"). */
#ifndef REDIS_SLOT_H
#define REDIS_SLOT_H

#include <stdint.h>

#include "base/str.h"

#define REDIS_SLOTS 16384

/* The hash tag is what stands between the first { and the next }, unless that is nothing: then it is the whole key. */
unsigned redis_slot(struct str key);
/* Of all bytes. */
uint16_t redis_crc16(struct str s);

#endif
