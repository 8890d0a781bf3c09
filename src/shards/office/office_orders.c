/* Orders: holds that are placed or lifted in all shards. They are numbered where they are appended, and each engine
 * gets those behind its own last one, in order, one at a time. */
#include "shards/office/office_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"

#define FETCH_MAX 64  /* entries in one reading */
#define APPEND_MAX 32 /* orders in one call */
#define NAMED_MAX 8   /* shards in one sentence */
#define TELL_MS 60000 /* the same again and again */

/* --- taking them on --- */

static void name_token(char out[33])
{
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* cannot happen for so few bytes */
    for (unsigned i = 0; i < sizeof random; i++)
        snprintf(out + 2 * i, 3, "%02x", random[i]);
}

void office_orders_add(struct office *o, struct pending_order *p)
{
    name_token(p->token);
    p->from = o->last_order;
    p->deadline = clock_boot_ns() + CALL_MS * NS_PER_MS;
    *o->orders_tail = p;
    o->orders_tail = &p->next;
    office_hurry(o);
}

static void answer(struct office_call *call, enum err e)
{
    call->err = e;
    completions_push(call->done.queue, &call->done);
}

void office_order(struct office *o, struct office_call *c)
{
    enum err e = office_order_check(&c->order, &c->msg);
    if (e) {
        answer(c, e);
        return;
    }
    struct pending_order *p = mem_zalloc(1, sizeof *p);
    p->call = c;
    p->order = c->order;
    pthread_mutex_lock(&o->lock);
    office_orders_add(o, p);
    pthread_mutex_unlock(&o->lock);
}

/* --- appending and reading --- */

static void forget_fetched(struct office *o)
{
    for (unsigned i = 0; i < o->n_fetched; i++)
        buf_done(&o->fetched[i].texts);
    free(o->fetched);
    o->fetched = NULL;
    o->n_fetched = 0;
}

/* May it be given an order now? */
static bool is_idle(const struct office_seat *seat)
{
    return seat->open && seat->reported && !seat->order;
}

/* The number behind which an engine of ours has something to do; UINT64_MAX: none has. */
static uint64_t wanted_behind(const struct office *o)
{
    uint64_t behind = UINT64_MAX;
    for (unsigned i = 0; i < o->set->n; i++) {
        const struct office_seat *seat = &o->seats[i];
        if (is_idle(seat) && seat->carried < o->last_order && seat->carried < behind)
            behind = seat->carried;
    }
    return behind;
}

/* Every shard has carried out the orders up to this one. */
static uint64_t done_by_all(const struct office *o)
{
    uint64_t done = UINT64_MAX;
    for (unsigned i = 0; i < o->set->n; i++)
        done = !o->read[i].there ? 0 : o->read[i].r.ordered < done ? o->read[i].r.ordered : done;
    return done;
}

/* No order has a higher number, also when a server has forgotten some. */
static uint64_t highest_known(const struct office *o)
{
    uint64_t highest = o->last_order;
    for (unsigned i = 0; i < o->set->n; i++) {
        uint64_t read = o->read[i].there ? o->read[i].r.ordered : 0;
        uint64_t carried = o->seats[i].open ? o->seats[i].carried : 0;
        highest = read > highest ? read : highest;
        highest = carried > highest ? carried : highest;
    }
    return highest;
}

static unsigned add_pending(struct office *o, struct redis_command *c)
{
    char version[24];
    unsigned n = 0;
    for (const struct pending_order *p = o->orders; p && n < APPEND_MAX; p = p->next) {
        if (p->number)
            continue;
        snprintf(version, sizeof version, "%" PRIu64, p->version);
        redis_command_add_u64(c, p->from);
        redis_command_add(c, p->call ? STR_NONE : str_of(version));
        redis_command_add(c, str_of(p->token));
        office_order_write(&p->order, c);
        n++;
    }
    return n;
}

