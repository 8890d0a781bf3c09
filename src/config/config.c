#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/reading.h"
#include "config/schema.h"
#include "config/value.h"

/* A section of the file, or what stands outside of all of them: where its values go, and which are set. */
struct instance {
    const struct section *schema; /* NULL: not a section that we know; what stands in it is passed over */
    void *target;
    const char *title;
    const struct statement *set[SCHEMA_KEYS_MAX];
};

struct loader {
    struct config *c;
    struct reading *r;
    struct instance *instances; /* by the statement's index + 1; 0 is what stands outside of sections */
};

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

static void fault(struct loader *l, const struct statement *s, const struct instance *in, const char *what,
                  const char *expected)
{
    char where[96];
    reading_fault(l->r, s->file, s->line, "%s%s: expected %s", place(in, where), what, expected);
}

static void unknown_fault(struct loader *l, const struct statement *s, const struct instance *in, const char *kind,
                          const char *name)
{
    char shown[96], what[128];
    struct buf names = BUF_INIT;
    snprintf(what, sizeof what, "unknown %s %s", kind, show(name, shown));
    if (s->kind == STATEMENT_SECTION)
        buf_adds(&names, "policy or channel");
    else if (s->kind == STATEMENT_CALL)
        buf_adds(&names, "include(\"FILE\"), outside of sections");
    else
        schema_names(in->schema, &names);
    buf_addc(&names, '\0');
    fault(l, s, in, what, names.p);
    buf_done(&names);
}

static void value_fault(struct loader *l, const struct statement *s, const struct instance *in, const struct key *k,
                        const char *value, const char *why)
{
    char shown[96];
    struct errmsg what, expected;
    err_set(&what, ERR_INVALID, "%s = %s", k->name, show(value, shown));
    err_set(&expected, ERR_INVALID, "%s%s%s%s", k->expected, why[0] ? " (" : "", why, why[0] ? ")" : "");
    fault(l, s, in, what.text, expected.text);
}

/* ---- sections ---- */

static bool name_valid(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\')
            return false;
    return n > 0 && n <= POLICY_NAME_MAX;
}

/* How many there are of a kind, at most, and where they stand. */
struct room {
    void *v;
    size_t size, max;
    unsigned *n;
};

static struct room room_for(struct config *c, const struct section *schema)
{
    if (schema == &config_schema[SECTION_POLICY])
        return (struct room){c->policies, sizeof *c->policies, POLICY_MAX, &c->n_policies};
    return (struct room){c->channels, sizeof *c->channels, CHANNEL_MAX, &c->n_channels};
}

/* Of policies and channels alike the name is the struct's first member. */
_Static_assert(offsetof(struct policy, name) == 0 && offsetof(struct channel, name) == 0, "the name must come first");
_Static_assert(sizeof((struct policy *)0)->name == sizeof((struct channel *)0)->name, "names must be of one size");

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
    if (!name_valid(s->title)) {
        fault(l, s, in, "the name is not valid", "1 to 64 printable ASCII characters, no space, quote or backslash");
        return NULL;
    }
    if (first) {
        err_set(&expected, ERR_EXISTS, "one section of that name (the first is at %.512s:%u)",
                l->r->files[first->file], first->line);
        fault(l, s, in, "stands again", expected.text);
        return NULL;
    }
    if (*room.n == room.max) {
        err_set(&expected, ERR_FULL, "at most %zu sections %s", room.max, s->section);
        fault(l, s, in, "too many", expected.text);
        return NULL;
    }
    char *target = (char *)room.v + (*room.n)++ * room.size;
    strcpy(target, s->title); /* its length is checked */
    return target;
}

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
    }
}

/* ---- keys ---- */

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
        fault(l, s, in, what, expected.text);
        return;
    }
    for (unsigned i = 0; i < s->n_values; i++) {
        struct errmsg why = {""};
        bool good = k->parse(k, l->c, in->target, s->values[i], &why);
        /* A channel's section may stand in what could not be read. */
        if (!good && !(l->r->torn && k->parse == value_channel_name))
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
        fault(l, s, in, what.text, expected.text);
        return;
    }
    *set = s;
    set_values(l, s, in, k);
}

/* What is not set takes the value that the schema gives as its default. */
static void set_defaults(struct loader *l, const struct instance *in)
{
    const struct statement nowhere = {.line = 1};
    for (size_t i = 0; in->schema && i < in->schema->n_keys; i++) {
        const struct key *k = &in->schema->keys[i];
        struct errmsg why = {""};
        if (!in->set[i] && k->fallback && !k->parse(k, l->c, in->target, k->fallback, &why))
            value_fault(l, &nowhere, in, k, k->fallback, why.text);
    }
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
        set_defaults(l, &l->instances[i]);
    if (!has_policy(l->r))
        fault(l, &nowhere, &l->instances[0], "no policy", "at least one section policy \"NAME\" { ... }");
    free(l->instances);
}

enum err config_load(const char *file, struct config **out, struct buf *faults)
{
    struct config *c = mem_zalloc(1, sizeof *c);
    struct reading r;
    reading_init(&r, file);
    c->file = mem_strdup(file);
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

void config_free(struct config *c)
{
    if (!c)
        return;
    free(c->file);
    free(c->timezone);
    tz_free(c->tz);
    free(c->store);
    for (unsigned i = 0; i < c->n_listen; i++)
        free(c->listen[i]);
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
