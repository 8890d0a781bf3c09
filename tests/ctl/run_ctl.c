#include "tests/ctl/run_ctl.h"

#include "base/buf.h"
#include "ctl/commands.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 32
#define PATHS_MAX 256

static char paths[PATHS_MAX][128];
static unsigned n_paths;

const char *test_path(const char *name)
{
    if (n_paths == PATHS_MAX)
        bail_out("too many paths");
    snprintf(paths[n_paths], sizeof paths[0], "%s/%s", tap_tmpdir(), name);
    return paths[n_paths++];
}

const char *test_file(const char *name, const char *text, size_t n)
{
    const char *path = test_path(name);
    FILE *f = fopen(path, "we");
    if (!f)
        bail_out("cannot write %s", path);
    fwrite(text, 1, n ? n : strlen(text), f);
    fclose(f);
    return path;
}

char *file_text(const char *path)
{
    struct buf b = BUF_INIT;
    FILE *f = fopen(path, "re");
    if (!f)
        bail_out("cannot read %s", path);
    size_t n;
    while ((n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
        b.n += n;
    fclose(f);
    buf_addc(&b, '\0');
    return b.p;
}

const char *test_config(const char *more)
{
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "timezone = \"Asia/Shanghai\"\nstore = \"dir:%s/store\"\nlisten = { \"unix:%s/api.sock\" }\n"
               "policy \"national\" { }\nchannel \"face\" { }\nchannel \"bank\" { }\nchannel \"fax\" { }\n%s",
               tap_tmpdir(), tap_tmpdir(), more);
    const char *path = test_file("lifecertd.conf", b.p, b.n);
    buf_done(&b);
    return path;
}

/* The program itself, not a call in the child: a daemon played by a thread may hold the allocator's lock while this
 * process forks, and then nobody would ever give it back. out: taken. */
static pid_t start_ctl(char **argv, const char *in, int out, const char *err)
{
    char program[4096];
    const char *built = getenv("top_builddir");
    snprintf(program, sizeof program, "%s/lifecertctl", built ? built : ".");
    fflush(stdout);
    pid_t child = fork();
    if (child != 0) {
        close(out);
        return child;
    }
    int fds[] = {open(in, O_RDONLY), out, open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600)};
    for (int i = 0; i < 3; i++)
        dup2(fds[i], i);
    execv(program, argv);
    _exit(127);
}

/* Two lists of the same strings: the program moves those of its own about. */
struct arguments {
    char *argv[ARGS_MAX], *owned[ARGS_MAX];
    int argc;
};

static void take_arguments(struct arguments *a, va_list args)
{
    *a = (struct arguments){.argv = {(char *)"lifecertctl"}, .argc = 1};
    for (const char *s; (s = va_arg(args, const char *)) && a->argc < ARGS_MAX - 1; a->argc++)
        a->argv[a->argc] = a->owned[a->argc] = mem_strdup(s);
}

static void arguments_done(struct arguments *a)
{
    for (int i = 1; i < a->argc; i++)
        free(a->owned[i]);
}

static const char *file_of(const char *name, char path[128], const char *text)
{
    snprintf(path, 128, "%s/%s", tap_tmpdir(), name);
    FILE *f = text ? fopen(path, "we") : NULL;
    if (text && !f)
        bail_out("cannot write %s", path);
    if (f) {
        fputs(text, f);
        fclose(f);
    }
    return path;
}

static int end_of(pid_t child)
{
    int state;
    if (child < 0 || waitpid(child, &state, 0) != child)
        bail_out("cannot run lifecertctl");
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

void run_ctl(struct ran *r, const char *input, ...)
{
    char in[128], out[128], err[128];
    struct arguments a;
    va_list args;
    va_start(args, input);
    take_arguments(&a, args);
    va_end(args);
    file_of("out", out, NULL);
    file_of("err", err, NULL);
    int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int status = end_of(start_ctl(a.argv, file_of("in", in, input ? input : ""), fd, err));
    ran_done(r);
    *r = (struct ran){.status = status, .out = file_text(out), .err = file_text(err)};
    arguments_done(&a);
}

static int open_terminal(unsigned columns, char name[64])
{
    struct winsize size = {.ws_row = 25, .ws_col = (unsigned short)columns};
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, 64) != 0 ||
        ioctl(fd, TIOCSWINSZ, &size) != 0)
        bail_out("there is no terminal to be had: is devpts mounted on /dev/pts?");
    return fd;
}

/* Until whoever writes has ended: then reading a terminal's other side fails. Carriage returns are left out. */
static char *terminal_text(int fd)
{
    struct buf b = BUF_INIT;
    char block[4096];
    for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            if (block[i] != '\r')
                buf_addc(&b, block[i]);
    buf_addc(&b, '\0');
    return b.p;
}

void run_ctl_on_terminal(struct ran *r, unsigned columns, ...)
{
    char in[128], err[128], terminal[64];
    struct arguments a;
    va_list args;
    va_start(args, columns);
    take_arguments(&a, args);
    va_end(args);
    int fd = open_terminal(columns, terminal);
    file_of("err", err, NULL);
    pid_t child = start_ctl(a.argv, file_of("in", in, ""), open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC), err);
    char *out = terminal_text(fd);
    ran_done(r);
    *r = (struct ran){.status = end_of(child), .out = out, .err = file_text(err)};
    close(fd);
    arguments_done(&a);
}

void ran_done(struct ran *r)
{
    free(r->out);
    free(r->err);
    *r = (struct ran){0};
}

bool has(const char *text, const char *part)
{
    if (strstr(text, part))
        return true;
    diag("not found: %s", part);
    for (const char *p = text; *p;) {
        int n = (int)strcspn(p, "\n");
        diag("   in: %.*s", n, p);
        p += n + (p[n] == '\n');
    }
    return false;
}
