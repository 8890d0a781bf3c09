/* Characters are read and written whole, and those that hide are known. */
#include "message/unicode.h"
#include "tests/lib/tap.h"

static const uint32_t edges[] = {0x1,    0x7f,   0x80,   0x7ff,   0x800,   0xfff,   0x1000,
                                 0xd7ff, 0xe000, 0xffff, 0x10000, 0x3ffff, 0x40000, 0x10ffff};

static void check_round_trip(void)
{
    const unsigned n = sizeof edges / sizeof edges[0];
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < n; i++)
        add_char(&b, edges[i]);
    size_t at = 0;
    unsigned same = 0;
    for (unsigned i = 0; i < n && at < b.n; i++)
        same += char_next(buf_str(&b), &at) == edges[i];
    is_int(same, n, "every length of a character is written and read back");
    is_int(at, b.n, "and nothing is left behind the last");
    buf_done(&b);
}

int main(void)
{
    plan(7);
    check_round_trip();
    size_t at = 0;
    is_int(char_next(STR_LIT("\xff\x41"), &at), 0xfffd, "a byte that begins no character stands for itself");
    is_int(at, 1, "and takes no other one along");
    at = 0;
    is_int(char_next((struct str){"\xe8\xae", 2}, &at), 0xfffd, "a character cut off at the end is none");
    const uint32_t hides[] = {0x0,    0xa,    0x1f,   0x7f,   0x9f,   0xad,   0x200b,  0x200e, 0x202e,
                              0x2066, 0x3164, 0xfe0f, 0xfeff, 0xfffd, 0xffff, 0xe0001, 0xe0100};
    const uint32_t shows[] = {0x20, 0x7e, 0xa0, 0xb7, 0x2026, 0x3000, 0x4e00, 0xac00, 0xe000, 0xff0e, 0x20bb7};
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof hides / sizeof hides[0]; i++)
        n += char_hidden(hides[i]);
    is_int(n, sizeof hides / sizeof hides[0], "controls, marks of direction and what has no width are hidden");
    n = 0;
    for (unsigned i = 0; i < sizeof shows / sizeof shows[0]; i++)
        n += char_hidden(shows[i]);
    is_int(n, 0, "letters, signs, blanks and private characters are not");
    return tap_end();
}
