/* What the logs say: every shard's, read across what was moved to the archive, in the order of time. */
#ifndef TESTS_CHAOS_FACTS_H
#define TESTS_CHAOS_FACTS_H

#include "base/buf.h"
#include "tests/chaos/book.h"
#include "tests/chaos/stage.h"

struct fact {
    uint64_t seq, prev;
    lc_instant time;
    uint32_t person; /* NOBODY: it is about none */
    uint32_t key;    /* 1 + where in keys the key of the input stands that it answers; 0: none */
    size_t line;     /* in text */
    uint32_t length; /* without the newline */
    uint8_t shard, type;
    bool used; /* an input was found for it */
};

struct facts {
    struct fact *v;
    size_t n, cap;
    struct buf text, keys;
    size_t *by_seq[SHARDS]; /* the place of number i + 1 */
    size_t n_of[SHARDS];
    uint64_t counts[EV_N];
    uint32_t people; /* one more than the largest number */
};

/* From the store itself, with the daemon's configuration. */
void facts_read(struct facts *f, const char *config);
/* The events that lifecertctl simulate wrote: all in "shard 0", by their order. */
void facts_read_file(struct facts *f, const char *path);
/* All of them, a line each, with its shard before it. */
void facts_write(const struct facts *f, const char *path);
void facts_done(struct facts *f);

const struct fact *fact_at(const struct facts *f, unsigned shard, uint64_t seq); /* NULL: there is none */
const char *fact_key(const struct facts *f, const struct fact *e);               /* NULL: it has none */
/* What must be the same wherever it is decided: time, type and data; not its number, nor numbers of other events. */
void fact_essence(const struct facts *f, const struct fact *e, struct buf *out);

#endif
