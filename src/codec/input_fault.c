#include "codec/input_fault.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec/repeatable.h"
#include "core/text.h"

#define SHOWN_MAX 40 /* bytes of a value: repeatable() lets none be longer */

static void copy(char *out, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : size - 1;
    memcpy(out, s.p, n);
    out[n] = '\0';
}

int fault_line(struct input_fault *f, const char *text)
{
    snprintf(f->text, sizeof f->text, "%s", text);
    return 0;
}

int fault_at(struct input_fault *f, size_t offset, const char *text)
{
    snprintf(f->text, sizeof f->text, "byte %zu: %s", offset + 1, text);
    return 0;
}

int fault_too_long(struct input_fault *f, size_t n)
{
    snprintf(f->text, sizeof f->text, "%zu bytes are too long, expected at most %d", n, INPUT_LINE_MAX);
    return 0;
}

/* Its words come as "lexical error: invalid char in json text.\n". It counts up to the fault, or to the byte before. */
int fault_yajl(struct input_fault *f, yajl_handle yajl)
{
    size_t offset = yajl_get_bytes_consumed(yajl);
    unsigned char *words = yajl_get_error(yajl, 0, NULL, 0);
    char *text = (char *)words;
    text[strcspn(text, "\n")] = '\0';
    snprintf(f->text, sizeof f->text, "near byte %zu: malformed JSON: %s", offset, text);
    yajl_free_error(yajl, words);
    return 0;
}

int fault_member(struct input_fault *f, struct str name, const char *complaint)
{
    f->member[0] = '\0';
    if (!repeatable(name)) {
        snprintf(f->text, sizeof f->text, "a member %s", complaint);
        return 0;
    }
    copy(f->member, sizeof f->member, name);
    snprintf(f->text, sizeof f->text, "member \"%s\" %s", f->member, complaint);
    return 0;
}

int fault_op(struct input_fault *f, const struct member_row *row, enum op op, const char *complaint)
{
    copy(f->member, sizeof f->member, row->name);
    snprintf(f->text, sizeof f->text, "member \"%s\" %s op \"%s\"", f->member, complaint, op_text(op));
    return 0;
}

/* What each type takes: the complaint about anything else, and what was expected. */
struct type_words {
    const char *complaint, *expected;
};

static const struct type_words types[MEMBER_TYPE_N] = {
    [MEMBER_OP] = {"is not an op", "enrol, amend, certify, revoke, defer, report-death, retract-death, erase or unit"},
    [MEMBER_TOKEN] = {"is not an identifier", "a string of 1 to %u printable ASCII characters without spaces"},
    [MEMBER_TEXT] = {"is not a text", "a string of 1 to %u bytes of UTF-8 without control characters"},
    [MEMBER_PHONE] = {"is not a phone number", "a string of 7 to 15 digits with the country code"},
    [MEMBER_DATE] = {"is not a date", "YYYY-MM-DD, 1900-01-01 to 2199-12-31"},
    [MEMBER_MONTH] = {"is not a month", "YYYY-MM, 1900-01 to 2199-12"},
    [MEMBER_AMOUNT] = {"is not an amount", "a whole number from 0 to 1000000000000"},
    [MEMBER_INSTANT] = {"is not a time", "RFC 3339, such as \"2026-06-16T09:00:00+08:00\""},
};

_Static_assert(AMOUNT_MAX == INT64_C(1000000000000), "the words for an amount name the greatest");

int fault_value(struct input_fault *f, const struct member_row *row, struct str given, const char *complaint)
{
    const struct type_words *words = &types[row->type];
    char shown[SHOWN_MAX + 8] = "the value", expected[96];
    if (!row->personal && given.p)
        copy(shown, sizeof shown, given);
    snprintf(expected, sizeof expected, words->expected, row->max);
    copy(f->member, sizeof f->member, row->name);
    snprintf(f->text, sizeof f->text, "member \"%s\": %s %s (expected %s)", f->member, shown,
             *complaint ? complaint : words->complaint, expected);
    return 0;
}

int fault_string(struct input_fault *f, const struct member_row *row, struct str given, const char *complaint)
{
    char quoted[SHOWN_MAX + 3];
    if (row->personal || !repeatable(given))
        return fault_value(f, row, STR_NONE, complaint);
    int n = snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)given.n, given.p);
    return fault_value(f, row, (struct str){quoted, (size_t)n}, complaint);
}
