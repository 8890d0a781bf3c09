/* Reading back what was written, and refusing everything else. */
#include <stdlib.h>

#include "codec/event_json.h"
#include "tests/codec/samples.h"
#include "tests/lib/tap.h"

#define ROUNDS_A_TYPE tap_rounds(1000)
#define DAMAGED tap_rounds(100000)

/* Reads the line, compares, writes again, and asks yajl; a word for what went wrong, or NULL. */
static const char *round_trip(const struct event *e, struct event_arena *a, struct buf *line, struct buf *again)
{
    struct event back;
    size_t where = 0;
    buf_clear(line);
    event_write(line, e);
    if (event_read(buf_str(line), &back, a, &where) != ERR_OK)
        return "not read";
    if (!same_event(e, &back))
        return "read as something else";
    buf_clear(again);
    event_write(again, &back);
    if (!str_eq(buf_str(line), buf_str(again)))
        return "written differently";
    yajl_val tree = tree_of(line->p, line->n);
    if (!tree)
        return "not JSON";
    buf_clear(again);
    tree_write(again, tree);
    buf_addc(again, '\n');
    yajl_tree_free(tree);
    return str_eq(buf_str(line), buf_str(again)) ? NULL : "something else to yajl";
}

static void round_trips(struct samples *s)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct buf line = BUF_INIT, again = BUF_INIT;
    for (unsigned type = 0; type < EV_N; type++) {
        const char *wrong = NULL;
        for (int i = 0; i < (int)ROUNDS_A_TYPE && !wrong; i++) {
            struct event e;
            random_event(s, (enum event_type)type, &e);
            wrong = round_trip(&e, &arena, &line, &again);
        }
        ok(!wrong, "%s comes back as it was written", event_type_text((enum event_type)type));
        if (wrong)
            diag("%s: %.*s", wrong, (int)line.n, line.p);
    }
    event_arena_done(&arena);
    buf_done(&line);
    buf_done(&again);
}

static bool head_agrees(const struct event *e, struct str line, struct event_arena *a)
{
    struct event head;
    if (event_read_head(line, &head, a) != ERR_OK)
        return false;
    return head.seq == e->seq && head.prev == e->prev && head.time == e->time && head.offset == e->offset &&
           head.today == e->today && head.type == e->type && head.simulated == e->simulated &&
           str_eq(head.subject, e->subject);
}

static void heads(struct samples *s)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct buf line = BUF_INIT;
    unsigned bad = 0, cut = 0;
    for (int i = 0; i < (int)tap_rounds(5000); i++) {
        struct event e, head;
        random_event(s, (enum event_type)(i % EV_N), &e);
        buf_clear(&line);
        event_write(&line, &e);
        bad += !head_agrees(&e, buf_str(&line), &arena);
        const char *data = memmem(line.p, line.n, ",\"data\":", 8);
        struct str short_line = {line.p, rng_below(&s->rng, (uint64_t)(data - line.p) + 7)};
        cut += event_read_head(short_line, &head, &arena) == ERR_OK;
    }
    is_int(bad, 0, "a head alone says the same as the whole line");
    is_int(cut, 0, "a line cut off within its head has none");
    event_arena_done(&arena);
    buf_done(&line);
}

/* Exactly as long as its text, so that the sanitizer sees a byte read too many. */
static enum err read_exact(const char *p, size_t n, struct event *e, struct event_arena *a, char **copy)
{
    size_t where = SIZE_MAX;
    *copy = mem_alloc(n);
    memcpy(*copy, p, n);
    enum err err = event_read((struct str){*copy, n}, e, a, &where);
    if (err != ERR_OK && where > n)
        bail_out("a fault behind the line");
    return err;
}

/* An accepted line is JSON, and written again it is the same. */
static bool holds(const char *p, size_t n, const struct event *e, struct buf *again)
{
    buf_clear(again);
    event_write(again, e);
    if (again->n != n + (p[n - 1] != '\n') || memcmp(again->p, p, n) != 0)
        return false;
    yajl_val tree = tree_of(p, n);
    if (!tree)
        return false;
    buf_clear(again);
    tree_write(again, tree);
    yajl_tree_free(tree);
    /* the tree's strings end at a NUL, with which it is no second opinion */
    return memmem(p, n, "\\u0000", 6) || memcmp(again->p, p, again->n) == 0;
}

static void damaged_lines(struct samples *s)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct buf line = BUF_INIT, again = BUF_INIT;
    unsigned accepted = 0, wrong = 0;
    char *out = mem_alloc(1 << 18);
    for (int i = 0; i < (int)DAMAGED; i++) {
        struct event e, back;
        size_t n;
        char *copy;
        random_event(s, (enum event_type)rng_below(&s->rng, EV_N), &e);
        buf_clear(&line);
        event_write(&line, &e);
        damage(s, line.p, line.n, out, &n);
        if (read_exact(out, n, &back, &arena, &copy) == ERR_OK) {
            accepted++;
            if (!holds(out, n, &back, &again) && wrong++ == 0)
                diag("accepted: %.*s", (int)n, out);
        }
        free(copy);
    }
    is_int(wrong, 0, "a damaged line that is read is JSON and written again the same");
    ok(accepted > DAMAGED / 100, "enough of the damage leaves a line of ours (%u of %u)", accepted, DAMAGED);
    free(out);
    event_arena_done(&arena);
    buf_done(&line);
    buf_done(&again);
}

