/* Several logs read as one: order, following, positions, times. */
#include "shards/logs.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/event_json.h"
#include "tests/lib/tap.h"

#define SHARDS 5

static struct store *memory_store(void)
{
    struct store *s;
    struct errmsg msg;
    if (store_open("memory:", STORE_INIT, NULL, &s, NULL, &msg))
        bail_out("cannot make a store: %s", msg.text);
    return s;
}

/* One event of that instant, in a commit of its own. */
static void add(struct store *s, lc_instant time)
{
    struct store_info info;
    struct errmsg msg;
    struct buf line = BUF_INIT;
    store_info(s, &info);
    const struct event e = {.seq = info.durable + 1, .time = time, .type = EV_ERASED, .subject = STR_LIT("P")};
    event_write(&line, &e);
    struct commit c = {.first = e.seq, .last = e.seq, .lines = buf_str(&line)};
    enum err err = store_commit(s, &c, &msg);
    if (err == ERR_MORE)
        err = store_commit_poll(s, true, &msg);
    if (err)
        bail_out("cannot commit: %s", msg.text);
    buf_done(&line);
}

/* "0:1 1:1 0:2": shards and numbers of what comes, until the end. */
static const char *read_all(struct logs *l, char out[4096])
{
    struct errmsg msg;
    struct str line;
    unsigned shard;
    uint64_t seq;
    size_t n = 0;
    enum err e;
    out[0] = '\0';
    while ((e = logs_next(l, &shard, &seq, &line, &msg)) == ERR_OK)
        n += (size_t)snprintf(out + n, 4096 - n, "%s%u:%llu", n ? " " : "", shard, (unsigned long long)seq);
    return e == ERR_END ? out : msg.text[0] ? "an error" : "no end";
}

static void test_order(void)
{
    char out[4096];
    struct store *s[3] = {memory_store(), memory_store(), memory_store()};
    add(s[0], 100);
    add(s[0], 300);
    add(s[1], 100);
    add(s[1], 100);
    add(s[1], 200);
    add(s[2], 50);
    add(s[2], 300);
    struct logs *l = logs_of(s, 3);
    is_str(read_all(l, out), "2:1 0:1 1:1 1:2 1:3 0:2 2:2",
           "the earliest comes first, of equal times the lowest shard's");
    is_str(read_all(l, out), "", "then there is no more");
    add(s[2], 310);
    add(s[0], 320);
    is_str(read_all(l, out), "2:3 0:3", "what is added comes, too");
    ok(logs_position(l)->v[0] == 3 && logs_position(l)->v[1] == 3 && logs_position(l)->v[2] == 3,
       "the position counts all that was returned");
    logs_close(l);
    for (unsigned i = 0; i < 3; i++)
        store_close(s[i]);
}

static void test_positions(void)
{
    char out[4096];
    struct errmsg msg;
    struct position p;
    struct store *s[2] = {memory_store(), memory_store()};
    for (lc_instant t = 1; t <= 4; t++)
        add(s[t % 2], t * 10);
    struct logs *l = logs_of(s, 2);
    position_init(&p, 2);
    p.v[1] = 1;
    is_int(logs_seek(l, &p, &msg), ERR_OK, "a position is gone to");
    is_str(read_all(l, out), "0:1 1:2 0:2", "and what is behind it comes");
    is_int(logs_seek_time(l, 20, &msg), ERR_OK, "a time is looked for behind the position");
    is_str(read_all(l, out), "", "so that nothing comes twice");
    p.v[1] = 0;
    ok(logs_seek(l, &p, &msg) == ERR_OK && logs_seek_time(l, 30, &msg) == ERR_OK, "from the start");
    is_str(read_all(l, out), "1:2 0:2", "it is where that time begins in each log");
    ok(logs_seek(l, &p, &msg) == ERR_OK && logs_seek_time(l, 41, &msg) == ERR_OK, "a time that has not come");
    is_str(read_all(l, out), "", "is the end");
    ok(logs_seek(l, &p, &msg) == ERR_OK && logs_seek_time(l, 0, &msg) == ERR_OK, "a time before everything");
    is_str(read_all(l, out), "1:1 0:1 1:2 0:2", "is the start");
    position_done(&p);
    position_init(&p, 3);
    is_int(logs_seek(l, &p, &msg), ERR_INVALID, "a position of another number of shards is refused");
    position_done(&p);
    logs_close(l);
    for (unsigned i = 0; i < 2; i++)
        store_close(s[i]);
}

