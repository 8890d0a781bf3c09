/* Query strings and forms (application/x-www-form-urlencoded), taken apart. */
#ifndef ADAPTER_FORM_H
#define ADAPTER_FORM_H

#include "base/buf.h"
#include "base/err.h"

/* The value of the one field of that name, decoded: *out is in text, to which it is appended, and which must not grow
 * while it is used. ERR_ABSENT: there is none; ERR_INVALID: there are more, or it is not percent-encoded right. Fields
 * of other names may hold anything. */
enum err form_find(struct str form, const char *name, struct buf *text, struct str *out) ERR_MUSTCHECK;

#endif
