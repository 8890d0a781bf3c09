#include "daemon/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/read_up_to.h"
#include "config/secret.h"

#define PEM_BYTES_MAX ((size_t)256 * 1024) /* of one file: authorities come in bundles */

/* What nobody minds others reading. */
static enum err open_public(const char *path, int *fd, struct errmsg *msg)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return *fd < 0 ? err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno)) : ERR_OK;
}

/* *out: owned, terminated. */
static enum err read_pem(int fd, char **out, struct errmsg *msg)
{
    char *text = mem_alloc(PEM_BYTES_MAX + 1);
    ssize_t n = read_up_to(fd, text, PEM_BYTES_MAX + 1);
    enum err e = ERR_OK;
    if (n < 0)
        e = err_set(msg, ERR_IO, "%s: expected a file that can be read", strerror(errno));
    else if ((size_t)n > PEM_BYTES_MAX)
        e = err_set(msg, ERR_INVALID, "too long: expected at most %zu bytes", PEM_BYTES_MAX);
    else if (memchr(text, '\0', (size_t)n))
        e = err_set(msg, ERR_INVALID, "a NUL byte in it: expected PEM");
    if (e == ERR_OK)
        *out = mem_strndup(text, (size_t)n);
    explicit_bzero(text, PEM_BYTES_MAX + 1);
    free(text);
    return e;
}

static enum err load(const char *name, bool secret, char **out, struct errmsg *msg)
{
    char *path;
    int fd;
    enum err e = secret_path(name, &path, msg);
    if (e != ERR_OK)
        return e;
    e = secret ? secret_open(path, &fd, msg) : open_public(path, &fd, msg);
    free(path);
    if (e != ERR_OK)
        return e;
    e = read_pem(fd, out, msg);
    close(fd);
    return e;
}

/* NULL: there was a fault, or no such file is named. */
static char *load_named(const struct config *c, const char *key, const char *name, bool secret, struct buf *faults)
{
    struct errmsg msg;
    char *text = NULL;
    if (name && load(name, secret, &text, &msg) != ERR_OK)
        buf_printf(faults, "%s: %s = \"%s\": %s\n", c->tls_place, key, name, msg.text);
    return text;
}

enum err tls_files_load(const struct config *c, struct tls **out, struct buf *faults)
{
    size_t before = faults->n;
    struct errmsg msg;
    *out = NULL;
    if (!c->tls_cert)
        return ERR_OK;
    char *cert = load_named(c, "tls_cert", c->tls_cert, false, faults);
    char *key = load_named(c, "tls_key", c->tls_key, true, faults);
    char *ca = load_named(c, "tls_client_ca", c->tls_client_ca, false, faults);
    if (faults->n == before && tls_new(cert, key, ca, out, &msg) != ERR_OK)
        buf_printf(faults, "%s: %s\n", c->tls_place, msg.text);
    if (key)
        explicit_bzero(key, strlen(key));
    free(cert);
    free(key);
    free(ca);
    return faults->n == before ? ERR_OK : ERR_INVALID;
}
