/* One shard, whoever owns it: a request goes straight to an engine of ours, or over the shard's streams.
 *
 * The inputs of one who sends several requests, one behind the other, must be decided in that order, also when the
 * shard changes hands in between. So they do not go to the engine while some of them are still on the wire, and not
 * on the wire while an engine that is being closed may still decide some: they wait here, and with them all that
 * come later. */
#include "shards/front/front_inside.h"

#include <stdlib.h>

static void list_init(struct task_list *l)
{
    *l = (struct task_list){.last = &l->first};
}

static void append(struct task_list *l, struct task *t)
{
    t->next = NULL;
    t->at = l->last;
    *l->last = t;
    l->last = &t->next;
}

static void take_out(struct task_list *l, struct task *t)
{
    *t->at = t->next;
    if (t->next)
        t->next->at = t->at;
    else
        l->last = t->at;
}

static void put_first(struct task_list *l, struct task *t)
{
    t->next = l->first;
    t->at = &l->first;
    if (t->next)
        t->next->at = &t->next;
    else
        l->last = &t->next;
    l->first = t;
}

void shard_init(struct shard *s, struct front *f, unsigned number)
{
    *s = (struct shard){.front = f, .number = number, .link = links_get(f->links, number)};
    pthread_mutex_init(&s->lock, NULL);
    list_init(&s->direct);
    list_init(&s->held);
}

/* --- tasks --- */

static struct task *task_new(struct shard *s, struct request *r, uint64_t *epoch)
{
    struct task *t = mem_zalloc(1, sizeof *t);
    *t = (struct task){.shard = s, .r = r, .done = r->done, .owner = r->owner, .stream = r->stream, .epoch = epoch};
    t->deadline = clock_monotonic_ns() + ASK_NS;
    r->err = ERR_OK;
    return t;
}

static void put_back(struct task *t)
{
    t->r->done = t->done;
    t->r->owner = t->owner;
    t->r->stream = t->stream;
}

