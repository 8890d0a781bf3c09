/* The due list as it was known then, and what is known now of those who stood in it. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/past/past_inside.h"

/* Of the people in one place. */
struct tally {
    uint64_t due, late, since;
};

struct row {
    struct tally kinds[DEADLINE_N];
};

struct due_list {
    struct past *p;
    bool by_month;
    lc_instant from, to; /* to: not any more */
    lc_date first, last; /* the days that have a row; DATE_NONE: none has */
    struct row *rows; /* by day, from first on: a deadline lies at most fifty years ahead (roster/queue.h), so some two
                            megabytes */
    struct tally held;
};

/* Who is certified after the day as well as before it was certified then, and late is what matters. */
static void count(struct tally *t, uint8_t known)
{
    t->due++;
    t->late += (known & KNOWN_LATE) != 0;
    t->since += known == KNOWN_SINCE;
}

static lc_date day_of(const struct due_list *l, lc_instant at)
{
    lc_date on = tz_date(l->p->e->env.tz, at);
    return l->by_month ? date_bom(on) : on;
}

static void widen(void *arg, lc_instant at, enum deadline_kind kind, uint64_t n)
{
    struct due_list *l = arg;
    lc_date on = day_of(l, at);
    (void)kind;
    (void)n;
    if (l->first == DATE_NONE || on < l->first)
        l->first = on;
    if (on > l->last)
        l->last = on;
}

static void place(struct due_list *l, uint32_t n)
{
    const struct engine *e = l->p->e;
    lc_instant at = roster_instant(e->roster, n);
    if (roster_is_held(e->roster, n))
        count(&l->held, l->p->late.known[n]);
    else if (at != INSTANT_NONE && at >= l->from && at < l->to) {
        struct entry entry;
        roster_get(e->roster, n, &entry);
        struct deadline d =
            record_next(&e->policies.v[entry.rec.policy], &entry.rec, e->env.tz, e->env.now, e->env.today);
        count(&l->rows[day_of(l, at) - l->first].kinds[d.kind], l->p->late.known[n]);
    }
}

/* --- as JSON --- */

static void write_counts(const struct row *row, size_t which, struct buf *out)
{
    const char *comma = "";
    for (int k = DEADLINE_NONE + 1; k < DEADLINE_N; k++) {
        uint64_t n;
        memcpy(&n, (const char *)&row->kinds[k] + which, sizeof n);
        buf_printf(out, "%s\"%s\":%" PRIu64, comma, deadline_text((enum deadline_kind)k), n);
        comma = ",";
    }
}

static bool is_empty(const struct row *row)
{
    for (int k = 0; k < DEADLINE_N; k++)
        if (row->kinds[k].due)
            return false;
    return true;
}

static void write_rows(const struct due_list *l, struct buf *out)
{
    const char *comma = "";
    for (lc_date on = l->first; on && on <= l->last; on++) {
        const struct row *row = &l->rows[on - l->first];
        if (is_empty(row))
            continue;
        buf_printf(out, "%s{\"on\":", comma);
        if (l->by_month)
            json_month(out, date_month(on));
        else
            json_date(out, on);
        buf_addc(out, ',');
        write_counts(row, offsetof(struct tally, due), out);
        BUF_LIT(out, ",\"late\":{");
        write_counts(row, offsetof(struct tally, late), out);
        BUF_LIT(out, "},\"since\":{");
        write_counts(row, offsetof(struct tally, since), out);
        BUF_LIT(out, "}}");
        comma = ",";
    }
}

static void write_list(const struct due_list *l, struct buf *out)
{
    const struct past *p = l->p;
    BUF_LIT(out, "{\"as_of\":");
    json_instant(p->e->env.tz, out, p->info.at);
    buf_printf(out, ",\"position\":%" PRIu64 ",\"end\":%" PRIu64 ",\"by\":\"%s\",\"rows\":[", p->info.seq, p->info.end,
               l->by_month ? "month" : "day");
    write_rows(l, out);
    buf_printf(out, "],\"held\":%" PRIu64 ",\"held_late\":%" PRIu64 ",\"held_since\":%" PRIu64 "}", l->held.due,
               l->held.late, l->held.since);
}

enum err past_due(struct past *p, const struct request *r, struct buf *out, struct errmsg *msg)
{
    enum err err = late_read(p, msg);
    if (err != ERR_OK)
        return err;
    struct engine *e = p->e;
    struct due_list l = {
        .p = p,
        .by_month = r->by_month,
        .from = r->from != DATE_NONE ? tz_instant(e->env.tz, r->from, 0) : INT64_MIN,
        .to = r->to != DATE_NONE ? tz_instant(e->env.tz, r->to + 1, 0) : INSTANT_NONE,
    };
    roster_buckets(e->roster, l.from, l.to, widen, &l);
    l.rows = mem_zalloc((size_t)(l.last - l.first) + 1, sizeof *l.rows);
    for (uint32_t n = 0; n < roster_count(e->roster); n++)
        place(&l, n);
    write_list(&l, out);
    free(l.rows);
    return ERR_OK;
}
