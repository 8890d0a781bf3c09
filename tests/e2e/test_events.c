/* The log over HTTP, from a daemon that is cut off, killed and started again: who reads along gets every event once, in
 * order, and as it stands in the log. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/node.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define READER_SHA256 "11a21445dab18a8dac92c165872b754196685f769b926c9424c4311956011abc"
#define KIOSK_SHA256 "9dc5aab7dd00b9a763548e8c080b9ec42558eb18a717126dcc0669a5a97c43a9"
#define CONFIG                                                                    \
    "timezone = \"Asia/Shanghai\"\n"                                              \
    "policy \"national\" { }\n"                                                   \
    "channel \"face\" { }\n"                                                      \
    "token \"payroll\" { sha256 = \"" READER_SHA256 "\" roles = { \"read\" } }\n" \
    "token \"kiosk\" { sha256 = \"" KIOSK_SHA256 "\" roles = { \"intake:face\" } }\n"
#define READER "Authorization: Bearer reader-0123456789abcdef0123456789abcdef\r\n"
#define KIOSK "Authorization: Bearer intake-0123456789abcdef0123456789abcdef\r\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define JSON "Content-Type: application/json\r\n"
#define LATER "{\"op\":\"certify\",\"id\":\"w-1\",\"channel\":\"face\",\"certified_on\":\"2026-04-01\",\"ref\":\"l\"}"
#define SECOND INT64_C(1000000000)
#define BATCH 20
#define CUTS 60 /* of the reader's connection */
#define KILL_EVERY 15
#define EVENTS_BETWEEN 200 /* at most, between two cuts */

static struct node *n;
static struct reply r;

static void configure(const char *address)
{
    FILE *f = fopen(n->config, "w");
    if (!f)
        bail_out("cannot write %s", n->config);
    fprintf(f, "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"%s\" }\n" CONFIG, n->dir, n->socket, address);
    fclose(f);
}

/* The port, as the log told it last. */
static void find_port(char address[64])
{
    static const char says[] = "event=listening address=127.0.0.1:";
    char *log = node_log(n);
    const char *line = NULL;
    for (const char *p = log; (p = strstr(p, says)); p++)
        line = p;
    if (!line)
        bail_out("it listens on no port");
    line += sizeof says - 1 - strlen("127.0.0.1:");
    snprintf(address, 64, "%.*s", (int)strcspn(line, " \n"), line);
    free(log);
}

/* --- a writer that goes on whatever happens to the daemon --- */

struct writer {
    pthread_t thread;
    atomic_bool stop;
    unsigned next; /* person */
};

static void write_batch(struct buf *body, unsigned first)
{
    size_t from = body->n;
    for (unsigned i = first; i < first + BATCH; i++)
        buf_printf(body,
                   "{'op':'enrol','id':'w-%u','policy':'national','approved_on':'2020-02-01'}\n"
                   "{'op':'certify','id':'w-%u','channel':'face','certified_on':'2026-03-01','ref':'%u'}\n",
                   i, i, i);
    quotes_replace(body, from, '\'', '"');
}

/* What was not answered is sent again: the daemon knows what it has already. */
static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct reply reply = {0};
    while (!atomic_load(&w->stop)) {
        struct buf body = BUF_INIT;
        struct client *c = client_new(n->socket);
        write_batch(&body, w->next);
        if (c)
            client_request(c, "POST", "/v1/inputs", NDJSON, buf_str(&body), &reply);
        if (c && reply.status == 200)
            w->next += BATCH;
        client_free(c);
        buf_done(&body);
    }
    reply_done(&reply);
    return NULL;
}

/* --- a reader that comes again where it was cut off --- */

struct reader {
    struct client *c;
    struct buf text;  /* that has come and was not looked at */
    struct buf lines; /* all that it got */
    uint64_t last;
    bool faulty;
};

static void reader_cut(struct reader *o)
{
    client_free(o->c);
    o->c = NULL;
    buf_clear(&o->text);
}

static bool reader_connect(struct reader *o)
{
    struct buf request = BUF_INIT;
    struct reply head = {0};
    o->c = client_new(n->socket);
    if (!o->c)
        return false;
    buf_printf(&request,
               "GET /v1/events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\nLast-Event-ID: %" PRIu64
               "\r\n\r\n",
               o->last);
    client_send(o->c, request.p, request.n);
    buf_done(&request);
    client_read_head(o->c, &head);
    bool good = head.status == 200;
    reply_done(&head);
    return good;
}

