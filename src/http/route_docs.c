#include "http/route_docs.h"

#include <stdbool.h>

#include "http/exchange.h"

#define TEXT "text/plain"
#define EVENT_STREAM "text/event-stream"

#define PARAMETERS(...)                \
    (const struct doc_parameter[])     \
    {                                  \
        __VA_ARGS__,                   \
        {                              \
            DOC_PATH, NULL, NULL, NULL \
        }                              \
    }
#define BODIES(...)           \
    (const struct doc_body[]) \
    {                         \
        __VA_ARGS__,          \
        {                     \
            NULL, NULL        \
        }                     \
    }
#define ANSWERS(...)                  \
    (const struct doc_answer[])       \
    {                                 \
        __VA_ARGS__,                  \
        {                             \
            0, NULL, NULL, NULL, NULL \
        }                             \
    }
#define PROBLEMS(...)  \
    (const unsigned[]) \
    {                  \
        __VA_ARGS__, 0 \
    }

/* Parameters that several routes have. */
#define PERSON                                                        \
    {                                                                 \
        DOC_PATH, "id", "id", "the beneficiary's id, percent-encoded" \
    }
#define AS_OF                                                                                             \
    {                                                                                                     \
        DOC_QUERY, "as_of?", "moment", "as known then: at that instant, or at the end of that day; by default now" \
    }
#define ENDPOINT                                                             \
    {                                                                        \
        DOC_PATH, "name", "text", "the endpoint's name in the configuration" \
    }
#define DELIVERY                                               \
    {                                                          \
        DOC_PATH, "id", "text", "ENDPOINT:SEQ, as in the list" \
    }
#define RECEIVER                                              \
    {DOC_PATH, "endpoint", "text", "the endpoint's name"},    \
    {                                                         \
        DOC_PATH, "secret", "text", "its receipt_secret_file" \
    }
#define ORDER BODIES({JSON, "Order"})

/* --- inputs --- */

const struct route_doc inputs_doc = {
    .id = "bringInputs",
    .tag = "inputs",
    .summary = "Bring inputs",
    .about = "One object, or one a line. The answer comes when what was decided is durable. Lines are decided in "
             "order, and each stands alone: one that is at fault has an error for its result, and the others go on. "
             "While the engine is behind, the daemon stops reading. A token with the role intake:CHANNEL brings "
             "certifications of that channel only.",
    .parameters = PARAMETERS(
        {DOC_HEADER, "Idempotency-Key?", "key", "the same request again with the same key gets the first one's answer"},
        {DOC_HEADER, "Accept-Language?", "text", "the language of a rejection's message: zh, the default, or en"},
        {DOC_HEADER, "Lifecertd-Stream?", "name",
         "a name: makes the body a part of a longer stream, which matters where inputs carry their instant"},
        {DOC_HEADER, "Lifecertd-Stream-End?", "=yes", "the named stream ends behind this body"}),
    .bodies = BODIES({JSON, "Input"}, {NDJSON, "Input"}),
    .answers = ANSWERS({200, JSON, "InputResult", "what became of it, or of each line", "Idempotency-Replayed"},
                       {200, NDJSON, "InputsLine", NULL, NULL}, {422, JSON, "InputResult", "it was rejected", NULL}),
    .problems = PROBLEMS(400, 413, 415),
};

/* --- people --- */

const struct route_doc people_doc = {
    .id = "listBeneficiaries",
    .tag = "people",
    .summary = "List people",
    .about = "A line a person in order of enrolment, all as of one position of the log: where a subscriber starts, who "
             "then follows the events behind it.",
    .parameters = PARAMETERS({DOC_QUERY, "status?", "@status", "those of this status only"},
                             {DOC_QUERY, "policy?", "name", "those under this policy only"},
                             {DOC_QUERY, "after?", "id", "begins behind this person: the last line's after"},
                             {DOC_QUERY, "next_on?", "date", "those whose next deadline falls on that day only"},
                             {DOC_QUERY, "limit?", "count", "at most so many people, 1 to 1000000"},
                             {DOC_QUERY, "fields?", "text", "id: lines of ids alone"}),
    .answers = ANSWERS({200, NDJSON, "BeneficiariesLine", "a person a line, then the end", "Lifecertd-Position"}),
    .problems = PROBLEMS(400),
};

