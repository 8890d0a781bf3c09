#include "tests/engine/chronicle.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP_SECONDS 60000 /* at most, between two */
#define REFS 20            /* of one person: some come again */

/* Of each: the time zone, the national policy's keys, and the rest. The last two have no "spare". */
static const struct {
    const char *zone, *national, *rest;
} confs[] = {
    {"Asia/Shanghai", "",
     "policy \"beijing\" { grace = 0 }\npolicy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n"
     "policy \"spare\" {}\n"},
    {"Asia/Shanghai", "notice = 20",
     "policy \"beijing\" { grace = 0 }\npolicy \"365-days\" { cycle = \"300 days\" validity = \"exact-day\" }\n"
     "policy \"spare\" { grace = 3 }\n"},
    {"Asia/Urumqi", "notice = 20 payday = 8",
     "policy \"beijing\" { grace = 5 resume = \"next-month\" }\n"
     "policy \"365-days\" { cycle = \"300 days\" validity = \"exact-day\" }\npolicy \"spare\" { grace = 3 }\n"},
    {"Asia/Urumqi", "remind_ahead = 2",
     "channel \"video\" {}\npolicy \"beijing\" { grace = 5 channels = { \"face\", \"counter\" } }\n"
     "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" notice = 0 }\n"},
    {"Europe/Berlin", "evidence_after = 13",
     "policy \"beijing\" { grace = 0 }\npolicy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n"},
};
#define CONFS (sizeof confs / sizeof *confs)

static const char *or_nothing(const char *s)
{
    return s ? s : "";
}

const char *chronicle_conf(unsigned i, const struct chronicle_conf *with)
{
    static char texts[4][2048];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0],
             "timezone = \"%s\"\nbrake_limit = \"%s\"\nchannel \"face\" { %s }\nchannel \"counter\" {}\n"
             "channel \"data-match\" {}\npolicy \"national\" { %s %s }\n%s",
             confs[i % CONFS].zone, with->brake ? with->brake : "off", or_nothing(with->face),
             confs[i % CONFS].national, or_nothing(with->national), confs[i % CONFS].rest);
    return text;
}

/* A history while it is lived. */
struct life {
    const struct chronicle *script;
    struct rig *rig;
    struct rng rng;
    unsigned conf;
    bool changed; /* since has come */
    bool *enrolled;
    lc_instant now;
    lc_date today; /* in Shanghai: near enough */
    struct buf json;
};

static unsigned below(struct life *c, unsigned n)
{
    return (unsigned)rng_below(&c->rng, n);
}

static bool one_in(struct life *c, unsigned n)
{
    return below(c, n) == 0;
}

static void add_date(struct life *c, const char *key, lc_date d)
{
    char text[10];
    date_format(d, text);
    buf_printf(&c->json, ",\"%s\":\"%.10s\"", key, text);
}

static const char *const channels[] = {"face", "counter", "data-match"};
static const char *const policies[] = {"national", "beijing", "365-days"};

static void draw_amount(struct life *c, bool from)
{
    if (one_in(c, 8))
        buf_printf(&c->json, ",\"amount\":null");
    else
        buf_printf(&c->json, ",\"amount\":%u", 200000 + below(c, 300000));
    if (from) {
        char month[7];
        month_format(date_month(c->today) - (lc_month)below(c, 14), month);
        buf_printf(&c->json, ",\"amount_from\":\"%.7s\"", month);
    }
}

static void draw_enrol(struct life *c)
{
    lc_date approved = c->today - (lc_date)below(c, 1200);
    buf_printf(&c->json, ",\"policy\":\"%s\"", policies[below(c, 3)]);
    add_date(c, "approved_on", approved);
    if (one_in(c, 2))
        add_date(c, "last_certified_on", approved + (lc_date)below(c, (unsigned)(c->today - approved) + 1));
    if (one_in(c, 2))
        buf_printf(&c->json, ",\"category\":\"c%u\"", below(c, 3));
    if (one_in(c, 2))
        buf_printf(&c->json, ",\"unit\":\"u%u\"", below(c, 5));
    if (one_in(c, 2))
        draw_amount(c, false);
    if (one_in(c, 3))
        buf_printf(&c->json, ",\"name\":\"Somebody\"");
}

static void draw_ref(struct life *c)
{
    unsigned ref = below(c, REFS);
    buf_printf(&c->json, ",\"channel\":\"%s\",\"ref\":\"r%u\"", channels[ref % 3], ref);
}

static void draw_certify(struct life *c)
{
    draw_ref(c);
    lc_date on = one_in(c, 12) ? c->today - (lc_date)below(c, 700) : c->today - (lc_date)below(c, 20);
    add_date(c, "certified_on", one_in(c, 40) ? c->today + 3 : on);
    if (one_in(c, 2))
        buf_printf(&c->json, ",\"evidence\":\"form %u\"", below(c, 1000));
    if (one_in(c, 5))
        buf_printf(&c->json, ",\"by\":\"A relative\"");
}

static void draw_amend(struct life *c)
{
    unsigned which = below(c, 8);
    if (which == 0 || which == 1)
        buf_printf(&c->json, ",\"policy\":\"%s\"", one_in(c, 12) ? "nowhere" : policies[below(c, 3)]);
    if (which == 2)
        buf_printf(&c->json, ",\"policy\":\"spare\",\"name\":\"Else\""); /* known now and then */
    if (which == 3 || which == 1)
        buf_printf(&c->json, one_in(c, 3) ? ",\"category\":null" : ",\"category\":\"c%u\"", below(c, 3));
    if (which == 4)
        buf_printf(&c->json, ",\"unit\":\"u%u\"", below(c, 5));
    if (which == 5 || which == 6)
        draw_amount(c, one_in(c, 2));
    if (which == 7 || which == 6)
        buf_printf(&c->json, ",\"name\":\"Name %u\"", below(c, 3));
}

