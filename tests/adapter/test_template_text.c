/* Texts with {{variables}}: hostile values in every place, and what a template's own faults are told as. */
#include "adapter/template_text.h"

#include <stdlib.h>

#include "adapter/form.h"
#include "adapter/json_pick.h"
#include "tests/adapter/gateway.h"

static struct endpoint endpoint;

/* The text rendered, terminated; NULL when it is refused, msg saying why. */
static char *rendered(const char *text, enum template_place place, const struct sms *m, struct errmsg *msg)
{
    struct template_text *t;
    struct notice v = a_notice();
    struct template_values values = {&endpoint, &v, m, NOW};
    struct buf scratch = BUF_INIT, out = BUF_INIT;
    enum err e = template_text_new(str_of(text), "body", place, m != NULL, &t, msg);
    if (e)
        return NULL;
    e = template_text_render(t, &values, &scratch, &out, msg);
    template_text_free(t);
    buf_addc(&out, '\0');
    buf_done(&scratch);
    if (e)
        buf_done(&out);
    return e ? NULL : out.p;
}

static const struct {
    const char *text, *want;
} values[] = {
    {"\"{{id}} {{type}} {{time}}\"", "\"k3f9_0_4711 reminder.due 2026-10-30T08:00:00+08:00\""},
    {"[{{seq}},{{prev}},{{timestamp}}]", "[4711,4000,1793318400]"},
    {"[{{simulated}},{{replay}},{{gap}}]", "[false,false,false]"},
    {"[\"{{seq}}\",\"{{simulated}}\"]", "[\"4711\",\"false\"]"},
    {"{\"s\":\"{{subject}}\",\"d\":{{data}}}", "{\"s\":\"330902-0000002\",\"d\":{\"due_on\":\"2026-11-30\",\"n\":1}}"},
    {"{\"d\":\"{{data}}\"}", "{\"d\":\"{\\\"due_on\\\":\\\"2026-11-30\\\",\\\"n\\\":1}\"}"},
    {"\"{{username}}:{{secret}}\"", "\"user:geheim\""},
    {"\"{{phone}} {{phone_national}}\"", "\"+8613800000000 13800000000\""},
    {"\"{{text}}\"", "\"王芳，请认证。\""},
    {"\"{{ signed_text }}\"", "\"【舟山社保】王芳，请认证。\""},
    {"\"{{signature}} {{template_id}}\"", "\"舟山社保 SMS_100\""},
    {"{\"p\":{{variables}}}", "{\"p\":{\"name\":\"王芳\",\"due\":\"11月30日\"}}"},
    {"[\"{{var.name}}\",\"{{var.due}}\"]", "[\"王芳\",\"11月30日\"]"},
    {"{\"a\":{\"b\":{{seq}}}}", "{\"a\":{\"b\":4711}}"},
    {"{\"a\":\"\\\\{{seq}}\"}", "{\"a\":\"\\\\4711\"}"}, /* an escaped backslash does not open an escape */
    {"{}", "{}"},
};

#define VALUES_N (sizeof values / sizeof values[0])

static void every_variable(void)
{
    struct sms m = a_message();
    struct errmsg msg;
    for (size_t i = 0; i < VALUES_N; i++) {
        msg = (struct errmsg){"-"};
        char *got = rendered(values[i].text, PLACE_JSON, &m, &msg);
        is_str(got ? got : msg.text, values[i].want, "%s", values[i].text);
        free(got);
    }
}

/* --- hostile values --- */

static const struct str hostile[] = {
    STR_LIT("\"},{\"admin\":true,\"x\":\""),
    STR_LIT("a\r\nX-Evil: 1\r\n\r\nGET /"),
    STR_LIT("&to=1&text=2;#?/../%00"),
    STR_LIT("</text><to>1</to><!--"),
    STR_LIT("]]><![CDATA["),
    STR_LIT("\xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87"),
    STR_LIT("before\0after"),
    STR_LIT("\\\" \\u0022 \\"),
    STR_LIT("{{secret}} {{text}}"),
    STR_LIT("'\"`$(id)"),
    STR_LIT("\x1b[31m\x7f\t"),
    STR_LIT(""),
};

