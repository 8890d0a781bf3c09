/* The desk of all shards before a front that only takes down what it is asked, and a delivery that sends nothing:
 * who is asked what, what their answers come to, and what other daemons' questions come to here. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shards/desk/desk.h"
#include "shards/desk/desk_letter.h"
#include "shards/position.h"
#include "tests/http/fake_deliver.h"
#include "tests/lib/quotes.h"
#include "tests/lib/tap.h"

#define SHARDS 20
#define INCARNATION "0123456789abcdef0123456789abcdef"

/* --- a front --- */

struct front {
    struct front_call *calls[SHARDS * 4]; /* not answered yet */
    unsigned n_calls;
};

static struct front front;

void front_call(struct front *f, struct front_call *c)
{
    f->calls[f->n_calls++] = c;
}

/* What was answered last to another daemon. */
static enum err answered;
static struct buf answer_text;
static unsigned n_answers;

void front_answer(struct front_in *in, enum err err, const struct errmsg *msg, struct str answer)
{
    (void)in;
    n_answers++;
    answered = err;
    buf_clear(&answer_text);
    buf_addstr(&answer_text, err == ERR_OK ? answer : str_of(msg->text));
    see_json(&answer_text);
    buf_addc(&answer_text, '\0');
}

/* --- the desk --- */

static struct shard_set set = {.n = SHARDS, .incarnation = INCARNATION};
static struct completions *queue;
static struct shard_desk *desk;
static struct desk given;

/* The order under way. */
static struct deliver_order order;
static bool done;
static struct buf text;

static void run(void)
{
    struct pollfd p = {.fd = completions_fd(queue), .events = POLLIN};
    while (poll(&p, 1, 0) > 0)
        completions_run(queue);
}

static void on_done(struct deliver_order *o)
{
    (void)o;
    done = true;
}

static void give(const struct desk_call *c, struct deliver_order o)
{
    buf_done(&order.body);
    order = o;
    order.done = on_done;
    done = false;
    front.n_calls = 0;
    given.give(given.arg, c, &order);
    run();
}

/* Which shards are asked just now: "0 1 2". */
static const char *asked(void)
{
    buf_clear(&text);
    for (unsigned i = 0; i < front.n_calls; i++)
        buf_printf(&text, "%s%u", i ? " " : "", front.calls[i]->shard);
    buf_addc(&text, '\0');
    return text.p;
}

static struct front_call *call_of(unsigned shard)
{
    for (unsigned i = 0; i < front.n_calls; i++)
        if (front.calls[i]->shard == shard)
            return front.calls[i];
    bail_out("shard %u was not asked", shard);
}

static void answer_one(struct front_call *c, enum err err, const char *json)
{
    c->err = err;
    if (err == ERR_OK)
        add_json(&c->answer, str_of(json));
    else
        snprintf(c->msg.text, sizeof c->msg.text, "%s", json);
    completions_push(c->done.queue, &c->done);
}

/* Every one that is asked now, the last first: in which order they answer is nothing to anybody. */
static void answer_all(const char *json)
{
    unsigned n = front.n_calls;
    struct front_call *calls[SHARDS * 4];
    memcpy(calls, front.calls, sizeof calls);
    front.n_calls = 0;
    while (n-- > 0)
        answer_one(calls[n], ERR_OK, json);
    run();
}

static const char *body(void)
{
    buf_clear(&text);
    buf_addstr(&text, order.err == ERR_OK ? buf_str(&order.body) : str_of(order.msg.text));
    see_json(&text);
    buf_addc(&text, '\0');
    return text.p;
}

static struct deliver_order to(const char *endpoint)
{
    return (struct deliver_order){.endpoint = str_of(endpoint), .by = STR_LIT("Li"), .why = STR_LIT("w")};
}

/* --- orders for all --- */

static const char everybody[] = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19";

