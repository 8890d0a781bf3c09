/* The delivery state over every kind of store: every change and every question, what is seen while a commit is in
 * flight; and for a store that lasts, what a restart, a restored backup, damage and death in mid-commit leave. */
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/store/delivery_help.h"

struct kind {
    const char *name;
    bool lasts; /* outlives its process */
};

static const struct kind kinds[] = {{"memory", false}, {"dir", true}, {"redis", true}};
static const struct kind *const dir = &kinds[1], *const redis = &kinds[2];
static struct redis_server server;

/* A writer that was killed keeps a shard in Redis for so long. */
static const struct store_options options = {.lease_ms = 150};

/* A store with its delivery state. */
struct both {
    const struct kind *kind;
    char path[256], uri[272];
    struct store *s;
    struct delivery_store *d;
    struct buf text;
};

static void open_both(struct both *b, enum store_mode mode)
{
    struct errmsg msg;
    if (store_open(b->uri, mode, &options, &b->s, NULL, &msg) != ERR_OK || delivery_open(b->s, &b->d, &msg) != ERR_OK)
        bail_out("%s: %s", b->uri, msg.text);
}

/* Of a store with that many events. */
static struct both make(const struct kind *k, const char *name, uint64_t events)
{
    struct both b = {.kind = k};
    struct errmsg msg;
    snprintf(b.path, sizeof b.path, "%s/%s", tap_tmpdir(), name);
    snprintf(b.uri, sizeof b.uri, "%s:%s", k->name, k->lasts ? b.path : "");
    if (k == redis)
        snprintf(b.uri, sizeof b.uri, "redis://127.0.0.1:%d/%s#0", server.port, name);
    if (store_open(b.uri, STORE_INIT, &options, &b.s, NULL, &msg) != ERR_OK ||
        (events && commit_events(b.s, events, &msg) != ERR_OK) || delivery_open(b.s, &b.d, &msg) != ERR_OK)
        bail_out("%s: %s", b.uri, msg.text);
    return b;
}

static void close_both(struct both *b)
{
    delivery_close(b->d);
    store_close(b->s);
    b->d = NULL;
    b->s = NULL;
}

static void done(struct both *b)
{
    close_both(b);
    buf_done(&b->text);
}

/* After a restart; what does not last stays open. */
static void reopen(struct both *b)
{
    if (!b->kind->lasts)
        return;
    close_both(b);
    open_both(b, STORE_WRITE);
}

static void commit(struct both *b, const struct delivery_change *changes, size_t n)
{
    struct errmsg msg;
    if (delivery_commit_all(b->d, changes, n, &msg) != ERR_OK)
        bail_out("%s: %s", b->uri, msg.text);
}

#define COMMIT(b, ...)                                             \
    commit((b), (const struct delivery_change[]){__VA_ARGS__},     \
           sizeof((const struct delivery_change[]){__VA_ARGS__}) / \
               sizeof(struct delivery_change))

#define HAS "\"reminder.due\" attempts=0 next=0 changed=0"
#define PLAIN(head) head " type=" HAS " receipt=0 at=0 number=0\n"

/* --- what every kind does --- */

static void test_empty(const struct kind *k)
{
    struct both b = make(k, "empty", 0);
    struct errmsg msg;
    unsigned char key[16], zero[16] = {0};
    uint64_t totals[DELIVERY_STATE_N] = {9};
    is_str(endpoints_text(b.d, &b.text), "", "%s: a new state has no endpoints", k->name);
    is_str(rows_text(b.d, &b.text, "payroll", ALL_STATES, 0, 0), "", "%s: no rows", k->name);
    is_str(gaps_text(b.d, &b.text, "payroll"), "", "%s: no gaps", k->name);
    is_str(counts_text(b.d, &b.text, 20000), "", "%s: and no counts", k->name);
    is_str(row_text(b.d, &b.text, "payroll", 1), "absent", "%s: a row is absent", k->name);
    is_str(ref_text(b.d, &b.text, "payroll", "r"), "absent", "%s: and so is a gateway's number", k->name);
    is_int(delivery_totals(b.d, STR_LIT("payroll"), totals, &msg), ERR_OK, "%s: it can be counted", k->name);
    is_int(totals[0], 0, "%s: to nothing", k->name);
    memcpy(key, delivery_key(b.d), sizeof key);
    ok(memcmp(key, zero, sizeof key) != 0, "%s: it has a key", k->name);
    reopen(&b);
    ok(memcmp(key, delivery_key(b.d), sizeof key) == 0, "%s: which a restart keeps", k->name);
    is_int(delivery_poll(b.d, false, &msg), ERR_OK, "%s: nothing is in flight", k->name);
    is_int(delivery_commit_all(b.d, NULL, 0, &msg), ERR_OK, "%s: a commit of nothing is done", k->name);
    done(&b);
}

static void test_words(void)
{
    bool good = true;
    for (int i = 0; i < DELIVERY_STATE_N; i++) {
        enum delivery_state back;
        good = good && delivery_state_parse(str_of(delivery_state_text((enum delivery_state)i)), &back) &&
               back == (enum delivery_state)i;
    }
    enum delivery_state none = DELIVERY_DEAD;
    ok(good, "every state has a word of its own");
    ok(!delivery_state_parse(STR_LIT("sen"), &none) && none == DELIVERY_DEAD, "part of one is none");
    ok(!delivery_state_parse(STR_NONE, &none), "nor is no word");
}

