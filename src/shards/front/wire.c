#include "shards/front/wire.h"

#include <stdlib.h>

#include "codec/input_write.h"
#include "shards/front/wire_inside.h"

#define KEY_BYTES (2 * KEY_HASH)
#define LENGTH_BYTES 3 /* of an input's length, whatever it is: it is known only behind it */
#define ARENA_SPARE 64 /* what input_parse() wants for a line of n bytes: 2 * n and this */

enum err wire_malformed(struct errmsg *msg, const char *what)
{
    return err_set(msg, ERR_INVALID, "a message between daemons is malformed: %s", what);
}

/* --- the beginning --- */

static bool is_asked(enum wire_kind kind)
{
    return kind == WIRE_INPUTS || kind == WIRE_STREAM_END || kind == WIRE_QUESTION || kind == WIRE_CALL;
}

static bool is_known(int kind)
{
    return is_asked((enum wire_kind)kind) || kind == WIRE_RESULTS || kind == WIRE_ANSWER;
}

void wire_begin(struct buf *out, enum wire_kind kind, struct str instance, uint64_t call)
{
    buf_addc(out, WIRE_VERSION);
    buf_addc(out, (char)kind);
    if (is_asked(kind))
        wire_add_str(out, instance);
    wire_add_number(out, call);
}

/* It names a stream of Redis's: what the office gives is of this kind. */
static bool is_instance(struct str s)
{
    if (s.n == 0 || s.n > WIRE_INSTANCE_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '{' || s.p[i] == '}')
            return false;
    return true;
}

enum err wire_read(struct str bytes, struct wire *out, struct errmsg *msg)
{
    if (!bytes.p || bytes.n < 2 || bytes.n > WIRE_BYTES_MAX)
        return wire_malformed(msg, "its length");
    if (bytes.p[0] != WIRE_VERSION)
        return err_set(msg, ERR_VERSION, "a message between daemons has version %d, this program knows %d",
                       (unsigned char)bytes.p[0], WIRE_VERSION);
    if (!is_known(bytes.p[1]))
        return wire_malformed(msg, "its kind");
    struct wire_cursor c = {.left = {bytes.p + 2, bytes.n - 2}};
    struct wire w = {.kind = (enum wire_kind)bytes.p[1]};
    if (is_asked(w.kind))
        w.instance = wire_take_str(&c);
    w.call = wire_take_number(&c);
    if (c.bad || (is_asked(w.kind) && !is_instance(w.instance)))
        return wire_malformed(msg, "who sent it");
    w.rest = c.left;
    *out = w;
    return ERR_OK;
}

/* --- inputs --- */

static uint32_t count_fitting(const struct input *inputs, const struct input_key *keys, uint32_t n)
{
    size_t bytes = 0;
    uint32_t i = 0;
    for (; i < n && i < WIRE_INPUTS_MAX; i++) {
        bytes += input_room(&inputs[i], UINT32_MAX) + LENGTH_BYTES + (keys ? KEY_BYTES : 0);
        if (i && bytes > WIRE_INPUTS_BYTES)
            break;
    }
    return i;
}

static void add_input(struct buf *out, const struct input *in)
{
    char *start = buf_room(out, LENGTH_BYTES + input_room(in, UINT32_MAX)), *text = start + LENGTH_BYTES;
    size_t n = (size_t)(input_put(text, in, UINT32_MAX, 0) - text);
    start[0] = (char)((n + 1) | 0x80);
    start[1] = (char)((n + 1) >> 7 | 0x80);
    start[2] = (char)((n + 1) >> 14 & 0x7f);
    out->n += LENGTH_BYTES + n;
}

uint32_t wire_write_inputs(struct buf *out, struct str instance, uint64_t call, uint64_t stream,
                           const struct input *inputs, const struct input_key *keys, uint32_t n)
{
    n = count_fitting(inputs, keys, n);
    wire_begin(out, WIRE_INPUTS, instance, call);
    wire_add_number(out, stream);
    wire_add_number(out, keys != NULL);
    wire_add_number(out, n);
    for (uint32_t i = 0; i < n; i++) {
        if (keys) {
            buf_add(out, keys[i].key, KEY_HASH);
            buf_add(out, keys[i].body, KEY_HASH);
        }
        add_input(out, &inputs[i]);
    }
    return n;
}

void wire_write_stream_end(struct buf *out, struct str instance, uint64_t stream)
{
    wire_begin(out, WIRE_STREAM_END, instance, 0);
    wire_add_number(out, stream);
}

enum err wire_read_stream_end(const struct wire *w, uint64_t *stream)
{
    struct wire_cursor c = {.left = w->rest};
    uint64_t number = wire_take_number(&c);
    if (w->kind != WIRE_STREAM_END || !number || !wire_cursor_good(&c))
        return ERR_INVALID;
    *stream = number;
    return ERR_OK;
}

