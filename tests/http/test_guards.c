/* What a connection may do to the interface: requests that two could read differently, headers that never end,
 * bodies that stall, and more connections than there is room for. Byte by byte, for no client says such things. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "net/listen.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

#define GET "GET /healthz HTTP/1.1\r\nHost: t\r\n"
#define POST "POST /v1/inputs HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
#define BYTES(s) (s), sizeof(s) - 1

static struct reply r;

/* --- headers --- */

static const struct {
    const char *what, *bytes;
    size_t n;
    int status;
} rows[] = {
    {"a version that is to come", BYTES("GET /healthz HTTP/2.0\r\nHost: t\r\n\r\n"), 505},
    {"a version of the past", BYTES("GET /healthz HTTP/0.9\r\n\r\n"), 505},
    {"no version", BYTES("GET /healthz\r\n\r\n"), 400},
    {"two blanks before the target", BYTES("GET  /healthz HTTP/1.1\r\nHost: t\r\n\r\n"), 400},
    {"a blank behind the version", BYTES("GET /healthz HTTP/1.1 \r\nHost: t\r\n\r\n"), 400},
    {"a blank in the target", BYTES("GET /heal thz HTTP/1.1\r\nHost: t\r\n\r\n"), 400},
    {"a NUL in the target", BYTES("GET /healthz\0/x HTTP/1.1\r\nHost: t\r\n\r\n"), 400},
    {"a NUL in the query", BYTES("GET /healthz?a=b\0&c HTTP/1.1\r\nHost: t\r\n\r\n"), 400},
    {"a CR in the target", BYTES("GET /heal\rthz HTTP/1.1\r\nHost: t\r\n\r\n"), 400},
    {"no Host", BYTES("GET /healthz HTTP/1.1\r\n\r\n"), 400},
    {"two Hosts", BYTES(GET "Host: u\r\n\r\n"), 400},
    {"two tokens", BYTES(GET "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"), 400},
    {"a CR in a value", BYTES(GET "X: a\rb\r\n\r\n"), 400},
    {"a CR at a value's end", BYTES(GET "X: a\r\r\n\r\n"), 400},
    {"a line that ends in LF", BYTES(GET "X: a\n\r\n"), 400},
    {"lines that all end in LF", BYTES("GET /healthz HTTP/1.1\nHost: t\n\n"), 400},
    {"a folded line", BYTES(GET "X: a\r\n b\r\n\r\n"), 400},
    {"a folded line after a tab", BYTES(GET "Content-Length: 0\r\n\t5\r\n\r\n"), 400},
    {"a first field that is folded", BYTES("GET /healthz HTTP/1.1\r\n Host: t\r\n\r\n"), 400},
    {"a blank before the colon", BYTES(GET "X : a\r\n\r\n"), 400},
    {"a tab before the colon", BYTES(GET "X\t: a\r\n\r\n"), 400},
    {"no name", BYTES(GET ": a\r\n\r\n"), 400},
    {"no colon", BYTES(GET "X\r\n\r\n"), 400},
    {"a NUL in a name", BYTES(GET "X\0: a\r\n\r\n"), 400},
    {"a NUL in a value", BYTES(GET "X: a\0b\r\n\r\n"), 400},
    {"a NUL at a value's end", BYTES(GET "X: a\0\r\n\r\n"), 400},
    {"a NUL before a value", BYTES(GET "X: \0a\r\n\r\n"), 400},
    {"a control character in a value", BYTES(GET "X: a\x01\r\n\r\n"), 400},
    {"a length with a sign", BYTES(POST "Content-Length: +2\r\n\r\n{}"), 400},
    {"a negative length", BYTES(POST "Content-Length: -2\r\n\r\n{}"), 400},
    {"a length in hexadecimal", BYTES(POST "Content-Length: 0x2\r\n\r\n{}"), 400},
    {"a length with more behind it", BYTES(POST "Content-Length: 2 2\r\n\r\n{}"), 400},
    {"a list of lengths", BYTES(POST "Content-Length: 2, 2\r\n\r\n{}"), 400},
    {"an empty length", BYTES(POST "Content-Length:\r\n\r\n{}"), 400},
    {"a length that no number holds", BYTES(POST "Content-Length: 99999999999999999999\r\n\r\n{}"), 413},
    {"one length twice", BYTES(POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400},
    {"two lengths", BYTES(POST "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), 400},
    {"a length and chunks", BYTES(POST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"chunks and a length", BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"), 400},
    {"chunks twice", BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"another encoding", BYTES(POST "Transfer-Encoding: gzip\r\n\r\n"), 501},
    {"one encoding in another", BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501},
    {"chunks with something behind them", BYTES(POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n"), 501},
    {"chunks in HTTP/1.0", BYTES("POST /v1/inputs HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"a chunk without a length", BYTES(POST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400},
};
#define N_ROWS (sizeof rows / sizeof *rows)

/* A request that is whole stands behind each: where the first one ends is unknown, so it must not be answered. */
static void test_malformed(const char *address)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        struct client *c = client_new(address);
        client_send(c, rows[i].bytes, rows[i].n);
        client_send(c, BYTES(GET "\r\n"));
        client_read(c, &r);
        is_int(r.status, rows[i].status, "%s: %d", rows[i].what, rows[i].status);
        client_read(c, &r);
        is_int(r.status, 0, "%s: that was the end", rows[i].what);
        client_free(c);
    }
}

static const struct {
    const char *what, *bytes;
    int status;
} good[] = {
    {"a target with its host", "GET http://t:80/healthz?a=b HTTP/1.1\r\nHost: t\r\n\r\n", 200},
    {"a target with its host alone", "GET HTTPS://t HTTP/1.1\r\nHost: t\r\n\r\n", 200},
    {"a query of every kind", "GET /healthz?a=1&b&&c=&=d& HTTP/1.1\r\nHost: t\r\n\r\n", 200},
    {"an empty query", "GET /healthz? HTTP/1.1\r\nHost: t\r\n\r\n", 200},
    {"blanks and tabs around values", GET "X: \t a\r\nY:b\r\nZ:\r\n\r\n", 200},
    {"a value that is not ASCII", GET "X: \xe5\xbc\xa0\r\n\r\n", 200},
    {"empty lines before it", "\r\n\r\n" GET "\r\n", 200},
    {"a minor version more", "GET /healthz HTTP/1.2\r\nHost: t\r\n\r\n", 200},
    {"chunks in large letters", POST "Transfer-Encoding: CHUNKED\r\n\r\n2;x=y\r\n{}\r\n0\r\nA: b\r\n\r\n", 400},
    {"a body", POST "Content-Length: 2\r\n\r\n{}", 400}, /* no input, but a request */
};
#define N_GOOD (sizeof good / sizeof *good)

static void test_well_formed(const char *address)
{
    struct client *c = client_new(address);
    for (size_t i = 0; i < N_GOOD; i++) {
        client_send(c, good[i].bytes, strlen(good[i].bytes));
        client_read(c, &r);
        is_int(r.status, good[i].status, "%s is none of the connection's business", good[i].what);
    }
    client_free(c);
}

/* A header with one value of so many bytes. */
static int status_of_long(const char *address, size_t n)
{
    struct client *c = client_new(address);
    struct buf b = BUF_INIT;
    BUF_LIT(&b, GET "X: ");
    memset(buf_room(&b, n), 'a', n);
    b.n += n;
    BUF_LIT(&b, "\r\n\r\n");
    client_send(c, b.p, b.n);
    client_read(c, &r);
    client_free(c);
    buf_done(&b);
    return r.status;
}

static void test_long_headers(const char *address)
{
    is_int(status_of_long(address, 16000), 200, "a header of 16000 bytes is read");
    is_int(status_of_long(address, 25000), 431, "one of 25000 is too long");
    is_int(status_of_long(address, 64000), 431, "one that does not fit into the connection's memory, too");
}

static void test_security_headers(const char *address)
{
    static const char *const targets[] = {"/healthz", "/v1/status", "/nothing", "/healthz\x01"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        request_once(address, "GET", targets[i], NULL, STR_NONE, &r);
        int status = r.status;
        const char *sniff = reply_header(&r, "X-Content-Type-Options");
        ok(sniff && strcmp(sniff, "nosniff") == 0, "an answer %d is not to be sniffed at", status);
        const char *referrer = reply_header(&r, "Referrer-Policy");
        ok(referrer && strcmp(referrer, "no-referrer") == 0, "nor told of to others");
    }
}

/* --- time --- */

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

enum where { TCP, LOCAL };

/* What is sent, after a whole request or as the first thing, and nothing behind it. */
static const struct {
    enum where where;
    bool after_another;
    const char *sent;
    int status; /* 0: the connection ends without a word */
    const char *what;
} unfinished[] = {
    {TCP, false, "", 0, "who says nothing is sent away"},
    {LOCAL, false, "", 0, "over the Unix socket, too"},
    {TCP, false, "GET /heal", 408, "half of a first line is timed out"},
    {TCP, false, GET "X: a", 408, "half of a header is timed out"},
    {LOCAL, false, GET "X: a", 408, "over the Unix socket, too"},
    {TCP, true, "", 0, "who is silent after an answer is sent away"},
    {TCP, true, "GET /heal", 408, "half of a second request is timed out"},
    {LOCAL, true, GET, 408, "over the Unix socket, too"},
    {TCP, false, POST "Content-Length: 2\r\n\r\n{", 0, "a body that stalls ends the connection"},
};
#define N_UNFINISHED (sizeof unfinished / sizeof *unfinished)

static void check_408(void)
{
    const char *type = reply_header(&r, "Content-Type");
    ok(type && strcmp(type, "application/problem+json") == 0, "a time-out is a problem");
    const char *connection = reply_header(&r, "Connection");
    ok(connection && strcmp(connection, "close") == 0, "which says that the connection ends");
    ok(reply_header(&r, "X-Content-Type-Options") != NULL, "with the headers of every answer");
    ok(strstr(r.body.p, "\"title\":\"Request Timeout\",\"status\":408"), "in the form of every problem");
}

static void test_unfinished(const char *const addresses[2])
{
    struct client *c[N_UNFINISHED];
    for (size_t i = 0; i < N_UNFINISHED; i++) { /* all of them wait together */
        c[i] = client_new(addresses[unfinished[i].where]);
        if (unfinished[i].after_another) {
            client_send(c[i], BYTES(GET "\r\n"));
            client_read(c[i], &r);
        }
        client_send(c[i], unfinished[i].sent, strlen(unfinished[i].sent));
    }
    for (size_t i = 0; i < N_UNFINISHED; i++) {
        client_read(c[i], &r);
        is_int(r.status, unfinished[i].status, "%s", unfinished[i].what);
        if (i == 2)
            check_408();
        client_read(c[i], &r);
        is_int(r.status, 0, "and that was the end");
        client_free(c[i]);
    }
}

/* A byte now and then keeps a connection busy, and yet it must come to an end. */
static void test_drip(const char *address)
{
    struct client *c = client_new(address);
    bool taken = client_send(c, BYTES(GET "X: "));
    int drops = 0;
    for (; taken && !client_has_more(c) && drops < 300; drops++) {
        pause_ms(50);
        taken = client_send(c, BYTES("a"));
    }
    client_read(c, &r);
    is_int(r.status, 408, "a header that drips in is timed out");
    ok(drops < 300, "however busily it does");
    client_free(c);
}

/* One that drips does not end, as long as bytes come: the bound is on silence. */
static void test_slow_body(const char *address)
{
    struct client *c = client_new(address);
    const char *body = "{\"op\":\"erase\",\"id\":\"p-1\"}";
    char head[256];
    snprintf(head, sizeof head, POST "Content-Length: %zu\r\n\r\n", strlen(body));
    client_send(c, head, strlen(head));
    for (const char *p = body; *p; p++) {
        pause_ms(100);
        client_send(c, p, 1);
    }
    client_read(c, &r);
    is_int(r.status, 200, "a body may take longer than a header, as long as it comes");
    client_free(c);
}

/* Nobody waits for this one, and whoever is refused must not keep a connection with it. */
static void test_slow_refused_body(const char *address)
{
    struct client *c = client_new(address);
    bool taken = client_send(c, BYTES("POST /nowhere HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n"));
    int drops = 0;
    for (; taken && !client_has_more(c) && drops < 300; drops++) {
        pause_ms(50);
        taken = client_send(c, BYTES("a"));
    }
    client_read(c, &r);
    is_int(r.status, 0, "a body that nobody wants and that drips in is cut off");
    ok(drops > 20 && drops < 300, "after a while");
    client_free(c);
}

/* --- crowds --- */

#define DESCRIPTORS 128
#define ROOM (DESCRIPTORS / 4 * 3)
#define MANY (ROOM + 40)

/* A server that takes itself to have few descriptors; its clients, in this process, have more. */
static struct server server_of_few(void)
{
    struct rlimit was, few;
    getrlimit(RLIMIT_NOFILE, &was);
    few = was;
    few.rlim_cur = DESCRIPTORS;
    setrlimit(RLIMIT_NOFILE, &few);
    struct server s = server_new_with(&(struct http_options){.max_lines = 1000});
    setrlimit(RLIMIT_NOFILE, &was);
    return s;
}

static bool answers(struct client *c)
{
    client_send(c, BYTES(GET "\r\n"));
    client_read(c, &r);
    return r.status == 200;
}

static void test_crowd(void)
{
    struct server s = server_of_few();
    struct client *all[MANY], *busy = client_new(s.path);
    bool answered = true;
    client_send(busy, BYTES(POST "Content-Length: 26\r\nExpect: 100-continue\r\n\r\n"));
    for (unsigned i = 0; i < MANY; i++) {
        all[i] = client_new(s.path);
        answered = answered && answers(all[i]);
    }
    ok(answered, "everybody who comes is answered, however many stay");
    ok(!answers(all[0]), "who was silent for longest has made room");
    ok(answers(all[MANY - 1]), "who came last is still there");
    ok(answers(all[MANY - ROOM / 2]), "so are most who came before");
    client_send(busy, BYTES("{\"op\":\"erase\",\"id\":\"p-1\"} "));
    client_read(busy, &r);
    is_int(r.status, 200, "who is in the midst of a request is left alone");
    for (unsigned i = 0; i < MANY; i++)
        client_free(all[i]);
    client_free(busy);
    server_free(&s);
}

/* Nobody can be sent away: whoever comes then has no chance, but takes nothing either. */
static void test_full(void)
{
    struct server s = server_of_few();
    struct client *all[ROOM];
    for (unsigned i = 0; i < ROOM; i++) {
        all[i] = client_new(s.path);
        client_send(all[i], BYTES(POST "Content-Length: 26\r\nExpect: 100-continue\r\n\r\n"));
    }
    struct client *late = client_new(s.path);
    client_free(all[0]);
    ok(late != NULL && answers(late), "who comes when all are busy is answered as soon as one leaves");
    for (unsigned i = 1; i < ROOM; i++)
        client_free(all[i]);
    client_free(late);
    server_free(&s);
}

/* --- */

static void listen_there(void *arg)
{
    struct errmsg msg;
    void **pair = arg;
    if (http_listen(pair[0], *(int *)pair[1], &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static int listen_on_tcp(struct server *s, char address[LISTEN_TEXT])
{
    struct errmsg msg;
    int fd;
    if (listen_open("127.0.0.1:0", &fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    server_do(s, listen_there, (void *[]){s->http, &fd});
    listen_text(fd, address);
    return fd;
}

static void test_times(void)
{
    struct server s = server_new_with(
        &(struct http_options){.max_lines = 1000, .idle_seconds = 1, .stall_seconds = 3});
    char tcp[LISTEN_TEXT];
    int fd = listen_on_tcp(&s, tcp);
    test_unfinished((const char *const[]){[TCP] = tcp, [LOCAL] = s.path});
    test_drip(tcp);
    test_slow_body(s.path);
    test_slow_refused_body(s.path);
    server_free(&s);
    listen_close(tcp, fd);
}

int main(void)
{
    plan(0);
    struct server s = server_new(1000, false);
    test_malformed(s.path);
    test_well_formed(s.path);
    test_long_headers(s.path);
    test_security_headers(s.path);
    server_free(&s);
    test_times();
    test_crowd();
    test_full();
    reply_done(&r);
    return tap_end();
}
