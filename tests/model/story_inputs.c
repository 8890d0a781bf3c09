/* The inputs of a story: most of them sensible, each member wrong now and then. */
#include "tests/model/story_parts.h"

static const char *const refs[] = {"r00", "r01", "r02", "r03", "r04", "r05", "r06", "r07", "r08", "r09",
                                   "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17", "r18", "r19",
                                   "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29",
                                   "r30", "r31", "r32", "r33", "r34", "r35", "r36", "r37", "r38", "r39",
                                   "r40", "r41", "r42", "r43", "r44", "r45", "r46", "r47", "r48", "r49"};
static const char *const categories[] = {NULL, "urban", "rural", "injury"};
static const char *const units[] = {NULL, "U-1", "U-2"};
static const char *const names[] = {NULL, "Li", "Wang", "Chen"};
static const char *const phones[] = {NULL, "+8610000001", "+8610000002"};
static const char *const reasons[] = {"false identity", "moved abroad", "a clerk's error"};

static int64_t any_amount(struct author *a)
{
    static const int64_t amounts[] = {M_AMOUNT_NULL, 0, 1, 350000, 350000, 360000, 412345, INT64_C(1000000000000)};
    return PICK(a, amounts);
}

static void give_policy(struct author *a, struct m_input *in)
{
    in->has |= HAS_POLICY;
    in->policy = draw_chance(a, 4) ? "atlantis" : m_policy_names[draw_below(a, M_POLICIES)];
}

static void make_enrol(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    int today = story_today(a, w);
    give_policy(a, in);
    switch (draw_below(a, 10)) {
    case 0: in->approved_on = draw_turning_day(a, w, p); break;
    case 1:
    case 2: in->approved_on = story_clip(today - draw_below(a, 50 * 365)); break;
    case 3:
    case 4:
    case 5: in->approved_on = draw_nearly_stale(a, &w->policies[draw_below(a, M_POLICIES)], today); break;
    default: in->approved_on = story_clip(today - draw_below(a, 100)); break;
    }
    if (draw_chance(a, 40)) {
        in->has |= HAS_LAST_CERTIFIED_ON;
        if (draw_chance(a, 80))
            in->last_certified_on =
                story_clip(draw_chance(a, 50) ? today - draw_below(a, 400) : draw_turning_day(a, w, p));
        if (in->last_certified_on && in->last_certified_on < in->approved_on && draw_chance(a, 90))
            in->last_certified_on = in->approved_on;
    }
    in->has |= (unsigned)draw_below(a, 1024) & (HAS_CATEGORY | HAS_NAME | HAS_PHONE | HAS_UNIT);
    in->category = in->has & HAS_CATEGORY ? PICK(a, categories) : NULL;
    in->name = in->has & HAS_NAME ? PICK(a, names) : NULL;
    in->phone = in->has & HAS_PHONE ? PICK(a, phones) : NULL;
    in->unit = in->has & HAS_UNIT ? PICK(a, units) : NULL;
    in->amount = M_AMOUNT_NULL;
    if (draw_chance(a, 75)) {
        in->has |= HAS_AMOUNT;
        in->amount = any_amount(a);
        if (in->amount != M_AMOUNT_NULL && draw_chance(a, 30)) {
            in->has |= HAS_AMOUNT_FROM;
            in->amount_from = cal_month(story_clip(in->approved_on + draw_between(a, -60, 400)));
        }
    }
}

/* The enrolment comes again, as it was or nearly. */
static void make_enrol_again(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    make_enrol(a, w, p, in);
    if (draw_chance(a, 15))
        return;
    in->policy = p->first_policy;
    in->approved_on = p->approved_on;
    in->last_certified_on = p->last_certified_on;
    in->category = p->first_category;
    in->unit = p->first_unit;
    in->amount = p->first_amount;
    if (in->amount == M_AMOUNT_NULL)
        in->has &= ~(unsigned)HAS_AMOUNT_FROM;
    else
        in->amount_from = p->first_amount_from;
    switch (draw_below(a, 14)) {
    case 0: in->approved_on = story_clip(in->approved_on + 1); break;
    case 1: in->category = PICK(a, categories); break;
    case 2: in->unit = PICK(a, units); break;
    case 3:
        in->has |= HAS_AMOUNT;
        in->amount = in->has & HAS_AMOUNT_FROM ? 77 : any_amount(a);
        break;
    case 4: in->policy = m_policy_names[draw_below(a, M_POLICIES)]; break;
    case 5:
        in->has |= HAS_LAST_CERTIFIED_ON;
        in->last_certified_on = story_clip(in->approved_on + draw_below(a, 2));
        break;
    case 6:
        if (in->has & HAS_AMOUNT_FROM)
            in->amount_from++;
        break;
    default: break;
    }
}

static void make_amend(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    in->amount = M_AMOUNT_NULL;
    if (draw_chance(a, 45))
        give_policy(a, in);
    if (draw_chance(a, 20)) {
        in->has |= HAS_CATEGORY;
        in->category = PICK(a, categories);
    }
    if (draw_chance(a, 20)) {
        in->has |= HAS_UNIT;
        in->unit = PICK(a, units);
    }
    if (draw_chance(a, 20)) {
        in->has |= HAS_NAME;
        in->name = PICK(a, names);
    }
    if (draw_chance(a, 20)) {
        in->has |= HAS_PHONE;
        in->phone = PICK(a, phones);
    }
    if (draw_chance(a, 40)) {
        in->has |= HAS_AMOUNT;
        in->amount = any_amount(a);
        if (draw_chance(a, 60)) {
            in->has |= HAS_AMOUNT_FROM;
            int month = cal_month(draw_turning_day(a, w, p)) + draw_between(a, -2, 2);
            in->amount_from = month < 1 ? 1 : month > 3600 ? 3600 : month;
        }
    }
    if (!in->has) {
        in->has = HAS_PHONE;
        in->phone = PICK(a, phones);
    }
}

