/* Requests to a daemon that may be anything but well: each on a connection of its own, with a bound, and whatever comes
 * of it is told, not taken amiss. */
#ifndef TESTS_FAULTS_ASKER_H
#define TESTS_FAULTS_ASKER_H

#include "base/buf.h"

enum asked {
    ASKED_ANSWERED, /* a whole answer has come */
    ASKED_GONE,     /* nobody listens, or the connection ended before the answer did */
    ASKED_SILENT,   /* neither, within the time */
};

struct answer {
    int status;
    struct buf body; /* decoded, and a terminator; n does not count it */
};

/* headers: whole lines with CR LF, or NULL. The answer's old content is replaced; without a whole answer it is
 * undefined. */
enum asked asker_ask(const char *socket, const char *method, const char *target, const char *headers, struct str body,
                     int ms, struct answer *out);
void answer_done(struct answer *a);

#endif
