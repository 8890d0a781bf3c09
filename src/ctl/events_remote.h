/* The log as a daemon tells it over HTTP. */
#ifndef CTL_EVENTS_REMOTE_H
#define CTL_EVENTS_REMOTE_H

#include "ctl/commands.h"

struct events_wanted {
    const char *after; /* a position; "0": before everything */
    const char *since, *type, *subject; /* NULL: not given */
    bool follow;
    bool all; /* from the start, wherever that is by now */
};

/* Prints them; the status to end with. */
int events_remote(const struct ctl *ctl, const struct events_wanted *w);

#endif
