#include "ctl/story.h"
#include "ctl/text.h"

/* --- templates --- */

#define PATH_MAX_BYTES 64

/* false: there is nothing to show. */
static bool add_value(struct buf *b, const char *path, char how, const struct json *values)
{
    char text[TEXT_COUNT];
    const char *string = json_text(values, path);
    int64_t n = json_number(values, path, 0);
    if (how == '?')
        return json_bool(values, path);
    if (how == '#')
        n = (int64_t)json_count(json_get(values, path));
    if (string)
        text_add_safe(b, string);
    else if (how == '$')
        buf_adds(b, text_money(n, text));
    else
        buf_add_i64(b, n);
    return string || n != 0;
}

/* One placeholder, p behind its brace; returns the place behind it. */
static const char *add_placeholder(struct buf *b, const char *p, const struct json *values, bool *shown)
{
    char path[PATH_MAX_BYTES];
    size_t n = strcspn(p, "}"), name = strcspn(p, "}$#?");
    if (name < sizeof path) {
        memcpy(path, p, name);
        path[name] = '\0';
        *shown &= add_value(b, path, p[name], values);
    }
    return p + n + (p[n] == '}');
}

/* Up to one of the stop characters; returns the place of it. */
static const char *add_part(struct buf *b, const char *p, const char *stop, const struct json *values, bool *shown)
{
    while (*p && !strchr(stop, *p)) {
        if (*p == '{')
            p = add_placeholder(b, p + 1, values, shown);
        else
            buf_addc(b, *p++);
    }
    return p;
}

void template_add(struct buf *b, const char *p, const struct json *values)
{
    while (*p) {
        bool shown = true;
        if (*p != '[') {
            p = add_part(b, p, "[", values, &shown);
            continue;
        }
        size_t before = b->n;
        p = add_part(b, p + 1, "]", values, &shown);
        p += *p == ']';
        if (!shown)
            b->n = before;
    }
}

/* --- events --- */

#define BACK_PAY "[; withheld periods paid on {back_pay.pay_on}: {back_pay.periods#}][, {back_pay.total$} in all]"

/* The first row of the type whose member, if it names one, has that value. */
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
    {"certification.accepted", "effect", "superseded",
     "certification of {certified_on} by {channel} ({ref}) came in; a later one counts"},
    {"certification.accepted", NULL, NULL,
     "certified on {certified_on} by {channel} ({ref})[, on their behalf{on_behalf?}]; valid through {due_on}"},
    {"certification.rejected", NULL, NULL, "certification of {certified_on} by {channel} ({ref}) rejected: {reason}"},
    {"input.rejected", NULL, NULL, "{op} rejected: {reason}"},
    {"certification.revoked", "effect", "none",
     "certification {ref} by {channel} revoked: {reason}; it was not the one that counts"},
    {"certification.revoked", NULL, NULL,
     "certification {ref} by {channel} revoked: {reason}; certification due by {due_on}"},
    {"certification.lapsed", NULL, NULL, "not certified since {base_on}: evidence is asked for from now on"},
    {"reminder.due", NULL, NULL,
     "reminder {number} of {of}: certification due by {due_on}[ ({missed} before it not sent)]"},
    {"grace.started", NULL, NULL, "not certified by {due_on}: grace until {grace_until}"},
    {"suspension.deferred", NULL, NULL, "home visit by {until}: {reason}; no suspension before {suspend_on}"},
    {"benefit.suspended", NULL, NULL,
     "suspended: not certified by {due_on}; the first period withheld is {first_withheld_period}"},
    {"benefit.resumed", NULL, NULL, "resumed, {reason}; paid regularly again from {first_period}" BACK_PAY},
    {"benefit.terminated", NULL, NULL,
     "died on {died_on}; the last period is {last_period}[; periods owed: {arrears.periods#}]"
     "[, {arrears.total$} in all][; periods overpaid: {overpaid.periods#}][, {overpaid.total$} in all]"
     "[; yet certified on {certified_after}]"},
    {"benefit.reinstated", NULL, NULL,
     "report of death withdrawn: {reason}; {status}[, paid regularly again from {first_period}]" BACK_PAY},
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

void story_add(struct buf *b, const struct json *event)
{
    const char *type = json_text(event, "type");
    const struct json *data = json_get(event, "data");
    const struct sentence *s = type ? find_sentence(type, data) : NULL;
    if (s)
        template_add(b, s->template, data);
    else
        text_add_safe(b, type ? type : "an event without a type");
}
