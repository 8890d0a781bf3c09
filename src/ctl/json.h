/* The daemon's answers: small JSON documents, read whole. Every function takes NULL and answers as for an absent value.
 * A path names a member of a member, "next.kind"; an empty one the value itself. */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json; /* a value; all but the first belong to the first */

/* text ends in a NUL. NULL: it is no JSON. */
struct json *json_parse(const char *text);
void json_free(struct json *whole);

/* NULL: absent or null. */
const struct json *json_get(const struct json *j, const char *path);
/* NULL: no string. */
const char *json_text(const struct json *j, const char *path);
int64_t json_number(const struct json *j, const char *path, int64_t otherwise);
/* A position in the log, as one store or several have it: how many events there are up to there; 0: it is none. */
uint64_t json_position(const struct json *j, const char *path);
/* An array's whole numbers, as "0 2". */
void json_add_numbers(struct buf *out, const struct json *list);
bool json_bool(const struct json *j, const char *path);

/* The items of a list: none of anything else. */
size_t json_count(const struct json *j);
const struct json *json_item(const struct json *j, size_t i);

/* Prints a list's items on stdout, a line each. */
void json_print_items(const struct json *list);
/* Appends the value as JSON, on one line; null for NULL. */
void json_write(struct buf *out, const struct json *j);

#endif
