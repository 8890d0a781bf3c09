#include "base/tz.h"
#include "codec/event_json.h"
#include "codec/event_table.h"
#include "codec/input_write.h"
#include "codec/json_out.h"
#include "core/hold.h"
#include "core/text.h"

/* What names a person or repeats the head: left out of a rejected input's members. */
#define NOT_GIVEN ((uint32_t)(M_OP | M_ID | M_AT | M_NAME | M_PHONE | M_BY))

/* Everything of an event but its strings and lists: the head's keys and numbers (under 200 bytes), and of data at most
 * the 13 members of policy.adopted, each a key of under 32 bytes and a value of JSON_VALUE_MAX. */
#define FIXED_ROOM 1280
#define PAY_ROOM (sizeof "{\"period\":\"2026-07\",\"payday\":\"2026-07-15\",\"amount\":}," + JSON_VALUE_MAX)
#define LIST_ROOM (sizeof "{\"periods\":[],\"total\":,\"pay_on\":}" + 2 * JSON_VALUE_MAX)
#define CHANNEL_ROOM (sizeof "{\"name\":,\"expect_every\":}," + JSON_VALUE_MAX)

typedef char *put_fn(char *p, const struct field *f, const void *at, const struct event *e);

static char *put_field_str(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_str(p, *(const struct str *)at);
}

static char *put_field_name(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_str(p, str_of(at));
}

static char *put_field_date(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_date(p, *(const lc_date *)at);
}

static char *put_field_month(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_month(p, *(const lc_month *)at);
}

static char *put_field_count(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_count(p, *(const int64_t *)at);
}

static char *put_field_int(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_u64(p, (uint64_t)(*(const int *)at));
}

static char *put_field_seq(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    return put_u64(p, *(const uint64_t *)at);
}

static char *put_field_word(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)e;
    return put_word(p, f->words->v[*(const unsigned *)at]);
}

static char *put_field_true(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)at, (void)e;
    return put_lit(p, "true");
}

static char *put_field_fixed(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)at, (void)e;
    return put_word(p, f->words->v[0]);
}

/* The list without its closing brace. */
static char *put_periods(char *p, const struct pay_list *l)
{
    p = put_lit(p, "{\"periods\":[");
    for (uint32_t i = 0; i < l->n; i++) {
        if (i)
            *p++ = ',';
        p = put_lit(p, "{\"period\":");
        p = put_month(p, l->v[i].period);
        p = put_lit(p, ",\"payday\":");
        p = put_date(p, l->v[i].payday);
        p = put_lit(p, ",\"amount\":");
        p = put_count(p, l->v[i].amount);
        *p++ = '}';
    }
    p = put_lit(p, "],\"total\":");
    return put_count(p, pay_total(l));
}

static char *put_field_pays(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    p = put_periods(p, at);
    *p++ = '}';
    return p;
}

static char *put_field_back_pay(char *p, const struct field *f, const void *at, const struct event *e)
{
    const struct pay_list *l = at;
    (void)f, (void)e;
    p = put_periods(p, l);
    p = put_lit(p, ",\"pay_on\":");
    p = put_date(p, l->pay_on);
    *p++ = '}';
    return p;
}

static char *put_field_given(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)at;
    const struct input *in = e->u.input_rejected.input;
    if (in)
        return input_put(p, in, ~NOT_GIVEN, 0);
    return put_bytes(p, e->u.input_rejected.given.p, e->u.input_rejected.given.n);
}

static char *put_field_scope(char *p, const struct field *f, const void *at, const struct event *e)
{
    const struct scope *scope = at;
    (void)f, (void)e;
    if (scope->kind == SCOPE_ALL)
        return put_null(p);
    *p++ = '{';
    p = put_word(p, scope_texts.v[scope->kind]);
    *p++ = ':';
    p = put_str(p, scope->name);
    *p++ = '}';
    return p;
}

static char *put_field_cycle(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f;
    struct str unit = cycle_unit_texts.v[e->u.policy_adopted.policy->cycle_unit];
    *p++ = '"';
    p = put_u64(p, (uint64_t)(*(const int *)at));
    p = put_bytes(p, unit.p, unit.n);
    *p++ = '"';
    return p;
}

static char *put_field_clock_time(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    int minutes = *(const int *)at / 60;
    p[0] = p[6] = '"';
    p[1] = (char)('0' + minutes / 600);
    p[2] = (char)('0' + minutes / 60 % 10);
    p[3] = ':';
    p[4] = (char)('0' + minutes % 60 / 10);
    p[5] = (char)('0' + minutes % 10);
    return p + 7;
}

static char *put_field_names(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)at;
    *p++ = '[';
    for (uint32_t i = 0; i < e->u.policy_adopted.n_channels; i++) {
        if (i)
            *p++ = ',';
        p = put_str(p, e->u.policy_adopted.channels[i]);
    }
    *p++ = ']';
    return p;
}

static char *put_field_channels(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)at;
    *p++ = '[';
    for (uint32_t i = 0; i < e->u.config_adopted.n_channels; i++) {
        const struct channel_setting *c = &e->u.config_adopted.channels[i];
        if (i)
            *p++ = ',';
        p = put_lit(p, "{\"name\":");
        p = put_str(p, c->name);
        p = put_lit(p, ",\"expect_every\":");
        p = put_count(p, c->expect_every ? c->expect_every : -1);
        *p++ = '}';
    }
    *p++ = ']';
    return p;
}

