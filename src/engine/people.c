/* One beneficiary at a time: inputs and due deadlines are decided here, and their events written. */
#include "codec/repeatable.h"
#include "engine/internal.h"

/* More deadlines than one person can have due at once: reminder, grace, suspension, lapse, and room. */
#define SETTLE_STEPS 8

static const struct policy *policy_of(const struct engine *e, const struct person *p)
{
    return &e->policies.v[p->entry.rec.policy];
}

void people_get(struct engine *e, uint32_t n, struct person *p)
{
    p->n = n;
    roster_get(e->roster, n, &p->entry);
    p->id = roster_id(e->roster, n, p->id_bytes);
}

static void put(struct engine *e, struct person *p, uint8_t policy_before)
{
    uint8_t policy = p->entry.rec.policy;
    if (policy != policy_before) {
        if (policy_before != POLICY_UNKNOWN)
            e->policies.used[policy_before]--;
        e->policies.used[policy]++;
    }
    scan_keep(e, p->n);
    roster_put(e->roster, p->n, &p->entry);
}

static void put_changed(struct engine *e, struct person *p, uint64_t seq_before, uint8_t policy_before)
{
    if (p->entry.seq != seq_before || p->entry.rec.policy != policy_before)
        put(e, p, policy_before);
}

void people_note(struct engine *e, struct entry *entry, const struct event *ev)
{
    switch (ev->type) {
    case EV_ENROLLED:
        entry->category = (uint8_t)vocab_intern(e->categories, ev->u.enrolled.category);
        entry->unit = vocab_intern(e->units, ev->u.enrolled.unit);
        break;
    case EV_AMENDED:
        if (ev->u.amended.given & M_CATEGORY)
            entry->category = (uint8_t)vocab_intern(e->categories, ev->u.amended.category);
        if (ev->u.amended.given & M_UNIT)
            entry->unit = vocab_intern(e->units, ev->u.amended.unit);
        break;
    case EV_ACCEPTED: entry->seen |= seen_bits(ev->u.accepted.channel, ev->u.accepted.ref); break;
    default: break;
    }
    entry->seq = ev->seq;
}

void people_count(struct engine *e, const struct event *ev)
{
    if (ev->type == EV_ACCEPTED)
        channels_note(e, ev);
    else if (ev->type == EV_SUSPENDED)
        holds_note_suspension(e, ev);
}

/* The decision's events get their numbers and go to the batch. */
static void emit(struct engine *e, struct person *p)
{
    for (unsigned i = 0; i < e->decision.n; i++) {
        struct event *ev = &e->decision.events[i];
        ev->prev = p->entry.seq;
        batch_add(e, ev);
        people_note(e, &p->entry, ev);
        people_count(e, ev);
    }
}

/* The person's contact and history, where the decision asks for them. */
struct needs {
    struct history history;
    struct contact contact;
    bool has_history;
};

static enum err fetch_history(struct engine *e, const struct person *p, struct needs *n, struct errmsg *msg)
{
    enum err err = history_fetch(e, p->entry.seq, &n->history, msg);
    if (err != ERR_OK)
        return err;
    n->has_history = true;
    e->env.history = &n->history;
    return ERR_OK;
}

static void drop_needs(struct engine *e, struct needs *n)
{
    if (n->has_history)
        history_done(&n->history);
    e->env.history = NULL;
    e->env.contact = NULL;
}

/* A version of the policy that is no longer in force is replaced by the one that is. */
static enum err adopt(struct engine *e, struct person *p, struct errmsg *msg)
{
    struct record *r = &p->entry.rec;
    if (e->policies.current[r->policy])
        return ERR_OK;
    uint8_t to = adopt_policy(e, str_of(policy_of(e, p)->name), UINT64_MAX);
    if (to == POLICY_UNKNOWN || to == r->policy)
        return ERR_OK;
    if (r->status == STATUS_TERMINATED) {
        r->policy = to;
        return ERR_OK;
    }
    struct needs needs = {.has_history = false};
    if (r->status == STATUS_SUSPENDED) {
        enum err err = fetch_history(e, p, &needs, msg);
        if (err != ERR_OK)
            return err;
    }
    e->env.id = p->id;
    decide_adoption(&e->env, r, to, &e->decision);
    emit(e, p);
    drop_needs(e, &needs);
    return ERR_OK;
}

