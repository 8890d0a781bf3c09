/* Small objects of strings: what is taken, and what each fault says. */
#include "codec/json_fields.h"
#include "tests/lib/tap.h"

enum { NAME, NOTE, SCOPE, SCOPE_UNIT_NAME, AFTER, N_FIELDS };

static struct json_field fields[N_FIELDS];

static void reset(void)
{
    fields[NAME] = (struct json_field){.name = "name", .required = true, .max = 8};
    fields[NOTE] = (struct json_field){.name = "note", .nullable = true, .max = 20};
    fields[SCOPE] = (struct json_field){.name = "scope", .nullable = true};
    fields[AFTER] = (struct json_field){.name = "after", .number = true, .max = 8};
    fields[SCOPE_UNIT_NAME] = (struct json_field){.name = "scope.unit", .max = 8};
}

static enum err read_it(struct str json, struct buf *text, struct input_fault *fault)
{
    reset();
    *fault = (struct input_fault){"-", "-"};
    return json_fields_read(json, fields, N_FIELDS, text, fault);
}

static void good(void)
{
    struct buf text = BUF_INIT;
    struct input_fault fault;
    is_int(read_it(STR_LIT("{\"name\":\"a\\u4e2d\\n\"}"), &text, &fault), ERR_INVALID,
           "a control character is refused: %s", fault.text);
    buf_clear(&text);
    is_int(read_it(STR_LIT(" {\"note\":null,\"scope\":{\"unit\":\"u\\u4e2d\"},\n\"name\":\"n\"}\n"), &text, &fault),
           ERR_OK, "members in any order, white space, escapes");
    ok(str_is(fields[NAME].value, "n") && str_is(fields[SCOPE_UNIT_NAME].value, "u\xe4\xb8\xad") &&
           !fields[NOTE].value.p,
       "the values are there");
    ok(fields[SCOPE].object, "an inner object is told from none");
    buf_clear(&text);
    is_int(read_it(STR_LIT("{\"name\":\"n\",\"scope\":null}"), &text, &fault), ERR_OK, "null where it may be");
    ok(!fields[SCOPE].object, "null is no object");
    buf_clear(&text);
    is_int(read_it(STR_LIT("{\"name\":\"n\",\"after\":-1.50e7}"), &text, &fault), ERR_OK, "a number where it may be");
    ok(str_is(fields[AFTER].value, "-1.50e7"), "comes as it stands");
    buf_clear(&text);
    is_int(read_it(STR_LIT("{\"name\":\"n\",\"after\":\"seven\"}"), &text, &fault), ERR_OK, "there a string may be, too");
    ok(str_is(fields[AFTER].value, "seven"), "whatever it says");
    buf_done(&text);
}

static const struct {
    struct str json;
    const char *member, *says;
} bad[] = {
    {STR_LIT(""), "", "not one whole JSON object"},
    {STR_LIT("nonsense"), "", "not one whole JSON object"},
    {STR_LIT("{\"name\":\"n\""), "", "not one whole JSON object"},
    {STR_LIT("{\"name\":\"n\"} {}"), "", "not one whole JSON object"},
    {STR_LIT("{\"name\":\"\xff\"}"), "", "not one whole JSON object"},
    {STR_LIT("[]"), "", "expected an object"},
    {STR_LIT("\"name\""), "", "expected an object"},
    {STR_LIT("7"), "", "expected an object"},
    {STR_LIT("null"), "", "expected an object"},
    {STR_LIT("true"), "", "expected an object"},
    {STR_LIT("{}"), "name", "is missing"},
    {STR_LIT("{\"name\":null}"), "name", "must not be null"},
    {STR_LIT("{\"name\":7}"), "name", "must be a string"},
    {STR_LIT("{\"name\":true}"), "name", "must be a string"},
    {STR_LIT("{\"name\":[\"n\"]}"), "name", "must be a string"},
    {STR_LIT("{\"name\":{}}"), "name", "must be a string"},
    {STR_LIT("{\"name\":\"\"}"), "name", "is empty"},
    {STR_LIT("{\"name\":\"123456789\"}"), "name", "is too long"},
    {STR_LIT("{\"name\":\"a\\u0000b\"}"), "name", "control character"},
    {STR_LIT("{\"name\":\"n\",\"name\":\"n\"}"), "name", "more than once"},
    {STR_LIT("{\"name\":\"n\",\"names\":\"n\"}"), "names", "is unknown"},
    {STR_LIT("{\"na\\u0000me\":\"n\"}"), "na", "is unknown"},
    {STR_LIT("{\"\xe4\xb8\xad\":\"n\"}"), "???", "is unknown"},
    {STR_LIT("{\"unit\":\"n\"}"), "unit", "is unknown"},
    {STR_LIT("{\"scope.unit\":\"n\"}"), "scope.unit", "is unknown"},
    {STR_LIT("{\"after\":123456789}"), "after", "is too long"},
    {STR_LIT("{\"after\":null}"), "after", "must not be null"},
    {STR_LIT("{\"after\":true}"), "after", "must be a number or a string"},
    {STR_LIT("{\"after\":01}"), "", "not one whole JSON object"},
    {STR_LIT("{\"scope\":\"all\"}"), "scope", "must be an object or null"},
    {STR_LIT("{\"scope\":{\"name\":\"n\"}}"), "scope.name", "is unknown"},
    {STR_LIT("{\"scope\":{\"unit\":{}}}"), "scope.unit", "must be a string"},
    {STR_LIT("{\"scope\":{},\"scope\":{}}"), "scope", "more than once"},
    {STR_LIT("{\"0123456789012345678901234567890123456789012345678901234567890123456789\":1}"), "", "longer than any"},
};
#define N_BAD (sizeof bad / sizeof *bad)

int main(void)
{
    plan(10 + N_BAD);
    good();
    for (size_t i = 0; i < N_BAD; i++) {
        struct buf text = BUF_INIT;
        struct input_fault fault;
        enum err e = read_it(bad[i].json, &text, &fault);
        ok(e == ERR_INVALID && strcmp(fault.member, bad[i].member) == 0 && strstr(fault.text, bad[i].says),
           "%.40s: %s (%s)", bad[i].json.p, fault.text, fault.member);
        buf_done(&text);
    }
    return tap_end();
}
