/* What the interface has answered, and what the process takes. */
#include "http/metrics/metrics.h"

#include <stdio.h>

#include "http/events/events.h"
#include "http/routes.h"
#include "http/status_stream.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unversioned"
#endif

#define NANOSECOND 1e-9

/* --- requests --- */

/* Route and method of a place in struct counts. What no route takes is of many methods. */
static void route_labels(size_t i, struct str out[2])
{
    static const struct str methods[METHOD_N] = {
        [METHOD_GET] = STR_LIT("GET"), [METHOD_POST] = STR_LIT("POST"), [METHOD_DELETE] = STR_LIT("DELETE")};
    bool none = i >= http_routes_n;
    out[0] = none ? STR_LIT("none") : str_of(http_routes[i].pattern);
    out[1] = none ? STR_LIT("any") : methods[http_routes[i].method];
}

static void write_requests(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    static const struct str classes[STATUS_CLASSES] = {STR_LIT("none"), STR_LIT("1xx"), STR_LIT("2xx"),
                                                       STR_LIT("3xx"),  STR_LIT("4xx"), STR_LIT("5xx")};
    const struct counts *c = s->http->counts;
    struct str labels[3];
    (void)m;
    for (size_t i = 0; i <= c->n; i++)
        for (int class = 0; class < STATUS_CLASSES; class ++) {
            if (!c->routes[i].answers[class])
                continue;
            route_labels(i, labels);
            labels[2] = classes[class];
            exposition_count(e, labels, c->routes[i].answers[class]);
        }
}

static void write_durations(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    const struct counts *c = s->http->counts;
    (void)m;
    for (size_t i = 0; i <= c->n; i++) {
        const struct route_counts *r = &c->routes[i];
        struct histogram h = {.bounds = duration_bounds,
                              .counts = r->durations,
                              .n = DURATION_BOUNDS,
                              .sum = (double)r->duration_ns * NANOSECOND};
        struct str labels[2];
        route_labels(i, labels);
        if (r->duration_ns)
            exposition_histogram(e, labels, &h);
    }
}

static void write_refused(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int i = 0; i < REFUSAL_N; i++) {
        char text[8];
        snprintf(text, sizeof text, "%u", refusal_status((enum refusal)i));
        struct str status = str_of(text);
        exposition_count(e, &status, s->http->counts->refused[i]);
    }
}

static void write_in_progress(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    exposition_count(e, NULL, s->http->counts->in_progress);
}

static void write_connections(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    uint64_t n = 0;
    (void)m;
    for (unsigned i = 0; i < s->http->n_sites; i++)
        n += site_connections(s->http->sites[i]);
    exposition_count(e, NULL, n);
}

static void write_streams(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    static const struct {
        struct str word;
        const struct handler *handler;
    } kinds[] = {{STR_LIT("events"), &events_stream_handler}, {STR_LIT("status"), &status_stream_handler}};
    (void)m;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint64_t n = 0;
        for (const struct exchange *x = s->http->exchanges; x; x = x->next)
            n += x->handler == kinds[i].handler;
        exposition_count(e, &kinds[i].word, n);
    }
}

/* --- the process: at is the number's place in struct process --- */

static void write_process(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    exposition_count(e, NULL, *(const uint64_t *)((const char *)&s->process + m->at));
}

static void write_cpu(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    exposition_number(e, NULL, s->process.cpu_seconds);
}

static void write_start(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    exposition_number(e, NULL, s->http->started_at);
}

static void write_build(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    struct str version = STR_LIT(PACKAGE_VERSION);
    (void)m, (void)s;
    exposition_count(e, &version, 1);
}

/* --- the table --- */

#define AT(member) offsetof(struct process, member)

static const struct metric metrics[] = {
    {{"lifecertd_http_requests_total", FAMILY_COUNTER, {"route", "method", "status"}, "HTTP requests that are over"},
     write_requests,
     0},
    {{"lifecertd_http_request_seconds",
      FAMILY_HISTOGRAM,
      {"route", "method"},
      "How long an HTTP request took, from its whole header to the last byte of its answer"},
     write_durations,
     0},
    {{"lifecertd_http_refused_total",
      FAMILY_COUNTER,
      {"status"},
      "HTTP requests refused for want of a token (401), of a right (403), or for their rate (429)"},
     write_refused,
     0},
    {{"lifecertd_http_requests_in_progress", FAMILY_GAUGE, {NULL}, "HTTP requests being answered, this one included"},
     write_in_progress,
     0},
    {{"lifecertd_http_connections", FAMILY_GAUGE, {NULL}, "HTTP connections that are open"}, write_connections, 0},
    {{"lifecertd_http_streams", FAMILY_GAUGE, {"stream"}, "Clients that are sent Server-Sent Events"},
     write_streams,
     0},
    {{"process_cpu_seconds_total", FAMILY_COUNTER, {NULL}, "User and system time of the process"}, write_cpu, 0},
    {{"process_resident_memory_bytes", FAMILY_GAUGE, {NULL}, "Memory that is resident"},
     write_process,
     AT(resident_bytes)},
    {{"process_virtual_memory_bytes", FAMILY_GAUGE, {NULL}, "Address space in use"}, write_process, AT(virtual_bytes)},
    {{"process_open_fds", FAMILY_GAUGE, {NULL}, "Open descriptors"}, write_process, AT(open_fds)},
    {{"process_max_fds", FAMILY_GAUGE, {NULL}, "Most descriptors that may be open"}, write_process, AT(max_fds)},
    {{"process_start_time_seconds", FAMILY_GAUGE, {NULL}, "When the process was started"}, write_start, 0},
    {{"lifecertd_build_info", FAMILY_GAUGE, {"version"}, "1, for the version that runs"}, write_build, 0},
};

const struct metric_section http_section = {metrics, sizeof metrics / sizeof *metrics};
