#include "tests/net/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tap.h"

#define PORTS_TRIED 20 /* somebody else may be quicker to bind one */
#define OPTIONS_MAX 24
#define WAIT_STEPS 6000 /* of 5 ms: a machine under a sanitizer, and busy */
#define STEP_MS 5

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

int free_port(void)
{
    struct sockaddr_in a = loopback(0);
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || getsockname(fd, (struct sockaddr *)&a, &size) != 0)
        bail_out("no port to be had");
    close(fd);
    return ntohs(a.sin_port);
}

/* A store relies on no server that syncs less. What one has written the next does not find: it has a folder of its own,
 * unless the options name another. */
static void become_server(const struct redis_server *s, const char *port)
{
    char folder[300];
    snprintf(folder, sizeof folder, "%s/redis-XXXXXX", tap_tmpdir());
    if (!mkdtemp(folder))
        _exit(126);
    const char *argv[14 + OPTIONS_MAX] = {"redis-server", "--port", port,  "--bind", "127.0.0.1",     "--save", "",
                                          "--appendonly", "yes",    "--appendfsync", "always", "--dir", folder};
    unsigned n = 13;
    for (unsigned i = 0; s->options && s->options[i] && i < OPTIONS_MAX; i++)
        argv[n++] = s->options[i];
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nobody behind */
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

/* Does somebody answer in Redis' manner? With "-NOAUTH" it answers, too. */
static bool answers(int port)
{
    struct sockaddr_in a = loopback(port);
    struct timeval limit = {.tv_sec = 5};
    char byte = '\0';
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool good = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
                recv(fd, &byte, 1, 0) == 1 && (byte == '+' || byte == '-');
    close(fd);
    return good;
}

static bool try_start(struct redis_server *s, int port)
{
    char text[8];
    int status = 0;
    snprintf(text, sizeof text, "%d", port);
    fflush(stdout);
    s->pid = fork();
    if (s->pid == 0)
        become_server(s, text);
    for (int i = 0; i < WAIT_STEPS; i++) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            s->pid = 0;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                bail_out("there is no redis-server here");
            return false;
        }
        if (answers(port)) {
            s->port = port;
            return true;
        }
        poll(NULL, 0, STEP_MS);
    }
    bail_out("redis-server does not answer on port %d", port);
}

void redis_server_start(struct redis_server *s)
{
    for (int i = 0; i < PORTS_TRIED; i++)
        if (try_start(s, s->port ? s->port : free_port()))
            return;
    bail_out("redis-server does not start");
}

void redis_server_kill(struct redis_server *s)
{
    if (s->pid <= 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void redis_server_halt(struct redis_server *s)
{
    int status;
    kill(s->pid, SIGSTOP);
    if (waitpid(s->pid, &status, WUNTRACED) != s->pid || !WIFSTOPPED(status))
        bail_out("redis-server does not stand still");
}

void redis_server_go_on(struct redis_server *s)
{
    kill(s->pid, SIGCONT);
}
