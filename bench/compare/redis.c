/* bench/compare: Redis over its Unix socket, by the functions of redis.lua (COMPARE_FUNCTIONS names the file); and the
 * lists of BullMQ, which are read off its own keys. */
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "bench/compare/client.h"
#include "bench/compare/crowd.h"
#include "bench/connect.h"

#define PIPELINE 4       /* batches on their way, one a connection */
#define SWEEP_SLICE 1000 /* deadlines a call, for others wait meanwhile */
#define WORD_BYTES 32
#define ENROL_WORDS 3
#define CERTIFY_WORDS 6

static redisContext *try_to_connect(const struct client *c)
{
    char path[256];
    snprintf(path, sizeof path, "%s/redis.sock", c->folder);
    return redisConnectUnix(path);
}

static redisContext *must_connect(const struct client *c)
{
    redisContext *r = try_to_connect(c);
    if (!r || r->err)
        die("redis.sock");
    return r;
}

static redisReply *must_be(redisReply *r, int type)
{
    if (!r || r->type != type) {
        fprintf(stderr, "redis: %s\n", r && r->str ? r->str : "no answer");
        exit(1);
    }
    return r;
}

static void load(const struct client *c)
{
    struct buf b = BUF_INIT;
    const char *path = getenv("COMPARE_FUNCTIONS");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f)
        die("COMPARE_FUNCTIONS");
    for (char line[512]; fgets(line, sizeof line, f);)
        buf_adds(&b, line);
    fclose(f);
    redisContext *r = must_connect(c);
    freeReplyObject(must_be(redisCommand(r, "FUNCTION LOAD REPLACE %b", b.p, b.n), REDIS_REPLY_STRING));
    redisFree(r);
    buf_done(&b);
}

/* --- calls with many words --- */

struct call {
    char (*words)[WORD_BYTES];
    const char **argv;
    unsigned n;
};

static void call_init(struct call *k, unsigned words)
{
    k->words = mem_zalloc(words, sizeof *k->words);
    k->argv = mem_zalloc(words + 3, sizeof *k->argv);
    k->n = 0;
}

static void call_done(struct call *k)
{
    free(k->words);
    free(k->argv);
}

static void add_person(struct call *k, uint32_t i, bool certified)
{
    lc_date due = job_due(certified ? job_certified(i) : job_approved(i));
    char(*w)[WORD_BYTES] = k->words + k->n;
    bench_id(i, w[0]);
    snprintf(w[1], WORD_BYTES, "%d", due - DATE_UNIX_EPOCH);
    snprintf(w[2], WORD_BYTES, "%" PRId64, job_deadline(due, JOB_FIRST));
    k->n += ENROL_WORDS;
    if (!certified)
        return;
    date_format(job_certified(i), w[3]);
    w[3][10] = '\0';
    snprintf(w[4], WORD_BYTES, "%s", job_channel(i));
    job_ref(i, w[5]);
    k->n = k->n - ENROL_WORDS + CERTIFY_WORDS;
}

static void send_call(redisContext *r, struct call *k, const char *function)
{
    int done = 0;
    k->argv[0] = "FCALL";
    k->argv[1] = function;
    k->argv[2] = "0";
    for (unsigned i = 0; i < k->n; i++)
        k->argv[3 + i] = k->words[i];
    redisAppendCommandArgv(r, (int)k->n + 3, k->argv, NULL);
    while (!done)
        if (redisBufferWrite(r, &done) != REDIS_OK)
            die("redis: write");
    k->n = 0;
}

/* --- connections --- */

struct line {
    redisContext *redis;
    const struct client *client;
    struct call call;
    uint32_t expected;
};

static void *line_open(void *arg)
{
    struct line *l = mem_zalloc(1, sizeof *l);
    l->client = arg;
    l->redis = must_connect(arg);
    call_init(&l->call, CLIENT_BATCH * CERTIFY_WORDS);
    return l;
}

static int line_fd(void *line)
{
    return ((struct line *)line)->redis->fd;
}

static bool send_enrolments(void *line, uint32_t item)
{
    struct line *l = line;
    uint32_t i = item * CLIENT_BATCH, end = i + CLIENT_BATCH;
    l->expected = 0;
    for (; i < end && i < l->client->people; i++, l->expected++)
        add_person(&l->call, i, false);
    send_call(l->redis, &l->call, "enrol");
    return true;
}

