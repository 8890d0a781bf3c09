/* The receiver as a server: framing, what it does to a request on demand, and its control. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/receiver/peer.h"

#define PATIENCE_MS 60000 /* until an answer that comes */
#define SILENCE_MS 100    /* until one is taken to be missing */

static struct peer *peer;
static struct buf out;

static int post(const char *path)
{
    return peer_request(peer, "POST", path, NULL, STR_LIT("{}"), &out);
}

static enum talk talk(const char *bytes, int patience_ms)
{
    return peer_talk(peer, str_of(bytes), patience_ms, &out);
}

static unsigned occurrences(const char *text)
{
    unsigned n = 0;
    for (const char *p = out.p; (p = strstr(p, text)); p += strlen(text))
        n++;
    return n;
}

static const char *body(void)
{
    const char *blank = strstr(out.p, "\r\n\r\n");
    return blank ? blank + 4 : "";
}

/* --- framing --- */

#define POST_ONE "POST /hooks HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
#define POST_LAST "POST /hooks HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"

static void test_framing(void)
{
    is_int(talk(POST_ONE POST_ONE POST_LAST, PATIENCE_MS), TALK_ENDED, "a connection ends when the client says so");
    is_int(occurrences("HTTP/1.1 200 OK"), 3, "requests behind one another in one piece are all answered");
    is_int(talk(POST_ONE, SILENCE_MS), TALK_SILENT, "else it stays open");
    is_int(talk("POST /hooks HTTP/1.1\r\nContent-Length: 9\r\n\r\n{}", SILENCE_MS), TALK_SILENT,
           "half a body is waited for");
    is_int(out.n, 0, "without an answer");
    talk("GET /hooks HTTP/1.0\r\n\r\n", PATIENCE_MS);
    is_int(occurrences("Connection: close"), 1, "HTTP/1.0 is answered and closed");
}

