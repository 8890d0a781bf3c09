/* What stands in a request beside its path and body: tokens, what language and type is wanted, idempotency keys, the types
 * of events that are asked for; and a body that comes in pieces. The first character is the length of a piece. */
#include <stdio.h>
#include <string.h>

#include "http/events/event_filter.h"
#include "http/intake.h"
#include "http/language.h"
#include "http/number.h"
#include "http/server/accept.h"
#include "http/server/lines.h"
#include "http/tokens.h"
#include "tests/fuzz/fuzz.h"

const unsigned fuzz_runs = 20000;

enum { LINE_MAX_BYTES = 40 };

/* SHA-256 of "key". */
static const unsigned char key_hash[TOKEN_HASH_BYTES] = {
    0x2c, 0x70, 0xe1, 0x2b, 0x7a, 0x06, 0x46, 0xf9, 0x22, 0x79, 0xf4, 0x27, 0xc7, 0xb3, 0x8e, 0x73,
    0x34, 0xd8, 0xe5, 0x38, 0x9c, 0xff, 0x16, 0x7a, 0x1d, 0xc3, 0x0e, 0x73, 0xf8, 0x26, 0xb6, 0x83};

/* Nobody is let in without it. */
static void authorization(struct str value)
{
    struct tokens *t = tokens_new();
    memcpy(t->v[t->n].sha256, key_hash, sizeof key_hash);
    snprintf(t->v[t->n++].name, sizeof t->v->name, "payroll");
    struct token_gate *g = token_gate_new(t);
    if (token_gate_find(g, value))
        MUST(value.n >= 10 && memmem(value.p, value.n, "key", 3));
    token_gate_free(g);
    tokens_unref(t);
}

/* The same lines come whatever pieces a body is cut into; a byte too far is in the next block. */
static void lines(struct str body, size_t piece)
{
    struct line_reader r;
    struct str line;
    enum line_kind kind;
    uint64_t whole = 0;
    line_reader_init(&r, LINE_MAX_BYTES);
    for (size_t at = 0; at < body.n; at += piece) {
        size_t n = body.n - at < piece ? body.n - at : piece;
        char *copy = mem_strndup(body.p + at, n);
        const char *p = copy;
        while ((kind = line_next(&r, &p, copy + n, &line)) != LINE_NONE)
            whole += kind == LINE_WHOLE ? line.n : 0;
        free(copy);
    }
    kind = line_last(&r, &line);
    MUST(kind != LINE_WHOLE || (line.n > 0 && line.n <= LINE_MAX_BYTES));
    MUST(whole <= body.n);
    line_reader_done(&r);
}

static void headers(const char *value, size_t n)
{
    char key[IDEMPOTENCY_KEY_MAX];
    unsigned key_n = 0;
    uint64_t number;
    struct str bad, text = {value, n};
    enum explain_language language = language_of(value);
    MUST(language == language_of(value));
    MUST(!(accept_prefers(value, "text/event-stream", "application/json") &&
           accept_prefers(value, "application/json", "text/event-stream")));
    if (idempotency_key_parse(value, key, &key_n))
        MUST(key_n > 0 && key_n <= IDEMPOTENCY_KEY_MAX);
    uint64_t types = event_types_matching(text, &bad);
    MUST(types ? (types & ~EVENT_TYPES_ALL) == 0 : bad.n <= n);
    (void)!number_read(text, &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n)
        return 0;
    struct str rest = {(const char *)data + 1, n - 1};
    char *value = mem_strndup(rest.p, rest.n);
    authorization(rest);
    headers(value, strlen(value));
    lines(rest, 1 + data[0] % 61u);
    free(value);
    return 0;
}