static bool send_batch(void *line, uint32_t item)
{
    struct line *l = line;
    uint32_t k = item * CLIENT_BATCH, end = k + CLIENT_BATCH, n = client_batched(l->client);
    l->expected = 0;
    for (; k < end && k < n; k++, l->expected++)
        add_person(&l->call, client_certifier(l->client, k), true);
    send_call(l->redis, &l->call, "certify");
    return true;
}

static bool send_one(void *line, uint32_t item)
{
    struct line *l = line;
    l->expected = 1;
    add_person(&l->call, client_certifier(l->client, client_batched(l->client) + item), true);
    send_call(l->redis, &l->call, "certify");
    return true;
}

static bool take(void *line)
{
    struct line *l = line;
    void *reply = NULL;
    if (redisBufferRead(l->redis) != REDIS_OK || redisGetReplyFromReader(l->redis, &reply) != REDIS_OK)
        die("redis: read");
    if (!reply)
        return false;
    if (must_be(reply, REDIS_REPLY_INTEGER)->integer != l->expected) {
        fputs("redis: not everybody was known\n", stderr);
        exit(1);
    }
    freeReplyObject(reply);
    return true;
}

static void line_close(void *line)
{
    struct line *l = line;
    redisFree(l->redis);
    call_done(&l->call);
    free(l);
}

static void enrol(const struct client *c)
{
    static const struct crowd_ops ops = {line_open, line_fd, send_enrolments, take, line_close};
    client_rate("enrol", c->people, crowd_run(&ops, (void *)(uintptr_t)c, PIPELINE, client_batches(c->people)));
}

static void certify_batched(const struct client *c)
{
    static const struct crowd_ops ops = {line_open, line_fd, send_batch, take, line_close};
    uint32_t n = client_batched(c);
    client_rate("certify-batched", n, crowd_run(&ops, (void *)(uintptr_t)c, PIPELINE, client_batches(n)));
}

static void certify_single(const struct client *c)
{
    static const struct crowd_ops ops = {line_open, line_fd, send_one, take, line_close};
    uint32_t n = job_singles(c->people);
    client_rate("certify-single", n, crowd_run(&ops, (void *)(uintptr_t)c, CLIENT_CONNECTIONS, n));
}

/* --- the sweep: the calls are pipelined, so that one is always there when the last is done --- */

static void append_sweep(redisContext *r)
{
    if (redisAppendCommand(r, "FCALL sweep 0 %lld %d", (long long)job_swept_to(), SWEEP_SLICE) != REDIS_OK)
        die("redis: sweep");
}

static void sweep(const struct client *c)
{
    uint64_t events = 0;
    redisContext *r = must_connect(c);
    double began = client_seconds();
    append_sweep(r);
    for (bool more = true; more;) {
        redisReply *reply = NULL;
        append_sweep(r);
        redisGetReply(r, (void **)&reply);
        more = must_be(reply, REDIS_REPLY_INTEGER)->integer > 0;
        events += (uint64_t)reply->integer;
        freeReplyObject(reply);
    }
    client_swept(events, client_seconds() - began);
    redisFree(r);
}

/* --- lists: Redis's own, and BullMQ's, whose instants are milliseconds, moved as COMPARE_MOVED says, times 4096 --- */

struct list {
    redisContext *redis;
    lc_date from, to;
    struct job_counts counts;
    struct job_ids ids;
    bool bullmq;
};

static const char *list_key(const struct list *l)
{
    return l->bullmq ? "bull:deadlines:delayed" : "deadline";
}

static int64_t score(const struct list *l, lc_date day)
{
    const char *moved = getenv("COMPARE_MOVED");
    int64_t at = job_midnight(day);
    return l->bullmq ? (at * 1000 + strtoll(moved ? moved : "0", NULL, 10)) * 4096 : at;
}

