/* lifecertctl holds, hold place, hold lift. */
#include "ctl/client.h"
#include "ctl/holds.h"
#include "ctl/options.h"
#include "ctl/order.h"
#include "ctl/path.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>

static const char *const scopes[] = {"policy", "category", "unit", "channel"};

/* "everyone", "policy national" */
static void add_scope(struct table *t, const struct json *hold)
{
    const struct json *scope = json_get(hold, "scope");
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        const char *name = json_text(scope, scopes[i]);
        if (name)
            buf_printf(&b, "%s %s", scopes[i], name);
    }
    if (!b.n)
        buf_adds(&b, "everyone");
    buf_addc(&b, '\0');
    table_add(t, b.p);
    buf_done(&b);
}

void holds_print(const struct json *list, const char *indent)
{
    static const char *const headings[] = {"hold", "over", "since", "until", "by", "why"};
    struct table t;
    table_init(&t, headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *hold = json_item(list, i);
        char since[TEXT_COUNT];
        table_add(&t, json_text(hold, "name"));
        add_scope(&t, hold);
        table_add(&t, text_time(json_text(hold, "since"), since));
        table_add(&t, json_text(hold, "until"));
        table_add(&t, json_text(hold, "by"));
        table_add(&t, json_text(hold, "why"));
    }
    table_print(&t, indent);
    table_done(&t);
}

static void print_holds(const struct ctl *ctl, const char *text)
{
    struct json *j = json_parse(text);
    const struct json *list = json_get(j, "holds");
    if (ctl->json)
        json_print_items(list);
    else if (json_count(list))
        holds_print(list, "");
    else
        printf("No hold is placed.\n");
    json_free(j);
}

int cmd_holds(struct ctl *ctl, int argc, char **argv)
{
    return client_ask(ctl, argc, argv, "/v1/holds", print_holds);
}

static void tell(const struct json *answer, const char *done)
{
    const char *name = json_text(answer, "name");
    const struct json *pending = json_get(answer, "pending");
    struct buf shards = BUF_INIT;
    printf("%s %s\n", done, name ? name : "the hold");
    json_add_numbers(&shards, pending);
    if (shards.n)
        say("not carried out yet, but ordered for good: by the shards %.*s", (int)shards.n, shards.p);
    buf_done(&shards);
}

static void tell_placed(const struct json *answer)
{
    tell(answer, "placed");
}

static void tell_lifted(const struct json *answer)
{
    tell(answer, "lifted");
}

int cmd_hold_place(struct ctl *ctl, int argc, char **argv)
{
    const char *until = NULL, *scope[3] = {NULL, NULL, NULL};
    struct order order = {.method = "POST", .what = "hold place", .tell = tell_placed};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "until", "DATE", "the last day on which it holds", &until},
        ORDER_OPTIONS(&order),
        {OPTION_TEXT, 0, "policy", "NAME", "over those under this policy only", &scope[0]},
        {OPTION_TEXT, 0, "category", "NAME", "over those of this category only", &scope[1]},
        {OPTION_TEXT, 0, "unit", "CODE", "over those of this unit only", &scope[2]},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 0, 0);
    if (status != OPTIONS_READ)
        return status;
    lc_date day;
    if (!until)
        return fail(EXIT_MISUSE, "--until is missing: the last day on which the hold holds");
    if (!option_date("until", until, &day) || !order_is_signed(&order))
        return EXIT_MISUSE;
    if (!!scope[0] + !!scope[1] + !!scope[2] > 1)
        return fail(EXIT_MISUSE, "--policy, --category and --unit exclude one another: place a hold for each");

    order_member(&order, "hold", "moratorium");
    BUF_LIT(&order.body, ",\"scope\":");
    size_t before = order.body.n;
    for (unsigned i = 0; i < 3; i++) {
        if (!scope[i])
            continue;
        buf_printf(&order.body, "{\"%s\":", scopes[i]);
        buf_add_json(&order.body, str_of(scope[i]));
        buf_addc(&order.body, '}');
    }
    if (order.body.n == before)
        BUF_LIT(&order.body, "null");
    order_member(&order, "until", until);
    order_sign(&order);
    buf_adds(&order.path, "/v1/holds");
    return order_send(ctl, &order);
}

int cmd_hold_lift(struct ctl *ctl, int argc, char **argv)
{
    struct order order = {.method = "DELETE", .tell = tell_lifted};
    const struct option_row options[] = {ORDER_OPTIONS(&order), OPTIONS_END};
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (!order_is_signed(&order))
        return EXIT_MISUSE;
    order.what = argv[0];
    order.kind = "holds";
    order_sign(&order);
    buf_adds(&order.path, "/v1/holds/");
    path_add(&order.path, argv[0]);
    return order_send(ctl, &order);
}
