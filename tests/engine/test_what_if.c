/* The same inputs under other policies: random histories against the same histories lived under those policies, and
 * small ones by hand. */
#include "engine/what_if/what_if.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/engine/chronicle.h"

#define PEOPLE 120
#define STEPS 2500

/* --- asking --- */

struct asked {
    struct what_if *w;
    const struct what_if_result *result;
    struct buf told; /* people who differ, a line each */
    char scratch[128];
    enum err err;
    struct errmsg msg;
    struct store *source;
    struct config *wanted;
};

static const char *folder(const char *name)
{
    static char paths[8][160];
    static unsigned turn, serial;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s-%u", tap_tmpdir(), name, serial++);
    return path;
}

static struct config *load(const char *conf)
{
    const char *path = folder("wanted");
    FILE *f = fopen(path, "w");
    struct buf faults = BUF_INIT;
    struct config *c = NULL;
    if (!f || fputs(conf, f) < 0 || fclose(f) != 0)
        bail_out("cannot write %s", path);
    if (config_load(path, &c, &faults) != ERR_OK)
        bail_out("the test's configuration is refused: %.*s", (int)faults.n, faults.p);
    buf_done(&faults);
    return c;
}

static void add_item(struct buf *b, const struct what_if_item *item)
{
    char on[10], total[32] = "?";
    date_format(item->on, on);
    if (item->total != AMOUNT_NONE)
        snprintf(total, sizeof total, "%lld", (long long)item->total);
    buf_printf(b, " %s %.10s", event_type_text((enum event_type)item->type), on);
    if (item->type == EV_RESUMED || item->type == EV_TERMINATED)
        buf_printf(b, " %u %s", item->months, total);
    if (item->reason)
        buf_printf(b, " %s %s", op_text((enum op)item->op), reason_text((enum reason)item->reason));
}

static void tell(void *arg, const struct what_if_person *p)
{
    struct buf *b = arg;
    buf_printf(b, "%.*s %s before:", (int)p->id.n, p->id.p, p->policy);
    for (uint32_t i = 0; i < p->n[0]; i++)
        add_item(b, &p->only[0][i]);
    buf_printf(b, " after:");
    for (uint32_t i = 0; i < p->n[1]; i++)
        add_item(b, &p->only[1][i]);
    buf_addc(b, '\n');
}

/* o: source, wanted and scratch are filled in. */
static void ask(struct asked *a, const char *uri, const char *conf, struct what_if_options o)
{
    *a = (struct asked){.wanted = load(conf)};
    snprintf(a->scratch, sizeof a->scratch, "%s", folder("scratch"));
    if (mkdir(a->scratch, 0700) != 0 || store_open(uri, STORE_READ, NULL, &a->source, NULL, &a->msg) != ERR_OK)
        bail_out("%s: %s", uri, a->msg.text);
    o.source = a->source;
    o.wanted = a->wanted;
    o.scratch = a->scratch;
    a->err = what_if_open(&o, &a->w, &a->msg);
    if (a->err != ERR_OK)
        return;
    a->err = what_if_run(a->w, &a->msg);
    a->result = what_if_result(a->w);
    if (a->err == ERR_OK)
        a->err = what_if_people(a->w, UINT64_MAX, tell, &a->told, &a->msg);
    buf_addc(&a->told, '\0');
}

/* The stores below the scratch folder stay until the test ends. */
static void asked_done(struct asked *a)
{
    if (a->w)
        what_if_free(a->w);
    store_close(a->source);
    config_free(a->wanted);
    buf_done(&a->told);
}

static const struct what_if_options from_the_beginning = {.since = INSTANT_NONE, .until = INSTANT_NONE};

/* --- logs against each other --- */

