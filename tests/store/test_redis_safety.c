/* Servers that may lose what they have acknowledged: each wrong in one way, refused with a sentence that mends it, and
 * taken with a warning when that is asked for. */
#include <poll.h>
#include <stdlib.h>

#include "store/redis/safety.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/redis/cluster.h"

static struct redis_server server;

static void tell_port(int port, const char *format, va_list args)
{
    redisContext *c = redisConnect("127.0.0.1", port);
    redisReply *reply = c && !c->err ? redisvCommand(c, format, args) : NULL;
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", format, reply ? reply->str : "no answer");
    freeReplyObject(reply);
    redisFree(c);
}

static void tell(const struct redis_server *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell_port(s->port, format, args);
    va_end(args);
}

static void note_warning(void *arg, const char *text)
{
    struct buf *b = arg;
    buf_adds(b, text);
    buf_addc(b, '\n');
}

/* The number of a port in a text becomes PORT, so that it can be compared. */
static const char *without_port(const char *text, int port)
{
    static char out[4096];
    char digits[8];
    size_t n = 0, length = (size_t)snprintf(digits, sizeof digits, "%d", port);
    while (*text && n + 8 < sizeof out) {
        bool here = strncmp(text, digits, length) == 0;
        n += (size_t)snprintf(out + n, sizeof out - n, "%.*s", here ? 4 : 1, here ? "PORT" : text);
        text += here ? length : 1;
    }
    out[n] = '\0';
    return out;
}

static enum err try_open(const char *uri, struct store_options o, struct errmsg *msg)
{
    struct store *s;
    msg->text[0] = '\0';
    enum err e = store_open(uri, STORE_INIT, &o, &s, NULL, msg);
    if (e == ERR_OK)
        store_close(s);
    return e;
}

/* A store of its own each time. */
static void next_uri(const char *user, char out[128])
{
    static unsigned n;
    snprintf(out, 128, "redis://%s127.0.0.1:%d/s%u#0", user, server.port, n++);
}

static void is_refused(struct store_options o, const char *user, const char *want, const char *what)
{
    char uri[128];
    struct errmsg msg;
    struct buf warnings = BUF_INIT;
    next_uri(user, uri);
    is_int(try_open(uri, o, &msg), ERR_INVALID, "%s is refused", what);
    is_str(without_port(msg.text, server.port), want, "with a sentence");
    next_uri(user, uri);
    o.allow_lossy = true;
    o.warn = note_warning;
    o.warn_arg = &warnings;
    is_int(try_open(uri, o, &msg), ERR_OK, "unless that is allowed%s", msg.text);
    buf_addc(&warnings, '\0');
    size_t said = strcspn(want, "("); /* the first of them, when there are several */
    ok(strncmp(without_port(warnings.p, server.port), want, said ? said - 1 : 0) == 0 && warnings.n > 1,
       "then it is a warning");
    buf_done(&warnings);
}

static void is_taken(struct store_options o, const char *user, const char *what)
{
    char uri[128];
    struct errmsg msg;
    struct buf warnings = BUF_INIT;
    next_uri(user, uri);
    o.warn = note_warning;
    o.warn_arg = &warnings;
    is_int(try_open(uri, o, &msg), ERR_OK, "%s is taken%s", what, msg.text);
    is_int((int64_t)warnings.n, 0, "without a word");
    buf_done(&warnings);
}

static const struct store_options plain = {.lease_ms = 200};

/* --- one server --- */