static void test_row(const struct kind *k)
{
    struct both b = make(k, "row", 0);
    struct delivery_change full = {.kind = CHANGE_PUT,
                                   .row = {.endpoint = STR_LIT("短信"),
                                           .seq = 1234567890123,
                                           .subject = STR_LIT("p-1"),
                                           .type = STR_LIT("reminder.due"),
                                           .state = DELIVERY_UNKNOWN,
                                           .attempts = UINT32_MAX,
                                           .next_at = 1767225600999,
                                           .changed_at = 1767225600001,
                                           .gap = true,
                                           .why = STR_LIT("超时"),
                                           .ref = STR_LIT("r'1"),
                                           .receipt = 255,
                                           .receipt_at = 1767225601000,
                                           .number = UINT64_MAX}};
    static const char want[] = "短信 1234567890123 unknown subject=\"p-1\" type=\"reminder.due\" attempts=4294967295"
                               " next=1767225600999 changed=1767225600001 gap why=\"超时\" ref=\"r'1\" receipt=255"
                               " at=1767225601000 number=18446744073709551615\n";
    struct delivery_change bare = change_put("短信", 7, DELIVERY_RETRY), empty = change_put("短信", 8, DELIVERY_RETRY);
    empty.row.subject = empty.row.why = empty.row.ref = STR_LIT("");
    COMMIT(&b, full, bare, empty);
    reopen(&b);
    is_str(row_text(b.d, &b.text, "短信", 1234567890123), want, "%s: a row keeps every member", k->name);
    is_str(ref_text(b.d, &b.text, "短信", "r'1"), want, "%s: and is found by the gateway's number", k->name);
    is_str(row_text(b.d, &b.text, "短信", 7), PLAIN("短信 7 retry"), "%s: what it does not have is none", k->name);
    is_str(row_text(b.d, &b.text, "短信", 8),
           "短信 8 retry subject=\"\" type=" HAS " why=\"\" ref=\"\" receipt=0 at=0 number=0\n",
           "%s: which is not the same as empty", k->name);
    done(&b);
}

static void test_endpoint(const struct kind *k)
{
    struct both b = make(k, "endpoint", 100);
    struct delivery_change full = {.kind = CHANGE_ENDPOINT,
                                   .at = {STR_LIT("payroll"), 99, STR_LIT("410 Gone"), STR_LIT("lin"), 1767225600000,
                                          1, 2, 3, 4, 5}};
    COMMIT(&b, change_put("zone", 5, DELIVERY_DEAD), full, change_endpoint("audit", 7));
    reopen(&b);
    is_str(endpoints_text(b.d, &b.text),
           "audit at 7 since=0 0 0 0 0 0\n"
           "payroll at 99 paused=\"410 Gone\" by=\"lin\" since=1767225600000 1 2 3 4 5\n",
           "%s: endpoints keep every member; one that was never put is none", k->name);
    is_str(rows_text(b.d, &b.text, "zone", ALL_STATES, 0, 0), PLAIN("zone 5 dead"), "%s: but its rows are there",
           k->name);
    COMMIT(&b, change_endpoint("payroll", 100), change_endpoint("zone", 0));
    reopen(&b);
    is_str(endpoints_text(b.d, &b.text),
           "audit at 7 since=0 0 0 0 0 0\npayroll at 100 since=0 0 0 0 0 0\nzone at 0 since=0 0 0 0 0 0\n",
           "%s: a change replaces the whole", k->name);
    is_str(rows_text(b.d, &b.text, "zone", ALL_STATES, 0, 0), PLAIN("zone 5 dead"), "%s: and leaves the rows", k->name);
    done(&b);
}

static void test_order(const struct kind *k)
{
    struct both b = make(k, "order", 0);
    struct delivery_change one = change_put("a", 1, DELIVERY_SENDING), two = one, three = one;
    two.row.ref = STR_LIT("old");
    two.row.state = DELIVERY_SENT;
    three.row.ref = STR_LIT("new");
    three.row.state = DELIVERY_SENT;
    COMMIT(&b, change_put("a", 2, DELIVERY_RETRY), change_remove("a", 2), change_remove("a", 3),
           change_put("a", 3, DELIVERY_WAIT), change_remove("b", 1), one, two);
    is_str(rows_text(b.d, &b.text, "a", ALL_STATES, 0, 0),
           "a 1 sent type=" HAS " ref=\"old\" receipt=0 at=0 number=0\n" PLAIN("a 3 wait"),
           "%s: changes take effect in their order; removing what is absent is nothing", k->name);
    COMMIT(&b, three);
    is_str(ref_text(b.d, &b.text, "a", "old"), "absent", "%s: a replaced number is not found", k->name);
    is_str(ref_text(b.d, &b.text, "a", "new"), "a 1 sent type=" HAS " ref=\"new\" receipt=0 at=0 number=0\n",
           "%s: the new one is", k->name);
    is_str(ref_text(b.d, &b.text, "b", "new"), "absent", "%s: at its endpoint alone", k->name);
    three.row.attempts = 4;
    three.row.state = DELIVERY_SKIPPED;
    COMMIT(&b, three);
    is_str(ref_text(b.d, &b.text, "a", "new"),
           "a 1 skipped type=\"reminder.due\" attempts=4 next=0 changed=0 ref=\"new\" receipt=0 at=0 number=0\n",
           "%s: a row put again with its number is replaced as a whole", k->name);
    COMMIT(&b, one);
    is_str(ref_text(b.d, &b.text, "a", "new"), "absent", "%s: and may lose it", k->name);
    is_str(rows_text(b.d, &b.text, "a", ALL_STATES, 0, 0), PLAIN("a 1 sending") PLAIN("a 3 wait"),
           "%s: each number has one row", k->name);
    done(&b);
}

enum { ACCEPTED = 1, DELIVERED, FAILED }; /* receipts */

static struct delivery_change put_why(uint64_t seq, enum delivery_state state, const char *why, const char *ref)
{
    struct delivery_change c = change_put("sms", seq, state);
    c.row.why = str_of(why);
    c.row.ref = str_of(ref);
    return c;
}

#define TYPE " type=\"reminder.due\" attempts=0 next=0 "

