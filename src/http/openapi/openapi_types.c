#include "http/openapi/openapi_types.h"

#include <stdlib.h>

#include "config/endpoint.h"
#include "deliver/deliver.h"
#include "store/delivery/delivery.h"

#define MEMBERS_MAX 40 /* of one object; an endpoint has some 25 */

static const struct {
    const char *word, *type, *rest; /* type NULL: it stands in rest, and such a member is never null */
} types[] = {
    {"text", "string", NULL},
    {"boolean", "boolean", NULL},
    {"object", "object", NULL},
    {"cycle", "string", "\"pattern\": \"^[0-9]+ (months|days)$\""},
    {"sequence", "string", "\"pattern\": \"^[0-9]{20}$\""},
    {"true", "boolean", "\"const\": true"},
    {"count", "integer", "\"minimum\": 0"},
    {"position", "integer", "\"minimum\": 0"},
    {"place", NULL, "\"type\": [\"integer\", \"string\"], \"minimum\": 0"},
    {"seq", "integer", "\"minimum\": 1"},
    {"amount", "integer", "\"minimum\": 0, \"maximum\": 1000000000000"},
    {"date", "string", "\"format\": \"date\""},
    {"month", "string", "\"pattern\": \"^[0-9]{4}-(0[1-9]|1[0-2])$\""},
    {"time", "string", "\"format\": \"date-time\""},
    {"moment", "string", "\"anyOf\": [{\"format\": \"date\"}, {\"format\": \"date-time\"}]"},
    {"clock", "string", "\"pattern\": \"^([01][0-9]|2[0-3]):[0-5][0-9]$\""},
    {"id", "string", "\"minLength\": 1, \"maxLength\": 64, \"pattern\": \"^[!-~]+$\""},
    {"name", "string", "\"minLength\": 1, \"maxLength\": 64"},
    {"by", "string", "\"minLength\": 1, \"maxLength\": 128"},
    {"why", "string", "\"minLength\": 1, \"maxLength\": 256"},
    {"key", "string", "\"minLength\": 1, \"maxLength\": 255"},
    {"short-why", "string", "\"minLength\": 1, \"maxLength\": 159"},
};

static const char *adapter_word(unsigned i)
{
    return i < ADAPTER_KIND_N ? adapter_kind_text((enum adapter_kind)i) : NULL;
}

static const char *delivery_state_word(unsigned i)
{
    return i < DELIVERY_STATE_N ? delivery_state_text((enum delivery_state)i) : NULL;
}

static const char *endpoint_state_word(unsigned i)
{
    return i < ENDPOINT_STATE_N ? endpoint_state_text((enum endpoint_state)i) : NULL;
}

static const char *redelivery_state_word(unsigned i)
{
    return i < REDELIVERY_STATE_N ? redelivery_state_text((enum redelivery_state)i) : NULL;
}

/* A table's words: its own, or by a function that answers NULL behind the last. */
static const struct {
    const char *word;
    const struct texts *texts;
    const char *(*nth)(unsigned i);
} words[] = {
    {"@op", &op_texts, NULL},
    {"@result", &result_texts, NULL},
    {"@reason", &reason_texts, NULL},
    {"@status", &status_texts, NULL},
    {"@deadline", &deadline_texts, NULL},
    {"@event-type", &event_type_texts, NULL},
    {"@hold", &hold_texts, NULL},
    {"@adapter", NULL, adapter_word},
    {"@delivery-state", NULL, delivery_state_word},
    {"@endpoint-state", NULL, endpoint_state_word},
    {"@redelivery-state", NULL, redelivery_state_word},
};

/* A word that is in no table is a mistake of ours, which the first rendering shows. */
static void no_such(const char *what)
{
    (void)what;
    abort();
}

static void write_name(struct buf *out, const char *json_type, bool nullable)
{
    buf_printf(out, nullable ? "\"type\": [\"%s\", \"null\"]" : "\"type\": \"%s\"", json_type);
}

/* --- words --- */

static void add_word(struct buf *out, struct str word, bool *more)
{
    if (!word.p)
        return; /* a number that no word stands for */
    buf_adds(out, *more ? ", " : "");
    buf_add_json(out, word);
    *more = true;
}

static void add_inline(struct buf *out, struct str list, bool *more)
{
    while (list.n) {
        const char *blank = memchr(list.p, ' ', list.n);
        size_t n = blank ? (size_t)(blank - list.p) : list.n;
        add_word(out, (struct str){list.p, n}, more);
        n += blank != NULL;
        list = (struct str){list.p + n, list.n - n};
    }
}

static void add_texts(struct buf *out, const struct texts *t, bool *more)
{
    for (unsigned i = 0; i < t->n; i++)
        add_word(out, t->v[i], more);
}

static void add_table(struct buf *out, struct str word, bool *more)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_is(word, words[i].word))
            continue;
        if (words[i].texts)
            add_texts(out, words[i].texts, more);
        for (unsigned k = 0; words[i].nth && words[i].nth(k); k++)
            add_word(out, str_of(words[i].nth(k)), more);
        return;
    }
    no_such(word.p);
}

