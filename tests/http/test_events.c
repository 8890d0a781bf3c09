/* GET /v1/events as lines, before a fake engine: which lines, up to which number, and when. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/events/feed.h"
#include "http/exchange.h"
#include "tests/http/fake_engine.h"
#include "tests/http/fake_log.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define HEAD_REQUEST "HEAD /v1/events HTTP/1.1\r\nHost: test\r\n\r\n"
#define SCANNED 250000                  /* lines of one request */
#define SCANNED_NS INT64_C(2000000000) /* or nanoseconds */

static struct server s;
static struct store *logged;
static struct client *c;
static struct reply r;

static void get(const char *target)
{
    client_request(c, "GET", target, NULL, STR_NONE, &r);
}

static void add(uint64_t n, enum event_type type, const char *subject)
{
    fake_log_add(logged, n, type, subject);
    http_nudge(s.http);
}

static int64_t position(void)
{
    const char *p = reply_header(&r, "Lifecertd-Position");
    return p ? atoll(p) : -1;
}

static unsigned count_lines(void)
{
    unsigned n = 0;
    for (size_t i = 0; i < r.body.n; i++)
        n += r.body.p[i] == '\n';
    return n;
}

/* The body is the log's own lines from first to last. */
static bool body_is(uint64_t first, uint64_t last)
{
    struct buf want = BUF_INIT;
    struct errmsg msg;
    for (uint64_t seq = first; seq <= last; seq++) {
        if (store_get(logged, seq, &want, &msg) != ERR_OK)
            bail_out("no event %" PRIu64, seq);
        buf_addc(&want, '\n');
    }
    bool same = want.n == r.body.n && (want.n == 0 || memcmp(want.p, r.body.p, want.n) == 0);
    buf_done(&want);
    return same;
}

/* --- what is asked for wrongly --- */

static const struct {
    const char *target, *says;
} faults[] = {
    {"?after=1", "'member':'after','detail':'after lies beyond the end of the log"},
    {"?after=-1", "'member':'after'"},
    {"?after=", "'member':'after'"},
    {"?after=18446744073709551615", "'member':'after'"},
    {"?limit=0", "'member':'limit'"},
    {"?limit=10001", "'member':'limit','detail':'argument \\'limit\\' is not a whole number from 1 to 10000'"},
    {"?wait=301", "'member':'wait'"},
    {"?back=1000001", "'member':'back'"},
    {"?wait=soon", "'member':'wait'"},
    {"?type=", "'member':'type'"},
    {"?type=grace.*,benefits.*", "'member':'type','detail':'argument \\'type\\': \\'benefits.*\\' matches no type"},
    {"?type=grace.*,", "'member':'type'"},
    {"?type=grace%00.started", "'member':'type'"},
    {"?type=%2", "'member':'type'"},
    {"?subject=", "'member':'subject'"},
    {"?subject=a%2", "'member':'subject'"},
    {"?subject=p-1&limit=0", "'member':'limit'"},
};

static void wrong(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char target[160];
        snprintf(target, sizeof target, "/v1/events%s", faults[i].target);
        get(target);
        see_json(&r.body);
        if (!ok(r.status == 400 && strstr(r.body.p, faults[i].says), "%s is refused", faults[i].target))
            diag("%d %s", r.status, r.body.p);
    }
    client_request(c, "POST", "/v1/events", NULL, STR_LIT("{}"), &r);
    is_int(r.status, 405, "nothing can be sent there");
}

/* --- which lines --- */

static void an_empty_log(void)
{
    get("/v1/events");
    ok(r.status == 200 && r.body.n == 0 && position() == 0, "an empty log has no lines, and was looked at up to 0");
    is_str(reply_header(&r, "Content-Type"), "application/x-ndjson", "they are lines");
    is_str(reply_header(&r, "Cache-Control"), "no-store", "nobody keeps them");
}

