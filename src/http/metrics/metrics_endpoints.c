/* What became of deliveries, by endpoint. */
#include "http/metrics/metrics.h"

/* --- numbers of each endpoint: at is their place in struct endpoint_metrics --- */

static uint64_t count_at(const struct endpoint_metrics *p, size_t at)
{
    return *(const uint64_t *)((const char *)p + at);
}

static void write_count(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    for (unsigned i = 0; i < s->n_endpoints; i++) {
        struct str name = str_of(s->endpoints[i].name);
        exposition_count(e, &name, count_at(&s->endpoints[i], m->at));
    }
}

static int64_t milliseconds_at(const struct endpoint_metrics *p, size_t at)
{
    return *(const int64_t *)((const char *)p + at);
}

static void write_seconds(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    for (unsigned i = 0; i < s->n_endpoints; i++) {
        struct str name = str_of(s->endpoints[i].name);
        exposition_number(e, &name, (double)milliseconds_at(&s->endpoints[i], m->at) / 1000);
    }
}

/* A moment, where there is one. */
static void write_timestamp(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    for (unsigned i = 0; i < s->n_endpoints; i++) {
        struct str name = str_of(s->endpoints[i].name);
        int64_t at = milliseconds_at(&s->endpoints[i], m->at);
        if (at)
            exposition_number(e, &name, (double)at / 1000);
    }
}

/* --- by words --- */

static void write_states(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (unsigned i = 0; i < s->n_endpoints; i++)
        for (int state = 0; state < ENDPOINT_STATE_N; state++) {
            const struct str labels[] = {str_of(s->endpoints[i].name),
                                         str_of(endpoint_state_text((enum endpoint_state)state))};
            exposition_count(e, labels, (int)s->endpoints[i].state == state);
        }
}

static void write_outcomes(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (unsigned i = 0; i < s->n_endpoints; i++)
        for (int o = 0; o < OUTCOME_N; o++) {
            const struct str labels[] = {str_of(s->endpoints[i].name), str_of(outcome_text((enum outcome)o))};
            exposition_count(e, labels, s->endpoints[i].outcomes[o]);
        }
}

static void write_receipts(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (unsigned i = 0; i < s->n_endpoints; i++) {
        const struct endpoint_metrics *p = &s->endpoints[i];
        const struct str delivered[] = {str_of(p->name), STR_LIT("delivered")};
        const struct str failed[] = {str_of(p->name), STR_LIT("failed")};
        if (!p->messages)
            continue;
        exposition_count(e, delivered, p->receipts_delivered);
        exposition_count(e, failed, p->receipts_failed);
    }
}

/* --- the table --- */

#define AT(member) offsetof(struct endpoint_metrics, member)

static const struct metric metrics[] = {
    {{"lifecertd_endpoint_state", FAMILY_GAUGE, {"endpoint", "state"}, "1 for what the endpoint does just now, else 0"},
     write_states,
     0},
    {{"lifecertd_endpoint_paused_timestamp_seconds",
      FAMILY_GAUGE,
      {"endpoint"},
      "Since when the endpoint is paused, absent when it is not"},
     write_timestamp,
     AT(paused_at)},
    {{"lifecertd_endpoint_last_success_timestamp_seconds",
      FAMILY_GAUGE,
      {"endpoint"},
      "When the endpoint last answered as it should, absent when it has not since the start"},
     write_timestamp,
     AT(last_ok_at)},
    {{"lifecertd_endpoint_lag_events", FAMILY_GAUGE, {"endpoint"}, "Events of the log behind the endpoint's cursor"},
     write_count,
     AT(lag)},
    {{"lifecertd_endpoint_lag_seconds",
      FAMILY_GAUGE,
      {"endpoint"},
      "How long the first event behind the endpoint's cursor has been durable, 0 when there is none"},
     write_seconds,
     AT(lag_ms)},
    {{"lifecertd_endpoint_cursor", FAMILY_GAUGE, {"endpoint"}, "The number of the event up to which all is settled"},
     write_count,
     AT(cursor)},
    {{"lifecertd_endpoint_requests_total", FAMILY_COUNTER, {"endpoint"}, "Requests that were begun"},
     write_count,
     AT(requests)},
    {{"lifecertd_endpoint_outcomes_total", FAMILY_COUNTER, {"endpoint", "outcome"}, "Requests, by what came of them"},
     write_outcomes,
     0},
    {{"lifecertd_endpoint_delivered_total",
      FAMILY_COUNTER,
      {"endpoint"},
      "Events or messages that were delivered since the endpoint was first seen"},
     write_count,
     AT(delivered)},
    {{"lifecertd_endpoint_skipped_total",
      FAMILY_COUNTER,
      {"endpoint"},
      "Messages that had become moot, since the endpoint was first seen"},
     write_count,
     AT(skipped)},
    {{"lifecertd_endpoint_dead_total",
      FAMILY_COUNTER,
      {"endpoint"},
      "Events or messages that were given up, since the endpoint was first seen"},
     write_count,
     AT(dead)},
    {{"lifecertd_endpoint_dead_letters",
      FAMILY_GAUGE,
      {"endpoint"},
      "Events or messages that were given up and wait for an operator, counted up to 100000"},
     write_count,
     AT(dead_letters)},
    {{"lifecertd_endpoint_in_flight", FAMILY_GAUGE, {"endpoint"}, "Requests on their way"}, write_count, AT(in_flight)},
    {{"lifecertd_endpoint_retrying", FAMILY_GAUGE, {"endpoint"}, "Events or messages that wait for another attempt"},
     write_count,
     AT(retrying)},
    {{"lifecertd_endpoint_waiting",
      FAMILY_GAUGE,
      {"endpoint"},
      "Events or messages behind another one of their person"},
     write_count,
     AT(waiting)},
    {{"lifecertd_endpoint_unknown",
      FAMILY_GAUGE,
      {"endpoint"},
      "Messages of which nobody knows whether they were sent, and which wait for a receipt"},
     write_count,
     AT(unknown)},
    {{"lifecertd_endpoint_redelivery_events",
      FAMILY_GAUGE,
      {"endpoint"},
      "Events of the log that a redelivery under way has before it, 0 when there is none"},
     write_count,
     AT(redelivery)},
    {{"lifecertd_endpoint_receipts_total",
      FAMILY_COUNTER,
      {"endpoint", "receipt"},
      "Final receipts of messages, since the endpoint was first seen"},
     write_receipts,
     0},
};

const struct metric_section endpoint_section = {metrics, sizeof metrics / sizeof *metrics};
