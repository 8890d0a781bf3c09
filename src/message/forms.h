/* How names, dates, months and amounts are written in a message, by language. */
#ifndef MESSAGE_FORMS_H
#define MESSAGE_FORMS_H

#include "base/buf.h"
#include "base/date.h"

enum value_kind { VALUE_NAME, VALUE_DAY, VALUE_THROUGH, VALUE_MONTH, VALUE_AMOUNT, VALUE_COUNT, VALUE_KIND_N };

#define NAME_UNITS 20 /* a name is cut to so many UTF-16 units, the ellipsis included */
#define ID_END 4      /* so many of an id's last characters stand for a person without a name */

struct forms {
    const char *tag; /* of the language: "zh" for "zh", "zh-Hant" and so on; "": all others */
    void (*day)(struct buf *b, lc_date d);
    void (*month)(struct buf *b, lc_month m);
    const char *before_month_end, *after_month_end; /* NULL: its last day instead */
    const char *before_id, *after_id;               /* around the end of an id */
    const char *currency;                           /* behind an amount */
    const char *unknown[VALUE_KIND_N];              /* for what has no value; NULL: it always has one */
    const char *longest[VALUE_KIND_N];              /* no value ever takes more UTF-16 units than this one */
};

/* Never NULL. */
const struct forms *forms_of(const char *language);

/* The name as a message may show it: at most NAME_UNITS, in one line, without hidden characters, and nothing in it that
 * a phone would take for a link or for another sender's signature. False, and nothing is written: nothing is left. */
bool write_name(struct buf *b, struct str name);
/* What stands for a person without a name. */
void write_id(struct buf *b, const struct forms *f, struct str id);
/* 123450 fen: "1234.50", with the currency. */
void write_amount(struct buf *b, const struct forms *f, int64_t amount);
/* "the end of May 2027" of its last day. */
void write_month_end(struct buf *b, const struct forms *f, lc_date last);

#endif
