#include "tests/deliver/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deliver/inside.h"
#include "tests/lib/quotes.h"

#define RUNS_MAX 2000000 /* ticks until all is still */
#define COMMIT_WAIT_MS 20000

/* --- configuration --- */

const char *world_dir(const char *name)
{
    static char uris[4][300];
    static unsigned turn;
    char *uri = uris[turn++ % 4];
    snprintf(uri, sizeof uris[0], "dir:%s/%s", tap_tmpdir(), name);
    return uri;
}

const char *world_secret(const char *name, const char *content)
{
    static char paths[8][300];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", tap_tmpdir(), name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content) || close(fd) < 0)
        bail_out("cannot write %s", path);
    return path;
}

static char *turn_text(void)
{
    static char texts[8][2000];
    static unsigned turn;
    return texts[turn++ % 8];
}

const char *world_hook(const char *name, const char *more)
{
    char *text = turn_text();
    snprintf(text, 2000,
             "endpoint \"%s\" {\nadapter = \"standard-webhooks\"\nurl = \"http://127.0.0.1:9/%s\"\n"
             "secret_file = \"%s\"\n%s\n}\n",
             name, name, world_secret("hook", HOOK_SECRET), more);
    return text;
}

const char *world_kannel(const char *name, const char *more)
{
    char *text = turn_text();
    snprintf(text, 2000,
             "endpoint \"%s\" {\nadapter = \"kannel\"\nurl = \"http://127.0.0.1:9/cgi-bin/sendsms\"\n"
             "secret_file = \"%s\"\nusername = \"lifecertd\"\nsignature = \"舟山社保\"\n"
             "receipt_url = \"http://127.0.0.1:8\"\nreceipt_secret_file = \"%s\"\n%s\n}\n",
             name, world_secret("kannel", "password"), world_secret("receipts", "receipts-secret"), more);
    return text;
}

static char *whole_conf(const char *endpoints)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s%s", rig_conf, endpoints);
    buf_addc(&b, '\0');
    return b.p;
}

/* As the daemon's: a reference of its own, with the secrets. */
static void load_endpoints(struct world *w)
{
    struct buf faults = BUF_INIT;
    struct config *c = NULL;
    if (config_load(w->rig.config_file, &c, &faults) != ERR_OK ||
        endpoints_load_secrets(c->endpoints, &faults) != ERR_OK || deliver_check(c->endpoints, &faults) != ERR_OK)
        bail_out("the endpoints are refused: %.*s", (int)faults.n, faults.p);
    buf_done(&faults);
    if (w->endpoints)
        endpoints_unref(w->endpoints);
    w->endpoints = endpoints_ref(c->endpoints);
    config_free(c);
}

/* --- life --- */

static int64_t now_of(void *arg)
{
    const struct world *w = arg;
    return w->now;
}

static void note_said(void *arg, const struct deliver_said *s)
{
    struct world *w = arg;
    if (!w->quiet)
        buf_printf(&w->said, "%s %s %" PRIu64 " %u %s\n", deliver_word_text(s->word), s->endpoint, s->seq, s->attempts,
                   s->why);
}

static bool is_readable(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, wait_ms) > 0;
}

/* Anything to do for the engine at once? Its clock stands still, so a second tick without one changes nothing. */
static bool tick_engine(struct world *w)
{
    int64_t wait;
    if (engine_tick(w->rig.engine, &wait, &w->msg) != ERR_OK)
        bail_out("the engine failed: %s", w->msg.text);
    return wait == 0 || is_readable(engine_fd(w->rig.engine), 0);
}

static void start(struct world *w)
{
    struct store_info info;
    struct deliver_options o = {.engine = w->rig.engine,
                                .store = engine_store(w->rig.engine),
                                .endpoints = w->endpoints,
                                .timezone = "Asia/Shanghai",
                                .shard = w->shard,
                                .n_shards = w->n_shards,
                                .caps = w->caps,
                                .held = w->held,
                                .carrier = carrying_carrier(&w->carrying),
                                .now = now_of,
                                .said = note_said,
                                .arg = w};
    store_info(o.store, &info);
    memcpy(w->carrying.incarnation, info.incarnation, sizeof w->carrying.incarnation);
    w->carrying.shard = w->shard;
    if (deliver_new(&o, &w->deliver, &w->msg) != ERR_OK)
        bail_out("delivery does not start: %s", w->msg.text);
    w->deliver->random = (w->seed + 1) * UINT64_C(0x9e3779b97f4a7c15); /* the same jitter each time */
}

void world_open(struct world *w, const char *uri, const char *endpoints)
{
    char *conf = whole_conf(endpoints);
    rig_open(&w->rig, uri, conf, rig_at(WORLD_START));
    free(conf);
    w->now = rig_at(WORLD_START) * 1000;
    w->carrying.now = &w->now;
    load_endpoints(w);
    start(w);
    if (!w->still)
        world_run(w);
}

void world_close(struct world *w)
{
    deliver_stop(w->deliver);
    rig_close(&w->rig);
    deliver_free(w->deliver);
    if (w->carrying.lines)
        bail_out("%u lines were never closed", w->carrying.lines);
    carrying_done(&w->carrying);
    endpoints_unref(w->endpoints);
    buf_done(&w->said);
    buf_done(&w->body);
    *w = (struct world){.deliver = NULL};
}

void world_restart(struct world *w)
{
    struct deliver *old = w->deliver;
    deliver_stop(old);
    rig_again(&w->rig, false);
    deliver_free(old);
    start(w);
    world_run(w);
}

