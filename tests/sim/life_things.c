/* What happens in a town and around it: inputs, time, orders, the moods of others. */
#include "tests/sim/life_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/engine/fake_clock.h"
#include "tests/sim/counts.h"
#include "tests/sim/disk_calls.h"
#include "tests/sim/fibers.h"
#include "tests/sim/trace.h"

void life_send_inputs(struct life *l)
{
    l->author.now = fake_wall_now() > town_time(l->town) ? fake_wall_now() : town_time(l->town);
    server_send(&l->server, &l->author, 1 + below(l, one_in(l, 4) ? ASKED_INPUTS : 2));
}

void life_send_again(struct life *l)
{
    server_send_again(&l->server);
}

void life_send_unit(struct life *l)
{
    server_send_unit(&l->server, below(l, 3), below(l, 2));
}

void life_pass_moments(struct life *l)
{
    fake_pass_ms(1 + below(l, 20000));
}

void life_pass_hours(struct life *l)
{
    fake_pass(1 + below(l, 20 * 3600));
}

void life_pass_days(struct life *l)
{
    fake_pass((1 + below(l, 12)) * DAY + below(l, (unsigned)DAY));
}

void life_sleep_long(struct life *l)
{
    fake_sleep(1 + below(l, (unsigned)(5 * DAY)));
    counts_add(COUNT_SLEEPS, 1);
}

void life_set_clock(struct life *l)
{
    static const struct {
        int64_t by;
        enum count count;
    } jumps[] = {{1, COUNT_JUMP_SECOND}, {2 * HOUR, COUNT_JUMP_HOURS}, {30 * DAY, COUNT_JUMP_MONTH}};
    unsigned i = below(l, 3);
    bool back = one_in(l, 2);
    if (!server_settle(&l->server) || l->faults.frozen) {
        life_turn(l, 1);
        return;
    }
    fake_wall(fake_wall_now() + (back ? -jumps[i].by : jumps[i].by));
    trace_line("the clock is set %s by %" PRId64 " s", back ? "back" : "forward", jumps[i].by);
    counts_add(jumps[i].count, 1);
    if (i > 0)
        town_expect_clock_hold(l->town, back ? INT64_MIN : fake_wall_now());
    if (one_in(l, 2))
        fake_clock_was_set();
}

void life_reload(struct life *l)
{
    const struct conf *to = &l->confs[below(l, CONFS)];
    struct request r = {.kind = REQUEST_CONFIG, .config = config_ref(to->config)};
    trace_line("reload: configuration %u", (unsigned)(to - l->confs));
    if (!server_settle(&l->server) || !server_request(&l->server, &r)) {
        if (r.config && !r.done)
            config_free(r.config);
        life_turn(l, 1);
        return;
    }
    if (r.err != ERR_OK)
        trace_fail("the configuration is refused: %s", r.msg.text);
    buf_done(&r.body);
    l->server.conf = to;
    if (deliver_configure(l->server.deliver, to->config->endpoints, to->config->timezone, &l->server.msg) != ERR_OK &&
        !l->faults.frozen && !l->faults.failed)
        trace_fail("delivery refuses the configuration: %s", l->server.msg.text);
    counts_add(COUNT_RELOADS, 1);
}

void life_place_hold(struct life *l)
{
    static const struct scope scopes[] = {{SCOPE_ALL, {NULL, 0}},
                                          {SCOPE_POLICY, {"national", 8}},
                                          {SCOPE_POLICY, {"beijing", 7}},
                                          {SCOPE_CATEGORY, {"urban", 5}},
                                          {SCOPE_UNIT, {"U-1", 3}}};
    struct request r = {.kind = REQUEST_HOLD_PLACE};
    r.hold.scope = scopes[below(l, sizeof scopes / sizeof *scopes)];
    r.hold.until = (lc_date)(fake_wall_now() / DAY) + DATE_UNIX_EPOCH + 2 + (lc_date)below(l, 40);
    r.hold.why = STR_LIT("a flood");
    r.hold.by = STR_LIT("an operator");
    trace_line("a moratorium");
    if (!server_request(&l->server, &r))
        life_turn(l, 1);
    else
        counts_add(COUNT_HOLDS_PLACED, r.err == ERR_OK);
    buf_done(&r.body);
}

void life_lift_hold(struct life *l)
{
    char name[160];
    if (!town_hold(l->town, &l->dice, name))
        return;
    struct request r = {.kind = REQUEST_HOLD_LIFT};
    r.hold.name = str_of(name);
    r.hold.why = STR_LIT("looked at");
    r.hold.by = STR_LIT("an operator");
    trace_line("lift %s", name);
    if (!server_request(&l->server, &r))
        life_turn(l, 1);
    else
        counts_add(COUNT_HOLDS_LIFTED, r.err == ERR_OK);
    buf_done(&r.body);
}

void life_change_mood(struct life *l)
{
    receivers_mood(l->receivers, (enum receiver)below(l, RECEIVER_N),
                   one_in(l, 3) ? MOOD_WELL : (enum mood)below(l, MOOD_N));
}

void life_give_receipt(struct life *l)
{
    static const int types[] = {1, 2, 4, 8, 16};
    uint64_t seq = receivers_message(l->receivers, &l->dice);
    for (unsigned n = 1 + below(l, 3); seq && n > 0; n--) /* some come twice, or in another order */
        server_receipt(&l->server, seq, types[below(l, 5)]);
}

void life_give_order(struct life *l)
{
    enum receiver which = (enum receiver)below(l, 2);
    uint64_t last = town_last(l->town), seq = last ? 1 + below(l, (unsigned)last) : 1;
    unsigned order = below(l, 5);
    if (order >= 2 && order <= 3) /* of one that was given up, or not: then nothing comes of it */
        receivers_excuse(l->receivers, which, seq);
    counts_add(COUNT_REDELIVERIES, order == 4);
    server_order(&l->server, order, receiver_names[which], seq);
}