#define HOSTILE_N (sizeof hostile / sizeof hostile[0])

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

/* A rendering whose length may hold NULs. */
static enum err render_text(const char *text, enum template_place place, struct str value, struct buf *out,
                            struct errmsg *msg)
{
    struct template_text *t;
    struct notice v = a_notice();
    struct sms m = a_message();
    struct template_values all = {&endpoint, &v, &m, NOW};
    struct buf scratch = BUF_INIT;
    m.text = m.variables[0].value = value;
    buf_clear(out);
    enum err e = template_text_new(str_of(text), "body", place, true, &t, msg);
    if (e)
        return e;
    e = template_text_render(t, &all, &scratch, out, msg);
    template_text_free(t);
    buf_done(&scratch);
    return e;
}

static void hostile_json(struct str value, size_t i)
{
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct errmsg msg = {"-"};
    struct json_pick picks[] = {{.path = "a"}, {.path = "v.name"}, {.path = "w"}, {.path = "admin"}};
    enum err e =
        render_text("{\"a\":\"{{text}}\",\"v\":{{variables}},\"w\":\"<{{var.name}}>\"}", PLACE_JSON, value, &out, &msg);
    if (!e)
        e = json_pick(buf_str(&out), picks, 4, &text, &msg);
    ok(!e && str_eq(picks[0].value, value) && str_eq(picks[1].value, value) && picks[2].value.n == value.n + 2 &&
           picks[3].kind == JSON_ABSENT,
       "hostile value %zu stays a string of JSON", i);
    buf_done(&out);
    buf_done(&text);
}

static void hostile_form(struct str value, size_t i, enum template_place place)
{
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct errmsg msg = {"-"};
    struct str a = STR_NONE, b = STR_NONE;
    bool url = place == PLACE_URL;
    enum err e = render_text(url ? "https://h/p?a={{text}}&b={{var.due}}" : "a={{text}}&b={{var.due}}", place, value,
                             &out, &msg);
    struct str query = buf_str(&out);
    if (url && !e)
        query = (struct str){out.p + 12, out.n - 12};
    buf_room(&text, 1024);
    ok(!e && !form_find(query, "a", &text, &a) && !form_find(query, "b", &text, &b) && str_eq(a, value) &&
           str_is(b, "11月30日") && !has_control(buf_str(&out)) && !memchr(query.p, '#', query.n),
       "hostile value %zu stays a field of a %s", i, url ? "URL" : "form");
    buf_done(&out);
    buf_done(&text);
}

/* Undoes the references; false when something stands there that could be markup. */
static bool xml_content(struct str s, struct buf *out)
{
    static const char *const references[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"},  {"&gt;", ">"},   {"&quot;", "\""},
        {"&#39;", "'"}, {"&#9;", "\t"}, {"&#10;", "\n"}, {"&#13;", "\r"},
    };
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] != '&') {
            if (strchr("<>\"'", s.p[i]))
                return false;
            buf_addc(out, s.p[i++]);
            continue;
        }
        size_t k = 0, n = 0;
        for (; k < 8; k++) {
            n = strlen(references[k][0]);
            if (s.n - i >= n && memcmp(s.p + i, references[k][0], n) == 0)
                break;
        }
        if (k == 8)
            return false;
        buf_adds(out, references[k][1]);
        i += n;
    }
    return true;
}

static void hostile_xml(struct str value, size_t i)
{
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct errmsg msg = {"-"};
    bool refused = memchr(value.p, 0, value.n) || memchr(value.p, 0x1b, value.n);
    enum err e = render_text("<a>{{text}}</a>", PLACE_XML, value, &out, &msg);
    bool good = !e && xml_content((struct str){out.p + 3, out.n - 7}, &text) && text.n == value.n &&
                (value.n == 0 || memcmp(text.p, value.p, value.n) == 0);
    ok(refused ? e == ERR_INVALID && strstr(msg.text, "{{text}}") : good, "hostile value %zu %s", i,
       refused ? "is refused in XML" : "stays content of XML");
    buf_done(&out);
    buf_done(&text);
}

