/* What stands between the daemon and a receiver, and what an operator gets to know of it: TLS with an authority of
 * one's own and certificates on both sides, addresses that are not allowed, and trials. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/e2e/delivery_view.h"
#include "tests/e2e/peers.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"
#include "tests/net/certs.h"
#include "tests/net/redis_server.h"

#define JSON "Content-Type: application/json\r\n"

static struct node *n;
static struct web_receiver plain, secure;
static struct certs certs;
static struct reply r, answer;
static int dead_port;

/* --- the daemon --- */

/* One that gets nothing through, and tries again soon enough to be seen doing so. */
static void add_endpoint(struct buf *b, const char *name, const char *scheme, const char *host, int port,
                         const char *more)
{
    buf_printf(b,
               "endpoint \"%s\" {\n    adapter = \"standard-webhooks\"\n    url = \"%s://%s:%d/%s\"\n"
               "    secret_file = \"%s/secret\"\n    retry = { \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1h\" }\n%s}\n",
               name, scheme, host, port, name, n->dir, more);
}

/* ca: the one in which the endpoint "corrected" trusts. */
static void configure(const char *ca)
{
    char own_ca[400], all[800], given[800];
    struct buf b = BUF_INIT;
    snprintf(own_ca, sizeof own_ca, "    allow_private = true\n    ca_file = \"%s\"\n", certs.ca);
    snprintf(all, sizeof all, "%s    client_cert = \"%s\"\n", own_ca, certs.client);
    snprintf(given, sizeof given, "    allow_private = true\n    ca_file = \"%s\"\n    client_cert = \"%s\"\n", ca,
             certs.client);
    buf_adds(&b, "timezone = \"Asia/Shanghai\"\nchannel \"face\" { }\npolicy \"national\" { }\n");
    add_endpoint(&b, "trusted", "https", "localhost", secure.port, all);
    add_endpoint(&b, "corrected", "https", "127.0.0.1", secure.port, given);
    add_endpoint(&b, "nameless", "https", "localhost", secure.port, own_ca);
    add_endpoint(&b, "system-ca", "https", "localhost", secure.port, "    allow_private = true\n");
    add_endpoint(&b, "private", "http", "127.0.0.1", plain.port, "");
    add_endpoint(&b, "by-name", "http", "localhost", plain.port, "");
    add_endpoint(&b, "allowed", "http", "localhost", plain.port, "    allow_private = true\n");
    add_endpoint(&b, "dead", "http", "127.0.0.1", dead_port, "    allow_private = true\n");
    buf_addc(&b, '\0');
    node_configure(n, b.p);
    buf_done(&b);
}

