/* Endpoints as operators see and order them: GET /v1/endpoints, and POST to one to pause it, to resume it or to try
 * it. */
#include "http/operator.h"
#include "http/order.h"
#include "http/routes.h"

#define PHONE_MAX 64 /* with the blanks and brackets that people write */

static bool read_reason(struct exchange *x, struct order *o)
{
    struct json_field f[] = {FIELD_BY, FIELD_WHY(ORDER_WHY_MAX)};
    if (!operator_read(x, f, sizeof f / sizeof *f, &o->text))
        return false;
    o->order.endpoint = o->name;
    o->order.by = f[0].value;
    o->order.why = f[1].value;
    return true;
}

static bool read_test(struct exchange *x, struct order *o)
{
    struct json_field phone = {.name = "phone", .max = PHONE_MAX};
    size_t n;
    o->order.endpoint = o->name;
    if (x->body.n && !operator_read(x, &phone, 1, &o->text))
        return false;
    if (!phone.value.p)
        return true;
    if (!phone_normalise(phone.value, x->http->options.country_code, o->phone, &n)) {
        exchange_problem(x, 400, "phone", "member \"phone\" is no phone number");
        return false;
    }
    o->order.phone = (struct str){o->phone, n};
    return true;
}

static const struct verb list_verb = {.desk = DESK_ENDPOINTS};
static const struct verb pause_verb = {.name = "pause", .about = "endpoint", .desk = DESK_PAUSE, .read = read_reason};
static const struct verb resume_verb = {
    .name = "resume", .about = "endpoint", .desk = DESK_RESUME, .read = read_reason};
static const struct verb test_verb = {.name = "test", .about = "endpoint", .desk = DESK_TEST, .read = read_test};

const struct handler endpoints_handler = {QUESTION_HANDLER, .verb = &list_verb};
const struct handler endpoint_pause_handler = {ORDER_HANDLER, .verb = &pause_verb};
const struct handler endpoint_resume_handler = {ORDER_HANDLER, .verb = &resume_verb};
const struct handler endpoint_test_handler = {ORDER_HANDLER, .verb = &test_verb};
