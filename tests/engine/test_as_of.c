/* What was known at an earlier instant: random histories are asked about as they run, and again when all is over. The
 * answers must be the same to the byte. */
#include "tests/engine/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/archive/archive.h"

#define START rig_at("2025-01-01T00:00:00+08:00")
#define DAY 86400
#define PEOPLE 30u
#define STEPS 160u
#define HISTORIES 12u
#define RECORDED_MAX 4096u

/* --- asking --- */

/* NULL when there is no answer; r->msg tells why. It holds until the next one. */
static const char *ask(struct rig *r, enum request_kind kind, const char *id, const struct as_of *when, enum err *err)
{
    struct request q = {.kind = kind, .id = str_of(id)};
    if (when)
        q.as_of = *when;
    rig_request(r, &q);
    buf_done(&r->body);
    r->body = q.body;
    *buf_room(&r->body, 1) = '\0';
    r->msg = q.msg;
    *err = q.err;
    return q.err == ERR_OK ? r->body.p : NULL;
}

/* What was answered when it was now. */
struct recorded {
    lc_instant at;
    char id[16];
    char *show, *story; /* NULL: not enrolled yet */
};

struct book {
    struct recorded v[RECORDED_MAX];
    unsigned n;
};

static char *copy(const char *answer)
{
    return answer ? mem_strdup(answer) : NULL;
}

static void record(struct rig *r, struct book *b, lc_instant now, const char *id)
{
    enum err err;
    if (b->n == RECORDED_MAX)
        return;
    struct recorded *one = &b->v[b->n++];
    one->at = now;
    snprintf(one->id, sizeof one->id, "%s", id);
    one->show = copy(ask(r, REQUEST_SHOW, id, NULL, &err));
    one->story = copy(ask(r, REQUEST_STORY, id, NULL, &err));
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* How many answers as of then differ from those given then. */
static unsigned differences(struct rig *r, const struct book *b)
{
    unsigned n = 0;
    for (unsigned i = 0; i < b->n; i++) {
        const struct recorded *one = &b->v[i];
        struct as_of when = {.given = true, .at = one->at};
        enum err err;
        const char *again = ask(r, REQUEST_SHOW, one->id, &when, &err);
        if (!same(one->show, again)) {
            if (n++ == 0)
                diag("%s at %lld:\n  %s\n  %s", one->id, (long long)one->at, one->show ? one->show : "nothing",
                     again ? again : r->msg.text);
            continue;
        }
        n += !same(one->story, ask(r, REQUEST_STORY, one->id, &when, &err));
    }
    return n;
}

static void book_done(struct book *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        free(b->v[i].show);
        free(b->v[i].story);
    }
    free(b);
}

/* --- a random history --- */

struct world {
    struct rng rng;
    struct rig r;
    struct book *book;
    lc_instant now;
    unsigned refs;
    unsigned accepted[PEOPLE]; /* the ref of the last one */
    unsigned holds, reloads, revoked;
};

static unsigned below(struct world *w, unsigned n)
{
    return (unsigned)rng_below(&w->rng, n);
}

static const char *random_conf(struct world *w, char out[1024])
{
    static const char *const zones[] = {"Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai", "Europe/Berlin", "UTC"};
    static const char *const brakes[] = {"off", "off", "2", "1%"};
    static const char *const lists[] = {"", "channels = { \"face\" }", "channels = { \"counter\", \"data-match\" }"};
    int n = snprintf(out, 1024,
                     "timezone = \"%s\"\nbrake_limit = \"%s\"\nchannel \"face\" {}\nchannel \"counter\" {}\n"
                     "channel \"data-match\" { expect_every = \"%ud\" }\n",
                     zones[below(w, 5)], brakes[below(w, 4)], 20 + below(w, 20));
    static const char *const names[] = {"national", "beijing", "365-days"};
    for (unsigned i = 0; i < 3; i++)
        n += snprintf(out + n, 1024 - (size_t)n,
                      "policy \"%s\" { cycle = \"%u months\" grace = %u remind_ahead = %u notice = %u "
                      "evidence_after = %u %s }\n",
                      names[i], 3 + below(w, 4), below(w, 30), below(w, 4), below(w, 20), 6 + below(w, 12),
                      lists[below(w, 3)]);
    return out;
}

