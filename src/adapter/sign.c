#include "adapter/sign.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

struct hmac {
    EVP_MAC_CTX *context;
};

struct ed25519 {
    EVP_PKEY *key;
    EVP_MD_CTX *context;
};

/* On valid arguments these functions fail for want of memory alone. */
static void must(int good)
{
    if (good != 1)
        mem_none("cannot sign");
}

void sha256(struct str data, unsigned char out[SHA256_BYTES])
{
    must(EVP_Digest(data.p, data.n, out, NULL, EVP_sha256(), NULL));
}

void hmac_sha256(const void *key, size_t key_n, struct str data, unsigned char out[SHA256_BYTES])
{
    struct hmac *h = hmac_new(key, key_n);
    hmac_sign(h, data, out);
    hmac_free(h);
}

struct hmac *hmac_new(const void *key, size_t n)
{
    struct hmac *h = mem_alloc(sizeof *h);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    must(mac != NULL);
    h->context = EVP_MAC_CTX_new(mac);
    must(h->context != NULL);
    EVP_MAC_free(mac); /* the context has a reference of its own */
    char digest[] = OSSL_DIGEST_NAME_SHA2_256;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    must(EVP_MAC_init(h->context, n ? key : "", n, params)); /* NULL would mean: the key that it has */
    return h;
}

void hmac_free(struct hmac *h)
{
    if (!h)
        return;
    EVP_MAC_CTX_free(h->context);
    free(h);
}

void hmac_sign(struct hmac *h, struct str data, unsigned char out[SHA256_BYTES])
{
    size_t n;
    must(EVP_MAC_init(h->context, NULL, 0, NULL)); /* the same key again: it was hashed when it was set */
    if (data.n)
        must(EVP_MAC_update(h->context, (const unsigned char *)data.p, data.n));
    must(EVP_MAC_final(h->context, out, &n, SHA256_BYTES) && n == SHA256_BYTES);
}

struct ed25519 *ed25519_new(const unsigned char seed[ED25519_SEED_BYTES])
{
    struct ed25519 *k = mem_alloc(sizeof *k);
    k->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_SEED_BYTES);
    k->context = EVP_MD_CTX_new();
    must(k->key != NULL && k->context != NULL);
    return k;
}

void ed25519_free(struct ed25519 *k)
{
    if (!k)
        return;
    EVP_MD_CTX_free(k->context);
    EVP_PKEY_free(k->key);
    free(k);
}

void ed25519_public(const struct ed25519 *k, unsigned char out[ED25519_PUBLIC_BYTES])
{
    size_t n = ED25519_PUBLIC_BYTES;
    must(EVP_PKEY_get_raw_public_key(k->key, out, &n) && n == ED25519_PUBLIC_BYTES);
}

void ed25519_sign(struct ed25519 *k, struct str data, unsigned char out[ED25519_SIGNATURE_BYTES])
{
    size_t n = ED25519_SIGNATURE_BYTES;
    must(EVP_MD_CTX_reset(k->context));
    must(EVP_DigestSignInit(k->context, NULL, NULL, NULL, k->key));
    must(EVP_DigestSign(k->context, out, &n, (const unsigned char *)data.p, data.n) && n == ED25519_SIGNATURE_BYTES);
}

void add_base64(struct buf *b, const void *p, size_t n)
{
    char *room = buf_room(b, (n + 2) / 3 * 4 + 1); /* and the terminator that it writes */
    b->n += (size_t)EVP_EncodeBlock((unsigned char *)room, p, (int)n);
}

/* The bytes that libcrypto makes of the text, which lets more pass than we do; SIZE_MAX: none. */
static size_t decode_loosely(struct str text, unsigned char *out)
{
    int n = EVP_DecodeBlock(out, (const unsigned char *)text.p, (int)text.n);
    if (n < 0)
        return SIZE_MAX;
    /* It counts what padding stands for. */
    size_t padding = 0;
    while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=')
        padding++;
    return (size_t)n >= padding ? (size_t)n - padding : SIZE_MAX;
}

bool base64_decode(struct str text, struct buf *out)
{
    if (text.n % 4)
        return false;
    unsigned char *room = (unsigned char *)buf_room(out, text.n / 4 * 3 + 1);
    size_t n = decode_loosely(text, room);
    if (n == SIZE_MAX)
        return false;
    struct buf again = BUF_INIT;
    add_base64(&again, room, n);
    bool same = secret_eq(buf_str(&again), text);
    secret_buf_done(&again);
    if (same)
        out->n += n;
    return same;
}

void add_hex(struct buf *b, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    char *to = buf_room(b, 2 * n);
    for (size_t i = 0; i < n; i++) {
        *to++ = "0123456789abcdef"[bytes[i] >> 4];
        *to++ = "0123456789abcdef"[bytes[i] & 15];
    }
    b->n += 2 * n;
}

bool secret_eq(struct str a, struct str b)
{
    return a.p && b.p && a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

void secret_buf_done(struct buf *b)
{
    if (b->p)
        OPENSSL_cleanse(b->p, b->cap);
    buf_done(b);
}
