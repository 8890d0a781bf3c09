/* The address of a Redis server: "redis://[USER@]HOST:PORT[/DB]". */
#ifndef NET_REDIS_URL_H
#define NET_REDIS_URL_H

#include <stdint.h>

#include "base/err.h"

struct redis_target {
    char host[256]; /* a name, or an address without brackets */
    char user[129]; /* "": the default one */
    uint16_t port;
    unsigned db;
};

/* ERR_INVALID with a sentence that does not show the URL: somebody may have put a password into it. */
enum err redis_url_parse(const char *url, struct redis_target *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
