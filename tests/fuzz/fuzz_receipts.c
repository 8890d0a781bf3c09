/* What gateways send: answers to a message, and receipts of it. The first character, a digit, chooses the adapter and
 * which of the two; of a receipt, the query ends with the first line. */
#include "tests/adapter/gateway.h"
#include "tests/fuzz/fuzz.h"

static const enum adapter_kind kinds[] = {ADAPTER_KANNEL, ADAPTER_ALIYUN_SMS, ADAPTER_TENCENT_SMS, ADAPTER_TEMPLATE,
                                          ADAPTER_STANDARD_WEBHOOKS};

static struct endpoint endpoint_of(enum adapter_kind kind)
{
    static char *sent[] = {GIVEN("status 200 and json result.code = 0")}, *retry[] = {GIVEN("body contains busy")};
    static char *file[] = {GIVEN("secret")}, *headers[] = {GIVEN("Content-Type: text/plain")};
    struct endpoint e = {
        .name = "gateway",
        .adapter = kind,
        .url = GIVEN("https://sms.example.com/"),
        .secret_files = {file, 1},
        .secrets = {{GIVEN("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 38}},
        .n_secrets = 1,
        .messages = kind != ADAPTER_STANDARD_WEBHOOKS,
        .signature = GIVEN("社保"),
        .username = GIVEN("user"),
        .region = GIVEN("ap-beijing"),
        .app_id = GIVEN("1400000000"),
    };
    if (kind == ADAPTER_TEMPLATE) {
        e.headers = (struct text_list){headers, 1};
        e.body = GIVEN("{{phone}} {{text}}");
        e.sent_when = (struct text_list){sent, 1};
        e.retry_when = (struct text_list){retry, 1};
    }
    return e;
}

static void judge(const struct adapter *a, struct adapter_state *s, struct str body)
{
    static const int statuses[] = {200, 202, 400, 429, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct answer answer = {.carried = CARRIED, .status = statuses[i], .body = body, .retry_after = -1};
        struct verdict v = {.outcome = OUTCOME_N};
        a->judge(s, &answer, &v);
        MUST(v.outcome < OUTCOME_N && memchr(v.why, '\0', sizeof v.why) && memchr(v.ref, '\0', sizeof v.ref));
    }
}

static void on_receipt(void *arg, const struct receipt *r)
{
    unsigned *sum = arg;
    const struct str parts[] = {r->id, r->ref, r->code};
    MUST(r->kind <= RECEIPT_FAILED);
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < parts[k].n; i++)
            *sum += (unsigned char)parts[k].p[i]; /* every byte of it must be there */
}

static void receive_call(const struct adapter *a, struct adapter_state *s, struct str text)
{
    const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    size_t query = end ? (size_t)(end - text.p) : text.n;
    struct receipt_call c = {{text.p, query}, {text.p + query, text.n - query}};
    struct buf reply = BUF_INIT;
    struct errmsg msg = {""};
    unsigned sum = 0;
    if (a->receipts && a->receipts(s, &c, on_receipt, &sum, &reply, &msg) != ERR_OK)
        MUST(msg.text[0]);
    buf_done(&reply);
}

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    struct endpoint e = endpoint_of(kinds[((data[0] - '0') / 2u) % (sizeof kinds / sizeof *kinds)]);
    struct str text = {(const char *)data + 1, n - 1};
    struct adapter_state *s = opened(adapters[e.adapter], &e);
    if ((data[0] - '0') % 2u)
        judge(adapters[e.adapter], s, text);
    else
        receive_call(adapters[e.adapter], s, text);
    adapters[e.adapter]->close(s);
    return 0;
}
