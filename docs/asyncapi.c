#include "docs/asyncapi.h"

#include <stdio.h>

#include "http/openapi/openapi_events.h"

#define NAME_BYTES 96
#define MESSAGES "#/components/messages/"
#define CHANNELS "#/channels/"

static const char about_all[] =
    "What lifecertd tells others of its own accord: every event of its log, to the endpoints of its configuration "
    "that want it (lifecertd-adapters(7)).\n\n"
    "Each event arrives at least once, with the same id every time, and one person's events in their order. A "
    "receiver keeps the ids that it has worked off, answers 2xx to one that it knows, and works after it has answered.";

static const char about_signature[] =
    "One signature for each secret of the endpoint, with blanks between: v1, and HMAC-SHA256, or v1a, and Ed25519, in "
    "base64, over ID.TIMESTAMP.BODY";

/* An event as it is told. */
struct told {
    const char *type;
    char name[API_EVENT_NAME];
    const char *about;
    bool system;
};

#define TOLD_N (EV_N + 1)

/* The log's types, and behind them the one that is in no log. */
static struct told told_of(unsigned i)
{
    struct told t = {"endpoint.test", "EndpointTest", "An operator tries the endpoint: it is in no log.", true};
    if (i < EV_N) {
        t.type = event_type_text((enum event_type)i);
        t.about = api_event_about((enum event_type)i);
        t.system = api_event_is_system((enum event_type)i);
        api_event_name((enum event_type)i, t.name);
    }
    return t;
}

/* The two forms in which it is told over HTTP. */
static const struct form {
    const char *suffix, *media, *headers;
    const char *channel, *title, *about, *operation, *summary;
} forms[] = {
    {"Webhook", "application/json", "SignedHeaders", "standardWebhooks", "Standard Webhooks",
     "An endpoint whose adapter is standard-webhooks: a POST to its url for each event, always signed.", "sendWebhook",
     "Tell an endpoint of an event"},
    {"CloudEvent", "application/cloudevents+json", "CloudEventHeaders", "cloudEvents", "CloudEvents",
     "An endpoint whose adapter is cloudevents, here in structured mode: a POST to its url for each event. In binary "
     "mode data is the body and the other members are headers that begin with ce-; in batch mode the body is a list "
     "of these. Signed where the endpoint has a secret.",
     "sendCloudEvent", "Tell an endpoint of an event, as a CloudEvent"},
};
#define FORMS (sizeof forms / sizeof *forms)

static const char *message_name(const struct told *t, const struct form *f, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%s%s", t->name, f->suffix);
    return out;
}

/* --- channels and operations --- */

static void write_channel(struct api_json *j, const struct form *f)
{
    char name[NAME_BYTES];
    api_open(j, f->channel, '{');
    api_raw(j, "address", "null");
    api_text(j, "title", f->title);
    api_text(j, "description", f->about);
    api_raw(j, "servers", "[{\"$ref\": \"#/servers/endpoint\"}]");
    api_open(j, "messages", '{');
    for (unsigned i = 0; i < TOLD_N; i++) {
        struct told t = told_of(i);
        api_ref(j, t.name, MESSAGES, message_name(&t, f, name));
    }
    api_close(j, '}');
    api_close(j, '}');
}

static void write_channels(struct api_json *j)
{
    api_open(j, "channels", '{');
    for (size_t i = 0; i < FORMS; i++)
        write_channel(j, &forms[i]);
    api_open(j, "eventStream", '{');
    api_text(j, "address", "/v1/events");
    api_text(j, "title", "Server-Sent Events");
    api_text(j, "description",
             "For who cannot be called: the log as a stream, which goes on behind Last-Event-ID. Its "
             "OpenAPI document, /openapi.json, has the parameters.");
    api_raw(j, "servers", "[{\"$ref\": \"#/servers/daemon\"}]");
    api_raw(j, "messages", "{\"event\": {\"$ref\": \"" MESSAGES "LogEvent\"}}");
    api_close(j, '}');
    api_close(j, '}');
}

