/* Events that an operator has sent once more: which, in what order, behind whom, and what a crash leaves of it. */
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>

#include "deliver/inside.h"
#include "tests/deliver/world.h"
#include "tests/lib/quotes.h"

#define FROM(n) .from = {.kind = PLACE_NUMBER, .number = (n)}
#define UNTIL(n) .until = {.kind = PLACE_NUMBER, .number = (n)}

static void note_done(struct deliver_order *o)
{
    *(bool *)o->owner = true;
}

/* Ends with what it was answered in w->body and w->msg. */
static enum err answered(struct world *w, struct deliver_order *o, const bool *done)
{
    world_run(w);
    if (!*done)
        bail_out("an order is not answered");
    buf_done(&w->body);
    w->body = o->body;
    see_json(&w->body);
    buf_addc(&w->body, '\0');
    w->msg = o->msg;
    return o->err;
}

static struct deliver_order order_for(const char *endpoint, bool *done)
{
    return (struct deliver_order){.endpoint = str_of(endpoint),
                                  .by = STR_LIT("Li"),
                                  .why = STR_LIT("a new payroll system"),
                                  .done = note_done,
                                  .owner = done};
}

static enum err redeliver(struct world *w, const char *endpoint, struct redeliver_call c)
{
    bool done = false;
    struct deliver_order o = order_for(endpoint, &done);
    deliver_redeliver(w->deliver, &c, &o);
    return answered(w, &o, &done);
}

static enum err cancel(struct world *w, const char *endpoint)
{
    return world_order_done(w, deliver_redeliver_cancel, endpoint, 0);
}

static bool says(struct world *w, const char *text)
{
    return strstr(world_endpoint(w, "a"), text) != NULL;
}

static bool is_replay(const struct parcel *p)
{
    return p && memmem(p->call.body.p, p->call.body.n, "\"replay\":true", 13) != NULL;
}

/* The numbers handed over as replays, "3 4". */
static const char *replays(const struct world *w, const char *endpoint)
{
    static char text[8000];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < w->carrying.n; i++)
        for (unsigned k = 0; k < w->carrying.v[i]->n_seqs; k++)
            if (strcmp(w->carrying.v[i]->endpoint, endpoint) == 0 && is_replay(w->carrying.v[i]))
                n += (size_t)snprintf(text + n, n < sizeof text - 30 ? sizeof text - n : 0, "%s%" PRIu64, n ? " " : "",
                                      w->carrying.v[i]->seqs[k]);
    return text;
}

static unsigned n_replays(const struct world *w)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->carrying.n; i++)
        n += is_replay(w->carrying.v[i]);
    return n;
}

/* People P0 and on, all of whose events have arrived; returns the number before the first of them. */
static uint64_t open_with(struct world *w, const char *uri, const char *endpoints, unsigned people)
{
    world_open(w, uri, endpoints);
    world_always(w, 200);
    uint64_t before = world_last(w);
    world_many(w, 0, people);
    world_pass(w, 1000);
    return before;
}

/* --- which --- */

