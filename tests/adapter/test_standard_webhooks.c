/* Standard Webhooks: one event becomes one signed request, again and again. */
#include <stdio.h>

#include "adapter/table.h"
#include "tests/adapter/calls.h"
#include "tests/adapter/webhook_verify.h"
#include "tests/lib/tap.h"

#define CURRENT "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define BEFORE "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define NOW 1769907600

static const struct adapter *const a = &adapter_standard_webhooks;
static const unsigned char nonce[16];

static char url[] = "https://payroll.example/hooks", file_name[] = "payroll.secret";
static char current[] = CURRENT, before[] = BEFORE;
static char *files[] = {file_name, file_name};

static struct endpoint payroll(void)
{
    return (struct endpoint){
        .url = url,
        .secret_files = {files, 2},
        .secrets = {{current, sizeof current - 1}, {before, sizeof before - 1}},
        .n_secrets = 2,
    };
}

static struct notice suspended(void)
{
    return (struct notice){
        .id = STR_LIT("8f3a_0_41"),
        .seq = 41,
        .prev = 38,
        .type = STR_LIT("benefit.suspended"),
        .time = STR_LIT("2026-02-01T09:00:00+08:00"),
        .subject = STR_LIT("330902-0000002"),
        .data = STR_LIT("{\"reason\":\"overdue\"}"),
    };
}

static struct adapter_state *opened(const struct endpoint *e)
{
    struct adapter_state *s = NULL;
    struct errmsg msg;
    if (a->open(e, &s, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return s;
}

static void test_request(void)
{
    struct endpoint e = payroll();
    struct adapter_state *s = opened(&e);
    struct notice v = suspended();
    struct call c = {0};
    struct errmsg msg;
    ok(a->render(s, &v, 1, NULL, NOW, nonce, &c, &msg) == ERR_OK, "an event is rendered");
    is_str(c.method, "POST", "as a POST");
    is_str(c.url.p, url, "to the endpoint's url");
    ok(headers_well_formed(&c) && c.n_headers == 4 && !c.once, "with four headers, and free to be repeated");
    is_str(header_of(&c, "Content-Type"), "application/json", "the content type");
    is_str(header_of(&c, "webhook-id"), "8f3a_0_41", "the event's id");
    is_str(header_of(&c, "webhook-timestamp"), "1769907600", "the time of this attempt");
    ok(str_is(buf_str(&c.body),
              "{\"type\":\"benefit.suspended\",\"timestamp\":\"2026-02-01T09:00:00+08:00\",\"data\":{\"subject\":"
              "\"330902-0000002\",\"seq\":41,\"prev\":38,\"event\":{\"reason\":\"overdue\"}}}"),
       "the body");
    is_int(webhook_signatures(&c), 2, "during a rotation there are two signatures");
    ok(webhook_verifies(&c, CURRENT, 0), "first that of the current secret");
    ok(webhook_verifies(&c, BEFORE, 1), "then that of the one before");
    call_done(&c);
    a->close(s);
}

static void test_attempts(void)
{
    struct endpoint e = payroll();
    struct adapter_state *s = opened(&e);
    struct notice v = suspended();
    struct call first = {0}, second = {0};
    struct errmsg msg;
    enum err err = a->render(s, &v, 1, NULL, NOW, nonce, &first, &msg);
    err = err ? err : a->render(s, &v, 1, NULL, NOW + 300, nonce, &second, &msg);
    ok(!err && str_eq(buf_str(&first.body), buf_str(&second.body)), "a second attempt has the same body");
    is_str(header_of(&second, "webhook-id"), header_of(&first, "webhook-id"), "and the same id");
    is_str(header_of(&second, "webhook-timestamp"), "1769907900", "but its own time");
    ok(webhook_verifies(&second, CURRENT, 0) && webhook_verifies(&second, BEFORE, 1), "which is what is signed");
    call_done(&first);
    call_done(&second);
    a->close(s);
}

static void test_many(void)
{
    struct endpoint e = payroll();
    e.n_secrets = 1;
    struct adapter_state *s = opened(&e);
    struct notice v = suspended();
    struct call c = {0};
    struct errmsg msg;
    const char *places[3] = {NULL, NULL, NULL};
    unsigned wrong = 0, moved = 0;
    for (unsigned i = 0; i < 2000; i++) {
        char id[32];
        v.id = (struct str){id, (size_t)snprintf(id, sizeof id, "8f3a_0_%u", 10000 + i)};
        v.seq = 10000 + i;
        call_clear(&c);
        wrong += a->render(s, &v, 1, NULL, NOW + i, nonce, &c, &msg) != ERR_OK || !headers_well_formed(&c) ||
                 webhook_signatures(&c) != 1 || !webhook_verifies(&c, CURRENT, 0);
        moved += i && (places[0] != c.url.p || places[1] != c.headers.p || places[2] != c.body.p);
        places[0] = c.url.p, places[1] = c.headers.p, places[2] = c.body.p;
    }
    is_int(wrong, 0, "two thousand events one after the other verify");
    is_int(moved, 0, "and the call's memory is that of the first");
    call_done(&c);
    a->close(s);
}

static void test_injection(void)
{
    static const char *const ids[] = {"8f3a.0.41", "8f3a\r\nx-evil: 1", "8f3a\n", "8f3a 41", ""};
    struct endpoint e = payroll();
    struct adapter_state *s = opened(&e);
    struct call c = {0};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct notice v = suspended();
        struct errmsg msg = {""};
        v.id = str_of(ids[i]);
        call_clear(&c);
        ok(a->render(s, &v, 1, NULL, NOW, nonce, &c, &msg) == ERR_INVALID && msg.text[0],
           "an id that cannot stand in a header or between dots is refused: form %zu", i + 1);
    }
    call_done(&c);
    a->close(s);
}

static void test_settings(void)
{
    struct endpoint e = payroll();
    struct errmsg msg;
    ok(a->check(&e, &msg) == ERR_OK, "settings with secrets and a url are fine");
    e.n_secrets = 0;
    ok(a->check(&e, &msg) == ERR_OK, "even when the secrets are not loaded");
    struct adapter_state *s = NULL;
    ok(a->open(&e, &s, &msg) == ERR_INVALID && !s, "it is not opened without them");
    e.secret_files.n = 0;
    ok(a->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "secret_file"), "a missing secret_file is a fault");
    e = payroll();
    char ftp[] = "ftp://payroll.example/";
    e.url = ftp;
    ok(a->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "url"), "and so is another kind of url");
    e = payroll();
    char bad[] = "whsec_c2hvcnQ=";
    e.secrets[1] = (struct secret){bad, sizeof bad - 1};
    ok(a->open(&e, &s, &msg) == ERR_INVALID && !s && !strstr(msg.text, "c2hvcnQ"),
       "a bad secret is told of, and not shown");
    a->close(NULL);
}

static void test_judging(void)
{
    struct endpoint e = payroll();
    struct adapter_state *s = opened(&e);
    struct answer answer = {.carried = CARRIED, .status = 429, .retry_after = 60};
    struct verdict v;
    a->judge(s, &answer, &v);
    ok(v.outcome == OUTCOME_THROTTLED && v.retry_after == 60, "answers are judged as HTTP has it");
    ok(!a->batch && !a->receipts && !a->hello, "no batches, no receipts, no handshake");
    a->close(s);
}

int main(void)
{
    plan(0);
    test_request();
    test_attempts();
    test_many();
    test_injection();
    test_settings();
    test_judging();
    return tap_end();
}
