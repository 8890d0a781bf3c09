/* Rows of a CSV file: what becomes an input is JSON that can be read. */
#include "codec/input_json.h"
#include "ctl/csv_rows.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct csv_rows *c, enum csv_got got)
{
    struct str json = got == CSV_GOT_ROW ? csv_rows_json(c) : STR_NONE;
    MUST(got != CSV_GOT_ROW || (json.n > 1 && json.p[0] == '{' && !memchr(json.p, '\n', json.n)));
    MUST((got != CSV_GOT_FAULT && got != CSV_GOT_HEADER_FAULT) || csv_rows_fault(c)[0]);
}

const unsigned fuzz_runs = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct csv_rows *c = csv_rows_new();
    const char *at = (const char *)data, *end = at + n;
    enum csv_got got = CSV_GOT_NOTHING;
    while (at < end && got != CSV_GOT_HEADER_FAULT) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        got = csv_rows_feed(c, (struct str){at, (size_t)(stop - at)});
        check(c, got);
        at = stop + 1;
    }
    if (got != CSV_GOT_HEADER_FAULT)
        check(c, csv_rows_end(c));
    csv_rows_free(c);
    return 0;
}