static void test_range(void)
{
    struct world w = {.deliver = NULL};
    char want[300];
    uint64_t first = open_with(&w, world_dir("range"), world_hook("a", "max_in_flight = 1"), 6) + 1;
    uint64_t cursor = world_cursor(&w, "a"), last = world_last(&w);
    ok(says(&w, "'redelivery':null"), "before the first one there is none");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first), UNTIL(first + 3)}), ERR_OK, "it is ordered");
    snprintf(
        want, sizeof want,
        "{'endpoint':'a','after':%d,'until':%d,'position':%d,'type':null,'subject':null,'state':'running','sent':0,"
        "'failed':0,'skipped':0,'started_at':'2026-03-02T10:00:01+08:00','ended_at':null,'by':'Li',"
        "'why':'a new payroll system','last_error':null}",
        (int)first, (int)first + 3, (int)first);
    is_str(w.body.p, want, "and says which events those are");
    world_pass(&w, 1000);
    snprintf(want, sizeof want, "%d %d %d", (int)first + 1, (int)first + 2, (int)first + 3);
    is_str(replays(&w, "a"), want, "the events behind `after` are sent, up to `until`, each marked");
    is_int(world_cursor(&w, "a"), (int)cursor, "the live cursor stands where it stood");
    is_int(world_sent(&w, "a", last), 1, "what is outside of the range is not sent again");
    snprintf(want, sizeof want, "'redelivery':{'in_flight':0,'after':%d,'until':%d,'position':%d,", (int)first,
             (int)first + 3, (int)first + 3);
    ok(says(&w, want), "it has come to the end");
    ok(says(&w, "'state':'done','sent':3,'failed':0,'skipped':0,") &&
           says(&w, "'ended_at':'2026-03-02T10:00:01+08:00'"),
       "and is shown as done");
    ok(says(&w, "'delivered':6,"), "the endpoint's own counts are what they were");
    const struct parcel *once = w.carrying.v[0], *twice = world_parcel(&w, "a", first + 1);
    for (size_t i = 1; once->seqs[0] != first + 1; i++)
        once = w.carrying.v[i];
    ok(!is_replay(once) && is_replay(twice), "of those that came twice the second is marked");
    is_str(parcel_header(twice, "webhook-id"), parcel_header(once, "webhook-id"), "and the id is the same");
    world_crash(&w);
    ok(says(&w, "'state':'done','sent':3,"), "that is still known after a crash");
    is_int(n_replays(&w), 3, "and nothing more is sent");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(last)}), ERR_OK, "a range with nothing in it is fine");
    world_pass(&w, 1000);
    ok(says(&w, "'state':'done','sent':0,"), "and done at once");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(0), UNTIL(UINT64_MAX)}), ERR_OK,
           "one beyond the log's end, too");
    snprintf(want, sizeof want, "'after':0,'until':%d,", (int)last);
    ok(says(&w, want), "is up to its end");
    world_pass(&w, 1000);
    snprintf(want, sizeof want, "'state':'done','sent':%d,", (int)last);
    ok(says(&w, want), "from the first event on, though the endpoint came later");
    world_close(&w);
}

static void test_filters(void)
{
    struct world w = {.deliver = NULL};
    char want[100];
    world_open(&w, "memory:", world_hook("a", "categories = { \"x\" }"));
    world_always(&w, 200);
    world_enrol(&w, "P1", ",'category':'x'");
    world_enrol(&w, "P2", ",'category':'x'");
    world_enrol(&w, "P3", ",'category':'y'");
    uint64_t p3 = world_last(&w);
    world_pass(&w, 1000);
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(0)}), ERR_OK, "without a filter of the order's");
    world_pass(&w, 1000);
    snprintf(want, sizeof want, "%d %d", (int)p3 - 2, (int)p3 - 1);
    is_str(replays(&w, "a"), want, "the endpoint's own filter holds");
    snprintf(want, sizeof want, "'sent':2,'failed':0,'skipped':%d,", (int)p3 - 2);
    ok(says(&w, want), "what it lets not pass is counted");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(0), .subject = STR_LIT("P2")}), ERR_OK, "of one person");
    world_pass(&w, 1000);
    ok(says(&w, "'subject':'P2'") && says(&w, "'sent':1,"), "that one's alone are sent");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(0), .type = STR_LIT("benefit.*,reminder.due")}), ERR_OK,
           "of some types");
    world_pass(&w, 1000);
    ok(says(&w, "'type':'benefit.*,reminder.due'") && says(&w, "'sent':0,"), "of those alone");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(0), .type = STR_LIT("policy.*,beneficiary.*")}), ERR_OK,
           "of several");
    world_pass(&w, 1000);
    ok(says(&w, "'sent':2,"), "of each of them, as far as the endpoint wants it");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(0), .type = STR_LIT("benefit.*,nothing")}), ERR_INVALID,
           "a type that there is not is refused");
    world_close(&w);
}

/* --- times --- */

struct days {
    struct world w;
    uint64_t first, day[3]; /* the first number of each day */
};

