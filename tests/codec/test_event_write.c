/* One line of every type, to the byte. */
#include "codec/event_json.h"
#include "tests/lib/tap.h"

#define S(text) {(text), sizeof(text) - 1}
#define DAY(y, m, d) date_make(y, m, d)
#define MONTH(y, m) (((y)-1900) * 12 + (m))

static struct buf line;

static void writes(enum event_type type, struct event e, const char *data)
{
    struct buf want = BUF_INIT;
    e.seq = 18;
    e.prev = 7;
    e.time = 1781539200;
    e.offset = 28800;
    e.type = type;
    buf_printf(&want,
               "{\"seq\":18,\"prev\":7,\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"%s\"",
               event_type_text(type));
    if (e.subject.p)
        buf_printf(&want, ",\"subject\":\"%.*s\"", (int)e.subject.n, e.subject.p);
    buf_printf(&want, "%s,\"data\":%s}\n", e.simulated ? ",\"simulated\":true" : "", data);
    buf_addc(&want, '\0');
    buf_clear(&line);
    event_write(&line, &e);
    buf_addc(&line, '\0');
    is_str(line.p, want.p, "%s is written as the manual has it", event_type_text(type));
    buf_done(&want);
}

#define WRITES(type, data, ...) writes(type, (struct event){.subject = S("330902-0000001"), __VA_ARGS__}, data)
#define SYSTEM(type, data, ...) writes(type, (struct event){__VA_ARGS__}, data)

static void enrolment(void)
{
    WRITES(EV_ENROLLED,
           "{\"policy\":\"national\",\"category\":\"\xe5\x85\xbb\xe8\x80\x81\",\"unit\":\"U-1\","
           "\"approved_on\":\"2018-03-05\",\"last_certified_on\":\"2019-02-11\",\"amount\":350000,"
           "\"amount_from\":\"2018-03\",\"due_on\":\"2020-02-29\"}",
           .u.enrolled = {S("national"), S("\xe5\x85\xbb\xe8\x80\x81"), S("U-1"), DAY(2018, 3, 5), DAY(2019, 2, 11),
                          DAY(2020, 2, 29), 350000, MONTH(2018, 3)});
    WRITES(EV_ENROLLED,
           "{\"policy\":\"p\\\"\\\\\",\"category\":null,\"unit\":null,\"approved_on\":\"1900-01-01\","
           "\"last_certified_on\":null,\"amount\":null,\"amount_from\":null,\"due_on\":\"2299-12-31\"}",
           .u.enrolled = {S("p\"\\"), STR_NONE, STR_NONE, DATE_MIN, DATE_NONE, DATE_LIMIT, AMOUNT_NONE, MONTH_NONE});
    WRITES(EV_AMENDED,
           "{\"policy\":\"beijing\",\"category\":null,\"unit\":\"U-2\",\"amount\":0,\"amount_from\":\"2026-06\","
           "\"personal\":true,\"due_on\":\"2027-06-30\"}",
           .u.amended = {M_POLICY | M_CATEGORY | M_UNIT | M_AMOUNT, S("beijing"), STR_NONE, S("U-2"), 0, MONTH(2026, 6),
                         true, DAY(2027, 6, 30)});
    WRITES(EV_AMENDED, "{\"due_on\":\"2027-06-30\"}", .u.amended = {.due_on = DAY(2027, 6, 30)});
    WRITES(EV_ERASED, "{}", .simulated = true);
}

static void certifications(void)
{
    WRITES(EV_ACCEPTED,
           "{\"ref\":\"F-1\",\"channel\":\"face\",\"certified_on\":\"2026-06-15\",\"received_on\":\"2026-06-16\","
           "\"evidence\":null,\"effect\":\"renewed\",\"due_on\":\"2027-06-30\"}",
           .u.accepted = {S("F-1"), S("face"), STR_NONE, DAY(2026, 6, 15), DAY(2026, 6, 16), DAY(2027, 6, 30),
                          EFFECT_RENEWED, false});
    WRITES(EV_ACCEPTED,
           "{\"ref\":\"F-1\",\"channel\":\"face\",\"certified_on\":\"2026-06-15\",\"received_on\":\"2026-06-16\","
           "\"evidence\":\"a\\tb\\u007f\",\"effect\":\"superseded\",\"due_on\":\"2027-06-30\",\"on_behalf\":true}",
           .u.accepted = {S("F-1"), S("face"), S("a\tb\x7f"), DAY(2026, 6, 15), DAY(2026, 6, 16), DAY(2027, 6, 30),
                          EFFECT_SUPERSEDED, true});
    WRITES(EV_CERT_REJECTED,
           "{\"ref\":\"F-1\",\"channel\":\"face\",\"certified_on\":\"2026-06-17\",\"received_on\":\"2026-06-16\","
           "\"evidence\":null,\"reason\":\"in-future\"}",
           .u.cert_rejected = {S("F-1"), S("face"), STR_NONE, DAY(2026, 6, 17), DAY(2026, 6, 16), REASON_IN_FUTURE});
    WRITES(EV_REVOKED,
           "{\"ref\":\"F-1\",\"channel\":\"face\",\"reason\":\"a mask\",\"effect\":\"reverted\","
           "\"due_on\":\"2026-06-30\"}",
           .u.revoked = {S("F-1"), S("face"), S("a mask"), EFFECT_REVERTED, DAY(2026, 6, 30), 0});
    WRITES(EV_LAPSED, "{\"base_on\":\"2024-06-16\",\"lapsed_on\":\"2026-06-16\"}",
           .u.lapsed = {DAY(2024, 6, 16), DAY(2026, 6, 16)});
}