static unsigned random_id(struct world *w, char out[16])
{
    unsigned n = below(w, PEOPLE);
    snprintf(out, 16, "p-%u", n);
    return n;
}

/* A day up to n days before today, as far as whoever is meant was approved by then mostly. */
static const char *random_day(struct world *w, unsigned n, char out[11])
{
    lc_date d = (lc_date)((w->now + 8 * 3600) / DAY) + DATE_UNIX_EPOCH - (lc_date)below(w, n);
    date_format(d, out);
    out[10] = '\0';
    return out;
}

static void random_input(struct world *w)
{
    static const char *const policies[] = {"national", "beijing", "365-days"};
    static const char *const channels[] = {"face", "counter", "data-match"};
    char id[16], day[11], json[512];
    unsigned who = random_id(w, id);
    unsigned ref = below(w, 4) ? ++w->refs : below(w, w->refs + 1);
    const char *channel = channels[ref % 3];
    switch (below(w, 12)) {
    case 0:
        snprintf(json, sizeof json, "{\"op\":\"amend\",\"id\":\"%s\",\"policy\":\"%s\"}", id, policies[below(w, 3)]);
        break;
    case 1:
        snprintf(json, sizeof json, "{\"op\":\"amend\",\"id\":\"%s\",\"category\":\"c%u\",\"unit\":%s}", id,
                 below(w, 3), below(w, 2) ? "null" : "\"U1\"");
        break;
    case 2:
        ref = w->accepted[who];
        snprintf(json, sizeof json,
                 "{\"op\":\"revoke\",\"id\":\"%s\",\"channel\":\"%s\",\"ref\":\"r%u\",\"reason\":\"x\"}", id,
                 channels[ref % 3], ref);
        break;
    case 3:
        snprintf(json, sizeof json, "{\"op\":\"defer\",\"id\":\"%s\",\"until\":\"%s\",\"reason\":\"x\"}", id,
                 random_day(w, 1, day));
        break;
    case 4:
        snprintf(json, sizeof json, "{\"op\":\"report-death\",\"id\":\"%s\",\"died_on\":\"%s\"}", id,
                 random_day(w, 40, day));
        break;
    case 5: snprintf(json, sizeof json, "{\"op\":\"retract-death\",\"id\":\"%s\",\"reason\":\"x\"}", id); break;
    case 6: snprintf(json, sizeof json, "{\"op\":\"erase\",\"id\":\"%s\"}", id); break;
    default:
        snprintf(json, sizeof json,
                 "{\"op\":\"certify\",\"id\":\"%s\",\"channel\":\"%s\",\"certified_on\":\"%s\",\"ref\":\"r%u\"%s}", id,
                 channel, random_day(w, 60, day), ref, below(w, 2) ? ",\"evidence\":\"e\"" : "");
        break;
    }
    struct input_result result = rig_input(&w->r, json);
    if (strstr(json, "certify") && result.result == RESULT_APPLIED)
        w->accepted[who] = ref;
    w->revoked += strstr(json, "revoke") && result.result == RESULT_APPLIED;
}

static void enrol_some(struct world *w)
{
    static const char *const policies[] = {"national", "beijing", "365-days"};
    char id[16], day[11], json[256];
    random_id(w, id);
    snprintf(json, sizeof json,
             "{\"op\":\"enrol\",\"id\":\"%s\",\"policy\":\"%s\",\"approved_on\":\"%s\",\"category\":\"c%u\"%s}", id,
             policies[below(w, 3)], random_day(w, 200, day), below(w, 3), below(w, 2) ? ",\"unit\":\"U1\"" : "");
    rig_input(&w->r, json);
}

