/* One person's folded history (core/history.h) to and from a line of JSON: what stays beside a log whose older events
 * were moved away, so that decisions never need them.
 *
 *   {"seq":N,"id":"...","policy":"...",...,"certifications":[["channel","ref","2026-01-31",false],...],
 *    "amounts":[["2026-01",180000],...],"back_pay":[["2026-06","2026-06-15",180000],...],
 *    "paid_apart":[["2026-06","2026-08-15"],...]}
 *
 * seq is the last of the events that were folded. Like the log's own lines it has one form only: no spaces, the members
 * in this order, all of them there. To bump HISTORY_VERSION: write the new one, read every older one. */
#ifndef CODEC_HISTORY_JSON_H
#define CODEC_HISTORY_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "core/history.h"

#define HISTORY_VERSION 1

/* Appends the line with its newline. */
void history_write(struct buf *out, uint64_t seq, struct str id, const struct history *h);

/* line: with or without its newline. h must be empty and owns what it gets; text is where strings are unpacked to.
 * ERR_INVALID: *where says at which byte, from 0; h is empty then. */
enum err history_read(struct str line, struct history *h, struct buf *text, size_t *where) ERR_MUSTCHECK;

/* The line's number and id alone; id points into line or text. false: it is no such line. */
bool history_read_head(struct str line, uint64_t *seq, struct str *id, struct buf *text);

#endif