static void test_pause(void)
{
    struct desk_call c = {.verb = DESK_PAUSE};
    give(&c, to("payroll"));
    is_str(asked(), everybody, "every shard is told to pause");
    is_str(call_of(7)->method.p, "desk pause", "by its name");
    for (unsigned k = 0; k < SHARDS; k++)
        answer_one(front.calls[k], ERR_OK,
                   k == 3 ? "{'endpoint':'payroll','state':'paused'}" : "{'endpoint':'payroll','state':'running'}");
    ok(!done, "the answer waits for all of them");
    run();
    ok(done && order.err == ERR_OK, "then it comes");
    is_str(body(), "{'endpoint':'payroll','state':'paused'}", "with the worst state of all");
}

static void test_failures(void)
{
    struct desk_call c = {.verb = DESK_RESUME};
    give(&c, to("payroll"));
    for (unsigned k = 0; k < SHARDS; k++)
        answer_one(front.calls[k], k == 4 || k == 9 ? ERR_IO : ERR_OK,
                   k == 4 || k == 9 ? "nobody answers" : "{'endpoint':'payroll','state':'running'}");
    run();
    is_int(order.err, ERR_IO, "an order that some have not carried out is an error");
    is_str(body(), "shard 4: nobody answers; 18 of 20 shards have done it", "which says how far it went");
    give(&c, to("absent"));
    for (unsigned k = 0; k < SHARDS; k++)
        answer_one(front.calls[k], ERR_ABSENT, "no such endpoint: absent");
    run();
    is_int(order.err, ERR_ABSENT, "what none can do is what one says of it");
    is_str(body(), "no such endpoint: absent", "in its words");
}

/* --- orders for one --- */

static void test_one(void)
{
    struct desk_call c = {.verb = DESK_RETRY, .shard = 17};
    struct deliver_order o = to("payroll");
    o.seq = 4711;
    give(&c, o);
    is_str(asked(), "17", "a delivery is looked for in its shard alone");
    answer_all("{'id':'payroll:17_4711','result':'retried'}");
    is_str(body(), "{'id':'payroll:17_4711','result':'retried'}", "whose answer is the answer");
    c.shard = SHARDS;
    give(&c, o);
    ok(done && order.err == ERR_ABSENT && front.n_calls == 0, "one of no shard does not exist");
    c = (struct desk_call){.verb = DESK_TEST};
    give(&c, to("payroll"));
    is_str(asked(), "0", "an endpoint is tried by any shard");
    answer_all("{}");
    struct deliver *own = fake_deliver_new();
    shard_desk_own(desk, 5, own);
    give(&c, to("payroll"));
    is_str(asked(), "5", "by one of this daemon's, where it has any");
    answer_all("{}");
    shard_desk_own(desk, 5, NULL);
    fake_deliver_free(own);
}

/* --- lists --- */

static void test_endpoints(void)
{
    struct desk_call c = {.verb = DESK_ENDPOINTS};
    struct position p;
    struct buf want = BUF_INIT;
    give(&c, (struct deliver_order){.seq = 0});
    for (unsigned k = 0; k < SHARDS; k++)
        answer_one(front.calls[k], ERR_OK,
                   k == 1 ? "{'endpoints':[{'name':'b','state':'open','cursor':5,'lag':2,'skips':{'moot':1}},{'name':'a',"
                            "'state':'running','cursor':9,'lag':0,'skips':{}}]}"
                          : "{'endpoints':[{'name':'b','state':'running','cursor':4,'lag':1,'skips':{}},{'name':'a',"
                            "'state':'quiet','cursor':0,'lag':0,'skips':{'moot':2}}]}");
    run();
    position_init(&p, SHARDS);
    for (unsigned k = 0; k < SHARDS; k++)
        p.v[k] = k == 1 ? 5 : 4;
    BUF_LIT(&want, "{'endpoints':[{'name':'b','state':'open','cursor':'");
    position_write(&p, &want);
    for (unsigned k = 0; k < SHARDS; k++)
        p.v[k] = k == 1 ? 9 : 0;
    BUF_LIT(&want, "','lag':21,'skips':{'moot':1}},{'name':'a','state':'quiet','cursor':'");
    position_write(&p, &want);
    buf_add(&want, "','lag':0,'skips':{'moot':38}}]}", sizeof "','lag':0,'skips':{'moot':38}}]}");
    is_str(body(), want.p, "endpoints stand in their order, with what they come to over all shards");
    position_done(&p);
    buf_done(&want);
}

