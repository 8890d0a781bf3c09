/* Values at paths of a gateway's JSON: what is found, what is refused, and the bounds. */
#include "adapter/json_pick.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/tap.h"

#define DOCUMENT                                                                                   \
    "{\"a\":\"x\\u4e2d\\n\\u0000y\",\"b\":{\"c\":[1,{\"d\":-1.50e3},[true,null]],\"\":\"empty\"}," \
    "\"b.c\":\"dotted\",\"e\":\"\",\"f\":{},\"g\":[]}"

static const struct {
    const char *path;
    enum json_kind kind;
    struct str value;
} found[] = {
    {"a", JSON_STRING, STR_LIT("x中\n\0y")},
    {"b.c.0", JSON_NUMBER, STR_LIT("1")},
    {"b.c.1.d", JSON_NUMBER, STR_LIT("-1.50e3")},
    {"b.c.2.0", JSON_BOOLEAN, STR_LIT("true")},
    {"b.c.2.1", JSON_NULL, STR_LIT("null")},
    {"e", JSON_STRING, STR_LIT("")},
    {"b.c", JSON_ABSENT, STR_NONE}, /* an array, and a name with a dot is no path */
    {"f", JSON_ABSENT, STR_NONE},
    {"b.c.3", JSON_ABSENT, STR_NONE},
    {"b.c.00", JSON_ABSENT, STR_NONE},
    {"A", JSON_ABSENT, STR_NONE},
    {"d", JSON_ABSENT, STR_NONE},
};

#define FOUND_N (sizeof found / sizeof found[0])

static void values(void)
{
    struct json_pick picks[FOUND_N];
    struct buf text = BUF_INIT;
    struct errmsg msg = {"-"};
    for (size_t i = 0; i < FOUND_N; i++)
        picks[i] = (struct json_pick){.path = found[i].path, .kind = JSON_STRING, .value = STR_LIT("left over")};
    is_int(json_pick(STR_LIT(DOCUMENT), picks, FOUND_N, &text, &msg), ERR_OK, "a document is read");
    for (size_t i = 0; i < FOUND_N; i++)
        ok(picks[i].kind == found[i].kind && str_eq(picks[i].value, found[i].value), "what stands at %s",
           found[i].path);
    ok(!json_pick_text(&picks[4]).p && !json_pick_text(&picks[5]).p && json_pick_text(&picks[1]).p,
       "null and an empty string are no text, a number is");
    buf_done(&text);
}

static const struct str refused[] = {
    STR_LIT(""),
    STR_LIT("   "),
    STR_LIT("nonsense"),
    STR_LIT("{\"a\":1"),
    STR_LIT("{\"a\":\"x"),
    STR_LIT("{\"a\":1} {}"),
    STR_LIT("{\"a\":01}"),
    STR_LIT("{\"a\":\"\xff\"}"),
    STR_LIT("{\"a\":\"\xed\xa0\x80\"}"),
    STR_LIT("{\"a\":\"\n\"}"),
    STR_LIT("{'a':1}"),
    STR_LIT("{\"a\":1,}"),
    STR_LIT("{\"a\":NaN}"),
    STR_LIT("{\"a\":1,\"b\":2,\"a\":1}"), /* which of the two would count? */
    STR_LIT("\0"),
};

#define REFUSED_N (sizeof refused / sizeof refused[0])

static void faults(void)
{
    struct buf text = BUF_INIT;
    struct errmsg msg;
    for (size_t i = 0; i < REFUSED_N; i++) {
        struct json_pick pick = {.path = "a"};
        enum err e = json_pick(refused[i], &pick, 1, &text, &msg);
        ok(e == ERR_INVALID && pick.kind == JSON_ABSENT && !pick.value.p, "refused: document %zu", i);
    }
    struct json_pick pick = {.path = "a"};
    is_int(json_pick(STR_LIT("{\"a\":1,\"b\":2,\"b\":3}"), &pick, 1, &text, &msg), ERR_OK,
           "a member nobody asks for may stand there twice");
    buf_done(&text);
}

