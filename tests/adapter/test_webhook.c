/* The keys of webhooks and what they sign, against the vectors of Standard Webhooks and a plain verifier. */
#include "adapter/webhook.h"
#include "tests/adapter/calls.h"
#include "tests/adapter/webhook_verify.h"
#include "tests/lib/tap.h"

#define V1 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define V1_OTHER "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define V1A "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
#define V1A_SEED "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc="
#define V1A_PUBLIC "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="

#define V1_SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define V1A_SIGNATURE "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

static char file_name[] = "payroll.secret";

static struct endpoint endpoint_with(const char *const *secrets, unsigned n)
{
    static char *files[SECRETS_MAX] = {file_name, file_name, file_name, file_name};
    struct endpoint e = {.n_secrets = n, .secret_files = {files, n}};
    for (unsigned i = 0; i < n; i++)
        e.secrets[i] = (struct secret){(char *)(uintptr_t)secrets[i], strlen(secrets[i])};
    return e;
}

/* Signs the message of the vectors; c is cleared first. */
static bool sign_vector(const char *const *secrets, unsigned n, struct call *c)
{
    struct endpoint e = endpoint_with(secrets, n);
    struct webhook_keys *k;
    struct errmsg msg;
    call_clear(c);
    if (webhook_keys_new(&e, &k, &msg) != ERR_OK) {
        diag("%s", msg.text);
        return false;
    }
    BUF_LIT(&c->body, "{\"test\": 2432232314}");
    webhook_sign(k, STR_LIT("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330, c);
    webhook_keys_free(k);
    return true;
}

static void test_vectors(void)
{
    static const char *const v1[] = {V1}, *const v1a[] = {V1A}, *const seed[] = {V1A_SEED};
    struct call c = {0};
    ok(sign_vector(v1, 1, &c) && headers_well_formed(&c) && c.n_headers == 3, "three headers are added");
    is_str(header_of(&c, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek", "the id");
    is_str(header_of(&c, "webhook-timestamp"), "1614265330", "the timestamp");
    is_str(header_of(&c, "webhook-signature"), V1_SIGNATURE, "the vector of v1");
    ok(webhook_verifies(&c, V1, 0), "the plain verifier agrees");
    ok(sign_vector(v1a, 1, &c), "a private key with its public one is taken");
    is_str(header_of(&c, "webhook-signature"), V1A_SIGNATURE, "the vector of v1a");
    ok(webhook_verifies(&c, V1A_PUBLIC, 0), "the plain verifier agrees");
    ok(sign_vector(seed, 1, &c), "and so is the private one alone");
    is_str(header_of(&c, "webhook-signature"), V1A_SIGNATURE, "with the same signature");
    call_done(&c);
}

static void test_rotation(void)
{
    static const char *const secrets[] = {V1_OTHER, V1A, V1};
    struct call c = {0};
    ok(sign_vector(secrets, 3, &c), "three secrets sign side by side");
    is_int(webhook_signatures(&c), 3, "with a signature each");
    ok(webhook_verifies(&c, V1_OTHER, 0) && webhook_verifies(&c, V1A_PUBLIC, 1) && webhook_verifies(&c, V1, 2),
       "in the order of the secrets");
    ok(!webhook_verifies(&c, V1, 0) && !webhook_verifies(&c, V1_OTHER, 2), "each under its own key only");
    const char *text = header_of(&c, "webhook-signature");
    is_str(text + strlen(text) - strlen(V1_SIGNATURE), V1_SIGNATURE, "and each as if it were alone");
    ok(sign_vector(NULL, 0, &c) && c.n_headers == 0 && c.headers.n == 0, "no secret: no header");
    call_done(&c);
}

static void test_tampering(void)
{
    static const char *const secrets[] = {V1, V1A};
    struct call c = {0};
    sign_vector(secrets, 2, &c);
    c.body.p[3] ^= 1;
    ok(!webhook_verifies(&c, V1, 0) && !webhook_verifies(&c, V1A_PUBLIC, 1), "another body does not verify");
    c.body.p[3] ^= 1;
    char *time = (char *)(uintptr_t)header_of(&c, "webhook-timestamp");
    time[9]++;
    ok(!webhook_verifies(&c, V1, 0) && !webhook_verifies(&c, V1A_PUBLIC, 1), "nor does another timestamp");
    time[9]--;
    ok(webhook_verifies(&c, V1, 0) && webhook_verifies(&c, V1A_PUBLIC, 1), "what was sent does");
    call_done(&c);
}

static void test_key_sizes(void)
{
    static const struct {
        const char *secret;
        bool good;
        const char *what;
    } rows[] = {
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", true, "24 bytes"},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==", true,
         "64 bytes"},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", false, "23 bytes"},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=", false,
         "65 bytes"},
        {"whsec_", false, "nothing behind the prefix"},
        {"whsk_", false, "no private key"},
        {"whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", false, "a private key of 24 bytes"},
        {"whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==", false,
         "a public key that does not belong to the private one"},
        {V1A_PUBLIC, false, "a public key"},
        {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false, "no prefix"},
        {"WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false, "another prefix"},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", false, "base64 cut short"},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-", false, "the other base64"},
        {"whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaSw", false, "a blank inside"},
        {"", false, "an empty one"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint e = endpoint_with(&rows[i].secret, 1);
        struct webhook_keys *k = NULL;
        struct errmsg msg = {""};
        enum err err = webhook_keys_new(&e, &k, &msg);
        bool told = strstr(msg.text, "payroll.secret") != NULL;
        const char *shown = strlen(rows[i].secret) > 12 ? strstr(msg.text, rows[i].secret + 8) : NULL;
        if (rows[i].good)
            ok(err == ERR_OK && k, "taken: %s", rows[i].what);
        else
            ok(err == ERR_INVALID && !k && told && !shown, "refused with the file's name, not the secret: %s",
               rows[i].what);
        webhook_keys_free(k);
    }
    static const char *const second[] = {V1, "whsec_short"};
    struct endpoint e = endpoint_with(second, 2);
    struct webhook_keys *k = NULL;
    struct errmsg msg;
    ok(webhook_keys_new(&e, &k, &msg) == ERR_INVALID && !k, "one bad secret among good ones is refused");
    e.secret_files.n = 0;
    ok(webhook_keys_new(&e, &k, &msg) == ERR_INVALID && strstr(msg.text, "secret_file \"?\""),
       "also one that came from no file");
    static const char *const many[] = {V1, V1, V1, V1};
    e = endpoint_with(many, SECRETS_MAX);
    e.n_secrets++;
    is_int(webhook_keys_new(&e, &k, &msg), ERR_OK, "no more keys are made than there is room for");
    webhook_keys_free(k);
}

static void test_ids(void)
{
    ok(webhook_id_valid(STR_LIT("8f3a_0_17")) && webhook_id_valid(STR_LIT("Az09_-")),
       "ids of letters, digits, _ and - are valid");
    static const char bad[] = {'.', ' ', '\r', '\n', '\0', ':', '@', '[', '`', '{', '/', '\t', '\x7f', '\xc3'};
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof bad; i++) {
        char id[] = "8f3a_0_17";
        id[4] = bad[i];
        wrong += webhook_id_valid((struct str){id, sizeof id - 1});
    }
    is_int(wrong, 0, "none with a dot, a blank, a line break or anything else");
    ok(!webhook_id_valid(STR_LIT("")) && !webhook_id_valid(STR_NONE), "nor an empty one");
}

static void test_urls(void)
{
    static const struct {
        const char *url;
        bool good;
    } rows[] = {
        {"http://a", true},          {"https://payroll.example/hooks?x=1", true}, {"HTTPS://payroll.example", true},
        {"http://[2001:db8::1]:8080/", true}, {"ftp://payroll.example/", false},  {"payroll.example/hooks", false},
        {"", false},                 {"https://", false},                         {"https:///hooks", false},
        {"https://?x", false},       {"http://a/b c", false},                     {"http://a/\r\nx: y", false},
        {"redis://a:6379", false},   {"unix:/run/x", false},                      {"http:/a", false},
        {"http://a/\x7f", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint e = {.url = (char *)(uintptr_t)rows[i].url};
        struct errmsg msg = {""};
        enum err err = webhook_check_url(&e, &msg);
        ok(rows[i].good ? err == ERR_OK : err == ERR_INVALID && msg.text[0], "url of form %zu is %s", i + 1,
           rows[i].good ? "taken" : "refused");
    }
}

int main(void)
{
    plan(0);
    test_vectors();
    test_rotation();
    test_tampering();
    test_key_sizes();
    test_ids();
    test_urls();
    webhook_keys_free(NULL);
    return tap_end();
}