static void days_open(struct days *d, unsigned people)
{
    static const char *const mornings[] = {"2026-03-03T08:00:00+08:00", "2026-03-04T08:00:00+08:00",
                                           "2026-03-05T08:00:00+08:00"};
    world_open(&d->w, "memory:", world_hook("a", ""));
    world_always(&d->w, 200);
    for (int i = 0; i < 3; i++) {
        world_until(&d->w, mornings[i]);
        d->day[i] = world_last(&d->w) + 1;
        world_many(&d->w, (unsigned)i * people, people);
        world_pass(&d->w, 1000);
    }
}

static bool covers(struct days *d, struct redeliver_call c, uint64_t after, uint64_t until)
{
    char want[100];
    if (redeliver(&d->w, "a", c) != ERR_OK) {
        diag("%s", d->w.msg.text);
        return false;
    }
    world_pass(&d->w, 1000);
    snprintf(want, sizeof want, "'after':%d,'until':%d,", (int)after, (int)until);
    bool good = says(&d->w, want) && says(&d->w, "'state':'done'");
    if (!good)
        diag("wanted %s of %s", want, world_endpoint(&d->w, "a"));
    return good;
}

static struct log_place at(const char *text)
{
    struct log_place p = {.kind = PLACE_INSTANT, .at = rig_at(text)};
    return p;
}

static struct log_place on(int day)
{
    return (struct log_place){.kind = PLACE_DATE, .date = date_make(2026, 3, day)};
}

static void test_times(unsigned people)
{
    struct days d = {.first = 0};
    days_open(&d, people);
    uint64_t end = world_last(&d.w), *day = d.day;
    ok(covers(&d, (struct redeliver_call){.from = at("2026-03-04T08:00:00+08:00")}, day[1] - 1, end),
       "%u a day: since a moment begins with the first event of it", people);
    ok(covers(&d, (struct redeliver_call){.from = at("2026-03-04T08:00:01+08:00")}, day[2] - 1, end),
       "%u a day: a second later with what comes after it", people);
    ok(covers(&d, (struct redeliver_call){.from = at("2026-03-03T00:00:00Z"), .until = at("2026-03-04T00:00:00Z")},
              day[0] - 1, day[2] - 1),
       "%u a day: until a moment ends with the last event of it", people);
    ok(covers(&d, (struct redeliver_call){.from = on(4), .until = on(4)}, day[1] - 1, day[2] - 1),
       "%u a day: a day is all of it", people);
    ok(covers(&d, (struct redeliver_call){.from = at("2020-01-01T00:00:00Z")}, 0, end),
       "%u a day: since long ago is from the beginning", people);
    ok(covers(&d, (struct redeliver_call){.from = on(9)}, end, end), "%u a day: since a time to come is nothing",
       people);
    ok(covers(&d, (struct redeliver_call){FROM(2), .until = on(3)}, 2, day[1] - 1),
       "%u a day: a number and a day go together", people);
    is_int(redeliver(&d.w, "a", (struct redeliver_call){.from = on(5), .until = on(3)}), ERR_INVALID,
           "%u a day: an end before the beginning is refused", people);
    world_close(&d.w);
}

/* --- refusals, one at a time, cancelled --- */

static void test_refusals(void)
{
    struct world w = {.deliver = NULL};
    char both[4000];
    snprintf(both, sizeof both, "%s%s", world_hook("a", ""), world_kannel("sms", ""));
    uint64_t first = open_with(&w, "memory:", both, 3);
    is_int(redeliver(&w, "sms", (struct redeliver_call){FROM(0)}), ERR_INVALID, "messages are never sent again");
    ok(strstr(w.msg.text, "messages to people"), "and it says why");
    is_int(redeliver(&w, "nobody", (struct redeliver_call){FROM(0)}), ERR_ABSENT, "nor is anything to nobody");
    is_int(redeliver(&w, "a redelivery", (struct redeliver_call){FROM(0)}), ERR_ABSENT, "whatever it is called");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(world_last(&w) + 1)}), ERR_INVALID,
           "nothing lies behind the log's end");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(3), UNTIL(2)}), ERR_INVALID, "or between 3 and 2");
    is_int(cancel(&w, "a"), ERR_ABSENT, "what is not under way cannot be cancelled");
    ok(says(&w, "'redelivery':null"), "none of that has left a trace");
    w.answers = NULL;
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first)}), ERR_OK, "one is under way");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first)}), ERR_LOCKED, "a second one is refused");
    ok(strstr(w.msg.text, "ordered by Li (a new payroll system)"), "by naming the first");
    unsigned sent = n_replays(&w);
    ok(sent > 0 && w.carrying.on_their_way == sent, "of which some are on their way");
    is_int(cancel(&w, "a"), ERR_OK, "it can be cancelled");
    ok(strstr(w.body.p, "'state':'cancelled'"), "and says so");
    is_int(w.carrying.on_their_way, 0, "what was on its way is cut off");
    world_always(&w, 200);
    world_pass(&w, 60000);
    is_int(n_replays(&w), sent, "and nothing more is sent");
    is_int(cancel(&w, "a"), ERR_ABSENT, "once is enough");
    ok(says(&w, "'state':'cancelled','sent':0,") && !says(&w, "'ended_at':null"), "it stays to be seen");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first)}), ERR_OK, "until the next one");
    world_pass(&w, 1000);
    ok(says(&w, "'state':'done','sent':3,"), "which begins anew");
    world_close(&w);
}

