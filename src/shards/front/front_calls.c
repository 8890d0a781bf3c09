/* Calls to whoever owns a shard, which are none to its engine. */
#include "shards/front/front_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* One of this daemon's, for a shard of its own. */
struct local_call {
    struct completion begin; /* the first member; on the front's thread */
    struct local_call *next, **at;
    struct front *front;
    struct front_call *call;
    struct front_in *in;
};

/* What a front_in is inside. */
struct incoming {
    struct front_in in; /* the first member */
    struct front *front;
    unsigned shard;
    struct local_call *local; /* NULL: it came from another daemon, and */
    char reply_to[STREAM_NAME_MAX + 1];
    uint64_t call;
    struct stream_id id;
    char text[]; /* method and body */
};

static void finish(struct front_call *c, enum err err, const struct errmsg *msg, struct str answer)
{
    c->err = err;
    if (err && msg)
        c->msg = *msg;
    if (answer.p)
        buf_addstr(&c->answer, answer);
    completions_push(c->done.queue, &c->done);
}

static struct incoming *incoming_new(struct front *f, unsigned shard, struct str method, struct str body)
{
    struct incoming *i = mem_zalloc(1, sizeof *i + method.n + body.n);
    i->front = f;
    i->shard = shard;
    memcpy(i->text, method.p, method.n);
    if (body.n)
        memcpy(i->text + method.n, body.p, body.n);
    i->in.method = (struct str){i->text, method.n};
    i->in.body = body.p ? (struct str){i->text + method.n, body.n} : STR_NONE;
    return i;
}

/* --- from this daemon, to itself --- */

static void hand_over(struct completion *begin)
{
    struct local_call *l = (struct local_call *)begin;
    struct front *f = l->front;
    f->options.called(f->options.arg, l->call->shard, l->in);
}

static void call_locally(struct front *f, struct front_call *c)
{
    struct local_call *l = mem_zalloc(1, sizeof *l);
    struct incoming *i = incoming_new(f, c->shard, c->method, c->body);
    *l = (struct local_call){.begin = {.run = hand_over}, .front = f, .call = c, .in = &i->in};
    i->local = l;
    pthread_mutex_lock(&f->lock);
    l->next = f->locals;
    l->at = &f->locals;
    if (l->next)
        l->next->at = &l->next;
    f->locals = l;
    pthread_mutex_unlock(&f->lock);
    completions_push(f->queue, &l->begin);
}

static void answer_locally(struct local_call *l, enum err err, const struct errmsg *msg, struct str answer)
{
    struct front *f = l->front;
    struct front_call *c = l->call;
    pthread_mutex_lock(&f->lock);
    *l->at = l->next;
    if (l->next)
        l->next->at = l->at;
    pthread_mutex_unlock(&f->lock);
    free(l);
    finish(c, err, msg, answer);
}

void front_calls_free(struct front *f)
{
    struct errmsg msg;
    err_set(&msg, ERR_IO, "the daemon is stopping");
    for (struct local_call *l = f->locals, *next; l; l = next) {
        next = l->next;
        finish(l->call, ERR_IO, &msg, STR_NONE);
        free(l->in);
        free(l);
    }
    f->locals = NULL;
}

/* --- to another daemon --- */

struct remote {
    struct link_call link; /* the first member */
    struct front_call *call;
};

static bool on_answer(struct link_call *link, const struct wire *w)
{
    struct remote *r = (struct remote *)link;
    struct wire_answer a;
    struct errmsg msg;
    if (wire_read_answer(w, &a, &msg) == ERR_OK) {
        err_set(&msg, a.err, "%.*s", (int)a.text.n, a.text.p ? a.text.p : "");
        finish(r->call, a.err, &msg, a.body);
    } else
        finish(r->call, ERR_IO, &msg, STR_NONE);
    free(r);
    return true;
}

static void on_failure(struct link_call *link, enum err err, const struct errmsg *msg)
{
    struct remote *r = (struct remote *)link;
    finish(r->call, err, msg, STR_NONE);
    free(r);
}

static void call_elsewhere(struct front *f, struct front_call *c)
{
    struct shard *s = &f->shards[c->shard];
    struct buf message = BUF_INIT;
    struct errmsg msg;
    if (!link_reserve(s->link, 1)) {
        err_set(&msg, ERR_IO, "shard %u has too much to do", c->shard);
        finish(c, ERR_IO, &msg, STR_NONE);
        return;
    }
    struct remote *r = mem_zalloc(1, sizeof *r);
    r->call = c;
    r->link =
        (struct link_call){.number = links_number(f->links), .load = 1, .answered = on_answer, .failed = on_failure};
    wire_write_call(&message, str_of(office_instance(f->options.office)), r->link.number,
                    (clock_wall_ns() + ASK_NS) / NS_PER_MS, c->method, c->body);
    link_send_question(s->link, &r->link, buf_str(&message), clock_monotonic_ns() + ASK_NS);
    buf_done(&message);
}

void front_call(struct front *f, struct front_call *c)
{
    struct shard *s = &f->shards[c->shard];
    pthread_mutex_lock(&s->lock);
    bool own = s->engine != NULL;
    pthread_mutex_unlock(&s->lock);
    if (own)
        call_locally(f, c);
    else
        call_elsewhere(f, c);
}

/* --- from another daemon --- */

void front_called(void *arg, unsigned shard, const struct intake_call *c)
{
    struct front *f = arg;
    struct incoming *i = incoming_new(f, shard, c->method, c->body);
    i->call = c->call;
    i->id = c->id;
    snprintf(i->reply_to, sizeof i->reply_to, "out:%.*s", (int)c->instance.n, c->instance.p);
    f->options.called(f->options.arg, shard, &i->in);
}

static void answer_elsewhere(struct incoming *i, enum err err, const struct errmsg *msg, struct str answer)
{
    struct link *l = i->front->shards[i->shard].link;
    struct buf message = BUF_INIT;
    wire_write_answer(
        &message, i->call,
        &(struct wire_answer){.err = err, .text = err && msg ? str_of(msg->text) : STR_NONE, .body = answer});
    struct stream_field field = {STR_LIT(STREAM_REPLY), buf_str(&message)};
    link_post(
        l, &(struct stream_add){.stream = i->reply_to, .fields = &field, .n_fields = 1, .expire_ms = STREAM_REPLY_MS});
    link_asked(l, i->id);
    buf_done(&message);
}

void front_answer(struct front_in *in, enum err err, const struct errmsg *msg, struct str answer)
{
    struct incoming *i = (struct incoming *)in;
    if (i->local)
        answer_locally(i->local, err, msg, answer);
    else
        answer_elsewhere(i, err, msg, answer);
    free(i);
}
