/* Hashes, signatures and their spellings, against published vectors and libcrypto's own one-shot functions. */
#include <openssl/hmac.h>
#include <stdlib.h>

#include "adapter/sign.h"
#include "tests/lib/tap.h"

static const char *hex_of(const void *p, size_t n)
{
    static char text[2 * ED25519_SIGNATURE_BYTES + 1];
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[((const unsigned char *)p)[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[((const unsigned char *)p)[i] & 15];
    }
    text[2 * n] = '\0';
    return text;
}

static void from_hex(const char *hex, unsigned char *out)
{
    for (; *hex; hex += 2) {
        char pair[3] = {hex[0], hex[1], '\0'};
        *out++ = (unsigned char)strtoul(pair, NULL, 16);
    }
}

/* FIPS 180-4's examples */
static void test_sha256(void)
{
    unsigned char out[SHA256_BYTES];
    sha256(STR_LIT(""), out);
    is_str(hex_of(out, sizeof out), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
           "SHA-256 of nothing");
    sha256(STR_LIT("abc"), out);
    is_str(hex_of(out, sizeof out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
           "SHA-256 of abc");
}

/* RFC 4231 */
static void test_hmac(void)
{
    unsigned char out[SHA256_BYTES], key[131];
    memset(key, 0x0b, 20);
    hmac_sha256(key, 20, STR_LIT("Hi There"), out);
    is_str(hex_of(out, sizeof out), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
           "HMAC: a key of 20 bytes");
    hmac_sha256("Jefe", 4, STR_LIT("what do ya want for nothing?"), out);
    is_str(hex_of(out, sizeof out), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
           "HMAC: a key of four");
    memset(key, 0xaa, sizeof key);
    hmac_sha256(key, sizeof key, STR_LIT("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    is_str(hex_of(out, sizeof out), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
           "HMAC: a key longer than a block");
    hmac_sha256(NULL, 0, STR_LIT(""), out);
    is_str(hex_of(out, sizeof out), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
           "HMAC: neither key nor message");
}

/* A kept context, used over and over and beside another one, says what a fresh one does. */
static void test_kept_hmac(void)
{
    struct rng r = rng_seed(1);
    unsigned char keys[2][100], data[600], out[SHA256_BYTES], want[SHA256_BYTES];
    unsigned wrong = 0;
    for (int round = 0; round < 50; round++) {
        size_t n[2] = {1 + rng_below(&r, 100), 1 + rng_below(&r, 100)};
        struct hmac *h[2];
        for (int k = 0; k < 2; k++) {
            for (size_t i = 0; i < n[k]; i++)
                keys[k][i] = (unsigned char)rng_next(&r);
            h[k] = hmac_new(keys[k], n[k]);
        }
        for (int i = 0; i < 20; i++) {
            size_t length = rng_below(&r, sizeof data + 1);
            memset(data, (int)rng_below(&r, 256), sizeof data);
            int k = (int)rng_below(&r, 2);
            hmac_sign(h[k], (struct str){(char *)data, length}, out);
            HMAC(EVP_sha256(), keys[k], (int)n[k], data, length, want, NULL);
            wrong += memcmp(out, want, sizeof out) != 0;
        }
        hmac_free(h[0]);
        hmac_free(h[1]);
    }
    is_int(wrong, 0, "a kept key signs a thousand messages as a fresh one does");
    hmac_free(NULL);
}

/* RFC 8032, 7.1 */
static void test_ed25519(void)
{
    static const struct {
        const char *seed, *public, *message, *signature;
    } tests[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
         "be24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "\x72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb430"
         "2aeeb00d291612bb0c00"},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        unsigned char seed[ED25519_SEED_BYTES], public[ED25519_PUBLIC_BYTES], signature[ED25519_SIGNATURE_BYTES];
        from_hex(tests[i].seed, seed);
        struct ed25519 *k = ed25519_new(seed);
        ed25519_public(k, public);
        is_str(hex_of(public, sizeof public), tests[i].public, "Ed25519: public key %zu", i + 1);
        ed25519_sign(k, str_of(tests[i].message), signature);
        is_str(hex_of(signature, sizeof signature), tests[i].signature, "Ed25519: signature %zu", i + 1);
        ed25519_sign(k, STR_LIT("something else"), signature);
        ed25519_sign(k, str_of(tests[i].message), signature);
        is_str(hex_of(signature, sizeof signature), tests[i].signature, "Ed25519: the same after another one");
        ed25519_free(k);
    }
    ed25519_free(NULL);
}

/* RFC 4648, 10 */
static void test_base64(void)
{
    static const char *const pairs[][2] = {
        {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        buf_clear(&b);
        add_base64(&b, pairs[i][0], strlen(pairs[i][0]));
        ok(str_is(buf_str(&b), pairs[i][1]), "\"%s\" in base64", pairs[i][0]);
        buf_clear(&b);
        ok(base64_decode(str_of(pairs[i][1]), &b) && str_is(buf_str(&b), pairs[i][0]), "and back");
    }
    static const char *const bad[] = {"Zg",      "Zg=",   "Zh==",     "Zm9=",  "Zg==\n",   "\nZg==", " Zg==", "Zg== ",
                                      "Zg==Zg==", "====", "Z===",     "=Zm9",  "Zm=v",     "Zm9v====", "Zm9v=", "-_-_",
                                      "Zm9v\n",  "Zm9vZ", "Zm 9v  ==", "\"Zm9", "Zm9\xc3", "Zm9v,"};
    buf_clear(&b);
    BUF_LIT(&b, "kept");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!base64_decode(str_of(bad[i]), &b) && str_is(buf_str(&b), "kept"), "refused: base64 of form %zu", i + 1);
    ok(!base64_decode((struct str){"Zm\0v", 4}, &b), "refused: a NUL");
    ok(base64_decode(STR_LIT("Zm9v"), &b) && str_is(buf_str(&b), "keptfoo"), "bytes are appended");
    secret_buf_done(&b);
    ok(b.p == NULL && b.cap == 0, "a secret's buffer is given back");
    secret_buf_done(&b);
}

static void test_any_bytes(void)
{
    struct rng r = rng_seed(2);
    struct buf text = BUF_INIT, back = BUF_INIT;
    unsigned char bytes[100];
    unsigned wrong = 0;
    for (int i = 0; i < 1000; i++) {
        size_t n = rng_below(&r, sizeof bytes);
        for (size_t k = 0; k < n; k++)
            bytes[k] = (unsigned char)rng_next(&r);
        buf_clear(&text);
        buf_clear(&back);
        add_base64(&text, bytes, n);
        wrong += !base64_decode(buf_str(&text), &back) || back.n != n || (n && memcmp(back.p, bytes, n) != 0);
    }
    is_int(wrong, 0, "a thousand random runs of bytes go into base64 and back");
    buf_done(&text);
    buf_done(&back);
}

static void test_words(void)
{
    struct buf b = BUF_INIT;
    add_hex(&b, "\x00\x0f\xa0\xff", 4);
    ok(str_is(buf_str(&b), "000fa0ff"), "hex is lower-case, two digits a byte");
    buf_done(&b);
    ok(secret_eq(STR_LIT("abc"), STR_LIT("abc")), "equal secrets are equal");
    ok(!secret_eq(STR_LIT("abc"), STR_LIT("abd")) && !secret_eq(STR_LIT("abc"), STR_LIT("xbc")), "others are not");
    ok(!secret_eq(STR_LIT("abc"), STR_LIT("abcd")) && !secret_eq(STR_LIT("abcd"), STR_LIT("abc")),
       "nor are those of another length");
    ok(!secret_eq(STR_NONE, STR_NONE) && !secret_eq(STR_NONE, STR_LIT("")) && !secret_eq(STR_LIT(""), STR_NONE),
       "no secret equals none");
    ok(secret_eq(STR_LIT(""), STR_LIT("")), "two empty ones are equal");
}

int main(void)
{
    plan(0);
    test_sha256();
    test_hmac();
    test_kept_hmac();
    test_ed25519();
    test_base64();
    test_any_bytes();
    test_words();
    return tap_end();
}
