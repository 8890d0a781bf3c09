/* What daemons of a set write to each other, and positions that clients bring back. The first character chooses what the
 * rest is: m a message, p a position, d a commit of the delivery state. */
#include <string.h>

#include "shards/front/wire.h"
#include "shards/position.h"
#include "store/delivery/delivery_code.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_runs = 20000;

static void read_inputs(const struct wire *w)
{
    static const struct input_options options = {.country_code = "+86", .allow_at = true};
    struct input_parser *parser = input_parser_new(&options);
    struct wire_inputs in;
    struct errmsg msg = {""};
    if (wire_read_inputs(w, parser, 0, &in, &msg) == ERR_OK) {
        MUST(in.n > 0 && in.n <= WIRE_INPUTS_MAX);
        wire_inputs_done(&in);
    } else {
        MUST(msg.text[0]);
    }
    input_parser_free(parser);
}

static void read_results(const struct wire *w)
{
    struct input_result results[8];
    struct words *words = words_new();
    struct errmsg msg = {""};
    uint32_t n = 0;
    if (wire_read_results(w, 1, 8, words, results, &n, &msg) == ERR_OK)
        MUST(n <= 8);
    words_free(words);
}

static void read_question(const struct wire *w)
{
    struct wire_question q;
    struct request r;
    struct errmsg msg = {""};
    memset(&r, 0, sizeof r);
    if (wire_read_question(w, &q, &r, &msg) != ERR_OK)
        MUST(msg.text[0]);
}

static void read_others(const struct wire *w)
{
    struct wire_answer a;
    struct str method, body;
    struct errmsg msg = {""};
    int64_t deadline;
    uint64_t stream;
    if (w->kind == WIRE_ANSWER && wire_read_answer(w, &a, &msg) == ERR_OK)
        MUST(a.err < ERR_N && a.body.n <= w->rest.n);
    if (w->kind == WIRE_CALL && wire_read_call(w, &deadline, &method, &body, &msg) == ERR_OK)
        MUST(method.n + body.n <= w->rest.n);
    if (w->kind == WIRE_STREAM_END)
        (void)!wire_read_stream_end(w, &stream);
}

static void read_message(struct str bytes)
{
    struct wire w;
    struct errmsg msg = {""};
    if (wire_read(bytes, &w, &msg) != ERR_OK) {
        MUST(msg.text[0]);
        return;
    }
    MUST(w.instance.n <= WIRE_INSTANCE_MAX);
    if (w.kind == WIRE_INPUTS)
        read_inputs(&w);
    else if (w.kind == WIRE_RESULTS)
        read_results(&w);
    else if (w.kind == WIRE_QUESTION)
        read_question(&w);
    else
        read_others(&w);
}

/* What is one is written, and read again as the same. */
static void read_position(struct str text)
{
    struct position p, again;
    struct buf b = BUF_INIT;
    if (!position_parse(&p, text))
        return;
    position_write(&p, &b);
    position_init(&again, p.n);
    MUST(position_read(&again, buf_str(&b)) && memcmp(again.v, p.v, p.n * sizeof *p.v) == 0);
    position_done(&p);
    position_done(&again);
    buf_done(&b);
}

static void read_entry(struct str bytes)
{
    struct delivery_entry e;
    struct errmsg msg = {""};
    struct buf b = BUF_INIT;
    if (delivery_entry_read(bytes, &e, &msg) != ERR_OK) {
        MUST(msg.text[0]);
        return;
    }
    if (e.adopts)
        delivery_adoption_write(&e.adoption, &b);
    else
        delivery_changes_write(e.changes, e.n, &b);
    delivery_entry_done(&e);
    MUST(delivery_entry_read(buf_str(&b), &e, &msg) == ERR_OK);
    delivery_entry_done(&e);
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str rest = {(const char *)data + 1, n ? n - 1 : 0};
    if (n && data[0] == 'm')
        read_message(rest);
    if (n && data[0] == 'p')
        read_position(rest);
    if (n && data[0] == 'd')
        read_entry(rest);
    return 0;
}