const struct route_doc person_doc = {
    .id = "getBeneficiary",
    .tag = "people",
    .summary = "Show one person",
    .about = "Until when a person's certification counts, and what happens next: now, or what was known and would have "
             "been answered then. An instant that has not come is answered 400; one before the enrolment 404.",
    .parameters = PARAMETERS(PERSON, AS_OF),
    .answers = ANSWERS({200, JSON, "Beneficiary", "the person's state and dates", NULL}),
    .problems = PROBLEMS(400, 404, 410),
};

const struct route_doc story_doc = {
    .id = "listBeneficiaryEvents",
    .tag = "people",
    .summary = "List one person's events",
    .about = "Everything that was ever decided about a person, or was by then, oldest first.",
    .parameters = PARAMETERS(PERSON, AS_OF),
    .answers = ANSWERS({200, NDJSON, "Event", "an event a line", "Lifecertd-Archived"}),
    .problems = PROBLEMS(400, 404, 410),
};

const struct route_doc period_doc = {
    .id = "getPeriod",
    .tag = "people",
    .summary = "List who is paid for a period",
    .about = "Who is payable and who is withheld for a month of benefit, as of one position of the log: what a payroll "
             "run is held against.",
    .parameters = PARAMETERS({DOC_PATH, "month", "month", "the period, such as 2026-07"},
                             {DOC_QUERY, "policy?", "name", "those under this policy only"}),
    .answers = ANSWERS({200, NDJSON, "PeriodLine", "a person a line, then the end", "Lifecertd-Position"}),
    .problems = PROBLEMS(400),
};

/* --- the log --- */

const struct route_doc events_doc = {
    .id = "readEvents",
    .tag = "events",
    .summary = "Read the log",
    .about = "The log's own lines, for whoever cannot be called. With Accept: text/event-stream they come as "
             "Server-Sent Events, as long as the client stays: id is the position behind it, event the type, data the "
             "line. On a set of shards subject and seq together name an event.",
    .parameters = PARAMETERS(
        {DOC_QUERY, "after?", "text",
         "begins behind this position of the log, which is opaque: one that was given before"},
        {DOC_QUERY, "back?", "count",
         "begins about so many events, up to 1000000, before that position, or before the log's end"},
        {DOC_QUERY, "limit?", "count", "at most so many events, 1 to 10000; by default 1000, of a stream none"},
        {DOC_QUERY, "type?", "text",
         "only types that one of these patterns fits, with commas between, such as benefit.*"},
        {DOC_QUERY, "subject?", "id", "this person's only"},
        {DOC_QUERY, "wait?", "count", "seconds to wait for an event where there is none yet, 0 to 300"},
        {DOC_HEADER, "Last-Event-ID?", "text", "of a stream that broke: goes on behind it, whatever after says"}),
    .answers = ANSWERS({200, NDJSON, "Event", "an event a line, or a stream of them", "Lifecertd-Position"},
                       {200, EVENT_STREAM, NULL, NULL, NULL}),
    .problems = PROBLEMS(400, 404, 410),
};

/* --- the whole --- */

const struct route_doc due_doc = {
    .id = "countDue",
    .tag = "overview",
    .summary = "Count what falls due",
    .about = "How many deadlines of each kind fall on which day or in which month.",
    .parameters = PARAMETERS({DOC_QUERY, "from?", "date", "the first day"}, {DOC_QUERY, "to?", "date", "the last day"},
                             {DOC_QUERY, "by?", "=day month", "a row for each; by default the day"}),
    .answers = ANSWERS({200, JSON, "Due", "the counts", NULL}),
    .problems = PROBLEMS(400),
};

const struct route_doc status_doc = {
    .id = "getStatus",
    .tag = "overview",
    .summary = "Show one screen's worth",
    .about = "Counts by status, what comes next, holds and channels. With Accept: text/event-stream it comes as an "
             "event named status at once, and again when something changed, at most once a second.",
    .answers = ANSWERS({200, JSON, "Status", "how things stand", NULL}, {200, EVENT_STREAM, NULL, NULL, NULL}),
};

