/* How long a message is, and in how many segments it goes. */
#include "message/message.h"
#include "tests/lib/tap.h"

static const struct {
    size_t units;
    unsigned segments;
} rows[] = {{0, 1}, {1, 1}, {69, 1}, {70, 1}, {71, 2}, {134, 2}, {135, 3}, {201, 3}, {202, 4}, {500, 8}};

static size_t length_of(const char *text)
{
    return ucs2_length(str_of(text));
}

int main(void)
{
    const unsigned n = sizeof rows / sizeof rows[0];
    plan(n + 7);
    for (unsigned i = 0; i < n; i++)
        is_int(sms_segments(rows[i].units), rows[i].segments, "%zu units take %u segments", rows[i].units,
               rows[i].segments);
    is_int(length_of(""), 0, "nothing has no length");
    is_int(length_of("abc"), 3, "a letter is one unit");
    is_int(length_of("é¥"), 2, "a character of two bytes is one unit");
    is_int(length_of("认证"), 2, "a Chinese character is one unit");
    is_int(length_of("\uffff\U00010000"), 3, "the first character beyond the basic plane takes two units");
    is_int(length_of("𠮷野家"), 4, "a rare character of a name takes two units");
    is_int(length_of("\U0010ffff"), 2, "so does the last one there is");
    return tap_end();
}
