#include "adapter/json_pick.h"

#include <stdio.h>
#include <yajl/yajl_parse.h>

#include "codec/utf8.h"

/* One object or array that is open. */
struct level {
    bool array;
    unsigned next; /* an array: the place of its next element */
    size_t path_n; /* how much of the path leads to it */
};

struct walk {
    struct json_pick *picks;
    unsigned n;
    struct buf *text;
    struct buf path; /* of the value that comes next */
    struct level levels[JSON_PICK_DEPTH];
    unsigned depth;
    bool items; /* the document is an array of objects, and paths start at these */
    unsigned n_items;
    json_item_fn *item; /* NULL: only look whether all is well */
    void *arg;
    const char *wrong; /* why the walk was ended */
};

/* 0, which makes yajl stop. */
static int wrong(struct walk *w, const char *what)
{
    w->wrong = what;
    return 0;
}

/* --- where the walk is --- */

static void path_step(struct walk *w, const char *name, size_t n)
{
    if (w->path.n)
        buf_addc(&w->path, '.');
    char *p = buf_room(&w->path, n);
    for (size_t i = 0; i < n; i++)
        p[i] = name[i] == '.' ? '\0' : name[i]; /* a name with a dot of its own must not pass for a path */
    w->path.n += n;
}

/* Is the value that comes next one of the array's that is walked item by item? */
static bool at_item(const struct walk *w)
{
    return w->items && w->depth == 1;
}

/* Before every value: completes its path, which within an object the member's name has done. */
static bool begin_value(struct walk *w, bool object, bool array)
{
    if (w->items && w->depth == 0 && !array)
        return wrong(w, "expected an array");
    if (at_item(w) && !object)
        return wrong(w, "expected an array of objects");
    if (w->depth == 0 || !w->levels[w->depth - 1].array)
        return true;
    struct level *l = &w->levels[w->depth - 1];
    w->path.n = l->path_n;
    if (at_item(w))
        return true;
    char place[16];
    int n = snprintf(place, sizeof place, "%u", l->next++);
    path_step(w, place, (size_t)n);
    return true;
}

static int open_level(struct walk *w, bool array)
{
    if (!begin_value(w, !array, array))
        return 0;
    if (w->depth == JSON_PICK_DEPTH)
        return wrong(w, "it nests too deep");
    w->levels[w->depth++] = (struct level){.array = array, .path_n = w->path.n};
    return 1;
}

/* --- values --- */

static void forget(struct walk *w)
{
    buf_clear(w->text);
    for (unsigned i = 0; i < w->n; i++) {
        w->picks[i].kind = JSON_ABSENT;
        w->picks[i].value = STR_NONE;
    }
}

/* Text does not grow any more: values may point into it. */
static void settle(struct walk *w)
{
    for (unsigned i = 0; i < w->n; i++)
        if (w->picks[i].kind != JSON_ABSENT)
            w->picks[i].value.p = w->text->p + w->picks[i].at;
}

/* yajl lets surrogates through. */
static bool is_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.p + s.n)) == 0)
            return false;
    return true;
}

static int on_value(struct walk *w, enum json_kind kind, struct str value)
{
    if (!begin_value(w, false, false))
        return 0;
    struct str path = {w->path.p ? w->path.p : "", w->path.n};
    for (unsigned i = 0; i < w->n; i++) {
        struct json_pick *pick = &w->picks[i];
        if (!str_is(path, pick->path))
            continue;
        if (pick->kind != JSON_ABSENT)
            return wrong(w, "a member stands there twice");
        if (!is_utf8(value))
            return wrong(w, "a value is not UTF-8");
        pick->kind = kind;
        pick->at = w->text->n;
        pick->value.n = value.n;
        buf_addstr(w->text, value);
        buf_addc(w->text, '\0'); /* so that an empty value has a place too */
    }
    return 1;
}

static int on_null(void *w)
{
    return on_value(w, JSON_NULL, STR_LIT("null"));
}

static int on_boolean(void *w, int value)
{
    return on_value(w, JSON_BOOLEAN, value ? STR_LIT("true") : STR_LIT("false"));
}

static int on_number(void *w, const char *value, size_t n)
{
    return on_value(w, JSON_NUMBER, (struct str){value, n});
}

static int on_string(void *w, const unsigned char *value, size_t n)
{
    return on_value(w, JSON_STRING, (struct str){(const char *)value, n});
}

/* --- objects and arrays --- */

static int on_open_map(void *arg)
{
    struct walk *w = arg;
    if (at_item(w)) {
        if (w->n_items == JSON_PICK_ITEMS)
            return wrong(w, "it has too many objects");
        w->n_items++;
        forget(w);
    }
    return open_level(w, false);
}

static int on_key(void *arg, const unsigned char *name, size_t n)
{
    struct walk *w = arg;
    w->path.n = w->levels[w->depth - 1].path_n;
    path_step(w, (const char *)name, n);
    return 1;
}

static int on_close_map(void *arg)
{
    struct walk *w = arg;
    w->depth--;
    if (at_item(w) && w->item) {
        settle(w);
        w->item(w->arg, w->picks);
    }
    return 1;
}

static int on_open_array(void *arg)
{
    return open_level(arg, true);
}

static int on_close_array(void *arg)
{
    struct walk *w = arg;
    w->depth--;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close_map,
    .yajl_start_array = on_open_array,
    .yajl_end_array = on_close_array,
};

/* --- the whole --- */

static enum err walk(struct walk *w, struct str json, struct errmsg *msg)
{
    forget(w);
    yajl_handle yajl = yajl_alloc(&callbacks, NULL, w);
    yajl_status status = yajl_parse(yajl, (const unsigned char *)json.p, json.n);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(yajl);
    yajl_free(yajl);
    buf_done(&w->path);
    if (status == yajl_status_ok)
        return ERR_OK;
    forget(w);
    return err_set(msg, ERR_INVALID, "%s", w->wrong ? w->wrong : "it is not one whole JSON document in UTF-8");
}

enum err json_pick(struct str json, struct json_pick *picks, unsigned n, struct buf *text, struct errmsg *msg)
{
    struct walk w = {.picks = picks, .n = n, .text = text};
    enum err e = walk(&w, json, msg);
    if (!e)
        settle(&w);
    return e;
}

enum err json_each(struct str json, struct json_pick *picks, unsigned n, struct buf *text, json_item_fn *item,
                   void *arg, struct errmsg *msg)
{
    struct walk look = {.picks = picks, .n = n, .text = text, .items = true};
    enum err e = walk(&look, json, msg);
    if (e)
        return e;
    struct walk again = {.picks = picks, .n = n, .text = text, .items = true, .item = item, .arg = arg};
    return walk(&again, json, msg);
}