static void take_block(struct reader *o, const char *block)
{
    const char *data = strstr(block, "\ndata: ");
    if (strncmp(block, "id: ", 4) != 0 || !data)
        return;
    uint64_t id = strtoull(block + 4, NULL, 10);
    o->faulty |= id != o->last + 1;
    o->last = id;
    data += strlen("\ndata: ");
    buf_add(&o->lines, data, strlen(data));
    buf_addc(&o->lines, '\n');
}

/* Reads until it has so many events more; false: it was cut off. */
static bool reader_read(struct reader *o, uint64_t events)
{
    uint64_t until = o->last + events;
    while (o->last < until) {
        char *end;
        if (!client_read_chunk(o->c, &o->text))
            return false;
        char *p = o->text.p;
        while ((end = strstr(p, "\n\n"))) {
            *end = '\0';
            take_block(o, p);
            p = end + 2;
        }
        o->text.n -= (size_t)(p - o->text.p);
        memmove(o->text.p, p, o->text.n + 1);
    }
    return true;
}

/* All of the log, page by page. */
static void read_log(struct buf *out)
{
    for (uint64_t after = 0, before = 1; after != before;) {
        char target[64];
        snprintf(target, sizeof target, "/v1/events?limit=777&after=%" PRIu64, after);
        request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
        if (r.status != 200)
            bail_out("%s: %d", target, r.status);
        buf_add(out, r.body.p, r.body.n);
        before = after;
        after = strtoull(reply_header(&r, "Lifecertd-Position"), NULL, 10);
    }
}

static void kill_and_start(void)
{
    node_kill(n);
    node_must_start(n);
}

static void cuts(void)
{
    struct writer w = {.next = 0};
    struct reader o = {.c = NULL};
    struct rng random = rng_seed(4);
    struct buf log = BUF_INIT;
    if (pthread_create(&w.thread, NULL, write_on, &w) != 0)
        bail_out("no thread to be had");
    for (unsigned i = 1; i <= CUTS; i++) {
        while (!reader_connect(&o))
            reader_cut(&o);
        reader_read(&o, rng_below(&random, EVENTS_BETWEEN) + 1);
        if (i % KILL_EVERY == 0)
            kill_and_start(); /* while it reads */
        reader_cut(&o);
    }
    atomic_store(&w.stop, true);
    pthread_join(w.thread, NULL);
    while (!reader_connect(&o))
        reader_cut(&o);
    read_log(&log);
    uint64_t end = strtoull(reply_header(&r, "Lifecertd-Position"), NULL, 10);
    ok(end <= o.last || reader_read(&o, end - o.last), "after %d cuts and %d kills a reader comes to the log's end",
       CUTS, CUTS / KILL_EVERY);
    ok(!o.faulty && o.last == end && end > CUTS * 10, "with nothing lost and nothing twice, of %" PRIu64 " events",
       end);
    ok(o.lines.n == log.n && memcmp(o.lines.p, log.p, log.n) == 0, "every one as it stands in the log");
    reader_cut(&o);
    buf_done(&o.lines);
    buf_done(&o.text);
    buf_done(&log);
}

/* --- long poll --- */

struct poller {
    pthread_t thread;
    char target[96];
    struct reply reply;
    int64_t at;
};

static void *poll_once(void *arg)
{
    struct poller *p = arg;
    request_once(n->socket, "GET", p->target, NULL, STR_NONE, &p->reply);
    p->at = clock_monotonic_ns();
    return NULL;
}

static void long_poll(void)
{
    static const char certify[] =
        "{\"op\":\"certify\",\"id\":\"w-0\",\"channel\":\"face\",\"certified_on\":\"2026-04-01\",\"ref\":\"late\"}";
    struct poller p = {.at = 0};
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    uint64_t end = strtoull(strstr(r.body.p, "\"position\":") + strlen("\"position\":"), NULL, 10);
    snprintf(p.target, sizeof p.target, "/v1/events?wait=50&type=certification.*&after=%" PRIu64, end);
    pthread_create(&p.thread, NULL, poll_once, &p);
    request_once(n->socket, "POST", "/v1/inputs", JSON, str_of(certify), &r);
    int64_t answered = clock_monotonic_ns();
    pthread_join(p.thread, NULL);
    ok(p.reply.status == 200 && strstr(p.reply.body.p, "\"ref\":\"late\""), "who waits for an event gets it");
    ok(p.at - answered < 10 * SECOND, "as soon as it is there (%.1f ms after its input was answered)",
       (double)(p.at - answered) / 1e6);
    reply_done(&p.reply);
}

/* --- over TCP --- */

