/* Idempotency keys through the real daemon: it is killed between a commit and its answer, during bodies, at any moment;
 * whoever then sends the same under the same key gets what came of it, and nothing happens twice. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/date.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define ONE "Content-Type: application/json\r\n"
#define LINES "Content-Type: application/x-ndjson\r\n"

static const char config[] = "timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"face\" { }\n"
                             "policy \"national\" { }\n";

static struct node *n;
static struct reply r;

static int post(const char *headers, const char *body)
{
    request_once(n->socket, "POST", "/v1/inputs", headers, str_of(body), &r);
    return r.status;
}

static const char *day(int ago)
{
    static char text[4][11];
    static unsigned i;
    char *out = text[i++ % 4];
    date_format((lc_date)(time(NULL) / 86400) + DATE_UNIX_EPOCH - ago, out);
    out[10] = '\0';
    return out;
}

static uint64_t position(void)
{
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    const char *p = r.status == 200 ? strstr(r.body.p, "\"position\":") : NULL;
    if (!p)
        bail_out("no status: %d", r.status);
    return strtoull(p + strlen("\"position\":"), NULL, 10);
}

/* Sends a request and does not read its answer. */
static struct client *send_only(const char *headers, const char *body)
{
    struct client *c = client_new(n->socket);
    struct buf b = BUF_INIT;
    buf_printf(&b, "POST /v1/inputs HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", headers, strlen(body),
               body);
    if (!c || !client_send(c, b.p, b.n))
        bail_out("the daemon takes no request");
    buf_done(&b);
    return c;
}

static void die_and_rise(void)
{
    node_kill(n);
    node_must_start(n);
}

