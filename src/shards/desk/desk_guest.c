/* What is asked of this daemon's deliveries: it comes on any thread, is carried out on the loop, and answered when the
 * delivery has answered, or is gone. */
#include <stdlib.h>

#include "shards/desk/desk_inside.h"

struct desk_guest {
    struct completion done; /* the first member: completions are turned back into guests */
    struct shard_desk *desk;
    struct front_in *in;
    struct desk_letter letter;
    unsigned shard;
    bool given, answered; /* to its delivery; by it */
    struct desk_guest *next, **link;
};

static struct desk_guest *guest_new(struct shard_desk *d, unsigned shard, struct front_in *in)
{
    struct desk_guest *g = mem_zalloc(1, sizeof *g);
    g->desk = d;
    g->in = in;
    g->shard = shard;
    pthread_mutex_lock(&d->lock);
    g->next = d->guests;
    g->link = &d->guests;
    if (g->next)
        g->next->link = &g->next;
    d->guests = g;
    pthread_mutex_unlock(&d->lock);
    return g;
}

static void guest_free(struct desk_guest *g)
{
    pthread_mutex_lock(&g->desk->lock);
    *g->link = g->next;
    if (g->next)
        g->next->link = g->link;
    pthread_mutex_unlock(&g->desk->lock);
    buf_done(&g->letter.order.body);
    desk_letter_done(&g->letter);
    free(g);
}

void desk_guests_free(struct shard_desk *d)
{
    while (d->guests)
        guest_free(d->guests);
}

static void answer(struct desk_guest *g, enum err err)
{
    struct deliver_order *o = &g->letter.order;
    front_answer(g->in, err, &o->msg, buf_str(&o->body));
    guest_free(g);
}

static void on_answered(struct completion *c)
{
    struct desk_guest *g = (struct desk_guest *)c;
    answer(g, g->letter.order.err);
}

/* On the loop, or on the thread that closes the delivery. */
static void on_done(struct deliver_order *o)
{
    struct desk_guest *g = o->owner;
    g->answered = true;
    g->done.run = on_answered;
    completions_push(g->desk->queue, &g->done);
}

static enum err lost(struct desk_guest *g)
{
    return err_set(&g->letter.order.msg, ERR_IO, "shard %u is changing hands", g->shard);
}

/* On the loop. */
static void on_come(struct completion *c)
{
    struct desk_guest *g = (struct desk_guest *)c;
    struct desk_letter *l = &g->letter;
    struct deliver *own = g->shard < g->desk->set->n ? g->desk->own[g->shard] : NULL;
    struct errmsg msg = {""};
    enum err err = desk_letter_read(g->in->method, g->in->body, l, &msg);
    l->order.msg = msg;
    if (err == ERR_OK && !own)
        err = lost(g);
    if (err != ERR_OK) {
        answer(g, err);
        return;
    }
    struct desk desk = desk_of(own);
    l->order.owner = g;
    l->order.done = on_done;
    g->given = true;
    desk.give(desk.arg, &l->call, &l->order);
}

bool shard_desk_called(struct shard_desk *d, unsigned shard, struct front_in *in)
{
    if (!desk_letter_is(in->method))
        return false;
    struct desk_guest *g = guest_new(d, shard, in);
    g->done.run = on_come;
    completions_push(d->queue, &g->done);
    return true;
}

void shard_desk_forget(struct shard_desk *d, unsigned shard)
{
    for (;;) {
        pthread_mutex_lock(&d->lock);
        struct desk_guest *g = d->guests;
        while (g && !(g->shard == shard && g->given && !g->answered))
            g = g->next;
        pthread_mutex_unlock(&d->lock);
        if (!g)
            return;
        answer(g, lost(g));
    }
}
