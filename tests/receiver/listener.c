#include "tests/receiver/listener.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static bool is_unix(const struct listener *l)
{
    return l->address.sa.ss_family == AF_UNIX;
}

/* -1: errno says why. */
static int bound(const struct listener *l)
{
    int one = 1, fd = address_socket(&l->address);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&l->address.sa, l->address.n) == 0)
        return fd;
    close(fd);
    return -1;
}

static void remove_file(const struct listener *l)
{
    if (is_unix(l))
        unlink(((const struct sockaddr_un *)&l->address.sa)->sun_path);
}

enum err listener_init(struct listener *l, const char *address, char text[ADDRESS_TEXT], struct errmsg *msg)
{
    *l = (struct listener){.place_fd = -1, .fd = -1};
    if (!address_parse(address, &l->address))
        return err_set(msg, ERR_INVALID, "\"%s\" is no address: HOST:PORT with a numeric host, or unix:PATH", address);
    if (!is_unix(l)) {
        l->place_fd = bound(l);
        if (l->place_fd < 0)
            return err_set(msg, ERR_IO, "%s: %s", address, strerror(errno));
        l->address.n = sizeof l->address.sa;
        getsockname(l->place_fd, (struct sockaddr *)&l->address.sa, &l->address.n);
    }
    enum err e = listener_up(l, msg);
    if (e == ERR_OK)
        address_of(l->fd, text);
    else
        listener_done(l);
    return e;
}

enum err listener_up(struct listener *l, struct errmsg *msg)
{
    remove_file(l);
    l->fd = bound(l);
    if (l->fd >= 0 && listen(l->fd, BACKLOG) == 0)
        return ERR_OK;
    enum err e = err_set(msg, ERR_IO, "it cannot be listened: %s", strerror(errno));
    listener_down(l);
    return e;
}

void listener_down(struct listener *l)
{
    if (l->fd < 0)
        return;
    close(l->fd);
    l->fd = -1;
    remove_file(l);
}

void listener_done(struct listener *l)
{
    listener_down(l);
    if (l->place_fd >= 0)
        close(l->place_fd);
    l->place_fd = -1;
}
