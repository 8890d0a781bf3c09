#include "daemon/sockets.h"

#include <fcntl.h>
#include <stdlib.h>
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

static enum err take_passed(int fd, struct sockets *s, struct errmsg *msg)
{
    int flags = fcntl(fd, F_GETFL);
    if (s->n == LISTEN_MAX)
        return err_set(msg, ERR_FULL, "more than %d listening sockets were passed", LISTEN_MAX);
    if (!is_listener(fd))
        return err_set(msg, ERR_INVALID, "descriptor %d was passed, and is no listening Unix or TCP socket", fd);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return err_set(msg, ERR_IO, "descriptor %d was passed, and cannot be set non-blocking: %m", fd);
    s->v[s->n].address = NULL;
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
    s->v[s->n++].fd = fd;
    return ERR_OK;
}

/* Port 0 stands for one that nobody knows before. */
static void tell(const struct sockets *s)
{
    char text[LISTEN_TEXT], quoted[2 * LISTEN_TEXT];
    for (unsigned i = 0; i < s->n; i++)
        log_line(LOG_LEVEL_NOTICE, "listening", "address=%s",
                 log_quote(listen_text(s->v[i].fd, text), quoted, sizeof quoted));
}

enum err sockets_open(char *const *addresses, unsigned n, struct sockets *out, struct errmsg *msg)
{
    struct sockets s = {.n = 0};
    enum err e = ERR_OK;
    int passed = sd_listen_fds(1);
    for (int i = 0; i < passed && e == ERR_OK; i++)
        e = take_passed(SD_LISTEN_FDS_START + i, &s, msg);
    for (unsigned i = 0; i < n && passed <= 0 && e == ERR_OK; i++)
        e = open_named(addresses[i], &s, msg);
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
