#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/endpoint_rules.h"
#include "config/loader.h"
#include "config/root_rules.h"
#include "config/schema_token.h"
#include "config/value.h"

/* ---- faults ---- */

#define SHOWN_BYTES_MAX 64

/* A value as a fault shows it: bare when it is a number, else in quotes; a long one is cut, between characters. */
static const char *show(const char *value, char out[96])
{
    size_t length = strlen(value), n = length < SHOWN_BYTES_MAX ? length : SHOWN_BYTES_MAX;
    bool bare = length && n == length && strspn(value, "0123456789-") == length;
    while (n < length && n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80)
        n--;
    const char *quote = bare ? "" : "\"";
    snprintf(out, 96, "%s%.*s%s%s", quote, (int)n, value, n < length ? "..." : "", quote);
    return out;
}

/* "policy "national": ", or nothing outside of sections. */
static const char *place(const struct instance *in, char out[96])
{
    out[0] = '\0';
    if (in->title)
        snprintf(out, 96, "%s \"%.64s\": ", in->schema->name, in->title);
    return out;
}

void loader_fault(struct loader *l, const struct statement *s, const struct instance *in, const char *what,
                  const char *expected)
{
    char where[96];
    reading_fault(l->r, s->file, s->line, "%s%s: expected %s", place(in, where), what, expected);
}

char *loader_place(const struct loader *l, const struct statement *s)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s:%u", l->r->files[s->file], s->line);
    buf_addc(&b, '\0');
    return b.p;
}

const struct statement *instance_set(const struct instance *in, const char *key)
{
    return in->set[schema_key(in->schema, key) - in->schema->keys];
}

/* "policy, channel or message": all but what has no name. */
static void section_names(struct buf *out)
{
    for (size_t i = 1; i < SECTION_N; i++)
        buf_printf(out, "%s%s", i == 1 ? "" : i + 1 < SECTION_N ? ", " : " or ", config_schema[i].name);
}

static void unknown_fault(struct loader *l, const struct statement *s, const struct instance *in, const char *kind,
                          const char *name)
{
    char shown[96], what[128];
    struct buf names = BUF_INIT;
    snprintf(what, sizeof what, "unknown %s %s", kind, show(name, shown));
    if (s->kind == STATEMENT_SECTION)
        section_names(&names);
    else if (s->kind == STATEMENT_CALL)
        buf_adds(&names, "include(\"FILE\"), outside of sections");
    else
        schema_names(in->schema, &names);
    buf_addc(&names, '\0');
    loader_fault(l, s, in, what, names.p);
    buf_done(&names);
}

static void value_fault(struct loader *l, const struct statement *s, const struct instance *in, const struct key *k,
                        const char *value, const char *why)
{
    char shown[96];
    struct errmsg what, expected;
    bool hidden = k->conceals || (k->hides && strchr(value, '@'));
    err_set(&what, ERR_INVALID, "%s = %s", k->name, hidden ? "\"...\"" : show(value, shown));
    err_set(&expected, ERR_INVALID, "%s%s%s%s", k->expected, why[0] ? " (" : "", why, why[0] ? ")" : "");
    loader_fault(l, s, in, what.text, expected.text);
}

/* ---- sections ---- */

/* How many there are of a kind, at most, and where they stand. */
struct room {
    void *v;
    size_t size, max;
    unsigned *n;
};

static struct room room_for(struct config *c, const struct section *schema)
{
    const struct room rooms[SECTION_N] = {
        [SECTION_POLICY] = {c->policies, sizeof *c->policies, POLICY_MAX, &c->n_policies},
        [SECTION_CHANNEL] = {c->channels, sizeof *c->channels, CHANNEL_MAX, &c->n_channels},
        [SECTION_ENDPOINT] = {c->endpoints->v, sizeof *c->endpoints->v, ENDPOINTS_MAX, &c->endpoints->n},
        [SECTION_MESSAGE] = {c->endpoints->texts, sizeof *c->endpoints->texts, MESSAGE_TEXTS_MAX,
                             &c->endpoints->n_texts},
        [SECTION_TOKEN] = {c->tokens->v, sizeof *c->tokens->v, TOKENS_MAX, &c->tokens->n},
    };
    return rooms[schema - config_schema];
}

/* Of every section the name is the struct's first member. */
#define NAME_COMES_FIRST(type) \
    _Static_assert(offsetof(type, name) == 0 && sizeof((type *)0)->name == POLICY_NAME_MAX + 1, "the name is first")
NAME_COMES_FIRST(struct policy);
NAME_COMES_FIRST(struct channel);
NAME_COMES_FIRST(struct endpoint);
NAME_COMES_FIRST(struct message_text);
NAME_COMES_FIRST(struct token);

