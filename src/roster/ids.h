/* The ids themselves, by number: appended in order of enrolment, never changed or moved.
 *
 * An id's canonical form is a header byte and its characters, two to a byte where all of them belong to an alphabet
 * of sixteen ("0123456789-X./_:"), else one to a byte. Ids are kept in groups of sixteen: the first of a group in
 * canonical form; another that is as long as the first and begins with the same bytes leaves those out, so that
 * ids which count up take a byte or two each. Where a group begins is noted; within it the lengths are walked. */
#ifndef ROSTER_IDS_H
#define ROSTER_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define ID_CHARS_MAX 64
#define IDS_GROUP 16u
#define IDS_BLOCK (1u << 20) /* ids that share one mapping */
#define IDS_BLOCKS 4096u     /* so that every uint32_t has its place */
#define ID_STORED_MAX (1 + ID_CHARS_MAX)

/* Header bytes, the version 1 that slices carry too; bump SLICE_VERSION with them. */
#define ID_RAW 0x00u    /* + characters - 1: one to a byte */
#define ID_PACKED 0x40u /* + characters - 1: two to a byte, the first in the upper half; an odd one's lower half 0 */
#define ID_ALIKE 0x80u  /* + k - 1, k 1..32: packed, as long as the group's first, alike in k bytes; the rest follows */
#define ID_HEADER_END 0xa0u

/* An id in canonical form, with its hash. */
struct id_key {
    uint64_t hash;
    uint8_t n; /* bytes of form */
    uint8_t form[ID_STORED_MAX];
};

struct ids_block;

struct ids {
    uint64_t seed; /* of the hash, so that nobody can choose ids that collide */
    uint32_t count;
    struct ids_block *blocks[IDS_BLOCKS];
};

void ids_init(struct ids *ids, uint64_t seed);
void ids_done(struct ids *ids);

/* 1..ID_CHARS_MAX characters. */
void ids_key(const struct ids *ids, struct str id, struct id_key *out);
/* The hash of number n's key. */
uint64_t ids_hash(const struct ids *ids, uint32_t n);
/* Its number is the count before. */
void ids_append(struct ids *ids, const struct id_key *key);
bool ids_equal(const struct ids *ids, uint32_t n, const struct id_key *key);
/* The characters; returns how many. */
size_t ids_text(const struct ids *ids, uint32_t n, char out[ID_CHARS_MAX]);
/* The hashes of many, which stand anywhere: fetched side by side. */
void ids_hashes(const struct ids *ids, const uint32_t *n, size_t count, uint64_t *out);
/* Fetch what ids_equal() reads: first where n's group starts, and some time later, since it reads that, the id. */
void ids_prefetch_start(const struct ids *ids, uint32_t n);
void ids_prefetch(const struct ids *ids, uint32_t n);

/* The stored bytes of `count` ids from the first of a group on, as they stand. */
const uint8_t *ids_stored(const struct ids *ids, uint32_t first, uint32_t count, size_t *n);
/* Reads one stored id back. first: the key of its group's first id, NULL for that one itself. Returns the bytes
 * read, or 0 when they are not what ids_append() can have stored. */
size_t ids_parse(const struct ids *ids, const uint8_t *p, size_t n, const struct id_key *first, struct id_key *out);

size_t ids_bytes(const struct ids *ids);

#endif
