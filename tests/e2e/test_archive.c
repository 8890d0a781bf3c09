/* Two daemons over copies of one store, one of which is archived from while it works: both decide alike, whatever is
 * asked of what was moved away; and who asks for it is told. Then the archive is put back. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/process.h"
#include "tests/engine/rig.h"
#include "tests/lib/node.h"

#define PEOPLE 150
#define MONTHS 12
#define BEFORE "2026-10-01"
#define ARGS_MAX 16

static const char config[] = "timezone = \"Asia/Shanghai\"\n"
                             "clock = \"2026-01-05T12:00:00+08:00 x1\"\n"
                             "brake_limit = \"off\"\n"
                             "channel \"face\" { }\n"
                             "policy \"national\" { cycle = \"3 months\" grace = 10 }\n"
                             "endpoint \"payroll\" { adapter = \"cloudevents\" url = \"http://127.0.0.1:1/\"\n"
                             "  allow_private = true retry = { \"1h\" } }\n";

static struct node *whole, *moved; /* the second is archived from */
static char folder[128];
static struct reply r;
static bool failed;
static struct buf said;

#define check(...) (failed |= !ok(__VA_ARGS__))

/* --- a year of a few people --- */

static void put_at(struct buf *b, unsigned month, unsigned day)
{
    buf_printf(b, "{\"at\":\"2026-%02u-%02uT10:00:00+08:00\",", month, day);
}

/* Certifications, some revoked, some late, so that benefits are suspended and resumed; deaths, some retracted. */
static char *month_inputs(unsigned month)
{
    struct buf b = BUF_INIT;
    for (unsigned day = 6; day <= 25; day++) {
        for (unsigned i = day; i < PEOPLE; i += 20) {
            put_at(&b, month, day);
            if (month == 1)
                buf_printf(&b,
                           "\"op\":\"enrol\",\"id\":\"P-%u\",\"policy\":\"national\",\"approved_on\":\"2025-1%u-01\""
                           ",\"amount\":%u}\n",
                           i, i % 3, 1000 + i);
            else if (month == 7 && i % 9 == 0)
                buf_printf(&b, "\"op\":\"report-death\",\"id\":\"P-%u\",\"died_on\":\"2026-06-%02u\"}\n", i, day);
            else if (month == 8 && i % 18 == 0)
                buf_printf(&b, "\"op\":\"retract-death\",\"id\":\"P-%u\",\"reason\":\"another\"}\n", i);
            else if ((month + i) % 4 < 2)
                buf_printf(&b,
                           "\"op\":\"certify\",\"id\":\"P-%u\",\"channel\":\"face\",\"ref\":\"%u-%u\",\"certified_on\":"
                           "\"2026-%02u-%02u\"}\n",
                           i, i, month, month, day - 1);
            else
                buf_printf(&b, "\"op\":\"amend\",\"id\":\"P-%u\",\"amount\":%u}\n", i, 1000 * month + i);
        }
    }
    buf_addc(&b, '\0');
    return b.p;
}

/* Segments of 16 KiB, and two checkpoints at the end. */
static void make_store(void)
{
    struct rig made = {.options.segment_bytes = 16384};
    char uri[128], end[32];
    snprintf(uri, sizeof uri, "dir:%s/store", whole->dir);
    rig_open(&made, uri, config, rig_at("2026-01-05T12:00:00+08:00"));
    for (unsigned month = 1; month <= MONTHS; month++) {
        char *inputs = month_inputs(month);
        snprintf(end, sizeof end, "2026-%02u-28T23:00:00+08:00", month);
        rig_inputs(&made, inputs, rig_at(end));
        free(inputs);
        rig_again(&made, month >= MONTHS - 1);
    }
    rig_close(&made);
}

static void copy_store(void)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf %s/store && cp -a %s/store %s/", moved->dir, whole->dir, moved->dir);
    if (system(command) != 0)
        bail_out("cannot copy the store");
}

/* --- asking --- */

static int ctl(struct node *n, ...)
{
    const char *argv[ARGS_MAX] = {"lifecertctl", "-c", n->config};
    int argc = 3;
    va_list words;
    va_start(words, n);
    for (const char *word; (word = va_arg(words, const char *)) && argc < ARGS_MAX - 1;)
        argv[argc++] = word;
    va_end(words);
    return run_program(argv, &said);
}

static bool says(const char *part)
{
    if (strstr(said.p, part))
        return true;
    diag("not said: %s", part);
    diag("said: %.600s", said.p);
    return false;
}

static const char *get(struct node *n, const char *target)
{
    request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
    return r.body.p ? r.body.p : "";
}

/* An input's result: its numbers, which the two daemons' clocks may shift, left out. */
static void input(struct node *n, const char *json, struct buf *out)
{
    request_once(n->socket, "POST", "/v1/inputs", "Content-Type: application/json\r\n", str_of(json), &r);
    const char *end = r.body.p ? strstr(r.body.p, ",\"seq\"") : NULL;
    buf_printf(out, "%d %.*s\n", r.status, end ? (int)(end - r.body.p) : 0, r.body.p ? r.body.p : "");
}

