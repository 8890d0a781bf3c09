/* Messages to people through a real Kannel and its fake operator: a reminder becomes an SMS, and its receipt comes
 * back; what happens when operator or gateway are away; and what keeps a message from being sent. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/date.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/kannel.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define PORTS_TRIED 20 /* somebody else may be quicker to bind one */
#define SECRET "receipts-of-this-test"
#define CAP 3
#define PEOPLE_AT_ONE_NUMBER (CAP + 1)

/* In the message below 66 units precede the name, whose first character takes two: the first of them ends the first
 * segment, the second begins the next. */
#define BEFORE_NAME \
    "您好，待遇领取资格认证每年一次，请在到期之前通过人脸识别、社区窗口或银行柜台办理，" \
    "以免待遇暂停发放。本次提醒的参保人是"
#define NAME "𠮷野"
#define SIGNATURE "【定海区社保】"

static struct node *n;
static struct kannel kannel;
static struct reply r;
static struct client *holder; /* a body that does not end, so that its stream stays open */
static int receipts_port;     /* where the daemon takes receipts */
static lc_month first_month;  /* in which the first reminder falls due */
static const char *zone = "Asia/Shanghai", *offset = "+08:00";

/* --- the daemon --- */

/* A number's messages are counted by local day: in a zone where midnight is far. */
static void choose_zone(void)
{
    time_t hour = time(NULL) / 3600 % 24;
    if (hour >= 14 && hour <= 18) {
        zone = "Etc/GMT+4";
        offset = "-04:00";
    }
}

static void configure(void)
{
    struct buf b = BUF_INIT;
    int port = receipts_port = free_port();
    buf_printf(&b, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"127.0.0.1:%d\" }\n", n->dir, n->socket, port);
    buf_printf(&b, "timezone = \"%s\"\nclock = \"2026-01-01T00:00:00%s x100000000\"\nbrake_limit = \"off\"\n", zone,
               offset);
    buf_printf(&b, "sms_daily_cap = %d\ndelivery_log = \"%s/deliveries\"\n", CAP, n->dir);
    buf_adds(&b, "channel \"face\" { }\npolicy \"national\" {\n    remind_ahead = 1\n}\n");
    buf_adds(&b, "message \"reminder\" {\n    on = \"reminder.due\"\n    text = \"" BEFORE_NAME
                 "{{name}}，请最迟在{{due}}完成。\"\n}\n");
    buf_printf(&b,
               "endpoint \"sms\" {\n    adapter = \"kannel\"\n    url = \"http://127.0.0.1:%d/cgi-bin/sendsms\"\n"
               "    username = \"" KANNEL_USER "\"\n    secret_file = \"%s/password\"\n    sender = \"10086\"\n"
               "    signature = \"定海区社保\"\n    receipt_url = \"http://127.0.0.1:%d\"\n"
               "    receipt_secret_file = \"%s/receipts\"\n    allow_private = true\n    quiet_hours = \"none\"\n"
               "    events = { \"reminder.due\", \"unit.digest\" }\n    max_segments = 3\n"
               "    retry = { \"1s\", \"1s\", \"1s\", \"2s\", \"4s\", \"8s\", \"15s\", \"30s\" }\n}\n",
               kannel.port, n->dir, port, n->dir);
    write_private(n->config, buf_str(&b));
    buf_done(&b);
}

static void start_daemon(void)
{
    char path[128];
    int code;
    n = node_new("");
    snprintf(path, sizeof path, "%s/password", n->dir);
    write_private(path, STR_LIT(KANNEL_PASSWORD));
    snprintf(path, sizeof path, "%s/receipts", n->dir);
    write_private(path, STR_LIT(SECRET));
    configure();
    node_init(n);
    for (int i = 0; i < PORTS_TRIED; i++) {
        if (node_start(n, &code))
            return;
        if (!node_logged(n, "another process listens there"))
            break;
        configure();
    }
    node_free(n, true);
    bail_out("the daemon does not start");
}

/* --- its clock and its people --- */

#define STREAM "Lifecertd-Stream: s\r\n"

