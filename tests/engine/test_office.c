/* One of several shards: the brake over all of them, orders carried out once, channels heard elsewhere, units' digests
 * summed up; through an office in the test's hands, and over crashes. */
#include "tests/engine/fake_office.h"

#include <poll.h>
#include <stdio.h>

#include "codec/input_json.h"
#include "engine/verify/verify.h"

#define DAY INT64_C(86400)
#define NOON rig_at("2026-03-10T12:00:00+08:00")
#define HEAD "timezone = \"Asia/Shanghai\"\nchannel \"face\" {}\nchannel \"data-match\" { expect_every = \"36h\" }\n"
#define CONF HEAD "brake_limit = \"10\"\npolicy \"national\" { channels = { \"face\" } }\n"

static lc_date date_of(const char *text)
{
    lc_date d;
    if (!date_parse(text, strlen(text), &d))
        bail_out("%s is no date", text);
    return d;
}

/* Long overdue: in grace today, suspended when the notice of 15 days is over. */
static void enrol(struct fake_office *f, unsigned shard, const char *id, const char *unit)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2024-01-10\",\"unit\":\"%s\"}", id, unit);
    rig_input(&f->shards[shard].rig, json);
}

static void enrol_many(struct fake_office *f, unsigned shard, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "p-%u-%u", shard, i);
        enrol(f, shard, id, "U");
    }
}

static void open_at_noon(struct fake_office *f, unsigned n, const char *name, const char *conf, int64_t limit)
{
    fake_wall(NOON);
    fake_open(f, n, name, conf, limit);
    fake_settle(f);
}

static bool is_good(const struct rig *r, bool sharded)
{
    struct verify_report report;
    struct errmsg msg;
    if (verify_store(&(struct verify_options){.uri = r->options.uri, .sharded = sharded}, &report, &msg) != ERR_OK)
        bail_out("%s cannot be verified: %s", r->options.uri, msg.text);
    bool good = report.good;
    if (sharded && !good)
        printf("# %s %s: %s\n", r->options.uri, report.difference.place, report.difference.text);
    verify_report_done(&report);
    return good;
}

static void verify_all(const struct fake_office *f, const char *what)
{
    unsigned good = 0;
    for (unsigned i = 0; i < f->n; i++)
        good += is_good(&f->shards[i].rig, true);
    is_int(good, f->n, "%s: the log of each shard verifies alone", what);
}

/* --- an input that is in the engine's hands --- */

struct pending {
    struct input inputs[4];
    struct input_result results[4];
    struct request request;
    char arena[4096];
    bool done;
};

static void on_done(struct request *r)
{
    *(bool *)r->owner = true;
}

/* ndjson: up to 4 lines, decided as one request. */
static void submit(struct fake_shard *s, struct pending *p, const char *ndjson)
{
    struct input_options o = {.country_code = "+86"};
    struct input_parser *parser = input_parser_new(&o);
    size_t used, at = 0;
    p->request = (struct request){.kind = REQUEST_INPUTS, .inputs = p->inputs, .results = p->results,
                                  .done = on_done, .owner = &p->done};
    p->done = false;
    for (const char *line = ndjson; *line; line = strchr(line, '\n') + 1) {
        struct input *in = &p->inputs[p->request.n_inputs++];
        struct input_fault fault;
        if (input_parse(parser, line, (size_t)(strchr(line, '\n') - line), in, p->arena + at, &used, &fault) != ERR_OK)
            bail_out("%s: %s", line, fault.text);
        at += used;
        in->at = INSTANT_NONE;
    }
    input_parser_free(parser);
    if (!engine_submit(s->rig.engine, &p->request))
        bail_out("the queue is full");
}

#define CERTIFY(id) "{\"op\":\"certify\",\"id\":\"" id "\",\"channel\":\"face\",\"ref\":\"r\",\"certified_on\":\"2026-03-26\"}\n"

/* --- the brake --- */

