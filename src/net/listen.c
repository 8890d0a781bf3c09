#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

#define UNIX_PREFIX "unix:"
#define TLS_PREFIX "tls:"
#define SOCKET_MODE 0660
#define BACKLOG 4096 /* or what the system allows: whoever finds it full tries again a second later */
#define PORT_MAX 65535

/* Any of the addresses that a socket may have. */
struct place {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } a;
    socklen_t length;
};

/* --- addresses --- */

/* The path behind "unix:", or NULL. */
static const char *unix_path(const char *address)
{
    size_t n = strlen(UNIX_PREFIX);
    return strncmp(address, UNIX_PREFIX, n) == 0 ? address + n : NULL;
}

static enum err parse_unix(const char *address, const char *path, struct place *out, struct errmsg *msg)
{
    size_t room = sizeof out->a.local.sun_path;
    if (path[0] != '/')
        return err_set(msg, ERR_INVALID, "listen \"%s\": expected an absolute path after \"unix:\"", address);
    if (strlen(path) >= room)
        return err_set(msg, ERR_INVALID,
                       "listen \"%s\": the path is longer than the %zu bytes that a socket's may have", address,
                       room - 1);
    *out = (struct place){.a.local.sun_family = AF_UNIX, .length = sizeof out->a.local};
    strcpy(out->a.local.sun_path, path);
    return ERR_OK;
}

static bool parse_port(const char *digits, in_port_t *out)
{
    unsigned v = 0;
    if (!*digits)
        return false;
    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9')
            return false;
        v = v * 10 + (unsigned)(*digits - '0');
        if (v > PORT_MAX)
            return false;
    }
    *out = htons((in_port_t)v);
    return true;
}

