/* The daemon's command line, its configuration, what it refuses to start with, and reloading. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/listen.h"
#include "tests/lib/http_client.h"
#include "tests/lib/node.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define POLICIES                     \
    "timezone = \"Asia/Shanghai\"\n" \
    "policy \"national\" { }\n"
#define CONFIG POLICIES "channel \"face\" { }\n"
#define JSON "Content-Type: application/json\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"

static struct reply r;
static bool failed;

static void done_with(struct node *n)
{
    node_free(n, failed);
}

#define check(...) (failed |= !ok(__VA_ARGS__))

/* --- the command line --- */

static const struct {
    const char *argv[4];
    int code;
    const char *says;
} commands[] = {
    {{"lifecertd", "--version"}, 0, "lifecertd "},
    {{"lifecertd", "--help"}, 0, "--check"},
    {{"lifecertd", "--frobnicate"}, 2, "frobnicate"},
    {{"lifecertd", "-c"}, 2, "argument"},
    {{"lifecertd", "--check", "extra"}, 2, "unexpected argument \"extra\""},
    {{"lifecertd", "-c", "/nonexistent/lifecertd.conf"}, 1, "/nonexistent/lifecertd.conf"},
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static void command_line(void)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        int code = run_program(commands[i].argv, &out);
        if (!ok(code == commands[i].code && strstr(out.p, commands[i].says), "lifecertd %s: exit code %d",
                commands[i].argv[1], commands[i].code))
            diag("got %d: %s", code, out.p);
    }
    buf_done(&out);
}

static int check_config(struct node *n, struct buf *out)
{
    const char *const argv[] = {"lifecertd", "--check", "-c", n->config, NULL};
    return run_program(argv, out);
}

static void checking(void)
{
    struct node *n = node_new(CONFIG);
    struct buf out = BUF_INIT;
    char want[256];
    check(check_config(n, &out) == 0 && strstr(out.p, ": ok\n"), "--check: a good file is ok");
    node_configure(n, "timezone = \"Mars/Olympus\"\npolicy \"national\" { grace = 999 }\n");
    check(check_config(n, &out) == 1, "--check: a faulty one is not");
    snprintf(want, sizeof want, "%s:3: ", n->config);
    check(strstr(out.p, want) && strstr(out.p, "Mars/Olympus"), "the first fault has its line");
    snprintf(want, sizeof want, "%s:4: ", n->config);
    check(strstr(out.p, want) && strstr(out.p, "grace"), "and so has the second");
    FILE *f = fopen(n->config, "w");
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"lifecertd.example:8600\" }\n" CONFIG, n->dir);
    fclose(f);
    check(check_config(n, &out) == 1 && strstr(out.p, "no names are looked up"),
          "--check: an address that cannot be listened on is a fault");
    const char *const missing[] = {"lifecertd", "--check", "-c", "/nonexistent/c", NULL};
    check(run_program(missing, &out) == 1 && strstr(out.p, "/nonexistent/c"),
          "--check: a file that is not there is named");
    buf_done(&out);
    done_with(n);
}

/* --- what it does not start with --- */

static void refuses(struct node *n, const char *says, const char *what)
{
    int code = 0;
    bool started = node_start(n, &code);
    check(!started && code == 1 && node_logged(n, says), "%s", what);
}

static void refusals(void)
{
    struct node *first = node_new(CONFIG), *second = node_new(CONFIG);
    char text[512];
    FILE *f = fopen(second->config, "w");
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"lifecertd.example:8600\" }\n" CONFIG, first->dir);
    fclose(f);
    refuses(second, "no names are looked up", "a name to listen on is refused with words");
    node_configure(second, CONFIG "policy \"x\" { grace = 999 }\n");
    refuses(second, "event=config-fault", "a faulty configuration is refused, line by line");

    node_init(first);
    node_must_start(first);
    f = fopen(second->config, "w");
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\" }\n" CONFIG, first->dir, second->socket);
    fclose(f);
    snprintf(text, sizeof text, "%d", (int)first->pid);
    refuses(second, text, "a second daemon on one store is refused with the first one's pid");
    node_configure(second, CONFIG);
    node_init(second);
    f = fopen(second->config, "w");
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\" }\n" CONFIG, second->dir, first->socket);
    fclose(f);
    refuses(second, "another process answers", "and so is a second one on one socket");
    request_once(first->socket, "GET", "/healthz", NULL, STR_NONE, &r);
    check(r.status == 200, "the first one is none the worse");
    done_with(first);
    done_with(second);
}

