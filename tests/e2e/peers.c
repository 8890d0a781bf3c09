#include "tests/e2e/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define PATH_BYTES 512

static const char *folder_of(const char *variable)
{
    const char *folder = getenv(variable);
    return folder ? folder : ".";
}

static void source_path(const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/tests/peers/%s", folder_of("top_srcdir"), name);
}

static void installed_path(const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/npm/%s", folder_of("top_builddir"), name);
}

/* --- installing --- */

/* Whole or not at all: another test may be reading it. */
static void copy(const char *from, const char *name)
{
    char to[PATH_BYTES], temporary[PATH_BYTES];
    struct buf text = BUF_INIT;
    read_text(from, &text);
    installed_path(name, to);
    installed_path("copying", temporary);
    write_private(temporary, buf_str(&text));
    if (!text.n || rename(temporary, to) != 0)
        bail_out("%s cannot be copied to %s", from, to);
    buf_done(&text);
}

static void copy_source(const char *name)
{
    char from[PATH_BYTES];
    source_path(name, from);
    copy(from, name);
}

static void copy_scripts(void)
{
    char pattern[PATH_BYTES];
    glob_t found;
    source_path("*.mjs", pattern);
    if (glob(pattern, 0, NULL, &found) != 0)
        bail_out("there are no scripts: %s", pattern);
    for (size_t i = 0; i < found.gl_pathc; i++)
        copy(found.gl_pathv[i], strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
}

/* Is what was installed last what this lock file asks for? */
static bool is_installed(void)
{
    char wanted[PATH_BYTES], installed[PATH_BYTES];
    struct buf a = BUF_INIT, b = BUF_INIT;
    source_path("package-lock.json", wanted);
    installed_path("installed", installed);
    read_text(wanted, &a);
    read_text(installed, &b);
    bool same = str_eq(buf_str(&a), buf_str(&b));
    buf_done(&a);
    buf_done(&b);
    return same;
}

/* The word by which npm says that it reached nobody; NULL: it failed for another reason. */
static const char *nobody_reached(const char *log)
{
    static const char *const words[] = {"ENOTFOUND",   "EAI_AGAIN",    "ECONNREFUSED", "ECONNRESET",
                                        "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT",    "ERR_SOCKET_TIMEOUT"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(log, words[i]))
            return words[i];
    return NULL;
}

static bool run_npm(char *why)
{
    char folder[PATH_BYTES], log[PATH_BYTES], cache[PATH_BYTES];
    const char *const argv[] = {"npm", "ci", "--cache", cache, "--fetch-retries=1", "--fetch-timeout=20000", NULL};
    struct buf said = BUF_INIT;
    installed_path("", folder);
    installed_path("cache", cache);
    installed_path("log", log);
    unlink(log);
    pid_t npm = process_start(argv, folder, log);
    int code = process_stop(&npm, 0);
    read_text(log, &said);
    const char *word = code == 0 ? NULL : nobody_reached(said.p);
    if (code != 0 && !word)
        bail_out("npm ci exits with %d: %s", code, said.p);
    if (word)
        snprintf(why, 200, "npm reaches no registry (%s)", word);
    buf_done(&said);
    return code == 0;
}

bool peers_install(char *why)
{
    char path[PATH_BYTES];
    installed_path("", path);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        bail_out("cannot make %s", path);
    installed_path("lock", path);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0)
        bail_out("cannot lock %s", path);
    copy_source("package.json");
    copy_source("package-lock.json");
    copy_source(".npmrc");
    copy_scripts();
    bool good = is_installed() || run_npm(why);
    source_path("package-lock.json", path);
    if (good)
        copy(path, "installed");
    close(lock);
    return good;
}

/* --- running --- */

void peers_run(const char *script, const char *file, struct buf *out)
{
    char path[PATH_BYTES], output[PATH_BYTES];
    const char *const argv[] = {"node", path, file, NULL};
    installed_path(script, path);
    snprintf(output, sizeof output, "%s/%s.out", tap_tmpdir(), script);
    unlink(output);
    pid_t node = process_start(argv, NULL, output);
    int code = process_stop(&node, 0);
    read_text(output, out);
    if (code != 0)
        bail_out("%s exits with %d: %s", script, code, out->p);
}

struct starting {
    struct web_receiver *receiver;
    char log[PATH_BYTES];
    struct buf said;
};

/* It has said where it listens, or has ended. */
static bool is_ready(void *arg)
{
    struct starting *s = arg;
    int control;
    if (process_ended(&s->receiver->pid, NULL))
        return true;
    read_text(s->log, &s->said);
    if (sscanf(s->said.p, "ready %d %d\n", &control, &s->receiver->port) != 2 || !strchr(s->said.p, '\n'))
        return false;
    snprintf(s->receiver->control, sizeof s->receiver->control, "127.0.0.1:%d", control);
    return true;
}

void web_receiver_start(struct web_receiver *w, bool installed, const char *certificate, const char *clients_ca)
{
    static unsigned count;
    char path[PATH_BYTES];
    const char *const argv[] = {"node", path, certificate, clients_ca, NULL};
    struct starting s = {.receiver = w};
    (installed ? installed_path : source_path)("receiver.mjs", path);
    snprintf(s.log, sizeof s.log, "%s/receiver%u.log", tap_tmpdir(), count++);
    w->pid = process_start(argv, NULL, s.log);
    if (!await(is_ready, &s) || !w->pid) {
        read_text(s.log, &s.said);
        bail_out("the receiver does not start: %s", s.said.p);
    }
    buf_done(&s.said);
}

void web_receiver_stop(struct web_receiver *w)
{
    process_stop(&w->pid, SIGTERM);
}

const char *web_receiver_ask(struct web_receiver *w, struct str body, struct reply *r, const char *format, ...)
{
    char target[PATH_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(target, sizeof target, format, arguments);
    va_end(arguments);
    request_once(w->control, "POST", target, NULL, body, r);
    if (r->status != 200)
        bail_out("the receiver is asked %s: %d %s", target, r->status, r->status ? r->body.p : "");
    return r->body.p;
}
