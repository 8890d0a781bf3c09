#include "deliver/receipt_reader.h"

#include <stdlib.h>

#include "adapter/sign.h"

struct receipt_reader {
    struct endpoints *endpoints;
    struct adapter_state *states[ENDPOINTS_MAX]; /* NULL: there are no receipts */
};

enum err receipt_reader_new(struct endpoints *e, struct receipt_reader **out, struct errmsg *msg)
{
    struct receipt_reader *r = mem_zalloc(1, sizeof *r);
    enum err err = ERR_OK;
    r->endpoints = endpoints_ref(e);
    for (unsigned i = 0; i < e->n && err == ERR_OK; i++) {
        const struct adapter *a = adapters[e->v[i].adapter];
        if (a->receipts)
            err = a->open(&e->v[i], &r->states[i], msg);
    }
    if (err == ERR_OK)
        *out = r;
    else
        receipt_reader_free(r);
    return err;
}

void receipt_reader_free(struct receipt_reader *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < r->endpoints->n; i++)
        if (r->states[i])
            adapters[r->endpoints->v[i].adapter]->close(r->states[i]);
    endpoints_unref(r->endpoints);
    free(r);
}

bool receipt_secret_is(const struct endpoint *e, struct str secret)
{
    return secret_eq((struct str){e->receipt_secret.p, e->receipt_secret.n}, secret);
}

bool receipt_reader_takes(const struct receipt_reader *r, struct str endpoint, struct str secret)
{
    const struct endpoint *e = endpoints_find(r->endpoints, endpoint);
    return e && r->states[e - r->endpoints->v] && receipt_secret_is(e, secret);
}

enum err receipt_reader_read(const struct receipt_reader *r, struct str endpoint, const struct receipt_call *c,
                             receipt_fn *each, void *arg, struct buf *reply, struct errmsg *msg)
{
    const struct endpoint *e = endpoints_find(r->endpoints, endpoint);
    struct adapter_state *s = e ? r->states[e - r->endpoints->v] : NULL;
    if (!s)
        return err_set(msg, ERR_ABSENT, "no such receipts");
    return adapters[e->adapter]->receipts(s, c, each, arg, reply, msg);
}
