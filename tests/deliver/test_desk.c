/* The desk of one delivery: each verb does what it is called. */
#include "deliver/desk.h"
#include "tests/deliver/messages.h"
#include "tests/lib/quotes.h"

#include <stdio.h>

static struct world w;
static bool done;

static void on_done(struct deliver_order *o)
{
    (void)o;
    done = true;
}

/* Gives it, lets all run, and leaves what was answered in w.body. */
static enum err give(struct desk_call c, struct deliver_order o)
{
    struct desk desk = desk_of(w.deliver);
    done = false;
    o.done = on_done;
    o.by = STR_LIT("Li");
    o.why = STR_LIT("trial");
    desk.give(desk.arg, &c, &o);
    world_run(&w);
    if (!done)
        bail_out("an order is never answered");
    buf_clear(&w.body);
    buf_addstr(&w.body, buf_str(&o.body));
    see_json(&w.body);
    buf_addc(&w.body, '\0');
    buf_done(&o.body);
    return o.err;
}

static enum err order(enum desk_verb v, uint64_t seq, unsigned shard)
{
    return give((struct desk_call){.verb = v, .shard = shard},
                (struct deliver_order){.endpoint = STR_LIT("a"), .seq = seq});
}

static void test_endpoint(void)
{
    ok(order(DESK_PAUSE, 0, 0) == ERR_OK && strstr(w.body.p, "'state':'paused'"), "it pauses");
    ok(order(DESK_RESUME, 0, 0) == ERR_OK && strstr(w.body.p, "'state':'running'"), "it resumes");
    ok(order(DESK_TEST, 0, 0) == ERR_OK && strstr(w.body.p, "'outcome':'retry'"), "it tries");
    ok(order(DESK_ENDPOINTS, 0, 0) == ERR_OK && strstr(w.body.p, "{'endpoints':[{'name':'a'"), "it lists endpoints");
}

static void test_delivery(uint64_t seq)
{
    char id[40];
    struct desk_call list = {.verb = DESK_DELIVERIES, .list = {1u << DELIVERY_DEAD, 0, 10}};
    snprintf(id, sizeof id, "'id':'a:%" PRIu64 "'", seq);
    ok(give(list, (struct deliver_order){.endpoint = STR_LIT("a")}) == ERR_OK && strstr(w.body.p, id),
       "it lists deliveries");
    list.list.after = seq;
    ok(give(list, (struct deliver_order){.endpoint = STR_LIT("a")}) == ERR_OK && !strstr(w.body.p, id),
       "behind a number");
    is_int(give(list, (struct deliver_order){.endpoint = STR_LIT("b")}), ERR_ABSENT, "of endpoints that there are");
    is_int(order(DESK_RETRY, seq, 1), ERR_ABSENT, "there is no second shard in which it could retry one");
    is_int(order(DESK_DROP, seq, 1), ERR_ABSENT, "or drop it");
    ok(order(DESK_RETRY, seq, 0) == ERR_OK && strstr(w.body.p, "'result':'retried'"), "it has one retried");
    ok(order(DESK_DROP, seq, 0) == ERR_OK && strstr(w.body.p, "'result':'dropped'"), "it drops one");
}

static void test_redelivery(void)
{
    struct redeliver_call range = {.from = {.kind = PLACE_NUMBER}, .until = {.kind = PLACE_NOT_GIVEN}};
    struct deliver_order o = {.endpoint = STR_LIT("a")};
    ok(give((struct desk_call){.verb = DESK_REDELIVER, .redeliver = &range}, o) == ERR_OK &&
           strstr(w.body.p, "'state':'running'"),
       "it sends events once more");
    ok(order(DESK_REDELIVER_CANCEL, 0, 0) == ERR_OK && strstr(w.body.p, "'state':'cancelled'"),
       "it cancels what is under way");
    range.from = (struct log_place){.kind = PLACE_POSITION, .position = STR_LIT("sAgEB")};
    is_int(give((struct desk_call){.verb = DESK_REDELIVER, .redeliver = &range}, o), ERR_INVALID,
           "a place in several shards' logs is none in this one");
}

static void test_looks(void)
{
    struct desk desk = desk_of(w.deliver);
    struct endpoint_metrics m[ENDPOINTS_MAX];
    struct receipt_call c = {STR_LIT("id=x&type=1"), STR_LIT("")};
    ok(desk.takes_receipts(desk.arg, STR_LIT("sms"), STR_LIT("receipts-secret")) &&
           !desk.takes_receipts(desk.arg, STR_LIT("sms"), STR_LIT("other")),
       "it knows whose receipts to take");
    is_int(give((struct desk_call){.verb = DESK_RECEIPT, .receipt = &c},
                (struct deliver_order){.endpoint = STR_LIT("sms")}),
           ERR_OK, "and takes them");
    is_int(desk.metrics(desk.arg, m, ENDPOINTS_MAX), 2, "it counts");
}

int main(void)
{
    char endpoints[5000];
    plan(0);
    snprintf(endpoints, sizeof endpoints, "%s%s", world_hook("a", "retry = { 1s }"), world_kannel("sms", ""));
    world_always(&w, 400);
    world_open(&w, world_dir("desk"), endpoints);
    world_enrol(&w, "P1", "");
    uint64_t seq = world_last(&w);
    world_pass(&w, 60000);
    test_endpoint();
    test_delivery(seq);
    test_redelivery();
    test_looks();
    world_close(&w);
    return tap_end();
}
