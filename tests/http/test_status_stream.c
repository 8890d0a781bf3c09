/* GET /v1/status as Server-Sent Events: what it says when it changes, once for everybody. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shards/set.h"
#include "tests/http/fake_engine.h"
#include "tests/http/fake_log.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define WATCHERS 100 /* more than are told in one round of the loop */

static struct server s;

static uint64_t asked(void)
{
    return fake_engine_counts(s.engine).requests[REQUEST_STATUS];
}

static void begin(struct client **c, struct reply *r)
{
    static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n";
    *c = client_new(s.path);
    *r = (struct reply){0};
    client_send(*c, request, sizeof request - 1);
    client_read_head(*c, r);
}

/* The next status, in r->body; false: the stream has ended. */
static bool next(struct client *c, struct reply *r)
{
    const char *status;
    buf_clear(&r->body);
    do {
        if (!client_read_chunk(c, &r->body))
            return false;
        status = strstr(r->body.p, "event: status\ndata: {");
    } while (!status || !strstr(status, "\n\n"));
    see_json(&r->body);
    return true;
}

static bool says(const struct reply *r, const char *text)
{
    if (strstr(r->body.p, text))
        return true;
    diag("%s", r->body.p);
    return false;
}

static void once(void)
{
    struct reply r = {0};
    request_once(s.path, "GET", "/v1/status", "Accept: application/json\r\n", STR_NONE, &r);
    ok(r.status == 200 && r.body.p[0] == '{' && asked() == 1, "who asks for JSON is answered once");
    is_str(reply_header(&r, "Content-Type"), "application/json", "with that");
    reply_done(&r);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void one(void)
{
    struct client *c;
    struct reply r;
    uint64_t before = asked();
    begin(&c, &r);
    is_str(reply_header(&r, "Content-Type"), "text/event-stream", "who asks for a stream gets one");
    ok(next(c, &r) && says(&r, "retry: 2000\n\nevent: status\ndata: {'kind':") && says(&r, "'position':1}\n\n"),
       "with the status at once");
    while (asked() < before + 3)
        server_do(&s, nothing, NULL); /* a round of the loop */
    ok(!client_has_more(c), "nothing more comes as long as only the time is another");
    fake_log_add(fake_engine_log(s.engine), 1, EV_GRACE, "p-1");
    ok(next(c, &r) && says(&r, "'position':2}\n\n"), "when something changes it comes again");
    client_free(c);
    reply_done(&r);
}

static void many(void)
{
    struct client *c[WATCHERS];
    struct reply r[WATCHERS];
    bool all = true;
    uint64_t before = asked();
    for (int i = 0; i < WATCHERS; i++) {
        begin(&c[i], &r[i]);
        all &= next(c[i], &r[i]) && says(&r[i], "'position':2}");
    }
    fake_log_add(fake_engine_log(s.engine), 1, EV_GRACE, "p-1");
    for (int i = 0; i < WATCHERS; i++)
        all &= next(c[i], &r[i]) && says(&r[i], "'position':3}");
    ok(all, "%d watchers get each status", WATCHERS);
    ok(asked() - before < WATCHERS / 2, "for which the engine was not asked once for each, but %d times",
       (int)(asked() - before));
    for (int i = 0; i < WATCHERS - 1; i++) {
        client_free(c[i]);
        reply_done(&r[i]);
    }
    struct reply *last = &r[WATCHERS - 1];
    fake_log_add(fake_engine_log(s.engine), 1, EV_GRACE, "p-1");
    ok(next(c[WATCHERS - 1], last) && says(last, "'position':4}"), "the last one goes on when the others have gone");
    client_free(c[WATCHERS - 1]);
    reply_done(last);
}

/* --- answers that are long in coming, or never do --- */

static struct {
    struct request *held;
    unsigned asked, most; /* at one time */
} slow;

static bool hold_request(void *arg, struct request *request)
{
    (void)arg;
    slow.asked++;
    slow.most += slow.held != NULL;
    slow.held = request;
    return true;
}

static void count_nothing(void *arg, struct engine_counters *out)
{
    (void)arg;
    *out = (struct engine_counters){.n_channels = 0};
}

/* On the loop. text NULL: nobody answers for a shard. */
static void answer_held(void *text)
{
    struct request *request = slow.held;
    slow.held = NULL;
    request->err = text ? ERR_OK : ERR_IO;
    if (text)
        buf_adds(&request->body, text);
    request->done(request);
}

static void look_for_held(void *arg)
{
    *(bool *)arg = slow.held != NULL;
}

static void await_held(struct server *front)
{
    bool held = false;
    while (!held)
        server_look(front, look_for_held, &held);
}

#define LONG_MS 2500 /* more than twice as long as it asks */

static void slow_answers(void)
{
    char first[] = "{\"now\":\"1\",\"position\":\"sAgEB\"}", second[] = "{\"now\":\"2\",\"position\":\"sAgEC\"}";
    struct shard_set set = {.n = 2};
    struct http_options o = {.max_lines = 10, .engine = {.set = &set, .uri = "redis://127.0.0.1:1/none"}};
    struct client *c;
    struct reply r;
    o.engine.submit = hold_request;
    o.engine.counters = count_nothing;
    struct server front = server_new_with(&o), kept = s;
    s = front;
    begin(&c, &r);
    await_held(&front);
    poll(NULL, 0, LONG_MS); /* the subject of the test: an answer that takes so long */
    server_do(&front, answer_held, first);
    ok(next(c, &r) && says(&r, "'position':'sAgEB'}"), "an answer that was long in coming comes");
    is_int(slow.most, 0, "and meanwhile nothing more was asked");
    await_held(&front);
    server_do(&front, answer_held, NULL);
    await_held(&front);
    server_do(&front, answer_held, second);
    ok(next(c, &r) && says(&r, "'position':'sAgEC'}"), "one that failed ends nothing: the next one comes");
    client_free(c);
    reply_done(&r);
    if (slow.held)
        server_do(&front, answer_held, NULL);
    server_free(&front);
    s = kept;
}

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
    struct client *c;
    struct reply r;
    bool drained = false;
    begin(&c, &r);
    ok(next(c, &r), "a stream");
    server_do(&s, drain, &drained);
    ok(!next(c, &r), "ends with the daemon");
    client_free(c);
    reply_done(&r);
}

int main(void)
{
    plan(0);
    s = server_new(1000, false);
    fake_log_add(fake_engine_log(s.engine), 1, EV_GRACE, "p-1");
    once();
    one();
    many();
    slow_answers();
    ending();
    server_free(&s);
    return tap_end();
}
