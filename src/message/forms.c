#include "message/forms.h"

#include <string.h>

#include "message/unicode.h"

static void iso_day(struct buf *b, lc_date d)
{
    date_format(d, buf_room(b, 10));
    b->n += 10;
}

static void iso_month(struct buf *b, lc_month m)
{
    month_format(m, buf_room(b, 7));
    b->n += 7;
}

static void chinese_month(struct buf *b, lc_month m)
{
    struct ymd y = date_split(month_day(m, 1));
    buf_add_i64(b, y.year);
    BUF_LIT(b, "年");
    buf_add_i64(b, y.month);
    BUF_LIT(b, "月");
}

static void chinese_day(struct buf *b, lc_date d)
{
    chinese_month(b, date_month(d));
    buf_add_i64(b, date_split(d).day);
    BUF_LIT(b, "日");
}

static void english_month(struct buf *b, lc_month m)
{
    static const char *const names[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    struct ymd y = date_split(month_day(m, 1));
    buf_adds(b, names[y.month - 1]);
    buf_addc(b, ' ');
    buf_add_i64(b, y.year);
}

static void english_day(struct buf *b, lc_date d)
{
    buf_add_i64(b, date_split(d).day);
    buf_addc(b, ' ');
    english_month(b, date_month(d));
}

#define LONGEST_NAME "某某某某某某某某某某某某某某某某某某某某"
/* 3600 months of the highest amount are 3.6e15 fen. */
#define LONGEST_AMOUNT "36000000000000.00"
#define LONGEST_COUNT "4294967295" /* people are numbered in 32 bits */

static const struct forms all[] = {
    {
        .tag = "zh",
        .day = chinese_day,
        .month = chinese_month,
        .before_month_end = "",
        .after_month_end = "底",
        .before_id = "编号尾号",
        .after_id = "的人员",
        .currency = "元",
        .unknown = {[VALUE_DAY] = "待定日期",
                    [VALUE_THROUGH] = "待定日期",
                    [VALUE_MONTH] = "待定月份",
                    [VALUE_AMOUNT] = "待核定金额"},
        .longest = {[VALUE_NAME] = LONGEST_NAME,
                    [VALUE_DAY] = "2026年12月31日",
                    [VALUE_THROUGH] = "2026年12月31日",
                    [VALUE_MONTH] = "2026年12月",
                    [VALUE_AMOUNT] = LONGEST_AMOUNT "元",
                    [VALUE_COUNT] = LONGEST_COUNT},
    },
    {
        .tag = "en",
        .day = english_day,
        .month = english_month,
        .before_month_end = "the end of ",
        .after_month_end = "",
        .before_id = "ID ending ",
        .after_id = "",
        .currency = " yuan",
        .unknown = {[VALUE_DAY] = "day not set",
                    [VALUE_THROUGH] = "day not set",
                    [VALUE_MONTH] = "month not set",
                    [VALUE_AMOUNT] = "amount not set"},
        .longest = {[VALUE_NAME] = LONGEST_NAME,
                    [VALUE_DAY] = "30 September 2026",
                    [VALUE_THROUGH] = "the end of September 2026",
                    [VALUE_MONTH] = "September 2026",
                    [VALUE_AMOUNT] = LONGEST_AMOUNT " yuan",
                    [VALUE_COUNT] = LONGEST_COUNT},
    },
    {
        .tag = "",
        .day = iso_day,
        .month = iso_month,
        .before_id = "ID …",
        .after_id = "",
        .currency = "",
        .unknown = {[VALUE_DAY] = "—", [VALUE_THROUGH] = "—", [VALUE_MONTH] = "—", [VALUE_AMOUNT] = "—"},
        .longest = {[VALUE_NAME] = LONGEST_NAME,
                    [VALUE_DAY] = "2026-12-31",
                    [VALUE_THROUGH] = "2026-12-31",
                    [VALUE_MONTH] = "2026-12",
                    [VALUE_AMOUNT] = LONGEST_AMOUNT,
                    [VALUE_COUNT] = LONGEST_COUNT},
    },
};

const struct forms *forms_of(const char *language)
{
    size_t n = strcspn(language, "-_");
    const struct forms *f = all;
    while (*f->tag && (strlen(f->tag) != n || strncmp(f->tag, language, n) != 0))
        f++;
    return f;
}

void write_amount(struct buf *b, const struct forms *f, int64_t amount)
{
    uint64_t fen = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
    if (amount < 0)
        buf_addc(b, '-');
    buf_add_u64(b, fen / 100);
    buf_addc(b, '.');
    buf_addc(b, (char)('0' + fen / 10 % 10));
    buf_addc(b, (char)('0' + fen % 10));
    buf_adds(b, f->currency);
}

void write_month_end(struct buf *b, const struct forms *f, lc_date last)
{
    if (!f->before_month_end) {
        f->day(b, last);
        return;
    }
    buf_adds(b, f->before_month_end);
    f->month(b, date_month(last));
    buf_adds(b, f->after_month_end);
}
