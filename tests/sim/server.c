#include "tests/sim/server_inside.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/engine/fake_clock.h"
#include "tests/sim/counts.h"
#include "tests/sim/disk_calls.h"
#include "tests/sim/fibers.h"
#include "tests/sim/trace.h"

#define SETTLE_TURNS 4000

void server_init(struct server *s)
{
    s->cap_lines = 256;
    s->offsets = mem_zalloc(s->cap_lines + 1, sizeof *s->offsets);
}

void server_done(struct server *s)
{
    buf_done(&s->log);
    buf_done(&s->committed);
    free(s->again);
    free(s->offsets);
}

void server_forget(struct server *s)
{
    buf_clear(&s->log);
    buf_clear(&s->committed);
    free(s->again);
    s->again = NULL;
    s->n_lines = 0;
    s->told = s->packed = s->keys = 0;
}

/* --- lines --- */

static void keep_line(struct server *s, struct str line)
{
    if (s->n_lines == s->cap_lines) {
        s->cap_lines *= 2;
        s->offsets = mem_resize(s->offsets, s->cap_lines + 1, sizeof *s->offsets);
    }
    buf_addstr(&s->log, line);
    buf_addc(&s->log, '\n');
    s->offsets[++s->n_lines] = s->log.n;
}

static void take_lines(struct server *s, uint64_t first, struct str lines)
{
    const char *p = lines.p, *end = p + lines.n, *newline;
    for (; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
        keep_line(s, (struct str){p, (size_t)(newline - p)});
    town_take(s->town, first, lines);
    s->told = town_last(s->town);
}

/* The town hears of it when what was decided is known. */
static void on_committed(void *arg, uint64_t first, struct str lines)
{
    struct server *s = arg;
    if (s->opening && !s->opened_at)
        s->opened_at = first;
    if (s->opening)
        return;
    if (s->committed.n == 0)
        s->committed_first = first;
    buf_addstr(&s->committed, lines);
}

static void take_committed(struct server *s)
{
    if (s->committed.n)
        take_lines(s, s->committed_first, buf_str(&s->committed));
    buf_clear(&s->committed);
}

static void on_warning(void *arg, const char *text)
{
    (void)arg;
    trace_line("warning: %s", text);
    if (strstr(text, "were cut off"))
        counts_add(COUNT_TORN, 1);
}

/* A line that was told before must be the same; one behind these is new to everybody. */
static void compare_line(struct server *s, uint64_t seq, struct str line, struct buf *fresh)
{
    if (seq > s->n_lines) {
        buf_addstr(fresh, line);
        buf_addc(fresh, '\n');
        return;
    }
    struct str known = {s->log.p + s->offsets[seq - 1], s->offsets[seq] - s->offsets[seq - 1] - 1};
    if (!str_eq(known, line))
        trace_fail("event %" PRIu64 " is another than the one that was told:\n%.*s\n%.*s", seq, (int)line.n, line.p,
                   (int)known.n, known.p);
}

/* So much was durable when the daemon came back: what was decided behind that never was. */
static void forget(struct server *s, uint64_t recovered)
{
    counts_add(COUNT_UNDONE, town_forget(s->town, recovered));
    if (s->again && s->again->recovered == UINT64_MAX)
        s->again->recovered = recovered;
}

/* What the store has, against what was told; the rest is taken. false: the disk fails again. */
static bool compare_log(struct server *s)
{
    struct store_reader *reader = NULL;
    struct buf fresh = BUF_INIT;
    struct str line;
    uint64_t seq, last = 0;
    enum err e = store_reader_open(engine_store(s->engine), 0, &reader, &s->msg);
    while (!e && (e = store_reader_next(reader, &seq, &line, &s->msg)) == ERR_OK) {
        if (seq != last + 1)
            trace_fail("event %" PRIu64 " follows %" PRIu64, seq, last);
        last = seq;
        compare_line(s, seq, line, &fresh);
    }
    if (reader)
        store_reader_close(reader);
    if (e != ERR_END) {
        buf_done(&fresh);
        if (!s->faults->frozen && !s->faults->failed)
            trace_fail("the log cannot be read: %s", s->msg.text);
        return false;
    }
    if (last < s->told)
        trace_fail("events up to %" PRIu64 " were told, and the log has %" PRIu64, s->told, last);
    uint64_t recovered = s->opened_at ? s->opened_at - 1 : last;
    if (recovered > s->told)
        counts_add(COUNT_UNTOLD, recovered - s->told);
    forget(s, recovered);
    trace_line("the log has %" PRIu64 " events, %" PRIu64 " of them from before, %" PRIu64 " were told", last,
               recovered, s->told);
    if (fresh.n)
        take_lines(s, s->n_lines + 1, buf_str(&fresh));
    buf_done(&fresh);
    return true;
}

/* --- life --- */

static int64_t wall_ms(void *arg)
{
    struct server *s = arg;
    return s->now = clock_wall_ns() / 1000000;
}

static void on_said(void *arg, const struct deliver_said *said)
{
    struct server *s = arg;
    receivers_said(s->receivers, said);
}

static bool open_engine(struct server *s)
{
    struct engine_options o = {.uri = "dir:" SERVER_STORE,
                               .init = true,
                               .segment_bytes = s->segment_bytes,
                               .checkpoint_events = s->checkpoint_events,
                               .committed = on_committed,
                               .warn = on_warning,
                               .arg = s};
    s->opening = true;
    s->opened_at = 0;
    enum err e = engine_open(&o, config_ref(s->conf->config), false, INSTANT_NONE, &s->engine, &s->msg);
    s->opening = false;
    if (!e)
        return true;
    s->engine = NULL;
    if (s->opened_at)
        forget(s, s->opened_at - 1);
    return false;
}

static bool open_deliver(struct server *s)
{
    struct store_info info;
    struct carrying *c = receivers_carrying(s->receivers, &s->now);
    struct deliver_options o = {.engine = s->engine,
                                .store = engine_store(s->engine),
                                .endpoints = s->conf->config->endpoints,
                                .timezone = s->conf->config->timezone,
                                .carrier = carrying_carrier(c),
                                .now = wall_ms,
                                .said = on_said,
                                .arg = s};
    store_info(o.store, &info);
    memcpy(c->incarnation, info.incarnation, sizeof c->incarnation);
    wall_ms(s);
    return deliver_new(&o, &s->deliver, &s->msg) == ERR_OK;
}

bool server_start(struct server *s)
{
    trace_line("start");
    counts_add(COUNT_STARTS, 1);
    if (!open_engine(s)) {
        trace_line("it does not start: %s", s->msg.text);
        return false;
    }
    if (!compare_log(s)) {
        server_kill(s);
        return false;
    }
    if (!open_deliver(s)) {
        trace_line("delivery does not start: %s", s->msg.text);
        s->deliver = NULL;
        server_kill(s);
        return false;
    }
    return true;
}

static void drop_asked(struct server *s)
{
    while (s->ordered) {
        struct ordered *o = s->ordered;
        s->ordered = o->next;
        buf_done(&o->order.body);
        free(o);
    }
    while (s->asked) {
        struct asked *a = s->asked;
        s->asked = a->next;
        a->recovered = UINT64_MAX;
        if (a->has_keys && !s->again)
            s->again = a;
        else
            free(a);
    }
}

/* What this life of the daemon got done beside all else. */
static void note_end(struct server *s)
{
    struct engine_counters c;
    engine_counters(s->engine, &c);
    counts_add(COUNT_CHECKPOINTS, c.checkpoints);
    counts_add(COUNT_PACKED, c.n_packed > s->packed ? c.n_packed - s->packed : 0);
    s->packed = c.n_packed;
}

void server_kill(struct server *s)
{
    trace_line("killed");
    if (s->engine)
        note_end(s);
    if (s->deliver)
        deliver_abandon(s->deliver);
    engine_abandon(s->engine);
    deliver_free(s->deliver);
    s->engine = NULL;
    s->deliver = NULL;
    drop_asked(s);
    receivers_cut(s->receivers);
    if (fibers_alive())
        trace_fail("%u threads outlive the daemon", fibers_alive());
    if (disk_open_files())
        trace_fail("%u files stay open", disk_open_files());
}

bool server_close(struct server *s, bool checkpoint)
{
    trace_line("a clean end");
    note_end(s);
    deliver_stop(s->deliver);
    s->opening = false;
    enum err e = engine_close(s->engine, checkpoint, &s->msg);
    deliver_free(s->deliver);
    s->engine = NULL;
    s->deliver = NULL;
    take_committed(s);
    drop_asked(s);
    receivers_cut(s->receivers);
    if (fibers_alive() || disk_open_files())
        trace_fail("%u threads and %u files outlive the daemon", fibers_alive(), disk_open_files());
    return e == ERR_OK;
}

/* --- turns --- */

static void note_one(struct server *s, struct asked *a, uint32_t i, const struct engine_counters *c)
{
    static const enum count words[RESULT_N] = {COUNT_APPLIED, COUNT_UNCHANGED, COUNT_REJECTED, COUNT_ERRORS};
    struct ruling d = {
        .person = a->people[i], .in = a->drawn[i], .result = a->results[i], .now = c->now, .upto = c->last_seq};
    for (uint32_t k = i + 1; k < a->request.at_input; k++) {
        if (a->results[k].n_events) {
            d.upto = a->results[k].first_seq - 1;
            break;
        }
    }
    if (a->has_keys && !server_decided_now(s, a, i))
        return;
    counts_add(words[d.result.result], 1);
    trace_line("decided %s of %s: %s, %u events from %" PRIu64, d.person < 0 ? "unit" : m_op_names[d.in.op],
               d.person < 0 ? "a unit" : town_id(d.person), result_text(d.result.result), d.result.n_events,
               d.result.first_seq);
    town_decided(s->town, &d);
}

/* What was decided in this round. failed: it did not come to its end, and when what was decided is not known. */
static void note_decisions(struct server *s, bool failed)
{
    struct engine_counters c;
    bool any = false;
    for (struct asked *a = s->asked; a; a = a->next)
        any |= a->noted < a->request.at_input;
    if (!any)
        return;
    engine_counters(s->engine, &c);
    for (struct asked *a = s->asked; a; a = a->next)
        for (; a->noted < a->request.at_input; a->noted++)
            if (!failed || a->results[a->noted].n_events)
                note_one(s, a, a->noted, &c);
}

static void free_answered(struct server *s)
{
    for (struct asked **link = &s->asked; *link;) {
        struct asked *a = *link;
        if (!a->done) {
            link = &a->next;
            continue;
        }
        *link = a->next;
        free(a);
    }
    for (struct ordered **link = &s->ordered; *link;) {
        struct ordered *o = *link;
        if (!o->done) {
            link = &o->next;
            continue;
        }
        *link = o->next;
        buf_done(&o->order.body);
        free(o);
    }
}

/* Once two days have gone by, a clock that is set back brings no key back. */
static void expire_again(struct server *s)
{
    if (s->again && fake_wall_now() - s->again->sent_at >= KEY_SECONDS - 3600)
        s->again->sent_at = INT64_MIN / 2;
}

bool server_turn(struct server *s, unsigned threads)
{
    expire_again(s);
    uint64_t before = s->told;
    enum err e = engine_tick(s->engine, &s->engine_wait, &s->msg);
    note_decisions(s, e != ERR_OK);
    take_committed(s);
    if (e)
        return false;
    free_answered(s);
    if (s->told != before)
        deliver_nudge(s->deliver);
    if (deliver_tick(s->deliver, &s->deliver_wait, &s->msg) != ERR_OK)
        return false;
    receivers_answer(s->receivers);
    fibers_turn(threads);
    return true;
}

/* Is something between the request and its answer, or between a decision and the disk? */
static bool is_busy(struct server *s)
{
    struct engine_counters c;
    if (s->asked || s->ordered || s->engine_wait == 0 || s->deliver_wait == 0)
        return true;
    engine_counters(s->engine, &c);
    if (c.durable_seq < c.last_seq)
        return true;
    struct pollfd p[] = {{.fd = engine_fd(s->engine), .events = POLLIN},
                         {.fd = deliver_fd(s->deliver), .events = POLLIN}};
    return poll(p, 2, 0) > 0;
}

bool server_settle(struct server *s)
{
    for (int i = 0; i < SETTLE_TURNS; i++) {
        if (!server_turn(s, 64))
            return false;
        fibers_settle();
        if (!is_busy(s))
            return true;
    }
    trace_fail("it never comes to rest: engine waits %" PRId64 ", delivery %" PRId64 ", %s%s", s->engine_wait,
               s->deliver_wait, s->asked ? "inputs " : "", s->ordered ? "orders" : "");
}
