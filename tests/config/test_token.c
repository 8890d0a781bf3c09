/* Tokens as they are kept: counted, and compared by what they allow. */
#include "config/token.h"

#include "tests/lib/tap.h"

static struct token token_of(bool read, bool operate, bool intake_all, const char *channel)
{
    struct token t = {.name = "t", .read = read, .operate = operate, .intake_all = intake_all};
    if (channel)
        text_list_add(&t.channels, channel);
    return t;
}

static void test_references(void)
{
    struct tokens *t = tokens_new();
    is_int(t->n, 0, "new tokens are none");
    text_list_add(&t->v[t->n++].channels, "face");
    ok(tokens_ref(t) == t, "a reference is the same");
    tokens_unref(t);
    ok(token_certifies(&t->v[0], STR_LIT("face")), "they stay as long as there is one");
    tokens_unref(t);
    tokens_unref(NULL);
}

static void test_certifies(void)
{
    struct token t = token_of(false, false, false, "face");
    text_list_add(&t.channels, "bank");
    ok(token_certifies(&t, STR_LIT("bank")), "each channel of the list is certified");
    ok(!token_certifies(&t, STR_LIT("fac")) && !token_certifies(&t, STR_LIT("faces")), "no other");
    ok(!token_certifies(&t, STR_NONE), "none is not one of them");
    text_list_done(&t.channels);
}

static const struct {
    const char *what;
    struct {
        bool read, operate, intake_all;
        const char *channel;
    } a, b;
    bool covers;
} rows[] = {
    {"read covers read", {true, false, false, NULL}, {true, false, false, NULL}, true},
    {"read does not cover operate", {true, false, false, NULL}, {false, true, false, NULL}, false},
    {"operate covers read", {false, true, false, NULL}, {true, false, false, NULL}, true},
    {"intake:* covers a channel", {false, false, true, NULL}, {false, false, false, "face"}, true},
    {"a channel does not cover intake:*", {false, false, false, "face"}, {false, false, true, NULL}, false},
    {"a channel covers itself", {false, false, false, "face"}, {false, false, false, "face"}, true},
    {"a channel does not cover another", {false, false, false, "face"}, {false, false, false, "bank"}, false},
    {"operate does not cover a channel", {false, true, false, NULL}, {false, false, false, "face"}, false},
    {"more covers less", {true, true, true, "face"}, {true, false, false, "face"}, true},
    {"less does not cover more", {true, false, false, "face"}, {true, true, false, "face"}, false},
};
#define N_ROWS (sizeof rows / sizeof *rows)

static void test_covers(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        struct token a = token_of(rows[i].a.read, rows[i].a.operate, rows[i].a.intake_all, rows[i].a.channel);
        struct token b = token_of(rows[i].b.read, rows[i].b.operate, rows[i].b.intake_all, rows[i].b.channel);
        is_int(token_covers(&a, &b), rows[i].covers, "%s", rows[i].what);
        text_list_done(&a.channels);
        text_list_done(&b.channels);
    }
}

int main(void)
{
    plan(3 + 3 + N_ROWS);
    test_references();
    test_certifies();
    test_covers();
    return tap_end();
}
