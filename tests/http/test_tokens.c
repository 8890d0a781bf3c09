/* Bearer tokens: which one a header brings, how often it may come, and what it opens over TCP and over the Unix
 * socket. */
#include "http/tokens.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/listen.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

#define SECOND INT64_C(1000000000)
#define JSON "Content-Type: application/json\r\n"
#define ERASE "{\"op\":\"erase\",\"id\":\"p-1\"}"
#define BEARER(token) "Authorization: Bearer " token "\r\n"

/* --- the gate --- */

static struct token *add(struct tokens *t, const char *name, const char *text)
{
    struct token *v = &t->v[t->n++];
    snprintf(v->name, sizeof v->name, "%s", name);
    EVP_Digest(text, strlen(text), v->sha256, NULL, EVP_sha256(), NULL);
    return v;
}

static const struct {
    const char *header, *name; /* NULL: none */
} headers[] = {
    {"Bearer first", "one"},
    {"Bearer second", "two"},
    {"bearer first", "one"},
    {"BEARER   first", "one"},
    {"Bearer First", NULL},
    {"Bearer first ", NULL},
    {"Bearer firs", NULL},
    {"Bearer first,second", NULL},
    {"Bearer", NULL},
    {"Bearer ", NULL},
    {"Bearer\tfirst", NULL},
    {"Basic first", NULL},
    {"first", NULL},
    {"", NULL},
};
#define N_HEADERS (sizeof headers / sizeof *headers)

static void test_find(void)
{
    struct tokens *t = tokens_new();
    add(t, "one", "first");
    add(t, "two", "second");
    struct token_gate *g = token_gate_new(t), *none = token_gate_new(NULL);
    tokens_unref(t);
    for (size_t i = 0; i < N_HEADERS; i++) {
        const struct token *found = token_gate_find(g, str_of(headers[i].header));
        is_str(found ? found->name : NULL, headers[i].name, "\"%s\" brings %s", headers[i].header,
               headers[i].name ? headers[i].name : "nothing");
    }
    ok(!token_gate_find(none, STR_LIT("Bearer first")), "without tokens nobody has one");
    token_gate_free(g);
    token_gate_free(none);
}

static void test_count(void)
{
    struct tokens *t = tokens_new();
    const struct token *free_one = add(t, "free", "a");
    struct token *three = add(t, "three", "b"), *rare = add(t, "rare", "c");
    three->rate = (struct rate){3, 1};
    rare->rate = (struct rate){1, 3600};
    struct token_gate *g = token_gate_new(t);
    int64_t now = 5 * SECOND;
    unsigned refused = 0;
    for (int i = 0; i < 1000; i++)
        refused += token_gate_count(g, free_one, now) != 0;
    is_int(refused, 0, "without a rate there is no limit");
    for (int i = 0; i < 3; i++)
        is_int(token_gate_count(g, three, now), 0, "of three a second, number %d is taken", i + 1);
    is_int(token_gate_count(g, three, now), 1, "the fourth is told to come in a second");
    is_int(token_gate_count(g, three, now + SECOND / 3 - 2), 1, "and still before a third of one");
    is_int(token_gate_count(g, three, now + SECOND / 3), 0, "then there is room for one");
    is_int(token_gate_count(g, three, now + SECOND / 3), 1, "for no more");
    for (int i = 0; i < 3; i++)
        is_int(token_gate_count(g, three, now + 100 * SECOND), 0, "after a rest all of it is there, number %d", i + 1);
    is_int(token_gate_count(g, three, now + 100 * SECOND), 1, "but never more");
    is_int(token_gate_count(g, rare, now), 0, "one an hour is taken");
    is_int(token_gate_count(g, rare, now + SECOND / 2), 3600, "the wait is in whole seconds, rounded up");
    token_gate_free(g);
    tokens_unref(t);
}

