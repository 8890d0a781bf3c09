/* Questions: answered from memory, as JSON. */
#include <inttypes.h>

#include "engine/internal.h"

#define NEXT_SHOWN 5

/* --- one person --- */

static bool find_person(struct engine *e, struct request *r, struct person *p)
{
    uint32_t n = roster_find(e->roster, r->id);
    if (n == ROSTER_NONE) {
        r->err = err_set(&r->msg, ERR_ABSENT, "not enrolled");
        return false;
    }
    people_get(e, n, p);
    return true;
}

static void show(struct engine *e, struct request *r)
{
    struct person p;
    struct scene now = scene_now(e);
    if (!find_person(e, r, &p))
        return;
    if (r->as_of.given)
        r->err = as_of_show(e, &p, &r->as_of, &r->body, &r->msg);
    else
        person_write(&now, &p, &r->body);
}

static void story(struct engine *e, struct request *r)
{
    struct person p;
    if (find_person(e, r, &p))
        r->err = as_of_story(e, &p, &r->as_of, &r->body, &r->msg);
}

/* --- what is due --- */

struct due_rows {
    const struct engine *e;
    struct buf *out;
    bool by_month;
    lc_date on; /* of the row under way; DATE_NONE: none yet */
    uint64_t counts[DEADLINE_N];
    const char *comma;
};

static void end_row(struct due_rows *rows)
{
    if (rows->on == DATE_NONE)
        return;
    buf_printf(rows->out, "%s{\"on\":", rows->comma);
    if (rows->by_month)
        json_month(rows->out, date_month(rows->on));
    else
        json_date(rows->out, rows->on);
    for (int k = DEADLINE_NONE + 1; k < DEADLINE_N; k++) {
        buf_printf(rows->out, ",\"%s\":%" PRIu64, deadline_text((enum deadline_kind)k), rows->counts[k]);
        rows->counts[k] = 0;
    }
    buf_addc(rows->out, '}');
    rows->comma = ",";
}

static void add_bucket(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count)
{
    struct due_rows *rows = arg;
    lc_date on = tz_date(rows->e->env.tz, at);
    if (rows->by_month)
        on = date_bom(on);
    if (on != rows->on) {
        end_row(rows);
        rows->on = on;
    }
    rows->counts[kind] += count;
}

static void due(struct engine *e, struct request *r)
{
    struct due_rows rows = {.e = e, .out = &r->body, .by_month = r->by_month, .comma = ""};
    lc_instant from = r->from != DATE_NONE ? tz_instant(e->env.tz, r->from, 0) : INT64_MIN;
    lc_instant to = r->to != DATE_NONE ? tz_instant(e->env.tz, r->to + 1, 0) : INSTANT_NONE;
    buf_printf(&r->body, "{\"by\":\"%s\",\"rows\":[", r->by_month ? "month" : "day");
    roster_buckets(e->roster, from, to, add_bucket, &rows);
    end_row(&rows);
    buf_printf(&r->body, "],\"held\":%u}", roster_held_count(e->roster));
}

/* --- the whole --- */

struct next_rows {
    const struct engine *e;
    struct buf *out;
    unsigned n;
};

static void add_next(void *arg, lc_instant at, enum deadline_kind kind, uint64_t count)
{
    struct next_rows *rows = arg;
    if (rows->n++ >= NEXT_SHOWN)
        return;
    buf_printf(rows->out, "%s{\"kind\":\"%s\",\"at\":", rows->n > 1 ? "," : "", deadline_text(kind));
    json_instant(rows->e->env.tz, rows->out, at);
    buf_printf(rows->out, ",\"count\":%" PRIu64 "}", count);
}

void query_holds(const struct engine *e, struct buf *out)
{
    buf_addc(out, '[');
    for (unsigned i = 0; i < e->holds.n; i++) {
        if (i)
            buf_addc(out, ',');
        holds_write(e, &e->holds.v[i], out);
    }
    buf_addc(out, ']');
}

static void status(struct engine *e, struct request *r)
{
    struct buf *out = &r->body;
    struct store_info info;
    store_info(e->store, &info);
    /* An engine of the past (past.h) knows less than is durable. */
    buf_printf(out, "{\"position\":%" PRIu64 ",\"now\":", info.durable < e->last_seq ? info.durable : e->last_seq);
    json_instant(e->env.tz, out, e->env.now);
    buf_printf(out, ",\"simulated\":%s,\"enrolled\":%u", e->simulated ? "true" : "false", roster_count(e->roster));
    for (int s = 0; s < STATUS_N; s++)
        buf_printf(out, ",\"%s\":%u", status_text((enum status)s), roster_status_count(e->roster, (enum status)s));
    buf_printf(out, ",\"held\":%u,\"lag_seconds\":%" PRIu64 ",\"next\":[", roster_held_count(e->roster),
               tick_lag(e));
    struct next_rows rows = {.e = e, .out = out};
    roster_buckets(e->roster, INT64_MIN, INSTANT_NONE, add_next, &rows);
    BUF_LIT(out, "],\"holds\":");
    query_holds(e, out);
    BUF_LIT(out, ",\"channels\":");
    channels_write(e, out);
    buf_printf(out, ",\"log_bytes\":%" PRIu64 ",\"incarnation\":\"%s\"}", info.log_bytes, info.incarnation);
}

static void configure(struct engine *e, struct request *r)
{
    r->err = adopt_config(e, r->config, &r->msg);
    if (r->err == ERR_OK)
        r->config = NULL; /* the engine's, whether anybody hears of it or not */
}

void query_run(struct engine *e, struct request *r)
{
    static void (*const handlers[REQUEST_KIND_N])(struct engine *, struct request *) = {
        [REQUEST_SHOW] = show,
        [REQUEST_STORY] = story,
        [REQUEST_DUE] = due,
        [REQUEST_STATUS] = status,
        [REQUEST_HOLDS] = orders_holds,
        [REQUEST_HOLD_PLACE] = orders_place,
        [REQUEST_HOLD_LIFT] = orders_lift,
        [REQUEST_LINES] = view_lines,
        [REQUEST_PEOPLE] = view_people,
        [REQUEST_SCAN] = scan_run,
        [REQUEST_CONFIG] = configure,
        [REQUEST_ORDER] = orders_carry_out,
        [REQUEST_HEARD] = orders_heard,
    };
    r->err = ERR_OK;
    handlers[r->kind](e, r);
}
