/* What the service manager hears from a daemon whose engine works, hangs and works again, and of how things stand. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/held_thread.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define CONFIG "timezone = \"Asia/Shanghai\"\npolicy \"national\" { }\nchannel \"face\" { }\n"
#define WATCHDOG_MS 6000 /* the daemon looks four times in it */
#define WATCHDOG_US "6000000"
#define ENROL "{\"op\":\"enrol\",\"id\":\"p\",\"policy\":\"national\",\"approved_on\":\"2020-02-01\"}"

static struct node *n;
static struct reply r;

static int status_of(const char *target)
{
    request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
    return r.status;
}

static void working(void)
{
    node_must_start(n);
    ok(node_await(n, "WATCHDOG=1") && node_await(n, "WATCHDOG=1"), "an engine that rests feeds the watchdog");
    request_once(n->socket, "POST", "/v1/inputs", "Content-Type: application/json\r\n", STR_LIT(ENROL), &r);
    is_int(r.status, 200, "somebody is enrolled");
    ok(node_await(n, "STATUS=serving 1 beneficiary"), "which the status comes to say");
}

static void hanging(void)
{
    pid_t engine = held_thread_stop(n->pid, "engine");
    if (engine < 0) {
        skip(6, "the engine's thread cannot be held: %s", strerror(errno));
        return;
    }
    ok(node_await(n, "STATUS=serving 1 beneficiary; no progress"), "of an engine that hangs the status says so");
    is_int(status_of("/healthz"), 200, "though the loop answers");
    ok(!node_says_within(n, "WATCHDOG=1", WATCHDOG_MS), "the watchdog gets nothing more");
    ok(node_logged(n, "event=engine-stalled"), "and there is a line in the log");
    held_thread_release(engine);
    ok(node_await(n, "WATCHDOG=1"), "once it goes on the watchdog is fed again");
    ok(node_logged(n, "event=engine-resumed"), "and the log says so");
}

static void reloading(void)
{
    node_configure(n, "frobnicate = 1\n");
    node_signal(n, SIGHUP);
    ok(node_await(n, "RELOADING=1") && node_await(n, "STATUS=serving 1 beneficiary; the last reload was refused"),
       "a faulty configuration is told of in the status");
    ok(node_await(n, "READY=1"), "before the manager hears that the reload is over");
    node_configure(n, CONFIG);
    node_signal(n, SIGHUP);
    ok(node_await(n, "STATUS=serving 1 beneficiary") && node_await(n, "READY=1"), "a good one takes the word back");
}

static void stopping(void)
{
    node_signal(n, SIGTERM);
    ok(node_await(n, "STOPPING=1") && node_await(n, "EXTEND_TIMEOUT_USEC="), "it asks for time to write its checkpoint");
    is_int(node_wait(n), 0, "and stops");
}

int main(void)
{
    plan(3 + 6 + 3 + 2);
    setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
    n = node_new(CONFIG);
    node_init(n);
    working();
    hanging();
    reloading();
    stopping();
    reply_done(&r);
    node_free(n, false);
    return tap_end();
}
