/* The client against a real cluster: redirections, slots on their way, failovers, and what cannot be mended. */
#include "redis/client.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "redis/slot.h"
#include "tests/lib/tap.h"
#include "tests/redis/cluster.h"

static struct cluster cluster;

static struct redis *new_client(int64_t patience_ms)
{
    char uri[256];
    struct errmsg msg;
    struct redis_settings s = {.timeout_ms = 1000, .patience_ms = patience_ms};
    cluster_uri(&cluster, "p", uri, sizeof uri);
    if (redis_address_parse(uri, &s.address, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return redis_new(&s);
}

/* What a command is answered, as text. */
static const char *ask(struct redis *r, const char *key, const char *a, const char *b, const char *c)
{
    static char text[2048];
    struct redis_command command = {.n = 0};
    struct errmsg msg;
    redisReply *reply;
    redis_command_set(&command, a, b, c, NULL);
    enum err e = redis_run(r, redis_slot(str_of(key)), &command, 1, &reply, &msg);
    redis_command_done(&command);
    if (e) {
        snprintf(text, sizeof text, "%s: %s", err_text(e), msg.text);
        return text;
    }
    if (reply->type == REDIS_REPLY_INTEGER)
        snprintf(text, sizeof text, "%lld", reply->integer);
    else
        snprintf(text, sizeof text, "%s", reply->type == REDIS_REPLY_NIL ? "nil" : reply->str);
    freeReplyObject(reply);
    return text;
}

static void everywhere(void)
{
    struct redis *r = new_client(10000);
    bool good = true;
    char key[16];
    for (int i = 0; i < 300 && good; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        good = strcmp(ask(r, key, "SET", key, key), "OK") == 0;
    }
    for (int i = 0; i < 300 && good; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        good = strcmp(ask(r, key, "GET", key, NULL), key) == 0;
    }
    ok(good, "keys are found on the server that has their slot, whichever it is");
    redis_free(r);
}

/* The URI of a cluster with the scheme of one server. */
static void taken_for_one(void)
{
    char uri[256], one[256];
    struct errmsg msg;
    struct redis_settings s = {.timeout_ms = 1000, .patience_ms = 20000};
    cluster_uri(&cluster, "p", uri, sizeof uri);
    const char *host = strstr(uri, "://") + 3;
    snprintf(one, sizeof one, "redis://%.*s/p", (int)strcspn(host, ",/"), host);
    if (redis_address_parse(one, &s.address, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct redis *r = redis_new(&s);
    int64_t before = clock_monotonic_ns();
    unsigned refused = 0;
    const char *text = "";
    for (int i = 0; i < 20; i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%d", i);
        text = ask(r, key, "GET", key, NULL);
        refused += strstr(text, "is a node of a cluster: expected redis-cluster://") != NULL;
    }
    ok(refused > 0 && clock_monotonic_ns() - before < INT64_C(10000000000),
       "a node of a cluster that is taken for one server is told at once");
    redis_free(r);
}

static void moved(void)
{
    unsigned slot = redis_slot(STR_LIT("{m}"));
    int from = cluster_master_of(&cluster, slot), to = (from + 1) % 3;
    struct redis *r = new_client(10000);
    is_str(ask(r, "{m}", "SET", "{m}:1", "one"), "OK", "a key is written");
    cluster_move_slot(&cluster, slot, from, to, 1, 3);
    is_str(ask(r, "{m}", "GET", "{m}:1", NULL), "one", "after its slot has moved it is found at its new place");
    is_str(ask(r, "{m}", "SET", "{m}:1", "two"), "OK", "and written there");
    redis_free(r);
}

/* ERR_OK once both are answered. */
static enum err set_both(struct redis *r, const char *a, const char *b, const char *value)
{
    struct redis_command commands[2] = {{.n = 0}, {.n = 0}};
    redisReply *replies[2] = {NULL, NULL};
    struct errmsg msg;
    redis_command_set(&commands[0], "SET", a, value, NULL);
    redis_command_set(&commands[1], "SET", b, value, NULL);
    enum err e = redis_run(r, redis_slot(str_of(a)), commands, 2, replies, &msg);
    redis_replies_free(replies, 2);
    redis_command_done(&commands[0]);
    redis_command_done(&commands[1]);
    return e;
}

static void on_its_way(void)
{
    unsigned slot = redis_slot(STR_LIT("{w}"));
    int from = cluster_master_of(&cluster, slot), to = (from + 1) % 3;
    struct redis *r = new_client(10000), *hasty = new_client(300);
    is_str(ask(r, "{w}", "SET", "{w}:1", "one"), "OK", "a key is written");
    cluster_move_slot(&cluster, slot, from, to, 1, 1);
    is_str(ask(r, "{w}", "GET", "{w}:1", NULL), "one", "while a slot is about to move, what is still there is found");
    is_str(ask(r, "{w}", "SET", "{w}:2", "two"), "OK", "what is not there yet is made at the new place, by ASK");
    is_str(ask(r, "{w}", "GET", "{w}:2", NULL), "two", "and found there");
    const char *text = ask(hasty, "{w}", "MGET", "{w}:1", "{w}:2");
    ok(strstr(text, "TRYAGAIN"), "keys on both sides are waited for: %s", text);
    is_int(set_both(hasty, "{w}:1", "{w}:3", "three"), ERR_IO,
           "of two commands one is answered here, and one only at the new place: both wait");
    is_int(set_both(hasty, "{w}:3", "{w}:4", "four"), ERR_OK, "two that both belong there go there");
    cluster_move_slot(&cluster, slot, from, to, 2, 3);
    is_str(ask(r, "{w}", "GET", "{w}:1", NULL), "three", "so that no key was made on both sides");
    is_str(ask(r, "{w}", "DEL", "{w}:1", "{w}:2"), "2", "and found when the move is over");
    redis_free(r);
    redis_free(hasty);
}

/* --- failovers --- */

struct writer {
    struct redis *r;
    _Atomic bool stop;
    _Atomic uint64_t written; /* acknowledged, with a WAIT for the replica */
    int64_t longest_ms;
    bool good;
};

/* INCR is not safe to repeat: SET of ever larger numbers is. */
static bool write_one(struct writer *w, uint64_t n)
{
    struct redis_command commands[2] = {{.n = 0}, {.n = 0}};
    redisReply *replies[2] = {NULL, NULL};
    struct errmsg msg;
    redis_command_set(&commands[0], "SET", "{f}:n", NULL);
    redis_command_add_u64(&commands[0], n);
    redis_command_set(&commands[1], "WAIT", "1", "1000", NULL);
    enum err e = redis_run(w->r, redis_slot(STR_LIT("{f}")), commands, 2, replies, &msg);
    bool good = e == ERR_OK && replies[0]->type == REDIS_REPLY_STATUS;
    if (e)
        diag("%s", msg.text);
    if (good && replies[1]->integer >= 1)
        atomic_store(&w->written, n);
    redis_replies_free(replies, 2);
    redis_command_done(&commands[0]);
    redis_command_done(&commands[1]);
    return good;
}

static void *write_on(void *arg)
{
    struct writer *w = arg;
    w->good = true;
    for (uint64_t n = 1; w->good && !atomic_load(&w->stop); n++) {
        int64_t began = clock_monotonic_ns();
        w->good = write_one(w, n);
        int64_t took = (clock_monotonic_ns() - began) / 1000000;
        w->longest_ms = took > w->longest_ms ? took : w->longest_ms;
    }
    return NULL;
}

/* Waits for that many more writes, and that the replica has them. */
static void await_writes(struct writer *w, uint64_t more)
{
    uint64_t from = atomic_load(&w->written);
    for (int i = 0; i < 6000 && atomic_load(&w->written) < from + more; i++)
        poll(NULL, 0, 10);
}

static void failovers(void)
{
    struct writer w = {.r = new_client(30000)};
    unsigned slot = redis_slot(STR_LIT("{f}"));
    pthread_t thread;
    bool none_lost = true;
    if (pthread_create(&thread, NULL, write_on, &w) != 0)
        bail_out("no thread");
    for (int round = 0; round < 3; round++) {
        await_writes(&w, 20);
        uint64_t before = atomic_load(&w.written);
        int master = cluster_master_of(&cluster, slot);
        redis_server_kill(&cluster.nodes[master]);
        for (int i = 0; i < 6000 && cluster_master_of(&cluster, slot) < 0; i++)
            poll(NULL, 0, 10);
        struct redis *reader = new_client(30000);
        none_lost = none_lost && strtoull(ask(reader, "{f}", "GET", "{f}:n", NULL), NULL, 10) >= before;
        redis_free(reader);
        cluster_revive(&cluster, master);
        cluster_await_whole(&cluster);
    }
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    ok(w.good, "three masters die, and every write gets through");
    ok(none_lost, "nothing that a replica had is lost");
    ok(w.longest_ms < 15000, "the longest took %lld ms", (long long)w.longest_ms);
    redis_free(w.r);
}

static void nobody_there(void)
{
    struct redis_settings s = {.timeout_ms = 200, .patience_ms = 300};
    struct errmsg msg;
    char uri[64];
    snprintf(uri, sizeof uri, "redis://127.0.0.1:%d/p", free_port());
    if (redis_address_parse(uri, &s.address, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct redis *r = redis_new(&s);
    const char *text = ask(r, "k", "GET", "k", NULL);
    ok(strstr(text, "Connection refused"), "where nobody listens it is said so: %s", text);
    redis_free(r);
}

static void passwords(void)
{
    static const char *const options[] = {"--requirepass", "open sesame", NULL};
    struct redis_server server = {.options = options};
    struct redis_settings s = {.timeout_ms = 1000, .patience_ms = 5000, .password = "open sesame"};
    struct errmsg msg;
    char uri[64];
    redis_server_start(&server);
    snprintf(uri, sizeof uri, "redis://127.0.0.1:%d/p", server.port);
    if (redis_address_parse(uri, &s.address, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    struct redis *r = redis_new(&s);
    is_str(ask(r, "k", "SET", "k", "v"), "OK", "with its password a server takes commands");
    redis_free(r);
    s.password = "open rice";
    r = redis_new(&s);
    const char *text = ask(r, "k", "GET", "k", NULL);
    ok(strncmp(text, err_text(ERR_INVALID), strlen(err_text(ERR_INVALID))) == 0 && !strstr(text, "rice"),
       "with another it is refused at once: %s", text);
    redis_free(r);
    redis_server_kill(&server);
}

int main(void)
{
    plan(0);
    nobody_there();
    passwords();
    cluster_start(&cluster);
    everywhere();
    taken_for_one();
    moved();
    on_its_way();
    failovers();
    cluster_stop(&cluster);
    return tap_end();
}
