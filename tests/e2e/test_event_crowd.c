/* A thousand clients read the log as it grows: every one gets every event, soon, while others are served, and the
 * daemon hardly grows. By hand: test_event_crowd READERS CERTIFICATIONS PER_SECOND. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/e2e/readers.h"
#include "tests/lib/node.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define CONFIG                       \
    "timezone = \"Asia/Shanghai\"\n" \
    "policy \"national\" { }\n"      \
    "channel \"face\" { }\n"
#define JSON "Content-Type: application/json\r\n"
#define SECOND INT64_C(1000000000)
#define P99_MS 500       /* on a machine that does other things as well */
#define GROWTH_KB 250000 /* of a thousand: their connections, and what is on its way to each */

static struct node *n;
static struct reply r;

struct plan {
    unsigned readers, inputs, per_second;
};

/* When each input was answered, by its event's number; and how long that took. */
struct sent {
    uint64_t first;
    int64_t *answered, *took;
};

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double ms(int64_t *v, size_t n_v, unsigned percent)
{
    qsort(v, n_v, sizeof *v, by_size);
    return n_v ? (double)v[(n_v - 1) * percent / 100] / 1e6 : 0;
}

/* --- the daemon's own account --- */

static long memory_kb(void)
{
    char path[64], line[128];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)n->pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

static double cpu_seconds(void)
{
    char path[64];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)n->pid);
    FILE *f = fopen(path, "re");
    if (!f || fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        diag("no times of the daemon");
    if (f)
        fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* --- what is sent --- */

static uint64_t post(struct client *c, struct str json)
{
    struct buf body = BUF_INIT;
    add_json(&body, json);
    client_request(c, "POST", "/v1/inputs", JSON, buf_str(&body), &r);
    buf_done(&body);
    const char *seq = strstr(r.body.p, "\"seq\":[");
    return r.status == 200 && seq ? strtoull(seq + 7, NULL, 10) : 0;
}

static uint64_t enrol(struct client *c)
{
    uint64_t last = post(c, STR_LIT("{'op':'enrol','id':'p-1','policy':'national','approved_on':'2020-02-01'}"));
    client_request(c, "GET", "/v1/events?limit=10000", NULL, STR_NONE, &r);
    const char *position = reply_header(&r, "Lifecertd-Position");
    return last && position ? strtoull(position, NULL, 10) : 0;
}

static void certify(struct client *c, const struct plan *p, struct sent *sent)
{
    int64_t began = clock_monotonic_ns();
    for (unsigned i = 0; i < p->inputs; i++) {
        struct buf b = BUF_INIT;
        int64_t start, due = began + (int64_t)i * SECOND / p->per_second;
        while ((start = clock_monotonic_ns()) < due)
            poll(NULL, 0, (int)((due - start) / 1000000));
        buf_printf(&b, "{'op':'certify','id':'p-1','channel':'face','certified_on':'2026-03-01','ref':'%u'}", i);
        uint64_t seq = post(c, buf_str(&b));
        buf_done(&b);
        if (seq - sent->first >= p->inputs)
            bail_out("certification %u: %d %s", i, r.status, r.body.p);
        sent->answered[seq - sent->first] = clock_monotonic_ns();
        sent->took[i] = sent->answered[seq - sent->first] - start;
    }
}

/* --- what came of it --- */

static void await_all(struct readers *all, uint64_t last)
{
    int64_t limit = clock_monotonic_ns() + 60 * SECOND;
    while (!readers_have(all, last) && clock_monotonic_ns() < limit)
        poll(NULL, 0, 5);
}

static void judge_delays(struct readers *all, const struct plan *p, const struct sent *sent)
{
    size_t n_all = (size_t)p->readers * p->inputs;
    int64_t *delays = mem_zalloc(n_all, sizeof *delays), *d = delays;
    for (unsigned i = 0; i < p->readers; i++)
        for (unsigned e = 0; e < p->inputs; e++, d++) {
            int64_t delay = readers_time(all, i, sent->first + e) - sent->answered[e];
            *d = delay > 0 ? delay : 0;
        }
    double half = ms(delays, n_all, 50), p99 = ms(delays, n_all, 99);
    ok(p99 < P99_MS,
       "99 of 100 events came within %.1f ms of the answer to their input (half within %.1f, all within %.1f)", p99,
       half, ms(delays, n_all, 100));
    diag("answers to inputs: half within %.2f ms, 99 of 100 within %.2f ms", ms(sent->took, p->inputs, 50),
         ms(sent->took, p->inputs, 99));
    free(delays);
}

static void crowd(const struct plan *p)
{
    struct client *c = client_new(n->socket);
    struct sent sent = {.answered = mem_zalloc(p->inputs, sizeof(int64_t)),
                        .took = mem_zalloc(p->inputs, sizeof(int64_t))};
    uint64_t end = enrol(c);
    sent.first = end + 1;
    long before = memory_kb();
    struct readers *all = readers_new(n->socket, "", p->readers, end, p->inputs);
    is_int(readers_faulty(all), 0, "%u clients begin to read", p->readers);
    long begun = memory_kb();
    double cpu = cpu_seconds();
    int64_t from = clock_monotonic_ns();
    sleep(1);
    double idle = cpu_seconds() - cpu;
    ok(idle < 0.2, "and cost next to nothing while nothing happens (%.2f s of a second)", idle);
    cpu = cpu_seconds();
    from = clock_monotonic_ns();
    certify(c, p, &sent);
    await_all(all, end + p->inputs);
    double took = (double)(clock_monotonic_ns() - from) / 1e9;
    ok(readers_have(all, end + p->inputs), "all of them get all of %u events", p->inputs);
    is_int(readers_faulty(all), 0, "each once, in order");
    judge_delays(all, p, &sent);
    long grown = memory_kb() - before;
    ok(grown < GROWTH_KB, "for which the daemon needs %ld MB (%ld of them before the first event)", grown / 1024,
       (begun - before) / 1024);
    diag("%.2f s of processor time in %.2f s", cpu_seconds() - cpu, took);
    readers_free(all);
    client_free(c);
    free(sent.answered);
    free(sent.took);
}

static void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct plan p = {.readers = 1000, .inputs = 300, .per_second = 100};
    if (argc == 4)
        p = (struct plan){(unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3])};
    plan(0);
    allow_many_files();
    n = node_new(CONFIG);
    node_init(n);
    node_must_start(n);
    crowd(&p);
    is_int(node_stop(n), 0, "it ends when it is told to");
    reply_done(&r);
    int failed = tap_end();
    node_free(n, failed);
    return failed;
}
