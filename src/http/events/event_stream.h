/* One answer as text/event-stream (Server-Sent Events, as browsers have them), whatever its events are about.
 *
 * The library takes bytes as fast as the client does. When all are taken the owner is asked for more, and may add some
 * at once, or later. Nobody's bytes are gathered without bound: an owner adds only while there is room. A client that has
 * gone is noticed by the next heartbeat at the latest. */
#ifndef HTTP_EVENT_STREAM_H
#define HTTP_EVENT_STREAM_H

#include <sys/queue.h>

#include "http/exchange.h"

#define EVENT_STREAM "text/event-stream"
#define STREAM_BYTES ((size_t)64 << 10) /* that wait for one client */

struct event_streams; /* all of an interface's */

struct event_stream {
    struct exchange *x;
    struct event_streams *all; /* NULL: not begun, or closed */
    void (*more)(struct event_stream *s);
    /* Writes an id for a heartbeat, so that what was passed over need not be again. false: it is as it was. NULL: none. */
    bool (*position)(struct event_stream *s, struct buf *out);
    struct buf out;
    size_t sent; /* of out */
    int64_t quiet_since_ns;
    bool ended;
    TAILQ_ENTRY(event_stream) links; /* by quiet_since_ns */
};

struct event_streams *event_streams_new(struct http *h);
/* Every stream ends, and none may hold up the end of the program: who has not taken what is on its way within a moment is
 * cut off, and comes again. Later ones end at once. */
void event_streams_end(struct event_streams *all);
/* NULL is fine. */
void event_streams_free(struct event_streams *all);

/* The most bytes that wait for any one client now. */
size_t event_streams_most_held(const struct event_streams *all);

/* Answers x. s is the owner's, zeroed but for x, more and position, and stands until event_stream_close(). */
void event_stream_begin(struct event_stream *s);
void event_stream_close(struct event_stream *s);

/* Do n bytes more fit? Into an empty one always. */
bool event_stream_has_room(const struct event_stream *s, size_t n);
/* What was added to out goes on its way. */
void event_stream_send(struct event_stream *s);
/* The client gets what was added, and then the end. */
void event_stream_finish(struct event_stream *s);

#endif
