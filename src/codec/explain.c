#include "codec/explain.h"

#define ANY_OP OP_N
#define TEXT(s)            \
    {                      \
        (s), sizeof(s) - 1 \
    }

/* The first row that fits counts: a reason's particular ops stand before all the others. */
static const struct {
    enum reason reason;
    enum op op;
    struct str text[EXPLAIN_LANGUAGES];
} rows[] = {
    {REASON_NOT_ENROLLED,
     ANY_OP,
     {TEXT("未查到该人员的待遇领取登记，请核对人员编号；新增人员请先办理登记。"),
      TEXT("Nobody is enrolled under this id. Check the id; a new beneficiary must be enrolled first.")}},
    {REASON_UNKNOWN_POLICY,
     ANY_OP,
     {TEXT("没有配置该名称的政策，请核对政策名称，或联系系统管理员。"),
      TEXT("No policy of this name is configured. Check the name, or ask the system's operators.")}},
    {REASON_ALREADY_ENROLLED,
     ANY_OP,
     {TEXT("该人员此前已登记，且登记内容与本次不同；如需更改，请办理信息变更。"),
      TEXT("This person is enrolled already, with other details. To change them, submit an amendment.")}},
    {REASON_BAD_DATE,
     ANY_OP,
     {TEXT("待遇核定日期不得晚于今天，上次认证日期须在核定日期与今天之间，请核对日期。"),
      TEXT("The approval date must not lie in the future, and the last certification must lie between it and today. "
           "Check the dates.")}},
    {REASON_TERMINATED,
     OP_CERTIFY,
     {TEXT("该人员已登记死亡，待遇已终止发放，不能认证；如本人健在，请核实身份并更正死亡登记，再办理认证。"),
      TEXT("A death was reported for this person, and the benefit has ended. If the person is alive, verify the "
           "identity, have the report retracted, and certify again.")}},
    {REASON_TERMINATED,
     OP_REPORT_DEATH,
     {TEXT("该人员此前已登记死亡，且死亡日期与本次不同；如需更改，请先更正死亡登记，再按正确日期登记。"),
      TEXT("A death was reported for this person before, with another date. To change it, have that report retracted, "
           "and report the death anew.")}},
    {REASON_TERMINATED,
     ANY_OP,
     {TEXT("该人员已登记死亡，待遇已终止发放；如登记有误，请先更正死亡登记。"),
      TEXT("A death was reported for this person, and the benefit has ended. If that is wrong, have the report "
           "retracted first.")}},
    {REASON_REVOKED,
     ANY_OP,
     {TEXT("该次认证已被撤销，不能再次使用，请为该人员重新办理认证。"),
      TEXT("This certification was revoked and cannot be used again. Certify the person anew.")}},
    {REASON_CHANNEL_NOT_ACCEPTED,
     ANY_OP,
     {TEXT("该人员适用的政策不认可此认证渠道，请改用其他渠道办理认证。"),
      TEXT("This person's policy does not accept this channel. Certify through another one.")}},
    {REASON_IN_FUTURE,
     OP_REPORT_DEATH,
     {TEXT("该人员死亡日期晚于今天，请核对死亡日期。"), TEXT("The date of death lies in the future. Check the date.")}},
    {REASON_IN_FUTURE,
     ANY_OP,
     {TEXT("该人员认证日期晚于今天，请核对认证日期。"),
      TEXT("The certification date lies in the future. Check the date.")}},
    {REASON_BEFORE_APPROVAL,
     OP_REPORT_DEATH,
     {TEXT("该人员死亡日期早于待遇核定日期，请核对死亡日期和人员编号。"),
      TEXT("The date of death lies before the day on which the benefit was approved. Check the date and the id.")}},
    {REASON_BEFORE_APPROVAL,
     ANY_OP,
     {TEXT("该人员认证日期早于待遇核定日期，请核对认证日期。"),
      TEXT("The certification date lies before the day on which the benefit was approved. Check the date.")}},
    {REASON_EVIDENCE_REQUIRED,
     ANY_OP,
     {TEXT("该人员长期未认证，恢复发放须有佐证材料；请核实后注明佐证材料，重新提交。"),
      TEXT("This person has gone without certification for so long that evidence is needed. Verify it, and submit "
           "again with the evidence stated.")}},
    {REASON_STALE,
     ANY_OP,
     {TEXT("认证日期过早，该次认证的有效期和宽限期均已届满，请为该人员重新办理认证。"),
      TEXT("The certification date is too long ago to count. Certify the person anew.")}},
    {REASON_NO_SUCH_CERTIFICATION,
     ANY_OP,
     {TEXT("未查到可撤销的认证：该渠道和编号没有已通过的认证，或该认证已被撤销；请核对渠道和编号。"),
      TEXT("There is no accepted certification with this channel and reference, or it was revoked before. Check "
           "both.")}},
    {REASON_NOT_DEFERRABLE,
     ANY_OP,
     {TEXT("不能推迟暂停发放：该人员当前状态不允许，或所填日期超出允许范围；请核对状态和日期。"),
      TEXT("The suspension cannot be deferred: the person's status or the date does not allow it. Check both.")}},
    {REASON_NOT_TERMINATED,
     OP_ERASE,
     {TEXT("该人员的待遇尚未终止发放，不能删除其个人信息。"),
      TEXT("This person's benefit has not ended, so the personal data must stay.")}},
    {REASON_NOT_TERMINATED,
     ANY_OP,
     {TEXT("该人员没有死亡登记，无需更正，请核对人员编号。"),
      TEXT("No death is reported for this person. Check the id.")}},
};

struct str explain_rejection(enum reason reason, enum op op, enum explain_language language)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].reason == reason && (rows[i].op == op || rows[i].op == ANY_OP))
            return rows[i].text[language];
    return STR_NONE;
}
