/* Reading ahead: a thread hands over runs in order, waits while three of them are not taken, and is gone when it is told
 * to, wherever it is. Whoever waits is let to: calls are held until it does. */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "store/log/ahead.h"
#include "tests/store/bare_log.h"
#include "tests/store/events.h"
#include "tests/store/failing.h"

enum { COMMIT = 6000, COMMITS = 12, EVENTS = COMMIT * COMMITS }; /* of some 400 kB each: five runs and a half */

static void make(struct bare_log *b)
{
    struct seal seal = {.seq = 0};
    struct store_opened opened;
    struct errmsg msg;
    uint64_t lasts[COMMITS + 1] = {0};
    for (int i = 0; i < COMMITS - 1; i++)
        lasts[i] = (uint64_t)COMMIT * (uint64_t)(i + 1);
    bare_make(b, "log");
    bare_segment(b, &seal, 1, lasts);
    bare_segment(b, &seal, EVENTS - COMMIT + 1, (const uint64_t[]){EVENTS, 0});
    if (recover_log(&b->d, &(struct recovery_plan){.cut = false}, &opened, &msg) != ERR_OK)
        bail_out("%s", msg.text);
}

/* --- who waits --- */

static _Atomic unsigned waits;
static _Atomic bool hold;

static void on_call(const char *call, const char *file)
{
    (void)file;
    if (strcmp(call, "pthread_cond_wait") == 0)
        atomic_fetch_add(&waits, 1);
    else if (strcmp(call, "pread") == 0)
        while (atomic_load(&hold) && atomic_load(&waits) == 0)
            sched_yield();
}

static void wait_for_a_wait(void)
{
    while (atomic_load(&waits) == 0)
        sched_yield();
}

/* --- what comes --- */

/* Whether its lines are the events after *last, seals aside; moves *last on. */
static bool follows(const struct run *r, uint64_t *last)
{
    const char *p = r->bytes.p, *end = p + r->bytes.n, *nl;
    for (; p < end && (nl = log_line_end(p, end)); p = nl + 1) {
        uint64_t seq = log_event_number(p, (size_t)(nl - p));
        if (seq && seq != ++*last)
            return false;
    }
    return p == end;
}

static void everything_in_order(struct bare_log *b)
{
    struct cursor c;
    struct run run;
    struct errmsg msg = {""};
    uint64_t last = 0;
    unsigned runs = 0;
    bool good = true;
    enum err e;
    cursor_init(&c, &b->d, 0);
    atomic_store(&waits, 0);
    atomic_store(&hold, true);
    struct ahead *a = ahead_new(&c, EVENTS);
    ok(a != NULL, "a thread reads ahead");
    while ((e = ahead_next(a, &run, &msg)) == ERR_OK) {
        good = good && follows(&run, &last);
        runs++;
    }
    ok(atomic_load(&waits) > 0, "a reader waits until there is a run");
    atomic_store(&hold, false);
    ok(e == ERR_END && good && last == EVENTS, "all events come, in order, up to the bound");
    ok(runs >= 5 && runs <= 8, "in runs of about a megabyte, of one segment each: %u", runs);
    is_int(ahead_next(a, &run, &msg), ERR_END, "and then no more");
    ahead_free(a);
    cursor_done(&c);
}

static void waits_for_room(struct bare_log *b)
{
    struct cursor c;
    struct run run;
    struct errmsg msg = {""};
    uint64_t last = 0;
    unsigned runs = 0;
    cursor_init(&c, &b->d, 0);
    atomic_store(&waits, 0);
    struct ahead *a = ahead_new(&c, EVENTS);
    wait_for_a_wait();
    ok(c.passed > 0 && c.passed < EVENTS, "it reads a few runs ahead and waits until they are taken");
    while (ahead_next(a, &run, &msg) == ERR_OK && follows(&run, &last))
        runs++;
    ok(last == EVENTS && runs > 3, "and goes on then");
    ahead_free(a);
    cursor_done(&c);
}

static void ends_early(struct bare_log *b)
{
    struct cursor c;
    struct run run;
    struct errmsg msg = {""};
    cursor_init(&c, &b->d, 0);
    atomic_store(&waits, 0);
    struct ahead *a = ahead_new(&c, EVENTS);
    wait_for_a_wait();
    ahead_free(a);
    ok(c.passed < EVENTS, "it is ended while it waits for room");
    cursor_done(&c);
    cursor_init(&c, &b->d, 0);
    a = ahead_new(&c, EVENTS);
    is_int(ahead_next(a, &run, &msg), ERR_OK, "or while it reads,");
    ahead_free(a);
    cursor_done(&c);
    ahead_free(NULL);
}

static void no_thread(struct bare_log *b)
{
    struct cursor c;
    cursor_init(&c, &b->d, 0);
    failing_begin(1, EAGAIN);
    struct ahead *a = ahead_new(&c, EVENTS);
    failing_end();
    ok(a == NULL && c.passed == 0, "where there is no thread to be had there is none, and nothing was read");
    ahead_free(a);
    cursor_done(&c);
}

/* What was read before the damage still comes. */
static void damage(struct bare_log *b)
{
    struct cursor c;
    struct run run;
    struct errmsg msg = {""};
    uint64_t last = 0;
    enum err e;
    bare_overwrite(b, 1, b->d.segments[0].index.place[COMMIT * 6 / INDEX_STEP + 1], STR_LIT("?"));
    cursor_init(&c, &b->d, 0);
    struct ahead *a = ahead_new(&c, EVENTS);
    while ((e = ahead_next(a, &run, &msg)) == ERR_OK && follows(&run, &last))
        continue;
    is_int(e, ERR_DAMAGED, "damage is told by whoever reads ahead");
    ok(last == COMMIT * 6, "behind what is whole");
    ok(strstr(msg.text, "the seal of event 42000 does not fit"), "with its place: %s", msg.text);
    is_int(ahead_next(a, &run, &msg), ERR_DAMAGED, "and again when it is asked again");
    ahead_free(a);
    cursor_done(&c);
}

int main(void)
{
    struct bare_log b;
    plan(0);
    make(&b);
    failing_watch(on_call);
    everything_in_order(&b);
    waits_for_room(&b);
    ends_early(&b);
    no_thread(&b);
    damage(&b);
    failing_watch(NULL);
    bare_done(&b);
    return tap_end();
}
