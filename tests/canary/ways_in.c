#include "tests/canary/ways_in.h"

#include <stdio.h>

#include "codec/input_table.h"
#include "core/text.h"
#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"

/* Spelt as people and programs do. */
static const char *const spellings[] = {
    CANARY_NAME "7",         "\xef\xbb\xbf" CANARY_NAME " 七",
    CANARY_NAME "·阿依古丽", "13973900007",
    "+86 139 7390 0007",     "0086-139-7390-0007",
    "(139)7390-0007",        "8613973900007",
    "+86139739000071",       "139739000",
};
#define N_SPELLINGS (sizeof spellings / sizeof *spellings)

struct tour {
    const char *address;
    answered *note;
    void *arg;
    unsigned n;
};

/* --- writing one in --- */

static void add_plain(struct buf *out, const char *text)
{
    buf_adds(out, text);
}

static void add_percent(struct buf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        buf_printf(out, "%%%02X", *p);
}

/* The text, with that for each '@', by one of the two above. */
static void fill_in(struct buf *out, const char *text, const char *spelling, void (*add)(struct buf *, const char *))
{
    buf_clear(out);
    for (; *text; text++)
        if (*text == '@')
            add(out, spelling);
        else
            buf_addc(out, *text);
    buf_addc(out, '\0');
    out->n--;
}

static void send(struct tour *t, const char *method, const char *target, const char *headers, const struct buf *body)
{
    struct reply r = {.status = 0};
    char what[400];
    request_once(t->address, method, target, headers, body ? buf_str(body) : STR_NONE, &r);
    snprintf(what, sizeof what, "%s %.80s %.60s %.200s", method, target, headers ? headers : "", body ? body->p : "");
    t->note(t->arg, what, &r);
    t->n++;
    reply_done(&r);
}

/* --- requests of every kind --- */