static void test_brake(void)
{
    struct fake_office f;
    struct pending p;
    open_at_noon(&f, 2, "brake", CONF, 10);
    enrol_many(&f, 0, 6);
    enrol_many(&f, 1, 6);
    fake_settle(&f);
    f.deaf = true;
    fake_pass(16 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "nobody is suspended before the office says so");
    is_int(f.shards[0].said.due, 6, "each shard says what it has due");
    is_int(f.shards[1].said.drawing, 6, "and how many draw a benefit");

    submit(&f.shards[0], &p, CERTIFY("p-0-0"));
    fake_settle(&f);
    ok(!p.done, "no input is decided meanwhile");
    ok(rig_ask(&f.shards[0].rig, REQUEST_SHOW, "p-0-0"), "questions are answered");
    int64_t wait;
    if (engine_tick(f.shards[0].rig.engine, &wait, &f.shards[0].rig.msg) != ERR_OK)
        bail_out("the engine failed");
    ok(wait > 0 && wait <= 1000, "the engine waits, but not for ever (%lld ms)", (long long)wait);
    struct pollfd fd = {.fd = engine_fd(f.shards[0].rig.engine), .events = POLLIN};
    is_int(poll(&fd, 1, 0), 0, "on its descriptor,");
    engine_wake(f.shards[0].rig.engine);
    is_int(poll(&fd, 1, 0), 1, "which the office wakes");

    f.deaf = false;
    fake_settle(&f);
    is_int(fake_count(&f, "\"due\":12,\"limit\":10"), 2, "six and six exceed ten: the brake is placed in both shards");
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "and nobody is suspended");
    ok(p.done && p.results[0].result == RESULT_APPLIED, "the input is decided now");
    ok(!strstr(rig_ask(&f.shards[0].rig, REQUEST_SHOW, "p-0-1"), "\"held_by\":[]"), "the others are held");
    is_int(f.shards[0].said.due, 0, "what is held is not due");

    fake_lift(&f, "brake");
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold.lifted\""), 2, "an order lifts it in both");
    is_int(rig_count(&f.shards[0].rig, "\"due\":5,\"limit\":10"), 1, "and says how many that lets through here");
    is_int(fake_count(&f, "\"benefit.suspended\""), 11, "who did not certify is suspended");
    is_int(f.shards[1].said.applied, 0, "what an operator let through does not count");
    verify_all(&f, "the brake");
    ok(!is_good(&f.shards[0].rig, false), "as the only log of a scheme it would not");
    fake_close(&f);
}

static void test_limit(void)
{
    struct fake_office f;
    open_at_noon(&f, 2, "limit", CONF, 12);
    enrol_many(&f, 0, 6);
    enrol_many(&f, 1, 6);
    fake_pass(2 * 3600);
    enrol(&f, 0, "late", "U");
    fake_pass(16 * DAY - 2 * 3600);
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold\":\"brake\""), 2, "thirteen exceed twelve");
    fake_close(&f);

    open_at_noon(&f, 2, "limit-2", CONF, 12);
    enrol_many(&f, 0, 6);
    enrol_many(&f, 1, 6);
    fake_pass(16 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold\":\"brake\""), 0, "as many as the limit do not place the brake");
    is_int(fake_count(&f, "\"benefit.suspended\""), 12, "and are suspended");
    is_int(f.shards[0].said.applied, 6, "which is told");
    fake_pass(2 * DAY);
    fake_settle(&f);
    is_int(f.shards[0].said.applied, 0, "until the day is over");
    verify_all(&f, "the limit");
    fake_close(&f);
}

static void test_behind(void)
{
    struct fake_office f;
    open_at_noon(&f, 2, NULL, CONF, 10);
    enrol_many(&f, 0, 3);
    fake_settle(&f);
    f.shards[1].paused = true;
    fake_pass(16 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "a shard that has not come to the instant is waited for,");
    f.shards[1].paused = false;
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 3, "also one that has nobody due");
    fake_close(&f);
}

static void test_off(void)
{
    struct fake_office f;
    open_at_noon(&f, 2, NULL, HEAD "brake_limit = \"off\"\npolicy \"national\" { channels = { \"face\" } }\n", 100);
    enrol_many(&f, 0, 3);
    f.deaf = true;
    f.asks = 0;
    fake_pass(16 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "where the brake is off for good a shard asks once,");
    f.deaf = false;
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 3, "since there may be orders that it does not know of yet");
    enrol_many(&f, 1, 3);
    enrol(&f, 0, "later", "U");
    fake_settle(&f);
    f.shards[1].paused = f.deaf = true;
    f.asks = 0;
    fake_pass(16 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 4, "and then no more");
    is_int(f.asks, 0, "while it lasts");
    f.shards[1].paused = false;
    fake_close(&f);
}

