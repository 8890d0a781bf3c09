#include "http/openapi/openapi_schemas.h"

/* --- inputs --- */

static const struct api_member input_result[] = {
    {"id", "id|null", "as given; null for a unit"},
    {"unit?", "id", "the unit's code: only of the op unit"},
    {"op", "@op", NULL},
    {"result", "=applied unchanged rejected", NULL},
    {"reason", "@reason|null", "why it was rejected"},
    {"message?", "text", "of a rejected input: the reason in a sentence, in the language of Accept-Language"},
    {"seq", "[seq]", "the events that it brought about, those of deadlines that it made due included"},
};

static const struct api_member input_fault[] = {
    {"id", "text|null", "as given, where that was understood"},
    {"unit?", "text|null", "the unit's code: only of the op unit"},
    {"op", "@op|null", NULL},
    {"result", "=error", NULL},
    {"reason", "=malformed forbidden key-reused too-many-lines unknown", NULL},
    {"line", "seq", "in this body, from 1"},
    {"member?", "text", "at fault"},
    {"detail", "text", "what is wrong, and what was expected"},
};

static const struct api_member inputs_end[] = {
    {"lines", "count", "how many results stand before"},
};

/* --- people --- */

static const struct api_member next[] = {
    {"kind", "@deadline", NULL},
    {"at", "time", NULL},
};

static const struct api_member beneficiary[] = {
    {"id", "id", NULL},
    {"status", "@status", NULL},
    {"policy", "name", NULL},
    {"category", "name|null", NULL},
    {"unit", "id|null", "its code"},
    {"approved_on", "date", NULL},
    {"certified_on", "date|null", "the latest certification's; null: there is none"},
    {"base_on", "date", "the cycle counts from here"},
    {"due_on", "date", "the last day on which the base counts"},
    {"grace_until", "date", "the last day before a suspension"},
    {"suspend_on", "date|null", "the suspension day; null when suspended or terminated"},
    {"next", "NextDeadline|null", "what comes by itself"},
    {"suspended_on", "date|null", NULL},
    {"withheld_from", "month|null", "the first period withheld"},
    {"resumed_on", "date|null", NULL},
    {"reminded_on", "date|null", NULL},
    {"deferred_until", "date|null", "a home visit is booked by then"},
    {"notice_until", "date|null", NULL},
    {"terminated_on", "date|null", NULL},
    {"held_by", "[text]|null", "the names of the holds that cover the person; null: as of so long ago it is not known"},
    {"seq", "seq", "the number of the person's last event"},
};

static const struct api_member person_id[] = {
    {"id", "id", "the agency's own"},
};

static const struct api_member people_end[] = {
    {"position", "place", "of the log: the list is as of then; a number on one store, else opaque"},
    {"beneficiaries", "count", "how many lines stand before"},
    {"after", "id|null", "pass it to go on; null: that was everybody"},
};

static const struct api_member period_row[] = {
    {"id", "id", NULL},
    {"policy", "name", NULL},
    {"state", "=payable withheld", NULL},
    {"pay_on", "date|null", "when it is, or was, paid; null: withheld"},
    {"withheld_from", "month|null", "the first period withheld; null: it is payable"},
    {"suspended_on", "date|null", "null: it is payable"},
};

static const struct api_member period_end[] = {
    {"period", "month", NULL},
    {"position", "place", "of the log: the list is as of then; a number on one store, else opaque"},
    {"payable", "count", NULL},
    {"withheld", "count", NULL},
};

/* --- the whole --- */

static const struct api_member due_row[] = {
    {"on", "text", "a date, or a month such as 2026-06"},
    {"reminder", "count", NULL},
    {"grace", "count", NULL},
    {"suspension", "count", NULL},
    {"lapse", "count", NULL},
};

static const struct api_member due[] = {
    {"by", "=day month", NULL},
    {"rows", "[DueRow]", "in order; days without any deadline are left out"},
    {"held", "count", "suspensions that are due and kept back by a hold"},
};

static const struct api_member next_deadlines[] = {
    {"kind", "@deadline", NULL},
    {"at", "time", NULL},
    {"count", "count", "how many people"},
};

static const struct api_member channel[] = {
    {"name", "name", NULL},
    {"heard_at", "time", "when it last brought something, or was first configured"},
    {"expect_every", "count|null", "seconds of silence after which a hold is placed"},
    {"accepted", "[count]", "accepted certifications by local day, oldest first, today last: 31 of them"},
};