static void write_operation(struct api_json *j, const char *name, const char *channel, const char *summary,
                            const char *about, const char *method)
{
    char binding[NAME_BYTES];
    snprintf(binding, sizeof binding, "{\"http\": {\"method\": \"%s\", \"bindingVersion\": \"0.3.0\"}}", method);
    api_open(j, name, '{');
    api_text(j, "action", "send");
    api_ref(j, "channel", CHANNELS, channel);
    api_text(j, "summary", summary);
    api_text(j, "description", about);
    api_raw(j, "bindings", binding);
    api_close(j, '}');
}

static void write_operations(struct api_json *j)
{
    api_open(j, "operations", '{');
    for (size_t i = 0; i < FORMS; i++)
        write_operation(j, forms[i].operation, forms[i].channel, forms[i].summary,
                        "Any 2xx means received. 410 pauses the endpoint; after any other answer, or none, it is "
                        "tried again after the endpoint's delays, or after Retry-After.",
                        "POST");
    write_operation(j, "streamEvents", "eventStream", "Stream the log",
                    "To whoever asks with Accept: text/event-stream and a token that may read.", "GET");
    api_close(j, '}');
}

static void write_servers(struct api_json *j)
{
    api_raw(j, "servers",
            "{\n"
            "    \"endpoint\": {\n"
            "      \"host\": \"{host}\",\n"
            "      \"protocol\": \"https\",\n"
            "      \"description\": \"whoever receives\",\n"
            "      \"variables\": {\"host\": {\"description\": \"of the endpoint's url in the configuration\"}}\n"
            "    },\n"
            "    \"daemon\": {\n"
            "      \"host\": \"{host}\",\n"
            "      \"protocol\": \"https\",\n"
            "      \"description\": \"lifecertd itself\",\n"
            "      \"variables\": {\"host\": {\"description\": \"of one of its listeners\"}}\n"
            "    }\n"
            "  }");
}

/* --- messages --- */

static void write_messages(struct api_json *j)
{
    char name[NAME_BYTES];
    api_open(j, "messages", '{');
    for (size_t f = 0; f < FORMS; f++) {
        for (unsigned i = 0; i < TOLD_N; i++) {
            struct told t = told_of(i);
            api_open(j, message_name(&t, &forms[f], name), '{');
            api_text(j, "name", t.type);
            api_text(j, "title", t.type);
            api_text(j, "summary", t.about);
            api_text(j, "contentType", forms[f].media);
            api_ref(j, "headers", API_SCHEMAS, forms[f].headers);
            api_ref(j, "payload", API_SCHEMAS, name);
            api_close(j, '}');
        }
    }
    api_open(j, "LogEvent", '{');
    api_text(j, "name", "event");
    api_text(j, "title", "An event of the log");
    api_text(j, "summary", "id is the position behind it, event its type, data the log's line.");
    api_text(j, "contentType", "text/event-stream");
    api_ref(j, "payload", API_SCHEMAS, "Event");
    api_close(j, '}');
    api_close(j, '}');
}

/* What every adapter for events sends of it. */
static void write_notice(struct api_json *j, const struct told *t)
{
    static const struct api_member flags[] = {
        {"simulated", "true", "only under a clock that is not the system's"},
        {"replay", "true", "only when an operator has it sent again"},
        {"gap", "true", "only when an earlier event of this person was given up"},
    };
    static const char *const required[] = {"subject", "seq", "prev", "event", NULL};
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%sNotice", t->name);
    api_object_open(j, name, t->about);
    if (t->system)
        api_raw(j, "subject", "{\"type\": \"null\"}");
    else
        api_schema(j, "subject", "id", "the beneficiary");
    api_schema(j, "seq", "position", "the event's number in the log");
    api_schema(j, "prev", "position", "the number of the same person's event before it");
    api_members(j, flags, sizeof flags / sizeof *flags);
    api_ref(j, "event", API_SCHEMAS, t->name);
    api_object_close(j, required, false);
}

