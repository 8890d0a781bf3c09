/* What Redis alone does with the work of a commit, as a limit for bench/cluster.sh: nothing of the daemon, scripts that
 * write what a commit must write at the least, and as many of them on their way as there is room for.
 *
 *   bench/cluster_limit INPUTS INPUTS-A-CALL LINE-BYTES STREAM-SHARE REPLICAS PORT/TAG...
 *
 * Each input leaves an event of LINE-BYTES. STREAM-SHARE of them come in an entry of an input stream, of its size, which
 * is added, read, removed by the call, and answered; the answer is read. PORT/TAG is a shard: the server on 127.0.0.1, and its keys' hash tag, behind
 * which they have names of their own. One thread a server; the calls are written beforehand, so that this program costs
 * next to nothing. */
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "redis/command.h"

#define SHARDS_MAX 64
#define DEPTH 2          /* calls of one shard that are on their way */
#define INPUT_BYTES 112  /* a certification in an input stream */
#define REPLY_BYTES 10   /* its result */
#define WAIT_MS 5000

/* KEYS state log in out; ARGV how many events, the entry's id ("": none), its reply, hash; then the lines. */
static const char commit[] =
    "local last = tonumber(redis.call('HGET', KEYS[1], 'last') or 0)\n"
    "for i = 1, tonumber(ARGV[1]) do\n"
    "    redis.call('XADD', KEYS[2], (last + i) .. '-0', 'e', ARGV[4 + i])\n"
    "end\n"
    "redis.call('HSET', KEYS[1], 'last', last + ARGV[1], 'seal', ARGV[4])\n"
    "if ARGV[2] ~= '' then\n"
    "    redis.call('XDEL', KEYS[3], ARGV[2])\n"
    "    redis.call('XADD', KEYS[4], 'MAXLEN', '1', '*', 'r', ARGV[3])\n"
    "end\n"
    "return 1\n";

struct plan {
    unsigned long inputs, per_call, line, replicas;
    double share;
};

struct shard {
    const char *tag;
    struct buf lines;  /* as arguments, written once */
    struct buf entry;  /* what the input stream gets */
    struct buf reply;
    unsigned long calls; /* so far: the entries' ids */
};

struct server {
    int port;
    const struct plan *plan;
    struct shard shards[SHARDS_MAX];
    unsigned n_shards;
    atomic_ulong *left; /* inputs, of all servers */
    redisContext *redis;
    char sha[41];
    unsigned long waiting; /* replies */
    pthread_t thread;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench/cluster_limit: %s\n", what);
    exit(1);
}

static void fill(struct buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addc(b, (char)('0' + (i * 7 + i / 10) % 75));
}

static void shard_init(struct shard *s, const char *tag, const struct plan *p)
{
    struct redis_command lines = {.n = 0};
    struct buf line = BUF_INIT;
    *s = (struct shard){.tag = tag};
    fill(&line, p->line);
    for (unsigned long i = 0; i < p->per_call; i++)
        redis_command_add(&lines, buf_str(&line));
    s->lines = lines.bulks;
    fill(&s->entry, (size_t)(p->share * (double)p->per_call * INPUT_BYTES));
    fill(&s->reply, (size_t)(p->share * (double)p->per_call * REPLY_BYTES));
    buf_done(&line);
}

static void must_append(struct server *v, const struct redis_command *c)
{
    struct buf text = BUF_INIT;
    redis_command_write(c, &text);
    if (redisAppendFormattedCommand(v->redis, text.p, text.n) != REDIS_OK)
        fail(v->redis->errstr);
    buf_done(&text);
    v->waiting++;
}

static void take_reply(struct server *v)
{
    void *reply;
    if (redisGetReply(v->redis, &reply) != REDIS_OK)
        fail(v->redis->errstr);
    if (((redisReply *)reply)->type == REDIS_REPLY_ERROR)
        fail(((redisReply *)reply)->str);
    freeReplyObject(reply);
    v->waiting--;
}

static struct str key(char room[160], const struct shard *s, const char *name)
{
    snprintf(room, 160, "{%s}:limit:%s", s->tag, name);
    return str_of(room);
}

static void add_entry(struct server *v, struct shard *s, const char *id)
{
    struct redis_command c = {.n = 0};
    char room[160];
    redis_command_begin(&c, "XADD");
    redis_command_add(&c, key(room, s, "in"));
    redis_command_add(&c, str_of(id));
    redis_command_add(&c, STR_LIT("w"));
    redis_command_add(&c, buf_str(&s->entry));
    must_append(v, &c);
    redis_command_done(&c);
}

/* What is newest in it: of the input stream the owner reads it, of the other one who asked. */
static void read_newest(struct server *v, const struct shard *s, const char *name)
{
    struct redis_command c = {.n = 0};
    char room[160];
    redis_command_set(&c, "XREVRANGE", key(room, s, name).p, "+", "-", "COUNT", "1", NULL);
    must_append(v, &c);
    redis_command_done(&c);
}

