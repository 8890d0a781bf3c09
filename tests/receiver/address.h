/* Where to listen or to connect: "HOST:PORT" with a numeric HOST or "localhost", or "unix:PATH". */
#ifndef RECEIVER_ADDRESS_H
#define RECEIVER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 128

struct address {
    struct sockaddr_storage sa; /* zero behind n bytes, so that two can be compared */
    socklen_t n;
};

bool address_parse(const char *text, struct address *out);
/* The one that a socket is bound to: what address_parse() reads. */
void address_of(int fd, char out[ADDRESS_TEXT]);
bool address_same(const struct address *a, const struct address *b);
/* A socket of its family, non-blocking; -1: none is to be had. */
int address_socket(const struct address *a);

#endif
