/* lifecertctl token new: makes a bearer token, and the section by which the daemon knows it. */
#include "ctl/options.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <sys/random.h>

#include "config/schema.h"

#define RANDOM_BYTES 32
#define PREFIX "lct_" /* so that whoever finds one lying about, or a scanner for secrets, knows what it is */
#define HASH_BYTES 32

struct new_token {
    char text[sizeof PREFIX + 4 * ((RANDOM_BYTES + 2) / 3)];
    char sha256[2 * HASH_BYTES + 1];
    const char *name;
    struct option_texts roles;
};

/* base64url without padding (RFC 4648, section 5). */
static void add_base64url(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = (held << 8 | bytes[i]) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6)
            *out++ = digits[held >> (bits - 6) & 63];
    }
    if (bits)
        *out++ = digits[held << (6 - bits) & 63];
    *out = '\0';
}

static bool hash(const char *text, char out[2 * HASH_BYTES + 1])
{
    unsigned char bytes[HASH_BYTES];
    if (EVP_Digest(text, strlen(text), bytes, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static int make(struct new_token *t)
{
    unsigned char bytes[RANDOM_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return fail(EXIT_UNREADABLE, "no random bytes to be had: %m");
    strcpy(t->text, PREFIX);
    add_base64url(bytes, sizeof bytes, t->text + strlen(PREFIX));
    explicit_bzero(bytes, sizeof bytes);
    if (!hash(t->text, t->sha256))
        return fail(EXIT_UNREADABLE, "SHA-256 is not to be had");
    return EXIT_DONE;
}

/* --- printing --- */

static void add_section(struct buf *b, const struct new_token *t)
{
    buf_printf(b, "token \"%s\" {\n    sha256 = \"%s\"\n    roles = { ", t->name, t->sha256);
    for (unsigned i = 0; i < t->roles.n; i++)
        buf_printf(b, "%s\"%s\"", i ? ", " : "", t->roles.v[i]);
    buf_adds(b, " }\n}\n");
}

static void add_member(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, "%s\"%s\":", b->n ? "," : "{", name);
    buf_add_json(b, value);
}

static void add_json(struct buf *b, const struct new_token *t, const struct buf *section)
{
    add_member(b, "name", str_of(t->name));
    add_member(b, "token", str_of(t->text));
    add_member(b, "sha256", str_of(t->sha256));
    BUF_LIT(b, ",\"roles\":[");
    for (unsigned i = 0; i < t->roles.n; i++) {
        if (i)
            buf_addc(b, ',');
        buf_add_json(b, str_of(t->roles.v[i]));
    }
    buf_addc(b, ']');
    add_member(b, "section", buf_str(section));
    BUF_LIT(b, "}\n");
}

static void print(const struct new_token *t, bool json)
{
    struct buf section = BUF_INIT, out = BUF_INIT;
    add_section(&section, t);
    if (json)
        add_json(&out, t, &section);
    else
        buf_printf(&out, "%s\n\n%.*s", t->text, (int)section.n, section.p);
    fwrite(out.p, 1, out.n, stdout);
    explicit_bzero(out.p, out.n);
    buf_done(&out);
    buf_done(&section);
}

/* --- the command --- */

/* What the configuration would say to it, but for channels, which it alone knows. */
static bool role_good(const char *role)
{
    static const char intake[] = "intake:";
    size_t n = sizeof intake - 1;
    if (strcmp(role, "read") == 0 || strcmp(role, "operate") == 0)
        return true;
    return strncmp(role, intake, n) == 0 && (strcmp(role + n, "*") == 0 || section_name_valid(role + n));
}

static int check(const struct new_token *t)
{
    if (!section_name_valid(t->name))
        return fail(EXIT_MISUSE, "--name \"%s\": expected " SECTION_NAME_EXPECTED, t->name);
    for (unsigned i = 0; i < t->roles.n; i++) {
        if (!role_good(t->roles.v[i]))
            return fail(EXIT_MISUSE, "--role \"%s\": expected intake:CHANNEL, intake:*, read or operate",
                        t->roles.v[i]);
        for (unsigned k = 0; k < i; k++)
            if (strcmp(t->roles.v[i], t->roles.v[k]) == 0)
                return fail(EXIT_MISUSE, "--role %s is given twice", t->roles.v[i]);
    }
    return EXIT_DONE;
}

int cmd_token_new(struct ctl *ctl, int argc, char **argv)
{
    struct new_token t = {.name = "client"};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "name", "NAME", "what the log calls its bearer (default client)", &t.name},
        {OPTION_TEXTS, 0, "role", "ROLE", "intake:CHANNEL, intake:*, read or operate; may be repeated (default read)",
         &t.roles},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (t.roles.n == 0)
        t.roles.v[t.roles.n++] = "read";
    status = check(&t);
    if (status == EXIT_DONE)
        status = make(&t);
    if (status != EXIT_DONE)
        return status;
    print(&t, ctl->json);
    explicit_bzero(t.text, sizeof t.text);
    say("next: put the section into the configuration and reload the daemon (SIGHUP); give its bearer the token, in a "
        "file that others cannot read. It is shown this once");
    return EXIT_DONE;
}