static void random_hold(struct world *w)
{
    static const char *const names[] = {"brake",
                                        "feed:data-match",
                                        "moratorium",
                                        "moratorium:policy:beijing",
                                        "moratorium:category:c1",
                                        "moratorium:unit:U1"};
    static const char *const scopes[] = {NULL, "beijing", "c1", "U1"};
    char until[11];
    if (below(w, 2)) {
        w->holds += rig_lift(&w->r, names[below(w, 6)]) == ERR_OK;
        return;
    }
    unsigned scope = below(w, 4);
    date_format((lc_date)(w->now / DAY) + DATE_UNIX_EPOCH + 1 + (lc_date)below(w, 40), until);
    until[10] = '\0';
    w->holds += rig_place(&w->r, (enum scope_kind)scope, scopes[scope], until) == ERR_OK;
}

/* Whatever happens in a step's second is over before anything is recorded, and the next step is later. */
static void random_step(struct world *w)
{
    static const unsigned longest[] = {2, 600, DAY, 12 * DAY};
    char conf[1024], id[16];
    w->now += 1 + below(w, longest[below(w, 4)]);
    rig_until(&w->r, w->now);
    for (unsigned i = below(w, 4); i > 0; i--)
        random_input(w);
    if (below(w, 3) == 0)
        enrol_some(w);
    if (below(w, 5) == 0)
        random_hold(w);
    if (below(w, 12) == 0)
        w->reloads += rig_reload(&w->r, random_conf(w, conf)) == ERR_OK;
    rig_until(&w->r, w->now);
    for (unsigned i = 0; i < 3; i++) {
        random_id(w, id);
        record(&w->r, w->book, w->now, id);
    }
}

static void test_history(uint64_t seed)
{
    struct world w = {.rng = rng_seed(seed), .book = mem_zalloc(1, sizeof *w.book), .now = START};
    char uri[160], conf[1024];
    snprintf(uri, sizeof uri, "dir:%s/history-%" PRIu64, tap_tmpdir(), seed);
    rig_open(&w.r, uri, random_conf(&w, conf), START);
    for (unsigned i = 0; i < PEOPLE; i++)
        enrol_some(&w);
    for (unsigned i = 0; i < STEPS; i++)
        random_step(&w);
    unsigned answers = 0;
    for (unsigned i = 0; i < w.book->n; i++)
        answers += w.book->v[i].show != NULL;
    ok(answers > STEPS && w.holds > 3 && w.reloads > 3 && w.revoked > 1,
       "history %" PRIu64 ": %u answers, %u holds, %u reloads, %u certifications revoked", seed, answers, w.holds,
       w.reloads, w.revoked);
    is_int(differences(&w.r, w.book), 0, "what it answered then it answers as of then");
    w.r.start = w.now + 1; /* the log may be behind the clock */
    rig_crash(&w.r);
    is_int(differences(&w.r, w.book), 0, "also once everything is replayed");
    rig_again(&w.r, true);
    is_int(differences(&w.r, w.book), 0, "and when it comes from a checkpoint");
    rig_close(&w.r);
    book_done(w.book);
}

/* --- more versions of a policy than there is room for --- */

static void reload_grace(struct rig *r, unsigned grace)
{
    char conf[256];
    snprintf(
        conf, sizeof conf,
        "timezone = \"Asia/Shanghai\"\nbrake_limit = \"off\"\nchannel \"face\" {}\npolicy \"national\" { grace = %u }\n",
        grace);
    if (rig_reload(r, conf) != ERR_OK)
        bail_out("a configuration is refused: %s", r->msg.text);
}

