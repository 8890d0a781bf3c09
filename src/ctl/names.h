/* What the daemon has names for: for messages that say which there are, and for a shell that completes them. */
#ifndef CTL_NAMES_H
#define CTL_NAMES_H

#include "ctl/client.h"

/* "endpoints", "holds" or "deliveries": appends their names, each with a newline behind it. Whatever goes wrong,
 * nothing is said of it. false: there is no such kind of name. */
bool names_add(struct client *c, const char *kind, struct buf *out);

/* Says on stderr which there are, up to a few. */
void names_tell(struct client *c, const char *kind);

#endif
