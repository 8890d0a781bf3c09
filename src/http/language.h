/* In which language a caller wants sentences: the header Accept-Language (RFC 9110, RFC 4647). */
#ifndef HTTP_LANGUAGE_H
#define HTTP_LANGUAGE_H

#include "codec/explain.h"

/* Chinese, unless English is preferred: by its q, or by standing first with the same. header may be NULL. */
enum explain_language language_of(const char *header);

#endif
