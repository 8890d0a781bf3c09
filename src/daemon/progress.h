/* Does the engine get on? A loop that lives says nothing of the thread that decides, so the thread's own marks
 * count. */
#ifndef DAEMON_PROGRESS_H
#define DAEMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The engine as it stood at one look. */
struct progress {
    uint64_t ticks;   /* how often it has come round */
    uint64_t decided; /* the last event decided */
    uint64_t durable; /* the last one that is on the disk */
};

/* Has it got on since the last look, which becomes now's? It must have come round, and what it had decided by then must
 * be durable, or more of it than was: an engine that ticks while its commits hang answers nobody. Looks have to be
 * further apart than its longest rest, a second. Before the first one *last is zero. */
bool progress_made(struct progress *last, const struct progress *now);

#endif
