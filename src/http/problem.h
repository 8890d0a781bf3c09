/* Errors as problem details (RFC 9457), the one form in which this interface says no. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "base/buf.h"

#define PROBLEM_TYPE "application/problem+json"

/* Appends {"type":"about:blank","title":...,"status":...,"detail":...}, with "member" before detail when one is at
 * fault (member neither NULL nor empty). Text that came from outside must be valid UTF-8. */
void problem_write(struct buf *b, unsigned status, const char *member, const char *detail);

/* The standard phrase of a status: "Not Found". */
const char *status_phrase(unsigned status);

#endif
