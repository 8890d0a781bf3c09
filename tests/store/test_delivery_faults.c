/* Each write, sync and rename under the delivery state fails once, in turn: whatever was acknowledged before is there
 * afterwards, nothing is acknowledged behind a failure, and nothing is half. The functions that change files are this
 * program's own, in front of the C library's. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "tests/store/delivery_help.h"

/* --- the faults --- */

static _Atomic int calls;   /* so far */
static _Atomic int fail_at; /* this one fails; 0: none */
static int fail_with;

static bool fails(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 != atomic_load(&fail_at))
        return false;
    errno = fail_with;
    return true;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

int fdatasync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from, const char *a, int to, const char *b)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

/* --- a life: each commit says its number everywhere --- */

enum { COMMITS = 8, ROWS = 150 };

struct life {
    uint64_t acknowledged;
    bool failed, went_on; /* went_on: after a failure something was acknowledged */
};

static void commit_number(struct delivery_store *d, uint64_t number, struct life *l)
{
    struct delivery_change c[ROWS + 1];
    struct errmsg msg;
    for (uint64_t i = 0; i < ROWS; i++) {
        c[i] = change_put("a", i + 1, DELIVERY_SENDING);
        c[i].row.attempts = (uint32_t)number;
    }
    c[ROWS] = change_endpoint("a", number);
    if (delivery_commit_all(d, c, ROWS + 1, &msg) != ERR_OK) {
        l->failed = true;
        return;
    }
    l->went_on = l->went_on || l->failed;
    l->acknowledged = number;
}

static void live(const struct store *s, struct life *l)
{
    struct delivery_store *d;
    struct errmsg msg;
    if (delivery_open(s, &d, &msg) != ERR_OK) {
        l->failed = true;
        return;
    }
    for (uint64_t number = 1; number <= COMMITS; number++)
        commit_number(d, number, l);
    delivery_close(d);
}

struct found {
    uint64_t cursor, rows, least, most;
};

static void note_endpoint(void *arg, const struct endpoint_row *r)
{
    struct found *f = arg;
    f->cursor = r->cursor;
}

static void note_row(void *arg, const struct delivery_row *r)
{
    struct found *f = arg;
    f->least = f->rows == 0 || r->attempts < f->least ? r->attempts : f->least;
    f->most = r->attempts > f->most ? r->attempts : f->most;
    f->rows++;
}

/* What was acknowledged is there, the commit after it is whole or not at all, and the state goes on. */
static bool holds(const struct store *s, const struct life *l, struct errmsg *msg)
{
    struct delivery_store *d;
    struct found f = {.cursor = 0};
    if (delivery_open(s, &d, msg) != ERR_OK)
        return false;
    bool good = delivery_endpoints(d, note_endpoint, &f, msg) == ERR_OK &&
                delivery_rows(d, STR_LIT("a"), ALL_STATES, 0, 0, note_row, &f, msg) == ERR_OK;
    good = good && (f.cursor == l->acknowledged || f.cursor == l->acknowledged + 1) && f.least == f.cursor &&
           f.most == f.cursor && f.rows == (f.cursor ? ROWS : 0);
    struct life after = {.failed = false};
    commit_number(d, COMMITS + 1, &after);
    delivery_close(d);
    return good && !after.failed;
}

static void test_each_call(const char *what, int with)
{
    int k = 1, bad = 0, lives = 0;
    struct life l;
    do {
        char uri[272];
        struct errmsg msg = {""};
        struct store *s;
        snprintf(uri, sizeof uri, "dir:%s/%d-%d", tap_tmpdir(), with, k);
        if (store_open(uri, STORE_INIT, NULL, &s, NULL, &msg) != ERR_OK || commit_events(s, 100, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        l = (struct life){.failed = false};
        fail_with = with;
        atomic_store(&calls, 0);
        atomic_store(&fail_at, k);
        live(s, &l);
        lives = atomic_load(&calls);
        atomic_store(&fail_at, 0);
        if (l.went_on || !holds(s, &l, &msg)) {
            diag("call %d%s: acknowledged %" PRIu64 ": %s", k, l.went_on ? " (went on)" : "", l.acknowledged, msg.text);
            bad++;
        }
        store_close(s);
        k++;
    } while (k <= lives + 1);
    is_int(bad, 0, "%s at each of %d calls: nothing acknowledged is lost", what, k - 2);
    ok(!l.failed && k > 30, "and without it, nothing fails");
}

/* A failure is told with the file's name, and told again. */
static void test_message(void)
{
    char uri[272];
    struct errmsg msg = {""};
    struct store *s;
    struct delivery_store *d;
    struct delivery_change c = change_put("a", 1, DELIVERY_RETRY);
    snprintf(uri, sizeof uri, "dir:%s/message", tap_tmpdir());
    if (store_open(uri, STORE_INIT, NULL, &s, NULL, &msg) != ERR_OK || delivery_open(s, &d, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    fail_with = EIO;
    atomic_store(&calls, 0);
    atomic_store(&fail_at, 1);
    is_int(delivery_commit_all(d, &c, 1, &msg), ERR_IO, "a commit that cannot be written fails");
    atomic_store(&fail_at, 0);
    ok(strstr(msg.text, "/message/delivery.db: cannot write: disk I/O error (SQLite's code 778)"),
       "and says where, and what");
    struct errmsg again = {""};
    is_int(delivery_commit_all(d, &c, 1, &again), ERR_IO, "no other is taken");
    is_str(again.text, msg.text, "with the same words");
    delivery_close(d);
    store_close(s);
}

int main(void)
{
    plan(0);
    test_each_call("a full disk", ENOSPC);
    test_each_call("an I/O error", EIO);
    test_message();
    return tap_end();
}
