#include "config/schema.h"

#include <string.h>

#include "config/schema_endpoint.h"
#include "config/schema_token.h"
#include "config/value.h"

static const char *const validity_words[] = {"month-end", "exact-day", NULL};
static const char *const resume_words[] = {"immediate", "next-month", NULL};

#define DAYS_EXPECTED "0 to 365 (days)"

#define ROOT(member) offsetof(struct config, member)
#define REVISION_MAX 999999999999999 /* exact in a double, as which scripts and readers of JSON see it */

static const struct key root_keys[] = {
    {.name = "timezone", .parse = value_timezone, .fallback = "Asia/Shanghai",
     .expected = "a name from the system's time zones, such as \"Asia/Shanghai\"",
     .help = "The time zone in which days begin and reminders are sent."},
    {.name = "store", .parse = value_store, .fallback = "dir:/var/lib/lifecertd",
     .expected = "\"dir:FOLDER\", \"memory:\", \"redis://HOST:PORT/PREFIX\", \"redis-sentinel://...\" or "
                 "\"redis-cluster://...\"",
     .hides = true, .help = "Where the event log and the contacts are kept."},
    {.name = "compress_log", .parse = value_bool, .offset = ROOT(compress_log), .fallback = "true",
     .expected = "true or false", .help = "Whether the log's closed segments are compressed."},
    {.name = "checkpoint_every", .parse = value_uint32, .offset = ROOT(checkpoint_every), .min = 1000,
     .max = 1000000000, .fallback = "20000000", .expected = "1000 to 1000000000 (events)",
     .help = "After how many events a checkpoint is written."},
    {.name = "listen", .parse = value_listen, .list = true, .min = 1, .max = LISTEN_MAX,
     .fallback = "unix:/run/lifecertd/api.sock",
     .expected = "\"unix:/PATH\", \"HOST:PORT\" or \"tls:HOST:PORT\", each once",
     .help = "Where the daemon answers requests."},
    {.name = "tls_cert", .parse = value_file, .offset = ROOT(tls_cert), .expected = FILE_EXPECTED,
     .help = "The certificate (PEM) of addresses with TLS, with those that it hangs on."},
    {.name = "tls_key", .parse = value_file, .offset = ROOT(tls_key), .expected = FILE_EXPECTED,
     .help = "Its key (PEM)."},
    {.name = "tls_client_ca", .parse = value_file, .offset = ROOT(tls_client_ca), .expected = FILE_EXPECTED,
     .help = "Who connects with TLS must have a certificate that one of these (PEM) has signed."},
    {.name = "clock", .parse = value_clock, .fallback = "system",
     .expected = "\"system\" or a start and a factor, such as \"2026-02-01T00:00:00+08:00 x86400\"",
     .help = "The clock that decisions are taken by; an accelerated one is for shows and trials."},
    {.name = "brake_limit", .parse = value_brake, .fallback = "1%",
     .expected = "a number such as \"500\", a percentage such as \"1%\" or \"off\"",
     .help = "How many suspensions a day may bring before all further ones are held."},
    {.name = "clock_jump", .parse = value_duration, .offset = ROOT(clock_jump), .fallback = "1h",
     .expected = DURATION_EXPECTED,
     .help = "How far the wall clock may move against the monotonic clock before suspensions are held."},
    {.name = "max_downtime", .parse = value_duration, .offset = ROOT(max_downtime), .fallback = "7d",
     .expected = DURATION_EXPECTED,
     .help = "How long the daemon may have been down before suspensions are held at its start."},
    {.name = "country_code", .parse = value_country_code, .fallback = "+86",
     .expected = "+ and 1 to 3 digits, such as \"+86\"", .help = "The country of phone numbers written without one."},
    {.name = "max_lines", .parse = value_uint32, .offset = ROOT(max_lines), .min = 1, .max = 10000000,
     .fallback = "100000", .expected = "1 to 10000000", .help = "How many lines one request may bring."},
    {.name = "sms_daily_cap", .parse = value_sms_daily_cap, .min = 1, .max = 1000, .fallback = "5",
     .expected = "1 to 1000", .help = "How many messages one phone number gets on a day, at most."},
    {.name = "delivery_log", .parse = value_delivery_log, .expected = "\"/PATH\"",
     .help = "A file that gets a line for every delivery."},
    {.name = "name", .parse = value_name, .offset = ROOT(name), .of_redis = true, .expected = NAME_EXPECTED,
     .help = "This daemon's name among those that run on one store in Redis."},
    {.name = "replicas", .parse = value_replicas, .offset = ROOT(replicas), .max = REPLICAS_MAX, .fallback = "auto",
     .of_redis = true, .expected = "\"auto\" or 0 to 8",
     .help = "How many replicas must have what was written to Redis before it counts."},
    {.name = "lease", .parse = value_lease, .offset = ROOT(lease_ms), .min = 2, .max = 60, .fallback = "6s",
     .of_redis = true, .expected = "\"2s\" to \"60s\"",
     .help = "How long a daemon that has fallen silent keeps its shards from the others."},
    {.name = "archive", .parse = value_folder, .offset = ROOT(archive), .of_redis = true, .expected = "\"/FOLDER\"",
     .help = "The folder to which closed segments of a log in Redis are moved."},
    {.name = "allow_lossy", .parse = value_bool, .offset = ROOT(allow_lossy), .fallback = "false", .of_redis = true,
     .expected = "true or false", .help = "Whether a Redis that may lose what it has acknowledged will do."},
    {.name = "redis_password_file", .parse = value_file, .offset = ROOT(redis_password_file), .of_redis = true,
     .expected = FILE_EXPECTED, .help = "The password for Redis."},
    {.name = "revision", .parse = value_uint64, .offset = ROOT(revision), .max = REVISION_MAX, .fallback = "0",
     .of_redis = true, .expected = "0 to 999999999999999",
     .help = "Which of two daemons' configurations is the newer one."},
};

