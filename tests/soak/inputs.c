#include "tests/soak/inputs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tests/lib/canary.h"
#include "tests/soak/facts.h"

#define PEOPLE_MAX 400
#define UNITS 5
#define LINES_MAX 12 /* inputs in one request */

void inputs_init(struct inputs *in, struct node *n, uint64_t seed)
{
    *in = (struct inputs){.node = n, .rng = rng_seed(seed), .next_ref = 1};
    in->refs = mem_zalloc(PEOPLE_MAX, sizeof *in->refs);
}

void inputs_done(struct inputs *in)
{
    free(in->refs);
    free(in->answered);
    reply_done(&in->reply);
    buf_done(&in->text);
}

static unsigned below(struct inputs *in, unsigned n)
{
    return (unsigned)rng_below(&in->rng, n);
}

/* --- what there is to say --- */

static void add_date(struct inputs *in, const char *member, lc_date on)
{
    char text[10];
    date_format(on, text);
    buf_printf(&in->text, ",\"%s\":\"%.10s\"", member, text);
}

/* One after the other: no number comes to its daily cap. */
static void add_phone(struct inputs *in)
{
    char phone[CANARY_TEXT];
    buf_printf(&in->text, ",\"phone\":\"%s\"", canary_phone(in->next_phone++, phone));
}

static void write_enrol(struct inputs *in, uint32_t person)
{
    static const char *const policies[] = {"half-yearly", "national", "365-days"};
    buf_printf(&in->text, ",\"policy\":\"%s\",\"name\":\"" CANARY_NAME "%u\",\"amount\":%u,\"category\":\"C%u\",\"unit\":\"U%u\"",
               policies[person % 3], person, 1000 + person, person % 4, person % UNITS);
    add_date(in, "approved_on", in->today - (lc_date)below(in, 300));
    if (person % 10 != 9) /* some have no number */
        add_phone(in);
}

static void write_certify(struct inputs *in, uint32_t person)
{
    uint32_t ref = in->refs[person] = in->next_ref++;
    buf_printf(&in->text, ",\"channel\":\"face\",\"ref\":\"R%u\",\"evidence\":\"seen\"", ref);
    add_date(in, "certified_on", in->today - (lc_date)below(in, 4));
    if (ref % 3 == 0)
        add_phone(in);
}

static void write_amend(struct inputs *in, uint32_t person)
{
    (void)person;
    buf_printf(&in->text, ",\"amount\":%u", 1000 + below(in, 100000));
    if (below(in, 2))
        add_phone(in);
    else
        buf_printf(&in->text, ",\"category\":\"C%u\",\"name\":\"" CANARY_NAME "M%u\"", below(in, 4), below(in, 1000));
}

static void write_revoke(struct inputs *in, uint32_t person)
{
    buf_printf(&in->text, ",\"channel\":\"face\",\"ref\":\"R%u\",\"reason\":\"a mask\"", in->refs[person]);
}

static void write_defer(struct inputs *in, uint32_t person)
{
    (void)person;
    add_date(in, "until", in->today + 3 + (lc_date)below(in, 30));
    buf_adds(&in->text, ",\"reason\":\"a visit\"");
}

static void write_death(struct inputs *in, uint32_t person)
{
    (void)person;
    add_date(in, "died_on", in->today - (lc_date)below(in, 20));
}

static void write_retract(struct inputs *in, uint32_t person)
{
    (void)person;
    buf_adds(&in->text, ",\"reason\":\"somebody else\"");
}

static void write_nothing(struct inputs *in, uint32_t person)
{
    (void)in, (void)person;
}

static const struct kind {
    const char *op;
    unsigned weight;
    void (*write)(struct inputs *in, uint32_t person);
} kinds[] = {
    {"certify", 60, write_certify}, {"amend", 10, write_amend},         {"revoke", 6, write_revoke},
    {"defer", 12, write_defer},     {"report-death", 3, write_death},   {"retract-death", 6, write_retract},
    {"erase", 1, write_nothing},
};

static const struct kind *draw_kind(struct inputs *in)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        sum += kinds[i].weight;
    unsigned lot = below(in, sum);
    const struct kind *k = kinds;
    while (lot >= k->weight)
        lot -= k++->weight;
    return k;
}

static void write_one(struct inputs *in, const char *op, uint32_t person,
                      void (*write)(struct inputs *in, uint32_t person))
{
    char id[16];
    person_id(person, id);
    buf_printf(&in->text, "{\"op\":\"%s\",\"id\":\"%s\"", op, id);
    write(in, person);
    buf_adds(&in->text, "}\n");
}

/* How to reach a unit: its digests go there. */
static void write_unit(struct inputs *in)
{
    buf_printf(&in->text, "{\"op\":\"unit\",\"unit\":\"U%u\",\"name\":\"" CANARY_NAME "\"", below(in, UNITS));
    add_phone(in);
    buf_adds(&in->text, "}\n");
}

static void write_some(struct inputs *in, unsigned lines)
{
    buf_clear(&in->text);
    for (unsigned i = 0; i < lines; i++) {
        if (below(in, 50) == 0)
            write_unit(in);
        else if (in->people < PEOPLE_MAX && (in->people == 0 || below(in, 2)))
            write_one(in, "enrol", in->people++, write_enrol);
        else {
            const struct kind *k = draw_kind(in);
            write_one(in, k->op, below(in, in->people), k->write);
        }
    }
}

/* --- answers --- */

static void take_answer(struct inputs *in, const char *line, int64_t now)
{
    const char *seq = strstr(line, "\"seq\":[");
    bool tells = strstr(line, "\"op\":\"certify\"") || strstr(line, "\"op\":\"revoke\"");
    if (!seq || !tells || !strstr(line, "\"result\":\"applied\""))
        return;
    if (in->n_answered == in->cap_answered) {
        in->cap_answered = in->cap_answered ? 2 * in->cap_answered : 1024;
        in->answered = mem_resize(in->answered, in->cap_answered, sizeof *in->answered);
    }
    in->answered[in->n_answered++] = (struct answered){strtoull(seq + 7, NULL, 10), now};
}

/* An answer that breaks off has as many lines as came. */
static void take_answers(struct inputs *in, unsigned lines)
{
    const char *p = in->reply.body.p, *end = p + in->reply.body.n;
    int64_t now = clock_wall_ns();
    for (unsigned i = 0; i < lines && p < end; i++) {
        char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            return;
        *newline = '\0';
        take_answer(in, p, now);
        p = newline + 1;
    }
}

static bool learn_today(struct inputs *in, struct client *c)
{
    client_request(c, "GET", "/v1/status", NULL, STR_NONE, &in->reply);
    const char *now = in->reply.status == 200 ? strstr(in->reply.body.p, "\"now\":\"") : NULL;
    return now && date_parse(now + 7, 10, &in->today);
}

bool inputs_feed(struct inputs *in, struct client *c)
{
    unsigned lines = 1 + below(in, LINES_MAX);
    if (!learn_today(in, c))
        return false;
    write_some(in, lines);
    in->sent += lines;
    client_request(c, "POST", "/v1/inputs", "Content-Type: application/x-ndjson\r\n", buf_str(&in->text), &in->reply);
    take_answers(in, lines);
    return in->reply.status == 200;
}