static void test_settings(void)
{
    is_taken(plain, "", "a server that syncs before it answers");
    tell(&server, "CONFIG SET appendfsync everysec");
    is_refused(plain, "",
               "127.0.0.1:PORT: appendfsync is everysec: expected always, or a power cut loses up to two seconds of what"
               " was acknowledged; CONFIG SET appendfsync always, and the same in its redis.conf",
               "appendfsync everysec");
    tell(&server, "CONFIG SET appendfsync no");
    is_refused(plain, "",
               "127.0.0.1:PORT: appendfsync is no: expected always, or a power cut loses up to two seconds of what was"
               " acknowledged; CONFIG SET appendfsync always, and the same in its redis.conf",
               "appendfsync no");
    tell(&server, "CONFIG SET appendfsync always");
    tell(&server, "CONFIG SET no-appendfsync-on-rewrite yes");
    is_refused(plain, "",
               "127.0.0.1:PORT: no-appendfsync-on-rewrite is yes: expected no, or a power cut loses what was acknowledged"
               " while its file was being rewritten; CONFIG SET no-appendfsync-on-rewrite no, and the same in its"
               " redis.conf",
               "no sync while the file is rewritten");
    tell(&server, "CONFIG SET no-appendfsync-on-rewrite no");
    tell(&server, "CONFIG SET maxmemory-policy allkeys-lru");
    is_taken(plain, "", "a policy for memory that has no limit");
    tell(&server, "CONFIG SET maxmemory 100mb");
    is_refused(plain, "",
               "127.0.0.1:PORT: maxmemory-policy is allkeys-lru: expected noeviction, or when its memory is full it throws"
               " away what it was given to keep; CONFIG SET maxmemory-policy noeviction, and the same in its redis.conf",
               "one that throws away");
    tell(&server, "CONFIG SET maxmemory-policy noeviction");
    is_taken(plain, "", "one that refuses, with a limit");
    tell(&server, "CONFIG SET appendonly no");
    is_refused(plain, "",
               "127.0.0.1:PORT: appendonly is no: expected yes, or a restart loses everything; CONFIG SET appendonly yes,"
               " and the same in its redis.conf",
               "nothing on the disk");
    tell(&server, "CONFIG SET appendfsync everysec");
    is_refused(plain, "",
               "127.0.0.1:PORT: appendonly is no: expected yes, or a restart loses everything; CONFIG SET appendonly yes,"
               " and the same in its redis.conf (and 1 more like it; allow_lossy = true shows all, and goes on)",
               "two faults at once");
    tell(&server, "CONFIG SET appendfsync always");
    tell(&server, "CONFIG SET appendonly yes");
    is_taken(plain, "", "the same server, mended,");
}

/* --- a user who may not ask --- */

static void test_refused_questions(void)
{
    tell(&server, "ACL SETUSER asks on nopass ~* +@all -config");
    is_refused(plain, "asks@",
               "127.0.0.1:PORT: appendfsync is not known, for CONFIG GET does not say: expected always; permit it with ACL"
               " SETUSER USER +config|get +info (and 1 more like it; allow_lossy = true shows all, and goes on)",
               "a server that does not tell its settings");
    tell(&server, "ACL SETUSER asks +config|get");
    is_taken(plain, "asks@", "one that tells them");
    tell(&server, "ACL SETUSER asks -info");
    is_refused(plain, "asks@",
               "127.0.0.1:PORT: its settings are not known, for INFO is refused: permit it with ACL SETUSER USER +info"
               " +config|get",
               "one that tells nothing of itself");
}

/* --- with a replica --- */

static void await_replicas(const struct redis_server *s, unsigned wanted)
{
    char want[32];
    bool there = false;
    snprintf(want, sizeof want, "state=online");
    for (int i = 0; i < 6000 && !there; i++) {
        redisContext *c = redisConnect("127.0.0.1", s->port);
        redisReply *reply = redisCommand(c, "INFO replication");
        there = wanted ? strstr(reply->str, want) != NULL : strstr(reply->str, "connected_slaves:0") != NULL;
        freeReplyObject(reply);
        redisFree(c);
        poll(NULL, 0, 5);
    }
    if (!there)
        bail_out("no replica comes online");
}