const struct route_doc whoami_doc = {
    .id = "getCaller",
    .tag = "overview",
    .summary = "Show who asks",
    .about = "By which name the caller is known, and what that one may do.",
    .answers = ANSWERS({200, JSON, "Caller", "the caller", NULL}),
};

/* --- holds --- */

const struct route_doc holds_doc = {
    .id = "listHolds",
    .tag = "holds",
    .summary = "List the holds",
    .about = "What keeps suspensions back just now.",
    .answers = ANSWERS({200, JSON, "Holds", "those in force", NULL}),
};

const struct route_doc hold_place_doc = {
    .id = "placeHold",
    .tag = "holds",
    .summary = "Place a moratorium",
    .about = "No suspension until a day is over, for everyone or for a scope.",
    .bodies = BODIES({JSON, "HoldOrder"}),
    .answers = ANSWERS({200, JSON, "Hold", "the hold", NULL}),
    .problems = PROBLEMS(400, 413),
};

const struct route_doc hold_lift_doc = {
    .id = "liftHold",
    .tag = "holds",
    .summary = "Lift a hold",
    .about = "What it kept back is then carried out.",
    .parameters = PARAMETERS({DOC_PATH, "name", "text", "the hold's, as in the list, percent-encoded"}),
    .bodies = BODIES({JSON, "HoldLift"}),
    .answers = ANSWERS({200, JSON, "Hold", "the hold that was lifted", NULL}),
    .problems = PROBLEMS(400, 404, 413),
};

/* --- delivery --- */

const struct route_doc endpoints_doc = {
    .id = "listEndpoints",
    .tag = "delivery",
    .summary = "List the endpoints",
    .about = "What each does just now, how far it is behind, and what went wrong last.",
    .answers = ANSWERS({200, JSON, "Endpoints", "all endpoints", NULL}),
};

const struct route_doc endpoint_pause_doc = {
    .id = "pauseEndpoint",
    .tag = "delivery",
    .summary = "Pause an endpoint",
    .about = "Sends nothing more until it is resumed.",
    .parameters = PARAMETERS(ENDPOINT),
    .bodies = ORDER,
    .answers = ANSWERS({200, JSON, "EndpointChanged", "it is paused", NULL}),
    .problems = PROBLEMS(400, 404, 413, 422),
};

const struct route_doc endpoint_resume_doc = {
    .id = "resumeEndpoint",
    .tag = "delivery",
    .summary = "Resume an endpoint",
    .about = "Goes on, and forgets that it failed or asked to be spared.",
    .parameters = PARAMETERS(ENDPOINT),
    .bodies = ORDER,
    .answers = ANSWERS({200, JSON, "EndpointChanged", "it goes on", NULL}),
    .problems = PROBLEMS(400, 404, 413, 422),
};

const struct route_doc endpoint_test_doc = {
    .id = "testEndpoint",
    .tag = "delivery",
    .summary = "Try an endpoint",
    .about = "Sends an event of the type endpoint.test, which is in no log, or a message that says that it is a "
             "test. It is sent even when the endpoint is paused, and never tried again.",
    .parameters = PARAMETERS(ENDPOINT),
    .bodies = BODIES({JSON, "TestOrder"}),
    .body_optional = true,
    .answers = ANSWERS({200, JSON, "Tested", "what came of it", NULL}),
    .problems = PROBLEMS(400, 404, 413, 422),
};

const struct route_doc redeliver_doc = {
    .id = "redeliver",
    .tag = "delivery",
    .summary = "Send events once more",
    .about = "Events of the log are sent to an endpoint once more, marked replay, beside what goes there anyway. The "
             "answer comes when it has begun; the list of endpoints says how far it is. An endpoint has one such "
             "order at a time.",
    .parameters = PARAMETERS(ENDPOINT),
    .bodies = BODIES({JSON, "RedeliveryOrder"}),
    .answers = ANSWERS({202, JSON, "RedeliveryOrdered", "it has begun", NULL}),
    .problems = PROBLEMS(400, 404, 409, 410, 413, 422),
};

const struct route_doc redeliver_cancel_doc = {
    .id = "cancelRedelivery",
    .tag = "delivery",
    .summary = "Send no more events again",
    .about = "Ends what was ordered with redeliver; what is on its way is not called back.",
    .parameters = PARAMETERS(ENDPOINT),
    .bodies = ORDER,
    .answers = ANSWERS({200, JSON, "RedeliveryOrdered", "it has ended", NULL}),
    .problems = PROBLEMS(400, 404, 409, 413, 422),
};

