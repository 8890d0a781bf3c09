#include "tests/receiver/told.h"

#include <stdlib.h>
#include <yajl/yajl_parse.h>

enum member { M_OTHER, M_ID, M_TYPE, M_DATA, M_SUBJECT, M_SEQ, M_PREV, M_REPLAY, M_GAP };

/* Where the parser stands: an envelope is an object at `depth` base, its data one level below. A binary CloudEvent has
 * no envelope: its body is the data. */
struct reading {
    struct told_list *list;
    int depth, envelope; /* envelope: 1, or 2 inside a batch's array; 0: the body is the data */
    bool in_data, good;
    enum member member; /* of the envelope or the data, whichever the parser is in */
};

void told_done(struct told_list *l)
{
    free(l->v);
    *l = (struct told_list){0};
}

static struct told *add(struct told_list *l)
{
    if (l->n == l->cap)
        l->v = mem_resize(l->v, l->cap = l->cap ? 2 * l->cap : 16, sizeof *l->v);
    struct told *t = &l->v[l->n++];
    *t = (struct told){0};
    return t;
}

static bool copy(char *out, size_t size, struct str s)
{
    if (s.n >= size)
        return false;
    memcpy(out, s.p ? s.p : "", s.n);
    out[s.n] = '\0';
    return true;
}

static struct told *current(struct reading *r)
{
    return &r->list->v[r->list->n - 1];
}

static enum member member_of(struct str key, bool in_data)
{
    static const struct {
        const char *name;
        enum member member;
        bool in_data;
    } members[] = {
        {"id", M_ID, false},  {"type", M_TYPE, false}, {"data", M_DATA, false},    {"subject", M_SUBJECT, true},
        {"seq", M_SEQ, true}, {"prev", M_PREV, true},  {"replay", M_REPLAY, true}, {"gap", M_GAP, true},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (members[i].in_data == in_data && str_is(key, members[i].name))
            return members[i].member;
    return M_OTHER;
}

/* Is the value that comes one of a member that matters? */
static bool here(const struct reading *r)
{
    return r->depth == (r->in_data ? r->envelope + 1 : r->envelope);
}

static int on_map_key(void *arg, const unsigned char *key, size_t n)
{
    struct reading *r = arg;
    if (here(r))
        r->member = member_of((struct str){(const char *)key, n}, r->in_data);
    return 1;
}

static int on_start_map(void *arg)
{
    struct reading *r = arg;
    r->depth++;
    if (r->depth == r->envelope)
        add(r->list);
    else if (r->depth == r->envelope + 1 && (r->envelope == 0 || r->member == M_DATA))
        r->in_data = true;
    return 1;
}

static int on_end_map(void *arg)
{
    struct reading *r = arg;
    if (r->in_data && r->depth == r->envelope + 1)
        r->in_data = false;
    r->depth--;
    return 1;
}

/* The array around a batch is at depth 0, and so nothing that counts. */
static int on_start_array(void *arg)
{
    struct reading *r = arg;
    if (r->depth == 0 && r->envelope == 1)
        r->envelope = 2;
    r->depth++;
    return 1;
}

static int on_end_array(void *arg)
{
    struct reading *r = arg;
    r->depth--;
    return 1;
}

static int on_string(void *arg, const unsigned char *p, size_t n)
{
    struct reading *r = arg;
    struct str value = {(const char *)p, n};
    if (!here(r) || r->list->n == 0)
        return 1;
    struct told *t = current(r);
    switch (r->member) {
    case M_ID: r->good &= copy(t->id, sizeof t->id, value); break;
    case M_TYPE: r->good &= copy(t->type, sizeof t->type, value); break;
    case M_SUBJECT: r->good &= copy(t->subject, sizeof t->subject, value); break;
    case M_SEQ:
    case M_PREV:
    case M_REPLAY:
    case M_GAP: r->good = false; break;
    case M_DATA:
    case M_OTHER: break;
    }
    return 1;
}

static int on_integer(void *arg, long long v)
{
    struct reading *r = arg;
    if (!here(r) || r->list->n == 0 || (r->member != M_SEQ && r->member != M_PREV))
        return 1;
    r->good &= v >= 0;
    *(r->member == M_SEQ ? &current(r)->seq : &current(r)->prev) = (uint64_t)v;
    return 1;
}

static int on_boolean(void *arg, int v)
{
    struct reading *r = arg;
    if (here(r) && r->list->n > 0 && r->member == M_REPLAY)
        current(r)->replay = v;
    if (here(r) && r->list->n > 0 && r->member == M_GAP)
        current(r)->gap = v;
    return 1;
}

static bool parse(struct reading *r, struct str body)
{
    static const yajl_callbacks callbacks = {
        .yajl_boolean = on_boolean,
        .yajl_integer = on_integer,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_map_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
    };
    yajl_handle h = yajl_alloc(&callbacks, NULL, r);
    bool good = yajl_parse(h, (const unsigned char *)body.p, body.n) == yajl_status_ok &&
                yajl_complete_parse(h) == yajl_status_ok;
    yajl_free(h);
    return good && r->good;
}

/* The id that stands beside the signature is the one that counts; it is the same in the body. */
static bool read_headers(const struct request *q, struct told *t, bool binary)
{
    struct str id = http_header(q, "webhook-id"), ce_id = http_header(q, "ce-id"), type = http_header(q, "ce-type");
    bool good = true;
    if (binary)
        good = copy(t->type, sizeof t->type, type) && copy(t->id, sizeof t->id, ce_id);
    if (id.p && !binary)
        good &= copy(t->id, sizeof t->id, id);
    return good;
}

static bool starts_with(struct str s, const char *prefix)
{
    return s.n >= strlen(prefix) && memcmp(s.p, prefix, strlen(prefix)) == 0;
}

bool told_read(const struct request *q, struct told_list *l)
{
    struct str type = http_header(q, "content-type");
    bool binary = http_header(q, "ce-id").p != NULL;
    bool enveloped = starts_with(type, "application/cloudevents");
    struct reading r = {.list = l, .envelope = binary ? 0 : 1, .good = true};
    l->n = 0;
    if (binary)
        add(l);
    bool good = parse(&r, q->body);
    if (l->n == 0) {
        add(l);
        good &= starts_with(type, "application/cloudevents-batch"); /* an empty one */
    }
    return (enveloped || read_headers(q, &l->v[0], binary)) && good;
}
