/* One person's events in words: what each says, and what it says because of those before it. */
#include "tests/ctl/run_ctl.h"

#include "core/event.h"
#include "ctl/story.h"

#include <stdio.h>
#include <stdlib.h>

/* Adds an event of that day, type and data; the sentence holds until the next one. */
static const char *add(struct story *s, const char *day, const char *type, const char *data)
{
    static struct buf b;
    char event[1024];
    snprintf(event, sizeof event, "{\"seq\":1,\"time\":\"%sT09:00:00+08:00\",\"type\":\"%s\",\"data\":{%s}}", day, type,
             data);
    struct json *j = json_parse(event);
    if (!j)
        bail_out("%s is no JSON", event);
    buf_clear(&b);
    story_add(s, &b, j);
    buf_addc(&b, '\0');
    json_free(j);
    return b.p;
}

static void alone(const char *type, const char *data, const char *want, const char *name)
{
    struct story *s = story_new();
    is_str(add(s, "2026-01-01", type, data), want, "%s", name);
    story_free(s);
}

#define CERTIFIED(on, received, channel, ref, effect)                                                         \
    "\"certified_on\":\"" on "\",\"received_on\":\"" received "\",\"channel\":\"" channel "\",\"ref\":\"" ref \
    "\",\"effect\":\"" effect "\",\"due_on\":\"2027-05-31\""
#define REMINDER(n) "\"due_on\":\"2026-05-31\",\"number\":" n ",\"of\":3,\"missed\":0"
#define GRACE "\"due_on\":\"2026-05-31\",\"grace_until\":\"2026-06-15\""
#define SUSPENDED(on) "\"due_on\":\"2026-05-31\",\"suspended_on\":\"" on "\",\"first_withheld_period\":\"2026-07\""

static void test_alone(void)
{
    alone("reminder.due", "\"due_on\":\"2026-05-31\",\"number\":2,\"of\":3,\"missed\":1",
          "reminder 2 of 3: certification due by 2026-05-31 (1 before it not sent)", "a reminder");
    alone("certification.accepted", CERTIFIED("2026-05-20", "2026-05-20", "face", "r", "renewed"),
          "certified on 2026-05-20 by face (ref r); valid through 2027-05-31", "a certification");
    alone(
        "certification.accepted", CERTIFIED("2026-05-20", "2026-06-20", "face", "r", "renewed") ",\"on_behalf\":true",
        "certified on 2026-05-20 by face (ref r), on their behalf, received on 2026-06-20, 31 days later; valid through "
        "2027-05-31",
        "one that came in later");
    alone("certification.accepted", CERTIFIED("2026-05-20", "2026-05-21", "face", "r", "renewed"),
          "certified on 2026-05-20 by face (ref r), received on 2026-05-21, 1 day later; valid through 2027-05-31",
          "a day later");
    alone(
        "certification.rejected",
        "\"certified_on\":\"2026-01-02\",\"received_on\":\"2026-06-20\",\"channel\":\"face\",\"ref\":\"r\","
        "\"reason\":\"stale\"",
        "certification of 2026-01-02 by face (ref r), received on 2026-06-20, 169 days later, rejected: it would have "
        "run out by then, grace and all",
        "one that was rejected, and why");
    alone("input.rejected", "\"op\":\"defer\",\"reason\":\"some-day\"", "defer rejected: some-day",
          "a reason without words of its own is named");
    alone("benefit.suspended", SUSPENDED("2026-06-01"),
          "suspended: certification was due by 2026-05-31; withheld from 2026-07",
          "a suspension of which no more is known");
}

