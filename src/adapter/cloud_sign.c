#include "adapter/cloud_sign.h"

#include "base/date.h"
#include "base/tz.h"

#define ACS3 "ACS3-HMAC-SHA256"
#define TC3 "TC3-HMAC-SHA256"
#define TC3_END "tc3_request"
#define DAY_BYTES 10 /* "2019-02-25" */

static void hex_of(const unsigned char hash[SHA256_BYTES], char out[SHA256_HEX + 1])
{
    for (int i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    out[SHA256_HEX] = '\0';
}

void sha256_hex(struct str data, char out[SHA256_HEX + 1])
{
    unsigned char hash[SHA256_BYTES];
    sha256(data, hash);
    hex_of(hash, out);
}

static void hmac_hex(const void *key, size_t n, struct str data, char out[SHA256_HEX + 1])
{
    unsigned char hash[SHA256_BYTES];
    hmac_sha256(key, n, data, hash);
    hex_of(hash, out);
}

/* --- the canonical request --- */

static void add_names(struct buf *b, const struct cloud_request *r)
{
    for (unsigned i = 0; i < r->n_headers; i++) {
        if (i)
            buf_addc(b, ';');
        buf_adds(b, r->headers[i].name);
    }
}

static void add_headers(struct buf *b, const struct cloud_request *r)
{
    for (unsigned i = 0; i < r->n_headers; i++) {
        buf_adds(b, r->headers[i].name);
        buf_addc(b, ':');
        buf_addstr(b, r->headers[i].value);
        buf_addc(b, '\n');
    }
}

void cloud_canonical_hash(const struct cloud_request *r, char out[SHA256_HEX + 1])
{
    char body[SHA256_HEX + 1];
    sha256_hex(r->body, body);
    struct buf b = BUF_INIT;
    buf_adds(&b, r->method);
    BUF_LIT(&b, "\n/\n");
    buf_addstr(&b, r->query);
    buf_addc(&b, '\n');
    add_headers(&b, r);
    buf_addc(&b, '\n');
    add_names(&b, r);
    buf_addc(&b, '\n');
    buf_adds(&b, body);
    sha256_hex(buf_str(&b), out);
    buf_done(&b);
}

/* --- ACS3-HMAC-SHA256 --- */

void acs3_signature(const struct cloud_request *r, struct str secret, char out[SHA256_HEX + 1])
{
    char hash[SHA256_HEX + 1];
    cloud_canonical_hash(r, hash);
    struct buf text = BUF_INIT;
    BUF_LIT(&text, ACS3 "\n");
    buf_adds(&text, hash);
    hmac_hex(secret.p, secret.n, buf_str(&text), out);
    buf_done(&text);
}

void add_acs3_authorization(struct buf *b, const struct cloud_request *r, const struct cloud_key *key)
{
    char signature[SHA256_HEX + 1];
    acs3_signature(r, key->secret, signature);
    BUF_LIT(b, ACS3 " Credential=");
    buf_addstr(b, key->id);
    BUF_LIT(b, ",SignedHeaders=");
    add_names(b, r);
    BUF_LIT(b, ",Signature=");
    buf_adds(b, signature);
}

/* --- TC3-HMAC-SHA256 --- */

/* The UTC day of now. */
static struct str day_of(int64_t now, char out[25])
{
    instant_format(now, 0, out);
    return (struct str){out, DAY_BYTES};
}

static void add_scope(struct buf *b, struct str day, const char *service)
{
    buf_addstr(b, day);
    buf_addc(b, '/');
    buf_adds(b, service);
    BUF_LIT(b, "/" TC3_END);
}

/* The key of one day and service. */
static void tc3_key(struct str secret, struct str day, const char *service, unsigned char out[SHA256_BYTES])
{
    unsigned char by_day[SHA256_BYTES], by_service[SHA256_BYTES];
    struct buf first = BUF_INIT;
    BUF_LIT(&first, "TC3");
    buf_addstr(&first, secret);
    hmac_sha256(first.p, first.n, day, by_day);
    hmac_sha256(by_day, sizeof by_day, str_of(service), by_service);
    hmac_sha256(by_service, sizeof by_service, STR_LIT(TC3_END), out);
    secret_buf_done(&first);
}

void tc3_signature(const struct cloud_request *r, const char *service, int64_t now, struct str secret,
                   char out[SHA256_HEX + 1])
{
    char hash[SHA256_HEX + 1], time[25];
    unsigned char key[SHA256_BYTES];
    struct str day = day_of(now, time);
    cloud_canonical_hash(r, hash);
    tc3_key(secret, day, service, key);
    struct buf text = BUF_INIT;
    BUF_LIT(&text, TC3 "\n");
    buf_add_i64(&text, now);
    buf_addc(&text, '\n');
    add_scope(&text, day, service);
    buf_addc(&text, '\n');
    buf_adds(&text, hash);
    hmac_hex(key, sizeof key, buf_str(&text), out);
    buf_done(&text);
}

void add_tc3_authorization(struct buf *b, const struct cloud_request *r, const char *service, int64_t now,
                           const struct cloud_key *key)
{
    char signature[SHA256_HEX + 1], time[25];
    tc3_signature(r, service, now, key->secret, signature);
    BUF_LIT(b, TC3 " Credential=");
    buf_addstr(b, key->id);
    buf_addc(b, '/');
    add_scope(b, day_of(now, time), service);
    BUF_LIT(b, ", SignedHeaders=");
    add_names(b, r);
    BUF_LIT(b, ", Signature=");
    buf_adds(b, signature);
}

/* --- where --- */

static struct str without_suffix(struct str s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0 ? (struct str){s.p, s.n - n} : s;
}

/* The configuration's reader has looked at the URL as such already: here it is about what stands behind the host. */
enum err cloud_host_init(struct cloud_host *out, const char *url, struct errmsg *msg)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    size_t scheme = tls ? 8 : 7;
    if (!tls && strncmp(url, "http://", 7) != 0)
        return err_set(msg, ERR_INVALID, "url must begin with https:// or http://");
    const char *from = url + scheme;
    size_t n = strcspn(from, "/?#@");
    if (n == 0 || (from[n] && strcmp(from + n, "/") != 0))
        return err_set(msg, ERR_INVALID, "url must name a host and no path, as in https://HOST/");
    struct str host = without_suffix((struct str){from, n}, tls ? ":443" : ":80");
    *out = (struct cloud_host){BUF_INIT, BUF_INIT};
    for (size_t i = 0; i < host.n; i++)
        buf_addc(&out->name, host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] | 0x20) : host.p[i]);
    buf_add(&out->url, url, scheme);
    buf_addstr(&out->url, buf_str(&out->name));
    buf_addc(&out->url, '/');
    return ERR_OK;
}

void cloud_host_done(struct cloud_host *h)
{
    buf_done(&h->url);
    buf_done(&h->name);
}
