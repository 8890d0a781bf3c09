/* What the receiver makes of webhooks: signatures, formats, order, and its record. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/receiver/peer.h"

static struct buf out;

/* --- signatures --- */

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER_SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define PUBLIC_KEY "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
#define MESSAGE "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nwebhook-timestamp: 1614265330\r\nwebhook-signature: "
#define V1 "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define OTHER_V1 "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define V1A "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
#define BODY "{\"test\": 2432232314}"

static const char *key_file(const char *name, const char *key)
{
    static char path[4][300];
    static unsigned n;
    char *p = path[n++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", tap_tmpdir(), name);
    FILE *f = fopen(p, "w");
    if (!f)
        bail_out("cannot write %s", p);
    fprintf(f, "%s\n", key);
    fclose(f);
    return p;
}

static int post(struct peer *p, const char *headers, const char *body)
{
    return peer_request(p, "POST", "/hooks", headers, str_of(body), &out);
}

static void test_v1(struct peer *p)
{
    peer_set(p, "tolerance=0");
    is_int(post(p, MESSAGE V1 "\r\n", BODY), 200, "the known signature of a known message is good");
    is_int(post(p, MESSAGE V1 "\r\n", "{\"test\": 2432232315}"), 401, "but not of another body");
    is_int(post(p, MESSAGE OTHER_V1 "\r\n", BODY), 401, "another signature is bad");
    is_int(post(p, MESSAGE OTHER_V1 " " V1 "\r\n", BODY), 200, "one good one among several will do");
    is_int(post(p, MESSAGE "v2\r\n", BODY), 401, "what is no signature is bad");
    is_int(post(p, NULL, BODY), 401, "none at all is bad");
    struct counts c = peer_counts(p);
    is_int(c.verified_v1, 2, "good ones are counted");
    is_int(c.bad_signatures, 4, "and bad ones");
    is_int(c.accepted, 2, "and only the good ones accepted");
}

/* The message as it is signed just now, or so many seconds ago. */
static int post_signed(struct peer *p, const char *body, int64_t age)
{
    unsigned char key[24] = {0}, mac[32], text[64];
    char headers[512];
    struct buf bytes = BUF_INIT;
    for (unsigned char i = 0; i < sizeof key; i++)
        key[i] = i; /* OTHER_SECRET */
    int64_t now = clock_wall_ns() / 1000000000 - age;
    buf_printf(&bytes, "id_1.%" PRId64 ".%s", now, body);
    HMAC(EVP_sha256(), key, sizeof key, (unsigned char *)bytes.p, bytes.n, mac, NULL);
    EVP_EncodeBlock(text, mac, sizeof mac);
    snprintf(headers, sizeof headers,
             "webhook-id: id_1\r\nwebhook-timestamp: %" PRId64 "\r\nwebhook-signature: v1,%s\r\n", now, (char *)text);
    buf_done(&bytes);
    return post(p, headers, body);
}

static void test_signatures(void)
{
    const char *secret = key_file("secret", SECRET), *other = key_file("other", OTHER_SECRET);
    const char *public_key = key_file("public", PUBLIC_KEY);
    struct peer *p = peer_start((const char *[]){"--secret", secret, NULL});
    test_v1(p);
    is_int(post_signed(p, "{}", 0), 401, "a signature by another secret is bad");
    peer_set(p, "defaults forget");
    is_int(post(p, MESSAGE V1 "\r\n", BODY), 401, "a good one of years ago is bad");
    is_int(peer_counts(p).stale_signatures, 1, "and known for stale");
    peer_free(p);

    p = peer_start((const char *[]){"--secret", other, "--secret", secret, "--set", "tolerance=0", NULL});
    is_int(post(p, MESSAGE V1 "\r\n", BODY), 200, "with two secrets the one is good");
    peer_set(p, "defaults");
    is_int(post_signed(p, "{}", 0), 200, "and so is the other, signed just now");
    is_int(post_signed(p, "{}", 290), 200, "or five minutes ago");
    is_int(post_signed(p, "{}", 310), 401, "but not before");
    is_int(post_signed(p, "{}", -310), 401, "nor from the future");
    peer_free(p);

    p = peer_start((const char *[]){"--public-key", public_key, "--set", "tolerance=0", NULL});
    is_int(post(p, MESSAGE V1A "\r\n", BODY), 200, "the known Ed25519 signature is good");
    is_int(post(p, MESSAGE V1A "\r\n", BODY " "), 401, "but not of another body");
    is_int(post(p, MESSAGE V1 "\r\n", BODY), 401, "and nothing else will do without a secret");
    is_int(peer_counts(p).verified_v1a, 1, "it is counted");
    peer_free(p);
}

/* --- order --- */

struct sent {
    const char *id, *subject;
    unsigned seq, prev;
    const char *flags;
};

static void tell(struct peer *p, const char *path, struct sent e)
{
    char headers[128], body[512];
    snprintf(headers, sizeof headers, "Content-Type: application/json\r\nwebhook-id: %s\r\n", e.id);
    snprintf(body, sizeof body,
             "{\"type\":\"benefit.suspended\",\"timestamp\":\"2026-07-01T00:00:00+08:00\",\"data\":{\"subject\":\"%s\","
             "\"seq\":%u,\"prev\":%u%s,\"event\":{\"seq\":99999,\"subject\":\"nobody\",\"data\":{\"seq\":1}}}}",
             e.subject, e.seq, e.prev, e.flags ? e.flags : "");
    peer_request(p, "POST", path, headers, str_of(body), &out);
}

static struct counts told(struct peer *p, const struct sent *v, size_t n)
{
    peer_set(p, "forget");
    for (size_t i = 0; i < n; i++)
        tell(p, "/hooks", v[i]);
    return peer_counts(p);
}

#define TOLD(p, ...) \
    told((p), (const struct sent[]){__VA_ARGS__}, sizeof((const struct sent[]){__VA_ARGS__}) / sizeof(struct sent))

static void test_order(struct peer *p)
{
    struct counts c =
        TOLD(p, {"e1", "A", 1, 0, NULL}, {"e2", "B", 2, 0, NULL}, {"e5", "B", 5, 2, NULL}, {"e4", "A", 4, 1, NULL});
    is_int(c.distinct, 4, "events of two people");
    is_int(c.order_violations + c.prev_gaps + c.duplicates + c.malformed, 0, "are in order when each one's are");
    c = TOLD(p, {"e1", "A", 1, 0, NULL}, {"e4", "A", 4, 1, NULL}, {"e3", "A", 3, 1, NULL});
    is_int(c.order_violations, 1, "an earlier one behind a later one is out of order");
    c = TOLD(p, {"e1", "A", 1, 0, NULL}, {"e4", "A", 4, 1, NULL}, {"e3", "A", 3, 1, ",\"replay\":true"});
    is_int(c.order_violations, 0, "unless it is a replay");
    c = TOLD(p, {"e1", "A", 1, 0, NULL}, {"e4", "A", 4, 1, NULL}, {"e1", "A", 1, 0, NULL});
    is_int(c.order_violations, 0, "or has been accepted before:");
    is_int(c.duplicates, 1, "then it is a duplicate");
    is_int(c.accepted, 3, "accepted again");
    is_int(c.distinct, 2, "and not a further one");
}

static void test_gaps(struct peer *p)
{
    struct counts c = TOLD(p, {"e9", "A", 9, 7, NULL}, {"e12", "A", 12, 9, NULL});
    is_int(c.prev_gaps, 0, "the first event of a person may name any before it");
    c = TOLD(p, {"e1", "A", 1, 0, NULL}, {"e9", "A", 9, 7, NULL});
    is_int(c.prev_gaps, 1, "a further one whose prev did not come shows a gap");
    c = TOLD(p, {"e1", "A", 1, 0, NULL}, {"e9", "A", 9, 7, ",\"gap\":true"}, {"e11", "A", 11, 9, NULL});
    is_int(c.prev_gaps, 0, "unless it says so itself");
    c = TOLD(p, {"e1", "A", 1, 0, NULL}, {"e9", "A", 9, 7, ",\"gap\":false,\"simulated\":true"});
    is_int(c.prev_gaps, 1, "in so many words");
}

/* What was not acknowledged is not yet there, and paths are receivers of their own. */
static void test_first_deliveries(struct peer *p)
{
    peer_set(p, "forget fail=100");
    tell(p, "/hooks", (struct sent){"e5", "A", 5, 0, NULL});
    peer_set(p, "fail=0");
    tell(p, "/hooks", (struct sent){"e3", "A", 3, 0, NULL});
    tell(p, "/hooks", (struct sent){"e5", "A", 5, 3, NULL});
    struct counts c = peer_counts(p);
    is_int(c.order_violations, 0, "an event that was refused is no later one");
    is_int(c.duplicates, 0, "nor a duplicate when it comes again");
    tell(p, "/hooks/other", (struct sent){"e3", "A", 3, 0, NULL});
    c = peer_counts(p);
    is_int(c.order_violations + c.duplicates, 0, "another path has its own order and its own ids");
    is_int(c.distinct, 3, "and is counted with the rest");
}

static void test_many(struct peer *p)
{
    enum { PEOPLE = 3000 };
    struct buf bytes = BUF_INIT;
    peer_set(p, "forget");
    for (unsigned i = 0; i < 2 * PEOPLE; i++) {
        char body[160];
        int n = snprintf(body, sizeof body, "{\"type\":\"t\",\"data\":{\"subject\":\"P%u\",\"seq\":%u,\"prev\":%u}}",
                         i % PEOPLE, i + 1, i < PEOPLE ? 0 : i + 1 - PEOPLE);
        buf_printf(&bytes, "POST /hooks HTTP/1.1\r\nwebhook-id: i%u\r\n%sContent-Length: %d\r\n\r\n%s", i,
                   i + 1 < 2 * PEOPLE ? "" : "Connection: close\r\n", n, body);
    }
    peer_talk(p, buf_str(&bytes), 60000, &out);
    peer_talk(p, buf_str(&bytes), 60000, &out);
    struct counts c = peer_counts(p);
    is_int(c.distinct, 2 * PEOPLE, "thousands of ids are told apart");
    is_int(c.duplicates, 2 * PEOPLE, "and known again");
    is_int(c.order_violations + c.prev_gaps, 0, "and so are as many people");
    buf_done(&bytes);
}

/* --- formats --- */

static void test_formats(struct peer *p)
{
#define DATA(n, prev) "\"data\":{\"subject\":\"A\",\"seq\":" #n ",\"prev\":" #prev ",\"event\":[{\"type\":\"no\"}]}"
#define CE(n, prev) \
    "{\"specversion\":\"1.0\",\"id\":\"c" #n "\",\"source\":\"/x\",\"type\":\"reminder.due\"," DATA(n, prev) "}"
    peer_set(p, "forget");
    is_int(post(p, "Content-Type: application/cloudevents+json\r\nwebhook-id: signed_1\r\n", CE(2, 0)), 200,
           "a structured CloudEvent is accepted");
    post(p, "Content-Type: application/cloudevents-batch+json\r\n", "[" CE(2, 0) "," CE(3, 2) "," CE(1, 0) "]");
    struct counts c = peer_counts(p);
    is_int(c.accepted, 4, "a batch counts for what is in it");
    is_int(c.distinct, 3, "its events' ids count, not the signature's");
    is_int(c.order_violations, 1, "and their order");
    post(p, "Content-Type: application/cloudevents-batch+json\r\n", "[]");
    is_int(peer_counts(p).malformed, 0, "an empty batch is in order");
    post(p, "Content-Type: application/json\r\nce-id: c9\r\nce-type: person.enrolled\r\n",
         "{\"subject\":\"A\",\"seq\":9,\"prev\":3}");
    c = peer_counts(p);
    is_int(c.distinct, 4, "a binary one's id stands in its header");
    is_int(c.prev_gaps + c.malformed, 0, "and its data in the body");
    is_int(peer_type_count(p, "reminder.due"), 3, "types are counted");
    is_int(peer_type_count(p, "person.enrolled"), 1, "in binary mode too");
    is_int(peer_type_count(p, "no"), 0, "but not from within an event");
}

static void test_malformed(struct peer *p)
{
    static const char *const bad[] = {
        "", "{", "7", "[]", "{} {}", "{\"data\":{\"seq\":\"1\"}}", "{\"data\":{\"seq\":-1}}"};
    peer_set(p, "forget");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        post(p, NULL, bad[i]);
        is_int(peer_counts(p).malformed, i + 1, "\"%s\" is malformed", bad[i]);
    }
}

