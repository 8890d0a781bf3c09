#include "codec/input_value.h"

#include "base/tz.h"
#include "codec/input_json.h"
#include "codec/utf8.h"
#include "core/text.h"

static char *keep(struct input_sink *k, const char *s, size_t n)
{
    char *copy = k->arena + k->used;
    memcpy(copy, s, n);
    k->used += n;
    return copy;
}

static bool is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    return true;
}

/* NULL when it is UTF-8 without control characters. */
static const char *text_complaint(const char *s, size_t n)
{
    for (const char *at = s, *end = s + n; at < end;) {
        if (*at >= ' ' && *at <= '~') { /* by far the most */
            at++;
            continue;
        }
        size_t length = utf8_length(at, end);
        if (!length)
            return "is not valid UTF-8";
        if (utf8_is_control(at, length))
            return "holds a control character";
        at += length;
    }
    return NULL;
}

/* A string that a member keeps, checked for its type and length; the complaint when it is refused. */
static const char *keep_text(struct input_sink *k, const struct member_row *row, const char *s, size_t n)
{
    if (row->type != MEMBER_TOKEN || !is_token(s, n)) {
        const char *complaint = text_complaint(s, n);
        if (complaint || row->type == MEMBER_TOKEN)
            return complaint ? complaint : NOT_OF_TYPE;
    }
    if (n == 0)
        return "is empty";
    if (n > row->max)
        return "is too long";
    *(struct str *)((char *)k->in + row->offset) = (struct str){keep(k, s, n), n};
    return NULL;
}

static const char *keep_phone(struct input_sink *k, const struct member_row *row, const char *s, size_t n)
{
    char phone[17];
    size_t length;
    if (n > row->max || !phone_normalise((struct str){s, n}, k->country_code, phone, &length))
        return NOT_OF_TYPE;
    *(struct str *)((char *)k->in + row->offset) = (struct str){keep(k, phone, length), length};
    return NULL;
}

const char *input_keep_string(struct input_sink *k, const struct member_row *row, const char *s, size_t n)
{
    void *field = (char *)k->in + row->offset;
    int32_t offset;
    unsigned op;
    switch (row->type) {
    case MEMBER_TOKEN:
    case MEMBER_TEXT: return keep_text(k, row, s, n);
    case MEMBER_PHONE: return keep_phone(k, row, s, n);
    case MEMBER_DATE: return date_parse(s, n, field) ? NULL : NOT_OF_TYPE;
    case MEMBER_MONTH: return month_parse(s, n, field) ? NULL : NOT_OF_TYPE;
    case MEMBER_INSTANT: return instant_parse(s, n, field, &offset) ? NULL : NOT_OF_TYPE;
    case MEMBER_OP:
        if (!texts_find(&op_texts, (struct str){s, n}, &op))
            return NOT_OF_TYPE;
        k->in->op = (enum op)op;
        return NULL;
    default: return NOT_OF_TYPE;
    }
}

/* 0 to AMOUNT_MAX, digits alone. */
static bool amount_parse(const char *s, size_t n, int64_t *out)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        v = v * 10 + (s[i] - '0');
        if (v > AMOUNT_MAX)
            return false;
    }
    *out = v;
    return n > 0;
}

bool input_keep_number(struct input_sink *k, const struct member_row *row, const char *s, size_t n)
{
    return row->type == MEMBER_AMOUNT && amount_parse(s, n, &k->in->amount);
}

/* "\uD83D" at s as its number, -1 when it is no such escape. */
static long escaped_unit(const char *s, const char *end)
{
    long v = 0;
    if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        char c = s[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

size_t json_lone_surrogate(const char *line, size_t n)
{
    const char *end = line + n;
    for (const char *s = memchr(line, '\\', n); s; s = memchr(s, '\\', (size_t)(end - s))) {
        long unit = escaped_unit(s, end);
        if (unit >= 0xd800 && unit < 0xdc00) {
            long low = escaped_unit(s + 6, end);
            if (low < 0xdc00 || low > 0xdfff)
                return (size_t)(s - line);
            s += 12;
        } else if (unit >= 0xdc00 && unit < 0xe000) {
            return (size_t)(s - line);
        } else {
            s += end - s < 2 ? 1 : 2;
        }
    }
    return SIZE_MAX;
}
