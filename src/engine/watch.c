/* The clock under suspicion: jumps of the wall clock against the boot clock, and the stamp that tells after a restart when
 * the daemon was last alive. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/internal.h"

#define NS INT64_C(1000000000)
/* A clock that drifts is not one that jumps: the base is taken anew so often. */
#define REBASE_NS (24 * 3600 * NS)

void watch_set_now(struct engine *e, lc_instant now)
{
    if (e->last_seq && now < e->last_time)
        now = e->last_time;
    if (now == e->env.now && e->env.today != DATE_NONE)
        return;
    e->env.now = now;
    e->env.offset = tz_offset(e->env.tz, now);
    e->env.today = tz_date(e->env.tz, now);
}

void watch_set_time(struct engine *e, const struct event *ev)
{
    e->last_time = e->env.now = ev->time;
    e->env.offset = ev->offset;
    e->env.today = ev->today;
}

static void rebase(struct engine *e)
{
    e->watch.wall_base = clock_wall_ns();
    e->watch.boot_base = clock_boot_ns();
}

/* Makes timer_fd readable as soon as somebody sets the clock. */
static void arm_timer(struct engine *e)
{
    struct itimerspec far = {.it_value = {.tv_sec = INT64_C(1) << 40}};
    timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

static void describe(char *out, size_t size, const char *what, int64_t seconds)
{
    snprintf(out, size, "%s by %" PRId64 " s", what, seconds < 0 ? -seconds : seconds);
}

void watch_start(struct engine *e, lc_instant alive)
{
    if (e->clock.mode != CLOCK_MODE_SYSTEM)
        return;
    rebase(e);
    arm_timer(e);
    if (alive == INSTANT_NONE)
        return;
    int64_t away = clock_wall_ns() / NS - alive;
    /* The stamp may be by another machine's clock, and no two are quite alike. */
    int64_t apart = e->options.office ? e->settings.clock_jump : 0;
    char why[160];
    if (away < -apart)
        describe(why, sizeof why, "at start the clock stands before the moment at which the daemon was last alive", away);
    else if (away > e->settings.max_downtime)
        describe(why, sizeof why, "at start the clock stands after the moment at which the daemon was last alive", away);
    else
        return;
    holds_clock(e, why);
}

void watch_look(struct engine *e)
{
    if (e->clock.mode != CLOCK_MODE_SYSTEM)
        return;
    uint64_t expirations;
    if (read(e->timer_fd, &expirations, sizeof expirations) < 0 && errno == ECANCELED)
        arm_timer(e); /* the clock was set */
    int64_t boot = clock_boot_ns() - e->watch.boot_base;
    int64_t moved = clock_wall_ns() - e->watch.wall_base - boot;
    if (llabs(moved) > e->settings.clock_jump * NS) {
        char why[160];
        describe(why, sizeof why, moved < 0 ? "the clock moved back" : "the clock moved forward", moved / NS);
        holds_clock(e, why);
        rebase(e);
    } else if (boot > REBASE_NS)
        rebase(e);
}

/* --- the stamp: "alive SECONDS"; "digest MONTH UNIT", "told MONTH CODE" (digest.c); "ordered NUMBER", of one of several
 * shards; then "channel SECONDS NAME" lines --- */

void watch_stamp(struct engine *e, struct buf *out)
{
    lc_instant alive = e->clock.mode == CLOCK_MODE_SYSTEM ? clock_wall_ns() / NS : e->env.now;
    buf_clear(out);
    buf_printf(out, "alive %" PRId64 "\n", alive);
    digest_stamp(e, out);
    if (e->options.office)
        buf_printf(out, "ordered %" PRIu64 "\n", e->office.ordered);
    for (unsigned i = 0; i < e->n_channels; i++)
        buf_printf(out, "channel %" PRId64 " %s\n", e->channels[i].heard, e->channels[i].name);
}

/* One line; p..end without its newline. */
static void read_line(struct engine *e, const char *p, const char *end, lc_instant *alive)
{
    char line[128], name[65];
    int64_t at;
    uint32_t unit;
    uint64_t number;
    if (end - p >= (long)sizeof line)
        return;
    memcpy(line, p, (size_t)(end - p));
    line[end - p] = '\0';
    if (sscanf(line, "alive %" SCNd64, &at) == 1)
        *alive = at;
    else if (sscanf(line, "digest %" SCNd64 " %" SCNu32, &at, &unit) == 2)
        digest_reached(e, (lc_month)at, unit);
    else if (sscanf(line, "told %" SCNd64 " %64[^\n]", &at, name) == 2)
        digest_told(e, (lc_month)at, str_of(name));
    else if (sscanf(line, "ordered %" SCNu64, &number) == 1) {
        e->office.ordered = number;
        e->office.ordered_known = true;
    } else if (sscanf(line, "channel %" SCNd64 " %64[^\n]", &at, name) == 2) {
        unsigned i = adopt_channel_index(e, str_of(name));
        if (i < CHANNEL_MAX && e->channels[i].heard < at)
            e->channels[i].heard = at;
    }
}

lc_instant watch_read_stamp(struct engine *e, struct str stamp)
{
    lc_instant alive = INSTANT_NONE;
    const char *p = stamp.p, *end = stamp.p + stamp.n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            break;
        read_line(e, p, newline, &alive);
        p = newline + 1;
    }
    return alive;
}
