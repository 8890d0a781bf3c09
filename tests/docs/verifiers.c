#include "tests/docs/verifiers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter/sign.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define ARGUMENTS_MAX 8

/* --- places --- */

static const char *place(char out[PATH_ROOM], const char *variable, const char *name)
{
    const char *folder = getenv(variable);
    snprintf(out, PATH_ROOM, "%s/%s", folder ? folder : ".", name);
    return out;
}

const char *source_path(char out[PATH_ROOM], const char *name)
{
    return place(out, "top_srcdir", name);
}

static const char *scratch(char out[PATH_ROOM], const char *name)
{
    snprintf(out, PATH_ROOM, "%s/%s", tap_tmpdir(), name);
    return out;
}

bool verifiers_are_there(void)
{
    return system("command -v python3 >/dev/null 2>&1 && command -v java >/dev/null 2>&1") == 0;
}

/* --- running --- */

/* Its exit code, or -SIGNAL; what it says goes to a file. */
static int run(const char *const argv[], const char *secret, const char *input, const char *output)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int in = open(input, O_RDONLY), out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
            _exit(126);
        setenv("WEBHOOK_SECRET", secret, 1);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        bail_out("%s cannot be run", argv[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The test ends when it fails. */
static void must_run(const char *const argv[], struct buf *out)
{
    char output[PATH_ROOM];
    int code = run(argv, "", "/dev/null", scratch(output, "output"));
    read_text(output, out);
    if (code != 0)
        bail_out("%s exits with %d: %s", argv[0], code, out->p);
}

/* How it is started, as the guide says it is: the number of words. */
static unsigned add_command(enum language language, const char *argv[], char program[PATH_ROOM])
{
    static const char *const starters[] = {NULL, "python3", "java"};
    static const char *const names[] = {"docs/subscriber/verify", "docs/subscriber/verify.py",
                                        "docs/subscriber/Verify.java"};
    unsigned n = 0;
    if (starters[language])
        argv[n++] = starters[language];
    argv[n++] = place(program, language == LANGUAGE_C ? "top_builddir" : "top_srcdir", names[language]);
    return n;
}

int verifier_run(enum language language, const struct webhook *w, bool with_now)
{
    char program[PATH_ROOM], body[PATH_ROOM], output[PATH_ROOM], now[24];
    const char *argv[ARGUMENTS_MAX];
    unsigned n = add_command(language, argv, program);
    snprintf(now, sizeof now, "%" PRId64, w->now);
    argv[n++] = w->id;
    argv[n++] = w->timestamp;
    argv[n++] = w->signatures;
    if (with_now)
        argv[n++] = now;
    argv[n] = NULL;
    unlink(scratch(body, "body"));
    write_private(body, buf_str(&w->body));
    return run(argv, w->secret, body, scratch(output, "output"));
}

int verifier_run_bare(enum language language)
{
    char program[PATH_ROOM], output[PATH_ROOM];
    const char *argv[ARGUMENTS_MAX];
    const char *const compiled[] = {"java", "-cp", scratch(program, "classes"), "Verify", NULL};
    if (language == LANGUAGE_JAVA)
        return run(compiled, SECRET, "/dev/null", scratch(output, "output"));
    argv[add_command(language, argv, program)] = NULL;
    return run(argv, SECRET, "/dev/null", scratch(output, "output"));
}

/* --- all at once --- */

static void add_field(struct buf *b, const void *p, size_t n, char end)
{
    add_base64(b, p, n);
    buf_addc(b, end);
}

/* A line each: what there is, in base64. */
static void write_all(const struct webhooks *all, const char *path)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < all->n; i++) {
        const struct webhook *w = &all->v[i];
        char now[24];
        snprintf(now, sizeof now, "%" PRId64, w->now);
        add_field(&b, w->secret, strlen(w->secret), '\t');
        add_field(&b, w->id, strlen(w->id), '\t');
        add_field(&b, w->timestamp, strlen(w->timestamp), '\t');
        add_field(&b, w->signatures, strlen(w->signatures), '\t');
        add_field(&b, w->body.p, w->body.n, '\t');
        add_field(&b, now, strlen(now), '\n');
    }
    unlink(path);
    write_private(path, buf_str(&b));
    buf_done(&b);
}

static void ask_python(const char *cases, struct buf *out)
{
    char script[PATH_ROOM], folder[PATH_ROOM];
    const char *const argv[] = {
        "python3", "-B", source_path(script, "tests/docs/cases.py"), source_path(folder, "docs/subscriber"),
        cases,     NULL};
    must_run(argv, out);
}

/* A JRE of Debian's has the compiler, though not its command. */
static void ask_java(const char *cases, struct buf *out)
{
    char verify[PATH_ROOM], harness[PATH_ROOM], classes[PATH_ROOM];
    const char *const compile[] = {"java",
                                   "-XX:TieredStopAtLevel=1",
                                   "-m",
                                   "jdk.compiler/com.sun.tools.javac.Main",
                                   "-Xlint:all",
                                   "-Werror",
                                   "-encoding",
                                   "UTF-8",
                                   "-d",
                                   scratch(classes, "classes"),
                                   source_path(verify, "docs/subscriber/Verify.java"),
                                   source_path(harness, "tests/docs/Cases.java"),
                                   NULL};
    const char *const argv[] = {"java", "-cp", classes, "Cases", cases, NULL};
    must_run(compile, out);
    must_run(argv, out);
}

void verifier_ask(enum language language, const struct webhooks *all, struct buf *out)
{
    char cases[PATH_ROOM];
    write_all(all, scratch(cases, "cases"));
    if (language == LANGUAGE_PYTHON)
        ask_python(cases, out);
    else
        ask_java(cases, out);
}
