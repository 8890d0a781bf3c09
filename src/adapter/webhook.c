#include "adapter/webhook.h"

#include <stdlib.h>
#include <strings.h>

#include "adapter/sign.h"

#define HMAC_KEY_MIN 24
#define HMAC_KEY_MAX 64

/* hmac or ed25519, the other is NULL. */
struct webhook_key {
    struct hmac *hmac;
    struct ed25519 *ed25519;
};

struct webhook_keys {
    struct webhook_key v[SECRETS_MAX];
    unsigned n;
    struct buf message; /* what is signed, in one piece, as Ed25519 wants it */
};

enum err webhook_check_url(const struct endpoint *e, struct errmsg *msg)
{
    const char *host = NULL;
    if (strncasecmp(e->url, "http://", 7) == 0)
        host = e->url + 7;
    else if (strncasecmp(e->url, "https://", 8) == 0)
        host = e->url + 8;
    if (!host || strcspn(host, "/?#") == 0)
        return err_set(msg, ERR_INVALID, "url: expected http:// or https:// and a host");
    for (const char *p = host; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return err_set(msg, ERR_INVALID, "url: blanks and control characters must be percent-encoded");
    return ERR_OK;
}

/* --- keys from secrets --- */

/* What is wrong with the bytes of a secret, or NULL when they made a key. */
typedef const char *make_key_fn(struct str bytes, struct webhook_key *out);

static const char *make_hmac(struct str bytes, struct webhook_key *out)
{
    if (bytes.n < HMAC_KEY_MIN || bytes.n > HMAC_KEY_MAX)
        return "the key behind \"whsec_\" must have 24 to 64 bytes";
    out->hmac = hmac_new(bytes.p, bytes.n);
    return NULL;
}

static const char *make_ed25519(struct str bytes, struct webhook_key *out)
{
    if (bytes.n != ED25519_SEED_BYTES && bytes.n != ED25519_SEED_BYTES + ED25519_PUBLIC_BYTES)
        return "the key behind \"whsk_\" must have 32 bytes, or 64 with the public key";
    struct ed25519 *k = ed25519_new((const unsigned char *)bytes.p);
    unsigned char public[ED25519_PUBLIC_BYTES];
    ed25519_public(k, public);
    if (bytes.n > ED25519_SEED_BYTES && memcmp(bytes.p + ED25519_SEED_BYTES, public, sizeof public) != 0) {
        ed25519_free(k);
        return "the public key does not belong to the private one";
    }
    out->ed25519 = k;
    return NULL;
}

static const char *refuse_public(struct str bytes, struct webhook_key *out)
{
    (void)bytes, (void)out;
    return "this is the public key, which receivers have: expected the private one, \"whsk_\"";
}

static const struct secret_form {
    struct str prefix;
    make_key_fn *make;
} secret_forms[] = {
    {{"whsec_", 6}, make_hmac},
    {{"whsk_", 5}, make_ed25519},
    {{"whpk_", 5}, refuse_public},
};

static const struct secret_form *form_of(struct str secret)
{
    for (size_t i = 0; i < sizeof secret_forms / sizeof *secret_forms; i++) {
        struct str prefix = secret_forms[i].prefix;
        if (secret.n >= prefix.n && memcmp(secret.p, prefix.p, prefix.n) == 0)
            return &secret_forms[i];
    }
    return NULL;
}

static const char *make_key(struct str secret, struct webhook_key *out)
{
    const struct secret_form *form = form_of(secret);
    if (!form)
        return "expected \"whsec_\" or \"whsk_\" and a key in base64";
    struct buf bytes = BUF_INIT;
    struct str text = {secret.p + form->prefix.n, secret.n - form->prefix.n};
    const char *fault = "what stands behind the prefix is not base64";
    if (base64_decode(text, &bytes))
        fault = form->make(buf_str(&bytes), out);
    secret_buf_done(&bytes);
    return fault;
}

enum err webhook_keys_new(const struct endpoint *e, struct webhook_keys **out, struct errmsg *msg)
{
    struct webhook_keys *k = mem_zalloc(1, sizeof *k);
    for (; k->n < e->n_secrets && k->n < SECRETS_MAX; k->n++) {
        const struct secret *s = &e->secrets[k->n];
        const char *fault = make_key((struct str){s->p, s->n}, &k->v[k->n]);
        if (fault) {
            const char *file = k->n < e->secret_files.n ? e->secret_files.v[k->n] : "?";
            err_set(msg, ERR_INVALID, "secret_file \"%s\": %s", file, fault);
            webhook_keys_free(k);
            return ERR_INVALID;
        }
    }
    *out = k;
    return ERR_OK;
}

void webhook_keys_free(struct webhook_keys *k)
{
    if (!k)
        return;
    for (unsigned i = 0; i < k->n; i++) {
        hmac_free(k->v[i].hmac);
        ed25519_free(k->v[i].ed25519);
    }
    buf_done(&k->message);
    free(k);
}

/* --- signing --- */

bool webhook_id_valid(struct str id)
{
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return id.n > 0;
}

static void add_signature(const struct webhook_key *k, struct str message, struct buf *b)
{
    unsigned char mac[SHA256_BYTES], signature[ED25519_SIGNATURE_BYTES];
    if (k->hmac) {
        hmac_sign(k->hmac, message, mac);
        BUF_LIT(b, "v1,");
        add_base64(b, mac, sizeof mac);
    } else {
        ed25519_sign(k->ed25519, message, signature);
        BUF_LIT(b, "v1a,");
        add_base64(b, signature, sizeof signature);
    }
}

static void add_signatures(struct webhook_keys *k, struct str id, int64_t now, struct call *out)
{
    buf_clear(&k->message);
    buf_addstr(&k->message, id);
    buf_addc(&k->message, '.');
    buf_add_i64(&k->message, now);
    buf_addc(&k->message, '.');
    buf_addstr(&k->message, buf_str(&out->body));
    BUF_LIT(&out->headers, "webhook-signature:");
    for (unsigned i = 0; i < k->n; i++) {
        buf_addc(&out->headers, ' ');
        add_signature(&k->v[i], buf_str(&k->message), &out->headers);
    }
    buf_addc(&out->headers, '\0');
}

void webhook_sign(struct webhook_keys *k, struct str id, int64_t now, struct call *out)
{
    if (k->n == 0)
        return;
    struct buf *b = &out->headers;
    BUF_LIT(b, "webhook-id: ");
    buf_addstr(b, id);
    BUF_LIT(b, "\0webhook-timestamp: ");
    buf_add_i64(b, now);
    buf_addc(b, '\0');
    add_signatures(k, id, now, out);
    out->n_headers += 3;
}
