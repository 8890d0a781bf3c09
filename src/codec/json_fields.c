#include "codec/json_fields.h"

#include <stdio.h>
#include <yajl/yajl_parse.h>

#include "codec/utf8.h"

#define DEPTH_MAX 2

struct reading {
    struct json_field *fields;
    size_t n;
    struct buf *text;
    struct input_fault *fault;
    char path[64]; /* "scope." inside the inner object, then with the member's name */
    size_t prefix; /* bytes of it that stand for the inner object */
    unsigned depth;
    uint32_t seen;            /* bit i: fields[i] */
    struct json_field *field; /* whose value comes next; NULL: none */
};

/* 0, which makes yajl stop. name: of the member, or "". */
static int wrong_member(struct reading *r, const char *name, const char *what)
{
    snprintf(r->fault->member, sizeof r->fault->member, "%s", name);
    if (name[0])
        snprintf(r->fault->text, sizeof r->fault->text, "member \"%s\" %s", name, what);
    else
        snprintf(r->fault->text, sizeof r->fault->text, "%s", what);
    return 0;
}

static int wrong(struct reading *r, const char *what)
{
    return wrong_member(r, r->field ? r->field->name : "", what);
}

/* The name in r->path may be anything: it is shown with what is not printable blotted out. */
static int unknown(struct reading *r)
{
    for (char *p = r->path; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    return wrong_member(r, r->path, "is unknown");
}

static int on_key(void *arg, const unsigned char *key, size_t n)
{
    struct reading *r = arg;
    r->field = NULL;
    if (n >= sizeof r->path - r->prefix)
        return wrong(r, "there is a member whose name is longer than any known one");
    memcpy(r->path + r->prefix, key, n);
    r->path[r->prefix + n] = '\0';
    bool own_dot = memchr(key, '.', n) != NULL; /* it would pass for a path */
    for (size_t i = 0; i < r->n && !r->field && !own_dot; i++)
        if (str_is((struct str){r->path, r->prefix + n}, r->fields[i].name))
            r->field = &r->fields[i];
    if (!r->field)
        return unknown(r);
    uint32_t bit = UINT32_C(1) << (r->field - r->fields);
    if (r->seen & bit)
        return wrong(r, "stands there more than once");
    r->seen |= bit;
    return 1;
}

static bool has_control(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        n = utf8_length(s.p + i, s.p + s.n);
        if (n == 0 || utf8_is_control(s.p + i, n))
            return true;
    }
    return false;
}

static int take_value(struct reading *r, const unsigned char *value, size_t n)
{
    struct str s = {(const char *)value, n};
    if (!r->field)
        return wrong(r, "expected an object");
    if (r->field->max == 0)
        return wrong(r, "must be an object or null");
    if (n == 0)
        return wrong(r, "is empty");
    if (n > r->field->max)
        return wrong(r, "is too long");
    if (has_control(s))
        return wrong(r, "has a control character in it");
    r->field->value = (struct str){r->text->p + r->text->n, n}; /* there is room: json_fields_read() saw to it */
    buf_add(r->text, value, n);
    return 1;
}

static int on_string(void *arg, const unsigned char *value, size_t n)
{
    return take_value(arg, value, n);
}

static int on_null(void *arg)
{
    struct reading *r = arg;
    if (!r->field)
        return wrong(r, "expected an object");
    return r->field->nullable ? 1 : wrong(r, "must not be null");
}

static int on_open(void *arg)
{
    struct reading *r = arg;
    if (r->depth == DEPTH_MAX || (r->depth == 1 && r->field->max != 0))
        return wrong(r, "must be a string");
    if (r->depth++ == 1) {
        r->field->object = true;
        r->prefix = (size_t)snprintf(r->path, sizeof r->path, "%s.", r->field->name);
        r->field = NULL;
    }
    return 1;
}

static int on_close(void *arg)
{
    struct reading *r = arg;
    r->depth--;
    r->prefix = 0;
    return 1;
}

static int not_a_string(struct reading *r)
{
    if (!r->field)
        return wrong(r, "expected an object");
    return wrong(r, r->field->number ? "must be a number or a string" : "must be a string");
}

static int on_boolean(void *arg, int value)
{
    (void)value;
    return not_a_string(arg);
}

static int on_number(void *arg, const char *value, size_t n)
{
    struct reading *r = arg;
    bool allowed = r->field && r->field->number;
    return allowed ? take_value(r, (const unsigned char *)value, n) : not_a_string(r);
}

static int on_array(void *arg)
{
    return not_a_string(arg);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_array,
};

static enum err syntax_fault(struct reading *r, yajl_status status)
{
    if (status == yajl_status_client_canceled)
        return ERR_INVALID; /* the fault is told already */
    r->field = NULL;
    wrong(r, "the body is not one whole JSON object in UTF-8");
    return ERR_INVALID;
}

static enum err check_required(struct reading *r)
{
    for (size_t i = 0; i < r->n; i++) {
        r->field = &r->fields[i];
        if (r->field->required && !(r->seen & UINT32_C(1) << i)) {
            wrong(r, "is missing");
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

enum err json_fields_read(struct str json, struct json_field *fields, size_t n, struct buf *text,
                          struct input_fault *fault)
{
    struct reading r = {.fields = fields, .n = n, .text = text, .fault = fault};
    buf_room(text, json.n + 1); /* no value is longer decoded than it is encoded */
    yajl_handle yajl = yajl_alloc(&callbacks, NULL, &r);
    yajl_status status = yajl_parse(yajl, (const unsigned char *)json.p, json.n);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(yajl);
    yajl_free(yajl);
    return status == yajl_status_ok ? check_required(&r) : syntax_fault(&r, status);
}
