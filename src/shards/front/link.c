#include "shards/front/link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crash.h"
#include "shards/front/link_inside.h"

#define STACK_BYTES (256 * 1024)
#define SILENCE_NS (60 * NS_PER_S)       /* after which inputs are given up */
#define GIVEN_UP_NS (10 * 60 * NS_PER_S) /* as long as an answer to them would stay */
#define CLOSING_NS NS_PER_S

/* --- whose turn --- */

static void wake(struct link *l)
{
    struct links *all = l->all;
    pthread_mutex_lock(&all->lock);
    if (l->state == LINK_RUNNING)
        l->again = true;
    else if (l->state == LINK_QUEUED)
        link_queue_hasten(all, l, 0);
    else
        link_queue_push(all, l, 0);
    pthread_cond_signal(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static struct timespec as_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Under the lock: the next one whose turn has come; NULL: it is over. */
static struct link *await_turn(struct links *all)
{
    while (!all->stop) {
        if (!all->n_queue) {
            pthread_cond_wait(&all->changed, &all->lock);
            continue;
        }
        int64_t due = all->queue[0]->due;
        if (due <= clock_monotonic_ns())
            return link_queue_pop(all);
        struct timespec until = as_timespec(due);
        pthread_cond_timedwait(&all->changed, &all->lock, &until);
    }
    return NULL;
}

static void *serve(void *arg)
{
    struct links *all = arg;
    struct link *l;
    pthread_mutex_lock(&all->lock);
    while ((l = await_turn(all)) != NULL) {
        l->state = LINK_RUNNING;
        l->again = false;
        pthread_mutex_unlock(&all->lock);
        int64_t due = link_run(l);
        pthread_mutex_lock(&all->lock);
        l->state = LINK_IDLE;
        if (l->again && !l->failing)
            due = 0;
        if (due != INT64_MAX)
            link_queue_push(all, l, due);
        pthread_cond_signal(&all->changed); /* another may have to come for this one */
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* --- life --- */

static enum err start_threads(struct links *all, struct errmsg *msg)
{
    sigset_t signals, before;
    pthread_attr_t attr;
    int failed = 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    crash_block_others(&signals);
    pthread_sigmask(SIG_SETMASK, &signals, &before);
    while (!failed && all->n_threads < LINK_THREADS) {
        failed = pthread_create(&all->threads[all->n_threads], &attr, serve, all);
        if (!failed)
            pthread_setname_np(all->threads[all->n_threads++], "link");
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return failed ? err_set(msg, ERR_IO, "cannot start a thread for the shards' streams") : ERR_OK;
}

static void link_init(struct link *l, struct links *all, unsigned shard)
{
    *l = (struct link){.all = all, .shard = shard};
    pthread_mutex_init(&l->lock, NULL);
    l->out_tail = &l->out;
    for (int i = 0; i < LINK_LISTS; i++)
        l->calls_tail[i] = &l->calls[i];
    snprintf(l->out_stream, sizeof l->out_stream, "out:%s", all->instance);
}

static void links_init(struct links *all, const struct links_options *o)
{
    pthread_condattr_t monotonic;
    all->options = *o;
    snprintf(all->instance, sizeof all->instance, "%s", o->instance);
    all->uri = mem_strdup(o->uri);
    all->store = *o->store;
    if (o->store->password)
        all->store.password = all->password = mem_strdup(o->store->password);
    all->v = mem_zalloc(o->n, sizeof *all->v);
    all->queue = mem_zalloc(o->n, sizeof *all->queue);
    pthread_mutex_init(&all->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&all->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (unsigned i = 0; i < o->n; i++)
        link_init(&all->v[i], all, i);
}

enum err links_open(const struct links_options *o, struct links **out, struct errmsg *msg)
{
    if (strlen(o->instance) > WIRE_INSTANCE_MAX)
        return err_set(msg, ERR_INVALID, "a daemon's instance has at most %d bytes", WIRE_INSTANCE_MAX);
    struct links *all = mem_zalloc(1, sizeof *all);
    links_init(all, o);
    enum err e = start_threads(all, msg);
    if (e)
        links_close(all);
    else
        *out = all;
    return e;
}

static void stop_threads(struct links *all)
{
    pthread_mutex_lock(&all->lock);
    all->stop = true;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < all->n_threads; i++)
        pthread_join(all->threads[i], NULL);
}

static void fail_all(struct link *l)
{
    struct errmsg msg;
    err_set(&msg, ERR_IO, "the daemon is stopping: shard %u may or may not have heard of it", l->shard);
    for (int i = 0; i < LINK_LISTS; i++)
        for (struct link_call *c = l->calls[i], *next; c; c = next) {
            next = c->next;
            c->failed(c, ERR_IO, &msg);
        }
}

static void link_done(struct link *l)
{
    for (struct outgoing *o = l->out, *next; o; o = next) {
        next = o->next;
        free(o);
    }
    link_hang_up(l);
    pthread_mutex_destroy(&l->lock);
    free(l->asked);
    free(l->given_up);
}

void links_close(struct links *all)
{
    if (!all)
        return;
    stop_threads(all);
    int64_t until = clock_monotonic_ns() + CLOSING_NS;
    for (unsigned i = 0; i < all->options.n; i++) {
        struct link *l = &all->v[i];
        fail_all(l);
        for (int k = 0; k < LINK_LISTS; k++)
            l->calls[k] = NULL;
        if (l->out && clock_monotonic_ns() < until)
            link_run(l);
        link_done(l);
    }
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->changed);
    if (all->password)
        explicit_bzero(all->password, strlen(all->password));
    free(all->password);
    free(all->uri);
    free(all->queue);
    free(all->v);
    free(all);
}

struct link *links_get(struct links *all, unsigned shard)
{
    return &all->v[shard];
}

uint64_t links_number(struct links *all)
{
    return atomic_fetch_add(&all->number, 1) + 1;
}

/* --- calls --- */

static enum link_list list_of(const struct link_call *c)
{
    return c->deadline == INT64_MAX ? LINK_INPUTS : LINK_QUESTIONS;
}

static void append(struct link *l, struct link_call *c)
{
    enum link_list list = list_of(c);
    c->next = NULL;
    c->at = l->calls_tail[list];
    *c->at = c;
    l->calls_tail[list] = &c->next;
}

static void take_out(struct link *l, struct link_call *c)
{
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    else
        l->calls_tail[list_of(c)] = c->at;
}

struct link_call *link_take(struct link *l, uint64_t number)
{
    struct link_call *found = NULL;
    pthread_mutex_lock(&l->lock);
    for (int i = 0; i < LINK_LISTS && !found; i++)
        for (struct link_call *c = l->calls[i]; c && !found; c = c->next)
            found = c->number == number ? c : NULL;
    if (found)
        take_out(l, found);
    pthread_mutex_unlock(&l->lock);
    return found;
}

/* In front: it was the oldest that is answered in parts. */
void link_put_back(struct link *l, struct link_call *c)
{
    enum link_list list = list_of(c);
    pthread_mutex_lock(&l->lock);
    c->next = l->calls[list];
    c->at = &l->calls[list];
    if (c->next)
        c->next->at = &c->next;
    else
        l->calls_tail[list] = &c->next;
    l->calls[list] = c;
    pthread_mutex_unlock(&l->lock);
}

bool link_has_calls(struct link *l)
{
    pthread_mutex_lock(&l->lock);
    bool has = l->calls[LINK_INPUTS] || l->calls[LINK_QUESTIONS] || l->n_given_up;
    pthread_mutex_unlock(&l->lock);
    return has;
}

bool link_reserve(struct link *l, uint32_t load)
{
    pthread_mutex_lock(&l->lock);
    bool fits = l->load == 0 || l->load + load <= LINK_LOAD_MAX;
    l->load += fits ? load : 0;
    pthread_mutex_unlock(&l->lock);
    return fits;
}

void link_unreserve(struct link *l, uint32_t load)
{
    pthread_mutex_lock(&l->lock);
    l->load -= load;
    pthread_mutex_unlock(&l->lock);
}

void link_over(struct link *l, uint32_t load)
{
    link_unreserve(l, load);
}

/* --- giving up --- */

static void note_given_up(struct link *l, const struct link_call *c, int64_t now)
{
    if (l->n_given_up == l->cap_given_up) {
        l->cap_given_up = l->cap_given_up ? 2 * l->cap_given_up : 16;
        l->given_up = mem_resize(l->given_up, l->cap_given_up, sizeof *l->given_up);
    }
    l->given_up[l->n_given_up++] = (struct given_up){c->number, c->load, now};
}

static void forget_given_up(struct link *l, int64_t now)
{
    for (size_t i = l->n_given_up; i-- > 0;)
        if (now - l->given_up[i].at > GIVEN_UP_NS) {
            l->load -= l->given_up[i].load;
            l->given_up[i] = l->given_up[--l->n_given_up];
        }
}

/* Nothing comes, or it comes for those that were sent later. */
static bool is_given_up(const struct link *l, const struct link_call *c, int64_t now)
{
    bool silent = now - l->heard > SILENCE_NS, lost = c->sent < l->passed;
    return now - c->sent > SILENCE_NS && (silent || lost);
}

/* One whose time is over, taken out; NULL: there is none. */
static struct link_call *overdue(struct link *l, int64_t now)
{
    struct link_call *late = NULL;
    pthread_mutex_lock(&l->lock);
    struct link_call *first = l->calls[LINK_INPUTS];
    if (first && is_given_up(l, first, now)) {
        late = first;
        note_given_up(l, late, now);
    }
    for (struct link_call *c = l->calls[LINK_QUESTIONS]; c && !late; c = c->next)
        if (now > c->deadline) {
            late = c;
            l->load -= c->load;
        }
    if (late)
        take_out(l, late);
    forget_given_up(l, now);
    pthread_mutex_unlock(&l->lock);
    return late;
}

void links_expire(struct links *all)
{
    int64_t now = clock_monotonic_ns();
    struct link_call *c;
    for (unsigned i = 0; i < all->options.n; i++)
        while ((c = overdue(&all->v[i], now)) != NULL) {
            struct errmsg msg;
            err_set(&msg, ERR_IO, "nobody answers for shard %u", i);
            c->failed(c, ERR_IO, &msg);
        }
}

/* --- sending --- */

static struct outgoing *outgoing_new(const struct stream_add *a)
{
    size_t bytes = 0;
    for (size_t i = 0; i < a->n_fields; i++)
        bytes += a->fields[i].name.n + a->fields[i].value.n;
    struct outgoing *o = mem_alloc(sizeof *o + 2 * a->n_fields * sizeof *o->fields + bytes);
    *o = (struct outgoing){.keep = a->keep, .expire_ms = a->expire_ms, .n_fields = (unsigned)a->n_fields};
    o->fields = (struct str *)(o + 1);
    char *at = (char *)(o->fields + 2 * a->n_fields);
    for (size_t i = 0; i < 2 * a->n_fields; i++) {
        struct str s = i % 2 ? a->fields[i / 2].value : a->fields[i / 2].name;
        if (s.n)
            memcpy(at, s.p, s.n);
        o->fields[i] = (struct str){at, s.n};
        at += s.n;
    }
    snprintf(o->stream, sizeof o->stream, "%s", a->stream);
    return o;
}

/* Under the lock. */
static void enqueue(struct link *l, struct outgoing *o)
{
    *l->out_tail = o;
    l->out_tail = &o->next;
}

void link_post(struct link *l, const struct stream_add *add)
{
    struct outgoing *o = outgoing_new(add);
    pthread_mutex_lock(&l->lock);
    enqueue(l, o);
    pthread_mutex_unlock(&l->lock);
    wake(l);
}

static void send_call(struct link *l, struct link_call *c, const char *stream, uint64_t keep, struct str message)
{
    struct stream_field field = {STR_LIT(WIRE_FIELD), message};
    struct outgoing *o =
        outgoing_new(&(struct stream_add){.stream = stream, .fields = &field, .n_fields = 1, .keep = keep});
    pthread_mutex_lock(&l->lock);
    enqueue(l, o);
    if (c)
        append(l, c);
    pthread_mutex_unlock(&l->lock);
    wake(l);
}

void link_send_inputs(struct link *l, struct link_call *c, struct str message)
{
    if (c) {
        c->sent = clock_monotonic_ns();
        c->deadline = INT64_MAX;
    }
    send_call(l, c, "in", 0, message);
}

void link_send_question(struct link *l, struct link_call *c, struct str message, int64_t deadline)
{
    c->sent = clock_monotonic_ns();
    c->deadline = deadline;
    send_call(l, c, "ask", LINK_ASK_KEEP, message);
}

void link_asked(struct link *l, struct stream_id id)
{
    pthread_mutex_lock(&l->lock);
    if (l->n_asked == l->cap_asked) {
        l->cap_asked = l->cap_asked ? 2 * l->cap_asked : 64;
        l->asked = mem_resize(l->asked, l->cap_asked, sizeof *l->asked);
    }
    l->asked[l->n_asked++] = id;
    pthread_mutex_unlock(&l->lock);
    wake(l);
}
