/* A store whose older events were moved away decides as one that has them all: random histories, archived from again
 * and again, while the engine runs and while it does not, with restarts and crashes in between. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/tz.h"
#include "store/archive/archive.h"
#include "tests/engine/rig.h"

#define PEOPLE 40
#define DAY INT64_C(86400)
#define START rig_at("2026-01-01T00:00:00+08:00")
#define SEGMENT 3000

static const char *const channels[] = {"face", "counter", "data-match"};
static const char *const policies[] = {"national", "beijing", "365-days"};

static lc_date day_of(lc_instant at)
{
    return (lc_date)((at + 8 * 3600) / 86400 + DATE_UNIX_EPOCH);
}

static void put_date(struct buf *b, const char *name, lc_date d)
{
    char text[10];
    date_format(d, text);
    buf_printf(b, ",\"%s\":\"%.10s\"", name, text);
}

static void put_certification(struct rng *g, struct buf *b, const char *op, lc_date today)
{
    buf_printf(b, ",\"channel\":\"%s\",\"ref\":\"r%u\"", channels[rng_below(g, 3)], (unsigned)rng_below(g, 14));
    if (strcmp(op, "certify") == 0)
        put_date(b, "certified_on", today - (lc_date)rng_below(g, 60) + 1);
    else
        buf_adds(b, ",\"reason\":\"taken back\"");
}

static void put_enrolment(struct rng *g, struct buf *b, unsigned person, lc_date day)
{
    buf_printf(b, ",\"policy\":\"%s\"", policies[person % 3]);
    put_date(b, "approved_on", day - (lc_date)(person * 11 % 500));
    buf_printf(b, ",\"amount\":%u", 1000 + person * (rng_below(g, 4) ? 1 : 2));
}

/* A history is lived in phases, behind each of which the engine is stopped, and from the third on archived from. */
struct plan {
    uint64_t seed;
    unsigned phases, days; /* so many, of so many days */
};

static lc_instant begin_of(const struct plan *p, unsigned phase)
{
    return START + phase * p->days * DAY;
}

/* One input of any op that looks at what was; enrolments come again, the same and others. */
static void put_input(struct rng *g, struct buf *b, unsigned person, lc_date today)
{
    static const char *const ops[] = {"certify", "certify", "certify",      "revoke",        "revoke",  "amend",
                                      "defer",   "enrol",   "report-death", "retract-death", "certify", "erase"};
    const char *op = ops[rng_below(g, sizeof ops / sizeof ops[0] - (rng_below(g, 6) != 0))];
    buf_printf(b, "\"op\":\"%s\",\"id\":\"P-%03u\"", op, person);
    if (!strcmp(op, "certify") || !strcmp(op, "revoke"))
        put_certification(g, b, op, today);
    else if (!strcmp(op, "enrol"))
        put_enrolment(g, b, person, date_make(2026, 1, 1));
    else if (!strcmp(op, "amend"))
        buf_printf(b, ",\"amount\":%u,\"amount_from\":\"202%u-0%u\"", (unsigned)rng_below(g, 5) * 500,
                   6 + (unsigned)rng_below(g, 3), 1 + (unsigned)rng_below(g, 9));
    else if (!strcmp(op, "defer"))
        put_date(b, "until", today + (lc_date)rng_below(g, 50));
    else if (!strcmp(op, "report-death"))
        put_date(b, "died_on", today - (lc_date)rng_below(g, 120));
    if (!strcmp(op, "defer") || !strcmp(op, "retract-death"))
        buf_adds(b, ",\"reason\":\"so\"");
}

