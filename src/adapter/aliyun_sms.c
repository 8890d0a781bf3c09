/* Aliyun's SendSms (lifecertd-adapters(7)): an RPC whose parameters stand in the query of a POST without a body. */
#include <stdlib.h>

#include "adapter/cloud_sign.h"
#include "adapter/json_pick.h"
#include "adapter/receipts.h"
#include "adapter/sms.h"
#include "adapter/table.h"
#include "base/tz.h"

struct adapter_state {
    const struct endpoint *endpoint;
    struct cloud_host host;
};

static enum err check(const struct endpoint *e, struct errmsg *msg)
{
    enum err r = require_key(e->username, "username", "the access key's id", msg);
    if (!r)
        r = require_key(e->signature, "signature", "the gateway puts it before the message", msg);
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

/* The names ascending, as they are signed. */
static void add_query(struct buf *b, const struct notice *v, const struct sms *m)
{
    struct buf variables = BUF_INIT;
    add_variables_json(&variables, m);
    const struct {
        const char *name;
        struct str value;
    } fields[] = {
        {"OutId", v->id},
        {"PhoneNumbers", phone_national(m->phone)},
        {"SignName", m->signature},
        {"TemplateCode", m->template_id},
        {"TemplateParam", buf_str(&variables)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (i)
            buf_addc(b, '&');
        buf_adds(b, fields[i].name);
        buf_addc(b, '=');
        add_percent(b, fields[i].value);
    }
    buf_done(&variables);
}

/* "2023-10-26T10:22:32Z" */
static struct str utc_time(int64_t now, char out[25])
{
    instant_format(now, 0, out);
    out[19] = 'Z';
    return (struct str){out, 20};
}

/* All headers that are sent are signed. */
static enum err add_headers(const struct adapter_state *s, struct str query, int64_t now, struct str nonce,
                            struct call *out, struct errmsg *msg)
{
    char body_hash[SHA256_HEX + 1], time[25];
    sha256_hex(STR_LIT(""), body_hash);
    const struct cloud_header headers[] = {
        {"host", buf_str(&s->host.name)},
        {"x-acs-action", STR_LIT("SendSms")},
        {"x-acs-content-sha256", {body_hash, SHA256_HEX}},
        {"x-acs-date", utc_time(now, time)},
        {"x-acs-signature-nonce", nonce},
        {"x-acs-version", STR_LIT("2017-05-25")},
    };
    const unsigned n = sizeof headers / sizeof headers[0];
    const struct cloud_request request = {"POST", query, headers, n, STR_LIT("")};
    const struct cloud_key key = {str_of(s->endpoint->username), first_secret(s->endpoint)};
    struct buf authorization = BUF_INIT;
    add_acs3_authorization(&authorization, &request, &key);
    enum err r = call_header(out, "authorization", buf_str(&authorization), msg);
    for (unsigned i = 1; i < n && !r; i++) /* the transport writes Host */
        r = call_header(out, headers[i].name, headers[i].value, msg);
    buf_done(&authorization);
    return r;
}

static enum err render(struct adapter_state *s, const struct notice *v, unsigned n, const struct sms *sms, int64_t now,
                       const unsigned char nonce[16], struct call *out, struct errmsg *msg)
{
    (void)n;
    if (!sms || !sms->template_id.n)
        return err_set(msg, ERR_INVALID, "aliyun-sms sends templates only: the message has no template_id");
    enum err r = check_variables(sms, msg);
    if (r)
        return r;
    struct buf query = BUF_INIT, once = BUF_INIT;
    add_query(&query, v, sms);
    add_hex(&once, nonce, 16);
    r = add_headers(s, buf_str(&query), now, buf_str(&once), out, msg);
    buf_addstr(&out->url, buf_str(&s->host.url));
    buf_addc(&out->url, '?');
    buf_addstr(&out->url, buf_str(&query));
    buf_addc(&out->url, '\0');
    out->method = "POST";
    out->once = true;
    buf_done(&query);
    buf_done(&once);
    return r;
}

/* --- judge --- */

/* Retried is what certainly was refused for a reason that passes, or that the operator can put right: limits, keys, the
 * clock, rights, money. After a fault inside the gateway nobody knows; and a nonce that was used already means that
 * this very request was there before. */
static const struct gateway_code codes[] = {
    {"OK", OUTCOME_DELIVERED},
    {"isv.BUSINESS_LIMIT_CONTROL", OUTCOME_RETRY}, /* of one number: the others go on */
    {"isv.DAY_LIMIT_CONTROL", OUTCOME_THROTTLED},  /* of the account, as those that follow */
    {"isv.MONTH_LIMIT_CONTROL", OUTCOME_THROTTLED},
    {"isv.OUT_OF_SERVICE", OUTCOME_THROTTLED},
    {"isv.AMOUNT_NOT_ENOUGH", OUTCOME_THROTTLED},
    {"Throttling*", OUTCOME_THROTTLED},
    {"ServiceUnavailable*", OUTCOME_THROTTLED},
    {"isv.ACCOUNT_*", OUTCOME_RETRY},
    {"isv.PRODUCT_UN*", OUTCOME_RETRY},
    {"isv.DENY_IP_RANGE", OUTCOME_RETRY},
    {"isp.RAM_PERMISSION_DENY", OUTCOME_RETRY},
    {"isv.RAM_PERMISSION_DENY", OUTCOME_RETRY},
    {"Forbidden*", OUTCOME_RETRY},
    {"NoPermission*", OUTCOME_RETRY},
    {"InvalidAccessKeyId*", OUTCOME_RETRY},
    {"InvalidTimeStamp*", OUTCOME_RETRY},
    {"SignatureDoesNotMatch*", OUTCOME_RETRY},
    {"SignatureNonceUsed*", OUTCOME_UNKNOWN},
    {"isp.*", OUTCOME_UNKNOWN},
    {"isv.SYSTEM_ERROR", OUTCOME_UNKNOWN},
    {"InternalError*", OUTCOME_UNKNOWN},
};

static void judge(struct adapter_state *s, const struct answer *a, struct verdict *out)
{
    struct json_pick picks[] = {{.path = "Code"}, {.path = "BizId"}};
    struct buf text = BUF_INIT;
    struct errmsg why;
    (void)s;
    if (judge_message_transport(a, out))
        return;
    struct str code = json_pick(a->body, picks, 2, &text, &why) ? STR_NONE : json_pick_text(&picks[0]);
    judge_code(a, code, codes, sizeof codes / sizeof codes[0], out);
    if (out->outcome == OUTCOME_DELIVERED)
        verdict_ref(out, json_pick_text(&picks[1]));
    buf_done(&text);
}

/* --- receipts --- */

enum { OUT_ID, BIZ_ID, SUCCESS, ERR_CODE, PICKS };

static void read_report(const struct json_pick *p, struct receipt *out)
{
    *out = (struct receipt){
        .id = json_pick_text(&p[OUT_ID]), .ref = json_pick_text(&p[BIZ_ID]), .code = json_pick_text(&p[ERR_CODE])};
    if (str_is(p[SUCCESS].value, "true"))
        out->kind = RECEIPT_DELIVERED;
    else if (str_is(p[SUCCESS].value, "false"))
        out->kind = RECEIPT_FAILED;
}

static enum err receipts(struct adapter_state *s, const struct receipt_call *c, receipt_fn *each, void *arg,
                         struct buf *reply, struct errmsg *msg)
{
    struct json_pick picks[PICKS] = {
        [OUT_ID] = {.path = "out_id"},
        [BIZ_ID] = {.path = "biz_id"},
        [SUCCESS] = {.path = "success"},
        [ERR_CODE] = {.path = "err_code"},
    };
    (void)s;
    enum err e = read_receipts(c->body, picks, PICKS, read_report, each, arg, msg);
    if (!e)
        BUF_LIT(reply, "{\"code\":0,\"msg\":\"ok\"}");
    return e;
}

const struct adapter adapter_aliyun_sms = {
    .check = check,
    .open = state_new,
    .close = state_free,
    .render = render,
    .judge = judge,
    .receipts = receipts,
};
