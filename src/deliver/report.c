/* What is told of delivery when somebody asks. */
#include <inttypes.h>

#include "deliver/inside.h"

static void text_member(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, ",\"%s\":", name);
    buf_add_json(out, value);
}

static void time_member(const struct deliver *d, struct buf *out, const char *name, int64_t ms)
{
    char text[25];
    lc_instant at = ms / 1000;
    if (ms)
        instant_format(at, tz_offset(d->settings->tz, at), text);
    text_member(out, name, ms ? (struct str){text, sizeof text} : STR_NONE);
}

static void number_member(struct buf *out, const char *name, uint64_t n)
{
    buf_printf(out, ",\"%s\":%" PRIu64, name, n);
}

/* --- endpoints --- */

static void write_skips(const struct outlet *o, struct buf *out)
{
    const char *comma = "";
    BUF_LIT(out, ",\"skips\":{");
    for (int s = 0; s < SKIP_N; s++) {
        if (!o->skips[s])
            continue;
        buf_printf(out, "%s\"%s\":%" PRIu64, comma, skip_text((enum skip)s), o->skips[s]);
        comma = ",";
    }
    buf_addc(out, '}');
}

static void write_counts(const struct outlet *o, struct buf *out)
{
    struct track_counts n;
    track_count(o->track, &n);
    number_member(out, "in_flight", o->in_flight);
    number_member(out, "retrying", n.retry);
    number_member(out, "waiting", n.behind);
    number_member(out, "unknown", n.apart);
    number_member(out, "requests", o->requests);
    number_member(out, "delivered", o->delivered);
    number_member(out, "skipped", o->skipped);
    number_member(out, "dead_ever", o->dead);
    if (!o->outfit->config->messages)
        return;
    number_member(out, "receipts_delivered", o->receipts_delivered);
    number_member(out, "receipts_failed", o->receipts_failed);
    write_skips(o, out);
}

void report_redelivery(const struct deliver *d, const struct redelivery *r, struct buf *out)
{
    number_member(out, "after", r->after);
    number_member(out, "until", r->until);
    number_member(out, "position", r->position);
    text_member(out, "type", r->type[0] ? str_of(r->type) : STR_NONE);
    text_member(out, "subject", r->subject[0] ? str_of(r->subject) : STR_NONE);
    text_member(out, "state", str_of(redelivery_state_text(r->state)));
    number_member(out, "sent", r->sent);
    number_member(out, "failed", r->failed);
    number_member(out, "skipped", r->skipped);
    time_member(d, out, "started_at", r->started_at);
    time_member(d, out, "ended_at", r->ended_at);
    text_member(out, "by", str_of(r->by));
    text_member(out, "why", str_of(r->why));
    text_member(out, "last_error", r->last_error[0] ? str_of(r->last_error) : STR_NONE);
}

/* {"in_flight":N, and so on} */
static void write_redelivery(const struct outlet *o, struct buf *out)
{
    const struct redelivery *r = redelivery_of(o);
    if (!r) {
        BUF_LIT(out, ",\"redelivery\":null");
        return;
    }
    buf_printf(out, ",\"redelivery\":{\"in_flight\":%u", o->again ? o->again->in_flight : 0);
    report_redelivery(o->deliver, r, out);
    buf_addc(out, '}');
}

static void write_outlet(struct outlet *o, uint64_t durable, struct buf *out)
{
    const struct deliver *d = o->deliver;
    BUF_LIT(out, "{\"name\":");
    buf_add_json(out, str_of(o->name));
    text_member(out, "adapter", str_of(adapter_kind_text(o->outfit->config->adapter)));
    text_member(out, "state", str_of(endpoint_state_text(outlet_state(o))));
    text_member(out, "paused", o->paused[0] ? str_of(o->paused) : STR_NONE);
    text_member(out, "paused_by", o->paused[0] ? str_of(o->paused_by) : STR_NONE);
    time_member(d, out, "paused_at", o->paused[0] ? o->paused_at : 0);
    number_member(out, "cursor", o->cursor);
    number_member(out, "lag", durable > o->cursor ? durable - o->cursor : 0);
    number_member(out, "dead", outlet_dead_letters(o));
    write_counts(o, out);
    time_member(d, out, "last_ok_at", o->last_ok_at);
    text_member(out, "last_error", o->last_error[0] ? str_of(o->last_error) : STR_NONE);
    time_member(d, out, "last_error_at", o->last_error_at);
    write_redelivery(o, out);
    buf_addc(out, '}');
}

