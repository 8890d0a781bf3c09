/* Kannel: what is asked of it, what its answers mean, and its receipts. */
#include <stdlib.h>

#include "adapter/form.h"
#include "adapter/table.h"
#include "tests/adapter/gateway.h"

static const struct adapter *const kannel = &adapter_kannel;

static struct endpoint an_endpoint(void)
{
    return (struct endpoint){
        .name = "sms",
        .adapter = ADAPTER_KANNEL,
        .url = GIVEN("http://127.0.0.1:13013/cgi-bin/sendsms"),
        .secrets = {{GIVEN("geheim"), 6}},
        .n_secrets = 1,
        .messages = true,
        .signature = GIVEN("舟山社保"),
        .username = GIVEN("lifecertd"),
    };
}

static void open_it(const struct endpoint *e, struct adapter_state **s)
{
    struct errmsg msg = {"-"};
    if (kannel->check(e, &msg) != ERR_OK || kannel->open(e, s, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

/* The URL that a message is sent with. */
static char *url_of(const struct endpoint *e, const struct sms *m, struct call *c)
{
    struct adapter_state *s;
    struct notice v = a_notice();
    struct errmsg msg = {"-"};
    call_clear(c);
    open_it(e, &s);
    if (kannel->render(s, &v, 1, m, NOW, gateway_nonce, c, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    kannel->close(s);
    return c->url.p;
}

/* A field of its query as Kannel decodes it; NULL when there is not one. */
static char *field_of(const char *url, const char *name)
{
    struct buf text = BUF_INIT;
    struct str value;
    char *copy = form_find(str_of(strchr(url, '?') + 1), name, &text, &value) ? NULL : mem_strndup(value.p, value.n);
    buf_done(&text);
    return copy;
}

static void requests(void)
{
    struct endpoint e = an_endpoint();
    struct sms m = a_message();
    struct call c = {.method = NULL};
    is_str(url_of(&e, &m, &c),
           "http://127.0.0.1:13013/cgi-bin/sendsms?username=lifecertd&password=geheim&coding=2&charset=UTF-8"
           "&to=%2B8613800000000&text=%E3%80%90%E8%88%9F%E5%B1%B1%E7%A4%BE%E4%BF%9D%E3%80%91%E7%8E%8B%E8%8A%B3"
           "%EF%BC%8C%E8%AF%B7%E8%AE%A4%E8%AF%81%E3%80%82",
           "a message is a GET with the signature before its text, and no receipts without an address for them");
    ok(strcmp(c.method, "GET") == 0 && c.once && c.body.n == 0 && c.n_headers == 0, "never to be repeated on its own");
    e.sender = GIVEN("10086");
    e.smsc = GIVEN("FAKE 1");
    is_str(url_of(&e, &m, &c),
           "http://127.0.0.1:13013/cgi-bin/sendsms?username=lifecertd&password=geheim&from=10086&smsc=FAKE%201"
           "&coding=2&charset=UTF-8"
           "&to=%2B8613800000000&text=%E3%80%90%E8%88%9F%E5%B1%B1%E7%A4%BE%E4%BF%9D%E3%80%91%E7%8E%8B%E8%8A%B3"
           "%EF%BC%8C%E8%AF%B7%E8%AE%A4%E8%AF%81%E3%80%82",
           "with a sender and a centre");
    e.url = GIVEN("http://127.0.0.1:13013/cgi-bin/sendsms?priority=1");
    ok(strncmp(url_of(&e, &m, &c), "http://127.0.0.1:13013/cgi-bin/sendsms?priority=1&username=", 59) == 0,
       "behind a query of the operator's own");
    call_done(&c);
}

/* Whatever stands in a value, Kannel reads back that value and no other field. */
static void hostile(void)
{
    static const struct str texts[] = {
        STR_LIT("a&to=%2B1&text=b"),
        STR_LIT("a=b;c#d?e/f"),
        STR_LIT("\"'<>\\\r\nX: y"),
        STR_LIT("100% %d %%25"),
        STR_LIT("\xf0\x9f\x98\x80 \xe4\xb8\xad"),
        STR_LIT(" +  + "),
    };
    struct endpoint e = an_endpoint();
    struct call c = {.method = NULL};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sms m = a_message();
        m.text = texts[i];
        e.username = GIVEN(texts[i].p);
        e.secrets[0] = (struct secret){GIVEN(texts[i].p), texts[i].n};
        char *url = url_of(&e, &m, &c), want[128];
        snprintf(want, sizeof want, "【舟山社保】%s", texts[i].p);
        char *text = field_of(url, "text"), *user = field_of(url, "username"), *password = field_of(url, "password");
        char *to = field_of(url, "to");
        ok(text && user && password && to && strcmp(text, want) == 0 && strcmp(user, texts[i].p) == 0 &&
               strcmp(password, texts[i].p) == 0 && strcmp(to, "+8613800000000") == 0,
           "hostile text %zu arrives as it is", i);
        free(text), free(user), free(password), free(to);
    }
    call_done(&c);
}

/* What Kannel makes of the address: "%%" is '%', "%d" the report's number, any other code something else. */
static char *expand(const char *pattern, const char *number)
{
    struct buf b = BUF_INIT;
    for (const char *p = pattern; *p; p++) {
        if (*p != '%')
            buf_addc(&b, *p);
        else if (*++p == '%')
            buf_addc(&b, '%');
        else if (*p == 'd')
            buf_adds(&b, number);
        else
            bail_out("Kannel would take %%%c for a code of its own in %s", *p, pattern);
    }
    buf_addc(&b, '\0');
    return b.p;
}

static void receipt_address(void)
{
    struct endpoint e = an_endpoint();
    struct sms m = a_message();
    struct call c = {.method = NULL};
    e.receipt_url = GIVEN("http://10.0.0.5:8600");
    e.receipt_secret_file = GIVEN("receipts");
    e.receipt_secret = (struct secret){GIVEN("s3cret"), 6};
    char *url = url_of(&e, &m, &c), *dlr = field_of(url, "dlr-url"), *mask = field_of(url, "dlr-mask");
    ok(strstr(url, "&dlr-url=http%3A%2F%2F10.0.0.5%3A8600%2Fv1%2Freceipts%2Fsms%2Fs3cret%3Fid%3Dk3f9_0_4711%26type"
                   "%3D%25d") != NULL,
       "receipts are asked for at an address with our id");
    is_str(mask, "31", "all five of them");
    is_str(dlr, "http://10.0.0.5:8600/v1/receipts/sms/s3cret?id=k3f9_0_4711&type=%d",
           "Kannel decodes it and finds its code");
    free(dlr), free(mask);
    snprintf(e.name, sizeof e.name, "短信/a b%%d");
    e.receipt_secret = (struct secret){GIVEN("%d&/?#%41+"), 10};
    e.receipt_url = GIVEN("http://10.0.0.5:8600///");
    dlr = field_of(url_of(&e, &m, &c), "dlr-url");
    char *called = expand(dlr, "8");
    is_str(called,
           "http://10.0.0.5:8600/v1/receipts/%E7%9F%AD%E4%BF%A1%2Fa%20b%25d/%25d%26%2F%3F%23%2541%2B"
           "?id=k3f9_0_4711&type=8",
           "a name and a secret of any characters reach us percent-encoded once, after Kannel's own codes");
    free(dlr), free(called);
    e.receipt_secret.p = NULL;
    e.receipt_secret.n = 0;
    ok(!strstr(url_of(&e, &m, &c), "dlr-"), "without a secret no receipts are asked for");
    call_done(&c);
}

static const struct judging judgings[] = {
    {202, "0: Accepted for delivery", OUTCOME_DELIVERED},
    {202, "3: Queued for later delivery", OUTCOME_DELIVERED},
    {202, "Sent.", OUTCOME_DELIVERED},
    {202, "0: Accepted for delivery\n", OUTCOME_DELIVERED},
    {200, "Sent.", OUTCOME_DELIVERED},
    {202, "", OUTCOME_UNKNOWN},
    {202, "something else", OUTCOME_UNKNOWN},
    {200, "<html>a proxy's page</html>", OUTCOME_UNKNOWN},
    {202, "0: Accepted for deliver", OUTCOME_UNKNOWN},
    {403, "Not routable. Do not try again.", OUTCOME_FAILED},
    {403, "Authorization failed for sendsms", OUTCOME_FAILED},
    {400, "Missing receiver number, rejected", OUTCOME_FAILED},
    {400, "0: Accepted for delivery", OUTCOME_FAILED},
    {503, "Temporal failure, try again later.", OUTCOME_THROTTLED},
};

#define JUDGINGS_N (sizeof judgings / sizeof judgings[0])

static void judging(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s;
    open_it(&e, &s);
    check_judging(kannel, s, judgings, JUDGINGS_N);
    check_no_answer(kannel, s);
    struct verdict v = judged(kannel, s, 202, "0: Accepted for delivery: 3b1f2c7e-52a5-4d0e-8d0c-f5f2a1a8d1aa\r\n");
    is_str(v.ref, "3b1f2c7e-52a5-4d0e-8d0c-f5f2a1a8d1aa", "Kannel's number is kept where it gives one");
    is_str(judged(kannel, s, 202, "0: Accepted for delivery").ref, "", "and is empty where not");
    is_str(judged(kannel, s, 202, "0: Accepted for delivery: a\nb").ref, "", "or where it is none");
    kannel->close(s);
}

static const struct {
    const char *query, *says; /* NULL: refused */
} receipts[] = {
    {"id=k_0_1&type=1", "k_0_1||2|delivered\n"},
    {"id=k_0_1&type=2", "k_0_1||3|failed\n"},
    {"id=k_0_1&type=4", "k_0_1||1|buffered\n"},
    {"id=k_0_1&type=8", "k_0_1||1|accepted\n"},
    {"type=16&id=k_0_1", "k_0_1||3|rejected\n"},
    {"id=k%5F0_1&type=32&x=y", "k_0_1||1|intermediate\n"},
    {"id=k_0_1&type=3", NULL},
    {"id=k_0_1&type=01", NULL},
    {"id=k_0_1&type=%25d", NULL},
    {"id=k_0_1&type=", NULL},
    {"id=k_0_1", NULL},
    {"id=&type=1", NULL},
    {"type=1", NULL},
    {"id=a&id=b&type=1", NULL},
    {"id=a&type=1&type=2", NULL},
    {"id=%&type=1", NULL},
    {"", NULL},
};

#define RECEIPTS_N (sizeof receipts / sizeof receipts[0])

static void receiving(void)
{
    struct endpoint e = an_endpoint();
    struct adapter_state *s;
    struct read_receipts got;
    open_it(&e, &s);
    for (size_t i = 0; i < RECEIPTS_N; i++) {
        enum err r = receive(kannel, s, str_of(receipts[i].query), STR_NONE, &got);
        const char *says = receipts[i].says;
        ok(says ? r == ERR_OK && strcmp(got.text, says) == 0 : r == ERR_INVALID && got.n == 0, "%s: %s",
           says ? "taken" : "refused", receipts[i].query);
    }
    kannel->close(s);
}

static void settings(void)
{
    struct endpoint e = an_endpoint();
    struct errmsg msg;
    struct adapter_state *s;
    e.n_secrets = 0;
    is_int(kannel->check(&e, &msg), ERR_OK, "a secret may be missing while the configuration is looked at");
    is_int(kannel->open(&e, &s, &msg), ERR_INVALID, "and not when it is used");
    e = an_endpoint();
    e.username = NULL;
    ok(kannel->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "username"), "username is needed");
    e = an_endpoint();
    e.signature = NULL;
    ok(kannel->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "signature"), "signature is needed");
    e = an_endpoint();
    e.receipt_url = GIVEN("http://10.0.0.5:8600");
    ok(kannel->check(&e, &msg) == ERR_INVALID && strstr(msg.text, "receipt_secret_file"),
       "an address for receipts needs a secret");
    e = an_endpoint();
    open_it(&e, &s);
    struct notice v = a_notice();
    struct call c = {.method = NULL};
    is_int(kannel->render(s, &v, 1, NULL, NOW, gateway_nonce, &c, &msg), ERR_INVALID, "an event is no message");
    call_done(&c);
    kannel->close(s);
    kannel->close(NULL);
}

int main(void)
{
    plan(4 + 6 + 5 + JUDGINGS_N + NO_ANSWER_CHECKS + 3 + RECEIPTS_N + 6);
    requests();
    hostile();
    receipt_address();
    judging();
    receiving();
    settings();
    return tap_end();
}
