#include "base/completions.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"

struct completions {
    pthread_mutex_t lock;
    struct completion *head, **tail; /* under the lock */
    int fd;                          /* an eventfd: 1 while the queue is not empty, else 0 */
};

enum err completions_new(struct completions **out, struct errmsg *msg)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return err_set(msg, ERR_IO, "cannot make an eventfd: %m");
    struct completions *q = mem_alloc(sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    q->head = NULL;
    q->tail = &q->head;
    q->fd = fd;
    *out = q;
    return ERR_OK;
}

void completions_free(struct completions *q)
{
    if (!q)
        return;
    pthread_mutex_destroy(&q->lock);
    close(q->fd);
    free(q);
}

int completions_fd(const struct completions *q)
{
    return q->fd;
}

void completions_push(struct completions *q, struct completion *c)
{
    c->next = NULL;
    pthread_mutex_lock(&q->lock);
    bool first = !q->head;
    *q->tail = c;
    q->tail = &c->next;
    /* One wake-up for as many as gather before the loop comes round. Within the lock, or the loop could take the queue
     * before the eventfd counts and be left with a wake-up for nothing. */
    if (first)
        eventfd_write(q->fd, 1);
    pthread_mutex_unlock(&q->lock);
}

void completions_forget(struct completions *q, const struct completion *c)
{
    eventfd_t count;
    pthread_mutex_lock(&q->lock);
    struct completion **at = &q->head;
    while (*at && *at != c)
        at = &(*at)->next;
    if (*at) {
        *at = c->next;
        if (!c->next)
            q->tail = at;
        if (!q->head)
            eventfd_read(q->fd, &count);
    }
    pthread_mutex_unlock(&q->lock);
}

void completions_run(struct completions *q)
{
    eventfd_t count;
    pthread_mutex_lock(&q->lock);
    struct completion *c = q->head;
    q->head = NULL;
    q->tail = &q->head;
    if (c)
        eventfd_read(q->fd, &count);
    pthread_mutex_unlock(&q->lock);
    while (c) {
        struct completion *next = c->next; /* run() may push it again, or free it */
        c->run(c);
        c = next;
    }
}
