/* Inputs from strangers: what is taken, and in which words the rest is refused. */
#include <stdio.h>
#include <stdlib.h>

#include "base/tz.h"
#include "codec/input_json.h"
#include "tests/codec/samples.h"
#include "tests/lib/tap.h"

#define ROUNDS tap_rounds(20000)
#define DAMAGED tap_rounds(100000)

static const struct input_options options = {.country_code = "+86", .allow_at = true};

struct parsed {
    struct input input;
    struct input_fault fault;
    char *line, *arena; /* exactly as long as they may be, so that the sanitizer sees a byte too many */
    size_t used;
};

static enum err parse(struct input_parser *p, const char *line, size_t n, struct parsed *out)
{
    out->line = mem_alloc(n);
    memcpy(out->line, line, n);
    out->arena = mem_alloc(2 * n + 64);
    out->used = SIZE_MAX;
    enum err err = input_parse(p, out->line, n, &out->input, out->arena, &out->used, &out->fault);
    if (err == ERR_OK && out->used > 2 * n + 64)
        bail_out("more of the arena was used than there is");
    return err;
}

static void parsed_done(struct parsed *p)
{
    free(p->line);
    free(p->arena);
}

/* --- lines that are taken --- */

struct good {
    const char *line, *want; /* as input_write() gives it back, `at` at +08:00 */
};

static const struct good goods[] = {
    {"{\"op\":\"erase\",\"id\":\"330902-0000001\"}", "{\"op\":\"erase\",\"id\":\"330902-0000001\"}"},
    {" { \"id\" : \"!~\" ,\t\"op\" : \"erase\" } \r\n", "{\"op\":\"erase\",\"id\":\"!~\"}"},
    {"{\n  \"op\": \"erase\",\n  \"id\": \"a\"\n}\n", "{\"op\":\"erase\",\"id\":\"a\"}"},
    {"{\"op\":\"enrol\",\"id\":\"a\",\"policy\":\"national\",\"approved_on\":\"1900-01-01\"}",
     "{\"op\":\"enrol\",\"id\":\"a\",\"policy\":\"national\",\"approved_on\":\"1900-01-01\"}"},
    {"{\"amount_from\":\"2199-12\",\"amount\":1000000000000,\"unit\":\"U\",\"phone\":\"0580-208 8888\","
     "\"name\":\"\xe5\xbc\xa0\",\"category\":\"c\",\"last_certified_on\":\"2024-02-29\","
     "\"approved_on\":\"2199-12-31\",\"policy\":\"p\",\"id\":\"a\",\"op\":\"enrol\"}",
     "{\"op\":\"enrol\",\"id\":\"a\",\"policy\":\"p\",\"approved_on\":\"2199-12-31\","
     "\"last_certified_on\":\"2024-02-29\",\"category\":\"c\",\"unit\":\"U\",\"amount\":1000000000000,"
     "\"amount_from\":\"2199-12\",\"name\":\"\xe5\xbc\xa0\",\"phone\":\"+865802088888\"}"},
    {"{\"op\":\"enrol\",\"id\":\"a\",\"policy\":\"p\",\"approved_on\":\"2026-01-01\",\"category\":null,\"name\":null,"
     "\"amount\":null,\"amount_from\":null,\"last_certified_on\":null,\"at\":null}",
     "{\"op\":\"enrol\",\"at\":null,\"id\":\"a\",\"policy\":\"p\",\"approved_on\":\"2026-01-01\","
     "\"last_certified_on\":null,\"category\":null,\"amount\":null,\"amount_from\":null,\"name\":null}"},
    {"{\"op\":\"amend\",\"id\":\"a\",\"phone\":null}", "{\"op\":\"amend\",\"id\":\"a\",\"phone\":null}"},
    {"{\"op\":\"amend\",\"id\":\"a\",\"amount\":null,\"amount_from\":\"2026-01\"}",
     "{\"op\":\"amend\",\"id\":\"a\",\"amount\":null,\"amount_from\":\"2026-01\"}"},
    {"{\"op\":\"amend\",\"id\":\"a\",\"amount\":0}", "{\"op\":\"amend\",\"id\":\"a\",\"amount\":0}"},
    {"{\"op\":\"certify\",\"id\":\"a\",\"channel\":\"face\",\"certified_on\":\"2026-05-12\",\"ref\":\"r\","
     "\"evidence\":\"e\",\"phone\":\"+1 (650) 253-0000\",\"by\":\"daughter\",\"at\":\"2026-06-16T00:00:00Z\"}",
     "{\"op\":\"certify\",\"at\":\"2026-06-16T08:00:00+08:00\",\"id\":\"a\",\"channel\":\"face\","
     "\"certified_on\":\"2026-05-12\",\"ref\":\"r\",\"evidence\":\"e\",\"phone\":\"+16502530000\","
     "\"by\":\"daughter\"}"},
    {"{\"op\":\"revoke\",\"id\":\"a\",\"channel\":\"face\",\"ref\":\"r\","
     "\"reason\":\"\\u0022\\\\\\/\\ud83d\\ude00\\u5f20\"}",
     "{\"op\":\"revoke\",\"id\":\"a\",\"channel\":\"face\",\"ref\":\"r\","
     "\"reason\":\"\\\"\\\\/\xf0\x9f\x98\x80\xe5\xbc\xa0\"}"},
    {"{\"\\u006fp\":\"defer\",\"id\":\"a\",\"until\":\"2026-07-01\",\"reason\":\"x\"}",
     "{\"op\":\"defer\",\"id\":\"a\",\"until\":\"2026-07-01\",\"reason\":\"x\"}"},
    {"{\"op\":\"report-death\",\"id\":\"a\",\"died_on\":\"2026-06-01\"}",
     "{\"op\":\"report-death\",\"id\":\"a\",\"died_on\":\"2026-06-01\"}"},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"alive\"}",
     "{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"alive\"}"},
    {"{\"op\":\"unit\",\"unit\":\"U-1\",\"name\":\"village\",\"phone\":\"008613800138000\"}",
     "{\"op\":\"unit\",\"unit\":\"U-1\",\"name\":\"village\",\"phone\":\"+8613800138000\"}"},
};

