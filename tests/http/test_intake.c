/* Who may bring an input, under which idempotency key, in which language it is explained, and in which form it may
 * come: before a fake engine, which knows keys. */
#include "http/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapter/sign.h"
#include "tests/http/fake_engine.h"
#include "tests/http/server.h"
#include "tests/lib/http_client.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define ONE "Content-Type: application/json\r\n"
#define LINES "Content-Type: application/x-ndjson\r\n"
#define CERTIFY(id, ref) "{'op':'certify','id':'" id "','channel':'face','certified_on':'2026-05-01','ref':'" ref "'}"
#define TOKEN "Authorization: Bearer s3cret\r\n"
#define KEY(k) "Idempotency-Key: " k "\r\n"

static struct server s;
static struct reply r;

static int post(const char *headers, const char *body)
{
    struct buf quoted = BUF_INIT;
    buf_room(&quoted, 1);
    add_json(&quoted, str_of(body));
    request_once(s.path, "POST", "/v1/inputs", headers, buf_str(&quoted), &r);
    see_json(&r.body);
    buf_done(&quoted);
    return r.status;
}

static bool says(const char *part)
{
    return strstr(r.body.p, part) != NULL;
}

static bool header_is(const char *name, const char *value)
{
    const char *got = reply_header(&r, name);
    return value ? got && strcmp(got, value) == 0 : !got;
}

/* --- what a key is --- */

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A250 A50 A50 A50 A50 A50

static const struct {
    const char *value, *key; /* NULL: it is none */
} keys[] = {
    {"8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"},
    {"\"8e03978e-40d5-43e8-bc93-6894a57f9324\"", "8e03978e-40d5-43e8-bc93-6894a57f9324"},
    {"x", "x"},
    {"\"x\"", "x"},
    {"a b~!", "a b~!"},
    {"\"a \\\"b\\\" \\\\\"", "a \"b\" \\"},
    {"a\"b\\", "a\"b\\"}, /* bare: as it stands */
    {A250 "12345", A250 "12345"},
    {"\"" A250 "12345\"", A250 "12345"},
    {"\"" A250 "1234\\\"\"", A250 "1234\""},
    {"", NULL},
    {"\"\"", NULL},
    {"\"", NULL},
    {"\"a", NULL},
    {"\"a\"b", NULL},
    {"\"a\";p=1", NULL},
    {"\"a\\", NULL},
    {"\"a\\b\"", NULL},
    {"\"a\\\"", NULL},
    {"a\tb", NULL},
    {"\xe9", NULL},
    {"\"\x7f\"", NULL},
    {A250 "123456", NULL},
    {"\"" A250 "123456\"", NULL},
};
#define N_KEYS (sizeof keys / sizeof *keys)

static void key_forms(void)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        char key[IDEMPOTENCY_KEY_MAX] = "unchanged";
        unsigned n = 77;
        bool good = idempotency_key_parse(keys[i].value, key, &n);
        if (keys[i].key)
            ok(good && str_is((struct str){key, n}, keys[i].key), "%.60s is a key", keys[i].value);
        else
            ok(!good && n == 77 && strcmp(key, "unchanged") == 0, "%.60s is none", keys[i].value);
    }
}

static bool hash_is(const unsigned char got[KEY_HASH], const char *hex)
{
    char text[2 * KEY_HASH + 1];
    for (int i = 0; i < KEY_HASH; i++)
        snprintf(text + 2 * i, 3, "%02x", got[i]);
    return strcmp(text, hex) == 0;
}

/* Rows outlive this program: how they are made must not change. */
static void hashes(void)
{
    struct intake who = {.key_n = 7};
    struct input_key key;
    memcpy(who.key, "order-7", 7);
    snprintf(who.caller.name, sizeof who.caller.name, "token:bank");
    intake_key(&who, 0, STR_LIT("{\"op\":\"erase\",\"id\":\"a\"}"), &key);
    ok(hash_is(key.key, "56460b46e940fa133e6ee98ca120b0a7"), "a key is hashed with the caller's name and no line");
    ok(hash_is(key.body, "c3f4c024b3cf6af8bf2edcb90b70b3d9"), "the input by its bytes");
    intake_key(&who, 12, STR_LIT(""), &key);
    ok(hash_is(key.key, "cba2b754fdff0e226d082c11bda9003c"), "a line's key has its number in it");
}

/* --- one input --- */

