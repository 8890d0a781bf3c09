/* Links: what is sent stands in Redis once and in order, whatever happens to Redis meanwhile; answers find who asked;
 * what is not answered fails in time. */
#include "shards/front/link_inside.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#include "shards/set.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define CALLS 300

static struct redis_server server;
static char folder[256], uri[128];
static const char *const server_options[] = {"--appendonly", "yes", "--appendfsync", "always", "--dir", folder,
                                            "--repl-diskless-sync-delay", "0", NULL};
static struct links *links;
static struct streams *owner; /* the other side, by hand */

struct call {
    struct link_call link;
    _Atomic int answers, failures, over;
    enum err err;
};

/* Over with its third answer. */
static bool on_answer(struct link_call *l, const struct wire *w)
{
    struct call *c = (struct call *)l;
    (void)w;
    bool over = atomic_fetch_add(&c->answers, 1) == 2;
    atomic_store(&c->over, over);
    return over;
}

static void on_failure(struct link_call *l, enum err err, const struct errmsg *msg)
{
    struct call *c = (struct call *)l;
    (void)msg;
    c->err = err;
    atomic_fetch_add(&c->failures, 1);
    atomic_store(&c->over, 1);
}

static struct call call_of(uint32_t load)
{
    return (struct call){
        .link = {.number = links_number(links), .load = load, .answered = on_answer, .failed = on_failure}};
}

static bool await(_Atomic int *flag)
{
    for (int i = 0; i < 20000 && !atomic_load(flag); i++)
        poll(NULL, 0, 1);
    return atomic_load(flag);
}