static void test_dropped_versions(void)
{
    struct rig r = {.engine = NULL};
    struct book *book = mem_zalloc(1, sizeof *book);
    char uri[160];
    snprintf(uri, sizeof uri, "dir:%s/versions", tap_tmpdir());
    rig_open(&r, uri, rig_conf, START);
    rig_input(&r, "{\"op\":\"enrol\",\"id\":\"p-1\",\"policy\":\"national\",\"approved_on\":\"2025-01-01\"}");
    rig_input(&r, "{\"op\":\"enrol\",\"id\":\"p-2\",\"policy\":\"national\",\"approved_on\":\"2025-01-01\"}");
    rig_input(&r, "{\"op\":\"report-death\",\"id\":\"p-2\",\"died_on\":\"2025-01-01\"}");
    for (unsigned i = 1; i <= POLICY_MAX + 20; i++) {
        lc_instant now = START + i * 60;
        rig_until(&r, now);
        reload_grace(&r, i % 2 ? 20 + i % 7 : 40 + i % 11);
        rig_until(&r, now);
        record(&r, book, now, "p-1");
        record(&r, book, now, "p-2");
    }
    is_int(differences(&r, book), 0, "a version of a policy whose place is taken is read from the log again");
    rig_crash(&r);
    is_int(differences(&r, book), 0, "also once everything is replayed");
    rig_again(&r, true);
    is_int(differences(&r, book), 0, "and from a checkpoint");
    rig_close(&r);
    book_done(book);
}

/* --- what is asked wrongly, and days --- */

static const char *on_day(struct rig *r, int year, int month, int day, enum err *err)
{
    return ask(r, REQUEST_SHOW, "p-1", &(struct as_of){.given = true, .day = date_make(year, month, day)}, err);
}

static void test_days(void)
{
    struct rig r = {.engine = NULL};
    enum err err;
    rig_open(&r, "memory:", rig_conf, START);
    rig_until(&r, rig_at("2025-02-01T08:00:00+08:00"));
    rig_input(&r, "{\"op\":\"enrol\",\"id\":\"p-1\",\"policy\":\"national\",\"approved_on\":\"2024-06-10\"}");
    rig_until(&r, rig_at("2025-07-20T12:00:00+08:00"));
    char *now = copy(ask(&r, REQUEST_SHOW, "p-1", NULL, &err));
    ok(same(now, on_day(&r, 2025, 7, 20, &err)), "the day that is not over yet is now");
    on_day(&r, 2025, 7, 21, &err);
    ok(err == ERR_INVALID && strstr(r.msg.text, "2025-07-20T12:00:00+08:00"),
       "tomorrow is refused, and it says when now is");
    ask(&r, REQUEST_SHOW, "p-1", &(struct as_of){.given = true, .at = rig_at("2025-07-20T12:00:01+08:00")}, &err);
    is_int(err, ERR_INVALID, "so is the next second");
    on_day(&r, 2025, 1, 31, &err);
    ok(err == ERR_ABSENT && strcmp(r.msg.text, "not enrolled yet then") == 0,
       "the day before the enrolment knows nobody");
    const char *then = on_day(&r, 2025, 2, 1, &err);
    ok(then && strstr(then, "\"status\":\"active\"") && strstr(then, "\"seq\":"), "that day does, to its end");
    then = on_day(&r, 2025, 7, 1, &err);
    ok(then && strstr(then, "\"status\":\"grace\""), "a day's own deadlines have run at its end");
    ask(&r, REQUEST_SHOW, "nobody", &(struct as_of){.given = true, .at = START}, &err);
    ok(err == ERR_ABSENT && strcmp(r.msg.text, "not enrolled") == 0, "who never was is not enrolled");
    free(now);
    rig_close(&r);
}

/* --- where older events were archived --- */

