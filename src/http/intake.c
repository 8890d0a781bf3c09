#include "http/intake.h"

#include <stdio.h>
#include <strings.h>

#include "adapter/sign.h"

/* --- the key --- */

/* Up to the closing quote, which must be the end; quotes and backslashes stand behind a backslash. */
static const char *unquote(const char *p, char out[IDEMPOTENCY_KEY_MAX + 1], unsigned *n)
{
    for (; *p && *p != '"' && *n <= IDEMPOTENCY_KEY_MAX; p++) {
        if (*p == '\\' && *++p != '"' && *p != '\\')
            return NULL;
        out[(*n)++] = *p;
    }
    return *p == '"' ? p + 1 : NULL;
}

bool idempotency_key_parse(const char *value, char out[IDEMPOTENCY_KEY_MAX], unsigned *n)
{
    char text[IDEMPOTENCY_KEY_MAX + 1];
    unsigned length = 0;
    const char *p = value;
    if (*p == '"')
        p = unquote(p + 1, text, &length);
    else
        for (; *p && length <= IDEMPOTENCY_KEY_MAX; p++)
            text[length++] = *p;
    if (!p || *p || length == 0 || length > IDEMPOTENCY_KEY_MAX)
        return false;
    for (unsigned i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    memcpy(out, text, length);
    *n = length;
    return true;
}

struct key_headers {
    unsigned n;
    const char *value;
};

static enum MHD_Result find_key(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct key_headers *found = arg;
    (void)kind;
    if (strcasecmp(name, IDEMPOTENCY_KEY) == 0) {
        found->n++;
        found->value = value ? value : "";
    }
    return MHD_YES;
}

static bool read_key(struct exchange *x, struct intake *out)
{
    struct key_headers found = {0};
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, find_key, &found);
    if (found.n == 0 || (found.n == 1 && idempotency_key_parse(found.value, out->key, &out->key_n)))
        return true;
    exchange_problem(x, 400, IDEMPOTENCY_KEY, "expected one key of 1 to %d printable ASCII characters",
                     IDEMPOTENCY_KEY_MAX);
    return false;
}

bool intake_begin(struct exchange *x, struct intake *out)
{
    struct intake i = {.caller = x->caller};
    if (!read_key(x, &i))
        return false;
    i.tokens = x->tokens ? tokens_ref(x->tokens) : NULL;
    *out = i;
    return true;
}

void intake_done(struct intake *i)
{
    tokens_unref(i->tokens);
    *i = (struct intake){.tokens = NULL};
}

void intake_key(const struct intake *i, uint64_t line, struct str text, struct input_key *out)
{
    char name[CALLER_NAME + 1 + IDEMPOTENCY_KEY_MAX + 1 + 20 + 1];
    unsigned char hash[SHA256_BYTES];
    size_t n = strlen(i->caller.name) + 1;
    memcpy(name, i->caller.name, n);
    memcpy(name + n, i->key, i->key_n);
    n += i->key_n;
    name[n++] = '\0';
    n += (size_t)snprintf(name + n, sizeof name - n, "%llu", (unsigned long long)line);
    sha256((struct str){name, n}, hash);
    memcpy(out->key, hash, KEY_HASH);
    sha256(text, hash);
    memcpy(out->body, hash, KEY_HASH);
}

/* --- the caller --- */

const char *intake_forbids(const struct intake *i, const struct input *in, const char **why)
{
    static const struct text_list none = {.n = 0};
    if (i->caller.bring_all)
        return NULL;
    return channels_forbid(i->caller.bring ? &i->caller.token->channels : &none, in, why);
}
