/* What an error that a Redis server answers says about what to do next. */
#ifndef REDIS_FAULT_H
#define REDIS_FAULT_H

#include "base/str.h"
#include "redis/address.h"

enum redis_fault {
    REDIS_REFUSED,   /* the command itself: it will be refused again */
    REDIS_MOVED,     /* the slot is another server's for good */
    REDIS_ASK,       /* this once: that server, behind ASKING */
    REDIS_LATER,     /* TRYAGAIN, LOADING, CLUSTERDOWN, MASTERDOWN, BUSY: the same, somewhat later */
    REDIS_NO_MASTER, /* READONLY: it was demoted; find out who is the master */
    REDIS_NO_SCRIPT, /* NOSCRIPT: send the script itself */
    REDIS_FULL,      /* OOM, MISCONF: it takes no writes until somebody mends it */
    REDIS_FENCED,    /* one of our scripts: the lease is another's (redis/script.h) */
};

struct redis_redirect {
    unsigned slot;
    struct redis_host host; /* name "": the one that answered */
};

/* text: the error without its leading dash. to: filled in with MOVED and ASK. */
enum redis_fault redis_fault_read(struct str text, struct redis_redirect *to);

#endif