/* One that had come to its end is asked again while another has a long way to go. */
static void test_busy(void)
{
    struct errmsg msg;
    struct str line;
    struct store *s[2] = {memory_store(), memory_store()};
    unsigned shard = 0, until = 0;
    uint64_t seq;
    add(s[0], 1);
    struct logs *l = logs_of(s, 2);
    for (; until < 1000 && logs_next(l, &shard, &seq, &line, &msg) == ERR_OK && shard == 0; until++) {
        add(s[0], until + 2);
        if (until == 10)
            add(s[1], until);
    }
    ok(shard == 1 && until > 10, "a quiet shard's event comes while a busy one never ends");
    logs_close(l);
    store_close(s[0]);
    store_close(s[1]);
}

/* The same logs, in the same order, whoever reads them and where he begins. */
static void test_random(void)
{
    struct rng r = rng_seed(7);
    struct store *s[SHARDS];
    struct errmsg msg;
    lc_instant now[SHARDS] = {0}, last = INT64_MIN;
    unsigned n = 0, shard = 0, last_shard = 0, wrong = 0, restarts = 0;
    uint64_t seq, seen[SHARDS] = {0};
    struct str line;
    struct event_arena arena = {0};
    for (unsigned i = 0; i < SHARDS; i++)
        s[i] = memory_store();
    for (unsigned i = 0; i < 3000; i++) {
        unsigned k = (unsigned)rng_below(&r, SHARDS);
        add(s[k], now[k] += (lc_instant)rng_below(&r, 3));
    }
    struct logs *l = logs_of(s, SHARDS);
    for (; logs_next(l, &shard, &seq, &line, &msg) == ERR_OK; n++) {
        struct event head;
        if (event_read_head(line, &head, &arena) != ERR_OK || seq != ++seen[shard] || head.time < last ||
            (head.time == last && shard < last_shard))
            wrong++;
        last = head.time;
        last_shard = shard;
        if (rng_below(&r, 50))
            continue;
        struct logs *next = logs_of(s, SHARDS);
        restarts += logs_seek(next, logs_position(l), &msg) == ERR_OK;
        logs_close(l);
        l = next;
    }
    is_int(n, 3000, "all events of %d shards come, also when others read on from a position (%u times)", SHARDS,
           restarts);
    is_int(wrong, 0, "each once, in order of time and shard");
    logs_close(l);
    event_arena_done(&arena);
    for (unsigned i = 0; i < SHARDS; i++)
        store_close(s[i]);
}

static void test_open(void)
{
    char uri[512], out[4096];
    struct logs *l;
    struct store *s;
    struct errmsg msg;
    snprintf(uri, sizeof uri, "dir:%s/store", tap_tmpdir());
    is_int(logs_open(uri, NULL, &l, &msg), ERR_ABSENT, "a store that is not there is told");
    if (store_open(uri, STORE_INIT, NULL, &s, NULL, &msg))
        bail_out("cannot make a store: %s", msg.text);
    add(s, 5);
    is_int(logs_open(uri, NULL, &l, &msg), ERR_OK, "a folder is a log of one shard");
    is_int(logs_n(l), 1, "of one");
    is_str(read_all(l, out), "0:1", "and is read");
    add(s, 6);
    is_str(read_all(l, out), "0:2", "and followed");
    logs_close(l);
    store_close(s);
    logs_close(NULL);
}

int main(void)
{
    plan(0);
    test_order();
    test_positions();
    test_busy();
    test_random();
    test_open();
    return tap_end();
}
