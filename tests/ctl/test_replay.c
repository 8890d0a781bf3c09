/* replay --what-if, on stores made here: against simulate of the same inputs, and what people and machines get. */
#include "tests/ctl/run_ctl.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "ctl/json.h"
#include "tests/engine/rig.h"

static struct ran r;

/* --- stores --- */

#define HEAD                                                                                                 \
    "timezone = \"Asia/Shanghai\"\nchannel \"face\" { %s }\nchannel \"counter\" {}\nchannel \"bank\" {}\n"   \
    "channel \"data-match\" {}\nchannel \"home-visit\" {}\nchannel \"kiosk\" {}\nchannel \"consulate\" {}\n" \
    "channel \"unit-batch\" {}\nbrake_limit = \"%s\"\n"

/* A configuration whose store is of that name; keys: of its policies, and of the channel face. */
static const char *conf(const char *store, const char *face, const char *brake, const char *keys)
{
    static unsigned serial;
    struct buf b = BUF_INIT;
    char name[32];
    snprintf(name, sizeof name, "conf-%u", serial++);
    buf_printf(&b, "store = \"dir:%s/%s\"\n", tap_tmpdir(), store);
    buf_printf(&b, HEAD, face, brake);
    buf_printf(&b, "policy \"national\" { %s }\npolicy \"zhoushan\" { %s }\n", keys, keys);
    const char *path = test_file(name, b.p, b.n);
    buf_done(&b);
    return path;
}

static void make_store(const char *store, const char *conf_file, const char *ndjson, const char *start,
                       const char *until)
{
    struct rig rig = {.engine = NULL};
    char uri[200], *text = file_text(conf_file);
    snprintf(uri, sizeof uri, "dir:%s/%s", tap_tmpdir(), store);
    rig_open(&rig, uri, text, rig_at(start));
    rig_inputs(&rig, ndjson, rig_at(until));
    rig_close(&rig);
    free(text);
}

/* --- against simulate --- */

static int64_t count(const char *text, const char *part)
{
    int64_t n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
        n++;
    return n;
}

static const char *summary_line(const char *out)
{
    const char *line = strstr(out, "{\"type\":\"summary\"");
    return line ? line : "{}";
}

/* How many events of that type the second run has. */
static int64_t after(const char *summary, const char *type)
{
    char key[64];
    unsigned long long n = 0;
    snprintf(key, sizeof key, "\"%s\":{\"recorded\":", type);
    const char *p = strstr(summary, key);
    if (p && sscanf(p + strlen(key), "%*u,\"before\":%*u,\"after\":%llu", &n) != 1)
        return -1;
    return (int64_t)n;
}

#define UNTIL "2027-01-31T23:59:59+08:00"

static const char *const types[] = {"reminder.due",         "grace.started",          "benefit.suspended",
                                    "benefit.resumed",      "certification.accepted", "certification.rejected",
                                    "certification.lapsed", "suspension.deferred",    "benefit.terminated",
                                    "beneficiary.enrolled"};

static char *simulated(const char *national, const char *city)
{
    run_ctl(&r, NULL, "-c", conf("nowhere", "", "off", national), "simulate", "--until", UNTIL, city, NULL);
    char *out = r.out;
    r.out = NULL;
    return out;
}

static void check_against_simulate(const char *store_conf, const char *national, const char *city)
{
    char *oracle = simulated(national, city), wanted[64];
    run_ctl(&r, NULL, "-c", store_conf, "replay", "--json", "--what-if", conf("nowhere", "", "1%", national), "--until",
            UNTIL, NULL);
    is_int(r.status, 0, "%s: it is done", national);
    struct json *j = json_parse(summary_line(r.out));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(wanted, sizeof wanted, "\"type\":\"%s\"", types[i]);
        is_int(after(summary_line(r.out), types[i]), count(oracle, wanted), "%s: as many %s as simulate makes",
               national, types[i]);
    }
    is_int(count(r.out, "{\"type\":\"person\""), json_number(j, "differ", -1), "%s: a line for each who differs",
           national);
    ok(json_number(j, "differ", 0) > 0 && json_number(j, "differ_from_log", -1) == 0, "%s: some do", national);
    json_free(j);
    free(oracle);
}

