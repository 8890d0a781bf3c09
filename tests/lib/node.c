#include "tests/lib/node.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "tests/lib/canary.h"
#include "tests/lib/tap.h"

#define WAIT_MS 120000 /* for anything: a machine under a sanitizer, and busy */
#define PASSED_FD 3    /* where the protocol of passed sockets begins */

/* A path in the build folder. */
static const char *built(const char *program, char out[512])
{
    const char *build = getenv("top_builddir");
    snprintf(out, 512, "%s/%s", build ? build : ".", program);
    return out;
}

/* --- a node and its files --- */

static void open_notify_socket(struct node *n)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/notify", n->dir);
    n->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (n->notify_fd < 0 || bind(n->notify_fd, (struct sockaddr *)&a, sizeof a) != 0)
        bail_out("no socket for notifications in %s", n->dir);
}

struct node *node_new(const char *extra)
{
    static unsigned count;
    struct node *n = mem_zalloc(1, sizeof *n);
    snprintf(n->dir, sizeof n->dir, "%s/node%u", tap_tmpdir(), count++);
    snprintf(n->config, sizeof n->config, "%s/lifecertd.conf", n->dir);
    snprintf(n->socket, sizeof n->socket, "%s/api.sock", n->dir);
    snprintf(n->log, sizeof n->log, "%s/log", n->dir);
    snprintf(n->store, sizeof n->store, "dir:%s/store", n->dir);
    n->pass_fd = -1;
    if (mkdir(n->dir, 0700) != 0)
        bail_out("cannot make %s", n->dir);
    open_notify_socket(n);
    node_configure(n, extra);
    return n;
}

void node_configure(struct node *n, const char *extra)
{
    FILE *f = fopen(n->config, "w");
    if (!f)
        bail_out("cannot write %s", n->config);
    fprintf(f, "store = \"%s\"\nlisten = { \"unix:%s\" }\n%s", n->store, n->socket, extra);
    fclose(f);
}

/* In a child, so that nothing of the store stays open here. */
static int init_store(const struct node *n)
{
    struct buf faults = BUF_INIT;
    struct errmsg msg = {""};
    struct config *c;
    struct engine *e;
    if (config_load(n->config, &c, &faults) != ERR_OK) {
        fprintf(stderr, "%.*s", (int)faults.n, faults.p);
        return 1;
    }
    char *uri = mem_strdup(c->store);
    struct engine_options o = {.uri = uri, .init = true};
    enum err err = engine_open(&o, c, false, 0, &e, &msg);
    if (err == ERR_OK)
        err = engine_close(e, false, &msg);
    if (err != ERR_OK)
        fprintf(stderr, "%s\n", msg.text);
    free(uri);
    return err == ERR_OK ? 0 : 1;
}

void node_init(struct node *n)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(init_store(n));
    if (waitpid(child, &status, 0) != child || status != 0)
        bail_out("cannot make the store of %s", n->config);
}

char *node_log(const struct node *n)
{
    struct buf b = BUF_INIT;
    char block[4096];
    int fd = open(n->log, O_RDONLY);
    for (ssize_t got; fd >= 0 && (got = read(fd, block, sizeof block)) > 0;)
        buf_add(&b, block, (size_t)got);
    if (fd >= 0)
        close(fd);
    buf_addc(&b, '\0');
    return b.p;
}

bool node_logged(const struct node *n, const char *text)
{
    char *log = node_log(n);
    bool found = strstr(log, text) != NULL;
    free(log);
    return found;
}

static void show_log(const struct node *n)
{
    char *log = node_log(n), *rest = log;
    diag("log of %s:", n->dir);
    for (char *line; (line = strsep(&rest, "\n"));)
        if (line[0])
            diag("    %s", line);
    free(log);
}

/* --- its process --- */

static void become_daemon(const struct node *n)
{
    char program[512], notify[120], pid[16];
    int log = open(n->log, O_WRONLY | O_CREAT | O_APPEND, 0600), null = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nobody behind */
    signal(SIGXFSZ, SIG_IGN);         /* a file that grows too large is an error like any other */
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (n->pass_fd >= 0) {
        dup2(n->pass_fd, PASSED_FD);
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
    }
    snprintf(notify, sizeof notify, "%s/notify", n->dir);
    setenv("NOTIFY_SOCKET", notify, 1);
    execl(built("lifecertd", program), "lifecertd", "-c", n->config, (char *)NULL);
    dprintf(STDERR_FILENO, "cannot run %s\n", program);
    _exit(127);
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* One datagram's text, within ms; false: none came. */
static bool next_notification(struct node *n, int ms, char *text, size_t size)
{
    struct pollfd fd = {.fd = n->notify_fd, .events = POLLIN};
    if (poll(&fd, 1, ms) <= 0)
        return false;
    ssize_t got = recv(n->notify_fd, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    return got >= 0;
}

/* Does one of the text's lines begin so? */
static bool says(const char *text, const char *assignment)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, assignment, strlen(assignment)) == 0)
            return true;
    }
    return false;
}