/* So many entries of a stream, from its beginning; the numbers of their calls. */
static size_t read_calls(const char *stream, uint64_t *numbers, size_t max)
{
    struct stream_from from = {stream, {0, 0}};
    const struct stream_entry *entries;
    struct errmsg msg;
    size_t n = 0;
    if (streams_read(owner, &from, 1, 0, (unsigned)max, &entries, &n, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (size_t i = 0; i < n; i++) {
        struct wire w;
        if (wire_read(entries[i].fields[0].value, &w, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        numbers[i] = w.call;
    }
    return n;
}

static bool await_entries(const char *stream, size_t n, uint64_t *numbers)
{
    for (int i = 0; i < 10000; i++) {
        if (read_calls(stream, numbers, CALLS + 1) == n)
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

static void answer(uint64_t call)
{
    struct buf message = BUF_INIT;
    struct errmsg msg;
    wire_write_answer(&message, call, &(struct wire_answer){.err = ERR_OK});
    struct stream_field field = {STR_LIT(STREAM_REPLY), buf_str(&message)};
    streams_add(owner, &(struct stream_add){.stream = "out:me", .fields = &field, .n_fields = 1});
    if (streams_send(owner, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&message);
}

static void send(struct link *l, struct call *c)
{
    struct buf message = BUF_INIT;
    wire_write_call(&message, STR_LIT("me"), c->link.number, 0, STR_LIT("m"), STR_NONE);
    link_send_inputs(l, &c->link, buf_str(&message));
    buf_done(&message);
}

/* While Redis is killed and started again, with all that it has acknowledged. */
static void test_once_and_in_order(struct link *l)
{
    static struct call calls[CALLS];
    static uint64_t numbers[CALLS + 1];
    bool order = true;
    for (unsigned i = 0; i < CALLS; i++) {
        calls[i] = call_of(1);
        if (!link_reserve(l, 1))
            bail_out("no room");
        send(l, &calls[i]);
        if (i % 100 == 50) {
            poll(NULL, 0, 3);
            redis_server_kill(&server);
            redis_server_start(&server);
        }
        poll(NULL, 0, i % 3 == 0);
    }
    ok(await_entries("in", CALLS, numbers),
       "what was sent while Redis died again and again stands in the stream, once");
    for (unsigned i = 0; i < CALLS; i++)
        order = order && numbers[i] == calls[i].link.number;
    ok(order, "in order");
    answer(999999);
    for (unsigned i = 0; i < CALLS; i++)
        for (int k = 0; k < 3; k++)
            answer(calls[i].link.number);
    bool all = true;
    for (unsigned i = 0; i < CALLS; i++)
        all = all && await(&calls[i].over) && atomic_load(&calls[i].answers) == 3 && !atomic_load(&calls[i].failures);
    ok(all, "answers in three parts find the calls that they are for, and one for nobody is dropped");
    struct stream_from from = {"out:me", {0, 0}};
    const struct stream_entry *entries;
    struct errmsg msg;
    size_t n = 1;
    for (int i = 0; i < 5000 && n; i++) {
        if (streams_read(owner, &from, 1, 0, 10, &entries, &n, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        poll(NULL, 0, 1);
    }
    is_int(n, 0, "answers that were read are removed");
    ok(link_reserve(l, LINK_LOAD_MAX), "and there is room again");
    link_unreserve(l, LINK_LOAD_MAX);
}

static void test_time(struct link *l)
{
    struct call c = call_of(1);
    struct buf message = BUF_INIT;
    if (!link_reserve(l, 1))
        bail_out("no room");
    wire_write_call(&message, STR_LIT("me"), c.link.number, 0, STR_LIT("m"), STR_NONE);
    link_send_question(l, &c.link, buf_str(&message), clock_monotonic_ns() + 100 * INT64_C(1000000));
    links_expire(links);
    is_int(atomic_load(&c.over), 0, "a question waits until its time is over");
    for (int i = 0; i < 5000 && !atomic_load(&c.over); i++) {
        poll(NULL, 0, 1);
        links_expire(links);
    }
    ok(atomic_load(&c.failures) == 1 && c.err == ERR_IO, "and fails then");
    buf_done(&message);
}

static void test_bounds(struct link *l)
{
    ok(link_reserve(l, LINK_LOAD_MAX - 1) && link_reserve(l, 1), "a link takes so much");
    ok(!link_reserve(l, 1), "and no more");
    link_unreserve(l, LINK_LOAD_MAX);
    ok(link_reserve(l, 2 * LINK_LOAD_MAX), "what is larger than all of it is let in alone");
    ok(!link_reserve(l, 1), "so that it comes through at all");
    link_unreserve(l, 2 * LINK_LOAD_MAX);
}

/* A failover has lost the first one's entry; the owner answers all the others. */
static void test_lost(struct link *l)
{
    struct call lost = call_of(1), next = call_of(1);
    if (!link_reserve(l, 2))
        bail_out("no room");
    send(l, &lost);
    send(l, &next);
    answer(next.link.number);
    answer(next.link.number);
    answer(next.link.number);
    ok(await(&next.over), "the later one of two inputs is answered");
    links_expire(links);
    is_int(atomic_load(&lost.over), 0, "the first one waits on");
    pthread_mutex_lock(&l->lock);
    lost.link.sent -= 61 * NS_PER_S;
    pthread_mutex_unlock(&l->lock);
    links_expire(links);
    ok(atomic_load(&lost.failures) == 1 && lost.err == ERR_IO,
       "but not for more than a minute, though the owner answers others all the time");
}

/* An answer stands in Redis before its commit's WAIT is over: the master may die with both. */
static void test_replicas(void)
{
    char place[16];
    const char *const words[] = {"--save", "", "--replicaof", "127.0.0.1", place, NULL};
    struct redis_server replica = {.options = words};
    struct store_options store = {.replicas = 1};
    struct links *before = links;
    struct errmsg msg;
    if (links_open(&(struct links_options){.uri = uri, .store = &store, .n = 8, .instance = "me"}, &links, &msg))
        bail_out("%s", msg.text);
    struct link *l = links_get(links, 3);
    struct call c = call_of(1);
    if (!link_reserve(l, 1))
        bail_out("no room");
    send(l, &c);
    for (int i = 0; i < 3; i++)
        answer(c.link.number);
    poll(NULL, 0, 1000);
    is_int(atomic_load(&c.answers), 0, "inputs' answers that no replica has are not believed");
    snprintf(place, sizeof place, "%d", server.port);
    redis_server_start(&replica);
    ok(await(&c.over) && atomic_load(&c.answers) == 3 && !atomic_load(&c.failures), "once one has them they are");
    links_close(links);
    links = before;
    redis_server_kill(&replica);
}

static void test_close(struct link *l)
{
    struct call c = call_of(1);
    struct stream_field field = {STR_LIT("f"), STR_LIT("v")};
    const struct stream_entry *entries;
    struct stream_from from = {"last", {0, 0}};
    struct errmsg msg;
    size_t n = 0;
    if (!link_reserve(l, 1))
        bail_out("no room");
    send(l, &c);
    link_post(l, &(struct stream_add){.stream = "last", .fields = &field, .n_fields = 1});
    links_close(links);
    ok(atomic_load(&c.failures) == 1 && c.err == ERR_IO, "what is under way at the end fails");
    if (streams_read(owner, &from, 1, 0, 10, &entries, &n, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_int(n, 1, "and what was to be sent is");
}

int main(void)
{
    static const struct store_options store;
    char shard[SHARD_URI_MAX];
    struct errmsg msg;
    plan(0);
    snprintf(folder, sizeof folder, "%s", tap_tmpdir());
    server.options = server_options;
    redis_server_start(&server);
    snprintf(uri, sizeof uri, "redis://127.0.0.1:%d/t", server.port);
    shard_uri(uri, 3, shard);
    struct links_options o = {.uri = uri, .store = &store, .n = 8, .instance = "me"};
    if (links_open(&o, &links, &msg) != ERR_OK || streams_open(shard, &store, 0, &owner, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct link *l = links_get(links, 3);
    test_once_and_in_order(l);
    test_time(l);
    test_bounds(l);
    test_replicas(); /* before a link of this name reads for what it gave up */
    test_lost(l);
    test_close(l);
    streams_close(owner);
    redis_server_kill(&server);
    return tap_end();
}