static void wait_us(uint64_t us)
{
    struct timespec t = {.tv_nsec = (long)us * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

/* --- one input, the daemon killed before its answer is read --- */

/* The i-th input: each is applied, and would be unchanged or rejected if it were decided again. */
static void write_input(int i, char out[256])
{
    switch (i % 4) {
    case 0:
        snprintf(out, 256,
                 "{\"op\":\"certify\",\"id\":\"a\",\"channel\":\"face\",\"ref\":\"r%d\",\"certified_on\":\"%s\"}", i,
                 day(1));
        break;
    case 1:
        snprintf(out, 256,
                 "{\"op\":\"revoke\",\"id\":\"a\",\"channel\":\"face\",\"ref\":\"r%d\",\"reason\":\"forged\"}", i - 1);
        break;
    case 2: snprintf(out, 256, "{\"op\":\"report-death\",\"id\":\"a\",\"died_on\":\"%s\"}", day(2)); break;
    default: snprintf(out, 256, "{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"seen alive\"}");
    }
}

static void killed_before_the_answer(void)
{
    enum { KILLS = 32 };
    char input[256], headers[128], want[160];
    struct rng lot = rng_seed(7);
    unsigned wrong = 0, unmarked = 0, replayed = 0;
    snprintf(input, sizeof input, "{\"op\":\"enrol\",\"id\":\"a\",\"policy\":\"national\",\"approved_on\":\"%s\"}",
             day(100));
    is_int(post(ONE, input), 200, "somebody is enrolled");
    uint64_t before = position();
    for (int i = 0; i < KILLS; i++, before++) {
        bool durable = i / 4 % 2 == 0; /* killed once it is durable; else at any moment */
        write_input(i, input);
        snprintf(headers, sizeof headers, ONE "Idempotency-Key: \"kill-%d\"\r\n", i);
        struct client *c = send_only(headers, input);
        while (durable && position() == before)
            continue;
        if (!durable)
            wait_us(rng_below(&lot, 600));
        die_and_rise();
        client_free(c);
        int status = post(headers, input);
        const char *mark = reply_header(&r, "Idempotency-Replayed");
        snprintf(want, sizeof want, "\"result\":\"applied\",\"reason\":null,\"seq\":[%" PRIu64 "]}", before + 1);
        bool good = status == 200 && strstr(r.body.p, want);
        replayed += mark != NULL;
        unmarked += durable && !mark;
        if (!good || position() != before + 1) {
            diag("%s: %d %s", input, status, r.body.p);
            wrong++;
        }
    }
    is_int(wrong, 0, "killed %d times before an answer was read, the same came of each input, once", KILLS);
    is_int(unmarked, 0, "what was durable was not decided again");
    diag("%u of %d were replayed", replayed, KILLS);
    post(ONE "Idempotency-Key: \"kill-1\"\r\n", "{\"op\":\"erase\",\"id\":\"a\"}");
    ok(r.status == 422 && strstr(r.body.p, "\"member\":\"Idempotency-Key\""),
       "a key that comes with another input is refused");
    post(ONE "Idempotency-Key: other\r\n", "{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"seen alive\"}");
    ok(r.status == 422 && strstr(r.body.p, "\"reason\":\"not-terminated\"") &&
           strstr(r.body.p, "\"message\":\"该人员没有死亡登记"),
       "under another key the same is decided again");
    post(ONE "Idempotency-Key: other\r\nAccept-Language: en\r\n",
         "{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"seen alive\"}");
    ok(r.status == 422 && strstr(r.body.p, "No death is reported") && reply_header(&r, "Idempotency-Replayed"),
       "and once rejected, rejected again without an event");
    is_int(position(), before + 1, "one event for both");
}

/* --- a body of lines, cut off in its midst --- */

static void killed_within_bodies(void)
{
    enum { BODIES = 6, EACH = 3000 };
    struct buf body = BUF_INIT;
    struct rng lot = rng_seed(8);
    char headers[128], want[80];
    unsigned whole = 0, kept = 0;
    uint64_t before = position();
    for (unsigned b = 0; b < BODIES; b++, before += EACH) {
        buf_clear(&body);
        for (unsigned i = 0; i < EACH; i++)
            buf_printf(&body, "{\"op\":\"enrol\",\"id\":\"p-%u-%u\",\"policy\":\"national\",\"approved_on\":\"%s\"}\n",
                       b, i, day(100));
        buf_addc(&body, '\0');
        snprintf(headers, sizeof headers, LINES "Idempotency-Key: body-%u\r\n", b);
        struct client *c = send_only(headers, body.p);
        wait_us(rng_below(&lot, 40000));
        die_and_rise();
        client_free(c);
        kept += position() > before;
        post(headers, body.p);
        unsigned applied = 0;
        for (const char *p = r.body.p; p && (p = strstr(p, "\"result\":\"applied\"")); p++)
            applied++;
        snprintf(want, sizeof want, "{\"lines\":%d}\n", EACH);
        if (applied == EACH && strstr(r.body.p, want) && position() == before + EACH)
            whole++;
        else
            diag("body %u: %u of %d applied", b, applied, EACH);
    }
    is_int(whole, BODIES, "%d bodies, each cut off by a kill and sent again: every line was applied, once", BODIES);
    diag("of %u something was durable before", kept);
    buf_done(&body);
}

/* --- at the same time --- */

static void at_the_same_time(void)
{
    enum { EACH = 8, ROUNDS = 40 };
    struct client *c[EACH];
    struct reply replies[EACH] = {{.status = 0}};
    char headers[128];
    unsigned differ = 0, marked = 0;
    uint64_t before = position();
    for (int i = 0; i < EACH; i++)
        c[i] = client_new(n->socket);
    for (int round = 0; round < ROUNDS; round++) {
        char body[128];
        struct buf request = BUF_INIT;
        snprintf(body, sizeof body, "{\"op\":\"amend\",\"id\":\"a\",\"category\":\"c%d\"}", round);
        snprintf(headers, sizeof headers, ONE "Idempotency-Key: race-%d\r\n", round);
        buf_printf(&request, "POST /v1/inputs HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", headers,
                   strlen(body), body);
        for (int i = 0; i < EACH; i++)
            if (!c[i] || !client_send(c[i], request.p, request.n))
                bail_out("a request was not taken");
        for (int i = 0; i < EACH; i++) {
            client_read(c[i], &replies[i]);
            marked += reply_header(&replies[i], "Idempotency-Replayed") != NULL;
            differ += replies[i].status != 200 || strcmp(replies[i].body.p, replies[0].body.p) != 0;
        }
        buf_done(&request);
    }
    for (int i = 0; i < EACH; i++) {
        client_free(c[i]);
        reply_done(&replies[i]);
    }
    is_int(differ, 0, "whoever sends the same at the same time gets the same answer");
    is_int(marked, ROUNDS * (EACH - 1), "one of them decided it");
    is_int((int64_t)(position() - before), ROUNDS, "and brought the event");
}

int main(void)
{
    plan(7 + 1 + 3 + 1);
    n = node_new(config);
    node_init(n);
    node_must_start(n);
    killed_before_the_answer();
    killed_within_bodies();
    at_the_same_time();
    is_int(node_stop(n), 0, "the daemon stops");
    reply_done(&r);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
