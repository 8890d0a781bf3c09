/* Stores moved into others, as many as there were and others: nobody's history loses a word, what points to a number
 * points to the same, verification is content, and engines go on. */
#include "shards/move/move.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/event_json.h"
#include "engine/verify/verify.h"
#include "shards/set.h"
#include "tests/engine/chronicle.h"
#include "tests/store/delivery_help.h"

#define MAX 8
#define NOW 1900000000 /* keys are given this time, and it is the move's */

/* Some stores, as folders. */
struct town {
    unsigned n;
    char uri[MAX][256];
    struct store *store[MAX];
};

static struct town town_named(const char *name, unsigned n)
{
    struct town t = {.n = n};
    for (unsigned i = 0; i < n; i++)
        snprintf(t.uri[i], sizeof t.uri[i], "dir:%s/%s-%u", tap_tmpdir(), name, i);
    return t;
}

static void open_all(struct town *t, const char *incarnation)
{
    struct errmsg msg;
    const struct store_options o = {.simulated = true, .incarnation = incarnation};
    for (unsigned i = 0; i < t->n; i++)
        if (store_open(t->uri[i], incarnation ? STORE_INIT : STORE_WRITE, &o, &t->store[i], NULL, &msg))
            bail_out("%s", msg.text);
}

static void close_all(struct town *t)
{
    for (unsigned i = 0; i < t->n; i++)
        store_close(t->store[i]);
}

static enum err move_towns(struct town *from, struct town *to, struct move_report *report, struct errmsg *msg)
{
    struct store_info info;
    open_all(from, NULL);
    store_info(from->store[0], &info);
    open_all(to, info.incarnation);
    const struct move_order o = {.from = from->store, .to = to->store, .n_from = from->n, .n_to = to->n, .now = NOW};
    msg->text[0] = '\0';
    enum err e = move_stores(&o, report, msg);
    close_all(from);
    close_all(to);
    return e;
}

/* --- everybody's story: the lines of their events without numbers --- */

struct story {
    char id[65];
    unsigned shard, n;
    struct buf text;
};

struct stories {
    struct story *v;
    size_t n;
};

static struct story *story_of(struct stories *s, struct str id)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_is(id, s->v[i].id))
            return &s->v[i];
    s->v = mem_resize(s->v, s->n + 1, sizeof *s->v);
    struct story *new = &s->v[s->n++];
    *new = (struct story){.text = BUF_INIT};
    snprintf(new->id, sizeof new->id, "%.*s", (int)id.n, id.p);
    return new;
}

/* undoes is told by the type of the event that it points to. */
static void add_event(struct stories *s, struct store *store, unsigned shard, struct event *ev)
{
    struct story *who = story_of(s, ev->subject);
    if (ev->type == EV_REINSTATED) {
        struct buf line = BUF_INIT;
        struct event undone;
        struct event_arena arena = {0};
        struct errmsg msg;
        if (store_get(store, ev->u.reinstated.undoes, &line, &msg) ||
            event_read_head(buf_str(&line), &undone, &arena) || !str_eq(undone.subject, ev->subject))
            bail_out("an event undoes what is not there");
        buf_printf(&who->text, "undoes %s: ", event_type_text(undone.type));
        event_arena_done(&arena);
        buf_done(&line);
        ev->u.reinstated.undoes = 0;
    }
    ev->seq = ev->prev = 0;
    event_write(&who->text, ev);
    who->shard = shard;
    who->n++;
}

static struct stories read_stories(struct town *t)
{
    struct stories s = {NULL, 0};
    struct event_arena arena = {0};
    struct errmsg msg;
    open_all(t, NULL);
    for (unsigned i = 0; i < t->n; i++) {
        struct store_reader *r;
        struct str line;
        struct event ev;
        uint64_t seq;
        size_t where;
        if (store_reader_open(t->store[i], 0, &r, &msg))
            bail_out("%s", msg.text);
        while (store_reader_next(r, &seq, &line, &msg) == ERR_OK)
            if (event_read(line, &ev, &arena, &where) == ERR_OK && ev.subject.p)
                add_event(&s, t->store[i], i, &ev);
        store_reader_close(r);
    }
    close_all(t);
    event_arena_done(&arena);
    return s;
}

static void stories_done(struct stories *s)
{
    for (size_t i = 0; i < s->n; i++)
        buf_done(&s->v[i].text);
    free(s->v);
}

