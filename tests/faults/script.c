/* The steps of a life: what clients, operators and the clock do. Each may be repeated without harm, as somebody would
 * who got no answer. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/faults/messages.h"
#include "tests/lib/tap.h"

#define RELOAD_MS 5000
#define STOP_MS 40000
#define LINES "Content-Type: application/x-ndjson\r\n"
#define JSON "Content-Type: application/json\r\n"

/* --- the configuration --- */

/* For longer than a step is waited for. */
#define RETRIES \
    "\"1s\", \"1s\", \"1s\", \"1s\", \"3s\", \"3s\", \"3s\", \"3s\", \"3s\", \"3s\", \"3s\", \"3s\", \"3s\", \"9s\""
static const char config_format[] = "timezone = \"Asia/Shanghai\"\n"
                                    "brake_limit = \"off\"\n"
                                    "clock_jump = \"3660d\"\n"
                                    "max_downtime = \"3660d\"\n"
                                    "sms_daily_cap = 1000\n"
                                    "channel \"face\" { }\n"
                                    "channel \"mail\" { }\n"
                                    "policy \"national\" { }\n"
                                    "policy \"half-yearly\" { cycle = \"6 months\" grace = %u }\n";
static const char hook_format[] = "endpoint \"payroll\" {\n"
                                  "  adapter = \"standard-webhooks\"\n  url = \"http://%s/hooks/payroll\"\n"
                                  "  secret_file = \"%s/hooks.secret\"\n  from = 1\n  max_in_flight = 4\n"
                                  "  timeout = \"5s\"\n  allow_private = true\n"
                                  "  retry = { " RETRIES " }\n}\n";
static const char message_format[] = "endpoint \"sms\" {\n"
                                     "  adapter = \"template\"\n  url = \"http://%s/sms/form\"\n"
                                     "  signature = \"SI\"\n  from = 1\n  max_in_flight = 4\n  timeout = \"5s\"\n"
                                     "  allow_private = true\n  quiet_hours = \"none\"\n"
                                     "  headers = { \"Content-Type: application/x-www-form-urlencoded\" }\n"
                                     "  body = \"id={{id}}&to={{phone}}&text={{signed_text}}\"\n"
                                     "  sent_when = { \"status 200 and json status = sent\" }\n"
                                     "  retry = { " RETRIES " }\n}\n";

void script_configure(struct life *l)
{
    char text[4096];
    const char *to = peer_address(l->peer);
    int n = snprintf(text, sizeof text, config_format, l->reloaded ? 20 : 15);
    n += snprintf(text + n, sizeof text - (size_t)n, hook_format, to, l->node->dir);
    snprintf(text + n, sizeof text - (size_t)n, message_format, to);
    node_configure(l->node, text);
}

/* --- what a step can be --- */

static enum step_result result_of(enum asked asked, const struct life *l)
{
    if (asked != ASKED_ANSWERED)
        return asked == ASKED_GONE ? STEP_GONE : STEP_SILENT;
    return l->answer.status == 200 ? STEP_DONE : STEP_AGAIN;
}

static enum step_result step_init(struct life *l, const struct script_step *s)
{
    const char *const argv[] = {"lifecertctl", "-c", l->node->config, "init", NULL};
    struct buf output = BUF_INIT;
    (void)s;
    bool again = l->initialised;
    l->initialised = true;
    faults_begin(l->node->dir);
    l->code = run_program(argv, &output);
    faults_end();
    FILE *log = fopen(l->node->log, "a");
    if (log) {
        fwrite(output.p, 1, output.n, log);
        fclose(log);
    }
    /* Whoever got no answer to the first one is told that there is a store: that is the answer. */
    bool done = l->code == 0 || (again && l->code == 1 && strstr(output.p, "already"));
    buf_done(&output);
    return done ? STEP_DONE : STEP_ENDED;
}

static enum step_result step_clock(struct life *l, const struct script_step *s)
{
    life_set_day(l, s->argument);
    return STEP_DONE;
}

/* Waits until all that is due has been done. */
static enum step_result step_sweep(struct life *l, const struct script_step *s)
{
    char day[32];
    snprintf(day, sizeof day, "\"now\":\"%s", s->argument);
    for (int i = 0; i < 1000; i++) {
        enum step_result r = result_of(life_ask(l, "GET", "/v1/status", NULL, STR_NONE), l);
        if (r != STEP_DONE)
            return r;
        if (strstr(l->answer.body.p, day) && strstr(l->answer.body.p, "\"lag_seconds\":0"))
            return STEP_DONE;
    }
    return STEP_SILENT;
}

