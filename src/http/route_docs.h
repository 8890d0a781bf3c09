/* What the API's description says of each route: rows that /openapi.json is made from (openapi.c). */
#ifndef HTTP_ROUTE_DOCS_H
#define HTTP_ROUTE_DOCS_H

#include "http/route.h"

enum doc_place { DOC_PATH, DOC_QUERY, DOC_HEADER };

/* Lists end with a row that is all zero. Types are as in openapi_types.h. */
struct doc_parameter {
    enum doc_place in;
    const char *name, *type; /* a name with a question mark behind it may be left out; what is in a path may not */
    const char *about;
};

struct doc_body {
    const char *media;
    const char *type; /* of the whole, or of a line of application/x-ndjson */
};

struct doc_answer {
    unsigned status;
    const char *media;
    const char *type; /* as above; NULL: it is text */
    const char *about;
    const char *header; /* that it carries, one of openapi.c's table, or NULL */
};

struct route_doc {
    const char *id; /* the operation's */
    const char *tag;
    const char *summary, *about;
    const struct doc_parameter *parameters; /* NULL: none */
    const struct doc_body *bodies;          /* NULL: it takes no body */
    bool body_optional;
    const struct doc_answer *answers;
    const unsigned *problems; /* statuses beside those that all routes have: ends with 0; NULL: none */
};

extern const struct route_doc inputs_doc;
extern const struct route_doc people_doc;
extern const struct route_doc person_doc;
extern const struct route_doc story_doc;
extern const struct route_doc period_doc;
extern const struct route_doc events_doc;
extern const struct route_doc due_doc;
extern const struct route_doc status_doc;
extern const struct route_doc whoami_doc;
extern const struct route_doc holds_doc;
extern const struct route_doc hold_place_doc;
extern const struct route_doc hold_lift_doc;
extern const struct route_doc endpoints_doc;
extern const struct route_doc endpoint_pause_doc;
extern const struct route_doc endpoint_resume_doc;
extern const struct route_doc endpoint_test_doc;
extern const struct route_doc redeliver_doc;
extern const struct route_doc redeliver_cancel_doc;
extern const struct route_doc deliveries_doc;
extern const struct route_doc delivery_retry_doc;
extern const struct route_doc delivery_drop_doc;
extern const struct route_doc receipt_get_doc;
extern const struct route_doc receipt_post_doc;
extern const struct route_doc health_doc;
extern const struct route_doc ready_doc;
extern const struct route_doc metrics_doc;
extern const struct route_doc openapi_doc;

#endif
