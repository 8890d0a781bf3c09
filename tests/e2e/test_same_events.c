/* A city's year comes out the same from a simulation and from the daemon under an accelerated clock: as one
 * import, to the byte; as two imports at once, for each beneficiary. TEST_PEOPLE and TEST_SEED choose the city. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/event_json.h"
#include "tests/lib/node.h"
#include "tests/lib/tap.h"

#define PEOPLE 2000
#define UNTIL "2027-02-28T00:00:00+08:00"
#define FIRST_DAY "2026-01-01T00:00:00+08:00" /* most are enrolled then */
#define FACTOR 100000000
#define MARGIN_SECONDS 2 /* in which an import must have begun; doubled when that was too short */
#define TRIES 4

static const char rest[] =
    "timezone = \"Asia/Shanghai\"\n"
    "brake_limit = \"off\"\n"
    "max_lines = 700\n" /* so that an import is many bodies */
    "channel \"face\" { }\nchannel \"kiosk\" { }\nchannel \"counter\" { }\nchannel \"bank\" { }\n"
    "channel \"data-match\" { }\nchannel \"home-visit\" { }\nchannel \"consulate\" { }\n"
    "channel \"unit-batch\" { }\n"
    "policy \"national\" { }\npolicy \"zhoushan\" { }\npolicy \"beijing\" { grace = 0 }\n"
    "policy \"365-days\" { cycle = \"365 days\" validity = \"exact-day\" }\n"
    "policy \"half-yearly\" { cycle = \"6 months\" }\n";

/* --- the inputs: the city's, and such as a city seldom sees --- */

/* The value of a text member as it stands in the line, or NULL; it holds until the next call. */
static const char *member(const char *line, const char *name, char out[128])
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *p = strstr(line, key), *newline = strchr(line, '\n');
    if (!p || p > newline)
        return NULL;
    p += strlen(key);
    snprintf(out, 128, "%.*s", (int)strcspn(p, "\""), p);
    return out;
}

struct rare {
    const char *after; /* the op that it may follow */
    unsigned percent;
    const char *text; /* ID, CHANNEL and REF stand for those of that op */
};

static const struct rare rares[] = {
    {"certify", 2,
     "\"op\":\"revoke\",\"id\":\"ID\",\"channel\":\"CHANNEL\",\"ref\":\"REF\",\"reason\":\"the face was another's\""},
    {"certify", 1,
     "\"op\":\"certify\",\"id\":\"ID\",\"channel\":\"CHANNEL\",\"ref\":\"REF\",\"certified_on\":\"2026-01-01\""},
    {"certify", 1,
     "\"op\":\"certify\",\"id\":\"ID\",\"channel\":\"face\",\"ref\":\"x\",\"certified_on\":\"2031-01-01\""},
    {"certify", 1,
     "\"op\":\"certify\",\"id\":\"ID\",\"channel\":\"face\",\"ref\":\"y\",\"certified_on\":\"2025-12-01\","
     "\"by\":\"kin\""},
    {"certify", 1, "\"op\":\"revoke\",\"id\":\"ID\",\"channel\":\"bank\",\"ref\":\"none\",\"reason\":\"a slip\""},
    {"certify", 2, "\"op\":\"amend\",\"id\":\"ID\",\"policy\":\"half-yearly\""},
    {"certify", 1, "\"op\":\"amend\",\"id\":\"ID\",\"category\":null,\"name\":\"Ω\\t\\\"quoted\\\"\",\"amount\":1"},
    {"enrol", 1, "\"op\":\"enrol\",\"id\":\"ID\",\"policy\":\"national\",\"approved_on\":\"1999-01-01\""},
    {"enrol", 1, "\"op\":\"defer\",\"id\":\"ID\",\"until\":\"2029-01-01\",\"reason\":\"far off\""},
    {"report-death", 20,
     "\"op\":\"certify\",\"id\":\"ID\",\"channel\":\"counter\",\"ref\":\"alive\",\"certified_on\":\"2026-01-05\""},
    {"report-death", 30, "\"op\":\"erase\",\"id\":\"ID\""},
    {"report-death", 40, "\"op\":\"retract-death\",\"id\":\"ID\",\"reason\":\"the wrong person\""},
};

