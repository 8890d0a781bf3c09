#include "tests/receiver/verifier.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>

#define SIGNATURE_MAX 64 /* bytes: Ed25519's; an HMAC has 32 */

struct verifier {
    EVP_MAC *hmac;
    EVP_MAC_CTX *secrets[VERIFIER_KEYS_MAX];
    EVP_PKEY *keys[VERIFIER_KEYS_MAX];
    unsigned n_secrets, n_keys;
    EVP_MD_CTX *digest;
    struct buf signed_bytes;
};

struct verifier *verifier_new(void)
{
    struct verifier *v = mem_zalloc(1, sizeof *v);
    v->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    v->digest = EVP_MD_CTX_new();
    return v;
}

void verifier_free(struct verifier *v)
{
    if (!v)
        return;
    for (unsigned i = 0; i < v->n_secrets; i++)
        EVP_MAC_CTX_free(v->secrets[i]);
    for (unsigned i = 0; i < v->n_keys; i++)
        EVP_PKEY_free(v->keys[i]);
    EVP_MD_CTX_free(v->digest);
    EVP_MAC_free(v->hmac);
    buf_done(&v->signed_bytes);
    free(v);
}

/* --- keys --- */

/* Standard base64 with its padding; -1: it is none, or has more than max bytes. */
static int decode_base64(struct str text, unsigned char *out, size_t max)
{
    unsigned char block[3 * 64];
    if (text.n == 0 || text.n % 4 != 0 || text.n / 4 * 3 > sizeof block)
        return -1;
    int n = EVP_DecodeBlock(block, (const unsigned char *)text.p, (int)text.n);
    n -= text.p[text.n - 1] == '=';
    n -= text.p[text.n - 2] == '=';
    if (n < 0 || (size_t)n > max)
        return -1;
    memcpy(out, block, (size_t)n);
    return n;
}

static bool add_secret(struct verifier *v, struct str text)
{
    unsigned char key[128];
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    int n = decode_base64(text, key, sizeof key);
    if (n <= 0 || v->n_secrets == VERIFIER_KEYS_MAX)
        return false;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(v->hmac);
    v->secrets[v->n_secrets++] = ctx;
    return EVP_MAC_init(ctx, key, (size_t)n, params) == 1;
}

static bool add_public_key(struct verifier *v, struct str text)
{
    unsigned char key[32];
    if (decode_base64(text, key, sizeof key) != (int)sizeof key || v->n_keys == VERIFIER_KEYS_MAX)
        return false;
    v->keys[v->n_keys] = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
    return v->keys[v->n_keys] && ++v->n_keys;
}

enum err verifier_add(struct verifier *v, const char *file, struct errmsg *msg)
{
    char line[512];
    FILE *f = fopen(file, "re");
    if (!f || !fgets(line, sizeof line, f)) {
        if (f)
            fclose(f);
        return err_set(msg, ERR_IO, "%s: no key can be read", file);
    }
    fclose(f);
    line[strcspn(line, " \t\r\n")] = '\0';
    if (strncmp(line, "whsec_", 6) == 0 && add_secret(v, str_of(line + 6)))
        return ERR_OK;
    if (strncmp(line, "whpk_", 5) == 0 && add_public_key(v, str_of(line + 5)))
        return ERR_OK;
    return err_set(msg, ERR_INVALID, "%s: not whsec_ or whpk_ and a key in base64, or one too many", file);
}

/* --- checking --- */

static bool good_hmac(struct verifier *v, const unsigned char *signature, int n)
{
    unsigned char mac[32];
    size_t size;
    for (unsigned i = 0; n == (int)sizeof mac && i < v->n_secrets; i++) {
        /* No key: the one that it has. */
        if (EVP_MAC_init(v->secrets[i], NULL, 0, NULL) == 1 &&
            EVP_MAC_update(v->secrets[i], (unsigned char *)v->signed_bytes.p, v->signed_bytes.n) == 1 &&
            EVP_MAC_final(v->secrets[i], mac, &size, sizeof mac) == 1 && CRYPTO_memcmp(mac, signature, sizeof mac) == 0)
            return true;
    }
    return false;
}

static bool good_ed25519(struct verifier *v, const unsigned char *signature, int n)
{
    for (unsigned i = 0; n == SIGNATURE_MAX && i < v->n_keys; i++) {
        EVP_MD_CTX_reset(v->digest);
        if (EVP_DigestVerifyInit(v->digest, NULL, NULL, NULL, v->keys[i]) == 1 &&
            EVP_DigestVerify(v->digest, signature, (size_t)n, (unsigned char *)v->signed_bytes.p, v->signed_bytes.n) ==
                1)
            return true;
    }
    return false;
}

/* "v1,BASE64" */
static enum verified check_entry(struct verifier *v, struct str entry)
{
    unsigned char signature[SIGNATURE_MAX];
    const char *comma = memchr(entry.p, ',', entry.n);
    if (!comma)
        return VERIFIED_BAD;
    struct str version = {entry.p, (size_t)(comma - entry.p)};
    int n = decode_base64((struct str){comma + 1, entry.n - version.n - 1}, signature, sizeof signature);
    if (str_is(version, "v1") && good_hmac(v, signature, n))
        return VERIFIED_V1;
    if (str_is(version, "v1a") && good_ed25519(v, signature, n))
        return VERIFIED_V1A;
    return VERIFIED_BAD;
}

static enum verified check_entries(struct verifier *v, struct str list)
{
    enum verified result = VERIFIED_BAD;
    const char *p = list.p, *end = p + list.n;
    while (p < end && result == VERIFIED_BAD) {
        const char *space = memchr(p, ' ', (size_t)(end - p)), *stop = space ? space : end;
        result = check_entry(v, (struct str){p, (size_t)(stop - p)});
        p = space ? space + 1 : end;
    }
    return result;
}

static bool near_enough(struct str timestamp, int64_t now, int64_t tolerance)
{
    int64_t t = 0;
    if (timestamp.n == 0 || timestamp.n > 12)
        return false;
    for (size_t i = 0; i < timestamp.n; i++) {
        if (timestamp.p[i] < '0' || timestamp.p[i] > '9')
            return false;
        t = t * 10 + (timestamp.p[i] - '0');
    }
    return tolerance == 0 || (t >= now - tolerance && t <= now + tolerance);
}

enum verified verifier_check(struct verifier *v, const struct request *q, int64_t now, int64_t tolerance)
{
    if (v->n_secrets + v->n_keys == 0)
        return VERIFIED_NOT_ASKED;
    struct str id = http_header(q, "webhook-id"), timestamp = http_header(q, "webhook-timestamp");
    struct str list = http_header(q, "webhook-signature");
    if (!id.p || !timestamp.p || !list.p)
        return VERIFIED_BAD;
    buf_clear(&v->signed_bytes);
    buf_addstr(&v->signed_bytes, id);
    buf_addc(&v->signed_bytes, '.');
    buf_addstr(&v->signed_bytes, timestamp);
    buf_addc(&v->signed_bytes, '.');
    buf_addstr(&v->signed_bytes, q->body);
    enum verified result = check_entries(v, list);
    if (result != VERIFIED_BAD && !near_enough(timestamp, now, tolerance))
        return VERIFIED_STALE;
    return result;
}
