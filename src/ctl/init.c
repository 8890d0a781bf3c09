/* lifecertctl init: makes the store. */
#include "ctl/options.h"
#include "ctl/store_args.h"
#include "shards/set.h"

#include <stdio.h>

static int told(enum err e, const struct errmsg *msg)
{
    return fail(e == ERR_EXISTS || e == ERR_INVALID ? EXIT_NO : EXIT_UNREADABLE, "%s", msg->text);
}

static void print_made(const struct config *config, const char *shards, bool simulated, const char *incarnation)
{
    printf("made the store %s%s%s, incarnation %s\n", config->store, shards,
           simulated ? ", marked as simulated (the configuration's clock is not the system's)" : "", incarnation);
    printf("next: start lifecertd -c %s, then lifecertctl -c %s import FILE\n", config->file, config->file);
}

static int make_set(const struct config *config, const struct store_options *options, unsigned n)
{
    struct shard_set set;
    struct errmsg msg;
    char shards[48];
    enum err e = shard_set_make(config->store, options, n, &set, &msg);
    if (e)
        return told(e, &msg);
    snprintf(shards, sizeof shards, " of %u %s", set.n, set.n == 1 ? "shard" : "shards");
    print_made(config, shards, set.simulated, set.incarnation);
    return EXIT_DONE;
}

static int make_store(const struct config *config, const struct store_options *options)
{
    struct store_info info;
    struct store *s;
    struct errmsg msg;
    enum err e = store_open(config->store, STORE_INIT, options, &s, NULL, &msg);
    if (e)
        return told(e, &msg);
    store_info(s, &info);
    store_close(s);
    print_made(config, "", info.simulated, info.incarnation);
    return EXIT_DONE;
}

static int init(const struct config *config, uint64_t shards)
{
    struct store_options options;
    store_args_options(config, &options);
    options.simulated = config->clock == CLOCK_ACCELERATED;
    bool set = shard_set_is(config->store);
    if (shards > SHARDS_MAX || (shards && !set))
        return fail(EXIT_MISUSE, "--shards: 1 to %d, of a store in Redis", SHARDS_MAX);
    if (set)
        return make_set(config, &options, shards ? (unsigned)shards : store_args_shards(config->store));
    return make_store(config, &options);
}

int cmd_init(struct ctl *ctl, int argc, char **argv)
{
    struct config *config;
    uint64_t shards = 0;
    const struct option_row options[] = {
        {OPTION_NUMBER, 0, "shards", "N", "how many shards a store in Redis has (default 1; of a cluster 16)", &shards},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    status = init(config, shards);
    config_free(config);
    return status;
}