static void test_replica(void)
{
    char port[8];
    const char *const words[] = {"--replicaof", "127.0.0.1", port, "--repl-diskless-sync-delay", "0", NULL};
    struct redis_server replica = {.options = words};
    struct store_options o = plain;
    o.replicas = 1;
    char uri[128];
    struct errmsg msg;
    next_uri("", uri);
    is_int(try_open(uri, o, &msg), ERR_INVALID, "a master without the replica that is asked for is refused");
    is_str(without_port(msg.text, server.port),
           "127.0.0.1:PORT: it has 0 replicas online, and \"replicas\" is 1: expected as many, or nothing is ever"
           " acknowledged",
           "with a sentence");
    snprintf(port, sizeof port, "%d", server.port);
    redis_server_start(&replica);
    await_replicas(&server, 1);
    is_taken(o, "", "a master with its replica");
    tell(&replica, "CONFIG SET appendfsync everysec");
    next_uri("", uri);
    is_int(try_open(uri, o, &msg), ERR_INVALID, "a replica that syncs too late is refused with its master");
    is_str(without_port(msg.text, replica.port),
           "127.0.0.1:PORT: appendfsync is everysec: expected always, or a power cut loses up to two seconds of what was"
           " acknowledged; CONFIG SET appendfsync always, and the same in its redis.conf",
           "by its own name");
    redis_server_kill(&replica);
    await_replicas(&server, 0);
    is_taken(plain, "", "without it the master is taken by itself");
}

/* --- what cannot be had here --- */

static void is_judged(const char *info, const char *want, const char *what)
{
    struct buf b = BUF_INIT;
    redisReply none = {.type = REDIS_REPLY_ARRAY};
    struct redis_said said = {str_of(info), &none};
    redis_safety_judge("h:1", &said, 0, &b);
    buf_addc(&b, '\0');
    ok(strstr(b.p, want), "%s is found", what);
    buf_done(&b);
}

static void test_judging(void)
{
    is_judged("redis_version:6.2.14\r\naof_enabled:1\r\n", "h:1: its version is 6.2.14: expected 7.0 or later\n",
              "an old version");
    is_judged("", "h:1: its version is : expected 7.0 or later\n", "one that does not say its version");
    is_judged("aof_enabled:0", "h:1: appendonly is no", "a last line without its end");
    is_judged("xaof_enabled:0\naof_enabled:1\n", "h:1: appendfsync is not known", "a name that ends like another");
    struct buf b = BUF_INIT;
    redis_safety_judge("h:1", &(struct redis_said){.info = STR_LIT("redis_version:7.0.0\r\naof_enabled:1\r\nmaxmemory:0\r\n"
                                                                   "slave0:ip=a,port=1,state=wait_bgsave\r\n"
                                                                   "slave1:ip=b,port=1,state=online,offset=5\r\n")},
                       2, &b);
    buf_addc(&b, '\0');
    ok(strstr(b.p, "h:1: it has 1 replicas online, and \"replicas\" is 2"), "a replica that is still behind does not count");
    buf_done(&b);
}

/* --- a cluster --- */

static void test_cluster(void)
{
    static struct cluster cluster;
    char uri[512];
    struct errmsg msg;
    cluster_start(&cluster);
    cluster_await_whole(&cluster);
    cluster_uri(&cluster, "safe", uri, sizeof uri);
    strcat(uri, "#0");
    struct store_options o = {.lease_ms = 200, .replicas = 1};
    is_int(try_open(uri, o, &msg), ERR_OK, "a cluster that syncs is taken%s", msg.text);
    unsigned named = 0, refused = 0;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        struct store *s;
        char want[64];
        tell(&cluster.nodes[i], "CONFIG SET appendfsync everysec");
        refused += store_open(uri, STORE_WRITE, &o, &s, NULL, &msg) == ERR_INVALID;
        snprintf(want, sizeof want, "127.0.0.1:%d: appendfsync is everysec", cluster.nodes[i].port);
        named += strstr(msg.text, want) != NULL;
        tell(&cluster.nodes[i], "CONFIG SET appendfsync always");
    }
    is_int(refused, CLUSTER_NODES, "one node that does not is enough to refuse it");
    is_int(named, CLUSTER_NODES, "and is named, whichever it is");
    cluster_stop(&cluster);
}

int main(void)
{
    const char *suite = getenv("TEST_SUITE");
    plan(0);
    redis_server_start(&server);
    test_settings();
    test_refused_questions();
    test_replica();
    test_judging();
    redis_server_kill(&server);
    if (!suite || strcmp(suite, "plain") == 0)
        test_cluster();
    return tap_end();
}
