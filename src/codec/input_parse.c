#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "codec/input_fault.h"
#include "codec/input_json.h"
#include "codec/input_table.h"
#include "codec/input_value.h"
#include "codec/repeatable.h"

#define SLOTS 64 /* of the index over member names; a power of two, well above MEMBERS */

/* One yajl handle reads line after line as a stream of values, so that a good line costs no allocation; after a bad one
 * it is made anew. */
struct input_parser {
    struct input_options options;
    yajl_handle yajl;
    uint8_t slots[SLOTS];                 /* number of a row + 1, 0: free */
    uint32_t takes[OP_N], requires[OP_N]; /* member bits */

    /* the line at hand */
    const char *line;
    size_t n;
    struct input in;
    uint32_t null;                /* the members that were null */
    const struct member_row *row; /* of the last key */
    struct input_sink sink;
    size_t lone_surrogate; /* offset of an escape that is half a pair, or SIZE_MAX */
    bool open, closed;     /* the object */
    struct input_fault *fault;
};

static unsigned slot_of(const char *name, size_t n)
{
    return ((unsigned char)name[0] + 3 * (unsigned char)name[n - 1] + 7 * (unsigned)n) % SLOTS;
}

static void index_members(struct input_parser *p)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        unsigned slot = slot_of(member_rows[i].name.p, member_rows[i].name.n);
        while (p->slots[slot])
            slot = (slot + 1) % SLOTS;
        p->slots[slot] = (uint8_t)(i + 1);
    }
}

static void gather_members(struct input_parser *p)
{
    for (unsigned op = 0; op < OP_N; op++) {
        for (const struct member_row *row = member_rows; row < member_rows + MEMBERS; row++) {
            p->takes[op] |= row->takes >> op & 1 ? row->bit : 0;
            p->requires[op] |= row->requires >> op & 1 ? row->bit : 0;
        }
    }
}

static const struct member_row *find_member(const struct input_parser *p, const char *name, size_t n)
{
    if (n == 0)
        return NULL;
    for (unsigned slot = slot_of(name, n); p->slots[slot]; slot = (slot + 1) % SLOTS) {
        const struct member_row *row = &member_rows[p->slots[slot] - 1];
        if (row->name.n == n && memcmp(row->name.p, name, n) == 0)
            return row;
    }
    return NULL;
}

/* --- what yajl calls --- */

/* A value stands outside an object. */
static int misplaced(struct input_parser *p)
{
    return fault_line(p->fault, "not an object, expected one JSON object");
}

static int refuse(struct input_parser *p, const char *given)
{
    return p->open ? fault_value(p->fault, p->row, str_of(given), NOT_OF_TYPE) : misplaced(p);
}

static int on_null(void *context)
{
    struct input_parser *p = context;
    if (!p->open)
        return misplaced(p);
    p->null |= p->row->bit;
    return 1;
}

static int on_boolean(void *context, int value)
{
    return refuse(context, value ? "true" : "false");
}

static int on_number(void *context, const char *s, size_t n)
{
    struct input_parser *p = context;
    if (!p->open)
        return misplaced(p);
    if (input_keep_number(&p->sink, p->row, s, n))
        return 1;
    struct str given = {s, n};
    return fault_value(p->fault, p->row, repeatable(given) ? given : STR_NONE, NOT_OF_TYPE);
}

static int on_string(void *context, const unsigned char *text, size_t n)
{
    struct input_parser *p = context;
    const char *s = (const char *)text;
    if (!p->open)
        return misplaced(p);
    if (p->lone_surrogate != SIZE_MAX && yajl_get_bytes_consumed(p->yajl) > p->lone_surrogate)
        return fault_string(p->fault, p->row, STR_NONE, "holds half a surrogate pair");
    const char *complaint = input_keep_string(&p->sink, p->row, s, n);
    return complaint ? fault_string(p->fault, p->row, (struct str){s, n}, complaint) : 1;
}

static int on_start_map(void *context)
{
    struct input_parser *p = context;
    if (p->open)
        return refuse(p, "an object");
    p->open = true;
    return 1;
}

static int on_map_key(void *context, const unsigned char *text, size_t n)
{
    struct input_parser *p = context;
    struct str name = {(const char *)text, n};
    const struct member_row *row = find_member(p, name.p, n);
    if (!row)
        return fault_member(p->fault, name, "is not known");
    if (p->in.given & row->bit)
        return fault_member(p->fault, name, "stands twice");
    if (row->bit == M_AT && !p->options.allow_at)
        return fault_member(p->fault, name, "is taken only where the clock is not the system's");
    p->in.given |= row->bit;
    p->row = row;
    return 1;
}

static int on_end_map(void *context)
{
    struct input_parser *p = context;
    p->open = false;
    p->closed = true;
    /* looked at here: yajl, reading a stream, would keep half a value for the next line */
    for (size_t i = yajl_get_bytes_consumed(p->yajl); i < p->n; i++)
        if (!strchr(" \t\r\n", p->line[i]) || !p->line[i])
            return fault_at(p->fault, i, "something behind the object, expected the end of the line");
    return 1;
}

