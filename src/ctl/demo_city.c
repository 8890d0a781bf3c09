/* lifecertctl demo-city: a city's enrolments and a year of what its people do, as NDJSON in order of `at`. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/tz.h"
#include "ctl/commands.h"
#include "ctl/demo_plan.h"
#include "ctl/options.h"

#define PEOPLE_DEFAULT 309800 /* the size of Zhoushan */
#define PEOPLE_MAX 9999999    /* seven digits of an id */
#define CITY_OFFSET (8 * 3600)

struct city {
    uint64_t seed;
    uint32_t people;
    lc_date start;
    int64_t after, until; /* local seconds; what is written lies in (after, until] */
    struct demo_act *acts;
    size_t n, cap;
};

/* --- collecting --- */

static void add(struct city *c, const struct demo_act *a)
{
    if (a->at <= c->after || a->at > c->until)
        return;
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 65536;
        c->acts = mem_resize(c->acts, c->cap, sizeof *c->acts);
    }
    c->acts[c->n++] = *a;
}

static void collect(struct city *c)
{
    for (uint32_t i = 0; i < DEMO_UNITS; i++)
        add(c, &(struct demo_act){.at = (int64_t)c->start * 86400, .person = i, .kind = ACT_UNIT});
    for (uint32_t n = 1; n <= c->people; n++) {
        struct demo_act acts[DEMO_ACTS_MAX];
        struct demo_person p = demo_person(c->seed, n, c->start);
        unsigned k = demo_plan(c->seed, &p, c->start, acts);
        for (unsigned i = 0; i < k; i++)
            add(c, &acts[i]);
    }
}

/* By time; at one time units and enrolments come first, then by person. Total, so that the output is one. */
static int by_time(const void *x, const void *y)
{
    const struct demo_act *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->person < b->person ? -1 : a->person > b->person;
}

/* --- writing --- */

static void date_member(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

static void write_unit(const struct city *c, const struct demo_act *a, struct buf *b)
{
    BUF_LIT(b, "\"op\":\"unit\",\"unit\":\"");
    demo_unit_code(a->person, b);
    buf_printf(b, "\",\"name\":\"第%u社区居委会\",\"phone\":\"", a->person + 1);
    demo_phone(c->seed, PEOPLE_MAX + 1 + a->person, 0, b);
    buf_addc(b, '"');
}

static void write_enrol(const struct city *c, const struct demo_person *p, struct buf *b)
{
    buf_printf(b, ",\"policy\":\"%s\"", demo_policy_name(p->preset));
    date_member(b, "approved_on", p->approved_on);
    if (p->last_certified_on != DATE_NONE)
        date_member(b, "last_certified_on", p->last_certified_on);
    buf_printf(b, ",\"category\":\"%s\",\"unit\":\"", demo_category(p->category));
    demo_unit_code(p->unit, b);
    buf_printf(b, "\",\"amount\":%" PRId64 ",\"name\":\"", p->amount);
    demo_name(c->seed, p->number, 0, b);
    BUF_LIT(b, "\",\"phone\":\"");
    demo_phone(c->seed, p->number, 0, b);
    buf_addc(b, '"');
}

static void write_ref(const struct demo_act *a, const struct demo_person *p, struct buf *b)
{
    buf_printf(b, ",\"channel\":\"%s\",\"ref\":\"%c%07u-%u\"", demo_channel(a->channel), demo_channel(a->channel)[0] - 32,
               p->number, a->which);
}

static void write_certify(const struct city *c, const struct demo_act *a, const struct demo_person *p, struct buf *b)
{
    write_ref(a, p, b);
    date_member(b, "certified_on", a->on);
    if (p->number % 23 == 0) {
        BUF_LIT(b, ",\"by\":\"");
        demo_name(c->seed, p->number, 1, b);
        buf_addc(b, '"');
    }
}

static void write_amend(const struct city *c, const struct demo_act *a, const struct demo_person *p, struct buf *b)
{
    if (a->which == 0) {
        BUF_LIT(b, ",\"phone\":\"");
        demo_phone(c->seed, p->number, 2, b);
        buf_addc(b, '"');
    } else if (a->which == 1) {
        BUF_LIT(b, ",\"unit\":\"");
        demo_unit_code((p->unit + 4) % DEMO_UNITS, b);
        buf_addc(b, '"');
    } else
        buf_printf(b, ",\"amount\":%" PRId64, p->amount + p->amount / 20);
}

static const char *const op_names[] = {"unit", "enrol", "certify", "revoke", "amend", "defer", "report-death", "retract-death"};

static void write_members(const struct city *c, const struct demo_act *a, const struct demo_person *p, struct buf *b)
{
    switch (a->kind) {
    case ACT_ENROL: write_enrol(c, p, b); break;
    case ACT_CERTIFY: write_certify(c, a, p, b); break;
    case ACT_REVOKE:
        write_ref(a, p, b);
        BUF_LIT(b, ",\"reason\":\"the face was another person's\"");
        break;
    case ACT_AMEND: write_amend(c, a, p, b); break;
    case ACT_DEFER:
        date_member(b, "until", a->on);
        BUF_LIT(b, ",\"reason\":\"home visit booked\"");
        break;
    case ACT_DEATH: date_member(b, "died_on", a->on); break;
    default: BUF_LIT(b, ",\"reason\":\"reported for the wrong person\""); break;
    }
}

static void write_act(const struct city *c, const struct demo_act *a, struct buf *b)
{
    char at[25];
    instant_format(a->at - (int64_t)DATE_UNIX_EPOCH * 86400 - CITY_OFFSET, CITY_OFFSET, at);
    buf_printf(b, "{\"at\":\"%.25s\",", at);
    if (a->kind == ACT_UNIT)
        write_unit(c, a, b);
    else {
        struct demo_person p = demo_person(c->seed, a->person, c->start);
        buf_printf(b, "\"op\":\"%s\",\"id\":\"", op_names[a->kind]);
        demo_id(&p, b);
        buf_addc(b, '"');
        write_members(c, a, &p, b);
    }
    BUF_LIT(b, "}\n");
}

static int write_all(const struct city *c, FILE *f)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < c->n; i++) {
        write_act(c, &c->acts[i], &b);
        if (b.n > 1 << 16 || i + 1 == c->n) {
            if (fwrite(b.p, 1, b.n, f) != b.n)
                break;
            buf_clear(&b);
        }
    }
    buf_done(&b);
    return ferror(f) ? fail(EXIT_UNREADABLE, "demo-city: cannot write: %s", strerror(errno)) : EXIT_DONE;
}

