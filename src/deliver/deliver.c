#include "deliver/inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define NANOSECONDS_PER_MS 1000000

/* xorshift64*: for jitter, nothing else. */
uint32_t deliver_random(struct deliver *d)
{
    d->random ^= d->random >> 12;
    d->random ^= d->random << 25;
    d->random ^= d->random >> 27;
    return (uint32_t)((d->random * UINT64_C(2685821657736338717)) >> 32);
}

struct outlet *deliver_outlet(const struct deliver *d, struct str name)
{
    struct outlet *o = d->outlets;
    while (o && (o->live || !str_is(name, o->name)))
        o = o->next;
    return o;
}

/* --- outlets --- */

struct known {
    struct endpoint_row row;
    char name[ENDPOINT_NAME_BYTES + 1], paused[VERDICT_WHY], paused_by[130];
    bool found;
};

static struct str copy(struct str s, char *out, size_t size)
{
    if (!s.p)
        return STR_NONE;
    size_t n = s.n < size ? s.n : size;
    memcpy(out, s.p, n);
    return (struct str){out, n};
}

static void take_known(void *arg, const struct endpoint_row *row)
{
    struct known *k = arg;
    if (!str_is(row->endpoint, k->name))
        return;
    k->row = *row;
    k->row.endpoint = str_of(k->name);
    k->row.paused = copy(row->paused, k->paused, sizeof k->paused);
    k->row.paused_by = copy(row->paused_by, k->paused_by, sizeof k->paused_by);
    k->found = true;
}

/* f is the outlet's, or gone. */
static enum err add_outlet(struct deliver *d, struct outfit *f, struct errmsg *msg)
{
    struct known k = {.found = false};
    memcpy(k.name, f->config->name, sizeof k.name);
    enum err err = delivery_endpoints(d->state, take_known, &k, msg);
    struct outlet *o = NULL;
    if (err == ERR_OK)
        err = outlet_new(d, f, k.found ? &k.row : NULL, &o, msg);
    if (err != ERR_OK) {
        outfit_unref(f);
        return err;
    }
    struct outlet **last = &d->outlets;
    while (*last)
        last = &(*last)->next;
    *last = o;
    return redelivery_load(o, msg);
}

/* Has it nothing on its way, and nothing to be noted? */
static bool is_settled(const struct outlet *o)
{
    return outlet_is_idle(o) && !o->changed;
}

/* It comes back as it was, if its configuration does: so all of it has to be noted. */
static bool is_gone(const struct outlet *o)
{
    const struct deliver *d = o->deliver;
    if (o->live)
        return redelivery_is_gone(o);
    return o->leaving && is_settled(o) && (!o->again || is_settled(o->again)) && !d->committing && d->ledger->n == 0;
}

/* A redelivery goes with its endpoint, or before it. */
static void remove_outlet(struct outlet **link)
{
    struct outlet *o = *link;
    if (o->again)
        remove_outlet(&o->next);
    *link = o->next;
    if (o->live)
        o->live->again = NULL;
    outlet_free(o);
}

void deliver_remove_gone(struct deliver *d)
{
    struct outlet **link = &d->outlets;
    while (*link) {
        if (is_gone(*link))
            remove_outlet(link);
        else
            link = &(*link)->next;
    }
}

/* --- configuration --- */

/* Dresses every endpoint before any of them changes: what fails changes nothing. */
static enum err make_outfits(struct deliver *d, struct settings *s, struct outfit **out, struct errmsg *msg)
{
    for (unsigned i = 0; i < s->endpoints->n; i++) {
        enum err err = outfit_new(s, &s->endpoints->v[i], &d->options.carrier, &out[i], msg);
        if (err == ERR_OK)
            continue;
        while (i-- > 0)
            outfit_unref(out[i]);
        return err;
    }
    return ERR_OK;
}

static void leave_missing(struct deliver *d, const struct endpoints *e)
{
    for (struct outlet *o = d->outlets; o; o = o->next)
        if (!o->live && !endpoints_find(e, str_of(o->name)))
            o->leaving = true;
}

enum err deliver_configure(struct deliver *d, struct endpoints *e, const char *timezone, struct errmsg *msg)
{
    struct outfit *outfits[ENDPOINTS_MAX];
    struct settings *s;
    enum err err = settings_new(e, timezone, d->options.n_shards, &s, msg);
    if (err == ERR_OK && (err = make_outfits(d, s, outfits, msg)) != ERR_OK)
        settings_unref(s);
    if (err != ERR_OK)
        return err;
    settings_unref(d->settings);
    d->settings = s;
    d->now = d->options.now(d->options.arg);
    leave_missing(d, e);
    for (unsigned i = 0; i < e->n; i++) {
        struct outlet *o = deliver_outlet(d, str_of(e->v[i].name));
        if (o)
            outlet_dress(o, outfits[i]);
        else if (err == ERR_OK)
            err = add_outlet(d, outfits[i], msg);
        else
            outfit_unref(outfits[i]);
    }
    deliver_nudge(d);
    return err;
}

/* --- life --- */

static void on_nudge(struct completion *c)
{
    struct deliver *d = (struct deliver *)((char *)c - offsetof(struct deliver, nudge));
    struct store_info info;
    atomic_store(&d->nudged, false);
    store_info(d->options.store, &info);
    ages_note(&d->ages, info.durable, d->now);
}

