/* GET /metrics, before a fake engine and a fake delivery. */
#include <stdio.h>

#include "http/metrics/metrics.h"
#include "shards/set.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/tap.h"

static struct reply r;

static void scrape(const struct server *s)
{
    request_once(s->path, "GET", "/metrics", NULL, STR_NONE, &r);
}

/* Does a line stand there just so? */
static bool says(const char *line)
{
    size_t n = strlen(line);
    for (const char *p = r.body.p; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, line, n) == 0 && p[n] == '\n')
            return true;
        if (!*p)
            break;
    }
    return false;
}

static bool has(const char *text)
{
    return strstr(r.body.p, text) != NULL;
}

static const char *const lines[] = {
    /* the engine's */
    "lifecertd_inputs_total{op=\"certify\",result=\"applied\"} 5",
    "lifecertd_inputs_total{op=\"unit\",result=\"error\"} 0",
    "lifecertd_rejections_total{op=\"certify\",reason=\"terminated\"} 0",
    "lifecertd_hold_placed{kind=\"brake\"} 0",
    "lifecertd_channel_heard_seconds{channel=\"face\"} 600",
    "lifecertd_channel_expected_seconds{channel=\"face\"} 600",
    "lifecertd_channel_accepted_total{channel=\"face\"} 9",
    "lifecertd_commit_seconds_bucket{le=\"0.001\"} 0",
    "lifecertd_commit_seconds_bucket{le=\"0.0025\"} 2",
    "lifecertd_commit_seconds_bucket{le=\"+Inf\"} 2",
    "lifecertd_commit_seconds_sum 0.003",
    "lifecertd_clock_timestamp_seconds 1000",
    /* the endpoints' */
    "lifecertd_endpoint_state{endpoint=\"payroll\",state=\"open\"} 1",
    "lifecertd_endpoint_state{endpoint=\"payroll\",state=\"paused\"} 0",
    "lifecertd_endpoint_state{endpoint=\"texts\",state=\"paused\"} 1",
    "lifecertd_endpoint_paused_timestamp_seconds{endpoint=\"texts\"} 1772416800",
    "lifecertd_endpoint_last_success_timestamp_seconds{endpoint=\"payroll\"} 1772416800.5",
    "lifecertd_endpoint_lag_events{endpoint=\"payroll\"} 12",
    "lifecertd_endpoint_lag_seconds{endpoint=\"payroll\"} 1.5",
    "lifecertd_endpoint_outcomes_total{endpoint=\"payroll\",outcome=\"retry\"} 4",
    "lifecertd_endpoint_delivered_total{endpoint=\"payroll\"} 7",
    "lifecertd_endpoint_dead_letters{endpoint=\"texts\"} 3",
    "lifecertd_endpoint_receipts_total{endpoint=\"texts\",receipt=\"failed\"} 2",
    /* the interface's */
    "lifecertd_http_requests_in_progress 1",
    "lifecertd_http_connections 1",
    "lifecertd_http_refused_total{status=\"401\"} 0",
};

/* What there is not has no sample. */
static const char *const absent[] = {
    "channel=\"gone\"",
    "\nlifecertd_next_deadline_timestamp_seconds ",
    "\nlifecertd_checkpoint_age_seconds ",
    "paused_timestamp_seconds{endpoint=\"payroll\"}",
    "last_success_timestamp_seconds{endpoint=\"texts\"}",
    "receipts_total{endpoint=\"payroll\"",
    "\nlifecertd_http_requests_total{",
    "\nlifecertd_shards ",
    "\nlifecertd_office_idle ",
};