static void make_room(struct wire_inputs *in, bool keys, size_t bytes)
{
    in->inputs = mem_zalloc(in->n ? in->n : 1, sizeof *in->inputs);
    in->results = mem_zalloc(in->n ? in->n : 1, sizeof *in->results);
    in->keys = keys ? mem_zalloc(in->n ? in->n : 1, sizeof *in->keys) : NULL;
    in->arena = mem_alloc(2 * bytes + ARENA_SPARE * ((size_t)in->n + 1));
}

void wire_inputs_done(struct wire_inputs *in)
{
    free(in->inputs);
    free(in->results);
    free(in->keys);
    free(in->arena);
    *in = (struct wire_inputs){.stream = 0};
}

static bool take_key(struct wire_cursor *c, struct input_key *key)
{
    struct str bytes = wire_take_bytes(c, KEY_BYTES);
    if (!bytes.p || !key)
        return bytes.p != NULL;
    memcpy(key->key, bytes.p, KEY_HASH);
    memcpy(key->body, bytes.p + KEY_HASH, KEY_HASH);
    return true;
}

/* n entries, of which the first skip are passed over. */
static enum err take_inputs(struct wire_cursor *c, bool keys, uint32_t n, uint32_t skip, struct input_parser *parser,
                            struct wire_inputs *out, struct errmsg *fault)
{
    char *at = out->arena;
    for (uint32_t i = 0; i < n; i++) {
        struct input_fault why;
        size_t used = 0;
        bool good = !keys || take_key(c, i >= skip ? &out->keys[i - skip] : NULL);
        struct str text = wire_take_str(c);
        if (!good || !text.p)
            return wire_malformed(fault, "its inputs");
        if (i < skip)
            continue;
        if (input_parse(parser, text.p, text.n, &out->inputs[i - skip], at, &used, &why) != ERR_OK)
            return err_set(fault, ERR_INVALID, "%s", why.text);
        at += used;
    }
    return wire_cursor_good(c) ? ERR_OK : wire_malformed(fault, "what follows its inputs");
}

enum err wire_read_inputs(const struct wire *w, struct input_parser *parser, uint32_t skip, struct wire_inputs *out,
                          struct errmsg *fault)
{
    struct wire_cursor c = {.left = w->rest};
    struct wire_inputs in = {.stream = wire_take_number(&c)};
    bool keys = wire_take_below(&c, 1);
    uint32_t n = (uint32_t)wire_take_below(&c, WIRE_INPUTS_MAX);
    if (w->kind != WIRE_INPUTS || c.bad || n == 0 || skip > n)
        return wire_malformed(fault, "how many inputs it has");
    in.n = n - skip;
    make_room(&in, keys, c.left.n);
    enum err e = take_inputs(&c, keys, n, skip, parser, &in, fault);
    if (e)
        wire_inputs_done(&in);
    else
        *out = in;
    return e;
}

/* --- their results --- */

void wire_write_results(struct buf *out, uint64_t call, uint32_t first, const struct input_result *results, uint32_t n)
{
    wire_begin(out, WIRE_RESULTS, STR_NONE, call);
    wire_add_number(out, first);
    wire_add_number(out, n);
    for (const struct input_result *r = results; r < results + n; r++) {
        wire_add_number(out, r->result);
        wire_add_number(out, r->reason);
        wire_add_number(out, r->key);
        wire_add_number(out, r->n_events);
        wire_add_number(out, r->first_seq);
        wire_add_str(out, str_of(r->member));
        wire_add_str(out, str_of(r->fault));
    }
}

static void take_result(struct wire_cursor *c, struct words *words, struct input_result *out)
{
    out->result = (enum result)wire_take_below(c, RESULT_N - 1);
    out->reason = (enum reason)wire_take_below(c, REASON_N - 1);
    out->key = (enum key_use)wire_take_below(c, KEY_REUSED);
    out->n_events = (uint32_t)wire_take_below(c, UINT32_MAX);
    out->first_seq = wire_take_number(c);
    struct str member = wire_take_str(c), fault = wire_take_str(c);
    if (c->bad)
        return;
    out->member = words_keep(words, member);
    out->fault = words_keep(words, fault);
    if (out->result == RESULT_ERROR && !out->fault)
        out->fault = words_keep(words, STR_LIT("refused"));
}

enum err wire_read_results(const struct wire *w, uint32_t expected, uint32_t room, struct words *words,
                           struct input_result *results, uint32_t *n, struct errmsg *msg)
{
    struct wire_cursor c = {.left = w->rest};
    uint64_t first = wire_take_number(&c), count = wire_take_number(&c);
    if (w->kind != WIRE_RESULTS || c.bad || first != expected || count == 0 || count > room)
        return wire_malformed(msg, "which results it has");
    for (uint32_t i = 0; i < count; i++)
        take_result(&c, words, &results[i]);
    if (!wire_cursor_good(&c))
        return wire_malformed(msg, "its results");
    *n = (uint32_t)count;
    return ERR_OK;
}
