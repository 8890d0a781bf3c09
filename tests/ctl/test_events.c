/* init and events, on a store in the test's folder. */
#include "tests/ctl/run_ctl.h"

#include "base/tz.h"
#include "codec/event_json.h"
#include "store/store.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/commands.h"

#define EVENTS 1000
#define FIRST_TIME 1767196800 /* 2026-01-01T00:00:00+08:00 */

static struct ran r;
static const char *config;
static char uri[160];

static void add_event(struct buf *b, uint64_t seq)
{
    static const char *const subjects[] = {"330902-1", "330902-2", "a\"b"};
    struct event e = {.seq = seq, .time = FIRST_TIME + (lc_instant)(seq / 10) * 3600, .offset = 28800};
    e.type = seq % 3 ? EV_LAPSED : EV_GRACE;
    e.subject = str_of(subjects[seq % 3]);
    e.today = 46022;
    event_write(b, &e);
}

static void commit(uint64_t first, uint64_t last)
{
    struct buf b = BUF_INIT;
    struct store *s;
    struct errmsg msg;
    for (uint64_t seq = first; seq <= last; seq++)
        add_event(&b, seq);
    enum err e = store_open(uri, STORE_WRITE, NULL, &s, NULL, &msg);
    if (e)
        bail_out("%s", msg.text);
    const struct commit c = {.first = first, .last = last, .lines = buf_str(&b)};
    e = store_commit(s, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    if (e)
        bail_out("%s", msg.text);
    store_close(s);
    buf_done(&b);
}

static unsigned count_lines(const char *text)
{
    unsigned n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void test_init(void)
{
    run_ctl(&r, NULL, "-c", config, "events", NULL);
    ok(r.status == 3 && has(r.err, ": make one with lifecertctl init"), "without a store events ends with 3");
    run_ctl(&r, NULL, "-c", config, "init", NULL);
    ok(r.status == 0 && has(r.out, "made the store dir:") && has(r.out, "next: start lifecertd"), "init makes it");
    run_ctl(&r, NULL, "-c", config, "init", NULL);
    ok(r.status == 1 && has(r.err, "already"), "a second time it ends with 1");
    run_ctl(&r, NULL, "-c", config, "events", NULL);
    ok(r.status == 0 && r.out[0] == '\0', "a new store has no event");
}

static void events_are(const char *name, unsigned lines, const char *first, const char *a, const char *b)
{
    run_ctl(&r, NULL, "-c", config, "events", a, b, NULL);
    ok(r.status == 0 && count_lines(r.out) == lines && strncmp(r.out, first, strlen(first)) == 0, "%s: %u of %u", name,
       count_lines(r.out), lines);
}

static void test_filters(void)
{
    struct buf all = BUF_INIT;
    for (uint64_t seq = 1; seq <= EVENTS; seq++)
        add_event(&all, seq);
    buf_addc(&all, '\0');
    run_ctl(&r, NULL, "-c", config, "events", NULL);
    ok(r.status == 0 && strcmp(r.out, all.p) == 0, "lines are printed as they stand");
    buf_done(&all);

    events_are("behind a number", EVENTS - 990, "{\"seq\":991,", "--after", "990");
    events_are("behind the last", 0, "", "--after", "1000");
    events_are("since the first", EVENTS, "{\"seq\":1,", "--since", "2026-01-01");
    events_are("since a time", EVENTS - 499, "{\"seq\":500,", "--since", "2026-01-03T02:00:00+08:00");
    events_are("since a time between two", EVENTS - 509, "{\"seq\":510,", "--since", "2026-01-03T02:00:01+08:00");
    events_are("since a time to come", 0, "", "--since", "2030-01-01");
    events_are("of a type", 333, "{\"seq\":3,", "--type", "grace.*");
    events_are("of any type", EVENTS, "{\"seq\":1,", "--type", "*");
    events_are("of a person", 334, "{\"seq\":1,", "--subject=330902-2", NULL);
    events_are("of a person whose id has a quote", 333, "{\"seq\":2,", "--subject=a\"b", NULL);
    events_are("of nobody", 0, "", "--subject=330902", NULL);
}

static pid_t start_follow(int *out)
{
    int ends[2];
    if (pipe(ends) != 0)
        bail_out("no pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = {(char *)"lifecertctl",
                        (char *)"-c",
                        (char *)(uintptr_t)config,
                        (char *)"events",
                        (char *)"--follow",
                        (char *)"--after",
                        (char *)"999",
                        NULL};
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        signal(SIGPIPE, SIG_IGN);
        exit(ctl_run(7, argv));
    }
    close(ends[1]);
    *out = ends[0];
    return child;
}

/* A line that begins so comes within ten seconds. */
static bool line_comes(int fd, const char *start)
{
    char text[4096];
    size_t n = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (n < sizeof text - 1 && poll(&p, 1, 10000) == 1) {
        ssize_t got = read(fd, text + n, 1);
        if (got <= 0)
            return false;
        if (text[n++] == '\n')
            return strncmp(text, start, strlen(start)) == 0;
    }
    return false;
}

static void test_follow(void)
{
    int out, state;
    pid_t child = start_follow(&out);
    ok(line_comes(out, "{\"seq\":1000,"), "--follow prints what is there");
    commit(EVENTS + 1, EVENTS + 1);
    ok(line_comes(out, "{\"seq\":1001,"), "and what comes");
    close(out);
    ok(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0,
       "and ends when nobody reads any more");
}

int main(void)
{
    plan(0);
    config = test_config("");
    snprintf(uri, sizeof uri, "dir:%s/store", tap_tmpdir());
    test_init();
    commit(1, EVENTS / 2);
    commit(EVENTS / 2 + 1, EVENTS);
    test_filters();
    test_follow();
    ran_done(&r);
    return tap_end();
}
