/* What the engine has done, and what it has before it. */
#include "core/text.h"
#include "http/metrics/metrics.h"

#define NANOSECOND 1e-9

/* --- single numbers: at is their place in struct engine_counters --- */

static void write_count(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    exposition_count(e, NULL, *(const uint64_t *)((const char *)&s->engine + m->at));
}

static void write_nanoseconds(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    exposition_number(e, NULL, (double)*(const uint64_t *)((const char *)&s->engine + m->at) * NANOSECOND);
}

static void write_flag(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    exposition_count(e, NULL, *(const bool *)((const char *)&s->engine + m->at));
}

/* There may be none. */
static void write_instant(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    lc_instant at = *(const lc_instant *)((const char *)&s->engine + m->at);
    if (at != INSTANT_NONE)
        exposition_number(e, NULL, (double)at);
}

static void write_checkpoint_age(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    if (s->engine.checkpoint_age >= 0)
        exposition_number(e, NULL, (double)s->engine.checkpoint_age);
}

/* --- by words --- */

static void write_inputs(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int op = 0; op < OP_N; op++)
        for (int r = 0; r < RESULT_N; r++) {
            const struct str labels[] = {op_texts.v[op], result_texts.v[r]};
            exposition_count(e, labels, s->engine.inputs[op][r]);
        }
}

static void write_rejections(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int op = 0; op < OP_N; op++)
        for (int r = REASON_NONE + 1; r < REASON_N; r++) {
            const struct str labels[] = {op_texts.v[op], reason_texts.v[r]};
            exposition_count(e, labels, s->engine.rejections[op][r]);
        }
}

static void write_events(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int t = 0; t < EV_N; t++)
        exposition_count(e, &event_type_texts.v[t], s->engine.events[t]);
}

static void write_people(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int status = 0; status < STATUS_N; status++)
        exposition_count(e, &status_texts.v[status], s->engine.status[status]);
}

static void write_holds(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int kind = 0; kind < HOLD_N; kind++)
        exposition_count(e, &hold_texts.v[kind], s->engine.holds[kind]);
}

static void write_hold_placed(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    for (int kind = 0; kind < HOLD_N; kind++)
        exposition_count(e, &hold_texts.v[kind], s->engine.holds[kind] > 0);
}

static void write_commit_seconds(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    double bounds[COMMIT_BUCKETS_N];
    struct histogram h = {.bounds = bounds,
                          .counts = s->engine.commit_buckets,
                          .n = COMMIT_BUCKETS_N,
                          .sum = (double)s->engine.commit_ns * NANOSECOND};
    (void)m;
    for (int i = 0; i < COMMIT_BUCKETS_N; i++)
        bounds[i] = (double)commit_bucket_limits[i] / 1e9; /* exact where it can be: the text is what stands above */
    exposition_histogram(e, NULL, &h);
}

/* --- by channel --- */

static void each_channel(const struct scrape *s, struct exposition *e,
                         double (*value)(const struct engine_counters *all, const struct channel_counters *c))
{
    for (unsigned i = 0; i < s->engine.n_channels; i++) {
        const struct channel_counters *c = &s->engine.channels[i];
        struct str name = str_of(c->name);
        if (c->configured)
            exposition_number(e, &name, value(&s->engine, c));
    }
}

static double heard(const struct engine_counters *all, const struct channel_counters *c)
{
    return all->now > c->heard_at ? (double)(all->now - c->heard_at) : 0;
}

static double expected(const struct engine_counters *all, const struct channel_counters *c)
{
    (void)all;
    return (double)c->expect_every;
}

static double accepted(const struct engine_counters *all, const struct channel_counters *c)
{
    (void)all;
    return (double)c->accepted;
}

static void write_heard(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    each_channel(s, e, heard);
}

static void write_expected(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    each_channel(s, e, expected);
}

static void write_accepted(const struct metric *m, const struct scrape *s, struct exposition *e)
{
    (void)m;
    each_channel(s, e, accepted);
}

/* --- the table --- */

#define AT(member) offsetof(struct engine_counters, member)

