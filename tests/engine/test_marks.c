/* What the engine remembers of what was in force when: bounds, and the way through a checkpoint. */
#include "tests/lib/tap.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/internal.h"

#define MANY 40000u       /* more than are told apart, */
#define KNOWN_FROM 16383u /* so that the older half of the first 32,768 was folded */

static struct hold hold(enum hold_kind kind, enum scope_kind scope, const char *name)
{
    struct hold h = {.kind = kind, .scope = {scope, STR_NONE}};
    snprintf(h.scope_name, sizeof h.scope_name, "%s", name);
    return h;
}

/* The names of those in force then: "brake moratorium:unit:U1"; "?": not known. */
static const char *at(const struct marks *m, lc_instant when, char out[1024])
{
    struct holds *holds = mem_zalloc(1, sizeof *holds);
    size_t n = 0;
    out[0] = '\0';
    if (!marks_holds_at(m, when, holds))
        snprintf(out, 1024, "?");
    for (unsigned i = 0; i < holds->n; i++) {
        char name[160];
        holds_name(&holds->v[i], name);
        n += (size_t)snprintf(out + n, 1024 - n, "%s%s", i ? " " : "", name);
    }
    free(holds);
    return out;
}

static void test_holds(void)
{
    struct marks *m = marks_new();
    char out[1024];
    struct hold brake = hold(HOLD_BRAKE, SCOPE_ALL, ""), feed = hold(HOLD_FEED, SCOPE_CHANNEL, "face"),
                unit = hold(HOLD_MORATORIUM, SCOPE_UNIT, "U1");
    marks_hold(m, &brake, 100, false);
    marks_hold(m, &feed, 200, false);
    marks_hold(m, &unit, 200, false);
    marks_hold(m, &brake, 300, true);
    is_str(at(m, INT64_MIN, out), "", "at the beginning of time there is none");
    is_str(at(m, 99, out), "", "nor a second before the first");
    is_str(at(m, 100, out), "brake", "the first holds from its own second on");
    is_str(at(m, 200, out), "brake feed:face moratorium:unit:U1", "several in the order of their placing");
    is_str(at(m, 300, out), "moratorium:unit:U1 feed:face", "the last takes the place of one that is lifted");
    marks_hold(m, &unit, 400, true);
    marks_hold(m, &feed, 500, true);
    is_str(at(m, INT64_MAX, out), "", "and lifted ones are gone");
    marks_free(m);
}