static void start_daemon(void)
{
    char path[128];
    n = node_new("");
    snprintf(path, sizeof path, "%s/secret", n->dir);
    write_private(path, STR_LIT("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    configure(certs.other_ca);
    node_init(n);
    node_must_start(n);
}

/* Yesterday's: so that nothing but the enrolment is due. */
static void enrol(const char *id)
{
    char json[160], approved_on[16];
    time_t yesterday = time(NULL) - 86400;
    strftime(approved_on, sizeof approved_on, "%Y-%m-%d", gmtime(&yesterday));
    snprintf(json, sizeof json, "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"%s\"}", id,
             approved_on);
    request_once(n->socket, "POST", "/v1/inputs", JSON, str_of(json), &r);
    if (r.status != 200)
        bail_out("%s is answered %d: %s", json, r.status, r.body.p);
}

/* --- the receivers --- */

struct arrival {
    struct web_receiver *at;
    const char *path;
    long wanted;
};

static long count(struct web_receiver *at, const char *path)
{
    return strtol(web_receiver_ask(at, STR_NONE, &answer, "/count?path=/%s", path), NULL, 10);
}

static bool has_come(void *arg)
{
    const struct arrival *a = arg;
    return count(a->at, a->path) >= a->wanted;
}

static bool arrived(struct web_receiver *at, const char *path, long wanted)
{
    struct arrival a = {at, path, wanted};
    return await(has_come, &a) && count(at, path) == wanted;
}

/* --- the tests --- */

static void test_tls(void)
{
    ok(arrived(&secure, "trusted", 1), "with the receiver's CA and a certificate of its own an event arrives over TLS");
    web_receiver_ask(&secure, STR_NONE, &answer, "/bodies?path=/trusted");
    ok(strstr(answer.body.p, "\"type\":\"beneficiary.enrolled\"") && !strstr(answer.body.p, "simulated"),
       "under the system's clock nothing says that it is simulated: %s", answer.body.p);
    ok(endpoint_await(n, "trusted", "\"last_error\":null"), "and nothing went wrong");
    ok(endpoint_await(n, "corrected", "\"last_error\":\"") && endpoint_says(n, "corrected", "certificate"),
       "with another CA the receiver's certificate is refused, and said to be the reason");
    ok(endpoint_await(n, "system-ca", "\"last_error\":\"") && endpoint_says(n, "system-ca", "certificate"),
       "with none of its own, too");
    ok(endpoint_await(n, "nameless", "\"last_error\":\"") && endpoint_says(n, "nameless", "certificate"),
       "without a certificate to show the receiver refuses, and that is said");
    is_int(endpoint_number(n, "corrected", "delivered"), 0, "nothing was delivered with the wrong CA");
    is_int(endpoint_number(n, "nameless", "delivered"), 0, "nor without a certificate");
    is_int(count(&secure, "corrected") + count(&secure, "nameless") + count(&secure, "system-ca"), 0,
           "and nothing has come to the receiver");
}

static void test_addresses(void)
{
    ok(arrived(&plain, "allowed", 1), "where private addresses are allowed an event arrives");
    ok(endpoint_await(n, "private", "\"last_error\":\"") && endpoint_says(n, "private", "allow_private"),
       "without allow_private one on loopback is refused, with what to set");
    ok(endpoint_await(n, "by-name", "\"last_error\":\"") && endpoint_says(n, "by-name", "allow_private"),
       "by its name, too");
    is_int(count(&plain, "private") + count(&plain, "by-name"), 0, "and nothing has come there");
    ok(delivery_await(n, "private", "retry", "p-1", "allow_private"), "the delivery waits, and has the reason as well");
}

static void test_trials(void)
{
    long before = count(&secure, "trusted");
    is_int(endpoint_order(n, "trusted", "test", NULL, &r), 200, "a trial of a good endpoint is answered");
    ok(strstr(r.body.p, "\"outcome\":\"delivered\"") && strstr(r.body.p, "\"status\":204"), "it was received: %s",
       r.body.p);
    is_int(count(&secure, "trusted"), before + 1, "for the receiver has it");
    web_receiver_ask(&secure, STR_NONE, &answer, "/bodies?path=/trusted");
    ok(strstr(answer.body.p, "\"type\":\"endpoint.test\""), "as a test");
    is_int(endpoint_order(n, "dead", "test", NULL, &r), 200, "a trial of a dead endpoint is answered");
    ok(strstr(r.body.p, "\"outcome\":\"retry\"") && strstr(r.body.p, "\"status\":0") && strstr(r.body.p, "connect"),
       "nobody is there: %s", r.body.p);
    is_int(endpoint_order(n, "private", "test", NULL, &r), 200, "one of a forbidden address");
    ok(strstr(r.body.p, "allow_private"), "says that it is: %s", r.body.p);
    is_int(endpoint_order(n, "dead", "pause", "{\"by\":\"op\",\"why\":\"moved\"}", &r), 200, "one that is paused");
    is_int(endpoint_order(n, "dead", "test", NULL, &r), 200, "can be tried");
    is_int(endpoint_order(n, "nobody", "test", NULL, &r), 404, "one that is not configured cannot");
    is_int(endpoint_number(n, "trusted", "delivered"), 1, "a trial is not counted as a delivery");
}

/* What waits because of a wrong setting goes out once it is right. */
static void test_corrected(void)
{
    configure(certs.ca);
    node_signal(n, SIGHUP);
    ok(node_await(n, "READY=1"), "the daemon takes up another configuration");
    ok(arrived(&secure, "corrected", 1), "with the right CA what waited arrives");
    ok(endpoint_await(n, "corrected", "\"delivered\":1"), "and is counted");
    ok(delivery_await_count(n, "corrected", "retry", 0), "and nothing waits there any more");
}

int main(void)
{
    plan(9 + 5 + 12 + 4 + 1);
    certs_make(&certs);
    if (chmod(certs.client, 0600) != 0)
        bail_out("%s cannot be kept to oneself", certs.client);
    dead_port = free_port();
    web_receiver_start(&plain, false, NULL, NULL);
    web_receiver_start(&secure, false, certs.server, certs.other_ca);
    start_daemon();
    enrol("p-1");
    test_tls();
    test_addresses();
    test_trials();
    test_corrected();
    is_int(node_stop(n), 0, "the daemon stops");
    web_receiver_stop(&plain);
    web_receiver_stop(&secure);
    reply_done(&r);
    reply_done(&answer);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
