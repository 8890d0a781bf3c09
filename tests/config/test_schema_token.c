/* The section token: what it yields, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "tests/config/files.h"
#include "tests/lib/tap.h"

#define HASH "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* SHA-256 of "abc", FIPS 180-2 */
#define OTHER "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define CHANNELS A_POLICY "channel \"face\" { }\nchannel \"bank\" { }\n" /* lines 1 to 3 */
#define TOKEN(name, hash, rest) "token \"" name "\" { sha256 = \"" hash "\" " rest " }\n"
#define NEEDS_HASH "expected 64 hex digits, the SHA-256 of a token (\"lifecertctl token new\" makes both)"
#define NEEDS_ROLE "expected \"intake:CHANNEL\", \"intake:*\", \"read\" or \"operate\", each once"
#define NEEDS_RATE "expected a number from 1 to 1000000 with /s, /min or /h, such as \"100/s\"\n"
#define ROLES "roles = { \"read\" }"

static const struct {
    const char *what, *text, *faults;
} rows[] = {
    {"a hash that is too short", CHANNELS TOKEN("t", "ba7816", ROLES),
     "main.conf:4: token \"t\": sha256 = \"...\": " NEEDS_HASH "\n"},
    {"a hash with another letter", CHANNELS TOKEN("t", "g" OTHER, ROLES),
     "main.conf:4: token \"t\": sha256 = \"...\": " NEEDS_HASH "\n"},
    {"a token in place of its hash, which is not repeated", CHANNELS TOKEN("t", "lct_very-secret", ROLES),
     "main.conf:4: token \"t\": sha256 = \"...\": " NEEDS_HASH "\n"},
    {"a hash that another has", CHANNELS TOKEN("t", HASH, ROLES) TOKEN("u", HASH, ROLES),
     "main.conf:5: token \"u\": sha256 = \"...\": " NEEDS_HASH " (token \"t\" has the same)\n"},
    {"one name for two", CHANNELS TOKEN("t", HASH, ROLES) TOKEN("t", OTHER, ROLES),
     "main.conf:5: token \"t\": stands again: expected one section of that name (the first is at main.conf:4)\n"},
    {"no hash", CHANNELS "token \"t\" { " ROLES " }\n", "main.conf:4: token \"t\": no sha256: " NEEDS_HASH "\n"},
    {"no roles", CHANNELS TOKEN("t", HASH, ""), "main.conf:4: token \"t\": no roles: " NEEDS_ROLE "\n"},
    {"an empty list of roles", CHANNELS TOKEN("t", HASH, "roles = { }"),
     "main.conf:4: token \"t\": roles has 0 values: expected 1 to 64 of \"intake:CHANNEL\", \"intake:*\", \"read\" or "
     "\"operate\", each once\n"},
    {"an unknown role", CHANNELS TOKEN("t", HASH, "roles = { \"read\",\n\"admin\" }"),
     "main.conf:4: token \"t\": roles = \"admin\": " NEEDS_ROLE "\n"},
    {"a role in other letters", CHANNELS TOKEN("t", HASH, "roles = { \"Read\" }"),
     "main.conf:4: token \"t\": roles = \"Read\": " NEEDS_ROLE "\n"},
    {"a role named twice", CHANNELS TOKEN("t", HASH, "roles = { \"operate\", \"operate\" }"),
     "main.conf:4: token \"t\": roles = \"operate\": " NEEDS_ROLE "\n"},
    {"a channel named twice", CHANNELS TOKEN("t", HASH, "roles = { \"intake:face\", \"intake:face\" }"),
     "main.conf:4: token \"t\": roles = \"intake:face\": " NEEDS_ROLE "\n"},
    {"a channel without a section", CHANNELS TOKEN("t", HASH, "roles = { \"intake:fax\" }"),
     "main.conf:4: token \"t\": roles = \"intake:fax\": " NEEDS_ROLE " (there is no section channel \"fax\")\n"},
    {"intake of nothing", CHANNELS TOKEN("t", HASH, "roles = { \"intake:\" }"),
     "main.conf:4: token \"t\": roles = \"intake:\": " NEEDS_ROLE " (there is no section channel \"\")\n"},
    {"a rate without its time", CHANNELS TOKEN("t", HASH, ROLES " rate = 7"),
     "main.conf:4: token \"t\": rate = 7: " NEEDS_RATE},
    {"a rate of none", CHANNELS TOKEN("t", HASH, ROLES " rate = \"0/s\""),
     "main.conf:4: token \"t\": rate = \"0/s\": " NEEDS_RATE},
    {"an unknown key", CHANNELS TOKEN("t", HASH, ROLES " role = \"read\""),
     "main.conf:4: token \"t\": unknown key \"role\": expected sha256, roles, rate\n"},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static void test_kept(void)
{
    static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    struct config *c = load_text(
        TOKEN("one", HASH, "roles = { \"intake:bank\", \"read\", \"intake:face\" } rate = \"600/min\"")
            TOKEN("two", OTHER, "roles = \"operate\"") CHANNELS "token \"three\" { roles = \"intake:*\" sha256 = "
                                                                "\"0123456789abcdefABCDEF000000000000000000000000000000"
                                                                "000000000000\" }\n");
    const struct token *v = c->tokens->v;
    is_int(c->tokens->n, 3, "every section is a token, wherever channels stand");
    is_str(v[0].name, "one", "with its name");
    ok(memcmp(v[0].sha256, abc, sizeof abc) == 0, "its hash");
    ok(v[0].read && !v[0].operate && !v[0].intake_all, "its roles");
    is_int(v[0].channels.n, 2, "its channels");
    ok(token_certifies(&v[0], STR_LIT("bank")) && token_certifies(&v[0], STR_LIT("face")), "by their names");
    ok(v[0].rate.n == 600 && v[0].rate.seconds == 60, "and its rate");
    ok(!v[1].read && v[1].operate && !v[1].intake_all && v[1].channels.n == 0, "one role is just that");
    is_int(v[1].rate.n, 0, "there is no rate by default");
    ok(v[2].intake_all && v[2].channels.n == 0 && v[2].sha256[8] == 0xab && v[2].sha256[10] == 0xef,
       "hex digits may be large or small");
    config_free(c);
}

/* One more than there may be. */
static void test_bound(void)
{
    struct buf b = BUF_INIT;
    buf_adds(&b, A_POLICY);
    for (unsigned i = 0; i <= TOKENS_MAX; i++)
        buf_printf(&b, "token \"t%u\" { sha256 = \"%064x\" " ROLES " }\n", i, i + 1);
    is_fault(b.p, b.n, "main.conf:258: token \"t256\": too many: expected at most 256 sections token\n",
             "the 257th token");
    buf_done(&b);
}

int main(void)
{
    plan(N_ROWS + 10 + 1);
    for (size_t i = 0; i < N_ROWS; i++)
        is_fault(rows[i].text, strlen(rows[i].text), rows[i].faults, rows[i].what);
    test_kept();
    test_bound();
    return tap_end();
}
