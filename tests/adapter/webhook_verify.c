#include "tests/adapter/webhook_verify.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/adapter/calls.h"

/* The bytes of some base64, which is taken to be well-formed. */
static size_t bytes_of(const char *text, unsigned char *out)
{
    int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)strlen(text));
    for (size_t i = strlen(text); n > 0 && i > 0 && text[i - 1] == '='; i--)
        n--;
    return n < 0 ? 0 : (size_t)n;
}

static bool hmac_verifies(const char *key, const char *signature, const unsigned char *message, size_t n)
{
    unsigned char key_bytes[128], want[EVP_MAX_MD_SIZE], got[128];
    unsigned want_n;
    size_t key_n = bytes_of(key, key_bytes), got_n = bytes_of(signature, got);
    HMAC(EVP_sha256(), key_bytes, (int)key_n, message, n, want, &want_n);
    return got_n == want_n && memcmp(got, want, got_n) == 0;
}

static bool ed25519_verifies(const char *public, const char *signature, const unsigned char *message, size_t n)
{
    unsigned char key_bytes[128], got[128];
    size_t key_n = bytes_of(public, key_bytes), got_n = bytes_of(signature, got);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_bytes, key_n);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, got, got_n, message, n) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* The entry-th word of a list, owned; NULL: there are fewer. */
static char *word_of(const char *list, unsigned entry)
{
    for (; list && *list; entry--) {
        size_t n = strcspn(list, " ");
        if (entry == 0)
            return strndup(list, n);
        list += n + (list[n] == ' ');
    }
    return NULL;
}

unsigned webhook_signatures(const struct call *c)
{
    const char *list = header_of(c, "webhook-signature");
    unsigned n = list != NULL;
    for (; list && *list; list++)
        n += *list == ' ';
    return n;
}

bool webhook_verifies(const struct call *c, const char *secret, unsigned entry)
{
    const char *id = header_of(c, "webhook-id"), *time = header_of(c, "webhook-timestamp");
    char *word = word_of(header_of(c, "webhook-signature"), entry);
    if (!id || !time || !word) {
        free(word);
        return false;
    }
    size_t head = strlen(id) + strlen(time) + 2, n = head + c->body.n;
    unsigned char *message = malloc(n + 1);
    snprintf((char *)message, head + 1, "%s.%s.", id, time);
    memcpy(message + head, c->body.p, c->body.n);
    bool good = false;
    if (strncmp(secret, "whsec_", 6) == 0 && strncmp(word, "v1,", 3) == 0)
        good = hmac_verifies(secret + 6, word + 3, message, n);
    else if (strncmp(secret, "whpk_", 5) == 0 && strncmp(word, "v1a,", 4) == 0)
        good = ed25519_verifies(secret + 5, word + 4, message, n);
    free(message);
    free(word);
    return good;
}
