/* Messages of which it is not known whether they were sent: never again by themselves; receipts, crashes and stops. */
#include "tests/deliver/messages.h"

#include <stdio.h>

static void test_unknown(int status, const char *what)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    char name[20];
    snprintf(name, sizeof name, "unknown%d", status);
    message_open(&w, name, &seq);
    world_answer(&w, "sms", seq, status);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "unknown", "after %s its outcome is unknown", what);
    uint64_t later = message_certify(&w, "P1", "2026-03-02");
    world_run(&w);
    ok(world_sending(&w, "sms", later), "the person's later messages do not wait for it");
    world_answer(&w, "sms", later, 202);
    world_pass(&w, 3599000 - 100);
    is_str(world_state(&w, "sms", seq), "unknown", "so it stays for its receipt's time");
    world_pass(&w, 1200);
    is_str(world_state(&w, "sms", seq), "dead", "then it is for a person to decide");
    is_int(world_sent(&w, "sms", seq), 1, "it is never sent again by itself");
    is_int(world_order_done(&w, deliver_retry, "sms", seq), ERR_OK, "when a person says so,");
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "skipped", "it is looked at anew: a later one has said more");
    world_close(&w);
}

static void test_unknown_receipt(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "unknown-receipt", &seq);
    world_answer(&w, "sms", seq, -1);
    message_receipt(&w, "sms", seq, 8);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "any receipt proves that it was sent");
    message_receipt(&w, "sms", seq, 1);
    world_pass(&w, 7200000);
    is_str(world_state(&w, "sms", seq), "sent", "and so it stays");
    is_int(world_said(&w, "dead"), 0, "it is never given up");
    is_int(world_counts(&w, "sms").items, 0, "nor waited for");
    ok(strstr(world_endpoint(&w, "sms"), "'delivered':1,"), "it counts as delivered");
    world_close(&w);
}

/* The receipt overtakes the gateway's answer, which is then lost. */
static void test_receipt_first(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "receipt-first", &seq);
    message_receipt(&w, "sms", seq, 1);
    world_answer(&w, "sms", seq, -1);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "a message whose receipt came before its answer was lost is sent");
    world_pass(&w, 7200000);
    is_str(world_state(&w, "sms", seq), "sent", "and stays so");
    ok(strstr(world_endpoint(&w, "sms"), "'dead':0,"), "it is no dead letter");
    world_close(&w);
}

/* The same over a crash. */
static void test_receipt_crash(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "receipt-crash", &seq);
    message_receipt(&w, "sms", seq, 1);
    world_pass(&w, 100);
    world_crash(&w);
    world_pass(&w, 7200000);
    is_str(world_state(&w, "sms", seq), "sent", "a message whose receipt came before a crash is sent");
    is_int(world_sent(&w, "sms", seq), 1, "once");
    world_close(&w);
}

/* 503 from in front of a gateway that has sent it: the receipt ends the retries. */
static void test_receipt_retry(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "receipt-retry", &seq);
    world_answer(&w, "sms", seq, 503);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "retry", "503 is tried again");
    message_receipt(&w, "sms", seq, 1);
    world_pass(&w, 60000);
    is_int(world_sent(&w, "sms", seq), 1, "unless a receipt says that it was sent all the same");
    is_str(world_state(&w, "sms", seq), "sent", "then that is what it is");
    is_int(world_counts(&w, "sms").items, 0, "and it is done with");
    world_close(&w);
}

/* The receipt comes when nobody waits for it any more. */
static void test_receipt_late(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "receipt-late", &seq);
    world_answer(&w, "sms", seq, -1);
    world_pass(&w, 3601000);
    is_str(world_state(&w, "sms", seq), "dead", "a message of which nothing was heard is given up");
    message_receipt(&w, "sms", seq, 1);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "a receipt that comes later still says that it was sent");
    is_int(world_order_done(&w, deliver_retry, "sms", seq), ERR_INVALID, "so that nobody has it sent again");
    world_close(&w);
}

/* The wall clock was a year ahead when the wait was reckoned. */
static void test_clock_back(void)
{
    enum { YEAR_DAYS = 365 };
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "clock-back", &seq);
    w.now += INT64_C(86400000) * YEAR_DAYS;
    world_answer(&w, "sms", seq, -1);
    world_pass(&w, 100);
    w.now -= INT64_C(86400000) * YEAR_DAYS;
    world_endpoint(&w, "sms"); /* an operator looks before the next tick does */
    world_pass(&w, 1000);
    is_str(world_state(&w, "sms", seq), "unknown", "a clock set back loses nothing that waits");
    world_pass(&w, INT64_C(49) * 3600 * 1000);
    is_str(world_state(&w, "sms", seq), "dead", "and what waits, waits for days and not for a year");
    world_close(&w);
}

