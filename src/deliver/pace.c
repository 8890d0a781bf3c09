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

void pace_configure(struct pace *p, const struct endpoint *e, struct rate granted)
{
    int64_t own = interval_of(e->rate), theirs = interval_of(granted);
    p->interval = own > theirs ? own : theirs;
    p->burst = NS_PER_SECOND / 10; /* a tenth of a second's worth at once, so that a fast rate needs no fast timer */
    p->max_window = e->max_in_flight;
    if (p->window > p->max_window)
        p->window = p->max_window;
}

void pace_init(struct pace *p, const struct endpoint *e, struct rate granted)
{
    *p = (struct pace){.window = e->max_in_flight};
    pace_configure(p, e, granted);
}

/* How many the rate lets through now. */
static int64_t rate_allows(const struct pace *p, int64_t now_ns)
{
    if (!p->interval)
        return INT32_MAX;
    int64_t due = p->due > now_ns ? p->due : now_ns;
    int64_t ahead = now_ns + p->burst - due;
    return ahead < 0 ? 0 : ahead / p->interval + 1;
}

unsigned pace_allows(const struct pace *p, int64_t now, unsigned in_flight)
{
    unsigned window = (unsigned)p->window;
    if (now < p->spared_until || in_flight >= window)
        return 0;
    int64_t n = rate_allows(p, now * NS_PER_MS);
    return n < window - in_flight ? (unsigned)n : window - in_flight;
}

void pace_sent(struct pace *p, int64_t now)
{
    int64_t now_ns = now * NS_PER_MS;
    if (p->interval)
        p->due = (p->due > now_ns ? p->due : now_ns) + p->interval;
}

void pace_succeeded(struct pace *p)
{
    p->spared_for = 0;
    if (p->window < p->max_window)
        p->window += 1 / p->window;
    if (p->window > p->max_window)
        p->window = p->max_window;
}

void pace_throttled(struct pace *p, int64_t now, int64_t retry_after)
{
    int64_t for_ms = retry_after >= 0 ? retry_after * 1000 : p->spared_for ? 2 * p->spared_for : FIRST_SPARE_MS;
    int64_t longest = retry_after >= 0 ? PACE_LONGEST_MS : LONGEST_SPARE_MS;
    if (for_ms > longest)
        for_ms = longest;
    /* What was sent before it asked to be spared says the same again. */
    if (now < p->spared_until && now + for_ms <= p->spared_until)
        return;
    if (now >= p->spared_until)
        p->window = p->window > 2 ? p->window / 2 : 1;
    p->spared_for = for_ms;
    p->spared_until = now + for_ms;
}

int64_t pace_next_at(const struct pace *p, int64_t now)
{
    int64_t at = now;
    if (p->interval && rate_allows(p, now * NS_PER_MS) == 0)
        at = (p->due - p->burst) / NS_PER_MS + 1;
    return p->spared_until > at ? p->spared_until : at;
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
    return tz_instant(tz, end, q->to) * 1000;
}
