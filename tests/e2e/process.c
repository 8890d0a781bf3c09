#include "tests/e2e/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/tap.h"

#define WAIT_S 60 /* a machine that is busy */
#define END_S 300 /* a program that does more than ending */
#define STEP_MS 10

static void become(const char *const argv[], const char *folder, const char *log)
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nobody behind */
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (!folder || chdir(folder) == 0)
        execvp(argv[0], (char *const *)argv);
    dprintf(STDERR_FILENO, "cannot run %s\n", argv[0]);
    _exit(127);
}

pid_t process_start(const char *const argv[], const char *folder, const char *log)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, folder, log);
    if (pid < 0)
        bail_out("no process for %s", argv[0]);
    return pid;
}

bool process_ended(pid_t *pid, int *code)
{
    int status;
    if (*pid > 0 && waitpid(*pid, &status, WNOHANG) != *pid)
        return false;
    if (*pid > 0 && code)
        *code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    *pid = 0;
    return true;
}

static bool await_within(bool (*holds)(void *arg), void *arg, int seconds)
{
    int64_t limit = clock_monotonic_ns() + seconds * INT64_C(1000000000);
    while (!holds(arg)) {
        if (clock_monotonic_ns() > limit)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

bool await(bool (*holds)(void *arg), void *arg)
{
    return await_within(holds, arg, WAIT_S);
}

struct ending {
    pid_t *pid;
    int code;
};

static bool has_ended(void *arg)
{
    struct ending *e = arg;
    return process_ended(e->pid, &e->code);
}

int process_stop(pid_t *pid, int signal_number)
{
    struct ending e = {pid, 0};
    if (*pid > 0)
        kill(*pid, signal_number);
    if (!await_within(has_ended, &e, END_S))
        bail_out("process %d does not end", (int)*pid);
    return e.code;
}

void process_kill(pid_t *pid)
{
    process_stop(pid, SIGKILL);
}

void read_text(const char *path, struct buf *out)
{
    char block[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    buf_clear(out);
    for (ssize_t got; fd >= 0 && ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR));)
        buf_add(out, block, got > 0 ? (size_t)got : 0);
    if (fd >= 0)
        close(fd);
    buf_addc(out, '\0');
    out->n--;
}

void write_private(const char *path, struct str content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content.p, content.n) != (ssize_t)content.n || close(fd) != 0)
        bail_out("%s cannot be written", path);
}
