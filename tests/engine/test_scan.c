/* Lists of everybody: exact as of one position, whatever is decided while they are read, and bounded. */
#include "tests/engine/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/engine/fake_clock.h"

#define PEOPLE 4000 /* some ten slices */
#define NEW_YEAR rig_at("2026-01-01T00:00:00+08:00")

/* The same policies, with other dates. */
static const char other_conf[] = "timezone = \"Europe/Berlin\"\n"
                                 "brake_limit = \"off\"\n"
                                 "channel \"face\" {}\n"
                                 "channel \"counter\" {}\n"
                                 "policy \"national\" { grace = 200 payday = 3 }\n"
                                 "policy \"beijing\" { grace = 9 remind_at = \"17:00\" }\n"
                                 "policy \"365-days\" { cycle = \"200 days\" validity = \"exact-day\" }\n";

/* --- people --- */

static void number(char id[16], unsigned n)
{
    snprintf(id, 16, "P-%05u", n);
}

static void add_enrolment(struct buf *out, unsigned n)
{
    static const char *const policies[] = {"national", "beijing", "365-days"};
    buf_printf(out,
               "{\"at\":\"2026-01-01T00:00:00+08:00\",\"op\":\"enrol\",\"id\":\"P-%05u\",\"policy\":\"%s\","
               "\"approved_on\":\"20%02u-%02u-05\",\"category\":\"c%u\",\"unit\":\"u-%u\"}\n",
               n, policies[n % 3], 10 + n % 15, 1 + n % 12, n % 7, n % 50);
}

static void enrol(struct rig *r, unsigned from, unsigned to)
{
    struct buf b = BUF_INIT;
    for (unsigned n = from; n < to; n++)
        add_enrolment(&b, n);
    buf_addc(&b, '\0');
    rig_inputs(r, b.p, NEW_YEAR);
    buf_done(&b);
}

static void open_with(struct rig *r, unsigned people)
{
    rig_open(r, "memory:", rig_conf, NEW_YEAR);
    enrol(r, 0, people);
}

/* --- scans --- */

static struct request everybody(void)
{
    return (struct request){.kind = REQUEST_SCAN, .scan = {.kind = SCAN_PEOPLE, .status = -1, .next_on = DATE_NONE}};
}

/* Asks for a slice; the whole text so far gathers in the request's body. */
static enum err slice(struct rig *r, struct request *q)
{
    struct buf before = q->body;
    q->body = BUF_INIT;
    rig_request(r, q);
    buf_addstr(&before, buf_str(&q->body));
    buf_done(&q->body);
    q->body = before;
    return q->err;
}

static void read_on(struct rig *r, struct request *q)
{
    while (q->scan.id)
        if (slice(r, q) != ERR_OK)
            bail_out("a slice fails: %s", q->msg.text);
}

static struct request read_all(struct rig *r, struct request q)
{
    if (slice(r, &q) == ERR_OK)
        read_on(r, &q);
    return q;
}

static unsigned lines(const struct request *q)
{
    unsigned n = 0;
    for (size_t i = 0; i < q->body.n; i++)
        n += q->body.p[i] == '\n';
    return n;
}

static bool ends_with(const struct request *q, const char *line)
{
    size_t n = strlen(line);
    return q->body.n >= n && memcmp(q->body.p + q->body.n - n, line, n) == 0;
}

static uint64_t last_seq(const struct rig *r)
{
    struct engine_counters c;
    engine_counters(r->engine, &c);
    return c.last_seq;
}

/* What a scan that begins now must say, made from one question a person. */
static struct buf expected(struct rig *r, unsigned people)
{
    struct buf out = BUF_INIT;
    char id[16];
    for (unsigned n = 0; n < people; n++) {
        number(id, n);
        buf_printf(&out, "%s\n", rig_ask(r, REQUEST_SHOW, id));
    }
    buf_printf(&out, "{\"position\":%" PRIu64 ",\"beneficiaries\":%u,\"after\":null}\n", last_seq(r), people);
    return out;
}

static bool same(const struct buf *got, const struct buf *want)
{
    if (got->n == want->n && memcmp(got->p, want->p, got->n) == 0)
        return true;
    size_t i = 0, from;
    while (i < got->n && i < want->n && got->p[i] == want->p[i])
        i++;
    from = i > 300 ? i - 300 : 0;
    diag("%zu bytes, expected %zu; they part at %zu", got->n, want->n, i);
    diag("got  %.*s", (int)(got->n - from < 600 ? got->n - from : 600), got->p + from);
    diag("want %.*s", (int)(want->n - from < 600 ? want->n - from : 600), want->p + from);
    return false;
}

