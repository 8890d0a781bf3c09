/* A disk that fills up and a disk that fails, call by call: the daemon ends with a word of what it was, and what
 * it had answered is there when it starts again on a good one. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/e2e/crash_client.h"

#define REQUESTS_MAX 200

static const char config[] = "timezone = \"Asia/Shanghai\"\n"
                             "brake_limit = \"off\"\n"
                             "channel \"face\" { }\n"
                             "policy \"national\" { }\n"
                             "policy \"half-yearly\" { cycle = \"6 months\" }\n"
                             "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n";

struct trial {
    struct crash_client client;
    struct node *node;
    struct rng *rng;
};

static lc_date yesterday(void)
{
    return (lc_date)(time(NULL) / 86400) + DATE_UNIX_EPOCH - 1;
}

static void trial_init(struct trial *t, struct rng *g)
{
    t->rng = g;
    t->node = node_new(config);
    crash_client_init(&t->client, t->node);
}

static void trial_done(struct trial *t, bool failed)
{
    node_free(t->node, failed);
    crash_client_done(&t->client);
}

/* Enrolments by the body and certifications one by one, by turns, until the daemon is gone; false: it is still
 * there. */
static bool use_until_gone(struct trial *t, unsigned requests, unsigned body)
{
    struct book *b = &t->client.book;
    struct client *c = client_new(t->node->socket);
    uint32_t picked[BODY_MAX];
    bool gone = !c;
    for (unsigned i = 0; i < requests && !gone; i++) {
        unsigned max = i % 2 ? 1 : body, n = crash_pick_again(&t->client, picked, max);
        while (n < max)
            picked[n++] = i % 2 ? book_certify(b, (uint32_t)rng_below(t->rng, b->n_humans), yesterday())
                                : book_enrol(b, yesterday() - (lc_date)rng_below(t->rng, 100));
        gone = !crash_send(&t->client, c, picked, n);
    }
    client_free(c);
    return gone;
}

/* It logged what failed, in the system's words or in SQLite's. */
static bool said_why(const struct trial *t)
{
    static const char *const words[] = {"Input/output error", "disk I/O error", "No space left on device", "is full"};
    char *log = node_log(t->node), *event = strstr(log, "event=engine-failed");
    event = event ? event : strstr(log, "event=start-failed");
    bool good = false;
    for (size_t i = 0; event && i < sizeof words / sizeof *words; i++)
        good |= strstr(event, words[i]) != NULL;
    if (!good)
        diag("it logged: %s", log);
    free(log);
    return good;
}

/* Started again on a good disk: all is there, and what was not answered can be sent again. */
static bool recovers(struct trial *t)
{
    node_must_start(t->node);
    crash_send_open(&t->client);
    bool good = node_stop(t->node) == 0 && crash_check(&t->client) && crash_wrong_contacts(&t->client, false) == 0;
    if (!good)
        diag("%s", t->client.book.fault);
    return good;
}

/* --- a full disk --- */

/* File systems of our own, gone with this process at the latest. */
static bool own_mounts(void)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool disk_of(const char *folder, unsigned kilobytes, bool again)
{
    char size[32];
    snprintf(size, sizeof size, "size=%uk", kilobytes);
    return mount("tmpfs", folder, "tmpfs", again ? MS_REMOUNT : 0, size) == 0;
}

static void fill_up(struct trial *t, const char *folder, unsigned kilobytes)
{
    int code = 0;
    node_init(t->node);
    node_must_start(t->node);
    ok(use_until_gone(t, 100000, 100), "%u kB: the daemon ends when the disk is full", kilobytes);
    is_int(node_wait(t->node), 1, "%u kB: with exit status 1", kilobytes);
    ok(said_why(t), "%u kB: and says why", kilobytes);
    diag("%u kB: %" PRIu64 " inputs were answered before", kilobytes, t->client.book.answered);
    ok(t->client.book.answered > 100 && crash_check(&t->client),
       "%u kB: the log can be read on the full disk, and has them all", kilobytes);
    if (node_start(t->node, &code)) {
        use_until_gone(t, REQUESTS_MAX, 100);
        node_kill(t->node);
    }
    ok(crash_check(&t->client), "%u kB: started on the full disk it loses nothing", kilobytes);
    if (!disk_of(folder, 262144, true))
        bail_out("%s cannot be enlarged: %s", folder, strerror(errno));
    ok(recovers(t), "%u kB: with room on the disk it starts, has everything and goes on", kilobytes);
}

static void test_full(struct rng *g)
{
    /* Contacts and log reach the end of the disk at different moments, in different files. */
    static const unsigned sizes[] = {1024, 2048, 3000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct trial t;
        char folder[128];
        trial_init(&t, g);
        snprintf(folder, sizeof folder, "%s/store", t.node->dir);
        if (mkdir(folder, 0700) != 0 || !disk_of(folder, sizes[i], false))
            bail_out("no disk of our own in %s: %s", folder, strerror(errno));
        fill_up(&t, folder, sizes[i]);
        umount2(folder, MNT_DETACH);
        trial_done(&t, false);
    }
}

