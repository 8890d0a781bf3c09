#include "codec/repeatable.h"

#include <stdio.h>

#include "tests/lib/tap.h"

static const struct {
    const char *text;
    bool may;
} cases[] = {
    {"", true},
    {"colour", true},
    {"benefits.*", true},
    {"payroll-2", true},
    {"2026-13", true},
    {"2026-02-30", true},
    {"2026-6-1", true},
    {"-1", true},
    {"1.5", true},
    {"123456", true},
    {"1234567", false}, /* may be a number of a telephone */
    {"580-1234", false},
    {"13800138000", false},
    {"+86 138", false}, /* a blank */
    {"1380-01-380", false},
    {"20260612", false},
    {"2026-06-1213", false},
    {"张", false},
    {"approvedOn", true},
    {"P2026-01", true},
    {"zhang san", false},
    {"a\x01", false},
    {"a\"", false},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
};
#define N_CASES (sizeof cases / sizeof *cases)

int main(void)
{
    plan(N_CASES + 2);
    for (size_t i = 0; i < N_CASES; i++)
        is_int(repeatable(str_of(cases[i].text)), cases[i].may, "\"%s\" %s", cases[i].text,
               cases[i].may ? "may be repeated" : "may not");
    ok(!repeatable(STR_NONE), "nothing is not repeated");
    ok(!repeatable((struct str){"a\0b", 3}), "nor what holds a zero");
    return tap_end();
}