static void taken(struct input_parser *p)
{
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        struct parsed got;
        struct buf back = BUF_INIT;
        enum err err = parse(p, goods[i].line, strlen(goods[i].line), &got);
        if (err == ERR_OK)
            input_write(&back, &got.input, UINT32_MAX, 28800);
        else
            buf_adds(&back, got.fault.text);
        buf_addc(&back, '\0');
        is_str(back.p, goods[i].want, "taken: %.*s", (int)strcspn(goods[i].line, "\n"), goods[i].line);
        buf_done(&back);
        parsed_done(&got);
    }
}

/* --- lines that are refused --- */

struct bad {
    const char *line, *member, *text;
};

#define ID64 "0123456789012345678901234567890123456789012345678901234567890123"
#define ERASE "{\"op\":\"erase\",\"id\":"
#define ENROL "{\"op\":\"enrol\",\"id\":\"a\",\"policy\":\"p\",\"approved_on\":\"2026-01-01\","
#define AMEND "{\"op\":\"amend\",\"id\":\"a\","
#define CERTIFY "{\"op\":\"certify\",\"id\":\"a\",\"channel\":\"face\",\"ref\":\"r\",\"certified_on\":"
#define TOKEN_WORDS "(expected a string of 1 to 64 printable ASCII characters without spaces)"
#define DATE_WORDS "(expected YYYY-MM-DD, 1900-01-01 to 2199-12-31)"
#define AMOUNT_WORDS "(expected a whole number from 0 to 1000000000000)"
#define TEXT_WORDS(n) "(expected a string of 1 to " n " bytes of UTF-8 without control characters)"
#define PHONE_WORDS "(expected a string of 7 to 15 digits with the country code)"

