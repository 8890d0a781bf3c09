/* lifecertctl due: how many deadlines of each kind fall when. */
#include "ctl/client.h"
#include "ctl/due_as_of.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/path.h"
#include "ctl/screen.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BAR_COLUMNS_MIN 10
#define BAR_COLUMNS_MAX 60

static const char *const headings[] = {"on", ">reminder", ">grace", ">suspension", ">lapse", ">all"};
static const char *const brief_headings[] = {"on", ">all"}; /* where the terminal has no room for the kinds */
static const char *const kinds[] = {"reminder", "grace", "suspension", "lapse"};
#define KINDS (sizeof kinds / sizeof kinds[0])

static uint64_t row_total(const struct json *row)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < KINDS; i++)
        total += (uint64_t)json_number(row, kinds[i], 0);
    return total;
}

static void fill_table(struct table *t, const struct json *rows, bool brief)
{
    if (brief)
        table_init(t, brief_headings, sizeof brief_headings / sizeof *brief_headings);
    else
        table_init(t, headings, sizeof headings / sizeof *headings);
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_item(rows, i);
        table_add(t, json_text(row, "on"));
        for (unsigned k = 0; k < KINDS && !brief; k++)
            table_add_count(t, json_number(row, kinds[k], 0));
        table_add_count(t, (int64_t)row_total(row));
    }
}

static uint64_t largest_total(const struct json *rows)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < json_count(rows); i++) {
        uint64_t total = row_total(json_item(rows, i));
        largest = total > largest ? total : largest;
    }
    return largest;
}

static void print_bar(uint64_t part, uint64_t whole, unsigned columns)
{
    struct buf b = BUF_INIT;
    screen_bar(&b, part, whole, columns, false);
    printf("  %.*s", (int)b.n, b.p);
    buf_done(&b);
}

/* The table, on a terminal with a bar behind each row where there is room for one. */
static void print_chart(struct table *t, const struct json *rows, unsigned screen)
{
    unsigned taken = table_width(t) + 2, columns = screen > taken ? screen - taken : 0;
    if (columns > BAR_COLUMNS_MAX)
        columns = BAR_COLUMNS_MAX;
    if (columns < BAR_COLUMNS_MIN) {
        table_print(t, "");
        return;
    }
    uint64_t largest = largest_total(rows);
    const char *row = table_print_row(t, t->text.p);
    putchar('\n');
    for (size_t i = 0; i < json_count(rows); i++) {
        row = table_print_row(t, row);
        print_bar(row_total(json_item(rows, i)), largest, columns);
        putchar('\n');
    }
}

static void print_rows(const struct json *rows)
{
    unsigned screen = screen_width(STDOUT_FILENO);
    struct table t;
    fill_table(&t, rows, false);
    if (screen && table_width(&t) > screen) {
        table_done(&t);
        fill_table(&t, rows, true);
    }
    print_chart(&t, rows, screen);
    table_done(&t);
}

static void print_due(const struct json *j)
{
    const struct json *rows = json_get(j, "rows");
    int64_t held = json_number(j, "held", 0);
    char n[TEXT_COUNT];
    if (json_count(rows))
        print_rows(rows);
    else
        printf("Nothing falls due in that time.\n");
    if (held > 0)
        printf("\n%s suspensions are due and held back; lifecertctl holds shows by what.\n",
               text_count((uint64_t)held, n));
}

static int show_due(struct ctl *ctl, const char *path)
{
    struct client *c;
    struct answer a = {0};
    int status = client_open(ctl, &c);
    if (status)
        return status;
    status = client_get(c, path, &a);
    if (status == EXIT_DONE && ctl->json) {
        printf("%s\n", a.body.p);
    } else if (status == EXIT_DONE) {
        struct json *j = json_parse(a.body.p);
        print_due(j);
        json_free(j);
    }
    buf_done(&a.body);
    client_close(c);
    return status;
}

int cmd_due(struct ctl *ctl, int argc, char **argv)
{
    const char *from = NULL, *to = NULL, *by = "day", *as_of = NULL;
    struct due_wanted wanted = {.from = DATE_NONE};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "from", "DATE", "the first day (default: the first that has any)", &from},
        {OPTION_TEXT, 0, "to", "DATE", "the last day (default: the last that has any)", &to},
        {OPTION_TEXT, 0, "by", "day|month", "a row for each (default day)", &by},
        {OPTION_TEXT, 0, "as-of", "TIME", "as known at that time or the end of that date, beside what is known now",
         &as_of},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if ((from && !option_date("from", from, &wanted.from)) || (to && !option_date("to", to, &wanted.to)))
        return EXIT_MISUSE;
    wanted.by_month = strcmp(by, "month") == 0;
    if (!wanted.by_month && strcmp(by, "day") != 0)
        return fail(EXIT_MISUSE, "--by \"%s\": expected day or month", by);
    if (as_of)
        return due_as_of(ctl, as_of, &wanted);
    struct buf path = BUF_INIT;
    buf_adds(&path, "/v1/due");
    path_add_query(&path, "by", by);
    path_add_query(&path, "from", from);
    path_add_query(&path, "to", to);
    buf_addc(&path, '\0');
    status = show_due(ctl, path.p);
    buf_done(&path);
    return status;
}
