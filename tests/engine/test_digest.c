/* Units' digests: when they are made, who is counted, and that each is made once whatever happens in between. */
#include "tests/engine/rig.h"

#include <stdio.h>

#define START rig_at("2026-01-01T00:00:00+08:00")
#define BEFORE rig_at("2026-04-20T09:59:59+08:00")
#define DIGEST rig_at("2026-04-20T10:00:00+08:00")
#define AFTER rig_at("2026-04-20T10:00:01+08:00")

/* Due at the end of June: reminded on the first of April, May and June. */
static void enrol(struct rig *r, const char *id, const char *unit)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2025-06-10\",\"unit\":%s}", id, unit);
    rig_input(r, json);
}

static void certify(struct rig *r, const char *id, const char *on)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"r\",\"certified_on\":\"%s\"}", id, on);
    rig_input(r, json);
}

static void open_two_units(struct rig *r, const char *uri)
{
    rig_open(r, uri, rig_conf, START);
    enrol(r, "a-1", "\"A\"");
    enrol(r, "a-2", "\"A\"");
    enrol(r, "b-1", "\"B\"");
    enrol(r, "alone", "null");
}

static void test_counts(void)
{
    struct rig r = {.engine = NULL};
    open_two_units(&r, "memory:");
    rig_until(&r, rig_at("2026-03-31T23:00:00+08:00"));
    is_int(rig_count(&r, "\"unit.digest\""), 0, "months in which nobody was reminded bring no digest");
    rig_until(&r, BEFORE);
    is_int(rig_count(&r, "\"reminder.due\""), 4, "everybody is reminded in April");
    is_int(rig_count(&r, "\"unit.digest\""), 0, "there is no digest before the 20th at ten");
    certify(&r, "a-2", "2026-04-20");
    rig_until(&r, DIGEST);
    is_int(rig_count(&r, "\"unit.digest\""), 2, "each unit gets one");
    is_int(rig_count(&r, "{\"unit\":\"A\",\"month\":\"2026-04\",\"count\":1}"), 1,
           "who has certified is not counted any more");
    is_int(rig_count(&r, "{\"unit\":\"B\",\"month\":\"2026-04\",\"count\":1}"), 1, "who was only reminded is");
    is_int(rig_count(&r, "\"time\":\"2026-04-20T10:00:00+08:00\",\"type\":\"unit.digest\""), 2, "at that moment");
    rig_until(&r, rig_at("2026-05-20T09:00:00+08:00"));
    is_int(rig_count(&r, "\"unit.digest\""), 2, "one a month");
    certify(&r, "b-1", "2026-05-20");
    rig_until(&r, rig_at("2026-07-31T00:00:00+08:00"));
    is_int(rig_count(&r, "{\"unit\":\"A\",\"month\":\"2026-05\",\"count\":1}"), 1, "the next month counts anew");
    is_int(rig_count(&r, "{\"unit\":\"A\",\"month\":\"2026-06\",\"count\":1}"), 1, "to the month in which it is due");
    is_int(rig_count(&r, "\"unit.digest\""), 4, "a unit of which all have certified gets none");
    rig_close(&r);
}

static void test_states(void)
{
    struct rig r = {.engine = NULL};
    open_two_units(&r, "memory:");
    rig_until(&r, BEFORE);
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"a-1\",\"died_on\":\"2026-04-10\"}");
    rig_input(&r, "{\"op\":\"amend\",\"id\":\"a-2\",\"unit\":\"B\"}");
    rig_input(&r, "{\"op\":\"amend\",\"id\":\"b-1\",\"policy\":\"365-days\"}");
    rig_until(&r, DIGEST);
    is_int(rig_count(&r, "\"unit\":\"A\",\"month\""), 0, "neither the dead nor those who left are counted");
    is_int(rig_count(&r, "{\"unit\":\"B\",\"month\":\"2026-04\",\"count\":2}"), 1,
           "who came is, and so is who was reminded anew under another policy");
    rig_close(&r);
}

/* How the engine ends between what was decided and the look at the stored log. */
enum end { END_CLEAN, END_CHECKPOINT, END_CRASH };

static void test_once(enum end how, const char *uri, const char *name)
{
    struct rig r = {.engine = NULL};
    open_two_units(&r, uri);
    rig_until(&r, AFTER);
    is_int(rig_count_stored(&r, "\"unit.digest\""), 2, "%s: both were made before the end", name);
    for (int i = 0; i < 2; i++) {
        if (how == END_CRASH)
            rig_crash(&r);
        else
            rig_again(&r, how == END_CHECKPOINT);
        rig_until(&r, rig_at("2026-04-30T00:00:00+08:00"));
    }
    is_int(rig_count_stored(&r, "\"unit.digest\""), 2, "%s: neither is made again", name);
    rig_close(&r);
}

/* The stamp is what tells after a checkpoint; without it the log does. */
static void test_late(void)
{
    struct rig r = {.engine = NULL};
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s/late", tap_tmpdir());
    open_two_units(&r, uri);
    rig_until(&r, BEFORE);
    r.start = rig_at("2026-04-25T00:00:00+08:00");
    rig_again(&r, true);
    rig_until(&r, rig_at("2026-04-25T00:00:01+08:00"));
    is_int(rig_count_stored(&r, "\"unit.digest\""), 2, "a daemon that was down on the day makes them late");
    is_int(rig_count_stored(&r, "\"time\":\"2026-04-25T00:00:00+08:00\",\"type\":\"unit.digest\""), 2, "when it is up again");
    r.start = rig_at("2026-06-25T00:00:00+08:00");
    rig_again(&r, true);
    rig_until(&r, r.start);
    is_int(rig_count_stored(&r, "\"month\":\"2026-05\""), 0, "a month that is over gets none");
    rig_close(&r);
}

static void test_many_units(void)
{
    enum { UNITS = 40000 };
    struct rig r = {.engine = NULL, .options = {.batch_bytes = 64 * 1024}};
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s/many", tap_tmpdir());
    rig_open(&r, uri, rig_conf, START);
    for (unsigned i = 0; i < UNITS; i++) {
        char id[32], unit[32];
        snprintf(id, sizeof id, "p-%u", i);
        snprintf(unit, sizeof unit, "\"U-%u\"", i);
        enrol(&r, id, unit);
    }
    rig_until(&r, AFTER);
    rig_again(&r, true);
    rig_until(&r, AFTER);
    is_int(rig_count_stored(&r, "\"unit.digest\""), UNITS, "more digests than a batch holds: each once");
    is_int(rig_count_stored(&r, "\"unit\":\"U-39999\",\"month\""), 1, "to the last unit");
    rig_close(&r);
}

int main(void)
{
    static const char *const names[] = {"a clean end", "an end with a checkpoint", "a crash"};
    plan(0);
    test_counts();
    test_states();
    for (int how = END_CLEAN; how <= END_CRASH; how++) {
        char uri[160];
        snprintf(uri, sizeof uri, "dir:%s/once-%d", tap_tmpdir(), how);
        test_once((enum end)how, uri, names[how]);
    }
    test_late();
    test_many_units();
    return tap_end();
}
