#include "config/schema_endpoint.h"

#include "config/endpoint_rules.h"
#include "config/value.h"

static const char *const adapter_words[] = {"standard-webhooks", "cloudevents",  "kannel",   "aliyun-sms",
                                            "tencent-sms",       "redis-stream", "template", NULL};
static const char *const mode_words[] = {"structured", "binary", "batch", NULL};
static const char *const method_words[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};

#define TEXT_EXPECTED "text without control characters"
#define CONDITION_EXPECTED "conditions such as \"status 200..299 and json code = 0\""
#define BOOL_EXPECTED "true or false"

#define HTTP_USES (~USE(ADAPTER_REDIS_STREAM))

#define EP(member) offsetof(struct endpoint, member)
/* A list of any texts, one of conditions on an answer, and a text of so many bytes. */
#define TEXTS(key) .name = #key, .parse = value_texts, .offset = EP(key), .list = true, .max = LIST_VALUES_MAX
#define CONDITIONS(key) .name = #key, .parse = value_texts, .offset = EP(key), .list = true, .max = CONDITIONS_MAX
#define TEXT(key, bytes) .name = #key, .parse = value_text, .offset = EP(key), .max = (bytes)

const struct key endpoint_keys[] = {
    {.name = "adapter", .parse = value_choice, .offset = EP(adapter), .words = adapter_words,
     .expected = "\"standard-webhooks\", \"cloudevents\", \"kannel\", \"aliyun-sms\", \"tencent-sms\", "
                 "\"redis-stream\" or \"template\"",
     .help = "How the endpoint is spoken to; required."},
    {.name = "url", .parse = value_url, .offset = EP(url), .max = 2048, .hides = true,
     .expected = "\"http://HOST/PATH\", \"https://HOST/PATH\" or \"redis://HOST:PORT\"",
     .help = "Where it is; required, but the cloud gateways have a default."},
    {.name = "secret_file", .parse = value_files, .offset = EP(secret_files), .list = true, .min = 1,
     .max = SECRETS_MAX, .expected = FILE_EXPECTED,
     .help = "What signs or logs in; further ones sign beside the first during a rotation."},

    {.name = "events", .parse = value_event_globs, .offset = EP(events), .list = true, .max = LIST_VALUES_MAX,
     .expected = "patterns that each fit a type of event, such as \"benefit.*\"",
     .help = "The types of events; empty takes all."},
    {.name = "policies", .parse = value_policies, .offset = EP(policies), .list = true, .max = LIST_VALUES_MAX,
     .expected = "policies that have a section", .help = "Only people under one of these; empty takes everybody."},
    {TEXTS(categories), .expected = TEXT_EXPECTED, .help = "Only people of one of these; empty takes everybody."},
    {TEXTS(units), .expected = TEXT_EXPECTED, .help = "Only people of one of these; empty takes everybody."},
    {.name = "from", .parse = value_from, .min = 1, .max = VALUE_NUMBER_MAX, .expected = "an event's number",
     .help = "Where a new endpoint starts in the log; without it, at the log's end."},

    {.name = "max_in_flight", .parse = value_uint32, .offset = EP(max_in_flight), .min = 1, .max = 1024,
     .fallback = "16", .expected = "1 to 1024", .help = "How many requests may be on their way at a time."},
    {.name = "rate", .parse = value_rate, .offset = EP(rate),
     .expected = "a number from 1 to 1000000 with /s, /min or /h, such as \"100/s\"",
     .help = "How many requests are sent at most."},
    {.name = "timeout", .parse = value_duration, .offset = EP(timeout), .min = 1, .max = 120, .fallback = "20s",
     .expected = "\"1s\" to \"120s\"", .help = "How long one request may take."},
    {.name = "retry", .parse = value_retry, .list = true, .max = RETRIES_MAX,
     .fallback = "5s\", \"5m\", \"30m\", \"2h\", \"5h\", \"10h\", \"14h\", \"20h\", \"24h",
     .expected = DURATION_EXPECTED, .help = "The waits between attempts; after the last one an event is given up."},
    {.name = "quiet_hours", .parse = value_quiet_hours, .offset = EP(quiet), .fallback = "none",
     .expected = "\"HH:MM-HH:MM\" or \"none\"",
     .help = "When nothing is sent, local time; messages to people have \"22:00-08:00\"."},
    {.name = "max_parked", .parse = value_uint32, .offset = EP(max_parked), .min = 1, .max = 1000000,
     .fallback = "10000", .expected = "1 to 1000000",
     .help = "With so many events waiting for a retry, or behind one, the endpoint reads no further."},
    {.name = "max_unnoted", .parse = value_uint32, .offset = EP(max_unnoted), .min = 16, .max = 65536,
     .fallback = "4096", .expected = "16 to 65536",
     .help = "How many events may be sent without a durable note: what may come twice after a crash."},

    {.name = "proxy", .parse = value_proxy, .offset = EP(proxy), .max = 2048, .hides = true, .used_by = HTTP_USES,
     .expected = "\"http://HOST:PORT\", https, socks5 or socks5h", .help = "What requests go through."},
    {.name = "ca_file", .parse = value_file, .offset = EP(ca_file), .used_by = HTTP_USES, .expected = FILE_EXPECTED,
     .help = "The certificates (PEM) that the endpoint's is checked against, in place of the system's."},
    {.name = "client_cert", .parse = value_file, .offset = EP(client_cert), .used_by = HTTP_USES,
     .expected = FILE_EXPECTED, .help = "The client's certificate and its key (PEM)."},
    {.name = "allow_private", .parse = value_bool, .offset = EP(allow_private), .fallback = "false",
     .expected = BOOL_EXPECTED, .help = "Whether the endpoint may be in a private, loopback or link-local network."},

    {.name = "mode", .parse = value_choice, .offset = EP(mode), .words = mode_words, .fallback = "structured",
     .used_by = USE(ADAPTER_CLOUDEVENTS), .expected = "\"structured\", \"binary\" or \"batch\"",
     .help = "How an event is put into a request."},
    {TEXT(source, 512), .fallback = "/lifecertd", .used_by = USE(ADAPTER_CLOUDEVENTS),
     .expected = "a URI reference", .help = "Whom the events are from."},
    {.name = "handshake", .parse = value_bool, .offset = EP(handshake), .fallback = "true",
     .used_by = USE(ADAPTER_CLOUDEVENTS), .expected = BOOL_EXPECTED,
     .help = "Whether the receiver is asked for its consent first, and its rate kept."},

    {TEXT(stream, 512), .fallback = "lifecertd", .used_by = USE(ADAPTER_REDIS_STREAM), .expected = "a key's name",
     .help = "The stream's key."},
    {.name = "max_length", .parse = value_uint64, .offset = EP(max_length), .max = INT64_C(1000000000000),
     .fallback = "0", .used_by = USE(ADAPTER_REDIS_STREAM), .expected = "0 to 1000000000000",
     .help = "About so many entries are kept in the stream; 0 keeps all."},

    {.name = "kind", .parse = value_kind, .fallback = "messages", .used_by = USE_TEMPLATE,
     .expected = "\"events\" or \"messages\"", .help = "Whether it takes events, or messages to people."},
    {.name = "signature", .parse = value_signature, .offset = EP(signature), .max = 64, .used_by = USE_MESSAGES,
     .expected = "the agency's name, 1 to 64 bytes", .help = "What stands in brackets before a message; required."},
    {.name = "language", .parse = value_language, .offset = EP(language), .fallback = "zh", .used_by = USE_MESSAGES,
     .expected = "letters, digits and hyphens, such as \"zh\"", .help = "The language of the texts that are sent."},
    {.name = "max_segments", .parse = value_uint32, .offset = EP(max_segments), .min = 1, .max = 10, .fallback = "4",
     .used_by = USE_MESSAGES, .expected = "1 to 10", .help = "How long a message may be, in parts of 67 characters."},
    {.name = "receipt_url", .parse = value_http_url, .offset = EP(receipt_url), .max = 2048, .hides = true,
     .used_by = USE(ADAPTER_KANNEL), .expected = "\"http://HOST:PORT\" or \"https://HOST\"",
     .help = "Where the gateway reaches this daemon with its receipts."},
    {.name = "receipt_secret_file", .parse = value_file, .offset = EP(receipt_secret_file), .used_by = USE_SMS,
     .expected = FILE_EXPECTED, .help = "The secret in the path of receipts."},
    {.name = "receipt_within", .parse = value_duration, .offset = EP(receipt_within), .min = 60, .max = 30 * 86400,
     .fallback = "24h", .used_by = USE_MESSAGES, .expected = "\"1m\" to \"30d\"",
     .help = "For how long a message of unknown outcome waits for its receipt before it is given up."},
    {TEXT(username, 256), .used_by = USE_SMS | USE_TEMPLATE, .expected = TEXT_EXPECTED,
     .help = "The gateway's user, or the access key's id."},
    {TEXT(sender, 32), .used_by = USE(ADAPTER_KANNEL), .expected = TEXT_EXPECTED,
     .help = "The number that messages come from."},
    {TEXT(smsc, 128), .used_by = USE(ADAPTER_KANNEL), .expected = TEXT_EXPECTED,
     .help = "The connection by which the gateway sends."},
    {TEXT(app_id, 64), .used_by = USE(ADAPTER_TENCENT_SMS), .expected = TEXT_EXPECTED,
     .help = "The application's number at the gateway."},
    {TEXT(region, 64), .used_by = USE(ADAPTER_TENCENT_SMS), .expected = TEXT_EXPECTED,
     .help = "The gateway's region, such as \"ap-guangzhou\"."},

    {.name = "method", .parse = value_word, .offset = EP(method), .words = method_words, .fallback = "POST",
     .used_by = USE_TEMPLATE, .expected = "\"GET\", \"POST\", \"PUT\", \"PATCH\" or \"DELETE\"",
     .help = "The request's method."},
    {.name = "headers", .parse = value_headers, .offset = EP(headers), .list = true, .max = LIST_VALUES_MAX,
     .used_by = USE_TEMPLATE, .expected = "\"Name: value\"", .help = "The request's headers, with variables."},
    {.name = "body", .parse = value_lines, .offset = EP(body), .max = 65536, .used_by = USE_TEMPLATE,
     .expected = "text of up to 64 KiB", .help = "The request's body, with variables."},
    {CONDITIONS(sent_when), .used_by = USE_TEMPLATE, .expected = CONDITION_EXPECTED,
     .help = "What in an answer says that it was received."},
    {CONDITIONS(retry_when), .used_by = USE_TEMPLATE, .expected = CONDITION_EXPECTED,
     .help = "What in an answer asks for another attempt."},
    {CONDITIONS(failed_when), .used_by = USE_TEMPLATE, .expected = CONDITION_EXPECTED,
     .help = "What in an answer says that no attempt will do."},
};