/* --- system calls that fail --- */

struct injected {
    const char *call, *error;
    const char *file; /* on this one of the store's files only; NULL: on all */
    unsigned when;    /* of each thread's calls, this one */
};

/* A daemon in front of which strace stands: a script in a build folder of its own. The tracer is the grandchild,
 * so that the process is the daemon itself. Leaks cannot be looked for under a tracer. */
static void put_strace_before(const char *build, const struct node *n, const struct injected *in)
{
    static char folder[128], path[160], only[256];
    if (in->file)
        snprintf(only, sizeof only, "-P '%s/store/%s'", n->dir, in->file);
    snprintf(folder, sizeof folder, "%s/traced", tap_tmpdir());
    snprintf(path, sizeof path, "%s/lifecertd", folder);
    mkdir(folder, 0700);
    FILE *f = fopen(path, "w");
    if (!f)
        bail_out("cannot write %s", path);
    fprintf(f,
            "#!/bin/sh\nexport ASAN_OPTIONS=\"$ASAN_OPTIONS:detect_leaks=0\"\n"
            "exec strace -D -f -qqq -o /dev/null %s -e trace=%s -e inject=%s:error=%s:when=%u '%s/lifecertd' \"$@\"\n",
            in->file ? only : "", in->call, in->call, in->error, in->when, build);
    fclose(f);
    if (chmod(path, 0700) != 0 || setenv("top_builddir", folder, 1) != 0)
        bail_out("cannot run %s", path);
}

static bool fail_once(struct trial *t, const char *build, const struct injected *in)
{
    int code = 0;
    char name[128];
    snprintf(name, sizeof name, "%s of %s, call %u: %s", in->call, in->file ? in->file : "any file", in->when,
             in->error);
    put_strace_before(build, t->node, in);
    bool began = node_start(t->node, &code), gone = !began || use_until_gone(t, REQUESTS_MAX, 20);
    if (!gone)
        node_kill(t->node);
    else if (began)
        code = node_wait(t->node);
    setenv("top_builddir", build, 1);
    if (gone)
        ok(code == 1 && said_why(t), "%s: it %s, and says why", name, began ? "ends" : "does not start");
    else
        ok(t->client.book.answered > 0, "%s: no thread makes so many", name);
    ok(crash_check(&t->client), "%s: nothing that was answered is lost", name);
    ok(recovers(t), "%s: it starts again and goes on", name);
    return gone;
}

static void test_failing_calls(struct rng *g)
{
    static const struct injected kinds[] = {
        {"fdatasync", "EIO", NULL, 0},   {"fdatasync", "EIO", "log/00000000000000000001.ndjson", 0},
        {"fsync", "EIO", NULL, 0},       {"pwritev", "ENOSPC", "log/00000000000000000001.ndjson", 0},
        {"pwrite64", "ENOSPC", NULL, 0}, {"pwrite64", "EIO", "contacts.db-wal", 0},
    };
    static const unsigned calls[] = {1, 2, 3, 5, 8, 40};
    const char *given = getenv("top_builddir");
    char *build = mem_strdup(given ? given : ".");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        unsigned ended = 0;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            struct trial t;
            struct injected in = kinds[k];
            in.when = calls[i];
            trial_init(&t, g);
            node_init(t.node);
            ended += fail_once(&t, build, &in);
            trial_done(&t, false);
        }
        ok(ended > 0, "%s of %s: %u of %zu were the end of a daemon", kinds[k].call,
           kinds[k].file ? kinds[k].file : "any file", ended, sizeof calls / sizeof *calls);
    }
    free(build);
}

/* --- two daemons --- */

static void test_second(struct rng *g)
{
    struct trial t;
    struct buf output = BUF_INIT;
    char pid[32];
    trial_init(&t, g);
    node_init(t.node);
    node_must_start(t.node);
    use_until_gone(&t, 4, 10);
    const char *const argv[] = {"lifecertd", "-c", t.node->config, NULL};
    is_int(run_program(argv, &output), 1, "a second daemon on the same store exits with 1");
    snprintf(pid, sizeof pid, "process %d", (int)t.node->pid);
    ok(strstr(output.p, "event=start-failed") && strstr(output.p, pid), "and names the process that has it");
    ok(!use_until_gone(&t, 4, 10), "which takes no notice");
    is_int(node_stop(t.node), 0, "and stops in peace");
    ok(crash_check(&t.client), "with all that it answered");
    trial_done(&t, false);
    buf_done(&output);
}

int main(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    struct rng g = rng_seed(seed);
    plan(0);
    diag("TEST_SEED=%" PRIu64, seed);
    tap_tmpdir();
    test_second(&g);
    test_failing_calls(&g);
    if (own_mounts())
        test_full(&g);
    else
        skip(1, "no mount to be had: %s", strerror(errno));
    return tap_end();
}
