/* The users that lifecertd(8) has operators make, as it writes them, on a real server: each can do what it must, and a
 * channel's nothing but write to its own streams. */
#include <stdio.h>
#include <stdlib.h>

#include "redis/client.h"
#include "store/redis/streams.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/store/delivery_help.h"

static struct redis_server server;

static redisContext *connect_as(const char *user)
{
    redisContext *c = redisConnect("127.0.0.1", server.port);
    redisReply *reply = c && !c->err && user ? redisCommand(c, "AUTH %s PASSWORD", user) : NULL;
    if (!c || c->err || (user && (!reply || reply->type == REDIS_REPLY_ERROR)))
        bail_out("cannot log in as %s", user ? user : "the default user");
    if (reply)
        freeReplyObject(reply);
    return c;
}

/* --- the manual --- */

/* A line of the manual as it stands: "ACL SETUSER NAME ...". */
static void make_user(redisContext *c, char *line)
{
    const char *words[64];
    int n = 0;
    for (char *word = strtok(line, " \n"); word && n < 64; word = strtok(NULL, " \n"))
        words[n++] = word;
    redisReply *reply = redisCommandArgv(c, n, words, NULL);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s: %s", words[2], reply ? reply->str : "no answer");
    freeReplyObject(reply);
}

static unsigned make_users(void)
{
    char path[512], line[1024];
    unsigned n = 0;
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/docs/man/lifecertd.8.md", top ? top : ".");
    FILE *f = fopen(path, "r");
    if (!f)
        bail_out("cannot read %s", path);
    redisContext *c = connect_as(NULL);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "ACL SETUSER ", 12) == 0) {
            make_user(c, line);
            n++;
        }
    fclose(f);
    redisFree(c);
    return n;
}

/* --- the daemon --- */

static struct str field(const char *text)
{
    return str_of(text);
}

static void store_uri(const char *user, char out[128])
{
    snprintf(out, 128, "redis://%s@127.0.0.1:%d/lc#0", user, server.port);
}

static void use_streams(const char *uri, const struct store_options *o)
{
    struct streams *s;
    struct errmsg msg = {""};
    const struct stream_entry *entries;
    size_t n = 0;
    const struct stream_field value = {field("i"), field("{}")};
    if (streams_open(uri, o, 0, &s, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    streams_add(s, &(struct stream_add){.stream = "in", .fields = &value, .n_fields = 1, .keep = 100,
                                        .expire_ms = 60000});
    is_int(streams_send(s, &msg), ERR_OK, "it adds to streams%s", msg.text);
    struct stream_from from = {.stream = "in"};
    is_int(streams_read(s, &from, 1, 10, 10, &entries, &n, &msg), ERR_OK, "reads them%s", msg.text);
    is_int((int64_t)n, 1, "as they are");
    if (n)
        is_int(streams_remove(s, "in", &(struct stream_id){entries[0].id.ms, entries[0].id.n}, 1, &msg), ERR_OK,
               "and removes what it has read%s", msg.text);
    streams_close(s);
}

static void checkpoint(struct store *s)
{
    struct store_info info;
    struct errmsg msg = {""};
    store_info(s, &info);
    enum err e = store_checkpoint_begin(s, &msg);
    if (e == ERR_OK)
        e = store_checkpoint_slice(s, STR_LIT("slice"), &msg);
    if (e == ERR_MORE)
        e = store_checkpoint_poll(s, true, &msg);
    if (e == ERR_OK)
        e = store_checkpoint_finish(s, &info.seal, &msg);
    if (e == ERR_MORE)
        e = store_checkpoint_poll(s, true, &msg);
    is_int(e, ERR_OK, "takes a checkpoint%s", msg.text);
}

static void test_daemon(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct store *s;
    struct delivery_store *d;
    struct store_options o = {.lease_ms = 300, .password = "PASSWORD"};
    store_uri("lifecertd", uri);
    is_int(store_open(uri, STORE_INIT, &o, &s, NULL, &msg), ERR_OK, "the daemons' user makes a store%s", msg.text);
    is_int(commit_events(s, 20, &msg), ERR_OK, "writes to it%s", msg.text);
    checkpoint(s);
    is_int(delivery_open(s, &d, &msg), ERR_OK, "opens the delivery state%s", msg.text);
    struct delivery_change put = change_put("a", 1, DELIVERY_DEAD);
    is_int(delivery_commit_all(d, &put, 1, &msg), ERR_OK, "writes to it%s", msg.text);
    use_streams(uri, &o);
    delivery_close(d);
    store_close(s);
    is_int(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), ERR_OK, "and opens all of it again%s", msg.text);
    store_close(s);
    o.password = "another";
    is_int(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), ERR_INVALID, "a wrong password is told: %s", msg.text);
    ok(!strstr(msg.text, "another"), "and not shown");
    o.password = NULL;
    is_int(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg), ERR_INVALID, "so is none: %s", msg.text);
}

