#include "daemon/sockets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listen.h"

enum err sockets_check(const struct config *c, struct errmsg *msg)
{
    for (unsigned i = 0; i < c->n_listen; i++) {
        enum err e = listen_check(c->listen[i], msg);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static bool is_listener(int fd)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (sd_is_socket(fd, families[i], SOCK_STREAM, 1) > 0)
            return true;
    return false;
}

/* name: as the service manager has it (FileDescriptorName=). */
static enum err take_passed(int fd, const char *name, struct sockets *s, struct errmsg *msg)
{
    int flags = fcntl(fd, F_GETFL);
    if (s->n == LISTEN_MAX)
        return err_set(msg, ERR_FULL, "more than %d listening sockets were passed", LISTEN_MAX);
    if (!is_listener(fd))
        return err_set(msg, ERR_INVALID, "descriptor %d was passed, and is no listening Unix or TCP socket", fd);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return err_set(msg, ERR_IO, "descriptor %d was passed, and cannot be set non-blocking: %m", fd);
    s->v[s->n].address = NULL;
    s->v[s->n].tls = strcmp(name, "tls") == 0;
    s->v[s->n++].fd = fd;
    return ERR_OK;
}

static enum err open_named(const char *address, struct sockets *s, struct errmsg *msg)
{
    int fd;
    enum err e = listen_open(address, &fd, msg);
    if (e != ERR_OK)
        return e;
    s->v[s->n].address = mem_strdup(address);
    s->v[s->n].tls = listen_is_tls(address);
    s->v[s->n++].fd = fd;
    return ERR_OK;
}

/* Port 0 stands for one that nobody knows before. */
static void tell(const struct sockets *s)
{
    char text[LISTEN_TEXT], quoted[2 * LISTEN_TEXT];
    for (unsigned i = 0; i < s->n; i++)
        log_line(LOG_LEVEL_NOTICE, "listening", "address=%s%s", s->v[i].tls ? "tls:" : "",
                 log_quote(listen_text(s->v[i].fd, text), quoted, sizeof quoted));
}

static void free_names(char **names)
{
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

/* NULL: it is still to be opened. */
static bool *tls_of_passed(struct sockets *s, unsigned n_passed, const char *address)
{
    for (unsigned i = 0; i < n_passed; i++)
        if (listen_is_at(s->v[i].fd, address))
            return &s->v[i].tls;
    return NULL;
}

static enum err open_missing(char *const *addresses, unsigned n, struct sockets *s, struct errmsg *msg)
{
    enum err e = ERR_OK;
    unsigned n_passed = s->n;
    for (unsigned i = 0; i < n && e == ERR_OK; i++) {
        bool *tls = tls_of_passed(s, n_passed, addresses[i]);
        if (tls)
            *tls = *tls || listen_is_tls(addresses[i]);
        else
            e = open_named(addresses[i], s, msg);
    }
    return e;
}

enum err sockets_open(char *const *addresses, unsigned n, struct sockets *out, struct errmsg *msg)
{
    struct sockets s = {.n = 0};
    enum err e = ERR_OK;
    char **names = NULL;
    int passed = sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < passed && e == ERR_OK; i++)
        e = take_passed(SD_LISTEN_FDS_START + i, names[i], &s, msg);
    free_names(names);
    if (e == ERR_OK)
        e = open_missing(addresses, n, &s, msg);
    if (e == ERR_OK) {
        tell(&s);
        *out = s;
    } else {
        sockets_close(&s);
    }
    return e;
}

void sockets_close(struct sockets *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->v[i].address)
            listen_close(s->v[i].address, s->v[i].fd);
        else
            close(s->v[i].fd);
        free(s->v[i].address);
    }
    s->n = 0;
}

void sockets_warn_cleartext(const struct sockets *s)
{
    char text[LISTEN_TEXT], quoted[2 * LISTEN_TEXT];
    for (unsigned i = 0; i < s->n; i++)
        if (!s->v[i].tls && !listen_is_local(s->v[i].fd))
            log_line(LOG_LEVEL_WARNING, "cleartext-tokens",
                     "address=%s text=\"tokens cross the network in the clear; listen with tls:, or behind a proxy\"",
                     log_quote(listen_text(s->v[i].fd, text), quoted, sizeof quoted));
}
