/* A cluster whose masters die while inputs come by streams and are decided: with a replica that has each commit,
 * nothing that anybody was told of is lost, and no input is decided twice. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/redis/streams.h"
#include "tests/redis/cluster.h"
#include "tests/store/redis_help.h"

#define FAILOVERS 3
#define BATCH 5

static struct cluster cluster;
static char uri[256];
static const struct store_options options = {.lease_ms = 1000, .replicas = 1};
static atomic_bool sent_all, decided_all;
static _Atomic uint64_t sent, told; /* inputs; the last event that the owner was told to be durable */

static struct streams *open_streams(void)
{
    struct streams *st;
    struct errmsg msg;
    if (streams_open(uri, NULL, 0, &st, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return st;
}

/* Sends numbers, and never one twice: what a failover forgets of them is lost, and nobody was told of it. */
static void *send_inputs(void *arg)
{
    struct streams *st = open_streams();
    struct errmsg msg;
    (void)arg;
    for (uint64_t number = 0; !atomic_load(&sent_all);) {
        for (int i = 0; i < BATCH; i++) {
            char text[24];
            snprintf(text, sizeof text, "%" PRIu64, number++);
            struct stream_field f = {STR_LIT("i"), str_of(text)};
            streams_add(st, &(struct stream_add){"in", &f, 1, .keep = 0});
        }
        while (streams_send(st, &msg) != ERR_OK)
            diag("sending: %s", msg.text);
        atomic_store(&sent, number);
        poll(NULL, 0, 2);
    }
    streams_close(st);
    return NULL;
}

static struct store *open_again(void)
{
    struct store *s;
    struct errmsg msg;
    for (int i = 0; i < 600; i++) { /* until the new master has a replica again */
        if (store_open(uri, STORE_WRITE, &options, &s, NULL, &msg) == ERR_OK)
            return s;
        poll(NULL, 0, 50);
    }
    bail_out("opening: %s", msg.text);
}

static uint64_t end_of(const struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info.durable;
}

/* One commit of what the stream has; false: nothing. */
static bool decide_some(struct store *s, struct streams *st, enum err *e)
{
    struct consumed c[64];
    const struct stream_entry *entries;
    struct stream_from from = {"in", {0, 0}};
    struct errmsg msg;
    size_t n;
    if (streams_read(st, &from, 1, 20, 64, &entries, &n, &msg) != ERR_OK)
        bail_out("reading inputs: %s", msg.text);
    if (n == 0)
        return false;
    uint64_t first = end_of(s) + 1;
    struct buf b = events_make(first, first + n - 1);
    for (size_t i = 0; i < n; i++)
        c[i] = (struct consumed){.stream = STR_LIT("in"),
                                 .ms = entries[i].id.ms,
                                 .n = entries[i].id.n,
                                 .whole = true,
                                 .reply_to = STR_LIT("out:a"),
                                 .reply = entries[i].fields[0].value};
    struct commit commit = {
        .first = first, .last = first + n - 1, .lines = buf_str(&b), .consumed = c, .n_consumed = n};
    *e = commit_whole(s, &commit, &msg);
    if (*e)
        diag("a commit: %s", msg.text);
    buf_done(&b);
    return true;
}

/* The owner: opens the shard again whenever a commit fails. */
static void *decide_inputs(void *arg)
{
    struct streams *st = open_streams();
    struct store *s = open_again();
    (void)arg;
    for (bool more = true; more || !atomic_load(&sent_all);) {
        enum err e = ERR_OK;
        more = decide_some(s, st, &e);
        if (!e) {
            atomic_store(&told, end_of(s));
            continue;
        }
        store_close(s);
        s = open_again();
        if (end_of(s) < atomic_load(&told))
            bail_out("the log ends at event %" PRIu64 ", %" PRIu64 " were told", end_of(s), atomic_load(&told));
    }
    store_close(s);
    streams_close(st);
    atomic_store(&decided_all, true);
    return NULL;
}

static void kill_masters(unsigned slot)
{
    for (int i = 0; i < FAILOVERS; i++) {
        int master = cluster_master_of(&cluster, slot);
        if (master < 0)
            bail_out("nobody serves the slot");
        redis_server_kill(&cluster.nodes[master]);
        int64_t killed = clock_monotonic_ns();
        for (int now = master; now < 0 || now == master; now = cluster_master_of(&cluster, slot))
            poll(NULL, 0, 20);
        cluster_revive(&cluster, master); /* a commit waits for it */
        cluster_await_whole(&cluster);
        uint64_t before = atomic_load(&told);
        while (atomic_load(&told) < before + 50 && clock_monotonic_ns() - killed < INT64_C(60000000000))
            poll(NULL, 0, 5);
        diag("failover %d: 50 more events after %d ms", i, (int)((clock_monotonic_ns() - killed) / 1000000));
    }
}

static void count_replies(uint64_t *replies, uint64_t *twice)
{
    struct streams *st = open_streams();
    const struct stream_entry *entries;
    struct stream_from from = {"out:a", {0, 0}};
    struct errmsg msg;
    size_t n;
    unsigned char *seen = mem_zalloc(atomic_load(&sent) + 1, 1);
    *replies = *twice = 0;
    do {
        if (streams_read(st, &from, 1, 0, 1000, &entries, &n, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < entries[i].n_fields; k++) {
                uint64_t number = strtoull(entries[i].fields[k].value.p, NULL, 10);
                *twice += number >= atomic_load(&sent) || seen[number]++;
            }
            *replies += entries[i].n_fields;
            from.after = entries[i].id;
        }
    } while (n);
    free(seen);
    streams_close(st);
}

int main(void)
{
    plan(0);
    const char *suite = getenv("TEST_SUITE");
    if (suite && strcmp(suite, "plain") != 0) {
        ok(true, "a cluster is too slow here");
        return tap_end();
    }
    cluster_start(&cluster);
    cluster_uri(&cluster, "failover", uri, sizeof uri - 2);
    strcat(uri, "#0");
    struct store *s = help_open(uri, STORE_INIT, &options);
    unsigned slot = redis_of(s)->shard.slot;
    store_close(s);
    pthread_t sender, owner;
    if (pthread_create(&sender, NULL, send_inputs, NULL) != 0 || pthread_create(&owner, NULL, decide_inputs, NULL) != 0)
        bail_out("no thread");
    kill_masters(slot);
    atomic_store(&sent_all, true);
    pthread_join(sender, NULL);
    pthread_join(owner, NULL);
    uint64_t replies, twice;
    struct errmsg msg = {""};
    s = help_open(uri, STORE_WRITE, &options); /* verifies it */
    count_replies(&replies, &twice);
    ok(end_of(s) >= atomic_load(&told), "over %d failovers no event is lost that was told to be durable", FAILOVERS);
    is_int((int64_t)twice, 0, "no input is decided twice");
    is_int((int64_t)replies, (int64_t)end_of(s), "and each that is was answered");
    is_int(read_all(s, 0, NULL, &msg), (int64_t)end_of(s), "the log verifies %s", msg.text);
    ok(replies + 1000 > atomic_load(&sent) && replies > 100, "of %d inputs %d were decided", (int)atomic_load(&sent),
       (int)replies);
    store_close(s);
    cluster_stop(&cluster);
    return tap_end();
}
