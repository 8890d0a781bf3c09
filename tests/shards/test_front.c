/* Many engines as one: requests to shards of this daemon's and of another's, and to shards that change hands
 * meanwhile. */
#include "shards/front/front.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "shards/position.h"
#include "tests/shards/daemons.h"

#define SHARDS 4
#define PEOPLE 40

static const char conf[] = "timezone = \"Asia/Shanghai\"\n"
                           "brake_limit = \"off\"\n"
                           "channel \"face\" {}\n"
                           "channel \"counter\" {}\n"
                           "policy \"national\" {}\n";

static struct daemons all;
static char ids[PEOPLE][24];

static void make_ids(void)
{
    for (unsigned i = 0; i < PEOPLE; i++)
        id_in(i % SHARDS, SHARDS, i / SHARDS, ids[i]);
}

static struct front *front(unsigned i)
{
    return all.v[i].front;
}

/* --- inputs --- */

static unsigned enrol_all(struct front *f, unsigned from, unsigned to, struct input_result *results)
{
    struct input inputs[PEOPLE];
    unsigned applied = 0;
    for (unsigned i = from; i < to; i++)
        inputs[i - from] = enrol(str_of(ids[i]));
    struct request r = {.kind = REQUEST_INPUTS, .inputs = inputs, .results = results, .n_inputs = to - from};
    memset(results, 0xff, (to - from) * sizeof *results);
    ask(f, &r);
    if (r.err)
        diag("%s", r.msg.text);
    for (unsigned i = 0; i < to - from; i++)
        applied += !r.err && results[i].result == RESULT_APPLIED && results[i].n_events > 0;
    return applied;
}

static void test_inputs(void)
{
    struct input_result results[PEOPLE];
    is_int(enrol_all(front(0), 0, 20, results), 20, "inputs for four shards, two of them ours, are applied");
    bool by_shard = true; /* each log has its numbers */
    for (unsigned i = 0; i < 20; i++)
        by_shard = by_shard && results[i].first_seq <= 20;
    ok(by_shard, "each with its event's number");
    is_int(enrol_all(front(1), 20, PEOPLE, results), 20, "so are those that the other daemon is given");
    struct input again = enrol(str_of(ids[1]));
    again.category = STR_LIT("another");
    again.given |= M_CATEGORY;
    struct input_key key = {.key = "a key", .body = "a body"};
    struct request r = {.kind = REQUEST_INPUTS, .inputs = &again, .results = results, .n_inputs = 1, .keys = &key};
    ask(front(1), &r);
    ok(!r.err && results->result == RESULT_REJECTED && results->reason == REASON_ALREADY_ENROLLED,
       "a shard of another's rejects like one of ours");
    again = enrol(str_of(ids[5]));
    key.body[0]++;
    ask(front(1), &r);
    ok(!r.err && results->result == RESULT_ERROR && results->key == KEY_REUSED && results->fault,
       "and knows idempotency keys: %s", results->fault ? results->fault : "");
    r.n_inputs = 0;
    ask(front(0), &r);
    is_int(r.err, ERR_OK, "no inputs are answered, too");
    is_str(redis_says(&all, "XLEN {t/2}:in"), "0", "what was decided stands in no stream any more");
}

/* --- questions --- */

static void test_one_person(void)
{
    for (unsigned i = 0; i < SHARDS; i++) {
        struct request r = {.kind = REQUEST_SHOW, .id = str_of(ids[i])};
        char text[64];
        snprintf(text, sizeof text, "{\"id\":\"%s\"", ids[i]);
        const char *own = ask_text(front(0), &r);
        ok(strncmp(own, text, strlen(text)) == 0, "shard %u shows somebody", i);
        char *kept = mem_strdup(own);
        is_str(ask_text(front(1), &r), kept, "the same, whichever daemon is asked");
        free(kept);
    }
    struct request r = {.kind = REQUEST_SHOW, .id = STR_LIT("nobody")};
    ask(front(0), &r);
    is_int(r.err, ERR_ABSENT, "nobody is shown: %s", r.msg.text);
    struct request story = {.kind = REQUEST_STORY, .id = str_of(ids[2])};
    ok(strstr(ask_text(front(0), &story), "beneficiary.enrolled") != NULL, "a story comes from another's shard");
}

