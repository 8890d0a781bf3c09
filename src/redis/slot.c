#include "redis/slot.h"

#include <stdint.h>

/* Bit by bit: a key is short, and it is done once for each call to a server. */
static uint16_t crc16(struct str s)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= (uint16_t)((unsigned char)s.p[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

static struct str hash_tag(struct str key)
{
    const char *open = key.n ? memchr(key.p, '{', key.n) : NULL;
    if (!open)
        return key;
    size_t left = key.n - (size_t)(open + 1 - key.p);
    const char *close = left ? memchr(open + 1, '}', left) : NULL;
    return close && close > open + 1 ? (struct str){open + 1, (size_t)(close - open - 1)} : key;
}

unsigned redis_slot(struct str key)
{
    return crc16(hash_tag(key)) % REDIS_SLOTS;
}
