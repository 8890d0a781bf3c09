/* lifecertctl deliveries, delivery retry, delivery drop. */
#include "ctl/client.h"
#include "ctl/names.h"
#include "ctl/order.h"
#include "ctl/path.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 1000000 /* a table of them is kept in memory until it is whole */
#define PAGE_MAX 1000
#define PLACE_TEXT 40 /* a shard and a number, and room */

/* --- the list --- */

struct listing {
    struct ctl *ctl;
    struct client *client;
    const char *states; /* NULL: the daemon's choice */
    uint64_t n, limit;
    bool more; /* there was one beyond the limit */
    struct table table;
};

/* What comes next matters where something does. */
static bool waits(const char *state)
{
    return state && (strcmp(state, "retry") == 0 || strcmp(state, "unknown") == 0);
}

/* "sent, delivered": with what the gateway said of it. */
static void add_state(struct table *t, const struct json *row)
{
    const char *state = json_text(row, "state"), *receipt = json_text(row, "receipt");
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s%s%s", state ? state : "-", receipt ? ", " : "", receipt ? receipt : "");
    buf_addc(&b, '\0');
    table_add(t, b.p);
    buf_done(&b);
}

static void add_row(struct table *t, const struct json *row)
{
    char changed[TEXT_COUNT], next[TEXT_COUNT];
    table_add(t, json_text(row, "id"));
    table_add(t, json_text(row, "type"));
    table_add(t, json_text(row, "subject"));
    add_state(t, row);
    table_add_count(t, json_number(row, "attempts", -1));
    table_add(t, text_time(json_text(row, "changed_at"), changed));
    table_add(t, waits(json_text(row, "state")) ? text_time(json_text(row, "next_at"), next) : NULL);
    table_add(t, json_text(row, "why"));
}

static void take_row(struct listing *l, const struct json *row)
{
    struct buf line = BUF_INIT;
    if (l->n++ == l->limit) {
        l->more = true;
    } else if (l->ctl->json) {
        json_write(&line, row);
        printf("%.*s\n", (int)line.n, line.p);
    } else {
        add_row(&l->table, row);
    }
    buf_done(&line);
}

/* One more than is wanted, to know whether there is more. */
static bool is_full(const struct listing *l)
{
    return l->n > l->limit;
}

static void write_path(const struct listing *l, const char *endpoint, const char *after, struct buf *path)
{
    uint64_t left = l->limit + 1 - l->n;
    buf_printf(path, "/v1/deliveries?limit=%" PRIu64 "&endpoint=", left < PAGE_MAX ? left : PAGE_MAX);
    path_add(path, endpoint);
    if (l->states) {
        BUF_LIT(path, "&state=");
        path_add(path, l->states);
    }
    if (*after) {
        BUF_LIT(path, "&after=");
        path_add(path, after);
    }
    buf_addc(path, '\0');
}

/* Where a list goes on: what stands behind the endpoint's name in an id, "payroll:4711" or, of several shards,
 * "payroll:3_4711". "": nowhere. */
static void place_of(const char *id, char out[PLACE_TEXT])
{
    const char *place = id ? strrchr(id, ':') : NULL;
    out[0] = '\0';
    if (place && strlen(place + 1) < PLACE_TEXT)
        strcpy(out, place + 1);
}

/* false: that was the last page; else after says where the next one begins. */
static bool take_page(struct listing *l, const char *text, char after[PLACE_TEXT])
{
    struct json *j = json_parse(text);
    const struct json *rows = json_get(j, "deliveries");
    size_t n = json_count(rows);
    char last[PLACE_TEXT];
    place_of(n ? json_text(json_item(rows, n - 1), "id") : NULL, last);
    for (size_t i = 0; i < n && !is_full(l); i++)
        take_row(l, json_item(rows, i));
    bool goes_on = json_bool(j, "more") && *last && strcmp(last, after) != 0 && !is_full(l);
    strcpy(after, last);
    json_free(j);
    return goes_on;
}

