/* What-ifs over a real daemon's store while it runs: a year of a made-up city by an accelerated clock, once without
 * holds and once with a brake and a channel that falls silent. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/e2e/process.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define CLOCK "clock = \"2026-01-01T00:00:00+08:00 x5000000\"\ntimezone = \"Asia/Shanghai\"\n"
#define POLICIES(keys)                                                                                          \
    "policy \"national\" { " keys " }\npolicy \"zhoushan\" { " keys " }\n"                                      \
    "policy \"beijing\" { grace = 0 }\npolicy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n" \
    "policy \"half-yearly\" { cycle = \"6 months\" }\n"
#define CHANNELS(face)                                                                                      \
    "channel \"face\" { " face " }\nchannel \"kiosk\" { }\nchannel \"counter\" { }\nchannel \"bank\" { }\n" \
    "channel \"data-match\" { }\nchannel \"home-visit\" { }\nchannel \"consulate\" { }\nchannel \"unit-batch\" { }\n"
#define PLAIN CLOCK "brake_limit = \"off\"\n" CHANNELS("") POLICIES("")
#define HELD CLOCK "brake_limit = \"1\"\n" CHANNELS("expect_every = \"20h\"") POLICIES("")
#define UNTIL "2027-01-31T23:59:59+08:00"

static struct node *n;
static struct buf out;

static void run(const char *const *argv)
{
    buf_clear(&out);
    int status = run_program(argv, &out);
    if (status != 0)
        bail_out("%s ends with %d: %.500s", argv[0], status, out.p);
}

static void save(const char *path, const char *text, size_t size)
{
    FILE *f = fopen(path, "we");
    if (!f || fwrite(text, 1, size, f) != size || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

static void make_city(char path[300])
{
    const char *const argv[] = {"lifecertctl", "demo-city", "--people", "400", "--until", UNTIL, NULL};
    run(argv);
    snprintf(path, 300, "%s/city.ndjson", n->dir);
    save(path, out.p, out.n);
}

static bool is_over(void *arg)
{
    struct reply *r = arg;
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, r);
    const char *now = r->status == 200 ? strstr(r->body.p, "\"now\":\"") : NULL;
    return now && strncmp(now + 7, UNTIL, 25) > 0;
}

/* Until the daemon's clock has passed the end. */
static void live_through(void)
{
    struct reply r = {.status = 0};
    char city[300];
    make_city(city);
    const char *const argv[] = {"lifecertctl", "-c", n->config, "import", city, NULL};
    buf_clear(&out);
    (void)run_program(argv, &out); /* 1: some of a city's inputs are rejected */
    ok(await(is_over, &r), "a year goes by");
    reply_done(&r);
}

/* The number behind key, in the object behind `of`. */
static long long number(const char *of, const char *key)
{
    const char *summary = strstr(out.p, "{\"type\":\"summary\""), *at = summary ? strstr(summary, of) : NULL;
    at = at ? strstr(at, key) : NULL;
    return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

static void what_if(void)
{
    char wanted[300];
    snprintf(wanted, sizeof wanted, "%s/wanted.conf", n->dir);
    save(wanted, POLICIES("grace = 30"), strlen(POLICIES("grace = 30")));
    const char *const argv[] = {"lifecertctl", "-c",   n->config, "--json", "replay",
                                "--what-if",   wanted, "--until", UNTIL,    NULL};
    run(argv);
}

static void check_plain(void)
{
    n = node_new(PLAIN);
    node_init(n);
    node_must_start(n);
    live_through();
    what_if();
    is_int(number("\"changes\"", "\"differ_from_log\":"), 0, "without holds the first run is what the daemon recorded");
    ok(number("\"changes\"", "\"differ\":") > 0, "and people differ in the second");
    ok(number("benefit.suspended", "\"after\":") < number("benefit.suspended", "\"before\":"),
       "fewer are suspended where more grace is given");
    node_free(n, false);
}

static void check_held(void)
{
    n = node_new(HELD);
    node_init(n);
    node_must_start(n);
    live_through();
    const char *const holds[] = {"lifecertctl", "-c", n->config, "events", "--type", "hold.placed", NULL};
    run(holds);
    ok(strstr(out.p, "\"brake\"") && strstr(out.p, "\"feed\""), "a brake and a silent channel kept suspensions back");
    what_if();
    ok(number("benefit.suspended", "\"recorded\":") < number("benefit.suspended", "\"before\":"),
       "the first run has those that were never carried out");
    ok(number("\"changes\"", "\"differ_from_log\":") > 0, "and says for how many people that differs");
    node_free(n, false);
}

int main(void)
{
    plan(8);
    check_plain();
    check_held();
    buf_done(&out);
    return tap_end();
}
