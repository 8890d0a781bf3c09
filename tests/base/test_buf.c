/* Memory and growable runs of bytes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/lib/tap.h"

static void is_buf(struct buf *b, const char *want, const char *what)
{
    ok(str_is(buf_str(b), want), "%s", what);
    if (!str_is(buf_str(b), want))
        diag("got %.*s, wanted %s", (int)b->n, b->p, want);
    buf_clear(b);
}

static void test_growth(void)
{
    struct buf b = BUF_INIT;
    unsigned wrong = 0;
    for (int i = 0; i < 100000; i++)
        buf_addc(&b, (char)('a' + i % 26));
    for (int i = 0; i < 100000; i++)
        wrong += b.p[i] != 'a' + i % 26;
    ok(b.n == 100000 && wrong == 0, "a buffer grows and keeps what is in it");
    ok(b.cap < 300000, "without taking much more than it needs");
    char *p = b.p;
    buf_clear(&b);
    ok(b.n == 0 && buf_room(&b, 1000) == p, "clearing keeps the memory");
    buf_done(&b);
    ok(b.p == NULL && b.n == 0 && b.cap == 0, "done gives it back");
    buf_done(&b);
}

static void test_adding(void)
{
    struct buf b = BUF_INIT;
    buf_add(&b, NULL, 0);
    ok(b.n == 0, "nothing may be added");
    buf_add(&b, "ab", 2);
    buf_adds(&b, "cd");
    buf_addstr(&b, STR_LIT("ef"));
    BUF_LIT(&b, "gh");
    is_buf(&b, "abcdefgh", "bytes, strings and literals follow each other");
    buf_printf(&b, "%s-%d", "x", 42);
    is_buf(&b, "x-42", "a format");
    for (int i = 0; i < 200; i++)
        buf_printf(&b, "%d,", i);
    ok(b.n == 690, "formats over the buffer's size grow it");
    buf_done(&b);
}

static void test_numbers(void)
{
    struct buf b = BUF_INIT;
    buf_add_u64(&b, 0);
    is_buf(&b, "0", "zero");
    buf_add_u64(&b, UINT64_MAX);
    is_buf(&b, "18446744073709551615", "the largest number");
    buf_add_i64(&b, INT64_MIN);
    is_buf(&b, "-9223372036854775808", "the least one");
    buf_add_i64(&b, INT64_MAX);
    is_buf(&b, "9223372036854775807", "the largest with a sign");
    struct rng r = rng_seed(1);
    unsigned wrong = 0;
    for (int i = 0; i < 10000; i++) {
        char want[32];
        int64_t v = (int64_t)(rng_next(&r) >> rng_below(&r, 64)) * (rng_below(&r, 2) ? 1 : -1);
        int n = snprintf(want, sizeof want, "%" PRId64, v);
        buf_clear(&b);
        buf_add_i64(&b, v);
        wrong += b.n != (size_t)n || memcmp(b.p, want, b.n) != 0;
    }
    is_int(wrong, 0, "numbers are written as printf() writes them");
    buf_done(&b);
}

static void test_json(void)
{
    struct buf b = BUF_INIT;
    buf_add_json(&b, STR_NONE);
    is_buf(&b, "null", "no string is null");
    buf_add_json(&b, STR_LIT(""));
    is_buf(&b, "\"\"", "an empty one is not");
    buf_add_json(&b, STR_LIT("a\"b\\c/d"));
    is_buf(&b, "\"a\\\"b\\\\c/d\"", "quotes and backslashes are escaped");
    buf_add_json(&b, STR_LIT("\n\r\t\001\037\177"));
    is_buf(&b, "\"\\n\\r\\t\\u0001\\u001f\\u007f\"", "control characters as well");
    buf_add_json(&b, STR_LIT("\0x"));
    is_buf(&b, "\"\\u0000x\"", "a NUL byte as well");
    buf_add_json(&b, STR_LIT("\xe4\xb8\xad\xe6\x96\x87"));
    is_buf(&b, "\"\xe4\xb8\xad\xe6\x96\x87\"", "other text stands as it is");
    buf_done(&b);
}

static void test_strings(void)
{
    char *p = mem_strndup("abcdef", 3), *q = mem_strdup("");
    is_str(p, "abc", "a part of a string is copied");
    is_str(q, "", "and an empty one");
    free(p);
    free(q);
    char *zero = mem_zalloc(10, 10);
    unsigned set = 0;
    for (int i = 0; i < 100; i++)
        set += zero[i] != 0;
    is_int(set, 0, "zeroed memory is");
    free(zero);
    free(mem_alloc(0));
    ok(str_eq(STR_NONE, STR_NONE) && !str_eq(STR_NONE, STR_LIT("")), "no string is not an empty one");
    ok(str_is(STR_LIT("a"), "a") && !str_is(STR_LIT("a"), "ab") && !str_is(STR_NONE, ""), "strings are compared");
    ok(str_of(NULL).p == NULL && str_of("ab").n == 2, "strings are borrowed");
}

static void product_too_large(void)
{
    mem_resize(NULL, SIZE_MAX / 2, 4);
}

static void sum_too_large(void)
{
    struct buf b = BUF_INIT;
    buf_addc(&b, 'x');
    buf_grow(&b, SIZE_MAX);
}

/* What runs out of memory ends its process. */
static bool aborts(void (*run)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        fclose(stderr); /* the message would stand among the results */
        run();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

static void library_has_none(void)
{
    mem_none("cannot do it");
}

/* All that it says goes into out; true: it was aborted. */
static bool aborts_with(void (*run)(void), char *out, size_t size)
{
    int status = 0, fds[2];
    if (pipe(fds) != 0)
        bail_out("no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    close(fds[1]);
    size_t n = 0;
    for (ssize_t got; n + 1 < size && (got = read(fds[0], out + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    out[n] = '\0';
    close(fds[0]);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_library(void)
{
    char text[128];
    ok(aborts_with(library_has_none, text, sizeof text), "where a library has no memory the process ends, too");
    is_str(text, "lifecertd: out of memory: cannot do it\n", "and says what it could not do");
}

int main(void)
{
    plan(0);
    test_growth();
    test_adding();
    test_numbers();
    test_json();
    test_strings();
    ok(aborts(product_too_large), "a size that overflows is out of memory");
    ok(aborts(sum_too_large), "and so is one that a buffer cannot have");
    test_library();
    return tap_end();
}
