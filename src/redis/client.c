#include "redis/client.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "redis/fault.h"
#include "redis/topology.h"

#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_PATIENCE_MS 30000
#define FIRST_PAUSE_MS 5
#define LONGEST_PAUSE_MS 200
#define NS_PER_MS INT64_C(1000000)

struct redis {
    struct redis_settings settings;
    char *password;
    struct redis_login login;
    struct topology topology;
    bool known;                /* the topology has been asked for, and nothing since says that it is old */
    struct redis_node **nodes; /* by index of topology.masters */
    unsigned n_nodes;
};

/* One redis_run(). */
struct run {
    struct redis *r;
    unsigned slot, n;
    const struct redis_command *commands;
    redisReply **replies;
    int64_t deadline; /* monotonic nanoseconds */
    int64_t pause_ms;
    struct redis_node *asked; /* where ASK sent us; NULL: nowhere */
    bool served;              /* some of it was not sent elsewhere */
    bool clustered;           /* a node of a cluster, where one server was expected */
    struct errmsg why;        /* what stood in the way last */
};

struct redis *redis_new(const struct redis_settings *s)
{
    struct redis *r = mem_zalloc(1, sizeof *r);
    r->settings = *s;
    r->password = s->password ? mem_strdup(s->password) : NULL;
    r->settings.timeout_ms = s->timeout_ms ? s->timeout_ms : DEFAULT_TIMEOUT_MS;
    r->settings.patience_ms = s->patience_ms ? s->patience_ms : DEFAULT_PATIENCE_MS;
    r->login = (struct redis_login){r->settings.address.user, r->password, r->settings.timeout_ms};
    topology_init(&r->topology);
    return r;
}

static void hang_up(struct redis *r)
{
    for (unsigned i = 0; i < r->n_nodes; i++)
        redis_node_close(r->nodes[i]);
    free(r->nodes);
    r->nodes = NULL;
    r->n_nodes = 0;
}

void redis_free(struct redis *r)
{
    if (!r)
        return;
    hang_up(r);
    topology_done(&r->topology);
    if (r->password)
        explicit_bzero(r->password, strlen(r->password));
    free(r->password);
    free(r);
}

/* --- who serves what --- */

static enum err ask_slots(struct redis *r, struct redis_node *n, struct errmsg *msg)
{
    struct redis_command ask = {.n = 0};
    redisReply *reply;
    redis_command_set(&ask, "CLUSTER", "SLOTS", NULL);
    enum err e = redis_node_ask(n, &ask, &reply, msg);
    redis_command_done(&ask);
    if (e)
        return e;
    if (!topology_read_slots(&r->topology, reply, redis_node_host(n)))
        e = err_set(msg, ERR_IO, "%s:%u: it does not tell who serves which slot: %.200s", redis_node_host(n)->name,
                    redis_node_host(n)->port, reply->type == REDIS_REPLY_ERROR ? reply->str : "no slots are assigned");
    freeReplyObject(reply);
    return e;
}

