/* Bodies of many inputs before a fake engine: every line its result, in order, in bounded memory, whatever stands in it
 * and whoever goes away. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/http/fake_engine.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define CERTIFY(id, ref) "{'op':'certify','id':'" id "','channel':'face','certified_on':'2026-05-01','ref':'" ref "'}"
#define MAX_LINES 50000

static struct server s;
static struct reply r;

static void post_as(const char *type, const char *headers, struct str body)
{
    struct buf all = BUF_INIT, quoted = BUF_INIT;
    buf_printf(&all, "%s%s", type, headers);
    buf_addc(&all, '\0');
    buf_room(&quoted, 1); /* an empty body is a body */
    add_json(&quoted, body);
    request_once(s.path, "POST", "/v1/inputs", all.p, buf_str(&quoted), &r);
    see_json(&r.body);
    buf_done(&all);
    buf_done(&quoted);
}

static void post(const char *headers, struct str body)
{
    post_as(NDJSON, headers, body);
}

static void add_line(struct buf *b, const char *op_ref, int i)
{
    size_t from = b->n;
    buf_printf(b, "{'op':'certify','id':'330902-%07d','channel':'data-match','certified_on':'2026-05-01','ref':'%s'}\n",
               i, op_ref);
    quotes_replace(b, from, '\'', '"');
}

/* --- what a line gets --- */

static const struct {
    struct str line;
    const char *answer; /* how its result begins; NULL: it has none */
} lines[] = {
    {STR_LIT(CERTIFY("p-1", "a")), "{'id':'p-1','op':'certify','result':'applied','reason':null,'seq':["},
    {STR_LIT(""), NULL},
    {STR_LIT(" \t \r"), NULL},
    {STR_LIT(CERTIFY("p-2", "reject") "\r"), "{'id':'p-2','op':'certify','result':'rejected','reason':'stale','seq':["},
    {STR_LIT("nonsense"), "{'id':null,'op':null,'result':'error','reason':'malformed','line':5,'detail':'"},
    {STR_LIT("{'op':'certify','id':'p'"), "{'id':null,'op':null,'result':'error','reason':'malformed','line':6,"},
    {STR_LIT("{'op':'vanish','id':'p'}"),
     "{'id':null,'op':null,'result':'error','reason':'malformed','line':7,'member':'op'"},
    {STR_LIT(CERTIFY("p-3", "error")),
     "{'id':'p-3','op':'certify','result':'error','reason':'malformed','line':8,'member':'channel','detail':'no such"},
    {STR_LIT("{'op':'erase','id':'a\xff"
             "b'}"),
     "{'id':null,'op':null,'result':'error','reason':'malformed','line':9,"},
    {STR_LIT("{'op':'erase','id':'a\0b'}"), "{'id':null,'op':null,'result':'error','reason':'malformed','line':10,"},
    {STR_LIT("{'op':'erase','id':'a','id':'b'}"),
     "{'id':null,'op':null,'result':'error','reason':'malformed','line':11,'member':'id'"},
    {STR_LIT("{'op':'unit','unit':'u-1'}"), "{'id':null,'unit':'u-1','op':'unit','result':'applied'"},
    {STR_LIT("[1]"), "{'id':null,'op':null,'result':'error','reason':'malformed','line':13,"},
    {STR_LIT(CERTIFY("p-4", "many")), "{'id':'p-4','op':'certify','result':'applied','reason':null,'seq':["},
};
#define N_LINES (sizeof lines / sizeof *lines)