static void list(unsigned shard, uint64_t after, unsigned limit)
{
    struct desk_call c = {.verb = DESK_DELIVERIES, .shard = shard, .list = {1, after, limit}};
    give(&c, to("payroll"));
}

static void test_deliveries(void)
{
    list(0, 0, 3);
    is_str(asked(), "0 1 2 3 4 5 6 7", "a list is asked for a few shards at a time");
    for (unsigned k = 0; k < 8; k++)
        answer_one(front.calls[k], ERR_OK, "{'deliveries':[],'more':false}");
    front.n_calls = 0;
    run();
    is_str(asked(), "8 9 10 11 12 13 14 15", "then the next ones");
    for (unsigned k = 0; k < 8; k++)
        answer_one(front.calls[k], ERR_OK,
                   k == 1   ? "{'deliveries':[{'id':'x:9_1','w':'],}'},{'id':'x:9_2'}],'more':false}"
                   : k == 6 ? "{'deliveries':[{'id':'x:14_1'},{'id':'x:14_7'}],'more':false}"
                            : "{'deliveries':[],'more':false}");
    front.n_calls = 0;
    run();
    ok(done && front.n_calls == 0, "and no more once there is enough");
    is_str(body(), "{'deliveries':[{'id':'x:9_1','w':'],}'},{'id':'x:9_2'},{'id':'x:14_1'}],'more':true}",
           "by shard, as many as were wanted");
    list(14, 1, 100);
    is_str(asked(), "14 15 16 17 18 19", "the next page goes on where that one ended");
    ok(memmem(call_of(14)->body.p, call_of(14)->body.n, "\"after\":1,", 10), "behind the last one of its shard");
    ok(!memmem(call_of(15)->body.p, call_of(15)->body.n, "after", 5), "and from the beginning of the others");
    answer_all("{'deliveries':[],'more':false}");
    is_str(body(), "{'deliveries':[],'more':false}", "nothing is an answer too");
    list(0, 0, 3);
    answer_one(call_of(2), ERR_ABSENT, "no such endpoint");
    for (unsigned k = 0; k < 8; k++)
        if (front.calls[k]->shard != 2)
            answer_one(front.calls[k], ERR_OK, "{'deliveries':[],'more':false}");
    front.n_calls = 0;
    run();
    ok(done && order.err == ERR_ABSENT && order.body.n == 0, "a list that one shard cannot give is none");
}

/* --- redeliveries --- */

static void test_redeliver(void)
{
    struct position p;
    struct buf place = BUF_INIT;
    position_init(&p, SHARDS);
    p.v[3] = 33;
    position_write(&p, &place);
    struct redeliver_call range = {.from = {.kind = PLACE_POSITION, .position = buf_str(&place)},
                                   .until = {.kind = PLACE_DATE, .date = 20514}};
    struct desk_call c = {.verb = DESK_REDELIVER, .redeliver = &range};
    struct desk_letter l;
    struct errmsg msg;
    give(&c, to("payroll"));
    is_str(asked(), everybody, "events are sent once more from all shards");
    struct front_call *three = call_of(3);
    ok(desk_letter_read(three->method, three->body, &l, &msg) == ERR_OK && l.redeliver.from.kind == PLACE_NUMBER &&
           l.redeliver.from.number == 33 && l.redeliver.until.kind == PLACE_DATE,
       "each from its own number in the position on");
    desk_letter_done(&l);
    answer_all("{'endpoint':'payroll','after':0,'state':'running','sent':0,'by':'Li'}");
    ok(done && order.err == ERR_OK && strstr(body(), "'state':'running','sent':0,'by':'Li'}"), "and one answer");
    range.from = (struct log_place){.kind = PLACE_NUMBER, .number = 5};
    give(&c, to("payroll"));
    ok(done && order.err == ERR_INVALID && front.n_calls == 0, "a number is no place in several logs");
    range.from = (struct log_place){.kind = PLACE_POSITION, .position = STR_LIT("sQUJD")};
    give(&c, to("payroll"));
    ok(done && order.err == ERR_INVALID && front.n_calls == 0, "nor is what is no position");
    range.from = (struct log_place){.kind = PLACE_NUMBER, .number = 0};
    give(&c, to("payroll"));
    is_str(asked(), everybody, "0 is before everything");
    answer_all("{}");
    position_done(&p);
    buf_done(&place);
}

