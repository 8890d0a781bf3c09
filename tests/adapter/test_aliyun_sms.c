/* Aliyun's SendSms: the request and its signature, what answers mean, receipts. */
#include <stdlib.h>

#include "adapter/cloud_sign.h"
#include "adapter/table.h"
#include "tests/adapter/calls.h"
#include "tests/adapter/gateway.h"

static const struct adapter *const aliyun = &adapter_aliyun_sms;

static struct endpoint an_endpoint(void)
{
    return (struct endpoint){
        .name = "sms",
        .adapter = ADAPTER_ALIYUN_SMS,
        .url = GIVEN("https://dysmsapi.aliyuncs.com"),
        .secrets = {{GIVEN("key's secret"), 12}},
        .n_secrets = 1,
        .messages = true,
        .signature = GIVEN("舟山社保"),
        .username = GIVEN("KEYID"),
    };
}

static enum err render(const struct sms *m, struct call *c, struct errmsg *msg)
{
    struct endpoint e = an_endpoint();
    return message_rendered(aliyun, &e, m, c, msg);
}

/* Does Authorization sign what is sent? Worked out again from the call alone. */
static bool signs_itself(const struct call *c)
{
    const struct cloud_header headers[] = {
        {"host", STR_LIT("dysmsapi.aliyuncs.com")},
        {"x-acs-action", str_of(header_of(c, "x-acs-action"))},
        {"x-acs-content-sha256", str_of(header_of(c, "x-acs-content-sha256"))},
        {"x-acs-date", str_of(header_of(c, "x-acs-date"))},
        {"x-acs-signature-nonce", str_of(header_of(c, "x-acs-signature-nonce"))},
        {"x-acs-version", str_of(header_of(c, "x-acs-version"))},
    };
    const struct cloud_request r = {c->method, str_of(strchr(c->url.p, '?') + 1), headers, 6, buf_str(&c->body)};
    const struct cloud_key key = {STR_LIT("KEYID"), STR_LIT("key's secret")};
    struct buf b = BUF_INIT;
    add_acs3_authorization(&b, &r, &key);
    bool same = str_is(buf_str(&b), header_of(c, "authorization"));
    buf_done(&b);
    return same;
}

