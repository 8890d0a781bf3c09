/* What the tests of gateways share: an event and a message, answers, and the receipts that an adapter reads. */
#ifndef TESTS_ADAPTER_GATEWAY_H
#define TESTS_ADAPTER_GATEWAY_H

#include <stdio.h>

#include "adapter/adapter.h"
#include "tests/lib/tap.h"

/* An endpoint owns its texts; those of a test are constants. */
#define GIVEN(s) ((char *)(s))

#define NOW 1793318400 /* 2026-10-30T00:00:00Z */

static const unsigned char gateway_nonce[16] = {0x31, 0x56, 0x85, 0x32, 0x99, 0xf3, 0x13, 0xe2,
                                                0x3d, 0x16, 0x73, 0xdc, 0x12, 0xe1, 0x70, 0x3d};

static inline struct notice a_notice(void)
{
    return (struct notice){
        .id = STR_LIT("k3f9_0_4711"),
        .seq = 4711,
        .prev = 4000,
        .type = STR_LIT("reminder.due"),
        .time = STR_LIT("2026-10-30T08:00:00+08:00"),
        .subject = STR_LIT("330902-0000002"),
        .data = STR_LIT("{\"due_on\":\"2026-11-30\",\"n\":1}"),
    };
}

static inline struct sms a_message(void)
{
    return (struct sms){
        .phone = STR_LIT("+8613800000000"),
        .text = STR_LIT("王芳，请认证。"),
        .signature = STR_LIT("舟山社保"),
        .template_id = STR_LIT("SMS_100"),
        .variables = {{STR_LIT("name"), STR_LIT("王芳")}, {STR_LIT("due"), STR_LIT("11月30日")}},
        .n_variables = 2,
    };
}

static inline struct adapter_state *opened(const struct adapter *a, const struct endpoint *e)
{
    struct adapter_state *s;
    struct errmsg msg = {"-"};
    if (a->check(e, &msg) != ERR_OK || a->open(e, &s, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return s;
}

/* The request for the event with that message. */
static inline enum err message_rendered(const struct adapter *a, const struct endpoint *e, const struct sms *m,
                                        struct call *c, struct errmsg *msg)
{
    struct adapter_state *s = opened(a, e);
    struct notice v = a_notice();
    call_clear(c);
    enum err r = a->render(s, &v, 1, m, NOW, gateway_nonce, c, msg);
    a->close(s);
    return r;
}

static inline struct answer answered(int status, const char *body)
{
    return (struct answer){.carried = CARRIED, .status = status, .body = str_of(body), .retry_after = -1};
}

static inline struct verdict judged(const struct adapter *a, struct adapter_state *s, int status, const char *body)
{
    struct answer answer = answered(status, body);
    struct verdict v = {.outcome = OUTCOME_N};
    a->judge(s, &answer, &v);
    return v;
}

/* A row of a table of answers. */
struct judging {
    int status;
    const char *body;
    enum outcome want;
};

static inline void check_judging(const struct adapter *a, struct adapter_state *s, const struct judging *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct verdict v = judged(a, s, rows[i].status, rows[i].body);
        is_int(v.outcome, rows[i].want, "status %d, %.*s", rows[i].status, (int)strcspn(rows[i].body, "\n"),
               rows[i].body);
    }
}

/* What is no answer, and answers of servers in between: the same for every gateway. */
static inline void check_no_answer(const struct adapter *a, struct adapter_state *s)
{
    struct answer not_sent = {.carried = NOT_SENT, .retry_after = -1, .error = "connection refused"};
    struct answer lost = {.carried = LOST, .retry_after = -1, .error = "timed out"};
    struct answer busy = {.carried = CARRIED, .status = 503, .body = STR_LIT(""), .retry_after = 77};
    struct verdict v;
    a->judge(s, &not_sent, &v);
    is_int(v.outcome, OUTCOME_RETRY, "what was not sent is tried again");
    a->judge(s, &lost, &v);
    is_int(v.outcome, OUTCOME_UNKNOWN, "what was lost on the way is unknown");
    a->judge(s, &busy, &v);
    is_int(v.outcome, OUTCOME_THROTTLED, "503 is tried again, and the gateway spared");
    is_int(v.retry_after, 77, "after as long as it says");
    is_int(judged(a, s, 500, "").outcome, OUTCOME_UNKNOWN, "500 is unknown: the message may be on its way");
    is_int(judged(a, s, 502, "").outcome, OUTCOME_UNKNOWN, "502 is unknown");
    is_int(judged(a, s, 504, "").outcome, OUTCOME_UNKNOWN, "504 is unknown");
    is_int(judged(a, s, 301, "").outcome, OUTCOME_FAILED, "a redirect is not followed, and nothing was sent");
    is_int(judged(a, s, 404, "no such path").outcome, OUTCOME_FAILED, "404 is final");
    is_int(judged(a, s, 429, "slow down").outcome, OUTCOME_THROTTLED, "429 is tried again, and the gateway spared");
}
#define NO_ANSWER_CHECKS 10

/* The receipts of one call, each as "id|ref|kind|code\n". */
struct read_receipts {
    unsigned n;
    char text[512]; /* of the first ones */
    char reply[64];
};

static inline void note_receipt(void *arg, const struct receipt *r)
{
    struct read_receipts *all = arg;
    size_t n = strlen(all->text);
    all->n++;
    snprintf(all->text + n, sizeof all->text - n, "%.*s|%.*s|%d|%.*s\n", (int)r->id.n, r->id.p ? r->id.p : "",
             (int)r->ref.n, r->ref.p ? r->ref.p : "", (int)r->kind, (int)r->code.n, r->code.p ? r->code.p : "");
}

static inline enum err receive(const struct adapter *a, struct adapter_state *s, struct str query, struct str body,
                               struct read_receipts *out)
{
    struct receipt_call c = {query, body};
    struct buf reply = BUF_INIT;
    struct errmsg msg = {"-"};
    *out = (struct read_receipts){.n = 0};
    enum err e = a->receipts(s, &c, note_receipt, out, &reply, &msg);
    snprintf(out->reply, sizeof out->reply, "%.*s", (int)reply.n, reply.p ? reply.p : "");
    buf_done(&reply);
    return e;
}

#endif