static void with_a_token(void)
{
    char address[64];
    struct client *c;
    find_port(address);
    request_once(address, "GET", "/v1/events?limit=2", READER, STR_NONE, &r);
    ok(r.status == 200 && r.body.n, "over TCP the log is for a token that may read");
    request_once(address, "GET", "/v1/events", KIOSK, STR_NONE, &r);
    is_int(r.status, 403, "not for one that brings certifications");
    request_once(address, "GET", "/v1/events", NULL, STR_NONE, &r);
    is_int(r.status, 401, "nor for nobody");
    c = client_new(address);
    static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n" READER "\r\n";
    client_send(c, request, sizeof request - 1);
    client_read_head(c, &r);
    struct buf text = BUF_INIT;
    while (r.status == 200 && (!text.n || !strstr(text.p, "\nid: 3\n")) && client_read_chunk(c, &text))
        continue;
    ok(text.n && strstr(text.p, "retry: 2000\n\nid: 1\n") && strstr(text.p, "\nid: 3\n"), "and as a stream");
    int64_t began = clock_monotonic_ns();
    is_int(node_stop(n), 0, "a stream that is open does not keep the daemon from ending");
    ok(clock_monotonic_ns() - began < 9 * SECOND, "nor for long");
    while (client_read_chunk(c, &text))
        continue;
    client_free(c);
    buf_done(&text);
}

/* --- lifecertctl --- */

static pid_t start_follow(const char *url, const char *token, int *out)
{
    char program[512];
    int ends[2];
    const char *build = getenv("top_builddir");
    snprintf(program, sizeof program, "%s/lifecertctl", build ? build : ".");
    fflush(stdout);
    if (pipe(ends) != 0)
        bail_out("no pipe");
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(program, "lifecertctl", "--url", url, "--token-file", token, "events", "--follow", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    return child;
}

/* Reads what it prints until it is as much as want. */
static bool prints(int out, const struct buf *want)
{
    struct buf got = BUF_INIT;
    while (got.n < want->n) {
        ssize_t n_read = read(out, buf_room(&got, 65536), 65536);
        if (n_read <= 0)
            break;
        got.n += (size_t)n_read;
    }
    bool same = got.n == want->n && memcmp(got.p, want->p, got.n) == 0;
    buf_done(&got);
    return same;
}

static void operators_tool(void)
{
    char address[64], url[80], token[120];
    struct buf log = BUF_INIT, printed = BUF_INIT, more = BUF_INIT;
    int out;
    find_port(address);
    snprintf(url, sizeof url, "http://%s", address);
    snprintf(token, sizeof token, "%s/token", n->dir);
    int fd = open(token, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    dprintf(fd, "reader-0123456789abcdef0123456789abcdef\n");
    close(fd);
    read_log(&log);
    const char *all[] = {"lifecertctl", "--url", url, "--token-file", token, "events", NULL};
    int code = run_program(all, &printed);
    ok(code == 0 && printed.n == log.n && memcmp(printed.p, log.p, log.n) == 0, "lifecertctl --url prints the log");
    const char *none[] = {"lifecertctl", "--url", url, "--token-file", token, "events", "--since", "2199-01-01", NULL};
    code = run_program(none, &printed);
    ok(code == 0 && printed.n == 0, "nothing since a day to come");
    const char *since[] = {"lifecertctl", "--url",      url,      "--token-file", token, "events",
                           "--since",     "2020-01-01", "--type", "config.*",     NULL};
    code = run_program(since, &printed);
    ok(code == 0 && strncmp(printed.p, "{\"seq\":1,", 9) == 0 && strstr(printed.p, "\"type\":\"config.adopted\""),
       "one type since a day gone by");
    const char *who[] = {"lifecertctl", "--url", url, "--token-file", token, "events", "--subject", "stranger", NULL};
    is_int(run_program(who, &printed), 1, "of a stranger there are none");
    pid_t child = start_follow(url, token, &out);
    ok(prints(out, &log), "with --follow it prints the log");
    configure(address); /* the same port again */
    kill_and_start();
    request_once(n->socket, "POST", "/v1/inputs", JSON, STR_LIT(LATER), &r);
    uint64_t seq = strtoull(strstr(r.body.p, "\"seq\":[") + 7, NULL, 10);
    char target[64];
    snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, seq - 1);
    request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
    buf_add(&more, r.body.p, r.body.n);
    ok(more.n && prints(out, &more), "and goes on when the daemon was killed and came back");
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    close(out);
    buf_done(&log);
    buf_done(&printed);
    buf_done(&more);
}

int main(void)
{
    plan(0);
    n = node_new("");
    configure("127.0.0.1:0");
    node_init(n);
    node_must_start(n);
    cuts();
    long_poll();
    operators_tool();
    with_a_token();
    reply_done(&r);
    int failed = tap_end();
    node_free(n, failed);
    return failed;
}
