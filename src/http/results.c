#include "http/results.h"

#include <stdlib.h>

#include "codec/json_out.h"
#include "core/text.h"

#define BLOCK_BYTES 65536

struct result_block {
    struct result_block *next;
    size_t read, n;
    char bytes[BLOCK_BYTES];
};

/* One result in a block; its texts follow, unaligned: the name, and for a fault the member and the detail. */
struct packed {
    uint64_t first_seq; /* a fault's line number */
    const char *reason; /* a static string; NULL: null */
    uint32_t n_events;
    uint16_t detail_n;
    uint8_t result, op; /* op: OP_N is null */
    uint8_t name_n;     /* the id, or the unit's code; 0: null */
    uint8_t member_n;
    uint8_t why; /* enum reason */
};

#define PACKED_MAX (sizeof(struct packed) + 3 * 256)

/* A result in the form in which both a fresh and a packed one are written. */
struct view {
    struct packed head;
    struct str name, member, detail, message;
};

static struct str word(const struct texts *t, unsigned value)
{
    return value < t->n ? t->v[value] : STR_NONE;
}

/* Enough for everything but the list of numbers: three words, four texts, the member names. */
static size_t room_for(const struct view *v)
{
    return 256 + JSON_STR_MAX(v->name.n) + JSON_STR_MAX(v->member.n) + JSON_STR_MAX(v->detail.n) + v->message.n;
}

static char *put_seq(char *p, uint64_t first, uint32_t n)
{
    p = put_lit(p, ",\"seq\":[");
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            *p++ = ',';
        p = put_u64(p, first + i);
    }
    *p++ = ']';
    return p;
}

static char *put_fault(char *p, const struct view *v)
{
    p = put_lit(p, ",\"line\":");
    p = put_u64(p, v->head.first_seq);
    if (v->member.n) {
        p = put_lit(p, ",\"member\":");
        p = put_str(p, v->member);
    }
    p = put_lit(p, ",\"detail\":");
    return put_str(p, v->detail);
}

static void write_view(struct buf *b, const struct view *v)
{
    char *start = buf_room(b, room_for(v) + 21 * (size_t)v->head.n_events), *p = start;
    bool unit = v->head.op == OP_UNIT;
    p = put_lit(p, "{\"id\":");
    p = put_str(p, unit || !v->name.n ? STR_NONE : v->name);
    if (unit) {
        p = put_lit(p, ",\"unit\":");
        p = put_str(p, v->name);
    }
    p = put_lit(p, ",\"op\":");
    p = put_word(p, word(&op_texts, v->head.op));
    p = put_lit(p, ",\"result\":");
    p = put_word(p, word(&result_texts, v->head.result));
    p = put_lit(p, ",\"reason\":");
    p = put_word(p, str_of(v->head.reason));
    p = v->head.result == RESULT_ERROR ? put_fault(p, v) : put_seq(p, v->head.first_seq, v->head.n_events);
    if (v->message.p) {
        p = put_lit(p, ",\"message\":");
        p = put_word(p, v->message);
    }
    *p++ = '}';
    b->n += (size_t)(p - start);
}

static struct str name_of(const struct input *in)
{
    return in->op == OP_UNIT ? in->unit : in->id;
}

static struct view view_of(const struct input *in, const struct input_result *r, uint64_t line)
{
    struct view v = {.name = name_of(in)};
    v.head = (struct packed){.result = (uint8_t)r->result, .op = (uint8_t)in->op};
    if (r->result == RESULT_ERROR) {
        v.head.first_seq = line;
        v.head.reason = r->key == KEY_REUSED ? "key-reused" : "malformed";
        v.member = str_of(r->member ? r->member : "");
        v.detail = str_of(r->fault ? r->fault : "not understood");
        return v;
    }
    v.head.first_seq = r->first_seq;
    v.head.n_events = r->n_events;
    v.head.reason = r->reason == REASON_NONE ? NULL : word(&reason_texts, r->reason).p;
    v.head.why = (uint8_t)r->reason;
    return v;
}

/* A message is added late: it is longer than all else. */
static void explain(struct view *v, enum explain_language language)
{
    v->message = v->head.result == RESULT_REJECTED
                     ? explain_rejection((enum reason)v->head.why, (enum op)v->head.op, language)
                     : STR_NONE;
}

void result_write(struct buf *b, const struct input *in, const struct input_result *r, enum explain_language language)
{
    struct view v = view_of(in, r, 0);
    explain(&v, language);
    write_view(b, &v);
}

static struct result_block *block_with_room(struct result_log *l)
{
    if (l->last && BLOCK_BYTES - l->last->n >= PACKED_MAX)
        return l->last;
    struct result_block *fresh = mem_alloc(sizeof *fresh);
    fresh->next = NULL;
    fresh->read = fresh->n = 0;
    if (l->last)
        l->last->next = fresh;
    else
        l->first = fresh;
    return l->last = fresh;
}

static struct str cut(struct str s, size_t max)
{
    return (struct str){s.p, s.n < max ? s.n : max};
}

static void pack(struct result_log *l, struct view *v)
{
    struct result_block *b = block_with_room(l);
    struct str name = cut(v->name, 255), member = cut(v->member, 255), detail = cut(v->detail, 255);
    v->head.name_n = (uint8_t)name.n;
    v->head.member_n = (uint8_t)member.n;
    v->head.detail_n = (uint16_t)detail.n;
    char *p = put_bytes(b->bytes + b->n, &v->head, sizeof v->head);
    if (name.n)
        p = put_bytes(p, name.p, name.n);
    if (member.n)
        p = put_bytes(p, member.p, member.n);
    if (detail.n)
        p = put_bytes(p, detail.p, detail.n);
    b->n = (size_t)(p - b->bytes);
    l->n++;
}

void result_log_add(struct result_log *l, const struct input *in, const struct input_result *r, uint64_t line)
{
    struct view v = view_of(in, r, line);
    pack(l, &v);
}

void result_log_fault(struct result_log *l, uint64_t line, const char *reason, const char *member, const char *detail)
{
    struct view v = {.member = str_of(member), .detail = str_of(detail)};
    v.head = (struct packed){.first_seq = line, .reason = reason, .result = RESULT_ERROR, .op = OP_N};
    pack(l, &v);
}

static struct str take(const char **p, size_t n)
{
    struct str s = {*p, n};
    *p += n;
    return s;
}

static void unpack(struct result_block *b, struct view *v)
{
    const char *p = b->bytes + b->read;
    memcpy(&v->head, p, sizeof v->head);
    p += sizeof v->head;
    v->name = take(&p, v->head.name_n);
    v->member = take(&p, v->head.member_n);
    v->detail = take(&p, v->head.detail_n);
    b->read = (size_t)(p - b->bytes);
}

/* The block with the oldest result, those before it freed; NULL: there is none. */
static struct result_block *oldest(struct result_log *l)
{
    while (l->first && l->first->read == l->first->n) {
        struct result_block *used = l->first;
        l->first = used->next;
        free(used);
    }
    if (!l->first)
        l->last = NULL;
    return l->first;
}

bool result_log_drain(struct result_log *l, struct buf *b, size_t enough)
{
    struct result_block *from = oldest(l);
    if (!from)
        return false;
    for (struct view v; from && b->n < enough; from = oldest(l)) {
        unpack(from, &v);
        explain(&v, l->language);
        write_view(b, &v);
        buf_addc(b, '\n');
    }
    return true;
}

void result_log_done(struct result_log *l)
{
    while (l->first) {
        struct result_block *next = l->first->next;
        free(l->first);
        l->first = next;
    }
    *l = (struct result_log){0};
}
