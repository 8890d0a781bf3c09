/* A subscriber of the real daemon: it starts from the list of people, follows the events behind the list's position,
 * and arrives at what a later list says, while time runs and inputs come. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define CONFIG                                                                                               \
    "clock = \"2026-01-01T00:00:00+08:00 x20000000\"\ntimezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\n" \
    "channel \"face\" { }\npolicy \"a\" { cycle = \"3 months\" notice = 0 grace = 5 }\n"                     \
    "policy \"b\" { cycle = \"40 days\" notice = 3 grace = 0 }\n"
#define LINES "Content-Type: application/x-ndjson\r\n"
#define FIRST 2500 /* people enrolled before the list */
#define MORE 40    /* and with each round of inputs */
#define PEOPLE 8000

/* What a subscriber holds of one person. */
struct person {
    bool there;
    uint64_t seq;
    char status; /* 'p' paid, 's' suspended, 't' terminated */
    char policy[8], due_on[16];
};

static struct node *n;
static struct reply r;
static struct rng lot;
static unsigned enrolled;

/* --- what is there --- */

static uint64_t number_of(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* A text member's value; what it was when the line has none. */
static void take_text(const char *line, const char *key, char *out, size_t size)
{
    const char *at = strstr(line, key);
    if (at)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

static char status_of(const char *word)
{
    return *word == 's' ? 's' : *word == 't' ? 't' : 'p';
}

static void take_row(struct person *people, const char *line)
{
    struct person *p = &people[number_of(line, "{\"id\":\"P-")];
    char status[16] = "";
    take_text(line, "\"status\":\"", status, sizeof status);
    p->there = true;
    p->status = status_of(status);
    p->seq = number_of(line, "\"seq\":");
    take_text(line, "\"policy\":\"", p->policy, sizeof p->policy);
    take_text(line, "\"due_on\":\"", p->due_on, sizeof p->due_on);
}

static void take_event(struct person *people, const char *line)
{
    const char *subject = strstr(line, "\"subject\":\"P-");
    if (!subject)
        return;
    struct person *p = &people[number_of(subject, "\"subject\":\"P-")];
    char type[40] = "", status[16] = "p";
    take_text(line, "\"type\":\"", type, sizeof type);
    p->there = true;
    p->seq = number_of(line, "{\"seq\":");
    if (strstr(type, ".rejected"))
        return;
    take_text(line, "\"policy\":\"", p->policy, sizeof p->policy);
    take_text(line, "\"due_on\":\"", p->due_on, sizeof p->due_on);
    if (strcmp(type, "benefit.suspended") == 0)
        p->status = 's';
    else if (strcmp(type, "benefit.terminated") == 0)
        p->status = 't';
    else if (strcmp(type, "benefit.resumed") == 0 || strcmp(type, "beneficiary.enrolled") == 0)
        p->status = 'p';
    else if (strcmp(type, "benefit.reinstated") == 0) {
        take_text(line, "\"status\":\"", status, sizeof status);
        p->status = status_of(status);
    }
}

/* Each line of a text, with its newline made a terminator. */
static void each_line(struct buf *text, void (*take)(struct person *people, const char *line), struct person *people)
{
    char *p = text->p, *end = text->p + text->n;
    for (char *newline; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
        *newline = '\0';
        take(people, p);
    }
}

/* --- what comes --- */

static void send_inputs(unsigned people)
{
    static const char *const forms[] = {
        "{\"op\":\"certify\",\"id\":\"P-%u\",\"channel\":\"face\",\"certified_on\":\"%.10s\",\"ref\":\"%u\"}\n",
        "{\"op\":\"report-death\",\"id\":\"P-%u\",\"died_on\":\"%.10s\"}\n",
        "{\"op\":\"amend\",\"id\":\"P-%u\",\"policy\":\"b\",\"unit\":\"%.7s-%u\"}\n",
        "{\"op\":\"retract-death\",\"id\":\"P-%u\",\"reason\":\"%s\"}\n",
    };
    static unsigned ref;
    char today[26] = "";
    struct buf b = BUF_INIT;
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    take_text(r.body.p, "\"now\":\"", today, sizeof today);
    for (unsigned i = 0; i < people; i++, enrolled++)
        buf_printf(&b, "{\"op\":\"enrol\",\"id\":\"P-%u\",\"policy\":\"%c\",\"approved_on\":\"2025-12-01\"}\n",
                   enrolled, enrolled % 2 ? 'a' : 'b');
    for (unsigned i = 0; i < 60 && enrolled > people; i++)
        buf_printf(&b, forms[rng_below(&lot, 6) % 4], (unsigned)rng_below(&lot, enrolled), today, ref++);
    request_once(n->socket, "POST", "/v1/inputs", LINES, buf_str(&b), &r);
    if (r.status != 200)
        bail_out("inputs are answered %d", r.status);
    buf_done(&b);
}

static bool time_is(const char *month)
{
    char now[26] = "";
    request_once(n->socket, "GET", "/v1/status", NULL, STR_NONE, &r);
    take_text(r.body.p, "\"now\":\"", now, sizeof now);
    return strcmp(now, month) > 0;
}

/* --- the subscriber --- */

static uint64_t position(void)
{
    const char *text = reply_header(&r, "Lifecertd-Position");
    return text ? strtoull(text, NULL, 10) : 0;
}

/* Reads the list piece by piece; inputs come in between. */
static uint64_t read_list(struct buf *list)
{
    struct client *c = client_new(n->socket);
    static const char request[] = "GET /v1/beneficiaries HTTP/1.1\r\nHost: test\r\n\r\n";
    unsigned pieces = 0;
    if (!c || !client_send(c, request, sizeof request - 1))
        bail_out("the daemon takes no request");
    client_read_head(c, &r);
    uint64_t at = position();
    for (bool more = true; more; pieces++) {
        if (pieces % 4 == 0)
            send_inputs(MORE);
        more = client_read_chunk(c, list);
    }
    client_free(c);
    ok(pieces > 10, "the list comes in %u pieces, with inputs in between", pieces);
    return at;
}

static void follow(struct person *people, uint64_t after, uint64_t upto)
{
    char target[80];
    unsigned events = 0;
    while (after < upto) {
        snprintf(target, sizeof target, "/v1/events?after=%" PRIu64 "&limit=%d", after,
                 upto - after < 1000 ? (int)(upto - after) : 1000);
        request_once(n->socket, "GET", target, NULL, STR_NONE, &r);
        if (r.status != 200 || position() <= after)
            bail_out("%s: %d", target, r.status);
        after = position();
        for (size_t i = 0; i < r.body.n; i++)
            events += r.body.p[i] == '\n';
        each_line(&r.body, take_event, people);
    }
    ok(events > 1000, "%u events lie between the two lists", events);
}

static bool same(const struct person *a, const struct person *b)
{
    return a->there == b->there && a->seq == b->seq && a->status == b->status && strcmp(a->policy, b->policy) == 0 &&
           strcmp(a->due_on, b->due_on) == 0;
}

static void test_subscriber(void)
{
    struct person *mine = mem_zalloc(PEOPLE, sizeof *mine), *theirs = mem_zalloc(PEOPLE, sizeof *theirs);
    struct buf list = BUF_INIT;
    unsigned different = 0, statuses[128] = {0};
    char end[80];
    uint64_t at = read_list(&list);
    snprintf(end, sizeof end, "{\"position\":%" PRIu64 ",\"beneficiaries\":%d,\"after\":null}\n", at, FIRST);
    ok(list.n > strlen(end) && memcmp(list.p + list.n - strlen(end), end, strlen(end)) == 0,
       "it is whole, as of its position: whoever came later is not in it");
    list.n -= strlen(end);
    each_line(&list, take_row, mine);
    buf_done(&list);
    for (int i = 0; i < 1000 && !time_is("2026-07"); i++)
        send_inputs(0);

    request_once(n->socket, "GET", "/v1/beneficiaries", NULL, STR_NONE, &r);
    uint64_t later = position();
    snprintf(end, sizeof end, "{\"position\":%" PRIu64 ",\"beneficiaries\":%u,\"after\":null}\n", later, enrolled);
    ok(r.status == 200 && strcmp(r.body.p + r.body.n - strlen(end), end) == 0, "a later list has everybody");
    r.body.n -= strlen(end);
    each_line(&r.body, take_row, theirs);

    follow(mine, at, later);
    for (unsigned i = 0; i < PEOPLE; i++) {
        statuses[(unsigned char)theirs[i].status]++;
        if (!same(&mine[i], &theirs[i]) && different++ < 5)
            diag("P-%u: %" PRIu64 " %c %s %s, but the list has %" PRIu64 " %c %s %s", i, mine[i].seq, mine[i].status,
                 mine[i].policy, mine[i].due_on, theirs[i].seq, theirs[i].status, theirs[i].policy, theirs[i].due_on);
    }
    is_int(different, 0, "whoever followed the events from the first list has what the later one says");
    ok(statuses['p'] > 20 && statuses['s'] > 20 && statuses['t'] > 20, "with %u paid, %u suspended, %u terminated",
       statuses['p'], statuses['s'], statuses['t']);
    free(mine);
    free(theirs);
}

static void test_period(void)
{
    unsigned payable = 0, withheld = 0;
    char end[100];
    request_once(n->socket, "GET", "/v1/periods/2026-03", NULL, STR_NONE, &r);
    is_int(r.status, 200, "a period is answered");
    uint64_t at = position();
    for (const char *p = r.body.p; (p = strstr(p, "\"state\":\"")); p++) {
        payable += p[9] == 'p';
        withheld += p[9] == 'w';
    }
    snprintf(end, sizeof end, "{\"period\":\"2026-03\",\"position\":%" PRIu64 ",\"payable\":%u,\"withheld\":%u}\n", at,
             payable, withheld);
    ok(r.body.n > strlen(end) && strcmp(r.body.p + r.body.n - strlen(end), end) == 0,
       "its last line counts what stands before");
    ok(payable > 20 && withheld > 20, "%u payable and %u withheld", payable, withheld);
}

int main(void)
{
    plan(9);
    lot = rng_seed(3);
    n = node_new(CONFIG);
    node_init(n);
    node_must_start(n);
    send_inputs(FIRST);
    test_subscriber();
    test_period();
    reply_done(&r);
    node_free(n, false);
    return tap_end();
}