/* --- reloading --- */

static int certify(struct node *n, const char *channel, int ref)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"op\":\"certify\",\"id\":\"p\",\"channel\":\"%s\",\"certified_on\":\"2026-03-01\",\"ref\":\"%d\"}",
             channel, ref);
    request_once(n->socket, "POST", "/v1/inputs", JSON, str_of(body), &r);
    return r.status;
}

static bool reload(struct node *n)
{
    node_signal(n, SIGHUP);
    return node_await(n, "RELOADING=1") && node_await(n, "READY=1");
}

static void reloading(void)
{
    struct node *n = node_new(CONFIG);
    node_init(n);
    node_must_start(n);
    request_once(n->socket, "POST", "/v1/inputs", JSON,
                 STR_LIT("{\"op\":\"enrol\",\"id\":\"p\",\"policy\":\"national\",\"approved_on\":\"2020-02-01\"}"), &r);
    check(r.status == 200 && certify(n, "bank", 1) == 400, "a channel that is not configured yet");
    node_configure(n, CONFIG "channel \"bank\" { }\nmax_lines = 2\n");
    check(reload(n) && node_logged(n, "event=reloaded"), "SIGHUP reads the file again, and says so");
    check(certify(n, "bank", 1) == 200, "the channel counts at once");
    request_once(n->socket, "POST", "/v1/inputs", NDJSON, STR_LIT("a\nb\nc\nd\n"), &r);
    check(strstr(r.body.p, "too-many-lines") && strstr(r.body.p, "{\"lines\":3}"), "and so does the bound of lines");
    node_configure(n, "timezone = \"Mars/Olympus\"\nfrobnicate = 1\n");
    check(reload(n) && node_logged(n, "Mars/Olympus") && node_logged(n, "frobnicate"),
          "a faulty file is reported line by line");
    check(certify(n, "bank", 2) == 200, "and the old one stays");
    node_configure(n,
                   "timezone = \"Asia/Shanghai\"\npolicy \"other\" { }\nchannel \"face\" { }\nchannel \"bank\" { }\n");
    check(reload(n) && node_logged(n, "event=reload-refused"), "one that leaves out what is in use is refused");
    check(certify(n, "bank", 3) == 200, "and again the old one stays");
    unlink(n->config);
    check(reload(n) && certify(n, "bank", 4) == 200, "a file that is gone ends nobody");
    for (int i = 0; i < 20; i++)
        node_signal(n, SIGHUP);
    node_configure(n, CONFIG "channel \"bank\" { }\nchannel \"kiosk\" { }\n");
    check(reload(n) && certify(n, "kiosk", 5) == 200, "many signals at once are one reload, the last of which counts");
    check(node_stop(n) == 0, "SIGTERM ends it all the same");
    done_with(n);
}

/* --- a socket that was passed --- */