/* The lines that a checkpoint holds of it, into an engine that knows nothing. */
static struct engine *through_checkpoint(const struct marks *m)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    struct buf text = BUF_INIT;
    e->marks = marks_new();
    marks_save(m, &text);
    buf_addc(&text, '\0');
    bool good = true;
    for (char *save = NULL, *line = strtok_r(text.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        good &= marks_load(e, *line, line + 1);
    if (!good)
        bail_out("what was saved is not taken back");
    buf_done(&text);
    return e;
}

static void engine_gone(struct engine *e)
{
    marks_free(e->marks);
    free(e);
}

static void test_checkpoint(void)
{
    struct marks *m = marks_new();
    struct holds *none = mem_zalloc(1, sizeof *none);
    char out[1024];
    struct hold category = hold(HOLD_MORATORIUM, SCOPE_CATEGORY, " two  words "),
                brake = hold(HOLD_BRAKE, SCOPE_ALL, ""), feed = hold(HOLD_FEED, SCOPE_CHANNEL, "data-match");
    marks_hold(m, &category, 100, false);
    marks_hold(m, &brake, 200, false);
    marks_hold(m, &brake, 250, true);
    marks_hold(m, &feed, 300, false);
    marks_zone(m, STR_LIT("Asia/Shanghai"), 50);
    marks_zone(m, STR_LIT("Asia/Shanghai"), 60);
    marks_zone(m, STR_LIT("Europe/Berlin"), 70);
    marks_dropped(m, "a name with blanks", 7, 100);
    marks_dropped(m, "a name with blanks", 9, 200);
    struct engine *e = through_checkpoint(m);
    marks_loaded(e->marks, none, 1000);
    is_str(at(e->marks, 200, out), "moratorium:category: two  words  brake",
           "holds come back from a checkpoint as they were");
    is_str(at(e->marks, 300, out), "moratorium:category: two  words  feed:data-match", "to the last");
    is_str(marks_zone_at(e->marks, 69), "Asia/Shanghai", "so does the zone before it changed");
    is_str(marks_zone_at(e->marks, 70), "Europe/Berlin", "and the one after");
    is_str(marks_zone_at(e->marks, 1), "Asia/Shanghai", "before all of them the first stands in");
    is_int(marks_dropped_find(e->marks, STR_LIT("a name with blanks"), UINT64_MAX, INT64_MAX), 9,
           "and versions that were dropped: the latest");
    is_int(marks_dropped_find(e->marks, STR_LIT("a name with blanks"), 8, INT64_MAX), 7, "the latest up to a number");
    is_int(marks_dropped_find(e->marks, STR_LIT("a name with blanks"), UINT64_MAX, 199), 7, "or up to an instant");
    is_int(marks_dropped_find(e->marks, STR_LIT("a name"), UINT64_MAX, INT64_MAX), 0, "of that name alone");
    engine_gone(e);

    struct engine *old = mem_zalloc(1, sizeof *old);
    old->marks = marks_new();
    none->v[none->n++] = brake;
    marks_loaded(old->marks, none, 1000);
    is_str(at(old->marks, 999, out), "?", "from a checkpoint without them, what was before is not known");
    is_str(at(old->marks, 1000, out), "brake", "what was in force then is");
    engine_gone(old);

    static const char *const bad[] = {"kbrick all ", "kbrake", "kfeed channel ", "i5", "m100 5 0", "z", "d7 x", "tx"};
    struct engine *none_yet = mem_zalloc(1, sizeof *none_yet);
    none_yet->marks = marks_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!marks_load(none_yet, bad[i][0], bad[i] + 1), "\"%s\" is refused", bad[i]);
    engine_gone(none_yet);
    marks_free(m);
    free(none);
}

/* Placed and lifted for centuries: what is kept is bounded, and what is known is right. */
static void test_bound(void)
{
    struct marks *m = marks_new();
    char out[1024], name[65];
    struct hold always = hold(HOLD_CLOCK, SCOPE_ALL, "");
    marks_hold(m, &always, 0, false);
    for (unsigned i = 1; i <= MANY; i++) {
        snprintf(name, sizeof name, "U%u", (i - 1) / 2);
        struct hold one = hold(HOLD_MORATORIUM, SCOPE_UNIT, name);
        marks_hold(m, &one, i, i % 2 == 0);
    }
    struct buf text = BUF_INIT;
    marks_save(m, &text);
    ok(text.n < 700u << 10, "%u placings and liftings are kept in %zu bytes of a checkpoint", MANY, text.n);
    buf_done(&text);
    is_str(at(m, MANY, out), "clock", "what has been in force for ever is still known to be");
    is_str(at(m, MANY - 1, out), "clock moratorium:unit:U19999", "so is the last that was lifted");
    is_str(at(m, KNOWN_FROM, out), "clock moratorium:unit:U8191", "and the oldest that is told apart");
    is_str(at(m, KNOWN_FROM - 1, out), "?", "what was before it is said not to be known");
    struct engine *e = through_checkpoint(m);
    is_str(at(e->marks, MANY - 1, out), "clock moratorium:unit:U19999", "all that comes through a checkpoint");
    is_str(at(e->marks, KNOWN_FROM - 1, out), "?", "with what is not known");
    engine_gone(e);
    for (unsigned i = 0; i < 70; i++) {
        snprintf(name, sizeof name, "Zone/%u", i);
        marks_zone(m, str_of(name), i);
    }
    is_str(marks_zone_at(m, 0), "Zone/6", "of many zones the latest 64 are kept");
    for (unsigned i = 1; i <= 5000; i++)
        marks_dropped(m, "p", i, i);
    is_int(marks_dropped_find(m, STR_LIT("p"), 905, INT64_MAX), 905, "of many versions the latest 4,096");
    is_int(marks_dropped_find(m, STR_LIT("p"), 904, INT64_MAX), 0, "and no more");
    marks_free(m);
}

int main(void)
{
    plan(0);
    test_holds();
    test_checkpoint();
    test_bound();
    return tap_end();
}