static char *phase_inputs(const struct plan *p, unsigned phase)
{
    struct rng g = rng_seed(p->seed * 1000 + phase);
    struct buf b = BUF_INIT;
    char text[25];
    lc_instant at = begin_of(p, phase), end = begin_of(p, phase + 1) - DAY;
    for (unsigned i = 0; phase == 0 && i < PEOPLE; i++) {
        buf_printf(&b, "{\"at\":\"2026-01-01T00:00:00+08:00\",\"op\":\"enrol\",\"id\":\"P-%03u\"", i);
        put_enrolment(&g, &b, i, date_make(2026, 1, 1));
        buf_adds(&b, "}\n");
    }
    while ((at += (lc_instant)rng_below(&g, 20 * 3600)) < end) {
        instant_format(at, 8 * 3600, text);
        buf_printf(&b, "{\"at\":\"%.25s\",", text);
        put_input(&g, &b, (unsigned)rng_below(&g, PEOPLE), day_of(at));
        buf_adds(&b, "}\n");
    }
    buf_addc(&b, '\0');
    return b.p;
}

static void live(struct rig *r, const struct plan *p, unsigned phase)
{
    char *inputs = phase_inputs(p, phase);
    rig_inputs(r, inputs, begin_of(p, phase + 1));
    free(inputs);
}

/* --- archiving --- */

static enum err archive(const char *uri, const char *folder, lc_date before, unsigned buckets,
                        struct archive_report *out, struct errmsg *msg)
{
    struct archive_order o = {.uri = uri, .folder = folder, .before = before, .buckets = buckets};
    struct errmsg ignored;
    for (unsigned i = 0; i < 2; i++)
        if (engine_checkpoint_covers(uri, i, &o.covered[i], &ignored) != ERR_OK)
            o.covered[i] = 0;
    return store_archive(&o, out, msg);
}

static uint64_t first_in_log(const struct rig *r)
{
    struct store_info info;
    store_info(engine_store(r->engine), &info);
    return info.first;
}

/* --- what is compared --- */

static void add_answer(struct buf *b, const char *answer)
{
    buf_adds(b, answer ? answer : "none");
    buf_addc(b, '\n');
}

/* Everybody's state, and who is paid for every month there was. */
static char *all_answers(struct rig *r)
{
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < PEOPLE; i++) {
        char id[16];
        snprintf(id, sizeof id, "P-%03u", i);
        add_answer(&b, rig_ask(r, REQUEST_SHOW, id));
    }
    for (lc_month m = date_month(date_make(2025, 1, 1)); m <= date_month(date_make(2028, 6, 1)); m++)
        add_answer(&b, rig_period(r, m, NULL));
    buf_addc(&b, '\0');
    return b.p;
}