/* Inputs, under a key of the step's own. Their answer is part of what comes of the life. */
static enum step_result step_inputs(struct life *l, const struct script_step *s)
{
    char headers[160];
    bool one = !strchr(s->argument, '\n');
    snprintf(headers, sizeof headers, "%sIdempotency-Key: step-%s\r\n", one ? JSON : LINES, s->name);
    enum step_result r = result_of(life_ask(l, "POST", "/v1/inputs", headers, str_of(s->argument)), l);
    if (r == STEP_AGAIN && l->answer.status == 422)
        r = STEP_DONE;
    /* Whoever reads the last line knows that it was the last one. */
    if (r == STEP_DONE && !one && !strstr(l->answer.body.p, "{\"lines\":"))
        r = STEP_GONE;
    if (r == STEP_DONE)
        buf_printf(&l->answers, "%s: %s\n", s->name, l->answer.body.p);
    return r;
}

#define SCOPE "moratorium:policy:half-yearly"

/* 1: it is in force; 0: not; -1: *r says why nobody knows. */
static int is_held(struct life *l, enum step_result *r)
{
    *r = result_of(life_ask(l, "GET", "/v1/holds", NULL, STR_NONE), l);
    return *r != STEP_DONE ? -1 : strstr(l->answer.body.p, SCOPE) != NULL;
}

static enum step_result step_place(struct life *l, const struct script_step *s)
{
    enum step_result r;
    if (is_held(l, &r) != 0)
        return r;
    return result_of(life_ask(l, "POST", "/v1/holds", JSON, str_of(s->argument)), l);
}

static enum step_result step_lift(struct life *l, const struct script_step *s)
{
    enum step_result r;
    if (is_held(l, &r) != 1)
        return r;
    return result_of(life_ask(l, "DELETE", "/v1/holds/" SCOPE, JSON, str_of(s->argument)), l);
}

static enum step_result of_state(enum life_state state)
{
    return state == LIFE_OVER ? STEP_DONE : state == LIFE_HANGS ? STEP_SILENT : STEP_GONE;
}

/* The log says whether it was taken. */
static enum step_result is_adopted(struct life *l, const char *text)
{
    enum step_result r = result_of(life_ask(l, "GET", "/v1/events?type=policy.adopted&limit=10000", NULL, STR_NONE), l);
    return r == STEP_DONE && !strstr(l->answer.body.p, text) ? STEP_AGAIN : r;
}

static enum step_result step_reload(struct life *l, const struct script_step *s)
{
    l->reloaded = true;
    script_configure(l);
    enum step_result r = is_adopted(l, s->argument);
    if (r != STEP_AGAIN)
        return r;
    node_hear(l->node);
    node_signal(l->node, SIGHUP);
    r = of_state(life_hear(l, "RELOADING=1", RELOAD_MS));
    if (r == STEP_DONE)
        r = of_state(life_hear(l, "READY=1", RELOAD_MS));
    return r == STEP_GONE ? r : is_adopted(l, s->argument); /* it may be that it could only not say so */
}

static uint64_t sum_of(const char *text, const char *member)
{
    uint64_t sum = 0;
    for (const char *p = text; (p = strstr(p, member)) != NULL;)
        sum += strtoull(p += strlen(member), NULL, 10);
    return sum;
}

static uint64_t left_in(const char *endpoints)
{
    static const char *const members[] = {"\"lag\":", "\"in_flight\":", "\"retrying\":", "\"waiting\":"};
    uint64_t left = 0;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        left += sum_of(endpoints, members[i]);
    return left;
}

/* A message is not on its way yet while its intent is written, and nobody counts it then: so many must be there. */
static bool messages_are_there(struct life *l, const char *number)
{
    struct messages m;
    return messages_count(l, &m) && m.either >= strtoul(number, NULL, 10);
}

/* A contact that could not be read pauses its endpoint: the operator has seen to it, and lets it go on. */
static enum step_result resume_paused(struct life *l)
{
    static const char why[] = "{\"by\":\"office\",\"why\":\"the disk is back\"}";
    static const char *const targets[] = {"/v1/endpoints/payroll/resume", "/v1/endpoints/sms/resume"};
    enum step_result r = STEP_DONE;
    for (size_t i = 0; i < sizeof targets / sizeof *targets && r == STEP_DONE; i++)
        r = result_of(life_ask(l, "POST", targets[i], JSON, str_of(why)), l);
    return r;
}

/* Waits until nothing is left to be sent. */
static enum step_result step_settle(struct life *l, const struct script_step *s)
{
    for (int i = 0; i < 1500; i++) {
        enum step_result r = result_of(life_ask(l, "GET", "/v1/endpoints", NULL, STR_NONE), l);
        const char *text = l->answer.body.p;
        if (r != STEP_DONE)
            return r;
        if (strstr(text, "\"lag\":") && left_in(text) == 0 && messages_are_there(l, s->argument))
            return STEP_DONE;
        if (strstr(text, "\"state\":\"paused\"") && (r = resume_paused(l)) != STEP_DONE)
            return r;
        if (life_ended(l, 2))
            return STEP_GONE;
    }
    return STEP_SILENT;
}