static enum err ask_sentinel(struct redis *r, struct redis_node *n, struct errmsg *msg)
{
    const char *master = r->settings.address.master;
    struct redis_command ask = {.n = 0};
    redisReply *reply;
    redis_command_set(&ask, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", master, NULL);
    enum err e = redis_node_ask(n, &ask, &reply, msg);
    redis_command_done(&ask);
    if (e)
        return e;
    if (!topology_read_master(&r->topology, reply))
        e = err_set(msg, ERR_IO, "%s:%u: this sentinel knows no master \"%s\"", redis_node_host(n)->name,
                    redis_node_host(n)->port, master);
    freeReplyObject(reply);
    return e;
}

/* Sentinels are asked without the store's user, who is none of theirs. */
static enum err ask_host(struct redis *r, const struct redis_host *host, struct errmsg *msg)
{
    bool sentinel = r->settings.address.topology == REDIS_SENTINEL;
    struct redis_login nobody = {"", NULL, r->settings.timeout_ms};
    struct redis_node *n;
    enum err e = redis_node_open(host, sentinel ? &nobody : &r->login, &n, msg);
    if (e)
        return e;
    e = sentinel ? ask_sentinel(r, n, msg) : ask_slots(r, n, msg);
    redis_node_close(n);
    return e;
}

/* Of a cluster the masters that were known last are asked as well: those in the configuration may all be gone. */
static enum err ask_around(struct redis *r, struct errmsg *msg)
{
    const struct redis_address *a = &r->settings.address;
    enum err e = ERR_IO;
    for (unsigned i = 0; e == ERR_IO && i < a->n_hosts; i++)
        e = ask_host(r, &a->hosts[i], msg);
    for (unsigned i = 0; e == ERR_IO && a->topology == REDIS_CLUSTER && i < r->topology.n_masters; i++) {
        struct redis_host host = r->topology.masters[i];
        e = ask_host(r, &host, msg);
    }
    return e;
}

static enum err learn(struct redis *r, struct errmsg *msg)
{
    enum err e = ERR_OK;
    hang_up(r);
    if (r->settings.address.topology == REDIS_SINGLE)
        topology_single(&r->topology, &r->settings.address.hosts[0]);
    else
        e = ask_around(r, msg);
    if (e)
        return e;
    r->n_nodes = r->topology.n_masters;
    r->nodes = mem_zalloc(r->n_nodes, sizeof *r->nodes);
    r->known = true;
    return ERR_OK;
}

static enum err connect_to(struct redis *r, unsigned i, struct redis_node **out, struct errmsg *msg)
{
    enum err e = ERR_OK;
    if (!r->nodes[i])
        e = redis_node_open(&r->topology.masters[i], &r->login, &r->nodes[i], msg);
    if (e)
        r->known = false; /* it may be another's meanwhile */
    else
        *out = r->nodes[i];
    return e;
}

static enum err node_of(struct redis *r, unsigned slot, struct redis_node **out, struct errmsg *msg)
{
    enum err e = r->known ? ERR_OK : learn(r, msg);
    if (e)
        return e;
    int i = r->topology.of_slot[slot];
    if (i < 0) {
        r->known = false;
        return err_set(msg, ERR_IO, "nobody serves slot %u", slot);
    }
    return connect_to(r, (unsigned)i, out, msg);
}

enum err redis_masters(struct redis *r, unsigned slot, const struct redis_host **out, unsigned *n, unsigned *own,
                       struct errmsg *msg)
{
    enum err e = r->known ? ERR_OK : learn(r, msg);
    if (e)
        return e;
    if (r->topology.of_slot[slot] < 0)
        return err_set(msg, ERR_IO, "nobody serves slot %u", slot);
    *out = r->topology.masters;
    *n = r->topology.n_masters;
    *own = (unsigned)r->topology.of_slot[slot];
    return ERR_OK;
}

/* The connection, whichever place it has, is gone. */
static void drop(struct redis *r, struct redis_node *n)
{
    for (unsigned i = 0; i < r->n_nodes; i++)
        if (r->nodes[i] == n)
            r->nodes[i] = NULL;
    redis_node_close(n);
    r->known = false;
}

void redis_replies_free(redisReply **replies, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (replies[i])
            freeReplyObject(replies[i]);
        replies[i] = NULL;
    }
}

/* --- a call, until all of it has its reply --- */

static void follow_ask(struct run *run, const struct redis_redirect *to)
{
    struct redis_host host = to->host;
    if (!*host.name) {
        host = run->r->topology.masters[run->r->topology.of_slot[run->slot]];
        host.port = to->host.port;
    }
    if (!run->asked && redis_node_open(&host, &run->r->login, &run->asked, &run->why) != ERR_OK)
        run->asked = NULL;
}

/* It has no key, and is answered wherever it comes. */
static bool is_wait(const struct redis_command *c)
{
    static const char word[] = "$4\r\nWAIT\r\n";
    return c->bulks.n >= sizeof word - 1 && memcmp(c->bulks.p, word, sizeof word - 1) == 0;
}

/* Nobody else is known to whom it could go. */
static void note_moved(struct run *run)
{
    const struct redis *r = run->r;
    const struct redis_host *host = &r->topology.masters[0];
    if (r->settings.address.topology == REDIS_CLUSTER)
        return;
    run->clustered = true;
    err_set(&run->why, ERR_INVALID, "%s:%u is a node of a cluster: expected redis-cluster://%s:%u/...", host->name,
            (unsigned)host->port, host->name, (unsigned)host->port);
}

