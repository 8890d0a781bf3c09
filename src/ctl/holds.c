/* lifecertctl holds, hold place, hold lift. */
#include "ctl/client.h"
#include "ctl/holds.h"
#include "ctl/options.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>

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

static void print_holds(const char *text)
{
    struct json *j = json_parse(text);
    const struct json *list = json_get(j, "holds");
    if (json_count(list))
        holds_print(list, "");
    else
        printf("No hold is placed.\n");
    json_free(j);
}

int cmd_holds(struct ctl *ctl, int argc, char **argv)
{
    return client_ask(ctl, argc, argv, "/v1/holds", print_holds);
}

/* Sends what changes a hold, and says what became of it. */
static int change(struct ctl *ctl, const char *method, const char *path, struct str body, const char *what,
                  const char *done)
{
    struct client *c;
    struct answer a = {0};
    int status = client_open(ctl, &c);
    if (status)
        return status;
    status = client_call(c, method, path, body, &a);
    if (status == EXIT_DONE && (a.status < 200 || a.status > 299)) {
        status = client_problem(&a, what);
    } else if (status == EXIT_DONE && ctl->json) {
        printf("%s\n", a.body.p);
    } else if (status == EXIT_DONE) {
        struct json *j = json_parse(a.body.p);
        const char *name = json_text(j, "name");
        printf("%s %s\n", done, name ? name : "the hold");
        json_free(j);
    }
    buf_done(&a.body);
    client_close(c);
    return status;
}

static void add_member(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%c\"%s\":", b->n ? ',' : '{', name);
    buf_add_json(b, str_of(value));
}

static int need(const char *option, const char *value)
{
    if (value && *value)
        return EXIT_DONE;
    return fail(EXIT_MISUSE, "--%s is missing: a hold is placed and lifted by somebody, for a reason", option);
}

int cmd_hold_place(struct ctl *ctl, int argc, char **argv)
{
    const char *until = NULL, *why = NULL, *by = NULL, *scope[3] = {NULL, NULL, NULL};
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "until", "DATE", "the last day on which it holds", &until},
        {OPTION_TEXT, 0, "by", "WHO", "who places it", &by},
        {OPTION_TEXT, 0, "why", "TEXT", "for what reason", &why},
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
    if (!option_date("until", until, &day) || need("by", by) || need("why", why))
        return EXIT_MISUSE;
    if (!!scope[0] + !!scope[1] + !!scope[2] > 1)
        return fail(EXIT_MISUSE, "--policy, --category and --unit exclude one another: place a hold for each");

    struct buf b = BUF_INIT;
    add_member(&b, "hold", "moratorium");
    BUF_LIT(&b, ",\"scope\":");
    size_t before = b.n;
    for (unsigned i = 0; i < 3; i++) {
        if (!scope[i])
            continue;
        buf_printf(&b, "{\"%s\":", scopes[i]);
        buf_add_json(&b, str_of(scope[i]));
        buf_addc(&b, '}');
    }
    if (b.n == before)
        BUF_LIT(&b, "null");
    add_member(&b, "until", until);
    add_member(&b, "why", why);
    add_member(&b, "by", by);
    buf_addc(&b, '}');
    status = change(ctl, "POST", "/v1/holds", buf_str(&b), "hold place", "placed");
    buf_done(&b);
    return status;
}

int cmd_hold_lift(struct ctl *ctl, int argc, char **argv)
{
    const char *why = NULL, *by = NULL;
    const struct option_row options[] = {
        {OPTION_TEXT, 0, "by", "WHO", "who lifts it", &by},
        {OPTION_TEXT, 0, "why", "TEXT", "for what reason", &why},
        OPTIONS_END,
    };
    int status = options_read(ctl, options, &argc, argv, 1, 1);
    if (status != OPTIONS_READ)
        return status;
    if (need("by", by) || need("why", why))
        return EXIT_MISUSE;
    struct buf b = BUF_INIT, path = BUF_INIT;
    add_member(&b, "by", by);
    add_member(&b, "why", why);
    buf_addc(&b, '}');
    buf_adds(&path, "/v1/holds/");
    path_add(&path, argv[0]);
    buf_addc(&path, '\0');
    status = change(ctl, "DELETE", path.p, buf_str(&b), argv[0], "lifted");
    buf_done(&path);
    buf_done(&b);
    return status;
}