static const struct bad bads[] = {
    /* not one JSON object */
    {"", "", "an empty line, expected one JSON object"},
    {" \t\r\n", "", "an empty line, expected one JSON object"},
    {"\xef\xbb\xbf{\"op\":\"erase\",\"id\":\"a\"}", "",
     "byte 1: a byte order mark, expected one JSON object in UTF-8 without it"},
    {"[]", "", "not an object, expected one JSON object"},
    {"[{\"op\":\"erase\",\"id\":\"a\"}]", "", "not an object, expected one JSON object"},
    {"\"erase\"", "", "not an object, expected one JSON object"},
    {"12 ", "", "not an object, expected one JSON object"},
    {"null", "", "not an object, expected one JSON object"},
    {"true", "", "not an object, expected one JSON object"},
    {"12", "", "byte 3: malformed JSON, expected one JSON object"},
    {"nul", "", "byte 4: malformed JSON, expected one JSON object"},
    {"erase a", "", "near byte 1: malformed JSON: lexical error: invalid char in json text."},
    {"{", "", "byte 2: malformed JSON: the object ends too early"},
    {ERASE "\"a\"", "", "byte 23: malformed JSON: the object ends too early"},
    {ERASE "\"a", "", "byte 22: malformed JSON: the object ends too early"},
    {ERASE "\"a\",}", "", "near byte 24: malformed JSON: parse error: invalid object key (must be a string)"},
    {ERASE "\"a\" \"b\"}", "", NULL},
    {"{op:1}", "", "near byte 2: malformed JSON: lexical error: invalid char in json text."},
    {"{'op':1}", "", NULL},
    {"{\"op\":/* */1}", "", NULL},
    {ERASE "\"a\"}x", "", "byte 24: something behind the object, expected the end of the line"},
    {ERASE "\"a\"} {}", "", "byte 25: something behind the object, expected the end of the line"},
    {ERASE "\"a\"}12", "", "byte 24: something behind the object, expected the end of the line"},
    {ERASE "\"a\"}\"}", "", "byte 24: something behind the object, expected the end of the line"},
    {ERASE "\"a\"},", "", "byte 24: something behind the object, expected the end of the line"},
    /* members */
    {"{}", "op", "member \"op\" is missing"},
    {"{\"id\":\"a\"}", "op", "member \"op\" is missing"},
    {"{\"op\":null}", "op", "member \"op\" must not be null"},
    {"{\"op\":\"Erase\",\"id\":\"a\"}", "op",
     "member \"op\": \"Erase\" is not an op (expected enrol, amend, certify, revoke, defer, report-death, "
     "retract-death, erase or unit)"},
    {"{\"op\":7}", "op",
     "member \"op\": 7 is not an op (expected enrol, amend, certify, revoke, defer, report-death, retract-death, "
     "erase or unit)"},
    {"{\"op\":\"erase\"}", "id", "member \"id\" is missing, required by op \"erase\""},
    {ERASE "null}", "id", "member \"id\" must not be null"},
    {ERASE "\"a\",\"colour\":1}", "colour", "member \"colour\" is not known"},
    {ERASE "\"a\",\"\":1}", "", "member \"\" is not known"},
    {ERASE "\"a\",\"\xe5\xa7\x93\\n\xff\":1}", "", "a member is not known"},
    {ERASE "\"a\",\"" ID64 "\":1}", "", "a member is not known"},
    {ERASE "\"a\",\"reason\":\"x\"}", "reason", "member \"reason\" does not belong to op \"erase\""},
    {ERASE "\"a\",\"id\":\"b\"}", "id", "member \"id\" stands twice"},
    {ERASE "\"a\",\"\\u0069d\":\"a\"}", "id", "member \"id\" stands twice"},
    {ERASE "{\"x\":1}}", "id", "member \"id\": an object is not an identifier " TOKEN_WORDS},
    {ERASE "[\"x\"]}", "id", "member \"id\": an array is not an identifier " TOKEN_WORDS},
    {ERASE "12}", "id", "member \"id\": 12 is not an identifier " TOKEN_WORDS},
    {ERASE "true}", "id", "member \"id\": true is not an identifier " TOKEN_WORDS},
    {"{\"op\":\"enrol\",\"id\":\"a\",\"policy\":null,\"approved_on\":\"2026-01-01\"}", "policy",
     "member \"policy\" must not be null"},
    {AMEND "\"policy\":null}", "policy", "member \"policy\" must not be null"},
    {"{\"op\":\"unit\",\"id\":\"a\",\"unit\":\"u\"}", "id", "member \"id\" does not belong to op \"unit\""},
    {"{\"op\":\"unit\",\"name\":\"n\"}", "unit", "member \"unit\" is missing, required by op \"unit\""},
    /* ids */
    {ERASE "\"\"}", "id", "member \"id\": \"\" is empty " TOKEN_WORDS},
    {ERASE "\"" ID64 "x\"}", "id",
     "member \"id\": the value is too long " TOKEN_WORDS},
    {ERASE "\"a b\"}", "id", "member \"id\": the value is not an identifier " TOKEN_WORDS},
    {ERASE "\"a\\tb\"}", "id", "member \"id\": the value holds a control character " TOKEN_WORDS},
    {ERASE "\"a\\u0000b\"}", "id", "member \"id\": the value holds a control character " TOKEN_WORDS},
    {ERASE "\"\xe5\xbc\xa0\"}", "id", "member \"id\": the value is not an identifier " TOKEN_WORDS},
    {ERASE "\"a\xff\"}", "id", "member \"id\": the value is not valid UTF-8 " TOKEN_WORDS},
    /* texts */
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\"}", "reason",
     "member \"reason\": \"\" is empty " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\xc0\xaf\"}", "reason",
     "member \"reason\": the value is not valid UTF-8 " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\xed\xa0\x80\"}", "reason",
     "member \"reason\": the value is not valid UTF-8 " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\u007f\"}", "reason",
     "member \"reason\": the value holds a control character " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\u0085\"}", "reason",
     "member \"reason\": the value holds a control character " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\ud83d\"}", "reason",
     "member \"reason\": the value holds half a surrogate pair " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\ud83dx\\ude00\"}", "reason",
     "member \"reason\": the value holds half a surrogate pair " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\ud83d\\u0041\"}", "reason",
     "member \"reason\": the value holds half a surrogate pair " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\\\\\ude00\"}", "reason",
     "member \"reason\": the value holds half a surrogate pair " TEXT_WORDS("256")},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"a\nb\"}", "",
     "near byte 42: malformed JSON: lexical error: invalid character inside string."},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\x\"}", "", NULL},
    {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"\\u12g4\"}", "", NULL},
    {AMEND "\"name\":\"\\u0007Zhang\"}", "name",
     "member \"name\": the value holds a control character " TEXT_WORDS("128")},
    /* phones */
    {AMEND "\"phone\":\"12345x\"}", "phone", "member \"phone\": the value is not a phone number " PHONE_WORDS},
    {AMEND "\"phone\":13800138000}", "phone", "member \"phone\": the value is not a phone number " PHONE_WORDS},
    {AMEND "\"phone\":\"\"}", "phone", "member \"phone\": the value is not a phone number " PHONE_WORDS},
    /* dates */
    {CERTIFY "\"2026-02-30\"}", "certified_on", "member \"certified_on\": \"2026-02-30\" is not a date " DATE_WORDS},
    {CERTIFY "\"2025-02-29\"}", "certified_on", "member \"certified_on\": \"2025-02-29\" is not a date " DATE_WORDS},
    {CERTIFY "\"1899-12-31\"}", "certified_on", "member \"certified_on\": \"1899-12-31\" is not a date " DATE_WORDS},
    {CERTIFY "\"2200-01-01\"}", "certified_on", "member \"certified_on\": \"2200-01-01\" is not a date " DATE_WORDS},
    {CERTIFY "\"2026-6-1\"}", "certified_on", "member \"certified_on\": \"2026-6-1\" is not a date " DATE_WORDS},
    {CERTIFY "\"\"}", "certified_on", "member \"certified_on\": \"\" is not a date " DATE_WORDS},
    {CERTIFY "20260612}", "certified_on", "member \"certified_on\": the value is not a date " DATE_WORDS},
    {CERTIFY "null}", "certified_on", "member \"certified_on\" must not be null"},
    {ERASE "\"a\",\"at\":\"2026-06-16 09:00\"}", "at",
     "member \"at\": the value is not a time (expected RFC 3339, such as \"2026-06-16T09:00:00+08:00\")"},
    /* amounts */
    {AMEND "\"amount\":-1}", "amount", "member \"amount\": -1 is not an amount " AMOUNT_WORDS},
    {AMEND "\"amount\":1.5}", "amount", "member \"amount\": 1.5 is not an amount " AMOUNT_WORDS},
    {AMEND "\"amount\":1e3}", "amount", "member \"amount\": 1e3 is not an amount " AMOUNT_WORDS},
    {AMEND "\"amount\":1000000000001}", "amount", "member \"amount\": the value is not an amount " AMOUNT_WORDS},
    {AMEND "\"amount\":99999999999999999999999999999999999999999999999}", "amount",
     "member \"amount\": the value is not an amount " AMOUNT_WORDS},
    {AMEND "\"amount\":\"1\"}", "amount", "member \"amount\": \"1\" is not an amount " AMOUNT_WORDS},
    {AMEND "\"amount\":01}", "", NULL},
    {AMEND "\"amount\":1,\"amount_from\":\"2026-13\"}", "amount_from",
     "member \"amount_from\": \"2026-13\" is not a month (expected YYYY-MM, 1900-01 to 2199-12)"},
    {AMEND "\"name\":\"n\",\"amount_from\":\"2026-01\"}", "amount_from",
     "member \"amount_from\" stands without \"amount\""},
    {ENROL "\"amount_from\":\"2026-01\"}", "amount_from", "member \"amount_from\" stands without \"amount\""},
    {ENROL "\"amount\":null,\"amount_from\":\"2026-01\"}", "amount_from",
     "member \"amount_from\" stands without \"amount\""},
    {"{\"op\":\"amend\",\"id\":\"a\"}", "", "nothing to amend"},
    {AMEND "\"at\":\"2026-06-16T09:00:00+08:00\"}", "", "nothing to amend"},
    {AMEND "\"amount_from\":null}", "", "nothing to amend"},
};

