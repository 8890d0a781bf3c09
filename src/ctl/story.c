#include "ctl/story_facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "ctl/template.h"
#include "ctl/text.h"

struct story *story_new(void)
{
    return mem_zalloc(1, sizeof(struct story));
}

void story_free(struct story *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_certs; i++) {
        free(s->certs[i].channel);
        free(s->certs[i].ref);
    }
    free(s->certs);
    buf_done(&s->rejected);
    buf_done(&s->holds);
    free(s);
}

/* --- sentences --- */

#define BACK_PAY "[; withheld {@back_pay}, paid on {back_pay.pay_on}][, {back_pay.total$} in all]"
#define SINCE "; suspended since {suspended_on}" BACK_PAY "; paid regularly again from {first_period}"
#define CERTIFIED "certified on {certified_on} by {channel} (ref {ref})[, on their behalf{on_behalf?}][, {@received}]"

/* The first row of the type whose member, if it names one, has that value. {@...}: story_facts.c. */
static const struct sentence {
    const char *type, *member, *value, *template;
} sentences[] = {
    {"beneficiary.enrolled", NULL, NULL,
     "enrolled under policy {policy}, approved on {approved_on}[, last certified on {last_certified_on}]"
     "[, {amount$} a month from {amount_from}]; certification due by {due_on}"},
    {"beneficiary.amended", NULL, NULL,
     "amended[, policy {policy}][, category {category}][, unit {unit}][, {amount$} a month from {amount_from}]"
     "[, contact{personal?}]; certification due by {due_on}"},
    {"beneficiary.erased", NULL, NULL, "name and phone erased"},
    {"certification.accepted", "effect", "superseded", CERTIFIED "; a later one counts[, of {@base}]"},
    {"certification.accepted", NULL, NULL, CERTIFIED "; valid through {due_on}"},
    {"certification.rejected", NULL, NULL,
     "certification of {certified_on} by {channel} (ref {ref})[, {@received},] rejected: {@reason}"},
    {"input.rejected", NULL, NULL, "{op} rejected: {@reason}"},
    {"certification.revoked", "effect", "none",
     "certification[ of {@struck}] by {channel} (ref {ref}) revoked: {reason}; it was not the one that counts"},
    {"certification.revoked", NULL, NULL,
     "certification[ of {@struck}] by {channel} (ref {ref}) revoked: {reason}; certification due by {due_on}"},
    {"certification.lapsed", NULL, NULL, "not certified since {base_on}: evidence is asked for from {lapsed_on} on"},
    {"reminder.due", NULL, NULL,
     "reminder {number} of {of}: certification due by {due_on}[ ({missed} before it not sent)]"},
    {"grace.started", NULL, NULL, "not certified by {due_on}[, reminded on {@reminded}]: grace until {grace_until}"},
    {"suspension.deferred", NULL, NULL, "home visit by {until}: {reason}; no suspension before {suspend_on}"},
    {"benefit.suspended", NULL, NULL,
     "suspended: certification was due by {due_on}[, grace ended on {@grace}][; a home visit was booked by {@visit}]"
     "[; {@held}][; reminded on {@reminded}][; {@rejected}]; withheld from {first_withheld_period}"},
    {"benefit.resumed", "reason", "certified-in-time",
     "resumed: the certification[ of {@base}] was within grace and only came in late" SINCE},
    {"benefit.resumed", "reason", "policy-changed",
     "resumed: under the changed policy the certification[ of {@base}] still counts" SINCE},
    {"benefit.resumed", NULL, NULL, "resumed: certified again[ on {@base}]" SINCE},
    {"benefit.terminated", NULL, NULL,
     "died on {died_on}[, reported {@reported} later]; the last period is {last_period}[; owed for {@arrears}]"
     "[, {arrears.total$} in all][; overpaid for {@overpaid}][, {overpaid.total$} in all]"
     "[; yet certified on {certified_after}: one of the two is false]"},
    {"benefit.reinstated", NULL, NULL,
     "report of death[ on {@died}] withdrawn: {reason}; {status} again" BACK_PAY
     "[; paid regularly again from {first_period}]"},
};

static const struct sentence *find_sentence(const char *type, const struct json *data)
{
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        const struct sentence *s = &sentences[i];
        if (strcmp(s->type, type) != 0)
            continue;
        const char *value = s->member ? json_text(data, s->member) : NULL;
        if (!s->member || (value && strcmp(value, s->value) == 0))
            return s;
    }
    return NULL;
}

void story_add(struct story *story, struct buf *b, const struct json *event)
{
    const char *type = json_text(event, "type");
    const struct json *data = json_get(event, "data");
    const struct sentence *s = type ? find_sentence(type, data) : NULL;
    story->data = data;
    if (s)
        template_fill(b, s->template, data, story_fact, story);
    else
        text_add_safe(b, type ? type : "an event without a type");
    if (type)
        story_note(story, type, json_text(event, "time"), data);
    story->data = NULL;
}

/* --- what kept a suspension back --- */

/* The day after. */
static const char *after(const char *day, char out[DAY_TEXT])
{
    lc_date d;
    out[0] = '\0';
    if (date_parse(day, strlen(day), &d)) {
        date_format(d + 1, out);
        out[DAY_TEXT - 1] = '\0';
    }
    return out;
}

const char *story_expected(struct story *s)
{
    if (strcmp(s->visit_suspends, after(s->grace_until, s->expected)) > 0)
        return s->visit_suspends;
    return s->expected;
}

void story_held(struct story *s, const char *due_since, const struct json *names)
{
    snprintf(s->due_since, sizeof s->due_since, "%s", due_since);
    buf_clear(&s->holds);
    for (size_t i = 0; i < json_count(names); i++) {
        const char *name = json_text(json_item(names, i), "");
        buf_adds(&s->holds, i ? ", " : "");
        text_add_safe(&s->holds, name ? name : "?");
    }
}

const char *story_received(const struct story *s)
{
    return s->received[0] && strcmp(s->received, s->base) != 0 ? s->received : NULL;
}
