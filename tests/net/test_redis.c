/* Commands to a real redis-server: order, what comes back, passwords, and a server that dies, hangs and returns. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapter/adapter.h"
#include "base/clock.h"
#include "net/redis.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"

#define WATCHDOG_MS 60000
#define LONG_MS 30000 /* a time-out that nothing here should reach */
#define SHORT_MS 200
#define N 1000

static struct loop *l;
static struct watch *watchdog;
static unsigned awaited, finished;
static bool starting; /* within redis_start() */

/* One command and what came of it. */
struct probe {
    struct transfer t; /* the first member */
    struct call call;
    struct answer answer; /* its body is kept apart */
    struct buf body;
    unsigned place; /* the how-manieth to be answered, from 1; 0: not yet */
    bool from_within;
    unsigned again; /* starts itself so many times more */
    struct redis_line *line;
};

static struct probe probes[N];

static void on_watchdog(void *arg)
{
    (void)arg;
    bail_out("%u of %u answers came", finished, awaited);
}

static void start(struct redis_line *line, struct probe *p)
{
    starting = true;
    redis_start(line, &p->t);
    starting = false;
}

static void on_done(struct transfer *t, const struct answer *a)
{
    struct probe *p = (struct probe *)t;
    p->from_within |= starting;
    p->answer = *a;
    buf_clear(&p->body);
    buf_addstr(&p->body, a->body);
    buf_addc(&p->body, '\0');
    p->body.n--;
    p->place = ++finished;
    if (p->again > 0) {
        p->again--;
        start(p->line, p);
    }
    if (finished >= awaited)
        loop_stop(l);
}

