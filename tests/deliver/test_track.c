#include "deliver/track.h"

#include <stdio.h>

#include "tests/lib/tap.h"

#define ANN STR_LIT("ann")
#define BOB STR_LIT("bob")
#define SLOW INT64_MIN /* nothing is on its way for long */

static struct item *add(struct track *t, uint64_t seq, struct str subject)
{
    return track_add(t, seq, subject, EV_ENROLLED, STR_LIT("{}"));
}

static uint64_t take(struct track *t, int64_t now)
{
    const struct item *i = track_take(t, now);
    return i ? i->seq : 0;
}

/* The numbers for which a row was asked for, in words. */
struct rows {
    char text[200];
};

static void need_row(void *arg, struct item *i)
{
    struct rows *r = arg;
    size_t n = strlen(r->text);
    snprintf(r->text + n, sizeof r->text - n, "%s%d", n ? " " : "", (int)i->seq);
}

static uint64_t sweep(struct track *t, int64_t slow, struct rows *r)
{
    r->text[0] = '\0';
    return track_sweep(t, slow, need_row, r);
}

static void test_order(void)
{
    struct track *t = track_new(0, 100, 100);
    add(t, 1, ANN);
    add(t, 2, ANN);
    add(t, 3, BOB);
    track_pass(t, 4);
    add(t, 5, ANN);
    is_int(track_read(t), 5, "the last number read is known");
    struct item *one = track_take(t, 0);
    is_int(one->seq, 1, "the first event goes first");
    is_int(take(t, 0), 3, "then somebody else's: ann's second waits");
    ok(!track_take(t, 0), "and then there is none");
    track_settle(t, one);
    struct item *two = track_take(t, 0);
    is_int(two->seq, 2, "when the first is settled, the second may go");
    track_retry(t, two, 1000);
    ok(!track_take(t, 999), "while it waits for its retry, the third waits too");
    is_int(track_next_at(t), 1000, "it is known until when");
    ok(track_take(t, 1000) == two, "then it goes again");
    is_int(two->line.n, 0, "its line was let go");
    track_settle(t, two);
    is_int(take(t, 0), 5, "and then the third");
    track_free(t);
}

static void test_retries_first(void)
{
    struct track *t = track_new(0, 100, 100);
    add(t, 1, ANN);
    add(t, 2, BOB);
    track_retry(t, track_take(t, 0), 50);
    add(t, 3, STR_LIT("carl"));
    is_int(take(t, 50), 1, "a retry whose time has come goes before fresh ones");
    is_int(take(t, 50), 2, "then these, in the order of the log");
    is_int(take(t, 50), 3, "one after the other");
    track_free(t);
}

static void test_give_back(void)
{
    struct track *t = track_new(0, 100, 100);
    add(t, 1, ANN);
    add(t, 2, BOB);
    struct item *a = track_take(t, 0), *b = track_take(t, 0);
    track_give_back(t, b);
    track_give_back(t, a);
    is_int(take(t, 0), 1, "given back, the last first, they stand as before");
    is_int(take(t, 0), 2, "one and the other");
    is_int(a->attempts, 0, "and it counted for nothing");
    track_free(t);
}

static void test_nobody(void)
{
    struct track *t = track_new(0, 100, 100);
    add(t, 1, STR_NONE);
    add(t, 2, STR_NONE);
    struct item *one = track_take(t, 0);
    ok(!track_take(t, 0), "events of nobody keep their order among themselves");
    ok(track_subject(one).p == NULL, "and have no subject");
    track_free(t);
}

/* --- the cursor --- */

static void test_cursor(void)
{
    struct track *t = track_new(10, 100, 100);
    struct rows r;
    is_int(sweep(t, SLOW, &r), 10, "with nothing read the cursor stays");
    track_pass(t, 11);
    is_int(sweep(t, SLOW, &r), 11, "what is of no interest is passed");
    add(t, 12, ANN);
    track_pass(t, 13);
    add(t, 14, BOB);
    is_int(sweep(t, SLOW, &r), 11, "what was not sent holds it");
    struct item *a = track_take(t, 100), *b = track_take(t, 100);
    track_settle(t, b);
    is_int(sweep(t, 100, &r), 11, "and what is on its way");
    track_settle(t, a);
    is_int(sweep(t, 100, &r), 14, "settled, it goes over all of them");
    is_str(r.text, "", "and needs no rows");
    is_int(track_unnoted(t), 2, "they count until that is durable");
    track_committed(t);
    is_int(track_unnoted(t), 0, "and then no more");
    track_free(t);
}

