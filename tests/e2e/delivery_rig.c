#include "tests/e2e/delivery_rig.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/date.h"
#include "tests/e2e/delivery_view.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define HEAD \
    "timezone = \"Asia/Shanghai\"\nchannel \"face\" { }\npolicy \"a\" { }\npolicy \"b\" { cycle = \"6 months\" }\n"
#define HOOKS_SECRET_ONE "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
#define HOOKS_SECRET_TWO "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n"
#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define SEQ "\"seq\":["
#define LINES_MAX 50000 /* of one request */
#define PATHS 4
#define SECONDS_A_DAY 86400

const char *rig_path(const struct rig *r, const char *name)
{
    static char paths[PATHS][160];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", r->node->dir, name);
    return path;
}

void rig_init(struct rig *r)
{
    *r = (struct rig){.node = node_new(HEAD)};
    write_private(rig_path(r, SECRET_ONE), STR_LIT(HOOKS_SECRET_ONE));
    write_private(rig_path(r, SECRET_TWO), STR_LIT(HOOKS_SECRET_TWO));
    node_init(r->node);
    rig_clear(r);
}

void rig_done(struct rig *r, bool failed)
{
    node_free(r->node, failed);
    buf_done(&r->config);
    buf_done(&r->text);
    reply_done(&r->reply);
}

/* --- configuration --- */

void rig_clear(struct rig *r)
{
    buf_clear(&r->config);
    buf_adds(&r->config, HEAD);
}

void rig_say(struct rig *r, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text)
        bail_out("too much at once for a configuration");
    buf_adds(&r->config, text);
}

void rig_hook(struct rig *r, const char *name, const struct peer *to, const char *more)
{
    rig_say(r,
            "endpoint \"%s\" {\n    adapter = \"standard-webhooks\"\n    url = \"http://%s/hooks\"\n"
            "    secret_file = \"%s\"\n    allow_private = true\n    %s\n}\n",
            name, peer_address(to), rig_path(r, SECRET_ONE), more);
}

void rig_write(struct rig *r)
{
    buf_addc(&r->config, '\0');
    node_configure(r->node, r->config.p);
    r->config.n--;
}

void rig_reload(struct rig *r)
{
    rig_write(r);
    node_signal(r->node, SIGHUP);
    if (!node_await(r->node, "RELOADING=1") || !node_await(r->node, "READY=1"))
        bail_out("the daemon does not reload");
}

void rig_start(struct rig *r)
{
    rig_write(r);
    node_must_start(r->node);
}

/* --- receivers --- */

#define ANYWHERE "127.0.0.1:0"

static struct peer *start_peer(const struct rig *r, const char *name, const char *settings, const char *secret,
                               const char *address)
{
    char record[128];
    snprintf(record, sizeof record, "%s/%s.record", r->node->dir, name);
    const char *const arguments[] = {"--record", record,  "--secret", rig_path(r, secret), "--set", settings,
                                     "--listen", address, NULL};
    return peer_start(arguments);
}

struct peer *rig_peer_with(const struct rig *r, const char *name, const char *settings, const char *secret)
{
    return start_peer(r, name, settings, secret, ANYWHERE);
}

struct peer *rig_peer(const struct rig *r, const char *name, const char *settings)
{
    return start_peer(r, name, settings, SECRET_ONE, ANYWHERE);
}

struct peer *rig_peer_again(const struct rig *r, const char *name, const struct peer *killed)
{
    return start_peer(r, name, "", SECRET_ONE, peer_address(killed));
}

/* The next field of a line, copied; false: there is none. */
static bool take_field(char **rest, char *out, size_t size)
{
    const char *field = strsep(rest, "\t");
    snprintf(out, size, "%s", field ? field : "");
    return field != NULL;
}

