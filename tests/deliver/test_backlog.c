/* A backlog of a hundred thousand events, in bounded memory. */
#include "tests/deliver/world.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define PEOPLE 20000
#define EACH 5

static void fill(struct world *w)
{
    struct buf lines = BUF_INIT;
    for (unsigned i = 0; i < PEOPLE * EACH; i++) {
        if (i < PEOPLE)
            buf_printf(&lines,
                       "{\"op\":\"enrol\",\"id\":\"P%u\",\"policy\":\"national\",\"approved_on\":\"2025-06-10\"}\n", i);
        else
            buf_printf(&lines, "{\"op\":\"amend\",\"id\":\"P%u\",\"category\":\"c%u\"}\n", i % PEOPLE, i / PEOPLE);
    }
    buf_addc(&lines, '\0');
    rig_inputs(&w->rig, lines.p, rig_at(WORLD_START));
    buf_done(&lines);
    buf_clear(&w->rig.lines);
}

struct tally {
    struct world *w;
    uint64_t last[PEOPLE]; /* of each person */
    uint64_t n, unsorted;
    size_t items, unnoted, heap;
};

static unsigned person_of(const struct parcel *p)
{
    static const char subject[] = "\"subject\":\"P";
    const char *at = memmem(p->call.body.p, p->call.body.n, subject, sizeof subject - 1);
    return at ? (unsigned)strtoul(at + sizeof subject - 1, NULL, 10) : PEOPLE;
}

static void note(struct tally *t, const struct parcel *p)
{
    unsigned k = person_of(p);
    t->n++;
    if (k >= PEOPLE || t->last[k] >= p->seqs[0])
        t->unsorted++;
    else
        t->last[k] = p->seqs[0];
}

static int well(void *arg, const struct parcel *p)
{
    struct tally *t = arg;
    struct track_counts n = world_counts(t->w, "a");
    note(t, p);
    if (n.items > t->items)
        t->items = n.items;
    size_t heap = mallinfo2().uordblks;
    if (t->n % 100 == 0 && heap > t->heap)
        t->heap = heap;
    return 200;
}

int main(void)
{
    static struct tally t;
    struct world w = {.deliver = NULL};
    plan(5);
    t.w = &w;
    w.carrying.forgetful = true;
    w.quiet = true;
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 64\nmax_unnoted = 4096"));
    uint64_t before = world_last(&w);
    fill(&w);
    size_t idle = mallinfo2().uordblks;
    w.answers = well;
    w.arg = &t;
    deliver_nudge(w.deliver);
    world_pass(&w, 60000);
    is_int(t.n, world_last(&w) - before, "a hundred thousand events arrive");
    is_int(t.unsorted, 0, "each person's in the order of the log");
    is_int(world_cursor(&w, "a"), world_last(&w), "the cursor is behind them");
    ok(t.items <= 4096, "no more are held at a time than the window has (%zu)", t.items);
    ok(t.heap < idle + (8 << 20), "in bounded memory (%zu KiB)", (t.heap - idle) >> 10);
    world_close(&w);
    return tap_end();
}
