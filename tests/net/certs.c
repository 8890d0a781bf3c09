#include "tests/net/certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "tests/lib/tap.h"

#define DAY 86400L

struct pair {
    EVP_PKEY *key;
    X509 *cert;
};

static void extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    if (!e || X509_add_ext(cert, e, -1) != 1)
        bail_out("a certificate cannot say %s", value);
    X509_EXTENSION_free(e);
}

/* issuer NULL: signs itself, and is a CA. names NULL: none. Good from a day before until days from now. */
static struct pair make(const char *name, const char *names, long days, const struct pair *issuer)
{
    static long serial;
    struct pair p = {EVP_EC_gen("P-256"), X509_new()};
    if (!p.key || !p.cert)
        bail_out("no key to be had");
    X509_set_version(p.cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(p.cert), (days < 0 ? days - 1 : -1) * DAY);
    X509_gmtime_adj(X509_getm_notAfter(p.cert), days * DAY);
    X509_set_pubkey(p.cert, p.key);
    X509_NAME *subject = X509_get_subject_name(p.cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(p.cert, issuer ? X509_get_subject_name(issuer->cert) : subject);
    extend(p.cert, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (names)
        extend(p.cert, NID_subject_alt_name, names);
    if (X509_sign(p.cert, issuer ? issuer->key : p.key, EVP_sha256()) == 0)
        bail_out("a certificate cannot be signed");
    return p;
}

static void save(char out[256], const char *name, const struct pair *p, bool with_key)
{
    snprintf(out, 256, "%s/%s.pem", tap_tmpdir(), name);
    FILE *f = fopen(out, "we");
    if (!f || PEM_write_X509(f, p->cert) != 1 ||
        (with_key && PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL) != 1) || fclose(f) != 0)
        bail_out("%s cannot be written", out);
}

static void drop(struct pair *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
}

void certs_make(struct certs *out)
{
    struct pair ca = make("a CA", NULL, 2, NULL), other = make("another CA", NULL, 2, NULL);
    struct pair server = make("server", "DNS:localhost,IP:127.0.0.1", 2, &ca);
    struct pair stranger = make("stranger", "DNS:receiver.example", 2, &ca);
    struct pair expired = make("expired", "DNS:localhost", -1, &ca);
    struct pair client = make("client", NULL, 2, &other);
    save(out->ca, "ca", &ca, false);
    save(out->other_ca, "other", &other, false);
    save(out->server, "server", &server, true);
    save(out->stranger, "stranger", &stranger, true);
    save(out->expired, "expired", &expired, true);
    save(out->client, "client", &client, true);
    struct pair *all[] = {&ca, &other, &server, &stranger, &expired, &client};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        drop(all[i]);
}
