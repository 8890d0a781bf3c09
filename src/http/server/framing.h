/* A request's header, held against RFC 9112 where the library lets pass what others may read differently: what a
 * proxy in between takes for one request must not be two of them here. */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <microhttpd.h>

#include "http/server/peers.h"

#define HEADER_BYTES_MAX (24 * 1024)

/* As the library hands them out, when the header is whole. */
struct request_line {
    const char *method, *version;
};

struct framing_fault {
    unsigned status;
    const char *text;
};

/* false: what to answer is in *fault, and the connection must end, for where the next request begins is not known. */
bool framing_check(struct MHD_Connection *connection, const struct peer *peer, const struct request_line *line,
                   struct framing_fault *fault);

/* The path in a target without its query, which may have a scheme and a host before it: "http://HOST/PATH". */
const char *framing_path(const char *target);

/* What a target has up to its end, or up to a NUL; 0: characters stand in it that may not. */
size_t framing_target(const char *target);

#endif
