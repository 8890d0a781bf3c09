/* A listening socket that can go and come back at the same place. */
#ifndef RECEIVER_LISTENER_H
#define RECEIVER_LISTENER_H

#include "base/err.h"
#include "tests/receiver/address.h"

struct listener {
    struct address address;
    int place_fd; /* TCP: bound, never listening: nobody else gets the port meanwhile; else -1 */
    int fd;       /* -1: nobody listens */
};

enum err listener_init(struct listener *l, const char *address, char text[ADDRESS_TEXT],
                       struct errmsg *msg) ERR_MUSTCHECK;
enum err listener_up(struct listener *l, struct errmsg *msg) ERR_MUSTCHECK;
void listener_down(struct listener *l);
void listener_done(struct listener *l);

#endif
