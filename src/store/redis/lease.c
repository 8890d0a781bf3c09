/* The lease: who may write to a shard. It expires by itself when its holder dies; a thread renews it as long as the
 * holder lives. That is for good order only: what keeps a holder that was paused from writing is the fence, which every
 * script checks. */
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
#define RENEWALS 3 /* in the time that it lasts */
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

/* Takes it, or keeps it when there is a fence. */
static enum err ask(struct redis_lease *l, struct errmsg *msg)
{
    struct script_call c = {.script = SCRIPT_LEASE};
    redisReply *reply;
    script_begin(&c, SCRIPT_LEASE, 2);
    redis_command_add(&c.command, redis_key(l->shard, KEY_STATE));
    redis_command_add(&c.command, redis_key(l->shard, KEY_LEASE));
    redis_command_add(&c.command, str_of(l->holder));
    redis_command_add_u64(&c.command, (uint64_t)l->ttl_ms);
    redis_command_add(&c.command, str_of(l->fence));
    enum err e = script_run(l->redis, l->shard->slot, &c, *l->fence ? NULL : &l->wait, &reply, msg);
    script_call_done(&c);
    if (e)
        return e;
    if (reply->type != REDIS_REPLY_STRING || reply->len >= sizeof l->fence)
        e = err_set(msg, ERR_DAMAGED, "a lease was answered with no fence");
    else if (!*l->fence)
        memcpy(l->fence, reply->str, reply->len + 1);
    freeReplyObject(reply);
    return e;
}

/* true: to be renewed; false: it is over. */
static bool rest(struct redis_lease *l)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + l->ttl_ms / RENEWALS * NS_PER_MS;
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&l->lock);
    while (!l->stop && pthread_cond_timedwait(&l->changed, &l->lock, &until) != ETIMEDOUT)
        ;
    bool go_on = !l->stop;
    pthread_mutex_unlock(&l->lock);
    return go_on;
}

/* A renewal that does not get through is tried again: the commits find out what has become of the shard. */
static void *keep(void *arg)
{
    struct redis_lease *l = arg;
    while (rest(l)) {
        struct errmsg ignored;
        if (ask(l, &ignored) == ERR_LOCKED) {
            atomic_store(&l->lost, true);
            break;
        }
    }
    return NULL;
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
    l->redis = redis_new(&shard->settings);
    name_holder(l->holder);
    int64_t until = clock_boot_ns() + (l->ttl_ms + l->ttl_ms / RENEWALS) * NS_PER_MS;
    enum err e;
    while ((e = ask(l, &why)) == ERR_LOCKED && clock_boot_ns() < until)
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * NS_PER_MS}, NULL);
    if (e)
        return err_set(msg, e, "%s: %s", shard->keys[KEY_STATE], why.text);
    return start_keeper(l, msg);
}

static void give_back(struct redis_lease *l)
{
    struct script_call c = {.script = SCRIPT_RELEASE};
    struct errmsg ignored;
    redisReply *reply;
    script_begin(&c, SCRIPT_RELEASE, 2);
    redis_command_add(&c.command, redis_key(l->shard, KEY_STATE));
    redis_command_add(&c.command, redis_key(l->shard, KEY_LEASE));
    redis_command_add(&c.command, str_of(l->fence));
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