static void deadlines(void)
{
    WRITES(EV_REMINDER, "{\"due_on\":\"2026-08-31\",\"number\":1,\"of\":3,\"missed\":0}",
           .u.reminder = {DAY(2026, 8, 31), 1, 3, 0});
    WRITES(EV_GRACE, "{\"due_on\":\"2026-06-15\",\"grace_until\":\"2026-06-30\"}",
           .u.grace = {DAY(2026, 6, 15), DAY(2026, 6, 30)});
    WRITES(EV_DEFERRED, "{\"until\":\"2026-07-01\",\"reason\":\"home visit\",\"suspend_on\":\"2026-07-02\"}",
           .u.deferred = {DAY(2026, 7, 1), DAY(2026, 7, 2), S("home visit")});
    WRITES(EV_SUSPENDED,
           "{\"reason\":\"not-certified\",\"due_on\":\"2026-05-31\",\"suspended_on\":\"2026-06-16\","
           "\"first_withheld_period\":\"2026-07\"}",
           .u.suspended = {DAY(2026, 5, 31), DAY(2026, 6, 16), MONTH(2026, 7)});
}

static void payments(void)
{
    struct period_pay pays[] = {{MONTH(2026, 7), DAY(2026, 7, 15), 350000},
                                {MONTH(2026, 8), DAY(2026, 8, 15), AMOUNT_NONE}};
    struct pay_list one = {pays, 1, DAY(2026, 8, 15)}, two = {pays, 2, DATE_NONE}, none = {NULL, 0, DATE_NONE};
    WRITES(EV_RESUMED,
           "{\"reason\":\"recertified\",\"suspended_on\":\"2026-06-16\",\"resumed_on\":\"2026-08-02\","
           "\"first_period\":\"2026-08\",\"back_pay\":{\"periods\":[{\"period\":\"2026-07\",\"payday\":\"2026-07-15\","
           "\"amount\":350000}],\"total\":350000,\"pay_on\":\"2026-08-15\"}}",
           .u.resumed = {RESUMED_RECERTIFIED, DAY(2026, 6, 16), DAY(2026, 8, 2), MONTH(2026, 8), one});
    WRITES(EV_TERMINATED,
           "{\"died_on\":\"2026-06-02\",\"reported_on\":\"2026-06-16\",\"last_period\":\"2026-06\","
           "\"overpaid\":{\"periods\":[{\"period\":\"2026-07\",\"payday\":\"2026-07-15\","
           "\"amount\":350000},{\"period\":\"2026-08\",\"payday\":\"2026-08-15\",\"amount\":null}],\"total\":null},"
           "\"arrears\":{\"periods\":[],\"total\":0},\"certified_after\":null}",
           .u.terminated = {DAY(2026, 6, 2), DAY(2026, 6, 16), DATE_NONE, MONTH(2026, 6), two, none});
    WRITES(EV_REINSTATED,
           "{\"reason\":\"wrong person\",\"undoes\":17,\"terminated_on\":\"2026-06-10\",\"first_period\":null,"
           "\"back_pay\":{\"periods\":[],\"total\":0,\"pay_on\":null},\"status\":\"suspended\"}",
           .u.reinstated = {S("wrong person"), 17, DAY(2026, 6, 10), MONTH_NONE, none, STATUS_SUSPENDED});
}

