/* Tencent Cloud's SendSms: the request and its signature, what answers mean, receipts. */
#include <stdlib.h>

#include "adapter/cloud_sign.h"
#include "adapter/json_pick.h"
#include "adapter/table.h"
#include "tests/adapter/calls.h"
#include "tests/adapter/gateway.h"

static const struct adapter *const tencent = &adapter_tencent_sms;

static struct endpoint an_endpoint(void)
{
    return (struct endpoint){
        .name = "sms",
        .adapter = ADAPTER_TENCENT_SMS,
        .url = GIVEN("https://sms.tencentcloudapi.com/"),
        .secrets = {{GIVEN("key's secret"), 12}},
        .n_secrets = 1,
        .messages = true,
        .signature = GIVEN("舟山社保"),
        .username = GIVEN("KEYID"),
        .app_id = GIVEN("1400006666"),
        .region = GIVEN("ap-guangzhou"),
    };
}

static enum err render(const struct sms *m, struct call *c, struct errmsg *msg)
{
    struct endpoint e = an_endpoint();
    return message_rendered(tencent, &e, m, c, msg);
}

/* Does Authorization sign what is sent? Worked out again from the call alone. */
static bool signs_itself(const struct call *c, int64_t now)
{
    const struct cloud_header headers[] = {
        {"content-type", str_of(header_of(c, "Content-Type"))},
        {"host", STR_LIT("sms.tencentcloudapi.com")},
    };
    const struct cloud_request r = {c->method, STR_LIT(""), headers, 2, buf_str(&c->body)};
    const struct cloud_key key = {STR_LIT("KEYID"), STR_LIT("key's secret")};
    struct buf b = BUF_INIT;
    add_tc3_authorization(&b, &r, "sms", now, &key);
    bool same = str_is(buf_str(&b), header_of(c, "Authorization"));
    buf_done(&b);
    return same;
}

static void requests(void)
{
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    is_int(render(&m, &c, &msg), ERR_OK, "a message is written");
    ok(str_is(buf_str(&c.body),
              "{\"PhoneNumberSet\":[\"+8613800000000\"],\"SmsSdkAppId\":\"1400006666\",\"SignName\":\"舟山社保\","
              "\"TemplateId\":\"SMS_100\",\"TemplateParamSet\":[\"王芳\",\"11月30日\"],"
              "\"SessionContext\":\"k3f9_0_4711\"}"),
       "as JSON, to one number, the variables in the template's order");
    is_str(c.url.p, "https://sms.tencentcloudapi.com/", "to the host's root");
    ok(strcmp(c.method, "POST") == 0 && c.once, "a POST, never to be repeated");
    ok(headers_well_formed(&c) && c.n_headers == 6, "six headers");
    is_str(header_of(&c, "Content-Type"), "application/json; charset=utf-8", "the content's type");
    is_str(header_of(&c, "X-TC-Action"), "SendSms", "the action");
    is_str(header_of(&c, "X-TC-Version"), "2021-01-11", "its version");
    is_str(header_of(&c, "X-TC-Region"), "ap-guangzhou", "the region");
    is_str(header_of(&c, "X-TC-Timestamp"), "1793318400", "the time");
    ok(signs_itself(&c, NOW), "the signature is over what is sent");
    m.n_variables = 0;
    m.phone = STR_LIT("+85251234567");
    ok(render(&m, &c, &msg) == ERR_OK && memmem(c.body.p, c.body.n, "[\"+85251234567\"]", 16) &&
           memmem(c.body.p, c.body.n, "\"TemplateParamSet\":[],", 22),
       "a message abroad, without variables");
    call_done(&c);
}

static void hostile(void)
{
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    struct buf text = BUF_INIT;
    struct json_pick picks[] = {{.path = "TemplateParamSet.0"}, {.path = "TemplateParamSet.1"}, {.path = "TemplateId"}};
    m.variables[0].value = STR_LIT("\"],\"a\":[\"\r\n\\\xf0\x9f\x98\x80\0\x7f");
    m.template_id = STR_LIT("1\",\"x\":\"");
    is_int(render(&m, &c, &msg), ERR_OK, "hostile values are written");
    is_int(json_pick(buf_str(&c.body), picks, 3, &text, &msg), ERR_OK, "the body is still JSON");
    ok(str_eq(picks[0].value, m.variables[0].value) && str_eq(picks[1].value, m.variables[1].value) &&
           str_eq(picks[2].value, m.template_id),
       "and what a reader finds in it is what was put in");
    ok(headers_well_formed(&c) && signs_itself(&c, NOW), "and signed");
    buf_done(&text);
    call_done(&c);
}

