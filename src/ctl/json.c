#include "ctl/json.h"

#include "shards/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <yajl/yajl_tree.h>

/* struct json is yajl's value under a name of our own, so that only this file knows the library. */
static yajl_val value(const struct json *j)
{
    return (yajl_val)(uintptr_t)j;
}

static const struct json *wrap(yajl_val v)
{
    return (const struct json *)v;
}

struct json *json_parse(const char *text)
{
    char error[256];
    return text ? (struct json *)yajl_tree_parse(text, error, sizeof error) : NULL;
}

void json_free(struct json *whole)
{
    if (whole)
        yajl_tree_free(value(whole));
}

static yajl_val member(yajl_val object, const char *name, size_t n)
{
    for (size_t i = 0; YAJL_IS_OBJECT(object) && i < object->u.object.len; i++) {
        const char *key = object->u.object.keys[i];
        if (strncmp(key, name, n) == 0 && !key[n])
            return object->u.object.values[i];
    }
    return NULL;
}

const struct json *json_get(const struct json *j, const char *path)
{
    yajl_val v = value(j);
    while (v && *path) {
        size_t n = strcspn(path, ".");
        v = member(v, path, n);
        if (!path[n])
            break;
        path += n + 1;
    }
    return v && !YAJL_IS_NULL(v) ? wrap(v) : NULL;
}

const char *json_text(const struct json *j, const char *path)
{
    yajl_val v = value(json_get(j, path));
    return v ? YAJL_GET_STRING(v) : NULL;
}

int64_t json_number(const struct json *j, const char *path, int64_t otherwise)
{
    yajl_val v = value(json_get(j, path));
    return v && YAJL_IS_INTEGER(v) ? YAJL_GET_INTEGER(v) : otherwise;
}

uint64_t json_position(const struct json *j, const char *path)
{
    struct position p;
    const char *text = json_text(j, path);
    if (!text)
        return (uint64_t)json_number(j, path, 0);
    if (!position_parse(&p, str_of(text)))
        return 0;
    uint64_t events = position_events(&p);
    position_done(&p);
    return events;
}

void json_add_numbers(struct buf *out, const struct json *list)
{
    for (size_t i = 0; i < json_count(list); i++)
        buf_printf(out, "%s%" PRIi64, i ? " " : "", json_number(json_item(list, i), "", 0));
}

bool json_bool(const struct json *j, const char *path)
{
    yajl_val v = value(json_get(j, path));
    return v && YAJL_IS_TRUE(v);
}

size_t json_count(const struct json *j)
{
    yajl_val v = value(j);
    return v && YAJL_IS_ARRAY(v) ? v->u.array.len : 0;
}

const struct json *json_item(const struct json *j, size_t i)
{
    yajl_val v = value(j);
    return i < json_count(j) ? wrap(v->u.array.values[i]) : NULL;
}

static void write_object(struct buf *out, yajl_val v)
{
    for (size_t i = 0; i < v->u.object.len; i++) {
        buf_addc(out, i ? ',' : '{');
        buf_add_json(out, str_of(v->u.object.keys[i]));
        buf_addc(out, ':');
        json_write(out, wrap(v->u.object.values[i]));
    }
    buf_adds(out, v->u.object.len ? "}" : "{}");
}

static void write_array(struct buf *out, yajl_val v)
{
    for (size_t i = 0; i < v->u.array.len; i++) {
        buf_addc(out, i ? ',' : '[');
        json_write(out, wrap(v->u.array.values[i]));
    }
    buf_adds(out, v->u.array.len ? "]" : "[]");
}

void json_write(struct buf *out, const struct json *j)
{
    yajl_val v = value(j);
    if (YAJL_IS_OBJECT(v))
        write_object(out, v);
    else if (YAJL_IS_ARRAY(v))
        write_array(out, v);
    else if (YAJL_IS_STRING(v))
        buf_add_json(out, str_of(YAJL_GET_STRING(v)));
    else if (YAJL_IS_NUMBER(v))
        buf_adds(out, YAJL_GET_NUMBER(v)); /* as it came */
    else
        buf_adds(out, YAJL_IS_TRUE(v) ? "true" : YAJL_IS_FALSE(v) ? "false" : "null");
}

void json_print_items(const struct json *list)
{
    for (size_t i = 0; i < json_count(list); i++) {
        struct buf line = BUF_INIT;
        json_write(&line, json_item(list, i));
        printf("%.*s\n", (int)line.n, line.p);
        buf_done(&line);
    }
}
