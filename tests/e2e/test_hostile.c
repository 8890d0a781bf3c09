/* Clients that mean no good, over TCP: what they get, what it costs, and whether others are served meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/listen.h"
#include "tests/e2e/hostile.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define IDLE 10000
#define IDLE_BYTES (16 * 1024) /* on average: lifecertd-http(7) has 4 KiB before an answer and 40 behind one */
#define P99_MS 50
#define ASKED 400  /* requests of somebody else, of which the p99 is taken */
#define MUTANTS 3000
#define ANSWER_MS 10000

/* lct_hostile */
#define TOKEN_LINE "Authorization: Bearer lct_hostile"
#define TOKEN_HASH "bf68c80876337947daf54e32d01e6c5edaf4a94563af641e8a20039de6c2195a"

static struct node *node;
static struct sockaddr_in at;
static char address[LISTEN_TEXT];
static struct rng rng;

/* --- the daemon --- */

static void start(void)
{
    char *log;
    node = node_new("");
    FILE *f = fopen(node->config, "w");
    if (!f)
        bail_out("cannot write %s", node->config);
    fprintf(f,
            "store = \"dir:%s/store\"\nlisten = { \"unix:%s\", \"127.0.0.1:0\" }\ntimezone = \"Asia/Shanghai\"\n"
            "policy \"national\" { }\nchannel \"face\" { }\n"
            "token \"t\" { sha256 = \"" TOKEN_HASH "\" roles = { \"read\", \"intake:*\" } }\n",
            node->dir, node->socket);
    fclose(f);
    node_init(node);
    node_must_start(node);
    log = node_log(node);
    const char *told = strstr(log, "event=listening address=127.0.0.1:");
    if (!told)
        bail_out("no port is told");
    told += strlen("event=listening address=");
    snprintf(address, sizeof address, "%.*s", (int)strcspn(told, " \n"), told);
    at = (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons((uint16_t)atoi(strchr(address, ':') + 1))};
    free(log);
}

static int64_t resident(void)
{
    char path[64], line[256];
    long long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)node->pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %lld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    if (!kb)
        bail_out("the daemon is not there any more");
    return (int64_t)kb * 1024;
}

/* --- connections --- */

static int connect_now(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        bail_out("nobody listens any more: %s", strerror(errno));
    return fd;
}

/* Takes what is there within the time; false: the end of it has come. */
static bool take(int fd, struct buf *in, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, ms) <= 0)
        return true;
    ssize_t n = recv(fd, buf_room(in, 65536), 65536, 0);
    in->n += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static unsigned count_answers(const struct buf *in)
{
    unsigned n = 0;
    for (const char *p = in->p, *end = in->p + in->n; in->n && (p = memmem(p, (size_t)(end - p), "HTTP/1.1 ", 9)); p++)
        n++;
    return n;
}

static int status_at(const char *p)
{
    return atoi(p + strlen("HTTP/1.1 "));
}

static int first_status(const struct buf *in)
{
    return in->n > 12 && memcmp(in->p, "HTTP/1.1 ", 9) == 0 ? status_at(in->p) : 0;
}

/* Have all answers that status? The library writes the header of its own refusals twice, which its length covers. */
static bool all_have(const struct buf *in, int status)
{
    const char *p = in->p, *end = in->p + in->n;
    for (; in->n && (p = memmem(p, (size_t)(end - p), "HTTP/1.1 ", 9)) != NULL; p++)
        if (status_at(p) && status_at(p) != status) /* 0: the library's text mentions the version, too */
            return false;
    return first_status(in) == status;
}

/* --- single requests --- */

/* The request with the token's line for the word. */
static void write_request(struct buf *out, const char *text)
{
    for (const char *word; (word = strstr(text, "TOKEN")) != NULL; text = word + 5) {
        buf_add(out, text, (size_t)(word - text));
        buf_adds(out, TOKEN_LINE);
    }
    buf_adds(out, text);
}

static void try_request(const struct hostile *h)
{
    struct buf out = BUF_INIT, in = BUF_INIT;
    int64_t limit = clock_monotonic_ns() + ANSWER_MS * INT64_C(1000000);
    int fd = connect_now();
    bool open = true;
    write_request(&out, h->request);
    (void)!send(fd, out.p, out.n, MSG_NOSIGNAL);
    /* Of one that goes on, the answers; of one that ends, the end. */
    while (open && clock_monotonic_ns() < limit && !(h->answers && count_answers(&in) >= h->answers))
        open = take(fd, &in, 100);
    if (open && h->answers)
        open = take(fd, &in, 20); /* and no more than those */
    buf_addc(&in, '\0');
    in.n--;
    if (h->answers)
        ok(open && all_have(&in, h->status) && count_answers(&in) == h->answers, "%s: %d (%d, %u of %u)", h->what,
           h->status, first_status(&in), count_answers(&in), h->answers);
    else
        ok(!open && all_have(&in, h->status), "%s: %d and the end (%d, %s)", h->what, h->status, first_status(&in),
           open ? "open" : "the end");
    close(fd);
    buf_done(&in);
    buf_done(&out);
}

