/* Tencent Cloud's SendSms (lifecertd-adapters(7)): a POST of JSON, for one number at a time. */
#include <stdlib.h>

#include "adapter/cloud_sign.h"
#include "adapter/json_pick.h"
#include "adapter/receipts.h"
#include "adapter/sms.h"
#include "adapter/table.h"

#define SERVICE "sms"
#define CONTENT_TYPE "application/json; charset=utf-8"

struct adapter_state {
    const struct endpoint *endpoint;
    struct cloud_host host;
};

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    enum err r = require_key(e->username, "username", "the API key's SecretId", msg);
    if (!r)
        r = require_key(e->signature, "signature", "the gateway puts it before the message", msg);
    if (!r)
        r = require_key(e->app_id, "app_id", "the SmsSdkAppId", msg);
    if (!r)
        r = require_key(e->region, "region", "such as ap-guangzhou", msg);
    struct cloud_host host;
    if (!r && (r = cloud_host_init(&host, e->url, msg)) == ERR_OK)
        cloud_host_done(&host);
    return r;
}

static enum err state_new(const struct endpoint *e, struct adapter_state **out, struct errmsg *msg)
{
    struct cloud_host host;
    enum err r = require_secret(e, msg);
    if (!r)
        r = cloud_host_init(&host, e->url, msg);
    if (r)
        return r;
    *out = mem_zalloc(1, sizeof **out);
    **out = (struct adapter_state){e, host};
    return ERR_OK;
}

static void state_free(struct adapter_state *s)
{
    if (!s)
        return;
    cloud_host_done(&s->host);
    free(s);
}

/* --- render --- */

static void add_member(struct buf *b, const char *name, struct str value)
{
    buf_addc(b, ',');
    buf_add_json(b, str_of(name));
    buf_addc(b, ':');
    buf_add_json(b, value);
}

static void add_body(struct buf *b, const struct endpoint *e, const struct notice *v, const struct sms *m)
{
    BUF_LIT(b, "{\"PhoneNumberSet\":[");
    buf_add_json(b, m->phone);
    buf_addc(b, ']');
    add_member(b, "SmsSdkAppId", str_of(e->app_id));
    add_member(b, "SignName", m->signature);
    add_member(b, "TemplateId", m->template_id);
    BUF_LIT(b, ",\"TemplateParamSet\":[");
    for (unsigned i = 0; i < m->n_variables; i++) {
        if (i)
            buf_addc(b, ',');
        buf_add_json(b, m->variables[i].value);
    }
    buf_addc(b, ']');
    add_member(b, "SessionContext", v->id);
    buf_addc(b, '}');
}

static enum err add_headers(const struct adapter_state *s, int64_t now, struct call *out, struct errmsg *msg)
{
    const struct endpoint *e = s->endpoint;
    const struct cloud_header signed_headers[] = {
        {"content-type", STR_LIT(CONTENT_TYPE)},
        {"host", buf_str(&s->host.name)},
    };
    const struct cloud_request request = {"POST", STR_LIT(""), signed_headers, 2, buf_str(&out->body)};
    const struct cloud_key key = {str_of(e->username), first_secret(e)};
    struct buf authorization = BUF_INIT, timestamp = BUF_INIT;
    add_tc3_authorization(&authorization, &request, SERVICE, now, &key);
    buf_add_i64(&timestamp, now);
    const struct cloud_header headers[] = {
        {"Authorization", buf_str(&authorization)}, {"Content-Type", STR_LIT(CONTENT_TYPE)},
        {"X-TC-Action", STR_LIT("SendSms")},        {"X-TC-Region", str_of(e->region)},
        {"X-TC-Timestamp", buf_str(&timestamp)},    {"X-TC-Version", STR_LIT("2021-01-11")},
    };
    enum err r = ERR_OK;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] && !r; i++)
        r = call_header(out, headers[i].name, headers[i].value, msg);
    buf_done(&authorization);
    buf_done(&timestamp);
    return r;
}

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)n, (void)nonce;
    if (!sms || !sms->template_id.n)
        return err_set(msg, ERR_INVALID, "tencent-sms sends templates only: the message has no template_id");
    enum err r = check_variables(sms, msg);
    if (r)
        return r;
    add_body(&out->body, s->endpoint, v, sms);
    call_url(out, buf_str(&s->host.url));
    out->method = "POST";
    out->once = true;
    return add_headers(s, now, out, msg);
}

