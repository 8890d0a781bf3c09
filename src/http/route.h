/* Which route a request takes: a table of methods and patterns, matched segment by segment. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/buf.h"

enum http_method { METHOD_GET, METHOD_POST, METHOD_DELETE, METHOD_N };

/* The least that the caller must be allowed. */
enum who { WHO_ANYONE, WHO_READ, WHO_INTAKE, WHO_OPERATE };

#define CAPTURES_MAX 2 /* ":name" segments in one pattern */

struct handler;
struct route_doc;

struct route {
    enum http_method method;
    const char *pattern; /* "/v1/beneficiaries/:id/events": a segment with a colon takes any text but an empty one */
    enum who who;
    const struct handler *handler;
    const struct route_doc *doc; /* what /openapi.json says of it (route_docs.h) */
};

enum route_found {
    ROUTE_FOUND,
    ROUTE_NO_PATH,   /* 404 */
    ROUTE_NO_METHOD, /* 405: the path is there, under other methods */
    ROUTE_BAD_PATH,  /* 400: a captured segment is not percent-encoded as it should be */
};

struct route_match {
    const struct route *route;
    struct str captures[CAPTURES_MAX]; /* decoded, in text */
    unsigned n_captures;
    struct buf text;
};

/* path as it came, percent-encoded: an encoded slash does not part segments. HEAD takes GET's route. match must be
 * zeroed before and is released with route_match_done() whatever came of it. */
enum route_found route_find(const struct route *routes, size_t n, struct str method, struct str path,
                            struct route_match *match);
void route_match_done(struct route_match *match);
/* What the captures point into, for whoever needs them for longer than the match: the caller's to release. */
struct buf route_match_keep(struct route_match *match);

/* Appends what the header Allow says of a path: "GET, HEAD, POST". */
void route_allow(const struct route *routes, size_t n, struct str path, struct buf *out);

#endif
