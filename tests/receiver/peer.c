#include "tests/receiver/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/receiver/address.h"

#define WAIT_MS 60000
#define ARGUMENTS_MAX 32

struct peer {
    pid_t pid;  /* 0: not running */
    int out_fd; /* what it prints */
    char address[ADDRESS_TEXT];
    struct buf answer;
};

/* --- its process --- */

static void become_receiver(const char *const arguments[], int out)
{
    const char *build = getenv("top_builddir"), *argv[ARGUMENTS_MAX + 2] = {"receiver"};
    char program[512];
    snprintf(program, sizeof program, "%s/tests/receiver/receiver", build ? build : ".");
    for (unsigned i = 0; arguments && arguments[i] && i < ARGUMENTS_MAX; i++)
        argv[i + 1] = arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nobody behind */
    dup2(out, STDOUT_FILENO);
    execv(program, (char *const *)argv);
    fprintf(stderr, "cannot run %s\n", program);
    _exit(127);
}

/* The next line that it prints, without its end; false: there is none any more. */
static bool read_line(struct peer *p, struct buf *line)
{
    struct pollfd fd = {.fd = p->out_fd, .events = POLLIN};
    char c = '\0';
    buf_clear(line);
    while (c != '\n') {
        if (poll(&fd, 1, WAIT_MS) <= 0)
            bail_out("the receiver says nothing");
        if (read(p->out_fd, &c, 1) != 1)
            break;
        buf_addc(line, c == '\n' ? '\0' : c);
    }
    return c == '\n';
}

struct peer *peer_start(const char *const arguments[])
{
    struct peer *p = mem_zalloc(1, sizeof *p);
    int fds[2];
    fflush(stdout);
    if (pipe2(fds, O_CLOEXEC) != 0)
        bail_out("no pipe to be had");
    p->pid = fork();
    if (p->pid == 0)
        become_receiver(arguments, fds[1]);
    close(fds[1]);
    p->out_fd = fds[0];
    if (!read_line(p, &p->answer) || sscanf(p->answer.p, "listening %127s", p->address) != 1)
        bail_out("the receiver has not started");
    return p;
}

static int wait_for(struct peer *p)
{
    int status;
    for (int waited = 0; p->pid && waited < WAIT_MS; waited += 2) {
        if (waitpid(p->pid, &status, WNOHANG) == p->pid)
            p->pid = 0;
        else
            poll(NULL, 0, 2);
    }
    if (p->pid)
        bail_out("the receiver does not end");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void read_counts(const char *json, struct counts *out)
{
    static const struct {
        const char *member;
        size_t at;
    } members[] = {
#define X(name) {"\"" #name "\":", offsetof(struct counts, name)},
        LEDGER_COUNTS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *found = strstr(json, members[i].member);
        if (!found)
            bail_out("the receiver does not tell %s", members[i].member);
        *(uint64_t *)((char *)out + members[i].at) = strtoull(found + strlen(members[i].member), NULL, 10);
    }
}

int peer_stop(struct peer *p, struct counts *last)
{
    if (p->pid == 0)
        return 0;
    kill(p->pid, SIGTERM);
    if (!read_line(p, &p->answer))
        bail_out("the receiver has no last word");
    if (last)
        read_counts(p->answer.p, last);
    return wait_for(p);
}

void peer_kill(struct peer *p)
{
    if (p->pid == 0)
        return;
    kill(p->pid, SIGKILL);
    wait_for(p);
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    peer_kill(p);
    close(p->out_fd);
    buf_done(&p->answer);
    free(p);
}

const char *peer_address(const struct peer *p)
{
    return p->address;
}

pid_t peer_pid(const struct peer *p)
{
    return p->pid;
}

/* --- talking --- */

static int dial(const struct peer *p)
{
    struct address a;
    if (!address_parse(p->address, &a))
        bail_out("%s is no address", p->address);
    int fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        bail_out("no socket to be had");
    if (connect(fd, (struct sockaddr *)&a.sa, a.n) == 0)
        return fd;
    close(fd);
    return -1;
}

static enum talk listen_to(int fd, int patience_ms, struct buf *out)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (;;) {
        if (poll(&ready, 1, patience_ms) <= 0)
            return TALK_SILENT;
        ssize_t n = recv(fd, buf_room(out, 65536), 65536, 0);
        if (n <= 0)
            return n < 0 ? TALK_RESET : TALK_ENDED;
        out->n += (size_t)n;
    }
}

enum talk peer_talk(struct peer *p, struct str bytes, int patience_ms, struct buf *out)
{
    int fd = dial(p);
    buf_clear(out);
    enum talk how = TALK_NOBODY;
    if (fd >= 0) {
        for (size_t at = 0; at < bytes.n;) {
            ssize_t n = send(fd, bytes.p + at, bytes.n - at, MSG_NOSIGNAL);
            if (n <= 0)
                break;
            at += (size_t)n;
        }
        how = listen_to(fd, patience_ms, out);
        close(fd);
    }
    buf_addc(out, '\0');
    out->n--;
    return how;
}

int peer_request(struct peer *p, const char *method, const char *target, const char *headers, struct str body,
                 struct buf *out)
{
    struct buf bytes = BUF_INIT;
    buf_printf(&bytes, "%s %s HTTP/1.1\r\nHost: peer\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n", method,
               target, body.n, headers ? headers : "");
    buf_addstr(&bytes, body);
    enum talk how = peer_talk(p, buf_str(&bytes), WAIT_MS, out);
    buf_done(&bytes);
    if (how == TALK_SILENT)
        bail_out("the receiver does not answer");
    return strncmp(out->p, "HTTP/1.1 ", 9) == 0 ? atoi(out->p + 9) : 0;
}

/* --- its control --- */

void peer_set(struct peer *p, const char *words)
{
    if (peer_request(p, "POST", "/control", NULL, str_of(words), &p->answer) != 200)
        bail_out("the receiver refuses %s: %s", words, p->answer.p);
}

struct counts peer_counts(struct peer *p)
{
    struct counts c;
    if (peer_request(p, "GET", "/control", NULL, STR_NONE, &p->answer) != 200)
        bail_out("the receiver does not give its counts");
    read_counts(p->answer.p, &c);
    return c;
}

uint64_t peer_type_count(struct peer *p, const char *type)
{
    char member[128];
    peer_counts(p);
    snprintf(member, sizeof member, "\"%s\":", type);
    const char *types = strstr(p->answer.p, "\"types\":{"), *found = types ? strstr(types, member) : NULL;
    return found ? strtoull(found + strlen(member), NULL, 10) : 0;
}

bool peer_await_at(struct peer *p, size_t count, uint64_t at_least)
{
    int64_t limit = clock_monotonic_ns() + WAIT_MS * INT64_C(1000000);
    do {
        struct counts c = peer_counts(p);
        if (*(const uint64_t *)((const char *)&c + count) >= at_least)
            return true;
        poll(NULL, 0, 5);
    } while (clock_monotonic_ns() < limit);
    return false;
}