/* --- whatever may happen meanwhile --- */

static void some_input(struct rig *r, struct rng *g, unsigned people)
{
    static const char *const forms[] = {
        "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"certified_on\":\"2026-01-01\",\"ref\":\"r%" PRIu64
        "\"}",
        "{\"op\":\"amend\",\"id\":\"%s\",\"category\":\"x%" PRIu64 "\"}",
        "{\"op\":\"amend\",\"id\":\"%s\",\"policy\":\"beijing\",\"unit\":\"v%" PRIu64 "\"}",
        "{\"op\":\"amend\",\"id\":\"%s\",\"policy\":\"365-days\",\"name\":\"N%" PRIu64 "\"}",
        "{\"op\":\"defer\",\"id\":\"%s\",\"until\":\"2026-01-20\",\"reason\":\"%" PRIu64 "\"}",
        "{\"op\":\"report-death\",\"id\":\"%s\",\"died_on\":\"2025-12-30\"}",
        "{\"op\":\"retract-death\",\"id\":\"%s\",\"reason\":\"%" PRIu64 "\"}",
    };
    char id[16], json[256];
    number(id, (unsigned)rng_below(g, people));
    snprintf(json, sizeof json, forms[rng_below(g, sizeof forms / sizeof *forms)], id, rng_below(g, 200));
    rig_input(r, json);
}

static void something(struct rig *r, struct rng *g, unsigned *people, unsigned step)
{
    static const char *const confs[] = {other_conf, rig_conf};
    for (int i = 0; i < 60; i++)
        some_input(r, g, *people);
    switch (step % 6) {
    case 0:
        enrol(r, *people, *people + 50);
        *people += 50;
        break;
    case 1: rig_place(r, SCOPE_CATEGORY, "c3", "2027-01-01"); break;
    case 2: rig_reload(r, confs[step / 6 % 2]); break;
    case 3: rig_lift(r, "moratorium:category:c3"); break;
    case 4: rig_until(r, NEW_YEAR + (lc_instant)step * 5 * 86400); break; /* reminders, suspensions */
    default: break;
    }
}

/* Four scans that begin at different times and are read by turns. */
static void test_exact(uint64_t seed)
{
    struct rig r = {.engine = NULL};
    struct rng g = rng_seed(seed);
    struct request q[SCANS_MAX];
    struct buf want[SCANS_MAX];
    unsigned people = PEOPLE, step = 0, different = 0;
    open_with(&r, PEOPLE);
    for (unsigned i = 0; i < SCANS_MAX; i++) {
        want[i] = expected(&r, people);
        q[i] = everybody();
        if (slice(&r, &q[i]) != ERR_OK)
            bail_out("a scan does not begin: %s", q[i].msg.text);
        something(&r, &g, &people, step++);
        something(&r, &g, &people, step++);
    }
    for (bool open = true; open; something(&r, &g, &people, step++)) {
        open = false;
        for (unsigned i = 0; i < SCANS_MAX; i++)
            if (q[i].scan.id && rng_below(&g, 4) && slice(&r, &q[i]) != ERR_OK)
                bail_out("a slice fails: %s", q[i].msg.text);
            else
                open |= q[i].scan.id != 0;
    }
    for (unsigned i = 0; i < SCANS_MAX; i++)
        different += !same(&q[i].body, &want[i]);
    is_int(different, 0, "seed %" PRIu64 ": four lists read amid changes are what everybody was when each began", seed);
    for (unsigned i = 0; i < SCANS_MAX; i++)
        for (unsigned k = 0; k < i; k++)
            different += q[i].body.n == q[k].body.n && memcmp(q[i].body.p, q[k].body.p, q[i].body.n) == 0;
    is_int(different, 0, "seed %" PRIu64 ": and no two of them alike", seed);
    for (unsigned i = 0; i < SCANS_MAX; i++) {
        buf_done(&q[i].body);
        buf_done(&want[i]);
    }
    rig_close(&r);
}

