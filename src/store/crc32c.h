/* CRC-32C (Castagnoli, RFC 3720): the checksum of what can be made again, indexes and checkpoints. The processor's
 * own instruction where it has one, else a table. */
#ifndef STORE_CRC32C_H
#define STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0 at first, then what the bytes before gave. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
