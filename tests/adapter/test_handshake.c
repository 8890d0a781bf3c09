/* The handshake before CloudEvents: under which name it asks, how fast it says it would send, and what is consent. */
#include "adapter/handshake.h"
#include "tests/adapter/calls.h"
#include "tests/lib/tap.h"

static void test_origins(void)
{
    static const char *const rows[][2] = {
        {"https://pensions.example/lifecertd", "pensions.example"},
        {"https://pensions.example", "pensions.example"},
        {"https://pensions.example:8443/x", "pensions.example"},
        {"http://user:word@pensions.example/x", "pensions.example"},
        {"https://pensions.example?x", "pensions.example"},
        {"https://pensions.example#x", "pensions.example"},
        {"https://192.0.2.7/x", "192.0.2.7"},
        {"/lifecertd", "lifecertd"},
        {"/path/https://pensions.example", "lifecertd"},
        {"urn:example:pensions", "lifecertd"},
        {"https://[2001:db8::1]/x", "lifecertd"},
        {"https:///x", "lifecertd"},
        {"https://a{b}/x", "lifecertd"},
        {"https://a!b/x", "lifecertd"},
        {"https://social-insurance.example/x", "social-insurance.example"},
        {"://pensions.example", "lifecertd"},
        {"https://user@/x", "lifecertd"},
        {"", "lifecertd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(str_is(handshake_origin(str_of(rows[i][0])), rows[i][1]), "\"%s\" asks as %s", rows[i][0], rows[i][1]);
    ok(str_is(handshake_origin(STR_NONE), "lifecertd"), "and so does no source at all");
}

static void test_asking(void)
{
    static const struct {
        struct rate rate;
        const char *told;
    } rows[] = {
        {{100, 1}, "6000"}, {{30, 60}, "30"}, {{1, 3600}, "1"}, {{90, 3600}, "1"}, {{120, 3600}, "2"},
        {{7, 0}, "420"},
        {{UINT32_MAX, 1}, "257698037700"}, {{0, 1}, NULL}, {{0, 0}, NULL},
    };
    struct call c = {0};
    struct errmsg msg;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        call_clear(&c);
        enum err err = handshake_ask(STR_LIT("https://a.example/in?x=1"), STR_LIT("pensions.example"), rows[i].rate,
                                     &c, &msg);
        ok(!err && headers_well_formed(&c) && c.n_headers == (rows[i].told ? 2 : 1), "a question of form %zu", i + 1);
        is_str(header_of(&c, "WebHook-Request-Rate"), rows[i].told, "tells the rate by the minute");
    }
    is_str(c.method, "OPTIONS", "it is an OPTIONS");
    is_str(c.url.p, "https://a.example/in?x=1", "to exactly the endpoint's url");
    is_str(header_of(&c, "WebHook-Request-Origin"), "pensions.example", "with the name of who asks");
    ok(c.body.n == 0, "and no body");
    call_clear(&c);
    ok(handshake_ask(STR_LIT("https://a.example/"), STR_LIT("a\r\nx: y"), (struct rate){0, 0}, &c, &msg) == ERR_INVALID,
       "a name with a line break is refused");
    call_done(&c);
}

static void test_consent(void)
{
    static const struct {
        const char *origin, *rate;
        int status;
        bool consent;
        uint32_t n;
    } rows[] = {
        {"pensions.example", "120", 200, true, 120},
        {"pensions.example", "*", 200, true, 0},
        {"pensions.example", NULL, 200, true, 0},
        {"*", "1", 204, true, 1},
        {"PENSIONS.Example", "*", 200, true, 0},
        {" pensions.example\t", " 60 ", 200, true, 60},
        {"\tpensions.example", "\t60\t", 200, true, 60},
        {"pensions.example", "00060", 200, true, 60},
        {"pensions.example", "4294967296", 200, true, UINT32_MAX},
        {"*", "99999999999999999999999999999999", 200, true, UINT32_MAX},
        {"*", "*", 405, true, 0},
        {"*", "*", 500, true, 0},
        {NULL, "120", 200, false, 0},
        {NULL, NULL, 200, false, 0},
        {"", "120", 200, false, 0},
        {"other.example", "120", 200, false, 0},
        {"pensions.example.evil.example", "120", 200, false, 0},
        {"pensions.exampl", "120", 200, false, 0},
        {"pensions.exampla", "120", 200, false, 0},
        {"**", "120", 200, false, 0},
        {"pensions.example", "0", 200, false, 0},
        {"pensions.example", "", 200, false, 0},
        {"pensions.example", "-1", 200, false, 0},
        {"pensions.example", "12/s", 200, false, 0},
        {"pensions.example", "12a", 200, false, 0},
        {"pensions.example", "1.5", 200, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer a = {
            .carried = CARRIED,
            .status = rows[i].status,
            .allowed_origin = str_of(rows[i].origin),
            .allowed_rate = str_of(rows[i].rate),
        };
        struct rate granted = {7, 7};
        struct errmsg msg = {""};
        enum err err = handshake_read(&a, STR_LIT("pensions.example"), &granted, &msg);
        if (rows[i].consent)
            ok(err == ERR_OK && granted.n == rows[i].n && granted.seconds == 60, "consent of form %zu", i + 1);
        else
            ok(err == ERR_INVALID && granted.n == 7 && msg.text[0], "no consent: form %zu", i + 1);
    }
}

static void test_no_answer(void)
{
    static const enum carried ways[] = {NOT_SENT, LOST};
    for (size_t i = 0; i < 2; i++) {
        struct answer a = {
            .carried = ways[i], .error = "timed out", .allowed_origin = STR_LIT("*"), .allowed_rate = STR_LIT("*")};
        struct rate granted;
        struct errmsg msg = {""};
        ok(handshake_read(&a, STR_LIT("x"), &granted, &msg) == ERR_INVALID && strstr(msg.text, "timed out"),
           "no answer is no consent, and says what happened");
    }
}

int main(void)
{
    plan(0);
    test_origins();
    test_asking();
    test_consent();
    test_no_answer();
    return tap_end();
}