static void each_line(void)
{
    struct buf body = BUF_INIT;
    unsigned n = 0;
    for (size_t i = 0; i < N_LINES; i++) {
        add_json(&body, lines[i].line);
        if (i + 1 < N_LINES)
            buf_addc(&body, '\n'); /* the last one goes without */
    }
    post("", buf_str(&body));
    is_int(r.status, 200, "lines of all kinds");
    is_str(reply_header(&r, "Content-Type"), "application/x-ndjson", "are answered by lines");
    for (size_t i = 0; i < N_LINES; i++) {
        if (!lines[i].answer)
            continue;
        const char *got = reply_line(&r, n++);
        if (!ok(got && strncmp(got, lines[i].answer, strlen(lines[i].answer)) == 0, "line %zu: %.60s", i + 1,
                lines[i].line.p))
            diag("got %s", got);
    }
    char want[32];
    snprintf(want, sizeof want, "{'lines':%u}", n);
    is_str(reply_line(&r, n), want, "and in the end by their count");
    ok(!reply_line(&r, n + 1), "after which there is nothing");
    buf_done(&body);
}

static void lost(void)
{
    struct buf body = BUF_INIT;
    add_line(&body, "lost", 1);
    BUF_LIT(&body, "nonsense\n");
    post("", buf_str(&body));
    is_int(r.status, 200, "a line of which nobody knows whether it was decided");
    is_str(reply_line(&r, 0),
           "{'id':null,'op':null,'result':'error','reason':'unknown','line':1,'detail':'nobody answers for shard 3'}",
           "is answered so");
    ok(reply_line(&r, 1) && strstr(reply_line(&r, 1), "'malformed'"), "and others are what they are");
    buf_done(&body);
}

static void empty(void)
{
    post("", STR_LIT(""));
    ok(r.status == 200 && strcmp(r.body.p, "{'lines':0}\n") == 0, "an empty body has no lines");
    post("", STR_LIT("\n\n \n"));
    ok(r.status == 200 && strcmp(r.body.p, "{'lines':0}\n") == 0, "nor has one of blank lines");
}

/* --- long lines --- */

static void long_lines(void)
{
    struct buf body = BUF_INIT;
    buf_adds(&body, CERTIFY("p-1", "a") "\n{'op':'certify','id':'");
    memset(buf_room(&body, 10 << 20), 'x', 10 << 20);
    body.n += 10 << 20;
    buf_adds(&body, "'}\n" CERTIFY("p-2", "a") "\n");
    post("", buf_str(&body));
    ok(strstr(reply_line(&r, 0), "'id':'p-1'"), "before a line of 10 MiB");
    is_str(reply_line(&r, 1),
           "{'id':null,'op':null,'result':'error','reason':'malformed','line':2,"
           "'detail':'the line is longer than 65536 bytes'}",
           "which is refused");
    ok(strstr(reply_line(&r, 2), "'id':'p-2'"), "and after it the lines go on");
    /* Many lines as long as they may be: their strings fill a group before their number does. */
    buf_clear(&body);
    for (int i = 0; i < 20; i++) {
        size_t start = body.n;
        add_line(&body, "a", i);
        body.n--;
        size_t pad = 65536 - (body.n - start);
        memset(buf_room(&body, pad), ' ', pad);
        body.n += pad;
        buf_addc(&body, '\n');
    }
    post("", buf_str(&body));
    is_str(reply_line(&r, 20), "{'lines':20}", "lines of 65536 bytes are read");
    ok(strstr(reply_line(&r, 19), "'id':'330902-0000019','op':'certify','result':'applied'"), "to the last one");
    buf_done(&body);
}

/* --- many lines --- */

/* Are the results those of lines 0..n-1, in order? Numbers that are multiples of 7 were rejected, of 11 nonsense. */
static void check_many(int n, const char *what)
{
    const char *p = r.body.p, *end_of_body = r.body.p + r.body.n;
    int wrong = 0;
    for (int i = 0; i < n && wrong == 0; i++) {
        char want[200];
        if (i % 11 == 0)
            snprintf(want, sizeof want, "{'id':null,'op':null,'result':'error','reason':'malformed','line':%d,", i + 1);
        else
            snprintf(want, sizeof want, "{'id':'330902-%07d','op':'certify','result':'%s'", i,
                     i % 7 ? "applied" : "rejected");
        /* Not by strncmp(): a sanitizer has it look at the whole of the body each time. */
        const char *newline = memchr(p, '\n', (size_t)(end_of_body - p));
        if (!newline || (size_t)(newline - p) < strlen(want) || memcmp(p, want, strlen(want)) != 0)
            wrong++;
        else
            p = newline + 1;
    }
    char end[32];
    snprintf(end, sizeof end, "{'lines':%d}\n", n);
    ok(r.status == 200 && wrong == 0 && strcmp(p, end) == 0, "%s", what);
}