static void show_difference(const char *a, const char *b)
{
    while (*a && *b) {
        int n = (int)strcspn(a, "\n"), m = (int)strcspn(b, "\n");
        if (n != m || memcmp(a, b, (size_t)n) != 0) {
            diag("whole:    %.*s", n, a);
            diag("archived: %.*s", m, b);
            return;
        }
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
}

static bool same_text(const char *a, const char *b)
{
    bool same = strcmp(a, b) == 0;
    if (!same)
        show_difference(a, b);
    return same;
}

static bool same_lines(struct rig *a, struct rig *b)
{
    buf_addc(&a->lines, '\0');
    buf_addc(&b->lines, '\0');
    bool same = same_text(a->lines.p, b->lines.p);
    a->lines.n--;
    b->lines.n--;
    return same;
}

static bool same_answers(struct rig *a, struct rig *b)
{
    char *x = all_answers(a), *y = all_answers(b);
    bool same = same_text(x, y);
    free(x);
    free(y);
    return same;
}

/* --- the histories --- */

struct pair {
    struct plan plan;
    char whole_uri[160], uri[160], folder[160];
    struct rig whole, archived;
};

static void open_pair(struct pair *p, uint64_t seed, unsigned phases, unsigned days)
{
    *p = (struct pair){.plan = {seed, phases, days}};
    p->whole.options.segment_bytes = p->archived.options.segment_bytes = SEGMENT;
    snprintf(p->whole_uri, sizeof p->whole_uri, "dir:%s/whole-%" PRIu64, tap_tmpdir(), seed);
    snprintf(p->uri, sizeof p->uri, "dir:%s/moved-%" PRIu64, tap_tmpdir(), seed);
    snprintf(p->folder, sizeof p->folder, "%s/archive-%" PRIu64, tap_tmpdir(), seed);
    rig_open(&p->whole, p->whole_uri, rig_conf, START);
    rig_open(&p->archived, p->uri, rig_conf, START);
}

static void live_both(struct pair *p, unsigned phase)
{
    live(&p->whole, &p->plan, phase);
    live(&p->archived, &p->plan, phase);
}

/* Up to the end of the phase before the last one, which the checkpoint before the newest has. */
static void archive_phase(struct pair *p, unsigned phase, uint64_t *moved)
{
    struct archive_report report = {.to = 0};
    struct errmsg msg = {""};
    lc_date before = day_of(begin_of(&p->plan, phase - 1) + 12 * 3600);
    enum err e = archive(p->uri, p->folder, before, 1 + phase % 5, &report, &msg);
    if (!ok(e == ERR_OK, "what phase %u left behind is archived", phase - 2))
        diag("%s", msg.text);
    *moved = report.to;
}

static void test_history(uint64_t seed, unsigned phases, unsigned days)
{
    struct pair p;
    uint64_t moved = 0, before = 0;
    open_pair(&p, seed, phases, days);
    for (unsigned phase = 0; phase < phases; phase++) {
        live_both(&p, phase);
        ok(same_lines(&p.whole, &p.archived), "seed %" PRIu64 ", phase %u: the same events", seed, phase);
        rig_again(&p.archived, true);
        if (phase < 3)
            continue;
        before = moved;
        archive_phase(&p, phase, &moved); /* the engine is running */
        ok(moved > before, "and each time more: up to event %" PRIu64, moved);
        ok(same_answers(&p.whole, &p.archived), "the same answers while it runs");
        if (phase % 2)
            rig_crash(&p.archived);
        ok(same_answers(&p.whole, &p.archived), "and after a %s", phase % 2 ? "crash" : "while");
    }
    is_int(first_in_log(&p.archived), moved + 1, "the log begins behind what was moved");
    rig_close(&p.whole);
    rig_close(&p.archived);
}

/* --- putting back --- */

static void copy_back(const char *folder, const char *store, uint64_t from)
{
    char command[4096];
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (strstr(names[i]->d_name, ".ndjson") && strtoull(names[i]->d_name, NULL, 10) >= from) {
            snprintf(command, sizeof command, "cp %s/%s %s/log/", folder, names[i]->d_name, store);
            if (system(command) != 0)
                bail_out("cannot copy %s", names[i]->d_name);
        }
        free(names[i]);
    }
    free(names);
}

static void remove_checkpoints(const char *store)
{
    char command[4096];
    snprintf(command, sizeof command, "rm -f %s/checkpoint/*", store);
    if (system(command) != 0)
        bail_out("cannot remove the checkpoints");
}

