/* The daemon's Unix socket, for benchmarks: what goes wrong ends them. */
#ifndef BENCH_CONNECT_H
#define BENCH_CONNECT_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

static inline _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline int connect_to(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die(path);
    return fd;
}

#endif
