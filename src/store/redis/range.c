/* Pieces of the stream. */
#include "store/redis/inside.h"

#include <inttypes.h>
#include <stdio.h>

enum err redis_range(struct redis *r, const struct redis_shard *shard, uint64_t from, uint64_t to, redisReply **page,
                     struct errmsg *msg)
{
    char first[32], last[32];
    struct redis_command c = {.n = 0};
    snprintf(first, sizeof first, "%" PRIu64 "-0", from);
    snprintf(last, sizeof last, "%" PRIu64 "-0", to);
    redis_command_set(&c, "XRANGE", shard->keys[KEY_LOG], first, last, "COUNT", NULL);
    redis_command_add_u64(&c, RANGE_PAGE);
    enum err e = redis_shard_ask(r, shard, &c, REDIS_REPLY_ARRAY, page, msg);
    redis_command_done(&c);
    return e;
}

static bool read_fields(const redisReply *fields, struct redis_entry *out)
{
    bool line = false;
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply *name = fields->element[i], *value = fields->element[i + 1];
        if (name->type != REDIS_REPLY_STRING || value->type != REDIS_REPLY_STRING || name->len != 1)
            return false;
        switch (name->str[0]) {
        case 'e':
            out->line = (struct str){value->str, value->len};
            line = true;
            break;
        case 'p': out->begins = redis_text_seal(value, out->before); break;
        case 's': out->sealed = redis_text_seal(value, out->hash); break;
        default: return false;
        }
    }
    return line && fields->elements == 2u * (1u + out->begins + out->sealed);
}

bool redis_entry_read(const redisReply *entry, struct redis_entry *out)
{
    int at = 0;
    *out = (struct redis_entry){.seq = 0};
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || entry->element[0]->type != REDIS_REPLY_STRING ||
        entry->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    return sscanf(entry->element[0]->str, "%" SCNu64 "-0%n", &out->seq, &at) == 1 &&
           (size_t)at == entry->element[0]->len && read_fields(entry->element[1], out);
}
