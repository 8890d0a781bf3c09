/* One person's event, decided again. The rules are the core's; what the engine does around them (people.c) is asked for
 * here: that what was due ran before, that a changed policy was taken up first, that nothing kept a suspension back. */
#include <inttypes.h>

#include "engine/verify/verifying.h"

static enum deadline_kind deadline_of(enum event_type type)
{
    switch (type) {
    case EV_REMINDER: return DEADLINE_REMINDER;
    case EV_GRACE: return DEADLINE_GRACE;
    case EV_SUSPENDED: return DEADLINE_SUSPENSION;
    case EV_LAPSED: return DEADLINE_LAPSE;
    default: return DEADLINE_NONE;
    }
}

static const struct policy *policy_of(const struct verify *v, const struct person *p)
{
    return &v->e->policies.v[p->entry.rec.policy];
}

static struct deadline next_of(const struct verify *v, const struct person *p)
{
    const struct engine *e = v->e;
    return record_next(policy_of(v, p), &p->entry.rec, e->env.tz, e->env.now, e->env.today);
}

/* --- what was decided is held against what stands there --- */

static void note(struct verify *v, struct person *p, struct event *ev)
{
    struct engine *e = v->e;
    if (ev->type == EV_ACCEPTED || ev->type == EV_CERT_REJECTED) {
        struct engine_channel *c = &e->channels[e->env.input_channel];
        if (c->heard < ev->time)
            c->heard = ev->time;
    }
    people_note(e, &p->entry, ev);
    people_count(e, ev);
}

/* The decision's events: the first must be the one in hand, the others must follow it. */
static enum err compare(struct verify *v, struct person *p)
{
    struct decision *d = &v->e->decision;
    if (d->n == 0)
        return differ(v, "", STR_NONE, "nothing comes of this input, but an event was recorded");
    buf_clear(&v->expected);
    v->coming = 0;
    for (unsigned i = 0; i < d->n; i++) {
        struct event *ev = &d->events[i];
        ev->seq = v->ev->seq + i;
        ev->prev = p->entry.seq;
        event_write(&v->expected, ev);
        note(v, p, ev);
        if (i == 0)
            v->coming = v->expected.n;
    }
    struct str first = {v->expected.p, v->coming - 1};
    v->coming_subject = v->ev->subject;
    return str_eq(first, v->line) ? ERR_OK : differ_line(v, first);
}

enum err redecide_coming(struct verify *v)
{
    const char *p = v->expected.p + v->coming, *end = v->expected.p + v->expected.n,
               *nl = memchr(p, '\n', (size_t)(end - p));
    struct str line = {p, (size_t)(nl - p)};
    v->coming += line.n + 1;
    return str_eq(line, v->line) ? ERR_OK : differ_line(v, line);
}

/* --- a person as of before the event, and as of after it --- */

static void count_policy(struct engine *e, uint8_t before, uint8_t after)
{
    if (before == after)
        return;
    if (before != POLICY_UNKNOWN)
        e->policies.used[before]--;
    e->policies.used[after]++;
}

/* before: as it was, or NULL for one that is new. */
static enum err put(struct verify *v, struct person *p, const struct entry *before)
{
    count_policy(v->e, before ? before->rec.policy : POLICY_UNKNOWN, p->entry.rec.policy);
    roster_put(v->e->roster, p->n, &p->entry);
    digest_view_person(v, before, &p->entry);
    sweep_schedule(v, p);
    enum err err = contacts_view_person(v, p);
    return err == ERR_OK ? checkpoints_person(v, p, before ? before->seq : 0) : err;
}

static enum err fetch(struct verify *v, const struct person *p, struct history *h, struct errmsg *msg)
{
    enum err err = history_fetch(v->e, p->entry.seq, h, msg);
    if (err == ERR_OK)
        v->e->env.history = h;
    return err;
}

static void drop(struct verify *v, struct history *h)
{
    if (v->e->env.history)
        history_done(h);
    v->e->env.history = NULL;
    v->e->env.contact = NULL;
}

/* --- deadlines --- */

static enum err wrong_deadline(struct verify *v, struct deadline d)
{
    char at[25];
    if (d.kind == DEADLINE_NONE)
        return differ(v, "type", STR_NONE, "nothing falls due for this beneficiary");
    instant_format(d.at, v->e->env.offset, at);
    return differ(v, "type", STR_NONE, "what falls due next for this beneficiary is %s, at %.25s",
                  deadline_text(d.kind), at);
}

static enum err check_suspension(struct verify *v, const struct person *p, lc_instant at)
{
    const struct engine *e = v->e;
    for (unsigned i = 0; i < e->holds.n; i++) {
        struct scope_subject who = {
            .policy = policy_of(v, p),
            .category = vocab_text(e->categories, p->entry.category),
            .unit = vocab_text(e->units, p->entry.unit),
        };
        if (!scope_covers(&e->holds.v[i].scope, e->holds.v[i].channel, &who))
            continue;
        char name[160];
        holds_name(&e->holds.v[i], name);
        return differ(v, "", STR_NONE, "the hold %s is in force: this suspension had to be kept back", name);
    }
    return sweep_brake(v, at);
}

