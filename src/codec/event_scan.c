#include "codec/event_scan.h"

#include "codec/input_table.h"
#include "core/hold.h"

#define PAYS_MAX 4800 /* months there are: no list names one twice */
/* A period cannot be written in fewer bytes: what is left of a line bounds how many may follow. */
#define PAY_BYTES_MIN (sizeof "{\"period\":null,\"payday\":null,\"amount\":0}" - 1)

static bool scan_field_str(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_str_or_null(&r->scan, at);
}

static bool scan_field_name(struct event_reader *r, const struct field *f, void *at)
{
    const char *start = r->scan.p;
    struct str name;
    (void)f;
    if (!scan_str(&r->scan, &name) || name.n > POLICY_NAME_MAX || memchr(name.p, '\0', name.n)) {
        r->scan.p = start;
        return false;
    }
    memcpy(at, name.p, name.n);
    ((char *)at)[name.n] = '\0';
    return true;
}

static bool scan_field_date(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_date(&r->scan, at);
}

static bool scan_field_month(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_month(&r->scan, at);
}

static bool scan_field_amount(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_count(&r->scan, AMOUNT_MAX, AMOUNT_NONE, at);
}

static bool scan_field_count(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_count(&r->scan, INT64_MAX, -1, at);
}

static bool scan_field_int(struct event_reader *r, const struct field *f, void *at)
{
    uint64_t v;
    if (!scan_u64(&r->scan, (uint64_t)f->max, &v))
        return false;
    *(int *)at = (int)v;
    return true;
}

static bool scan_field_number(struct event_reader *r, const struct field *f, void *at)
{
    uint64_t v;
    (void)f;
    if (!scan_u64(&r->scan, INT64_MAX, &v))
        return false;
    *(int64_t *)at = (int64_t)v;
    return true;
}

static bool scan_field_seq(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_u64(&r->scan, UINT64_MAX, at);
}

static bool scan_field_word(struct event_reader *r, const struct field *f, void *at)
{
    return scan_word(&r->scan, f->words, at);
}

static bool scan_field_true(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return *(bool *)at = scan_lit(&r->scan, "true");
}

static bool scan_field_fixed(struct event_reader *r, const struct field *f, void *at)
{
    unsigned only;
    (void)at;
    return scan_word(&r->scan, f->words, &only);
}

static bool scan_pay(struct scan *s, struct period_pay *pay)
{
    return scan_lit(s, "{\"period\":") && scan_month(s, &pay->period) && scan_lit(s, ",\"payday\":") &&
           scan_date(s, &pay->payday) && scan_lit(s, ",\"amount\":") &&
           scan_count(s, AMOUNT_MAX, AMOUNT_NONE, &pay->amount) && scan_char(s, '}');
}

/* So many that the rest of the line cannot fill them: the lists of one event never move. */
static void reserve_pays(struct event_reader *r)
{
    size_t most = (size_t)(r->scan.end - r->scan.p) / PAY_BYTES_MIN + 1;
    if (r->arena->n_pays || most <= r->arena->cap_pays)
        return;
    if (most > 2 * PAYS_MAX)
        most = 2 * PAYS_MAX;
    r->arena->cap_pays = (uint32_t)most;
    r->arena->pays = mem_resize(r->arena->pays, most, sizeof *r->arena->pays);
}

/* The list without its closing brace; a total that is not the sum is refused. */
static bool scan_periods(struct event_reader *r, struct pay_list *l)
{
    struct scan *s = &r->scan;
    int64_t total;
    if (!scan_lit(s, "{\"periods\":["))
        return false;
    reserve_pays(r);
    *l = (struct pay_list){.v = r->arena->pays + r->arena->n_pays};
    while (!scan_char(s, ']')) {
        if (l->n == PAYS_MAX || r->arena->n_pays == r->arena->cap_pays || (l->n && !scan_char(s, ',')))
            return false;
        if (!scan_pay(s, &l->v[l->n]))
            return false;
        l->n++;
        r->arena->n_pays++;
    }
    return scan_lit(s, ",\"total\":") && scan_count(s, INT64_MAX, AMOUNT_NONE, &total) && total == pay_total(l);
}