static void test_city(void)
{
    run_ctl(&r, NULL, "demo-city", "--people", "1500", NULL);
    const char *city = test_file("city.ndjson", r.out, 0);
    const char *store_conf = conf("city", "", "off", "");
    make_store("city", store_conf, r.out, "2026-01-01T00:00:00+08:00", UNTIL);
    check_against_simulate(store_conf, "grace = 30", city);
    check_against_simulate(store_conf, "cycle = \"330 days\" validity = \"exact-day\"", city);
    check_against_simulate(store_conf, "payday = 3 resume = \"next-month\" remind_ahead = 1", city);
}

/* --- a small one --- */

#define ENROL(id, more)                                                                                \
    "{\"op\":\"enrol\",\"id\":\"" id "\",\"policy\":\"national\",\"approved_on\":\"2024-05-03\"," more \
    "\"last_certified_on\":\"2025-05-20\",\"at\":\"2026-01-01T10:00:00+08:00\"}\n"

static const char small[] = {
    ENROL("late", "\"amount\":350000,")
    ENROL("never", "")
    ENROL("third", "")
    "{\"op\":\"certify\",\"id\":\"late\",\"channel\":\"face\",\"certified_on\":\"2026-07-20\",\"ref\":\"r1\","
    "\"at\":\"2026-07-20T12:00:00+08:00\"}\n"};

static void test_people(void)
{
    const char *c = conf("small", "", "off", "");
    make_store("small", c, small, "2026-01-01T10:00:00+08:00", "2026-08-01T00:00:00+08:00");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", conf("nowhere", "", "off", "grace = 70"), NULL);
    is_int(r.status, 0, "a what-if that differs ends with 0");
    ok(has(r.out, "national  grace      15      70\nzhoushan  grace      15      70\n"), "it begins with what changes");
    ok(has(r.out, "benefit.suspended              3         3      0          -3"),
       "counts events, recorded, before and after");
    ok(has(r.out, "paid later                     -  3,500.00   0.00   -3,500.00"), "and money");
    ok(has(r.out, "suspensions in  before  after\n2026-06              3      0\n"),
       "suspensions by the month, as a table");
    ok(has(r.out, "3 of 3 people would have fared otherwise."), "says how many differ");
    ok(has(r.out, "late   national  suspended 2026-06-16, resumed 2026-07-20 (3,500.00)  -\n"),
       "and what only one run has");
    ok(has(r.err, "are written below "), "where it writes meanwhile is said");
    run_ctl(&r, NULL, "-c", c, "replay", "--limit", "1", "--what-if", conf("nowhere", "", "off", "grace = 70"), NULL);
    ok(has(r.out, "and 2 more\n") && !strstr(r.out, "third"), "--limit lists so many, and tells of the others");
    run_ctl_on_terminal(&r, 80, "-c", c, "replay", "--what-if", conf("nowhere", "", "off", "grace = 20"), NULL);
    ok(has(r.out, "2026-06         before  3  ████") && has(r.out, "                after   3  ████"),
       "on a terminal there are two bars a month");
}

static void test_json(void)
{
    const char *c = conf("small", "", "off", "");
    run_ctl(&r, NULL, "-c", c, "--json", "replay", "--what-if", conf("nowhere", "", "off", "grace = 70"), "--since",
            "2026-06-01", "--until", "2026-07-31", NULL);
    ok(has(r.out, "{\"type\":\"person\",\"id\":\"late\",\"policy\":\"national\","
                  "\"before\":[{\"type\":\"benefit.suspended\",\"on\":\"2026-06-16\"},"
                  "{\"type\":\"benefit.resumed\",\"on\":\"2026-07-20\",\"months\":1,\"total\":350000}],\"after\":["),
       "a person is an object with what either run has alone");
    ok(has(r.out,
           "{\"type\":\"summary\",\"changes\":[{\"policy\":\"national\",\"parameter\":\"grace\",\"before\":\"15\","
           "\"after\":\"70\"},{\"policy\":\"zhoushan\",\"parameter\":\"grace\",\"before\":\"15\","
           "\"after\":\"70\"}],\"since\":\"2026-06-01T00:00:00+08:00\",\"until\":\"2026-07-31T23:59:59+08:00\","
           "\"people\":3,\"differ\":3,"),
       "the summary comes last, and says what was asked");
    ok(has(r.out, "\"months\":[{\"month\":\"2026-06\",\"before\":3,\"after\":0}]"), "with suspensions by the month");
}

