#include "http/number.h"

bool number_read(struct str text, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';
        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (text.n)
        *out = n;
    return text.n > 0;
}

bool number_argument(struct exchange *x, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    struct buf text = BUF_INIT;
    uint64_t n = 0;
    int there = exchange_argument(x, name, &text);
    bool good = there > 0 && number_read(buf_str(&text), &n) && n >= min && n <= max;
    if (there > 0 && !good)
        exchange_problem(x, 400, name, "argument \"%s\" is not a whole number from %llu to %llu", name,
                         (unsigned long long)min, (unsigned long long)max);
    if (good)
        *out = n;
    buf_done(&text);
    return there == 0 || good;
}

bool date_argument(struct exchange *x, const char *name, lc_date *out)
{
    struct buf value = BUF_INIT;
    int there = exchange_argument(x, name, &value);
    bool good = there == 0 || (there > 0 && date_parse(value.p, value.n, out));
    if (there > 0 && !good)
        exchange_problem(x, 400, name, "argument \"%s\" is not a date (expected 2026-06-30)", name);
    buf_done(&value);
    return good;
}