/* Every cut of a document is refused, in a block of its own so that a step beyond it is seen. */
static void truncated(void)
{
    static const char whole[] = DOCUMENT;
    struct buf text = BUF_INIT;
    struct errmsg msg;
    unsigned taken = 0;
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        struct json_pick pick = {.path = "b.c.0"};
        char *cut = mem_strndup(whole, n);
        taken += json_pick((struct str){cut, n}, &pick, 1, &text, &msg) == ERR_OK;
        free(cut);
    }
    is_int(taken, 0, "no cut of a document passes for one");
    buf_done(&text);
}

static enum err nested(unsigned depth, struct buf *text)
{
    struct json_pick pick = {.path = "a"};
    struct errmsg msg;
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < depth; i++)
        buf_addc(&b, '[');
    buf_addc(&b, '1');
    for (unsigned i = 0; i < depth; i++)
        buf_addc(&b, ']');
    enum err e = json_pick(buf_str(&b), &pick, 1, text, &msg);
    buf_done(&b);
    return e;
}

static void depth(void)
{
    struct buf text = BUF_INIT;
    is_int(nested(JSON_PICK_DEPTH, &text), ERR_OK, "%d levels are read", JSON_PICK_DEPTH);
    is_int(nested(JSON_PICK_DEPTH + 1, &text), ERR_INVALID, "one more is not");
    is_int(nested(500000, &text), ERR_INVALID, "half a million are refused as well, on a stack of any size");
    buf_done(&text);
}

struct seen {
    unsigned n;
    char text[128];
};

static void on_item(void *arg, const struct json_pick *picks)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);
    s->n++;
    snprintf(s->text + n, sizeof s->text - n, "%.*s,%.*s;", (int)picks[0].value.n,
             picks[0].value.p ? picks[0].value.p : "", (int)picks[1].value.n, picks[1].value.p ? picks[1].value.p : "");
}

static enum err each(struct str json, struct seen *out)
{
    struct json_pick picks[] = {{.path = "a"}, {.path = "b.0"}};
    struct buf text = BUF_INIT;
    struct errmsg msg;
    *out = (struct seen){.n = 0};
    enum err e = json_each(json, picks, 2, &text, on_item, out, &msg);
    buf_done(&text);
    return e;
}

static void arrays(void)
{
    struct seen s;
    is_int(each(STR_LIT("[{\"a\":1,\"b\":[\"x\",\"y\"]}, {}, {\"b\":[7]},"
                        "{\"c\":[{\"a\":9}],\"a\":\"z\"}]"),
                &s),
           ERR_OK, "an array of objects is walked");
    is_str(s.text, "1,x;,;,7;z,;", "each object has its own values, and none of the one before");
    is_int(each(STR_LIT("[]"), &s), ERR_OK, "an empty array is one");
    is_int(s.n, 0, "of nothing");
    static const struct str bad[] = {
        STR_LIT("{\"a\":1}"),
        STR_LIT("[1]"),
        STR_LIT("[{\"a\":1},null]"),
        STR_LIT("[{\"a\":1},[{\"a\":2}]]"),
        STR_LIT("[{\"a\":1},{\"a\":2}"),
        STR_LIT("7"),
        STR_LIT("[{\"a\":1,\"a\":2}]"),
        STR_LIT(""),
        STR_LIT("[{\"a\":1}]x"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum err e = each(bad[i], &s);
        ok(e == ERR_INVALID && s.n == 0, "refused, and nothing called: %s", bad[i].p);
    }
}

static enum err so_many(unsigned n, struct seen *out)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < n; i++)
        buf_adds(&b, i ? ",{}" : "[{}");
    buf_addc(&b, ']');
    enum err e = each(buf_str(&b), out);
    buf_done(&b);
    return e;
}

static void bounds(void)
{
    struct seen s;
    is_int(so_many(JSON_PICK_ITEMS, &s), ERR_OK, "%d objects are walked", JSON_PICK_ITEMS);
    is_int(s.n, JSON_PICK_ITEMS, "all of them");
    is_int(so_many(JSON_PICK_ITEMS + 1, &s), ERR_INVALID, "one more is refused");
    is_int(s.n, 0, "before anything is called");
}

int main(void)
{
    plan(2 + FOUND_N + REFUSED_N + 1 + 1 + 3 + 4 + 9 + 4);
    values();
    faults();
    truncated();
    depth();
    arrays();
    bounds();
    return tap_end();
}
