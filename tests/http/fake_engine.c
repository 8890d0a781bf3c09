#include "tests/http/fake_engine.h"

#include <pthread.h>
#include <stdlib.h>

#include "tests/http/fake_log.h"

struct engine {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct request *first, **last;
    bool held, stop;
    uint64_t queued, limit, next_seq;
    struct fake_counts counts;
    struct store *log;
    struct {
        struct input_key key;
        struct input_result result;
    } keys[FAKE_KEYS];
    unsigned n_keys;
};

void stream_init(struct stream *s)
{
    *s = (struct stream){.reached = INSTANT_NONE};
}

static struct input_result result_for(struct engine *e, const struct input *in)
{
    struct input_result r = {.result = RESULT_APPLIED, .n_events = 1};
    if (str_is(in->ref, "reject")) {
        r.result = RESULT_REJECTED;
        r.reason = REASON_STALE;
    } else if (str_is(in->ref, "error")) {
        r = (struct input_result){.result = RESULT_ERROR, .member = "channel", .fault = "no such channel"};
    } else if (str_is(in->ref, "many")) {
        r.n_events = 3;
    } else if (str_is(in->ref, "unchanged")) {
        r = (struct input_result){.result = RESULT_UNCHANGED};
    }
    r.first_seq = r.n_events ? e->next_seq : 0;
    e->next_seq += r.n_events;
    return r;
}

static struct input_result result_under(struct engine *e, const struct input *in, const struct input_key *key)
{
    for (unsigned i = 0; key && i < e->n_keys; i++) {
        struct input_result r = e->keys[i].result;
        if (memcmp(e->keys[i].key.key, key->key, KEY_HASH) != 0)
            continue;
        r.key = KEY_REPLAYED;
        if (memcmp(e->keys[i].key.body, key->body, KEY_HASH) != 0)
            r = (struct input_result){.result = RESULT_ERROR, .key = KEY_REUSED, .fault = "another input came before"};
        return r;
    }
    struct input_result r = result_for(e, in);
    if (key && e->n_keys < FAKE_KEYS && r.result != RESULT_ERROR) {
        e->keys[e->n_keys].key = *key;
        e->keys[e->n_keys++].result = r;
    }
    return r;
}

