/* The past engine: what was due as known then is what the daemon answered then; and what came late is told from what was
 * known. */
#include "engine/past/past.h"

#include "store/archive/archive.h"
#include "tests/engine/rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define START rig_at("2025-01-01T00:00:00+08:00")
#define DAY 86400
#define PEOPLE 60u

/* --- asking both --- */

static char *copy_of(struct buf *b)
{
    char *text = mem_strndup(b->n ? b->p : "", b->n);
    buf_done(b);
    return text;
}

static char *ask_now(struct rig *r, struct request q)
{
    rig_request(r, &q);
    if (q.err != ERR_OK)
        bail_out("a question fails: %s", q.msg.text);
    return copy_of(&q.body);
}

static struct config *config_of(const struct rig *r)
{
    struct config *c = NULL;
    struct buf faults = BUF_INIT;
    if (config_load(r->config_file, &c, &faults) != ERR_OK)
        bail_out("%s is refused", r->config_file);
    buf_done(&faults);
    return c;
}

static enum err try_open(const struct rig *r, struct past_options *o, struct past **out, struct errmsg *msg)
{
    o->uri = r->options.uri;
    return past_open(o, config_of(r), out, msg);
}

static struct past *open_at(const struct rig *r, lc_instant at)
{
    struct past_options o = {.at = at};
    struct past *p;
    struct errmsg msg;
    if (try_open(r, &o, &p, &msg) != ERR_OK)
        bail_out("the past does not open: %s", msg.text);
    return p;
}

static char *ask_then(struct past *p, struct request q)
{
    past_ask(p, &q);
    if (q.err != ERR_OK)
        bail_out("a question about the past fails: %s", q.msg.text);
    return copy_of(&q.body);
}

static char *due_then(struct past *p, struct request q)
{
    struct buf out = BUF_INIT;
    struct errmsg msg;
    if (past_due(p, &q, &out, &msg) != ERR_OK)
        bail_out("what was due fails: %s", msg.text);
    return copy_of(&out);
}

/* --- random histories --- */

static struct request questions(unsigned i, const char *id)
{
    const lc_date from = date_make(2025, 6, 1);
    const struct request all[] = {
        {.kind = REQUEST_DUE},
        {.kind = REQUEST_DUE, .by_month = true},
        {.kind = REQUEST_DUE, .from = from, .to = from + 90},
        {.kind = REQUEST_HOLDS},
        {.kind = REQUEST_SHOW, .id = str_of(id)},
    };
    return all[i];
}
#define QUESTIONS 5u

struct moment {
    lc_instant at;
    char *answers[QUESTIONS];
};

static void note_moment(struct rig *r, struct moment *m, lc_instant now)
{
    m->at = now;
    for (unsigned i = 0; i < QUESTIONS; i++)
        m->answers[i] = ask_now(r, questions(i, "p-1"));
}

/* What is beside the due list's own counts is left out: the rest must be the plain list. */
static char *plain(const char *due)
{
    struct buf b = BUF_INIT;
    const char *p = strstr(due, "\"by\":");
    buf_addc(&b, '{');
    while (*p) {
        if (strncmp(p, ",\"late\":{", 9) == 0 || strncmp(p, ",\"since\":{", 10) == 0)
            p = strchr(p, '}') + 1;
        else if (strncmp(p, ",\"held_late\"", 12) == 0)
            p = strchr(p, '}');
        else
            buf_addc(&b, *p++);
    }
    return copy_of(&b);
}

/* How many of a moment's answers come out otherwise now. */
static unsigned differences(const struct rig *r, struct moment *m)
{
    struct past *p = open_at(r, m->at);
    unsigned n = 0;
    for (unsigned i = 0; i < QUESTIONS; i++) {
        char *then = ask_then(p, questions(i, "p-1"));
        if (strcmp(then, m->answers[i]) != 0 && n++ == 0)
            diag("at %lld:\n  %.600s\n  %.600s", (long long)m->at, m->answers[i], then);
        free(then);
    }
    for (unsigned i = 0; i < 3; i++) {
        char *due = due_then(p, questions(i, NULL)), *counts = plain(due);
        if (strcmp(counts, m->answers[i]) != 0 && n++ == 0)
            diag("at %lld:\n  %.600s\n  %.600s", (long long)m->at, m->answers[i], counts);
        free(due);
        free(counts);
    }
    past_close(p);
    return n;
}

