/* POST /v1/holds places a moratorium, DELETE /v1/holds/NAME lifts a hold: both say who and why. */
#include "http/ask.h"
#include "http/operator.h"
#include "http/routes.h"

#define NAME_MAX_BYTES 64 /* of a policy, a category, a unit */
#define WHY_MAX 256

enum { PLACE_HOLD, PLACE_SCOPE, PLACE_POLICY, PLACE_CATEGORY, PLACE_UNIT, PLACE_UNTIL, PLACE_WHY, PLACE_BY, PLACE_N };

static const enum scope_kind scope_kinds[PLACE_N] = {
    [PLACE_POLICY] = SCOPE_POLICY,
    [PLACE_CATEGORY] = SCOPE_CATEGORY,
    [PLACE_UNIT] = SCOPE_UNIT,
};

/* No scope at all is everyone; an object names exactly one. */
static bool read_scope(struct exchange *x, const struct json_field *fields, bool given, struct scope *out)
{
    unsigned n = 0;
    *out = (struct scope){.kind = SCOPE_ALL};
    for (int i = PLACE_POLICY; i <= PLACE_UNIT; i++) {
        if (!fields[i].value.p)
            continue;
        *out = (struct scope){scope_kinds[i], fields[i].value};
        n++;
    }
    if (n <= 1 && (n == 1 || !given))
        return true;
    exchange_problem(x, 400, "scope", "member \"scope\" must be null or name one policy, category or unit");
    return false;
}

static void note_place(const struct ask *a)
{
    const struct scope *scope = &a->request.hold.scope;
    struct buf name = BUF_INIT;
    buf_adds(&name, hold_text(HOLD_MORATORIUM));
    if (scope->kind != SCOPE_ALL)
        buf_printf(&name, ":%s:%.*s", scope_text(scope->kind), (int)scope->name.n, scope->name.p);
    operator_note(a->caller, "place", "hold", buf_str(&name), a->request.hold.by, a->request.hold.why);
    buf_done(&name);
}

static bool prepare_place(struct exchange *x, struct ask *a)
{
    struct json_field f[PLACE_N] = {
        [PLACE_HOLD] = {.name = "hold", .required = true, .max = NAME_MAX_BYTES},
        [PLACE_SCOPE] = {.name = "scope", .nullable = true},
        [PLACE_POLICY] = {.name = "scope.policy", .max = NAME_MAX_BYTES},
        [PLACE_CATEGORY] = {.name = "scope.category", .max = NAME_MAX_BYTES},
        [PLACE_UNIT] = {.name = "scope.unit", .max = NAME_MAX_BYTES},
        [PLACE_UNTIL] = {.name = "until", .required = true, .max = 10},
        [PLACE_WHY] = FIELD_WHY(WHY_MAX),
        [PLACE_BY] = FIELD_BY,
    };
    struct request *r = &a->request;
    r->kind = REQUEST_HOLD_PLACE;
    if (!operator_read(x, f, PLACE_N, &a->text) || !read_scope(x, f, f[PLACE_SCOPE].object, &r->hold.scope))
        return false;
    if (!str_is(f[PLACE_HOLD].value, "moratorium")) {
        exchange_problem(x, 400, "hold", "an operator places a \"moratorium\"; the other holds place themselves");
        return false;
    }
    if (!date_parse(f[PLACE_UNTIL].value.p, f[PLACE_UNTIL].value.n, &r->hold.until)) {
        exchange_problem(x, 400, "until", "member \"until\" is not a date (expected \"2026-06-30\")");
        return false;
    }
    r->hold.why = f[PLACE_WHY].value;
    r->hold.by = f[PLACE_BY].value;
    a->note = note_place;
    return true;
}

static void note_lift(const struct ask *a)
{
    operator_note(a->caller, "lift", "hold", a->request.hold.name, a->request.hold.by, a->request.hold.why);
}

static bool prepare_lift(struct exchange *x, struct ask *a)
{
    struct json_field f[] = {FIELD_BY, FIELD_WHY(WHY_MAX)};
    a->request.kind = REQUEST_HOLD_LIFT;
    a->request.hold.name = x->match.captures[0];
    if (!operator_read(x, f, sizeof f / sizeof *f, &a->text))
        return false;
    a->request.hold.by = f[0].value;
    a->request.hold.why = f[1].value;
    a->note = note_lift;
    return true;
}

const struct handler hold_place_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_place};
const struct handler hold_lift_handler = {ASK_HANDLER, .type = JSON, .prepare = prepare_lift};