void deliver_nudge(struct deliver *d)
{
    if (atomic_exchange(&d->nudged, true))
        return;
    completions_push(d->completions, &d->nudge);
}

static bool watch(struct deliver *d, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return fd < 0 || epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static enum err open_descriptors(struct deliver *d, struct errmsg *msg)
{
    enum err err = completions_new(&d->completions, msg);
    if (err != ERR_OK)
        return err;
    d->nudge.run = on_nudge;
    d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (d->epoll_fd < 0 || !watch(d, completions_fd(d->completions)) || !watch(d, delivery_fd(d->state)))
        return err_set(msg, ERR_IO, "cannot make an epoll descriptor: %m");
    return ERR_OK;
}

enum err deliver_new(const struct deliver_options *o, struct deliver **out, struct errmsg *msg)
{
    struct deliver *d = mem_zalloc(1, sizeof *d);
    struct store_info info;
    d->options = *o;
    d->epoll_fd = -1;
    d->ledger = &d->ledgers[0];
    d->now = o->now(o->arg);
    if (getrandom(&d->random, sizeof d->random, 0) != sizeof d->random || d->random == 0)
        d->random = 1;
    store_info(o->store, &info);
    memcpy(d->incarnation, info.incarnation, sizeof d->incarnation);
    d->simulated = info.simulated;
    d->began_at = d->now;
    ages_note(&d->ages, info.durable, d->now);
    enum err err = delivery_open(o->store, &d->state, msg);
    if (err == ERR_OK)
        err = open_descriptors(d, msg);
    if (err == ERR_OK)
        err = deliver_configure(d, o->endpoints, o->timezone, msg);
    if (err == ERR_OK)
        err = caps_open(d, msg);
    if (err == ERR_OK) /* where new endpoints begin is known from now on */
        err = book_finish(d, msg);
    if (err == ERR_OK) {
        *out = d;
        return ERR_OK;
    }
    deliver_stop(d);
    deliver_free(d);
    return err;
}

enum err deliver_tick(struct deliver *d, int64_t *wait_ms, struct errmsg *msg)
{
    int64_t at = INT64_MAX;
    enum err err = ERR_OK;
    d->called = false;
    d->now = d->options.now(d->options.arg);
    for (struct outlet *o = d->outlets; o && d->now < d->ticked_at; o = o->next)
        outlet_clock_set_back(o);
    d->ticked_at = d->now;
    completions_run(d->completions);
    caps_turn(d);
    err = book_poll(d, msg);
    for (struct outlet *o = d->outlets; o && err == ERR_OK; o = o->next)
        err = outlet_work(o, &at, msg);
    if (err == ERR_OK)
        err = book_work(d, &at, msg);
    if (err != ERR_OK)
        return err;
    deliver_remove_gone(d);
    *wait_ms = at == INT64_MAX ? -1 : at > d->now ? at - d->now : 0;
    return ERR_OK;
}

int deliver_fd(const struct deliver *d)
{
    return d->epoll_fd;
}

bool deliver_may_send(const struct deliver *d, const struct outlet *o)
{
    int64_t ms = o->outfit->config->timeout * 1000;
    return !d->options.held || d->options.held(d->options.arg, ms < HELD_MS ? ms : HELD_MS);
}

void deliver_drain(struct deliver *d)
{
    d->draining = true;
}

bool deliver_is_idle(const struct deliver *d)
{
    if (d->committing || d->ledger->n || d->intents)
        return false;
    for (const struct outlet *o = d->outlets; o; o = o->next)
        if (!is_settled(o))
            return false;
    return true;
}

void deliver_halt(struct deliver *d)
{
    if (d->halted)
        return;
    d->halted = true;
    d->draining = true;
    for (struct outlet *o = d->outlets; o; o = o->next) {
        flights_withdraw(o);
        flights_cancel(o);
    }
    d->intents = d->intents_in_commit = NULL;
}

static void let_go(struct deliver *d)
{
    d->committing = false;
    for (struct outlet *o = d->outlets; o; o = o->next)
        outlet_close(o);
    if (d->state)
        delivery_close(d->state);
    d->state = NULL;
}

/* What stays unsaid now is found in the state at the next start. */
void deliver_stop(struct deliver *d)
{
    struct errmsg msg;
    deliver_halt(d);
    enum err err = d->state ? book_finish(d, &msg) : ERR_OK;
    (void)err;
    let_go(d);
}

void deliver_abandon(struct deliver *d)
{
    deliver_halt(d);
    let_go(d);
}

void deliver_free(struct deliver *d)
{
    if (!d)
        return;
    while (d->outlets) {
        struct outlet *o = d->outlets;
        d->outlets = o->next;
        outlet_free(o);
    }
    settings_unref(d->settings);
    completions_free(d->completions);
    if (d->epoll_fd >= 0)
        close(d->epoll_fd);
    for (int i = 0; i < 2; i++) {
        ledger_done(&d->ledgers[i]);
        numbers_done(&d->fresh[i]);
    }
    numbers_done(&d->counts);
    event_arena_done(&d->arena);
    buf_done(&d->text);
    buf_done(&d->message);
    free(d);
}