/* So many versions of policies come while a list is read that the places of those which it began with are used anew. */
static void test_versions(void)
{
    struct rig r = {.engine = NULL};
    struct request q = everybody();
    char conf[512];
    open_with(&r, 1500);
    struct buf want = expected(&r, 1500);
    if (slice(&r, &q) != ERR_OK)
        bail_out("a scan does not begin");
    for (int i = 0; i < 300; i++) {
        snprintf(
            conf, sizeof conf,
            "timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"face\" {}\npolicy \"national\" {}\n"
            "policy \"beijing\" { cycle = \"%d days\" }\npolicy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n",
            400 + i);
        if (rig_reload(&r, conf) != ERR_OK)
            bail_out("refused: %s", r.msg.text);
        rig_until(&r, NEW_YEAR);
    }
    read_on(&r, &q);
    ok(same(&q.body, &want), "three hundred versions of a policy later everybody is listed as under the first");
    buf_done(&q.body);
    buf_done(&want);
    rig_close(&r);
}

/* --- what is wanted --- */

/* The days' lists together are everybody who has a deadline, each once, and who does not stand in one has another. */
static void test_day(struct rig *r)
{
    struct request q = everybody();
    q = read_all(r, q);
    unsigned with_next = 0, listed = 0;
    for (size_t at = 0; at < q.body.n;) {
        const char *line = q.body.p + at, *newline = memchr(line, '\n', q.body.n - at);
        with_next += memmem(line, (size_t)(newline - line), "\"next\":{", 8) != NULL;
        at = (size_t)(newline + 1 - q.body.p);
    }
    buf_done(&q.body);
    bool fits = true;
    for (lc_date day = date_make(2026, 1, 1); day < date_make(2030, 1, 1); day++) {
        char on[32], text[10];
        date_format(day, text);
        snprintf(on, sizeof on, "\"at\":\"%.10s", text);
        q = everybody();
        q.scan.next_on = day;
        q = read_all(r, q);
        listed += lines(&q) - 1;
        for (const char *p = q.body.p, *end = q.body.p + q.body.n;
             fits && (p = memmem(p, (size_t)(end - p), "\"next\":", 7));)
            fits = memmem(p, (size_t)(end - p) < 60 ? (size_t)(end - p) : 60, on, strlen(on)) != NULL && p++;
        buf_done(&q.body);
    }
    ok(with_next > 100, "many have a deadline to come");
    is_int(listed, with_next, "each of them is in one day's list");
    ok(fits, "the one of its day");
    q = everybody();
    q.scan.ids_only = true;
    q.scan.limit = 2;
    q = read_all(r, q);
    ok(q.body.n > 40 && memcmp(q.body.p, "{\"id\":\"P-00000\"}\n{\"id\":\"P-00001\"}\n", 34) == 0,
       "ids alone are listed where no more is asked for");
    buf_done(&q.body);
}

static void test_filters(void)
{
    struct rig r = {.engine = NULL};
    open_with(&r, 900);
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"P-00007\",\"died_on\":\"2025-12-30\"}");
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"P-00008\",\"died_on\":\"2025-12-30\"}");
    struct request q = everybody();
    q.scan.status = STATUS_TERMINATED;
    q = read_all(&r, q);
    is_int(lines(&q), 3, "of one status only those are listed");
    ok(memmem(q.body.p, q.body.n, "P-00007", 7) && memmem(q.body.p, q.body.n, "P-00008", 7), "and all of those");
    buf_done(&q.body);

    q = everybody();
    q.scan.policy = STR_LIT("beijing");
    q = read_all(&r, q);
    is_int(lines(&q), 301, "of one policy only those under it are");
    buf_clear(&q.body);
    rig_reload(&r, other_conf);
    q = read_all(&r, q);
    is_int(lines(&q), 301, "also when the policy has changed");
    buf_done(&q.body);

    test_day(&r);
    q = everybody();
    q.scan.policy = STR_LIT("tibet");
    is_int(slice(&r, &q), ERR_INVALID, "a policy that is not there is refused");
    is_str(q.scan.member, "policy", "by name");
    q = everybody();
    q.scan.after = STR_LIT("P-99999");
    is_int(slice(&r, &q), ERR_INVALID, "and so is a person");
    is_str(q.scan.member, "after", "by name");
    ok(q.scan.id == 0, "and nothing was begun");
    rig_close(&r);
}

