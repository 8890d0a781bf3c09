/* The lease: who may write to a shard. It expires by itself when its holder dies; a thread renews it as long as the
 * holder lives. That is for good order only: what keeps a holder that was paused from writing is the fence, which every
 * script checks. What is sent elsewhere no script can check: for that the holder reckons, by a clock that does not stop
 * with it, until when the lease is surely its own. */
#include "store/redis/inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define TTL_MS 6000
#define POLL_MS 20
#define RENEWALS 3        /* in the time that it lasts */
#define TELL_PAUSE_MS 50  /* a commit is told of by the next one, or after so long */
#define DRIFT 100         /* the servers' clocks may run slower than ours by one part in so many: */
#define DRIFT_MIN_MS 10   /* far more than any that works does */
#define NS_PER_MS INT64_C(1000000)

/* Whom the others see: it need only be unlike theirs. */
static void name_holder(char out[80])
{
    unsigned char random[6];
    char host[32] = "";
    gethostname(host, sizeof host - 1);
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* cannot happen for so few bytes */
    snprintf(out, 80, "process %ld on %s (%02x%02x%02x%02x%02x%02x)", (long)getpid(), host, random[0], random[1],
             random[2], random[3], random[4], random[5]);
}

/* From when it was asked for: the server began to count later. */
static int64_t surely_until(const struct redis_lease *l, int64_t asked)
{
    int64_t margin = l->ttl_ms / DRIFT > DRIFT_MIN_MS ? l->ttl_ms / DRIFT : DRIFT_MIN_MS;
    return asked + (l->ttl_ms - margin) * NS_PER_MS;
}

static void write_call(const struct redis_lease *l, const uint64_t *done, struct redis_command *out)
{
    redis_command_add(out, redis_key(l->shard, KEY_STATE));
    redis_command_add(out, redis_key(l->shard, KEY_LEASE));
    redis_command_add(out, str_of(l->holder));
    redis_command_add_u64(out, (uint64_t)l->ttl_ms);
    redis_command_add(out, str_of(l->fence));
    if (done)
        redis_command_add_u64(out, *done);
    else
        redis_command_add(out, STR_NONE);
}

static enum err take_fence(struct redis_lease *l, const redisReply *reply, struct errmsg *msg)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len >= sizeof l->fence)
        return err_set(msg, ERR_DAMAGED, "a lease was answered with no fence");
    if (!*l->fence)
        memcpy(l->fence, reply->str, reply->len + 1);
    return ERR_OK;
}

/* Takes it, or keeps it when there is a fence. It counts once the replicas have it, too: else a failover would forget
 * it. */
static enum err ask(struct redis_lease *l, const uint64_t *done, struct errmsg *msg)
{
    struct script_call c = {.command = {.n = 0}};
    redisReply *reply;
    int64_t asked = clock_boot_ns();
    script_begin(&c, SCRIPT_LEASE, 2);
    write_call(l, done, &c.command);
    enum err e = script_run(l->redis, l->shard->slot, &c, &l->wait, &reply, msg);
    script_call_done(&c);
    if (e)
        return e;
    e = take_fence(l, reply, msg);
    freeReplyObject(reply);
    if (!e)
        atomic_store(&l->held_until, surely_until(l, asked));
    return e;
}

bool redis_lease_held(const struct redis_lease *l, int64_t ms)
{
    return !atomic_load(&l->lost) && clock_boot_ns() + ms * NS_PER_MS < atomic_load(&l->held_until);
}

