/* One server's place, as URIs have it. */
#ifndef REDIS_HOST_H
#define REDIS_HOST_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define REDIS_USER_MAX 128

struct redis_host {
    char name[256]; /* a name or an address, without brackets */
    uint16_t port;
};

/* "HOST:PORT", or "[ADDRESS]:PORT". NULL: done; else what is wrong, and *out is left alone. */
const char *redis_host_read(struct str text, struct redis_host *out);

/* Takes "USER@" off the front, where it stands. NULL: done, user is "" when there was none; else what is wrong. */
const char *redis_user_read(struct str *rest, char user[REDIS_USER_MAX + 1]);

/* Takes what stands before the first such byte off the front, with that byte; false: there is none. */
bool redis_cut(struct str *rest, char at, struct str *before);
/* A number in decimal digits alone, up to max. */
bool redis_number_read(struct str text, unsigned max, unsigned *out);
/* Copies it, with a terminator; false: it is empty, or too long. */
bool redis_text_copy(struct str text, char *out, size_t size);

#endif
