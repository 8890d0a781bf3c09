/* Percent-decoding. */
#include "http/uri.h"
#include "tests/lib/tap.h"

static const struct {
    const char *text, *decoded; /* NULL: malformed */
    size_t n;
} cases[] = {
    {"", "", 0},
    {"plain", "plain", 5},
    {"a%2Fb", "a/b", 3},
    {"a%2fb%20c", "a/b c", 5},
    {"%E8%AE%A4", "\xe8\xae\xa4", 3},
    {"%00", "\0", 1},
    {"%25%32%35", "%25", 3},
    {"a+b", "a+b", 3},
    {"%", NULL, 0},
    {"%4", NULL, 0},
    {"abc%4", NULL, 0},
    {"%zz", NULL, 0},
    {"%4g", NULL, 0},
    {"%-1", NULL, 0},
    {"ok%20then%", NULL, 0},
};
#define N (sizeof cases / sizeof *cases)

int main(void)
{
    plan(N);
    for (size_t i = 0; i < N; i++) {
        struct buf b = BUF_INIT;
        buf_adds(&b, "x");
        bool good = uri_decode(str_of(cases[i].text), &b);
        if (cases[i].decoded)
            ok(good && b.n == 1 + cases[i].n && memcmp(b.p + 1, cases[i].decoded, cases[i].n) == 0, "\"%s\" is decoded",
               cases[i].text);
        else
            ok(!good && b.n == 1, "\"%s\" is malformed, and nothing is appended", cases[i].text);
        buf_done(&b);
    }
    return tap_end();
}
