#include "codec/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct origin_reader {
    struct input_parser *parser;
    struct buf line;
    char someone[24]; /* stands for whom the log does not name */
    char *arena;
    size_t cap;
};

struct origin_reader *origin_reader_new(void)
{
    struct origin_reader *r = mem_zalloc(1, sizeof *r);
    r->parser = input_parser_new(&(struct input_options){.country_code = "+86"});
    return r;
}

void origin_reader_free(struct origin_reader *r)
{
    if (!r)
        return;
    input_parser_free(r->parser);
    buf_done(&r->line);
    free(r->arena);
    free(r);
}

static uint32_t bit(uint32_t member, bool there)
{
    return there ? member : 0;
}

static void from_enrolled(const struct event *ev, struct input *in)
{
    in->op = OP_ENROL;
    in->policy = ev->u.enrolled.policy;
    in->category = ev->u.enrolled.category;
    in->unit = ev->u.enrolled.unit;
    in->approved_on = ev->u.enrolled.approved_on;
    in->last_certified_on = ev->u.enrolled.last_certified_on;
    in->amount = ev->u.enrolled.amount;
    in->amount_from = ev->u.enrolled.amount_from;
    in->given |= M_POLICY | M_APPROVED_ON | bit(M_CATEGORY, in->category.p != NULL) | bit(M_UNIT, in->unit.p != NULL) |
                 bit(M_LAST_CERTIFIED_ON, in->last_certified_on != DATE_NONE) |
                 bit(M_AMOUNT | M_AMOUNT_FROM, in->amount != AMOUNT_NONE);
}

static void from_amended(const struct event *ev, struct input *in)
{
    in->op = OP_AMEND;
    in->given |= ev->u.amended.given;
    in->policy = ev->u.amended.policy;
    in->category = ev->u.amended.category;
    in->unit = ev->u.amended.unit;
    if (in->given & M_AMOUNT) {
        in->given |= M_AMOUNT_FROM;
        in->amount = ev->u.amended.amount;
        in->amount_from = ev->u.amended.amount_from;
    }
    in->given |= bit(M_NAME, ev->u.amended.personal);
}

static void set_certify(struct input *in, struct str channel, struct str ref, lc_date certified_on, struct str evidence)
{
    in->op = OP_CERTIFY;
    in->channel = channel;
    in->ref = ref;
    in->certified_on = certified_on;
    in->evidence = evidence;
    in->given |= M_CHANNEL | M_REF | M_CERTIFIED_ON | bit(M_EVIDENCE, evidence.p != NULL);
}

static void from_accepted(const struct event *ev, struct input *in)
{
    set_certify(in, ev->u.accepted.channel, ev->u.accepted.ref, ev->u.accepted.certified_on, ev->u.accepted.evidence);
    in->given |= bit(M_BY, ev->u.accepted.on_behalf);
}

static void from_cert_rejected(const struct event *ev, struct input *in)
{
    set_certify(in, ev->u.cert_rejected.channel, ev->u.cert_rejected.ref, ev->u.cert_rejected.certified_on,
                ev->u.cert_rejected.evidence);
}

static void from_revoked(const struct event *ev, struct input *in)
{
    in->op = OP_REVOKE;
    in->channel = ev->u.revoked.channel;
    in->ref = ev->u.revoked.ref;
    in->reason = ev->u.revoked.reason;
    in->given |= M_CHANNEL | M_REF | M_REASON;
}

static void from_deferred(const struct event *ev, struct input *in)
{
    in->op = OP_DEFER;
    in->until = ev->u.deferred.until;
    in->reason = ev->u.deferred.reason;
    in->given |= M_UNTIL | M_REASON;
}

static void from_terminated(const struct event *ev, struct input *in)
{
    in->op = OP_REPORT_DEATH;
    in->died_on = ev->u.terminated.died_on;
    in->given |= M_DIED_ON;
}

static void from_reinstated(const struct event *ev, struct input *in)
{
    in->op = OP_RETRACT_DEATH;
    in->reason = ev->u.reinstated.reason;
    in->given |= M_REASON;
}

static void from_erased(const struct event *ev, struct input *in)
{
    (void)ev;
    in->op = OP_ERASE;
}

