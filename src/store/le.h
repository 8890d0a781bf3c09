/* Numbers on the disk: little-endian. */
#ifndef STORE_LE_H
#define STORE_LE_H

#include "base/buf.h"

static inline void le32_add(struct buf *b, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        buf_addc(b, (char)(v >> 8 * i));
}

static inline uint32_t le32_get(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

#endif