/* --- judge --- */

/* As with aliyun-sms: retried is what certainly was refused for a reason that passes or that the operator can put
 * right; what broke inside the gateway may have been sent. */
static const struct gateway_code codes[] = {
    {"Ok", OUTCOME_DELIVERED},
    {"LimitExceeded.PhoneNumberCountLimit", OUTCOME_FAILED},
    {"LimitExceeded.PhoneNumber*", OUTCOME_RETRY}, /* of one number: the others go on */
    {"LimitExceeded.DeliveryFrequencyLimit", OUTCOME_RETRY},
    {"LimitExceeded.AppCountryOrRegionInBlacklist", OUTCOME_FAILED},
    {"LimitExceeded*", OUTCOME_THROTTLED}, /* of the account, as those that follow */
    {"RequestLimitExceeded*", OUTCOME_THROTTLED},
    {"ServiceUnavailable*", OUTCOME_THROTTLED},
    {"ResourceUnavailable*", OUTCOME_THROTTLED},
    {"FailedOperation.InsufficientBalanceInSmsPackage", OUTCOME_THROTTLED},
    {"UnauthorizedOperation.ServiceSuspendDueToArrears", OUTCOME_THROTTLED},
    {"FailedOperation.MarketingSendTimeConstraint", OUTCOME_RETRY},
    {"UnauthorizedOperation*", OUTCOME_RETRY},
    {"AuthFailure*", OUTCOME_RETRY},
    {"InternalError.RequestTimeException", OUTCOME_RETRY},
    {"InternalError.SigFieldMissing", OUTCOME_RETRY},
    {"InternalError.SigVerificationFail", OUTCOME_RETRY},
    {"InternalError.JsonParseFail", OUTCOME_FAILED},
    {"InternalError.RestApiInterfaceNotExist", OUTCOME_FAILED},
    {"InternalError*", OUTCOME_UNKNOWN},
};

enum { ERROR_CODE, STATUS_CODE, SERIAL, ANSWER_PICKS };

/* An error of the whole request comes before the one number's own code. */
static struct str code_of(const struct json_pick *p)
{
    return json_pick_text(&p[p[ERROR_CODE].kind == JSON_ABSENT ? STATUS_CODE : ERROR_CODE]);
}

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    struct json_pick picks[ANSWER_PICKS] = {
        [ERROR_CODE] = {.path = "Response.Error.Code"},
        [STATUS_CODE] = {.path = "Response.SendStatusSet.0.Code"},
        [SERIAL] = {.path = "Response.SendStatusSet.0.SerialNo"},
    };
    struct buf text = BUF_INIT;
    struct errmsg why;
    (void)s;
    if (judge_message_transport(a, out))
        return;
    struct str code = json_pick(a->body, picks, ANSWER_PICKS, &text, &why) ? STR_NONE : code_of(picks);
    judge_code(a, code, codes, sizeof codes / sizeof codes[0], out);
    if (out->outcome == OUTCOME_DELIVERED)
        verdict_ref(out, json_pick_text(&picks[SERIAL]));
    buf_done(&text);
}

/* --- receipts --- */

enum { SID, REPORT_STATUS, REPORT_CODE, REPORT_PICKS };

static void read_report(const struct json_pick *p, struct receipt *out)
{
    *out = (struct receipt){.id = STR_NONE, .ref = json_pick_text(&p[SID]), .code = json_pick_text(&p[REPORT_CODE])};
    if (str_is(p[REPORT_STATUS].value, "SUCCESS"))
        out->kind = RECEIPT_DELIVERED;
    else if (str_is(p[REPORT_STATUS].value, "FAIL"))
        out->kind = RECEIPT_FAILED;
}

static enum err receipts(struct adapter_state *s, const struct receipt_call *c, receipt_fn *each, void *arg,
                         struct buf *reply, struct errmsg *msg)
{
    struct json_pick picks[REPORT_PICKS] = {
        [SID] = {.path = "sid"},
        [REPORT_STATUS] = {.path = "report_status"},
        [REPORT_CODE] = {.path = "errmsg"},
    };
    (void)s;
    enum err e = read_receipts(c->body, picks, REPORT_PICKS, read_report, each, arg, msg);
    if (!e)
        BUF_LIT(reply, "{\"result\":0,\"errmsg\":\"OK\"}");
    return e;
}

const struct adapter adapter_tencent_sms = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
    .receipts = receipts,
};
