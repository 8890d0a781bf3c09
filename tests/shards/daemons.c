#include "tests/shards/daemons.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void mark(struct request *r)
{
    atomic_store((atomic_bool *)r->owner, true);
}

/* --- the office that does as it is told --- */

struct office {
    char instance[16];
    struct daemons *all;
};

static _Atomic int order_err;
static _Atomic uint64_t orders;

void office_answers(enum err err)
{
    atomic_store(&order_err, (int)err);
}

const char *office_instance(const struct office *o)
{
    return o->instance;
}

void office_write_members(const struct office *o, struct buf *out)
{
    buf_printf(out, "{\"asked\":\"%s\"}", o->instance);
}

static void carry_out(struct engine *e, const struct office_order *order)
{
    struct request r = {.kind = REQUEST_ORDER, .order = order};
    atomic_bool answered = false;
    r.done = mark;
    r.owner = &answered;
    if (!engine_submit(e, &r) || !await_flag(&answered))
        bail_out("an order is not carried out");
}

struct errand {
    struct office *office;
    struct office_call *call;
};

/* All shards that have an owner, or none when an error is to be answered. */
static void *run_errand(void *arg)
{
    struct errand *errand = arg;
    struct office_call *c = errand->call;
    struct daemons *d = errand->office->all;
    for (unsigned i = 0; i < DAEMONS && (c->err == ERR_OK || c->err == ERR_MORE); i++)
        for (unsigned k = 0; k < DAEMON_SHARDS; k++)
            if (d->v[i].owned[k].engine)
                carry_out(d->v[i].owned[k].engine, &c->order);
    completions_push(c->done.queue, &c->done);
    free(errand);
    return NULL;
}

/* On a thread of its own: it may be called by an engine's, which must not wait for itself. */
void office_order(struct office *o, struct office_call *c)
{
    struct errand *errand = mem_alloc(sizeof *errand);
    pthread_t thread;
    *errand = (struct errand){o, c};
    c->err = (enum err)atomic_load(&order_err);
    c->order.number = atomic_fetch_add(&orders, 1) + 1;
    if (c->err)
        err_set(&c->msg, c->err, "the office says so");
    if (pthread_create(&thread, NULL, run_errand, errand) != 0)
        bail_out("no thread");
    pthread_detach(thread);
}

/* --- engines --- */

static struct config *load(const struct daemons *d)
{
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    if (config_load(d->conf_file, &c, &faults) != ERR_OK)
        bail_out("the test's configuration is refused: %.*s", (int)faults.n, faults.p);
    buf_done(&faults);
    return c;
}

static void *run(void *arg)
{
    struct owned *o = arg;
    struct errmsg msg;
    while (!atomic_load(&o->stop)) {
        int64_t wait_ms;
        if (engine_tick(o->engine, &wait_ms, &msg) != ERR_OK)
            bail_out("an engine fails: %s", msg.text);
        struct pollfd fd = {.fd = engine_fd(o->engine), .events = POLLIN};
        poll(&fd, 1, wait_ms < 0 || wait_ms > 10 ? 10 : (int)wait_ms);
    }
    return NULL;
}

static void warn(void *arg, const char *text)
{
    (void)arg;
    diag("%s", text);
}

void daemon_take(struct daemons *d, unsigned daemon, unsigned shard)
{
    struct owned *o = &d->v[daemon].owned[shard];
    char uri[SHARD_URI_MAX];
    struct errmsg msg;
    shard_uri(d->uri, shard, uri);
    struct engine_options options = {.uri = uri, .store = d->store, .batch_bytes = d->batch_bytes};
    if (engine_open(&options, load(d), false, INSTANT_NONE, &o->engine, &msg) != ERR_OK)
        bail_out("shard %u does not open: %s", shard, msg.text);
    atomic_store(&o->stop, false);
    if (pthread_create(&o->thread, NULL, run, o) != 0)
        bail_out("no thread");
    front_own(d->v[daemon].front, shard, o->engine);
}

static void stop(struct daemons *d, unsigned daemon, unsigned shard)
{
    struct owned *o = &d->v[daemon].owned[shard];
    front_disown(d->v[daemon].front, shard);
    atomic_store(&o->stop, true);
    pthread_join(o->thread, NULL);
}

void daemon_hand_over(struct daemons *d, unsigned daemon, unsigned shard)
{
    struct owned *o = &d->v[daemon].owned[shard];
    struct errmsg msg;
    stop(d, daemon, shard);
    if (engine_close(o->engine, false, &msg) != ERR_OK)
        bail_out("an engine does not close: %s", msg.text);
    o->engine = NULL;
    front_closed(d->v[daemon].front, shard, true);
}

void daemon_crash(struct daemons *d, unsigned daemon, unsigned shard)
{
    struct owned *o = &d->v[daemon].owned[shard];
    stop(d, daemon, shard);
    engine_abandon(o->engine);
    o->engine = NULL;
    front_closed(d->v[daemon].front, shard, false);
}

/* --- all of it --- */

/* Answers every call with what it was called with. */
static void on_call(void *arg, unsigned shard, struct front_in *in)
{
    struct buf answer = BUF_INIT;
    struct errmsg msg;
    (void)arg;
    buf_printf(&answer, "%u %.*s %.*s", shard, (int)in->method.n, in->method.p, (int)in->body.n, in->body.p);
    bool bad = str_is(in->method, "fail");
    if (bad)
        err_set(&msg, ERR_FULL, "as was asked");
    front_answer(in, bad ? ERR_FULL : ERR_OK, &msg, bad ? STR_NONE : buf_str(&answer));
    buf_done(&answer);
}

