/* The metrics of a real daemon: what they say of what was done, that promtool finds nothing to say against them, and
 * that the alerts and the dashboard ask for none that is not there. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/delivery_rig.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define JSON "Content-Type: application/json\r\n"
#define CERTIFY(id) \
    "{\"op\":\"certify\",\"id\":\"" id "\",\"channel\":\"face\",\"certified_on\":\"2026-03-01\",\"ref\":\"late\"}"
#define PEOPLE 20
#define ABSENT (-1)

static struct rig rig;
static struct reply r;
static struct reply of_set; /* what a daemon says that shares a set of shards */
static bool failed;

#define check(...) (failed |= !ok(__VA_ARGS__))

static void scrape(void)
{
    request_once(rig.node->socket, "GET", "/metrics", NULL, STR_NONE, &r);
    if (r.status != 200)
        bail_out("/metrics is answered %d", r.status);
}

/* Of the last scrape: the value of a sample, of whose name and labels that is all. */
static double value(const char *sample)
{
    size_t n = strlen(sample);
    for (const char *p = strstr(r.body.p, sample); p; p = strstr(p + 1, sample))
        if (p > r.body.p && p[-1] == '\n' && p[n] == ' ')
            return strtod(p + n, NULL);
    return ABSENT;
}

static void is(const char *sample, double want, const char *name)
{
    check(value(sample) == want, "%s: %s %g", name, sample, value(sample));
}

static void between(const char *sample, double least, double most, const char *name)
{
    check(value(sample) >= least && value(sample) <= most, "%s: %s %g", name, sample, value(sample));
}

/* --- a day's work --- */

static void send_one(const char *json, int status)
{
    request_once(rig.node->socket, "POST", "/v1/inputs", JSON, str_of(json), &r);
    if (r.status != status)
        bail_out("%s is answered %d", json, r.status);
}

static bool has_dead_letters(void *arg)
{
    (void)arg;
    return endpoint_number(rig.node, "dead", "dead") > 0;
}

static void work(struct peer *to)
{
    rig_enrol(&rig, 1, PEOPLE, NULL);
    rig_certify(&rig, 1, PEOPLE, 1);
    send_one(CERTIFY("stranger"), 422);
    send_one("{\"op\":\"report-death\",\"id\":\"P-000001\",\"died_on\":\"2026-03-01\"}", 200);
    send_one(CERTIFY("P-000001"), 422);
    uint64_t wanted = 2 * PEOPLE + 2;
    check(await_events("good", to, wanted), "everything arrives where it can");
    check(endpoint_await(rig.node, "good", "\"lag\":0"), "and is noted");
    check(await(has_dead_letters, NULL), "and some of it is given up where it cannot");
}

static void test_engine(void)
{
    is("lifecertd_inputs_total{op=\"enrol\",result=\"applied\"}", PEOPLE, "inputs are counted");
    is("lifecertd_inputs_total{op=\"certify\",result=\"applied\"}", PEOPLE, "by what they are");
    is("lifecertd_inputs_total{op=\"certify\",result=\"rejected\"}", 2, "and by what became of them");
    is("lifecertd_rejections_total{op=\"certify\",reason=\"not-enrolled\"}", 1, "with the reason");
    is("lifecertd_rejections_total{op=\"certify\",reason=\"terminated\"}", 1, "of each");
    is("lifecertd_events_total{type=\"beneficiary.enrolled\"}", PEOPLE, "events are counted by type");
    is("lifecertd_events_total{type=\"benefit.terminated\"}", 1, "each");
    is("lifecertd_channel_accepted_total{channel=\"face\"}", PEOPLE, "certifications are counted by channel");
    between("lifecertd_channel_heard_seconds{channel=\"face\"}", 0, 300, "which was heard just now");
    is("lifecertd_channel_expected_seconds{channel=\"face\"}", 0, "of which nothing is expected");
    is("lifecertd_channel_expected_seconds{channel=\"feed\"}", 129600, "and of another something");
    is("lifecertd_beneficiaries{status=\"active\"}", PEOPLE - 1, "people are counted by status");
    is("lifecertd_beneficiaries{status=\"terminated\"}", 1, "the dead among them");
    is("lifecertd_hold_placed{kind=\"brake\"}", 0, "no hold is in force");
    is("lifecertd_inputs_queued", 0, "nothing waits");
    is("lifecertd_clock_simulated", 0, "the clock is the system's");
    between("lifecertd_next_deadline_timestamp_seconds", value("lifecertd_clock_timestamp_seconds"), 1e11,
            "the next deadline lies ahead");
    double commits = value("lifecertd_commit_seconds_count");
    check(commits >= 5 && commits == value("lifecertd_commit_seconds_bucket{le=\"+Inf\"}"), "commits are counted: %g",
          commits);
    check(value("lifecertd_commit_seconds_sum") > 0 && value("lifecertd_commit_bytes_total") > 1000,
          "with their time and bytes");
    check(value("lifecertd_durable_event_number") == value("lifecertd_event_number"), "all is durable");
    check(value("lifecertd_log_bytes") > value("lifecertd_commit_bytes_total"), "the log holds it");
}

