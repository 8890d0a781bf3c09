/* The interface before a fake engine: routes, one input, queries, holds, framing, who may. Lines of inputs have a test
 * of their own (test_input_lines.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/http/fake_engine.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define CERTIFY(ref) "{'op':'certify','id':'p-1','channel':'face','certified_on':'2026-05-01','ref':'" ref "'}"

static struct server s;
static struct client *c;
static struct reply r;

static void ask(const char *method, const char *target, const char *headers, const char *body)
{
    struct buf sent = BUF_INIT;
    if (body) {
        buf_room(&sent, 1); /* an empty body is a body */
        add_json(&sent, str_of(body));
    }
    client_request(c, method, target, headers, buf_str(&sent), &r);
    see_json(&r.body);
    buf_done(&sent);
}

static bool header_is(const char *name, const char *value)
{
    const char *got = reply_header(&r, name);
    return got && strcmp(got, value) == 0;
}

/* --- what is answered to what: one row a request, all on one connection --- */

static const struct {
    const char *method, *target, *headers, *body;
    int status;
    const char *says; /* stands in the body */
} rows[] = {
    {"GET", "/healthz", NULL, NULL, 200, "ok\n"},
    {"GET", "/readyz", NULL, NULL, 200, "ok\n"},
    {"GET", "/v1", NULL, NULL, 404, "'status':404"},
    {"GET", "/v1/nothing", NULL, NULL, 404, "there is nothing at this path"},
    {"POST", "/v1/nothing", JSON, "{}", 404, "there is nothing at this path"},
    {"GET", "/v1/inputs", NULL, NULL, 405, "POST only"},
    {"PUT", "/v1/inputs", JSON, CERTIFY("a"), 405, "POST only"},
    {"POST", "/healthz", NULL, "x", 405, "GET, HEAD only"},
    /* one input */
    {"POST", "/v1/inputs", JSON, CERTIFY("a"), 200,
     "{'id':'p-1','op':'certify','result':'applied','reason':null,'seq':[1]}\n"},
    {"POST", "/v1/inputs", "content-type:   Application/JSON; charset=utf-8\r\n", " " CERTIFY("many") "\n", 200,
     "'seq':[2,3,4]}"},
    {"POST", "/v1/inputs", JSON, CERTIFY("unchanged"), 200, "'result':'unchanged','reason':null,'seq':[]}"},
    {"POST", "/v1/inputs", JSON, CERTIFY("reject"), 422,
     "'result':'rejected','reason':'stale','seq':[5],'message':'认证日期过早"},
    {"POST", "/v1/inputs", JSON, CERTIFY("error"), 400, "'member':'channel','detail':'no such channel'}"},
    {"POST", "/v1/inputs", JSON, "{'op':'unit','unit':'u-1','name':'office'}", 200,
     "{'id':null,'unit':'u-1','op':'unit'"},
    {"POST", "/v1/inputs", JSON, "", 400, "'status':400"},
    {"POST", "/v1/inputs", JSON, "{", 400, "'status':400"},
    {"POST", "/v1/inputs", JSON, CERTIFY("a") CERTIFY("b"), 400, "'status':400"},
    {"POST", "/v1/inputs", JSON, "[" CERTIFY("a") "]", 400, "'status':400"},
    {"POST", "/v1/inputs", JSON, "{'op':'certify','id':'p-1','chanel':'face'}", 400, "'member':'chanel'"},
    {"POST", "/v1/inputs", JSON, "{'op':'erase'}", 400, "'member':'id'"},
    {"POST", "/v1/inputs", JSON, "{'op':'erase','id':'a b'}", 400, "'member':'id'"},
    {"POST", "/v1/inputs", JSON, "{'op':'erase','id':'p','at':'2026-05-01T00:00:00+08:00'}", 400, "'member':'at'"},
    {"POST", "/v1/inputs", "Content-Type: text/csv\r\n", "a,b", 415, "application/x-ndjson"},
    {"POST", "/v1/inputs", "Content-Type: application/jsonx\r\n", "{}", 415, "application/json"},
    {"POST", "/v1/inputs", NULL, "{}", 415, "application/json"},
    /* queries */
    {"GET", "/v1/beneficiaries/330902-0000001", NULL, NULL, 200, "'id':'330902-0000001'"},
    {"GET", "/v1/beneficiaries/a%2Fb%22c", NULL, NULL, 200, "'id':'a/b\\'c'"},
    {"GET", "/v1/beneficiaries/absent", NULL, NULL, 404, "'detail':'not enrolled'"},
    {"GET", "/v1/beneficiaries/%zz", NULL, NULL, 400, "percent-encoded"},
    {"GET", "/v1/beneficiaries/p-1/events", NULL, NULL, 200, "'id':'p-1'"},
    {"GET", "/v1/beneficiaries/absent/events", NULL, NULL, 404, "not enrolled"},
    {"GET", "/v1/status", NULL, NULL, 200, "{"},
    {"GET", "/v1/due", NULL, NULL, 200, "{'kind':4}"},
    {"GET", "/v1/due?from=2026-01-01&to=2026-12-31&by=month", NULL, NULL, 200,
     "'from':'2026-01-01','to':'2026-12-31','by':'month'"},
    {"GET", "/v1/due?from=2026%2D01%2D01&by=day", NULL, NULL, 200, "'from':'2026-01-01'}"},
    {"GET", "/v1/due?from=2026-02-30", NULL, NULL, 400, "'member':'from'"},
    {"GET", "/v1/due?from=", NULL, NULL, 400, "'member':'from'"},
    {"GET", "/v1/due?to=%2", NULL, NULL, 400, "'member':'to'"},
    {"GET", "/v1/due?by=week", NULL, NULL, 400, "'member':'by'"},
    /* holds */
    {"GET", "/v1/holds", NULL, NULL, 200, "{"},
    {"POST", "/v1/holds", JSON, "{'hold':'moratorium','scope':null,'until':'2026-09-30','why':'flood','by':'Li'}", 200,
     "'until':'2026-09-30','why':'flood','by':'Li'"},
    {"POST", "/v1/holds", JSON,
     "{'hold':'moratorium','scope':{'unit':'u-1'},'until':'2026-09-30','why':'flood','by':'Li'}", 200,
     "'scope':3,'scope_name':'u-1'"},
    {"POST", "/v1/holds", JSON, "{'hold':'brake','until':'2026-09-30','why':'w','by':'b'}", 400, "'member':'hold'"},
    {"POST", "/v1/holds", JSON, "{'hold':'moratorium','until':'soon','why':'w','by':'b'}", 400, "'member':'until'"},
    {"POST", "/v1/holds", JSON, "{'hold':'moratorium','until':'2026-09-30','why':'w'}", 400, "'member':'by'"},
    {"POST", "/v1/holds", JSON, "{'hold':'moratorium','scope':{},'until':'2026-09-30','why':'w','by':'b'}", 400,
     "'member':'scope'"},
    {"POST", "/v1/holds", JSON,
     "{'hold':'moratorium','scope':{'unit':'u','policy':'p'},'until':'2026-09-30','why':'w','by':'b'}", 400,
     "'member':'scope'"},
    {"DELETE", "/v1/holds/moratorium%3Aunit%3Au-1", JSON, "{'by':'Li','why':'over'}", 200,
     "'name':'moratorium:unit:u-1','why':'over','by':'Li'"},
    {"DELETE", "/v1/holds/brake", JSON, "{'by':'Li'}", 400, "'member':'why'"},
    {"DELETE", "/v1/holds/brake", NULL, NULL, 400, "'status':400"},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static void table(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        ask(rows[i].method, rows[i].target, rows[i].headers, rows[i].body);
        const char *type = r.status >= 400 && r.status != 422 ? "application/problem+json" : NULL;
        bool good =
            r.status == rows[i].status && strstr(r.body.p, rows[i].says) && (!type || header_is("Content-Type", type));
        if (!ok(good, "%s %s %.60s: %d", rows[i].method, rows[i].target, rows[i].body ? rows[i].body : "",
                rows[i].status))
            diag("got %d: %s", r.status, r.body.p ? r.body.p : "nothing");
    }
}