static int post(const char *json)
{
    client_send(holder, "\n", 1); /* a body that is silent for too long is ended */
    request_once(n->socket, "POST", "/v1/inputs", STREAM "Content-Type: application/json\r\n", str_of(json), &r);
    return r.status;
}

/* From here on the clock stands at the last instant that was posted. Where it has come to before that nobody knows: the
 * months that follow are reckoned from there. */
static void stop_clock(void)
{
    static const char head[] = "POST /v1/inputs HTTP/1.1\r\nHost: test\r\n" STREAM
                               "Content-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n";
    lc_date now = DATE_NONE;
    holder = client_new(n->socket);
    client_send(holder, head, sizeof head - 1);
    if (post("{\"op\":\"unit\",\"unit\":\"T\",\"at\":\"2026-01-01T00:00:00+00:00\"}") != 200)
        bail_out("the first input is answered %d: %s", r.status, r.body.p);
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    const char *at = strstr(r.body.p, "\"now\":\"");
    if (!at || !date_parse(at + 7, 10, &now))
        bail_out("no status: %s", r.body.p);
    first_month = date_month(now) + 1;
}

static void day_text(int month, int day, char out[11])
{
    date_format(month_day(first_month + month, day), out);
    out[10] = '\0';
}

/* Returns when the daemon's clock is there. Months are counted from that of the first reminder. */
static void advance(int month, int day, const char *time)
{
    char json[128], date[11];
    day_text(month, day, date);
    snprintf(json, sizeof json, "{\"op\":\"unit\",\"unit\":\"T\",\"at\":\"%sT%s%s\"}", date, time, offset);
    if (post(json) != 200)
        bail_out("the clock is not set to %s: %s", date, r.body.p);
}

/* One who is reminded on the first of that month; unit: JSON, or NULL. */
static void enrol(const char *id, const char *name, const char *phone, int month, const char *unit)
{
    char json[384], date[11];
    day_text(month - 12, 10, date);
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2010-01-01\","
             "\"last_certified_on\":\"%s\",\"name\":\"%s\",\"phone\":\"%s\",\"unit\":%s}",
             id, date, name, phone, unit ? unit : "null");
    if (post(json) != 200)
        bail_out("%s is not enrolled: %s", id, r.body.p);
}

static void certify(const char *id, int month)
{
    char json[192], date[11];
    day_text(month, 1, date);
    snprintf(json, sizeof json,
             "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"%s\",\"certified_on\":\"%s\"}", id, id,
             date);
    is_int(post(json), 200, "%s certifies", id);
}

/* --- the operator --- */

static bool has_come(void *arg)
{
    const unsigned *wanted = arg;
    return kannel_delivered(&kannel, NULL, 0) >= *wanted;
}

/* Waits until the operator has so many messages, and takes the last. */
static bool await_messages(unsigned wanted, struct operator_sms *last)
{
    struct operator_sms all[32];
    bool came = await(has_come, &wanted);
    unsigned count = kannel_delivered(&kannel, all, 32);
    *last = count && count <= 32 ? all[count - 1] : (struct operator_sms){.parts = 0};
    return came && count == wanted;
}

/* How many messages the operator has for that number. */
static unsigned got(const char *phone)
{
    struct operator_sms all[32];
    unsigned count = kannel_delivered(&kannel, all, 32), found = 0;
    for (unsigned i = 0; i < count && i < 32; i++)
        found += strcmp(all[i].to, phone) == 0;
    return found;
}

/* --- the ways of a message --- */

static void test_receipt(void)
{
    struct operator_sms sms;
    char want[512], due[11];
    advance(0, 1, "09:00:00");
    ok(await_messages(1, &sms), "a reminder becomes an SMS");
    struct ymd last = date_split(date_eom(month_day(first_month, 1)));
    snprintf(want, sizeof want, SIGNATURE BEFORE_NAME NAME "，请最迟在%d年%d月%d日完成。", last.year, last.month,
             last.day);
    day_text(0, 1, due);
    is_str(sms.text, want, "its text is whole at the operator, with a character that two segments share");
    is_int(sms.parts, 2, "it came in two segments");
    is_str(sms.to, "+8613800000001", "to the number on file");
    ok(delivery_await(n, "sms", "sent", "A", "\"receipt\":\"delivered\""), "the operator's receipt is in its record");
    ok(endpoint_await(n, "sms", "\"receipts_delivered\":1"), "and counted");
    is_int(endpoint_number(n, "sms", "delivered"), 1, "as one message");
    is_int(endpoint_number(n, "sms", "requests"), 1, "in one request");
    is_int(endpoint_number(n, "sms", "receipts_failed"), 0, "no receipt says that it failed");
}