static void one(void)
{
    is_int(post(ONE KEY("one-1"), CERTIFY("a", "many")), 200, "an input under a key");
    ok(says("'seq':[1,2,3]") && header_is("Idempotency-Replayed", NULL), "is decided");
    is_int(post(ONE KEY("\"one-1\""), CERTIFY("a", "many")), 200, "again, the key in quotes");
    ok(says("'seq':[1,2,3]") && header_is("Idempotency-Replayed", "true"),
       "it has the first one's result, and says so");
    is_int(post(ONE KEY("one-1"), CERTIFY("a", "other")), 422, "another input under the key is refused");
    ok(says("'member':'Idempotency-Key'") && says("another input") &&
           header_is("Content-Type", "application/problem+json"),
       "and the answer says why");
    is_int(post(ONE KEY("one-2"), CERTIFY("b", "reject")), 422, "a rejected one");
    ok(says("'seq':[4]"), "has an event");
    is_int(post(ONE KEY("one-2"), CERTIFY("b", "reject")), 422, "comes again with the same status");
    ok(says("'seq':[4]") && says("'message':'") && header_is("Idempotency-Replayed", "true"), "and all that it said");
    is_int(post(ONE KEY("one-3"), CERTIFY("c", "error")), 400, "an error");
    is_int(post(ONE KEY("one-3"), CERTIFY("c", "fine")), 200, "leaves its key free");
    is_int(post(ONE, CERTIFY("a", "many")), 200, "without a key");
    ok(says("'seq':[6,7,8]") && header_is("Idempotency-Replayed", NULL), "everything is decided");
    is_int(post(ONE KEY(""), CERTIFY("a", "many")), 400, "an empty key is none");
    ok(says("'member':'Idempotency-Key'"), "which is said of the header");
    is_int(post(ONE KEY("x") KEY("x"), CERTIFY("a", "many")), 400, "nor are two");
    is_int(post(LINES KEY("\"x"), CERTIFY("a", "many")), 400, "nor half of one, before lines");
}

/* --- lines --- */

static void lines(void)
{
    static const char first[] = CERTIFY("a", "1") "\n\n" CERTIFY("b", "reject") "\n" CERTIFY("c", "3") "\n";
    char *answer;
    post(LINES KEY("body-1"), first);
    answer = mem_strdup(r.body.p);
    struct fake_counts before = fake_engine_counts(s.engine);
    post(LINES KEY("body-1"), first);
    is_str(r.body.p, answer, "a body that comes again under its key has the same answer");
    ok(header_is("Idempotency-Replayed", NULL), "which has no mark");
    struct fake_counts after = fake_engine_counts(s.engine);
    is_int((int64_t)(after.inputs - before.inputs), 3, "every line was looked up");
    post(LINES KEY("body-1"),
         CERTIFY("a", "1") "\n\n" CERTIFY("b", "other") "\n" CERTIFY("c", "3") "\n" CERTIFY("d", "4"));
    ok(strncmp(reply_line(&r, 0), answer, strlen(reply_line(&r, 0))) == 0, "with one line changed the others stand");
    is_str(reply_line(&r, 1),
           "{'id':'b','op':'certify','result':'error','reason':'key-reused','line':3,'detail':'another input came "
           "before'}",
           "the changed one is an error");
    ok(strstr(answer, reply_line(&r, 2)), "also behind it");
    ok(strstr(reply_line(&r, 3), "'id':'d','op':'certify','result':'applied'"), "and a line more is decided");
    post(LINES KEY("body-1"), "\n" CERTIFY("c", "1") "\n");
    ok(strstr(reply_line(&r, 0), "'result':'applied'"), "a line that has moved is another line");
    post(ONE KEY("body-1"), CERTIFY("a", "1"));
    ok(r.status == 200 && header_is("Idempotency-Replayed", NULL), "a body that is one input is none of the lines");
    free(answer);
}

/* --- who may bring what --- */

static void reconfigure(void *arg)
{
    struct http_options *o = arg;
    http_reconfigure(s.http, o);
}

static void take_token(void)
{
    struct tokens *t = tokens_new();
    struct http_options o = {.country_code = "+86", .max_lines = 1000, .tokens = t};
    t->n = 1;
    snprintf(t->v[0].name, sizeof t->v[0].name, "kiosk");
    sha256(STR_LIT("s3cret"), t->v[0].sha256);
    text_list_add(&t->v[0].channels, "face");
    server_do(&s, reconfigure, &o);
    tokens_unref(t);
}

