/* Rules of answers: what they read, what they match, what is refused. */
#include "adapter/template_rules.h"

#include "tests/adapter/gateway.h"

static struct text_list list_of(char **v, unsigned n)
{
    return (struct text_list){v, n};
}

static const struct {
    const char *rule;
    int status;
    const char *body;
    bool match;
} rows[] = {
    {"status 200", 200, "", true},
    {"status 200", 201, "", false},
    {"status 200..299", 200, "", true},
    {"status 200..299", 299, "", true},
    {"status 200..299", 300, "", false},
    {"status 200..299", 199, "", false},
    {"body contains OK", 500, "it is OK.", true},
    {"body contains OK", 200, "it is ok.", false},
    {"body contains OK", 200, "", false},
    {"body contains rock and roll", 200, "rock and roll", true},
    {"body contains rock and roll", 200, "rock", false},
    {"json code = 0", 200, "{\"code\":0}", true},
    {"json code = 0", 200, "{\"code\":\"0\"}", true},
    {"json code = 0", 200, "{\"code\":0.0}", false},
    {"json code = 0", 200, "{\"code\":00}", false},
    {"json code = 0", 200, "code = 0", false},
    {"json ok = true", 200, "{\"ok\":true}", true},
    {"json result.0.status = sent out", 200, "{\"result\":[{\"status\":\"sent out\"}]}", true},
    {"json result.1.status = x", 200, "{\"result\":[{\"status\":\"x\"}]}", false},
    {"json a = b = c", 200, "{\"a\":\"b = c\"}", true},
    {"status 200 and json code = 0", 200, "{\"code\":0}", true},
    {"status 200 and json code = 0", 202, "{\"code\":0}", false},
    {"status 200 and json code = 0", 200, "{\"code\":1}", false},
    {"status 200 and body contains a and b and json code = 0", 200, "{\"code\":0,\"x\":\"a and b\"}", true},
    {"  status   200  and  body contains x", 200, "x", true},
};

#define ROWS_N (sizeof rows / sizeof rows[0])

static void matches(void)
{
    for (size_t i = 0; i < ROWS_N; i++) {
        char *v[] = {GIVEN(rows[i].rule)};
        struct text_list list = list_of(v, 1);
        struct template_rules r;
        struct errmsg msg = {"-"};
        struct answer a = answered(rows[i].status, rows[i].body);
        enum err e = template_rules_init(&r, &list, "sent_when", &msg);
        ok(!e && template_rules_match(&r, &a) == rows[i].match, "\"%s\" %s %d \"%s\"", rows[i].rule,
           rows[i].match ? "matches" : "does not match", rows[i].status, rows[i].body);
        if (!e)
            template_rules_done(&r);
    }
}

static const char *const bad[] = {
    "",
    "status",
    "status 20",
    "status 2000",
    "status 099",
    "status 600",
    "status 299..200",
    "status 200..",
    "status 200...299",
    "status 200-299",
    "status = 200",
    "body contains",
    "body OK",
    "json code",
    "json code=0",
    "json = 0",
    "json code = ",
    "json the code = 0",
    "header X = 1",
    "status 200 and",
    "status 200 or status 201",
    "Status 200",
    "status 200 and status x",
};

#define BAD_N (sizeof bad / sizeof bad[0])

static void refused(void)
{
    struct template_rules r;
    struct errmsg msg;
    for (size_t i = 0; i < BAD_N; i++) {
        char *v[] = {GIVEN("json a = 1"), GIVEN(bad[i])}; /* the first one's memory must be given back */
        struct text_list list = list_of(v, 2);
        enum err e = template_rules_init(&r, &list, "sent_when", &msg);
        ok(e == ERR_INVALID && strstr(msg.text, "sent_when: "), "refused: \"%s\"", bad[i]);
    }
}

static void bounds(void)
{
    char *v[TEMPLATE_RULES_MAX + 1];
    struct template_rules r;
    struct errmsg msg;
    struct answer a = answered(404, "");
    for (unsigned i = 0; i <= TEMPLATE_RULES_MAX; i++)
        v[i] = GIVEN(i + 1 == TEMPLATE_RULES_MAX ? "status 404" : "status 200");
    struct text_list list = list_of(v, TEMPLATE_RULES_MAX);
    ok(!template_rules_init(&r, &list, "k", &msg) && template_rules_match(&r, &a), "one rule of %d is enough",
       TEMPLATE_RULES_MAX);
    template_rules_done(&r);
    list.n++;
    is_int(template_rules_init(&r, &list, "k", &msg), ERR_INVALID, "more are refused");
    char *many[] = {GIVEN("status 200 and status 200 and status 200 and status 200 and status 200 and status 200 and "
                          "status 200 and status 200 and status 200")};
    list = list_of(many, 1);
    is_int(template_rules_init(&r, &list, "k", &msg), ERR_INVALID, "as a rule of nine conditions");
    list.n = 0;
    ok(!template_rules_init(&r, &list, "k", &msg) && !template_rules_match(&r, &a), "no rules match nothing");
    template_rules_done(&r);
}

int main(void)
{
    plan(ROWS_N + BAD_N + 4);
    matches();
    refused();
    bounds();
    return tap_end();
}