/* --- receipts --- */

static struct endpoints *gateways(void)
{
    struct endpoints *e = endpoints_new();
    struct endpoint *g = &e->v[e->n++];
    strcpy(g->name, "gateway");
    g->adapter = ADAPTER_KANNEL;
    g->messages = true;
    g->url = mem_strdup("http://127.0.0.1:9/");
    g->username = mem_strdup("lifecertd");
    g->signature = mem_strdup("x");
    g->secrets[g->n_secrets++] = (struct secret){mem_strdup("password"), 8};
    g->receipt_secret = (struct secret){mem_strdup("s3cret"), 6};
    struct endpoint *h = &e->v[e->n++];
    strcpy(h->name, "hook");
    h->adapter = ADAPTER_STANDARD_WEBHOOKS;
    h->url = mem_strdup("http://127.0.0.1:9/");
    return e;
}

static void receipt(const char *query)
{
    struct receipt_call receipt = {str_of(query), STR_LIT("")};
    struct desk_call c = {.verb = DESK_RECEIPT, .receipt = &receipt};
    give(&c, to("gateway"));
}

static void test_receipts(void)
{
    struct endpoints *e = gateways();
    struct errmsg msg = {""};
    ok(!given.takes_receipts(given.arg, STR_LIT("gateway"), STR_LIT("s3cret")), "unconfigured, it takes none");
    ok(shard_desk_configure(desk, e, &msg) == ERR_OK, "it is told whose receipts to take");
    endpoints_unref(e);
    ok(given.takes_receipts(given.arg, STR_LIT("gateway"), STR_LIT("s3cret")), "and takes them without any shard");
    ok(!given.takes_receipts(given.arg, STR_LIT("gateway"), STR_LIT("s3creT")) &&
           !given.takes_receipts(given.arg, STR_LIT("gateway"), STR_LIT("")) &&
           !given.takes_receipts(given.arg, STR_LIT("hook"), STR_LIT("s3cret")) &&
           !given.takes_receipts(given.arg, STR_LIT("other"), STR_LIT("s3cret")),
       "but under another secret, or for what has none");
    receipt("id=" INCARNATION "_12_99&type=1");
    is_str(asked(), "12", "one goes to the shard in our own id");
    ok(!done, "and is answered when that has noted it");
    answer_all("{}");
    ok(done && order.err == ERR_OK, "then");
    static const char *const strange[] = {
        "id=" INCARNATION "_20_99&type=1", "id=ffffffffffffffffffffffffffffffff_1_99&type=1",
        "id=" INCARNATION "__99&type=1", "id=" INCARNATION "_1x_99&type=1", "id=" INCARNATION "_1&type=1",
    };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        receipt(strange[i]);
        ok(done && order.err == ERR_OK && front.n_calls == 0, "one of nobody's message is passed over: %s",
           strange[i] + 3);
    }
    receipt("id=" INCARNATION "_12_99");
    ok(done && order.err == ERR_INVALID && front.n_calls == 0, "what is no receipt is refused here");
}

/* --- what others ask --- */

