/* Listening sockets. So far Unix sockets alone: a TCP listener needs tokens, which this version does not have. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/err.h"

/* Is "unix:/PATH" an address that listen_open() may try? Touches nothing. */
enum err listen_check(const char *address, struct errmsg *msg) ERR_MUSTCHECK;

/* Binds and listens, non-blocking. A socket file left behind by a process that died is replaced; one on which
 * somebody answers is ERR_LOCKED. The file gets mode 0660: who connects is asked for its uid anyhow. */
enum err listen_open(const char *address, int *fd, struct errmsg *msg) ERR_MUSTCHECK;
/* Closes it and removes its file. */
void listen_close(const char *address, int fd);

#endif