static const struct metric metrics[] = {
    /* intake */
    {{"lifecertd_inputs_total", FAMILY_COUNTER, {"op", "result"}, "Inputs that were decided"}, write_inputs, 0},
    {{"lifecertd_rejections_total", FAMILY_COUNTER, {"op", "reason"}, "Inputs that were rejected, by the reason"},
     write_rejections,
     0},
    {{"lifecertd_inputs_queued", FAMILY_GAUGE, {NULL}, "Inputs that wait for the engine"},
     write_count,
     AT(queued_inputs)},
    {{"lifecertd_events_total", FAMILY_COUNTER, {"type"}, "Events that were decided"}, write_events, 0},
    /* people */
    {{"lifecertd_beneficiaries", FAMILY_GAUGE, {"status"}, "People on the roster"}, write_people, 0},
    {{"lifecertd_held", FAMILY_GAUGE, {NULL}, "People whose suspension a hold keeps back"}, write_count, AT(held)},
    {{"lifecertd_holds", FAMILY_GAUGE, {"kind"}, "Holds in force"}, write_holds, 0},
    {{"lifecertd_hold_placed", FAMILY_GAUGE, {"kind"}, "1 while a hold of that kind is in force, else 0"},
     write_hold_placed,
     0},
    /* channels */
    {{"lifecertd_channel_heard_seconds",
      FAMILY_GAUGE,
      {"channel"},
      "How long ago the channel last brought something, by the engine's clock"},
     write_heard,
     0},
    {{"lifecertd_channel_expected_seconds",
      FAMILY_GAUGE,
      {"channel"},
      "How often the channel is expected to bring something, 0 when nothing is expected"},
     write_expected,
     0},
    {{"lifecertd_channel_accepted_total", FAMILY_COUNTER, {"channel"}, "Certifications that were accepted"},
     write_accepted,
     0},
    /* deadlines */
    {{"lifecertd_clock_timestamp_seconds", FAMILY_GAUGE, {NULL}, "The engine's present"}, write_instant, AT(now)},
    {{"lifecertd_clock_simulated", FAMILY_GAUGE, {NULL}, "1 when the clock is not the system's, else 0"},
     write_flag,
     AT(simulated)},
    {{"lifecertd_next_deadline_timestamp_seconds",
      FAMILY_GAUGE,
      {NULL},
      "When the next deadline falls, by the engine's clock"},
     write_instant,
     AT(next_deadline)},
    {{"lifecertd_sweep_lag_seconds", FAMILY_GAUGE, {NULL}, "How far due deadlines are behind, by the engine's clock"},
     write_count,
     AT(lag_seconds)},
    {{"lifecertd_sweeps_total", FAMILY_COUNTER, {NULL}, "Sweeps over due deadlines that came to their end"},
     write_count,
     AT(sweeps)},
    {{"lifecertd_sweep_deadlines_total", FAMILY_COUNTER, {NULL}, "Due deadlines that were looked at"},
     write_count,
     AT(sweep_deadlines)},
    {{"lifecertd_sweep_seconds_total", FAMILY_COUNTER, {NULL}, "Time spent on due deadlines"},
     write_nanoseconds,
     AT(sweep_ns)},
    {{"lifecertd_last_sweep_seconds", FAMILY_GAUGE, {NULL}, "How long the last sweep took from beginning to end"},
     write_nanoseconds,
     AT(last_sweep_ns)},
    /* the log */
    {{"lifecertd_commit_seconds", FAMILY_HISTOGRAM, {NULL}, "How long a commit took"}, write_commit_seconds, 0},
    {{"lifecertd_commit_bytes_total", FAMILY_COUNTER, {NULL}, "Bytes of events that were committed"},
     write_count,
     AT(commit_bytes)},
    {{"lifecertd_event_number", FAMILY_GAUGE, {NULL}, "The number of the last event that was decided"},
     write_count,
     AT(last_seq)},
    {{"lifecertd_durable_event_number", FAMILY_GAUGE, {NULL}, "The number of the last event that is durable"},
     write_count,
     AT(durable_seq)},
    {{"lifecertd_log_bytes", FAMILY_GAUGE, {NULL}, "Size of the log, as text"}, write_count, AT(log_bytes)},
    {{"lifecertd_log_disk_bytes", FAMILY_GAUGE, {NULL}, "What the log takes on the disk"},
     write_count,
     AT(disk_bytes)},
    {{"lifecertd_log_segments", FAMILY_GAUGE, {NULL}, "Segments of the log"}, write_count, AT(n_segments)},
    {{"lifecertd_log_compressed_segments", FAMILY_GAUGE, {NULL}, "Segments of the log that are compressed"},
     write_count,
     AT(n_packed)},
    {{"lifecertd_checkpoints_total", FAMILY_COUNTER, {NULL}, "Checkpoints that were written whole"},
     write_count,
     AT(checkpoints)},
    {{"lifecertd_checkpoint_age_seconds", FAMILY_GAUGE, {NULL}, "How long ago the last checkpoint was written"},
     write_checkpoint_age,
     0},
    {{"lifecertd_checkpoint_event_number",
      FAMILY_GAUGE,
      {NULL},
      "Up to which event the last checkpoint reaches, 0 when there is none"},
     write_count,
     AT(checkpoint_seq)},
};

const struct metric_section engine_section = {metrics, sizeof metrics / sizeof *metrics};
