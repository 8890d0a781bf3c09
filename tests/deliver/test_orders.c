/* Operators' orders: what they change, and that they are answered when that is durable. */
#include "deliver/inside.h"
#include "tests/deliver/world.h"
#include "tests/lib/quotes.h"

#include <stdio.h>

static void see_json_body(struct buf *b)
{
    see_json(b);
    buf_addc(b, '\0');
}

struct durable {
    struct world *world;
    bool done, paused;
};

static void look(void *arg, const struct endpoint_row *row)
{
    *(bool *)arg = row->paused.p != NULL;
}

static void when_done(struct deliver_order *o)
{
    struct durable *d = o->owner;
    d->done = true;
    if (delivery_endpoints(d->world->deliver->state, look, &d->paused, &d->world->msg) != ERR_OK)
        bail_out("%s", d->world->msg.text);
}

static void test_pause(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, world_dir("pause"), world_hook("a", ""));
    struct durable at_end = {.world = &w};
    struct deliver_order o = {.endpoint = STR_LIT("a"),
                              .by = STR_LIT("wang"),
                              .why = STR_LIT("maintenance"),
                              .done = when_done,
                              .owner = &at_end};
    deliver_pause(w.deliver, &o);
    ok(!at_end.done, "an order to pause is not answered at once");
    world_run(&w);
    ok(at_end.done && at_end.paused, "but when it is durable");
    is_int(o.err, ERR_OK, "it has succeeded");
    see_json_body(&o.body);
    is_str(o.body.p, "{'endpoint':'a','state':'paused'}", "and says what the endpoint does now");
    buf_done(&o.body);
    world_enrol(&w, "P1", "");
    world_pass(&w, 60000);
    is_int(w.carrying.n, 0, "a paused endpoint sends nothing");
    ok(strstr(world_endpoint(&w, "a"), "'paused':'maintenance','paused_by':'wang'"), "who paused it is shown, and why");
    world_crash(&w);
    world_pass(&w, 60000);
    is_int(w.carrying.n, 0, "nor after a crash");
    ok(strstr(world_endpoint(&w, "a"), "'paused':'maintenance','paused_by':'wang'"), "that is still shown");
    at_end = (struct durable){.world = &w};
    o.body = BUF_INIT;
    deliver_resume(w.deliver, &o);
    ok(!at_end.done, "an order to resume is not answered at once");
    world_run(&w);
    ok(at_end.done && !at_end.paused, "either");
    is_int(w.carrying.n, 1, "resumed, it sends");
    buf_done(&o.body);
    is_int(world_order_done(&w, deliver_pause, "nobody", 0), ERR_ABSENT, "no other endpoint can be paused");
    is_int(world_order_done(&w, deliver_resume, "nobody", 0), ERR_ABSENT, "or resumed");
    world_answer(&w, "a", world_last(&w), 200);
    world_close(&w);
}

static void test_resume_open(void)
{
    struct world w = {.deliver = NULL};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 1\nretry = { 1d }"));
    world_many(&w, 0, 11);
    for (uint64_t seq = world_last(&w) - 10; seq < world_last(&w); seq++)
        world_answer(&w, "a", seq, 500);
    is_int(w.carrying.n, 10, "an open breaker lets nothing through");
    world_order_done(&w, deliver_resume, "a", 0);
    is_int(w.carrying.n, 11, "until an operator says so");
    world_close(&w);
}

static void note_done(struct deliver_order *o)
{
    *(bool *)o->owner = true;
}