/* What becomes of a suspension that is due. */
enum fate {
    FATE_NONE, /* there is none, or it is carried out */
    FATE_HELD,
    FATE_WAITS, /* in the queue, for the next sweep, which asks the office */
};

/* Of the suspension that falls due at `at`. extra: 1 when the queue does not count it. */
static enum fate judge(struct engine *e, const struct person *p, lc_instant at, int64_t extra)
{
    if (e->releasing || holds_brake_on(e) || holds_cover(e, &p->entry))
        return FATE_HELD;
    if (office_judges(e))
        return at <= e->office.granted ? FATE_NONE : FATE_WAITS;
    /* The sweep has checked the instant that it is at, when all of it still stood in the queue. */
    return at <= e->taking || holds_brake_check(e, at, extra) ? FATE_NONE : FATE_HELD;
}

/* Runs what is due up to upto. Returns the deadline that then comes next; *fate: of a suspension that is due. */
static struct deadline run_due(struct engine *e, struct person *p, lc_instant upto, int64_t extra, enum fate *fate)
{
    struct deadline d = {DEADLINE_NONE, INSTANT_NONE};
    *fate = FATE_NONE;
    for (int i = 0; i < SETTLE_STEPS; i++) {
        d = record_next(policy_of(e, p), &p->entry.rec, e->env.tz, e->env.now, e->env.today);
        if (d.kind == DEADLINE_NONE || d.at > upto)
            return d;
        if (d.kind == DEADLINE_SUSPENSION && (*fate = judge(e, p, d.at, extra)) != FATE_NONE)
            return d;
        decide_deadline(&e->env, &p->entry.rec, d.kind, &e->decision);
        emit(e, p);
    }
    return d;
}

static void schedule(struct engine *e, const struct person *p, struct deadline d, enum fate fate)
{
    if (fate != FATE_HELD) {
        roster_schedule(e->roster, p->n, d);
        return;
    }
    roster_hold(e->roster, p->n, d.at);
    /* Whoever is held behind the release's back must be seen by it. */
    if (e->releasing && p->n < e->release_from)
        e->release_from = p->n;
}

enum err people_settle(struct engine *e, struct person *p, lc_instant upto, struct errmsg *msg)
{
    uint8_t policy_before = p->entry.rec.policy;
    uint64_t seq_before = p->entry.seq;
    enum fate fate;
    e->env.id = p->id;
    enum err err = adopt(e, p, msg);
    if (err != ERR_OK)
        return err;
    struct deadline d = run_due(e, p, upto, 0, &fate);
    put_changed(e, p, seq_before, policy_before);
    schedule(e, p, d, fate);
    return ERR_OK;
}

/* --- inputs --- */

static enum err refuse(struct input_result *out, const char *member, const char *fault)
{
    out->result = RESULT_ERROR;
    out->member = member;
    out->fault = fault;
    return ERR_OK;
}

static void reject(struct input_result *out, enum reason reason)
{
    out->result = RESULT_REJECTED;
    out->reason = reason;
}

static bool vocabulary_full(const struct engine *e, const struct input *in, struct input_result *out)
{
    if (in->category.p && !vocab_find(e->categories, in->category) && vocab_count(e->categories) >= CATEGORY_MAX)
        refuse(out, "category", "there are 255 categories already: expected one of those");
    else if (in->unit.p && in->op != OP_UNIT && !vocab_find(e->units, in->unit) && vocab_count(e->units) >= UNIT_MAX)
        refuse(out, "unit", "there are 16777215 units already: expected one of those");
    else
        return false;
    return true;
}

static void keep_contact(struct engine *e, const struct person *p, const struct contact *c)
{
    pending_add(e->cur->contacts, p->entry.seq, p->n, p->id, false, c);
}

