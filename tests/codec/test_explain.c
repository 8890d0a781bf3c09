/* Every rejection has its sentence, in every language. */
#include "codec/explain.h"

#include <stdio.h>

#include "core/text.h"
#include "tests/lib/tap.h"

/* Nothing that JSON would escape; Chinese in Chinese signs, English in ASCII, and each a whole sentence. */
static bool is_sentence(struct str s, enum explain_language l)
{
    static const struct str ends[] = {[EXPLAIN_ZH] = {"。", 3}, [EXPLAIN_EN] = {".", 1}};
    size_t foreign = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
            return false;
        foreign += l == EXPLAIN_ZH ? c < 0x80 : c >= 0x80;
    }
    return foreign == 0 && s.n > ends[l].n && s.n < 400 && memcmp(s.p + s.n - ends[l].n, ends[l].p, ends[l].n) == 0;
}

static void every_reason(void)
{
    for (unsigned reason = REASON_NONE + 1; reason < REASON_N; reason++) {
        bool good = true;
        for (unsigned l = 0; l < EXPLAIN_LANGUAGES; l++)
            for (unsigned op = 0; op < OP_N; op++)
                good &= is_sentence(explain_rejection((enum reason)reason, (enum op)op, (enum explain_language)l),
                                    (enum explain_language)l);
        ok(good, "%s is explained in every language, whatever the op", reason_text((enum reason)reason));
    }
    ok(!explain_rejection(REASON_NONE, OP_CERTIFY, EXPLAIN_ZH).p, "what was not rejected is not explained");
}

static void no_two_alike(void)
{
    unsigned alike = 0;
    for (unsigned a = 1; a < REASON_N; a++)
        for (unsigned b = a + 1; b < REASON_N; b++)
            for (unsigned l = 0; l < EXPLAIN_LANGUAGES; l++)
                alike += str_eq(explain_rejection((enum reason)a, OP_CERTIFY, (enum explain_language)l),
                                explain_rejection((enum reason)b, OP_CERTIFY, (enum explain_language)l));
    is_int(alike, 0, "no two reasons have the same sentence");
}

/* One line each: what the sentence must speak of. */
static const struct {
    enum reason reason;
    enum op op;
    const char *zh, *en;
} about[] = {
    {REASON_IN_FUTURE, OP_CERTIFY, "核对认证日期", "certification date"},
    {REASON_IN_FUTURE, OP_REPORT_DEATH, "核对死亡日期", "date of death"},
    {REASON_BEFORE_APPROVAL, OP_CERTIFY, "核对认证日期", "certification date"},
    {REASON_BEFORE_APPROVAL, OP_REPORT_DEATH, "核对死亡日期", "date of death"},
    {REASON_TERMINATED, OP_CERTIFY, "本人健在", "is alive"},
    {REASON_TERMINATED, OP_REPORT_DEATH, "死亡日期与本次不同", "another date"},
    {REASON_TERMINATED, OP_AMEND, "登记有误", "If that is wrong"},
    {REASON_NOT_TERMINATED, OP_ERASE, "个人信息", "personal data"},
    {REASON_NOT_TERMINATED, OP_RETRACT_DEATH, "没有死亡登记", "No death"},
};

static bool says(enum reason reason, enum op op, enum explain_language l, const char *part)
{
    struct str s = explain_rejection(reason, op, l);
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

int main(void)
{
    plan(REASON_N - 1 + 1 + 1 + (int)(sizeof about / sizeof *about));
    every_reason();
    no_two_alike();
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        ok(says(about[i].reason, about[i].op, EXPLAIN_ZH, about[i].zh) &&
               says(about[i].reason, about[i].op, EXPLAIN_EN, about[i].en),
           "%s of %s says what it is about", reason_text(about[i].reason), op_text(about[i].op));
    return tap_end();
}
