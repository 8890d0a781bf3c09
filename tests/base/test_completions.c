/* The queue between the engine's thread and the loop's; also run under ThreadSanitizer. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/completions.h"
#include "tests/lib/tap.h"

#define THREADS 3
#define PUSHES 20000

struct item {
    struct completion c;
    int thread, number;
};

static int last_run[THREADS], runs, out_of_order;
static struct completions *q;

static void count(struct completion *c)
{
    struct item *i = (struct item *)c;
    out_of_order += i->number != last_run[i->thread] + 1;
    last_run[i->thread] = i->number;
    runs++;
}

static bool readable(void)
{
    struct pollfd fd = {.fd = completions_fd(q), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void *push_all(void *arg)
{
    struct item *items = arg;
    for (int i = 0; i < PUSHES; i++)
        completions_push(q, &items[i].c);
    return NULL;
}

static void from_many_threads(void)
{
    static struct item items[THREADS][PUSHES];
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < PUSHES; i++)
            items[t][i] = (struct item){.c.run = count, .thread = t, .number = i + 1};
    for (int t = 0; t < THREADS; t++)
        if (pthread_create(&threads[t], NULL, push_all, items[t]) != 0)
            bail_out("no thread to be had");
    while (runs < THREADS * PUSHES) {
        struct pollfd fd = {.fd = completions_fd(q), .events = POLLIN};
        if (poll(&fd, 1, 60000) != 1)
            break;
        completions_run(q);
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    is_int(runs, THREADS * PUSHES,
           "what three threads push is run, each once, and never without the descriptor telling");
    is_int(out_of_order, 0, "what one thread pushes is run in its order");
    ok(!readable(), "the descriptor is quiet when all is run");
}

static int left;

static void push_again(struct completion *c)
{
    if (--left > 0)
        completions_push(q, c);
}

static void free_it(struct completion *c)
{
    free(c);
    left--;
}

static void from_within(void)
{
    struct completion again = {.run = push_again};
    left = 3;
    completions_push(q, &again);
    completions_run(q);
    is_int(left, 2, "what is pushed while the queue runs waits for the next time");
    ok(readable(), "and the descriptor says so");
    completions_run(q);
    completions_run(q);
    is_int(left, 0, "one completion may be pushed again and again");
    left = 2;
    for (int i = 0; i < 2; i++) {
        struct completion *c = mem_zalloc(1, sizeof *c);
        c->run = free_it;
        completions_push(q, c);
    }
    completions_run(q);
    is_int(left, 0, "a completion may free itself");
}

static void count_it(struct completion *c)
{
    (void)c;
    left++;
}

static void forgotten(void)
{
    struct completion all[3] = {{.run = count_it}, {.run = count_it}, {.run = count_it}};
    left = 0;
    completions_forget(q, &all[0]);
    ok(!readable(), "forgetting what is not queued is nothing");
    for (int i = 0; i < 3; i++)
        completions_push(q, &all[i]);
    completions_forget(q, &all[2]);
    completions_forget(q, &all[0]);
    completions_push(q, &all[2]);
    completions_run(q);
    is_int(left, 2, "what is forgotten is not run, the others are");
    completions_push(q, &all[1]);
    completions_forget(q, &all[1]);
    ok(!readable(), "the descriptor is quiet when the last one is forgotten");
    completions_push(q, &all[0]);
    ok(readable(), "and tells of the next");
    completions_run(q);
    is_int(left, 3, "which is run");
}

int main(void)
{
    struct errmsg msg;
    plan(13);
    if (completions_new(&q, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    ok(!readable(), "the descriptor of an empty queue is quiet");
    from_many_threads();
    from_within();
    forgotten();
    completions_free(q);
    return tap_end();
}
