/* The template adapter as a whole: requests of several gateways, the order of rules, defaults, and refused settings. */
#include <stdlib.h>

#include "adapter/table.h"
#include "tests/adapter/calls.h"
#include "tests/adapter/gateway.h"

static const struct adapter *const template = &adapter_template;

/* The headers of an endpoint under test. */
struct lines {
    char *v[8];
};

static struct endpoint an_endpoint(struct lines *headers)
{
    headers->v[0] = GIVEN("Content-Type: application/json");
    headers->v[1] = GIVEN("Authorization:  Bearer {{secret}}");
    return (struct endpoint){
        .name = "gateway",
        .adapter = ADAPTER_TEMPLATE,
        .url = GIVEN("https://sms.example.com/send?ref={{id}}"),
        .secret_files = {headers->v, 1}, /* any list of one */
        .secrets = {{GIVEN("geheim"), 6}},
        .n_secrets = 1,
        .messages = true,
        .signature = GIVEN("舟山社保"),
        .headers = {headers->v, 2},
        .body = GIVEN("{\"to\":\"{{phone_national}}\",\"text\":\"{{signed_text}}\"}"),
    };
}

static enum err render(const struct endpoint *e, const struct sms *m, struct call *c, struct errmsg *msg)
{
    return message_rendered(template, e, m, c, msg);
}

static void message_request(void)
{
    struct lines headers;
    struct endpoint e = an_endpoint(&headers);
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    is_int(render(&e, &m, &c, &msg), ERR_OK, "a message is written");
    ok(strcmp(c.method, "POST") == 0 && c.once, "a POST unless it says otherwise, never to be repeated");
    is_str(c.url.p, "https://sms.example.com/send?ref=k3f9_0_4711", "its URL");
    ok(c.n_headers == 2 && headers_well_formed(&c), "its headers");
    is_str(header_of(&c, "Authorization"), "Bearer geheim", "with the secret");
    ok(str_is(buf_str(&c.body), "{\"to\":\"13800000000\",\"text\":\"【舟山社保】王芳，请认证。\"}"), "its body");
    m.text = STR_LIT("a\"b\\c\r\n\xf0\x9f\x98\x80");
    ok(!render(&e, &m, &c, &msg) &&
           str_is(buf_str(&c.body),
                  "{\"to\":\"13800000000\",\"text\":\"【舟山社保】a\\\"b\\\\c\\r\\n\xf0\x9f\x98\x80\"}"),
       "the body is JSON by its Content-Type");
    headers.v[0] = GIVEN("content-type: Application/X-WWW-Form-Urlencoded ; charset=UTF-8");
    e.body = GIVEN("to={{phone}}&text={{text}}");
    ok(!render(&e, &m, &c, &msg) && str_is(buf_str(&c.body), "to=%2B8613800000000&text=a%22b%5Cc%0D%0A%F0%9F%98%80"),
       "or a form");
    headers.v[0] = GIVEN("Content-Type: application/soap+xml; charset=utf-8");
    e.body = GIVEN("<to>{{phone}}</to>\n<text>{{text}}</text>");
    ok(!render(&e, &m, &c, &msg) &&
           str_is(buf_str(&c.body), "<to>+8613800000000</to>\n<text>a&quot;b\\c&#13;&#10;\xf0\x9f\x98\x80</text>"),
       "or XML");
    headers.v[0] = GIVEN("Content-Type: text/plain; charset=utf-8");
    e.body = GIVEN("{{phone}} {{text}}");
    is_int(render(&e, &m, &c, &msg), ERR_INVALID, "a line break has no place in plain text");
    m.text = STR_LIT("\"&<");
    ok(!render(&e, &m, &c, &msg) && str_is(buf_str(&c.body), "+8613800000000 \"&<"), "anything else stands as it is");
    headers.v[1] = GIVEN("X-Text: {{text}}");
    m.text = STR_LIT("a\r\nX-Evil: 1");
    e.body = GIVEN("x");
    ok(render(&e, &m, &c, &msg) == ERR_INVALID && !strstr(msg.text, "Evil"), "nor in a header");
    is_int(render(&e, NULL, &c, &msg), ERR_INVALID, "an event is no message");
    call_done(&c);
}

