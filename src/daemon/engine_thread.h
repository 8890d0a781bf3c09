/* The engine's thread: ticks, waits, ticks. */
#ifndef DAEMON_ENGINE_THREAD_H
#define DAEMON_ENGINE_THREAD_H

#include "engine/engine.h"

struct engine_thread;

/* From here on only what any thread may call may be called, until engine_thread_stop(). failed: on the engine's thread,
 * when a tick has failed; there is none after that, for nothing that is not durable may be answered. */
enum err engine_thread_start(struct engine *e, void (*failed)(void *arg, const struct errmsg *msg), void *arg,
                             struct engine_thread **out, struct errmsg *msg) ERR_MUSTCHECK;
/* How many ticks there were. From any thread. */
uint64_t engine_thread_ticks(const struct engine_thread *w);
/* Lets the tick under way come to its end. */
void engine_thread_stop(struct engine_thread *w);

#endif