static void test_first(const struct server *s)
{
    scrape(s);
    is_int(r.status, 200, "metrics are there");
    is_str(reply_header(&r, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8", "as Prometheus reads them");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ok(says(lines[i]), "%s", lines[i]);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        ok(!has(absent[i]), "absent: %s", absent[i] + (absent[i][0] == '\n'));
}

static void test_families(void)
{
    unsigned n = 0, missing = 0;
    for (size_t i = 0; i < metric_sections_n; i++)
        for (size_t k = 0; k < metric_sections[i]->n; k++, n++) {
            const struct family *f = &metric_sections[i]->v[k].family;
            char type[160];
            snprintf(type, sizeof type, "\n# TYPE %s %s\n", f->name, family_kind_text(f->kind));
            missing += !has(type) || !f->help[0];
        }
    ok(n > 40, "there are many families");
    is_int(missing, 0, "and each is there, with a help");
}

static void test_requests(const struct server *s)
{
    request_once(s->path, "GET", "/v1/beneficiaries/330902-0000002", NULL, STR_NONE, &r);
    request_once(s->path, "HEAD", "/v1/beneficiaries/absent", NULL, STR_NONE, &r);
    request_once(s->path, "GET", "/v1/nothing", NULL, STR_NONE, &r);
    scrape(s);
    ok(says("lifecertd_http_requests_total{route=\"/v1/beneficiaries/:id\",method=\"GET\",status=\"2xx\"} 1"),
       "a request is counted by its route's pattern, not by its path");
    ok(says("lifecertd_http_requests_total{route=\"/v1/beneficiaries/:id\",method=\"GET\",status=\"4xx\"} 1"),
       "one that fails, and one for the header alone, too");
    ok(says("lifecertd_http_requests_total{route=\"none\",method=\"any\",status=\"4xx\"} 1"),
       "and one that no route takes");
    ok(says("lifecertd_http_request_seconds_count{route=\"/v1/beneficiaries/:id\",method=\"GET\"} 2"),
       "their times are counted as well");
    ok(says("lifecertd_http_request_seconds_bucket{route=\"/v1/beneficiaries/:id\",method=\"GET\",le=\"60\"} 2"),
       "in buckets");
    ok(!has("330902"), "nobody's id is anywhere");
    ok(says("lifecertd_http_requests_total{route=\"/metrics\",method=\"GET\",status=\"2xx\"} 1"),
       "scrapes themselves are counted when they are over");
}

static void test_process(void)
{
    ok(has("\nprocess_resident_memory_bytes ") && !has("\nprocess_resident_memory_bytes 0\n"), "memory is known");
    ok(has("\nprocess_open_fds ") && !has("\nprocess_open_fds 0\n"), "descriptors are known");
    double started = 0, now = (double)clock_wall_ns() / 1e9;
    const char *p = strstr(r.body.p, "\nprocess_start_time_seconds ");
    ok(p && sscanf(p, " process_start_time_seconds %lf", &started) == 1 && started > now - 600 && started < now + 1,
       "and when it was started: %.3f, at %.3f", started, now);
}

static void test_without_delivery(void)
{
    struct server s = server_new_without_delivery();
    scrape(&s);
    is_int(r.status, 200, "where nothing is delivered there are metrics as well");
    ok(has("# TYPE lifecertd_endpoint_lag_events gauge") && !has("endpoint=\""), "without endpoints");
    server_free(&s);
}

static const char *const shard_lines[] = {
    "lifecertd_shards 8",
    "lifecertd_shards_owned 3",
    "lifecertd_shards_unowned 1",
    "lifecertd_office_daemons 2",
    "lifecertd_office_idle 1",
    "lifecertd_office_orders_outstanding 4",
    "lifecertd_office_silent_seconds 1.25",
};

static void count_shards(void *arg, struct shard_counts *out)
{
    (void)arg;
    *out = (struct shard_counts){8, 3, 1, 2, true, 4, 1250};
}

/* Nobody reads their logs, which are nowhere. */
static void test_shards(void)
{
    struct shard_set set = {.n = 8};
    struct http_options o = {.max_lines = 100, .engine = {.uri = "redis://127.0.0.1:1/none", .set = &set}};
    o.engine.shards = count_shards;
    struct server s = server_new_with(&o);
    scrape(&s);
    for (size_t i = 0; i < sizeof shard_lines / sizeof *shard_lines; i++)
        ok(says(shard_lines[i]), "%s", shard_lines[i]);
    server_free(&s);
}

int main(void)
{
    plan(sizeof shard_lines / sizeof *shard_lines + 2 + sizeof lines / sizeof *lines + sizeof absent / sizeof *absent +
         2 + 7 + 3 + 2);
    struct server s = server_new(100, false);
    test_first(&s);
    test_families();
    test_requests(&s);
    test_process();
    server_free(&s);
    test_without_delivery();
    test_shards();
    reply_done(&r);
    return tap_end();
}
