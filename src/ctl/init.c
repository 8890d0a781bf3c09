/* lifecertctl init: makes the store. */
#include "ctl/options.h"
#include "store/store.h"

#include <stdio.h>

static int make_store(const struct config *config)
{
    const struct store_options options = {.simulated = config->clock == CLOCK_ACCELERATED};
    struct store_info info;
    struct store *s;
    struct errmsg msg;
    enum err e = store_open(config->store, STORE_INIT, &options, &s, NULL, &msg);
    if (e)
        return fail(e == ERR_EXISTS ? EXIT_NO : EXIT_UNREADABLE, "%s", msg.text);
    store_info(s, &info);
    store_close(s);
    printf("made the store %s%s, incarnation %s\n", config->store,
           options.simulated ? ", marked as simulated (the configuration's clock is not the system's)" : "",
           info.incarnation);
    printf("next: start lifecertd -c %s, then lifecertctl -c %s import FILE\n", config->file, config->file);
    return EXIT_DONE;
}

int cmd_init(struct ctl *ctl, int argc, char **argv)
{
    struct config *config;
    int status = options_read(ctl, NULL, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    status = ctl_config(ctl, &config);
    if (status)
        return status;
    status = make_store(config);
    config_free(config);
    return status;
}
