/* Delivery to healthy endpoints: each gets all that it wants, once, in order for each person, and signed. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define PEOPLE 40
#define AMENDMENTS 24
#define MEMBERS_FROM 11 /* those who pass all the filters: policy "b", category "farmer", unit "U-1" */
#define MEMBERS 5
#define OF_EACH (1 + AMENDMENTS + 1) /* enrolled, amended, certified */

static struct rig rig;
static struct redis_server redis;

/* --- what is fed in --- */

/* Beside the members there are people of whom each misses one of the filters. */
static void enrol_people(void)
{
    static const struct {
        unsigned first, n;
        const char *members;
    } groups[] = {
        {1, 10, "\"policy\":\"a\",\"category\":\"farmer\",\"unit\":\"U-1\""},
        {MEMBERS_FROM, MEMBERS, "\"policy\":\"b\",\"category\":\"farmer\",\"unit\":\"U-1\""},
        {16, 10, "\"policy\":\"b\",\"category\":\"worker\",\"unit\":\"U-1\""},
        {26, 10, "\"policy\":\"b\",\"category\":\"farmer\",\"unit\":\"U-2\""},
        {36, 5, "\"policy\":\"b\""},
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        rig_enrol(&rig, groups[i].first, groups[i].n, groups[i].members);
}

static void feed_all(void)
{
    enrol_people();
    rig_amend_times(&rig, 1, PEOPLE, AMENDMENTS);
    rig_certify(&rig, 1, PEOPLE, 1);
}

/* --- the endpoints --- */

static void configure(struct peer *all, struct peer *some, struct peer *certified, struct peer *form)
{
    rig_hook(&rig, "all", all, "from = 1");
    rig_hook(&rig, "certified", certified, "events = { \"certification.*\", \"benefit.*\" }");
    rig_say(&rig,
            "endpoint \"some\" {\n    adapter = \"cloudevents\"\n    mode = \"batch\"\n    url = \"http://%s/hooks\"\n"
            "    secret_file = \"%s\"\n    allow_private = true\n    policies = { \"b\" }\n"
            "    categories = { \"farmer\", \"herder\" }\n    units = { \"U-1\" }\n}\n",
            peer_address(some), rig_path(&rig, SECRET_ONE));
    rig_say(&rig,
            "endpoint \"form\" {\n    adapter = \"template\"\n    kind = \"events\"\n    url = \"http://%s/hooks\"\n"
            "    allow_private = true\n    events = { \"certification.accepted\" }\n"
            "    headers = { \"Content-Type: application/json\", \"webhook-id: {{id}}\" }\n"
            "    body = '{\"type\": \"{{type}}\", \"data\": {\"subject\": \"{{subject}}\", \"seq\": {{seq}}, "
            "\"prev\": {{prev}}, \"event\": {{data}}}}'\n}\n",
            peer_address(form));
    rig_say(&rig,
            "endpoint \"stream\" {\n    adapter = \"redis-stream\"\n    url = \"redis://127.0.0.1:%d/0\"\n"
            "    stream = \"events\"\n    allow_private = true\n    events = { \"beneficiary.*\" }\n}\n",
            redis.port);
}

/* --- the stream --- */

static redisReply *ask_redis(const char *command)
{
    redisContext *c = redisConnectWithTimeout("127.0.0.1", redis.port, (struct timeval){.tv_sec = 30});
    redisReply *reply = c && !c->err ? redisCommand(c, command) : NULL;
    if (c)
        redisFree(c);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("redis does not answer %s", command);
    return reply;
}

static bool stream_has(void *arg)
{
    const long long *wanted = arg;
    redisReply *reply = ask_redis("XLEN events");
    bool has = reply->integer >= *wanted;
    freeReplyObject(reply);
    return has;
}

/* A field of an entry: [id, [name, value, name, value ...]]. */
static const char *field_of(const redisReply *entry, const char *name)
{
    const redisReply *fields = entry->elements == 2 ? entry->element[1] : NULL;
    for (size_t i = 0; fields && i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, name) == 0)
            return fields->element[i + 1]->str;
    return "";
}

