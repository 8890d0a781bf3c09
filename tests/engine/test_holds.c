/* The four holds, end to end through the engine: placed, what they keep back, lifted, and remembered. */
#include "tests/engine/rig.h"

#include <stdio.h>

/* n people who fall due at the end of 2026-01 and would be suspended on 2026-02-16. */
static void enrol(struct rig *r, unsigned n, const char *policy)
{
    for (unsigned i = 0; i < n; i++) {
        char json[256];
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"%s-%u\",\"policy\":\"%s\",\"approved_on\":\"2025-01-10\",\"unit\":\"U%u\"}", policy, i,
                 policy, i % 4);
        rig_input(r, json);
    }
}

#define NEW_YEAR rig_at("2026-01-01T00:00:00+08:00")
#define S_DAY rig_at("2026-02-16T00:00:00+08:00")
#define CHANNELS "channel \"face\" {}\nchannel \"counter\" {}\n"

static void test_brake(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", CHANNELS "brake_limit = \"10\"\npolicy \"national\" {}\n", NEW_YEAR);
    enrol(&r, 11, "national");
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"hold.placed\""), 1, "eleven suspensions due against a limit of ten place the brake once");
    is_int(rig_count(&r, "\"benefit.suspended\""), 0, "and none of them is applied");
    ok(strstr(rig_ask(&r, REQUEST_HOLDS, NULL), "\"due\":11,\"limit\":10"), "the hold says how many were due");
    ok(strstr(rig_ask(&r, REQUEST_SHOW, "national-3"), "\"held_by\":[\"brake\"]"), "a held person says by what");
    rig_input(&r, "{\"op\":\"certify\",\"id\":\"national-0\",\"channel\":\"face\",\"ref\":\"a\",\"certified_on\":\"2026-02-16\"}");
    ok(strstr(rig_ask(&r, REQUEST_SHOW, "national-0"), "\"status\":\"active\""), "a certification clears a held suspension");
    rig_until(&r, S_DAY + 86400);
    is_int(rig_count(&r, "\"benefit.suspended\""), 0, "the hold lasts until somebody lifts it");
    is_int(rig_lift(&r, "brake"), ERR_OK, "an operator lifts it");
    rig_until(&r, S_DAY + 86400);
    is_int(rig_count(&r, "\"benefit.suspended\""), 10, "what was due goes through");
    is_int(rig_count(&r, "\"suspended_on\":\"2026-02-17\""), 10, "on the day of the lifting");
    is_int(rig_count(&r, "\"hold.placed\""), 1, "without placing it again");
    is_int(rig_lift(&r, "brake"), ERR_ABSENT, "a hold that is not there cannot be lifted");
    rig_close(&r);
}

static void test_brake_at_limit(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", CHANNELS "brake_limit = \"10\"\npolicy \"national\" {}\n", NEW_YEAR);
    enrol(&r, 10, "national");
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"hold.placed\""), 0, "as many as the limit do not place the brake");
    is_int(rig_count(&r, "\"benefit.suspended\""), 10, "and are suspended");
    rig_close(&r);
}

static void test_percentage(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", CHANNELS "brake_limit = \"1%\"\npolicy \"national\" {}\n", NEW_YEAR);
    enrol(&r, 100, "national");
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"benefit.suspended\""), 100, "a percentage never counts as less than 100");
    rig_close(&r);
}