static void add_date(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    if (d == DATE_NONE)
        return;
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

static void add_text(struct buf *b, const char *name, struct str s)
{
    if (!s.p)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_add_json(b, s);
}

static void answer_query(struct engine *e, struct request *r)
{
    struct buf *b = &r->body;
    if (r->kind == REQUEST_STORY)
        fake_log_story(e->log, r->id, b);
    if (b->n)
        return;
    if ((r->kind == REQUEST_SHOW || r->kind == REQUEST_STORY) && str_is(r->id, "absent")) {
        r->err = err_set(&r->msg, ERR_ABSENT, "not enrolled");
        return;
    }
    buf_printf(b, "{\"kind\":%d", (int)r->kind);
    add_text(b, "id", r->id);
    add_date(b, "from", r->from);
    add_date(b, "to", r->to);
    if (r->by_month)
        buf_adds(b, ",\"by\":\"month\"");
    if (r->hold.scope.kind != SCOPE_ALL)
        buf_printf(b, ",\"scope\":%d", (int)r->hold.scope.kind);
    add_text(b, "scope_name", r->hold.scope.name);
    add_date(b, "until", r->hold.until);
    add_text(b, "name", r->hold.name);
    add_text(b, "why", r->hold.why);
    add_text(b, "by", r->hold.by);
    if (r->kind == REQUEST_STATUS && fake_log_end(e->log)) /* "now" is another each time */
        buf_printf(b, ",\"now\":\"%03u\",\"position\":%u", (unsigned)e->counts.requests[REQUEST_STATUS] % 1000,
                   (unsigned)fake_log_end(e->log));
    buf_adds(b, "}");
}

/* --- scans: the id says how many slices were given --- */

static void count_scans(struct engine *e, int change)
{
    pthread_mutex_lock(&e->lock);
    e->counts.scans_open += (uint64_t)change;
    pthread_mutex_unlock(&e->lock);
}

static void begin_scan(struct engine *e, struct request *r)
{
    const struct scan_order *o = &r->scan;
    r->scan.position = FAKE_POSITION;
    if (str_is(o->policy, "sharded"))
        buf_adds(&r->scan.positions, FAKE_POSITIONS);
    buf_printf(&r->body, "{\"kind\":%d,\"status\":%d", (int)o->kind, o->status);
    add_text(&r->body, "policy", o->policy);
    add_text(&r->body, "after", o->after);
    buf_printf(&r->body, ",\"limit\":%d,\"period\":%d}\n", (int)o->limit, (int)o->period);
    count_scans(e, 1);
}

static void end_scan(struct engine *e, struct request *r)
{
    r->scan.id = 0;
    count_scans(e, -1);
}

static void answer_scan(struct engine *e, struct request *r)
{
    struct scan_order *o = &r->scan;
    if (str_is(o->policy, "full"))
        r->err = err_set(&r->msg, ERR_FULL, "too many");
    else if (str_is(o->policy, "unknown")) {
        o->member = "policy";
        r->err = err_set(&r->msg, ERR_INVALID, "no such policy");
    } else if (o->end)
        end_scan(e, r);
    else if (++o->id == 1)
        begin_scan(e, r);
    else if (o->id == 3 && str_is(o->policy, "broken")) {
        r->err = err_set(&r->msg, ERR_ABSENT, "given up");
        end_scan(e, r);
    } else if (str_is(o->policy, "big")) {
        for (size_t i = 0; i < FAKE_SLICE_BYTES / 10; i++)
            buf_printf(&r->body, "{\"n\":%03u}\n", (unsigned)o->id);
    } else if (!str_is(o->policy, "sparse"))
        buf_printf(&r->body, "{\"slice\":%u}\n", (unsigned)o->id);
    if (r->err == ERR_OK && o->id == FAKE_SLICES) {
        buf_adds(&r->body, "{\"last\":true}\n");
        end_scan(e, r);
    }
}

static void answer(struct engine *e, struct request *r)
{
    r->err = ERR_OK;
    for (uint32_t i = 0; i < r->n_inputs; i++)
        r->results[i] = result_under(e, &r->inputs[i], r->keys ? &r->keys[i] : NULL);
    for (uint32_t i = 0; i < r->n_inputs; i++)
        if (str_is(r->inputs[i].ref, "lost"))
            r->err = err_set(&r->msg, ERR_IO, "nobody answers for shard 3");
    if (r->kind == REQUEST_SCAN)
        answer_scan(e, r);
    else if (r->kind != REQUEST_INPUTS && r->kind != REQUEST_STREAM_END)
        answer_query(e, r);
    r->done(r);
}

static void *work(void *arg)
{
    struct engine *e = arg;
    pthread_mutex_lock(&e->lock);
    while (!e->stop) {
        struct request *r = e->held ? NULL : e->first;
        if (!r) {
            pthread_cond_wait(&e->wake, &e->lock);
            continue;
        }
        e->first = r->next;
        if (!e->first)
            e->last = &e->first;
        e->queued -= r->n_inputs;
        pthread_mutex_unlock(&e->lock);
        answer(e, r);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

struct engine *fake_engine_new(void)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wake, NULL);
    e->last = &e->first;
    e->limit = UINT64_MAX;
    e->next_seq = 1;
    e->log = fake_log_new();
    if (pthread_create(&e->thread, NULL, work, e) != 0)
        abort();
    return e;
}

void fake_engine_free(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    store_close(e->log);
    pthread_cond_destroy(&e->wake);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

const uint64_t commit_bucket_limits[COMMIT_BUCKETS_N] = {1000000, 2500000, 3000000, 4000000, 5000000,
                                                         6000000, 7000000, 8000000, 9000000, 10000000,
                                                         11000000, 12000000, 13000000, 14000000};

void engine_counters(const struct engine *e, struct engine_counters *out)
{
    struct engine *mine = (struct engine *)e; /* its lock is no part of what it is */
    *out = (struct engine_counters){.next_deadline = INSTANT_NONE, .checkpoint_age = -1, .n_channels = 2};
    pthread_mutex_lock(&mine->lock);
    out->queued_inputs = mine->queued;
    pthread_mutex_unlock(&mine->lock);
    out->inputs[OP_CERTIFY][RESULT_APPLIED] = 5;
    out->commit_buckets[1] = 2;
    out->commit_ns = 3000000;
    out->now = 1000;
    out->channels[0] = (struct channel_counters){
        .name = "face", .configured = true, .expect_every = 600, .heard_at = 400, .accepted = 9};
    out->channels[1] = (struct channel_counters){.name = "gone", .configured = false, .heard_at = 900};
}

bool engine_submit(struct engine *e, struct request *r)
{
    pthread_mutex_lock(&e->lock);
    bool room = e->queued + r->n_inputs <= e->limit;
    if (room) {
        r->next = NULL;
        *e->last = r;
        e->last = &r->next;
        e->queued += r->n_inputs;
        e->counts.requests[r->kind]++;
        e->counts.inputs += r->n_inputs;
        if (e->queued > e->counts.most_queued)
            e->counts.most_queued = e->queued;
        pthread_cond_signal(&e->wake);
    } else {
        e->counts.refused++;
    }
    pthread_mutex_unlock(&e->lock);
    return room;
}

const struct store *engine_store(const struct engine *e)
{
    return e->log;
}

struct store *fake_engine_log(struct engine *e)
{
    return e->log;
}

void fake_engine_hold(struct engine *e, bool held)
{
    pthread_mutex_lock(&e->lock);
    e->held = held;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

void fake_engine_limit(struct engine *e, uint64_t inputs)
{
    pthread_mutex_lock(&e->lock);
    e->limit = inputs;
    pthread_mutex_unlock(&e->lock);
}

struct fake_counts fake_engine_counts(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    struct fake_counts counts = e->counts;
    pthread_mutex_unlock(&e->lock);
    return counts;
}