static void test_pages(void)
{
    struct rig r = {.engine = NULL};
    struct buf whole = BUF_INIT;
    open_with(&r, 900);
    struct buf want = expected(&r, 900);
    char after[16] = "", end[128];
    unsigned pages = 0, wrong = 0;
    for (unsigned n = 0; n < 900; n += 250, pages++) {
        struct request q = everybody();
        unsigned there = n + 250 <= 900 ? 250 : 900 - n;
        q.scan.limit = 250;
        q.scan.after = *after ? str_of(after) : STR_NONE;
        q = read_all(&r, q);
        number(after, n + there - 1);
        snprintf(end, sizeof end,
                 there == 250 ? "\"beneficiaries\":%u,\"after\":\"%s\"}\n" : "\"beneficiaries\":%u,\"after\":null}\n",
                 there, after);
        wrong += !ends_with(&q, end) || lines(&q) != there + 1;
        q.body.n -= (size_t)(q.body.p + q.body.n - (char *)memrchr(q.body.p, '\n', q.body.n - 1)) - 1;
        buf_addstr(&whole, buf_str(&q.body));
        buf_done(&q.body);
    }
    is_int(wrong, 0, "each page has as many as it may, and says behind whom the next one begins");
    is_int(pages, 4, "in four pages");
    want.n = whole.n < want.n ? whole.n : want.n;
    ok(same(&whole, &want), "they make up the whole");
    struct request q = everybody();
    q.scan.after = STR_LIT("P-00899");
    q = read_all(&r, q);
    ok(lines(&q) == 1 && ends_with(&q, "\"beneficiaries\":0,\"after\":null}\n"), "behind the last there is nobody");
    buf_done(&q.body);
    buf_done(&whole);
    buf_done(&want);
    rig_close(&r);
}

static void test_nobody(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    struct request q = read_all(&r, everybody());
    is_int(lines(&q), 1, "where nobody is enrolled the list has its last line alone");
    buf_done(&q.body);
    rig_close(&r);
}

/* --- bounds --- */

static void test_places(void)
{
    struct rig r = {.engine = NULL};
    struct request q[SCANS_MAX], more = everybody();
    open_with(&r, 1500);
    unsigned begun = 0;
    for (unsigned i = 0; i < SCANS_MAX; i++) {
        q[i] = everybody();
        begun += slice(&r, &q[i]) == ERR_OK && q[i].scan.id;
    }
    is_int(begun, SCANS_MAX, "so many may be read at a time");
    is_int(slice(&r, &more), ERR_FULL, "one more is refused");
    q[0].scan.end = true;
    size_t had = q[0].body.n;
    ok(slice(&r, &q[0]) == ERR_OK && !q[0].scan.id && q[0].body.n == had, "one that is given up has no more lines");
    is_int(slice(&r, &more), ERR_OK, "and leaves its place to another");
    more.scan.end = true;
    slice(&r, &more);
    buf_done(&more.body);
    more.scan.id = 12345;
    is_int(slice(&r, &more), ERR_OK, "giving up what is over already is fine");
    for (unsigned i = 1; i < SCANS_MAX; i++)
        read_on(&r, &q[i]);
    more = everybody();
    more = read_all(&r, more);
    is_int(lines(&more), 1501, "those that are read to their end leave theirs too");
    for (unsigned i = 0; i < SCANS_MAX; i++)
        buf_done(&q[i].body);
    buf_done(&more.body);
    rig_close(&r);
}

static void test_outgrown(void)
{
    struct rig r = {.options = {.scan_saved = 100}};
    struct request q = everybody();
    char json[128];
    open_with(&r, 3000);
    if (slice(&r, &q) != ERR_OK)
        bail_out("a scan does not begin");
    for (int i = 0; i <= 100; i++) {
        snprintf(json, sizeof json, "{\"op\":\"amend\",\"id\":\"P-%05d\",\"unit\":\"w\"}", 2999 - i);
        rig_input(&r, json);
        if (i == 99)
            is_int(slice(&r, &q), ERR_OK, "as many changed ahead of it as it may save: it goes on");
    }
    is_int(slice(&r, &q), ERR_ABSENT, "one more: it was given up");
    ok(q.scan.id == 0, "and is over");
    buf_done(&q.body);
    rig_close(&r);
}

