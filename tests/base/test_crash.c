#include "base/crash.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/core_file.h"
#include "tests/lib/tap.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true /* its handlers are there already, and its shadow memory is no core's */
#else
#define SANITIZED false
#endif

#define SECRET_BYTES 16
#define THREADS 3

/* --- processes that die --- */

static char secret[SECRET_BYTES + 1]; /* not in the program's text */

static void make_secret(void)
{
    for (unsigned i = 0; i < SECRET_BYTES; i++)
        secret[i] = (char)('a' + (i * 7 + 3) % 26);
}

static atomic_uint ready;

/* Has the secret where the compiler would not leave it alone, and waits. */
static void *hold_secret(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ready, 1);
#if defined(__x86_64__)
    register long result __asm__("rax") = 7; /* poll(2) */
    __asm__ volatile("movdqu (%1), %%xmm7\n syscall"
                     : "+r"(result)
                     : "r"(secret), "D"(0L), "S"(0L), "d"(-1L)
                     : "rcx", "r11", "xmm7", "memory");
#else
    poll(NULL, 0, -1);
#endif
    return NULL;
}

static void start_threads(void *(*run)(void *))
{
    pthread_t thread;
    sigset_t all, before;
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&thread, NULL, run, NULL) != 0)
            _exit(127);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (atomic_load(&ready) < THREADS)
        poll(NULL, 0, 1);
    poll(NULL, 0, 20); /* from saying so to waiting */
}

static void by_address(void)
{
    volatile int *volatile nowhere = NULL;
    crash_prepare();
    *nowhere = 1;
}

static void by_abort(void)
{
    crash_prepare();
    abort();
}

static void by_signal(void)
{
    crash_prepare();
    raise(SIGQUIT);
}

static int deeper(int n)
{
    volatile char room[4096];
    room[0] = (char)n;
    return n < 0 ? room[0] : deeper(n + 1) + room[0];
}

static void by_depth(void)
{
    crash_prepare();
    _exit(deeper(0));
}

static void among_threads(void)
{
    crash_prepare();
    start_threads(hold_secret);
    abort();
}

static void *abort_too(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < THREADS)
        continue;
    abort();
}

static void all_at_once(void)
{
    crash_prepare();
    start_threads(abort_too);
}

static void ignored(void)
{
    signal(SIGXFSZ, SIG_IGN);
    crash_prepare();
    raise(SIGXFSZ);
    _exit(42);
}

/* --- cores --- */

/* On the heap, on the stack, and in memory shared with others. */
static void keep_secret(void)
{
    char on_stack[SECRET_BYTES];
    char *on_heap = malloc(SECRET_BYTES);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memcpy(on_stack, secret, SECRET_BYTES);
    memcpy(on_heap, secret, SECRET_BYTES);
    memcpy(shared, secret, SECRET_BYTES);
    __asm__ volatile("" ::"r"(on_stack), "r"(on_heap), "r"(shared) : "memory");
    abort();
}

static void leave_core(void)
{
    crash_prepare();
    start_threads(hold_secret);
    keep_secret();
}

/* The controls: what would be there without. */
static void leave_memory(void)
{
    int fd;
    crash_prepare();
    fd = open("/proc/self/coredump_filter", O_WRONLY);
    if (fd < 0 || write(fd, "0x33", 4) != 4)
        _exit(127);
    keep_secret();
}

static void leave_registers(void)
{
    crash_prepare();
    signal(SIGABRT, SIG_DFL);
    start_threads(hold_secret);
    abort();
}

/* --- watching them --- */

struct death {
    pid_t pid;
    int status;
    char said[16384];
};

