/* Messages between daemons: what goes in comes out, whatever it is; what is no message is refused. */
#include "shards/front/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/codec/samples.h"
#include "tests/lib/tap.h"

#define SAMPLES 64 /* each has its strings in 64 KiB */

static struct words *words;
static struct input_parser *parser;

static struct wire read_it(const struct buf *message)
{
    struct wire w = {.kind = 0};
    struct errmsg msg;
    if (wire_read(buf_str(message), &w, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return w;
}

/* --- inputs --- */

static struct samples *samples[SAMPLES];
static struct input inputs[SAMPLES];
static struct input_key keys[SAMPLES];

static void draw_inputs(uint64_t seed)
{
    for (unsigned i = 0; i < SAMPLES; i++) {
        samples_free(samples[i]);
        samples[i] = samples_new(seed * SAMPLES + i);
        random_input(samples[i], &inputs[i]);
        memset(keys[i].key, (int)i + 1, KEY_HASH);
        memset(keys[i].body, (int)(255 - i), KEY_HASH);
    }
}

static bool same_inputs(const struct wire_inputs *in, uint32_t from, bool with_keys)
{
    for (uint32_t i = 0; i < in->n; i++)
        if (!same_input(&in->inputs[i], &inputs[from + i]) ||
            (with_keys && memcmp(&in->keys[i], &keys[from + i], sizeof keys[i]) != 0))
            return false;
    return (in->keys != NULL) == with_keys;
}

/* All of them in as many entries as it takes, the first of each skipped where there are several. */
static bool survive_the_way(uint64_t seed)
{
    bool good = true, with_keys = seed % 2;
    draw_inputs(seed);
    for (uint32_t at = 0; good && at < SAMPLES;) {
        struct buf message = BUF_INIT;
        struct wire_inputs in;
        struct errmsg fault = {""};
        uint32_t n = wire_write_inputs(&message, STR_LIT("d1"), seed, seed % 3, inputs + at,
                                       with_keys ? keys + at : NULL, SAMPLES - at);
        struct wire w = read_it(&message);
        uint32_t skip = n > 1 ? (uint32_t)(seed % n) : 0;
        good = w.call == seed && str_is(w.instance, "d1") &&
               wire_read_inputs(&w, parser, skip, &in, &fault) == ERR_OK && in.n == n - skip && in.stream == seed % 3 &&
               same_inputs(&in, at + skip, with_keys);
        if (good)
            wire_inputs_done(&in);
        else
            diag("seed %llu, from input %u: %s", (unsigned long long)seed, at, fault.text);
        at += n;
        buf_done(&message);
    }
    return good;
}

static void test_inputs(void)
{
    uint64_t seed = 1;
    while (seed <= 300 && survive_the_way(seed))
        seed++;
    is_int(seed, 301, "random inputs come out as they went in, member for member, with their keys");
}

static void test_bounds(void)
{
    static struct input many[2 * WIRE_INPUTS_MAX];
    char text[200];
    struct buf message = BUF_INIT;
    memset(text, 'x', sizeof text);
    for (unsigned i = 0; i < 2 * WIRE_INPUTS_MAX; i++)
        many[i] = (struct input){
            .op = OP_ERASE, .given = M_OP | M_ID, .id = {text, 40}, .amount = AMOUNT_NONE, .at = INSTANT_NONE};
    is_int(wire_write_inputs(&message, STR_LIT("d"), 1, 0, many, NULL, 2 * WIRE_INPUTS_MAX), WIRE_INPUTS_MAX,
           "an entry takes so many inputs, however many there are");
    buf_clear(&message);
    for (unsigned i = 0; i < 2 * WIRE_INPUTS_MAX; i++) {
        many[i].op = OP_RETRACT_DEATH;
        many[i].given |= M_REASON;
        many[i].reason = (struct str){text, 200};
        many[i].evidence = many[i].reason;
    }
    uint32_t n = wire_write_inputs(&message, STR_LIT("d"), 1, 0, many, NULL, 2 * WIRE_INPUTS_MAX);
    ok(n > 1 && n < WIRE_INPUTS_MAX && message.n <= WIRE_INPUTS_BYTES + 64, "and so many bytes: %u inputs, %zu bytes",
       n, message.n);
    buf_done(&message);
}

static void test_refused_inputs(void)
{
    struct buf message = BUF_INIT;
    struct wire_inputs in = {.n = 77};
    struct errmsg fault = {""};
    struct input bad = {
        .op = OP_CERTIFY, .given = M_OP | M_ID, .id = STR_LIT("a"), .amount = AMOUNT_NONE, .at = INSTANT_NONE};
    wire_write_inputs(&message, STR_LIT("d"), 5, 0, &bad, NULL, 1);
    struct wire w = read_it(&message);
    is_int(wire_read_inputs(&w, parser, 0, &in, &fault), ERR_INVALID, "an input that is none is refused: %s",
           fault.text);
    is_int(in.n, 77, "and the output left alone");
    w.rest.n--;
    is_int(wire_read_inputs(&w, parser, 0, &in, &fault), ERR_INVALID, "so is a message that is cut short");
    is_int(wire_read_inputs(&w, parser, 2, &in, &fault), ERR_INVALID, "and more to skip than there is");
    buf_clear(&message);
    wire_write_stream_end(&message, STR_LIT("d"), 9);
    uint64_t stream = 0;
    w = read_it(&message);
    ok(wire_read_stream_end(&w, &stream) == ERR_OK && stream == 9, "the end of a stream has its number");
    buf_done(&message);
}

/* --- results --- */

static void test_results(void)
{
    const struct input_result sent[] = {
        {.result = RESULT_APPLIED, .n_events = 3, .first_seq = UINT64_MAX - 2},
        {.result = RESULT_REJECTED, .reason = REASON_STALE, .key = KEY_REPLAYED},
        {.result = RESULT_ERROR, .member = "policy", .fault = "not configured", .key = KEY_REUSED},
    };
    struct input_result got[3];
    struct buf message = BUF_INIT;
    struct errmsg msg;
    uint32_t n = 0;
    wire_write_results(&message, 12, 4, sent, 3);
    struct wire w = read_it(&message);
    ok(wire_read_results(&w, 4, 3, words, got, &n, &msg) == ERR_OK && n == 3 && w.call == 12, "results are read");
    bool same = true;
    for (unsigned i = 0; i < 3; i++)
        same = same && got[i].result == sent[i].result && got[i].reason == sent[i].reason &&
               got[i].key == sent[i].key && got[i].n_events == sent[i].n_events &&
               got[i].first_seq == sent[i].first_seq;
    ok(same, "each as it was");
    is_str(got[2].member, "policy", "a member at fault is named");
    buf_done(&message);
    is_str(got[2].fault, "not configured", "and why, after the message is gone");
    ok(!got[0].member && !got[0].fault, "where nothing is, nothing is");
    wire_write_results(&message, 12, 4, sent, 3);
    w = read_it(&message);
    is_int(wire_read_results(&w, 3, 8, words, got, &n, &msg), ERR_INVALID, "others than are awaited are refused");
    is_int(wire_read_results(&w, 4, 2, words, got, &n, &msg), ERR_INVALID, "and more than there is room for");
    buf_done(&message);
}

/* --- questions and answers --- */

static void test_questions(void)
{
    struct wire_question q = {.deadline = 1790000000123, .epoch = UINT64_C(0xfedcba9876543210)}, back;
    struct buf message = BUF_INIT;
    struct errmsg msg;
    struct request r = {.kind = REQUEST_SHOW, .id = STR_LIT("330100-7"), .as_of = {true, 20000, -5}},
                   got = {.owner = &q};
    lc_month period = date_month(20000);
    wire_write_question(&message, STR_LIT("d"), 3, &q, &r);
    struct wire w = read_it(&message);
    ok(wire_read_question(&w, &back, &got, &msg) == ERR_OK && back.deadline == q.deadline && back.epoch == q.epoch,
       "a question is read");
    ok(got.kind == REQUEST_SHOW && str_eq(got.id, r.id) && got.as_of.given && got.as_of.day == 20000 &&
           got.as_of.at == -5 && got.owner == &q,
       "as it was asked");
    buf_clear(&message);
    r = (struct request){.kind = REQUEST_DUE, .from = 20000, .to = DATE_NONE, .by_month = true};
    wire_write_question(&message, STR_LIT("d"), 3, &q, &r);
    w = read_it(&message);
    ok(wire_read_question(&w, &back, &got, &msg) == ERR_OK && got.from == 20000 && got.to == DATE_NONE && got.by_month,
       "so is one by days");
    buf_clear(&message);
    r = (struct request){.kind = REQUEST_SCAN,
                         .scan = {.kind = SCAN_PERIOD,
                                  .status = -1,
                                  .policy = STR_LIT("national"),
                                  .limit = 1u << 31,
                                  .ids_only = true,
                                  .period = period,
                                  .id = 88,
                                  .end = true,
                                  .keep = true}};
    wire_write_question(&message, STR_LIT("d"), 3, &q, &r);
    w = read_it(&message);
    ok(wire_read_question(&w, &back, &got, &msg) == ERR_OK && got.scan.kind == SCAN_PERIOD && got.scan.status == -1 &&
           str_is(got.scan.policy, "national") && !got.scan.after.p && got.scan.limit == 1u << 31 &&
           got.scan.ids_only && got.scan.period == period && got.scan.id == 88 && got.scan.end && got.scan.keep,
       "and a list's");
    buf_clear(&message);
    r = (struct request){.kind = REQUEST_DUE, .from = INT32_MAX};
    wire_write_question(&message, STR_LIT("d"), 3, &q, &r);
    w = read_it(&message);
    is_int(wire_read_question(&w, &back, &got, &msg), ERR_INVALID, "a day beyond all calendars is refused");
    buf_clear(&message);
    w.rest = STR_LIT("\0\0\012");
    is_int(wire_read_question(&w, &back, &got, &msg), ERR_INVALID, "and so is what is not asked over the wire");
    buf_done(&message);
}

static void test_answers(void)
{
    struct buf message = BUF_INIT;
    struct errmsg msg;
    struct wire_answer a = {.err = ERR_INVALID,
                            .text = STR_LIT("no"),
                            .epoch = 4,
                            .scan = 5,
                            .position = 6,
                            .member = STR_LIT("after"),
                            .body = STR_LIT("{}\n")},
                       got;
    struct str method, body;
    int64_t deadline = 0;
    wire_write_answer(&message, 77, &a);
    struct wire w = read_it(&message);
    ok(w.call == 77 && wire_read_answer(&w, &got, &msg) == ERR_OK && got.err == ERR_INVALID && got.epoch == 4 &&
           got.scan == 5 && got.position == 6 && str_is(got.text, "no") && str_is(got.member, "after") &&
           str_is(got.body, "{}\n"),
       "an answer is read as it was given");
    buf_clear(&message);
    wire_write_call(&message, STR_LIT("d"), 78, -1, STR_LIT("desk pause"), STR_NONE);
    w = read_it(&message);
    ok(wire_read_call(&w, &deadline, &method, &body, &msg) == ERR_OK && deadline == -1 &&
           str_is(method, "desk pause") && !body.p,
       "a call, too");
    buf_done(&message);
}

/* --- what is none --- */

static void test_versions(void)
{
    struct buf message = BUF_INIT;
    struct wire w;
    struct errmsg msg;
    wire_write_stream_end(&message, STR_LIT("d"), 1);
    message.p[0] = WIRE_VERSION + 1;
    is_int(wire_read(buf_str(&message), &w, &msg), ERR_VERSION, "another version is refused: %s", msg.text);
    message.p[0] = WIRE_VERSION;
    message.p[1] = 'x';
    is_int(wire_read(buf_str(&message), &w, &msg), ERR_INVALID, "and an unknown kind");
    is_int(wire_read(STR_NONE, &w, &msg), ERR_INVALID, "and nothing at all");
    buf_clear(&message);
    wire_write_stream_end(&message, STR_LIT("a}b"), 1);
    is_int(wire_read(buf_str(&message), &w, &msg), ERR_INVALID, "and an instance that would name another key");
    buf_done(&message);
}

/* Reads it as every kind; what comes of it does not matter, that it ends well does. */
static void read_anyhow(struct str bytes)
{
    struct wire w;
    struct errmsg msg;
    struct wire_inputs in;
    struct input_result results[16];
    struct wire_question q;
    struct request r;
    struct wire_answer a;
    struct str s, t;
    uint64_t stream;
    int64_t deadline;
    uint32_t n;
    if (wire_read(bytes, &w, &msg) != ERR_OK)
        return;
    if (wire_read_inputs(&w, parser, 1, &in, &msg) == ERR_OK)
        wire_inputs_done(&in);
    (void)!wire_read_results(&w, 0, 16, words, results, &n, &msg);
    (void)!wire_read_question(&w, &q, &r, &msg);
    (void)!wire_read_answer(&w, &a, &msg);
    (void)!wire_read_call(&w, &deadline, &s, &t, &msg);
    (void)!wire_read_stream_end(&w, &stream);
}

static void write_any(struct rng *g, struct buf *out)
{
    struct input_result result = {.result = RESULT_ERROR, .member = "m", .fault = "f"};
    struct request r = {.kind = REQUEST_SCAN, .scan = {.policy = STR_LIT("p")}};
    struct wire_question q = {1, 2};
    struct wire_answer a = {.text = STR_LIT("t"), .body = STR_LIT("b")};
    switch (rng_below(g, 5)) {
    case 0: wire_write_inputs(out, STR_LIT("d"), 1, 2, inputs, keys, 3); break;
    case 1: wire_write_results(out, 1, 0, &result, 1); break;
    case 2: wire_write_question(out, STR_LIT("d"), 1, &q, &r); break;
    case 3: wire_write_answer(out, 1, &a); break;
    case 4: wire_write_call(out, STR_LIT("d"), 1, 2, STR_LIT("m"), STR_LIT("b")); break;
    }
}

static void test_damage(void)
{
    struct rng g = rng_seed(7);
    for (unsigned i = 0; i < 20000; i++) {
        struct buf message = BUF_INIT;
        write_any(&g, &message);
        size_t n = message.n - (rng_below(&g, 3) ? 0 : rng_below(&g, message.n));
        for (uint64_t k = rng_below(&g, 4); k > 0; k--)
            message.p[rng_below(&g, message.n)] = (char)rng_next(&g);
        char *copy = mem_strndup(message.p, n); /* so that a sanitizer sees a step too far */
        read_anyhow((struct str){copy, n});
        free(copy);
        buf_done(&message);
    }
    ok(true, "20,000 damaged messages do no harm");
}

int main(void)
{
    struct input_options o = {.allow_at = true};
    plan(0);
    words = words_new();
    parser = input_parser_new(&o);
    test_inputs();
    test_bounds();
    test_refused_inputs();
    test_results();
    test_questions();
    test_answers();
    test_versions();
    test_damage();
    for (unsigned i = 0; i < SAMPLES; i++)
        samples_free(samples[i]);
    input_parser_free(parser);
    words_free(words);
    return tap_end();
}
