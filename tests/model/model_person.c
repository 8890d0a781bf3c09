/* The model's person: what is kept, and the few things that every rule does with it. */
#include "tests/model/model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const m_policy_names[M_POLICIES] = {"national", "beijing", "365-days", "half-yearly"};
const char *const m_channel_names[M_CHANNELS] = {"face", "counter", "data-match", "kiosk", "home-visit"};
const char *const m_op_names[MO_N] = {"enrol", "amend",        "certify",       "revoke",
                                      "defer", "report-death", "retract-death", "erase"};
const char *const m_type_names[MT_N] = {"beneficiary.enrolled",   "beneficiary.amended",    "beneficiary.erased",
                                        "certification.accepted", "certification.rejected", "input.rejected",
                                        "certification.revoked",  "certification.lapsed",   "reminder.due",
                                        "grace.started",          "suspension.deferred",    "benefit.suspended",
                                        "benefit.resumed",        "benefit.terminated",     "benefit.reinstated"};

const struct m_answer m_applied = {"applied", NULL};
const struct m_answer m_unchanged = {"unchanged", NULL};

const struct m_policy *m_policy_of(const struct m_world *w, const struct m_person *p)
{
    return &w->policies[p->policy];
}

int m_today(const struct m_world *w, int64_t now)
{
    return zone_day(w->zone, now);
}

void m_person_init(struct m_person *p)
{
    memset(p, 0, sizeof *p);
    p->events = calloc(M_EVENTS_MAX, sizeof *p->events);
    if (!p->events)
        abort();
}

void m_person_clear(struct m_person *p)
{
    struct m_event *events = p->events;
    for (int i = 0; i < p->n_events; i++) {
        free(events[i].back_pay.v);
        free(events[i].overpaid.v);
        free(events[i].arrears.v);
    }
    memset(p, 0, sizeof *p);
    p->events = events;
}

void m_person_done(struct m_person *p)
{
    m_person_clear(p);
    free(p->events);
    p->events = NULL;
}

struct m_event *m_emit(struct m_world *w, struct m_person *p, enum m_type type, int64_t now)
{
    if (p->n_events == M_EVENTS_MAX) {
        fputs("model: too many events in one life\n", stderr);
        abort();
    }
    struct m_event *e = &p->events[p->n_events++];
    memset(e, 0, sizeof *e);
    e->type = type;
    e->seq = ++w->seq;
    e->time = now;
    e->today = m_today(w, now);
    return e;
}

void m_give_notice(const struct m_world *w, struct m_person *p, int today)
{
    int until = today + m_policy_of(w, p)->notice;
    if (until > p->notice_until)
        p->notice_until = until;
}

/* Amounts and lists of periods */

static int64_t amount_in_force(const struct m_person *p, int period)
{
    int from = 0;
    int64_t amount = M_AMOUNT_NULL;
    for (int i = 0; i < p->n_amounts; i++) {
        if (p->amounts[i].from <= period && p->amounts[i].from > from) {
            from = p->amounts[i].from;
            amount = p->amounts[i].amount;
        }
    }
    return amount;
}

const struct m_amount *m_amount_entry(const struct m_person *p, int from)
{
    for (int i = 0; i < p->n_amounts; i++)
        if (p->amounts[i].from == from)
            return &p->amounts[i];
    return NULL;
}

void m_set_amount(struct m_person *p, int from, int64_t amount)
{
    struct m_amount *entry = (struct m_amount *)m_amount_entry(p, from);
    if (!entry)
        entry = &p->amounts[p->n_amounts++];
    *entry = (struct m_amount){from, amount};
}

bool m_list_has(const struct m_list *l, int period)
{
    for (int i = 0; i < l->n; i++)
        if (l->v[i].period == period)
            return true;
    return false;
}

void m_list_add(const struct m_world *w, const struct m_person *p, struct m_list *l, int period)
{
    if (l->n == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 8;
        l->v = realloc(l->v, (size_t)l->capacity * sizeof *l->v);
        if (!l->v)
            abort();
    }
    int64_t amount = amount_in_force(p, period);
    l->v[l->n++] = (struct m_paid){period, m_payday(m_policy_of(w, p), period), amount};
    if (amount == M_AMOUNT_NULL || l->total == M_AMOUNT_NULL)
        l->total = M_AMOUNT_NULL;
    else
        l->total += amount;
}
