/* An archive cut short at every system call that changes anything, and failing at every one: the store opens, nothing is
 * lost, and the same call again finishes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/archive_help.h"

/* --- system calls that change something: each may be the last, or fail --- */

static int calls, stop_at; /* 0: none */
static bool dies;

static bool fails(void)
{
    if (++calls != stop_at)
        return false;
    if (dies)
        _exit(9);
    errno = EIO;
    return true;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    return fails() ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    return fails() ? -1 : syscall(SYS_copy_file_range, in, in_at, out, out_at, n, flags);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from, const char *a, int to, const char *b)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

int unlinkat(int folder, const char *name, int flags)
{
    return fails() ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

/* --- cut short --- */

/* Runs it in a process of its own, which ends at call number n. false: it came to its end before. */
static bool archive_dies(const struct place *p, lc_date before, int n)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct archive_report report;
        struct errmsg msg;
        dies = true;
        calls = 0;
        stop_at = n;
        _exit(archive_run(p, before, &report, &msg) == ERR_OK ? 0 : 1);
    }
    waitpid(child, &status, 0);
    if (WEXITSTATUS(status) == 1)
        bail_out("the archive failed at call %d", n);
    return WEXITSTATUS(status) == 9;
}

struct tally {
    unsigned points, lost, unread, unfinished, histories;
};

/* What a run that was cut short left behind: opened for writing, looked at, and finished. */
static void finish(const struct place *p, lc_date before, struct tally *t)
{
    struct archive_report report;
    struct errmsg msg = {""};
    struct store *s = place_open(p, STORE_WRITE);
    t->lost += archive_lost(p, s);
    t->unread += !store_reads_to_end(s);
    enum err e = archive_run(p, before, &report, &msg);
    if (e == ERR_END)
        report.to = info_of(s).archived.seq; /* it was done */
    else if (e && !t->unfinished++)
        diag("%s", msg.text);
    t->lost += archive_lost(p, s);
    t->histories += archive_wrong_histories(s);
    store_close(s);
    s = place_open(p, STORE_WRITE);
    t->unfinished += info_of(s).first != report.to + 1 || info_of(s).archived.seq != report.to;
    t->lost += archive_lost(p, s);
    store_close(s);
}

/* twice: a second run is cut short, with a history from the first. */
static void test_crashes(bool twice)
{
    struct place whole = place_of(twice ? "whole2" : "whole"), p = place_of(twice ? "cut2" : "cut");
    struct tally t = {0};
    struct archive_report report;
    struct errmsg msg = {""};
    char archived[256];
    snprintf(archived, sizeof archived, "%.200s-kept", p.folder);
    place_fill(&whole);
    if (twice) {
        copy_tree(whole.path, p.path);
        if (archive_run(&p, event_day(EVENTS / 3), &report, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        copy_tree(p.path, whole.path);
        copy_tree(p.folder, archived);
    }
    for (int n = 1;; n += tap_stride()) {
        char command[600];
        copy_tree(whole.path, p.path);
        snprintf(command, sizeof command, "rm -rf %.250s", p.folder);
        if (system(command) != 0)
            bail_out("cannot remove %s", p.folder);
        if (twice)
            copy_tree(archived, p.folder);
        bool died = archive_dies(&p, event_day(EVENTS - 30), n);
        finish(&p, event_day(EVENTS - 30), &t);
        t.points++;
        if (!died)
            break;
    }
    const char *which = twice ? "a second run" : "a first run";
    ok((int)t.points * tap_stride() > 15, "%s was cut short at %u places", which, t.points - 1);
    is_int(t.lost, 0, "nothing was lost, and what is archived is where the store says");
    is_int(t.unread, 0, "the log could be read");
    is_int(t.unfinished, 0, "the same call again finished");
    is_int(t.histories, 0, "with everyone's history");
}

/* Each call fails once: the run ends with an error, and the next one finishes. */
static void test_failures(void)
{
    struct place whole = place_of("fwhole"), p = place_of("failing");
    struct tally t = {0};
    unsigned silent = 0;
    place_fill(&whole);
    for (int n = 1;; n += tap_stride()) {
        char command[600];
        struct archive_report report;
        struct errmsg msg = {""};
        copy_tree(whole.path, p.path);
        snprintf(command, sizeof command, "rm -rf %.250s", p.folder);
        if (system(command) != 0)
            bail_out("cannot remove %s", p.folder);
        calls = 0;
        stop_at = n;
        enum err e = archive_run(&p, event_day(EVENTS - 30), &report, &msg);
        bool over = calls < n;
        stop_at = 0;
        silent += e != ERR_OK && !msg.text[0];
        finish(&p, event_day(EVENTS - 30), &t);
        t.points++;
        if (over)
            break;
    }
    ok((int)t.points * tap_stride() > 15, "%u calls failed, one in each run", t.points - 1);
    is_int(silent, 0, "what failed is said");
    is_int(t.lost + t.unread, 0, "nothing was lost");
    is_int(t.unfinished + t.histories, 0, "and the next run finished");
}

int main(void)
{
    plan(0);
    test_crashes(false);
    test_crashes(true);
    test_failures();
    return tap_end();
}