/* 1: it has said so; 0: it has exited, *code says how; -1: neither within the time. */
static int await(struct node *n, const char *assignment, int ms, int *code)
{
    char text[4096];
    int64_t limit = clock_monotonic_ns() + ms * INT64_C(1000000);
    while (clock_monotonic_ns() < limit) {
        int status;
        if (next_notification(n, 20, text, sizeof text)) {
            if (says(text, assignment))
                return 1;
        } else if (waitpid(n->pid, &status, WNOHANG) == n->pid) {
            n->pid = 0;
            *code = exit_code(status);
            return 0;
        }
    }
    return -1;
}

void node_hear(struct node *n)
{
    char text[4096];
    while (next_notification(n, 0, text, sizeof text))
        continue;
}

void node_launch(struct node *n)
{
    node_hear(n);
    fflush(stdout);
    n->pid = fork();
    if (n->pid == 0)
        become_daemon(n);
}

bool node_ready(struct node *n, int *code)
{
    int came = n->pid > 0 ? await(n, "READY=1", WAIT_MS, code) : -1;
    if (came < 0) {
        show_log(n);
        bail_out("the daemon was not ready in time");
    }
    return came > 0;
}

bool node_start(struct node *n, int *code)
{
    node_launch(n);
    return node_ready(n, code);
}

void node_must_start(struct node *n)
{
    int code;
    if (node_start(n, &code))
        return;
    show_log(n);
    bail_out("the daemon exited with %d when it should have started", code);
}

bool node_await(struct node *n, const char *assignment)
{
    int code;
    return await(n, assignment, WAIT_MS, &code) > 0;
}

bool node_says_within(struct node *n, const char *assignment, int ms)
{
    int code;
    return await(n, assignment, ms, &code) > 0;
}

void node_signal(struct node *n, int signal_number)
{
    if (n->pid > 0)
        kill(n->pid, signal_number);
}

int node_wait(struct node *n)
{
    int status, code = 0;
    for (int waited = 0; n->pid > 0 && waited < WAIT_MS; waited += 5) {
        node_hear(n);
        if (waitpid(n->pid, &status, WNOHANG) == n->pid) {
            n->pid = 0;
            code = exit_code(status);
        } else {
            poll(NULL, 0, 5);
        }
    }
    if (n->pid > 0) {
        show_log(n);
        bail_out("the daemon does not exit");
    }
    return code;
}

int node_stop(struct node *n)
{
    node_signal(n, SIGTERM);
    return node_wait(n);
}

void node_kill(struct node *n)
{
    node_signal(n, SIGKILL);
    node_wait(n);
}

/* Whoever enrols people of the one family (canary.h) finds none of them in the log folder, nor in what was logged. */
static void look_for_names(const struct node *n)
{
    static const char *const contacts[] = {"contacts.db", "contacts.db-wal", "contacts.db-shm", NULL};
    char path[120];
    snprintf(path, sizeof path, "%s/store/contacts.db", n->dir);
    if (!canary_find_in_file(path))
        return;
    snprintf(path, sizeof path, "%s/store", n->dir);
    const char *found = canary_find_in_folder(path, contacts);
    if (!found)
        found = canary_find_in_file(n->log);
    if (found)
        bail_out("%s", found);
}

void node_free(struct node *n, bool failed)
{
    if (!n)
        return;
    node_kill(n);
    if (failed)
        show_log(n);
    look_for_names(n);
    close(n->notify_fd);
    free(n);
}

/* --- other programs --- */

int run_program(const char *const argv[], struct buf *output)
{
    int fds[2], status = 0;
    char program[512], block[4096];
    fflush(stdout);
    if (pipe2(fds, O_CLOEXEC) != 0)
        bail_out("no pipe to be had");
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDOUT_FILENO);
        dup2(fds[1], STDERR_FILENO);
        execv(built(argv[0], program), (char *const *)argv);
        _exit(127);
    }
    close(fds[1]);
    buf_clear(output);
    for (ssize_t got; (got = read(fds[0], block, sizeof block)) > 0 || (got < 0 && errno == EINTR);)
        buf_add(output, block, got > 0 ? (size_t)got : 0);
    close(fds[0]);
    buf_addc(output, '\0');
    output->n--;
    waitpid(child, &status, 0);
    return exit_code(status);
}
