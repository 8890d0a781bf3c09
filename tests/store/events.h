/* Made-up events for the store's tests: what stands in line N follows from N alone. */
#ifndef TESTS_STORE_EVENTS_H
#define TESTS_STORE_EVENTS_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store.h"
#include "tests/lib/tap.h"

static inline void event_add(struct buf *b, uint64_t seq)
{
    static const char letters[] =
        "the quick brown fox jumps over the lazy dog and the slow red fox does not mind it at all";
    uint64_t mixed = seq * UINT64_C(0x9E3779B97F4A7C15);
    BUF_LIT(b, "{\"seq\":");
    buf_add_u64(b, seq);
    BUF_LIT(b, ",\"prev\":0,\"type\":\"test\",\"data\":\"");
    buf_add(b, letters + (mixed >> 60), (size_t)(mixed >> 32) % 60);
    BUF_LIT(b, "\"}\n");
}

/* The events first..last. */
static inline struct buf events_make(uint64_t first, uint64_t last)
{
    struct buf b = BUF_INIT;
    for (uint64_t seq = first; seq <= last; seq++)
        event_add(&b, seq);
    return b;
}

static inline bool event_is(struct str line, uint64_t seq)
{
    struct buf b = BUF_INIT;
    event_add(&b, seq);
    bool same = line.n == b.n - 1 && memcmp(line.p, b.p, line.n) == 0;
    buf_done(&b);
    return same;
}

/* Commits, and waits until it is done. */
static inline enum err commit_whole(struct store *s, const struct commit *c, struct errmsg *msg)
{
    enum err e = store_commit(s, c, msg);
    return e == ERR_MORE ? store_commit_poll(s, true, msg) : e;
}

/* Commits the events after the last one up to last, and waits. */
static inline enum err commit_events(struct store *s, uint64_t last, struct errmsg *msg)
{
    struct store_info info;
    store_info(s, &info);
    struct buf b = events_make(info.durable + 1, last);
    struct commit c = {.first = info.durable + 1, .last = last, .lines = buf_str(&b)};
    enum err e = commit_whole(s, &c, msg);
    buf_done(&b);
    return e;
}

/* Reads everything after `after`; the number of lines that are what they must be, -1 at the first that is not. */
static inline int64_t read_all(const struct store *s, uint64_t after, struct seal *seal, struct errmsg *msg)
{
    struct store_reader *r;
    struct str line;
    uint64_t seq;
    int64_t n = 0;
    enum err e = store_reader_open(s, after, &r, msg);
    if (e)
        return -1;
    while ((e = store_reader_next(r, &seq, &line, msg)) == ERR_OK && seq == after + (uint64_t)n + 1 &&
           event_is(line, seq))
        n++;
    if (seal && store_reader_seal(r, seal) != ERR_OK)
        memset(seal, 0, sizeof *seal);
    store_reader_close(r);
    return e == ERR_END ? n : -1;
}

#endif
