/* The subscriber's guide: its code in C, Python and Java, as the guide prints it, over requests that a daemon signed, and
 * over all that may be wrong with one. The three must agree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/docs/verifiers.h"
#include "tests/e2e/process.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"
#include "tests/net/peer.h"

static struct webhooks all;

/* --- requests of a daemon --- */

static const struct {
    const char *name, *adapter, *secrets, *more;
} endpoints[] = {
    {"webhook", "standard-webhooks", "one", ""},
    {"rotated", "standard-webhooks", "new one key", ""},
    {"structured", "cloudevents", "one", "    handshake = false\n"},
    {"binary", "cloudevents", "one", "    handshake = false\n    mode = \"binary\"\n"},
    {"batch", "cloudevents", "one", "    handshake = false\n    mode = \"batch\"\n"},
};
#define N_ENDPOINTS (sizeof endpoints / sizeof *endpoints)
enum { WEBHOOK, ROTATED };

static void add_secret_files(struct buf *b, const struct node *n, const char *names)
{
    char copy[64], *rest = copy, *name;
    snprintf(copy, sizeof copy, "%s", names);
    for (const char *comma = ""; (name = strsep(&rest, " ")); comma = ", ")
        buf_printf(b, "%s\"%s/%s.secret\"", comma, n->dir, name);
}

static void configure(struct node *n, struct peer *const peers[N_ENDPOINTS])
{
    struct buf b = BUF_INIT;
    buf_adds(&b, "timezone = \"Asia/Shanghai\"\npolicy \"national\" { }\n");
    for (size_t i = 0; i < N_ENDPOINTS; i++) {
        buf_printf(&b, "endpoint \"%s\" {\n    adapter = \"%s\"\n", endpoints[i].name, endpoints[i].adapter);
        buf_printf(&b, "    url = \"http://127.0.0.1:%u/hooks\"\n    secret_file = { ", peer_port(peers[i]));
        add_secret_files(&b, n, endpoints[i].secrets);
        buf_printf(&b, " }\n    allow_private = true\n    events = { \"beneficiary.*\" }\n%s}\n", endpoints[i].more);
    }
    buf_addc(&b, '\0');
    node_configure(n, b.p);
    buf_done(&b);
}

static void save_secret(const struct node *n, const char *name, const char *secret)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s.secret", n->dir, name);
    write_private(path, str_of(secret));
}

/* A header's value; the test ends when it is not there. */
static char *header_value(const char *request, const char *name)
{
    char line[64];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *value = strcasestr(request, line);
    if (!value)
        bail_out("no %s in %s", name, request);
    value += strlen(line);
    return strndup(value, strcspn(value, "\r"));
}

/* The last request at a peer, as it came. */
static void take_request(const char *name, struct peer *p)
{
    const char *request = peer_last(p), *body = strstr(request, "\r\n\r\n");
    struct webhook *w = webhooks_add(&all, NULL, true, name);
    webhook_set(&w->secret, SECRET);
    free(w->id);
    free(w->timestamp);
    free(w->signatures);
    w->id = header_value(request, "webhook-id");
    w->timestamp = header_value(request, "webhook-timestamp");
    w->signatures = header_value(request, "webhook-signature");
    buf_adds(&w->body, body + 4);
    w->now = real_now();
}

static bool has_request(void *arg)
{
    return peer_requests(arg) > 0;
}

/* The first cases: one for each endpoint, in their order. */
static void take_requests(struct peer *const peers[N_ENDPOINTS])
{
    for (size_t i = 0; i < N_ENDPOINTS; i++) {
        if (!await(has_request, peers[i]))
            bail_out("nothing came for the endpoint %s", endpoints[i].name);
        take_request(endpoints[i].name, peers[i]);
    }
}