static void test_next(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, world_dir("next"), world_hook("a", ""), 1);
    w.answers = NULL;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    parcel_answer(&w.carrying, parcel_of(&w.carrying, "a", first + 1), 200, -1, "");
    if (deliver_tick(w.deliver, &w.wait, &w.msg) != ERR_OK)
        bail_out("%s", w.msg.text);
    ok(says(&w, "'state':'done'"), "as soon as one is seen to be done");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first)}), ERR_OK, "there is room for the next");
    world_answer(&w, "a", first + 1, 200);
    world_pass(&w, 1000);
    world_crash(&w);
    ok(says(&w, "'state':'done','sent':1,"), "which is a job of its own");
    world_close(&w);
}

/* --- order, and behind whom --- */

struct seen {
    uint64_t last[16];
    unsigned wrong;
};

/* Refuses every third at first; keeps an eye on each person's order among what was taken. */
static int every_third(void *arg, const struct parcel *p)
{
    struct seen *s = arg;
    const char *at = memmem(p->call.body.p, p->call.body.n, "\"subject\":\"P", 12);
    unsigned who = at ? (unsigned)(at[12] - '0') % 16 : 0;
    static unsigned turn;
    if (turn++ % 3 == 0)
        return 500;
    s->wrong += is_replay(p) && p->seqs[0] < s->last[who];
    if (is_replay(p))
        s->last[who] = p->seqs[0];
    return 200;
}

static void test_order(void)
{
    struct world w = {.deliver = NULL};
    struct seen seen = {.wrong = 0};
    uint64_t first = open_with(&w, world_dir("order"), world_hook("a", "retry = { 5s, 5s, 5s, 5s, 5s, 5s }"), 8);
    for (unsigned i = 0; i < 8 * 5; i++) {
        char id[4] = {'P', (char)('0' + i % 8), '\0'};
        world_event(&w, id);
    }
    world_pass(&w, 1000);
    uint64_t cursor = world_cursor(&w, "a");
    w.answers = every_third;
    w.arg = &seen;
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first)}), ERR_OK, "an endpoint that fails now and then");
    world_pass(&w, 10000);
    ok(says(&w, "'last_error':'status 500'"), "says so");
    ok(says(&w, "'last_error':null,'last_error_at':null,'redelivery'"), "but only of the redelivery");
    world_crash(&w);
    world_pass(&w, 600000);
    ok(says(&w, "'state':'done'") && says(&w, "'failed':0,"), "gets everything in the end, over a crash too");
    is_int(seen.wrong, 0, "each person's events in order");
    is_int(world_cursor(&w, "a"), (int)cursor, "and the live cursor has not moved");
    is_int(w.deliver->outlets->next == NULL, true, "what it needed is gone");
    world_close(&w);
}