/* Contacts by id. */
static void take_contact(void *arg, const struct contact_change *row)
{
    struct story *who = story_of(arg, row->id);
    if (row->contact.name.p || row->contact.phone.p || row->contact.by.p)
        buf_printf(&who->text, "%d %.*s %.*s %.*s\n", row->unit, (int)row->contact.name.n, row->contact.name.p,
                   (int)row->contact.phone.n, row->contact.phone.p, (int)row->contact.by.n, row->contact.by.p);
}

static struct stories read_contacts(struct town *t)
{
    struct stories s = {NULL, 0};
    struct errmsg msg;
    open_all(t, NULL);
    for (unsigned i = 0; i < t->n; i++)
        if (store_each_contact(t->store[i], take_contact, &s, &msg))
            bail_out("%s", msg.text);
    close_all(t);
    return s;
}

static unsigned different(struct stories *a, struct stories *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < a->n; i++)
        n += !str_eq(buf_str(&a->v[i].text), buf_str(&story_of(b, str_of(a->v[i].id))->text)) && a->v[i].text.n;
    return n + (unsigned)(a->n > b->n ? a->n - b->n : b->n - a->n);
}

static void same_people(struct town *from, struct town *to, const char *what)
{
    struct stories before = read_stories(from), after = read_stories(to);
    unsigned astray = 0;
    ok(before.n > 30, "%s: %zu people have stories", what, before.n);
    is_int(different(&before, &after), 0, "%s: everybody's story is the same, word for word", what);
    for (size_t i = 0; i < after.n; i++)
        astray += to->n > 1 && after.v[i].shard != shard_of(str_of(after.v[i].id), to->n);
    is_int(astray, 0, "%s: everybody is in the shard where they belong", what);
    stories_done(&before);
    stories_done(&after);
    before = read_contacts(from);
    after = read_contacts(to);
    is_int(different(&before, &after), 0, "%s: %zu contacts are the same", what, before.n);
    stories_done(&before);
    stories_done(&after);
}

/* --- verification --- */

static uint64_t verified(struct town *t, const char *what)
{
    uint64_t decided = 0;
    unsigned bad = 0;
    for (unsigned i = 0; i < t->n; i++) {
        const struct verify_options o = {.uri = t->uri[i], .sharded = true};
        struct verify_report r;
        struct errmsg msg = {""};
        enum err e = verify_store(&o, &r, &msg);
        if (e || !r.good) {
            bad++;
            diag("%s: %s %s event %llu %s: %s", t->uri[i], msg.text, r.difference.place,
                 (unsigned long long)r.difference.seq, r.difference.type, r.difference.text);
        }
        decided += r.decided;
        verify_report_done(&r);
    }
    is_int(bad, 0, "%s: verification is content with every one", what);
    return decided;
}

static struct seal seal_of(const char *uri)
{
    struct store *s;
    struct store_info info;
    struct errmsg msg;
    if (store_open(uri, STORE_READ, NULL, &s, NULL, &msg))
        bail_out("%s", msg.text);
    store_info(s, &info);
    store_close(s);
    return info.seal;
}

/* --- lives --- */

static void live(struct town *t, uint64_t seed, const struct chronicle *like)
{
    struct rig r = {.engine = NULL};
    struct chronicle c = *like;
    c.seed = seed;
    chronicle_live(&r, t->uri[0], &c);
    rig_close(&r);
}

/* Each engine goes on alone for half a year, everybody certifies now and then. */
static void go_on(struct town *t, unsigned year, const char *what)
{
    struct stories s = read_stories(t);
    unsigned failed = 0;
    uint64_t events = 0;
    for (unsigned i = 0; i < t->n; i++) {
        struct rig r = {.engine = NULL};
        char first[32];
        snprintf(first, sizeof first, "%u-01-01T00:00:00+08:00", year);
        lc_instant start = rig_at(first);
        struct seal before = seal_of(t->uri[i]);
        if (rig_try(&r, t->uri[i], chronicle_conf(0, &(struct chronicle_conf){.brake = "off"}), start)) {
            diag("%s", r.msg.text);
            failed++;
            continue;
        }
        rig_until(&r, start + 3600);
        for (size_t k = 0; k < s.n; k++) {
            char json[256];
            snprintf(json, sizeof json,
                     "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"on-%u\","
                     "\"certified_on\":\"%u-12-31\"}",
                     s.v[k].id, year, year - 1);
            if (s.v[k].shard == i)
                rig_input(&r, json);
        }
        rig_until(&r, start + 180 * 86400);
        rig_close(&r);
        events += seal_of(t->uri[i]).seq - before.seq;
    }
    is_int(failed, 0, "%s: engines go on with all of them", what);
    ok(events >= s.n, "%s: and decide %llu events", what, (unsigned long long)events);
    stories_done(&s);
}