/* --- suspensions that an input brings about --- */

#define AMEND(id, unit) "{\"op\":\"amend\",\"id\":\"" id "\",\"unit\":\"" unit "\"}\n"

static void open_held(struct fake_office *f, const char *name, int64_t limit)
{
    open_at_noon(f, 2, name, CONF, limit);
    enrol(f, 0, "a", "kept");
    enrol(f, 0, "b", "kept");
    fake_order(f, &(struct office_order){.hold = HOLD_MORATORIUM, .scope = {SCOPE_UNIT, STR_LIT("kept")},
                                         .until = date_of("2026-05-09"), .why = STR_LIT("a flood"),
                                         .by = STR_LIT("tester")});
    fake_settle(f);
    fake_pass(16 * DAY);
    fake_settle(f);
}

static size_t place(const struct rig *r, const char *text)
{
    const char *p = memmem(r->lines.p, r->lines.n, text, strlen(text));
    return p ? (size_t)(p - r->lines.p) : SIZE_MAX;
}

static void test_by_input(void)
{
    struct fake_office f;
    struct pending p;
    open_held(&f, "by-input", 2);
    struct rig *r = &f.shards[0].rig;
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "a moratorium keeps two back");
    f.deaf = true;
    submit(&f.shards[0], &p, AMEND("a", "x") AMEND("b", "x") AMEND("a", "y"));
    fake_settle(&f);
    is_int(fake_count(&f, "\"beneficiary.amended\""), 2, "an input that makes a suspension due lets others' pass");
    ok(!p.done, "but none of that person's,");
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "and waits for the office");
    is_int(f.shards[0].said.due, 2, "which hears of them");
    verify_all(&f, "while they wait");
    f.deaf = false;
    fake_settle(&f);
    ok(p.done && p.results[2].result == RESULT_APPLIED, "then all go on");
    is_int(fake_count(&f, "\"benefit.suspended\""), 2, "both are suspended");
    ok(place(r, "\"benefit.suspended\"") < place(r, "\"unit\":\"y\""), "before the next input of theirs");
    verify_all(&f, "suspensions by inputs");
    fake_close(&f);

    open_held(&f, "by-input-2", 1);
    submit(&f.shards[0], &p, AMEND("a", "x") AMEND("b", "x") AMEND("a", "y"));
    fake_settle(&f);
    ok(p.done, "with a lower limit the input is decided, too");
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "and the brake keeps both back");
    verify_all(&f, "suspensions that the brake keeps back");
    fake_close(&f);
}

/* Whoever was held before a restart does not count as if they fell due now. */
static void test_held_restart(void)
{
    struct fake_office f;
    open_held(&f, "held", 1);
    is_int(fake_count(&f, "\"hold\":\"brake\""), 2, "those whom a moratorium covers count on the day they fall due");
    fake_lift(&f, "brake");
    fake_settle(&f);
    fake_pass(2 * DAY);
    fake_settle(&f);
    unsigned before = fake_count(&f, "\"hold\":\"brake\"");
    rig_crash(&f.shards[0].rig);
    f.granted = INT64_MIN;
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold\":\"brake\""), before, "after a restart they do not count anew");
    is_int(f.shards[0].said.due, 0, "they are held, and not due");
    verify_all(&f, "a restart");
    fake_close(&f);
}

/* What a lifted hold lets fall due is told before anything is granted for it. */
static void test_released(void)
{
    struct fake_office f;
    bool done = false;
    open_held(&f, "released", 10);
    f.limit = 1;
    fake_pass(1);
    struct request lift = {.kind = REQUEST_HOLD_LIFT, .done = on_done, .owner = &done};
    lift.hold.name = STR_LIT("moratorium:unit:kept");
    lift.hold.why = lift.hold.by = STR_LIT("tester");
    if (!engine_submit(f.shards[0].rig.engine, &lift))
        bail_out("the queue is full");
    int64_t wait;
    f.granted = fake_wall_now();
    if (engine_tick(f.shards[0].rig.engine, &wait, &f.shards[0].rig.msg) != ERR_OK)
        bail_out("the engine failed");
    is_int(f.shards[0].said.now, INT64_MIN, "while the held come back a shard has come to no instant at all");
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "and what was granted for fewer is not used for them");
    is_int(fake_count(&f, "\"due\":2,\"limit\":1"), 2, "they are held against the limit together");
    verify_all(&f, "a lifted hold");
    buf_done(&lift.body);
    fake_close(&f);
}

