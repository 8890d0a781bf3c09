#include "tests/soak/sides.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

#define MS INT64_C(1000000)
#define WAIT_MS 60000

/* --- the endpoints --- */

#define RETRY_LONG                                                                                                    \
    "  retry = { \"1s\", \"1s\", \"1s\", \"1s\", \"2s\", \"2s\", \"2s\", \"2s\", \"2s\", \"2s\", \"3s\", \"3s\","  \
    " \"3s\", \"3s\", \"4s\", \"4s\", \"5s\", \"5s\", \"5s\", \"5s\" }\n"

static const char *const batch_events[] = {"benefit.*", "certification.*", NULL};
static const char *const filtered_events[] = {"benefit.*", "reminder.due", "certification.accepted", NULL};

const struct side_plan side_plans[SIDES] = {
    {.name = "payroll",
     .path = "/hooks/payroll",
     .max_unnoted = 256,
     .policy = POLICY_ALL,
     .secret = "hooks.secret",
     .settings = "  adapter = \"standard-webhooks\"\n  max_in_flight = 32\n" RETRY_LONG},
    /* Two attempts, and little room for who waits. */
    {.name = "short",
     .path = "/hooks/short",
     .may_give_up = true,
     .max_unnoted = 16,
     .policy = 0,
     .events = filtered_events,
     .secret = "hooks.secret",
     .settings = "  adapter = \"standard-webhooks\"\n  policies = { \"half-yearly\" }\n  max_in_flight = 8\n"
                 "  max_parked = 60\n  retry = { \"1s\" }\n"
                 "  events = { \"benefit.*\", \"reminder.due\", \"certification.accepted\" }\n"},
    {.name = "batch",
     .path = "/hooks/batch",
     .max_unnoted = 256,
     .policy = POLICY_ALL,
     .events = batch_events,
     .secret = "hooks.secret",
     .settings = "  adapter = \"cloudevents\"\n  mode = \"batch\"\n  max_in_flight = 4\n"
                 "  events = { \"benefit.*\", \"certification.*\" }\n" RETRY_LONG},
    {.name = "stream",
     .max_unnoted = 256,
     .policy = POLICY_ALL,
     .settings = "  adapter = \"redis-stream\"\n  stream = \"" STREAM_KEY "\"\n  max_in_flight = 16\n"
                 "" RETRY_LONG},
    {.name = "sms",
     .path = "/sms/kannel",
     .messages = true,
     .receipts = true,
     .max_unnoted = 256,
     .policy = POLICY_ALL,
     .secret = "gateway.secret",
     .settings = "  adapter = \"kannel\"\n  username = \"u\"\n  signature = \"社保\"\n  max_in_flight = 32\n"
                 "  quiet_hours = \"none\"\n  receipt_within = \"60s\"\n"
                 "  receipt_url = \"http://127.0.0.1:1\"\n" RETRY_LONG},
    {.name = "other",
     .path = "/sms/form",
     .messages = true,
     .may_give_up = true,
     .max_unnoted = 64,
     .policy = 1,
     .secret = "gateway.secret",
     .settings = "  adapter = \"template\"\n  signature = \"社保\"\n  policies = { \"national\" }\n"
                 "  headers = { \"Content-Type: application/x-www-form-urlencoded\" }\n"
                 "  body = \"id={{id}}&to={{phone}}&text={{signed_text}}\"\n"
                 "  sent_when = { \"status 200 and json status = sent\" }\n  retry_when = { \"status 503\" }\n"
                 "  max_in_flight = 8\n  quiet_hours = \"none\"\n  receipt_within = \"60s\"\n"
                 "  retry = { \"1s\" }\n"},
};

/* A unit's digest has a unit and no policy: an endpoint that names policies does not want it. */
bool side_wants(const struct side *s, const struct entry *e)
{
    const struct side_plan *p = s->plan;
    if (p->policy != POLICY_ALL && (e->person >= UNIT_FIRST || e->person % 3 != p->policy))
        return false;
    if (p->messages)
        return e->message;
    for (unsigned i = 0; p->events && p->events[i]; i++)
        if (fnmatch(p->events[i], event_type_text((enum event_type)e->type), 0) == 0)
            return true;
    return !p->events;
}

static void add_endpoint(const struct sides *s, const struct side *side, struct buf *out)
{
    const struct side_plan *p = side->plan;
    buf_printf(out, "endpoint \"%s\" {\n%s", p->name, p->settings);
    if (side->peer)
        buf_printf(out, "  url = \"http://%s%s\"\n  secret_file = \"%s/%s\"\n", peer_address(side->peer), p->path,
                   s->node->dir, p->secret);
    else
        buf_printf(out, "  url = \"redis://127.0.0.1:%d\"\n", s->stream.server.port);
    if (p->receipts)
        buf_printf(out, "  receipt_secret_file = \"%s/receipts.secret\"\n", s->node->dir);
    buf_printf(out, "  max_unnoted = %u\n  from = 1\n  timeout = \"2s\"\n  allow_private = true\n}\n",
               side->max_unnoted);
}

void sides_configure(struct sides *s, unsigned clock_factor)
{
    struct buf text = BUF_INIT;
    buf_printf(&text,
               "timezone = \"Asia/Shanghai\"\nclock = \"2026-01-01T00:00:00+08:00 x%u\"\nbrake_limit = \"off\"\n"
               "sms_daily_cap = 1000\ndelivery_log = \"%s/delivery.log\"\nchannel \"face\" { }\n"
               "policy \"half-yearly\" { cycle = \"6 months\" }\npolicy \"national\" { }\n"
               "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n",
               clock_factor, s->node->dir);
    for (unsigned i = 0; i < SIDES; i++)
        add_endpoint(s, &s->v[i], &text);
    buf_addc(&text, '\0');
    node_configure(s->node, text.p);
    buf_done(&text);
}

