/* What is asked of the engine: taken in from any thread, worked on in order, answered by batch.c. */
#include <stdlib.h>
#include <sys/eventfd.h>

#include "engine/internal.h"

void stream_init(struct stream *s)
{
    *s = (struct stream){.reached = INSTANT_NONE};
}

/* A request larger than the whole bound is let in when it is alone, or it would never be. */
static bool make_room(struct engine *e, unsigned n)
{
    unsigned queued = atomic_load(&e->queued);
    do {
        if (queued && queued + n > e->options.queue_inputs)
            return false;
    } while (!atomic_compare_exchange_weak(&e->queued, &queued, queued + n));
    return true;
}

bool engine_submit(struct engine *e, struct request *r)
{
    if (r->kind == REQUEST_INPUTS && !make_room(e, r->n_inputs))
        return false;
    r->next = NULL;
    r->at_input = 0;
    r->err = ERR_OK;
    pthread_mutex_lock(&e->lock);
    bool wake = e->inbox == NULL;
    *e->inbox_tail = r;
    e->inbox_tail = &r->next;
    pthread_mutex_unlock(&e->lock);
    if (wake && eventfd_write(e->wake_fd, 1) != 0)
        abort(); /* cannot happen: the counter never comes near its end */
    return true;
}

int engine_fd(const struct engine *e)
{
    return e->epoll_fd;
}

void engine_wake(struct engine *e)
{
    if (eventfd_write(e->wake_fd, 1) != 0)
        abort(); /* as above */
}

void requests_fetch(struct engine *e)
{
    eventfd_t n;
    (void)!eventfd_read(e->wake_fd, &n);
    pthread_mutex_lock(&e->lock);
    if (e->inbox) {
        *e->todo_tail = e->inbox;
        e->todo_tail = e->inbox_tail;
        e->inbox = NULL;
        e->inbox_tail = &e->inbox;
    }
    pthread_mutex_unlock(&e->lock);
}

static void stream_link(struct engine *e, struct stream *s)
{
    if (s->link)
        return;
    s->link = &e->streams;
    s->next = e->streams;
    if (s->next)
        s->next->link = &s->next;
    e->streams = s;
}

static void stream_unlink(struct stream *s)
{
    if (!s->link)
        return;
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    s->link = NULL;
}

static bool is_later(const struct engine *e, const struct input *in)
{
    return in->at != INSTANT_NONE && in->at > e->env.now;
}

/* With a clock that is not the system's: may this input be decided now? If not, the clock must not pass its `at`. */
static bool its_time(struct engine *e, const struct request *r, const struct input *in)
{
    if (e->clock.mode == CLOCK_MODE_SYSTEM || in->at == INSTANT_NONE)
        return true;
    if (r->stream) {
        stream_link(e, r->stream);
        r->stream->reached = in->at;
        if (e->options.office)
            r->stream->touched = clock_monotonic_ns();
    }
    return !is_later(e, in) && !tick_deadlines_left(e);
}

/* Looks up whom the next inputs are about, many at once, as far as their time has come. Returns how many, at least one. */
static uint32_t look_up(const struct engine *e, const struct request *r, uint32_t numbers[ROSTER_MANY])
{
    struct str ids[ROSTER_MANY];
    const struct input *inputs = &r->inputs[r->at_input];
    uint32_t left = r->n_inputs - r->at_input, n = 0;
    do
        ids[n] = inputs[n].id;
    while (++n < left && n < ROSTER_MANY && !is_later(e, &inputs[n]));
    roster_find_many(e->roster, ids, numbers, n);
    return n;
}

/* Decides the next input, unless it has been under its key. number: of the person, if known. */
static enum err decide(struct engine *e, struct request *r, uint32_t number, struct errmsg *msg)
{
    const struct input_key *key = r->keys ? &r->keys[r->at_input] : NULL;
    struct input_result *out = &r->results[r->at_input];
    bool known = false;
    enum err err = key ? keys_find(e, key, out, &known, msg) : ERR_OK;
    if (err != ERR_OK || known)
        return err;
    err = people_input(e, &r->inputs[r->at_input], number, out, msg);
    if (err == ERR_OK && key)
        keys_note(e, key, out);
    return err;
}

/* Decides inputs until the request, the budget or the batch is used up, or one must wait for its time. */
static enum err run_inputs(struct engine *e, struct request *r, unsigned *budget, struct errmsg *msg)
{
    uint32_t numbers[ROSTER_MANY], known = 0, next = 0;
    while (r->at_input < r->n_inputs && *budget && !batch_full(e)) {
        const struct input *in = &r->inputs[r->at_input];
        if (!its_time(e, r, in))
            return ERR_OK;
        if (next == known) {
            known = look_up(e, r, numbers);
            next = 0;
        }
        enum err err = decide(e, r, numbers[next++], msg);
        if (err != ERR_OK)
            return err == ERR_MORE ? ERR_OK : err;
        r->at_input++;
        (*budget)--;
        atomic_fetch_sub_explicit(&e->queued, 1, memory_order_relaxed);
    }
    return ERR_OK;
}

/* Has an earlier request of the same stream not finished yet? */
static bool stream_blocked(const struct request *first, const struct request *r)
{
    if (!r->stream)
        return false;
    for (; first != r; first = first->next)
        if (first->stream == r->stream)
            return true;
    return false;
}

/* Works on one request; *finished when it can be answered. */
static enum err run_request(struct engine *e, struct request *r, unsigned *budget, bool *finished, struct errmsg *msg)
{
    *finished = true;
    if (r->kind == REQUEST_INPUTS) {
        uint32_t first = r->at_input;
        enum err err = run_inputs(e, r, budget, msg);
        consumed_note(e, r, first);
        *finished = r->at_input == r->n_inputs;
        return err;
    }
    if (r->kind == REQUEST_STREAM_END)
        stream_unlink(r->stream);
    else
        query_run(e, r);
    return ERR_OK;
}

enum err requests_run(struct engine *e, unsigned budget, struct errmsg *msg)
{
    struct request **link = &e->todo;
    bool blocked = office_blocks(e); /* questions and orders go on */
    while (*link && budget && !batch_full(e)) {
        struct request *r = *link;
        bool finished = false;
        if (!stream_blocked(e->todo, r) && !(blocked && r->kind == REQUEST_INPUTS) && !consumed_waits(e, r)) {
            enum err err = run_request(e, r, &budget, &finished, msg);
            if (err != ERR_OK)
                return err;
        }
        if (!finished) {
            if (e->clock.mode == CLOCK_MODE_SYSTEM && !blocked)
                break; /* the budget or the batch is used up: the order stands */
            link = &r->next; /* or it waits for its time, which others need not */
            continue;
        }
        *link = r->next;
        if (!r->next)
            e->todo_tail = link;
        batch_answer(e, r);
    }
    return ERR_OK;
}

bool requests_ready(const struct engine *e)
{
    bool blocked = office_blocks(e);
    for (const struct request *r = e->todo; r; r = r->next) {
        if ((blocked && (r->kind == REQUEST_INPUTS || stream_blocked(e->todo, r))) || consumed_waits(e, r))
            continue;
        if (r->kind != REQUEST_INPUTS || e->clock.mode == CLOCK_MODE_SYSTEM)
            return true;
        if (!stream_blocked(e->todo, r) && (r->at_input == r->n_inputs || !is_later(e, &r->inputs[r->at_input])))
            return true;
    }
    return false;
}