static void all_of_it(void)
{
    add(1500, EV_GRACE, "p-1");
    add(700, EV_LAPSED, "p-2");
    add(300, EV_GRACE, "p-3");
    get("/v1/events");
    ok(body_is(1, 1000) && position() == 1000, "the first thousand lines, as they stand in the log");
    get("/v1/events?after=1000");
    ok(body_is(1001, 2000) && position() == 2000, "and the next");
    get("/v1/events?after=2000");
    ok(body_is(2001, 2500) && position() == 2500, "and the last");
    get("/v1/events?after=2500");
    ok(r.status == 200 && r.body.n == 0 && position() == 2500, "after which there is nothing");
    get("/v1/events?limit=10000");
    ok(body_is(1, 2500) && position() == 2500, "as many as are wanted");
    get("/v1/events?after=7&limit=1");
    ok(body_is(8, 8) && position() == 8, "or as few");
    get("/v1/events?back=3");
    ok(body_is(2498, 2500) && position() == 2500, "the latest alone");
    get("/v1/events?after=10&back=3&limit=2");
    ok(body_is(8, 9) && position() == 9, "or from a little before a position");
    get("/v1/events?after=2&back=3&limit=2");
    ok(body_is(1, 2), "which is never before the beginning");
    client_send(c, HEAD_REQUEST, sizeof HEAD_REQUEST - 1);
    client_read_head(c, &r);
    ok(r.status == 200 && position() == 1000, "HEAD says how far it would have been looked");
    get("/healthz");
    is_str(r.body.p, "ok\n", "and no lines come of it");
}

static void some_types(void)
{
    get("/v1/events?type=certification.lapsed");
    ok(body_is(1501, 2200) && position() == 2500, "lines of one type, and all was looked at");
    get("/v1/events?type=certification.lapsed&limit=700");
    ok(body_is(1501, 2200) && position() == 2200, "with the last that is wanted it looks no further");
    get("/v1/events?type=certification.*&limit=50");
    ok(body_is(1501, 1550) && position() == 1550, "of types that fit");
    get("/v1/events?type=benefit.*");
    ok(r.status == 200 && r.body.n == 0 && position() == 2500, "of a type that there is none of");
    get("/v1/events?type=benefit.*,certification.lapsed,grace.%2A&after=2199");
    ok(body_is(2200, 2500) && position() == 2500, "of several");
}

static void one_person(void)
{
    get("/v1/events?subject=p-2");
    ok(body_is(1501, 2200) && position() == 2500, "one person's lines, and all was looked at");
    get("/v1/events?subject=p-2&after=1600&limit=10");
    ok(body_is(1601, 1610) && position() == 1610, "from a number on, some");
    get("/v1/events?subject=p-2&type=grace.started");
    ok(r.status == 200 && r.body.n == 0 && position() == 2500, "none of another type");
    get("/v1/events?subject=p-2&after=2200");
    ok(r.status == 200 && r.body.n == 0 && position() == 2500, "none after the last");
    get("/v1/events?subject=absent");
    is_int(r.status, 404, "a stranger is not found");
    get("/v1/events?subject=absent&wait=300");
    is_int(r.status, 404, "and not waited for");
}

/* --- bounds --- */

static void long_lines(void)
{
    uint64_t end = fake_log_end(logged);
    char target[64];
    for (int i = 0; i < 6; i++)
        fake_log_add_long(logged, 1 << 20);
    fake_log_add_long(logged, 5 << 20);
    fake_log_add(logged, 1, EV_GRACE, "p-1");
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, end);
    get(target);
    ok(body_is(end + 1, end + 3) && position() == (int64_t)end + 3, "no answer is longer than 4 MiB");
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, end + 6);
    get(target);
    ok(body_is(end + 7, end + 7) && position() == (int64_t)end + 7, "but for a line that is longer itself");
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, end + 7);
    get(target);
    ok(body_is(end + 8, end + 8), "behind which it goes on");
}

#define GREEDY 40

/* Clients that ask and do not read hold what was put together for them. */
static void greedy_clients(void)
{
    static const char request[] = "GET /v1/events?after=2500 HTTP/1.1\r\nHost: test\r\n\r\n";
    struct client *greedy[GREEDY];
    for (int i = 0; i < GREEDY; i++) {
        greedy[i] = client_new(s.path);
        client_send(greedy[i], request, sizeof request - 1);
        client_read_head(greedy[i], &r);
    }
    get("/v1/events?after=2500");
    ok(body_is(2501, 2501) && position() == 2501, "when many do not take their answers, others get shorter ones");
    for (int i = 0; i < GREEDY; i++)
        client_free(greedy[i]);
    do /* they are gone when the daemon has noticed */
        get("/v1/events?after=2500");
    while (count_lines() < 3);
    ok(body_is(2501, 2503), "and whole ones again when they have gone");
}