/* Waits until so many more are answered. */
static void await(unsigned n)
{
    struct errmsg msg;
    awaited = finished + n;
    watch_timer_set(watchdog, WATCHDOG_MS);
    if (loop_run(l, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    watch_timer_set(watchdog, -1);
}

/* words: of the command, with a blank between them. */
static void prepare(struct probe *p, const char *words)
{
    call_done(&p->call);
    buf_done(&p->body);
    *p = (struct probe){.t = {.call = &p->call, .done = on_done}};
    while (*words) {
        size_t n = strcspn(words, " ");
        call_arg(&p->call, (struct str){words, n});
        words += n + (words[n] == ' ');
    }
}

static void begin(struct redis_line *line, struct probe *p, const char *words)
{
    prepare(p, words);
    start(line, p);
}

static struct probe *ask(struct redis_line *line, const char *words)
{
    begin(line, probes, words);
    await(1);
    return probes;
}

static struct redis_line *open_url(const char *url, const char *password, int64_t timeout_ms, bool allow_private)
{
    struct redis_settings s = {url, password, timeout_ms, allow_private};
    struct redis_line *line;
    struct errmsg msg;
    if (redis_line_open(l, &s, &line, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return line;
}

/* To a server here: user, with an '@' behind it, and database, with a slash before it, may be "". */
static struct redis_line *open_line(const struct redis_server *s, const char *user, const char *password,
                                    const char *db, int64_t timeout_ms)
{
    char url[128];
    snprintf(url, sizeof url, "redis://%s127.0.0.1:%d%s", user, s->port, db);
    return open_url(url, password, timeout_ms, true);
}

/* Is that what came? text: the body, or a part of the error. */
static bool came(const struct probe *p, enum carried carried, int status, const char *text)
{
    bool same = p->place > 0 && p->answer.carried == carried &&
                (carried == CARRIED ? p->answer.status == status && strncmp(p->body.p, text, strlen(text)) == 0
                                    : strstr(p->answer.error, text) != NULL);
    if (!same)
        diag("got %d, status %d: %s%s", (int)p->answer.carried, p->answer.status, p->body.p ? p->body.p : "",
             p->answer.error);
    return same && !p->from_within;
}

/* --- a server that is well --- */

static void in_order(const struct redis_server *s)
{
    struct redis_line *line = open_line(s, "", NULL, "", LONG_MS);
    unsigned good = 0, timed = 0;
    for (unsigned i = 0; i < N; i++)
        begin(line, &probes[i], "INCR counter");
    is_int(finished, 0, "nothing is answered from within");
    await(N);
    for (unsigned i = 0; i < N; i++) {
        char want[8];
        snprintf(want, sizeof want, "%u", i + 1);
        good += probes[i].place == i + 1 && came(&probes[i], CARRIED, 200, want) && probes[i].body.n == strlen(want);
        timed += probes[i].t.started_ns > 0 && probes[i].t.first_byte_ns >= probes[i].t.started_ns;
    }
    is_int(good, N, "a thousand commands run, and are answered, in the order of their start");
    is_int(timed, N, "each says when it was started and sent");

    prepare(&probes[0], "INCR other");
    probes[0].line = line;
    probes[0].again = 99;
    start(line, &probes[0]);
    await(100);
    ok(came(&probes[0], CARRIED, 200, "100"), "one that starts itself again when it is done comes a hundred times");
    redis_line_close(line);
}

static void replies(const struct redis_server *s)
{
    struct redis_line *line = open_line(s, "", NULL, "", LONG_MS);
    struct str odd = STR_LIT("a\0\r\n$5\r\n\xff");
    begin(line, &probes[0], "SET text");
    call_arg(&probes[0].call, odd);
    begin(line, &probes[1], "GET text");
    begin(line, &probes[2], "LPUSH text x");
    begin(line, &probes[3], "GET absent");
    begin(line, &probes[4], "NOSUCHTHING");
    begin(line, &probes[5], "XADD stream 5-1 a b");
    begin(line, &probes[6], "KEYS text");
    await(7);
    ok(came(&probes[0], CARRIED, 200, "OK"), "a status is text");
    ok(came(&probes[1], CARRIED, 200, "a") && str_eq(buf_str(&probes[1].body), odd), "bytes come back as they went");
    ok(came(&probes[2], CARRIED, 500, "WRONGTYPE "), "an error is a status of its own");
    ok(came(&probes[3], CARRIED, 200, "") && probes[3].body.n == 0, "what is not there is empty");
    ok(came(&probes[4], CARRIED, 500, "ERR unknown command"), "an unknown command is an error");
    ok(came(&probes[5], CARRIED, 200, "5-1"), "and what comes behind it goes on");
    ok(came(&probes[6], CARRIED, 200, "") && probes[6].body.n == 0, "an array has no text");
    redis_line_close(line);
}

static void cancelled(const struct redis_server *s)
{
    struct redis_line *line = open_line(s, "", NULL, "", LONG_MS);
    for (unsigned i = 0; i < 4; i++)
        begin(line, &probes[i], "RPUSH list x");
    redis_cancel(line, &probes[0].t); /* before there is a connection */
    redis_cancel(line, &probes[2].t);
    await(2);
    ok(!probes[0].place && !probes[2].place && came(&probes[1], CARRIED, 200, "1") &&
           came(&probes[3], CARRIED, 200, "2"),
       "what is cancelled before it is sent never runs, and the others do");
    for (unsigned i = 0; i < 3; i++)
        begin(line, &probes[i], "RPUSH list x");
    redis_cancel(line, &probes[1].t); /* it has been sent */
    redis_cancel(line, &probes[1].t);
    await(2);
    ok(came(&probes[0], CARRIED, 200, "3") && !probes[1].place && came(&probes[2], CARRIED, 200, "5"),
       "what is cancelled later runs, and nobody is told");
    begin(line, &probes[0], "PING");
    redis_line_close(line);
    line = open_line(s, "", NULL, "", LONG_MS);
    ask(line, "PING");
    begin(line, &probes[1], "PING");
    redis_line_close(line);
    line = open_line(s, "", NULL, "", LONG_MS);
    unsigned before = finished;
    begin(line, &probes[2], "PING");
    await(1);
    ok(finished == before + 1 && came(&probes[2], CARRIED, 200, "PONG"), "a line that is closed tells nobody more");
    redis_line_close(line);
}

/* --- who may --- */

static void logged_in(void)
{
    static const struct {
        const char *user, *password, *db;
        enum carried carried;
        int status;
        const char *text, *what;
    } rows[] = {
        {"", "hush", "", CARRIED, 200, "default", "the right password alone"},
        {"app@", "secret", "", CARRIED, 200, "app", "a user with the right one"},
        {"app@", "secret", "/7", CARRIED, 200, "app", "and with a database"},
        {"open@", NULL, "", CARRIED, 200, "open", "a user who needs none"},
        {"", "hash", "", NOT_SENT, 0, "AUTH was refused: WRONGPASS", "a wrong password"},
        {"app@", "hush", "", NOT_SENT, 0, "AUTH was refused: WRONGPASS", "another one's password"},
        {"", NULL, "", CARRIED, 500, "NOAUTH ", "none at all: the command itself is refused"},
        {"", NULL, "/1", NOT_SENT, 0, "SELECT was refused: NOAUTH", "none at all, with a database"},
        {"", "hush", "/99", NOT_SENT, 0, "SELECT was refused: ERR", "a database that is not there"},
    };
    static const char *const options[] = {"--requirepass", "hush", "--user", "app",    "on", ">secret", "~*", "+@all",
                                          "--user",        "open", "on",     "nopass", "~*", "+@all",   NULL};
    struct redis_server s = {.options = options};
    redis_server_start(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_line *line = open_line(&s, rows[i].user, rows[i].password, rows[i].db, LONG_MS);
        ok(came(ask(line, "ACL WHOAMI"), rows[i].carried, rows[i].status, rows[i].text) &&
               came(ask(line, "ACL WHOAMI"), rows[i].carried, rows[i].status, rows[i].text),
           "%s, twice", rows[i].what);
        redis_line_close(line);
    }
    struct redis_line *first = open_line(&s, "", "hush", "", LONG_MS),
                      *third = open_line(&s, "", "hush", "/3", LONG_MS);
    ask(third, "SET key three");
    ok(came(ask(first, "EXISTS key"), CARRIED, 200, "0") && came(ask(third, "EXISTS key"), CARRIED, 200, "1"),
       "a database is a world of its own");
    redis_line_close(first);
    redis_line_close(third);

    struct redis_line *line = open_line(&s, "", "hush", "", SHORT_MS);
    redis_server_halt(&s);
    ok(came(ask(line, "PING"), NOT_SENT, 0, "no connection within 200 ms"),
       "a server that does not answer AUTH has got nothing");
    redis_server_go_on(&s);
    redis_line_close(line);
    line = open_line(&s, "", "hush", "", LONG_MS);
    ok(came(ask(line, "PING"), CARRIED, 200, "PONG"), "and is well again");
    redis_line_close(line);
    redis_server_kill(&s);
}

/* --- where to --- */

static void places(const struct redis_server *s)
{
    char url[64];
    snprintf(url, sizeof url, "redis://localhost:%d", s->port);
    struct redis_line *line = open_url(url, NULL, LONG_MS, true);
    ok(came(ask(line, "PING"), CARRIED, 200, "PONG"), "a name is looked up, and its addresses tried in turn");
    redis_line_close(line);
    line = open_url(url, NULL, LONG_MS, false);
    ok(came(ask(line, "PING"), NOT_SENT, 0, "allow_private"), "a name of an address inside is refused");
    redis_line_close(line);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", s->port);
    line = open_url(url, NULL, LONG_MS, false);
    ok(came(ask(line, "PING"), NOT_SENT, 0, "allow_private"), "so is the address");
    redis_line_close(line);
    line = open_url("redis://no-such-host.invalid:6379", NULL, SHORT_MS, true);
    begin(line, &probes[0], "PING");
    begin(line, &probes[1], "PING");
    await(2);
    ok(came(&probes[0], NOT_SENT, 0, "no ") && came(&probes[1], NOT_SENT, 0, "no "),
       "a name that is none, or takes too long: %s", probes[0].answer.error);
    begin(line, &probes[0], "PING");
    redis_line_close(line); /* perhaps in mid-look-up */
}

/* --- a server that is not well --- */

static void killed(struct redis_server *s)
{
    struct redis_line *line = open_line(s, "", NULL, "", LONG_MS);
    unsigned lost = 0;
    ask(line, "PING");
    redis_server_halt(s);
    for (unsigned i = 0; i < 5; i++)
        begin(line, &probes[i], "INCR x");
    redis_server_kill(s);
    await(5);
    for (unsigned i = 0; i < 5; i++)
        lost += came(&probes[i], LOST, 0, "") && probes[i].answer.error[0];
    is_int(lost, 5, "what was on its way when the server died is lost: %s", probes[0].answer.error);
    begin(line, &probes[0], "INCR x");
    begin(line, &probes[1], "INCR x");
    await(2);
    ok(came(&probes[0], NOT_SENT, 0, "refused") && came(&probes[1], NOT_SENT, 0, "refused"),
       "what is started after that is not sent");
    ok(probes[0].t.first_byte_ns == 0, "and says so");
    prepare(&probes[0], "INCR x");
    probes[0].line = line;
    probes[0].again = 9;
    start(line, &probes[0]);
    await(10);
    ok(came(&probes[0], NOT_SENT, 0, "refused"), "ten times in a row");
    redis_server_start(s);
    ok(came(ask(line, "INCR x"), CARRIED, 200, "1"), "with the server the line is back");
    redis_line_close(line);
}

/* Closed by the server while nothing is on its way: nobody need know. */
static void idle_closed(const struct redis_server *s)
{
    struct redis_line *line = open_line(s, "", NULL, "", LONG_MS), *other = open_line(s, "", NULL, "", LONG_MS);
    ask(line, "PING");
    ask(other, "CLIENT KILL TYPE normal SKIPME yes");
    for (int i = 0; i < 3; i++)
        ask(other, "PING");
    ok(came(ask(line, "PING"), CARRIED, 200, "PONG"), "a connection that was closed while idle is made anew");
    redis_line_close(line);
    redis_line_close(other);
}

static void halted(struct redis_server *s)
{
    struct redis_line *line = open_line(s, "", NULL, "", SHORT_MS);
    ask(line, "PING");
    redis_server_halt(s);
    int64_t before = clock_monotonic_ns();
    for (unsigned i = 0; i < 3; i++)
        begin(line, &probes[i], "PING");
    await(3);
    int64_t took_ms = (clock_monotonic_ns() - before) / 1000000;
    ok(came(&probes[0], LOST, 0, "no reply within 200 ms") && came(&probes[2], LOST, 0, "no reply within 200 ms"),
       "a server that hangs loses what it was sent");
    ok(took_ms >= SHORT_MS && took_ms < 50 * SHORT_MS, "after the time-out: %lld ms", (long long)took_ms);
    ok(came(ask(line, "PING"), LOST, 0, "no reply within"), "on a new connection, too");
    redis_server_go_on(s);
    struct redis_line *patient = open_line(s, "", NULL, "", LONG_MS);
    ok(came(ask(patient, "PING"), CARRIED, 200, "PONG") && came(ask(line, "PING"), CARRIED, 200, "PONG"),
       "when it goes on, so does the line, and no late reply is taken for another's");
    redis_line_close(patient);
    redis_line_close(line);
}

/* --- no address --- */

static void nowhere(void)
{
    struct redis_settings s = {"redis://nowhere", NULL, LONG_MS, true};
    struct redis_line *line;
    is_int(redis_line_open(l, &s, &line, NULL), ERR_INVALID, "no line to what is no address");
}

int main(void)
{
    struct redis_server s = {0};
    struct errmsg msg;
    plan(4 + 7 + 3 + 12 + 4 + 5 + 1 + 4 + 1);
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    if (loop_new(&l, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    watchdog = watch_timer(l, on_watchdog, NULL);
    redis_server_start(&s);
    in_order(&s);
    replies(&s);
    cancelled(&s);
    logged_in();
    places(&s);
    killed(&s);
    idle_closed(&s);
    halted(&s);
    nowhere();
    redis_server_kill(&s);
    for (unsigned i = 0; i < N; i++) {
        call_done(&probes[i].call);
        buf_done(&probes[i].body);
    }
    watch_free(watchdog);
    loop_free(l);
    return tap_end();
}
