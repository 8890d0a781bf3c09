/* A small JSON object of strings from outside, such as an operator's order: its members checked against a table.
 * Inputs have a reader of their own (input_json.h). */
#ifndef CODEC_JSON_FIELDS_H
#define CODEC_JSON_FIELDS_H

#include "base/buf.h"
#include "base/err.h"
#include "codec/input_json.h"

#define JSON_FIELDS_MAX 16

/* One member. Inside an inner object its name is a path: "scope.policy". */
struct json_field {
    const char *name;
    bool required;
    bool nullable;
    bool number;      /* may be a number as well: its value is the number as it stands */
    size_t max;       /* bytes of its value, at least 1 */
    struct str value; /* STR_NONE: not there, or null */
    bool object;      /* it was there, as an object */
};

/* Reads exactly one object: its values are strings, numbers or null, or objects of such, one level deep (the object itself
 * stands in the table too, with max 0). UTF-8 without control characters. Unknown, repeated and missing members are
 * ERR_INVALID, like all else, and *fault says which. The values are in text, which must not grow while they are used. n
 * is at most JSON_FIELDS_MAX. */
enum err json_fields_read(struct str json, struct json_field *fields, size_t n, struct buf *text,
                          struct input_fault *fault) ERR_MUSTCHECK;

#endif