/* true: the reply is final. */
static bool judge(struct run *run, const redisReply *reply)
{
    struct redis_redirect to;
    if (reply->type != REDIS_REPLY_ERROR)
        return true;
    err_set(&run->why, ERR_IO, "%.300s", reply->str);
    switch (redis_fault_read((struct str){reply->str, reply->len}, &to)) {
    case REDIS_MOVED: note_moved(run); /* fall through */
    case REDIS_NO_MASTER: run->r->known = false; return false;
    case REDIS_ASK: follow_ask(run, &to); return false;
    case REDIS_LATER: return false;
    default: return true;
    }
}

static void send_all(const struct run *run, struct redis_node *n, bool asking)
{
    struct redis_command word = {.n = 0};
    redis_command_begin(&word, "ASKING");
    for (unsigned i = 0; i < run->n; i++) {
        if (asking)
            redis_node_add(n, &word);
        redis_node_add(n, &run->commands[i]);
    }
    redis_command_done(&word);
}

/* Takes a reply off for each command. ERR_MORE: one of them was not final; ERR_IO: the connection is gone. */
static enum err take_replies(struct run *run, struct redis_node *n, bool asking)
{
    enum err e = ERR_OK;
    bool final = true;
    run->served = false;
    for (unsigned i = 0; !e && i < run->n; i++) {
        redisReply *asked;
        if (asking && (e = redis_node_reply(n, &asked, &run->why)) == ERR_OK)
            freeReplyObject(asked);
        if (!e)
            e = redis_node_reply(n, &run->replies[i], &run->why);
        if (e)
            break;
        bool good = judge(run, run->replies[i]);
        run->served = run->served || (good && !is_wait(&run->commands[i]));
        final = final && good;
    }
    if (e || !final)
        redis_replies_free(run->replies, run->n);
    return e || final ? e : ERR_MORE;
}

/* All of it goes there, or nothing: a key that is still here must not be made there, too. Then the slot's move is
 * waited for. */
static enum err try_asked(struct run *run)
{
    struct redis_node *n = run->asked;
    run->asked = NULL;
    if (run->served) {
        redis_node_close(n);
        return ERR_MORE;
    }
    send_all(run, n, true);
    enum err e = take_replies(run, n, true);
    redis_node_close(n);
    return e ? ERR_MORE : ERR_OK;
}

static enum err try_once(struct run *run)
{
    struct redis_node *n = NULL;
    enum err e = node_of(run->r, run->slot, &n, &run->why);
    if (e)
        return e == ERR_INVALID ? e : ERR_MORE;
    send_all(run, n, false);
    e = take_replies(run, n, false);
    if (e == ERR_IO)
        drop(run->r, n);
    if (e && run->asked)
        e = try_asked(run);
    if (e && run->clustered)
        return ERR_INVALID;
    return e ? ERR_MORE : ERR_OK;
}

static void pause_a_little(struct run *run)
{
    struct timespec t = {.tv_nsec = run->pause_ms * NS_PER_MS};
    nanosleep(&t, NULL);
    run->pause_ms = run->pause_ms * 2 < LONGEST_PAUSE_MS ? run->pause_ms * 2 : LONGEST_PAUSE_MS;
}

enum err redis_run(struct redis *r, unsigned slot, const struct redis_command *commands, unsigned n,
                   redisReply **replies, struct errmsg *msg)
{
    struct run run = {
        .r = r, .slot = slot, .n = n, .commands = commands, .replies = replies, .pause_ms = FIRST_PAUSE_MS};
    run.deadline = clock_monotonic_ns() + r->settings.patience_ms * NS_PER_MS;
    memset(replies, 0, n * sizeof *replies);
    for (;;) {
        bool old = !r->known;
        enum err e = try_once(&run);
        if (e == ERR_MORE && clock_monotonic_ns() < run.deadline) {
            /* A slot that has moved is served elsewhere at once; whatever else is in the way takes a while. */
            if (r->known || old)
                pause_a_little(&run);
            continue;
        }
        if (e == ERR_OK)
            return ERR_OK;
        redis_replies_free(replies, n);
        return err_set(msg, e == ERR_MORE ? ERR_IO : e, "%s", run.why.text);
    }
}