void redis_lease_tell(struct redis_lease *l, uint64_t done, uint64_t told)
{
    pthread_mutex_lock(&l->lock);
    l->done = done;
    l->told = told > l->told ? told : l->told;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + ms * NS_PER_MS;
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Until it is to be renewed, or there is something to tell. false: it is over. */
static bool rest(struct redis_lease *l, int64_t renew_ms)
{
    struct timespec renew = in_ms(renew_ms), tell;
    int waited = 0;
    pthread_mutex_lock(&l->lock);
    while (!l->stop && waited != ETIMEDOUT) {
        tell = in_ms(TELL_PAUSE_MS); /* anew after each commit */
        bool telling = l->done != l->told && is_before(&tell, &renew);
        waited = pthread_cond_timedwait(&l->changed, &l->lock, telling ? &tell : &renew);
    }
    bool go_on = !l->stop;
    pthread_mutex_unlock(&l->lock);
    return go_on;
}

static enum err renew(struct redis_lease *l)
{
    struct errmsg ignored;
    pthread_mutex_lock(&l->lock);
    uint64_t done = l->done;
    bool news = done != l->told;
    pthread_mutex_unlock(&l->lock);
    enum err e = ask(l, news ? &done : NULL, &ignored);
    if (e)
        return e;
    pthread_mutex_lock(&l->lock);
    l->told = done > l->told ? done : l->told;
    pthread_mutex_unlock(&l->lock);
    return ERR_OK;
}

/* A renewal that does not get through is tried again: the commits find out what has become of the shard. */
static void *keep(void *arg)
{
    struct redis_lease *l = arg;
    int64_t pause = l->ttl_ms / RENEWALS;
    while (rest(l, pause)) {
        enum err e = renew(l);
        pause = e ? POLL_MS : l->ttl_ms / RENEWALS;
        if (e == ERR_LOCKED) {
            atomic_store(&l->lost, true);
            break;
        }
    }
    return NULL;
}

/* The keeper asks often rather than long: a call that takes longer than the lease lasts has missed it. */
static struct redis *new_client(const struct redis_lease *l, bool keeper)
{
    struct redis_settings settings = l->shard->settings;
    if (keeper) {
        settings.timeout_ms = l->ttl_ms / 2;
        settings.patience_ms = l->ttl_ms / 2;
    }
    return redis_new(&settings);
}

static enum err start_keeper(struct redis_lease *l, struct errmsg *msg)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    l->running = pthread_create(&l->keeper, NULL, keep, l) == 0;
    if (l->running)
        return ERR_OK;
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->changed);
    return err_set(msg, ERR_IO, "cannot start a thread for the lease");
}

enum err redis_lease_take(struct redis_lease *l, const struct redis_shard *shard, const struct redis_wait *wait,
                          int64_t ttl_ms, struct errmsg *msg)
{
    struct errmsg why = {""};
    l->shard = shard;
    l->wait = *wait;
    l->ttl_ms = ttl_ms ? ttl_ms : TTL_MS;
    l->redis = new_client(l, false);
    name_holder(l->holder);
    int64_t until = clock_boot_ns() + (l->ttl_ms + l->ttl_ms / RENEWALS) * NS_PER_MS;
    enum err e;
    while ((e = ask(l, NULL, &why)) == ERR_LOCKED && clock_boot_ns() < until)
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * NS_PER_MS}, NULL);
    if (e)
        return err_set(msg, e, "%s: %s", shard->keys[KEY_STATE], why.text);
    redis_free(l->redis);
    l->redis = new_client(l, true);
    l->wait.ms = l->ttl_ms / RENEWALS;
    return start_keeper(l, msg);
}

static void give_back(struct redis_lease *l)
{
    struct script_call c = {.command = {.n = 0}};
    struct errmsg ignored;
    redisReply *reply;
    script_begin(&c, SCRIPT_RELEASE, 2);
    redis_command_add(&c.command, redis_key(l->shard, KEY_STATE));
    redis_command_add(&c.command, redis_key(l->shard, KEY_LEASE));
    redis_command_add(&c.command, str_of(l->fence));
    redis_command_add_u64(&c.command, l->done);
    if (script_run(l->redis, l->shard->slot, &c, NULL, &reply, &ignored) == ERR_OK)
        freeReplyObject(reply); /* else it expires */
    script_call_done(&c);
}

void redis_lease_done(struct redis_lease *l)
{
    if (l->running) {
        pthread_mutex_lock(&l->lock);
        l->stop = true;
        pthread_cond_signal(&l->changed);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->keeper, NULL);
        pthread_mutex_destroy(&l->lock);
        pthread_cond_destroy(&l->changed);
    }
    if (*l->fence && !atomic_load(&l->lost))
        give_back(l);
    redis_free(l->redis);
    l->redis = NULL;
}
