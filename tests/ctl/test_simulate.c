#include "tests/ctl/run_ctl.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_WITHIN 100 /* the time stands so near a line's start; every line is longer */

static struct ran r;
static const char *config;

#define AT(t) "\"at\":\"" t "+08:00\"}\n"
#define ENROL(id, more)              \
    "{\"op\":\"enrol\",\"id\":\"" id \
    "\",\"policy\":\"national\",\"approved_on\":\"2024-05-03\"," more AT("2026-01-01T10:00:00")
#define CERTIFY(id, channel, on, ref) \
    "{\"op\":\"certify\",\"id\":\"" id "\",\"channel\":\"" channel "\",\"certified_on\":\"" on "\",\"ref\":\"" ref "\""
#define LAST_MAY "\"last_certified_on\":\"2025-05-20\","

/* Certified in May of 2025: three reminders, grace, suspension, then a certification with back pay. Out of order in the
 * file, which matters to nobody. */
static const char *const scenario[] = {
    CERTIFY("p", "face", "2026-08-01", "r1") "," AT("2026-08-02T10:00:00"),
    "\n",
    ENROL("p", LAST_MAY "\"amount\":350000,\"name\":\"Li\","),
    CERTIFY("stranger", "face", "2026-08-01", "r1") "," AT("2026-08-02T10:00:00"),
    CERTIFY("p", "face", "2026-08-01", "r2") "}\n",
    CERTIFY("p", "smoke", "2026-08-01", "r3") "," AT("2026-08-02T10:00:00"),
    "not JSON\n",
    CERTIFY("p", "face", "2027-08-01", "r4") "," AT("2027-08-02T10:00:00"),
};

static const char *scenario_file(void)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof scenario / sizeof scenario[0]; i++)
        buf_adds(&b, scenario[i]);
    const char *file = test_file("in.ndjson", b.p, b.n);
    buf_done(&b);
    return file;
}

/* "time type" of every event about a person, a line each. */
static char *outline(const char *events)
{
    char *text = mem_strdup(events), *out = mem_zalloc(strlen(events) + 1, 1);
    size_t n = 0;
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *time = strstr(line, "\"time\":\""), *type = strstr(line, "\"type\":\"");
        if (!time || !type || !strstr(line, "\"subject\":"))
            continue;
        n += (size_t)sprintf(out + n, "%.16s %.*s\n", time + 8, (int)strcspn(type + 8, "\""), type + 8);
    }
    free(text);
    return out;
}

static void test_scenario(void)
{
    const char *file = scenario_file(), *results = test_path("results");
    run_ctl(&r, NULL, "-c", config, "simulate", "--until", "2026-12-31", file, "--results", results, NULL);
    is_int(r.status, 1, "a simulation with rejected and malformed inputs ends with 1");
    char *got = outline(r.out);
    is_str(got,
           "2026-01-01T10:00 beneficiary.enrolled\n"
           "2026-03-01T09:00 reminder.due\n"
           "2026-04-01T09:00 reminder.due\n"
           "2026-05-01T09:00 reminder.due\n"
           "2026-06-01T00:00 grace.started\n"
           "2026-06-16T00:00 benefit.suspended\n"
           "2026-08-02T10:00 certification.accepted\n"
           "2026-08-02T10:00 benefit.resumed\n",
           "a year goes by, in order of time");
    free(got);
    ok(has(r.out, "\"back_pay\":{\"periods\":[{\"period\":\"2026-07\",\"payday\":\"2026-07-15\",\"amount\":350000}],"
                  "\"total\":350000,\"pay_on\":\"2026-08-15\"}"),
       "with back pay");
    ok(has(r.out, "\"simulated\":true"), "every event is marked as simulated");
    ok(has(r.err, "in.ndjson:5: at: missing") && has(r.err, "in.ndjson:6: channel: ") && has(r.err, "in.ndjson:7: "),
       "faults are told with their lines");
    ok(has(r.err, "6 inputs") && has(r.err, "1 later ones left out") && has(r.err, "not-enrolled"),
       "inputs are counted");
    got = file_text(results);
    static const char *const kept[] = {
        "{\"id\":\"p\",\"op\":\"certify\",\"result\":\"applied\",\"reason\":null,\"seq\":[",
        "],\"line\":1}\n{\"id\":\"p\",\"op\":\"enrol\"",
        "\"reason\":\"not-enrolled\",\"seq\":[],\"line\":4}\n",
        "{\"id\":null,\"op\":null,\"result\":\"error\",\"reason\":\"malformed\",\"member\":\"at\"",
        ",\"line\":7}\n",
    };
    bool all = true;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        all &= has(got, kept[i]);
    ok(all && !strstr(got, "\"line\":8"), "results stand in the order of the file");
    free(got);
}

