/* What an answer means, for webhooks and, as far as it does not depend on the gateway, for messages. */
#include <stdio.h>

#include "adapter/adapter.h"
#include "tests/lib/tap.h"

static struct answer answered(int status, int64_t retry_after)
{
    return (struct answer){.carried = CARRIED, .status = status, .retry_after = retry_after};
}

static struct answer failed(enum carried how, const char *error)
{
    struct answer a = {.carried = how, .retry_after = -1};
    snprintf(a.error, sizeof a.error, "%s", error);
    return a;
}

/* A verdict filled with other things, so that nothing of it may be left over. */
static struct verdict stale(void)
{
    struct verdict v;
    memset(&v, 0x55, sizeof v);
    return v;
}

/* Every status that HTTP can carry. */
static enum outcome expected(int status)
{
    if (status / 100 == 2)
        return OUTCOME_DELIVERED;
    if (status == 410)
        return OUTCOME_GONE;
    if (status == 429 || status == 502 || status == 503 || status == 504)
        return OUTCOME_THROTTLED;
    return OUTCOME_RETRY;
}

static void test_statuses(void)
{
    unsigned wrong = 0, counts[OUTCOME_N] = {0};
    for (int status = 0; status <= 999; status++) {
        struct answer a = answered(status, -1);
        struct verdict v = stale();
        judge_http(&a, &v);
        char why[32];
        snprintf(why, sizeof why, "status %d", status);
        wrong += v.outcome != expected(status) || v.retry_after != -1 || strcmp(v.why, why) != 0 || v.ref[0];
        if ((unsigned)v.outcome < OUTCOME_N)
            counts[v.outcome]++;
    }
    is_int(wrong, 0, "each status has its outcome, says so, and leaves the time to the schedule");
    is_int(counts[OUTCOME_DELIVERED], 100, "every 2xx is delivered");
    is_int(counts[OUTCOME_THROTTLED], 4, "429, 502, 503 and 504 throttle");
    is_int(counts[OUTCOME_GONE], 1, "410 is gone");
    is_int(counts[OUTCOME_FAILED] + counts[OUTCOME_UNKNOWN], 0, "none fails at once, none is unknown");
}

static void test_retry_after(void)
{
    static const struct {
        int status;
        int64_t given, want;
    } rows[] = {
        {429, 120, 120}, {503, 0, 0}, {500, 7, 7}, {404, 86400, 86400}, {200, 120, -1}, {410, 120, -1}, {429, -1, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer a = answered(rows[i].status, rows[i].given);
        struct verdict v = stale();
        judge_http(&a, &v);
        is_int(v.retry_after, rows[i].want, "%d with Retry-After %" PRId64, rows[i].status, rows[i].given);
    }
}

static void test_not_carried(void)
{
    static const enum carried ways[] = {NOT_SENT, LOST};
    for (size_t i = 0; i < 2; i++) {
        struct answer a = failed(ways[i], "the connection broke");
        a.status = 200; /* left over: it means nothing */
        a.retry_after = 5;
        struct verdict v = stale();
        judge_http(&a, &v);
        ok(v.outcome == OUTCOME_RETRY && v.retry_after == -1, "a webhook that got no answer is tried again");
        is_str(v.why, "the connection broke", "and the verdict says what happened");
        a = failed(ways[i], "");
        judge_http(&a, &v);
        is_str(v.why, "no answer", "even where nothing was said");
    }
}

static void test_messages(void)
{
    struct verdict v = stale();
    struct answer a = failed(NOT_SENT, "no connection");
    ok(judge_message_transport(&a, &v) && v.outcome == OUTCOME_RETRY, "a message that was not sent is tried again");
    is_str(v.why, "no connection", "with why");
    a = failed(LOST, "timed out");
    v = stale();
    ok(judge_message_transport(&a, &v) && v.outcome == OUTCOME_UNKNOWN, "one whose answer was lost is unknown");
    is_str(v.why, "timed out", "with why");
    ok(v.ref[0] == '\0' && v.retry_after == -1, "and nothing else");

    unsigned unknown = 0, wrong = 0;
    for (int status = 0; status <= 999; status++) {
        a = answered(status, 30);
        v = (struct verdict){.outcome = OUTCOME_N};
        bool said = judge_message_transport(&a, &v);
        bool want = status / 100 == 5 && status != 503;
        wrong += said != want || v.outcome != (want ? OUTCOME_UNKNOWN : OUTCOME_N);
        unknown += said;
    }
    is_int(wrong, 0, "an answer is the adapter's to read, and untouched, unless it is a 5xx other than 503");
    is_int(unknown, 99, "of which all are unknown");
}

static void test_verdict_set(void)
{
    struct verdict v = stale();
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    verdict_set(&v, OUTCOME_FAILED, 9, "%s", text);
    ok(v.outcome == OUTCOME_FAILED && v.retry_after == 9 && v.ref[0] == '\0', "a verdict is set as a whole");
    is_int(strlen(v.why), VERDICT_WHY - 1, "its text is cut to fit");
}

int main(void)
{
    plan(0);
    test_statuses();
    test_retry_after();
    test_not_carried();
    test_messages();
    test_verdict_set();
    return tap_end();
}
