#include "daemon/keeper.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "daemon/keeper_inside.h"
#include "daemon/notify.h"
#include "shards/rules_digest.h"

#define NS_A_MS INT64_C(1000000)
#define OPENING_MAX 8      /* shards at a time: each reads its checkpoint and log as fast as it can */
#define AWAIT_MS 200       /* between two looks whether the one before has let go of a shard */
#define PAUSE_MS 250       /* after a failure; then twice as long each time, up to */
#define PAUSE_MS_MAX 30000 /* when time mends nothing, and up to */
#define PAUSE_MS_SOON 2000 /* when it may pass: a Redis that is away, or has too few replicas after a failover */
#define STEADY_MS 5000     /* a shard that was served for so long has not failed before */
#define SAID_MS 30000      /* between two lines about one that fails again and again */
#define READY_MS 90000     /* for the shards that fall to this daemon at its start */
#define READY_GRACE 120    /* seconds, for the service manager */
#define DRAIN_MS 5000      /* for what delivery has on its way, when a shard is handed over */
#define LOOK_MS 1000

/* --- words --- */

static void on_warning(void *arg, const char *text)
{
    char quoted[1200];
    (void)arg;
    log_line(LOG_LEVEL_WARNING, "shards-warning", "text=%s", log_quote(text, quoted, sizeof quoted));
}

static void on_committed(void *arg)
{
    struct keeper *k = arg;
    k->options.committed(k->options.arg);
}

/* --- who owns what --- */

static void reconcile(struct keeper *k);

static void on_changed(struct completion *c)
{
    struct keeper *k = (struct keeper *)((char *)c - offsetof(struct keeper, changed));
    atomic_store(&k->changing, false);
    reconcile(k);
}

/* On the office's thread. */
static void tell_changed(void *arg)
{
    struct keeper *k = arg;
    if (!atomic_exchange(&k->changing, true))
        completions_push(k->queue, &k->changed);
}

static bool is_ours(const struct keeper *k, unsigned shard)
{
    return k->started && !k->leaving && office_assigned(k->office, shard);
}

static void begin(struct keeper *k, unsigned shard)
{
    k->n_tenures++;
    k->n_opening++;
    k->places[shard].generation = k->generation;
    k->places[shard].tenure = tenure_begin(&k->home, shard, k->config);
}

/* When it may be opened, if it is not yet time; INT64_MAX: there is nothing to wait for. */
static int64_t settle(struct keeper *k, unsigned shard, int64_t now)
{
    struct place *p = &k->places[shard];
    bool ours = is_ours(k, shard);
    if (p->tenure && !ours)
        tenure_leave(p->tenure, DRAIN_MS);
    if (p->tenure || !ours)
        return INT64_MAX;
    if (now < p->next_ns)
        return p->next_ns;
    if (k->n_opening < OPENING_MAX)
        begin(k, shard);
    return INT64_MAX; /* the next one that is opened makes room */
}

static void check_ready(struct keeper *k, int64_t now)
{
    if (!k->started || k->ready)
        return;
    for (unsigned i = 0; i < k->set.n && now < k->ready_by_ns; i++)
        if (is_ours(k, i) && !k->places[i].opened)
            return;
    k->ready = true;
    k->options.ready(k->options.arg);
}

static void check_drained(struct keeper *k)
{
    void (*drained)(void *) = k->drained;
    if (!k->leaving || k->n_tenures || !drained)
        return;
    k->drained = NULL;
    drained(k->drained_arg);
}

static void reconcile(struct keeper *k)
{
    int64_t now = clock_monotonic_ns(), at = now + LOOK_MS * NS_A_MS;
    for (unsigned i = 0; i < k->set.n; i++) {
        int64_t next = settle(k, i, now);
        at = next < at ? next : at;
    }
    check_ready(k, now);
    check_drained(k);
    watch_timer_set(k->timer, (at - now) / NS_A_MS + 1);
}

static void on_timer(void *arg)
{
    reconcile(arg);
}

/* --- what becomes of a tenure --- */

static void on_opened(void *arg, struct tenure *t)
{
    struct keeper *k = arg;
    struct place *p = &k->places[tenure_shard(t)];
    struct engine_counters n = {.enrolled = 0};
    bool counted = tenure_counters(t, &n);
    (void)counted;
    k->n_opening--;
    p->opened = true;
    p->awaited = false;
    p->opened_ns = clock_monotonic_ns();
    log_line(LOG_LEVEL_NOTICE, "shard-owned", "shard=%u enrolled=%" PRIu64 " last_seq=%" PRIu64, tenure_shard(t),
             n.enrolled, n.last_seq);
    keeper_bring_up_to_date(k, tenure_shard(t));
    tell_changed(k);
}