/* --- the command line --- */

/* Local seconds of the city (+08:00, without clock changes since 1991). */
static bool read_time(const char *name, const char *text, const struct tz *tz, bool last_second, int64_t *out)
{
    lc_instant at;
    if (!text)
        return true;
    if (!option_instant(name, text, tz, last_second, &at))
        return false;
    *out = at + CITY_OFFSET + (int64_t)DATE_UNIX_EPOCH * 86400;
    return true;
}

static int read_times(struct city *c, const char *start, const char *after, const char *until)
{
    struct tz *tz;
    struct errmsg msg;
    if (tz_load("Asia/Shanghai", &tz, &msg) != ERR_OK)
        return fail(EXIT_UNREADABLE, "%s", msg.text);
    bool good = (!start || option_date("start", start, &c->start)) && read_time("after", after, tz, true, &c->after) &&
                read_time("until", until, tz, true, &c->until);
    tz_free(tz);
    return good ? OPTIONS_READ : EXIT_MISUSE;
}

static int read_options(struct ctl *ctl, struct city *c, int argc, char **argv)
{
    uint64_t people = PEOPLE_DEFAULT;
    const char *start = NULL, *after = NULL, *until = NULL;
    const struct option_row rows[] = {
        {OPTION_NUMBER, 'n', "people", "N", "how many (default 309800, the size of Zhoushan)", &people},
        {OPTION_NUMBER, 0, "seed", "S", "another city for another number (default 1)", &c->seed},
        {OPTION_TEXT, 0, "start", "DATE", "the first day of its year (default 2026-01-01)", &start},
        {OPTION_TEXT, 0, "after", "TIME", "only what lies after this", &after},
        {OPTION_TEXT, 0, "until", "TIME", "only what lies at or before this", &until},
        OPTIONS_END,
    };
    int status = options_read(ctl, rows, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (people < 1 || people > PEOPLE_MAX)
        return fail(EXIT_MISUSE, "--people %" PRIu64 ": expected 1 to %d", people, PEOPLE_MAX);
    c->people = (uint32_t)people;
    return read_times(c, start, after, until);
}

int cmd_demo_city(struct ctl *ctl, int argc, char **argv)
{
    struct city c = {.seed = 1, .start = date_make(2026, 1, 1), .after = INT64_MIN, .until = INT64_MAX};
    int status = read_options(ctl, &c, argc, argv);
    if (status != OPTIONS_READ)
        return status;
    collect(&c);
    qsort(c.acts, c.n, sizeof *c.acts, by_time);
    status = write_all(&c, stdout);
    free(c.acts);
    return finish_output(status);
}
