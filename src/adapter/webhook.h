/* What the webhook adapters share: the keys of an endpoint, and the three headers of Standard Webhooks 1.0.0 that they
 * sign a request with. */
#ifndef ADAPTER_WEBHOOK_H
#define ADAPTER_WEBHOOK_H

#include "adapter/adapter.h"

/* A header of constant text, "Name: value", with its terminator. */
#define HEADER_LIT(c, line) (buf_add(&(c)->headers, "" line, sizeof line), (c)->n_headers++)

struct webhook_keys;

/* The url is http:// or https:// with a host: ERR_INVALID with a sentence. */
enum err webhook_check_url(const struct endpoint *e, struct errmsg *msg) ERR_MUSTCHECK;

/* One key for each loaded secret, in their order: "whsec_" and base64 of 24 to 64 bytes signs v1 (HMAC-SHA256);
 * "whsk_" and base64 of an Ed25519 seed of 32 bytes, with or without its public key behind it, signs v1a. ERR_INVALID:
 * msg names the file and says what is wrong, without what is in it. */
enum err webhook_keys_new(const struct endpoint *e, struct webhook_keys **out, struct errmsg *msg) ERR_MUSTCHECK;
void webhook_keys_free(struct webhook_keys *k); /* NULL is fine */

/* Letters, digits, '-' and '_' alone: what can stand in a header, and between the dots of what is signed. */
bool webhook_id_valid(struct str id);

/* Adds webhook-id, webhook-timestamp and webhook-signature, with a signature of each key over the body as it stands in
 * out; nothing when there is no key. The id must be valid. */
void webhook_sign(struct webhook_keys *k, struct str id, int64_t now, struct call *out);

#endif
