/* Idempotency keys: what was decided under one is answered again, whatever has happened since, and changes nothing; a
 * commit in flight, a crash and a restart make no difference, two days of the real clock do. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/input_json.h"
#include "tests/engine/fake_clock.h"
#include "tests/engine/rig.h"

#define MANY 200
#define ENROL(id) "{\"op\":\"enrol\",\"id\":\"" id "\",\"policy\":\"national\",\"approved_on\":\"2025-06-05\"}"
#define CERTIFY(id, ref, on) \
    "{\"op\":\"certify\",\"id\":\"" id "\",\"channel\":\"face\",\"certified_on\":\"" on "\",\"ref\":\"" ref "\"}"
#define REVOKE(id, ref) \
    "{\"op\":\"revoke\",\"id\":\"" id "\",\"channel\":\"face\",\"ref\":\"" ref "\",\"reason\":\"forged\"}"
#define DEATH(id) "{\"op\":\"report-death\",\"id\":\"" id "\",\"died_on\":\"2025-12-01\"}"
#define ALIVE(id) "{\"op\":\"retract-death\",\"id\":\"" id "\",\"reason\":\"seen at the counter\"}"
#define AMEND(id, category) "{\"op\":\"amend\",\"id\":\"" id "\",\"category\":\"" category "\"}"

static struct rig r;
static unsigned n_stores;

/* --- requests with keys --- */

struct sent {
    struct request request;
    struct input inputs[MANY];
    struct input_key keys[MANY];
    struct input_result results[MANY];
    char *arena;
    size_t used;
    bool done;
};

static void mark_done(struct request *q)
{
    ((struct sent *)q->owner)->done = true;
}

static struct sent *sent_new(void)
{
    struct sent *s = mem_zalloc(1, sizeof *s);
    s->arena = mem_alloc(256 * 1024);
    s->request = (struct request){.kind = REQUEST_INPUTS,
                                  .done = mark_done,
                                  .owner = s,
                                  .inputs = s->inputs,
                                  .keys = s->keys,
                                  .results = s->results};
    return s;
}

static void sent_free(struct sent *s)
{
    buf_done(&s->request.body);
    free(s->arena);
    free(s);
}

/* The hashes are the caller's: any bytes do here. */
static void add(struct sent *s, const char *key, const char *json)
{
    struct input_options o = {.country_code = "+86"};
    struct input_parser *p = input_parser_new(&o);
    struct input_fault fault;
    size_t used, n = strlen(json);
    uint32_t i = s->request.n_inputs++;
    uint64_t body = 14695981039346656037u;
    if (input_parse(p, json, n, &s->inputs[i], s->arena + s->used, &used, &fault) != ERR_OK)
        bail_out("%s: %s", json, fault.text);
    s->used += used;
    for (size_t j = 0; j < n; j++)
        body = (body ^ (unsigned char)json[j]) * 1099511628211u;
    snprintf((char *)s->keys[i].key, KEY_HASH, "%s", key);
    memcpy(s->keys[i].body, &body, sizeof body);
    input_parser_free(p);
}

static void submit(struct sent *s)
{
    if (!engine_submit(r.engine, &s->request))
        bail_out("the queue is full");
}

static void tick(void)
{
    int64_t wait;
    if (engine_tick(r.engine, &wait, &r.msg) != ERR_OK)
        bail_out("the engine failed: %s", r.msg.text);
    struct pollfd fd = {.fd = engine_fd(r.engine), .events = POLLIN};
    if (wait)
        poll(&fd, 1, wait < 0 || wait > 20 ? 20 : (int)wait);
}

static void finish(struct sent *s)
{
    submit(s);
    for (int i = 0; i < 10000 && !s->done; i++)
        tick();
    if (!s->done)
        bail_out("a request is not answered");
}

/* "RESULT REASON EVENTS@FIRST USE" of a result; FIRST counts from the base. */
static const char *text_of(const struct input_result *in, uint64_t base)
{
    static char text[160];
    static const char *const uses[] = {"new", "replayed", "reused"};
    snprintf(text, sizeof text, "%s %s %u@%lld %s", result_text(in->result), in->reason ? reason_text(in->reason) : "-",
             (unsigned)in->n_events, in->n_events ? (long long)(in->first_seq - base) : -1, uses[in->key]);
    return text;
}

/* One input under a key; key NULL: without one. base: what first_seq is told from. */
static const char *send(const char *key, const char *json, uint64_t base)
{
    struct sent *s = sent_new();
    add(s, key ? key : "", json);
    if (!key)
        s->request.keys = NULL;
    finish(s);
    const char *text = text_of(&s->results[0], base);
    sent_free(s);
    return text;
}

static uint64_t last_seq(void)
{
    struct store_info info;
    store_info(engine_store(r.engine), &info);
    return info.durable;
}