/* --- their receivers --- */

static void write_secret(const struct node *n, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", n->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        bail_out("cannot write %s", path);
    close(fd);
}

static void start_peer(struct sides *s, struct side *side, uint64_t seed)
{
    char secret[160], number[24];
    const char *arguments[] = {"--record", side->record, "--seed", number, "--secret", secret, NULL};
    snprintf(number, sizeof number, "%" PRIu64, seed);
    snprintf(secret, sizeof secret, "%s/%s", s->node->dir, side->plan->secret);
    if (side->plan->messages)
        arguments[4] = NULL;
    side->peer = peer_start(arguments);
}

void sides_init(struct sides *s, struct node *n, uint64_t seed)
{
    *s = (struct sides){.node = n, .rng = rng_seed(seed), .copies = 1 + seed % 2, .wide = seed % 4 != 3};
    write_secret(n, "hooks.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    write_secret(n, "gateway.secret", "password\n");
    write_secret(n, "receipts.secret", "of-the-gateway\n");
    for (unsigned i = 0; i < SIDES; i++) {
        struct side *side = &s->v[i];
        side->plan = &side_plans[i];
        side->max_unnoted = side->plan->max_unnoted * (s->wide ? 16 : 1);
        snprintf(side->record, sizeof side->record, "%s/%s.record", n->dir, side->plan->name);
        if (side->plan->path)
            start_peer(s, side, seed + i);
    }
    stream_start(&s->stream);
}

void sides_stop(struct sides *s, struct counts last[SIDES])
{
    for (unsigned i = 0; i < SIDES; i++)
        if (!s->v[i].peer)
            stream_record(&s->stream, s->v[i].record);
        else if (peer_stop(s->v[i].peer, &last[i]) != 0)
            bail_out("the receiver of %s did not end well", s->v[i].plan->name);
}

void sides_done(struct sides *s)
{
    for (unsigned i = 0; i < SIDES; i++)
        peer_free(s->v[i].peer);
    stream_done(&s->stream);
}

/* --- moods --- */

struct mood {
    unsigned weight;
    const char *hooks, *gateway;
    unsigned away_ms; /* restarts, and is away for so long at most */
};

static const struct mood moods[] = {
    {10,
     "fail=30 hang=1 reset=3 reset_after=2 close=2 drip=2 big=1 garbage=1 redirect=1 gone=0.05 slow=10 slow_ms=200",
     "fail=30 status=503 hang=1 reset=1 reset_after=1 close=1 drip=2 big=1 garbage=0.5 redirect=0.2 slow=10"
     " slow_ms=200",
     0},
    {3, "fail=30 status=429 retry_after=1 hang=2", "fail=30 status=429 retry_after=1 hang=1", 0},
    {3, "fail=30 status=503 slow=50 slow_ms=700 hang=3", "fail=30 status=503 slow=50 slow_ms=700 hang=3", 0},
    {2, "fail=50 reset=10", "fail=10 status=500 reset_after=5", 0},
    {4, "fail=30 reset=5 reset_after=5", "fail=30 status=503 reset_after=3", 2500},
    {2, "", "", 0},
};

static const struct mood *draw_mood(struct rng *rng)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof moods / sizeof *moods; i++)
        sum += moods[i].weight;
    unsigned lot = (unsigned)rng_below(rng, sum);
    const struct mood *m = moods;
    while (lot >= m->weight)
        lot -= m++->weight;
    return m;
}

/* Again and again while nobody listens. */
static void tell(struct side *side, const char *words)
{
    struct buf answer = BUF_INIT;
    int64_t limit = clock_monotonic_ns() + WAIT_MS * MS;
    int status;
    while ((status = peer_request(side->peer, "POST", "/control", NULL, str_of(words), &answer)) == 0) {
        if (clock_monotonic_ns() > limit)
            bail_out("the receiver of %s does not come back", side->plan->name);
        poll(NULL, 0, 5);
    }
    if (status != 200)
        bail_out("the receiver of %s refuses %s: %s", side->plan->name, words, answer.p);
    buf_done(&answer);
}

static void put_in_mood(struct sides *s, struct side *side, const struct mood *m)
{
    char words[512];
    int n = snprintf(words, sizeof words, "defaults %s", side->plan->messages ? m->gateway : m->hooks);
    if (side->plan->receipts)
        n += snprintf(words + n, sizeof words - (size_t)n,
                      " receipts=shuffled receipt_copies=%u receipt_tries=1000 receipt_ms=%u receipt_to=unix:%s",
                      s->copies, (unsigned)rng_below(&s->rng, 3000), s->node->socket);
    if (m->away_ms) {
        unsigned away = 200 + (unsigned)rng_below(&s->rng, m->away_ms);
        snprintf(words + n, sizeof words - (size_t)n, " down_ms=%u", away);
        side->away_until = clock_monotonic_ns() + away * MS;
    }
    tell(side, words);
}

/* One that is away just now stays as it is. */
void sides_unsettle(struct sides *s)
{
    struct side *side = &s->v[rng_below(&s->rng, SIDES)];
    const struct mood *m = draw_mood(&s->rng);
    if (clock_monotonic_ns() < side->away_until)
        return;
    if (side->peer)
        put_in_mood(s, side, m);
    else
        stream_unsettle(&s->stream, &s->rng);
    s->moods++;
}

void sides_calm(struct sides *s)
{
    static const struct mood calm = {1, "", "", 0};
    for (unsigned i = 0; i < SIDES; i++)
        if (s->v[i].peer)
            put_in_mood(s, &s->v[i], &calm);
    stream_calm(&s->stream);
}