static void draw_defer(struct life *c)
{
    add_date(c, "until", c->today + (lc_date)below(c, 50));
    buf_printf(&c->json, ",\"reason\":\"a visit\"");
}

static void draw_death(struct life *c)
{
    add_date(c, "died_on", one_in(c, 10) ? c->today + 1 : c->today - (lc_date)below(c, 90));
}

static void draw_retraction(struct life *c)
{
    buf_printf(&c->json, ",\"reason\":\"alive\"");
}

static void draw_revocation(struct life *c)
{
    draw_ref(c);
    buf_printf(&c->json, ",\"reason\":\"false\"");
}

static void draw_nothing(struct life *c)
{
    (void)c;
}

/* How often each, of a hundred. */
static const struct {
    const char *op;
    unsigned share;
    void (*draw)(struct life *c);
} draws[] = {
    {"certify", 52, draw_certify}, {"amend", 16, draw_amend},       {"revoke", 9, draw_revocation},
    {"defer", 8, draw_defer},      {"report-death", 3, draw_death}, {"retract-death", 5, draw_retraction},
    {"erase", 2, draw_nothing},    {"enrol", 5, draw_enrol},
};

static void begin_json(struct life *c, const char *op, unsigned person)
{
    buf_clear(&c->json);
    buf_printf(&c->json, "{\"op\":\"%s\",\"id\":\"p%u\"", op, person);
}

static void draw_input(struct life *c)
{
    unsigned person = below(c, c->script->people), at = below(c, 100), i = 0;
    if (one_in(c, 60)) {
        buf_clear(&c->json);
        buf_printf(&c->json, "{\"op\":\"unit\",\"unit\":\"u%u\",\"name\":\"Village %u\"", below(c, 5), below(c, 9));
        return;
    }
    if (!c->enrolled[person]) {
        c->enrolled[person] = true;
        begin_json(c, "enrol", person);
        draw_enrol(c);
        return;
    }
    while (at >= draws[i].share)
        at -= draws[i++].share;
    begin_json(c, draws[i].op, person);
    draws[i].draw(c);
}

static void send(struct life *c, unsigned step)
{
    bool *unchanged = c->script->unchanged ? &c->script->unchanged[step] : NULL;
    draw_input(c);
    if (c->script->skip && *unchanged)
        return;
    buf_addc(&c->json, '}');
    buf_addc(&c->json, '\0');
    struct input_result result = rig_input(c->rig, c->json.p);
    if (unchanged && !c->script->skip)
        *unchanged = result.result == RESULT_UNCHANGED;
}

void chronicle_reload(struct rig *r, unsigned *conf, const struct chronicle_conf *with)
{
    /* Refused while somebody stands under the spare one: then the one after the next that has it too. */
    if (rig_reload(r, chronicle_conf(*conf + 1, with)) == ERR_OK)
        *conf += 1;
    else if (rig_reload(r, chronicle_conf(*conf + 3, with)) == ERR_OK)
        *conf += 3;
    else if (rig_reload(r, chronicle_conf(*conf + 4, with)) == ERR_OK)
        *conf += 4;
}

static void hold(struct life *c)
{
    static const struct {
        enum scope_kind kind;
        const char *name, *lift;
    } scopes[] = {
        {SCOPE_ALL, NULL, "moratorium"},
        {SCOPE_POLICY, "national", "moratorium:policy:national"},
        {SCOPE_CATEGORY, "c1", "moratorium:category:c1"},
        {SCOPE_UNIT, "u2", "moratorium:unit:u2"},
    };
    unsigned i = below(c, 4);
    char until[11] = "";
    date_format(c->today + 2 + (lc_date)below(c, 60), until);
    if (one_in(c, 3))
        (void)rig_lift(c->rig, scopes[i].lift);
    else
        (void)rig_place(c->rig, scopes[i].kind, scopes[i].name, until);
}

static const struct chronicle_conf *conf_now(const struct life *c)
{
    return c->changed ? &c->script->then : &c->script->conf;
}

static void change(struct life *c)
{
    if (!c->script->since || c->changed || c->now < c->script->since)
        return;
    c->changed = true;
    rig_until(c->rig, c->script->since);
    if (rig_reload(c->rig, chronicle_conf(c->conf, conf_now(c))) != ERR_OK)
        bail_out("the change is refused: %s", c->rig->msg.text);
    rig_until(c->rig, c->script->since);
}

static void step(struct life *c, unsigned i)
{
    unsigned steps = c->script->steps;
    c->now += 1 + (lc_instant)below(c, STEP_SECONDS);
    c->today = (lc_date)((c->now + 8 * 3600) / 86400) + DATE_UNIX_EPOCH;
    change(c);
    rig_until(c->rig, c->now);
    if (c->script->reloads && one_in(c, steps / 12 + 1))
        chronicle_reload(c->rig, &c->conf, conf_now(c));
    else if (c->script->holds && one_in(c, steps / 40 + 1))
        hold(c);
    else
        send(c, i);
    rig_until(c->rig, c->now);
}

void chronicle_live(struct rig *r, const char *uri, const struct chronicle *c)
{
    struct life life = {.script = c, .rig = r, .rng = rng_seed(c->seed), .now = rig_at("2024-01-01T08:00:00+08:00")};
    rig_open(r, uri, chronicle_conf(0, &c->conf), life.now);
    life.enrolled = mem_zalloc(c->people, sizeof *life.enrolled);
    for (unsigned i = 0; i < c->steps; i++)
        step(&life, i);
    free(life.enrolled);
    buf_done(&life.json);
}