static void write_webhook(struct api_json *j, const struct told *t)
{
    static const char *const required[] = {"type", "timestamp", "data", NULL};
    char name[NAME_BYTES];
    api_object_open(j, message_name(t, &forms[0], name), t->about);
    api_const(j, "type", str_of(t->type));
    api_schema(j, "timestamp", "time", "when it was decided");
    snprintf(name, sizeof name, "%sNotice", t->name);
    api_ref(j, "data", API_SCHEMAS, name);
    api_object_close(j, required, false);
}

static void write_cloud_event(struct api_json *j, const struct told *t)
{
    static const char *const required[] = {"specversion",     "id",       "source", "type", "time",
                                           "datacontenttype", "sequence", "data",   NULL};
    char name[NAME_BYTES];
    api_object_open(j, message_name(t, &forms[1], name), t->about);
    api_const(j, "specversion", STR_LIT("1.0"));
    api_schema(j, "id", "text", "INCARNATION_SHARD_SEQ: the same every time it is sent");
    api_schema(j, "source", "text", "the endpoint's source");
    api_const(j, "type", str_of(t->type));
    api_schema(j, "time", "time", "when it was decided");
    if (!t->system) {
        api_schema(j, "subject", "id", "the beneficiary");
        api_schema(j, "partitionkey", "id", "the same again");
    }
    api_const(j, "datacontenttype", STR_LIT("application/json"));
    api_schema(j, "sequence", "sequence", "the event's number, as text that sorts as numbers do");
    snprintf(name, sizeof name, "%sNotice", t->name);
    api_ref(j, "data", API_SCHEMAS, name);
    api_object_close(j, required, false);
}

static void write_headers(struct api_json *j)
{
    const struct api_member headers[] = {
        {"webhook-id", "text", "the event's id: INCARNATION_SHARD_SEQ"},
        {"webhook-timestamp", "text", "when this attempt was made, in seconds since 1970"},
        {"webhook-signature", "text", about_signature},
    };
    static const char *const none[] = {NULL};
    unsigned n = sizeof headers / sizeof *headers;
    api_object(j, "SignedHeaders", "Headers of Standard Webhooks.", headers, n, false);
    api_object_open(j, "CloudEventHeaders", "Headers of Standard Webhooks, where the endpoint has a secret.");
    api_members(j, headers, n);
    api_object_close(j, none, false);
}

static void write_schemas(struct api_json *j)
{
    api_open(j, "schemas", '{');
    write_headers(j);
    for (unsigned i = 0; i < TOLD_N; i++) {
        struct told t = told_of(i);
        write_webhook(j, &t);
        write_cloud_event(j, &t);
        write_notice(j, &t);
    }
    api_event(j);
    api_event_data(j);
    api_raw(j, "EndpointTest", "{\"type\": \"object\", \"description\": \"It is empty.\"}");
    api_close(j, '}');
}

void asyncapi_write(struct buf *out)
{
    struct api_json j = {.out = out};
    api_open(&j, NULL, '{');
    api_text(&j, "asyncapi", "3.0.0");
    api_open(&j, "info", '{');
    api_text(&j, "title", "lifecertd");
    api_text(&j, "version", PACKAGE_VERSION);
    api_text(&j, "description", about_all);
    api_raw(&j, "license", "{\"name\": \"MIT\"}");
    api_raw(&j, "tags", "[{\"name\": \"events\", \"description\": \"What was decided\"}]");
    api_close(&j, '}');
    api_text(&j, "defaultContentType", "application/json");
    write_servers(&j);
    write_channels(&j);
    write_operations(&j);
    api_open(&j, "components", '{');
    write_messages(&j);
    write_schemas(&j);
    api_close(&j, '}');
    api_close(&j, '}');
}
