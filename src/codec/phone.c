#include "codec/input_json.h"

/* E.164: a plus sign and up to 15 digits, the first of which is not 0. Fewer than 7 reach nobody. */
#define DIGITS_MIN 7
#define DIGITS_MAX 15

/* Appends the digits of phone from there on; false when they are too many, or something is in it that is neither a
 * digit nor passed over. */
static bool add_digits(struct str phone, size_t from, char out[17], size_t *n)
{
    for (size_t i = from; i < phone.n; i++) {
        char c = phone.p[i];
        if (c >= '0' && c <= '9') {
            if (*n > DIGITS_MAX)
                return false;
            out[(*n)++] = c;
        } else if (!c || !strchr(" -()[]", c)) {
            return false;
        }
    }
    return true;
}

/* The place of the first digit or other character that means something. */
static size_t skip_blank(struct str phone, size_t i)
{
    while (i < phone.n && phone.p[i] && strchr(" -()[]", phone.p[i]))
        i++;
    return i;
}

bool phone_normalise(struct str phone, const char *country_code, char out[17], size_t *n)
{
    char number[17] = "+";
    size_t length = 1, at = skip_blank(phone, 0);
    if (at < phone.n && phone.p[at] == '+') {
        at++;
    } else if (at + 1 < phone.n && phone.p[at] == '0' && phone.p[at + 1] == '0') {
        at += 2;
    } else {
        if (at < phone.n && phone.p[at] == '0')
            at++;
        if (!add_digits(str_of(country_code), 1, number, &length))
            return false;
    }
    if (!add_digits(phone, at, number, &length) || length - 1 < DIGITS_MIN || number[1] == '0')
        return false;
    number[length] = '\0';
    memcpy(out, number, length + 1);
    *n = length;
    return true;
}
