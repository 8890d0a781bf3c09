/* Messages to people: written at the moment of sending, skipped when moot, limited by day, number and hour. */
#include "tests/deliver/messages.h"

#include <stdio.h>

struct intent {
    struct world *world;
    char state[20]; /* of the row when the request was handed over */
};

static void look(void *arg, const struct parcel *p)
{
    struct intent *i = arg;
    snprintf(i->state, sizeof i->state, "%s", world_state(i->world, "sms", p->seqs[0]));
}

static void test_reminder(void)
{
    struct world w = {.deliver = NULL};
    struct intent intent = {&w, ""};
    w.carrying.started = look;
    w.carrying.arg = &intent;
    world_open(&w, world_dir("reminder"), world_kannel("sms", ""));
    world_enrol(&w, "P1", PHONE);
    world_run(&w);
    is_int(w.carrying.n, 0, "an enrolment brings no message");
    world_until(&w, "2026-04-01T08:59:59+08:00");
    is_int(w.carrying.n, 0, "nor does anything before its time");
    world_until(&w, "2026-04-01T09:00:00+08:00");
    world_run(&w);
    is_int(w.carrying.n, 1, "a reminder does");
    is_str(intent.state, "sending", "that it would be sent was durable before");
    const struct call *c = &w.carrying.v[0]->call;
    uint64_t seq = w.carrying.v[0]->seqs[0];
    ok(c->once, "the transport must not repeat it");
    ok(strstr(c->url.p, "to=%2B8613800000001") != NULL, "it goes to the number on file");
    ok(strstr(c->url.p, "text=%E3%80%90%E8%88%9F%E5%B1%B1%E7%A4%BE%E4%BF%9D%E3%80%91%E7%8E%8B%E8%8A%B3%E7%9A%84") !=
           NULL,
       "with the agency's signature and the person's name");
    world_answer(&w, "sms", seq, 202);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "accepted, it is sent");
    is_int(world_cursor(&w, "sms"), world_last(&w), "and the cursor behind it");
    ok(world_said(&w, "13800000001") == 0, "no number is told");
    world_restart(&w);
    world_pass(&w, 86400000);
    is_int(w.carrying.n, 1, "a restart sends nothing");
    message_receipt(&w, "sms", seq, 1);
    world_pass(&w, 100);
    is_int(world_row(&w, "sms", seq).receipt, RECEIPT_DELIVERED, "its receipt is kept with it");
    message_receipt(&w, "sms", seq, 1);
    message_receipt(&w, "sms", seq, 2);
    ok(strstr(world_endpoint(&w, "sms"), "'receipts_delivered':1,'receipts_failed':0"),
       "the first final one counts, once");
    is_int(world_said(&w, "receipt sms"), 1, "and is told");
    world_close(&w);
}

static void test_certified_meanwhile(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_kannel("sms", ""));
    world_enrol(&w, "P1", PHONE);
    world_enrol(&w, "P2", PHONE);
    world_enrol(&w, "P3", "");
    world_order_done(&w, deliver_pause, "sms", 0);
    world_until(&w, "2026-04-01T09:00:00+08:00");
    uint64_t reminders = world_last(&w) - 2;
    message_certify(&w, "P1", "2026-04-01");
    world_input(&w, "{'op':'report-death','id':'P2','died_on':'2026-03-30'}");
    world_order_done(&w, deliver_resume, "sms", 0);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", reminders), "skipped", "who certified between decision and sending is not reminded");
    ok(str_is(world_row(&w, "sms", reminders).why, "certified"), "and it is kept why");
    ok(str_is(world_row(&w, "sms", reminders + 1).why, "terminated"), "nor is who died");
    ok(str_is(world_row(&w, "sms", reminders + 2).why, "no-phone"), "nor who has no number");
    is_int(w.carrying.n, 1, "only the confirmation is sent");
    ok(strstr(world_endpoint(&w, "sms"), "'skipped':3"), "they are counted");
    ok(strstr(world_endpoint(&w, "sms"), "'skips':{'certified':1,'terminated':1,'no-phone':1}"), "by reason");
    is_int(world_said(&w, "skipped sms"), 3, "and told");
    world_answer(&w, "sms", world_parcel(&w, "sms", w.carrying.v[0]->seqs[0])->seqs[0], 202);
    world_close(&w);
}

/* --- limits --- */

static void test_not_sent(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "not-sent", &seq);
    world_answer(&w, "sms", seq, 0);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "retry", "what was certainly not sent is tried again");
    world_pass(&w, 13000);
    world_answer(&w, "sms", seq, 503);
    world_pass(&w, 13000);
    world_answer(&w, "sms", seq, 202);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "until it is sent");
    is_int(world_row(&w, "sms", seq).attempts, 3, "at the third attempt");
    unsigned more = 0;
    for (int i = 0; i < 6; i++) {
        char id[16];
        snprintf(id, sizeof id, "Q%d", i);
        world_enrol(&w, id, PHONE);
        seq = message_certify(&w, id, "2026-03-01");
        world_run(&w);
        if (world_sending(&w, "sms", seq)) {
            world_answer(&w, "sms", seq, 202);
            more++;
        }
    }
    is_int(more, 4, "what was not sent counts nothing against the number's daily five");
    world_close(&w);
}

