#include "http/openapi/openapi_events.h"

#include <ctype.h>
#include <stdio.h>

#include "codec/event_table.h"

#define FIELDS_MAX 24

/* What stands for a kind where the table of members has no words of its own. */
static const char *const kinds[FIELD_KIND_N] = {
    [FIELD_STR] = "text",         [FIELD_NAME] = "name",     [FIELD_DATE] = "date",
    [FIELD_MONTH] = "month",      [FIELD_AMOUNT] = "amount", [FIELD_COUNT] = "count",
    [FIELD_INT] = "count",        [FIELD_NUMBER] = "count",  [FIELD_SEQ] = "seq",
    [FIELD_TRUE] = "true",        [FIELD_PAYS] = "Payments", [FIELD_BACK_PAY] = "BackPay",
    [FIELD_GIVEN] = "object",     [FIELD_SCOPE] = "Scope",   [FIELD_CYCLE] = "cycle",
    [FIELD_CLOCK_TIME] = "clock", [FIELD_NAMES] = "[name]",  [FIELD_CHANNELS] = "[ChannelSetting]",
    [FIELD_BRAKE] = "text",
};

/* Members that may be null: lifecertd-events(7) says when. */
static const struct {
    enum event_type type;
    const char *name;
} nullable[] = {
    {EV_ENROLLED, "category"},
    {EV_ENROLLED, "unit"},
    {EV_ENROLLED, "last_certified_on"},
    {EV_ENROLLED, "amount"},
    {EV_ENROLLED, "amount_from"},
    {EV_AMENDED, "category"},
    {EV_AMENDED, "unit"},
    {EV_AMENDED, "amount"},
    {EV_AMENDED, "amount_from"},
    {EV_ACCEPTED, "evidence"},
    {EV_CERT_REJECTED, "evidence"},
    {EV_TERMINATED, "certified_after"},
    {EV_REINSTATED, "first_period"},
    {EV_HOLD_PLACED, "scope"},
    {EV_HOLD_PLACED, "until"},
    {EV_HOLD_PLACED, "by"},
    {EV_HOLD_PLACED, "due"},
    {EV_HOLD_PLACED, "limit"},
    {EV_HOLD_LIFTED, "why"},
    {EV_HOLD_LIFTED, "scope"},
    {EV_HOLD_LIFTED, "until"},
    {EV_HOLD_LIFTED, "by"},
    {EV_HOLD_LIFTED, "due"},
    {EV_HOLD_LIFTED, "limit"},
};

static const struct api_member payment[] = {
    {"period", "month", "the month of benefit"},
    {"payday", "date", "when it was, or would have been, paid"},
    {"amount", "amount|null", "in the currency's minor unit; null when it is not known"},
};

static const struct api_member payments[] = {
    {"periods", "[Payment]", NULL},
    {"total", "count|null", "null when one of the amounts is"},
};

static const struct api_member back_pay[] = {
    {"periods", "[Payment]", NULL},
    {"total", "count|null", "null when one of the amounts is"},
    {"pay_on", "date", "when it is paid"},
};

static const struct api_member scope[] = {
    {"policy?", "name", NULL},
    {"category?", "name", NULL},
    {"unit?", "name", NULL},
    {"channel?", "name", NULL},
};

static const struct api_member channel_setting[] = {
    {"name", "name", NULL},
    {"expect_every", "count|null", "seconds; null: it may be silent"},
};

#define OBJECT(j, name, about, members) api_object(j, name, about, members, sizeof(members) / sizeof *(members), false)

void api_event_name(enum event_type type, char out[API_EVENT_NAME])
{
    bool upper = true;
    size_t n = 0;
    for (const char *p = event_type_text(type); *p && n + 1 < API_EVENT_NAME; p++) {
        if (isalpha((unsigned char)*p))
            out[n++] = upper ? (char)toupper((unsigned char)*p) : *p;
        upper = !isalpha((unsigned char)*p);
    }
    out[n] = '\0';
}

const char *api_event_about(enum event_type type)
{
    static const char *const abouts[EV_N] = {
        [EV_ENROLLED] = "Somebody was enrolled.",
        [EV_AMENDED] = "Something about a person was changed: by an input, or because the policy's parameters changed.",
        [EV_ERASED] = "Name, phone and who certified on the person's behalf were removed.",
        [EV_ACCEPTED] = "A certification was accepted.",
        [EV_CERT_REJECTED] = "A certification of somebody enrolled was rejected.",
        [EV_INPUT_REJECTED] = "Another input for somebody enrolled was rejected.",
        [EV_REVOKED] = "An accepted certification was struck.",
        [EV_LAPSED] = "So long without certification that evidence will be asked for.",
        [EV_REMINDER] = "A reminder is due.",
        [EV_GRACE] = "The due date has passed; nothing is withheld yet.",
        [EV_DEFERRED] = "A home visit was booked.",
        [EV_SUSPENDED] = "The benefit is suspended.",
        [EV_RESUMED] = "The benefit is paid again.",
        [EV_TERMINATED] = "A death was reported.",
        [EV_REINSTATED] = "A report of a death was withdrawn.",
        [EV_POLICY_ADOPTED] = "A policy of the configuration holds from here on, for the first time or changed.",
        [EV_CONFIG_ADOPTED] = "What the configuration says besides policies holds from here on.",
        [EV_UNIT_RECORDED] = "How to reach a unit was recorded; name and phone are kept apart.",
        [EV_HOLD_PLACED] = "Suspensions are kept back from here on.",
        [EV_HOLD_LIFTED] = "A hold has ended.",
        [EV_UNIT_DIGEST] = "How many of a unit's beneficiaries were reminded in a month and have not certified yet.",
    };
    return abouts[type];
}

