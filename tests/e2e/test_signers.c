/* Requests to the cloud gateways are signed as their official libraries sign them: random messages, full of characters
 * that some encoding or other treats specially, through the adapters and through the libraries. */
#include <stdio.h>
#include <stdlib.h>

#include "adapter/adapter.h"
#include "tests/adapter/calls.h"
#include "tests/e2e/peers.h"
#include "tests/e2e/process.h"
#include "tests/lib/tap.h"

#define REQUESTS 250 /* to each */
#define SEED 20261122
#define TEXT_MAX 256
#define VARIABLES_MAX 6
#define ALIYUN "https://dysmsapi.aliyuncs.com/"
#define TENCENT "https://sms.tencentcloudapi.com/"
#define GIVEN(s) ((char *)(s)) /* an endpoint owns its texts; those of a test are constants */

/* One message, and the strings that it is made of. */
struct drawn {
    char key[TEXT_MAX], secret[TEXT_MAX], id[TEXT_MAX], phone[TEXT_MAX], signature[TEXT_MAX], template[TEXT_MAX];
    char app[TEXT_MAX], names[VARIABLES_MAX][TEXT_MAX], values[VARIABLES_MAX][TEXT_MAX];
    unsigned n_variables;
    int64_t now;
    unsigned char nonce[16];
};

static struct rng rng;

/* --- drawing --- */

static const char marks[] = " \"'\\+&%=/?#~*()!<>;:@,[]{}|`^$.-_aZ0\t\n\x01";
static const char *const pieces[] = {
    "  ",     "%20",    "%zz",    "é",      "ß", "王芳", "，", "【", "】", "😀", "𠮷", "👨‍👩‍👧",
    "\u3000", "\u2028", "\u00a0", "\ufffd",
};
#define N_PIECES (sizeof pieces / sizeof *pieces)

static void draw_text(char out[TEXT_MAX])
{
    size_t n = 0;
    for (unsigned left = 1 + (unsigned)rng_below(&rng, 12); left > 0; left--)
        if (rng_below(&rng, 2))
            n += (size_t)snprintf(out + n, TEXT_MAX - n, "%s", pieces[rng_below(&rng, N_PIECES)]);
        else
            n += (size_t)snprintf(out + n, TEXT_MAX - n, "%c", marks[rng_below(&rng, sizeof marks - 1)]);
}

static void draw_from(const char *alphabet, unsigned length, char *out)
{
    for (unsigned i = 0; i < length; i++)
        out[i] = alphabet[rng_below(&rng, strlen(alphabet))];
    out[length] = '\0';
}

/* A name that is no number: objects of JavaScript put those first. */
static void draw_name(unsigned i, char out[TEXT_MAX])
{
    char rest[TEXT_MAX];
    draw_text(rest);
    snprintf(out, TEXT_MAX, "%c%.200s", 'a' + (int)i, rest);
}

static void draw(struct drawn *d)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    *d = (struct drawn){.n_variables = (unsigned)rng_below(&rng, VARIABLES_MAX + 1)};
    draw_from(letters, 24, d->key);
    draw_from("abcXYZ019+/= %&\"'\\-_.~", 1 + (unsigned)rng_below(&rng, 60), d->secret);
    draw_text(d->id);
    snprintf(d->phone, sizeof d->phone, "+861%010llu", (unsigned long long)rng_below(&rng, 10000000000));
    draw_text(d->signature);
    draw_text(d->template);
    draw_text(d->app);
    for (unsigned i = 0; i < d->n_variables; i++) {
        draw_name(i, d->names[i]);
        draw_text(d->values[i]);
    }
    d->now = (int64_t)rng_below(&rng, INT64_C(4102444800)); /* until 2100 */
    for (size_t i = 0; i < sizeof d->nonce; i++)
        d->nonce[i] = (unsigned char)rng_below(&rng, 256);
}

/* --- through the adapter --- */

