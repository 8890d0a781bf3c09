/* A connection of bench/compare to beanstalkd, and the commands that it needs; line_write() sends what was added. */
#ifndef BENCH_COMPARE_BEANSTALKD_LINE_H
#define BENCH_COMPARE_BEANSTALKD_LINE_H

#include "base/buf.h"
#include "bench/compare/client.h"

#define ANSWER_BYTES 65536

struct jobs;

struct queue {
    const struct client *client;
    struct jobs *jobs;
    bool single;
};

struct line {
    int fd;
    struct queue *queue;
    struct buf out;
    char in[ANSWER_BYTES];
    size_t n_in;
    unsigned left;               /* answers that are still to come */
    unsigned next_job;           /* of whom[] */
    uint32_t whom[CLIENT_BATCH]; /* whose jobs were put, in order */
    bool reserving, over;
};

void *line_open(void *queue);
int line_fd(void *line);
void line_close(void *line);

void line_write(struct line *l);
/* Waits for more; what has come is l->in, with a terminator. */
void line_read(struct line *l);
/* The end of the line that begins at from, which gets a terminator there; NULL: it has not come whole. */
char *line_next(char *from);
/* Ends the program, telling what was answered. */
_Noreturn void line_unexpected(const char *answer);

/* Each adds a command, and one to l->left. */
void line_use(struct line *l, const char *tube);
void line_put(struct line *l, int64_t delay, const char *body);
void line_delete(struct line *l, uint64_t job);

/* Ask, and wait for the answer: the jobs of a tube, ready and delayed; the number of the last job ever put. */
uint64_t line_tube_size(struct line *l, const char *tube);
uint64_t line_last_job(struct line *l);

#endif