static const struct statement *first_of_name(const struct loader *l, size_t before, const struct statement *s)
{
    for (size_t i = 0; i < before; i++) {
        const struct statement *other = &l->r->v[i];
        if (other->kind == STATEMENT_SECTION && other->within < 0 && strcmp(other->section, s->section) == 0 &&
            strcmp(other->title, s->title) == 0)
            return other;
    }
    return NULL;
}

/* Makes room for the section's values; NULL when it cannot count. */
static void *section_target(struct loader *l, size_t i, const struct instance *in)
{
    const struct statement *s = &l->r->v[i];
    const struct statement *first = first_of_name(l, i, s);
    struct room room = room_for(l->c, in->schema);
    struct errmsg expected;
    if (!section_name_valid(s->title)) {
        loader_fault(l, s, in, "the name is not valid", SECTION_NAME_EXPECTED);
        return NULL;
    }
    if (first) {
        err_set(&expected, ERR_EXISTS, "one section of that name (the first is at %.512s:%u)", l->r->files[first->file],
                first->line);
        loader_fault(l, s, in, "stands again", expected.text);
        return NULL;
    }
    if (*room.n == room.max) {
        err_set(&expected, ERR_FULL, "at most %zu sections %s", room.max, s->section);
        loader_fault(l, s, in, "too many", expected.text);
        return NULL;
    }
    char *target = (char *)room.v + (*room.n)++ * room.size;
    strcpy(target, s->title); /* its length is checked */
    return target;
}

/* What goes beyond single keys. */
static const struct {
    void (*begin)(struct loader *l, const struct statement *s, struct instance *in);
    void (*check)(struct loader *l, const struct statement *s, const struct instance *in);
    void (*defaults)(const struct instance *in);
} section_rules[SECTION_N] = {
    [SECTION_ROOT] = {NULL, root_check, root_defaults},
    [SECTION_ENDPOINT] = {endpoint_begin, endpoint_check, endpoint_defaults},
    [SECTION_MESSAGE] = {message_begin, message_check, NULL},
    [SECTION_TOKEN] = {NULL, token_check, NULL},
};

static void begin_sections(struct loader *l)
{
    for (size_t i = 0; i < l->r->n; i++) {
        const struct statement *s = &l->r->v[i];
        struct instance *in = &l->instances[i + 1];
        if (s->kind != STATEMENT_SECTION)
            continue;
        const struct section *schema = schema_section(s->section);
        if (!schema || !schema->title) {
            unknown_fault(l, s, &l->instances[0], "section", s->section);
            continue;
        }
        *in = (struct instance){.schema = schema, .title = s->title};
        in->target = section_target(l, i, in);
        if (!in->target)
            in->schema = NULL;
        else if (section_rules[schema - config_schema].begin)
            section_rules[schema - config_schema].begin(l, s, in);
    }
}

/* ---- keys ---- */

/* The section of a channel or a policy may stand in what could not be read. */
static bool names_section(const struct key *k)
{
    return k->parse == value_channel_name || k->parse == value_policies || k->parse == value_token_role;
}

static void set_values(struct loader *l, const struct statement *s, const struct instance *in, const struct key *k)
{
    int64_t min = k->list ? k->min : 1, max = k->list ? k->max : 1;
    if (s->n_values < min || s->n_values > max) {
        char what[96];
        struct errmsg expected;
        snprintf(what, sizeof what, "%s has %u values", k->name, s->n_values);
        if (k->list)
            err_set(&expected, ERR_INVALID, "%d to %d of %s", (int)min, (int)max, k->expected);
        else
            err_set(&expected, ERR_INVALID, "one value, %s", k->expected);
        loader_fault(l, s, in, what, expected.text);
        return;
    }
    for (unsigned i = 0; i < s->n_values; i++) {
        struct errmsg why = {""};
        bool good = k->parse(k, l->c, in->target, s->values[i], &why);
        if (!good && !(l->r->torn && names_section(k)))
            value_fault(l, s, in, k, s->values[i], why.text);
    }
}

static void set_key(struct loader *l, const struct statement *s)
{
    struct instance *in = &l->instances[s->within + 1];
    if (!in->schema)
        return;
    const struct key *k = schema_key(in->schema, s->key);
    if (!k || s->kind == STATEMENT_CALL) {
        unknown_fault(l, s, in, s->kind == STATEMENT_CALL ? "function" : "key", s->key);
        return;
    }
    const struct statement **set = &in->set[k - in->schema->keys];
    if (*set) {
        struct errmsg what, expected;
        err_set(&what, ERR_EXISTS, "%s is set again", k->name);
        err_set(&expected, ERR_EXISTS, "it once (the first is at %.512s:%u)", l->r->files[(*set)->file], (*set)->line);
        loader_fault(l, s, in, what.text, expected.text);
        return;
    }
    *set = s;
    set_values(l, s, in, k);
}