static void refused(struct input_parser *p)
{
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        const struct bad *b = &bads[i];
        struct parsed got;
        struct input untouched = {.op = OP_UNIT, .given = 77};
        got.input = untouched;
        enum err err = parse(p, b->line, strlen(b->line), &got);
        bool good = err == ERR_INVALID && strcmp(got.fault.member, b->member) == 0 && got.fault.text[0] &&
                    (!b->text || strcmp(got.fault.text, b->text) == 0) && got.input.given == 77 && got.used == SIZE_MAX;
        ok(good, "refused: %.*s", (int)strcspn(b->line, "\r\n"), b->line);
        if (!good)
            diag("   got %s: %s\n#wanted %s: %s", got.fault.member, err ? got.fault.text : "taken", b->member, b->text);
        parsed_done(&got);
    }
}

/* Lines that no C string can be, and long ones. */
static void refused_at_length(struct input_parser *p)
{
    struct parsed got;
    char *big = mem_alloc(10 << 20);
    memset(big, '[', 10 << 20);
    ok(parse(p, big, INPUT_LINE_MAX, &got) == ERR_INVALID, "65,536 arrays in one another are refused");
    is_str(got.fault.text, "not an object, expected one JSON object", "at the first");
    parsed_done(&got);
    ok(parse(p, big, 10 << 20, &got) == ERR_INVALID, "a line of ten megabytes is refused");
    is_str(got.fault.text, "10485760 bytes are too long, expected at most 65536", "unread");
    parsed_done(&got);

    memset(big, ' ', INPUT_LINE_MAX + 1);
    memcpy(big, ERASE "\"a\"}", strlen(ERASE "\"a\"}"));
    big[INPUT_LINE_MAX] = '\n';
    ok(parse(p, big, INPUT_LINE_MAX + 1, &got) == ERR_OK, "a line as long as may be is taken, its newline not counted");
    parsed_done(&got);
    ok(parse(p, "{\"op\":\0\"erase\"}", 15, &got) == ERR_INVALID, "a NUL byte between members is refused");
    is_str(got.fault.text, "byte 7: a NUL byte", "in clear words");
    parsed_done(&got);
    ok(parse(p, "{\"op\":\"er\0se\"}", 14, &got) == ERR_INVALID, "a NUL byte in a string is refused");
    is_str(got.fault.text, "byte 10: a NUL byte", "in the same words");
    parsed_done(&got);
    ok(parse(p, ERASE "\"a\"}\0", strlen(ERASE) + 5, &got) == ERR_INVALID, "a NUL byte behind the object is refused");
    parsed_done(&got);
    free(big);
}

