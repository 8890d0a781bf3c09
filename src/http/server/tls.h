/* What a listener needs for TLS: a certificate with its key, and whose clients' certificates are taken. Immutable and
 * counted, on the loop's thread. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>

#include "base/err.h"

struct gnutls_session_int;

struct tls {
    unsigned refs;
    char *certificate; /* PEM, the server's first */
    char *key;         /* PEM; overwritten when freed */
    char *client_ca;   /* PEM; NULL: clients need no certificate */
};

/* TLS 1.2 and 1.3, with ciphers of no less than 128 bits. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Checks that they belong together, and copies them. ERR_INVALID: *msg says which is at fault. */
enum err tls_new(const char *certificate, const char *key, const char *client_ca, struct tls **out,
                 struct errmsg *msg) ERR_MUSTCHECK;
struct tls *tls_ref(struct tls *t);
void tls_unref(struct tls *t); /* NULL is fine */
bool tls_same(const struct tls *a, const struct tls *b);

/* Before the handshake: without a certificate for clients that client_ca signed it fails. */
void tls_demand_certificate(struct gnutls_session_int *session);

#endif
