#include "base/crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/log.h"

#define CORE_FILTER "0x10" /* core(5): of mapped programs the first page, which names their build; no memory else */
#define FRAMES_MAX 32
#define LINE_BYTES 2048
#define STACK_BYTES 65536 /* of the handler: two thirds go to registers (AVX-512, AMX) and the unwinder at worst */
#define THREADS_MAX 4096
#define STOP_MS 500 /* at most so long for the other threads: a sync may hold one */
#define STOP_SIGNAL SIGABRT

/* Those whose default is to leave a core. */
static const struct fault {
    int number;
    const char *name;
} faults[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},   {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"},
    {SIGSYS, "SIGSYS"},   {SIGTRAP, "SIGTRAP"}, {SIGQUIT, "SIGQUIT"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
};
#define N_FAULTS (sizeof faults / sizeof *faults)

/* A signal's handler is given nothing to hold on to. */
static atomic_int crashing; /* the thread that has the crash in hand; 0: none */
static atomic_uint stopped; /* how many others stand still */
static bool for_journal;

/* --- a line, put together without anything that a crash may have left locked --- */

struct line {
    char text[LINE_BYTES];
    size_t n;
};

static void add(struct line *l, const char *text)
{
    size_t n = strlen(text), room = sizeof l->text - 2 - l->n; /* the quote and the end of the line have theirs */
    n = n < room ? n : room;
    memcpy(l->text + l->n, text, n);
    l->n += n;
}

static void add_number(struct line *l, uint64_t n, unsigned base)
{
    char digits[21], *p = digits + sizeof digits - 1;
    *p = '\0';
    do
        *--p = "0123456789abcdef"[n % base];
    while (n /= base);
    if (base == 16)
        add(l, "0x");
    add(l, p);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* As an address in its file, which is the same in every process. */
static void add_frame(struct line *l, void *address)
{
    struct dl_find_object found;
    if (_dl_find_object(address, &found) != 0) {
        add_number(l, (uintptr_t)address, 16);
        return;
    }
    const struct link_map *file = found.dlfo_link_map;
    add(l, file->l_name[0] ? base_name(file->l_name) : program_invocation_short_name);
    add(l, "+");
    add_number(l, (uintptr_t)address - file->l_addr, 16);
}

/* This thread's, from whoever was interrupted. */
static void write_line(struct line *l)
{
    void *frames[FRAMES_MAX];
    int n = backtrace(frames, FRAMES_MAX);
    add(l, " thread=");
    add_number(l, (uint64_t)gettid(), 10);
    add(l, " stack=\"");
    for (int i = 0; i < n; i++) {
        add(l, i ? " " : "");
        add_frame(l, frames[i]);
    }
    l->text[l->n++] = '"';
    l->text[l->n++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, l->text, l->n);
    (void)ignored;
}

static void begin_line(struct line *l, const char *event)
{
    l->n = 0;
    add(l, for_journal ? "<2>event=" : "event=");
    add(l, event);
}

/* --- registers --- */

/* A core has every thread's registers, and a wide one may still hold what was copied or compared last. */
#if defined(__x86_64__)
/* AddressSanitizer's stacks are not aligned well enough for it. */
__attribute__((target("xsave,fxsr"), noinline, no_sanitize_address)) static void clear_registers(void)
{
    _Alignas(64) unsigned char blank[4096] = {0}; /* says that each set of registers is as at the start */
    static const uint32_t mxcsr = 0x1f80;         /* is taken from it all the same: no exceptions */
    memcpy(blank + 24, &mxcsr, sizeof mxcsr);
    if (__builtin_cpu_supports("avx"))
        _xrstor64(blank, -1);
    else
        _fxrstor64(blank);
}
#elif defined(__aarch64__)
static void clear_registers(void)
{
    __asm__ volatile("movi v0.2d, #0\n movi v1.2d, #0\n movi v2.2d, #0\n movi v3.2d, #0\n"
                     "movi v4.2d, #0\n movi v5.2d, #0\n movi v6.2d, #0\n movi v7.2d, #0\n"
                     "movi v8.2d, #0\n movi v9.2d, #0\n movi v10.2d, #0\n movi v11.2d, #0\n"
                     "movi v12.2d, #0\n movi v13.2d, #0\n movi v14.2d, #0\n movi v15.2d, #0\n"
                     "movi v16.2d, #0\n movi v17.2d, #0\n movi v18.2d, #0\n movi v19.2d, #0\n"
                     "movi v20.2d, #0\n movi v21.2d, #0\n movi v22.2d, #0\n movi v23.2d, #0\n"
                     "movi v24.2d, #0\n movi v25.2d, #0\n movi v26.2d, #0\n movi v27.2d, #0\n"
                     "movi v28.2d, #0\n movi v29.2d, #0\n movi v30.2d, #0\n movi v31.2d, #0\n" ::
                         : "memory");
}
#else
/* Not known here: then there is no core. */
static void clear_registers(void)
{
    prctl(PR_SET_DUMPABLE, 0);
}
#endif

/* --- the end --- */

struct task { /* what getdents64(2) gives */
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

static int number_of(const char *name)
{
    int n = 0;
    for (; *name >= '0' && *name <= '9'; name++)
        n = 10 * n + (*name - '0');
    return n;
}

/* How many were told; UINT_MAX: nobody knows who they are. */
static unsigned stop_others(int me)
{
    _Alignas(8) char block[4096];
    unsigned n = 0;
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return UINT_MAX;
    for (long got; n < THREADS_MAX && (got = syscall(SYS_getdents64, fd, block, sizeof block)) > 0;)
        for (long at = 0; at < got; at += ((const struct task *)(block + at))->size) {
            int id = number_of(((const struct task *)(block + at))->name);
            n += id && id != me && syscall(SYS_tgkill, getpid(), id, STOP_SIGNAL) == 0;
        }
    close(fd);
    return n;
}

/* The registers of a thread that does not stand still, because it cannot be told or is deep in a call, would be in the
 * core: then there is none. */
static void wait_for_others(unsigned n)
{
    struct timespec ms = {.tv_nsec = 1000000};
    for (unsigned i = 0; i < STOP_MS && n != UINT_MAX && atomic_load(&stopped) < n; i++)
        nanosleep(&ms, NULL);
    if (atomic_load(&stopped) < n)
        prctl(PR_SET_DUMPABLE, 0);
}

_Noreturn static void stand_still(void)
{
    struct line l;
    begin_line(&l, "crash-thread");
    write_line(&l);
    atomic_fetch_add(&stopped, 1);
    clear_registers();
    for (;;)
        syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

/* Of the signal itself, as if nobody had been here. */
_Noreturn static void die(int number)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t this;
    sigemptyset(&this);
    sigaddset(&this, number);
    sigaction(number, &standard, NULL);
    sigprocmask(SIG_UNBLOCK, &this, NULL);
    clear_registers();
    syscall(SYS_tgkill, getpid(), gettid(), number);
    _exit(128 + number);
}

static const char *name_of(int number)
{
    for (size_t i = 0; i < N_FAULTS; i++)
        if (faults[i].number == number)
            return faults[i].name;
    return "?";
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    struct line l;
    int nobody = 0, me = gettid();
    (void)context;
    if (!atomic_compare_exchange_strong(&crashing, &nobody, me))
        stand_still();
    unsigned others = stop_others(me);
    begin_line(&l, "crash");
    add(&l, " signal=");
    add(&l, name_of(number));
    if (info->si_code > 0 && info->si_code != SI_KERNEL) { /* what the kernel knows an address of */
        add(&l, " address=");
        add_number(&l, (uintptr_t)info->si_addr, 16);
    }
    write_line(&l);
    wait_for_others(others);
    die(number);
}

/* --- the start --- */

/* Where that cannot be said, no core is left at all. */
static void keep_memory_out(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, CORE_FILTER, sizeof CORE_FILTER - 1) < 0)
        prctl(PR_SET_DUMPABLE, 0);
    if (fd >= 0)
        close(fd);
}

/* The handler's own, so that it can also tell of a stack that has run over: this thread's. */
static void make_stack(void)
{
    stack_t own = {.ss_size = STACK_BYTES}, there;
    if (sigaltstack(NULL, &there) != 0 || !(there.ss_flags & SS_DISABLE))
        return;
    own.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (own.ss_sp != MAP_FAILED && sigaltstack(&own, NULL) != 0)
        munmap(own.ss_sp, STACK_BYTES);
}

static void catch (int number)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK}, there;
    sigfillset(&action.sa_mask);
    if (sigaction(number, NULL, &there) == 0 && !(there.sa_flags & SA_SIGINFO) && there.sa_handler == SIG_DFL)
        sigaction(number, &action, NULL);
}

void crash_prepare(void)
{
    void *frame[1];
    keep_memory_out();
    for_journal = log_for_journal();
    (void)backtrace(frame, 1); /* the first call loads the unwinder, which a crash must not */
    make_stack();
    for (size_t i = 0; i < N_FAULTS; i++)
        catch (faults[i].number);
}

void crash_block_others(sigset_t *out)
{
    sigfillset(out);
    for (size_t i = 0; i < N_FAULTS; i++)
        sigdelset(out, faults[i].number);
}