static void test_all_shards(void)
{
    struct request status = {.kind = REQUEST_STATUS}, due = {.kind = REQUEST_DUE, .by_month = true};
    const char *text = ask_text(front(0), &status);
    ok(strstr(text, "\"enrolled\":40,") && strstr(text, "\"position\":\"s") &&
           strstr(text, "\"shards\":{\"asked\":\"d0\"}"),
       "the status is that of all shards");
    char *one = mem_strdup(ask_text(front(0), &due));
    ok(strncmp(one, "{\"by\":\"month\",\"rows\":[{\"on\":\"", 27) == 0, "so is what is due");
    is_str(ask_text(front(1), &due), one, "and the other daemon says the same");
    free(one);
    struct request none = {.kind = REQUEST_LINES};
    ask(front(0), &none);
    is_int(none.err, ERR_INVALID, "what is asked of an engine alone is refused");
}

/* --- holds --- */

static struct request place(const char *why, const char *until)
{
    struct request r = {.kind = REQUEST_HOLD_PLACE};
    r.hold.scope = (struct scope){SCOPE_POLICY, STR_LIT("national")};
    r.hold.why = str_of(why);
    r.hold.by = STR_LIT("tester");
    if (!date_parse(until, 10, &r.hold.until))
        bail_out("no date");
    return r;
}

static void test_holds(void)
{
    struct request r = place("", "2199-01-01"), lift = {.kind = REQUEST_HOLD_LIFT}, holds = {.kind = REQUEST_HOLDS};
    ask(front(0), &r);
    is_int(r.err, ERR_INVALID, "a hold without a reason is refused: %s", r.msg.text);
    r = place("a test", "2020-01-01");
    ask(front(0), &r);
    is_int(r.err, ERR_INVALID, "so is one that is over: %s", r.msg.text);
    lift.hold.name = STR_LIT("moratorium:policy:national");
    lift.hold.why = STR_LIT("looked at");
    lift.hold.by = STR_LIT("tester");
    ask(front(0), &lift);
    is_int(lift.err, ERR_ABSENT, "one that nobody has cannot be lifted");
    r = place("a test", "2199-01-01");
    const char *text = ask_text(front(0), &r);
    ok(strncmp(text, "{\"name\":\"moratorium:policy:national\",\"hold\":\"moratorium\",\"why\":\"a test\"", 70) == 0 &&
           !strstr(text, "pending"),
       "a hold is placed in all shards");
    text = ask_text(front(1), &holds);
    ok(strstr(text, "moratorium:policy:national") &&
           !strstr(strstr(text, "moratorium:policy:national") + 1, "\"name\""),
       "and stands once");
    office_answers(ERR_MORE);
    daemon_hand_over(&all, 1, 3);
    lift.body = BUF_INIT;
    atomic_bool answered;
    ask_later(front(0), &lift, &answered);
    poll(NULL, 0, 300); /* shard 3 has no owner for a while, and takes the order only then */
    daemon_take(&all, 1, 3);
    ok(await_flag(&answered) && lift.err == ERR_OK, "one is lifted while a shard has no owner");
    buf_addc(&lift.body, '\0');
    ok(strstr(lift.body.p, "moratorium:policy:national"), "and shown as it was");
    buf_done(&lift.body);
    office_answers(ERR_INVALID);
    r = place("a test", "2199-01-01");
    ask(front(0), &r);
    is_int(r.err, ERR_INVALID, "what the office refuses is refused: %s", r.msg.text);
    office_answers(ERR_OK);
}

/* --- lists --- */