static void open_daemon(struct daemons *d, unsigned i)
{
    struct daemon *one = &d->v[i];
    struct errmsg msg;
    one->config = load(d);
    one->office = mem_zalloc(1, sizeof *one->office);
    one->office->all = d;
    snprintf(one->office->instance, sizeof one->office->instance, "d%u", i);
    struct front_options o = {.uri = d->uri,
                              .store = &d->store,
                              .set = &d->set,
                              .office = one->office,
                              .config = one->config,
                              .called = on_call,
                              .warn = warn,
                              .arg = d};
    if (front_open(&o, &one->front, &msg) != ERR_OK)
        bail_out("a front does not open: %s", msg.text);
}

void daemons_open(struct daemons *d, unsigned n_shards, const char *conf)
{
    struct errmsg msg;
    *d = (struct daemons){
        .store = {.lease_ms = 2000, .allow_lossy = true, .simulated = strstr(conf, "clock =") != NULL}};
    redis_server_start(&d->server);
    snprintf(d->uri, sizeof d->uri, "redis://127.0.0.1:%d/t", d->server.port);
    snprintf(d->conf_file, sizeof d->conf_file, "%s/daemons.conf", tap_tmpdir());
    FILE *f = fopen(d->conf_file, "w");
    if (!f || fputs(conf, f) < 0 || fclose(f) != 0)
        bail_out("cannot write %s", d->conf_file);
    if (shard_set_make(d->uri, &d->store, n_shards, &d->set, &msg) != ERR_OK)
        bail_out("no set of shards: %s", msg.text);
    for (unsigned i = 0; i < DAEMONS; i++)
        open_daemon(d, i);
}

void daemons_close(struct daemons *d)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        for (unsigned k = 0; k < DAEMON_SHARDS; k++)
            if (d->v[i].owned[k].engine)
                daemon_hand_over(d, i, k);
    for (unsigned i = 0; i < DAEMONS; i++) {
        front_close(d->v[i].front);
        config_free(d->v[i].config);
        free(d->v[i].office);
    }
    redis_server_kill(&d->server);
}

/* --- asking --- */

bool await_flag(const atomic_bool *flag)
{
    for (int i = 0; i < 30000 && !atomic_load(flag); i++)
        poll(NULL, 0, 1);
    return atomic_load(flag);
}

void ask_later(struct front *f, struct request *r, atomic_bool *answered)
{
    atomic_store(answered, false);
    r->done = mark;
    r->owner = answered;
    while (!front_submit(f, r))
        poll(NULL, 0, 1);
}

void ask(struct front *f, struct request *r)
{
    atomic_bool answered;
    ask_later(f, r, &answered);
    if (!await_flag(&answered))
        bail_out("a request is not answered");
}

const char *ask_text(struct front *f, struct request *r)
{
    static struct buf text;
    buf_clear(&r->body);
    ask(f, r);
    buf_clear(&text);
    if (r->err)
        buf_printf(&text, "%s", r->msg.text);
    else
        buf_addstr(&text, buf_str(&r->body));
    buf_done(&r->body);
    *buf_room(&text, 1) = '\0';
    return text.p;
}

void id_in(unsigned shard, unsigned n_shards, unsigned i, char out[24])
{
    for (unsigned k = 0, found = 0;; k++) {
        snprintf(out, 24, "p%u", k);
        if (shard_of(str_of(out), n_shards) == shard && found++ == i)
            return;
    }
}

struct input enrol(struct str id)
{
    struct input in = {.op = OP_ENROL,
                       .given = M_OP | M_ID | M_POLICY | M_APPROVED_ON,
                       .id = id,
                       .policy = STR_LIT("national"),
                       .at = INSTANT_NONE,
                       .amount = AMOUNT_NONE};
    if (!date_parse("2025-12-01", 10, &in.approved_on))
        bail_out("no date");
    return in;
}

static void write_reply(const redisReply *r, struct buf *out)
{
    if (r->type == REDIS_REPLY_INTEGER)
        buf_add_i64(out, r->integer);
    else if (r->type == REDIS_REPLY_NIL)
        BUF_LIT(out, "nil");
    else if (r->type != REDIS_REPLY_ARRAY)
        buf_add(out, r->str, r->len);
    else {
        buf_addc(out, '[');
        for (size_t i = 0; i < r->elements; i++) {
            if (i)
                buf_addc(out, ' ');
            write_reply(r->element[i], out);
        }
        buf_addc(out, ']');
    }
}

const char *redis_says(struct daemons *d, const char *format, ...)
{
    static struct buf text;
    va_list args;
    redisContext *c = redisConnect("127.0.0.1", d->server.port);
    va_start(args, format);
    redisReply *reply = c && !c->err ? redisvCommand(c, format, args) : NULL;
    va_end(args);
    if (!reply)
        bail_out("Redis does not answer");
    buf_clear(&text);
    write_reply(reply, &text);
    *buf_room(&text, 1) = '\0';
    freeReplyObject(reply);
    redisFree(c);
    return text.p;
}
