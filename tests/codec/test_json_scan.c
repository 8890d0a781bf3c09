/* Tokens in exactly one form, at the edges of their ranges. */
#include "codec/json_out.h"
#include "codec/json_scan.h"
#include "tests/lib/tap.h"

static bool number(const char *text, uint64_t max, uint64_t want)
{
    struct scan s = {text, text + strlen(text), NULL};
    uint64_t v = 0;
    return scan_u64(&s, max, &v) && v == want && s.p == s.end;
}

static void numbers(void)
{
    ok(number("0", UINT64_MAX, 0), "0 is a number");
    ok(number("18446744073709551615", UINT64_MAX, UINT64_MAX), "the greatest number is read");
    ok(!number("18446744073709551616", UINT64_MAX, 0), "one more is not");
    ok(!number("99999999999999999999999", UINT64_MAX, 0), "nor are many more digits");
    ok(number("365", 365, 365) && !number("366", 365, 366), "a limit holds");
    ok(!number("", 9, 0) && !number("-1", 9, 1) && !number("+1", 9, 1), "no digits and signs are refused");
    ok(!number("00", 9, 0) && !number("01", 9, 1), "leading zeros are refused");
    unsigned wrong = 0;
    uint64_t v = 1;
    for (int i = 0; i < 64; i++, v = v << 1 | 1) {
        char text[24];
        *put_u64(text, v) = '\0';
        wrong += !number(text, UINT64_MAX, v) || !number(text, v, v) || number(text, v - 1, v);
    }
    is_int(wrong, 0, "numbers of every length are written and read back");
}

static void dates(void)
{
    unsigned wrong = 0;
    for (lc_date d = DATE_MIN; d <= DATE_LIMIT; d++) {
        char text[12];
        lc_date back = DATE_NONE;
        struct scan s = {text, put_date(text, d), NULL};
        wrong += !scan_date(&s, &back) || back != d || s.p != s.end;
    }
    is_int(wrong, 0, "every date up to 2299 is written and read back");
    static const char *const none[] = {"\"2200-02-29\"", "\"2300-01-01\"", "\"1899-12-31\"",
                                       "\"2026-02-30\"", "\"2026-6-16\" ", "\"2026-06-16",
                                       "2026-06-16",     "\"2026/06/16\"", "\"\""};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        lc_date d = 77;
        struct scan s = {none[i], none[i] + strlen(none[i]), NULL};
        ok(!scan_date(&s, &d) && d == 77 && s.p == none[i], "%s is no date", none[i]);
    }
}

static void months(void)
{
    unsigned wrong = 0;
    for (lc_month m = MONTH_NONE; m <= 4800; m++) {
        char text[9];
        lc_month back = 77;
        struct scan s = {text, put_month(text, m), NULL};
        wrong += !scan_month(&s, &back) || back != m || s.p != s.end;
    }
    is_int(wrong, 0, "every month up to 2299 is written and read back, and none as null");
    lc_month m;
    struct scan s = {"\"2026-13\"", NULL, NULL};
    s.end = s.p + 9;
    ok(!scan_month(&s, &m), "there is no thirteenth month");
}

/* Every byte that may stand in a string, in both forms. */
static void strings(void)
{
    struct buf text = BUF_INIT;
    unsigned wrong = 0, lax = 0;
    for (int c = 0; c < 0x80; c++) {
        char value[3] = {'a', (char)c, 'z'}, out[32];
        struct str back = STR_NONE;
        struct buf library = BUF_INIT;
        char *end = put_str(out, (struct str){value, 3});
        buf_clear(&text);
        struct scan s = {out, end, &text};
        wrong += !scan_str(&s, &back) || back.n != 3 || memcmp(back.p, value, 3) != 0 || s.p != s.end;
        buf_add_json(&library, (struct str){value, 3});
        wrong += library.n != (size_t)(end - out) || memcmp(library.p, out, library.n) != 0;
        buf_done(&library);

        char other[] = "\"a\\u00XXz\"";
        other[6] = "0123456789abcdef"[c >> 4];
        other[7] = "0123456789abcdef"[c & 15];
        struct scan o = {other, other + 10, &text};
        bool ours = (size_t)(end - out) == 10 && memcmp(out, other, 10) == 0;
        lax += scan_str(&o, &back) != ours;
    }
    is_int(wrong, 0, "every ASCII character is written as buf_add_json() does, and read back");
    is_int(lax, 0, "a character is read in the form in which it is written, and in no other");
    buf_done(&text);
}

int main(void)
{
    plan(8 + 1 + 9 + 2 + 2);
    numbers();
    dates();
    months();
    strings();
    return tap_end();
}
