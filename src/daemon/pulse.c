#include "daemon/pulse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/text.h"
#include "daemon/notify.h"
#include "daemon/standing.h"

#define LOOKS_AN_INTERVAL 4
#define LOOK_MS 10000    /* without a watchdog */
#define LOOK_MS_MIN 1500 /* an idle engine comes round once a second */
#define NS_A_SECOND INT64_C(1000000000)

struct pulse {
    struct watch *timer;
    struct service *service;
    int64_t interval_ms;
    int64_t alive_ns; /* when progress was seen last */
    bool stalled, refused;
    bool held[HOLD_N]; /* by which kinds of holds, as the log knows */
    char said[STANDING_TEXT]; /* what the manager knows: it is told of changes only */
};

static unsigned idle_seconds(const struct pulse *p)
{
    return p->stalled ? (unsigned)((clock_monotonic_ns() - p->alive_ns) / NS_A_SECOND) : 0;
}

static void say(struct pulse *p, const struct engine_counters *n)
{
    struct standing s = {n, p->refused, idle_seconds(p)};
    char text[STANDING_TEXT];
    if (strcmp(standing_text(&s, text), p->said) == 0)
        return;
    memcpy(p->said, text, sizeof text);
    notify_status("%s", text);
}

/* A hold is an event of the log, which nobody watches: whoever reads the journal must see it, too. While no shard is
 * served here nothing is known. */
static void tell_holds(struct pulse *p, const struct engine_counters *n)
{
    for (int kind = 0; kind < HOLD_N && n->last_seq > 0; kind++) {
        bool held = n->holds[kind] > 0;
        if (held == p->held[kind])
            continue;
        p->held[kind] = held;
        log_line(held ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, held ? "hold-in-force" : "hold-over", "hold=%s",
                 hold_text(kind));
    }
}

static void stalled(struct pulse *p, const struct engine_counters *n)
{
    if (!p->stalled)
        log_line(LOG_LEVEL_ERR, "engine-stalled", "last_seq=%" PRIu64 " durable_seq=%" PRIu64, n->last_seq,
                 n->durable_seq);
    p->stalled = true;
}

static void alive(struct pulse *p)
{
    if (p->stalled)
        log_line(LOG_LEVEL_NOTICE, "engine-resumed", "seconds=%u", idle_seconds(p));
    p->stalled = false;
    p->alive_ns = clock_monotonic_ns();
    notify_alive();
}

static void look_at(struct pulse *p, struct engine_counters *out)
{
    p->service->engine.counters(p->service->engine.arg, out);
    tell_holds(p, out);
}

static void look(void *arg)
{
    struct pulse *p = arg;
    struct engine_counters n;
    look_at(p, &n);
    if (service_alive(p->service))
        alive(p);
    else
        stalled(p, &n);
    say(p, &n);
    watch_timer_set(p->timer, p->interval_ms);
}

static int64_t interval_ms(void)
{
    int64_t watchdog_ms = notify_watchdog_ms();
    if (!watchdog_ms)
        return LOOK_MS;
    int64_t ms = watchdog_ms / LOOKS_AN_INTERVAL;
    return ms < LOOK_MS_MIN ? LOOK_MS_MIN : ms;
}

struct pulse *pulse_start(struct loop *l, struct service *s)
{
    struct pulse *p = mem_zalloc(1, sizeof *p);
    struct engine_counters n;
    p->service = s;
    p->interval_ms = interval_ms();
    p->alive_ns = clock_monotonic_ns();
    p->timer = watch_timer(l, look, p);
    watch_timer_set(p->timer, p->interval_ms);
    look_at(p, &n);
    say(p, &n);
    return p;
}

void pulse_free(struct pulse *p)
{
    if (!p)
        return;
    watch_free(p->timer);
    free(p);
}

void pulse_reloaded(struct pulse *p, bool refused)
{
    struct engine_counters n;
    p->refused = refused;
    look_at(p, &n);
    say(p, &n);
}
