/* The table of routes (lifecertd-http(7)), and each folder file's handlers. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/exchange.h"

extern const struct route http_routes[];
extern const size_t http_routes_n;

extern const struct handler inputs_handler;          /* inputs.c: chooses one of the next two */
extern const struct handler input_one_handler;       /* inputs.c */
extern const struct handler input_lines_handler;     /* input_lines.c */
extern const struct handler people_handler;          /* people.c */
extern const struct handler period_handler;          /* people.c */
extern const struct handler show_handler;            /* queries.c */
extern const struct handler story_handler;           /* queries.c */
extern const struct handler due_handler;             /* queries.c */
extern const struct handler status_handler;          /* queries.c */
extern const struct handler whoami_handler;          /* whoami.c */
extern const struct handler holds_handler;           /* queries.c */
extern const struct handler health_handler;          /* queries.c */
extern const struct handler ready_handler;           /* queries.c */
extern const struct handler metrics_handler;         /* metrics.c */
extern const struct handler hold_place_handler;      /* holds.c */
extern const struct handler hold_lift_handler;       /* holds.c */
extern const struct handler endpoints_handler;       /* endpoints.c */
extern const struct handler endpoint_pause_handler;  /* endpoints.c */
extern const struct handler endpoint_resume_handler; /* endpoints.c */
extern const struct handler endpoint_test_handler;   /* endpoints.c */
extern const struct handler redeliver_handler;        /* redeliver.c */
extern const struct handler redeliver_cancel_handler; /* redeliver.c */
extern const struct handler deliveries_handler;      /* deliveries.c */
extern const struct handler delivery_retry_handler;  /* deliveries.c */
extern const struct handler delivery_drop_handler;   /* deliveries.c */
extern const struct handler receipt_handler;         /* receipts.c */
extern const struct handler events_handler;          /* events.c: chooses one of its own */
extern const struct handler openapi_handler;         /* openapi.c */
extern const struct handler page_handler;            /* page.c */
extern const struct handler page_file_handler;       /* page.c */

#endif