static const struct chronicle quiet = {.people = 60, .steps = 900};
static const struct chronicle lively = {.people = 60, .steps = 900, .reloads = true, .holds = true};

/* --- the tests --- */

static void test_same(void)
{
    struct town from = town_named("same", 1), to = town_named("same-to", 1), back = town_named("same-back", 1);
    struct move_report report;
    struct errmsg msg;
    live(&from, 1, &lively);
    is_int(move_towns(&from, &to, &report, &msg), ERR_OK, "one store goes into one (%s)", msg.text);
    struct seal a = seal_of(from.uri[0]), b = seal_of(to.uri[0]);
    ok(report.same && a.seq == b.seq && memcmp(&a, &b, sizeof a) == 0, "with the same seal at its end");
    is_int(report.read, a.seq, "and all of its events");
    same_people(&from, &to, "one to one");
    ok(verified(&to, "one to one") == a.seq, "one to one: every event is decided again, as before");
    go_on(&to, 2031, "one to one");
    is_int(move_towns(&to, &back, &report, &msg), ERR_OK, "and once more (%s)", msg.text);
    verified(&back, "once more");
}

/* Many small files, and what comes later in larger ones: each begins where it did. */
static void test_segments(void)
{
    struct town from = town_named("pieces", 1), to = town_named("pieces-to", 1);
    struct move_report report;
    struct errmsg msg;
    struct rig r = {.engine = NULL};
    struct chronicle c = lively;
    c.seed = 9;
    r.options.segment_bytes = 4096;
    chronicle_live(&r, from.uri[0], &c);
    rig_close(&r);
    go_on(&from, 2031, "after small files");
    is_int(move_towns(&from, &to, &report, &msg), ERR_OK, "files of any size are kept (%s)", msg.text);
    struct seal a = seal_of(from.uri[0]), b = seal_of(to.uri[0]);
    ok(memcmp(&a, &b, sizeof a) == 0, "with the same seal");
}

static void test_spread(uint64_t seed, const struct chronicle *how)
{
    char name[64];
    struct town one = town_named("one", 1), four, two, again;
    struct move_report report;
    struct errmsg msg;
    for (unsigned i = 0; i < 4; i++) {
        struct town *t[] = {&one, &four, &two, &again};
        static const unsigned n[] = {1, 4, 2, 1};
        snprintf(name, sizeof name, "spread-%u-%u", (unsigned)seed, i);
        *t[i] = town_named(name, n[i]);
    }
    live(&one, seed, how);
    is_int(move_towns(&one, &four, &report, &msg), ERR_OK, "one goes into four (%s)", msg.text);
    ok(!report.same && report.people > 30, "written anew");
    same_people(&one, &four, "one to four");
    verified(&four, "one to four");
    go_on(&four, 2031, "one to four");
    ok(verified(&four, "gone on") > report.people, "what the four have decided since is decided again");
    is_int(move_towns(&four, &two, &report, &msg), ERR_OK, "four go into two (%s)", msg.text);
    same_people(&four, &two, "four to two");
    verified(&two, "four to two");
    is_int(move_towns(&two, &again, &report, &msg), ERR_OK, "two go into one (%s)", msg.text);
    same_people(&four, &again, "two to one");
    verified(&again, "two to one");
    go_on(&again, 2033, "two to one");
    ok(verified(&again, "gone on") > 0, "and what that one decides since is decided again");
}

/* --- beside the log --- */

/* The first event of that type, and how many there are of its subject. */
static uint64_t find_event(const char *uri, enum event_type type, char subject[65])
{
    struct store *s;
    struct store_reader *r;
    struct errmsg msg;
    struct str line;
    struct event ev;
    struct event_arena arena = {0};
    uint64_t seq, found = 0;
    if (store_open(uri, STORE_READ, NULL, &s, NULL, &msg) || store_reader_open(s, 0, &r, &msg))
        bail_out("%s", msg.text);
    while (!found && store_reader_next(r, &seq, &line, &msg) == ERR_OK)
        if (event_read_head(line, &ev, &arena) == ERR_OK && ev.type == type) {
            snprintf(subject, 65, "%.*s", (int)ev.subject.n, ev.subject.p);
            found = seq;
        }
    store_reader_close(r);
    store_close(s);
    event_arena_done(&arena);
    return found;
}

