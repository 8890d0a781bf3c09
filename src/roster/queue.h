/* The calendar queue: a bucket of record numbers for each (instant, kind) with a deadline, and one for held
 * suspensions. A bucket is a compressed bitmap: about two bytes a number, in order of enrolment by itself. Who
 * stands in which bucket is the caller's to keep: a place, the bucket's number. */
#ifndef ROSTER_QUEUE_H
#define ROSTER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "core/record.h"

/* Places. At one time a deadline lies at most ten years ahead (a cycle's limit; a reminder, at one of 255 policies'
 * times of day), a lapse at most fifty: 3,660 * 257 + 18,300 buckets and a few hundred more, which is below 2^20. */
#define PLACE_NONE 0u
#define PLACE_HELD 1u
#define PLACE_BITS 20u
#define PLACE_LIMIT (1u << PLACE_BITS)

struct bucket;
struct queue_slot;

struct queue {
    struct bucket *buckets; /* by place */
    uint32_t bucket_count, bucket_cap;
    uint32_t free_place;      /* head of the list of places to reuse, or PLACE_NONE */
    struct queue_slot *order; /* the buckets in use, but the held one, by key */
    size_t order_count, order_cap;
    uint32_t *recent; /* places by a hash of their key: spares most searches */
};

void queue_init(struct queue *q);
void queue_done(struct queue *q);

/* The place of that deadline, made when there is none; PLACE_NONE for DEADLINE_NONE. A new one is empty and must
 * be added to. */
uint32_t queue_place(struct queue *q, struct deadline d);
/* n must not stand there. */
void queue_add(struct queue *q, uint32_t place, uint32_t n);
/* n must stand there. A place left empty is gone. */
void queue_remove(struct queue *q, uint32_t place, uint32_t n);
uint64_t queue_count(const struct queue *q, uint32_t place);
/* The instant of a place: INT64_MIN for the held ones', INSTANT_NONE for none. */
lc_instant queue_instant(const struct queue *q, uint32_t place);

/* INSTANT_NONE when nothing is queued. */
lc_instant queue_next_instant(const struct queue *q);
/* The lowest number at that instant, of all kinds; UINT32_MAX: there is none. It stays. */
uint32_t queue_first(const struct queue *q, lc_instant at);
/* Takes out the lowest numbers at that instant, all kinds together, ascending. */
size_t queue_take(struct queue *q, lc_instant at, uint32_t *out, size_t max);
/* The held numbers from `from` on, ascending; they stay. */
size_t queue_held(const struct queue *q, uint32_t from, uint32_t *out, size_t max);
uint64_t queue_suspensions_until(const struct queue *q, lc_instant at);

typedef void queue_each_fn(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count);
void queue_each(const struct queue *q, lc_instant from, lc_instant to, queue_each_fn *fn, void *arg);
/* The numbers at instants from <= instant < to, of all kinds, ascending: *out is the caller's to free. Returns how many
 * there are; NULL when none. */
uint32_t queue_numbers(const struct queue *q, lc_instant from, lc_instant to, uint32_t **out);

/* Looks at every bucket: some milliseconds at ten million. */
size_t queue_bytes(const struct queue *q);

#endif
