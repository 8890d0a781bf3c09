#include "adapter/template_value.h"

#include "adapter/sms.h"
#include "codec/utf8.h"

#define VAR "var."

/* --- values that are not members of the event or the message --- */

static enum err write_timestamp(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    buf_add_i64(out, v->now);
    return ERR_OK;
}

static enum err write_username(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    buf_addstr(out, str_of(v->endpoint->username));
    return ERR_OK;
}

static enum err write_secret(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name;
    enum err e = require_secret(v->endpoint, msg);
    if (!e)
        buf_addstr(out, first_secret(v->endpoint));
    return e;
}

static enum err write_national(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    buf_addstr(out, phone_national(v->sms->phone));
    return ERR_OK;
}

static enum err write_signed(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    add_signed_text(out, v->sms);
    return ERR_OK;
}

static enum err write_template_id(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name;
    if (!v->sms->template_id.n)
        return err_set(msg, ERR_INVALID, "the message has no template_id");
    buf_addstr(out, v->sms->template_id);
    return ERR_OK;
}

static enum err write_variables(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    add_variables_json(out, v->sms);
    return ERR_OK;
}

static enum err write_variable(const struct template_values *v, struct str name, struct buf *out, struct errmsg *msg)
{
    struct str wanted = {name.p + sizeof VAR - 1, name.n - (sizeof VAR - 1)};
    for (unsigned i = 0; i < v->sms->n_variables; i++)
        if (str_eq(v->sms->variables[i].name, wanted)) {
            buf_addstr(out, v->sms->variables[i].value);
            return ERR_OK;
        }
    return err_set(msg, ERR_INVALID, "the message has no variable \"%.*s\"", (int)wanted.n, wanted.p);
}

/* --- variables --- */

#define NOTICE(member) false, offsetof(struct notice, member), NULL
#define SMS(member) true, offsetof(struct sms, member), NULL

static const struct template_variable variables[] = {
    {"id", VALUE_TEXT, NOTICE(id)},
    {"type", VALUE_TEXT, NOTICE(type)},
    {"time", VALUE_TEXT, NOTICE(time)},
    {"seq", VALUE_NUMBER, NOTICE(seq)},
    {"prev", VALUE_NUMBER, NOTICE(prev)},
    {"subject", VALUE_TEXT, NOTICE(subject)},
    {"data", VALUE_JSON, NOTICE(data)},
    {"simulated", VALUE_FLAG, NOTICE(simulated)},
    {"replay", VALUE_FLAG, NOTICE(replay)},
    {"gap", VALUE_FLAG, NOTICE(gap)},
    {"timestamp", VALUE_NUMBER, false, 0, write_timestamp},
    {"username", VALUE_TEXT, false, 0, write_username},
    {"secret", VALUE_TEXT, false, 0, write_secret},
    {"phone", VALUE_TEXT, SMS(phone)},
    {"phone_national", VALUE_TEXT, true, 0, write_national},
    {"text", VALUE_TEXT, SMS(text)},
    {"signed_text", VALUE_TEXT, true, 0, write_signed},
    {"signature", VALUE_TEXT, SMS(signature)},
    {"template_id", VALUE_TEXT, true, 0, write_template_id},
    {"variables", VALUE_JSON, true, 0, write_variables},
    {VAR "*", VALUE_TEXT, true, 0, write_variable},
};

enum err template_variable_write(const struct template_variable *t, const struct template_values *v, struct str name,
                                 struct buf *out, struct errmsg *msg)
{
    if (t->write)
        return t->write(v, name, out, msg);
    const void *member = (t->message ? (const char *)v->sms : (const char *)v->notice) + t->at;
    switch (t->kind) {
    case VALUE_NUMBER: buf_add_u64(out, *(const uint64_t *)member); break;
    case VALUE_FLAG: buf_adds(out, *(const bool *)member ? "true" : "false"); break;
    case VALUE_TEXT:
    case VALUE_JSON: buf_addstr(out, *(const struct str *)member); break;
    }
    return ERR_OK;
}

static bool name_fits(struct str name, const char *pattern)
{
    size_t n = strlen(pattern) - 1;
    if (pattern[n] != '*')
        return str_is(name, pattern);
    return name.n > n && memcmp(name.p, pattern, n) == 0;
}

const struct template_variable *template_variable_find(struct str name)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        if (name_fits(name, variables[i].name))
            return &variables[i];
    return NULL;
}

/* --- escapes --- */

static enum err refuse(struct str name, const char *place, struct errmsg *msg)
{
    return err_set(msg, ERR_INVALID, "the value of {{%.*s}} has a control character in it, which cannot stand in %s",
                   (int)name.n, name.p, place);
}

static enum err escape_percent(struct str value, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    add_percent(out, value);
    return ERR_OK;
}

static enum err add_plain(struct str value, struct str name, const char *place, struct buf *out, struct errmsg *msg)
{
    for (size_t i = 0, n; i < value.n; i += n) {
        n = utf8_length(value.p + i, value.p + value.n);
        if (n == 0 || utf8_is_control(value.p + i, n))
            return refuse(name, place, msg);
    }
    buf_addstr(out, value);
    return ERR_OK;
}

static enum err escape_header(struct str value, struct str name, struct buf *out, struct errmsg *msg)
{
    return add_plain(value, name, "a header", out, msg);
}

static enum err escape_text(struct str value, struct str name, struct buf *out, struct errmsg *msg)
{
    return add_plain(value, name, "plain text", out, msg);
}

/* The quotes are the template's. */
static enum err escape_json(struct str value, struct str name, struct buf *out, struct errmsg *msg)
{
    (void)name, (void)msg;
    struct buf quoted = BUF_INIT;
    buf_add_json(&quoted, (struct str){value.p ? value.p : "", value.n});
    buf_add(out, quoted.p + 1, quoted.n - 2);
    buf_done(&quoted);
    return ERR_OK;
}

/* What stands in XML for a character; NULL: itself. Line ends would be normalised, so they are references. */
static const char *xml_reference(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t': return "&#9;";
    case '\n': return "&#10;";
    case '\r': return "&#13;";
    default: return NULL;
    }
}

static enum err escape_xml(struct str value, struct str name, struct buf *out, struct errmsg *msg)
{
    for (size_t i = 0; i < value.n; i++) {
        const char *reference = xml_reference(value.p[i]);
        if (reference)
            buf_adds(out, reference);
        else if ((unsigned char)value.p[i] < 0x20)
            return refuse(name, "XML", msg); /* not even as a reference */
        else
            buf_addc(out, value.p[i]);
    }
    return ERR_OK;
}

enum err template_escape(enum template_place place, struct str value, struct str name, struct buf *out,
                         struct errmsg *msg)
{
    static enum err (*const escapes[])(struct str, struct str, struct buf *, struct errmsg *) = {
        [PLACE_URL] = escape_percent,  [PLACE_HEADER] = escape_header, [PLACE_JSON] = escape_json,
        [PLACE_FORM] = escape_percent, [PLACE_XML] = escape_xml,       [PLACE_TEXT] = escape_text,
    };
    return escapes[place](value, name, out, msg);
}