static void put(struct town *t, const struct key_row *keys, size_t n, const struct delivery_change *changes, size_t m)
{
    struct delivery_store *d;
    struct store_info info;
    struct errmsg msg;
    open_all(t, NULL);
    store_info(t->store[0], &info);
    const struct commit c = {.first = info.durable + 1, .last = info.durable, .keys = keys, .n_keys = n};
    if ((n && commit_whole(t->store[0], &c, &msg)) || delivery_open(t->store[0], &d, &msg) ||
        delivery_commit_all(d, changes, m, &msg))
        bail_out("%s", msg.text);
    delivery_close(d);
    close_all(t);
}

struct places {
    unsigned n, shard[MAX * 2];
    struct key_row row[MAX * 2];
    unsigned char key;
    unsigned now;
};

static void take_key(void *arg, const struct key_row *row)
{
    struct places *p = arg;
    if (row->key[0] == p->key && p->n < MAX * 2) {
        p->row[p->n] = *row;
        p->shard[p->n++] = p->now;
    }
}

static struct places keys_of(struct town *t, unsigned char key)
{
    struct places p = {.key = key};
    struct errmsg msg;
    open_all(t, NULL);
    for (p.now = 0; p.now < t->n; p.now++)
        if (store_each_key(t->store[p.now], take_key, &p, &msg))
            bail_out("%s", msg.text);
    close_all(t);
    return p;
}

static bool event_of(const char *uri, uint64_t seq, enum event_type type, const char *subject)
{
    struct store *s;
    struct errmsg msg;
    struct buf line = BUF_INIT;
    struct event ev;
    struct event_arena arena = {0};
    if (store_open(uri, STORE_READ, NULL, &s, NULL, &msg))
        bail_out("%s", msg.text);
    bool yes = store_get(s, seq, &line, &msg) == ERR_OK && event_read_head(buf_str(&line), &ev, &arena) == ERR_OK &&
               ev.type == type && str_is(ev.subject, subject);
    store_close(s);
    event_arena_done(&arena);
    buf_done(&line);
    return yes;
}

static void test_keys(void)
{
    struct town from = town_named("keys", 1), to = town_named("keys-to", 3);
    struct move_report report;
    struct errmsg msg;
    char subject[65];
    live(&from, 21, &quiet);
    uint64_t seq = find_event(from.uri[0], EV_ACCEPTED, subject);
    const struct key_row keys[] = {
        {.key = {2}, .at = NOW - 10, .seq = seq - 1, .result = RESULT_UNCHANGED},
        {.key = {1}, .at = NOW - 10, .seq = seq, .first_seq = seq, .n_events = 1, .result = RESULT_APPLIED},
        {.key = {3}, .at = NOW - KEY_SECONDS - 1, .seq = seq, .first_seq = seq, .n_events = 1},
    };
    put(&from, keys, 3, NULL, 0);
    is_int(move_towns(&from, &to, &report, &msg), ERR_OK, "keys are moved (%s)", msg.text);
    struct places p = keys_of(&to, 1);
    ok(p.n == 1 && p.shard[0] == shard_of(str_of(subject), 3) && p.row[0].first_seq == p.row[0].seq,
       "the key of a decision goes where its person goes");
    ok(p.n == 1 && event_of(to.uri[p.shard[0]], p.row[0].seq, EV_ACCEPTED, subject), "and names the same event there");
    is_int(keys_of(&to, 2).n, 3, "one of which nobody knows whom it was about goes everywhere");
    is_int(keys_of(&to, 3).n, 0, "one that is too old is left behind");
    verified(&to, "with keys");
}

struct rows {
    unsigned n;
    struct delivery_row last;
    char subject[65];
};

static void take_row(void *arg, const struct delivery_row *row)
{
    struct rows *r = arg;
    r->n++;
    r->last = *row;
    snprintf(r->subject, sizeof r->subject, "%.*s", (int)row->subject.n, row->subject.p);
}

static void take_endpoint(void *arg, const struct endpoint_row *row)
{
    *(struct endpoint_row *)arg = *row;
}

static struct delivery_change row_of(uint64_t seq, const char *subject, enum delivery_state state)
{
    struct delivery_change c = change_put("hook", seq, state);
    c.row.subject = str_of(subject);
    c.row.type = str_of(event_type_text(EV_ACCEPTED));
    return c;
}

