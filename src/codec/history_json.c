#include "codec/history_json.h"

#include <stdlib.h>

#include "codec/json_out.h"
#include "codec/json_scan.h"

/* --- single values --- */

enum kind { KIND_STR, KIND_DATE, KIND_MONTH, KIND_AMOUNT, KIND_SEQ };

struct value {
    const char *name; /* as it stands in the line, with what separates it */
    enum kind kind;
    size_t at;
};

#define VALUE(name, kind, field)                                       \
    {                                                                  \
        ",\"" name "\":", KIND_##kind, offsetof(struct history, field) \
    }

static const struct value values[] = {
    VALUE("policy", STR, policy),
    VALUE("category", STR, category),
    VALUE("unit", STR, unit),
    VALUE("approved_on", DATE, approved_on),
    VALUE("last_certified_on", DATE, last_certified_on),
    VALUE("amount", AMOUNT, amount),
    VALUE("amount_from", MONTH, amount_from),
    VALUE("enrolled_on", DATE, enrolled_on),
    VALUE("terminated_seq", SEQ, terminated_seq),
    VALUE("died_on", DATE, died_on),
    VALUE("terminated_on", DATE, terminated_on),
    VALUE("last_period", MONTH, last_period),
    VALUE("resumed_on", DATE, resumed_on),
    VALUE("back_pay_on", DATE, back_pay.pay_on),
};

#define N_VALUES (sizeof values / sizeof values[0])

static void write_value(struct buf *out, const struct value *v, const struct history *h)
{
    const void *at = (const char *)h + v->at;
    struct str text = v->kind == KIND_STR ? *(const struct str *)at : STR_NONE;
    size_t name = strlen(v->name);
    char *p = put_bytes(buf_room(out, name + JSON_STR_MAX(text.n) + JSON_VALUE_MAX), v->name, name);
    switch (v->kind) {
    case KIND_STR: p = put_str(p, text); break;
    case KIND_DATE: p = put_date(p, *(const lc_date *)at); break;
    case KIND_MONTH: p = put_month(p, *(const lc_month *)at); break;
    case KIND_AMOUNT: p = put_count(p, *(const int64_t *)at); break;
    case KIND_SEQ: p = put_u64(p, *(const uint64_t *)at); break;
    }
    out->n = (size_t)(p - out->p);
}

static struct str keep(struct str s)
{
    return s.p ? (struct str){mem_strndup(s.p, s.n), s.n} : STR_NONE;
}

static bool read_value(struct scan *s, const struct value *v, struct history *h)
{
    void *at = (char *)h + v->at;
    struct str text;
    if (!scan_bytes(s, v->name, strlen(v->name)))
        return false;
    switch (v->kind) {
    case KIND_STR:
        if (!scan_str_or_null(s, &text))
            return false;
        *(struct str *)at = keep(text);
        return true;
    case KIND_DATE: return scan_date(s, at);
    case KIND_MONTH: return scan_month(s, at);
    case KIND_AMOUNT: return scan_count(s, AMOUNT_MAX, AMOUNT_NONE, at);
    case KIND_SEQ: return scan_u64(s, UINT64_MAX, at);
    }
    return false;
}

/* --- lists: each entry a list of its own --- */

static void write_certification(struct buf *out, const void *entry)
{
    const struct certification *c = entry;
    char *p = buf_room(out, JSON_STR_MAX(c->channel.n) + JSON_STR_MAX(c->ref.n) + 2 * JSON_VALUE_MAX);
    *p++ = '[';
    p = put_str(p, c->channel);
    *p++ = ',';
    p = put_str(p, c->ref);
    *p++ = ',';
    p = put_date(p, c->certified_on);
    p = c->revoked ? put_lit(p, ",true]") : put_lit(p, ",false]");
    out->n = (size_t)(p - out->p);
}

static bool read_certification(struct scan *s, void *entry)
{
    struct certification *c = entry;
    struct str channel, ref;
    if (!scan_char(s, '[') || !scan_str(s, &channel) || !scan_char(s, ',') || !scan_str_or_null(s, &ref) ||
        !scan_char(s, ',') || !scan_date(s, &c->certified_on))
        return false;
    c->revoked = scan_lit(s, ",true]");
    if (!c->revoked && !scan_lit(s, ",false]"))
        return false;
    c->channel = keep(channel);
    c->ref = keep(ref);
    return true;
}

static void write_pay(struct buf *out, const void *entry)
{
    const struct period_pay *pay = entry;
    char *p = buf_room(out, 3 * JSON_VALUE_MAX + 4);
    *p++ = '[';
    p = put_month(p, pay->period);
    *p++ = ',';
    p = put_date(p, pay->payday);
    *p++ = ',';
    p = put_count(p, pay->amount);
    *p++ = ']';
    out->n = (size_t)(p - out->p);
}

static bool read_pay(struct scan *s, void *entry)
{
    struct period_pay *pay = entry;
    return scan_char(s, '[') && scan_month(s, &pay->period) && scan_char(s, ',') && scan_date(s, &pay->payday) &&
           scan_char(s, ',') && scan_count(s, AMOUNT_MAX, AMOUNT_NONE, &pay->amount) && scan_char(s, ']');
}

