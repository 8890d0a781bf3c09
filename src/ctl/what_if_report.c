#include "ctl/what_if_report.h"

#include "ctl/screen.h"
#include "ctl/table.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BAR_COLUMNS_MIN 10
#define BAR_COLUMNS_MAX 60

/* A list of channels that is empty accepts all. */
static const char *shown(const char *value)
{
    return *value ? value : "any";
}

void report_changes(const struct policy_changes *changes)
{
    static const char *const headings[] = {"policy", "parameter", "before", "after"};
    struct table t;
    table_init(&t, headings, 4);
    for (size_t i = 0; i < changes->n; i++) {
        table_add(&t, changes->v[i].policy);
        table_add(&t, changes->v[i].parameter);
        table_add(&t, shown(changes->v[i].from));
        table_add(&t, shown(changes->v[i].to));
    }
    table_print(&t, "");
    table_done(&t);
}

/* --- counts --- */

static void add_difference(struct table *t, int64_t before, int64_t after)
{
    char count[TEXT_COUNT], text[TEXT_COUNT + 1];
    uint64_t size = (uint64_t)(after > before ? after - before : before - after);
    snprintf(text, sizeof text, "%s%s", after == before ? "" : after > before ? "+" : "-", text_count(size, count));
    table_add(t, text);
}

static void add_row(struct table *t, const char *what, uint64_t before, uint64_t after)
{
    table_add(t, what);
    table_add(t, NULL);
    table_add_count(t, (int64_t)before);
    table_add_count(t, (int64_t)after);
    add_difference(t, (int64_t)before, (int64_t)after);
}

static void add_money(struct table *t, int64_t before, int64_t after)
{
    char text[TEXT_COUNT], signed_text[TEXT_COUNT + 1];
    table_add(t, "paid later");
    table_add(t, NULL);
    table_add(t, text_money(before, text));
    table_add(t, text_money(after, text));
    snprintf(signed_text, sizeof signed_text, "%s%s",
             after > before   ? "+"
             : after < before ? "-"
                              : "",
             text_money(llabs(after - before), text));
    table_add(t, signed_text);
}

/* Events about people: no other is any different, or is for its own sake. */
static void add_events(struct table *t, const struct what_if_result *r)
{
    for (int type = 0; type < EV_POLICY_ADOPTED; type++) {
        uint64_t before = r->runs[0].events[type], after = r->runs[1].events[type];
        if (!before && !after && !r->recorded[type])
            continue;
        table_add(t, event_type_text((enum event_type)type));
        table_add_count(t, (int64_t)r->recorded[type]);
        table_add_count(t, (int64_t)before);
        table_add_count(t, (int64_t)after);
        add_difference(t, (int64_t)before, (int64_t)after);
    }
}

static void print_counts(const struct what_if_result *r)
{
    static const char *const headings[] = {"", ">recorded", ">before", ">after", ">difference"};
    const struct what_if_sums *before = &r->runs[0], *after = &r->runs[1];
    struct table t;
    table_init(&t, headings, 5);
    add_events(&t, r);
    add_row(&t, "people suspended", before->people_suspended, after->people_suspended);
    add_row(&t, "suspended in the end", before->still_suspended, after->still_suspended);
    add_row(&t, "months withheld", before->months_withheld, after->months_withheld);
    add_money(&t, before->paid_later, after->paid_later);
    table_print(&t, "");
    table_done(&t);
}

static void print_inputs(const struct what_if_result *r)
{
    static const char *const headings[] = {"inputs", ">number",       ">rejected before",
                                           ">after", ">not any more", ">newly"};
    struct table t;
    table_init(&t, headings, 6);
    for (int op = 0; op < OP_N; op++) {
        const struct what_if_inputs *in = &r->inputs[op];
        if (!in->taken)
            continue;
        table_add(&t, op_text((enum op)op));
        table_add_count(&t, (int64_t)in->taken);
        table_add_count(&t, (int64_t)in->rejected[WHAT_IF_BEFORE]);
        table_add_count(&t, (int64_t)in->rejected[WHAT_IF_AFTER]);
        table_add_count(&t, (int64_t)in->now_applied);
        table_add_count(&t, (int64_t)in->now_rejected);
    }
    table_print(&t, "");
    table_done(&t);
}

/* --- suspensions by the month: on a terminal two bars each --- */

static uint32_t most_a_month(const struct what_if_result *r)
{
    uint32_t most = 0;
    for (lc_month m = r->month_first; m <= r->month_last; m++)
        for (int i = 0; i < WHAT_IF_RUNS; i++)
            most = r->runs[i].suspensions[m] > most ? r->runs[i].suspensions[m] : most;
    return most;
}

static void add_month(struct table *t, lc_month m)
{
    char text[8] = "";
    month_format(m, text);
    table_add(t, text);
}

