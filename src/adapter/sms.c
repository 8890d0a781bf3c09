#include "adapter/sms.h"

#include "codec/utf8.h"

#define VARIABLE_CHARACTERS 35 /* the most that a cloud gateway takes in one */
#define CODE_SHOWN 64          /* bytes of a gateway's code in a verdict */

/* --- settings --- */

enum err require_key(const char *value, const char *key, const char *what, struct errmsg *msg)
{
    return value && value[0] ? ERR_OK : err_set(msg, ERR_INVALID, "%s is missing: %s", key, what);
}

enum err require_secret(const struct endpoint *e, struct errmsg *msg)
{
    if (e->n_secrets > 0 && e->secrets[0].p)
        return ERR_OK;
    return err_set(msg, ERR_INVALID, "no secret is loaded: %s needs one", adapter_kind_text(e->adapter));
}

struct str first_secret(const struct endpoint *e)
{
    return e->n_secrets ? (struct str){e->secrets[0].p, e->secrets[0].n} : STR_NONE;
}

/* --- the message --- */

struct str phone_national(struct str phone)
{
    size_t prefix = phone.n > 3 && memcmp(phone.p, "+86", 3) == 0 ? 3 : phone.n > 0 && phone.p[0] == '+' ? 1 : 0;
    return (struct str){phone.p + prefix, phone.n - prefix};
}

void add_signed_text(struct buf *b, const struct sms *m)
{
    if (m->signature.n) {
        BUF_LIT(b, "【");
        buf_addstr(b, m->signature);
        BUF_LIT(b, "】");
    }
    buf_addstr(b, m->text);
}

void add_variables_json(struct buf *b, const struct sms *m)
{
    buf_addc(b, '{');
    for (unsigned i = 0; i < m->n_variables; i++) {
        if (i)
            buf_addc(b, ',');
        buf_add_json(b, m->variables[i].name);
        buf_addc(b, ':');
        buf_add_json(b, m->variables[i].value);
    }
    buf_addc(b, '}');
}

/* Characters of UTF-8; a byte that is none counts as one. */
static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0, length; i < s.n; i += length ? length : 1, n++)
        length = utf8_length(s.p + i, s.p + s.n);
    return n;
}

enum err check_variables(const struct sms *m, struct errmsg *msg)
{
    for (unsigned i = 0; i < m->n_variables; i++) {
        const struct sms_variable *v = &m->variables[i];
        size_t n = characters(v->value);
        if (n < 1 || n > VARIABLE_CHARACTERS)
            return err_set(msg, ERR_INVALID, "variable %.*s has %zu characters, the gateway takes 1 to %d",
                           (int)v->name.n, v->name.p, n, VARIABLE_CHARACTERS);
    }
    return ERR_OK;
}

/* --- judging --- */

static bool code_fits(struct str code, const char *pattern)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*')
        return code.n >= n - 1 && memcmp(code.p, pattern, n - 1) == 0;
    return str_is(code, pattern);
}

static const struct gateway_code *find_code(struct str code, const struct gateway_code *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (code_fits(code, codes[i].code))
            return &codes[i];
    return NULL;
}

/* A code comes from outside and goes into logs: what no code is made of is blotted out, digits too, for they might be a
 * phone's. */
static void show_code(struct str code, char out[CODE_SHOWN + 1])
{
    size_t n = code.n < CODE_SHOWN ? code.n : CODE_SHOWN;
    for (size_t i = 0; i < n; i++) {
        char c = code.p[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        out[i] = letter || c == '.' || c == '_' ? c : '?';
    }
    out[n] = '\0';
}

static bool spare_us(int status)
{
    return status == 429 || status == 503;
}

void judge_code(const struct answer *a, struct str code, const struct gateway_code *codes, size_t n,
                struct verdict *out)
{
    if (!code.n) {
        judge_message_status(a, out);
        return;
    }
    const struct gateway_code *row = find_code(code, codes, n);
    enum outcome o = row ? row->outcome : spare_us(a->status) ? OUTCOME_THROTTLED : OUTCOME_FAILED;
    if (o == OUTCOME_DELIVERED && !(a->status >= 200 && a->status <= 299))
        o = OUTCOME_UNKNOWN; /* the status contradicts the code */
    char shown[CODE_SHOWN + 1];
    show_code(code, shown);
    bool again = o == OUTCOME_RETRY || o == OUTCOME_THROTTLED;
    verdict_set(out, o, again ? a->retry_after : -1, "status %d, code %s", a->status, shown);
}

void judge_message_status(const struct answer *a, struct verdict *out)
{
    if (a->status >= 200 && a->status <= 299)
        verdict_set(out, OUTCOME_UNKNOWN, -1, "status %d, but the answer does not say whether it was taken", a->status);
    else if (spare_us(a->status))
        verdict_set(out, OUTCOME_THROTTLED, a->retry_after, "status %d", a->status);
    else
        verdict_set(out, OUTCOME_FAILED, -1, "status %d", a->status);
}

bool is_token(struct str s, size_t max)
{
    if (!s.n || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

void verdict_ref(struct verdict *v, struct str ref)
{
    if (!is_token(ref, GATEWAY_REF))
        ref.n = 0;
    if (ref.n)
        memcpy(v->ref, ref.p, ref.n);
    v->ref[ref.n] = '\0';
}
