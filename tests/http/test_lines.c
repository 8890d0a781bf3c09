/* Lines out of pieces: however a body is cut, the same lines come out. */
#include <stdlib.h>

#include "http/server/lines.h"
#include "tests/lib/tap.h"

#define MAX 10

/* All that came out of a body, as text: "NUMBER:LINE;" and "NUMBER:too long;". */
static void note(struct buf *out, const struct line_reader *r, enum line_kind kind, struct str line)
{
    if (kind == LINE_NONE)
        return;
    buf_printf(out, "%llu:", (unsigned long long)r->number);
    if (kind == LINE_TOO_LONG)
        buf_adds(out, "too long");
    else
        buf_addstr(out, line);
    buf_addc(out, ';');
}

/* Each piece is copied to a block of its own size, so that a sanitizer sees any look beyond it. */
static void feed(struct line_reader *r, const char *p, size_t n, struct buf *out)
{
    char *piece = mem_alloc(n ? n : 1);
    const char *at = piece;
    struct str line = STR_NONE;
    memcpy(piece, p, n);
    while (at < piece + n) {
        enum line_kind kind = line_next(r, &at, piece + n, &line);
        note(out, r, kind, line);
    }
    free(piece);
}

static void finish(struct line_reader *r, struct buf *out)
{
    struct str line = STR_NONE;
    enum line_kind kind = line_last(r, &line);
    note(out, r, kind, line);
    kind = line_last(r, &line);
    note(out, r, kind, line); /* a second time there is none */
    buf_addc(out, '\0');
    line_reader_done(r);
}

static void check(const char *body, const char *want)
{
    size_t n = strlen(body), wrong = 0;
    for (size_t cut = 0; cut <= n; cut++) {
        for (size_t second = cut; second <= n; second++) {
            struct buf out = BUF_INIT;
            struct line_reader r;
            line_reader_init(&r, MAX);
            feed(&r, body, cut, &out);
            feed(&r, body + cut, second - cut, &out);
            feed(&r, body + second, n - second, &out);
            finish(&r, &out);
            if (strcmp(out.p, want) != 0 && wrong++ == 0)
                diag("cut at %zu and %zu: %s", cut, second, out.p);
            buf_done(&out);
        }
    }
    is_int(wrong, 0, "however it is cut: %s", want[0] ? want : "(nothing)");
}

static void bounded(void)
{
    struct line_reader r;
    struct buf out = BUF_INIT;
    line_reader_init(&r, 1000);
    char block[4096];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 2560; i++)
        feed(&r, block, sizeof block, &out);
    ok(r.start.cap < 4096, "a line of 10 MiB is skipped in bounded memory");
    feed(&r, "\nnext\n", 6, &out);
    finish(&r, &out);
    is_str(out.p, "1:too long;2:next;", "and the lines after it are read");
    buf_done(&out);
}

int main(void)
{
    plan(14);
    check("", "");
    check("\n", "");
    check("a\n", "1:a;");
    check("a", "1:a;");
    check("a\nb", "1:a;2:b;");
    check("a\n\n \t\r\nb\n", "1:a;4:b;");
    check("a\r\nb\r\n", "1:a\r;2:b\r;");
    check("0123456789\nb", "1:0123456789;2:b;");
    check("0123456789x\nb\n", "1:too long;2:b;");
    check("a\n0123456789xy", "1:a;2:too long;");
    check("0123456789xyz012345\n0123456789abcdefghijklm\n\nc", "1:too long;2:too long;4:c;");
    check("           \na", "1:too long;2:a;");
    bounded();
    return tap_end();
}
