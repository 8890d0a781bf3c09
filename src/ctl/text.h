/* Text for people: numbers, dates, widths on the screen. */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "base/buf.h"

#define TEXT_COUNT 32 /* bytes of a count with its terminator */

/* "309,800"; returns out. */
const char *text_count(uint64_t v, char out[TEXT_COUNT]);
/* Minor units of the currency with its point, "3,500.00"; returns out. */
const char *text_money(int64_t fen, char out[TEXT_COUNT]);
/* "12.3 MB" */
const char *text_bytes(uint64_t v, char out[TEXT_COUNT]);
/* "2:05", "1:02:05", of seconds */
const char *text_duration(int64_t seconds, char out[TEXT_COUNT]);
/* "2026-06-16T09:00:00+08:00" as "2026-06-16 09:00"; anything else as it is, cut to fit. */
const char *text_time(const char *rfc3339, char out[TEXT_COUNT]);

/* Appends s with every control character as "?": what came from elsewhere steers no terminal. */
void text_add_safe(struct buf *b, const char *s);
/* How many columns it takes on the screen. */
unsigned text_width(struct str s);
/* How many of its bytes fit into so many columns, whole characters; *taken is how many columns these take. */
size_t text_cut(struct str s, unsigned columns, unsigned *taken);

#endif
