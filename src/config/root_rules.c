#include "config/root_rules.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/value.h"

/* A listener with TLS needs a certificate, a certificate its key. */
static void check_tls(struct loader *l, const struct instance *in)
{
    const struct statement *listen = instance_set(in, "listen");
    const struct statement *cert = instance_set(in, "tls_cert"), *key = instance_set(in, "tls_key");
    const struct statement *ca = instance_set(in, "tls_client_ca");
    bool wanted = false;
    for (unsigned i = 0; i < l->c->n_listen; i++)
        wanted = wanted || strncmp(l->c->listen[i], "tls:", 4) == 0;
    if (wanted && !cert && !key)
        loader_fault(l, listen, in, "listen has an address with TLS", "tls_cert and tls_key, too");
    else if (!cert != !key)
        loader_fault(l, cert ? cert : key, in, cert ? "tls_cert alone" : "tls_key alone", "both, or neither");
    else if (ca && !cert)
        loader_fault(l, ca, in, "tls_client_ca alone", "tls_cert and tls_key, too");
    if (cert)
        l->c->tls_place = loader_place(l, cert);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool config_in_redis(const struct config *c)
{
    return c->store && begins(c->store, "redis");
}

/* Where there is no Redis they would be without effect, which whoever set them does not expect. */
static void check_redis(struct loader *l, const struct instance *in)
{
    const struct config *c = l->c;
    const struct statement *password = instance_set(in, "redis_password_file");
    bool known = c->store || !instance_set(in, "store"); /* else the store itself is at fault */
    for (size_t i = 0; known && !config_in_redis(c) && i < in->schema->n_keys; i++) {
        const struct key *k = &in->schema->keys[i];
        struct errmsg what;
        if (!in->set[i] || !k->of_redis)
            continue;
        err_set(&what, ERR_INVALID, "%s: a store that is not in Redis does not use it", k->name);
        loader_fault(l, in->set[i], in, what.text, "it with a store in Redis");
    }
    if (password)
        l->c->password_place = loader_place(l, password);
}

void root_check(struct loader *l, const struct statement *s, const struct instance *in)
{
    (void)s;
    check_tls(l, in);
    check_redis(l, in);
}

/* The host's name, where it can be one of ours. */
static char *name_of_host(void)
{
    char host[NAME_BYTES_MAX + 1] = "";
    bool fits = gethostname(host, sizeof host - 1) == 0 && name_valid(host);
    return mem_strdup(fits ? host : "lifecertd");
}

/* A master that nobody takes over from has nobody to wait for. */
void root_defaults(const struct instance *in)
{
    struct config *c = in->target;
    if (!c->name)
        c->name = name_of_host();
    if (c->replicas == REPLICAS_AUTO)
        c->replicas = config_in_redis(c) && !begins(c->store, "redis://");
}