static void take_line(char *line, struct arrivals *out)
{
    struct arrival a = {.at = 0};
    char at[24], seq[24], attempt[12];
    if (!take_field(&line, at, sizeof at) || !take_field(&line, a.kind, sizeof a.kind) ||
        !take_field(&line, a.id, sizeof a.id) || !take_field(&line, seq, sizeof seq) ||
        !take_field(&line, a.subject, sizeof a.subject) || !take_field(&line, a.type, sizeof a.type) ||
        !take_field(&line, attempt, sizeof attempt) || !take_field(&line, a.answer, sizeof a.answer) ||
        !take_field(&line, a.number, sizeof a.number) || !take_field(&line, a.text, sizeof a.text))
        bail_out("a record has a line that is none");
    const char *number = strrchr(a.id, '_');
    a.at = strtoll(at, NULL, 10);
    a.seq = number ? strtoull(number + 1, NULL, 10) : 0;
    a.attempt = (uint32_t)strtoul(attempt, NULL, 10);
    if (out->n == out->cap)
        out->v = mem_resize(out->v, out->cap = out->cap ? 2 * out->cap : 64, sizeof *out->v);
    out->v[out->n++] = a;
}

void arrivals_read(const struct rig *r, const char *name, struct peer *p, struct arrivals *out)
{
    struct buf text = BUF_INIT;
    char record[128];
    snprintf(record, sizeof record, "%s/%s.record", r->node->dir, name);
    peer_counts(p); /* it writes what it still had */
    read_text(record, &text);
    out->n = 0;
    char *rest = text.p;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && rest;)
        take_line(line, out);
    buf_done(&text);
}

void arrivals_done(struct arrivals *a)
{
    free(a->v);
    *a = (struct arrivals){.v = NULL};
}

const struct arrival *arrivals_of(const struct arrivals *a, const char *subject, unsigned i)
{
    for (size_t k = 0; k < a->n; k++)
        if (strcmp(a->v[k].subject, subject) == 0 && i-- == 0)
            return &a->v[k];
    return NULL;
}

size_t arrivals_count(const struct arrivals *a, const char *subject)
{
    size_t n = 0;
    for (size_t k = 0; k < a->n; k++)
        n += strcmp(a->v[k].subject, subject) == 0;
    return n;
}

/* --- people and events --- */

/* Posts what was gathered in r->text; every line must do something. */
static void post_lines(struct rig *r)
{
    char want[40];
    unsigned applied = 0, n = r->lines;
    request_once(r->node->socket, "POST", "/v1/inputs", NDJSON, buf_str(&r->text), &r->reply);
    snprintf(want, sizeof want, "{\"lines\":%u}", n);
    if (r->reply.status != 200 || !strstr(r->reply.body.p, want))
        bail_out("inputs are answered %d: %.300s", r->reply.status, r->reply.body.p);
    for (const char *at = r->reply.body.p; (at = strstr(at, SEQ)) != NULL; at += sizeof SEQ - 1)
        applied += at[sizeof SEQ - 1] != ']';
    if (applied != n)
        bail_out("only %u of %u inputs did something: %.300s", applied, n, r->reply.body.p);
    buf_clear(&r->text);
    r->lines = 0;
}

typedef void write_input(struct buf *out, unsigned number, const char *argument);

/* One line for each of n people; what is left of a post goes with finish_lines(). */
static void feed(struct rig *r, unsigned first, unsigned n, write_input *write, const char *argument)
{
    for (unsigned i = 0; i < n; i++) {
        if (r->lines == 0)
            buf_clear(&r->text);
        write(&r->text, first + i, argument);
        if (++r->lines == LINES_MAX)
            post_lines(r);
    }
}

static void finish_lines(struct rig *r)
{
    if (r->lines)
        post_lines(r);
}

/* Days before today, in no zone's future. */
static void day_before(int days, char out[11])
{
    date_format(DATE_UNIX_EPOCH + (lc_date)(time(NULL) / SECONDS_A_DAY) - days, out);
    out[10] = '\0';
}

static void write_enrolment(struct buf *out, unsigned number, const char *members)
{
    char day[11];
    day_before(20, day);
    buf_printf(out,
               "{\"op\":\"enrol\",\"id\":\"P-%06u\",%s,\"approved_on\":\"2010-01-01\",\"last_certified_on\":\"%s\"}\n",
               number, members, day);
}

