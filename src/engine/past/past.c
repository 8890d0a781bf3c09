#include "engine/past/past.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/past/past_inside.h"

/* --- how far --- */

static enum err read_time(struct past *p, uint64_t seq, lc_instant *out, struct errmsg *msg)
{
    struct store_reader *reader;
    struct event head;
    struct str line;
    uint64_t found;
    enum err err = store_reader_open(p->e->store, seq - 1, &reader, msg);
    if (err != ERR_OK)
        return err;
    err = store_reader_next(reader, &found, &line, msg);
    if (err == ERR_OK && event_read_head(line, &head, &p->e->arena) != ERR_OK)
        err = err_set(msg, ERR_DAMAGED, "event %" PRIu64 " cannot be read", seq);
    if (err == ERR_OK)
        *out = head.time;
    store_reader_close(reader);
    return err == ERR_END ? err_set(msg, ERR_DAMAGED, "event %" PRIu64 " is missing", seq) : err;
}

/* The time of an event: one that was archived is older than all that are there. */
static enum err time_of(struct past *p, uint64_t seq, lc_instant *out, struct errmsg *msg)
{
    enum err err = read_time(p, seq, out, msg);
    if (err != ERR_ARCHIVED)
        return err;
    *out = INT64_MIN;
    return ERR_OK;
}

static enum err find_instant(struct past *p, struct errmsg *msg)
{
    const struct tz *tz = p->e->config->tz;
    lc_date day = p->options.day;
    lc_instant now = clock_wall_ns() / 1000000000;
    p->info.at = day == DATE_NONE ? p->options.at : tz_instant(tz, day + 1, 0) - 1;
    if (p->e->simulated)
        return ERR_OK;
    if (day != DATE_NONE && day == tz_date(tz, now))
        p->info.at = now;
    if (p->info.at <= now)
        return ERR_OK;
    char text[25];
    instant_format(now, tz_offset(tz, now), text);
    return err_set(msg, ERR_INVALID, "expected a time that has come; it is %.25s now", text);
}

/* The last event at or before the instant: times never go back along the log. */
static enum err find_end(struct past *p, struct errmsg *msg)
{
    uint64_t low = 0, high = p->info.end;
    while (low < high) {
        uint64_t middle = high - (high - low) / 2;
        lc_instant at = 0;
        enum err err = time_of(p, middle, &at, msg);
        if (err != ERR_OK)
            return err;
        if (at <= p->info.at)
            low = middle;
        else
            high = middle - 1;
    }
    p->info.seq = low;
    return low ? ERR_OK : err_set(msg, ERR_ABSENT, "nothing had been recorded by then");
}

/* --- as of then --- */

/* What began after a checkpoint's number is in no checkpoint. Unlike the daemon's own start one that cannot be used
 * costs nothing but time. */
static enum err replay(struct past *p, struct errmsg *msg)
{
    struct engine *e = p->e;
    uint64_t system_seq = 0;
    struct seal seal;
    struct log_span span = LOG_SPAN_ALL;
    span.upto = p->info.seq;
    enum err err = checkpoint_load_upto(e, p->options.uri, p->info.seq, &span.after, &system_seq, &seal, msg);
    if (err != ERR_OK)
        span.after = system_seq = 0;
    p->base = span.after;
    err = replay_span(e, &span, system_seq, msg);
    if (err == ERR_OK && e->last_seq != p->info.seq)
        err = err_set(msg, ERR_DAMAGED, "the log ends at event %" PRIu64 ", but %" PRIu64 " was written", e->last_seq,
                      p->info.end);
    return err;
}

static enum err set_present(struct past *p, struct errmsg *msg)
{
    struct engine *e = p->e;
    e->env.tz = e->config->tz;
    if (e->settings.known && strcmp(e->settings.timezone, tz_name(e->env.tz)) != 0) {
        enum err err = tz_load(e->settings.timezone, &p->tz, msg);
        if (err != ERR_OK)
            return err;
        e->env.tz = p->tz;
    }
    e->env.today = DATE_NONE;
    watch_set_now(e, p->info.at);
    p->info.today = e->env.today;
    return ERR_OK;
}

static void tell_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
    struct past *p = arg;
    (void)total;
    if (strcmp(what, "replay") == 0)
        past_tell(p, done);
}

void past_tell(const struct past *p, uint64_t seq)
{
    if (p->options.progress && seq > p->base)
        p->options.progress(p->options.arg, seq - p->base, p->info.end - p->base);
}

/* --- life --- */

static enum err open_store(struct past *p, struct errmsg *msg)
{
    struct store_info info;
    enum err err = store_open(p->options.uri, STORE_READ, &p->options.store, &p->e->store, NULL, msg);
    if (err != ERR_OK)
        return err;
    store_info(p->e->store, &info);
    p->info.end = info.durable;
    p->e->simulated = info.simulated;
    return ERR_OK;
}

static enum err go_back(struct past *p, struct errmsg *msg)
{
    enum err err = open_store(p, msg);
    if (err == ERR_OK)
        err = find_instant(p, msg);
    if (err == ERR_OK)
        err = find_end(p, msg);
    if (err == ERR_OK)
        err = replay(p, msg);
    if (err == ERR_OK)
        err = set_present(p, msg);
    if (err != ERR_OK)
        return err;
    schedule_everybody(p->e);
    schedule_hold_back(p->e);
    return ERR_OK;
}

enum err past_open(const struct past_options *o, struct config *config, struct past **out, struct errmsg *msg)
{
    struct past *p = mem_zalloc(1, sizeof *p);
    struct engine_options options = {.uri = o->uri, .store = o->store, .progress = tell_progress, .arg = p};
    p->options = *o;
    p->e = engine_new(&options, config);
    enum err err = go_back(p, msg);
    if (err != ERR_OK) {
        past_close(p);
        return err;
    }
    *out = p;
    return ERR_OK;
}

void past_ask(struct past *p, struct request *r)
{
    query_run(p->e, r);
}

void past_close(struct past *p)
{
    if (!p)
        return;
    engine_free(p->e);
    tz_free(p->tz);
    late_done(&p->late);
    free(p);
}