/* --- the record --- */

static void test_record(void)
{
    static const char *const want[] = {
        "event\te1\t4\tA\\tB\\\\\tbenefit.suspended\t1\t503\t-\t-",
        "event\te1\t4\tA\\tB\\\\\tbenefit.suspended\t2\treset\t-\t-",
        "event\te1\t4\tA\\tB\\\\\tbenefit.suspended\t3\t200\t-\t-",
        "handshake\tagency.example\t-\t-\t-\t-\t200\t-\t-",
        "redirected\t-\t-\t-\t-\t-\t200\t-\t-",
    };
    char path[300], line[512];
    int64_t before = clock_wall_ns(), last = before;
    snprintf(path, sizeof path, "%s/record", tap_tmpdir());
    struct peer *p = peer_start((const char *[]){"--record", path, "--set", "fail=100 status=503", NULL});
    struct sent e = {"e1", "A\\tB\\\\", 4, 0, NULL};
    tell(p, "/hooks", e);
    peer_set(p, "defaults reset=100");
    tell(p, "/hooks", e);
    peer_set(p, "defaults");
    tell(p, "/hooks", e);
    peer_request(p, "OPTIONS", "/hooks", "WebHook-Request-Origin: agency.example\r\n", STR_NONE, &out);
    peer_request(p, "GET", "/redirected", NULL, STR_NONE, &out);
    peer_counts(p);
    FILE *f = fopen(path, "r");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char *rest = NULL, *got = f ? fgets(line, sizeof line, f) : NULL;
        int64_t time = got ? strtoll(got, &rest, 10) : 0;
        line[strcspn(line, "\n")] = '\0';
        ok(time >= last && time <= clock_wall_ns(), "line %zu of the record has its time", i + 1);
        is_str(rest ? rest + 1 : NULL, want[i], "and says what came and what became of it");
        last = time;
    }
    ok(f && !fgets(line, sizeof line, f), "and there is no more");
    if (f)
        fclose(f);
    peer_free(p);
}

int main(void)
{
    plan(68);
    test_signatures();
    struct peer *p = peer_start(NULL);
    test_order(p);
    test_gaps(p);
    test_first_deliveries(p);
    test_many(p);
    test_formats(p);
    test_malformed(p);
    peer_free(p);
    test_record();
    buf_done(&out);
    return tap_end();
}