void rig_enrol(struct rig *r, unsigned first, unsigned n, const char *members)
{
    feed(r, first, n, write_enrolment, members ? members : "\"policy\":\"a\"");
    finish_lines(r);
}

static void write_amendment(struct buf *out, unsigned number, const char *amount)
{
    buf_printf(out, "{\"op\":\"amend\",\"id\":\"P-%06u\",\"amount\":%s,\"amount_from\":\"2020-01\"}\n", number, amount);
}

void rig_amend(struct rig *r, unsigned first, unsigned n)
{
    rig_amend_times(r, first, n, 1);
}

void rig_amend_times(struct rig *r, unsigned first, unsigned n, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        char amount[12];
        snprintf(amount, sizeof amount, "%u", ++r->amount);
        feed(r, first, n, write_amendment, amount);
    }
    finish_lines(r);
}

static void write_certification(struct buf *out, unsigned number, const char *day)
{
    buf_printf(out,
               "{\"op\":\"certify\",\"id\":\"P-%06u\",\"channel\":\"face\",\"ref\":\"%u-%s\","
               "\"certified_on\":\"%s\"}\n",
               number, number, day, day);
}

void rig_certify(struct rig *r, unsigned first, unsigned n, int days_ago)
{
    char day[11];
    day_before(days_ago, day);
    feed(r, first, n, write_certification, day);
    finish_lines(r);
}

uint64_t rig_last(struct rig *r)
{
    request_once(r->node->socket, "GET", "/v1/status", NULL, STR_NONE, &r->reply);
    const char *at = strstr(r->reply.body.p, "\"position\":");
    if (!at)
        bail_out("the status names no last event: %s", r->reply.body.p);
    return strtoull(at + 11, NULL, 10);
}

/* --- operators --- */

#define WORDS_MAX 24

int rig_ctl(struct rig *r, const char *format, ...)
{
    char text[512], *rest = text;
    const char *argv[WORDS_MAX + 4] = {"lifecertctl", "-c", r->node->config};
    unsigned n = 3;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    while (n < WORDS_MAX + 3 && (argv[n] = strsep(&rest, " ")) != NULL)
        n++;
    return run_program(argv, &r->text);
}

void rig_order(struct rig *r, const char *endpoint, const char *verb)
{
    if (endpoint_order(r->node, endpoint, verb, "{\"by\":\"test\",\"why\":\"trial\"}", &r->reply) != 200)
        bail_out("%s %s is answered %d: %s", verb, endpoint, r->reply.status, r->reply.body.p);
}

/* --- looks --- */

long rig_memory(const struct rig *r, const char *what)
{
    struct buf status = BUF_INIT;
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/status", (int)r->node->pid);
    read_text(path, &status);
    const char *at = strstr(status.p, what);
    long kilobytes = at ? strtol(at + strlen(what) + 1, NULL, 10) : -1;
    buf_done(&status);
    return kilobytes;
}

void show_counts(const char *name, struct peer *p)
{
    static const struct {
        const char *word;
        size_t at;
    } counts[] = {
#define X(word) {#word, offsetof(struct counts, word)},
        LEDGER_COUNTS(X)
#undef X
    };
    struct counts c = peer_counts(p);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t n = *(const uint64_t *)((const char *)&c + counts[i].at);
        if (n)
            diag("%s: %s %" PRIu64, name, counts[i].word, n);
    }
}

bool await_events(const char *name, struct peer *p, uint64_t n)
{
    bool came = peer_await(p, distinct, n);
    if (!came)
        show_counts(name, p);
    return came;
}

bool came_once(const char *name, struct peer *p, uint64_t n)
{
    struct counts c = peer_counts(p);
    bool good = c.distinct == n && c.accepted == n && !c.duplicates && !c.order_violations && !c.prev_gaps &&
                !c.malformed && !c.bad_signatures && !c.unknown_paths;
    if (!good)
        show_counts(name, p);
    return good;
}