/* A header that never ends, and one that has very many lines: how much of it is read? */
static void endless_header(const char *line, const char *what)
{
    struct buf in = BUF_INIT;
    int fd = connect_now();
    size_t sent = 0, n = strlen(line);
    static const char begin[] = "GET /healthz HTTP/1.1\r\nHost: t\r\n";
    struct timeval limit = {.tv_sec = ANSWER_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    (void)!send(fd, begin, sizeof begin - 1, MSG_NOSIGNAL);
    while (sent < (64u << 20) && send(fd, line, n, MSG_NOSIGNAL) == (ssize_t)n)
        sent += n;
    ok(sent < (64u << 20), "%s is not read for ever", what);
    while (take(fd, &in, ANSWER_MS) && in.n < 12)
        ;
    ok(first_status(&in) == 431 || first_status(&in) == 0, "%s gets 431, if it listens at all (%d)", what, first_status(&in));
    close(fd);
    buf_done(&in);
}

static void deep_json(void)
{
    struct buf out = BUF_INIT, in = BUF_INIT;
    int fd = connect_now();
    buf_printf(&out, "POST /v1/inputs HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n" TOKEN_LINE
                     "\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 50000; i++)
        buf_addc(&out, i % 2 ? '[' : '{');
    for (int i = 0; i < 50000; i++)
        buf_addc(&out, '[');
    (void)!send(fd, out.p, out.n, MSG_NOSIGNAL);
    while (take(fd, &in, ANSWER_MS) && in.n < 12)
        ;
    is_int(first_status(&in), 400, "a hundred thousand brackets are refused");
    close(fd);
    buf_done(&in);
    buf_done(&out);
}

/* --- slow ones: opened first, looked at in the end --- */

enum slow { SLOW_DRIP, SLOW_HALF_HEADER, SLOW_SILENT, SLOW_HALF_BODY, SLOW_HALF_OPEN, SLOW_N };

static const struct {
    const char *what, *begin;
    int status; /* 0: the end, without an answer */
} slow[SLOW_N] = {
    [SLOW_DRIP] = {"a header that drips", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-Drip: ", 408},
    [SLOW_HALF_HEADER] = {"half a header", "GET /healthz HTTP/1.1\r\nHo", 408},
    [SLOW_SILENT] = {"a connection that says nothing", "", 0},
    [SLOW_HALF_BODY] = {"half a body", "POST /v1/inputs HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n" TOKEN_LINE
                                       "\r\nContent-Length: 200\r\n\r\n{\"op\":\"enrol\",",
                        0},
    [SLOW_HALF_OPEN] = {"half a request, and no more to come", "GET /healthz HTTP/1.1\r\nHost: t\r\n", 408},
};

static int slow_fds[SLOW_N];

static void slow_begin(void)
{
    for (int i = 0; i < SLOW_N; i++) {
        slow_fds[i] = connect_now();
        (void)!send(slow_fds[i], slow[i].begin, strlen(slow[i].begin), MSG_NOSIGNAL);
    }
    shutdown(slow_fds[SLOW_HALF_OPEN], SHUT_WR);
}

/* One byte more of the header that drips. */
static void slow_drip(void)
{
    (void)!send(slow_fds[SLOW_DRIP], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void slow_end(int i, int64_t limit)
{
    struct buf in = BUF_INIT;
    bool open = true;
    while (open && clock_monotonic_ns() < limit) {
        open = take(slow_fds[i], &in, 500);
        slow_drip();
    }
    ok(!open, "%s is ended", slow[i].what);
    is_int(first_status(&in), slow[i].status, "with the answer that fits");
    close(slow_fds[i]);
    buf_done(&in);
}

/* --- others, meanwhile --- */

static int by_value(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

/* One request of somebody with a connection of his own that is kept; in ns. */
static int64_t ask(struct client *c, unsigned i)
{
    struct reply r = {.status = 0};
    char body[128];
    int64_t began = clock_monotonic_ns();
    snprintf(body, sizeof body, "{\"op\":\"enrol\",\"id\":\"h-%u\",\"policy\":\"national\",\"approved_on\":\"2020-01-01\"}", i);
    if (i % 2)
        client_request(c, "GET", "/v1/beneficiaries/h-0", TOKEN_LINE "\r\n", STR_NONE, &r);
    else
        client_request(c, "POST", "/v1/inputs", "Content-Type: application/json\r\n" TOKEN_LINE "\r\n", str_of(body), &r);
    if (r.status != 200)
        bail_out("somebody else got %d: %s", r.status, r.body.p);
    reply_done(&r);
    return clock_monotonic_ns() - began;
}

struct others {
    struct client *c;
    int64_t ns[ASKED];
    unsigned n, asked;
};

static void others_ask(struct others *o)
{
    if (o->n < ASKED)
        o->ns[o->n++] = ask(o->c, o->asked++);
}

static void others_told(struct others *o, const char *while_what)
{
    while (o->n < ASKED)
        others_ask(o);
    qsort(o->ns, o->n, sizeof *o->ns, by_value);
    int64_t p99 = o->ns[o->n - 1 - o->n / 100] / 1000;
    ok(p99 < P99_MS * 1000, "%s, others are served: p99 %.1f ms", while_what, (double)p99 / 1000);
    o->n = 0;
}

/* --- many idle ones --- */

static void idle_ones(struct others *o)
{
    static int fds[IDLE];
    int64_t before = resident();
    unsigned n = 0;
    for (; n < IDLE; n++) {
        fds[n] = connect_now();
        /* Every other one has a request behind it, or begun one. */
        static const char *const said[] = {"", "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n", "GET /he"};
        const char *text = said[n % 3];
        (void)!send(fds[n], text, strlen(text), MSG_NOSIGNAL);
        if (n % (IDLE / ASKED) == 0)
            others_ask(o);
    }
    others_told(o, "while ten thousand connections are opened");
    for (unsigned i = 0; i < ASKED; i++)
        others_ask(o);
    others_told(o, "while they do nothing");
    double each = (double)(resident() - before) / IDLE;
    ok(each < IDLE_BYTES, "each costs less than %d bytes (%.0f)", IDLE_BYTES, each);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

/* --- requests with bytes that are wrong --- */

static void mutate(struct buf *b)
{
    static const char specials[] = "\0\r\n :,;%/?&=\t\"{}[]0x9\xff";
    for (uint64_t times = 1 + rng_below(&rng, 4); times > 0 && b->n > 1; times--) {
        size_t i = (size_t)rng_below(&rng, b->n);
        switch (rng_below(&rng, 3)) {
        case 0: b->p[i] = specials[rng_below(&rng, sizeof specials - 1)]; break;
        case 1: b->p[i] ^= (char)(1 << rng_below(&rng, 8)); break;
        default:
            memmove(b->p + i, b->p + i + 1, b->n - i - 1);
            b->n--;
        }
    }
}

static void mutants(struct others *o)
{
    struct buf out = BUF_INIT, in = BUF_INIT;
    int64_t before = resident();
    for (unsigned i = 0; i < MUTANTS; i++) {
        const struct hostile *h = &hostile_requests[rng_below(&rng, n_hostile_requests)];
        int fd = connect_now();
        buf_clear(&out);
        write_request(&out, h->request);
        mutate(&out);
        (void)!send(fd, out.p, out.n, MSG_NOSIGNAL);
        buf_clear(&in);
        take(fd, &in, 1);
        close(fd);
        if (i % (MUTANTS / ASKED) == 0)
            others_ask(o);
    }
    others_told(o, "while it gets requests with altered bytes");
    ok(resident() - before < (64 << 20), "and it does not grow by that (%" PRId64 " KiB)", (resident() - before) / 1024);
    buf_done(&out);
    buf_done(&in);
}

int main(void)
{
    static struct others others;
    uint64_t seed = (uint64_t)clock_wall_ns();
    plan(0);
    diag("seed %" PRIu64, seed);
    rng = rng_seed(seed);
    start();
    others.c = client_new(address);
    int64_t began = clock_monotonic_ns();
    slow_begin();
    for (size_t i = 0; i < n_hostile_requests; i++) {
        try_request(&hostile_requests[i]);
        slow_drip();
    }
    endless_header("X-More: and more\r\n", "a header without end");
    endless_header("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                   "a line without end");
    deep_json();
    slow_drip();
    mutants(&others);
    slow_drip();
    idle_ones(&others);
    for (int i = 0; i < SLOW_N; i++)
        slow_end(i, began + INT64_C(60000000000));
    client_free(others.c);
    is_int(node_stop(node), 0, "after all that it stops in peace");
    node_free(node, false);
    return tap_end();
}