static void open_rig(void)
{
    char uri[200];
    snprintf(uri, sizeof uri, "dir:%s/store-%u", tap_tmpdir(), n_stores++);
    r = (struct rig){.engine = NULL};
    r.options.checkpoint_events = 1000000;
    rig_open(&r, mem_strdup(uri), rig_conf, rig_at("2026-01-05T10:00:00+08:00"));
}

static void close_rig(void)
{
    char *uri = (char *)(uintptr_t)r.options.uri;
    rig_close(&r);
    free(uri);
}

/* --- what is answered again --- */

/* Each of these would be answered otherwise, and by another event, if it were decided twice. */
static void each_way(void)
{
    open_rig();
    send(NULL, ENROL("a"), 0);
    uint64_t base = last_seq();
    is_str(send("c", CERTIFY("a", "1", "2026-01-04"), base), "applied - 1@1 new", "a certification is decided");
    is_str(send("r", REVOKE("a", "1"), base), "applied - 1@2 new", "and revoked");
    is_str(send("d", DEATH("a"), base), "applied - 1@3 new", "a death is reported");
    is_str(send("t", ALIVE("a"), base), "applied - 1@4 new", "and retracted");
    is_str(send("x", REVOKE("a", "9"), base), "rejected no-such-certification 1@5 new", "and something is rejected");
    for (int round = 0; round < 3; round++) {
        const char *when = round == 0 ? "again" : round == 1 ? "after a crash" : "after a restart";
        is_str(send("c", CERTIFY("a", "1", "2026-01-04"), base), "applied - 1@1 replayed", "the certification %s",
               when);
        is_str(send("r", REVOKE("a", "1"), base), "applied - 1@2 replayed", "the revocation %s", when);
        is_str(send("d", DEATH("a"), base), "applied - 1@3 replayed", "the death %s", when);
        is_str(send("t", ALIVE("a"), base), "applied - 1@4 replayed", "the retraction %s", when);
        is_str(send("x", REVOKE("a", "9"), base), "rejected no-such-certification 1@5 replayed", "the rejection %s",
               when);
        is_int(last_seq(), base + 5, "no event came of that");
        if (round == 0)
            rig_crash(&r);
        else
            rig_again(&r, true);
    }
    is_str(send("y", REVOKE("a", "1"), base), "rejected no-such-certification 1@6 new",
           "under another key it is decided anew");
    is_str(send(NULL, ALIVE("a"), base), "rejected not-terminated 1@7 new", "and without one");
    close_rig();
}

static void without_events(void)
{
    open_rig();
    send(NULL, ENROL("a"), 0);
    send(NULL, AMEND("a", "one"), 0);
    uint64_t base = last_seq();
    is_str(send("u", AMEND("a", "one"), base), "unchanged - 0@-1 new", "an input that changes nothing");
    is_str(send("n", AMEND("nobody", "one"), base), "rejected not-enrolled 0@-1 new", "one about nobody");
    send(NULL, AMEND("a", "two"), base);
    send(NULL, ENROL("nobody"), base);
    rig_crash(&r);
    base = last_seq();
    is_str(send("u", AMEND("a", "one"), base), "unchanged - 0@-1 replayed", "changes nothing when it comes again");
    is_str(send("n", AMEND("nobody", "one"), base), "rejected not-enrolled 0@-1 replayed", "is still about nobody");
    is_int(last_seq(), base, "although both would bring an event now");
    close_rig();
}

static void other_bodies(void)
{
    open_rig();
    send(NULL, ENROL("a"), 0);
    uint64_t base = last_seq();
    send("k", AMEND("a", "one"), base);
    struct sent *s = sent_new();
    add(s, "k", AMEND("a", "two"));
    finish(s);
    is_str(text_of(&s->results[0], base), "error - 0@-1 reused", "another input under the same key is an error");
    ok(s->results[0].fault && strstr(s->results[0].fault, "Idempotency-Key"), "which says why");
    sent_free(s);
    is_int(last_seq(), base + 1, "and changes nothing");
    is_str(send("k", AMEND("a", "one"), base), "applied - 1@1 replayed", "the first one's result stands");
    close_rig();
}

static void errors(void)
{
    static const char with[] = "{\"op\":\"certify\",\"id\":\"a\",\"channel\":\"kiosk\",\"certified_on\":\"2026-01-04\","
                               "\"ref\":\"1\"}";
    char conf[2000];
    open_rig();
    send(NULL, ENROL("a"), 0);
    is_str(send("k", with, 0), "error - 0@-1 new", "an input that is not understood");
    snprintf(conf, sizeof conf, "%schannel \"kiosk\" {}\n", rig_conf);
    is_int(rig_reload(&r, conf), ERR_OK, "becomes one that is");
    uint64_t base = last_seq();
    is_str(send("k", with, base), "applied - 1@1 new", "and is decided under its key: an error is not kept");
    is_str(send("k", with, base), "applied - 1@1 replayed", "once");
    close_rig();
}