static void test_live_first(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, "memory:", world_hook("a", "max_in_flight = 4"), 40);
    w.answers = NULL;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    is_int(w.carrying.on_their_way, 2, "a redelivery has no more than half of the connections");
    world_many(&w, 100, 10);
    uint64_t live = world_last(&w) - 9;
    world_run(&w);
    is_int(w.carrying.on_their_way, 4, "live events get the others");
    ok(world_sending(&w, "a", live) && world_sending(&w, "a", live + 1), "at once");
    world_answer(&w, "a", first + 1, 200);
    is_int(w.carrying.on_their_way, 4, "what gets free goes on");
    ok(world_sending(&w, "a", live + 2) && !world_sending(&w, "a", first + 3), "to a live event, while there are any");
    for (uint64_t seq = live; seq < live + 10; seq++)
        world_answer(&w, "a", seq, 200);
    is_int(w.carrying.on_their_way, 2, "when there is none, to the redelivery");
    world_always(&w, 200);
    world_pass(&w, 1000);
    ok(says(&w, "'state':'done','sent':40,"), "which comes to its end");
    world_close(&w);
}

static void test_one_at_a_time(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, "memory:", world_hook("a", "max_in_flight = 1"), 3);
    w.answers = NULL;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    is_int(w.carrying.on_their_way, 1, "where there is one connection, it has that");
    world_enrol(&w, "P9", "");
    uint64_t live = world_last(&w);
    world_answer(&w, "a", first + 1, 200);
    ok(world_sending(&w, "a", live), "until a live event comes");
    world_always(&w, 200);
    world_pass(&w, 1000);
    world_close(&w);
}

/* Half of the rate goes to live events: each is as quick as if it had come alone. */
static void test_rate(void)
{
    struct world w = {.deliver = NULL};
    int64_t longest = 0;
    uint64_t first = open_with(&w, "memory:", world_hook("a", "rate = \"10/s\""), 60);
    world_pass(&w, 10000);
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    int64_t start = w.now;
    for (unsigned i = 0; i < 20; i++) {
        world_many(&w, 100 + i, 1);
        int64_t came = w.now;
        world_pass(&w, 200);
        const struct parcel *p = world_parcel(&w, "a", world_last(&w));
        int64_t took = p ? p->at - came : 1000000;
        longest = took > longest ? took : longest;
    }
    unsigned meanwhile = n_replays(&w);
    ok(longest <= 101, "a live event waits for no more than its turn at the rate: %d ms", (int)longest);
    ok(meanwhile >= 18 && meanwhile <= 22, "what the rate leaves is the redelivery's: %u", meanwhile);
    world_pass(&w, 60000);
    ok(says(&w, "'state':'done','sent':60,") && w.now - start > 8000, "to its end");
    world_close(&w);
}

/* --- failures --- */

static int refuses_one(void *arg, const struct parcel *p)
{
    return is_replay(p) && p->seqs[0] == *(uint64_t *)arg ? 500 : 200;
}

static void test_given_up(void)
{
    struct world w = {.deliver = NULL};
    uint64_t bad = open_with(&w, world_dir("given_up"), world_hook("a", "retry = { 5s, 1m }"), 5) + 2;
    uint64_t next = world_event(&w, "P1");
    world_pass(&w, 1000);
    w.answers = refuses_one;
    w.arg = &bad;
    redeliver(&w, "a", (struct redeliver_call){FROM(bad - 2)});
    world_pass(&w, 1000);
    ok(says(&w, "'state':'running','sent':4,") && world_sent(&w, "a", next) == 1,
       "the person's next one waits behind it");
    world_crash(&w);
    world_pass(&w, 90000);
    is_int(world_sent(&w, "a", bad), 4, "after its last retry, counted over a crash,");
    ok(says(&w, "'state':'done','sent':5,'failed':1,") && says(&w, "'last_error':'status 500'"), "it is counted");
    is_str(world_state(&w, "a", bad), "", "but no dead letter");
    ok(says(&w, "'dead':0,") && says(&w, "'dead_ever':0,"), "of nobody's");
    is_int(world_sent(&w, "a", next), 2, "and the next one is sent");
    ok(!memmem(world_parcel(&w, "a", next)->call.body.p, world_parcel(&w, "a", next)->call.body.n, "\"gap\"", 5),
       "without a mark, since nothing is missing");
    world_close(&w);
}

static int fails_replays(void *arg, const struct parcel *p)
{
    (void)arg;
    return is_replay(p) ? 500 : 200;
}