static void hostile_plain(struct str value, size_t i, enum template_place place)
{
    struct buf out = BUF_INIT;
    struct errmsg msg = {"-"};
    enum err e = render_text("a={{text}};", place, value, &out, &msg);
    bool good = !e && out.n == value.n + 3 && memcmp(out.p + 2, value.p, value.n) == 0;
    ok(has_control(value) ? e == ERR_INVALID && strstr(msg.text, "{{text}}") && !strstr(msg.text, "Evil") : good,
       "hostile value %zu %s %s", i, has_control(value) ? "is refused in" : "stands in",
       place == PLACE_HEADER ? "a header" : "plain text");
    buf_done(&out);
}

static void hostile_values(void)
{
    for (size_t i = 0; i < HOSTILE_N; i++) {
        hostile_json(hostile[i], i);
        hostile_form(hostile[i], i, PLACE_FORM);
        hostile_form(hostile[i], i, PLACE_URL);
        hostile_xml(hostile[i], i);
        hostile_plain(hostile[i], i, PLACE_HEADER);
        hostile_plain(hostile[i], i, PLACE_TEXT);
    }
    struct buf out = BUF_INIT;
    struct errmsg msg;
    is_int(render_text("{{text}}", PLACE_HEADER, STR_LIT("a\xc2\x85z"), &out, &msg), ERR_INVALID,
           "a C1 control character is refused in a header too");
    is_int(render_text("{{text}}", PLACE_TEXT, STR_LIT("a\xff"), &out, &msg), ERR_INVALID, "as what is no UTF-8");
    buf_done(&out);
}

/* --- faults of the template --- */

static const struct {
    const char *text;
    enum template_place place;
    const char *says;
} faults[] = {
    {"{\"a\":\"{{txt}}\"}", PLACE_JSON, "body: {{txt}} at byte 7 is no variable"},
    {"{\"a\":\"{{}}\"}", PLACE_JSON, "{{}} at byte 7 is no variable"},
    {"{\"a\":\"{{var.}}\"}", PLACE_JSON, "{{var.}} at byte 7 is no variable"},
    {"{\"a\":\"{{var.*}}\"}", PLACE_JSON, NULL},
    {"{\"a\":\"{{TEXT}}\"}", PLACE_JSON, "is no variable"},
    {"{\"a\":\"{{text\"}", PLACE_JSON, "byte 7: \"{{\" without a \"}}\""},
    {"{\"a\":\"{{text} }\"}", PLACE_JSON, "byte 7: \"{{\" without a \"}}\""},
    {"{\"a\":\"{{{text}}}\"}", PLACE_JSON, "is no variable"},
    {"{\"a\":{{text}}}", PLACE_JSON, "{{text}} at byte 6 must stand in a string"},
    {"{\"a\":{{var.name}}}", PLACE_JSON, "must stand in a string"},
    {"{\"a\":\"{{text}}\"", PLACE_JSON, "with its variables filled in it is not one whole JSON document"},
    {"{{seq}} {{seq}}", PLACE_JSON, "not one whole JSON document"},
    {"{\"p\":\"{\\\"n\\\":\\\"{{var.name}}\\\"}\"}", PLACE_JSON, "is escaped once only"},
    {"{\"p\":\"{{var.name}} \\\"x\\\"\"}", PLACE_JSON, "is escaped once only"},
    {"{\"p\":\"\\\"x\\\"\",\"q\":\"{{var.name}}\"}", PLACE_JSON, NULL},
    {"a={{text}}}}", PLACE_FORM, "byte 11: \"}}\" without a \"{{\""},
    {"a=text}}", PLACE_TEXT, "byte 7: \"}}\" without a \"{{\""},
    {"<a>{{text</a>", PLACE_XML, "byte 4: \"{{\" without a \"}}\""},
    {"https://h/ {{text}}", PLACE_URL, "byte 11: a character that must be percent-encoded"},
    {"https://h/中", PLACE_URL, "byte 11: a character that must be percent-encoded"},
    {"https://h/{text}", PLACE_URL, "byte 11: a character that must be percent-encoded"},
    {"a\r\nb: {{text}}", PLACE_HEADER, "byte 2: a control character"},
    {"<a>\n\t{{text}}\n</a>", PLACE_XML, NULL},
    {"", PLACE_TEXT, NULL},
    {"", PLACE_JSON, "not one whole JSON document"},
};