static enum err enrol(struct engine *e, const struct input *in, struct input_result *out)
{
    if (roster_count(e->roster) == ROSTER_NONE - 1)
        return refuse(out, "id", "this store holds as many beneficiaries as it can");
    struct person p = {.entry = {.seq = 0}};
    e->env.id = in->id;
    decide_enrol(&e->env, &p.entry.rec, in, &e->decision);
    out->result = e->decision.result;
    out->reason = e->decision.reason;
    if (out->result != RESULT_APPLIED)
        return ERR_OK;
    p.n = roster_add(e->roster, in->id);
    p.id = in->id;
    emit(e, &p);
    if (in->name.p || in->phone.p)
        keep_contact(e, &p, &(struct contact){in->name, in->phone, STR_NONE});
    enum fate fate;
    struct deadline d = run_due(e, &p, e->env.now, 1, &fate);
    put(e, &p, POLICY_UNKNOWN);
    schedule(e, &p, d, fate);
    return ERR_OK;
}

/* What an applied input did to the contact, if anything. */
static enum err update_contact(struct engine *e, const struct person *p, const struct input *in, struct errmsg *msg)
{
    struct contact c;
    bool amended = in->op == OP_AMEND && e->decision.n && e->decision.events[0].u.amended.personal;
    bool certified = in->op == OP_CERTIFY && (in->phone.p || in->by.p);
    if (in->op == OP_ERASE)
        c = (struct contact){STR_NONE, STR_NONE, STR_NONE};
    else if (amended || certified) {
        enum err err = contact_now(e, p->n, p->id, false, &c, msg);
        if (err != ERR_OK)
            return err;
        if (in->op == OP_AMEND && in->given & M_NAME)
            c.name = in->name;
        if (in->given & M_PHONE && (amended || in->phone.p))
            c.phone = in->phone;
        if (in->by.p)
            c.by = in->by;
    } else
        return ERR_OK;
    pending_add(e->cur->contacts, e->decision.events[0].seq, p->n, p->id, false, &c);
    return ERR_OK;
}

static enum err decide_known(struct engine *e, struct person *p, const struct input *in, struct errmsg *msg)
{
    struct needs needs = {.has_history = false};
    uint64_t bits = in->op == OP_CERTIFY ? seen_bits(in->channel, in->ref) : 0;
    unsigned need = decide_needs(&p->entry.rec, in, (p->entry.seen & bits) == bits);
    enum err err = ERR_OK;
    if (need & NEED_HISTORY)
        err = fetch_history(e, p, &needs, msg);
    if (err == ERR_OK && need & NEED_CONTACT) {
        err = contact_now(e, p->n, p->id, false, &needs.contact, msg);
        e->env.contact = &needs.contact;
    }
    if (in->op == OP_AMEND) {
        e->env.category = vocab_text(e->categories, p->entry.category);
        e->env.unit = vocab_text(e->units, p->entry.unit);
    }
    if (err == ERR_OK) {
        decide_input(&e->env, &p->entry.rec, in, &e->decision);
        emit(e, p);
    }
    drop_needs(e, &needs);
    return err;
}

static enum err known(struct engine *e, uint32_t n, const struct input *in, struct input_result *out,
                      struct errmsg *msg)
{
    struct person p;
    struct deadline d = {DEADLINE_NONE, INSTANT_NONE};
    enum fate fate = FATE_NONE;
    people_get(e, n, &p);
    uint8_t policy_before = p.entry.rec.policy;
    uint64_t seq_before = p.entry.seq;
    e->env.id = p.id;
    enum err err = adopt(e, &p, msg);
    if (err != ERR_OK)
        return err;
    /* The queue knows when nothing can be due: most of the time, but not while it still stands in the zone before. */
    if (p.entry.seq != seq_before || e->adopting || roster_instant(e->roster, n) <= e->env.now)
        d = run_due(e, &p, e->env.now, 0, &fate);
    if (fate == FATE_WAITS) {
        put_changed(e, &p, seq_before, policy_before);
        schedule(e, &p, d, fate);
        return ERR_MORE;
    }
    out->first_seq = e->last_seq + 1;
    err = decide_known(e, &p, in, msg);
    if (err != ERR_OK)
        return err;
    out->result = e->decision.result;
    out->reason = e->decision.reason;
    if (out->result == RESULT_APPLIED)
        err = update_contact(e, &p, in, msg);
    d = run_due(e, &p, e->env.now, fate == FATE_HELD ? 0 : 1, &fate);
    put_changed(e, &p, seq_before, policy_before);
    schedule(e, &p, d, fate);
    return err;
}

