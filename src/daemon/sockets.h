/* The daemon's listening sockets: those that the service manager passed, and what the configuration names besides. */
#ifndef DAEMON_SOCKETS_H
#define DAEMON_SOCKETS_H

#include "config/config.h"

struct sockets {
    struct {
        char *address; /* NULL: passed, and not ours to remove */
        int fd;
        bool tls;
    } v[2 * LISTEN_MAX];
    unsigned n;
};

/* Is each address one that can be listened on? Touches nothing. */
enum err sockets_check(const struct config *c, struct errmsg *msg) ERR_MUSTCHECK;
/* A socket that was passed takes the place of the address at which it listens. It is for TLS when its name is "tls", or
 * when that address says so. */
enum err sockets_open(char *const *addresses, unsigned n, struct sockets *out, struct errmsg *msg) ERR_MUSTCHECK;
/* Says which of them carry tokens where others can read them. */
void sockets_warn_cleartext(const struct sockets *s);
void sockets_close(struct sockets *s);

#endif