static void watch(void (*die)(void), struct death *d)
{
    int fds[2];
    size_t n = 0;
    fflush(stdout);
    if (pipe(fds) != 0 || (d->pid = fork()) < 0)
        bail_out("no process to be had");
    if (d->pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        core_allow(tap_tmpdir());
        die();
        _exit(0);
    }
    close(fds[1]);
    for (ssize_t got; n < sizeof d->said - 1 && (got = read(fds[0], d->said + n, sizeof d->said - 1 - n)) > 0;)
        n += (size_t)got;
    d->said[n] = '\0';
    close(fds[0]);
    waitpid(d->pid, &d->status, 0);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    while ((text = strstr(text, what)) != NULL) {
        n++;
        text++;
    }
    return n;
}

static void dies_and_says(void (*die)(void), int signal_number, const char *begins, const char *name)
{
    struct death d;
    struct buf core = BUF_INIT;
    watch(die, &d);
    ok(WIFSIGNALED(d.status) && WTERMSIG(d.status) == signal_number, "%s: dies of signal %d", name, signal_number);
    ok(strncmp(d.said, begins, strlen(begins)) == 0 && strstr(d.said, " stack=\"") && strstr(d.said, "test_crash+0x"),
       "%s: and says so: %.150s", name, d.said);
    core_take(tap_tmpdir(), d.pid, &core);
    buf_done(&core);
}

static void test_lines(void)
{
    struct death d;
    struct buf core = BUF_INIT;
    if (SANITIZED)
        skip(4, "a sanitizer has handlers of its own");
    else {
        dies_and_says(by_address, SIGSEGV, "event=crash signal=SIGSEGV address=0x0 thread=", "a wild pointer");
        dies_and_says(by_depth, SIGSEGV, "event=crash signal=SIGSEGV address=0x", "a stack that runs over");
    }
    dies_and_says(by_abort, SIGABRT, "event=crash signal=SIGABRT thread=", "abort()");
    dies_and_says(by_signal, SIGQUIT, "event=crash signal=SIGQUIT thread=", "a signal that somebody sends");

    watch(among_threads, &d);
    is_int(count(d.said, "event=crash signal=SIGABRT"), 1, "of several threads one tells of the crash");
    is_int(count(d.said, "event=crash-thread thread="), THREADS, "and each of the others where it was");
    is_int(count(d.said, "\"\n"), THREADS + 1, "in a whole line each");
    core_take(tap_tmpdir(), d.pid, &core);

    watch(all_at_once, &d);
    is_int(count(d.said, "event=crash signal=SIGABRT"), 1, "when all crash at once, one has it in hand");
    ok(WIFSIGNALED(d.status) && WTERMSIG(d.status) == SIGABRT, "and the process ends all the same");
    core_take(tap_tmpdir(), d.pid, &core);

    watch(ignored, &d);
    ok(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 42 && !d.said[0], "what was ignored stays so");
    buf_done(&core);
}

static bool holds_secret(const struct buf *core)
{
    return memmem(core->p, core->n, secret, SECRET_BYTES) != NULL;
}

static void test_cores(void)
{
    struct death d;
    struct buf core = BUF_INIT;
    const char *why = SANITIZED ? "a sanitizer's memory makes no core" : core_unavailable();
    if (why) {
        skip(5, "%s", why);
        return;
    }
    watch(leave_core, &d);
    bool taken = core_take(tap_tmpdir(), d.pid, &core);
    ok(taken && core_is_real(&core), "a core is left: %zu bytes", core.n);
    ok(!holds_secret(&core), "with nothing of heap, stacks, shared memory and registers");
    ok(core.n < 4 << 20, "so it is small");
    watch(leave_memory, &d);
    ok(core_take(tap_tmpdir(), d.pid, &core) && holds_secret(&core), "control: without the filter memory is in it");
    watch(leave_registers, &d);
#if defined(__x86_64__)
    ok(core_take(tap_tmpdir(), d.pid, &core) && holds_secret(&core), "control: without the handler registers are");
#else
    skip(1, "which register it would be is known for x86-64 only");
#endif
    buf_done(&core);
}

int main(void)
{
    plan(19);
    make_secret();
    test_lines();
    test_cores();
    return tap_end();
}
