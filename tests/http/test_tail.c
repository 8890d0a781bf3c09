/* The log's latest lines: what the ring holds is what the log says, and the oldest give way. */
#include "http/events/tail.h"

#include <stdio.h>
#include <string.h>

#include "tests/http/fake_log.h"
#include "tests/lib/tap.h"

#define BYTES 4096
#define LINES 16

static struct store *logged;
static struct tail *t;
static struct errmsg msg;

static enum err feed(unsigned max, uint64_t *types)
{
    *types = 0;
    return tail_feed(t, max, types, &msg);
}

static void beginning(void)
{
    uint64_t types;
    fake_log_add(logged, 3, EV_GRACE, "p-1");
    ok(!tail_is_open(t), "it begins closed");
    is_int(tail_open(t, logged, &msg), ERR_OK, "is opened");
    ok(tail_is_open(t) && tail_end(t) == 3, "at the log's end");
    ok(tail_holds(t, 3) && !tail_holds(t, 2), "with nothing of what was before");
    ok(feed(10, &types) == ERR_OK && types == 0 && tail_end(t) == 3, "and nothing to take in");
}

static bool line_is(uint64_t seq, enum event_type type, const char *subject)
{
    struct buf want = BUF_INIT;
    struct tail_line l = tail_get(t, seq);
    fake_log_line(&want, seq, type, subject);
    want.n--; /* the newline */
    bool same = str_eq(l.line, buf_str(&want)) && l.type == type && l.subject == subject_hash(str_of(subject));
    buf_done(&want);
    return same;
}

static void following(void)
{
    uint64_t types;
    fake_log_add(logged, 2, EV_GRACE, "p-1");
    fake_log_add(logged, 2, EV_LAPSED, "p-2");
    ok(feed(3, &types) == ERR_MORE, "some is taken in, when there is more");
    ok(types == (UINT64_C(1) << EV_GRACE | UINT64_C(1) << EV_LAPSED) && tail_end(t) == 6, "and which types it was");
    ok(feed(3, &types) == ERR_OK && types == UINT64_C(1) << EV_LAPSED && tail_end(t) == 7, "and then the rest");
    ok(line_is(4, EV_GRACE, "p-1") && line_is(5, EV_GRACE, "p-1"), "lines of one commit");
    ok(line_is(6, EV_LAPSED, "p-2") && line_is(7, EV_LAPSED, "p-2"), "and of the next stand as in the log");
    ok(tail_holds(t, 3) && !tail_holds(t, 2), "it holds what came since it was opened");
}

static void too_many_lines(void)
{
    uint64_t types;
    fake_log_add(logged, 2 * LINES, EV_LAPSED, NULL);
    ok(feed(1000, &types) == ERR_OK && tail_end(t) == 7 + 2 * LINES, "many short lines");
    ok(tail_holds(t, tail_end(t) - LINES) && !tail_holds(t, tail_end(t) - LINES - 1), "of which it keeps the latest %d",
       LINES);
    ok(line_is(tail_end(t) - LINES + 1, EV_LAPSED, NULL) && line_is(tail_end(t), EV_LAPSED, NULL),
       "from first to last");
}

/* A subject from whose number follows how long it is. */
static const char *subject_of(uint64_t seq, size_t max)
{
    static char text[BYTES];
    size_t n = (size_t)(seq * UINT64_C(0x9E3779B97F4A7C15) >> 33) % max + 1;
    memset(text, (int)('a' + seq % 26), n);
    text[n] = '\0';
    return text;
}

/* Everything that it says it holds is there; how much that is. */
static size_t held_bytes(size_t max, bool *good)
{
    size_t n = 0;
    uint64_t end = tail_end(t);
    *good = true;
    for (uint64_t seq = end; seq > 0 && tail_holds(t, seq - 1); seq--) {
        *good &= line_is(seq, EV_GRACE, subject_of(seq, max));
        n += tail_get(t, seq).line.n;
    }
    return n;
}

