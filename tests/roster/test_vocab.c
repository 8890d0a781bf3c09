#include "roster/vocab.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/tap.h"

static struct str unit(unsigned n, char out[32])
{
    return (struct str){out, (size_t)snprintf(out, 32, "unit-%u", n)};
}

static void test_small(void)
{
    struct vocab *v = vocab_new(3);
    is_int(vocab_find(v, STR_LIT("a")), 0, "an empty vocabulary knows nothing");
    is_int(vocab_intern(v, STR_LIT("a")), 1, "numbers begin at 1");
    is_int(vocab_intern(v, STR_LIT("b")), 2, "and count up");
    is_int(vocab_intern(v, STR_LIT("a")), 1, "a text keeps its number");
    is_int(vocab_intern(v, STR_NONE), 0, "no text is number 0");
    is_int(vocab_find(v, STR_NONE), 0, "also when sought");
    ok(!vocab_text(v, 0).p, "and 0 is no text");
    is_int(vocab_intern(v, (struct str){"", 0}), 3, "an empty text is one");
    is_int(vocab_intern(v, STR_LIT("c")), UINT32_MAX, "a full vocabulary says so");
    is_int(vocab_intern(v, STR_LIT("b")), 2, "but still knows its own");
    is_int(vocab_count(v), 3, "and counts them");
    ok(str_is(vocab_text(v, 2), "b"), "a number leads back to its text");
    vocab_free(v);
    vocab_free(NULL);
}

static void test_many(void)
{
    enum { N = 100000 };
    struct vocab *v = vocab_new(N);
    char text[32];
    vocab_intern(v, unit(0, text));
    const char *first = vocab_text(v, 1).p;
    int wrong = 0;
    for (unsigned n = 1; n < N; n++)
        wrong += vocab_intern(v, unit(n, text)) != n + 1;
    for (unsigned n = 0; n < N; n++) {
        wrong += vocab_find(v, unit(n, text)) != n + 1;
        wrong += !str_eq(vocab_text(v, n + 1), unit(n, text));
    }
    is_int(wrong, 0, "100,000 texts are found again");
    ok(vocab_text(v, 1).p == first, "the first has not moved");
    char *large = mem_alloc(200000);
    memset(large, 'x', 200000);
    struct vocab *w = vocab_new(2);
    vocab_intern(w, (struct str){large, 200000});
    ok(vocab_text(w, 1).n == 200000 && vocab_find(w, (struct str){large, 200000}) == 1, "a large text has room");
    free(large);
    vocab_free(w);
    vocab_free(v);
}

static enum err load(const void *p, size_t n, uint32_t max, struct vocab **out)
{
    struct errmsg msg;
    *out = vocab_new(max);
    return vocab_load(*out, p, n, &msg);
}

static void test_saved(void)
{
    struct vocab *v = vocab_new(1000), *w;
    char text[32];
    struct buf b = BUF_INIT;
    for (unsigned n = 0; n < 1000; n++)
        vocab_intern(v, unit(n, text));
    vocab_save(v, &b);
    is_int(load(b.p, b.n, 1000, &w), ERR_OK, "what is saved loads");
    int wrong = vocab_count(w) != 1000;
    for (unsigned n = 0; n < 1000; n++)
        wrong += vocab_find(w, unit(n, text)) != n + 1;
    is_int(wrong, 0, "with the same numbers");
    vocab_free(w);
    is_int(load(b.p, b.n, 999, &w), ERR_DAMAGED, "more texts than there may be are refused");
    vocab_free(w);
    b.p[4]++;
    is_int(load(b.p, b.n, 1000, &w), ERR_VERSION, "so is a later version");
    vocab_free(w);
    vocab_free(v);
    buf_done(&b);
}

static void test_damage(void)
{
    struct vocab *v = vocab_new(10), *w;
    struct buf b = BUF_INIT;
    vocab_intern(v, STR_LIT("a"));
    vocab_intern(v, STR_LIT("bb"));
    vocab_save(v, &b);
    vocab_free(v);
    int wrong = 0, twice = 0;
    for (size_t n = 0; n < b.n; n++) {
        char *cut = mem_alloc(n); /* of that size, so that a sanitizer sees a read beyond */
        memcpy(cut, b.p, n);
        wrong += load(cut, n, 10, &w) != ERR_DAMAGED;
        vocab_free(w);
        free(cut);
    }
    is_int(wrong, 0, "cut short anywhere, it is refused");
    buf_addc(&b, 'x');
    is_int(load(b.p, b.n--, 10, &w), ERR_DAMAGED, "so is one byte more");
    vocab_free(w);
    for (size_t i = 0; i < 8 * b.n; i++) {
        b.p[i / 8] ^= (char)(1 << i % 8);
        twice += load(b.p, b.n, 10, &w) == ERR_OK && (vocab_count(w) != 2 || !vocab_text(w, 2).n);
        vocab_free(w);
        b.p[i / 8] ^= (char)(1 << i % 8);
    }
    is_int(twice, 0, "with any bit turned it is refused or well-formed");
    struct buf same = BUF_INIT;
    buf_add(&same, "LCRV\1\0\0\0\2\0\0\0\1\0\0\0a\1\0\0\0a", 22);
    is_int(load(same.p, same.n, 10, &w), ERR_DAMAGED, "a text that is there twice is refused");
    vocab_free(w);
    buf_done(&same);
    buf_done(&b);
}

int main(void)
{
    plan(12 + 3 + 4 + 4);
    test_small();
    test_many();
    test_saved();
    test_damage();
    return tap_end();
}