static void capture(void)
{
    struct peer_settings settings = {.answer = "HTTP/1.1 204 No Content\r\n\r\n", .then = PEER_KEEPS};
    struct peer *peers[N_ENDPOINTS];
    struct node *n = node_new("");
    struct reply r = {.status = 0};
    for (size_t i = 0; i < N_ENDPOINTS; i++)
        peers[i] = peer_new(&settings);
    save_secret(n, "one", SECRET);
    save_secret(n, "new", NEW_SECRET);
    save_secret(n, "key", PRIVATE_KEY);
    configure(n, peers);
    node_init(n);
    node_must_start(n);
    const char *input = "{\"op\":\"enrol\",\"id\":\"330902-0000001\",\"policy\":\"national\","
                        "\"approved_on\":\"2020-02-01\",\"category\":\"城乡居民\"}";
    request_once(n->socket, "POST", "/v1/inputs", "Content-Type: application/json\r\n", str_of(input), &r);
    is_int(r.status, 200, "an event comes about");
    take_requests(peers);
    is_int(node_stop(n), 0, "the daemon that sent it stops");
    node_free(n, false);
    for (size_t i = 0; i < N_ENDPOINTS; i++)
        peer_free(peers[i]);
    reply_done(&r);
}

/* --- what is said of them --- */

static void add_webhooks(void)
{
    capture();
    for (unsigned i = 0; i < N_ENDPOINTS; i++)
        add_alterations(&all, &all.v[i]);
    add_times(&all, &all.v[WEBHOOK]);
    add_headers(&all, &all.v[WEBHOOK]);
    add_rotation(&all, &all.v[ROTATED]);
    add_signed_here(&all);
}

static const char *next_word(char **rest)
{
    const char *line = *rest ? strsep(rest, "\n") : NULL;
    return line ? line : "nothing";
}

static void test_agreement(void)
{
    struct buf python = BUF_INIT, java = BUF_INIT;
    verifier_ask(LANGUAGE_PYTHON, &all, &python);
    verifier_ask(LANGUAGE_JAVA, &all, &java);
    char *from_python = python.p, *from_java = java.p;
    for (unsigned i = 0; i < all.n; i++) {
        const struct webhook *w = &all.v[i];
        char said[96];
        int code = verifier_run(LANGUAGE_C, w, true);
        snprintf(said, sizeof said, "C %s, Python %s, Java %s",
                 code == 0   ? "yes"
                 : code == 1 ? "no"
                             : "fails",
                 next_word(&from_python), next_word(&from_java));
        is_str(said, w->good ? "C yes, Python yes, Java yes" : "C no, Python no, Java no", "%s", w->name);
    }
    buf_done(&python);
    buf_done(&java);
}

/* By the clock of the machine, as a receiver runs them. */
static void test_programs(void)
{
    static const char *const names[] = {"C", "Python", "Java"};
    for (enum language l = LANGUAGE_C; l < N_LANGUAGES; l++) {
        struct webhook altered = all.v[WEBHOOK];
        is_int(verifier_run(l, &all.v[WEBHOOK], false), 0, "%s: the program accepts what has just come", names[l]);
        altered.secret = (char *)OTHER_SECRET;
        is_int(verifier_run(l, &altered, false), 1, "%s: not with another secret", names[l]);
        is_int(verifier_run_bare(l), 2, "%s: without headers it says how it is used", names[l]);
    }
}

/* --- the guide --- */

static void test_guide(void)
{
    static const char *const names[] = {"docs/subscriber/verify.c", "docs/subscriber/verify.py",
                                        "docs/subscriber/Verify.java"};
    char path[PATH_ROOM];
    struct buf guide = BUF_INIT, file = BUF_INIT, block = BUF_INIT;
    read_text(source_path(path, "docs/subscriber.md"), &guide);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        read_text(source_path(path, names[i]), &file);
        buf_clear(&block);
        buf_printf(&block, "~~~\n%s~~~\n", file.p);
        buf_addc(&block, '\0');
        ok(file.n > 1000 && strstr(guide.p, block.p), "the guide has %s, word for word", names[i]);
    }
    buf_done(&guide);
    buf_done(&file);
    buf_done(&block);
}

int main(void)
{
    plan(0);
    test_guide();
    if (verifiers_are_there()) {
        add_webhooks();
        test_agreement();
        test_programs();
    } else {
        skip(1, "python3 and java are not both here");
    }
    webhooks_done(&all);
    return tap_end();
}