/* What ends by itself ends in every shard, and nobody is counted before all of them have come to that end. */
static void test_ended(void)
{
    struct fake_office f;
    open_held(&f, "ended", 10);
    f.shards[1].paused = true;
    fake_pass(50 * DAY);
    fake_settle(&f);
    is_int(rig_count(&f.shards[0].rig, "\"hold.lifted\""), 1, "a moratorium ends in a shard");
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "those it kept back wait, though they fell due long ago,");
    f.shards[1].paused = false;
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 2, "until it has ended in all of them");
    verify_all(&f, "a moratorium that ended");
    fake_close(&f);
}

/* The channel speaks in one shard: that it does is news to the others. */
static void test_feed(void)
{
    struct fake_office f;
    open_at_noon(&f, 2, "feed", HEAD "brake_limit = \"10\"\npolicy \"national\" {}\n", 10);
    enrol(&f, 0, "a", "U");
    fake_settle(&f);
    fake_pass(17 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold\":\"feed\""), 2, "a channel is silent");
    rig_input(&f.shards[0].rig, "{\"op\":\"certify\",\"id\":\"x\",\"channel\":\"data-match\",\"ref\":\"r\","
                                "\"certified_on\":\"2026-03-26\"}");
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold.lifted\""), 1, "it speaks again in one shard");
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "in which nobody is suspended before all can have heard of it");
    fake_pass(5);
    fake_settle(&f);
    is_int(fake_count(&f, "\"benefit.suspended\""), 1, "which is soon");
    verify_all(&f, "a feed");
    fake_close(&f);
}

/* A shard is taken over by another machine, whose clock is never quite that of the one before. */
static void test_other_clock(void)
{
    struct fake_office f;
    open_at_noon(&f, 1, "other-clock", CONF, 10);
    rig_again(&f.shards[0].rig, true);
    fake_wall(fake_wall_now() - 2);
    rig_again(&f.shards[0].rig, true);
    is_int(rig_count_stored(&f.shards[0].rig, "\"hold\":\"clock\""), 0, "two seconds between machines are no jump");
    fake_wall(fake_wall_now() - 2 * 3600);
    rig_again(&f.shards[0].rig, true);
    is_int(rig_count_stored(&f.shards[0].rig, "\"hold\":\"clock\""), 1, "two hours are");
    fake_close(&f);
}

static void test_clock_hold(void)
{
    struct fake_office f;
    open_at_noon(&f, 2, NULL, CONF, 10);
    enrol_many(&f, 0, 3);
    fake_settle(&f);
    f.deaf = true;
    fake_wall(NOON + 30 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"hold\":\"clock\""), 2, "a clock that jumps places its hold");
    struct pending p;
    submit(&f.shards[0], &p, CERTIFY("p-0-0"));
    fake_settle(&f);
    ok(p.done, "inputs go on: nobody can be suspended, and nobody need be asked");
    fake_close(&f);
}

/* --- orders --- */

static struct office_order moratorium(uint64_t number, const char *unit, lc_date until)
{
    return (struct office_order){.number = number, .hold = HOLD_MORATORIUM, .scope = {SCOPE_UNIT, str_of(unit)},
                                 .until = until, .why = STR_LIT("a flood"), .by = STR_LIT("tester")};
}

