/* verify: a good store is good, and each kind of difference is told so that a person finds it. The log is changed and
 * sealed anew, so that only deciding again can find it; tests/verify/alterations does the same at random. */
#include "engine/verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/delivery/delivery.h"
#include "tests/engine/rig.h"
#include "tests/verify/logbook.h"

#define HEAD                       \
    "timezone = \"Asia/Shanghai\"\n" \
    "brake_limit = \"2\"\n"          \
    "channel \"face\" {}\n"          \
    "channel \"tax\" { expect_every = \"40d\" }\n"

static const char conf[] =
    HEAD "policy \"short\" { cycle = \"2 months\" grace = 5 remind_ahead = 1 notice = 0 channels = { \"face\" } }\n"
         "policy \"long\" {}\n";
static const char changed_conf[] = HEAD "policy \"short\" { grace = 0 channels = { \"face\" } }\npolicy \"long\" {}\n";

/* A to D and F fall due on the same day, more than the brake lets pass; F's unit has a moratorium; B was late before.
 */
#define AT(day) "{\"at\":\"2026-" day "T09:00:00+08:00\",\"op\":"
#define ENROL(id, policy, approved) \
    AT("01-05") "\"enrol\",\"id\":\"" id "\",\"policy\":\"" policy "\",\"approved_on\":\"" approved "\""
#define CERTIFY(day, id, channel, ref, on)                                                   \
    AT(day) "\"certify\",\"id\":\"" id "\",\"channel\":\"" channel "\",\"ref\":\"" ref "\"," \
            "\"certified_on\":\"" on "\"}\n"

static const char inputs[] = AT("01-05") "\"unit\",\"unit\":\"U1\",\"phone\":\"13812345678\"}\n"
    ENROL("A", "short", "2026-01-02") ",\"unit\":\"U1\",\"amount\":1000,\"name\":\"x\"}\n"
    ENROL("B", "short", "2025-10-02") ",\"unit\":\"U1\",\"amount\":1000}\n"
    ENROL("C", "short", "2026-01-02") "}\n"
    ENROL("D", "short", "2026-01-02") "}\n"
    ENROL("E", "long", "2026-01-02") "}\n"
    ENROL("F", "short", "2026-01-02") ",\"unit\":\"U2\"}\n"
    CERTIFY("01-20", "B", "face", "r1", "2026-01-20")
    CERTIFY("01-21", "E", "tax", "r2", "2026-01-20")
    CERTIFY("01-21", "E", "tax", "r3", "2026-02-20")
    AT("02-01") "\"amend\",\"id\":\"E\",\"name\":\"y\"}\n";

static char base[512], folder[512], uri[600];
static struct logbook book; /* of base; changed, written to folder, and read again */
static struct verify_report report;

static void make_base(void)
{
    struct rig r = {.engine = NULL};
    snprintf(base, sizeof base, "%s/base", tap_tmpdir());
    snprintf(folder, sizeof folder, "%s/altered", tap_tmpdir());
    snprintf(uri, sizeof uri, "dir:%s", base);
    rig_open(&r, uri, conf, rig_at("2026-01-05T08:00:00+08:00"));
    rig_inputs(&r, inputs, rig_at("2026-03-21T12:00:00+08:00"));
    if (rig_place(&r, SCOPE_UNIT, "U2", "2026-05-30") != ERR_OK)
        bail_out("no moratorium");
    rig_until(&r, rig_at("2026-04-07T12:00:00+08:00"));
    if (rig_lift(&r, "brake") != ERR_OK)
        bail_out("no brake");
    rig_until(&r, rig_at("2026-06-03T12:00:00+08:00"));
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"A\",\"died_on\":\"2026-05-02\"}");
    if (rig_reload(&r, changed_conf) != ERR_OK)
        bail_out("no reload");
    rig_until(&r, rig_at("2026-06-04T12:00:00+08:00"));
    rig_close(&r);
    snprintf(uri, sizeof uri, "dir:%s", folder);
}

/* --- one alteration --- */

static void copy_base(void)
{
    char command[2048];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s'", folder, base, folder);
    if (system(command) != 0)
        bail_out("%s", command);
}

