#include "tests/ctl/run_ctl.h"

#include "base/buf.h"
#include "ctl/lines.h"

#include <stdlib.h>

static struct lines l;
static struct errmsg msg;

static void open_text(const char *text, size_t n)
{
    if (lines_open(&l, test_file("lines", text, n), &msg))
        bail_out("%s", msg.text);
}

static bool next_is(const char *want, size_t n)
{
    struct str line;
    return lines_next(&l, &line, &msg) == ERR_OK && line.n == n && memcmp(line.p, want, n) == 0;
}

static bool at_end(void)
{
    struct str line;
    bool end = lines_next(&l, &line, &msg) == ERR_END && lines_next(&l, &line, &msg) == ERR_END;
    lines_close(&l);
    return end;
}

static void test_endings(void)
{
    open_text("one\r\n\ntwo\0x\nlast", 16);
    ok(next_is("one\r", 4), "a carriage return before the newline stays");
    ok(next_is("", 0), "an empty line is a line");
    ok(next_is("two\0x", 5), "a NUL stands in its line");
    ok(next_is("last", 4), "a last line needs no newline");
    is_int(l.number, 4, "lines are counted from 1");
    is_int(l.taken, 16, "every byte was taken");
    ok(at_end(), "behind it is the end");

    open_text("\xef\xbb\xbf\xef\xbb\xbfone\n", 0);
    ok(next_is("\xef\xbb\xbfone", 6), "one byte order mark is dropped, and one only");
    ok(at_end(), "a newline at the end begins no line");
}

/* Lines of all lengths around the bounds: of what is kept, and of the block that is read at once. */
static void test_long(size_t n)
{
    struct buf b = BUF_INIT;
    memset(buf_room(&b, n), 'x', n);
    b.n = n;
    BUF_LIT(&b, "\nnext\n");
    open_text(b.p, b.n);
    struct str line;
    size_t want = n < LINE_KEPT ? n : LINE_KEPT;
    ok(lines_next(&l, &line, &msg) == ERR_OK && line.n == want, "of a line of %zu bytes %zu are kept", n, want);
    bool all_x = true;
    for (size_t i = 0; i < line.n; i++)
        all_x &= line.p[i] == 'x';
    ok(all_x && l.taken == n + 1, "and they are the first ones");
    ok(next_is("next", 4) && l.number == 2 && l.taken == b.n, "the next line stands behind it");
    ok(at_end(), "and the end behind that");
    buf_done(&b);
}

/* No newline at all, ending anywhere. */
static void test_endless(size_t n)
{
    struct buf b = BUF_INIT;
    memset(buf_room(&b, n), 'y', n);
    b.n = n;
    open_text(b.p, b.n);
    struct str line;
    ok(lines_next(&l, &line, &msg) == ERR_OK && line.n == LINE_KEPT && l.taken == n, "a file of one line of %zu bytes",
       n);
    ok(at_end(), "ends");
    buf_done(&b);
}

static void test_absent(void)
{
    const char *path = test_path("absent");
    ok(lines_open(&l, path, &msg) == ERR_IO && has(msg.text, path), "a file that is not there is named");
    is_int(lines_file_size(path), 0, "and has no size");
}

int main(void)
{
    static const size_t lengths[] = {LINE_KEPT - 1, LINE_KEPT,     LINE_KEPT + 1, (1 << 20) - 1,
                                     1 << 20,       (1 << 20) + 1, (2 << 20) - 1, 10 << 20};
    plan(0);
    test_endings();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        test_long(lengths[i]);
    test_endless((1 << 20) + 5);
    test_endless(3 << 20);
    test_absent();
    return tap_end();
}
