#include "shards/office/system.h"

#include <stdio.h>

#include "redis/slot.h"

#define WAIT_MS 3000 /* below the time-out of a reply */
#define KEY_MAX 256

enum err system_shard_init(const char *uri, const struct store_options *options, struct system_shard *out,
                           struct errmsg *msg)
{
    struct system_shard s = {
        .settings = {.password = options ? options->password : NULL},
        .wait = {.replicas = options ? options->replicas : 0, .ms = WAIT_MS},
    };
    enum err e = redis_address_parse(uri, &s.settings.address, msg);
    if (e)
        return e;
    snprintf(s.tag, sizeof s.tag, "{%s/system}", s.settings.address.prefix);
    s.slot = redis_slot(str_of(s.tag));
    *out = s;
    return ERR_OK;
}

void system_key(const struct system_shard *s, struct redis_command *c, const char *name)
{
    char key[KEY_MAX];
    snprintf(key, sizeof key, "%s:%s", s->tag, name);
    redis_command_add(c, str_of(key));
}
