/* What the tests of stores in Redis share: a server, stores in it, and hands other than ours. */
#ifndef TESTS_STORE_REDIS_HELP_H
#define TESTS_STORE_REDIS_HELP_H

#include "store/redis/inside.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/store/events.h"

#define HELP_LEASE_MS 300

struct redis_help {
    struct redis_server server;
    char folder[256];
    const char *options[8];
};

static inline void help_start(struct redis_help *h)
{
    snprintf(h->folder, sizeof h->folder, "%s", tap_tmpdir());
    const char *words[] = {"--appendonly", "yes", "--appendfsync", "always", "--dir", h->folder, NULL};
    memcpy(h->options, words, sizeof words);
    h->server.options = h->options;
    redis_server_start(&h->server);
}

static inline void help_uri(const struct redis_help *h, const char *prefix, char out[128])
{
    snprintf(out, 128, "redis://127.0.0.1:%d/%s#0", h->server.port, prefix);
}

static inline struct store *help_open(const char *uri, enum store_mode mode, const struct store_options *o)
{
    struct store *s;
    struct errmsg msg = {""};
    if (store_open(uri, mode, o, &s, NULL, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    return s;
}

/* One command, "%s" in it being the key, by another hand than the store's; an integer reply's value, else 0. */
static inline long long help_meddle(const struct redis_help *h, const char *format, const char *key)
{
    redisContext *c = redisConnect("127.0.0.1", h->server.port);
    redisReply *reply = c && !c->err ? redisCommand(c, format, key) : NULL;
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", format, reply ? reply->str : "no answer");
    long long value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    freeReplyObject(reply);
    redisFree(c);
    return value;
}

#endif
