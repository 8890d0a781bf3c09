#include "tests/model/drive.h"

#include "base/buf.h"

#include <string.h>

struct policy core_policy(const char *name, const struct m_policy *from)
{
    struct policy p = {
        .cycle_unit = from->in_days ? CYCLE_DAYS : CYCLE_MONTHS,
        .cycle = from->cycle,
        .validity = from->exact_day ? VALIDITY_EXACT_DAY : VALIDITY_MONTH_END,
        .remind_ahead = from->remind_ahead,
        .remind_every = from->remind_every,
        .remind_at = from->remind_at,
        .grace = from->grace,
        .payday = from->payday,
        .resume = from->next_month ? RESUME_NEXT_MONTH : RESUME_IMMEDIATE,
        .evidence_after = from->evidence_after,
        .defer_max = from->defer_max,
        .notice = from->notice,
        .channels = from->channels,
    };
    snprintf(p.name, sizeof p.name, "%s", name);
    return p;
}

struct input core_input(const struct m_input *in)
{
    static const struct {
        unsigned has;
        uint32_t given;
    } members[] = {
        {HAS_POLICY, M_POLICY},     {HAS_LAST_CERTIFIED_ON, M_LAST_CERTIFIED_ON},
        {HAS_CATEGORY, M_CATEGORY}, {HAS_NAME, M_NAME},
        {HAS_PHONE, M_PHONE},       {HAS_UNIT, M_UNIT},
        {HAS_AMOUNT, M_AMOUNT},     {HAS_AMOUNT_FROM, M_AMOUNT_FROM},
        {HAS_EVIDENCE, M_EVIDENCE}, {HAS_BY, M_BY},
    };
    static const uint32_t required[MO_N] = {M_POLICY | M_APPROVED_ON,
                                            0,
                                            M_CHANNEL | M_CERTIFIED_ON | M_REF,
                                            M_CHANNEL | M_REF | M_REASON,
                                            M_UNTIL | M_REASON,
                                            M_DIED_ON,
                                            M_REASON,
                                            0};
    static const enum op ops[MO_N] = {OP_ENROL, OP_AMEND,        OP_CERTIFY,       OP_REVOKE,
                                      OP_DEFER, OP_REPORT_DEATH, OP_RETRACT_DEATH, OP_ERASE};
    struct input out = {
        .op = ops[in->op],
        .given = M_ID | M_OP | required[in->op],
        .at = INSTANT_NONE,
        .id = STR_LIT("330902-0000001"),
        .policy = str_of(in->policy),
        .category = str_of(in->category),
        .name = str_of(in->name),
        .phone = str_of(in->phone),
        .unit = str_of(in->unit),
        .channel = str_of(in->channel),
        .ref = str_of(in->ref),
        .evidence = str_of(in->evidence),
        .by = str_of(in->by),
        .reason = str_of(in->reason),
        .approved_on = in->approved_on,
        .last_certified_on = in->last_certified_on,
        .certified_on = in->certified_on,
        .until = in->until,
        .died_on = in->died_on,
        .amount = in->has & HAS_AMOUNT ? in->amount : AMOUNT_NONE,
        .amount_from = in->amount_from,
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (in->has & members[i].has)
            out.given |= members[i].given;
    return out;
}

static struct env environment(const struct drive *d, int64_t now)
{
    const struct tz *tz = d->tz[0];
    for (int i = 0; i < ZONES; i++)
        if (d->world.zone == zone_get(i))
            tz = d->tz[i];
    return (struct env){
        .policies = d->policies,
        .tz = tz,
        .now = now,
        .today = tz_date(tz, now),
        .offset = tz_offset(tz, now),
        .simulated = now % 2 != 0,
        .id = STR_LIT("330902-0000001"),
        .category = str_of(d->person.category),
        .unit = str_of(d->person.unit),
        .input_policy = POLICY_UNKNOWN,
        .input_channel = 0xff,
    };
}

static int name_index(const char *const *names, int n, struct str name)
{
    for (int i = 0; i < n; i++)
        if (str_is(name, names[i]))
            return i;
    return -1;
}

static uint8_t policy_in_force(const struct drive *d, struct str name)
{
    int i = name_index(m_policy_names, M_POLICIES, name);
    return i < 0 ? POLICY_UNKNOWN : d->in_force[i];
}

/* The policy that record_apply() wants to be told. */
static uint8_t policy_of_event(const struct drive *d, const struct event *e)
{
    if (e->type == EV_ENROLLED)
        return policy_in_force(d, e->u.enrolled.policy);
    if (e->type == EV_AMENDED && (e->u.amended.given & M_POLICY))
        return policy_in_force(d, e->u.amended.policy);
    if (e->type == EV_REINSTATED)
        return d->in_force[d->person.policy];
    return POLICY_UNKNOWN;
}

/* What the core decided against what the model did since its event first; then all is recorded and replayed. */
static bool check_decided(struct drive *d, const struct env *env, int first)
{
    const struct m_event *want = d->person.events + first;
    unsigned n = (unsigned)(d->person.n_events - first);
    if (d->decision.n != n)
        report_add(&d->report, "the core emits %u events, the model %u\n", d->decision.n, n);
    for (unsigned i = 0; i < n && i < d->decision.n; i++) {
        struct event *got = &d->decision.events[i];
        compare_event(got, &want[i], &d->report);
        if (got->offset != env->offset || got->simulated != env->simulated || !str_eq(got->subject, env->id))
            report_add(&d->report, "%s: offset, simulated or subject is wrong\n", event_type_text(got->type));
        if (got->type == EV_INPUT_REJECTED && !got->u.input_rejected.input)
            report_add(&d->report, "input.rejected has no input\n");
        tally_event(d->tally, &want[i]);
        got->seq = want[i].seq;
        history_add(&d->history, got);
        record_apply(d->policies, &d->replayed, got, policy_of_event(d, got));
    }
    for (unsigned i = n; i < d->decision.n; i++)
        report_add(&d->report, "the core also emits %s\n", event_type_text(d->decision.events[i].type));
    for (unsigned i = d->decision.n; i < n; i++)
        report_add(&d->report, "the model also emits %s\n", m_type_names[want[i].type]);
    if (d->person.enrolled && !d->report.n) {
        compare_state(d->policies, &d->record, &d->world, &d->person, &d->report);
        compare_replayed(&d->record, &d->replayed, &d->report);
    }
    return d->report.n == 0;
}

static bool run_deadlines(struct drive *d, int64_t now)
{
    struct env env = environment(d, now);
    for (int i = 0; i < 64; i++) {
        struct deadline got = record_next(&d->policies[d->record.policy], &d->record, env.tz, now, env.today);
        struct m_next want = m_next(&d->world, &d->person, now);
        compare_next(&got, &want, d->world.zone, now, &d->report);
        if (d->report.n)
            return false;
        if (got.kind == DEADLINE_NONE || got.at > now)
            return true;
        if (got.kind == DEADLINE_SUSPENSION && d->held) {
            tally_situation(d->tally, "held");
            return true;
        }
        int first = d->person.n_events;
        m_run_deadline(&d->world, &d->person, want.kind, now);
        decide_deadline(&env, &d->record, got.kind, &d->decision);
        d->tally->deadlines++;
        if (!check_decided(d, &env, first))
            return false;
    }
    report_add(&d->report, "the deadlines do not come to an end\n");
    return false;
}

static bool may_be_seen(const struct drive *d, const struct step *step)
{
    return step->cautious || (step->in.op == MO_CERTIFY && m_find(&d->person, step->in.channel, step->in.ref));
}

static void check_answer(struct drive *d, const struct m_answer *want)
{
    const char *result = result_text(d->decision.result);
    const char *reason = d->decision.reason == REASON_NONE ? NULL : reason_text(d->decision.reason);
    if (!m_same(result, want->result) || !m_same(reason, want->reason))
        report_add(&d->report, "the core answers %s %s, the model %s %s\n", result, reason ? reason : "", want->result,
                   want->reason ? want->reason : "");
}

static bool apply_input(struct drive *d, const struct step *step)
{
    struct input in = core_input(&step->in);
    struct env env = environment(d, step->now);
    struct contact contact = {str_of(d->person.name), str_of(d->person.phone), str_of(d->person.by)};
    bool known = d->person.enrolled;
    if (in.given & M_POLICY)
        env.input_policy = policy_in_force(d, in.policy);
    int channel = in.given & M_CHANNEL ? name_index(m_channel_names, M_CHANNELS, in.channel) : -1;
    if (channel >= 0)
        env.input_channel = (uint8_t)channel;
    if (known) {
        unsigned needs = decide_needs(&d->record, &in, may_be_seen(d, step));
        env.history = needs & NEED_HISTORY ? &d->history : NULL;
        env.contact = needs & NEED_CONTACT ? &contact : NULL;
        decide_input(&env, &d->record, &in, &d->decision);
    } else {
        decide_enrol(&env, &d->record, &in, &d->decision);
    }
    int first = d->person.n_events;
    struct m_answer answer = m_input(&d->world, &d->person, &step->in, step->now);
    tally_answer(d->tally, &answer);
    d->tally->inputs++;
    check_answer(d, &answer);
    return check_decided(d, &env, first);
}

static bool adopt(struct drive *d, const struct step *step)
{
    struct env env = environment(d, step->now);
    uint8_t from = d->in_force[step->policy], to = (uint8_t)d->n_policies++;
    d->policies[to] = core_policy(m_policy_names[step->policy], &step->to);
    d->in_force[step->policy] = to;
    d->decision.n = 0;
    int first = d->person.n_events;
    m_adopt(&d->world, &d->person, step->policy, &step->to, step->now);
    if (!d->person.enrolled || d->record.policy != from)
        return true;
    if (d->record.status == STATUS_TERMINATED) {
        d->record.policy = to;
        return true;
    }
    env.history = d->record.status == STATUS_SUSPENDED ? &d->history : NULL;
    decide_adoption(&env, &d->record, to, &d->decision);
    tally_situation(d->tally, "adopted");
    return check_decided(d, &env, first);
}

bool drive_step(struct drive *d, const struct step *step)
{
    report_clear(&d->report);
    if (step->restart && d->person.enrolled) {
        uint8_t policy = d->record.policy; /* of the terminated, which no event of theirs tells */
        d->record = d->replayed;
        d->record.policy = policy;
    }
    if (d->person.enrolled && !run_deadlines(d, step->now))
        return false;
    switch (step->kind) {
    case STEP_INPUT:
        if (!d->person.enrolled && step->in.op != MO_ENROL)
            return true; /* a stranger's: never the core's */
        if (!apply_input(d, step))
            return false;
        break;
    case STEP_ADOPT:
        if (!adopt(d, step))
            return false;
        break;
    case STEP_HOLD:
    case STEP_LIFT: d->held = step->kind == STEP_HOLD; break;
    default: break;
    }
    return !d->person.enrolled || run_deadlines(d, step->now);
}

void drive_init(struct drive *d, struct tally *tally)
{
    memset(d, 0, sizeof *d);
    cal_init();
    for (int i = 0; i < ZONES; i++) {
        struct errmsg msg;
        if (tz_load(zone_get(i)->name, &d->tz[i], &msg) != ERR_OK)
            bail_out("%s: %s", zone_get(i)->name, msg.text);
    }
    m_person_init(&d->person);
    history_init(&d->history);
    decision_init(&d->decision);
    d->tally = tally;
}

void drive_done(struct drive *d)
{
    m_person_done(&d->person);
    history_done(&d->history);
    decision_done(&d->decision);
    for (int i = 0; i < ZONES; i++)
        tz_free(d->tz[i]);
}

void drive_begin(struct drive *d, const struct story *s)
{
    m_person_clear(&d->person);
    d->world.zone = zone_get(s->zone);
    d->world.seq = s->seed % 1000;
    d->n_policies = 0;
    for (int i = 0; i < M_POLICIES; i++) {
        d->world.policies[i] = s->policies[i];
        d->in_force[i] = (uint8_t)d->n_policies;
        d->policies[d->n_policies++] = core_policy(m_policy_names[i], &s->policies[i]);
    }
    memset(&d->record, 0, sizeof d->record);
    memset(&d->replayed, 0, sizeof d->replayed);
    history_done(&d->history);
    history_init(&d->history);
    d->held = false;
    report_clear(&d->report);
}

static void tally_life(struct drive *d)
{
    d->tally->stories++;
    d->tally->events += (uint64_t)d->person.n_events;
}

bool drive_seed(struct drive *d, uint64_t seed, struct story *s)
{
    struct author author;
    author_begin(&author, s, seed);
    drive_begin(d, s);
    while (author_step(&author, s, &d->world, &d->person))
        if (!drive_step(d, &s->steps[s->n - 1]))
            return false;
    tally_life(d);
    if (author.inputs >= STORY_INPUTS)
        tally_situation(d->tally, "forty inputs or more");
    if (author.goal && author.now >= author.goal)
        tally_situation(d->tally, "three cycles or more");
    return true;
}

bool drive_story(struct drive *d, const struct story *s)
{
    drive_begin(d, s);
    for (int i = 0; i < s->n; i++)
        if (!drive_step(d, &s->steps[i]))
            return false;
    tally_life(d);
    return true;
}
