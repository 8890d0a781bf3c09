/* Inputs told back from events: a history is lived through a real engine, told back event by event, and lived again. */
#include "codec/origin.h"
#include "codec/event_json.h"
#include "tests/engine/chronicle.h"

#include <stdio.h>
#include <stdlib.h>

#define PEOPLE 250
#define STEPS 3000
#define STORIES 3

static unsigned seen[EV_N], rejected[OP_N], origins[5];

/* Under which policy everybody stands, by the number in "p7". */
static char policy_of[PEOPLE][POLICY_NAME_MAX + 1];

static unsigned number_of(struct str subject)
{
    return (unsigned)strtoul(subject.p + 1, NULL, 10);
}

static void note_policy(const struct event *ev)
{
    struct str policy = ev->type == EV_ENROLLED                                    ? ev->u.enrolled.policy
                        : ev->type == EV_AMENDED && ev->u.amended.given & M_POLICY ? ev->u.amended.policy
                                                                                   : STR_NONE;
    if (policy.p)
        snprintf(policy_of[number_of(ev->subject)], sizeof policy_of[0], "%.*s", (int)policy.n, policy.p);
}

static void send(struct rig *r, const struct input *in)
{
    struct input copy = *in;
    struct input_result result;
    copy.at = INSTANT_NONE;
    rig_request(r, &(struct request){.kind = REQUEST_INPUTS, .inputs = &copy, .results = &result, .n_inputs = 1});
    if (result.result == RESULT_ERROR)
        bail_out("%.*s: the input told back is refused: %s", (int)in->id.n, in->id.p, result.fault);
}

/* What is about nobody is done again by hand. */
static const struct chronicle_conf plain;

static void again(struct rig *r, const struct event *ev, unsigned *conf, lc_instant *configured)
{
    char json[256];
    if ((ev->type == EV_CONFIG_ADOPTED || ev->type == EV_POLICY_ADOPTED) && ev->time != *configured) {
        *configured = ev->time; /* all events of one configuration have one time */
        chronicle_reload(r, conf, &plain);
        rig_until(r, ev->time);
    } else if (ev->type == EV_UNIT_RECORDED) {
        snprintf(json, sizeof json, "{\"op\":\"unit\",\"unit\":\"%.*s\",\"name\":\"%llu\"}",
                 (int)ev->u.unit_recorded.unit.n, ev->u.unit_recorded.unit.p, (unsigned long long)ev->seq);
        rig_input(r, json);
    }
}

static void tell_back(struct rig *r, struct str lines)
{
    struct origin_reader *reader = origin_reader_new();
    struct event_arena arena = {.cap_pays = 0};
    const char *p = lines.p, *end = lines.p + lines.n;
    unsigned conf = 0;
    lc_instant configured = r->start;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        struct event ev;
        struct input in;
        enum origin origin;
        struct errmsg msg;
        size_t where;
        if (event_read((struct str){p, (size_t)(newline - p)}, &ev, &arena, &where) != ERR_OK)
            bail_out("%.*s cannot be read", (int)(newline - p), p);
        struct str before = ev.subject.p ? str_of(policy_of[number_of(ev.subject)]) : STR_NONE;
        if (event_origin(reader, &ev, before, &origin, &in, &msg) != ERR_OK)
            bail_out("%s", msg.text);
        seen[ev.type]++;
        origins[origin]++;
        if (ev.type == EV_INPUT_REJECTED)
            rejected[ev.u.input_rejected.op]++;
        rig_until(r, ev.time);
        if (origin == ORIGIN_INPUT)
            send(r, &in);
        else if (origin == ORIGIN_SYSTEM)
            again(r, &ev, &conf, &configured);
        note_policy(&ev);
        p = newline + 1;
    }
    event_arena_done(&arena);
    origin_reader_free(reader);
}

/* The first line that is not the same, as a test's name shows it. */
static void check_same(uint64_t seed, const struct rig *a, const struct rig *b)
{
    size_t n = a->lines.n < b->lines.n ? a->lines.n : b->lines.n, at = 0, line = 0;
    for (; at < n && a->lines.p[at] == b->lines.p[at]; at++)
        line = a->lines.p[at] == '\n' ? at + 1 : line;
    bool same = at == a->lines.n && at == b->lines.n;
    ok(same, "the history of seed %llu, told back and lived again, is the same line for line",
       (unsigned long long)seed);
    if (!same)
        diag("lived: %.300s\nagain: %.300s", line < a->lines.n ? a->lines.p + line : "",
             line < b->lines.n ? b->lines.p + line : "");
}

