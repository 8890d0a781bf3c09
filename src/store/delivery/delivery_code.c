#include "store/delivery/delivery_code.h"

#include <stddef.h>
#include <stdlib.h>

enum { ENTRY_CHANGES = 'c', ENTRY_ADOPTION = 'a' };

enum member_form {
    MEMBER_ENDPOINT, /* a text that is often the one before */
    MEMBER_TYPE,     /* the same */
    MEMBER_TEXT,
    MEMBER_U64,
    MEMBER_U32,
    MEMBER_U8,
    MEMBER_BOOL,
    MEMBER_I64,
    MEMBER_I32,
    MEMBER_STATE,
    MEMBER_REDELIVERY,
};

struct member_place {
    enum member_form form;
    size_t offset;
};

#define MEMBER(t, m) {MEMBER_##t, offsetof(struct delivery_change, m)}

static const struct member_place put_members[] = {
    MEMBER(ENDPOINT, row.endpoint), MEMBER(U64, row.seq),        MEMBER(TEXT, row.subject),
    MEMBER(TYPE, row.type),         MEMBER(STATE, row.state),    MEMBER(U32, row.attempts),
    MEMBER(I64, row.next_at),       MEMBER(I64, row.changed_at), MEMBER(BOOL, row.gap),
    MEMBER(TEXT, row.why),          MEMBER(TEXT, row.ref),       MEMBER(U8, row.receipt),
    MEMBER(I64, row.receipt_at),    MEMBER(U64, row.number),
};
static const struct member_place remove_members[] = {MEMBER(ENDPOINT, row.endpoint), MEMBER(U64, row.seq)};
static const struct member_place endpoint_members[] = {
    MEMBER(ENDPOINT, at.endpoint),       MEMBER(U64, at.cursor),          MEMBER(TEXT, at.paused),
    MEMBER(TEXT, at.paused_by),          MEMBER(I64, at.paused_at),       MEMBER(U64, at.delivered),
    MEMBER(U64, at.skipped),             MEMBER(U64, at.dead),            MEMBER(U64, at.receipts_delivered),
    MEMBER(U64, at.receipts_failed),
};
static const struct member_place gap_members[] = {MEMBER(ENDPOINT, row.endpoint), MEMBER(TEXT, row.subject),
                                            MEMBER(BOOL, row.gap)};
static const struct member_place count_members[] = {MEMBER(U64, number), MEMBER(I32, day), MEMBER(U32, count)};
static const struct member_place receipt_members[] = {
    MEMBER(ENDPOINT, row.endpoint), MEMBER(U64, row.seq),        MEMBER(U8, row.receipt),
    MEMBER(I64, row.receipt_at),    MEMBER(I64, row.changed_at), MEMBER(TEXT, row.why),
};
static const struct member_place redelivery_members[] = {
    MEMBER(ENDPOINT, redelivery.endpoint), MEMBER(REDELIVERY, redelivery.state), MEMBER(U64, redelivery.after),
    MEMBER(U64, redelivery.until),         MEMBER(U64, redelivery.position),     MEMBER(TEXT, redelivery.type),
    MEMBER(TEXT, redelivery.subject),      MEMBER(U64, redelivery.sent),         MEMBER(U64, redelivery.failed),
    MEMBER(U64, redelivery.skipped),       MEMBER(I64, redelivery.started_at),   MEMBER(I64, redelivery.ended_at),
    MEMBER(TEXT, redelivery.by),           MEMBER(TEXT, redelivery.why),         MEMBER(TEXT, redelivery.last_error),
};
static const struct member_place clear_members[] = {MEMBER(ENDPOINT, row.endpoint)};
static const struct member_place forget_members[] = {MEMBER(I64, before), MEMBER(I32, day)};

#define MEMBERS(table) {table, sizeof table / sizeof *table}

/* Kinds are the numbers of their enum, so they only ever grow at the end. */
static const struct {
    const struct member_place *v;
    size_t n;
} kinds[] = {
    [CHANGE_PUT] = MEMBERS(put_members),
    [CHANGE_REMOVE] = MEMBERS(remove_members),
    [CHANGE_ENDPOINT] = MEMBERS(endpoint_members),
    [CHANGE_GAP] = MEMBERS(gap_members),
    [CHANGE_COUNT] = MEMBERS(count_members),
    [CHANGE_RECEIPT] = MEMBERS(receipt_members),
    [CHANGE_REDELIVERY] = MEMBERS(redelivery_members),
    [CHANGE_CLEAR] = MEMBERS(clear_members),
    [CHANGE_FORGET] = MEMBERS(forget_members),
};