static void start_scan(struct client *of, uint64_t after, const char *more)
{
    char request[128];
    int n = snprintf(request, sizeof request,
                     "GET /v1/events?type=benefit.suspended&after=%" PRIu64 "%s HTTP/1.1\r\nHost: test\r\n\r\n", after,
                     more);
    client_send(of, request, (size_t)n);
}

#define SCANS 40

static void long_scans(void)
{
    uint64_t end = fake_log_end(logged);
    struct client *scans[SCANS];
    for (int i = 0; i < 26; i++)
        fake_log_add(logged, 10000, EV_GRACE, "p-1");
    int64_t began = clock_monotonic_ns();
    start_scan(c, end, "&wait=60");
    client_read(c, &r);
    bool slow = clock_monotonic_ns() - began >= SCANNED_NS;
    ok(r.status == 200 && r.body.n == 0 && position() > (int64_t)end && position() < (int64_t)end + 260000,
       "a search ends, though nothing was found, and says how far it got");
    ok(slow || position() >= (int64_t)end + SCANNED, "after %d lines or two seconds", SCANNED);
    for (int i = 0; i < SCANS; i++) {
        scans[i] = client_new(s.path);
        start_scan(scans[i], end, "&wait=60");
    }
    get("/healthz");
    ok(r.status == 200 && !client_has_more(scans[SCANS - 1]), "while the log is searched, others are served");
    bool all = true;
    for (int i = 0; i < SCANS; i++) {
        client_read(scans[i], &r);
        all &= r.status == 200 && r.body.n == 0 && position() > (int64_t)end;
        client_free(scans[i]);
    }
    ok(all, "and of %d searches at once each has its turn", SCANS);
}

/* --- turns --- */

#define SEARCHERS 5 /* one more than can read for themselves at once */

struct searcher {
    struct feed_reader reader; /* the first member */
    unsigned turns;
    bool over;
};

struct search {
    struct searcher v[SEARCHERS];
    unsigned over, over_before_last; /* when the last one's first slice was over */
};

static struct search search;

static enum feed_take take_any(struct feed_reader *reader, uint64_t seq, enum event_type type, struct str line)
{
    (void)reader, (void)seq, (void)type, (void)line;
    return TAKE_ON;
}

static void search_on(struct feed_reader *reader, enum feed_pause why)
{
    struct searcher *one = (struct searcher *)reader;
    if (one->turns++ == 0 && one == &search.v[SEARCHERS - 1])
        search.over_before_last = search.over;
    one->over = why == FEED_END || why == FEED_FAILED;
    search.over += one->over;
    reader->turn = 1000000; /* as if it had been at it for long */
    if (!one->over)
        feed_look(reader);
}

static void begin_search(void *arg)
{
    (void)arg;
    for (int i = 0; i < SEARCHERS; i++) {
        struct feed_reader *reader = &search.v[i].reader;
        reader->types = UINT64_C(1) << EV_SUSPENDED;
        reader->take = take_any;
        reader->paused = search_on;
        feed_join(s.http->feed, reader);
        feed_look(reader);
    }
}

static void look_at_search(void *arg)
{
    *(unsigned *)arg = search.over;
}

static void end_search(void *arg)
{
    (void)arg;
    for (int i = 0; i < SEARCHERS; i++)
        feed_leave(&search.v[i].reader);
}

static void turns(void)
{
    unsigned over = 0;
    server_do(&s, begin_search, NULL);
    while (over < SEARCHERS)
        server_look(&s, look_at_search, &over);
    server_do(&s, end_search, NULL);
    is_int(search.over_before_last, 0, "who waits for a turn gets one before those that search already are through");
}

/* --- waiting --- */

struct waiting {
    bool any;
};

static void look_for_waiting(void *arg)
{
    ((struct waiting *)arg)->any = s.http->events_polls != NULL;
}

/* The daemon has the request, and does not answer it. */
static void await_waiting(void)
{
    struct waiting w = {false};
    while (!w.any)
        server_look(&s, look_for_waiting, &w);
}

static void start(const char *target)
{
    char request[160];
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", target);
    client_send(c, request, (size_t)n);
    await_waiting();
}