static void test_rows(void)
{
    struct track *t = track_new(0, 100, 100);
    struct track_counts n;
    struct rows r;
    add(t, 1, ANN);
    add(t, 2, ANN);
    add(t, 3, ANN);
    add(t, 4, BOB);
    track_retry(t, track_take(t, 0), 1000);
    is_int(sweep(t, SLOW, &r), 3, "the cursor goes over one that waits for its retry, and those behind it");
    is_str(r.text, "2 3", "which get rows");
    ok(track_find(t, 2)->line.n == 0, "and let their lines go");
    track_count(t, &n);
    ok(n.items == 4 && n.ready == 1 && n.retry == 1 && n.behind == 2 && n.rows == 3, "all is counted");
    struct item *b = track_take(t, 10);
    is_int(sweep(t, 10, &r), 3, "one that is on its way holds the cursor");
    is_int(track_sweep_at(t, 20), 31, "it is known for how long");
    is_int(sweep(t, 11, &r), 4, "unless it has been so for long");
    is_str(r.text, "4", "then it gets a row");
    track_settle(t, b);
    track_count(t, &n);
    is_int(n.rows, 3, "settled, it has none");
    is_int(track_sweep_at(t, 20), INT64_MAX, "and there is nothing left to sweep");
    track_free(t);
}

/* What is swept while a commit is on its way is not yet what it covers. */
static void test_commit(void)
{
    struct track *t = track_new(0, 4, 100);
    struct rows r;
    for (uint64_t n = 1; n <= 4; n++)
        add(t, n, (struct str){"abcd" + n - 1, 1});
    ok(!track_room(t), "a full window takes no more");
    for (int n = 0; n < 4; n++)
        track_settle(t, track_take(t, 0));
    ok(!track_room(t), "not even when all is settled");
    is_int(track_sweep_at(t, 1000), INT64_MIN, "a sweep has something to do");
    sweep(t, SLOW, &r);
    ok(!track_room(t), "nor when it was swept");
    track_committed(t);
    ok(track_room(t), "only when that is durable");
    track_free(t);
}

static void test_limits(void)
{
    struct track *t = track_new(0, 100, 2);
    struct track_counts n;
    char name[8];
    for (unsigned i = 1; i <= 3; i++) {
        snprintf(name, sizeof name, "p%u", i);
        add(t, i, str_of(name));
    }
    track_retry(t, track_take(t, 0), 100);
    ok(track_room(t) && !track_is_full(t), "below its number of rows it reads on");
    track_retry(t, track_take(t, 0), 100);
    ok(!track_room(t) && track_is_full(t), "at it it stops");
    track_settle(t, track_take(t, 100));
    ok(track_room(t), "one less, and it goes on");
    track_limits(t, 1000, 1);
    ok(track_is_full(t), "the limit can be lowered");
    track_limits(t, 1000, 100);
    struct rows r;
    for (unsigned i = 4; i <= 900; i++) {
        snprintf(name, sizeof name, "p%u", i);
        add(t, i, str_of(name));
    }
    is_int(sweep(t, SLOW, &r), 2, "a larger window keeps what it held");
    track_count(t, &n);
    is_int(n.ready, 898, "all of it");
    track_free(t);
}

/* --- apart --- */

static void test_apart(void)
{
    struct track *t = track_new(0, 100, 100);
    struct rows r;
    add(t, 1, ANN);
    add(t, 2, ANN);
    add(t, 3, BOB);
    struct item *one = track_take(t, 0);
    track_set_apart(t, one, 500);
    is_int(take(t, 0), 2, "who stands apart is in nobody's way");
    ok(track_find_apart(t, 1) == one && !track_find_apart(t, 2) && !track_find_apart(t, 1025),
       "and is found by number");
    ok(track_find(t, 1) == one, "in either way");
    is_int(sweep(t, SLOW, &r), 1, "the cursor goes over it");
    ok(!track_take_apart(t, 499) && track_take_apart(t, 500) == one, "it is looked at when its time has come");
    is_int(track_next_apart_at(t), 500, "which is known");
    is_int(track_next_at(t), INT64_MAX, "and nobody's retry");
    struct item *three = track_take(t, 0);
    track_retry(t, three, 100);
    ok(track_take_apart(t, 500) == one, "a retry that is due does not hide it");
    ok(track_take(t, 500) == three, "nor it a retry");
    track_settle(t, one);
    ok(!track_take_apart(t, 9999) && !track_find(t, 1), "settled, it is gone");
    track_free(t);
}

