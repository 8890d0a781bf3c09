#include "core/hold.h"

#include <inttypes.h>
#include <stdio.h>

/* A percentage of few people must not stop everything. */
#define PERCENT_FLOOR 100

bool scope_covers(const struct scope *s, unsigned channel, const struct scope_subject *who)
{
    switch (s->kind) {
    case SCOPE_ALL: return true;
    case SCOPE_POLICY: return str_is(s->name, who->policy->name);
    case SCOPE_CATEGORY: return str_eq(s->name, who->category);
    case SCOPE_UNIT: return str_eq(s->name, who->unit);
    case SCOPE_CHANNEL: return policy_accepts(who->policy, channel);
    }
    return true;
}

int64_t brake_allowance(const struct brake_limit *limit, int64_t enrolled)
{
    switch (limit->kind) {
    case BRAKE_OFF: return INT64_MAX;
    case BRAKE_ABSOLUTE: return limit->value;
    case BRAKE_PERCENT: {
        int64_t n = enrolled * limit->value / 100000;
        return n > PERCENT_FLOOR ? n : PERCENT_FLOOR;
    }
    }
    return 0;
}

/* Digits at p..end to a number up to limit; false when there is none or it is larger. */
static bool number(const char *p, const char *end, int64_t limit, int64_t *out)
{
    int64_t v = 0;
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (*p - '0');
        if (v > limit)
            return false;
    }
    *out = v;
    return true;
}

/* "0.5" to 500. */
static bool thousandths(const char *p, const char *end, int64_t *out)
{
    const char *point = memchr(p, '.', (size_t)(end - p));
    int64_t whole, fraction = 0;
    if (!number(p, point ? point : end, 100, &whole))
        return false;
    if (point) {
        if (end - point > 4 || !number(point + 1, end, 999, &fraction))
            return false;
        for (long n = end - point; n < 4; n++)
            fraction *= 10;
    }
    *out = whole * 1000 + fraction;
    return *out <= 100000;
}

bool brake_parse(struct str text, struct brake_limit *out)
{
    struct brake_limit limit = {.kind = BRAKE_OFF};
    if (text.n == 0)
        return false;
    const char *end = text.p + text.n;
    if (str_is(text, "off")) {
        *out = limit;
        return true;
    }
    limit.kind = end[-1] == '%' ? BRAKE_PERCENT : BRAKE_ABSOLUTE;
    bool good = limit.kind == BRAKE_PERCENT ? thousandths(text.p, end - 1, &limit.value)
                                            : number(text.p, end, INT64_C(1000000000), &limit.value);
    if (good)
        *out = limit;
    return good;
}

void brake_format(const struct brake_limit *limit, char out[24])
{
    int64_t whole = limit->value / 1000, fraction = limit->value % 1000;
    if (limit->kind == BRAKE_OFF) {
        snprintf(out, 24, "off");
        return;
    }
    int n = snprintf(out, 24, "%" PRId64, limit->kind == BRAKE_PERCENT ? whole : limit->value);
    if (limit->kind == BRAKE_ABSOLUTE)
        return;
    if (fraction) {
        n += snprintf(out + n, 24 - (size_t)n, ".%03" PRId64, fraction);
        while (out[n - 1] == '0')
            n--;
    }
    out[n] = '%';
    out[n + 1] = '\0';
}