static bool read_counts(struct list *l)
{
    bool good = true;
    l->counts = (struct job_counts){.n = 0};
    for (lc_date day = l->from; day <= l->to; day++)
        redisAppendCommand(l->redis, "ZCOUNT %s %lld (%lld", list_key(l), (long long)score(l, day),
                           (long long)score(l, day + 1));
    for (lc_date day = l->from; day <= l->to && good; day++) {
        redisReply *reply = NULL;
        good = redisGetReply(l->redis, (void **)&reply) == REDIS_OK && reply->type == REDIS_REPLY_INTEGER;
        if (good)
            job_counts_add(&l->counts, day, (uint64_t)reply->integer);
        freeReplyObject(reply);
    }
    return good;
}

static void ask_counts(void *list)
{
    if (!read_counts(list))
        die("redis: ZCOUNT");
}

/* A job's id has a letter before the person's: BullMQ wants none that is a number. */
static void ask_ids(void *list)
{
    struct list *l = list;
    lc_date day = job_days().listed;
    redisReply *r = must_be(redisCommand(l->redis, "ZRANGEBYSCORE %s %lld (%lld", list_key(l), (long long)score(l, day),
                                         (long long)score(l, day + 1)),
                            REDIS_REPLY_ARRAY);
    l->ids = (struct job_ids){0};
    for (size_t i = 0; i < r->elements; i++)
        job_ids_add(&l->ids, r->element[i]->str + l->bullmq, r->element[i]->len - l->bullmq);
    freeReplyObject(r);
}

static uint64_t number(redisContext *redis, const char *command)
{
    redisReply *r = redisCommand(redis, command);
    uint64_t n = r && r->type == REDIS_REPLY_INTEGER  ? (uint64_t)r->integer
                 : r && r->type == REDIS_REPLY_STRING ? strtoull(r->str, NULL, 10)
                                                      : 0;
    freeReplyObject(r);
    return n;
}

static void say_status(const struct list *l)
{
    client_statuses(number(l->redis, "HGET statuses active"), number(l->redis, "HGET statuses grace"),
                    number(l->redis, "HGET statuses suspended"));
}

static void lists_before(const struct client *c, bool bullmq)
{
    struct list l = {must_connect(c), .from = date_make(2026, 5, 20), .to = date_make(2027, 6, 23), .bullmq = bullmq};
    ask_counts(&l);
    client_counts("before", &l.counts);
    redisFree(l.redis);
}

static void lists_after(const struct client *c, bool bullmq)
{
    struct job_days days = job_days();
    struct list l = {must_connect(c), .from = days.from, .to = days.to, .bullmq = bullmq};
    client_row("due-counts", client_median_ms(ask_counts, &l));
    client_counts("after", &l.counts);
    client_row("due-ids", client_median_ms(ask_ids, &l));
    client_ids(&l.ids);
    say_status(&l);
    redisFree(l.redis);
}

static bool answers_right(const struct client *c, bool bullmq, const char *right)
{
    struct job_days days = job_days();
    struct list l = {try_to_connect(c), .from = days.from, .to = days.to, .bullmq = bullmq};
    bool good = l.redis && !l.redis->err && read_counts(&l) && strcmp(l.counts.text, right) == 0;
    redisFree(l.redis);
    return good;
}

static void wait_for_lists(const struct client *c, bool bullmq)
{
    struct job_answers right;
    job_answers(c->people, &right);
    while (!answers_right(c, bullmq, right.after.text))
        usleep(500);
    client_answered();
}

static void due_before(const struct client *c)
{
    lists_before(c, false);
}

static void due_after(const struct client *c)
{
    lists_after(c, false);
}

static void await(const struct client *c)
{
    wait_for_lists(c, false);
}

static void bullmq_due_before(const struct client *c)
{
    lists_before(c, true);
}

static void bullmq_due_after(const struct client *c)
{
    lists_after(c, true);
}

static void bullmq_await(const struct client *c)
{
    wait_for_lists(c, true);
}

int main(int argc, char **argv)
{
    static const struct client_phase phases[] = {{"load", load},
                                                 {"enrol", enrol},
                                                 {"certify-batched", certify_batched},
                                                 {"certify-single", certify_single},
                                                 {"due-before", due_before},
                                                 {"sweep", sweep},
                                                 {"due-after", due_after},
                                                 {"await", await},
                                                 {"bullmq-due-before", bullmq_due_before},
                                                 {"bullmq-due-after", bullmq_due_after},
                                                 {"bullmq-await", bullmq_await},
                                                 {NULL, NULL}};
    return client_main(argc, argv, phases);
}