static void event_request(void)
{
    struct lines headers;
    struct endpoint e = an_endpoint(&headers);
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    e.messages = false;
    e.method = GIVEN("PUT");
    e.url = GIVEN("http://10.0.0.7/events/{{type}}/{{subject}}");
    e.body = GIVEN("{\"type\":\"{{type}}\",\"seq\":{{seq}},\"data\":{{data}}}");
    is_int(render(&e, NULL, &c, &msg), ERR_OK, "an event is written");
    ok(strcmp(c.method, "PUT") == 0 && !c.once, "by the method given; it may come twice");
    is_str(c.url.p, "http://10.0.0.7/events/reminder.due/330902-0000002", "its URL");
    ok(str_is(buf_str(&c.body),
              "{\"type\":\"reminder.due\",\"seq\":4711,\"data\":{\"due_on\":\"2026-11-30\",\"n\":1}}"),
       "its body");
    e.method = GIVEN("GET");
    e.body = NULL;
    e.headers.n = 0;
    ok(!render(&e, NULL, &c, &msg) && strcmp(c.method, "GET") == 0 && c.body.n == 0 && c.n_headers == 0,
       "a GET has no body");
    call_done(&c);
}

/* --- answers --- */

static const struct judging message_defaults[] = {
    {200, "", OUTCOME_DELIVERED}, {204, "", OUTCOME_DELIVERED}, {299, "", OUTCOME_DELIVERED},
    {400, "", OUTCOME_FAILED},    {401, "", OUTCOME_FAILED},    {410, "", OUTCOME_FAILED},
    {429, "", OUTCOME_THROTTLED}, {503, "", OUTCOME_THROTTLED}, {500, "", OUTCOME_UNKNOWN},
};

static const struct judging event_defaults[] = {
    {200, "", OUTCOME_DELIVERED}, {204, "", OUTCOME_DELIVERED}, {302, "", OUTCOME_RETRY}, {404, "", OUTCOME_RETRY},
    {410, "", OUTCOME_GONE},      {429, "", OUTCOME_THROTTLED}, {500, "", OUTCOME_RETRY}, {503, "", OUTCOME_THROTTLED},
};

static const struct judging message_rules[] = {
    {200, "{\"code\":0}", OUTCOME_DELIVERED},
    {200, "{\"code\":5}", OUTCOME_RETRY},
    {200, "{\"code\":7}", OUTCOME_FAILED},
    {200, "{\"code\":5,\"why\":\"blacklist\"}", OUTCOME_FAILED}, /* failed_when comes before retry_when */
    {200, "{\"code\":0,\"why\":\"later\"}", OUTCOME_RETRY},      /* and that before sent_when */
    {200, "{\"code\":9}", OUTCOME_UNKNOWN},
    {200, "", OUTCOME_UNKNOWN},
    {201, "{\"code\":0}", OUTCOME_UNKNOWN},
    {429, "{\"code\":5}", OUTCOME_THROTTLED},
    {503, "later", OUTCOME_THROTTLED},
    {500, "later", OUTCOME_RETRY}, /* the operator knows that nothing was sent */
    {500, "", OUTCOME_UNKNOWN},
    {403, "", OUTCOME_FAILED},
};

