/* One connection: requests in, answers out in their order, each as the receiver has decided. */
#ifndef RECEIVER_CONN_H
#define RECEIVER_CONN_H

#include "tests/receiver/receiver.h"

struct conn {
    int fd; /* -1: free */
    uint32_t generation;
    struct buf in; /* read; from in_at on not yet handled */
    size_t in_at;
    struct buf out; /* answers; up to sent they are */
    size_t sent;
    size_t allowed; /* so much of out may be sent by now */
    bool held;      /* the last answer is not out of hand yet: nothing further is handled */
    enum ending ending;
    int64_t due;     /* when more is allowed; INT64_MAX: nothing waits */
    int64_t drip_ns; /* 0: then all of it */
};

/* What a connection is in need of. */
enum conn_need {
    NEED_INPUT,
    NEED_ROOM, /* to send */
    NEED_TIME, /* until due; or it hangs, and waits only for the other end to go */
    NEED_END,  /* to be closed */
    NEED_RESET,
};

void conn_init(struct conn *c, int fd);
/* Closes it. Its buffers stay, unless they are large. */
void conn_close(struct conn *c, bool reset);
/* Frees what it holds. */
void conn_done(struct conn *c);
/* Reads once; false: the other end has gone. */
bool conn_read(struct conn *c);
/* Time has come to due. */
void conn_wake(struct conn *c, int64_t now);
/* Handles what it has, sends what it may, and says what it needs. */
enum conn_need conn_advance(struct conn *c, struct receiver *r, int64_t now);

#endif
