#include "tests/verify/story.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/event_json.h"
#include "codec/input_json.h"
#include "store/delivery/delivery.h"
#include "tests/engine/fake_clock.h"

#define PEOPLE 60
#define UNITS 4
#define REFS 400

struct story {
    const struct story_plan *plan;
    struct rig rig;
    struct rng rng;
    lc_instant now;
    unsigned refs;
    char uri[512];
    char conf[4096];
    unsigned zone;
};

static unsigned below(struct story *s, unsigned n)
{
    return (unsigned)rng_below(&s->rng, n);
}

static bool one_in(struct story *s, unsigned n)
{
    return below(s, n) == 0;
}

static const char *pick(struct story *s, const char *const *from, unsigned n)
{
    return from[below(s, n)];
}
#define PICK(s, list) pick(s, list, sizeof(list) / sizeof(list)[0])

/* --- the configuration --- */

static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "America/New_York"};

static void draw_conf(struct story *s)
{
    static const char *const brakes[] = {"off", "off", "3", "6", "1%", "50%"};
    static const char *const cycles[] = {"2 months", "3 months", "60 days", "4 months", "6 months"};
    static const char *const validities[] = {"month-end", "exact-day"};
    static const char *const resumes[] = {"immediate", "next-month"};
    static const char *const silences[] = {"36h", "7d", "20d"};
    static const char *const hours[] = {"09:00", "10:00", "00:00", "23:30"};
    struct buf b = {s->conf, 0, sizeof s->conf};
    if (one_in(s, 12))
        s->zone = below(s, sizeof zones / sizeof zones[0]);
    buf_printf(&b, "timezone = \"%s\"\nbrake_limit = \"%s\"\nmax_downtime = \"3d\"\n", zones[s->zone], PICK(s, brakes));
    buf_printf(&b, "channel \"face\" {}\nchannel \"counter\" {}\nchannel \"data-match\" { expect_every = \"%s\" }\n",
               PICK(s, silences));
    for (int i = 0; i < 3; i++) {
        buf_printf(&b, "policy \"p%d\" {\n cycle = \"%s\"\n validity = \"%s\"\n grace = %u\n remind_ahead = %u\n", i,
                   PICK(s, cycles), PICK(s, validities), below(s, 12), below(s, 3));
        buf_printf(&b, " remind_at = \"%s\"\n payday = %u\n resume = \"%s\"\n evidence_after = %u\n notice = %u\n",
                   PICK(s, hours), 1 + below(s, 31), PICK(s, resumes), 2 + below(s, 8), below(s, 6));
        buf_printf(&b, "%s}\n", i == 2 ? " channels = { \"face\", \"counter\" }\n" : "");
    }
    buf_addc(&b, '\0');
}

/* --- inputs --- */

static lc_date today(const struct story *s)
{
    return (lc_date)(s->now / 86400) + DATE_UNIX_EPOCH;
}

