/* Percent-decoding (RFC 3986). */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include "base/buf.h"

/* Appends text decoded: never more than text.n bytes. false, with out as it was, when a "%" is not followed by two
 * hexadecimal digits. A decoded NUL is a byte like any other. */
bool uri_decode(struct str text, struct buf *out);

#endif