static void test_moratorium(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", CHANNELS "brake_limit = \"off\"\npolicy \"national\" {}\npolicy \"other\" {}\n", NEW_YEAR);
    enrol(&r, 8, "national");
    enrol(&r, 8, "other");
    is_int(rig_place(&r, SCOPE_UNIT, "U1", "2026-03-01"), ERR_OK, "a moratorium for a unit");
    is_int(rig_place(&r, SCOPE_POLICY, "other", "2026-02-20"), ERR_OK, "and one for a policy");
    is_int(rig_place(&r, SCOPE_ALL, NULL, "2025-12-31"), ERR_INVALID, "one that is over already is refused");
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"benefit.suspended\""), 6, "whoever neither covers is suspended");
    rig_until(&r, rig_at("2026-02-20T23:59:59+08:00"));
    is_int(rig_count(&r, "\"benefit.suspended\""), 6, "to the end of its last day it holds");
    rig_until(&r, rig_at("2026-02-21T00:00:00+08:00"));
    is_int(rig_count(&r, "\"benefit.suspended\""), 12, "after that day those it alone covered are suspended");
    is_int(rig_lift(&r, "moratorium:unit:U1"), ERR_OK, "the other is lifted by hand");
    rig_until(&r, rig_at("2026-02-21T00:00:01+08:00"));
    is_int(rig_count(&r, "\"benefit.suspended\""), 16, "and the rest follows");
    is_int(rig_count(&r, "\"hold.lifted\""), 2, "each lifting is an event");
    rig_close(&r);
}

static void test_feed(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:",
             "channel \"face\" {}\nchannel \"data-match\" { expect_every = \"36h\" }\nbrake_limit = \"off\"\n"
             "policy \"national\" { channels = {\"data-match\"} }\npolicy \"other\" { channels = {\"face\"} }\n",
             NEW_YEAR);
    enrol(&r, 3, "national");
    enrol(&r, 3, "other");
    rig_until(&r, NEW_YEAR + 36 * 3600);
    is_int(rig_count(&r, "\"hold.placed\""), 0, "for as long as it may be silent nothing happens");
    rig_until(&r, NEW_YEAR + 36 * 3600 + 1);
    is_int(rig_count(&r, "\"hold\":\"feed\""), 1, "longer than that places the hold");
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"benefit.suspended\""), 3, "it covers those whose policy accepts the channel, and only those");
    rig_input(&r, "{\"op\":\"certify\",\"id\":\"stranger\",\"channel\":\"data-match\",\"ref\":\"1\",\"certified_on\":\"2026-02-16\"}");
    is_int(rig_count(&r, "\"hold.lifted\""), 1, "when the channel speaks again it is lifted by itself");
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"benefit.suspended\""), 6, "and what it kept back is applied");
    rig_until(&r, S_DAY + 36 * 3600 + 1);
    is_int(rig_count(&r, "\"hold.placed\""), 2, "silent again, it is placed again");
    is_int(rig_lift(&r, "feed:data-match"), ERR_OK, "an operator lifts it");
    rig_until(&r, S_DAY + 2 * 36 * 3600 + 1);
    is_int(rig_count(&r, "\"hold.placed\""), 2, "and it stays lifted for as long as the channel may be silent");
    rig_until(&r, S_DAY + 2 * 36 * 3600 + 2);
    is_int(rig_count(&r, "\"hold.placed\""), 3, "but no longer");
    rig_close(&r);
}

static void test_restart(void)
{
    char uri[128];
    struct rig r = {.engine = NULL};
    snprintf(uri, sizeof uri, "dir:%s/holds", tap_tmpdir());
    rig_open(&r, uri, CHANNELS "brake_limit = \"5\"\npolicy \"national\" {}\n", NEW_YEAR);
    enrol(&r, 8, "national");
    rig_place(&r, SCOPE_UNIT, "U1", "2026-12-31");
    rig_until(&r, S_DAY);
    for (int checkpoint = 0; checkpoint < 2; checkpoint++) {
        rig_again(&r, checkpoint);
        rig_until(&r, S_DAY);
        is_int(rig_count(&r, "\"hold.placed\""), 2, "holds survive a restart (%d)", checkpoint);
        is_int(rig_count(&r, "\"benefit.suspended\""), 0, "and keep back what they kept back (%d)", checkpoint);
    }
    rig_lift(&r, "brake");
    rig_crash(&r);
    rig_until(&r, S_DAY);
    is_int(rig_count(&r, "\"benefit.suspended\""), 6, "what an operator let through goes through after a crash as well");
    rig_close(&r);
}

int main(void)
{
    plan(0);
    test_brake();
    test_brake_at_limit();
    test_percentage();
    test_moratorium();
    test_feed();
    test_restart();
    return tap_end();
}
