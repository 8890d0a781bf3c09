/* lifecertctl people and lifecertctl period: everybody as of one position of the log, printed as it comes in. */
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/out.h"
#include "ctl/path.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <inttypes.h>
#include <stdio.h>

#define ROWS_AT_A_TIME 200 /* a table's columns are made as wide as these need */

/* One list while it is read: lines of NDJSON, of which the last is about the others. */
struct list {
    struct ctl *ctl;
    const char *end; /* the member that only the last line has */
    void (*add_row)(struct table *t, const struct json *row);
    struct table table;
    struct out out;  /* with --json */
    struct buf line; /* as far as it has come */
    uint64_t rows;
    struct json *last; /* NULL: the last line has not come */
};

static void take_row(struct list *l, const struct json *row)
{
    l->rows++;
    l->add_row(&l->table, row);
    if (l->rows % ROWS_AT_A_TIME == 0)
        table_flush(&l->table, "");
}

/* Only the last line is looked into where nobody wants a table. */
static void take_line(struct list *l, struct str line)
{
    struct buf text = BUF_INIT;
    if (l->ctl->json)
        out_line(&l->out, line);
    if (l->ctl->json && !memmem(line.p, line.n, l->end, strlen(l->end)))
        return;
    buf_addstr(&text, line);
    buf_addc(&text, '\0');
    struct json *j = json_parse(text.p);
    buf_done(&text);
    if (json_get(j, l->end)) {
        json_free(l->last);
        l->last = j;
        return;
    }
    if (!l->ctl->json)
        take_row(l, j);
    json_free(j);
}

/* Has whoever reads our output seen enough (head, less)? */
static bool nobody_reads(const struct list *l)
{
    return l->out.closed || ferror(stdout);
}

static bool take_data(void *arg, const char *p, size_t n)
{
    struct list *l = arg;
    const char *end = p + n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        buf_add(&l->line, p, (size_t)(stop - p));
        if (newline) {
            take_line(l, buf_str(&l->line));
            buf_clear(&l->line);
        }
        p = stop + (newline != NULL);
    }
    return !nobody_reads(l);
}

/* The table's rest, and whether the list was whole: half of one must not pass for all. */
static int end_list(struct list *l, int status)
{
    if (l->ctl->json)
        out_flush(&l->out);
    else
        table_flush(&l->table, "");
    if (status == EXIT_DONE && !l->last && !nobody_reads(l))
        status = fail(EXIT_UNREADABLE, "the daemon's answer broke off: this is not all");
    return status;
}

static void list_done(struct list *l)
{
    table_done(&l->table);
    out_done(&l->out);
    buf_done(&l->line);
    json_free(l->last);
}

static int read_list(struct list *l, const char *path)
{
    struct client *c;
    struct answer a = {0};
    int status = client_open(l->ctl, &c);
    if (status)
        return status;
    status = client_get_stream(c, path, take_data, l, &a);
    if (status == EXIT_DONE || l->rows)
        status = end_list(l, status);
    buf_done(&a.body);
    client_close(c);
    return status;
}

/* --- people --- */

static void add_person(struct table *t, const struct json *row)
{
    char at[TEXT_COUNT];
    struct buf next = BUF_INIT;
    const char *kind = json_text(row, "next.kind");
    table_add(t, json_text(row, "id"));
    table_add(t, json_text(row, "status"));
    table_add(t, json_text(row, "policy"));
    table_add(t, json_text(row, "certified_on"));
    table_add(t, json_text(row, "due_on"));
    if (kind)
        buf_printf(&next, "%s %s", text_time(json_text(row, "next.at"), at), kind);
    buf_addc(&next, '\0');
    table_add(t, kind ? next.p : NULL);
    buf_done(&next);
}

/* "event 1,234"; of several shards, each with numbers of its own, "1,234 events" */
static const char *text_position(const struct json *last, char out[2 * TEXT_COUNT])
{
    char n[TEXT_COUNT];
    bool shards = json_text(last, "position");
    text_count(json_position(last, "position"), n);
    snprintf(out, 2 * TEXT_COUNT, "%s%s%s", shards ? "" : "event ", n, shards ? " events" : "");
    return out;
}

