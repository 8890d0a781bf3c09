/* lifecertctl endpoints, endpoint test, endpoint pause, endpoint resume. */
#include "ctl/client.h"
#include "ctl/endpoints.h"
#include "ctl/order.h"
#include "ctl/path.h"
#include "ctl/redeliver.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>

/* --- the list --- */

void endpoints_print_brief(const struct json *list, const char *indent)
{
    static const char *const headings[] = {"endpoint", "state", ">lag", ">dead"};
    struct table t;
    table_init(&t, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *e = json_item(list, i);
        table_add(&t, json_text(e, "name"));
        table_add(&t, json_text(e, "state"));
        table_add_count(&t, json_number(e, "lag", -1));
        table_add_count(&t, json_number(e, "dead", -1));
    }
    table_print(&t, indent);
    table_done(&t);
}

/* "HTTP 500 (2026-06-16 09:00)" */
static void add_error(struct table *t, const struct json *e)
{
    const char *why = json_text(e, "last_error"), *at = json_text(e, "last_error_at");
    char when[TEXT_COUNT];
    struct buf b = BUF_INIT;
    buf_adds(&b, why ? why : "-");
    if (why && at)
        buf_printf(&b, " (%s)", text_time(at, when));
    buf_addc(&b, '\0');
    table_add(t, b.p);
    buf_done(&b);
}

static void print_table(const struct json *list)
{
    static const char *const headings[] = {"name",      "adapter", "state",      ">lag",      ">in flight",
                                           ">retrying", ">dead",   ">delivered", "last error"};
    static const char *const counts[] = {"lag", "in_flight", "retrying", "dead", "delivered"};
    struct table t;
    table_init(&t, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *e = json_item(list, i);
        table_add(&t, json_text(e, "name"));
        table_add(&t, json_text(e, "adapter"));
        table_add(&t, json_text(e, "state"));
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
            table_add_count(&t, json_number(e, counts[k], -1));
        add_error(&t, e);
    }
    table_print(&t, "");
    table_done(&t);
}

/* "payroll was paused 2026-06-16 09:00 by Li: new network" */
static void print_pause(const struct json *e)
{
    const char *name = json_text(e, "name"), *by = json_text(e, "paused_by"), *why = json_text(e, "paused");
    char at[TEXT_COUNT];
    struct buf b = BUF_INIT, safe = BUF_INIT;
    bool somebody = by && *by; /* else the daemon */
    buf_printf(&b, "%s was paused %s%s%s: %s", name, text_time(json_text(e, "paused_at"), at), somebody ? " by " : "",
               somebody ? by : "", why);
    buf_addc(&b, '\0');
    text_add_safe(&safe, b.p);
    printf("%.*s\n", (int)safe.n, safe.p);
    buf_done(&b);
    buf_done(&safe);
}

static void print_pauses(const struct json *list)
{
    bool any = false;
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *e = json_item(list, i);
        if (!json_text(e, "paused") || !json_text(e, "name"))
            continue;
        if (!any)
            printf("\n");
        any = true;
        print_pause(e);
    }
    if (any)
        printf("lifecertctl endpoint resume NAME --by WHO --why TEXT resumes one.\n");
}

static void print_endpoints(const struct ctl *ctl, const char *text)
{
    struct json *j = json_parse(text);
    const struct json *list = json_get(j, "endpoints");
    if (ctl->json) {
        json_print_items(list);
    } else if (json_count(list)) {
        print_table(list);
        print_pauses(list);
        redeliveries_print(list);
    } else {
        printf("The daemon's configuration has no endpoint.\n");
    }
    json_free(j);
}

int cmd_endpoints(struct ctl *ctl, int argc, char **argv)
{
    return client_ask(ctl, argc, argv, "/v1/endpoints", print_endpoints);
}

/* --- orders --- */

static void set_path(struct order *o, const char *name, const char *verb)
{
    o->what = name;
    o->kind = "endpoints";
    buf_adds(&o->path, "/v1/endpoints/");
    path_add(&o->path, name);
    buf_printf(&o->path, "/%s", verb);
}

static const char *endpoint_of(const struct json *answer)
{
    const char *name = json_text(answer, "endpoint");
    return name ? name : "the endpoint";
}

static void tell_paused(const struct json *answer)
{
    printf("paused %s\n", endpoint_of(answer));
}

static void tell_resumed(const struct json *answer)
{
    printf("resumed %s\n", endpoint_of(answer));
}

static int change(struct ctl *ctl, int argc, char **argv, const char *verb, void (*tell)(const struct json *answer))
{
    struct order order = {.method = "POST", .tell = tell};
    const struct option_row options[] = {ORDER_OPTIONS(&order), OPTIONS_END};
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!order_is_signed(&order))
        return EXIT_MISUSE;
    set_path(&order, argv[0], verb);
    order_sign(&order);
    return order_send(ctl, &order);
}

int cmd_endpoint_pause(struct ctl *ctl, int argc, char **argv)
{
    return change(ctl, argc, argv, "pause", tell_paused);
}

int cmd_endpoint_resume(struct ctl *ctl, int argc, char **argv)
{
    return change(ctl, argc, argv, "resume", tell_resumed);
}

/* --- a trial --- */

/* "HTTP 500, 12 ms"; the status is only there when the endpoint speaks HTTP and answered. */
static void add_circumstances(struct buf *b, const struct json *answer)
{
    int64_t http = json_number(answer, "status", 0);
    if (http)
        buf_printf(b, "HTTP %lld, ", (long long)http);
    buf_printf(b, "%lld ms", (long long)json_number(answer, "milliseconds", 0));
    buf_addc(b, '\0');
}

static void tell_delivered(const struct json *answer)
{
    struct buf b = BUF_INIT;
    add_circumstances(&b, answer);
    printf("%s took it (%s)\n", endpoint_of(answer), b.p);
    buf_done(&b);
}

static int judge_test(const struct json *answer)
{
    const char *outcome = json_text(answer, "outcome"), *why = json_text(answer, "why");
    struct buf b = BUF_INIT, safe = BUF_INIT;
    if (outcome && strcmp(outcome, "delivered") == 0)
        return EXIT_DONE;
    add_circumstances(&b, answer);
    text_add_safe(&safe, why ? why : "it did not say why");
    say("%s did not take it: %s: %.*s (%s)", endpoint_of(answer), outcome ? outcome : "?", (int)safe.n, safe.p, b.p);
    buf_done(&b);
    buf_done(&safe);
    return EXIT_NO;
}

int cmd_endpoint_test(struct ctl *ctl, int argc, char **argv)
{
    struct order order = {.method = "POST", .judge = judge_test, .tell = tell_delivered};
    const char *phone = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "phone", "P", "where to send a message", &phone},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    set_path(&order, argv[0], "test");
    if (phone) {
        order_member(&order, "phone", phone);
        buf_addc(&order.body, '}');
    }
    return order_send(ctl, &order);
}