void world_crash(struct world *w)
{
    struct deliver *old = w->deliver;
    for (struct outlet *o = old->outlets; o; o = o->next)
        outlet_close(o);
    delivery_close(old->state);
    old->state = NULL;
    rig_crash(&w->rig);
    deliver_free(old);
    start(w);
    world_run(w);
}

void world_restore(struct world *w)
{
    struct deliver *old = w->deliver;
    char path[400];
    sqlite3 *db;
    deliver_stop(old);
    snprintf(path, sizeof path, "%s/delivery.db", strchr(w->rig.options.uri, ':') + 1);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "UPDATE meta SET incarnation = 'another'", NULL, NULL, NULL) != SQLITE_OK)
        bail_out("%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    rig_again(&w->rig, false);
    deliver_free(old);
    start(w);
    world_run(w);
}

enum err world_try_reload(struct world *w, const char *endpoints)
{
    char *conf = whole_conf(endpoints);
    if (rig_reload(&w->rig, conf) != ERR_OK)
        bail_out("the engine refuses: %s", w->rig.msg.text);
    free(conf);
    load_endpoints(w);
    return deliver_configure(w->deliver, w->endpoints, "Asia/Shanghai", &w->msg);
}

void world_reload(struct world *w, const char *endpoints)
{
    if (world_try_reload(w, endpoints) != ERR_OK)
        bail_out("delivery refuses: %s", w->msg.text);
    world_run(w);
}

/* --- running --- */

static int answer_same(void *arg, const struct parcel *p)
{
    const struct world *w = arg;
    (void)p;
    return w->status;
}

void world_always(struct world *w, int status)
{
    w->status = status;
    w->answers = answer_same;
    w->arg = w;
}

static bool answer_one(struct world *w)
{
    for (size_t i = 0; w->answers && w->carrying.on_their_way && i < w->carrying.n; i++) {
        struct parcel *p = w->carrying.v[i];
        int status = p->state == ON_ITS_WAY ? w->answers(w->arg, p) : NEVER;
        if (status != NEVER) {
            parcel_answer(&w->carrying, p, status, -1, status == 202 ? "0: Accepted for delivery" : "");
            return true;
        }
    }
    return false;
}

static bool asks_engine(const struct world *w)
{
    for (const struct outlet *o = w->deliver->outlets; o; o = o->next)
        if (o->proposal || (o->question && o->question->busy))
            return true;
    return false;
}

static void let_engine_answer(struct world *w)
{
    if (tick_engine(w))
        return;
    struct pollfd p[] = {{.fd = engine_fd(w->rig.engine), .events = POLLIN},
                         {.fd = deliver_fd(w->deliver), .events = POLLIN}};
    poll(p, 2, COMMIT_WAIT_MS);
}

static bool tick_deliver(struct world *w)
{
    w->ticks++;
    if (deliver_tick(w->deliver, &w->wait, &w->msg) != ERR_OK)
        bail_out("delivery failed: %s", w->msg.text);
    bool busy = w->wait == 0 || is_readable(deliver_fd(w->deliver), 0);
    if (!busy && w->deliver->committing)
        busy = is_readable(deliver_fd(w->deliver), COMMIT_WAIT_MS);
    return busy;
}

void world_run(struct world *w)
{
    bool busy = true;
    for (int i = 0; busy; i++) {
        if (i == RUNS_MAX)
            bail_out("it never comes to rest");
        busy = tick_deliver(w);
        if (asks_engine(w)) {
            let_engine_answer(w);
            busy = true;
        }
        busy |= answer_one(w);
    }
}

void world_alone(struct world *w, int64_t ms)
{
    w->now += ms;
    while (tick_deliver(w))
        ;
}

void world_pass(struct world *w, int64_t ms)
{
    int64_t end = w->now + ms;
    world_run(w);
    while (w->wait >= 0 && w->now + w->wait <= end) {
        w->now += w->wait;
        world_run(w);
    }
    w->now = end;
}

void world_until(struct world *w, const char *rfc3339)
{
    lc_instant at = rig_at(rfc3339);
    world_pass(w, at * 1000 - w->now);
    rig_until(&w->rig, at);
    deliver_nudge(w->deliver);
    world_run(w);
}

/* --- events --- */

void world_input(struct world *w, const char *json)
{
    struct buf b = BUF_INIT;
    add_json(&b, str_of(json));
    buf_addc(&b, '\0');
    struct input_result r = rig_input(&w->rig, b.p);
    if (r.result == RESULT_ERROR)
        bail_out("%s: %s: %s", json, r.member, r.fault);
    buf_done(&b);
    deliver_nudge(w->deliver);
}

void world_enrol(struct world *w, const char *id, const char *more)
{
    char json[500];
    snprintf(json, sizeof json, "{'op':'enrol','id':'%s','policy':'national','approved_on':'2025-06-10'%s}", id, more);
    world_input(w, json);
}

void world_many(struct world *w, unsigned from, unsigned n)
{
    char id[16];
    for (unsigned i = from; i < from + n; i++) {
        snprintf(id, sizeof id, "P%u", i);
        world_enrol(w, id, "");
    }
}

uint64_t world_event(struct world *w, const char *id)
{
    char json[200];
    snprintf(json, sizeof json, "{'op':'amend','id':'%s','category':'c%u'}", id, w->amended++ % 200);
    uint64_t before = world_last(w);
    world_input(w, json);
    if (world_last(w) != before + 1)
        bail_out("%s made %d events", json, (int)(world_last(w) - before));
    return world_last(w);
}