/* --- ends --- */

static void test_crash(void)
{
    struct world w = {.deliver = NULL};
    uint64_t seq;
    message_open(&w, "crash", &seq);
    world_crash(&w);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "unknown", "what was being sent when the process died is unknown");
    world_pass(&w, 1800000);
    world_crash(&w);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "unknown", "also after another");
    world_pass(&w, 1800000);
    is_str(world_state(&w, "sms", seq), "dead", "its time goes on all the while");
    is_int(world_sent(&w, "sms", seq), 1, "it is not sent again");
    is_int(world_order_done(&w, deliver_retry, "sms", seq), ERR_OK, "until a person says so");
    is_int(world_sent(&w, "sms", seq), 2, "then it is");
    world_answer(&w, "sms", seq, 202);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "as if for the first time");
    world_close(&w);
}

/* Older messages hold the cursor back while newer ones are sent: none comes twice. */
static void test_crash_ahead(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("ahead"), world_kannel("sms", "max_in_flight = 2"));
    char id[16], more[100];
    for (int i = 0; i < 6; i++) {
        snprintf(id, sizeof id, "P%d", i);
        snprintf(more, sizeof more, ",'name':'n','phone':'+861380000010%d'", i);
        world_enrol(&w, id, more);
    }
    uint64_t first = world_last(&w) + 1;
    for (int i = 0; i < 6; i++) {
        snprintf(id, sizeof id, "P%d", i);
        message_certify(&w, id, "2026-03-01");
    }
    for (uint64_t seq = first + 1; seq < first + 6; seq++)
        world_answer(&w, "sms", seq, 202);
    world_pass(&w, 100);
    world_crash(&w);
    world_pass(&w, 100000);
    unsigned twice = 0;
    for (uint64_t seq = first; seq < first + 6; seq++)
        twice += world_sent(&w, "sms", seq) != 1;
    is_int(twice, 0, "messages before a cursor that was held back are not sent again");
    is_str(world_state(&w, "sms", first), "unknown", "and the one that held it is unknown");
    world_close(&w);
}

/* Decided, not handed over, and then stopped in an orderly way. */
static void test_stop(void)
{
    struct world w = {.deliver = NULL};
    int64_t wait;
    world_open(&w, world_dir("stop"), world_kannel("sms", ""));
    world_enrol(&w, "P1", PHONE);
    uint64_t seq = message_certify(&w, "P1", "2026-03-01");
    for (int i = 0; i < 1000 && !world_intends(&w); i++)
        if (deliver_tick(w.deliver, &wait, &w.msg) != ERR_OK || engine_tick(w.rig.engine, &wait, &w.msg) != ERR_OK)
            bail_out("%s", w.msg.text);
    ok(world_intends(&w) && w.carrying.n == 0, "a message is about to be sent");
    world_restart(&w);
    world_pass(&w, 1000);
    is_int(world_sent(&w, "sms", seq), 1, "stopped before it was, it is sent after the next start");
    world_answer(&w, "sms", seq, 202);
    world_pass(&w, 100);
    is_str(world_state(&w, "sms", seq), "sent", "like any other");
    world_close(&w);
}

/* The engine has been asked about it for seconds, so that the cursor has passed it; it was not sent. */
static void test_asked_about(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("asked"), world_kannel("sms", ""));
    world_enrol(&w, "P1", PHONE);
    uint64_t seq = message_certify(&w, "P1", "2026-03-01");
    world_alone(&w, 0);
    world_alone(&w, 3000);
    is_str(world_state(&w, "sms", seq), "wait", "a message that was only asked about is not one that was being sent");
    world_crash(&w);
    ok(world_sending(&w, "sms", seq), "after a crash it is sent");
    world_answer(&w, "sms", seq, 202);
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_unknown(-1, "a time-out");
    test_unknown(500, "a 500 from in front of it");
    test_unknown_receipt();
    test_receipt_first();
    test_receipt_crash();
    test_receipt_retry();
    test_receipt_late();
    test_clock_back();
    test_crash();
    test_crash_ahead();
    test_stop();
    test_asked_about();
    return tap_end();
}