static void write_rare(const struct rare *r, const char *line, struct buf *out)
{
    static const char *const words[][2] = {{"ID", "id"}, {"CHANNEL", "channel"}, {"REF", "ref"}};
    char value[128];
    buf_printf(out, "{\"at\":\"%s\",", member(line, "at", value));
    for (const char *p = r->text; *p;) {
        size_t skip = 1;
        for (unsigned i = 0; i < 3 && skip == 1; i++)
            if (strncmp(p, words[i][0], strlen(words[i][0])) == 0)
                skip = strlen(words[i][0]), buf_adds(out, member(line, words[i][1], value));
        if (skip == 1)
            buf_addc(out, *p);
        p += skip;
    }
    buf_adds(out, "}\n");
}

static const char *next_line(const char *p)
{
    return strchr(p, '\n') + 1;
}

/* Somebody long overdue, who comes through grace, suspension and lapse before January is over; then the city with
 * its rare inputs, each at the instant of the one that it follows, and each kind at least once; and a last one at
 * UNTIL: when that is answered, all before it is over. */
static void write_inputs(struct buf *city, struct rng *g, struct buf *out)
{
    char op[128], at[128];
    bool seen[sizeof rares / sizeof *rares] = {false};
    buf_adds(out, "{\"at\":\"" FIRST_DAY "\",\"op\":\"enrol\",\"id\":\"X-0000001\",\"policy\":\"national\","
                  "\"approved_on\":\"2024-01-01\"}\n");
    for (const char *line = city->p; *line; line = next_line(line)) {
        if (!member(line, "op", op) || strcmp(member(line, "at", at), UNTIL) >= 0)
            continue;
        buf_add(out, line, (size_t)(next_line(line) - line));
        for (unsigned i = 0; i < sizeof rares / sizeof *rares; i++)
            if (strcmp(op, rares[i].after) == 0 && (!seen[i] || rng_below(g, 100) < rares[i].percent)) {
                seen[i] = true;
                write_rare(&rares[i], line, out);
            }
    }
    buf_adds(out, "{\"at\":\"" UNTIL "\",\"op\":\"unit\",\"unit\":\"the-end\"}\n");
}

static void make_city(uint64_t people, uint64_t seed, struct buf *inputs)
{
    char n[24], s[24];
    struct buf city = BUF_INIT;
    struct rng g = rng_seed(seed);
    snprintf(n, sizeof n, "%" PRIu64, people);
    snprintf(s, sizeof s, "%" PRIu64, seed);
    const char *const argv[] = {"lifecertctl", "demo-city", "--people", n, "--seed", s, NULL};
    if (run_program(argv, &city) != 0)
        bail_out("no city: %s", city.p);
    write_inputs(&city, &g, inputs);
    buf_done(&city);
}

static const char *write_file(const char *name, struct str text)
{
    static char paths[3][128];
    static unsigned n;
    char *path = paths[n++ % 3];
    snprintf(path, sizeof paths[0], "%s/%s", tap_tmpdir(), name);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
        bail_out("cannot write %s", path);
    return path;
}

/* Of two files, the one of the odd or of the even persons; units go with the even. */
static void half(const struct buf *inputs, bool odd, struct buf *out)
{
    char id[128];
    for (const char *line = inputs->p, *end = line + inputs->n; line < end; line = next_line(line)) {
        const char *text = member(line, "id", id);
        if ((text && text[strlen(text) - 1] % 2) == odd || strstr(line, UNTIL) == line + 7)
            buf_add(out, line, (size_t)(next_line(line) - line));
    }
}

/* --- logs --- */

struct row {
    struct str subject, text; /* text: from the time on; the numbers before it are the log's affair */
    enum event_type type;
    size_t order;
};

struct log {
    struct buf text;
    struct row *rows;
    size_t n, cap;
    unsigned types[EV_N], on_first_day;
};

static void log_done(struct log *l)
{
    buf_done(&l->text);
    free(l->rows);
    *l = (struct log){.rows = NULL};
}

/* undoes names an event by its number: not compared. */
static void blank_number(char *text, size_t n)
{
    static const char key[] = "\"undoes\":";
    char *p = memmem(text, n, key, sizeof key - 1);
    for (p = p ? p + sizeof key - 1 : NULL; p && *p >= '0' && *p <= '9'; p++)
        *p = '0';
}