static void input(struct rig *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void input(struct rig *r, const char *format, ...)
{
    char json[512];
    va_list args;
    va_start(args, format);
    vsnprintf(json, sizeof json, format, args);
    va_end(args);
    rig_input(r, json);
}

static const char *date_text(lc_date d, char out[11])
{
    date_format(d, out);
    out[10] = '\0';
    return out;
}

static void random_day(struct rig *r, struct rng *rng, lc_instant now)
{
    static const char *const policies[] = {"national", "beijing", "365-days"};
    static unsigned ref;
    lc_date today = (lc_date)((now + 8 * 3600) / DAY) + DATE_UNIX_EPOCH;
    char day[11];
    for (unsigned i = 0; i < 4; i++) {
        unsigned who = (unsigned)rng_below(rng, PEOPLE);
        switch (rng_below(rng, 10)) {
        case 0:
            input(r, "{\"op\":\"amend\",\"id\":\"p-%u\",\"policy\":\"%s\"}", who, policies[rng_below(rng, 3)]);
            break;
        case 1:
            input(r, "{\"op\":\"report-death\",\"id\":\"p-%u\",\"died_on\":\"%s\"}", who, date_text(today, day));
            break;
        case 2: input(r, "{\"op\":\"retract-death\",\"id\":\"p-%u\",\"reason\":\"x\"}", who); break;
        case 3:
            input(r, "{\"op\":\"revoke\",\"id\":\"p-%u\",\"channel\":\"face\",\"ref\":\"r%u\",\"reason\":\"x\"}", who,
                  (unsigned)rng_below(rng, ref + 1));
            break;
        default:
            input(r,
                  "{\"op\":\"certify\",\"id\":\"p-%u\",\"channel\":\"face\",\"certified_on\":\"%s\",\"ref\":\"r%u\"}",
                  who, date_text(today - (lc_date)rng_below(rng, 50), day), ++ref);
            break;
        }
    }
    if (rng_below(rng, 3) == 0)
        rig_place(r, SCOPE_POLICY, policies[rng_below(rng, 3)], date_text(today + 60, day));
    if (rng_below(rng, 6) == 0)
        rig_lift(r, "moratorium:policy:beijing");
}

#define MOMENTS 40u

static void test_histories(void)
{
    struct rig r = {.options.segment_bytes = 64 << 10};
    struct rng rng = rng_seed(7);
    struct moment moments[MOMENTS];
    char uri[160], day[11];
    snprintf(uri, sizeof uri, "dir:%s/histories", tap_tmpdir());
    rig_open(&r, uri, rig_conf, START);
    for (unsigned i = 0; i < PEOPLE; i++)
        input(&r, "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"%s\"}", i,
              date_text(date_make(2024, 2, 1) + (lc_date)rng_below(&rng, 330), day));
    lc_instant now = START;
    for (unsigned i = 0; i < MOMENTS; i++) {
        now += DAY + (lc_instant)rng_below(&rng, 14 * DAY);
        rig_until(&r, now);
        random_day(&r, &rng, now);
        rig_until(&r, now);
        note_moment(&r, &moments[i], now);
        if (i == MOMENTS / 2 || i == MOMENTS * 3 / 4) {
            r.start = ++now;
            rig_again(&r, true);
        }
    }
    unsigned different = 0, held = 0;
    for (unsigned i = 0; i < MOMENTS; i++) {
        different += differences(&r, &moments[i]);
        held += !strstr(moments[i].answers[0], "\"held\":0");
    }
    ok(held > 3, "suspensions were held back at %u of %u moments", held, MOMENTS);
    is_int(different, 0, "what was due, held and known then comes out of the log, beside a daemon that runs");
    rig_close(&r);
    for (unsigned i = 0; i < MOMENTS; i++)
        for (unsigned k = 0; k < QUESTIONS; k++)
            free(moments[i].answers[k]);
}

/* --- what came late --- */

static void count_progress(void *arg, uint64_t events, uint64_t total)
{
    (void)arg;
    if (events > total)
        bail_out("%llu of %llu events", (unsigned long long)events, (unsigned long long)total);
}

static char *due_on(const struct rig *r, lc_date day)
{
    struct past_options o = {.day = day, .progress = count_progress};
    struct past *p;
    struct errmsg msg;
    if (try_open(r, &o, &p, &msg) != ERR_OK)
        bail_out("the past does not open: %s", msg.text);
    char *due = due_then(p, (struct request){.kind = REQUEST_DUE});
    past_close(p);
    return due;
}

/* Six people due at the end of May 2026, and what comes after the tenth of it. */
static void late_history(struct rig *r)
{
    rig_until(r, rig_at("2026-01-05T08:00:00+08:00"));
    for (unsigned i = 1; i <= 6; i++)
        input(r, "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"2025-05-04\"}", i);
    rig_until(r, rig_at("2026-05-09T12:00:00+08:00"));
    input(r, "{\"op\":\"certify\",\"id\":\"p-1\",\"channel\":\"face\",\"certified_on\":\"2026-05-09\",\"ref\":\"1\"}");
    rig_until(r, rig_at("2026-05-20T12:00:00+08:00"));
    /* of that day and before, but received since */
    input(r, "{\"op\":\"certify\",\"id\":\"p-2\",\"channel\":\"face\",\"certified_on\":\"2026-05-10\",\"ref\":\"2\"}");
    /* of the day after */
    input(r, "{\"op\":\"certify\",\"id\":\"p-3\",\"channel\":\"face\",\"certified_on\":\"2026-05-11\",\"ref\":\"3\"}");
    /* first of a day after, and then, superseded, of a day before */
    input(r, "{\"op\":\"certify\",\"id\":\"p-4\",\"channel\":\"face\",\"certified_on\":\"2026-05-19\",\"ref\":\"4\"}");
    input(r,
          "{\"op\":\"certify\",\"id\":\"p-4\",\"channel\":\"counter\",\"certified_on\":\"2026-05-01\",\"ref\":\"4\"}");
    /* revoked since: as if there had been none */
    input(r, "{\"op\":\"certify\",\"id\":\"p-5\",\"channel\":\"face\",\"certified_on\":\"2026-05-02\",\"ref\":\"5\"}");
    input(r, "{\"op\":\"revoke\",\"id\":\"p-5\",\"channel\":\"face\",\"ref\":\"5\",\"reason\":\"a photograph\"}");
    /* of a day that says nothing new */
    input(r, "{\"op\":\"certify\",\"id\":\"p-6\",\"channel\":\"face\",\"certified_on\":\"2025-05-04\",\"ref\":\"6\"}");
    /* enrolled since: nobody then */
    input(r, "{\"op\":\"enrol\",\"id\":\"p-7\",\"policy\":\"national\",\"approved_on\":\"2025-05-04\"}");
    input(r, "{\"op\":\"certify\",\"id\":\"p-7\",\"channel\":\"face\",\"certified_on\":\"2026-05-10\",\"ref\":\"7\"}");
    rig_until(r, rig_at("2026-06-20T12:00:00+08:00"));
}

static void test_late(void)
{
    struct rig r = {.engine = NULL};
    char uri[160];
    struct past_options o = {.at = START};
    struct past *p;
    struct errmsg msg;
    snprintf(uri, sizeof uri, "dir:%s/late", tap_tmpdir());
    rig_open(&r, uri, rig_conf, rig_at("2026-01-01T00:00:00+08:00"));
    late_history(&r);
    char *due = due_on(&r, date_make(2026, 5, 10));
    ok(strstr(due, "{\"on\":\"2026-06-01\",\"reminder\":0,\"grace\":5,\"suspension\":0,\"lapse\":0,"
                   "\"late\":{\"reminder\":0,\"grace\":2,\"suspension\":0,\"lapse\":0},"
                   "\"since\":{\"reminder\":0,\"grace\":1,\"suspension\":0,\"lapse\":0}}"),
       "of five who were due, two were certified already and one has been since");
    ok(strstr(due, "{\"as_of\":\"2026-05-10T23:59:59+08:00\",\"position\":"), "as of the end of the day");
    free(due);
    due = due_on(&r, date_make(2026, 5, 9));
    ok(strstr(due, "\"grace\":5,\"suspension\":0,\"lapse\":0,\"late\":{\"reminder\":0,\"grace\":1,") &&
           strstr(due, "\"since\":{\"reminder\":0,\"grace\":2,"),
       "a day earlier one of the two was not yet");
    free(due);
    due = due_on(&r, date_make(2026, 6, 20));
    ok(strstr(due, "\"suspension\":0") && !strstr(due, "\"late\":{\"reminder\":0,\"grace\":1"),
       "as of the end there is nothing that came later");
    free(due);
    ok(try_open(&r, &o, &p, &msg) == ERR_ABSENT && strcmp(msg.text, "nothing had been recorded by then") == 0,
       "before the first event there is nothing to know");
    rig_close(&r);
}

/* Kept back then, and not yet known to be certified: those matter most. */
static void test_late_held(void)
{
    struct rig r = {.engine = NULL};
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s/held", tap_tmpdir());
    rig_open(&r, uri, rig_conf, rig_at("2026-01-01T00:00:00+08:00"));
    rig_until(&r, rig_at("2026-01-05T08:00:00+08:00"));
    for (unsigned i = 1; i <= 3; i++)
        input(&r, "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"2025-05-04\"}", i);
    rig_place(&r, SCOPE_ALL, NULL, "2026-07-31");
    rig_until(&r, rig_at("2026-07-01T12:00:00+08:00"));
    char *then = due_on(&r, date_make(2026, 6, 20));
    ok(strstr(then, "\"rows\":[],\"held\":3,\"held_late\":0,\"held_since\":0}"),
       "three are kept back, and nothing came since");
    free(then);
    input(&r, "{\"op\":\"certify\",\"id\":\"p-1\",\"channel\":\"face\",\"certified_on\":\"2026-06-12\",\"ref\":\"1\"}");
    input(&r, "{\"op\":\"certify\",\"id\":\"p-2\",\"channel\":\"face\",\"certified_on\":\"2026-06-30\",\"ref\":\"2\"}");
    then = due_on(&r, date_make(2026, 6, 20));
    ok(strstr(then, "\"held\":3,\"held_late\":1,\"held_since\":1}"), "one of them was certified, one has been since");
    free(then);
    struct past *p = open_at(&r, rig_at("2026-06-20T12:00:00+08:00"));
    char *status = ask_then(p, (struct request){.kind = REQUEST_STATUS});
    ok(strstr(status, "\"now\":\"2026-06-20T12:00:00+08:00\"") && strstr(status, "\"grace\":3") &&
           strstr(status, "\"held\":3") && strstr(status, "\"name\":\"moratorium\""),
       "the status is the one of then");
    free(status);
    past_close(p);
    rig_close(&r);
}

/* Times that were archived, and those before the oldest checkpoint, are not to be had any more. */
static void test_archived(void)
{
    struct rig r = {.options.segment_bytes = 3000};
    struct past_options o = {.at = rig_at("2025-06-01T00:00:00+08:00")};
    struct archive_report report;
    struct past *p;
    struct errmsg msg;
    char uri[160], folder[160];
    snprintf(uri, sizeof uri, "dir:%s/archived", tap_tmpdir());
    snprintf(folder, sizeof folder, "%s/archive", tap_tmpdir());
    rig_open(&r, uri, rig_conf, START);
    for (unsigned i = 0; i < 60; i++)
        input(&r, "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"2024-06-10\"}", i);
    for (unsigned i = 1; i <= 2; i++) {
        r.start = START + (365 + i) * DAY;
        rig_until(&r, r.start);
        input(&r, "{\"op\":\"amend\",\"id\":\"p-3\",\"unit\":\"U%u\"}", i);
        rig_again(&r, true);
    }
    rig_until(&r, r.start + 30 * DAY);
    char *due = ask_now(&r, questions(0, NULL));
    struct archive_order order = {.uri = uri, .folder = folder, .before = date_make(2026, 1, 1)};
    for (unsigned i = 0; i < 2; i++)
        if (engine_checkpoint_covers(uri, i, &order.covered[i], &msg) != ERR_OK)
            bail_out("a checkpoint is not there: %s", msg.text);
    if (store_archive(&order, &report, &msg) != ERR_OK)
        bail_out("nothing is archived: %s", msg.text);
    ok(try_open(&r, &o, &p, &msg) == ERR_ARCHIVED && strstr(msg.text, "archive"),
       "an archived time is told to be archived");
    p = open_at(&r, r.start + 30 * DAY);
    char *then = ask_then(p, questions(0, NULL));
    is_str(then, due, "one behind the checkpoints is known from them");
    past_close(p);
    free(then);
    free(due);
    rig_close(&r);
}

/* By the system's clock. */
static void test_present(void)
{
    struct rig r = {.engine = NULL};
    struct past_options o = {.at = clock_wall_ns() / 1000000000 + 3600};
    struct past *p;
    struct errmsg msg;
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s/present", tap_tmpdir());
    rig_open(&r, uri, rig_conf, INSTANT_NONE);
    lc_date today = date_make(1970, 1, 1) + (lc_date)((clock_wall_ns() / 1000000000 + 8 * 3600) / DAY);
    ok(try_open(&r, &o, &p, &msg) == ERR_INVALID && strstr(msg.text, "expected a time that has come; it is 20"),
       "an instant that has not come is refused");
    o = (struct past_options){.day = today + 2};
    is_int(try_open(&r, &o, &p, &msg), ERR_INVALID, "so is a day");
    char *due = due_on(&r, today);
    ok(strstr(due, "\"rows\":[],\"held\":0"), "today is known as far as it has come");
    free(due);
    rig_close(&r);
}

int main(void)
{
    plan(0);
    test_present();
    test_archived();
    test_histories();
    test_late();
    test_late_held();
    return tap_end();
}