static void test_put_back(void)
{
    struct pair p;
    uint64_t moved;
    open_pair(&p, 77, 6, 100);
    for (unsigned phase = 0; phase < 4; phase++) {
        live_both(&p, phase);
        rig_again(&p.archived, true);
    }
    archive_phase(&p, 3, &moved);
    const char *store = p.uri + 4;
    char conf_file[128];
    snprintf(conf_file, sizeof conf_file, "%s", p.archived.config_file);
    rig_close(&p.archived);
    remove_checkpoints(store);
    p.archived.options.segment_bytes = SEGMENT;
    enum err e = rig_try(&p.archived, p.uri, rig_conf, START);
    is_int(e, ERR_ARCHIVED, "without a checkpoint it does not start");
    ok(strstr(p.archived.msg.text, p.folder) && strstr(p.archived.msg.text, "back into"),
       "and says what to put back: %s", p.archived.msg.text);

    copy_back(p.folder, store, moved / 2);
    e = rig_try(&p.archived, p.uri, rig_conf, START);
    is_int(e, ERR_ARCHIVED, "half of it is not enough");

    copy_back(p.folder, store, 0);
    e = rig_try(&p.archived, p.uri, rig_conf, START);
    if (!ok(e == ERR_OK, "with all of it back it starts without a checkpoint"))
        diag("%s", p.archived.msg.text);
    if (e == ERR_OK) {
        is_int(first_in_log(&p.archived), 1, "and has the whole log");
        ok(same_answers(&p.whole, &p.archived), "and answers as before");
        live_both(&p, 4);
        rig_again(&p.archived, true);
        live_both(&p, 5);
        rig_again(&p.archived, true);
        archive_phase(&p, 5, &moved);
        rig_again(&p.archived, true);
        is_int(first_in_log(&p.archived), moved + 1, "it can be archived again, and more");
        ok(same_answers(&p.whole, &p.archived), "with the same answers");
    }
    rig_close(&p.whole);
    rig_close(&p.archived);
}

/* --- what is refused --- */

static void test_refused(void)
{
    struct pair p;
    struct archive_report report;
    struct errmsg msg;
    char inside[4096];
    const struct plan other = {106, 3, 100};
    open_pair(&p, 105, 3, 100);
    live(&p.archived, &p.plan, 0);
    lc_date late = day_of(begin_of(&p.plan, 3));
    is_int(archive(p.uri, p.folder, late, 1, &report, &msg), ERR_INVALID, "without any checkpoint nothing is moved");
    ok(strstr(msg.text, "two checkpoints"), "and why is said: %s", msg.text);
    rig_again(&p.archived, true);
    is_int(archive(p.uri, p.folder, late, 1, &report, &msg), ERR_INVALID, "nor with one");
    live(&p.archived, &p.plan, 1);
    rig_again(&p.archived, true);
    is_int(archive(p.uri, p.folder, late, 1, &report, &msg), ERR_INVALID, "nor when only the newest lies behind it");
    ok(strstr(msg.text, "only the newest"), "which is said: %s", msg.text);
    is_int(archive(p.uri, p.folder, date_make(2020, 1, 1), 1, &report, &msg), ERR_END, "there is nothing that old");
    ok(strstr(msg.text, "2026-"), "and it is said until when the first file goes: %s", msg.text);
    snprintf(inside, sizeof inside, "%s/old", p.uri + 4);
    lc_date early = day_of(START + 50 * DAY);
    is_int(archive(p.uri, inside, early, 1, &report, &msg), ERR_INVALID, "an archive inside the store is refused");
    ok(access(inside, F_OK) < 0, "and its folder not left behind");
    is_int(archive(p.uri, p.whole_uri + 4, early, 1, &report, &msg), ERR_EXISTS, "so is another store");
    is_int(archive(p.uri, "/nonexistent/x", early, 1, &report, &msg), ERR_IO, "and what cannot be made");

    live(&p.whole, &other, 0);
    rig_again(&p.whole, true);
    live(&p.whole, &other, 1);
    rig_again(&p.whole, true);
    is_int(archive(p.whole_uri, p.folder, early, 1, &report, &msg), ERR_OK, "another store is archived");
    is_int(archive(p.uri, p.folder, early, 1, &report, &msg), ERR_EXISTS, "whose folder takes no second log");
    ok(strstr(msg.text, "another log"), "which is said: %s", msg.text);
    rig_close(&p.whole);
    rig_close(&p.archived);
}

int main(void)
{
    plan(0);
    for (uint64_t seed = 1; seed <= tap_rounds(2); seed++)
        test_history(seed, 8, 100);
    for (uint64_t seed = 5; seed < 5 + tap_rounds(3); seed++)
        test_history(seed, 20, 17);
    test_put_back();
    test_refused();
    return tap_end();
}
