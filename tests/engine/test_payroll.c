/* Who is paid for a period, and when: random lives, held against a payroll that is kept by hand, day by day, from
 * what was decided and from nothing that the answers are made from. */
#include "tests/engine/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/event_json.h"

#define DAY INT64_C(86400)

static lc_date date(const char *text)
{
    lc_date d;
    if (!date_parse(text, strlen(text), &d))
        bail_out("%s is no date", text);
    return d;
}

static lc_month month(const char *text)
{
    lc_month m;
    if (!month_parse(text, strlen(text), &m))
        bail_out("%s is no month", text);
    return m;
}

static const char *day_of(lc_date d)
{
    static char text[4][14];
    static unsigned turn;
    char *out = text[turn++ % 4];
    snprintf(out, 14, "null");
    if (d != DATE_NONE) {
        date_format(d, out + 1);
        out[0] = out[11] = '"';
        out[12] = '\0';
    }
    return out;
}

static const char *month_of(lc_month m)
{
    static char text[4][11];
    static unsigned turn;
    char *out = text[turn++ % 4];
    snprintf(out, 11, "null");
    if (m != MONTH_NONE) {
        month_format(m, out + 1);
        out[0] = out[8] = '"';
        out[9] = '\0';
    }
    return out;
}

#define PEOPLE 50
#define FIRST_DAY "2026-01-10"
#define DAYS 800
#define MONTHS 60 /* from 2024-01 on */

/* Policies with short cycles and no notice, so that people are suspended often; three versions of each. */
static const char *const stable[] = {
    "policy \"a\" { cycle = \"2 months\" grace = 0 notice = 0 }\n"
    "policy \"b\" { cycle = \"70 days\" validity = \"exact-day\" grace = 3 notice = 10 resume = \"next-month\" }\n"
    "policy \"c\" { cycle = \"3 months\" grace = 10 notice = 5 evidence_after = 4 }\n",
    "policy \"a\" { cycle = \"1 months\" grace = 5 notice = 12 resume = \"next-month\" }\n"
    "policy \"b\" { cycle = \"100 days\" validity = \"exact-day\" grace = 0 notice = 10 }\n"
    "policy \"c\" { cycle = \"6 months\" grace = 0 notice = 7 evidence_after = 3 }\n",
    "policy \"a\" { cycle = \"4 months\" validity = \"exact-day\" grace = 2 notice = 4 }\n"
    "policy \"b\" { cycle = \"40 days\" grace = 1 notice = 10 resume = \"next-month\" }\n"
    "policy \"c\" { cycle = \"2 months\" grace = 1 notice = 6 resume = \"next-month\" }\n",
};
/* The same, but the paydays move with every version. */
static const char *const moving[] = {
    "policy \"a\" { cycle = \"2 months\" grace = 0 notice = 0 payday = 15 }\n"
    "policy \"b\" { cycle = \"70 days\" validity = \"exact-day\" grace = 3 notice = 0 resume = \"next-month\" payday = 31 }\n"
    "policy \"c\" { cycle = \"3 months\" grace = 10 notice = 5 evidence_after = 4 payday = 1 }\n",
    "policy \"a\" { cycle = \"1 months\" grace = 5 notice = 2 resume = \"next-month\" payday = 28 }\n"
    "policy \"b\" { cycle = \"100 days\" validity = \"exact-day\" grace = 0 notice = 0 payday = 3 }\n"
    "policy \"c\" { cycle = \"6 months\" grace = 0 notice = 0 evidence_after = 3 payday = 20 }\n",
    "policy \"a\" { cycle = \"4 months\" validity = \"exact-day\" grace = 2 notice = 4 payday = 2 }\n"
    "policy \"b\" { cycle = \"40 days\" grace = 1 notice = 0 resume = \"next-month\" payday = 10 }\n"
    "policy \"c\" { cycle = \"2 months\" grace = 1 notice = 6 resume = \"next-month\" payday = 25 }\n",
};
static const int stable_paydays[3][3] = {{15, 15, 15}, {15, 15, 15}, {15, 15, 15}};
static const int moving_paydays[3][3] = {{15, 31, 1}, {28, 3, 20}, {2, 10, 25}};
static const char *const zones[] = {"Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago"};

/* What payroll knows of one person. */
struct book {
    lc_date approved_on, enrolled_on;
    lc_month last_period; /* while reported dead; else 0 */
    lc_date reported_on;
    lc_date named[MONTHS];      /* the day on which the latest list to name the month pays it */
    lc_date announced[MONTHS];  /* the same, but for what a death has cut off */
    struct pay_list resumption; /* the latest one's back pay: only that is cut off */
    lc_date paid[MONTHS];       /* on its payday */
    bool withheld[MONTHS];      /* its payday has passed in a suspension */
};