static void test_endpoints(void)
{
    double last = value("lifecertd_durable_event_number");
    is("lifecertd_endpoint_delivered_total{endpoint=\"good\"}", 2 * PEOPLE + 2, "what arrived is counted");
    check(value("lifecertd_endpoint_outcomes_total{endpoint=\"good\",outcome=\"delivered\"}") ==
              value("lifecertd_endpoint_requests_total{endpoint=\"good\"}"),
          "each by a request");
    is("lifecertd_endpoint_lag_events{endpoint=\"good\"}", 0, "it is behind by nothing");
    is("lifecertd_endpoint_lag_seconds{endpoint=\"good\"}", 0, "for no time");
    is("lifecertd_endpoint_cursor{endpoint=\"good\"}", last, "its cursor is at the end");
    is("lifecertd_endpoint_state{endpoint=\"good\",state=\"running\"}", 1, "it runs");
    is("lifecertd_endpoint_state{endpoint=\"paused\",state=\"paused\"}", 1, "another is paused");
    is("lifecertd_endpoint_lag_events{endpoint=\"paused\"}", 2 * PEOPLE + 2, "and behind by all of it");
    between("lifecertd_endpoint_lag_seconds{endpoint=\"paused\"}", 0.001, 300, "for as long as that is there");
    is("lifecertd_endpoint_delivered_total{endpoint=\"dead\"}", 0, "to a third nothing was delivered");
    check(value("lifecertd_endpoint_dead_letters{endpoint=\"dead\"}") > 0 &&
              value("lifecertd_endpoint_dead_letters{endpoint=\"dead\"}") <=
                  value("lifecertd_endpoint_dead_total{endpoint=\"dead\"}"),
          "but given up");
    check(value("lifecertd_endpoint_outcomes_total{endpoint=\"dead\",outcome=\"retry\"}") > 0, "after failures");
    is("lifecertd_endpoint_receipts_total{endpoint=\"texts\",receipt=\"delivered\"}", 0, "a fourth sends messages");
}

static void test_interface(void)
{
    check(value("lifecertd_http_requests_total{route=\"/v1/inputs\",method=\"POST\",status=\"2xx\"}") >= 2,
          "requests are counted");
    is("lifecertd_http_requests_total{route=\"/v1/inputs\",method=\"POST\",status=\"4xx\"}", 2, "by their status");
    check(value("lifecertd_http_request_seconds_sum{route=\"/v1/inputs\",method=\"POST\"}") > 0, "and timed");
    is("lifecertd_http_requests_in_progress", 1, "one is in progress");
    between("process_resident_memory_bytes", 1 << 20, 1u << 30, "memory is told");
    between("process_open_fds", 5, 1000, "and descriptors");
}

/* What is kept goes on, what is not begins anew; and an old backlog is as old as it is. */
static void test_restart(void)
{
    double lag = value("lifecertd_endpoint_lag_seconds{endpoint=\"paused\"}");
    double dead = value("lifecertd_endpoint_dead_total{endpoint=\"dead\"}");
    check(node_stop(rig.node) == 0, "the daemon stops");
    node_must_start(rig.node);
    scrape();
    is("lifecertd_inputs_total{op=\"enrol\",result=\"applied\"}", 0, "after a restart inputs are counted anew");
    is("lifecertd_endpoint_requests_total{endpoint=\"paused\"}", 0, "and requests");
    is("lifecertd_beneficiaries{status=\"active\"}", PEOPLE - 1, "people are there again");
    is("lifecertd_endpoint_delivered_total{endpoint=\"good\"}", 2 * PEOPLE + 2, "what was delivered is remembered");
    check(value("lifecertd_endpoint_dead_total{endpoint=\"dead\"}") >= dead, "and what was given up");
    is("lifecertd_endpoint_state{endpoint=\"paused\",state=\"paused\"}", 1, "what was paused is so still");
    /* The log's times are whole seconds. */
    between("lifecertd_endpoint_lag_seconds{endpoint=\"paused\"}", lag - 1, 300, "and as far behind as it was");
    between("lifecertd_endpoint_paused_timestamp_seconds{endpoint=\"paused\"}",
            value("process_start_time_seconds") - 300, value("process_start_time_seconds") + 1, "since then");
}

/* --- what others make of it --- */