struct listing {
    char *text;
    unsigned lines, slices;
    enum err err;
};

/* All slices, with one line for each person in the order in which they came. */
static struct listing list(struct front *f, struct scan_order order)
{
    struct request r = {.kind = REQUEST_SCAN, .scan = order};
    struct buf whole = BUF_INIT;
    struct listing l = {.lines = 0};
    do {
        buf_clear(&r.body);
        ask(f, &r);
        buf_addstr(&whole, buf_str(&r.body));
        l.slices++;
    } while (!r.err && r.scan.id);
    l.err = r.err;
    if (r.err)
        diag("%s", r.msg.text);
    for (size_t i = 0; i < whole.n; i++)
        l.lines += whole.p[i] == '\n';
    l.text = mem_strndup(whole.p ? whole.p : "", whole.n);
    buf_done(&whole);
    buf_done(&r.body);
    buf_done(&r.scan.positions);
    return l;
}

static const struct scan_order everybody = {.kind = SCAN_PEOPLE, .status = -1, .next_on = DATE_NONE, .ids_only = true};

static void test_lists(void)
{
    struct listing l = list(front(0), everybody);
    is_int(l.lines, PEOPLE + 1, "everybody of all shards is listed, and a last line");
    ok(strstr(l.text, "\n{\"position\":\"s") && strstr(l.text, "\"beneficiaries\":40,\"after\":null}\n"),
       "which has the position in all logs");
    struct listing other = list(front(1), everybody);
    is_str(other.text, l.text, "the other daemon lists the same in the same order");
    free(other.text);

    char seen[4096] = "", after[24] = "";
    unsigned people = 0, pages = 0;
    for (;;) {
        struct scan_order page = everybody;
        page.limit = 7;
        page.after = *after ? str_of(after) : STR_NONE;
        other = list(front(0), page);
        char *last = strstr(other.text, "{\"position\"");
        strncat(seen, other.text, (size_t)(last - other.text));
        people += other.lines - 1;
        pages++;
        char *next = strstr(last, "\"after\":\"");
        if (next)
            sscanf(next, "\"after\":\"%23[^\"]", after);
        free(other.text);
        if (!next || pages > PEOPLE)
            break;
    }
    is_int(people, PEOPLE, "page by page there are as many, in %u pages", pages);
    *strstr(l.text, "{\"position\"") = '\0';
    is_str(seen, l.text, "and the same");
    free(l.text);
}

static void test_list_ends(void)
{
    struct request r = {.kind = REQUEST_SCAN, .scan = everybody};
    r.scan.policy = STR_LIT("none such");
    ask(front(0), &r);
    ok(r.err == ERR_INVALID && r.scan.member && strcmp(r.scan.member, "policy") == 0, "a fault names its member: %s",
       r.msg.text);
    bool more = true;
    for (unsigned i = 0; i < 3 * SCANS_MAX && more; i++) {
        r = (struct request){.kind = REQUEST_SCAN, .scan = everybody};
        ask(front(i % 2), &r);
        more = !r.err && r.scan.id;
        r.scan.end = true;
        ask(front(i % 2), &r);
        more = more && !r.err;
        buf_done(&r.body);
        buf_done(&r.scan.positions);
    }
    ok(more, "lists that are given up leave room for others");
    struct scan_order paid = {.kind = SCAN_PERIOD, .status = -1};
    if (!month_parse("2026-12", 7, &paid.period))
        bail_out("no month");
    struct listing l = list(front(0), paid);
    ok(l.lines == PEOPLE + 1 && strstr(l.text, "\n{\"period\":\"2026-12\",\"position\":\"s") &&
           strstr(l.text, "\"payable\":40,\"withheld\":0}"),
       "who is paid is listed, and summed up: %s", l.err ? "" : strrchr(l.text, '{'));
    free(l.text);
    r = (struct request){.kind = REQUEST_SCAN, .scan = everybody};
    ask(front(0), &r);
    daemon_hand_over(&all, 0, 1);
    daemon_take(&all, 1, 1);
    while (!r.err && r.scan.id) {
        buf_clear(&r.body);
        ask(front(0), &r);
    }
    is_int(r.err, ERR_ABSENT, "one whose shard changes hands is given up: %s", r.msg.text);
    buf_done(&r.body);
    buf_done(&r.scan.positions);
    daemon_hand_over(&all, 1, 1);
    daemon_take(&all, 0, 1);
}

