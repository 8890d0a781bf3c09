/* Signatures, hashes and their spellings: what adapters sign requests with. Memory that runs out ends the process, as
 * everywhere; nothing else here can fail on valid arguments. */
#ifndef ADAPTER_SIGN_H
#define ADAPTER_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SHA256_BYTES 32
#define ED25519_SEED_BYTES 32
#define ED25519_PUBLIC_BYTES 32
#define ED25519_SIGNATURE_BYTES 64

/* --- SHA-256 and HMAC-SHA256 in one call --- */

void sha256(struct str data, unsigned char out[SHA256_BYTES]);
void hmac_sha256(const void *key, size_t key_n, struct str data, unsigned char out[SHA256_BYTES]);

/* --- HMAC-SHA256 with one key, many times: a third of the time of hmac_sha256(); for one thread at a time --- */

struct hmac;

struct hmac *hmac_new(const void *key, size_t n); /* the key is copied */
void hmac_free(struct hmac *h);                   /* NULL is fine */
void hmac_sign(struct hmac *h, struct str data, unsigned char out[SHA256_BYTES]);

/* --- Ed25519 --- */

struct ed25519;

struct ed25519 *ed25519_new(const unsigned char seed[ED25519_SEED_BYTES]);
void ed25519_free(struct ed25519 *k); /* NULL is fine */
void ed25519_public(const struct ed25519 *k, unsigned char out[ED25519_PUBLIC_BYTES]);
void ed25519_sign(struct ed25519 *k, struct str data, unsigned char out[ED25519_SIGNATURE_BYTES]);

/* --- spellings --- */

/* Standard base64 with padding. */
void add_base64(struct buf *b, const void *p, size_t n);
/* Exactly what add_base64() writes for some bytes. false, and nothing appended, when it is anything else. */
bool base64_decode(struct str text, struct buf *out);
void add_hex(struct buf *b, const void *p, size_t n); /* lower-case */
/* Takes as long wherever they differ; that the lengths do is no secret. */
bool secret_eq(struct str a, struct str b);
/* Overwrites what was secret, up to its capacity, and gives the memory back. */
void secret_buf_done(struct buf *b);

#endif
