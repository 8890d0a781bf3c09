/* UTF-8, all of it: every code point, and every sequence of bytes that is none. */
#include <stdint.h>

#include "codec/utf8.h"
#include "tests/lib/tap.h"

/* The definition's own way: from the number to the bytes. */
static size_t encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static void every_code_point(void)
{
    unsigned wrong = 0, cut = 0, controls = 0;
    for (uint32_t code = 0; code < 0x110000; code++) {
        char text[4];
        size_t n = encode(code, text), got = utf8_length(text, text + n);
        bool surrogate = code >= 0xd800 && code < 0xe000;
        wrong += got != (surrogate ? 0 : n);
        cut += n > 1 && utf8_length(text, text + n - 1) != 0;
        if (!surrogate)
            controls += utf8_is_control(text, n) != (code < 0x20 || (code >= 0x7f && code < 0xa0));
    }
    is_int(wrong, 0, "every code point but the surrogates has its length");
    is_int(cut, 0, "a character that is cut short is none");
    is_int(controls, 0, "C0, DEL and C1 are the control characters");
}

/* How many sequences of n bytes there are that utf8_length() takes whole. */
static unsigned count(size_t n)
{
    unsigned found = 0;
    for (uint32_t i = 0; i < (uint32_t)1 << 8 * n; i++) {
        char text[4] = {(char)i, (char)(i >> 8), (char)(i >> 16)};
        found += utf8_length(text, text + n) == n;
    }
    return found;
}

int main(void)
{
    plan(6);
    every_code_point();
    is_int(count(1), 0x80, "of all single bytes only ASCII are characters");
    is_int(count(2), 0x800 - 0x80, "of all pairs none is overlong or astray");
    is_int(count(3), 0x10000 - 0x800 - 0x800, "of all triples none is overlong, a surrogate or astray");
    return tap_end();
}