static void archive_before(struct rig *r, lc_date before)
{
    char folder[160];
    struct errmsg msg;
    struct archive_report report;
    snprintf(folder, sizeof folder, "%s/archive", tap_tmpdir());
    struct archive_order o = {.uri = r->options.uri, .folder = folder, .before = before};
    for (unsigned i = 0; i < 2; i++)
        if (engine_checkpoint_covers(r->options.uri, i, &o.covered[i], &msg) != ERR_OK)
            o.covered[i] = 0;
    if (store_archive(&o, &report, &msg) != ERR_OK)
        bail_out("nothing is archived: %s", msg.text);
}

/* p-1 goes on, p-2 has died before; sixty more fill the log. */
static void live_for_archive(struct rig *r)
{
    rig_until(r, rig_at("2025-02-01T08:00:00+08:00"));
    for (unsigned i = 1; i <= 60; i++) {
        char json[128];
        snprintf(json, sizeof json,
                 "{\"op\":\"enrol\",\"id\":\"p-%u\",\"policy\":\"national\",\"approved_on\":\"2024-06-10\"}", i);
        rig_input(r, json);
    }
    rig_input(r, "{\"op\":\"report-death\",\"id\":\"p-2\",\"died_on\":\"2025-01-20\"}");
    for (unsigned i = 0; i < 2; i++) {
        rig_until(r, rig_at(i ? "2026-01-10T08:00:00+08:00" : "2026-01-05T08:00:00+08:00"));
        rig_input(r, i ? "{\"op\":\"amend\",\"id\":\"p-3\",\"unit\":\"U1\"}"
                       : "{\"op\":\"amend\",\"id\":\"p-3\",\"unit\":\"U2\"}");
        r->start = rig_at(i ? "2026-01-10T08:00:01+08:00" : "2026-01-05T08:00:01+08:00");
        rig_again(r, true);
    }
    rig_until(r, rig_at("2026-03-01T12:00:00+08:00"));
    rig_input(
        r,
        "{\"op\":\"certify\",\"id\":\"p-1\",\"channel\":\"face\",\"certified_on\":\"2026-03-01\",\"ref\":\"1\",\"evidence\":\"x\"}");
    rig_until(r, rig_at("2026-03-10T12:00:00+08:00"));
}

static void test_archived(void)
{
    struct rig r = {.options.segment_bytes = 3000};
    char uri[160];
    enum err err;
    snprintf(uri, sizeof uri, "dir:%s/archived", tap_tmpdir());
    rig_open(&r, uri, rig_conf, START);
    live_for_archive(&r);
    char *now = copy(ask(&r, REQUEST_SHOW, "p-2", NULL, &err));
    archive_before(&r, date_make(2026, 1, 1));
    struct as_of when = {.given = true, .day = date_make(2026, 2, 1)};
    ok(same(now, ask(&r, REQUEST_SHOW, "p-2", &when, &err)),
       "whoever has had no event since is known without the archived ones");
    ask(&r, REQUEST_SHOW, "p-1", &when, &err);
    ok(err == ERR_ARCHIVED && strstr(r.msg.text, "what was known then rests on events that were archived: "),
       "of anybody else it is said that what is needed was archived");
    when.day = date_make(2026, 3, 1);
    ok(ask(&r, REQUEST_SHOW, "p-1", &when, &err) != NULL, "the day of the last event is known again");
    const char *story = ask(&r, REQUEST_STORY, "p-1", &when, &err);
    ok(story && strstr(story, "certification.accepted") && !strstr(story, "beneficiary.enrolled") &&
           !strstr(story, "\"prev\":0,"),
       "a story begins with the oldest event that is there");
    when.day = date_make(2025, 6, 1);
    ask(&r, REQUEST_STORY, "p-1", &when, &err);
    is_int(err, ERR_ARCHIVED, "and of archived times nothing is told");
    free(now);
    rig_close(&r);
}

int main(void)
{
    plan(0);
    test_archived();
    for (unsigned i = 1; i <= tap_rounds(HISTORIES); i++)
        test_history(i);
    test_dropped_versions();
    test_days();
    return tap_end();
}