static bool kannel_has_it(void *arg)
{
    (void)arg;
    return kannel_waiting(&kannel) == 1;
}

static void test_operator_away(void)
{
    struct operator_sms sms;
    kannel_operator_leaves(&kannel);
    advance(1, 1, "09:00:00");
    ok(await(kannel_has_it, NULL), "while the operator is away Kannel keeps the message");
    ok(delivery_await(n, "sms", "sent", "B", "\"attempts\":1"), "for which it has been taken");
    ok(!delivery_says(n, "sms", "sent", "B", "\"receipt\":\"delivered\""), "though not delivered yet");
    is_int(got("+8613800000002"), 0, "and nobody has it");
    kannel_operator_returns(&kannel);
    ok(await_messages(2, &sms), "when the operator is back it goes out");
    is_str(sms.to, "+8613800000002", "to whom it was meant for");
    ok(delivery_await(n, "sms", "sent", "B", "\"receipt\":\"delivered\""), "and its receipt comes");
}

static void test_kannel_away(void)
{
    struct operator_sms sms;
    kannel_kill(&kannel);
    advance(2, 1, "09:00:00");
    ok(delivery_await(n, "sms", "retry", "C", "\"attempts\":2"), "while Kannel is dead the message is tried again");
    ok(delivery_await(n, "sms", "retry", "C", "connect to 127.0.0.1"), "and its record says why");
    kannel_restart(&kannel);
    ok(await_messages(3, &sms), "when Kannel is back it goes out");
    is_str(sms.to, "+8613800000003", "to whom it was meant for");
    ok(delivery_await(n, "sms", "sent", "C", "\"receipt\":\"delivered\""), "and its receipt comes");
    is_int(got("+8613800000003"), 1, "it went out once");
}

static void test_certified_meanwhile(void)
{
    struct operator_sms sms;
    struct reply answer = {.status = 0};
    is_int(endpoint_order(n, "sms", "pause", "{\"by\":\"op\",\"why\":\"检查\"}", &answer), 200,
           "the endpoint is paused");
    advance(3, 1, "09:00:00");
    certify("D", 3);
    is_int(endpoint_order(n, "sms", "resume", "{\"by\":\"op\",\"why\":\"检查\"}", &answer), 200, "and resumed");
    ok(delivery_await(n, "sms", "skipped", "D", "\"why\":\"certified\""),
       "who has certified between the reminder's decision and its sending gets none");
    ok(await_messages(4, &sms), "the others get theirs");
    is_str(sms.to, "+8613800000005", "the one who has not certified");
    is_int(got("+8613800000004"), 0, "and the operator never saw the skipped one");
    ok(endpoint_await(n, "sms", "\"skips\":{\"certified\":1}"), "it is counted, with why");
    reply_done(&answer);
}

static void test_daily_cap(void)
{
    struct operator_sms sms;
    advance(4, 1, "09:00:00");
    ok(await_messages(4 + CAP, &sms), "one number gets as many messages a day as are allowed");
    ok(delivery_await(n, "sms", "retry", "F4", "\"why\":\"daily cap\""), "the next one waits for tomorrow");
    is_int(got("+8613800000006"), CAP, "and the operator has no more than that");
    is_int(delivery_count(n, "sms", "retry"), PEOPLE_AT_ONE_NUMBER - CAP, "only what was too much waits");
}

static void test_digest(void)
{
    struct operator_sms sms;
    char want[64];
    certify("F1", 4);
    advance(4, 20, "10:00:00");
    ok(await_messages(5 + CAP, &sms), "on the twentieth the unit gets its digest");
    is_str(sms.to, "+8613900000000", "at the unit's number");
    snprintf(want, sizeof want, "人员共%d人", PEOPLE_AT_ONE_NUMBER - 1);
    ok(strstr(sms.text, SIGNATURE "白泉镇社保所") && strstr(sms.text, want),
       "which names it, and counts whom to look for: %s", sms.text);
}