static bool any_pending(const struct office *o)
{
    for (const struct pending_order *p = o->orders; p; p = p->next)
        if (!p->number)
            return true;
    return false;
}

static void take_orders(struct office *o, void *arg, const redisReply *reply);

void office_orders_say(struct office *o)
{
    forget_fetched(o);
    pthread_mutex_lock(&o->lock);
    uint64_t behind = wanted_behind(o);
    struct redis_command *c = NULL;
    if (behind != UINT64_MAX || any_pending(o))
        c = office_add(o, OFFICE_ORDERS, 2, take_orders, NULL);
    if (c) {
        system_key(&o->system, c, "orders");
        system_key(&o->system, c, "reports");
        o->fetched_behind = behind == UINT64_MAX ? o->last_order : behind;
        redis_command_add_u64(c, o->fetched_behind);
        redis_command_add_u64(c, FETCH_MAX);
        redis_command_add_u64(c, done_by_all(o));
        redis_command_add_u64(c, highest_known(o));
        add_pending(o, c);
    }
    pthread_mutex_unlock(&o->lock);
}

/* In the order in which they were sent. The brake is given up when it was not appended: reports have changed. */
static void note_numbers(struct office *o, const redisReply *numbers)
{
    size_t i = 0;
    for (struct pending_order **at = &o->orders; *at && i < numbers->elements;) {
        struct pending_order *p = *at;
        if (!p->number)
            p->number = office_u64(numbers->element[i++]);
        if (p->call) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        free(p);
    }
    o->orders_tail = &o->orders;
    while (*o->orders_tail)
        o->orders_tail = &(*o->orders_tail)->next;
}

/* Written by a later version, perhaps. */
static void tell_misread(struct office *o)
{
    if (o->misread_at && o->round_at - o->misread_at < TELL_MS * NS_PER_MS)
        return;
    o->misread_at = o->round_at;
    office_tell(o, "an order is none that this program can read: its shards carry out no more orders");
}

static void take_orders(struct office *o, void *arg, const redisReply *reply)
{
    (void)arg;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return;
    pthread_mutex_lock(&o->lock);
    note_numbers(o, reply->element[0]);
    o->dirty = true; /* what was appended just now is read next, with the reports */
    pthread_mutex_unlock(&o->lock);
    const redisReply *entries = reply->element[1];
    o->fetched = mem_zalloc(entries->elements + 1, sizeof *o->fetched);
    for (size_t i = 0; i < entries->elements; i++) {
        if (!office_order_read(entries->element[i], &o->fetched[o->n_fetched])) {
            tell_misread(o);
            break; /* nothing behind it is carried out before it */
        }
        o->n_fetched++;
    }
}

/* --- handing them to engines --- */

static void order_done(struct request *r)
{
    struct errand *e = r->owner;
    struct office_seat *seat = e->seat;
    struct office *o = seat->office;
    pthread_mutex_lock(&o->lock);
    if (e->order.number > seat->carried)
        seat->carried = e->order.number;
    if (r->err) {
        o->refused.number = e->order.number;
        o->refused.err = r->err;
        o->refused.msg = r->msg;
    }
    seat->order = NULL;
    office_hurry(o);
    pthread_mutex_unlock(&o->lock);
    office_errand_free(e);
}

static struct str moved(struct str s, const struct buf *from, const struct buf *to)
{
    return s.p ? (struct str){to->p + (s.p - from->p), s.n} : STR_NONE;
}

static struct errand *make_errand(struct office_seat *seat, const struct fetched_order *f)
{
    struct errand *e = office_errand_new(seat, REQUEST_ORDER, order_done);
    buf_addstr(&e->texts, buf_str(&f->texts));
    e->order = f->order;
    e->order.scope.name = moved(f->order.scope.name, &f->texts, &e->texts);
    e->order.name = moved(f->order.name, &f->texts, &e->texts);
    e->order.why = moved(f->order.why, &f->texts, &e->texts);
    e->order.by = moved(f->order.by, &f->texts, &e->texts);
    e->request.order = &e->order;
    return e;
}

