/* Who is connected: all connections of the interface, whatever socket they came by, and which of them can be sent
 * away.
 *
 * A connection is idle from its beginning, or the end of an answer, until a request's whole header is there. It may
 * be so for a while only, however busily a header drips in; and when there are too many, whoever is idle longest
 * makes room. */
#ifndef HTTP_PEERS_H
#define HTTP_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "net/loop.h"

/* So many for each socket that is listened on, as long as there are descriptors. */
#define CONNECTIONS_MAX 16384

struct crowd;
struct handshake;
struct gnutls_session_int;

/* The other end of a connection. */
struct peer {
    struct crowd *crowd;
    int fd;
    struct gnutls_session_int *tls; /* NULL: in the clear */
    struct handshake *handshake;    /* NULL: over, or none */
    bool local;                     /* it came over a Unix socket, not over TCP */
    bool known;                     /* the kernel named its uid; only where it is local */
    uid_t uid;
    bool busy;             /* a request's header is whole, its answer not sent */
    bool leaving;          /* sent away: the library has yet to find out */
    bool begun;            /* while idle: the first line of a header is there */
    size_t target_bytes;   /* the target's in that line, up to a NUL if there is one; 0: it is none */
    uint64_t heard;        /* bytes that had come before the last answer, over TCP */
    const bool *last_answer; /* is the next one its last? */
    int64_t idle_since_ns; /* when not busy */
    TAILQ_ENTRY(peer) idle;
};

/* idle_seconds: how long one may be idle. At most three quarters of the process's descriptors become connections. */
struct crowd *crowd_new(struct loop *l, unsigned idle_seconds);
/* When all have left. NULL is fine. */
void crowd_free(struct crowd *c);
/* One socket more is listened on. */
void crowd_widen(struct crowd *c);
/* The most that there can ever be. */
unsigned crowd_max(const struct crowd *c);

/* Somebody came. When it is full, the one that is idle longest is sent away for that, or else the new one. */
struct peer *peer_new(struct crowd *c, int fd, struct gnutls_session_int *tls);
void peer_free(struct peer *p);
void peer_busy(struct peer *p);
/* The answer is about to be sent: only what comes from now on may be another request. */
void peer_answered(struct peer *p);
void peer_idle(struct peer *p);
/* No more of its header will come, for it has closed its end: says so. */
void peer_unfinished(struct peer *p);
/* Ends the connection, whatever is in progress: the library sees an end of file. */
void peer_send_away(struct peer *p);

#endif
