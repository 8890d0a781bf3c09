#include "shards/set.h"

#include "redis/slot.h"

unsigned shard_of(struct str id, unsigned n)
{
    return redis_crc16(id) % REDIS_SLOTS % n;
}
