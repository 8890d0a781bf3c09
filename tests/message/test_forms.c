/* How values are written in each language, and that none is longer than is said. */
#include "message/forms.h"
#include "message/message.h"
#include "tests/lib/tap.h"
#include "tests/message/sample.h"

static const struct {
    const char *language, *day, *month, *month_end, *amount;
} rows[] = {
    {"zh", "2026年5月31日", "2026年5月", "2026年5月底", "1234.50元"},
    {"en", "31 May 2026", "May 2026", "the end of May 2026", "1234.50 yuan"},
    {"fr", "2026-05-31", "2026-05", "2026-05-31", "1234.50"},
};

static struct buf b;

static const char *text(void)
{
    buf_addc(&b, '\0');
    b.n = 0;
    return b.p;
}

static void check_language(unsigned i)
{
    const struct forms *f = forms_of(rows[i].language);
    const char *l = rows[i].language;
    f->day(&b, on("2026-05-31"));
    is_str(text(), rows[i].day, "%s: a day", l);
    f->month(&b, of("2026-05"));
    is_str(text(), rows[i].month, "%s: a month", l);
    write_month_end(&b, f, on("2026-05-31"));
    is_str(text(), rows[i].month_end, "%s: a month's end", l);
    write_amount(&b, f, 123450);
    is_str(text(), rows[i].amount, "%s: an amount", l);
}

static size_t length(void)
{
    size_t n = ucs2_length(buf_str(&b));
    b.n = 0;
    return n;
}

static size_t limit(const struct forms *f, enum value_kind kind)
{
    return ucs2_length(str_of(f->longest[kind]));
}

/* Every day of every month, the greatest amount and the like. */
static unsigned longer(const struct forms *f)
{
    unsigned n = 0;
    for (lc_date d = on("2099-01-01"); d <= on("2099-12-31"); d++) {
        f->day(&b, d);
        n += length() > limit(f, VALUE_DAY);
        f->month(&b, date_month(d));
        n += length() > limit(f, VALUE_MONTH);
        write_month_end(&b, f, d);
        n += length() > limit(f, VALUE_THROUGH);
        f->day(&b, d);
        n += length() > limit(f, VALUE_THROUGH); /* an exact day */
    }
    write_amount(&b, f, 3600 * AMOUNT_MAX);
    n += length() > limit(f, VALUE_AMOUNT);
    write_id(&b, f, STR_LIT("330902195403070012"));
    n += length() > limit(f, VALUE_NAME);
    buf_add_u64(&b, UINT32_MAX);
    n += length() > limit(f, VALUE_COUNT);
    for (int k = 0; k < VALUE_KIND_N; k++)
        n += f->unknown[k] && ucs2_length(str_of(f->unknown[k])) > limit(f, k);
    return n;
}

static unsigned beyond(const struct forms *f, size_t units)
{
    unsigned n = 0;
    for (int k = 0; k < VALUE_KIND_N; k++)
        n += limit(f, k) < 1 || limit(f, k) > units;
    return n;
}

int main(void)
{
    const unsigned n = sizeof rows / sizeof rows[0];
    plan(6 * n + 7);
    for (unsigned i = 0; i < n; i++) {
        check_language(i);
        is_int(longer(forms_of(rows[i].language)), 0, "%s: nothing is longer than the longest", rows[i].language);
        is_int(beyond(forms_of(rows[i].language), 35), 0, "%s: a gateway's variable takes every value",
               rows[i].language);
    }
    ok(forms_of("zh-Hant") == forms_of("zh") && forms_of("en_GB") == forms_of("en"), "a variety is written alike");
    ok(forms_of("zho") == forms_of("fr") && forms_of("e") == forms_of("") && forms_of("zh") != forms_of("en"),
       "another language is not");
    const struct forms *zh = forms_of("zh");
    write_amount(&b, zh, 5);
    is_str(text(), "0.05元", "fen have two places");
    write_amount(&b, zh, 100);
    is_str(text(), "1.00元", "whole yuan too");
    write_amount(&b, zh, 0);
    is_str(text(), "0.00元", "nothing is an amount");
    write_amount(&b, zh, -123);
    is_str(text(), "-1.23元", "a sign stands in front");
    write_amount(&b, zh, INT64_MIN + 1);
    is_str(text(), "-92233720368547758.07元", "the greatest number does not overflow");
    buf_done(&b);
    return tap_end();
}