static void begin(void)
{
    copy_base();
    logbook_read(&book, folder);
}

/* The line of that type and subject, the nth; subject NULL: any. */
static size_t find(const char *type, const char *subject, unsigned nth)
{
    for (size_t i = 0; i < book.n; i++)
        if (str_is(logbook_text(&book, i, "type"), type) &&
            (!subject || str_is(logbook_text(&book, i, "subject"), subject)) && nth-- == 0)
            return i;
    bail_out("there is no %s of %s", type, subject ? subject : "anybody");
}

/* In line i: one text in place of another. */
static void change(size_t i, const char *from, const char *to)
{
    struct str line = book.v[i].text;
    struct buf out = BUF_INIT;
    const char *p = memmem(line.p, line.n, from, strlen(from));
    if (!p)
        bail_out("line %zu has no %s", i, from);
    buf_add(&out, line.p, (size_t)(p - line.p));
    buf_adds(&out, to);
    buf_add(&out, p + strlen(from), line.n - (size_t)(p - line.p) - strlen(from));
    logbook_set(&book, i, buf_str(&out));
    buf_done(&out);
}

static void copy_to(size_t i, size_t k)
{
    char *text = mem_strndup(book.v[i].text.p, book.v[i].text.n);
    logbook_insert(&book, k, str_of(text));
    free(text);
}

