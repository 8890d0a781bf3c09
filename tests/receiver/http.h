/* As much of HTTP/1.1 as a receiver needs that only our daemon and some well-known clients speak to: framing by
 * Content-Length, headers, arguments. What it does not take (chunked bodies, bare newlines) it refuses. */
#ifndef RECEIVER_HTTP_H
#define RECEIVER_HTTP_H

#include "base/buf.h"

#define HTTP_HEAD_MAX ((size_t)32 << 10)
#define HTTP_BODY_MAX ((size_t)1 << 20)

/* Points into what was framed. */
struct request {
    struct str method, path, query; /* query: behind the '?'; STR_NONE when there is none */
    struct str head;                /* the header's lines, each with CR LF */
    struct str body;
    bool keep_alive;
    size_t size; /* of all of it */
};

#define HTTP_FRAMED 0
#define HTTP_MORE -1

/* HTTP_FRAMED: *out is one whole request at the beginning of bytes. HTTP_MORE: it is not whole yet. Else the status
 * with which to refuse it. */
int http_frame(struct str bytes, struct request *out);
/* The first of that name; STR_NONE: there is none. */
struct str http_header(const struct request *q, const char *name);
/* Decodes one argument of a query or a form into *out, replacing what it held and adding a terminator which n does not
 * count; false: there is none of that name (*out is empty then). */
bool http_argument(struct str args, const char *name, struct buf *out);
const char *http_reason(int status);

#endif