static struct buf log_of(const struct asked *a, const char *which)
{
    char uri[160];
    struct buf out = BUF_INIT;
    struct store *s;
    struct store_reader *r;
    struct errmsg msg;
    struct str line;
    uint64_t seq;
    snprintf(uri, sizeof uri, "dir:%s/%s", a->scratch, which);
    if (store_open(uri, STORE_READ, NULL, &s, NULL, &msg) != ERR_OK || store_reader_open(s, 0, &r, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    while (store_reader_next(r, &seq, &line, &msg) == ERR_OK) {
        buf_addstr(&out, line);
        buf_addc(&out, '\n');
    }
    store_reader_close(r);
    store_close(s);
    return out;
}

/* One may end earlier, at `until`: the lines that follow there must be later. */
static void check_same(const struct buf *got, const struct buf *want, const char *what)
{
    size_t n = got->n < want->n ? got->n : want->n, at = 0, line = 0;
    for (; at < n && got->p[at] == want->p[at]; at++)
        line = got->p[at] == '\n' ? at + 1 : line;
    bool same = at == got->n && at == want->n;
    ok(same, "%s", what);
    if (!same)
        diag("got: %.300s\nwanted: %.300s", line < got->n ? got->p + line : "", line < want->n ? want->p + line : "");
}

static void check_log(const struct asked *a, const char *which, const struct buf *want, const char *what)
{
    struct buf got = log_of(a, which);
    check_same(&got, want, what);
    buf_done(&got);
}

/* --- random histories --- */

struct town {
    struct rig rig;
    char uri[160];
    struct chronicle c;
    bool unchanged[STEPS];
};

/* Fewer where each is slow; with less than half not everything happens in them that is looked for. */
static unsigned steps(void)
{
    return tap_rounds(STEPS) < STEPS ? STEPS / 2 : STEPS;
}

static void live(struct town *h, struct chronicle c)
{
    c.people = PEOPLE;
    c.steps = steps();
    c.unchanged = h->unchanged;
    h->c = c;
    snprintf(h->uri, sizeof h->uri, "dir:%s", folder("store"));
    chronicle_live(&h->rig, h->uri, &h->c);
}

/* The same under other configurations, and without what came to "unchanged", which nobody can tell back. It may run on
 * behind the last event of the first: what is asked runs on as far. */
static void live_otherwise(struct rig *r, const struct town *h, struct chronicle c)
{
    c.people = PEOPLE;
    c.steps = steps();
    c.unchanged = (bool *)h->unchanged;
    c.skip = true;
    chronicle_live(r, "memory:", &c);
}

static lc_instant last_time(const struct rig *r)
{
    struct engine_counters counters;
    engine_counters(r->engine, &counters);
    return counters.now;
}

static void test_no_change(void)
{
    static struct town h;
    struct asked a;
    live(&h, (struct chronicle){.seed = 11, .reloads = true, .holds = true});
    ok(rig_count(&h.rig, "\"type\":\"hold.lifted\"") > 3 && rig_count(&h.rig, "\"type\":\"config.adopted\"") > 3 &&
           rig_count(&h.rig, "\"reason\":\"unknown-policy\"") > 0 &&
           rig_count(&h.rig, "\"type\":\"benefit.suspended\"") > 50,
       "the history has moratoria, other time zones, policies that went, and suspensions");
    rig_close(&h.rig);
    live(&h, (struct chronicle){.seed = 11, .reloads = true, .holds = true});
    /* Whatever the last configuration was, this asks for what its national policy has. */
    struct buf log = BUF_INIT;
    buf_addstr(&log, buf_str(&h.rig.lines));
    ask(&a, h.uri, "policy \"elsewhere\" { grace = 99 }\n", from_the_beginning);
    is_int(a.err, ERR_OK, "nothing that is there is asked for");
    is_int(a.result->changes.n, 0, "a policy that the log does not have changes nothing");
    is_int(a.result->differ, 0, "and nobody differs");
    is_int(a.result->differ_from_log, 0, "nor does anybody from what was recorded, where no other hold was placed");
    is_str(a.told.p, "", "so there is nobody to tell of");
    check_log(&a, "before", &log, "the first run is what was recorded, event by event");
    check_log(&a, "after", &log, "and so is the second");
    ok(memcmp(a.result->recorded, a.result->runs[0].events, sizeof a.result->recorded) == 0 &&
           memcmp(a.result->recorded, a.result->runs[1].events, sizeof a.result->recorded) == 0,
       "the counts of events are the same, type by type");
    is_int(a.result->people, PEOPLE, "everybody is there");
    asked_done(&a);
    buf_done(&log);
    rig_close(&h.rig);
}

/* Changed keys of the national policy, of which no configuration of the history says anything. */
static void check_changed(const char *keys, bool reloads, bool holds, uint64_t seed)
{
    static struct town h;
    struct rig other = {.engine = NULL};
    struct asked a;
    char conf[1024], what[200];
    live(&h, (struct chronicle){.seed = seed, .reloads = reloads, .holds = holds});
    live_otherwise(&other, &h,
                   (struct chronicle){.seed = seed, .reloads = reloads, .holds = holds, .conf.national = keys});
    snprintf(conf, sizeof conf, "channel \"counter\" {}\npolicy \"national\" { %s }\n", keys);
    /* Keys that are not given have their defaults here, and must not count as changed: take the history's own. */
    struct what_if_options o = {.since = INSTANT_NONE, .until = last_time(&h.rig)};
    ask(&a, h.uri, conf, o);
    ok(a.err == ERR_OK && a.result->changes.n >= 1, "%s: it is seen what changes (%s)", keys, a.msg.text);
    snprintf(what, sizeof what, "%s: the second run is the history lived under it, event by event", keys);
    check_log(&a, "after", &other.lines, what);
    check_log(&a, "before", &h.rig.lines, "the first is as it was");
    ok(a.result->differ > 0 && a.result->differ_from_log == 0, "%s: people differ (%llu)", keys,
       (unsigned long long)a.result->differ);
    asked_done(&a);
    rig_close(&other);
    rig_close(&h.rig);
}

static void test_changed(void)
{
    check_changed("grace = 30", false, false, 21);
    check_changed("grace = 0", false, true, 22);
    check_changed("cycle = \"365 days\"", false, false, 23);
    check_changed("cycle = \"200 days\" validity = \"exact-day\" resume = \"next-month\"", false, false, 24);
    check_changed("channels = { \"counter\" }", false, false, 25);
    check_changed("remind_every = 2 defer_max = 0", false, true, 26);
}

/* Through other configurations: only what the last one does not say already may be asked for. */
static void test_changed_throughout(void)
{
    static struct town h;
    struct rig other = {.engine = NULL};
    struct asked a;
    unsigned last = 0;
    live(&h, (struct chronicle){.seed = 31, .reloads = true, .holds = true});
    /* The configuration that the history ended with: the one whose policies leave nothing changed. */
    for (unsigned i = 0; i < 5; i++) {
        static const struct chronicle_conf plain;
        ask(&a, h.uri, chronicle_conf(i, &plain), from_the_beginning);
        last = a.result->changes.n == 0 ? i : last;
        asked_done(&a);
    }
    const struct chronicle_conf with = {.national = "grace = 40"};
    live_otherwise(&other, &h, (struct chronicle){.seed = 31, .reloads = true, .holds = true, .conf = with});
    struct what_if_options o = {.since = INSTANT_NONE, .until = last_time(&h.rig)};
    ask(&a, h.uri, chronicle_conf(last, &with), o);
    ok(a.err == ERR_OK && a.result->changes.n == 1, "one parameter changes");
    check_log(&a, "after", &other.lines,
              "it is laid over every version of the policy, and the rest of each holds for its time");
    check_log(&a, "before", &h.rig.lines, "the first run is as it was");
    asked_done(&a);
    rig_close(&other);
    rig_close(&h.rig);
}

static void test_since(void)
{
    static struct town h;
    struct rig other = {.engine = NULL};
    struct asked a;
    const lc_instant since = rig_at("2025-03-01T00:00:00+08:00");
    const struct chronicle_conf with = {.national = "grace = 40 cycle = \"11 months\""};
    live(&h, (struct chronicle){.seed = 41});
    live_otherwise(&other, &h, (struct chronicle){.seed = 41, .since = since, .then = with});
    ask(&a, h.uri, chronicle_conf(0, &with), (struct what_if_options){.since = since, .until = last_time(&h.rig)});
    is_int(a.err, ERR_OK, "policies may change from a time on");
    check_log(&a, "after", &other.lines, "then it is as if the configuration had been changed, notice and all");
    check_log(&a, "before", &h.rig.lines, "and the first run is as it was");
    ok(a.result->differ > 0, "people differ (%llu)", (unsigned long long)a.result->differ);
    asked_done(&a);
    rig_close(&other);
    rig_close(&h.rig);
}

static void test_holds_left_out(void)
{
    static struct town h;
    struct rig other = {.engine = NULL};
    struct asked a;
    const struct chronicle_conf held = {.brake = "1", .face = "expect_every = \"36h\""};
    live(&h, (struct chronicle){.seed = 51, .conf = held, .holds = true});
    live_otherwise(&other, &h, (struct chronicle){.seed = 51, .holds = true});
    ok(rig_count(&h.rig, "\"hold\":\"brake\"") > 0 && rig_count(&h.rig, "\"hold\":\"feed\"") > 5 &&
           rig_count(&h.rig, "\"hold\":\"moratorium\"") > 5,
       "the history has all kinds of holds");
    ask(&a, h.uri, chronicle_conf(0, &held),
        (struct what_if_options){.since = INSTANT_NONE, .until = last_time(&h.rig)});
    is_int(a.err, ERR_OK, "it is run");
    check_log(&a, "before", &other.lines,
              "the first run is the history without the brake and silent channels, moratoria kept");
    is_int(a.result->differ, 0, "the second is no other");
    ok(a.result->differ_from_log > 0, "both differ from what was recorded (%llu people)",
       (unsigned long long)a.result->differ_from_log);
    ok(a.result->recorded[EV_SUSPENDED] < a.result->runs[0].events[EV_SUSPENDED], "which had fewer suspensions");
    asked_done(&a);
    rig_close(&other);
    rig_close(&h.rig);
}

/* --- by hand --- */

#define ENROL(id, more)                                                                                \
    "{\"op\":\"enrol\",\"id\":\"" id "\",\"policy\":\"national\",\"approved_on\":\"2024-05-03\"," more \
    "\"at\":\"2026-01-01T10:00:00+08:00\"}\n"
#define CERTIFY(id, on, at)                                                                                 \
    "{\"op\":\"certify\",\"id\":\"" id "\",\"channel\":\"face\",\"certified_on\":\"" on "\",\"ref\":\"r" on \
    "\",\"at\":\"" at "+08:00\"}\n"
#define MAY "\"last_certified_on\":\"2025-05-20\","

static const char small[] = {
    ENROL("late", MAY "\"amount\":350000,")
    ENROL("later", MAY)
    ENROL("never", MAY "\"amount\":100,")
    ENROL("dead", MAY "\"amount\":200000,")
    ENROL("good", MAY)
    CERTIFY("good", "2026-05-02", "2026-05-02T12:00:00")
    CERTIFY("late", "2026-06-20", "2026-06-20T12:00:00")
    CERTIFY("later", "2025-05-25", "2026-07-01T12:00:00")
    CERTIFY("later", "2026-07-20", "2026-07-20T12:00:00")
    "{\"op\":\"report-death\",\"id\":\"dead\",\"died_on\":\"2026-07-20\","
    "\"at\":\"2026-08-03T09:00:00+08:00\"}\n"};

static const char *live_small(struct rig *r)
{
    static char uri[160];
    snprintf(uri, sizeof uri, "dir:%s", folder("small"));
    rig_open(r, uri, rig_conf, rig_at("2026-01-01T10:00:00+08:00"));
    rig_inputs(r, small, rig_at("2026-08-20T00:00:00+08:00"));
    return uri;
}

static void test_small(void)
{
    struct rig r = {.engine = NULL};
    struct asked a;
    const char *uri = live_small(&r);
    ask(&a, uri, "policy \"national\" { grace = 30 }\n", from_the_beginning);
    is_int(a.result->changes.n, 1, "one parameter changes");
    const struct policy_change *c = a.result->changes.v;
    ok(strcmp(c->policy, "national") == 0 && strcmp(c->parameter, "grace") == 0 && strcmp(c->from, "15") == 0 &&
           strcmp(c->to, "30") == 0,
       "it is told by name, with both values");
    is_str(a.told.p,
           "late national before: benefit.suspended 2026-06-16 benefit.resumed 2026-06-20 0 0 after:\n"
           "later national before: benefit.suspended 2026-06-16 after: benefit.suspended 2026-07-01\n"
           "never national before: benefit.suspended 2026-06-16 after: benefit.suspended 2026-07-01\n"
           "dead national before: benefit.suspended 2026-06-16 after: benefit.suspended 2026-07-01\n",
           "whoever differs is told with what only one run has");
    const struct what_if_sums *before = &a.result->runs[0], *after = &a.result->runs[1];
    ok(before->people_suspended == 4 && after->people_suspended == 3, "suspended at some time: four and three");
    ok(before->still_suspended == 1 && after->still_suspended == 1, "in the end one, either way");
    is_int(a.result->until, rig_at("2026-08-03T09:00:00+08:00"), "the end is the last event's time");
    is_int(before->suspensions[date_month(date_make(2026, 6, 1))], 4, "four suspensions in June, before");
    is_int(after->suspensions[date_month(date_make(2026, 7, 1))], 3, "three in July, after");
    ok(a.result->month_first == date_month(date_make(2026, 6, 1)) && a.result->month_last == a.result->month_first + 1,
       "these are the months that count");
    is_int(before->months_withheld, 3, "withheld: July of three people");
    is_int(before->paid_later, 200000, "of which the dead one's was paid as arrears");
    is_int(before->unknown, 1, "and one's amount is not known");
    is_int(a.result->inputs[OP_CERTIFY].taken, 4, "certifications taken over");
    asked_done(&a);
    rig_close(&r);
}

static void test_rejections(void)
{
    struct rig r = {.engine = NULL};
    struct asked a;
    const char *uri = live_small(&r);
    ask(&a, uri, "policy \"national\" { grace = 60 }\n", from_the_beginning);
    const struct what_if_inputs *c = &a.result->inputs[OP_CERTIFY];
    ok(c->rejected[0] == 1 && c->rejected[1] == 0 && c->now_applied == 1 && c->now_rejected == 0,
       "a certification that came too late is accepted where more grace is given");
    asked_done(&a);
    ask(&a, uri, "channel \"counter\" {}\npolicy \"national\" { channels = { \"counter\" } }\n", from_the_beginning);
    c = &a.result->inputs[OP_CERTIFY];
    ok(c->rejected[1] == 4 && c->now_rejected == 3, "and rejected where its channel does not count any more");
    asked_done(&a);
    rig_close(&r);
}

static void test_until(void)
{
    struct rig r = {.engine = NULL};
    struct asked a;
    const char *uri = live_small(&r);
    struct what_if_options o = from_the_beginning;
    o.until = rig_at("2026-06-18T00:00:00+08:00");
    ask(&a, uri, "policy \"national\" { grace = 30 }\n", o);
    ok(a.result->runs[0].still_suspended == 4 && a.result->runs[1].still_suspended == 0,
       "the clocks stop where they are told to");
    is_int(a.result->inputs[OP_CERTIFY].taken, 1, "and later inputs are left out");
    asked_done(&a);
    o.until = rig_at("2030-01-01T00:00:00+08:00");
    ask(&a, uri, "policy \"national\" { grace = 30 }\n", o);
    is_int(a.result->runs[1].events[EV_LAPSED], 4, "or run on, through what falls due");
    asked_done(&a);
    o.until = rig_at("2020-01-01T00:00:00+08:00");
    ask(&a, uri, "policy \"national\" { grace = 30 }\n", o);
    is_int(a.err, ERR_INVALID, "not into a time when there was nothing");
    asked_done(&a);
    o = from_the_beginning;
    o.since = rig_at("2026-12-01T00:00:00+08:00");
    ask(&a, uri, "policy \"national\" { grace = 30 }\n", o);
    is_int(a.err, ERR_INVALID, "nor may the change come behind the end");
    asked_done(&a);
    rig_close(&r);
}

/* The brake's limit does not matter, nor what was held: whoever was held is suspended when it was due. */
static void test_recorded(void)
{
    struct rig r = {.engine = NULL};
    struct asked a;
    char uri[160], conf[512];
    snprintf(uri, sizeof uri, "dir:%s", folder("braked"));
    snprintf(conf, sizeof conf, "brake_limit = \"2\"\nchannel \"face\" {}\npolicy \"national\" {}\n");
    rig_open(&r, uri, conf, rig_at("2026-01-01T10:00:00+08:00"));
    rig_inputs(&r, small, rig_at("2026-08-20T00:00:00+08:00"));
    is_int(rig_count(&r, "\"type\":\"benefit.suspended\""), 0, "a brake kept everybody's suspension back");
    ask(&a, uri, conf, from_the_beginning);
    ok(a.result->recorded[EV_SUSPENDED] == 0 && a.result->runs[0].events[EV_SUSPENDED] == 4, "the runs have them");
    is_int(a.result->differ_from_log, 4, "which differs from what was recorded for four people");
    asked_done(&a);
    rig_close(&r);
}

static bool at_once(void *arg)
{
    unsigned *left = arg;
    return (*left)-- == 0;
}

static void test_stop(void)
{
    static struct town h;
    struct asked a;
    unsigned left = 1;
    live(&h, (struct chronicle){.seed = 61, .reloads = true});
    struct what_if_options o = from_the_beginning;
    o.stop = at_once;
    o.arg = &left;
    ask(&a, h.uri, "policy \"national\" { grace = 30 }\n", o);
    is_int(a.err, ERR_END, "it stops when it is told to");
    asked_done(&a);
    rig_close(&h.rig);
}

static void test_empty(void)
{
    struct rig r = {.engine = NULL};
    struct asked a;
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s", folder("empty"));
    rig_open(&r, uri, rig_conf, rig_at("2026-01-01T10:00:00+08:00"));
    ask(&a, uri, "policy \"national\" { grace = 30 }\n", from_the_beginning);
    ok(a.err == ERR_OK && a.result->people == 0 && a.result->differ == 0,
       "a log without people has nobody who differs");
    asked_done(&a);
    rig_close(&r);
}

int main(void)
{
    plan(0);
    test_small();
    test_rejections();
    test_until();
    test_recorded();
    test_no_change();
    test_changed();
    test_changed_throughout();
    test_since();
    test_holds_left_out();
    test_stop();
    test_empty();
    return tap_end();
}