static const struct way {
    const char *method, *target, *headers, *body; /* '@' is where it stands; NULL: none */
} ways[] = {
    /* bodies that are no inputs */
    {"POST", "/v1/inputs", JSON, "@"},
    {"POST", "/v1/inputs", JSON, "\"@\""},
    {"POST", "/v1/inputs", JSON, "[\"@\"]"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"@\"}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@\",}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":{\"@\":\"@\"}}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":[\"@\"],\"phone\":[\"@\"]}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"@\":1}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"姓名\":\"@\"}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@\",\"name\":\"@\"}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@\\u0000\"}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@\\ud800\"}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@\xff\xfe\"}"},
    {"POST", "/v1/inputs", JSON, "{\"op\":\"enrol\",\"id\":\"W-1\",\"phone\":13973900007}"},
    {"POST", "/v1/inputs", JSON,
     "{\"op\":\"enrol\",\"id\":\"W-1\",\"name\":\"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\"}"},
    {"POST", "/v1/inputs", JSON,
     "{\"op\":\"enrol\",\"id\":\"W-1\",\"phone\":\"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\"}"},
    {"POST", "/v1/inputs", NDJSON, "@\n{\"op\":\"erase\",\"id\":\"nobody\"}\n{\"@\n"},
    {"POST", "/v1/inputs", NDJSON,
     "{\"op\":\"enrol\",\"name\":\"@\"}\n{\"op\":\"amend\",\"id\":\"nobody\",\"phone\":\"@\"}\n"},
    {"POST", "/v1/inputs", "Content-Type: @\r\n", "name=@"},
    {"POST", "/v1/inputs", "Content-Type: text/csv\r\n", "id,name\n1,@\n"},
    {"POST", "/v1/inputs", JSON "Content-Encoding: @\r\n", "@"},
    {"POST", "/v1/inputs?name=@", JSON, "{}"},
    /* headers */
    {"POST", "/v1/inputs", JSON "Idempotency-Key: @\r\n", "{\"op\":\"erase\",\"id\":\"nobody\"}"},
    {"POST", "/v1/inputs", NDJSON "Lifecertd-Stream: @\r\n", "{\"op\":\"erase\",\"id\":\"nobody\"}\n"},
    {"GET", "/v1/status", "Authorization: Bearer @\r\n", NULL},
    {"GET", "/v1/status", "Authorization: @\r\n", NULL},
    {"GET", "/v1/status", "User-Agent: @\r\nReferer: http://x/@\r\nCookie: name=@\r\nX-Name: @\r\n", NULL},
    {"GET", "/v1/events", "Last-Event-ID: @\r\nAccept: text/event-stream\r\n", NULL},
    {"GET", "/v1/status", "Accept: @\r\nAccept-Language: @\r\n", NULL},
    {"GET", "/v1/status", "If-None-Match: @\r\nRange: @\r\nExpect: @\r\n", NULL},
    {"@", "/v1/status", NULL, NULL},
    /* paths and queries */
    {"GET", "/@", NULL, NULL},
    {"GET", "/v1/@", NULL, NULL},
    {"GET", "/page/@", NULL, NULL},
    {"GET", "/v1/periods/@", NULL, NULL},
    {"GET", "/v1/periods/2026-01?policy=@", NULL, NULL},
    {"GET", "/v1/beneficiaries?status=@", NULL, NULL},
    {"GET", "/v1/beneficiaries?policy=@", NULL, NULL},
    {"GET", "/v1/beneficiaries?after=@&limit=@", NULL, NULL},
    {"GET", "/v1/beneficiaries?name=@", NULL, NULL},
    {"GET", "/v1/beneficiaries?phone=@&@=1", NULL, NULL},
    {"GET", "/v1/beneficiaries/nobody?as_of=@", NULL, NULL},
    {"GET", "/v1/due?from=@", NULL, NULL},
    {"GET", "/v1/due?by=@&to=@", NULL, NULL},
    {"GET", "/v1/events?after=@", NULL, NULL},
    {"GET", "/v1/events?type=@", NULL, NULL},
    {"GET", "/v1/events?limit=@&wait=@", NULL, NULL},
    {"GET", "/v1/deliveries?endpoint=@", NULL, NULL},
    {"GET", "/v1/deliveries?state=@", NULL, NULL},
    {"GET", "/v1/receipts/kannel/@?id=@&type=1", NULL, NULL},
    {"GET", "/v1/receipts/kannel/of-the-gateway?id=@&type=@", NULL, NULL},
    {"GET", "/v1/receipts/@/of-the-gateway?id=1&type=1", NULL, NULL},
    /* receipts tell of numbers by themselves */
    {"POST", "/v1/receipts/aliyun/of-the-gateway", JSON,
     "[{\"phone_number\":\"@\",\"success\":false,\"err_code\":\"@\",\"err_msg\":\"@\",\"out_id\":\"@\","
     "\"biz_id\":\"@\"}]"},
    {"POST", "/v1/receipts/aliyun/of-the-gateway", JSON, "[{\"phone_number\":\"@\""},
    {"POST", "/v1/receipts/aliyun/of-the-gateway", JSON, "{\"@\":\"@\"}"},
    {"POST", "/v1/receipts/tencent/of-the-gateway", JSON,
     "[{\"mobile\":\"@\",\"report_status\":\"@\",\"errmsg\":\"@\",\"sid\":\"@\"}]"},
    {"POST", "/v1/receipts/kannel/of-the-gateway?id=@&type=1&to=@", "Content-Type: text/plain\r\n", "@"},
    /* orders: what is no text of the operator's own */
    {"POST", "/v1/holds", JSON, "{\"until\":\"@\",\"by\":\"Li\",\"why\":\"a flood\"}"},
    {"POST", "/v1/holds", JSON, "{\"hold\":\"@\",\"until\":\"2099-01-01\",\"by\":\"Li\",\"why\":\"a flood\"}"},
    {"POST", "/v1/holds", JSON,
     "{\"until\":\"2099-01-01\",\"scope\":{\"policy\":\"@\"},\"by\":\"Li\",\"why\":\"a flood\"}"},
    {"POST", "/v1/holds", JSON, "{\"until\":\"2099-01-01\",\"scope\":\"@\",\"@\":1,\"by\":\"Li\",\"why\":\"a flood\"}"},
    {"POST", "/v1/holds", JSON, "{\"until\":\"2099-01-01\",\"by\":\"@"},
    {"DELETE", "/v1/holds/moratorium", JSON, "{\"by\":\"@\"}"},
    {"POST", "/v1/endpoints/hooks/pause", JSON, "{\"by\":\"@\"}"},
    {"POST", "/v1/endpoints/hooks/redeliver", JSON,
     "{\"after\":\"@\",\"type\":\"@\",\"by\":\"Li\",\"why\":\"a trial\"}"},
    {"POST", "/v1/endpoints/kannel/test", JSON, "{\"phone\":\"@\"}"},
    {"POST", "/v1/endpoints/aliyun/test", JSON, "{\"phone\":\"@\",\"name\":\"@\"}"},
    {"POST", "/v1/endpoints/tencent/test", JSON, "{\"phone\":\"@\"}"},
    {"POST", "/v1/endpoints/form0/test", JSON, "{\"phone\":\"@\"}"},
    {"POST", "/v1/endpoints/hooks/test", JSON, "{\"phone\":\"@\"}"},
    {"POST", "/v1/deliveries/@/retry", JSON, "{\"by\":\"Li\",\"why\":\"a trial\"}"},
    {"POST", "/v1/deliveries/hooks:1/drop", JSON, "{\"by\":\"@\"}"},
};
#define N_WAYS (sizeof ways / sizeof *ways)

static void go(struct tour *t, const struct way *w, const char *spelling)
{
    struct buf method = BUF_INIT, target = BUF_INIT, headers = BUF_INIT, body = BUF_INIT;
    fill_in(&method, w->method, spelling, add_plain);
    fill_in(&target, w->target, spelling, add_percent);
    fill_in(&headers, w->headers ? w->headers : "", spelling, add_plain);
    fill_in(&body, w->body ? w->body : "", spelling, add_plain);
    send(t, method.p, target.p, headers.n ? headers.p : NULL, w->body ? &body : NULL);
    buf_done(&method);
    buf_done(&target);
    buf_done(&headers);
    buf_done(&body);
}

/* --- each member of each op --- */

/* What the caller says in words of its own, and the log keeps: identifiers, references, reasons. */
static bool is_callers_own(enum member m)
{
    return m == M_ID || m == M_UNIT || m == M_CATEGORY || m == M_REF || m == M_EVIDENCE || m == M_REASON;
}

static const char *good_value(const struct member_row *m)
{
    switch (m->type) {
    case MEMBER_DATE: return "2026-01-01";
    case MEMBER_MONTH: return "2026-01";
    case MEMBER_INSTANT: return "2026-01-01T00:00:00+08:00";
    case MEMBER_AMOUNT: return "1000";
    case MEMBER_PHONE: return "13973900008";
    default: return m->bit == M_POLICY ? "a" : m->bit == M_CHANNEL ? "face" : m->bit == M_ID ? "W-2" : "x";
    }
}

/* All that the op needs, and one member with that text. */
static void write_input(struct buf *out, unsigned op, const struct member_row *odd, const char *spelling)
{
    buf_clear(out);
    buf_printf(out, "{\"op\":\"%.*s\"", (int)op_texts.v[op].n, op_texts.v[op].p);
    for (unsigned i = 0; i < MEMBERS; i++) {
        const struct member_row *m = &member_rows[i];
        if (m == odd)
            buf_printf(out, ",\"%.*s\":\"%s\"", (int)m->name.n, m->name.p, spelling);
        else if (m->bit != M_OP && m->requires & 1 << op)
            buf_printf(out, ",\"%.*s\":\"%s\"", (int)m->name.n, m->name.p, good_value(m));
    }
    buf_adds(out, "}");
    buf_addc(out, '\0');
    out->n--;
}

static void try_members(struct tour *t, unsigned op, const char *spelling)
{
    struct buf body = BUF_INIT;
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (is_callers_own(member_rows[i].bit) || member_rows[i].bit == M_OP)
            continue;
        write_input(&body, op, &member_rows[i], spelling);
        send(t, "POST", "/v1/inputs", JSON, &body);
        buf_addc(&body, '\n');
        send(t, "POST", "/v1/inputs", NDJSON, &body);
    }
    buf_done(&body);
}

/* --- all of it --- */

unsigned ways_in(const char *address, answered *note, void *arg)
{
    struct tour t = {.address = address, .note = note, .arg = arg};
    for (size_t s = 0; s < N_SPELLINGS; s++) {
        for (size_t i = 0; i < N_WAYS; i++)
            go(&t, &ways[i], spellings[s]);
        for (unsigned op = 0; op < OP_N; op++)
            try_members(&t, op, spellings[s]);
    }
    return t.n;
}
