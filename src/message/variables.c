#include "message/variables.h"

/* Where both the event and the state know a date, the state's counts: where they differ message_skip() lets through only
 * what is so none the less. */
static int64_t get_due(const struct event *e, const struct recipient *r)
{
    (void)e;
    return r->dates.due;
}

static int64_t get_grace_until(const struct event *e, const struct recipient *r)
{
    (void)e;
    return r->dates.grace_until;
}

static int64_t get_suspend_on(const struct event *e, const struct recipient *r)
{
    (void)e;
    return r->dates.suspend_on;
}

static int64_t get_suspended_on(const struct event *e, const struct recipient *r)
{
    (void)e;
    return r->record->suspended_on;
}

static int64_t get_withheld_from(const struct event *e, const struct recipient *r)
{
    (void)e;
    return r->record->withheld_from;
}

static int64_t get_certified_on(const struct event *e, const struct recipient *r)
{
    (void)r;
    return e->u.accepted.certified_on;
}

static int64_t get_until(const struct event *e, const struct recipient *r)
{
    (void)r;
    return e->u.deferred.until;
}

static int64_t get_resumed_on(const struct event *e, const struct recipient *r)
{
    (void)r;
    return e->u.resumed.resumed_on;
}

static int64_t get_first_period(const struct event *e, const struct recipient *r)
{
    (void)r;
    return e->u.resumed.first_period;
}

static int64_t get_amount(const struct event *e, const struct recipient *r)
{
    (void)r;
    return pay_total(&e->u.resumed.back_pay);
}

lc_date resumption_payday(const struct event *e, const struct policy *p)
{
    lc_month first = e->u.resumed.first_period;
    lc_date pay_on = e->u.resumed.back_pay.pay_on;
    return e->u.resumed.back_pay.n || first == MONTH_NONE ? pay_on : date_later(pay_on, policy_payday(p, first));
}

static int64_t get_pay_on(const struct event *e, const struct recipient *r)
{
    return resumption_payday(e, r->policy);
}

static int64_t get_month(const struct event *e, const struct recipient *r)
{
    (void)r;
    return e->u.digest.month;
}

static int64_t get_count(const struct event *e, const struct recipient *r)
{
    (void)r;
    return e->u.digest.count;
}

#define ON(t) (UINT32_C(1) << EV_##t)
#define ON_ALL UINT32_MAX

_Static_assert(EV_N <= 32, "a bit for each event type");

/* In the order in which people are told of them. */
static const struct variable variables[] = {
    {"name", ON_ALL, VALUE_NAME, NULL},
    {"certified_on", ON(ACCEPTED), VALUE_DAY, get_certified_on},
    {"valid_through", ON(ACCEPTED), VALUE_THROUGH, get_due},
    {"due", ON(REMINDER) | ON(GRACE) | ON(SUSPENDED) | ON(ACCEPTED) | ON(REVOKED) | ON(DEFERRED), VALUE_DAY, get_due},
    {"grace_until", ON(REMINDER) | ON(GRACE) | ON(REVOKED), VALUE_DAY, get_grace_until},
    {"until", ON(DEFERRED), VALUE_DAY, get_until},
    {"suspend_on", ON(REMINDER) | ON(GRACE) | ON(REVOKED) | ON(DEFERRED), VALUE_DAY, get_suspend_on},
    {"suspended_on", ON(SUSPENDED), VALUE_DAY, get_suspended_on},
    {"withheld_from", ON(SUSPENDED), VALUE_MONTH, get_withheld_from},
    {"resumed_on", ON(RESUMED), VALUE_DAY, get_resumed_on},
    {"first_period", ON(RESUMED), VALUE_MONTH, get_first_period},
    {"amount", ON(RESUMED), VALUE_AMOUNT, get_amount},
    {"pay_on", ON(RESUMED), VALUE_DAY, get_pay_on},
    {"month", ON(UNIT_DIGEST), VALUE_MONTH, get_month},
    {"count", ON(UNIT_DIGEST), VALUE_COUNT, get_count},
};

#define N_VARIABLES (sizeof variables / sizeof variables[0])

static bool has(const struct variable *v, enum event_type on)
{
    return v->events >> on & 1;
}

const struct variable *variable_find(enum event_type on, struct str name)
{
    for (size_t i = 0; i < N_VARIABLES; i++)
        if (has(&variables[i], on) && str_is(name, variables[i].name))
            return &variables[i];
    return NULL;
}

void variables_list(struct buf *b, enum event_type on)
{
    const char *comma = "";
    for (size_t i = 0; i < N_VARIABLES; i++) {
        if (!has(&variables[i], on))
            continue;
        buf_printf(b, "%s%s", comma, variables[i].name);
        comma = ", ";
    }
}

static bool unknown(enum value_kind kind, int64_t value)
{
    return kind == VALUE_AMOUNT ? value == AMOUNT_NONE : kind != VALUE_COUNT && value == 0; /* DATE_NONE, MONTH_NONE */
}

bool variable_given(const struct variable *v, const struct event *e, const struct recipient *r)
{
    if (v->kind == VALUE_NAME)
        return r->contact.name.n > 0;
    int64_t value = v->get(e, r);
    return !unknown(v->kind, value) && !(v->kind == VALUE_AMOUNT && value == 0);
}

/* A unit's code is no secret: it stands in full where there is no name. */
static void write_who(const struct forms *f, const struct recipient *r, struct buf *b)
{
    if (write_name(b, r->contact.name) || (!r->record && write_name(b, r->id)))
        return;
    write_id(b, f, r->id);
}

static void write_through(const struct forms *f, const struct recipient *r, lc_date last, struct buf *b)
{
    if (r->policy->validity == VALIDITY_MONTH_END)
        write_month_end(b, f, last);
    else
        f->day(b, last);
}

void variable_write(const struct variable *v, const struct forms *f, const struct event *e, const struct recipient *r,
                    struct buf *b)
{
    if (v->kind == VALUE_NAME) {
        write_who(f, r, b);
        return;
    }
    int64_t value = v->get(e, r);
    if (unknown(v->kind, value)) {
        buf_adds(b, f->unknown[v->kind]);
        return;
    }
    switch (v->kind) {
    case VALUE_DAY: f->day(b, (lc_date)value); break;
    case VALUE_THROUGH: write_through(f, r, (lc_date)value, b); break;
    case VALUE_MONTH: f->month(b, (lc_month)value); break;
    case VALUE_AMOUNT: write_amount(b, f, value); break;
    default: buf_add_i64(b, value); break;
    }
}
