/* Requests over plain HTTP against servers that behave well and badly: what arrives, what comes back, how often. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/tap.h"
#include "tests/net/carry.h"
#include "tests/net/peer.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unversioned"
#endif

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void use(struct rig *r)
{
    struct transfer_settings s = usual();
    rig_line(r, &s);
}

static struct peer *peer_that(const char *answer, enum peer_then then)
{
    return peer_new(&(struct peer_settings){.answer = answer, .then = then});
}

static const char *hook(struct peer *p)
{
    return url_of("http", "127.0.0.1", peer_port(p), "/hook");
}

/* --- what is sent --- */

static void sends_the_bytes(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS);
    use(r);
    rig_call(r, "POST", hook(p), "{\"a\":\"\xe5\xbc\xa0\"}");
    rig_header(r, "Content-Type: application/json");
    rig_header(r, "webhook-id: msg_1");
    const struct carried_answer *a = rig_send(r);
    char want[512];
    snprintf(want, sizeof want,
             "POST /hook HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\nContent-Type: application/json\r\n"
             "webhook-id: msg_1\r\nUser-Agent: lifecertd/" PACKAGE_VERSION "\r\nContent-Length: 11\r\n\r\n"
             "{\"a\":\"\xe5\xbc\xa0\"}",
             peer_port(p));
    is_int(a->carried, CARRIED, "a request is carried");
    is_int(a->status, 200, "with its status");
    is_str(a->body.p, "ok", "and its body");
    is_str(a->error, "", "and no error");
    is_str(peer_last(p), want, "byte for byte");
    ok(a->first_byte_ns >= a->started_ns && a->first_byte_ns - a->started_ns < INT64_C(20000000000),
       "the first byte's time is known");
    peer_free(p);
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void changes_from_call_to_call(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS), *q = peer_that(OK_ANSWER, PEER_KEEPS);
    use(r);
    rig_call(r, "GET", url_of("http", "127.0.0.1", peer_port(p), "/send?to=1&text=%E4%BD%A0"), "");
    rig_send(r);
    ok(starts(peer_last(p), "GET /send?to=1&text=%E4%BD%A0 HTTP/1.1\r\n"), "a GET has its query as it was written");
    ok(!strstr(peer_last(p), "Content-Length"), "and no body");
    rig_call(r, "POST", url_of("http", "127.0.0.1", peer_port(p), "/b"), "");
    rig_send(r);
    ok(starts(peer_last(p), "POST /b ") && strstr(peer_last(p), "\r\nContent-Length: 0\r\n"), "an empty POST says so");
    rig_call(r, "OPTIONS", url_of("http", "127.0.0.1", peer_port(p), "/c"), "");
    rig_send(r);
    ok(starts(peer_last(p), "OPTIONS /c ") && !strstr(peer_last(p), "Content-Length"), "then OPTIONS without one");
    rig_call(r, "PUT", url_of("http", "127.0.0.1", peer_port(q), "/d"), "body");
    rig_send(r);
    ok(starts(peer_last(q), "PUT /d ") && strstr(peer_last(q), "\r\n\r\nbody"), "then PUT, to another server");
    rig_post(r, hook(p));
    ok(starts(peer_last(p), "POST /hook ") && strstr(peer_last(p), "\r\n\r\n{}"), "then POST, to the first again");
    is_int(peer_requests(p), 4, "nothing is sent twice");
    is_int(peer_connections(p), 1, "over one connection");
    peer_free(p);
    peer_free(q);
}

/* --- connections --- */

static void keeps_alive(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS);
    unsigned carried = 0;
    use(r);
    for (unsigned i = 0; i < 50; i++)
        carried += rig_post(r, hook(p))->carried == CARRIED;
    is_int(carried, 50, "fifty requests one after the other are carried");
    is_int(peer_connections(p), 1, "over one connection");
    peer_free(p);
}

/* Each connection dies under its second request. */
static void says_it_again_when_kept_alive(struct rig *r)
{
    struct peer *p = peer_new(&(struct peer_settings){.answer = OK_ANSWER, .answers = 1});
    unsigned carried = 0;
    use(r);
    for (unsigned i = 0; i < 20; i++)
        carried += rig_post(r, hook(p))->carried == CARRIED;
    is_int(carried, 20, "a kept connection that dies under a request is made up for, however often");
    is_int(peer_connections(p), 20, "on another one");
    is_int(peer_requests(p), 39, "where it is said again");
    peer_free(p);
}

