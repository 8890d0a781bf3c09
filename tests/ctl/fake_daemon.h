/* A daemon that decides nothing: it answers on a Unix socket as the real one would, and keeps what it was asked. */
#ifndef TESTS_CTL_FAKE_DAEMON_H
#define TESTS_CTL_FAKE_DAEMON_H

#include "base/buf.h"

#include <pthread.h>

#define FAKE_REQUESTS 64

struct fake_request {
    struct buf head, body; /* each with a NUL that n does not count */
};

/* What one request is answered in place of all else. */
struct fake_answer {
    const char *request; /* "GET /v1/endpoints": up to the blank behind its path */
    const char *body;
    int status;
};

struct fake_daemon {
    /* to be set before a request comes */
    const struct fake_answer *answers; /* up to one without a request; NULL: none */
    int busy;                  /* so many requests are answered 503 first */
    int cut_after;             /* the answer to inputs breaks off behind so many lines; 0: never */
    const char *answer;        /* to anything but inputs: the body; NULL: 404 */
    const char *answer_events; /* to a path ending in /events */
    int answer_status;
    /* the server's own */
    struct fake_request requests[FAKE_REQUESTS];
    unsigned n;
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    struct buf in, out;
};

/* Listens on path. */
void fake_daemon_start(struct fake_daemon *d, const char *path);
/* Closes the socket; requests stay readable until fake_daemon_done(). */
void fake_daemon_stop(struct fake_daemon *d);
void fake_daemon_done(struct fake_daemon *d);

/* Its answer to inputs: a line with "bad" in it is malformed, one with "rej" rejected as stale, one with "same"
 * unchanged, any other applied. */

#endif