static void refusals(void)
{
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    m.variables[0].value = STR_LIT("123456789012345678901234567890123456");
    ok(render(&m, &c, &msg) == ERR_INVALID && strstr(msg.text, "variable name") && !strstr(msg.text, "1234"),
       "36 characters are refused: the variable is named, its value is not shown");
    struct endpoint e = an_endpoint();
    e.username = GIVEN("id\nHost: other");
    m = a_message();
    ok(message_rendered(tencent, &e, &m, &c, &msg) == ERR_INVALID, "nor does an id with a line break get into a header");
    m.template_id = STR_NONE;
    ok(render(&m, &c, &msg) == ERR_INVALID && strstr(msg.text, "template_id"), "no message without a template");
    is_int(render(NULL, &c, &msg), ERR_INVALID, "an event is no message");
    call_done(&c);
}

static void reproducible(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s = opened(tencent, &e);
    struct notice v = a_notice();
    struct rng rng = rng_seed(11);
    struct call a = {.method = NULL}, b = {.method = NULL};
    struct errmsg msg;
    unsigned wrong = 0;
    for (int i = 0; i < 200; i++) {
        struct sms m = a_message();
        char value[35];
        size_t n = 1 + rng_below(&rng, sizeof value - 1);
        for (size_t k = 0; k < n; k++)
            value[k] = (char)(1 + rng_below(&rng, 126));
        m.variables[0].value = (struct str){value, n};
        int64_t now = NOW + (int64_t)rng_below(&rng, 1000000);
        call_clear(&a), call_clear(&b);
        wrong += tencent->render(s, &v, 1, &m, now, gateway_nonce, &a, &msg) != ERR_OK;
        wrong += tencent->render(s, &v, 1, &m, now, gateway_nonce, &b, &msg) != ERR_OK;
        wrong += !str_eq(buf_str(&a.headers), buf_str(&b.headers)) || !str_eq(buf_str(&a.body), buf_str(&b.body));
        wrong += !signs_itself(&a, now) || signs_itself(&a, now + 1);
    }
    is_int(wrong, 0, "random requests are signed alike each time, and otherwise a second later");
    tencent->close(s);
    call_done(&a);
    call_done(&b);
}

#define ERROR(c) "{\"Response\":{\"Error\":{\"Code\":\"" c "\",\"Message\":\"x\"},\"RequestId\":\"R\"}}"
#define STATUS(c) \
    "{\"Response\":{\"SendStatusSet\":[{\"SerialNo\":\"5000:1\",\"Code\":\"" c "\"}],\"RequestId\":\"R\"}}"

static const struct judging judgings[] = {
    {200, STATUS("Ok"), OUTCOME_DELIVERED},
    {200, STATUS("LimitExceeded.PhoneNumberDailyLimit"), OUTCOME_RETRY},
    {200, STATUS("LimitExceeded.PhoneNumberThirtySecondLimit"), OUTCOME_RETRY},
    {200, STATUS("LimitExceeded.PhoneNumberCountLimit"), OUTCOME_FAILED},
    {200, STATUS("LimitExceeded.DeliveryFrequencyLimit"), OUTCOME_RETRY},
    {200, STATUS("LimitExceeded.AppDailyLimit"), OUTCOME_THROTTLED},
    {200, ERROR("RequestLimitExceeded"), OUTCOME_THROTTLED},
    {200, ERROR("RequestLimitExceeded.UinLimitExceeded"), OUTCOME_THROTTLED},
    {200, STATUS("FailedOperation.InsufficientBalanceInSmsPackage"), OUTCOME_THROTTLED},
    {200, ERROR("UnauthorizedOperation.ServiceSuspendDueToArrears"), OUTCOME_THROTTLED},
    {200, ERROR("UnauthorizedOperation.RequestIpNotInWhitelist"), OUTCOME_RETRY},
    {200, ERROR("AuthFailure.SignatureExpire"), OUTCOME_RETRY},
    {200, ERROR("AuthFailure.SecretIdNotFound"), OUTCOME_RETRY},
    {200, ERROR("InternalError.RequestTimeException"), OUTCOME_RETRY},
    {200, ERROR("InternalError.JsonParseFail"), OUTCOME_FAILED},
    {200, ERROR("InternalError"), OUTCOME_UNKNOWN},
    {200, STATUS("InternalError.Timeout"), OUTCOME_UNKNOWN},
    {200, STATUS("InternalError.SendAndRecvFail"), OUTCOME_UNKNOWN},
    {200, STATUS("FailedOperation.PhoneNumberInBlacklist"), OUTCOME_FAILED},
    {200, STATUS("FailedOperation.TemplateIncorrectOrUnapproved"), OUTCOME_FAILED},
    {200, ERROR("InvalidParameterValue.IncorrectPhoneNumber"), OUTCOME_FAILED},
    {200, STATUS("Never.HeardOf"), OUTCOME_FAILED},
    {200, STATUS("OK"), OUTCOME_FAILED},
    {200,
     "{\"Response\":{\"Error\":{\"Code\":\"InternalError\"},"
     "\"SendStatusSet\":[{\"Code\":\"Ok\"}]}}",
     OUTCOME_UNKNOWN},
    {200, "{\"Response\":{\"SendStatusSet\":[]}}", OUTCOME_UNKNOWN},
    {200, "{\"Response\":{\"SendStatusSet\":[{\"Code\":null}]}}", OUTCOME_UNKNOWN},
    {200, "{\"SendStatusSet\":[{\"Code\":\"Ok\"}]}", OUTCOME_UNKNOWN},
    {200, "{\"Response\":{\"SendStatusSet\":[{\"Code\":\"Ok\"}]}", OUTCOME_UNKNOWN},
    {200, "", OUTCOME_UNKNOWN},
    {200, "<html>", OUTCOME_UNKNOWN},
    {404, STATUS("Ok"), OUTCOME_UNKNOWN}, /* contradicts itself */
};