bool api_event_is_system(enum event_type type)
{
    static const bool system[EV_N] = {
        [EV_POLICY_ADOPTED] = true, [EV_CONFIG_ADOPTED] = true, [EV_UNIT_RECORDED] = true,
        [EV_HOLD_PLACED] = true,    [EV_HOLD_LIFTED] = true,    [EV_UNIT_DIGEST] = true,
    };
    return system[type];
}

static bool may_be_null(enum event_type type, const char *name)
{
    for (size_t i = 0; i < sizeof nullable / sizeof *nullable; i++)
        if (nullable[i].type == type && strcmp(nullable[i].name, name) == 0)
            return true;
    return false;
}

static void write_field(struct api_json *j, enum event_type type, const struct field *f, const char *name)
{
    char text[64];
    if (f->kind == FIELD_FIXED) {
        api_const(j, name, f->words->v[0]);
    } else if (f->kind == FIELD_WORD) {
        api_words(j, name, f->words);
    } else {
        snprintf(text, sizeof text, "%s%s", kinds[f->kind], may_be_null(type, name) ? "|null" : "");
        api_schema(j, name, text, NULL);
    }
}

static void write_data(struct api_json *j, enum event_type type)
{
    const struct field_list *list = &event_fields[type];
    char names[FIELDS_MAX][32], name[API_EVENT_NAME];
    const char *required[FIELDS_MAX + 1];
    unsigned n = 0;
    api_event_name(type, name);
    api_object_open(j, name, api_event_about(type));
    for (unsigned i = 0; i < list->n && i < FIELDS_MAX; i++) {
        const struct field *f = &list->v[i];
        snprintf(names[i], sizeof names[i], "%.*s", f->key_n - 3, f->key + 1); /* without quotes and colon */
        write_field(j, type, f, names[i]);
        if (f->when == FIELD_ALWAYS)
            required[n++] = names[i];
    }
    required[n] = NULL;
    api_object_close(j, required, false);
}

void api_event_data(struct api_json *j)
{
    OBJECT(j, "Payment", "One period's payment.", payment);
    OBJECT(j, "Payments", "A list of periods with what is due for them.", payments);
    OBJECT(j, "BackPay", "What was withheld and is paid now.", back_pay);
    OBJECT(j, "Scope", "Whom a hold covers: one of these members.", scope);
    OBJECT(j, "ChannelSetting", "A channel of the configuration.", channel_setting);
    for (int t = 0; t < EV_N; t++)
        write_data(j, (enum event_type)t);
}

/* One of the alternatives: this type, with its data and with or without a subject. */
static void write_variant(struct api_json *j, enum event_type type)
{
    static const char *const subject[] = {"subject", NULL};
    char name[API_EVENT_NAME];
    api_event_name(type, name);
    api_open(j, NULL, '{');
    api_text(j, "title", event_type_text(type));
    api_open(j, "properties", '{');
    api_const(j, "type", str_of(event_type_text(type)));
    api_ref(j, "data", API_SCHEMAS, name);
    api_close(j, '}');
    if (!api_event_is_system(type))
        api_texts(j, "required", subject);
    api_close(j, '}');
}

void api_event(struct api_json *j)
{
    static const struct api_member head[] = {
        {"seq", "seq", "the event's number: from 1 on without gaps"},
        {"prev", "position", "the number of the same subject's event before it; 0: it is the first"},
        {"time", "time", "when it was decided"},
        {"type", "@event-type", NULL},
        {"subject", "id", "the beneficiary; absent on events of the system"},
        {"simulated", "true", "only under a clock that is not the system's"},
        {"data", "object", "by the type"},
    };
    static const char *const required[] = {"seq", "prev", "time", "type", "data", NULL};
    api_open(j, "Event", '{');
    api_text(j, "type", "object");
    api_text(j, "description", "A line of the log: something that was decided (lifecertd-events(7)).");
    api_open(j, "properties", '{');
    api_members(j, head, sizeof head / sizeof *head);
    api_close(j, '}');
    api_texts(j, "required", required);
    api_open(j, "oneOf", '[');
    for (int t = 0; t < EV_N; t++)
        write_variant(j, (enum event_type)t);
    api_close(j, ']');
    api_close(j, '}');
}
