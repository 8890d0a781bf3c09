#include "tests/ctl/run_ctl.h"

#include "ctl/bodies.h"
#include "ctl/lines.h"

#include <stdio.h>
#include <stdlib.h>

static bool text_is(const struct body *b, const char *want)
{
    if (b->text.n == strlen(want) && memcmp(b->text.p, want, b->text.n) == 0)
        return true;
    diag("got %.*s", (int)b->text.n, b->text.p);
    return false;
}

static bool mark_is(const struct body *b, unsigned i, uint32_t index, uint64_t line)
{
    return i < b->n_marks && b->marks[i].index == index && b->marks[i].line == line;
}

static void test_cut(void)
{
    char *files[] = {(char *)test_file("a", "1\n\n2\n3\n", 0), (char *)test_file("b.csv", "id\nx\ny,\nz", 0)};
    struct bodies *all = bodies_open(files, 2, 2);
    const struct body *b = bodies_next(all);
    ok(text_is(b, "1\n2\n") && b->n_lines == 2 && !b->last, "a body has as many lines as it may");
    ok(b->n_marks == 2 && mark_is(b, 0, 0, 1) && mark_is(b, 1, 1, 3), "its marks tell the lines of the file");
    is_int(b->file_bytes, 5, "and it stands for so many bytes");
    b = bodies_next(all);
    ok(text_is(b, "3\n") && mark_is(b, 0, 0, 4) && !b->last, "a file's end ends a body");
    b = bodies_next(all);
    ok(text_is(b, "{\"op\":\"enrol\",\"id\":\"x\"}\n{\"op\":\"enrol\",\"id\":\"z\"}\n") && mark_is(b, 0, 0, 2) &&
           mark_is(b, 1, 1, 4),
       "a file of CSV follows one of NDJSON");
    ok(b->n_faults == 1 && b->faults[0].index == 1 && b->faults[0].line == 3, "a row that is none stands between them");
    while (!b->last)
        b = bodies_next(all);
    ok(b->last && !b->err, "the last one says so");
    bodies_close(all);
}

static void test_bytes(void)
{
    struct buf text = BUF_INIT;
    for (unsigned i = 0; i < 700; i++) {
        memset(buf_room(&text, 60001), 'x', 60000);
        text.n += 60000;
        buf_addc(&text, '\n');
    }
    char *files[] = {(char *)test_file("long", text.p, text.n)};
    struct bodies *all = bodies_open(files, 1, BODY_LINES_MAX);
    uint64_t lines = 0, bytes = 0;
    bool bounded = true;
    for (const struct body *b = bodies_next(all);; b = bodies_next(all)) {
        lines += b->n_lines;
        bytes += b->file_bytes;
        bounded &= b->text.n <= BODY_BYTES_MAX;
        if (b->last || b->err)
            break;
    }
    ok(bounded, "no body is longer than it may be");
    ok(lines == 700 && bytes == text.n, "and nothing is lost");
    bodies_close(all);
    buf_done(&text);
}

static void test_errors(void)
{
    char *files[] = {(char *)test_file("c", "1\n", 0), (char *)test_path("absent")};
    struct bodies *all = bodies_open(files, 2, 10);
    const struct body *b = bodies_next(all);
    ok(text_is(b, "1\n") && !b->err && !b->last, "what comes before a file that is not there");
    b = bodies_next(all);
    ok(b->err == ERR_IO && b->n_lines == 0 && has(b->msg.text, "absent"), "and its error");
    bodies_close(all);

    files[1] = (char *)test_file("d.csv", "id,id\n", 0);
    all = bodies_open(files + 1, 1, 10);
    b = bodies_next(all);
    ok(b->err == ERR_INVALID && has(b->msg.text, "d.csv:1: "), "a header that cannot be used ends the reading");
    bodies_close(all);

    files[1] = (char *)test_file("empty", "\n", 0);
    all = bodies_open(files + 1, 1, 10);
    b = bodies_next(all);
    ok(b->last && !b->n_lines && !b->err, "a file without a line is one empty body");
    bodies_close(all);
}

/* Whoever sends stops early: the thread ends wherever it is. */
static void test_early(void)
{
    struct buf text = BUF_INIT;
    for (unsigned i = 0; i < 100000; i++)
        buf_printf(&text, "%u\n", i);
    char *files[] = {(char *)test_file("many", text.p, text.n)};
    for (unsigned taken = 0; taken < 5; taken++) {
        struct bodies *all = bodies_open(files, 1, 100);
        for (unsigned i = 0; i < taken; i++)
            bodies_next(all);
        bodies_close(all);
    }
    ok(true, "reading may be ended at any body");
    buf_done(&text);
}

int main(void)
{
    plan(0);
    test_cut();
    test_bytes();
    test_errors();
    test_early();
    return tap_end();
}