static const struct api_member status[] = {
    {"position", "place", "the last durable event; on several shards opaque, behind all that is durable"},
    {"now", "time", "by the daemon's clock"},
    {"simulated", "boolean", "that clock is not the system's"},
    {"enrolled", "count", NULL},
    {"active", "count", NULL},
    {"grace", "count", NULL},
    {"suspended", "count", NULL},
    {"terminated", "count", NULL},
    {"held", "count", "suspensions that are due and kept back by a hold"},
    {"lag_seconds", "count", "how far behind due deadlines are"},
    {"next", "[NextDeadlines]", "the next five sets of deadlines"},
    {"holds", "[Hold]", NULL},
    {"channels", "[Channel]", NULL},
    {"log_bytes", "count", NULL},
    {"incarnation", "text", "the store's own name: part of every event's id for the outside"},
    {"silent?", "[count]", "of a set of shards: those for which nobody answered, which the counts leave out"},
    {"shards?", "Shards", "of a set of shards"},
};

static const struct api_member shard_daemon[] = {
    {"name", "text", NULL},
    {"shards", "[count]", "the numbers of those that it owns"},
    {"since", "count", "Unix seconds"},
    {"revision", "count", "of its configuration"},
    {"why", "text|null", "what keeps it from owning any"},
};

static const struct api_member shards[] = {
    {"daemons", "[ShardDaemon]", "those that are alive"},
    {"shards", "count", "how many there are"},
    {"unowned", "[count]", "the numbers of those that nobody owns"},
};

static const struct api_member caller[] = {
    {"name", "text", "of its token, or its uid: as audit lines have it"},
    {"read", "boolean", "may ask"},
    {"intake", "boolean", "may bring inputs, or certifications of some channels"},
    {"operate", "boolean", "may give orders"},
};

/* --- holds --- */

static const struct api_member hold[] = {
    {"name", "text", "by which it is lifted"},
    {"hold", "@hold", NULL},
    {"why", "text", NULL},
    {"scope", "Scope|null", "null: everyone"},
    {"until", "date|null", "its last day; null: until it is lifted"},
    {"since", "time", NULL},
    {"by", "text|null", "who placed it; null: the daemon"},
    {"due", "count|null", "of the brake: suspensions that came due"},
    {"limit", "count|null", "of the brake"},
    {"pending?", "[count]", "of an order: the shards that have not carried it out yet"},
};

static const struct api_member holds[] = {
    {"holds", "[Hold]", "those in force"},
};

static const struct api_member hold_scope[] = {
    {"policy?", "name", NULL},
    {"category?", "name", NULL},
    {"unit?", "name", NULL},
};

static const struct api_member hold_order[] = {
    {"hold", "=moratorium", "the others place themselves"},
    {"until", "date", "its last day"},
    {"why", "why", NULL},
    {"by", "by", NULL},
    {"scope?", "HoldScope|null", "null: everyone"},
};

static const struct api_member hold_lift[] = {
    {"by", "by", NULL},
    {"why", "why", NULL},
};

/* --- delivery --- */

#define REDELIVERY                                                                                                     \
    {"after", "position", "events behind this number"}, {"until", "position", "the last one"},                         \
        {"position", "position", "how far it is"}, {"type", "text|null", "only of the types that these patterns fit"}, \
        {"subject", "text|null", "only of this person"}, {"state", "@redelivery-state", NULL},                         \
        {"sent", "count", NULL}, {"failed", "count", NULL},                                                            \
        {"skipped", "count", "left out: not asked for, or not for this endpoint"}, {"started_at", "time|null", NULL},  \
        {"ended_at", "time|null", "null: it goes on"}, {"by", "text|null", NULL}, {"why", "text|null", NULL},          \
    {                                                                                                                  \
        "last_error", "text|null", NULL                                                                                \
    }

static const struct api_member redelivery[] = {
    {"in_flight", "count", "requests on their way"},
    REDELIVERY,
};

static const struct api_member redelivery_ordered[] = {
    {"endpoint", "text", NULL},
    REDELIVERY,
};