static void log_line_add(struct log *l, char *line, size_t n, struct event_arena *arena, lc_instant until)
{
    struct event ev;
    size_t where;
    if (event_read((struct str){line, n}, &ev, arena, &where) != ERR_OK)
        bail_out("at byte %zu this event cannot be read: %.*s", where, (int)n, line);
    if (ev.time > until)
        return;
    l->types[ev.type]++;
    char *time = memmem(line, n, "\"time\":", 7), *subject = memmem(line, n, "\"subject\":\"", 11);
    bool adopted = ev.type == EV_POLICY_ADOPTED || ev.type == EV_CONFIG_ADOPTED;
    l->on_first_day += ev.type == EV_ENROLLED && strncmp(time + 8, FIRST_DAY, 25) == 0;
    /* What was adopted at start bears the time of the start, which differs. */
    char *from = adopted ? memmem(line, n, "\"type\":", 7) : time;
    if (l->n == l->cap)
        l->rows = mem_resize(l->rows, l->cap = l->cap ? 2 * l->cap : 1024, sizeof *l->rows);
    l->rows[l->n] = (struct row){
        .subject = ev.subject.p ? (struct str){subject + 11, ev.subject.n} : STR_LIT(""), /* ids here need no escapes */
        .text = {from, (size_t)(line + n - from)},
        .type = ev.type,
        .order = l->n,
    };
    l->n++;
}

/* text: events, a line each, and what else was printed. */
static void log_read(struct log *l)
{
    struct event_arena arena = {.n_pays = 0};
    lc_instant until;
    int32_t offset;
    if (!instant_parse(UNTIL, strlen(UNTIL), &until, &offset))
        bail_out("no instant");
    for (char *p = l->text.p, *end = p + l->text.n; p < end;) {
        char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            break;
        if (*p == '{')
            log_line_add(l, p, (size_t)(newline - p), &arena, until);
        p = newline + 1;
    }
    event_arena_done(&arena);
}

static bool same_row(const struct row *a, const struct row *b)
{
    return str_eq(a->subject, b->subject) && str_eq(a->text, b->text);
}

static void show_difference(const struct log *a, const struct log *b, size_t i)
{
    diag("simulated: %.*s", i < a->n ? (int)a->rows[i].text.n : 0, i < a->n ? a->rows[i].text.p : "");
    diag("   daemon: %.*s", i < b->n ? (int)b->rows[i].text.n : 0, i < b->n ? b->rows[i].text.p : "");
}

static bool same_rows(const struct log *a, const struct log *b)
{
    size_t i = 0;
    while (i < a->n && i < b->n && same_row(&a->rows[i], &b->rows[i]))
        i++;
    if (i == a->n && i == b->n)
        return true;
    diag("they differ from event %zu on, of %zu and %zu:", i + 1, a->n, b->n);
    show_difference(a, b, i);
    return false;
}

static int by_subject(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    size_t n = a->subject.n < b->subject.n ? a->subject.n : b->subject.n;
    int c = memcmp(a->subject.p, b->subject.p, n);
    if (c == 0)
        c = (a->subject.n > n) - (b->subject.n > n);
    return c ? c : a->order < b->order ? -1 : a->order > b->order;
}

/* Each beneficiary's events by themselves; those of the system are left out. */
static void sort_by_subject(struct log *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->rows[i].type == EV_REINSTATED)
            blank_number((char *)(uintptr_t)l->rows[i].text.p, l->rows[i].text.n);
        if (l->rows[i].subject.n)
            l->rows[n++] = l->rows[i];
    }
    l->n = n;
    qsort(l->rows, l->n, sizeof *l->rows, by_subject);
}

/* --- the runs --- */

static void simulate(const char *config, const char *file, struct log *out)
{
    const char *const argv[] = {"lifecertctl", "-c", config, "simulate", "--until", UNTIL, file, NULL};
    int code = run_program(argv, &out->text);
    ok(code == 1, "the simulation ends with 1: some inputs are rejected");
    if (code != 1)
        diag("%d: %.500s", code, out->text.p);
    log_read(out);
}

struct import {
    pthread_t thread;
    const char *config, *file;
    struct buf output;
    int code;
};

static void *run_import(void *arg)
{
    struct import *im = arg;
    const char *const argv[] = {"lifecertctl", "-c", im->config, "import", im->file, NULL};
    im->code = run_program(argv, &im->output);
    return NULL;
}

/* So many seconds before the first day, as the accelerated clock counts them. */
static void configure(struct node *n, unsigned margin)
{
    lc_instant first;
    int32_t offset;
    char start[25];
    struct buf text = BUF_INIT;
    if (!instant_parse(FIRST_DAY, strlen(FIRST_DAY), &first, &offset))
        bail_out("no instant");
    instant_format(first - (lc_instant)margin * FACTOR, offset, start);
    buf_printf(&text, "clock = \"%.25s x%d\"\n%s", start, FACTOR, rest);
    buf_addc(&text, '\0');
    node_configure(n, text.p);
    buf_done(&text);
}

