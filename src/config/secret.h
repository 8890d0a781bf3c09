/* Secrets, each in a file of its own that nobody else can read. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include "base/err.h"
#include "config/endpoint.h"

#define SECRET_BYTES_MAX 4096

/* What a file's name stands for: itself when it begins with '/', else a credential, "$CREDENTIALS_DIRECTORY/NAME".
 * *out is owned by the caller. ERR_ABSENT: there is no such folder. */
enum err secret_path(const char *name, char **out, struct errmsg *msg) ERR_MUSTCHECK;

/* Opens a regular file (a link to one is fine) that others can neither read nor write; its group may. *fd: for the
 * caller to close. ERR_INVALID, ERR_IO. */
enum err secret_open(const char *path, int *fd, struct errmsg *msg) ERR_MUSTCHECK;

/* Reads a secret. No message holds any of it. */
enum err secret_load(const char *name, struct secret *out, struct errmsg *msg) ERR_MUSTCHECK;

/* Overwrites and frees it. */
void secret_done(struct secret *s);

#endif