/* --- headers --- */

static void headers(void)
{
    ask("GET", "/v1/status", NULL, NULL);
    ok(header_is("Content-Type", "application/json"), "JSON is called so");
    ask("GET", "/v1/beneficiaries/p-1/events", NULL, NULL);
    ok(header_is("Content-Type", "application/x-ndjson"), "and lines of it are");
    ask("PUT", "/v1/holds", NULL, NULL);
    ok(header_is("Allow", "GET, HEAD, POST"), "405 says what is allowed");
    struct client *head = client_new(s.path);
    const char *bytes = "HEAD /healthz HTTP/1.1\r\nHost: t\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: t\r\n\r\n";
    client_send(head, bytes, strlen(bytes));
    client_read(head, &r); /* takes the second answer's first three bytes for the body */
    ok(r.status == 200 && r.body.n == 3 && memcmp(r.body.p, "HTT", 3) == 0, "HEAD is GET without the body");
    client_free(head);
}

/* --- too much --- */

static void sizes(void)
{
    struct buf big = BUF_INIT;
    for (size_t i = 0; i < 1024 * 1024 + 1; i++)
        buf_addc(&big, ' ');
    struct client *own = client_new(s.path);
    client_request(own, "POST", "/v1/inputs", JSON, (struct str){big.p, big.n - 1}, &r);
    is_int(r.status, 400, "a megabyte is taken, though no input is as long: %s", r.body.p);
    client_request(own, "GET", "/healthz", NULL, STR_NONE, &r);
    is_int(r.status, 200, "and the connection goes on");
    client_request(own, "POST", "/v1/inputs", JSON, buf_str(&big), &r);
    is_int(r.status, 413, "a byte more is not");
    client_free(own);

    own = client_new(s.path);
    const char *head = "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n";
    client_send(own, head, strlen(head));
    for (int i = 0; i < 2; i++) {
        client_send(own, "100000\r\n", 8);
        client_send(own, big.p, 1024 * 1024);
        client_send(own, "\r\n", 2);
    }
    client_send(own, "0\r\n\r\n", 5);
    client_read(own, &r);
    is_int(r.status, 413, "nor in chunks");
    client_request(own, "GET", "/healthz", NULL, STR_NONE, &r);
    is_int(r.status, 200, "after which the connection goes on, too");
    client_free(own);

    struct buf header = BUF_INIT;
    buf_adds(&header, "X-Long: ");
    buf_addstr(&header, (struct str){big.p, 300 * 1024});
    buf_adds(&header, "x\r\n");
    buf_addc(&header, '\0');
    memset(header.p + 8, 'x', 300 * 1024);
    own = client_new(s.path);
    client_request(own, "GET", "/healthz", header.p, STR_NONE, &r);
    ok(r.status == 431 || r.status == 0, "a header without end is cut off (%d)", r.status);
    client_free(own);
    buf_done(&header);
    buf_done(&big);
}

