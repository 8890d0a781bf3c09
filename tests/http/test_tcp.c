/* Who comes over TCP without a token: what anybody may and nothing else. The Unix socket beside it stays what it is. */
#include <string.h>

#include "net/listen.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define ERASE "{\"op\":\"erase\",\"id\":\"p-1\"}"

static struct server s;
static struct reply r;
static int fd = -1;
static char address[LISTEN_TEXT];

static void listen_there(void *arg)
{
    struct errmsg msg;
    (void)arg;
    if (http_listen(s.http, fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static void open_tcp(const char *where)
{
    struct errmsg msg;
    if (listen_open(where, &fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    listen_text(fd, address);
    server_do(&s, listen_there, NULL);
}

static const struct {
    const char *method, *target, *headers, *body;
    int status;
} rows[] = {
    {"GET", "/healthz", NULL, NULL, 200},
    {"GET", "/readyz", NULL, NULL, 200},
    {"GET", "/v1/status", NULL, NULL, 401},
    {"GET", "/v1/status", "Authorization: Bearer secret\r\n", NULL, 401},
    {"GET", "/v1/beneficiaries/p-1", NULL, NULL, 401},
    {"GET", "/v1/beneficiaries/%zz", NULL, NULL, 401},
    {"GET", "/v1/due?from=soon", NULL, NULL, 401},
    {"GET", "/v1/holds", NULL, NULL, 401},
    {"POST", "/v1/holds", JSON, "{}", 401},
    {"DELETE", "/v1/holds/brake", JSON, "{}", 401},
    {"POST", "/v1/inputs", JSON, ERASE, 401},
    {"POST", "/v1/inputs", NDJSON, ERASE "\n" ERASE "\n", 401},
    {"POST", "/v1/inputs", "Content-Type: text/csv\r\n", "a,b", 401},
    /* which paths and methods there are is nobody's business either */
    {"GET", "/v1", NULL, NULL, 401},
    {"GET", "/v1/nothing", NULL, NULL, 401},
    {"PUT", "/v1/inputs", JSON, ERASE, 401},
    {"POST", "/healthz", NULL, "x", 401},
};
#define N_ROWS (sizeof rows / sizeof *rows)

/* On one connection, which stays good whatever was refused. */
static void table(void)
{
    struct client *kept = client_new(address);
    for (size_t i = 0; i < N_ROWS; i++) {
        client_request(kept, rows[i].method, rows[i].target, rows[i].headers, str_of(rows[i].body), &r);
        is_int(r.status, rows[i].status, "over TCP, %s %s: %d", rows[i].method, rows[i].target, rows[i].status);
    }
    client_free(kept);
}

static void refusal(void)
{
    request_once(address, "GET", "/v1/status", NULL, STR_NONE, &r);
    const char *type = reply_header(&r, "Content-Type");
    ok(type && strcmp(type, "application/problem+json") == 0, "a refusal is a problem");
    ok(strstr(r.body.p, "token") && strstr(r.body.p, "Unix socket") && strstr(r.body.p, "\"title\":\"Unauthorized\""),
       "and says what to do: %s", r.body.p);
    const char *challenge = reply_header(&r, "WWW-Authenticate");
    ok(challenge && strcmp(challenge, "Bearer") == 0, "401 names the scheme");
    request_once(s.path, "GET", "/v1/status", NULL, STR_NONE, &r);
    is_int(r.status, 200, "the Unix socket beside it answers as before");
    request_once(s.path, "GET", "/v1/nothing", NULL, STR_NONE, &r);
    is_int(r.status, 404, "and says what is not there");
}

/* A body that is longer than anybody wants is not waited for. */
static void large_body(void)
{
    struct client *own = client_new(address);
    const char *head = "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" NDJSON "Content-Length: 99999999\r\n\r\n";
    client_send(own, head, strlen(head));
    client_read(own, &r);
    is_int(r.status, 401, "a stranger's large body is refused before it comes");
    client_free(own);
}

int main(void)
{
    plan(N_ROWS + 5 + 1);
    s = server_new(1000, false);
    open_tcp("127.0.0.1:0");
    table();
    refusal();
    large_body();
    reply_done(&r);
    server_free(&s);
    listen_close(address, fd);
    return tap_end();
}