static void test_deliveries(void)
{
    struct town from = town_named("hooks", 1), to = town_named("hooks-to", 3), never = town_named("hooks-no", 2);
    struct move_report report;
    struct errmsg msg;
    struct store_info info;
    char subject[65];
    live(&from, 22, &quiet);
    uint64_t seq = find_event(from.uri[0], EV_ACCEPTED, subject), end = seal_of(from.uri[0]).seq;
    struct delivery_change changes[] = {change_endpoint("hook", end - 1), row_of(seq, subject, DELIVERY_RETRY),
                                        change_gap("hook", subject, true)};
    changes[0].at.delivered = 42;
    put(&from, NULL, 0, changes, 3);
    is_int(move_towns(&from, &never, &report, &msg), ERR_INVALID, "what is being tried again is not numbered anew");
    ok(strstr(msg.text, "hook") && strstr(msg.text, "retry"), "and it is named (%s)", msg.text);
    changes[1] = row_of(seq, subject, DELIVERY_DEAD);
    put(&from, NULL, 0, changes, 3);
    never = town_named("hooks-no2", 2);
    is_int(move_towns(&from, &never, &report, &msg), ERR_INVALID, "nor is what an endpoint has not got to yet");
    ok(strstr(msg.text, "--forget hook") != NULL, "and it says what to do (%s)", msg.text);
    changes[0].at.cursor = end;
    put(&from, NULL, 0, changes, 3);
    is_int(move_towns(&from, &to, &report, &msg), ERR_OK, "then it goes (%s)", msg.text);
    verified(&to, "with deliveries");
    uint64_t delivered = 0;
    unsigned behind = 0, rows = 0, right = 0;
    open_all(&to, NULL);
    for (unsigned i = 0; i < to.n; i++) {
        struct delivery_store *d;
        struct endpoint_row at = {.cursor = 0};
        struct rows r = {.n = 0};
        if (delivery_open(to.store[i], &d, &msg) || delivery_endpoints(d, take_endpoint, &at, &msg) ||
            delivery_rows(d, STR_LIT("hook"), ALL_STATES, 0, 0, take_row, &r, &msg))
            bail_out("%s", msg.text);
        store_info(to.store[i], &info);
        delivered += at.delivered;
        behind += at.cursor != info.durable;
        rows += r.n;
        right += r.n == 1 && i == shard_of(str_of(subject), 3) && strcmp(r.subject, subject) == 0 &&
                 event_of(to.uri[i], r.last.seq, EV_ACCEPTED, subject);
        delivery_close(d);
    }
    close_all(&to);
    is_int(delivered, 42, "what was counted stays counted, once");
    is_int(behind, 0, "every endpoint has all there is");
    ok(rows == 1 && right == 1, "what was given up follows its person and its event");
}

/* One shard's hold, which no other has. */
static void test_holds(void)
{
    struct town from = town_named("holds", 1), two = town_named("holds-two", 2), one = town_named("holds-one", 1);
    struct move_report report;
    struct errmsg msg;
    live(&from, 23, &quiet);
    is_int(move_towns(&from, &two, &report, &msg), ERR_OK, "one into two");
    for (unsigned i = 0; i < 2; i++) {
        struct rig r = {.engine = NULL};
        if (rig_try(&r, two.uri[i], chronicle_conf(0, &(struct chronicle_conf){.brake = "off"}),
                    rig_at("2031-01-01T00:00:00+08:00")))
            bail_out("%s", r.msg.text);
        rig_until(&r, rig_at("2031-01-02T00:00:00+08:00"));
        if (rig_place(&r, SCOPE_POLICY, "beijing", i ? "2031-06-01" : "2031-05-01"))
            bail_out("%s", r.msg.text);
        rig_until(&r, rig_at(i ? "2031-01-03T00:00:00+08:00" : "2031-05-03T00:00:00+08:00"));
        rig_close(&r);
    }
    is_int(move_towns(&two, &one, &report, &msg), ERR_INVALID, "a hold that is in force in one of two shards");
    ok(strstr(msg.text, "beijing") && strstr(msg.text, "1 of 2"), "is told (%s)", msg.text);
}

int main(void)
{
    plan(0);
    test_keys();
    test_deliveries();
    test_holds();
    test_same();
    test_segments();
    test_spread(2, &quiet);
    test_spread(3, &lively);
    test_spread(4, &lively);
    return tap_end();
}