static void test_trial(void)
{
    struct operator_sms sms;
    struct reply answer = {.status = 0};
    is_int(endpoint_order(n, "sms", "test", NULL, &answer), 422, "a trial needs a phone number");
    is_int(endpoint_order(n, "sms", "test", "{\"phone\":\"137 0000 0000\"}", &answer), 200, "with one it is answered");
    ok(strstr(answer.body.p, "\"outcome\":\"delivered\""), "that the gateway took it: %s", answer.body.p);
    ok(await_messages(6 + CAP, &sms), "and the operator gets it");
    is_str(sms.to, "+8613700000000", "for that number");
    ok(strncmp(sms.text, SIGNATURE, strlen(SIGNATURE)) == 0, "with the agency's signature");
    reply_done(&answer);
}

static int give_receipt(const char *path)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", receipts_port);
    request_once(address, "GET", path, NULL, STR_NONE, &r);
    return r.status;
}

static void test_strange_receipts(void)
{
    char all[40];
    snprintf(all, sizeof all, "\"receipts_delivered\":%d,", 5 + CAP);
    ok(endpoint_await(n, "sms", all), "every message has its receipt");
    is_int(give_receipt("/v1/receipts/sms/" SECRET "?id=unknown_0_1&type=1"), 200,
           "a receipt of a message that nobody knows is taken, or the gateway would bring it again");
    is_int(give_receipt("/v1/receipts/sms/another-secret?id=unknown_0_1&type=1"), 404, "one without the secret is not");
    is_int(give_receipt("/v1/receipts/sms/" SECRET "?type=1"), 400, "one that is none is refused");
    is_int(endpoint_number(n, "sms", "receipts_delivered"), 5 + CAP, "none of them is counted");
}

/* What was told of all that. */
static void test_told(void)
{
    char path[128];
    struct buf log = BUF_INIT;
    snprintf(path, sizeof path, "%s/deliveries", n->dir);
    read_text(path, &log);
    ok(strstr(log.p, "event=delivered endpoint=sms "), "the delivery log tells what was sent");
    ok(strstr(log.p, "phone=+86138****0001"), "with phone numbers masked");
    char *daemon = node_log(n);
    ok(!strstr(log.p, "13800000001") && !strstr(daemon, "13800000001"), "and never whole, nor in the daemon's log");
    ok(!strstr(log.p, NAME) && !strstr(daemon, NAME), "nor has either a name");
    ok(!strstr(log.p, SECRET) && !strstr(daemon, SECRET), "nor the receipts' secret");
    free(daemon);
    buf_done(&log);
}

static void enrol_all(void)
{
    if (post("{\"op\":\"unit\",\"unit\":\"U-1\",\"name\":\"白泉镇社保所\",\"phone\":\"13900000000\"}") != 200)
        bail_out("the unit is not recorded: %s", r.body.p);
    enrol("A", NAME, "13800000001", 0, NULL);
    enrol("B", "陈阿宝", "13800000002", 1, NULL);
    enrol("C", "王芳", "13800000003", 2, NULL);
    enrol("D", "李强", "13800000004", 3, NULL);
    enrol("E", "赵敏", "13800000005", 3, NULL);
    for (int i = 0; i < PEOPLE_AT_ONE_NUMBER; i++) {
        char id[8];
        snprintf(id, sizeof id, "F%d", i + 1);
        enrol(id, "周家人", "13800000006", 4, "\"U-1\"");
    }
}

int main(void)
{
    plan(0);
    choose_zone();
    kannel_start(&kannel);
    start_daemon();
    stop_clock();
    enrol_all();
    test_receipt();
    test_operator_away();
    test_kannel_away();
    test_certified_meanwhile();
    test_daily_cap();
    test_digest();
    test_trial();
    test_strange_receipts();
    test_told();
    client_free(holder);
    is_int(node_stop(n), 0, "the daemon stops");
    kannel_kill(&kannel);
    reply_done(&r);
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
