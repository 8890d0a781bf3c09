/* redis-stream: the command byte for byte, what an answer means, and which settings are none. */
#include <stdio.h>

#include "adapter/adapter.h"
#include "tests/lib/tap.h"

#define DATA "{\"subject\":\"p-1\",\"seq\":40,\"prev\":39,\"replay\":true,\"event\":{\"a\":1}}"
#define SYSTEM_DATA "{\"subject\":null,\"seq\":40,\"prev\":39,\"replay\":true,\"event\":{\"a\":1}}"

static const struct adapter *redis;
static struct errmsg msg;

static struct endpoint endpoint(void)
{
    static char url[] = "redis://127.0.0.1:6379", stream[] = "pension:events";
    return (struct endpoint){.name = "stream", .adapter = ADAPTER_REDIS_STREAM, .url = url, .stream = stream};
}

static struct notice notice(void)
{
    return (struct notice){.id = STR_LIT("abc_0_40"),
                           .seq = 40,
                           .prev = 39,
                           .type = STR_LIT("benefit.suspended"),
                           .time = STR_LIT("2026-07-01T09:00:00+08:00"),
                           .subject = STR_LIT("p-1"),
                           .data = STR_LIT("{\"a\":1}"),
                           .replay = true};
}

/* The arguments with a bar between them. */
static const char *rendered(const struct endpoint *e, const struct notice *v)
{
    static char text[1024];
    struct adapter_state *s;
    struct call c = {.method = NULL};
    size_t n = 0;
    unsigned count = 0;
    if (redis->open(e, &s, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    if (redis->render(s, v, 1, NULL, 0, NULL, &c, &msg) != ERR_OK || c.method)
        bail_out("it renders something else: %s", msg.text);
    for (size_t at = 0; at < c.args.n; count++) {
        uint32_t length;
        memcpy(&length, c.args.p + at, sizeof length);
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s|", (int)length, c.args.p + at + sizeof length);
        at += sizeof length + length;
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "%d", (int)(c.n_args - count));
    call_done(&c);
    redis->close(s);
    return text;
}

static void commands(void)
{
    struct endpoint e = endpoint();
    struct notice v = notice();
    is_str(rendered(&e, &v),
           "XADD|pension:events|*|id|abc_0_40|type|benefit.suspended|timestamp|2026-07-01T09:00:00+08:00|subject|p-1|"
           "data|" DATA "|0",
           "an event becomes an entry, with a webhook's data");
    e.max_length = 10000;
    is_str(rendered(&e, &v),
           "XADD|pension:events|MAXLEN|~|10000|*|id|abc_0_40|type|benefit.suspended|timestamp|"
           "2026-07-01T09:00:00+08:00|subject|p-1|data|" DATA "|0",
           "with a bound of the stream's length");
    v.subject = STR_NONE;
    e.max_length = 0;
    is_str(rendered(&e, &v),
           "XADD|pension:events|*|id|abc_0_40|type|benefit.suspended|timestamp|2026-07-01T09:00:00+08:00|subject||"
           "data|" SYSTEM_DATA "|0",
           "a system event has an empty subject, and null in its data");
}

static void answers(void)
{
    static const struct {
        struct answer answer;
        enum outcome outcome;
        const char *why;
    } rows[] = {
        {{.carried = CARRIED, .status = 200, .body = STR_LIT("1-0")}, OUTCOME_DELIVERED, "added"},
        {{.carried = CARRIED,
          .status = 500,
          .body = STR_LIT("OOM command not allowed when used memory > 'maxmemory'.")},
         OUTCOME_THROTTLED,
         "the server says OOM"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("LOADING Redis is loading the dataset in memory")},
         OUTCOME_THROTTLED,
         "the server says LOADING"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("BUSY Redis is busy running a script.")},
         OUTCOME_THROTTLED,
         "the server says BUSY"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("READONLY You can't write against a read only replica.")},
         OUTCOME_THROTTLED,
         "the server says READONLY"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("CLUSTERDOWN The cluster is down")},
         OUTCOME_THROTTLED,
         "the server says CLUSTERDOWN"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("MASTERDOWN Link with MASTER is down")},
         OUTCOME_THROTTLED,
         "the server says MASTERDOWN"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("NOAUTH Authentication required.")},
         OUTCOME_RETRY,
         "the server says NOAUTH"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("NOPERM this user has no permissions")},
         OUTCOME_RETRY,
         "the server says NOPERM"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("WRONGTYPE Operation against a key")},
         OUTCOME_RETRY,
         "the server says WRONGTYPE"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("OOMPH is another word")},
         OUTCOME_RETRY,
         "the server says OOMPH"},
        {{.carried = CARRIED,
          .status = 500,
          .body = STR_LIT("ERR unknown command 'XADD', with args beginning with: 'p-1'")},
         OUTCOME_RETRY,
         "the server says ERR"},
        {{.carried = CARRIED, .status = 500, .body = STR_LIT("")}, OUTCOME_RETRY, "the server says an error"},
        {{.carried = NOT_SENT, .error = "Connection refused"}, OUTCOME_RETRY, "Connection refused"},
        {{.carried = LOST, .error = "no reply within 5 ms"}, OUTCOME_RETRY, "no reply within 5 ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v = {.outcome = OUTCOME_N};
        redis->judge(NULL, &rows[i].answer, &v);
        if (!ok(v.outcome == rows[i].outcome && strcmp(v.why, rows[i].why) == 0 && v.retry_after == -1, "%.40s%s",
                rows[i].answer.body.p ? rows[i].answer.body.p : "", rows[i].answer.error))
            diag("got %d: %s", (int)v.outcome, v.why);
    }
}

static void settings(void)
{
    static char urls[][24] = {"http://127.0.0.1", "redis://", "rediss://h:1"};
    struct endpoint e = endpoint();
    is_int(redis->check(&e, &msg), ERR_OK, "a good endpoint");
    for (size_t i = 0; i < 3; i++) {
        e.url = urls[i];
        is_int(redis->check(&e, &msg), ERR_INVALID, "%s is no Redis server", urls[i]);
    }
    ok(strstr(msg.text, "redis://[USER@]HOST:PORT[/DB]"), "what was expected is said: %s", msg.text);
    e = endpoint();
    e.stream = NULL;
    is_int(redis->check(&e, &msg), ERR_INVALID, "no stream");
    ok(strstr(msg.text, "stream is missing"), "and that is said: %s", msg.text);
    e = endpoint();
    e.secret_files.n = 2;
    is_int(redis->check(&e, &msg), ERR_INVALID, "two passwords: %s", msg.text);
    ok(!redis->batch && !redis->receipts, "one event a command, and no receipts");
}

int main(void)
{
    plan(3 + 15 + 9);
    redis = adapters[ADAPTER_REDIS_STREAM];
    commands();
    answers();
    settings();
    return tap_end();
}