static int on_start_array(void *context)
{
    return refuse(context, "an array");
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
};

/* --- the parser --- */

static void *yajl_malloc(void *context, size_t size)
{
    (void)context;
    return mem_alloc(size);
}

static void *yajl_realloc(void *context, void *old, size_t size)
{
    (void)context;
    return mem_resize(old, size, 1);
}

static void yajl_release(void *context, void *old)
{
    (void)context;
    free(old);
}

static void renew(struct input_parser *p)
{
    yajl_alloc_funcs memory = {yajl_malloc, yajl_realloc, yajl_release, NULL};
    if (p->yajl)
        yajl_free(p->yajl);
    p->yajl = yajl_alloc(&callbacks, &memory, p);
    yajl_config(p->yajl, yajl_allow_multiple_values, 1);
    yajl_config(p->yajl, yajl_dont_validate_strings, 1); /* its check is laxer than ours */
}

struct input_parser *input_parser_new(const struct input_options *o)
{
    struct input_parser *p = mem_zalloc(1, sizeof *p);
    p->options = *o;
    index_members(p);
    gather_members(p);
    renew(p);
    return p;
}

void input_parser_free(struct input_parser *p)
{
    if (!p)
        return;
    yajl_free(p->yajl);
    free(p);
}

/* --- the whole line --- */

static void begin(struct input_parser *p, const char *line, size_t n, char *arena, struct input_fault *fault)
{
    p->line = line;
    p->n = n;
    p->in = (struct input){.at = INSTANT_NONE, .amount = AMOUNT_NONE};
    p->null = 0;
    p->row = NULL;
    p->sink = (struct input_sink){&p->in, p->options.country_code, arena, 0};
    p->lone_surrogate = json_lone_surrogate(line, n);
    p->open = p->closed = false;
    p->fault = fault;
    fault->member[0] = fault->text[0] = '\0';
}

static bool is_blank(const char *s, size_t n)
{
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r' || s[n - 1] == '\n'))
        n--;
    return n == 0;
}

/* Why yajl took it for no whole object, when no callback of ours has said so. */
static void explain(struct input_parser *p, yajl_status status)
{
    const char *nul = memchr(p->line, '\0', p->n);
    if (p->fault->text[0])
        return;
    if (is_blank(p->line, p->n))
        fault_line(p->fault, "an empty line, expected one JSON object");
    else if (nul)
        fault_at(p->fault, (size_t)(nul - p->line), "a NUL byte");
    else if (p->n >= 3 && memcmp(p->line, "\xef\xbb\xbf", 3) == 0)
        fault_at(p->fault, 0, "a byte order mark, expected one JSON object in UTF-8 without it");
    else if (status == yajl_status_ok)
        fault_at(p->fault, p->n,
                 p->open ? "malformed JSON: the object ends too early" : "malformed JSON, expected one JSON object");
    else
        fault_yajl(p->fault, p->yajl);
}

static const struct member_row *first_row(uint32_t members)
{
    const struct member_row *row = member_rows;
    while (!(row->bit & members))
        row++;
    return row;
}

/* What can be told only once the op is known. */
static bool check_members(struct input_parser *p)
{
    const struct input *in = &p->in;
    if (!(in->given & M_OP) || (p->null & M_OP))
        return fault_member(p->fault, STR_LIT("op"), in->given & M_OP ? "must not be null" : "is missing");
    uint32_t takes = p->takes[in->op], requires = p->requires[in->op];
    uint32_t alien = in->given & ~takes, missing = requires & ~in->given, null = p->null & (requires | M_POLICY);
    if (alien)
        return fault_op(p->fault, first_row(alien), in->op, "does not belong to");
    if (missing)
        return fault_op(p->fault, first_row(missing), in->op, "is missing, required by");
    if (null)
        return fault_member(p->fault, first_row(null)->name, "must not be null");
    if (in->amount_from != MONTH_NONE && (!(in->given & M_AMOUNT) || (in->op == OP_ENROL && p->null & M_AMOUNT)))
        return fault_member(p->fault, STR_LIT("amount_from"), "stands without \"amount\"");
    if (in->op == OP_AMEND && !(in->given & ~(uint32_t)(M_OP | M_AT | M_ID | M_AMOUNT_FROM)))
        return fault_line(p->fault, "nothing to amend");
    return true;
}

enum err input_parse(struct input_parser *p, const char *line, size_t n, struct input *out, char *arena, size_t *used,
                     struct input_fault *fault)
{
    if (n && line[n - 1] == '\n')
        n--;
    begin(p, line, n, arena, fault);
    if (n > INPUT_LINE_MAX) {
        fault_too_long(fault, n);
        return ERR_INVALID;
    }
    yajl_status status = yajl_parse(p->yajl, (const unsigned char *)line, n);
    if (status != yajl_status_ok || !p->closed) {
        explain(p, status);
        renew(p);
        return ERR_INVALID;
    }
    if (!check_members(p))
        return ERR_INVALID;
    *out = p->in;
    *used = p->sink.used;
    return ERR_OK;
}