#define POLICY(member) offsetof(struct policy, member)

static const struct key policy_keys[] = {
    {.name = "cycle", .parse = value_cycle, .fallback = "12 months",
     .expected = "\"N months\" (1 to 120) or \"N days\" (1 to 3660)", .help = "How long a certification counts."},
    {.name = "validity", .parse = value_choice, .offset = POLICY(validity), .words = validity_words,
     .fallback = "month-end", .expected = "\"month-end\" or \"exact-day\"",
     .help = "Whether a certification counts to the end of its last month, or to the day."},
    {.name = "remind_ahead", .parse = value_int, .offset = POLICY(remind_ahead), .max = 12, .fallback = "3",
     .expected = "0 to 12 (months)", .help = "How early reminders start; 0 sends none."},
    {.name = "remind_every", .parse = value_int, .offset = POLICY(remind_every), .min = 1, .max = 12, .fallback = "1",
     .expected = "1 to 12 (months)", .help = "The step between reminders."},
    {.name = "remind_at", .parse = value_time_of_day, .offset = POLICY(remind_at), .fallback = "09:00",
     .expected = "\"HH:MM\", from \"00:00\" to \"23:59\"", .help = "The local time of day of a reminder."},
    {.name = "grace", .parse = value_int, .offset = POLICY(grace), .max = 365, .fallback = "15",
     .expected = DAYS_EXPECTED, .help = "The days after the due date in which nothing is withheld."},
    {.name = "payday", .parse = value_int, .offset = POLICY(payday), .min = 1, .max = 31, .fallback = "15",
     .expected = "1 to 31 (the day of the month)",
     .help = "The day on which a period is paid; in a shorter month its last day."},
    {.name = "resume", .parse = value_choice, .offset = POLICY(resume), .words = resume_words, .fallback = "immediate",
     .expected = "\"immediate\" or \"next-month\"", .help = "When regular payment starts again after a suspension."},
    {.name = "evidence_after", .parse = value_int, .offset = POLICY(evidence_after), .max = 600, .fallback = "24",
     .expected = "0 to 600 (months)", .help = "After so long without certification evidence is asked for; 0 never."},
    {.name = "defer_max", .parse = value_int, .offset = POLICY(defer_max), .max = 365, .fallback = "30",
     .expected = DAYS_EXPECTED, .help = "How far a booked home visit may move a suspension."},
    {.name = "notice", .parse = value_int, .offset = POLICY(notice), .max = 365, .fallback = "15",
     .expected = DAYS_EXPECTED,
     .help = "Nobody is suspended sooner than this after an enrolment, a changed policy, a revocation, a resumption or "
             "a reinstatement."},
    {.name = "channels", .parse = value_channel_name, .list = true, .max = CHANNEL_MAX,
     .expected = "channels that have a section, each once", .help = "The channels that count; empty accepts all."},
};