static void test_auditor(void)
{
    char uri[128];
    struct errmsg msg = {""};
    struct store *s;
    struct buf b = BUF_INIT;
    struct store_options o = {.lease_ms = 300, .password = "PASSWORD"};
    store_uri("auditor", uri);
    is_int(store_open(uri, STORE_READ, &o, &s, NULL, &msg), ERR_OK, "an auditor opens the store to read%s", msg.text);
    is_int(read_all(s, 0, NULL, &msg), 20, "and reads the log%s", msg.text);
    is_int(store_stamp(s, &b, &msg), ERR_ABSENT, "and what stands beside it");
    store_close(s);
    ok(store_open(uri, STORE_WRITE, &o, &s, NULL, &msg) != ERR_OK, "but not to write: %s", msg.text);
    buf_done(&b);
}

/* --- users at the server itself --- */

struct attempt {
    bool allowed;
    const char *command;
};

static void try_all(const char *user, const struct attempt *v, size_t n)
{
    redisContext *c = connect_as(user);
    for (size_t i = 0; i < n; i++) {
        redisReply *reply = redisCommand(c, v[i].command);
        if (!reply)
            bail_out("%s: %s: no answer", user, v[i].command);
        bool refused = reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOPERM", 6) == 0;
        ok(v[i].allowed ? reply->type != REDIS_REPLY_ERROR : refused, "%s %s %s", user,
           v[i].allowed ? "may" : "may not", v[i].command);
        freeReplyObject(reply);
    }
    redisFree(c);
}

static void test_channel(void)
{
    static const struct attempt attempts[] = {
        {true, "XADD {lc/0}:in:face * i {}"},
        {true, "XADD {lc/17}:in:face * i {} k key-1"},
        {true, "XRANGE {lc/0}:refused:face - + COUNT 10"},
        {true, "XREAD COUNT 1 STREAMS {lc/3}:refused:face 0"},
        {true, "PING"},
        {false, "XADD {lc/0}:in:fax * i {}"},
        {false, "XADD {lc/0}:in * i {}"},
        {false, "XADD {lc/0}:in:face2 * i {}"},
        {false, "XADD {lc/0}:refused:face * i {}"},
        {false, "XADD {lc/0}:log * e {}"},
        {false, "XADD {other/0}:in:face * i {}"},
        {false, "XRANGE {lc/0}:in:face - +"},
        {false, "XREAD COUNT 1 STREAMS {lc/0}:log 0"},
        {false, "XRANGE {lc/0}:refused:fax - +"},
        {false, "XDEL {lc/0}:in:face 1-1"},
        {false, "XTRIM {lc/0}:in:face MAXLEN 0"},
        {false, "DEL {lc/0}:in:face"},
        {false, "GET {lc/0}:lease"},
        {false, "HGETALL {lc/0}:state"},
        {false, "HGETALL {lc/0}:contacts"},
        {false, "HGETALL {lc/system}:members"},
        {false, "EVAL return 0"},
        {false, "KEYS *"},
        {false, "SCAN 0"},
        {false, "FLUSHALL"},
        {false, "CONFIG GET *"},
        {false, "ACL LIST"},
        {false, "MONITOR"},
        {false, "SUBSCRIBE x"},
    };
    try_all("face", attempts, sizeof attempts / sizeof *attempts);
}

static void test_others(void)
{
    static const struct attempt auditor[] = {
        {true, "HGETALL {lc/0}:contacts"},      {true, "XRANGE {lc/0}:log - + COUNT 1"},
        {false, "XADD {lc/0}:in:face * i {}"},  {false, "HSET {lc/0}:state fence x"},
        {false, "DEL {lc/0}:log"},              {false, "XRANGE {other/0}:log - +"},
        {false, "KEYS *"},                      {false, "CONFIG SET appendonly no"},
        {false, "FLUSHALL"},                    {false, "EVAL return 0"},
    };
    static const struct attempt lifecertd[] = {
        {true, "CONFIG GET appendfsync"},  {true, "INFO persistence"},       {true, "WAIT 0 1"},
        {false, "CONFIG SET appendonly no"}, {false, "FLUSHALL"},            {false, "KEYS *"},
        {false, "GET {other/0}:lease"},    {false, "ACL SETUSER lifecertd +@all"}, {false, "SHUTDOWN"},
        {false, "REPLICAOF NO ONE"},          {false, "SCRIPT FLUSH"},          {false, "CLUSTER RESET"},
    };
    try_all("auditor", auditor, sizeof auditor / sizeof *auditor);
    try_all("lifecertd", lifecertd, sizeof lifecertd / sizeof *lifecertd);
}

int main(void)
{
    plan(0);
    redis_server_start(&server);
    is_int(make_users(), 3, "the manual has three users");
    test_daemon();
    test_auditor();
    test_channel();
    test_others();
    redis_server_kill(&server);
    return tap_end();
}
