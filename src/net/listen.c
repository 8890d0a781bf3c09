#include "net/listen.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define SOCKET_MODE 0660
#define BACKLOG 128

/* The path behind "unix:", or NULL. */
static const char *unix_path(const char *address)
{
    size_t n = strlen(UNIX_PREFIX);
    return strncmp(address, UNIX_PREFIX, n) == 0 ? address + n : NULL;
}

enum err listen_check(const char *address, struct errmsg *msg)
{
    const char *path = unix_path(address);
    size_t room = sizeof((struct sockaddr_un *)0)->sun_path;
    if (!path)
        return err_set(
            msg, ERR_INVALID,
            "listen \"%s\": this version listens on Unix sockets only (\"unix:/PATH\"): over TCP anybody could "
            "connect, and it knows no tokens yet",
            address);
    if (path[0] != '/')
        return err_set(msg, ERR_INVALID, "listen \"%s\": expected an absolute path after \"unix:\"", address);
    if (strlen(path) >= room)
        return err_set(msg, ERR_INVALID,
                       "listen \"%s\": the path is longer than the %zu bytes that a socket's may have", address,
                       room - 1);
    return ERR_OK;
}

static struct sockaddr_un unix_address(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, path, sizeof a.sun_path - 1); /* listen_check() saw that it fits */
    return a;
}

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Removes the file when nobody listens on it any more. */
static enum err remove_stale(const char *address, const char *path, struct errmsg *msg)
{
    struct sockaddr_un a = unix_address(path);
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? ERR_OK : err_set(msg, ERR_IO, "listen \"%s\": %m", address);
    if (!S_ISSOCK(st.st_mode))
        return err_set(msg, ERR_EXISTS, "listen \"%s\": there is a file of that name, and it is no socket", address);
    int fd = unix_socket();
    if (fd < 0)
        return err_set(msg, ERR_IO, "listen \"%s\": no socket to be had: %m", address);
    int failed = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? 0 : errno;
    close(fd);
    if (failed == 0 || failed == EAGAIN) /* EAGAIN: somebody listens, whose backlog is full */
        return err_set(msg, ERR_LOCKED, "listen \"%s\": another process answers on this socket; stop it first",
                       address);
    if (failed != ECONNREFUSED && failed != ENOENT)
        return err_set(msg, ERR_IO, "listen \"%s\": %s", address, strerror(failed));
    if (unlink(path) != 0 && errno != ENOENT)
        return err_set(msg, ERR_IO, "listen \"%s\": cannot remove the socket that was left behind: %m", address);
    return ERR_OK;
}

static enum err bind_and_listen(const char *address, const char *path, int fd, struct errmsg *msg)
{
    struct sockaddr_un a = unix_address(path);
    /* Before bind() the mode is the most that the file will have, after it the mode that it has whatever the umask. */
    if (fchmod(fd, SOCKET_MODE) != 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
        return err_set(msg, ERR_IO, "listen \"%s\": cannot make the socket: %m", address);
    if (chmod(path, SOCKET_MODE) != 0 || listen(fd, BACKLOG) != 0) {
        err_set(msg, ERR_IO, "listen \"%s\": %m", address);
        unlink(path);
        return ERR_IO;
    }
    return ERR_OK;
}

enum err listen_open(const char *address, int *fd, struct errmsg *msg)
{
    enum err e = listen_check(address, msg);
    const char *path = unix_path(address);
    if (e == ERR_OK)
        e = remove_stale(address, path, msg);
    if (e != ERR_OK)
        return e;
    int made = unix_socket();
    if (made < 0)
        return err_set(msg, ERR_IO, "listen \"%s\": no socket to be had: %m", address);
    e = bind_and_listen(address, path, made, msg);
    if (e != ERR_OK)
        close(made);
    else
        *fd = made;
    return e;
}

void listen_close(const char *address, int fd)
{
    unlink(unix_path(address));
    close(fd);
}