static bool scan_field_pays(struct event_reader *r, const struct field *f, void *at)
{
    (void)f;
    return scan_periods(r, at) && scan_char(&r->scan, '}');
}

static bool scan_field_back_pay(struct event_reader *r, const struct field *f, void *at)
{
    struct pay_list *l = at;
    (void)f;
    return scan_periods(r, l) && scan_lit(&r->scan, ",\"pay_on\":") && scan_date(&r->scan, &l->pay_on) &&
           scan_char(&r->scan, '}');
}

static bool scan_member_value(struct scan *s, enum member_type type)
{
    struct str str;
    lc_date date;
    lc_month month;
    int64_t amount;
    switch (type) {
    case MEMBER_TOKEN:
    case MEMBER_TEXT: return scan_str_or_null(s, &str);
    case MEMBER_DATE: return scan_date(s, &date);
    case MEMBER_MONTH: return scan_month(s, &month);
    case MEMBER_AMOUNT: return scan_count(s, AMOUNT_MAX, AMOUNT_NONE, &amount);
    default: return false; /* never written into an event */
    }
}

/* An input's members, each at most once and in their order; kept as they stand. */
static bool scan_field_given(struct event_reader *r, const struct field *f, void *at)
{
    struct scan *s = &r->scan;
    const char *start = s->p;
    bool first = true;
    (void)f, (void)at;
    if (!scan_char(s, '{'))
        return false;
    for (const struct member_row *row = member_rows; row < member_rows + MEMBERS; row++) {
        const char *key = s->p;
        if ((first || scan_char(s, ',')) && scan_char(s, '"') && scan_bytes(s, row->name.p, row->name.n) &&
            scan_lit(s, "\":")) {
            if (row->personal || !scan_member_value(s, row->type))
                return false;
            first = false;
        } else {
            s->p = key;
        }
    }
    if (!scan_char(s, '}'))
        return false;
    r->event->u.input_rejected.given = (struct str){start, (size_t)(s->p - start)};
    return true;
}

static bool scan_field_scope(struct event_reader *r, const struct field *f, void *at)
{
    struct scope *scope = at;
    struct scan *s = &r->scan;
    unsigned kind;
    (void)f;
    if (scan_lit(s, "null")) {
        *scope = (struct scope){SCOPE_ALL, STR_NONE};
        return true;
    }
    if (!scan_char(s, '{') || !scan_word(s, &scope_texts, &kind) || !scan_char(s, ':') || !scan_str(s, &scope->name))
        return false;
    scope->kind = (enum scope_kind)kind;
    return scan_char(s, '}');
}

static bool scan_field_cycle(struct event_reader *r, const struct field *f, void *at)
{
    static const uint64_t most[] = {[CYCLE_MONTHS] = 120, [CYCLE_DAYS] = 3660};
    struct scan *s = &r->scan;
    uint64_t n;
    (void)f;
    if (!scan_char(s, '"') || !scan_u64(s, most[CYCLE_DAYS], &n))
        return false;
    for (unsigned unit = 0; unit < cycle_unit_texts.n; unit++) {
        struct str word = cycle_unit_texts.v[unit];
        if (n > 0 && n <= most[unit] && scan_bytes(s, word.p, word.n)) {
            r->arena->policy.cycle_unit = (enum cycle_unit)unit;
            *(int *)at = (int)n;
            return scan_char(s, '"');
        }
    }
    return false;
}