static void post_once(struct rig *r, struct peer *p)
{
    rig_call(r, "POST", hook(p), "{}");
    r->call.once = true;
    rig_send(r);
}

static void once_is_once(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS);
    use(r);
    post_once(r, p);
    is_int(r->answer.carried, CARRIED, "what is to be sent once is carried");
    rig_post(r, hook(p));
    is_int(peer_connections(p), 2, "over a connection that nobody uses after it");
    post_once(r, p);
    is_int(peer_connections(p), 3, "and nobody before it");
    rig_post(r, hook(p));
    is_int(peer_connections(p), 3, "while others keep theirs");
    is_int(peer_requests(p), 4, "each once");
    peer_free(p);

    p = peer_that(NULL, PEER_CLOSES);
    post_once(r, p);
    is_int(r->answer.carried, LOST, "closed without an answer it is lost");
    is_int(peer_requests(p), 1, "and not said again");
    is_int(peer_connections(p), 1, "nor tried to");
    peer_free(p);
}

/* --- not sent, or lost --- */

static bool is_answer(struct rig *r, enum carried carried, const char *error)
{
    bool good = r->answer.carried == carried && strstr(r->answer.error, error);
    if (!good)
        diag("carried %d, status %d, error \"%s\"", (int)r->answer.carried, r->answer.status, r->answer.error);
    return good;
}

static void not_sent(struct rig *r)
{
    struct transfer_settings s = usual();
    use(r);
    rig_post(r, url_of("http", "127.0.0.1", closed_port(), "/"));
    ok(is_answer(r, NOT_SENT, "onnect"), "nobody listens: not sent");
    is_int(r->answer.first_byte_ns, 0, "not a byte");
    rig_post(r, "http://no-such-host.invalid/");
    ok(is_answer(r, NOT_SENT, "resolve"), "no such name: not sent");
    rig_post(r, "gopher://127.0.0.1/");
    ok(is_answer(r, NOT_SENT, "rotocol"), "another protocol: not sent");
    rig_post(r, "http://");
    ok(is_answer(r, NOT_SENT, "URL"), "no URL at all: not sent");
    struct peer *p = peer_new(&(struct peer_settings){.mute = true});
    s.connect_timeout_ms = 100;
    rig_line(r, &s);
    rig_post(r, url_of("https", "127.0.0.1", peer_port(p), "/"));
    ok(is_answer(r, NOT_SENT, "time"), "TLS that does not come about in time: not sent");
    peer_free(p);
}

static void lost(struct rig *r)
{
    struct transfer_settings s = usual();
    s.timeout_ms = 200;
    rig_line(r, &s);
    struct peer *p = peer_that(NULL, PEER_HANGS);
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, "time"), "no answer in time: lost");
    ok(r->answer.first_byte_ns > 0, "after its first byte");
    is_int(peer_requests(p), 1, "and once there");
    peer_free(p);
    use(r);
    p = peer_that("HTTP/1.1 100 Continue\r\n\r\n", PEER_CLOSES);
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, ""), "an interim answer alone is none");
    peer_free(p);
    p = peer_that("HTTP/1.1 200 OK\r\nContent-Le", PEER_RESETS);
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, ""), "reset within the head: lost");
    peer_free(p);
    p = peer_that("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", PEER_RESETS);
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, ""), "reset within the body: lost");
    peer_free(p);
    p = peer_that("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", PEER_CLOSES);
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, ""), "closed within the body: lost");
    peer_free(p);
    p = peer_that("SSH-2.0-something\r\n", PEER_CLOSES);
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, ""), "what is no HTTP: lost");
    peer_free(p);
}

/* --- answers --- */

static void redirects(struct rig *r)
{
    struct peer *to = peer_that(OK_ANSWER, PEER_KEEPS);
    char answer[256];
    snprintf(answer, sizeof answer, "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
             hook(to));
    struct peer *p = peer_that(answer, PEER_KEEPS);
    use(r);
    is_int(rig_post(r, hook(p))->status, 307, "a redirect is an answer like any other");
    is_int(peer_connections(to), 0, "and is not followed");
    peer_free(p);
    peer_free(to);
}

