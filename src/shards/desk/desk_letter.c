#include "shards/desk/desk_letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_fields.h"

#define TEXT_MAX ((size_t)4 << 20) /* of a receipt of 1 MiB, in hexadecimal, and its query */
#define NUMBER_MAX 24              /* bytes */

static const char *const methods[DESK_VERB_N] = {
    [DESK_PAUSE] = "desk pause",
    [DESK_RESUME] = "desk resume",
    [DESK_TEST] = "desk test",
    [DESK_RETRY] = "desk retry",
    [DESK_DROP] = "desk drop",
    [DESK_REDELIVER] = "desk redeliver",
    [DESK_REDELIVER_CANCEL] = "desk redeliver-cancel",
    [DESK_RECEIPT] = "desk receipt",
    [DESK_ENDPOINTS] = "desk endpoints",
    [DESK_DELIVERIES] = "desk deliveries",
};

struct str desk_letter_method(enum desk_verb v)
{
    return str_of(methods[v]);
}

static bool find_verb(struct str method, enum desk_verb *out)
{
    for (int v = 0; v < DESK_VERB_N; v++)
        if (str_is(method, methods[v])) {
            *out = (enum desk_verb)v;
            return true;
        }
    return false;
}

bool desk_letter_is(struct str method)
{
    enum desk_verb v;
    return find_verb(method, &v);
}

/* --- writing --- */

static void begin(struct buf *out, const char *name)
{
    buf_printf(out, "%s\"%s\":", out->p[out->n - 1] == '{' ? "" : ",", name);
}

/* What is empty is left out: the reader takes no empty strings. */
static void add_text(struct buf *out, const char *name, struct str value)
{
    if (!value.n)
        return;
    begin(out, name);
    buf_add_json(out, value);
}

static void add_number(struct buf *out, const char *name, uint64_t n)
{
    if (!n)
        return;
    begin(out, name);
    buf_add_u64(out, n);
}

/* Anything may stand in it. */
static void add_bytes(struct buf *out, const char *name, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (!bytes.n)
        return;
    begin(out, name);
    buf_addc(out, '"');
    char *p = buf_room(out, 2 * bytes.n);
    for (size_t i = 0; i < bytes.n; i++) {
        *p++ = digits[(unsigned char)bytes.p[i] >> 4];
        *p++ = digits[(unsigned char)bytes.p[i] & 15];
    }
    out->n += 2 * bytes.n;
    buf_addc(out, '"');
}

static const char place_letters[] = {[PLACE_NUMBER] = 'n', [PLACE_INSTANT] = 'i', [PLACE_DATE] = 'd'};

/* "n4711", "i1772416800", "d20514" */
static void add_place(struct buf *out, const char *name, const struct log_place *p)
{
    if (p->kind != PLACE_NUMBER && p->kind != PLACE_INSTANT && p->kind != PLACE_DATE)
        return;
    begin(out, name);
    buf_printf(out, "\"%c", place_letters[p->kind]);
    if (p->kind == PLACE_NUMBER)
        buf_add_u64(out, p->number);
    else
        buf_add_i64(out, p->kind == PLACE_INSTANT ? p->at : p->date);
    buf_addc(out, '"');
}

void desk_letter_write(const struct desk_call *c, const struct deliver_order *o, struct buf *out)
{
    buf_addc(out, '{');
    add_text(out, "endpoint", o->endpoint);
    add_text(out, "by", o->by);
    add_text(out, "why", o->why);
    add_text(out, "phone", o->phone);
    add_number(out, "seq", o->seq);
    add_number(out, "shard", c->shard);
    if (c->verb == DESK_DELIVERIES) {
        add_number(out, "states", c->list.states);
        add_number(out, "after", c->list.after);
        add_number(out, "limit", c->list.limit);
    }
    if (c->redeliver) {
        add_place(out, "from", &c->redeliver->from);
        add_place(out, "until", &c->redeliver->until);
        add_text(out, "type", c->redeliver->type);
        add_text(out, "subject", c->redeliver->subject);
    }
    if (c->receipt) {
        add_bytes(out, "query", c->receipt->query);
        add_bytes(out, "body", c->receipt->body);
    }
    buf_addc(out, '}');
}

/* --- reading --- */

enum {
    FIELD_ENDPOINT,
    FIELD_BY,
    FIELD_WHY,
    FIELD_PHONE,
    FIELD_SEQ,
    FIELD_SHARD,
    FIELD_STATES,
    FIELD_AFTER,
    FIELD_LIMIT,
    FIELD_FROM,
    FIELD_UNTIL,
    FIELD_TYPE,
    FIELD_SUBJECT,
    FIELD_QUERY,
    FIELD_BODY,
    FIELDS
};
_Static_assert(FIELDS <= JSON_FIELDS_MAX, "all of them at once");