/* How many entries are not the ones that were wanted: each number once, each person's ascending. */
static unsigned wrong_entries(const redisReply *entries)
{
    unsigned long long last[PEOPLE + 1] = {0};
    unsigned wrong = 0;
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *entry = entries->element[i];
        const char *subject = field_of(entry, "subject");
        unsigned long person = strlen(subject) > 2 ? strtoul(subject + 2, NULL, 10) : 0;
        const char *number = strrchr(field_of(entry, "id"), '_');
        unsigned long long seq = number ? strtoull(number + 1, NULL, 10) : 0;
        bool good = person >= 1 && person <= PEOPLE && seq > last[person] &&
                    strncmp(field_of(entry, "type"), "beneficiary.", 12) == 0;
        wrong += !good;
        if (person <= PEOPLE)
            last[person] = seq;
    }
    return wrong;
}

static void test_stream(void)
{
    long long wanted = PEOPLE * (1 + AMENDMENTS);
    ok(await(stream_has, &wanted), "a stream of Redis gets its share");
    redisReply *entries = ask_redis("XRANGE events - +");
    is_int(entries->elements, wanted, "each event of it once");
    is_int(wrong_entries(entries), 0, "in order for each person");
    freeReplyObject(entries);
}

/* --- the receivers --- */

static void test_all(struct peer *all)
{
    uint64_t last = rig_last(&rig);
    ok(await_events("all", all, last), "an endpoint without filters that begins at 1 gets every event of the log");
    ok(came_once("all", all, last), "each once, in order for each person");
    struct counts c = peer_counts(all);
    is_int(c.verified_v1, last, "with a signature that its receiver finds good");
    is_int(peer_type_count(all, "beneficiary.amended"), PEOPLE * AMENDMENTS, "among them every amendment");
    ok(peer_type_count(all, "policy.adopted") == 2, "and what the log began with");
    ok(endpoint_await(rig.node, "all", "\"lag\":0"), "then it has no lag");
    ok(endpoint_says(rig.node, "all", "\"state\":\"running\""), "and is running");
    is_int(endpoint_number(rig.node, "all", "delivered"), (int64_t)last, "all are counted as delivered");
    is_int(endpoint_number(rig.node, "all", "requests"), (int64_t)last, "by one request each");
}

/* Numbers of the record are those in the ids, and a person's events are all there. */
static void test_record(struct peer *all)
{
    struct arrivals came = {.v = NULL};
    unsigned strange = 0;
    arrivals_read(&rig, "all", all, &came);
    for (size_t i = 0; i < came.n; i++) {
        const char *number = strrchr(came.v[i].id, '_');
        strange += came.v[i].attempt != 1 || !number || strlen(came.v[i].id) < 20;
    }
    is_int(strange, 0, "at the first attempt, with ids that end with the event's number");
    is_int(arrivals_count(&came, "P-000040"), OF_EACH, "a person's events are all there");
    arrivals_done(&came);
}

static void test_shares(struct peer *some, struct peer *certified, struct peer *form)
{
    ok(await_events("certified", certified, PEOPLE), "a glob over types takes those of these types");
    ok(await_events("some", some, MEMBERS * OF_EACH),
       "filters of policy, category and unit let through who passes all");
    ok(endpoint_await(rig.node, "some", "\"lag\":0") && came_once("some", some, MEMBERS * OF_EACH),
       "and nobody else, in batches");
    ok(peer_counts(some).requests < MEMBERS * OF_EACH, "of more than one event");
    ok(came_once("certified", certified, PEOPLE), "each once");
    is_int(peer_type_count(certified, "certification.accepted"), PEOPLE, "and nothing of another type");
    ok(await_events("form", form, PEOPLE) && endpoint_await(rig.node, "form", "\"lag\":0"),
       "a template endpoint for events gets its share");
    struct counts c = peer_counts(form);
    ok(c.distinct == PEOPLE && c.malformed == 0 && c.duplicates == 0, "each once, in the form that it asks for");
}

int main(void)
{
    plan(0);
    rig_init(&rig);
    redis_server_start(&redis);
    struct peer *all = rig_peer(&rig, "all", ""), *some = rig_peer(&rig, "some", "");
    struct peer *certified = rig_peer(&rig, "certified", "");
    struct peer *form = peer_start(NULL);
    configure(all, some, certified, form);
    rig_start(&rig);
    feed_all();
    test_all(all);
    test_record(all);
    test_shares(some, certified, form);
    test_stream();
    is_int(node_stop(rig.node), 0, "the daemon stops");
    ok(came_once("all", all, peer_counts(all).distinct), "and nothing came again");
    peer_free(all);
    peer_free(some);
    peer_free(certified);
    peer_free(form);
    redis_server_kill(&redis);
    int code = tap_end();
    rig_done(&rig, code != 0);
    return code;
}