/* A Retry-After's value, and the seconds it comes to; SOON: somewhat under a hundred. */
#define SOON INT64_C(99)

static void one_retry_after(struct rig *r, const char *value, int64_t want)
{
    char answer[256];
    snprintf(answer, sizeof answer, "HTTP/1.1 503 Busy\r\nretry-AFTER:%s\r\nContent-Length: 0\r\n\r\n", value);
    struct peer *p = peer_that(answer, PEER_KEEPS);
    int64_t got = rig_post(r, hook(p))->retry_after;
    if (want == SOON)
        ok(got >= 90 && got <= 100, "Retry-After:%s is as long as it is until then", value);
    else
        is_int(got, want, "Retry-After:%.*s", (int)strcspn(value, "\r"), value);
    peer_free(p);
}

static void retry_after(struct rig *r)
{
    char soon[64];
    time_t at = time(NULL) + 100;
    struct tm tm;
    strftime(soon, sizeof soon, " %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
    use(r);
    one_retry_after(r, " 120", 120);
    one_retry_after(r, "0", 0);
    one_retry_after(r, "  7\t ", 7);
    one_retry_after(r, soon, SOON);
    one_retry_after(r, " Sun, 06 Nov 1994 08:49:37 GMT", 0);
    one_retry_after(r, " 99999999999999999999999999", 315360000);
    one_retry_after(r, " -5", -1);
    one_retry_after(r, " soon", -1);
    one_retry_after(r, "", -1);
    one_retry_after(r, " 3\r\nRetry-After: 9", 3);
}

static void consent(struct rig *r)
{
    struct peer *p = peer_that("HTTP/1.1 200 OK\r\nWebhook-allowed-origin: lifecertd.example\r\n"
                               "WebHook-Allowed-Rate:  120 \r\nContent-Length: 0\r\n\r\n",
                               PEER_KEEPS);
    use(r);
    rig_call(r, "OPTIONS", hook(p), "");
    rig_send(r);
    is_str(r->answer.origin, "lifecertd.example", "the origin that is allowed is told");
    is_str(r->answer.rate, "120", "and the rate, trimmed");
    peer_free(p);
    p = peer_that("HTTP/1.1 103 Early\r\nWebHook-Allowed-Origin: *\r\nRetry-After: 9\r\n\r\n" OK_ANSWER, PEER_KEEPS);
    rig_call(r, "OPTIONS", hook(p), "");
    rig_send(r);
    is_int(r->answer.status, 200, "an interim answer's status does not count");
    is_str(r->answer.origin, "", "nor what it allows");
    is_int(r->answer.retry_after, -1, "nor how long it asks to wait");
    peer_free(p);
}

/* --- bounds --- */

static char *long_body(size_t n)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    memset(buf_room(&b, n), 'y', n);
    b.n += n;
    buf_addc(&b, '\0');
    return b.p;
}

static void long_answers(struct rig *r)
{
    use(r);
    size_t lengths[] = {ANSWER_BODY_MAX, ANSWER_BODY_MAX + 1, (size_t)1 << 20, ((size_t)1 << 20) + 1};
    for (size_t i = 0; i < 4; i++) {
        char *answer = long_body(lengths[i]);
        struct peer *p = peer_that(answer, PEER_KEEPS);
        rig_post(r, hook(p));
        ok(r->answer.carried == CARRIED && r->answer.status == 200, "an answer of %zu bytes is one", lengths[i]);
        is_int(r->answer.body.n, ANSWER_BODY_MAX, "of which the beginning is kept");
        rig_post(r, hook(p));
        is_int(peer_connections(p), i < 3 ? 1 : 2, "its connection is kept only when all was read");
        peer_free(p);
        free(answer);
    }
}