/* Absent: 0. */
static bool take_number(struct str text, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)text.p[i] - '0';
        if (digit > 9 || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static bool take_unsigned(struct str text, unsigned *out)
{
    uint64_t n;
    if (!take_number(text, UINT32_MAX, &n))
        return false;
    *out = (unsigned)n;
    return true;
}

static bool take_place(struct str text, struct log_place *out)
{
    bool minus = text.n > 1 && text.p[1] == '-';
    size_t from = minus ? 2 : 1;
    uint64_t n;
    *out = (struct log_place){.kind = PLACE_NOT_GIVEN};
    if (!text.n)
        return true;
    if (text.n == from || !take_number((struct str){text.p + from, text.n - from}, minus ? INT64_MAX : UINT64_MAX, &n))
        return false;
    int64_t value = minus ? -(int64_t)n : (int64_t)n;
    if (text.p[0] == place_letters[PLACE_NUMBER] && !minus)
        *out = (struct log_place){.kind = PLACE_NUMBER, .number = n};
    else if (text.p[0] == place_letters[PLACE_INSTANT] && n <= INT64_MAX)
        *out = (struct log_place){.kind = PLACE_INSTANT, .at = value};
    else if (text.p[0] == place_letters[PLACE_DATE] && n <= INT32_MAX)
        *out = (struct log_place){.kind = PLACE_DATE, .date = (lc_date)value};
    return out->kind != PLACE_NOT_GIVEN;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: the bytes take the place of the digits, in l->text. */
static bool take_bytes(struct desk_letter *l, struct str hex, struct str *out)
{
    *out = STR_LIT("");
    if (!hex.n)
        return true;
    char *p = l->text.p + (hex.p - l->text.p);
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        int high = digit_of(hex.p[i]), low = digit_of(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        p[i / 2] = (char)(high << 4 | low);
    }
    *out = (struct str){hex.p, hex.n / 2};
    return hex.n % 2 == 0;
}

static bool take(struct desk_letter *l, const struct json_field *f)
{
    struct deliver_order *o = &l->order;
    struct desk_call *c = &l->call;
    o->endpoint = f[FIELD_ENDPOINT].value;
    o->by = f[FIELD_BY].value;
    o->why = f[FIELD_WHY].value;
    o->phone = f[FIELD_PHONE].value;
    l->redeliver.type = f[FIELD_TYPE].value;
    l->redeliver.subject = f[FIELD_SUBJECT].value;
    if (c->verb == DESK_REDELIVER)
        c->redeliver = &l->redeliver;
    if (c->verb == DESK_RECEIPT)
        c->receipt = &l->receipt;
    return take_number(f[FIELD_SEQ].value, UINT64_MAX, &o->seq) && take_unsigned(f[FIELD_SHARD].value, &c->shard) &&
           take_unsigned(f[FIELD_STATES].value, &c->list.states) &&
           take_number(f[FIELD_AFTER].value, INT64_MAX, &c->list.after) &&
           take_unsigned(f[FIELD_LIMIT].value, &c->list.limit) && take_place(f[FIELD_FROM].value, &l->redeliver.from) &&
           take_place(f[FIELD_UNTIL].value, &l->redeliver.until) &&
           take_bytes(l, f[FIELD_QUERY].value, &l->receipt.query) &&
           take_bytes(l, f[FIELD_BODY].value, &l->receipt.body);
}

enum err desk_letter_read(struct str method, struct str body, struct desk_letter *out, struct errmsg *msg)
{
    struct json_field f[FIELDS] = {
        [FIELD_ENDPOINT] = {.name = "endpoint", .max = TEXT_MAX},
        [FIELD_BY] = {.name = "by", .max = TEXT_MAX},
        [FIELD_WHY] = {.name = "why", .max = TEXT_MAX},
        [FIELD_PHONE] = {.name = "phone", .max = TEXT_MAX},
        [FIELD_SEQ] = {.name = "seq", .number = true, .max = NUMBER_MAX},
        [FIELD_SHARD] = {.name = "shard", .number = true, .max = NUMBER_MAX},
        [FIELD_STATES] = {.name = "states", .number = true, .max = NUMBER_MAX},
        [FIELD_AFTER] = {.name = "after", .number = true, .max = NUMBER_MAX},
        [FIELD_LIMIT] = {.name = "limit", .number = true, .max = NUMBER_MAX},
        [FIELD_FROM] = {.name = "from", .max = NUMBER_MAX},
        [FIELD_UNTIL] = {.name = "until", .max = NUMBER_MAX},
        [FIELD_TYPE] = {.name = "type", .max = TEXT_MAX},
        [FIELD_SUBJECT] = {.name = "subject", .max = TEXT_MAX},
        [FIELD_QUERY] = {.name = "query", .max = TEXT_MAX},
        [FIELD_BODY] = {.name = "body", .max = TEXT_MAX},
    };
    struct input_fault fault;
    *out = (struct desk_letter){.call = {.verb = DESK_VERB_N}};
    if (!find_verb(method, &out->call.verb))
        return err_set(msg, ERR_INVALID, "no such method: %.*s", (int)method.n, method.p);
    if (json_fields_read(body, f, FIELDS, &out->text, &fault) != ERR_OK)
        return err_set(msg, ERR_INVALID, "%s: %s", methods[out->call.verb], fault.text);
    return take(out, f) ? ERR_OK : err_set(msg, ERR_INVALID, "%s: a number is none", methods[out->call.verb]);
}

void desk_letter_done(struct desk_letter *l)
{
    buf_done(&l->text);
}
