/* The real daemon under a wall clock that jumps: libfaketime stands between it and the system's clock, and a file
 * says by how much the clock is off. Suspensions stay held until an operator lifts the hold. libfaketime reaches
 * neither timers nor the kernel's word that the clock was set; those are tested with clocks of the test's own
 * (engine/test_watch). */
#include <glob.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/tz.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define JSON "Content-Type: application/json\r\n"
#define WAIT_MS 60000

static const char config[] = "timezone = \"Asia/Shanghai\"\n"
                             "brake_limit = \"off\"\n"
                             "channel \"face\" { }\n"
                             "policy \"national\" { }\n";

static struct node *n;
static struct reply r;
static char offset_file[128];

static int ask(const char *method, const char *target, struct str body)
{
    request_once(n->socket, method, target, JSON, body, &r);
    return r.status;
}

/* The clock is off by so much: "+0", "-2h", "+30d". The file is replaced, since the daemon reads it at any moment. */
static void set_clock(const char *offset)
{
    char fresh[160];
    snprintf(fresh, sizeof fresh, "%s.new", offset_file);
    FILE *f = fopen(fresh, "w");
    if (!f || fprintf(f, "%s\n", offset) < 0 || fclose(f) != 0 || rename(fresh, offset_file) != 0)
        bail_out("cannot write %s", offset_file);
}

/* Asks until the answer holds the text; false: it never came to. */
static bool comes_to(const char *target, const char *text)
{
    for (int waited = 0; waited < WAIT_MS; waited += 20) {
        if (ask("GET", target, STR_NONE) == 200 && strstr(r.body.p, text))
            return true;
        poll(NULL, 0, 20);
    }
    diag("%s: %s", target, r.body.p);
    return false;
}

static bool says(const char *target, const char *text)
{
    bool good = ask("GET", target, STR_NONE) == 200 && strstr(r.body.p, text);
    if (!good)
        diag("%s: %s", target, r.body.p);
    return good;
}

static void enrol(const char *id)
{
    char json[160];
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2020-01-10\"}", id);
    if (ask("POST", "/v1/inputs", str_of(json)) != 200)
        bail_out("%s is not enrolled: %s", id, r.body.p);
}

static void lift(void)
{
    is_int(ask("DELETE", "/v1/holds/clock", STR_LIT("{\"by\":\"Li\",\"why\":\"looked at\"}")), 200,
           "an operator lifts the hold");
}

static void now_is(char out[26])
{
    if (ask("GET", "/v1/status", STR_NONE) != 200 || !strstr(r.body.p, "\"now\":\""))
        bail_out("no status: %s", r.body.p);
    snprintf(out, 26, "%.25s", strstr(r.body.p, "\"now\":\"") + 7);
}

/* --- while it runs --- */

static void test_small(void)
{
    enrol("A");
    ok(says("/v1/beneficiaries/A", "\"status\":\"grace\""), "somebody overdue is in grace");
    set_clock("+30m");
    enrol("B");
    set_clock("+0");
    enrol("C");
    ok(says("/v1/holds", "{\"holds\":[]}"), "half an hour forward and back is no jump");
}

static void test_forward(void)
{
    char before[26], after[26];
    set_clock("+30d");
    ok(comes_to("/v1/holds", "the clock moved forward by"), "a month forward is noticed without being asked");
    ok(says("/v1/beneficiaries/A", "\"held_by\":[\"clock\"]"), "the hold covers everybody");
    ok(says("/v1/status", "\"suspended\":0,"), "and nobody is suspended");
    ok(comes_to("/v1/status", "\"held\":3,"), "though three suspensions are due");
    lift();
    ok(comes_to("/v1/status", "\"suspended\":3,"), "then they go through");
    now_is(before);
    set_clock("+29d");
    ok(comes_to("/v1/holds", "the clock moved back by"), "a day back is noticed too");
    enrol("D");
    now_is(after);
    ok(strcmp(before, after) <= 0, "and now does not go back with it");
}

/* --- at start --- */

static void test_restart(const char *offset, const char *why)
{
    char first[26], then[26];
    now_is(first);
    lift();
    is_int(node_stop(n), 0, "the daemon stops");
    set_clock(offset);
    node_must_start(n);
    ok(why ? comes_to("/v1/holds", why) : says("/v1/holds", "{\"holds\":[]}"), "started again with the clock at %s: %s",
       offset, why ? "held" : "no hold");
    now_is(then);
    ok(strcmp(first, then) <= 0, "and now has not gone back");
}

/* Within two looks of the pulse (prepare()). */
static bool logs(const char *text)
{
    for (int waited = 0; !node_logged(n, text); waited += 50) {
        if (waited >= 10000)
            return false;
        poll(NULL, 0, 50);
    }
    return true;
}

/* libfaketime's shared memory outlives a process that is killed. */
static void kill_daemon(void)
{
    char name[64];
    pid_t pid = n->pid;
    node_kill(n);
    snprintf(name, sizeof name, "/faketime_shm_%ld", (long)pid);
    shm_unlink(name);
    snprintf(name, sizeof name, "/faketime_sem_%ld", (long)pid);
    sem_unlink(name);
}

static void test_killed(void)
{
    kill_daemon();
    set_clock("+60d");
    node_must_start(n);
    ok(comes_to("/v1/holds", "at start the clock stands after the moment"),
       "killed, and started with the clock a month on: held");
    ok(logs("event=hold-in-force hold=clock"), "which the journal has");
    lift();
    ok(logs("event=hold-over hold=clock"), "and that it is over");
}

/* Where Debian has it, whatever the machine. */
static bool find_library(char out[256])
{
    glob_t g;
    bool found = glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &g) == 0 && g.gl_pathc > 0;
    if (found)
        snprintf(out, 256, "%s", g.gl_pathv[0]);
    globfree(&g);
    return found;
}

/* For the daemon alone: this program has started. */
static void prepare(const char *library)
{
    snprintf(offset_file, sizeof offset_file, "%s/offset", tap_tmpdir());
    set_clock("+0");
    setenv("LD_PRELOAD", library, 1);
    setenv("FAKETIME_TIMESTAMP_FILE", offset_file, 1);
    setenv("FAKETIME_NO_CACHE", "1", 1);
    setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    setenv("TZ", "UTC", 1);
    setenv("WATCHDOG_USEC", "6000000", 1); /* so it looks every 1.5 seconds how things stand */
}

int main(void)
{
    char library[256];
    plan(0);
    if (!find_library(library)) {
        skip(1, "libfaketime is not installed (package faketime)");
        return tap_end();
    }
    n = node_new(config);
    node_init(n);
    prepare(library);
    node_must_start(n);
    test_small();
    test_forward();
    test_restart("+28d", "at start the clock stands before the moment");
    test_restart("+30d", NULL); /* where its last event is */
    test_killed();
    kill_daemon();
    node_free(n, false);
    reply_done(&r);
    return tap_end();
}
