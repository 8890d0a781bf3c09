/* A request at a shard that another daemon owns: as messages, and their answers put where an engine would put them. */
#include "shards/front/front_inside.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t remote_load(const struct request *r)
{
    return r->kind == REQUEST_INPUTS && r->n_inputs ? r->n_inputs : 1;
}

/* One call less; the last one ends the task. On a link's thread, or that of the front. */
static void call_over(struct task *t, enum err err, const struct errmsg *msg)
{
    struct shard *s = t->shard;
    bool inputs = t->r->kind == REQUEST_INPUTS;
    pthread_mutex_lock(&s->lock);
    if (err && !t->err) {
        t->err = err;
        t->msg = *msg;
    }
    bool last = --t->calls_left == 0;
    if (last && inputs)
        s->remote_inputs--;
    bool pump = last && inputs && s->held.first;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    if (t->err) {
        struct request *r = task_request(t);
        r->err = t->err;
        r->msg = t->msg;
    }
    task_finish(t);
    if (pump)
        shard_pump(s);
}

static void call_failed(struct link_call *link, enum err err, const struct errmsg *msg)
{
    call_over(((struct remote_call *)link)->task, err, msg);
}

/* The lock keeps its answer waiting until all of the task's calls are made. */
static struct remote_call *call_new(struct task *t)
{
    struct remote_call *c = mem_zalloc(1, sizeof *c);
    c->task = t;
    c->link.number = links_number(t->shard->front->links);
    c->link.failed = call_failed;
    c->next = t->calls;
    t->calls = c;
    t->calls_left++;
    return c;
}

/* --- inputs --- */

static bool inputs_answered(struct link_call *link, const struct wire *w)
{
    struct remote_call *c = (struct remote_call *)link;
    struct request *r = task_request(c->task);
    struct wire_answer refused;
    struct errmsg msg;
    uint32_t n = 0;
    enum err err;
    if (w->kind == WIRE_ANSWER && wire_read_answer(w, &refused, &msg) == ERR_OK && refused.err) {
        err_set(&msg, refused.err, "%.*s", (int)refused.text.n, refused.text.p ? refused.text.p : "");
        call_over(c->task, refused.err, &msg);
        return true;
    }
    err = wire_read_results(w, c->got, c->n - c->got, c->task->shard->front->words, &r->results[c->first + c->got], &n,
                            &msg);
    c->got += n;
    if (!err && c->got < c->n)
        return false;
    call_over(c->task, err ? ERR_IO : ERR_OK, &msg);
    return true;
}

void remote_inputs(struct task *t)
{
    struct shard *s = t->shard;
    struct front *f = s->front;
    struct request *r = task_request(t);
    uint64_t stream = t->stream ? front_stream_number(f, t->stream, s->number) : 0;
    const char *instance = office_instance(f->options.office);
    struct buf message = BUF_INIT;
    uint32_t at = 0;
    s->remote_inputs++;
    while (at < r->n_inputs) {
        struct remote_call *c = call_new(t);
        c->first = at;
        c->link.answered = inputs_answered;
        buf_clear(&message);
        c->n = wire_write_inputs(&message, str_of(instance), c->link.number, stream, r->inputs + at,
                                 r->keys ? r->keys + at : NULL, r->n_inputs - at);
        c->link.load = c->n;
        at += c->n;
        link_send_inputs(s->link, &c->link, buf_str(&message));
    }
    buf_done(&message);
}

/* --- questions --- */

static void take_answer(struct task *t, const struct wire_answer *a)
{
    struct request *r = t->r;
    r->err = a->err;
    if (a->err)
        err_set(&r->msg, a->err, "%.*s", (int)a->text.n, a->text.p ? a->text.p : "");
    if (a->body.n)
        buf_addstr(&r->body, a->body);
    if (r->kind != REQUEST_SCAN)
        return;
    r->scan.id = a->scan;
    r->scan.position = a->position;
    r->scan.member = words_keep(t->shard->front->words, a->member);
    if (t->epoch && !*t->epoch)
        *t->epoch = a->epoch;
}

static bool question_answered(struct link_call *link, const struct wire *w)
{
    struct remote_call *c = (struct remote_call *)link;
    struct wire_answer a;
    struct errmsg msg;
    enum err err = wire_read_answer(w, &a, &msg);
    if (!err)
        take_answer(c->task, &a);
    call_over(c->task, err ? ERR_IO : ERR_OK, &msg);
    return true;
}

void remote_question(struct task *t)
{
    struct front *f = t->shard->front;
    struct buf message = BUF_INIT;
    int64_t left = t->deadline - clock_monotonic_ns();
    struct wire_question q = {.deadline = (clock_wall_ns() + left) / NS_PER_MS, .epoch = t->epoch ? *t->epoch : 0};
    struct remote_call *c = call_new(t);
    c->link.load = 1;
    c->link.answered = question_answered;
    wire_write_question(&message, str_of(office_instance(f->options.office)), c->link.number, &q, t->r);
    link_send_question(t->shard->link, &c->link, buf_str(&message), t->deadline);
    buf_done(&message);
}