static void passed_socket(void)
{
    struct node *n = node_new(CONFIG);
    struct errmsg msg;
    char address[160], path[120];
    snprintf(path, sizeof path, "%s/passed.sock", n->dir);
    snprintf(address, sizeof address, "unix:%s", path);
    if (listen_open(address, &n->pass_fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    node_init(n);
    node_must_start(n);
    request_once(path, "GET", "/healthz", NULL, STR_NONE, &r);
    check(r.status == 200, "a socket that was passed is answered on");
    request_once(n->socket, "GET", "/healthz", NULL, STR_NONE, &r);
    check(r.status == 200, "and the configured one beside it");
    check(node_stop(n) == 0 && access(path, F_OK) == 0, "it stays when the daemon goes");
    check(access(n->socket, F_OK) != 0, "the configured one does not");
    listen_close(address, n->pass_fd);
    done_with(n);
}

/* As a service manager has it, which keeps the socket from one start to the next. */
static void passed_in_place(void)
{
    struct node *n = node_new(CONFIG);
    struct errmsg msg;
    char address[160];
    snprintf(address, sizeof address, "unix:%s", n->socket);
    if (listen_open(address, &n->pass_fd, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    node_init(n);
    node_must_start(n);
    request_once(n->socket, "GET", "/healthz", NULL, STR_NONE, &r);
    check(r.status == 200, "one that was passed takes the place of the configured one");
    check(node_stop(n) == 0 && access(n->socket, F_OK) == 0, "and stays, for the next start");
    node_must_start(n);
    request_once(n->socket, "GET", "/healthz", NULL, STR_NONE, &r);
    check(r.status == 200, "which answers on it again");
    check(node_stop(n) == 0, "without a word of another process");
    listen_close(address, n->pass_fd);
    done_with(n);
}

/* --- a store that fails --- */

static void failing_store(void)
{
    struct node *n = node_new(CONFIG);
    struct buf body = BUF_INIT;
    node_init(n);
    node_must_start(n);
    for (int i = 0; i < 20000; i++)
        buf_printf(&body,
                   "{\"op\":\"enrol\",\"id\":\"f-%06d\",\"policy\":\"national\",\"approved_on\":\"2020-02-01\"}\n", i);
    request_once(n->socket, "POST", "/v1/inputs", NDJSON, (struct str){body.p, 20}, &r);
    struct rlimit limit = {.rlim_cur = 256 * 1024, .rlim_max = 256 * 1024};
    if (prlimit(n->pid, RLIMIT_FSIZE, &limit, NULL) != 0)
        bail_out("cannot limit the size of the daemon's files");
    request_once(n->socket, "POST", "/v1/inputs", NDJSON, buf_str(&body), &r);
    check(r.status == 0, "a log that cannot be written answers nothing");
    check(node_wait(n) == 1, "it ends the daemon");
    check(node_logged(n, "event=engine-failed"), "which says why");
    node_must_start(n);
    request_once(n->socket, "POST", "/v1/inputs", NDJSON, buf_str(&body), &r);
    check(r.status == 200 && strstr(r.body.p, "{\"lines\":20000}") && !strstr(r.body.p, "rejected"),
          "where there is room again the same inputs are applied, those of before unchanged");
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    check(strstr(r.body.p, "\"enrolled\":20000,"), "and none is there twice");
    buf_done(&body);
    done_with(n);
}

/* --- a clock that is not the system's --- */

static void fast_clock(void)
{
    struct node *n = node_new(CONFIG "clock = \"2026-02-01T00:00:00+08:00 x5184000\"\nbrake_limit = \"off\"\n");
    struct buf body = BUF_INIT;
    add_json(&body, STR_LIT("{'op':'enrol','id':'p','policy':'national','approved_on':'2025-09-10',"
                            "'at':'2026-02-01T10:00:00+08:00'}\n"
                            "{'op':'certify','id':'p','channel':'face','certified_on':'2026-09-02','ref':'1',"
                            "'at':'2026-09-03T10:00:00+08:00'}\n"));
    /* Sixty days a second: the first reminder, on 1 July, leaves the daemon two and a half of them to start. */
    node_init(n);
    node_must_start(n);
    request_once(n->socket, "POST", "/v1/inputs", NDJSON "Lifecertd-Stream: year\r\nLifecertd-Stream-End: yes\r\n",
                 buf_str(&body), &r);
    check(r.status == 200 && strstr(r.body.p, "{\"lines\":2}") && !strstr(r.body.p, "error"),
          "inputs wait for their time");
    request_once(n->socket, "GET", "/v1/beneficiaries/p/events", NULL, STR_NONE, &r);
    unsigned reminders = 0;
    for (const char *p = r.body.p; (p = strstr(p, "\"type\":\"reminder.due\"")); p++)
        reminders++;
    check(reminders == 3 && strstr(r.body.p, "\"simulated\":true"), "and three reminders fell due between them");
    check(node_stop(n) == 0, "SIGTERM ends it");
    node_configure(n, CONFIG);
    refuses(n, "event=start-failed", "under the system's clock such a store is refused");
    buf_done(&body);
    done_with(n);
}

int main(void)
{
    plan(N_COMMANDS + 6 + 5 + 11 + 4 + 4 + 5 + 4);
    command_line();
    checking();
    refusals();
    reloading();
    passed_socket();
    passed_in_place();
    failing_store();
    fast_clock();
    reply_done(&r);
    return tap_end();
}
