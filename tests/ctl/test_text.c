#include "tests/ctl/run_ctl.h"

#include "ctl/screen.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <locale.h>
#include <stdlib.h>

static void test_numbers(void)
{
    char out[TEXT_COUNT];
    is_str(text_count(0, out), "0", "nought");
    is_str(text_count(999, out), "999", "below a thousand");
    is_str(text_count(1000, out), "1,000", "a thousand");
    is_str(text_count(309800, out), "309,800", "hundreds of thousands");
    is_str(text_count(UINT64_MAX, out), "18,446,744,073,709,551,615", "the largest");
    is_str(text_money(350000, out), "3,500.00", "money");
    is_str(text_money(7, out), "0.07", "a few fen");
    is_str(text_money(-123456, out), "-1,234.56", "money owed");
    is_str(text_bytes(999, out), "999 bytes", "bytes");
    is_str(text_bytes(12300000, out), "12.3 MB", "megabytes");
    is_str(text_duration(125, out), "2:05", "minutes");
    is_str(text_duration(3725, out), "1:02:05", "hours");
    is_str(text_time("2026-06-16T09:00:00+08:00", out), "2026-06-16 09:00", "a time");
    is_str(text_time("2026-06-16", out), "2026-06-16", "a date");
    is_str(text_time(NULL, out), "-", "none");
}

static void bar_is(uint64_t part, uint64_t whole, bool pad, const char *want, const char *name)
{
    struct buf b = BUF_INIT;
    screen_bar(&b, part, whole, 4, pad);
    buf_addc(&b, '\0');
    is_str(b.p, want, "%s", name);
    buf_done(&b);
}

static void test_bars(void)
{
    bar_is(0, 8, true, "    ", "an empty bar");
    bar_is(8, 8, true, "████", "a full one");
    bar_is(4, 8, true, "██  ", "half of one");
    bar_is(5, 8, false, "██▌", "five eighths, in half a block");
    bar_is(1, 1000000, false, "▏", "something is never nothing");
    bar_is(9, 8, false, "████", "more than all is all");
    bar_is(0, 0, false, "", "nothing of nothing");
}

static void test_safe(void)
{
    struct buf b = BUF_INIT;
    text_add_safe(&b, "a\x1b[31m王\x07\xc2\x9b\xff");
    buf_addc(&b, '\0');
    is_str(b.p, "a?[31m王???", "what steers a terminal is shown as a question mark");
    buf_done(&b);
    is_int(text_width(STR_LIT("ab")), 2, "ASCII takes a column each");
    if (setlocale(LC_CTYPE, "C.UTF-8"))
        is_int(text_width(STR_LIT("王丽")), 4, "a Chinese character takes two columns");
    else
        skip(1, "no C.UTF-8 here");
}

static void test_table(void)
{
    static const char *const headings[] = {"name", ">n", "why"};
    struct table t;
    table_init(&t, headings, 3);
    table_add(&t, "one");
    table_add_count(&t, 1234567);
    table_add(&t, NULL);
    is_int(table_width(&t), 4 + 2 + 9 + 2 + 3, "columns are as wide as their widest cell");
    table_done(&t);
}

int main(void)
{
    plan(0);
    test_numbers();
    test_bars();
    test_safe();
    test_table();
    return tap_end();
}
