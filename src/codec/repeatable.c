#include "codec/repeatable.h"

#include <string.h>

#define LONGEST 40
#define DIGITS_MAX 6 /* a phone number has 7 at least */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2026-06-31" */
static bool is_like_date(struct str s)
{
    static const char form[] = "0000-00-00";
    if (s.n != sizeof form - 1)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (is_digit(form[i]) ? !is_digit(s.p[i]) : s.p[i] != form[i])
            return false;
    return true;
}

bool repeatable(struct str s)
{
    size_t digits = 0;
    if (!s.p || s.n > LONGEST)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !is_digit(c) && (!c || !strchr("_-.,:*?+", c)))
            return false;
        digits += is_digit(c);
    }
    return digits <= DIGITS_MAX || is_like_date(s);
}