static enum step_result step_stop(struct life *l, const struct script_step *s)
{
    (void)s;
    node_signal(l->node, SIGTERM);
    if (!life_ended(l, STOP_MS))
        return STEP_HANGS;
    return l->code == 0 ? STEP_DONE : STEP_ENDED;
}

/* --- the life: before more is decided all messages must be there, so many in all, for what is moot is not said --- */

#define ENROL(id, policy, last, more)                                                                             \
    "{\"op\":\"enrol\",\"id\":\"" id "\",\"policy\":\"" policy "\",\"approved_on\":\"2020-05-01\","               \
    "\"last_certified_on\":\"" last "\",\"amount\":300000,\"name\":\"N-" id "\",\"phone\":\"1380000" id "\"" more \
    "}\n"
#define CERTIFY(id, channel, ref, on, more)                                                                        \
    "{\"op\":\"certify\",\"id\":\"" id "\",\"channel\":\"" channel "\",\"ref\":\"" ref "\",\"certified_on\":\"" on \
    "\"" more "}"

const struct script_step script[] = {
    {step_clock, "begin", "2024-01-10", true},
    {step_init, "init", NULL, true},
    {step_inputs, "enrol",
     "{\"op\":\"unit\",\"unit\":\"U1\",\"name\":\"Village office\",\"phone\":\"13900000001\"}\n" //
     ENROL("1001", "national", "2023-02-10", ",\"unit\":\"U1\"")                                 //
     ENROL("1002", "national", "2023-02-11", ",\"category\":\"survivor\"")                       //
     ENROL("1003", "national", "2023-02-12", "")                                                 //
     ENROL("1004", "half-yearly", "2023-08-13", "")                                              //
     ENROL("1005", "half-yearly", "2023-08-14", "")                                              //
     ENROL("1006", "national", "2023-02-15", ",\"unit\":\"U1\""),
     false},
    {step_settle, "enrolled", "6", false},
    {step_clock, "reminders", "2024-02-01", true},
    {step_sweep, "reminders", "2024-02-01", false},
    {step_settle, "reminded", "12", false},
    {step_inputs, "certify-1",
     CERTIFY("1001", "face", "R1", "2024-01-31", ",\"phone\":\"13800009991\",\"by\":\"Kin One\""), false},
    {step_inputs, "certify-2", CERTIFY("1005", "face", "R2", "2024-02-01", ""), false},
    {step_inputs, "mixed",
     CERTIFY("1006", "mail", "R3", "2024-02-01", "") "\n" //
     CERTIFY("1006", "mail", "R3", "2024-02-01", "") "\n" //
     CERTIFY("1002", "mail", "R4", "2024-03-01",
             "") "\n" //
                 "{\"op\":\"amend\",\"id\":\"1002\",\"amount\":310000,\"phone\":\"13800009992\"}\n",
     false},
    {step_settle, "certified", "15", false},
    {step_clock, "grace", "2024-03-01", true},
    {step_sweep, "grace", "2024-03-01", false},
    {step_settle, "in grace", "18", false},
    {step_inputs, "revoke",
     "{\"op\":\"revoke\",\"id\":\"1006\",\"channel\":\"mail\",\"ref\":\"R3\",\"reason\":\"forged\"}", false},
    {step_inputs, "death", "{\"op\":\"report-death\",\"id\":\"1003\",\"died_on\":\"2024-02-20\"}", false},
    {step_place, "place",
     "{\"hold\":\"moratorium\",\"scope\":{\"policy\":\"half-yearly\"},\"until\":\"2024-12-31\",\"why\":\"flood\","
     "\"by\":\"office\"}",
     false},
    {step_reload, "reload", "\"grace\":20", false},
    {step_settle, "reloaded", "21", false},
    {step_clock, "suspensions", "2024-03-25", true},
    {step_sweep, "suspensions", "2024-03-25", false},
    {step_settle, "suspended", "23", false},
    {step_inputs, "erase", "{\"op\":\"erase\",\"id\":\"1003\"}", false},
    {step_settle, "erased", "23", false},
    {step_stop, "stop", NULL, false},
    {step_clock, "later", "2024-04-20", true},
    {step_sweep, "later", "2024-04-20", false},
    {step_inputs, "certify-3", CERTIFY("1002", "face", "R5", "2024-04-19", ""), false},
    {step_lift, "lift", "{\"by\":\"office\",\"why\":\"over\"}", false},
    {step_sweep, "lifted", "2024-04-20", false},
    {step_settle, "lifted", "26", false},
    {step_inputs, "certify-4", CERTIFY("1004", "mail", "R6", "2024-04-20", ",\"phone\":\"13800009994\""), false},
    {step_settle, "resumed", "28", false},
};
const unsigned script_steps = sizeof script / sizeof *script;
