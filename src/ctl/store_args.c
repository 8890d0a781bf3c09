#include "ctl/store_args.h"

#include <stdlib.h>

#include "store/log/logline.h"

#define CLUSTER_SHARDS 16 /* some for each of the masters that a cluster may grow to */

void store_args_options(const struct config *config, struct store_options *out)
{
    *out = (struct store_options){.simulated = false};
    if (config)
        config_store_options(config, out);
}

unsigned store_args_shards(const char *uri)
{
    return strncmp(uri, "redis-cluster:", strlen("redis-cluster:")) == 0 ? CLUSTER_SHARDS : 1;
}

void seal_text_add(struct buf *b, const struct seal *seal)
{
    buf_add_u64(b, seal->seq);
    buf_addc(b, ':');
    hex_add(b, seal->hash, SEAL_HASH);
}

bool seal_text_read(const char *text, struct seal *out)
{
    char *colon;
    unsigned long long seq = strtoull(text, &colon, 10);
    if (colon == text || *colon != ':' || strlen(colon + 1) != 2 * SEAL_HASH ||
        !hex_parse(colon + 1, out->hash, SEAL_HASH))
        return false;
    out->seq = seq;
    return true;
}