static void waiting(void)
{
    char target[128];
    uint64_t end = fake_log_end(logged);
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&wait=300&type=certification.*", end);
    start(target);
    add(3, EV_GRACE, "p-1");
    ok(!client_has_more(c), "what is not asked for is waited past");
    add(2, EV_LAPSED, "p-1");
    client_read(c, &r);
    ok(body_is(end + 4, end + 5) && position() == (int64_t)end + 5,
       "the first that is asked for is the answer at once");
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&wait=300", end + 3);
    get(target);
    ok(body_is(end + 4, end + 5), "what is there already is not waited for");
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&wait=1&type=certification.*", end + 5);
    start(target);
    add(3, EV_GRACE, "p-1");
    client_read(c, &r);
    ok(r.status == 200 && r.body.n == 0 && position() == (int64_t)end + 8,
       "when the time is over the answer is empty, and says how far it was looked");
}

static void waiting_for_one(void)
{
    char target[128];
    uint64_t end = fake_log_end(logged);
    snprintf(target, sizeof target, "/v1/events?subject=p-2&after=%" PRIu64 "&wait=300", end);
    start(target);
    add(3, EV_GRACE, "p-1");
    add(1, EV_GRACE, "p-22");
    add(1, EV_GRACE, NULL);
    add(2, EV_GRACE, "p-2");
    client_read(c, &r);
    ok(body_is(end + 6, end + 7) && position() == (int64_t)end + 7, "one person's next events are waited for");
}

static void gone_while_waiting(void)
{
    char target[128];
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&wait=300", fake_log_end(logged));
    start(target);
    client_free(c);
    c = client_new(s.path);
    add(1, EV_GRACE, "p-1");
    get("/healthz");
    is_int(r.status, 200, "who has gone away while waiting disturbs nobody");
}

/* --- the end --- */

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void drain(void *arg)
{
    http_drain(s.http, set_flag, arg);
}

static void ending(void)
{
    char target[128];
    uint64_t end = fake_log_end(logged);
    bool drained = false;
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&wait=300", end);
    start(target);
    server_do(&s, drain, &drained);
    client_read(c, &r);
    ok(r.status == 200 && r.body.n == 0 && position() == (int64_t)end, "who waits is answered when the daemon ends");
    while (!drained)
        server_look(&s, look_for_waiting, &(struct waiting){false});
    ok(drained, "and holds up nothing");
}

/* --- a log that cannot be read --- */

/* A line that is none, where nobody reads yet. */
static void add_damaged(void)
{
    struct buf line = BUF_INIT;
    struct errmsg msg;
    uint64_t seq = fake_log_end(logged) + 1;
    fake_log_line(&line, seq, EV_GRACE, "p-1");
    buf_addc(&line, '\0');
    memcpy(strstr(line.p, "grace."), "xxxxx.", 6);
    struct commit commit = {.first = seq, .last = seq, .lines = {line.p, line.n - 1}};
    if (store_commit(logged, &commit, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&line);
}

static void damage_far_back(void)
{
    client_free(c);
    server_free(&s);
    s = server_new(1000, false);
    logged = fake_engine_log(s.engine);
    c = client_new(s.path);
    fake_log_add(logged, 10, EV_GRACE, "p-1");
    add_damaged();
    fake_log_add(logged, 10, EV_GRACE, "p-1");
    get("/v1/events?after=11");
    ok(body_is(12, 21), "what follows damage can be read");
    get("/v1/events?after=0");
    is_int(r.status, 500, "who asks for what is damaged is told so");
    get("/v1/events?after=0&limit=10");
    ok(body_is(1, 10), "but gets what stands before it");
    add(1, EV_GRACE, "p-1");
    get("/v1/events?after=21&wait=60");
    ok(r.status == 200 && body_is(22, 22), "and what comes goes on to be told");
}

int main(void)
{
    plan(0);
    s = server_new(1000, false);
    logged = fake_engine_log(s.engine);
    c = client_new(s.path);
    wrong();
    an_empty_log();
    all_of_it();
    some_types();
    one_person();
    long_lines();
    greedy_clients();
    long_scans();
    turns();
    waiting();
    waiting_for_one();
    gone_while_waiting();
    ending();
    damage_far_back();
    client_free(c);
    reply_done(&r);
    server_free(&s);
    return tap_end();
}