static void test_orders(void)
{
    struct fake_office f;
    lc_date later = date_of("2026-05-09");
    open_at_noon(&f, 1, "orders", CONF, 10);
    struct fake_shard *s = &f.shards[0];
    struct office_order o = moratorium(1, "U1", later);
    is_int(fake_order_to(s, &o), ERR_OK, "an order places a moratorium");
    is_int(fake_order_to(s, &o), ERR_OK, "the same one again");
    is_int(rig_count(&s->rig, "\"hold.placed\""), 1, "does nothing");
    is_int(s->said.ordered, 1, "it is told that it was carried out");
    rig_crash(&s->rig);
    is_int(fake_order_to(s, &o), ERR_OK, "nor does it");
    is_int(rig_count_stored(&s->rig, "\"hold.placed\""), 1, "after a crash");
    o = moratorium(3, "U3", later);
    struct request lost = {.kind = REQUEST_ORDER, .order = &o, .done = on_done};
    if (!engine_submit(s->rig.engine, &lost))
        bail_out("the queue is full");
    rig_crash(&s->rig);
    is_int(rig_count_stored(&s->rig, "\"U3\""), 0, "one that a crash swallowed");
    is_int(fake_order_to(s, &o), ERR_OK, "is given again");
    is_int(rig_count_stored(&s->rig, "\"U3\""), 1, "and carried out, whatever numbers are left out before it");
    o = moratorium(2, "U2", later);
    is_int(fake_order_to(s, &o), ERR_OK, "an older one is passed over");
    o = (struct office_order){.number = 4, .lift = true, .name = STR_LIT("moratorium:unit:U9"), .why = STR_LIT("w"),
                              .by = STR_LIT("b")};
    is_int(fake_order_to(s, &o), ERR_OK, "a hold that this shard lacks need not be lifted");
    is_int(rig_lift(&s->rig, "moratorium:unit:U9"), ERR_ABSENT, "asked for here alone, it is missed");
    o = moratorium(5, "U5", date_of("2026-03-09"));
    is_int(fake_order_to(s, &o), ERR_OK, "a moratorium that is over already is passed over");
    o = moratorium(6, "", later);
    is_int(fake_order_to(s, &o), ERR_INVALID, "one that makes no sense is refused,");
    rig_again(&s->rig, true);
    o = (struct office_order){.number = 7, .lift = true, .name = STR_LIT("moratorium:unit:U3"), .why = STR_LIT("w"),
                              .by = STR_LIT("b")};
    is_int(fake_order_to(s, &o), ERR_OK, "and does not stand in the way of the next");
    is_int(s->said.ordered, 7, "after a clean end with a checkpoint, too");
    is_int(rig_count_stored(&s->rig, "\"hold.placed\""), 2, "two holds were placed");
    is_int(rig_count_stored(&s->rig, "\"hold.lifted\""), 1, "and one was lifted");
    verify_all(&f, "orders");
    fake_close(&f);
}

static void test_new_shard(void)
{
    struct fake_office f;
    lc_date later = date_of("2026-05-09");
    open_at_noon(&f, 1, "new", CONF, 10);
    rig_close(&f.shards[0].rig);
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s/newer", tap_tmpdir());
    f.shards[0].hooks.ordered = 5;
    f.shards[0].rig.options.office = &f.shards[0].hooks;
    rig_open(&f.shards[0].rig, uri, CONF, INSTANT_NONE);
    f.shards[0].hooks.ordered = 6;
    rig_crash(&f.shards[0].rig);
    fake_run(&f.shards[0]);
    is_int(f.shards[0].said.ordered, 5, "a new shard begins behind the orders that there were, for good");
    struct office_order o = moratorium(6, "U6", later);
    is_int(fake_order_to(&f.shards[0], &o), ERR_OK, "and carries out what comes after them");
    is_int(rig_count(&f.shards[0].rig, "\"U6\""), 1, "once");
    fake_close(&f);
}

/* --- what other shards have heard --- */

static void hear(struct fake_shard *s, const char *channel, lc_instant at)
{
    struct office_heard heard = {str_of(channel), at};
    rig_request(&s->rig, &(struct request){.kind = REQUEST_HEARD, .heard = &heard, .n_heard = 1});
}

static void test_heard(void)
{
    struct fake_office f;
    open_at_noon(&f, 1, "heard", CONF, 10);
    struct fake_shard *s = &f.shards[0];
    hear(s, "data-match", NOON + 10 * 3600);
    fake_pass(30 * 3600);
    hear(s, "data-match", fake_wall_now());
    fake_pass(30 * 3600);
    fake_settle(&f);
    is_int(rig_count(&s->rig, "\"hold\":\"feed\""), 0, "a channel that spoke elsewhere was not silent");
    hear(s, "data-match", NOON);
    fake_pass(6 * 3600);
    fake_settle(&f);
    is_int(rig_count(&s->rig, "\"hold\":\"feed\""), 0, "older news change nothing");
    fake_pass(1);
    fake_settle(&f);
    is_int(rig_count(&s->rig, "\"hold\":\"feed\""), 1, "silent everywhere, it has its hold");
    fake_pass(3600);
    hear(s, "data-match", fake_wall_now() - 36 * 3600 - 1);
    is_int(rig_count(&s->rig, "\"hold.lifted\""), 0, "word that is too old itself does not lift it");
    hear(s, "nobody", fake_wall_now());
    hear(s, "data-match", fake_wall_now() - 3600);
    is_int(rig_count(&s->rig, "\"why\":\"the channel speaks again\""), 1, "word of less than its time ago does");
    hear(s, "data-match", fake_wall_now() + 400 * DAY);
    fake_pass(36 * 3600 + 1);
    fake_settle(&f);
    is_int(rig_count(&s->rig, "\"hold\":\"feed\""), 3, "a mad clock elsewhere does not silence it for a year");
    verify_all(&f, "channels");
    fake_close(&f);
}

