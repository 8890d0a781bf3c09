/* Stories in words, for whoever has to find out what went wrong. */
#include "tests/model/story.h"

const char *day_text(int day, char out[16])
{
    struct cal_date d = cal_date(day > 0 ? day : 1);
    if (day > 0)
        snprintf(out, 16, "%04d-%02d-%02d", (int)d.year % 10000, d.month % 100, d.day % 100);
    else
        snprintf(out, 16, "null");
    return out;
}

const char *month_text(int month, char out[16])
{
    if (month > 0)
        snprintf(out, 16, "%04d-%02d", (1900 + (month - 1) / 12) % 10000, (month - 1) % 12 + 1);
    else
        snprintf(out, 16, "null");
    return out;
}

void print_policy(FILE *out, const char *name, const struct m_policy *p)
{
    fprintf(out,
            "policy %s: cycle %d %s, %s, remind %d every %d at %02d:%02d, grace %d, payday %d, "
            "resume %s, evidence_after %d, defer_max %d, notice %d, channels %#x\n",
            name, p->cycle, p->in_days ? "days" : "months", p->exact_day ? "exact-day" : "month-end", p->remind_ahead,
            p->remind_every, p->remind_at / 3600, p->remind_at / 60 % 60, p->grace, p->payday,
            p->next_month ? "next-month" : "immediate", p->evidence_after, p->defer_max, p->notice, p->channels);
}

static void print_text(FILE *out, const char *name, const char *value)
{
    if (value)
        fprintf(out, " %s=\"%s\"", name, value);
    else
        fprintf(out, " %s=null", name);
}

static void print_day(FILE *out, const char *name, int day)
{
    char text[16];
    fprintf(out, " %s=%s", name, day_text(day, text));
}

static void print_amount(FILE *out, const struct m_input *in)
{
    char text[16];
    if (in->has & HAS_AMOUNT) {
        if (in->amount == M_AMOUNT_NULL)
            fprintf(out, " amount=null");
        else
            fprintf(out, " amount=%" PRId64, in->amount);
    }
    if (in->has & HAS_AMOUNT_FROM)
        fprintf(out, " amount_from=%s", month_text(in->amount_from, text));
}

static void print_input(FILE *out, const struct m_input *in)
{
    fprintf(out, "%s", m_op_names[in->op]);
    if (in->op == MO_ENROL)
        print_day(out, "approved_on", in->approved_on);
    if (in->op == MO_CERTIFY || in->op == MO_REVOKE)
        fprintf(out, " channel=%s ref=%s", in->channel, in->ref);
    if (in->op == MO_CERTIFY)
        print_day(out, "certified_on", in->certified_on);
    if (in->op == MO_DEFER)
        print_day(out, "until", in->until);
    if (in->op == MO_REPORT_DEATH)
        print_day(out, "died_on", in->died_on);
    if (in->has & HAS_LAST_CERTIFIED_ON)
        print_day(out, "last_certified_on", in->last_certified_on);
    if (in->has & HAS_POLICY)
        print_text(out, "policy", in->policy);
    if (in->has & HAS_CATEGORY)
        print_text(out, "category", in->category);
    if (in->has & HAS_UNIT)
        print_text(out, "unit", in->unit);
    if (in->has & HAS_NAME)
        print_text(out, "name", in->name);
    if (in->has & HAS_PHONE)
        print_text(out, "phone", in->phone);
    if (in->has & HAS_EVIDENCE)
        print_text(out, "evidence", in->evidence);
    if (in->has & HAS_BY)
        print_text(out, "by", in->by);
    print_amount(out, in);
}

void print_step(FILE *out, const struct zone *z, const struct step *step)
{
    char day[16];
    int64_t local = (step->now + zone_offset(z, step->now)) % 86400;
    int second = (int)(local < 0 ? local + 86400 : local);
    fprintf(out, "%s %02d:%02d:%02d  ", day_text(zone_day(z, step->now), day), second / 3600, second / 60 % 60,
            second % 60);
    switch (step->kind) {
    case STEP_INPUT: print_input(out, &step->in); break;
    case STEP_ADOPT:
        fputs("the configuration changes: ", out);
        print_policy(out, m_policy_names[step->policy], &step->to);
        return;
    case STEP_HOLD: fputs("a hold is placed", out); break;
    case STEP_LIFT: fputs("the hold is lifted", out); break;
    default: fputs("the deadlines run", out); break;
    }
    fprintf(out, "%s\n", step->restart ? "  (after a restart)" : "");
}

void print_story(FILE *out, const struct story *s)
{
    const struct zone *z = zone_get(s->zone);
    fprintf(out, "story %" PRIu64 ", time zone %s\n", s->seed, z->name);
    for (int i = 0; i < M_POLICIES; i++)
        print_policy(out, m_policy_names[i], &s->policies[i]);
    for (int i = 0; i < s->n; i++)
        print_step(out, z, &s->steps[i]);
}
