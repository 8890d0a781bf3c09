/* endpoints_load_secrets(): everything that an endpoint has in files of its own. */
#include <stdlib.h>
#include <unistd.h>

#include "config/secret.h"

/* Adapters that cannot do without one: they sign, or log in. */
static bool needs_secret(enum adapter_kind k)
{
    static const bool needs[ADAPTER_KIND_N] = {
        [ADAPTER_STANDARD_WEBHOOKS] = true,
        [ADAPTER_KANNEL] = true,
        [ADAPTER_ALIYUN_SMS] = true,
        [ADAPTER_TENCENT_SMS] = true,
    };
    return needs[k];
}

static void add_fault(const struct endpoint *e, const char *key, const char *file, const struct errmsg *msg,
                      struct buf *faults)
{
    buf_printf(faults, "%s: endpoint \"%s\": %s = \"%s\": %s\n", e->place ? e->place : "?", e->name, key, file,
               msg->text);
}

static void load_secrets(struct endpoint *e, struct buf *faults)
{
    struct errmsg msg;
    for (unsigned i = 0; i < e->n_secrets; i++)
        secret_done(&e->secrets[i]);
    e->n_secrets = 0;
    for (unsigned i = 0; i < e->secret_files.n && i < SECRETS_MAX; i++) {
        if (secret_load(e->secret_files.v[i], &e->secrets[e->n_secrets], &msg) == ERR_OK)
            e->n_secrets++;
        else
            add_fault(e, "secret_file", e->secret_files.v[i], &msg, faults);
    }
    if (e->secret_files.n == 0 && needs_secret(e->adapter))
        buf_printf(faults, "%s: endpoint \"%s\": no secret_file: expected one for the adapter %s\n",
                   e->place ? e->place : "?", e->name, adapter_kind_text(e->adapter));
}

static void load_receipt_secret(struct endpoint *e, struct buf *faults)
{
    struct errmsg msg;
    secret_done(&e->receipt_secret);
    if (e->receipt_secret_file && secret_load(e->receipt_secret_file, &e->receipt_secret, &msg) != ERR_OK)
        add_fault(e, "receipt_secret_file", e->receipt_secret_file, &msg, faults);
}

/* *name becomes absolute. secret: the file holds a private key, so others must not read it. */
static void find_file(struct endpoint *e, const char *key, char **name, bool secret, struct buf *faults)
{
    struct errmsg msg;
    char *path;
    int fd;
    if (!*name)
        return;
    if (secret_path(*name, &path, &msg) != ERR_OK) {
        add_fault(e, key, *name, &msg, faults);
        return;
    }
    if (secret && secret_open(path, &fd, &msg) != ERR_OK)
        add_fault(e, key, *name, &msg, faults);
    else if (secret)
        close(fd);
    free(*name);
    *name = path;
}

enum err endpoints_load_secrets(struct endpoints *e, struct buf *faults)
{
    size_t before = faults->n;
    for (unsigned i = 0; i < e->n; i++) {
        load_secrets(&e->v[i], faults);
        load_receipt_secret(&e->v[i], faults);
        find_file(&e->v[i], "ca_file", &e->v[i].ca_file, false, faults);
        find_file(&e->v[i], "client_cert", &e->v[i].client_cert, true, faults);
    }
    return faults->n == before ? ERR_OK : ERR_INVALID;
}
