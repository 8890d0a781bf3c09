/* Events to and from the log's lines (lifecertd-events(7)). The one place that knows their members.
 *
 * A line: {"seq":N,"prev":N,"time":"...","type":"...","subject":"...","data":{...}}, system events without subject,
 * with "simulated":true before data when so; no spaces, members in the order of the manual, no newline inside. One
 * event has one such line: strings have the escapes of buf_add_json() and no others, numbers no leading zeros. */
#ifndef CODEC_EVENT_JSON_H
#define CODEC_EVENT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "core/event.h"

/* Appends the line with its newline. */
void event_write(struct buf *b, const struct event *e);
/* Appends the data object alone. */
void event_write_data(struct buf *b, const struct event *e);

/* What a line's strings and lists are unpacked into where they cannot point into the line itself. Reused; all zero at
 * first. */
struct event_arena {
    struct buf text;
    struct period_pay *pays;
    uint32_t n_pays, cap_pays;
    struct channel_setting *channels;
    struct str *names;
    struct policy policy;
    uint32_t cap_channels, cap_names;
};

void event_arena_done(struct event_arena *a);

/* Reads one line of our own log, with or without its newline (a scanner for exactly what event_write() writes; anything
 * else is ERR_INVALID and *where says at which byte, from 0). The event borrows from line and arena until the next call
 * with that arena; after a failure *e is not to be used. */
enum err event_read(struct str line, struct event *e, struct event_arena *a, size_t *where) ERR_MUSTCHECK;

/* Only the head: seq, prev, time, type, subject, simulated; for walks and filters. What follows is not looked at, and
 * e->u is not set. Subjects may hold escapes, hence the arena. */
enum err event_read_head(struct str line, struct event *e, struct event_arena *a) ERR_MUSTCHECK;

/* Whose it is, for those who keep the order of each one's events: the person's, or the unit's; STR_NONE: the system's. */
struct str event_whose(const struct event *e);

bool event_type_parse(struct str text, enum event_type *out);

#endif
