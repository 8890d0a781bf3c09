/* Schemas of values (JSON Schema), written down shortly. A type is one of
 *
 *   date, count, text, ...    a word of the table in openapi_types.c
 *   @status                   one of a table's words (core/text.h and its like)
 *   =day month                one of these words
 *   Hold                      a schema of the document's components
 *   [TYPE]                    a list
 *   TYPE|null                 the same, or null
 *
 * and a member's name ends in a question mark where the member may be absent. */
#ifndef HTTP_OPENAPI_TYPES_H
#define HTTP_OPENAPI_TYPES_H

#include "core/text.h"
#include "http/openapi/openapi_json.h"

#define API_SCHEMAS "#/components/schemas/"

struct api_member {
    const char *name, *type;
    const char *about; /* or NULL */
};

/* The schema on one line; about: its description, or NULL. A reference has none of its own. */
void api_type(struct buf *out, const char *type, const char *about);
/* The same as a member of what is open. */
void api_schema(struct api_json *j, const char *name, const char *type, const char *about);
/* A schema of one word, and of those of a table. */
void api_const(struct api_json *j, const char *name, struct str word);
void api_words(struct api_json *j, const char *name, const struct texts *words);

/* An object's schema, in its parts: begun, its members, ended. closed: it has no other members. */
void api_object_open(struct api_json *j, const char *name, const char *about);
void api_members(struct api_json *j, const struct api_member *m, unsigned n);
void api_object_close(struct api_json *j, const char *const *required, bool closed);
/* All of it at once. */
void api_object(struct api_json *j, const char *name, const char *about, const struct api_member *m, unsigned n,
                bool closed);

#endif