static void endless_answers(struct rig *r)
{
    struct transfer_settings s = usual();
    rig_line(r, &s);
    struct peer *p = peer_new(&(struct peer_settings){
        .answer = "HTTP/1.1 404 No\r\n\r\n", .then = PEER_REPEATS, .more = "and so on and so on and so on and so on "});
    rig_post(r, hook(p));
    ok(r->answer.carried == CARRIED && r->answer.status == 404, "an endless body is cut off, and its status counts");
    peer_free(p);
    p = peer_new(
        &(struct peer_settings){.answer = "HTTP/1.1 200 OK\r\n", .then = PEER_REPEATS, .more = "X-A: bcdefgh\r\n"});
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, "head is longer"), "an endless head is cut off, and is no answer");
    peer_free(p);
    p = peer_new(&(struct peer_settings){.then = PEER_REPEATS, .more = "HTTP/1.1 100 Continue\r\n\r\n"});
    rig_post(r, hook(p));
    ok(is_answer(r, LOST, "head is longer"), "endless interim answers are cut off too");
    peer_free(p);
    s.timeout_ms = 200;
    rig_line(r, &s);
    p = peer_that("HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf", PEER_HANGS);
    rig_post(r, hook(p));
    ok(r->answer.carried == CARRIED && r->answer.status == 202, "a body that never ends in time: its status counts");
    is_str(r->answer.body.p, "half", "with what came");
    peer_free(p);
}

/* --- many, giving up, proxies --- */

#define MANY 200

struct crowd {
    struct rig *rig;
    struct transfer v[MANY];
    unsigned done, carried, to_start;
};

static struct crowd *crowd;

static void one_of_many(struct transfer *t, const struct answer *a)
{
    crowd->done++;
    crowd->carried += a->carried == CARRIED && a->status == 200 && str_is(a->body, "ok");
    if (crowd->to_start) {
        crowd->to_start--;
        transfer_start(crowd->rig->line, t);
    }
}

static bool all_done(void *arg)
{
    return crowd->done >= *(unsigned *)arg;
}

static void many_at_once(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS);
    unsigned total = MANY + 1000;
    crowd = mem_zalloc(1, sizeof *crowd);
    crowd->rig = r;
    crowd->to_start = 1000;
    struct transfer_settings s = usual();
    s.max_connections = MANY;
    rig_line(r, &s);
    rig_call(r, "POST", hook(p), "{}");
    for (unsigned i = 0; i < MANY; i++) {
        crowd->v[i].call = &r->call;
        crowd->v[i].done = one_of_many;
        transfer_start(r->line, &crowd->v[i]);
    }
    is_int(crowd->done, 0, "nothing is done from within transfer_start()");
    rig_until(r, all_done, &total);
    is_int(crowd->carried, total, "many at once, started anew from their done(), are all carried");
    is_int(peer_requests(p), total, "once each");
    ok(peer_connections(p) <= MANY, "over no more connections than there were at once");
    free(crowd);
    peer_free(p);
}

static void done_too_early(struct transfer *t, const struct answer *a)
{
    (void)t, (void)a;
    crowd->done++;
}

static bool has_request(void *arg)
{
    return peer_requests(arg) > 0;
}

static void giving_up(struct rig *r)
{
    struct peer *p = peer_that(NULL, PEER_HANGS), *q = peer_that(OK_ANSWER, PEER_KEEPS);
    crowd = mem_zalloc(1, sizeof *crowd);
    use(r);
    struct transfer t = {.call = &r->call, .done = done_too_early};
    rig_call(r, "POST", hook(p), "{}");
    transfer_start(r->line, &t);
    transfer_cancel(r->line, &t);
    transfer_start(r->line, &t);
    rig_until(r, has_request, p);
    transfer_cancel(r->line, &t);
    rig_call(r, "POST", "http://", "{}");
    transfer_start(r->line, &t);
    transfer_cancel(r->line, &t);
    is_int(rig_post(r, hook(q))->carried, CARRIED, "after one that was given up comes another");
    is_int(crowd->done, 0, "what is given up is never done");
    is_int(peer_requests(p), 1, "and was sent only when it was let");
    free(crowd);
    peer_free(p);
    peer_free(q);
}

static void close_own_line(struct transfer *t, const struct answer *a)
{
    struct rig *r = crowd->rig;
    (void)t, (void)a;
    transfer_line_close(r->line);
    r->line = NULL;
    crowd->done++;
}

