/* The daemon's listening sockets: those that the service manager passed, else those that the configuration names. */
#ifndef DAEMON_SOCKETS_H
#define DAEMON_SOCKETS_H

#include "config/config.h"

struct sockets {
    struct {
        char *address; /* NULL: passed, and not ours to remove */
        int fd;
        bool tls;
    } v[LISTEN_MAX];
    unsigned n;
};

/* Is each address one that can be listened on? Touches nothing. */
enum err sockets_check(const struct config *c, struct errmsg *msg) ERR_MUSTCHECK;
enum err sockets_open(char *const *addresses, unsigned n, struct sockets *out, struct errmsg *msg) ERR_MUSTCHECK;
/* Says which of them carry tokens where others can read them. */
void sockets_warn_cleartext(const struct sockets *s);
void sockets_close(struct sockets *s);

#endif
