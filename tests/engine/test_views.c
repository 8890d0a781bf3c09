/* What delivery asks of the engine: people and units as they are now, with their contacts, and lines of the log; never
 * answered before what they say is durable. */
#include "tests/engine/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/input_json.h"

#define NEW_YEAR rig_at("2026-01-01T00:00:00+08:00")

/* --- questions --- */

struct asking {
    struct rig *rig;
    bool done;
    uint64_t durable; /* when it was answered */
};

static void answered(struct request *q)
{
    struct asking *a = q->owner;
    struct engine_counters counters;
    engine_counters(a->rig->engine, &counters);
    a->durable = counters.durable_seq;
    a->done = true;
}

static void submit(struct rig *r, struct request *q, struct asking *a)
{
    *a = (struct asking){.rig = r};
    q->done = answered;
    q->owner = a;
    if (!engine_submit(r->engine, q))
        bail_out("the queue is full");
}

static void wait_for(const struct asking *a)
{
    for (int i = 0; i < 100000 && !a->done; i++) {
        int64_t wait;
        if (engine_tick(a->rig->engine, &wait, &a->rig->msg) != ERR_OK)
            bail_out("the engine failed: %s", a->rig->msg.text);
    }
    if (!a->done)
        bail_out("a request is not answered");
}

static void ask(struct rig *r, struct request *q)
{
    struct asking a;
    submit(r, q, &a);
    wait_for(&a);
}

static struct person_view about(const char *id)
{
    return (struct person_view){.id = str_of(id), .contact_wanted = true};
}

/* The answer's body is the rig's until its next question. */
static void ask_people(struct rig *r, struct person_view *people, uint32_t n)
{
    struct request q = {.kind = REQUEST_PEOPLE, .people = people, .n_people = n, .body = r->body};
    buf_clear(&q.body);
    ask(r, &q);
    r->body = q.body;
    if (q.err != ERR_OK)
        bail_out("%s", q.msg.text);
}

static struct person_view view(struct rig *r, const char *id)
{
    struct person_view v = about(id);
    ask_people(r, &v, 1);
    return v;
}

/* "name phone by", "-" for none. It holds until the next call. */
static const char *contact_of(const struct person_view *v)
{
    static char text[300];
    struct str s[3] = {v->contact.name, v->contact.phone, v->contact.by};
    for (int i = 0; i < 3; i++)
        if (!s[i].p)
            s[i] = STR_LIT("-");
    snprintf(text, sizeof text, "%.*s %.*s %.*s", (int)s[0].n, s[0].p, (int)s[1].n, s[1].p, (int)s[2].n, s[2].p);
    return text;
}

static void enrol(struct rig *r, const char *id, const char *more)
{
    struct buf json = BUF_INIT;
    buf_printf(&json, "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"national\",\"approved_on\":\"2025-01-10\"%s}", id,
               more);
    buf_addc(&json, '\0');
    if (rig_input(r, json.p).result != RESULT_APPLIED)
        bail_out("%s is not enrolled", id);
    buf_done(&json);
}

#define WANG ",\"category\":\"pension\",\"unit\":\"U1\",\"name\":\"王\",\"phone\":\"+8613800000001\""

/* --- people --- */

static void test_enrolled(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, "P1", WANG);
    enrol(&r, "P2", "");
    struct person_view v[4] = {about("P1"), about("P2"), about("P3"), about("P1")};
    v[3].contact_wanted = false;
    struct request q = {.kind = REQUEST_PEOPLE, .people = v, .n_people = 4};
    ask(&r, &q);
    is_int(q.err, ERR_OK, "people are asked for");
    is_int(q.today, date_make(2026, 1, 1), "the answer says what day it is");
    ok(v[0].found && v[0].rec.status == STATUS_ACTIVE, "somebody who is enrolled is found");
    is_str(v[0].policy.name, "national", "with the policy");
    is_int(v[0].dates.due, date_make(2026, 1, 31), "the dates");
    is_int(v[0].dates.suspend_on, date_make(2026, 2, 16), "all of them");
    is_str(v[0].category, "pension", "the category");
    is_str(v[0].unit_code, "U1", "the unit");
    is_str(contact_of(&v[0]), "王 +8613800000001 -", "and the contact");
    ok(v[1].found && !v[1].category[0] && !v[1].unit_code[0], "what was not given is empty");
    is_str(contact_of(&v[1]), "- - -", "and there may be no contact");
    ok(!v[2].found && !v[2].policy.name[0] && v[2].rec.approved_on == 0 && !v[2].contact.name.p,
       "of somebody unknown nothing is said");
    is_str(v[2].id.p, "P3", "but who was asked for");
    ok(v[3].found && !v[3].contact.name.p, "a contact is given to whoever wants it");
    buf_done(&q.body);
    rig_close(&r);
}