static const struct api_member redelivery_order[] = {
    {"after?", "position", "begin behind the event of this number; this or since"},
    {"since?", "text", "begin at this date or time (RFC 3339)"},
    {"until?", "LogPlace", "end at this number, date or time; by default the log's end"},
    {"type?", "text", "only types that one of these patterns fits, with commas between"},
    {"subject?", "id", "only events of this person"},
    {"by", "by", "who orders it: kept in the daemon's log"},
    {"why", "short-why", "for what reason"},
};

static const struct api_member endpoint[] = {
    {"name", "text", NULL},
    {"adapter", "@adapter", NULL},
    {"state", "@endpoint-state", "what it does just now"},
    {"paused", "text|null", "why it is paused; null: it is not"},
    {"paused_by", "text|null", "who paused it; empty: the daemon"},
    {"paused_at", "time|null", NULL},
    {"cursor", "position", "every event up to here is settled or has a delivery of its own"},
    {"lag", "count", "events of the log behind the cursor"},
    {"dead", "count", "deliveries that were given up and are still in the list"},
    {"in_flight", "count", "requests on their way"},
    {"retrying", "count", "events that wait for another attempt"},
    {"waiting", "count", "events behind one of those"},
    {"unknown", "count", "messages that may have been sent"},
    {"requests", "count", "made since the daemon started"},
    {"delivered", "count", "since the endpoint was first seen"},
    {"skipped", "count", "had become moot, since the endpoint was first seen"},
    {"dead_ever", "count", "given up, since the endpoint was first seen"},
    {"receipts_delivered?", "count", "only where messages are sent, as the next two"},
    {"receipts_failed?", "count", NULL},
    {"skips?", "object", "messages skipped for each reason since the daemon started"},
    {"redelivery", "Redelivery|null", "the last one that was ordered, while it is remembered"},
    {"last_ok_at", "time|null", "since the daemon started"},
    {"last_error", "text|null", "since the daemon started"},
    {"last_error_at", "time|null", NULL},
};

static const struct api_member endpoints[] = {
    {"endpoints", "[Endpoint]", "in the order of the configuration"},
};

static const struct api_member order[] = {
    {"by", "by", "who orders it: kept in the daemon's log"},
    {"why", "short-why", "for what reason"},
};

static const struct api_member endpoint_changed[] = {
    {"endpoint", "text", NULL},
    {"state", "@endpoint-state", NULL},
};

static const struct api_member test_order[] = {
    {"phone?", "text", "where to send the message, for endpoints that send messages"},
};

static const struct api_member tested[] = {
    {"endpoint", "text", NULL},
    {"outcome", "=delivered retry throttled failed gone unknown", NULL},
    {"status", "count", "of HTTP; 0: there was none"},
    {"why", "text|null", NULL},
    {"milliseconds", "count", NULL},
};

static const struct api_member delivery[] = {
    {"id", "text", "ENDPOINT:SEQ"},
    {"endpoint", "text", NULL},
    {"seq", "seq", "the event's number in the log"},
    {"type", "text", "of the event"},
    {"subject", "id|null", "of the event"},
    {"state", "@delivery-state", NULL},
    {"attempts", "count", NULL},
    {"next_at", "time|null", "when the state ends by itself"},
    {"changed_at", "time|null", "since when it is in it"},
    {"why", "text|null", NULL},
    {"receipt?", "=accepted delivered failed", "the gateway's last word on a message"},
    {"receipt_at?", "time|null", NULL},
};

static const struct api_member deliveries[] = {
    {"deliveries", "[Delivery]", "by number for each endpoint"},
    {"more", "boolean", "the next page begins after the last seq"},
};

static const struct api_member decided[] = {
    {"id", "text", "ENDPOINT:SEQ"},
    {"result", "=retried dropped", NULL},
};

/* --- errors --- */

static const struct api_member problem[] = {
    {"type", "text", NULL},
    {"title", "text", "the status in words"},
    {"status", "count", NULL},
    {"member?", "text", "the member or argument at fault"},
    {"detail", "text", "what is wrong, and what was expected"},
};

#define OPEN false
#define CLOSED true
#define ROWS(members) members, sizeof(members) / sizeof *(members)