/* By type; NULL: not an input's, or one that needs more. */
static void (*const tellers[EV_N])(const struct event *, struct input *) = {
    [EV_ENROLLED] = from_enrolled,     [EV_AMENDED] = from_amended,       [EV_ERASED] = from_erased,
    [EV_ACCEPTED] = from_accepted,     [EV_CERT_REJECTED] = from_cert_rejected, [EV_REVOKED] = from_revoked,
    [EV_DEFERRED] = from_deferred,     [EV_TERMINATED] = from_terminated, [EV_REINSTATED] = from_reinstated,
};

/* No two events have the same, so that it always differs from the name that was there. */
static void name_someone(struct origin_reader *r, const struct event *ev, struct input *in)
{
    if (!(in->given & (M_NAME | M_BY)))
        return;
    struct str someone = {r->someone, (size_t)snprintf(r->someone, sizeof r->someone, "%" PRIu64, ev->seq)};
    if (in->given & M_NAME)
        in->name = someone;
    if (in->given & M_BY)
        in->by = someone;
}

static void blank(const struct event *ev, struct input *in)
{
    *in = (struct input){
        .given = M_OP | M_ID | M_AT,
        .at = ev->time,
        .id = ev->subject,
        .approved_on = DATE_NONE,
        .last_certified_on = DATE_NONE,
        .certified_on = DATE_NONE,
        .until = DATE_NONE,
        .died_on = DATE_NONE,
        .amount = AMOUNT_NONE,
        .amount_from = MONTH_NONE,
    };
}

/* The event keeps an input's members as JSON; what is personal among them was left out. A rejected amendment of a name
 * alone has none left, and the parser would refuse it. */
static enum err from_rejected(struct origin_reader *r, const struct event *ev, struct input *in, struct errmsg *msg)
{
    struct str given = ev->u.input_rejected.given;
    struct input_fault fault;
    size_t used;
    in->op = ev->u.input_rejected.op;
    if (given.n <= 2 && in->op == OP_AMEND)
        return ERR_OK;
    buf_clear(&r->line);
    buf_printf(&r->line, "{\"op\":\"%s\",\"id\":", op_text(in->op));
    buf_add_json(&r->line, ev->subject);
    if (given.n > 2) {
        buf_addc(&r->line, ',');
        buf_add(&r->line, given.p + 1, given.n - 1);
    } else
        buf_addc(&r->line, '}');
    if (r->cap < 2 * r->line.n + 64) {
        r->cap = 2 * r->line.n + 64;
        r->arena = mem_resize(r->arena, r->cap, 1);
    }
    if (input_parse(r->parser, r->line.p, r->line.n, in, r->arena, &used, &fault) != ERR_OK)
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 ": \"given\" holds no input: %s", ev->seq, fault.text);
    in->at = ev->time;
    in->given |= M_AT;
    return ERR_OK;
}

static bool fell_due(enum event_type type)
{
    return type == EV_REMINDER || type == EV_GRACE || type == EV_SUSPENDED || type == EV_LAPSED;
}

/* An amendment by an input never names the policy that is there already. */
static bool was_adopted(const struct event *ev, struct str policy_before)
{
    return ev->type == EV_AMENDED && ev->u.amended.given & M_POLICY && str_eq(ev->u.amended.policy, policy_before);
}

static enum origin kind_of(const struct event *ev, struct str policy_before)
{
    if (!ev->subject.p)
        return ORIGIN_SYSTEM;
    if (fell_due(ev->type))
        return ORIGIN_DEADLINE;
    if (ev->type == EV_RESUMED)
        return ORIGIN_CONSEQUENCE;
    return was_adopted(ev, policy_before) ? ORIGIN_ADOPTION : ORIGIN_INPUT;
}

enum err event_origin(struct origin_reader *r, const struct event *ev, struct str policy_before, enum origin *out,
                      struct input *in, struct errmsg *msg)
{
    *out = kind_of(ev, policy_before);
    if (*out != ORIGIN_INPUT)
        return ERR_OK;
    blank(ev, in);
    if (ev->type == EV_INPUT_REJECTED)
        return from_rejected(r, ev, in, msg);
    if (!tellers[ev->type])
        return err_set(msg, ERR_DAMAGED, "event %" PRIu64 ": %s of nobody's", ev->seq, event_type_text(ev->type));
    tellers[ev->type](ev, in);
    name_someone(r, ev, in);
    return ERR_OK;
}