static void test_trial(void)
{
    struct world w = {.deliver = NULL};
    bool done = false;
    struct deliver_order o = {.endpoint = STR_LIT("a"), .done = note_done, .owner = &done};
    world_open(&w, "memory:", world_hook("a", "max_in_flight = 1"));
    world_enrol(&w, "P1", "");
    world_run(&w);
    deliver_test(w.deliver, &o);
    is_int(w.carrying.n, 2, "a trial goes at once, whatever is on its way");
    const struct parcel *p = w.carrying.v[1];
    ok(memmem(p->call.body.p, p->call.body.n, "endpoint.test", 13) != NULL, "it says that it is one");
    is_int(p->n_seqs, 0, "its id is no event's");
    parcel_answer(&w.carrying, w.carrying.v[1], 418, -1, "");
    ok(done, "it is answered when the endpoint has answered");
    see_json_body(&o.body);
    ok(strstr(o.body.p, "{'endpoint':'a','outcome':'retry','status':418,'why':'status 418','milliseconds':"),
       "with what came");
    buf_done(&o.body);
    world_pass(&w, 3600000);
    is_int(w.carrying.n, 2, "it is not tried again");
    ok(strstr(world_endpoint(&w, "a"), "'last_error':null"), "and says nothing of the endpoint");
    world_answer(&w, "a", world_last(&w), 200);
    world_close(&w);
}

static void test_trial_message(void)
{
    struct world w = {.deliver = NULL};
    bool done = false;
    struct deliver_order o = {.endpoint = STR_LIT("sms"), .done = note_done, .owner = &done};
    world_open(&w, "memory:", world_kannel("sms", ""));
    is_int(world_order_done(&w, deliver_test, "sms", 0), ERR_INVALID, "a trial of messages needs a number");
    o.phone = STR_LIT("+8613800000009");
    deliver_test(w.deliver, &o);
    is_int(w.carrying.n, 1, "with one it is sent");
    ok(strstr(w.carrying.v[0]->call.url.p, "to=%2B8613800000009") && w.carrying.v[0]->call.once, "there, and once");
    parcel_answer(&w.carrying, w.carrying.v[0], 202, -1, "0: Accepted for delivery");
    ok(done, "it is answered");
    buf_done(&o.body);
    world_close(&w);
}

static void test_listing(void)
{
    struct world w = {.deliver = NULL};
    struct buf out = BUF_INIT;
    world_open(&w, "memory:", world_hook("a", "retry = { }"));
    world_many(&w, 0, 5);
    uint64_t last = world_last(&w);
    for (uint64_t seq = last - 4; seq <= last; seq++)
        world_answer(&w, "a", seq, 500);
    world_pass(&w, 100);
    is_int(deliver_write_deliveries(w.deliver, STR_LIT("a"), 1u << DELIVERY_DEAD, 0, 3, &out, &w.msg), ERR_OK,
           "dead letters are listed");
    see_json_body(&out);
    char want[100];
    snprintf(want, sizeof want, "{'deliveries':[{'id':'a:%d','endpoint':'a','seq':%d,", (int)last - 4, (int)last - 4);
    ok(strstr(out.p, want) == out.p, "from the first");
    ok(strstr(out.p, "],'more':true}") != NULL, "as many as were asked for, and that there are more");
    buf_clear(&out);
    is_int(deliver_write_deliveries(w.deliver, STR_NONE, 1u << DELIVERY_DEAD, last - 2, 3, &out, &w.msg), ERR_OK,
           "or from a number on, of every endpoint");
    see_json_body(&out);
    snprintf(want, sizeof want, "{'deliveries':[{'id':'a:%d'", (int)last - 1);
    ok(strstr(out.p, want) == out.p && strstr(out.p, "],'more':false}"), "to the last");
    buf_clear(&out);
    is_int(deliver_write_deliveries(w.deliver, STR_LIT("a"), 1u << DELIVERY_RETRY, 0, 3, &out, &w.msg), ERR_OK,
           "where there are none");
    see_json_body(&out);
    is_str(out.p, "{'deliveries':[],'more':false}", "there are none");
    is_int(deliver_write_deliveries(w.deliver, STR_LIT("b"), 1, 0, 3, &out, &w.msg), ERR_ABSENT,
           "an endpoint that is none is absent");
    buf_done(&out);
    world_close(&w);
}

int main(void)
{
    plan(0);
    test_pause();
    test_resume_open();
    test_trial();
    test_trial_message();
    test_listing();
    return tap_end();
}