/* --- units' digests --- */

#define DIGEST_CONF "timezone = \"Asia/Shanghai\"\nchannel \"face\" {}\nbrake_limit = \"off\"\npolicy \"national\" {}\n"
#define TWENTIETH rig_at("2026-04-20T10:00:00+08:00")
#define A "{\"unit\":\"A\",\"month\":\"2026-04\",\"count\":2}"

/* Due at the end of June: reminded on the first of April. */
static void enrol_due(struct fake_office *f, unsigned shard, const char *id, const char *unit)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2025-06-10\",\"unit\":\"%s\"}", id, unit);
    rig_input(&f->shards[shard].rig, json);
}

/* Unit A has one in shard 0 and one in shard 1, B two in shard 1; shard 2 has nobody. */
static void open_units(struct fake_office *f, const char *name)
{
    open_at_noon(f, 3, name, DIGEST_CONF, 0);
    enrol_due(f, 0, "a-0", "A");
    enrol_due(f, 1, "a-1", "A");
    enrol_due(f, 1, "b-1", "B");
    enrol_due(f, 1, "b-2", "B");
    fake_pass(TWENTIETH - NOON - 1);
    fake_settle(f);
}

static void test_digests(void)
{
    struct fake_office f;
    open_units(&f, "digests");
    is_int(fake_count(&f, "\"unit.digest\""), 0, "before the 20th at ten there is none");
    f.deaf = true;
    fake_pass(1);
    fake_settle(&f);
    is_int(f.shards[0].counted.n, 1, "each shard counts its own");
    is_int(f.shards[2].counts, 1, "also one without units");
    is_int(fake_count(&f, "\"unit.digest\""), 0, "and waits for the sums");
    struct pending p;
    submit(&f.shards[1], &p, AMEND("b-1", "C"));
    fake_settle(&f);
    ok(p.done, "while inputs go on");
    f.deaf = false;
    fake_settle(&f);
    unsigned home = fake_home(&f, STR_LIT("A"));
    is_int(rig_count(&f.shards[home].rig, A), 1, "a unit is told at its home of all of its people");
    is_int(fake_count(&f, "\"unit.digest\""), 2, "each unit once");
    fake_pass(DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"unit.digest\""), 2, "and not again");
    fake_pass(30 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"month\":\"2026-05\""), 3, "the next month has its own");
    verify_all(&f, "digests");
    fake_close(&f);
}

static void crash_all(struct fake_office *f, bool clean)
{
    for (unsigned i = 0; i < f->n; i++) {
        if (clean)
            rig_again(&f->shards[i].rig, true);
        else
            rig_crash(&f->shards[i].rig);
    }
}

static void test_digest_crash(bool clean, const char *name)
{
    struct fake_office f;
    open_units(&f, name);
    f.deaf = true;
    fake_pass(1);
    fake_settle(&f);
    crash_all(&f, clean);
    fake_settle(&f);
    f.deaf = false;
    fake_settle(&f);
    is_int(fake_count(&f, "\"unit.digest\""), 2, "%s: an end between counting and telling forgets none", name);
    is_int(fake_count(&f, A), 1, "and none is counted twice");
    for (int i = 0; i < 2; i++) {
        crash_all(&f, clean);
        fake_settle(&f);
    }
    is_int(fake_count(&f, "\"unit.digest\""), 2, "later ones repeat none");
    verify_all(&f, name);
    fake_close(&f);
}