/* What GET /v1/beneficiaries/ID says. */
struct shown {
    char status[16], policy[4];
    lc_date suspended_on, resumed_on;
    lc_month withheld_from;
};

struct world {
    struct rig rig;
    struct rng rng;
    bool moves; /* paydays and zones do */
    unsigned version, zone;
    lc_month base;
    lc_date today;
    unsigned refs;
    struct book books[PEOPLE];
    struct event_arena arena;
    size_t read; /* of the rig's lines */
    unsigned withheld, apart, ended, wrong, looks;
};

static void configure(struct world *w, bool first)
{
    char conf[2048];
    const char *const *policies = w->moves ? moving : stable;
    snprintf(conf, sizeof conf, "timezone = \"%s\"\nbrake_limit = \"off\"\nchannel \"face\" {}\n%s", zones[w->zone],
             policies[w->version]);
    if (first)
        rig_open(&w->rig, "memory:", conf, rig_at(FIRST_DAY "T00:00:00+08:00"));
    else if (rig_reload(&w->rig, conf) != ERR_OK)
        bail_out("refused: %s", w->rig.msg.text);
}

static lc_date payday(const struct world *w, const char *policy, lc_month m)
{
    const int(*days)[3] = w->moves ? moving_paydays : stable_paydays;
    return month_day(m, days[w->version][policy[0] - 'a']);
}

static struct shown show(struct world *w, unsigned n)
{
    struct shown s = {.policy = ""};
    char id[8];
    snprintf(id, sizeof id, "P-%03u", n);
    const char *json = rig_ask(&w->rig, REQUEST_SHOW, id);
    sscanf(strstr(json, "\"status\":"), "\"status\":\"%15[^\"]", s.status);
    sscanf(strstr(json, "\"policy\":"), "\"policy\":\"%3[^\"]", s.policy);
    date_parse(strstr(json, "\"suspended_on\":") + 16, 10, &s.suspended_on);
    date_parse(strstr(json, "\"resumed_on\":") + 14, 10, &s.resumed_on);
    month_parse(strstr(json, "\"withheld_from\":") + 17, 7, &s.withheld_from);
    return s;
}

/* --- what happens --- */

static void enrol(struct world *w)
{
    char json[256], approved[11] = "";
    for (unsigned n = 0; n < PEOPLE; n++) {
        struct book *b = &w->books[n];
        b->approved_on = w->today - (lc_date)rng_below(&w->rng, 90);
        b->enrolled_on = w->today;
        date_format(b->approved_on, approved);
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"P-%03u\",\"policy\":\"%c\",\"approved_on\":\"%s\",\"amount\":100}", n,
                 'a' + (int)rng_below(&w->rng, 3), approved);
        if (rig_input(&w->rig, json).result != RESULT_APPLIED)
            bail_out("not enrolled: %s", json);
    }
}

static void some_input(struct world *w)
{
    char json[256], on[11] = "", *id = json + 200;
    struct rng *g = &w->rng;
    date_format(w->today - (lc_date)(rng_below(g, 3) ? rng_below(g, 5) : rng_below(g, 90)), on);
    snprintf(id, 8, "P-%03u", (unsigned)rng_below(g, PEOPLE));
    char person[8];
    memcpy(person, id, 8);
    switch (rng_below(g, 14)) {
    case 0: snprintf(json, 200, "{\"op\":\"report-death\",\"id\":\"%s\",\"died_on\":\"%s\"}", person, on); break;
    case 1:
    case 2: snprintf(json, 200, "{\"op\":\"retract-death\",\"id\":\"%s\",\"reason\":\"wrong\"}", person); break;
    case 3:
        snprintf(json, 200, "{\"op\":\"amend\",\"id\":\"%s\",\"policy\":\"%c\"}", person, 'a' + (int)rng_below(g, 3));
        break;
    case 4:
        snprintf(json, 200,
                 "{\"op\":\"revoke\",\"id\":\"%s\",\"channel\":\"face\",\"ref\":\"%u\",\"reason\":\"false\"}", person,
                 (unsigned)rng_below(g, w->refs + 1));
        break;
    case 5:
        snprintf(json, 200, "{\"op\":\"amend\",\"id\":\"%s\",\"unit\":\"u%u\"}", person, (unsigned)rng_below(g, 9));
        break;
    default:
        snprintf(
            json, 200,
            "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"face\",\"certified_on\":\"%s\",\"ref\":\"%u\",\"evidence\":\"e\"}",
            person, on, rng_below(g, 8) ? w->refs++ : (unsigned)rng_below(g, w->refs + 1));
    }
    rig_input(&w->rig, json);
}

/* --- the payroll's books --- */

