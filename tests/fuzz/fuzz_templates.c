/* What operators write for other gateways: texts with {{variables}}, in each place where one may stand, and the rules
 * that read an answer. The first character, a digit, chooses the place. */
#include "adapter/template_rules.h"
#include "adapter/template_text.h"
#include "tests/adapter/gateway.h"
#include "tests/fuzz/fuzz.h"

static void render(const struct template_text *t)
{
    struct notice notice = a_notice();
    struct sms message = a_message();
    struct endpoint e = {.name = "gateway", .signature = GIVEN("社保"), .secrets = {{GIVEN("s\"e\n"), 4}}, .n_secrets = 1};
    struct template_values values = {&e, &notice, &message, NOW};
    struct buf scratch = BUF_INIT, out = BUF_INIT;
    struct errmsg msg = {""};
    MUST(template_text_render(t, &values, &scratch, &out, &msg) == ERR_OK || msg.text[0]);
    buf_done(&scratch);
    buf_done(&out);
}

static void read_text(struct str text, enum template_place place)
{
    struct template_text *t = NULL;
    struct errmsg msg = {""};
    if (template_text_new(text, "body", place, true, &t, &msg) == ERR_OK)
        render(t);
    else
        MUST(msg.text[0]);
    template_text_free(t);
}

static void match(const struct template_rules *rules)
{
    const struct answer answers[] = {answered(200, "{\"result\":{\"code\":0,\"list\":[1,\"a\"]}}"), answered(503, "busy"),
                                     answered(200, "")};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        (void)template_rules_match(rules, &answers[i]);
}

static void read_rules(struct str text)
{
    char *rule = mem_strndup(text.p, text.n);
    struct text_list list = {&rule, 1};
    struct template_rules rules;
    struct errmsg msg = {""};
    if (template_rules_init(&rules, &list, "sent_when", &msg) == ERR_OK) {
        match(&rules);
        template_rules_done(&rules);
    } else {
        MUST(msg.text[0]);
    }
    free(rule);
}

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    struct str text = {(const char *)data + 1, n - 1};
    unsigned place = (data[0] - '0') % (PLACE_TEXT + 2u);
    if (place <= PLACE_TEXT)
        read_text(text, (enum template_place)place);
    else
        read_rules(text);
    return 0;
}