static void test_nothing(void)
{
    const char *c = conf("small", "", "off", "");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", conf("nowhere", "", "5%", "grace = 15"), NULL);
    ok(r.status == 0 && has(r.out, "Nothing would differ"), "policies that are the same change nothing");
    run_ctl(&r, NULL, "-c", c, "--json", "replay", "--what-if", conf("nowhere", "", "5%", "grace = 15"), NULL);
    ok(r.status == 0 && has(r.out, "{\"type\":\"summary\",\"changes\":[],") && has(r.out, "\"differ\":0}"),
       "the same as JSON");
    const char *elsewhere = test_file("elsewhere", "policy \"elsewhere\" { grace = 1 }\n", 0);
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", elsewhere, NULL);
    ok(r.status == 0 && has(r.err, "policy \"elsewhere\" was never adopted"),
       "a policy that nobody is under is told of");
}

static void test_held(void)
{
    const char *c = conf("held", "expect_every = \"36h\"", "1", "");
    make_store("held", c, small, "2026-01-01T10:00:00+08:00", "2026-08-01T00:00:00+08:00");
    run_ctl(&r, NULL, "-c", c, "events", "--type", "hold.*", NULL);
    ok(has(r.out, "\"feed\""), "a silent channel kept suspensions back");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", conf("nowhere", "", "1", "grace = 20"), NULL);
    ok(has(r.out, "benefit.suspended              0         3         3           0"),
       "both runs have them, on their days");
    ok(has(r.out, "for 3 people it differs from what was recorded"), "which is said");
}

static void test_misuse(void)
{
    const char *c = conf("small", "", "off", ""), *w = conf("nowhere", "", "off", "grace = 20");
    run_ctl(&r, NULL, "-c", c, "replay", NULL);
    ok(r.status == 2 && has(r.err, "--what-if FILE is missing"), "without a configuration to try it is a mistake");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", w, "--since", "yesterday", NULL);
    is_int(r.status, 2, "a time that is none is a mistake");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", w, "--since", "2030-01-01", NULL);
    ok(r.status == 2 && has(r.err, "after the end"), "and one behind the end");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", test_path("nothing"), NULL);
    is_int(r.status, 3, "a file that is not there cannot be read");
    run_ctl(&r, NULL, "-c", conf("no-store", "", "off", ""), "replay", "--what-if", w, NULL);
    is_int(r.status, 3, "nor a store");
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", w, "--scratch", test_path("no-folder"), NULL);
    ok(r.status == 3 && has(r.err, "no-folder"), "nor written where there is no folder");
}

/* --- the scratch folder --- */

static unsigned entries(const char *path)
{
    unsigned n = 0;
    DIR *d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

/* The signal waits from before the program begins, as it does while that has not tidied up: so it comes in the middle
 * for sure. */
static void run_interrupted(const char *c, const char *w, const char *below, int err)
{
    const char *built = getenv("top_builddir");
    char program[4096];
    sigset_t set;
    snprintf(program, sizeof program, "%s/lifecertctl", built ? built : ".");
    dup2(err, 1);
    dup2(err, 2);
    signal(SIGINT, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGINT);
    execl(program, program, "-c", c, "replay", "--what-if", w, "--scratch", below, (char *)NULL);
    _exit(127);
}

static void test_scratch(void)
{
    const char *below = test_path("scratch"), *said = test_path("said");
    const char *c = conf("city", "", "off", ""), *w = conf("nowhere", "", "off", "grace = 20");
    int status = 0;
    mkdir(below, 0700);
    run_ctl(&r, NULL, "-c", c, "replay", "--what-if", w, "--scratch", below, NULL);
    ok(r.status == 0 && has(r.err, below), "--scratch says where it writes");
    is_int(entries(below), 0, "and nothing is left there");
    int err = open(said, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        run_interrupted(c, w, below, err);
    waitpid(child, &status, 0);
    close(err);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "interrupted, it ends by the signal");
    char *text = file_text(said);
    ok(has(text, "are written below") && !strstr(text, "would have fared otherwise"), "in the middle of its work");
    free(text);
    is_int(entries(below), 0, "and nothing is left then either");
}

int main(void)
{
    plan(0);
    test_city();
    test_people();
    test_json();
    test_nothing();
    test_held();
    test_misuse();
    test_scratch();
    ran_done(&r);
    return tap_end();
}