/* The next one for that engine. One that has become idle since orders were asked for may lack earlier ones than were
 * read: it waits for the next reading. */
static const struct fetched_order *next_for(struct office *o, const struct office_seat *seat)
{
    pthread_mutex_lock(&o->lock);
    bool idle = is_idle(seat);
    uint64_t carried = seat->carried;
    pthread_mutex_unlock(&o->lock);
    for (unsigned i = 0; idle && carried >= o->fetched_behind && i < o->n_fetched; i++)
        if (o->fetched[i].order.number > carried)
            return &o->fetched[i];
    return NULL;
}

void office_orders_hand(struct office *o)
{
    if (o->n_fetched == 0)
        return;
    pthread_mutex_lock(&o->engines);
    for (unsigned i = 0; i < o->set->n; i++) {
        struct office_seat *seat = &o->seats[i];
        const struct fetched_order *f = seat->engine ? next_for(o, seat) : NULL;
        if (f)
            office_errand_give(make_errand(seat, f), &seat->order);
    }
    pthread_mutex_unlock(&o->engines);
    forget_fetched(o);
}

/* --- answering --- */

/* "shards 3, 17 and more"; false: every shard has carried it out. */
static bool name_late(const struct office *o, uint64_t number, char *out, size_t size)
{
    size_t n = 0;
    unsigned late = 0;
    *out = '\0';
    for (unsigned i = 0; i < o->set->n; i++) {
        if (o->read[i].there && o->read[i].r.ordered >= number)
            continue;
        if (late < NAMED_MAX && n < size)
            n += (size_t)snprintf(out + n, size - n, "%s%u", late ? ", " : "", i);
        late++;
    }
    if (late > NAMED_MAX && n < size)
        snprintf(out + n, size - n, " and %u more", late - NAMED_MAX);
    return late > 0;
}

/* An order that engines refuse is used up by all of them: they know the same. */
static enum err outcome(const struct office *o, uint64_t number, struct errmsg *msg)
{
    return o->refused.number == number ? err_set(msg, o->refused.err, "%s", o->refused.msg.text) : ERR_OK;
}

/* ERR_MORE: not yet. */
static enum err judge(const struct office *o, const struct pending_order *p, int64_t now, struct errmsg *msg,
                      bool *over)
{
    char late[160];
    *over = now >= p->deadline;
    if (!p->number)
        return err_set(msg, ERR_IO, "Redis does not answer: it is not known whether it was ordered");
    if (!name_late(o, p->number, late, sizeof late)) {
        *over = true;
        return outcome(o, p->number, msg);
    }
    return err_set(msg, ERR_MORE,
                   "it is ordered, and these shards have yet to carry it out, when they have an owner: %s", late);
}

static void unlink_order(struct office *o, struct pending_order **at)
{
    struct pending_order *p = *at;
    *at = p->next;
    if (o->orders_tail == &p->next)
        o->orders_tail = at;
    free(p);
}

void office_orders_answer(struct office *o)
{
    int64_t now = clock_boot_ns();
    pthread_mutex_lock(&o->lock);
    for (struct pending_order **at = &o->orders; *at;) {
        struct pending_order *p = *at;
        bool over = false;
        enum err e = p->call ? judge(o, p, now, &p->call->msg, &over) : ERR_OK;
        if (over) {
            p->call->order.number = p->number;
            answer(p->call, e);
            unlink_order(o, at);
        } else
            at = &p->next;
    }
    pthread_mutex_unlock(&o->lock);
}

void office_orders_done(struct office *o)
{
    while (o->orders) {
        struct pending_order *p = o->orders;
        if (p->call)
            answer(p->call,
                   err_set(&p->call->msg, ERR_IO, "the daemon is stopping: it is not known whether it was ordered"));
        unlink_order(o, &o->orders);
    }
    forget_fetched(o);
}