static void test_replace(void)
{
    struct tokens *before = tokens_new(), *after = tokens_new();
    struct token *old = add(before, "x", "b");
    old->rate = (struct rate){1, 60};
    struct token_gate *g = token_gate_new(before);
    is_int(token_gate_count(g, old, SECOND), 0, "a token comes for the first time");
    add(after, "other", "a");
    struct token *kept = add(after, "renamed", "b");
    kept->rate = (struct rate){1, 60};
    token_gate_replace(g, after);
    ok(token_gate_tokens(g) == after, "others take their place");
    is_int(token_gate_count(g, &after->v[1], SECOND), 60, "how often a token came is known, whatever its place");
    is_int(token_gate_count(g, &after->v[0], SECOND), 0, "a new one has not come yet");
    ok(token_gate_has(g, old), "it is the same, as long as it may do as much");
    old->operate = true;
    ok(!token_gate_has(g, old), "but not when it could do more before");
    ok(!token_gate_find(g, STR_LIT("Bearer c")), "what was never there is not there now");
    token_gate_free(g);
    tokens_unref(before);
    tokens_unref(after);
}

/* --- over HTTP --- */

static struct tokens *some_tokens(void)
{
    struct tokens *t = tokens_new();
    add(t, "reader", "lct_read")->read = true;
    add(t, "operator", "lct_operate")->operate = true;
    add(t, "registry", "lct_all")->intake_all = true;
    text_list_add(&add(t, "bank", "lct_bank")->channels, "bank");
    struct token *slow = add(t, "slow", "lct_slow");
    slow->read = true;
    slow->rate = (struct rate){2, 3600};
    return t;
}

static struct server s;
static struct reply r;
static int fd = -1;
static char tcp[LISTEN_TEXT];

