/* Whom a hold covers, how many suspensions the brake allows, and the brake's text there and back. */
#include "core/hold.h"
#include "tests/lib/tap.h"

static void scopes_cover(void)
{
    struct policy national = {.name = "national"}, by_face = {.name = "by face", .channels = 1 << 2};
    struct scope_subject who = {&national, STR_LIT("employee"), STR_LIT("U1")};
    struct scope_subject faced = {&by_face, STR_NONE, STR_NONE};
    static const struct {
        struct scope scope;
        bool covers;
        const char *what;
    } cases[] = {
        {{SCOPE_ALL, {NULL, 0}}, true, "everybody"},
        {{SCOPE_POLICY, {"national", 8}}, true, "the policy by its name"},
        {{SCOPE_POLICY, {"nation", 6}}, false, "no policy by a part of its name"},
        {{SCOPE_CATEGORY, {"employee", 8}}, true, "the category"},
        {{SCOPE_CATEGORY, {"resident", 8}}, false, "no other category"},
        {{SCOPE_UNIT, {"U1", 2}}, true, "the unit"},
        {{SCOPE_UNIT, {"U2", 2}}, false, "no other unit"},
        {{SCOPE_CHANNEL, {"face", 4}}, true, "a channel of a policy that takes every one"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ok(scope_covers(&cases[i].scope, 7, &who) == cases[i].covers, "a scope covers %s", cases[i].what);
    struct scope channel = {SCOPE_CHANNEL, STR_LIT("face")}, category = {SCOPE_CATEGORY, STR_LIT("employee")};
    ok(scope_covers(&channel, 2, &faced) && !scope_covers(&channel, 1, &faced),
       "a channel's scope covers whoever may certify by it, and nobody else");
    ok(!scope_covers(&category, 0, &faced), "who has no category is in none");
    struct scope unknown = {(enum scope_kind)99, STR_NONE};
    ok(scope_covers(&unknown, 0, &faced), "a scope that nobody knows keeps everybody from being suspended");
}

static void allowances(void)
{
    struct brake_limit off = {BRAKE_OFF, 0}, some = {BRAKE_ABSOLUTE, 500}, one_percent = {BRAKE_PERCENT, 1000},
                       unknown = {99, 500};
    is_int(brake_allowance(&off, 10), INT64_MAX, "no brake allows any number");
    is_int(brake_allowance(&some, 10), 500, "an absolute one its own");
    is_int(brake_allowance(&one_percent, 10100), 101, "a percentage that of those enrolled");
    is_int(brake_allowance(&one_percent, 10099), 100, "rounded down");
    is_int(brake_allowance(&one_percent, 50), 100, "a percentage of few people never stops the first hundred");
    is_int(brake_allowance(&unknown, 50), 0, "a limit that nobody knows allows none");
}

/* want NULL: refused. */
static void reads(const char *text, const char *want)
{
    struct brake_limit limit = {BRAKE_ABSOLUTE, 77};
    bool good = brake_parse(str_of(text), &limit);
    if (!want) {
        ok(!good && limit.kind == BRAKE_ABSOLUTE && limit.value == 77, "\"%s\" is no limit, and changes none", text);
        return;
    }
    char out[24] = "";
    if (good)
        brake_format(&limit, out);
    is_str(out, want, "\"%s\" is the limit %s", text, want);
}

int main(void)
{
    plan(0);
    scopes_cover();
    allowances();
    static const char *const limits[][2] = {
        {"off", "off"},       {"0", "0"},           {"500", "500"},     {"1000000000", "1000000000"},
        {"1%", "1%"},         {"0.5%", "0.5%"},     {"0.50%", "0.5%"},  {"100%", "100%"},
        {"12.34%", "12.34%"}, {"0.125%", "0.125%"}, {"100.0%", "100%"},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        reads(limits[i][0], limits[i][1]);
    static const char *const bad[] = {"",    "%",    "on",       "-1",      "1000000001", "5 %", "1,5%", ".5%",
                                      "1.%", "101%", "100.001%", "0.1234%", "1.x%",       "5/",  "5:"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        reads(bad[i], NULL);
    return tap_end();
}