static void test_breaker(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, "memory:", world_hook("a", "max_in_flight = 4"), 50);
    w.answers = fails_replays;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_run(&w);
    unsigned sent = n_replays(&w);
    ok(sent >= BREAKER_FAILURES && sent <= BREAKER_FAILURES + 2, "ten failures stop a redelivery: %u", sent);
    ok(says(&w, "'state':'running','paused'"), "but not the endpoint");
    world_enrol(&w, "P99", "");
    world_run(&w);
    is_int(world_sent(&w, "a", world_last(&w)), 1, "whose live events go on");
    is_int(world_said(&w, "opened"), 0, "and nobody is told of a breaker");
    world_always(&w, 200);
    world_pass(&w, 3600000);
    ok(says(&w, "'state':'done','sent':50,"), "when all is well it goes on, and ends");
    w.answers = NULL;
    world_close(&w);
}

static void test_probe(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, "memory:", world_hook("a", "max_in_flight = 4\nretry = { 1d }"), 20);
    world_always(&w, 500);
    world_many(&w, 50, BREAKER_FAILURES);
    world_pass(&w, 100);
    ok(says(&w, "'state':'open'"), "a breaker is open");
    redeliver(&w, "a", (struct redeliver_call){FROM(first), UNTIL(first + 20)});
    unsigned sent = n_replays(&w);
    is_int(sent, 0, "a redelivery sends nothing");
    world_always(&w, 200);
    world_pass(&w, 8000);
    ok(!says(&w, "'state':'open'"), "but where there is nothing else, it is the probe");
    ok(says(&w, "'state':'done','sent':20,"), "and goes on");
    world_close(&w);
}

/* The probe is cut off with the redelivery: the endpoint is probed all the same. */
static void test_probe_cancelled(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, "memory:", world_hook("a", "max_in_flight = 4\nretry = { 1d }"), 20);
    world_always(&w, 500);
    world_many(&w, 50, BREAKER_FAILURES);
    world_pass(&w, 100);
    w.answers = NULL;
    redeliver(&w, "a", (struct redeliver_call){FROM(first), UNTIL(first + 20)});
    world_pass(&w, 6000);
    is_int(n_replays(&w), 1, "while a replay is the probe");
    world_enrol(&w, "P99", "");
    world_pass(&w, 6000);
    is_int(world_sent(&w, "a", world_last(&w)), 0, "a live event waits for what comes of it");
    cancel(&w, "a");
    world_always(&w, 200);
    world_pass(&w, 1000);
    is_int(world_sent(&w, "a", world_last(&w)), 1, "but not when it was cancelled");
    world_close(&w);
}

static void test_gone(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, world_dir("gone"), world_hook("a", "max_in_flight = 2"), 5);
    world_always(&w, 410);
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_pass(&w, 100);
    ok(says(&w, "'state':'paused'"), "410 pauses the endpoint");
    is_int(n_replays(&w), 1, "and with it the redelivery");
    world_crash(&w);
    world_always(&w, 200);
    world_pass(&w, 60000);
    is_int(n_replays(&w), 1, "over a crash, too");
    world_order_done(&w, deliver_resume, "a", 0);
    world_pass(&w, 1000);
    ok(says(&w, "'state':'done','sent':5,'failed':0,"), "they are resumed together");
    is_int(world_order_done(&w, deliver_pause, "a", 0), ERR_OK, "an operator's pause");
    is_int(redeliver(&w, "a", (struct redeliver_call){FROM(first)}), ERR_OK, "lets it be ordered");
    world_pass(&w, 60000);
    is_int(n_replays(&w), 6, "but not begin");
    world_order_done(&w, deliver_resume, "a", 0);
    world_pass(&w, 1000);
    is_int(n_replays(&w), 11, "before it is over");
    world_close(&w);
}

/* What the live delivery has not come to is not sent again before its first time. */
static void test_behind_live(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, "memory:", world_hook("a", "max_in_flight = 2\nmax_unnoted = 16"), 3);
    w.answers = NULL;
    world_many(&w, 10, 30);
    world_run(&w);
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_always(&w, 200);
    world_pass(&w, 5000);
    unsigned early = 0;
    for (uint64_t seq = first + 1; seq <= world_last(&w); seq++) {
        bool live = false;
        for (size_t i = 0; i < w.carrying.n; i++) {
            if (w.carrying.v[i]->seqs[0] != seq)
                continue;
            early += is_replay(w.carrying.v[i]) && !live;
            live |= !is_replay(w.carrying.v[i]);
        }
    }
    is_int(early, 0, "no event comes as a replay before it came");
    ok(says(&w, "'state':'done','sent':33,"), "and each does afterwards");
    world_close(&w);
}