static void call(struct server *v, struct shard *s)
{
    static const char *const names[] = {"state", "log", "in", "out"};
    struct redis_command c = {.n = 0};
    char room[160], id[32] = "";
    s->calls++;
    if (s->entry.n) {
        snprintf(id, sizeof id, "%lu-0", s->calls);
        add_entry(v, s, id);
        read_newest(v, s, "in");
    }
    redis_command_begin(&c, "EVALSHA");
    redis_command_add(&c, str_of(v->sha));
    redis_command_add_u64(&c, 4);
    for (int i = 0; i < 4; i++)
        redis_command_add(&c, key(room, s, names[i]));
    redis_command_add_u64(&c, v->plan->per_call);
    redis_command_add(&c, str_of(id));
    redis_command_add(&c, buf_str(&s->reply));
    redis_command_add(&c, STR_LIT("0123456789012345678901234567890123456789012345678901234567890123"));
    buf_addstr(&c.bulks, buf_str(&s->lines));
    c.n += (unsigned)v->plan->per_call;
    must_append(v, &c);
    redis_command_done(&c);
    if (*id)
        read_newest(v, s, "out");
}

static void add_wait(struct server *v)
{
    struct redis_command c = {.n = 0};
    redis_command_begin(&c, "WAIT");
    redis_command_add_u64(&c, v->plan->replicas);
    redis_command_add_u64(&c, WAIT_MS);
    must_append(v, &c);
    redis_command_done(&c);
}

static bool take_share(struct server *v)
{
    unsigned long left = atomic_load(v->left);
    do {
        if (left == 0)
            return false;
    } while (!atomic_compare_exchange_weak(v->left, &left, left > v->plan->per_call ? left - v->plan->per_call : 0));
    return true;
}

/* With replicas a WAIT stands behind one call of each shard: it holds up its connection, not one shard alone. */
static void *run(void *arg)
{
    struct server *v = arg;
    unsigned long bound = DEPTH * v->n_shards * (v->plan->share > 0 ? 4 : 1); /* replies */
    bool more = true;
    while (more) {
        for (unsigned i = 0; more && i < v->n_shards; i++)
            if ((more = take_share(v)))
                call(v, &v->shards[i]);
        if (v->plan->replicas)
            add_wait(v);
        while (v->waiting > (more ? bound : 0))
            take_reply(v);
    }
    return NULL;
}

static void connect_to(struct server *v)
{
    v->redis = redisConnect("127.0.0.1", v->port);
    if (!v->redis || v->redis->err)
        fail("no connection");
    redisReply *r = redisCommand(v->redis, "SCRIPT LOAD %s", commit);
    if (!r || r->type != REDIS_REPLY_STRING || r->len != 40)
        fail("the script is not taken");
    memcpy(v->sha, r->str, 41);
    freeReplyObject(r);
}

/* What is left of it would count as the daemons'. */
static void tidy_up(struct server *v)
{
    static const char *const names[] = {"state", "log", "in", "out"};
    for (unsigned i = 0; i < v->n_shards; i++)
        for (int k = 0; k < 4; k++) {
            struct redis_command c = {.n = 0};
            char room[160];
            redis_command_set(&c, "DEL", key(room, &v->shards[i], names[k]).p, NULL);
            must_append(v, &c);
            redis_command_done(&c);
            take_reply(v);
        }
}

static unsigned add_shard(struct server *servers, unsigned n, char *place, const struct plan *p)
{
    char *slash = strchr(place, '/');
    int port = atoi(place);
    unsigned i = 0;
    if (!slash)
        fail("a shard is PORT/TAG");
    while (i < n && servers[i].port != port)
        i++;
    if (i == SHARDS_MAX || servers[i].n_shards == SHARDS_MAX)
        fail("too many shards");
    servers[i].port = port;
    shard_init(&servers[i].shards[servers[i].n_shards++], slash + 1, p);
    return i == n ? n + 1 : n;
}

int main(int argc, char **argv)
{
    static struct server servers[SHARDS_MAX];
    unsigned n = 0;
    atomic_ulong left;
    if (argc < 7)
        fail("usage: cluster_limit INPUTS INPUTS-A-CALL LINE-BYTES STREAM-SHARE REPLICAS PORT/TAG...");
    struct plan plan = {
        .inputs = strtoul(argv[1], NULL, 10),
        .per_call = strtoul(argv[2], NULL, 10),
        .line = strtoul(argv[3], NULL, 10),
        .share = strtod(argv[4], NULL),
        .replicas = strtoul(argv[5], NULL, 10),
    };
    if (!plan.inputs || !plan.per_call || !plan.line)
        fail("nothing to do");
    atomic_init(&left, plan.inputs);
    for (int i = 6; i < argc; i++)
        n = add_shard(servers, n, argv[i], &plan);
    for (unsigned i = 0; i < n; i++) {
        servers[i].plan = &plan;
        servers[i].left = &left;
        connect_to(&servers[i]);
    }
    int64_t began = clock_monotonic_ns();
    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&servers[i].thread, NULL, run, &servers[i]) != 0)
            fail("no thread");
    for (unsigned i = 0; i < n; i++)
        pthread_join(servers[i].thread, NULL);
    printf("%.0f\n", (double)plan.inputs / ((double)(clock_monotonic_ns() - began) / 1e9));
    for (unsigned i = 0; i < n; i++)
        tidy_up(&servers[i]);
    return 0;
}
