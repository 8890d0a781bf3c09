/* The address of a Redis server: "redis://[USER@]HOST:PORT[/DB]". */
#ifndef NET_REDIS_URL_H
#define NET_REDIS_URL_H

#include "redis/host.h"

struct redis_target {
    struct redis_host host;
    char user[REDIS_USER_MAX + 1]; /* "": the default one */
    unsigned db;
};

/* ERR_INVALID with a sentence that does not show the URL: somebody may have put a password into it. */
enum err redis_url_parse(const char *url, struct redis_target *out, struct errmsg *msg) ERR_MUSTCHECK;

#endif