static void channels(void)
{
    take_token();
    is_int(post(ONE TOKEN, CERTIFY("a", "t1")), 200, "a channel's token brings its certifications");
    is_int(post(ONE TOKEN, "{'op':'certify','id':'a','channel':'bank','certified_on':'2026-05-01','ref':'1'}"), 403,
           "but not another channel's");
    ok(says("'member':'channel'"), "which is said of the channel");
    is_int(post(ONE TOKEN, "{'op':'report-death','id':'a','died_on':'2026-05-01'}"), 403, "nor anything else");
    ok(says("'member':'op'"), "which is said of the op");
    is_int(post(ONE TOKEN, "{'op':'erase'}"), 400, "what is malformed is told first");
    struct fake_counts before = fake_engine_counts(s.engine);
    post(LINES TOKEN,
         "{'op':'erase','id':'a'}\n" CERTIFY(
             "a", "t2") "\n"
                        "{'op':'certify','id':'b','channel':'bank','certified_on':'2026-05-01','ref':'1'}");
    ok(strstr(reply_line(&r, 0), "{'id':null,'op':null,'result':'error','reason':'forbidden','line':1,'member':'op'"),
       "a line that it may not bring is an error");
    ok(strstr(reply_line(&r, 1), "'result':'applied'"), "the next one stands alone");
    ok(strstr(reply_line(&r, 2), "'reason':'forbidden','line':3,'member':'channel'"),
       "also the last, without a newline");
    is_int((int64_t)(fake_engine_counts(s.engine).inputs - before.inputs), 1, "the engine saw one of three");
    post(ONE KEY("shared"), CERTIFY("a", "k1"));
    post(ONE TOKEN KEY("shared"), CERTIFY("z", "k2"));
    ok(r.status == 200 && says("'id':'z'") && header_is("Idempotency-Replayed", NULL),
       "two callers' keys are not the same key");
}

/* --- languages --- */

static void languages(void)
{
    post(ONE, CERTIFY("a", "reject"));
    ok(says(",'message':'认证日期过早"), "a rejection is explained in Chinese");
    post(ONE "Accept-Language: en-US,en;q=0.9,zh-CN;q=0.8\r\n", CERTIFY("a", "reject"));
    ok(says(",'message':'The certification date is too long ago"), "or in English to who prefers it");
    post(LINES "Accept-Language: en\r\n", CERTIFY("a", "reject") "\n" CERTIFY("b", "fine"));
    ok(strstr(reply_line(&r, 0), "'message':'The certification"), "line by line too");
    ok(!strstr(reply_line(&r, 1), "message"), "what was applied needs no words");
    post(ONE "Accept-Language: en\r\n" KEY("spoken"), CERTIFY("a", "reject"));
    post(ONE KEY("spoken"), CERTIFY("a", "reject"));
    ok(header_is("Idempotency-Replayed", "true") && says("认证日期过早"), "a replayed one in the asker's language");
}

/* --- codings, and no room --- */

static void codings(void)
{
    is_int(post(ONE "Content-Encoding: gzip\r\n", CERTIFY("a", "1")), 415, "a compressed body is not taken");
    ok(header_is("Accept-Encoding", "identity"), "and the answer says what is");
    is_int(post(LINES "Content-Encoding: br\r\n", CERTIFY("a", "1")), 415, "nor are compressed lines");
    is_int(post(ONE "Content-Encoding: Identity\r\n", CERTIFY("a", "1")), 200, "identity is no coding");
}

static void no_room(void)
{
    fake_engine_limit(s.engine, 0);
    is_int(post(ONE KEY("later"), CERTIFY("a", "1")), 503, "when the engine has no room an input is not taken");
    ok(header_is("Retry-After", "1"), "and may come again");
    fake_engine_limit(s.engine, UINT64_MAX);
    is_int(post(ONE KEY("later"), CERTIFY("a", "1")), 200, "under the same key");
    ok(header_is("Idempotency-Replayed", NULL), "which was not used up");
}

int main(void)
{
    plan(N_KEYS + 3 + 18 + 9 + 11 + 5 + 4 + 4);
    key_forms();
    hashes();
    s = server_new(1000, false);
    one();
    lines();
    channels();
    languages();
    codings();
    no_room();
    reply_done(&r);
    server_free(&s);
    return tap_end();
}