const struct route_doc deliveries_doc = {
    .id = "listDeliveries",
    .tag = "delivery",
    .summary = "List deliveries",
    .about = "Events that are not settled, and messages of the last week.",
    .parameters = PARAMETERS(
        {DOC_QUERY, "endpoint?", "text", "of this one only"},
        {DOC_QUERY, "state?", "text", "in these states only, with commas between; by default dead,retry,unknown"},
        {DOC_QUERY, "limit?", "count", "at most so many, 1 to 1000; by default 100"},
        {DOC_QUERY, "after?", "position", "with an endpoint: begins behind that number"}),
    .answers = ANSWERS({200, JSON, "Deliveries", "a page of them", NULL}),
    .problems = PROBLEMS(400, 404),
};

const struct route_doc delivery_retry_doc = {
    .id = "retryDelivery",
    .tag = "delivery",
    .summary = "Try a delivery again",
    .about = "Now, from the first attempt on.",
    .parameters = PARAMETERS(DELIVERY),
    .bodies = ORDER,
    .answers = ANSWERS({200, JSON, "Decided", "it is tried again", NULL}),
    .problems = PROBLEMS(400, 404, 409, 413, 422),
};

const struct route_doc delivery_drop_doc = {
    .id = "dropDelivery",
    .tag = "delivery",
    .summary = "Give a delivery up",
    .about = "For good: the person's later events go on, the next of them marked gap.",
    .parameters = PARAMETERS(DELIVERY),
    .bodies = ORDER,
    .answers = ANSWERS({200, JSON, "Decided", "it is given up", NULL}),
    .problems = PROBLEMS(400, 404, 409, 413, 422),
};

/* --- receipts --- */

const struct route_doc receipt_get_doc = {
    .id = "takeReceipt",
    .tag = "receipts",
    .summary = "Take a receipt from a query",
    .about = "What a gateway says later of a message, as lifecertd-adapters(7) has it. The secret is all that lets in.",
    .parameters = PARAMETERS(RECEIVER),
    .answers = ANSWERS({200, TEXT, NULL, "it is kept", NULL}),
    .problems = PROBLEMS(400, 404, 503),
};

const struct route_doc receipt_post_doc = {
    .id = "takeReceipts",
    .tag = "receipts",
    .summary = "Take receipts from a body",
    .about = "What a gateway says later of messages, as lifecertd-adapters(7) has it for each. The secret is all that "
             "lets in.",
    .parameters = PARAMETERS(RECEIVER),
    .bodies = BODIES({JSON, NULL}, {"application/x-www-form-urlencoded", NULL}),
    .body_optional = true,
    .answers = ANSWERS({200, TEXT, NULL, "they are kept", NULL}, {200, JSON, "object", NULL, NULL}),
    .problems = PROBLEMS(400, 404, 413, 503),
};

/* --- probes --- */

const struct route_doc health_doc = {
    .id = "isAlive",
    .tag = "probes",
    .summary = "Is the daemon alive?",
    .about = "Answered while it answers at all.",
    .answers = ANSWERS({200, TEXT, NULL, "yes", NULL}),
};

const struct route_doc ready_doc = {
    .id = "isReady",
    .tag = "probes",
    .summary = "Are requests taken?",
    .about = "Sockets are opened only after recovery; a daemon that is stopping is ready no more.",
    .answers = ANSWERS({200, TEXT, NULL, "yes", NULL}),
    .problems = PROBLEMS(503),
};

const struct route_doc metrics_doc = {
    .id = "getMetrics",
    .tag = "probes",
    .summary = "Read the metrics",
    .about = "In Prometheus' text format, with names that begin with lifecertd_.",
    .answers = ANSWERS({200, TEXT, NULL, "all metrics", NULL}),
};

const struct route_doc openapi_doc = {
    .id = "getDescription",
    .tag = "probes",
    .summary = "Read this document",
    .about = "The API's description in OpenAPI 3.1, as this daemon has it.",
    .answers = ANSWERS({200, JSON, "object", "the document", NULL}),
};
