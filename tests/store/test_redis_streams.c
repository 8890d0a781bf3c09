/* Inputs from streams: a commit that decides them removes them, once, and answers whoever sent them. */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/redis/streams.h"
#include "tests/store/redis_help.h"

#define INPUTS 3000
#define PATIENCE_MS 300

/* The clock that goes on while a machine sleeps may be set forward. */
static int64_t slept_s;

int clock_gettime(clockid_t id, struct timespec *t)
{
    int failed = (int)syscall(SYS_clock_gettime, id, t);
    t->tv_sec += id == CLOCK_BOOTTIME ? slept_s : 0;
    return failed;
}

static struct redis_help help;
static const struct store_options options = {.lease_ms = HELP_LEASE_MS};

static struct streams *open_streams(const char *uri)
{
    struct streams *st;
    struct errmsg msg;
    if (streams_open(uri, NULL, PATIENCE_MS, &st, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    return st;
}

static void add_number(struct streams *st, const char *stream, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    struct stream_field fields[] = {{STR_LIT("i"), str_of(text)}, {STR_LIT("k"), STR_LIT("")}};
    streams_add(st, &(struct stream_add){.stream = stream, .fields = fields, .n_fields = 2});
}

/* How many entries there are behind that id: what they are, when there are as many as that. */
static size_t read_some(struct streams *st, const char *stream, struct stream_id after, unsigned count,
                        const struct stream_entry **entries)
{
    struct stream_from from = {stream, after};
    struct errmsg msg;
    size_t n;
    if (streams_read(st, &from, 1, 0, count, entries, &n, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return n;
}

static size_t count_entries(struct streams *st, const char *stream)
{
    const struct stream_entry *entries;
    return read_some(st, stream, (struct stream_id){0, 0}, 10000, &entries);
}

/* One commit of n events, or of none, with those inputs. */
static enum err commit_consumed(struct store *s, uint64_t n, const struct consumed *consumed, size_t n_consumed,
                                struct errmsg *msg)
{
    struct store_info info;
    store_info(s, &info);
    struct buf b = events_make(info.durable + 1, info.durable + n);
    struct commit c = {.first = info.durable + 1,
                       .last = info.durable + n,
                       .lines = n ? buf_str(&b) : STR_NONE,
                       .consumed = consumed,
                       .n_consumed = n_consumed};
    enum err e = commit_whole(s, &c, msg);
    buf_done(&b);
    return e;
}

static uint64_t end_of(const struct store *s)
{
    struct store_info info;
    store_info(s, &info);
    return info.durable;
}

/* --- the streams --- */

static void test_reading(void)
{
    char uri[128];
    struct errmsg msg = {""};
    const struct stream_entry *entries;
    size_t n;
    help_uri(&help, "read", uri);
    struct streams *st = open_streams(uri);
    struct stream_from from[] = {{"in", {0, 0}}, {"in:face", {0, 0}}, {"in:none", {0, 0}}};
    is_int(streams_read(st, from, 3, 50, 10, &entries, &n, &msg), ERR_OK, "streams that are not there are empty");
    is_int((int64_t)n, 0, "when the time is over");
    for (uint64_t i = 1; i <= 5; i++)
        add_number(st, i % 2 ? "in" : "in:face", i);
    ok(streams_added(st) > 0 && count_entries(st, "in") == 0, "what is added is kept");
    ok(streams_send(st, &msg) == ERR_OK && streams_added(st) == 0, "until it is sent %s", msg.text);
    is_int(streams_read(st, from, 3, 50, 10, &entries, &n, &msg), ERR_OK, "then they are read");
    is_int((int64_t)n, 5, "from all streams");
    bool good = n == 5;
    for (size_t i = 0; good && i < n; i++) {
        const struct stream_entry *e = &entries[i];
        uint64_t number = i < 3 ? 2 * i + 1 : 2 * (i - 2);
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, number);
        good = e->from == (i >= 3) && e->id.ms > 0 && e->n_fields == 2 && str_is(e->fields[0].name, "i") &&
               str_is(e->fields[0].value, text) && str_is(e->fields[1].name, "k") && e->fields[1].value.n == 0;
    }
    ok(good, "each in its order, with its fields");
    from[0].after = entries[1].id;
    from[1].after = entries[4].id;
    is_int(streams_read(st, from, 2, 0, 10, &entries, &n, &msg), ERR_OK, "and from there on");
    ok(n == 1 && entries[0].from == 0 && str_is(entries[0].fields[0].value, "5"), "only what is behind");
    struct stream_id id = entries[0].id;
    is_int(streams_remove(st, "in", &id, 1, &msg), ERR_OK, "one is removed");
    is_int(streams_remove(st, "in", &id, 1, &msg), ERR_OK, "which may be said twice");
    is_int((int64_t)count_entries(st, "in"), 2, "the others stay");
    streams_close(st);
}

/* The server is told, but the answer does not come. */
static void test_sent_once(void)
{
    char uri[128];
    struct errmsg msg = {""};
    help_uri(&help, "once", uri);
    struct streams *st = open_streams(uri);
    add_number(st, "in", 0);
    is_int(streams_send(st, &msg), ERR_OK, "a first one");
    for (uint64_t i = 1; i <= 100; i++)
        add_number(st, "in", i);
    redis_server_halt(&help.server);
    is_int(streams_send(st, &msg), ERR_IO, "nobody answers: %s", msg.text);
    redis_server_go_on(&help.server);
    is_int(streams_send(st, &msg), ERR_OK, "it is sent again");
    is_int((int64_t)count_entries(st, "in"), 101, "and added once");
    struct stream_field f = {STR_LIT("a"), STR_LIT("b")};
    for (int i = 0; i < 1000; i++)
        streams_add(st, &(struct stream_add){"out:me", &f, 1, .keep = 100, .expire_ms = 60000});
    is_int(streams_send(st, &msg), ERR_OK, "some are of use for a while only");
    size_t n = count_entries(st, "out:me");
    ok(n >= 100 && n < 400, "of a stream with a bound about so many stay: %zu", n);
    long long ttl = help_meddle(&help, "PTTL %s", "{once/0}:out:me");
    ok(ttl > 50000 && ttl <= 60000, "and it is gone after its time: %lld", ttl);
    streams_close(st);
}

static void test_sent_too_late(void)
{
    char uri[128];
    struct errmsg msg = {""};
    help_uri(&help, "late", uri);
    struct streams *st = open_streams(uri);
    add_number(st, "in", 0);
    redis_server_halt(&help.server);
    is_int(streams_send(st, &msg), ERR_IO, "nobody answers");
    redis_server_go_on(&help.server);
    while (count_entries(st, "in") == 0)
        poll(NULL, 0, 1);
    help_meddle(&help, "EVAL %s 0", "for i, k in ipairs(redis.call('KEYS', '{late/0}:added:*')) do redis.call('DEL', k) end");
    slept_s = 400;
    is_int(streams_send(st, &msg), ERR_IO, "minutes later it is not sent again: %s", msg.text);
    slept_s = 0;
    is_int((int64_t)streams_added(st), 0, "but dropped");
    add_number(st, "in", 1);
    is_int(streams_send(st, &msg), ERR_OK, "then others are sent");
    is_int((int64_t)count_entries(st, "in"), 2, "and each is there once");
    streams_close(st);
}

/* Adds, removes and reads in one round trip; what is refused of it does not keep the rest back. */
static void test_turn(void)
{
    char uri[128];
    struct errmsg msg = {""};
    const struct stream_entry *entries;
    struct stream_from from = {"out:me", {0, 0}};
    help_uri(&help, "turn", uri);
    struct streams *st = open_streams(uri);
    for (uint64_t i = 0; i < 3; i++)
        add_number(st, "in", i);
    is_int(streams_send(st, &msg), ERR_OK, "three inputs");
    if (read_some(st, "in", (struct stream_id){0, 0}, 10, &entries) != 3)
        bail_out("three inputs are not there");
    struct stream_id ids[] = {entries[0].id, entries[2].id};
    add_number(st, "out:me", 7);
    struct stream_turn t = {.remove = {{"in", ids, 2}}, .from = &from, .count = 10, .safe = true};
    is_int(streams_turn(st, &t, &msg), ERR_OK, "a turn");
    ok(t.n_entries == 1 && str_is(t.entries[0].fields[0].value, "7") && !streams_added(st),
       "reads what it has added before");
    is_int((int64_t)count_entries(st, "in"), 1, "and removes what it was told to");
    struct stream_turn none = {.from = NULL};
    is_int(streams_turn(st, &none, &msg), ERR_OK, "there may be nothing to do");

    help_meddle(&help, "HINCRBY %s field 1", "{turn/0}:other");
    add_number(st, "other", 8);
    is_int(streams_turn(st, &t, &msg), ERR_INVALID, "what cannot be added is refused: %s", msg.text);
    ok(t.n_entries == 1 && streams_added(st) > 0, "what there is to read is read all the same");
    streams_drop(st);

    add_number(st, "in", 9);
    redis_server_halt(&help.server);
    is_int(streams_turn(st, &t, &msg), ERR_IO, "nobody answers: %s", msg.text);
    ok(t.n_entries == 0 && streams_added(st) > 0, "nothing is read, and what was to be added is still there");
    redis_server_go_on(&help.server);
    is_int(streams_turn(st, &t, &msg), ERR_OK, "it is sent again");
    is_int((int64_t)count_entries(st, "in"), 2, "and added once");
    streams_close(st);
}

/* --- commits --- */

static void test_consumed(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct stream_partial partial;
    const struct stream_entry *entries;
    redisReply *reply;
    help_uri(&help, "consumed", uri);
    struct store *s = help_open(uri, STORE_INIT, &options);
    struct redis_store *inside = redis_of(s);
    struct streams *st = open_streams(uri);
    for (uint64_t i = 0; i < 4; i++)
        add_number(st, "in:face", i);
    is_int(streams_send(st, &msg), ERR_OK, "four inputs");
    is_int(streams_partial(st, &partial, &msg), ERR_ABSENT, "none is done in part");
    struct stream_id id[4];
    if (read_some(st, "in:face", (struct stream_id){0, 0}, 10, &entries) != 4)
        bail_out("four inputs are not there");
    for (int i = 0; i < 4; i++)
        id[i] = entries[i].id;
#define INPUT(i, ...)                                                                        \
    {                                                                                        \
        .stream = STR_LIT("in:face"), .ms = id[i].ms, .n = id[i].n, __VA_ARGS__              \
    }
    struct consumed two[] = {INPUT(0, .whole = true, .reply_to = STR_LIT("out:a"), .reply = STR_LIT("done")),
                             INPUT(1, .done = 7, .reply_to = STR_LIT("out:a"), .reply = STR_LIT(""))};
    is_int(commit_consumed(s, 3, two, 2, &msg), ERR_OK, "a commit decides one and a part of the next %s", msg.text);
    is_int((int64_t)count_entries(st, "in:face"), 3, "the one is gone");
    ok(streams_partial(st, &partial, &msg) == ERR_OK && strcmp(partial.stream, "in:face") == 0 &&
           partial.id.ms == id[1].ms && partial.id.n == id[1].n && partial.done == 7,
       "of the next it is known how much is done");
    ok(read_some(st, "out:a", (struct stream_id){0, 0}, 10, &entries) == 1 && entries[0].n_fields == 2 &&
           str_is(entries[0].fields[0].name, STREAM_REPLY) && str_is(entries[0].fields[0].value, "done") &&
           str_is(entries[0].fields[1].name, STREAM_REPLY) && entries[0].fields[1].value.n == 0,
       "and whoever sent them is answered");
    long long ttl = help_meddle(&help, "PTTL %s", "{consumed/0}:out:a");
    ok(ttl > STREAM_REPLY_MS - 60000 && ttl <= STREAM_REPLY_MS, "for ten minutes: %lld", ttl);
    struct consumed more[] = {INPUT(1, .whole = true), INPUT(2, .done = 1, .reply_to = STR_LIT("out:a"),
                                                             .reply = STR_LIT("half"))};
    is_int(commit_consumed(s, 0, more, 2, &msg), ERR_OK, "a commit without events, too %s", msg.text);
    is_int(script_run(inside->commit_redis, inside->shard.slot, &inside->commit_call, NULL, &reply, &msg), ERR_OK,
           "when it is sent again");
    is_str(reply->str, "REPEATED", "it is known");
    freeReplyObject(reply);
    is_int((int64_t)count_entries(st, "out:a"), 2, "and answers nobody twice");
    ok(streams_partial(st, &partial, &msg) == ERR_OK && partial.id.n == id[2].n && partial.done == 1,
       "it takes the place of what was done in part before");
    struct consumed rest[] = {INPUT(2, .whole = true), INPUT(3, .whole = true)};
    is_int(commit_consumed(s, 2, rest, 2, &msg), ERR_OK, "the rest");
    is_int(streams_partial(st, &partial, &msg), ERR_ABSENT, "leaves nothing done in part");
    is_int((int64_t)count_entries(st, "in:face"), 0, "and nothing to do");
    is_int(commit_consumed(s, 1, rest, 1, &msg), ERR_DAMAGED, "an input that is gone is not decided: %s", msg.text);
    store_close(s);
    s = help_open(uri, STORE_WRITE, &options);
    is_int((int64_t)end_of(s), 5, "and nothing of that commit is there");
    store_close(s);
    streams_close(st);
}

static void test_elsewhere(void)
{
    struct errmsg msg = {""};
    struct store *s = help_open("memory:", STORE_INIT, NULL);
    struct consumed one = {.stream = STR_LIT("in"), .ms = 1, .whole = true};
    is_int(commit_consumed(s, 1, &one, 1, &msg), ERR_INVALID, "a store without streams refuses them: %s", msg.text);
    store_close(s);
}

/* --- killed between --- */

/* Decides what it reads, an event each, and three at a time. */
static _Noreturn void decide(const char *uri, _Atomic uint64_t *told)
{
    struct store *s = help_open(uri, STORE_WRITE, &options);
    struct streams *st = open_streams(uri);
    struct errmsg msg;
    const struct stream_entry *entries;
    for (;;) {
        struct consumed c[3];
        size_t n = read_some(st, "in", (struct stream_id){0, 0}, 3, &entries);
        for (size_t i = 0; i < n; i++)
            c[i] = (struct consumed){.stream = STR_LIT("in"),
                                     .ms = entries[i].id.ms,
                                     .n = entries[i].id.n,
                                     .whole = true,
                                     .reply_to = STR_LIT("out:a"),
                                     .reply = entries[i].fields[0].value};
        if (n && commit_consumed(s, n, c, n, &msg) != ERR_OK) {
            diag("%s", msg.text);
            _exit(1);
        }
        atomic_store(told, end_of(s));
    }
}

static bool replies_are_in_order(struct streams *st)
{
    const struct stream_entry *entries;
    size_t n = read_some(st, "out:a", (struct stream_id){0, 0}, 2 * INPUTS, &entries);
    size_t next = 0;
    bool good = true;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < entries[i].n_fields; k++)
            good = good && (size_t)strtoull(entries[i].fields[k].value.p, NULL, 10) == next++;
    return good && next == INPUTS;
}

static void test_kills(void)
{
    char uri[128];
    struct errmsg msg = {""};
    int status, kills = 0;
    help_uri(&help, "kills", uri);
    store_close(help_open(uri, STORE_INIT, &options));
    struct streams *st = open_streams(uri);
    for (uint64_t i = 0; i < INPUTS; i++)
        add_number(st, "in", i);
    is_int(streams_send(st, &msg), ERR_OK, "%d inputs %s", INPUTS, msg.text);
    _Atomic uint64_t *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < 100 && atomic_load(told) < INPUTS; i++) {
        uint64_t before = atomic_load(told);
        pid_t pid = fork();
        if (pid == 0)
            decide(uri, told);
        for (int k = 0; k < 5000 && atomic_load(told) < before + 150 && atomic_load(told) < INPUTS; k++)
            poll(NULL, 0, 2);
        usleep(i * 1009 % 5000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        kills += WIFSIGNALED(status);
    }
    struct store *s = help_open(uri, STORE_WRITE, &options);
    ok(kills > 5, "whoever decides them is killed %d times", kills);
    is_int((int64_t)end_of(s), INPUTS, "each is decided once");
    ok(replies_are_in_order(st), "and answered once, in order");
    is_int((int64_t)count_entries(st, "in"), 0, "and none is left");
    store_close(s);
    streams_close(st);
    munmap(told, sizeof *told);
}

int main(void)
{
    plan(0);
    help_start(&help);
    test_reading();
    test_sent_once();
    test_turn();
    test_sent_too_late();
    test_consumed();
    test_elsewhere();
    test_kills();
    redis_server_kill(&help.server);
    return tap_end();
}
