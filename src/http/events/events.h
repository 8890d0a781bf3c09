/* GET /v1/events: what is asked for, and the two forms in which it is answered. */
#ifndef HTTP_EVENTS_H
#define HTTP_EVENTS_H

#include "http/events/feed.h"
#include "http/exchange.h"

#define EVENTS_POSITION "Lifecertd-Position"

struct events_query {
    bool stream;           /* as text/event-stream */
    struct position after; /* of one store as of one shard */
    uint64_t limit, wait;  /* wait: seconds */
    uint64_t types;
    struct buf subject; /* p NULL: everybody's */
};

/* The query is taken, and empty afterwards. The exchange is the form's from then on; whoever began it goes on with
 * events_..._go(), when the reader, which it returns, has been offered what was known already. */
struct feed_reader *events_lines_begin(struct exchange *x, struct events_query *q);
void events_lines_go(struct feed_reader *r, bool enough);
struct feed_reader *events_stream_begin(struct exchange *x, struct events_query *q);
void events_stream_go(struct feed_reader *r, bool enough);

/* Puts the reader where the query says. */
void events_begin_at(struct feed_reader *r, const struct feed *f, struct events_query *q);
/* The log could not be read, with one store behind that number: that is answered. */
void events_answer_fault(struct exchange *x, uint64_t after);

/* Those that wait for something to come, or for the log's end, are answered now, for the program ends. */
void events_lines_end(struct http *h);

extern const struct handler events_lines_handler;  /* events_lines.c */
extern const struct handler events_stream_handler; /* events_stream.c */

#endif
