/* Whose receipts are taken: an endpoint's that reads them, with its own secret and nothing like it. */
#include <stdlib.h>
#include <string.h>

#include "deliver/receipt_reader.h"
#include "tests/adapter/gateway.h"

static void add(struct endpoints *e, const char *name, enum adapter_kind kind, const char *receipt_secret)
{
    struct endpoint *v = &e->v[e->n++];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->adapter = kind;
    v->url = mem_strdup("http://127.0.0.1:13013/cgi-bin/sendsms");
    v->signature = mem_strdup("舟山社保");
    v->username = mem_strdup("lifecertd");
    v->secrets[0] = (struct secret){mem_strdup("geheim"), 6};
    v->n_secrets = 1;
    v->messages = true;
    if (receipt_secret)
        v->receipt_secret = (struct secret){mem_strdup(receipt_secret), strlen(receipt_secret)};
}

static void who_is_let_in(const struct receipt_reader *r)
{
    static const struct {
        const char *endpoint, *secret;
        bool taken;
        const char *what;
    } rows[] = {
        {"kannel", "s3cret", true, "an endpoint's own secret lets in"},
        {"kannel", "s3creT", false, "another one of its length does not"},
        {"kannel", "s3cre", false, "nor a part of it"},
        {"kannel", "s3cret0", false, "nor more than it"},
        {"kannel", "", false, "nor an empty one"},
        {"kannel", NULL, false, "nor none"},
        {"open", "s3cret", false, "an endpoint without a secret lets nobody in"},
        {"open", "", false, "not even without one"},
        {"open", NULL, false, "nor with none"},
        {"redis", "s3cret", false, "one that has no receipts takes none"},
        {"kanne", "s3cret", false, "there is no endpoint of a part of a name"},
        {"", "s3cret", false, "nor of none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(receipt_reader_takes(r, str_of(rows[i].endpoint), str_of(rows[i].secret)) == rows[i].taken, "%s",
           rows[i].what);
}

static void what_is_read(const struct receipt_reader *r)
{
    struct receipt_call c = {STR_LIT("id=k3f9_0_4711&type=1"), STR_LIT("")};
    struct read_receipts got = {.n = 0};
    struct buf reply = BUF_INIT;
    struct errmsg msg = {""};
    is_int(receipt_reader_read(r, STR_LIT("kannel"), &c, note_receipt, &got, &reply, &msg), ERR_OK,
           "a receipt is read");
    ok(got.n == 1 && strncmp(got.text, "k3f9_0_4711|", 12) == 0, "by the endpoint's own adapter");
    is_int(receipt_reader_read(r, STR_LIT("redis"), &c, note_receipt, &got, &reply, &msg), ERR_ABSENT,
           "not for an endpoint that has none");
    is_int(receipt_reader_read(r, STR_LIT("nobody"), &c, note_receipt, &got, &reply, &msg), ERR_ABSENT,
           "nor for one that is not there");
    is_int(got.n, 1, "and then nobody is told of any");
    buf_done(&reply);
}

int main(void)
{
    struct endpoints *e = endpoints_new(), *bad = endpoints_new();
    struct receipt_reader *r = NULL;
    struct errmsg msg = {""};
    plan(0);
    add(e, "kannel", ADAPTER_KANNEL, "s3cret");
    add(e, "open", ADAPTER_KANNEL, NULL);
    add(e, "redis", ADAPTER_REDIS_STREAM, "s3cret");
    is_int(receipt_reader_new(e, &r, &msg), ERR_OK, "receipts of all endpoints are taken");
    endpoints_unref(e);
    who_is_let_in(r);
    what_is_read(r);
    receipt_reader_free(r);
    r = NULL;
    add(bad, "kannel", ADAPTER_KANNEL, "s3cret");
    add(bad, "unready", ADAPTER_KANNEL, "s3cret");
    add(bad, "behind it", ADAPTER_KANNEL, "s3cret");
    bad->v[1].n_secrets = 0;
    ok(receipt_reader_new(bad, &r, &msg) == ERR_INVALID && !r && strstr(msg.text, "secret"),
       "an endpoint whose password is missing is told");
    free(bad->v[1].secrets[0].p);
    endpoints_unref(bad);
    receipt_reader_free(NULL);
    return tap_end();
}
