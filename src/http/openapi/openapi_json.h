/* JSON for people to read as well: what holds something has its members on lines of their own, what is small stands on
 * one line. */
#ifndef HTTP_OPENAPI_JSON_H
#define HTTP_OPENAPI_JSON_H

#include "base/buf.h"

struct api_json {
    struct buf *out;
    unsigned depth;
    bool more; /* something stands before, at this depth */
};

/* In every function name is the member's, or NULL for an item of a list and for the whole. */

/* bracket: '{' or '['; api_close() with its counterpart. */
void api_open(struct api_json *j, const char *name, char bracket);
void api_close(struct api_json *j, char bracket);
/* JSON as it is, for a value on one line. */
void api_raw(struct api_json *j, const char *name, const char *json);
void api_text(struct api_json *j, const char *name, const char *text);
/* A reference to what stands at a path of the document, such as "#/components/schemas/", and a name. */
void api_ref(struct api_json *j, const char *name, const char *path, const char *to);
/* ["a","b"]; list ends with NULL. */
void api_texts(struct api_json *j, const char *name, const char *const *list);

#endif