static void add_date(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

static void add_ref(struct story *s, struct buf *b, bool fresh)
{
    static const char *const channels[] = {"face", "counter", "data-match"};
    unsigned ref = fresh || s->refs == 0 ? s->refs++ : below(s, s->refs);
    buf_printf(b, ",\"channel\":\"%s\",\"ref\":\"r%u\"", fresh ? channels[ref % 3] : PICK(s, channels), ref);
}

static void add_enrol(struct story *s, struct buf *b)
{
    buf_printf(b, ",\"policy\":\"p%u\"", below(s, 30) ? below(s, 3) : 7);
    lc_date approved = today(s) - (lc_date)below(s, 200);
    add_date(b, "approved_on", approved);
    if (one_in(s, 3))
        add_date(b, "last_certified_on", approved + (lc_date)below(s, 40));
    if (!one_in(s, 3))
        buf_printf(b, ",\"unit\":\"U%u\"", below(s, UNITS));
    if (one_in(s, 2))
        buf_printf(b, ",\"category\":\"c%u\"", below(s, 3));
    if (!one_in(s, 3))
        buf_printf(b, ",\"name\":\"N%u\",\"phone\":\"1381234%04u\"", below(s, 50), below(s, 9999));
    if (!one_in(s, 3))
        buf_printf(b, ",\"amount\":%u", 1000 * below(s, 50));
}

static void add_amend(struct story *s, struct buf *b)
{
    unsigned what = 1 + below(s, 31);
    if (what & 1)
        buf_printf(b, ",\"policy\":\"p%u\"", below(s, 4));
    if (what & 2)
        buf_printf(b, ",\"unit\":\"U%u\"", below(s, UNITS));
    if (what & 4)
        buf_printf(b, ",\"category\":\"c%u\"", below(s, 3));
    if (what & 8)
        buf_printf(b, ",\"name\":\"N%u\"", below(s, 50));
    if (what & 16)
        buf_printf(b, ",\"amount\":%u,\"amount_from\":\"2026-%02u\"", 500 * below(s, 9), 1 + below(s, 12));
}

static void add_certify(struct story *s, struct buf *b)
{
    add_ref(s, b, !one_in(s, 8));
    add_date(b, "certified_on",
             today(s) - (lc_date)(one_in(s, 4) ? below(s, 150) : below(s, 3)) + (one_in(s, 20) ? 2 : 0));
    if (one_in(s, 3))
        BUF_LIT(b, ",\"evidence\":\"seen\"");
    if (one_in(s, 6))
        BUF_LIT(b, ",\"by\":\"a neighbour\"");
    if (one_in(s, 6))
        buf_printf(b, ",\"phone\":\"1391234%04u\"", below(s, 9999));
}

static void add_reason(struct buf *b)
{
    BUF_LIT(b, ",\"reason\":\"looked into\"");
}

static void draw_input(struct story *s, struct buf *b)
{
    static const char *const ops[] = {"enrol",        "enrol",         "enrol",   "amend",   "amend",  "certify",
                                      "certify",      "certify",       "certify", "certify", "revoke", "defer",
                                      "report-death", "retract-death", "erase",   "unit"};
    const char *op = PICK(s, ops);
    buf_clear(b);
    if (strcmp(op, "unit") == 0) {
        buf_printf(b, "{\"op\":\"unit\",\"unit\":\"U%u\",\"phone\":\"1371234%04u\"}", below(s, UNITS), below(s, 100));
        return;
    }
    buf_printf(b, "{\"op\":\"%s\",\"id\":\"P%03u\"", op, below(s, PEOPLE));
    if (strcmp(op, "enrol") == 0)
        add_enrol(s, b);
    else if (strcmp(op, "amend") == 0)
        add_amend(s, b);
    else if (strcmp(op, "certify") == 0)
        add_certify(s, b);
    else if (strcmp(op, "revoke") == 0) {
        add_ref(s, b, false);
        add_reason(b);
    } else if (strcmp(op, "defer") == 0) {
        add_date(b, "until", today(s) + (lc_date)below(s, 40));
        add_reason(b);
    } else if (strcmp(op, "report-death") == 0)
        add_date(b, "died_on", today(s) - (lc_date)below(s, 60));
    else if (strcmp(op, "retract-death") == 0)
        add_reason(b);
    buf_addc(b, '}');
}

/* Several inputs in one request, some under a key. */
#define AT_ONCE 12

static void send_inputs(struct story *s, unsigned n)
{
    struct input_options options = {.country_code = "+86"};
    struct input_parser *parser = input_parser_new(&options);
    struct input inputs[AT_ONCE];
    struct input_result results[AT_ONCE];
    struct input_key keys[AT_ONCE];
    struct buf lines[AT_ONCE] = {BUF_INIT};
    char arenas[AT_ONCE][2048];
    for (unsigned i = 0; i < n; i++) {
        struct input_fault fault;
        size_t used;
        lines[i] = BUF_INIT;
        draw_input(s, &lines[i]);
        if (input_parse(parser, lines[i].p, lines[i].n, &inputs[i], arenas[i], &used, &fault) != ERR_OK)
            bail_out("%.*s: %s", (int)lines[i].n, lines[i].p, fault.text);
        inputs[i].at = INSTANT_NONE;
        memset(&keys[i], 0, sizeof keys[i]);
        uint64_t key = rng_next(&s->rng);
        memcpy(keys[i].key, &key, sizeof key);
    }
    rig_request(&s->rig, &(struct request){.kind = REQUEST_INPUTS,
                                           .inputs = inputs,
                                           .results = results,
                                           .keys = one_in(s, 3) ? keys : NULL,
                                           .n_inputs = n});
    for (unsigned i = 0; i < n; i++)
        buf_done(&lines[i]);
    input_parser_free(parser);
}

/* --- operators --- */

static void place_hold(struct story *s)
{
    static const char *const policies[] = {"p0", "p1", "p2"}, *const units[] = {"U0", "U1"},
                             *const categories[] = {"c0", "c1"};
    char until[11] = "";
    date_format(today(s) + 1 + (lc_date)below(s, 30), until);
    switch (below(s, 4)) {
    case 0: (void)!rig_place(&s->rig, SCOPE_ALL, NULL, until); break;
    case 1: (void)!rig_place(&s->rig, SCOPE_POLICY, PICK(s, policies), until); break;
    case 2: (void)!rig_place(&s->rig, SCOPE_UNIT, PICK(s, units), until); break;
    default: (void)!rig_place(&s->rig, SCOPE_CATEGORY, PICK(s, categories), until); break;
    }
}

static void lift_hold(struct story *s)
{
    static const char *const names[] = {"brake",
                                        "brake",
                                        "brake",
                                        "clock",
                                        "clock",
                                        "feed:data-match",
                                        "moratorium",
                                        "moratorium:policy:p0",
                                        "moratorium:policy:p1",
                                        "moratorium:unit:U0",
                                        "moratorium:category:c0"};
    (void)!rig_lift(&s->rig, PICK(s, names));
}

static void reload(struct story *s)
{
    draw_conf(s);
    if (rig_reload(&s->rig, s->conf) != ERR_OK)
        bail_out("a configuration is refused: %s", s->rig.msg.text);
}

/* --- time --- */

static void settle(struct story *s)
{
    int64_t wait = 0;
    for (int i = 0; i < 10000 && wait == 0; i++)
        if (engine_tick(s->rig.engine, &wait, &s->rig.msg) != ERR_OK)
            bail_out("the engine failed: %s", s->rig.msg.text);
}

static void pass(struct story *s, int64_t seconds)
{
    s->now += seconds;
    if (s->plan->system_clock) {
        fake_pass(seconds);
        settle(s);
    } else
        rig_until(&s->rig, s->now);
}

/* Only the system's clock ever jumps. */
static void jump(struct story *s)
{
    int64_t seconds = one_in(s, 2) ? 7200 + below(s, 86400) : -(int64_t)(7200 + below(s, 50000));
    if (!s->plan->system_clock)
        return;
    fake_wall(fake_wall_now() + seconds);
    fake_clock_was_set();
    s->now = fake_wall_now();
    settle(s);
}

static void stop_and_start(struct story *s)
{
    bool crash = one_in(s, 2), change = one_in(s, 3);
    int64_t away = one_in(s, 3) ? 86400 * (int64_t)below(s, 40) : below(s, 7200);
    if (!s->plan->system_clock) {
        if (crash)
            rig_crash(&s->rig);
        else
            rig_again(&s->rig, s->plan->checkpoints);
        return;
    }
    if (crash)
        engine_abandon(s->rig.engine);
    else if (engine_close(s->rig.engine, s->plan->checkpoints, &s->rig.msg) != ERR_OK)
        bail_out("the engine does not close: %s", s->rig.msg.text);
    s->rig.engine = NULL;
    fake_pass(away);
    s->now = fake_wall_now();
    if (change)
        draw_conf(s);
    rig_open(&s->rig, s->uri, s->conf, INSTANT_NONE);
    settle(s);
}

/* --- the whole --- */

static void step(struct story *s)
{
    pass(s, one_in(s, 10) ? 86400 * (int64_t)below(s, 30) : below(s, 3 * 86400));
    switch (below(s, 24)) {
    case 0:
    case 1: reload(s); break;
    case 2:
    case 3: place_hold(s); break;
    case 4:
    case 5:
    case 6: lift_hold(s); break;
    case 7: jump(s); break;
    case 8: stop_and_start(s); break;
    default: break;
    }
    unsigned n = below(s, AT_ONCE + 1);
    if (n)
        send_inputs(s, n);
    if (one_in(s, 6))
        lift_hold(s);
}

/* A row for some of the last events, and where the endpoint stands. */
static void deliver(struct story *s)
{
    struct delivery_store *d;
    struct delivery_change changes[9] = {{.kind = CHANGE_ENDPOINT}};
    struct event_arena arenas[8] = {{.n_pays = 0}};
    size_t n = 1;
    const char *p = s->rig.lines.p, *end = p + s->rig.lines.n;
    if (delivery_open(engine_store(s->rig.engine), &d, &s->rig.msg) != ERR_OK)
        bail_out("%s", s->rig.msg.text);
    for (; p < end && n < 9; p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        struct event ev;
        size_t where;
        if (event_read((struct str){p, (size_t)(nl - p)}, &ev, &arenas[n - 1], &where) != ERR_OK)
            bail_out("a line cannot be read");
        if (ev.seq % 7 == 0)
            changes[n++] = (struct delivery_change){
                .kind = CHANGE_PUT,
                .row = {.endpoint = STR_LIT("payroll"),
                        .seq = ev.seq,
                        .subject = event_whose(&ev),
                        .type = str_of(event_type_text(ev.type)),
                        .state = DELIVERY_DEAD},
            };
    }
    changes[0].at = (struct endpoint_row){.endpoint = STR_LIT("payroll"), .cursor = 20};
    enum err err = delivery_commit(d, changes, n, &s->rig.msg);
    if (err == ERR_MORE)
        err = delivery_poll(d, true, &s->rig.msg);
    if (err != ERR_OK)
        bail_out("%s", s->rig.msg.text);
    delivery_close(d);
    for (int i = 0; i < 8; i++)
        event_arena_done(&arenas[i]);
}

void story_make(const struct story_plan *plan, const char *folder, struct buf *lines)
{
    struct story s = {.plan = plan, .rng = rng_seed(plan->seed)};
    snprintf(s.uri, sizeof s.uri, "dir:%s", folder);
    s.now = rig_at("2026-01-05T08:00:00+08:00") + below(&s, 86400);
    s.rig.options.segment_bytes = plan->segment_bytes;
    draw_conf(&s);
    if (plan->system_clock)
        fake_wall(s.now);
    rig_open(&s.rig, s.uri, s.conf, plan->system_clock ? INSTANT_NONE : s.now);
    for (unsigned i = 0; i < plan->steps; i++) {
        step(&s);
        if (plan->checkpoints && (i == plan->steps / 2 || i == plan->steps * 3 / 4)) {
            if (engine_close(s.rig.engine, true, &s.rig.msg) != ERR_OK)
                bail_out("the engine does not close: %s", s.rig.msg.text);
            rig_open(&s.rig, s.uri, s.conf, plan->system_clock ? INSTANT_NONE : s.now);
        }
    }
    if (plan->deliveries)
        deliver(&s);
    if (lines)
        buf_addstr(lines, buf_str(&s.rig.lines));
    if (plan->crash) {
        engine_abandon(s.rig.engine);
        s.rig.engine = NULL;
    }
    rig_close(&s.rig);
}
