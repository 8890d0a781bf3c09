/* Listening sockets: "unix:/PATH", or an address with a port: "127.0.0.1:8600", "[::1]:8600", "localhost:8600",
 * which is 127.0.0.1. Names are not looked up: what one means may change, and with it who can connect. "tls:" may
 * stand before an address with a port: the socket is the same, and whoever accepts on it does the rest. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

#define LISTEN_TEXT 128

/* Is it an address that listen_open() may try? Touches nothing. */
enum err listen_check(const char *address, struct errmsg *msg) ERR_MUSTCHECK;

/* Binds and listens, non-blocking; where somebody else listens it is ERR_LOCKED. A Unix socket's file left behind by a
 * process that died is replaced, and gets mode 0660: who connects is asked for its uid anyhow. Port 0: a free one. */
enum err listen_open(const char *address, int *fd, struct errmsg *msg) ERR_MUSTCHECK;
/* Closes it and removes its file. */
void listen_close(const char *address, int fd);

bool listen_is_tls(const char *address);
/* Does this socket listen at that address, one that listen_check() takes? Port 0 is at none. */
bool listen_is_at(int fd, const char *address);
/* Can only this machine connect to it? */
bool listen_is_local(int fd);

/* Where a socket listens, in the form above and with the port that it has got. */
const char *listen_text(int fd, char out[LISTEN_TEXT]);

#endif