/* Small batches and checkpoints, and an end now and then: told one after the other, each once. */
static void test_digest_position(bool clean, const char *name)
{
    enum { UNITS = 120 };
    struct fake_office f;
    open_at_noon(&f, 1, name, DIGEST_CONF, 0);
    struct fake_shard *s = &f.shards[0];
    s->rig.options.batch_bytes = 1024;
    s->rig.options.checkpoint_events = 5;
    rig_again(&s->rig, false);
    for (unsigned i = 0; i < UNITS; i++) {
        char id[32], unit[32];
        snprintf(id, sizeof id, "p-%u", i);
        snprintf(unit, sizeof unit, "U-%u", i);
        enrol_due(&f, 0, id, unit);
    }
    fake_pass(TWENTIETH - NOON - 1);
    fake_settle(&f);
    fake_pass(1);
    unsigned parts = 0, ends = 0;
    for (unsigned told = 0; told < UNITS;) {
        int64_t wait;
        if (engine_tick(s->rig.engine, &wait, &s->rig.msg) != ERR_OK)
            bail_out("the engine failed");
        poll(&(struct pollfd){.fd = engine_fd(s->rig.engine), .events = POLLIN}, 1, (int)wait);
        unsigned stored = rig_count_stored(&s->rig, "\"unit.digest\"");
        if (stored == told)
            continue;
        told = stored;
        if (++parts % 3)
            continue;
        ends++;
        if (clean)
            rig_again(&s->rig, true);
        else
            rig_crash(&s->rig);
    }
    ok(ends > 2, "%s: told in %u parts, with %u ends in between", name, parts, ends);
    for (int i = 0; i < 20; i++) /* to the end of a checkpoint that has them all */
        fake_settle(&f);
    rig_crash(&s->rig);
    fake_settle(&f);
    is_int(rig_count_stored(&s->rig, "\"unit.digest\""), UNITS, "each unit once");
    is_int(rig_count_stored(&s->rig, "\"unit\":\"U-9\",\"month\""), 1, "to the last in the order of codes");
    verify_all(&f, name);
    fake_close(&f);
}

static void test_digest_given_up(void)
{
    struct fake_office f;
    open_units(&f, "given-up");
    f.shards[2].paused = true;
    fake_pass(1);
    fake_settle(&f);
    fake_pass(30 * DAY);
    fake_settle(&f);
    is_int(fake_count(&f, "\"unit.digest\""), 0, "a shard that does not count leaves the others without sums");
    f.shards[2].paused = false;
    fake_settle(&f);
    is_int(fake_count(&f, "\"month\":\"2026-04\""), 0, "a month that is over gets none");
    is_int(fake_count(&f, "\"month\":\"2026-05\",\"count\":2"), 2, "the next one is not kept from its own");
    verify_all(&f, "a month given up");
    fake_close(&f);
}

/* --- an accelerated clock --- */

#define FAST "clock = \"2026-03-10T12:00:00+08:00 x86400\"\n"

static void test_accelerated(void)
{
    struct fake_office f;
    struct stream stream;
    open_at_noon(&f, 2, NULL, FAST CONF, 100);
    enrol_many(&f, 0, 5);
    enrol_many(&f, 1, 5);
    f.shards[1].paused = true;
    for (int i = 0; i < 20; i++) {
        fake_pass(1);
        fake_settle(&f);
    }
    is_int(fake_count(&f, "\"benefit.suspended\""), 0, "whoever is ahead waits for the other");
    lc_instant ahead = f.shards[0].said.now;
    ok(ahead < NOON + 17 * DAY, "with its clock");
    f.shards[1].paused = false;
    stream_init(&stream);
    struct pending p;
    submit(&f.shards[1], &p, AMEND("p-1-0", "V"));
    p.request.stream = &stream;
    p.inputs[0].at = NOON + DAY;
    for (int i = 0; i < 40; i++) {
        fake_pass(1);
        fake_settle(&f);
    }
    ok(p.done, "an open stream that has no more for the other");
    is_int(fake_count(&f, "\"benefit.suspended\""), 10, "does not stop both for good");
    fake_close(&f);
}

int main(void)
{
    plan(0);
    test_brake();
    test_limit();
    test_behind();
    test_off();
    test_by_input();
    test_held_restart();
    test_released();
    test_ended();
    test_feed();
    test_other_clock();
    test_clock_hold();
    test_orders();
    test_new_shard();
    test_heard();
    test_digests();
    test_digest_crash(false, "a crash");
    test_digest_crash(true, "a clean end");
    test_digest_position(false, "crashes");
    test_digest_position(true, "clean ends");
    test_digest_given_up();
    test_accelerated();
    return tap_end();
}
