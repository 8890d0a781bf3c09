/* Caps: how many messages a phone number gets in a day, counted for all shards together. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"

#define TAKE_MAX 1000 /* in one round */
#define KEEP_SECONDS (2 * 86400)

void office_cap(struct office *o, struct office_cap *c)
{
    c->next = NULL;
    pthread_mutex_lock(&o->lock);
    *o->caps_tail = c;
    o->caps_tail = &c->next;
    office_hurry(o);
    pthread_mutex_unlock(&o->lock);
}

/* Those that have come since go behind those that have no answer yet. */
static void gather(struct office *o)
{
    if (!o->caps_now)
        o->caps_since = o->round_at;
    pthread_mutex_lock(&o->lock);
    if (o->caps) {
        *o->caps_now_tail = o->caps;
        o->caps_now_tail = o->caps_tail;
        o->caps = NULL;
        o->caps_tail = &o->caps;
    }
    pthread_mutex_unlock(&o->lock);
}

static void answer(struct office_cap *c, enum err e, bool taken)
{
    c->err = e;
    c->taken = taken;
    completions_push(c->done.queue, &c->done);
}

static struct office_cap *take_first(struct office *o)
{
    struct office_cap *c = o->caps_now;
    o->caps_now = c->next;
    if (!o->caps_now)
        o->caps_now_tail = &o->caps_now;
    return c;
}

/* They were sent from the first one on, in order. */
static void take_caps(struct office *o, void *arg, const redisReply *reply)
{
    (void)arg;
    if (reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i < reply->elements && o->caps_now; i++)
        answer(take_first(o), ERR_OK, office_u64(reply->element[i]) == 1);
    o->caps_since = o->round_at;
    if (!o->caps_now)
        return;
    pthread_mutex_lock(&o->lock);
    office_hurry(o);
    pthread_mutex_unlock(&o->lock);
}

static void add_cap(struct redis_command *c, const struct office_cap *cap)
{
    char number[17];
    unsigned char token[8];
    uint64_t hash = hash_str((struct str){cap->token, strnlen(cap->token, sizeof cap->token)});
    for (unsigned i = 0; i < sizeof token; i++)
        token[i] = (unsigned char)(hash >> 8 * i);
    snprintf(number, sizeof number, "%016" PRIx64, cap->number);
    redis_command_add(c, cap->give_back ? STR_LIT("-") : STR_LIT("+"));
    redis_command_add(c, str_of(number));
    redis_command_add_u64(c, cap->cap);
    redis_command_add(c, (struct str){(const char *)token, sizeof token});
}

/* One call a round, for one day: others wait for the next. */
void office_caps_say(struct office *o)
{
    char key[32];
    gather(o);
    const struct office_cap *first = o->caps_now;
    struct redis_command *c = first ? office_add(o, OFFICE_CAPS, 1, take_caps, NULL) : NULL;
    if (!c)
        return;
    snprintf(key, sizeof key, "caps:%" PRId32, first->day);
    system_key(&o->system, c, key);
    redis_command_add_u64(c, KEEP_SECONDS);
    unsigned n = 0;
    for (const struct office_cap *cap = first; cap && cap->day == first->day && n < TAKE_MAX; cap = cap->next, n++)
        add_cap(c, cap);
}

/* Redis has not answered for long: whoever asked may ask again. */
void office_caps_expire(struct office *o, bool all)
{
    gather(o);
    if (!all && clock_boot_ns() - o->caps_since < CALL_MS * NS_PER_MS)
        return;
    while (o->caps_now)
        answer(take_first(o), ERR_IO, false);
}