static void test_receipts(const struct kind *k)
{
    struct both b = make(k, "receipts", 0);
    COMMIT(&b, put_why(1, DELIVERY_SENT, NULL, "r1"), change_receipt("sms", 1, ACCEPTED, "8"),
           change_receipt("sms", 1, FAILED, "16"), change_receipt("sms", 1, DELIVERED, "1"),
           change_receipt("sms", 1, ACCEPTED, "4"));
    is_str(row_text(b.d, &b.text, "sms", 1),
           "sms 1 sent" TYPE "changed=203 why=\"16\" ref=\"r1\" receipt=3 at=103 number=0\n",
           "%s: the first final receipt stands", k->name);
    COMMIT(&b, change_receipt("sms", 2, DELIVERED, "1"), change_receipt("other", 1, DELIVERED, "1"));
    is_str(row_text(b.d, &b.text, "sms", 2), "absent", "%s: one of what is not there is nothing", k->name);
    COMMIT(&b, put_why(3, DELIVERY_UNKNOWN, "timed out", NULL), change_receipt("sms", 3, ACCEPTED, NULL));
    is_str(row_text(b.d, &b.text, "sms", 3), "sms 3 sent" TYPE "changed=201 receipt=1 at=101 number=0\n",
           "%s: what was unknown was sent, whatever the receipt says", k->name);
    COMMIT(&b, put_why(4, DELIVERY_SENDING, NULL, NULL), change_receipt("sms", 4, DELIVERED, "ok"));
    is_str(row_text(b.d, &b.text, "sms", 4),
           "sms 4 sending" TYPE "changed=202 why=\"ok\" receipt=2 at=102 number=0\n",
           "%s: a receipt may come before the gateway's answer", k->name);
    COMMIT(&b, put_why(4, DELIVERY_SENT, NULL, "r4"));
    static const char both_there[] =
        "sms 4 sent" TYPE "changed=0 why=\"ok\" ref=\"r4\" receipt=2 at=102 number=0\n";
    is_str(row_text(b.d, &b.text, "sms", 4), both_there, "%s: the answer leaves it there", k->name);
    COMMIT(&b, put_why(4, DELIVERY_UNKNOWN, "timed out", "r4"));
    is_str(row_text(b.d, &b.text, "sms", 4), both_there, "%s: and no time-out makes it unknown again", k->name);
    COMMIT(&b, put_why(4, DELIVERY_UNKNOWN, "timed out", "r5"));
    is_str(ref_text(b.d, &b.text, "sms", "r5"),
           "sms 4 sent" TYPE "changed=0 why=\"ok\" ref=\"r5\" receipt=2 at=102 number=0\n",
           "%s: with another number neither", k->name);
    COMMIT(&b, put_why(4, DELIVERY_RETRY, "by an operator", "r5"));
    is_str(row_text(b.d, &b.text, "sms", 4),
           "sms 4 retry" TYPE "changed=0 why=\"by an operator\" ref=\"r5\" receipt=2 at=102 number=0\n",
           "%s: another state has its own reason", k->name);
    COMMIT(&b, change_remove("sms", 4), put_why(4, DELIVERY_UNKNOWN, "timed out", NULL));
    is_str(row_text(b.d, &b.text, "sms", 4),
           "sms 4 unknown" TYPE "changed=0 why=\"timed out\" receipt=0 at=0 number=0\n",
           "%s: a row that was taken out takes its receipt with it", k->name);
    done(&b);
}

static void test_gaps_and_counts(const struct kind *k)
{
    struct both b = make(k, "gaps", 0);
    COMMIT(&b, change_gap("a", "p2", true), change_gap("a", "p1", true), change_gap("a", "p2", true),
           change_gap("b", "p3", true), change_gap("b", "p4", false), change_count(20000, 7, 1),
           change_count(20000, UINT64_MAX, 2), change_count(20001, 7, 50), change_count(20000, 7, 3));
    reopen(&b);
    is_str(gaps_text(b.d, &b.text, "a"), "gap p1\ngap p2\n", "%s: marked persons are kept once", k->name);
    is_str(gaps_text(b.d, &b.text, "b"), "gap p3\n", "%s: for each endpoint", k->name);
    is_str(counts_text(b.d, &b.text, 20000), "count 18446744073709551615 2\ncount 7 3\n",
           "%s: the last count of a number and day counts", k->name);
    is_str(counts_text(b.d, &b.text, 20001), "count 7 50\n", "%s: each day for itself", k->name);
    COMMIT(&b, change_gap("a", "p1", false), change_gap("a", "p1", false), change_gap("a", "p2", false),
           change_gap("a", "p2", true));
    is_str(gaps_text(b.d, &b.text, "a"), "gap p2\n", "%s: and a mark is taken off", k->name);
    done(&b);
}

static void test_redeliveries(const struct kind *k)
{
    struct both b = make(k, "redeliveries", 200);
    struct delivery_change whole = {.kind = CHANGE_REDELIVERY,
                                    .redelivery = {.endpoint = STR_LIT("b"),
                                                   .state = REDELIVERY_DONE,
                                                   .after = 1,
                                                   .until = INT64_MAX,
                                                   .position = 3,
                                                   .type = STR_LIT("benefit.*"),
                                                   .subject = STR_LIT("p'1"),
                                                   .sent = 4,
                                                   .failed = 5,
                                                   .skipped = 6,
                                                   .started_at = 1767225600999,
                                                   .ended_at = 1767225601999,
                                                   .by = STR_LIT("lin"),
                                                   .why = STR_LIT("新系统"),
                                                   .last_error = STR_LIT("status 500")}};
    is_str(redeliveries_text(b.d, &b.text), "", "%s: at first nothing is sent again", k->name);
    COMMIT(&b, whole, change_redelivery("a", REDELIVERY_RUNNING, 100));
    reopen(&b);
    is_str(redeliveries_text(b.d, &b.text),
           "a running 0-100 at 0 0 0 0 0-0 by=\"lin\"\n"
           "b done 1-9223372036854775807 at 3 type=\"benefit.*\" subject=\"p'1\" 4 5 6 1767225600999-1767225601999"
           " by=\"lin\" why=\"新系统\" error=\"status 500\"\n",
           "%s: what is sent again is kept, with all that is known of it", k->name);
    is_str(endpoints_text(b.d, &b.text), "", "%s: an endpoint of which nothing else is known has no cursor", k->name);
    COMMIT(&b, change_redelivery("b", REDELIVERY_CANCELLED, 7), change_put("b", 1, DELIVERY_WAIT),
           change_put("b x", 1, DELIVERY_RETRY), change_put("b x", 2, DELIVERY_WAIT));
    is_str(redeliveries_text(b.d, &b.text),
           "a running 0-100 at 0 0 0 0 0-0 by=\"lin\"\nb cancelled 0-7 at 0 0 0 0 0-0 by=\"lin\"\n",
           "%s: of each endpoint the last one", k->name);
    COMMIT(&b, change_clear("b x"), change_clear("nobody"), change_put("b x", 3, DELIVERY_WAIT));
    is_str(rows_text(b.d, &b.text, "b x", ALL_STATES, 0, 0), PLAIN("b x 3 wait"), "%s: rows are cleared, in order",
           k->name);
    is_str(rows_text(b.d, &b.text, "b", ALL_STATES, 0, 0), PLAIN("b 1 wait"), "%s: of that name alone", k->name);
    done(&b);
}