static void full(void)
{
    fake_engine_limit(s.engine, 0);
    ask("POST", "/v1/inputs", JSON, CERTIFY("a"));
    ok(r.status == 503 && header_is("Retry-After", "1"), "503 with Retry-After when too much is queued");
    fake_engine_limit(s.engine, UINT64_MAX);
    ask("POST", "/v1/inputs", JSON, CERTIFY("a"));
    is_int(r.status, 200, "and 200 when it is not any more");
    ask("POST", "/v1/inputs", JSON, CERTIFY("lost"));
    ok(r.status == 503 && header_is("Retry-After", "1") && strstr(r.body.p, "nobody answers for shard 3"),
       "503 also when nobody knows what came of it");
}

/* --- framing --- */

static const struct {
    const char *what, *bytes;
    int status; /* 0: closed without an answer */
} raw[] = {
    {"two lengths", "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
     400},
    {"the same length twice",
     "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
    {"a length and chunks",
     "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"a length that is none", "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Content-Length: 2x\r\n\r\n{}", 400},
    {"a negative length", "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Content-Length: -1\r\n\r\n{}", 400},
    {"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400},
    {"a refused expectation",
     "POST /v1/inputs HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", 415},
};
#define N_RAW (sizeof raw / sizeof *raw)

static void framing(void)
{
    for (size_t i = 0; i < N_RAW; i++) {
        struct client *own = client_new(s.path);
        client_send(own, raw[i].bytes, strlen(raw[i].bytes));
        client_read(own, &r);
        is_int(r.status, raw[i].status, "%s", raw[i].what);
        client_free(own);
    }
    struct client *own = client_new(s.path);
    const char *bytes = "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\nGET /readyz HTTP/1.1\r\nHost: t\r\n\r\n";
    for (const char *p = bytes; *p; p++)
        client_send(own, p, 1);
    client_read(own, &r);
    int first = r.status;
    client_read(own, &r);
    ok(first == 200 && r.status == 200,
       "requests that come byte by byte and one behind the other are answered in turn");
    client_free(own);
}

/* --- who may --- */

static int status_as_nobody(const char *target)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct reply mine = {0};
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
            _exit(0);
        request_once(s.path, "GET", target, NULL, STR_NONE, &mine);
        _exit(mine.status / 2); /* an exit code is a byte */
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) * 2 : -1;
}

static void who_may(void)
{
    if (geteuid() != 0) {
        skip(2, "only root can be somebody else");
        return;
    }
    chmod(tap_tmpdir(), 0711);
    chmod(s.path, 0666);
    is_int(status_as_nobody("/v1/status"), 402, "another user may not (403)");
    is_int(status_as_nobody("/healthz"), 200, "but for the probes");
}

int main(void)
{
    plan(N_ROWS + 4 + 6 + 3 + N_RAW + 1 + 2);
    s = server_new(1000, false);
    c = client_new(s.path);
    table();
    headers();
    sizes();
    full();
    framing();
    who_may();
    client_free(c);
    reply_done(&r);
    server_free(&s);
    return tap_end();
}