static void task_free(struct task *t)
{
    for (struct remote_call *c = t->calls, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(t->rest);
    free(t);
}

void task_finish(struct task *t)
{
    struct request *r = t->r;
    if (t->rest && t->rest->err) {
        r->err = t->rest->err;
        r->msg = t->rest->msg;
    }
    put_back(t);
    task_free(t);
    r->done(r);
}

static void fail(struct task *t, enum err err, const char *text)
{
    struct request *r = task_request(t);
    r->err = err_set(&r->msg, err, "shard %u: %s", t->shard->number, text);
    task_finish(t);
}

/* --- an engine of ours --- */

static void direct_done(struct request *r)
{
    struct task *t = r->owner;
    struct shard *s = t->shard;
    pthread_mutex_lock(&s->lock);
    take_out(&s->direct, t);
    bool waiting = s->held.first != NULL;
    pthread_mutex_unlock(&s->lock);
    task_finish(t);
    if (waiting)
        shard_pump(s);
}

/* Under the lock. false: its queue is full. */
static bool give(struct shard *s, struct task *t)
{
    struct request *r = task_request(t);
    r->done = direct_done;
    r->owner = t;
    if (r->kind == REQUEST_INPUTS && t->stream)
        r->stream = front_stream_engine(s->front, t->stream, s->number);
    if (t->epoch && !*t->epoch)
        *t->epoch = s->epoch;
    append(&s->direct, t);
    if (engine_submit(s->engine, r))
        return true;
    take_out(&s->direct, t);
    return false;
}

/* --- where it goes --- */

enum way { WAY_ENGINE, WAY_WIRE, WAY_WAIT };

static enum way way_of(const struct shard *s, const struct task *t)
{
    if (t->r->kind != REQUEST_INPUTS)
        return s->engine ? WAY_ENGINE : WAY_WIRE;
    if (s->closing)
        return WAY_WAIT;
    if (!s->engine)
        return WAY_WIRE;
    return s->remote_inputs ? WAY_WAIT : WAY_ENGINE;
}

/* Under the lock. false: there is no room, or it has to wait. */
static bool send_on(struct shard *s, struct task *t)
{
    struct request *r = task_request(t);
    switch (way_of(s, t)) {
    case WAY_ENGINE: return give(s, t);
    case WAY_WAIT: return false;
    case WAY_WIRE: break;
    }
    if (!link_reserve(s->link, remote_load(r)))
        return false;
    if (r->kind == REQUEST_INPUTS)
        remote_inputs(t);
    else
        remote_question(t);
    return true;
}

static void hold(struct shard *s, struct task *t)
{
    append(&s->held, t);
    s->held_inputs += task_request(t)->n_inputs;
}

/* Under the lock: at once, or it waits. false: there is no room. */
static bool place(struct shard *s, struct task *t, bool must)
{
    bool inputs = t->r->kind == REQUEST_INPUTS;
    bool waits = inputs && (s->held.first || way_of(s, t) == WAY_WAIT);
    if (!waits && send_on(s, t))
        return true;
    if (!must && (!waits || s->held_inputs + t->r->n_inputs > HELD_INPUTS_MAX))
        return false;
    hold(s, t);
    return true;
}

/* Of a list that another owner began nobody else knows. */
static bool is_lost_scan(const struct shard *s, const struct request *r, const uint64_t *epoch)
{
    return epoch && r->scan.id && s->engine && *epoch != s->epoch;
}

bool shard_submit(struct shard *s, struct request *r, uint64_t *epoch, bool must)
{
    struct task *t = task_new(s, r, epoch);
    pthread_mutex_lock(&s->lock);
    bool lost = is_lost_scan(s, r, epoch), moot = r->kind == REQUEST_STREAM_END && !s->engine;
    bool placed = lost || moot || place(s, t, must);
    pthread_mutex_unlock(&s->lock);
    if (!placed) {
        put_back(t);
        task_free(t);
    } else if (lost)
        fail(t, ERR_ABSENT, "the list was given up, since the shard has another owner");
    else if (moot)
        task_finish(t);
    return placed;
}

bool shard_has_room(struct shard *s, uint32_t n)
{
    pthread_mutex_lock(&s->lock);
    bool waits = s->held.first || s->closing || (s->engine && s->remote_inputs), engine = s->engine != NULL;
    bool room = s->held_inputs == 0 || s->held_inputs + n <= HELD_INPUTS_MAX;
    pthread_mutex_unlock(&s->lock);
    if (waits || engine)
        return room;
    if (!link_reserve(s->link, n))
        return false;
    link_unreserve(s->link, n);
    return room;
}

void shard_pump(struct shard *s)
{
    pthread_mutex_lock(&s->lock);
    struct task *t;
    while ((t = s->held.first) != NULL) {
        uint32_t n = task_request(t)->n_inputs;
        take_out(&s->held, t);
        if (!send_on(s, t)) {
            put_first(&s->held, t);
            break;
        }
        s->held_inputs -= n;
    }
    pthread_mutex_unlock(&s->lock);
}

/* --- changes of hands --- */

static void own(struct shard *s, struct engine *e, uint64_t epoch, struct intake *in)
{
    pthread_mutex_lock(&s->lock);
    s->engine = e;
    s->epoch = epoch;
    s->intake = in;
    pthread_mutex_unlock(&s->lock);
}

static void intake_has_ended(void *arg)
{
    struct front *f = arg;
    pthread_mutex_lock(&f->lock);
    f->n_intakes--;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void warn_front(void *arg, const char *text)
{
    struct front *f = arg;
    if (f->options.warn)
        f->options.warn(f->options.arg, text);
}

static struct intake *start_intake(struct shard *s, struct engine *e, uint64_t epoch)
{
    struct front *f = s->front;
    struct intake *in = NULL;
    struct errmsg msg;
    pthread_mutex_lock(&f->lock);
    struct intake_options o = {
        .uri = f->uri,
        .store = &f->store,
        .shard = s->number,
        .engine = e,
        .link = s->link,
        .epoch = epoch,
        .config = f->config,
        .called = front_called,
        .warn = warn_front,
        .ended = intake_has_ended,
        .arg = f,
    };
    f->n_intakes++;
    enum err err = intake_start(&o, &in, &msg);
    if (err)
        f->n_intakes--;
    pthread_mutex_unlock(&f->lock);
    if (err)
        warn_front(f, msg.text); /* its streams wait for its next owner */
    return in;
}

void front_own(struct front *f, unsigned shard, struct engine *e)
{
    struct shard *s = &f->shards[shard];
    uint64_t epoch = 0;
    front_closed(f, shard, false);
    while (!epoch)
        epoch = front_random();
    own(s, e, epoch, start_intake(s, e, epoch));
    shard_pump(s);
}

void front_disown(struct front *f, unsigned shard)
{
    struct shard *s = &f->shards[shard];
    pthread_mutex_lock(&s->lock);
    struct intake *in = s->intake;
    s->closing = s->closing || s->engine;
    s->engine = NULL;
    pthread_mutex_unlock(&s->lock);
    if (in)
        intake_stop(in);
}

/* What is left of inputs that an engine decided in part, durably. */
static void keep_rest(struct task *t)
{
    struct request *before = task_request(t);
    uint32_t at = before->at_input;
    struct request *rest = mem_zalloc(1, sizeof *rest);
    rest->kind = REQUEST_INPUTS;
    rest->stream = t->stream;
    rest->inputs = before->inputs + at;
    rest->results = before->results + at;
    rest->keys = before->keys ? before->keys + at : NULL;
    rest->n_inputs = before->n_inputs - at;
    free(t->rest);
    t->rest = rest;
}

/* The engine is gone, and has not answered. true: it goes on elsewhere; else what it comes to is set. */
static bool survives(struct task *t, bool clean)
{
    struct request *r = task_request(t);
    switch (r->kind) {
    case REQUEST_STREAM_END: return false;
    case REQUEST_INPUTS:
        if (!clean)
            r->err = err_set(&r->msg, ERR_IO, "shard %u: its owner stopped: nobody knows whether it was decided",
                             t->shard->number);
        return clean;
    case REQUEST_SCAN:
        if (r->scan.id)
            r->err = err_set(&r->msg, ERR_ABSENT, "the list was given up, since shard %u has another owner",
                             t->shard->number);
        *t->epoch = r->scan.id ? *t->epoch : 0;
        return !r->scan.id;
    default: return true;
    }
}

static void move_all(struct task_list *from, struct task_list *to)
{
    for (struct task *t; (t = from->first) != NULL;) {
        take_out(from, t);
        append(to, t);
    }
}

/* Under the lock. In order: what is left of the engine's inputs goes before what came after it. */
static void ask_again(struct shard *s, struct task_list *left, struct task_list *failed, bool clean)
{
    struct task_list later;
    list_init(&later);
    move_all(&s->held, &later);
    for (struct task *t; (t = left->first) != NULL;) {
        take_out(left, t);
        bool on = survives(t, clean);
        if (on && t->r->kind == REQUEST_INPUTS) {
            keep_rest(t);
            hold(s, t);
            continue;
        }
        buf_clear(&t->r->body);
        if (on && send_on(s, t))
            continue;
        if (on)
            t->r->err = err_set(&t->r->msg, ERR_IO, "nobody answers for shard %u", s->number);
        append(failed, t);
    }
    move_all(&later, &s->held);
}

void front_closed(struct front *f, unsigned shard, bool clean)
{
    struct shard *s = &f->shards[shard];
    struct task_list failed, left;
    list_init(&failed);
    list_init(&left);
    front_disown(f, shard);
    pthread_mutex_lock(&s->lock);
    struct intake *in = s->intake;
    s->intake = NULL;
    s->closing = false;
    move_all(&s->direct, &left);
    front_streams_reset(f, shard);
    ask_again(s, &left, &failed, clean);
    pthread_mutex_unlock(&s->lock);
    if (in)
        intake_closed(in);
    for (struct task *t; (t = failed.first) != NULL;) {
        take_out(&failed, t);
        task_finish(t);
    }
    shard_pump(s);
}

void shard_done(struct shard *s)
{
    for (struct task *t; (t = s->held.first) != NULL;) {
        take_out(&s->held, t);
        fail(t, ERR_IO, "the daemon is stopping");
    }
    pthread_mutex_destroy(&s->lock);
}