static char *put_field_brake(char *p, const struct field *f, const void *at, const struct event *e)
{
    (void)f, (void)e;
    char text[24];
    brake_format(at, text);
    return put_word(p, str_of(text));
}

static put_fn *const put_kind[FIELD_KIND_N] = {
    [FIELD_STR] = put_field_str,
    [FIELD_NAME] = put_field_name,
    [FIELD_DATE] = put_field_date,
    [FIELD_MONTH] = put_field_month,
    [FIELD_AMOUNT] = put_field_count,
    [FIELD_COUNT] = put_field_count,
    [FIELD_INT] = put_field_int,
    [FIELD_NUMBER] = put_field_count,
    [FIELD_SEQ] = put_field_seq,
    [FIELD_WORD] = put_field_word,
    [FIELD_TRUE] = put_field_true,
    [FIELD_FIXED] = put_field_fixed,
    [FIELD_PAYS] = put_field_pays,
    [FIELD_BACK_PAY] = put_field_back_pay,
    [FIELD_GIVEN] = put_field_given,
    [FIELD_SCOPE] = put_field_scope,
    [FIELD_CYCLE] = put_field_cycle,
    [FIELD_CLOCK_TIME] = put_field_clock_time,
    [FIELD_NAMES] = put_field_names,
    [FIELD_CHANNELS] = put_field_channels,
    [FIELD_BRAKE] = put_field_brake,
};

static const void *field_at(const struct field *f, const struct event *e)
{
    return (f->of_policy ? (const char *)e->u.policy_adopted.policy : (const char *)e) + f->offset;
}

static bool stands(const struct field *f, const void *at, const struct event *e)
{
    switch (f->when) {
    case FIELD_WHEN_TRUE: return *(const bool *)at;
    case FIELD_WHEN_GIVEN:
    case FIELD_WITH_GIVEN: return e->u.amended.given & f->bit;
    default: return true;
    }
}

static size_t given_room(const struct event *e)
{
    const struct input *in = e->u.input_rejected.input;
    return in ? input_room(in, ~NOT_GIVEN) : e->u.input_rejected.given.n;
}

static size_t names_room(const struct event *e)
{
    size_t room = 2;
    for (uint32_t i = 0; i < e->u.policy_adopted.n_channels; i++)
        room += JSON_STR_MAX(e->u.policy_adopted.channels[i].n) + 1;
    return room;
}

static size_t channels_room(const struct event *e)
{
    size_t room = 2;
    for (uint32_t i = 0; i < e->u.config_adopted.n_channels; i++)
        room += JSON_STR_MAX(e->u.config_adopted.channels[i].name.n) + CHANNEL_ROOM;
    return room;
}

/* What a member may take beyond FIXED_ROOM's share. */
static size_t field_room(const struct field *f, const struct event *e)
{
    const void *at = field_at(f, e);
    switch (f->kind) {
    case FIELD_STR: return JSON_STR_MAX(((const struct str *)at)->n);
    case FIELD_NAME: return JSON_STR_MAX((size_t)POLICY_NAME_MAX);
    case FIELD_PAYS:
    case FIELD_BACK_PAY: return ((const struct pay_list *)at)->n * PAY_ROOM + LIST_ROOM;
    case FIELD_SCOPE: return JSON_STR_MAX(((const struct scope *)at)->name.n);
    case FIELD_GIVEN: return given_room(e);
    case FIELD_NAMES: return names_room(e);
    case FIELD_CHANNELS: return channels_room(e);
    default: return 0;
    }
}

static size_t event_room(const struct event *e)
{
    const struct field_list *list = &event_fields[e->type];
    size_t room = FIXED_ROOM + JSON_STR_MAX(e->subject.n);
    for (unsigned i = 0; i < list->n; i++)
        room += field_room(&list->v[i], e);
    return room;
}

static char *put_data(char *p, const struct event *e)
{
    const struct field_list *list = &event_fields[e->type];
    *p++ = '{';
    for (unsigned i = 0; i < list->n; i++) {
        const struct field *f = &list->v[i];
        const void *at = field_at(f, e);
        if (!stands(f, at, e))
            continue;
        memcpy(p, f->key, sizeof f->key); /* all of it: a copy of known length is the cheaper one */
        p = put_kind[f->kind](p + f->key_n, f, at, e);
        *p++ = ',';
    }
    if (list->n == 0)
        *p++ = '}';
    else
        p[-1] = '}'; /* every type but the one without members has one that always stands */
    return p;
}

static char *put_head(char *p, const struct event *e)
{
    p = put_lit(p, "{\"seq\":");
    p = put_u64(p, e->seq);
    p = put_lit(p, ",\"prev\":");
    p = put_u64(p, e->prev);
    p = put_lit(p, ",\"time\":\"");
    instant_format(e->time, e->offset, p);
    p = put_lit(p + 25, "\",\"type\":");
    p = put_word(p, event_type_texts.v[e->type]);
    if (e->subject.p) {
        p = put_lit(p, ",\"subject\":");
        p = put_str(p, e->subject);
    }
    if (e->simulated)
        p = put_lit(p, ",\"simulated\":true");
    return put_lit(p, ",\"data\":");
}

void event_write(struct buf *b, const struct event *e)
{
    char *start = buf_room(b, event_room(e)), *p = start;
    p = put_head(p, e);
    p = put_data(p, e);
    p = put_lit(p, "}\n");
    b->n += (size_t)(p - start);
}

void event_write_data(struct buf *b, const struct event *e)
{
    char *start = buf_room(b, event_room(e));
    b->n += (size_t)(put_data(start, e) - start);
}
