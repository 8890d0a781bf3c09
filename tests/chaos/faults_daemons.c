/* What is done to daemons: killed, stopped for a while, ended in order; and started again, as a supervisor would. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/chaos/faults_inside.h"

#define READY_LOOK_MS 1
#define RESTART_MS 500

static void until(struct faults *f, unsigned i, enum daemon_state state, int64_t ms)
{
    f->daemons[i] = state;
    atomic_store(&f->load->away[i], state != DAEMON_UP);
    f->daemon_until[i] = clock_monotonic_ns() + ms * NS_PER_MS;
}

static void do_kill(struct faults *f, unsigned i)
{
    f->daemon_deed[i] = faults_note(f, DEED_DAEMON_KILL, (int)i, 0);
    node_kill(f->stage->daemons[i]);
    until(f, i, DAEMON_DOWN, faults_draw(f, 0, 8000));
}

static void do_stop(struct faults *f, unsigned i)
{
    f->daemon_deed[i] = faults_note(f, DEED_DAEMON_STOP, (int)i, 0);
    node_signal(f->stage->daemons[i], SIGSTOP);
    until(f, i, DAEMON_STOPPED, faults_draw(f, 1000, 10000));
}

static void do_term(struct faults *f, unsigned i)
{
    f->daemon_deed[i] = faults_note(f, DEED_DAEMON_TERM, (int)i, 0);
    node_signal(f->stage->daemons[i], SIGTERM);
    until(f, i, DAEMON_ENDING, 60000);
}

static void launch(struct faults *f, unsigned i)
{
    node_launch(f->stage->daemons[i]);
    until(f, i, DAEMON_STARTING, 90000);
}

static unsigned count_up(const struct faults *f)
{
    unsigned n = 0;
    for (unsigned i = 0; i < DAEMONS; i++)
        n += f->daemons[i] == DAEMON_UP;
    return n;
}

static void begin(struct faults *f)
{
    static void (*const deeds[])(struct faults * f, unsigned i) = {do_kill, do_stop, do_term};
    unsigned i = (unsigned)rng_below(&f->rng, DAEMONS);
    if (f->daemons[i] == DAEMON_UP && count_up(f) > 1)
        deeds[rng_below(&f->rng, 3)](f, i);
    f->daemon_next = clock_monotonic_ns() + faults_draw(f, 1000, 9000) * NS_PER_MS;
}

/* It has exited by itself: in order when Redis was not to be had at its start, else never. */
static void note_exit(struct faults *f, unsigned i)
{
    int status = node_wait(f->stage->daemons[i]);
    faults_say(f, "daemon %u ended by itself with %d", i, status);
    f->own_exits += status >= 0;
    f->crashes += status < 0;
}

static bool has_exited(struct node *n)
{
    siginfo_t info = {.si_pid = 0};
    return n->pid > 0 && waitid(P_PID, (id_t)n->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void await_ready(struct faults *f, unsigned i)
{
    struct node *n = f->stage->daemons[i];
    if (node_says_within(n, "READY=1", READY_LOOK_MS)) {
        until(f, i, DAEMON_UP, 0);
        faults_healed(f, f->daemon_deed[i]);
    } else if (n->pid == 0 || has_exited(n)) {
        if (n->pid)
            note_exit(f, i);
        else
            f->own_exits++;
        until(f, i, DAEMON_DOWN, RESTART_MS);
    } else if (clock_monotonic_ns() > f->daemon_until[i])
        bail_out("daemon %u does not get ready", i);
}

static void go_on(struct faults *f, unsigned i, int64_t now)
{
    struct node *n = f->stage->daemons[i];
    switch (f->daemons[i]) {
    case DAEMON_UP:
        if (has_exited(n)) {
            f->daemon_deed[i] = faults_note(f, DEED_DAEMON_KILL, (int)i, 0);
            note_exit(f, i);
            until(f, i, DAEMON_DOWN, RESTART_MS);
        }
        break;
    case DAEMON_DOWN:
        if (now >= f->daemon_until[i])
            launch(f, i);
        break;
    case DAEMON_STOPPED:
        if (now < f->daemon_until[i])
            break;
        node_signal(n, SIGCONT);
        until(f, i, DAEMON_UP, 0);
        faults_healed(f, f->daemon_deed[i]);
        break;
    case DAEMON_ENDING:
        if (has_exited(n)) {
            int status = node_wait(n);
            faults_say(f, "daemon %u has ended with %d", i, status);
            f->crashes += status != 0;
            until(f, i, DAEMON_DOWN, faults_draw(f, 0, 4000));
        } else if (now > f->daemon_until[i])
            bail_out("daemon %u does not end", i);
        break;
    case DAEMON_STARTING: await_ready(f, i); break;
    }
}

void daemons_go_on(struct faults *f, int64_t now)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        go_on(f, i, now);
    if (now >= f->daemon_next && faults_may_begin(f, false))
        begin(f);
}