static void closing_when_done(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS);
    unsigned one = 1;
    crowd = mem_zalloc(1, sizeof *crowd);
    crowd->rig = r;
    use(r);
    struct transfer t = {.call = &r->call, .done = close_own_line};
    rig_call(r, "POST", hook(p), "{}");
    transfer_start(r->line, &t);
    rig_until(r, all_done, &one);
    ok(!r->line, "a line may be closed from its last done()");
    free(crowd);
    peer_free(p);
}

static void over_a_proxy(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_KEEPS);
    struct transfer_settings s = usual();
    s.allow_private = false;
    s.proxy = url_of("http", "127.0.0.1", peer_port(p), "");
    rig_line(r, &s);
    is_int(rig_post(r, "http://receiver.example/hook")->status, 200, "a request goes to the proxy");
    ok(starts(peer_last(p), "POST http://receiver.example/hook HTTP/1.1\r\n"), "which is told where it is meant for");
    peer_free(p);
    p = peer_that("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", PEER_KEEPS);
    s.proxy = url_of("http", "127.0.0.1", peer_port(p), "");
    rig_line(r, &s);
    rig_post(r, "https://receiver.example/hook");
    ok(is_answer(r, NOT_SENT, ""), "a proxy that opens no tunnel: not sent");
    ok(starts(peer_last(p), "CONNECT receiver.example:443 HTTP/1.1\r\n"), "for all that the proxy knows is the host");
    peer_free(p);
    p = peer_that(OK_ANSWER, PEER_KEEPS);
    setenv("http_proxy", url_of("http", "127.0.0.1", closed_port(), ""), 1);
    use(r);
    is_int(rig_post(r, hook(p))->carried, CARRIED, "the environment's proxy is not asked");
    unsetenv("http_proxy");
    peer_free(p);
}

/* The peer goes away and comes back while its connection is idle. */
static void idle_connections(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_CLOSES);
    unsigned carried = 0;
    use(r);
    for (unsigned i = 0; i < 20; i++)
        carried += rig_post(r, hook(p))->carried == CARRIED;
    is_int(carried, 20, "a server that closes after each answer is answered to on new connections");
    is_int(peer_requests(p), 20, "and takes each request once");
    peer_free(p);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static bool is_past(void *arg)
{
    return clock_monotonic_ns() >= *(int64_t *)arg;
}

/* Its descriptor stays readable, so a loop that watched it on would never rest. */
static void closed_while_idle(struct rig *r)
{
    struct peer *p = peer_that(OK_ANSWER, PEER_CLOSES);
    int64_t cpu = cpu_ns(), until = clock_monotonic_ns() + INT64_C(300000000);
    use(r);
    rig_post(r, hook(p));
    rig_until(r, is_past, &until);
    ok(cpu_ns() - cpu < INT64_C(100000000), "a connection that was closed while idle does not keep the loop busy");
    peer_free(p);
}

static void files_that_are_not_there(struct rig *r)
{
    struct transfer_settings s = usual();
    struct transfer_line *line = NULL;
    struct errmsg msg = {""};
    s.ca_file = "/nonexistent/ca.pem";
    is_int(transfer_line_open(r->transfers, &s, &line, &msg), ERR_INVALID, "a CA file that is not there is refused");
    ok(strstr(msg.text, s.ca_file) && !line, "by its name");
    s.ca_file = NULL;
    s.client_cert = "/nonexistent/client.pem";
    is_int(transfer_line_open(r->transfers, &s, &line, &msg), ERR_INVALID, "and so is a client certificate");
}

int main(void)
{
    struct rig r;
    plan(0);
    rig_init(&r);
    sends_the_bytes(&r);
    changes_from_call_to_call(&r);
    keeps_alive(&r);
    says_it_again_when_kept_alive(&r);
    once_is_once(&r);
    not_sent(&r);
    lost(&r);
    redirects(&r);
    retry_after(&r);
    consent(&r);
    long_answers(&r);
    endless_answers(&r);
    many_at_once(&r);
    giving_up(&r);
    closing_when_done(&r);
    over_a_proxy(&r);
    idle_connections(&r);
    closed_while_idle(&r);
    files_that_are_not_there(&r);
    rig_done(&r);
    return tap_end();
}
