/* One suite over every kind of store: what a caller may rely on. What outlives its process is asked only of those
 * that do. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "tests/net/redis_server.h"
#include "tests/redis/cluster.h"
#include "tests/store/events.h"

struct kind {
    const char *name;
    bool lasts; /* outlives its process */
    void (*make_uri)(const char *name, char out[256]);
    int deaths;
};

static struct redis_server server;
static struct cluster cluster;

static void memory_uri(const char *name, char out[256])
{
    (void)name;
    snprintf(out, 256, "memory:");
}

static void dir_uri(const char *name, char out[256])
{
    snprintf(out, 256, "dir:%s/%s", tap_tmpdir(), name);
}

static void redis_uri(const char *name, char out[256])
{
    snprintf(out, 256, "redis://127.0.0.1:%d/%s", server.port, name);
}

static void redis_cluster_uri(const char *name, char out[256])
{
    cluster_uri(&cluster, name, out, 256);
}

static const struct kind kinds[] = {
    {"memory", false, memory_uri, 0},
    {"dir", true, dir_uri, 40},
    {"redis", true, redis_uri, 10},
    {"redis-cluster", true, redis_cluster_uri, 10},
};

static void make_uri(const struct kind *k, const char *name, char out[256])
{
    k->make_uri(name, out);
}

#define LEASE_MS 300

static struct store_options small_segments = {.segment_bytes = 4096, .lease_ms = LEASE_MS};

/* Starts what the kind's stores need; false: not in this suite, where it is too slow. */
static bool kind_begin(const struct kind *k)
{
    static char folder[256];
    static const char *const options[] = {"--appendonly", "yes", "--appendfsync", "always", "--dir", folder, NULL};
    const char *suite = getenv("TEST_SUITE");
    bool plain = !suite || strcmp(suite, "plain") == 0;
    if (k->make_uri == redis_uri && (plain || strcmp(suite, "asan") == 0)) {
        snprintf(folder, sizeof folder, "%s", tap_tmpdir());
        server.options = options;
        redis_server_start(&server);
    } else if (k->make_uri == redis_cluster_uri && plain) {
        cluster_start(&cluster);
        small_segments.replicas = 1; /* each master has one */
    } else
        return k->make_uri == memory_uri || k->make_uri == dir_uri;
    return true;
}

/* Opens, or ends the test program. */
static struct store *open_store(const char *uri, enum store_mode mode, const struct store_options *o)
{
    struct store *s;
    struct errmsg msg;
    if (store_open(uri, mode, o, &s, NULL, &msg) != ERR_OK)
        bail_out("%s: %s", uri, msg.text);
    return s;
}

static struct store *make_store(const struct kind *k, const char *name, char uri[256])
{
    make_uri(k, name, uri);
    return open_store(uri, STORE_INIT, &small_segments);
}

/* The same store after a restart; a store that does not last stays open. */
static struct store *reopen(const struct kind *k, struct store *s, const char *uri)
{
    if (!k->lasts)
        return s;
    store_close(s);
    return open_store(uri, STORE_WRITE, &small_segments);
}

static bool gets_all(struct store *s, uint64_t last)
{
    struct buf b = BUF_INIT;
    struct errmsg msg;
    uint64_t seq = 1;
    for (; seq <= last; seq++) {
        buf_clear(&b);
        if (store_get(s, seq, &b, &msg) != ERR_OK || !event_is(buf_str(&b), seq))
            break;
    }
    if (seq <= last)
        diag("event %" PRIu64 ": %s", seq, msg.text);
    buf_done(&b);
    return seq > last;
}

static void test_commits(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct store_info info;
    struct buf b = BUF_INIT;
    struct store *s = make_store(k, "commits", uri);
    store_info(s, &info);
    is_int(info.durable, 0, "%s: a new store is empty", k->name);
    is_int(store_get(s, 1, &b, &msg), ERR_ABSENT, "%s: and has no event 1", k->name);
    uint64_t last = 0;
    static const uint64_t sizes[] = {1, 1, 2, 63, 64, 65, 128, 1, 1000, 5000, 1, 7};
    bool good = true;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        good = good && commit_events(s, last += sizes[i], &msg) == ERR_OK;
    ok(good, "%s: commits of one event to thousands are done", k->name);
    store_info(s, &info);
    is_int(info.durable, last, "%s: they are durable", k->name);
    is_int(info.seal.seq, last, "%s: and sealed", k->name);
    ok(gets_all(s, last), "%s: every event is found by its number", k->name);
    is_int(store_get(s, last + 1, &b, &msg), ERR_ABSENT, "%s: the one after the last is not", k->name);
    is_int(store_get(s, 0, &b, &msg), ERR_ABSENT, "%s: nor is event 0", k->name);
    is_int(read_all(s, 0, NULL, &msg), last, "%s: a reader reads them all", k->name);
    s = reopen(k, s, uri);
    struct store_info again;
    store_info(s, &again);
    ok(memcmp(&info.seal, &again.seal, sizeof info.seal) == 0, "%s: a restart finds the same seal", k->name);
    is_str(again.incarnation, info.incarnation, "%s: and the same incarnation", k->name);
    ok(gets_all(s, last), "%s: and every event", k->name);
    is_int(commit_events(s, last + 10, &msg), ERR_OK, "%s: and goes on", k->name);
    is_int(read_all(s, 0, NULL, &msg), last + 10, "%s: to the end", k->name);
    store_close(s);
    buf_done(&b);
}