/* Lines that are nearly ours, and at which byte that ends; 0 where the byte does not matter. */
struct refused {
    const char *line;
    size_t where;
};

#define HEAD "{\"seq\":2,\"prev\":1,\"time\":\"2026-06-16T00:00:00+08:00\",\"type\":"

static const struct refused refused[] = {
    {"", 0},
    {"{}", 0},
    {"{\"seq\":02,", 7},
    {"{\"seq\":18446744073709551616,", 7},
    {"{\"seq\":-1,", 7},
    {"{\"seq\": 1,", 7},
    {"{\"seq\":1,\"prev\":0,\"time\":\"2026-02-30T00:00:00+08:00\"", 26},
    {"{\"seq\":1,\"prev\":0,\"time\":\"2026-06-16T24:00:00+08:00\"", 26},
    {"{\"seq\":1,\"prev\":0,\"time\":\"2026-06-16T00:00:60+08:00\"", 26},
    {"{\"seq\":1,\"prev\":0,\"time\":\"2026-06-16T00:00:00-00:00\"", 26},
    {"{\"seq\":1,\"prev\":0,\"time\":\"2026-06-16T00:00:00.1234Z\"", 26},
    {HEAD "\"benefit.stopped\",", 60},
    {HEAD "\"beneficiary.erased\",\"subject\":null,\"data\":{}}", 91},
    {HEAD "\"beneficiary.erased\",\"subject\":\"a\",\"data\":{\"x\":1}}", 103},
    {HEAD "\"beneficiary.erased\",\"subject\":\"a\",\"simulated\":false,\"data\":{}}", 94},
    {HEAD "\"beneficiary.erased\",\"subject\":\"\\u0041\",\"data\":{}}", 91},
    {HEAD "\"beneficiary.erased\",\"subject\":\"\\/\",\"data\":{}}", 91},
    {HEAD "\"beneficiary.erased\",\"subject\":\"\xc0\xaf\",\"data\":{}}", 91},
    {HEAD "\"beneficiary.erased\",\"data\":{}} ", 91},
    {HEAD "\"beneficiary.erased\",\"data\":{}}\n\n", 91},
    {HEAD "\"unit.recorded\",\"data\":{\"unit\":\"u\",\"unit\":\"u\"}}", 94},
    {HEAD "\"beneficiary.amended\",\"data\":{\"amount\":1,\"due_on\":null}}", 100},
    {HEAD "\"beneficiary.amended\",\"data\":{\"amount_from\":null,\"due_on\":null}}", 90},
    {HEAD "\"beneficiary.amended\",\"data\":{\"personal\":false,\"due_on\":null}}", 101},
    {HEAD "\"benefit.terminated\",\"data\":{\"died_on\":null,\"reported_on\":null,\"last_period\":null,"
          "\"overpaid\":{\"periods\":[{\"period\":null,\"payday\":null,\"amount\":5}],\"total\":6}",
     0},
    {HEAD "\"input.rejected\",\"data\":{\"op\":\"amend\",\"reason\":\"terminated\","
          "\"given\":{\"phone\":\"+861\"}}}",
     0},
    {HEAD "\"config.adopted\",\"data\":{\"timezone\":\"UTC\",\"channels\":[],\"brake_limit\":\"01%\"", 0},
};

static void refusals(void)
{
    struct event_arena arena = {.text = BUF_INIT};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct event e;
        size_t where = 0;
        enum err err = event_read(str_of(refused[i].line), &e, &arena, &where);
        bool good = err == ERR_INVALID && (refused[i].where == 0 || where == refused[i].where);
        ok(good, "refused: %.*s", (int)strcspn(refused[i].line, "\n"), refused[i].line);
        if (!good)
            diag("%s at %zu, wanted %zu", err ? "refused" : "read", where, refused[i].where);
    }
    event_arena_done(&arena);
}

static void without_newline(void)
{
    struct event_arena arena = {.text = BUF_INIT};
    struct event e;
    size_t where;
    struct str line = STR_LIT(HEAD "\"beneficiary.erased\",\"subject\":\"a\\\"b\",\"data\":{}}");
    ok(event_read(line, &e, &arena, &where) == ERR_OK, "a line is read without its newline too");
    ok(str_is(e.subject, "a\"b"), "an escaped subject is decoded");
    is_int(e.today, date_make(2026, 6, 16), "today is the local date of the line's time");
    is_int(e.time, 1781539200, "time is the instant");
    is_int(e.offset, 28800, "offset is in seconds");
    event_arena_done(&arena);
}

int main(void)
{
    plan(EV_N + 2 + 2 + sizeof refused / sizeof refused[0] + 5);
    struct samples *s = samples_new(20260616);
    round_trips(s);
    heads(s);
    damaged_lines(s);
    refusals();
    without_newline();
    samples_free(s);
    return tap_end();
}