static struct buf many(int n)
{
    struct buf body = BUF_INIT;
    for (int i = 0; i < n; i++) {
        if (i % 11 == 0)
            buf_adds(&body, "nonsense\n");
        else
            add_line(&body, i % 7 ? "a" : "reject", i);
    }
    return body;
}

static void many_lines(void)
{
    struct buf body = many(MAX_LINES);
    post("", buf_str(&body));
    check_many(MAX_LINES, "many lines have their results in order");
    buf_done(&body);
}

static void too_many_lines(void)
{
    struct buf body = many(MAX_LINES + 3000);
    char want[200];
    post("", buf_str(&body));
    snprintf(want, sizeof want, "{'id':null,'op':null,'result':'error','reason':'too-many-lines','line':%d,",
             MAX_LINES + 1);
    const char *line = reply_line(&r, MAX_LINES);
    ok(line && strncmp(line, want, strlen(want)) == 0, "the line after the last one that max_lines allows is refused");
    snprintf(want, sizeof want, "{'lines':%d}", MAX_LINES + 1);
    is_str(reply_line(&r, MAX_LINES + 1), want, "and no other is looked at");
    buf_done(&body);
}

/* Chunks of a few bytes, which part lines anywhere. */
static void small_chunks(void)
{
    struct buf body = many(300), sent = BUF_INIT;
    struct rng rng = rng_seed(7);
    struct client *c = client_new(s.path);
    buf_adds(&sent, "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" NDJSON "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < body.n;) {
        size_t n = 1 + rng_below(&rng, 40);
        if (n > body.n - at)
            n = body.n - at;
        buf_printf(&sent, "%zx\r\n", n);
        buf_add(&sent, body.p + at, n);
        buf_adds(&sent, "\r\n");
        at += n;
    }
    buf_adds(&sent, "0\r\n\r\n");
    for (size_t at = 0; at < sent.n;) {
        size_t n = 1 + rng_below(&rng, 500);
        if (n > sent.n - at)
            n = sent.n - at;
        client_send(c, sent.p + at, n);
        at += n;
    }
    client_read(c, &r);
    see_json(&r.body);
    check_many(300, "a body in small chunks is read as any other");
    client_request(c, "GET", "/healthz", NULL, STR_NONE, &r);
    is_int(r.status, 200, "and the connection goes on");
    client_free(c);
    buf_done(&body);
    buf_done(&sent);
}

/* --- bounds, and clients that go away --- */

/* Waits until the engine has been given so many inputs, or a minute has passed. */
static void await_inputs(uint64_t n)
{
    int64_t limit = clock_monotonic_ns() + INT64_C(60000000000);
    while (fake_engine_counts(s.engine).inputs < n && clock_monotonic_ns() < limit)
        poll(NULL, 0, 1);
}

/* A client that has sent the header of a body of n bytes. */
static struct client *begin_body(const struct server *to, size_t n)
{
    struct buf head = BUF_INIT;
    struct client *c = client_new(to->path);
    buf_printf(&head, "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" NDJSON "Content-Length: %zu\r\n\r\n", n);
    client_send(c, head.p, head.n);
    buf_done(&head);
    return c;
}

/* Three groups: more than the engine takes while it does nothing, and no more than the socket holds, or the client would not
 * come back from sending. */
#define FITS (160 * 1024)

