/* Signatures of the cloud gateways: the vectors of their documentation byte for byte, and a second, naive writing of
 * the canonical form on random requests. */
#include "adapter/cloud_sign.h"

#include <stdio.h>

#include "tests/lib/tap.h"

static void acs3_vector(void)
{
    char empty[SHA256_HEX + 1], hash[SHA256_HEX + 1], signature[SHA256_HEX + 1];
    sha256_hex(STR_LIT(""), empty);
    const struct cloud_header headers[] = {
        {"host", STR_LIT("ecs.cn-shanghai.aliyuncs.com")},
        {"x-acs-action", STR_LIT("RunInstances")},
        {"x-acs-content-sha256", {empty, SHA256_HEX}},
        {"x-acs-date", STR_LIT("2023-10-26T10:22:32Z")},
        {"x-acs-signature-nonce", STR_LIT("3156853299f313e23d1673dc12e1703d")},
        {"x-acs-version", STR_LIT("2014-05-26")},
    };
    const struct cloud_request r = {
        "POST",      STR_LIT("ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"),
        headers,     6,
        STR_LIT(""),
    };
    cloud_canonical_hash(&r, hash);
    is_str(hash, "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259", "ACS3: the canonical request");
    acs3_signature(&r, STR_LIT("YourAccessKeySecret"), signature);
    is_str(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0", "ACS3: the signature");
    struct buf b = BUF_INIT;
    const struct cloud_key key = {STR_LIT("YourAccessKeyId"), STR_LIT("YourAccessKeySecret")};
    add_acs3_authorization(&b, &r, &key);
    ok(str_is(buf_str(&b), "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
                           "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
                           "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"),
       "ACS3: the header");
    buf_done(&b);
}

static void tc3_vector(void)
{
    static const char body[] = "{\"Limit\": 1, \"Filters\": [{\"Values\": [\"\\u672a\\u547d\\u540d\"], \"Name\": "
                               "\"instance-name\"}]}";
    const struct cloud_header headers[] = {
        {"content-type", STR_LIT("application/json; charset=utf-8")},
        {"host", STR_LIT("cvm.tencentcloudapi.com")},
    };
    const struct cloud_request r = {"POST", STR_LIT(""), headers, 2, {body, sizeof body - 1}};
    const struct str secret = STR_LIT("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
    char hash[SHA256_HEX + 1];
    sha256_hex(r.body, hash);
    is_str(hash, "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064", "TC3: the body");
    cloud_canonical_hash(&r, hash);
    is_str(hash, "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031", "TC3: the canonical request");
    tc3_signature(&r, "cvm", 1551113065, secret, hash);
    is_str(hash, "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168", "TC3: the signature");
    struct buf b = BUF_INIT;
    const struct cloud_key key = {STR_LIT("ID"), secret};
    add_tc3_authorization(&b, &r, "cvm", 1551113065, &key);
    ok(str_is(buf_str(&b), "TC3-HMAC-SHA256 Credential=ID/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
                           "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"),
       "TC3: the header");
    buf_done(&b);
}

/* The day of the key is UTC's, and changes at its midnight. */
static void day_boundary(void)
{
    const struct cloud_request r = {"POST", STR_LIT(""), NULL, 0, STR_LIT("{}")};
    const struct cloud_key key = {STR_LIT("ID"), STR_LIT("secret")};
    struct buf before = BUF_INIT, after = BUF_INIT;
    add_tc3_authorization(&before, &r, "sms", 1551139199, &key);
    add_tc3_authorization(&after, &r, "sms", 1551139200, &key);
    ok(memmem(before.p, before.n, "/2019-02-25/", 12) != NULL, "the last second of a UTC day belongs to it");
    ok(memmem(after.p, after.n, "/2019-02-26/", 12) != NULL, "the next one to the next day");
    buf_done(&before);
    buf_done(&after);
}

static struct str random_text(struct rng *rng, char *out, size_t max)
{
    size_t n = rng_below(rng, max);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(1 + rng_below(rng, 255));
    return (struct str){out, n};
}

/* The canonical form in one printf, hashed and keyed step by step. */
static void naive(const struct cloud_request *r, struct str secret, char out[SHA256_HEX + 1])
{
    char body[SHA256_HEX + 1], hash[SHA256_HEX + 1];
    unsigned char mac[SHA256_BYTES];
    struct buf b = BUF_INIT;
    sha256_hex(r->body, body);
    buf_printf(&b, "%s\n/\n%.*s\n%s:%.*s\n%s:%.*s\n\n%s;%s\n%s", r->method, (int)r->query.n, r->query.p,
               r->headers[0].name, (int)r->headers[0].value.n, r->headers[0].value.p, r->headers[1].name,
               (int)r->headers[1].value.n, r->headers[1].value.p, r->headers[0].name, r->headers[1].name, body);
    sha256_hex(buf_str(&b), hash);
    buf_clear(&b);
    buf_printf(&b, "ACS3-HMAC-SHA256\n%s", hash);
    hmac_sha256(secret.p, secret.n, buf_str(&b), mac);
    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", mac[i]);
    buf_done(&b);
}

static void random_requests(void)
{
    struct rng rng = rng_seed(20261030);
    unsigned differ = 0, same_as_other = 0;
    char last[SHA256_HEX + 1] = "";
    for (int i = 0; i < 300; i++) {
        char query[64], a[64], b[64], body[256], key[64], got[SHA256_HEX + 1], again[SHA256_HEX + 1],
            want[SHA256_HEX + 1];
        const struct cloud_header headers[] = {{"host", random_text(&rng, a, 64)}, {"x-b", random_text(&rng, b, 64)}};
        const struct cloud_request r = {"POST", random_text(&rng, query, 64), headers, 2, random_text(&rng, body, 256)};
        struct str secret = random_text(&rng, key, 64);
        acs3_signature(&r, secret, got);
        acs3_signature(&r, secret, again);
        naive(&r, secret, want);
        differ += strcmp(got, want) != 0 || strcmp(got, again) != 0;
        same_as_other += strcmp(got, last) == 0;
        memcpy(last, got, sizeof last);
    }
    is_int(differ, 0, "random requests are signed as a naive writing of the form signs them");
    is_int(same_as_other, 0, "each with a signature of its own");
}

static const struct {
    const char *url, *base, *host; /* base NULL: refused */
} places[] = {
    {"https://sms.example.com", "https://sms.example.com/", "sms.example.com"},
    {"https://a/", "https://a/", "a"},
    {"https://SMS.Example.com/", "https://sms.example.com/", "sms.example.com"},
    {"https://sms.example.com:443/", "https://sms.example.com/", "sms.example.com"},
    {"https://sms.example.com:80", "https://sms.example.com:80/", "sms.example.com:80"},
    {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/", "127.0.0.1:8080"},
    {"http://127.0.0.1:80", "http://127.0.0.1/", "127.0.0.1"},
    {"https://[::1]:4430", "https://[::1]:4430/", "[::1]:4430"},
    {"https://sms.example.com/path", NULL, NULL},
    {"https://sms.example.com//", NULL, NULL},
    {"https://sms.example.com/?a=b", NULL, NULL},
    {"https://sms.example.com?a=b", NULL, NULL},
    {"https://sms.example.com#x", NULL, NULL},
    {"https://user@sms.example.com/", NULL, NULL},
    {"https://", NULL, NULL},
    {"redis://sms.example.com", NULL, NULL},
};

#define PLACES_N (sizeof places / sizeof places[0])

static void hosts(void)
{
    struct errmsg msg;
    for (size_t i = 0; i < PLACES_N; i++) {
        struct cloud_host h;
        enum err e = cloud_host_init(&h, places[i].url, &msg);
        if (!places[i].base) {
            is_int(e, ERR_INVALID, "refused: %s", places[i].url);
            continue;
        }
        ok(!e && str_is(buf_str(&h.url), places[i].base) && str_is(buf_str(&h.name), places[i].host), "%s is at %s",
           places[i].url, places[i].host);
        cloud_host_done(&h);
    }
}

int main(void)
{
    plan(3 + 4 + 2 + 2 + PLACES_N);
    acs3_vector();
    tc3_vector();
    day_boundary();
    random_requests();
    hosts();
    return tap_end();
}
