/* What a client wants to read, by its header Accept (RFC 9110, 12.5.1). */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

/* Does it want the one media type rather than the other? So it is when it gives it the higher quality or, where that is
 * the same, names it more exactly. accept: the header's value; NULL: there is none, which says nothing. */
bool accept_prefers(const char *accept, const char *type, const char *other);

#endif
