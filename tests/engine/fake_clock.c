#include "tests/engine/fake_clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS INT64_C(1000000000)

/* Threads of the store read them too. */
static _Atomic int64_t wall = 1767225600 * NS, boot = 5000 * NS, monotonic = 5000 * NS;
static atomic_int timer_fd = -1; /* an eventfd in its place */
static atomic_bool armed, cancelled;

int clock_gettime(clockid_t id, struct timespec *t)
{
    int64_t now;
    switch (id) {
    case CLOCK_REALTIME: now = wall; break;
    case CLOCK_BOOTTIME: now = boot; break;
    case CLOCK_MONOTONIC: now = monotonic; break;
    default: return (int)syscall(SYS_clock_gettime, id, t);
    }
    *t = (struct timespec){.tv_sec = now / NS, .tv_nsec = now % NS};
    return 0;
}

int timerfd_create(clockid_t id, int flags)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (id == CLOCK_REALTIME && flags & TFD_NONBLOCK)
        timer_fd = fd;
    armed = cancelled = false;
    return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
    eventfd_t n;
    (void)old;
    if (fd != timer_fd) {
        errno = EBADF;
        return -1;
    }
    (void)!eventfd_read(fd, &n); /* arming makes a timer unreadable */
    cancelled = false;
    armed = flags == (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) && new->it_value.tv_sec > wall / NS;
    return 0;
}

ssize_t read(int fd, void *to, size_t n)
{
    if (fd == timer_fd && cancelled) {
        errno = ECANCELED;
        return -1;
    }
    return syscall(SYS_read, fd, to, n);
}

bool fake_clock_was_set(void)
{
    if (!armed)
        return false;
    armed = false;
    cancelled = true;
    return eventfd_write(timer_fd, 1) == 0;
}

bool fake_timer_armed(void)
{
    return armed;
}

void fake_wall(lc_instant at)
{
    wall = at * NS;
}

lc_instant fake_wall_now(void)
{
    return wall / NS;
}

void fake_pass(int64_t seconds)
{
    fake_sleep(seconds);
    monotonic += seconds * NS;
}

void fake_pass_ms(int64_t ms)
{
    wall += ms * (NS / 1000);
    boot += ms * (NS / 1000);
    monotonic += ms * (NS / 1000);
}

void fake_sleep(int64_t seconds)
{
    wall += seconds * NS;
    boot += seconds * NS;
}

int64_t real_monotonic_ns(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}
