/* The preloaded library's calls on sockets, and on what is waited for. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/faults/preload.h"

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    return BYTES(FAULTS_SEND, fd, SYS_sendto, 2, fd, (long)p, (long)n, flags);
}

ssize_t sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to, socklen_t size)
{
    return BYTES(FAULTS_SEND, fd, SYS_sendto, 2, fd, (long)p, (long)n, flags, (long)to, size);
}

/* Of several parts half of the first one is the half; of what else is sent along there is none. */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    return WHOLE(FAULTS_SEND, fd, NULL, SYS_sendmsg, fd, (long)m, flags);
}

ssize_t sendfile(int to, int from, off_t *at, size_t n)
{
    return BYTES(FAULTS_SEND, to, SYS_sendfile, 3, to, from, (long)at, (long)n);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
    return BYTES(FAULTS_RECEIVE, fd, SYS_recvfrom, 2, fd, (long)p, (long)n, flags);
}

ssize_t recvfrom(int fd, void *restrict p, size_t n, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict size)
{
    return BYTES(FAULTS_RECEIVE, fd, SYS_recvfrom, 2, fd, (long)p, (long)n, flags, (long)from, (long)size);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    return WHOLE(FAULTS_RECEIVE, fd, NULL, SYS_recvmsg, fd, (long)m, flags);
}

int accept(int fd, struct sockaddr *restrict from, socklen_t *restrict size)
{
    return (int)WHOLE(FAULTS_ACCEPT, fd, NULL, SYS_accept, fd, (long)from, (long)size);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict size, int flags)
{
    return (int)WHOLE(FAULTS_ACCEPT, fd, NULL, SYS_accept4, fd, (long)from, (long)size, flags);
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    return (int)WHOLE(FAULTS_CONNECT, fd, NULL, SYS_connect, fd, (long)to, size);
}

int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    enum faults_kind kind = operation == EPOLL_CTL_ADD ? FAULTS_WATCH : NO_KIND; /* the others need no memory */
    return (int)WHOLE(kind, fd, NULL, SYS_epoll_ctl, set, operation, fd, (long)event);
}

int epoll_wait(int set, struct epoll_event *out, int n, int ms)
{
    return (int)WHOLE(FAULTS_WAIT, set, NULL, SYS_epoll_pwait, set, (long)out, n, ms, 0, 8);
}

int poll(struct pollfd *v, nfds_t n, int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    return (int)WHOLE(FAULTS_WAIT, -1, NULL, SYS_ppoll, (long)v, (long)n, ms < 0 ? 0 : (long)&t, 0, 8);
}

int socket(int domain, int type, int protocol)
{
    return (int)WHOLE(FAULTS_MAKE, -1, NULL, SYS_socket, domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int out[2])
{
    return (int)WHOLE(FAULTS_MAKE, -1, NULL, SYS_socketpair, domain, type, protocol, (long)out);
}

int pipe2(int out[2], int flags)
{
    return (int)WHOLE(FAULTS_MAKE, -1, NULL, SYS_pipe2, (long)out, flags);
}

int epoll_create1(int flags)
{
    return (int)WHOLE(FAULTS_MAKE, -1, NULL, SYS_epoll_create1, flags);
}

int eventfd(unsigned value, int flags)
{
    return (int)WHOLE(FAULTS_MAKE, -1, NULL, SYS_eventfd2, value, flags);
}

int timerfd_create(clockid_t clock, int flags)
{
    return (int)WHOLE(FAULTS_MAKE, -1, NULL, SYS_timerfd_create, clock, flags);
}
