#include "http/server/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

static enum err check_pair(gnutls_certificate_credentials_t c, const char *certificate, const char *key,
                           struct errmsg *msg)
{
    gnutls_datum_t chain = datum(certificate), secret = datum(key);
    int failed = gnutls_certificate_set_x509_key_mem(c, &chain, &secret, GNUTLS_X509_FMT_PEM);
    if (failed < 0)
        return err_set(msg, ERR_INVALID, "the certificate and its key: expected a PEM certificate and its own key (%s)",
                       gnutls_strerror(failed));
    return ERR_OK;
}

static enum err check_ca(gnutls_certificate_credentials_t c, const char *client_ca, struct errmsg *msg)
{
    gnutls_datum_t ca = datum(client_ca);
    int n = gnutls_certificate_set_x509_trust_mem(c, &ca, GNUTLS_X509_FMT_PEM);
    if (n <= 0)
        return err_set(msg, ERR_INVALID, "the authority of clients: expected PEM certificates (%s)",
                       n < 0 ? gnutls_strerror(n) : "none in it");
    return ERR_OK;
}

static enum err check(const char *certificate, const char *key, const char *client_ca, struct errmsg *msg)
{
    gnutls_certificate_credentials_t c;
    if (gnutls_certificate_allocate_credentials(&c) != GNUTLS_E_SUCCESS)
        mem_none("cannot check a certificate");
    enum err e = check_pair(c, certificate, key, msg);
    if (e == ERR_OK && client_ca)
        e = check_ca(c, client_ca, msg);
    gnutls_certificate_free_credentials(c);
    return e;
}

enum err tls_new(const char *certificate, const char *key, const char *client_ca, struct tls **out,
                 struct errmsg *msg)
{
    enum err e = check(certificate, key, client_ca, msg);
    if (e != ERR_OK)
        return e;
    struct tls *t = mem_alloc(sizeof *t);
    *t = (struct tls){1, mem_strdup(certificate), mem_strdup(key), client_ca ? mem_strdup(client_ca) : NULL};
    *out = t;
    return ERR_OK;
}

struct tls *tls_ref(struct tls *t)
{
    t->refs++;
    return t;
}

void tls_unref(struct tls *t)
{
    if (!t || --t->refs > 0)
        return;
    explicit_bzero(t->key, strlen(t->key));
    free(t->certificate);
    free(t->key);
    free(t->client_ca);
    free(t);
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool tls_same(const struct tls *a, const struct tls *b)
{
    return same(a->certificate, b->certificate) && same(a->key, b->key) && same(a->client_ca, b->client_ca);
}

void tls_demand_certificate(struct gnutls_session_int *session)
{
    /* The library keeps pointers to these, and changes nothing there. */
    static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    static gnutls_typed_vdata_st for_clients = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose};
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_cert2(session, &for_clients, 1, 0);
}
