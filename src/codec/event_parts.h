/* A line of the log taken apart without reading what its data says: for whoever passes it on. */
#ifndef CODEC_EVENT_PARTS_H
#define CODEC_EVENT_PARTS_H

#include "base/buf.h"

struct event_parts {
    uint64_t seq, prev;
    struct str time, type; /* as they stand */
    struct str subject;    /* decoded; STR_NONE on system events */
    struct str data;       /* the JSON object as it stands */
    bool simulated;
};

/* line: of our own log, without its newline. Strings point into the line, or into text where a subject has escapes. false:
 * it is no such line. */
bool event_parts(struct str line, struct buf *text, struct event_parts *out);

#endif