static void note_list(struct world *w, struct book *b, const struct pay_list *list, lc_date on)
{
    for (uint32_t i = 0; i < list->n; i++) {
        b->named[list->v[i].period - w->base] = on;
        b->announced[list->v[i].period - w->base] = on;
    }
}

static void note_death(struct book *b, const struct event *ev, lc_month base)
{
    b->last_period = ev->u.terminated.last_period;
    b->reported_on = ev->u.terminated.reported_on;
    for (uint32_t i = 0; i < b->resumption.n && b->resumption.pay_on >= b->reported_on; i++)
        if (b->resumption.v[i].period > b->last_period)
            b->announced[b->resumption.v[i].period - base] = DATE_NONE;
}

static void note_resumption(struct world *w, struct book *b, const struct pay_list *list)
{
    note_list(w, b, list, list->pay_on);
    b->resumption.v = mem_resize(b->resumption.v, list->n, sizeof *list->v);
    if (list->n)
        memcpy(b->resumption.v, list->v, list->n * sizeof *list->v);
    b->resumption.n = list->n;
    b->resumption.pay_on = list->pay_on;
}

/* Who is suspended again was so all the time. */
static void note_return(struct world *w, struct book *b, const struct event *ev)
{
    for (lc_month m = b->last_period + 1; m <= date_month(w->today) && ev->u.reinstated.status == STATUS_SUSPENDED; m++)
        b->withheld[m - w->base] |= month_day(m, 15) >= b->reported_on && month_day(m, 15) < w->today;
    b->last_period = 0;
}

static void note_events(struct world *w)
{
    const struct buf *lines = &w->rig.lines;
    while (w->read < lines->n) {
        const char *p = lines->p + w->read, *end = memchr(p, '\n', lines->n - w->read);
        struct event ev;
        size_t where;
        if (event_read((struct str){p, (size_t)(end - p)}, &ev, &w->arena, &where) != ERR_OK)
            bail_out("a line cannot be read");
        w->read += (size_t)(end + 1 - p);
        if (!ev.subject.p)
            continue;
        struct book *b = &w->books[atoi(ev.subject.p + 2)];
        if (ev.type == EV_RESUMED)
            note_resumption(w, b, &ev.u.resumed.back_pay);
        else if (ev.type == EV_TERMINATED) {
            note_death(b, &ev, w->base);
            note_list(w, b, &ev.u.terminated.arrears, b->reported_on);
        } else if (ev.type == EV_REINSTATED) {
            note_return(w, b, &ev);
            note_list(w, b, &ev.u.reinstated.back_pay, ev.u.reinstated.back_pay.pay_on);
        }
    }
}

/* On the evening of a payday. */
static void pay(struct world *w, lc_month m)
{
    unsigned i = (unsigned)(m - w->base);
    for (unsigned n = 0; n < PEOPLE; n++) {
        struct book *b = &w->books[n];
        struct shown s = show(w, n);
        if (m < date_month(b->approved_on) || (b->last_period && m > b->last_period) || b->announced[i])
            continue;
        if (strcmp(s.status, "suspended") == 0)
            b->withheld[i] = true;
        else if (s.resumed_on > w->today && !b->last_period)
            w->wrong++, diag("P-%03u is paid again from a later day on, but %s is in no list", n, month_of(m));
        else
            b->paid[i] = w->today;
    }
}

/* --- what must be said --- */

/* By the events alone. */
static void expect_by_lists(const struct world *w, unsigned n, const struct shown *s, lc_month m, struct buf *out)
{
    const struct book *b = &w->books[n];
    lc_date named = b->named[m - w->base];
    if (m < date_month(b->approved_on) || (b->last_period && m > b->last_period))
        return;
    if (strcmp(s->status, "suspended") == 0 && m >= s->withheld_from)
        buf_printf(
            out,
            "{\"id\":\"P-%03u\",\"policy\":\"%s\",\"state\":\"withheld\",\"pay_on\":null,\"withheld_from\":%s,\"suspended_on\":%s}\n",
            n, s->policy, month_of(s->withheld_from), day_of(s->suspended_on));
    else
        buf_printf(
            out,
            "{\"id\":\"P-%03u\",\"policy\":\"%s\",\"state\":\"payable\",\"pay_on\":%s,\"withheld_from\":null,\"suspended_on\":null}\n",
            n, s->policy, day_of(named ? named : payday(w, s->policy, m)));
}

