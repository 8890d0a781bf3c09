/* lifecertctl status: one screen. */
#include "ctl/client.h"
#include "ctl/holds.h"
#include "ctl/options.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>

static const char *const standings[] = {"active", "grace", "suspended", "terminated"};

static void print_head(const struct json *j)
{
    char now[TEXT_COUNT], position[TEXT_COUNT], bytes[TEXT_COUNT], lag[TEXT_COUNT];
    int64_t late = json_number(j, "lag_seconds", 0);
    printf("now       %s%s\n", text_time(json_text(j, "now"), now),
           json_bool(j, "simulated") ? "  (simulated: the configuration's clock is not the system's)" : "");
    printf("log       %s events, %s\n", text_count((uint64_t)json_number(j, "position", 0), position),
           text_bytes((uint64_t)json_number(j, "log_bytes", 0), bytes));
    if (late > 0)
        printf("behind    %s of deadlines that are due\n", text_duration(late, lag));
}

static void print_people(const struct json *j)
{
    static const char *const headings[] = {"status", ">people", ">share"};
    int64_t all = json_number(j, "enrolled", 0), held = json_number(j, "held", 0);
    struct table t;
    table_init(&t, headings, 3);
    for (size_t i = 0; i < sizeof standings / sizeof standings[0]; i++) {
        int64_t n = json_number(j, standings[i], 0);
        char share[TEXT_COUNT] = "";
        if (all > 0)
            snprintf(share, sizeof share, "%.1f%%", 100.0 * (double)n / (double)all);
        table_add(&t, standings[i]);
        table_add_count(&t, n);
        table_add(&t, share);
    }
    table_add(&t, "enrolled");
    table_add_count(&t, all);
    table_add(&t, "");
    if (held > 0) {
        table_add(&t, "held back");
        table_add_count(&t, held);
        table_add(&t, "");
    }
    printf("\n");
    table_print(&t, "  ");
    table_done(&t);
}

static void print_next(const struct json *next)
{
    static const char *const headings[] = {"next", "deadline", ">people"};
    struct table t;
    table_init(&t, headings, 3);
    for (size_t i = 0; i < json_count(next); i++) {
        const struct json *row = json_item(next, i);
        char at[TEXT_COUNT];
        table_add(&t, text_time(json_text(row, "at"), at));
        table_add(&t, json_text(row, "kind"));
        table_add_count(&t, json_number(row, "count", 0));
    }
    printf("\n");
    table_print(&t, "  ");
    table_done(&t);
}

static void print_status(const char *text)
{
    struct json *j = json_parse(text);
    const struct json *next = json_get(j, "next"), *list = json_get(j, "holds");
    print_head(j);
    print_people(j);
    if (json_count(next))
        print_next(next);
    if (json_count(list)) {
        printf("\n");
        holds_print(list, "  ");
        printf("\nlifecertctl hold lift NAME --by WHO --why TEXT lifts one.\n");
    }
    json_free(j);
}

int cmd_status(struct ctl *ctl, int argc, char **argv)
{
    return client_ask(ctl, argc, argv, "/v1/status", print_status);
}
