/* What is asked of the daemon, and of its store when it is down. */
#include "tests/sim/server_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/verify/verify.h"
#include "tests/engine/fake_clock.h"
#include "tests/sim/counts.h"
#include "tests/sim/trace.h"

#define REQUEST_TURNS 4000

/* --- requests --- */

/* Nobody is answered before the sync. */
static void on_asked(struct request *r)
{
    struct asked *a = (struct asked *)r;
    struct engine_counters n;
    engine_counters(a->server->engine, &n);
    for (uint32_t i = 0; i < r->n_inputs; i++)
        if (a->results[i].n_events && a->results[i].first_seq + a->results[i].n_events - 1 > n.durable_seq)
            trace_fail("an input is answered before its events are durable");
    a->done = true;
}

static struct asked *new_asked(struct server *s)
{
    struct asked *a = mem_zalloc(1, sizeof *a);
    struct asked **last = &s->asked;
    a->server = s;
    a->request = (struct request){.kind = REQUEST_INPUTS, .done = on_asked, .inputs = a->inputs, .results = a->results};
    while (*last)
        last = &(*last)->next;
    *last = a;
    return a;
}

static void submit(struct server *s, struct asked *a)
{
    counts_add(COUNT_INPUTS, a->request.n_inputs);
    if (!engine_submit(s->engine, &a->request))
        trace_fail("the engine's queue is full");
}

/* Each input's own. */
static void give_keys(struct server *s, struct asked *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t serial = ++s->keys;
        memset(&a->keys[i], 0, sizeof a->keys[i]);
        memcpy(a->keys[i].key, &serial, sizeof serial);
        memcpy(a->keys[i].body, &serial, sizeof serial);
    }
    a->has_keys = true;
    a->request.keys = a->keys;
    a->sent_at = fake_wall_now();
}

void server_send(struct server *s, struct author *author, unsigned n)
{
    struct asked *a = new_asked(s);
    for (unsigned i = 0; i < n; i++) {
        a->people[i] = town_draw(s->town, author, &a->drawn[i], &a->inputs[i]);
        trace_line("input %s of %s", m_op_names[a->drawn[i].op], town_id(a->people[i]));
    }
    a->request.n_inputs = n;
    if (rng_below(s->dice, 3) == 0)
        give_keys(s, a, n);
    submit(s, a);
}

/* The daemon keeps a key for two days. */
static bool is_known_still(const struct asked *a)
{
    int64_t since = fake_wall_now() - a->sent_at;
    return since >= 0 && since < KEY_SECONDS - 3600;
}

bool server_decided_now(struct server *s, const struct asked *a, uint32_t i)
{
    const struct input_result *now = &a->results[i], *then = &a->before[i];
    bool decided = i < a->decided_before && then->n_events && then->key == KEY_NEW;
    bool durable = decided && then->first_seq + then->n_events - 1 <= a->recovered;
    if (now->key == KEY_REUSED)
        trace_fail("an input's key is taken for another's");
    if (now->key == KEY_NEW) {
        if (durable && is_known_still(a))
            trace_fail("an input of %s is decided twice: its first events were from %" PRIu64, town_id(a->people[i]),
                       then->first_seq);
        return true;
    }
    counts_add(COUNT_KEYS_REPLAYED, 1);
    trace_line("an input of %s was decided before", town_id(a->people[i]));
    if (now->n_events && (now->first_seq > town_last(s->town) || town_subject(s->town, now->first_seq) != a->people[i]))
        trace_fail("an input of %s is answered with event %" PRIu64 ", which is not its", town_id(a->people[i]),
                   now->first_seq);
    if (decided && (!durable || now->first_seq != then->first_seq || now->n_events != then->n_events ||
                    now->result != then->result || now->reason != then->reason))
        trace_fail("an input of %s is answered with what never came of it", town_id(a->people[i]));
    return false;
}

void server_send_again(struct server *s)
{
    struct asked *old = s->again, *a;
    if (!old)
        return;
    s->again = NULL;
    a = new_asked(s);
    memcpy(a->drawn, old->drawn, sizeof a->drawn);
    memcpy(a->inputs, old->inputs, sizeof a->inputs);
    memcpy(a->people, old->people, sizeof a->people);
    memcpy(a->keys, old->keys, sizeof a->keys);
    memcpy(a->before, old->results, sizeof a->before);
    a->decided_before = old->noted;
    a->recovered = old->recovered;
    a->sent_at = old->sent_at;
    a->has_keys = true;
    a->request.keys = a->keys;
    a->request.n_inputs = old->request.n_inputs;
    trace_line("%u inputs once more", a->request.n_inputs);
    counts_add(COUNT_SENT_AGAIN, 1);
    submit(s, a);
    free(old);
}

