/* What the orders of operators have in common: a small body that says who and why, and a line of the daemon's log. */
#ifndef HTTP_OPERATOR_H
#define HTTP_OPERATOR_H

#include "codec/json_fields.h"
#include "http/exchange.h"

#define FIELD_BY {.name = "by", .required = true, .max = 128}
#define FIELD_WHY(bytes) {.name = "why", .required = true, .max = (bytes)}

/* Reads the body, with the values into text, which must not grow while they are used; false: it is answered. */
bool operator_read(struct exchange *x, struct json_field *fields, size_t n, struct buf *text);

/* One line, "event=operator-action action=ACTION WHAT=NAME by=BY why=WHY caller=CALLER", once it is done; without by and
 * why where they are STR_NONE. The first two are what somebody wrote, the caller is known. */
void operator_note(const char *caller, const char *action, const char *what, struct str name, struct str by,
                   struct str why);

#endif
