/* What arrived, a line each, appended to a file: fields parted by tabs,
 *
 *   nanoseconds since the epoch, kind (event, message, handshake, redirected), id, seq, subject, type, attempt, answer
 *   (the status, or the fate: hang, reset ...), a message's number, its text (an event's: "replay" or "gap"
 *   when it is marked so)
 *
 * with "-" for what there is not; tab, newline, backslash and other control characters stand as \t, \n, \\ and \xHH. */
#ifndef RECEIVER_RECORD_H
#define RECEIVER_RECORD_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct record;

struct record_line {
    int64_t time_ns;
    const char *kind;
    struct str id, subject, type, number, text; /* STR_NONE or empty: there is none */
    uint64_t seq;                               /* 0: none */
    uint32_t attempt;
    const char *answer;
};

enum err record_open(const char *path, struct record **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Writes what is left; NULL is fine. */
void record_close(struct record *r);
/* NULL: nobody records. A file that cannot be written ends the program: what it lacks would be taken for lost. */
void record_add(struct record *r, const struct record_line *l);
void record_flush(struct record *r);

#endif