/* Deadlines at or before the end are run, and none behind it. */
static void test_until(void)
{
    static const struct {
        const char *until, *last;
    } cases[] = {
        {"2026-03-01T08:59:59+08:00", "2026-01-01T10:00 beneficiary.enrolled\n"},
        {"2026-03-01T09:00:00+08:00", "2026-03-01T09:00 reminder.due\n"},
        {"2026-05-31", "2026-05-01T09:00 reminder.due\n"},
        {"2026-06-01T00:00:00+08:00", "2026-06-01T00:00 grace.started\n"},
        {"2026-06-15", "2026-06-01T00:00 grace.started\n"},
        {"2026-06-16", "2026-06-16T00:00 benefit.suspended\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_ctl(&r, ENROL("p", LAST_MAY), "-c", config, "simulate", "--until", cases[i].until, "-", NULL);
        char *got = outline(r.out);
        size_t n = strlen(got), last = strlen(cases[i].last);
        ok(r.status == 0 && n >= last && strcmp(got + n - last, cases[i].last) == 0, "until %s", cases[i].until);
        free(got);
    }
    run_ctl(&r, ENROL("p", ""), "-c", config, "simulate", "--until", "2025-12-31", "-", NULL);
    ok(r.status == 0 && !strstr(r.out, "beneficiary.enrolled") && has(r.err, "1 later ones left out"),
       "inputs behind the end are left out");
    run_ctl(&r, NULL, "-c", config, "simulate", "--until", "2026-01-01", "-", NULL);
    ok(r.status == 0 && has(r.err, "0 inputs"), "no input is no fault");
    run_ctl(&r, NULL, "-c", config, "simulate", "--until", "2026-01-01", test_path("absent"), NULL);
    ok(r.status == 3 && has(r.err, "absent: No such file"), "a file that is not there");
}

/* More inputs than the engine takes at once, at one instant and at many. */
static void test_many(void)
{
    static const char accepted_type[] = ",\"type\":\"certification.accepted\"";
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < 40000; i++)
        buf_printf(&b, ENROL("p%u", ""), i);
    for (unsigned i = 0; i < 40000; i++)
        buf_printf(&b, CERTIFY("p%u", "face", "2026-01-01", "x") ",\"at\":\"2026-01-02T%02u:%02u:%02u+08:00\"}\n", i,
                   i / 3600, i / 60 % 60, i % 60);
    const char *file = test_file("many.ndjson", b.p, b.n);
    run_ctl(&r, NULL, "-c", config, "simulate", "--until", "2026-12-31", file, NULL);
    unsigned accepted = 0, ordered = 1;
    const char *before = "";
    for (const char *p = r.out, *end = p + strlen(p); p < end;
         p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1) {
        const char *time = memmem(p, TIME_WITHIN, "\"time\":\"", 8);
        if (!time)
            bail_out("no time in %.100s", p);
        ordered &= strncmp(before, time + 8, 19) <= 0;
        before = time + 8;
        accepted += strncmp(time + 34, accepted_type, sizeof accepted_type - 1) == 0;
    }
    is_int(r.status, 0, "80,000 inputs are simulated");
    is_int(accepted, 40000, "every certification is decided");
    ok(ordered, "events come in order of time");
    buf_done(&b);
}

static void test_brake(void)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < 3; i++)
        buf_printf(&b, ENROL("p%u", LAST_MAY), i);
    const char *braked = test_config("brake_limit = \"2\"\n"), *file = test_file("braked.ndjson", b.p, b.n);
    run_ctl(&r, NULL, "-c", braked, "simulate", "--until", "2026-12-31", file, NULL);
    ok(r.status == 0 && has(r.out, "hold.placed") && !strstr(r.out, "benefit.suspended"),
       "a brake holds in a simulation too");
    ok(has(r.err, "a brake hold was placed at 2026-06-16T00:00:00+08:00") && has(r.err, "brake_limit = \"off\""),
       "which is told, with what to do");
    buf_done(&b);
}

int main(void)
{
    plan(0);
    config = test_config("brake_limit = \"off\"\n");
    test_scenario();
    test_until();
    test_many();
    test_brake();
    ran_done(&r);
    return tap_end();
}
