/* One person as JSON, as GET /v1/beneficiaries/ID has it: as of now, or as of a scan's position. */
#include "engine/internal.h"

struct scene scene_now(const struct engine *e)
{
    return (struct scene){
        .policies = &e->policies,
        .holds = &e->holds,
        .categories = e->categories,
        .units = e->units,
        .tz = e->env.tz,
        .now = e->env.now,
        .today = e->env.today,
    };
}

/* key: with the comma before it and the colon behind. */
static void add_text(struct buf *out, const char *key, struct str value)
{
    buf_adds(out, key);
    buf_add_json(out, value);
}

static void add_date(struct buf *out, const char *key, lc_date d)
{
    buf_adds(out, key);
    json_date(out, d);
}

static void add_next(const struct scene *s, const struct record *r, struct buf *out)
{
    struct deadline d = record_next(&s->policies->v[r->policy], r, s->tz, s->now, s->today);
    BUF_LIT(out, ",\"next\":");
    if (d.kind == DEADLINE_NONE) {
        BUF_LIT(out, "null");
        return;
    }
    add_text(out, "{\"kind\":", str_of(deadline_text(d.kind)));
    BUF_LIT(out, ",\"at\":");
    json_instant(s->tz, out, d.at);
    buf_addc(out, '}');
}

void person_write(const struct scene *s, const struct person *p, struct buf *out)
{
    const struct record *r = &p->entry.rec;
    struct scope_subject who = {
        .policy = &s->policies->v[r->policy],
        .category = vocab_text(s->categories, p->entry.category),
        .unit = vocab_text(s->units, p->entry.unit),
    };
    struct dates dates;
    record_dates(who.policy, r, &dates);
    bool paid = r->status == STATUS_ACTIVE || r->status == STATUS_GRACE;
    add_text(out, "{\"id\":", p->id);
    add_text(out, ",\"status\":", str_of(status_text(r->status)));
    add_text(out, ",\"policy\":", str_of(who.policy->name));
    add_text(out, ",\"category\":", who.category);
    add_text(out, ",\"unit\":", who.unit);
    add_date(out, ",\"approved_on\":", r->approved_on);
    add_date(out, ",\"certified_on\":", r->certified_on);
    add_date(out, ",\"base_on\":", dates.base);
    add_date(out, ",\"due_on\":", dates.due);
    add_date(out, ",\"grace_until\":", dates.grace_until);
    add_date(out, ",\"suspend_on\":", paid ? dates.suspend_on : DATE_NONE);
    add_next(s, r, out);
    add_date(out, ",\"suspended_on\":", r->suspended_on);
    BUF_LIT(out, ",\"withheld_from\":");
    json_month(out, r->withheld_from);
    add_date(out, ",\"resumed_on\":", r->resumed_on);
    add_date(out, ",\"reminded_on\":", r->reminded_on);
    add_date(out, ",\"deferred_until\":", r->deferred_until);
    add_date(out, ",\"notice_until\":", r->notice_until);
    add_date(out, ",\"terminated_on\":", r->terminated_on);
    BUF_LIT(out, ",\"held_by\":");
    holds_write_names(s->holds, &who, out);
    BUF_LIT(out, ",\"seq\":");
    buf_add_u64(out, p->entry.seq);
    buf_addc(out, '}');
}

void person_write_id(const struct person *p, struct buf *out)
{
    BUF_LIT(out, "{\"id\":");
    buf_add_json(out, p->id);
    buf_addc(out, '}');
}