static void requests(void)
{
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    is_int(render(&m, &c, &msg), ERR_OK, "a message is written");
    is_str(c.url.p,
           "https://dysmsapi.aliyuncs.com/?OutId=k3f9_0_4711&PhoneNumbers=13800000000"
           "&SignName=%E8%88%9F%E5%B1%B1%E7%A4%BE%E4%BF%9D&TemplateCode=SMS_100"
           "&TemplateParam=%7B%22name%22%3A%22%E7%8E%8B%E8%8A%B3%22%2C%22due%22%3A%2211%E6%9C%8830%E6%97%A5%22%7D",
           "its parameters stand in the query, sorted");
    ok(strcmp(c.method, "POST") == 0 && c.body.n == 0 && c.once, "a POST without a body, never to be repeated");
    ok(headers_well_formed(&c) && c.n_headers == 6, "six headers");
    is_str(header_of(&c, "x-acs-action"), "SendSms", "the action");
    is_str(header_of(&c, "x-acs-version"), "2017-05-25", "its version");
    is_str(header_of(&c, "x-acs-date"), "2026-10-30T00:00:00Z", "the time");
    is_str(header_of(&c, "x-acs-signature-nonce"), "3156853299f313e23d1673dc12e1703d", "the nonce in hex");
    is_str(header_of(&c, "x-acs-content-sha256"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
           "the hash of no bytes");
    ok(signs_itself(&c), "the signature is over what is sent");
    m.phone = STR_LIT("+85251234567");
    m.n_variables = 0;
    is_int(render(&m, &c, &msg), ERR_OK, "a message abroad, without variables");
    ok(strstr(c.url.p, "&PhoneNumbers=85251234567&") && strstr(c.url.p, "&TemplateParam=%7B%7D"),
       "goes to the number with its country code");
    call_done(&c);
}

static void hostile(void)
{
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    m.variables[0].value = STR_LIT("\"},&a=b\r\n\\\xf0\x9f\x98\x80\0");
    m.template_id = STR_LIT("SMS&SignName=x");
    is_int(render(&m, &c, &msg), ERR_OK, "hostile values are written");
    ok(strstr(c.url.p, "&TemplateCode=SMS%26SignName%3Dx&TemplateParam=%7B%22name%22%3A%22%5C%22%7D%2C%26a%3Db%5Cr%5Cn"
                       "%5C%5C%F0%9F%98%80%5Cu0000%22%2C%22due%22") != NULL,
       "escaped for JSON, then for the query");
    ok(headers_well_formed(&c) && signs_itself(&c), "and signed");
    call_done(&c);
}

#define CHARACTERS_35 "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五"

static void refusals(void)
{
    struct sms m = a_message();
    struct call c = {.method = NULL};
    struct errmsg msg = {"-"};
    m.variables[1].value = STR_LIT(CHARACTERS_35);
    is_int(render(&m, &c, &msg), ERR_OK, "35 characters fit, whatever their bytes");
    m.variables[1].value = STR_LIT(CHARACTERS_35 "六");
    ok(render(&m, &c, &msg) == ERR_INVALID && strstr(msg.text, "variable due") && !strstr(msg.text, "一"),
       "36 do not: the variable is named, its value is not shown");
    m.variables[1].value = STR_LIT("");
    ok(render(&m, &c, &msg) == ERR_INVALID && strstr(msg.text, "variable due"), "an empty one does not either");
    struct endpoint e = an_endpoint();
    e.username = GIVEN("key\nHost: other");
    m = a_message();
    ok(message_rendered(aliyun, &e, &m, &c, &msg) == ERR_INVALID, "nor does an id with a line break get into a header");
    m.template_id = STR_NONE;
    ok(render(&m, &c, &msg) == ERR_INVALID && strstr(msg.text, "template_id"), "no message without a template");
    is_int(render(NULL, &c, &msg), ERR_INVALID, "an event is no message");
    call_done(&c);
}

/* The same request twice gives the same bytes; another nonce or time another signature. */
static void reproducible(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s = opened(aliyun, &e);
    struct notice v = a_notice();
    struct rng rng = rng_seed(7);
    struct call a = {.method = NULL}, b = {.method = NULL};
    struct errmsg msg;
    unsigned wrong = 0;
    for (int i = 0; i < 200; i++) {
        struct sms m = a_message();
        char value[35];
        unsigned char nonce[16];
        size_t n = 1 + rng_below(&rng, sizeof value - 1);
        for (size_t k = 0; k < n; k++)
            value[k] = (char)(1 + rng_below(&rng, 126));
        for (int k = 0; k < 16; k++)
            nonce[k] = (unsigned char)rng_next(&rng);
        m.variables[0].value = (struct str){value, n};
        int64_t now = NOW + (int64_t)rng_below(&rng, 1000000);
        call_clear(&a), call_clear(&b);
        wrong += aliyun->render(s, &v, 1, &m, now, nonce, &a, &msg) != ERR_OK;
        wrong += aliyun->render(s, &v, 1, &m, now, nonce, &b, &msg) != ERR_OK;
        wrong += !str_eq(buf_str(&a.headers), buf_str(&b.headers)) || !str_eq(buf_str(&a.url), buf_str(&b.url));
        wrong += !signs_itself(&a);
        nonce[i % 16] ^= 1;
        call_clear(&b);
        wrong += aliyun->render(s, &v, 1, &m, now, nonce, &b, &msg) != ERR_OK;
        wrong += strcmp(header_of(&a, "authorization"), header_of(&b, "authorization")) == 0;
    }
    is_int(wrong, 0, "random requests are signed alike each time, and otherwise with another nonce");
    aliyun->close(s);
    call_done(&a);
    call_done(&b);
}

#define CODE(c) "{\"Message\":\"x\",\"RequestId\":\"R\",\"Code\":\"" c "\"}"

static const struct judging judgings[] = {
    {200, CODE("OK"), OUTCOME_DELIVERED},
    {200, CODE("isv.BUSINESS_LIMIT_CONTROL"), OUTCOME_RETRY},
    {200, CODE("isv.DAY_LIMIT_CONTROL"), OUTCOME_THROTTLED},
    {200, CODE("isv.AMOUNT_NOT_ENOUGH"), OUTCOME_THROTTLED},
    {200, CODE("isv.OUT_OF_SERVICE"), OUTCOME_THROTTLED},
    {400, CODE("Throttling.User"), OUTCOME_THROTTLED},
    {400, CODE("Throttling"), OUTCOME_THROTTLED},
    {503, CODE("ServiceUnavailable"), OUTCOME_THROTTLED},
    {503, CODE("Something.New"), OUTCOME_THROTTLED},
    {200, CODE("isp.RAM_PERMISSION_DENY"), OUTCOME_RETRY},
    {404, CODE("InvalidAccessKeyId.NotFound"), OUTCOME_RETRY},
    {400, CODE("SignatureDoesNotMatch"), OUTCOME_RETRY},
    {400, CODE("InvalidTimeStamp.Expired"), OUTCOME_RETRY},
    {400, CODE("SignatureNonceUsed"), OUTCOME_UNKNOWN},
    {200, CODE("isp.SYSTEM_ERROR"), OUTCOME_UNKNOWN},
    {200, CODE("isp.GATEWAY_ERROR"), OUTCOME_UNKNOWN},
    {500, CODE("InternalError"), OUTCOME_UNKNOWN},
    {400, CODE("OK"), OUTCOME_UNKNOWN}, /* contradicts itself */
    {200, CODE("isv.MOBILE_NUMBER_ILLEGAL"), OUTCOME_FAILED},
    {200, CODE("isv.BLACK_KEY_CONTROL_LIMIT"), OUTCOME_FAILED},
    {200, CODE("isv.SMS_TEMPLATE_ILLEGAL"), OUTCOME_FAILED},
    {200, CODE("isv.NEVER_HEARD_OF"), OUTCOME_FAILED},
    {200, CODE("ok"), OUTCOME_FAILED},
    {200, "", OUTCOME_UNKNOWN},
    {200, "<html>", OUTCOME_UNKNOWN},
    {200, "{\"Code\":\"OK\"", OUTCOME_UNKNOWN},
    {200, "{\"Code\":\"\"}", OUTCOME_UNKNOWN},
    {200, "{\"Code\":null}", OUTCOME_UNKNOWN},
    {200, "{\"Body\":{\"Code\":\"OK\"}}", OUTCOME_UNKNOWN},
    {200, "{\"Code\":\"OK\",\"Code\":\"isv.X\"}", OUTCOME_UNKNOWN},
    {200, "[\"OK\"]", OUTCOME_UNKNOWN},
};

#define JUDGINGS_N (sizeof judgings / sizeof judgings[0])

static void judging(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s = opened(aliyun, &e);
    check_judging(aliyun, s, judgings, JUDGINGS_N);
    check_no_answer(aliyun, s);
    struct verdict v = judged(aliyun, s, 200, "{\"BizId\":\"900619746936498440^0\",\"Code\":\"OK\"}");
    is_str(v.ref, "900619746936498440^0", "the gateway's number is kept");
    v = judged(aliyun, s, 200, CODE("13800000000 \\n x"));
    is_str(v.why, "status 200, code ??????????????x", "a code that is none is not shown in logs");
    v = judged(aliyun, s, 200,
               "{\"Code\":\"OK\",\"BizId\":\"1234567890123456789012345678901234567890123456789012345678901"
               "2345\"}");
    ok(v.outcome == OUTCOME_DELIVERED && v.ref[0] == '\0', "a number that is too long is left out, not cut");
    aliyun->close(s);
}

static const struct {
    const char *body, *says; /* NULL: refused */
} receipts[] = {
    {"[{\"phone_number\":\"13800000000\",\"send_time\":\"2026-10-30 08:00:00\",\"success\":true,"
     "\"err_code\":\"DELIVERED\",\"err_msg\":\"x\",\"sms_size\":\"1\",\"biz_id\":\"9^0\",\"out_id\":\"k_0_1\"},"
     "{\"success\":false,\"err_code\":\"MOBILE_NOT_ON_SERVICE\",\"biz_id\":\"8^0\",\"out_id\":\"k_0_2\"}]",
     "k_0_1|9^0|2|DELIVERED\nk_0_2|8^0|3|MOBILE_NOT_ON_SERVICE\n"},
    {"[{\"success\":true,\"biz_id\":\"9^0\",\"out_id\":null}]", "|9^0|2|\n"},
    {"[{\"success\":\"true\",\"out_id\":\"k_0_1\",\"err_code\":\"a b\"}]", "k_0_1||2|\n"},
    {"[{\"up\":1},{\"success\":true,\"out_id\":\"k_0_1\"}]", "k_0_1||2|\n"},
    {"[]", ""},
    {"[{\"success\":true}]", NULL},
    {"[{\"out_id\":\"k_0_1\",\"success\":\"yes\"}]", NULL},
    {"[{}]", NULL},
    {"{\"success\":true,\"out_id\":\"k_0_1\"}", NULL},
    {"[{\"success\":true,\"out_id\":\"k_0_1\"}", NULL},
    {"[{\"success\":true,\"out_id\":\"k_0_1\"},7]", NULL},
    {"", NULL},
    {"null", NULL},
    {"success=true", NULL},
};

#define RECEIPTS_N (sizeof receipts / sizeof receipts[0])

static void receiving(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s = opened(aliyun, &e);
    struct read_receipts got;
    for (size_t i = 0; i < RECEIPTS_N; i++) {
        enum err r = receive(aliyun, s, STR_NONE, str_of(receipts[i].body), &got);
        const char *says = receipts[i].says;
        if (says)
            ok(r == ERR_OK && strcmp(got.text, says) == 0 && strcmp(got.reply, "{\"code\":0,\"msg\":\"ok\"}") == 0,
               "taken and answered: %.40s", receipts[i].body);
        else
            ok(r == ERR_INVALID && got.n == 0 && got.reply[0] == '\0', "refused: %.40s", receipts[i].body);
    }
    aliyun->close(s);
}

static void settings(void)
{
    struct endpoint e = an_endpoint();
    struct errmsg msg;
    struct adapter_state *s;
    e.n_secrets = 0;
    is_int(aliyun->check(&e, &msg), ERR_OK, "a secret may be missing while the configuration is looked at");
    is_int(aliyun->open(&e, &s, &msg), ERR_INVALID, "and not when it is used");
    e = an_endpoint();
    e.username = NULL;
    ok(aliyun->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "username"), "username is needed");
    e = an_endpoint();
    e.signature = NULL;
    ok(aliyun->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "signature"), "signature is needed");
    e = an_endpoint();
    e.url = GIVEN("https://dysmsapi.aliyuncs.com/sms");
    ok(aliyun->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "url"), "a path in the URL is refused");
    aliyun->close(NULL);
}

int main(void)
{
    plan(12 + 3 + 6 + 1 + JUDGINGS_N + NO_ANSWER_CHECKS + 3 + RECEIPTS_N + 5);
    requests();
    hostile();
    refusals();
    reproducible();
    judging();
    receiving();
    settings();
    return tap_end();
}
