/* One daemon's end of the system shard: opening and closing it, its thread, and what a round is. */
#include "shards/office/office_inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "store/log/logline.h"

#define DEFAULT_LEASE_MS 6000
#define TRIES_IN_A_LEASE 3
#define OPEN_MS 30000 /* for as long Redis is waited for at the beginning */
#define LOOK_MS 100   /* between two looks whether a name is free */
#define RECONFIGURE_MS 5000
#define AFTER_FAULT_MS 200

/* --- calls --- */

struct redis_command *office_add(struct office *o, enum office_script script, unsigned n_keys,
                                 void (*take)(struct office *, void *, const redisReply *), void *arg)
{
    if (o->n_calls == SCRIPT_CALLS_MAX)
        return NULL;
    struct script_call *c = &o->calls[o->n_calls];
    o->takers[o->n_calls].take = take;
    o->takers[o->n_calls].arg = arg;
    o->n_calls++;
    script_call_begin(c, office_lua[script], n_keys);
    return &c->command;
}

uint64_t office_u64(const redisReply *r)
{
    if (r->type == REDIS_REPLY_INTEGER)
        return (uint64_t)r->integer;
    return r->type == REDIS_REPLY_STRING ? strtoull(r->str, NULL, 10) : 0;
}

void office_tell(struct office *o, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (o->warn)
        o->warn(o->arg, text);
}

/* Sends what was added. A script that fails is as good as one that had no reply. */
static enum err send(struct office *o, bool durable)
{
    redisReply *replies[SCRIPT_CALLS_MAX];
    unsigned n = o->n_calls;
    o->n_calls = 0;
    if (n == 0)
        return ERR_OK;
    enum err e =
        script_run_all(o->redis, o->system.slot, o->calls, n, durable ? &o->system.wait : NULL, replies, &o->fault);
    if (e)
        return e;
    for (unsigned i = 0; i < n; i++) {
        enum err one = script_judge(replies[i], &o->fault);
        if (!one)
            o->takers[i].take(o, o->takers[i].arg, replies[i]);
        e = e ? e : one;
    }
    redis_replies_free(replies, n);
    return e;
}

/* --- rounds --- */

void office_hurry(struct office *o)
{
    o->urgent = true;
    pthread_cond_signal(&o->wake);
}

static int64_t word_every_ns(const struct office *o)
{
    int64_t ms = o->lease_ms / TRIES_IN_A_LEASE;
    return (ms < ROUND_MS ? ms : ROUND_MS) * NS_PER_MS;
}

static bool word_due(struct office *o, int64_t now)
{
    pthread_mutex_lock(&o->lock);
    bool due = o->say || now - o->said_at >= word_every_ns(o);
    o->say = false;
    pthread_mutex_unlock(&o->lock);
    return due;
}

static bool reports_due(struct office *o, int64_t now)
{
    pthread_mutex_lock(&o->lock);
    bool due = office_reports_due(o, now);
    pthread_mutex_unlock(&o->lock);
    return due;
}

static bool consent_due(struct office *o)
{
    pthread_mutex_lock(&o->lock);
    bool due = office_brake_wanted(o) != INSTANT_NONE;
    pthread_mutex_unlock(&o->lock);
    return due;
}

/* Who is there, what they report. Nothing of it has to outlive a failover: it is said again. But reports by which
 * anybody may be suspended do: others' consent follows from what they read of ours. */
static enum err say_and_read(struct office *o)
{
    bool whole = word_due(o, o->round_at), consent = consent_due(o);
    enum err e = ERR_OK;
    if (whole) {
        office_members_say(o);
        office_heard_say(o);
    }
    if (whole && consent)
        e = send(o, false);
    if (e)
        return e;
    if (whole || reports_due(o, o->round_at))
        office_reports_say(o);
    return send(o, consent);
}

/* What must not be lost: nobody is told before replicas have it. */
static enum err change(struct office *o)
{
    office_orders_say(o);
    office_counts_say(o);
    office_totals_say(o);
    office_caps_say(o);
    return send(o, true);
}

