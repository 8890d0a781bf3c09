/* Calling scripts: one, many in one go, forgotten by the server, refused, and with too few replicas. */
#include "redis/script.h"

#include <string.h>

#include "redis/slot.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

static struct redis_server server;
static struct redis *redis;
static unsigned slot;

static const struct str count = STR_LIT("return redis.call('INCRBY', KEYS[1], ARGV[1])");
static const struct str fail = STR_LIT("return redis.error_reply(ARGV[1])");

static void prepare(struct script_call *c, struct str text, const char *arg)
{
    script_call_begin(c, text, 1);
    redis_command_add(&c->command, STR_LIT("{p}:n"));
    redis_command_add(&c->command, str_of(arg));
}

static void forget(void)
{
    struct redis_command c = {.n = 0};
    struct errmsg msg;
    redisReply *reply;
    redis_command_set(&c, "SCRIPT", "FLUSH", NULL);
    if (redis_run(redis, slot, &c, 1, &reply, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    freeReplyObject(reply);
    redis_command_done(&c);
}

static long long run_one(const char *arg)
{
    struct script_call c = {.text = STR_NONE};
    struct errmsg msg;
    redisReply *reply;
    prepare(&c, count, arg);
    enum err e = script_run(redis, slot, &c, NULL, &reply, &msg);
    script_call_done(&c);
    if (e)
        bail_out("%s", msg.text);
    long long n = reply->integer;
    freeReplyObject(reply);
    return n;
}

static void test_one(void)
{
    is_int(run_one("1"), 1, "a script that the server does not know is made known");
    is_int(run_one("1"), 2, "and called again by its hash");
    forget();
    is_int(run_one("1"), 3, "also when it was forgotten");
}

static void test_refusals(void)
{
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {{"FENCED by another", ERR_LOCKED},
                {"HELD by a", ERR_LOCKED},
                {"BEHIND 7", ERR_DAMAGED},
                {"OOM no memory", ERR_FULL},
                {"WHAT", ERR_INVALID}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct script_call c = {.text = STR_NONE};
        struct errmsg msg = {""};
        redisReply *reply = NULL;
        prepare(&c, fail, rows[i].text);
        is_int(script_run(redis, slot, &c, NULL, &reply, &msg), rows[i].err, "%s: %s", rows[i].text, msg.text);
        script_call_done(&c);
    }
}

static void test_many(void)
{
    struct script_call calls[3] = {{.text = STR_NONE}};
    struct errmsg msg = {""};
    redisReply *replies[3] = {NULL};
    forget();
    run_one("1");
    prepare(&calls[0], count, "10");
    prepare(&calls[1], fail, "HELD by a");
    prepare(&calls[2], count, "1");
    is_int(script_run_all(redis, slot, calls, 3, NULL, replies, &msg), ERR_OK, "many are run in one go");
    ok(replies[0]->integer > 10 && script_judge(replies[0], &msg) == ERR_OK, "each has its reply");
    is_int(script_judge(replies[1], &msg), ERR_LOCKED, "or its refusal, by itself");
    ok(replies[2]->integer > replies[0]->integer, "in order");
    redis_replies_free(replies, 3);
    struct redis_wait wait = {.replicas = 1, .ms = 20};
    is_int(script_run_all(redis, slot, calls, 3, &wait, replies, &msg), ERR_IO,
           "with too few replicas there is none: %s", msg.text);
    ok(!replies[0] && !replies[1] && !replies[2], "and no reply");
    is_int(script_run(redis, slot, &calls[0], &wait, &replies[0], &msg), ERR_IO, "the same of one");
    is_int(script_run(redis, slot, &calls[1], &wait, &replies[0], &msg), ERR_LOCKED, "but a refusal goes first");
    for (unsigned i = 0; i < 3; i++)
        script_call_done(&calls[i]);
}

int main(void)
{
    plan(0);
    redis_server_start(&server);
    struct redis_settings settings = {.address = {.topology = REDIS_SINGLE, .n_hosts = 1, .prefix = "p"}};
    strcpy(settings.address.hosts[0].name, "127.0.0.1");
    settings.address.hosts[0].port = (uint16_t)server.port;
    redis = redis_new(&settings);
    slot = redis_slot(STR_LIT("{p}"));
    test_one();
    test_refusals();
    test_many();
    redis_free(redis);
    redis_server_kill(&server);
    return tap_end();
}