void deliver_write_endpoints(struct deliver *d, struct buf *out)
{
    struct store_info info;
    store_info(d->options.store, &info);
    d->now = d->options.now(d->options.arg);
    BUF_LIT(out, "{\"endpoints\":[");
    const char *comma = "";
    for (struct outlet *o = d->outlets; o; o = o->next) {
        if (o->live)
            continue;
        buf_adds(out, comma);
        write_outlet(o, info.durable, out);
        comma = ",";
    }
    BUF_LIT(out, "]}");
}

/* --- deliveries --- */

struct listing {
    struct deliver *deliver;
    struct buf *out;
    unsigned n, limit;
    bool more;
};

static void write_receipt(const struct deliver *d, const struct delivery_row *row, struct buf *out)
{
    static const char *const kinds[] = {NULL, "accepted", "delivered", "failed"};
    if (!row->receipt || row->receipt >= sizeof kinds / sizeof *kinds)
        return;
    text_member(out, "receipt", str_of(kinds[row->receipt]));
    time_member(d, out, "receipt_at", row->receipt_at);
}

/* No name has a character in it that JSON would escape. */
void report_id(const struct deliver *d, struct str endpoint, uint64_t seq, struct buf *out)
{
    buf_addstr(out, endpoint);
    buf_addc(out, ':');
    if (d->options.n_shards > 1)
        buf_printf(out, "%u_", d->options.shard);
    buf_add_u64(out, seq);
}

static void write_row(void *arg, const struct delivery_row *row)
{
    struct listing *l = arg;
    if (l->n == l->limit) {
        l->more = true;
        return;
    }
    struct buf *out = l->out;
    buf_adds(out, l->n++ ? ",{\"id\":\"" : "{\"id\":\"");
    report_id(l->deliver, row->endpoint, row->seq, out);
    BUF_LIT(out, "\",\"endpoint\":");
    buf_add_json(out, row->endpoint);
    number_member(out, "seq", row->seq);
    text_member(out, "type", row->type);
    text_member(out, "subject", row->subject);
    text_member(out, "state", str_of(delivery_state_text(row->state)));
    number_member(out, "attempts", row->attempts);
    time_member(l->deliver, out, "next_at", row->next_at);
    time_member(l->deliver, out, "changed_at", row->changed_at);
    text_member(out, "why", row->why);
    write_receipt(l->deliver, row, out);
    buf_addc(out, '}');
}

enum err deliver_write_deliveries(struct deliver *d, struct str endpoint, unsigned states, uint64_t after,
                                  unsigned limit, struct buf *out, struct errmsg *msg)
{
    struct listing l = {.deliver = d, .out = out, .limit = limit};
    if (endpoint.n && !deliver_outlet(d, endpoint))
        return no_such_endpoint(endpoint, msg);
    enum err err = ERR_OK;
    BUF_LIT(out, "{\"deliveries\":[");
    for (struct outlet *o = d->outlets; o && err == ERR_OK && !l.more; o = o->next)
        if (!o->live && (!endpoint.n || str_is(endpoint, o->name)))
            err = delivery_rows(d->state, str_of(o->name), states, after, l.limit - l.n + 1, write_row, &l, msg);
    buf_printf(out, "],\"more\":%s}", l.more ? "true" : "false");
    return err;
}
