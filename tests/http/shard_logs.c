#include "tests/http/shard_logs.h"

#include <stdio.h>
#include <string.h>

#include "codec/event_json.h"
#include "tests/lib/tap.h"

#define PEOPLE 3
#define MANY 2000 /* events of one commit */

static const char *const server_options[] = {"--save", "", NULL};

static void check(enum err e, const struct errmsg *msg)
{
    if (e != ERR_OK)
        bail_out("%s", msg->text);
}

void shard_logs_start(struct shard_logs *l)
{
    struct errmsg msg;
    *l = (struct shard_logs){.set = {.n = SHARDS}};
    l->redis.options = server_options;
    redis_server_start(&l->redis);
    snprintf(l->uri, sizeof l->uri, "redis://127.0.0.1:%d/feed", l->redis.port);
    for (unsigned i = 0; i < SHARDS; i++) {
        char uri[SHARD_URI_MAX];
        shard_uri(l->uri, i, uri);
        check(store_open(uri, STORE_INIT, &l->options, &l->stores[i], NULL, &msg), &msg);
    }
}

void shard_logs_stop(struct shard_logs *l)
{
    for (unsigned i = 0; i < SHARDS; i++)
        store_close(l->stores[i]);
    redis_server_kill(&l->redis);
}

const char *shard_person(unsigned shard, unsigned i)
{
    static char id[16];
    for (unsigned n = 0, found = 0;; n++) {
        snprintf(id, sizeof id, "p-%u", n);
        if (shard_of(str_of(id), SHARDS) == shard && found++ == i)
            return id;
    }
}

/* --- events --- */

static void commit(struct shard_logs *l, unsigned shard, uint64_t n, struct buf *lines)
{
    struct commit c = {.first = l->ends[shard] + 1, .last = l->ends[shard] + n, .lines = buf_str(lines)};
    struct errmsg msg;
    enum err e = store_commit(l->stores[shard], &c, &msg);
    check(e == ERR_MORE ? store_commit_poll(l->stores[shard], true, &msg) : e, &msg);
    l->ends[shard] += n;
    buf_done(lines);
}

static void add_some(struct shard_logs *l, unsigned shard, uint64_t n, enum event_type type, int64_t time)
{
    struct buf lines = BUF_INIT;
    char ids[PEOPLE][16];
    for (unsigned i = 0; i < PEOPLE; i++)
        snprintf(ids[i], sizeof ids[i], "%s", shard_person(shard, i));
    for (uint64_t i = 0; i < n; i++) {
        uint64_t seq = l->ends[shard] + 1 + i;
        struct event e = {.seq = seq, .time = time + (int64_t)i, .offset = 28800, .type = type, .today = 46022};
        e.subject = str_of(ids[seq % PEOPLE]);
        event_write(&lines, &e);
    }
    commit(l, shard, n, &lines);
}

void shard_logs_add(struct shard_logs *l, unsigned shard, uint64_t n, enum event_type type, int64_t time)
{
    for (uint64_t done = 0; done < n; done += MANY)
        add_some(l, shard, n - done < MANY ? n - done : MANY, type, time + (int64_t)done);
}

/* --- stories --- */

static enum err tell_story(struct shard_logs *l, struct request *r)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct store_reader *reader;
    struct event head;
    struct str line;
    uint64_t seq;
    enum err e = store_reader_open(l->stores[shard_of(r->id, SHARDS)], 0, &reader, &r->msg);
    if (e)
        return e;
    while (!(e = store_reader_next(reader, &seq, &line, &r->msg))) {
        if (event_read_head(line, &head, &arena) != ERR_OK || !str_eq(head.subject, r->id))
            continue;
        buf_addstr(&r->body, line);
        buf_addc(&r->body, '\n');
    }
    store_reader_close(reader);
    event_arena_done(&arena);
    return e != ERR_END ? e : r->body.n ? ERR_OK : ERR_ABSENT;
}

static bool submit(void *arg, struct request *r)
{
    r->err = r->kind == REQUEST_STORY ? tell_story(arg, r) : ERR_IO;
    r->done(r);
    return true;
}

static void counters(void *arg, struct engine_counters *out)
{
    (void)arg;
    *out = (struct engine_counters){.n_channels = 0};
}

struct http_options shard_logs_options(struct shard_logs *l)
{
    struct http_options o = {.max_lines = 1000};
    o.engine = (struct http_engine){.arg = l, .submit = submit, .counters = counters};
    o.engine.uri = l->uri;
    o.engine.store_options = &l->options;
    o.engine.set = &l->set;
    return o;
}
