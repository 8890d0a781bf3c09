/* Who is paid for a period, and when: worked examples. */
#include "tests/engine/rig.h"

#include <stdio.h>

static lc_month month(const char *text)
{
    lc_month m;
    if (!month_parse(text, strlen(text), &m))
        bail_out("%s is no month", text);
    return m;
}

static const char examples_conf[] =
    "timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"face\" {}\n"
    "policy \"immediate\" { grace = 0 notice = 0 }\n"
    "policy \"next-month\" { grace = 0 notice = 0 resume = \"next-month\" payday = 5 }\n";

/* The one person's row for a month, without id and policy; "-": none. */
static const char *row(struct rig *r, const char *m)
{
    static char text[200];
    const char *all = rig_period(r, month(m), NULL), *from = strstr(all, "\"state\"");
    snprintf(text, sizeof text, "-");
    if (from)
        snprintf(text, sizeof text, "%.*s", (int)strcspn(from, "}"), from);
    return text;
}

static const char *payable(const char *on)
{
    static char text[200];
    snprintf(text, sizeof text, "\"state\":\"payable\",\"pay_on\":\"%s\",\"withheld_from\":null,\"suspended_on\":null",
             on);
    return text;
}

static const char *withheld(const char *from, const char *since)
{
    static char text[200];
    snprintf(text, sizeof text,
             "\"state\":\"withheld\",\"pay_on\":null,\"withheld_from\":\"%s\",\"suspended_on\":\"%s\"", from, since);
    return text;
}

static void go_to(struct rig *r, const char *day)
{
    rig_until(r, rig_at(day));
}

/* Enrolled 2026-02-10, due 2026-06-30, suspended 2026-07-01. */
static void begin(struct rig *r, const char *policy)
{
    char json[256];
    rig_open(r, "memory:", examples_conf, rig_at("2026-02-10T12:00:00+08:00"));
    snprintf(json, sizeof json, "{\"op\":\"enrol\",\"id\":\"A\",\"policy\":\"%s\",\"approved_on\":\"2025-06-20\"}",
             policy);
    rig_input(r, json);
}

static void input(struct rig *r, const char *json)
{
    if (rig_input(r, json).result != RESULT_APPLIED)
        bail_out("not applied: %s", json);
}

static void ignore(struct request *q)
{
    (void)q;
}

static void test_suspension(void)
{
    struct rig r = {.engine = NULL};
    begin(&r, "immediate");
    is_str(row(&r, "2025-05"), "-", "before the month of approval there is no claim");
    is_str(row(&r, "2025-06"), payable("2025-06-15"), "from that month on there is");
    is_str(row(&r, "2026-08"), payable("2026-08-15"), "the future is as things stand");
    go_to(&r, "2026-09-20T12:00:00+08:00");
    is_str(row(&r, "2026-06"), payable("2026-06-15"), "what was paid before the suspension stays paid");
    is_str(row(&r, "2026-07"), withheld("2026-07", "2026-07-01"),
           "from the first payday in the suspension on it is withheld");
    is_str(row(&r, "2026-11"), withheld("2026-07", "2026-07-01"), "the future too, as things stand");
    input(&r, "{\"op\":\"certify\",\"id\":\"A\",\"channel\":\"face\",\"certified_on\":\"2026-09-20\",\"ref\":\"1\"}");
    is_str(row(&r, "2026-06"), payable("2026-06-15"), "once resumed, what was not withheld stays as it was");
    is_str(row(&r, "2026-07"), payable("2026-10-15"), "what was withheld is paid on the next payday");
    is_str(row(&r, "2026-09"), payable("2026-10-15"), "up to the last that was");
    is_str(row(&r, "2026-10"), payable("2026-10-15"), "and then all goes on");
    is_str(row(&r, "2026-11"), payable("2026-11-15"), "month by month");
    ok(strstr(rig_period(&r, month("2026-09"), "immediate"),
              "}\n{\"period\":\"2026-09\",\"position\":10,\"payable\":1,\"withheld\":0}\n"),
       "the last line counts");
    ok(strstr(rig_period(&r, month("2026-09"), "next-month"), "\"payable\":0,\"withheld\":0}"),
       "others' policies are left out");
    rig_close(&r);
}

static void test_next_month(void)
{
    struct rig r = {.engine = NULL};
    begin(&r, "next-month");
    go_to(&r, "2026-09-02T12:00:00+08:00");
    input(&r, "{\"op\":\"certify\",\"id\":\"A\",\"channel\":\"face\",\"certified_on\":\"2026-09-02\",\"ref\":\"1\"}");
    is_str(row(&r, "2026-08"), payable("2026-10-05"), "payment starts next month: back pay comes then");
    is_str(row(&r, "2026-09"), payable("2026-10-05"), "the month in between comes with it");
    is_str(row(&r, "2026-10"), payable("2026-10-05"), "and then all goes on");
    rig_close(&r);
}

