/* lifecertctl status: one screen. */
#include "ctl/client.h"
#include "ctl/endpoints.h"
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
    printf("log       %s events, %s\n", text_count(json_position(j, "position"), position),
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

static void add_daemon(struct table *t, const struct json *daemon)
{
    const struct json *shards = json_get(daemon, "shards");
    const char *why = json_text(daemon, "why");
    struct buf b = BUF_INIT;
    json_add_numbers(&b, shards);
    if (!b.n)
        BUF_LIT(&b, "none");
    if (why)
        buf_printf(&b, ": %s", why);
    buf_addc(&b, '\0');
    table_add(t, json_text(daemon, "name"));
    table_add_count(t, json_number(daemon, "revision", 0));
    table_add(t, b.p);
    buf_done(&b);
}

static void add_unowned(struct table *t, const struct json *shards)
{
    struct buf b = BUF_INIT;
    json_add_numbers(&b, shards);
    buf_addc(&b, '\0');
    table_add(t, "nobody");
    table_add(t, NULL);
    table_add(t, b.p);
    buf_done(&b);
}

static void print_shards(const struct json *shards)
{
    static const char *const headings[] = {"daemon", ">revision", "shards"};
    const struct json *daemons = json_get(shards, "daemons"), *unowned = json_get(shards, "unowned");
    struct table t;
    table_init(&t, headings, 3);
    for (size_t i = 0; i < json_count(daemons); i++)
        add_daemon(&t, json_item(daemons, i));
    if (json_count(unowned))
        add_unowned(&t, unowned);
    printf("\n");
    table_print(&t, "  ");
    table_done(&t);
}

/* Whose people the counts leave out. */
static void print_silent(const struct json *silent)
{
    struct buf b = BUF_INIT;
    json_add_numbers(&b, silent);
    printf("\nnot counted, since nobody answers for them: the people of shards %.*s\n", (int)b.n, b.p);
    buf_done(&b);
}

static void print_status(const char *text, const struct json *endpoints)
{
    struct json *j = json_parse(text);
    const struct json *next = json_get(j, "next"), *list = json_get(j, "holds"), *shards = json_get(j, "shards");
    print_head(j);
    print_people(j);
    if (json_count(json_get(j, "silent")))
        print_silent(json_get(j, "silent"));
    if (json_count(next))
        print_next(next);
    if (shards)
        print_shards(shards);
    if (json_count(endpoints)) {
        printf("\n");
        endpoints_print_brief(endpoints, "  ");
    }
    if (json_count(list)) {
        printf("\n");
        holds_print(list, "  ");
        printf("\nlifecertctl hold lift NAME --by WHO --why TEXT lifts one.\n");
    }
    json_free(j);
}

/* The daemon's object, with one member more. */
static void print_json(struct buf *text, const struct json *endpoints)
{
    struct buf list = BUF_INIT;
    json_write(&list, endpoints);
    while (text->n && text->p[text->n - 1] != '}')
        text->n--;
    fwrite(text->p, 1, text->n ? text->n - 1 : 0, stdout);
    printf(",\"endpoints\":%.*s}\n", (int)list.n, list.p);
    buf_done(&list);
}

/* Without the endpoints there still is all the rest to show. */
static int show(const struct ctl *ctl, struct client *c)
{
    struct answer a = {0}, endpoints = {0};
    int status = client_get(c, "/v1/status", &a);
    if (status == EXIT_DONE) {
        status = client_get(c, "/v1/endpoints", &endpoints);
        struct json *j = status == EXIT_DONE ? json_parse(endpoints.body.p) : NULL;
        const struct json *list = json_get(j, "endpoints");
        if (ctl->json)
            print_json(&a.body, list);
        else
            print_status(a.body.p, list);
        json_free(j);
    }
    buf_done(&a.body);
    buf_done(&endpoints.body);
    return status;
}

int cmd_status(struct ctl *ctl, int argc, char **argv)
{
    struct client *c;
    int status = options_read(ctl, NULL, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    status = client_open(ctl, &c);
    if (status)
        return status;
    status = show(ctl, c);
    client_close(c);
    return status;
}
