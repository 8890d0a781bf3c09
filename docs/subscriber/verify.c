/* Verifies a webhook of lifecertd by its v1 signature (HMAC-SHA256). As a program:
 *
 *     WEBHOOK_SECRET=whsec_... verify ID TIMESTAMP SIGNATURES [NOW] <BODY
 *
 * The three are the headers webhook-id, webhook-timestamp and webhook-signature. It exits 0 when the request is
 * genuine, and 1 when it is not. NOW takes the place of the clock, in seconds since 1970.
 *
 *     cc -O2 -Wall -o verify verify.c -lcrypto
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOLERANCE 300 /* seconds that a request may be away from now */
#define SECRET_PREFIX "whsec_"
#define KEY_MIN 24
#define KEY_MAX 64
#define KEY_BASE64_MAX 88 /* characters */
#define BODY_MAX (1 << 20)

/* The bytes of a secret, of which there are 24 to 64; 0: it is malformed. Base64 has one spelling alone for them. */
static size_t secret_key(const char *secret, unsigned char key[KEY_BASE64_MAX])
{
    unsigned char again[KEY_BASE64_MAX + 1];
    const char *text = secret + strlen(SECRET_PREFIX);
    if (strncmp(secret, SECRET_PREFIX, strlen(SECRET_PREFIX)) != 0)
        return 0;
    size_t length = strlen(text);
    if (length == 0 || length % 4 != 0 || length > KEY_BASE64_MAX)
        return 0;
    int n = EVP_DecodeBlock(key, (const unsigned char *)text, (int)length);
    n -= (text[length - 1] == '=') + (text[length - 2] == '=');
    if (n < KEY_MIN || n > KEY_MAX)
        return 0;
    EVP_EncodeBlock(again, key, n);
    return strcmp((const char *)again, text) == 0 ? (size_t)n : 0;
}

static bool made_of(const char *text, const char *characters)
{
    return text[0] && text[strspn(text, characters)] == '\0';
}

static bool well_formed(const char *id, const char *timestamp)
{
    return made_of(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") &&
           made_of(timestamp, "0123456789") && strlen(timestamp) <= 12;
}

/* "v1," and base64: what the sender must have written, for it knows the key. */
static bool expected_entry(const unsigned char *key, size_t key_size, const char *id, const char *timestamp,
                           const void *body, size_t body_size, char entry[64])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_size = 0;
    size_t head = strlen(id) + strlen(timestamp) + 2;
    unsigned char *text = malloc(head + body_size + 1);
    if (!text)
        return false;
    snprintf((char *)text, head + 1, "%s.%s.", id, timestamp);
    if (body_size > 0)
        memcpy(text + head, body, body_size);
    bool good = HMAC(EVP_sha256(), key, (int)key_size, text, head + body_size, mac, &mac_size) != NULL;
    free(text);
    if (!good)
        return false;
    memcpy(entry, "v1,", 3);
    EVP_EncodeBlock((unsigned char *)entry + 3, mac, (int)mac_size);
    return true;
}

/* Is it one of those between the blanks? How long that takes says nothing of where they differ. */
static bool has_entry(const char *signatures, const char *entry)
{
    size_t n = strlen(entry);
    bool found = false;
    for (const char *p = signatures; p; p = strchr(p, ' ')) {
        p += *p == ' ';
        if (strcspn(p, " ") == n && CRYPTO_memcmp(p, entry, n) == 0)
            found = true;
    }
    return found;
}

/* Is this request from whoever has the secret, and of this time? body: as it came, before anything has parsed it. */
static bool webhook_verify(const char *secret, const char *id, const char *timestamp, const char *signatures,
                           const void *body, size_t body_size, time_t now)
{
    unsigned char key[KEY_BASE64_MAX];
    char entry[64];
    size_t key_size = secret_key(secret, key);
    if (key_size == 0 || !well_formed(id, timestamp))
        return false;
    long long age = (long long)now - strtoll(timestamp, NULL, 10);
    if (age > TOLERANCE || age < -TOLERANCE)
        return false;
    bool good = expected_entry(key, key_size, id, timestamp, body, body_size, entry) && has_entry(signatures, entry);
    OPENSSL_cleanse(key, sizeof key);
    return good;
}

int main(int argc, char **argv)
{
    static unsigned char body[BODY_MAX];
    const char *secret = getenv("WEBHOOK_SECRET");
    if (argc < 4 || argc > 5 || !secret) {
        fprintf(stderr, "usage: WEBHOOK_SECRET=whsec_... verify ID TIMESTAMP SIGNATURES [NOW] <BODY\n");
        return 2;
    }
    time_t now = argc == 5 ? (time_t)strtoll(argv[4], NULL, 10) : time(NULL);
    size_t size = fread(body, 1, sizeof body, stdin);
    if (ferror(stdin) || !feof(stdin)) {
        fprintf(stderr, "verify: no body, or one of more than %d bytes\n", BODY_MAX - 1);
        return 2;
    }
    return webhook_verify(secret, argv[1], argv[2], argv[3], body, size, now) ? 0 : 1;
}