static void work_round(struct office *o)
{
    o->round_at = clock_boot_ns();
    enum err e = say_and_read(o);
    if (!e) {
        office_brake_judge(o);
        e = change(o);
    }
    o->failed_at = e ? clock_boot_ns() : 0;
    office_orders_hand(o);
    office_heard_hand(o);
    office_reports_wake(o);
    office_orders_answer(o);
    office_caps_expire(o, false);
    office_members_check(o);
}

/* --- the thread --- */

static int64_t next_at(const struct office *o, int64_t now)
{
    if (o->failed_at)
        return o->failed_at + AFTER_FAULT_MS * NS_PER_MS;
    if (o->urgent || office_reports_due(o, now))
        return now;
    int64_t at = o->said_at + word_every_ns(o), soon = o->reports_at + HASTE_MS * NS_PER_MS;
    return o->dirty && soon < at ? soon : at;
}

static void wait_until(struct office *o, int64_t at, int64_t now)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + (at - now) % 1000000000;
    t.tv_sec += (time_t)((at - now) / 1000000000 + ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    pthread_cond_timedwait(&o->wake, &o->lock, &t);
}

/* false: it is over. */
static bool rest(struct office *o)
{
    pthread_mutex_lock(&o->lock);
    for (;;) {
        int64_t now = clock_boot_ns(), at = next_at(o, now);
        if (o->stop || at <= now)
            break;
        wait_until(o, at, now);
    }
    o->urgent = false;
    bool go_on = !o->stop;
    pthread_mutex_unlock(&o->lock);
    return go_on;
}

static void *work(void *arg)
{
    struct office *o = arg;
    while (rest(o))
        work_round(o);
    return NULL;
}

/* --- opening --- */

static void init_locks(struct office *o)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&o->engines, NULL);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wake, &monotonic);
    pthread_cond_init(&o->settled, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void name_instance(char out[INSTANCE_MAX])
{
    unsigned char random[16];
    struct buf hex = BUF_INIT;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* cannot happen for so few bytes */
    hex_add(&hex, random, sizeof random);
    memcpy(out, hex.p, INSTANCE_MAX - 1);
    out[INSTANCE_MAX - 1] = '\0';
    buf_done(&hex);
}

static struct office *new_office(const struct office_options *opt)
{
    struct office *o = mem_zalloc(1, sizeof *o);
    o->set = opt->set;
    o->name = mem_strdup(opt->name);
    o->lease_ms = opt->store && opt->store->lease_ms ? opt->store->lease_ms : DEFAULT_LEASE_MS;
    o->changed = opt->changed;
    o->warn = opt->warn;
    o->arg = opt->arg;
    o->since = clock_wall_ns() / 1000000000;
    o->rules = (struct rules){.revision = opt->revision, .brake = opt->brake};
    memcpy(o->rules.digest, opt->rules, sizeof o->rules.digest);
    o->granted = o->waited = INT64_MIN;
    o->orders_tail = &o->orders;
    o->caps_tail = &o->caps;
    o->caps_now_tail = &o->caps_now;
    o->mine = mem_zalloc(o->set->n, sizeof *o->mine);
    o->told = mem_zalloc(o->set->n, sizeof *o->told);
    o->read = mem_zalloc(o->set->n, sizeof *o->read);
    o->sending = mem_zalloc(o->set->n, sizeof *o->sending);
    name_instance(o->instance);
    init_locks(o);
    office_seats_init(o);
    return o;
}

/* A daemon of that name may have died just now: then its word grows old. One that lives says another. */
static enum err judge_name(struct office *o, uint64_t *seen, struct errmsg *msg)
{
    if (*seen && *seen != o->taken_at)
        return err_set(msg, ERR_INVALID,
                       "a daemon of the name \"%s\" is at work already: each needs a `name` of its own", o->name);
    *seen = o->taken_at;
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * NS_PER_MS}, NULL);
    return ERR_MORE;
}

static enum err first_word(struct office *o, int64_t until, uint64_t *seen, struct errmsg *msg)
{
    o->word = WORD_NONE;
    o->asking = true;
    o->asked = o->rules;
    o->round_at = clock_boot_ns();
    office_members_say(o);
    office_reports_say(o);
    enum err e = send(o, false);
    if (e == ERR_IO && clock_boot_ns() < until)
        return ERR_MORE;
    if (e)
        return err_set(msg, e, "%s", o->fault.text);
    if (o->word == WORD_TAKEN)
        return judge_name(o, seen, msg);
    if (o->word == WORD_REFUSED)
        return err_set(msg, ERR_INVALID, "%s", o->answer_msg.text);
    return o->word == WORD_OK ? ERR_OK : err_set(msg, ERR_DAMAGED, "the members are not what was written");
}