static void test_story(uint64_t seed)
{
    struct rig a = {.engine = NULL}, b = {.engine = NULL};
    memset(policy_of, 0, sizeof policy_of);
    chronicle_live(&a, "memory:", &(struct chronicle){.seed = seed, .people = PEOPLE, .steps = STEPS, .reloads = true});
    rig_open(&b, "memory:", chronicle_conf(0, &plain), a.start);
    tell_back(&b, buf_str(&a.lines));
    check_same(seed, &a, &b);
    rig_close(&a);
    rig_close(&b);
}

static void test_coverage(void)
{
    static const enum event_type types[] = {EV_ENROLLED, EV_AMENDED,  EV_ERASED,     EV_ACCEPTED,   EV_CERT_REJECTED,
                                            EV_REVOKED,  EV_DEFERRED, EV_TERMINATED, EV_REINSTATED, EV_RESUMED};
    static const enum op ops[] = {OP_ENROL, OP_AMEND, OP_REVOKE, OP_DEFER, OP_REPORT_DEATH, OP_RETRACT_DEATH, OP_ERASE};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        ok(seen[types[i]] >= 5, "%s was told back (%u)", event_type_text(types[i]), seen[types[i]]);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        ok(rejected[ops[i]] >= 5, "a rejected %s was told back (%u)", op_text(ops[i]), rejected[ops[i]]);
    for (int o = 0; o < 5; o++)
        ok(origins[o] > 0, "origin %d was met (%u)", o, origins[o]);
}

/* What the manual of the header says that is not seen in what comes of it. */
static void test_words(void)
{
    static const struct {
        const char *line, *json;
    } rows[] = {
        {"{\"seq\":7,\"prev\":3,\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"input.rejected\",\"subject\":\"a\","
         "\"data\":{\"op\":\"amend\",\"reason\":\"terminated\",\"given\":{\"policy\":\"x y\",\"category\":null}}}",
         "{\"op\":\"amend\",\"at\":\"2026-06-16T00:00:00+08:00\",\"id\":\"a\",\"policy\":\"x y\",\"category\":null}"},
        {"{\"seq\":7,\"prev\":3,\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"input.rejected\",\"subject\":\"a\","
         "\"data\":{\"op\":\"erase\",\"reason\":\"not-terminated\",\"given\":{}}}",
         "{\"op\":\"erase\",\"at\":\"2026-06-16T00:00:00+08:00\",\"id\":\"a\"}"},
        {"{\"seq\":7,\"prev\":3,\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"beneficiary.amended\","
         "\"subject\":\"a\","
         "\"data\":{\"amount\":null,\"amount_from\":\"2026-01\",\"personal\":true,\"due_on\":\"2026-06-30\"}}",
         "{\"op\":\"amend\",\"at\":\"2026-06-16T00:00:00+08:00\",\"id\":\"a\",\"amount\":null,"
         "\"amount_from\":\"2026-01\",\"name\":\"7\"}"},
    };
    struct origin_reader *reader = origin_reader_new();
    struct event_arena arena = {.cap_pays = 0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct event ev;
        struct input in;
        enum origin origin = ORIGIN_SYSTEM;
        struct buf out = BUF_INIT;
        struct errmsg msg;
        size_t where;
        bool good = event_read(str_of(rows[i].line), &ev, &arena, &where) == ERR_OK &&
                    event_origin(reader, &ev, STR_LIT("y"), &origin, &in, &msg) == ERR_OK && origin == ORIGIN_INPUT;
        if (good)
            input_write(&out, &in, UINT32_MAX, 8 * 3600);
        buf_addc(&out, '\0');
        is_str(out.p, rows[i].json, "an input is told back with its members (%zu)", i + 1);
        buf_done(&out);
    }
    event_arena_done(&arena);
    origin_reader_free(reader);
}

/* given has the members of no input: what is missing is found, and nothing is made up. */
static void test_damage(void)
{
    static const char line[] =
        "{\"seq\":7,\"prev\":3,\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":\"input.rejected\",\"subject\":\"a\","
        "\"data\":{\"op\":\"defer\",\"reason\":\"not-deferrable\",\"given\":{\"channel\":\"face\"}}}";
    struct origin_reader *reader = origin_reader_new();
    struct event_arena arena = {.cap_pays = 0};
    struct event ev;
    struct input in;
    enum origin origin;
    struct errmsg msg = {""};
    size_t where;
    if (event_read(str_of(line), &ev, &arena, &where) != ERR_OK)
        bail_out("the line cannot be read");
    is_int(event_origin(reader, &ev, STR_LIT("y"), &origin, &in, &msg), ERR_DAMAGED,
           "members of another op are no input");
    ok(strstr(msg.text, "event 7") != NULL, "and the event is named: %s", msg.text);
    event_arena_done(&arena);
    origin_reader_free(reader);
}

int main(void)
{
    plan(0);
    for (uint64_t seed = 1; seed <= STORIES; seed++)
        test_story(seed);
    test_coverage();
    test_words();
    test_damage();
    return tap_end();
}