static void render(const struct drawn *d, enum adapter_kind kind, struct call *out)
{
    const struct adapter *a = adapters[kind];
    struct endpoint e = {
        .name = "sms",
        .adapter = kind,
        .url = GIVEN(kind == ADAPTER_ALIYUN_SMS ? ALIYUN : TENCENT),
        .secrets = {{GIVEN(d->secret), strlen(d->secret)}},
        .n_secrets = 1,
        .messages = true,
        .username = GIVEN(d->key),
        .signature = GIVEN(d->signature),
        .app_id = GIVEN(d->app),
        .region = GIVEN("ap-guangzhou"),
    };
    struct notice notice = {.id = str_of(d->id), .type = STR_LIT("reminder.due"), .data = STR_LIT("{}")};
    struct sms sms = {.phone = str_of(d->phone),
                      .text = STR_LIT("-"),
                      .signature = str_of(d->signature),
                      .template_id = str_of(d->template),
                      .n_variables = d->n_variables};
    struct adapter_state *state;
    struct errmsg msg = {""};
    for (unsigned i = 0; i < d->n_variables; i++)
        sms.variables[i] = (struct sms_variable){str_of(d->names[i]), str_of(d->values[i])};
    if (a->open(&e, &state, &msg) != ERR_OK ||
        a->render(state, &notice, 1, &sms, d->now, d->nonce, out, &msg) != ERR_OK)
        bail_out("a request is not written: %s", msg.text);
    a->close(state);
}

/* --- through the library --- */

static void add_hex(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_printf(b, "%02x", (unsigned char)s.p[i]);
}

static void add_member(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, ",\"%s\":\"", name);
    add_hex(b, value);
    buf_addc(b, '"');
}

/* The message and our request, as a line for sign.mjs. */
static void add_line(struct buf *b, const char *gateway, const struct drawn *d, const struct call *c)
{
    buf_printf(b, "{\"gateway\":\"%s\",\"now\":%lld,\"nonce\":\"", gateway, (long long)d->now);
    add_hex(b, (struct str){(const char *)d->nonce, sizeof d->nonce});
    BUF_LIT(b, "\",\"variables\":[");
    for (unsigned i = 0; i < d->n_variables; i++) {
        buf_adds(b, i ? ",[\"" : "[\"");
        add_hex(b, str_of(d->names[i]));
        BUF_LIT(b, "\",\"");
        add_hex(b, str_of(d->values[i]));
        BUF_LIT(b, "\"]");
    }
    buf_addc(b, ']');
    add_member(b, "key", str_of(d->key));
    add_member(b, "secret", str_of(d->secret));
    add_member(b, "id", str_of(d->id));
    add_member(b, "phone", str_of(d->phone));
    add_member(b, "signature", str_of(d->signature));
    add_member(b, "template", str_of(d->template));
    add_member(b, "app", str_of(d->app));
    add_member(b, "url", str_of(c->url.p));
    add_member(b, "body", (struct str){c->body.p ? c->body.p : "", c->body.n});
    BUF_LIT(b, "}\n");
}

/* --- the two beside each other --- */

/* Each line of the answer against the Authorization that we sent: a mismatch is shown, up to three of them. */
static unsigned count_equal(char *answer, char *const *ours, unsigned n, unsigned *read)
{
    unsigned equal = 0, shown = 0;
    *read = 0;
    for (unsigned i = 0; i < n; i++) {
        char *line = strsep(&answer, "\n"), *reading = line ? strchr(line, '\t') : NULL;
        if (!reading)
            break;
        *reading++ = '\0';
        bool same = strcmp(line, ours[i]) == 0, agrees = strcmp(reading, "agrees") == 0;
        equal += same;
        *read += agrees;
        if ((!same || !agrees) && shown++ < 3)
            diag("message %u: ours %s, the library's %s, a gateway %s", i, ours[i], line, reading);
    }
    return equal;
}

static void test_gateway(const char *gateway, enum adapter_kind kind)
{
    char path[256], *ours[REQUESTS];
    struct buf lines = BUF_INIT, answer = BUF_INIT;
    struct call call = {.method = NULL};
    struct drawn d;
    unsigned read;
    rng = rng_seed(SEED + kind);
    for (int i = 0; i < REQUESTS; i++) {
        draw(&d);
        call_clear(&call);
        render(&d, kind, &call);
        add_line(&lines, gateway, &d, &call);
        const char *authorization = header_of(&call, "authorization");
        ours[i] = mem_strdup(authorization ? authorization : "");
    }
    snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), gateway);
    write_private(path, buf_str(&lines));
    peers_run("sign.mjs", path, &answer);
    is_int(count_equal(answer.p, ours, REQUESTS, &read), REQUESTS, "%s: every request has the library's signature",
           gateway);
    is_int(read, REQUESTS, "%s: and says to the gateway what was meant", gateway);
    for (int i = 0; i < REQUESTS; i++)
        free(ours[i]);
    call_done(&call);
    buf_done(&lines);
    buf_done(&answer);
}

int main(void)
{
    char why[200];
    plan(4);
    if (peers_install(why)) {
        test_gateway("aliyun", ADAPTER_ALIYUN_SMS);
        test_gateway("tencent", ADAPTER_TENCENT_SMS);
    } else {
        skip(4, "%s", why);
    }
    return tap_end();
}
