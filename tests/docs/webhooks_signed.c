#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/sign.h"
#include "tests/docs/webhooks.h"
#include "tests/lib/tap.h"

#define RANDOM_REQUESTS 20
#define SEED 20261122

/* Signs what is in it with these bytes, and makes them its secret. */
static void sign_case(struct webhook *w, const void *key, size_t key_n)
{
    unsigned char mac[SHA256_BYTES];
    struct buf text = BUF_INIT, out = BUF_INIT;
    buf_printf(&text, "%s.%s.", w->id, w->timestamp);
    buf_addstr(&text, buf_str(&w->body));
    hmac_sha256(key, key_n, buf_str(&text), mac);
    buf_adds(&out, "v1,");
    add_base64(&out, mac, sizeof mac);
    buf_addc(&out, '\0');
    webhook_set(&w->signatures, out.p);
    buf_clear(&out);
    buf_adds(&out, "whsec_");
    add_base64(&out, key, key_n);
    buf_addc(&out, '\0');
    webhook_set(&w->secret, out.p);
    buf_done(&text);
    buf_done(&out);
}

static struct webhook *add_signed(struct webhooks *all, bool good, const char *name, const void *key, size_t key_n,
                                  const char *id, struct str body)
{
    char timestamp[24];
    struct webhook *w = webhooks_add(all, NULL, good, name);
    w->now = real_now();
    snprintf(timestamp, sizeof timestamp, "%" PRId64, w->now);
    webhook_set(&w->id, id);
    webhook_set(&w->timestamp, timestamp);
    buf_addstr(&w->body, body);
    sign_case(w, key, key_n);
    return w;
}

/* Bodies of any bytes, keys of every length that there may be. */
static void add_random(struct webhooks *all)
{
    struct rng rng = rng_seed(SEED);
    struct buf body = BUF_INIT;
    unsigned char key[64];
    for (unsigned i = 0; i < RANDOM_REQUESTS; i++) {
        size_t key_n = 24 + i * 40 / (RANDOM_REQUESTS - 1);
        for (size_t k = 0; k < key_n; k++)
            key[k] = (unsigned char)rng_next(&rng);
        buf_clear(&body);
        for (uint64_t left = rng_below(&rng, 2000); left > 0; left--)
            buf_addc(&body, (char)rng_next(&rng));
        struct webhook *w = add_signed(all, true, "any bytes", key, key_n, "9f3c_0_1", buf_str(&body));
        w = webhooks_alter(all, w, false, "one bit of them is another");
        if (w->body.n == 0)
            buf_addc(&w->body, '\0');
        else
            w->body.p[rng_below(&rng, w->body.n)] ^= (char)(1u << rng_below(&rng, 8));
    }
    buf_done(&body);
}

static void add_secrets(struct webhooks *all)
{
    static const char key[65] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/";
    struct str body = STR_LIT("{}");
    struct webhook *w = add_signed(all, true, "a secret of 25 bytes", key, 25, "a_0_1", body), *like = w;
    add_signed(all, true, "a secret of 24 bytes", key, 24, "a_0_1", body);
    add_signed(all, true, "a secret of 64 bytes", key, 64, "a_0_1", body);
    add_signed(all, false, "a secret of 23 bytes", key, 23, "a_0_1", body);
    add_signed(all, false, "a secret of 65 bytes", key, 65, "a_0_1", body);
    add_signed(all, false, "a secret without any", key, 0, "a_0_1", body);
    add_signed(all, true, "no body", key, 32, "a_0_1", STR_NONE);
    add_signed(all, false, "an id with a dot, by which one request could be read as another", key, 32, "a.0_1", body);
    w = webhooks_alter(all, like, false, "no prefix");
    webhook_set(&w->secret, like->secret + strlen("whsec_"));
    w = webhooks_alter(all, like, false, "no padding");
    w->secret[strcspn(w->secret, "=")] = '\0';
    w = webhooks_alter(all, like, false, "another spelling of the last bits");
    w->secret[strcspn(w->secret, "=") - 1]++;
    w = webhooks_alter(all, like, false, "a blank inside");
    w->secret[12] = ' ';
    w = webhooks_alter(all, like, false, "the other base64");
    w->secret[12] = '_';
    w = webhooks_alter(all, like, false, "another prefix");
    w->secret[3] = 'k';
    w = webhooks_alter(all, like, false, "a letter of no ASCII inside");
    memcpy(w->secret + 12, "é", 2);
}

static void add_large(struct webhooks *all)
{
    static const char key[32] = "a key of thirty-two bytes, here.";
    struct buf body = BUF_INIT;
    for (unsigned i = 0; i < 200000; i++)
        buf_addc(&body, (char)('a' + i % 26));
    add_signed(all, true, "a body of 200,000 bytes", key, sizeof key, "a_0_1", buf_str(&body));
    buf_done(&body);
}

/* That of lifecertd-adapters(7). */
static void add_vector(struct webhooks *all)
{
    struct webhook *w = webhooks_add(all, NULL, true, "the manual's vector");
    webhook_set(&w->secret, SECRET);
    webhook_set(&w->id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    webhook_set(&w->timestamp, "1614265330");
    webhook_set(&w->signatures, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    buf_adds(&w->body, "{\"test\": 2432232314}");
    w->now = 1614265330;
}

void add_signed_here(struct webhooks *all)
{
    add_secrets(all);
    add_random(all);
    add_large(all);
    add_vector(all);
}