/* By what was paid and what was not: only where paydays stay. */
static void check_books(struct world *w, unsigned n, const struct shown *s, lc_month m, const char *all)
{
    const struct book *b = &w->books[n];
    unsigned i = (unsigned)(m - w->base);
    char key[40], want[64];
    bool claim = m >= date_month(b->approved_on) && !(b->last_period && m > b->last_period),
         suspended = strcmp(s->status, "suspended") == 0;
    lc_date day = payday(w, s->policy, m);
    bool is_withheld = !b->announced[i] && (day > w->today ? suspended : b->withheld[i]);
    snprintf(key, sizeof key, "{\"id\":\"P-%03u\"", n);
    const char *row_of = strstr(all, key);
    if (!claim) {
        w->ended += b->last_period != 0;
        w->wrong += row_of != NULL;
        return;
    }
    if (is_withheld)
        snprintf(want, sizeof want, "\"state\":\"withheld\",\"pay_on\":null");
    else
        snprintf(want, sizeof want, "\"state\":\"payable\",\"pay_on\":%s",
                 day_of(b->announced[i] ? b->announced[i] : day));
    w->withheld += is_withheld;
    w->apart += b->announced[i] != 0;
    bool paid = is_withheld || b->announced[i] || day > w->today || day < b->enrolled_on || b->paid[i] == day;
    if (paid && row_of && strstr(row_of, want) && strstr(row_of, want) < strchr(row_of, '\n'))
        return;
    if (w->wrong++ < 5)
        diag("%s, %s of P-%03u: the books say %s (paid: %d), but %.150s", day_of(w->today), month_of(m), n, want, paid,
             row_of ? row_of : "nothing is said");
}

static void look(struct world *w, lc_month m)
{
    static const char *const policies[] = {NULL, "a", "b", "c"};
    const char *only = policies[rng_below(&w->rng, 8) % 4];
    struct buf want = BUF_INIT;
    struct shown shown[PEOPLE];
    for (unsigned n = 0; n < PEOPLE; n++) {
        shown[n] = show(w, n);
        if (!only || strcmp(shown[n].policy, only) == 0)
            expect_by_lists(w, n, &shown[n], m, &want);
    }
    const char *got = rig_period(&w->rig, m, only);
    w->looks++;
    if ((strncmp(got, want.p ? want.p : "", want.n) != 0 || strncmp(got + want.n, "{\"period\"", 9) != 0) &&
        w->wrong++ < 5)
        diag("%s: by the lists, expected\n%.*sgot\n%.2000s", month_of(m), (int)(want.n < 2000 ? want.n : 2000), want.p,
             got);
    for (unsigned n = 0; n < PEOPLE && !w->moves && !only; n++)
        check_books(w, n, &shown[n], m, got);
    buf_done(&want);
}

static void live_a_day(struct world *w, lc_instant midnight)
{
    rig_until(&w->rig, midnight + 12 * 3600);
    for (unsigned i = (unsigned)rng_below(&w->rng, 4); i > 0; i--)
        some_input(w);
    if (rng_below(&w->rng, 45) == 0) {
        w->version = (unsigned)rng_below(&w->rng, 3);
        if (w->moves)
            w->zone = (unsigned)rng_below(&w->rng, 3);
        configure(w, false);
        /* Everybody is taken over before the day ends. */
        rig_until(&w->rig, midnight + 12 * 3600 + 60);
    }
    rig_until(&w->rig, midnight + DAY - 3600);
    note_events(w);
}

static void test_lives(uint64_t seed, bool moves)
{
    struct world *w = mem_zalloc(1, sizeof *w);
    *w = (struct world){.rng = rng_seed(seed), .moves = moves, .base = month("2024-01"), .today = date(FIRST_DAY)};
    lc_instant midnight = rig_at(FIRST_DAY "T00:00:00+08:00");
    configure(w, true);
    enrol(w);
    for (int day = 0; day < DAYS; day++, midnight += DAY, w->today++) {
        lc_month m = date_month(w->today);
        live_a_day(w, midnight);
        if (!moves && w->today == month_day(m, 15))
            pay(w, m);
        if (rng_below(&w->rng, 4) == 0)
            look(w, m - 8 + (lc_month)rng_below(&w->rng, 11));
    }
    const char *how = moves ? "paydays and zones move" : "the books are kept";
    is_int(w->wrong, 0, "seed %" PRIu64 ", %s: right each of %u times", seed, how, w->looks);
    if (!moves)
        ok(w->withheld > 50 && w->apart > 100 && w->ended > 100,
           "seed %" PRIu64
           ": %u statements about withheld periods, %u about those paid apart, %u beyond the last period",
           seed, w->withheld, w->apart, w->ended);
    for (unsigned n = 0; n < PEOPLE; n++)
        free(w->books[n].resumption.v);
    rig_close(&w->rig);
    event_arena_done(&w->arena);
    free(w);
}

/* An argument: so many seeds instead of four. */
int main(int argc, char **argv)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 4;
    plan((unsigned)seeds * 3);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        test_lives(seed, false);
        test_lives(seed, true);
    }
    return tap_end();
}
