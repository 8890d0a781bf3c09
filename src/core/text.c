#include "core/text.h"

#define WORD(s) {(s), sizeof(s) - 1}
#define TABLE(words) {(words), sizeof(words) / sizeof((words)[0])}

static const struct str op_words[OP_N] = {
    [OP_ENROL] = WORD("enrol"),
    [OP_AMEND] = WORD("amend"),
    [OP_CERTIFY] = WORD("certify"),
    [OP_REVOKE] = WORD("revoke"),
    [OP_DEFER] = WORD("defer"),
    [OP_REPORT_DEATH] = WORD("report-death"),
    [OP_RETRACT_DEATH] = WORD("retract-death"),
    [OP_ERASE] = WORD("erase"),
    [OP_UNIT] = WORD("unit"),
};

static const struct str result_words[RESULT_N] = {
    [RESULT_APPLIED] = WORD("applied"),
    [RESULT_UNCHANGED] = WORD("unchanged"),
    [RESULT_REJECTED] = WORD("rejected"),
    [RESULT_ERROR] = WORD("error"),
};

static const struct str reason_words[REASON_N] = {
    [REASON_NOT_ENROLLED] = WORD("not-enrolled"),
    [REASON_UNKNOWN_POLICY] = WORD("unknown-policy"),
    [REASON_ALREADY_ENROLLED] = WORD("already-enrolled"),
    [REASON_BAD_DATE] = WORD("bad-date"),
    [REASON_TERMINATED] = WORD("terminated"),
    [REASON_REVOKED] = WORD("revoked"),
    [REASON_CHANNEL_NOT_ACCEPTED] = WORD("channel-not-accepted"),
    [REASON_IN_FUTURE] = WORD("in-future"),
    [REASON_BEFORE_APPROVAL] = WORD("before-approval"),
    [REASON_EVIDENCE_REQUIRED] = WORD("evidence-required"),
    [REASON_STALE] = WORD("stale"),
    [REASON_NO_SUCH_CERTIFICATION] = WORD("no-such-certification"),
    [REASON_NOT_DEFERRABLE] = WORD("not-deferrable"),
    [REASON_NOT_TERMINATED] = WORD("not-terminated"),
};

static const struct str status_words[STATUS_N] = {
    [STATUS_ACTIVE] = WORD("active"),
    [STATUS_GRACE] = WORD("grace"),
    [STATUS_SUSPENDED] = WORD("suspended"),
    [STATUS_TERMINATED] = WORD("terminated"),
};

static const struct str deadline_words[DEADLINE_N] = {
    [DEADLINE_REMINDER] = WORD("reminder"),
    [DEADLINE_GRACE] = WORD("grace"),
    [DEADLINE_SUSPENSION] = WORD("suspension"),
    [DEADLINE_LAPSE] = WORD("lapse"),
};

static const struct str event_type_words[EV_N] = {
    [EV_ENROLLED] = WORD("beneficiary.enrolled"),
    [EV_AMENDED] = WORD("beneficiary.amended"),
    [EV_ERASED] = WORD("beneficiary.erased"),
    [EV_ACCEPTED] = WORD("certification.accepted"),
    [EV_CERT_REJECTED] = WORD("certification.rejected"),
    [EV_INPUT_REJECTED] = WORD("input.rejected"),
    [EV_REVOKED] = WORD("certification.revoked"),
    [EV_LAPSED] = WORD("certification.lapsed"),
    [EV_REMINDER] = WORD("reminder.due"),
    [EV_GRACE] = WORD("grace.started"),
    [EV_DEFERRED] = WORD("suspension.deferred"),
    [EV_SUSPENDED] = WORD("benefit.suspended"),
    [EV_RESUMED] = WORD("benefit.resumed"),
    [EV_TERMINATED] = WORD("benefit.terminated"),
    [EV_REINSTATED] = WORD("benefit.reinstated"),
    [EV_POLICY_ADOPTED] = WORD("policy.adopted"),
    [EV_CONFIG_ADOPTED] = WORD("config.adopted"),
    [EV_UNIT_RECORDED] = WORD("unit.recorded"),
    [EV_HOLD_PLACED] = WORD("hold.placed"),
    [EV_HOLD_LIFTED] = WORD("hold.lifted"),
    [EV_UNIT_DIGEST] = WORD("unit.digest"),
};

static const struct str cert_effect_words[] = {
    [EFFECT_RENEWED] = WORD("renewed"),
    [EFFECT_SUPERSEDED] = WORD("superseded"),
};

static const struct str revoke_effect_words[] = {
    [EFFECT_REVERTED] = WORD("reverted"),
    [EFFECT_NONE] = WORD("none"),
};

static const struct str resume_reason_words[] = {
    [RESUMED_CERTIFIED_IN_TIME] = WORD("certified-in-time"),
    [RESUMED_RECERTIFIED] = WORD("recertified"),
    [RESUMED_POLICY_CHANGED] = WORD("policy-changed"),
};

static const struct str hold_words[HOLD_N] = {
    [HOLD_BRAKE] = WORD("brake"),
    [HOLD_CLOCK] = WORD("clock"),
    [HOLD_FEED] = WORD("feed"),
    [HOLD_MORATORIUM] = WORD("moratorium"),
};

static const struct str scope_words[] = {
    [SCOPE_POLICY] = WORD("policy"),
    [SCOPE_CATEGORY] = WORD("category"),
    [SCOPE_UNIT] = WORD("unit"),
    [SCOPE_CHANNEL] = WORD("channel"),
};

const struct texts op_texts = TABLE(op_words);
const struct texts result_texts = TABLE(result_words);
const struct texts reason_texts = TABLE(reason_words);
const struct texts status_texts = TABLE(status_words);
const struct texts deadline_texts = TABLE(deadline_words);
const struct texts event_type_texts = TABLE(event_type_words);
const struct texts cert_effect_texts = TABLE(cert_effect_words);
const struct texts revoke_effect_texts = TABLE(revoke_effect_words);
const struct texts resume_reason_texts = TABLE(resume_reason_words);
const struct texts hold_texts = TABLE(hold_words);
const struct texts scope_texts = TABLE(scope_words);

bool texts_find(const struct texts *t, struct str word, unsigned *out)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (t->v[i].n == word.n && t->v[i].p && memcmp(t->v[i].p, word.p, word.n) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static const char *word(const struct texts *t, unsigned i)
{
    return i < t->n ? t->v[i].p : NULL;
}

const char *op_text(enum op op)
{
    return word(&op_texts, op);
}

const char *result_text(enum result r)
{
    return word(&result_texts, r);
}

const char *reason_text(enum reason r)
{
    return word(&reason_texts, r);
}

const char *status_text(enum status s)
{
    return word(&status_texts, s);
}

const char *deadline_text(enum deadline_kind k)
{
    return word(&deadline_texts, k);
}

const char *event_type_text(enum event_type t)
{
    return word(&event_type_texts, t);
}

const char *cert_effect_text(enum cert_effect e)
{
    return word(&cert_effect_texts, e);
}

const char *revoke_effect_text(enum revoke_effect e)
{
    return word(&revoke_effect_texts, e);
}

const char *resume_reason_text(enum resume_reason r)
{
    return word(&resume_reason_texts, r);
}

const char *hold_text(enum hold_kind k)
{
    return word(&hold_texts, k);
}

const char *scope_text(enum scope_kind k)
{
    return word(&scope_texts, k);
}
