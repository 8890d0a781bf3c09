/* Logs of several shards in a real Redis, to which a test adds events, and which several interfaces read. */
#ifndef TESTS_HTTP_SHARD_LOGS_H
#define TESTS_HTTP_SHARD_LOGS_H

#include "shards/set.h"
#include "tests/http/server.h"
#include "tests/net/redis_server.h"

#define SHARDS 5

struct shard_logs {
    struct redis_server redis;
    char uri[128];
    struct shard_set set;
    struct store_options options;
    struct store *stores[SHARDS]; /* whose writer this is */
    uint64_t ends[SHARDS];
};

void shard_logs_start(struct shard_logs *l);
void shard_logs_stop(struct shard_logs *l);
/* What an interface over them is made with. Person's stories it gets from the logs. */
struct http_options shard_logs_options(struct shard_logs *l);

/* The i-th person of a shard: as text that holds until the next call. */
const char *shard_person(unsigned shard, unsigned i);
/* n events of a shard in one commit, of its people 0, 1, 2 and again, at that time and each the next second. */
void shard_logs_add(struct shard_logs *l, unsigned shard, uint64_t n, enum event_type type, int64_t time);

#endif