static void print_months(const struct what_if_result *r)
{
    static const char *const headings[] = {"suspensions in", ">before", ">after"};
    struct table t;
    table_init(&t, headings, 3);
    for (lc_month m = r->month_first; m <= r->month_last; m++) {
        add_month(&t, m);
        table_add_count(&t, r->runs[WHAT_IF_BEFORE].suspensions[m]);
        table_add_count(&t, r->runs[WHAT_IF_AFTER].suspensions[m]);
    }
    table_print(&t, "");
    table_done(&t);
}

static void print_bars(const struct what_if_result *r, struct table *t, unsigned columns)
{
    uint32_t most = most_a_month(r);
    const char *row = table_print_row(t, t->text.p);
    putchar('\n');
    for (lc_month m = r->month_first; m <= r->month_last; m++)
        for (int i = 0; i < WHAT_IF_RUNS; i++) {
            struct buf b = BUF_INIT;
            row = table_print_row(t, row);
            screen_bar(&b, r->runs[i].suspensions[m], most, columns, false);
            printf("  %.*s\n", (int)b.n, b.n ? b.p : "");
            buf_done(&b);
        }
}

static void print_chart(const struct what_if_result *r, unsigned screen)
{
    static const char *const headings[] = {"suspensions in", "", ">"};
    struct table t;
    table_init(&t, headings, 3);
    for (lc_month m = r->month_first; m <= r->month_last; m++)
        for (int i = 0; i < WHAT_IF_RUNS; i++) {
            if (i == 0)
                add_month(&t, m);
            else
                table_add(&t, "");
            table_add(&t, i == WHAT_IF_BEFORE ? "before" : "after");
            table_add_count(&t, r->runs[i].suspensions[m]);
        }
    unsigned taken = table_width(&t) + 2, columns = screen > taken ? screen - taken : 0;
    if (columns < BAR_COLUMNS_MIN)
        print_months(r);
    else
        print_bars(r, &t, columns < BAR_COLUMNS_MAX ? columns : BAR_COLUMNS_MAX);
    table_done(&t);
}

void report_sums(const struct what_if_result *r)
{
    unsigned screen = screen_width(STDOUT_FILENO);
    char n[TEXT_COUNT], all[TEXT_COUNT];
    putchar('\n');
    print_counts(r);
    if (r->runs[0].unknown || r->runs[1].unknown)
        printf("(paid later: without %s and %s payments whose amounts are not known)\n",
               text_count(r->runs[0].unknown, n), text_count(r->runs[1].unknown, all));
    putchar('\n');
    print_inputs(r);
    if (r->month_first != MONTH_NONE) {
        putchar('\n');
        if (screen)
            print_chart(r, screen);
        else
            print_months(r);
    }
    printf("\n%s of %s people would have fared otherwise.\n", text_count(r->differ, n), text_count(r->people, all));
    if (r->differ_from_log)
        printf("\"before\" leaves out the brake, clock and feed holds and is always on time: for %s people it differs "
               "from what was recorded.\n",
               text_count(r->differ_from_log, n));
}

/* --- people --- */

/* What an event is called where there is no room. */
static const char *brief(uint8_t type)
{
    static const char *const words[EV_N] = {
        [EV_REMINDER] = "reminded",     [EV_GRACE] = "grace",   [EV_SUSPENDED] = "suspended",
        [EV_RESUMED] = "resumed",       [EV_LAPSED] = "lapsed", [EV_TERMINATED] = "terminated",
        [EV_REINSTATED] = "reinstated",
    };
    return words[type];
}

static void add_item(struct buf *b, const struct what_if_item *item)
{
    char on[11] = "", money[TEXT_COUNT];
    date_format(item->on, on);
    if (item->reason)
        buf_printf(b, "%s rejected %s (%s)", op_text((enum op)item->op), on, reason_text((enum reason)item->reason));
    else
        buf_printf(b, "%s %s", brief(item->type), on);
    if (item->months && item->total != AMOUNT_NONE)
        buf_printf(b, " (%s)", text_money(item->total, money));
    else if (item->months)
        buf_printf(b, " (%u months)", item->months);
}

static void add_items(struct table *t, const struct what_if_item *items, uint32_t n)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < n; i++) {
        buf_adds(&b, i ? ", " : "");
        add_item(&b, &items[i]);
    }
    buf_addc(&b, '\0');
    table_add(t, n ? b.p : NULL);
    buf_done(&b);
}

void report_people_begin(struct table *people)
{
    static const char *const headings[] = {"id", "policy", "before only", "after only"};
    table_init(people, headings, 4);
}

void report_people_add(struct table *people, const struct what_if_person *who)
{
    char id[72];
    snprintf(id, sizeof id, "%.*s", (int)who->id.n, who->id.p);
    table_add(people, id);
    table_add(people, who->policy);
    for (int i = 0; i < WHAT_IF_RUNS; i++)
        add_items(people, who->only[i], who->n[i]);
}

void report_people_end(struct table *people, const struct what_if_result *r, uint64_t told)
{
    char n[TEXT_COUNT];
    if (told) {
        putchar('\n');
        table_print(people, "");
    }
    if (r->differ > told)
        printf("%sand %s more\n", told ? "" : "\n", text_count(r->differ - told, n));
    table_done(people);
}
