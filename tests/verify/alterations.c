/* Stores altered at random, some in every way that the author could think of, and verify must find each.
 *
 * alterations [--count N] [--from SEED] [--only NAME] [--keep FOLDER] [--tell]
 *
 * Every alteration has a seed of its own, which makes it again: --from SEED --count 1 --keep FOLDER leaves the altered
 * store there; --tell says of each what it was and what verify said. What leaves a store that could have come about by
 * itself, or alters bytes without meaning, may pass: lifecertctl(1) says what that is; how often it did is printed by
 * alteration. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/verify/verify.h"
#include "tests/verify/alter.h"
#include "tests/verify/story.h"

const struct alteration alterations[] = {
    {"a bit of the log", flip_log},
    {"a bit of a checkpoint", flip_checkpoint},
    {"a bit of contacts.db", flip_contacts},
    {"a bit of delivery.db", flip_delivery},
    {"a bit of an index", flip_index},
    {"a bit of the stamp", flip_stamp},
    {"a bit of meta.json", flip_meta},
    {"a bit of synced", flip_synced},
    {"a file cut", cut_file},
    {"a segment removed", remove_segment},
    {"a torn end", add_torn},
    {"an event lost", lose_event},
    {"an event removed, resealed", remove_event},
    {"an event copied, resealed", insert_copy},
    {"a suspension added, resealed", insert_suspension},
    {"two events swapped, resealed", swap_neighbours},
    {"a member changed, resealed", change_member},
    {"a member changed, resealed", change_member},
    {"a time changed, resealed", change_time},
    {"the log cut at a seal", cut_tail},
    {"everything cut at a seal", cut_all},
    {"a contact's row", change_contact},
    {"a unit's row", change_unit},
    {"a key's row", change_key},
    {"a delivery's row", change_delivery},
    {"a checkpoint, checksummed", change_checkpoint},
    {"a checkpoint's text, checksummed", change_checkpoint_text},
    {"an index, checksummed", change_index},
};
const unsigned n_alterations = sizeof alterations / sizeof alterations[0];

/* --- the stores that are altered --- */

struct base {
    char folder[512];
    struct logbook log;
    struct seal seal;
};

#define BASES 6

static void copy_folder(const char *from, const char *to)
{
    char command[2048];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s'", to, from, to);
    if (system(command) != 0)
        bail_out("%s", command);
}

static enum err look(const char *folder, const struct seal *expect, struct verify_report *r, struct errmsg *msg)
{
    char uri[4096];
    snprintf(uri, sizeof uri, "dir:%s", folder);
    struct verify_options o = {.uri = uri, .expect = expect};
    return verify_store(&o, r, msg);
}

static void make_base(struct base *b, unsigned i)
{
    struct story_plan plan = {
        .seed = 7000 + i,
        .steps = 45 + 10 * i,
        .segment_bytes = i % 3 == 2 ? 0 : 20000 + 20000 * i,
        .system_clock = i % 2,
        .checkpoints = i != 3,
        .deliveries = i % 2 == 0,
        .crash = i == 4,
    };
    struct verify_report r;
    struct errmsg msg = {""};
    snprintf(b->folder, sizeof b->folder, "%s/base-%u", tap_tmpdir(), i);
    story_make(&plan, b->folder, NULL);
    enum err err = look(b->folder, NULL, &r, &msg);
    if (err != ERR_OK || !r.good)
        bail_out("store %u is not good: %s%s: %s", i, msg.text, r.difference.place, r.difference.text);
    verify_report_done(&r);
    logbook_read(&b->log, b->folder);
    b->seal = logbook_seal(&b->log);
}

/* --- one alteration --- */

struct wishes {
    const char *only, *keep;
    bool tell;
};

struct count {
    unsigned done, found, passed;
};

static const struct alteration *draw_alteration(struct rng *rng, const char *only)
{
    const struct alteration *al;
    do
        al = &alterations[rng_below(rng, n_alterations)];
    while (only && !strstr(al->name, only));
    return al;
}

/* false: it had to be found, and was not. */
static bool alter_one(const struct base *bases, uint64_t seed, const struct wishes *w, struct count *counts)
{
    char folder[512];
    struct altering a = {.rng = rng_seed(seed * 2 + 1), .folder = folder};
    enum verdict verdict = NOTHING;
    const struct alteration *al = NULL;
    snprintf(folder, sizeof folder, "%s/altered", tap_tmpdir());
    while (verdict == NOTHING) {
        const struct base *b = &bases[rng_below(&a.rng, BASES)];
        copy_folder(b->folder, folder);
        al = draw_alteration(&a.rng, w->only);
        a.log = &b->log;
        a.seal = b->seal;
        a.expect = false;
        buf_clear(&a.what);
        verdict = al->apply(&a);
    }
    struct verify_report r;
    struct errmsg msg = {""};
    enum err err = look(folder, a.expect ? &a.seal : NULL, &r, &msg);
    bool found = err != ERR_OK || !r.good || r.notes.n; /* a note says what could not be compared */
    struct count *c = &counts[al - alterations];
    c->done++;
    c->found += found;
    c->passed += !found;
    if (w->tell)
        diag("%" PRIu64 ": %s: %.*s: %s", seed, al->name, (int)a.what.n, a.what.p,
             !found ? "passed"
             : err  ? msg.text
                    : r.difference.text);
    if (!found && verdict == MUST_FIND)
        diag("seed %" PRIu64 ": %s: %.*s", seed, al->name, (int)a.what.n, a.what.p);
    if (w->keep)
        copy_folder(folder, w->keep);
    verify_report_done(&r);
    buf_done(&a.what);
    return found || verdict != MUST_FIND;
}

/* --- the whole --- */

static void print_counts(const struct count *counts)
{
    for (unsigned i = 0; i < n_alterations; i++)
        if (counts[i].done)
            diag("%-36s %6u, found %6u, may and did pass %6u", alterations[i].name, counts[i].done, counts[i].found,
                 counts[i].passed);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"count", required_argument, NULL, 'c'}, {"from", required_argument, NULL, 'f'},
        {"only", required_argument, NULL, 'o'},  {"keep", required_argument, NULL, 'k'},
        {"tell", no_argument, NULL, 't'},        {NULL, 0, NULL, 0}};
    uint64_t count = 300, from = 1;
    struct wishes wishes = {.tell = false};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?')
            return 2;
        if (c == 'c')
            count = strtoull(optarg, NULL, 10);
        if (c == 'f')
            from = strtoull(optarg, NULL, 10);
        if (c == 'o')
            wishes.only = optarg;
        if (c == 'k')
            wishes.keep = optarg;
        wishes.tell = wishes.tell || c == 't';
    }
    static struct base bases[BASES];
    struct count counts[sizeof alterations / sizeof alterations[0]] = {{0}};
    unsigned missed = 0;
    plan(2);
    for (unsigned i = 0; i < BASES; i++)
        make_base(&bases[i], i);
    ok(true, "%d stores are good as they are", BASES);
    for (uint64_t seed = from; seed < from + count; seed++)
        missed += !alter_one(bases, seed, &wishes, counts);
    is_int(missed, 0, "each of %" PRIu64 " alterations is found, or is none", count);
    print_counts(counts);
    for (unsigned i = 0; i < BASES; i++)
        logbook_done(&bases[i].log);
    return tap_end();
}