static void limits(struct input_parser *p)
{
    static const struct {
        const char *head, *tail;
        size_t most;
    } texts[] = {
        {"{\"op\":\"erase\",\"id\":\"", "\"}", 64},
        {"{\"op\":\"unit\",\"unit\":\"", "\"}", 64},
        {AMEND "\"policy\":\"", "\"}", 64},
        {AMEND "\"category\":\"", "\"}", 64},
        {AMEND "\"name\":\"", "\"}", 128},
        {CERTIFY "\"2026-01-01\",\"evidence\":\"", "\"}", 256},
        {CERTIFY "\"2026-01-01\",\"by\":\"", "\"}", 128},
        {"{\"op\":\"revoke\",\"id\":\"a\",\"ref\":\"r\",\"reason\":\"x\",\"channel\":\"", "\"}", 64},
        {"{\"op\":\"revoke\",\"id\":\"a\",\"channel\":\"c\",\"reason\":\"x\",\"ref\":\"", "\"}", 128},
        {"{\"op\":\"retract-death\",\"id\":\"a\",\"reason\":\"", "\"}", 256},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool taken_at_most = false, refused_above = false;
        for (size_t n = texts[i].most; n <= texts[i].most + 1; n++) {
            struct parsed got;
            char line[512];
            int length = snprintf(line, sizeof line, "%s%0*d%s", texts[i].head, (int)n, 0, texts[i].tail);
            bool taken_now = parse(p, line, (size_t)length, &got) == ERR_OK;
            *(n == texts[i].most ? &taken_at_most : &refused_above) = (n == texts[i].most) == taken_now;
            parsed_done(&got);
        }
        ok(taken_at_most && refused_above, "%s: %zu bytes and no more", texts[i].head, texts[i].most);
    }
}

