/* A server at the other end of a test's requests: it reads whole requests and does as it was told, well or badly. It
 * runs on threads of its own, listens on a free port, IPv4 and IPv6, and counts. */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

enum peer_then {
    PEER_KEEPS,   /* waits for the next request */
    PEER_CLOSES,  /* the connection, in order */
    PEER_RESETS,  /* the connection, without */
    PEER_HANGS,   /* says nothing more */
    PEER_REPEATS, /* sends `more` without end */
};

struct peer_settings {
    const char *answer; /* to each request, as it stands; NULL: none */
    const char *more;
    enum peer_then then;   /* after the answer */
    unsigned answers;      /* so many on one connection, then it closes it instead; 0: any number */
    bool mute;             /* accepts and does nothing at all */
    const char *cert_file; /* PEM with key: it speaks TLS; NULL: it does not */
    const char *client_ca; /* asks for a client's certificate from this CA; NULL: does not ask */
};

struct peer *peer_new(const struct peer_settings *s);
void peer_free(struct peer *p);
unsigned peer_port(const struct peer *p);
unsigned peer_connections(struct peer *p); /* accepted so far */
unsigned peer_requests(struct peer *p);    /* read whole so far */
/* The last whole request, terminated; it holds until the next call. */
const char *peer_last(struct peer *p);
/* A port on which nobody listens. */
unsigned closed_port(void);

#endif