static void write_enum(struct buf *out, struct str type, bool nullable)
{
    bool more = false;
    write_name(out, "string", nullable);
    BUF_LIT(out, ", \"enum\": [");
    if (type.p[0] == '=')
        add_inline(out, (struct str){type.p + 1, type.n - 1}, &more);
    else
        add_table(out, type, &more);
    buf_adds(out, nullable ? ", null]" : "]");
}

/* --- all else --- */

static bool write_type(struct buf *out, struct str type);

static void write_list(struct buf *out, struct str type, bool nullable)
{
    write_name(out, "array", nullable);
    BUF_LIT(out, ", \"items\": {");
    write_type(out, (struct str){type.p + 1, type.n - 2});
    buf_addc(out, '}');
}

static void write_reference(struct buf *out, struct str type, bool nullable)
{
    if (nullable)
        BUF_LIT(out, "\"anyOf\": [{");
    buf_printf(out, "\"$ref\": \"" API_SCHEMAS "%.*s\"", (int)type.n, type.p);
    if (nullable)
        BUF_LIT(out, "}, {\"type\": \"null\"}]");
}

static void write_plain(struct buf *out, struct str type, bool nullable)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!str_is(type, types[i].word))
            continue;
        if (types[i].type)
            write_name(out, types[i].type, nullable);
        if (types[i].rest)
            buf_printf(out, types[i].type ? ", %s" : "%s", types[i].rest);
        return;
    }
    no_such(type.p);
}

/* What stands in the schema's braces; true: a bare reference, beside which nothing may stand. */
static bool write_type(struct buf *out, struct str type)
{
    static const char or_null[] = "|null";
    size_t n = sizeof or_null - 1;
    bool nullable = type.n > n && memcmp(type.p + type.n - n, or_null, n) == 0;
    type.n -= nullable ? n : 0;
    if (type.p[0] == '[')
        write_list(out, type, nullable);
    else if (type.p[0] == '@' || type.p[0] == '=')
        write_enum(out, type, nullable);
    else if (type.p[0] >= 'A' && type.p[0] <= 'Z')
        write_reference(out, type, nullable);
    else
        write_plain(out, type, nullable);
    return !nullable && type.p[0] >= 'A' && type.p[0] <= 'Z';
}

void api_type(struct buf *out, const char *type, const char *about)
{
    buf_addc(out, '{');
    bool bare = write_type(out, str_of(type));
    if (about && !bare) {
        BUF_LIT(out, ", \"description\": ");
        buf_add_json(out, str_of(about));
    }
    buf_addc(out, '}');
}

/* Writes what was gathered in text, and releases it. */
static void write_raw(struct api_json *j, const char *name, struct buf *text)
{
    buf_addc(text, '\0');
    api_raw(j, name, text->p);
    buf_done(text);
}

void api_schema(struct api_json *j, const char *name, const char *type, const char *about)
{
    struct buf text = BUF_INIT;
    api_type(&text, type, about);
    write_raw(j, name, &text);
}

void api_const(struct api_json *j, const char *name, struct str word)
{
    struct buf text = BUF_INIT;
    BUF_LIT(&text, "{\"type\": \"string\", \"const\": ");
    buf_add_json(&text, word);
    buf_addc(&text, '}');
    write_raw(j, name, &text);
}

void api_words(struct api_json *j, const char *name, const struct texts *list)
{
    struct buf text = BUF_INIT;
    bool more = false;
    BUF_LIT(&text, "{\"type\": \"string\", \"enum\": [");
    add_texts(&text, list, &more);
    BUF_LIT(&text, "]}");
    write_raw(j, name, &text);
}

/* --- objects --- */

void api_object_open(struct api_json *j, const char *name, const char *about)
{
    api_open(j, name, '{');
    api_text(j, "type", "object");
    if (about)
        api_text(j, "description", about);
    api_open(j, "properties", '{');
}

void api_members(struct api_json *j, const struct api_member *m, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char name[64] = "";
        size_t length = strcspn(m[i].name, "?");
        memcpy(name, m[i].name, length < sizeof name ? length : sizeof name - 1);
        api_schema(j, name, m[i].type, m[i].about);
    }
}

void api_object_close(struct api_json *j, const char *const *required, bool closed)
{
    api_close(j, '}');
    if (required[0])
        api_texts(j, "required", required);
    if (closed)
        api_raw(j, "additionalProperties", "false");
    api_close(j, '}');
}

void api_object(struct api_json *j, const char *name, const char *about, const struct api_member *m, unsigned n,
                bool closed)
{
    const char *required[MEMBERS_MAX + 1];
    unsigned k = 0;
    api_object_open(j, name, about);
    api_members(j, m, n);
    for (unsigned i = 0; i < n && k < MEMBERS_MAX; i++)
        if (!strchr(m[i].name, '?'))
            required[k++] = m[i].name;
    required[k] = NULL;
    api_object_close(j, required, closed);
}
