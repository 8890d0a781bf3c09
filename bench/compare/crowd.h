/* Many connections at once, each with one thing in progress: the next is sent when the last is answered. */
#ifndef BENCH_COMPARE_CROWD_H
#define BENCH_COMPARE_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#define CROWD_MAX 64

struct crowd_ops {
    void *(*open)(void *arg); /* a connection */
    int (*fd)(void *line);
    /* Sends what is for this item; false: there is nothing more for this connection. */
    bool (*send)(void *line, uint32_t item);
    /* Reads what is there, without waiting; true: the item's answer is whole. */
    bool (*take)(void *line);
    void (*close)(void *line);
};

/* Does items 0 to items-1; seconds from the first that is sent to the last answer. */
double crowd_run(const struct crowd_ops *ops, void *arg, unsigned lines, uint32_t items);

#endif