static void rejections(void)
{
    struct input amend = {.op = OP_AMEND,
                          .given = M_OP | M_ID | M_POLICY | M_UNIT | M_NAME | M_AMOUNT | M_AMOUNT_FROM | M_AT,
                          .id = S("330902-0000001"),
                          .policy = S("moon"),
                          .name = S("nobody's business"),
                          .amount = 5,
                          .amount_from = MONTH(2026, 1)};
    WRITES(EV_INPUT_REJECTED,
           "{\"op\":\"amend\",\"reason\":\"unknown-policy\",\"given\":{\"policy\":\"moon\",\"unit\":null,\"amount\":5,"
           "\"amount_from\":\"2026-01\"}}",
           .u.input_rejected = {OP_AMEND, REASON_UNKNOWN_POLICY, &amend, STR_NONE});
    WRITES(EV_INPUT_REJECTED, "{\"op\":\"erase\",\"reason\":\"not-terminated\",\"given\":{}}",
           .u.input_rejected = {OP_ERASE, REASON_NOT_TERMINATED, NULL, S("{}")});
}

static void settings(void)
{
    struct str names[] = {S("face"), S("counter")};
    struct channel_setting channels[] = {{S("face"), 0}, {S("data-match"), 129600}};
    struct policy national = policy_default(), days = policy_default();
    strcpy(national.name, "national");
    strcpy(days.name, "365-days");
    days.cycle_unit = CYCLE_DAYS;
    days.cycle = 365;
    days.validity = VALIDITY_EXACT_DAY;
    days.resume = RESUME_NEXT_MONTH;
    days.remind_at = 23 * 3600 + 59 * 60;
    SYSTEM(EV_POLICY_ADOPTED,
           "{\"policy\":\"national\",\"cycle\":\"12 months\",\"validity\":\"month-end\",\"remind_ahead\":3,"
           "\"remind_every\":1,\"remind_at\":\"09:00\",\"grace\":15,\"payday\":15,\"resume\":\"immediate\","
           "\"evidence_after\":24,\"defer_max\":30,\"notice\":15,\"channels\":[]}",
           .u.policy_adopted = {&national, NULL, 0});
    SYSTEM(EV_POLICY_ADOPTED,
           "{\"policy\":\"365-days\",\"cycle\":\"365 days\",\"validity\":\"exact-day\",\"remind_ahead\":3,"
           "\"remind_every\":1,\"remind_at\":\"23:59\",\"grace\":15,\"payday\":15,\"resume\":\"next-month\","
           "\"evidence_after\":24,\"defer_max\":30,\"notice\":15,\"channels\":[\"face\",\"counter\"]}",
           .simulated = true, .u.policy_adopted = {&days, names, 2});
    SYSTEM(EV_CONFIG_ADOPTED,
           "{\"timezone\":\"Asia/Shanghai\",\"channels\":[{\"name\":\"face\","
           "\"expect_every\":null},{\"name\":\"data-match\",\"expect_every\":129600}],\"brake_limit\":\"1%\","
           "\"clock_jump\":3600,\"max_downtime\":604800}",
           .u.config_adopted = {S("Asia/Shanghai"), channels, 2, {BRAKE_PERCENT, 1000}, 3600, 604800});
    SYSTEM(EV_UNIT_RECORDED, "{\"unit\":\"U-1\"}", .u.unit_recorded = {S("U-1")});
    SYSTEM(EV_UNIT_DIGEST, "{\"unit\":\"U-1\",\"month\":\"2026-06\",\"count\":12}",
           .u.digest = {S("U-1"), MONTH(2026, 6), 12});
}

static void holds(void)
{
    SYSTEM(EV_HOLD_PLACED,
           "{\"hold\":\"brake\",\"why\":\"412 suspensions are due, 309 may be applied\",\"scope\":null,\"until\":null,"
           "\"by\":null,\"due\":412,\"limit\":309}",
           .u.hold = {HOLD_BRAKE,
                      {SCOPE_ALL, STR_NONE},
                      S("412 suspensions are due, 309 may be applied"),
                      STR_NONE,
                      DATE_NONE,
                      412,
                      309});
    SYSTEM(EV_HOLD_LIFTED,
           "{\"hold\":\"moratorium\",\"why\":\"flood\",\"scope\":{\"unit\":\"U-1\"},\"until\":\"2026-09-30\","
           "\"by\":\"Zhang\",\"due\":null,\"limit\":null}",
           .u.hold = {HOLD_MORATORIUM, {SCOPE_UNIT, S("U-1")}, S("flood"), S("Zhang"), DAY(2026, 9, 30), -1, -1});
}

static void data_alone(void)
{
    struct event e = {.type = EV_UNIT_RECORDED, .u.unit_recorded = {S("U-1")}};
    buf_clear(&line);
    event_write_data(&line, &e);
    ok(str_is(buf_str(&line), "{\"unit\":\"U-1\"}"), "the data can be written alone");
}

int main(void)
{
    plan(27);
    enrolment();
    certifications();
    deadlines();
    payments();
    rejections();
    settings();
    holds();
    data_alone();
    buf_done(&line);
    return tap_end();
}