static struct front_in guest(const char *method, struct buf *body_of)
{
    return (struct front_in){str_of(method), buf_str(body_of)};
}

static void test_guests(void)
{
    struct deliver *own = fake_deliver_new();
    struct buf letter = BUF_INIT;
    struct deliver_order o = to("payroll");
    struct desk_call c = {.verb = DESK_PAUSE};
    desk_letter_write(&c, &o, &letter);
    struct front_in in = guest("desk pause", &letter), other = guest("engine stop", &letter);
    ok(!shard_desk_called(desk, 2, &other), "what is not asked of delivery is not taken");
    n_answers = 0;
    ok(shard_desk_called(desk, 2, &in), "what is asked of delivery is");
    run();
    ok(n_answers == 1 && answered == ERR_IO, "for a shard that is not ours nobody answers");
    shard_desk_own(desk, 2, own);
    ok(shard_desk_called(desk, 2, &in) && n_answers == 1, "for one that is ours it is taken to the loop");
    run();
    ok(n_answers == 2 && answered == ERR_OK, "where its delivery answers");
    is_str(answer_text.p, "{'verb':'pause','endpoint':'payroll','by':'Li','why':'w','phone':null,'seq':0}",
           "what was asked");
    fake_deliver_hold(own);
    ok(shard_desk_called(desk, 2, &in), "one comes while delivery is at work");
    run();
    is_int(n_answers, 2, "it waits");
    shard_desk_own(desk, 2, NULL);
    fake_deliver_free(own);
    shard_desk_forget(desk, 3);
    is_int(n_answers, 2, "whatever becomes of another shard");
    shard_desk_forget(desk, 2);
    ok(n_answers == 3 && answered == ERR_IO, "until its own delivery is gone, which says so");
    struct buf bad = BUF_INIT;
    add_json(&bad, STR_LIT("{'colour':'red'}"));
    in = guest("desk pause", &bad);
    ok(shard_desk_called(desk, 2, &in), "a letter of another version is taken");
    run();
    ok(n_answers == 4 && answered == ERR_INVALID, "and refused");
    buf_done(&bad);
    buf_done(&letter);
}

static void test_metrics(void)
{
    struct deliver *a = fake_deliver_new(), *b = fake_deliver_new();
    struct endpoint_metrics m[ENDPOINTS_MAX];
    is_int(given.metrics(given.arg, m, ENDPOINTS_MAX), 0, "without a shard there is nothing to count");
    shard_desk_own(desk, 1, a);
    shard_desk_own(desk, 19, b);
    is_int(given.metrics(given.arg, m, ENDPOINTS_MAX), 2, "endpoints are counted once, however many shards are ours");
    ok(m[0].delivered == 14 && m[0].outcomes[OUTCOME_RETRY] == 8 && m[0].lag == 24 && m[0].lag_ms == 1500 &&
           m[0].state == ENDPOINT_OPEN,
       "counts are summed up, and the oldest event is as old as it is");
    shard_desk_own(desk, 1, NULL);
    shard_desk_own(desk, 19, NULL);
    fake_deliver_free(a);
    fake_deliver_free(b);
}

/* Orders that nobody has answered when all ends. */
static void test_end(void)
{
    struct desk_call c = {.verb = DESK_PAUSE};
    give(&c, to("payroll"));
    shard_desk_free(desk);
    ok(!done, "what is not answered in the end is dropped");
}

int main(void)
{
    struct errmsg msg;
    plan(0);
    if (completions_new(&queue, &msg) != ERR_OK)
        bail_out("%s", msg.text);
    desk = shard_desk_new(&set, queue);
    shard_desk_connect(desk, &front);
    given = shard_desk(desk);
    test_pause();
    test_failures();
    test_one();
    test_endpoints();
    test_deliveries();
    test_redeliver();
    test_receipts();
    test_guests();
    test_metrics();
    test_end();
    completions_free(queue);
    buf_done(&order.body);
    buf_done(&answer_text);
    buf_done(&text);
    return tap_end();
}
