/* The receiver's loop: connections, what waits, what drips; one thread, epoll. */
#ifndef RECEIVER_SERVER_H
#define RECEIVER_SERVER_H

#include "tests/receiver/address.h"
#include "tests/receiver/receiver.h"

#define SERVER_CONNS_MAX 4096

struct server;

/* Listens; where stands in *text, with the port that the kernel chose. Makes r->receipts. */
enum err server_new(struct receiver *r, const char *address, char text[ADDRESS_TEXT], struct server **out,
                    struct errmsg *msg) ERR_MUSTCHECK;
/* Serves until stop_fd can be read. */
void server_run(struct server *s, int stop_fd);
void server_free(struct server *s);

#endif