static void test_idle(void)
{
    struct rig r = {.engine = NULL};
    struct request q = everybody(), other = everybody();
    open_with(&r, 3000);
    if (slice(&r, &q) != ERR_OK || slice(&r, &other) != ERR_OK)
        bail_out("a scan does not begin");
    fake_pass(59);
    is_int(slice(&r, &q), ERR_OK, "after a while it goes on");
    fake_pass(59);
    is_int(slice(&r, &q), ERR_OK, "and again");
    is_int(slice(&r, &other), ERR_ABSENT, "whom nobody continued for a minute was given up");
    read_on(&r, &q);
    is_int(lines(&q), 3001, "the other is read to its end");
    buf_done(&q.body);
    buf_done(&other.body);
    rig_close(&r);
}

/* One that is begun, and kept, is read later, as of its beginning. */
static void test_kept(void)
{
    struct rig r = {.engine = NULL};
    struct request q = everybody();
    open_with(&r, 100);
    uint64_t position = last_seq(&r);
    q.scan.keep = true;
    is_int(slice(&r, &q), ERR_OK, "a list is begun without a slice");
    ok(q.scan.id != 0 && q.body.n == 0, "its body is empty");
    is_int((int64_t)q.scan.position, (int64_t)position, "and its position set");
    enrol(&r, 100, 101);
    for (int i = 0; i < 3; i++) {
        fake_pass(59);
        is_int(slice(&r, &q), ERR_OK, "it is kept for another minute");
    }
    ok(q.body.n == 0, "without a word");
    q.scan.keep = false;
    is_int(slice(&r, &q), ERR_OK, "then it is read");
    read_on(&r, &q);
    is_int(lines(&q), 101, "as of the beginning");
    q = (struct request){.kind = REQUEST_SCAN, .scan = everybody().scan, .body = q.body};
    buf_clear(&q.body);
    q.scan.keep = true;
    is_int(slice(&r, &q), ERR_OK, "another one");
    q.scan.end = true;
    is_int(slice(&r, &q), ERR_OK, "is given up");
    is_int(q.scan.id, 0, "whether it was to be kept or not");
    buf_done(&q.body);
    rig_close(&r);
}

/* --- nothing that could be lost --- */

struct asking {
    struct rig *rig;
    bool done;
    uint64_t durable, position;
};

static void answered(struct request *q)
{
    struct asking *a = q->owner;
    struct engine_counters c;
    engine_counters(a->rig->engine, &c);
    a->durable = c.durable_seq;
    a->position = q->scan.position;
    a->done = true;
}

static void ignore(struct request *q)
{
    (void)q;
}

static void test_durable(void)
{
    struct rig r = {.engine = NULL};
    char uri[128];
    snprintf(uri, sizeof uri, "dir:%s/durable", tap_tmpdir());
    rig_open(&r, uri, rig_conf, NEW_YEAR);
    enrol(&r, 0, 10);
    struct input in = {.op = OP_CERTIFY,
                       .id = STR_LIT("P-00003"),
                       .channel = STR_LIT("face"),
                       .ref = STR_LIT("1"),
                       .at = INSTANT_NONE};
    struct input_result result;
    struct request inputs = {.kind = REQUEST_INPUTS, .inputs = &in, .n_inputs = 1, .results = &result, .done = ignore};
    date_parse("2026-01-01", 10, &in.certified_on);
    uint64_t before = last_seq(&r);
    struct asking a = {.rig = &r};
    struct request q = everybody();
    q.done = answered;
    q.owner = &a;
    if (!engine_submit(r.engine, &inputs) || !engine_submit(r.engine, &q))
        bail_out("the queue is full");
    for (int i = 0; i < 100000 && !a.done; i++) {
        int64_t wait;
        if (engine_tick(r.engine, &wait, &r.msg) != ERR_OK)
            bail_out("%s", r.msg.text);
    }
    ok(a.position > before, "a list holds what was decided just before it");
    ok(a.done && a.durable >= a.position, "and is answered when that is durable");
    buf_done(&q.body);
    rig_close(&r);
}

int main(void)
{
    plan(tap_rounds(3) * 2 + 1 + 13 + 4 + 1 + 6 + 3 + 4 + 12 + 2);
    for (uint64_t seed = 1; seed <= tap_rounds(3); seed++)
        test_exact(seed);
    test_versions();
    test_filters();
    test_pages();
    test_nobody();
    test_places();
    test_outgrown();
    test_idle();
    test_kept();
    test_durable();
    return tap_end();
}