/* What falls due by the input must come at once. */
static void expect_due(struct verify *v, const struct person *p)
{
    struct deadline d = next_of(v, p);
    if (d.kind != DEADLINE_NONE && d.at <= v->e->env.now &&
        !(d.kind == DEADLINE_SUSPENSION && (sweep_keeps(v, &p->entry) || sweep_waits(v, d))))
        v->must = (struct must){p->n, d.kind};
}

static enum err redecide_deadline(struct verify *v, struct person *p)
{
    struct engine *e = v->e;
    const struct entry before = p->entry;
    enum deadline_kind kind = deadline_of(v->ev->type);
    bool at_once = v->must.n == p->n && v->must.kind == kind;
    if (verify_newer(v, &p->entry.rec) != POLICY_UNKNOWN)
        return differ(v, "", STR_NONE, "the policy has changed: this beneficiary had to be brought under it first");
    struct deadline d = next_of(v, p);
    if (d.kind != kind || d.at > e->env.now)
        return wrong_deadline(v, d);
    enum err err = at_once ? ERR_OK : sweep_caught_up(v, p->n);
    if (err == ERR_OK && kind == DEADLINE_SUSPENSION)
        err = check_suspension(v, p, d.at);
    if (err != ERR_OK)
        return err;
    v->must.n = ROSTER_NONE;
    decide_deadline(&e->env, &p->entry.rec, kind, &e->decision);
    err = compare(v, p);
    if (err == ERR_OK)
        err = put(v, p, &before);
    if (err == ERR_OK && at_once)
        expect_due(v, p);
    return err;
}

/* --- a changed policy --- */

static enum err redecide_adoption(struct verify *v, struct person *p, struct errmsg *msg)
{
    struct engine *e = v->e;
    const struct entry before = p->entry;
    struct history history;
    uint8_t to = verify_newer(v, &p->entry.rec);
    if (to == POLICY_UNKNOWN || p->entry.rec.status == STATUS_TERMINATED)
        return differ(v, "data.policy", STR_NONE,
                      "this beneficiary stands under that policy already, and it has not changed");
    enum err err = p->entry.rec.status == STATUS_SUSPENDED ? fetch(v, p, &history, msg) : ERR_OK;
    if (err != ERR_OK)
        return err;
    decide_adoption(&e->env, &p->entry.rec, to, &e->decision);
    err = compare(v, p);
    drop(v, &history);
    return err == ERR_OK ? put(v, p, &before) : err;
}

/* --- inputs --- */

/* A policy that the configuration left out is no longer in force, and no event says so: an input that was rejected for
 * it does, and nobody stands under it. */
static void drop_left_out(struct verify *v)
{
    struct policies *p = &v->e->policies;
    uint8_t i = v->e->env.input_policy;
    bool unknown = v->ev->type == EV_INPUT_REJECTED && v->ev->u.input_rejected.reason == REASON_UNKNOWN_POLICY;
    if (!unknown || i == POLICY_UNKNOWN || p->used[i])
        return;
    p->current[i] = false;
    v->e->env.input_policy = POLICY_UNKNOWN;
}

/* The names in the input, looked up. */
static enum err look_up(struct verify *v, const struct input *in)
{
    struct engine *e = v->e;
    e->env.input_policy = in->policy.p ? adopt_policy(e, in->policy, UINT64_MAX) : POLICY_UNKNOWN;
    drop_left_out(v);
    if (!in->channel.p)
        return ERR_OK;
    int channel = adopt_channel(e, in->channel);
    if (channel < 0)
        return differ(v, "data.channel", STR_NONE, "no such channel is configured");
    e->env.input_channel = (uint8_t)channel;
    for (unsigned i = 0; i < e->holds.n; i++)
        if (e->holds.v[i].kind == HOLD_FEED && e->holds.v[i].channel == (unsigned)channel)
            return differ(v, "", STR_NONE, "the channel speaks again: its feed hold had to be lifted first");
    return ERR_OK;
}

/* What was due for the person ran before; the version in force was taken up. */
static enum err check_settled(struct verify *v, struct person *p)
{
    struct engine *e = v->e;
    uint8_t to = verify_newer(v, &p->entry.rec);
    if (to != POLICY_UNKNOWN && p->entry.rec.status == STATUS_TERMINATED)
        p->entry.rec.policy = to; /* no event says so */
    else if (to != POLICY_UNKNOWN)
        return differ(v, "", STR_NONE, "the policy has changed: this beneficiary had to be brought under it first");
    struct deadline d = next_of(v, p);
    if (d.kind == DEADLINE_NONE || d.at > e->env.now)
        return ERR_OK;
    if (d.kind == DEADLINE_SUSPENSION && sweep_keeps(v, &p->entry))
        return ERR_OK;
    char at[25];
    instant_format(d.at, e->env.offset, at);
    return differ(v, "type", STR_NONE, "%s fell due for this beneficiary at %.25s, and had to come before this",
                  deadline_text(d.kind), at);
}