static void write_metrics(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f || fwrite(r.body.p, 1, r.body.n, f) != r.body.n || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

static void test_promtool(void)
{
    struct buf said = BUF_INIT;
    const char *metrics = rig_path(&rig, "metrics"), *log = rig_path(&rig, "promtool");
    const char *const argv[] = {"sh", "-c", "promtool check metrics <metrics", NULL};
    write_metrics(metrics);
    pid_t promtool = process_start(argv, rig.node->dir, log);
    check(process_stop(&promtool, 0) == 0, "promtool finds the metrics as they should be");
    read_text(log, &said);
    check(said.n == 0, "and has nothing to say: %s", said.n ? said.p : "");
    buf_done(&said);
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Has that text a sample of that name? */
static bool has_sample(const char *text, const char *name, size_t n)
{
    for (const char *p = text; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, name, n) == 0 && (p[n] == ' ' || p[n] == '{'))
            return true;
        if (!*p)
            break;
    }
    return false;
}

static bool sampled(const char *name, size_t n)
{
    return has_sample(r.body.p, name, n) || has_sample(of_set.body.p, name, n);
}

/* One that shares a set, with nobody. */
static void scrape_set(void)
{
    struct redis_server redis = {0};
    struct node *alone = rig.node, *member = node_new("");
    redis_server_start(&redis);
    snprintf(member->store, sizeof member->store, "redis://127.0.0.1:%d/metrics", redis.port);
    node_configure(member, "policy \"national\" {}\n");
    rig.node = member;
    if (rig_ctl(&rig, "init --shards 2") != 0 || !node_start(member, NULL))
        bail_out("there is no daemon with a set: %s", rig.text.p);
    request_once(member->socket, "GET", "/metrics", NULL, STR_NONE, &of_set);
    check(of_set.status == 200, "a daemon with a set of shards has metrics");
    check(node_stop(member) == 0, "and stops");
    rig.node = alone;
    node_free(member, failed);
    redis_server_kill(&redis);
}

/* Every name that a text has in it and that begins so; returns how many there are. */
static unsigned names_in(const struct buf *text, const char *prefix, struct buf *missing)
{
    unsigned seen = 0;
    for (const char *p = strstr(text->p, prefix); p; p = strstr(p + 1, prefix)) {
        size_t n = 0;
        if (p > text->p && in_name(p[-1]))
            continue;
        while (in_name(p[n]))
            n++;
        seen++;
        if (!sampled(p, n))
            buf_printf(missing, "%.*s ", (int)n, p);
    }
    return seen;
}

static void test_names(const char *file, unsigned least)
{
    struct buf text = BUF_INIT, missing = BUF_INIT;
    char path[512];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/etc/%s", top ? top : ".", file);
    read_text(path, &text);
    if (!text.n)
        bail_out("there is no %s", path);
    unsigned seen = names_in(&text, "lifecertd_", &missing) + names_in(&text, "process_", &missing);
    buf_addc(&missing, '\0');
    check(seen >= least, "%s asks for %u metrics", file, seen);
    check(!missing.p[0], "each is there: %s", missing.p);
    buf_done(&text);
    buf_done(&missing);
}

int main(void)
{
    plan(3 + 21 + 13 + 6 + 9 + 2 + 2 + 4);
    rig_init(&rig);
    struct peer *good = rig_peer(&rig, "good", ""), *idle = rig_peer(&rig, "idle", "");
    rig_say(&rig, "channel \"feed\" { expect_every = \"36h\" }\n");
    rig_hook(&rig, "good", good, "");
    rig_hook(&rig, "paused", idle, "");
    rig_say(&rig,
            "endpoint \"dead\" {\n    adapter = \"standard-webhooks\"\n    url = \"http://127.0.0.1:%d/\"\n"
            "    secret_file = \"%s\"\n    allow_private = true\n    retry = { \"1s\" }\n}\n",
            free_port(), rig_path(&rig, SECRET_ONE));
    rig_say(&rig,
            "endpoint \"texts\" {\n    adapter = \"kannel\"\n    url = \"http://127.0.0.1:%d/\"\n    username = \"u\"\n"
            "    signature = \"社保\"\n    secret_file = \"%s\"\n    allow_private = true\n}\n",
            free_port(), rig_path(&rig, SECRET_ONE));
    rig_start(&rig);
    rig_order(&rig, "paused", "pause");
    work(good);
    scrape();
    test_engine();
    test_endpoints();
    test_interface();
    test_promtool();
    scrape_set();
    test_names("prometheus/lifecertd.rules.yml", 30);
    test_names("grafana/lifecertd.json", 50);
    test_restart();
    peer_free(good);
    peer_free(idle);
    reply_done(&r);
    reply_done(&of_set);
    failed |= node_stop(rig.node) != 0;
    rig_done(&rig, failed);
    return tap_end();
}