static void test_places(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    struct store *s = make_store(k, "places", uri);
    is_int(store_where(s, 1, &b, &msg), ERR_ABSENT, "%s: an event that is not there has no place", k->name);
    ok(commit_events(s, 200, &msg) == ERR_OK, "%s: events", k->name);
    BUF_LIT(&b, "at ");
    is_int(store_where(s, 200, &b, &msg), ERR_OK, "%s: one that is there has one", k->name);
    ok(b.n > 5 && memcmp(b.p, "at ", 3) == 0, "%s: which is appended: %.*s", k->name, (int)b.n, b.p);
    is_int(store_where(s, 201, &b, &msg), ERR_ABSENT, "%s: the one after the last has none", k->name);
    is_int(store_where(s, 0, &b, &msg), ERR_ABSENT, "%s: nor has event 0", k->name);
    buf_done(&b);
    store_close(s);
}

/* What a store does with its time changes nothing that anybody sees. */
static void test_tidying(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct store_info info;
    struct store *s = make_store(k, "tidying", uri);
    bool good = true;
    for (uint64_t last = 50; last <= 2000; last += 50)
        good = good && commit_events(s, last, &msg) == ERR_OK && store_tidy(s, true, &msg) == ERR_OK;
    ok(good, "%s: a store is tidied between commits %s", k->name, msg.text);
    ok(gets_all(s, 2000), "%s: every event is found", k->name);
    is_int(read_all(s, 0, NULL, &msg), 2000, "%s: and read", k->name);
    store_info(s, &info);
    ok(info.n_packed <= info.n_segments && info.log_bytes > 0 && info.disk_bytes > 0, "%s: it knows what it takes",
       k->name);
    s = reopen(k, s, uri); /* amid a compression, maybe */
    ok(gets_all(s, 2000), "%s: also after a restart", k->name);
    store_close(s);
}

static void test_refusals(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct store_info info;
    struct store *s = make_store(k, "refusals", uri);
    ok(commit_events(s, 5, &msg) == ERR_OK, "%s: five events", k->name);
    struct buf b = events_make(7, 8), six = events_make(6, 6);
    struct commit gap = {.first = 7, .last = 8, .lines = buf_str(&b)};
    is_int(store_commit(s, &gap, &msg), ERR_INVALID, "%s: a gap in the numbers is refused", k->name);
    struct commit empty = {.first = 6, .last = 6};
    is_int(store_commit(s, &empty, &msg), ERR_INVALID, "%s: and an event without a line", k->name);
    struct commit good = {.first = 6, .last = 6, .lines = buf_str(&six)};
    is_int(commit_whole(s, &good, &msg), ERR_OK, "%s: which does not harm the store", k->name);
    struct commit wrong = {.first = 7, .last = 7, .lines = buf_str(&b)};
    is_int(commit_whole(s, &wrong, &msg), ERR_INVALID, "%s: a line too many is refused", k->name);
    struct commit right = {.first = 7, .last = 8, .lines = buf_str(&b)};
    is_int(store_commit(s, &right, &msg), ERR_INVALID, "%s: after which the store takes no more", k->name);
    store_info(s, &info);
    is_int(info.durable, 6, "%s: and nothing of it is there", k->name);
    s = reopen(k, s, uri);
    is_int(read_all(s, 0, NULL, &msg), 6, "%s: nor after a restart", k->name);
    store_close(s);
    buf_done(&b);
    buf_done(&six);
}

static void test_follow(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct store_reader *r, *later;
    struct store_info info;
    struct seal seal;
    struct str line;
    uint64_t seq, last = 0;
    struct store *s = make_store(k, "follow", uri);
    ok(store_reader_open(s, 0, &r, &msg) == ERR_OK, "%s: a reader on an empty store", k->name);
    ok(store_reader_open(s, 40, &later, &msg) == ERR_OK, "%s: one that waits for event 41", k->name);
    is_int(store_reader_next(r, &seq, &line, &msg), ERR_END, "%s: finds nothing", k->name);
    is_int(store_reader_seal(r, &seal), ERR_ABSENT, "%s: and no seal", k->name);
    bool good = true, sealed = true;
    for (int i = 0; i < 30; i++) {
        uint64_t to = last + 1 + (uint64_t)i * 3;
        good = good && commit_events(s, to, &msg) == ERR_OK;
        store_info(s, &info);
        while (last < to) {
            good = good && store_reader_next(r, &seq, &line, &msg) == ERR_OK && seq == last + 1 && event_is(line, seq);
            bool has = store_reader_seal(r, &seal) == ERR_OK;
            sealed = sealed && has == (++last == to);
        }
        sealed = sealed && memcmp(&seal, &info.seal, sizeof seal) == 0;
        good = good && store_reader_next(r, &seq, &line, &msg) == ERR_END;
    }
    ok(good, "%s: a reader follows the commits", k->name);
    ok(sealed, "%s: and has the seal at the end of each, and there only", k->name);
    is_int(store_reader_next(later, &seq, &line, &msg), ERR_OK, "%s: the other reader wakes", k->name);
    is_int(seq, 41, "%s: at event 41", k->name);
    good = true;
    for (uint64_t after = 0; after <= last; after += 17)
        good = good && read_all(s, after, NULL, &msg) == (int64_t)(last - after);
    ok(good, "%s: a reader may start anywhere", k->name);
    is_int(read_all(s, last, NULL, &msg), 0, "%s: also at the end", k->name);
    is_int(read_all(s, last + 100, NULL, &msg), 0, "%s: and behind it", k->name);
    store_reader_close(r);
    store_reader_close(later);
    store_close(s);
}