static void test_failed(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "failed", &seq);
    world_answer(&w, "sms", seq, 403);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "dead", "what the gateway refuses for good is a dead letter at once");
    world_close(&w);
}

static void test_cap(void)
{
    struct world w = {.deliver = NULL};
    char id[16];
    uint64_t seqs[7];
    world_open(&w, world_dir("cap"), world_kannel("sms", ""));
    for (int i = 0; i < 7; i++) {
        snprintf(id, sizeof id, "P%d", i);
        world_enrol(&w, id, PHONE);
        seqs[i] = message_certify(&w, id, "2026-03-01");
    }
    world_run(&w);
    is_int(w.carrying.n, 5, "one number gets five messages a day");
    is_int(world_said(&w, "deferred sms"), 2, "the others wait, which is told");
    for (int i = 0; i < 5; i++)
        world_answer(&w, "sms", seqs[i], 202);
    world_pass(&w, 100);
    world_crash(&w);
    world_enrol(&w, "P8", PHONE);
    message_certify(&w, "P8", "2026-03-01");
    world_pass(&w, 1000);
    is_int(w.carrying.n, 5, "a crash does not make it forget how many there were");
    world_until(&w, "2026-03-03T07:59:59+08:00");
    is_int(w.carrying.n, 5, "the next day begins with quiet hours");
    world_until(&w, "2026-03-03T08:00:00+08:00");
    world_run(&w);
    is_int(w.carrying.n, 8, "after those the others come");
    for (size_t i = 5; i < 8; i++)
        world_answer(&w, "sms", w.carrying.v[i]->seqs[0], 202);
    world_close(&w);
}

/* Taken on one day, given back on the next: that day's count stays. */
static void test_cap_midnight(void)
{
    struct world w = {.deliver = NULL};
    char id[16];
    uint64_t seqs[6];
    world_open(&w, "memory:", world_kannel("sms", "quiet_hours = \"none\"\nretry = { 1d }"));
    world_until(&w, "2026-03-02T23:59:59+08:00");
    world_enrol(&w, "P0", PHONE);
    seqs[0] = message_certify(&w, "P0", "2026-03-01");
    world_run(&w);
    world_until(&w, "2026-03-03T00:00:01+08:00");
    for (int i = 1; i < 6; i++) {
        snprintf(id, sizeof id, "P%d", i);
        world_enrol(&w, id, PHONE);
        seqs[i] = message_certify(&w, id, "2026-03-01");
    }
    for (int i = 1; i < 6; i++)
        world_answer(&w, "sms", seqs[i], 202);
    world_answer(&w, "sms", seqs[0], 503);
    world_enrol(&w, "P9", PHONE);
    uint64_t sixth = message_certify(&w, "P9", "2026-03-01");
    world_pass(&w, 5000);
    ok(!world_sending(&w, "sms", sixth), "yesterday's message that comes back makes no room today");
    world_close(&w);
}

static void test_quiet(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_kannel("sms", ""));
    world_enrol(&w, "P1", PHONE);
    world_until(&w, "2026-03-02T22:00:00+08:00");
    uint64_t seq = message_certify(&w, "P1", "2026-03-02");
    world_run(&w);
    is_int(w.carrying.n, 0, "nobody is woken at night");
    world_until(&w, "2026-03-03T08:00:00+08:00");
    world_run(&w);
    ok(world_sending(&w, "sms", seq), "in the morning it comes");
    world_answer(&w, "sms", seq, 202);
    world_close(&w);
}

static void test_digest(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_kannel("sms", "units = { \"U1\", \"U2\" }"));
    world_input(&w, "{'op':'unit','unit':'U1','name':'街道办','phone':'+8613900000001'}");
    world_enrol(&w, "P1", ",'unit':'U1'");
    world_enrol(&w, "P2", ",'unit':'U1'");
    world_enrol(&w, "P3", ",'unit':'U2'");
    world_enrol(&w, "P4", ",'unit':'U3'");
    world_until(&w, "2026-04-20T10:00:00+08:00");
    world_run(&w);
    is_int(w.carrying.n, 1, "a unit gets its digest");
    ok(strstr(w.carrying.v[0]->call.url.p, "to=%2B8613900000001"), "at its number");
    ok(strstr(w.carrying.v[0]->call.url.p, "%E5%85%B12%E4%BA%BA"), "about two people");
    uint64_t seq = w.carrying.v[0]->seqs[0];
    world_answer(&w, "sms", seq, 202);
    world_pass(&w, 100);
    ok(str_is(world_row(&w, "sms", seq + 1).why, "no-phone"), "a unit without a number gets none, and it is kept why");
    is_str(world_state(&w, "sms", seq + 2), "", "a unit that is not listed is passed over");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_reminder();
    test_certified_meanwhile();
    test_not_sent();
    test_failed();
    test_cap();
    test_cap_midnight();
    test_quiet();
    test_digest();
    return tap_end();
}