static void test_forget(const struct kind *k)
{
    struct both b = make(k, "forget", 0);
    struct delivery_change rows[2 * DELIVERY_STATE_N];
    for (uint64_t i = 0; i < 2 * DELIVERY_STATE_N; i++) {
        rows[i] = change_put("a", i + 1, (enum delivery_state)(i / 2));
        rows[i].row.next_at = i % 2 ? 1000 : 999;
    }
    commit(&b, rows, 2 * DELIVERY_STATE_N);
    struct delivery_change cursor = {.kind = CHANGE_ENDPOINT, .at = {.endpoint = STR_LIT("a"), .cursor = 10}};
    COMMIT(&b, cursor, change_forget(1000, 0));
    ok(strcmp(row_text(b.d, &b.text, "a", 11), "absent") != 0, "%s: what the cursor has not passed is kept", k->name);
    cursor.at.cursor = 14;
    COMMIT(&b, cursor, change_count(19999, 1, 1), change_count(20000, 1, 1), change_forget(1000, 20000));
    uint64_t totals[DELIVERY_STATE_N];
    struct errmsg msg;
    is_int(delivery_totals(b.d, STR_LIT("a"), totals, &msg), ERR_OK, "%s: after forgetting", k->name);
    bool others = true;
    for (int s = 0; s < DELIVERY_SENT; s++)
        others = others && totals[s] == 2;
    ok(others, "%s: what waits for something is there", k->name);
    is_int(totals[DELIVERY_SENT], 1, "%s: what was sent is gone before its time is", k->name);
    is_int(totals[DELIVERY_SKIPPED], 1, "%s: and what was skipped", k->name);
    ok(strcmp(row_text(b.d, &b.text, "a", 11), "absent") == 0 &&
           strcmp(row_text(b.d, &b.text, "a", 12), "absent") != 0,
       "%s: the one that ends at that moment stays", k->name);
    is_str(counts_text(b.d, &b.text, 19999), "", "%s: the counts of earlier days are gone", k->name);
    is_str(counts_text(b.d, &b.text, 20000), "count 1 1\n", "%s: those of the day are not", k->name);
    done(&b);
}

struct walk {
    uint64_t last, n;
    unsigned states; /* seen */
    bool ascending;
};

static void walk_row(void *arg, const struct delivery_row *r)
{
    struct walk *w = arg;
    w->ascending = w->ascending && r->seq > w->last;
    w->last = r->seq;
    w->states |= 1u << r->state;
    w->n++;
}

