#include "tests/http/fake_engine.h"

#include <pthread.h>
#include <stdlib.h>

struct engine {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct request *first, **last;
    bool held, stop;
    uint64_t queued, limit, next_seq;
    struct fake_counts counts;
};

void stream_init(struct stream *s)
{
    *s = (struct stream){.reached = INSTANT_NONE};
}

static struct input_result result_for(struct engine *e, const struct input *in)
{
    struct input_result r = {.result = RESULT_APPLIED, .n_events = 1};
    if (str_is(in->ref, "reject")) {
        r.result = RESULT_REJECTED;
        r.reason = REASON_STALE;
    } else if (str_is(in->ref, "error")) {
        r = (struct input_result){.result = RESULT_ERROR, .member = "channel", .fault = "no such channel"};
    } else if (str_is(in->ref, "many")) {
        r.n_events = 3;
    } else if (str_is(in->ref, "unchanged")) {
        r = (struct input_result){.result = RESULT_UNCHANGED};
    }
    r.first_seq = r.n_events ? e->next_seq : 0;
    e->next_seq += r.n_events;
    return r;
}

static void add_date(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    if (d == DATE_NONE)
        return;
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

static void add_text(struct buf *b, const char *name, struct str s)
{
    if (!s.p)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_add_json(b, s);
}

static void answer_query(struct request *r)
{
    struct buf *b = &r->body;
    if ((r->kind == REQUEST_SHOW || r->kind == REQUEST_STORY) && str_is(r->id, "absent")) {
        r->err = err_set(&r->msg, ERR_ABSENT, "not enrolled");
        return;
    }
    buf_printf(b, "{\"kind\":%d", (int)r->kind);
    add_text(b, "id", r->id);
    add_date(b, "from", r->from);
    add_date(b, "to", r->to);
    if (r->by_month)
        buf_adds(b, ",\"by\":\"month\"");
    if (r->hold.scope.kind != SCOPE_ALL)
        buf_printf(b, ",\"scope\":%d", (int)r->hold.scope.kind);
    add_text(b, "scope_name", r->hold.scope.name);
    add_date(b, "until", r->hold.until);
    add_text(b, "name", r->hold.name);
    add_text(b, "why", r->hold.why);
    add_text(b, "by", r->hold.by);
    buf_adds(b, "}");
}

static void answer(struct engine *e, struct request *r)
{
    r->err = ERR_OK;
    for (uint32_t i = 0; i < r->n_inputs; i++)
        r->results[i] = result_for(e, &r->inputs[i]);
    if (r->kind != REQUEST_INPUTS && r->kind != REQUEST_STREAM_END)
        answer_query(r);
    r->done(r);
}

static void *work(void *arg)
{
    struct engine *e = arg;
    pthread_mutex_lock(&e->lock);
    while (!e->stop) {
        struct request *r = e->held ? NULL : e->first;
        if (!r) {
            pthread_cond_wait(&e->wake, &e->lock);
            continue;
        }
        e->first = r->next;
        if (!e->first)
            e->last = &e->first;
        e->queued -= r->n_inputs;
        pthread_mutex_unlock(&e->lock);
        answer(e, r);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

struct engine *fake_engine_new(void)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wake, NULL);
    e->last = &e->first;
    e->limit = UINT64_MAX;
    e->next_seq = 1;
    if (pthread_create(&e->thread, NULL, work, e) != 0)
        abort();
    return e;
}

void fake_engine_free(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    pthread_cond_destroy(&e->wake);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

bool engine_submit(struct engine *e, struct request *r)
{
    pthread_mutex_lock(&e->lock);
    bool room = e->queued + r->n_inputs <= e->limit;
    if (room) {
        r->next = NULL;
        *e->last = r;
        e->last = &r->next;
        e->queued += r->n_inputs;
        e->counts.requests[r->kind]++;
        e->counts.inputs += r->n_inputs;
        if (e->queued > e->counts.most_queued)
            e->counts.most_queued = e->queued;
        pthread_cond_signal(&e->wake);
    } else {
        e->counts.refused++;
    }
    pthread_mutex_unlock(&e->lock);
    return room;
}

void fake_engine_hold(struct engine *e, bool held)
{
    pthread_mutex_lock(&e->lock);
    e->held = held;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

void fake_engine_limit(struct engine *e, uint64_t inputs)
{
    pthread_mutex_lock(&e->lock);
    e->limit = inputs;
    pthread_mutex_unlock(&e->lock);
}

struct fake_counts fake_engine_counts(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    struct fake_counts counts = e->counts;
    pthread_mutex_unlock(&e->lock);
    return counts;
}
