#include "tests/receiver/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static bool parse_unix(const char *path, struct address *out)
{
    struct sockaddr_un *a = (struct sockaddr_un *)&out->sa;
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof a->sun_path)
        return false;
    a->sun_family = AF_UNIX;
    memcpy(a->sun_path, path, n + 1);
    out->n = sizeof *a;
    return true;
}

bool address_parse(const char *text, struct address *out)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found;
    char host[64];
    *out = (struct address){.n = 0};
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, out);
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof host)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    if (strcmp(host, "localhost") == 0)
        strcpy(host, "127.0.0.1");
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return false;
    memcpy(&out->sa, found->ai_addr, found->ai_addrlen);
    out->n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

void address_of(int fd, char out[ADDRESS_TEXT])
{
    struct address a = {.n = sizeof a.sa};
    char host[INET6_ADDRSTRLEN] = "", port[8] = "";
    getsockname(fd, (struct sockaddr *)&a.sa, &a.n);
    if (a.sa.ss_family == AF_UNIX) {
        snprintf(out, ADDRESS_TEXT, "unix:%s", ((struct sockaddr_un *)&a.sa)->sun_path);
        return;
    }
    getnameinfo((struct sockaddr *)&a.sa, a.n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(out, ADDRESS_TEXT, "%s:%s", host, port);
}

bool address_same(const struct address *a, const struct address *b)
{
    return a->n == b->n && memcmp(&a->sa, &b->sa, a->n) == 0;
}

int address_socket(const struct address *a)
{
    int one = 1, fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && a->sa.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}
