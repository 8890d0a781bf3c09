/* What the configuration says to a store: its options, and the password of Redis. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/secret.h"
#include "store/store.h"

static void forget(char **password)
{
    if (*password)
        explicit_bzero(*password, strlen(*password));
    free(*password);
    *password = NULL;
}

enum err config_load_password(struct config *c, struct buf *faults)
{
    struct secret s = {0};
    struct errmsg msg;
    forget(&c->redis_password);
    if (!c->redis_password_file)
        return ERR_OK;
    enum err e = secret_load(c->redis_password_file, &s, &msg);
    if (e == ERR_OK)
        c->redis_password = s.p;
    else
        buf_printf(faults, "%s: redis_password_file = \"%s\": %s\n", c->password_place, c->redis_password_file,
                   msg.text);
    return e == ERR_OK ? ERR_OK : ERR_INVALID;
}

void config_store_options(const struct config *c, struct store_options *out)
{
    out->lease_ms = c->lease_ms;
    out->replicas = c->replicas;
    out->password = c->redis_password;
    out->moved = c->archive;
    out->allow_lossy = c->allow_lossy;
}