static const char *any_channel(struct author *a, const struct m_policy *policy)
{
    int channel = draw_below(a, M_CHANNELS);
    if (policy->channels && draw_chance(a, 85))
        while (!(policy->channels & 1u << channel))
            channel = (channel + 1) % M_CHANNELS;
    return m_channel_names[channel];
}

static void make_certify(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    int today = story_today(a, w);
    in->channel = any_channel(a, &w->policies[p->policy]);
    in->ref = refs[a->fresh_refs % 50];
    if (draw_chance(a, 12)) {
        if (p->n_certs && draw_chance(a, 80)) {
            const struct m_cert *cert = &p->certs[draw_below(a, p->n_certs)];
            in->channel = cert->channel;
            in->ref = cert->ref;
        } else {
            in->ref = refs[draw_below(a, 50)];
        }
    } else {
        a->fresh_refs++;
    }
    switch (draw_below(a, 8)) {
    case 0:
    case 1: in->certified_on = draw_turning_day(a, w, p); break;
    case 2: in->certified_on = today; break;
    case 3: in->certified_on = draw_nearly_stale(a, &w->policies[p->policy], today); break;
    default: in->certified_on = story_clip(today - draw_below(a, 25)); break;
    }
    if (draw_chance(a, p->status == MS_SUSPENDED ? 50 : 20)) {
        in->has |= HAS_EVIDENCE;
        in->evidence = draw_chance(a, 90) ? "police station letter" : NULL;
    }
    if (draw_chance(a, 20)) {
        in->has |= HAS_PHONE;
        in->phone = PICK(a, phones);
    }
    if (draw_chance(a, 20)) {
        in->has |= HAS_BY;
        in->by = PICK(a, names);
    }
}

static void make_revoke(struct author *a, const struct m_person *p, struct m_input *in)
{
    in->reason = PICK(a, reasons);
    in->channel = m_channel_names[draw_below(a, M_CHANNELS)];
    in->ref = refs[draw_below(a, 50)];
    if (p->n_certs == 0 || draw_chance(a, 12)) {
        if (draw_chance(a, 20))
            in->channel = "telepathy"; /* configured nowhere */
        return;
    }
    int i = draw_chance(a, 50) ? p->n_certs - 1 : draw_below(a, p->n_certs);
    in->channel = p->certs[i].channel;
    in->ref = p->certs[i].ref;
}

static void make_defer(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    const struct m_policy *policy = &w->policies[p->policy];
    int limit = m_due(w, p) + policy->grace;
    if (p->notice_until > limit)
        limit = p->notice_until;
    in->reason = PICK(a, reasons);
    switch (draw_below(a, 5)) {
    case 0: in->until = story_today(a, w) + draw_between(a, -1, 1); break;
    case 1: in->until = limit + policy->defer_max + draw_between(a, -1, 1); break;
    case 2: in->until = m_grace_until(w, p) + draw_between(a, -1, 1); break;
    case 3: in->until = limit + draw_below(a, policy->defer_max + 1); break;
    default: in->until = draw_turning_day(a, w, p); break;
    }
    in->until = story_clip(in->until);
}

static void make_death(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    const struct m_event *death = m_latest(p, MT_TERMINATED);
    switch (draw_below(a, 5)) {
    case 0: in->died_on = draw_turning_day(a, w, p); break;
    case 1: in->died_on = story_clip(p->approved_on + draw_between(a, -1, 3)); break;
    case 2: in->died_on = death ? death->died_on : story_today(a, w); break;
    case 3: in->died_on = story_clip(story_today(a, w) - draw_below(a, 400)); break;
    default: in->died_on = story_clip(story_today(a, w) - draw_below(a, 40)); break;
    }
}

static enum m_op any_op(struct author *a, const struct m_person *p)
{
    static const int often[MO_N] = {3, 17, 44, 13, 10, 5, 3, 3};
    static const int seldom[MO_N] = {2, 14, 12, 6, 7, 3, 2, 2};
    static const int when_terminated[MO_N] = {3, 14, 18, 8, 5, 12, 26, 14};
    const int *weight = p->status == MS_TERMINATED ? when_terminated : a->forgetful ? seldom : often;
    if (!p->enrolled)
        return MO_ENROL;
    int sum = 0;
    for (int i = 0; i < MO_N; i++)
        sum += weight[i];
    int roll = draw_below(a, sum), op = 0;
    while (roll >= weight[op])
        roll -= weight[op++];
    return (enum m_op)op;
}

void draw_input(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in)
{
    in->op = any_op(a, p);
    switch (in->op) {
    case MO_ENROL:
        if (p->enrolled)
            make_enrol_again(a, w, p, in);
        else
            make_enrol(a, w, p, in);
        break;
    case MO_AMEND: make_amend(a, w, p, in); break;
    case MO_CERTIFY: make_certify(a, w, p, in); break;
    case MO_REVOKE: make_revoke(a, p, in); break;
    case MO_DEFER: make_defer(a, w, p, in); break;
    case MO_REPORT_DEATH: make_death(a, w, p, in); break;
    default: in->reason = PICK(a, reasons); break;
    }
}
