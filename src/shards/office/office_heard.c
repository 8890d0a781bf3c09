/* When each channel was last heard, by any shard: what the engines know goes to Redis, and what they do not know comes
 * back from there. So a channel is silent only when it is so everywhere. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define AHEAD_SECONDS "3600" /* clocks differ; one that is further ahead of Redis's is wrong */
#define BEFORE_1900 INT64_C(-2208988800) /* an engine's mark for a channel that is not configured */

static int find(const struct office *o, const char *name)
{
    for (unsigned i = 0; i < o->n_heard; i++)
        if (strcmp(o->heard[i].name, name) == 0)
            return (int)i;
    return -1;
}

static bool is_heard(const struct channel_counters *c)
{
    return c->configured && c->heard_at >= BEFORE_1900;
}

/* --- telling --- */

static void add_later(const struct office *o, struct redis_command *c, const struct channel_counters *channel)
{
    int i = find(o, channel->name);
    if (!is_heard(channel) || (i >= 0 && o->heard[i].at >= channel->heard_at))
        return;
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, channel->heard_at);
    redis_command_add(c, str_of(channel->name));
    redis_command_add(c, str_of(text));
}

static void take_heard(struct office *o, void *arg, const redisReply *reply)
{
    (void)arg;
    if (reply->type != REDIS_REPLY_ARRAY)
        return;
    o->n_heard = 0;
    for (size_t i = 0; i + 1 < reply->elements && o->n_heard < CHANNEL_MAX; i += 2) {
        if (reply->element[i]->type != REDIS_REPLY_STRING || reply->element[i + 1]->type != REDIS_REPLY_STRING)
            continue;
        snprintf(o->heard[o->n_heard].name, sizeof o->heard->name, "%s", reply->element[i]->str);
        o->heard[o->n_heard++].at = strtoll(reply->element[i + 1]->str, NULL, 10);
    }
    o->heard_at = o->round_at;
}

void office_heard_say(struct office *o)
{
    struct redis_command *c = office_add(o, OFFICE_HEARD, 1, take_heard, NULL);
    struct engine_counters *counters = mem_alloc(sizeof *counters);
    system_key(&o->system, c, "heard");
    redis_command_add(c, o->set->simulated ? STR_NONE : STR_LIT(AHEAD_SECONDS));
    pthread_mutex_lock(&o->engines);
    for (unsigned i = 0; i < o->set->n; i++) {
        if (!o->seats[i].engine)
            continue;
        engine_counters(o->seats[i].engine, counters);
        for (unsigned k = 0; k < counters->n_channels; k++)
            add_later(o, c, &counters->channels[k]);
    }
    pthread_mutex_unlock(&o->engines);
    free(counters);
}

/* --- giving --- */

static void heard_done(struct request *r)
{
    struct errand *e = r->owner;
    struct office *o = e->seat->office;
    pthread_mutex_lock(&o->lock);
    e->seat->heard = NULL;
    pthread_mutex_unlock(&o->lock);
    office_errand_free(e);
}

/* What this engine has not heard; NULL: it knows all. */
static struct errand *make_errand(const struct office *o, struct office_seat *seat,
                                  const struct engine_counters *counters)
{
    struct errand *e = office_errand_new(seat, REQUEST_HEARD, heard_done);
    e->heard = mem_zalloc(CHANNEL_MAX, sizeof *e->heard);
    buf_grow(&e->texts, CHANNEL_MAX * sizeof counters->channels->name); /* the names' places are kept */
    for (unsigned k = 0; k < counters->n_channels; k++) {
        const struct channel_counters *c = &counters->channels[k];
        int i = find(o, c->name);
        if (i < 0 || !is_heard(c) || c->heard_at >= o->heard[i].at)
            continue;
        size_t n = strlen(c->name);
        buf_add(&e->texts, c->name, n);
        e->heard[e->request.n_heard++] =
            (struct office_heard){.channel = {e->texts.p + e->texts.n - n, n}, .at = o->heard[i].at};
    }
    e->request.heard = e->heard;
    if (e->request.n_heard)
        return e;
    office_errand_free(e);
    return NULL;
}

static bool is_busy(struct office *o, const struct office_seat *seat)
{
    pthread_mutex_lock(&o->lock);
    bool busy = !seat->open || seat->heard;
    pthread_mutex_unlock(&o->lock);
    return busy;
}

void office_heard_hand(struct office *o)
{
    if (o->heard_at != o->round_at)
        return;
    struct engine_counters *counters = mem_alloc(sizeof *counters);
    pthread_mutex_lock(&o->engines);
    for (unsigned i = 0; i < o->set->n; i++) {
        struct office_seat *seat = &o->seats[i];
        if (!seat->engine || is_busy(o, seat))
            continue;
        engine_counters(seat->engine, counters);
        struct errand *e = make_errand(o, seat, counters);
        if (e)
            office_errand_give(e, &seat->heard); /* a full engine gets it a second later */
    }
    pthread_mutex_unlock(&o->engines);
    free(counters);
}
