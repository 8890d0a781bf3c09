/* A daemon that listens on TCP beside its Unix socket: where it says so, what it answers there, and what becomes of a
 * second one on the same port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/listen.h"
#include "tests/lib/http_client.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define CONFIG                       \
    "timezone = \"Asia/Shanghai\"\n" \
    "policy \"national\" { }\n"      \
    "channel \"face\" { }\n"
#define JSON "Content-Type: application/json\r\n"
#define ENROL "{\"op\":\"enrol\",\"id\":\"p-1\",\"policy\":\"national\",\"approved_on\":\"2020-02-01\"}"

static struct reply r;

/* Lets it listen on more: a list's further values, each with a comma before it. */
static void configure(const struct node *n, const char *more)
{
    FILE *f = fopen(n->config, "w");
    if (!f)
        bail_out("cannot write %s", n->config);
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\"%s }\n" CONFIG, n->dir, n->socket, more);
    fclose(f);
}

/* The address that begins so, as the log tells it. */
static bool told_address(const struct node *n, const char *beginning, char out[LISTEN_TEXT])
{
    char want[64], *log = node_log(n);
    snprintf(want, sizeof want, "event=listening address=%s", beginning);
    const char *line = strstr(log, want);
    if (line) {
        line += strlen("event=listening address=");
        snprintf(out, LISTEN_TEXT, "%.*s", (int)strcspn(line, " \n"), line);
    }
    free(log);
    return line != NULL;
}

static int status_of(const char *address, const char *method, const char *target, const char *body)
{
    request_once(address, method, target, body ? JSON : NULL, str_of(body), &r);
    return r.status;
}

static void answers(const struct node *n)
{
    char address[LISTEN_TEXT], local[LISTEN_TEXT];
    ok(told_address(n, "unix:", local) && strcmp(local + 5, n->socket) == 0, "the Unix socket is told");
    if (!ok(told_address(n, "127.0.0.1:", address) && strcmp(address, "127.0.0.1:0") != 0, "so is the port"))
        bail_out("without a port there is nothing to test");
    is_int(status_of(address, "GET", "/healthz", NULL), 200, "over TCP it lives");
    is_int(status_of(address, "GET", "/readyz", NULL), 200, "and is ready");
    is_int(status_of(address, "GET", "/v1/status", NULL), 401, "more than that is for who has a token");
    is_int(status_of(address, "POST", "/v1/inputs", ENROL), 401, "inputs, too");
    is_int(status_of(n->socket, "GET", "/v1/beneficiaries/p-1", NULL), 404, "of which nothing was done");
    is_int(status_of(n->socket, "POST", "/v1/inputs", ENROL), 200, "over the Unix socket it is");
}

static bool has_v6(void)
{
    struct errmsg msg;
    int fd;
    if (listen_open("[::1]:0", &fd, &msg) != ERR_OK)
        return false;
    close(fd);
    return true;
}

static void answers_v6(const struct node *n)
{
    char address[LISTEN_TEXT];
    if (!ok(told_address(n, "[::1]:", address), "its port over IPv6 is told"))
        bail_out("without a port there is nothing to test");
    is_int(status_of(address, "GET", "/healthz", NULL), 200, "over IPv6 it lives");
    is_int(status_of(address, "GET", "/v1/status", NULL), 401, "and tells strangers no more");
}

static void second_one(const struct node *first)
{
    struct node *second = node_new("");
    char address[LISTEN_TEXT], more[LISTEN_TEXT + 8], says[LISTEN_TEXT + 64];
    int code = 0;
    told_address(first, "127.0.0.1:", address);
    snprintf(more, sizeof more, ", \"%s\"", address);
    configure(second, more);
    node_init(second);
    ok(!node_start(second, &code) && code == 1, "a second daemon on one port does not start");
    snprintf(says, sizeof says, "listen \\\"%s\\\": another process listens there", address);
    ok(node_logged(second, says), "and says which");
    ok(access(second->socket, F_OK) != 0, "the socket that it had made is gone");
    is_int(status_of(address, "GET", "/healthz", NULL), 200, "the first one is none the worse");
    configure(second, ", \"lifecertd.example:8600\"");
    ok(!node_start(second, &code) && node_logged(second, "no names are looked up"), "a name is refused with words");
    node_free(second, false);
}

static void again(struct node *n)
{
    char address[LISTEN_TEXT], more[LISTEN_TEXT + 8];
    told_address(n, "127.0.0.1:", address);
    struct client *open = client_new(address); /* the daemon ends this one, and its port lingers */
    client_request(open, "GET", "/healthz", NULL, STR_NONE, &r);
    is_int(node_stop(n), 0, "SIGTERM ends it, whoever is connected");
    snprintf(more, sizeof more, ", \"%s\"", address);
    configure(n, more);
    node_must_start(n);
    is_int(status_of(address, "GET", "/healthz", NULL), 200, "started again it has the same port at once");
    client_free(open);
}

static void passed_socket(void)
{
    struct node *n = node_new(CONFIG);
    struct errmsg msg;
    char address[LISTEN_TEXT];
    if (listen_open("127.0.0.1:0", &n->pass_fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    listen_text(n->pass_fd, address);
    node_init(n);
    node_must_start(n);
    is_int(status_of(address, "GET", "/healthz", NULL), 200, "a TCP socket that was passed is answered on");
    is_int(status_of(address, "GET", "/v1/status", NULL), 401, "as on one of its own");
    close(n->pass_fd);
    node_free(n, false);
}

int main(void)
{
    bool v6 = has_v6();
    plan(8 + 3 + 5 + 2 + 2);
    struct node *n = node_new("");
    configure(n, v6 ? ", \"127.0.0.1:0\", \"[::1]:0\"" : ", \"127.0.0.1:0\"");
    node_init(n);
    node_must_start(n);
    answers(n);
    if (v6)
        answers_v6(n);
    else
        skip(3, "there is no IPv6 here");
    second_one(n);
    again(n);
    passed_socket();
    reply_done(&r);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