static void test_death(void)
{
    struct rig r = {.engine = NULL};
    begin(&r, "immediate");
    go_to(&r, "2026-09-20T12:00:00+08:00");
    input(&r, "{\"op\":\"report-death\",\"id\":\"A\",\"died_on\":\"2026-08-03\"}");
    is_str(row(&r, "2026-06"), payable("2026-06-15"), "after a death, what was paid stays paid");
    is_str(row(&r, "2026-08"), payable("2026-09-20"), "arrears are paid on the day of the report");
    is_str(row(&r, "2026-09"), "-", "beyond the last period there is no claim");
    is_str(row(&r, "2026-12"), "-", "nor ever");
    rig_input(&r,
              "{\"op\":\"certify\",\"id\":\"A\",\"channel\":\"face\",\"certified_on\":\"2026-09-20\",\"ref\":\"1\"}");
    is_str(row(&r, "2026-08"), payable("2026-09-20"), "whatever is rejected later changes nothing");
    go_to(&r, "2026-11-20T12:00:00+08:00");
    input(&r, "{\"op\":\"retract-death\",\"id\":\"A\",\"reason\":\"wrong\"}");
    is_str(row(&r, "2026-07"), payable("2026-09-20"), "the report withdrawn, arrears stay paid on their day");
    is_str(row(&r, "2026-09"), withheld("2026-09", "2026-07-01"), "what follows them is withheld");
    rig_close(&r);
}

static void test_retracted(void)
{
    struct rig r = {.engine = NULL};
    begin(&r, "immediate");
    go_to(&r, "2026-03-20T12:00:00+08:00");
    input(&r, "{\"op\":\"report-death\",\"id\":\"A\",\"died_on\":\"2026-02-28\"}");
    is_str(row(&r, "2026-02"), payable("2026-02-15"), "the month of the death is paid");
    is_str(row(&r, "2026-03"), "-", "the next one was paid and is not owed");
    go_to(&r, "2026-05-20T12:00:00+08:00");
    input(&r, "{\"op\":\"retract-death\",\"id\":\"A\",\"reason\":\"wrong\"}");
    is_str(row(&r, "2026-03"), payable("2026-03-15"), "the report withdrawn, it is, and was paid on its day");
    is_str(row(&r, "2026-04"), payable("2026-06-15"), "what was not paid meanwhile comes on the next payday");
    is_str(row(&r, "2026-06"), payable("2026-06-15"), "and then all goes on");
    rig_close(&r);
}

static void test_cut(void)
{
    struct rig r = {.engine = NULL};
    begin(&r, "immediate");
    go_to(&r, "2026-09-20T12:00:00+08:00");
    input(&r, "{\"op\":\"certify\",\"id\":\"A\",\"channel\":\"face\",\"certified_on\":\"2026-09-20\",\"ref\":\"1\"}");
    input(&r, "{\"op\":\"report-death\",\"id\":\"A\",\"died_on\":\"2026-07-30\"}");
    is_str(row(&r, "2026-07"), payable("2026-10-15"), "back pay that was announced is paid as far as the last period");
    is_str(row(&r, "2026-08"), "-", "and no further");
    go_to(&r, "2026-10-20T12:00:00+08:00");
    input(&r, "{\"op\":\"retract-death\",\"id\":\"A\",\"reason\":\"wrong\"}");
    is_str(row(&r, "2026-07"), payable("2026-10-15"), "the report withdrawn, that stays");
    is_str(row(&r, "2026-08"), payable("2026-11-15"), "and what it cut off comes on the next payday");
    rig_close(&r);
}

/* A policy that has changed counts at once, although nobody has been taken over to it yet. */
static void test_adoption(void)
{
    struct rig r = {.engine = NULL};
    struct buf faults = BUF_INIT;
    begin(&r, "immediate");
    FILE *f = fopen(r.config_file, "w");
    struct request config = {.kind = REQUEST_CONFIG, .done = ignore}, q = {.kind = REQUEST_SCAN};
    q.scan = (struct scan_order){.kind = SCAN_PERIOD, .status = -1, .period = month("2026-05")};
    if (!f ||
        fputs("timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"face\" {}\n"
              "policy \"immediate\" { payday = 22 }\npolicy \"next-month\" {}\n",
              f) < 0 ||
        fclose(f) != 0 || config_load(r.config_file, &config.config, &faults) != ERR_OK ||
        !engine_submit(r.engine, &config))
        bail_out("the configuration is not taken up");
    rig_request(&r, &q);
    buf_addc(&q.body, '\0');
    ok(strstr(q.body.p, payable("2026-05-22")) != NULL, "a changed payday counts for whom it has not reached yet");
    buf_done(&q.body);
    rig_close(&r);
}

int main(void)
{
    plan(13 + 3 + 7 + 5 + 4 + 1);
    test_suspension();
    test_next_month();
    test_death();
    test_retracted();
    test_cut();
    test_adoption();
    return tap_end();
}
