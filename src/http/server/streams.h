/* Streams of inputs over several bodies: the header Lifecertd-Stream names one; a body without it is one of its own.
 *
 * They matter under clocks that are not the system's: such a clock does not pass the last `at` read from a stream that
 * is open. A named stream ends on request (Lifecertd-Stream-End: yes), or when no body has come for ten seconds. */
#ifndef HTTP_STREAMS_H
#define HTTP_STREAMS_H

#include "http/exchange.h"

#define STREAM_NAME_MAX 64

struct streams;
struct body_stream;

struct streams *streams_new(struct http *h);
/* Whoever is in one must have left. NULL is fine. */
void streams_free(struct streams *s);

/* Joins the stream that x's header names, or a new one. false: answered already, since the name is none or there are
 * too many. *out becomes NULL where streams do not matter, which the other functions take as well. */
bool streams_join(struct exchange *x, struct body_stream **out);
struct stream *stream_for_engine(struct body_stream *s);
void streams_leave(struct body_stream *s);

#endif