/* --- crashes, reloads --- */

static int some_at_a_time(void *arg, const struct parcel *p)
{
    int *left = arg;
    (void)p;
    return *left > 0 ? (--*left, 200) : NEVER;
}

static void test_crashes(void)
{
    struct world w = {.deliver = NULL};
    int left = 0, crashes = 0;
    unsigned missing = 0, again = 0;
    uint64_t first = open_with(&w, world_dir("crashes"), world_hook("a", "max_in_flight = 8\nmax_unnoted = 16"), 200);
    w.answers = some_at_a_time;
    w.arg = &left;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    for (; crashes < 100 && !says(&w, "'state':'done'"); crashes++) {
        left = 23;
        world_pass(&w, 20);
        world_crash(&w);
    }
    for (uint64_t seq = first + 1; seq <= first + 200; seq++) {
        unsigned n = world_sent(&w, "a", seq);
        missing += n < 2;
        again += n > 2 ? n - 2 : 0;
    }
    ok(crashes > 4 && says(&w, "'state':'done'"), "over %d crashes it comes to its end", crashes);
    is_int(missing, 0, "every event of the range was sent");
    ok(again <= (unsigned)crashes * (16 + 8), "no more came twice than its window has: %u", again);
    world_close(&w);
}

static void test_reload(void)
{
    struct world w = {.deliver = NULL};
    char other[2000];
    uint64_t first = open_with(&w, world_dir("reload"), world_hook("a", "max_in_flight = 2"), 30);
    int left = 5;
    w.answers = some_at_a_time;
    w.arg = &left;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    snprintf(other, sizeof other, "%s", world_hook("a", "max_in_flight = 8"));
    world_reload(&w, other);
    left = 1;
    world_run(&w);
    is_int(w.carrying.on_their_way, 4, "with another configuration it goes on as that says");
    world_reload(&w, "");
    world_always(&w, 200);
    world_pass(&w, 10000);
    is_int(w.deliver->outlets == NULL, true, "it goes with its endpoint");
    world_reload(&w, other);
    world_pass(&w, 1000);
    ok(says(&w, "'state':'done'"), "and comes back with it");
    unsigned missing = 0;
    for (uint64_t seq = first + 1; seq <= first + 30; seq++)
        missing += world_sent(&w, "a", seq) < 2;
    is_int(missing, 0, "with nothing left out");
    w.answers = NULL;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_reload(&w, world_kannel("a", ""));
    ok(says(&w, "'state':'cancelled'") && says(&w, "'last_error':'the endpoint sends messages to people now'"),
       "an endpoint that comes to send messages ends it");
    is_int(w.carrying.on_their_way, 0, "at once");
    world_close(&w);
}

/* The order waits for the engine to say which events these are; meanwhile the endpoint comes to send messages. */
static void test_reload_before(void)
{
    struct world w = {.deliver = NULL};
    bool done = false;
    struct deliver_order o = order_for("a", &done);
    struct redeliver_call c = {.from = {.kind = PLACE_INSTANT, .at = rig_at(WORLD_START)}};
    open_with(&w, "memory:", world_hook("a", ""), 5);
    size_t sent = w.carrying.n;
    deliver_redeliver(w.deliver, &c, &o);
    if (done || world_try_reload(&w, world_kannel("a", "")) != ERR_OK)
        bail_out("the order was answered before the reload");
    is_int(answered(&w, &o, &done), ERR_INVALID, "an endpoint that sends messages since the order refuses it");
    ok(strstr(w.msg.text, "messages"), "and says why");
    world_pass(&w, 10000);
    is_int(w.carrying.n, sent, "nobody gets a message");
    ok(says(&w, "'redelivery':null"), "nothing is under way");
    world_close(&w);
}