/* --- contacts --- */

/* One commit of what c has beside the lines; event: with one. */
static enum err commit_with(struct store *s, struct commit c, bool event)
{
    struct store_info info;
    struct errmsg msg;
    store_info(s, &info);
    c.first = info.durable + 1;
    c.last = info.durable + event;
    struct buf b = events_make(c.first, c.last);
    c.lines = event ? buf_str(&b) : STR_NONE;
    enum err e = store_commit(s, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    if (e)
        diag("%s", msg.text);
    buf_done(&b);
    return e;
}

static enum err commit_contacts(struct store *s, struct contact_change *changes, size_t n, bool event)
{
    struct store_info info;
    store_info(s, &info);
    for (size_t i = 0; i < n; i++)
        changes[i].seq = info.durable + event;
    return commit_with(s, (struct commit){.contacts = changes, .n_contacts = n}, event);
}

/* "NAME PHONE BY", each "-" when there is none; or the error's number. */
static const char *contact_text(struct store *s, int number, const char *id)
{
    static char text[256];
    struct buf b = BUF_INIT;
    struct contact c;
    struct errmsg msg;
    enum err e = number < 0 ? store_unit_contact(s, str_of(id), &b, &c, &msg)
                            : store_contact(s, (uint32_t)number, str_of(id), &b, &c, &msg);
    const struct str *parts[] = {&c.name, &c.phone, &c.by};
    size_t n = e ? (size_t)snprintf(text, sizeof text, "%s", err_text(e)) : 0;
    for (int i = 0; !e && i < 3; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? " " : "", parts[i]->p ? (int)parts[i]->n : 1,
                              parts[i]->p ? parts[i]->p : "-");
    buf_done(&b);
    return text;
}

#define PERSON(n, i, ...)                                           \
    {                                                               \
        .number = (n), .id = STR_LIT(i), .contact = { __VA_ARGS__ } \
    }
#define UNIT(i, ...)                                               \
    {                                                              \
        .unit = true, .id = STR_LIT(i), .contact = { __VA_ARGS__ } \
    }

static void test_contacts(const struct kind *k)
{
    char uri[256], absent[64], damaged[64];
    snprintf(absent, sizeof absent, "%s", err_text(ERR_ABSENT));
    snprintf(damaged, sizeof damaged, "%s", err_text(ERR_DAMAGED));
    struct store *s = make_store(k, "contacts", uri);
    is_str(contact_text(s, 0, "a"), absent, "%s: nobody has a contact at first", k->name);
    struct contact_change first[] = {PERSON(0, "a", STR_LIT("Wang"), STR_LIT("+8613900000001"), STR_NONE),
                                     PERSON(1, "b", STR_LIT("Li"), STR_NONE, STR_LIT("a daughter")),
                                     PERSON(5, "f", STR_NONE, STR_LIT("+8613900000006"), STR_NONE),
                                     UNIT("330902", STR_LIT("Dinghai"), STR_LIT("+865800001"), STR_NONE)};
    ok(commit_contacts(s, first, 4, true) == ERR_OK, "%s: contacts are committed", k->name);
    is_str(contact_text(s, 0, "a"), "Wang +8613900000001 -", "%s: and come back", k->name);
    is_str(contact_text(s, 1, "b"), "Li - a daughter", "%s: each with its own members", k->name);
    is_str(contact_text(s, -1, "330902"), "Dinghai +865800001 -", "%s: a unit's too", k->name);
    is_str(contact_text(s, 2, "c"), absent, "%s: who has none has none", k->name);
    is_str(contact_text(s, 0, "b"), damaged, "%s: and nobody gets another's", k->name);
    struct contact_change second[] = {PERSON(5, "f", STR_LIT("x"), STR_NONE, STR_NONE),
                                      PERSON(0, "a", STR_LIT("Wang"), STR_LIT("+8613900000002"), STR_NONE),
                                      PERSON(2, "c", STR_LIT("Zhao"), STR_NONE, STR_NONE),
                                      PERSON(5, "f", STR_LIT("y"), STR_LIT("+1"), STR_NONE),
                                      UNIT("330902", STR_LIT("Dinghai"), STR_NONE, STR_NONE),
                                      UNIT("330903", STR_LIT("Putuo"), STR_NONE, STR_NONE)};
    ok(commit_contacts(s, second, 6, true) == ERR_OK, "%s: some change, out of order and twice", k->name);
    for (int round = 0; round < 2; round++) {
        is_str(contact_text(s, 0, "a"), "Wang +8613900000002 -", "%s: the latest counts", k->name);
        is_str(contact_text(s, 5, "f"), "y +1 -", "%s: the last of two", k->name);
        is_str(contact_text(s, 2, "c"), "Zhao - -", "%s: a number in between may be new", k->name);
        is_str(contact_text(s, 1, "b"), "Li - a daughter", "%s: the others stay", k->name);
        is_str(contact_text(s, -1, "330902"), "Dinghai - -", "%s: a unit's member is cleared", k->name);
        is_str(contact_text(s, -1, "330903"), "Putuo - -", "%s: a new unit", k->name);
        s = reopen(k, s, uri);
    }
    struct contact_change third[] = {PERSON(1, "b", STR_LIT("Li"), STR_LIT("+2"), STR_NONE)};
    ok(commit_contacts(s, third, 1, false) == ERR_OK, "%s: a contact may change without an event", k->name);
    is_str(contact_text(s, 1, "b"), "Li +2 -", "%s: and has changed", k->name);
    struct contact_change erased[] = {PERSON(0, "a", STR_NONE, STR_NONE, STR_NONE)};
    ok(commit_contacts(s, erased, 1, true) == ERR_OK, "%s: one is erased", k->name);
    is_str(contact_text(s, 0, "a"), absent, "%s: and gone", k->name);
    s = reopen(k, s, uri);
    is_str(contact_text(s, 0, "a"), absent, "%s: for good", k->name);
    is_str(contact_text(s, 1, "b"), "Li +2 -", "%s: the others are not", k->name);
    store_close(s);
}

/* --- idempotency keys --- */

#define KEYS_NOW INT64_C(1780000000)

/* Row i, whose other members follow from i and seq. */
static struct key_row key_row(uint64_t i, uint64_t seq)
{
    struct key_row r = {.at = KEYS_NOW + (int64_t)(i % 1000), .seq = seq};
    uint64_t mixed = (i + 1) * UINT64_C(0x9E3779B97F4A7C15), body = mixed * UINT64_C(0xD1342543DE82EF95);
    memcpy(r.key, &mixed, 8);
    memcpy(r.key + 8, &i, 8);
    memcpy(r.body, &body, 8);
    r.result = (enum result)(i % RESULT_ERROR);
    r.reason = r.result == RESULT_REJECTED ? (enum reason)(1 + i % (REASON_N - 1)) : REASON_NONE;
    r.n_events = r.result == RESULT_UNCHANGED ? 0 : (uint32_t)(i % 3);
    r.first_seq = r.n_events ? seq - r.n_events + 1 : 0;
    return r;
}

static bool same_row(const struct key_row *a, const struct key_row *b)
{
    return memcmp(a->key, b->key, KEY_HASH) == 0 && memcmp(a->body, b->body, KEY_HASH) == 0 && a->at == b->at &&
           a->seq == b->seq && a->first_seq == b->first_seq && a->n_events == b->n_events &&
           a->result == b->result && a->reason == b->reason;
}

static enum err commit_keys(struct store *s, const struct key_row *keys, size_t n, bool event)
{
    return commit_with(s, (struct commit){.keys = keys, .n_keys = n}, event);
}

/* What the store says of a key at that time: that it has the row, that it has none, or something else. */
static const char *key_text(struct store *s, const struct key_row *row, int64_t now)
{
    struct key_row found;
    struct errmsg msg;
    enum err e = store_key_find(s, row->key, now, &found, &msg);
    return e == ERR_ABSENT ? "absent" : e ? msg.text[0] ? "failed" : "?" : same_row(row, &found) ? "there" : "another";
}

static void test_keys(const struct kind *k)
{
    enum { ROWS = 300 };
    char uri[256];
    struct key_row rows[ROWS];
    struct store *s = make_store(k, "keys", uri);
    for (unsigned i = 0; i < ROWS; i++)
        rows[i] = key_row(i, 1);
    is_str(key_text(s, &rows[0], KEYS_NOW), "absent", "%s: no key is known at first", k->name);
    ok(commit_keys(s, rows, ROWS - 1, true) == ERR_OK, "%s: keys are committed with an event", k->name);
    ok(commit_keys(s, rows + ROWS - 1, 1, false) == ERR_OK, "%s: and without one", k->name);
    for (int round = 0; round < 2; round++) {
        unsigned there = 0;
        for (unsigned i = 0; i < ROWS; i++)
            there += strcmp(key_text(s, &rows[i], KEYS_NOW + 1000), "there") == 0;
        is_int(there, ROWS, "%s: each comes back as it went in%s", k->name, round ? ", also after a restart" : "");
        s = reopen(k, s, uri);
    }
    struct key_row other = key_row(ROWS, 1), again = rows[7];
    is_str(key_text(s, &other, KEYS_NOW), "absent", "%s: another key is not known", k->name);
    is_str(key_text(s, &rows[0], KEYS_NOW + KEY_SECONDS - 1), "there", "%s: a key is known for two days", k->name);
    is_str(key_text(s, &rows[0], KEYS_NOW + KEY_SECONDS), "absent", "%s: and no longer", k->name);
    again.at = KEYS_NOW + KEY_SECONDS + 500;
    again.seq = 2;
    again.body[3] ^= 1;
    ok(commit_keys(s, &again, 1, true) == ERR_OK, "%s: an old key is used anew", k->name);
    for (int round = 0; round < 2; round++) {
        is_str(key_text(s, &again, again.at), "there", "%s: then the new row counts", k->name);
        s = reopen(k, s, uri);
    }
    is_str(key_text(s, &rows[0], KEYS_NOW), "absent", "%s: what was too old is forgotten for good by then", k->name);
    is_str(key_text(s, &rows[ROWS - 1], KEYS_NOW), "there", "%s: what was not is there", k->name);
    store_close(s);
}

/* Keys of a commit that fails are none. */
static void test_keys_of_a_failure(const struct kind *k)
{
    char uri[256];
    struct errmsg msg;
    struct store *s = make_store(k, "failed-keys", uri);
    struct buf wrong = events_make(1, 3);
    struct key_row rows[] = {key_row(0, 0), key_row(1, 1), key_row(2, 2)};
    struct commit c = {.first = 1, .last = 2, .lines = buf_str(&wrong), .keys = rows, .n_keys = 3};
    enum err e = store_commit(s, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    is_int(e, ERR_INVALID, "%s: a commit with keys fails", k->name);
    is_str(key_text(s, &rows[1], KEYS_NOW), "absent", "%s: its keys are not known", k->name);
    s = reopen(k, s, uri);
    is_str(key_text(s, &rows[1], KEYS_NOW), "absent", "%s: nor after a restart", k->name);
    is_str(key_text(s, &rows[2], KEYS_NOW), "absent", "%s: none of them", k->name);
    if (k->lasts) {
        ok(commit_keys(s, rows, 3, true) == ERR_OK, "%s: they may come again", k->name);
        is_str(key_text(s, &rows[1], KEYS_NOW), "there", "%s: and are known then", k->name);
    }
    store_close(s);
    buf_done(&wrong);
}

static void test_stamp(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    struct store *s = make_store(k, "stamp", uri);
    is_int(store_stamp(s, &b, &msg), ERR_ABSENT, "%s: there is no stamp at first", k->name);
    const char *stamps[] = {"one\n", "two", ""};
    bool good = true;
    for (int i = 0; i < 3; i++) {
        struct commit c = {.first = (uint64_t)i + 1, .last = (uint64_t)i, .stamp = str_of(stamps[i])};
        enum err e = store_commit(s, &c, &msg);
        good = good && (e == ERR_OK || (e == ERR_MORE && store_commit_poll(s, true, &msg) == ERR_OK));
        buf_clear(&b);
        good = good && store_stamp(s, &b, &msg) == ERR_OK && str_is(buf_str(&b), stamps[i]) == (b.p != NULL);
        good = good && b.n == strlen(stamps[i]) && commit_events(s, (uint64_t)i + 1, &msg) == ERR_OK;
    }
    ok(good, "%s: the last stamp is the one that holds", k->name);
    s = reopen(k, s, uri);
    buf_clear(&b);
    is_int(store_stamp(s, &b, &msg), ERR_OK, "%s: also after a restart", k->name);
    store_close(s);
    buf_done(&b);
}

/* --- checkpoints --- */

static bool slice_write(struct store *s, const char *text, struct errmsg *msg)
{
    enum err e = store_checkpoint_slice(s, str_of(text), msg);
    return e == ERR_OK || (e == ERR_MORE && store_checkpoint_poll(s, true, msg) == ERR_OK);
}

static bool checkpoint_write(struct store *s, const char *const *slices, int n, struct errmsg *msg)
{
    struct store_info info;
    store_info(s, &info);
    if (store_checkpoint_begin(s, msg) != ERR_OK)
        return false;
    for (int i = 0; i < n; i++)
        if (!slice_write(s, slices[i], msg))
            return false;
    enum err e = store_checkpoint_finish(s, &info.seal, msg);
    return e == ERR_OK || (e == ERR_MORE && store_checkpoint_poll(s, true, msg) == ERR_OK);
}

static bool checkpoint_holds(const char *uri, unsigned which, uint64_t seq, const char *const *slices, int n)
{
    struct checkpoint_reader *r;
    struct seal seal;
    struct str slice;
    struct errmsg msg = {""};
    if (checkpoint_open(uri, which, &r, &seal, &msg) != ERR_OK || seal.seq != seq) {
        diag("%s", msg.text);
        return false;
    }
    bool good = true;
    for (int i = 0; i < n; i++)
        good = good && checkpoint_next(r, &slice, &msg) == ERR_OK && str_is(slice, slices[i]);
    good = good && checkpoint_next(r, &slice, &msg) == ERR_END;
    checkpoint_close(r);
    return good;
}

static void test_checkpoints(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    const char *const slices[] = {"the first", "the second, longer one", "x", "the last"};
    struct checkpoint_reader *r;
    struct seal seal;
    struct store *s = make_store(k, "checkpoints", uri);
    is_int(checkpoint_open(uri, 0, &r, &seal, &msg), ERR_ABSENT, "%s: there is no checkpoint at first", k->name);
    is_int(store_checkpoint_slice(s, STR_LIT("x"), &msg), ERR_INVALID, "%s: and none to write to", k->name);
    ok(commit_events(s, 10, &msg) == ERR_OK && checkpoint_write(s, slices, 4, &msg), "%s: one is written", k->name);
    ok(commit_events(s, 300, &msg) == ERR_OK && checkpoint_write(s, slices, 3, &msg), "%s: and another", k->name);
    ok(commit_events(s, 400, &msg) == ERR_OK && checkpoint_write(s, slices, 2, &msg), "%s: and a third", k->name);
    ok(store_checkpoint_begin(s, &msg) == ERR_OK && slice_write(s, "lost", &msg), "%s: a fourth is begun", k->name);
    is_int(store_checkpoint_begin(s, &msg), ERR_INVALID, "%s: only one at a time", k->name);
    store_checkpoint_abort(s);
    ok(commit_events(s, 500, &msg) == ERR_OK, "%s: and given up, which does not harm the store", k->name);
    if (k->lasts) {
        ok(checkpoint_holds(uri, 0, 400, slices, 2), "%s: the newest comes back", k->name);
        ok(checkpoint_holds(uri, 1, 300, slices, 3), "%s: and the one before", k->name);
        is_int(checkpoint_open(uri, 2, &r, &seal, &msg), ERR_ABSENT, "%s: older ones are not kept", k->name);
        store_close(s);
        ok(checkpoint_open(uri, 1, &r, &seal, &msg) == ERR_OK, "%s: with its seal", k->name);
        checkpoint_close(r);
        struct store_options from = {.segment_bytes = 4096, .seal = &seal, .lease_ms = LEASE_MS};
        s = open_store(uri, STORE_WRITE, &from);
        ok(gets_all(s, 500), "%s: the chain is picked up there", k->name);
        store_close(s);
        seal.hash[7] ^= 1;
        is_int(store_open(uri, STORE_WRITE, &from, &s, NULL, &msg), ERR_DAMAGED, "%s: another log's seal is refused",
               k->name);
        seal.seq = 299;
        is_int(store_open(uri, STORE_WRITE, &from, &s, NULL, &msg), ERR_DAMAGED, "%s: and a number without a seal",
               k->name);
        s = open_store(uri, STORE_WRITE, &small_segments);
    }
    store_close(s);
}

/* --- opening --- */

static void test_opening(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct store *s, *other;
    struct store_options simulated = {.simulated = true, .lease_ms = LEASE_MS};
    make_uri(k, "opening", uri);
    is_int(store_open("punched-cards:", STORE_INIT, NULL, &s, NULL, &msg), ERR_INVALID, "no such kind of store");
    is_int(store_open(uri, STORE_READ, NULL, &s, NULL, &msg), ERR_ABSENT, "%s: what was not made cannot be read",
           k->name);
    if (!k->lasts)
        return;
    is_int(store_open(uri, STORE_WRITE, NULL, &s, NULL, &msg), ERR_ABSENT, "%s: nor written", k->name);
    s = open_store(uri, STORE_INIT, &simulated);
    is_int(store_open(uri, STORE_WRITE, &simulated, &other, NULL, &msg), ERR_LOCKED, "%s: one writer at a time",
           k->name);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    ok(strstr(msg.text, pid) && strstr(msg.text, "opening"), "%s: the message names its pid and the place", k->name);
    is_int(store_open(uri, STORE_INIT, &simulated, &other, NULL, &msg), ERR_LOCKED, "%s: nor is it made again",
           k->name);
    store_close(s);
    is_int(store_open(uri, STORE_INIT, &simulated, &s, NULL, &msg), ERR_EXISTS, "%s: not when it is closed either",
           k->name);
    is_int(store_open(uri, STORE_WRITE, NULL, &s, NULL, &msg), ERR_INVALID, "%s: a simulated one stays one", k->name);
    s = open_store(uri, STORE_WRITE, &simulated);
    struct store_info info;
    store_info(s, &info);
    ok(info.simulated && strlen(info.incarnation) == 32, "%s: it knows what it is", k->name);
    store_close(s);
}

/* With replicas others hear of a commit some time later. */
static void await_seen(const struct store *r, uint64_t last)
{
    struct store_info info;
    store_info(r, &info);
    for (int i = 0; small_segments.replicas && i < 2000 && info.durable < last; i++) {
        usleep(5000);
        store_info(r, &info);
    }
}

/* What another process sees while a store is written, and after. */
static void test_reading_beside(const struct kind *k)
{
    char uri[256];
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    struct store_info info, beside;
    struct store *s = make_store(k, "beside", uri), *r;
    if (!k->lasts) {
        store_close(s);
        return;
    }
    ok(commit_events(s, 1000, &msg) == ERR_OK, "%s: a thousand events", k->name);
    r = open_store(uri, STORE_READ, NULL);
    await_seen(r, 1000);
    is_int(read_all(r, 0, NULL, &msg), 1000, "%s: another opening reads them while the store is written", k->name);
    ok(commit_events(s, 1500, &msg) == ERR_OK, "%s: five hundred more", k->name);
    await_seen(r, 1500);
    is_int(read_all(r, 700, NULL, &msg), 800, "%s: and sees these", k->name);
    is_int(store_get(r, 1400, &b, &msg), ERR_OK, "%s: one by its number, too", k->name);
    is_int(commit_events(r, 1501, &msg), ERR_INVALID, "%s: it cannot write", k->name);
    store_info(r, &beside);
    is_int(beside.durable, 1500, "%s: it knows how far it may read", k->name);
    store_info(s, &info);
    store_close(s);
    is_int(read_all(r, 0, NULL, &msg), 1500, "%s: also when the writer has gone", k->name);
    store_close(r);
    r = open_store(uri, STORE_READ, NULL);
    store_info(r, &beside);
    ok(memcmp(&beside.seal, &info.seal, sizeof info.seal) == 0, "%s: without a writer the last seal is found", k->name);
    is_int(read_all(r, 1499, NULL, &msg), 1, "%s: and read to", k->name);
    s = open_store(uri, STORE_WRITE, &small_segments);
    ok(commit_events(s, 1600, &msg) == ERR_OK, "%s: a writer comes", k->name);
    await_seen(r, 1600);
    is_int(read_all(r, 1499, NULL, &msg), 101, "%s: and is followed", k->name);
    store_close(s);
    store_close(r);
    buf_done(&b);
}

/* --- threads --- */

struct follower {
    struct store *s;
    uint64_t until, read;
    bool good;
};

/* How far the store is may be asked on any thread. */
static bool looks_good(const struct follower *f)
{
    struct store_info info;
    store_info(f->s, &info);
    sched_yield();
    return info.durable >= f->read && info.seal.seq == info.durable;
}

static void *follow(void *arg)
{
    struct follower *f = arg;
    struct store_reader *r;
    struct errmsg msg = {""};
    struct str line;
    f->good = store_reader_open(f->s, 0, &r, &msg) == ERR_OK;
    while (f->good && f->read < f->until) {
        uint64_t seq;
        enum err e = store_reader_next(r, &seq, &line, &msg);
        if (e == ERR_OK)
            f->good = seq == ++f->read && event_is(line, seq);
        else if (e == ERR_END)
            f->good = looks_good(f);
        else
            f->good = false;
    }
    if (!f->good)
        diag("at event %" PRIu64 ": %s", f->read, msg.text);
    store_reader_close(r);
    return NULL;
}

/* Commits in flight, gets and contacts on one thread, a reader on another. */
static void test_threads(const struct kind *k)
{
    enum { COMMITS = 60, EACH = 1500 };
    char uri[256];
    struct errmsg msg = {""};
    struct follower f = {.s = make_store(k, "threads", uri), .until = COMMITS * EACH};
    struct buf got = BUF_INIT;
    pthread_t thread;
    if (pthread_create(&thread, NULL, follow, &f) != 0)
        bail_out("no thread");
    bool good = true;
    for (uint64_t i = 0; good && i < COMMITS; i++) {
        struct buf b = events_make(i * EACH + 1, (i + 1) * EACH);
        struct contact_change change = PERSON(3, "d", STR_LIT("Qian"), STR_NONE, STR_NONE);
        change.seq = (i + 1) * EACH;
        struct commit c = {.first = i * EACH + 1,
                           .last = (i + 1) * EACH,
                           .lines = buf_str(&b),
                           .contacts = i % 8 ? NULL : &change,
                           .n_contacts = i % 8 ? 0 : 1};
        enum err e = store_commit(f.s, &c, &msg);
        for (uint64_t seq = 1; e == ERR_MORE; seq = seq * 5 % (i * EACH + 7)) {
            buf_clear(&got);
            good = good && (seq == 0 || seq > i * EACH ||
                            (store_get(f.s, seq, &got, &msg) == ERR_OK && event_is(buf_str(&got), seq)));
            if (i > 8)
                good = good && strcmp(contact_text(f.s, 3, "d"), "Qian - -") == 0;
            e = store_commit_poll(f.s, false, &msg);
        }
        good = good && e == ERR_OK;
        buf_done(&b);
    }
    ok(good, "%s: events and contacts are found while a commit is in flight", k->name);
    pthread_join(thread, NULL);
    ok(f.good, "%s: a reader on another thread reads every event once, in order", k->name);
    store_close(f.s);
    buf_done(&got);
}

/* --- death in mid-commit --- */

enum { PERSONS = 40 };

/* What the daemon has been told to be done, in memory that outlives it. */
struct told {
    _Atomic uint64_t last;
    _Atomic uint64_t contacts; /* the last commit with contacts: last << 16 | number of events */
    _Atomic uint64_t keys;     /* the same with keys: event N has row N */
};

/* Event N gives person N * 7 % PERSONS the name nN. */
static void commit_like_a_daemon(struct store *s, struct rng *r, struct told *told)
{
    struct store_info info;
    struct errmsg msg;
    store_info(s, &info);
    uint64_t first = info.durable + 1, n = 1 + rng_below(r, rng_below(r, 3) ? 20 : 30000);
    bool with_contacts = rng_below(r, 2) == 0, with_keys = rng_below(r, 2) == 0;
    n = (with_contacts || with_keys) && n > 200 ? 200 : n;
    struct buf b = events_make(first, first + n - 1);
    struct contact_change *changes = mem_zalloc((size_t)n, sizeof *changes);
    char(*names)[2][24] = mem_zalloc((size_t)n, sizeof *names);
    for (uint64_t i = 0; with_contacts && i < n; i++) {
        uint32_t number = (uint32_t)((first + i) * 7 % PERSONS);
        snprintf(names[i][0], 24, "p%" PRIu32, number);
        snprintf(names[i][1], 24, "n%" PRIu64, first + i);
        changes[i] = (struct contact_change){.seq = first + i,
                                             .number = number,
                                             .id = str_of(names[i][0]),
                                             .contact = {str_of(names[i][1]), STR_NONE, STR_NONE}};
    }
    struct key_row *keys = mem_zalloc((size_t)n, sizeof *keys);
    for (uint64_t i = 0; with_keys && i < n; i++)
        keys[i] = key_row(first + i, first + i);
    struct commit c = {.first = first,
                       .last = first + n - 1,
                       .lines = buf_str(&b),
                       .contacts = changes,
                       .n_contacts = with_contacts ? (size_t)n : 0,
                       .keys = keys,
                       .n_keys = with_keys ? (size_t)n : 0,
                       .stamp = rng_below(r, 4) ? STR_NONE : STR_LIT("alive")};
    enum err e = store_commit(s, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(s, true, &msg);
    if (e)
        _exit(1);
    atomic_store(&told->last, c.last);
    if (with_contacts)
        atomic_store(&told->contacts, c.last << 16 | n);
    if (with_keys)
        atomic_store(&told->keys, c.last << 16 | n);
    free(changes);
    free(keys);
    free(names);
    buf_done(&b);
}

static _Noreturn void daemon_life(const char *uri, uint64_t seed, struct told *told)
{
    struct rng r = rng_seed(seed);
    struct store *s;
    struct errmsg msg;
    if (store_open(uri, STORE_WRITE, &small_segments, &s, NULL, &msg) != ERR_OK) {
        diag("%s", msg.text);
        _exit(1);
    }
    for (;;)
        commit_like_a_daemon(s, &r, told);
}

/* The last event up to `last` that names the person; below first there is none. */
static uint64_t names(uint32_t number, uint64_t first, uint64_t last)
{
    while (last >= first && last * 7 % PERSONS != number)
        last--;
    return last;
}

/* A name belongs to the person, to a durable event, and to none before the last that was acknowledged. */
static bool contacts_fit(struct store *s, uint64_t durable, uint64_t acknowledged)
{
    uint64_t last = acknowledged >> 16, first = last + 1 - (acknowledged & 0xffff);
    for (uint32_t number = 0; number < PERSONS; number++) {
        char id[24];
        uint64_t seq, least = names(number, first, last);
        snprintf(id, sizeof id, "p%" PRIu32, number);
        const char *text = contact_text(s, (int)number, id);
        bool named = sscanf(text, "n%" SCNu64 " - -", &seq) == 1;
        if (named ? seq > durable || seq * 7 % PERSONS != number || (least >= first && seq < least)
                  : least >= first && last) {
            diag("person %" PRIu32 " after event %" PRIu64 ": %s", number, durable, text);
            return false;
        }
    }
    return true;
}

/* Acknowledged keys are there, and no key is that belongs to no event. */
static bool keys_fit(struct store *s, uint64_t durable, uint64_t acknowledged)
{
    uint64_t last = acknowledged >> 16, first = last + 1 - (acknowledged & 0xffff);
    for (uint64_t seq = first; last && seq <= durable + 300; seq++) {
        struct key_row row = key_row(seq, seq);
        const char *text = key_text(s, &row, KEYS_NOW);
        const char *want = seq <= last ? "there" : seq > durable ? "absent" : text;
        if (strcmp(text, want) != 0 || (strcmp(text, "there") != 0 && strcmp(text, "absent") != 0)) {
            diag("the key of event %" PRIu64 " after event %" PRIu64 ": %s", seq, durable, text);
            return false;
        }
    }
    return true;
}

static bool survives(const char *uri, uint64_t seed, struct told *told, unsigned *torn)
{
    struct rng r = rng_seed(seed);
    struct store *s;
    struct store_info info;
    struct store_opened opened;
    struct errmsg msg = {""};
    int status;
    pid_t pid = fork();
    if (pid == 0)
        daemon_life(uri, seed, told);
    usleep((useconds_t)(8000 + rng_below(&r, 40000)));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status) || store_open(uri, STORE_WRITE, &small_segments, &s, &opened, &msg) != ERR_OK) {
        diag("seed %" PRIu64 ": %s", seed, msg.text);
        return false;
    }
    *torn += opened.torn_bytes > 0;
    store_info(s, &info);
    bool good = info.durable >= atomic_load(&told->last) && read_all(s, 0, NULL, &msg) == (int64_t)info.durable &&
                contacts_fit(s, info.durable, atomic_load(&told->contacts)) &&
                keys_fit(s, info.durable, atomic_load(&told->keys));
    if (!good)
        diag("seed %" PRIu64 ": durable %" PRIu64 ", acknowledged %" PRIu64 ": %s", seed, info.durable,
             atomic_load(&told->last), msg.text);
    store_close(s);
    return good;
}

static void test_death(const struct kind *k)
{
    char uri[256];
    if (!k->lasts)
        return;
    struct told *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    store_close(make_store(k, "death", uri));
    unsigned torn = 0, lived = 0;
    while (lived < (unsigned)k->deaths && survives(uri, lived + 1, told, &torn))
        lived++;
    is_int(lived, k->deaths, "%s: killed %d times in mid-commit, nothing acknowledged is lost", k->name, k->deaths);
    diag("%" PRIu64 " events acknowledged, %u torn tails", atomic_load(&told->last), torn);
    munmap(told, sizeof *told);
}

int main(void)
{
    static void (*const tests[])(const struct kind *) = {
        test_commits,           test_places, test_tidying,     test_refusals, test_follow,         test_contacts, test_keys,
        test_keys_of_a_failure, test_stamp,  test_checkpoints, test_opening,  test_reading_beside, test_threads,  test_death};
    plan(0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kind_begin(&kinds[i]))
            for (size_t j = 0; j < sizeof tests / sizeof tests[0]; j++)
                tests[j](&kinds[i]);
    redis_server_kill(&server);
    cluster_stop(&cluster);
    return tap_end();
}
