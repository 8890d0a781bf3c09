/* Requests that no well-meaning client sends. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

/* Sent as it stands on a connection of its own. TOKEN in it stands for the line with the token. */
struct hostile {
    const char *what;
    const char *request;
    int status;       /* of every answer; 0: there is none */
    unsigned answers; /* 0: the connection ends, and what follows must not be taken for a request; else how many come
                         before the next one may follow */
};

extern const struct hostile hostile_requests[];
extern const size_t n_hostile_requests;

#endif
