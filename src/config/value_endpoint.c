/* The forms of values of endpoints and messages. */
#include <fnmatch.h>
#include <string.h>

#include "config/endpoint.h"
#include "config/source.h"
#include "config/url.h"
#include "config/value.h"
#include "core/text.h"

#define LIST_TEXT_BYTES_MAX 1024 /* one value of a list of texts */
#define LANGUAGE_BYTES_MAX 16
#define RATE_MAX 1000000

/* ---- texts ---- */

/* An escape may have brought anything in: what is not UTF-8, and control characters (C1 among them), are refused.
 * also: those that may stand there even so. */
static bool is_text(const char *value, size_t max, const char *also)
{
    const unsigned char *p = (const unsigned char *)value;
    if (!*p || strlen(value) > max)
        return false;
    for (size_t n; *p; p += n) {
        n = source_character(p);
        bool control = *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
        if (n == 0 || (control && !strchr(also, *p)))
            return false;
    }
    return true;
}

static void set_text(const struct key *k, void *section, const char *value)
{
    *(char **)value_member(k, section) = mem_strdup(value);
}

static void add_text(const struct key *k, void *section, const char *value)
{
    text_list_add(value_member(k, section), value);
}

bool value_text(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (!is_text(value, (size_t)k->max, ""))
        return false;
    set_text(k, section, value);
    return true;
}

bool value_lines(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (!is_text(value, (size_t)k->max, "\t\n\r"))
        return false;
    set_text(k, section, value);
    return true;
}

bool value_texts(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (!is_text(value, LIST_TEXT_BYTES_MAX, ""))
        return false;
    add_text(k, section, value);
    return true;
}

/* ---- words ---- */

bool value_bool(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    bool on = strcmp(value, "true") == 0;
    (void)c, (void)why;
    if (!on && strcmp(value, "false") != 0)
        return false;
    *(bool *)value_member(k, section) = on;
    return true;
}

bool value_word(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    for (int i = 0; k->words[i]; i++)
        if (strcmp(k->words[i], value) == 0) {
            set_text(k, section, value);
            return true;
        }
    return false;
}

bool value_kind(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    struct endpoint *e = section;
    bool messages = strcmp(value, "messages") == 0;
    (void)k, (void)c, (void)why;
    if (!messages && strcmp(value, "events") != 0)
        return false;
    e->messages = messages;
    return true;
}

bool value_language(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t n = strspn(value, letters);
    (void)c, (void)why;
    if (n == 0 || value[n] || n > LANGUAGE_BYTES_MAX)
        return false;
    set_text(k, section, value);
    return true;
}

bool value_signature(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c;
    if (!is_text(value, (size_t)k->max, ""))
        return false;
    if (strstr(value, "【") || strstr(value, "】")) {
        err_set(why, ERR_INVALID, "the brackets are put around it");
        return false;
    }
    set_text(k, section, value);
    return true;
}

/* ---- events and policies ---- */

static void tell_types(struct errmsg *why)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < event_type_texts.n; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", event_type_text((enum event_type)i));
    err_set(why, ERR_INVALID, "there are %.*s", (int)b.n, b.p);
    buf_done(&b);
}

bool value_event_globs(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    bool fits = false;
    (void)c;
    for (unsigned i = 0; i < event_type_texts.n && !fits; i++)
        fits = fnmatch(value, event_type_text((enum event_type)i), 0) == 0;
    if (fits)
        add_text(k, section, value);
    else
        tell_types(why);
    return fits;
}

bool value_event_type(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    unsigned type;
    (void)c;
    if (!texts_find(&event_type_texts, str_of(value), &type)) {
        tell_types(why);
        return false;
    }
    set_text(k, section, value);
    return true;
}

bool value_policies(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    if (config_policy(c, str_of(value)) < 0) {
        err_set(why, ERR_ABSENT, "there is no section policy \"%.64s\"", value);
        return false;
    }
    add_text(k, section, value);
    return true;
}

/* ---- files, headers, URLs ---- */

static bool is_file(const char *value)
{
    return is_text(value, LIST_TEXT_BYTES_MAX, "") && (value[0] == '/' || !strchr(value, '/'));
}

bool value_file(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (!is_file(value))
        return false;
    set_text(k, section, value);
    return true;
}

bool value_files(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    (void)c, (void)why;
    if (!is_file(value))
        return false;
    add_text(k, section, value);
    return true;
}

bool value_headers(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    size_t n = strspn(value, name);
    (void)c, (void)why;
    if (n == 0 || value[n] != ':' || !is_text(value, LIST_TEXT_BYTES_MAX, ""))
        return false;
    add_text(k, section, value);
    return true;
}

bool value_url(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char *const schemes[] = {"http", "https", "redis", NULL};
    (void)c;
    if (strlen(value) > (size_t)k->max || url_check(value, schemes, url_has_scheme(value, "redis"), why) != ERR_OK)
        return false;
    set_text(k, section, value);
    return true;
}

bool value_http_url(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char *const schemes[] = {"http", "https", NULL};
    (void)c;
    if (strlen(value) > (size_t)k->max || url_check(value, schemes, false, why) != ERR_OK)
        return false;
    if (strpbrk(value, "?{}")) {
        err_set(why, ERR_INVALID, "a query or a variable in it");
        return false;
    }
    set_text(k, section, value);
    return true;
}

bool value_proxy(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h", NULL};
    (void)c;
    if (strlen(value) > (size_t)k->max || url_check(value, schemes, false, why) != ERR_OK)
        return false;
    set_text(k, section, value);
    return true;
}

/* ---- numbers and times ---- */

bool value_from(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    struct endpoint *e = section;
    int64_t n;
    (void)c, (void)why;
    const char *rest = value_number(value, k->min, k->max, &n);
    if (!rest || *rest)
        return false;
    e->from = (uint64_t)n;
    e->from_given = true;
    return true;
}

bool value_rate(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } units[] = {{"/s", 1}, {"/min", 60}, {"/h", 3600}};
    int64_t n;
    (void)c, (void)why;
    const char *rest = value_number(value, 1, RATE_MAX, &n);
    for (size_t i = 0; rest && i < sizeof units / sizeof *units; i++)
        if (strcmp(rest, units[i].text) == 0) {
            *(struct rate *)value_member(k, section) = (struct rate){(uint32_t)n, units[i].seconds};
            return true;
        }
    return false;
}

bool value_quiet_hours(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    struct quiet_hours *q = value_member(k, section);
    int from, to;
    (void)c, (void)why;
    if (strcmp(value, "none") == 0) {
        *q = (struct quiet_hours){0, 0};
        return true;
    }
    const char *rest = value_minute(value, &from);
    rest = rest && *rest == '-' ? value_minute(rest + 1, &to) : NULL;
    if (!rest || *rest || from == to)
        return false;
    *q = (struct quiet_hours){from, to};
    return true;
}

bool value_retry(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    struct endpoint *e = section;
    int64_t seconds;
    (void)k, (void)c, (void)why;
    if (!duration_parse(value, &seconds))
        return false;
    e->retry = mem_resize(e->retry, e->n_retry + 1, sizeof *e->retry);
    e->retry[e->n_retry++] = seconds;
    return true;
}