static enum err decide(struct verify *v, struct person *p, const struct input *in, struct errmsg *msg)
{
    static const struct contact nobody = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct engine *e = v->e;
    struct history history;
    uint64_t bits = in->op == OP_CERTIFY ? seen_bits(in->channel, in->ref) : 0;
    unsigned need = decide_needs(&p->entry.rec, in, (p->entry.seen & bits) == bits);
    enum err err = need & NEED_HISTORY ? fetch(v, p, &history, msg) : ERR_OK;
    if (err != ERR_OK)
        return err;
    e->env.contact = &nobody;
    e->env.category = vocab_text(e->categories, p->entry.category);
    e->env.unit = vocab_text(e->units, p->entry.unit);
    decide_input(&e->env, &p->entry.rec, in, &e->decision);
    err = compare(v, p);
    drop(v, &history);
    return err;
}

static enum err redecide_enrolment(struct verify *v, const struct input *in)
{
    struct engine *e = v->e;
    struct person p = {.entry = {.seq = 0}, .id = v->ev->subject};
    decide_enrol(&e->env, &p.entry.rec, in, &e->decision);
    if (e->decision.result != RESULT_APPLIED)
        return differ(v, "", STR_NONE, "this enrolment had to be rejected: %s", reason_text(e->decision.reason));
    p.n = roster_add(e->roster, p.id);
    enum err err = compare(v, &p);
    if (err == ERR_OK)
        err = put(v, &p, NULL);
    expect_due(v, &p);
    return err;
}

static enum err redecide_input(struct verify *v, struct person *p, const struct input *in, struct errmsg *msg)
{
    const struct entry before = p->entry;
    enum err err = check_settled(v, p);
    if (err == ERR_OK)
        err = decide(v, p, in, msg);
    if (err == ERR_OK)
        err = put(v, p, &before);
    if (err == ERR_OK)
        expect_due(v, p);
    return err;
}

/* --- which of these it is --- */

static enum err known(struct verify *v, uint32_t n, struct errmsg *msg)
{
    struct person p;
    struct input in;
    enum origin origin;
    people_get(v->e, n, &p);
    v->e->env.id = p.id;
    if (v->ev->type == EV_ENROLLED)
        return differ(v, "type", STR_NONE, "this beneficiary is enrolled already");
    if (event_origin(v->origin, v->ev, str_of(policy_of(v, &p)->name), &origin, &in, msg) != ERR_OK)
        return differ(v, "data", STR_NONE, "%s", msg->text);
    v->loose = origin == ORIGIN_ADOPTION;
    switch (origin) {
    case ORIGIN_DEADLINE: return redecide_deadline(v, &p);
    case ORIGIN_ADOPTION: return redecide_adoption(v, &p, msg);
    case ORIGIN_INPUT: break;
    default: return differ(v, "type", STR_NONE, "no decision that this is part of stands before it");
    }
    enum err err = sweep_caught_up(v, n);
    if (err == ERR_OK)
        err = look_up(v, &in);
    return err == ERR_OK ? redecide_input(v, &p, &in, msg) : err;
}

static enum err unknown(struct verify *v, struct errmsg *msg)
{
    struct input in;
    enum origin origin;
    v->e->env.id = v->ev->subject;
    v->loose = false;
    if (v->ev->type != EV_ENROLLED)
        return differ(v, "subject", STR_NONE, "nobody is enrolled under this id");
    if (v->ev->subject.n == 0 || v->ev->subject.n > ID_MAX)
        return differ(v, "subject", STR_NONE, "this is no beneficiary's id");
    if (event_origin(v->origin, v->ev, STR_NONE, &origin, &in, msg) != ERR_OK)
        return differ(v, "data", STR_NONE, "%s", msg->text);
    enum err err = sweep_caught_up(v, ROSTER_NONE);
    if (err == ERR_OK)
        err = look_up(v, &in);
    return err == ERR_OK ? redecide_enrolment(v, &in) : err;
}

enum err redecide(struct verify *v, uint32_t n, struct errmsg *msg)
{
    if (v->must.n != ROSTER_NONE && (v->must.n != n || deadline_of(v->ev->type) != v->must.kind)) {
        char id[ID_MAX];
        struct str who = roster_id(v->e->roster, v->must.n, id);
        return differ(v, "type", STR_NONE, "%s of %.*s had to come at once", deadline_text(v->must.kind), (int)who.n,
                      who.p);
    }
    return n == ROSTER_NONE ? unknown(v, msg) : known(v, n, msg);
}