static void test_refused(void)
{
    static const struct {
        const char *bytes;
        int status;
        const char *what;
    } bad[] = {
        {"hello\r\n\r\n", 400, "what is not HTTP"},
        {"POST hooks HTTP/1.1\r\n\r\n", 400, "a target that is no path"},
        {"POST /hooks HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400, "two lengths"},
        {"POST /hooks HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "a negative length"},
        {"POST /hooks HTTP/1.1\r\nContent-Length:\r\n\r\n", 400, "an empty length"},
        {"POST /hooks HTTP/1.1\r\nno colon\r\n\r\n", 400, "a header without a colon"},
        {"POST /hooks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411, "a chunked body"},
        {"POST /hooks HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413, "a body of more than a megabyte"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        talk(bad[i].bytes, PATIENCE_MS);
        is_int(occurrences("HTTP/1.1 ") == 1 ? atoi(out.p + 9) : 0, bad[i].status, "%s is refused", bad[i].what);
    }
    struct buf head = BUF_INIT;
    buf_adds(&head, "GET /hooks HTTP/1.1\r\nX: ");
    memset(buf_room(&head, 40000), 'x', 40000);
    head.n += 40000;
    peer_talk(peer, buf_str(&head), PATIENCE_MS, &out);
    is_int(atoi(out.p + (out.n ? 9 : 0)), 431, "an endless header is refused");
    buf_done(&head);
    is_int(peer_counts(peer).bad_requests, 9, "and all of that is counted");
    is_int(post("/elsewhere"), 404, "a path that means nothing is not found");
}

/* --- fates --- */

static void test_answers(void)
{
    peer_set(peer, "forget fail=100");
    is_int(post("/hooks"), 500, "what fails is a 500");
    ok(!strstr(out.p, "Retry-After"), "without Retry-After");
    peer_set(peer, "status=429 retry_after=3");
    is_int(post("/hooks"), 429, "or the status asked for");
    ok(strstr(out.p, "\r\nRetry-After: 3\r\n") != NULL, "with Retry-After when that is asked for");
    peer_set(peer, "defaults gone=100");
    is_int(post("/hooks"), 410, "gone is a 410");
    peer_set(peer, "defaults redirect=100");
    is_int(post("/hooks"), 302, "a redirect is a 302");
    ok(strstr(out.p, "\r\nLocation: /redirected\r\n") != NULL, "to a path of its own");
    is_int(peer_counts(peer).redirected_hits, 0, "where nobody was");
    is_int(post("/redirected"), 200, "and where one would be answered");
    peer_set(peer, "defaults big=100");
    is_int(post("/hooks"), 200, "a big answer is a good one");
    is_int(strlen(body()), 1 << 20, "of a megabyte");
    peer_set(peer, "defaults");
    is_int(post("/hooks"), 200, "by default all is well");
    struct counts c = peer_counts(peer);
    is_int(c.failed, 2, "failures are counted");
    is_int(c.gone, 1, "so is 410");
    is_int(c.redirected, 1, "so are redirects");
    is_int(c.redirected_hits, 1, "so is who follows one");
    is_int(c.big, 1, "so are big answers");
    is_int(c.accepted, 2, "accepted is what was answered with 2xx");
    is_int(c.requests, 7, "of all requests");
}

static void test_no_answer(void)
{
    peer_set(peer, "defaults forget garbage=100");
    is_int(talk(POST_ONE, PATIENCE_MS), TALK_ENDED, "garbage ends the connection");
    ok(out.n > 0 && !strstr(out.p, "HTTP/"), "and is not HTTP");
    peer_set(peer, "defaults close=100");
    is_int(talk(POST_ONE, PATIENCE_MS), TALK_ENDED, "close closes");
    is_int(out.n, 0, "without an answer");
    peer_set(peer, "defaults reset=100");
    is_int(talk(POST_ONE, PATIENCE_MS), TALK_RESET, "reset resets");
    peer_set(peer, "defaults reset_after=100");
    is_int(talk(POST_ONE, PATIENCE_MS), TALK_RESET, "so does reset_after");
    peer_set(peer, "defaults hang=100");
    is_int(talk(POST_ONE POST_ONE, SILENCE_MS), TALK_SILENT, "hang neither answers nor closes");
    is_int(out.n, 0, "not a byte");
    struct counts c = peer_counts(peer);
    is_int(c.garbage, 1, "garbage is counted");
    is_int(c.closed, 1, "so is close");
    is_int(c.reset, 1, "so is reset");
    is_int(c.reset_after, 1, "so is reset_after");
    is_int(c.hung, 1, "so is hang, and what comes behind it on the connection is not looked at");
    is_int(c.accepted, 0, "none of them was accepted");
    is_int(c.connections, 1, "and who has gone is forgotten, hung or not");
}

static int64_t milliseconds(int64_t since)
{
    return (clock_monotonic_ns() - since) / 1000000;
}

static void test_slow(void)
{
    int64_t start = clock_monotonic_ns();
    peer_set(peer, "defaults slow_ms=60");
    talk(POST_ONE POST_LAST, PATIENCE_MS);
    ok(milliseconds(start) >= 120, "a slow answer waits, and so does the one behind it");
    is_int(occurrences("HTTP/1.1 200 OK"), 2, "and both come");
    start = clock_monotonic_ns();
    peer_set(peer, "defaults drip=100 drip_ms=2");
    is_int(talk(POST_ONE POST_LAST, PATIENCE_MS), TALK_ENDED, "a dripped answer comes to its end");
    is_int(occurrences("HTTP/1.1 200 OK\r\n"), 2, "whole");
    ok(milliseconds(start) >= 2 * (int64_t)out.n, "byte by byte");
    peer_set(peer, "defaults only=/hooks/slow slow_ms=3600000 fail=100");
    is_int(talk("POST /hooks/slow HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", SILENCE_MS), TALK_SILENT,
           "one that is to come in an hour does not come");
    is_int(post("/hooks/quick"), 200, "and delays nobody; only the path asked for is concerned");
    peer_set(peer, "slow=0");
    is_int(post("/hooks/slow"), 500, "with slow=0 nobody is");
}

/* --- odds --- */

/* So many requests on one connection: how many failed. */
static uint64_t failures_of(const char *seed, unsigned requests)
{
    struct buf bytes = BUF_INIT, answers = BUF_INIT;
    struct peer *p = peer_start((const char *[]){"--seed", seed, "--set", "fail=30 mode=fast", NULL});
    for (unsigned i = 0; i < requests; i++)
        buf_adds(&bytes, i + 1 < requests ? POST_ONE : POST_LAST);
    peer_talk(p, buf_str(&bytes), PATIENCE_MS, &answers);
    struct counts c;
    is_int(peer_stop(p, &c), 0, "it ends well");
    is_int(c.accepted + c.failed, requests, "with seed %s each of %u requests is accepted or fails", seed, requests);
    peer_free(p);
    buf_done(&bytes);
    buf_done(&answers);
    return c.failed;
}

static void test_odds(void)
{
    uint64_t first = failures_of("7", 1000);
    ok(first > 240 && first < 360, "about 30 of 100 fail");
    is_int(failures_of("7", 1000), first, "the same seed brings the same");
    ok(failures_of("8", 1000) != first, "another seed something else");
}

/* --- control --- */

static void test_control(void)
{
    static const char *const bad[] = {"fail=101",   "fail=60 hang=41", "fail=x",     "fail",  "nonsense=1",
                                      "status=600", "mode=slow",       "slow_ms=-1", "fail=", "receipts=1"};
    peer_set(peer, "defaults fail=100 status=418");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char words[64];
        snprintf(words, sizeof words, "defaults status=404 %s", bad[i]);
        is_int(peer_request(peer, "POST", "/control", NULL, str_of(words), &out), 400, "%s is refused", bad[i]);
    }
    is_int(post("/hooks"), 418, "and nothing has changed by what was refused");
    peer_set(peer, "defaults fail=0.5 hang=99.5 only=/sms");
    is_int(post("/hooks"), 200, "odds have fractions, and may come to a hundred");
    peer_set(peer, "forget");
    struct counts c = peer_counts(peer);
    is_int(c.requests + c.accepted + c.failed + c.first_ns, 0, "forget forgets, and /control does not count");
    is_int(c.connections, 1, "but not who is connected");
}

static void test_consent(void)
{
    static const char origin[] = "WebHook-Request-Origin: agency.example\r\n";
    peer_set(peer, "defaults forget allowed_rate=120");
    is_int(peer_request(peer, "OPTIONS", "/hooks/x", origin, STR_NONE, &out), 200, "a handshake is answered");
    ok(strstr(out.p, "\r\nWebHook-Allowed-Origin: *\r\n") != NULL, "with consent for everybody");
    ok(strstr(out.p, "\r\nWebHook-Allowed-Rate: 120\r\n") != NULL, "and a rate when there is one");
    peer_set(peer, "defaults consent=agency.example");
    peer_request(peer, "OPTIONS", "/hooks/x", origin, STR_NONE, &out);
    ok(strstr(out.p, "\r\nWebHook-Allowed-Origin: agency.example\r\n") != NULL, "or for one");
    ok(!strstr(out.p, "Rate"), "else without a rate");
    peer_set(peer, "defaults consent=none");
    peer_request(peer, "OPTIONS", "/hooks/x", origin, STR_NONE, &out);
    ok(!strstr(out.p, "WebHook"), "or for nobody");
    is_int(peer_counts(peer).handshakes, 3, "handshakes are counted");
    is_int(peer_counts(peer).accepted, 0, "and are no events");
}

static bool await_talk(enum talk how)
{
    for (int64_t start = clock_monotonic_ns(); milliseconds(start) < PATIENCE_MS; poll(NULL, 0, 2))
        if (talk(POST_LAST, PATIENCE_MS) == how)
            return true;
    return false;
}

static void test_down(void)
{
    peer_set(peer, "defaults forget");
    post("/hooks");
    peer_set(peer, "down_ms=1000");
    ok(await_talk(TALK_NOBODY), "down: nobody listens");
    ok(await_talk(TALK_ENDED), "and after a while somebody does, at the same place");
    ok(peer_counts(peer).accepted >= 2, "who knows what was before");
}

static void test_unix(void)
{
    char path[300];
    snprintf(path, sizeof path, "unix:%s/hooks.sock", tap_tmpdir());
    struct peer *p = peer_start((const char *[]){"--listen", path, NULL});
    is_str(peer_address(p), path, "it listens on a Unix socket too");
    is_int(peer_request(p, "POST", "/hooks", NULL, STR_LIT("{}"), &out), 200, "and answers there");
    struct counts c;
    is_int(peer_stop(p, &c), 0, "SIGTERM ends it well");
    is_int(c.accepted, 1, "with its counts");
    peer_free(p);
}

/* How fast it is here is for who looks, and not asserted. */
static void test_fast(void)
{
    enum { ROUNDS = 20, REQUESTS = 500 };
    struct buf bytes = BUF_INIT;
    for (unsigned i = 0; i < REQUESTS; i++) {
        buf_printf(&bytes, "POST /hooks HTTP/1.1\r\nHost: x\r\n%sContent-Length: 500\r\n\r\n",
                   i + 1 < REQUESTS ? "" : "Connection: close\r\n");
        memset(buf_room(&bytes, 500), 'x', 500);
        bytes.n += 500;
    }
    peer_set(peer, "defaults forget mode=fast");
    int64_t start = clock_monotonic_ns();
    for (unsigned i = 0; i < ROUNDS; i++)
        peer_talk(peer, buf_str(&bytes), PATIENCE_MS, &out);
    diag("%" PRId64 " requests of 500 bytes a second on one connection, one behind the other",
         (int64_t)ROUNDS * REQUESTS * 1000 / (milliseconds(start) + 1));
    struct counts c = peer_counts(peer);
    is_int(c.accepted, ROUNDS * REQUESTS, "in fast mode each request is counted");
    is_int(c.malformed + c.distinct, 0, "and none is looked into");
    buf_done(&bytes);
}

int main(void)
{
    plan(99);
    peer = peer_start(NULL);
    test_framing();
    test_refused();
    test_answers();
    test_no_answer();
    test_slow();
    test_odds();
    test_control();
    test_consent();
    test_down();
    test_unix();
    test_fast();
    peer_free(peer);
    buf_done(&out);
    return tap_end();
}