#define JUDGINGS_N (sizeof judgings / sizeof judgings[0])

static void judging(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s = opened(tencent, &e);
    check_judging(tencent, s, judgings, JUDGINGS_N);
    check_no_answer(tencent, s);
    is_str(judged(tencent, s, 200, STATUS("Ok")).ref, "5000:1", "the gateway's number is kept");
    is_str(judged(tencent, s, 200, STATUS("FailedOperation.X")).ref, "", "but not of a message that it refused");
    tencent->close(s);
}

static const struct {
    const char *body, *says; /* NULL: refused */
} receipts[] = {
    {"[{\"user_receive_time\":\"2026-10-30 08:03:04\",\"nationcode\":\"86\",\"mobile\":\"13800000000\","
     "\"report_status\":\"SUCCESS\",\"errmsg\":\"DELIVRD\",\"description\":\"x\",\"sid\":\"5000:1\"},"
     "{\"report_status\":\"FAIL\",\"errmsg\":\"MK:0012\",\"sid\":\"5000:2\"}]",
     "|5000:1|2|DELIVRD\n|5000:2|3|MK:0012\n"},
    {"[{\"report_status\":\"WAIT\",\"sid\":\"1\"},{\"report_status\":\"SUCCESS\",\"sid\":\"2\"}]", "|2|2|\n"},
    {"[]", ""},
    {"[{\"report_status\":\"SUCCESS\"}]", NULL},
    {"[{\"sid\":\"5000:1\"}]", NULL},
    {"[{\"report_status\":\"success\",\"sid\":\"5000:1\"}]", NULL},
    {"{\"report_status\":\"SUCCESS\",\"sid\":\"5000:1\"}", NULL},
    {"[{\"report_status\":\"SUCCESS\",\"sid\":\"5000:1\"}", NULL},
    {"", NULL},
};

#define RECEIPTS_N (sizeof receipts / sizeof receipts[0])

static void receiving(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s = opened(tencent, &e);
    struct read_receipts got;
    for (size_t i = 0; i < RECEIPTS_N; i++) {
        enum err r = receive(tencent, s, STR_NONE, str_of(receipts[i].body), &got);
        const char *says = receipts[i].says;
        if (says)
            ok(r == ERR_OK && strcmp(got.text, says) == 0 && strcmp(got.reply, "{\"result\":0,\"errmsg\":\"OK\"}") == 0,
               "taken and answered: %.40s", receipts[i].body);
        else
            ok(r == ERR_INVALID && got.n == 0 && got.reply[0] == '\0', "refused: %.40s", receipts[i].body);
    }
    tencent->close(s);
}

static void settings(void)
{
    static const struct {
        size_t at;
        const char *key;
    } needed[] = {
        {offsetof(struct endpoint, username), "username"},
        {offsetof(struct endpoint, signature), "signature"},
        {offsetof(struct endpoint, app_id), "app_id"},
        {offsetof(struct endpoint, region), "region"},
    };
    struct endpoint e = an_endpoint();
    struct errmsg msg;
    struct adapter_state *s;
    e.n_secrets = 0;
    is_int(tencent->check(&e, &msg), ERR_OK, "a secret may be missing while the configuration is looked at");
    is_int(tencent->open(&e, &s, &msg), ERR_INVALID, "and not when it is used");
    for (size_t i = 0; i < 4; i++) {
        e = an_endpoint();
        *(char **)((char *)&e + needed[i].at) = NULL;
        ok(tencent->check(&e, &msg) == ERR_INVALID && strstr(msg.text, needed[i].key), "%s is needed", needed[i].key);
    }
    e = an_endpoint();
    e.url = GIVEN("https://sms.tencentcloudapi.com/v2");
    ok(tencent->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "url"), "a path in the URL is refused");
    tencent->close(NULL);
}

int main(void)
{
    plan(12 + 4 + 4 + 1 + JUDGINGS_N + NO_ANSWER_CHECKS + 2 + RECEIPTS_N + 7);
    requests();
    hostile();
    refusals();
    reproducible();
    judging();
    receiving();
    settings();
    return tap_end();
}