#define KINDS_N (sizeof kinds / sizeof *kinds)

_Static_assert(CHANGE_PUT == 0 && CHANGE_FORGET == 8 && KINDS_N == 9, "entries name kinds by their numbers");

/* --- writing --- */

static void add_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_addc(b, (char)(v | 0x80));
    buf_addc(b, (char)v);
}

static void add_signed(struct buf *b, int64_t v)
{
    add_varint(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

static void add_text(struct buf *b, struct str s)
{
    add_varint(b, s.p ? s.n + 1 : 0);
    if (s.p)
        buf_addstr(b, s);
}

static bool same(struct str a, struct str b)
{
    return a.p && b.p && str_eq(a, b);
}

static void add_often(struct buf *b, struct str s, struct str *last)
{
    bool again = same(s, *last);
    *last = s;
    add_varint(b, !s.p ? 0 : again ? 1 : s.n + 2);
    if (s.p && !again)
        buf_addstr(b, s);
}

/* What the texts before were. */
struct recent {
    struct str endpoint, type;
};

static void write_member(struct buf *b, const struct member_place *m, const struct delivery_change *c,
                         struct recent *recent)
{
    const void *at = (const char *)c + m->offset;
    switch (m->form) {
    case MEMBER_ENDPOINT: add_often(b, *(const struct str *)at, &recent->endpoint); break;
    case MEMBER_TYPE: add_often(b, *(const struct str *)at, &recent->type); break;
    case MEMBER_TEXT: add_text(b, *(const struct str *)at); break;
    case MEMBER_U64: add_varint(b, *(const uint64_t *)at); break;
    case MEMBER_U32: add_varint(b, *(const uint32_t *)at); break;
    case MEMBER_U8: add_varint(b, *(const uint8_t *)at); break;
    case MEMBER_BOOL: add_varint(b, *(const bool *)at); break;
    case MEMBER_I64: add_signed(b, *(const int64_t *)at); break;
    case MEMBER_I32: add_signed(b, *(const int32_t *)at); break;
    case MEMBER_STATE: add_varint(b, *(const enum delivery_state *)at); break;
    case MEMBER_REDELIVERY: add_varint(b, *(const enum redelivery_state *)at); break;
    }
}

static void begin(struct buf *out, char what)
{
    add_varint(out, DELIVERY_CODE_VERSION);
    buf_addc(out, what);
}

void delivery_changes_write(const struct delivery_change *changes, size_t n, struct buf *out)
{
    struct recent recent = {STR_NONE, STR_NONE};
    begin(out, ENTRY_CHANGES);
    add_varint(out, n);
    for (size_t i = 0; i < n; i++) {
        add_varint(out, changes[i].kind);
        for (size_t m = 0; m < kinds[changes[i].kind].n; m++)
            write_member(out, &kinds[changes[i].kind].v[m], &changes[i], &recent);
    }
}

void delivery_adoption_write(const struct delivery_adoption *a, struct buf *out)
{
    begin(out, ENTRY_ADOPTION);
    add_text(out, a->incarnation);
    add_varint(out, a->durable);
    add_signed(out, a->at);
}

/* --- reading: every function is false where the bytes cannot be right --- */

struct cursor {
    const unsigned char *p, *end;
};

static bool take_varint(struct cursor *c, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && c->p < c->end; shift += 7) {
        unsigned char byte = *c->p++;
        if (shift == 63 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = v;
            return v <= max;
        }
    }
    return false;
}

static bool take_signed(struct cursor *c, int64_t min, int64_t max, int64_t *out)
{
    uint64_t v;
    if (!take_varint(c, UINT64_MAX, &v))
        return false;
    int64_t is = (int64_t)(v >> 1);
    *out = v & 1 ? -is - 1 : is;
    return *out >= min && *out <= max;
}

static bool take_bytes(struct cursor *c, uint64_t n, struct str *out)
{
    if (n > (uint64_t)(c->end - c->p))
        return false;
    *out = (struct str){(const char *)c->p, n};
    c->p += n;
    return true;
}

static bool take_text(struct cursor *c, struct str *out)
{
    uint64_t n;
    *out = STR_NONE;
    return take_varint(c, UINT64_MAX, &n) && (n == 0 || take_bytes(c, n - 1, out));
}

static bool take_often(struct cursor *c, struct str *out, struct str *last)
{
    uint64_t n;
    if (!take_varint(c, UINT64_MAX, &n) || (n == 1 && !last->p))
        return false;
    if (n == 0)
        *last = STR_NONE;
    else if (n > 1 && !take_bytes(c, n - 2, last))
        return false;
    *out = *last;
    return true;
}

static bool take_number(struct cursor *c, enum member_form form, void *at)
{
    static const uint64_t most[] = {
        [MEMBER_U64] = UINT64_MAX,
        [MEMBER_U32] = UINT32_MAX,
        [MEMBER_U8] = UINT8_MAX,
        [MEMBER_BOOL] = 1,
        [MEMBER_STATE] = DELIVERY_STATE_N - 1,
        [MEMBER_REDELIVERY] = REDELIVERY_STATE_N - 1,
    };
    uint64_t v;
    if (!take_varint(c, most[form], &v))
        return false;
    switch (form) {
    case MEMBER_U64: *(uint64_t *)at = v; break;
    case MEMBER_U32: *(uint32_t *)at = (uint32_t)v; break;
    case MEMBER_U8: *(uint8_t *)at = (uint8_t)v; break;
    case MEMBER_BOOL: *(bool *)at = v != 0; break;
    case MEMBER_STATE: *(enum delivery_state *)at = (enum delivery_state)v; break;
    case MEMBER_REDELIVERY: *(enum redelivery_state *)at = (enum redelivery_state)v; break;
    default: return false;
    }
    return true;
}

static bool read_member(struct cursor *c, const struct member_place *m, struct delivery_change *change,
                        struct recent *recent)
{
    void *at = (char *)change + m->offset;
    int64_t v;
    switch (m->form) {
    case MEMBER_ENDPOINT: return take_often(c, at, &recent->endpoint);
    case MEMBER_TYPE: return take_often(c, at, &recent->type);
    case MEMBER_TEXT: return take_text(c, at);
    case MEMBER_I64: return take_signed(c, INT64_MIN, INT64_MAX, at);
    case MEMBER_I32:
        if (!take_signed(c, INT32_MIN, INT32_MAX, &v))
            return false;
        *(int32_t *)at = (int32_t)v;
        return true;
    default: return take_number(c, m->form, at);
    }
}

static bool read_change(struct cursor *c, struct delivery_change *out, struct recent *recent)
{
    uint64_t kind;
    if (!take_varint(c, KINDS_N - 1, &kind))
        return false;
    out->kind = (enum delivery_change_kind)kind;
    for (size_t m = 0; m < kinds[kind].n; m++)
        if (!read_member(c, &kinds[kind].v[m], out, recent))
            return false;
    return true;
}

static bool read_changes(struct cursor *c, struct delivery_entry *out)
{
    struct recent recent = {STR_NONE, STR_NONE};
    uint64_t n;
    if (!take_varint(c, (uint64_t)(c->end - c->p), &n)) /* each takes at least a byte */
        return false;
    out->changes = mem_zalloc(n ? n : 1, sizeof *out->changes);
    for (out->n = 0; out->n < n; out->n++)
        if (!read_change(c, &out->changes[out->n], &recent))
            return false;
    return c->p == c->end;
}

static bool read_adoption(struct cursor *c, struct delivery_adoption *out)
{
    return take_text(c, &out->incarnation) && take_varint(c, UINT64_MAX, &out->durable) &&
           take_signed(c, INT64_MIN, INT64_MAX, &out->at) && c->p == c->end;
}

enum err delivery_entry_read(struct str bytes, struct delivery_entry *out, struct errmsg *msg)
{
    struct cursor c = {(const unsigned char *)bytes.p, (const unsigned char *)bytes.p + bytes.n};
    struct delivery_entry found = {.adopts = false};
    uint64_t version = 0;
    bool good = take_varint(&c, UINT64_MAX, &version);
    if (good && version > DELIVERY_CODE_VERSION)
        return err_set(msg, ERR_VERSION, "a change of the delivery state was written by a later version");
    good = good && version > 0 && c.p < c.end;
    int what = good ? *c.p++ : 0;
    found.adopts = what == ENTRY_ADOPTION;
    if (found.adopts)
        good = good && read_adoption(&c, &found.adoption);
    else
        good = good && what == ENTRY_CHANGES && read_changes(&c, &found);
    if (good) {
        *out = found;
        return ERR_OK;
    }
    delivery_entry_done(&found);
    return err_set(msg, ERR_DAMAGED, "a change of the delivery state is not what was written");
}

void delivery_entry_done(struct delivery_entry *e)
{
    free(e->changes);
    *e = (struct delivery_entry){.adopts = false};
}