static const struct judging event_rules[] = {
    {200, "{\"code\":0}", OUTCOME_DELIVERED},
    {200, "{\"code\":9}", OUTCOME_RETRY}, /* not as sent_when has it: once more does no harm */
    {200, "{\"code\":7}", OUTCOME_FAILED},
    {410, "", OUTCOME_GONE},
    {500, "", OUTCOME_RETRY},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static void judging(void)
{
    struct lines headers;
    struct endpoint e = an_endpoint(&headers);
    struct adapter_state *s = opened(template, &e);
    check_judging(template, s, message_defaults, COUNT(message_defaults));
    check_no_answer(template, s);
    template->close(s);

    char *sent[] = {GIVEN("status 200 and json code = 0")};
    char *retry[] = {GIVEN("json code = 5"), GIVEN("body contains later")};
    char *failed[] = {GIVEN("json code = 7"), GIVEN("body contains blacklist")};
    e.sent_when = (struct text_list){sent, 1};
    e.retry_when = (struct text_list){retry, 2};
    e.failed_when = (struct text_list){failed, 2};
    s = opened(template, &e);
    check_judging(template, s, message_rules, COUNT(message_rules));
    struct answer lost = {.carried = LOST, .status = 200, .body = STR_LIT("later"), .retry_after = -1};
    struct answer busy = {.carried = CARRIED, .status = 200, .body = STR_LIT("later"), .retry_after = 30};
    struct verdict v;
    template->judge(s, &lost, &v);
    is_int(v.outcome, OUTCOME_UNKNOWN, "rules are for answers: what was lost stays unknown");
    template->judge(s, &busy, &v);
    is_int(v.retry_after, 30, "Retry-After counts with retry_when");
    template->close(s);

    e.messages = false;
    e.body = GIVEN("{}");
    s = opened(template, &e);
    check_judging(template, s, event_rules, COUNT(event_rules));
    template->close(s);
    e.sent_when.n = e.retry_when.n = e.failed_when.n = 0;
    s = opened(template, &e);
    check_judging(template, s, event_defaults, COUNT(event_defaults));
    template->judge(s, &lost, &v);
    is_int(v.outcome, OUTCOME_RETRY, "an event that was lost is tried again");
    template->close(s);
    ok(!template->receipts && !template->batch, "there are no receipts, and no batches");
}

/* --- settings --- */

static bool refused(const struct endpoint *e, const char *says)
{
    struct errmsg msg = {"-"};
    struct adapter_state *s = NULL;
    bool good = template->check(e, &msg) == ERR_INVALID && strstr(msg.text, says) &&
                template->open(e, &s, &msg) == ERR_INVALID && !s;
    if (!good)
        diag("got: %s", msg.text);
    return good;
}

static const char *const bad_headers[][2] = {
    {"Content-Length: 3", "Content-Length is written by the transport"},
    {"transfer-encoding: chunked", "transport"},
    {"HOST: x", "transport"},
    {"no colon", "expected \"Name: value\""},
    {": x", "expected \"Name: value\""},
    {"A B: x", "expected \"Name: value\""},
    {"X: {{nobody}}", "headers: {{nobody}} at byte 1 is no variable"},
    {"X: {{text", "headers: byte 1: \"{{\" without"},
    {"X: text}}", "headers: byte 5: \"}}\" without"},
    {"Content-Type: {{text}}", "Content-Type decides"},
};

static void bad_settings(void)
{
    struct lines headers;
    struct endpoint e;
    for (size_t i = 0; i < COUNT(bad_headers); i++) {
        e = an_endpoint(&headers);
        headers.v[1] = GIVEN(bad_headers[i][0]);
        ok(refused(&e, bad_headers[i][1]), "refused: %s", bad_headers[i][0]);
    }
    e = an_endpoint(&headers);
    e.url = GIVEN("https://{{var.host}}/");
    ok(refused(&e, "behind the host"), "no value chooses where a request goes");
    e.url = GIVEN("{{var.url}}");
    ok(refused(&e, "url:"), "nor all of the URL");
    e.url = GIVEN("https://sms.example.com{{text}}");
    ok(refused(&e, "behind the host"), "nor the end of the host");
    e.url = GIVEN("https://sms.example.com:{{seq}}/");
    ok(refused(&e, "behind the host"), "nor its port");
    e = an_endpoint(&headers);
    e.method = GIVEN("BREW");
    ok(refused(&e, "method:"), "an unknown method is refused");
    e.method = GIVEN("GET");
    ok(refused(&e, "body: GET has none"), "a GET with a body is refused");
    e = an_endpoint(&headers);
    headers.v[0] = GIVEN("X: y");
    ok(refused(&e, "Content-Type"), "a body needs a Content-Type");
    e = an_endpoint(&headers);
    e.body = GIVEN("{\"to\":\"{{nobody}}\"}");
    ok(refused(&e, "body: {{nobody}} at byte 8 is no variable"), "an unknown variable is named, with its place");
    e = an_endpoint(&headers);
    e.messages = false;
    ok(refused(&e, "variable of messages"), "a message's variables need an endpoint of messages");
    e = an_endpoint(&headers);
    e.signature = NULL;
    ok(refused(&e, "signature is missing"), "a variable whose key is not set is refused");
    e = an_endpoint(&headers);
    e.secret_files.n = 0;
    ok(refused(&e, "secret_file is missing"), "as is the secret's");
    e = an_endpoint(&headers);
    char *rules[] = {GIVEN("status ok")};
    e.sent_when = (struct text_list){rules, 1};
    ok(refused(&e, "sent_when: \"status ok\""), "a rule that cannot be read is refused");
    template->close(NULL);
}

int main(void)
{
    plan(13 + 5 + COUNT(message_defaults) + NO_ANSWER_CHECKS + COUNT(message_rules) + 2 + COUNT(event_rules) +
         COUNT(event_defaults) + 2 + COUNT(bad_headers) + 12);
    message_request();
    event_request();
    judging();
    bad_settings();
    return tap_end();
}