static void print_people_end(const struct list *l)
{
    char n[TEXT_COUNT], position[2 * TEXT_COUNT];
    const char *after = json_text(l->last, "after");
    printf("%s%s people, as of %s\n", l->rows ? "\n" : "",
           text_count((uint64_t)json_number(l->last, "beneficiaries", 0), n), text_position(l->last, position));
    if (after)
        say("there may be more: --after %s goes on", after);
}

int cmd_people(struct ctl *ctl, int argc, char **argv)
{
    static const char *const headings[] = {"id", "status", "policy", "certified", "due", "next"};
    const char *status_name = NULL, *policy = NULL, *after = NULL, *next_on = NULL;
    lc_date ignored;
    uint64_t limit = 0;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "status", "active|grace|suspended|terminated", "those of this status only", &status_name},
        {OPTION_TEXT, 0, "policy", "NAME", "those under this policy only", &policy},
        {OPTION_TEXT, 0, "after", "ID", "begin behind this person", &after},
        {OPTION_TEXT, 0, "next-on", "DATE", "those whose next deadline falls on that day only", &next_on},
        {OPTION_NUMBER, 0, "limit", "N", "at most so many", &limit},
        OPTIONS_END,
    };
    struct list l = {.ctl = ctl, .end = "beneficiaries", .add_row = add_person};
    struct buf path = BUF_INIT;
    char number[24];
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    if (next_on && !option_date("next-on", next_on, &ignored))
        return EXIT_MISUSE;
    snprintf(number, sizeof number, "%" PRIu64, limit);
    buf_adds(&path, "/v1/beneficiaries");
    path_add_query(&path, "status", status_name);
    path_add_query(&path, "policy", policy);
    path_add_query(&path, "after", after);
    path_add_query(&path, "next_on", next_on);
    path_add_query(&path, "limit", limit ? number : NULL);
    buf_addc(&path, '\0');
    table_init(&l.table, headings, sizeof headings / sizeof *headings);
    status = read_list(&l, path.p);
    if (status == EXIT_DONE && l.last && !ctl->json)
        print_people_end(&l);
    list_done(&l);
    buf_done(&path);
    return status;
}

/* --- a period --- */

static void add_claim(struct table *t, const struct json *row)
{
    table_add(t, json_text(row, "id"));
    table_add(t, json_text(row, "policy"));
    table_add(t, json_text(row, "state"));
    table_add(t, json_text(row, "pay_on"));
    table_add(t, json_text(row, "suspended_on"));
}

static void print_period_end(const struct list *l)
{
    char payable[TEXT_COUNT], withheld[TEXT_COUNT], position[2 * TEXT_COUNT];
    printf("%s%s payable, %s withheld, as of %s\n", l->rows ? "\n" : "",
           text_count((uint64_t)json_number(l->last, "payable", 0), payable),
           text_count((uint64_t)json_number(l->last, "withheld", 0), withheld),
           text_position(l->last, position));
}

int cmd_period(struct ctl *ctl, int argc, char **argv)
{
    static const char *const headings[] = {"id", "policy", "state", "pay on", "suspended"};
    const char *policy = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "policy", "NAME", "those under this policy only", &policy},
        OPTIONS_END,
    };
    struct list l = {.ctl = ctl, .end = "period", .add_row = add_claim};
    struct buf path = BUF_INIT;
    lc_month month;
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!month_parse(argv[0], strlen(argv[0]), &month))
        return fail(EXIT_MISUSE, "\"%s\": expected a month such as 2026-07", argv[0]);
    buf_printf(&path, "/v1/periods/%s", argv[0]);
    path_add_query(&path, "policy", policy);
    buf_addc(&path, '\0');
    table_init(&l.table, headings, sizeof headings / sizeof *headings);
    status = read_list(&l, path.p);
    if (status == EXIT_DONE && l.last && !ctl->json)
        print_period_end(&l);
    list_done(&l);
    buf_done(&path);
    return status;
}