static int refused(const struct listing *l, const char *endpoint, const struct answer *a)
{
    int status = client_problem(l->client, a, endpoint);
    if (a->status == 404)
        names_tell(l->client, "endpoints");
    return status;
}

static int list_endpoint(struct listing *l, const char *endpoint)
{
    int status = EXIT_DONE;
    char after[PLACE_TEXT] = "";
    bool goes_on;
    do {
        struct buf path = BUF_INIT;
        struct answer a = {0};
        write_path(l, endpoint, after, &path);
        status = client_call(l->client, "GET", path.p, STR_NONE, &a);
        if (status == EXIT_DONE && a.status != 200)
            status = refused(l, endpoint, &a);
        goes_on = status == EXIT_DONE && take_page(l, a.body.p, after);
        buf_done(&path);
        buf_done(&a.body);
    } while (goes_on);
    return status;
}

static int list_all(struct listing *l)
{
    struct answer a = {0};
    int status = client_get(l->client, "/v1/endpoints", &a);
    struct json *j = status == EXIT_DONE ? json_parse(a.body.p) : NULL;
    const struct json *list = json_get(j, "endpoints");
    for (size_t i = 0; i < json_count(list) && status == EXIT_DONE && !is_full(l); i++) {
        const char *name = json_text(json_item(list, i), "name");
        if (name)
            status = list_endpoint(l, name);
    }
    json_free(j);
    buf_done(&a.body);
    return status;
}

static void print_listing(struct listing *l)
{
    if (l->ctl->json)
        fflush(stdout);
    else if (l->n)
        table_print(&l->table, "");
    else
        printf("%s\n", l->states ? "There is no such delivery." : "No delivery has failed or waits.");
    if (l->more)
        say("there are more than these %" PRIu64 "; --limit shows more", l->limit);
}

static int list(struct listing *l, const char *endpoint)
{
    static const char *const headings[] = {"id", "type", "person", "state", ">attempts", "changed", "next", "why"};
    int status = client_open(l->ctl, &l->client);
    if (status)
        return status;
    table_init(&l->table, headings, sizeof headings / sizeof headings[0]);
    status = endpoint ? list_endpoint(l, endpoint) : list_all(l);
    if (status == EXIT_DONE)
        print_listing(l);
    table_done(&l->table);
    client_close(l->client);
    return status;
}

int cmd_deliveries(struct ctl *ctl, int argc, char **argv)
{
    struct listing l = {.ctl = ctl, .limit = LIMIT_DEFAULT};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "state", "STATES", "only those in these states, as in dead,unknown", &l.states},
        {OPTION_NUMBER, 0, "limit", "N", "at most so many (default 1000)", &l.limit},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 1);
    if (status != OPTIONS_READ)
        return status;
    if (l.limit < 1 || l.limit > LIMIT_MAX)
        return fail(EXIT_MISUSE, "--limit %" PRIu64 ": expected a number from 1 to %d", l.limit, LIMIT_MAX);
    return list(&l, argc ? argv[0] : NULL);
}

/* --- one of them --- */

static void tell(const struct json *answer)
{
    const char *id = json_text(answer, "id"), *result = json_text(answer, "result");
    printf("%s %s\n", result ? result : "done:", id ? id : "the delivery");
}

static int decide(struct ctl *ctl, int argc, char **argv, const char *verb)
{
    struct order order = {.method = "POST", .tell = tell};
    const struct option_row options[] = {ORDER_OPTIONS(&order), OPTIONS_END};
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!order_is_signed(&order))
        return EXIT_MISUSE;
    order.what = argv[0];
    order.kind = "deliveries";
    order_sign(&order);
    buf_adds(&order.path, "/v1/deliveries/");
    path_add(&order.path, argv[0]);
    buf_printf(&order.path, "/%s", verb);
    return order_send(ctl, &order);
}

int cmd_delivery_retry(struct ctl *ctl, int argc, char **argv)
{
    return decide(ctl, argc, argv, "retry");
}

int cmd_delivery_drop(struct ctl *ctl, int argc, char **argv)
{
    return decide(ctl, argc, argv, "drop");
}
