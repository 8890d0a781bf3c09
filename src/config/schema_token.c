#include "config/schema_token.h"

#include <string.h>

#include "config/token.h"
#include "config/value.h"

#define HASH_EXPECTED "64 hex digits, the SHA-256 of a token (\"lifecertctl token new\" makes both)"
#define ROLE_EXPECTED "\"intake:CHANNEL\", \"intake:*\", \"read\" or \"operate\", each once"

/* ---- values ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hash(const char *value, unsigned char out[TOKEN_HASH_BYTES])
{
    if (strlen(value) != 2 * TOKEN_HASH_BYTES)
        return false;
    for (size_t i = 0; i < TOKEN_HASH_BYTES; i++) {
        int high = hex_value(value[2 * i]), low = hex_value(value[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* Two names for one token: which of them would it be? */
static bool value_hash(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    unsigned char hash[TOKEN_HASH_BYTES];
    if (!read_hash(value, hash))
        return false;
    for (unsigned i = 0; i < c->tokens->n; i++) {
        const struct token *other = &c->tokens->v[i];
        if (other != section && memcmp(other->sha256, hash, sizeof hash) == 0) {
            err_set(why, ERR_EXISTS, "token \"%s\" has the same", other->name);
            return false;
        }
    }
    memcpy(value_member(k, section), hash, sizeof hash);
    return true;
}

static bool set_once(bool *flag)
{
    bool was = *flag;
    *flag = true;
    return !was;
}

static bool add_channel(struct token *t, const struct config *c, const char *channel, struct errmsg *why)
{
    if (config_channel(c, str_of(channel)) < 0) {
        err_set(why, ERR_ABSENT, "there is no section channel \"%.64s\"", channel);
        return false;
    }
    if (token_certifies(t, str_of(channel)))
        return false;
    text_list_add(&t->channels, channel);
    return true;
}

bool value_token_role(const struct key *k, struct config *c, void *section, const char *value, struct errmsg *why)
{
    static const char intake[] = "intake:";
    struct token *t = section;
    (void)k;
    if (strcmp(value, "read") == 0)
        return set_once(&t->read);
    if (strcmp(value, "operate") == 0)
        return set_once(&t->operate);
    if (strcmp(value, "intake:*") == 0)
        return set_once(&t->intake_all);
    return strncmp(value, intake, strlen(intake)) == 0 && add_channel(t, c, value + strlen(intake), why);
}

/* ---- keys ---- */

#define TOKEN(member) offsetof(struct token, member)

const struct key token_keys[] = {
    /* Who pastes the token itself here must not find it in the log. */
    {.name = "sha256", .parse = value_hash, .offset = TOKEN(sha256), .conceals = true, .expected = HASH_EXPECTED,
     .help = "What the token is known by."},
    {.name = "roles", .parse = value_token_role, .list = true, .min = 1, .max = TOKEN_ROLES_MAX,
     .expected = ROLE_EXPECTED,
     .help = "What its bearer may do: certify over one channel, bring every input, read, operate (and read)."},
    {.name = "rate", .parse = value_rate, .offset = TOKEN(rate),
     .expected = "a number from 1 to 1000000 with /s, /min or /h, such as \"100/s\"",
     .help = "How many requests it may make at most; without it, any number."},
};
_Static_assert(sizeof token_keys / sizeof *token_keys == TOKEN_KEYS, "TOKEN_KEYS is what it says");

void token_check(struct loader *l, const struct statement *s, const struct instance *in)
{
    static const char *const needed[] = {"sha256", "roles"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        struct errmsg what;
        if (instance_set(in, needed[i]))
            continue;
        err_set(&what, ERR_ABSENT, "no %s", needed[i]);
        loader_fault(l, s, in, what.text, schema_key(in->schema, needed[i])->expected);
    }
}