/* Inputs about what may be archived, of every op that asks for it. */
static void question(unsigned i, struct buf *json)
{
    static const char *const ops[] = {"revoke", "certify", "certify", "report-death", "retract-death", "enrol"};
    unsigned person = 6 + i * 7 % (PEOPLE - 6), month = 2 + i % 5;
    const char *op = ops[i % (sizeof ops / sizeof ops[0])];
    buf_clear(json);
    buf_printf(json, "{\"op\":\"%s\",\"id\":\"P-%u\"", op, person);
    if (strcmp(op, "revoke") == 0 || strcmp(op, "certify") == 0)
        buf_printf(json, ",\"channel\":\"face\",\"ref\":\"%s%u-%u\"", i % 6 == 2 ? "new-" : "", person, month);
    if (strcmp(op, "certify") == 0)
        buf_printf(json, ",\"certified_on\":\"2026-%s\"", i % 6 == 2 ? "12-27" : "05-05");
    else if (strcmp(op, "report-death") == 0)
        buf_printf(json, ",\"died_on\":\"2026-%s-1%u\"", i % 4 ? "06" : "11", month);
    else if (strcmp(op, "enrol") == 0)
        buf_printf(json, ",\"policy\":\"national\",\"approved_on\":\"2025-1%u-01\",\"amount\":%u", person % 3,
                   1000 + person * (1 + i % 12 / 6));
    else if (strcmp(op, "certify") != 0)
        BUF_LIT(json, ",\"reason\":\"so it was\"");
    buf_adds(json, "}");
    buf_addc(json, '\0');
}

static void ask_all(struct node *n, unsigned from, unsigned to, struct buf *out)
{
    struct buf json = BUF_INIT;
    for (unsigned i = from; i < to; i++) {
        question(i, &json);
        input(n, json.p, out);
    }
    buf_done(&json);
}

/* Everybody's state, and who is paid when. */
static void answers(struct node *n, struct buf *out)
{
    char target[64];
    for (unsigned i = 6; i < PEOPLE; i++) {
        snprintf(target, sizeof target, "/v1/beneficiaries/P-%u", i);
        buf_adds(out, get(n, target));
    }
    for (unsigned month = 1; month <= MONTHS; month++) {
        snprintf(target, sizeof target, "/v1/periods/2026-%02u", month);
        const char *rows = get(n, target), *end = strstr(rows, "{\"period\"");
        buf_printf(out, "%.*s\n", end ? (int)(end - rows) : 0, rows);
    }
}

static bool same(const struct buf *a, const struct buf *b)
{
    for (size_t i = 0, line = 0; i < a->n && i < b->n; i++) {
        if (a->p[i] != b->p[i]) {
            diag("whole:    %.*s", (int)strcspn(a->p + line, "\n"), a->p + line);
            diag("archived: %.*s", (int)strcspn(b->p + line, "\n"), b->p + line);
            return false;
        }
        line = a->p[i] == '\n' ? i + 1 : line;
    }
    return a->n == b->n && a->n > 1000;
}

static void check_same(const char *when)
{
    struct buf a = BUF_INIT, b = BUF_INIT;
    answers(whole, &a);
    answers(moved, &b);
    check(same(&a, &b), "states and periods are those of the store that has everything: %s", when);
    buf_done(&a);
    buf_done(&b);
}

/* --- the tests --- */

/* Inputs go on while the log is moved. */
static void test_while_running(void)
{
    struct buf a = BUF_INIT, b = BUF_INIT;
    char log[128], program[512];
    const char *built = getenv("top_builddir");
    int code = -1;
    snprintf(log, sizeof log, "%s/archiving", moved->dir);
    snprintf(program, sizeof program, "%s/lifecertctl", built ? built : ".");
    const char *const argv[] = {program, "-c", moved->config, "archive", "--before", BEFORE, "--to", folder, NULL};
    unsigned n = 0;
    ask_all(whole, 0, 60, &a);
    ask_all(moved, 0, 20, &b);
    pid_t pid = process_start(argv, NULL, log);
    for (n = 20; n < 60; n++) {
        ask_all(moved, n, n + 1, &b);
        if (pid && process_ended(&pid, &code))
            pid = 0;
    }
    if (pid)
        code = process_stop(&pid, 0);
    read_text(log, &said);
    check(code == 0 && says("the log begins with event"), "the log is archived from while the daemon works");
    check(same(&a, &b), "all inputs come to the same meanwhile");
    buf_addc(&a, '\0');
    static const char *const kinds[] = {"\"revoke\",\"result\":\"applied\"", "\"report-death\",\"result\":\"applied\"",
                                        "\"certify\",\"result\":\"unchanged\"", "\"enrol\",\"result\":\"unchanged\""};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        check(strstr(a.p, kinds[i]), "among them %s", kinds[i]);
    check_same("while both run");
    buf_clear(&a);
    buf_clear(&b);
    ask_all(whole, 60, 150, &a);
    ask_all(moved, 60, 150, &b);
    check(same(&a, &b), "and so do later ones");
    check_same("afterwards");
    check(ctl(moved, "archive", "--before", BEFORE, "--to", folder, NULL) == 0 && says("nothing to archive"),
          "there is no more of it");
    buf_done(&a);
    buf_done(&b);
}

