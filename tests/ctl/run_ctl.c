#include "tests/ctl/run_ctl.h"

#include "base/buf.h"
#include "ctl/commands.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 32
#define PATHS_MAX 64

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

static _Noreturn void be_ctl(const char *program, char **argv, const char *in, const char *out, const char *err)
{
    int fds[] = {open(in, O_RDONLY), open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                 open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600)};
    for (int i = 0; i < 3; i++)
        dup2(fds[i], i);
    execv(program, argv);
    _exit(127);
}

void run_ctl(struct ran *r, const char *input, ...)
{
    static char in[128], out[128], err[128], program[4096];
    /* Two lists of the same strings: the program moves those of its own about. */
    static char *owned[ARGS_MAX];
    char *argv[ARGS_MAX] = {(char *)"lifecertctl"};
    int argc = 1, state;
    va_list args;
    va_start(args, input);
    for (const char *a; (a = va_arg(args, const char *)) && argc < ARGS_MAX - 1;)
        owned[argc++] = mem_strdup(a);
    memcpy(argv + 1, owned + 1, (size_t)(argc - 1) * sizeof *argv);
    va_end(args);
    snprintf(in, sizeof in, "%s/in", tap_tmpdir());
    snprintf(out, sizeof out, "%s/out", tap_tmpdir());
    snprintf(err, sizeof err, "%s/err", tap_tmpdir());
    FILE *f = fopen(in, "we");
    if (!f)
        bail_out("cannot write %s", in);
    fputs(input ? input : "", f);
    fclose(f);

    fflush(stdout);
    /* The program itself, not a call in the child: a daemon played by a thread may hold the allocator's lock while this
     * process forks, and then nobody would ever give it back. */
    const char *built = getenv("top_builddir");
    snprintf(program, sizeof program, "%s/lifecertctl", built ? built : ".");
    pid_t child = fork();
    if (child == 0)
        be_ctl(program, argv, in, out, err);
    if (child < 0 || waitpid(child, &state, 0) != child)
        bail_out("cannot run lifecertctl");
    ran_done(r);
    r->status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    r->out = file_text(out);
    r->err = file_text(err);
    for (int i = 1; i < argc; i++)
        free(owned[i]);
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
