/* A what-if as NDJSON. */
#include "ctl/what_if_report.h"

#include <inttypes.h>

static const char *const sides[WHAT_IF_RUNS] = {"before", "after"};

static void add_item(struct buf *b, const struct what_if_item *item)
{
    char on[10];
    date_format(item->on, on);
    buf_printf(b, "{\"type\":\"%s\",\"on\":\"%.10s\"", event_type_text((enum event_type)item->type), on);
    if (item->reason)
        buf_printf(b, ",\"op\":\"%s\",\"reason\":\"%s\"", op_text((enum op)item->op),
                   reason_text((enum reason)item->reason));
    bool pays = item->type == EV_RESUMED || item->type == EV_TERMINATED || item->type == EV_REINSTATED;
    if (pays && item->total != AMOUNT_NONE)
        buf_printf(b, ",\"months\":%u,\"total\":%" PRId64, item->months, item->total);
    else if (pays)
        buf_printf(b, ",\"months\":%u,\"total\":null", item->months);
    buf_addc(b, '}');
}

void report_json_person(struct buf *b, const struct what_if_person *who)
{
    BUF_LIT(b, "{\"type\":\"person\",\"id\":");
    buf_add_json(b, who->id);
    BUF_LIT(b, ",\"policy\":");
    buf_add_json(b, str_of(who->policy));
    for (int i = 0; i < WHAT_IF_RUNS; i++) {
        buf_printf(b, ",\"%s\":[", sides[i]);
        for (uint32_t k = 0; k < who->n[i]; k++) {
            buf_adds(b, k ? "," : "");
            add_item(b, &who->only[i][k]);
        }
        buf_addc(b, ']');
    }
    BUF_LIT(b, "}\n");
}

/* --- the summary --- */

static void add_changes(struct buf *b, const struct policy_changes *changes)
{
    BUF_LIT(b, ",\"changes\":[");
    for (size_t i = 0; i < changes->n; i++) {
        const struct policy_change *c = &changes->v[i];
        buf_printf(b, "%s{\"policy\":", i ? "," : "");
        buf_add_json(b, str_of(c->policy));
        buf_printf(b, ",\"parameter\":\"%s\",\"before\":", c->parameter);
        buf_add_json(b, str_of(c->from));
        BUF_LIT(b, ",\"after\":");
        buf_add_json(b, str_of(c->to));
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static void add_time(struct buf *b, const char *key, lc_instant at, const struct tz *tz)
{
    char text[25];
    if (at == INSTANT_NONE || !tz) {
        buf_printf(b, ",\"%s\":null", key);
        return;
    }
    instant_format(at, tz_offset(tz, at), text);
    buf_printf(b, ",\"%s\":\"%.25s\"", key, text);
}

static void add_pair(struct buf *b, const char *key, int64_t before, int64_t after)
{
    buf_printf(b, ",\"%s\":{\"before\":%" PRId64 ",\"after\":%" PRId64 "}", key, before, after);
}

static void add_inputs(struct buf *b, const struct what_if_result *r)
{
    const char *comma = "";
    BUF_LIT(b, ",\"inputs\":{");
    for (int op = 0; op < OP_N; op++) {
        const struct what_if_inputs *in = &r->inputs[op];
        if (!in->taken)
            continue;
        buf_printf(b,
                   "%s\"%s\":{\"taken\":%" PRIu64 ",\"rejected_before\":%" PRIu64 ",\"rejected_after\":%" PRIu64
                   ",\"now_taken\":%" PRIu64 ",\"now_rejected\":%" PRIu64 "}",
                   comma, op_text((enum op)op), in->taken, in->rejected[WHAT_IF_BEFORE], in->rejected[WHAT_IF_AFTER],
                   in->now_applied, in->now_rejected);
        comma = ",";
    }
    buf_addc(b, '}');
}

static void add_events(struct buf *b, const struct what_if_result *r)
{
    const char *comma = "";
    BUF_LIT(b, ",\"events\":{");
    for (int t = 0; t < EV_POLICY_ADOPTED; t++) {
        if (!r->recorded[t] && !r->runs[0].events[t] && !r->runs[1].events[t])
            continue;
        buf_printf(b, "%s\"%s\":{\"recorded\":%" PRIu64 ",\"before\":%" PRIu64 ",\"after\":%" PRIu64 "}", comma,
                   event_type_text((enum event_type)t), r->recorded[t], r->runs[0].events[t], r->runs[1].events[t]);
        comma = ",";
    }
    buf_addc(b, '}');
}

static void add_months(struct buf *b, const struct what_if_result *r)
{
    BUF_LIT(b, ",\"months\":[");
    for (lc_month m = r->month_first; m != MONTH_NONE && m <= r->month_last; m++) {
        char text[7];
        month_format(m, text);
        buf_printf(b, "%s{\"month\":\"%.7s\",\"before\":%" PRIu32 ",\"after\":%" PRIu32 "}",
                   m == r->month_first ? "" : ",", text, r->runs[0].suspensions[m], r->runs[1].suspensions[m]);
    }
    buf_addc(b, ']');
}

static void add_sums(struct buf *b, const struct what_if_result *r)
{
    const struct what_if_sums *before = &r->runs[0], *after = &r->runs[1];
    buf_printf(b, ",\"people\":%" PRIu64 ",\"differ\":%" PRIu64 ",\"differ_from_log\":%" PRIu64, r->people, r->differ,
               r->differ_from_log);
    add_inputs(b, r);
    add_events(b, r);
    add_pair(b, "people_suspended", (int64_t)before->people_suspended, (int64_t)after->people_suspended);
    add_pair(b, "still_suspended", (int64_t)before->still_suspended, (int64_t)after->still_suspended);
    add_pair(b, "months_withheld", (int64_t)before->months_withheld, (int64_t)after->months_withheld);
    add_pair(b, "paid_later", before->paid_later, after->paid_later);
    add_pair(b, "amounts_unknown", (int64_t)before->unknown, (int64_t)after->unknown);
    add_months(b, r);
}

void report_json_summary(struct buf *b, const struct what_if_result *r, lc_instant since, const struct tz *tz, bool ran)
{
    BUF_LIT(b, "{\"type\":\"summary\"");
    add_changes(b, &r->changes);
    add_time(b, "since", since, tz);
    add_time(b, "until", r->until, tz);
    if (ran)
        add_sums(b, r);
    else
        BUF_LIT(b, ",\"differ\":0");
    BUF_LIT(b, "}\n");
}
