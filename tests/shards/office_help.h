/* Several offices in one process, as several daemons would have them, over a real Redis. */
#ifndef TESTS_OFFICE_HELP_H
#define TESTS_OFFICE_HELP_H

#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "shards/office/office.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define OFFICE_LEASE_MS 2000

/* Until it holds, half a minute at most. */
#define await(condition)                \
    ({                                  \
        int left_ = 6000;               \
        while (!(condition) && left_--) \
            poll(NULL, 0, 5);           \
        left_ > 0;                      \
    })

/* One daemon's. */
struct post {
    struct office *office;
    struct errmsg msg;
    atomic_int changes;
    pthread_mutex_t lock; /* over warnings */
    struct buf warnings;  /* a line each */
};

struct post_options {
    const char *name;
    uint64_t revision;
    char rules; /* of which kind; all else follows from that letter */
    struct brake_limit brake;
};

/* A server of this test's own. PREFIX of the set: what the test is about. */
extern struct redis_server server;
void office_uri(const char *prefix, char out[128]);

enum err post_open(struct post *p, const char *prefix, const struct shard_set *set, const struct post_options *o);
void post_close(struct post *p);
bool post_warned(struct post *p, const char *text);
void rules_of(char kind, unsigned char out[32]);

/* How many shards it is to own. */
unsigned shards_of(const struct post *p, unsigned n);
/* Does its list of members have that text? */
bool members_have(const struct post *p, const char *text);
/* It may have something to report, without an engine: its report, or what may_suspend() says. */
void report(const struct engine_office *h, lc_instant now, int64_t due, int64_t applied, uint64_t ordered);

/* A command by another hand, in words with a format; the reply is the caller's. */
redisReply *by_hand(const char *format, ...);
/* The same, for a number. */
int64_t number_by_hand(const char *format, ...);

#endif