static bool look(const struct seal *expect)
{
    struct verify_options o = {.uri = uri, .expect = expect};
    struct errmsg msg;
    verify_report_done(&report);
    if (verify_store(&o, &report, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return report.good;
}

static bool has(const char *text, const char *part)
{
    bool there = strstr(text, part);
    if (!there)
        diag("expected %s in: %s", part, text);
    return there;
}

/* Writes what the book has become, and looks. type: of the event that is named, subject NULL: nobody. */
static void end(const char *type, const char *subject, const char *member, const char *text, const char *what)
{
    logbook_renumber(&book);
    logbook_write(&book, folder);
    logbook_settle(folder, book.n);
    bool found = !look(NULL);
    const struct difference *d = &report.difference;
    bool told = found && strcmp(d->type, type) == 0 && strcmp(d->subject, subject ? subject : "") == 0 &&
                strcmp(d->member, member) == 0 && has(d->text, text);
    ok(told, "%s", what);
    if (!told)
        diag("%s: event %" PRIu64 ", %s of %s, %s: %s", found ? d->place : "good", d->seq, d->type, d->subject,
             d->member, d->text);
    logbook_done(&book);
}

/* --- what is good --- */

static void test_good(void)
{
    copy_base();
    ok(look(NULL), "a store as the engine left it is good");
    if (!report.good)
        diag("%s: %s", report.difference.place, report.difference.text);
    logbook_read(&book, folder);
    struct seal seal = logbook_seal(&book);
    ok(report.events == book.n && report.decided == book.n && report.people == 6, "every event is decided again");
    ok(report.last.seq == book.n && memcmp(report.last.hash, seal.hash, SEAL_HASH) == 0, "the last seal is told");
    is_int(report.contacts, 3, "contacts are compared");
    logbook_done(&book);
}

/* Asking whether the brake must be placed is no event: a checkpoint taken behind it says what the log says. */
static void test_asking(void)
{
    static const char two[] =
        ENROL("A", "short", "2026-01-02") "}\n" ENROL("F", "short", "2026-02-02") ",\"unit\":\"U2\"}\n";
    struct rig r = {.engine = NULL};
    char own[600];
    snprintf(own, sizeof own, "dir:%s/asked", tap_tmpdir());
    rig_open(&r, own, conf, rig_at("2026-02-02T08:00:00+08:00"));
    rig_until(&r, rig_at("2026-02-03T08:00:00+08:00"));
    rig_inputs(&r, two, rig_at("2026-03-02T08:00:00+08:00"));
    if (rig_place(&r, SCOPE_UNIT, "U2", "2026-12-31") != ERR_OK)
        bail_out("no moratorium");
    rig_until(&r, rig_at("2026-05-10T08:00:00+08:00"));
    is_int(rig_count(&r, "benefit.suspended"), 1, "one is suspended, and later one is due and kept back");
    rig_again(&r, true);
    rig_close(&r);
    struct verify_options o = {.uri = own};
    struct errmsg msg;
    verify_report_done(&report);
    enum err err = verify_store(&o, &report, &msg);
    ok(err == ERR_OK && report.good && report.checkpoints == 1, "the checkpoint behind that follows from the log");
    if (!report.good)
        diag("%s: %s", report.difference.place, report.difference.text);
}

static void test_expected_seal(void)
{
    copy_base();
    look(NULL);
    struct seal seal = report.last;
    ok(look(&seal), "the seal that was noted down is there");
    seal.hash[3] ^= 1;
    ok(!look(&seal) && has(report.difference.text, "the log has another seal at event"),
       "another one at its number is told");
    seal.seq += 5;
    ok(!look(&seal) && has(report.difference.text, "and the log ends at"), "so is a log that ends before it");
    seal.seq = 6;
    ok(!look(&seal) && has(report.difference.text, "the log has no seal at event 6"), "and a number without a seal");
    is_str(report.difference.place, "--expect-seal", "the place names the option");
}

/* --- one person's events --- */

static void test_members(void)
{
    begin();
    change(find("beneficiary.enrolled", "A", 0), "\"due_on\":\"2026-03-31\"", "\"due_on\":\"2026-04-30\"");
    end("beneficiary.enrolled", "A", "data.due_on", "expected \"2026-03-31\", found \"2026-04-30\"",
        "a date that does not follow");
    ok(has(report.difference.place, "log/00000000000000000001.ndjson line "), "its file and line are named");
    ok(report.difference.expected.n && report.difference.found.n, "both lines are there");
    begin();
    change(find("benefit.resumed", "B", 0), "\"payday\":\"2026-01-15\"", "\"payday\":\"2026-01-16\"");
    end("benefit.resumed", "B", "data.back_pay", "expected", "a day in a list");
    begin();
    change(find("certification.rejected", "E", 0), "\"in-future\"", "\"stale\"");
    end("certification.rejected", "E", "data.reason", "expected \"in-future\", found \"stale\"", "a reason");
    begin();
    change(find("beneficiary.enrolled", "C", 0), "+08:00", "+07:00");
    end("beneficiary.enrolled", "C", "time", "in Asia/Shanghai it was", "an offset that the zone does not have");
    begin();
    change(find("certification.accepted", "B", 0), ",\"simulated\":true", "");
    end("certification.accepted", "B", "simulated", "this store's clock is a simulated one",
        "an event of another clock");
    begin();
    change(find("reminder.due", "B", 0), "T09:00:00", "T08:59:59");
    end("reminder.due", "B", "time", "times never go back", "a time that goes back");
}

static void test_people(void)
{
    begin();
    change(find("certification.accepted", "E", 0), "\"subject\":\"E\"", "\"subject\":\"Z\"");
    end("certification.accepted", "Z", "subject", "nobody is enrolled under this id", "an event of somebody unknown");
    begin();
    copy_to(find("beneficiary.enrolled", "A", 0), find("beneficiary.enrolled", "C", 0));
    end("beneficiary.enrolled", "A", "type", "enrolled already", "an enrolment twice");
    begin();
    copy_to(find("certification.accepted", "E", 0), find("certification.rejected", "E", 0));
    end("certification.accepted", "E", "", "nothing comes of this input", "a certification twice");
    begin();
    logbook_remove(&book, find("certification.accepted", "B", 0));
    end("benefit.resumed", "B", "type", "no decision that this is part of", "a resumption by itself");
    begin();
    logbook_remove(&book, find("benefit.resumed", "B", 0));
    end("certification.accepted", "E", "prev", "expected", "a resumption that is missing");
}

/* --- what falls due --- */

static void test_deadlines(void)
{
    begin();
    logbook_remove(&book, find("reminder.due", "C", 0));
    end("reminder.due", "D", "type", "reminder of C fell due at 2026-03-01T09:00:00+08:00", "a reminder left out");
    begin();
    logbook_remove(&book, find("grace.started", "B", 0));
    end("beneficiary.enrolled", "C", "type", "grace of B had to come at once", "what had to come at once");
    begin();
    size_t i = find("benefit.suspended", "A", 0), k = find("hold.placed", NULL, 0);
    copy_to(i, k);
    change(k, "2026-04-07T12:00:00", "2026-03-02T09:00:01");
    end("benefit.suspended", "A", "type", "what falls due next for this beneficiary is grace, at 2026-04-01T00:00:00",
        "a suspension that is not due");
    begin();
    logbook_swap(&book, find("reminder.due", "A", 0), find("reminder.due", "B", 0));
    end("reminder.due", "B", "type", "reminder of A fell due", "two in the wrong order");
    begin();
    logbook_cut(&book, find("reminder.due", "F", 0));
    end("", NULL, "", "reminder of F fell due at 2026-03-01T09:00:00+08:00", "the last one, at the log's end");
}

/* --- holds --- */

static void test_holds(void)
{
    begin();
    size_t lifted = find("hold.lifted", NULL, 1);
    copy_to(find("benefit.suspended", "F", 0), lifted);
    change(lifted, "2026-05-31T00:00:00", "2026-05-30T00:00:00");
    end("benefit.suspended", "F", "", "the hold moratorium:unit:U2 is in force",
        "a suspension in spite of a moratorium");
    begin();
    lifted = find("hold.lifted", NULL, 0);
    copy_to(find("benefit.suspended", "A", 0), lifted);
    change(lifted, "2026-04-07T12:00:00", "2026-04-06T00:00:00");
    end("benefit.suspended", "A", "", "the hold brake is in force", "a suspension in spite of the brake");
    begin();
    logbook_remove(&book, find("hold.lifted", NULL, 0));
    logbook_remove(&book, find("hold.placed", NULL, 2));
    end("benefit.suspended", "A", "", "the brake had to be placed first", "a brake that was not placed");
    begin();
    change(find("hold.placed", NULL, 2), "\"limit\":2", "\"limit\":3");
    end("hold.placed", NULL, "data.limit", "expected 2, found 3", "another limit than was in force");
    begin();
    change(find("hold.placed", NULL, 2), "\"due\":5", "\"due\":7");
    end("hold.placed", NULL, "data.due", "were not due", "more than were due");
    begin();
    change(find("hold.lifted", NULL, 0), "\"due\":5", "\"due\":50");
    end("hold.lifted", NULL, "data.due", "were due", "more let through than were due");
    begin();
    change(find("hold.placed", NULL, 0), "2026-03-02T09:00:01", "2026-03-02T09:00:00");
    end("hold.placed", NULL, "time", "the channel was heard at 2026-01-21T09:00:00+08:00",
        "a silence that was none yet");
    begin();
    copy_to(find("hold.lifted", NULL, 0), find("hold.lifted", NULL, 0) + 1);
    end("hold.lifted", NULL, "data.hold", "no such hold is in force", "a hold lifted twice");
    begin();
    copy_to(find("hold.placed", NULL, 2), find("hold.placed", NULL, 2) + 1);
    end("hold.placed", NULL, "data.hold", "in force already", "the brake placed twice");
    begin();
    change(find("hold.lifted", NULL, 1), "2026-05-31T00:00:00", "2026-05-30T23:59:59");
    end("hold.lifted", NULL, "time", "its last day has not passed", "a moratorium that ended early");
}

/* --- policies, settings, units --- */

static void test_system(void)
{
    begin();
    logbook_remove(&book, 0);
    end("policy.adopted", NULL, "type", "a log begins with config.adopted", "a log without settings");
    begin();
    size_t reminder = find("reminder.due", "A", 0);
    copy_to(find("policy.adopted", NULL, 0), reminder);
    change(reminder, "2026-01-05T08:00:00", "2026-02-01T09:00:00");
    end("policy.adopted", NULL, "data", "nothing in it differs", "a policy adopted twice");
    begin();
    copy_to(0, 1);
    end("config.adopted", NULL, "data", "nothing in it differs", "settings adopted twice");
    begin();
    logbook_remove(&book, find("policy.adopted", NULL, 2));
    end("beneficiary.amended", "B", "data.policy", "it has not changed", "an adoption of nothing");
    begin();
    size_t amended = find("beneficiary.amended", "B", 0);
    while (book.n > amended)
        logbook_remove(&book, book.n - 1);
    copy_to(find("certification.accepted", "B", 0), book.n);
    change(book.n - 1, "2026-01-20T09:00:00", "2026-06-03T12:00:00");
    end("certification.accepted", "B", "", "had to be brought under it first",
        "an input before the changed policy was taken up");
    begin();
    change(find("unit.digest", NULL, 0), "\"count\":2", "\"count\":3");
    end("unit.digest", NULL, "data.count", "expected 2 to 2", "a digest that counts too many");
    begin();
    change(find("unit.digest", NULL, 0), "T10:00:00", "T09:59:59");
    end("unit.digest", NULL, "data.month", "no unit's digest of that month was due", "a digest before its hour");
    begin();
    change(find("unit.digest", NULL, 0), "\"unit\":\"U1\"", "\"unit\":\"U2\"");
    end("unit.digest", NULL, "data.unit", "the digest of unit U1 comes before it", "a digest left out");
}

/* --- what is stored beside the log --- */

static void alter(const char *path, long at)
{
    char name[1024];
    snprintf(name, sizeof name, "%s/%s", folder, path);
    FILE *f = fopen(name, "r+");
    int c = f && fseek(f, at, at < 0 ? SEEK_END : SEEK_SET) == 0 ? fgetc(f) : EOF;
    if (c == EOF || fseek(f, at, at < 0 ? SEEK_END : SEEK_SET) != 0 || fputc(c ^ 4, f) == EOF || fclose(f) != 0)
        bail_out("cannot alter %s", name);
}

static void test_files(void)
{
    copy_base();
    alter("log/00000000000000000001.ndjson", 700);
    ok(!look(NULL) && has(report.difference.text, "log/00000000000000000001.ndjson line "), "a bit of the log");
    copy_base();
    alter("stamp", -3);
    ok(!look(NULL) && strcmp(report.difference.place, "log") != 0 && has(report.difference.text, "stamp"),
       "a bit of the stamp");
    copy_base();
    char path[1024];
    snprintf(path, sizeof path, "%s/contacts.db", folder);
    unlink(path);
    ok(!look(NULL) && has(report.difference.text, "contacts.db is missing"), "no contacts");
}

/* A row of the delivery state about the first event of that type, and whose order it keeps to. */
static void put_row(const char *type, const char *subject)
{
    struct store_options options = {.simulated = true};
    struct store_opened opened;
    struct store *store;
    struct delivery_store *d;
    struct errmsg msg;
    copy_base();
    logbook_read(&book, folder);
    struct delivery_change row = {.kind = CHANGE_PUT,
                                  .row = {.endpoint = STR_LIT("payroll"),
                                          .seq = logbook_number(&book, find(type, NULL, 0), "seq"),
                                          .subject = str_of(subject),
                                          .type = str_of(type),
                                          .state = DELIVERY_DEAD}};
    if (store_open(uri, STORE_WRITE, &options, &store, &opened, &msg) != ERR_OK ||
        delivery_open(store, &d, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    enum err e = delivery_commit(d, &row, 1, &msg);
    if ((e == ERR_MORE ? delivery_poll(d, true, &msg) : e) != ERR_OK)
        bail_out("%s", msg.text);
    delivery_close(d);
    store_close(store);
    logbook_done(&book);
}

static void test_deliveries(void)
{
    static const struct {
        const char *type, *subject, *other;
    } rows[] = {{"certification.accepted", "B", "E"},
                {"hold.placed", NULL, "B"},
                {"unit.recorded", "U1", NULL},
                {"unit.digest", "U1", "A"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_row(rows[i].type, rows[i].subject);
        ok(look(NULL) && report.deliveries == 1, "a delivery's row about a %s is as it must be", rows[i].type);
        put_row(rows[i].type, rows[i].other);
        ok(!look(NULL) && has(report.difference.text, "somebody else"), "and not when it names another");
    }
}

int main(void)
{
    plan(0);
    make_base();
    test_good();
    test_asking();
    test_expected_seal();
    test_members();
    test_people();
    test_deadlines();
    test_holds();
    test_system();
    test_files();
    test_deliveries();
    verify_report_done(&report);
    return tap_end();
}