static enum err record_unit(struct engine *e, const struct input *in, struct input_result *out, struct errmsg *msg)
{
    struct contact c;
    enum err err = contact_now(e, 0, in->unit, true, &c, msg);
    if (err != ERR_OK)
        return err;
    struct str name = in->given & M_NAME ? in->name : c.name, phone = in->given & M_PHONE ? in->phone : c.phone;
    out->result = RESULT_UNCHANGED;
    if (str_eq(name, c.name) && str_eq(phone, c.phone) && vocab_find(e->units, in->unit))
        return ERR_OK;
    struct event ev = {
        .time = e->env.now,
        .offset = e->env.offset,
        .today = e->env.today,
        .simulated = e->simulated,
        .type = EV_UNIT_RECORDED,
    };
    ev.u.unit_recorded.unit = in->unit;
    batch_add(e, &ev);
    vocab_intern(e->units, in->unit);
    pending_add(e->cur->contacts, ev.seq, 0, in->unit, true, &(struct contact){name, phone, STR_NONE});
    out->result = RESULT_APPLIED;
    return ERR_OK;
}

/* The names in the input, looked up. false: the input is refused. */
static bool look_up(struct engine *e, const struct input *in, struct input_result *out)
{
    e->env.input_policy = in->policy.p ? adopt_policy(e, in->policy, UINT64_MAX) : POLICY_UNKNOWN;
    if (!in->channel.p)
        return true;
    int channel = adopt_channel(e, in->channel);
    if (channel < 0) {
        refuse(out, "channel", "no such channel: expected one that is configured");
        return false;
    }
    e->env.input_channel = (uint8_t)channel;
    holds_heard(e, (unsigned)channel);
    return true;
}

/* A policy that there is not may be a name or a number that got into the wrong column: the log, which keeps what a
 * refused input said, does not get it. */
static const struct input *without_stray(const struct engine *e, const struct input *in, struct input *copy)
{
    if (!in->policy.p || e->env.input_policy != POLICY_UNKNOWN || repeatable(in->policy))
        return in;
    *copy = *in;
    copy->policy = STR_LIT("?");
    return copy;
}

static enum err dispatch(struct engine *e, const struct input *in, uint32_t n, struct input_result *out,
                         struct errmsg *msg)
{
    struct input copy;
    bool good = look_up(e, in, out) && !vocabulary_full(e, in, out);
    /* Hearing from the channel may have lifted a hold: that event is not the input's. */
    out->first_seq = e->last_seq + 1;
    if (!good)
        return ERR_OK;
    if (in->op == OP_UNIT)
        return record_unit(e, in, out, msg);
    if (n == ROSTER_NONE)
        n = roster_find(e->roster, in->id);
    if (n != ROSTER_NONE)
        return known(e, n, without_stray(e, in, &copy), out, msg);
    if (in->policy.p && e->env.input_policy == POLICY_UNKNOWN)
        reject(out, REASON_UNKNOWN_POLICY);
    else if (in->op != OP_ENROL)
        reject(out, REASON_NOT_ENROLLED);
    else
        return enrol(e, in, out);
    return ERR_OK;
}

enum err people_input(struct engine *e, const struct input *in, uint32_t n, struct input_result *out,
                      struct errmsg *msg)
{
    *out = (struct input_result){.first_seq = e->last_seq + 1};
    enum err err = dispatch(e, in, n, out, msg);
    if (err != ERR_OK)
        return err;
    out->n_events = (uint32_t)(e->last_seq + 1 - out->first_seq);
    if (out->n_events == 0)
        out->first_seq = 0;
    atomic_fetch_add_explicit(&e->count_inputs[in->op][out->result], 1, memory_order_relaxed);
    if (out->result == RESULT_REJECTED)
        atomic_fetch_add_explicit(&e->count_rejections[in->op][out->reason], 1, memory_order_relaxed);
    return ERR_OK;
}