/* A cycle as most that go wrong are. */
static void test_suspension(void)
{
    struct story *s = story_new();
    add(s, "2025-06-01", "beneficiary.enrolled", "\"last_certified_on\":\"2025-05-20\"");
    add(s, "2026-03-01", "reminder.due", REMINDER("1"));
    add(s, "2026-04-01", "reminder.due", REMINDER("2"));
    add(s, "2026-05-01", "reminder.due", REMINDER("3"));
    is_str(add(s, "2026-06-01", "grace.started", GRACE),
           "not certified by 2026-05-31, reminded on 2026-03-01, 2026-04-01 and 2026-05-01: grace until 2026-06-15",
           "grace, and that there were reminders");
    is_str(story_expected(s), "2026-06-16", "the suspension is expected on the day after");
    is_str(
        add(s, "2026-06-16", "benefit.suspended", SUSPENDED("2026-06-16")),
        "suspended: certification was due by 2026-05-31, grace ended on 2026-06-15; reminded on 2026-03-01, 2026-04-01 "
        "and 2026-05-01; withheld from 2026-07",
        "a suspension says why");
    is_str(
        add(s, "2026-08-02", "certification.accepted", CERTIFIED("2026-08-01", "2026-08-02", "face", "r", "renewed")),
        "certified on 2026-08-01 by face (ref r), received on 2026-08-02, 1 day later; valid through 2027-05-31",
        "a certification later");
    is_str(story_received(s), "2026-08-02", "which came in on another day than its own");
    is_str(add(s, "2026-08-02", "benefit.resumed",
               "\"reason\":\"recertified\",\"suspended_on\":\"2026-06-16\",\"first_period\":\"2026-08\",\"back_pay\":{"
               "\"periods\":[{\"period\":\"2026-07\"}],\"total\":350000,\"pay_on\":\"2026-08-15\"}"),
           "resumed: certified again on 2026-08-01; suspended since 2026-06-16; withheld 2026-07, paid on 2026-08-15, "
           "3,500.00 in all; paid regularly again from 2026-08",
           "a resumption says what was withheld, and when it is paid");
    is_str(add(s, "2027-06-01", "grace.started", "\"due_on\":\"2027-05-31\",\"grace_until\":\"2027-06-15\""),
           "not certified by 2027-05-31: grace until 2027-06-15", "reminders of the cycle before are not told again");
    story_free(s);
}

static void test_late(void)
{
    struct story *s = story_new();
    add(s, "2026-06-01", "grace.started", GRACE);
    add(s, "2026-06-10", "certification.rejected",
        "\"certified_on\":\"2025-01-02\",\"received_on\":\"2026-06-10\",\"channel\":\"bank\",\"ref\":\"r\","
        "\"reason\":\"stale\"");
    is_str(
        add(s, "2026-06-16", "benefit.suspended", SUSPENDED("2026-06-16")),
        "suspended: certification was due by 2026-05-31, grace ended on 2026-06-15; a certification of 2025-01-02 by "
        "bank was rejected: it would have run out by then, grace and all; withheld from 2026-07",
        "a suspension in spite of a certification says why that did not count");
    add(s, "2026-06-20", "certification.accepted", CERTIFIED("2026-05-20", "2026-06-20", "face", "r", "renewed"));
    is_str(
        add(s, "2026-06-20", "benefit.resumed",
            "\"reason\":\"certified-in-time\",\"suspended_on\":\"2026-06-16\",\"first_period\":\"2026-07\","
            "\"back_pay\":{\"periods\":[],\"total\":0,\"pay_on\":\"2026-07-15\"}"),
        "resumed: the certification of 2026-05-20 was within grace and only came in late; suspended since 2026-06-16; "
        "paid regularly again from 2026-07",
        "a resumption for one that came late; nothing was withheld");
    is_str(add(s, "2026-06-21", "certification.accepted",
               CERTIFIED("2026-05-01", "2026-06-21", "bank", "q", "superseded")),
           "certified on 2026-05-01 by bank (ref q), received on 2026-06-21, 51 days later; a later one counts, of "
           "2026-05-20",
           "one that was overtaken");
    is_str(add(s, "2026-07-01", "certification.revoked",
               "\"channel\":\"face\",\"ref\":\"r\",\"reason\":\"a photograph\",\"effect\":\"reverted\","
               "\"due_on\":\"2026-05-31\""),
           "certification of 2026-05-20 by face (ref r) revoked: a photograph; certification due by 2026-05-31",
           "a revocation names the day of what it strikes");
    ok(!story_received(s), "and then none counts of which a day is known");
    story_free(s);
}