/* The default's text as a value, or as the values of a list. */
static void set_default(struct loader *l, const struct instance *in, const struct key *k)
{
    static const char between[] = "\", \"";
    const struct statement nowhere = {.line = 1};
    char *text = mem_strdup(k->fallback);
    for (char *value = text, *end; value; value = end) {
        struct errmsg why = {""};
        end = k->list ? strstr(value, between) : NULL;
        if (end) {
            *end = '\0';
            end += strlen(between);
        }
        if (!k->parse(k, l->c, in->target, value, &why))
            value_fault(l, &nowhere, in, k, value, why.text);
    }
    free(text);
}

static void set_defaults(struct loader *l, const struct instance *in)
{
    for (size_t i = 0; i < in->schema->n_keys; i++) {
        const struct key *k = &in->schema->keys[i];
        if (!in->set[i] && k->fallback && endpoint_takes(in, k))
            set_default(l, in, k);
    }
}

/* All keys of it are read: s is its statement, of what stands outside of sections none. */
static void end_section(struct loader *l, const struct statement *s, const struct instance *in)
{
    size_t i = (size_t)(in->schema - config_schema);
    if (section_rules[i].check)
        section_rules[i].check(l, s, in);
    set_defaults(l, in);
    if (section_rules[i].defaults)
        section_rules[i].defaults(in);
}

/* ---- the whole ---- */

static bool has_policy(const struct reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].kind == STATEMENT_SECTION && strcmp(r->v[i].section, "policy") == 0)
            return true;
    return r->torn; /* it may stand in what could not be read */
}

static void load(struct loader *l)
{
    const struct statement nowhere = {.line = 1};
    l->instances = mem_zalloc(l->r->n + 1, sizeof *l->instances);
    l->instances[0] = (struct instance){.schema = &config_schema[SECTION_ROOT], .target = l->c};
    begin_sections(l);
    for (size_t i = 0; i < l->r->n; i++)
        if (l->r->v[i].kind != STATEMENT_SECTION)
            set_key(l, &l->r->v[i]);
    for (size_t i = 0; i <= l->r->n; i++)
        if (l->instances[i].schema)
            end_section(l, i ? &l->r->v[i - 1] : NULL, &l->instances[i]);
    if (!has_policy(l->r))
        loader_fault(l, &nowhere, &l->instances[0], "no policy", "at least one section policy \"NAME\" { ... }");
    free(l->instances);
}

enum err config_load(const char *file, struct config **out, struct buf *faults)
{
    struct config *c = mem_zalloc(1, sizeof *c);
    struct reading r;
    reading_init(&r, file);
    c->file = mem_strdup(file);
    c->endpoints = endpoints_new();
    c->tokens = tokens_new();
    struct loader l = {.c = c, .r = &r};
    load(&l);
    enum err e = r.n_faults ? ERR_INVALID : ERR_OK;
    reading_report(&r, faults);
    reading_done(&r);
    if (e != ERR_OK)
        config_free(c);
    else
        *out = c;
    return e;
}

struct config *config_ref(struct config *c)
{
    c->others++;
    return c;
}

void config_free(struct config *c)
{
    if (!c || c->others-- > 0)
        return;
    free(c->file);
    free(c->timezone);
    tz_free(c->tz);
    free(c->store);
    for (unsigned i = 0; i < c->n_listen; i++)
        free(c->listen[i]);
    free(c->tls_cert);
    free(c->tls_key);
    free(c->tls_client_ca);
    free(c->tls_place);
    free(c->name);
    free(c->archive);
    free(c->redis_password_file);
    if (c->redis_password)
        explicit_bzero(c->redis_password, strlen(c->redis_password));
    free(c->redis_password);
    free(c->password_place);
    endpoints_unref(c->endpoints);
    tokens_unref(c->tokens);
    free(c);
}

int config_policy(const struct config *c, struct str name)
{
    for (unsigned i = 0; i < c->n_policies; i++)
        if (str_is(name, c->policies[i].name))
            return (int)i;
    return -1;
}

int config_channel(const struct config *c, struct str name)
{
    for (unsigned i = 0; i < c->n_channels; i++)
        if (str_is(name, c->channels[i].name))
            return (int)i;
    return -1;
}