static bool scan_field_clock_time(struct event_reader *r, const struct field *f, void *at)
{
    struct scan *s = &r->scan;
    (void)f;
    if (s->end - s->p < 7 || s->p[0] != '"' || s->p[3] != ':' || s->p[6] != '"')
        return false;
    int hour = scan_pair(s->p + 1), minute = scan_pair(s->p + 4);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    *(int *)at = hour * 3600 + minute * 60;
    s->p += 7;
    return true;
}

static bool scan_field_names(struct event_reader *r, const struct field *f, void *at)
{
    struct scan *s = &r->scan;
    struct event_arena *a = r->arena;
    uint32_t n = 0;
    (void)f, (void)at;
    if (!a->names)
        a->names = mem_resize(NULL, a->cap_names = CHANNEL_MAX, sizeof *a->names);
    if (!scan_char(s, '['))
        return false;
    while (!scan_char(s, ']')) {
        if (n == a->cap_names || (n && !scan_char(s, ',')) || !scan_str(s, &a->names[n]))
            return false;
        n++;
    }
    r->event->u.policy_adopted.channels = a->names;
    r->event->u.policy_adopted.n_channels = n;
    return true;
}

static bool scan_channel(struct scan *s, struct channel_setting *c)
{
    if (!scan_lit(s, "{\"name\":") || !scan_str(s, &c->name) || !scan_lit(s, ",\"expect_every\":"))
        return false;
    if (!scan_count(s, INT64_MAX, -1, &c->expect_every) || c->expect_every == 0)
        return false;
    if (c->expect_every < 0)
        c->expect_every = 0;
    return scan_char(s, '}');
}

static bool scan_field_channels(struct event_reader *r, const struct field *f, void *at)
{
    struct scan *s = &r->scan;
    struct event_arena *a = r->arena;
    uint32_t n = 0;
    (void)f, (void)at;
    if (!a->channels)
        a->channels = mem_resize(NULL, a->cap_channels = CHANNEL_MAX, sizeof *a->channels);
    if (!scan_char(s, '['))
        return false;
    while (!scan_char(s, ']')) {
        if (n == a->cap_channels || (n && !scan_char(s, ',')) || !scan_channel(s, &a->channels[n]))
            return false;
        n++;
    }
    r->event->u.config_adopted.channels = a->channels;
    r->event->u.config_adopted.n_channels = n;
    return true;
}

/* There are several ways to write a limit; ours is the one that brake_format() gives back. */
static bool scan_field_brake(struct event_reader *r, const struct field *f, void *at)
{
    const char *start = r->scan.p;
    struct str text;
    char again[24];
    (void)f;
    if (scan_str(&r->scan, &text) && brake_parse(text, at)) {
        brake_format(at, again);
        if (str_is(text, again))
            return true;
    }
    r->scan.p = start;
    return false;
}

scan_fn *const event_scan_kind[FIELD_KIND_N] = {
    [FIELD_STR] = scan_field_str,
    [FIELD_NAME] = scan_field_name,
    [FIELD_DATE] = scan_field_date,
    [FIELD_MONTH] = scan_field_month,
    [FIELD_AMOUNT] = scan_field_amount,
    [FIELD_COUNT] = scan_field_count,
    [FIELD_INT] = scan_field_int,
    [FIELD_NUMBER] = scan_field_number,
    [FIELD_SEQ] = scan_field_seq,
    [FIELD_WORD] = scan_field_word,
    [FIELD_TRUE] = scan_field_true,
    [FIELD_FIXED] = scan_field_fixed,
    [FIELD_PAYS] = scan_field_pays,
    [FIELD_BACK_PAY] = scan_field_back_pay,
    [FIELD_GIVEN] = scan_field_given,
    [FIELD_SCOPE] = scan_field_scope,
    [FIELD_CYCLE] = scan_field_cycle,
    [FIELD_CLOCK_TIME] = scan_field_clock_time,
    [FIELD_NAMES] = scan_field_names,
    [FIELD_CHANNELS] = scan_field_channels,
    [FIELD_BRAKE] = scan_field_brake,
};