static void test_held(void)
{
    struct story *s = story_new();
    struct json *names = json_parse("[\"moratorium:unit:U1\",\"feed:face\"]");
    add(s, "2026-06-01", "grace.started", GRACE);
    add(s, "2026-06-02", "suspension.deferred",
        "\"until\":\"2026-06-20\",\"suspend_on\":\"2026-06-21\",\"reason\":\"x\"");
    is_str(story_expected(s), "2026-06-21", "a home visit moves what is expected");
    story_held(s, "2026-06-21", names);
    is_str(add(s, "2026-07-05", "benefit.suspended", SUSPENDED("2026-07-05")),
           "suspended: certification was due by 2026-05-31; a home visit was booked by 2026-06-20; held back from "
           "2026-06-21 by moratorium:unit:U1, feed:face; withheld from 2026-07",
           "what kept a suspension back is told");
    story_held(s, "2026-06-21", NULL);
    ok(has(add(s, "2026-07-05", "benefit.suspended", SUSPENDED("2026-07-05")), "; due since 2026-06-21; "),
       "where no hold is known of, since when it was due");
    ok(!strstr(add(s, "2027-07-05", "benefit.suspended", SUSPENDED("2026-07-05")), "due since"), "and not once more");
    json_free(names);
    story_free(s);
}

static void test_deaths(void)
{
    struct story *s = story_new();
    is_str(
        add(s, "2026-09-10", "benefit.terminated",
            "\"died_on\":\"2026-07-01\",\"reported_on\":\"2026-09-10\",\"last_period\":\"2026-07\",\"arrears\":{"
            "\"periods\":[],\"total\":0},\"overpaid\":{\"periods\":[{\"period\":\"2026-08\"},{\"period\":\"2026-09\"}],"
            "\"total\":null},\"certified_after\":\"2026-08-01\""),
        "died on 2026-07-01, reported 71 days later; the last period is 2026-07; overpaid for 2026-08 and 2026-09; yet "
        "certified on 2026-08-01: one of the two is false",
        "a death that was reported late; amounts that are not known are left out");
    is_str(
        add(s, "2027-02-01", "benefit.reinstated",
            "\"reason\":\"another person\",\"status\":\"active\",\"first_period\":\"2027-02\",\"back_pay\":{\"periods\":["
            "{\"period\":\"2026-10\"},{\"period\":\"2026-11\"},{\"period\":\"2026-12\"},{\"period\":\"2027-01\"},"
            "{\"period\":\"2027-02\"}],\"total\":500,\"pay_on\":\"2027-02-15\"}"),
        "report of death on 2026-07-01 withdrawn: another person; active again; withheld 2026-10 to 2027-02 (5 periods), "
        "paid on 2027-02-15, 5.00 in all; paid regularly again from 2027-02",
        "its withdrawal, with many periods");
    story_free(s);
}

/* Those about a person; the others never stand in anybody's story. */
static void test_all_types(void)
{
    struct story *s = story_new();
    for (int t = 0; t < EV_POLICY_ADOPTED; t++) {
        const char *type = event_type_text((enum event_type)t);
        ok(strcmp(add(s, "2026-01-01", type, ""), type) != 0, "%s has words of its own", type);
    }
    is_str(add(s, "2026-01-01", "some.thing", ""), "some.thing", "an unknown type gives its name");
    story_free(s);
}

int main(void)
{
    plan(0);
    test_alone();
    test_suspension();
    test_late();
    test_held();
    test_deaths();
    test_all_types();
    return tap_end();
}