/* The endpoint is taken away before it is noted that all has been sent again. */
static void test_reload_after(void)
{
    struct world w = {.deliver = NULL};
    char same[2000];
    uint64_t first = open_with(&w, world_dir("reload-after"), world_hook("a", ""), 5);
    snprintf(same, sizeof same, "%s", world_hook("a", ""));
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_run(&w);
    is_int(n_replays(&w), 5, "all was sent again just now");
    world_reload(&w, "");
    world_pass(&w, 1000);
    is_int(w.deliver->outlets == NULL, true, "the endpoint goes");
    world_reload(&w, same);
    world_pass(&w, 1000);
    ok(says(&w, "'state':'done','sent':5,"), "and comes back with what came of it");
    is_int(n_replays(&w), 5, "nothing is sent a third time");
    world_close(&w);
}

/* Spoils the line of that event in the log. */
static void damage(struct world *w, uint64_t seq)
{
    char pattern[400], head[40];
    glob_t found;
    struct buf text = BUF_INIT;
    snprintf(pattern, sizeof pattern, "%s/log/*", strchr(w->rig.options.uri, ':') + 1);
    int n = snprintf(head, sizeof head, "{\"seq\":%" PRIu64 ",", seq), spoilt = 0;
    if (glob(pattern, 0, NULL, &found) != 0)
        bail_out("no log in %s", pattern);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *f = fopen(found.gl_pathv[i], "r+");
        char *room = buf_room(&text, 1 << 20);
        size_t size = f ? fread(room, 1, 1 << 20, f) : 0;
        char *at = memmem(room, size, head, (size_t)n);
        if (at && fseek(f, at - room, SEEK_SET) == 0)
            spoilt += fwrite("{\"saq\"", 1, 6, f) == 6;
        if (f)
            fclose(f);
    }
    globfree(&found);
    buf_done(&text);
    if (spoilt != 1)
        bail_out("event %" PRIu64 " is not in the log", seq);
}

/* What cannot be read again ends the redelivery: neither the daemon, which would meet it at each start, nor what is
 * delivered for the first time. */
static void ends_by_damage(struct world *w, const char *when)
{
    ok(says(w, "'state':'cancelled'") && says(w, "'last_error':'log/"), "a damaged log ends a redelivery that %s",
       when);
    world_event(w, "P0");
    world_pass(w, 1000);
    is_int(world_sent(w, "a", world_last(w)), 1, "what is new is delivered");
    world_close(w);
}

static void test_damage_ahead(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, world_dir("damage-ahead"), world_hook("a", ""), 5);
    damage(&w, first + 3);
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_pass(&w, 1000);
    ends_by_damage(&w, "reads it");
}

static void test_damage_behind(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, world_dir("damage-behind"), world_hook("a", "retry = { 1m }"), 5);
    world_always(&w, 500);
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    world_pass(&w, 1000);
    damage(&w, first + 3);
    world_always(&w, 200);
    world_pass(&w, 200000);
    ends_by_damage(&w, "reads it again for a retry");
}

static void test_restored(void)
{
    struct world w = {.deliver = NULL};
    uint64_t first = open_with(&w, world_dir("restored"), world_hook("a", ""), 5);
    w.answers = NULL;
    redeliver(&w, "a", (struct redeliver_call){FROM(first)});
    unsigned sent = n_replays(&w);
    world_restore(&w);
    ok(says(&w, "'state':'cancelled'") && says(&w, "'last_error':'restored'"), "in a restored store it is cancelled");
    world_always(&w, 200);
    world_order_done(&w, deliver_resume, "a", 0);
    world_pass(&w, 60000);
    is_int(n_replays(&w), sent, "and not gone on with");
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_range();
    test_filters();
    test_times(1);
    test_times(60);
    test_refusals();
    test_next();
    test_order();
    test_live_first();
    test_one_at_a_time();
    test_rate();
    test_given_up();
    test_breaker();
    test_probe();
    test_probe_cancelled();
    test_gone();
    test_behind_live();
    test_crashes();
    test_reload();
    test_reload_before();
    test_reload_after();
    test_damage_ahead();
    test_damage_behind();
    test_restored();
    return tap_end();
}