void server_send_unit(struct server *s, unsigned unit, unsigned name)
{
    static const char *const units[] = {"U-1", "U-2", "U-3"}, *const names[] = {"North", "South"};
    struct asked *a = new_asked(s);
    a->people[0] = -1;
    a->inputs[0] = (struct input){.op = OP_UNIT,
                                  .given = M_OP | M_UNIT | M_NAME | M_PHONE,
                                  .at = INSTANT_NONE,
                                  .unit = str_of(units[unit % 3]),
                                  .name = str_of(names[name % 2]),
                                  .phone = STR_LIT("+8610000009"),
                                  .amount = AMOUNT_NONE};
    a->request.n_inputs = 1;
    submit(s, a);
}

static void on_done(struct request *r)
{
    *(bool *)r->owner = true;
}

bool server_request(struct server *s, struct request *r)
{
    bool done = false;
    r->done = on_done;
    r->owner = &done;
    if (!engine_submit(s->engine, r))
        trace_fail("the engine's queue is full");
    for (int i = 0; !done; i++) {
        if (i == REQUEST_TURNS)
            trace_fail("a request of kind %d is not answered", (int)r->kind);
        if (!server_turn(s, 8))
            return false;
    }
    return true;
}

bool server_check_people(struct server *s)
{
    struct person_view people[TOWN_PEOPLE];
    memset(people, 0, sizeof people);
    for (int i = 0; i < TOWN_PEOPLE; i++) {
        people[i].id = str_of(town_id(i));
        people[i].contact_wanted = true;
    }
    struct request r = {.kind = REQUEST_PEOPLE, .people = people, .n_people = TOWN_PEOPLE};
    bool alive = server_request(s, &r);
    if (alive && r.err != ERR_OK)
        trace_fail("people cannot be asked about: %s", r.msg.text);
    if (alive)
        town_check_people(s->town, people);
    buf_done(&r.body);
    return alive;
}

/* --- delivery --- */

static void on_ordered(struct deliver_order *o)
{
    ((struct ordered *)o)->done = true;
    trace_line("an order is answered: %d", (int)o->err);
}

static struct ordered *new_order(struct server *s, const char *endpoint, uint64_t seq)
{
    struct ordered *o = mem_zalloc(1, sizeof *o);
    o->order = (struct deliver_order){.endpoint = str_of(endpoint),
                                      .seq = seq,
                                      .by = STR_LIT("an operator"),
                                      .why = STR_LIT("a test"),
                                      .done = on_ordered};
    o->next = s->ordered;
    s->ordered = o;
    return o;
}

static void redeliver(struct deliver *d, struct deliver_order *o)
{
    deliver_redeliver(d, &(struct redeliver_call){.from = {.kind = PLACE_NUMBER, .number = o->seq}}, o);
}

void server_order(struct server *s, unsigned which, const char *endpoint, uint64_t seq)
{
    static const struct {
        const char *name;
        void (*give)(struct deliver *d, struct deliver_order *o);
    } orders[] = {{"pause", deliver_pause}, {"resume", deliver_resume}, {"retry", deliver_retry},
                  {"drop", deliver_drop},   {"redeliver", redeliver},   {"cancel", deliver_redeliver_cancel}};
    trace_line("order: %s %s %" PRIu64, orders[which].name, endpoint, seq);
    counts_add(COUNT_ORDERS, 1);
    orders[which].give(s->deliver, &new_order(s, endpoint, seq)->order);
}

void server_receipt(struct server *s, uint64_t seq, int type)
{
    struct store_info info;
    char query[120];
    store_info(engine_store(s->engine), &info);
    snprintf(query, sizeof query, "id=%s_0_%" PRIu64 "&type=%d", info.incarnation, seq, type);
    trace_line("a receipt of type %d for %" PRIu64, type, seq);
    struct receipt_call c = {.query = str_of(query), .body = STR_LIT("")};
    deliver_receipt(s->deliver, &c, &new_order(s, CONF_SMS, 0)->order);
}

/* --- verify --- */

static enum err verify(struct server *s, struct verify_report *report)
{
    struct verify_options o = {.uri = "dir:" SERVER_STORE};
    return verify_store(&o, report, &s->msg);
}

void server_verify(struct server *s)
{
    struct verify_report r = {.good = false};
    if (verify(s, &r) != ERR_OK)
        trace_fail("the store cannot be verified: %s", s->msg.text);
    if (!r.good)
        trace_fail("verify is not content: event %" PRIu64 " at %s: %s\nexpected %.*s\nfound    %.*s", r.difference.seq,
                   r.difference.place, r.difference.text, (int)r.difference.expected.n, r.difference.expected.p,
                   (int)r.difference.found.n, r.difference.found.p);
    trace_line("verified: %" PRIu64 " events, %u checkpoints, %" PRIu64 " deliveries; notes: %.*s", r.events,
               r.checkpoints, r.deliveries, (int)r.notes.n, r.notes.p ? r.notes.p : "");
    counts_add(COUNT_VERIFIED, 1);
    verify_report_done(&r);
}

bool server_verify_notices(struct server *s)
{
    struct verify_report r = {.good = false};
    bool notices = verify(s, &r) != ERR_OK || !r.good || r.notes.n;
    verify_report_done(&r);
    return notices;
}
