/* The program's own log: lines of key=value on stderr, journal-friendly, each with a stable event name. No personal
 * data: callers pass ids and numbers, never names or phones. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_NOTICE = 5, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Lines below this level are dropped; the default is info. */
void log_set_level(enum log_level level);

/* One line: "<6>event=started pid=1 store=dir:/x". With a journal on stderr ($JOURNAL_STREAM) the "<N>" prefix stands,
 * else not. format makes the pairs after event=. Safe from every thread: one write(2) a line. */
void log_line(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Is stderr the journal's? */
bool log_for_journal(void);

/* Appends key="value" with quotes and escapes where needed, into a fixed buffer: for values with spaces. */
const char *log_quote(const char *value, char *out, unsigned long size);

#endif