static void at_refused(void)
{
    struct input_options plain = {.country_code = "+86"};
    struct input_parser *p = input_parser_new(&plain);
    struct parsed got;
    const char *line = ERASE "\"a\",\"at\":\"2026-06-16T09:00:00+08:00\"}";
    ok(parse(p, line, strlen(line), &got) == ERR_INVALID, "`at` is refused under the system's clock");
    is_str(got.fault.text, "member \"at\" is taken only where the clock is not the system's", "by name");
    is_str(got.fault.member, "at", "and by member");
    parsed_done(&got);
    input_parser_free(p);
}

/* --- properties --- */

static void round_trips(struct input_parser *p, struct samples *s)
{
    struct buf line = BUF_INIT;
    unsigned wrong = 0;
    for (int i = 0; i < (int)ROUNDS; i++) {
        struct input in;
        struct parsed got;
        random_input(s, &in);
        buf_clear(&line);
        input_write(&line, &in, UINT32_MAX, (int32_t)((int64_t)rng_below(&s->rng, 2879) - 1439) * 60);
        if (parse(p, line.p, line.n, &got) != ERR_OK || !same_input(&in, &got.input)) {
            if (wrong++ == 0)
                diag("%.*s: %s", (int)line.n, line.p, got.fault.text);
        }
        parsed_done(&got);
    }
    is_int(wrong, 0, "what input_write() writes is parsed to the same input");
    buf_done(&line);
}