static const struct {
    const char *name, *about;
    const struct api_member *members;
    unsigned n;
    bool closed; /* what the daemon reads has no other members; what it writes may get more in a later version */
} schemas[] = {
    {"InputResult", "What became of one input.", ROWS(input_result), OPEN},
    {"InputFault", "A line that was not understood.", ROWS(input_fault), OPEN},
    {"InputsEnd", "The last line of an answer to lines.", ROWS(inputs_end), OPEN},
    {"NextDeadline", "What comes next by itself, and when.", ROWS(next), OPEN},
    {"Beneficiary", "One person's state and dates.", ROWS(beneficiary), OPEN},
    {"BeneficiaryId", "One person, where no more was asked for.", ROWS(person_id), CLOSED},
    {"BeneficiariesEnd", "The last line of the list of people.", ROWS(people_end), OPEN},
    {"PeriodRow", "Whether one person is paid for a period.", ROWS(period_row), OPEN},
    {"PeriodEnd", "The last line of a period.", ROWS(period_end), OPEN},
    {"DueRow", "How many deadlines of each kind fall on a day or in a month.", ROWS(due_row), OPEN},
    {"Due", "How many deadlines fall when.", ROWS(due), OPEN},
    {"NextDeadlines", "Deadlines of one kind at one instant.", ROWS(next_deadlines), OPEN},
    {"Channel", "A channel, and what it brought.", ROWS(channel), OPEN},
    {"Status", "One screen's worth.", ROWS(status), OPEN},
    {"ShardDaemon", "One of the daemons that share a set of shards.", ROWS(shard_daemon), OPEN},
    {"Shards", "A set of shards, and who owns them.", ROWS(shards), OPEN},
    {"Caller", "Who asks, and what that one may do.", ROWS(caller), OPEN},
    {"Hold", "What keeps suspensions back.", ROWS(hold), OPEN},
    {"Holds", "The holds in force.", ROWS(holds), OPEN},
    {"HoldScope", "Whom a moratorium covers: one of these members.", ROWS(hold_scope), CLOSED},
    {"HoldOrder", "A moratorium to place.", ROWS(hold_order), CLOSED},
    {"HoldLift", "Who lifts a hold, and why.", ROWS(hold_lift), CLOSED},
    {"Redelivery", "Events that are sent to an endpoint once more.", ROWS(redelivery), OPEN},
    {"RedeliveryOrder", "Which events are to be sent once more.", ROWS(redelivery_order), CLOSED},
    {"RedeliveryOrdered", "Events that are sent to an endpoint once more.", ROWS(redelivery_ordered), OPEN},
    {"Endpoint", "An endpoint, and how far it is.", ROWS(endpoint), OPEN},
    {"Endpoints", "All endpoints.", ROWS(endpoints), OPEN},
    {"Order", "Who orders it, and why.", ROWS(order), CLOSED},
    {"EndpointChanged", "What an endpoint does now.", ROWS(endpoint_changed), OPEN},
    {"TestOrder", "What a trial needs.", ROWS(test_order), CLOSED},
    {"Tested", "What came of a trial.", ROWS(tested), OPEN},
    {"Delivery", "An event on its way to an endpoint, or a message.", ROWS(delivery), OPEN},
    {"Deliveries", "A page of deliveries.", ROWS(deliveries), OPEN},
    {"Decided", "What was decided about a delivery.", ROWS(decided), OPEN},
    {"Problem", "What is wrong (RFC 9457).", ROWS(problem), OPEN},
};

/* Lines of NDJSON are of several kinds. */
static const struct {
    const char *name, *about, *kinds[4];
} lines[] = {
    {"InputsLine", "A result for each line in its order, then the end.", {"InputResult", "InputFault", "InputsEnd"}},
    {"BeneficiariesLine", "A person each, then the end.", {"Beneficiary", "BeneficiaryId", "BeneficiariesEnd"}},
    {"PeriodLine", "A person each, then the end.", {"PeriodRow", "PeriodEnd"}},
};

void api_answers(struct api_json *j)
{
    api_raw(j, "LogPlace", "{\"type\": [\"integer\", \"string\"], \"description\": \"A number, a date or a time.\"}");
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        api_object(j, schemas[i].name, schemas[i].about, schemas[i].members, schemas[i].n, schemas[i].closed);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        api_open(j, lines[i].name, '{');
        api_text(j, "description", lines[i].about);
        api_open(j, "anyOf", '[');
        for (unsigned k = 0; lines[i].kinds[k]; k++)
            api_ref(j, NULL, API_SCHEMAS, lines[i].kinds[k]);
        api_close(j, ']');
        api_close(j, '}');
    }
}
