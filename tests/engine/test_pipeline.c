/* The log walked in groups, read ahead: spans, bounds, breaks and what ends a walk. */
#include <stdio.h>

#include "engine/pipeline.h"
#include "tests/lib/tap.h"

#define EVENTS 5000
#define START INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

static struct store *store;

/* Event N is at START + N / 10. */
static void add_event(struct buf *b, uint64_t seq)
{
    struct event ev = {.seq = seq, .time = START + (lc_instant)(seq / 10), .type = EV_UNIT_RECORDED};
    ev.u.unit_recorded.unit = STR_LIT("U1");
    event_write(b, &ev);
}

static void commit(uint64_t first, uint64_t last)
{
    struct buf b = BUF_INIT;
    struct errmsg msg;
    for (uint64_t seq = first; seq <= last; seq++)
        add_event(&b, seq);
    struct commit c = {.first = first, .last = last, .lines = buf_str(&b)};
    enum err e = store_commit(store, &c, &msg);
    if (e == ERR_MORE)
        e = store_commit_poll(store, true, &msg);
    if (e != ERR_OK)
        bail_out("%s", msg.text);
    buf_done(&b);
}

/* What a walk gave. */
struct walked {
    uint64_t first, last, events, out_of_turn;
    unsigned groups;
    uint64_t stop_at;   /* ERR_END there; 0: never */
    uint64_t sealed[8]; /* groups whose end is a commit's, the last eight */
    unsigned n_sealed;
};

static enum err take(void *arg, struct event_group *g, struct errmsg *msg)
{
    struct walked *w = arg;
    (void)msg;
    for (unsigned i = 0; i < g->n; i++) {
        struct buf line = BUF_INIT;
        add_event(&line, g->seqs[i]);
        bool same = g->events[i].seq == g->seqs[i] && line.n == group_line(g, i).n + 1 &&
                    memcmp(line.p, group_line(g, i).p, line.n - 1) == 0 && !g->subjects[i].p;
        w->out_of_turn += !same || (w->last && g->seqs[i] != w->last + 1);
        w->first = w->first ? w->first : g->seqs[i];
        w->last = g->seqs[i];
        w->events++;
        buf_done(&line);
    }
    w->groups++;
    if (g->sealed && g->seal.seq == w->last)
        w->sealed[w->n_sealed++ % 8] = w->last;
    return w->stop_at && w->last >= w->stop_at ? ERR_END : ERR_OK;
}

static struct walked walk(struct log_span span, uint64_t stop_at)
{
    struct walked w = {.stop_at = stop_at};
    struct errmsg msg;
    if (pipeline_run(store, &span, take, &w, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    return w;
}

static void test_spans(void)
{
    struct walked w = walk(LOG_SPAN_ALL, 0);
    ok(w.first == 1 && w.last == EVENTS && w.events == EVENTS,
       "a whole log is walked from its first event to its last");
    is_int(w.out_of_turn, 0, "every event in its turn, with its line");
    struct log_span span = LOG_SPAN_ALL;
    span.after = 1234;
    w = walk(span, 0);
    ok(w.first == 1235 && w.last == EVENTS, "behind a number it begins with the next one");
    span.upto = 1235;
    w = walk(span, 0);
    ok(w.first == 1235 && w.events == 1, "up to a number it ends with that one");
    span.upto = 1234;
    is_int(walk(span, 0).events, 0, "a span of nothing has no events");
    span = LOG_SPAN_ALL;
    span.upto = 3000;
    is_int(walk(span, 0).last, 3000, "a span's end need be no group's and no commit's");
    span.upto = EVENTS + 7;
    is_int(walk(span, 0).last, EVENTS, "nor in the log");
}

static void test_until(void)
{
    struct log_span span = LOG_SPAN_ALL;
    span.until = START + 250;
    is_int(walk(span, 0).last, 2509, "until an instant: the last event that is not past it");
    span.until = START - 1;
    is_int(walk(span, 0).events, 0, "before the first event there is nothing");
    span.until = START + EVENTS;
    is_int(walk(span, 0).last, EVENTS, "an instant behind the end is no bound");
    span.after = 2600;
    span.until = START + 250;
    is_int(walk(span, 0).events, 0, "nor is there anything between an end and a later beginning");
}

static void test_breaks(void)
{
    static const uint64_t breaks[] = {10, 1000, 1001, 4999};
    struct log_span span = LOG_SPAN_ALL;
    span.breaks = breaks;
    span.n_breaks = 4;
    struct walked w = walk(span, 0);
    ok(w.last == EVENTS && w.events == EVENTS, "breaks leave nothing out");
    is_int(w.sealed[0], 10, "a break at a commit's end gives its seal");
    is_int(w.sealed[1], 1000, "so does the next one");
    is_int(w.sealed[2], EVENTS, "and the log's end; one within a commit gives none");
}

static void test_stop(void)
{
    struct walked w = walk(LOG_SPAN_ALL, 1);
    ok(w.groups == 1 && w.last < EVENTS, "whoever has had enough gets no further group");
}

static enum err refuse(void *arg, struct event_group *g, struct errmsg *msg)
{
    (void)arg;
    return err_set(msg, ERR_INVALID, "not event %" PRIu64, g->seqs[0]);
}

static void test_failure(void)
{
    struct errmsg msg = {""};
    is_int(pipeline_run(store, &LOG_SPAN_ALL, refuse, NULL, &msg), ERR_INVALID,
           "a failure of the one that works ends the walk");
    is_str(msg.text, "not event 1", "with its message");
}

int main(void)
{
    struct errmsg msg;
    char uri[512];
    plan(0);
    snprintf(uri, sizeof uri, "dir:%s/store", tap_tmpdir());
    if (store_open(uri, STORE_INIT, NULL, &store, NULL, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    commit(1, 10);
    commit(11, 1000);
    commit(1001, EVENTS);
    test_spans();
    test_until();
    test_breaks();
    test_stop();
    test_failure();
    store_close(store);
    return tap_end();
}
