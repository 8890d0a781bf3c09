#include "redis/slot.h"

/* A byte at a time, and without a table: the polynomial is x^16 + x^12 + x^5 + 1, so what a byte brings about is itself
 * in three places, once its upper half has come down on its lower one. It is done for every input. */
uint16_t redis_crc16(struct str s)
{
    unsigned crc = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned x = (crc >> 8 ^ (unsigned char)s.p[i]) & 0xff;
        x ^= x >> 4;
        crc = (crc << 8 ^ x << 12 ^ x << 5 ^ x) & 0xffff;
    }
    return (uint16_t)crc;
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
    return redis_crc16(hash_tag(key)) % REDIS_SLOTS;
}