static void put_off(struct place *p, int64_t ms)
{
    p->next_ns = clock_monotonic_ns() + ms * NS_A_MS;
}

static int64_t next_pause(const struct place *p, enum err err, int64_t now)
{
    bool steady = p->opened_ns && now - p->opened_ns > STEADY_MS * NS_A_MS;
    bool lasting = err == ERR_DAMAGED || err == ERR_VERSION;
    int64_t twice = p->pause_ms && !steady ? 2 * p->pause_ms : PAUSE_MS, most = lasting ? PAUSE_MS_MAX : PAUSE_MS_SOON;
    return twice < most ? twice : most;
}

static void failed(struct place *p, unsigned shard, enum err err, const struct errmsg *msg)
{
    char quoted[1200];
    int64_t now = clock_monotonic_ns(), before = p->pause_ms;
    p->pause_ms = next_pause(p, err, now);
    put_off(p, p->pause_ms);
    if (p->pause_ms == before && now - p->said_ns < SAID_MS * NS_A_MS)
        return;
    p->said_ns = now;
    log_line(LOG_LEVEL_ERR, "shard-given-up", "shard=%u again_ms=%" PRId64 " text=%s", shard, p->pause_ms,
             log_quote(msg->text, quoted, sizeof quoted));
}

static void awaited(struct place *p, unsigned shard, const struct errmsg *msg)
{
    char quoted[1200];
    put_off(p, AWAIT_MS);
    if (!p->awaited)
        log_line(LOG_LEVEL_INFO, "shard-awaited", "shard=%u text=%s", shard,
                 log_quote(msg->text, quoted, sizeof quoted));
    p->awaited = true;
}

static void on_ended(void *arg, struct tenure *t, enum err err, const struct errmsg *msg)
{
    struct keeper *k = arg;
    unsigned shard = tenure_shard(t);
    struct place *p = &k->places[shard];
    bool opened = p->opened_ns != 0;
    k->n_opening -= !opened;
    k->n_tenures--;
    p->tenure = NULL;
    if (err == ERR_OK)
        log_line(LOG_LEVEL_NOTICE, "shard-released", "shard=%u", shard);
    else if (err == ERR_LOCKED && !opened)
        awaited(p, shard, msg);
    else
        failed(p, shard, err, msg);
    p->opened_ns = 0;
    tell_changed(k);
}

/* --- as a service --- */

static enum err start(struct service *s, struct errmsg *msg)
{
    struct keeper *k = (struct keeper *)s;
    (void)msg;
    k->started = true;
    k->ready_by_ns = clock_monotonic_ns() + READY_MS * NS_A_MS;
    notify_extend(READY_GRACE);
    notify_status("opening shards");
    reconcile(k);
    return ERR_OK;
}

static void leave(struct keeper *k)
{
    if (k->leaving)
        return;
    k->leaving = true;
    office_leave(k->office);
}

static void drain(struct service *s, void (*drained)(void *arg), void *arg)
{
    struct keeper *k = (struct keeper *)s;
    k->drained = drained;
    k->drained_arg = arg;
    leave(k);
    reconcile(k);
}

/* The loop runs no more: what its threads have to say is waited for here. */
static void end_tenures(struct keeper *k)
{
    struct pollfd p = {.fd = completions_fd(k->queue), .events = POLLIN};
    k->drained = NULL;
    leave(k);
    while (k->n_tenures) {
        for (unsigned i = 0; i < k->set.n; i++)
            if (k->places[i].tenure)
                tenure_leave(k->places[i].tenure, 0);
        poll(&p, 1, -1);
        completions_run(k->queue);
    }
}

static enum err stop(struct service *s, struct errmsg *msg)
{
    struct keeper *k = (struct keeper *)s;
    (void)msg;
    if (k->started)
        end_tenures(k);
    front_close(k->front);
    office_close(k->office);
    k->front = NULL;
    k->office = NULL;
    return ERR_OK;
}

static void free_keeper(struct service *s)
{
    struct keeper *k = (struct keeper *)s;
    watch_free(k->answered);
    watch_free(k->timer);
    shard_desk_free(k->desk);
    cap_desk_free(k->caps);
    completions_free(k->queue);
    config_free(k->config);
    config_free(k->first);
    free(k->places);
    free(k);
}

