#include "deliver/pace.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)
#define FIRST_SPARE_MS INT64_C(1000)
#define LONGEST_SPARE_MS INT64_C(300000)
#define DAY_SECONDS 86400

static int64_t interval_of(struct rate r)
{
    return r.n ? (int64_t)r.seconds * NS_PER_SECOND / r.n : 0;
}

void pace_configure(struct pace *p, const struct endpoint *e, struct rate granted, unsigned shares)
{
    int64_t own = interval_of(e->rate), theirs = interval_of(granted);
    unsigned window = e->max_in_flight / shares;
    p->interval = (own > theirs ? own : theirs) * shares;
    p->burst = NS_PER_SECOND / 10; /* a tenth of a second's worth at once, so that a fast rate needs no fast timer */
    if (p->window == p->max_window) /* nobody ever asked for less, or that is over */
        p->window = window ? window : 1;
    p->max_window = window ? window : 1;
}

/* How many may be in flight: what was learnt, within what is configured. */
static double window_of(const struct pace *p)
{
    return p->window < p->max_window ? p->window : p->max_window;
}

void pace_init(struct pace *p, const struct endpoint *e, struct rate granted, unsigned shares)
{
    *p = (struct pace){.max_window = 0};
    pace_configure(p, e, granted, shares);
}

/* When the next one would be in time. Sending never runs further ahead than that: if it seems to, the wall clock was
 * set back. */
static int64_t due_at(const struct pace *p, int64_t now_ns)
{
    return p->due < now_ns || p->due > now_ns + p->burst + p->interval ? now_ns : p->due;
}

/* How many the rate lets through now. */
static int64_t rate_allows(const struct pace *p, int64_t now_ns)
{
    if (!p->interval)
        return INT32_MAX;
    int64_t ahead = now_ns + p->burst - due_at(p, now_ns);
    return ahead < 0 ? 0 : ahead / p->interval + 1;
}

/* The same of what it asked for. */
static bool is_spared(const struct pace *p, int64_t now)
{
    return now < p->spared_until && p->spared_until - now <= PACE_LONGEST_MS;
}

unsigned pace_allows(const struct pace *p, int64_t now, unsigned in_flight)
{
    unsigned window = (unsigned)window_of(p);
    if (is_spared(p, now) || in_flight >= window)
        return 0;
    int64_t n = rate_allows(p, now * NS_PER_MS);
    return n < window - in_flight ? (unsigned)n : window - in_flight;
}

unsigned pace_half(const struct pace *p)
{
    unsigned window = (unsigned)window_of(p);
    return window > 1 ? window / 2 : 1;
}

void pace_sent(struct pace *p, int64_t now)
{
    int64_t now_ns = now * NS_PER_MS;
    if (p->interval)
        p->due = due_at(p, now_ns) + p->interval;
}

void pace_succeeded(struct pace *p)
{
    p->spared_for = 0;
    if (p->window >= p->max_window)
        return;
    p->window += 1 / p->window;
    if (p->window > p->max_window)
        p->window = p->max_window;
}

/* How long it is to be spared. */
static int64_t spare_ms(const struct pace *p, int64_t retry_after)
{
    if (retry_after >= 0)
        return retry_after < PACE_LONGEST_MS / 1000 ? retry_after * 1000 : PACE_LONGEST_MS;
    int64_t twice = p->spared_for ? 2 * p->spared_for : FIRST_SPARE_MS;
    return twice < LONGEST_SPARE_MS ? twice : LONGEST_SPARE_MS;
}

/* What was sent before it asked to be spared says the same again: only a longer wish counts then. */
void pace_throttled(struct pace *p, int64_t now, int64_t retry_after)
{
    bool spared = is_spared(p, now);
    int64_t for_ms = spare_ms(p, retry_after);
    if (spared && (retry_after < 0 || now + for_ms <= p->spared_until))
        return;
    if (!spared)
        p->window = window_of(p) > 2 ? window_of(p) / 2 : 1;
    p->spared_for = for_ms;
    p->spared_until = now + for_ms;
}

int64_t pace_next_at(const struct pace *p, int64_t now)
{
    int64_t at = now;
    if (p->interval && rate_allows(p, now * NS_PER_MS) == 0)
        at = (p->due - p->burst) / NS_PER_MS + 1;
    return is_spared(p, now) && p->spared_until > at ? p->spared_until : at;
}

int64_t quiet_until(const struct quiet_hours *q, const struct tz *tz, int64_t now)
{
    if (q->from == q->to)
        return 0;
    lc_instant at = now / 1000;
    lc_date today = tz_date(tz, at);
    int second = (int)((at + tz_offset(tz, at)) % DAY_SECONDS);
    bool over_midnight = q->to < q->from;
    bool inside = over_midnight ? second >= q->from || second < q->to : second >= q->from && second < q->to;
    if (!inside)
        return 0;
    lc_date end = over_midnight && second >= q->from ? today + 1 : today;
    int64_t until = tz_instant(tz, end, q->to) * 1000;
    /* In an hour that comes twice the end was there already: it comes again. */
    return until > now ? until : (at + q->to - second) * 1000;
}
