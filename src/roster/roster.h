/* Every beneficiary, in memory: a fixed-size record each, the id index and the calendar queue.
 *
 * Beneficiaries are numbered from 0 in the order of their enrolment, and never removed. Memory is the point
 * (64 bytes a person, everything included), so records are kept packed and copied in and out. Nothing here
 * moves more than a bounded slice of memory at once: growing never stalls the caller. */
#ifndef ROSTER_ROSTER_H
#define ROSTER_ROSTER_H

#include "base/buf.h"
#include "base/err.h"
#include "core/record.h"

#define ROSTER_NONE UINT32_MAX
#define ID_MAX 64
#define SEQ_MAX ((UINT64_C(1) << 40) - 1) /* an event's number in a packed record */
#define CATEGORY_MAX 255                  /* category 0: none */
#define UNIT_MAX ((1u << 24) - 1)         /* unit 0: none */

/* One beneficiary, unpacked. */
struct entry {
    struct record rec;
    uint64_t seq;      /* the last event applied to it */
    uint64_t seen;     /* which (channel, ref) have been accepted: a Bloom filter of 48 bits, see seen_bits() */
    uint8_t category;  /* number in the categories' vocabulary */
    uint32_t unit;     /* number in the units' vocabulary */
};

struct roster;

struct roster *roster_new(void);
void roster_free(struct roster *r);

uint32_t roster_count(const struct roster *r);
/* ROSTER_NONE when there is no such id. */
uint32_t roster_find(const struct roster *r, struct str id);
/* Looks up to ROSTER_MANY ids up at once, much faster than one after the other; ROSTER_NONE for those that are not
 * there (an empty one is not). */
#define ROSTER_MANY 64
void roster_find_many(const struct roster *r, const struct str *ids, uint32_t *out, size_t n);
/* Adds an id that is not there yet (1..ID_MAX bytes of printable ASCII) with an all-zero record. Returns its
 * number. */
uint32_t roster_add(struct roster *r, struct str id);
/* The id, copied into out (ID_MAX bytes); the result points there. */
struct str roster_id(const struct roster *r, uint32_t n, char out[ID_MAX]);

void roster_get(const struct roster *r, uint32_t n, struct entry *out);
/* Keeps the counts by status as well. Does not touch the queue, but that whoever is put as terminated is taken out of
 * it: no deadline remains. A terminated_on is kept only of these. */
void roster_put(struct roster *r, uint32_t n, const struct entry *e);
/* How many stand in that status. */
uint32_t roster_status_count(const struct roster *r, enum status s);

/* The filter's bits of one accepted certification (FNV-1a of channel, a zero byte, ref; three bits of 48).
 * It may stand in the history only when (seen & bits) == bits. */
uint64_t seen_bits(struct str channel, struct str ref);

/* --- the calendar queue: a bucket per (instant, kind), and one for held suspensions --- */

/* Moves n to that deadline's bucket, O(1); DEADLINE_NONE takes it out, and is the only one for who is terminated. */
void roster_schedule(struct roster *r, uint32_t n, struct deadline d);
/* Moves n, whose next deadline is a suspension, to the held ones: it is not due until it is scheduled again. Only that
 * it is held is kept; `at` is the caller's to compute anew. */
void roster_hold(struct roster *r, uint32_t n, lc_instant at);
bool roster_is_held(const struct roster *r, uint32_t n);
/* The instant at which n stands in the queue: INT64_MIN when held, INSTANT_NONE when nowhere. */
lc_instant roster_instant(const struct roster *r, uint32_t n);
uint32_t roster_held_count(const struct roster *r);
/* Copies up to max held numbers, ascending, the lowest being `from` or above. They stay held until scheduled. */
size_t roster_held(const struct roster *r, uint32_t from, uint32_t *out, size_t max);

/* The earliest instant with a deadline, or INSTANT_NONE. Held ones do not count. */
lc_instant roster_next_instant(const struct roster *r);
/* The lowest number with a deadline at that instant, which stays there; ROSTER_NONE: there is none. */
uint32_t roster_first(const struct roster *r, lc_instant at);
/* Takes out up to max beneficiaries whose deadline is at that instant, in order of enrolment (ascending
 * numbers, over all kinds). The caller must schedule each of them again. Returns how many. */
size_t roster_take(struct roster *r, lc_instant at, uint32_t *out, size_t max);
/* How many suspensions stand at instants up to and including at, held ones not counted. */
uint64_t roster_suspensions_until(const struct roster *r, lc_instant at);

/* Calls back for each non-empty bucket with from <= instant < to, ascending. */
typedef void bucket_fn(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count);
void roster_buckets(const struct roster *r, lc_instant from, lc_instant to, bucket_fn *fn, void *arg);
/* Who stands in them, ascending: *out is the caller's to free, NULL when nobody does. Held ones are not among them. */
uint32_t roster_numbers(const struct roster *r, lc_instant from, lc_instant to, uint32_t **out);

/* --- slices, for checkpoints: a versioned byte form, little-endian, independent of the struct --- */

/* Appends beneficiaries from..from+count-1 (id and entry; not the queue). from must be a multiple of ROSTER_SLICE,
 * and count (1..1048576) one as well unless it is the last slice. */
#define ROSTER_SLICE 1024
void roster_save(const struct roster *r, uint32_t from, uint32_t count, struct buf *out);
/* Adds what roster_save() wrote, in the same order; the caller schedules each afterwards. ERR_DAMAGED when it is
 * not well-formed, an id is there twice or a field is out of range, ERR_VERSION when another version wrote it. After a
 * failure some of the slice has been added: the roster is whole but of no use. */
enum err roster_load(struct roster *r, const void *p, size_t n, struct errmsg *msg) ERR_MUSTCHECK;

/* Bytes in use, for the metrics and the capacity tables. Looks at every bucket: some milliseconds at ten million. */
struct roster_memory {
    size_t records, ids, index, queue;
};
void roster_memory(const struct roster *r, struct roster_memory *out);

#endif