static void listen_there(void *arg)
{
    struct errmsg msg;
    (void)arg;
    if (http_listen(s.http, fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static void open_all(struct tokens *t)
{
    struct errmsg msg;
    s = server_new_with(&(struct http_options){.max_lines = 1000, .tokens = t});
    if (listen_open("127.0.0.1:0", &fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    listen_text(fd, tcp);
    server_do(&s, listen_there, NULL);
}

static const struct {
    const char *method, *target, *credentials, *body; /* credentials NULL: no header */
    int status;
    const char *says;
} rows[] = {
    {"GET", "/v1/status", NULL, NULL, 401, "Authorization: Bearer TOKEN"},
    {"GET", "/v1/status", "Bearer lct_rea", NULL, 401, "not known"},
    {"GET", "/v1/status", "Basic bGN0X3JlYWQ=", NULL, 401, "not known"},
    {"GET", "/v1/status", "Bearer lct_read", NULL, 200, NULL},
    {"GET", "/v1/status", "Bearer lct_operate", NULL, 200, NULL},
    {"GET", "/v1/status", "Bearer lct_bank", NULL, 403, "a token with the role read"},
    {"GET", "/v1/status", "Bearer lct_all", NULL, 403, "a token with the role read"},
    {"POST", "/v1/endpoints/payroll/pause", "Bearer lct_read", "{}", 403, "a token with the role operate"},
    {"POST", "/v1/endpoints/payroll/pause", "Bearer lct_all", "{}", 403, "a token with the role operate"},
    {"POST", "/v1/endpoints/payroll/pause", "Bearer lct_operate", "{}", 400, "\"by\""},
    {"POST", "/v1/inputs", "Bearer lct_all", ERASE, 200, NULL},
    {"POST", "/v1/inputs", "Bearer lct_operate", ERASE, 403, "the role intake:CHANNEL or intake:*"},
    {"POST", "/v1/inputs", "Bearer lct_read", ERASE, 403, "the role intake:CHANNEL or intake:*"},
    {"GET", "/nothing", "Bearer lct_bank", NULL, 404, NULL},
    {"GET", "/nothing", "Bearer lct_other", NULL, 401, NULL},
    {"PUT", "/v1/status", "Bearer lct_bank", NULL, 405, NULL},
    {"GET", "/healthz", "Bearer lct_bank", NULL, 200, NULL},
    {"GET", "/healthz", "Bearer lct_other", NULL, 200, NULL}, /* nobody asks */
};
#define N_ROWS (sizeof rows / sizeof *rows)

/* On one connection: each request is judged by the token of its own. */
static void test_roles(const char *where, const char *address)
{
    struct client *c = client_new(address);
    for (size_t i = 0; i < N_ROWS; i++) {
        const char *credentials = rows[i].credentials;
        char lines[128] = JSON;
        if (!credentials && address == s.path)
            continue; /* there the uid counts */
        if (credentials)
            snprintf(lines, sizeof lines, JSON "Authorization: %s\r\n", credentials);
        client_request(c, rows[i].method, rows[i].target, lines, str_of(rows[i].body), &r);
        ok(r.status == rows[i].status && (!rows[i].says || strstr(r.body.p, rows[i].says)), "over %s, %s %s, %s: %d",
           where, rows[i].method, rows[i].target, credentials ? credentials : "no token", rows[i].status);
        ok(!!reply_header(&r, "WWW-Authenticate") == (rows[i].status == 401), "a challenge comes with 401 alone");
        ok(!strstr(r.body.p, "lct_"), "no token comes back");
    }
    client_free(c);
}

static void test_rate(void)
{
    int first = 0, second = 0;
    request_once(tcp, "GET", "/v1/status", BEARER("lct_slow"), STR_NONE, &r);
    first = r.status;
    request_once(s.path, "GET", "/v1/status", BEARER("lct_slow"), STR_NONE, &r);
    second = r.status;
    ok(first == 200 && second == 200, "as many as its rate has are answered");
    request_once(tcp, "GET", "/v1/status", BEARER("lct_slow"), STR_NONE, &r);
    is_int(r.status, 429, "one more is not");
    const char *after = reply_header(&r, "Retry-After");
    ok(after && atoi(after) > 1700 && atoi(after) <= 1800, "and is told when to come again: %s", after);
    ok(strstr(r.body.p, "\"title\":\"Too Many Requests\""), "as a problem");
    request_once(tcp, "GET", "/v1/status", BEARER("lct_read"), STR_NONE, &r);
    is_int(r.status, 200, "another token has its own");
}

/* --- a reload --- */

static void reconfigure(void *arg)
{
    http_reconfigure(s.http, &(struct http_options){.country_code = "+86", .max_lines = 1000, .tokens = arg});
}

static void test_reload(void)
{
    struct tokens *t = tokens_new();
    add(t, "reader", "lct_new")->read = true;
    text_list_add(&add(t, "bank", "lct_bank")->channels, "bank");
    struct client *open = client_new(tcp), *kept = client_new(tcp), *stream = client_new(tcp);
    client_request(open, "GET", "/v1/status", BEARER("lct_read"), STR_NONE, &r);
    is_int(r.status, 200, "a token is taken");
    const char *head = "POST /v1/inputs HTTP/1.1\r\nHost: t\r\n" JSON "Content-Length: 25\r\nExpect: 100-continue\r\n";
    client_send(stream, head, strlen(head));
    client_send(stream, BEARER("lct_all") "\r\n", strlen(BEARER("lct_all") "\r\n"));
    client_send(kept, head, strlen(head));
    client_send(kept, BEARER("lct_bank") "\r\n", strlen(BEARER("lct_bank") "\r\n"));
    client_request(open, "GET", "/v1/status", BEARER("lct_read"), STR_NONE, &r); /* both have been heard by then */
    server_do(&s, reconfigure, t);
    tokens_unref(t);
    client_request(open, "GET", "/v1/status", BEARER("lct_read"), STR_NONE, &r);
    is_int(r.status, 401, "after a reload it is not, on the same connection");
    client_request(open, "GET", "/v1/status", BEARER("lct_new"), STR_NONE, &r);
    is_int(r.status, 200, "but its successor is");
    client_read(stream, &r);
    is_int(r.status, 0, "what a token was in the midst of is cut off when it is gone");
    client_send(kept, ERASE, strlen(ERASE));
    client_read(kept, &r);
    ok(r.status == 200 || r.status == 403, "and goes on when it is not");
    client_free(open);
    client_free(kept);
    client_free(stream);
}

int main(void)
{
    plan(0);
    test_find();
    test_count();
    test_replace();
    struct tokens *t = some_tokens();
    open_all(t);
    tokens_unref(t);
    test_roles("TCP", tcp);
    test_roles("the Unix socket", s.path);
    request_once(s.path, "GET", "/v1/status", NULL, STR_NONE, &r);
    is_int(r.status, 200, "over the Unix socket the uid counts without a token");
    test_rate();
    test_reload();
    reply_done(&r);
    server_free(&s);
    listen_close(tcp, fd);
    return tap_end();
}