static bool parse_host(struct str host, in_port_t port, struct place *out)
{
    char text[INET6_ADDRSTRLEN];
    bool bracketed = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = (struct str){host.p + 1, host.n - 2};
    else if (str_is(host, "localhost"))
        host = STR_LIT("127.0.0.1");
    if (host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (bracketed) {
        *out = (struct place){.a.v6 = {.sin6_family = AF_INET6, .sin6_port = port}, .length = sizeof out->a.v6};
        return inet_pton(AF_INET6, text, &out->a.v6.sin6_addr) == 1;
    }
    *out = (struct place){.a.v4 = {.sin_family = AF_INET, .sin_port = port}, .length = sizeof out->a.v4};
    return inet_pton(AF_INET, text, &out->a.v4.sin_addr) == 1;
}

bool listen_is_tls(const char *address)
{
    return strncmp(address, TLS_PREFIX, strlen(TLS_PREFIX)) == 0;
}

static enum err parse(const char *address, struct place *out, struct errmsg *msg)
{
    const char *path = unix_path(address), *colon = strrchr(address, ':');
    const char *host = listen_is_tls(address) ? address + strlen(TLS_PREFIX) : address;
    in_port_t port;
    if (path)
        return parse_unix(address, path, out, msg);
    if (!colon || colon < host || !parse_port(colon + 1, &port) ||
        !parse_host((struct str){host, (size_t)(colon - host)}, port, out))
        return err_set(msg, ERR_INVALID,
                       "listen \"%s\": expected \"unix:/PATH\", or an address and a port such as \"127.0.0.1:8600\", "
                       "\"[::1]:8600\" or \"tls:0.0.0.0:8443\" (no names are looked up but localhost)",
                       address);
    return ERR_OK;
}

enum err listen_check(const char *address, struct errmsg *msg)
{
    struct place p;
    return parse(address, &p, msg);
}

const char *listen_text(int fd, char out[LISTEN_TEXT])
{
    struct place p = {.length = sizeof p.a};
    char host[INET6_ADDRSTRLEN] = "";
    if (getsockname(fd, &p.a.any, &p.length) != 0)
        p.a.any.sa_family = AF_UNSPEC;
    switch (p.a.any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &p.a.v4.sin_addr, host, sizeof host);
        snprintf(out, LISTEN_TEXT, "%s:%u", host, ntohs(p.a.v4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &p.a.v6.sin6_addr, host, sizeof host);
        snprintf(out, LISTEN_TEXT, "[%s]:%u", host, ntohs(p.a.v6.sin6_port));
        break;
    case AF_UNIX: /* one that was passed may have an abstract name, or none: then it shows as empty */
        snprintf(out, LISTEN_TEXT, UNIX_PREFIX "%.*s", (int)sizeof p.a.local.sun_path, p.a.local.sun_path);
        break;
    default: snprintf(out, LISTEN_TEXT, "unknown");
    }
    return out;
}

static bool same_place(const struct place *a, const struct place *b)
{
    if (a->a.any.sa_family != b->a.any.sa_family)
        return false;
    switch (a->a.any.sa_family) {
    case AF_INET:
        return a->a.v4.sin_port == b->a.v4.sin_port && a->a.v4.sin_addr.s_addr == b->a.v4.sin_addr.s_addr;
    case AF_INET6:
        return a->a.v6.sin6_port == b->a.v6.sin6_port && IN6_ARE_ADDR_EQUAL(&a->a.v6.sin6_addr, &b->a.v6.sin6_addr);
    case AF_UNIX: return strncmp(a->a.local.sun_path, b->a.local.sun_path, sizeof a->a.local.sun_path) == 0;
    default: return false;
    }
}

bool listen_is_at(int fd, const char *address)
{
    struct place wanted, is = {.length = sizeof is.a};
    struct errmsg msg;
    return parse(address, &wanted, &msg) == ERR_OK && getsockname(fd, &is.a.any, &is.length) == 0 &&
           same_place(&wanted, &is);
}

bool listen_is_local(int fd)
{
    struct place p = {.length = sizeof p.a};
    if (getsockname(fd, &p.a.any, &p.length) != 0)
        return false;
    if (p.a.any.sa_family == AF_INET)
        return ntohl(p.a.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (p.a.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&p.a.v6.sin6_addr);
    return p.a.any.sa_family == AF_UNIX;
}

/* --- sockets --- */

static int make_socket(const struct place *p)
{
    return socket(p->a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Removes the file when nobody listens on it any more. */
static enum err remove_stale(const char *address, const struct place *p, struct errmsg *msg)
{
    const char *path = p->a.local.sun_path;
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? ERR_OK : err_set(msg, ERR_IO, "listen \"%s\": %m", address);
    if (!S_ISSOCK(st.st_mode))
        return err_set(msg, ERR_EXISTS, "listen \"%s\": there is a file of that name, and it is no socket", address);
    int fd = make_socket(p);
    if (fd < 0)
        return err_set(msg, ERR_IO, "listen \"%s\": no socket to be had: %m", address);
    int failed = connect(fd, &p->a.any, p->length) == 0 ? 0 : errno;
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

static enum err listen_unix(const char *address, const struct place *p, int fd, struct errmsg *msg)
{
    const char *path = p->a.local.sun_path;
    /* Before bind() the mode is the most that the file will have, after it the mode that it has whatever the umask. */
    if (fchmod(fd, SOCKET_MODE) != 0 || bind(fd, &p->a.any, p->length) != 0)
        return err_set(msg, ERR_IO, "listen \"%s\": cannot make the socket: %m", address);
    if (chmod(path, SOCKET_MODE) != 0 || listen(fd, BACKLOG) != 0) {
        err_set(msg, ERR_IO, "listen \"%s\": %m", address);
        unlink(path);
        return ERR_IO;
    }
    return ERR_OK;
}

/* SO_REUSEADDR: a restart need not wait until the connections of the one before are forgotten. IPV6_V6ONLY: [::] leaves
 * IPv4 to an address of its own. */
static enum err listen_tcp(const char *address, const struct place *p, int fd, struct errmsg *msg)
{
    int on = 1;
    bool v6 = p->a.any.sa_family == AF_INET6;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0))
        return err_set(msg, ERR_IO, "listen \"%s\": %m", address);
    if (bind(fd, &p->a.any, p->length) == 0 && listen(fd, BACKLOG) == 0)
        return ERR_OK;
    if (errno == EADDRINUSE)
        return err_set(msg, ERR_LOCKED, "listen \"%s\": another process listens there; stop it first", address);
    return err_set(msg, ERR_IO, "listen \"%s\": %m", address);
}

enum err listen_open(const char *address, int *fd, struct errmsg *msg)
{
    struct place p;
    enum err e = parse(address, &p, msg);
    bool local = e == ERR_OK && p.a.any.sa_family == AF_UNIX;
    if (local)
        e = remove_stale(address, &p, msg);
    if (e != ERR_OK)
        return e;
    int made = make_socket(&p);
    if (made < 0)
        return err_set(msg, ERR_IO, "listen \"%s\": no socket to be had: %m", address);
    e = local ? listen_unix(address, &p, made, msg) : listen_tcp(address, &p, made, msg);
    if (e != ERR_OK)
        close(made);
    else
        *fd = made;
    return e;
}

void listen_close(const char *address, int fd)
{
    const char *path = unix_path(address);
    if (path)
        unlink(path);
    close(fd);
}