static void test_hurry(void)
{
    struct track *t = track_new(0, 100, 100);
    add(t, 1, ANN);
    add(t, 2, ANN);
    struct item *one = track_take(t, 0);
    track_retry(t, one, 1000);
    track_hurry(t, one, 5);
    ok(track_take(t, 5) == one, "one that waits for its retry is hurried");
    track_set_apart(t, one, 1000);
    struct item *two = track_take(t, 5);
    track_hurry(t, one, 6);
    ok(!track_take(t, 1000), "one from apart does not overtake what is on its way");
    track_retry(t, two, 50);
    ok(track_take(t, 50) == two, "nor its retry");
    track_settle(t, two);
    ok(track_take(t, 50) == one, "but comes next");
    track_set_apart(t, one, 1000);
    add(t, 3, ANN);
    track_hurry(t, one, 60);
    is_int(take(t, 60), 1, "before what is still to be sent");
    ok(!track_take(t, 60), "which waits for it");
    track_free(t);
}

/* --- starting again --- */

static void test_restore(void)
{
    struct track *t = track_new(6, 100, 100);
    struct track_counts n;
    struct rows r;
    track_restore(t, 2, ANN, EV_ENROLLED, 700, false);
    track_restore(t, 3, ANN, EV_ENROLLED, 0, false);
    track_restore(t, 5, BOB, EV_ENROLLED, 800, true);
    track_count(t, &n);
    ok(n.retry == 1 && n.behind == 1 && n.apart == 1 && n.rows == 3, "restored ones stand as they stood");
    add(t, 7, ANN);
    add(t, 8, BOB);
    is_int(take(t, 0), 8, "what is read then stands behind, except behind what is apart");
    is_int(sweep(t, SLOW, &r), 7, "and what stands behind a row needs one");
    is_str(r.text, "7", "as ever");
    is_int(take(t, 700), 2, "the first retry comes at its time");
    track_free(t);
}

/* 12 and 14 of ann's have rows, and 15, which was given up; the cursor stayed at 9. */
static void test_read_again(void)
{
    struct track *t = track_new(9, 100, 100);
    track_restore(t, 12, ANN, EV_ENROLLED, 500, false);
    track_restore(t, 14, ANN, EV_ENROLLED, 0, false);
    track_remember(t, 12);
    track_remember(t, 14);
    track_remember(t, 15);
    ok(add(t, 10, BOB) && add(t, 11, ANN), "what was read before a crash is read again");
    ok(!add(t, 12, ANN), "but not what has a row");
    track_pass(t, 13);
    ok(!add(t, 14, ANN) && !add(t, 15, BOB), "nor what has one because it is done with");
    is_int(track_read(t), 15, "all of it counts as read");
    ok(add(t, 16, ANN) && add(t, 17, BOB), "from there on everything is new");
    is_int(take(t, 0), 10, "each person's first comes first");
    struct item *eleven = track_take(t, 500);
    is_int(eleven->seq, 11, "by number, even before one that waited for its retry");
    track_settle(t, eleven);
    ok(!track_take(t, 499), "which keeps its time");
    is_int(take(t, 500), 12, "and comes then");
    track_free(t);
}

/* The clock was set back: also who stands behind another, with a time of its own, waits no longer than until then. */
static void test_clamp(void)
{
    struct track *t = track_new(10, 100, 100);
    track_restore(t, 2, ANN, EV_ENROLLED, 7000, false);
    track_restore(t, 3, ANN, EV_ENROLLED, 9000, false);
    track_restore(t, 5, BOB, EV_ENROLLED, 400, false);
    track_clamp(t, 500);
    is_int(track_next_at(t), 400, "what was to come earlier keeps its time");
    struct item *bob = track_take(t, 500), *ann = track_take(t, 500);
    ok(bob && bob->seq == 5 && ann && ann->seq == 2, "what was to come later comes then");
    track_settle(t, ann);
    is_int(track_next_at(t), 500, "and so does what stands behind it");
    track_settle(t, bob);
    track_free(t);
}

int main(void)
{
    plan(0);
    test_order();
    test_retries_first();
    test_give_back();
    test_nobody();
    test_cursor();
    test_rows();
    test_commit();
    test_limits();
    test_apart();
    test_hurry();
    test_restore();
    test_clamp();
    test_read_again();
    return tap_end();
}
