/* The Redis server of the soak: it stands still now and then, or is killed and starts again with what it has. */
#ifndef TESTS_SOAK_STREAM_H
#define TESTS_SOAK_STREAM_H

#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define STREAM_KEY "soak"

struct stream {
    struct redis_server server;
    const char *options[3]; /* the server's */
    bool halted;
    int64_t go_on_at; /* monotonic nanoseconds */
};

void stream_start(struct stream *s);
/* Stands still for a while, or is killed and starts again. While it stands still: sees whether that is over. */
void stream_unsettle(struct stream *s, struct rng *rng);
void stream_calm(struct stream *s);
/* Writes all that was added to the stream as a record, as a receiver's has it (tests/receiver/record.h). */
void stream_record(struct stream *s, const char *path);
void stream_done(struct stream *s);

#endif