/* --- opening --- */

static enum err open_office(struct keeper *k, struct errmsg *msg)
{
    const struct config *c = k->config;
    struct office_options o = {.uri = k->first->store,
                               .store = &k->store,
                               .set = &k->set,
                               .name = k->first->name,
                               .revision = c->revision,
                               .brake = c->brake,
                               .changed = tell_changed,
                               .warn = on_warning,
                               .arg = k};
    rules_digest(c, o.rules);
    return office_open(&o, &k->office, msg);
}

/* There is no other kind of call. */
static void on_called(void *arg, unsigned shard, struct front_in *in)
{
    struct keeper *k = arg;
    struct errmsg msg;
    if (!shard_desk_called(k->desk, shard, in))
        front_answer(in, err_set(&msg, ERR_INVALID, "no such call"), &msg, STR_NONE);
}

static enum err open_front(struct keeper *k, struct errmsg *msg)
{
    struct front_options o = {.uri = k->first->store,
                              .store = &k->store,
                              .set = &k->set,
                              .office = k->office,
                              .config = k->config,
                              .called = on_called,
                              .warn = on_warning,
                              .arg = k};
    return front_open(&o, &k->front, msg);
}

static void on_answered(void *arg)
{
    completions_run(arg);
}

static enum err open_inside(struct keeper *k, struct errmsg *msg)
{
    enum err err = completions_new(&k->queue, msg);
    if (err != ERR_OK)
        return err;
    k->changed.run = on_changed;
    k->answered = watch_readable(k->options.loop, completions_fd(k->queue), on_answered, k->queue);
    k->timer = watch_timer(k->options.loop, on_timer, k);
    k->places = mem_zalloc(k->set.n, sizeof *k->places);
    k->desk = shard_desk_new(&k->set, k->queue);
    return shard_desk_configure(k->desk, k->config->endpoints, msg);
}

static void furnish(struct keeper *k)
{
    k->caps = cap_desk_new(k->office, &k->set, k->queue);
    shard_desk_connect(k->desk, k->front);
    k->home = (struct tenure_home){.loop = k->options.loop,
                                   .queue = k->queue,
                                   .uri = k->first->store,
                                   .store = &k->store,
                                   .set = &k->set,
                                   .office = k->office,
                                   .front = k->front,
                                   .desk = k->desk,
                                   .caps = cap_desk_caps(k->caps),
                                   .committed = on_committed,
                                   .opened = on_opened,
                                   .ended = on_ended,
                                   .adopted = keeper_adopted,
                                   .arg = k};
    k->service.desk = shard_desk(k->desk);
}

static bool submit(void *arg, struct request *r)
{
    const struct keeper *k = arg;
    return front_submit(k->front, r);
}

/* Their threads take no signals: those are the loop's. */
static enum err open_all(struct keeper *k, struct errmsg *msg)
{
    sigset_t all, before;
    crash_block_others(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    enum err err = open_office(k, msg);
    if (err == ERR_OK)
        err = open_front(k, msg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static const struct service_ops ops = {start, keeper_alive, keeper_configure, drain, stop, free_keeper};

static struct keeper *make(const struct service_options *o, struct config *c)
{
    struct keeper *k = mem_zalloc(1, sizeof *k);
    k->options = *o;
    k->config = c;
    k->first = config_ref(c);
    config_store_options(c, &k->store);
    k->service.ops = &ops;
    k->service.engine = (struct http_engine){.arg = k,
                                             .submit = submit,
                                             .counters = keeper_counters,
                                             .shards = keeper_shards,
                                             .ready = keeper_is_member,
                                             .uri = k->first->store,
                                             .store_options = &k->store,
                                             .set = &k->set};
    return k;
}

enum err keeper_open(const struct service_options *o, struct config *c, struct service **out, struct errmsg *msg)
{
    struct keeper *k = make(o, c);
    enum err err = shard_set_read(c->store, &k->store, &k->set, msg);
    if (err == ERR_OK)
        err = open_inside(k, msg);
    if (err == ERR_OK)
        err = open_all(k, msg);
    if (err != ERR_OK) {
        struct errmsg other;
        enum err stopped = stop(&k->service, &other);
        (void)stopped;
        free_keeper(&k->service);
        return err;
    }
    furnish(k);
    *out = &k->service;
    return ERR_OK;
}