static void test_readers(void)
{
    char target[64];
    get(moved, "/v1/events?after=0");
    check(r.status == 410 && strstr(r.body.p, folder), "who reads the log from its beginning is told that it is gone");
    const char *position = reply_header(&r, "Lifecertd-Position");
    check(position && atoi(position) > 100, "and where it begins");
    /* The daemon may not have seen yet that it was archived from twice: then it says so once more. */
    for (unsigned i = 0; i < 3 && r.status == 410 && position; i++) {
        snprintf(target, sizeof target, "/v1/events?limit=5&after=%s", position);
        get(moved, target);
        position = reply_header(&r, "Lifecertd-Position");
    }
    check(r.status == 200 && reply_line(&r, 4), "from there it can be read");
    get(moved, "/v1/beneficiaries/P-8/events");
    check(r.status == 200 && reply_header(&r, "Lifecertd-Archived"), "a person's events begin with those there are");
    get(whole, "/v1/beneficiaries/P-8/events");
    check(r.status == 200 && !reply_header(&r, "Lifecertd-Archived"), "and are whole where the log is");
    get(moved, "/v1/events?subject=P-8");
    check(r.status == 410, "asked for from the log's beginning they are gone, too");
    check(ctl(moved, "show", "P-8", NULL) == 0 && says("older events were archived"), "show says so");

    check(ctl(moved, "events", NULL) == 0 && says(folder) && says("\"seq\":"),
          "events begins with what there is, and says so");
    check(ctl(moved, "events", "--after", "3", NULL) == 1 && says(folder), "but leaves nothing out that was asked for");
    check(ctl(moved, "events", "--since", "2026-02-01", NULL) == 1 && says(folder), "by time either");
    check(ctl(moved, "events", "--since", "2026-12-01", NULL) == 0 && !strstr(said.p, folder),
          "what is there is given");
    check(ctl(moved, "verify", NULL) == 0 && says("were archived"),
          "verify holds on what is there, and says what it is");
    static const char zeros[] = "1:0000000000000000000000000000000000000000000000000000000000000000";
    check(ctl(moved, "verify", "--expect-seal", zeros, NULL) == 1 && says("--archive FOLDER looks for it there"),
          "a seal that was archived is not taken for good unseen");
    check(ctl(moved, "verify", "--archive", folder, "--expect-seal", zeros, NULL) == 1 && says("the log has "),
          "with the archive it is looked for");
    check(ctl(moved, "events", "--archive", folder, "--after", "0", NULL) == 0 && says("{\"seq\":1,"),
          "with the archive all of it is");
}

static void test_redelivery(void)
{
    check(ctl(moved, "redeliver", "payroll", "--after", "0", "--by", "Li", "--why", "all of it", NULL) == 1 &&
              says(folder),
          "what was archived is not sent once more");
    check(ctl(moved, "redeliver", "payroll", "--since", "2026-03-01", "--by", "Li", "--why", "all of it", NULL) == 1 &&
              says(folder),
          "whether it is named by number or by time");
}

static void test_restarts(void)
{
    int code;
    char command[512];
    node_kill(moved);
    node_must_start(moved);
    check_same("after a kill");
    node_kill(moved);
    snprintf(command, sizeof command, "rm %s/store/checkpoint/*", moved->dir);
    check(system(command) == 0 && !node_start(moved, &code), "without a checkpoint it does not start");
    check(node_logged(moved, folder), "and says which archive it needs");
    snprintf(command, sizeof command, "cp %s/*.ndjson* %s/store/log/", folder, moved->dir);
    check(system(command) == 0 && node_start(moved, &code), "with the archive's files back in the log it does");
    check_same("after a start from the log alone");
    get(moved, "/v1/events?after=0&limit=1");
    check(r.status == 200 && strstr(r.body.p, "{\"seq\":1,"), "and has everything again");
}

int main(void)
{
    plan(0);
    whole = node_new(config);
    moved = node_new(config);
    snprintf(folder, sizeof folder, "%s/old", moved->dir);
    make_store();
    copy_store();
    node_must_start(whole);
    node_must_start(moved);
    check_same("before");
    test_while_running();
    test_readers();
    test_redelivery();
    test_restarts();
    reply_done(&r);
    buf_done(&said);
    node_free(whole, failed);
    node_free(moved, failed);
    return tap_end();
}
