/* The event loop: what is watched is called, in time and on the loop. */
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "tests/lib/tap.h"

static struct loop *l;
static struct watch *timer, *other;
static int fired, pipe_fds[2];
static int64_t fired_at;

static void on_timer(void *arg)
{
    fired += *(int *)arg;
    fired_at = clock_monotonic_ns();
    loop_stop(l);
}

static void run(void)
{
    struct errmsg msg;
    if (loop_run(l, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

static void timers(void)
{
    int one = 1, hundred = 100;
    int64_t start = clock_monotonic_ns();
    timer = watch_timer(l, on_timer, &one);
    other = watch_timer(l, on_timer, &hundred);
    watch_timer_set(timer, 20);
    watch_timer_set(other, 5);
    watch_timer_set(other, -1);
    run();
    is_int(fired, 1, "a timer fires, and one that was stopped does not");
    ok(fired_at - start >= 19 * INT64_C(1000000), "not before its time");
    watch_timer_set(other, 100000);
    watch_timer_set(other, 1);
    run();
    is_int(fired, 101, "a timer that is set again forgets what it was set to");
    watch_timer_set(timer, 0);
    run();
    is_int(fired, 102, "a timer of no time fires at once");
    watch_free(timer);
    watch_free(other);
}

static int reads;

static void on_readable(void *arg)
{
    (void)arg;
    if (++reads < 3)
        return; /* leaves the byte where it is */
    char byte;
    if (read(pipe_fds[0], &byte, 1) == 1)
        loop_stop(l);
}

static void descriptors(void)
{
    if (pipe(pipe_fds) != 0 || write(pipe_fds[1], "x", 1) != 1)
        bail_out("no pipe to be had");
    struct watch *w = watch_readable(l, pipe_fds[0], on_readable, NULL);
    run();
    is_int(reads, 3, "a descriptor that stays readable is told of again");
    watch_free(w);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static int signals;
static struct watch *self;

static void on_signal(void *arg)
{
    (void)arg;
    signals++;
    watch_free(self); /* from within itself */
    loop_stop(l);
}

static void signal_watches(void)
{
    self = watch_signal(l, SIGUSR1, on_signal, NULL);
    raise(SIGUSR1);
    is_int(signals, 0, "a signal is not dealt with where it interrupts");
    run();
    is_int(signals, 1, "but on the loop");
}

int main(void)
{
    struct errmsg msg;
    plan(7);
    if (loop_new(&l, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    timers();
    descriptors();
    signal_watches();
    loop_free(l);
    return tap_end();
}