/* --- at the same time --- */

static void in_one_batch(void)
{
    open_rig();
    send(NULL, ENROL("a"), 0);
    uint64_t base = last_seq();
    struct sent *s = sent_new();
    add(s, "k", AMEND("a", "one"));
    add(s, "l", AMEND("a", "two"));
    add(s, "k", AMEND("a", "one"));
    add(s, "k", AMEND("a", "three"));
    finish(s);
    is_str(text_of(&s->results[0], base), "applied - 1@1 new", "of two under one key in the same request");
    is_str(text_of(&s->results[2], base), "applied - 1@1 replayed", "the second finds the first");
    is_str(text_of(&s->results[3], base), "error - 0@-1 reused", "and a third that is another is refused");
    is_int(last_seq(), base + 2, "two events");
    sent_free(s);
    close_rig();
}

/* The second comes while the first one's commit is in flight, and must not be answered before it is done. */
static void in_flight(void)
{
    open_rig();
    send(NULL, ENROL("a"), 0);
    uint64_t base = last_seq();
    unsigned early = 0, wrong = 0;
    for (int i = 0; i < 30; i++) {
        char key[16];
        struct sent *first = sent_new(), *second = sent_new();
        snprintf(key, sizeof key, "k%d", i);
        add(first, key, i % 2 ? AMEND("a", "one") : AMEND("a", "two"));
        add(second, key, i % 2 ? AMEND("a", "one") : AMEND("a", "two"));
        submit(first);
        int64_t wait;
        if (engine_tick(r.engine, &wait, &r.msg) != ERR_OK)
            bail_out("%s", r.msg.text);
        submit(second);
        while (!second->done) {
            tick();
            early += second->done && !first->done;
        }
        wrong += strcmp(text_of(&first->results[0], base + (uint64_t)i), "applied - 1@1 new") != 0;
        wrong += strcmp(text_of(&second->results[0], base + (uint64_t)i), "applied - 1@1 replayed") != 0;
        sent_free(first);
        sent_free(second);
    }
    is_int(wrong, 0, "one under the key of a commit in flight finds what is in it");
    is_int(early, 0, "and is not answered before it");
    close_rig();
}

static void many(void)
{
    const char *suite = getenv("TEST_SUITE");
    /* More than a batch takes (65,536), where a sanitizer does not make every step slow. */
    unsigned requests = suite && strcmp(suite, "plain") != 0 ? 35 : 350;
    struct sent **all = mem_zalloc(requests, sizeof *all);
    open_rig();
    send(NULL, ENROL("a"), 0);
    uint64_t base = last_seq();
    unsigned wrong = 0;
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < requests; i++) {
            all[i] = sent_new();
            for (unsigned j = 0; j < MANY; j++) {
                char key[KEY_HASH];
                snprintf(key, sizeof key, "%08x", (i * MANY + j) * 2654435761u);
                add(all[i], key, AMEND("nobody", "one"));
            }
            submit(all[i]);
        }
        for (unsigned i = 0; i < requests; i++) {
            while (!all[i]->done)
                tick();
            for (unsigned j = 0; j < MANY; j++)
                wrong += all[i]->results[j].key != (round ? KEY_REPLAYED : KEY_NEW) ||
                         all[i]->results[j].reason != REASON_NOT_ENROLLED;
            sent_free(all[i]);
        }
    }
    is_int(wrong, 0, "%u inputs without an event are found again, each", requests * MANY);
    is_int(last_seq(), base, "and brought none");
    free(all);
    close_rig();
}

/* --- time --- */

static void two_days(void)
{
    open_rig();
    send(NULL, ENROL("a"), 0);
    uint64_t base = last_seq();
    send("k", REVOKE("a", "1"), base);
    rig_until(&r, rig_at("2026-01-30T10:00:00+08:00"));
    is_str(send("k", REVOKE("a", "1"), base), "rejected no-such-certification 1@1 replayed",
           "days of a simulated clock are not what a key's age is counted by");
    fake_pass(KEY_SECONDS - 1);
    is_str(send("k", REVOKE("a", "1"), base), "rejected no-such-certification 1@1 replayed",
           "a key is known for two days of the real clock");
    fake_pass(1);
    is_str(send("k", REVOKE("a", "1"), base), "rejected no-such-certification 1@2 new", "and no longer");
    is_str(send("k", REVOKE("a", "1"), base), "rejected no-such-certification 1@2 replayed",
           "from then on for another two");
    close_rig();
}

int main(void)
{
    plan(5 + 3 * 6 + 2 + 5 + 4 + 4 + 4 + 2 + 2 + 4);
    each_way();
    without_events();
    other_bodies();
    errors();
    in_one_batch();
    in_flight();
    many();
    two_days();
    return tap_end();
}