static void full_engine(void)
{
    struct buf body = many(MAX_LINES);
    fake_engine_hold(s.engine, true);
    fake_engine_limit(s.engine, 700);
    struct client *c = begin_body(&s, body.n);
    client_send(c, body.p, FITS);
    while (fake_engine_counts(s.engine).refused == 0)
        poll(NULL, 0, 1);
    fake_engine_hold(s.engine, false);
    client_send(c, body.p + FITS, body.n - FITS);
    client_read(c, &r);
    see_json(&r.body);
    check_many(MAX_LINES, "groups that the engine has no room for are handed in again, and the order holds");
    fake_engine_limit(s.engine, UINT64_MAX);
    client_free(c);
    buf_done(&body);
}

static void backpressure(void)
{
    struct buf body = BUF_INIT;
    uint64_t before = fake_engine_counts(s.engine).inputs;
    for (int i = 0; i < 40000; i++)
        add_line(&body, "a", i);
    fake_engine_hold(s.engine, true);
    struct client *c = begin_body(&s, body.n), *other = client_new(s.path);
    client_send(c, body.p,
                1200 * 1024); /* less than 32 groups and the socket's buffers hold, or this would not come back */
    await_inputs(before + 10 * 512);
    client_request(other, "GET", "/healthz", NULL, STR_NONE, &r);
    is_int(r.status, 200, "while the engine does nothing, others are answered");
    fake_engine_hold(s.engine, false);
    client_send(c, body.p + 1200 * 1024, body.n - 1200 * 1024);
    client_read(c, &r);
    see_json(&r.body);
    is_str(reply_line(&r, 40000), "{'lines':40000}", "and what was held up comes to its end");
    ok(fake_engine_counts(s.engine).most_queued <= 32 * 512, "no more than 32 groups of one body were in flight");
    client_free(c);
    client_free(other);
    buf_done(&body);
}

static void client_goes_away(void)
{
    struct buf body = BUF_INIT;
    uint64_t before = fake_engine_counts(s.engine).inputs;
    for (int i = 0; i < 5000; i++)
        add_line(&body, "a", i);
    fake_engine_hold(s.engine, true);
    for (int i = 0; i < 4; i++) {
        struct client *c = begin_body(&s, body.n);
        client_send(c, body.p, i % 2 ? body.n : body.n / 2); /* all of it, or half */
        await_inputs(before + 1);
        client_free(c);
    }
    fake_engine_hold(s.engine, false);
    post("", (struct str){body.p, body.n});
    is_str(reply_line(&r, 5000), "{'lines':5000}", "clients that go away in the midst of it leave the others alone");
    buf_done(&body);
}

static void stopped_midway(void)
{
    struct server other = server_new(MAX_LINES, true);
    struct buf body = BUF_INIT;
    for (int i = 0; i < 5000; i++)
        add_line(&body, "a", i);
    fake_engine_hold(other.engine, true);
    struct client *c = begin_body(&other, body.n);
    client_send(c, body.p, body.n);
    struct client *d = client_new(other.path);
    client_send(d, "GET /v1/status HTTP/1.1\r\nHost: t\r\n\r\n", 36);
    while (fake_engine_counts(other.engine).requests[REQUEST_STATUS] == 0)
        poll(NULL, 0, 1);
    server_free(&other);
    client_read(c, &r);
    see_json(&r.body);
    is_int(r.status, 0, "a server that is stopped midway answers nothing that is not done");
    client_free(c);
    client_free(d);
    buf_done(&body);
}

/* --- draining --- */

struct drain {
    struct http *http;
    _Atomic int drained;
};

static void on_drained(void *arg)
{
    struct drain *d = arg;
    d->drained++;
}