/* 3,000 rows of one endpoint between those of others, states in turn. */
static void test_pages(const struct kind *k)
{
    enum { ROWS = 3000, PAGE = 64 };
    struct both b = make(k, "pages", 0);
    struct delivery_change *c = mem_zalloc(3 * ROWS, sizeof *c);
    struct errmsg msg;
    for (uint64_t i = 0; i < ROWS; i++) {
        enum delivery_state state = (enum delivery_state)(i * 5 % DELIVERY_STATE_N);
        c[3 * i] = change_put("a", i + 1, state);
        c[3 * i + 1] = change_put("b", i + 1, state);
        c[3 * i + 2] = change_put("c", i + 1, state);
    }
    commit(&b, c, (size_t)3 * ROWS);
    free(c);
    unsigned wanted = 1u << DELIVERY_RETRY | 1u << DELIVERY_SENT | 1u << DELIVERY_DEAD;
    struct walk w = {.ascending = true};
    uint64_t before, pages = 0;
    do {
        before = w.n;
        if (delivery_rows(b.d, STR_LIT("b"), wanted, w.last, PAGE, walk_row, &w, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        pages++;
    } while (w.n - before == PAGE);
    ok(w.ascending, "%s: pages of rows of three states ascend", k->name);
    is_int(w.states, wanted, "%s: no other state is among them", k->name);
    uint64_t totals[DELIVERY_STATE_N];
    is_int(delivery_totals(b.d, STR_LIT("b"), totals, &msg), ERR_OK, "%s: counted by state", k->name);
    is_int(w.n, totals[DELIVERY_RETRY] + totals[DELIVERY_SENT] + totals[DELIVERY_DEAD], "%s: none is missing", k->name);
    is_int(pages, w.n / PAGE + 1, "%s: and every page but the last is full", k->name);
    uint64_t few = 0;
    is_int(delivery_total(b.d, STR_LIT("b"), DELIVERY_DEAD, 3, &few, &msg), ERR_OK, "%s: counted to a bound", k->name);
    is_int(few, 3, "%s: there are no more than that", k->name);
    w = (struct walk){.ascending = true};
    is_int(delivery_rows(b.d, STR_LIT("b"), ALL_STATES, 0, 0, walk_row, &w, &msg), ERR_OK, "%s: all at once", k->name);
    is_int(w.n, ROWS, "%s: are all there are", k->name);
    is_str(rows_text(b.d, &b.text, "b", ALL_STATES, ROWS - 1, 0), PLAIN("b 3000 wait"), "%s: after the last but one",
           k->name);
    is_str(rows_text(b.d, &b.text, "b", ALL_STATES, UINT64_MAX, 0), "", "%s: nothing is after the end", k->name);
    is_str(rows_text(b.d, &b.text, "b", 0, 0, 0), "", "%s: nothing is in no state", k->name);
    is_str(rows_text(b.d, &b.text, "d", ALL_STATES, 0, 0), "", "%s: nor at another endpoint", k->name);
    done(&b);
}

/* Whole commits only: every row says which commit wrote it. */
struct glance {
    uint64_t cursor, n, least, most;
};

static void glance_row(void *arg, const struct delivery_row *r)
{
    struct glance *g = arg;
    g->n++;
    if (g->n == 1 || r->attempts < g->least)
        g->least = r->attempts;
    if (r->attempts > g->most)
        g->most = r->attempts;
}

static bool glance_good(struct both *b, uint64_t acknowledged, uint64_t begun, uint64_t rows)
{
    struct glance g = {.n = 0};
    struct errmsg msg;
    if (delivery_rows(b->d, STR_LIT("a"), ALL_STATES, 0, 0, glance_row, &g, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    bool good = g.n == rows && g.least == g.most && g.least >= acknowledged && g.most <= begun;
    if (!good)
        diag("after %" PRIu64 ", in %" PRIu64 ": %" PRIu64 " rows of %" PRIu64 " to %" PRIu64, acknowledged, begun, g.n,
             g.least, g.most);
    return good;
}

static void test_in_flight(const struct kind *k)
{
    enum { ROWS = 400 };
    const unsigned commits = tap_rounds(60);
    struct both b = make(k, "in-flight", 0);
    struct delivery_change c[ROWS];
    struct errmsg msg = {""};
    unsigned flying = 0, refused = 0, rung = 0;
    bool good = true;
    for (uint32_t i = 1; i <= commits && good; i++) {
        for (uint64_t j = 0; j < ROWS; j++) {
            c[j] = change_put("a", j + 1, (enum delivery_state)((i + j) % DELIVERY_STATE_N));
            c[j].row.attempts = i;
        }
        enum err e = delivery_commit(b.d, c, ROWS, &msg);
        if (e == ERR_MORE) {
            flying++;
            refused += delivery_commit(b.d, NULL, 0, &msg) == ERR_INVALID;
            for (int looks = 0; looks < 3 && i > 1; looks++)
                good = good && glance_good(&b, i - 1, i, ROWS);
            struct pollfd bell = {.fd = delivery_fd(b.d), .events = POLLIN};
            rung += poll(&bell, 1, 60000) == 1;
            e = delivery_poll(b.d, i % 2, &msg);
            bell.revents = 0;
            good = good && poll(&bell, 1, 0) == 0;
        }
        good = good && e == ERR_OK && glance_good(&b, i, i, ROWS);
    }
    ok(good, "%s: what is read beside commits is whole, and what is done is seen", k->name);
    is_int(flying, k->lasts ? commits : 0, "%s: commits of a store that lasts are done by another thread", k->name);
    is_int(refused, flying, "%s: one at a time", k->name);
    is_int(rung, flying, "%s: and the descriptor says when", k->name);
    is_int(delivery_fd(b.d) >= 0, k->lasts, "%s: if there is one", k->name);
    done(&b);
}

/* A close waits; what was handed over is there afterwards. */
static void test_close(const struct kind *k)
{
    struct both b = make(k, "close", 0);
    struct delivery_change c[1000];
    struct errmsg msg;
    for (uint64_t i = 0; i < 1000; i++)
        c[i] = change_put("a", i + 1, DELIVERY_SENDING);
    enum err e = delivery_commit(b.d, c, 1000, &msg);
    ok(e == (k->lasts ? ERR_MORE : ERR_OK), "%s: a commit is begun, and the state is closed", k->name);
    reopen(&b);
    struct walk w = {.ascending = true};
    is_int(delivery_rows(b.d, STR_LIT("a"), ALL_STATES, 0, 0, walk_row, &w, &msg), ERR_OK, "%s: afterwards", k->name);
    is_int(w.n, 1000, "%s: it is there", k->name);
    done(&b);
}

static void test_many(const struct kind *k)
{
    enum { ROWS = 100000, AT_ONCE = 4000 };
    struct both b = make(k, "many", 0);
    struct delivery_change *c = mem_zalloc(AT_ONCE, sizeof *c);
    char(*subjects)[24] = mem_zalloc(AT_ONCE, sizeof *subjects);
    struct errmsg msg;
    int64_t began = clock_monotonic_ns();
    for (uint64_t i = 0; i < ROWS; i++) {
        size_t at = i % AT_ONCE;
        c[at] = change_put("payroll", i + 1, i % 10 ? DELIVERY_WAIT : DELIVERY_RETRY);
        snprintf(subjects[at], 24, "11010119500101%04u", (unsigned)(i % 10000));
        c[at].row.subject = str_of(subjects[at]);
        if (at == AT_ONCE - 1)
            commit(&b, c, AT_ONCE);
    }
    int64_t wrote = clock_monotonic_ns();
    reopen(&b);
    int64_t opened = clock_monotonic_ns();
    struct walk w = {.ascending = true};
    unsigned waiting = 1u << DELIVERY_RETRY | 1u << DELIVERY_WAIT;
    is_int(delivery_rows(b.d, STR_LIT("payroll"), waiting, 0, 0, walk_row, &w, &msg), ERR_OK, "%s: a backlog is loaded",
           k->name);
    int64_t loaded = clock_monotonic_ns();
    is_int(w.n, ROWS, "%s: of 100,000 rows", k->name);
    ok(w.ascending, "%s: in order", k->name);
    diag("%s: written in %d ms, opened in %d, loaded in %d", k->name, (int)((wrote - began) / 1000000),
         (int)((opened - wrote) / 1000000), (int)((loaded - opened) / 1000000));
    free(c);
    free(subjects);
    done(&b);
}

/* --- what outlives its process --- */

static void test_files(void)
{
    struct both b = make(dir, "files", 0);
    struct stat st;
    char path[300];
    unsigned private = 0;
    static const char *const names[] = {"delivery.db", "delivery.db-wal", "delivery.db-shm"};
    COMMIT(&b, change_put("a", 1, DELIVERY_RETRY));
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", b.path, names[i]);
        private += stat(path, &st) == 0 && (st.st_mode & 07777) == 0600;
    }
    is_int(private, 3, "its files are for their owner alone");
    struct store *reader;
    struct delivery_store *none = NULL;
    struct errmsg msg;
    if (store_open(b.uri, STORE_READ, NULL, &reader, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_int(delivery_open(reader, &none, &msg), ERR_INVALID, "a store that is only read has none to write");
    ok(!none, "and nothing is given out");
    store_close(reader);
    done(&b);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        bail_out("cannot write %s", path);
}

static void remove_file(const char *folder, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static void test_leftovers(void)
{
    struct both b = make(dir, "leftovers", 0);
    COMMIT(&b, change_put("a", 1, DELIVERY_RETRY));
    close_both(&b);
    remove_file(b.path, "delivery.db");
    write_file(b.path, "delivery.db.new", "half a database");
    write_file(b.path, "delivery.db-wal", "the log of another");
    open_both(&b, STORE_WRITE);
    is_str(rows_text(b.d, &b.text, "a", ALL_STATES, 0, 0), "", "a new state takes nothing from what an older one left");
    char path[300];
    snprintf(path, sizeof path, "%s/delivery.db.new", b.path);
    ok(access(path, F_OK) < 0, "and leaves nothing beside it");
    done(&b);
}

static void tell_redis(const char *command, const char *key, const char *field, const char *value)
{
    redisContext *c = redisConnect("127.0.0.1", server.port);
    redisReply *reply = c && !c->err ? redisCommand(c, "%s %s %s %s", command, key, field, value) : NULL;
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        bail_out("%s %s: %s", command, key, reply ? reply->str : "no answer");
    freeReplyObject(reply);
    redisFree(c);
}

/* As in a store that was restored from a backup: what says whose it is, is another's. */
static void give_incarnation(const struct both *b, char digit)
{
    char text[256], hex[33];
    memset(hex, digit, 32);
    hex[32] = '\0';
    if (b->kind == redis) {
        snprintf(text, sizeof text, "{%s/0}:state", strrchr(b->path, '/') + 1);
        tell_redis("HSET", text, "incarnation", hex);
        return;
    }
    snprintf(text, sizeof text,
             "{\"lifecertd\":\"store\",\"version\":1,\"incarnation\":\"%s\",\"simulated\":false,"
             "\"created\":\"2026-01-01T00:00:00Z\"}\n",
             hex);
    write_file(b->path, "meta.json", text);
}

struct pauses {
    unsigned endpoints, restored, shorter, recent, named;
};

static void note_pause(void *arg, const struct endpoint_row *r)
{
    struct pauses *p = arg;
    int64_t ago = clock_wall_ns() / 1000000 - r->paused_at;
    p->endpoints++;
    p->restored += str_is(r->paused, "restored");
    p->shorter += str_is(r->paused, "the log is shorter than what was delivered");
    p->recent += ago >= 0 && ago < 600000;
    p->named += r->paused_by.p != NULL;
}

static struct pauses pauses_of(struct both *b)
{
    struct pauses p = {.endpoints = 0};
    struct errmsg msg;
    if (delivery_endpoints(b->d, note_pause, &p, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return p;
}

static void test_restored(const struct kind *k)
{
    struct both b = make(k, "restored", 5);
    unsigned char key[16];
    struct delivery_change held = change_endpoint("b", 3);
    held.at.paused = STR_LIT("looked at");
    held.at.paused_by = STR_LIT("lin");
    memcpy(key, delivery_key(b.d), sizeof key);
    COMMIT(&b, change_endpoint("a", 5), held, change_put("a", 4, DELIVERY_SENDING), change_endpoint("c", 9),
           change_redelivery("a", REDELIVERY_RUNNING, 2), change_redelivery("b", REDELIVERY_DONE, 2));
    close_both(&b);
    give_incarnation(&b, 'a');
    open_both(&b, STORE_WRITE);
    struct pauses p = pauses_of(&b);
    is_int(p.endpoints, 3, "%s: a restored store knows its endpoints", k->name);
    is_int(p.restored, 3, "%s: all of them paused, whatever they were before", k->name);
    is_int(p.recent, 3, "%s: just now", k->name);
    is_int(p.named, 0, "%s: by nobody", k->name);
    is_str(rows_text(b.d, &b.text, "a", ALL_STATES, 0, 0), PLAIN("a 4 sending"), "%s: the rows stay", k->name);
    ok(memcmp(key, delivery_key(b.d), sizeof key) == 0, "%s: and so does the key", k->name);
    const char *again = redeliveries_text(b.d, &b.text);
    ok(strstr(again, "a cancelled 0-2 ") && strstr(again, " error=\"restored\"\n"),
       "%s: what was being sent again is cancelled", k->name);
    ok(strstr(again, "b done 0-2 at 0 0 0 0 0-0 by=\"lin\"\n"), "%s: but not what was done", k->name);
    reopen(&b);
    is_int(pauses_of(&b).restored, 3, "%s: they stay paused over a restart", k->name);
    COMMIT(&b, change_endpoint("a", 5), change_endpoint("b", 3), change_endpoint("c", 3));
    reopen(&b);
    is_int(pauses_of(&b).restored, 0, "%s: once resumed they go on: the store is known now", k->name);
    close_both(&b);
    give_incarnation(&b, 'b');
    open_both(&b, STORE_WRITE);
    is_int(pauses_of(&b).restored, 3, "%s: until it is restored again", k->name);
    done(&b);
}

static void test_shorter_log(const struct kind *k)
{
    struct both b = make(k, "shorter", 5);
    COMMIT(&b, change_endpoint("at-the-end", 5), change_endpoint("beyond", 6), change_endpoint("behind", 1),
           change_redelivery("at-the-end", REDELIVERY_RUNNING, 5), change_redelivery("beyond", REDELIVERY_RUNNING, 6));
    reopen(&b);
    char first[600];
    is_int(pauses_of(&b).shorter, 1, "%s: a cursor beyond the end of the log pauses its endpoint", k->name);
    snprintf(first, sizeof first, "%s", endpoints_text(b.d, &b.text));
    ok(strstr(first, "at-the-end at 5 since=0 ") && strstr(first, "behind at 1 since=0 "), "%s: and no other", k->name);
    reopen(&b);
    is_str(endpoints_text(b.d, &b.text), first, "%s: a restart changes nothing about it", k->name);
    const char *again = redeliveries_text(b.d, &b.text);
    ok(strstr(again, "at-the-end running 0-5 at 0 0 0 0 0-0 by=\"lin\"\n"), "%s: what the log still has is sent again", k->name);
    ok(strstr(again, "beyond cancelled 0-6 ") && strstr(again, "error=\"the log is shorter than what was delivered\""),
       "%s: what it has not is not", k->name);
    done(&b);
}

/* Overwrites part of the closed database; at -1: cuts it to nothing. */
static void spoil(const struct both *b, off_t at, const void *bytes, size_t n)
{
    char path[300];
    snprintf(path, sizeof path, "%s/delivery.db", b->path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || (at < 0 ? ftruncate(fd, 0) != 0 : pwrite(fd, bytes, n, at) != (ssize_t)n) || close(fd) != 0)
        bail_out("cannot write %s", path);
}

static enum err try_open(struct both *b, struct errmsg *msg)
{
    enum err e = store_open(b->uri, STORE_WRITE, &options, &b->s, NULL, msg);
    return e ? e : delivery_open(b->s, &b->d, msg);
}

static void test_damage(void)
{
    static unsigned char junk[8192];
    static const struct {
        const char *what;
        off_t at;
        size_t n;
    } cases[] = {
        {"a file that is empty", -1, 0},
        {"another file's beginning", 0, 16},
        {"a first page of junk", 100, 3000},
    };
    memset(junk, 0x5a, sizeof junk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[32];
        struct errmsg msg = {""};
        snprintf(name, sizeof name, "damage-%zu", i);
        struct both b = make(dir, name, 0);
        COMMIT(&b, change_put("a", 1, DELIVERY_RETRY));
        close_both(&b);
        spoil(&b, cases[i].at, junk, cases[i].n);
        is_int(try_open(&b, &msg), ERR_DAMAGED, "%s is damage", cases[i].what);
        ok(strstr(msg.text, b.path) && strstr(msg.text, "delivery.db"), "and the message names the file");
        done(&b);
    }
}

/* What is damaged behind the first page is found where it is read, or written. */
static void test_damaged_rows(void)
{
    static unsigned char junk[65536];
    struct both b = make(dir, "damaged-rows", 0);
    struct delivery_change c[2000];
    struct errmsg msg = {""};
    struct walk w = {.ascending = true};
    memset(junk, 0x5a, sizeof junk);
    for (uint64_t i = 0; i < 2000; i++)
        c[i] = change_put("a", i + 1, DELIVERY_RETRY);
    commit(&b, c, 2000);
    close_both(&b);
    spoil(&b, 65536, junk, sizeof junk);
    enum err e = try_open(&b, &msg);
    if (!e)
        e = delivery_rows(b.d, STR_LIT("a"), ALL_STATES, 0, 0, walk_row, &w, &msg);
    is_int(e, ERR_DAMAGED, "rows that are not what was written are damage");
    ok(strstr(msg.text, "delivery.db"), "and the message names the file");
    if (b.d) {
        is_int(delivery_commit_all(b.d, c, 2000, &msg), ERR_DAMAGED, "for a commit, too");
        is_int(delivery_commit_all(b.d, c, 1, &msg), ERR_DAMAGED, "after which no other is taken");
        is_int(delivery_poll(b.d, false, &msg), ERR_DAMAGED, "and that is all it says");
    } else {
        skip(3, "it was found at the opening");
    }
    done(&b);
}

static void test_version(void)
{
    static const unsigned char later[4] = {0, 0, 0, 3}, zero[4] = {0};
    struct both b = make(dir, "version", 0);
    struct errmsg msg = {""};
    close_both(&b);
    spoil(&b, 60, later, sizeof later); /* where SQLite keeps user_version */
    is_int(try_open(&b, &msg), ERR_VERSION, "a later version is refused");
    ok(strstr(msg.text, "delivery.db has version 3"), "by its number");
    close_both(&b);
    spoil(&b, 60, zero, sizeof zero);
    is_int(try_open(&b, &msg), ERR_DAMAGED, "a database of another kind is damage");
    done(&b);
}

static void run_sql(const struct both *b, const char *statements)
{
    char path[300];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/delivery.db", b->path);
    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, statements, NULL, NULL, NULL) != SQLITE_OK)
        bail_out("%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void test_earlier_version(void)
{
    struct both b = make(dir, "earlier", 5);
    COMMIT(&b, change_put("a", 4, DELIVERY_RETRY), change_endpoint("a", 3));
    close_both(&b);
    run_sql(&b, "DROP TABLE redelivery; PRAGMA user_version = 1;");
    open_both(&b, STORE_WRITE);
    is_str(rows_text(b.d, &b.text, "a", ALL_STATES, 0, 0), PLAIN("a 4 retry"), "version 1 is opened with what it has");
    COMMIT(&b, change_redelivery("a", REDELIVERY_RUNNING, 2));
    reopen(&b);
    ok(strstr(redeliveries_text(b.d, &b.text), "a running 0-2 "), "and has what it had not");
    done(&b);
}

/* --- death in mid-commit --- */

/* What the process has been told to be done, in memory that outlives it. */
struct told {
    _Atomic uint64_t last;
};

enum { WINDOW = 200 };

/* Commit K puts row K, takes out row K - WINDOW, and says K everywhere else. */
static void commit_number(struct delivery_store *d, uint64_t number, struct told *told)
{
    struct errmsg msg;
    struct delivery_change at = change_endpoint("a", number), row = change_put("a", number, DELIVERY_SENDING);
    at.at.delivered = number;
    row.row.ref = STR_LIT("r");
    row.row.attempts = (uint32_t)number;
    struct delivery_change c[] = {row, change_count(1, 1, (uint32_t)number),
                                  change_gap("a", "p", number % 2),
                                  number > WINDOW ? change_remove("a", number - WINDOW) : change_remove("a", 0), at};
    if (delivery_commit_all(d, c, sizeof c / sizeof c[0], &msg) != ERR_OK)
        _exit(1);
    atomic_store(&told->last, number);
}

static void note_cursor(void *arg, const struct endpoint_row *r)
{
    struct glance *g = arg;
    g->cursor = r->cursor == r->delivered ? r->cursor : UINT64_MAX;
}

static uint64_t cursor_of(struct delivery_store *d)
{
    struct glance g = {.cursor = 0};
    struct errmsg msg;
    return delivery_endpoints(d, note_cursor, &g, &msg) == ERR_OK ? g.cursor : UINT64_MAX;
}

static _Noreturn void live(struct both *b, struct told *told)
{
    struct errmsg msg;
    if (try_open(b, &msg) != ERR_OK)
        _exit(1);
    for (uint64_t number = cursor_of(b->d) + 1;; number++)
        commit_number(b->d, number, told);
}

/* Everything says the same number, and it is the last one told or the next. */
static bool is_whole(struct both *b, uint64_t told)
{
    uint64_t cursor = cursor_of(b->d);
    struct glance g = {.n = 0};
    struct errmsg msg;
    char want[64] = "";
    if (delivery_rows(b->d, STR_LIT("a"), ALL_STATES, 0, 0, glance_row, &g, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    uint64_t rows = cursor < WINDOW ? cursor : WINDOW;
    bool good = (cursor == told || cursor == told + 1) && g.n == rows && g.most == (uint32_t)cursor &&
                (rows == 0 || g.least == cursor - rows + 1);
    if (cursor)
        snprintf(want, sizeof want, "count 1 %" PRIu64 "\n", cursor);
    good = good && strcmp(counts_text(b->d, &b->text, 1), want) == 0;
    good = good && strcmp(gaps_text(b->d, &b->text, "a"), cursor % 2 ? "gap p\n" : "") == 0;
    if (!good)
        diag("told %" PRIu64 ", there is %" PRIu64 " with %" PRIu64 " rows up to %" PRIu64, told, cursor, g.n, g.most);
    return good;
}

/* Some die while they open, the others after a few commits, anywhere in the next. */
static void let_live(struct rng *r, const struct told *told)
{
    uint64_t enough = rng_below(r, 5) ? atomic_load(&told->last) + 1 + rng_below(r, 400) : 0;
    for (int i = 0; i < 100000 && atomic_load(&told->last) < enough; i++)
        usleep(100);
    usleep((useconds_t)rng_below(r, 3000));
}

static bool survives(struct both *b, uint64_t seed, struct told *told)
{
    struct rng r = rng_seed(seed);
    struct errmsg msg = {""};
    int status;
    pid_t pid = fork();
    if (pid == 0)
        live(b, told);
    let_live(&r, told);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status) || try_open(b, &msg) != ERR_OK) {
        diag("seed %" PRIu64 ": %s", seed, msg.text);
        return false;
    }
    bool good = is_whole(b, atomic_load(&told->last));
    atomic_store(&told->last, cursor_of(b->d)); /* it may not have come to tell of the last one */
    close_both(b);
    return good;
}

static void test_death(const struct kind *k)
{
    enum { DEATHS = 30 };
    struct both b = make(k, "death", 0);
    struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    close_both(&b);
    unsigned lived = 0;
    while (lived < DEATHS && survives(&b, lived + 1, told))
        lived++;
    is_int(lived, DEATHS, "%s: killed %d times in mid-commit, nothing told is lost and nothing is half", k->name, DEATHS);
    diag("%" PRIu64 " commits", atomic_load(&told->last));
    munmap(told, sizeof *told);
    buf_done(&b.text);
}

/* Starts what the kind's stores need; false: not in this suite, where it is too slow. */
static bool kind_begin(const struct kind *k)
{
    static char folder[256];
    static const char *const words[] = {"--appendonly", "yes", "--appendfsync", "always", "--dir", folder, NULL};
    const char *suite = getenv("TEST_SUITE");
    if (k != redis)
        return true;
    if (suite && strcmp(suite, "plain") != 0 && strcmp(suite, "asan") != 0)
        return false;
    snprintf(folder, sizeof folder, "%s", tap_tmpdir());
    server.options = words;
    redis_server_start(&server);
    return true;
}

/* A process that died may have ended because a sync failed: then what its write-ahead log has can be read, and need not
 * be on the disk for ever. It is written once more before anything is written behind it. */
static void test_wal_of_the_dead(void)
{
    static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    char command[1024], wal[512];
    struct both b = make(dir, "alive", 3), dead = {.kind = dir};
    struct delivery_change changes[] = {change_put("payroll", 2, DELIVERY_SENDING)};
    struct stat before, after;
    struct errmsg msg;
    commit(&b, changes, 1);
    snprintf(dead.path, sizeof dead.path, "%s/dead", tap_tmpdir());
    snprintf(dead.uri, sizeof dead.uri, "dir:%s", dead.path);
    snprintf(command, sizeof command, "cp -r '%s' '%s'", b.path, dead.path); /* as it was in mid-life */
    snprintf(wal, sizeof wal, "%s/delivery.db-wal", dead.path);
    if (system(command) != 0 || utimensat(AT_FDCWD, wal, long_ago, 0) != 0 || stat(wal, &before) != 0)
        bail_out("no write-ahead log is left in %s", dead.path);
    open_both(&dead, STORE_WRITE);
    ok(stat(wal, &after) == 0 && before.st_size > 0 && after.st_size == before.st_size &&
           after.st_mtim.tv_sec > before.st_mtim.tv_sec,
       "the write-ahead log of one who died is written once more at the start");
    uint64_t totals[DELIVERY_STATE_N];
    if (delivery_totals(dead.d, STR_LIT("payroll"), totals, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    is_int((int64_t)totals[DELIVERY_SENDING], 1, "and what it said stays");
    done(&dead);
    done(&b);
}

int main(void)
{
    static void (*const each_kind[])(const struct kind *) = {
        test_empty,        test_row,    test_endpoint, test_order, test_receipts,  test_gaps_and_counts,
        test_redeliveries, test_forget, test_pages,    test_close, test_in_flight, test_many};
    static void (*const each_lasting[])(const struct kind *) = {test_restored, test_shorter_log, test_death};
    plan(0);
    test_words();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!kind_begin(&kinds[i]))
            continue;
        for (size_t j = 0; j < sizeof each_kind / sizeof each_kind[0]; j++)
            each_kind[j](&kinds[i]);
        for (size_t j = 0; kinds[i].lasts && j < sizeof each_lasting / sizeof each_lasting[0]; j++)
            each_lasting[j](&kinds[i]);
    }
    test_files();
    test_leftovers();
    test_wal_of_the_dead();
    test_damage();
    test_damaged_rows();
    test_version();
    test_earlier_version();
    redis_server_kill(&server);
    return tap_end();
}
