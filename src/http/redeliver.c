/* POST and DELETE /v1/endpoints/NAME/redeliver: events of the log are sent to an endpoint once more, or no further. */
#include "base/date.h"
#include "http/number.h"
#include "http/operator.h"
#include "http/order.h"
#include "http/routes.h"

#define PLACE_MAX 65536 /* bytes of a number, of a time, or of a position, which takes some four a shard */

enum {
    FIELD_OF_AFTER,
    FIELD_OF_SINCE,
    FIELD_OF_UNTIL,
    FIELD_OF_TYPE,
    FIELD_OF_SUBJECT,
    FIELD_OF_BY,
    FIELD_OF_WHY,
    FIELDS
};

static bool read_number(struct str text, struct log_place *out)
{
    struct log_place place = {.kind = PLACE_NUMBER};
    if (!number_read(text, &place.number))
        return false;
    *out = place;
    return true;
}

/* Of several shards. What it says their desk finds out. */
static bool read_position(struct str text, struct log_place *out)
{
    if (text.n < 2 || text.p[0] != 's')
        return false;
    *out = (struct log_place){.kind = PLACE_POSITION, .position = text};
    return true;
}

static bool read_time(struct str text, struct log_place *out)
{
    struct log_place place = {.kind = PLACE_DATE};
    int32_t offset;
    if (!date_parse(text.p, text.n, &place.date)) {
        place.kind = PLACE_INSTANT;
        if (!instant_parse(text.p, text.n, &place.at, &offset))
            return false;
    }
    *out = place;
    return true;
}

static bool refuse(struct exchange *x, const char *member, const char *expected)
{
    exchange_problem(x, 400, member, "member \"%s\" is not %s", member, expected);
    return false;
}

static bool read_range(struct exchange *x, const struct json_field *f, struct redeliver_call *c)
{
    struct str after = f[FIELD_OF_AFTER].value, since = f[FIELD_OF_SINCE].value, until = f[FIELD_OF_UNTIL].value;
    if (!after.p == !since.p) {
        exchange_problem(x, 400, after.p ? "since" : "after", "one of \"after\" and \"since\" says where to begin");
        return false;
    }
    if (after.p && !read_number(after, &c->from) && !read_position(after, &c->from))
        return refuse(x, "after", "the number of an event, or 0");
    if (since.p && !read_time(since, &c->from))
        return refuse(x, "since", "a time (expected \"2026-06-16T09:00:00+08:00\" or \"2026-06-16\")");
    if (until.p && !read_number(until, &c->until) && !read_time(until, &c->until) && !read_position(until, &c->until))
        return refuse(x, "until",
                      "the number of an event, or a time (expected \"2026-06-16T09:00:00+08:00\" or "
                      "\"2026-06-16\")");
    return true;
}

static bool read_redeliver(struct exchange *x, struct order *o)
{
    struct json_field f[FIELDS] = {
        [FIELD_OF_AFTER] = {.name = "after", .number = true, .max = PLACE_MAX},
        [FIELD_OF_SINCE] = {.name = "since", .max = PLACE_MAX},
        [FIELD_OF_UNTIL] = {.name = "until", .number = true, .max = PLACE_MAX},
        [FIELD_OF_TYPE] = {.name = "type", .max = REDELIVER_TYPE_MAX},
        [FIELD_OF_SUBJECT] = {.name = "subject", .max = REDELIVER_SUBJECT_MAX},
        [FIELD_OF_BY] = FIELD_BY,
        [FIELD_OF_WHY] = FIELD_WHY(ORDER_WHY_MAX),
    };
    if (!operator_read(x, f, FIELDS, &o->text) || !read_range(x, f, &o->redeliver))
        return false;
    o->redeliver.type = f[FIELD_OF_TYPE].value;
    o->redeliver.subject = f[FIELD_OF_SUBJECT].value;
    o->call.redeliver = &o->redeliver;
    o->order.endpoint = o->name;
    o->order.by = f[FIELD_OF_BY].value;
    o->order.why = f[FIELD_OF_WHY].value;
    return true;
}

/* It has only begun. */
static void answer_redeliver(struct exchange *x, struct order *o)
{
    buf_addc(&o->order.body, '\n');
    exchange_answer(x, 202, JSON, &o->order.body);
}

static bool read_cancel(struct exchange *x, struct order *o)
{
    struct json_field f[] = {FIELD_BY, FIELD_WHY(ORDER_WHY_MAX)};
    if (!operator_read(x, f, sizeof f / sizeof *f, &o->text))
        return false;
    o->order.endpoint = o->name;
    o->order.by = f[0].value;
    o->order.why = f[1].value;
    return true;
}

static const struct verb redeliver_verb = {.name = "redeliver",
                                           .about = "endpoint",
                                           .desk = DESK_REDELIVER,
                                           .read = read_redeliver,
                                           .answer = answer_redeliver};
static const struct verb cancel_verb = {
    .name = "cancel-redelivery", .about = "endpoint", .desk = DESK_REDELIVER_CANCEL, .read = read_cancel};

const struct handler redeliver_handler = {ORDER_HANDLER, .verb = &redeliver_verb};
const struct handler redeliver_cancel_handler = {ORDER_HANDLER, .verb = &cancel_verb};