static const struct key channel_keys[] = {
    {.name = "expect_every", .parse = value_duration, .offset = offsetof(struct channel, expect_every),
     .expected = DURATION_EXPECTED,
     .help = "When the channel has brought nothing for longer, suspensions that it might have averted are held."},
};

#define KEYS(table) table, sizeof table / sizeof *table

_Static_assert(sizeof root_keys / sizeof *root_keys <= SCHEMA_KEYS_MAX, "SCHEMA_KEYS_MAX is too small");
_Static_assert(sizeof policy_keys / sizeof *policy_keys <= SCHEMA_KEYS_MAX, "SCHEMA_KEYS_MAX is too small");

const struct section config_schema[SECTION_N] = {
    [SECTION_ROOT] = {"root", NULL, "Outside of sections.", KEYS(root_keys)},
    [SECTION_POLICY] = {"policy", "NAME", "A region's or benefit's parameters.", KEYS(policy_keys)},
    [SECTION_CHANNEL] = {"channel", "NAME", "A way for certifications to come in.", KEYS(channel_keys)},
    [SECTION_ENDPOINT] = {"endpoint", "NAME", "Who gets events, or by whom people get messages.", endpoint_keys,
                          ENDPOINT_KEYS},
    [SECTION_MESSAGE] = {"message", "NAME", "A message's text of the agency's own.", message_keys, MESSAGE_KEYS},
    [SECTION_TOKEN] = {"token", "NAME", "Who may make requests, known by a bearer token.", token_keys, TOKEN_KEYS},
};

const struct section *schema_section(const char *name)
{
    for (size_t i = 0; i < SECTION_N; i++)
        if (strcmp(config_schema[i].name, name) == 0)
            return &config_schema[i];
    return NULL;
}

const struct key *schema_key(const struct section *s, const char *name)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (strcmp(s->keys[i].name, name) == 0)
            return &s->keys[i];
    return NULL;
}

bool section_name_valid(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\')
            return false;
    return n > 0 && n <= POLICY_NAME_MAX;
}

void schema_names(const struct section *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_keys; i++)
        buf_printf(out, "%s%s", i ? ", " : "", s->keys[i].name);
}

static bool is_bare(const char *value)
{
    return value[strspn(value, "0123456789")] == '\0' || strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
}

static void describe_key(const struct key *k, const char *indent, struct buf *out)
{
    const char *open = k->list ? "{ " : "", *close = k->list ? " }" : "";
    const char *quote = k->fallback && is_bare(k->fallback) ? "" : "\"";
    if (k->fallback)
        buf_printf(out, "%s%s = %s%s%s%s%s\n", indent, k->name, open, quote, k->fallback, quote, close);
    else
        buf_printf(out, "%s%s%s\n", indent, k->name, k->list ? " = { }" : " (none)");
    buf_printf(out, "%s    %s\n%s    Expected: %s%s.\n", indent, k->help, indent, k->list ? "a list of " : "",
               k->expected);
}

void config_describe(struct buf *out)
{
    for (size_t i = 0; i < SECTION_N; i++) {
        const struct section *s = &config_schema[i];
        if (s->title)
            buf_printf(out, "%s \"%s\" { ... }\n    %s\n", s->name, s->title, s->help);
        for (size_t k = 0; k < s->n_keys; k++)
            describe_key(&s->keys[k], s->title ? "    " : "", out);
    }
    buf_adds(out, "include(\"FILE\")\n    Reads another file here; a relative name starts at the folder of the file "
                  "that includes it.\n");
}