static enum err connect_office(struct office *o, const struct office_options *opt, struct errmsg *msg)
{
    enum err e = system_shard_init(opt->uri, opt->store, &o->system, msg);
    if (e)
        return e;
    int64_t patience = o->lease_ms / TRIES_IN_A_LEASE;
    o->system.settings.patience_ms = patience;
    o->system.settings.timeout_ms = patience;
    o->system.wait.ms = patience < o->system.wait.ms ? patience * 3 / 4 : o->system.wait.ms;
    o->redis = redis_new(&o->system.settings);
    int64_t until = clock_boot_ns() + OPEN_MS * NS_PER_MS;
    uint64_t seen = 0;
    do {
        e = first_word(o, until, &seen, msg);
    } while (e == ERR_MORE);
    return e;
}

enum err office_open(const struct office_options *opt, struct office **out, struct errmsg *msg)
{
    struct office *o = new_office(opt);
    enum err e = connect_office(o, opt, msg);
    if (!e && pthread_create(&o->thread, NULL, work, o) != 0)
        e = err_set(msg, ERR_IO, "cannot start a thread for the office");
    o->running = !e;
    if (e)
        office_close(o);
    else
        *out = o;
    return e;
}

/* --- closing --- */

static void take_nothing(struct office *o, void *arg, const redisReply *reply)
{
    (void)o, (void)arg, (void)reply;
}

/* Else its word grows old by itself. */
static void say_goodbye(struct office *o)
{
    struct redis_command *c = office_add(o, OFFICE_LEAVE, 1, take_nothing, NULL);
    system_key(&o->system, c, "members");
    redis_command_add(c, str_of(o->name));
    redis_command_add(c, str_of(o->instance));
    enum err ignored = send(o, false);
    (void)ignored;
}

static void stop_thread(struct office *o)
{
    if (!o->running)
        return;
    pthread_mutex_lock(&o->lock);
    o->stop = true;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
}

void office_close(struct office *o)
{
    if (!o)
        return;
    stop_thread(o);
    if (o->running)
        say_goodbye(o);
    office_orders_done(o);
    office_caps_expire(o, true);
    office_counts_done(o);
    office_seats_done(o);
    office_members_done(o);
    for (unsigned i = 0; i < SCRIPT_CALLS_MAX; i++)
        script_call_done(&o->calls[i]);
    redis_free(o->redis);
    pthread_mutex_destroy(&o->engines);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->wake);
    pthread_cond_destroy(&o->settled);
    free(o->sending);
    free(o->read);
    free(o->told);
    free(o->mine);
    free(o->name);
    free(o);
}

/* --- its own --- */

void office_leave(struct office *o)
{
    pthread_mutex_lock(&o->lock);
    o->leaving = o->say = true;
    office_hurry(o);
    pthread_mutex_unlock(&o->lock);
}

const char *office_instance(const struct office *o)
{
    return o->instance;
}

enum err office_reconfigure(struct office *o, uint64_t revision, const unsigned char rules[32],
                            const struct brake_limit *brake, struct errmsg *msg)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RECONFIGURE_MS / 1000;
    pthread_mutex_lock(&o->lock);
    o->asked = (struct rules){.revision = revision, .brake = *brake};
    memcpy(o->asked.digest, rules, sizeof o->asked.digest);
    o->answer = ERR_IO;
    err_set(&o->answer_msg, ERR_IO, "Redis does not answer: it is not known whether these rules are in force now");
    o->asking = o->say = true;
    o->asked_n++;
    office_hurry(o);
    while (o->asking && pthread_cond_timedwait(&o->settled, &o->lock, &until) != ETIMEDOUT)
        ;
    o->asking = false;
    enum err e = o->answer;
    if (e)
        err_set(msg, e, "%s", o->answer_msg.text);
    pthread_mutex_unlock(&o->lock);
    return e;
}
