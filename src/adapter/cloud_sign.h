/* Request signatures of the cloud gateways. Both hash the same canonical form of a request: method, path "/", query,
 * headers, their names, SHA-256 of the body. */
#ifndef ADAPTER_CLOUD_SIGN_H
#define ADAPTER_CLOUD_SIGN_H

#include "adapter/sign.h"
#include "base/err.h"

#define SHA256_HEX (2 * SHA256_BYTES)

void sha256_hex(struct str data, char out[SHA256_HEX + 1]);

struct cloud_header {
    const char *name; /* lower-case */
    struct str value;
};

/* A request as it is signed. All borrowed. */
struct cloud_request {
    const char *method;
    struct str query;                   /* as sent: names ascending, percent-encoded; "" */
    const struct cloud_header *headers; /* names ascending */
    unsigned n_headers;
    struct str body;
};

struct cloud_key {
    struct str id, secret;
};

void cloud_canonical_hash(const struct cloud_request *r, char out[SHA256_HEX + 1]);
/* The signature alone, in hex. */
void acs3_signature(const struct cloud_request *r, struct str secret, char out[SHA256_HEX + 1]);
/* service: "sms"; now: Unix seconds, which must also be what the request's header says. */
void tc3_signature(const struct cloud_request *r, const char *service, int64_t now, struct str secret,
                   char out[SHA256_HEX + 1]);
/* Appends the value of the header Authorization. */
void add_acs3_authorization(struct buf *b, const struct cloud_request *r, const struct cloud_key *key);
void add_tc3_authorization(struct buf *b, const struct cloud_request *r, const char *service, int64_t now,
                           const struct cloud_key *key);

/* Where a gateway is: both take requests at the root of a host only. Owned. */
struct cloud_host {
    struct buf url;  /* "https://HOST[:PORT]/" */
    struct buf name; /* the header Host as it will be sent, which is signed: lower-case, without a default port */
};

/* ERR_INVALID, without naming the endpoint, when url has anything behind its host. *out is untouched then. */
enum err cloud_host_init(struct cloud_host *out, const char *url, struct errmsg *msg) ERR_MUSTCHECK;
void cloud_host_done(struct cloud_host *h);

#endif
