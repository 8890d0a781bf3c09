#include "tests/ctl/run_ctl.h"

#include "ctl/csv_rows.h"

#include <stdio.h>
#include <stdlib.h>

static struct csv_rows *rows;

static void begin(const char *header)
{
    csv_rows_free(rows);
    rows = csv_rows_new();
    if (csv_rows_feed(rows, str_of(header)) != CSV_GOT_NOTHING)
        bail_out("header %s: %s", header, csv_rows_fault(rows));
}

static const char *json(void)
{
    static char text[1024];
    struct str s = csv_rows_json(rows);
    snprintf(text, sizeof text, "%.*s", (int)s.n, s.p);
    return text;
}

static void row_is(const char *line, const char *want, const char *name)
{
    enum csv_got got = csv_rows_feed(rows, str_of(line));
    if (got != CSV_GOT_ROW)
        diag("got %d: %s", got, csv_rows_fault(rows));
    is_str(got == CSV_GOT_ROW ? json() : NULL, want, "%s", name);
}

static void fault_is(const char *line, const char *part, const char *name)
{
    ok(csv_rows_feed(rows, str_of(line)) == CSV_GOT_FAULT && has(csv_rows_fault(rows), part), "%s", name);
}

static void test_cells(void)
{
    begin("id,policy,approved_on,amount,name\r");
    row_is("1,national,2020-01-01,350000,A",
           "{\"op\":\"enrol\",\"id\":\"1\",\"policy\":\"national\","
           "\"approved_on\":\"2020-01-01\",\"amount\":350000,\"name\":\"A\"}",
           "a row is an enrolment");
    row_is("2,,2020-01-01,,\r", "{\"op\":\"enrol\",\"id\":\"2\",\"approved_on\":\"2020-01-01\"}",
           "empty cells are absent members");
    row_is("3,null,null,null,null",
           "{\"op\":\"enrol\",\"id\":\"3\",\"policy\":null,\"approved_on\":null,"
           "\"amount\":null,\"name\":null}",
           "the word null clears a member");
    row_is("4,,,,\"Li, \"\"the\\elder\"\"\"", "{\"op\":\"enrol\",\"id\":\"4\",\"name\":\"Li, \\\"the\\\\elder\\\"\"}",
           "quotes are doubled inside quotes");
    row_is("5,,,,王丽", "{\"op\":\"enrol\",\"id\":\"5\",\"name\":\"王丽\"}", "UTF-8 stays as it is");
    row_is("6,,,\"1,000\",", "{\"op\":\"enrol\",\"id\":\"6\",\"amount\":\"1,000\"}",
           "an amount that is no number is left to whoever checks it");
    row_is("7,,,007,", "{\"op\":\"enrol\",\"id\":\"7\",\"amount\":\"007\"}", "so is one that JSON would not take");
    row_is("8,,,-1,", "{\"op\":\"enrol\",\"id\":\"8\",\"amount\":-1}", "a sign is JSON");
    row_is("9,,,0,", "{\"op\":\"enrol\",\"id\":\"9\",\"amount\":0}", "nought is a number");
    is_int(csv_rows_feed(rows, str_of(",,,,")), CSV_GOT_NOTHING, "a row of empty cells is none");
    is_int(csv_rows_feed(rows, str_of(" \t\r")), CSV_GOT_NOTHING, "nor is a blank line");
}

static void test_ops(void)
{
    begin("op,id,channel,ref,certified_on,at");
    row_is("certify,1,face,r,2026-01-01,2026-01-02T00:00:00+08:00",
           "{\"op\":\"certify\",\"id\":\"1\",\"channel\":\"face\",\"ref\":\"r\",\"certified_on\":\"2026-01-01\","
           "\"at\":\"2026-01-02T00:00:00+08:00\"}",
           "a column op names the operation");
    row_is(",1,face,r,,", "{\"id\":\"1\",\"channel\":\"face\",\"ref\":\"r\"}", "where it is empty there is none");
}

static void test_faults(void)
{
    begin("id,name");
    fault_is("1", "1 cells, expected 2", "too few cells");
    fault_is("1,2,3", "3 cells, expected 2", "too many cells");
    fault_is("1,a\"b", "quote", "a quote inside a cell");
    fault_is("1,\"a\"b", "quote", "something behind a closing quote");
    fault_is("1,a\rb", "carriage return", "a carriage return inside the line");
    row_is("1,b", "{\"op\":\"enrol\",\"id\":\"1\",\"name\":\"b\"}", "after a fault the next line is a row again");

    is_int(csv_rows_feed(rows, str_of("1,\"a")), CSV_GOT_NOTHING, "a quoted cell may go on in the next line");
    row_is("b\"", "{\"op\":\"enrol\",\"id\":\"1\",\"name\":\"a\\nb\"}", "and ends there");
    is_int(csv_rows_lines(rows), 2, "such a row takes two lines");

    is_int(csv_rows_feed(rows, str_of("1,\"a")), CSV_GOT_NOTHING, "one that is never closed");
    ok(csv_rows_end(rows) == CSV_GOT_FAULT && has(csv_rows_fault(rows), "closing quote"), "is a fault at the end");
}

static void test_unclosed(void)
{
    static char line[1001];
    memset(line, 'x', sizeof line - 1);
    begin("id,name");
    enum csv_got got = csv_rows_feed(rows, str_of("1,\"a"));
    unsigned n = 1;
    for (; got == CSV_GOT_NOTHING && n < 1000; n++)
        got = csv_rows_feed(rows, str_of(line));
    ok(got == CSV_GOT_FAULT && n < 70, "a quote that is missing is given up after 64 KiB");
    is_int(csv_rows_lines(rows), n, "and the lines it took are known");
    row_is("1,b", "{\"op\":\"enrol\",\"id\":\"1\",\"name\":\"b\"}", "then rows are read again");
}

static void header_fault(const char *header, const char *part, const char *name)
{
    csv_rows_free(rows);
    rows = csv_rows_new();
    ok(csv_rows_feed(rows, str_of(header)) == CSV_GOT_HEADER_FAULT && has(csv_rows_fault(rows), part), "%s", name);
}

static void test_headers(void)
{
    header_fault("id,shoe_size", "\"shoe_size\"", "an unknown column is named");
    header_fault("id,name,id", "\"id\" stands twice", "so is one that comes twice");
    header_fault("id,", "\"\"", "a column without a name");
}

int main(void)
{
    plan(0);
    test_cells();
    test_ops();
    test_faults();
    test_unclosed();
    test_headers();
    csv_rows_free(rows);
    rows = csv_rows_new();
    is_int(csv_rows_end(rows), CSV_GOT_HEADER_FAULT, "a file without a header row is refused");
    csv_rows_free(rows);
    return tap_end();
}
