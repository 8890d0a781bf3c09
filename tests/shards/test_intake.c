/* What a shard's owner takes in: of channels only what is theirs, each under its own keys; of daemons what can be read.
 * What is refused is removed, and whoever sent it is told. */
#include "shards/intake/intake.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/shards/daemons.h"

static const char conf[] = "timezone = \"Asia/Shanghai\"\n"
                           "brake_limit = \"off\"\n"
                           "channel \"face\" {}\n"
                           "channel \"counter\" {}\n"
                           "policy \"national\" {}\n";

static struct daemons all;

static const char *today(void)
{
    static char text[11];
    time_t now = time(NULL) - 86400; /* passed in every time zone */
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%d", &tm);
    return text;
}

/* A channel writes; key NULL: none. */
static void write_to(const char *channel, const char *input, const char *key)
{
    if (key)
        redis_says(&all, "XADD {t/0}:in:%s * i %s k %s", channel, input, key);
    else
        redis_says(&all, "XADD {t/0}:in:%s * i %s", channel, input);
}

static bool becomes(const char *want, const char *command)
{
    for (int i = 0; i < 5000; i++) {
        if (strcmp(redis_says(&all, command), want) == 0)
            return true;
        poll(NULL, 0, 2);
    }
    return false;
}

static bool tells(const char *channel, const char *text)
{
    for (int i = 0; i < 5000; i++) {
        if (strstr(redis_says(&all, "XREVRANGE {t/0}:refused:%s + - COUNT 1", channel), text))
            return true;
        poll(NULL, 0, 2);
    }
    diag("%s", redis_says(&all, "XRANGE {t/0}:refused:%s - +", channel));
    return false;
}

static const char *story(void)
{
    struct request r = {.kind = REQUEST_STORY, .id = STR_LIT("p")};
    return ask_text(all.v[0].front, &r);
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void test_channels(void)
{
    char input[400];
    snprintf(input, sizeof input,
             "{\"op\":\"certify\",\"id\":\"p\",\"channel\":\"face\",\"certified_on\":\"%s\",\"ref\":\"r1\"}", today());
    write_to("face", input, NULL);
    ok(becomes("0", "XLEN {t/0}:in:face"), "what a channel writes is taken in and removed");
    is_int(count(story(), "certification.accepted"), 1, "and decided");
    write_to("counter", input, NULL);
    ok(tells("counter", "member channel fault this caller may not bring certifications of this channel"),
       "another channel's certification is refused");
    ok(becomes("0", "XLEN {t/0}:in:counter"), "and removed");
    write_to("face", "{\"op\":\"erase\",\"id\":\"p\"}", NULL);
    ok(tells("face", "member op fault this caller may bring certifications only"), "so is what is no certification");
    write_to("face", "{\"op\":\"certify\"", NULL);
    ok(tells("face", "malformed"), "and what is no JSON");
    redis_says(&all, "XADD {t/0}:in:face * x y");
    ok(tells("face", "member i fault"), "and an entry without an input");
    write_to(
        "face",
        "{\"op\":\"certify\",\"id\":\"nobody\",\"channel\":\"face\",\"certified_on\":\"2026-01-02\",\"ref\":\"r\"}",
        NULL);
    ok(tells("face", "fault not-enrolled"), "what is rejected is told of, too");
    ok(becomes("0", "XLEN {t/0}:in:face"), "none of it stays");
}

static void test_keys(void)
{
    char input[400];
    snprintf(input, sizeof input,
             "{\"op\":\"certify\",\"id\":\"p\",\"channel\":\"face\",\"certified_on\":\"%s\",\"ref\":\"r2\"}", today());
    write_to("face", input, "key 1");
    write_to("face", input, "key 1");
    snprintf(input, sizeof input,
             "{\"op\":\"certify\",\"id\":\"p\",\"channel\":\"face\",\"certified_on\":\"%s\",\"ref\":\"r3\"}", today());
    write_to("face", input, "key 1");
    ok(tells("face", "another input was sent under this"), "a key that is used again for something else is told of");
    is_int(count(story(), "\"ref\":\"r3\""), 0, "and not decided");
    snprintf(input, sizeof input,
             "{\"op\":\"certify\",\"id\":\"p\",\"channel\":\"counter\",\"certified_on\":\"%s\",\"ref\":\"r4\"}",
             today());
    write_to("counter", input, "key 1");
    ok(becomes("0", "XLEN {t/0}:in:counter"), "another channel's key of that name is another");
    is_int(count(story(), "\"ref\":\"r4\""), 1, "so its input is decided");
}

static void test_strangers(void)
{
    redis_says(&all, "XADD {t/0}:in * w nonsense");
    redis_says(&all, "XADD {t/0}:in * x y");
    redis_says(&all, "XADD {t/0}:ask * w nonsense");
    ok(becomes("0", "XLEN {t/0}:in"), "what is no message is removed");
    ok(becomes("0", "XLEN {t/0}:ask"), "among questions as well");
    struct buf message = BUF_INIT;
    struct input bad = {
        .op = OP_CERTIFY, .given = M_OP | M_ID, .id = STR_LIT("p"), .amount = AMOUNT_NONE, .at = INSTANT_NONE};
    wire_write_inputs(&message, STR_LIT("other"), 9, 0, &bad, NULL, 1);
    redis_says(&all, "XADD {t/0}:in * w %b", message.p, message.n);
    ok(becomes("1", "XLEN {t/0}:out:other"), "inputs that cannot be read are answered");
    ok(strstr(redis_says(&all, "XRANGE {t/0}:out:other - +"), "is missing") != NULL, "with what is wrong");
    ok(becomes("0", "XLEN {t/0}:in"), "and removed");
    buf_clear(&message);
    struct wire_question late = {.deadline = 1000};
    struct request status = {.kind = REQUEST_STATUS};
    wire_write_question(&message, STR_LIT("late"), 1, &late, &status);
    redis_says(&all, "XADD {t/0}:ask * w %b", message.p, message.n);
    ok(becomes("0", "XLEN {t/0}:ask"), "a question that nobody waits for any more is removed");
    is_str(redis_says(&all, "EXISTS {t/0}:out:late"), "0", "and not answered");
    buf_done(&message);
}

static void test_reload(void)
{
    struct config *c = all.v[0].config;
    redis_says(&all, "XADD {t/0}:in:third * i {}");
    poll(NULL, 0, 100); /* it is not read */
    is_str(redis_says(&all, "XLEN {t/0}:in:third"), "1", "a channel that is not configured is not read");
    memcpy(c->channels[c->n_channels].name, "third", 6);
    c->n_channels++;
    front_reconfigure(all.v[0].front, c);
    ok(becomes("0", "XLEN {t/0}:in:third"), "until it is");
    c->n_channels--;
    ok(tells("third", "member op fault"), "and then like the others");
}

int main(void)
{
    plan(0);
    daemons_open(&all, 1, conf);
    daemon_take(&all, 0, 0);
    struct input in = enrol(STR_LIT("p"));
    struct input_result result;
    struct request r = {.kind = REQUEST_INPUTS, .inputs = &in, .results = &result, .n_inputs = 1};
    ask(all.v[1].front, &r);
    is_int(result.result, RESULT_APPLIED, "somebody is enrolled");
    test_channels();
    test_keys();
    test_strangers();
    test_reload();
    daemons_close(&all);
    return tap_end();
}