static void lines_of_all_lengths(void)
{
    size_t least = BYTES;
    bool all_good = true;
    tail_close(t);
    tail_free(t);
    t = tail_new(BYTES, 1024);
    if (tail_open(t, logged, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t types;
        bool good;
        fake_log_add(logged, 1, EV_GRACE, subject_of(fake_log_end(logged) + 1, 800));
        if (feed(1, &types) == ERR_DAMAGED)
            bail_out("%s", msg.text);
        size_t held = held_bytes(800, &good);
        all_good &= good;
        if (i > 100 && held < least)
            least = held;
    }
    ok(all_good, "lines of all lengths are as in the log, wherever the ring begins");
    ok(least >= BYTES / 2, "and the ring is never less than half full (%zu of %d bytes)", least, BYTES);
}

static void too_long(void)
{
    uint64_t types, end = fake_log_end(logged);
    fake_log_add_long(logged, BYTES);
    ok(feed(10, &types) == ERR_OK && types == UINT64_C(1) << EV_HOLD_PLACED, "a line longer than the ring");
    ok(tail_end(t) == end + 1 && tail_holds(t, end + 1) && !tail_holds(t, end), "is passed over, and nothing is held");
    fake_log_add(logged, 1, EV_GRACE, "p");
    ok(feed(10, &types) == ERR_OK && line_is(end + 2, EV_GRACE, "p") && tail_holds(t, end + 1), "it goes on behind it");
}

static void again(void)
{
    uint64_t types;
    tail_close(t);
    fake_log_add(logged, 5, EV_GRACE, "p");
    ok(!tail_is_open(t), "it is closed");
    is_int(tail_open(t, logged, &msg), ERR_OK, "and opened again");
    ok(feed(10, &types) == ERR_OK && tail_end(t) == fake_log_end(logged) && !tail_holds(t, tail_end(t) - 1),
       "at the new end, without what it missed");
    ok(subject_hash(STR_NONE) == 0 && subject_hash(STR_LIT("")) != 0, "no subject has the hash 0");
}

/* --- several shards --- */

static void add_of(unsigned shard, uint64_t seq, size_t n)
{
    static char text[BYTES];
    memset(text, (int)('a' + shard), n);
    tail_add(t, shard, seq, &(struct tail_line){EV_GRACE, 0, {text, n}});
}

static bool is_of(uint64_t number, unsigned shard, uint64_t seq)
{
    uint64_t got;
    unsigned from = tail_shard(t, number, &got);
    return from == shard && got == seq && tail_get(t, number).line.p[0] == (char)('a' + shard);
}

static bool stands_at(const struct position *p, uint64_t first, uint64_t second)
{
    return p && p->n == 2 && p->v[0] == first && p->v[1] == second;
}

static void several_shards(void)
{
    struct position ends;
    uint64_t number, before;
    position_init(&ends, 2);
    ends.v[0] = 5;
    ends.v[1] = 90;
    tail_close(t);
    ok(tail_reached(t) == NULL, "of one store there is no position of shards");
    tail_open_shards(t, &ends);
    number = tail_end(t);
    ok(tail_is_open(t) && stands_at(tail_reached(t), 5, 90) && stands_at(tail_before(t, &before), 5, 90) &&
           before == number && !tail_holds(t, 0),
       "over shards it begins behind their ends, with nothing");
    add_of(1, 91, 10);
    add_of(0, 6, 10);
    add_of(1, 92, 10);
    ok(is_of(number + 1, 1, 91) && is_of(number + 2, 0, 6) && is_of(number + 3, 1, 92) && tail_end(t) == number + 3,
       "lines stand in the order in which they came, and each knows whose it is");
    ok(stands_at(tail_reached(t), 6, 92) && stands_at(tail_before(t, &before), 5, 90), "and how far that is");
    for (uint64_t seq = 7; seq < 7 + LINES - 2; seq++)
        add_of(0, seq, 10);
    ok(tail_holds(t, number + 1) && !tail_holds(t, number) && stands_at(tail_before(t, &before), 5, 91) &&
           before == number + 1,
       "what gives way is before the rest, shard by shard");
    add_of(1, 93, BYTES / 2 + 1);
    ok(stands_at(tail_reached(t), 6 + LINES - 2, 93) && stands_at(tail_before(t, &before), 6 + LINES - 2, 93) &&
           before == tail_end(t),
       "behind one that is too long there is nothing, and it is before that");
    tail_close(t);
    ok(tail_open(t, logged, &msg) == ERR_OK && tail_reached(t) == NULL, "it may be one store's again");
    position_done(&ends);
}

int main(void)
{
    plan(0);
    logged = fake_log_new();
    t = tail_new(BYTES, LINES);
    beginning();
    following();
    too_many_lines();
    lines_of_all_lengths();
    too_long();
    again();
    tail_free(t);
    t = tail_new(BYTES, LINES);
    several_shards();
    tail_free(t);
    tail_free(NULL);
    store_close(logged);
    return tap_end();
}