static void begin_drain(void *arg)
{
    struct drain *d = arg;
    http_drain(d->http, on_drained, d);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void draining(void)
{
    struct server other = server_new(MAX_LINES, false);
    struct drain d = {.http = other.http};
    struct client *idle = client_new(other.path), *busy = client_new(other.path);
    client_request(idle, "GET", "/healthz", NULL, STR_NONE, &r);
    fake_engine_hold(other.engine, true);
    client_send(busy, "GET /v1/status HTTP/1.1\r\nHost: t\r\n\r\n", 36);
    while (fake_engine_counts(other.engine).requests[REQUEST_STATUS] == 0)
        poll(NULL, 0, 1);
    server_do(&other, begin_drain, &d);
    server_do(&other, nothing, NULL);
    is_int(d.drained, 0, "a request in progress keeps a server from being drained");
    client_request(idle, "GET", "/readyz", NULL, STR_NONE, &r);
    is_int(r.status, 503, "which is not ready any more");
    is_str(reply_header(&r, "Connection"), "close", "and closes its connections");
    fake_engine_hold(other.engine, false);
    client_read(busy, &r);
    is_int(r.status, 200, "what was in progress is answered");
    while (!d.drained)
        poll(NULL, 0, 1);
    is_int(d.drained, 1, "and then it is drained, once");
    client_free(idle);
    client_free(busy);
    server_free(&other);
}

/* --- streams --- */

static uint64_t ended(const struct server *of)
{
    return fake_engine_counts(of->engine).requests[REQUEST_STREAM_END];
}

static void await_ended(const struct server *of, uint64_t n)
{
    int64_t limit = clock_monotonic_ns() + INT64_C(30000000000);
    while (ended(of) < n && clock_monotonic_ns() < limit)
        poll(NULL, 0, 1);
}

static void streams(void)
{
    struct str body = STR_LIT("{'op':'erase','id':'a','at':'2026-05-01T00:00:00+08:00'}\n");
    struct server system_clock = s;
    s = server_new(MAX_LINES, true);
    post("", body);
    ok(r.status == 200 && strstr(r.body.p, "'result':'applied'"),
       "under a clock that is not the system's `at` is a member");
    await_ended(&s, 1);
    is_int(ended(&s), 1, "a body without a name is a stream, and ends it");
    post("Lifecertd-Stream: city\r\n", body);
    post("Lifecertd-Stream: city\r\n", body);
    is_int(ended(&s), 1, "bodies with a name do not");
    post("Lifecertd-Stream: city\r\nLifecertd-Stream-End: yes\r\n", body);
    await_ended(&s, 2);
    is_int(ended(&s), 2, "until one says so");
    int64_t start = clock_monotonic_ns();
    post("Lifecertd-Stream: other\r\n", body);
    await_ended(&s, 3);
    ok(ended(&s) == 3 && clock_monotonic_ns() - start > INT64_C(9900000000), "or ten seconds have passed without one");
    post("Lifecertd-Stream: \xe4\xb8\xad\r\n", body);
    ok(r.status == 400 && strstr(r.body.p, "Lifecertd-Stream"), "a name that is not printable ASCII is refused");
    post("Lifecertd-Stream: 12345678901234567890123456789012345678901234567890123456789012345\r\n", body);
    is_int(r.status, 400, "and so is one of 65 characters");
    post_as("Content-Type: application/json\r\n", "Lifecertd-Stream: one\r\nLifecertd-Stream-End: yes\r\n", body);
    await_ended(&s, 4);
    ok(r.status == 200 && ended(&s) == 4, "a single input may be part of a stream, too");
    server_free(&s);
    s = system_clock;
    post("Lifecertd-Stream: city\r\n", STR_LIT("{'op':'erase','id':'a'}"));
    ok(r.status == 200 && ended(&s) == 0, "under the system's clock the name changes nothing");
}

int main(void)
{
    plan(2 + 12 + 2 + 3 + 2 + 5 + 1 + 1 + 2 + 2 + 3 + 1 + 1 + 5 + 9);
    s = server_new(MAX_LINES, false);
    each_line();
    lost();
    empty();
    long_lines();
    many_lines();
    too_many_lines();
    small_chunks();
    full_engine();
    backpressure();
    client_goes_away();
    stopped_midway();
    draining();
    streams();
    reply_done(&r);
    server_free(&s);
    return tap_end();
}
