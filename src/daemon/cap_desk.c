#include "daemon/cap_desk.h"

#include <stdlib.h>

/* What the office is asked. It lives until it is answered, whether whoever asked still wants to know or not. */
struct cap_ask {
    struct office_cap call; /* the first member: completions are turned back into it */
    struct deliver_cap *asker; /* NULL: nobody wants to know */
    struct cap_ask *next, **link;
};

struct cap_desk {
    struct deliver_caps caps;
    struct office *office;
    struct completions *queue;
    struct cap_ask *asks;
};

static void ask_free(struct cap_ask *a)
{
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    free(a);
}

static void on_answered(struct completion *c)
{
    struct cap_ask *a = (struct cap_ask *)c;
    struct deliver_cap *asker = a->asker;
    if (asker) {
        asker->err = a->call.err;
        asker->taken = a->call.taken;
        asker->done(asker);
    }
    ask_free(a);
}

static struct cap_ask *ask_new(struct cap_desk *d, const struct deliver_cap *c)
{
    struct cap_ask *a = mem_zalloc(1, sizeof *a);
    a->call = (struct office_cap){
        .done = {.run = on_answered, .queue = d->queue}, .number = c->number, .day = c->day, .cap = c->cap};
    _Static_assert(sizeof a->call.token == sizeof c->token, "the same token");
    memcpy(a->call.token, c->token, sizeof a->call.token);
    a->next = d->asks;
    a->link = &d->asks;
    if (a->next)
        a->next->link = &a->next;
    return d->asks = a;
}

static void ask(void *arg, struct deliver_cap *c)
{
    struct cap_desk *d = arg;
    struct cap_ask *a = ask_new(d, c);
    a->asker = c;
    c->asked = a;
    office_cap(d->office, &a->call);
}

static void forget(void *arg, struct deliver_cap *c)
{
    (void)arg;
    ((struct cap_ask *)c->asked)->asker = NULL;
}

static void give_back(void *arg, const struct deliver_cap *c)
{
    struct cap_desk *d = arg;
    struct cap_ask *a = ask_new(d, c);
    a->call.give_back = true;
    office_cap(d->office, &a->call);
}

struct cap_desk *cap_desk_new(struct office *o, const struct shard_set *set, struct completions *queue)
{
    struct cap_desk *d = mem_zalloc(1, sizeof *d);
    *d = (struct cap_desk){.office = o, .queue = queue};
    d->caps = (struct deliver_caps){.arg = d, .key = set->key, .ask = ask, .forget = forget, .give_back = give_back};
    return d;
}

void cap_desk_free(struct cap_desk *d)
{
    if (!d)
        return;
    while (d->asks)
        ask_free(d->asks);
    free(d);
}

const struct deliver_caps *cap_desk_caps(const struct cap_desk *d)
{
    return &d->caps;
}