static void test_changes(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, "P1", WANG);
    rig_input(&r, "{\"op\":\"amend\",\"id\":\"P1\",\"policy\":\"beijing\",\"category\":\"survivor\",\"unit\":\"U2\","
                  "\"phone\":\"+8613800000002\"}");
    struct person_view v = view(&r, "P1");
    is_str(v.policy.name, "beijing", "an amended person stands under the new policy");
    is_int(v.policy.grace, 0, "with its parameters");
    is_str(v.category, "survivor", "in the new category");
    is_str(v.unit_code, "U2", "and unit");
    is_str(contact_of(&v), "王 +8613800000002 -", "and is called at the new number");
    rig_input(&r, "{\"op\":\"certify\",\"id\":\"P1\",\"channel\":\"face\",\"ref\":\"r\",\"certified_on\":\"2026-01-01\","
                  "\"by\":\"kin\"}");
    v = view(&r, "P1");
    is_int(v.rec.certified_on, date_make(2026, 1, 1), "a certification is seen");
    is_str(contact_of(&v), "王 +8613800000002 kin", "and who made it");
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"P1\",\"died_on\":\"2025-12-30\"}");
    v = view(&r, "P1");
    ok(v.found && v.rec.status == STATUS_TERMINATED, "somebody who died is found as such");
    is_str(contact_of(&v), "王 +8613800000002 kin", "with the contact");
    rig_input(&r, "{\"op\":\"erase\",\"id\":\"P1\"}");
    v = view(&r, "P1");
    ok(v.found && v.rec.erased, "somebody erased is found as such");
    is_str(contact_of(&v), "- - -", "without a contact");
    rig_close(&r);
}

static void test_units(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    enrol(&r, "U1", WANG);
    rig_input(&r, "{\"op\":\"unit\",\"unit\":\"U1\",\"name\":\"街道办\",\"phone\":\"+8613900000001\"}");
    rig_input(&r, "{\"op\":\"unit\",\"unit\":\"U9\",\"name\":null,\"phone\":null}");
    struct person_view v[5] = {about("U1"), about("U1"), about("U9"), about("U7"), about(NULL)};
    v[0].unit = v[2].unit = v[3].unit = v[4].unit = true;
    v[0].contact_wanted = false;
    ask_people(&r, v, 5);
    ok(v[0].found && !v[0].policy.name[0] && v[0].unit, "a unit with a contact is found, and is nothing but that");
    is_str(contact_of(&v[0]), "街道办 +8613900000001 -", "the contact is what it is asked for");
    is_str(contact_of(&v[1]), "王 +8613800000001 -", "a person whose id is the unit's code is another");
    ok(!v[2].found, "a unit without a contact is not found");
    ok(!v[3].found, "nor one that never was");
    ok(!v[4].found, "nor the unit of those who have none");
    v[4].unit = false;
    ask_people(&r, &v[4], 1);
    ok(!v[4].found, "nor nobody");
    rig_close(&r);
}

static void test_bounds(void)
{
    struct rig r = {.engine = NULL};
    struct person_view *v = mem_zalloc(PEOPLE_MAX + 1, sizeof *v);
    char ids[PEOPLE_MAX + 1][16], more[100];
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    for (unsigned i = 0; i <= PEOPLE_MAX; i++) {
        snprintf(ids[i], sizeof ids[i], "P%u", i);
        snprintf(more, sizeof more, ",\"name\":\"n%u\",\"phone\":\"+86138%08u\"", i, i);
        enrol(&r, ids[i], more);
    }
    for (unsigned i = 0; i <= PEOPLE_MAX; i++)
        v[i] = about(ids[PEOPLE_MAX - i]);
    ask_people(&r, v, PEOPLE_MAX);
    unsigned right = 0;
    for (unsigned i = 0; i < PEOPLE_MAX; i++) {
        char want[64];
        snprintf(want, sizeof want, "n%u +86138%08u -", PEOPLE_MAX - i, PEOPLE_MAX - i);
        right += v[i].found && strcmp(contact_of(&v[i]), want) == 0;
    }
    is_int(right, PEOPLE_MAX, "as many as may be asked for at once each have their own contact");
    ok(!v[PEOPLE_MAX].found, "no other is touched");
    struct request q = {.kind = REQUEST_PEOPLE, .people = v, .n_people = PEOPLE_MAX + 1};
    ask(&r, &q);
    is_int(q.err, ERR_INVALID, "one more is refused");
    ok(!v[PEOPLE_MAX].found && q.body.n == 0, "and nothing is said");
    q.n_people = 0;
    ask(&r, &q);
    is_int(q.err, ERR_OK, "nobody may be asked for");
    is_int(q.body.n, 0, "of whom there is nothing to say");
    buf_done(&q.body);
    rig_close(&r);
    free(v);
}

/* --- what is not durable yet --- */

static struct input parse(const char *json, char *arena)
{
    struct input_options o = {.country_code = "+86", .allow_at = true};
    struct input_parser *p = input_parser_new(&o);
    struct input in;
    struct input_fault fault;
    size_t used;
    if (input_parse(p, json, strlen(json), &in, arena, &used, &fault) != ERR_OK)
        bail_out("%s: %s", json, fault.text);
    input_parser_free(p);
    in.at = INSTANT_NONE;
    return in;
}

