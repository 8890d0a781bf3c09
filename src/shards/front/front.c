/* The front's life, and which way each request takes. */
#include "shards/front/front.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/crash.h"
#include "shards/front/front_inside.h"

#define TEND_MS 20                 /* how soon what waits for room is tried again */
#define TEND_ROUNDS 5              /* of these, between two looks at what has waited for too long */
#define CLOSING_NS (15 * NS_PER_S) /* the office's ten, and some */
#define STACK_BYTES (256 * 1024)

uint64_t front_random(void)
{
    uint64_t v;
    if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
        abort(); /* cannot happen for so few bytes */
    return v;
}

void front_answer_now(struct request *r, enum err err, const char *text)
{
    r->err = err;
    if (err)
        err_set(&r->msg, err, "%s", text);
    r->done(r);
}

/* --- the front's thread --- */

static void pump_all(struct front *f)
{
    for (unsigned i = 0; i < f->n; i++)
        shard_pump(&f->shards[i]);
}

static void *tend(void *arg)
{
    struct front *f = arg;
    struct pollfd fd = {.fd = completions_fd(f->queue), .events = POLLIN};
    for (unsigned round = 0; !atomic_load(&f->stop); round++) {
        if (poll(&fd, 1, TEND_MS) > 0)
            completions_run(f->queue);
        pump_all(f);
        if (round % TEND_ROUNDS)
            continue;
        links_expire(f->links);
        front_scans_tend(f);
    }
    return NULL;
}

static enum err start_thread(struct front *f, struct errmsg *msg)
{
    sigset_t signals, before;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    crash_block_others(&signals);
    pthread_sigmask(SIG_SETMASK, &signals, &before);
    f->running = pthread_create(&f->thread, &attr, tend, f) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (!f->running)
        return err_set(msg, ERR_IO, "cannot start a thread for the shards");
    pthread_setname_np(f->thread, "front");
    return ERR_OK;
}

/* --- opening and closing --- */

/* What intakes need of it. */
static struct config *keep_config(const struct config *c)
{
    struct config *kept = mem_zalloc(1, sizeof *kept);
    kept->clock = c->clock;
    memcpy(kept->country_code, c->country_code, sizeof kept->country_code);
    memcpy(kept->channels, c->channels, sizeof kept->channels);
    kept->n_channels = c->n_channels;
    return kept;
}

static void warn(void *arg, const char *text)
{
    struct front *f = arg;
    if (f->options.warn)
        f->options.warn(f->options.arg, text);
}

static enum err open_links(struct front *f, struct errmsg *msg)
{
    struct links_options o = {
        .uri = f->uri,
        .store = &f->store,
        .n = f->n,
        .instance = office_instance(f->options.office),
        .any_order = f->config->clock == CLOCK_ACCELERATED,
        .warn = warn,
        .arg = f,
    };
    enum err e = links_open(&o, &f->links, msg);
    if (e)
        return e;
    f->shards = mem_zalloc(f->n, sizeof *f->shards);
    for (unsigned i = 0; i < f->n; i++)
        shard_init(&f->shards[i], f, i);
    return ERR_OK;
}

enum err front_open(const struct front_options *o, struct front **out, struct errmsg *msg)
{
    struct front *f = mem_zalloc(1, sizeof *f);
    f->options = *o;
    f->n = o->set->n;
    f->uri = mem_strdup(o->uri);
    f->store = *o->store;
    if (o->store->password)
        f->store.password = f->password = mem_strdup(o->store->password);
    f->config = keep_config(o->config);
    f->words = words_new();
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    enum err e = completions_new(&f->queue, msg);
    if (!e)
        e = open_links(f, msg);
    if (!e)
        e = start_thread(f, msg);
    if (e)
        front_close(f);
    else
        *out = f;
    return e;
}

/* The office answers an order within its ten seconds, on this thread from now on. */
static void await_holds(struct front *f)
{
    struct pollfd fd = {.fd = completions_fd(f->queue), .events = POLLIN};
    int64_t until = clock_monotonic_ns() + CLOSING_NS;
    bool waiting = true;
    while (waiting && clock_monotonic_ns() < until) {
        pthread_mutex_lock(&f->lock);
        waiting = f->n_holds > 0;
        pthread_mutex_unlock(&f->lock);
        if (waiting && poll(&fd, 1, TEND_MS) > 0)
            completions_run(f->queue);
        links_expire(f->links);
    }
}

static void await_intakes(struct front *f)
{
    pthread_mutex_lock(&f->lock);
    while (f->n_intakes)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void stop_thread(struct front *f)
{
    atomic_store(&f->stop, true);
    if (f->running)
        pthread_join(f->thread, NULL);
}

static void close_shards(struct front *f)
{
    for (unsigned i = 0; i < f->n; i++)
        front_closed(f, i, false);
    await_holds(f);
    await_intakes(f);
}

void front_close(struct front *f)
{
    if (!f)
        return;
    stop_thread(f);
    if (f->shards)
        close_shards(f);
    front_calls_free(f);
    links_close(f->links);
    for (unsigned i = 0; f->shards && i < f->n; i++)
        shard_done(&f->shards[i]);
    front_scans_free(f);
    front_streams_free(f);
    completions_free(f->queue);
    words_free(f->words);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->changed);
    if (f->password)
        explicit_bzero(f->password, strlen(f->password));
    free(f->password);
    free(f->uri);
    free(f->config);
    free(f->shards);
    free(f);
}

void front_reconfigure(struct front *f, const struct config *c)
{
    struct config *kept = keep_config(c);
    pthread_mutex_lock(&f->lock);
    struct config *before = f->config;
    f->config = kept;
    pthread_mutex_unlock(&f->lock);
    free(before);
    for (unsigned i = 0; i < f->n; i++) {
        struct shard *s = &f->shards[i];
        pthread_mutex_lock(&s->lock);
        if (s->intake)
            intake_reconfigure(s->intake, kept);
        pthread_mutex_unlock(&s->lock);
    }
}

/* --- requests --- */

static bool ask_one(struct front *f, struct request *r)
{
    return shard_submit(&f->shards[shard_of(r->id, f->n)], r, NULL, false);
}

static bool ask_all(struct front *f, struct request *r)
{
    front_ask_all(f, r);
    return true;
}

static bool end_stream(struct front *f, struct request *r)
{
    front_stream_end(f, r);
    return true;
}

static bool place_hold(struct front *f, struct request *r)
{
    front_hold_place(f, r);
    return true;
}

static bool lift_hold(struct front *f, struct request *r)
{
    front_hold_lift(f, r);
    return true;
}

static bool scan(struct front *f, struct request *r)
{
    front_scan(f, r);
    return true;
}

bool front_submit(struct front *f, struct request *r)
{
    static bool (*const ways[REQUEST_KIND_N])(struct front *, struct request *) = {
        [REQUEST_INPUTS] = front_inputs, [REQUEST_STREAM_END] = end_stream, [REQUEST_SHOW] = ask_one,
        [REQUEST_STORY] = ask_one,       [REQUEST_DUE] = ask_all,           [REQUEST_STATUS] = ask_all,
        [REQUEST_HOLDS] = ask_all,       [REQUEST_HOLD_PLACE] = place_hold, [REQUEST_HOLD_LIFT] = lift_hold,
        [REQUEST_SCAN] = scan,
    };
    r->err = ERR_OK;
    if (ways[r->kind])
        return ways[r->kind](f, r);
    front_answer_now(r, ERR_INVALID, "this is asked of an engine, not of all shards");
    return true;
}
