/* GET /v1/status as text/event-stream: the status as often as it changes, at most once a second; one question to the
 * engine serves all who look. */
#ifndef HTTP_STATUS_STREAM_H
#define HTTP_STATUS_STREAM_H

#include "http/exchange.h"

struct status_feed;

struct status_feed *status_feed_new(struct http *h);
/* Asks no more. */
void status_feed_stop(struct status_feed *f);
/* NULL is fine. */
void status_feed_free(struct status_feed *f);

/* Does the client want this form? Then the handler takes the exchange. */
bool status_stream_is_asked(const struct exchange *x);
extern const struct handler status_stream_handler;

#endif