/* One daemon, that many imports at once; its log. false: an import failed. */
static bool serve_once(unsigned margin, const char *const files[], unsigned n_files, struct log *out)
{
    struct import im[2] = {0};
    struct node *n = node_new("");
    bool good = true;
    configure(n, margin);
    node_init(n);
    node_must_start(n);
    for (unsigned i = 0; i < n_files; i++) {
        im[i] = (struct import){.config = n->config, .file = files[i]};
        if (pthread_create(&im[i].thread, NULL, run_import, &im[i]) != 0)
            bail_out("no thread");
    }
    for (unsigned i = 0; i < n_files; i++) {
        pthread_join(im[i].thread, NULL);
        good &= im[i].code == 1;
        if (im[i].code != 1)
            diag("import of %s: %d: %s", files[i], im[i].code, im[i].output.p);
        buf_done(&im[i].output);
    }
    good &= node_stop(n) == 0;
    const char *const argv[] = {"lifecertctl", "-c", n->config, "events", NULL};
    good &= run_program(argv, &out->text) == 0;
    log_read(out);
    node_free(n, !good);
    return good;
}

/* The clock runs from the start on, and stops for a stream only once it is there: on a machine that was too busy
 * to begin in time, once more with a longer way to go. */
static void serve(const char *const files[], unsigned n_files, const struct log *want, struct log *out)
{
    unsigned margin = MARGIN_SECONDS;
    bool good = false;
    for (int i = 0; i < TRIES; i++, margin *= 2) {
        log_done(out);
        good = serve_once(margin, files, n_files, out);
        if (!good || out->on_first_day == want->on_first_day)
            break;
        diag("the import began too late: again");
    }
    ok(good, "%s, and the daemon stops in peace",
       n_files == 1 ? "an import runs to its end" : "two imports run to their ends");
}

static void check_counts(const struct log *l, uint64_t people)
{
    unsigned wrong = 0;
    for (enum event_type t = 0; t < EV_N; t++) {
        bool expected = t != EV_HOLD_PLACED && t != EV_HOLD_LIFTED;
        diag("%-24s %6u", event_type_text(t), l->types[t]);
        wrong += expected != (l->types[t] > 0);
    }
    is_int(wrong, 0, "every kind of event occurs but holds");
    is_int(l->types[EV_ENROLLED], people + 1, "every person is enrolled");
    ok(l->types[EV_ACCEPTED] > people / 2 && l->types[EV_ACCEPTED] < 3 * people, "most certify");
    ok(l->types[EV_REMINDER] > people && l->types[EV_REMINDER] < 6 * people,
       "they are reminded, up to three times a cycle");
    ok(l->types[EV_SUSPENDED] > people / 100 && l->types[EV_SUSPENDED] < people / 2, "some are suspended");
    ok(l->types[EV_RESUMED] > 0 && l->types[EV_RESUMED] < l->types[EV_SUSPENDED], "fewer are resumed");
    ok(l->types[EV_GRACE] > l->types[EV_SUSPENDED] / 2, "more come into grace");
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
    uint64_t seed = setting("TEST_SEED", (uint64_t)time(NULL) % 1000000), people = setting("TEST_PEOPLE", PEOPLE);
    struct buf inputs = BUF_INIT, halves[2] = {BUF_INIT, BUF_INIT};
    struct log simulated = {.rows = NULL}, one = {.rows = NULL}, two = {.rows = NULL};
    plan(0);
    diag("TEST_SEED=%" PRIu64 " TEST_PEOPLE=%" PRIu64, seed, people);
    make_city(people, seed, &inputs);
    struct node *n = node_new(rest);
    const char *whole = write_file("city.ndjson", buf_str(&inputs));
    simulate(n->config, whole, &simulated);
    check_counts(&simulated, people);

    serve((const char *const[]){whole}, 1, &simulated, &one);
    ok(same_rows(&simulated, &one), "the daemon's log is the simulation's, to the byte");

    half(&inputs, false, &halves[0]);
    half(&inputs, true, &halves[1]);
    const char *const files[] = {write_file("even.ndjson", buf_str(&halves[0])),
                                 write_file("odd.ndjson", buf_str(&halves[1]))};
    serve(files, 2, &simulated, &two);
    sort_by_subject(&simulated);
    sort_by_subject(&two);
    ok(same_rows(&simulated, &two), "each beneficiary's events are the same when two imports run at once");
    node_free(n, false);
    log_done(&simulated);
    log_done(&one);
    log_done(&two);
    buf_done(&inputs);
    buf_done(&halves[0]);
    buf_done(&halves[1]);
    return tap_end();
}
