/* A body of a million lines does not sit in memory, nor does its answer: while it goes through the real daemon, that
 * grows by what a line's result takes, and by what is in flight. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define PEOPLE 1000000
/* A result: 32 bytes and the id, of 13 here. In flight: 30 MiB of groups. The rest is slack. */
#define GROWTH_KIB (PEOPLE / 1024 * (32 + 13) + 40 * 1024)

static const char config[] = "timezone = \"Asia/Shanghai\"\nmax_lines = 1000000\nchannel \"face\" { }\n"
                             "policy \"national\" { }\n";

static struct node *n;

/* A line of /proc/PID/status, in KiB. */
static long memory(const char *what)
{
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)n->pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, what, strlen(what)) == 0)
            kib = strtol(line + strlen(what) + 1, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static int connected(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 60};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", n->socket);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        bail_out("the daemon is not there");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

static void put(int fd, struct str s)
{
    while (s.n) {
        ssize_t done = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (done <= 0)
            bail_out("the daemon takes no more");
        s = (struct str){s.p + done, s.n - (size_t)done};
    }
}

/* Certifications of people whom nobody knows: the engine keeps nothing of them. Returns how many bytes they were. */
static uint64_t send_lines(int fd, const char *headers, unsigned lines)
{
    static const char format[] = "{\"op\":\"certify\",\"id\":\"nobody-%06u\",\"channel\":\"face\","
                                 "\"certified_on\":\"2026-01-01\",\"ref\":\"r%06u\"}\n";
    struct buf b = BUF_INIT;
    uint64_t total = (uint64_t)snprintf(NULL, 0, format, 0u, 0u) * lines;
    buf_printf(&b,
               "POST /v1/inputs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n%s"
               "Content-Length: %llu\r\nConnection: close\r\n\r\n",
               headers, (unsigned long long)total);
    for (unsigned i = 0; i < lines; i++) {
        buf_printf(&b, format, i, i);
        if (b.n < 256 * 1024 && i + 1 < lines)
            continue;
        put(fd, buf_str(&b));
        buf_clear(&b);
    }
    buf_done(&b);
    return total;
}

/* Counts the lines of the answer's body, and keeps none: its lines begin with a brace, the header's and chunks' do
 * not. */
static unsigned count_results(int fd, bool *ended)
{
    static char bytes[1 << 16];
    char last[64] = "";
    unsigned braces = 0;
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            braces += bytes[i] == '{';
        size_t keep = got < (ssize_t)sizeof last ? (size_t)got : sizeof last - 1;
        memmove(last, last + keep, sizeof last - keep);
        memcpy(last + sizeof last - keep, bytes + got - keep, keep);
    }
    if (got < 0)
        bail_out("the answer does not come");
    *ended = memmem(last, sizeof last, "\r\n0\r\n", 5) != NULL;
    return braces - 1; /* {"lines":N} */
}

static void stream_lines(const char *headers, unsigned lines, const char *what)
{
    int fd = connected();
    bool ended;
    uint64_t bytes = send_lines(fd, headers, lines);
    is_int(count_results(fd, &ended), lines, "%s: every line of %llu bytes has a result", what,
           (unsigned long long)bytes);
    ok(ended, "%s: to the end", what);
    close(fd);
}

int main(void)
{
    plan(6);
    n = node_new(config);
    node_init(n);
    node_must_start(n);
    stream_lines("", 10000, "a few, to warm up");
    long before = memory("VmRSS:");
    stream_lines("", PEOPLE, "a million lines");
    long most = memory("VmHWM:");
    ok(before > 0 && most - before < GROWTH_KIB, "the daemon has grown by less than %d MiB", GROWTH_KIB / 1024);
    diag("by %ld MiB, from %ld", (most - before) / 1024, before / 1024);
    is_int(node_stop(n), 0, "the daemon stops");
    int code = tap_end();
    node_free(n, code != 0);
    return code;
}