static void write_amount(struct buf *out, const void *entry)
{
    const struct amount_entry *a = entry;
    char *p = buf_room(out, 2 * JSON_VALUE_MAX + 3);
    *p++ = '[';
    p = put_month(p, a->from);
    *p++ = ',';
    p = put_count(p, a->amount);
    *p++ = ']';
    out->n = (size_t)(p - out->p);
}

static bool read_amount(struct scan *s, void *entry)
{
    struct amount_entry *a = entry;
    return scan_char(s, '[') && scan_month(s, &a->from) && scan_char(s, ',') &&
           scan_count(s, AMOUNT_MAX, AMOUNT_NONE, &a->amount) && scan_char(s, ']');
}

static void write_paid(struct buf *out, const void *entry)
{
    const struct paid_apart *paid = entry;
    char *p = buf_room(out, 2 * JSON_VALUE_MAX + 3);
    *p++ = '[';
    p = put_month(p, paid->period);
    *p++ = ',';
    p = put_date(p, paid->pay_on);
    *p++ = ']';
    out->n = (size_t)(p - out->p);
}

static bool read_paid(struct scan *s, void *entry)
{
    struct paid_apart *paid = entry;
    return scan_char(s, '[') && scan_month(s, &paid->period) && scan_char(s, ',') && scan_date(s, &paid->pay_on) &&
           scan_char(s, ']');
}

struct list {
    const char *name;
    size_t v, n, size; /* where the history has the entries and how many; the size of one */
    void (*write)(struct buf *out, const void *entry);
    bool (*read)(struct scan *s, void *entry); /* an entry that was not read owns nothing */
};

#define LIST(name, v, n, kind)                                                                                         \
    {                                                                                                                  \
        ",\"" name "\":[", offsetof(struct history, v), offsetof(struct history, n), sizeof *((struct history *)0)->v, \
            write_##kind, read_##kind                                                                                  \
    }

static const struct list lists[] = {
    LIST("certifications", certs, n_certs, certification),
    LIST("amounts", amounts, n_amounts, amount),
    LIST("back_pay", back_pay.v, back_pay.n, pay),
    LIST("paid_apart", paid, n_paid, paid),
};

#define N_LISTS (sizeof lists / sizeof lists[0])

static void write_list(struct buf *out, const struct list *l, const struct history *h)
{
    const char *v = *(char *const *)((const char *)h + l->v);
    uint32_t n = *(const uint32_t *)((const char *)h + l->n);
    buf_adds(out, l->name);
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_addc(out, ',');
        l->write(out, v + i * l->size);
    }
    buf_addc(out, ']');
}

/* Lists double as they grow; an entry counts once it was read. */
static bool read_list(struct scan *s, const struct list *l, struct history *h)
{
    void **v = (void **)((char *)h + l->v);
    uint32_t *n = (uint32_t *)((char *)h + l->n);
    if (!scan_bytes(s, l->name, strlen(l->name)))
        return false;
    while (!scan_char(s, ']')) {
        if (*n && !scan_char(s, ','))
            return false;
        if ((*n & (*n - 1)) == 0)
            *v = mem_resize(*v, *n ? 2 * (size_t)*n : 1, l->size);
        memset((char *)*v + *n * l->size, 0, l->size);
        if (!l->read(s, (char *)*v + *n * l->size))
            return false;
        ++*n;
    }
    return true;
}

/* --- lines --- */

void history_write(struct buf *out, uint64_t seq, struct str id, const struct history *h)
{
    BUF_LIT(out, "{\"seq\":");
    buf_add_u64(out, seq);
    BUF_LIT(out, ",\"id\":");
    buf_add_json(out, id);
    for (size_t i = 0; i < N_VALUES; i++)
        write_value(out, &values[i], h);
    for (size_t i = 0; i < N_LISTS; i++)
        write_list(out, &lists[i], h);
    BUF_LIT(out, "}\n");
}

static struct scan scan_of(struct str line, struct buf *text)
{
    if (line.n && line.p[line.n - 1] == '\n')
        line.n--;
    buf_clear(text);
    buf_room(text, line.n); /* strings never move */
    return (struct scan){line.p, line.p + line.n, text};
}

static bool read_head(struct scan *s, uint64_t *seq, struct str *id)
{
    return scan_lit(s, "{\"seq\":") && scan_u64(s, UINT64_MAX, seq) && scan_lit(s, ",\"id\":") && scan_str(s, id);
}

enum err history_read(struct str line, struct history *h, struct buf *text, size_t *where)
{
    struct scan s = scan_of(line, text);
    struct str id;
    uint64_t seq;
    bool good = read_head(&s, &seq, &id);
    for (size_t i = 0; good && i < N_VALUES; i++)
        good = read_value(&s, &values[i], h);
    for (size_t i = 0; good && i < N_LISTS; i++)
        good = read_list(&s, &lists[i], h);
    good = good && scan_char(&s, '}') && s.p == s.end;
    if (good)
        return ERR_OK;
    *where = (size_t)(s.p - line.p);
    history_done(h);
    return ERR_INVALID;
}

bool history_read_head(struct str line, uint64_t *seq, struct str *id, struct buf *text)
{
    struct scan s = scan_of(line, text);
    return read_head(&s, seq, id);
}
