/* libconfuse, at arm's length: it runs in a child, so that nothing it does can end or disturb the caller. It is used
 * for the syntax alone: what it reads comes back as items (config/item.h), and means nothing yet. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "base/buf.h"
#include "base/err.h"

/* Parses text, terminated, without comments, of so many lines. Appends the items to out. A failure is the child's:
 * it could not be started, or crashed; the text's faults are items. */
enum err parse_text(const char *text, unsigned lines, struct buf *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