#define MT(member) offsetof(struct message_text, member)

const struct key message_keys[] = {
    {.name = "on", .parse = value_event_type, .offset = MT(on), .expected = "a type of event, such as \"reminder.due\"",
     .help = "The event that brings the message; required."},
    {.name = "text", .parse = value_lines, .offset = MT(text), .max = 4096,
     .expected = "text of up to 4096 bytes, with variables", .help = "What it says, without the signature."},
    {.name = "policies", .parse = value_policies, .offset = MT(policies), .list = true, .max = LIST_VALUES_MAX,
     .expected = "policies that have a section", .help = "For people under one of these; empty: under every one."},
    {.name = "language", .parse = value_language, .offset = MT(language), .fallback = "zh",
     .expected = "letters, digits and hyphens, such as \"zh\"", .help = "For the endpoints of this language."},
    {.name = "template_id", .parse = value_text, .offset = MT(template_id), .max = 64, .expected = TEXT_EXPECTED,
     .help = "The number under which a cloud gateway has approved the text."},
    {.name = "variables", .parse = value_texts, .offset = MT(variables), .list = true, .max = 16,
     .expected = "\"NAME\" or \"THEIRS=NAME\"", .help = "What the gateway's template takes, in its order."},
    {.name = "allow_links", .parse = value_bool, .offset = MT(allow_links), .fallback = "false",
     .expected = BOOL_EXPECTED, .help = "Whether the text may hold a link."},
};

_Static_assert(sizeof endpoint_keys / sizeof *endpoint_keys == ENDPOINT_KEYS, "ENDPOINT_KEYS is not their number");
_Static_assert(sizeof message_keys / sizeof *message_keys == MESSAGE_KEYS, "MESSAGE_KEYS is not their number");
_Static_assert(ENDPOINT_KEYS <= SCHEMA_KEYS_MAX, "SCHEMA_KEYS_MAX is too small");
_Static_assert(sizeof adapter_words / sizeof *adapter_words == ADAPTER_KIND_N + 1, "an adapter has no word");