static yajl_val member_of(yajl_val object, const char *key)
{
    for (size_t i = 0; i < object->u.object.len; i++)
        if (strcmp(object->u.object.keys[i], key) == 0)
            return object->u.object.values[i];
    return NULL;
}

/* The same text, or for a phone and a time the same meaning. */
static bool same_text(const char *key, const char *line, const char *parsed, const struct input *in)
{
    char phone[17];
    size_t n;
    lc_instant at;
    int32_t offset;
    if (strcmp(key, "phone") == 0)
        return phone_normalise(str_of(line), "+86", phone, &n) && strcmp(phone, parsed) == 0;
    if (strcmp(key, "at") == 0)
        return instant_parse(line, strlen(line), &at, &offset) && at == in->at;
    return strcmp(line, parsed) == 0;
}

static bool same_value(const char *key, yajl_val line, yajl_val parsed, const struct input *in)
{
    if (!parsed || line->type != parsed->type)
        return false;
    switch (line->type) {
    case yajl_t_string: return same_text(key, line->u.string, parsed->u.string, in);
    case yajl_t_number: return strcmp(line->u.number.r, parsed->u.number.r) == 0;
    default: return line->type == yajl_t_null;
    }
}

/* Does yajl's tree of the line say what was parsed, no more and no less? */
static bool tree_agrees(const char *line, size_t n, const struct input *in)
{
    struct buf back = BUF_INIT;
    input_write(&back, in, UINT32_MAX, 0);
    yajl_val a = tree_of(line, n), b = tree_of(back.p, back.n);
    bool same = a && b && a->type == yajl_t_object && a->u.object.len == b->u.object.len;
    for (size_t i = 0; same && i < a->u.object.len; i++)
        same = same_value(a->u.object.keys[i], a->u.object.values[i], member_of(b, a->u.object.keys[i]), in);
    yajl_tree_free(a);
    yajl_tree_free(b);
    buf_done(&back);
    return same;
}

static void damaged_lines(struct input_parser *p, struct samples *s)
{
    struct buf line = BUF_INIT;
    unsigned accepted = 0, wrong = 0, wordless = 0;
    char *out = mem_alloc(1 << 16);
    for (int i = 0; i < (int)DAMAGED; i++) {
        struct input in;
        struct parsed got;
        size_t n;
        random_input(s, &in);
        buf_clear(&line);
        input_write(&line, &in, UINT32_MAX, 28800);
        damage(s, line.p, line.n, out, &n);
        if (parse(p, out, n, &got) == ERR_OK) {
            accepted++;
            if (!tree_agrees(out, n, &got.input) && wrong++ == 0)
                diag("taken as something else: %.*s", (int)n, out);
        } else {
            wordless += !got.fault.text[0];
        }
        parsed_done(&got);
    }
    is_int(wrong, 0, "a damaged line that is taken says to yajl what was parsed");
    is_int(wordless, 0, "a damaged line that is refused gets a word why");
    ok(accepted > DAMAGED / 20, "enough damaged lines are taken (%u of %u)", accepted, DAMAGED);
    free(out);
    buf_done(&line);
}

int main(void)
{
    plan(sizeof goods / sizeof goods[0] + sizeof bads / sizeof bads[0] + 10 + 10 + 3 + 1 + 3);
    struct input_parser *p = input_parser_new(&options);
    struct samples *s = samples_new(7);
    taken(p);
    refused(p);
    refused_at_length(p);
    limits(p);
    at_refused();
    round_trips(p, s);
    damaged_lines(p, s);
    samples_free(s);
    input_parser_free(p);
    return tap_end();
}