/* --- calls --- */

struct called {
    struct front_call call;
    atomic_bool over;
};

static void call_over(struct completion *c)
{
    atomic_store(&((struct called *)c)->over, true);
}

static void test_calls(void)
{
    struct completions *queue;
    struct errmsg msg;
    if (completions_new(&queue, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    for (unsigned shard = 0; shard < SHARDS; shard++) {
        struct called c = {.call = {.shard = shard, .method = STR_LIT("pause"), .body = STR_LIT("{}")}};
        char want[32];
        snprintf(want, sizeof want, "%u pause {}", shard);
        c.call.done.run = call_over;
        c.call.done.queue = queue;
        front_call(front(0), &c.call);
        while (!atomic_load(&c.over)) {
            struct pollfd fd = {.fd = completions_fd(queue), .events = POLLIN};
            poll(&fd, 1, 100);
            completions_run(queue);
        }
        buf_addc(&c.call.answer, '\0');
        is_str(c.call.answer.p, want, "the owner of shard %u answers a call", shard);
        buf_done(&c.call.answer);
    }
    struct called bad = {.call = {.shard = 2, .method = STR_LIT("fail"), .done = {.run = call_over, .queue = queue}}};
    front_call(front(0), &bad.call);
    while (!atomic_load(&bad.over)) {
        poll(NULL, 0, 1);
        completions_run(queue);
    }
    ok(bad.call.err == ERR_FULL && strcmp(bad.call.msg.text, "as was asked") == 0, "an owner's error comes back");
    completions_free(queue);
}

/* --- hands change --- */

static void test_no_owner(void)
{
    atomic_bool shown, enrolled;
    struct request show = {.kind = REQUEST_SHOW, .id = str_of(ids[2])};
    struct input_result result;
    char id[24];
    id_in(2, SHARDS, 900, id);
    struct input in = enrol(str_of(id));
    struct request inputs = {.kind = REQUEST_INPUTS, .inputs = &in, .results = &result, .n_inputs = 1};
    daemon_hand_over(&all, 1, 2);
    ask_later(front(0), &show, &shown);
    ask_later(front(1), &inputs, &enrolled);
    poll(NULL, 0, 200); /* time for either to be answered too early */
    ok(!atomic_load(&shown) && !atomic_load(&enrolled), "what is asked of a shard without an owner waits");
    daemon_take(&all, 0, 2);
    ok(await_flag(&shown) && show.err == ERR_OK, "until it has one");
    ok(await_flag(&enrolled) && inputs.err == ERR_OK && result.result == RESULT_APPLIED, "so do inputs");
    buf_done(&show.body);
    daemon_hand_over(&all, 0, 2);
    int64_t before = clock_monotonic_ns();
    ask(front(0), &show);
    is_int(show.err, ERR_IO, "a question is given up: %s", show.msg.text);
    int64_t took = (clock_monotonic_ns() - before) / 1000000;
    ok(took >= 9900 && took < 13000, "after ten seconds (%lld ms)", (long long)took);
    daemon_take(&all, 1, 2);
}

int main(void)
{
    plan(0);
    make_ids();
    daemons_open(&all, SHARDS, conf);
    for (unsigned i = 0; i < SHARDS; i++)
        daemon_take(&all, i / 2, i);
    test_inputs();
    test_one_person();
    test_all_shards();
    test_holds();
    test_lists();
    test_list_ends();
    test_calls();
    test_no_owner();
    daemons_close(&all);
    return tap_end();
}
