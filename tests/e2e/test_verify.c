/* lifecertctl verify beside a daemon under load, beside nobody, and on what a kill leaves: a city's year, imported
 * under an accelerated clock. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define PEOPLE "12000"
#define VERIFIED 200 /* at most so many while one import runs */

static const char extra[] =
    "timezone = \"Asia/Shanghai\"\n"
    "clock = \"2026-01-01T00:00:00+08:00 x100000000\"\n"
    "brake_limit = \"20\"\n"
    "max_lines = 500\n"
    "channel \"face\" { }\nchannel \"kiosk\" { }\nchannel \"counter\" { }\nchannel \"bank\" { }\n"
    "channel \"data-match\" { expect_every = \"40d\" }\nchannel \"home-visit\" { }\n"
    "channel \"consulate\" { }\nchannel \"unit-batch\" { }\n"
    "policy \"national\" { }\npolicy \"zhoushan\" { }\npolicy \"beijing\" { grace = 0 }\n"
    "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n"
    "policy \"half-yearly\" { cycle = \"6 months\" }\n";

static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))

/* --- the load --- */

static const char *write_city(const struct node *n, const char *name, const char *from, const char *until)
{
    static char path[2][160];
    static unsigned made;
    char *file = path[made++ % 2];
    struct buf out = BUF_INIT;
    const char *const argv[] = {"lifecertctl",       "-c",         n->config,
                                "demo-city",         "-n",         PEOPLE,
                                "--start",           "2026-01-01", from ? "--after" : "--until",
                                from ? from : until, NULL};
    snprintf(file, sizeof path[0], "%s/%s", n->dir, name);
    if (run_program(argv, &out) != 0)
        bail_out("no city: %s", out.p);
    FILE *f = fopen(file, "w");
    if (!f || fputs(out.p, f) < 0 || fclose(f) != 0)
        bail_out("cannot write %s", file);
    buf_done(&out);
    return file;
}

struct load {
    const char *config, *file;
    atomic_bool over;
    int status;
};

static void *import(void *arg)
{
    struct load *l = arg;
    struct buf out = BUF_INIT;
    const char *const argv[] = {"lifecertctl", "-c", l->config, "import", l->file, NULL};
    l->status = run_program(argv, &out);
    buf_done(&out);
    atomic_store(&l->over, true);
    return NULL;
}

/* --- verify --- */

struct verified {
    int status;
    bool live;
    unsigned long long events;
    char seal[100];
};

static struct verified verify(const struct node *n, const char *expect)
{
    struct verified v = {.events = 0};
    struct buf out = BUF_INIT;
    const char *argv[] = {"lifecertctl", "-c", n->config, "verify", "--json", expect ? "--expect-seal" : NULL,
                          expect,        NULL};
    v.status = run_program(argv, &out);
    const char *events = out.p ? strstr(out.p, "\"events\":") : NULL,
               *seal = out.p ? strstr(out.p, "\"seal\":\"") : NULL;
    if (events)
        v.events = strtoull(events + 9, NULL, 10);
    if (seal)
        snprintf(v.seal, sizeof v.seal, "%.*s", (int)strcspn(seal + 8, "\""), seal + 8);
    v.live = out.p && strstr(out.p, "\"live\":true");
    if (v.status != 0)
        diag("%.800s", out.p ? out.p : "");
    buf_done(&out);
    return v;
}

static void test_under_load(struct node *n)
{
    struct load l = {.config = n->config, .file = write_city(n, "first", NULL, "2026-07-01T00:00:00+08:00")};
    pthread_t thread;
    unsigned good = 0, bad = 0, dead = 0;
    unsigned long long least = 0, most = 0;
    if (pthread_create(&thread, NULL, import, &l) != 0)
        bail_out("no thread");
    for (int i = 0; i < VERIFIED && !atomic_load(&l.over); i++) {
        struct verified v = verify(n, NULL);
        good += v.status == 0;
        bad += v.status != 0;
        dead += !v.live;
        least = i == 0 ? v.events : least;
        most = v.events;
    }
    pthread_join(thread, NULL);
    check(l.status == 0 || l.status == 1, "a city's first half is imported"); /* some of it is to be rejected */
    check(bad == 0 && good > 0, "meanwhile verify finds the store good, %u times", good);
    check(dead == 0, "and knows that the daemon runs");
    diag("%u verifications, of %llu to %llu events", good, least, most);
}

static bool has_file(const struct node *n, const char *name)
{
    char path[200];
    struct stat st;
    snprintf(path, sizeof path, "%s/store/%s", n->dir, name);
    return stat(path, &st) == 0;
}

static void test_still(struct node *n)
{
    bool wal = has_file(n, "contacts.db-wal"), shm = has_file(n, "contacts.db-shm");
    struct verified v = verify(n, NULL);
    check(v.status == 0 && !v.live && v.events > 1000, "a store that nobody writes to is good");
    check(has_file(n, "contacts.db-wal") == wal && has_file(n, "contacts.db-shm") == shm,
          "no file appears beside its contacts");
    check(verify(n, v.seal).status == 0, "the seal that was printed is found again");
}

static void test_killed(struct node *n)
{
    struct load l = {.config = n->config, .file = write_city(n, "second", "2026-07-01T00:00:00+08:00", NULL)};
    pthread_t thread;
    struct verified before = verify(n, NULL), v = before;
    if (pthread_create(&thread, NULL, import, &l) != 0)
        bail_out("no thread");
    for (int i = 0; i < VERIFIED && v.events == before.events && !atomic_load(&l.over); i++)
        v = verify(n, NULL);
    node_kill(n);
    pthread_join(thread, NULL);
    v = verify(n, before.seal);
    check(v.status == 0 && v.events >= before.events, "what a kill leaves is good, and goes on from the seal before");
    node_must_start(n);
    v = verify(n, v.seal);
    check(v.status == 0, "and so is what the next start makes of it");
}

int main(void)
{
    plan(0);
    struct node *n = node_new(extra);
    node_init(n);
    node_must_start(n);
    test_under_load(n);
    check(node_stop(n) == 0, "the daemon stops");
    test_still(n);
    node_must_start(n);
    test_killed(n);
    check(node_stop(n) == 0, "the daemon stops again");
    check(verify(n, NULL).status == 0, "and everything is good at the end");
    node_free(n, failed);
    return tap_end();
}
