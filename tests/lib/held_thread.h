/* A thread of another process that hangs, while the others live: stopped as a debugger would, until it is let go. */
#ifndef TESTS_HELD_THREAD_H
#define TESTS_HELD_THREAD_H

#include <stdbool.h>
#include <sys/types.h>

/* Stops the thread of that name (as in /proc/PID/task/TID/comm); its number, or -1 with errno: ESRCH when there is none,
 * EPERM where tracing is not allowed. From one thread only; when that ends, the held one goes on. */
pid_t held_thread_stop(pid_t process, const char *name);
/* Waits until a signal ends it: whoever holds it must look after it, or its process could not go. */
void held_thread_await_end(pid_t thread);
void held_thread_release(pid_t thread);

#endif
