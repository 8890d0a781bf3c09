/* The event loop of one thread: descriptors, timers and signals, over libevent on epoll.
 *
 * Everything here belongs to the thread that runs the loop. What another thread has to say comes in through a
 * completion queue (base/completions.h). */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct event_base;
struct loop;
struct watch; /* one thing waited for */

enum err loop_new(struct loop **out, struct errmsg *msg) ERR_MUSTCHECK;
/* Every watch must be gone. NULL is fine. */
void loop_free(struct loop *l);
/* Runs until loop_stop(). */
enum err loop_run(struct loop *l, struct errmsg *msg) ERR_MUSTCHECK;
void loop_stop(struct loop *l);
/* For libraries that bring events of their own for libevent. */
struct event_base *loop_base(struct loop *l);

/* Calls fn(arg) for as long as the descriptor is readable (level-triggered). The descriptor stays the caller's, and
 * must outlive the watch. */
struct watch *watch_readable(struct loop *l, int fd, void (*fn)(void *arg), void *arg);
/* Calls fn(arg), on the loop and not in a signal handler, whenever the signal came. */
struct watch *watch_signal(struct loop *l, int signal_number, void (*fn)(void *arg), void *arg);
/* Calls fn(arg) once after watch_timer_set(). */
struct watch *watch_timer(struct loop *l, void (*fn)(void *arg), void *arg);
/* Milliseconds from now, replacing what was set before; -1: not at all. */
void watch_timer_set(struct watch *timer, int64_t ms);
/* Also from within its own fn. NULL is fine. */
void watch_free(struct watch *w);

#endif