/* Inputs and questions that come together: the questions see what the inputs did, and wait for it. */
static void test_same_batch(const char *uri)
{
    struct rig r = {.engine = NULL};
    struct asking asked[4];
    struct input_result results[2];
    char arena[2][1024];
    rig_open(&r, uri, rig_conf, NEW_YEAR);
    enrol(&r, "P1", WANG);
    struct input in[2] = {
        parse("{\"op\":\"amend\",\"id\":\"P1\",\"phone\":\"+8613800000002\"}", arena[0]),
        parse("{\"op\":\"unit\",\"unit\":\"U1\",\"phone\":\"+8613900000002\"}", arena[1]),
    };
    struct request first = {.kind = REQUEST_INPUTS, .inputs = &in[0], .results = &results[0], .n_inputs = 1};
    struct request second = {.kind = REQUEST_INPUTS, .inputs = &in[1], .results = &results[1], .n_inputs = 1};
    struct person_view v[2] = {about("P1"), about("U1")};
    v[1].unit = true;
    struct request people = {.kind = REQUEST_PEOPLE, .people = v, .n_people = 2};
    submit(&r, &first, &asked[0]);
    submit(&r, &second, &asked[1]);
    submit(&r, &people, &asked[2]);
    struct engine_counters counters;
    engine_counters(r.engine, &counters);
    uint64_t seqs[1] = {counters.last_seq + 2};
    struct request lines = {.kind = REQUEST_LINES, .seqs = seqs, .n_seqs = 1};
    submit(&r, &lines, &asked[3]);
    wait_for(&asked[3]);
    is_int(results[1].first_seq, seqs[0], "%s: two inputs, two events", uri);
    is_str(contact_of(&v[0]), "王 +8613800000002 -", "%s: a contact that changes in the same batch is the new one", uri);
    is_str(contact_of(&v[1]), "- +8613900000002 -", "%s: a unit's too", uri);
    ok(asked[2].done && asked[2].durable >= seqs[0], "%s: and is told when it is durable", uri);
    ok(lines.body.n > 0 && memmem(lines.body.p, lines.body.n, "\"unit.recorded\"", 15), "%s: the line of that batch",
       uri);
    ok(asked[3].durable >= seqs[0], "%s: is told when it is durable", uri);
    buf_done(&people.body);
    buf_done(&lines.body);
    rig_close(&r);
}

/* --- lines --- */

static void test_lines(void)
{
    struct rig r = {.engine = NULL};
    rig_open(&r, "memory:", rig_conf, NEW_YEAR);
    struct engine_counters counters;
    enrol(&r, "P1", "");
    engine_counters(r.engine, &counters);
    uint64_t last = counters.last_seq;
    uint64_t seqs[PEOPLE_MAX + 1] = {last, 1, last};
    struct request q = {.kind = REQUEST_LINES, .seqs = seqs, .n_seqs = 3};
    ask(&r, &q);
    is_int(q.err, ERR_OK, "lines are asked for");
    struct buf want = BUF_INIT;
    const char *first = memchr(r.lines.p, '\n', r.lines.n), *end = r.lines.p + r.lines.n, *start = end - 1;
    while (start > r.lines.p && start[-1] != '\n')
        start--;
    buf_add(&want, start, (size_t)(end - start));
    buf_add(&want, r.lines.p, (size_t)(first - r.lines.p) + 1);
    buf_add(&want, start, (size_t)(end - start));
    ok(want.n == q.body.n && memcmp(want.p, q.body.p, want.n) == 0, "they come in the order asked for, byte for byte");
    seqs[1] = last + 7;
    char text[64];
    snprintf(text, sizeof text, "there is no event %" PRIu64, last + 7);
    ask(&r, &q);
    is_int(q.err, ERR_ABSENT, "one that is not there is said to be absent");
    is_int(q.body.n, want.n, "and nothing is added to the answer");
    is_str(q.msg.text, text, "by its number");
    seqs[1] = 0;
    ask(&r, &q);
    is_int(q.err, ERR_ABSENT, "so is event 0");
    for (unsigned i = 0; i <= PEOPLE_MAX; i++)
        seqs[i] = 1;
    q.n_seqs = PEOPLE_MAX;
    buf_clear(&q.body);
    ask(&r, &q);
    ok(q.err == ERR_OK && q.body.n == PEOPLE_MAX * ((size_t)(first - r.lines.p) + 1), "as many as may be are given");
    q.n_seqs = PEOPLE_MAX + 1;
    ask(&r, &q);
    is_int(q.err, ERR_INVALID, "one more is refused");
    struct store_info info;
    store_info(engine_store(r.engine), &info);
    is_int(info.durable, last, "the engine's store is there for others to read");
    buf_done(&q.body);
    buf_done(&want);
    rig_close(&r);
}

int main(void)
{
    char uri[160];
    plan(0);
    test_enrolled();
    test_changes();
    test_units();
    test_bounds();
    test_same_batch("memory:");
    snprintf(uri, sizeof uri, "dir:%s/same-batch", tap_tmpdir());
    test_same_batch(uri);
    test_lines();
    return tap_end();
}