#define FAULTS_N (sizeof faults / sizeof faults[0])

static void template_faults(void)
{
    for (size_t i = 0; i < FAULTS_N; i++) {
        struct errmsg msg = {"-"};
        struct template_text *t = NULL;
        enum err e = template_text_new(str_of(faults[i].text), "body", faults[i].place, true, &t, &msg);
        const char *says = faults[i].says;
        ok(says ? e == ERR_INVALID && !t && strstr(msg.text, says) : e == ERR_OK, "template %zu: %s", i,
           says ? says : "no fault");
        if (!strstr(msg.text, says ? says : "-"))
            diag("got: %s", msg.text);
        template_text_free(t);
    }
}

static void missing(void)
{
    struct sms m = a_message();
    struct errmsg msg = {"-"};
    ok(!rendered("\"{{text}}\"", PLACE_JSON, NULL, &msg) && strstr(msg.text, "{{text}} at byte 2 is a variable of"),
       "an event has no text");
    m.template_id = STR_NONE;
    ok(!rendered("\"{{template_id}}\"", PLACE_JSON, &m, &msg) && strstr(msg.text, "template_id"),
       "a message without a template id is refused where it is asked for");
    ok(!rendered("\"{{var.other}}\"", PLACE_JSON, &m, &msg) && strstr(msg.text, "\"other\""),
       "as one without the variable that is asked for");
    endpoint.n_secrets = 0;
    ok(!rendered("\"{{secret}}\"", PLACE_JSON, &m, &msg) && strstr(msg.text, "secret"), "or where no secret is loaded");
    endpoint.n_secrets = 1;
}

/* Random templates of braces and quotes: parsed or refused, and never read beyond their end. */
static void random_templates(void)
{
    static const char *const pieces[] = {"{{",       "}}", "{", "}", "\"", "\\", "text", "seq",
                                         "var.name", " ",  "a", ":", ",",  "[",  "]"};
    struct rng rng = rng_seed(5);
    unsigned parsed = 0;
    struct sms m = a_message();
    for (int i = 0; i < 20000; i++) {
        struct buf b = BUF_INIT;
        struct errmsg msg;
        for (uint64_t k = rng_below(&rng, 12); k > 0; k--)
            buf_adds(&b, pieces[rng_below(&rng, sizeof pieces / sizeof pieces[0])]);
        char *text = mem_strndup(b.p ? b.p : "", b.n); /* a block that ends where the text does */
        char *out = rendered(text, (enum template_place)rng_below(&rng, 6), &m, &msg);
        parsed += out != NULL;
        free(out);
        free(text);
        buf_done(&b);
    }
    ok(parsed > 100 && parsed < 19900, "random templates are parsed or refused (%u of 20000 parsed)", parsed);
}

int main(void)
{
    plan(VALUES_N + 6 * HOSTILE_N + 2 + FAULTS_N + 4 + 1);
    endpoint = (struct endpoint){
        .adapter = ADAPTER_TEMPLATE, .username = GIVEN("user"), .secrets = {{GIVEN("geheim"), 6}}, .n_secrets = 1};
    every_variable();
    hostile_values();
    template_faults();
    missing();
    random_templates();
    return tap_end();
}
