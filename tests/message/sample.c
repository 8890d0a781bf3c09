#include "tests/message/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/decide.h"
#include "tests/lib/tap.h"

lc_date on(const char *text)
{
    lc_date d;
    if (!date_parse(text, strlen(text), &d))
        bail_out("%s is not a date", text);
    return d;
}

lc_month of(const char *text)
{
    lc_month m;
    if (!month_parse(text, strlen(text), &m))
        bail_out("%s is not a month", text);
    return m;
}

void person_reckon(struct person *p, lc_date today)
{
    record_dates(&p->policy, &p->record, &p->is.dates);
    p->is.today = today;
}

void person_init(struct person *p)
{
    *p = (struct person){
        .policy = policy_default(),
        .record = {.status = STATUS_ACTIVE,
                   .approved_on = on("2018-03-15"),
                   .certified_on = on("2025-05-10"),
                   .reminded_on = on("2026-05-01"),
                   .notice_until = on("2018-04-01")},
    };
    snprintf(p->policy.name, sizeof p->policy.name, "national");
    p->is = (struct recipient){
        .record = &p->record,
        .policy = &p->policy,
        .id = STR_LIT("330902195403070012"),
        .contact = {.name = STR_LIT("陈阿宝"), .phone = STR_LIT("+8613800000000")},
    };
    person_reckon(p, on("2026-05-01"));
}

struct recipient sample_unit(void)
{
    return (struct recipient){
        .today = on("2026-05-26"),
        .id = STR_LIT("U330902-017"),
        .contact = {.name = STR_LIT("白泉镇社保所"), .phone = STR_LIT("+8658000000000")},
    };
}

static const struct period_pay withheld[] = {{0, 0, 61725}, {0, 0, 61725}};

static void fill(struct event *e)
{
    switch (e->type) {
    case EV_REMINDER:
        e->today = on("2026-05-01");
        e->u.reminder.due_on = on("2026-05-31");
        e->u.reminder.number = e->u.reminder.of = 3;
        break;
    case EV_GRACE:
        e->today = on("2026-06-01");
        e->u.grace.due_on = on("2026-05-31");
        e->u.grace.grace_until = on("2026-06-15");
        break;
    case EV_SUSPENDED:
        e->today = e->u.suspended.suspended_on = on("2026-06-16");
        e->u.suspended.due_on = on("2026-05-31");
        e->u.suspended.first_withheld_period = of("2026-07");
        break;
    case EV_ACCEPTED:
        e->today = e->u.accepted.certified_on = e->u.accepted.received_on = on("2026-08-20");
        e->u.accepted.due_on = on("2027-08-31");
        break;
    case EV_RESUMED:
        e->today = e->u.resumed.resumed_on = on("2026-08-20");
        e->u.resumed.reason = RESUMED_RECERTIFIED;
        e->u.resumed.suspended_on = on("2026-06-16");
        e->u.resumed.first_period = of("2026-09");
        e->u.resumed.back_pay = (struct pay_list){(struct period_pay *)withheld, 2, on("2026-09-15")};
        break;
    case EV_REVOKED:
        e->today = on("2026-05-20");
        e->u.revoked.effect = EFFECT_REVERTED;
        e->u.revoked.due_on = on("2026-05-31");
        break;
    case EV_DEFERRED:
        e->today = on("2026-06-02");
        e->u.deferred.until = on("2026-07-10");
        e->u.deferred.suspend_on = on("2026-07-11");
        break;
    case EV_UNIT_DIGEST:
        e->today = on("2026-05-25");
        e->u.digest.unit = STR_LIT("U330902-017");
        e->u.digest.month = of("2026-05");
        e->u.digest.count = 37;
        break;
    default: break;
    }
}

struct event sample_event(enum event_type type)
{
    struct event e = {.seq = 1, .type = type, .subject = STR_LIT("330902195403070012")};
    fill(&e);
    return e;
}

void person_after(struct person *p, const struct event *e)
{
    if (e->type == EV_RESUMED) {
        struct event before = sample_event(EV_ACCEPTED);
        record_apply(&p->policy, &p->record, &before, 0);
        p->record.status = STATUS_SUSPENDED;
    }
    struct event copy = *e;
    copy.u.revoked.certified_on = copy.type == EV_REVOKED ? p->record.certified_on : copy.u.revoked.certified_on;
    record_apply(&p->policy, &p->record, &copy, 0);
    person_reckon(p, e->today);
}

struct text_list words(const char *const *v, unsigned n)
{
    struct text_list l = {mem_zalloc(n, sizeof *l.v), n};
    for (unsigned i = 0; i < n; i++)
        l.v[i] = mem_strdup(v[i]);
    return l;
}

struct endpoint *add_endpoint(struct endpoints *e, const char *name, enum adapter_kind adapter, const char *language)
{
    struct endpoint *v = &e->v[e->n++];
    *v = (struct endpoint){.adapter = adapter, .messages = true, .max_segments = 3};
    snprintf(v->name, sizeof v->name, "%s", name);
    v->signature = (char *)"海岛市社保中心";
    v->language = (char *)language;
    return v;
}

struct message_text *add_text(struct endpoints *e, const char *name, const char *event, const char *text)
{
    struct message_text *v = &e->texts[e->n_texts++];
    *v = (struct message_text){.on = (char *)event, .text = (char *)text, .language = (char *)"zh"};
    snprintf(v->name, sizeof v->name, "%s", name);
    return v;
}

struct endpoints *sample_endpoints(void)
{
    return mem_zalloc(1, sizeof(struct endpoints));
}

static void free_words(struct text_list *l)
{
    for (unsigned i = 0; i < l->n; i++)
        free(l->v[i]);
    free(l->v);
}

void free_endpoints(struct endpoints *e)
{
    for (unsigned i = 0; i < e->n; i++)
        free_words(&e->v[i].events);
    for (unsigned i = 0; i < e->n_texts; i++) {
        free_words(&e->texts[i].policies);
        free_words(&e->texts[i].variables);
    }
    free(e);
}
